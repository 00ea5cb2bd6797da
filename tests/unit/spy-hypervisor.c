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

static const char *refused;   /* what every host says no to */
static const char *held;      /* what no host answers */
static GPtrArray *unanswered; /* GTask */
static TernMigrateParams last_call;
static SpyFunc watcher;
static gpointer watcher_data;

static void spy_hypervisor_iface_init (TernHypervisorInterface *iface);

G_DEFINE_TYPE_WITH_CODE (SpyHypervisor, spy_hypervisor, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (TERN_TYPE_HYPERVISOR, spy_hypervisor_iface_init))

static TernHypervisor *
get_port (TernHypervisor *self)
{
  return SPY_HYPERVISOR (self)->port;
}

static void
write_line (TernHypervisor *hypervisor, char *line)
{
  g_ptr_array_add (SPY_HYPERVISOR (hypervisor)->journal, line);
  if (watcher != NULL)
    watcher (line, watcher_data);
}

static void
write_down (TernHypervisor *hypervisor, const char *what)
{
  write_line (hypervisor, g_strdup_printf ("%s %s", what, SPY_HYPERVISOR (hypervisor)->host));
}

static void
write_down_number (TernHypervisor *hypervisor, const char *what, guint64 number)
{
  write_line (hypervisor, g_strdup_printf ("%s %s %" G_GUINT64_FORMAT, what,
                                           SPY_HYPERVISOR (hypervisor)->host, number));
}

/* Returns: whether the test wants that to be refused, and it was */
static gboolean
is_refused (TernHypervisor *self, const char *what, GCancellable *cancellable,
            GAsyncReadyCallback cb, gpointer data)
{
  g_autoptr (GTask) task = NULL;

  if (g_strcmp0 (refused, what) != 0 && g_strcmp0 (held, what) != 0)
    return FALSE;
  task = g_task_new (get_port (self), cancellable, cb, data);
  g_task_set_name (task, what);
  if (g_strcmp0 (held, what) == 0)
    {
      g_ptr_array_add (unanswered, g_steal_pointer (&task));
      return TRUE;
    }
  g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_REFUSED, "it is in use");
  return TRUE;
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
  write_down (self, params->flags & TERN_MIGRATE_OFFLINE           ? "define"
                    : params->flags & TERN_MIGRATE_POSTCOPY_RESUME ? "recover"
                                                                   : "migrate");
  last_call = *params;
  tern_hypervisor_migrate_async (get_port (self), uuid, params, cancellable, cb, data);
}

static void
fetch_job_async (TernHypervisor *self, const char *uuid, gboolean completed,
                 GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  if (is_refused (self, "job", cancellable, cb, data))
    return;
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
  if (is_refused (self, "discard", cancellable, cb, data))
    return;
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
shutdown_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, "shutdown");
  tern_hypervisor_shutdown_async (get_port (self), uuid, cancellable, cb, data);
}

static void
eject_async (TernHypervisor *self, const char *uuid, const char *target, const char *source,
             GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, "eject");
  tern_hypervisor_eject_async (get_port (self), uuid, target, source, cancellable, cb, data);
}

static void
set_downtime_async (TernHypervisor *self, const char *uuid, guint downtime_ms,
                    GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  write_down_number (self, "downtime", downtime_ms);
  if (is_refused (self, "downtime", cancellable, cb, data))
    return;
  tern_hypervisor_set_downtime_async (get_port (self), uuid, downtime_ms, cancellable, cb, data);
}

static void
set_speed_async (TernHypervisor *self, const char *uuid, guint64 bandwidth_bps, gboolean postcopy,
                 GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  write_down_number (self, postcopy ? "postcopy-speed" : "speed", bandwidth_bps);
  tern_hypervisor_set_speed_async (get_port (self), uuid, bandwidth_bps, postcopy, cancellable, cb,
                                   data);
}

static void
start_postcopy_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                      GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, "postcopy");
  if (is_refused (self, "postcopy", cancellable, cb, data))
    return;
  tern_hypervisor_start_postcopy_async (get_port (self), uuid, cancellable, cb, data);
}

static void
pause_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
             GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, "pause");
  if (is_refused (self, "pause", cancellable, cb, data))
    return;
  tern_hypervisor_pause_async (get_port (self), uuid, cancellable, cb, data);
}

static void
measure_dirty_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                     GAsyncReadyCallback cb, gpointer data)
{
  tern_hypervisor_measure_dirty_async (get_port (self), uuid, cancellable, cb, data);
}

static void
remove_copy_async (TernHypervisor *self, const char *uuid, gboolean with_definition,
                   GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, with_definition ? "remove-all" : "remove");
  if (is_refused (self, "remove", cancellable, cb, data))
    return;
  tern_hypervisor_remove_copy_async (get_port (self), uuid, with_definition, cancellable, cb, data);
}

static void
let_run_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
               GAsyncReadyCallback cb, gpointer data)
{
  write_down (self, "let-run");
  if (is_refused (self, "let-run", cancellable, cb, data))
    return;
  tern_hypervisor_let_run_async (get_port (self), uuid, cancellable, cb, data);
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
  iface->shutdown_async = shutdown_async;
  iface->eject_async = eject_async;
  iface->set_downtime_async = set_downtime_async;
  iface->set_speed_async = set_speed_async;
  iface->start_postcopy_async = start_postcopy_async;
  iface->pause_async = pause_async;
  iface->measure_dirty_async = measure_dirty_async;
  iface->remove_copy_async = remove_copy_async;
  iface->let_run_async = let_run_async;
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
  refused = refuse ? "discard" : NULL;
}

void
spy_hypervisor_refuse (const char *what)
{
  refused = what;
}

/* There is no job to answer with. */
static void
answer (GTask *task)
{
  if (g_str_equal (g_task_get_name (task), "job"))
    g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_TIMED_OUT, "it took too long");
  else
    g_task_return_boolean (task, TRUE);
}

void
spy_hypervisor_hold (const char *what)
{
  if (unanswered == NULL)
    unanswered = g_ptr_array_new_with_free_func (g_object_unref);
  held = what;
  for (guint i = 0; what == NULL && i < unanswered->len; i++)
    answer (unanswered->pdata[i]);
  if (what == NULL)
    g_ptr_array_set_size (unanswered, 0);
}

void
spy_hypervisor_watch (SpyFunc func, gpointer data)
{
  watcher = func;
  watcher_data = data;
}

const TernMigrateParams *
spy_hypervisor_get_last_call (void)
{
  return &last_call;
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
