/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An older CPU for one VM: which one, what that takes from the guest, which hosts it opens, and
 * the change of the definition.
 *
 *   check -> a host's libvirt spells the CPU out -> what comes of it -> (dry run: that is all)
 *         -> the definition is changed -> the inventory shows it
 */
#include "config.h"

#include "engine/vm-edit.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "engine/assessor-private.h"
#include "engine/vm-edit-private.h"
#include "model/list.h"

#define MAX_NEAREST 3

typedef struct
{
  TernMask mask;
  TernCluster *cluster;
  const TernVm *vm; /* of the cluster */
  TernHypervisor *port;
  TernMaskResult *result;
} MaskEdit;

void
tern_mask_result_free (TernMaskResult *self)
{
  if (self == NULL)
    return;

  g_clear_pointer (&self->cpu, tern_cpu_unref);
  g_clear_pointer (&self->definition, tern_cpu_unref);
  g_strfreev (self->removed);
  g_strfreev (self->hosts_before);
  g_strfreev (self->hosts_after);
  g_strfreev (self->hosts_unknown);
  g_free (self);
}

static void
mask_edit_free (MaskEdit *edit)
{
  g_free (edit->mask.model);
  g_strfreev (edit->mask.disable);
  tern_cluster_unref (edit->cluster);
  g_clear_object (&edit->port);
  tern_mask_result_free (edit->result);
  g_free (edit);
}

/* Names */

static void
add_all (GPtrArray *names, GStrv more)
{
  for (guint i = 0; more != NULL && more[i] != NULL; i++)
    g_ptr_array_add (names, more[i]);
}

static GStrv
end_names (GPtrArray *names)
{
  g_ptr_array_add (names, NULL);
  return tern_strv_sorted ((const char *const *) names->pdata);
}

static GStrv
collect_models (const TernCluster *cluster)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < cluster->hosts->len; i++)
    {
      const TernHost *host = cluster->hosts->pdata[i];

      if (host->facts != NULL)
        add_all (names, host->facts->cpu_models);
    }
  return end_names (names);
}

static GStrv
collect_features (const TernCluster *cluster, const TernVm *vm)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < cluster->hosts->len; i++)
    {
      const TernHost *host = cluster->hosts->pdata[i];

      if (host->facts != NULL && host->facts->cpu != NULL)
        add_all (names, host->facts->cpu->features);
    }
  if (vm->cpu != NULL)
    {
      add_all (names, vm->cpu->features);
      add_all (names, vm->cpu->disabled);
    }
  return end_names (names);
}

/* @kind: "CPU model" or "CPU feature" */
static gboolean
check_name (const char *name, GStrv known, const char *kind, GError **error)
{
  g_auto (GStrv) near = NULL;
  g_autofree char *names = NULL;
  g_autofree char *shown = NULL;

  if (tern_strv_has ((const char *const *) known, name))
    return TRUE;
  shown = tern_text_visible (name, 60);
  near = tern_text_nearest (name, (const char *const *) known, MAX_NEAREST);
  names = g_strjoinv (", ", near);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "No host knows a %s “%s”%s%s%s",
               kind, shown, near[0] != NULL ? "; did you mean " : "", names,
               near[0] != NULL ? "?" : "");
  return FALSE;
}

static gboolean
check_names (const MaskEdit *edit, GError **error)
{
  g_auto (GStrv) known = NULL;

  if (edit->mask.model != NULL)
    {
      known = collect_models (edit->cluster);
      /* Hosts that do not tell their models are asked by the call itself. */
      return known[0] == NULL || check_name (edit->mask.model, known, "CPU model", error);
    }
  if (edit->mask.disable == NULL)
    return TRUE;
  known = collect_features (edit->cluster, edit->vm);
  for (guint i = 0; edit->mask.disable[i] != NULL; i++)
    if (!check_name (edit->mask.disable[i], known, "CPU feature", error))
      return FALSE;
  return TRUE;
}

/* What comes of it */

