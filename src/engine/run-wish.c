/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What people and the queue want of a task under way: that it stops, goes on in another way, is
 * looked at again, hangs no longer on a host that is gone.
 */
#include "config.h"

#include "engine/run.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "engine/task-private.h"

#define MAX_NAME_SHOWN 60

static void
note_cancel (TernTaskRecord *record, gpointer data)
{
  (void) data;
  record->cancel_requested = TRUE;
}

void
tern_run_cancel (TernRun *self)
{
  tern_run_edit (self, note_cancel, NULL);
  tern_task_tell (self->task);
  tern_run_feed (self, TERN_EVENT_CANCEL);
}

void
tern_run_dismiss (TernRun *self, const char *host)
{
  g_autofree char *vm = tern_text_visible (tern_run_get_record (self)->vm_name, MAX_NAME_SHOWN);

  if (tern_run_get_record (self)->phase != TERN_PHASE_ATTENTION)
    return;
  g_clear_error (&self->call_error);
  self->call_error = g_error_new (
      TERN_ERROR, TERN_ERROR_FAILED,
      "%s was removed while it was not known whether %s runs there; nobody looked since: make "
      "sure that it does not",
      host, vm);
  self->dismissed = TRUE;
  tern_run_feed (self, TERN_EVENT_DISMISSED);
}

/* Returns: whether the hypervisor was or may have been asked by now, so that it is too late to
 * prepare anything */
static gboolean
is_begun (TernTaskPhase phase)
{
  return phase != TERN_PHASE_QUEUED && phase != TERN_PHASE_CHECKING;
}

static gboolean
refuse (TernRun *self, GError **error, const char *why)
{
  g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED, "Task %" G_GUINT64_FORMAT " %s",
               tern_run_get_record (self)->id, why);
  return FALSE;
}

gboolean
tern_run_switch (TernRun *self, TernPolicy policy, gint64 uid, GError **error)
{
  const TernTaskRecord *record = tern_run_get_record (self);
  TernTaskPhase phase = tern_run_peek_phase (self);
  g_autofree char *why = NULL;

  if (tern_task_record_is_start (record))
    return refuse (self, error, "starts a VM: only a move has a policy");
  if (!tern_run_accepts (self, TERN_EVENT_SWITCHED))
    {
      why = g_strdup_printf ("is past the point where a policy matters (%s)",
                             tern_task_phase_to_string (phase));
      return refuse (self, error, why);
    }
  if (record->cancel_requested || record->abort_reason != NULL)
    return refuse (self, error, "is being stopped: no policy matters to it any more");
  if (TERN_RUN_GET_CLASS (self)->check_switch != NULL)
    why = TERN_RUN_GET_CLASS (self)->check_switch (self);
  if (why != NULL)
    return refuse (self, error, why);
  if (policy == TERN_POLICY_POSTCOPY && is_begun (phase) && !record->postcopy_ready)
    {
      g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);

      why = g_strdup_printf ("was begun without post-copy, which cannot be added later; the policy "
                             "“force” ends it too, or cancel it and move %s anew with “--policy "
                             "postcopy”",
                             vm);
      return refuse (self, error, why);
    }

  tern_log (G_LOG_LEVEL_MESSAGE, NULL, NULL,
            "Task %" G_GUINT64_FORMAT ": user %" G_GINT64_FORMAT " gave it the policy %s",
            record->id, uid, tern_policy_to_string (policy));
  self->wanted_policy = policy;
  tern_run_feed (self, TERN_EVENT_SWITCHED);
  return TRUE;
}

static void
forget_recoveries (TernTaskRecord *record, gpointer data)
{
  (void) data;
  record->recoveries = 0;
}

gboolean
tern_run_recheck (TernRun *self, GError **error)
{
  if (tern_run_peek_phase (self) != TERN_PHASE_ATTENTION)
    return refuse (self, error, "needs no attention: there is nothing to look at again");
  tern_run_edit (self, forget_recoveries, NULL);
  self->asked = TRUE;
  tern_run_feed (self, TERN_EVENT_RECHECK);
  return TRUE;
}

void
tern_run_set_share (TernRun *self, guint64 share_bps)
{
  if (self->closed || self->share_bps == share_bps)
    return;
  self->share_bps = share_bps;
  if (TERN_RUN_GET_CLASS (self)->share_changed != NULL)
    TERN_RUN_GET_CLASS (self)->share_changed (self);
}
