/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A VM is moved, and everything goes wrong: each fault of the hypervisor, a death of the
 * daemon at each write, a store that refuses each write, a cancel at each moment. Whatever
 * happens: the guest is not lost, does not run twice, is not stopped unasked; nothing
 * hangs; and what is told at the end is so.
 */
#include "config.h"

#include "base/error.h"
#include "base/names.h"
#include "drivers/sim-private.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define NO_FAULT TERN_SIM_N_FAULTS

/* Under valgrind a moment takes forty times as long: fewer moments are tried. */
static guint
stride (void)
{
  return g_getenv ("TERN_TEST_COARSE") != NULL ? 10 : 1;
}

/* One way for things to go wrong. */
typedef struct
{
  TernSimPhase when;
  TernSimFault fault;
  guint crash_at;
  gboolean crash_durable;
  guint fail_first;
  guint fail_last;
  gint64 store_delay_us;
  gint64 cancel_after_us; /* 0: nobody cancels */
} Trouble;

static char *
describe (World *world, const Trouble *trouble)
{
  g_autofree char *journal = world_tell (world);
  const TernTaskRecord *stored = fake_store_find_task (world->store, 1);

  return g_strdup_printf (
      "fault %d at %d, crash at write %u (%s), writes %u to %u refused, cancel at %d ms: "
      "anna %d, bert %d, stored %s (%s): %s",
      trouble->fault, trouble->when, trouble->crash_at, trouble->crash_durable ? "after" : "before",
      trouble->fail_first, trouble->fail_last, (int) (trouble->cancel_after_us / 1000),
      world_state_on (world, "anna"), world_state_on (world, "bert"),
      stored != NULL ? tern_task_phase_to_string (stored->phase) : "nothing",
      stored != NULL && stored->error != NULL ? stored->error : "", journal);
}

static void
demand (gboolean good, World *world, const Trouble *trouble, const char *what)
{
  g_autofree char *told = NULL;

  if (good)
    return;
  told = describe (world, trouble);
  ck_abort_msg ("not so: %s: %s", what, told);
}

static gboolean
is_alive (TernVmState state)
{
  return state != TERN_VM_N_STATES && tern_vm_state_is_active (state);
}

static void
check_order (World *world, const Trouble *trouble)
{
  for (guint i = 0; i < world->journal->len; i++)
    {
      const char *line = world->journal->pdata[i];

      if (g_str_has_prefix (line, "migrate"))
        demand (world_was_stored_before (world, i, "preparing"), world, trouble,
                "a call is stored before it is made");
      if (g_str_has_prefix (line, "resume") || g_str_has_prefix (line, "discard"))
        demand (world_was_stored_before (world, i, "repairing"), world, trouble,
                "a repair is stored before it is tried");
    }
  demand (world_count (world, "migrate") <= 1, world, trouble, "a move is tried once");
}

static void
check_told_is_so (World *world, const Trouble *trouble)
{
  const TernTaskRecord *stored = fake_store_find_task (world->store, 1);
  TernVmState anna = world_state_on (world, "anna"), bert = world_state_on (world, "bert");

  switch (stored->phase)
    {
    case TERN_PHASE_DONE:
      demand (is_alive (bert) && !is_alive (anna), world, trouble, "done means moved");
      demand (stored->progress == 100, world, trouble, "done is a hundred percent");
      break;
    case TERN_PHASE_FAILED:
    case TERN_PHASE_CANCELLED:
      demand (anna != TERN_VM_N_STATES && !is_alive (bert), world, trouble,
              "failed and cancelled mean still here");
      demand (anna != TERN_VM_PAUSED, world, trouble, "nobody is left standing still");
      demand (stored->progress < 100 && stored->error != NULL, world, trouble,
              "what did not work says why");
      break;
    default:
      demand (trouble->fault == TERN_SIM_FAULT_BOTH_RUN, world, trouble,
              "attention is asked for only when two run");
      demand (anna == TERN_VM_RUNNING && bert == TERN_VM_RUNNING, world, trouble,
              "of two copies neither is touched");
    }
}

static void
add_word (GString *words, const char **last, const char *word)
{
  if (g_strcmp0 (*last, word) != 0)
    g_string_append_printf (words, " %s", word);
  *last = word;
}

/* The phases of task 1 as they were stored, one after the other. */
static char *
join_stored_phases (World *world)
{
  GString *words = g_string_new (NULL);
  const char *last = NULL;

  for (guint i = 0; i < world->journal->len; i++)
    if (g_str_has_prefix (world->journal->pdata[i], "stored 1 "))
      add_word (words, &last, (char *) world->journal->pdata[i] + strlen ("stored 1 "));
  return g_string_free (words, FALSE);
}

static char *
join_traced_phases (const TernTrace *trace)
{
  GString *words = g_string_new (NULL);
  const char *last = NULL;

  for (guint i = 0; i < trace->phases->len; i++)
    add_word (words, &last, g_array_index (trace->phases, TernTracePhase, i).word);
  return g_string_free (words, FALSE);
}

