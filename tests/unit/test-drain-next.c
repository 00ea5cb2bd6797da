/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a drain does next, step by step, and that it always ends whatever happens to it.
 */
#include "config.h"

#include "plan/drain.h"

#include "base/error.h"

#include "plan/retry.h"

#include "drain-world.h"
#include "random-cluster.h"
#include "tern-check.h"

#include <string.h>

#define MAX_STEPS 400
#define N_HISTORIES 1000

static TernDrainStep *
step_of (DrainWorld *world, gboolean cancelled)
{
  TernDrainLook look = { .question = drain_world_question (world),
                         .children = world->tasks,
                         .cancelled = cancelled,
                         .since_us = PLAN_NOW_US };
  TernDrainStep *step = tern_drain_next (&look);

  /* As the engine keeps them. */
  g_ptr_array_set_size (world->drain->items, 0);
  for (guint i = 0; i < step->items->len; i++)
    g_ptr_array_add (world->drain->items, tern_drain_item_copy (step->items->pdata[i]));
  return step;
}

static void
begin (DrainWorld *world, const TernDrainStep *step)
{
  for (guint i = 0; i < step->acts->len; i++)
    {
      const TernDrainAct *act = step->acts->pdata[i];
      const TernVm *vm = drain_world_find (world, act->vm_uuid);

      ck_assert_ptr_nonnull (vm);
      ck_assert_str_eq (vm->host, act->from);
      (void) drain_world_child (world, act->kind, vm, act->to);
    }
}

/* What the child was for, as the host then shows it. */
static void
finish (DrainWorld *world, TernTaskRecord *task, TernTaskPhase phase)
{
  TernVm *vm = drain_world_find (world, task->vm_uuid);

  task->phase = phase;
  task->finished_us = ++world->now_us;
  if (phase == TERN_PHASE_FAILED)
    plan_set (&task->error, "it broke");
  for (guint i = 0; i < world->hosts->len; i++)
    if (g_array_index (world->hosts, DrainHost, i).state == TERN_HOST_UP)
      g_array_index (world->hosts, DrainHost, i).seen_us = world->now_us + 1;
  world->now_us += 2;
  if (phase != TERN_PHASE_DONE || vm == NULL)
    return;
  if (g_str_equal (task->kind, "shutdown"))
    vm->state = TERN_VM_SHUT_OFF;
  else
    plan_set (&vm->host, task->destination);
  if (g_str_equal (task->kind, "start"))
    vm->state = TERN_VM_RUNNING;
}

static TernTaskRecord *
last_task (DrainWorld *world)
{
  return world->tasks->pdata[world->tasks->len - 1];
}

START_TEST (a_drain_goes_from_order_to_done)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainStep) first = NULL, second = NULL, third = NULL;

  drain_world_init (&world, 2);
  drain_world_vm (&world, "a", 1, 2);
  first = step_of (&world, FALSE);
  ck_assert_uint_eq (first->acts->len, 1);
  ck_assert (!first->over);
  ck_assert_str_eq (((TernDrainAct *) first->acts->pdata[0])->kind, "migrate");
  begin (&world, first);
  second = step_of (&world, FALSE);
  ck_assert_uint_eq (second->acts->len, 0);
  ck_assert (!second->over && second->wait_us == 0);
  finish (&world, last_task (&world), TERN_PHASE_DONE);
  third = step_of (&world, FALSE);
  ck_assert (third->over);
  ck_assert_int_eq (third->phase, TERN_PHASE_DONE);
  ck_assert_int_eq (third->progress, 100);
  ck_assert_str_eq (second->sentence, "0 of 1 VM has left node1, 1 is moving");
  ck_assert_str_eq (third->sentence, "1 of 1 VM has left node1");
}
END_TEST

START_TEST (a_vm_that_fails_is_tried_elsewhere_then_left)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainStep) first = NULL, second = NULL, third = NULL;
  g_autofree char *to = NULL;

  drain_world_init (&world, 4);
  drain_world_vm (&world, "a", 1, 2);
  first = step_of (&world, FALSE);
  begin (&world, first);
  to = g_strdup (last_task (&world)->destination);
  finish (&world, last_task (&world), TERN_PHASE_FAILED);
  second = step_of (&world, FALSE);
  ck_assert_uint_eq (second->acts->len, 1);
  begin (&world, second);
  ck_assert_str_ne (last_task (&world)->destination, to);
  finish (&world, last_task (&world), TERN_PHASE_FAILED);
  third = step_of (&world, FALSE);
  ck_assert (third->over);
  ck_assert_int_eq (third->phase, TERN_PHASE_REMAINDER);
  ck_assert_ptr_nonnull (strstr (
      ((TernItemReason *) drain_items_find (third->items, "a")->reasons->pdata[0])->sentence,
      "it broke"));
}
END_TEST

/* "a" fits node2 only; "b" fills node3. */
static TernDrainStep *
fail_on_the_only_host (DrainWorld *world, const char *abort_reason)
{
  g_autoptr (TernDrainStep) first = NULL;

  drain_world_init (world, 3);
  drain_world_vm (world, "a", 1, 4);
  drain_world_vm (world, "b", 3, 13)->drain_action = TERN_DRAIN_SKIP;
  first = step_of (world, FALSE);
  begin (world, first);
  ck_assert_str_eq (last_task (world)->destination, "node2");
  plan_set (&last_task (world)->abort_reason, abort_reason);
  finish (world, last_task (world), TERN_PHASE_FAILED);
  return step_of (world, FALSE);
}

START_TEST (what_failed_on_the_only_host_is_tried_there_once_more)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainStep) second = fail_on_the_only_host (&world, NULL);

  ck_assert (!second->over);
  ck_assert_uint_eq (second->acts->len, 1);
  ck_assert_str_eq (((TernDrainAct *) second->acts->pdata[0])->to, "node2");
}
END_TEST

START_TEST (what_was_given_up_on_the_only_host_is_left_and_that_is_told_first)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainStep) second = fail_on_the_only_host (&world, "it writes too fast");
  const TernDrainItem *item = drain_items_find (second->items, "a");

  ck_assert (second->over);
  ck_assert_int_eq (item->state, TERN_ITEM_LEFT);
  ck_assert_ptr_nonnull (
      strstr (((TernItemReason *) item->reasons->pdata[0])->sentence, "it broke"));
}
END_TEST

