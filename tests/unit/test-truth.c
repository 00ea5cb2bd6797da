/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Judging where a VM is: properties over every pair of sightings, and the pairs
 * that libvirt is known to produce by name.
 */
#include "config.h"

#include "plan/truth.h"

#include "tern-check.h"

/* One bit pattern per sighting: known, present, job flags, a definition; state, reason. */
#define N_FLAGS 32
#define N_SIGHTINGS (N_FLAGS * TERN_VM_N_STATES * TERN_REASON_N)

static TernSighting
nth_sighting (guint n)
{
  guint flags = n % N_FLAGS;

  return (TernSighting){
    .known = (flags & 1) != 0,
    .present = (flags & 2) != 0,
    .job_active = (flags & 4) != 0,
    .job_outgoing = (flags & 8) != 0,
    .persistent = (flags & 16) != 0,
    .state = n / N_FLAGS % TERN_VM_N_STATES,
    .reason = n / N_FLAGS / TERN_VM_N_STATES,
  };
}

static gboolean
is_absent (const TernSighting *seen)
{
  return seen->known && !seen->present;
}

static gboolean
is_here (const TernSighting *seen)
{
  return seen->known && seen->present;
}

static gboolean
runs (const TernSighting *seen)
{
  return is_here (seen) && (seen->state == TERN_VM_RUNNING || seen->state == TERN_VM_SHUTTING_DOWN);
}

static gboolean
is_held (const TernSighting *seen)
{
  return is_here (seen) && seen->state == TERN_VM_PAUSED
         && (seen->reason == TERN_REASON_MIGRATION || seen->reason == TERN_REASON_POSTCOPY);
}

static gboolean
has_outgoing_job (const TernSighting *seen)
{
  return is_here (seen) && seen->job_active && seen->job_outgoing;
}

static gboolean
is_postcopy_failed (const TernSighting *seen)
{
  return is_here (seen) && seen->reason == TERN_REASON_POSTCOPY_FAILED;
}

static gboolean
is_act (TernTruth truth)
{
  return truth == TERN_TRUTH_SOURCE_HELD || truth == TERN_TRUTH_LEFTOVER
         || truth == TERN_TRUTH_DEFINED_TWICE;
}

static gboolean
is_of_postcopy (TernTruth truth)
{
  return truth == TERN_TRUTH_POSTCOPY_ALARMED || truth == TERN_TRUTH_POSTCOPY_SILENT
         || truth == TERN_TRUTH_POSTCOPY_LOST || truth == TERN_TRUTH_POSTCOPY_ORPHANED;
}

typedef void (*PairFunc) (const TernSighting *source, const TernSighting *destination,
                          TernTruth truth);

static void
for_each_pair (PairFunc check)
{
  for (guint i = 0; i < N_SIGHTINGS; i++)
    for (guint j = 0; j < N_SIGHTINGS; j++)
      {
        TernSighting source = nth_sighting (i), destination = nth_sighting (j);

        check (&source, &destination, tern_truth_judge (&source, &destination));
      }
}

/* ck_assert_msg() formats on each call; half a million pairs want a cheap pass. */
static void
demand (gboolean good, const TernSighting *source, const TernSighting *destination, TernTruth truth)
{
  g_autofree char *there = NULL, *here = NULL;

  if (good)
    return;
  there = tern_sighting_to_string (source);
  here = tern_sighting_to_string (destination);
  ck_abort_msg ("source %s (job %d), destination %s (job %d): truth %d", there, source->job_active,
                here, destination->job_active, truth);
}

static void
check_unknown (const TernSighting *source, const TernSighting *destination, TernTruth truth)
{
  if (source->known && destination->known)
    return;
  demand (!is_act (truth), source, destination, truth);
  demand (truth != TERN_TRUTH_MOVED && truth != TERN_TRUTH_STAYED && truth != TERN_TRUTH_GONE,
          source, destination, truth);
}

START_TEST (while_a_host_is_silent_nothing_is_done_and_nothing_concluded)
{
  for_each_pair (check_unknown);
}
END_TEST

