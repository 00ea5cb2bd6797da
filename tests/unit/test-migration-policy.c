/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A guest that writes faster than its link carries: each policy brings its move to an end, whenever
 * the daemon dies, and whatever the host says to a step.
 */
#include "config.h"

#include "base/error.h"
#include "drivers/sim-private.h"
#include "engine/migrator-private.h"
#include "plan/converge.h"
#include "spy-hypervisor.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define MIB (G_GUINT64_CONSTANT (1) << 20)

/* 2 GiB over 100 MiB/s, written to at twice that: no pass is ever smaller than the one before. */
static void
prepare (World *world)
{
  world_init (world);
  tern_sim_set_link (world->sim, "anna", "bert", 100 * MIB);
  tern_sim_set_dirty_rate (world->sim, "anna", "web", 200 * MIB);
}

static gboolean
order (World *world, TernPolicy policy)
{
  TernMoveOptions options = TERN_MOVE_OPTIONS_INIT;

  options.policy = policy;
  return world_order_by (world, "bert", &options);
}

static gint64
get_bound_us (World *world, TernPolicy policy)
{
  return tern_converge_get_bound_us (policy, world_record (world, 1)->memory)
         + world->settings.bounds.switchover_us + SECONDS (60);
}

static gboolean
has_step (const TernTaskRecord *record, const char *what)
{
  for (guint i = 0; record->steps != NULL && record->steps[i] != NULL; i++)
    if (strstr (record->steps[i], what) != NULL)
      return TRUE;
  return FALSE;
}

/* Without what QEMU did by itself. */
static guint
count_own_steps (const TernTaskRecord *record)
{
  guint n = 0;

  for (guint i = 0; record->steps != NULL && record->steps[i] != NULL; i++)
    n += strstr (record->steps[i], ": QEMU ") == NULL;
  return n;
}

static void
check_runs_on (World *world, const char *host)
{
  const char *other = g_str_equal (host, "anna") ? "bert" : "anna";

  ck_assert_int_eq (world_state_on (world, host), TERN_VM_RUNNING);
  ck_assert_int_eq (world_state_on (world, other), TERN_VM_N_STATES);
  ck_assert_uint_le (world->max_running, 1);
  ck_assert (!world->fell);
}

/* How it ends */

static TernTaskPhase
end_by (World *world, TernPolicy policy)
{
  ck_assert (order (world, policy));
  ck_assert (world_run_until_ended (world, 1, get_bound_us (world, policy)));
  return fake_store_find_task (world->store, 1)->phase;
}

START_TEST (a_careful_move_that_does_not_converge_is_given_up_and_says_why)
{
  g_auto (World) world;
  const TernTaskRecord *stored;

  prepare (&world);
  ck_assert_int_eq (end_by (&world, TERN_POLICY_CAREFUL), TERN_PHASE_FAILED);
  stored = fake_store_find_task (world.store, 1);
  ck_assert_str_eq (stored->error_name, "TimedOut");
  ck_assert_ptr_nonnull (strstr (stored->error, stored->abort_reason));
  ck_assert_ptr_nonnull (strstr (stored->error, "web runs on anna, where it was"));
  ck_assert (has_step (stored, "may stand still for 1000 ms"));
  ck_assert_uint_eq (stored->step, g_strv_length (stored->steps));
  check_runs_on (&world, "anna");
}
END_TEST

START_TEST (a_move_may_end_by_post_copy)
{
  g_auto (World) world;
  const TernTaskRecord *stored;

  prepare (&world);
  ck_assert_int_eq (end_by (&world, TERN_POLICY_POSTCOPY), TERN_PHASE_DONE);
  stored = fake_store_find_task (world.store, 1);
  ck_assert (has_step (stored, "post-copy"));
  ck_assert_uint_eq (world_count (&world, "postcopy anna"), 1);
  ck_assert_int_gt (world_find (&world, "stored 1 post-copy"),
                    world_find (&world, "postcopy anna"));
  check_runs_on (&world, "bert");
}
END_TEST

