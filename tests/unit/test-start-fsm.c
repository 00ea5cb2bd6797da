/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of a start's life and the table of what hosts show of it, walked whole: every phase
 * with every event, every pair of sightings.
 */
#include "config.h"

#include "plan/start-fsm.h"
#include "plan/start-truth.h"

#include "tern-check.h"

static gboolean
is_settled (TernTaskPhase phase)
{
  return tern_task_phase_is_final (phase) && phase != TERN_PHASE_ATTENTION;
}

static gboolean
is_used (TernTaskPhase phase)
{
  switch (phase)
    {
    case TERN_PHASE_PREPARING:
    case TERN_PHASE_COPYING:
    case TERN_PHASE_SWITCHING:
    case TERN_PHASE_POSTCOPY:
    case TERN_PHASE_RECOVERING:
    case TERN_PHASE_RESOLVING:
    case TERN_PHASE_CANCELLING:
    case TERN_PHASE_FOLLOWING:
    case TERN_PHASE_REPAIRING:
    case TERN_PHASE_SHUTTING_DOWN:
    case TERN_PHASE_DRAINING:
    case TERN_PHASE_RETURNING:
    case TERN_PHASE_REMAINDER:
      return FALSE;
    default:
      return TRUE;
    }
}

static void
reach (TernTaskPhase phase, gboolean *seen)
{
  if (seen[phase])
    return;
  seen[phase] = TRUE;
  for (guint event = 0; event < TERN_N_EVENTS; event++)
    if (tern_start_fsm_next (phase, event).accepted)
      reach (tern_start_fsm_next (phase, event).phase, seen);
}

/* The table */

START_TEST (phases_of_a_move_are_never_reached_and_all_others_are)
{
  gboolean seen[TERN_N_PHASES] = { FALSE };

  reach (TERN_PHASE_QUEUED, seen);
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    ck_assert_msg (seen[phase] == is_used (phase), "%s", tern_task_phase_to_string (phase));
}
END_TEST

START_TEST (a_refused_event_changes_nothing_and_what_is_settled_refuses_all)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    for (guint event = 0; event < TERN_N_EVENTS; event++)
      {
        TernTaskStep step = tern_start_fsm_next (phase, event);

        if (is_settled (phase) || !is_used (phase))
          ck_assert (!step.accepted);
        if (step.accepted)
          continue;
        ck_assert_int_eq (step.phase, phase);
        ck_assert_int_eq (step.action, TERN_ACTION_NONE);
      }
}
END_TEST

/* What is not written before it is done would be done twice after a restart. */
START_TEST (each_act_follows_a_phase_of_its_own)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    for (guint event = 0; event < TERN_N_EVENTS; event++)
      {
        TernTaskStep step = tern_start_fsm_next (phase, event);

        /* Right after all hosts were asked. */
        if (step.action == TERN_ACTION_START)
          ck_assert (step.phase == TERN_PHASE_STARTING && phase == TERN_PHASE_CHECKING);
        if (step.action == TERN_ACTION_DEFINE)
          ck_assert (step.phase == TERN_PHASE_DEFINING && phase == TERN_PHASE_CHECKING);
        if (step.action == TERN_ACTION_DISCARD)
          ck_assert (step.phase == TERN_PHASE_DEFINING && phase == TERN_PHASE_DEFINING);
        ck_assert (step.action != TERN_ACTION_MIGRATE && step.action != TERN_ACTION_RESUME);
      }
}
END_TEST

START_TEST (a_restart_repeats_no_act_and_looks)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    {
      TernTaskStep step = tern_start_fsm_next (phase, TERN_EVENT_RESTARTED);

      ck_assert_int_eq (step.accepted, is_used (phase) && !is_settled (phase));
      if (!step.accepted || phase == TERN_PHASE_QUEUED)
        continue;
      if (phase == TERN_PHASE_CHECKING)
        ck_assert_int_eq (step.phase, TERN_PHASE_FAILED);
      else
        ck_assert (step.phase == TERN_PHASE_VERIFYING && step.action == TERN_ACTION_INSPECT);
    }
}
END_TEST

START_TEST (a_cancel_is_heard_everywhere_and_stops_only_what_was_not_begun)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    {
      TernTaskStep step = tern_start_fsm_next (phase, TERN_EVENT_CANCEL);
      gboolean stops = phase == TERN_PHASE_QUEUED || phase == TERN_PHASE_CHECKING;
      gboolean heeded = stops || phase == TERN_PHASE_DEFINING;

      ck_assert_int_eq (step.accepted, is_used (phase) && !tern_task_phase_is_final (phase));
      ck_assert_int_eq (tern_start_phase_is_cancelable (phase), heeded);
      if (step.accepted && !stops)
        ck_assert (step.phase == phase && step.action == TERN_ACTION_NONE);
    }
}
END_TEST

START_TEST (from_verifying_nothing_is_begun)
{
  gboolean seen[TERN_N_PHASES] = { FALSE };

  reach (TERN_PHASE_VERIFYING, seen);
  ck_assert (!seen[TERN_PHASE_DEFINING] && !seen[TERN_PHASE_STARTING]);
}
END_TEST

/* What hosts show */

static TernSighting
make_sighting (guint i)
{
  TernSighting seen = { .known = i > 0, .present = i > 1 };

  if (i > 1)
    {
      seen.state = (TernVmState) ((i - 2) / 2);
      seen.persistent = i % 2 == 0;
    }
  return seen;
}

#define N_SIGHTINGS (2 + 2 * TERN_VM_N_STATES)

static gboolean
is_active (const TernSighting *seen)
{
  return seen->present && tern_vm_state_is_active (seen->state);
}

