/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The hypervisor port: signals, checks of the caller, and passing on to the
 * driver. Drivers answer with a GTask whose source object is the port: pointers
 * are returned as pointers, all else as booleans.
 */
#include "config.h"

#include "ports/hypervisor.h"

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
