/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Drains and returns in the bottle: from the order to the duty of the host, with whatever happens
 * in between. What is planned well is for the tests of plan/; here nothing is lost, nothing is
 * stopped, and everything ends.
 */
#include "config.h"

#include "base/error.h"
#include "plan/retry.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define N_GUESTS 4
#define BOUND SECONDS (1800)
/* Another one, of the hosts that are not drained. */
#define LATE_VM "90000000-5a3f-4c7d-9e1b-2f3a4b5c6d7e"

static char *
guest_uuid (guint i)
{
  return i == 0 ? g_strdup (WORLD_VM) : g_strdup_printf ("%08u-5a3f-4c7d-9e1b-2f3a4b5c6d7e", i);
}

static const char *
guest_name (guint i)
{
  static const char *const names[N_GUESTS] = { "web", "db", "mail", "wiki" };

  return names[i];
}

/* Four guests on anna: web of 2 GiB, three of 4 GiB. */
static void
prepare_with (World *world, guint n_hosts)
{
  world_init_with (world, n_hosts);
  for (guint i = 1; i < N_GUESTS; i++)
    {
      g_autofree char *uuid = guest_uuid (i);

      (void) world_add_vm (world, uuid, guest_name (i), "anna", TERN_VM_RUNNING, 4 * GIB);
    }
  world_run (world, SECONDS (20));
}

static void
prepare (World *world)
{
  prepare_with (world, 3);
}

/* Returns: where a guest runs, NULL: nowhere; "twice" */
static const char *
find_guest (World *world, guint guest)
{
  static const char *const hosts[] = { "anna", "bert", "carl", "dora", "emil" };
  g_autofree char *uuid = guest_uuid (guest);
  const char *found = NULL;

  for (guint i = 0; i < world->n_hosts; i++)
    {
      SimDomain *domain =
          tern_sim_host_find_domain (tern_sim_find_host (world->sim, hosts[i]), uuid);

      if (domain == NULL || domain->vm->state != TERN_VM_RUNNING)
        continue;
      if (found != NULL)
        return "twice";
      found = hosts[i];
    }
  return found;
}

static void
check_all_run_once (World *world)
{
  for (guint i = 0; i < N_GUESTS; i++)
    {
      const char *host = find_guest (world, i);

      ck_assert_msg (host != NULL && strcmp (host, "twice") != 0, "%s runs %s", guest_name (i),
                     host != NULL ? host : "nowhere");
    }
}

static guint
count_on (World *world, const char *host)
{
  guint n = 0;

  for (guint i = 0; i < N_GUESTS; i++)
    n += g_strcmp0 (find_guest (world, i), host) == 0;
  return n;
}

static void
check_never_overcommitted (World *world)
{
  g_auto (GStrv) over = tern_sim_get_overcommitted (world->sim);

  ck_assert_ptr_null (over[0]);
}

static TernDuty
duty_of (World *world, const char *host)
{
  return tern_inventory_find_host (world->inventory, host)->config->duty;
}

/* As it is on the disk. */
static TernDuty
stored_duty_of (World *world, const char *name)
{
  for (guint i = 0; i < world->store->hosts->len; i++)
    {
      const TernHostConfig *config = world->store->hosts->pdata[i];

      if (g_str_equal (config->name, name))
        return config->duty;
    }
  return TERN_N_DUTIES;
}

/* Orders */

typedef struct
{
  gboolean answered;
  guint64 id; /* 0: not taken, or there is no task */
  GError *error;
} Answer;

static void
take_answer (Answer *answer, TernTask *task)
{
  answer->answered = TRUE;
  answer->id = task != NULL ? tern_task_get_id (task) : 0;
  g_clear_object (&task);
}

static void
on_ordered (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  take_answer (answer, tern_drainer_order_finish (TERN_DRAINER (source), result, &answer->error));
}

static void
on_activated (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;
  TernTask *task = NULL;

  (void) tern_drainer_activate_finish (TERN_DRAINER (source), result, &task, &answer->error);
  take_answer (answer, task);
}

/* Returns: of the task; 0 and @error: none */
static guint64
wait_for (World *world, Answer *answer, GError **error)
{
  for (guint i = 0; i < 1000 && !answer->answered; i++)
    world_run (world, 10 * 1000);
  ck_assert_msg (answer->answered, "no answer");
  if (answer->error != NULL)
    g_propagate_error (error, answer->error);
  return answer->id;
}

static guint64
order (World *world, const TernDrain *drain, GError **error)
{
  Answer answer = { FALSE };

  world->order_us = tern_clock_now_us (world->clock);
  tern_drainer_order_async (world->drainer, drain, NULL, 7, on_ordered, &answer);
  return wait_for (world, &answer, error);
}

static guint64
drain_host (World *world, const char *host)
{
  const char *const hosts[] = { host, NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  g_autoptr (GError) error = NULL;
  guint64 id = order (world, drain, &error);

  ck_assert_msg (error == NULL, "%s", error != NULL ? error->message : "");
  return id;
}

static guint64
activate (World *world, const char *host, gboolean bring_back, GError **error)
{
  Answer answer = { FALSE };

  tern_drainer_activate_async (world->drainer, host, bring_back, 7, on_activated, &answer);
  return wait_for (world, &answer, error);
}

static guint64
resume_with (World *world, guint64 id, const char *const *actions, GError **error)
{
  Answer answer = { FALSE };

  tern_drainer_resume_async (world->drainer, id, actions, 7, on_ordered, &answer);
  return wait_for (world, &answer, error);
}

static guint64
resume (World *world, guint64 id, GError **error)
{
  return resume_with (world, id, NULL, error);
}

static guint64
undo (World *world, guint64 id, GError **error)
{
  Answer answer = { FALSE };

  tern_drainer_undo_async (world->drainer, id, 7, on_ordered, &answer);
  return wait_for (world, &answer, error);
}

static gboolean
cancel (World *world, guint64 id, gboolean abort, GError **error)
{
  return tern_drainer_cancel (world->drainer, tern_task_list_find (world->tasks, id), abort, error);
}

static void
check_ends (World *world, guint64 id, TernTaskPhase phase)
{
  const TernTaskRecord *stored;
  gboolean ended = world_run_until_ended (world, id, BOUND);
  g_autofree char *told = world_tell (world);

  ck_assert_msg (ended, "task %u has not ended: %s", (guint) id, told);
  stored = fake_store_find_task (world->store, id);
  ck_assert_msg (stored->phase == phase, "%s, and not %s: %s; %s",
                 tern_task_phase_to_string (stored->phase), tern_task_phase_to_string (phase),
                 stored->verdict, told);
}

/* --- the straight way --- */

START_TEST (a_host_is_drained_and_everybody_runs_elsewhere)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_DRAINING);
  ck_assert_ptr_nonnull (tern_drainer_find_by_host (world.drainer, "anna"));
  check_ends (&world, id, TERN_PHASE_DONE);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_MAINTENANCE);
  ck_assert_int_eq (stored_duty_of (&world, "anna"), TERN_DUTY_MAINTENANCE);
  ck_assert_ptr_null (tern_drainer_find_by_host (world.drainer, "anna"));
  ck_assert_uint_eq (count_on (&world, "anna"), 0);
  check_all_run_once (&world);
  check_never_overcommitted (&world);
}
END_TEST

START_TEST (its_children_know_their_parent_and_who_asked)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  check_ends (&world, id, TERN_PHASE_DONE);
  for (guint64 child = id + 1; child <= id + N_GUESTS; child++)
    {
      const TernTaskRecord *record = fake_store_find_task (world.store, child);

      ck_assert_uint_eq (record->parent, id);
      ck_assert_int_eq (record->started_by_uid, 7);
      ck_assert (record->chosen);
      ck_assert_uint_eq (record->group, 0);
    }
}
END_TEST

