/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Somebody wants a move to stop: it is told to, again and again, and what comes of that is said as
 * it is.
 */
#include "config.h"

#include "base/error.h"
#include "drivers/sim-private.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define MIB (G_GUINT64_CONSTANT (1) << 20)

/* It never ends by itself within the time of a test. */
static void
prepare (World *world)
{
  world_init (world);
  tern_sim_set_link (world->sim, "anna", "bert", 2 * MIB);
}

static void
order (World *world)
{
  ck_assert (world_order (world, "bert"));
}

static void
check_stayed (World *world, TernTaskPhase phase)
{
  ck_assert_int_eq (fake_store_find_task (world->store, 1)->phase, phase);
  ck_assert_int_eq (world_state_on (world, "anna"), TERN_VM_RUNNING);
  ck_assert_int_eq (world_state_on (world, "bert"), TERN_VM_N_STATES);
  ck_assert_uint_le (world->max_running, 1);
}

START_TEST (a_cancel_before_there_is_a_job_is_kept_until_there_is_one)
{
  /* The job exists after 20 ms, and the destination is ready after 200 ms. */
  for (gint64 moment_us = 0; moment_us < SECONDS (1); moment_us += 10 * 1000)
    {
      g_auto (World) world;

      prepare (&world);
      order (&world);
      world_run (&world, moment_us);
      ck_assert (world_cancel (&world, 1));
      ck_assert (world_run_until_ended (&world, 1, SECONDS (5)));
      check_stayed (&world, TERN_PHASE_CANCELLED);
    }
}
END_TEST

START_TEST (a_cancel_of_a_destination_that_hangs_is_told_again_and_again)
{
  g_auto (World) world;

  prepare (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_PREPARE, TERN_SIM_FAULT_HANG, 1);
  order (&world);
  world_run (&world, SECONDS (1));
  ck_assert (world_cancel (&world, 1));
  world_run (&world, SECONDS (20));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_CANCELLING);
  ck_assert_ptr_null (world_record (&world, 1)->note);
  ck_assert_uint_ge (world_count (&world, "abort anna"), 20);
  tern_sim_release (world.sim, "web");
  ck_assert (world_run_until_ended (&world, 1, SECONDS (5)));
  check_stayed (&world, TERN_PHASE_CANCELLED);
}
END_TEST

static void
cancel_in_vain (World *world)
{
  prepare (world);
  tern_sim_add_fault (world->sim, "web", TERN_SIM_COPY, TERN_SIM_FAULT_STUCK, 1);
  tern_sim_set_link (world->sim, "anna", "bert", 1000 * MIB);
  tern_sim_set_dirty_rate (world->sim, "anna", "web", 100 * GIB);
  order (world);
  ck_assert (world_run_until (world, 1, TERN_PHASE_COPYING, SECONDS (5)));
  world_run (world, SECONDS (2));
  tern_sim_set_link (world->sim, "anna", "bert", 2 * MIB);
  ck_assert (world_cancel (world, 1));
}

START_TEST (a_cancel_that_a_host_does_not_carry_out_is_told_of)
{
  g_auto (World) world;

  cancel_in_vain (&world);
  world_run (&world, SECONDS (25));
  ck_assert_ptr_null (world_record (&world, 1)->note);
  world_run (&world, SECONDS (10));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_CANCELLING);
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->note, "anna was told 3"));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->note, "has not done so: "));
  /* Each call is waited for: never two at a time. */
  ck_assert_uint_le (world_count (&world, "abort anna"), 5);

  tern_sim_release (world.sim, "web");
  ck_assert (world_run_until_ended (&world, 1, SECONDS (15)));
  check_stayed (&world, TERN_PHASE_CANCELLED);
  ck_assert_ptr_null (world_record (&world, 1)->note);
}
END_TEST

START_TEST (a_cancel_that_is_not_carried_out_for_long_is_a_matter_for_a_person)
{
  g_auto (World) world;
  guint told;

  cancel_in_vain (&world);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (330)));
  ck_assert_str_eq (world_record (&world, 1)->error_name, "Attention");
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "the move still goes on there"));
  ck_assert (!world_order (&world, "carl"));
  told = world_count (&world, "abort anna");

  tern_sim_release (world.sim, "web");
  ck_assert (tern_migrator_recheck (world.migrator, tern_task_list_find (world.tasks, 1), NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_CANCELLED, SECONDS (60)));
  ck_assert_uint_gt (world_count (&world, "abort anna"), told);
  check_stayed (&world, TERN_PHASE_CANCELLED);
}
END_TEST

