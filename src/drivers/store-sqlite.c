/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The SQLite store: opening and locking the file, and the thread that owns it.
 * What rows look like is in store-rows, whether a file can be used in store-check.
 *
 *   main context                         the store's thread
 *   put_task_async -> job -> queue  -->  run: one transaction, synced
 *   callback <- GTask <- source     <--  deliver
 *
 * A job is made and freed on the caller's context: the thread must never drop the
 * last reference to the store, since that would have it join itself.
 */
#include "config.h"

#include "drivers/store-sqlite.h"

#include "base/error.h"
#include "base/text.h"
#include "drivers/store-check.h"
#include "drivers/store-rows.h"
#include "drivers/store-schema.h"

#include <glib/gstdio.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#define BUSY_TIMEOUT_MS 5000

typedef struct _Job Job;
typedef gboolean (*JobFunc) (sqlite3 *db, Job *job, GError **error);

struct _Job
{
  JobFunc run; /* NULL ends the thread */
  gpointer input;
  GDestroyNotify free_input;
  GTask *task; /* NULL: a blocking call waits for it */
  gboolean writes;
  guint64 number; /* in the order they were asked for */

  gboolean ok;
  gboolean done;
  GError *error;
  GPtrArray *rows;
  guint64 last_id;
  TernLimits limits;
};

struct _TernStoreSqlite
{
  GObject parent;

  sqlite3 *db; /* the thread's, while there is one */
  int lock_fd;
  GThread *thread;
  GAsyncQueue *queue;
  guint64 last_number;
  GMutex mutex;
  GCond cond;

  char *trouble; /* the caller's context */
};

static void store_iface_init (TernStoreInterface *iface);

G_DEFINE_TYPE_WITH_CODE (TernStoreSqlite, tern_store_sqlite, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (TERN_TYPE_STORE, store_iface_init))

/* --- jobs --- */

static void
job_clear (Job *job)
{
  if (job->free_input != NULL)
    job->free_input (job->input);
  g_clear_object (&job->task);
  g_clear_error (&job->error);
  g_clear_pointer (&job->rows, g_ptr_array_unref);
}

static void
job_free (gpointer data)
{
  job_clear (data);
  g_free (data);
}

static void
set_trouble (TernStoreSqlite *self, const char *why)
{
  if (g_strcmp0 (self->trouble, why) == 0)
    return;

  g_free (self->trouble);
  self->trouble = g_strdup (why);
  g_signal_emit_by_name (self, "trouble-changed");
}

static gboolean
on_deliver (gpointer data)
{
  Job *job = data;

  if (job->writes)
    set_trouble (g_task_get_source_object (job->task), job->ok ? NULL : job->error->message);
  if (!job->ok)
    g_task_return_error (job->task, g_steal_pointer (&job->error));
  else if (job->rows != NULL)
    g_task_return_pointer (job->task, g_steal_pointer (&job->rows),
                           (GDestroyNotify) g_ptr_array_unref);
  else
    g_task_return_boolean (job->task, TRUE);
  return G_SOURCE_REMOVE;
}

static void
deliver (Job *job)
{
  GSource *source = g_idle_source_new ();

  g_source_set_static_name (source, "tern-store");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_deliver, job, job_free);
  g_source_attach (source, g_task_get_context (job->task));
  g_source_unref (source);
}

