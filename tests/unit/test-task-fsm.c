/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of a migration's life, walked as a graph: every phase with every event.
 */
#include "config.h"

#include "plan/task-fsm.h"

#include "tern-check.h"

/* Phases in which the hypervisor has not been asked to do anything. */
static gboolean
is_before_the_call (TernTaskPhase phase)
{
  return phase == TERN_PHASE_QUEUED || phase == TERN_PHASE_CHECKING;
}

/* Phases that only a start has. */
static gboolean
is_of_another_kind (TernTaskPhase phase)
{
  return phase == TERN_PHASE_DEFINING || phase == TERN_PHASE_STARTING
         || phase == TERN_PHASE_SHUTTING_DOWN || phase == TERN_PHASE_DRAINING
         || phase == TERN_PHASE_RETURNING;
}

/* Over, with the truth known: nothing ever happens to such a task again. */
static gboolean
is_settled (TernTaskPhase phase)
{
  return tern_task_phase_is_final (phase) && phase != TERN_PHASE_ATTENTION;
}

/* Marks all that can be reached from @phase without passing through @wall. */
static void
reach (TernTaskPhase phase, TernTaskPhase wall, gboolean *seen)
{
  if (seen[phase] || phase == wall)
    return;
  seen[phase] = TRUE;
  for (guint event = 0; event < TERN_N_EVENTS; event++)
    {
      TernTaskStep step = tern_task_fsm_next (phase, event);

      if (step.accepted)
        reach (step.phase, wall, seen);
    }
}

START_TEST (a_refused_event_changes_nothing)
{
  guint refused = 0;

  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    for (guint event = 0; event < TERN_N_EVENTS; event++)
      {
        TernTaskStep step = tern_task_fsm_next (phase, event);

        ck_assert_uint_lt (step.phase, TERN_N_PHASES);
        ck_assert_uint_lt (step.action, TERN_N_ACTIONS);
        if (step.accepted)
          continue;
        refused++;
        ck_assert_int_eq (step.phase, phase);
        ck_assert_int_eq (step.action, TERN_ACTION_NONE);
      }
  ck_assert_uint_gt (refused, 0);
}
END_TEST

START_TEST (a_settled_task_accepts_nothing)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    for (guint event = 0; is_settled (phase) && event < TERN_N_EVENTS; event++)
      ck_assert_msg (!tern_task_fsm_next (phase, event).accepted, "%s accepts %s",
                     tern_task_phase_to_string (phase), tern_task_event_to_string (event));
}
END_TEST

START_TEST (attention_is_left_only_by_looking_again_by_a_person_or_when_a_post_copy_goes_on)
{
  for (guint event = 0; event < TERN_N_EVENTS; event++)
    {
      TernTaskStep step = tern_task_fsm_next (TERN_PHASE_ATTENTION, event);
      gboolean may = event == TERN_EVENT_RECHECK || event == TERN_EVENT_RESTARTED
                     || event == TERN_EVENT_RETURNED;
      gboolean goes_on = event == TERN_EVENT_POSTCOPY;

      ck_assert_int_eq (step.accepted, may || goes_on || event == TERN_EVENT_DISMISSED
                                           || event == TERN_EVENT_RESOLVE);
      if (goes_on)
        ck_assert (step.phase == TERN_PHASE_POSTCOPY && step.action == TERN_ACTION_NONE);
      if (event == TERN_EVENT_DISMISSED)
        ck_assert_int_eq (step.phase, TERN_PHASE_FAILED);
      if (event == TERN_EVENT_RESOLVE)
        ck_assert_int_eq (step.action, TERN_ACTION_RESOLVE);
      if (!may)
        continue;
      ck_assert_int_eq (step.phase, TERN_PHASE_VERIFYING);
      ck_assert_int_eq (step.action, TERN_ACTION_INSPECT);
    }
}
END_TEST

/* But for what the hosts do not carry out for long: a person has to know, and may decide. */
START_TEST (after_the_call_no_end_is_reached_without_verifying)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    for (guint event = 0; event < TERN_N_EVENTS; event++)
      {
        TernTaskStep step = tern_task_fsm_next (phase, event);
        gboolean overdue = event == TERN_EVENT_OVERDUE && step.phase == TERN_PHASE_ATTENTION;
        gboolean dismissed = phase == TERN_PHASE_ATTENTION && event == TERN_EVENT_DISMISSED;

        if (!step.accepted || is_before_the_call (phase) || is_of_another_kind (phase)
            || phase == TERN_PHASE_VERIFYING || overdue || dismissed)
          continue;
        ck_assert_msg (!tern_task_phase_is_final (step.phase), "%s, %s: %s without verifying",
                       tern_task_phase_to_string (phase), tern_task_event_to_string (event),
                       tern_task_phase_to_string (step.phase));
      }
}
END_TEST