START_TEST (it_is_stored_before_the_host_is_closed_and_before_anything_moves)
{
  g_auto (World) world;
  int stored, moved;

  prepare (&world);
  (void) drain_host (&world, "anna");
  world_run (&world, SECONDS (30));
  stored = world_find (&world, "stored 1 draining");
  moved = world_find (&world, "migrate");
  ck_assert_int_ge (stored, 0);
  ck_assert_int_gt (moved, stored);
}
END_TEST

START_TEST (nothing_is_placed_on_a_host_that_is_being_drained)
{
  g_auto (World) world;
  g_autoptr (TernOrder) move = tern_order_new (TERN_ACT_MOVE);
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks = NULL;

  prepare (&world);
  (void) world_add_vm (&world, LATE_VM, "late", "bert", TERN_VM_RUNNING, GIB);
  world_run (&world, SECONDS (1));
  (void) drain_host (&world, "anna");
  g_strfreev (move->vms);
  move->vms = g_strsplit (LATE_VM, ",", -1);
  move->destination = g_strdup ("anna");
  tasks = world_give_order (&world, move, NULL, &error);
  ck_assert_ptr_null (tasks);
  ck_assert_ptr_nonnull (strstr (error->message, "anna"));
}
END_TEST

/* Three VMs of bert are ordered to go to anna; two may begin, and then anna is drained. Returns:
 * the task that stands in line */
static guint64
drain_before_an_arrival (World *world, gboolean chosen)
{
  g_autoptr (TernOrder) move = tern_order_new (TERN_ACT_MOVE);
  g_autoptr (GStrvBuilder) vms = g_strv_builder_new ();
  g_autoptr (GPtrArray) tasks = NULL;
  g_autoptr (GError) error = NULL;
  guint64 last;

  prepare (world);
  for (guint i = 0; i < 3; i++)
    {
      g_autofree char *uuid = g_strdup_printf ("9000000%u-5a3f-4c7d-9e1b-2f3a4b5c6d7e", i);
      g_autofree char *name = g_strdup_printf ("late%u", i);

      (void) world_add_vm (world, uuid, name, "bert", TERN_VM_RUNNING, GIB);
      g_strv_builder_add (vms, uuid);
    }
  world_run (world, SECONDS (1));
  g_strfreev (move->vms);
  move->vms = g_strv_builder_end (vms);
  if (chosen)
    move->preferred = g_strdup ("anna");
  else
    move->destination = g_strdup ("anna");
  tasks = world_give_order (world, move, NULL, &error);
  ck_assert_msg (tasks != NULL, "%s", error != NULL ? error->message : "");
  last = tern_task_get_id (tasks->pdata[2]);
  ck_assert_int_eq (tern_task_get_record (tasks->pdata[2])->phase, TERN_PHASE_QUEUED);
  ck_assert_str_eq (tern_task_get_record (tasks->pdata[2])->destination, "anna");
  (void) drain_host (world, "anna");
  return last;
}

START_TEST (an_arrival_in_line_goes_elsewhere_or_stays_when_its_turn_comes)
{
  for (guint chosen = 0; chosen <= 1; chosen++)
    {
      g_auto (World) world;
      guint64 late = drain_before_an_arrival (&world, chosen);
      const TernTaskRecord *record;
      SimHost *bert;

      ck_assert (world_run_until_ended (&world, late, BOUND));
      record = fake_store_find_task (world.store, late);
      ck_assert_int_eq (record->phase, chosen ? TERN_PHASE_DONE : TERN_PHASE_FAILED);
      ck_assert (chosen || strstr (record->error, "anna is being drained") != NULL);
      bert = tern_sim_find_host (world.sim, "bert");
      ck_assert_int_eq (tern_sim_host_find_domain (bert, record->vm_uuid) != NULL, !chosen);
      check_ends (&world, late + 1, TERN_PHASE_DONE);
      ck_assert_uint_eq (count_on (&world, "anna"), 0);
    }
}
END_TEST

START_TEST (a_host_that_is_being_drained_is_not_drained_twice)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  g_autoptr (GError) error = NULL;
  Answer first = { FALSE }, second = { FALSE };

  prepare (&world);
  tern_drainer_order_async (world.drainer, drain, NULL, 7, on_ordered, &first);
  tern_drainer_order_async (world.drainer, drain, NULL, 7, on_ordered, &second);
  ck_assert_uint_eq (wait_for (&world, &second, &error), 0);
  ck_assert_int_eq (error->code, TERN_ERROR_EXISTS);
  ck_assert_ptr_nonnull (strstr (error->message, "task 1"));
  ck_assert_uint_eq (wait_for (&world, &first, NULL), 1);
  check_ends (&world, 1, TERN_PHASE_DONE);
}
END_TEST

/* --- what happens in the meantime --- */

static void
set_memory (World *world, const char *host, guint64 bytes)
{
  TernHostFacts *facts = tern_sim_find_host (world->sim, host)->facts;

  facts->memory_total = bytes;
  facts->memory_free = bytes;
}

static void
add_guest (World *world, guint number, const char *name, const char *host, guint64 mib)
{
  g_autofree char *uuid = guest_uuid (number);

  (void) world_add_vm (world, uuid, name, host, TERN_VM_RUNNING, mib << 20);
}

/* The large one fits on bert only when one of those there has gone to carl. */
START_TEST (room_that_is_made_is_seen_and_used)
{
  g_auto (World) world;

  world_init (&world);
  set_memory (&world, "bert", 10 * GIB);
  set_memory (&world, "carl", 7 * GIB);
  add_guest (&world, 1, "large", "anna", 8000);
  add_guest (&world, 2, "some", "bert", 2000);
  add_guest (&world, 3, "less", "bert", 1000);
  world_run (&world, SECONDS (40));
  check_ends (&world, drain_host (&world, "anna"), TERN_PHASE_DONE);
  ck_assert_str_eq (find_guest (&world, 1), "bert");
  ck_assert_uint_eq (world_count (&world, "migrate bert"), 1);
}
END_TEST

START_TEST (a_guest_that_appears_in_mid_drain_goes_too)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  world_run (&world, SECONDS (1));
  (void) world_add_vm (&world, LATE_VM, "late", "anna", TERN_VM_RUNNING, GIB);
  check_ends (&world, id, TERN_PHASE_DONE);
  ck_assert_ptr_null (tern_sim_host_find_domain (tern_sim_find_host (world.sim, "anna"), LATE_VM));
}
END_TEST

START_TEST (when_another_host_is_lost_the_rest_goes_to_the_third)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  world_run (&world, SECONDS (1));
  tern_sim_set_host_state (world.sim, "bert", TERN_SIM_HOST_CUT);
  ck_assert (world_run_until_ended (&world, id, BOUND));
  tern_sim_set_host_state (world.sim, "bert", TERN_SIM_HOST_UP);
  world_run (&world, SECONDS (120));
  check_all_run_once (&world);
  ck_assert_int_ne (duty_of (&world, "anna"), TERN_DUTY_ACTIVE);
}
END_TEST

/* Returns: (transfer none) (nullable): the first task of @drain that moves WORLD_VM */
static const TernTaskRecord *
find_move (World *world, guint64 drain)
{
  for (guint64 id = drain + 1; id < drain + 20; id++)
    {
      const TernTaskRecord *record = fake_store_find_task (world->store, id);

      if (record != NULL && record->parent == drain && g_str_equal (record->vm_uuid, WORLD_VM))
        return record;
    }
  return NULL;
}

