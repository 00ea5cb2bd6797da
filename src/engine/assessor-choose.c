/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Placing where not only the VMs but also the way they are moved must fit the hosts; and another
 * destination for a task whose first one did not take the VM: chosen, and promised at once.
 */
#include "config.h"

#include "engine/assessor-private.h"

#include "base/error.h"
#include "base/text.h"
#include "plan/move-options.h"
#include "plan/refusal.h"

#define MAX_NAME_SHOWN 60

/* Hosts that are not to be chosen; NULL at the end. */
static GPtrArray *
excluded_new (const char *const *hosts)
{
  GPtrArray *self = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; hosts != NULL && hosts[i] != NULL; i++)
    g_ptr_array_add (self, g_strdup (hosts[i]));
  g_ptr_array_add (self, NULL);
  return self;
}

static void
exclude (GPtrArray *self, const char *host)
{
  g_ptr_array_insert (self, 0, g_strdup (host));
}

static const TernHostFacts *
find_facts (const TernCluster *cluster, const char *name)
{
  const TernHost *host = tern_cluster_find_host (cluster, name);

  return host != NULL ? host->facts : NULL;
}

/* Returns: (nullable): the first move whose hosts or VM do not take the options; @error: why */
static const TernMove *
find_misfit (const TernPlan *plan, const TernMoveOptions *options, GError **error)
{
  for (guint i = 0; i < plan->moves->len; i++)
    {
      const TernMove *move = plan->moves->pdata[i];

      if (!tern_move_options_check (options, move->vm, find_facts (plan->cluster, move->vm->host),
                                    find_facts (plan->cluster, move->destination), error))
        return move;
    }
  return NULL;
}

/* Returns: whether there is any: if not, it is not for the destination that the options do not
 * fit */
static gboolean
exclude_misfits (GPtrArray *excluded, const TernCluster *cluster, const TernVm *vm,
                 const TernMoveOptions *options)
{
  const TernHostFacts *source = find_facts (cluster, vm->host);

  if (!tern_move_options_check (options, vm, source, NULL, NULL))
    return FALSE;
  for (guint i = 0; i < cluster->hosts->len; i++)
    {
      const TernHost *host = cluster->hosts->pdata[i];

      if (!tern_move_options_check (options, vm, source, host->facts, NULL))
        exclude (excluded, host->config->name);
    }
  return TRUE;
}

TernPlan *
tern_assessor_place (const TernGroup *group, const TernMoveOptions *options, GError **error)
{
  g_autoptr (GPtrArray) excluded = excluded_new (group->excluded);
  g_autoptr (GError) why = NULL;
  TernGroup left = *group;
  guint n_refused = G_MAXUINT; /* whatever the options are */

  for (;;)
    {
      g_autoptr (TernPlan) plan = NULL;
      g_autoptr (GError) misfit_error = NULL;
      const TernMove *misfit;

      left.excluded = (const char *const *) excluded->pdata;
      plan = tern_place (&left);
      misfit = group->act == TERN_ACT_MOVE ? find_misfit (plan, options, &misfit_error) : NULL;
      n_refused = MIN (n_refused, plan->refusals->len);
      if (misfit == NULL && plan->refusals->len <= n_refused)
        return g_steal_pointer (&plan);
      if (why == NULL)
        why = g_steal_pointer (&misfit_error);
      if (misfit == NULL || group->destination != NULL
          || !exclude_misfits (excluded, group->cluster, misfit->vm, options))
        {
          g_propagate_error (error, g_steal_pointer (&why));
          return NULL;
        }
    }
}

/* Not bound to it, as one is to a host that a person names: what speaks against a host that is
 * chosen speaks against this one. */
TernPlan *
tern_assessor_place_preferred (const TernGroup *group, const char *preferred,
                               const TernMoveOptions *options, GError **error)
{
  g_autoptr (GPtrArray) excluded = excluded_new (group->excluded);
  g_autoptr (TernPlan) plan = NULL;
  TernGroup only = *group;

  for (guint i = 0; i < group->cluster->hosts->len; i++)
    {
      const TernHost *host = group->cluster->hosts->pdata[i];

      if (!g_str_equal (host->config->name, preferred))
        exclude (excluded, host->config->name);
    }
  only.excluded = (const char *const *) excluded->pdata;
  plan = tern_assessor_place (&only, options, NULL);
  if (plan != NULL && plan->refusals->len == 0)
    return g_steal_pointer (&plan);
  return tern_assessor_place (group, options, error);
}

/* Returns: (transfer full) (nullable) */
static char *
choose (TernAssessor *self, const TernTaskRecord *record, const TernVm *vm,
        const char *const *failed, GError **error)
{
  g_autoptr (GPtrArray) excluded = excluded_new (failed);
  g_autoptr (GPtrArray) vms = g_ptr_array_new ();
  g_autoptr (TernCluster) cluster = tern_cluster_ref (tern_assessor_get_cluster (self));
  g_autoptr (TernPlan) plan = NULL;
  /* What is promised to a VM never counts against itself. */
  TernGroup group = {
    .cluster = cluster,
    .ledger = tern_assessor_get_ledger (self),
    .settings = tern_assessor_get_settings (self),
    .vms = vms,
    .act = tern_task_record_is_start (record) ? TERN_ACT_START : TERN_ACT_MOVE,
    .eject_media = record->eject_media,
    .now_us = tern_clock_wall_us (tern_assessor_get_clock (self)),
  };

  g_ptr_array_add (vms, (gpointer) vm);
  exclude (excluded, record->destination);
  group.excluded = (const char *const *) excluded->pdata;
  plan = tern_assessor_place (&group, &record->options, error);
  if (plan == NULL)
    return NULL;
  if (plan->moves->len == 0)
    {
      g_propagate_error (error, tern_plan_refusal (plan, NULL));
      return NULL;
    }
  return g_strdup (((const TernMove *) plan->moves->pdata[0])->destination);
}

static void
promise (TernAssessor *self, const TernTaskRecord *record, const char *destination)
{
  TernReservation reservation = {
    .task_id = record->id,
    .vm_uuid = record->vm_uuid,
    .source = record->source,
    .destination = (char *) destination,
    .memory = record->memory,
    .vcpus = record->vcpus,
  };

  tern_ledger_add (tern_assessor_edit_ledger (self), &reservation);
}

char *
tern_assessor_choose_again (TernAssessor *self, const TernTaskRecord *record,
                            const char *const *failed, GError **error)
{
  const TernVm *vm;
  char *destination;

  g_return_val_if_fail (TERN_IS_ASSESSOR (self), NULL);

  vm = tern_assessor_find_copy (tern_assessor_get_cluster (self), record->vm_uuid, record->source);
  if (vm == NULL)
    {
      g_autofree char *shown = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);

      g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND, "%s is not on %s any more", shown,
                   record->source);
      return NULL;
    }
  destination = choose (self, record, vm, failed, error);
  if (destination != NULL)
    promise (self, record, destination);
  return destination;
}