START_TEST (a_move_may_be_forced_by_a_pause)
{
  g_auto (World) world;

  prepare (&world);
  /* So fast that slowing it down does not help. */
  tern_sim_set_dirty_rate (world.sim, "anna", "web", 100 * GIB);
  ck_assert_int_eq (end_by (&world, TERN_POLICY_FORCE), TERN_PHASE_DONE);
  ck_assert_uint_eq (world_count (&world, "pause anna"), 1);
  check_runs_on (&world, "bert");
}
END_TEST

/* A guest that a slowdown tames moves by the default policy. */
START_TEST (a_move_by_the_default_policy_slows_the_guest_until_it_fits)
{
  g_auto (World) world;

  prepare (&world);
  ck_assert_int_eq (end_by (&world, TERN_POLICY_DEFAULT), TERN_PHASE_DONE);
  check_runs_on (&world, "bert");
}
END_TEST

START_TEST (that_a_guest_is_slowed_is_history_once_at_its_begin_and_at_its_most)
{
  g_auto (World) world;
  const TernTaskRecord *stored;
  guint n = 0;

  prepare (&world);
  tern_sim_set_dirty_rate (world.sim, "anna", "web", 100 * GIB);
  ck_assert (order (&world, TERN_POLICY_DEFAULT));
  ck_assert (world_run_until_ended (&world, 1, get_bound_us (&world, TERN_POLICY_DEFAULT)));
  stored = fake_store_find_task (world.store, 1);
  ck_assert (has_step (stored, "QEMU began to slow web down, by "));
  ck_assert (has_step (stored, "QEMU slows web down by 99 %, its most"));
  for (guint i = 0; stored->steps[i] != NULL; i++)
    n += strstr (stored->steps[i], ": QEMU ") != NULL;
  ck_assert_uint_eq (n, 2);
}
END_TEST

/* A stopped QEMU or libvirtd owes an answer: what was true before that is not shown as of now. */
START_TEST (a_source_that_owes_an_answer_is_named_and_no_rate_is_claimed)
{
  g_auto (World) world;

  prepare (&world);
  ck_assert (order (&world, TERN_POLICY_CAREFUL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_COPYING, SECONDS (10)));
  world_run (&world, SECONDS (3));
  ck_assert_uint_gt (world_record (&world, 1)->rate_bps, 0);
  spy_hypervisor_hold ("job");
  world_run (&world, SECONDS (5));
  ck_assert_uint_eq (world_record (&world, 1)->rate_bps, 0);
  ck_assert_int_eq (world_record (&world, 1)->eta_min_us, 0);
  world_run (&world, SECONDS (7));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->note, "anna has not answered for 1"));
  spy_hypervisor_hold (NULL);
  world_run (&world, SECONDS (3));
  ck_assert_uint_gt (world_record (&world, 1)->rate_bps, 0);
  if (world_record (&world, 1)->note != NULL)
    ck_assert_ptr_null (strstr (world_record (&world, 1)->note, "has not answered"));
}
END_TEST

START_TEST (what_is_seen_of_a_copy_is_shown)
{
  g_auto (World) world;
  const TernTaskRecord *record;

  prepare (&world);
  tern_sim_set_dirty_rate (world.sim, "anna", "web", MIB);
  ck_assert (order (&world, TERN_POLICY_CAREFUL));
  world_run (&world, SECONDS (15));
  record = world_record (&world, 1);
  ck_assert_int_eq (record->phase, TERN_PHASE_COPYING);
  ck_assert_uint_ge (record->link_bps, 90 * MIB);
  ck_assert_int_gt (record->eta_min_us, tern_clock_wall_us (world.clock));
  ck_assert_int_ge (record->eta_max_us, record->eta_min_us);

  tern_sim_set_dirty_rate (world.sim, "anna", "web", 200 * MIB);
  for (guint i = 0; i < 200 && record->convergence != TERN_CONVERGENCE_NO; i++)
    {
      world_run (&world, SECONDS (1));
      record = world_record (&world, 1);
    }
  ck_assert_int_eq (record->convergence, TERN_CONVERGENCE_NO);
  ck_assert_int_eq (record->eta_max_us, 0);
  ck_assert_ptr_nonnull (strstr (record->note, "not converging"));
  ck_assert (world_run_until_ended (&world, 1, SECONDS (3600)));
  record = fake_store_find_task (world.store, 1);
  ck_assert_ptr_null (record->note);
  ck_assert_int_eq (record->eta_min_us, 0);
}
END_TEST

