/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who leaves a host, where to, in what order, and why not.
 */
#include "config.h"

#include "plan/drain.h"

#include "base/error.h"

#include "drain-world.h"
#include "tern-check.h"

#include <string.h>

static TernDrainPlan *
plan_of (DrainWorld *world)
{
  TernDrainQuestion question = drain_world_question (world);

  return tern_drain_plan (&question);
}

START_TEST (every_running_vm_gets_another_host)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainPlan) plan = NULL;

  drain_world_init (&world, 3);
  drain_world_vm (&world, "a", 1, 8);
  drain_world_vm (&world, "b", 1, 8);
  plan = plan_of (&world);
  ck_assert_uint_eq (plan->moves->len, 2);
  ck_assert_uint_eq (plan->items->len, 2);
  for (guint i = 0; i < 2; i++)
    {
      const TernDrainMove *move = plan->moves->pdata[i];

      ck_assert_str_ne (move->to, "node1");
      ck_assert_str_eq (move->item->destination, move->to);
      ck_assert_int_gt (move->item->end_us, 0);
    }
  ck_assert_str_ne (((TernDrainMove *) plan->moves->pdata[0])->to,
                    ((TernDrainMove *) plan->moves->pdata[1])->to);
}
END_TEST

START_TEST (whose_turn_comes_after_the_deadline_is_told_so)
{
  for (int late = 0; late <= 1; late++)
    {
      g_auto (DrainWorld) world = { NULL };
      g_autoptr (TernDrainPlan) plan = NULL;
      gint64 last_us = 0;

      drain_world_init (&world, 3);
      for (guint i = 0; i < 6; i++)
        {
          g_autofree char *name = g_strdup_printf ("vm%u", i);

          drain_world_vm (&world, name, 1, 2);
        }
      plan = plan_of (&world);
      for (guint i = 0; i < plan->items->len; i++)
        last_us = MAX (last_us, ((TernDrainItem *) plan->items->pdata[i])->begin_us);
      ck_assert_int_gt (last_us, 0);
      tern_drain_plan_free (g_steal_pointer (&plan));

      world.drain->deadline_us = world.now_us + last_us + (late ? 0 : 1);
      plan = plan_of (&world);
      ck_assert_uint_eq (plan->moves->len, 6);
      for (guint i = 0; i < plan->items->len; i++)
        {
          const TernDrainItem *item = plan->items->pdata[i];
          g_autofree char *codes = drain_item_codes (item);

          ck_assert_int_eq (item->state, TERN_ITEM_WAITING);
          ck_assert_str_eq (codes, late && item->begin_us == last_us ? "TimedOut" : "");
        }
    }
}
END_TEST