/* Whatever the store refused, what is traced at the end was gone through. */
static void
check_trace (World *world, const Trouble *trouble)
{
  const TernTaskRecord *stored = fake_store_find_task (world->store, 1);
  const GArray *phases = stored->trace->phases;
  g_autofree char *seen = join_stored_phases (world);
  g_autofree char *traced = join_traced_phases (stored->trace);

  demand (trouble->fail_first > 0 || g_str_equal (traced, seen), world, trouble,
          "the trace has all phases, and in order");
  demand (g_array_index (phases, TernTracePhase, 0).at_us == stored->created_us
              && g_array_index (phases, TernTracePhase, phases->len - 1).at_us
                     == stored->finished_us,
          world, trouble, "the trace begins and ends with the task");
}

static gboolean
stops_a_host (const Trouble *trouble)
{
  return trouble->fault == TERN_SIM_FAULT_SOURCE_DIES
         || trouble->fault == TERN_SIM_FAULT_DESTINATION_DIES;
}

static void
check_guest (World *world, const Trouble *trouble)
{
  guint may_run = trouble->fault == TERN_SIM_FAULT_BOTH_RUN ? 2 : 1;

  demand (world->max_running <= may_run, world, trouble, "it never runs twice");
  demand (!world->fell, world, trouble, "the percentage never falls");
  if (!stops_a_host (trouble))
    demand (world_state_on (world, "anna") == TERN_VM_RUNNING
                || world_state_on (world, "bert") == TERN_VM_RUNNING,
            world, trouble, "it runs somewhere");
}

static void
prepare (World *world, const Trouble *trouble)
{
  world_init (world);
  if (trouble->fault != NO_FAULT)
    tern_sim_add_fault (world->sim, "web", trouble->when, trouble->fault, 1);
  world->store->crash_at = trouble->crash_at;
  world->store->crash_durable = trouble->crash_durable;
  world->store->fail_first = trouble->fail_first;
  world->store->fail_last = trouble->fail_last;
  world->store->delay_us = trouble->store_delay_us;
}

/* What a person does at last: plugs everything in again, and waits. */
static void
mend (World *world)
{
  static const char *const hosts[] = { "anna", "bert", "carl" };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    tern_sim_set_host_state (world->sim, hosts[i], TERN_SIM_HOST_UP);
  if (world_phase (world, 1) == TERN_PHASE_ATTENTION
      || (world_phase (world, 1) != TERN_N_PHASES
          && !tern_task_phase_is_final (world_phase (world, 1))))
    tern_sim_release (world->sim, "web");
}

static void
see_to_the_end (World *world, const Trouble *trouble)
{
  if (trouble->cancel_after_us > 0)
    {
      world_run (world, trouble->cancel_after_us);
      (void) world_cancel (world, 1);
    }
  (void) world_run_until_ended (world, 1, SECONDS (300));
  mend (world);
  (void) world_run_until_ended (world, 1, SECONDS (300));
  /* Out of attention, now that all hosts answer. */
  if (trouble->fault != TERN_SIM_FAULT_BOTH_RUN)
    for (guint i = 0; i < 1500 && world_phase (world, 1) == TERN_PHASE_ATTENTION; i++)
      world_run (world, SECONDS (1) / 5);
  demand (world_run_until_ended (world, 1, SECONDS (300)), world, trouble, "everything ends");
}

/* Returns: how the task ended; TERN_N_PHASES when the order was never taken. */
static TernTaskPhase
live_through (const Trouble *trouble, guint *out_writes, guint *out_deaths)
{
  g_auto (World) world;
  const TernTaskRecord *stored;

  prepare (&world, trouble);
  (void) world_order (&world, "bert");
  if (fake_store_find_task (world.store, 1) != NULL)
    {
      see_to_the_end (&world, trouble);
      check_told_is_so (&world, trouble);
      check_trace (&world, trouble);
    }
  else
    demand (world_count (&world, "migrate") == 0, &world, trouble,
            "what is not stored is not done");
  check_order (&world, trouble);
  check_guest (&world, trouble);

  if (out_writes != NULL)
    *out_writes = world.store->n_writes;
  if (out_deaths != NULL)
    *out_deaths = world.deaths;
  stored = fake_store_find_task (world.store, 1);
  return stored != NULL ? stored->phase : TERN_N_PHASES;
}

static gboolean
fault_fits (TernSimPhase when, TernSimFault fault)
{
  if (when >= TERN_SIM_START || fault > TERN_SIM_FAULT_LEFTOVER_PAUSED_SOURCE)
    return FALSE;
  return fault < TERN_SIM_FAULT_BOTH_RUN || when == TERN_SIM_FINISH;
}

typedef void (*TroubleFunc) (const Trouble *trouble);

static void
for_each_fault (TroubleFunc func)
{
  Trouble none = { .fault = NO_FAULT };

  func (&none);
  for (guint when = 0; when < TERN_SIM_N_PHASES; when++)
    for (guint fault = 0; fault < TERN_SIM_N_FAULTS; fault++)
      {
        Trouble trouble = { .when = when, .fault = fault };

        if (fault_fits (when, fault))
          func (&trouble);
      }
}

/* The plain ways */

START_TEST (a_vm_moves)
{
  Trouble none = { .fault = NO_FAULT };

  ck_assert_int_eq (live_through (&none, NULL, NULL), TERN_PHASE_DONE);
}
END_TEST

