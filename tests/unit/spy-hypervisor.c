/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A port that writes down what goes through it. Answers come from the port behind
 * it: the callbacks get that one as their source, which is all that they look at.
 */
#include "config.h"

#include "spy-hypervisor.h"

#include "base/error.h"

struct _SpyHypervisor
{
  GObject parent;

  char *host;
  TernHypervisor *port;
  GPtrArray *journal;
};

static gboolean refuse_discards;

static void spy_hypervisor_iface_init (TernHypervisorInterface *iface);

G_DEFINE_TYPE_WITH_CODE (SpyHypervisor, spy_hypervisor, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (TERN_TYPE_HYPERVISOR, spy_hypervisor_iface_init))

static TernHypervisor *
get_port (TernHypervisor *self)
{
  return SPY_HYPERVISOR (self)->port;
}

static void
write_down (TernHypervisor *hypervisor, const char *what)
{
  SpyHypervisor *self = SPY_HYPERVISOR (hypervisor);

  g_ptr_array_add (self->journal, g_strdup_printf ("%s %s", what, self->host));
}

static gboolean
is_connected (TernHypervisor *self)
{
  return tern_hypervisor_is_connected (get_port (self));
}

static void
disconnect (TernHypervisor *self)
{
  tern_hypervisor_disconnect (get_port (self));
}

static void
connect_async (TernHypervisor *self, GCancellable *cancellable, GAsyncReadyCallback cb,
               gpointer data)
{
  tern_hypervisor_connect_async (get_port (self), cancellable, cb, data);
}

static void
fetch_facts_async (TernHypervisor *self, GCancellable *cancellable, GAsyncReadyCallback cb,
                   gpointer data)
{
  tern_hypervisor_fetch_facts_async (get_port (self), cancellable, cb, data);
}

static void
fetch_vms_async (TernHypervisor *self, GCancellable *cancellable, GAsyncReadyCallback cb,
                 gpointer data)
{
  tern_hypervisor_fetch_vms_async (get_port (self), cancellable, cb, data);
}

static void
fetch_vm_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                GAsyncReadyCallback cb, gpointer data)
{
  tern_hypervisor_fetch_vm_async (get_port (self), uuid, cancellable, cb, data);
}

static void
inspect_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
               GAsyncReadyCallback cb, gpointer data)
{
  tern_hypervisor_inspect_async (get_port (self), uuid, cancellable, cb, data);
}

static void
migrate_async (TernHypervisor *self, const char *uuid, const TernMigrateParams *params,
               GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, params->flags & TERN_MIGRATE_OFFLINE ? "define" : "migrate");
  tern_hypervisor_migrate_async (get_port (self), uuid, params, cancellable, cb, data);
}

static void
fetch_job_async (TernHypervisor *self, const char *uuid, gboolean completed,
                 GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  tern_hypervisor_fetch_job_async (get_port (self), uuid, completed, cancellable, cb, data);
}

static void
abort_job_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                 GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, "abort");
  tern_hypervisor_abort_job_async (get_port (self), uuid, cancellable, cb, data);
}

static void
resume_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
              GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, "resume");
  tern_hypervisor_resume_async (get_port (self), uuid, cancellable, cb, data);
}

static void
discard_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
               GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, "discard");
  if (refuse_discards)
    {
      g_autoptr (GTask) task = g_task_new (get_port (self), cancellable, cb, data);

      g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_REFUSED, "it is in use");
      return;
    }
  tern_hypervisor_discard_async (get_port (self), uuid, cancellable, cb, data);
}

static void
start_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
             GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, "start");
  tern_hypervisor_start_async (get_port (self), uuid, cancellable, cb, data);
}

static void
eject_async (TernHypervisor *self, const char *uuid, const char *target, const char *source,
             GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, "eject");
  tern_hypervisor_eject_async (get_port (self), uuid, target, source, cancellable, cb, data);
}

static void
set_lock_async (TernHypervisor *self, const char *uuid, const TernLock *lock,
                GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, "lock");
  tern_hypervisor_set_lock_async (get_port (self), uuid, lock, cancellable, cb, data);
}

static void
set_cpu_async (TernHypervisor *self, const char *uuid, const TernCpu *cpu,
               GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, "mask");
  tern_hypervisor_set_cpu_async (get_port (self), uuid, cpu, cancellable, cb, data);
}

static void
fetch_cpu_xml_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                     GAsyncReadyCallback cb, gpointer data)
{
  tern_hypervisor_fetch_cpu_xml_async (get_port (self), uuid, cancellable, cb, data);
}

static void
compare_cpu_async (TernHypervisor *self, const char *cpu_xml, GCancellable *cancellable,
                   GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, "compare");
  tern_hypervisor_compare_cpu_async (get_port (self), cpu_xml, cancellable, cb, data);
}

static void
baseline_cpu_async (TernHypervisor *self, const GPtrArray *cpus, GCancellable *cancellable,
                    GAsyncReadyCallback cb, gpointer data)
{
  tern_hypervisor_baseline_cpu_async (get_port (self), cpus, cancellable, cb, data);
}

static void
spy_hypervisor_iface_init (TernHypervisorInterface *iface)
{
  iface->is_connected = is_connected;
  iface->connect_async = connect_async;
  iface->disconnect = disconnect;
  iface->fetch_facts_async = fetch_facts_async;
  iface->fetch_vms_async = fetch_vms_async;
  iface->fetch_vm_async = fetch_vm_async;
  iface->inspect_async = inspect_async;
  iface->migrate_async = migrate_async;
  iface->fetch_job_async = fetch_job_async;
  iface->abort_job_async = abort_job_async;
  iface->resume_async = resume_async;
  iface->discard_async = discard_async;
  iface->start_async = start_async;
  iface->eject_async = eject_async;
  iface->set_lock_async = set_lock_async;
  iface->set_cpu_async = set_cpu_async;
  iface->fetch_cpu_xml_async = fetch_cpu_xml_async;
  iface->compare_cpu_async = compare_cpu_async;
  iface->baseline_cpu_async = baseline_cpu_async;
}

static void
spy_hypervisor_init (SpyHypervisor *self)
{
  (void) self;
}

static void
spy_hypervisor_finalize (GObject *object)
{
  SpyHypervisor *self = SPY_HYPERVISOR (object);

  g_free (self->host);
  g_object_unref (self->port);
  G_OBJECT_CLASS (spy_hypervisor_parent_class)->finalize (object);
}

static void
spy_hypervisor_class_init (SpyHypervisorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = spy_hypervisor_finalize;
}

void
spy_hypervisor_refuse_discards (gboolean refuse)
{
  refuse_discards = refuse;
}

TernHypervisor *
spy_hypervisor_new (const char *host, TernHypervisor *port, GPtrArray *journal)
{
  SpyHypervisor *self = g_object_new (SPY_TYPE_HYPERVISOR, NULL);

  self->host = g_strdup (host);
  self->port = port;
  self->journal = journal;
  g_signal_connect_object (port, "vm-changed", G_CALLBACK (tern_hypervisor_emit_vm_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (port, "host-changed", G_CALLBACK (tern_hypervisor_emit_host_changed),
                           self, G_CONNECT_SWAPPED);
  g_signal_connect_object (port, "job-changed", G_CALLBACK (tern_hypervisor_emit_job_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (port, "disconnected", G_CALLBACK (tern_hypervisor_emit_disconnected),
                           self, G_CONNECT_SWAPPED);
  return TERN_HYPERVISOR (self);
}
