/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening connections without being held up by those that hang.
 */
#include "config.h"

#include "drivers/libvirt-opener.h"

#include "base/error.h"
#include "drivers/worker.h"

#define OPEN_TIMEOUT_MS 10000
#define MAX_STUCK 3

/* Shared with the threads, which are counted while libvirt has them. */
typedef struct
{
  gatomicrefcount refs;
  int inside;
} Tally;

struct _TernLibvirtOpener
{
  TernHostConfig *config;
  Tally *tally;
  GPtrArray *workers; /* of openings somebody waits for; each frees its own */
};

typedef struct
{
  Tally *tally;
  char *uri;
  TernLibvirtSink *sink;
} OpenInput;

static void
tally_unref (Tally *tally)
{
  if (g_atomic_ref_count_dec (&tally->refs))
    g_free (tally);
}

static Tally *
tally_ref (Tally *tally)
{
  g_atomic_ref_count_inc (&tally->refs);
  return tally;
}

static void
open_input_free (gpointer data)
{
  OpenInput *input = data;

  tally_unref (input->tally);
  g_free (input->uri);
  tern_libvirt_sink_unref (input->sink);
  g_free (input);
}

static gpointer
run_open (TernCall *call, gpointer data, GError **error)
{
  OpenInput *input = data;
  TernLibvirtConn *conn;

  g_atomic_int_inc (&input->tally->inside);
  conn = tern_libvirt_conn_open (input->uri, input->sink, error);
  g_atomic_int_add (&input->tally->inside, -1);
  return conn;
}

static const TernCallKind open_kind = {
  .what = "connecting",
  .func = run_open,
  .free_input = open_input_free,
  .free_result = (GDestroyNotify) tern_libvirt_conn_unref,
  .timeout_ms = OPEN_TIMEOUT_MS,
};

TernLibvirtOpener *
tern_libvirt_opener_new (TernHostConfig *config)
{
  TernLibvirtOpener *self = g_new0 (TernLibvirtOpener, 1);

  self->config = tern_host_config_ref (config);
  self->tally = g_new0 (Tally, 1);
  g_atomic_ref_count_init (&self->tally->refs);
  self->workers = g_ptr_array_new ();
  return self;
}

static OpenInput *
open_input_new (TernLibvirtOpener *self, TernLibvirtSink *sink)
{
  OpenInput *input = g_new0 (OpenInput, 1);

  input->tally = tally_ref (self->tally);
  input->uri = g_strdup (self->config->uri);
  input->sink = sink != NULL ? tern_libvirt_sink_ref (sink) : NULL;
  return input;
}

/* Whoever waits for an opening keeps the host object, and so the opener, alive. */
typedef struct
{
  TernLibvirtOpener *opener;
  TernWorker *worker;
} Opening;

static void
opening_free (gpointer data)
{
  Opening *opening = data;

  g_ptr_array_remove_fast (opening->opener->workers, opening->worker);
  tern_worker_free (opening->worker);
  g_free (opening);
}

static void
on_open_done (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) outer = data;
  g_autoptr (GError) error = NULL;
  TernLibvirtConn *conn = g_task_propagate_pointer (G_TASK (result), &error);

  g_task_set_task_data (outer, NULL, NULL);
  if (conn != NULL)
    g_task_return_pointer (outer, conn, (GDestroyNotify) tern_libvirt_conn_unref);
  else
    g_task_return_error (outer, g_steal_pointer (&error));
}

static void
start_opening (TernLibvirtOpener *self, TernLibvirtSink *sink, GTask *outer)
{
  Opening *opening = g_new0 (Opening, 1);
  GTask *inner =
      g_task_new (NULL, g_task_get_cancellable (outer), on_open_done, g_object_ref (outer));

  opening->opener = self;
  opening->worker = tern_worker_new ("libvirt-open", self->config->name);
  g_ptr_array_add (self->workers, opening->worker);
  g_task_set_task_data (outer, opening, opening_free);
  tern_worker_call (opening->worker, &open_kind, inner, open_input_new (self, sink));
}

/* Threads nobody waits for any more. One that is about to begin counts as waited for, so this
 * may come out too small for a moment, never too large. */
static gboolean
too_many_stuck (const TernLibvirtOpener *self)
{
  return g_atomic_int_get (&self->tally->inside) - (int) self->workers->len >= MAX_STUCK;
}

void
tern_libvirt_opener_open_async (TernLibvirtOpener *self, TernLibvirtSink *sink,
                                GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (NULL, cancellable, cb, data);

  g_task_set_check_cancellable (task, FALSE);
  if (too_many_stuck (self))
    g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_UNREACHABLE,
                             "%s: connecting: %d attempts are still waiting for an answer",
                             self->config->name, MAX_STUCK);
  else
    start_opening (self, sink, task);
}

TernLibvirtConn *
tern_libvirt_opener_open_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
tern_libvirt_opener_close (TernLibvirtOpener *self, const GError *reason)
{
  g_autoptr (GPtrArray) workers = g_ptr_array_copy (self->workers, NULL, NULL);

  /* Ending one frees its worker and can free no other. */
  for (guint i = 0; i < workers->len; i++)
    if (g_ptr_array_find (self->workers, workers->pdata[i], NULL))
      tern_worker_close (workers->pdata[i], reason);
}

void
tern_libvirt_opener_free (TernLibvirtOpener *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->workers);
  tern_host_config_unref (self->config);
  tally_unref (self->tally);
  g_free (self);
}