static void
check_discard (const TernSighting *source, const TernSighting *destination, TernTruth truth)
{
  if (truth != TERN_TRUTH_LEFTOVER && truth != TERN_TRUTH_DEFINED_TWICE)
    return;
  demand (runs (destination), source, destination, truth);
  demand (is_here (source) && !runs (source), source, destination, truth);
  demand (!has_outgoing_job (source), source, destination, truth);
  /* The last definition there is, is not removed: the guest would be gone when it is shut off. */
  demand (destination->persistent || !source->persistent, source, destination, truth);
  if (truth == TERN_TRUTH_LEFTOVER)
    demand (destination->reason == TERN_REASON_MIGRATED && source->reason == TERN_REASON_MIGRATION,
            source, destination, truth);
}

START_TEST (nothing_is_discarded_unless_the_destination_runs_and_the_source_does_not)
{
  for_each_pair (check_discard);
}
END_TEST

static void
check_resume (const TernSighting *source, const TernSighting *destination, TernTruth truth)
{
  if (truth != TERN_TRUTH_SOURCE_HELD)
    return;
  demand (is_absent (destination), source, destination, truth);
  demand (source->state == TERN_VM_PAUSED && source->reason == TERN_REASON_MIGRATION, source,
          destination, truth);
  demand (!has_outgoing_job (source), source, destination, truth);
  demand (source->persistent, source, destination, truth);
}

START_TEST (the_source_is_resumed_only_when_the_destination_has_nothing_at_all)
{
  for_each_pair (check_resume);
}
END_TEST

static void
check_postcopy (const TernSighting *source, const TernSighting *destination, TernTruth truth)
{
  if (is_here (source) && source->state == TERN_VM_PAUSED && source->reason == TERN_REASON_POSTCOPY)
    demand (!is_act (truth) && truth != TERN_TRUTH_STAYED && truth != TERN_TRUTH_MOVED, source,
            destination, truth);
  if (is_postcopy_failed (source) || is_postcopy_failed (destination))
    demand (is_of_postcopy (truth), source, destination, truth);
  if (truth == TERN_TRUTH_POSTCOPY_ALARMED)
    demand (source->known && destination->known, source, destination, truth);
  /* Only what both still have can be taken up again. */
  if (truth == TERN_TRUTH_POSTCOPY_ALARMED)
    demand (has_outgoing_job (source) || is_postcopy_failed (source)
                || (is_here (source) && tern_vm_state_is_active (source->state)),
            source, destination, truth);
  if (truth == TERN_TRUTH_POSTCOPY_LOST)
    demand (destination->known
                && !(is_here (destination) && tern_vm_state_is_active (destination->state)),
            source, destination, truth);
}

START_TEST (once_postcopy_began_no_copy_is_touched) { for_each_pair (check_postcopy); }
END_TEST

static void
check_two_copies (const TernSighting *source, const TernSighting *destination, TernTruth truth)
{
  gboolean both = runs (source) && runs (destination) && !has_outgoing_job (source)
                  && !is_postcopy_failed (source) && !is_postcopy_failed (destination);

  demand (both == (truth == TERN_TRUTH_TWO_COPIES), source, destination, truth);
}

START_TEST (running_on_both_is_always_and_only_then_called_two_copies)
{
  for_each_pair (check_two_copies);
}
END_TEST

static void
check_moved (const TernSighting *source, const TernSighting *destination, TernTruth truth)
{
  if (truth != TERN_TRUTH_MOVED)
    return;
  demand (is_here (destination) && tern_vm_state_is_active (destination->state), source,
          destination, truth);
  demand (source->known && !runs (source) && !is_held (source) && !has_outgoing_job (source),
          source, destination, truth);
}

START_TEST (moved_means_alive_over_there_and_neither_running_nor_held_here)
{
  for_each_pair (check_moved);
}
END_TEST