START_TEST (room_is_made_before_it_is_used)
{
  g_auto (DrainWorld) world = { NULL };
  TernDrainStep *step;

  drain_world_init (&world, 3);
  drain_world_vm (&world, "big", 1, 12);
  drain_world_vm (&world, "s1", 2, 6);
  drain_world_vm (&world, "s2", 3, 6);
  step = step_of (&world, FALSE);
  ck_assert_uint_eq (step->acts->len, 1);
  ck_assert (((TernDrainAct *) step->acts->pdata[0])->for_room);
  begin (&world, step);
  tern_drain_step_free (step);
  step = step_of (&world, FALSE);
  ck_assert_uint_eq (step->acts->len, 0);
  ck_assert (!step->over);
  ck_assert_int_eq (drain_items_find (step->items, "big")->state, TERN_ITEM_WAITING);
  tern_drain_step_free (step);
  finish (&world, last_task (&world), TERN_PHASE_DONE);
  step = step_of (&world, FALSE);
  ck_assert_uint_eq (step->acts->len, 1);
  ck_assert (!((TernDrainAct *) step->acts->pdata[0])->for_room);
  tern_drain_step_free (step);
}
END_TEST

START_TEST (a_cold_vm_is_shut_down_then_started_elsewhere_even_when_cancelled)
{
  g_auto (DrainWorld) world = { NULL };
  TernDrainStep *step;

  drain_world_init (&world, 2);
  drain_world_vm (&world, "a", 1, 2)->drain_action = TERN_DRAIN_COLD;
  step = step_of (&world, FALSE);
  ck_assert_str_eq (((TernDrainAct *) step->acts->pdata[0])->kind, "shutdown");
  begin (&world, step);
  tern_drain_step_free (step);
  finish (&world, last_task (&world), TERN_PHASE_DONE);
  step = step_of (&world, TRUE);
  ck_assert_uint_eq (step->acts->len, 1);
  ck_assert_str_eq (((TernDrainAct *) step->acts->pdata[0])->kind, "start");
  ck_assert (!step->over);
  begin (&world, step);
  tern_drain_step_free (step);
  finish (&world, last_task (&world), TERN_PHASE_DONE);
  step = step_of (&world, TRUE);
  ck_assert (step->over);
  ck_assert_int_eq (step->phase, TERN_PHASE_CANCELLED);
  tern_drain_step_free (step);
}
END_TEST

/* Returns: (transfer full): the step after the only VM was shut down and could not be started */
static TernDrainStep *
stop_in_vain (DrainWorld *world)
{
  drain_world_init (world, 2);
  drain_world_vm (world, "a", 1, 2)->drain_action = TERN_DRAIN_COLD;
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (TernDrainStep) step = step_of (world, FALSE);

      ck_assert_uint_eq (step->acts->len, 1);
      ck_assert_str_eq (((TernDrainAct *) step->acts->pdata[0])->kind,
                        i == 0 ? "shutdown" : "start");
      begin (world, step);
      finish (world, last_task (world), i == 0 ? TERN_PHASE_DONE : TERN_PHASE_FAILED);
    }
  return step_of (world, FALSE);
}

static const char *
first_sentence (const TernDrainStep *step, const char *name)
{
  const TernDrainItem *item = drain_items_find (step->items, name);

  ck_assert_uint_gt (item->reasons->len, 0);
  return ((TernItemReason *) item->reasons->pdata[0])->sentence;
}

START_TEST (a_cold_vm_that_starts_nowhere_is_started_where_it_was)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainStep) back = stop_in_vain (&world), last = NULL;
  const TernDrainAct *act = back->acts->pdata[0];
  const TernDrainItem *item;

  ck_assert_uint_eq (back->acts->len, 1);
  ck_assert (!back->over);
  ck_assert_str_eq (act->kind, "start");
  ck_assert_str_eq (act->to, "node1");
  begin (&world, back);
  finish (&world, last_task (&world), TERN_PHASE_DONE);
  last = step_of (&world, FALSE);
  ck_assert (last->over);
  ck_assert_int_eq (last->phase, TERN_PHASE_REMAINDER);
  ck_assert_ptr_nonnull (strstr (first_sentence (last, "a"), "it was started again on node1"));
  item = drain_items_find (last->items, "a");
  ck_assert_ptr_nonnull (
      strstr (((TernItemReason *) item->reasons->pdata[1])->sentence, "a was tried 2 times"));
}
END_TEST

START_TEST (a_cold_vm_that_starts_nowhere_at_all_is_left_and_told_to_be_off)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainStep) back = stop_in_vain (&world), last = NULL;

  begin (&world, back);
  finish (&world, last_task (&world), TERN_PHASE_FAILED);
  last = step_of (&world, FALSE);
  ck_assert (last->over);
  ck_assert_int_eq (last->phase, TERN_PHASE_REMAINDER);
  ck_assert_ptr_nonnull (strstr (first_sentence (last, "a"), "a IS OFF on node1"));
}
END_TEST

START_TEST (whom_a_drain_before_stopped_is_started_by_the_next)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainStep) forgotten = NULL, first = NULL, last = NULL;
  TernVm *vm;

  drain_world_init (&world, 2);
  vm = drain_world_vm (&world, "a", 1, 2);
  vm->state = TERN_VM_SHUT_OFF;
  forgotten = step_of (&world, FALSE);
  ck_assert (forgotten->over);
  ck_assert_int_eq (drain_items_find (forgotten->items, "a")->state, TERN_ITEM_SKIPPED);
  world.drain->stopped = g_strsplit (vm->uuid, " ", -1);
  first = step_of (&world, FALSE);
  ck_assert_uint_eq (first->acts->len, 1);
  ck_assert_str_eq (((TernDrainAct *) first->acts->pdata[0])->kind, "start");
  ck_assert_str_eq (((TernDrainAct *) first->acts->pdata[0])->to, "node2");
  begin (&world, first);
  finish (&world, last_task (&world), TERN_PHASE_DONE);
  last = step_of (&world, FALSE);
  ck_assert (last->over);
  ck_assert_int_eq (last->phase, TERN_PHASE_DONE);
}
END_TEST

