/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A destination does not take the VM, for a reason of its own: another one is tried, at most three
 * in all, and only while nobody can say that the guest may have moved.
 */
#include "config.h"

#include "base/error.h"
#include "drivers/sim-private.h"
#include "plan/retry.h"
#include "spy-hypervisor.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)

#define ALL_HOSTS 5

static void
prepare (World *world, guint n_faults)
{
  world_init_with (world, ALL_HOSTS);
  if (n_faults > 0)
    tern_sim_add_fault (world->sim, "web", TERN_SIM_PREPARE, TERN_SIM_FAULT_REFUSED, n_faults);
}

static void
order (World *world, const char *destination)
{
  ck_assert (world_order_by (world, destination, NULL));
}

static const TernTaskRecord *
see_the_end (World *world)
{
  ck_assert (world_run_until_ended (world, 1, SECONDS (300)));
  ck_assert_uint_le (world->max_running, 1);
  ck_assert (!world->fell);
  return fake_store_find_task (world->store, 1);
}

static gboolean
was_tried (const TernTaskRecord *record, const char *host)
{
  g_autofree char *start = g_strconcat (host, "=", NULL);

  for (guint i = 0; record->tried != NULL && record->tried[i] != NULL; i++)
    if (g_str_has_prefix (record->tried[i], start))
      return TRUE;
  return FALSE;
}

/* Each host that failed is told of, with what it said, and none was asked twice. */
static void
check_tried (const TernTaskRecord *record, guint n)
{
  ck_assert_uint_eq (record->tried != NULL ? g_strv_length (record->tried) : 0, n);
  ck_assert (!was_tried (record, record->destination));
  for (guint i = 0; i < n; i++)
    {
      g_auto (GStrv) parts = g_strsplit (record->tried[i], "=", 2);

      ck_assert_str_ne (parts[1], "");
      for (guint j = 0; j < i; j++)
        ck_assert (!g_str_has_prefix (record->tried[j], parts[0]));
      if (record->error != NULL)
        ck_assert_ptr_nonnull (strstr (record->error, record->tried[i] + strlen (parts[0]) + 1));
    }
}

START_TEST (a_host_that_refuses_is_followed_by_another)
{
  for (guint failures = 1; failures < TERN_RETRY_MAX_HOSTS; failures++)
    {
      g_auto (World) world;
      const TernTaskRecord *stored;

      prepare (&world, failures);
      order (&world, NULL);
      stored = see_the_end (&world);
      ck_assert_int_eq (stored->phase, TERN_PHASE_DONE);
      ck_assert_uint_eq (stored->attempt, failures + 1);
      ck_assert_int_eq (world_state_on (&world, stored->destination), TERN_VM_RUNNING);
      ck_assert_uint_eq (world_count (&world, "migrate anna"), failures + 1);
      check_tried (stored, failures);
    }
}
END_TEST

START_TEST (no_more_than_three_hosts_are_tried_and_all_are_told_of)
{
  g_auto (World) world;
  const TernTaskRecord *stored;

  prepare (&world, 10);
  order (&world, NULL);
  stored = see_the_end (&world);
  ck_assert_int_eq (stored->phase, TERN_PHASE_FAILED);
  ck_assert_uint_eq (world_count (&world, "migrate anna"), TERN_RETRY_MAX_HOSTS);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);
  check_tried (stored, TERN_RETRY_MAX_HOSTS - 1);
}
END_TEST

START_TEST (when_there_is_no_other_host_that_is_said)
{
  g_auto (World) world;
  const TernTaskRecord *stored;

  world_init (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_PREPARE, TERN_SIM_FAULT_REFUSED, 10);
  order (&world, NULL);
  stored = see_the_end (&world);
  ck_assert_int_eq (stored->phase, TERN_PHASE_FAILED);
  ck_assert_uint_eq (world_count (&world, "migrate anna"), 2);
  ck_assert_ptr_nonnull (strstr (stored->error, "no other host can be tried"));
  check_tried (stored, 1);
}
END_TEST