/* Returns: the drain of anna, when web is being copied */
static guint64
drain_until_web_is_copied (World *world)
{
  guint64 id = drain_host (world, "anna");

  for (guint i = 0; i < 3000; i++)
    {
      const TernTaskRecord *move = find_move (world, id);

      if (move != NULL && move->phase == TERN_PHASE_COPYING)
        return id;
      world_run (world, SECONDS (1) / 100);
    }
  ck_abort_msg ("web is not moved");
}

static gboolean
note_says (World *world, guint64 id, const char *what)
{
  const TernTaskRecord *record = tern_task_get_record (tern_task_list_find (world->tasks, id));

  return record->note != NULL && strstr (record->note, what) != NULL;
}

/* Returns: (transfer none): the first sentence of why web is left */
static const char *
find_reason (World *world, guint64 id)
{
  const GPtrArray *items = fake_store_find_task (world->store, id)->drain->items;

  for (guint i = 0; i < items->len; i++)
    {
      const TernDrainItem *item = items->pdata[i];

      if (g_str_equal (item->vm_uuid, WORLD_VM) && item->reasons->len > 0)
        return ((TernItemReason *) item->reasons->pdata[0])->sentence;
    }
  return "";
}

/* What came to it is not known, so web is a matter for a person; the others are not. */
START_TEST (a_destination_that_dies_for_good_is_waited_for_with_a_word_and_then_not)
{
  g_auto (World) world;
  g_autofree char *dead = NULL, *waits = NULL;
  gint64 began_us;
  guint64 id;

  prepare (&world);
  id = drain_until_web_is_copied (&world);
  dead = g_strdup (find_move (&world, id)->destination);
  waits = g_strdup_printf ("%s does not answer, so it is not known whether web runs there", dead);
  tern_sim_set_host_state (world.sim, dead, TERN_SIM_HOST_DOWN);
  began_us = tern_clock_now_us (world.clock);
  world_run (&world, SECONDS (60));
  ck_assert (note_says (&world, find_move (&world, id)->id, waits));
  ck_assert (note_says (&world, id, waits));
  ck_assert (note_says (&world, id, "it is waited for until "));
  check_ends (&world, id, TERN_PHASE_REMAINDER);
  ck_assert_int_le (tern_clock_now_us (world.clock) - began_us, SECONDS (300));
  ck_assert_int_eq (find_move (&world, id)->phase, TERN_PHASE_ATTENTION);
  ck_assert_ptr_null (find_move (&world, id)->note);
  ck_assert_ptr_nonnull (
      strstr (find_reason (&world, id), "web is running on anna, and it is not known"));
  ck_assert_str_eq (find_guest (&world, 0), "anna");
  ck_assert_uint_eq (count_on (&world, "anna"), 1);
  check_never_overcommitted (&world);
}
END_TEST

/* The daemon is away when the destination falls over and comes back: nobody knows more than that
 * the move is not under way any more. */
START_TEST (a_move_that_did_not_outlive_our_own_end_is_not_held_against_its_destination)
{
  g_auto (World) world;
  g_autofree char *to = NULL;
  guint64 id, move;

  prepare (&world);
  id = drain_until_web_is_copied (&world);
  move = find_move (&world, id)->id;
  to = g_strdup (find_move (&world, id)->destination);
  world_kill_daemon (&world);
  tern_sim_set_host_state (world.sim, to, TERN_SIM_HOST_DOWN);
  world_pass_dead (&world, SECONDS (60));
  tern_sim_set_host_state (world.sim, to, TERN_SIM_HOST_UP);
  world_pass_dead (&world, SECONDS (10));
  world_start_daemon (&world);
  check_ends (&world, id, TERN_PHASE_DONE);
  ck_assert_int_eq (fake_store_find_task (world.store, move)->phase, TERN_PHASE_FAILED);
  ck_assert (tern_retry_was_broken_off (fake_store_find_task (world.store, move)));
  ck_assert_uint_eq (count_on (&world, "anna"), 0);
  ck_assert_uint_le (world.max_running, 1);
}
END_TEST

START_TEST (a_guest_that_cannot_leave_is_left_with_its_reason_and_the_host_stays_closed)
{
  g_auto (World) world;
  const TernTaskRecord *record;
  const TernDrainItem *left = NULL;
  guint64 id;

  prepare (&world);
  tern_sim_add_fault (world.sim, "db", TERN_SIM_PREPARE, TERN_SIM_FAULT_REFUSED, 100);
  id = drain_host (&world, "anna");
  check_ends (&world, id, TERN_PHASE_REMAINDER);
  ck_assert_uint_eq (count_on (&world, "anna"), 1);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_DRAINING);
  record = fake_store_find_task (world.store, id);
  for (guint i = 0; i < record->drain->items->len; i++)
    {
      const TernDrainItem *item = record->drain->items->pdata[i];

      if (item->state == TERN_ITEM_LEFT)
        left = item;
    }
  ck_assert_ptr_nonnull (left);
  ck_assert_str_eq (left->vm_name, "db");
  ck_assert_uint_gt (left->reasons->len, 0);
  ck_assert_ptr_nonnull (record->error);
  check_all_run_once (&world);
}
END_TEST

START_TEST (a_drained_host_that_reboots_in_mid_drain_is_waited_for)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  world_run (&world, SECONDS (1));
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_CUT);
  world_run (&world, SECONDS (120));
  ck_assert_int_eq (world_phase (&world, id), TERN_PHASE_DRAINING);
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
  ck_assert (world_run_until_ended (&world, id, BOUND));
  check_all_run_once (&world);
}
END_TEST

START_TEST (a_host_that_is_removed_in_mid_drain_leaves_no_open_task)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  world_run (&world, SECONDS (1));
  tern_inventory_remove_host_async (world.inventory, "anna", NULL, NULL);
  ck_assert (world_run_until_ended (&world, id, BOUND));
  check_all_run_once (&world);
}
END_TEST

START_TEST (two_drains_at_once_share_what_is_left)
{
  g_auto (World) world;
  guint64 first, second;

  prepare_with (&world, 4);
  (void) world_add_vm (&world, LATE_VM, "late", "bert", TERN_VM_RUNNING, 4 * GIB);
  world_run (&world, SECONDS (1));
  first = drain_host (&world, "anna");
  second = drain_host (&world, "bert");
  check_ends (&world, first, TERN_PHASE_DONE);
  check_ends (&world, second, TERN_PHASE_DONE);
  ck_assert_uint_eq (count_on (&world, "anna") + count_on (&world, "bert"), 0);
  ck_assert_ptr_null (tern_sim_host_find_domain (tern_sim_find_host (world.sim, "bert"), LATE_VM));
  check_all_run_once (&world);
  check_never_overcommitted (&world);
}
END_TEST

START_TEST (two_hosts_are_drained_by_one_task)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", "bert", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  guint64 id;

  prepare_with (&world, 4);
  id = order (&world, drain, NULL);
  ck_assert_str_eq (world_record (&world, id)->source, "anna,bert");
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_DRAINING);
  ck_assert_int_eq (duty_of (&world, "bert"), TERN_DUTY_DRAINING);
  ck_assert_ptr_nonnull (tern_task_list_find_open_by_host (world.tasks, "bert"));
  ck_assert_ptr_null (tern_task_list_find_open_by_vm (world.tasks, ""));
  check_ends (&world, id, TERN_PHASE_DONE);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_MAINTENANCE);
  ck_assert_int_eq (duty_of (&world, "bert"), TERN_DUTY_MAINTENANCE);
}
END_TEST

