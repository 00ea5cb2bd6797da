/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The hypervisor port to one libvirt host: owns the connections and the threads, hands calls
 * to them, and turns events into signals. The calls are listed in libvirt-calls.c.
 *
 *    thread    connection                 what for
 *    control   opened first, with events  one VM, inspect, resume, discard, CPUs
 *    lists     its own                    facts and all VMs
 *    pools     its own                    storage pools, which hang as long as their storage does
 *    acts      its own                    start, eject, lock, change of the CPU
 *    job       its own                    job statistics
 *    abort     its own                    nothing else, so that it always gets through
 *    migrate   its own, one of each per migration
 *
 * One connection per thread: see TernLibvirtConn for why. libvirtd also stops reading a client,
 * keepalives included, at 5 calls in flight. All but the first are opened when they are first
 * needed.
 */
#include "config.h"

#include "drivers/libvirt-host.h"

#include "base/error.h"
#include "drivers/libvirt-calls.h"
#include "drivers/libvirt-conn.h"
#include "drivers/libvirt-opener.h"
#include "drivers/worker.h"

#include <libvirt-glib/libvirt-glib-event.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

/* Every so many questions for facts, all of them are asked again: the owner asks every 15 s. */
#define FACTS_KNOWN_FOR 12

enum
{
  LINE_CONTROL,
  LINE_LISTS,
  LINE_JOB,
  LINE_ABORT,
  LINE_POOLS,
  LINE_ACTS,
  N_LINES
};

static const char *const line_names[N_LINES] = {
  [LINE_CONTROL] = "libvirt",     [LINE_LISTS] = "libvirt-lists", [LINE_JOB] = "libvirt-job",
  [LINE_ABORT] = "libvirt-abort", [LINE_POOLS] = "libvirt-pools", [LINE_ACTS] = "libvirt-acts",
};

struct _TernLibvirtHost
{
  GObject parent;

  TernHostConfig *config;
  TernLibvirtOpener *opener;
  gboolean connecting;

  /* while connected */
  TernLibvirtConn *conn;
  TernLibvirtSink *sink;
  TernWorker *lines[N_LINES];
  TernLibvirtLink *links[N_LINES];
  GPtrArray *migrations; /* of Migration that have a thread; owned by their tasks */
  TernHostFacts *known_facts;
  guint facts_told; /* since all of them were asked for; 0: ask for all the next time */
};

/* A migration on its way: first waits for its connection, then has a thread. */
typedef struct
{
  TernLibvirtConn *control; /* the connection it was asked for on */
  TernWorker *worker;
  char *uuid;
  TernMigrateParams params;
  gboolean aborted; /* somebody asked for it here, and libvirt agreed */
} Migration;

static void tern_libvirt_host_iface_init (TernHypervisorInterface *iface);

G_DEFINE_TYPE_WITH_CODE (TernLibvirtHost, tern_libvirt_host, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (TERN_TYPE_HYPERVISOR, tern_libvirt_host_iface_init))

static TernLibvirtInput *
input_new (TernLibvirtHost *self, TernLibvirtLink *link, const char *uuid)
{
  return tern_libvirt_input_new (link, self->config->name, uuid);
}

static gboolean
refuse_if_not_connected (TernLibvirtHost *self, GTask *task, const char *what)
{
  if (self->conn != NULL)
    return FALSE;

  g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_UNREACHABLE, "%s: %s: not connected",
                           self->config->name, what);
  return TRUE;
}

/* A call that needs nothing but the VM's UUID, if that. */
static void
start_call (TernHypervisor *hypervisor, int line, const TernCallKind *kind, const char *uuid,
            GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  g_autoptr (GTask) task = g_task_new (self, cancellable, cb, data);

  if (!refuse_if_not_connected (self, task, kind->what))
    tern_worker_call (self->lines[line], kind, g_steal_pointer (&task),
                      input_new (self, self->links[line], uuid));
}

static gboolean
host_is_connected (TernHypervisor *hypervisor)
{
  return TERN_LIBVIRT_HOST (hypervisor)->conn != NULL;
}

