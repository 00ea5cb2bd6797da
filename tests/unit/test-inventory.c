/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the daemon knows of hosts and VMs while hosts come, go, hang and lie.
 */
#include "config.h"

#include "base/error.h"
#include "drivers/sim-call.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)

static TernHostState
host_state (World *world, const char *name)
{
  TernHost *host = tern_inventory_find_host (world->inventory, name);

  return host != NULL ? host->state : TERN_HOST_N_STATES;
}

static TernVmState
vm_state (World *world)
{
  TernVm *vm = tern_inventory_find_vm (world->inventory, WORLD_VM);

  return vm != NULL ? vm->state : TERN_VM_N_STATES;
}

START_TEST (all_hosts_come_up_by_themselves_and_show_their_vms)
{
  g_auto (World) world;
  g_autoptr (GPtrArray) hosts = NULL;
  g_autoptr (GPtrArray) vms = NULL;

  world_init (&world);
  hosts = tern_inventory_get_hosts (world.inventory);
  vms = tern_inventory_get_vms (world.inventory);
  ck_assert_uint_eq (hosts->len, 3);
  ck_assert_uint_eq (vms->len, 1);
  for (guint i = 0; i < hosts->len; i++)
    ck_assert_int_eq (((TernHost *) hosts->pdata[i])->state, TERN_HOST_UP);
  ck_assert_int_eq (vm_state (&world), TERN_VM_RUNNING);
}
END_TEST

START_TEST (of_a_lost_host_nothing_is_claimed_and_its_return_is_noticed)
{
  g_auto (World) world;

  world_init (&world);
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_CUT);
  world_run (&world, SECONDS (1));
  ck_assert_int_eq (host_state (&world, "anna"), TERN_HOST_UNREACHABLE);
  ck_assert_int_eq (host_state (&world, "bert"), TERN_HOST_UP);
  ck_assert_int_eq (vm_state (&world), TERN_VM_UNKNOWN);
  ck_assert_ptr_nonnull (tern_inventory_find_host (world.inventory, "anna")->facts);

  world_run (&world, SECONDS (600));
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
  world_run (&world, SECONDS (35));
  ck_assert_int_eq (host_state (&world, "anna"), TERN_HOST_UP);
  ck_assert_int_eq (vm_state (&world), TERN_VM_RUNNING);
}
END_TEST

START_TEST (a_host_that_hangs_is_noticed_and_the_others_are_not_held_up)
{
  g_auto (World) world;

  world_init (&world);
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_HANG);
  world_run (&world, SECONDS (60));
  ck_assert_int_eq (host_state (&world, "anna"), TERN_HOST_UNREACHABLE);
  ck_assert_int_eq (host_state (&world, "bert"), TERN_HOST_UP);
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
  world_run (&world, SECONDS (60));
  ck_assert_int_eq (host_state (&world, "anna"), TERN_HOST_UP);
}
END_TEST

START_TEST (what_changes_on_a_host_is_seen_without_asking)
{
  g_auto (World) world;

  world_init (&world);
  tern_sim_set_vm_state (world.sim, "anna", "web", TERN_VM_PAUSED, TERN_REASON_USER);
  world_run (&world, SECONDS (1));
  ck_assert_int_eq (vm_state (&world), TERN_VM_PAUSED);
  tern_sim_remove_vm (world.sim, "anna", "web");
  world_run (&world, SECONDS (1));
  ck_assert_int_eq (vm_state (&world), TERN_VM_N_STATES);
}
END_TEST

START_TEST (a_vm_that_changed_while_nobody_watched_is_seen_after_the_return)
{
  g_auto (World) world;

  world_init (&world);
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_CUT);
  world_run (&world, SECONDS (10));
  tern_sim_remove_vm (world.sim, "anna", "web");
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
  world_run (&world, SECONDS (60));
  ck_assert_int_eq (vm_state (&world), TERN_VM_N_STATES);
}
END_TEST

START_TEST (while_it_moves_a_vm_is_one_vm_and_ends_at_its_destination)
{
  g_auto (World) world;

  world_init (&world);
  ck_assert (world_order (&world, "bert"));
  while (world_phase (&world, 1) != TERN_PHASE_DONE)
    {
      g_autoptr (GPtrArray) vms = tern_inventory_get_vms (world.inventory);

      ck_assert_uint_eq (vms->len, 1);
      world_run (&world, 10 * 1000);
    }
  ck_assert_str_eq (tern_inventory_find_vm (world.inventory, WORLD_VM)->host, "bert");
}
END_TEST

/* Adding and removing */

typedef struct
{
  gboolean answered;
  GError *error;
} Answer;