static void
check_stayed (const TernSighting *source, const TernSighting *destination, TernTruth truth)
{
  if (truth != TERN_TRUTH_STAYED)
    return;
  demand (is_here (source) && !is_held (source) && !has_outgoing_job (source), source, destination,
          truth);
  demand (is_absent (destination)
              || (is_here (destination) && !tern_vm_state_is_active (destination->state)),
          source, destination, truth);
}

START_TEST (stayed_means_here_and_free_and_not_alive_over_there) { for_each_pair (check_stayed); }
END_TEST

static void
check_job (const TernSighting *source, const TernSighting *destination, TernTruth truth)
{
  gboolean follows = has_outgoing_job (source) && !is_postcopy_failed (source)
                     && !is_postcopy_failed (destination);

  demand (follows == (truth == TERN_TRUTH_JOB), source, destination, truth);
}

START_TEST (a_running_job_is_followed_whatever_the_destination_shows) { for_each_pair (check_job); }
END_TEST

static void
check_gone (const TernSighting *source, const TernSighting *destination, TernTruth truth)
{
  if (truth != TERN_TRUTH_GONE)
    return;
  demand (!(is_here (source) && tern_vm_state_is_active (source->state)), source, destination,
          truth);
  demand (!(is_here (destination) && tern_vm_state_is_active (destination->state)), source,
          destination, truth);
}

START_TEST (gone_is_never_said_of_a_vm_that_lives) { for_each_pair (check_gone); }
END_TEST

