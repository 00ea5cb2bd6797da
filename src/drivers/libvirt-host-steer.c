/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Steering migrations away from a libvirt host, and measuring how fast a VM writes to its memory:
 * the way to the threads. What is done there is in libvirt-steer.c and libvirt-measure.c.
 */
#include "config.h"

#include "base/error.h"
#include "drivers/libvirt-host-private.h"

/* QEMU measures for a second. */
#define MEASURE_PAUSE_MS 500
#define MEASURE_LOOKS 10

static void
host_set_downtime_async (TernHypervisor *hypervisor, const char *uuid, guint downtime_ms,
                         GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input =
      tern_libvirt_host_begin (self, TERN_LINE_STEER, &tern_libvirt_set_downtime_kind, uuid, task);

  if (input == NULL)
    return;
  input->downtime_ms = downtime_ms;
  tern_libvirt_host_send (self, TERN_LINE_STEER, &tern_libvirt_set_downtime_kind, task, input);
}

static void
host_set_speed_async (TernHypervisor *hypervisor, const char *uuid, guint64 bandwidth_bps,
                      gboolean postcopy, GCancellable *cancellable, GAsyncReadyCallback cb,
                      gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input =
      tern_libvirt_host_begin (self, TERN_LINE_STEER, &tern_libvirt_set_speed_kind, uuid, task);

  if (input == NULL)
    return;
  input->bandwidth_bps = bandwidth_bps;
  input->postcopy = postcopy;
  tern_libvirt_host_send (self, TERN_LINE_STEER, &tern_libvirt_set_speed_kind, task, input);
}

static void
host_start_postcopy_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                           GAsyncReadyCallback cb, gpointer data)
{
  tern_libvirt_host_start (self, TERN_LINE_STEER, &tern_libvirt_start_postcopy_kind, uuid,
                           cancellable, cb, data);
}

static void
host_pause_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                  GAsyncReadyCallback cb, gpointer data)
{
  tern_libvirt_host_start (self, TERN_LINE_STEER, &tern_libvirt_pause_kind, uuid, cancellable, cb,
                           data);
}

/* A measurement under way: begun, then asked for until it is there. The thread is free meanwhile.
 */
typedef struct
{
  TernLibvirtConn *control; /* the connection it was asked for on */
  char *uuid;
  guint looks;
} Measurement;

static void
measurement_free (gpointer data)
{
  Measurement *measurement = data;

  tern_libvirt_conn_unref (measurement->control);
  g_free (measurement->uuid);
  g_free (measurement);
}

static void ask_later (GTask *task);

static void
on_measured (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Measurement *measurement = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  guint64 *bps = g_task_propagate_pointer (G_TASK (result), &error);

  if (bps != NULL)
    g_task_return_pointer (task, bps, g_free);
  else if (g_error_matches (error, TERN_ERROR, TERN_ERROR_BUSY)
           && ++measurement->looks < MEASURE_LOOKS)
    ask_later (task);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static gboolean
is_still_wanted (GTask *task, GError **error)
{
  TernLibvirtHost *self = g_task_get_source_object (task);
  const Measurement *measurement = g_task_get_task_data (task);

  if (g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), error))
    return FALSE;
  if (self->conn == measurement->control)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_UNREACHABLE, "%s: %s: the connection was lost",
               self->config->name, tern_libvirt_measure_kind.what);
  return FALSE;
}

static gboolean
ask_now (gpointer data)
{
  GTask *task = data;
  TernLibvirtHost *self = g_task_get_source_object (task);
  const Measurement *measurement = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  TernLibvirtInput *input;
  GTask *question;

  if (!is_still_wanted (task, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return G_SOURCE_REMOVE;
    }

  question = g_task_new (self, g_task_get_cancellable (task), on_measured, g_object_ref (task));
  input = tern_libvirt_host_begin (self, TERN_LINE_MEASURE, &tern_libvirt_measured_kind,
                                   measurement->uuid, question);
  if (input != NULL)
    tern_libvirt_host_send (self, TERN_LINE_MEASURE, &tern_libvirt_measured_kind, question, input);
  return G_SOURCE_REMOVE;
}

/* A cancellable wakes it at once. */
static void
ask_later (GTask *task)
{
  g_autoptr (GSource) timer = g_timeout_source_new (MEASURE_PAUSE_MS);
  GCancellable *cancellable = g_task_get_cancellable (task);

  if (cancellable != NULL)
    {
      g_autoptr (GSource) cancel = g_cancellable_source_new (cancellable);

      g_source_set_dummy_callback (cancel);
      g_source_add_child_source (timer, cancel);
    }
  g_source_set_callback (timer, ask_now, g_object_ref (task), g_object_unref);
  g_source_attach (timer, g_task_get_context (task));
}

static void
on_measuring (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;

  if (g_task_propagate_boolean (G_TASK (result), &error))
    ask_later (task);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
host_measure_dirty_async (TernHypervisor *hypervisor, const char *uuid, GCancellable *cancellable,
                          GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  g_autoptr (GTask) task = g_task_new (self, cancellable, cb, data);
  Measurement *measurement;

  g_task_set_check_cancellable (task, FALSE);
  if (tern_libvirt_host_refuse (self, task, tern_libvirt_measure_kind.what))
    return;

  measurement = g_new0 (Measurement, 1);
  measurement->control = tern_libvirt_conn_ref (self->conn);
  measurement->uuid = g_strdup (uuid);
  g_task_set_task_data (task, measurement, measurement_free);
  tern_libvirt_host_start (hypervisor, TERN_LINE_MEASURE, &tern_libvirt_measure_kind, uuid,
                           cancellable, on_measuring, g_steal_pointer (&task));
}

void
tern_libvirt_host_add_steering (TernHypervisorInterface *iface)
{
  iface->set_downtime_async = host_set_downtime_async;
  iface->set_speed_async = host_set_speed_async;
  iface->start_postcopy_async = host_start_postcopy_async;
  iface->pause_async = host_pause_async;
  iface->measure_dirty_async = host_measure_dirty_async;
}