/* A transient VM has no definition to leave behind, a persistent one must not lose its own. */
START_TEST (a_vm_moves_as_what_its_source_says_it_is_now)
{
  for (gboolean persistent = FALSE; persistent <= TRUE; persistent++)
    {
      g_auto (World) world;
      SimDomain *domain;

      world_init (&world);
      domain = tern_sim_host_find_domain (tern_sim_find_host (world.sim, "anna"), WORLD_VM);
      tern_sim_domain_set_persistent (domain, !persistent);
      tern_sim_host_emit_vm (tern_sim_find_host (world.sim, "anna"), WORLD_VM);
      world_run (&world, SECONDS (1));
      /* Without an event. */
      tern_sim_domain_set_persistent (domain, persistent);
      ck_assert (world_order (&world, "bert"));
      ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));
      domain = tern_sim_host_find_domain (tern_sim_find_host (world.sim, "bert"), WORLD_VM);
      ck_assert_int_eq (domain->vm->persistent, persistent);
    }
}
END_TEST

START_TEST (what_is_recorded_of_a_move_was_measured)
{
  g_auto (World) world;
  const TernTaskRecord *stored;

  world_init (&world);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
  stored = fake_store_find_task (world.store, 1);
  ck_assert_int_gt (stored->downtime_us, 0);
  ck_assert_uint_ge (stored->memory_total, 1 << 30);
  ck_assert_uint_ge (stored->iteration, 1);
  ck_assert_uint_eq (stored->attempt, 1);
  ck_assert_int_ge (stored->started_us, stored->created_us);
  ck_assert_int_gt (stored->finished_us, stored->started_us);
  ck_assert_ptr_null (stored->error);
}
END_TEST

START_TEST (progress_never_falls_and_is_full_only_at_the_end)
{
  g_auto (World) world;
  int last = -1;

  world_init (&world);
  ck_assert (world_order (&world, "bert"));
  while (world_phase (&world, 1) != TERN_PHASE_DONE)
    {
      int progress = world_record (&world, 1)->progress;

      ck_assert_int_ge (progress, last);
      ck_assert_int_lt (progress, 100);
      last = progress;
      world_run (&world, 10 * 1000);
    }
  ck_assert_int_eq (world_record (&world, 1)->progress, 100);
}
END_TEST

START_TEST (while_a_vm_is_moved_it_is_not_moved_again)
{
  g_auto (World) world;

  world_init (&world);
  ck_assert (world_order (&world, "bert"));
  ck_assert (!world_order (&world, "carl"));
  ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
  ck_assert (world_order (&world, "carl"));
  ck_assert (world_run_until_ended (&world, 2, SECONDS (60)));
  ck_assert_int_eq (world_state_on (&world, "carl"), TERN_VM_RUNNING);
}
END_TEST

/* Else the next daemon would find two open tasks of one VM. */
START_TEST (an_end_that_could_not_be_written_is_written_with_the_next_order)
{
  g_auto (World) world;

  world_init (&world);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_COPYING, SECONDS (10)));
  world.store->fail_first = world.store->n_writes + 1;
  world.store->fail_last = G_MAXUINT;
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (10)));
  world.store->fail_last = 0;
  ck_assert_int_ne (fake_store_find_task (world.store, 1)->phase, TERN_PHASE_DONE);
  ck_assert (world_order (&world, "carl"));
  ck_assert_int_eq (fake_store_find_task (world.store, 1)->phase, TERN_PHASE_DONE);
  world_kill_daemon (&world);
  ck_assert (world_run_until_ended (&world, 2, SECONDS (60)));
  ck_assert_int_eq (fake_store_find_task (world.store, 1)->phase, TERN_PHASE_DONE);
}
END_TEST

/* Faults */

static TernTaskPhase
end_expected (const Trouble *trouble)
{
  switch (trouble->fault)
    {
    case TERN_SIM_FAULT_ERROR:
    case TERN_SIM_FAULT_REFUSED:
      return TERN_PHASE_FAILED;
    /* A copy that stands still is stopped; the others go on when they are let. */
    case TERN_SIM_FAULT_HANG:
      return trouble->when == TERN_SIM_COPY || trouble->when == TERN_SIM_SWITCH ? TERN_PHASE_FAILED
                                                                                : TERN_PHASE_DONE;
    case TERN_SIM_FAULT_BOTH_RUN:
      return TERN_PHASE_ATTENTION;
    case TERN_SIM_FAULT_SOURCE_DIES:
    case TERN_SIM_FAULT_DESTINATION_DIES:
      return TERN_N_PHASES; /* depends on how far it had come: the truth is checked anyway */
    default:
      return TERN_PHASE_DONE;
    }
}

static void
check_fault (const Trouble *trouble)
{
  TernTaskPhase expected = end_expected (trouble);
  TernTaskPhase ended = live_through (trouble, NULL, NULL);

  if (expected != TERN_N_PHASES)
    ck_assert_msg (ended == expected, "fault %d at %d: %s", trouble->fault, trouble->when,
                   tern_task_phase_to_string (ended));
}

START_TEST (every_fault_ends_in_the_truth) { for_each_fault (check_fault); }
END_TEST

/* Deaths of the daemon */

static void
check_deaths (const Trouble *trouble)
{
  guint deaths = 1;

  for (guint n = 1; deaths > 0; n += MAX (stride () / 3, 1))
    {
      Trouble before = *trouble, after = *trouble;

      before.crash_at = after.crash_at = n;
      after.crash_durable = TRUE;
      (void) live_through (&before, NULL, &deaths);
      (void) live_through (&after, NULL, NULL);
    }
}

START_TEST (a_death_at_any_write_of_any_fault_ends_in_the_truth) { for_each_fault (check_deaths); }
END_TEST

