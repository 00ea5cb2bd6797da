/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The hypervisor port: signals, checks of the caller, and passing on to the
 * driver. Drivers answer with a GTask whose source object is the port: pointers
 * are returned as pointers, all else as booleans.
 */
#include "config.h"

#include "ports/hypervisor.h"

#include "base/error.h"

enum
{
  SIGNAL_VM_CHANGED,
  SIGNAL_HOST_CHANGED,
  SIGNAL_JOB_CHANGED,
  SIGNAL_DISCONNECTED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_INTERFACE (TernHypervisor, tern_hypervisor, G_TYPE_OBJECT)

static void
tern_hypervisor_default_init (TernHypervisorInterface *iface)
{
  signals[SIGNAL_VM_CHANGED] = g_signal_new ("vm-changed", TERN_TYPE_HYPERVISOR, G_SIGNAL_RUN_LAST,
                                             0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_HOST_CHANGED] = g_signal_new (
      "host-changed", TERN_TYPE_HYPERVISOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[SIGNAL_JOB_CHANGED] =
      g_signal_new ("job-changed", TERN_TYPE_HYPERVISOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 1, G_TYPE_STRING);
  signals[SIGNAL_DISCONNECTED] =
      g_signal_new ("disconnected", TERN_TYPE_HYPERVISOR, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                    G_TYPE_NONE, 1, G_TYPE_ERROR);
  (void) iface;
}

gboolean
tern_hypervisor_is_connected (TernHypervisor *self)
{
  g_return_val_if_fail (TERN_IS_HYPERVISOR (self), FALSE);
  return TERN_HYPERVISOR_GET_IFACE (self)->is_connected (self);
}

void
tern_hypervisor_disconnect (TernHypervisor *self)
{
  g_return_if_fail (TERN_IS_HYPERVISOR (self));
  TERN_HYPERVISOR_GET_IFACE (self)->disconnect (self);
}

void
tern_hypervisor_fetch_facts_async (TernHypervisor *self, GCancellable *cancellable,
                                   GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_HYPERVISOR (self));
  TERN_HYPERVISOR_GET_IFACE (self)->fetch_facts_async (self, cancellable, cb, data);
}

TernHostFacts *
tern_hypervisor_fetch_facts_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
tern_hypervisor_fetch_vms_async (TernHypervisor *self, GCancellable *cancellable,
                                 GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_HYPERVISOR (self));
  TERN_HYPERVISOR_GET_IFACE (self)->fetch_vms_async (self, cancellable, cb, data);
}

GPtrArray *
tern_hypervisor_fetch_vms_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
tern_hypervisor_fetch_vm_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                                GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_HYPERVISOR (self));
  g_return_if_fail (uuid != NULL);
  TERN_HYPERVISOR_GET_IFACE (self)->fetch_vm_async (self, uuid, cancellable, cb, data);
}

TernVm *
tern_hypervisor_fetch_vm_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
tern_hypervisor_inspect_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                               GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_HYPERVISOR (self));
  g_return_if_fail (uuid != NULL);
  TERN_HYPERVISOR_GET_IFACE (self)->inspect_async (self, uuid, cancellable, cb, data);
}

TernSighting *
tern_hypervisor_inspect_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
tern_hypervisor_migrate_async (TernHypervisor *self, const char *uuid,
                               const TernMigrateParams *params, GCancellable *cancellable,
                               GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_HYPERVISOR (self));
  g_return_if_fail (uuid != NULL);
  TERN_HYPERVISOR_GET_IFACE (self)->migrate_async (self, uuid, params, cancellable, cb, data);
}

gboolean
tern_hypervisor_migrate_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
tern_hypervisor_abort_job_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                                 GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_HYPERVISOR (self));
  g_return_if_fail (uuid != NULL);
  TERN_HYPERVISOR_GET_IFACE (self)->abort_job_async (self, uuid, cancellable, cb, data);
}

gboolean
tern_hypervisor_abort_job_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
tern_hypervisor_resume_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                              GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_HYPERVISOR (self));
  g_return_if_fail (uuid != NULL);
  TERN_HYPERVISOR_GET_IFACE (self)->resume_async (self, uuid, cancellable, cb, data);
}

gboolean
tern_hypervisor_resume_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
tern_hypervisor_discard_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                               GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_HYPERVISOR (self));
  g_return_if_fail (uuid != NULL);
  TERN_HYPERVISOR_GET_IFACE (self)->discard_async (self, uuid, cancellable, cb, data);
}

gboolean
tern_hypervisor_discard_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
tern_hypervisor_connect_async (TernHypervisor *self, GCancellable *cancellable,
                               GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_HYPERVISOR (self));
  TERN_HYPERVISOR_GET_IFACE (self)->connect_async (self, cancellable, cb, data);
}