/* The call answers at last: nobody has to ask for a look. */
START_TEST (a_move_that_ends_although_it_was_to_stop_settles_the_attention)
{
  g_auto (World) world;

  cancel_in_vain (&world);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (330)));
  tern_sim_set_dirty_rate (world.sim, "anna", "web", 0);
  tern_sim_set_link (world.sim, "anna", "bert", 1000 * MIB);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->verdict, "the cancel came too late"));
  ck_assert_int_eq (world_state_on (&world, "bert"), TERN_VM_RUNNING);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_N_STATES);
}
END_TEST

START_TEST (a_cancel_outlives_the_daemon_in_every_phase)
{
  for (gint64 moment_us = 0; moment_us < SECONDS (1); moment_us += 30 * 1000)
    {
      g_auto (World) world;

      prepare (&world);
      order (&world);
      world_run (&world, moment_us);
      ck_assert (world_cancel (&world, 1));
      world_run (&world, 10 * 1000);
      world_kill_daemon (&world);
      ck_assert (world_run_until_ended (&world, 1, SECONDS (30)));
      ck_assert_int_eq (fake_store_find_task (world.store, 1)->cancel_requested, TRUE);
      /* One that was found checking was never begun, and ends as that. */
      if (fake_store_find_task (world.store, 1)->phase == TERN_PHASE_FAILED)
        ck_assert_uint_eq (world_count (&world, "migrate"), 0);
      else
        check_stayed (&world, TERN_PHASE_CANCELLED);
    }
}
END_TEST

/* Given up by its policy: a death before, between and after the abort changes nothing. */
START_TEST (what_was_given_up_is_stopped_by_the_next_daemon)
{
  guint deaths = 1;

  for (guint n = 4; deaths > 0; n++)
    for (guint durable = 0; durable < 2; durable++)
      {
        g_auto (World) world;

        prepare (&world);
        world.store->crash_at = n;
        world.store->crash_durable = durable;
        order (&world);
        world_run (&world, SECONDS (10));
        tern_sim_set_link (world.sim, "anna", "bert", 0);
        ck_assert (world_run_until_ended (&world, 1, SECONDS (200)));
        check_stayed (&world, TERN_PHASE_FAILED);
        ck_assert_str_eq (fake_store_find_task (world.store, 1)->error_name, "TimedOut");
        deaths = world.deaths;
      }
}
END_TEST

/* Whoever wants it to stop must not see it go past the point of no return because of that step. */
START_TEST (a_step_that_is_being_stored_is_not_taken_after_a_cancel)
{
  static const TernPolicy policies[] = { TERN_POLICY_POSTCOPY, TERN_POLICY_FORCE };

  for (guint i = 0; i < G_N_ELEMENTS (policies); i++)
    for (gint64 moment_us = 0; moment_us < SECONDS (16); moment_us += 200 * 1000)
      {
        TernMoveOptions options = TERN_MOVE_OPTIONS_INIT;
        g_auto (World) world;
        guint n_before;

        world_init (&world);
        tern_sim_set_dirty_rate (world.sim, "anna", "web", 100 * GIB);
        world.store->delay_us = SECONDS (1);
        options.policy = policies[i];
        ck_assert (world_order_by (&world, "bert", &options));
        ck_assert (world_run_until (&world, 1, TERN_PHASE_COPYING, SECONDS (30)));
        world_run (&world, moment_us);
        n_before = world_count (&world, "postcopy anna") + world_count (&world, "pause anna")
                   + world_count (&world, "downtime anna");
        (void) world_cancel (&world, 1);
        ck_assert (world_run_until_ended (&world, 1, SECONDS (300)));
        ck_assert_uint_eq (n_before, world_count (&world, "postcopy anna")
                                         + world_count (&world, "pause anna")
                                         + world_count (&world, "downtime anna"));
      }
}
END_TEST

TERN_CHECK_MAIN (
    "migration-cancel", tcase_set_timeout (tcase, 600);
    tcase_add_test (tcase, a_cancel_before_there_is_a_job_is_kept_until_there_is_one);
    tcase_add_test (tcase, a_cancel_of_a_destination_that_hangs_is_told_again_and_again);
    tcase_add_test (tcase, a_cancel_that_a_host_does_not_carry_out_is_told_of);
    tcase_add_test (tcase, a_cancel_that_is_not_carried_out_for_long_is_a_matter_for_a_person);
    tcase_add_test (tcase, a_move_that_ends_although_it_was_to_stop_settles_the_attention);
    tcase_add_test (tcase, a_cancel_outlives_the_daemon_in_every_phase);
    tcase_add_test (tcase, a_step_that_is_being_stored_is_not_taken_after_a_cancel);
    tcase_add_test (tcase, what_was_given_up_is_stopped_by_the_next_daemon);)
