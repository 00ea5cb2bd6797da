/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A thread with a line of calls that never makes the main loop wait.
 *
 *    main thread            |  shared, by reference       |  thread
 *    TernWorker  ---------> |  TernLine (lock, queue) <-- |  run_line()
 *      open calls --------> |  TernCall               <-- |
 *
 * A call is held by the main thread until its task ended and by the thread until its function
 * returned; whichever lets go last frees input and result. Only the main thread touches task,
 * timer and cancellable; only the thread touches input, and writes the result before it posts
 * the answer to the main context.
 */
#include "config.h"

#include "drivers/worker.h"

#include "base/error.h"

typedef struct
{
  gatomicrefcount refs;
  char *host;

  GMutex lock; /* of what follows */
  GCond more;
  GQueue calls;
  TernCall *running; /* the thread's reference */
  gboolean closed;
} TernLine;

struct _TernCall
{
  gatomicrefcount refs;
  int wanted;
  TernLine *line;
  const TernCallKind *kind;
  gpointer input;
  gpointer result;
  GError *error;

  /* main thread */
  TernWorker *worker;
  GTask *task;
  GSource *timer;
  GSource *cancel;
};

struct _TernWorker
{
  char *purpose;
  TernLine *line;
  GQueue open;
  gboolean started;
  GError *reason;
};

static void
line_unref (TernLine *line)
{
  if (!g_atomic_ref_count_dec (&line->refs))
    return;

  g_mutex_clear (&line->lock);
  g_cond_clear (&line->more);
  g_free (line->host);
  g_free (line);
}

static TernLine *
line_ref (TernLine *line)
{
  g_atomic_ref_count_inc (&line->refs);
  return line;
}

static TernLine *
line_new (const char *host)
{
  TernLine *line = g_new0 (TernLine, 1);

  g_atomic_ref_count_init (&line->refs);
  g_mutex_init (&line->lock);
  g_cond_init (&line->more);
  g_queue_init (&line->calls);
  line->host = g_strdup (host);
  return line;
}

static TernCall *
call_ref (TernCall *call)
{
  g_atomic_ref_count_inc (&call->refs);
  return call;
}

static void
call_unref (gpointer data)
{
  TernCall *call = data;

  if (!g_atomic_ref_count_dec (&call->refs))
    return;

  if (call->kind->free_input != NULL && call->input != NULL)
    call->kind->free_input (call->input);
  if (call->kind->free_result != NULL && call->result != NULL)
    call->kind->free_result (call->result);
  g_clear_error (&call->error);
  line_unref (call->line);
  g_free (call);
}

gboolean
tern_call_is_wanted (TernCall *call)
{
  return g_atomic_int_get (&call->wanted);
}

gboolean
tern_call_wait (TernCall *call, gint64 us)
{
  TernLine *line = call->line;
  gint64 end = g_get_monotonic_time () + us;

  g_mutex_lock (&line->lock);
  while (tern_call_is_wanted (call) && g_cond_wait_until (&line->more, &line->lock, end))
    ;
  g_mutex_unlock (&line->lock);
  return tern_call_is_wanted (call);
}

gboolean
tern_call_check (TernCall *call, GError **error)
{
  if (tern_call_is_wanted (call))
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_CANCELLED, "nobody waits for it any more");
  return FALSE;
}

static void
clear_source (GSource **source)
{
  if (*source == NULL)
    return;

  g_source_destroy (*source);
  g_source_unref (*source);
  *source = NULL;
}

static void
stop_wanting (TernCall *call)
{
  g_mutex_lock (&call->line->lock);
  g_atomic_int_set (&call->wanted, FALSE);
  g_cond_signal (&call->line->more);
  g_mutex_unlock (&call->line->lock);
}

/* Takes the call off the main thread's books; the caller then ends the returned task. */
static GTask *
call_settle (TernCall *call)
{
  GTask *task = g_steal_pointer (&call->task);

  stop_wanting (call);
  clear_source (&call->timer);
  clear_source (&call->cancel);
  g_queue_remove (&call->worker->open, call);
  call->worker = NULL;
  return task;
}