gboolean
tern_hypervisor_connect_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
tern_hypervisor_fetch_job_async (TernHypervisor *self, const char *uuid, gboolean completed,
                                 GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_HYPERVISOR (self));
  g_return_if_fail (uuid != NULL);
  TERN_HYPERVISOR_GET_IFACE (self)->fetch_job_async (self, uuid, completed, cancellable, cb, data);
}

/* The driver returns a newly allocated TernJobStats, to be freed with g_free(). */
gboolean
tern_hypervisor_fetch_job_finish (TernHypervisor *self, GAsyncResult *result,
                                  TernJobStats *out_stats, GError **error)
{
  g_autofree TernJobStats *stats = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  stats = g_task_propagate_pointer (G_TASK (result), error);
  if (stats == NULL)
    return FALSE;
  *out_stats = *stats;
  return TRUE;
}

/* What a driver may lack */

static void
return_unsupported (TernHypervisor *self, GCancellable *cancellable, GAsyncReadyCallback cb,
                    gpointer data)
{
  g_task_report_new_error (self, cb, data, NULL, TERN_ERROR, TERN_ERROR_NOT_SUPPORTED,
                           "hosts of this kind cannot do that");
  (void) cancellable;
}

#define CALL_OR_REFUSE(method, ...)                                                                \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_return_if_fail (TERN_IS_HYPERVISOR (self));                                                  \
    if (TERN_HYPERVISOR_GET_IFACE (self)->method != NULL)                                          \
      TERN_HYPERVISOR_GET_IFACE (self)->method (self, __VA_ARGS__, cancellable, cb, data);         \
    else                                                                                           \
      return_unsupported (self, cancellable, cb, data);                                            \
  }                                                                                                \
  G_STMT_END

void
tern_hypervisor_start_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                             GAsyncReadyCallback cb, gpointer data)
{
  CALL_OR_REFUSE (start_async, uuid);
}

void
tern_hypervisor_eject_async (TernHypervisor *self, const char *uuid, const char *target,
                             const char *source, GCancellable *cancellable, GAsyncReadyCallback cb,
                             gpointer data)
{
  CALL_OR_REFUSE (eject_async, uuid, target, source);
}

void
tern_hypervisor_set_downtime_async (TernHypervisor *self, const char *uuid, guint downtime_ms,
                                    GCancellable *cancellable, GAsyncReadyCallback cb,
                                    gpointer data)
{
  CALL_OR_REFUSE (set_downtime_async, uuid, downtime_ms);
}

void
tern_hypervisor_set_speed_async (TernHypervisor *self, const char *uuid, guint64 bandwidth_bps,
                                 gboolean postcopy, GCancellable *cancellable,
                                 GAsyncReadyCallback cb, gpointer data)
{
  CALL_OR_REFUSE (set_speed_async, uuid, bandwidth_bps, postcopy);
}

void
tern_hypervisor_start_postcopy_async (TernHypervisor *self, const char *uuid,
                                      GCancellable *cancellable, GAsyncReadyCallback cb,
                                      gpointer data)
{
  CALL_OR_REFUSE (start_postcopy_async, uuid);
}

void
tern_hypervisor_pause_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                             GAsyncReadyCallback cb, gpointer data)
{
  CALL_OR_REFUSE (pause_async, uuid);
}

void
tern_hypervisor_measure_dirty_async (TernHypervisor *self, const char *uuid,
                                     GCancellable *cancellable, GAsyncReadyCallback cb,
                                     gpointer data)
{
  CALL_OR_REFUSE (measure_dirty_async, uuid);
}

void
tern_hypervisor_remove_copy_async (TernHypervisor *self, const char *uuid, gboolean with_definition,
                                   GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  CALL_OR_REFUSE (remove_copy_async, uuid, with_definition);
}

void
tern_hypervisor_let_run_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                               GAsyncReadyCallback cb, gpointer data)
{
  CALL_OR_REFUSE (let_run_async, uuid);
}

void
tern_hypervisor_shutdown_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                                GAsyncReadyCallback cb, gpointer data)
{
  CALL_OR_REFUSE (shutdown_async, uuid);
}

void
tern_hypervisor_set_drain_action_async (TernHypervisor *self, const char *uuid, int action,
                                        GCancellable *cancellable, GAsyncReadyCallback cb,
                                        gpointer data)
{
  CALL_OR_REFUSE (set_drain_action_async, uuid, action);
}

