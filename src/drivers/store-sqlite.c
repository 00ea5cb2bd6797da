/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The SQLite store as the port TernStore: each call is a job for the worker. What rows look like
 * is in store-rows; the other port, TernOutbox, in store-outbox.
 */
#include "config.h"

#include "drivers/store-sqlite.h"

#include "base/error.h"
#include "drivers/store-file.h"
#include "drivers/store-outbox.h"
#include "drivers/store-rows.h"
#include "drivers/store-worker.h"

#include <unistd.h>

struct _TernStoreSqlite
{
  GObject parent;

  TernStoreWorker *worker; /* NULL: it was not opened */
  int lock_fd;
  char *trouble; /* the caller's context */
};

static void store_iface_init (TernStoreInterface *iface);

G_DEFINE_TYPE_WITH_CODE (TernStoreSqlite, tern_store_sqlite, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (TERN_TYPE_STORE, store_iface_init)
                             G_IMPLEMENT_INTERFACE (TERN_TYPE_OUTBOX, tern_store_outbox_iface_init))

/* Of every write, whichever port it came by. */
static void
set_trouble (gpointer source, const char *why)
{
  TernStoreSqlite *self = source;

  if (g_strcmp0 (self->trouble, why) == 0)
    return;

  g_free (self->trouble);
  self->trouble = g_strdup (why);
  g_signal_emit_by_name (self, "trouble-changed");
}

TernStoreWorker *
tern_store_sqlite_get_worker (TernStoreSqlite *self)
{
  return self->worker;
}

static void
push (TernStore *store, TernStoreJob *job, GAsyncReadyCallback cb, gpointer data)
{
  tern_store_worker_push (TERN_STORE_SQLITE (store)->worker, store, job, cb, data);
}

/* @input: for @run, and, of a read, what it fills */
static gboolean
wait_for (TernStore *store, TernStoreRun run, gpointer input, GError **error)
{
  TernStoreJob job = { .run = run, .input = input };

  return tern_store_worker_wait (TERN_STORE_SQLITE (store)->worker, &job, error);
}

static GPtrArray *
wait_for_rows (TernStore *store, TernStoreRun run, gpointer input, GError **error)
{
  TernStoreJob job = { .run = run, .input = input };

  if (!tern_store_worker_wait (TERN_STORE_SQLITE (store)->worker, &job, error))
    return NULL;
  return job.result;
}

/* --- what jobs do, on the thread --- */

static gboolean
give_rows (TernStoreJob *job, GPtrArray *rows)
{
  job->result = rows;
  job->free_result = (GDestroyNotify) g_ptr_array_unref;
  return rows != NULL;
}

static gboolean
run_load_hosts (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return give_rows (job, tern_rows_load_hosts (db, error));
}

static gboolean
run_load_open_tasks (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return give_rows (job, tern_rows_load_open_tasks (db, job->input, error));
}

static gboolean
run_load_children (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return give_rows (job, tern_rows_load_children (db, *(guint64 *) job->input, error));
}

static gboolean
run_load_untold (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return give_rows (job, tern_rows_load_untold (db, error));
}

static gboolean
run_load_origins (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return give_rows (job, tern_rows_load_origins (db, error));
}

/* None is no error, and no limits either: then it fails without one. */
static gboolean
run_load_limits (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return tern_rows_load_limits (db, job->input, error);
}

static gboolean
run_load_text (sqlite3 *db, TernStoreJob *job, GError **error)
{
  TernTextRow *row = job->input;

  return tern_rows_load_text (db, row->key, &row->text, error);
}

static gboolean
run_put_text (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return tern_rows_put_text (db, job->input, error);
}

static gboolean
run_put_limits (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return tern_rows_put_limits (db, job->input, error);
}

static gboolean
run_put_host (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return tern_rows_put_host (db, job->input, error);
}

static gboolean
run_remove_host (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return tern_rows_remove_host (db, job->input, error);
}

static gboolean
run_put_task (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return tern_rows_put_task (db, job->input, error);
}

static gboolean
run_put_tasks (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return tern_rows_put_tasks (db, job->input, error);
}

static gboolean
run_put_origin (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return tern_rows_put_origin (db, job->input, error);
}

static gboolean
run_remove_origin (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return tern_rows_remove_origin (db, job->input, error);
}

static gboolean
run_list_tasks (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return give_rows (job, tern_rows_list_tasks (db, job->input, error));
}

/* --- the port --- */

static GPtrArray *
store_load_hosts (TernStore *store, GError **error)
{
  return wait_for_rows (store, run_load_hosts, NULL, error);
}

