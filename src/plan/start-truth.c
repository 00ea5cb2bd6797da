/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where is the VM, while it is being started? A table over what both hosts say. What
 * leads to an act or an alarm is seen twice, since hosts are not asked at the same instant.
 */
#include "config.h"

#include "plan/start-truth.h"

typedef enum
{
  SOURCE_UNKNOWN,
  SOURCE_ACTIVE,
  SOURCE_OFF,
  SOURCE_ABSENT,
  SOURCE_SAME, /* source and destination are one host */
  N_SOURCES
} SourceClass;

typedef enum
{
  DEST_UNKNOWN,
  DEST_RUNNING,
  DEST_STANDING,
  DEST_OFF,
  DEST_ABSENT,
  N_DESTS
} DestClass;

/* clang-format off */
#define ROW(a, b, c, d, e) { TERN_START_##a, TERN_START_##b, TERN_START_##c, TERN_START_##d, TERN_START_##e }
static const TernStartTruth table[N_SOURCES][N_DESTS] = {
  /* destination:         unknown  running     standing    off            absent */
  [SOURCE_UNKNOWN] = ROW (UNKNOWN, UNKNOWN,    UNKNOWN,    UNKNOWN,       UNKNOWN),
  [SOURCE_ACTIVE]  = ROW (UNKNOWN, TWO_COPIES, TWO_COPIES, ELSEWHERE,     ELSEWHERE),
  [SOURCE_OFF]     = ROW (UNKNOWN, RUNS,       STANDS,     DEFINED_TWICE, AT_HOME),
  [SOURCE_ABSENT]  = ROW (UNKNOWN, RUNS,       STANDS,     READY,         GONE),
  [SOURCE_SAME]    = ROW (UNKNOWN, RUNS,       STANDS,     READY,         GONE),
};
#undef ROW
/* clang-format on */

static SourceClass
classify_source (const TernSighting *seen)
{
  if (seen == NULL)
    return SOURCE_SAME;
  if (!seen->known || (seen->present && seen->state == TERN_VM_UNKNOWN))
    return SOURCE_UNKNOWN;
  if (!seen->present)
    return SOURCE_ABSENT;
  return tern_vm_state_is_active (seen->state) ? SOURCE_ACTIVE : SOURCE_OFF;
}

static DestClass
classify_destination (const TernSighting *seen)
{
  if (!seen->known)
    return DEST_UNKNOWN;
  if (!seen->present)
    return DEST_ABSENT;
  switch (seen->state)
    {
    case TERN_VM_RUNNING:
    case TERN_VM_SHUTTING_DOWN:
      return DEST_RUNNING;
    case TERN_VM_PAUSED:
    case TERN_VM_SUSPENDED:
      return DEST_STANDING;
    case TERN_VM_SHUT_OFF:
    case TERN_VM_CRASHED:
      /* What an offline migration that broke off leaves until libvirtd is restarted. */
      return seen->persistent ? DEST_OFF : DEST_ABSENT;
    default:
      return DEST_UNKNOWN;
    }
}

TernStartTruth
tern_start_truth_judge (const TernSighting *source, const TernSighting *destination)
{
  return table[classify_source (source)][classify_destination (destination)];
}

static gboolean
is_confirmed (const TernVerifying *verifying)
{
  return verifying->looks >= 2;
}

/* The definition was copied: what now? */
static TernTaskEvent
judge_definitions (TernStartTruth truth, const TernVerifying *verifying)
{
  switch (truth)
    {
    case TERN_START_READY:
      return is_confirmed (verifying) ? TERN_EVENT_DEFINED : TERN_EVENT_UNSETTLED;
    case TERN_START_DEFINED_TWICE:
      if (verifying->repairs >= TERN_VERIFY_MAX_REPAIRS)
        return TERN_EVENT_STAYED;
      return is_confirmed (verifying) ? TERN_EVENT_LEFTOVER : TERN_EVENT_UNSETTLED;
    default:
      return TERN_EVENT_STAYED;
    }
}

static TernTaskEvent
wait_up_to_the_bound (const TernVerifying *verifying)
{
  return verifying->elapsed_us >= TERN_VERIFY_BOUND_US ? TERN_EVENT_UNKNOWABLE
                                                       : TERN_EVENT_UNSETTLED;
}

/* It does not run: does that mean that it was not started? */
static TernTaskEvent
judge_not_running (const TernVerifying *verifying)
{
  /* The host still works on it: it may begin at any time, and no time proves that it will not. */
  if (verifying->overdue)
    return wait_up_to_the_bound (verifying);
  if (!verifying->answered
      && (verifying->looks < TERN_VERIFY_LOOKS_UNANSWERED
          || verifying->elapsed_us < TERN_START_UNANSWERED_US))
    return TERN_EVENT_UNSETTLED;
  return TERN_EVENT_STAYED;
}