void
tern_hypervisor_set_lock_async (TernHypervisor *self, const char *uuid, const TernLock *lock,
                                GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  CALL_OR_REFUSE (set_lock_async, uuid, lock);
}

void
tern_hypervisor_set_cpu_async (TernHypervisor *self, const char *uuid, const TernCpu *cpu,
                               GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  CALL_OR_REFUSE (set_cpu_async, uuid, cpu);
}

void
tern_hypervisor_fetch_cpu_xml_async (TernHypervisor *self, const char *uuid,
                                     GCancellable *cancellable, GAsyncReadyCallback cb,
                                     gpointer data)
{
  CALL_OR_REFUSE (fetch_cpu_xml_async, uuid);
}

void
tern_hypervisor_compare_cpu_async (TernHypervisor *self, const char *cpu_xml,
                                   GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  CALL_OR_REFUSE (compare_cpu_async, cpu_xml);
}

void
tern_hypervisor_baseline_cpu_async (TernHypervisor *self, const GPtrArray *cpus,
                                    GCancellable *cancellable, GAsyncReadyCallback cb,
                                    gpointer data)
{
  CALL_OR_REFUSE (baseline_cpu_async, cpus);
}

static gboolean
finish_act (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
tern_hypervisor_start_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  return finish_act (self, result, error);
}

gboolean
tern_hypervisor_eject_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  return finish_act (self, result, error);
}

gboolean
tern_hypervisor_set_downtime_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  return finish_act (self, result, error);
}

gboolean
tern_hypervisor_set_speed_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  return finish_act (self, result, error);
}

gboolean
tern_hypervisor_start_postcopy_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  return finish_act (self, result, error);
}

gboolean
tern_hypervisor_pause_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  return finish_act (self, result, error);
}

gboolean
tern_hypervisor_remove_copy_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  return finish_act (self, result, error);
}

gboolean
tern_hypervisor_let_run_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  return finish_act (self, result, error);
}

/* The driver returns a newly allocated guint64, to be freed with g_free(). */
gboolean
tern_hypervisor_measure_dirty_finish (TernHypervisor *self, GAsyncResult *result, guint64 *out_bps,
                                      GError **error)
{
  g_autofree guint64 *bps = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  bps = g_task_propagate_pointer (G_TASK (result), error);
  if (bps == NULL)
    return FALSE;
  *out_bps = *bps;
  return TRUE;
}

gboolean
tern_hypervisor_shutdown_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  return finish_act (self, result, error);
}

gboolean
tern_hypervisor_set_drain_action_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  return finish_act (self, result, error);
}

gboolean
tern_hypervisor_set_lock_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  return finish_act (self, result, error);
}

gboolean
tern_hypervisor_set_cpu_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  return finish_act (self, result, error);
}

char *
tern_hypervisor_fetch_cpu_xml_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* The driver returns the host's words, "" if it can. */
gboolean
tern_hypervisor_compare_cpu_finish (TernHypervisor *self, GAsyncResult *result, char **out_refusal,
                                    GError **error)
{
  char *refusal;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  refusal = g_task_propagate_pointer (G_TASK (result), error);
  if (refusal == NULL)
    return FALSE;
  if (*refusal == '\0')
    g_clear_pointer (&refusal, g_free);
  *out_refusal = refusal;
  return TRUE;
}

TernCpuDefinition *
tern_hypervisor_baseline_cpu_finish (TernHypervisor *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

TernCpuDefinition *
tern_cpu_definition_new (TernCpu *definition, TernCpu *expanded)
{
  TernCpuDefinition *self = g_new0 (TernCpuDefinition, 1);

  self->definition = tern_cpu_ref (definition);
  self->expanded = tern_cpu_ref (expanded);
  return self;
}

void
tern_cpu_definition_free (TernCpuDefinition *self)
{
  if (self == NULL)
    return;

  tern_cpu_unref (self->definition);
  tern_cpu_unref (self->expanded);
  g_free (self);
}

void
tern_hypervisor_emit_vm_changed (TernHypervisor *self, const char *uuid)
{
  g_signal_emit (self, signals[SIGNAL_VM_CHANGED], 0, uuid);
}

void
tern_hypervisor_emit_host_changed (TernHypervisor *self)
{
  g_signal_emit (self, signals[SIGNAL_HOST_CHANGED], 0);
}

void
tern_hypervisor_emit_job_changed (TernHypervisor *self, const char *uuid)
{
  g_signal_emit (self, signals[SIGNAL_JOB_CHANGED], 0, uuid);
}

void
tern_hypervisor_emit_disconnected (TernHypervisor *self, const GError *error)
{
  g_signal_emit (self, signals[SIGNAL_DISCONNECTED], 0, error);
}
