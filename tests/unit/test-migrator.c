/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The line of moves in a whole engine: who waits and what is said of it, limits that change while
 * it runs, and links that are shared.
 */
#include "config.h"

#include "base/error.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define N_GUESTS 8

static char *
guest_uuid (guint i)
{
  return g_strdup_printf ("%08u-5a3f-4c7d-9e1b-2f3a4b5c6d7e", i + 1);
}

/* Eight guests of 1 GiB on carl, which take ten seconds each over a link of 100 MiB/s. */
static void
prepare (World *world)
{
  world_init (world);
  for (guint i = 0; i < 3; i++)
    tern_sim_find_host (world->sim, (const char *const[]){ "anna", "bert", "carl" }[i])->link_bps =
        100 * MIB;
  for (guint i = 0; i < N_GUESTS; i++)
    {
      g_autofree char *uuid = guest_uuid (i);
      g_autofree char *name = g_strdup_printf ("guest%u", i);

      (void) world_add_vm (world, uuid, name, "carl", TERN_VM_RUNNING, GIB);
    }
  world_run (world, SECONDS (20));
}

static TernOrder *
order_guests (guint first, guint n, const char *destination)
{
  TernOrder *order = tern_order_new (TERN_ACT_MOVE);

  g_strfreev (order->vms);
  order->vms = g_new0 (char *, n + 1);
  for (guint i = 0; i < n; i++)
    order->vms[i] = guest_uuid (first + i);
  order->destination = g_strdup (destination);
  return order;
}

static void
give (World *world, const TernOrder *order)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks = world_give_order (world, order, NULL, &error);

  ck_assert_msg (tasks != NULL, "%s", error != NULL ? error->message : "");
}

static void
give_guests (World *world, guint first, guint n, const char *destination)
{
  g_autoptr (TernOrder) order = order_guests (first, n, destination);

  give (world, order);
}

static guint
count_running (World *world)
{
  guint n = 0;

  for (guint64 id = 1; id <= 2 * N_GUESTS; id++)
    {
      TernTaskPhase phase = world_phase (world, id);

      n += phase < TERN_N_PHASES && phase != TERN_PHASE_QUEUED && !tern_task_phase_is_final (phase);
    }
  return n;
}

/* The most that ran at a time until @duration_us is over. */
static guint
watch_running (World *world, gint64 duration_us)
{
  guint most = 0;

  for (gint64 spent = 0; spent < duration_us; spent += SECONDS (1) / 5)
    {
      world_run (world, SECONDS (1) / 5);
      most = MAX (most, count_running (world));
    }
  return most;
}

static void
on_limits_set (GObject *source, GAsyncResult *result, gpointer data)
{
  GError **error = data;

  (void) tern_migrator_set_limits_finish (TERN_MIGRATOR (source), result, error);
}

static void
set_limits (World *world, const TernLimits *limits, GError **error)
{
  tern_migrator_set_limits_async (world->migrator, limits, on_limits_set, error);
  world_run (world, SECONDS (1) / 2);
}

static gboolean
set_limit_out (TernHostConfig *config, gpointer data, GError **error)
{
  (void) error;
  config->limit_out = GPOINTER_TO_UINT (data);
  return TRUE;
}

static gboolean
set_link (TernHostConfig *config, gpointer data, GError **error)
{
  (void) error;
  config->link_bps = GPOINTER_TO_UINT (data) * MIB;
  return TRUE;
}

static gboolean
set_bandwidth (TernHostConfig *config, gpointer data, GError **error)
{
  (void) error;
  config->bandwidth_bps = GPOINTER_TO_UINT (data) * MIB;
  return TRUE;
}

static void
on_updated (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  (void) data;
  ck_assert (tern_inventory_update_host_finish (TERN_INVENTORY (source), result, &error));
}

static void
edit_host (World *world, const char *name, TernHostEdit edit, guint value)
{
  tern_inventory_update_host_async (world->inventory, name, edit, GUINT_TO_POINTER (value),
                                    on_updated, NULL);
  world_run (world, SECONDS (1));
}

/* Notes */

