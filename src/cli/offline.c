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
#include "model/snapshot.h"
#include "plan/placement.h"
#include "plan/verdict-variant.h"

#include <string.h>

#define MAX_VMS 1000

/* A file, ready to be judged. */
typedef struct
{
  TernSnapshot *snapshot;
  TernCluster *cluster; /* what the daemon would know of it */
  TernLedger *ledger;
  gint64 now_us;
} Scene;

static void
scene_free (Scene *self)
{
  tern_ledger_free (self->ledger);
  g_clear_pointer (&self->cluster, tern_cluster_unref);
  g_clear_pointer (&self->snapshot, tern_snapshot_free);
  g_free (self);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Scene, scene_free)

/* Hosts that a simulation only adds later are not there yet. */
static TernCluster *
keep_listed (const TernSnapshot *snapshot)
{
  const TernCluster *all = snapshot->cluster;
  g_autoptr (GPtrArray) hosts = g_ptr_array_new ();
  g_autoptr (GPtrArray) vms = g_ptr_array_new ();

  for (guint i = 0; i < all->hosts->len; i++)
    {
      const TernSnapshotHost *sim = snapshot->sim_hosts->pdata[i];
      const GPtrArray *here = tern_cluster_get_vms_on (all, i);

      if (!sim->listed)
        continue;
      g_ptr_array_add (hosts, all->hosts->pdata[i]);
      for (guint k = 0; here != NULL && k < here->len; k++)
        g_ptr_array_add (vms, here->pdata[k]);
    }
  return tern_cluster_new (hosts, vms, (const char *const *) all->shared_paths, all->generation,
                           all->taken_us);
}

static Scene *
load_scene (const char *file, GError **error)
{
  g_autoptr (Scene) self = g_new0 (Scene, 1);

  self->snapshot = tern_snapshot_load (file, error);
  if (self->snapshot == NULL)
    return NULL;

  self->cluster = keep_listed (self->snapshot);
  self->ledger = tern_ledger_new ();
  for (guint i = 0; i < self->snapshot->reservations->len; i++)
    tern_ledger_add (self->ledger, self->snapshot->reservations->pdata[i]);
  self->now_us = self->cluster->taken_us > 0 ? self->cluster->taken_us : g_get_real_time ();
  return g_steal_pointer (&self);
}

/* The task that a promise in the file belongs to. Returns: (transfer full) (nullable) */
static TernTaskRecord *
find_open_task (const Scene *scene, const TernVm *vm)
{
  const TernReservation *promise = tern_ledger_find (scene->ledger, vm->uuid);
  TernTaskRecord *task;

  if (promise == NULL || promise->task_id == 0)
    return NULL;
  task = tern_task_record_new ();
  task->id = promise->task_id;
  task->vm_uuid = g_strdup (vm->uuid);
  task->vm_name = g_strdup (vm->name);
  task->source = g_strdup (promise->source);
  task->destination = g_strdup (promise->destination);
  return task;
}

/* Returns: (transfer none) (nullable); %NULL if @name is %NULL, without an error */
static const TernHost *
find_host (const Scene *scene, const char *name, GError **error)
{
  const TernHost *host = name != NULL ? tern_cluster_find_host (scene->cluster, name) : NULL;

  if (host == NULL && name != NULL)
    g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND,
                 _ ("There is no host “%s” in the snapshot"), name);
  return host;
}

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
  g_autoptr (Scene) scene = load_scene (ask->file, error);
  g_autoptr (TernTaskRecord) open_task = NULL;
  g_autoptr (TernJudge) judge = NULL;
  g_autoptr (GPtrArray) verdicts = NULL;
  TernQuestion question = { 0 };
  const TernVm *vm;

  if (scene == NULL)
    return NULL;
  vm = tern_cluster_lookup_vm (scene->cluster, ask->vms[0], error);
  if (vm == NULL
      || (ask->destination != NULL && find_host (scene, ask->destination, error) == NULL))
    return NULL;

  open_task = find_open_task (scene, vm);
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
find_vms (const Scene *scene, const char *const *names, GError **error)
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
  g_autoptr (Scene) scene = load_scene (ask->file, error);
  g_autoptr (GPtrArray) vms = NULL;
  g_autoptr (GPtrArray) open_tasks = g_ptr_array_new_with_free_func (free_task);
  g_autoptr (TernPlan) plan = NULL;
  TernGroup group = { 0 };

  if (scene == NULL)
    return NULL;
  vms = find_vms (scene, ask->vms, error);
  if (vms == NULL
      || (ask->destination != NULL && find_host (scene, ask->destination, error) == NULL))
    return NULL;

  for (guint i = 0; i < vms->len; i++)
    g_ptr_array_add (open_tasks, find_open_task (scene, vms->pdata[i]));
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