START_TEST (a_host_that_was_asked_for_is_the_only_one)
{
  g_auto (World) world;
  const TernTaskRecord *stored;

  prepare (&world, 1);
  order (&world, "bert");
  stored = see_the_end (&world);
  ck_assert_int_eq (stored->phase, TERN_PHASE_FAILED);
  ck_assert_uint_eq (world_count (&world, "migrate anna"), 1);
  check_tried (stored, 0);
}
END_TEST

/* The last look finds something that speaks against the host: nothing was begun there. */
START_TEST (a_host_that_fails_the_last_check_is_followed_by_another)
{
  g_auto (World) world;
  const TernTaskRecord *stored;
  char *first;

  prepare (&world, 0);
  world.store->delay_us = 100 * 1000;
  order (&world, NULL);
  first = g_strdup (world_record (&world, 1)->destination);
  tern_sim_set_host_state (world.sim, first, TERN_SIM_HOST_CUT);
  stored = see_the_end (&world);
  ck_assert_int_eq (stored->phase, TERN_PHASE_DONE);
  ck_assert_uint_eq (stored->attempt, 1);
  ck_assert (was_tried (stored, first));
  check_tried (stored, 1);
  g_free (first);
}
END_TEST

/* What is not known to lie with the destination, or may have moved, is not tried elsewhere. */
START_TEST (a_move_whose_truth_was_in_doubt_is_not_tried_elsewhere)
{
  static const struct
  {
    TernSimPhase when;
    TernSimFault fault;
  } cases[] = {
    { TERN_SIM_COPY, TERN_SIM_FAULT_LOSE_CONNECTION }, { TERN_SIM_COPY, TERN_SIM_FAULT_HANG },
    { TERN_SIM_SWITCH, TERN_SIM_FAULT_HANG },          { TERN_SIM_FINISH, TERN_SIM_FAULT_BOTH_RUN },
    { TERN_SIM_COPY, TERN_SIM_FAULT_SOURCE_DIES },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (World) world;

      prepare (&world, 0);
      tern_sim_add_fault (world.sim, "web", cases[i].when, cases[i].fault, 1);
      order (&world, NULL);
      ck_assert (world_run_until_ended (&world, 1, SECONDS (600)));
      ck_assert_uint_eq (world_count (&world, "migrate anna"), 1);
    }
}
END_TEST

/* Whoever ordered it was told that a person is needed, hours ago perhaps: it does not begin anew.
 */
START_TEST (a_move_that_needed_attention_is_not_tried_elsewhere)
{
  g_auto (World) world;
  g_autofree char *first = NULL;

  prepare (&world, 0);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_COPY, TERN_SIM_FAULT_DESTINATION_DIES, 1);
  order (&world, NULL);
  first = g_strdup (world_record (&world, 1)->destination);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (300)));
  world_run (&world, SECONDS (600));
  tern_sim_set_host_state (world.sim, first, TERN_SIM_HOST_UP);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (100)));
  ck_assert_uint_eq (world_count (&world, "migrate anna"), 1);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);
}
END_TEST

START_TEST (a_cancelled_move_is_not_tried_elsewhere)
{
  g_auto (World) world;

  prepare (&world, 3);
  order (&world, NULL);
  ck_assert (world_cancel (&world, 1));
  ck_assert_int_eq (see_the_end (&world)->phase, TERN_PHASE_CANCELLED);
  ck_assert_uint_le (world_count (&world, "migrate anna"), 1);
}
END_TEST

/* The reservation follows, so that the memory of both is not promised for ever. */
START_TEST (the_promise_goes_to_the_host_that_is_tried)
{
  g_auto (World) world;
  const TernLedger *ledger;
  g_autofree char *first = NULL;

  prepare (&world, 1);
  order (&world, NULL);
  first = g_strdup (world_record (&world, 1)->destination);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_COPYING, SECONDS (30)));
  ledger = tern_assessor_get_ledger (world.assessor);
  ck_assert_str_ne (world_record (&world, 1)->destination, first);
  ck_assert (tern_ledger_get_arrivals (ledger, first) == NULL
             || tern_ledger_get_arrivals (ledger, first)->len == 0);
  ck_assert_uint_eq (tern_ledger_get_arrivals (ledger, world_record (&world, 1)->destination)->len,
                     1);
  (void) see_the_end (&world);
}
END_TEST