static void
call_fail (TernCall *call, GError *error)
{
  g_autoptr (GTask) task = call_settle (call);

  call_unref (call);
  g_task_return_error (task, error);
}

static gboolean
on_time_up (gpointer data)
{
  TernCall *call = data;

  call_fail (call, g_error_new (TERN_ERROR, TERN_ERROR_TIMED_OUT, "%s: %s: no answer within %.3g s",
                                call->line->host, call->kind->what, call->kind->timeout_ms / 1e3));
  return G_SOURCE_REMOVE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  TernCall *call = data;

  call_fail (call, g_error_new (G_IO_ERROR, G_IO_ERROR_CANCELLED, "%s: %s: no longer waited for",
                                call->line->host, call->kind->what));
  return G_SOURCE_REMOVE;
}

/* The thread's answer, on the main context. */
static gboolean
on_answer (gpointer data)
{
  TernCall *call = data;
  g_autoptr (GTask) task = NULL;

  if (call->task == NULL)
    return G_SOURCE_REMOVE;

  task = call_settle (call);
  if (call->error != NULL)
    g_task_return_error (task, g_steal_pointer (&call->error));
  else if (call->kind->free_result != NULL)
    g_task_return_pointer (task, g_steal_pointer (&call->result), call->kind->free_result);
  else
    g_task_return_boolean (task, TRUE);
  call_unref (call);
  return G_SOURCE_REMOVE;
}

/* Never g_main_context_invoke(): it would run the callback here if nobody holds the context. */
static void
post_answer (TernCall *call, GMainContext *context)
{
  g_autoptr (GSource) source = g_idle_source_new ();

  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, on_answer, call_ref (call), call_unref);
  g_source_attach (source, context);
}

static void
run_call (TernCall *call)
{
  if (!tern_call_is_wanted (call))
    return;

  call->result = call->kind->func (call, call->input, &call->error);
  if (call->result == NULL && call->error == NULL)
    g_set_error (&call->error, TERN_ERROR, TERN_ERROR_FAILED, "it gave no reason");
  g_prefix_error (&call->error, "%s: %s: ", call->line->host, call->kind->what);
}

typedef struct
{
  TernLine *line;
  GMainContext *context;
} Start;

static TernCall *
next_call (TernLine *line)
{
  TernCall *call;

  g_mutex_lock (&line->lock);
  while (!line->closed && g_queue_is_empty (&line->calls))
    g_cond_wait (&line->more, &line->lock);
  call = g_queue_pop_head (&line->calls);
  line->running = call;
  g_mutex_unlock (&line->lock);
  return call;
}

/* Before its answer is posted: from then on nobody waits for it. */
static void
set_idle (TernLine *line)
{
  g_mutex_lock (&line->lock);
  line->running = NULL;
  g_mutex_unlock (&line->lock);
}

static gpointer
run_line (gpointer data)
{
  g_autofree Start *start = data;
  TernCall *call;

  while ((call = next_call (start->line)) != NULL)
    {
      run_call (call);
      set_idle (start->line);
      post_answer (call, start->context);
      call_unref (call);
    }

  line_unref (start->line);
  g_main_context_unref (start->context);
  return NULL;
}

TernWorker *
tern_worker_new (const char *purpose, const char *host)
{
  TernWorker *self = g_new0 (TernWorker, 1);

  self->purpose = g_strdup (purpose);
  self->line = line_new (host);
  g_queue_init (&self->open);
  return self;
}

static gboolean
ensure_thread (TernWorker *self, GTask *task, GError **error)
{
  Start *start;
  GThread *thread;

  if (self->started)
    return TRUE;

  start = g_new0 (Start, 1);
  start->line = line_ref (self->line);
  start->context = g_main_context_ref (g_task_get_context (task));
  thread = g_thread_try_new (self->purpose, run_line, start, error);
  if (thread == NULL)
    {
      line_unref (start->line);
      g_main_context_unref (start->context);
      g_free (start);
      return FALSE;
    }

  /* Nobody joins it: it may be stuck for good. */
  g_thread_unref (thread);
  self->started = TRUE;
  return TRUE;
}