/* Action, state, persistent, whether shut-off ones move: what becomes of it. */
START_TEST (each_action_meets_each_state)
{
  static const struct
  {
    TernDrainAction action;
    TernVmState state;
    gboolean persistent, move_off;
    TernItemState expected;
    guint n_moves;
    const char *code;
  } cases[] = {
    { TERN_DRAIN_MIGRATE, TERN_VM_RUNNING, TRUE, FALSE, TERN_ITEM_WAITING, 1, "" },
    { TERN_DRAIN_MIGRATE, TERN_VM_RUNNING, FALSE, FALSE, TERN_ITEM_WAITING, 1, "" },
    { TERN_DRAIN_MIGRATE, TERN_VM_PAUSED, TRUE, FALSE, TERN_ITEM_LEFT, 0, "vm.paused" },
    { TERN_DRAIN_MIGRATE, TERN_VM_SUSPENDED, TRUE, FALSE, TERN_ITEM_LEFT, 0, "vm.not-running" },
    { TERN_DRAIN_MIGRATE, TERN_VM_SHUT_OFF, TRUE, FALSE, TERN_ITEM_SKIPPED, 0, "" },
    { TERN_DRAIN_MIGRATE, TERN_VM_SHUT_OFF, TRUE, TRUE, TERN_ITEM_WAITING, 1, "" },
    { TERN_DRAIN_MIGRATE, TERN_VM_CRASHED, TRUE, FALSE, TERN_ITEM_SKIPPED, 0, "" },
    { TERN_DRAIN_SKIP, TERN_VM_RUNNING, TRUE, FALSE, TERN_ITEM_SKIPPED, 0, "" },
    { TERN_DRAIN_SKIP, TERN_VM_SHUT_OFF, TRUE, TRUE, TERN_ITEM_SKIPPED, 0, "" },
    { TERN_DRAIN_COLD, TERN_VM_RUNNING, TRUE, FALSE, TERN_ITEM_WAITING, 1, "" },
    { TERN_DRAIN_COLD, TERN_VM_RUNNING, FALSE, FALSE, TERN_ITEM_LEFT, 0, "Refused" },
    { TERN_DRAIN_COLD, TERN_VM_PAUSED, TRUE, FALSE, TERN_ITEM_LEFT, 0, "vm.paused" },
    { TERN_DRAIN_COLD, TERN_VM_SHUT_OFF, TRUE, FALSE, TERN_ITEM_SKIPPED, 0, "" },
    { TERN_DRAIN_SHUTDOWN, TERN_VM_RUNNING, TRUE, FALSE, TERN_ITEM_WAITING, 0, "" },
    { TERN_DRAIN_SHUTDOWN, TERN_VM_RUNNING, FALSE, FALSE, TERN_ITEM_LEFT, 0, "Refused" },
    { TERN_DRAIN_SHUTDOWN, TERN_VM_PAUSED, TRUE, FALSE, TERN_ITEM_LEFT, 0, "vm.paused" },
    { TERN_DRAIN_SHUTDOWN, TERN_VM_SHUT_OFF, TRUE, TRUE, TERN_ITEM_SKIPPED, 0, "" },
    { TERN_DRAIN_ASK, TERN_VM_RUNNING, TRUE, FALSE, TERN_ITEM_LEFT, 0, "Attention" },
    { TERN_DRAIN_ASK, TERN_VM_SHUT_OFF, TRUE, FALSE, TERN_ITEM_SKIPPED, 0, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (DrainWorld) world = { NULL };
      g_autoptr (TernDrainPlan) plan = NULL;
      g_autofree char *codes = NULL;
      TernVm *vm;

      drain_world_init (&world, 2);
      vm = drain_world_vm (&world, "a", 1, 2);
      vm->state = cases[i].state;
      vm->persistent = cases[i].persistent;
      vm->drain_action = (int) cases[i].action;
      world.drain->move_shut_off = cases[i].move_off;
      plan = plan_of (&world);
      ck_assert_uint_eq (plan->items->len, 1);
      codes = drain_item_codes (plan->items->pdata[0]);
      ck_assert_msg (((TernDrainItem *) plan->items->pdata[0])->state == cases[i].expected,
                     "case %u: %s", i, codes);
      ck_assert_msg (plan->moves->len == cases[i].n_moves, "case %u", i);
      ck_assert_msg (strcmp (codes, cases[i].code) == 0, "case %u: %s", i, codes);
    }
}
END_TEST

START_TEST (no_guest_is_stopped_while_a_host_never_showed_its_vms)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainPlan) before = NULL, after = NULL;
  g_autofree char *codes = NULL;
  const TernDrainItem *item;

  drain_world_init (&world, 3);
  drain_world_vm (&world, "a", 1, 2)->drain_action = TERN_DRAIN_COLD;
  drain_world_vm (&world, "b", 1, 2);
  drain_world_host (&world, 3)->state = TERN_HOST_UNREACHABLE;
  drain_world_host (&world, 3)->seen_us = 0;
  before = plan_of (&world);
  item = drain_items_find (before->items, "a");
  ck_assert_int_eq (item->state, TERN_ITEM_LEFT);
  codes = drain_item_codes (item);
  ck_assert_str_eq (codes, "host.unreachable");
  ck_assert_int_eq (drain_items_find (before->items, "b")->state, TERN_ITEM_WAITING);
  drain_world_host (&world, 3)->seen_us = 1;
  after = plan_of (&world);
  ck_assert_int_eq (drain_items_find (after->items, "a")->state, TERN_ITEM_WAITING);
}
END_TEST

