/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a libvirt host is told about its VMs beside their migration, and what it is asked about
 * CPUs: the way to the threads. What is done there is in libvirt-act.c, -migrate.c and -cpu.c.
 */
#include "config.h"

#include "drivers/libvirt-host-private.h"

static void
host_resume_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                   GAsyncReadyCallback cb, gpointer data)
{
  tern_libvirt_host_start (self, TERN_LINE_CONTROL, &tern_libvirt_resume_kind, uuid, cancellable,
                           cb, data);
}

static void
host_discard_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                    GAsyncReadyCallback cb, gpointer data)
{
  tern_libvirt_host_start (self, TERN_LINE_CONTROL, &tern_libvirt_discard_kind, uuid, cancellable,
                           cb, data);
}

static void
host_start_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                  GAsyncReadyCallback cb, gpointer data)
{
  tern_libvirt_host_start (self, TERN_LINE_ACTS, &tern_libvirt_start_kind, uuid, cancellable, cb,
                           data);
}

/* One of the lines, always the same for a VM. */
static void
host_shutdown_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                     GAsyncReadyCallback cb, gpointer data)
{
  guint n_lines = TERN_LINE_OFF_LAST - TERN_LINE_OFF + 1;

  tern_libvirt_host_start (self, TERN_LINE_OFF + g_str_hash (uuid) % n_lines,
                           &tern_libvirt_shutdown_kind, uuid, cancellable, cb, data);
}

static void
host_fetch_cpu_xml_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                          GAsyncReadyCallback cb, gpointer data)
{
  tern_libvirt_host_start (self, TERN_LINE_CONTROL, &tern_libvirt_fetch_cpu_xml_kind, uuid,
                           cancellable, cb, data);
}

static void
host_eject_async (TernHypervisor *hypervisor, const char *uuid, const char *target,
                  const char *source, GCancellable *cancellable, GAsyncReadyCallback cb,
                  gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input =
      tern_libvirt_host_begin (self, TERN_LINE_ACTS, &tern_libvirt_eject_kind, uuid, task);

  if (input == NULL)
    return;
  input->target = g_strdup (target);
  input->source = g_strdup (source);
  tern_libvirt_host_send (self, TERN_LINE_ACTS, &tern_libvirt_eject_kind, task, input);
}

static void
host_set_lock_async (TernHypervisor *hypervisor, const char *uuid, const TernLock *lock,
                     GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input =
      tern_libvirt_host_begin (self, TERN_LINE_ACTS, &tern_libvirt_set_lock_kind, uuid, task);

  if (input == NULL)
    return;
  input->lock = lock != NULL ? tern_lock_copy (lock) : NULL;
  tern_libvirt_host_send (self, TERN_LINE_ACTS, &tern_libvirt_set_lock_kind, task, input);
}

static void
host_set_drain_action_async (TernHypervisor *hypervisor, const char *uuid, int action,
                             GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input = tern_libvirt_host_begin (
      self, TERN_LINE_ACTS, &tern_libvirt_set_drain_action_kind, uuid, task);

  if (input == NULL)
    return;
  input->action = action;
  tern_libvirt_host_send (self, TERN_LINE_ACTS, &tern_libvirt_set_drain_action_kind, task, input);
}

static void
host_set_cpu_async (TernHypervisor *hypervisor, const char *uuid, const TernCpu *cpu,
                    GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input =
      tern_libvirt_host_begin (self, TERN_LINE_ACTS, &tern_libvirt_set_cpu_kind, uuid, task);

  if (input == NULL)
    return;
  input->cpu = cpu != NULL ? tern_cpu_ref ((TernCpu *) cpu) : NULL;
  tern_libvirt_host_send (self, TERN_LINE_ACTS, &tern_libvirt_set_cpu_kind, task, input);
}

static void
host_compare_cpu_async (TernHypervisor *hypervisor, const char *cpu_xml, GCancellable *cancellable,
                        GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input =
      tern_libvirt_host_begin (self, TERN_LINE_CONTROL, &tern_libvirt_compare_cpu_kind, NULL, task);

  if (input == NULL)
    return;
  input->source = g_strdup (cpu_xml);
  tern_libvirt_host_send (self, TERN_LINE_CONTROL, &tern_libvirt_compare_cpu_kind, task, input);
}

static void
host_baseline_cpu_async (TernHypervisor *hypervisor, const GPtrArray *cpus,
                         GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input = tern_libvirt_host_begin (self, TERN_LINE_CONTROL,
                                                     &tern_libvirt_baseline_cpu_kind, NULL, task);

  if (input == NULL)
    return;
  input->cpus = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_cpu_unref);
  for (guint i = 0; i < cpus->len; i++)
    g_ptr_array_add (input->cpus, tern_cpu_ref (cpus->pdata[i]));
  tern_libvirt_host_send (self, TERN_LINE_CONTROL, &tern_libvirt_baseline_cpu_kind, task, input);
}

static void
host_remove_copy_async (TernHypervisor *hypervisor, const char *uuid, gboolean with_definition,
                        GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input =
      tern_libvirt_host_begin (self, TERN_LINE_ACTS, &tern_libvirt_remove_copy_kind, uuid, task);

  if (input == NULL)
    return;
  input->with_definition = with_definition;
  tern_libvirt_host_send (self, TERN_LINE_ACTS, &tern_libvirt_remove_copy_kind, task, input);
}

static void
host_let_run_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                    GAsyncReadyCallback cb, gpointer data)
{
  tern_libvirt_host_start (self, TERN_LINE_ACTS, &tern_libvirt_let_run_kind, uuid, cancellable, cb,
                           data);
}

void
tern_libvirt_host_add_acts (TernHypervisorInterface *iface)
{
  iface->resume_async = host_resume_async;
  iface->discard_async = host_discard_async;
  iface->start_async = host_start_async;
  iface->shutdown_async = host_shutdown_async;
  iface->eject_async = host_eject_async;
  iface->remove_copy_async = host_remove_copy_async;
  iface->let_run_async = host_let_run_async;
  iface->set_lock_async = host_set_lock_async;
  iface->set_drain_action_async = host_set_drain_action_async;
  iface->set_cpu_async = host_set_cpu_async;
  iface->fetch_cpu_xml_async = host_fetch_cpu_xml_async;
  iface->compare_cpu_async = host_compare_cpu_async;
  iface->baseline_cpu_async = host_baseline_cpu_async;
}
