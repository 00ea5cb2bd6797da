/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tasks while they live, and the list of them. What happens to a task is decided
 * elsewhere; here is only who hears of it.
 */
#include "config.h"

#include "engine/task-private.h"

#include "plan/relocate-fsm.h"
#include "plan/shutdown-fsm.h"
#include "plan/start-fsm.h"

/* Ended tasks that stay at hand; the store has them all. */
#define MAX_ENDED 50

struct _TernTask
{
  GObject parent;

  TernTaskRecord *record;
};

enum
{
  TASK_CHANGED,
  TASK_ENDED,
  LIST_ADDED,
  LIST_REMOVED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_TYPE (TernTask, tern_task, G_TYPE_OBJECT)

static void
tern_task_init (TernTask *self)
{
  (void) self;
}

static void
tern_task_finalize (GObject *object)
{
  tern_task_record_free (TERN_TASK (object)->record);
  G_OBJECT_CLASS (tern_task_parent_class)->finalize (object);
}

static void
tern_task_class_init (TernTaskClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tern_task_finalize;
  signals[TASK_CHANGED] = g_signal_new ("changed", TERN_TYPE_TASK, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                        NULL, G_TYPE_NONE, 1, G_TYPE_BOOLEAN);
  signals[TASK_ENDED] = g_signal_new ("ended", TERN_TYPE_TASK, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                      NULL, G_TYPE_NONE, 0);
}

TernTask *
tern_task_new (TernTaskRecord *record)
{
  TernTask *self = g_object_new (TERN_TYPE_TASK, NULL);

  self->record = record;
  return self;
}

const TernTaskRecord *
tern_task_get_record (TernTask *self)
{
  g_return_val_if_fail (TERN_IS_TASK (self), NULL);
  return self->record;
}

guint64
tern_task_get_id (TernTask *self)
{
  g_return_val_if_fail (TERN_IS_TASK (self), 0);
  return self->record->id;
}

gboolean
tern_task_is_ended (TernTask *self)
{
  g_return_val_if_fail (TERN_IS_TASK (self), TRUE);
  return tern_task_phase_is_final (self->record->phase);
}

gboolean
tern_task_is_cancelable (TernTask *self)
{
  g_return_val_if_fail (TERN_IS_TASK (self), FALSE);
  if (self->record->cancel_requested)
    return FALSE;
  if (tern_task_record_is_drain (self->record))
    return !tern_task_phase_is_final (self->record->phase);
  if (g_str_equal (self->record->kind, "relocate"))
    return tern_relocate_phase_is_cancelable (self->record->phase);
  if (g_str_equal (self->record->kind, "shutdown"))
    return tern_shutdown_phase_is_cancelable (self->record->phase);
  return tern_task_record_is_start (self->record)
             ? tern_start_phase_is_cancelable (self->record->phase)
             : tern_task_phase_is_cancelable (self->record->phase);
}

TernTaskRecord *
tern_task_edit (TernTask *self)
{
  return self->record;
}

void
tern_task_tell (TernTask *self)
{
  g_signal_emit (self, signals[TASK_CHANGED], 0, FALSE);
}

void
tern_task_replace (TernTask *self, TernTaskRecord *record)
{
  TernTaskPhase before = self->record->phase;
  g_autoptr (TernTask) alive = g_object_ref (self);

  tern_task_record_free (self->record);
  self->record = record;
  g_signal_emit (self, signals[TASK_CHANGED], 0, TRUE);
  if (record->phase != before && tern_task_phase_is_final (record->phase))
    g_signal_emit (self, signals[TASK_ENDED], 0);
  (void) alive;
}

/* The list */

struct _TernTaskList
{
  GObject parent;

