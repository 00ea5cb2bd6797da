/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/assessor.h"

G_BEGIN_DECLS

/* For the engine only. All returns are (transfer none) unless it says otherwise. */

TernClock *tern_assessor_get_clock (TernAssessor *self);
TernInventory *tern_assessor_get_inventory (TernAssessor *self);
TernTaskList *tern_assessor_get_tasks (TernAssessor *self);

TernLedger *tern_assessor_edit_ledger (TernAssessor *self);

/** tern_assessor_find_copy: Returns: (transfer none) (nullable): what one host shows of a VM */
const TernVm *tern_assessor_find_copy (const TernCluster *cluster, const char *uuid,
                                       const char *host);

/**
 * tern_assessor_place: as tern_place(), but hosts that do not take @options of a move are not
 * chosen. @error: as tern_move_options_check(), where nothing is left of the places for that
 */
TernPlan *tern_assessor_place (const TernGroup *group, const TernMoveOptions *options,
                               GError **error);

/** tern_assessor_place_preferred: the same, on @preferred if all of the group can go there, judged
 * as a host that we choose; else wherever they can */
TernPlan *tern_assessor_place_preferred (const TernGroup *group, const char *preferred,
                                         const TernMoveOptions *options, GError **error);

/** tern_assessor_find_vm: Returns: (transfer none) (nullable): of tern_assessor_get_cluster(), the
 * copy that the inventory shows; errors as tern_inventory_lookup_vm() */
const TernVm *tern_assessor_find_vm (TernAssessor *self, const char *uuid, GError **error);

/** tern_assessor_find_local_media: Returns: (transfer full): "DRIVE=FILE" for each medium that
 * keeps the task's VM from going to its destination and can be taken out */
GStrv tern_assessor_find_local_media (TernAssessor *self, const TernTaskRecord *record);

/** tern_assessor_find_holder: Returns: (transfer full) (nullable): a copy of the record of the task
 * that holds a VM; of an order that is being stored what is known of it so far */
TernTaskRecord *tern_assessor_find_holder (TernAssessor *self, const char *vm_uuid);

G_END_DECLS