/* What is to be typed must reach this VM, and nothing else. */
START_TEST (a_command_names_the_vm_by_its_name_if_that_is_plain_and_its_alone)
{
  static const struct
  {
    const char *name;
    gboolean by_name;
  } cases[] = {
    { "web01", TRUE },     { "Web_01.example-a", TRUE }, { "web 01", FALSE }, { "-web", FALSE },
    { "a;reboot", FALSE }, { "a=skip", FALSE },          { "a,b", FALSE },    { "bär", FALSE },
    { "twin", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (DrainWorld) world = { NULL };
      g_autoptr (TernDrainPlan) plan = NULL;
      g_autofree char *expected = NULL;
      const TernItemReason *reason;
      TernVm *vm;

      drain_world_init (&world, 2);
      vm = drain_world_vm (&world, cases[i].name, 1, 2);
      vm->drain_action = TERN_DRAIN_ASK;
      drain_world_vm (&world, "twin", 2, 1);
      expected = g_strdup_printf ("--action %s=migrate", cases[i].by_name ? vm->name : vm->uuid);
      plan = plan_of (&world);
      reason = ((TernDrainItem *) plan->items->pdata[0])->reasons->pdata[0];
      ck_assert_msg (strstr (reason->remedy, expected) != NULL, "%s: %s", vm->name, reason->remedy);
    }
}
END_TEST

START_TEST (the_order_says_before_metadata_before_rules)
{
  static const char *const rules[] = { "db*=ask", "*=skip", NULL };
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainPlan) plan = NULL;
  TernVm *first, *second;

  drain_world_init (&world, 2);
  world.rules = rules;
  first = drain_world_vm (&world, "db1", 1, 1);
  second = drain_world_vm (&world, "db2", 1, 1);
  drain_world_vm (&world, "db3", 1, 1);
  drain_world_vm (&world, "web", 1, 1);
  first->drain_action = second->drain_action = TERN_DRAIN_SHUTDOWN;
  world.drain->actions = g_new0 (char *, 2);
  world.drain->actions[0] = g_strconcat (first->uuid, "=cold", NULL);
  plan = plan_of (&world);
  ck_assert_int_eq (drain_items_find (plan->items, "db1")->action, TERN_DRAIN_COLD);
  ck_assert_int_eq (drain_items_find (plan->items, "db2")->action, TERN_DRAIN_SHUTDOWN);
  ck_assert_int_eq (drain_items_find (plan->items, "db3")->action, TERN_DRAIN_ASK);
  ck_assert_int_eq (drain_items_find (plan->items, "web")->action, TERN_DRAIN_SKIP);
}
END_TEST

START_TEST (room_is_made_on_other_hosts_and_waited_for)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainPlan) plan = NULL;
  const TernDrainMove *room = NULL, *big = NULL;

  drain_world_init (&world, 3);
  drain_world_vm (&world, "big", 1, 12);
  drain_world_vm (&world, "s1", 2, 6);
  drain_world_vm (&world, "s2", 3, 6);
  plan = plan_of (&world);
  ck_assert_uint_eq (plan->moves->len, 2);
  for (guint i = 0; i < 2; i++)
    {
      const TernDrainMove *move = plan->moves->pdata[i];

      *(move->item->for_room ? &room : &big) = move;
    }
  ck_assert_ptr_nonnull (room);
  ck_assert_ptr_nonnull (big);
  ck_assert_ptr_eq (plan->moves->pdata[0], room);
  ck_assert_str_eq (room->from, big->to);
  ck_assert_uint_eq (big->after->len, 1);
  ck_assert_uint_eq (g_array_index (big->after, guint, 0), 0);
}
END_TEST

/* node3 is emptier, but behind a link of a tenth: all are gone sooner without it. */
START_TEST (a_slow_link_is_avoided_while_the_others_have_room)
{
  static const char *const names[] = { "a", "b", "c" };
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainPlan) fast = NULL, full = NULL;
  guint slow = 0;

  drain_world_init (&world, 3);
  drain_world_host (&world, 3)->config->link_bps = 125000000;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    drain_world_vm (&world, names[i], 1, 4);
  fast = plan_of (&world);
  ck_assert_uint_eq (fast->moves->len, 3);
  for (guint i = 0; i < 3; i++)
    ck_assert_str_eq (((TernDrainMove *) fast->moves->pdata[i])->to, "node2");
  drain_world_vm (&world, "big", 2, 6);
  full = plan_of (&world);
  ck_assert_uint_eq (full->moves->len, 3);
  for (guint i = 0; i < 3; i++)
    slow += g_str_equal (((TernDrainMove *) full->moves->pdata[i])->to, "node3");
  ck_assert_uint_eq (slow, 1);
}
END_TEST