/* Stored first */

static void
check_step_is_stored (const char *line, gpointer data)
{
  World *world = data;
  const TernTaskRecord *stored = fake_store_find_task (world->store, 1);
  guint n = stored != NULL && stored->steps != NULL ? g_strv_length (stored->steps) : 0;
  const char *last = n > 0 ? stored->steps[n - 1] : "";
  g_autofree char *downtime = NULL;

  if (g_str_has_prefix (line, "downtime"))
    {
      downtime = g_strdup_printf ("for %s ms", strrchr (line, ' ') + 1);
      ck_assert_msg (strstr (last, downtime) != NULL, "%s: %s", line, last);
    }
  else if (g_str_has_prefix (line, "pause"))
    ck_assert_msg (strstr (last, "is paused until") != NULL, "%s: %s", line, last);
  else if (g_str_has_prefix (line, "postcopy "))
    ck_assert_msg (strstr (last, "(post-copy)") != NULL, "%s: %s", line, last);
  else if (g_str_has_prefix (line, "abort"))
    ck_assert (stored->abort_reason != NULL || stored->cancel_requested);
}

START_TEST (a_step_is_stored_before_it_is_taken)
{
  for (guint policy = 0; policy < TERN_N_POLICIES; policy++)
    {
      g_auto (World) world;

      prepare (&world);
      tern_sim_set_dirty_rate (world.sim, "anna", "web", 100 * GIB);
      spy_hypervisor_watch (check_step_is_stored, &world);
      world.store->delay_us = 300 * 1000;
      (void) end_by (&world, policy);
      ck_assert_uint_ge (world_count (&world, "downtime anna"), 1);
      spy_hypervisor_watch (NULL, NULL);
    }
}
END_TEST

/* The next daemon goes on after it: no percentage rises then, which would be written anyway. */
START_TEST (a_step_that_was_taken_is_stored_soon)
{
  g_auto (World) world;

  prepare (&world);
  ck_assert (order (&world, TERN_POLICY_CAREFUL));
  for (guint i = 0; i < 1000 && world_find (&world, "downtime") < 0; i++)
    world_run (&world, SECONDS (1) / 2);
  ck_assert_uint_eq (world_count (&world, "downtime"), 1);
  world_run (&world, SECONDS (2));
  ck_assert_uint_ge (fake_store_find_task (world.store, 1)->step, 1);
  ck_assert_int_gt (fake_store_find_task (world.store, 1)->step_us, 0);
}
END_TEST

/* What goes wrong */

START_TEST (a_host_that_says_no_to_a_step_is_noted_and_the_policy_goes_on)
{
  static const struct
  {
    const char *refused;
    TernPolicy policy;
  } cases[] = {
    { "downtime", TERN_POLICY_CAREFUL },
    { "postcopy", TERN_POLICY_POSTCOPY },
    { "pause", TERN_POLICY_FORCE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (World) world;
      g_autofree char *told = g_strconcat (cases[i].refused, " anna", NULL);

      prepare (&world);
      tern_sim_set_dirty_rate (world.sim, "anna", "web", 100 * GIB);
      spy_hypervisor_refuse (cases[i].refused);
      ck_assert_int_eq (end_by (&world, cases[i].policy), TERN_PHASE_FAILED);
      ck_assert_uint_ge (world_count (&world, told), 1);
      ck_assert (
          has_step (fake_store_find_task (world.store, 1), "(anna did not do that: it is in use)"));
      check_runs_on (&world, "anna");
      spy_hypervisor_refuse (NULL);
    }
}
END_TEST

START_TEST (a_copy_whose_link_was_cut_is_stopped)
{
  g_auto (World) world;

  prepare (&world);
  ck_assert (order (&world, TERN_POLICY_DEFAULT));
  world_run (&world, SECONDS (10));
  tern_sim_set_link (world.sim, "anna", "bert", 0);
  ck_assert (world_run_until_ended (&world, 1, SECONDS (75)));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_FAILED);
  ck_assert_ptr_nonnull (
      strstr (world_record (&world, 1)->abort_reason, "check the migration link"));
  check_runs_on (&world, "anna");
}
END_TEST

