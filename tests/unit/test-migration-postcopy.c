/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Half of a guest's memory is here and half there: whatever breaks, whenever the daemon dies,
 * neither half is ever ended, the guest never runs twice, and what can be taken up again is.
 */
#include "config.h"

#include "base/error.h"
#include "drivers/sim-private.h"
#include "spy-hypervisor.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define MIB (G_GUINT64_CONSTANT (1) << 20)

/* All of its 2 GiB go over in post-copy: 20 s. */
static void
prepare (World *world)
{
  world_init (world);
  tern_sim_set_link (world->sim, "anna", "bert", 100 * MIB);
  tern_sim_set_dirty_rate (world->sim, "anna", "web", 100 * GIB);
}

static void
order (World *world)
{
  TernMoveOptions options = TERN_MOVE_OPTIONS_INIT;

  options.policy = TERN_POLICY_POSTCOPY;
  ck_assert (world_order_by (world, "bert", &options));
}

static void
order_until_postcopy (World *world)
{
  order (world);
  ck_assert (world_run_until (world, 1, TERN_PHASE_POSTCOPY, SECONDS (300)));
}

static gboolean
has_step (const TernTaskRecord *record, const char *what)
{
  for (guint i = 0; record->steps != NULL && record->steps[i] != NULL; i++)
    if (strstr (record->steps[i], what) != NULL)
      return TRUE;
  return FALSE;
}

static void
cut (World *world)
{
  tern_sim_set_link (world->sim, "anna", "bert", 0);
}

static void
mend (World *world)
{
  tern_sim_set_link (world->sim, "anna", "bert", 100 * MIB);
}

static void
check_untouched (World *world)
{
  ck_assert_uint_eq (world_count (world, "remove") + world_count (world, "resume")
                         + world_count (world, "let-run"),
                     0);
  ck_assert_uint_le (world->max_running, 1);
  ck_assert (!world->fell);
}

static void
check_moved (World *world)
{
  ck_assert (world_run_until_ended (world, 1, SECONDS (600)));
  ck_assert_int_eq (fake_store_find_task (world->store, 1)->phase, TERN_PHASE_DONE);
  ck_assert_int_eq (world_state_on (world, "bert"), TERN_VM_RUNNING);
  ck_assert_int_eq (world_state_on (world, "anna"), TERN_VM_N_STATES);
  check_untouched (world);
}

START_TEST (a_cancel_in_post_copy_is_too_late_and_that_is_said)
{
  g_auto (World) world;
  guint writes;

  prepare (&world);
  order_until_postcopy (&world);
  ck_assert (!tern_task_is_cancelable (tern_task_list_find (world.tasks, 1)));
  ck_assert (world_cancel (&world, 1));
  world_run (&world, SECONDS (1));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_POSTCOPY);
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->note, "the cancel came too late"));
  /* Of a source that is being connected to again nothing is known: the wish is not stored anew. */
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_CUT);
  world_run (&world, SECONDS (1));
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
  writes = world.store->n_writes;
  world_run (&world, SECONDS (10));
  ck_assert_uint_le (world.store->n_writes - writes, 15);
  check_moved (&world);
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->verdict, "the cancel came too late"));
  ck_assert_uint_eq (world_count (&world, "abort"), 0);
}
END_TEST

/* A link that is cut, and a post-copy that broke and is taken up again */

static void
check_recovery_is_stored (const char *line, gpointer data)
{
  World *world = data;
  const TernTaskRecord *stored = fake_store_find_task (world->store, 1);

  if (!g_str_has_prefix (line, "recover"))
    return;
  ck_assert_int_eq (stored->phase, TERN_PHASE_RECOVERING);
  ck_assert_uint_eq (stored->recoveries, world_count (world, "recover anna"));
}

