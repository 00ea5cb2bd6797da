/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The hypervisor port to one simulated host: connections and signals. What the calls do
 * is in sim-call.
 */
#include "config.h"

#include "drivers/sim-call.h"

#include "base/error.h"
#include "base/text.h"

static void hypervisor_iface_init (TernHypervisorInterface *iface);

G_DEFINE_TYPE_WITH_CODE (TernSimPort, tern_sim_port, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (TERN_TYPE_HYPERVISOR, hypervisor_iface_init))

/* --- connections --- */

/* Copies, since an answer or a signal may open and close ports. */
static GPtrArray *
hold_ports (SimHost *self)
{
  GPtrArray *ports = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->ports->len; i++)
    g_ptr_array_add (ports, g_object_ref (self->ports->pdata[i]));
  return ports;
}

static GPtrArray *
hold_calls (TernSimPort *self)
{
  GPtrArray *calls = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_sim_call_unref);

  for (guint i = 0; i < self->calls->len; i++)
    g_ptr_array_add (calls, tern_sim_call_ref (self->calls->pdata[i]));
  return calls;
}

/* Every call ends with the same error; the link is closed. */
static void
close_link (TernSimPort *self, const char *why)
{
  g_autoptr (GPtrArray) calls = hold_calls (self);

  if (self->host != NULL)
    g_ptr_array_remove (self->host->ports, self);
  self->host = NULL;
  self->link = LINK_CLOSED;
  for (guint i = 0; i < calls->len; i++)
    tern_sim_call_fail (calls->pdata[i], TERN_ERROR_UNREACHABLE, why);
}

void
tern_sim_host_drop_connections (SimHost *self, const char *why)
{
  g_autoptr (GPtrArray) ports = hold_ports (self);

  for (guint i = 0; i < ports->len; i++)
    {
      TernSimPort *port = ports->pdata[i];
      g_autoptr (GError) error =
          g_error_new (TERN_ERROR, TERN_ERROR_UNREACHABLE, "The connection to host %s broke: %s",
                       port->config->name, why);

      if (port->link != LINK_OPEN)
        continue;
      close_link (port, error->message);
      tern_hypervisor_emit_disconnected (TERN_HYPERVISOR (port), error);
    }
}

static gboolean
on_reset (gpointer data)
{
  SimHost *self = data;

  self->reset = 0;
  tern_sim_host_drop_connections (self, "it was reset");
  return G_SOURCE_REMOVE;
}

void
tern_sim_host_reset_connections (SimHost *self)
{
  if (self->reset == 0)
    self->reset = tern_clock_add_timer (self->sim->clock, 0, on_reset, self);
}

void
tern_sim_host_wake (SimHost *self)
{
  g_autoptr (GPtrArray) parked = g_steal_pointer (&self->parked);

  self->parked = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_sim_call_unref);
  for (guint i = 0; i < parked->len; i++)
    {
      SimCall *call = parked->pdata[i];

      if (call->task == NULL)
        continue;
      tern_clock_clear_timer (self->sim->clock, &call->timer);
      if (self->state == TERN_SIM_HOST_UP)
        tern_sim_call_answer (call);
      else if (call->kind == CALL_CONNECT)
        {
          call->port->link = LINK_CLOSED;
          tern_sim_call_fail (call, TERN_ERROR_UNREACHABLE, "The host does not answer");
        }
    }
}

void
tern_sim_host_emit_vm (SimHost *self, const char *uuid)
{
  g_autoptr (GPtrArray) ports = hold_ports (self);
  g_autofree char *id = g_strdup (uuid);

  for (guint i = 0; i < ports->len; i++)
    if (((TernSimPort *) ports->pdata[i])->link == LINK_OPEN)
      tern_hypervisor_emit_vm_changed (ports->pdata[i], id);
}

void
tern_sim_host_emit_job (SimHost *self, const char *uuid)
{
  g_autoptr (GPtrArray) ports = hold_ports (self);
  g_autofree char *id = g_strdup (uuid);

  for (guint i = 0; i < ports->len; i++)
    if (((TernSimPort *) ports->pdata[i])->link == LINK_OPEN)
      tern_hypervisor_emit_job_changed (ports->pdata[i], id);
}

