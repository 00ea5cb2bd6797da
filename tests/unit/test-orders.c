/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Orders for VMs: what one takes the next does not find, a group goes whole or not at all, and
 * what was true when it was ordered is looked at again before it is done.
 */
#include "config.h"

#include "base/error.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define N_GUESTS 10

static char *
guest_uuid (guint i)
{
  return g_strdup_printf ("%08u-5a3f-4c7d-9e1b-2f3a4b5c6d7e", i + 1);
}

/* Ten guests of 4 GiB on carl; bert has 32 GiB, which is room for seven. */
static void
prepare (World *world)
{
  world_init (world);
  tern_sim_find_host (world->sim, "carl")->facts->memory_total = 64 * GIB;
  for (guint i = 0; i < N_GUESTS; i++)
    {
      g_autofree char *uuid = guest_uuid (i);
      g_autofree char *name = g_strdup_printf ("guest%u", i);

      (void) world_add_vm (world, uuid, name, "carl", TERN_VM_RUNNING, 4 * GIB);
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

static guint
count_in_phase (World *world, TernTaskPhase phase)
{
  guint n = 0;

  for (guint64 id = 1; id <= 30; id++)
    n += world_phase (world, id) == phase;
  return n;
}

static void
check_never_overcommitted (World *world)
{
  g_auto (GStrv) over = tern_sim_get_overcommitted (world->sim);

  ck_assert_ptr_null (over[0]);
}

/* The ledger */

START_TEST (of_ten_where_seven_have_room_seven_go_and_three_hear_what_is_short)
{
  g_auto (World) world;
  g_autoptr (TernOrder) order = order_guests (0, N_GUESTS, "bert");
  g_autoptr (TernPlan) plan = NULL;
  g_autoptr (GPtrArray) tasks = NULL;

  prepare (&world);
  order->partial = TRUE;
  tasks = world_give_order (&world, order, &plan, NULL);
  ck_assert_uint_eq (tasks->len, 7);
  ck_assert_uint_eq (plan->refusals->len, 3);
  for (guint i = 0; i < 3; i++)
    {
      const TernRefusal *refusal = plan->refusals->pdata[i];
      const TernVerdict *verdict = refusal->verdicts->pdata[0];

      ck_assert_str_eq (((TernReason *) verdict->reasons->pdata[0])->info->code, "memory.short");
      ck_assert_ptr_nonnull (
          strstr (((TernReason *) verdict->reasons->pdata[0])->sentence, "MiB short"));
    }
  world_run (&world, SECONDS (300));
  ck_assert_uint_eq (count_in_phase (&world, TERN_PHASE_DONE), 7);
  check_never_overcommitted (&world);
}
END_TEST

static void
on_ordered (GObject *source, GAsyncResult *result, gpointer data)
{
  guint *taken = data;
  g_autoptr (GPtrArray) tasks =
      tern_migrator_order_finish (TERN_MIGRATOR (source), result, NULL, NULL);

  *taken += tasks != NULL;
}

START_TEST (ten_orders_at_the_same_moment_are_not_promised_the_same_memory)
{
  g_auto (World) world;
  guint taken = 0;

  prepare (&world);
  for (guint i = 0; i < N_GUESTS; i++)
    {
      g_autoptr (TernOrder) order = order_guests (i, 1, "bert");

      tern_migrator_order_async (world.migrator, order, on_ordered, &taken);
    }
  world_run (&world, SECONDS (300));
  ck_assert_uint_eq (taken, 7);
  ck_assert_uint_eq (count_in_phase (&world, TERN_PHASE_DONE), 7);
  check_never_overcommitted (&world);
}
END_TEST

START_TEST (of_two_orders_for_one_vm_at_the_same_moment_one_is_taken)
{
  g_auto (World) world;
  g_autoptr (TernOrder) first = order_guests (0, 1, "bert"), second = order_guests (0, 1, "anna");
  guint taken = 0;

  prepare (&world);
  tern_migrator_order_async (world.migrator, first, on_ordered, &taken);
  tern_migrator_order_async (world.migrator, second, on_ordered, &taken);
  world_run (&world, SECONDS (1));
  ck_assert_uint_eq (taken, 1);
}
END_TEST

START_TEST (a_restart_does_not_forget_what_is_promised)
{
  g_auto (World) world;
  g_autoptr (TernOrder) seven = order_guests (0, 7, "bert"), more = order_guests (7, 1, "bert");
  g_autoptr (GPtrArray) tasks = NULL;
  g_autoptr (GPtrArray) refused = NULL;
  g_autoptr (GError) error = NULL;

  prepare (&world);
  tasks = world_give_order (&world, seven, NULL, NULL);
  ck_assert_uint_eq (tasks->len, 7);
  world_kill_daemon (&world);
  world_start_daemon (&world);
  world_run (&world, 50 * 1000);
  ck_assert_uint_gt (tern_ledger_get_size (tern_assessor_get_ledger (world.assessor)), 4);
  refused = world_give_order (&world, more, NULL, &error);
  ck_assert_ptr_null (refused);
  ck_assert_ptr_nonnull (strstr (error->message, "MiB short"));
  world_run (&world, SECONDS (300));
  check_never_overcommitted (&world);
}
END_TEST

START_TEST (what_has_ended_and_was_seen_is_promised_no_more)
{
  g_auto (World) world;
  g_autoptr (TernOrder) order = order_guests (0, 7, "bert");
  g_autoptr (GPtrArray) tasks = NULL;

  prepare (&world);
  tasks = world_give_order (&world, order, NULL, NULL);
  ck_assert_uint_eq (tern_ledger_get_size (tern_assessor_get_ledger (world.assessor)), 7);
  for (guint64 id = 5; id <= 7; id++)
    ck_assert (world_cancel (&world, id));
  world_run (&world, SECONDS (300));
  ck_assert_uint_eq (count_in_phase (&world, TERN_PHASE_DONE), 4);
  ck_assert_uint_eq (tern_ledger_get_size (tern_assessor_get_ledger (world.assessor)), 0);
}
END_TEST

/* Groups */

START_TEST (a_group_that_does_not_fit_is_not_begun_and_says_who_is_left)
{
  g_auto (World) world;
  g_autoptr (TernOrder) order = order_guests (0, N_GUESTS, "bert");
  g_autoptr (TernPlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks = NULL;

  prepare (&world);
  tasks = world_give_order (&world, order, &plan, &error);
  ck_assert_ptr_null (tasks);
  ck_assert_int_eq (error->code, TERN_ERROR_REFUSED);
  ck_assert_ptr_nonnull (strstr (error->message, "3 of 10 VMs find no place"));
  ck_assert_ptr_nonnull (plan);
  world_run (&world, SECONDS (10));
  ck_assert_uint_eq (world_count (&world, "migrate") + world_count (&world, "stored"), 0);
  ck_assert_uint_eq (tern_ledger_get_size (tern_assessor_get_ledger (world.assessor)), 0);
}
END_TEST

START_TEST (tasks_of_one_order_know_their_group)
{
  g_auto (World) world;
  g_autoptr (TernOrder) three = order_guests (0, 3, NULL), one = order_guests (5, 1, NULL);
  g_autoptr (GPtrArray) tasks = NULL, alone = NULL;

  prepare (&world);
  tasks = world_give_order (&world, three, NULL, NULL);
  alone = world_give_order (&world, one, NULL, NULL);
  for (guint i = 0; i < 3; i++)
    ck_assert_uint_eq (tern_task_get_record (tasks->pdata[i])->group, 1);
  ck_assert_uint_eq (tern_task_get_record (alone->pdata[0])->group, 0);
  ck_assert_uint_gt (tern_task_get_record (alone->pdata[0])->memory, 4 * GIB);
}
END_TEST

START_TEST (a_group_that_cannot_be_stored_leaves_nothing_behind)
{
  g_auto (World) world;
  g_autoptr (TernOrder) order = order_guests (0, 5, "bert");
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks = NULL;

  prepare (&world);
  world.store->fail_first = world.store->fail_last = world.store->n_writes + 1;
  tasks = world_give_order (&world, order, NULL, &error);
  ck_assert_ptr_null (tasks);
  ck_assert_int_eq (error->code, TERN_ERROR_STORE);
  ck_assert_uint_eq (tern_ledger_get_size (tern_assessor_get_ledger (world.assessor)), 0);
  world_kill_daemon (&world);
  world_start_daemon (&world);
  world_run (&world, SECONDS (60));
  ck_assert_uint_eq (world_count (&world, "migrate"), 0);
}
END_TEST

START_TEST (a_group_whose_storing_is_cut_off_is_carried_out_whole_or_not_at_all)
{
  for (gboolean durable = FALSE; durable <= TRUE; durable++)
    {
      g_auto (World) world;
      g_autoptr (TernOrder) order = order_guests (0, 5, "bert");

      prepare (&world);
      world.store->crash_at = world.store->n_writes + 1;
      world.store->crash_durable = durable;
      tern_migrator_order_async (world.migrator, order, on_ordered, &(guint){ 0 });
      world_run (&world, SECONDS (300));
      ck_assert_uint_eq (world.deaths, 1);
      ck_assert_uint_eq (world_count (&world, "migrate"), durable ? 5 : 0);
    }
}
END_TEST

/* Again, just before it is done */

static void
check_refused_at_last (World *world, const char *why)
{
  const TernTaskRecord *record;

  ck_assert (world_run_until (world, 1, TERN_PHASE_FAILED, SECONDS (60)));
  record = world_record (world, 1);
  ck_assert_msg (strstr (record->error, why) != NULL, "%s is not in: %s", why, record->error);
  ck_assert_str_eq (record->error_name, "Refused");
  ck_assert_uint_eq (world_count (world, "migrate"), 0);
}

START_TEST (a_lock_that_was_set_meanwhile_keeps_it_from_moving)
{
  g_auto (World) world;
  SimDomain *web;

  world_init (&world);
  world.store->delay_us = SECONDS (1) / 2;
  ck_assert (world_order (&world, "bert"));
  /* Without an event: only asking shows it. */
  web = tern_sim_host_find_domain (tern_sim_find_host (world.sim, "anna"), WORLD_VM);
  tern_sim_domain_edit (web)->lock = tern_lock_new ("backup@anna", "nightly", 0, 0);
  check_refused_at_last (&world, "nightly");
}
END_TEST

START_TEST (memory_that_was_taken_meanwhile_keeps_it_from_moving)
{
  g_auto (World) world;

  world_init (&world);
  world.store->delay_us = SECONDS (1) / 2;
  ck_assert (world_order (&world, "bert"));
  (void) world_add_vm (&world, "99999999-5a3f-4c7d-9e1b-2f3a4b5c6d7e", "hog", "bert",
                       TERN_VM_RUNNING, 31 * GIB);
  check_refused_at_last (&world, "MiB short");
}
END_TEST

START_TEST (a_host_that_shrank_meanwhile_is_asked_and_not_remembered)
{
  g_auto (World) world;

  world_init (&world);
  world.store->delay_us = SECONDS (1) / 2;
  ck_assert (world_order (&world, "bert"));
  tern_sim_find_host (world.sim, "bert")->facts->memory_total = GIB;
  check_refused_at_last (&world, "MiB short");
}
END_TEST

/* Media */

#define ISO "/var/lib/libvirt/images/tools.iso"

static TernDisk *
add_iso (World *world)
{
  SimDomain *web = tern_sim_host_find_domain (tern_sim_find_host (world->sim, "anna"), WORLD_VM);
  TernVm *vm = tern_sim_domain_edit (web);
  TernDisk *disk = tern_disk_new ();

  disk->target = g_strdup ("sda");
  disk->device = g_strdup ("cdrom");
  disk->type = g_strdup ("file");
  disk->source = g_strdup (ISO);
  disk->readonly = TRUE;
  g_ptr_array_add (vm->disks, disk);
  tern_sim_host_emit_vm (tern_sim_find_host (world->sim, "anna"), WORLD_VM);
  world_run (world, SECONDS (1));
  return disk;
}

static TernOrder *
order_web (gboolean eject_media)
{
  TernOrder *order = tern_order_new (TERN_ACT_MOVE);

  g_strfreev (order->vms);
  order->vms = g_strsplit (WORLD_VM, ",", -1);
  order->destination = g_strdup ("bert");
  order->eject_media = eject_media;
  return order;
}

START_TEST (a_local_medium_is_never_taken_out_unasked)
{
  g_auto (World) world;
  g_autoptr (TernOrder) order = order_web (FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks = NULL;

  world_init (&world);
  (void) add_iso (&world);
  tasks = world_give_order (&world, order, NULL, &error);
  ck_assert_ptr_null (tasks);
  ck_assert_ptr_nonnull (strstr (error->message, ISO));
  ck_assert_uint_eq (world_count (&world, "eject"), 0);
}
END_TEST

START_TEST (a_local_medium_is_taken_out_when_asked_and_written_down_before)
{
  g_auto (World) world;
  g_autoptr (TernOrder) order = order_web (TRUE);
  g_autoptr (GPtrArray) tasks = NULL;
  const TernTaskRecord *stored;
  guint ejected_at = 0, stored_checking = 0;

  world_init (&world);
  (void) add_iso (&world);
  tasks = world_give_order (&world, order, NULL, NULL);
  ck_assert_ptr_nonnull (tasks);
  ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_DONE);
  stored = fake_store_find_task (world.store, 1);
  ck_assert_str_eq (stored->ejected[0], "sda=" ISO);
  ck_assert_ptr_null (stored->ejected[1]);
  for (guint i = 0; i < world.journal->len && ejected_at == 0; i++)
    {
      stored_checking += g_str_equal (world.journal->pdata[i], "stored 1 checking");
      if (g_str_has_prefix (world.journal->pdata[i], "eject"))
        ejected_at = i;
    }
  ck_assert_uint_gt (ejected_at, 0);
  ck_assert_uint_eq (stored_checking, 2);
}
END_TEST

START_TEST (what_changes_while_media_are_taken_out_is_seen_before_the_move)
{
  g_auto (World) world;
  g_autoptr (TernOrder) order = order_web (TRUE);
  g_autoptr (GPtrArray) tasks = NULL;

  world_init (&world);
  (void) add_iso (&world);
  world.store->delay_us = SECONDS (1) / 2;
  tasks = world_give_order (&world, order, NULL, NULL);
  for (guint i = 0; i < 1000 && world_count (&world, "stored 1 checking") == 0; i++)
    world_run (&world, 10 * 1000);
  world_run (&world, 100 * 1000);
  ck_assert_uint_eq (world_count (&world, "eject"), 0);
  tern_sim_find_host (world.sim, "bert")->facts->memory_total = GIB;
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (60)));
  ck_assert_uint_eq (world_count (&world, "eject"), 1);
  ck_assert_uint_eq (world_count (&world, "migrate"), 0);
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "MiB short"));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "sda=" ISO));
}
END_TEST