static void
close_migrations (TernLibvirtHost *self, const GError *reason)
{
  g_autoptr (GPtrArray) migrations = g_ptr_array_copy (self->migrations, NULL, NULL);

  /* Ending one runs the owner's callback; it frees its own record, and may free no other. */
  for (guint i = 0; i < migrations->len; i++)
    if (g_ptr_array_find (self->migrations, migrations->pdata[i], NULL))
      tern_worker_close (((Migration *) migrations->pdata[i])->worker, reason);
}

/* Lets go of everything that belongs to the connection, then ends the calls in flight: their
 * callbacks may already connect again. */
static void
drop_connection (TernLibvirtHost *self, const GError *reason)
{
  g_autoptr (TernLibvirtConn) conn = g_steal_pointer (&self->conn);
  TernWorker *lines[N_LINES];

  for (guint i = 0; i < N_LINES; i++)
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
  for (guint i = 0; i < N_LINES; i++)
    if (lines[i] != NULL)
      {
        tern_worker_close (lines[i], reason);
        tern_worker_free (lines[i]);
      }
  close_migrations (self, reason);
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
  for (guint i = 0; i < N_LINES; i++)
    {
      self->lines[i] = tern_worker_new (line_names[i], self->config->name);
      self->links[i] = tern_libvirt_link_new (self->config->uri, i == LINE_CONTROL ? conn : NULL);
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
  g_autoptr (GError) reason =
      g_error_new_literal (TERN_ERROR, TERN_ERROR_UNREACHABLE, "disconnected on request");
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
        self->lines[LINE_POOLS], &tern_libvirt_pools_kind,
        g_task_new (self, g_task_get_cancellable (task), on_pools, g_object_ref (task)),
        input_new (self, self->links[LINE_POOLS], NULL));
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
  if (refuse_if_not_connected (self, task, tern_libvirt_facts_kind.what))
    return;

  run = g_new0 (FactsRun, 1);
  run->conn = tern_libvirt_conn_ref (self->conn);
  run->all = self->known_facts == NULL || self->facts_told == 0;
  g_task_set_task_data (task, run, facts_run_free);
  self->facts_told = (self->facts_told + 1) % FACTS_KNOWN_FOR;

  input = input_new (self, self->links[LINE_LISTS], NULL);
  if (!run->all)
    input->known_facts = tern_host_facts_ref (self->known_facts);
  tern_worker_call (self->lines[LINE_LISTS], &tern_libvirt_facts_kind,
                    g_task_new (self, cancellable, on_facts, g_steal_pointer (&task)), input);
}

static void
host_fetch_vms_async (TernHypervisor *self, GCancellable *cancellable, GAsyncReadyCallback cb,
                      gpointer data)
{
  start_call (self, LINE_LISTS, &tern_libvirt_vms_kind, NULL, cancellable, cb, data);
}

static void
host_fetch_vm_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                     GAsyncReadyCallback cb, gpointer data)
{
  start_call (self, LINE_CONTROL, &tern_libvirt_vm_kind, uuid, cancellable, cb, data);
}

static void
host_inspect_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                    GAsyncReadyCallback cb, gpointer data)
{
  start_call (self, LINE_CONTROL, &tern_libvirt_inspect_kind, uuid, cancellable, cb, data);
}

static void
on_aborted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (source);
  const char *uuid = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  for (guint i = 0; i < self->migrations->len; i++)
    {
      Migration *migration = self->migrations->pdata[i];

      if (g_ascii_strcasecmp (migration->uuid, uuid) == 0)
        migration->aborted = TRUE;
    }
  g_task_return_boolean (task, TRUE);
}

static void
host_abort_job_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                      GAsyncReadyCallback cb, gpointer data)
{
  GTask *task = g_task_new (self, cancellable, cb, data);

  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, g_strdup (uuid), g_free);
  start_call (self, LINE_ABORT, &tern_libvirt_abort_kind, uuid, cancellable, on_aborted, task);
}

static void
host_resume_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                   GAsyncReadyCallback cb, gpointer data)
{
  start_call (self, LINE_CONTROL, &tern_libvirt_resume_kind, uuid, cancellable, cb, data);
}

