/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The hypervisor port to one libvirt host: owns the connections and the threads, hands calls
 * to them, and turns events into signals. What the calls do is in libvirt-query.c and
 * libvirt-migrate.c.
 *
 *    thread    connection                 what for
 *    control   opened first, with events  one VM, inspect, resume, discard
 *    lists     its own                    facts and all VMs
 *    job       its own                    job statistics
 *    abort     its own                    nothing else, so that it always gets through
 *    migrate   its own, one of each per migration
 *
 * One connection per thread: see TernLibvirtConn for why. libvirtd also stops reading a client,
 * keepalives included, at 5 calls in flight. Those of lists, job and abort are opened when they
 * are first needed.
 */
#include "config.h"

#include "drivers/libvirt-host.h"

#include "base/error.h"
#include "drivers/libvirt-conn.h"
#include "drivers/libvirt-migrate.h"
#include "drivers/libvirt-opener.h"
#include "drivers/libvirt-query.h"
#include "drivers/worker.h"

#include <libvirt-glib/libvirt-glib-event.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#define CALL_TIMEOUT_MS 10000
#define LIST_TIMEOUT_MS 60000
#define ABORT_TIMEOUT_MS 30000

enum
{
  LINE_CONTROL,
  LINE_LISTS,
  LINE_JOB,
  LINE_ABORT,
  N_LINES
};

