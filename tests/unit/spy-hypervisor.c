/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A port that writes down what goes through it. Answers come from the port behind
 * it: the callbacks get that one as their source, which is all that they look at.
 */
#include "config.h"

#include "spy-hypervisor.h"

struct _SpyHypervisor
{
  GObject parent;

  char *host;
  TernHypervisor *port;
  GPtrArray *journal;
};

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
  write_down (self, "migrate");
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
  tern_hypervisor_discard_async (get_port (self), uuid, cancellable, cb, data);
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
