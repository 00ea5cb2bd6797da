/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of one relocation, as a table.
 *
 *   queued -> checking -> defining -> verifying -> done | failed | attention
 *                 \-> failed            ^  \
 *                                      repairing (the source's definition goes)
 *
 * It is done when the destination has the definition and the source has none. The source's one goes
 * only after both were seen twice. What somebody started meanwhile is left alone.
 */
#include "config.h"

#include "plan/relocate-fsm.h"

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
    [TERN_EVENT_AWAY]        = GO (DEFINING, DEFINE),
    [TERN_EVENT_REFUSED]     = GO (FAILED, REPORT),
    [TERN_EVENT_CANCEL]      = GO (CANCELLED, REPORT),
    [TERN_EVENT_RESTARTED]   = GO (FAILED, REPORT),
  },
  [TERN_PHASE_DEFINING] = {
    [TERN_EVENT_RETURNED]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_LOST]        = GO (VERIFYING, INSPECT),
    [TERN_EVENT_RESTARTED]   = GO (VERIFYING, INSPECT),
    [TERN_EVENT_CANCEL]      = GO (DEFINING, NONE),
  },
  [TERN_PHASE_VERIFYING] = {
    [TERN_EVENT_MOVED]       = GO (DONE, REPORT),
    [TERN_EVENT_STAYED]      = GO (FAILED, REPORT),
    [TERN_EVENT_UNSETTLED]   = GO (VERIFYING, INSPECT_LATER),
    [TERN_EVENT_LEFTOVER]    = GO (REPAIRING, DISCARD),
    [TERN_EVENT_UNKNOWABLE]  = GO (ATTENTION, REPORT),
    [TERN_EVENT_CANCEL]      = GO (VERIFYING, NONE),
    [TERN_EVENT_RESTARTED]   = GO (VERIFYING, INSPECT),
  },
  [TERN_PHASE_REPAIRING] = {
    [TERN_EVENT_REPAIRED]    = GO (VERIFYING, INSPECT),
    [TERN_EVENT_CANCEL]      = GO (REPAIRING, NONE),
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
tern_relocate_fsm_next (TernTaskPhase phase, TernTaskEvent event)
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
tern_relocate_phase_is_cancelable (TernTaskPhase phase)
{
  TernTaskStep step = tern_relocate_fsm_next (phase, TERN_EVENT_CANCEL);

  return step.accepted && step.phase != phase;
}

/* A host may carry out late what it was told. */
static gboolean
may_still_come (const TernVerifying *verifying)
{
  return !verifying->answered
         && (verifying->looks < TERN_VERIFY_LOOKS_UNANSWERED
             || verifying->elapsed_us < TERN_START_UNANSWERED_US);
}

TernTaskEvent
tern_relocate_truth_to_event (TernStartTruth truth, const TernVerifying *verifying)
{
  gboolean confirmed = verifying->looks >= 2;

  switch (truth)
    {
    case TERN_START_READY:
      return confirmed ? TERN_EVENT_MOVED : TERN_EVENT_UNSETTLED;
    case TERN_START_DEFINED_TWICE:
      if (verifying->repairs >= TERN_VERIFY_MAX_REPAIRS)
        return TERN_EVENT_STAYED;
      return confirmed ? TERN_EVENT_LEFTOVER : TERN_EVENT_UNSETTLED;
    case TERN_START_AT_HOME:
      return may_still_come (verifying) ? TERN_EVENT_UNSETTLED : TERN_EVENT_STAYED;
    case TERN_START_RUNS:
    case TERN_START_STANDS:
    case TERN_START_ELSEWHERE:
      return confirmed ? TERN_EVENT_STAYED : TERN_EVENT_UNSETTLED;
    case TERN_START_TWO_COPIES:
    case TERN_START_GONE:
      return confirmed ? TERN_EVENT_UNKNOWABLE : TERN_EVENT_UNSETTLED;
    default:
      return verifying->elapsed_us >= TERN_VERIFY_BOUND_US ? TERN_EVENT_UNKNOWABLE
                                                           : TERN_EVENT_UNSETTLED;
    }
}

static char *
explain_meaning (TernStartTruth truth, const char *vm, const char *source, const char *destination)
{
  switch (truth)
    {
    case TERN_START_READY:
      return g_strdup_printf ("%s is defined on %s, and not on %s any more", vm, destination,
                              source);
    case TERN_START_DEFINED_TWICE:
      return g_strdup_printf ("%s is defined on both %s and %s: remove one of them with “virsh "
                              "undefine” there (not with --remove-all-storage)",
                              vm, source, destination);
    case TERN_START_AT_HOME:
      return g_strdup_printf ("%s is defined on %s, as before", vm, source);
    case TERN_START_RUNS:
    case TERN_START_STANDS:
      return g_strdup_printf ("somebody started %s on %s meanwhile; it was left alone", vm,
                              destination);
    case TERN_START_ELSEWHERE:
      return g_strdup_printf ("somebody started %s on %s meanwhile; it was left alone", vm, source);
    case TERN_START_TWO_COPIES:
      return g_strdup_printf (
          "%s RUNS TWICE, on %s and on %s; both may write to its disks: look at "
          "both guests now, and stop the wrong one with “virsh destroy” there",
          vm, source, destination);
    case TERN_START_GONE:
      return g_strdup_printf ("%s is defined neither on %s nor on %s any more: somebody removed it",
                              vm, source, destination);
    default:
      return g_strdup_printf ("it is not known where %s is defined; it is looked at again when %s "
                              "and %s answer",
                              vm, source, destination);
    }
}

char *
tern_relocate_explain (TernStartTruth truth, const char *vm, const char *source,
                       const TernSighting *source_sighting, const char *destination,
                       const TernSighting *destination_sighting)
{
  g_autofree char *meaning = explain_meaning (truth, vm, source, destination);
  g_autofree char *there = tern_sighting_to_string (source_sighting);
  g_autofree char *here = tern_sighting_to_string (destination_sighting);

  return g_strdup_printf ("%s (seen on %s: %s; on %s: %s)", meaning, source, there, destination,
                          here);
}