/* Who appears meanwhile must not take the place of a guest that is on its way down. */
START_TEST (a_place_is_kept_for_a_cold_vm_while_it_shuts_down)
{
  g_auto (DrainWorld) world = { NULL };
  TernDrainStep *step;

  drain_world_init (&world, 2);
  drain_world_vm (&world, "cold", 1, 8)->drain_action = TERN_DRAIN_COLD;
  step = step_of (&world, FALSE);
  begin (&world, step);
  tern_drain_step_free (step);
  drain_world_vm (&world, "new", 1, 7);
  for (guint i = 0; i < 2; i++)
    {
      step = step_of (&world, FALSE);
      ck_assert_int_eq (drain_items_find (step->items, "cold")->state, TERN_ITEM_MOVING);
      ck_assert_uint_eq (drain_items_find (step->items, "cold")->task_id, 10);
      ck_assert (!step->over);
      ck_assert_uint_eq (step->acts->len, 0);
      /* Nothing else tells when it is seen. */
      ck_assert (i == 0 || step->wait_us > 0);
      tern_drain_step_free (step);
      if (i > 0)
        continue;
      /* Its host does not show it yet. */
      finish (&world, last_task (&world), TERN_PHASE_DONE);
      drain_world_host (&world, 1)->seen_us = last_task (&world)->finished_us;
      ((TernVm *) world.vms->pdata[0])->state = TERN_VM_RUNNING;
    }
  ((TernVm *) world.vms->pdata[0])->state = TERN_VM_SHUT_OFF;
  drain_world_host (&world, 1)->seen_us = world.now_us;
  step = step_of (&world, FALSE);
  ck_assert_uint_eq (step->acts->len, 1);
  ck_assert_str_eq (((TernDrainAct *) step->acts->pdata[0])->kind, "start");
  tern_drain_step_free (step);
}
END_TEST

START_TEST (who_is_left_by_a_cancelled_drain_could_have_left)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainStep) step = NULL;

  drain_world_init (&world, 2);
  drain_world_vm (&world, "a", 1, 1);
  drain_world_vm (&world, "b", 1, 1);
  step = step_of (&world, TRUE);
  ck_assert (step->over);
  ck_assert_str_eq (step->sentence, "0 of 2 VMs have left node1, 2 are left");
}
END_TEST

/* Its task did not wait any longer, or was cancelled; the guest heeded the request all the same. */
static guint
count_acts (const TernDrainStep *step, const char *kind)
{
  guint n = 0;

  for (guint i = 0; i < step->acts->len; i++)
    n += g_str_equal (((TernDrainAct *) step->acts->pdata[i])->kind, kind);
  return n;
}

/* Two cold ones and two live ones: nobody is off while others are served. */
START_TEST (a_cold_vm_is_shut_down_when_its_start_need_not_stand_in_line)
{
  g_auto (DrainWorld) world = { NULL };
  TernDrainStep *step;

  drain_world_init (&world, 3);
  drain_world_vm (&world, "cold1", 1, 2)->drain_action = TERN_DRAIN_COLD;
  drain_world_vm (&world, "live1", 1, 2);
  drain_world_vm (&world, "cold2", 1, 2)->drain_action = TERN_DRAIN_COLD;
  drain_world_vm (&world, "live2", 1, 2);
  step = step_of (&world, FALSE);
  ck_assert_uint_eq (count_acts (step, "migrate"), 2);
  ck_assert_uint_eq (count_acts (step, "shutdown"), 0);
  begin (&world, step);
  tern_drain_step_free (step);
  for (guint i = 0; i < 2; i++)
    ((TernTaskRecord *) world.tasks->pdata[i])->phase = TERN_PHASE_QUEUED;

  finish (&world, world.tasks->pdata[0], TERN_PHASE_DONE);
  step = step_of (&world, FALSE);
  ck_assert_uint_eq (step->acts->len, 0);
  ck_assert (!step->over);
  tern_drain_step_free (step);
  /* The last one left the line: it is being copied. */
  ((TernTaskRecord *) world.tasks->pdata[1])->phase = TERN_PHASE_COPYING;
  for (guint i = 0; i < 2; i++)
    {
      step = step_of (&world, FALSE);
      ck_assert_uint_eq (step->acts->len, 1);
      ck_assert_uint_eq (count_acts (step, "shutdown"), 1);
      begin (&world, step);
      tern_drain_step_free (step);
      step = step_of (&world, FALSE);
      ck_assert_uint_eq (step->acts->len, 0);
      tern_drain_step_free (step);
      finish (&world, last_task (&world), TERN_PHASE_DONE);
      step = step_of (&world, FALSE);
      ck_assert_uint_eq (step->acts->len, 1);
      ck_assert_uint_eq (count_acts (step, "start"), 1);
      begin (&world, step);
      tern_drain_step_free (step);
      last_task (&world)->phase = TERN_PHASE_STARTING;
      step = step_of (&world, FALSE);
      ck_assert_uint_eq (step->acts->len, 0);
      tern_drain_step_free (step);
      finish (&world, last_task (&world), TERN_PHASE_DONE);
    }
  finish (&world, world.tasks->pdata[1], TERN_PHASE_DONE);
  step = step_of (&world, FALSE);
  ck_assert (step->over);
  ck_assert_int_eq (step->phase, TERN_PHASE_DONE);
  tern_drain_step_free (step);
}
END_TEST

START_TEST (a_cold_vm_that_shuts_down_late_is_started_elsewhere)
{
  static const TernTaskPhase ends[] = { TERN_PHASE_FAILED, TERN_PHASE_CANCELLED };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    for (guint asked = 0; asked < 2; asked++)
      {
        g_auto (DrainWorld) world = { NULL };
        TernDrainStep *step;

        drain_world_init (&world, 2);
        drain_world_vm (&world, "a", 1, 2)->drain_action = TERN_DRAIN_COLD;
        step = step_of (&world, FALSE);
        begin (&world, step);
        tern_drain_step_free (step);
        last_task (&world)->attempt = asked;
        finish (&world, last_task (&world), ends[i]);
        ((TernVm *) world.vms->pdata[0])->state = TERN_VM_SHUT_OFF;
        step = step_of (&world, FALSE);
        ck_assert_uint_eq (step->acts->len, asked);
        if (asked)
          ck_assert_str_eq (((TernDrainAct *) step->acts->pdata[0])->kind, "start");
        else
          ck_assert_int_eq (drain_items_find (step->items, "a")->state, TERN_ITEM_SKIPPED);
        tern_drain_step_free (step);
      }
}
END_TEST