static const TernHostFacts *
get_home_facts (const MaskEdit *edit)
{
  const TernHost *home = tern_cluster_find_host (edit->cluster, edit->vm->host);

  return home != NULL ? home->facts : NULL;
}

/* Returns: (nullable): the CPU that the guest has, or would have if it were started now, spelled
 * out; NULL if nobody told */
static TernCpu *
get_present_cpu (const MaskEdit *edit)
{
  const TernHostFacts *home = get_home_facts (edit);
  TernCpu *cpu = edit->vm->cpu;

  if (cpu != NULL && (cpu->expanded || g_str_equal (cpu->mode, "custom")))
    return cpu;
  return home != NULL ? home->cpu : NULL;
}

/* A host always tells all that it can give. */
static gboolean
is_spelled_out (const MaskEdit *edit, const TernCpu *present)
{
  return present != NULL && (present->expanded || present != edit->vm->cpu);
}

/* Returns: (transfer full): names of the hosts that can give @cpu */
static GStrv
find_fitting_hosts (const MaskEdit *edit, const TernCpu *cpu, gboolean act_is_start)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; cpu != NULL && i < edit->cluster->hosts->len; i++)
    {
      const TernHost *host = edit->cluster->hosts->pdata[i];
      TernCpuFit fit;

      if (host->facts == NULL)
        continue;
      tern_cpu_fit (cpu, act_is_start, get_home_facts (edit), host->facts, &fit);
      if (fit.known && fit.missing[0] == NULL && !fit.vendor_differs && !fit.differs)
        g_ptr_array_add (names, host->config->name);
      tern_cpu_fit_clear (&fit);
    }
  return end_names (names);
}

/* Returns: (transfer full): names of the hosts whose CPU nobody told, but for those in @counted */
static GStrv
find_unknown_hosts (const TernCluster *cluster, GStrv counted)
{
  g_autoptr (TernBaseline) all = tern_baseline_compute (cluster, NULL);
  g_auto (GStrv) unknown = tern_strv_sorted ((const char *const *) all->unknown);

  return tern_cpu_missing ((const char *const *) unknown, (const char *const *) counted);
}

static GStrv
join_names (GStrv a, GStrv b)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  add_all (names, a);
  add_all (names, b);
  return end_names (names);
}

/* The same CPU without some features. */
static TernCpu *
without (const TernCpu *cpu, GStrv features, gboolean as_definition)
{
  g_auto (GStrv) left =
      tern_cpu_missing ((const char *const *) cpu->features, (const char *const *) features);
  g_auto (GStrv) disabled = join_names (cpu->disabled, features);
  TernCpu *less = tern_cpu_new ("custom", cpu->model, as_definition ? NULL : cpu->vendor,
                                (const char *const *) left, (const char *const *) disabled);

  less->expanded = !as_definition;
  return less;
}

/* @spelled: what libvirt made of the CPU that was asked about */
static void
fill_cpus (MaskEdit *edit, const TernCpuDefinition *spelled)
{
  TernMaskResult *result = edit->result;
  const TernCpu *present = get_present_cpu (edit);
  g_auto (GStrv) disable = NULL;

  if (edit->mask.model != NULL)
    {
      result->definition = tern_cpu_new ("custom", edit->mask.model, NULL, NULL, NULL);
      result->cpu = tern_cpu_ref (spelled->expanded);
      return;
    }
  if (edit->mask.baseline)
    {
      result->definition = tern_cpu_ref (spelled->definition);
      result->cpu = tern_cpu_ref (spelled->expanded);
      return;
    }
  disable = tern_strv_sorted ((const char *const *) edit->mask.disable);
  /* A definition that names its model keeps what else it says. */
  result->definition =
      without (is_spelled_out (edit, present) ? spelled->definition : present, disable, TRUE);
  result->cpu = without (spelled->expanded, disable, FALSE);
}

