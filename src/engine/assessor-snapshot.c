/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the assessor knows, as a file that can be judged elsewhere.
 */
#include "config.h"

#include "engine/assessor.h"

#include "engine/assessor-private.h"
#include "model/snapshot.h"

/* Each VM once, however many hosts show it. What a VM that has arrived still holds belongs to no
 * task any more: it must not look as if it were moving. */
static GPtrArray *
collect_reservations (TernAssessor *self, const TernCluster *cluster)
{
  const TernLedger *ledger = tern_assessor_get_ledger (self);
  GPtrArray *reservations = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_reservation_free);

  for (guint i = 0; i < cluster->vms->len; i++)
    {
      const TernVm *vm = cluster->vms->pdata[i];
      const TernReservation *entry = tern_ledger_find (ledger, vm->uuid);
      g_autoptr (TernTaskRecord) holder = NULL;
      TernReservation *copy;

      if (entry == NULL || tern_cluster_find_vm (cluster, vm->uuid) != vm)
        continue;
      holder = tern_assessor_find_holder (self, vm->uuid);
      copy = tern_reservation_copy (entry);
      if (holder == NULL)
        copy->task_id = 0;
      g_ptr_array_add (reservations, copy);
    }
  return reservations;
}

char *
tern_assessor_format_snapshot (TernAssessor *self)
{
  TernCluster *cluster;
  g_autoptr (GPtrArray) reservations = NULL;

  g_return_val_if_fail (TERN_IS_ASSESSOR (self), NULL);

  cluster = tern_assessor_get_cluster (self);
  reservations = collect_reservations (self, cluster);
  return tern_snapshot_format (cluster, tern_assessor_get_settings (self), reservations);
}