  GPtrArray *tasks;
};

G_DEFINE_TYPE (TernTaskList, tern_task_list, G_TYPE_OBJECT)

static void
tern_task_list_init (TernTaskList *self)
{
  self->tasks = g_ptr_array_new_with_free_func (g_object_unref);
}

static void
tern_task_list_finalize (GObject *object)
{
  g_ptr_array_unref (TERN_TASK_LIST (object)->tasks);
  G_OBJECT_CLASS (tern_task_list_parent_class)->finalize (object);
}

static void
tern_task_list_class_init (TernTaskListClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tern_task_list_finalize;
  signals[LIST_ADDED] = g_signal_new ("task-added", TERN_TYPE_TASK_LIST, G_SIGNAL_RUN_LAST, 0, NULL,
                                      NULL, NULL, G_TYPE_NONE, 1, TERN_TYPE_TASK);
  signals[LIST_REMOVED] = g_signal_new ("task-removed", TERN_TYPE_TASK_LIST, G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 1, TERN_TYPE_TASK);
}

TernTaskList *
tern_task_list_new (void)
{
  return g_object_new (TERN_TYPE_TASK_LIST, NULL);
}

/* Attention is an end that stays: somebody has to see it. */
static gboolean
may_be_let_go (TernTask *task)
{
  return tern_task_is_ended (task) && task->record->phase != TERN_PHASE_ATTENTION;
}

static void
let_go_of_old_ones (TernTaskList *self)
{
  guint ended = 0;

  for (guint i = self->tasks->len; i-- > 0;)
    {
      g_autoptr (TernTask) task = NULL;

      if (!may_be_let_go (self->tasks->pdata[i]) || ++ended <= MAX_ENDED)
        continue;
      task = g_object_ref (self->tasks->pdata[i]);
      g_ptr_array_remove_index (self->tasks, i);
      g_signal_emit (self, signals[LIST_REMOVED], 0, task);
    }
}

void
tern_task_list_add (TernTaskList *self, TernTask *task)
{
  g_return_if_fail (TERN_IS_TASK_LIST (self));

  g_ptr_array_add (self->tasks, g_object_ref (task));
  g_signal_emit (self, signals[LIST_ADDED], 0, task);
  let_go_of_old_ones (self);
}

TernTask *
tern_task_list_find (TernTaskList *self, guint64 id)
{
  g_return_val_if_fail (TERN_IS_TASK_LIST (self), NULL);

  for (guint i = 0; i < self->tasks->len; i++)
    if (tern_task_get_id (self->tasks->pdata[i]) == id)
      return self->tasks->pdata[i];
  return NULL;
}

GPtrArray *
tern_task_list_get_all (TernTaskList *self)
{
  GPtrArray *all = g_ptr_array_new_with_free_func (g_object_unref);

  g_return_val_if_fail (TERN_IS_TASK_LIST (self), all);

  for (guint i = 0; i < self->tasks->len; i++)
    g_ptr_array_add (all, g_object_ref (self->tasks->pdata[i]));
  return all;
}

static gboolean
holds_something (TernTask *task)
{
  return !may_be_let_go (task);
}

TernTask *
tern_task_list_find_open_by_vm (TernTaskList *self, const char *vm_uuid)
{
  g_return_val_if_fail (TERN_IS_TASK_LIST (self), NULL);

  for (guint i = 0; i < self->tasks->len; i++)
    {
      TernTask *task = self->tasks->pdata[i];

      if (holds_something (task) && !tern_task_record_is_drain (task->record)
          && g_str_equal (task->record->vm_uuid, vm_uuid))
        return task;
    }
  return NULL;
}

static gboolean
uses_host (const TernTaskRecord *record, const char *host)
{
  if (tern_task_record_is_drain (record) && record->drain != NULL)
    return tern_drain_has_host (record->drain, host);
  return g_str_equal (record->source, host) || g_str_equal (record->destination, host);
}

TernTask *
tern_task_list_find_open_by_host (TernTaskList *self, const char *host)
{
  TernTask *attention = NULL;

  g_return_val_if_fail (TERN_IS_TASK_LIST (self), NULL);

  for (guint i = 0; i < self->tasks->len; i++)
    {
      TernTask *task = self->tasks->pdata[i];

      if (!holds_something (task) || !uses_host (task->record, host))
        continue;
      if (!tern_task_is_ended (task))
        return task;
      attention = task;
    }
  return attention;
}