/* Somebody says so: it is not started against his will, and not forgotten. */
START_TEST (a_cold_vm_whose_start_is_cancelled_is_left_with_a_reason)
{
  g_auto (DrainWorld) world = { NULL };
  TernDrainStep *step;

  drain_world_init (&world, 2);
  drain_world_vm (&world, "a", 1, 2)->drain_action = TERN_DRAIN_COLD;
  for (guint i = 0; i < 2; i++)
    {
      step = step_of (&world, FALSE);
      begin (&world, step);
      tern_drain_step_free (step);
      finish (&world, last_task (&world), i == 0 ? TERN_PHASE_DONE : TERN_PHASE_CANCELLED);
    }
  step = step_of (&world, FALSE);
  ck_assert (step->over);
  ck_assert_int_eq (step->phase, TERN_PHASE_REMAINDER);
  ck_assert_ptr_nonnull (
      strstr (((TernItemReason *) drain_items_find (step->items, "a")->reasons->pdata[0])->sentence,
              "IS OFF on node1"));
  tern_drain_step_free (step);
}
END_TEST

/* Its definition is what was to leave. */
START_TEST (a_definition_that_could_not_go_over_is_left)
{
  g_auto (DrainWorld) world = { NULL };
  TernDrainStep *step;

  drain_world_init (&world, 2);
  drain_world_vm (&world, "a", 1, 2)->state = TERN_VM_SHUT_OFF;
  world.drain->move_shut_off = TRUE;
  for (guint i = 0; i < TERN_DRAIN_ATTEMPTS; i++)
    {
      step = step_of (&world, FALSE);
      ck_assert_str_eq (((TernDrainAct *) step->acts->pdata[0])->kind, "relocate");
      begin (&world, step);
      tern_drain_step_free (step);
      finish (&world, last_task (&world), TERN_PHASE_FAILED);
    }
  step = step_of (&world, FALSE);
  ck_assert (step->over);
  ck_assert_int_eq (step->phase, TERN_PHASE_REMAINDER);
  ck_assert_int_eq (drain_items_find (step->items, "a")->state, TERN_ITEM_LEFT);
  tern_drain_step_free (step);
}
END_TEST

/* A second process of the same VM was started on the drained host by hand. */
START_TEST (a_vm_that_runs_twice_does_not_count_as_gone)
{
  for (guint number = 1; number <= 3; number++)
    {
      g_autofree char *host = g_strdup_printf ("node%u", number);
      g_auto (DrainWorld) world = { NULL };
      TernDrainStep *step;
      TernVm *copy;

      drain_world_init (&world, 3);
      drain_world_order (&world, (const char *const[]){ host, NULL });
      drain_world_vm (&world, "a", number, 2);
      step = step_of (&world, FALSE);
      begin (&world, step);
      tern_drain_step_free (step);
      finish (&world, last_task (&world), TERN_PHASE_DONE);
      copy = tern_vm_copy (world.vms->pdata[0]);
      plan_set (&copy->host, host);
      g_ptr_array_add (world.vms, copy);
      /* It may be a trace of the move. */
      step = step_of (&world, FALSE);
      ck_assert (!step->over);
      ck_assert_int_gt (step->wait_us, 0);
      world.now_us += step->wait_us;
      tern_drain_step_free (step);
      step = step_of (&world, FALSE);
      ck_assert_uint_eq (step->acts->len, 0);
      ck_assert (step->over);
      ck_assert_msg (step->phase == TERN_PHASE_REMAINDER, "%s: %s", host, step->sentence);
      ck_assert_str_eq (
          ((TernItemReason *) drain_items_find (step->items, "a")->reasons->pdata[0])->code,
          "vm.twice");
      tern_drain_step_free (step);
    }
}
END_TEST

/* No host shows it: what its task says is all that is known. */
START_TEST (a_vm_that_no_host_shows_is_gone_only_if_its_task_says_so)
{
  static const struct
  {
    TernTaskPhase phase;
    TernItemState state;
  } cases[] = {
    { TERN_PHASE_DONE, TERN_ITEM_GONE },
    { TERN_PHASE_FAILED, TERN_ITEM_LEFT },
    { TERN_PHASE_CANCELLED, TERN_ITEM_LEFT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (DrainWorld) world = { NULL };
      TernDrainStep *step;

      drain_world_init (&world, 3);
      drain_world_vm (&world, "a", 1, 2);
      step = step_of (&world, FALSE);
      begin (&world, step);
      tern_drain_step_free (step);
      finish (&world, last_task (&world), cases[i].phase);
      g_ptr_array_set_size (world.vms, 0);
      step = step_of (&world, FALSE);
      ck_assert (step->over);
      ck_assert_int_eq (drain_items_find (step->items, "a")->state, cases[i].state);
      ck_assert_int_eq (step->phase == TERN_PHASE_DONE, cases[i].state == TERN_ITEM_GONE);
      tern_drain_step_free (step);
    }
}
END_TEST

/* Nobody takes the order for the VM that would make room: it is not asked for ever again. */
START_TEST (room_that_cannot_be_made_is_not_waited_for)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (GHashTable) spent = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (TernDrainStep) step = NULL;
  TernDrainLook look;

  drain_world_init (&world, 3);
  drain_world_vm (&world, "big", 1, 12);
  g_hash_table_add (spent, drain_world_vm (&world, "s1", 2, 6)->uuid);
  g_hash_table_add (spent, drain_world_vm (&world, "s2", 3, 6)->uuid);
  look = (TernDrainLook){ .question = drain_world_question (&world),
                          .children = world.tasks,
                          .since_us = PLAN_NOW_US };
  look.question.spent = spent;
  step = tern_drain_next (&look);
  ck_assert_uint_eq (step->acts->len, 0);
  ck_assert (step->over);
  ck_assert_int_eq (step->phase, TERN_PHASE_REMAINDER);
}
END_TEST