/* TCP goes on by itself; to interrupt it could only lose the guest. */
START_TEST (a_post_copy_whose_link_is_cut_for_a_while_is_let_alone)
{
  g_auto (World) world;

  prepare (&world);
  order_until_postcopy (&world);
  world_run (&world, SECONDS (5));
  cut (&world);
  world_run (&world, SECONDS (50));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_POSTCOPY);
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->note, "stands still"));
  ck_assert_int_eq (world_record (&world, 1)->convergence, TERN_CONVERGENCE_UNKNOWN);
  mend (&world);
  check_moved (&world);
  ck_assert_uint_eq (world_count (&world, "abort"), 0);
  ck_assert_uint_eq (world_count (&world, "recover"), 0);
}
END_TEST

START_TEST (a_link_that_stays_cut_is_a_matter_for_a_person_and_nothing_is_ended)
{
  g_auto (World) world;

  prepare (&world);
  order_until_postcopy (&world);
  cut (&world);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (70)));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "destroy neither"));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "mend the link"));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "--recheck"));
  ck_assert_ptr_null (strstr (world_record (&world, 1)->error, "--keep"));
  world_run (&world, SECONDS (400));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_ATTENTION);

  /* A person looks again in vain; a restart changes nothing either. */
  ck_assert (tern_migrator_recheck (world.migrator, tern_task_list_find (world.tasks, 1), NULL));
  world_run (&world, SECONDS (10));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_ATTENTION);
  world_kill_daemon (&world);
  world_run (&world, SECONDS (80));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_ATTENTION);
  mend (&world);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (600)));
  check_moved (&world);
  ck_assert_uint_eq (world_count (&world, "abort"), 0);
}
END_TEST

START_TEST (a_post_copy_that_stood_and_goes_on_needs_no_attention_any_more)
{
  g_auto (World) world;

  prepare (&world);
  order_until_postcopy (&world);
  world_run (&world, SECONDS (2));
  cut (&world);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (70)));
  world_run (&world, SECONDS (30));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_ATTENTION);
  mend (&world);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_POSTCOPY, SECONDS (3)));
  ck_assert_ptr_null (world_record (&world, 1)->error);
  ck_assert_ptr_null (world_record (&world, 1)->verdict);
  cut (&world);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (70)));
  mend (&world);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_POSTCOPY, SECONDS (3)));
  check_moved (&world);
  ck_assert_uint_eq (world_count (&world, "recover") + world_count (&world, "abort"), 0);
}
END_TEST

START_TEST (a_cancel_that_came_too_late_does_not_hide_that_the_guest_stands_still)
{
  g_auto (World) world;

  prepare (&world);
  order_until_postcopy (&world);
  ck_assert (world_cancel (&world, 1));
  cut (&world);
  world_run (&world, SECONDS (20));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->note, "the cancel came too late"));
  ck_assert_ptr_nonnull (
      strstr (world_record (&world, 1)->note, "the migration link between anna and bert"));
  mend (&world);
  check_moved (&world);
}
END_TEST

/* Nobody looks again by hand: that QEMU broke it is a change. */
START_TEST (what_breaks_when_tcp_gives_up_is_taken_up_when_the_link_is_back)
{
  g_auto (World) world;

  prepare (&world);
  spy_hypervisor_watch (check_recovery_is_stored, &world);
  order_until_postcopy (&world);
  cut (&world);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (400)));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_RECOVERING, SECONDS (1000)));
  world_run (&world, SECONDS (10));
  mend (&world);
  check_moved (&world);
  ck_assert_uint_ge (world_count (&world, "recover anna"), 2);
  ck_assert_uint_eq (world_count (&world, "abort"), 0);
  spy_hypervisor_watch (NULL, NULL);
}
END_TEST

START_TEST (a_post_copy_that_breaks_again_and_again_is_taken_up_again_and_again)
{
  g_auto (World) world;

  prepare (&world);
  spy_hypervisor_watch (check_recovery_is_stored, &world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_POSTCOPY, TERN_SIM_FAULT_ERROR, 4);
  order (&world);
  check_moved (&world);
  ck_assert_uint_eq (world_count (&world, "recover anna"), 4);
  ck_assert (has_step (fake_store_find_task (world.store, 1), "taken up again (try 1 of 10)"));
  ck_assert (has_step (fake_store_find_task (world.store, 1), "taken up again (try 4 of 10)"));
  ck_assert_uint_eq (world_count (&world, "migrate anna"), 1);
  ck_assert_uint_eq (spy_hypervisor_get_last_call ()->flags,
                     TERN_MIGRATE_POSTCOPY | TERN_MIGRATE_POSTCOPY_RESUME);
  ck_assert (spy_hypervisor_get_last_call ()->persistent);
  spy_hypervisor_watch (NULL, NULL);
}
END_TEST