static void
host_discard_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                    GAsyncReadyCallback cb, gpointer data)
{
  start_call (self, LINE_CONTROL, &tern_libvirt_discard_kind, uuid, cancellable, cb, data);
}

static void
host_fetch_job_async (TernHypervisor *hypervisor, const char *uuid, gboolean completed,
                      GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  g_autoptr (GTask) task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input;

  if (refuse_if_not_connected (self, task, tern_libvirt_job_kind.what))
    return;

  input = input_new (self, self->links[LINE_JOB], uuid);
  input->completed = completed;
  tern_worker_call (self->lines[LINE_JOB], &tern_libvirt_job_kind, g_steal_pointer (&task), input);
}

static void
host_start_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                  GAsyncReadyCallback cb, gpointer data)
{
  start_call (self, LINE_ACTS, &tern_libvirt_start_kind, uuid, cancellable, cb, data);
}

static void
host_fetch_cpu_xml_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                          GAsyncReadyCallback cb, gpointer data)
{
  start_call (self, LINE_CONTROL, &tern_libvirt_fetch_cpu_xml_kind, uuid, cancellable, cb, data);
}

/* A call with more than a UUID. Returns: (nullable): its input, still to be filled; %NULL
 * when the task was ended */
static TernLibvirtInput *
begin_call (TernLibvirtHost *self, int line, const TernCallKind *kind, const char *uuid,
            GTask *task)
{
  if (refuse_if_not_connected (self, task, kind->what))
    {
      g_object_unref (task);
      return NULL;
    }
  return input_new (self, self->links[line], uuid);
}

static void
host_eject_async (TernHypervisor *hypervisor, const char *uuid, const char *target,
                  const char *source, GCancellable *cancellable, GAsyncReadyCallback cb,
                  gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input = begin_call (self, LINE_ACTS, &tern_libvirt_eject_kind, uuid, task);

  if (input == NULL)
    return;
  input->target = g_strdup (target);
  input->source = g_strdup (source);
  tern_worker_call (self->lines[LINE_ACTS], &tern_libvirt_eject_kind, task, input);
}

static void
host_set_lock_async (TernHypervisor *hypervisor, const char *uuid, const TernLock *lock,
                     GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input = begin_call (self, LINE_ACTS, &tern_libvirt_set_lock_kind, uuid, task);

  if (input == NULL)
    return;
  input->lock = lock != NULL ? tern_lock_copy (lock) : NULL;
  tern_worker_call (self->lines[LINE_ACTS], &tern_libvirt_set_lock_kind, task, input);
}

static void
host_set_cpu_async (TernHypervisor *hypervisor, const char *uuid, const TernCpu *cpu,
                    GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input = begin_call (self, LINE_ACTS, &tern_libvirt_set_cpu_kind, uuid, task);

  if (input == NULL)
    return;
  input->cpu = cpu != NULL ? tern_cpu_ref ((TernCpu *) cpu) : NULL;
  tern_worker_call (self->lines[LINE_ACTS], &tern_libvirt_set_cpu_kind, task, input);
}

static void
host_compare_cpu_async (TernHypervisor *hypervisor, const char *cpu_xml, GCancellable *cancellable,
                        GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input =
      begin_call (self, LINE_CONTROL, &tern_libvirt_compare_cpu_kind, NULL, task);

  if (input == NULL)
    return;
  input->source = g_strdup (cpu_xml);
  tern_worker_call (self->lines[LINE_CONTROL], &tern_libvirt_compare_cpu_kind, task, input);
}

static void
host_baseline_cpu_async (TernHypervisor *hypervisor, const GPtrArray *cpus,
                         GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input =
      begin_call (self, LINE_CONTROL, &tern_libvirt_baseline_cpu_kind, NULL, task);

  if (input == NULL)
    return;
  input->cpus = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_cpu_unref);
  for (guint i = 0; i < cpus->len; i++)
    g_ptr_array_add (input->cpus, tern_cpu_ref (cpus->pdata[i]));
  tern_worker_call (self->lines[LINE_CONTROL], &tern_libvirt_baseline_cpu_kind, task, input);
}