static void
watch_call (TernCall *call)
{
  GMainContext *context = g_task_get_context (call->task);
  GCancellable *cancellable = g_task_get_cancellable (call->task);

  if (call->kind->timeout_ms > 0)
    {
      call->timer = g_timeout_source_new (call->kind->timeout_ms);
      g_source_set_callback (call->timer, on_time_up, call, NULL);
      g_source_attach (call->timer, context);
    }
  if (cancellable != NULL)
    {
      call->cancel = g_cancellable_source_new (cancellable);
      g_source_set_callback (call->cancel, G_SOURCE_FUNC (on_cancelled), call, NULL);
      g_source_attach (call->cancel, context);
    }
}

static TernCall *
call_new (TernWorker *self, const TernCallKind *kind, GTask *task, gpointer input)
{
  TernCall *call = g_new0 (TernCall, 1);

  /* Errors name the host even when it was the cancellable; a result that came is delivered. */
  g_task_set_check_cancellable (task, FALSE);
  g_atomic_ref_count_init (&call->refs);
  call->wanted = TRUE;
  call->line = line_ref (self->line);
  call->kind = kind;
  call->input = input;
  call->worker = self;
  call->task = task;
  return call;
}

static void
line_push (TernLine *line, TernCall *call)
{
  g_mutex_lock (&line->lock);
  g_queue_push_tail (&line->calls, call_ref (call));
  g_cond_signal (&line->more);
  g_mutex_unlock (&line->lock);
}

void
tern_worker_call (TernWorker *self, const TernCallKind *kind, GTask *task, gpointer input)
{
  TernCall *call = call_new (self, kind, task, input);
  g_autoptr (GError) error = NULL;

  g_queue_push_tail (&self->open, call);
  if (self->reason != NULL)
    error = g_error_copy (self->reason);
  else
    ensure_thread (self, task, &error);
  if (error != NULL)
    {
      call_fail (call, g_error_new (TERN_ERROR,
                                    error->domain == TERN_ERROR ? error->code : TERN_ERROR_FAILED,
                                    "%s: %s: %s", self->line->host, kind->what, error->message));
      return;
    }

  watch_call (call);
  line_push (self->line, call);
}

static void
line_close (TernLine *line)
{
  GQueue left = G_QUEUE_INIT;
  TernCall *call;

  g_mutex_lock (&line->lock);
  line->closed = TRUE;
  left = line->calls;
  g_queue_init (&line->calls);
  g_cond_signal (&line->more);
  g_mutex_unlock (&line->lock);

  while ((call = g_queue_pop_head (&left)) != NULL)
    call_unref (call);
}

/* Ending a task runs its callback, which may do anything, also free the worker: so first settle
 * every call, then end the tasks without another look at the worker. */
void
tern_worker_close (TernWorker *self, const GError *reason)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GPtrArray) errors = g_ptr_array_new ();
  TernCall *call;

  if (self->reason != NULL)
    return;

  self->reason = g_error_copy (reason);
  line_close (self->line);
  while ((call = g_queue_peek_head (&self->open)) != NULL)
    {
      g_ptr_array_add (errors, g_error_new (reason->domain, reason->code, "%s: %s: %s",
                                            call->line->host, call->kind->what, reason->message));
      g_ptr_array_add (tasks, call_settle (call));
      call_unref (call);
    }

  for (guint i = 0; i < tasks->len; i++)
    g_task_return_error (tasks->pdata[i], errors->pdata[i]);
}

gboolean
tern_worker_hangs (TernWorker *self)
{
  TernLine *line = self->line;
  gboolean hangs;

  g_mutex_lock (&line->lock);
  hangs = line->running != NULL && !tern_call_is_wanted (line->running);
  g_mutex_unlock (&line->lock);
  return hangs;
}

void
tern_worker_free (TernWorker *self)
{
  g_autoptr (GError) closed = NULL;

  if (self == NULL)
    return;

  closed = g_error_new (TERN_ERROR, TERN_ERROR_UNREACHABLE, "the connection was closed");
  tern_worker_close (self, closed);
  line_unref (self->line);
  g_clear_error (&self->reason);
  g_free (self->purpose);
  g_free (self);
}