static void
fill_result (MaskEdit *edit)
{
  TernMaskResult *result = edit->result;
  const TernCpu *present = get_present_cpu (edit);

  result->hosts_after = find_fitting_hosts (edit, result->cpu, TRUE);
  result->hosts_unknown = find_unknown_hosts (edit->cluster, result->hosts_after);
  if (result->cpu != NULL && is_spelled_out (edit, present))
    result->removed = tern_cpu_missing ((const char *const *) present->features,
                                        (const char *const *) result->cpu->features);
  else
    result->removed = g_new0 (char *, 1);
}

static void
end_edit (GTask *task, GError *error)
{
  MaskEdit *edit = g_task_get_task_data (task);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, g_steal_pointer (&edit->result),
                           (GDestroyNotify) tern_mask_result_free);
  g_object_unref (task);
}

/* The change */

static void
on_shown (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  MaskEdit *edit = g_task_get_task_data (task);
  g_autofree char *shown = tern_vm_edit_show (edit->vm);
  GError *error = NULL;

  if (tern_inventory_refresh_finish (TERN_INVENTORY (source), result, &error))
    tern_log (G_LOG_LEVEL_MESSAGE, TERN_MSG_VM_MASKED,
              TERN_FIELDS (TERN_LOG_VM, shown, TERN_LOG_VM_UUID, edit->vm->uuid, TERN_LOG_HOST,
                           edit->vm->host),
              "The CPU of VM %s was %s%s%s", shown,
              edit->mask.clear ? "put back to what it was" : "masked: ",
              edit->mask.clear || edit->result->definition->model == NULL
                  ? ""
                  : edit->result->definition->model,
              edit->result->running ? "; it takes effect when it is shut off and started" : "");
  end_edit (task, error);
}

static void
on_cpu_set (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  MaskEdit *edit = g_task_get_task_data (task);
  GError *error = NULL;

  if (!tern_hypervisor_set_cpu_finish (TERN_HYPERVISOR (source), result, &error))
    {
      end_edit (task, error);
      return;
    }
  tern_inventory_refresh_vm_async (tern_assessor_get_inventory (g_task_get_source_object (task)),
                                   edit->vm->host, edit->vm->uuid, on_shown, task);
}

/* A task may have taken the VM while a host was asked. */
static void
apply (GTask *task)
{
  MaskEdit *edit = g_task_get_task_data (task);
  GError *error = NULL;

  fill_result (edit);
  if (edit->mask.dry_run
      || !tern_vm_edit_check_free (g_task_get_source_object (task), edit->vm, FALSE, &error))
    {
      end_edit (task, error);
      return;
    }
  tern_hypervisor_set_cpu_async (edit->port, edit->vm->uuid,
                                 edit->mask.clear ? NULL : edit->result->definition, NULL,
                                 on_cpu_set, task);
}

static void
on_spelled_out (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  GError *error = NULL;
  g_autoptr (TernCpuDefinition) spelled =
      tern_hypervisor_baseline_cpu_finish (TERN_HYPERVISOR (source), result, &error);

  if (spelled == NULL)
    {
      end_edit (task, error);
      return;
    }
  fill_cpus (g_task_get_task_data (task), spelled);
  apply (task);
}

/* Returns: (transfer full) (element-type TernCpu): what libvirt shall make one CPU of; maybe empty
 */
static GPtrArray *
collect_cpus (const MaskEdit *edit)
{
  GPtrArray *cpus = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_cpu_unref);
  const TernHost *home = tern_cluster_find_host (edit->cluster, edit->vm->host);
  TernCpu *present = get_present_cpu (edit);

  if (edit->mask.model != NULL)
    g_ptr_array_add (cpus, tern_cpu_new ("custom", edit->mask.model, NULL, NULL, NULL));
  else if (edit->mask.disable != NULL && present != NULL)
    g_ptr_array_add (cpus, tern_cpu_ref (present));
  else if (edit->mask.baseline && home != NULL)
    {
      g_autoptr (TernBaseline) baseline =
          tern_baseline_compute (edit->cluster, home->config->cluster);

      for (guint i = 0; baseline->hosts[i] != NULL; i++)
        g_ptr_array_add (
            cpus,
            tern_cpu_ref (tern_cluster_find_host (edit->cluster, baseline->hosts[i])->facts->cpu));
    }
  return cpus;
}

