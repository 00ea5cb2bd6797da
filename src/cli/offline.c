/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Verdicts and plans from a snapshot file: the daemon's own judgement (plan/), at the moment the
 * snapshot was taken, in the daemon's own form.
 */
#include "config.h"

#include "cli/offline.h"

#include "base/error.h"
#include "base/text.h"
#include "cli/i18n.h"
#include "cli/offline-scene.h"
#include "plan/placement.h"
#include "plan/verdict-variant.h"

#include <string.h>

#define MAX_VMS 1000

/* --- questions --- */

static TernAct
get_act (const TernAsk *ask, const char *otherwise)
{
  const char *act = ask->act != NULL ? ask->act : otherwise;

  return strcmp (act, "start") == 0 ? TERN_ACT_START : TERN_ACT_MOVE;
}

static void
keep_only (GPtrArray *verdicts, const char *host)
{
  for (guint i = verdicts->len; i-- > 0;)
    if (strcmp (((const TernVerdict *) verdicts->pdata[i])->host->config->name, host) != 0)
      g_ptr_array_remove_index (verdicts, i);
}

GVariant *
tern_offline_check (const TernAsk *ask, GError **error)
{
  g_autoptr (TernScene) scene = tern_scene_load (ask->file, error);
  g_autoptr (TernTaskRecord) open_task = NULL;
  g_autoptr (TernJudge) judge = NULL;
  g_autoptr (GPtrArray) verdicts = NULL;
  TernQuestion question = { 0 };
  const TernVm *vm;

  if (scene == NULL)
    return NULL;
  vm = tern_cluster_lookup_vm (scene->cluster, ask->vms[0], error);
  if (vm == NULL
      || (ask->destination != NULL
          && tern_scene_find_host (scene, ask->destination, error) == NULL))
    return NULL;

  open_task = tern_scene_find_open_task (scene, vm);
  question = (TernQuestion){
    .cluster = scene->cluster,
    .ledger = scene->ledger,
    .settings = &scene->snapshot->settings,
    .vm = vm,
    .act = get_act (ask, vm->state == TERN_VM_SHUT_OFF ? "start" : "move"),
    .open_task = open_task,
    .bound = ask->destination != NULL,
    .eject_media = ask->eject_media,
    .now_us = scene->now_us,
  };
  judge = tern_judge_new (&question);
  verdicts = tern_judge_all (judge);
  tern_placement_score (&question, verdicts);
  if (ask->destination != NULL)
    keep_only (verdicts, ask->destination);
  return g_variant_ref_sink (tern_verdicts_to_variant (verdicts));
}

/* Returns: (transfer full) (nullable) (element-type TernVm): each once */
static GPtrArray *
find_vms (const TernScene *scene, const char *const *names, GError **error)
{
  g_autoptr (GPtrArray) vms = g_ptr_array_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);

  for (guint i = 0; names[i] != NULL; i++)
    {
      const TernVm *vm = tern_cluster_lookup_vm (scene->cluster, names[i], error);

      if (vm == NULL)
        return NULL;
      if (!g_hash_table_add (seen, (gpointer) vm))
        {
          g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, _ ("VM %s is named twice"),
                       names[i]);
          return NULL;
        }
      g_ptr_array_add (vms, (gpointer) vm);
    }
  if (vms->len <= MAX_VMS)
    return g_steal_pointer (&vms);

  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               _ ("%u VMs are too many at once: %d at most"), vms->len, MAX_VMS);
  return NULL;
}

static void
free_task (gpointer task)
{
  if (task != NULL)
    tern_task_record_free (task);
}

GVariant *
tern_offline_plan (const TernAsk *ask, GError **error)
{
  g_autoptr (TernScene) scene = tern_scene_load (ask->file, error);
  g_autoptr (GPtrArray) vms = NULL;
  g_autoptr (GPtrArray) open_tasks = g_ptr_array_new_with_free_func (free_task);
  g_autoptr (TernPlan) plan = NULL;
  TernGroup group = { 0 };

  if (scene == NULL)
    return NULL;
  vms = find_vms (scene, ask->vms, error);
  if (vms == NULL
      || (ask->destination != NULL
          && tern_scene_find_host (scene, ask->destination, error) == NULL))
    return NULL;

  for (guint i = 0; i < vms->len; i++)
    g_ptr_array_add (open_tasks, tern_scene_find_open_task (scene, vms->pdata[i]));
  group = (TernGroup){
    .cluster = scene->cluster,
    .ledger = scene->ledger,
    .settings = &scene->snapshot->settings,
    .vms = vms,
    .open_tasks = open_tasks,
    .act = get_act (ask, "move"),
    .destination = ask->destination,
    .eject_media = ask->eject_media,
    .now_us = scene->now_us,
  };
  plan = tern_place (&group);
  return g_variant_ref_sink (g_variant_new ("(@aa{sv}@aa{sv})", tern_moves_to_variant (plan),
                                            tern_refusals_to_variant (plan, FALSE)));
}