START_TEST (a_post_copy_that_cannot_be_taken_up_is_a_matter_for_a_person_who_may_ask_again)
{
  g_auto (World) world;

  prepare (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_POSTCOPY, TERN_SIM_FAULT_ERROR,
                      TERN_VERIFY_MAX_RECOVERIES + 3);
  order (&world);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (1200)));
  ck_assert_uint_eq (world_count (&world, "recover anna"), TERN_VERIFY_MAX_RECOVERIES);
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "destroy neither"));
  world_run (&world, SECONDS (600));
  ck_assert_uint_eq (world_count (&world, "recover anna"), TERN_VERIFY_MAX_RECOVERIES);

  ck_assert (tern_migrator_recheck (world.migrator, tern_task_list_find (world.tasks, 1), NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (600)));
  check_moved (&world);
}
END_TEST

START_TEST (a_post_copy_of_which_the_source_tells_nothing_is_a_matter_for_a_person)
{
  g_auto (World) world;

  prepare (&world);
  order_until_postcopy (&world);
  cut (&world);
  spy_hypervisor_refuse ("job");
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (320)));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "anna has not told for minutes"));
  check_untouched (&world);
  spy_hypervisor_refuse (NULL);
  mend (&world);
  world_run (&world, SECONDS (60));
  check_moved (&world);
}
END_TEST

/* Deaths */

static const TernSimFault faults[] = { TERN_SIM_FAULT_ERROR, TERN_SIM_FAULT_LOSE_CONNECTION,
                                       TERN_SIM_FAULT_STUCK, TERN_SIM_N_FAULTS };

static void
prepare_fault (World *world, TernSimFault fault)
{
  prepare (world);
  if (fault != TERN_SIM_N_FAULTS)
    tern_sim_add_fault (world->sim, "web", TERN_SIM_POSTCOPY, fault, 2);
}

START_TEST (a_death_at_any_write_of_any_fault_loses_no_half)
{
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    {
      guint deaths = 1;

      /* The first three announce the call. */
      for (guint n = 4; deaths > 0; n++)
        for (guint durable = 0; durable < 2; durable++)
          {
            g_auto (World) world;

            prepare_fault (&world, faults[i]);
            world.store->crash_at = n;
            world.store->crash_durable = durable;
            order (&world);
            check_moved (&world);
            deaths = world.deaths;
          }
    }
}
END_TEST

START_TEST (a_death_at_any_moment_of_post_copy_loses_no_half)
{
  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    for (gint64 later_us = 0; later_us < SECONDS (90); later_us += SECONDS (3))
      {
        g_auto (World) world;

        prepare_fault (&world, faults[i]);
        order_until_postcopy (&world);
        world_run (&world, later_us);
        world_kill_daemon (&world);
        check_moved (&world);
      }
}
END_TEST

START_TEST (a_restart_in_post_copy_never_takes_it_for_a_copy)
{
  g_auto (World) world;

  prepare (&world);
  order_until_postcopy (&world);
  for (guint i = 0; i < 5; i++)
    {
      guint from = world.journal->len;

      world_kill_daemon (&world);
      world_run (&world, SECONDS (2));
      ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_POSTCOPY);
      for (guint n = from; n < world.journal->len; n++)
        ck_assert_str_ne (world.journal->pdata[n], "stored 1 copying");
    }
  check_moved (&world);
}
END_TEST

START_TEST (a_store_that_refuses_any_write_loses_no_half)
{
  for (guint n = 5; n < 40; n++)
    {
      g_auto (World) world;

      prepare_fault (&world, TERN_SIM_FAULT_ERROR);
      world.store->fail_first = n;
      world.store->fail_last = n + 5;
      order (&world);
      check_moved (&world);
    }
}
END_TEST