static void
on_added (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  answer->answered = TRUE;
  (void) tern_inventory_add_host_finish (TERN_INVENTORY (source), result, &answer->error);
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  answer->answered = TRUE;
  (void) tern_inventory_remove_host_finish (TERN_INVENTORY (source), result, &answer->error);
}

/* Returns: (transfer full) (nullable): the error */
static GError *
add_host (World *world, const char *name, const char *uri)
{
  TernHostConfig *config = tern_host_config_new (name, uri);
  Answer answer = { 0 };

  tern_inventory_add_host_async (world->inventory, config, NULL, on_added, &answer);
  world_run (world, SECONDS (45));
  ck_assert (answer.answered);
  tern_host_config_unref (config);
  return answer.error;
}

static GError *
remove_host (World *world, const char *name)
{
  Answer answer = { 0 };

  tern_inventory_remove_host_async (world->inventory, name, on_removed, &answer);
  world_run (world, SECONDS (1));
  ck_assert (answer.answered);
  return answer.error;
}

static void
expect_refused (World *world, const char *name, const char *uri, TernError code)
{
  g_autoptr (GError) error = add_host (world, name, uri);
  g_autoptr (GPtrArray) hosts = tern_inventory_get_hosts (world->inventory);

  ck_assert_msg (g_error_matches (error, TERN_ERROR, code), "%s: %s", name,
                 error != NULL ? error->message : "taken");
  ck_assert_uint_eq (hosts->len, world->store->hosts->len);
}

START_TEST (a_host_that_is_refused_leaves_nothing_behind)
{
  g_auto (World) world;

  world_init (&world);
  expect_refused (&world, "anna", "sim://anna/", TERN_ERROR_EXISTS);
  expect_refused (&world, "again", "sim://anna/", TERN_ERROR_EXISTS);
  expect_refused (&world, "no name", "sim://anna/", TERN_ERROR_INVALID_ARGUMENT);
  expect_refused (&world, "bad", "http://anna/", TERN_ERROR_INVALID_ARGUMENT);
  expect_refused (&world, "nobody", "sim://nobody/", TERN_ERROR_UNREACHABLE);
  ck_assert_uint_eq (world.store->hosts->len, 3);
}
END_TEST

START_TEST (a_host_that_was_removed_is_gone_with_its_vms_and_can_be_added_again)
{
  g_auto (World) world;

  world_init (&world);
  ck_assert_ptr_null (remove_host (&world, "anna"));
  ck_assert_uint_eq (world.store->hosts->len, 2);
  ck_assert_int_eq (vm_state (&world), TERN_VM_N_STATES);
  /* It was forgotten, not touched. */
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);

  ck_assert_ptr_null (add_host (&world, "anne", "sim://anna/"));
  ck_assert_uint_eq (world.store->hosts->len, 3);
  ck_assert_int_eq (host_state (&world, "anne"), TERN_HOST_UP);
  ck_assert_int_eq (vm_state (&world), TERN_VM_RUNNING);
}
END_TEST

/* Told with another reason than the first call's: the others were ended by us. */
static void
count_other_losses (TernInventory *inventory, TernHost *host, guint *losses)
{
  (void) inventory;
  *losses += host->state == TERN_HOST_UNREACHABLE && strstr (host->error, "no answer") == NULL;
}

START_TEST (a_host_is_lost_once_however_many_calls_say_so)
{
  g_auto (World) world;
  guint more_losses = 0;

  world_init (&world);
  g_signal_connect (world.inventory, "host-changed", G_CALLBACK (count_other_losses), &more_losses);
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_HANG);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *uuid = g_strdup_printf ("%u", i);

      tern_hypervisor_emit_vm_changed (tern_inventory_find_hypervisor (world.inventory, "anna"),
                                       uuid);
      world_run (&world, SECONDS (1));
    }
  world_run (&world, SECONDS (6));
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
  world_run (&world, SECONDS (120));
  ck_assert_int_eq (host_state (&world, "anna"), TERN_HOST_UP);
  ck_assert_uint_eq (more_losses, 0);
}
END_TEST

/* Each loss and return is told, logged, and costs a list of all VMs. */
START_TEST (a_host_that_comes_and_goes_is_taken_up_ever_more_rarely)
{
  g_auto (World) world;
  guint losses = 0;

  world_init (&world);
  for (guint i = 0; i < 600; i++)
    {
      if (host_state (&world, "anna") == TERN_HOST_UP)
        {
          tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_CUT);
          losses++;
        }
      world_run (&world, SECONDS (1));
      tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
    }
  ck_assert_uint_le (losses, 30);

  world_run (&world, SECONDS (120));
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_CUT);
  world_run (&world, SECONDS (1) / 2);
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
  world_run (&world, SECONDS (2));
  ck_assert_int_eq (host_state (&world, "anna"), TERN_HOST_UP);
}
END_TEST

