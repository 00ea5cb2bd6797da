/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the assessor answers: of things as they are now, and the same from a file as at once.
 */
#include "config.h"

#include "base/error.h"
#include "model/snapshot.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  GPtrArray **verdicts = data;
  g_autoptr (GError) error = NULL;

  *verdicts = tern_assessor_check_finish (TERN_ASSESSOR (source), result, &error);
  ck_assert_msg (*verdicts != NULL, "%s", error != NULL ? error->message : "");
}

static GPtrArray *
check (World *world)
{
  GPtrArray *verdicts = NULL;

  tern_assessor_check_async (world->assessor, WORLD_VM, TERN_ACT_MOVE, NULL, FALSE, on_checked,
                             &verdicts);
  for (guint i = 0; i < 60 && verdicts == NULL; i++)
    world_run (world, SECONDS (1));
  ck_assert (verdicts != NULL);
  return verdicts;
}

static gboolean
is_blocked (const GPtrArray *verdicts, const char *host, const char *code)
{
  for (guint i = 0; i < verdicts->len; i++)
    {
      const TernVerdict *verdict = verdicts->pdata[i];

      if (!g_str_equal (verdict->host->config->name, host))
        continue;
      for (guint k = 0; k < verdict->reasons->len; k++)
        {
          const TernReason *reason = verdict->reasons->pdata[k];

          if (g_str_equal (reason->info->code, code) && reason->severity == TERN_SEVERITY_BLOCKS)
            return TRUE;
        }
    }
  return FALSE;
}

START_TEST (a_check_sees_what_no_event_told_of)
{
  g_auto (World) world;
  g_autoptr (GPtrArray) before = NULL, after = NULL;
  SimHost *anna;

  world_init (&world);
  before = check (&world);
  ck_assert (!is_blocked (before, "bert", "vm.snapshots"));

  anna = tern_sim_find_host (world.sim, "anna");
  tern_sim_domain_edit (tern_sim_host_find_domain (anna, WORLD_VM))->snapshots = 1;
  after = check (&world);
  ck_assert (is_blocked (after, "bert", "vm.snapshots"));
}
END_TEST

START_TEST (of_a_host_that_does_not_answer_what_was_last_seen_is_judged)
{
  g_auto (World) world;
  g_autoptr (GPtrArray) verdicts = NULL;

  world_init (&world);
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_HANG);
  verdicts = check (&world);
  ck_assert_uint_eq (verdicts->len, 3);
}
END_TEST

static TernSnapshot *
take_snapshot (World *world)
{
  g_autofree char *text = tern_assessor_format_snapshot (world->assessor);
  g_autoptr (GError) error = NULL;
  TernSnapshot *snapshot = tern_snapshot_parse (text, -1, "snapshot", NULL, &error);

  ck_assert_msg (snapshot != NULL, "%s", error != NULL ? error->message : "");
  return snapshot;
}

/* Until its host's own figures show it, an arrival keeps what was promised to it. */
START_TEST (in_a_snapshot_a_vm_moves_while_it_moves_and_no_longer)
{
  g_auto (World) world;
  g_autoptr (TernSnapshot) during = NULL, after = NULL;
  const TernReservation *entry;

  world_init (&world);
  ck_assert (world_order (&world, "bert"));
  during = take_snapshot (&world);
  ck_assert_uint_eq (during->reservations->len, 1);
  entry = during->reservations->pdata[0];
  ck_assert_uint_eq (entry->task_id, 1);

  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));
  after = take_snapshot (&world);
  ck_assert_uint_eq (after->reservations->len, 1);
  entry = after->reservations->pdata[0];
  ck_assert_uint_eq (entry->task_id, 0);
  ck_assert_str_eq (entry->destination, "bert");
  ck_assert (entry->memory > 0);
}
END_TEST

/* Another destination */

#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define OTHER_VM "11111111-5a3f-4c7d-9e1b-2f3a4b5c6d7e"

static const char *
get_promised (World *world, const char *uuid)
{
  const TernReservation *entry =
      tern_ledger_find (tern_assessor_get_ledger (world->assessor), uuid);

  return entry != NULL ? entry->destination : NULL;
}

START_TEST (another_destination_is_promised_before_anybody_else_can_take_its_room)
{
  g_auto (World) world;
  g_autofree char *chosen = NULL;
  g_autoptr (TernOrder) order = tern_order_new (TERN_ACT_MOVE);
  g_autoptr (TernPlan) plan = NULL;
  TernRoom before;

  world_init (&world);
  (void) world_add_vm (&world, OTHER_VM, "other", "anna", TERN_VM_RUNNING, 31 * GIB - GIB / 2);
  world_run (&world, SECONDS (20));
  ck_assert (world_order (&world, "bert"));
  before = tern_assessor_get_room (world.assessor, "bert");

  chosen = tern_assessor_choose_again (world.assessor, world_record (&world, 1), NULL, NULL);
  ck_assert_str_eq (chosen, "carl");
  ck_assert_str_eq (get_promised (&world, WORLD_VM), "carl");
  ck_assert_uint_gt (tern_assessor_get_room (world.assessor, "bert").free, before.free);

  /* What fits on an empty host only finds no room on carl now, and room on bert. */
  g_strfreev (order->vms);
  order->vms = g_strsplit (OTHER_VM, ",", -1);
  plan = tern_assessor_plan (world.assessor, order, NULL);
  ck_assert_uint_eq (plan->moves->len, 1);
  ck_assert_str_eq (((TernMove *) plan->moves->pdata[0])->destination, "bert");
}
END_TEST