START_TEST (a_destination_that_does_not_get_ready_is_not_waited_for_for_ever)
{
  g_auto (World) world;

  prepare (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_PREPARE, TERN_SIM_FAULT_HANG, 1);
  world.settings.bounds.prepare_us = SECONDS (30);
  world_kill_daemon (&world);
  world_run (&world, SECONDS (2));
  ck_assert (order (&world, TERN_POLICY_DEFAULT));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_CANCELLING, SECONDS (40)));
  /* libvirt remembers the abort until the destination answers. */
  tern_sim_release (world.sim, "web");
  ck_assert (world_run_until_ended (&world, 1, SECONDS (30)));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_FAILED);
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "did not get ready"));
  check_runs_on (&world, "anna");
}
END_TEST

START_TEST (a_store_that_refuses_a_step_does_not_keep_it_from_being_taken)
{
  for (guint policy = 0; policy < TERN_N_POLICIES; policy++)
    for (guint n = 5; n < 12; n++)
      {
        g_auto (World) world;

        prepare (&world);
        tern_sim_set_dirty_rate (world.sim, "anna", "web", 100 * GIB);
        world.store->fail_first = n;
        world.store->fail_last = n + 3;
        (void) end_by (&world, policy);
        ck_assert_uint_ge (world_count (&world, "downtime anna"), 1);
        ck_assert_uint_eq (count_own_steps (fake_store_find_task (world.store, 1)),
                           world_count (&world, "downtime") + world_count (&world, "pause")
                               + world_count (&world, "postcopy anna"));
        check_runs_on (&world, world_phase (&world, 1) == TERN_PHASE_DONE ? "bert" : "anna");
      }
}
END_TEST

/* Deaths */

/* A step may be taken a second time, by a daemon that does not know of it; none is skipped back. */
static void
check_schedule (World *world)
{
  guint64 last = 0;

  for (guint i = 0; i < world->journal->len; i++)
    {
      const char *line = world->journal->pdata[i];
      guint64 ms;

      if (!g_str_has_prefix (line, "downtime"))
        continue;
      ms = g_ascii_strtoull (strrchr (line, ' ') + 1, NULL, 10);
      ck_assert_uint_ge (ms, last);
      last = ms;
    }
}

static TernTaskPhase
die_at_write (TernPolicy policy, guint number, gboolean durable, guint *out_deaths)
{
  g_auto (World) world;
  TernTaskPhase phase;

  prepare (&world);
  tern_sim_set_dirty_rate (world.sim, "anna", "web", 100 * GIB);
  world.store->crash_at = number;
  world.store->crash_durable = durable;
  phase = end_by (&world, policy);
  check_schedule (&world);
  check_runs_on (&world, phase == TERN_PHASE_DONE ? "bert" : "anna");
  *out_deaths = world.deaths;
  return phase;
}

START_TEST (a_death_at_any_write_changes_no_schedule)
{
  for (guint policy = 0; policy < TERN_N_POLICIES; policy++)
    {
      gboolean moves = policy == TERN_POLICY_POSTCOPY || policy == TERN_POLICY_FORCE;
      guint deaths = 1;

      /* The first three announce the call. */
      for (guint n = 4; deaths > 0; n++)
        for (guint durable = 0; durable < 2; durable++)
          ck_assert_msg (die_at_write (policy, n, durable, &deaths)
                             == (moves ? TERN_PHASE_DONE : TERN_PHASE_FAILED),
                         "policy %u, write %u", policy, n);
    }
}
END_TEST