/* In a line of a hundred questions the last would not be answered in time. */
START_TEST (a_host_with_news_of_many_vms_is_asked_for_a_few_at_a_time)
{
  g_auto (World) world;
  SimHost *anna;
  g_autoptr (GPtrArray) vms = NULL;

  world_init (&world);
  anna = tern_sim_find_host (world.sim, "anna");
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_HANG);
  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *uuid = g_strdup_printf ("00000000-0000-4000-9000-%012u", i);
      TernVm *vm = tern_vm_new (uuid, uuid, "anna");

      tern_sim_host_put_domain (anna, vm, 0);
      tern_vm_unref (vm);
      for (guint n = 0; n < 3; n++)
        tern_hypervisor_emit_vm_changed (tern_inventory_find_hypervisor (world.inventory, "anna"),
                                         uuid);
    }
  ck_assert_uint_eq (anna->ports->len, 1);
  ck_assert_uint_le (((TernSimPort *) anna->ports->pdata[0])->calls->len, 5);

  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
  world_run (&world, SECONDS (2));
  vms = tern_inventory_get_vms (world.inventory);
  ck_assert_uint_eq (vms->len, 51);
}
END_TEST

START_TEST (removing_what_is_not_there_is_said)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  error = remove_host (&world, "emil");
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_FOUND));
}
END_TEST

/* Changing */

static void
on_updated (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  answer->answered = TRUE;
  (void) tern_inventory_update_host_finish (TERN_INVENTORY (source), result, &answer->error);
}

static gboolean
one_more_out (TernHostConfig *config, gpointer data, GError **error)
{
  (void) data;
  (void) error;
  config->limit_out++;
  return TRUE;
}

static gboolean
refuse_edit (TernHostConfig *config, gpointer data, GError **error)
{
  (void) data;
  config->limit_out = 99;
  g_set_error_literal (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "not so");
  return FALSE;
}

static gboolean
move_away (TernHostConfig *config, gpointer data, GError **error)
{
  (void) data;
  (void) error;
  g_free (config->uri);
  config->uri = g_strdup ("sim://elsewhere/");
  return TRUE;
}

static GError *
update_host (World *world, const char *name, TernHostEdit edit)
{
  Answer answer = { 0 };

  tern_inventory_update_host_async (world->inventory, name, edit, NULL, on_updated, &answer);
  world_run (world, SECONDS (1));
  ck_assert (answer.answered);
  return answer.error;
}

static guint
limit_out (World *world, const char *name)
{
  return tern_inventory_find_host (world->inventory, name)->config->limit_out;
}

static void
note_limit (TernInventory *inventory, TernHost *host, guint *told)
{
  (void) inventory;
  *told = MAX (*told, host->config->limit_out);
}

START_TEST (a_change_of_a_host_is_stored_told_and_remembered)
{
  g_auto (World) world;
  const TernHost *host;
  guint told = 0;

  world_init (&world);
  g_signal_connect (world.inventory, "host-changed", G_CALLBACK (note_limit), &told);
  ck_assert_ptr_null (update_host (&world, "anna", one_more_out));
  host = tern_inventory_find_host (world.inventory, "anna");
  ck_assert_uint_eq (host->config->limit_out, 1);
  ck_assert_int_eq (host->state, TERN_HOST_UP);
  ck_assert_ptr_nonnull (host->facts);
  ck_assert_uint_eq (told, 1);
  ck_assert_uint_eq (limit_out (&world, "bert"), 0);
  ck_assert_uint_eq (world.store->hosts->len, 3);

  world_kill_daemon (&world);
  world_run (&world, SECONDS (2));
  ck_assert_uint_eq (limit_out (&world, "anna"), 1);
}
END_TEST