START_TEST (of_two_hosts_the_empty_one_is_drained_and_the_other_is_not)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", "bert", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  guint64 id;

  prepare_with (&world, 4);
  drain->actions = g_strsplit (WORLD_VM "=ask", ",", -1);
  id = order (&world, drain, NULL);
  check_ends (&world, id, TERN_PHASE_REMAINDER);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_DRAINING);
  ck_assert_int_eq (duty_of (&world, "bert"), TERN_DUTY_MAINTENANCE);
}
END_TEST

START_TEST (a_guest_that_is_to_be_shut_down_is_asked_and_stays_defined)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  guint64 id;

  prepare (&world);
  drain->actions = g_strsplit (WORLD_VM "=shutdown", ",", -1);
  id = order (&world, drain, NULL);
  check_ends (&world, id, TERN_PHASE_DONE);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_SHUT_OFF);
  ck_assert_uint_eq (world_count (&world, "shutdown"), 1);
  ck_assert_uint_eq (count_on (&world, "anna"), 0);
}
END_TEST

/* Its disk is reached by anna only, which the daemon cannot know. */
START_TEST (a_guest_that_starts_nowhere_else_is_started_where_it_was)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  const TernTaskRecord *ended;
  guint64 id;

  prepare (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_START, TERN_SIM_FAULT_ERROR, 2);
  drain->actions = g_strsplit (WORLD_VM "=cold", ",", -1);
  id = order (&world, drain, NULL);
  check_ends (&world, id, TERN_PHASE_REMAINDER);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_DRAINING);
  ended = fake_store_find_task (world.store, id);
  ck_assert_uint_eq (g_strv_length (ended->drain->stopped), 0);
}
END_TEST

/* It takes no memory there. */
START_TEST (a_definition_goes_to_a_host_that_is_full)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  SimDomain *moved;
  guint64 id;

  world_init_with (&world, 2);
  (void) world_add_vm (&world, LATE_VM, "full", "bert", TERN_VM_RUNNING, 30 * GIB);
  tern_sim_host_find_domain (tern_sim_find_host (world.sim, "anna"), WORLD_VM)->vm->state =
      TERN_VM_SHUT_OFF;
  tern_sim_host_emit_vm (tern_sim_find_host (world.sim, "anna"), WORLD_VM);
  world_run (&world, SECONDS (20));
  drain->move_shut_off = TRUE;
  id = order (&world, drain, NULL);
  check_ends (&world, id, TERN_PHASE_DONE);
  moved = tern_sim_host_find_domain (tern_sim_find_host (world.sim, "bert"), WORLD_VM);
  ck_assert_ptr_nonnull (moved);
  ck_assert_int_eq (moved->vm->state, TERN_VM_SHUT_OFF);
  ck_assert_ptr_null (tern_sim_host_find_domain (tern_sim_find_host (world.sim, "anna"), WORLD_VM));
}
END_TEST

START_TEST (a_deadline_takes_back_who_still_waits_in_line)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  const TernTaskRecord *record;
  guint64 id;

  prepare (&world);
  drain->deadline_us = tern_clock_wall_us (world.clock) + SECONDS (1);
  id = order (&world, drain, NULL);
  ck_assert (world_run_until_ended (&world, id, BOUND));
  record = fake_store_find_task (world.store, id);
  ck_assert_int_lt (record->finished_us, drain->deadline_us + SECONDS (120));
  ck_assert_uint_gt (count_on (&world, "anna"), 0);
  ck_assert_uint_lt (count_on (&world, "anna"), N_GUESTS);
  check_all_run_once (&world);
}
END_TEST

START_TEST (what_was_shown_of_its_progress_never_falls)
{
  g_auto (World) world;
  guint64 id;
  int shown = -1;

  prepare (&world);
  id = drain_host (&world, "anna");
  for (guint i = 0; i < 600 && !tern_task_phase_is_final (world_phase (&world, id)); i++)
    {
      world_run (&world, SECONDS (1) / 4);
      if (i == 3)
        (void) world_add_vm (&world, LATE_VM, "late", "anna", TERN_VM_RUNNING, 8 * GIB);
      ck_assert_int_ge (world_record (&world, id)->progress, shown);
      shown = world_record (&world, id)->progress;
    }
  ck_assert_int_eq (shown, 100);
}
END_TEST

static guint
count_origins (World *world)
{
  g_autoptr (GPtrArray) origins = tern_drainer_get_origins (world->drainer, "anna");

  return origins->len;
}

/* The daemon begins anew while the drained host is down: it knows nothing of that host's guests. */
START_TEST (a_drained_host_that_was_not_seen_since_the_start_is_waited_for)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  world_run (&world, SECONDS (1));
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_CUT);
  world_kill_daemon (&world);
  world_start_daemon (&world);
  world_run (&world, SECONDS (300));
  ck_assert_int_eq (world_phase (&world, id), TERN_PHASE_DRAINING);
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
  ck_assert (world_run_until_ended (&world, id, BOUND));
  check_all_run_once (&world);
}
END_TEST

START_TEST (a_drained_host_that_stays_away_after_the_start_does_not_count_as_drained)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  world_run (&world, SECONDS (1));
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_CUT);
  world_kill_daemon (&world);
  world_start_daemon (&world);
  check_ends (&world, id, TERN_PHASE_REMAINDER);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_DRAINING);
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
  world_run (&world, SECONDS (60));
  check_all_run_once (&world);
}
END_TEST

/* --- guests that are shut down on the way --- */

static guint64
order_with (World *world, const char *actions)
{
  const char *const hosts[] = { "anna", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);

  drain->actions = g_strsplit (actions, ",", -1);
  return order (world, drain, NULL);
}

START_TEST (a_cold_guest_is_shut_down_and_runs_elsewhere)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  id = order_with (&world, WORLD_VM "=cold");
  check_ends (&world, id, TERN_PHASE_DONE);
  ck_assert_uint_eq (world_count (&world, "shutdown"), 1);
  ck_assert_uint_eq (count_on (&world, "anna"), 0);
  check_all_run_once (&world);
  ck_assert_uint_eq (count_origins (&world), N_GUESTS);
}
END_TEST

/* At whatever moment it is cancelled: who was shut down to be started elsewhere is started. */
static void
check_cancel_of_cold (gboolean abort)
{
  for (guint moment = 1; moment <= 40; moment++)
    {
      g_auto (World) world;
      guint64 id;

      prepare (&world);
      id = order_with (&world, WORLD_VM "=cold");
      world_run (&world, SECONDS (1) / 4 * moment);
      if (!cancel (&world, id, abort, NULL))
        break;
      check_ends (&world, id, TERN_PHASE_CANCELLED);
      check_all_run_once (&world);
      ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_ACTIVE);
    }
}

START_TEST (a_cancel_leaves_no_cold_guest_down) { check_cancel_of_cold (FALSE); }
END_TEST

START_TEST (an_abort_leaves_no_cold_guest_down) { check_cancel_of_cold (TRUE); }
END_TEST

/* --- cancel, resume, undo --- */

START_TEST (a_cancel_begins_nobody_and_opens_the_host)
{
  g_auto (World) world;
  guint64 id;
  guint left;

  prepare (&world);
  id = drain_host (&world, "anna");
  world_run (&world, SECONDS (1));
  ck_assert (cancel (&world, id, FALSE, NULL));
  check_ends (&world, id, TERN_PHASE_CANCELLED);
  left = count_on (&world, "anna");
  ck_assert_uint_gt (left, 0);
  ck_assert_uint_lt (left, N_GUESTS);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_ACTIVE);
  check_all_run_once (&world);
}
END_TEST

START_TEST (an_abort_ends_what_is_under_way)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  world_run (&world, SECONDS (1));
  ck_assert (cancel (&world, id, TRUE, NULL));
  check_ends (&world, id, TERN_PHASE_CANCELLED);
  ck_assert_uint_eq (count_on (&world, "anna"), N_GUESTS);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_ACTIVE);
}
END_TEST