START_TEST (a_death_at_any_write_of_a_move_with_a_medium_says_what_may_be_out)
{
  guint deaths = 1;

  for (guint n = 2; deaths > 0; n++)
    for (gboolean durable = FALSE; durable <= TRUE; durable++)
      {
        g_auto (World) world;
        g_autoptr (TernOrder) order = order_web (TRUE);
        g_autoptr (GPtrArray) tasks = NULL;
        const TernTaskRecord *stored;

        world_init (&world);
        (void) add_iso (&world);
        world.store->crash_at = n;
        world.store->crash_durable = durable;
        tasks = world_give_order (&world, order, NULL, NULL);
        ck_assert (world_run_until_ended (&world, 1, SECONDS (120)));
        stored = fake_store_find_task (world.store, 1);
        deaths = world.deaths;
        if (world_count (&world, "eject") == 0)
          continue;
        ck_assert_str_eq (stored->ejected[0], "sda=" ISO);
        if (stored->phase == TERN_PHASE_FAILED)
          ck_assert_ptr_nonnull (strstr (stored->error, "sda=" ISO));
      }
}
END_TEST

START_TEST (a_medium_that_cannot_be_written_down_stays_where_it_is)
{
  g_auto (World) world;
  g_autoptr (TernOrder) order = order_web (TRUE);
  g_autoptr (GPtrArray) tasks = NULL;

  world_init (&world);
  (void) add_iso (&world);
  world.store->fail_first = 3;
  world.store->fail_last = 1000;
  tasks = world_give_order (&world, order, NULL, NULL);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (60)));
  ck_assert_uint_eq (world_count (&world, "eject") + world_count (&world, "migrate"), 0);
  ck_assert_ptr_null (world_record (&world, 1)->ejected);
}
END_TEST