START_TEST (a_change_that_is_refused_or_not_stored_changes_nothing)
{
  g_auto (World) world;
  g_autoptr (GError) refused = NULL;
  g_autoptr (GError) moved = NULL;
  g_autoptr (GError) unknown = NULL;
  g_autoptr (GError) full = NULL;

  world_init (&world);
  refused = update_host (&world, "anna", refuse_edit);
  ck_assert_str_eq (refused->message, "not so");
  moved = update_host (&world, "anna", move_away);
  ck_assert (g_error_matches (moved, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  unknown = update_host (&world, "emil", one_more_out);
  ck_assert (g_error_matches (unknown, TERN_ERROR, TERN_ERROR_NOT_FOUND));
  world.store->fail_others = TRUE;
  full = update_host (&world, "anna", one_more_out);
  ck_assert (g_error_matches (full, TERN_ERROR, TERN_ERROR_STORE));
  ck_assert_uint_eq (limit_out (&world, "anna"), 0);
  ck_assert_str_eq (tern_inventory_find_host (world.inventory, "anna")->config->uri, "sim://anna/");

  world.store->fail_others = FALSE;
  ck_assert_ptr_null (update_host (&world, "anna", one_more_out));
  ck_assert_uint_eq (limit_out (&world, "anna"), 1);
}
END_TEST

START_TEST (changes_asked_for_at_once_all_count_and_none_outlives_the_removal)
{
  g_auto (World) world;
  Answer answers[5] = { { 0 } };

  world_init (&world);
  world.store->delay_us = 1000;
  for (guint i = 0; i < 3; i++)
    tern_inventory_update_host_async (world.inventory, "anna", one_more_out, NULL, on_updated,
                                      &answers[i]);
  world_run (&world, SECONDS (1));
  ck_assert_uint_eq (limit_out (&world, "anna"), 3);

  tern_inventory_remove_host_async (world.inventory, "anna", on_removed, &answers[3]);
  tern_inventory_update_host_async (world.inventory, "anna", one_more_out, NULL, on_updated,
                                    &answers[4]);
  world_run (&world, SECONDS (1));
  for (guint i = 0; i < 4; i++)
    ck_assert (answers[i].answered && answers[i].error == NULL);
  ck_assert (g_error_matches (answers[4].error, TERN_ERROR, TERN_ERROR_NOT_FOUND));
  g_clear_error (&answers[4].error);
  ck_assert_uint_eq (world.store->hosts->len, 2);
}
END_TEST

START_TEST (a_vm_is_found_by_its_name_and_by_its_uuid_in_any_case)
{
  g_auto (World) world;
  g_autofree char *upper = g_ascii_strup (WORLD_VM, -1);
  g_autoptr (GError) error = NULL;

  world_init (&world);
  ck_assert_ptr_nonnull (tern_inventory_lookup_vm (world.inventory, "web", NULL));
  ck_assert_ptr_nonnull (tern_inventory_lookup_vm (world.inventory, WORLD_VM, NULL));
  ck_assert_ptr_nonnull (tern_inventory_lookup_vm (world.inventory, upper, NULL));
  ck_assert_ptr_null (tern_inventory_lookup_vm (world.inventory, "we", &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_FOUND));
}
END_TEST

START_TEST (hosts_are_remembered_by_a_daemon_that_is_started_again)
{
  g_auto (World) world;

  world_init (&world);
  world_kill_daemon (&world);
  world_run (&world, SECONDS (2));
  ck_assert_int_eq (host_state (&world, "anna"), TERN_HOST_UP);
  ck_assert_int_eq (vm_state (&world), TERN_VM_RUNNING);
}
END_TEST

TERN_CHECK_MAIN (
    "inventory", tcase_add_test (tcase, all_hosts_come_up_by_themselves_and_show_their_vms);
    tcase_add_test (tcase, of_a_lost_host_nothing_is_claimed_and_its_return_is_noticed);
    tcase_add_test (tcase, a_host_that_hangs_is_noticed_and_the_others_are_not_held_up);
    tcase_add_test (tcase, what_changes_on_a_host_is_seen_without_asking);
    tcase_add_test (tcase, a_vm_that_changed_while_nobody_watched_is_seen_after_the_return);
    tcase_add_test (tcase, while_it_moves_a_vm_is_one_vm_and_ends_at_its_destination);
    tcase_add_test (tcase, a_host_that_is_refused_leaves_nothing_behind);
    tcase_add_test (tcase, a_host_that_was_removed_is_gone_with_its_vms_and_can_be_added_again);
    tcase_add_test (tcase, a_host_is_lost_once_however_many_calls_say_so);
    tcase_add_test (tcase, a_host_that_comes_and_goes_is_taken_up_ever_more_rarely);
    tcase_add_test (tcase, a_host_with_news_of_many_vms_is_asked_for_a_few_at_a_time);
    tcase_add_test (tcase, removing_what_is_not_there_is_said);
    tcase_add_test (tcase, a_change_of_a_host_is_stored_told_and_remembered);
    tcase_add_test (tcase, a_change_that_is_refused_or_not_stored_changes_nothing);
    tcase_add_test (tcase, changes_asked_for_at_once_all_count_and_none_outlives_the_removal);
    tcase_add_test (tcase, a_vm_is_found_by_its_name_and_by_its_uuid_in_any_case);
    tcase_add_test (tcase, hosts_are_remembered_by_a_daemon_that_is_started_again);)