/* clang-format off */
static const struct
{
  TernSighting source, destination;
  TernTruth truth;
} known_rows[] = {
#define ABSENT { .known = TRUE }
#define IN(s, r) { .known = TRUE, .present = TRUE, .state = TERN_VM_##s, .reason = TERN_REASON_##r }
#define DEFINED(s, r) \
  { .known = TRUE, .present = TRUE, .persistent = TRUE, .state = TERN_VM_##s, .reason = TERN_REASON_##r }
#define SILENT { .known = FALSE }
  /* LIBVIRT.md 3: the rows of the resolver. */
  { IN (RUNNING, MIGRATION_CANCELLED), ABSENT,                   TERN_TRUTH_STAYED },
  { IN (RUNNING, OTHER),               ABSENT,                   TERN_TRUTH_STAYED },
  { ABSENT,                            IN (RUNNING, MIGRATED),   TERN_TRUTH_MOVED },
  { IN (SHUT_OFF, MIGRATED),           IN (RUNNING, MIGRATED),   TERN_TRUTH_DEFINED_TWICE },
  { IN (PAUSED, MIGRATION),            IN (RUNNING, MIGRATED),   TERN_TRUTH_LEFTOVER },
  { DEFINED (PAUSED, MIGRATION),       ABSENT,                   TERN_TRUTH_SOURCE_HELD },
  /* Without a definition nothing tells whether it ran over there, and ended. */
  { IN (PAUSED, MIGRATION),            ABSENT,                   TERN_TRUTH_HELD_DOUBTFUL },
  { IN (PAUSED, MIGRATION),            SILENT,                   TERN_TRUTH_UNKNOWN },
  { IN (RUNNING, OTHER),               SILENT,                   TERN_TRUTH_UNKNOWN },
  { SILENT,                            IN (RUNNING, MIGRATED),   TERN_TRUTH_UNKNOWN },
  { IN (RUNNING, OTHER),               IN (RUNNING, MIGRATED),   TERN_TRUTH_TWO_COPIES },
  { IN (PAUSED, POSTCOPY_FAILED),      IN (RUNNING, POSTCOPY_FAILED), TERN_TRUTH_POSTCOPY_ALARMED },
  /* The destination has not been told to start it, or is being tidied up. */
  { IN (PAUSED, MIGRATION),            IN (PAUSED, MIGRATION),   TERN_TRUTH_BETWEEN },
  { IN (RUNNING, OTHER),               IN (PAUSED, MIGRATION),   TERN_TRUTH_BETWEEN },
  /* It may have run over there, and its disks are newer than this memory. */
  { IN (PAUSED, MIGRATION),            IN (SHUT_OFF, OTHER),     TERN_TRUTH_BETWEEN },
  /* Started by hand, or half way through post-copy: no proof that the held copy may go. */
  { IN (PAUSED, MIGRATION),            IN (RUNNING, OTHER),      TERN_TRUTH_BETWEEN },
  { IN (PAUSED, POSTCOPY),             IN (RUNNING, POSTCOPY),   TERN_TRUTH_BETWEEN },
  { IN (PAUSED, POSTCOPY),             ABSENT,                   TERN_TRUTH_POSTCOPY_LOST },
  { IN (PAUSED, POSTCOPY_FAILED),      ABSENT,                   TERN_TRUTH_POSTCOPY_LOST },
  /* There is no other half to take it up again from. */
  { IN (SHUT_OFF, OTHER),              IN (RUNNING, POSTCOPY_FAILED), TERN_TRUTH_POSTCOPY_ORPHANED },
  { IN (SHUT_OFF, MIGRATED),           IN (RUNNING, POSTCOPY_FAILED), TERN_TRUTH_POSTCOPY_ORPHANED },
  { ABSENT,                            IN (RUNNING, POSTCOPY_FAILED), TERN_TRUTH_POSTCOPY_ORPHANED },
  /* Not told to have moved before it has all of it. */
  { IN (SHUT_OFF, OTHER),              IN (RUNNING, POSTCOPY),   TERN_TRUTH_POSTCOPY_ORPHANED },
  { ABSENT,                            IN (RUNNING, POSTCOPY),   TERN_TRUTH_POSTCOPY_ORPHANED },
  { IN (PAUSED, POSTCOPY_FAILED),      SILENT,                   TERN_TRUTH_POSTCOPY_SILENT },
  { SILENT,                            IN (RUNNING, POSTCOPY_FAILED), TERN_TRUTH_POSTCOPY_SILENT },
  /* Paused by a person here and running there is not "runs twice". */
  { IN (PAUSED, USER),                 IN (RUNNING, MIGRATED),   TERN_TRUTH_BETWEEN },
  { IN (PAUSED, IO_ERROR),             ABSENT,                   TERN_TRUTH_STAYED },
  /* The guest switched itself off while it was moved. */
  { IN (SHUT_OFF, OTHER),              ABSENT,                   TERN_TRUTH_STAYED },
  { IN (SHUT_OFF, OTHER),              IN (RUNNING, MIGRATED),   TERN_TRUTH_DEFINED_TWICE },
  { IN (SHUT_OFF, OTHER),              IN (RUNNING, OTHER),      TERN_TRUTH_MOVED },
  /* Somebody moved it meanwhile with virsh, and not its definition. */
  { DEFINED (SHUT_OFF, MIGRATED),      IN (RUNNING, MIGRATED),   TERN_TRUTH_MOVED },
  { DEFINED (SHUT_OFF, MIGRATED),      DEFINED (RUNNING, MIGRATED), TERN_TRUTH_DEFINED_TWICE },
  { DEFINED (PAUSED, MIGRATION),       IN (RUNNING, MIGRATED),   TERN_TRUTH_BETWEEN },
  { DEFINED (PAUSED, MIGRATION),       DEFINED (RUNNING, MIGRATED), TERN_TRUTH_LEFTOVER },
  { ABSENT,                            ABSENT,                   TERN_TRUTH_GONE },
  { ABSENT,                            IN (SHUT_OFF, OTHER),     TERN_TRUTH_GONE },
#undef ABSENT
#undef IN
#undef DEFINED
#undef SILENT
};
/* clang-format on */

START_TEST (the_pairs_that_libvirt_is_known_to_show_are_judged_right)
{
  for (guint i = 0; i < G_N_ELEMENTS (known_rows); i++)
    {
      TernTruth truth = tern_truth_judge (&known_rows[i].source, &known_rows[i].destination);

      ck_assert_msg (truth == known_rows[i].truth, "row %u: %d instead of %d", i, truth,
                     known_rows[i].truth);
    }
}
END_TEST

START_TEST (acts_and_alarms_must_be_seen_twice)
{
  TernVerifying first = { .looks = 1, .elapsed_us = TERN_VERIFY_BOUND_US / 2, .answered = TRUE };

  for (guint truth = 0; truth < TERN_N_TRUTHS; truth++)
    {
      if (truth == TERN_TRUTH_STAYED)
        continue;
      TernTaskEvent event = tern_truth_to_event (truth, &first);

      ck_assert_msg (event == TERN_EVENT_UNSETTLED || event == TERN_EVENT_MOVED
                         || event == TERN_EVENT_JOB_SEEN,
                     "truth %u after one look: %s", truth, tern_task_event_to_string (event));
    }
}
END_TEST

/* What ran there wrote to its disks: the memory that is held here does not know of it. */
START_TEST (a_guest_that_ran_there_is_never_resumed_here)
{
  for (guint looks = 1; looks < 10; looks++)
    {
      TernVerifying verifying = { .looks = looks, .ran_there = TRUE, .answered = TRUE };

      ck_assert_int_eq (tern_truth_to_event (TERN_TRUTH_SOURCE_HELD, &verifying),
                        looks < 2 ? TERN_EVENT_UNSETTLED : TERN_EVENT_UNKNOWABLE);
      verifying.ran_there = FALSE;
      ck_assert_int_eq (tern_truth_to_event (TERN_TRUTH_SOURCE_HELD, &verifying),
                        looks < 2 ? TERN_EVENT_UNSETTLED : TERN_EVENT_SOURCE_HELD);
    }
}
END_TEST

START_TEST (without_an_answer_a_vm_stays_only_after_a_while)
{
  for (guint looks = 1; looks < 10; looks++)
    {
      TernVerifying verifying = { .looks = looks };
      gboolean enough = looks >= TERN_VERIFY_LOOKS_UNANSWERED;

      ck_assert_int_eq (tern_truth_to_event (TERN_TRUTH_STAYED, &verifying),
                        enough ? TERN_EVENT_STAYED : TERN_EVENT_UNSETTLED);
      verifying.answered = TRUE;
      ck_assert_int_eq (tern_truth_to_event (TERN_TRUTH_STAYED, &verifying), TERN_EVENT_STAYED);
    }
}
END_TEST

START_TEST (verifying_never_goes_on_for_ever)
{
  TernVerifying late = { .looks = 100,
                         .elapsed_us = TERN_VERIFY_BOUND_US,
                         .repairs = TERN_VERIFY_MAX_REPAIRS,
                         .recoveries = TERN_VERIFY_MAX_RECOVERIES };

  for (guint truth = 0; truth < TERN_N_TRUTHS; truth++)
    {
      TernTaskEvent event = tern_truth_to_event (truth, &late);

      ck_assert_int_ne (event, TERN_EVENT_UNSETTLED);
      ck_assert_int_ne (event, TERN_EVENT_SOURCE_HELD);
      ck_assert_int_ne (event, TERN_EVENT_LEFTOVER);
    }
}
END_TEST

START_TEST (a_look_that_a_person_asked_for_is_over_after_two)
{
  static const TernTruth unknown[] = { TERN_TRUTH_UNKNOWN, TERN_TRUTH_BETWEEN,
                                       TERN_TRUTH_POSTCOPY_SILENT };
  TernVerifying verifying = { .looks = 2, .answered = TRUE };

  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++)
    {
      verifying.asked = FALSE;
      ck_assert_int_eq (tern_truth_to_event (unknown[i], &verifying), TERN_EVENT_UNSETTLED);
      verifying.asked = TRUE;
      ck_assert_int_eq (tern_truth_to_event (unknown[i], &verifying), TERN_EVENT_UNKNOWABLE);
      verifying.looks = 1;
      ck_assert_int_eq (tern_truth_to_event (unknown[i], &verifying), TERN_EVENT_UNSETTLED);
      verifying.looks = 2;
    }
}
END_TEST

