/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of one migration, as a table.
 *
 *   queued -> checking -> preparing -> copying -> switching -> verifying -> done
 *   ^             |            \__________\__________\______/ | | | |         failed
 *   |           failed     cancelling, following, post-copy _/  | | |         cancelled
 *   |                                               recovering _/ | attention -- resolving
 *   \___ another destination ____________________________________/ repairing
 *
 * Nothing here waits, stores or talks to a host: engine/migration.c feeds events
 * in, stores the phase that comes back, then starts the action. From the moment
 * the hypervisor may have been called ("preparing"), every way out leads through
 * "verifying": where the VM is gets looked at, never guessed from an answer.
 */
#include "config.h"

#include "plan/task-fsm.h"

#define GO(p, a)                                                                                   \
  {                                                                                                \
    TERN_PHASE_##p, TERN_ACTION_##a, TRUE                                                          \
  }

/* Tables are read by column. */
/* clang-format off */
static const TernTaskStep steps[TERN_N_PHASES][TERN_N_EVENTS] = {
  [TERN_PHASE_QUEUED] = {
    [TERN_EVENT_ADMITTED]    = GO (CHECKING, CHECK),
    [TERN_EVENT_SWITCHED]    = GO (QUEUED, NONE),
    [TERN_EVENT_CANCEL]      = GO (CANCELLED, REPORT),
    [TERN_EVENT_RESTARTED]   = GO (QUEUED, NONE),
  },
  [TERN_PHASE_CHECKING] = {
    [TERN_EVENT_CHECKED]     = GO (PREPARING, MIGRATE),
    /* Written with what will be taken out; then it is checked whether it is. */
    [TERN_EVENT_MEDIA]       = GO (CHECKING, EJECT),
    [TERN_EVENT_REFUSED]     = GO (FAILED, REPORT),
    [TERN_EVENT_RETRY]       = GO (QUEUED, NONE),
    [TERN_EVENT_SWITCHED]    = GO (CHECKING, NONE),
    [TERN_EVENT_CANCEL]      = GO (CANCELLED, REPORT),
    /*
     * "preparing" is stored before the call: so no call was made. It is not begun anew either:
     * if the store could not write, the task may have been told to have failed already.
     */
    [TERN_EVENT_RESTARTED]   = GO (FAILED, REPORT),
  },
  [TERN_PHASE_PREPARING] = {
    [TERN_EVENT_STARTED]     = GO (COPYING, NONE),
    [TERN_EVENT_SWITCHOVER]  = GO (SWITCHING, NONE),
    [TERN_EVENT_POSTCOPY]    = GO (POSTCOPY, NONE),
    [TERN_EVENT_RETURNED]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_LOST]        = GO (FOLLOWING, FOLLOW),
    [TERN_EVENT_SWITCHED]    = GO (PREPARING, NONE),
    [TERN_EVENT_CANCEL]      = GO (CANCELLING, ABORT),
    [TERN_EVENT_GIVE_UP]     = GO (CANCELLING, ABORT),
    [TERN_EVENT_RESTARTED]   = GO (FOLLOWING, FOLLOW),
  },
  [TERN_PHASE_COPYING] = {
    [TERN_EVENT_SWITCHOVER]  = GO (SWITCHING, NONE),
    [TERN_EVENT_POSTCOPY]    = GO (POSTCOPY, NONE),
    /* Written first: after a restart the policy goes on where it was. */
    [TERN_EVENT_STEP]        = GO (COPYING, STEP),
    [TERN_EVENT_RETURNED]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_LOST]        = GO (FOLLOWING, FOLLOW),
    [TERN_EVENT_JOB_GONE]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_SWITCHED]    = GO (COPYING, NONE),
    [TERN_EVENT_CANCEL]      = GO (CANCELLING, ABORT),
    [TERN_EVENT_GIVE_UP]     = GO (CANCELLING, ABORT),
    [TERN_EVENT_RESTARTED]   = GO (FOLLOWING, FOLLOW),
  },
  [TERN_PHASE_SWITCHING] = {
    /* The guest was seen to run again: the switchover did not happen yet. */
    [TERN_EVENT_STARTED]     = GO (COPYING, NONE),
    [TERN_EVENT_POSTCOPY]    = GO (POSTCOPY, NONE),
    [TERN_EVENT_RETURNED]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_LOST]        = GO (FOLLOWING, FOLLOW),
    [TERN_EVENT_JOB_GONE]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_SWITCHED]    = GO (SWITCHING, NONE),
    [TERN_EVENT_CANCEL]      = GO (CANCELLING, ABORT),
    [TERN_EVENT_GIVE_UP]     = GO (CANCELLING, ABORT),
    [TERN_EVENT_RESTARTED]   = GO (FOLLOWING, FOLLOW),
  },
  [TERN_PHASE_POSTCOPY] = {
    [TERN_EVENT_OVERDUE]     = GO (ATTENTION, REPORT),
    [TERN_EVENT_RETURNED]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_LOST]        = GO (FOLLOWING, FOLLOW),
    [TERN_EVENT_JOB_GONE]    = GO (VERIFYING, INSPECT),
    /* Too late: it runs on the destination. The wish is kept and shown. */
    [TERN_EVENT_CANCEL]      = GO (POSTCOPY, NONE),
    [TERN_EVENT_RESTARTED]   = GO (FOLLOWING, FOLLOW),
  },
  [TERN_PHASE_CANCELLING] = {
    [TERN_EVENT_POSTCOPY]    = GO (POSTCOPY, NONE),
    [TERN_EVENT_RETURNED]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_LOST]        = GO (FOLLOWING, FOLLOW),
    [TERN_EVENT_JOB_GONE]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_OVERDUE]     = GO (ATTENTION, REPORT),
    [TERN_EVENT_CANCEL]      = GO (CANCELLING, NONE),
    [TERN_EVENT_RESTARTED]   = GO (FOLLOWING, FOLLOW),
  },
  [TERN_PHASE_FOLLOWING] = {
    [TERN_EVENT_STARTED]     = GO (COPYING, NONE),
    [TERN_EVENT_SWITCHOVER]  = GO (SWITCHING, NONE),
    [TERN_EVENT_POSTCOPY]    = GO (POSTCOPY, NONE),
    [TERN_EVENT_JOB_GONE]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_SWITCHED]    = GO (FOLLOWING, NONE),
    [TERN_EVENT_CANCEL]      = GO (CANCELLING, ABORT),
    [TERN_EVENT_GIVE_UP]     = GO (CANCELLING, ABORT),
    [TERN_EVENT_RESTARTED]   = GO (FOLLOWING, FOLLOW),
  },
  [TERN_PHASE_VERIFYING] = {
    [TERN_EVENT_JOB_SEEN]    = GO (FOLLOWING, FOLLOW),
    [TERN_EVENT_MOVED]       = GO (DONE, REPORT),
    [TERN_EVENT_STAYED]      = GO (FAILED, REPORT),
    [TERN_EVENT_CALLED_OFF]  = GO (CANCELLED, REPORT),
    [TERN_EVENT_UNSETTLED]   = GO (VERIFYING, INSPECT_LATER),
    [TERN_EVENT_SOURCE_HELD] = GO (REPAIRING, RESUME),
    [TERN_EVENT_LEFTOVER]    = GO (REPAIRING, DISCARD),
    [TERN_EVENT_BROKEN]      = GO (RECOVERING, RECOVER),
    [TERN_EVENT_RETRY]       = GO (QUEUED, NONE),
    [TERN_EVENT_UNKNOWABLE]  = GO (ATTENTION, REPORT),
    /* Too late to stop it; the wish is kept and shown. */
    [TERN_EVENT_CANCEL]      = GO (VERIFYING, NONE),
    [TERN_EVENT_RESTARTED]   = GO (FOLLOWING, FOLLOW),
  },
  [TERN_PHASE_REPAIRING] = {
    [TERN_EVENT_REPAIRED]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_CANCEL]      = GO (REPAIRING, NONE),
    [TERN_EVENT_RESTARTED]   = GO (VERIFYING, INSPECT),
  },
  [TERN_PHASE_RECOVERING] = {
    [TERN_EVENT_POSTCOPY]    = GO (POSTCOPY, NONE),
    [TERN_EVENT_OVERDUE]     = GO (ATTENTION, REPORT),
    [TERN_EVENT_RETURNED]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_LOST]        = GO (FOLLOWING, FOLLOW),
    [TERN_EVENT_JOB_GONE]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_CANCEL]      = GO (RECOVERING, NONE),
    [TERN_EVENT_RESTARTED]   = GO (FOLLOWING, FOLLOW),
  },
  [TERN_PHASE_RESOLVING] = {
    [TERN_EVENT_REPAIRED]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_CANCEL]      = GO (RESOLVING, NONE),
    [TERN_EVENT_RESTARTED]   = GO (VERIFYING, INSPECT),
  },
  /* Only a person decides here, but the truth may come to light by itself. */
  [TERN_PHASE_ATTENTION] = {
    [TERN_EVENT_RECHECK]     = GO (VERIFYING, INSPECT),
    [TERN_EVENT_RETURNED]    = GO (VERIFYING, INSPECT),
    /* Nothing came over in post-copy, and now something does. */
    [TERN_EVENT_POSTCOPY]    = GO (POSTCOPY, NONE),
    [TERN_EVENT_RESOLVE]     = GO (RESOLVING, RESOLVE),
    [TERN_EVENT_DISMISSED]   = GO (FAILED, REPORT),
    [TERN_EVENT_RESTARTED]   = GO (VERIFYING, INSPECT),
  },
};