static GPtrArray *
store_load_open_tasks (TernStore *store, guint64 *out_last_id, GError **error)
{
  guint64 last_id = 0;
  GPtrArray *tasks = wait_for_rows (store, run_load_open_tasks, &last_id, error);

  if (tasks != NULL)
    *out_last_id = last_id;
  return tasks;
}

static GPtrArray *
store_load_children (TernStore *store, guint64 parent, GError **error)
{
  return wait_for_rows (store, run_load_children, &parent, error);
}

static GPtrArray *
store_load_untold (TernStore *store, GError **error)
{
  return wait_for_rows (store, run_load_untold, NULL, error);
}

static GPtrArray *
store_load_origins (TernStore *store, GError **error)
{
  return wait_for_rows (store, run_load_origins, NULL, error);
}

static char *
store_load_text (TernStore *store, const char *key, GError **error)
{
  TernTextRow row = { .key = (char *) key };

  return wait_for (store, run_load_text, &row, error) ? row.text : NULL;
}

static gboolean
store_save_text (TernStore *store, const char *key, const char *text, GError **error)
{
  TernTextRow row = { (char *) key, (char *) text };

  return wait_for (store, run_put_text, &row, error);
}

static gboolean
store_load_limits (TernStore *store, TernLimits *out_limits, GError **error)
{
  return wait_for (store, run_load_limits, out_limits, error);
}

static void
store_put_host_async (TernStore *store, const TernHostConfig *host, GAsyncReadyCallback cb,
                      gpointer data)
{
  push (store,
        tern_store_write_new (run_put_host, tern_host_config_copy (host),
                              (GDestroyNotify) tern_host_config_unref),
        cb, data);
}

static void
store_remove_host_async (TernStore *store, const char *name, GAsyncReadyCallback cb, gpointer data)
{
  push (store, tern_store_write_new (run_remove_host, g_strdup (name), g_free), cb, data);
}

static void
store_put_task_async (TernStore *store, const TernTaskRecord *task, GAsyncReadyCallback cb,
                      gpointer data)
{
  push (store,
        tern_store_write_new (run_put_task, tern_task_record_copy (task),
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
  push (store, tern_store_write_new (run_put_tasks, copies, (GDestroyNotify) g_ptr_array_unref), cb,
        data);
}

static void
store_put_origin_async (TernStore *store, const TernOrigin *origin, GAsyncReadyCallback cb,
                        gpointer data)
{
  push (store,
        tern_store_write_new (run_put_origin, tern_origin_copy (origin),
                              (GDestroyNotify) tern_origin_free),
        cb, data);
}

static void
store_remove_origin_async (TernStore *store, const char *vm_uuid, GAsyncReadyCallback cb,
                           gpointer data)
{
  push (store, tern_store_write_new (run_remove_origin, g_strdup (vm_uuid), g_free), cb, data);
}

static void
store_put_limits_async (TernStore *store, const TernLimits *limits, GAsyncReadyCallback cb,
                        gpointer data)
{
  push (store, tern_store_write_new (run_put_limits, g_memdup2 (limits, sizeof *limits), g_free),
        cb, data);
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
  push (store, tern_store_job_new (run_list_tasks, filter_copy (filter), filter_free), cb, data);
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
  iface->load_children = store_load_children;
  iface->load_untold = store_load_untold;
  iface->load_origins = store_load_origins;
  iface->put_origin_async = store_put_origin_async;
  iface->remove_origin_async = store_remove_origin_async;
  iface->load_text = store_load_text;
  iface->save_text = store_save_text;
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

  if (self->worker != NULL)
    tern_store_worker_close (self->worker);
  if (self->lock_fd >= 0)
    close (self->lock_fd);
  self->lock_fd = -1;
}

static void
tern_store_sqlite_finalize (GObject *object)
{
  TernStoreSqlite *self = TERN_STORE_SQLITE (object);

  tern_store_sqlite_close (self);
  tern_store_worker_free (self->worker);
  g_free (self->trouble);
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
}

TernStore *
tern_store_sqlite_open (const char *path, GError **error)
{
  TernStoreSqlite *self;
  sqlite3 *db;
  int lock_fd;

  g_return_val_if_fail (path != NULL && *path != '\0', NULL);

  db = tern_store_file_open (path, &lock_fd, error);
  if (db == NULL)
    return NULL;
  self = g_object_new (TERN_TYPE_STORE_SQLITE, NULL);
  self->lock_fd = lock_fd;
  self->worker = tern_store_worker_new (db, set_trouble);
  return TERN_STORE (self);
}