static void
wake_waiter (TernStoreSqlite *self, Job *job)
{
  g_mutex_lock (&self->mutex);
  job->done = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static gpointer
run_thread (gpointer data)
{
  TernStoreSqlite *self = data;

  for (;;)
    {
      Job *job = g_async_queue_pop (self->queue);

      if (job->run == NULL)
        {
          job_free (job);
          return NULL;
        }
      job->ok = job->run (self->db, job, &job->error);
      if (job->task != NULL)
        deliver (job);
      else
        wake_waiter (self, job);
    }
}

static int
urgency (const Job *job)
{
  if (job->run == NULL)
    return 2;
  return job->writes ? 0 : 1;
}

/* Writes go before reads: a migration waits for them, and anybody may ask for history. */
static int
compare_jobs (gconstpointer a, gconstpointer b, gpointer unused)
{
  const Job *x = a, *y = b;

  (void) unused;
  if (urgency (x) != urgency (y))
    return urgency (x) - urgency (y);
  return x->number < y->number ? -1 : 1;
}

static void
enqueue (TernStoreSqlite *self, Job *job)
{
  job->number = ++self->last_number;
  g_async_queue_push_sorted (self->queue, job, compare_jobs, NULL);
}

/* Gives @job away. */
static void
push (TernStoreSqlite *self, Job *job, GAsyncReadyCallback cb, gpointer data)
{
  job->task = g_task_new (self, NULL, cb, data);
  g_task_set_name (job->task, "tern-store");
  if (self->thread != NULL)
    {
      enqueue (self, job);
      return;
    }
  g_task_return_new_error (job->task, TERN_ERROR, TERN_ERROR_STORE, "The store is closed");
  job_free (job);
}

static Job *
job_new (JobFunc run, gpointer input, GDestroyNotify free_input)
{
  Job *job = g_new0 (Job, 1);

  job->run = run;
  job->input = input;
  job->free_input = free_input;
  return job;
}

static Job *
write_job_new (JobFunc run, gpointer input, GDestroyNotify free_input)
{
  Job *job = job_new (run, input, free_input);

  job->writes = TRUE;
  return job;
}

static gboolean
run_and_wait (TernStoreSqlite *self, Job *job, GError **error)
{
  if (self->thread == NULL)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_STORE, "The store is closed");
      return FALSE;
    }
  enqueue (self, job);
  g_mutex_lock (&self->mutex);
  while (!job->done)
    g_cond_wait (&self->cond, &self->mutex);
  g_mutex_unlock (&self->mutex);

  if (job->error != NULL)
    g_propagate_error (error, g_steal_pointer (&job->error));
  return job->ok;
}

/* --- what jobs do, on the thread --- */

static gboolean
run_load_hosts (sqlite3 *db, Job *job, GError **error)
{
  return (job->rows = tern_rows_load_hosts (db, error)) != NULL;
}

static gboolean
run_load_open_tasks (sqlite3 *db, Job *job, GError **error)
{
  return (job->rows = tern_rows_load_open_tasks (db, &job->last_id, error)) != NULL;
}

/* None is no error, and no limits either: then it fails without one. */
static gboolean
run_load_limits (sqlite3 *db, Job *job, GError **error)
{
  return tern_rows_load_limits (db, &job->limits, error);
}

static gboolean
run_put_limits (sqlite3 *db, Job *job, GError **error)
{
  return tern_rows_put_limits (db, job->input, error);
}

static gboolean
run_put_host (sqlite3 *db, Job *job, GError **error)
{
  return tern_rows_put_host (db, job->input, error);
}

static gboolean
run_remove_host (sqlite3 *db, Job *job, GError **error)
{
  return tern_rows_remove_host (db, job->input, error);
}

static gboolean
run_put_task (sqlite3 *db, Job *job, GError **error)
{
  return tern_rows_put_task (db, job->input, error);
}

static gboolean
put_each (sqlite3 *db, const GPtrArray *tasks, GError **error)
{
  for (guint i = 0; i < tasks->len; i++)
    if (!tern_rows_put_task (db, tasks->pdata[i], error))
      return FALSE;
  return TRUE;
}