START_TEST (who_waits_says_why_and_who_began_does_not)
{
  g_auto (World) world;

  prepare (&world);
  give_guests (&world, 0, 3, "bert");
  world_run (&world, SECONDS (1));
  ck_assert_str_eq (world_record (&world, 3)->note,
                    "2 of 2 moves and starts to bert are under way");
  ck_assert_ptr_null (world_record (&world, 1)->note);
  ck_assert (world_run_until (&world, 3, TERN_PHASE_PREPARING, SECONDS (60)));
  ck_assert_ptr_null (world_record (&world, 3)->note);
  ck_assert (world_run_until_ended (&world, 3, SECONDS (60)));
}
END_TEST

static void
on_changed (TernTask *task, gboolean urgent, gpointer data)
{
  guint *changes = data;

  (void) task;
  (void) urgent;
  (*changes)++;
}

START_TEST (a_note_that_stays_the_same_is_not_told_again)
{
  g_auto (World) world;
  guint changes = 0;

  prepare (&world);
  give_guests (&world, 0, 3, "bert");
  world_run (&world, SECONDS (1));
  g_signal_connect (tern_task_list_find (world.tasks, 3), "changed", G_CALLBACK (on_changed),
                    &changes);
  world_run (&world, SECONDS (5));
  ck_assert_int_eq (world_phase (&world, 3), TERN_PHASE_QUEUED);
  ck_assert_uint_eq (changes, 0);
}
END_TEST

START_TEST (what_waits_and_is_cancelled_ends_without_a_note)
{
  g_auto (World) world;

  prepare (&world);
  give_guests (&world, 0, 3, "bert");
  world_run (&world, SECONDS (1));
  ck_assert (world_cancel (&world, 3));
  ck_assert (world_run_until (&world, 3, TERN_PHASE_CANCELLED, SECONDS (1)));
  ck_assert_ptr_null (world_record (&world, 3)->note);
}
END_TEST

/* Orders */

START_TEST (a_record_keeps_how_the_move_was_ordered_and_who_chose_the_host)
{
  g_auto (World) world;
  g_autoptr (TernOrder) told = order_guests (0, 1, "bert"), open = order_guests (1, 1, NULL);
  TernMoveOptions options = TERN_MOVE_OPTIONS_INIT;

  prepare (&world);
  options.policy = TERN_POLICY_CAREFUL;
  options.bandwidth_bps = 7 * MIB;
  told->options = g_memdup2 (&options, sizeof options);
  give (&world, told);
  give (&world, open);
  ck_assert_int_eq (world_record (&world, 1)->options.policy, TERN_POLICY_CAREFUL);
  ck_assert_uint_eq (world_record (&world, 1)->options.bandwidth_bps, 7 * MIB);
  ck_assert (!world_record (&world, 1)->chosen);
  ck_assert_int_eq (world_record (&world, 2)->options.policy, TERN_POLICY_DEFAULT);
  ck_assert (world_record (&world, 2)->chosen);
}
END_TEST

START_TEST (a_move_of_high_priority_overtakes_those_that_wait)
{
  g_auto (World) world;
  g_autoptr (TernOrder) urgent = order_guests (7, 1, "bert");
  const TernLimits one = { .out = 1 };
  TernMoveOptions options = TERN_MOVE_OPTIONS_INIT;

  prepare (&world);
  set_limits (&world, &one, NULL);
  give_guests (&world, 0, 6, "bert");
  options.priority = TERN_PRIORITY_HIGH;
  urgent->options = g_memdup2 (&options, sizeof options);
  give (&world, urgent);
  ck_assert (world_run_until (&world, 7, TERN_PHASE_PREPARING, SECONDS (100)));
  for (guint64 id = 2; id <= 6; id++)
    ck_assert_int_eq (world_phase (&world, id), TERN_PHASE_QUEUED);
}
END_TEST

START_TEST (what_is_not_in_attention_has_nothing_to_decide)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;
  TernTask *task;

  prepare (&world);
  give_guests (&world, 0, 1, "bert");
  ck_assert (world_run_until_ended (&world, 1, SECONDS (100)));
  task = tern_task_list_find (world.tasks, 1);
  ck_assert (!tern_migrator_recheck (world.migrator, task, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_REFUSED));
  g_clear_error (&error);
  ck_assert (!tern_migrator_switch (world.migrator, task, TERN_POLICY_FORCE, 0, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_REFUSED));
}
END_TEST

