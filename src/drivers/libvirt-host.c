/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The hypervisor port to one libvirt host: owns the connections and the threads, hands calls
 * to them, and turns events into signals. The calls are listed in libvirt-calls.c; those that tell
 * the host something are in libvirt-host-acts.c, -move.c and -steer.c.
 *
 *    thread    connection                 what for
 *    control   opened first, with events  one VM, inspect, resume, discard, CPUs
 *    lists     its own                    facts and all VMs
 *    pools     its own                    storage pools, which hang as long as their storage does
 *    acts      its own                    start, eject, lock, change of the CPU, two copies
 *    job       its own                    job statistics
 *    steer     its own                    downtime, speed, post-copy and pause of migrations
 *    abort     its own                    nothing else, so that it always gets through
 *    measure   its own                    dirty rates, which wait for other jobs on the VM
 *    off       four, each its own         guests asked to shut down: an agent may take a minute
 *    migrate   its own, one of each per migration
 *
 * One connection per thread: see TernLibvirtConn for why. libvirtd also stops reading a client,
 * keepalives included, at 5 calls in flight. All but the first are opened when they are first
 * needed.
 *
 * libvirt waits without an end for a QEMU that does not answer. A thread that hangs in a call that
 * nobody waits for any more is left behind with its connection, and another takes its place: one
 * stopped QEMU must not keep us from the other VMs of its host.
 */
#include "config.h"

#include "drivers/libvirt-host.h"

#include "base/error.h"
#include "drivers/libvirt-host-private.h"

#include <libvirt-glib/libvirt-glib-event.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

/* Every so many questions for facts, all of them are asked again: the owner asks every 15 s. */
#define FACTS_KNOWN_FOR 12

/* Threads left behind at a time; each keeps one of libvirtd's workers (20 by default). */
#define MAX_LEFT_BEHIND 4

static const char *const line_names[TERN_N_LINES] = {
  [TERN_LINE_CONTROL] = "libvirt",       [TERN_LINE_LISTS] = "libvirt-lists",
  [TERN_LINE_JOB] = "libvirt-job",       [TERN_LINE_STEER] = "libvirt-steer",
  [TERN_LINE_ABORT] = "libvirt-abort",   [TERN_LINE_POOLS] = "libvirt-pools",
  [TERN_LINE_ACTS] = "libvirt-acts",     [TERN_LINE_MEASURE] = "libvirt-dirty",
  [TERN_LINE_OFF] = "libvirt-off-1",     [TERN_LINE_OFF + 1] = "libvirt-off-2",
  [TERN_LINE_OFF + 2] = "libvirt-off-3", [TERN_LINE_OFF_LAST] = "libvirt-off-4",
};

static void tern_libvirt_host_iface_init (TernHypervisorInterface *iface);

G_DEFINE_TYPE_WITH_CODE (TernLibvirtHost, tern_libvirt_host, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (TERN_TYPE_HYPERVISOR, tern_libvirt_host_iface_init))

static TernLibvirtInput *
input_new (TernLibvirtHost *self, TernLibvirtLink *link, const char *uuid)
{
  return tern_libvirt_input_new (link, self->config->name, uuid);
}

gboolean
tern_libvirt_host_refuse (TernLibvirtHost *self, GTask *task, const char *what)
{
  if (self->conn != NULL)
    return FALSE;

  g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_UNREACHABLE, "%s: %s: not connected",
                           self->config->name, what);
  return TRUE;
}

static void
forget_those_that_came_back (TernLibvirtHost *self)
{
  for (guint i = self->left_behind->len; i > 0; i--)
    if (!tern_worker_hangs (self->left_behind->pdata[i - 1]))
      g_ptr_array_remove_index_fast (self->left_behind, i - 1);
}

/* What is in line behind the call that hangs waits for longer than that did. */
static void
replace_if_it_hangs (TernLibvirtHost *self, TernLibvirtLine line)
{
  g_autoptr (GError) reason = NULL;
  TernWorker *worker = self->lines[line];

  if (!tern_worker_hangs (worker))
    return;
  forget_those_that_came_back (self);
  if (self->left_behind->len >= MAX_LEFT_BEHIND)
    return;

  g_ptr_array_add (self->left_behind, worker);
  self->lines[line] = tern_worker_new (line_names[line], self->config->name);
  tern_libvirt_link_unref (self->links[line]);
  self->links[line] = tern_libvirt_link_new (self->config->uri, NULL);

  reason = g_error_new_literal (TERN_ERROR, TERN_ERROR_TIMED_OUT, "a call before it hangs");
  tern_worker_close (worker, reason);
}