START_TEST (a_broken_post_copy_is_taken_up_again_ever_more_slowly_and_not_for_ever)
{
  for (guint recoveries = 0; recoveries <= TERN_VERIFY_MAX_RECOVERIES; recoveries++)
    {
      TernVerifying verifying = { .looks = 2, .recoveries = recoveries };
      gint64 delay_us = tern_recover_delay_us (recoveries);

      if (recoveries == TERN_VERIFY_MAX_RECOVERIES)
        {
          ck_assert_int_eq (tern_truth_to_event (TERN_TRUTH_POSTCOPY_ALARMED, &verifying),
                            TERN_EVENT_UNKNOWABLE);
          break;
        }
      ck_assert_int_ge (tern_recover_delay_us (recoveries + 1), delay_us);
      ck_assert_int_le (delay_us, 60 * G_USEC_PER_SEC);
      verifying.elapsed_us = delay_us - 1;
      ck_assert_int_eq (tern_truth_to_event (TERN_TRUTH_POSTCOPY_ALARMED, &verifying),
                        TERN_EVENT_UNSETTLED);
      verifying.elapsed_us = delay_us;
      ck_assert_int_eq (tern_truth_to_event (TERN_TRUTH_POSTCOPY_ALARMED, &verifying),
                        TERN_EVENT_BROKEN);
      verifying.looks = 1;
      ck_assert_int_eq (tern_truth_to_event (TERN_TRUTH_POSTCOPY_ALARMED, &verifying),
                        TERN_EVENT_UNSETTLED);
    }
}
END_TEST