/* None of them lives long enough to see two passes. */
START_TEST (a_daemon_that_dies_again_and_again_keeps_to_the_bound)
{
  for (guint policy = 0; policy < TERN_N_POLICIES; policy++)
    {
      g_auto (World) world;
      gint64 end_us;

      prepare (&world);
      tern_sim_set_dirty_rate (world.sim, "anna", "web", 100 * GIB);
      ck_assert (order (&world, policy));
      end_us = tern_clock_now_us (world.clock) + get_bound_us (&world, policy);
      while (!tern_task_phase_is_final (fake_store_find_task (world.store, 1)->phase)
             && tern_clock_now_us (world.clock) < end_us)
        {
          world_run (&world, SECONDS (11));
          world_kill_daemon (&world);
          world_run (&world, SECONDS (1));
        }
      ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
      check_runs_on (&world, fake_store_find_task (world.store, 1)->phase == TERN_PHASE_DONE
                                 ? "bert"
                                 : "anna");
    }
}
END_TEST

/* Another policy in flight */

static TernTask *
get_task (World *world)
{
  return tern_task_list_find (world->tasks, 1);
}

static gboolean
give_policy (World *world, TernPolicy policy, GError **error)
{
  return tern_migrator_switch (world->migrator, get_task (world), policy, 1000, error);
}

static void
check_refused (World *world, TernPolicy policy, const char *because)
{
  g_autoptr (GError) error = NULL;

  ck_assert (!give_policy (world, policy, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_REFUSED));
  ck_assert_msg (strstr (error->message, because) != NULL, "%s", error->message);
}

START_TEST (a_move_may_get_another_policy_while_it_copies)
{
  g_auto (World) world;
  const TernTaskRecord *stored;

  prepare (&world);
  tern_sim_set_dirty_rate (world.sim, "anna", "web", 100 * GIB);
  ck_assert (order (&world, TERN_POLICY_CAREFUL));
  world_run (&world, SECONDS (60));
  ck_assert (give_policy (&world, TERN_POLICY_FORCE, NULL));
  world_run (&world, SECONDS (1));
  stored = fake_store_find_task (world.store, 1);
  ck_assert_int_eq (stored->options.policy, TERN_POLICY_FORCE);
  ck_assert (has_step (stored, "the policy is force now; it was begun without slowing"));
  ck_assert (
      world_run_until (&world, 1, TERN_PHASE_DONE, get_bound_us (&world, TERN_POLICY_FORCE)));
  ck_assert_uint_eq (world_count (&world, "pause anna"), 1);
  check_runs_on (&world, "bert");
}
END_TEST

START_TEST (a_policy_that_was_given_outlives_the_daemon)
{
  for (gint64 later_us = 0; later_us < SECONDS (60); later_us += SECONDS (7))
    {
      g_auto (World) world;

      prepare (&world);
      tern_sim_set_dirty_rate (world.sim, "anna", "web", 100 * GIB);
      ck_assert (order (&world, TERN_POLICY_CAREFUL));
      world_run (&world, SECONDS (30));
      ck_assert (give_policy (&world, TERN_POLICY_FORCE, NULL));
      world_run (&world, later_us + 50 * 1000);
      world_kill_daemon (&world);
      world_run (&world, SECONDS (1));
      ck_assert (world_run_until_ended (&world, 1, get_bound_us (&world, TERN_POLICY_FORCE)));
      check_runs_on (&world, "bert");
    }
}
END_TEST

/* Whatever moment it is: what is taken is stored, and what is not is said. */
START_TEST (a_policy_may_be_given_in_every_phase_until_the_end_is_near)
{
  for (gint64 moment_us = 0; moment_us < SECONDS (4); moment_us += 50 * 1000)
    {
      g_auto (World) world;
      g_autoptr (GError) error = NULL;
      TernTaskPhase phase;
      gboolean taken;

      world_init (&world);
      ck_assert (order (&world, TERN_POLICY_DEFAULT));
      world_run (&world, moment_us);
      phase = world_phase (&world, 1);
      taken = give_policy (&world, TERN_POLICY_CAREFUL, &error);
      ck_assert_int_eq (taken, error == NULL);
      ck_assert_msg (taken == (phase < TERN_PHASE_POSTCOPY), "%s",
                     tern_task_phase_to_string (phase));
      ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));
      if (taken)
        ck_assert_int_eq (fake_store_find_task (world.store, 1)->options.policy,
                          TERN_POLICY_CAREFUL);
    }
}
END_TEST

