/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * May the VM run there: for every host, and in libvirt's own words where its CPU is the reason.
 * libvirt's words are an extra: a host that does not give them in time changes no verdict.
 */
#include "config.h"

#include "engine/assessor.h"

#include "engine/assessor-private.h"

#define MAX_HOSTS_ASKED 16
#define ASK_BOUND_US (10 * G_USEC_PER_SEC)

typedef struct
{
  char *vm_uuid;
  char *destination;
  TernAct act;
  gboolean eject_media;
  TernCluster *cluster; /* the verdicts point into it */
  GPtrArray *verdicts;
  GCancellable *cancellable;
  guint timer;
  guint pending;
  char *cpu_xml;
} Check;

typedef struct
{
  GTask *task;
  TernReason *reason;
} OneHost;

static void
check_free (Check *check)
{
  g_clear_pointer (&check->verdicts, g_ptr_array_unref);
  g_clear_pointer (&check->cluster, tern_cluster_unref);
  g_object_unref (check->cancellable);
  g_free (check->vm_uuid);
  g_free (check->destination);
  g_free (check->cpu_xml);
  g_free (check);
}

static void
one_less (GTask *task)
{
  TernAssessor *self = g_task_get_source_object (task);
  Check *check = g_task_get_task_data (task);

  if (--check->pending > 0)
    return;
  tern_clock_clear_timer (tern_assessor_get_clock (self), &check->timer);
  g_task_return_pointer (task, g_ptr_array_ref (check->verdicts),
                         (GDestroyNotify) g_ptr_array_unref);
  g_object_unref (task);
}

static gboolean
on_bound (gpointer data)
{
  Check *check = data;

  check->timer = 0;
  g_cancellable_cancel (check->cancellable);
  return G_SOURCE_REMOVE;
}

/* Returns: the first reason of the CPU that keeps the VM from that host */
static TernReason *
find_cpu_block (const TernVerdict *verdict)
{
  for (guint i = 0; i < verdict->reasons->len; i++)
    {
      TernReason *reason = verdict->reasons->pdata[i];

      if (reason->severity == TERN_SEVERITY_BLOCKS && g_str_has_prefix (reason->info->code, "cpu."))
        return reason;
    }
  return NULL;
}

static void
on_compared (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree OneHost *one = data;
  char *refusal = NULL;

  if (tern_hypervisor_compare_cpu_finish (TERN_HYPERVISOR (source), result, &refusal, NULL))
    {
      g_free (one->reason->detail);
      one->reason->detail = refusal;
    }
  one_less (one->task);
}

static void
ask_host (GTask *task, const TernHost *host, TernReason *reason)
{
  TernAssessor *self = g_task_get_source_object (task);
  Check *check = g_task_get_task_data (task);
  TernHypervisor *port =
      tern_inventory_find_hypervisor (tern_assessor_get_inventory (self), host->config->name);
  OneHost *one;

  if (port == NULL || host->state != TERN_HOST_UP)
    return;
  one = g_new0 (OneHost, 1);
  one->task = task;
  one->reason = reason;
  check->pending++;
  tern_hypervisor_compare_cpu_async (port, check->cpu_xml, check->cancellable, on_compared, one);
}

static void
on_cpu_xml (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Check *check = g_task_get_task_data (task);
  guint asked = 0;

  check->cpu_xml = tern_hypervisor_fetch_cpu_xml_finish (TERN_HYPERVISOR (source), result, NULL);
  for (guint i = 0; check->cpu_xml != NULL && i < check->verdicts->len; i++)
    {
      const TernVerdict *verdict = check->verdicts->pdata[i];
      TernReason *reason = find_cpu_block (verdict);

      if (reason != NULL && asked++ < MAX_HOSTS_ASKED)
        ask_host (task, verdict->host, reason);
    }
  one_less (task);
}

static gboolean
has_cpu_blocks (const GPtrArray *verdicts)
{
  for (guint i = 0; i < verdicts->len; i++)
    if (find_cpu_block (verdicts->pdata[i]) != NULL)
      return TRUE;
  return FALSE;
}

