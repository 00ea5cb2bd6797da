/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whose turn is it? First come, first served, where both hosts have room.
 */
#include "config.h"

#include "plan/queue.h"

static gboolean
holds_a_place (const TernTaskRecord *task)
{
  return task->phase != TERN_PHASE_QUEUED && !tern_task_phase_is_final (task->phase);
}

/* A VM that is started where it is defined leaves no host. */
static gboolean
leaves (const TernTaskRecord *task, const char *host)
{
  return g_str_equal (task->source, host) && !g_str_equal (task->source, task->destination);
}

static gboolean
has_room (const GPtrArray *tasks, const TernTaskRecord *candidate, const TernQueueLimits *limits)
{
  guint leaving = 0, arriving = 0;

  for (guint i = 0; i < tasks->len; i++)
    {
      const TernTaskRecord *task = tasks->pdata[i];

      if (!holds_a_place (task))
        continue;
      leaving += leaves (task, candidate->source);
      arriving += g_str_equal (task->destination, candidate->destination);
    }
  if (leaves (candidate, candidate->source) && leaving >= limits->per_source)
    return FALSE;
  return arriving < limits->per_destination;
}

const TernTaskRecord *
tern_queue_next (const GPtrArray *tasks, const TernQueueLimits *limits)
{
  for (guint i = 0; i < tasks->len; i++)
    {
      const TernTaskRecord *task = tasks->pdata[i];

      if (task->phase == TERN_PHASE_QUEUED && has_room (tasks, task, limits))
        return task;
    }
  return NULL;
}