/* It waits for another one to leave the same host. */
START_TEST (a_policy_may_be_given_before_it_began)
{
  static const char db[] = "22222222-5a3f-4c7d-9e1b-2f3a4b5c6d7e";
  g_auto (World) world;
  TernTask *task;

  prepare (&world);
  world.settings.limits.out = 1;
  world_kill_daemon (&world);
  (void) world_add_vm (&world, db, "db", "anna", TERN_VM_RUNNING, GIB);
  world_run (&world, SECONDS (2));
  tern_migrator_start_async (world.migrator, db, NULL, "bert", 0, NULL, NULL);
  world_run (&world, SECONDS (1));
  ck_assert (order (&world, TERN_POLICY_CAREFUL));
  ck_assert_int_eq (world_phase (&world, 2), TERN_PHASE_QUEUED);
  task = tern_task_list_find (world.tasks, 2);
  ck_assert (tern_migrator_switch (world.migrator, task, TERN_POLICY_POSTCOPY, 0, NULL));
  ck_assert (world_run_until (&world, 2, TERN_PHASE_COPYING, SECONDS (60)));
  ck_assert_str_eq (world_record (&world, 2)->steps[0],
                    "before it began: the policy is postcopy now");
  ck_assert_uint_eq (spy_hypervisor_get_last_call ()->flags, TERN_MIGRATE_POSTCOPY);
}
END_TEST

START_TEST (a_guest_that_was_paused_gets_no_other_policy)
{
  g_auto (World) world;

  prepare (&world);
  tern_sim_set_dirty_rate (world.sim, "anna", "web", 100 * GIB);
  ck_assert (order (&world, TERN_POLICY_FORCE));
  for (guint i = 0; i < 4000 && world_count (&world, "pause anna") == 0; i++)
    world_run (&world, SECONDS (1) / 10);
  ck_assert_uint_eq (world_count (&world, "pause anna"), 1);
  check_refused (&world, TERN_POLICY_CAREFUL,
                 "is paused until all is over; “virtern task cancel 1” lets it run on again");
  world_run (&world, SECONDS (1));
  check_refused (&world, TERN_POLICY_FORCE, "is paused until all is over");
  ck_assert_int_eq (world_record (&world, 1)->options.policy, TERN_POLICY_FORCE);
}
END_TEST

START_TEST (a_guest_that_is_handed_over_gets_no_other_policy)
{
  g_auto (World) world;

  prepare (&world);
  spy_hypervisor_hold ("postcopy");
  ck_assert (order (&world, TERN_POLICY_POSTCOPY));
  for (guint i = 0; i < 4000 && world_count (&world, "postcopy anna") == 0; i++)
    world_run (&world, SECONDS (1) / 10);
  check_refused (&world, TERN_POLICY_CAREFUL, "no policy matters to it any more");
  spy_hypervisor_hold (NULL);
}
END_TEST

START_TEST (another_policy_while_it_prepares_is_no_other_attempt)
{
  g_auto (World) world;

  prepare (&world);
  ck_assert (order (&world, TERN_POLICY_DEFAULT));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_PREPARING, SECONDS (10)));
  ck_assert (give_policy (&world, TERN_POLICY_CAREFUL, NULL));
  world_run (&world, SECONDS (1) / 20);
  ck_assert (give_policy (&world, TERN_POLICY_DEFAULT, NULL));
  world_run (&world, SECONDS (1) / 20);
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_PREPARING);
  ck_assert_uint_eq (world_record (&world, 1)->attempt, 1);
  /* It was begun so that it can be slowed down. */
  ck_assert (!has_step (world_record (&world, 1), "begun without"));
}
END_TEST

START_TEST (post_copy_cannot_be_had_unless_it_was_prepared)
{
  g_auto (World) world;

  prepare (&world);
  ck_assert (order (&world, TERN_POLICY_CAREFUL));
  world_run (&world, SECONDS (10));
  check_refused (&world, TERN_POLICY_POSTCOPY, "was begun without post-copy");
  ck_assert (world_cancel (&world, 1));
  check_refused (&world, TERN_POLICY_DEFAULT, "is past the point");
  ck_assert (world_run_until (&world, 1, TERN_PHASE_CANCELLED, SECONDS (30)));
  check_refused (&world, TERN_POLICY_DEFAULT, "has ended");
}
END_TEST