static const char *const event_names[TERN_N_EVENTS] = {
  [TERN_EVENT_ADMITTED]    = "admitted",
  [TERN_EVENT_CHECKED]     = "checked",
  [TERN_EVENT_REFUSED]     = "refused",
  [TERN_EVENT_STARTED]     = "started",
  [TERN_EVENT_SWITCHOVER]  = "switchover",
  [TERN_EVENT_POSTCOPY]    = "post-copy",
  [TERN_EVENT_STEP]        = "step",
  [TERN_EVENT_SWITCHED]    = "switched",
  [TERN_EVENT_GIVE_UP]     = "give-up",
  [TERN_EVENT_OVERDUE]     = "overdue",
  [TERN_EVENT_RETURNED]    = "returned",
  [TERN_EVENT_LOST]        = "lost",
  [TERN_EVENT_JOB_GONE]    = "job-gone",
  [TERN_EVENT_CANCEL]      = "cancel",
  [TERN_EVENT_RESTARTED]   = "restarted",
  [TERN_EVENT_JOB_SEEN]    = "job-seen",
  [TERN_EVENT_MOVED]       = "moved",
  [TERN_EVENT_STAYED]      = "stayed",
  [TERN_EVENT_CALLED_OFF]  = "called-off",
  [TERN_EVENT_UNSETTLED]   = "unsettled",
  [TERN_EVENT_SOURCE_HELD] = "source-held",
  [TERN_EVENT_LEFTOVER]    = "leftover",
  [TERN_EVENT_BROKEN]      = "broken",
  [TERN_EVENT_RETRY]       = "retry",
  [TERN_EVENT_RESOLVE]     = "resolve",
  [TERN_EVENT_UNKNOWABLE]  = "unknowable",
  [TERN_EVENT_REPAIRED]    = "repaired",
  [TERN_EVENT_DISMISSED]   = "dismissed",
  [TERN_EVENT_RECHECK]     = "recheck",
  [TERN_EVENT_MEDIA]       = "media",
  [TERN_EVENT_AWAY]        = "away",
  [TERN_EVENT_DEFINED]     = "defined",
};
/* clang-format on */