TernLibvirtInput *
tern_libvirt_host_begin (TernLibvirtHost *self, TernLibvirtLine line, const TernCallKind *kind,
                         const char *uuid, GTask *task)
{
  if (self->conn != NULL)
    replace_if_it_hangs (self, line);
  /* The calls that ended just now may have let go of the connection. */
  if (tern_libvirt_host_refuse (self, task, kind->what))
    {
      g_object_unref (task);
      return NULL;
    }
  return input_new (self, self->links[line], uuid);
}

void
tern_libvirt_host_send (TernLibvirtHost *self, TernLibvirtLine line, const TernCallKind *kind,
                        GTask *task, TernLibvirtInput *input)
{
  tern_worker_call (self->lines[line], kind, task, input);
}

void
tern_libvirt_host_start (TernHypervisor *hypervisor, TernLibvirtLine line, const TernCallKind *kind,
                         const char *uuid, GCancellable *cancellable, GAsyncReadyCallback cb,
                         gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input = tern_libvirt_host_begin (self, line, kind, uuid, task);

  if (input != NULL)
    tern_libvirt_host_send (self, line, kind, task, input);
}

static gboolean
host_is_connected (TernHypervisor *hypervisor)
{
  return TERN_LIBVIRT_HOST (hypervisor)->conn != NULL;
}

/* Lets go of everything that belongs to the connection, then ends the calls in flight: their
 * callbacks may already connect again. */
static void
drop_connection (TernLibvirtHost *self, const GError *reason)
{
  g_autoptr (TernLibvirtConn) conn = g_steal_pointer (&self->conn);
  TernWorker *lines[TERN_N_LINES];

  for (guint i = 0; i < TERN_N_LINES; i++)
    {
      lines[i] = g_steal_pointer (&self->lines[i]);
      g_clear_pointer (&self->links[i], tern_libvirt_link_unref);
    }
  if (self->sink != NULL)
    tern_libvirt_sink_mute (self->sink);
  g_clear_pointer (&self->sink, tern_libvirt_sink_unref);
  g_clear_pointer (&self->known_facts, tern_host_facts_unref);
  self->facts_told = 0;

  tern_libvirt_opener_close (self->opener, reason);
  for (guint i = 0; i < TERN_N_LINES; i++)
    if (lines[i] != NULL)
      {
        tern_worker_close (lines[i], reason);
        tern_worker_free (lines[i]);
      }
  g_ptr_array_set_size (self->left_behind, 0);
  tern_libvirt_host_close_migrations (self, reason);
}

static void
on_connection_lost (TernLibvirtHost *self, const char *why)
{
  g_autoptr (GError) error =
      g_error_new (TERN_ERROR, TERN_ERROR_UNREACHABLE, "%s: %s", self->config->name, why);
  g_autoptr (GError) short_error = g_error_new_literal (TERN_ERROR, TERN_ERROR_UNREACHABLE, why);

  g_object_ref (self);
  drop_connection (self, short_error);
  if (self->conn == NULL)
    tern_hypervisor_emit_disconnected (TERN_HYPERVISOR (self), error);
  g_object_unref (self);
}

static void
on_event (TernLibvirtEventKind kind, const char *text, gpointer data)
{
  TernLibvirtHost *self = data;

  /* Between registering and the end of connecting: the owner has not listed yet. */
  if (self->conn == NULL)
    return;

  switch (kind)
    {
    case TERN_LIBVIRT_EVENT_VM:
      tern_hypervisor_emit_vm_changed (TERN_HYPERVISOR (self), text);
      break;
    case TERN_LIBVIRT_EVENT_JOB:
      tern_hypervisor_emit_job_changed (TERN_HYPERVISOR (self), text);
      break;
    case TERN_LIBVIRT_EVENT_HOST:
      self->facts_told = 0;
      tern_hypervisor_emit_host_changed (TERN_HYPERVISOR (self));
      break;
    case TERN_LIBVIRT_EVENT_CLOSED:
      on_connection_lost (self, text);
      break;
    }
}

