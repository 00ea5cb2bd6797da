/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A snapshot file as a cluster that can be judged.
 */
#include "config.h"

#include "cli/offline-scene.h"

#include "base/error.h"
#include "cli/i18n.h"

void
tern_scene_free (TernScene *self)
{
  tern_ledger_free (self->ledger);
  g_clear_pointer (&self->cluster, tern_cluster_unref);
  g_clear_pointer (&self->snapshot, tern_snapshot_free);
  g_free (self);
}

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

TernScene *
tern_scene_load (const char *file, GError **error)
{
  g_autoptr (TernScene) self = g_new0 (TernScene, 1);

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

TernTaskRecord *
tern_scene_find_open_task (const TernScene *scene, const TernVm *vm)
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

const TernHost *
tern_scene_find_host (const TernScene *scene, const char *name, GError **error)
{
  const TernHost *host = name != NULL ? tern_cluster_find_host (scene->cluster, name) : NULL;

  if (host == NULL && name != NULL)
    g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND,
                 _ ("There is no host “%s” in the snapshot"), name);
  return host;
}