static gboolean
port_is_connected (TernHypervisor *hypervisor)
{
  return TERN_SIM_PORT (hypervisor)->link == LINK_OPEN;
}

static void
port_disconnect (TernHypervisor *hypervisor)
{
  close_link (TERN_SIM_PORT (hypervisor), "The connection was closed");
}

/* --- the port --- */

static const char *
find_connect_problem (TernSimPort *self, TernError *out_code)
{
  SimHost *host = tern_sim_find_host (self->sim, self->host_name);

  *out_code = TERN_ERROR_UNREACHABLE;
  if (host == NULL)
    return "There is no such simulated host";
  if (host->state == TERN_SIM_HOST_DOWN || host->state == TERN_SIM_HOST_CUT)
    return "No route to host";
  *out_code = TERN_ERROR_BUSY;
  return self->link != LINK_CLOSED ? "It is connected or connecting already" : NULL;
}

static void
port_connect_async (TernHypervisor *hypervisor, GCancellable *cancellable, GAsyncReadyCallback cb,
                    gpointer data)
{
  TernSimPort *self = TERN_SIM_PORT (hypervisor);
  TernError code;
  const char *problem = find_connect_problem (self, &code);

  if (problem != NULL)
    {
      g_task_report_new_error (self, cb, data, port_connect_async, TERN_ERROR, code,
                               "Cannot connect to sim://%s/: %s", self->host_name, problem);
      return;
    }
  self->link = LINK_OPENING;
  tern_sim_call_start (self, CALL_CONNECT, NULL, NULL, cancellable, cb, data);
}

static void
port_fetch_facts_async (TernHypervisor *hypervisor, GCancellable *cancellable,
                        GAsyncReadyCallback cb, gpointer data)
{
  TernSimPort *self = TERN_SIM_PORT (hypervisor);

  tern_sim_call_start (self, CALL_FACTS, NULL, NULL, cancellable, cb, data);
}

static void
port_fetch_vms_async (TernHypervisor *hypervisor, GCancellable *cancellable, GAsyncReadyCallback cb,
                      gpointer data)
{
  TernSimPort *self = TERN_SIM_PORT (hypervisor);

  tern_sim_call_start (self, CALL_VMS, NULL, NULL, cancellable, cb, data);
}

static void
port_fetch_vm_async (TernHypervisor *hypervisor, const char *uuid, GCancellable *cancellable,
                     GAsyncReadyCallback cb, gpointer data)
{
  TernSimPort *self = TERN_SIM_PORT (hypervisor);

  tern_sim_call_start (self, CALL_VM, uuid, NULL, cancellable, cb, data);
}

static void
port_inspect_async (TernHypervisor *hypervisor, const char *uuid, GCancellable *cancellable,
                    GAsyncReadyCallback cb, gpointer data)
{
  TernSimPort *self = TERN_SIM_PORT (hypervisor);

  tern_sim_call_start (self, CALL_INSPECT, uuid, NULL, cancellable, cb, data);
}

static void
port_migrate_async (TernHypervisor *hypervisor, const char *uuid, const TernMigrateParams *params,
                    GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernSimPort *self = TERN_SIM_PORT (hypervisor);

  CallArgs args = { .params = params };

  tern_sim_call_start (self, CALL_MIGRATE, uuid, &args, cancellable, cb, data);
}

static void
port_fetch_job_async (TernHypervisor *hypervisor, const char *uuid, gboolean completed,
                      GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernSimPort *self = TERN_SIM_PORT (hypervisor);
  CallKind kind = completed ? CALL_COMPLETED_JOB : CALL_JOB;

  tern_sim_call_start (self, kind, uuid, NULL, cancellable, cb, data);
}

static void
port_abort_job_async (TernHypervisor *hypervisor, const char *uuid, GCancellable *cancellable,
                      GAsyncReadyCallback cb, gpointer data)
{
  TernSimPort *self = TERN_SIM_PORT (hypervisor);

  tern_sim_call_start (self, CALL_ABORT, uuid, NULL, cancellable, cb, data);
}

static void
port_resume_async (TernHypervisor *hypervisor, const char *uuid, GCancellable *cancellable,
                   GAsyncReadyCallback cb, gpointer data)
{
  TernSimPort *self = TERN_SIM_PORT (hypervisor);

  tern_sim_call_start (self, CALL_RESUME, uuid, NULL, cancellable, cb, data);
}