static void
take_connection (TernLibvirtHost *self, TernLibvirtConn *conn)
{
  self->conn = conn;
  for (guint i = 0; i < TERN_N_LINES; i++)
    {
      self->lines[i] = tern_worker_new (line_names[i], self->config->name);
      self->links[i] =
          tern_libvirt_link_new (self->config->uri, i == TERN_LINE_CONTROL ? conn : NULL);
    }
}

static void
forget_sink (TernLibvirtHost *self)
{
  if (self->sink != NULL)
    tern_libvirt_sink_mute (self->sink);
  g_clear_pointer (&self->sink, tern_libvirt_sink_unref);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernLibvirtHost *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TernLibvirtConn) conn = tern_libvirt_opener_open_finish (result, &error);

  self->connecting = FALSE;
  /* Broken before it was ours: its event found nobody. */
  if (conn != NULL && !tern_libvirt_conn_is_open (conn))
    g_set_error (&error, TERN_ERROR, TERN_ERROR_UNREACHABLE,
                 "%s: connecting: the connection broke at once", self->config->name);
  if (error != NULL)
    {
      forget_sink (self);
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  take_connection (self, g_steal_pointer (&conn));
  g_task_return_boolean (task, TRUE);
}

static void
host_connect_async (TernHypervisor *hypervisor, GCancellable *cancellable, GAsyncReadyCallback cb,
                    gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  g_autoptr (GTask) task = g_task_new (self, cancellable, cb, data);

  g_task_set_check_cancellable (task, FALSE);
  if (self->connecting || self->conn != NULL)
    {
      g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_BUSY, "%s: connecting: already %s",
                               self->config->name, self->connecting ? "connecting" : "connected");
      return;
    }

  self->connecting = TRUE;
  self->sink = tern_libvirt_sink_new (on_event, self);
  tern_libvirt_opener_open_async (self->opener, self->sink, cancellable, on_opened,
                                  g_steal_pointer (&task));
}

static void
host_disconnect (TernHypervisor *hypervisor)
{
  g_autoptr (GError) reason = g_error_new_literal (
      TERN_ERROR, TERN_ERROR_UNREACHABLE, "the connection was given up before there was an answer");
  g_autoptr (TernHypervisor) self = g_object_ref (hypervisor);

  drop_connection (TERN_LIBVIRT_HOST (self), reason);
}

/* Facts under way: first all but the pools, then, if they are to be asked for, those. */
typedef struct
{
  TernLibvirtConn *conn; /* of the time it began */
  TernHostFacts *facts;
  gboolean all;
} FactsRun;

static void
facts_run_free (gpointer data)
{
  FactsRun *run = data;

  tern_libvirt_conn_unref (run->conn);
  tern_host_facts_unref (run->facts);
  g_free (run);
}

static void
end_facts (TernLibvirtHost *self, GTask *task)
{
  FactsRun *run = g_task_get_task_data (task);

  if (run->all && self->conn == run->conn)
    {
      g_clear_pointer (&self->known_facts, tern_host_facts_unref);
      self->known_facts = tern_host_facts_ref (run->facts);
    }
  g_task_return_pointer (task, g_steal_pointer (&run->facts),
                         (GDestroyNotify) tern_host_facts_unref);
}

/* Pools that are not told, or not in time, are not known. */
static void
on_pools (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (source);
  FactsRun *run = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  run->facts->pools = g_task_propagate_pointer (G_TASK (result), &error);
  if (error != NULL
      && (self->conn != run->conn || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)))
    g_task_return_error (task, g_steal_pointer (&error));
  else
    end_facts (self, task);
}

static void
on_facts (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (source);
  FactsRun *run = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  run->facts = g_task_propagate_pointer (G_TASK (result), &error);
  if (run->facts == NULL)
    {
      self->facts_told = 0;
      g_task_return_error (task, g_steal_pointer (&error));
    }
  else if (run->all && self->conn == run->conn)
    tern_worker_call (
        self->lines[TERN_LINE_POOLS], &tern_libvirt_pools_kind,
        g_task_new (self, g_task_get_cancellable (task), on_pools, g_object_ref (task)),
        input_new (self, self->links[TERN_LINE_POOLS], NULL));
  else
    end_facts (self, task);
}