START_TEST (a_host_that_failed_is_not_chosen_again_and_without_one_nothing_changes)
{
  g_auto (World) world;
  const char *const failed[] = { "carl", NULL };
  g_autofree char *chosen = NULL;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  ck_assert (world_order (&world, "bert"));
  chosen = tern_assessor_choose_again (world.assessor, world_record (&world, 1), failed, &error);
  ck_assert_ptr_null (chosen);
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_REFUSED));
  ck_assert_ptr_nonnull (strstr (error->message, "no other host"));
  ck_assert_str_eq (get_promised (&world, WORLD_VM), "bert");
}
END_TEST

START_TEST (what_was_promised_anew_is_let_go_with_its_task)
{
  g_auto (World) world;
  g_autofree char *chosen = NULL;

  world_init (&world);
  ck_assert (world_order (&world, "bert"));
  chosen = tern_assessor_choose_again (world.assessor, world_record (&world, 1), NULL, NULL);
  ck_assert_ptr_nonnull (chosen);
  ck_assert (world_cancel (&world, 1));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_CANCELLED, SECONDS (60)));
  ck_assert_ptr_null (get_promised (&world, WORLD_VM));
  ck_assert (world_order (&world, "bert"));
}
END_TEST

#define RELEASE(major, minor) ((major) *1000000 + (minor) *1000)

/* Compressed over several connections: bert, the better place, is too old for that. */
static TernOrder *
prepare_compressed (World *world, const char *destination)
{
  TernOrder *order = tern_order_new (TERN_ACT_MOVE);
  TernMoveOptions options = TERN_MOVE_OPTIONS_INIT;

  world_init (world);
  for (guint i = 0; i < 3; i++)
    {
      TernHostFacts *facts =
          tern_sim_find_host (world->sim, (const char *const[]){ "anna", "bert", "carl" }[i])
              ->facts;

      facts->libvirt_version = i == 1 ? RELEASE (9, 0) : RELEASE (11, 0);
      facts->qemu_version = RELEASE (11, 0);
      facts->memory_total = (i == 1 ? 64 : 32) * GIB;
    }
  world_run (world, SECONDS (20));
  options.parallel = 4;
  options.compression = TERN_COMPRESSION_ZSTD;
  g_strfreev (order->vms);
  order->vms = g_strsplit (WORLD_VM, ",", -1);
  order->destination = g_strdup (destination);
  order->options = g_memdup2 (&options, sizeof options);
  return order;
}

START_TEST (a_host_that_does_not_take_the_options_is_not_chosen)
{
  g_auto (World) world;
  g_autoptr (TernOrder) order = prepare_compressed (&world, NULL);
  g_autoptr (TernPlan) plan = NULL, plain = NULL;
  g_autoptr (GError) error = NULL;

  plan = tern_assessor_plan (world.assessor, order, &error);
  ck_assert_msg (plan != NULL, "%s", error != NULL ? error->message : "");
  ck_assert_str_eq (((TernMove *) plan->moves->pdata[0])->destination, "carl");
  g_clear_pointer (&order->options, g_free);
  plain = tern_assessor_plan (world.assessor, order, NULL);
  ck_assert_str_eq (((TernMove *) plain->moves->pdata[0])->destination, "bert");
}
END_TEST

START_TEST (named_it_is_refused_with_the_reason)
{
  g_auto (World) world;
  g_autoptr (TernOrder) order = prepare_compressed (&world, "bert");
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (tern_assessor_plan (world.assessor, order, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_REFUSED));
  ck_assert_ptr_nonnull (strstr (error->message, "libvirt"));
}
END_TEST

START_TEST (where_no_host_is_left_for_the_options_that_is_the_reason)
{
  g_auto (World) world;
  g_autoptr (TernOrder) order = prepare_compressed (&world, NULL);
  g_autoptr (GError) error = NULL;

  tern_sim_find_host (world.sim, "carl")->facts->libvirt_version = RELEASE (9, 0);
  world_run (&world, SECONDS (20));
  ck_assert_ptr_null (tern_assessor_plan (world.assessor, order, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_REFUSED));
  ck_assert_ptr_nonnull (strstr (error->message, "libvirt"));
}
END_TEST

START_TEST (another_destination_takes_the_options_too)
{
  g_auto (World) world;
  g_autoptr (TernOrder) order = prepare_compressed (&world, "carl");
  g_autoptr (GPtrArray) tasks = NULL;
  g_autofree char *chosen = NULL;
  g_autoptr (GError) error = NULL;

  tasks = world_give_order (&world, order, NULL, &error);
  ck_assert_msg (tasks != NULL, "%s", error != NULL ? error->message : "");
  chosen = tern_assessor_choose_again (world.assessor, world_record (&world, 1), NULL, &error);
  ck_assert_ptr_null (chosen);
  ck_assert_ptr_nonnull (strstr (error->message, "libvirt"));
}
END_TEST

TERN_CHECK_MAIN (
    "assessor", tcase_add_test (tcase, a_check_sees_what_no_event_told_of);
    tcase_add_test (tcase, of_a_host_that_does_not_answer_what_was_last_seen_is_judged);
    tcase_add_test (tcase, in_a_snapshot_a_vm_moves_while_it_moves_and_no_longer);
    tcase_add_test (tcase, another_destination_is_promised_before_anybody_else_can_take_its_room);
    tcase_add_test (tcase, a_host_that_failed_is_not_chosen_again_and_without_one_nothing_changes);
    tcase_add_test (tcase, what_was_promised_anew_is_let_go_with_its_task);
    tcase_add_test (tcase, a_host_that_does_not_take_the_options_is_not_chosen);
    tcase_add_test (tcase, named_it_is_refused_with_the_reason);
    tcase_add_test (tcase, where_no_host_is_left_for_the_options_that_is_the_reason);
    tcase_add_test (tcase, another_destination_takes_the_options_too);)