/* A person said so, who knows that it is gone. */
START_TEST (a_vm_that_is_gone_ends_its_task_only_by_a_person)
{
  TernVerifying verifying = { .looks = 2 };

  ck_assert_int_eq (tern_truth_to_event (TERN_TRUTH_GONE, &verifying), TERN_EVENT_UNKNOWABLE);
  verifying.resolved = TRUE;
  ck_assert_int_eq (tern_truth_to_event (TERN_TRUTH_GONE, &verifying), TERN_EVENT_STAYED);
}
END_TEST

START_TEST (an_event_says_no_more_than_the_truth)
{
  for (guint truth = 0; truth < TERN_N_TRUTHS; truth++)
    for (guint n = 0; n < 32; n++)
      {
        TernVerifying verifying = { .looks = 1 + n % 4,
                                    .elapsed_us = n & 4 ? TERN_VERIFY_BOUND_US : 0,
                                    .repairs = n & 8 ? TERN_VERIFY_MAX_REPAIRS : 0,
                                    .cancel_requested = (n & 16) != 0 };
        TernTaskEvent event = tern_truth_to_event (truth, &verifying);

        if (event == TERN_EVENT_MOVED)
          ck_assert (truth == TERN_TRUTH_MOVED || truth == TERN_TRUTH_DEFINED_TWICE);
        if (event == TERN_EVENT_STAYED || event == TERN_EVENT_CALLED_OFF)
          ck_assert_int_eq (truth, TERN_TRUTH_STAYED);
        if (event == TERN_EVENT_BROKEN)
          ck_assert_int_eq (truth, TERN_TRUTH_POSTCOPY_ALARMED);
        if (event == TERN_EVENT_CALLED_OFF)
          ck_assert (verifying.cancel_requested);
        if (event == TERN_EVENT_STAYED)
          ck_assert (!verifying.cancel_requested);
        if (event == TERN_EVENT_SOURCE_HELD)
          ck_assert_int_eq (truth, TERN_TRUTH_SOURCE_HELD);
        if (event == TERN_EVENT_LEFTOVER)
          ck_assert (truth == TERN_TRUTH_LEFTOVER || truth == TERN_TRUTH_DEFINED_TWICE);
        if (truth == TERN_TRUTH_JOB)
          ck_assert_int_eq (event, TERN_EVENT_JOB_SEEN);
      }
}
END_TEST