static void
host_fetch_facts_async (TernHypervisor *hypervisor, GCancellable *cancellable,
                        GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  g_autoptr (GTask) task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input;
  FactsRun *run;

  g_task_set_check_cancellable (task, FALSE);
  if (tern_libvirt_host_refuse (self, task, tern_libvirt_facts_kind.what))
    return;

  run = g_new0 (FactsRun, 1);
  run->conn = tern_libvirt_conn_ref (self->conn);
  run->all = self->known_facts == NULL || self->facts_told == 0;
  g_task_set_task_data (task, run, facts_run_free);
  self->facts_told = (self->facts_told + 1) % FACTS_KNOWN_FOR;

  input = input_new (self, self->links[TERN_LINE_LISTS], NULL);
  if (!run->all)
    input->known_facts = tern_host_facts_ref (self->known_facts);
  tern_libvirt_host_send (self, TERN_LINE_LISTS, &tern_libvirt_facts_kind,
                          g_task_new (self, cancellable, on_facts, g_steal_pointer (&task)), input);
}

static void
host_fetch_vms_async (TernHypervisor *self, GCancellable *cancellable, GAsyncReadyCallback cb,
                      gpointer data)
{
  tern_libvirt_host_start (self, TERN_LINE_LISTS, &tern_libvirt_vms_kind, NULL, cancellable, cb,
                           data);
}

static void
host_fetch_vm_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                     GAsyncReadyCallback cb, gpointer data)
{
  tern_libvirt_host_start (self, TERN_LINE_CONTROL, &tern_libvirt_vm_kind, uuid, cancellable, cb,
                           data);
}

static void
host_inspect_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                    GAsyncReadyCallback cb, gpointer data)
{
  tern_libvirt_host_start (self, TERN_LINE_CONTROL, &tern_libvirt_inspect_kind, uuid, cancellable,
                           cb, data);
}

static void
tern_libvirt_host_iface_init (TernHypervisorInterface *iface)
{
  iface->is_connected = host_is_connected;
  iface->connect_async = host_connect_async;
  iface->disconnect = host_disconnect;
  iface->fetch_facts_async = host_fetch_facts_async;
  iface->fetch_vms_async = host_fetch_vms_async;
  iface->fetch_vm_async = host_fetch_vm_async;
  iface->inspect_async = host_inspect_async;
  tern_libvirt_host_add_moves (iface);
  tern_libvirt_host_add_steering (iface);
  tern_libvirt_host_add_acts (iface);
}

static void
tern_libvirt_host_init (TernLibvirtHost *self)
{
  self->migrations = g_ptr_array_new ();
  self->left_behind = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_worker_free);
}

static void
tern_libvirt_host_dispose (GObject *object)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (object);
  g_autoptr (GError) reason =
      g_error_new_literal (TERN_ERROR, TERN_ERROR_UNREACHABLE, "no longer used");

  drop_connection (self, reason);
  G_OBJECT_CLASS (tern_libvirt_host_parent_class)->dispose (object);
}

static void
tern_libvirt_host_finalize (GObject *object)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (object);

  tern_libvirt_opener_free (self->opener);
  g_ptr_array_unref (self->migrations);
  g_ptr_array_unref (self->left_behind);
  tern_host_config_unref (self->config);
  G_OBJECT_CLASS (tern_libvirt_host_parent_class)->finalize (object);
}

static void
tern_libvirt_host_class_init (TernLibvirtHostClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = tern_libvirt_host_dispose;
  G_OBJECT_CLASS (klass)->finalize = tern_libvirt_host_finalize;
}

TernHypervisor *
tern_libvirt_host_new (TernHostConfig *config, gpointer data, GError **error)
{
  TernLibvirtHost *self;

  if (!tern_host_uri_check (config->uri, error))
    return NULL;
  if (!g_str_has_prefix (config->uri, "qemu") && !g_str_has_prefix (config->uri, "test:"))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s: '%s' is no libvirt URI",
                   config->name, config->uri);
      return NULL;
    }

  self = g_object_new (TERN_TYPE_LIBVIRT_HOST, NULL);
  self->config = tern_host_config_ref (config);
  self->opener = tern_libvirt_opener_new (config);
  return TERN_HYPERVISOR (self);
}

/* Errors are returned to the callers; libvirt would print them on stderr as well. */
static void
ignore_libvirt_error (void *data, virErrorPtr error)
{
}

void
tern_libvirt_init (void)
{
  static gboolean done;

  if (done)
    return;

  done = TRUE;
  virSetErrorFunc (NULL, ignore_libvirt_error);
  gvir_event_register ();
  if (virInitialize () < 0)
    g_error ("libvirt cannot be initialised");
}