/* Limits */

START_TEST (limits_hold_once_they_are_stored_and_let_more_begin_at_once)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;
  const TernLimits wide = { .out = 5, .in = 5 };

  prepare (&world);
  give_guests (&world, 0, N_GUESTS, "bert");
  ck_assert_uint_eq (watch_running (&world, SECONDS (3)), 2);
  set_limits (&world, &wide, &error);
  ck_assert_ptr_null (error);
  ck_assert_uint_eq (count_running (&world), 5);
  ck_assert_uint_eq (tern_migrator_get_limits (world.migrator).out, 5);
  ck_assert_uint_eq (watch_running (&world, SECONDS (200)), 5);
}
END_TEST

START_TEST (limits_that_cannot_be_stored_do_not_hold)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;
  const TernLimits wide = { .out = 5, .in = 5 };

  prepare (&world);
  give_guests (&world, 0, N_GUESTS, "bert");
  world.store->fail_others = TRUE;
  set_limits (&world, &wide, &error);
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_STORE));
  ck_assert_uint_eq (tern_migrator_get_limits (world.migrator).out, 0);
  ck_assert_uint_eq (watch_running (&world, SECONDS (3)), 2);
}
END_TEST

START_TEST (fewer_at_a_time_lets_those_that_run_go_on)
{
  g_auto (World) world;
  const TernLimits one = { .out = 1, .in = 1 };

  prepare (&world);
  give_guests (&world, 0, 4, "bert");
  world_run (&world, SECONDS (3));
  set_limits (&world, &one, NULL);
  ck_assert_uint_eq (count_running (&world), 2);
  ck_assert_str_eq (world_record (&world, 3)->note, "2 of 1 moves away from carl are under way");
  ck_assert (world_run_until_ended (&world, 2, SECONDS (100)));
  ck_assert (world_run_until_ended (&world, 1, SECONDS (100)));
  ck_assert_uint_eq (watch_running (&world, SECONDS (60)), 1);
  ck_assert_int_eq (world_phase (&world, 4), TERN_PHASE_DONE);
}
END_TEST

START_TEST (limits_outlive_the_daemon_until_they_are_taken_back)
{
  g_auto (World) world;
  const TernLimits one = { .out = 1, .in = 3, .cluster = 7 };

  prepare (&world);
  set_limits (&world, &one, NULL);
  world_kill_daemon (&world);
  world_start_daemon (&world);
  world_run (&world, SECONDS (1));
  ck_assert_uint_eq (tern_migrator_get_limits (world.migrator).out, 1);
  ck_assert_uint_eq (tern_migrator_get_limits (world.migrator).in, 3);
  ck_assert_uint_eq (tern_migrator_get_limits (world.migrator).cluster, 7);
  set_limits (&world, NULL, NULL);
  ck_assert_uint_eq (tern_migrator_get_limits (world.migrator).in, 0);
  world_kill_daemon (&world);
  world_start_daemon (&world);
  ck_assert_uint_eq (tern_migrator_get_limits (world.migrator).in, 0);
}
END_TEST

START_TEST (a_limit_of_one_host_is_its_own_and_holds_at_once)
{
  g_auto (World) world;
  const TernLimits wide = { .out = 1, .in = 9 };

  prepare (&world);
  set_limits (&world, &wide, NULL);
  give_guests (&world, 0, N_GUESTS, "bert");
  ck_assert_uint_eq (watch_running (&world, SECONDS (2)), 1);
  edit_host (&world, "carl", set_limit_out, 4);
  ck_assert_uint_eq (count_running (&world), 4);
}
END_TEST