/* That proves nothing: it is as if it had not been ordered. */
START_TEST (what_the_daemons_end_stopped_before_it_began_does_not_count)
{
  g_auto (DrainWorld) world = { NULL };
  TernDrainStep *step;

  drain_world_init (&world, 3);
  drain_world_vm (&world, "big", 1, 12);
  drain_world_vm (&world, "s1", 2, 6);
  drain_world_vm (&world, "fixed", 3, 6)->drain_action = TERN_DRAIN_SKIP;
  for (guint i = 0; i < 5; i++)
    {
      step = step_of (&world, FALSE);
      ck_assert_uint_eq (step->acts->len, 1);
      ck_assert (((TernDrainAct *) step->acts->pdata[0])->for_room);
      begin (&world, step);
      tern_drain_step_free (step);
      finish (&world, last_task (&world), TERN_PHASE_FAILED);
      if (i < 4)
        plan_set (&last_task (&world)->error_name, tern_error_code_to_name (TERN_ERROR_FAILED));
    }
  step = step_of (&world, FALSE);
  ck_assert (step->over);
  ck_assert_int_eq (step->phase, TERN_PHASE_REMAINDER);
  tern_drain_step_free (step);
}
END_TEST

/* Its orders were not taken, it left by hand, and came back. */
START_TEST (a_vm_that_came_back_does_not_count_as_gone)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (GHashTable) spent = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (TernDrainStep) step = NULL;
  TernDrainItem *item;
  TernDrainLook look;
  TernVm *vm;

  drain_world_init (&world, 3);
  vm = drain_world_vm (&world, "a", 1, 2);
  g_hash_table_add (spent, vm->uuid);
  item = tern_drain_item_new (vm->uuid, "a");
  item->host = g_strdup ("node1");
  item->state = TERN_ITEM_GONE;
  g_ptr_array_add (world.drain->items, item);
  look = (TernDrainLook){ .question = drain_world_question (&world),
                          .children = world.tasks,
                          .since_us = PLAN_NOW_US };
  look.question.spent = spent;
  step = tern_drain_next (&look);
  ck_assert_int_ne (drain_items_find (step->items, "a")->state, TERN_ITEM_GONE);
}
END_TEST

START_TEST (a_drained_host_that_is_silent_is_waited_for_then_left)
{
  g_auto (DrainWorld) world = { NULL };
  TernDrainStep *step;

  drain_world_init (&world, 2);
  drain_world_vm (&world, "a", 1, 2);
  drain_world_host (&world, 1)->state = TERN_HOST_UNREACHABLE;
  step = step_of (&world, FALSE);
  ck_assert_uint_eq (step->acts->len, 0);
  ck_assert (!step->over);
  ck_assert_int_eq (step->wait_us, TERN_DRAIN_HOST_WAIT_US);
  ck_assert_int_eq (drain_items_find (step->items, "a")->state, TERN_ITEM_WAITING);
  world.now_us += step->wait_us;
  tern_drain_step_free (step);
  step = step_of (&world, FALSE);
  ck_assert (step->over);
  ck_assert_int_eq (step->phase, TERN_PHASE_REMAINDER);
  tern_drain_step_free (step);
}
END_TEST

/* Nothing is known of it, so nothing can be said to have left it. */
START_TEST (a_host_that_showed_nothing_is_not_drained_because_of_that)
{
  g_auto (DrainWorld) world = { NULL };
  TernDrainStep *step;

  drain_world_init (&world, 2);
  *drain_world_host (&world, 1) =
      (DrainHost){ drain_world_host (&world, 1)->config, drain_world_host (&world, 1)->facts,
                   TERN_HOST_UNREACHABLE, 0 };
  step = step_of (&world, FALSE);
  ck_assert (!step->over);
  ck_assert_int_gt (step->wait_us, 0);
  world.now_us += step->wait_us;
  tern_drain_step_free (step);
  step = step_of (&world, FALSE);
  ck_assert (step->over);
  ck_assert_int_eq (step->phase, TERN_PHASE_REMAINDER);
  ck_assert_ptr_nonnull (strstr (step->sentence, "does not answer"));
  tern_drain_step_free (step);
}
END_TEST

/* The only place is on a host that is being connected to. */
START_TEST (who_may_find_a_place_on_a_host_that_comes_waits_for_it)
{
  g_auto (DrainWorld) world = { NULL };
  TernDrainStep *step;

  drain_world_init (&world, 2);
  drain_world_vm (&world, "a", 1, 2);
  drain_world_host (&world, 2)->state = TERN_HOST_CONNECTING;
  step = step_of (&world, FALSE);
  ck_assert (!step->over);
  ck_assert_int_gt (step->wait_us, 0);
  ck_assert_int_eq (drain_items_find (step->items, "a")->state, TERN_ITEM_WAITING);
  tern_drain_step_free (step);
  drain_world_host (&world, 2)->state = TERN_HOST_UP;
  step = step_of (&world, FALSE);
  ck_assert_uint_eq (step->acts->len, 1);
  tern_drain_step_free (step);
}
END_TEST

START_TEST (what_waits_for_a_person_and_what_is_too_late_is_left)
{
  g_auto (DrainWorld) world = { NULL };
  TernDrainStep *step;
  g_autofree char *codes = NULL;

  drain_world_init (&world, 2);
  drain_world_vm (&world, "a", 1, 2);
  step = step_of (&world, FALSE);
  begin (&world, step);
  tern_drain_step_free (step);
  finish (&world, last_task (&world), TERN_PHASE_ATTENTION);
  drain_world_vm (&world, "late", 1, 2);
  world.drain->deadline_us = world.now_us;
  step = step_of (&world, FALSE);
  ck_assert (step->over);
  ck_assert_int_eq (step->phase, TERN_PHASE_REMAINDER);
  codes = drain_item_codes (drain_items_find (step->items, "a"));
  ck_assert_str_eq (codes, "vm.attention");
  ck_assert_str_eq (
      ((TernItemReason *) drain_items_find (step->items, "late")->reasons->pdata[0])->code,
      "TimedOut");
  tern_drain_step_free (step);
}
END_TEST

