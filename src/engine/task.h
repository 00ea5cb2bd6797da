/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"
#include "model/task.h"

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * TernTask:
 *
 * A task while it lives: its record, and who wants to know of changes.
 *
 * Signals:
 * - "changed" (urgent: boolean): the record changed; @urgent for phase changes, which are
 *   told at once, others may be told later
 * - "ended" (): it reached a final phase; comes after "changed". Once, except that a task in
 *   attention whose truth comes to light later ends a second time.
 */
#define TERN_TYPE_TASK (tern_task_get_type ())
G_DECLARE_FINAL_TYPE (TernTask, tern_task, TERN, TASK, GObject)

/** tern_task_get_record: Returns: (transfer none): valid until the task changes */
const TernTaskRecord *tern_task_get_record (TernTask *self);
guint64 tern_task_get_id (TernTask *self);
gboolean tern_task_is_ended (TernTask *self);
/** tern_task_is_cancelable: Returns: whether a cancel has a chance in the present phase */
gboolean tern_task_is_cancelable (TernTask *self);

/**
 * TernTaskList:
 *
 * All tasks that live: open ones, those in attention, and the last few that ended.
 * Older ones are in the store only.
 *
 * Signals: "task-added" (TernTask), "task-removed" (TernTask).
 */
#define TERN_TYPE_TASK_LIST (tern_task_list_get_type ())
G_DECLARE_FINAL_TYPE (TernTaskList, tern_task_list, TERN, TASK_LIST, GObject)

/** tern_task_list_new: (constructor) */
TernTaskList *tern_task_list_new (void);

/** tern_task_list_find: Returns: (transfer none) (nullable) */
TernTask *tern_task_list_find (TernTaskList *self, guint64 id);
/** tern_task_list_get_all: Returns: (transfer full) (element-type TernTask): by id */
GPtrArray *tern_task_list_get_all (TernTaskList *self);
/** tern_task_list_find_open_by_vm: Returns: (transfer none) (nullable): the task that holds this VM
 */
TernTask *tern_task_list_find_open_by_vm (TernTaskList *self, const char *vm_uuid);
/** tern_task_list_find_open_by_host: Returns: (transfer none) (nullable): one that uses this host
 */
TernTask *tern_task_list_find_open_by_host (TernTaskList *self, const char *host);

G_END_DECLS