static const char *const line_names[N_LINES] = {
  [LINE_CONTROL] = "libvirt",
  [LINE_LISTS] = "libvirt-lists",
  [LINE_JOB] = "libvirt-job",
  [LINE_ABORT] = "libvirt-abort",
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

/* What a call takes to its thread. */
typedef struct
{
  TernLibvirtLink *link;
  char *host;
  char *uuid;
  gboolean completed;
  TernHostFacts *known_facts;
  TernMigrateParams params;
} Input;

static void
input_free (gpointer data)
{
  Input *input = data;

  tern_libvirt_link_unref (input->link);
  g_free (input->host);
  g_free (input->uuid);
  tern_host_facts_unref (input->known_facts);
  g_free ((char *) input->params.peer_uri);
  g_free ((char *) input->params.migration_address);
  g_free (input);
}

/* In the thread: passes a call's answer on, and tells if it found the connection dead. */
static gpointer
answer (TernLibvirtConn *conn, gpointer result, GError *local, GError **error)
{
  if (conn != NULL && g_error_matches (local, TERN_ERROR, TERN_ERROR_UNREACHABLE))
    tern_libvirt_conn_report_broken (conn, local->message);
  if (local != NULL)
    g_propagate_error (error, local);
  return result;
}

/* One function for the thread per question: opens the connection if need be, asks. */
#define DEFINE_RUN(name, ask)                                                                      \
  static gpointer name (TernCall *call, gpointer data, GError **error)                             \
  {                                                                                                \
    Input *input = data;                                                                           \
    GError *local = NULL;                                                                          \
    g_autoptr (TernLibvirtConn) conn = tern_libvirt_link_get (input->link, &local);                \
    gpointer result = conn != NULL ? (ask) : NULL;                                                 \
                                                                                                   \
    return answer (conn, result, local, error);                                                    \
  }

DEFINE_RUN (run_facts, tern_libvirt_query_facts (conn, input->known_facts, &local))
DEFINE_RUN (run_vms, tern_libvirt_query_vms (conn, input->host, &local))
DEFINE_RUN (run_vm, tern_libvirt_query_vm (conn, input->host, input->uuid, &local))
DEFINE_RUN (run_inspect, tern_libvirt_query_sighting (conn, input->uuid, &local))
DEFINE_RUN (run_job, tern_libvirt_job (conn, input->uuid, input->completed, &local))
DEFINE_RUN (run_abort, GINT_TO_POINTER (tern_libvirt_abort (call, conn, input->uuid, &local)))
DEFINE_RUN (run_resume, GINT_TO_POINTER (tern_libvirt_resume (call, conn, input->uuid, &local)))
DEFINE_RUN (run_discard, GINT_TO_POINTER (tern_libvirt_discard (call, conn, input->uuid, &local)))
DEFINE_RUN (run_migrate, GINT_TO_POINTER (tern_libvirt_migrate (call, conn, input->uuid,
                                                                &input->params, &local)))

#define KIND(what_text, func_name, free_func, timeout)                                             \
  {                                                                                                \
    .what = what_text, .func = func_name, .free_input = input_free, .free_result = free_func,      \
    .timeout_ms = timeout                                                                          \
  }

static const TernCallKind facts_kind = KIND (
    "asking about the host", run_facts, (GDestroyNotify) tern_host_facts_unref, LIST_TIMEOUT_MS);
static const TernCallKind vms_kind =
    KIND ("listing its VMs", run_vms, (GDestroyNotify) g_ptr_array_unref, LIST_TIMEOUT_MS);
static const TernCallKind vm_kind =
    KIND ("asking about the VM", run_vm, (GDestroyNotify) tern_vm_unref, CALL_TIMEOUT_MS);
static const TernCallKind inspect_kind =
    KIND ("looking at the VM", run_inspect, (GDestroyNotify) tern_sighting_free, CALL_TIMEOUT_MS);
static const TernCallKind job_kind =
    KIND ("asking about the VM's job", run_job, g_free, CALL_TIMEOUT_MS);
static const TernCallKind abort_kind =
    KIND ("aborting the migration", run_abort, NULL, ABORT_TIMEOUT_MS);
static const TernCallKind resume_kind = KIND ("resuming the VM", run_resume, NULL, CALL_TIMEOUT_MS);
static const TernCallKind discard_kind =
    KIND ("discarding its copy of the VM", run_discard, NULL, CALL_TIMEOUT_MS);
static const TernCallKind migrate_kind = KIND ("migrating the VM", run_migrate, NULL, 0);

static Input *
input_new (TernLibvirtHost *self, TernLibvirtLink *link, const char *uuid)
{
  Input *input = g_new0 (Input, 1);

  input->link = tern_libvirt_link_ref (link);
  input->host = g_strdup (self->config->name);
  input->uuid = g_strdup (uuid);
  return input;
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

/* Remembers what does not change for as long as this connection lives. */
static void
on_facts (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (source);
  g_autoptr (GError) error = NULL;
  TernHostFacts *facts = g_task_propagate_pointer (G_TASK (result), &error);

  if (facts == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  if (self->conn != NULL && self->conn == g_task_get_task_data (task) && self->known_facts == NULL)
    self->known_facts = tern_host_facts_ref (facts);
  g_task_return_pointer (task, facts, (GDestroyNotify) tern_host_facts_unref);
}

static void
host_fetch_facts_async (TernHypervisor *hypervisor, GCancellable *cancellable,
                        GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  g_autoptr (GTask) task = g_task_new (self, cancellable, cb, data);
  Input *input;

  g_task_set_check_cancellable (task, FALSE);
  if (refuse_if_not_connected (self, task, facts_kind.what))
    return;

  input = input_new (self, self->links[LINE_LISTS], NULL);
  input->known_facts = self->known_facts != NULL ? tern_host_facts_ref (self->known_facts) : NULL;
  g_task_set_task_data (task, tern_libvirt_conn_ref (self->conn),
                        (GDestroyNotify) tern_libvirt_conn_unref);
  tern_worker_call (self->lines[LINE_LISTS], &facts_kind,
                    g_task_new (self, cancellable, on_facts, g_steal_pointer (&task)), input);
}

static void
host_fetch_vms_async (TernHypervisor *self, GCancellable *cancellable, GAsyncReadyCallback cb,
                      gpointer data)
{
  start_call (self, LINE_LISTS, &vms_kind, NULL, cancellable, cb, data);
}

static void
host_fetch_vm_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                     GAsyncReadyCallback cb, gpointer data)
{
  start_call (self, LINE_CONTROL, &vm_kind, uuid, cancellable, cb, data);
}

static void
host_inspect_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                    GAsyncReadyCallback cb, gpointer data)
{
  start_call (self, LINE_CONTROL, &inspect_kind, uuid, cancellable, cb, data);
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
  start_call (self, LINE_ABORT, &abort_kind, uuid, cancellable, on_aborted, task);
}

static void
host_resume_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                   GAsyncReadyCallback cb, gpointer data)
{
  start_call (self, LINE_CONTROL, &resume_kind, uuid, cancellable, cb, data);
}

static void
host_discard_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                    GAsyncReadyCallback cb, gpointer data)
{
  start_call (self, LINE_CONTROL, &discard_kind, uuid, cancellable, cb, data);
}

static void
host_fetch_job_async (TernHypervisor *hypervisor, const char *uuid, gboolean completed,
                      GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  g_autoptr (GTask) task = g_task_new (self, cancellable, cb, data);
  Input *input;

  if (refuse_if_not_connected (self, task, job_kind.what))
    return;

  input = input_new (self, self->links[LINE_JOB], uuid);
  input->completed = completed;
  tern_worker_call (self->lines[LINE_JOB], &job_kind, g_steal_pointer (&task), input);
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
  Input *input = input_new (self, link, migration->uuid);

  input->params = migration->params;
  input->params.peer_uri = g_strdup (migration->params.peer_uri);
  input->params.migration_address = g_strdup (migration->params.migration_address);

  migration->worker = tern_worker_new ("libvirt-migrate", self->config->name);
  g_ptr_array_add (self->migrations, migration);
  tern_worker_call (
      migration->worker, &migrate_kind,
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
  if (refuse_if_not_connected (self, task, migrate_kind.what))
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