/* Each guest by itself cannot fill the link: each takes a tenth of it. */
START_TEST (as_many_leave_as_fill_the_link_if_it_is_known)
{
  for (guint known = 0; known < 2; known++)
    {
      g_auto (World) world;
      g_autoptr (TernOrder) order = order_guests (0, N_GUESTS, "bert");
      const TernLimits limits = { .out = 0, .in = N_GUESTS };
      TernMoveOptions options = TERN_MOVE_OPTIONS_INIT;
      guint most;

      prepare (&world);
      set_limits (&world, &limits, NULL);
      if (known)
        edit_host (&world, "carl", set_link, 100);
      options.bandwidth_bps = 10 * MIB;
      order->options = g_memdup2 (&options, sizeof options);
      give (&world, order);
      most = watch_running (&world, SECONDS (4));
      ck_assert_uint_eq (watch_running (&world, SECONDS (80)), most);
      ck_assert_uint_eq (most, known ? N_GUESTS : 2);
    }
}
END_TEST

START_TEST (a_link_that_one_move_fills_takes_the_next_just_before_that_is_over)
{
  g_auto (World) world;
  const TernLimits limits = { .out = 0, .in = N_GUESTS };

  prepare (&world);
  set_limits (&world, &limits, NULL);
  edit_host (&world, "carl", set_link, 100);
  give_guests (&world, 0, N_GUESTS, "bert");
  ck_assert_uint_eq (watch_running (&world, SECONDS (8)), 1);
  ck_assert_str_eq (world_record (&world, N_GUESTS)->note,
                    "1 move away from carl is under way; more begin when its link has room");
  for (guint i = 0; i < 10 && count_running (&world) == 1; i++)
    world_run (&world, SECONDS (1));
  ck_assert_uint_eq (count_running (&world), 2);
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_COPYING);
  ck_assert_uint_eq (watch_running (&world, SECONDS (60)), 2);
}
END_TEST

/* Shares */

START_TEST (moves_share_the_bandwidth_of_a_host_by_their_priority)
{
  g_auto (World) world;
  g_autoptr (TernOrder) high = order_guests (0, 1, "bert"), low = order_guests (1, 1, "anna");
  TernMoveOptions options = TERN_MOVE_OPTIONS_INIT;

  prepare (&world);
  edit_host (&world, "carl", set_bandwidth, 50);
  options.priority = TERN_PRIORITY_HIGH;
  high->options = g_memdup2 (&options, sizeof options);
  options.priority = TERN_PRIORITY_LOW;
  low->options = g_memdup2 (&options, sizeof options);
  give (&world, high);
  give (&world, low);
  world_run (&world, SECONDS (5));
  ck_assert_uint_eq (world_record (&world, 1)->rate_bps, 40 * MIB);
  ck_assert_uint_eq (world_record (&world, 2)->rate_bps, 10 * MIB);

  /* More for the host, then all of it for the one that is left. */
  edit_host (&world, "carl", set_bandwidth, 100);
  world_run (&world, SECONDS (2));
  ck_assert_uint_eq (world_record (&world, 1)->rate_bps, 80 * MIB);
  ck_assert_uint_eq (world_record (&world, 2)->rate_bps, 20 * MIB);
  ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
  world_run (&world, SECONDS (2));
  ck_assert_uint_eq (world_record (&world, 2)->rate_bps, 100 * MIB);
}
END_TEST

START_TEST (a_copy_that_is_taken_up_after_a_restart_keeps_to_its_share)
{
  g_auto (World) world;

  prepare (&world);
  edit_host (&world, "carl", set_bandwidth, 50);
  give_guests (&world, 0, 2, "bert");
  world_run (&world, SECONDS (5));
  world_kill_daemon (&world);
  world_start_daemon (&world);
  world_run (&world, SECONDS (5));
  ck_assert_uint_eq (world_record (&world, 1)->rate_bps, 25 * MIB);
  ck_assert_uint_eq (world_record (&world, 2)->rate_bps, 25 * MIB);
}
END_TEST

/* Links */

START_TEST (what_a_move_showed_of_the_links_outlives_the_daemon)
{
  g_auto (World) world;
  TernLinkSource source;

  prepare (&world);
  ck_assert_uint_eq (
      tern_links_get_path (tern_migrator_get_links (world.migrator), "carl", "bert", &source), 0);
  ck_assert_int_eq (source, TERN_LINK_UNKNOWN);
  give_guests (&world, 0, 1, "bert");
  ck_assert (world_run_until_ended (&world, 1, SECONDS (100)));
  for (guint i = 0; i < 2; i++)
    {
      guint64 bps =
          tern_links_get_path (tern_migrator_get_links (world.migrator), "carl", "bert", &source);

      ck_assert_uint_ge (bps, 95 * MIB);
      ck_assert_uint_le (bps, 101 * MIB);
      ck_assert_int_eq (source, TERN_LINK_SEEN);
      world_kill_daemon (&world);
      world_start_daemon (&world);
      world_run (&world, SECONDS (1));
    }
}
END_TEST