START_TEST (the_call_is_made_in_one_place_only)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    for (guint event = 0; event < TERN_N_EVENTS; event++)
      {
        TernTaskStep step = tern_task_fsm_next (phase, event);
        gboolean there = phase == TERN_PHASE_CHECKING && event == TERN_EVENT_CHECKED;

        ck_assert_int_eq (step.action == TERN_ACTION_MIGRATE, there);
        if (there)
          ck_assert_int_eq (step.phase, TERN_PHASE_PREPARING);
      }
}
END_TEST

/* Only another destination begins it anew, and only when the VM was seen where it was. */
START_TEST (nothing_but_another_destination_leads_from_after_the_call_to_before_it)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    for (guint event = 0; event < TERN_N_EVENTS; event++)
      {
        TernTaskStep step = tern_task_fsm_next (phase, event);

        if (is_before_the_call (phase) || !step.accepted || !is_before_the_call (step.phase))
          continue;
        ck_assert_int_eq (phase, TERN_PHASE_VERIFYING);
        ck_assert_int_eq (event, TERN_EVENT_RETRY);
        ck_assert_int_eq (step.phase, TERN_PHASE_QUEUED);
      }
}
END_TEST

START_TEST (once_in_post_copy_nothing_aborts_it_and_a_person_hears_if_it_is_stuck)
{
  static const TernTaskPhase phases[] = { TERN_PHASE_POSTCOPY, TERN_PHASE_RECOVERING };

  for (guint i = 0; i < G_N_ELEMENTS (phases); i++)
    {
      TernTaskStep overdue = tern_task_fsm_next (phases[i], TERN_EVENT_OVERDUE);

      for (guint event = 0; event < TERN_N_EVENTS; event++)
        ck_assert_int_ne (tern_task_fsm_next (phases[i], event).action, TERN_ACTION_ABORT);
      ck_assert (overdue.accepted);
      ck_assert_int_eq (overdue.phase, TERN_PHASE_ATTENTION);
    }
}
END_TEST

START_TEST (a_step_and_another_policy_are_stored_although_the_phase_stays)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    {
      TernTaskStep step = tern_task_fsm_next (phase, TERN_EVENT_STEP);
      TernTaskStep switched = tern_task_fsm_next (phase, TERN_EVENT_SWITCHED);

      ck_assert_int_eq (step.accepted, phase == TERN_PHASE_COPYING);
      ck_assert_int_eq (step.phase, phase);
      ck_assert_int_eq (switched.phase, phase);
      ck_assert_int_eq (switched.action, TERN_ACTION_NONE);
    }
  ck_assert (tern_task_event_is_stored (TERN_EVENT_STEP));
  ck_assert (tern_task_event_is_stored (TERN_EVENT_SWITCHED));
  ck_assert (tern_task_event_is_stored (TERN_EVENT_CANCEL));
  ck_assert (!tern_task_event_is_stored (TERN_EVENT_STARTED));
}
END_TEST

/* A task found in checking may have been told to have failed, by a daemon whose store was full. */
START_TEST (a_task_found_in_checking_is_not_begun_anew)
{
  TernTaskStep step = tern_task_fsm_next (TERN_PHASE_CHECKING, TERN_EVENT_RESTARTED);

  ck_assert (step.accepted);
  ck_assert_int_eq (step.phase, TERN_PHASE_FAILED);
  ck_assert_int_eq (step.action, TERN_ACTION_REPORT);
}
END_TEST

START_TEST (every_other_open_phase_survives_a_restart)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    {
      TernTaskStep step = tern_task_fsm_next (phase, TERN_EVENT_RESTARTED);

      if (is_settled (phase) || is_of_another_kind (phase) || phase == TERN_PHASE_CHECKING)
        continue;
      ck_assert_msg (step.accepted, "%s is lost by a restart", tern_task_phase_to_string (phase));
      ck_assert (!is_settled (step.phase));
      if (is_before_the_call (phase))
        ck_assert_int_eq (step.phase, TERN_PHASE_QUEUED);
      else
        ck_assert (step.action == TERN_ACTION_FOLLOW || step.action == TERN_ACTION_INSPECT);
    }
}
END_TEST

START_TEST (every_open_phase_has_a_way_to_an_end)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    {
      gboolean seen[TERN_N_PHASES] = { FALSE };

      if (is_settled (phase) || is_of_another_kind (phase))
        continue;
      reach (phase, TERN_N_PHASES, seen);
      ck_assert_msg (seen[TERN_PHASE_FAILED] && seen[TERN_PHASE_DONE], "%s never ends",
                     tern_task_phase_to_string (phase));
    }
}
END_TEST