static void
port_discard_async (TernHypervisor *hypervisor, const char *uuid, GCancellable *cancellable,
                    GAsyncReadyCallback cb, gpointer data)
{
  TernSimPort *self = TERN_SIM_PORT (hypervisor);

  tern_sim_call_start (self, CALL_DISCARD, uuid, NULL, cancellable, cb, data);
}

static void
port_start_async (TernHypervisor *hypervisor, const char *uuid, GCancellable *cancellable,
                  GAsyncReadyCallback cb, gpointer data)
{
  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_START, uuid, NULL, cancellable, cb, data);
}

static void
port_shutdown_async (TernHypervisor *hypervisor, const char *uuid, GCancellable *cancellable,
                     GAsyncReadyCallback cb, gpointer data)
{
  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_SHUTDOWN, uuid, NULL, cancellable, cb,
                       data);
}

static void
port_eject_async (TernHypervisor *hypervisor, const char *uuid, const char *target,
                  const char *source, GCancellable *cancellable, GAsyncReadyCallback cb,
                  gpointer data)
{
  CallArgs args = { .target = target, .source = source };

  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_EJECT, uuid, &args, cancellable, cb, data);
}

static void
port_set_downtime_async (TernHypervisor *hypervisor, const char *uuid, guint downtime_ms,
                         GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  CallArgs args = { .downtime_ms = downtime_ms };

  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_SET_DOWNTIME, uuid, &args, cancellable, cb,
                       data);
}

static void
port_set_speed_async (TernHypervisor *hypervisor, const char *uuid, guint64 bandwidth_bps,
                      gboolean postcopy, GCancellable *cancellable, GAsyncReadyCallback cb,
                      gpointer data)
{
  CallArgs args = { .bandwidth_bps = bandwidth_bps, .flag = postcopy };

  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_SET_SPEED, uuid, &args, cancellable, cb,
                       data);
}

static void
port_remove_copy_async (TernHypervisor *hypervisor, const char *uuid, gboolean with_definition,
                        GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  CallArgs args = { .flag = with_definition };

  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_REMOVE_COPY, uuid, &args, cancellable, cb,
                       data);
}

static void
port_start_postcopy_async (TernHypervisor *hypervisor, const char *uuid, GCancellable *cancellable,
                           GAsyncReadyCallback cb, gpointer data)
{
  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_START_POSTCOPY, uuid, NULL, cancellable, cb,
                       data);
}

static void
port_pause_async (TernHypervisor *hypervisor, const char *uuid, GCancellable *cancellable,
                  GAsyncReadyCallback cb, gpointer data)
{
  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_PAUSE, uuid, NULL, cancellable, cb, data);
}

static void
port_measure_dirty_async (TernHypervisor *hypervisor, const char *uuid, GCancellable *cancellable,
                          GAsyncReadyCallback cb, gpointer data)
{
  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_MEASURE_DIRTY, uuid, NULL, cancellable, cb,
                       data);
}

static void
port_let_run_async (TernHypervisor *hypervisor, const char *uuid, GCancellable *cancellable,
                    GAsyncReadyCallback cb, gpointer data)
{
  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_LET_RUN, uuid, NULL, cancellable, cb, data);
}

static void
port_set_lock_async (TernHypervisor *hypervisor, const char *uuid, const TernLock *lock,
                     GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  CallArgs args = { .lock = lock };

  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_SET_LOCK, uuid, &args, cancellable, cb,
                       data);
}

static void
port_set_drain_action_async (TernHypervisor *hypervisor, const char *uuid, int action,
                             GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  CallArgs args = { .action = action };

  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_SET_DRAIN_ACTION, uuid, &args, cancellable,
                       cb, data);
}

static void
port_set_cpu_async (TernHypervisor *hypervisor, const char *uuid, const TernCpu *cpu,
                    GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  CallArgs args = { .cpu = cpu };

  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_SET_CPU, uuid, &args, cancellable, cb,
                       data);
}

static void
port_fetch_cpu_xml_async (TernHypervisor *hypervisor, const char *uuid, GCancellable *cancellable,
                          GAsyncReadyCallback cb, gpointer data)
{
  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_CPU_TEXT, uuid, NULL, cancellable, cb,
                       data);
}