START_TEST (a_death_at_any_moment_ends_in_the_truth)
{
  Trouble trouble = { .fault = NO_FAULT };

  for (gint64 moment_us = 0; moment_us < SECONDS (4); moment_us += stride () * 10 * 1000)
    {
      g_auto (World) world;

      prepare (&world, &trouble);
      ck_assert (world_order (&world, "bert"));
      world_run (&world, moment_us);
      world_kill_daemon (&world);
      see_to_the_end (&world, &trouble);
      check_told_is_so (&world, &trouble);
      check_order (&world, &trouble);
      check_guest (&world, &trouble);
    }
}
END_TEST

START_TEST (a_daemon_that_dies_again_and_again_still_tells_the_truth)
{
  Trouble trouble = { .fault = NO_FAULT };

  for (gint64 pause_us = 20 * 1000; pause_us < SECONDS (1); pause_us += stride () * 70 * 1000)
    {
      g_auto (World) world;

      prepare (&world, &trouble);
      ck_assert (world_order (&world, "bert"));
      for (guint i = 0; i < 20; i++)
        {
          world_run (&world, pause_us);
          world_kill_daemon (&world);
        }
      see_to_the_end (&world, &trouble);
      check_told_is_so (&world, &trouble);
      check_order (&world, &trouble);
      check_guest (&world, &trouble);
    }
}
END_TEST

/* A store that refuses */

static void
check_refused_writes (const Trouble *trouble)
{
  guint writes = 2;

  for (guint n = 2; n <= writes && n < 40; n += MAX (stride () / 3, 1))
    {
      Trouble once = *trouble, many = *trouble;

      once.fail_first = once.fail_last = many.fail_first = n;
      many.fail_last = n + 10;
      (void) live_through (&once, &writes, NULL);
      (void) live_through (&many, NULL, NULL);
    }
}

START_TEST (a_store_that_refuses_any_write_does_not_change_the_truth)
{
  for_each_fault (check_refused_writes);
}
END_TEST

START_TEST (a_call_that_cannot_be_stored_is_not_made)
{
  g_auto (World) world;
  Trouble trouble = { .fault = NO_FAULT, .fail_first = 3, .fail_last = 1000 };

  prepare (&world, &trouble);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (60)));
  ck_assert_uint_eq (world_count (&world, "migrate"), 0);
  ck_assert_str_eq (world_record (&world, 1)->error_name, "Store");
  world.store->fail_last = 0;
  ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
}
END_TEST

/* Two writes of one phase would answer twice, and the second answer be taken for another's. */
START_TEST (what_is_being_written_is_not_written_again)
{
  for (gint64 delay_us = SECONDS (1); delay_us <= SECONDS (3); delay_us += 200 * 1000)
    {
      g_auto (World) world;
      Trouble trouble = { .fault = NO_FAULT, .fail_first = 4, .fail_last = 4 };

      prepare (&world, &trouble);
      ck_assert (world_order (&world, "bert"));
      world.store->delay_us = delay_us;
      ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
      world_run (&world, SECONDS (30));
      ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_DONE);
      for (guint i = 1; i < world.journal->len; i++)
        ck_assert_str_ne (world.journal->pdata[i - 1], world.journal->pdata[i]);
    }
}
END_TEST

static guint store_warnings;

static GLogWriterOutput
count_store_warnings (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  (void) level;
  (void) data;
  for (gsize i = 0; i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE_ID")
        && g_str_equal (fields[i].value, TERN_MSG_STORE_FAILED))
      store_warnings++;
  return G_LOG_WRITER_HANDLED;
}

START_TEST (a_store_that_refuses_for_hours_is_complained_of_once)
{
  g_auto (World) world;
  Trouble trouble = { .fault = NO_FAULT, .fail_first = 2, .fail_last = 100000 };

  g_log_set_writer_func (count_store_warnings, NULL, NULL);
  store_warnings = 0;
  prepare (&world, &trouble);
  ck_assert (world_order (&world, "bert"));
  world_run (&world, SECONDS (3600));
  ck_assert_uint_eq (store_warnings, 1);
}
END_TEST

/* A restart would find it waiting in line, and move it. */
START_TEST (the_end_of_a_waiting_task_is_not_told_before_it_is_stored)
{
  g_auto (World) world;
  Trouble trouble = { .fault = NO_FAULT, .fail_first = 2, .fail_last = 1000 };

  prepare (&world, &trouble);
  ck_assert (world_order (&world, "bert"));
  world_cancel (&world, 1);
  world_run (&world, SECONDS (60));
  ck_assert (!tern_task_phase_is_final (world_phase (&world, 1)));
  ck_assert_uint_eq (world_count (&world, "migrate"), 0);
  world.store->fail_last = 0;
  ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_CANCELLED);
  ck_assert_uint_eq (world_count (&world, "migrate"), 0);
}
END_TEST

/* The store has "checking", the daemon told "failed" and died: it must stay failed. */
START_TEST (what_was_told_to_have_failed_is_not_moved_after_a_restart)
{
  g_auto (World) world;
  Trouble trouble = { .fault = NO_FAULT, .fail_first = 3, .fail_last = 1000 };

  prepare (&world, &trouble);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (60)));
  world_kill_daemon (&world);
  world.store->fail_last = 0;
  world_start_daemon (&world);
  world_run (&world, SECONDS (60));
  ck_assert_uint_eq (world_count (&world, "migrate"), 0);
  ck_assert_int_eq (fake_store_find_task (world.store, 1)->phase, TERN_PHASE_FAILED);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);
}
END_TEST