/* What is gone is gone: nobody claims anything else, and nobody makes it worse. */
START_TEST (a_host_that_dies_in_post_copy_is_a_matter_for_a_person)
{
  static const TernSimFault deaths[] = { TERN_SIM_FAULT_SOURCE_DIES,
                                         TERN_SIM_FAULT_DESTINATION_DIES };

  for (guint i = 0; i < G_N_ELEMENTS (deaths); i++)
    {
      g_auto (World) world;

      prepare_fault (&world, deaths[i]);
      order (&world);
      ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (1800)));
      check_untouched (&world);
      ck_assert_uint_eq (world_count (&world, "discard"), 0);
    }
}
END_TEST

/* Its source came back without it: trying again could help nobody, and says what is not so. */
START_TEST (a_post_copy_whose_other_half_is_seen_to_be_gone_is_not_taken_up_again)
{
  g_auto (World) world;
  guint recovered;

  prepare_fault (&world, TERN_SIM_FAULT_SOURCE_DIES);
  order (&world);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_VERIFYING, SECONDS (300)));
  recovered = world_count (&world, "recover");
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (240)));
  ck_assert_uint_eq (world_count (&world, "recover"), recovered);
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "what anna had"));
  ck_assert_ptr_null (strstr (world_record (&world, 1)->error, "mend the link"));
  check_untouched (&world);
}
END_TEST

START_TEST (post_copy_is_as_fast_as_it_may_be)
{
  g_auto (World) world;
  TernMoveOptions options = TERN_MOVE_OPTIONS_INIT;

  prepare (&world);
  options.policy = TERN_POLICY_POSTCOPY;
  options.postcopy_bandwidth_bps = 50 * MIB;
  ck_assert (world_order_by (&world, "bert", &options));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_POSTCOPY, SECONDS (300)));
  world_run (&world, SECONDS (2));
  ck_assert_uint_eq (world_count (&world, "postcopy-speed"), 0);
  world_kill_daemon (&world);
  world_run (&world, SECONDS (2));
  ck_assert_int_ge (world_find (&world, "postcopy-speed anna 52428800"), 0);
  check_moved (&world);
}
END_TEST

TERN_CHECK_MAIN (
    "migration-postcopy", tcase_set_timeout (tcase, 600);
    tcase_add_test (tcase, a_post_copy_that_stood_and_goes_on_needs_no_attention_any_more);
    tcase_add_test (tcase, a_cancel_that_came_too_late_does_not_hide_that_the_guest_stands_still);
    tcase_add_test (tcase, a_cancel_in_post_copy_is_too_late_and_that_is_said);
    tcase_add_test (tcase, a_post_copy_whose_link_is_cut_for_a_while_is_let_alone);
    tcase_add_test (tcase,
                    a_post_copy_that_cannot_be_taken_up_is_a_matter_for_a_person_who_may_ask_again);
    tcase_add_test (tcase, what_breaks_when_tcp_gives_up_is_taken_up_when_the_link_is_back);
    tcase_add_test (tcase, a_post_copy_that_breaks_again_and_again_is_taken_up_again_and_again);
    tcase_add_test (tcase, a_link_that_stays_cut_is_a_matter_for_a_person_and_nothing_is_ended);
    tcase_add_test (tcase, a_post_copy_of_which_the_source_tells_nothing_is_a_matter_for_a_person);
    tcase_add_test (tcase, a_death_at_any_write_of_any_fault_loses_no_half);
    tcase_add_test (tcase, a_death_at_any_moment_of_post_copy_loses_no_half);
    tcase_add_test (tcase, a_restart_in_post_copy_never_takes_it_for_a_copy);
    tcase_add_test (tcase, a_store_that_refuses_any_write_loses_no_half);
    tcase_add_test (tcase, a_host_that_dies_in_post_copy_is_a_matter_for_a_person);
    tcase_add_test (tcase, a_post_copy_whose_other_half_is_seen_to_be_gone_is_not_taken_up_again);
    tcase_add_test (tcase, post_copy_is_as_fast_as_it_may_be);)