START_TEST (a_move_that_stood_in_line_at_the_deadline_is_told_as_too_late)
{
  for (guint i = 0; i < 4; i++)
    {
      gboolean begun = i & 1, cancelled = i & 2;
      g_auto (DrainWorld) world = { NULL };
      TernDrainStep *step;
      TernItemReason *reason;

      drain_world_init (&world, 2);
      drain_world_vm (&world, "a", 1, 2);
      step = step_of (&world, FALSE);
      begin (&world, step);
      tern_drain_step_free (step);
      last_task (&world)->started_us = begun ? world.now_us : 0;
      world.drain->deadline_us = world.now_us + 1;
      finish (&world, last_task (&world), TERN_PHASE_CANCELLED);
      step = step_of (&world, cancelled);
      ck_assert (step->over);
      reason = drain_items_find (step->items, "a")->reasons->pdata[0];
      ck_assert_str_eq (reason->code, begun || cancelled ? "Cancelled" : "TimedOut");
      ck_assert_int_eq (strstr (reason->sentence, "before a could leave node1") != NULL, !begun);
      tern_drain_step_free (step);
    }
}
END_TEST

START_TEST (what_a_person_took_out_of_the_line_before_the_deadline_is_told_as_cancelled)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainStep) first = NULL, second = NULL;

  drain_world_init (&world, 2);
  drain_world_vm (&world, "a", 1, 2);
  first = step_of (&world, FALSE);
  begin (&world, first);
  finish (&world, last_task (&world), TERN_PHASE_CANCELLED);
  world.drain->deadline_us = world.now_us;
  second = step_of (&world, FALSE);
  ck_assert_str_eq (
      ((TernItemReason *) drain_items_find (second->items, "a")->reasons->pdata[0])->code,
      "Cancelled");
}
END_TEST

/* --- what it waits for --- */

/* A task of somebody else brings "late" from node2 to the host that is drained. */
static TernDrainStep *
step_with_arrival (DrainWorld *world, TernTaskPhase phase)
{
  TernTaskRecord *arrival;
  TernDrainStep *step;

  drain_world_init (world, 3);
  arrival = drain_world_child (world, "migrate", drain_world_vm (world, "late", 2, 1), "node1");
  arrival->parent = 0;
  arrival->phase = phase;
  {
    g_autoptr (GPtrArray) none = g_ptr_array_new ();
    TernDrainLook look = { .question = drain_world_question (world),
                           .children = none,
                           .since_us = PLAN_NOW_US };

    step = tern_drain_next (&look);
  }
  return step;
}

START_TEST (an_arrival_under_way_is_waited_for_by_name_and_one_in_line_is_not)
{
  g_auto (DrainWorld) comes = { NULL }, stands = { NULL };
  g_autoptr (TernDrainStep) first = step_with_arrival (&comes, TERN_PHASE_COPYING);
  g_autoptr (TernDrainStep) second = step_with_arrival (&stands, TERN_PHASE_QUEUED);

  ck_assert (!first->over);
  ck_assert_str_eq (first->sentence,
                    "no VM has to leave node1; waits for task 10, which brings late to node1");
  ck_assert (second->over);
  ck_assert_int_eq (second->phase, TERN_PHASE_DONE);
}
END_TEST

START_TEST (while_it_goes_on_it_tells_of_arrivals_in_line)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainStep) first = NULL, second = NULL;
  TernTaskRecord *arrival;

  drain_world_init (&world, 3);
  drain_world_vm (&world, "a", 1, 2);
  first = step_of (&world, FALSE);
  begin (&world, first);
  arrival = drain_world_child (&world, "migrate", drain_world_vm (&world, "late", 2, 1), "node1");
  arrival->phase = TERN_PHASE_QUEUED;
  {
    g_autoptr (GPtrArray) children = g_ptr_array_new ();
    TernDrainLook look = { .question = drain_world_question (&world),
                           .children = children,
                           .since_us = PLAN_NOW_US };

    g_ptr_array_add (children, world.tasks->pdata[0]);
    second = tern_drain_next (&look);
  }
  ck_assert (!second->over);
  ck_assert_str_eq (second->sentence,
                    "0 of 1 VM has left node1, 1 is moving; task 11, which was to bring late to "
                    "node1, stands in line and is judged again when its turn comes");
}
END_TEST

/* Its start would stand behind what somebody ordered before; not for ever behind what comes later.
 */
START_TEST (a_cold_vm_is_not_shut_down_while_tasks_of_others_stand_in_line)
{
  for (guint later = 0; later <= 1; later++)
    {
      g_auto (DrainWorld) world = { NULL };
      g_autoptr (TernDrainStep) step = NULL;
      g_autoptr (GPtrArray) none = g_ptr_array_new ();
      TernTaskRecord *other;
      TernDrainLook look;

      drain_world_init (&world, 2);
      drain_world_vm (&world, "cold", 1, 2)->drain_action = TERN_DRAIN_COLD;
      other =
          drain_world_child (&world, "migrate", drain_world_vm (&world, "other", 1, 2), "node2");
      other->phase = TERN_PHASE_QUEUED;
      other->created_us = later ? PLAN_NOW_US + 1 : PLAN_NOW_US - 1;
      look = (TernDrainLook){ .question = drain_world_question (&world),
                              .children = none,
                              .since_us = PLAN_NOW_US };
      step = tern_drain_next (&look);
      ck_assert (!step->over);
      ck_assert_uint_eq (count_acts (step, "shutdown"), later);
      ck_assert_int_eq (strstr (step->sentence, "before task 10") != NULL, !later);
      ck_assert_int_eq (drain_items_find (step->items, "cold")->state,
                        later ? TERN_ITEM_MOVING : TERN_ITEM_WAITING);
    }
}
END_TEST

START_TEST (it_tells_what_its_moves_wait_for)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (TernDrainStep) first = NULL, second = NULL, third = NULL;

  drain_world_init (&world, 3);
  drain_world_vm (&world, "a", 1, 2);
  drain_world_vm (&world, "b", 1, 2);
  first = step_of (&world, FALSE);
  begin (&world, first);
  plan_set (&last_task (&world)->note, "node3 does not answer");
  second = step_of (&world, FALSE);
  ck_assert_ptr_null (strstr (second->sentence, "node3"));
  last_task (&world)->phase = TERN_PHASE_VERIFYING;
  third = step_of (&world, FALSE);
  ck_assert_str_eq (third->sentence,
                    "0 of 2 VMs have left node1, 2 are moving; task 11: node3 does not answer");
}
END_TEST