START_TEST (what_has_ended_is_not_cancelled)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  check_ends (&world, id, TERN_PHASE_DONE);
  ck_assert (!cancel (&world, id, FALSE, &error));
  ck_assert_int_eq (error->code, TERN_ERROR_REFUSED);
  ck_assert_ptr_nonnull (strstr (error->message, "has ended"));
}
END_TEST

START_TEST (a_cancelled_drain_is_resumed_by_a_task_of_its_own)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;
  guint64 id, again;

  prepare (&world);
  id = drain_host (&world, "anna");
  world_run (&world, SECONDS (1));
  ck_assert_uint_eq (resume (&world, id, &error), 0);
  ck_assert_int_eq (error->code, TERN_ERROR_REFUSED);
  ck_assert (cancel (&world, id, FALSE, NULL));
  check_ends (&world, id, TERN_PHASE_CANCELLED);
  again = resume (&world, id, NULL);
  ck_assert_uint_gt (again, id);
  check_ends (&world, again, TERN_PHASE_DONE);
  ck_assert_uint_eq (count_on (&world, "anna"), 0);
  ck_assert_uint_eq (resume (&world, again, NULL), 0);
}
END_TEST

START_TEST (what_is_said_at_a_resume_counts_before_what_was_said_then)
{
  static const char *const actions[] = { WORLD_VM "=migrate", NULL };
  g_auto (World) world;
  const TernDrain *resumed;
  guint64 id, again;

  prepare (&world);
  id = order_with (&world, WORLD_VM "=ask");
  check_ends (&world, id, TERN_PHASE_REMAINDER);
  ck_assert_str_eq (find_guest (&world, 0), "anna");
  again = resume_with (&world, id, actions, NULL);
  check_ends (&world, again, TERN_PHASE_DONE);
  ck_assert_uint_eq (count_on (&world, "anna"), 0);
  resumed = fake_store_find_task (world.store, again)->drain;
  ck_assert_uint_eq (g_strv_length (resumed->actions), 1);
}
END_TEST

START_TEST (a_remainder_is_resumed_once_it_can_leave)
{
  g_auto (World) world;
  guint64 id, again;

  prepare (&world);
  tern_sim_add_fault (world.sim, "db", TERN_SIM_PREPARE, TERN_SIM_FAULT_REFUSED, 4);
  id = drain_host (&world, "anna");
  check_ends (&world, id, TERN_PHASE_REMAINDER);
  world_kill_daemon (&world);
  world_start_daemon (&world);
  world_run (&world, SECONDS (5));
  again = resume (&world, id, NULL);
  check_ends (&world, again, TERN_PHASE_DONE);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_MAINTENANCE);
}
END_TEST

START_TEST (an_undo_of_a_drain_that_is_over_brings_everybody_home)
{
  g_auto (World) world;
  guint64 id, back;

  prepare (&world);
  id = drain_host (&world, "anna");
  check_ends (&world, id, TERN_PHASE_DONE);
  back = undo (&world, id, NULL);
  ck_assert_uint_gt (back, id);
  check_ends (&world, back, TERN_PHASE_DONE);
  ck_assert_uint_eq (count_on (&world, "anna"), N_GUESTS);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_ACTIVE);
  check_never_overcommitted (&world);
}
END_TEST

START_TEST (an_undo_in_mid_drain_waits_for_what_is_under_way_and_brings_it_home)
{
  g_auto (World) world;
  guint64 id, back;

  prepare (&world);
  id = drain_host (&world, "anna");
  world_run (&world, SECONDS (1));
  back = undo (&world, id, NULL);
  check_ends (&world, back, TERN_PHASE_DONE);
  ck_assert_int_eq (fake_store_find_task (world.store, id)->phase, TERN_PHASE_CANCELLED);
  ck_assert_uint_eq (count_on (&world, "anna"), N_GUESTS);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_ACTIVE);
}
END_TEST

START_TEST (an_undo_does_not_open_what_a_later_drain_closed)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;
  guint64 first, second;

  prepare (&world);
  first = drain_host (&world, "anna");
  check_ends (&world, first, TERN_PHASE_DONE);
  ck_assert_uint_eq (activate (&world, "anna", FALSE, NULL), 0);
  second = drain_host (&world, "anna");
  check_ends (&world, second, TERN_PHASE_DONE);
  ck_assert_uint_eq (undo (&world, first, &error), 0);
  ck_assert_int_eq (error->code, TERN_ERROR_REFUSED);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_MAINTENANCE);
  world_run (&world, SECONDS (30));
  ck_assert_uint_eq (count_on (&world, "anna"), 0);
}
END_TEST

/* Somebody drained it since: the VM that only made room stays away. */
START_TEST (an_undo_opens_no_host_that_only_made_room)
{
  g_auto (World) world;
  guint64 id, back;

  world_init (&world);
  set_memory (&world, "bert", 10 * GIB);
  set_memory (&world, "carl", 7 * GIB);
  add_guest (&world, 1, "large", "anna", 8000);
  add_guest (&world, 2, "some", "bert", 2000);
  add_guest (&world, 3, "less", "bert", 1000);
  world_run (&world, SECONDS (40));
  id = drain_host (&world, "anna");
  check_ends (&world, id, TERN_PHASE_DONE);
  ck_assert_uint_eq (activate (&world, "anna", FALSE, NULL), 0);
  check_ends (&world, drain_host (&world, "bert"), TERN_PHASE_DONE);
  back = undo (&world, id, NULL);
  ck_assert (world_run_until_ended (&world, back, BOUND));
  ck_assert_int_eq (duty_of (&world, "bert"), TERN_DUTY_MAINTENANCE);
  ck_assert_uint_eq (count_on (&world, "bert"), 0);
}
END_TEST

START_TEST (an_undo_is_given_once)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;
  guint64 id, back;

  prepare (&world);
  id = drain_host (&world, "anna");
  world_run (&world, SECONDS (1));
  back = undo (&world, id, NULL);
  ck_assert_uint_gt (back, id);
  ck_assert_uint_eq (undo (&world, id, &error), 0);
  ck_assert_int_eq (error->code, TERN_ERROR_BUSY);
  check_ends (&world, back, TERN_PHASE_DONE);
}
END_TEST

START_TEST (an_undo_with_nothing_to_bring_back_is_refused)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  check_ends (&world, id, TERN_PHASE_DONE);
  check_ends (&world, undo (&world, id, NULL), TERN_PHASE_DONE);
  ck_assert_uint_eq (undo (&world, id, &error), 0);
  ck_assert_int_eq (error->code, TERN_ERROR_REFUSED);
}
END_TEST

/* No start works while it drains; then the fault is mended. */
START_TEST (an_undo_starts_whom_the_drain_shut_down_and_could_not_start)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  guint64 id;

  prepare (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_START, TERN_SIM_FAULT_ERROR, 3);
  drain->actions = g_strsplit (WORLD_VM "=cold", ",", -1);
  id = order (&world, drain, NULL);
  check_ends (&world, id, TERN_PHASE_REMAINDER);
  ck_assert_ptr_null (find_guest (&world, 0));
  ck_assert_uint_eq (g_strv_length (fake_store_find_task (world.store, id)->drain->stopped), 1);
  check_ends (&world, undo (&world, id, NULL), TERN_PHASE_DONE);
  check_all_run_once (&world);
  ck_assert_uint_eq (count_on (&world, "anna"), N_GUESTS);
}
END_TEST