static void
on_refused (GObject *source, GAsyncResult *result, gpointer data)
{
  GError **error = data;

  ck_assert_ptr_null (tern_migrator_start_finish (TERN_MIGRATOR (source), result, error));
}

/* What somebody was allowed to do is a move from there. */
START_TEST (a_vm_that_went_elsewhere_meanwhile_is_not_moved_from_there)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));
  tern_migrator_start_async (world.migrator, WORLD_VM, "anna", "carl", 0, on_refused, &error);
  world_run (&world, SECONDS (1));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_REFUSED));
  ck_assert_ptr_nonnull (strstr (error->message, "bert"));
  ck_assert_uint_eq (world_count (&world, "migrate"), 1);
}
END_TEST

START_TEST (an_order_that_cannot_be_stored_is_not_taken)
{
  g_auto (World) world;
  Trouble trouble = { .fault = NO_FAULT, .fail_first = 1, .fail_last = 1 };

  prepare (&world, &trouble);
  ck_assert (!world_order (&world, "bert"));
  world_run (&world, SECONDS (10));
  ck_assert_uint_eq (world_count (&world, "migrate"), 0);
  ck_assert (world_order (&world, "bert"));
}
END_TEST

/* Cancels */

static void
check_cancel (Trouble *trouble, guint *out_cancelled)
{
  TernTaskPhase ended = live_through (trouble, NULL, NULL);

  *out_cancelled += ended == TERN_PHASE_CANCELLED;
  if (trouble->fault == NO_FAULT)
    ck_assert_msg (ended == TERN_PHASE_CANCELLED || ended == TERN_PHASE_DONE, "at %d ms: %s",
                   (int) (trouble->cancel_after_us / 1000), tern_task_phase_to_string (ended));
}

START_TEST (a_cancel_at_any_moment_ends_in_the_truth)
{
  guint cancelled = 0;

  for (gint64 moment_us = 10 * 1000; moment_us < SECONDS (4); moment_us += stride () * 10 * 1000)
    {
      Trouble trouble = { .fault = NO_FAULT, .cancel_after_us = moment_us };

      check_cancel (&trouble, &cancelled);
      trouble.store_delay_us = 70 * 1000;
      check_cancel (&trouble, &cancelled);
    }
  ck_assert_uint_gt (cancelled, 100 / stride ());
}
END_TEST

static void
check_cancelled_fault (const Trouble *trouble)
{
  guint cancelled = 0;

  for (gint64 moment_us = 50 * 1000; moment_us < SECONDS (4); moment_us += stride () * 250 * 1000)
    {
      Trouble with_cancel = *trouble;

      with_cancel.cancel_after_us = moment_us;
      check_cancel (&with_cancel, &cancelled);
    }
}

START_TEST (a_cancel_of_any_fault_ends_in_the_truth) { for_each_fault (check_cancelled_fault); }
END_TEST

START_TEST (a_hung_copy_is_stopped_by_a_cancel)
{
  g_auto (World) world;
  Trouble trouble = { .when = TERN_SIM_COPY, .fault = TERN_SIM_FAULT_HANG };

  prepare (&world, &trouble);
  ck_assert (world_order (&world, "bert"));
  world_run (&world, SECONDS (30));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_COPYING);
  ck_assert (world_cancel (&world, 1));
  ck_assert (world_run_until_ended (&world, 1, SECONDS (30)));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_CANCELLED);
}
END_TEST

START_TEST (a_cancel_that_was_stored_and_not_carried_out_outlives_the_daemon)
{
  g_auto (World) world;
  Trouble trouble = { .when = TERN_SIM_COPY, .fault = TERN_SIM_FAULT_HANG };

  prepare (&world, &trouble);
  ck_assert (world_order (&world, "bert"));
  world_run (&world, SECONDS (2));
  world.store->crash_at = world.store->n_writes + 1;
  world.store->crash_durable = TRUE;
  ck_assert (world_cancel (&world, 1));
  ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
  ck_assert_uint_eq (world.deaths, 1);
  ck_assert_int_eq (fake_store_find_task (world.store, 1)->phase, TERN_PHASE_CANCELLED);
  ck_assert_uint_ge (world_count (&world, "abort anna"), 1);
}
END_TEST

/* Repairs */

static void
check_leftover (TernSimFault fault)
{
  g_auto (World) world;
  Trouble trouble = { .when = TERN_SIM_FINISH, .fault = fault };

  prepare (&world, &trouble);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_DONE);
  ck_assert_uint_eq (world_count (&world, "discard anna"), 1);
  ck_assert_uint_eq (world_count (&world, "resume"), 0);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_N_STATES);
}

START_TEST (what_a_move_left_on_its_source_is_removed)
{
  check_leftover (TERN_SIM_FAULT_LEFTOVER_SOURCE);
  check_leftover (TERN_SIM_FAULT_LEFTOVER_PAUSED_SOURCE);
}
END_TEST

/* As libvirt leaves it when the source's daemon is restarted between copy and start: the
 * destination gave up, and the source stands still. */