/* Questions */

START_TEST (an_order_names_every_host_that_cannot_and_why)
{
  g_auto (World) world;
  g_autoptr (TernOrder) order = order_web (FALSE);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks = NULL;

  world_init (&world);
  g_clear_pointer (&order->destination, g_free);
  (void) add_iso (&world);
  tasks = world_give_order (&world, order, NULL, &error);
  ck_assert_ptr_null (tasks);
  ck_assert_ptr_nonnull (strstr (error->message, "on bert: "));
  ck_assert_ptr_nonnull (strstr (error->message, "on carl: "));
}
END_TEST

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  GString *text = data;
  g_autoptr (GPtrArray) verdicts =
      tern_assessor_check_finish (TERN_ASSESSOR (source), result, NULL);

  for (guint i = 0; i < verdicts->len; i++)
    {
      const TernVerdict *verdict = verdicts->pdata[i];

      g_string_append_printf (text, "%s%s:", i > 0 ? ";" : "", verdict->host->config->name);
      for (guint j = 0; j < verdict->reasons->len; j++)
        {
          const TernReason *reason = verdict->reasons->pdata[j];

          g_string_append_printf (text, " %s(%s)", reason->info->code,
                                  reason->detail != NULL ? reason->detail : "");
        }
    }
}

static void
give_new_cpu (World *world)
{
  static const char *const features[] = { "aes", "avx2", "sse4.2", NULL };
  SimHost *anna = tern_sim_find_host (world->sim, "anna");
  SimDomain *web = tern_sim_host_find_domain (anna, WORLD_VM);
  g_autoptr (TernCpu) cpu = tern_cpu_new ("custom", "Haswell", "Intel", features, NULL);

  cpu->expanded = TRUE;
  tern_sim_domain_set_cpu (web, cpu);
  tern_sim_host_emit_vm (anna, WORLD_VM);
  world_run (world, SECONDS (1));
}