static void
migration_free (gpointer data)
{
  Migration *migration = data;

  tern_worker_free (migration->worker);
  tern_libvirt_conn_unref (migration->control);
  g_free (migration->uuid);
  g_free ((char *) migration->params.peer_uri);
  g_free ((char *) migration->params.migration_address);
  g_free (migration);
}

static Migration *
migration_new (TernLibvirtHost *self, const char *uuid, const TernMigrateParams *params)
{
  Migration *migration = g_new0 (Migration, 1);

  migration->control = tern_libvirt_conn_ref (self->conn);
  migration->uuid = g_strdup (uuid);
  migration->params = *params;
  migration->params.peer_uri = g_strdup (params->peer_uri);
  migration->params.migration_address = g_strdup (params->migration_address);
  return migration;
}

static void
on_migrated (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (source);
  Migration *migration = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  g_ptr_array_remove_fast (self->migrations, migration);
  if (g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  /* libvirt 9.0 often reports what the abort broke ("Unable to write to socket") instead of the
   * abort. */
  if (migration->aborted && g_error_matches (error, TERN_ERROR, TERN_ERROR_FAILED))
    error->code = TERN_ERROR_CANCELLED;
  g_task_return_error (task, g_steal_pointer (&error));
}

static void
run_migration (TernLibvirtHost *self, GTask *task, TernLibvirtConn *conn)
{
  Migration *migration = g_task_get_task_data (task);
  g_autoptr (TernLibvirtLink) link = tern_libvirt_link_new (self->config->uri, conn);
  TernLibvirtInput *input = input_new (self, link, migration->uuid);

  input->params = migration->params;
  input->params.peer_uri = g_strdup (migration->params.peer_uri);
  input->params.migration_address = g_strdup (migration->params.migration_address);

  migration->worker = tern_worker_new ("libvirt-migrate", self->config->name);
  g_ptr_array_add (self->migrations, migration);
  tern_worker_call (
      migration->worker, &tern_libvirt_migrate_kind,
      g_task_new (self, g_task_get_cancellable (task), on_migrated, g_object_ref (task)), input);
}

/* Nothing was sent to the host so far: whatever happened meanwhile, it is safe to stop here. */
static gboolean
is_still_wanted (TernLibvirtHost *self, GTask *task, GError **error)
{
  const Migration *migration = g_task_get_task_data (task);

  if (g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), error))
    return FALSE;
  if (self->conn == migration->control)
    return TRUE;

  g_set_error (error, TERN_ERROR, TERN_ERROR_UNREACHABLE,
               "%s: migrating the VM: the connection was lost before it began", self->config->name);
  return FALSE;
}

static void
on_migration_conn (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernLibvirtHost *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TernLibvirtConn) conn = tern_libvirt_opener_open_finish (result, &error);

  if (conn != NULL && is_still_wanted (self, task, &error))
    run_migration (self, task, conn);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
host_migrate_async (TernHypervisor *hypervisor, const char *uuid, const TernMigrateParams *params,
                    GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  g_autoptr (GTask) task = g_task_new (self, cancellable, cb, data);

  g_task_set_check_cancellable (task, FALSE);
  if (refuse_if_not_connected (self, task, tern_libvirt_migrate_kind.what))
    return;

  g_task_set_task_data (task, migration_new (self, uuid, params), migration_free);
  tern_libvirt_opener_open_async (self->opener, NULL, cancellable, on_migration_conn,
                                  g_steal_pointer (&task));
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
  iface->migrate_async = host_migrate_async;
  iface->fetch_job_async = host_fetch_job_async;
  iface->abort_job_async = host_abort_job_async;
  iface->resume_async = host_resume_async;
  iface->discard_async = host_discard_async;
  iface->start_async = host_start_async;
  iface->eject_async = host_eject_async;
  iface->set_lock_async = host_set_lock_async;
  iface->set_cpu_async = host_set_cpu_async;
  iface->fetch_cpu_xml_async = host_fetch_cpu_xml_async;
  iface->compare_cpu_async = host_compare_cpu_async;
  iface->baseline_cpu_async = host_baseline_cpu_async;
}

static void
tern_libvirt_host_init (TernLibvirtHost *self)
{
  self->migrations = g_ptr_array_new ();
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