/* What a host was told for the first destination, and says for the second, is of no use there. */
START_TEST (what_an_earlier_attempt_was_told_late_changes_nothing_in_this_one)
{
  g_auto (World) world;
  g_autofree char *first = NULL;

  world_init_with (&world, ALL_HOSTS);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_SWITCH, TERN_SIM_FAULT_ERROR, 1);
  tern_sim_set_dirty_rate (world.sim, "anna", "web", (guint64) 100 << 30);
  order (&world, NULL);
  first = g_strdup (world_record (&world, 1)->destination);
  spy_hypervisor_hold ("downtime");
  for (guint i = 0; i < 1000 && world_count (&world, "downtime anna") == 0; i++)
    world_run (&world, 100 * 1000);
  ck_assert_uint_eq (world_count (&world, "downtime anna"), 1);
  tern_sim_set_dirty_rate (world.sim, "anna", "web", 0);
  for (guint i = 0; i < 1000 && world_count (&world, "migrate anna") < 2; i++)
    world_run (&world, 100 * 1000);
  ck_assert_str_ne (world_record (&world, 1)->destination, first);
  tern_sim_set_dirty_rate (world.sim, "anna", "web", (guint64) 100 << 30);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_COPYING, SECONDS (30)));
  spy_hypervisor_hold (NULL);
  world_run (&world, 100 * 1000);
  ck_assert_uint_eq (world_record (&world, 1)->step, 0);
  ck_assert_uint_eq (world_count (&world, "downtime anna"), 1);
  tern_sim_set_dirty_rate (world.sim, "anna", "web", 0);
  ck_assert_int_eq (see_the_end (&world)->phase, TERN_PHASE_DONE);
}
END_TEST

/* Its turn comes while the retry is being told: it is checked when that is stored, and once. */

static void
put_disc_in (World *world, const char *drive)
{
  SimHost *anna = tern_sim_find_host (world->sim, "anna");
  TernVm *vm = tern_sim_domain_edit (tern_sim_host_find_domain (anna, WORLD_VM));
  TernDisk *disk = tern_disk_new ();

  disk->target = g_strdup (drive);
  disk->device = g_strdup ("cdrom");
  disk->type = g_strdup ("file");
  disk->source = g_strdup ("/var/lib/libvirt/images/tools.iso");
  disk->readonly = TRUE;
  g_ptr_array_add (vm->disks, disk);
}

static void
order_without_discs (World *world)
{
  g_autoptr (TernOrder) order = tern_order_new (TERN_ACT_MOVE);
  g_autoptr (GPtrArray) tasks = NULL;

  g_strfreev (order->vms);
  order->vms = g_strsplit (WORLD_VM, ",", -1);
  order->eject_media = TRUE;
  tasks = world_give_order (world, order, NULL, NULL);
  ck_assert_ptr_nonnull (tasks);
}

START_TEST (the_next_host_is_checked_once_and_not_before_that_is_stored)
{
  g_auto (World) world;
  const TernTaskRecord *stored;

  prepare (&world, 1);
  world.store->delay_us = 100 * 1000;
  order_without_discs (&world);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_VERIFYING, SECONDS (10)));
  put_disc_in (&world, "sda");
  stored = see_the_end (&world);
  ck_assert_msg (stored->phase == TERN_PHASE_DONE, "%s", stored->error);
  ck_assert_uint_eq (world_count (&world, "eject anna"), 1);
  /* Once for bert, once for carl, and once with what is to be taken out. */
  ck_assert_uint_eq (world_count (&world, "stored 1 checking"), 3);
  check_tried (stored, 1);
}
END_TEST