static void
hold_the_source (World *world)
{
  Trouble trouble = { .when = TERN_SIM_SWITCH, .fault = TERN_SIM_FAULT_ERROR };

  prepare (world, &trouble);
  ck_assert (world_order (world, "bert"));
  ck_assert (world_run_until (world, 1, TERN_PHASE_COPYING, SECONDS (10)));
  world_pass_dead (world, SECONDS (20));
  ck_assert_int_eq (world_state_on (world, "bert"), TERN_VM_N_STATES);
  tern_sim_set_vm_state (world->sim, "anna", "web", TERN_VM_PAUSED, TERN_REASON_MIGRATION);
}

START_TEST (a_source_that_is_held_is_resumed_when_the_destination_has_nothing)
{
  g_auto (World) world;
  Trouble trouble = { .fault = TERN_SIM_FAULT_ERROR };

  hold_the_source (&world);
  world_start_daemon (&world);
  ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
  check_told_is_so (&world, &trouble);
  check_order (&world, &trouble);
  check_guest (&world, &trouble);
  ck_assert_uint_eq (world_count (&world, "resume anna"), 1);
}
END_TEST

/* While the disk was full somebody started the guest elsewhere: what was decided before that is not
 * done any more. */
START_TEST (a_repair_that_waited_for_the_store_is_decided_anew)
{
  g_auto (World) world;
  SimDomain *web;

  world_init (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_SWITCH, TERN_SIM_FAULT_HELD_SOURCE, 1);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_VERIFYING, SECONDS (60)));
  world.store->fail_first = 1;
  world.store->fail_last = 100000;
  world_run (&world, SECONDS (10));
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_PAUSED);
  web = tern_sim_host_find_domain (tern_sim_find_host (world.sim, "anna"), WORLD_VM);
  tern_sim_domain_set_state (
      tern_sim_host_put_domain (tern_sim_find_host (world.sim, "bert"), web->vm, 0),
      TERN_VM_RUNNING, TERN_REASON_OTHER);
  world.store->fail_last = 0;
  ck_assert (world_run_until_ended (&world, 1, SECONDS (300)));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_ATTENTION);
  ck_assert_uint_eq (world_count (&world, "resume"), 0);
  ck_assert_uint_eq (world.max_running, 1);
}
END_TEST

/* A connection that broke says nothing of the move: what was seen afterwards does. */
START_TEST (a_move_whose_answer_was_lost_tells_where_the_vm_was_seen)
{
  g_auto (World) world;

  world_init (&world);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_COPYING, SECONDS (60)));
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_CUT);
  tern_sim_set_host_state (world.sim, "bert", TERN_SIM_HOST_DOWN);
  world_run (&world, SECONDS (60));
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
  tern_sim_set_host_state (world.sim, "bert", TERN_SIM_HOST_UP);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (600)));
  ck_assert_ptr_nonnull (
      strstr (world_record (&world, 1)->error, "web runs on anna, where it was"));
}
END_TEST

/* "operation failed" would leave everybody in the belief that it runs on where it was. */
START_TEST (a_vm_that_ends_while_it_is_moved_is_told_not_to_run)
{
  g_auto (World) world;

  world_init (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_COPY, TERN_SIM_FAULT_ERROR, 1);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_COPYING, SECONDS (60)));
  tern_sim_set_vm_state (world.sim, "anna", "web", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (600)));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "web does not run any more"));
}
END_TEST

START_TEST (a_source_that_is_held_stays_so_while_the_destination_is_silent)
{
  g_auto (World) world;
  Trouble trouble = { .fault = TERN_SIM_FAULT_ERROR };

  hold_the_source (&world);
  tern_sim_set_host_state (world.sim, "bert", TERN_SIM_HOST_CUT);
  world_start_daemon (&world);
  ck_assert (world_run_until_ended (&world, 1, SECONDS (600)));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_ATTENTION);
  ck_assert_uint_eq (world_count (&world, "resume"), 0);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_PAUSED);

  tern_sim_set_host_state (world.sim, "bert", TERN_SIM_HOST_UP);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (120)));
  ck_assert_uint_eq (world_count (&world, "resume anna"), 1);
  check_guest (&world, &trouble);
}
END_TEST

START_TEST (one_look_at_a_held_source_between_others_is_not_enough_to_resume_it)
{
  g_auto (World) world;

  hold_the_source (&world);
  tern_sim_set_host_state (world.sim, "bert", TERN_SIM_HOST_CUT);
  world_start_daemon (&world);
  world_run (&world, SECONDS (100));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_VERIFYING);
  tern_sim_set_host_state (world.sim, "bert", TERN_SIM_HOST_UP);
  for (guint i = 0; i < 1000 && strstr (world_record (&world, 1)->verdict, "is held") == NULL; i++)
    world_run (&world, 10 * 1000);
  tern_sim_set_vm_state (world.sim, "anna", "web", TERN_VM_RUNNING,
                         TERN_REASON_MIGRATION_CANCELLED);
  ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_FAILED);
  ck_assert_uint_eq (world_count (&world, "resume"), 0);
}
END_TEST

/* Hosts that come and go */

static void
check_host_away (TernSimHostState state, const char *host, gint64 away_us)
{
  Trouble trouble = { .fault = NO_FAULT };

  for (gint64 moment_us = 0; moment_us < SECONDS (4); moment_us += stride () * 150 * 1000)
    {
      g_auto (World) world;

      prepare (&world, &trouble);
      ck_assert (world_order (&world, "bert"));
      world_run (&world, moment_us);
      tern_sim_set_host_state (world.sim, host, state);
      world_run (&world, away_us);
      see_to_the_end (&world, &trouble);
      check_told_is_so (&world, &trouble);
      check_order (&world, &trouble);
      check_guest (&world, &trouble);
    }
}