static void
ask_libvirt (GTask *task, const TernVm *vm)
{
  TernAssessor *self = g_task_get_source_object (task);
  Check *check = g_task_get_task_data (task);
  TernHypervisor *port =
      tern_inventory_find_hypervisor (tern_assessor_get_inventory (self), vm->host);

  check->pending = 1;
  if (port == NULL || !has_cpu_blocks (check->verdicts))
    {
      one_less (task);
      return;
    }
  check->timer =
      tern_clock_add_timer (tern_assessor_get_clock (self), ASK_BOUND_US, on_bound, check);
  tern_hypervisor_fetch_cpu_xml_async (port, vm->uuid, check->cancellable, on_cpu_xml, task);
}

static GPtrArray *
judge (TernAssessor *self, TernCluster *cluster, const TernVm *vm, TernAct act,
       const TernHost *destination, gboolean eject_media)
{
  g_autoptr (TernTaskRecord) holder = tern_assessor_find_holder (self, vm->uuid);
  TernQuestion question = {
    .cluster = cluster,
    .ledger = tern_assessor_get_ledger (self),
    .settings = tern_assessor_get_settings (self),
    .vm = vm,
    .act = act,
    .open_task = holder,
    .bound = destination != NULL,
    .eject_media = eject_media,
    .now_us = tern_clock_wall_us (tern_assessor_get_clock (self)),
  };
  g_autoptr (TernJudge) judge = tern_judge_new (&question);
  GPtrArray *verdicts;

  if (destination == NULL)
    verdicts = tern_judge_all (judge);
  else
    {
      verdicts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_verdict_free);
      g_ptr_array_add (verdicts, tern_judge_host (judge, destination));
    }
  tern_placement_score (&question, verdicts);
  return verdicts;
}

static const TernHost *
find_host (TernAssessor *self, const char *name, GError **error)
{
  if (tern_inventory_lookup_host (tern_assessor_get_inventory (self), name, error) == NULL)
    return NULL;
  return tern_cluster_find_host (tern_assessor_get_cluster (self), name);
}

static void
judge_now (GTask *task)
{
  TernAssessor *self = g_task_get_source_object (task);
  Check *check = g_task_get_task_data (task);
  const TernVm *vm;
  const TernHost *host = NULL;
  GError *error = NULL;

  vm = tern_assessor_find_vm (self, check->vm_uuid, &error);
  if (vm != NULL && check->destination != NULL)
    host = find_host (self, check->destination, &error);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  check->cluster = tern_cluster_ref (tern_assessor_get_cluster (self));
  check->verdicts = judge (self, check->cluster, vm, check->act, host, check->eject_media);
  ask_libvirt (task, vm);
}

/* Of a host that did not answer, what was last seen is judged. */
static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer data)
{
  (void) tern_inventory_refresh_finish (TERN_INVENTORY (source), result, NULL);
  judge_now (data);
}

void
tern_assessor_check_async (TernAssessor *self, const char *vm_uuid, TernAct act,
                           const char *destination, gboolean eject_media, GAsyncReadyCallback cb,
                           gpointer data)
{
  GTask *task;
  Check *check;
  const TernVm *vm;

  g_return_if_fail (TERN_IS_ASSESSOR (self));

  task = g_task_new (self, NULL, cb, data);
  check = g_new0 (Check, 1);
  check->vm_uuid = g_strdup (vm_uuid);
  check->destination = g_strdup (destination);
  check->act = act;
  check->eject_media = eject_media;
  check->cancellable = g_cancellable_new ();
  g_task_set_task_data (task, check, (GDestroyNotify) check_free);

  /* libvirt tells nobody of a snapshot, or when a block job or a backup begins. */
  vm = tern_assessor_find_vm (self, vm_uuid, NULL);
  if (vm != NULL)
    tern_inventory_refresh_vm_async (tern_assessor_get_inventory (self), vm->host, vm_uuid,
                                     on_refreshed, task);
  else
    judge_now (task);
}

GPtrArray *
tern_assessor_check_finish (TernAssessor *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}