START_TEST (where_the_cpu_does_not_fit_the_words_of_the_host_are_kept)
{
  g_auto (World) world;
  g_autoptr (GString) text = g_string_new (NULL);

  world_init (&world);
  give_new_cpu (&world);
  tern_assessor_check_async (world.assessor, WORLD_VM, TERN_ACT_MOVE, NULL, FALSE, on_checked,
                             text);
  world_run (&world, SECONDS (1));
  ck_assert_msg (strstr (text->str, "cpu.feature-missing(the CPU is incompatible") != NULL, "%s",
                 text->str);
}
END_TEST

START_TEST (a_host_that_hangs_holds_up_no_check_for_long)
{
  g_auto (World) world;
  g_autoptr (GString) text = g_string_new (NULL);

  world_init (&world);
  give_new_cpu (&world);
  tern_sim_set_host_state (world.sim, "bert", TERN_SIM_HOST_HANG);
  tern_assessor_check_async (world.assessor, WORLD_VM, TERN_ACT_MOVE, NULL, FALSE, on_checked,
                             text);
  world_run (&world, SECONDS (11));
  ck_assert_ptr_nonnull (strstr (text->str, "cpu.feature-missing()"));
  ck_assert_ptr_nonnull (strstr (text->str, "cpu.feature-missing(the CPU"));
}
END_TEST