START_TEST (what_was_taken_out_for_an_earlier_host_is_not_forgotten)
{
  g_auto (World) world;
  const TernTaskRecord *stored;

  prepare (&world, 1);
  put_disc_in (&world, "sda");
  tern_sim_host_emit_vm (tern_sim_find_host (world.sim, "anna"), WORLD_VM);
  world_run (&world, SECONDS (1));
  world.store->delay_us = 100 * 1000;
  order_without_discs (&world);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_VERIFYING, SECONDS (10)));
  put_disc_in (&world, "sdb");
  stored = see_the_end (&world);
  ck_assert_msg (stored->phase == TERN_PHASE_DONE, "%s", stored->error);
  ck_assert_uint_eq (world_count (&world, "eject anna"), 2);
  ck_assert_uint_eq (g_strv_length (stored->ejected), 2);
  ck_assert (g_str_has_prefix (stored->ejected[0], "sda="));
  ck_assert (g_str_has_prefix (stored->ejected[1], "sdb="));
}
END_TEST

/* Deaths and a store that refuses: it ends in the truth, and no host is asked twice. */

static void
check_end (World *world)
{
  const TernTaskRecord *stored = see_the_end (world);
  gboolean done = stored->phase == TERN_PHASE_DONE;

  ck_assert_int_eq (world_state_on (world, done ? stored->destination : "anna"), TERN_VM_RUNNING);
  ck_assert_uint_le (world_count (world, "migrate anna"), TERN_RETRY_MAX_HOSTS);
  check_tried (stored, stored->tried != NULL ? g_strv_length (stored->tried) : 0);
}

START_TEST (a_death_at_any_write_of_a_retry_ends_in_the_truth)
{
  guint deaths = 1;

  for (guint n = 2; deaths > 0; n++)
    for (guint durable = 0; durable < 2; durable++)
      {
        g_auto (World) world;

        prepare (&world, 2);
        world.store->crash_at = n;
        world.store->crash_durable = durable;
        order (&world, NULL);
        check_end (&world);
        deaths = world.deaths;
      }
}
END_TEST

START_TEST (a_store_that_refuses_any_write_of_a_retry_changes_no_truth)
{
  for (guint n = 2; n < 30; n++)
    {
      g_auto (World) world;

      prepare (&world, 2);
      world.store->fail_first = n;
      world.store->fail_last = n + n % 4;
      order (&world, NULL);
      check_end (&world);
    }
}
END_TEST

TERN_CHECK_MAIN (
    "migration-retry", tcase_set_timeout (tcase, 600);
    tcase_add_test (tcase, a_host_that_refuses_is_followed_by_another);
    tcase_add_test (tcase, no_more_than_three_hosts_are_tried_and_all_are_told_of);
    tcase_add_test (tcase, when_there_is_no_other_host_that_is_said);
    tcase_add_test (tcase, a_host_that_was_asked_for_is_the_only_one);
    tcase_add_test (tcase, a_host_that_fails_the_last_check_is_followed_by_another);
    tcase_add_test (tcase, a_move_whose_truth_was_in_doubt_is_not_tried_elsewhere);
    tcase_add_test (tcase, a_cancelled_move_is_not_tried_elsewhere);
    tcase_add_test (tcase, the_promise_goes_to_the_host_that_is_tried);
    tcase_add_test (tcase, the_next_host_is_checked_once_and_not_before_that_is_stored);
    tcase_add_test (tcase, what_an_earlier_attempt_was_told_late_changes_nothing_in_this_one);
    tcase_add_test (tcase, what_was_taken_out_for_an_earlier_host_is_not_forgotten);
    tcase_add_test (tcase, a_move_that_needed_attention_is_not_tried_elsewhere);
    tcase_add_test (tcase, a_death_at_any_write_of_a_retry_ends_in_the_truth);
    tcase_add_test (tcase, a_store_that_refuses_any_write_of_a_retry_changes_no_truth);)