START_TEST (a_host_that_is_away_for_a_while_does_not_change_the_truth)
{
  check_host_away (TERN_SIM_HOST_CUT, "anna", SECONDS (20));
  check_host_away (TERN_SIM_HOST_CUT, "bert", SECONDS (20));
  check_host_away (TERN_SIM_HOST_HANG, "anna", SECONDS (15));
  check_host_away (TERN_SIM_HOST_HANG, "bert", SECONDS (15));
}
END_TEST

START_TEST (a_host_that_is_away_for_long_is_waited_for_and_nothing_is_claimed)
{
  check_host_away (TERN_SIM_HOST_CUT, "anna", SECONDS (400));
  check_host_away (TERN_SIM_HOST_CUT, "bert", SECONDS (400));
}
END_TEST

/* Memory: the hosts have 32 GiB, and carl's VMs 20 GiB each. */

static void
add_large_vm (World *world, const char *uuid)
{
  TernVm *vm = tern_vm_new (uuid, uuid, "carl");

  vm->state = TERN_VM_RUNNING;
  vm->memory = G_GUINT64_CONSTANT (20) << 30;
  vm->persistent = TRUE;
  tern_sim_host_put_domain (tern_sim_find_host (world->sim, "carl"), vm, 0);
  tern_sim_host_emit_vm (tern_sim_find_host (world->sim, "carl"), uuid);
  tern_vm_unref (vm);
}

#define LARGE_1 "11111111-5a3f-4c7d-9e1b-2f3a4b5c6d7e"
#define LARGE_2 "22222222-5a3f-4c7d-9e1b-2f3a4b5c6d7e"

static void
on_large_started (GObject *source, GAsyncResult *result, gpointer data)
{
  guint *taken = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernTask) task = tern_migrator_start_finish (TERN_MIGRATOR (source), result, &error);

  if (task != NULL)
    ++*taken;
  else
    ck_assert_ptr_nonnull (strstr (error->message, "MiB short"));
}

static void
prepare_large_vms (World *world)
{
  world_init (world);
  /* So fast that a move fits between two looks at a host's memory. */
  tern_sim_find_host (world->sim, "bert")->link_bps <<= 6;
  tern_sim_find_host (world->sim, "carl")->link_bps <<= 6;
  add_large_vm (world, LARGE_1);
  add_large_vm (world, LARGE_2);
  world_run (world, SECONDS (1));
}

START_TEST (two_orders_at_once_are_not_promised_the_same_memory)
{
  g_auto (World) world;
  guint taken = 0;

  prepare_large_vms (&world);
  tern_migrator_start_async (world.migrator, LARGE_1, NULL, "bert", 0, on_large_started, &taken);
  tern_migrator_start_async (world.migrator, LARGE_2, NULL, "bert", 0, on_large_started, &taken);
  world_run (&world, SECONDS (1));
  ck_assert_uint_eq (taken, 1);
}
END_TEST

START_TEST (memory_that_was_just_filled_is_not_promised_again)
{
  g_auto (World) world;
  guint taken = 0;

  prepare_large_vms (&world);
  tern_migrator_start_async (world.migrator, LARGE_1, NULL, "bert", 0, on_large_started, &taken);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));
  tern_migrator_start_async (world.migrator, LARGE_2, NULL, "bert", 0, on_large_started, &taken);
  world_run (&world, SECONDS (1));
  ck_assert_uint_eq (taken, 1);

  world_run (&world, SECONDS (60));
  tern_sim_remove_vm (world.sim, "bert", LARGE_1);
  world_run (&world, SECONDS (60));
  tern_migrator_start_async (world.migrator, LARGE_2, NULL, "bert", 0, on_large_started, &taken);
  world_run (&world, SECONDS (1));
  ck_assert_uint_eq (taken, 2);
}
END_TEST

/* Attention */

START_TEST (two_copies_are_left_alone_and_the_vm_is_not_moved)
{
  g_auto (World) world;
  Trouble trouble = { .when = TERN_SIM_FINISH, .fault = TERN_SIM_FAULT_BOTH_RUN };

  prepare (&world, &trouble);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_ATTENTION);
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "RUNS TWICE"));
  ck_assert (!world_order (&world, "carl"));
  ck_assert_uint_eq (world_count (&world, "resume") + world_count (&world, "discard"), 0);
}
END_TEST

/* A libvirtd that was killed in the switchover forgets why it shut the guest off. */
START_TEST (a_definition_that_the_source_kept_is_removed_whatever_the_source_says_of_it)
{
  g_auto (World) world;
  Trouble trouble = { .when = TERN_SIM_FINISH, .fault = TERN_SIM_FAULT_LEFTOVER_SOURCE };

  prepare (&world, &trouble);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_VERIFYING, SECONDS (60)));
  tern_sim_set_vm_state (world.sim, "anna", "web", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_DONE);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_N_STATES);
  ck_assert_int_eq (world_state_on (&world, "bert"), TERN_VM_RUNNING);
}
END_TEST