START_TEST (pauses_between_looks_double_from_a_tenth_of_a_second_to_five)
{
  ck_assert_int_eq (tern_verify_delay_us (0), G_USEC_PER_SEC / 10);
  ck_assert_int_eq (tern_verify_delay_us (1), G_USEC_PER_SEC / 10);
  for (guint looks = 1; looks < 1000; looks++)
    {
      gint64 delay = tern_verify_delay_us (looks), next = tern_verify_delay_us (looks + 1);

      ck_assert_int_ge (next, delay);
      ck_assert_int_le (next, 2 * delay);
    }
  ck_assert_int_eq (tern_verify_delay_us (G_MAXUINT), 5 * G_USEC_PER_SEC);
}
END_TEST

START_TEST (every_explanation_names_the_vm_both_hosts_and_what_they_said)
{
  TernSighting source = { .known = TRUE, .present = TRUE, .state = TERN_VM_PAUSED };
  TernSighting destination = { .known = FALSE, .error = (char *) "no route" };

  for (guint truth = 0; truth < TERN_N_TRUTHS; truth++)
    {
      g_autofree char *text =
          tern_truth_explain (truth, "web01", "anna", &source, "bert", &destination);

      ck_assert_ptr_nonnull (strstr (text, "web01"));
      ck_assert_ptr_nonnull (strstr (text, "seen on anna: paused"));
      ck_assert_ptr_nonnull (strstr (text, "on bert: not known (no route)"));
    }
}
END_TEST

START_TEST (runs_twice_is_only_said_of_two_copies)
{
  TernSighting seen = { .known = TRUE };

  for (guint truth = 0; truth < TERN_N_TRUTHS; truth++)
    {
      g_autofree char *text = tern_truth_explain (truth, "web01", "anna", &seen, "bert", &seen);

      ck_assert_int_eq (strstr (text, "TWICE") != NULL, truth == TERN_TRUTH_TWO_COPIES);
    }
}
END_TEST

TERN_CHECK_MAIN (
    "truth", tcase_add_test (tcase, while_a_host_is_silent_nothing_is_done_and_nothing_concluded);
    tcase_add_test (tcase,
                    nothing_is_discarded_unless_the_destination_runs_and_the_source_does_not);
    tcase_add_test (tcase, the_source_is_resumed_only_when_the_destination_has_nothing_at_all);
    tcase_add_test (tcase, once_postcopy_began_no_copy_is_touched);
    tcase_add_test (tcase, running_on_both_is_always_and_only_then_called_two_copies);
    tcase_add_test (tcase, moved_means_alive_over_there_and_neither_running_nor_held_here);
    tcase_add_test (tcase, stayed_means_here_and_free_and_not_alive_over_there);
    tcase_add_test (tcase, a_running_job_is_followed_whatever_the_destination_shows);
    tcase_add_test (tcase, gone_is_never_said_of_a_vm_that_lives);
    tcase_add_test (tcase, the_pairs_that_libvirt_is_known_to_show_are_judged_right);
    tcase_add_test (tcase, acts_and_alarms_must_be_seen_twice);
    tcase_add_test (tcase, a_guest_that_ran_there_is_never_resumed_here);
    tcase_add_test (tcase, without_an_answer_a_vm_stays_only_after_a_while);
    tcase_add_test (tcase, a_look_that_a_person_asked_for_is_over_after_two);
    tcase_add_test (tcase, verifying_never_goes_on_for_ever);
    tcase_add_test (tcase, a_broken_post_copy_is_taken_up_again_ever_more_slowly_and_not_for_ever);
    tcase_add_test (tcase, a_vm_that_is_gone_ends_its_task_only_by_a_person);
    tcase_add_test (tcase, an_event_says_no_more_than_the_truth);
    tcase_add_test (tcase, pauses_between_looks_double_from_a_tenth_of_a_second_to_five);
    tcase_add_test (tcase, every_explanation_names_the_vm_both_hosts_and_what_they_said);
    tcase_add_test (tcase, runs_twice_is_only_said_of_two_copies);)