TernTaskEvent
tern_start_truth_to_event (TernStartTruth truth, TernTaskPhase phase,
                           const TernVerifying *verifying)
{
  switch (truth)
    {
    case TERN_START_RUNS:
      return TERN_EVENT_MOVED;
    case TERN_START_READY:
    case TERN_START_DEFINED_TWICE:
    case TERN_START_AT_HOME:
    case TERN_START_ELSEWHERE:
      return phase == TERN_PHASE_DEFINING ? judge_definitions (truth, verifying)
                                          : judge_not_running (verifying);
    case TERN_START_TWO_COPIES:
    case TERN_START_GONE:
      return is_confirmed (verifying) ? TERN_EVENT_UNKNOWABLE : TERN_EVENT_UNSETTLED;
    default:
      return wait_up_to_the_bound (verifying);
    }
}

static char *
explain_meaning (TernStartTruth truth, const char *vm, const char *source, const char *destination)
{
  switch (truth)
    {
    case TERN_START_RUNS:
      return g_strdup_printf ("%s runs on %s", vm, destination);
    case TERN_START_STANDS:
      return g_strdup_printf (
          "%s was started on %s and does not run: look at it with “virsh domstate "
          "--reason” there",
          vm, destination);
    case TERN_START_READY:
      return g_strdup_printf ("%s is defined on %s and was not started, or ended at once: see its "
                              "log there",
                              vm, destination);
    case TERN_START_DEFINED_TWICE:
      return g_strdup_printf ("%s was not started; it is defined on both %s and %s: remove one of "
                              "them with “virsh undefine” there (not with --remove-all-storage), "
                              "then start it again",
                              vm, source, destination);
    case TERN_START_AT_HOME:
      return g_strdup_printf ("%s was not started; it is defined on %s, as before", vm, source);
    case TERN_START_ELSEWHERE:
      return g_strdup_printf ("%s was not started on %s: somebody started it on %s", vm,
                              destination, source);
    case TERN_START_TWO_COPIES:
      return g_strdup_printf (
          "%s RUNS TWICE, on %s and on %s; both may write to its disks: look at "
          "both guests now, and stop the wrong one with “virsh destroy” there",
          vm, source, destination);
    case TERN_START_GONE:
      return g_strdup_printf ("%s is not defined on %s%s%s any more: somebody removed it", vm,
                              destination, source != NULL ? ", and not on " : "",
                              source != NULL ? source : "");
    default:
      return g_strdup_printf ("it is not known whether %s runs; it is looked at again when %s%s%s "
                              "answers",
                              vm, destination, source != NULL ? " as well as " : "",
                              source != NULL ? source : "");
    }
}

static gboolean
is_not_running (TernStartTruth truth)
{
  return truth == TERN_START_READY || truth == TERN_START_DEFINED_TWICE
         || truth == TERN_START_AT_HOME || truth == TERN_START_ELSEWHERE;
}

static char *
explain_overdue (TernStartTruth truth, const char *vm, const char *source, const char *destination)
{
  if (truth == TERN_START_ELSEWHERE)
    return g_strdup_printf ("%s was told to start %s, and has not said what came of it; somebody "
                            "started it on %s meanwhile, and on %s it may still begin to run: look "
                            "with “virsh list --all” on both, and restart libvirtd on %s, so that "
                            "it does not RUN TWICE",
                            destination, vm, source, destination, destination);
  return g_strdup_printf ("%s was told to start %s, and has not said what came of it; %s does not "
                          "run there now, and may still begin to: look with “virsh list --all” on "
                          "%s, and start it by hand there, or restart libvirtd there",
                          destination, vm, vm, destination);
}

char *
tern_start_truth_explain (TernStartTruth truth, gboolean overdue, const char *vm,
                          const char *source, const TernSighting *source_sighting,
                          const char *destination, const TernSighting *destination_sighting)
{
  gboolean apart = source_sighting != NULL;
  g_autofree char *meaning = overdue && is_not_running (truth)
                                 ? explain_overdue (truth, vm, source, destination)
                                 : explain_meaning (truth, vm, apart ? source : NULL, destination);
  g_autofree char *here = tern_sighting_to_string (destination_sighting);
  g_autofree char *there = NULL;
  g_autofree char *old = NULL;

  if (!apart)
    return g_strdup_printf ("%s (seen on %s: %s)", meaning, destination, here);
  there = tern_sighting_to_string (source_sighting);
  if (truth == TERN_START_RUNS && source_sighting->present)
    old = g_strdup_printf ("; its old definition is still on %s: remove it with “virsh undefine” "
                           "there",
                           source);
  return g_strdup_printf ("%s%s (seen on %s: %s; on %s: %s)", meaning, old != NULL ? old : "",
                          source, there, destination, here);
}
