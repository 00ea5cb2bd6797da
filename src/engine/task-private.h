/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/task.h"

G_BEGIN_DECLS

/* For the engine only: everyone else reads tasks. */

/** tern_task_new: @record: (transfer full) */
TernTask *tern_task_new (TernTaskRecord *record);

/** tern_task_edit: Returns: (transfer none): the record, to be changed and then told of */
TernTaskRecord *tern_task_edit (TernTask *self);

/** tern_task_replace: takes over @record (transfer full) as the new truth and tells of it; emits
 * "ended" when that is its first or a new final phase */
void tern_task_replace (TernTask *self, TernTaskRecord *record);

/** tern_task_tell: tells that the record was changed, by numbers only */
void tern_task_tell (TernTask *self);

/** tern_task_list_add: keeps a reference; the oldest ended ones are let go */
void tern_task_list_add (TernTaskList *self, TernTask *task);

G_END_DECLS