static gboolean
says_something (const TernSighting *seen)
{
  return seen->known && !(seen->present && seen->state == TERN_VM_UNKNOWN);
}

typedef void (*PairFunc) (const TernSighting *source, const TernSighting *destination,
                          TernTaskPhase phase, TernVerifying *verifying, TernTaskEvent event);

static void
for_each_case (PairFunc func)
{
  static const TernTaskPhase phases[] = { TERN_PHASE_DEFINING, TERN_PHASE_VERIFYING };

  for (guint i = 0; i <= N_SIGHTINGS; i++)
    for (guint j = 0; j < N_SIGHTINGS; j++)
      for (guint k = 0; k < 128; k++)
        {
          TernSighting there = make_sighting (i), here = make_sighting (j);
          const TernSighting *source = i < N_SIGHTINGS ? &there : NULL;
          TernVerifying verifying = {
            .looks = k & 1 ? 6 : 1,
            .elapsed_us = k & 2    ? TERN_VERIFY_BOUND_US
                          : k & 32 ? TERN_START_UNANSWERED_US
                                   : 0,
            .repairs = k & 4 ? TERN_VERIFY_MAX_REPAIRS : 0,
            .answered = (k & 8) != 0,
            .overdue = (k & 64) != 0,
          };
          TernTaskPhase phase = phases[(k & 16) != 0];
          TernStartTruth truth = tern_start_truth_judge (source, &here);

          func (source, &here, phase, &verifying,
                tern_start_truth_to_event (truth, phase, &verifying));
        }
}

static void
check_event (const TernSighting *source, const TernSighting *destination, TernTaskPhase phase,
             TernVerifying *verifying, TernTaskEvent event)
{
  gboolean silent = (source != NULL && !says_something (source)) || !says_something (destination);
  gboolean at_source = source != NULL && is_active (source);

  ck_assert (tern_start_fsm_next (phase, event).accepted);
  if (silent)
    ck_assert (event == TERN_EVENT_UNSETTLED || event == TERN_EVENT_UNKNOWABLE);
  if (event == TERN_EVENT_MOVED)
    ck_assert (is_active (destination) && !at_source);
  if (event == TERN_EVENT_DEFINED)
    ck_assert (phase == TERN_PHASE_DEFINING && verifying->looks >= 2 && destination->present
               && destination->persistent && !is_active (destination)
               && (source == NULL || !source->present));
  if (event == TERN_EVENT_LEFTOVER)
    ck_assert (phase == TERN_PHASE_DEFINING && verifying->looks >= 2 && destination->present
               && destination->persistent && source->present && !at_source
               && !is_active (destination));
  if (event == TERN_EVENT_STAYED)
    ck_assert (!is_active (destination));
  if (event == TERN_EVENT_STAYED && phase == TERN_PHASE_VERIFYING && !verifying->answered)
    ck_assert (verifying->looks >= TERN_VERIFY_LOOKS_UNANSWERED
               && verifying->elapsed_us >= TERN_START_UNANSWERED_US);
  /* Not seen to run is not seen not to be started while the host may still work on it. */
  if (phase == TERN_PHASE_VERIFYING && verifying->overdue)
    ck_assert (event != TERN_EVENT_STAYED);
  if (event == TERN_EVENT_UNKNOWABLE && verifying->overdue && !silent
      && verifying->elapsed_us < TERN_VERIFY_BOUND_US)
    ck_assert (verifying->looks >= 2);
  if (event == TERN_EVENT_UNKNOWABLE && !silent && !verifying->overdue
      && destination->state != TERN_VM_PAUSED && destination->state != TERN_VM_SUSPENDED)
    ck_assert (verifying->looks >= 2);
  if (verifying->elapsed_us >= TERN_VERIFY_BOUND_US && verifying->looks > 2)
    ck_assert (event != TERN_EVENT_UNSETTLED);
}

START_TEST (of_every_pair_of_sightings_only_what_was_seen_is_concluded)
{
  for_each_case (check_event);
}
END_TEST

static void
check_sentence (const TernSighting *source, const TernSighting *destination, TernTaskPhase phase,
                TernVerifying *verifying, TernTaskEvent event)
{
  TernStartTruth truth = tern_start_truth_judge (source, destination);
  g_autofree char *text = tern_start_truth_explain (truth, verifying->overdue, "web", "anna",
                                                    source, "bert", destination);

  (void) event;
  if (phase == TERN_PHASE_VERIFYING && verifying->overdue)
    ck_assert_ptr_null (strstr (text, "was not started"));
  ck_assert_ptr_nonnull (strstr (text, "web"));
  ck_assert_ptr_nonnull (strstr (text, "bert"));
  ck_assert_int_eq (strstr (text, "anna") != NULL, source != NULL);
}

START_TEST (every_pair_of_sightings_has_a_sentence_with_the_hosts_that_were_asked)
{
  for_each_case (check_sentence);
}
END_TEST

TERN_CHECK_MAIN (
    "start-fsm", tcase_add_test (tcase, phases_of_a_move_are_never_reached_and_all_others_are);
    tcase_add_test (tcase, a_refused_event_changes_nothing_and_what_is_settled_refuses_all);
    tcase_add_test (tcase, each_act_follows_a_phase_of_its_own);
    tcase_add_test (tcase, a_restart_repeats_no_act_and_looks);
    tcase_add_test (tcase, a_cancel_is_heard_everywhere_and_stops_only_what_was_not_begun);
    tcase_add_test (tcase, from_verifying_nothing_is_begun);
    tcase_add_test (tcase, of_every_pair_of_sightings_only_what_was_seen_is_concluded);
    tcase_add_test (tcase, every_pair_of_sightings_has_a_sentence_with_the_hosts_that_were_asked);)