START_TEST (what_holds_for_most_hosts_is_told_before_one_that_is_silent)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainPlan) plan = NULL;
  g_autofree char *codes = NULL;

  drain_world_init (&world, 4);
  plan_set (&drain_world_vm (&world, "a", 1, 2)->arch, "aarch64");
  drain_world_host (&world, 2)->state = TERN_HOST_UNREACHABLE;
  plan = plan_of (&world);
  codes = drain_item_codes (drain_items_find (plan->items, "a"));
  ck_assert_str_eq (codes, "host.arch host.unreachable");
}
END_TEST

START_TEST (what_several_hosts_lack_is_told_once)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainPlan) plan = NULL;
  g_autofree char *codes = NULL;
  const TernDrainItem *item;
  const TernItemReason *lack;

  drain_world_init (&world, 5);
  for (guint i = 2; i <= 4; i++)
    {
      tern_cpu_unref (drain_world_host (&world, i)->facts->cpu);
      drain_world_host (&world, i)->facts->cpu = plan_cpu ("host-model", "Intel", "sse4.2");
    }
  drain_world_vm (&world, "filler", 5, 13);
  drain_world_vm (&world, "a", 1, 4)->cpu = plan_cpu ("custom", "Intel", "aes avx2");
  plan = plan_of (&world);
  item = drain_items_find (plan->items, "a");
  /* The filler makes room. */
  ck_assert_int_eq (item->state, TERN_ITEM_WAITING);
  ((TernVm *) world.vms->pdata[0])->drain_action = TERN_DRAIN_SKIP;
  tern_drain_plan_free (g_steal_pointer (&plan));
  plan = plan_of (&world);
  item = drain_items_find (plan->items, "a");
  ck_assert_int_eq (item->state, TERN_ITEM_LEFT);
  codes = drain_item_codes (item);
  ck_assert_str_eq (codes, "memory.short cpu.feature-missing");
  ck_assert_ptr_nonnull (strstr (((TernItemReason *) item->reasons->pdata[0])->sentence, "node5"));
  lack = item->reasons->pdata[1];
  ck_assert_str_eq (lack->sentence, "a cannot go to 3 of 4 hosts (node2, node3, node4): they lack "
                                    "features of its CPU aes,avx2");
  ck_assert_ptr_nonnull (strstr (lack->remedy, "virtern vm mask a"));
}
END_TEST

START_TEST (a_lock_is_the_only_reason_where_a_host_would_take_it)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainPlan) plan = NULL;
  g_autofree char *codes = NULL;
  const TernDrainItem *item;

  drain_world_init (&world, 3);
  drain_world_vm (&world, "a", 1, 4)->lock = tern_lock_new ("backup", "nightly", 0, 0);
  plan = plan_of (&world);
  item = plan->items->pdata[0];
  codes = drain_item_codes (item);
  ck_assert_str_eq (codes, "vm.locked");
  ck_assert_ptr_nonnull (
      strstr (((TernItemReason *) item->reasons->pdata[0])->remedy, "virtern vm unlock a"));
}
END_TEST

START_TEST (only_open_hosts_that_answer_take_anything)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainPlan) plan = NULL;

  drain_world_init (&world, 5);
  drain_world_host (&world, 2)->config->duty = TERN_DUTY_MAINTENANCE;
  drain_world_host (&world, 3)->state = TERN_HOST_UNREACHABLE;
  plan_set (&drain_world_host (&world, 4)->config->cluster, "other");
  drain_world_vm (&world, "a", 1, 2);
  plan = plan_of (&world);
  ck_assert_uint_eq (plan->moves->len, 1);
  ck_assert_str_eq (((TernDrainMove *) plan->moves->pdata[0])->to, "node5");
}
END_TEST

START_TEST (a_return_brings_home_and_nowhere_else)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainPlan) plan = NULL;
  TernVm *a, *b;

  drain_world_init (&world, 3);
  a = drain_world_vm (&world, "a", 2, 4);
  b = drain_world_vm (&world, "b", 3, 14);
  drain_world_vm (&world, "home", 1, 6)->drain_action = TERN_DRAIN_SKIP;
  world.origins = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_origin_free);
  g_ptr_array_add (world.origins, tern_origin_new (a->uuid, a->name, "node1"));
  g_ptr_array_add (world.origins, tern_origin_new (b->uuid, b->name, "node1"));
  plan = plan_of (&world);
  ck_assert_uint_eq (plan->moves->len, 1);
  ck_assert_ptr_eq (((TernDrainMove *) plan->moves->pdata[0])->item,
                    drain_items_find (plan->items, "a"));
  ck_assert_str_eq (((TernDrainMove *) plan->moves->pdata[0])->to, "node1");
  ck_assert_int_eq (drain_items_find (plan->items, "b")->state, TERN_ITEM_LEFT);
}
END_TEST