START_TEST (removing_a_host_that_is_gone_settles_what_hung_on_it)
{
  g_auto (World) world;
  Trouble trouble = { .when = TERN_SIM_COPY, .fault = TERN_SIM_FAULT_DESTINATION_DIES };

  prepare (&world, &trouble);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (600)));
  ck_assert (!world_order (&world, "carl"));
  tern_inventory_remove_host_async (world.inventory, "bert", NULL, NULL);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (60)));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "bert was removed"));
  ck_assert (world_order (&world, "carl"));
}
END_TEST

/* The daemon died after the host was removed and before the task was told. */
START_TEST (a_task_that_hangs_on_a_host_that_is_gone_after_a_restart_is_settled)
{
  g_auto (World) world;
  Trouble trouble = { .when = TERN_SIM_COPY, .fault = TERN_SIM_FAULT_DESTINATION_DIES };

  prepare (&world, &trouble);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (600)));
  world_kill_daemon (&world);
  ck_assert_str_eq (((TernHostConfig *) world.store->hosts->pdata[1])->name, "bert");
  g_ptr_array_remove_index (world.store->hosts, 1);
  world_start_daemon (&world);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (600)));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "bert"));
  ck_assert (world_order (&world, "carl"));
}
END_TEST

START_TEST (when_a_person_stops_the_wrong_copy_the_task_sees_it)
{
  g_auto (World) world;
  Trouble trouble = { .when = TERN_SIM_FINISH, .fault = TERN_SIM_FAULT_BOTH_RUN };

  prepare (&world, &trouble);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_ATTENTION);
  tern_sim_set_vm_state (world.sim, "anna", "web", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));
  ck_assert (world_order (&world, "carl"));
}
END_TEST

TERN_CHECK_MAIN (
    "migration", tcase_set_timeout (tcase, 600); tcase_add_test (tcase, a_vm_moves);
    tcase_add_test (tcase, a_vm_moves_as_what_its_source_says_it_is_now);
    tcase_add_test (tcase, what_is_recorded_of_a_move_was_measured);
    tcase_add_test (tcase, progress_never_falls_and_is_full_only_at_the_end);
    tcase_add_test (tcase, while_a_vm_is_moved_it_is_not_moved_again);
    tcase_add_test (tcase, an_end_that_could_not_be_written_is_written_with_the_next_order);
    tcase_add_test (tcase, every_fault_ends_in_the_truth);
    tcase_add_test (tcase, a_death_at_any_write_of_any_fault_ends_in_the_truth);
    tcase_add_test (tcase, a_death_at_any_moment_ends_in_the_truth);
    tcase_add_test (tcase, a_daemon_that_dies_again_and_again_still_tells_the_truth);
    tcase_add_test (tcase, a_store_that_refuses_any_write_does_not_change_the_truth);
    tcase_add_test (tcase, a_call_that_cannot_be_stored_is_not_made);
    tcase_add_test (tcase, what_is_being_written_is_not_written_again);
    tcase_add_test (tcase, a_store_that_refuses_for_hours_is_complained_of_once);
    tcase_add_test (tcase, the_end_of_a_waiting_task_is_not_told_before_it_is_stored);
    tcase_add_test (tcase, what_was_told_to_have_failed_is_not_moved_after_a_restart);
    tcase_add_test (tcase, a_vm_that_went_elsewhere_meanwhile_is_not_moved_from_there);
    tcase_add_test (tcase, an_order_that_cannot_be_stored_is_not_taken);
    tcase_add_test (tcase, a_cancel_at_any_moment_ends_in_the_truth);
    tcase_add_test (tcase, a_cancel_of_any_fault_ends_in_the_truth);
    tcase_add_test (tcase, a_hung_copy_is_stopped_by_a_cancel);
    tcase_add_test (tcase, a_cancel_that_was_stored_and_not_carried_out_outlives_the_daemon);
    tcase_add_test (tcase, what_a_move_left_on_its_source_is_removed);
    tcase_add_test (tcase, a_source_that_is_held_is_resumed_when_the_destination_has_nothing);
    tcase_add_test (tcase, a_repair_that_waited_for_the_store_is_decided_anew);
    tcase_add_test (tcase, a_move_whose_answer_was_lost_tells_where_the_vm_was_seen);
    tcase_add_test (tcase, a_vm_that_ends_while_it_is_moved_is_told_not_to_run);
    tcase_add_test (tcase, a_source_that_is_held_stays_so_while_the_destination_is_silent);
    tcase_add_test (tcase, one_look_at_a_held_source_between_others_is_not_enough_to_resume_it);
    tcase_add_test (tcase, a_host_that_is_away_for_a_while_does_not_change_the_truth);
    tcase_add_test (tcase, a_host_that_is_away_for_long_is_waited_for_and_nothing_is_claimed);
    tcase_add_test (tcase, two_orders_at_once_are_not_promised_the_same_memory);
    tcase_add_test (tcase, memory_that_was_just_filled_is_not_promised_again);
    tcase_add_test (tcase, two_copies_are_left_alone_and_the_vm_is_not_moved);
    tcase_add_test (tcase,
                    a_definition_that_the_source_kept_is_removed_whatever_the_source_says_of_it);
    tcase_add_test (tcase, removing_a_host_that_is_gone_settles_what_hung_on_it);
    tcase_add_test (tcase, a_task_that_hangs_on_a_host_that_is_gone_after_a_restart_is_settled);
    tcase_add_test (tcase, when_a_person_stops_the_wrong_copy_the_task_sees_it);)