TernTaskStep
tern_task_fsm_next (TernTaskPhase phase, TernTaskEvent event)
{
  TernTaskStep step;

  g_return_val_if_fail ((guint) phase < TERN_N_PHASES, (TernTaskStep){ .phase = phase });
  g_return_val_if_fail ((guint) event < TERN_N_EVENTS, (TernTaskStep){ .phase = phase });

  step = steps[phase][event];
  if (!step.accepted)
    step.phase = phase;

  return step;
}

const char *
tern_task_event_to_string (TernTaskEvent event)
{
  g_return_val_if_fail ((guint) event < TERN_N_EVENTS, "unknown");
  return event_names[event];
}

gboolean
tern_task_phase_is_cancelable (TernTaskPhase phase)
{
  TernTaskStep step = tern_task_fsm_next (phase, TERN_EVENT_CANCEL);

  return step.accepted && step.phase != phase;
}

gboolean
tern_task_event_is_stored (TernTaskEvent event)
{
  return event == TERN_EVENT_CANCEL || event == TERN_EVENT_MEDIA || event == TERN_EVENT_STEP
         || event == TERN_EVENT_SWITCHED;
}

gboolean
tern_task_action_is_call (TernTaskAction action)
{
  return action == TERN_ACTION_MIGRATE || action == TERN_ACTION_EJECT
         || action == TERN_ACTION_DEFINE || action == TERN_ACTION_START
         || action == TERN_ACTION_SHUT_DOWN;
}

gboolean
tern_task_action_is_risky (TernTaskAction action)
{
  return action == TERN_ACTION_RESUME || action == TERN_ACTION_DISCARD
         || action == TERN_ACTION_RESOLVE || action == TERN_ACTION_START;
}

gboolean
tern_task_action_is_repair (TernTaskAction action)
{
  return action == TERN_ACTION_RESUME || action == TERN_ACTION_DISCARD
         || action == TERN_ACTION_RECOVER || action == TERN_ACTION_RESOLVE;
}