START_TEST (a_drain_goes_on_with_whom_the_last_one_could_not_start)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  guint64 id;

  prepare (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_START, TERN_SIM_FAULT_ERROR, 3);
  drain->actions = g_strsplit (WORLD_VM "=cold", ",", -1);
  id = order (&world, drain, NULL);
  check_ends (&world, id, TERN_PHASE_REMAINDER);
  check_ends (&world, drain_host (&world, "anna"), TERN_PHASE_DONE);
  check_all_run_once (&world);
  ck_assert_uint_eq (count_on (&world, "anna"), 0);
}
END_TEST

/* --- activate and origins --- */

START_TEST (a_drained_host_is_opened_and_gets_its_guests_back)
{
  g_auto (World) world;
  guint64 id, back;

  prepare (&world);
  id = drain_host (&world, "anna");
  check_ends (&world, id, TERN_PHASE_DONE);
  ck_assert_uint_eq (count_origins (&world), N_GUESTS);
  back = activate (&world, "anna", TRUE, NULL);
  ck_assert_uint_gt (back, id);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_RETURNING);
  check_ends (&world, back, TERN_PHASE_DONE);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_ACTIVE);
  ck_assert_uint_eq (count_on (&world, "anna"), N_GUESTS);
  ck_assert_uint_eq (count_origins (&world), 0);
  ck_assert_ptr_null (fake_store_find_origin (world.store, WORLD_VM));
}
END_TEST

START_TEST (a_return_is_planned_as_if_its_host_were_open_already)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  g_autoptr (TernDrainPlan) plan = NULL;

  prepare (&world);
  check_ends (&world, drain_host (&world, "anna"), TERN_PHASE_DONE);
  plan = tern_drainer_plan (world.drainer, drain, TRUE, NULL);
  ck_assert_uint_eq (tern_drain_plan_count (plan, TERN_ITEM_WAITING), N_GUESTS);
  ck_assert_uint_eq (plan->moves->len, N_GUESTS);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_MAINTENANCE);
}
END_TEST

static void
remove_vm (World *world, const char *host, const char *uuid)
{
  SimHost *home = tern_sim_find_host (world->sim, host);

  tern_sim_host_remove_domain (home, uuid);
  tern_sim_host_emit_vm (home, uuid);
  world_run (world, SECONDS (20));
}

START_TEST (who_finds_its_home_full_says_why_and_goes_back_later)
{
  g_auto (World) world;
  g_autoptr (GPtrArray) origins = NULL;
  guint64 back;

  prepare (&world);
  check_ends (&world, drain_host (&world, "anna"), TERN_PHASE_DONE);
  ck_assert_uint_eq (activate (&world, "anna", FALSE, NULL), 0);
  (void) world_add_vm (&world, LATE_VM, "late", "anna", TERN_VM_RUNNING, 26 * GIB);
  world_run (&world, SECONDS (2));
  back = activate (&world, "anna", TRUE, NULL);
  check_ends (&world, back, TERN_PHASE_REMAINDER);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_ACTIVE);
  check_all_run_once (&world);
  check_never_overcommitted (&world);
  origins = tern_drainer_get_origins (world.drainer, "anna");
  ck_assert_uint_eq (origins->len, N_GUESTS - count_on (&world, "anna"));
  ck_assert_uint_gt (origins->len, 0);
  for (guint i = 0; i < origins->len; i++)
    {
      const TernOrigin *origin = origins->pdata[i];

      ck_assert_ptr_nonnull (origin->status);
      ck_assert_int_gt (origin->tried_us, 0);
    }
  remove_vm (&world, "anna", LATE_VM);
  /* The host tells what is free when it is looked at again. */
  world_run (&world, SECONDS (30));
  back = activate (&world, "anna", TRUE, NULL);
  check_ends (&world, back, TERN_PHASE_DONE);
  ck_assert_uint_eq (count_on (&world, "anna"), N_GUESTS);
  ck_assert_uint_eq (count_origins (&world), 0);
}
END_TEST

START_TEST (a_return_leaves_alone_whom_a_person_moved_away_before_the_drain)
{
  g_auto (World) world;
  guint64 back;

  prepare (&world);
  ck_assert (world_order (&world, "bert"));
  world_run (&world, SECONDS (60));
  ck_assert_str_eq (find_guest (&world, 0), "bert");
  check_ends (&world, drain_host (&world, "anna"), TERN_PHASE_DONE);
  back = activate (&world, "anna", TRUE, NULL);
  check_ends (&world, back, TERN_PHASE_DONE);
  ck_assert_str_eq (find_guest (&world, 0), "bert");
  ck_assert_uint_eq (count_on (&world, "anna"), N_GUESTS - 1);
}
END_TEST

START_TEST (a_guest_that_was_moved_on_belongs_nowhere_after_a_restart_either)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  tern_sim_add_fault (world.sim, "db", TERN_SIM_COPY, TERN_SIM_FAULT_HANG, 1);
  id = drain_host (&world, "anna");
  for (guint i = 0; i < 600 && g_strcmp0 (find_guest (&world, 0), "anna") == 0; i++)
    world_run (&world, SECONDS (1) / 4);
  world_run (&world, SECONDS (5));
  ck_assert_int_eq (world_phase (&world, id), TERN_PHASE_DRAINING);
  ck_assert (world_order (&world, g_str_equal (find_guest (&world, 0), "bert") ? "carl" : "bert"));
  world_run (&world, SECONDS (30));
  ck_assert_ptr_null (fake_store_find_origin (world.store, WORLD_VM));
  world_kill_daemon (&world);
  world_start_daemon (&world);
  world_run (&world, SECONDS (5));
  ck_assert_int_eq (world_phase (&world, id), TERN_PHASE_DRAINING);
  ck_assert_ptr_null (tern_drainer_find_origin (world.drainer, WORLD_VM));
}
END_TEST

/* --- plans that are kept --- */

static void
seal (World *world)
{
  g_autoptr (GBytes) key = g_bytes_new_static ("0123456789abcdef0123456789abcdef", 32);

  tern_drainer_set_seal (world->drainer, "c1", key);
}

static guint64
apply (World *world, const char *document, GError **error)
{
  Answer answer = { FALSE };

  tern_drainer_apply_async (world->drainer, document, NULL, 7, on_ordered, &answer);
  return wait_for (world, &answer, error);
}

START_TEST (a_kept_plan_is_carried_out_as_it_was_shown_and_once)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  g_autoptr (TernDrainPlan) plan = NULL;
  g_autofree char *document = NULL, *back = NULL;
  g_autoptr (GError) error = NULL;
  guint64 id;

  prepare (&world);
  seal (&world);
  plan = tern_drainer_plan (world.drainer, drain, FALSE, NULL);
  document = tern_drainer_format_plan (world.drainer, drain, FALSE, NULL);
  id = apply (&world, document, NULL);
  check_ends (&world, id, TERN_PHASE_DONE);
  for (guint i = 0; i < N_GUESTS; i++)
    {
      g_autofree char *uuid = guest_uuid (i);

      for (guint j = 0; j < plan->moves->len; j++)
        {
          const TernDrainMove *move = plan->moves->pdata[j];

          if (g_str_equal (move->vm->uuid, uuid))
            ck_assert_str_eq (find_guest (&world, i), move->to);
        }
    }
  ck_assert_uint_eq (apply (&world, document, &error), 0);
  ck_assert_int_eq (error->code, TERN_ERROR_EXISTS);

  back = tern_drainer_format_plan (world.drainer, drain, TRUE, NULL);
  id = apply (&world, back, NULL);
  check_ends (&world, id, TERN_PHASE_DONE);
  ck_assert_uint_eq (count_on (&world, "anna"), N_GUESTS);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_ACTIVE);
}
END_TEST

