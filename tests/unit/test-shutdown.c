/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A guest is asked to shut down, and the definition of one that is shut off goes to another host,
 * with deaths of the daemon at every write. Nobody is asked twice, nothing is forced, nothing is
 * started, no definition is lost.
 */
#include "config.h"

#include "base/error.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define GIB (G_GUINT64_CONSTANT (1) << 30)

static void
on_taken (GObject *source, GAsyncResult *result, gpointer data)
{
  GError **error = data;
  g_autoptr (TernTask) task = tern_migrator_start_finish (TERN_MIGRATOR (source), result, error);

  (void) task;
}

static void
ask (World *world, GError **error)
{
  world->order_us = tern_clock_now_us (world->clock);
  tern_migrator_shutdown_async (world->migrator, WORLD_VM, "anna", 0, 7, on_taken, error);
  world_run (world, SECONDS (1));
}

static void
check_ends (World *world, TernTaskPhase phase)
{
  const TernTaskRecord *stored;
  g_autofree char *told = NULL;

  ck_assert (world_run_until_ended (world, 1, SECONDS (600)));
  stored = fake_store_find_task (world->store, 1);
  told = world_tell (world);
  ck_assert_msg (stored->phase == phase, "%s: %s: %s", tern_task_phase_to_string (stored->phase),
                 stored->error, told);
}

START_TEST (a_guest_that_heeds_the_request_is_told_to_be_shut_off)
{
  g_auto (World) world;

  world_init (&world);
  ask (&world, NULL);
  check_ends (&world, TERN_PHASE_DONE);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_SHUT_OFF);
  ck_assert_uint_eq (world_count (&world, "shutdown"), 1);
  ck_assert_int_eq (tern_inventory_find_vm (world.inventory, WORLD_VM)->state, TERN_VM_SHUT_OFF);
  ck_assert_uint_eq (tern_ledger_get_size (tern_assessor_get_ledger (world.assessor)), 0);
}
END_TEST

START_TEST (a_guest_that_does_not_heed_it_runs_on_and_is_not_forced)
{
  g_auto (World) world;

  world_init (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_SHUTDOWN, TERN_SIM_FAULT_IGNORED, 1);
  ask (&world, NULL);
  world_run (&world, SECONDS (290));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_SHUTTING_DOWN);
  check_ends (&world, TERN_PHASE_FAILED);
  ck_assert_ptr_nonnull (strstr (fake_store_find_task (world.store, 1)->error, "runs on"));
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);
  ck_assert_uint_eq (world_count (&world, "shutdown"), 1);
}
END_TEST

START_TEST (a_transient_guest_is_not_asked)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;
  SimHost *anna;
  TernVm *vm;

  world_init (&world);
  anna = tern_sim_find_host (world.sim, "anna");
  vm = tern_vm_copy (tern_sim_host_find_domain (anna, WORLD_VM)->vm);
  vm->persistent = FALSE;
  tern_sim_host_put_domain (anna, vm, 0);
  tern_vm_unref (vm);
  tern_sim_host_emit_vm (anna, WORLD_VM);
  world_run (&world, SECONDS (1));
  ask (&world, &error);
  ck_assert_int_eq (error->code, TERN_ERROR_REFUSED);
  ck_assert_ptr_nonnull (strstr (error->message, "transient"));
  ck_assert_uint_eq (world_count (&world, "shutdown"), 0);
}
END_TEST

START_TEST (nobody_else_orders_for_a_guest_on_its_way_down)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_SHUTDOWN, TERN_SIM_FAULT_IGNORED, 1);
  ask (&world, NULL);
  ask (&world, &error);
  ck_assert_int_eq (error->code, TERN_ERROR_BUSY);
  ck_assert (!world_order (&world, "bert"));
}
END_TEST

START_TEST (a_cancel_ends_the_waiting_and_says_that_it_may_still_shut_down)
{
  g_auto (World) world;

  world_init (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_SHUTDOWN, TERN_SIM_FAULT_IGNORED, 1);
  ask (&world, NULL);
  ck_assert (world_cancel (&world, 1));
  check_ends (&world, TERN_PHASE_CANCELLED);
  ck_assert_ptr_nonnull (strstr (fake_store_find_task (world.store, 1)->error, "may still"));
}
END_TEST

START_TEST (a_host_that_falls_silent_is_not_told_to_have_shut_it_down)
{
  g_auto (World) world;

  world_init (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_SHUTDOWN, TERN_SIM_FAULT_IGNORED, 1);
  ask (&world, NULL);
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_CUT);
  check_ends (&world, TERN_PHASE_FAILED);
  ck_assert_ptr_nonnull (strstr (fake_store_find_task (world.store, 1)->error, "not known"));
}
END_TEST