/* A baseline that leaves out a host may be more than that host can give. */
static gboolean
check_baseline (const MaskEdit *edit, GError **error)
{
  const TernHost *home = tern_cluster_find_host (edit->cluster, edit->vm->host);
  g_autoptr (TernBaseline) baseline = NULL;
  g_autofree char *names = NULL;
  const char *them;

  if (!edit->mask.baseline || edit->mask.dry_run || home == NULL)
    return TRUE;
  baseline = tern_baseline_compute (edit->cluster, home->config->cluster);
  if (baseline->unknown[0] == NULL)
    return TRUE;
  names = g_strjoinv (", ", baseline->unknown);
  them = baseline->unknown[1] == NULL ? "it" : "them";
  g_set_error (error, TERN_ERROR, TERN_ERROR_UNREACHABLE,
               "The CPU of %s is not known, and so neither is the baseline of cluster “%s”: bring "
               "%s back, or remove %s with “virtern host remove”, or name the model with --model",
               names, home->config->cluster, them, them);
  return FALSE;
}

static gboolean
check_edit (TernAssessor *assessor, const MaskEdit *edit, GError **error)
{
  g_autofree char *shown = tern_vm_edit_show (edit->vm);

  if (!edit->vm->persistent)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                   "%s is transient: it has no definition that could be changed", shown);
      return FALSE;
    }
  if (edit->mask.clear && !edit->vm->masked)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND,
                   "The CPU of %s is not masked; “virtern vm show” shows what it is", shown);
      return FALSE;
    }
  return tern_vm_edit_check_free (assessor, edit->vm, FALSE, error) && check_names (edit, error)
         && check_baseline (edit, error);
}

static void
start_edit (GTask *task)
{
  MaskEdit *edit = g_task_get_task_data (task);
  g_autoptr (GPtrArray) cpus = NULL;
  gboolean is_active = tern_vm_state_is_active (edit->vm->state);

  edit->result = g_new0 (TernMaskResult, 1);
  edit->result->running = is_active || edit->vm->managed_save;
  edit->result->hosts_before = find_fitting_hosts (edit, edit->vm->cpu, !is_active);
  if (edit->mask.clear)
    {
      apply (task);
      return;
    }
  cpus = collect_cpus (edit);
  if (cpus->len > 0)
    tern_hypervisor_baseline_cpu_async (edit->port, cpus, NULL, on_spelled_out, task);
  else
    end_edit (task, g_error_new (TERN_ERROR, TERN_ERROR_FAILED,
                                 "No host tells its CPU, so that there is nothing to start from"));
}

static MaskEdit *
mask_edit_new (TernAssessor *assessor, const TernVm *vm, const TernMask *mask)
{
  MaskEdit *edit = g_new0 (MaskEdit, 1);

  edit->mask = *mask;
  edit->mask.model = g_strdup (mask->model);
  edit->mask.disable = g_strdupv (mask->disable);
  edit->cluster = tern_cluster_ref (tern_assessor_get_cluster (assessor));
  edit->vm = vm;
  return edit;
}

void
tern_vm_edit_mask_async (TernAssessor *assessor, const char *vm_uuid, const TernMask *mask,
                         GAsyncReadyCallback cb, gpointer data)
{
  GTask *task = g_task_new (assessor, NULL, cb, data);
  GError *error = NULL;
  const TernVm *vm = tern_assessor_find_vm (assessor, vm_uuid, &error);
  MaskEdit *edit = vm != NULL ? mask_edit_new (assessor, vm, mask) : NULL;
  TernHypervisor *port = NULL;

  if (edit != NULL)
    g_task_set_task_data (task, edit, (GDestroyNotify) mask_edit_free);
  if (edit != NULL && check_edit (assessor, edit, &error))
    port = tern_vm_edit_find_port (assessor, vm, &error);
  if (port == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  edit->port = g_object_ref (port);
  start_edit (task);
}

TernMaskResult *
tern_vm_edit_mask_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