START_TEST (a_kept_plan_whose_ground_has_changed_is_refused_and_nothing_is_begun)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  g_autofree char *document = NULL;
  g_autoptr (GError) error = NULL;

  prepare (&world);
  seal (&world);
  document = tern_drainer_format_plan (world.drainer, drain, FALSE, NULL);
  (void) world_add_vm (&world, LATE_VM, "late", "anna", TERN_VM_RUNNING, GIB);
  world_run (&world, SECONDS (1));
  ck_assert_uint_eq (apply (&world, document, &error), 0);
  ck_assert_ptr_nonnull (error);
  world_run (&world, SECONDS (60));
  ck_assert_uint_eq (count_on (&world, "anna"), N_GUESTS);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_ACTIVE);
}
END_TEST

/* --- opening --- */

START_TEST (opening_alone_brings_nobody_back_and_forgets_nobody)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  check_ends (&world, id, TERN_PHASE_DONE);
  ck_assert_uint_eq (activate (&world, "anna", FALSE, NULL), 0);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_ACTIVE);
  world_run (&world, SECONDS (60));
  ck_assert_uint_eq (count_on (&world, "anna"), 0);
  ck_assert_uint_eq (count_origins (&world), N_GUESTS);
}
END_TEST

START_TEST (a_host_that_is_being_drained_is_not_opened)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  ck_assert_uint_eq (activate (&world, "anna", TRUE, &error), 0);
  ck_assert_int_eq (error->code, TERN_ERROR_BUSY);
  ck_assert_ptr_nonnull (strstr (error->message, "task 1"));
  check_ends (&world, id, TERN_PHASE_DONE);
}
END_TEST

START_TEST (a_guest_that_a_person_moves_on_belongs_there_from_then_on)
{
  g_auto (World) world;
  const char *there;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  check_ends (&world, id, TERN_PHASE_DONE);
  there = find_guest (&world, 0);
  ck_assert (world_order (&world, g_str_equal (there, "bert") ? "carl" : "bert"));
  world_run (&world, SECONDS (60));
  ck_assert_str_ne (find_guest (&world, 0), there);
  ck_assert_uint_eq (count_origins (&world), N_GUESTS - 1);
  ck_assert_ptr_null (fake_store_find_origin (world.store, WORLD_VM));
}
END_TEST

START_TEST (a_guest_that_is_gone_for_good_has_no_origin)
{
  g_auto (World) world;
  SimHost *host;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  check_ends (&world, id, TERN_PHASE_DONE);
  host = tern_sim_find_host (world.sim, find_guest (&world, 0));
  tern_sim_host_remove_domain (host, WORLD_VM);
  tern_sim_host_emit_vm (host, WORLD_VM);
  world_run (&world, SECONDS (60));
  ck_assert_uint_eq (count_origins (&world), N_GUESTS - 1);
}
END_TEST

START_TEST (who_belongs_where_outlives_the_daemon)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  check_ends (&world, id, TERN_PHASE_DONE);
  world_kill_daemon (&world);
  world_start_daemon (&world);
  world_run (&world, SECONDS (30));
  ck_assert_uint_eq (count_origins (&world), N_GUESTS);
}
END_TEST

/* --- the store, and deaths --- */

START_TEST (an_order_that_cannot_be_stored_leaves_nothing_behind)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  g_autoptr (GError) error = NULL;

  prepare (&world);
  world.store->fail_first = world.store->n_writes + 1;
  world.store->fail_last = world.store->n_writes + 1;
  ck_assert_uint_eq (order (&world, drain, &error), 0);
  ck_assert_int_eq (error->code, TERN_ERROR_STORE);
  ck_assert_int_eq (duty_of (&world, "anna"), TERN_DUTY_ACTIVE);
  ck_assert_ptr_null (tern_drainer_find_by_host (world.drainer, "anna"));
  world_run (&world, SECONDS (60));
  ck_assert_uint_eq (count_on (&world, "anna"), N_GUESTS);
  ck_assert_uint_gt (drain_host (&world, "anna"), 0);
}
END_TEST

START_TEST (nothing_is_begun_before_the_host_could_be_closed)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  world.store->fail_others = TRUE;
  id = drain_host (&world, "anna");
  world_run (&world, SECONDS (60));
  ck_assert_int_eq (world_phase (&world, id), TERN_PHASE_DRAINING);
  ck_assert_uint_eq (count_on (&world, "anna"), N_GUESTS);
  ck_assert_uint_eq (world_count (&world, "migrate"), 0);
  world.store->fail_others = FALSE;
  check_ends (&world, id, TERN_PHASE_DONE);
}
END_TEST

START_TEST (while_the_store_refuses_nobody_further_is_begun_and_later_it_goes_on)
{
  g_auto (World) world;
  guint64 id;

  prepare (&world);
  id = drain_host (&world, "anna");
  world_run (&world, SECONDS (1));
  world.store->fail_first = world.store->n_writes + 1;
  world.store->fail_last = G_MAXUINT;
  world_run (&world, SECONDS (120));
  ck_assert_int_eq (world_phase (&world, id), TERN_PHASE_DRAINING);
  check_all_run_once (&world);
  world.store->fail_first = world.store->fail_last = 0;
  ck_assert (world_run_until_ended (&world, id, BOUND));
  check_all_run_once (&world);
}
END_TEST

/* How many writes of tasks a whole drain makes. */
static guint
count_writes (void)
{
  g_auto (World) world;
  guint before;
  guint64 id;

  prepare (&world);
  before = world.store->n_writes;
  id = drain_host (&world, "anna");
  check_ends (&world, id, TERN_PHASE_DONE);
  return world.store->n_writes - before;
}

static void
check_death_at (guint write, gboolean durable)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  g_autofree char *told = NULL;
  Answer *answer = g_new0 (Answer, 1);
  const TernTaskRecord *stored;

  prepare (&world);
  world.store->crash_at = world.store->n_writes + write;
  world.store->crash_durable = durable;
  tern_drainer_order_async (world.drainer, drain, NULL, 7, on_ordered, answer);
  world_run (&world, SECONDS (400));
  stored = fake_store_find_task (world.store, 1);
  told = world_tell (&world);
  ck_assert_uint_eq (world.deaths, 1);
  check_all_run_once (&world);
  check_never_overcommitted (&world);
  ck_assert_uint_le (world.max_running, 1);
  if (stored == NULL)
    ck_assert_int_eq (stored_duty_of (&world, "anna"), TERN_DUTY_ACTIVE);
  else
    {
      ck_assert_msg (tern_task_phase_is_final (stored->phase), "write %u: %s", write, told);
      ck_assert_msg ((stored->phase == TERN_PHASE_DONE)
                         == (stored_duty_of (&world, "anna") == TERN_DUTY_MAINTENANCE),
                     "write %u: %s and %s: %s", write, tern_task_phase_to_string (stored->phase),
                     tern_duty_to_string (stored_duty_of (&world, "anna")), told);
      ck_assert_msg (stored->phase == TERN_PHASE_DONE, "write %u: %s: %s", write, stored->verdict,
                     told);
      ck_assert_uint_eq (count_origins (&world), N_GUESTS);
    }
  g_clear_error (&answer->error);
  g_free (answer);
}

START_TEST (a_death_at_any_write_is_made_up_for)
{
  guint n = count_writes ();

  ck_assert_uint_gt (n, 20);
  for (guint write = 1; write <= n; write++)
    {
      check_death_at (write, FALSE);
      check_death_at (write, TRUE);
    }
}
END_TEST

/* A move that was being begun is not made again. */
static gboolean
has_tried (World *world)
{
  for (guint64 id = 2; id < 10; id++)
    {
      const TernTaskRecord *child = fake_store_find_task (world->store, id);

      if (child != NULL && child->phase == TERN_PHASE_FAILED && child->attempt > 0)
        return TRUE;
    }
  return FALSE;
}