START_TEST (a_return_that_is_cancelled_when_all_are_home_is_done)
{
  for (guint home = 0; home <= 1; home++)
    {
      g_auto (DrainWorld) world = { NULL };
      g_autoptr (TernDrainStep) step = NULL;
      TernVm *vm;

      drain_world_init (&world, 2);
      vm = drain_world_vm (&world, "a", home ? 1 : 2, 2);
      world.origins = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_origin_free);
      g_ptr_array_add (world.origins, tern_origin_new (vm->uuid, "a", "node1"));
      step = step_of (&world, TRUE);
      ck_assert (step->over);
      ck_assert_int_eq (step->phase, home ? TERN_PHASE_DONE : TERN_PHASE_CANCELLED);
    }
}
END_TEST

START_TEST (a_move_that_our_own_end_broke_off_is_begun_again_as_it_was)
{
  g_auto (DrainWorld) world = { NULL };
  g_autofree char *to = NULL;

  drain_world_init (&world, 4);
  drain_world_vm (&world, "a", 1, 2);
  for (guint i = 0; i <= TERN_DRAIN_BROKEN_OFF + 1; i++)
    {
      g_autoptr (TernDrainStep) step = step_of (&world, FALSE);
      const char *const steps[] = { "3 s: " TERN_STEP_BROKEN_OFF, NULL };

      ck_assert_uint_eq (step->acts->len, 1);
      begin (&world, step);
      if (to == NULL)
        to = g_strdup (last_task (&world)->destination);
      /* After so many it counts as any other. */
      ck_assert_int_eq (g_str_equal (last_task (&world)->destination, to),
                        i <= TERN_DRAIN_BROKEN_OFF);
      last_task (&world)->attempt = 1;
      last_task (&world)->steps = g_strdupv ((GStrv) steps);
      finish (&world, last_task (&world), TERN_PHASE_FAILED);
    }
}
END_TEST

/* --- histories --- */

static void
fill (DrainWorld *world, TestRandom *random)
{
  guint n = 2 + test_random_below (random, 5);

  drain_world_init (world, n);
  if (n > 3 && test_random_chance (random, 30))
    drain_world_order (world, (const char *const[]){ "node1", "node2", NULL });
  world->drain->move_shut_off = test_random_chance (random, 30);
  if (test_random_chance (random, 20))
    world->drain->deadline_us = world->now_us + 40;
  for (guint h = 1; h <= n; h++)
    for (guint taken = 0, size; taken < 12; taken += size)
      {
        g_autofree char *name = g_strdup_printf ("vm%u", world->vms->len);
        TernVm *vm;

        size = 1 + test_random_below (random, 6);
        if (taken + size > 12 || test_random_chance (random, 30))
          continue;
        vm = drain_world_vm (world, name, h, size);
        if (test_random_chance (random, 25))
          vm->drain_action = (int) test_random_below (random, TERN_N_DRAIN_ACTIONS);
        if (test_random_chance (random, 15))
          vm->state = test_random_chance (random, 70) ? TERN_VM_SHUT_OFF : TERN_VM_PAUSED;
        vm->persistent = test_random_chance (random, 90);
      }
}

/* By itself: what runs there, and what is on its way there. What appears there is not its doing. */
static void
assert_room (DrainWorld *world)
{
  for (guint h = 1; h <= world->hosts->len; h++)
    {
      const char *name = drain_world_host (world, h)->config->name;
      gboolean comes = FALSE;
      guint64 sum = 0;

      for (guint i = 0; i < world->vms->len; i++)
        {
          const TernVm *vm = world->vms->pdata[i];

          if (g_str_equal (vm->host, name) && tern_vm_state_is_active (vm->state))
            sum += tern_vm_get_memory_need (vm);
        }
      for (guint i = 0; i < world->tasks->len; i++)
        {
          const TernTaskRecord *task = world->tasks->pdata[i];

          if (tern_task_phase_is_final (task->phase) || !g_str_equal (task->destination, name))
            continue;
          sum += task->memory;
          comes = TRUE;
        }
      if (comes)
        ck_assert_uint_le (sum, 15 * GIB);
    }
}

static gboolean
finish_one (DrainWorld *world, TestRandom *random)
{
  static const TernTaskPhase ends[] = { TERN_PHASE_DONE,      TERN_PHASE_DONE,
                                        TERN_PHASE_DONE,      TERN_PHASE_DONE,
                                        TERN_PHASE_FAILED,    TERN_PHASE_FAILED,
                                        TERN_PHASE_CANCELLED, TERN_PHASE_ATTENTION };
  guint n = world->tasks->len, first = n > 0 ? test_random_below (random, n) : 0;

  for (guint i = 0; i < n; i++)
    {
      TernTaskRecord *task = world->tasks->pdata[(first + i) % n];

      if (tern_task_phase_is_final (task->phase))
        continue;
      if (g_str_equal (task->kind, "migrate") && test_random_chance (random, 10))
        {
          const char *const steps[] = { "3 s: " TERN_STEP_BROKEN_OFF, NULL };

          task->steps = g_strdupv ((GStrv) steps);
          finish (world, task, TERN_PHASE_FAILED);
        }
      else
        finish (world, task, ends[test_random_below (random, G_N_ELEMENTS (ends))]);
      return TRUE;
    }
  return FALSE;
}

static void
disturb (DrainWorld *world, TestRandom *random, guint step)
{
  DrainHost *host = drain_world_host (world, 1 + test_random_below (random, world->hosts->len));

  if (step < 20 && test_random_chance (random, 8))
    host->state = test_random_below (random, TERN_HOST_N_STATES);
  /* In line or being copied: what is to be shut down waits for the one, not for the other. */
  for (guint i = 0; i < world->tasks->len; i++)
    {
      TernTaskRecord *task = world->tasks->pdata[i];

      if (!tern_task_phase_is_final (task->phase))
        task->phase = test_random_chance (random, 50) ? TERN_PHASE_QUEUED : TERN_PHASE_VERIFYING;
    }
  if (step < 20 && test_random_chance (random, 5))
    {
      g_autofree char *name = g_strdup_printf ("new%u", step);

      drain_world_vm (world, name, 1, 1)->persistent = FALSE;
      if (tern_vm_get_memory_need (world->vms->pdata[world->vms->len - 1]) > 2 * GIB)
        g_ptr_array_set_size (world->vms, (int) world->vms->len - 1);
    }
}