START_TEST (post_copy_that_was_prepared_can_be_had_later)
{
  g_auto (World) world;

  prepare (&world);
  tern_sim_set_dirty_rate (world.sim, "anna", "web", 100 * GIB);
  world.settings.prepare_postcopy = TRUE;
  world_kill_daemon (&world);
  world_run (&world, SECONDS (2));
  ck_assert (order (&world, TERN_POLICY_CAREFUL));
  world_run (&world, SECONDS (30));
  ck_assert (give_policy (&world, TERN_POLICY_POSTCOPY, NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (600)));
  ck_assert_uint_eq (world_count (&world, "postcopy anna"), 1);
  check_runs_on (&world, "bert");
}
END_TEST

/* The call */

START_TEST (the_call_is_made_as_it_was_ordered)
{
  static const struct
  {
    TernMoveOptions options;
    gboolean prepare;
    TernMigrateFlags flags;
  } cases[] = {
    { { .policy = TERN_POLICY_CAREFUL }, FALSE, TERN_MIGRATE_NONE },
    { { .policy = TERN_POLICY_CAREFUL }, TRUE, TERN_MIGRATE_POSTCOPY },
    { { .policy = TERN_POLICY_DEFAULT }, FALSE, TERN_MIGRATE_AUTO_CONVERGE },
    { { .policy = TERN_POLICY_DEFAULT }, TRUE, TERN_MIGRATE_AUTO_CONVERGE | TERN_MIGRATE_POSTCOPY },
    { { .policy = TERN_POLICY_POSTCOPY }, FALSE, TERN_MIGRATE_POSTCOPY },
    { { .policy = TERN_POLICY_FORCE, .tls = TRUE },
      FALSE,
      TERN_MIGRATE_AUTO_CONVERGE | TERN_MIGRATE_TLS },
    /* Several connections and post-copy do not go together: it is left out. */
    { { .policy = TERN_POLICY_CAREFUL, .parallel = 4 }, TRUE, TERN_MIGRATE_NONE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      TernMoveOptions options = cases[i].options;
      g_auto (World) world;

      world_init (&world);
      world.settings.prepare_postcopy = cases[i].prepare;
      world_kill_daemon (&world);
      world_run (&world, SECONDS (2));
      options.bandwidth_bps = 50 * MIB;
      options.postcopy_bandwidth_bps = 40 * MIB;
      ck_assert (world_order_by (&world, "bert", &options));
      ck_assert (world_run_until (&world, 1, TERN_PHASE_COPYING, SECONDS (10)));
      ck_assert_msg (spy_hypervisor_get_last_call ()->flags == cases[i].flags, "%u: %x", i,
                     spy_hypervisor_get_last_call ()->flags);
      ck_assert_uint_eq (spy_hypervisor_get_last_call ()->bandwidth_bps, 50 * MIB);
      ck_assert_uint_eq (spy_hypervisor_get_last_call ()->postcopy_bandwidth_bps,
                         cases[i].flags & TERN_MIGRATE_POSTCOPY ? 40 * MIB : 0);
      ck_assert_uint_eq (spy_hypervisor_get_last_call ()->parallel, options.parallel);
      ck_assert_int_eq (fake_store_find_task (world.store, 1)->postcopy_ready,
                        (cases[i].flags & TERN_MIGRATE_POSTCOPY) != 0);
    }
}
END_TEST

START_TEST (what_cannot_be_combined_is_refused_before_anything_is_begun)
{
  g_auto (World) world;
  TernMoveOptions options = TERN_MOVE_OPTIONS_INIT;

  world_init (&world);
  options.policy = TERN_POLICY_POSTCOPY;
  options.parallel = 4;
  if (world_order_by (&world, "bert", &options))
    {
      ck_assert (world_run_until_ended (&world, 1, SECONDS (30)));
      ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_FAILED);
      ck_assert_str_eq (world_record (&world, 1)->error_name, "Refused");
    }
  ck_assert_uint_eq (world_count (&world, "migrate"), 0);
}
END_TEST