START_TEST (a_return_sends_nobody_away_from_home)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainPlan) plan = NULL;
  TernVm *a;

  drain_world_init (&world, 3);
  a = drain_world_vm (&world, "a", 2, 8);
  drain_world_vm (&world, "home", 1, 8);
  world.origins = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_origin_free);
  g_ptr_array_add (world.origins, tern_origin_new (a->uuid, a->name, "node1"));
  plan = plan_of (&world);
  ck_assert_uint_eq (plan->moves->len, 0);
  ck_assert_int_eq (drain_items_find (plan->items, "a")->state, TERN_ITEM_LEFT);
}
END_TEST

static int
check_code (DrainWorld *world)
{
  TernDrainQuestion question = drain_world_question (world);
  g_autoptr (GError) error = NULL;

  return tern_drain_check (&question, &error) ? -1 : error->code;
}

START_TEST (orders_that_make_no_sense_are_refused)
{
  g_auto (DrainWorld) world = { NULL };

  drain_world_init (&world, 2);
  ck_assert_int_eq (check_code (&world), -1);
  drain_world_order (&world, (const char *const[]){ "nobody", NULL });
  ck_assert_int_eq (check_code (&world), TERN_ERROR_NOT_FOUND);
  drain_world_order (&world, (const char *const[]){ "node1", "node1", NULL });
  ck_assert_int_eq (check_code (&world), TERN_ERROR_INVALID_ARGUMENT);
  drain_world_order (&world, (const char *const[]){ "node1", "node2", NULL });
  ck_assert_int_eq (check_code (&world), TERN_ERROR_REFUSED);
  drain_world_order (&world, (const char *const[]){ "node1", NULL });
  world.drain->deadline_us = world.now_us - 1;
  ck_assert_int_eq (check_code (&world), TERN_ERROR_INVALID_ARGUMENT);
  world.drain->deadline_us = world.now_us + 1;
  ck_assert_int_eq (check_code (&world), -1);
  drain_world_vm (&world, "a", 1, 8);
  drain_world_vm (&world, "b", 1, 8);
  ck_assert_int_eq (check_code (&world), TERN_ERROR_REFUSED);
  drain_world_host (&world, 1)->state = TERN_HOST_UNREACHABLE;
  ck_assert_int_eq (check_code (&world), TERN_ERROR_UNREACHABLE);
  drain_world_host (&world, 1)->config->duty = TERN_DUTY_MAINTENANCE;
  ck_assert_int_eq (check_code (&world), TERN_ERROR_EXISTS);
}
END_TEST

TERN_CHECK_MAIN ("drain-plan", tcase_add_test (tcase, every_running_vm_gets_another_host);
                 tcase_add_test (tcase, whose_turn_comes_after_the_deadline_is_told_so);
                 tcase_add_test (tcase, each_action_meets_each_state);
                 tcase_add_test (tcase, no_guest_is_stopped_while_a_host_never_showed_its_vms);
                 tcase_add_test (tcase,
                                 a_command_names_the_vm_by_its_name_if_that_is_plain_and_its_alone);
                 tcase_add_test (tcase, the_order_says_before_metadata_before_rules);
                 tcase_add_test (tcase, room_is_made_on_other_hosts_and_waited_for);
                 tcase_add_test (tcase, a_slow_link_is_avoided_while_the_others_have_room);
                 tcase_add_test (tcase,
                                 what_holds_for_most_hosts_is_told_before_one_that_is_silent);
                 tcase_add_test (tcase, what_several_hosts_lack_is_told_once);
                 tcase_add_test (tcase, a_lock_is_the_only_reason_where_a_host_would_take_it);
                 tcase_add_test (tcase, only_open_hosts_that_answer_take_anything);
                 tcase_add_test (tcase, a_return_brings_home_and_nowhere_else);
                 tcase_add_test (tcase, a_return_sends_nobody_away_from_home);
                 tcase_add_test (tcase, orders_that_make_no_sense_are_refused);)
