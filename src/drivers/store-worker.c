/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The thread that owns the SQLite connection. It knows nothing of what is stored.
 *
 *   main context                         the store's thread
 *   put_task_async -> job -> queue  -->  run: one transaction, synced
 *   callback <- GTask <- source     <--  deliver
 *
 * A job is made and freed on the caller's context: the thread must never drop the
 * last reference to the store, since that would have it join itself.
 */
#include "config.h"

#include "drivers/store-worker.h"

#include "base/error.h"

struct _TernStoreWorker
{
  sqlite3 *db; /* the thread's, while there is one */
  TernStoreReport report;
  GThread *thread;
  GAsyncQueue *queue;
  guint64 last_number;
  GMutex mutex;
  GCond cond;
};

static void
job_free (gpointer data)
{
  TernStoreJob *job = data;

  if (job->free_input != NULL)
    job->free_input (job->input);
  if (job->result != NULL)
    job->free_result (job->result);
  g_clear_object (&job->task);
  g_clear_error (&job->error);
  g_free (job);
}

static gboolean
on_deliver (gpointer data)
{
  TernStoreJob *job = data;

  if (job->writes)
    job->report (g_task_get_source_object (job->task), job->ok ? NULL : job->error->message);
  if (!job->ok)
    g_task_return_error (job->task, g_steal_pointer (&job->error));
  else if (job->result != NULL)
    g_task_return_pointer (job->task, g_steal_pointer (&job->result), job->free_result);
  else
    g_task_return_boolean (job->task, TRUE);
  return G_SOURCE_REMOVE;
}

static void
deliver (TernStoreJob *job)
{
  GSource *source = g_idle_source_new ();

  g_source_set_static_name (source, "tern-store");
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_deliver, job, job_free);
  g_source_attach (source, g_task_get_context (job->task));
  g_source_unref (source);
}

static void
wake_waiter (TernStoreWorker *self, TernStoreJob *job)
{
  g_mutex_lock (&self->mutex);
  job->done = TRUE;
  g_cond_broadcast (&self->cond);
  g_mutex_unlock (&self->mutex);
}

static gpointer
run_thread (gpointer data)
{
  TernStoreWorker *self = data;

  for (;;)
    {
      TernStoreJob *job = g_async_queue_pop (self->queue);

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
urgency (const TernStoreJob *job)
{
  if (job->run == NULL)
    return 2;
  return job->writes ? 0 : 1;
}

/* Writes go before reads: a migration waits for them, and anybody may ask for history. */
static int
compare_jobs (gconstpointer a, gconstpointer b, gpointer unused)
{
  const TernStoreJob *x = a, *y = b;

  (void) unused;
  if (urgency (x) != urgency (y))
    return urgency (x) - urgency (y);
  return x->number < y->number ? -1 : 1;
}

static void
enqueue (TernStoreWorker *self, TernStoreJob *job)
{
  job->number = ++self->last_number;
  g_async_queue_push_sorted (self->queue, job, compare_jobs, NULL);
}

TernStoreJob *
tern_store_job_new (TernStoreRun run, gpointer input, GDestroyNotify free_input)
{
  TernStoreJob *job = g_new0 (TernStoreJob, 1);

  job->run = run;
  job->input = input;
  job->free_input = free_input;
  return job;
}

TernStoreJob *
tern_store_write_new (TernStoreRun run, gpointer input, GDestroyNotify free_input)
{
  TernStoreJob *job = tern_store_job_new (run, input, free_input);

  job->writes = TRUE;
  return job;
}

void
tern_store_worker_push (TernStoreWorker *self, gpointer source, TernStoreJob *job,
                        GAsyncReadyCallback cb, gpointer data)
{
  job->report = self->report;
  job->task = g_task_new (source, NULL, cb, data);
  g_task_set_name (job->task, "tern-store");
  if (self->thread != NULL)
    {
      enqueue (self, job);
      return;
    }
  g_task_return_new_error (job->task, TERN_ERROR, TERN_ERROR_STORE, "The store is closed");
  job_free (job);
}

gboolean
tern_store_worker_wait (TernStoreWorker *self, TernStoreJob *job, GError **error)
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

TernStoreWorker *
tern_store_worker_new (sqlite3 *db, TernStoreReport report)
{
  TernStoreWorker *self = g_new0 (TernStoreWorker, 1);

  self->db = db;
  self->report = report;
  self->queue = g_async_queue_new ();
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->thread = g_thread_new ("virtern-store", run_thread, self);
  return self;
}

void
tern_store_worker_close (TernStoreWorker *self)
{
  if (self->thread != NULL)
    {
      enqueue (self, g_new0 (TernStoreJob, 1));
      g_thread_join (g_steal_pointer (&self->thread));
    }
  g_clear_pointer (&self->db, sqlite3_close);
}

void
tern_store_worker_free (TernStoreWorker *self)
{
  if (self == NULL)
    return;

  tern_store_worker_close (self);
  g_async_queue_unref (self->queue);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->cond);
  g_free (self);
}
