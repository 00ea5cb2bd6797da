/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of one start, as a table.
 *
 *   queued -> checking -> starting -> verifying -> done
 *                |  \ ^                  ^  |  \-> failed
 *                |   defining -----------+  +---> attention
 *              failed
 *
 * When the definition is over there, all hosts are asked once more: that may have taken minutes.
 * Each act (to define, to remove the old definition, to start) follows a phase that was written.
 * None is repeated: what is found in "defining" or "starting" after a restart is looked at, and
 * what is seen is the end of it.
 */
#include "config.h"

#include "plan/start-fsm.h"

#define GO(p, a)                                                                                   \
  {                                                                                                \
    TERN_PHASE_##p, TERN_ACTION_##a, TRUE                                                          \
  }

/* Tables are read by column. */
/* clang-format off */
static const TernTaskStep steps[TERN_N_PHASES][TERN_N_EVENTS] = {
  [TERN_PHASE_QUEUED] = {
    [TERN_EVENT_ADMITTED]    = GO (CHECKING, CHECK),
    [TERN_EVENT_CANCEL]      = GO (CANCELLED, REPORT),
    [TERN_EVENT_RESTARTED]   = GO (QUEUED, NONE),
  },
  [TERN_PHASE_CHECKING] = {
    [TERN_EVENT_CHECKED]     = GO (STARTING, START),
    [TERN_EVENT_AWAY]        = GO (DEFINING, DEFINE),
    [TERN_EVENT_REFUSED]     = GO (FAILED, REPORT),
    [TERN_EVENT_CANCEL]      = GO (CANCELLED, REPORT),
    /* As for a migration: nothing is under way, and it may have been told to have failed. */
    [TERN_EVENT_RESTARTED]   = GO (FAILED, REPORT),
  },
  [TERN_PHASE_DEFINING] = {
    [TERN_EVENT_RETURNED]    = GO (DEFINING, INSPECT),
    [TERN_EVENT_UNSETTLED]   = GO (DEFINING, INSPECT_LATER),
    [TERN_EVENT_LEFTOVER]    = GO (DEFINING, DISCARD),
    [TERN_EVENT_REPAIRED]    = GO (DEFINING, INSPECT),
    [TERN_EVENT_DEFINED]     = GO (CHECKING, CHECK),
    [TERN_EVENT_MOVED]       = GO (DONE, REPORT),
    [TERN_EVENT_STAYED]      = GO (FAILED, REPORT),
    [TERN_EVENT_UNKNOWABLE]  = GO (ATTENTION, REPORT),
    /* Nobody knows whether the host got the call: it is looked at, and not gone on with. */
    [TERN_EVENT_LOST]        = GO (VERIFYING, INSPECT),
    [TERN_EVENT_RESTARTED]   = GO (VERIFYING, INSPECT),
    /* Its definition goes over, and then the wish is heeded. */
    [TERN_EVENT_CANCEL]      = GO (DEFINING, NONE),
  },
  [TERN_PHASE_STARTING] = {
    [TERN_EVENT_RETURNED]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_LOST]        = GO (VERIFYING, INSPECT),
    [TERN_EVENT_RESTARTED]   = GO (VERIFYING, INSPECT),
    [TERN_EVENT_CANCEL]      = GO (STARTING, NONE),
  },
  [TERN_PHASE_VERIFYING] = {
    [TERN_EVENT_MOVED]       = GO (DONE, REPORT),
    [TERN_EVENT_STAYED]      = GO (FAILED, REPORT),
    [TERN_EVENT_UNSETTLED]   = GO (VERIFYING, INSPECT_LATER),
    [TERN_EVENT_UNKNOWABLE]  = GO (ATTENTION, REPORT),
    [TERN_EVENT_CANCEL]      = GO (VERIFYING, NONE),
    [TERN_EVENT_RESTARTED]   = GO (VERIFYING, INSPECT),
  },
  /* Nobody decides here, but the truth may come to light by itself. */
  [TERN_PHASE_ATTENTION] = {
    [TERN_EVENT_RECHECK]     = GO (VERIFYING, INSPECT),
    [TERN_EVENT_DISMISSED]   = GO (FAILED, REPORT),
    [TERN_EVENT_RESTARTED]   = GO (VERIFYING, INSPECT),
  },
};
/* clang-format on */

TernTaskStep
tern_start_fsm_next (TernTaskPhase phase, TernTaskEvent event)
{
  TernTaskStep step;

  g_return_val_if_fail ((guint) phase < TERN_N_PHASES, (TernTaskStep){ .phase = phase });
  g_return_val_if_fail ((guint) event < TERN_N_EVENTS, (TernTaskStep){ .phase = phase });

  step = steps[phase][event];
  if (!step.accepted)
    step.phase = phase;

  return step;
}

gboolean
tern_start_phase_is_cancelable (TernTaskPhase phase)
{
  TernTaskStep step = tern_start_fsm_next (phase, TERN_EVENT_CANCEL);

  return step.accepted && (step.phase != phase || phase == TERN_PHASE_DEFINING);
}
