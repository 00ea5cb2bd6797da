/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The tables of a shutdown and of a relocation, walked whole: every phase with every event, every
 * pair of sightings.
 */
#include "config.h"

#include "plan/relocate-fsm.h"
#include "plan/shutdown-fsm.h"

#include "tern-check.h"

typedef TernTaskStep (*Next) (TernTaskPhase phase, TernTaskEvent event);

static const Next tables[] = { tern_shutdown_fsm_next, tern_relocate_fsm_next };

static void
reach (Next next, TernTaskPhase phase, gboolean *seen)
{
  if (seen[phase])
    return;
  seen[phase] = TRUE;
  for (guint event = 0; event < TERN_N_EVENTS; event++)
    if (next (phase, event).accepted)
      reach (next, next (phase, event).phase, seen);
}

START_TEST (every_open_phase_has_a_way_to_an_end_and_outlives_a_restart)
{
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    {
      gboolean used[TERN_N_PHASES] = { FALSE };

      reach (tables[i], TERN_PHASE_QUEUED, used);
      for (guint phase = 0; phase < TERN_N_PHASES; phase++)
        {
          gboolean seen[TERN_N_PHASES] = { FALSE };

          if (!used[phase] || tern_task_phase_is_final (phase))
            continue;
          reach (tables[i], phase, seen);
          ck_assert_msg (seen[TERN_PHASE_DONE] && seen[TERN_PHASE_FAILED], "%s never ends",
                         tern_task_phase_to_string (phase));
          ck_assert (tables[i](phase, TERN_EVENT_RESTARTED).accepted);
          ck_assert (tables[i](phase, TERN_EVENT_CANCEL).accepted);
        }
    }
}
END_TEST

/* Or a restart would make it again. */
START_TEST (a_call_is_reached_from_one_place_only_and_never_by_a_restart)
{
  guint calls[G_N_ELEMENTS (tables)] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    for (guint phase = 0; phase < TERN_N_PHASES; phase++)
      for (guint event = 0; event < TERN_N_EVENTS; event++)
        {
          TernTaskStep step = tables[i](phase, event);

          if (!tern_task_action_is_call (step.action))
            continue;
          calls[i]++;
          ck_assert_int_eq (phase, TERN_PHASE_CHECKING);
          ck_assert_int_ne (step.phase, phase);
        }
  ck_assert_uint_eq (calls[0], 1);
  ck_assert_uint_eq (calls[1], 1);
}
END_TEST

START_TEST (neither_ever_starts_or_stops_a_guest)
{
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    for (guint phase = 0; phase < TERN_N_PHASES; phase++)
      for (guint event = 0; event < TERN_N_EVENTS; event++)
        {
          TernTaskAction action = tables[i](phase, event).action;

          ck_assert (action != TERN_ACTION_START && action != TERN_ACTION_MIGRATE
                     && action != TERN_ACTION_RESUME && action != TERN_ACTION_RESOLVE);
          if (tables[i] == tern_shutdown_fsm_next)
            ck_assert_int_ne (action, TERN_ACTION_DISCARD);
        }
}
END_TEST

/* Every sighting. */
static void
make_sighting (guint number, TernSighting *seen)
{
  *seen = (TernSighting){ .known = number > 0, .present = number > 1 };
  if (number > 1)
    {
      seen->state = (number - 2) / 2;
      seen->persistent = (number - 2) % 2;
    }
}

#define BOUND_US (300 * G_USEC_PER_SEC)
#define N_SIGHTINGS (2 + 2 * TERN_VM_N_STATES)

START_TEST (only_a_guest_that_was_seen_shut_off_has_shut_down)
{
  for (guint i = 0; i < N_SIGHTINGS; i++)
    for (guint late = 0; late < 2; late++)
      for (guint refused = 0; refused < 2; refused++)
        {
          TernVerifying verifying = { .looks = 2, .elapsed_us = late ? BOUND_US : BOUND_US - 1 };
          TernSighting seen;
          TernTaskEvent event;
          gboolean off;

          make_sighting (i, &seen);
          off = seen.present && (seen.state == TERN_VM_SHUT_OFF || seen.state == TERN_VM_CRASHED);
          event = tern_shutdown_judge (&seen, refused, &verifying, BOUND_US);
          ck_assert_int_eq (event == TERN_EVENT_MOVED, off);
          if (late)
            ck_assert_int_ne (event, TERN_EVENT_UNSETTLED);
          if (!seen.known && !late)
            ck_assert_int_eq (event, TERN_EVENT_UNSETTLED);
        }
}
END_TEST