static void
assert_end (DrainWorld *world, const TernDrainStep *step)
{
  for (guint i = 0; i < step->items->len; i++)
    {
      const TernDrainItem *item = step->items->pdata[i];

      ck_assert_int_ne (item->state, TERN_ITEM_WAITING);
      ck_assert_int_ne (item->state, TERN_ITEM_MOVING);
      ck_assert (item->state != TERN_ITEM_LEFT || item->reasons->len > 0);
    }
  for (guint i = 0; step->phase == TERN_PHASE_DONE && i < world->vms->len; i++)
    {
      const TernVm *vm = world->vms->pdata[i];
      const TernDrainItem *item = drain_items_find (step->items, vm->name);

      if (tern_drain_has_host (world->drain, vm->host) && tern_vm_state_is_active (vm->state))
        ck_assert (item != NULL && item->state == TERN_ITEM_SKIPPED);
    }
}

static void
live (guint64 seed, guint *out_done)
{
  TestRandom random = { .state = seed };
  g_auto (DrainWorld) world = { NULL };
  gboolean cancelled = FALSE;

  fill (&world, &random);
  for (guint i = 0; i < MAX_STEPS; i++)
    {
      g_autoptr (TernDrainStep) step = step_of (&world, cancelled);

      if (step->over)
        {
          ck_assert_uint_eq (step->acts->len, 0);
          assert_end (&world, step);
          *out_done += step->phase == TERN_PHASE_DONE;
          return;
        }
      begin (&world, step);
      if (step->acts->len > 0)
        assert_room (&world);
      if (!finish_one (&world, &random))
        {
          ck_assert_msg (step->wait_us > 0, "seed %" G_GUINT64_FORMAT " waits for nothing", seed);
          world.now_us += step->wait_us;
        }
      disturb (&world, &random, i);
      cancelled = cancelled || test_random_chance (&random, 2);
    }
  ck_abort_msg ("seed %" G_GUINT64_FORMAT " does not end", seed);
}

START_TEST (whatever_happens_it_ends_and_never_promises_too_much)
{
  guint done = 0;

  for (guint64 seed = 1; seed <= N_HISTORIES; seed++)
    live (seed, &done);
  ck_assert_uint_gt (done, N_HISTORIES / 20);
  ck_assert_uint_lt (done, N_HISTORIES);
}
END_TEST

TERN_CHECK_MAIN (
    "drain-next", tcase_add_test (tcase, a_drain_goes_from_order_to_done);
    tcase_add_test (tcase, a_vm_that_fails_is_tried_elsewhere_then_left);
    tcase_add_test (tcase, what_failed_on_the_only_host_is_tried_there_once_more);
    tcase_add_test (tcase, what_was_given_up_on_the_only_host_is_left_and_that_is_told_first);
    tcase_add_test (tcase, room_is_made_before_it_is_used);
    tcase_add_test (tcase, a_cold_vm_is_shut_down_then_started_elsewhere_even_when_cancelled);
    tcase_add_test (tcase, a_cold_vm_that_starts_nowhere_is_started_where_it_was);
    tcase_add_test (tcase, a_cold_vm_that_starts_nowhere_at_all_is_left_and_told_to_be_off);
    tcase_add_test (tcase, whom_a_drain_before_stopped_is_started_by_the_next);
    tcase_add_test (tcase, a_place_is_kept_for_a_cold_vm_while_it_shuts_down);
    tcase_add_test (tcase, a_cold_vm_is_shut_down_when_its_start_need_not_stand_in_line);
    tcase_add_test (tcase, a_cold_vm_that_shuts_down_late_is_started_elsewhere);
    tcase_add_test (tcase, a_cold_vm_whose_start_is_cancelled_is_left_with_a_reason);
    tcase_add_test (tcase, who_is_left_by_a_cancelled_drain_could_have_left);
    tcase_add_test (tcase, a_definition_that_could_not_go_over_is_left);
    tcase_add_test (tcase, a_vm_that_runs_twice_does_not_count_as_gone);
    tcase_add_test (tcase, a_vm_that_no_host_shows_is_gone_only_if_its_task_says_so);
    tcase_add_test (tcase, what_the_daemons_end_stopped_before_it_began_does_not_count);
    tcase_add_test (tcase, room_that_cannot_be_made_is_not_waited_for);
    tcase_add_test (tcase, a_vm_that_came_back_does_not_count_as_gone);
    tcase_add_test (tcase, a_drained_host_that_is_silent_is_waited_for_then_left);
    tcase_add_test (tcase, a_host_that_showed_nothing_is_not_drained_because_of_that);
    tcase_add_test (tcase, who_may_find_a_place_on_a_host_that_comes_waits_for_it);
    tcase_add_test (tcase, what_waits_for_a_person_and_what_is_too_late_is_left);
    tcase_add_test (tcase, a_move_that_stood_in_line_at_the_deadline_is_told_as_too_late);
    tcase_add_test (tcase,
                    what_a_person_took_out_of_the_line_before_the_deadline_is_told_as_cancelled);
    tcase_add_test (tcase, an_arrival_under_way_is_waited_for_by_name_and_one_in_line_is_not);
    tcase_add_test (tcase, while_it_goes_on_it_tells_of_arrivals_in_line);
    tcase_add_test (tcase, a_cold_vm_is_not_shut_down_while_tasks_of_others_stand_in_line);
    tcase_add_test (tcase, it_tells_what_its_moves_wait_for);
    tcase_add_test (tcase, a_return_that_is_cancelled_when_all_are_home_is_done);
    tcase_add_test (tcase, a_move_that_our_own_end_broke_off_is_begun_again_as_it_was);
    tcase_add_test (tcase, whatever_happens_it_ends_and_never_promises_too_much);)