TERN_CHECK_MAIN (
    "orders",
    tcase_add_test (tcase, of_ten_where_seven_have_room_seven_go_and_three_hear_what_is_short);
    tcase_add_test (tcase, ten_orders_at_the_same_moment_are_not_promised_the_same_memory);
    tcase_add_test (tcase, of_two_orders_for_one_vm_at_the_same_moment_one_is_taken);
    tcase_add_test (tcase, a_restart_does_not_forget_what_is_promised);
    tcase_add_test (tcase, what_has_ended_and_was_seen_is_promised_no_more);
    tcase_add_test (tcase, a_group_that_does_not_fit_is_not_begun_and_says_who_is_left);
    tcase_add_test (tcase, tasks_of_one_order_know_their_group);
    tcase_add_test (tcase, a_group_that_cannot_be_stored_leaves_nothing_behind);
    tcase_add_test (tcase, a_group_whose_storing_is_cut_off_is_carried_out_whole_or_not_at_all);
    tcase_add_test (tcase, a_lock_that_was_set_meanwhile_keeps_it_from_moving);
    tcase_add_test (tcase, memory_that_was_taken_meanwhile_keeps_it_from_moving);
    tcase_add_test (tcase, a_host_that_shrank_meanwhile_is_asked_and_not_remembered);
    tcase_add_test (tcase, a_local_medium_is_never_taken_out_unasked);
    tcase_add_test (tcase, a_local_medium_is_taken_out_when_asked_and_written_down_before);
    tcase_add_test (tcase, what_changes_while_media_are_taken_out_is_seen_before_the_move);
    tcase_add_test (tcase, a_death_at_any_write_of_a_move_with_a_medium_says_what_may_be_out);
    tcase_add_test (tcase, a_medium_that_cannot_be_written_down_stays_where_it_is);
    tcase_add_test (tcase, an_order_names_every_host_that_cannot_and_why);
    tcase_add_test (tcase, where_the_cpu_does_not_fit_the_words_of_the_host_are_kept);
    tcase_add_test (tcase, a_host_that_hangs_holds_up_no_check_for_long);)