/* A host shows nothing for a moment when its libvirtd begins. */
START_TEST (one_look_at_a_host_without_the_vm_proves_nothing)
{
  TernSighting seen = { .known = TRUE };
  TernVerifying once = { .looks = 1 }, twice = { .looks = 2 };

  ck_assert_int_eq (tern_shutdown_judge (&seen, FALSE, &once, BOUND_US), TERN_EVENT_UNSETTLED);
  ck_assert_int_eq (tern_shutdown_judge (&seen, FALSE, &twice, BOUND_US), TERN_EVENT_STAYED);
}
END_TEST

/* Seen as often and for as long as ever needed, or just once. */
static TernTaskEvent
judge (guint here, guint there, gboolean long_enough, guint repairs)
{
  TernVerifying verifying = { .looks = long_enough ? 100 : 1,
                              .elapsed_us = long_enough ? 10 * TERN_VERIFY_BOUND_US : 0,
                              .answered = TRUE,
                              .repairs = repairs };
  TernSighting source, destination;

  make_sighting (here, &source);
  make_sighting (there, &destination);
  return tern_relocate_truth_to_event (tern_start_truth_judge (&source, &destination), &verifying);
}

START_TEST (a_definition_is_told_moved_only_when_it_is_there_alone)
{
  for (guint i = 0; i < N_SIGHTINGS; i++)
    for (guint j = 0; j < N_SIGHTINGS; j++)
      {
        TernSighting source, destination;
        TernTaskEvent event = judge (i, j, TRUE, 0);

        make_sighting (i, &source);
        make_sighting (j, &destination);
        ck_assert_int_eq (
            event == TERN_EVENT_MOVED,
            source.known && !source.present && destination.present && destination.persistent
                && (destination.state == TERN_VM_SHUT_OFF || destination.state == TERN_VM_CRASHED));
        /* The old one goes only while nothing runs, and the new one is there. */
        if (event == TERN_EVENT_LEFTOVER)
          ck_assert (!tern_vm_state_is_active (source.state) && destination.present
                     && destination.persistent && !tern_vm_state_is_active (destination.state));
        ck_assert_int_ne (event, TERN_EVENT_UNSETTLED);
      }
}
END_TEST

START_TEST (one_look_leads_to_no_act)
{
  for (guint i = 0; i < N_SIGHTINGS; i++)
    for (guint j = 0; j < N_SIGHTINGS; j++)
      {
        TernTaskEvent event = judge (i, j, FALSE, 0);

        ck_assert (event == TERN_EVENT_UNSETTLED || event == TERN_EVENT_STAYED);
      }
}
END_TEST

START_TEST (an_old_definition_that_stays_is_not_removed_for_ever)
{
  for (guint i = 0; i < N_SIGHTINGS; i++)
    for (guint j = 0; j < N_SIGHTINGS; j++)
      ck_assert_int_ne (judge (i, j, TRUE, TERN_VERIFY_MAX_REPAIRS), TERN_EVENT_LEFTOVER);
}
END_TEST

START_TEST (every_sighting_is_explained_with_the_hosts_and_the_vm)
{
  for (guint i = 0; i < N_SIGHTINGS; i++)
    for (guint j = 0; j < N_SIGHTINGS; j++)
      {
        TernSighting source, destination;
        g_autofree char *moved = NULL;
        g_autofree char *shut = NULL;

        make_sighting (i, &source);
        make_sighting (j, &destination);
        moved = tern_relocate_explain (tern_start_truth_judge (&source, &destination), "web",
                                       "anna", &source, "bert", &destination);
        shut = tern_shutdown_explain (&source, "web", "anna");
        ck_assert (strstr (moved, "web") != NULL && strstr (moved, "anna") != NULL
                   && strstr (moved, "bert") != NULL);
        ck_assert (strstr (shut, "web") != NULL && strstr (shut, "anna") != NULL);
      }
}
END_TEST

TERN_CHECK_MAIN ("shutdown-fsm",
                 tcase_add_test (tcase,
                                 every_open_phase_has_a_way_to_an_end_and_outlives_a_restart);
                 tcase_add_test (tcase,
                                 a_call_is_reached_from_one_place_only_and_never_by_a_restart);
                 tcase_add_test (tcase, neither_ever_starts_or_stops_a_guest);
                 tcase_add_test (tcase, only_a_guest_that_was_seen_shut_off_has_shut_down);
                 tcase_add_test (tcase, one_look_at_a_host_without_the_vm_proves_nothing);
                 tcase_add_test (tcase, a_definition_is_told_moved_only_when_it_is_there_alone);
                 tcase_add_test (tcase, one_look_leads_to_no_act);
                 tcase_add_test (tcase, an_old_definition_that_stays_is_not_removed_for_ever);
                 tcase_add_test (tcase, every_sighting_is_explained_with_the_hosts_and_the_vm);)