/* One transaction around all of them: a group of moves is ordered as a whole. */
static gboolean
run_put_tasks (sqlite3 *db, Job *job, GError **error)
{
  if (!tern_rows_exec (db, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (put_each (db, job->input, error) && tern_rows_exec (db, "COMMIT", error))
    return TRUE;
  if (!sqlite3_get_autocommit (db))
    (void) tern_rows_exec (db, "ROLLBACK", NULL); /* the first error is the one to tell */
  return FALSE;
}

static gboolean
run_list_tasks (sqlite3 *db, Job *job, GError **error)
{
  return (job->rows = tern_rows_list_tasks (db, job->input, error)) != NULL;
}

/* --- the port --- */

static GPtrArray *
store_load_hosts (TernStore *store, GError **error)
{
  Job job = { .run = run_load_hosts };

  if (!run_and_wait (TERN_STORE_SQLITE (store), &job, error))
    return NULL;
  return job.rows;
}

static GPtrArray *
store_load_open_tasks (TernStore *store, guint64 *out_last_id, GError **error)
{
  Job job = { .run = run_load_open_tasks };

  if (!run_and_wait (TERN_STORE_SQLITE (store), &job, error))
    return NULL;
  *out_last_id = job.last_id;
  return job.rows;
}

static void
store_put_host_async (TernStore *store, const TernHostConfig *host, GAsyncReadyCallback cb,
                      gpointer data)
{
  push (TERN_STORE_SQLITE (store),
        write_job_new (run_put_host, tern_host_config_copy (host),
                       (GDestroyNotify) tern_host_config_unref),
        cb, data);
}

static void
store_remove_host_async (TernStore *store, const char *name, GAsyncReadyCallback cb, gpointer data)
{
  push (TERN_STORE_SQLITE (store), write_job_new (run_remove_host, g_strdup (name), g_free), cb,
        data);
}

static void
store_put_task_async (TernStore *store, const TernTaskRecord *task, GAsyncReadyCallback cb,
                      gpointer data)
{
  push (TERN_STORE_SQLITE (store),
        write_job_new (run_put_task, tern_task_record_copy (task),
                       (GDestroyNotify) tern_task_record_free),
        cb, data);
}

static void
store_put_tasks_async (TernStore *store, const GPtrArray *tasks, GAsyncReadyCallback cb,
                       gpointer data)
{
  GPtrArray *copies = g_ptr_array_new_full (tasks->len, (GDestroyNotify) tern_task_record_free);

  for (guint i = 0; i < tasks->len; i++)
    g_ptr_array_add (copies, tern_task_record_copy (tasks->pdata[i]));
  push (TERN_STORE_SQLITE (store),
        write_job_new (run_put_tasks, copies, (GDestroyNotify) g_ptr_array_unref), cb, data);
}

static gboolean
store_load_limits (TernStore *store, TernLimits *out_limits, GError **error)
{
  Job job = { .run = run_load_limits };

  if (!run_and_wait (TERN_STORE_SQLITE (store), &job, error))
    return FALSE;
  *out_limits = job.limits;
  return TRUE;
}

static void
store_put_limits_async (TernStore *store, const TernLimits *limits, GAsyncReadyCallback cb,
                        gpointer data)
{
  push (TERN_STORE_SQLITE (store),
        write_job_new (run_put_limits, g_memdup2 (limits, sizeof *limits), g_free), cb, data);
}

static gboolean
store_write_finish (TernStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, store), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

static TernTaskFilter *
filter_copy (const TernTaskFilter *filter)
{
  TernTaskFilter *copy = g_memdup2 (filter, sizeof *filter);

  copy->vm_uuid = g_strdup (filter->vm_uuid);
  copy->host = g_strdup (filter->host);
  copy->state = g_strdup (filter->state);
  return copy;
}

static void
filter_free (gpointer data)
{
  TernTaskFilter *filter = data;

  g_free ((char *) filter->vm_uuid);
  g_free ((char *) filter->host);
  g_free ((char *) filter->state);
  g_free (filter);
}

static void
store_list_tasks_async (TernStore *store, const TernTaskFilter *filter, GAsyncReadyCallback cb,
                        gpointer data)
{
  push (TERN_STORE_SQLITE (store), job_new (run_list_tasks, filter_copy (filter), filter_free), cb,
        data);
}

static GPtrArray *
store_list_tasks_finish (TernStore *store, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, store), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

static const char *
store_get_trouble (TernStore *store)
{
  return TERN_STORE_SQLITE (store)->trouble;
}

static void
store_iface_init (TernStoreInterface *iface)
{
  iface->load_hosts = store_load_hosts;
  iface->load_open_tasks = store_load_open_tasks;
  iface->put_host_async = store_put_host_async;
  iface->remove_host_async = store_remove_host_async;
  iface->put_task_async = store_put_task_async;
  iface->put_tasks_async = store_put_tasks_async;
  iface->load_limits = store_load_limits;
  iface->put_limits_async = store_put_limits_async;
  iface->write_finish = store_write_finish;
  iface->list_tasks_async = store_list_tasks_async;
  iface->list_tasks_finish = store_list_tasks_finish;
  iface->get_trouble = store_get_trouble;
}

/* --- opening and closing --- */

void
tern_store_sqlite_close (TernStoreSqlite *self)
{
  g_return_if_fail (TERN_IS_STORE_SQLITE (self));

  if (self->thread != NULL)
    {
      enqueue (self, g_new0 (Job, 1));
      g_thread_join (g_steal_pointer (&self->thread));
    }
  g_clear_pointer (&self->db, sqlite3_close);
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  self->lock_fd = -1;
}

static void
tern_store_sqlite_finalize (GObject *object)
{
  TernStoreSqlite *self = TERN_STORE_SQLITE (object);

  tern_store_sqlite_close (self);
  g_free (self->trouble);
  g_async_queue_unref (self->queue);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  G_OBJECT_CLASS (tern_store_sqlite_parent_class)->finalize (object);
}

static void
tern_store_sqlite_class_init (TernStoreSqliteClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tern_store_sqlite_finalize;
}

static void
tern_store_sqlite_init (TernStoreSqlite *self)
{
  self->lock_fd = -1;
  self->queue = g_async_queue_new ();
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
}

/* A file of its own: SQLite drops and takes locks on the database as it goes, and closing any
 * descriptor of a file drops its POSIX locks. */
static gboolean
take_lock (TernStoreSqlite *self, const char *path, GError **error)
{
  g_autofree char *lock = g_strconcat (path, ".lock", NULL);
  g_autofree char *shown = tern_text_visible (path, 0);

  self->lock_fd = g_open (lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (self->lock_fd < 0)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_STORE,
                   "The store “%s” cannot be locked (its file “%s.lock”: %s)", shown, shown,
                   g_strerror (errno));
      return FALSE;
    }
  if (flock (self->lock_fd, LOCK_EX | LOCK_NB) == 0)
    return TRUE;

  g_set_error (error, TERN_ERROR, TERN_ERROR_STORE,
               "The store “%s” is used by another virternd; end that one first, or name another "
               "file",
               shown);
  return FALSE;
}

static sqlite3 *
open_database (const char *path, GError **error)
{
  sqlite3 *db = NULL;

  if (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK
      && sqlite3_busy_timeout (db, BUSY_TIMEOUT_MS) == SQLITE_OK)
    return db;
  tern_rows_fail (db, "cannot be opened", error);
  sqlite3_close (db);
  return NULL;
}

static gboolean
sync_directory (const char *path)
{
  g_autofree char *directory = g_path_get_dirname (path);
  int fd = g_open (directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  gboolean good = fd >= 0 && fsync (fd) == 0;

  if (fd >= 0)
    close (fd);
  return good;
}

/* Made under another name, so that a crash in between leaves no half store. */
static gboolean
create_file (const char *path, GError **error)
{
  g_autofree char *fresh = g_strconcat (path, ".new", NULL);
  g_autofree char *journal = g_strconcat (fresh, "-journal", NULL);
  sqlite3 *db;
  gboolean good;
  int fd;

  (void) g_unlink (fresh);
  (void) g_unlink (journal);
  fd = g_open (fresh, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0)
    close (fd);
  db = fd >= 0 ? open_database (fresh, error) : NULL;
  good = db != NULL && tern_schema_create (db, error);
  sqlite3_close (db);
  if (good && g_rename (fresh, path) == 0 && sync_directory (path))
    return TRUE;

  if (error != NULL && *error == NULL)
    g_set_error (error, TERN_ERROR, TERN_ERROR_STORE, "The store “%s” cannot be made: %s", path,
                 g_strerror (errno));
  (void) g_unlink (fresh);
  return FALSE;
}

static gboolean
use_write_ahead_log (sqlite3 *db, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;

  if (sqlite3_prepare_v2 (db, "PRAGMA journal_mode = WAL", -1, &stmt, NULL) == SQLITE_OK
      && sqlite3_step (stmt) == SQLITE_ROW
      && g_strcmp0 ((const char *) sqlite3_column_text (stmt, 0), "wal") == 0)
    return TRUE;
  return tern_rows_fail (db, "cannot have a write-ahead log on this file system", error);
}

static gboolean
open_store (TernStoreSqlite *self, const char *path, GError **error)
{
  gboolean exists;

  if (!tern_store_check_place (path, error) || !take_lock (self, path, error)
      || !tern_store_check_file (path, &exists, error) || (!exists && !create_file (path, error)))
    return FALSE;

  self->db = open_database (path, error);
  return self->db != NULL && use_write_ahead_log (self->db, error)
         && tern_rows_exec (self->db, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", error)
         && tern_schema_upgrade (self->db, error);
}

TernStore *
tern_store_sqlite_open (const char *path, GError **error)
{
  g_autoptr (TernStoreSqlite) self = NULL;

  g_return_val_if_fail (path != NULL && *path != '\0', NULL);

  self = g_object_new (TERN_TYPE_STORE_SQLITE, NULL);
  if (!open_store (self, path, error))
    return NULL;
  self->thread = g_thread_new ("virtern-store", run_thread, self);
  return TERN_STORE (g_steal_pointer (&self));
}