/* Returns: how many writes it took */
static guint
make_room_with_death_at (guint write, gboolean durable)
{
  g_auto (World) world;
  const char *const hosts[] = { "anna", NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  Answer *answer = g_new0 (Answer, 1);
  const TernTaskRecord *stored;
  guint before;

  world_init (&world);
  set_memory (&world, "bert", 10 * GIB);
  set_memory (&world, "carl", 7 * GIB);
  add_guest (&world, 1, "large", "anna", 8000);
  add_guest (&world, 2, "some", "bert", 2000);
  add_guest (&world, 3, "less", "bert", 1000);
  world_run (&world, SECONDS (40));
  before = world.store->n_writes;
  world.store->crash_at = write > 0 ? before + write : 0;
  world.store->crash_durable = durable;
  tern_drainer_order_async (world.drainer, drain, NULL, 7, on_ordered, answer);
  world_run (&world, SECONDS (600));
  stored = fake_store_find_task (world.store, 1);
  check_all_run_once (&world);
  check_never_overcommitted (&world);
  if (stored != NULL)
    {
      g_autofree char *told = world_tell (&world);

      ck_assert (tern_task_phase_is_final (stored->phase));
      ck_assert_msg (stored->phase == TERN_PHASE_DONE || has_tried (&world), "write %u: %s: %s",
                     write, stored->verdict, told);
      ck_assert_int_eq (stored->phase == TERN_PHASE_DONE, count_on (&world, "anna") == 0);
    }
  g_clear_error (&answer->error);
  g_free (answer);
  return world.store->n_writes - before;
}

START_TEST (room_is_made_whenever_the_daemon_dies)
{
  guint n = make_room_with_death_at (0, FALSE);

  ck_assert_uint_gt (n, 10);
  for (guint write = 1; write <= n; write++)
    {
      (void) make_room_with_death_at (write, FALSE);
      (void) make_room_with_death_at (write, TRUE);
    }
}
END_TEST

TERN_CHECK_MAIN (
    "drainer", tcase_set_timeout (tcase, 300);
    tcase_add_test (tcase, a_host_is_drained_and_everybody_runs_elsewhere);
    tcase_add_test (tcase, its_children_know_their_parent_and_who_asked);
    tcase_add_test (tcase, it_is_stored_before_the_host_is_closed_and_before_anything_moves);
    tcase_add_test (tcase, nothing_is_placed_on_a_host_that_is_being_drained);
    tcase_add_test (tcase, an_arrival_in_line_goes_elsewhere_or_stays_when_its_turn_comes);
    tcase_add_test (tcase, a_host_that_is_being_drained_is_not_drained_twice);
    tcase_add_test (tcase, room_that_is_made_is_seen_and_used);
    tcase_add_test (tcase, a_guest_that_appears_in_mid_drain_goes_too);
    tcase_add_test (tcase, a_destination_that_dies_for_good_is_waited_for_with_a_word_and_then_not);
    tcase_add_test (tcase,
                    a_move_that_did_not_outlive_our_own_end_is_not_held_against_its_destination);
    tcase_add_test (tcase, when_another_host_is_lost_the_rest_goes_to_the_third);
    tcase_add_test (tcase,
                    a_guest_that_cannot_leave_is_left_with_its_reason_and_the_host_stays_closed);
    tcase_add_test (tcase, a_drained_host_that_reboots_in_mid_drain_is_waited_for);
    tcase_add_test (tcase, a_host_that_is_removed_in_mid_drain_leaves_no_open_task);
    tcase_add_test (tcase, two_drains_at_once_share_what_is_left);
    tcase_add_test (tcase, two_hosts_are_drained_by_one_task);
    tcase_add_test (tcase, of_two_hosts_the_empty_one_is_drained_and_the_other_is_not);
    tcase_add_test (tcase, a_guest_that_is_to_be_shut_down_is_asked_and_stays_defined);
    tcase_add_test (tcase, a_guest_that_starts_nowhere_else_is_started_where_it_was);
    tcase_add_test (tcase, a_definition_goes_to_a_host_that_is_full);
    tcase_add_test (tcase, a_deadline_takes_back_who_still_waits_in_line);
    tcase_add_test (tcase, what_was_shown_of_its_progress_never_falls);
    tcase_add_test (tcase, a_drained_host_that_was_not_seen_since_the_start_is_waited_for);
    tcase_add_test (tcase,
                    a_drained_host_that_stays_away_after_the_start_does_not_count_as_drained);
    tcase_add_test (tcase, a_cold_guest_is_shut_down_and_runs_elsewhere);
    tcase_add_test (tcase, a_cancel_leaves_no_cold_guest_down);
    tcase_add_test (tcase, an_abort_leaves_no_cold_guest_down);
    tcase_add_test (tcase, a_cancel_begins_nobody_and_opens_the_host);
    tcase_add_test (tcase, an_abort_ends_what_is_under_way);
    tcase_add_test (tcase, what_has_ended_is_not_cancelled);
    tcase_add_test (tcase, a_cancelled_drain_is_resumed_by_a_task_of_its_own);
    tcase_add_test (tcase, what_is_said_at_a_resume_counts_before_what_was_said_then);
    tcase_add_test (tcase, a_remainder_is_resumed_once_it_can_leave);
    tcase_add_test (tcase, an_undo_of_a_drain_that_is_over_brings_everybody_home);
    tcase_add_test (tcase, an_undo_in_mid_drain_waits_for_what_is_under_way_and_brings_it_home);
    tcase_add_test (tcase, an_undo_does_not_open_what_a_later_drain_closed);
    tcase_add_test (tcase, an_undo_opens_no_host_that_only_made_room);
    tcase_add_test (tcase, an_undo_is_given_once);
    tcase_add_test (tcase, an_undo_with_nothing_to_bring_back_is_refused);
    tcase_add_test (tcase, an_undo_starts_whom_the_drain_shut_down_and_could_not_start);
    tcase_add_test (tcase, a_drain_goes_on_with_whom_the_last_one_could_not_start);
    tcase_add_test (tcase, a_drained_host_is_opened_and_gets_its_guests_back);
    tcase_add_test (tcase, who_finds_its_home_full_says_why_and_goes_back_later);
    tcase_add_test (tcase, a_return_leaves_alone_whom_a_person_moved_away_before_the_drain);
    tcase_add_test (tcase, a_guest_that_was_moved_on_belongs_nowhere_after_a_restart_either);
    tcase_add_test (tcase, a_return_is_planned_as_if_its_host_were_open_already);
    tcase_add_test (tcase, a_kept_plan_is_carried_out_as_it_was_shown_and_once);
    tcase_add_test (tcase, a_kept_plan_whose_ground_has_changed_is_refused_and_nothing_is_begun);
    tcase_add_test (tcase, opening_alone_brings_nobody_back_and_forgets_nobody);
    tcase_add_test (tcase, a_host_that_is_being_drained_is_not_opened);
    tcase_add_test (tcase, a_guest_that_a_person_moves_on_belongs_there_from_then_on);
    tcase_add_test (tcase, a_guest_that_is_gone_for_good_has_no_origin);
    tcase_add_test (tcase, who_belongs_where_outlives_the_daemon);
    tcase_add_test (tcase, an_order_that_cannot_be_stored_leaves_nothing_behind);
    tcase_add_test (tcase, nothing_is_begun_before_the_host_could_be_closed);
    tcase_add_test (tcase, while_the_store_refuses_nobody_further_is_begun_and_later_it_goes_on);
    tcase_add_test (tcase, a_death_at_any_write_is_made_up_for);
    tcase_add_test (tcase, room_is_made_whenever_the_daemon_dies);)