/* While it is written that bert did not take it, bert is not what counts any more. */
START_TEST (a_move_that_is_tried_elsewhere_waits_for_room_there)
{
  const TernLimits one_in = { .out = 5, .in = 1 };
  char *const web[] = { (char *) WORLD_VM, NULL };
  const TernOrder anywhere = { .act = TERN_ACT_MOVE, .vms = (GStrv) web };
  g_auto (World) world;

  world_init (&world);
  tern_sim_set_link (world.sim, "anna", "carl", MIB);
  (void) world_add_vm (&world, "00000001-5a3f-4c7d-9e1b-2f3a4b5c6d7e", "guest0", "anna",
                       TERN_VM_RUNNING, GIB);
  (void) world_add_vm (&world, "00000002-5a3f-4c7d-9e1b-2f3a4b5c6d7e", "guest1", "carl",
                       TERN_VM_RUNNING, GIB);
  world_run (&world, SECONDS (2));
  set_limits (&world, &one_in, NULL);
  give_guests (&world, 0, 1, "carl");
  ck_assert (world_run_until (&world, 1, TERN_PHASE_COPYING, SECONDS (30)));
  tern_sim_add_fault (world.sim, "web", TERN_SIM_PREPARE, TERN_SIM_FAULT_REFUSED, 1);
  give (&world, &anywhere);
  ck_assert (world_run_until (&world, 2, TERN_PHASE_PREPARING, SECONDS (30)));
  ck_assert_str_eq (world_record (&world, 2)->destination, "bert");
  world.store->delay_us = SECONDS (1);
  world_run (&world, SECONDS (1) / 2);
  /* Its answer comes while the retry is being written, and has all look at the line. */
  give_guests (&world, 1, 1, "anna");
  world_run (&world, SECONDS (10));
  ck_assert_str_eq (world_record (&world, 2)->destination, "carl");
  ck_assert_int_eq (world_phase (&world, 2), TERN_PHASE_QUEUED);
}
END_TEST

TERN_CHECK_MAIN (
    "migrator", tcase_add_test (tcase, who_waits_says_why_and_who_began_does_not);
    tcase_add_test (tcase, a_note_that_stays_the_same_is_not_told_again);
    tcase_add_test (tcase, what_waits_and_is_cancelled_ends_without_a_note);
    tcase_add_test (tcase, a_record_keeps_how_the_move_was_ordered_and_who_chose_the_host);
    tcase_add_test (tcase, a_move_of_high_priority_overtakes_those_that_wait);
    tcase_add_test (tcase, what_is_not_in_attention_has_nothing_to_decide);
    tcase_add_test (tcase, a_move_that_is_tried_elsewhere_waits_for_room_there);
    tcase_add_test (tcase, limits_hold_once_they_are_stored_and_let_more_begin_at_once);
    tcase_add_test (tcase, limits_that_cannot_be_stored_do_not_hold);
    tcase_add_test (tcase, fewer_at_a_time_lets_those_that_run_go_on);
    tcase_add_test (tcase, limits_outlive_the_daemon_until_they_are_taken_back);
    tcase_add_test (tcase, a_limit_of_one_host_is_its_own_and_holds_at_once);
    tcase_add_test (tcase, as_many_leave_as_fill_the_link_if_it_is_known);
    tcase_add_test (tcase, a_link_that_one_move_fills_takes_the_next_just_before_that_is_over);
    tcase_add_test (tcase, moves_share_the_bandwidth_of_a_host_by_their_priority);
    tcase_add_test (tcase, a_copy_that_is_taken_up_after_a_restart_keeps_to_its_share);
    tcase_add_test (tcase, what_a_move_showed_of_the_links_outlives_the_daemon);)
