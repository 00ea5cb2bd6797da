/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * May a move that failed be tried to another host?
 */
#include "config.h"

#include "plan/retry.h"

#include "base/error.h"

/* What may lie with the destination. A lost connection of our own says nothing of it once the call
 * was made; before that it is the destination that did not answer. */
static gboolean
may_lie_with_destination (int error_code, gboolean call_was_made)
{
  switch (error_code)
    {
    case TERN_ERROR_FAILED:
    case TERN_ERROR_REFUSED:
    case TERN_ERROR_NOT_AUTHORIZED:
    case TERN_ERROR_NOT_SUPPORTED:
      return TRUE;
    case TERN_ERROR_UNREACHABLE:
    case TERN_ERROR_TIMED_OUT:
      return !call_was_made;
    default:
      return FALSE;
    }
}

static gboolean
runs_as_before (const TernSighting *source)
{
  return source->known && source->present && !source->job_active
         && source->state == TERN_VM_RUNNING;
}

static guint
count_failed_hosts (const TernTaskRecord *record)
{
  return 1 + (record->tried != NULL ? g_strv_length (record->tried) : 0);
}

gboolean
tern_retry_was_broken_off (const TernTaskRecord *record)
{
  guint n = record->steps != NULL ? g_strv_length (record->steps) : 0;

  return record->phase == TERN_PHASE_FAILED && n > 0
         && g_str_has_suffix (record->steps[n - 1], ": " TERN_STEP_BROKEN_OFF);
}

gboolean
tern_retry_allows (const TernTaskRecord *record, int error_code, const TernSighting *source)
{
  if (tern_task_record_is_start (record) || !record->chosen || record->cancel_requested
      || record->abort_reason != NULL || record->resolution != NULL)
    return FALSE;
  if (source != NULL && !runs_as_before (source))
    return FALSE;
  return may_lie_with_destination (error_code, source != NULL)
         && count_failed_hosts (record) < TERN_RETRY_MAX_HOSTS;
}