START_TEST (wherever_the_daemon_dies_a_guest_is_asked_once_at_most)
{
  for (guint write = 1; write <= 4; write++)
    for (guint durable = 0; durable < 2; durable++)
      {
        g_auto (World) world;
        const TernTaskRecord *stored;

        world_init (&world);
        world.store->crash_at = write;
        world.store->crash_durable = durable;
        ask (&world, NULL);
        world_run (&world, SECONDS (400));
        stored = fake_store_find_task (world.store, 1);
        ck_assert_uint_eq (world.deaths, 1);
        ck_assert_uint_le (world_count (&world, "shutdown"), 1);
        ck_assert (stored == NULL || tern_task_phase_is_final (stored->phase));
        if (stored != NULL)
          ck_assert_int_eq (stored->phase == TERN_PHASE_DONE,
                            world_state_on (&world, "anna") == TERN_VM_SHUT_OFF);
      }
}
END_TEST

/* Relocations */

static gboolean
send_away (World *world, const char *destination)
{
  g_autoptr (TernOrder) order = tern_order_new (TERN_ACT_START);
  g_autoptr (GPtrArray) tasks = NULL;

  g_strfreev (order->vms);
  order->vms = g_strsplit (WORLD_VM, ",", -1);
  order->away = TRUE;
  order->preferred = g_strdup (destination);
  tasks = world_give_order (world, order, NULL, NULL);
  return tasks != NULL;
}

static void
prepare_shut_off (World *world)
{
  world_init (world);
  tern_sim_set_vm_state (world->sim, "anna", "web", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  world_run (world, SECONDS (1));
  world->max_running = 0;
}

START_TEST (a_definition_goes_over_and_nothing_is_started)
{
  g_auto (World) world;

  prepare_shut_off (&world);
  ck_assert (send_away (&world, "carl"));
  ck_assert_str_eq (world_record (&world, 1)->kind, "relocate");
  check_ends (&world, TERN_PHASE_DONE);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_N_STATES);
  ck_assert_int_eq (world_state_on (&world, "carl"), TERN_VM_SHUT_OFF);
  ck_assert_uint_eq (world_count (&world, "start"), 0);
  ck_assert_uint_eq (world.max_running, 0);
}
END_TEST

START_TEST (a_preferred_host_that_cannot_take_it_is_replaced)
{
  g_auto (World) world;

  prepare_shut_off (&world);
  tern_sim_set_host_state (world.sim, "carl", TERN_SIM_HOST_CUT);
  world_run (&world, SECONDS (30));
  ck_assert (send_away (&world, "carl"));
  ck_assert_str_eq (world_record (&world, 1)->destination, "bert");
}
END_TEST

START_TEST (one_that_was_started_meanwhile_is_left_alone)
{
  g_auto (World) world;

  prepare_shut_off (&world);
  ck_assert (send_away (&world, "carl"));
  tern_sim_set_vm_state (world.sim, "anna", "web", TERN_VM_RUNNING, TERN_REASON_OTHER);
  check_ends (&world, TERN_PHASE_FAILED);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);
}
END_TEST

START_TEST (wherever_the_daemon_dies_no_definition_is_lost_and_none_is_told_wrongly)
{
  for (guint write = 1; write <= 8; write++)
    for (guint durable = 0; durable < 2; durable++)
      {
        g_auto (World) world;
        const TernTaskRecord *stored;
        gboolean here, there;

        prepare_shut_off (&world);
        world.store->crash_at = write;
        world.store->crash_durable = durable;
        (void) send_away (&world, "bert");
        world_run (&world, SECONDS (300));
        stored = fake_store_find_task (world.store, 1);
        here = world_state_on (&world, "anna") == TERN_VM_SHUT_OFF;
        there = world_state_on (&world, "bert") == TERN_VM_SHUT_OFF;
        ck_assert (here || there);
        ck_assert_uint_eq (world_count (&world, "start"), 0);
        ck_assert_uint_eq (world.max_running, 0);
        ck_assert (stored == NULL || tern_task_phase_is_final (stored->phase));
        if (stored != NULL && stored->phase == TERN_PHASE_DONE)
          ck_assert (there && !here);
        else
          ck_assert (here && !there);
      }
}
END_TEST

TERN_CHECK_MAIN (
    "shutdown", tcase_add_test (tcase, a_guest_that_heeds_the_request_is_told_to_be_shut_off);
    tcase_add_test (tcase, a_guest_that_does_not_heed_it_runs_on_and_is_not_forced);
    tcase_add_test (tcase, a_transient_guest_is_not_asked);
    tcase_add_test (tcase, nobody_else_orders_for_a_guest_on_its_way_down);
    tcase_add_test (tcase, a_cancel_ends_the_waiting_and_says_that_it_may_still_shut_down);
    tcase_add_test (tcase, a_host_that_falls_silent_is_not_told_to_have_shut_it_down);
    tcase_add_test (tcase, wherever_the_daemon_dies_a_guest_is_asked_once_at_most);
    tcase_add_test (tcase, a_definition_goes_over_and_nothing_is_started);
    tcase_add_test (tcase, a_preferred_host_that_cannot_take_it_is_replaced);
    tcase_add_test (tcase, one_that_was_started_meanwhile_is_left_alone);
    tcase_add_test (tcase,
                    wherever_the_daemon_dies_no_definition_is_lost_and_none_is_told_wrongly);)