START_TEST (a_cancel_is_heard_in_every_open_phase)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    {
      TernTaskStep step = tern_task_fsm_next (phase, TERN_EVENT_CANCEL);

      ck_assert_int_eq (step.accepted,
                        !tern_task_phase_is_final (phase) && !is_of_another_kind (phase));
      if (is_before_the_call (phase))
        ck_assert_int_eq (step.phase, TERN_PHASE_CANCELLED);
      else
        ck_assert (!is_settled (step.phase) || !step.accepted);
      ck_assert_int_eq (tern_task_phase_is_cancelable (phase),
                        step.accepted && step.phase != phase);
    }
}
END_TEST

START_TEST (only_verifying_reports_where_the_vm_is)
{
  static const TernTaskEvent findings[] = { TERN_EVENT_JOB_SEEN,  TERN_EVENT_MOVED,
                                            TERN_EVENT_STAYED,    TERN_EVENT_CALLED_OFF,
                                            TERN_EVENT_UNSETTLED, TERN_EVENT_SOURCE_HELD,
                                            TERN_EVENT_LEFTOVER,  TERN_EVENT_UNKNOWABLE,
                                            TERN_EVENT_BROKEN };

  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    for (guint i = 0; i < G_N_ELEMENTS (findings); i++)
      ck_assert_int_eq (tern_task_fsm_next (phase, findings[i]).accepted,
                        phase == TERN_PHASE_VERIFYING);
}
END_TEST

START_TEST (an_act_on_a_copy_is_only_reached_from_its_finding)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    for (guint event = 0; event < TERN_N_EVENTS; event++)
      {
        TernTaskStep step = tern_task_fsm_next (phase, event);

        ck_assert_int_eq (step.action == TERN_ACTION_RESUME,
                          phase == TERN_PHASE_VERIFYING && event == TERN_EVENT_SOURCE_HELD);
        ck_assert_int_eq (step.action == TERN_ACTION_DISCARD,
                          phase == TERN_PHASE_VERIFYING && event == TERN_EVENT_LEFTOVER);
        ck_assert_int_eq (step.action == TERN_ACTION_RECOVER,
                          phase == TERN_PHASE_VERIFYING && event == TERN_EVENT_BROKEN);
        ck_assert_int_eq (step.action == TERN_ACTION_RESOLVE,
                          phase == TERN_PHASE_ATTENTION && event == TERN_EVENT_RESOLVE);
      }
}
END_TEST

START_TEST (every_end_is_reported_and_nothing_else_is)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    for (guint event = 0; event < TERN_N_EVENTS; event++)
      {
        TernTaskStep step = tern_task_fsm_next (phase, event);

        if (step.accepted)
          ck_assert_int_eq (step.action == TERN_ACTION_REPORT,
                            tern_task_phase_is_final (step.phase));
      }
}
END_TEST

START_TEST (every_event_has_a_name_of_its_own)
{
  g_autoptr (GHashTable) names = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint event = 0; event < TERN_N_EVENTS; event++)
    {
      const char *name = tern_task_event_to_string (event);

      ck_assert_ptr_nonnull (name);
      ck_assert (g_hash_table_add (names, (gpointer) name));
    }
}
END_TEST

TERN_CHECK_MAIN (
    "task-fsm", tcase_add_test (tcase, a_refused_event_changes_nothing);
    tcase_add_test (tcase, a_settled_task_accepts_nothing); tcase_add_test (
        tcase, attention_is_left_only_by_looking_again_by_a_person_or_when_a_post_copy_goes_on);
    tcase_add_test (tcase, after_the_call_no_end_is_reached_without_verifying);
    tcase_add_test (tcase, the_call_is_made_in_one_place_only);
    tcase_add_test (tcase, nothing_but_another_destination_leads_from_after_the_call_to_before_it);
    tcase_add_test (tcase, once_in_post_copy_nothing_aborts_it_and_a_person_hears_if_it_is_stuck);
    tcase_add_test (tcase, a_step_and_another_policy_are_stored_although_the_phase_stays);
    tcase_add_test (tcase, a_task_found_in_checking_is_not_begun_anew);
    tcase_add_test (tcase, every_other_open_phase_survives_a_restart);
    tcase_add_test (tcase, every_open_phase_has_a_way_to_an_end);
    tcase_add_test (tcase, a_cancel_is_heard_in_every_open_phase);
    tcase_add_test (tcase, only_verifying_reports_where_the_vm_is);
    tcase_add_test (tcase, an_act_on_a_copy_is_only_reached_from_its_finding);
    tcase_add_test (tcase, every_end_is_reported_and_nothing_else_is);
    tcase_add_test (tcase, every_event_has_a_name_of_its_own);)