/* Speed */

static void
set_share (World *world, guint64 bps)
{
  tern_run_set_share (world->migrator->runs->pdata[0], bps);
  world_run (world, SECONDS (1));
}

START_TEST (a_copy_is_told_its_share_when_that_changes)
{
  g_auto (World) world;
  TernMoveOptions options = TERN_MOVE_OPTIONS_INIT;

  prepare (&world);
  options.policy = TERN_POLICY_FORCE;
  options.bandwidth_bps = 80 * MIB;
  ck_assert (world_order_by (&world, "bert", &options));
  world_run (&world, SECONDS (5));
  ck_assert_uint_eq (world_count (&world, "speed anna"), 0);
  set_share (&world, 90 * MIB);
  ck_assert_uint_eq (world_count (&world, "speed anna"), 0);
  set_share (&world, 40 * MIB);
  ck_assert_int_ge (world_find (&world, "speed anna 41943040"), 0);
  set_share (&world, 41 * MIB);
  ck_assert_uint_eq (world_count (&world, "speed anna"), 1);
  set_share (&world, 0);
  ck_assert_int_ge (world_find (&world, "speed anna 83886080"), 0);
  ck_assert_uint_eq (world_count (&world, "speed anna"), 2);
}
END_TEST

TERN_CHECK_MAIN (
    "migration-policy", tcase_set_timeout (tcase, 600);
    tcase_add_test (tcase, a_careful_move_that_does_not_converge_is_given_up_and_says_why);
    tcase_add_test (tcase, a_move_may_end_by_post_copy);
    tcase_add_test (tcase, a_move_may_be_forced_by_a_pause);
    tcase_add_test (tcase, a_move_by_the_default_policy_slows_the_guest_until_it_fits);
    tcase_add_test (tcase, that_a_guest_is_slowed_is_history_once_at_its_begin_and_at_its_most);
    tcase_add_test (tcase, a_source_that_owes_an_answer_is_named_and_no_rate_is_claimed);
    tcase_add_test (tcase, what_is_seen_of_a_copy_is_shown);
    tcase_add_test (tcase, a_step_is_stored_before_it_is_taken);
    tcase_add_test (tcase, a_step_that_was_taken_is_stored_soon);
    tcase_add_test (tcase, a_host_that_says_no_to_a_step_is_noted_and_the_policy_goes_on);
    tcase_add_test (tcase, a_copy_whose_link_was_cut_is_stopped);
    tcase_add_test (tcase, a_destination_that_does_not_get_ready_is_not_waited_for_for_ever);
    tcase_add_test (tcase, a_store_that_refuses_a_step_does_not_keep_it_from_being_taken);
    tcase_add_test (tcase, a_death_at_any_write_changes_no_schedule);
    tcase_add_test (tcase, a_daemon_that_dies_again_and_again_keeps_to_the_bound);
    tcase_add_test (tcase, a_move_may_get_another_policy_while_it_copies);
    tcase_add_test (tcase, a_policy_that_was_given_outlives_the_daemon);
    tcase_add_test (tcase, a_policy_may_be_given_in_every_phase_until_the_end_is_near);
    tcase_add_test (tcase, a_policy_may_be_given_before_it_began);
    tcase_add_test (tcase, a_guest_that_was_paused_gets_no_other_policy);
    tcase_add_test (tcase, a_guest_that_is_handed_over_gets_no_other_policy);
    tcase_add_test (tcase, another_policy_while_it_prepares_is_no_other_attempt);
    tcase_add_test (tcase, post_copy_cannot_be_had_unless_it_was_prepared);
    tcase_add_test (tcase, post_copy_that_was_prepared_can_be_had_later);
    tcase_add_test (tcase, the_call_is_made_as_it_was_ordered);
    tcase_add_test (tcase, what_cannot_be_combined_is_refused_before_anything_is_begun);
    tcase_add_test (tcase, a_copy_is_told_its_share_when_that_changes);)