static void
port_compare_cpu_async (TernHypervisor *hypervisor, const char *cpu_xml, GCancellable *cancellable,
                        GAsyncReadyCallback cb, gpointer data)
{
  CallArgs args = { .cpu_text = cpu_xml };

  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_COMPARE_CPU, NULL, &args, cancellable, cb,
                       data);
}

static void
port_baseline_cpu_async (TernHypervisor *hypervisor, const GPtrArray *cpus,
                         GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  CallArgs args = { .cpus = cpus };

  tern_sim_call_start (TERN_SIM_PORT (hypervisor), CALL_BASELINE_CPU, NULL, &args, cancellable, cb,
                       data);
}

static void
hypervisor_iface_init (TernHypervisorInterface *iface)
{
  iface->is_connected = port_is_connected;
  iface->connect_async = port_connect_async;
  iface->disconnect = port_disconnect;
  iface->fetch_facts_async = port_fetch_facts_async;
  iface->fetch_vms_async = port_fetch_vms_async;
  iface->fetch_vm_async = port_fetch_vm_async;
  iface->inspect_async = port_inspect_async;
  iface->migrate_async = port_migrate_async;
  iface->fetch_job_async = port_fetch_job_async;
  iface->abort_job_async = port_abort_job_async;
  iface->resume_async = port_resume_async;
  iface->discard_async = port_discard_async;
  iface->start_async = port_start_async;
  iface->shutdown_async = port_shutdown_async;
  iface->eject_async = port_eject_async;
  iface->set_downtime_async = port_set_downtime_async;
  iface->set_speed_async = port_set_speed_async;
  iface->start_postcopy_async = port_start_postcopy_async;
  iface->pause_async = port_pause_async;
  iface->measure_dirty_async = port_measure_dirty_async;
  iface->remove_copy_async = port_remove_copy_async;
  iface->let_run_async = port_let_run_async;
  iface->set_lock_async = port_set_lock_async;
  iface->set_drain_action_async = port_set_drain_action_async;
  iface->set_cpu_async = port_set_cpu_async;
  iface->fetch_cpu_xml_async = port_fetch_cpu_xml_async;
  iface->compare_cpu_async = port_compare_cpu_async;
  iface->baseline_cpu_async = port_baseline_cpu_async;
}

/* Calls hold the port: there are none left here. */
static void
tern_sim_port_finalize (GObject *object)
{
  TernSimPort *self = TERN_SIM_PORT (object);

  if (self->host != NULL)
    g_ptr_array_remove (self->host->ports, self);
  g_ptr_array_unref (self->calls);
  tern_host_config_unref (self->config);
  g_free (self->host_name);
  g_object_unref (self->sim);
  G_OBJECT_CLASS (tern_sim_port_parent_class)->finalize (object);
}

static void
tern_sim_port_class_init (TernSimPortClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tern_sim_port_finalize;
}

static void
tern_sim_port_init (TernSimPort *self)
{
  self->calls = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_sim_call_unref);
}

/* "sim://NAME" or "sim://NAME/" */
static char *
parse_uri (const char *text)
{
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NON_DNS, NULL);

  if (uri == NULL || g_strcmp0 (g_uri_get_scheme (uri), "sim") != 0 || g_uri_get_host (uri) == NULL
      || *g_uri_get_host (uri) == '\0' || strlen (g_uri_get_path (uri)) > 1
      || g_uri_get_query (uri) != NULL || g_uri_get_port (uri) != -1)
    return NULL;
  return g_strdup (g_uri_get_host (uri));
}

TernHypervisor *
tern_sim_factory (TernHostConfig *config, gpointer sim, GError **error)
{
  g_autofree char *name = parse_uri (config->uri);
  g_autofree char *shown = tern_text_visible (config->uri, 80);
  TernSimPort *self;

  g_return_val_if_fail (TERN_IS_SIM (sim), NULL);

  if (name == NULL)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "“%s” is no simulated host: this daemon was started with --simulate and takes "
                   "sim://NAME/ only",
                   shown);
      return NULL;
    }
  self = g_object_new (TERN_TYPE_SIM_PORT, NULL);
  self->sim = g_object_ref (sim);
  self->config = tern_host_config_ref (config);
  self->host_name = g_steal_pointer (&name);
  return TERN_HYPERVISOR (self);
}
