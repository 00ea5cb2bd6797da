/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A VM is started, where it is defined or elsewhere, and everything goes wrong. Whatever happens:
 * it never runs twice, no definition is lost, nothing is done that was not stored before, and
 * what is told at the end is so.
 */
#include "config.h"

#include "base/error.h"
#include "plan/truth.h"
#include "spy-hypervisor.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define NO_FAULT TERN_SIM_N_FAULTS

static guint
stride (void)
{
  return g_getenv ("TERN_TEST_COARSE") != NULL ? 10 : 1;
}

typedef struct
{
  const char *destination; /* anna: where it is defined */
  TernSimPhase when;
  TernSimFault fault;
  guint crash_at;
  gboolean crash_durable;
  guint fail_first;
  guint fail_last;
  gint64 cancel_after_us; /* 0: nobody cancels */
  const char *host;       /* that goes away */
  TernSimHostState state;
  gint64 away_after_us;
  gint64 away_us;
} Trouble;

static void
demand (gboolean good, World *world, const Trouble *trouble, const char *what)
{
  g_autofree char *journal = NULL;
  const TernTaskRecord *stored;

  if (good)
    return;
  journal = world_tell (world);
  stored = fake_store_find_task (world->store, 1);
  ck_abort_msg ("not so: %s: to %s, fault %d at %d, crash at %u (%s), writes %u to %u refused, "
                "cancel at %d ms, %s away at %d ms: anna %d, bert %d, stored %s (%s): %s",
                what, trouble->destination, trouble->fault, trouble->when, trouble->crash_at,
                trouble->crash_durable ? "after" : "before", trouble->fail_first,
                trouble->fail_last, (int) (trouble->cancel_after_us / 1000),
                trouble->host != NULL ? trouble->host : "nobody",
                (int) (trouble->away_after_us / 1000), world_state_on (world, "anna"),
                world_state_on (world, "bert"),
                stored != NULL ? tern_task_phase_to_string (stored->phase) : "nothing",
                stored != NULL && stored->error != NULL ? stored->error : "", journal);
}

static void
prepare (World *world, const Trouble *trouble)
{
  world_init (world);
  tern_sim_set_vm_state (world->sim, "anna", "web", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  world_run (world, SECONDS (1));
  if (trouble->fault != NO_FAULT)
    tern_sim_add_fault (world->sim, "web", trouble->when, trouble->fault, 1);
  world->max_running = 0;
  world->store->crash_at = trouble->crash_at;
  world->store->crash_durable = trouble->crash_durable;
  world->store->fail_first = trouble->fail_first;
  world->store->fail_last = trouble->fail_last;
}

static void
check_order (World *world, const Trouble *trouble)
{
  for (guint i = 0; i < world->journal->len; i++)
    {
      const char *line = world->journal->pdata[i];

      if (g_str_has_prefix (line, "start "))
        demand (world_was_stored_before (world, i, "starting"), world, trouble,
                "a start is stored before it is made");
      if (g_str_has_prefix (line, "define ") || g_str_has_prefix (line, "discard "))
        demand (world_was_stored_before (world, i, "defining"), world, trouble,
                "a change of a definition is stored before it is made");
    }
  demand (world_count (world, "start ") <= 1, world, trouble, "a start is tried once");
  demand (world_count (world, "define ") <= 1, world, trouble, "it is defined once");
}

static gboolean
runs_on (World *world, const char *host)
{
  return world_state_on (world, host) == TERN_VM_RUNNING;
}

static gboolean
is_on (World *world, const char *host)
{
  return world_state_on (world, host) != TERN_VM_N_STATES;
}

static void
check_told_is_so (World *world, const Trouble *trouble)
{
  const TernTaskRecord *stored = fake_store_find_task (world->store, 1);
  gboolean runs = runs_on (world, "anna") || runs_on (world, "bert");

  switch (stored->phase)
    {
    case TERN_PHASE_DONE:
      demand (runs_on (world, trouble->destination), world, trouble, "done means that it runs");
      demand (is_on (world, "anna") != is_on (world, "bert"), world, trouble,
              "done leaves one definition");
      demand (stored->progress == 100 && stored->error == NULL, world, trouble, "done is done");
      break;
    case TERN_PHASE_FAILED:
    case TERN_PHASE_CANCELLED:
      demand (!runs, world, trouble, "failed and cancelled mean that it does not run");
      demand (stored->error != NULL && stored->progress < 100, world, trouble,
              "what did not work says why");
      if (is_on (world, "anna") && is_on (world, "bert"))
        demand (strstr (stored->error, "virsh undefine") != NULL, world, trouble,
                "two definitions are told of, and how to mend it");
      break;
    default:
      demand (FALSE, world, trouble, "no start of one VM needs a person when all hosts answer");
    }
}

static void
see_to_the_end (World *world, const Trouble *trouble)
{
  if (trouble->cancel_after_us > 0)
    {
      world_run (world, trouble->cancel_after_us);
      (void) world_cancel (world, 1);
    }
  if (trouble->host != NULL)
    {
      world_run (world, trouble->away_after_us);
      tern_sim_set_host_state (world->sim, trouble->host, trouble->state);
      world_run (world, trouble->away_us);
      tern_sim_set_host_state (world->sim, trouble->host, TERN_SIM_HOST_UP);
    }
  (void) world_run_until_ended (world, 1, SECONDS (300));
  /* The only start that may need a person: its host still works on it, or so it seems. */
  if (trouble->fault == TERN_SIM_FAULT_HANG && world_phase (world, 1) == TERN_PHASE_ATTENTION)
    {
      demand (!runs_on (world, trouble->destination), world, trouble,
              "what runs needs no attention");
      tern_sim_release (world->sim, "web");
    }
  for (guint i = 0; i < 1500 && world_phase (world, 1) == TERN_PHASE_ATTENTION; i++)
    world_run (world, SECONDS (1) / 5);
  demand (world_run_until_ended (world, 1, SECONDS (300)), world, trouble, "everything ends");
}

static TernTaskPhase
live_through (const Trouble *trouble, guint *out_writes, guint *out_deaths)
{
  g_auto (World) world;
  const TernTaskRecord *stored;

  prepare (&world, trouble);
  (void) world_order_start (&world, trouble->destination, NULL);
  if (fake_store_find_task (world.store, 1) != NULL)
    {
      see_to_the_end (&world, trouble);
      check_told_is_so (&world, trouble);
    }
  else
    demand (world_count (&world, "start ") + world_count (&world, "define ") == 0, &world, trouble,
            "what is not stored is not done");
  check_order (&world, trouble);
  demand (world.max_running <= 1, &world, trouble, "it never runs twice");
  demand (is_on (&world, "anna") || is_on (&world, "bert"), &world, trouble,
          "a definition is never lost");

  if (out_writes != NULL)
    *out_writes = world.store->n_writes;
  if (out_deaths != NULL)
    *out_deaths = world.deaths;
  stored = fake_store_find_task (world.store, 1);
  return stored != NULL ? stored->phase : TERN_N_PHASES;
}

typedef void (*TroubleFunc) (const Trouble *trouble);

/* A start knows fewer faults; hosts that die are hosts that go away here. */
static gboolean
fault_fits (TernSimPhase when, TernSimFault fault)
{
  if (fault != TERN_SIM_FAULT_ERROR && fault != TERN_SIM_FAULT_HANG
      && fault != TERN_SIM_FAULT_LOSE_CONNECTION)
    return FALSE;
  /* What hangs on its way is given up, and may be carried out late: a test of its own. */
  return fault != TERN_SIM_FAULT_HANG || when == TERN_SIM_START;
}

static void
for_each_fault (TroubleFunc func)
{
  static const char *const destinations[] = { "anna", "bert" };

  for (guint i = 0; i < G_N_ELEMENTS (destinations); i++)
    {
      Trouble none = { .destination = destinations[i], .fault = NO_FAULT };

      func (&none);
      for (guint when = 0; when < TERN_SIM_N_PHASES; when++)
        for (guint fault = 0; fault < TERN_SIM_N_FAULTS; fault++)
          {
            Trouble trouble = none;

            trouble.when = when;
            trouble.fault = fault;
            if (fault_fits (when, fault))
              func (&trouble);
          }
    }
}

START_TEST (a_vm_is_started_where_it_is_defined)
{
  Trouble none = { .destination = "anna", .fault = NO_FAULT };
  g_auto (World) world;

  prepare (&world, &none);
  ck_assert (world_order_start (&world, "anna", NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (30)));
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);
  ck_assert_uint_eq (world_count (&world, "define "), 0);
  ck_assert_uint_eq (world_count (&world, "start anna"), 1);
  ck_assert_str_eq (world_record (&world, 1)->kind, "start");
}
END_TEST

START_TEST (a_vm_is_started_elsewhere_and_its_definition_goes_along)
{
  Trouble none = { .destination = "bert", .fault = NO_FAULT };
  g_auto (World) world;

  prepare (&world, &none);
  ck_assert (world_order_start (&world, "bert", NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (30)));
  ck_assert_int_eq (world_state_on (&world, "bert"), TERN_VM_RUNNING);
  ck_assert (!is_on (&world, "anna"));
  ck_assert_uint_eq (world_count (&world, "define anna"), 1);
  ck_assert_uint_eq (world_count (&world, "discard anna"), 1);
}
END_TEST

START_TEST (a_host_is_chosen_when_none_is_named)
{
  Trouble none = { .destination = "bert", .fault = NO_FAULT };
  g_auto (World) world;

  prepare (&world, &none);
  ck_assert (world_order_start (&world, NULL, NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (30)));
  ck_assert_uint_eq (world.max_running, 1);
}
END_TEST

static void
check_fault (const Trouble *trouble)
{
  TernTaskPhase ended = live_through (trouble, NULL, NULL);

  if (trouble->fault == NO_FAULT)
    ck_assert_int_eq (ended, TERN_PHASE_DONE);
  if (trouble->fault == TERN_SIM_FAULT_ERROR
      && (trouble->when == TERN_SIM_START
          || (trouble->when == TERN_SIM_PREPARE && g_str_equal (trouble->destination, "bert"))))
    ck_assert_int_eq (ended, TERN_PHASE_FAILED);
}

START_TEST (every_fault_ends_in_the_truth) { for_each_fault (check_fault); }
END_TEST

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

static void
check_refused_writes (const Trouble *trouble)
{
  guint writes = 2;

  for (guint n = 1; n <= writes && n < 40; n += MAX (stride () / 3, 1))
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

static void
check_cancels (const Trouble *trouble)
{
  for (gint64 moment_us = 10 * 1000; moment_us < SECONDS (2); moment_us += stride () * 10 * 1000)
    {
      Trouble with_cancel = *trouble;

      with_cancel.cancel_after_us = moment_us;
      (void) live_through (&with_cancel, NULL, NULL);
    }
}

START_TEST (a_cancel_at_any_moment_of_any_fault_ends_in_the_truth)
{
  for_each_fault (check_cancels);
}
END_TEST

START_TEST (a_host_that_is_away_does_not_change_the_truth)
{
  static const char *const hosts[] = { "anna", "bert", "carl" };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    for (gint64 moment_us = 0; moment_us < SECONDS (2); moment_us += stride () * 20 * 1000)
      {
        Trouble cut = { .destination = "bert",
                        .fault = NO_FAULT,
                        .host = hosts[i],
                        .state = TERN_SIM_HOST_CUT,
                        .away_after_us = moment_us,
                        .away_us = SECONDS (20) };
        Trouble hung = cut, long_cut = cut;

        hung.state = TERN_SIM_HOST_HANG;
        hung.away_us = SECONDS (15);
        long_cut.away_us = SECONDS (400);
        (void) live_through (&cut, NULL, NULL);
        (void) live_through (&hung, NULL, NULL);
        (void) live_through (&long_cut, NULL, NULL);
      }
}
END_TEST

/* The host got the call and carries it out when nobody waits for its answer any more. */
START_TEST (a_start_that_takes_long_is_waited_for_and_seen)
{
  Trouble hang = { .destination = "anna", .when = TERN_SIM_START, .fault = TERN_SIM_FAULT_HANG };
  g_auto (World) world;

  prepare (&world, &hang);
  ck_assert (world_order_start (&world, "anna", NULL));
  world_run (&world, SECONDS (25));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_VERIFYING);
  tern_sim_release (world.sim, "web");
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (30)));
  ck_assert_uint_eq (world_count (&world, "start "), 1);
}
END_TEST

static void
begin_start_that_hangs (World *world, const char *destination, guint seconds)
{
  Trouble none = { .destination = destination, .fault = NO_FAULT };
  g_autofree char *fault = g_strdup_printf (
      "{\"virtern-snapshot\": 1, \"faults\": [{\"vm\": \"web\", \"phase\": \"start\", "
      "\"fault\": \"hang\", \"seconds\": %u}]}",
      seconds);

  prepare (world, &none);
  ck_assert (tern_sim_load_data (world->sim, fault, -1, "fault", NULL));
  ck_assert (world_order_start (world, destination, NULL));
}

/* It may begin at any moment: not before it is known that it will not, it is told to have failed.
 */
static void
watch_start_that_hangs (World *world, guint seconds)
{
  for (guint i = 0; i < seconds; i++)
    {
      world_run (world, SECONDS (1));
      ck_assert_msg (world_phase (world, 1) != TERN_PHASE_FAILED, "after %u s: %s", i,
                     world_record (world, 1)->error);
    }
}

START_TEST (a_start_that_takes_longer_than_its_answer_is_waited_for_is_seen_and_done)
{
  static const char *const destinations[] = { "anna", "bert" };

  for (guint i = 0; i < G_N_ELEMENTS (destinations); i++)
    {
      g_auto (World) world;

      begin_start_that_hangs (&world, destinations[i], 100);
      watch_start_that_hangs (&world, 98);
      ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_VERIFYING);
      ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (20)));
      ck_assert (runs_on (&world, destinations[i]));
      ck_assert_ptr_null (world_record (&world, 1)->error);
      ck_assert_uint_eq (world_count (&world, "start "), 1);
    }
}
END_TEST

START_TEST (a_start_that_never_answers_needs_attention_and_is_done_when_it_is_seen)
{
  g_auto (World) world;
  const char *told;

  begin_start_that_hangs (&world, "bert", 1000);
  watch_start_that_hangs (&world, 300);
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_ATTENTION);
  told = world_record (&world, 1)->error;
  ck_assert_ptr_nonnull (
      strstr (told, "bert was told to start web, and has not said what came of"));
  ck_assert_ptr_nonnull (strstr (told, "does not run there now"));
  ck_assert_ptr_nonnull (strstr (told, "may still begin to"));
  ck_assert_ptr_nonnull (strstr (told, "virsh"));
  ck_assert_ptr_null (strstr (told, "was not started"));
  watch_start_that_hangs (&world, 650);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));
  ck_assert (runs_on (&world, "bert"));
  ck_assert_ptr_null (world_record (&world, 1)->error);
  ck_assert_uint_eq (world_count (&world, "start "), 1);
}
END_TEST

START_TEST (a_start_that_never_answers_is_done_when_a_person_starts_the_vm)
{
  g_auto (World) world;

  begin_start_that_hangs (&world, "anna", 1000);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (300)));
  tern_sim_set_vm_state (world.sim, "anna", "web", TERN_VM_RUNNING, TERN_REASON_OTHER);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (10)));
}
END_TEST

/* With its libvirtd the call ended: what is seen then for long enough is the end of it. */
static void
check_host_returns (gint64 before_us, gint64 away_us)
{
  g_auto (World) world;

  begin_start_that_hangs (&world, "bert", 1000);
  world_run (&world, before_us);
  ck_assert_int_ne (world_phase (&world, 1), TERN_PHASE_FAILED);
  tern_sim_set_host_state (world.sim, "bert", TERN_SIM_HOST_DOWN);
  world_run (&world, away_us);
  ck_assert_int_ne (world_phase (&world, 1), TERN_PHASE_FAILED);
  tern_sim_set_host_state (world.sim, "bert", TERN_SIM_HOST_UP);
  /* Not before it was looked at for as long as after any lost answer. */
  watch_start_that_hangs (&world, 29);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (90)));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "was not started"));
  world_run (&world, SECONDS (1100));
  ck_assert_uint_eq (world.max_running, 0);
}

START_TEST (a_start_that_never_answered_ends_when_its_host_was_lost_and_is_back)
{
  check_host_returns (SECONDS (40), SECONDS (20));
  /* Between two looks: none of them shows that it was away. */
  check_host_returns (SECONDS (100), SECONDS (1) / 10);
  check_host_returns (SECONDS (300), SECONDS (20));
}
END_TEST

START_TEST (a_definition_that_hangs_on_its_way_is_given_up_and_nothing_is_started)
{
  Trouble hang = { .destination = "bert", .when = TERN_SIM_PREPARE, .fault = TERN_SIM_FAULT_HANG };
  g_auto (World) world;

  prepare (&world, &hang);
  ck_assert (world_order_start (&world, "bert", NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (400)));
  ck_assert_uint_eq (world_count (&world, "start "), 0);
  /* It arrives late: nobody goes on with it. */
  tern_sim_release (world.sim, "web");
  world_run (&world, SECONDS (60));
  ck_assert_uint_eq (world_count (&world, "start ") + world_count (&world, "discard "), 0);
  ck_assert_uint_eq (world.max_running, 0);
}
END_TEST

START_TEST (while_the_old_definition_stays_nothing_is_started_and_the_end_says_how_to_mend_it)
{
  Trouble none = { .destination = "bert", .fault = NO_FAULT };
  g_auto (World) world;
  const TernTaskRecord *record;

  prepare (&world, &none);
  spy_hypervisor_refuse_discards (TRUE);
  ck_assert (world_order_start (&world, "bert", NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (60)));
  spy_hypervisor_refuse_discards (FALSE);
  record = world_record (&world, 1);
  ck_assert_ptr_nonnull (strstr (record->error, "virsh undefine"));
  ck_assert_ptr_nonnull (strstr (record->error, "it is in use"));
  ck_assert_uint_eq (world_count (&world, "start "), 0);
  ck_assert_uint_le (world_count (&world, "discard "), TERN_VERIFY_MAX_REPAIRS);
  ck_assert (is_on (&world, "anna") && is_on (&world, "bert"));
}
END_TEST

/* What must not be started */

static void
check_not_begun (World *world, const char *destination, const char *why)
{
  g_autoptr (GError) error = NULL;
  const char *told;

  if (world_order_start (world, destination, &error))
    {
      ck_assert (world_run_until (world, 1, TERN_PHASE_FAILED, SECONDS (60)));
      told = world_record (world, 1)->error;
    }
  else
    told = error->message;
  ck_assert_msg (strstr (told, why) != NULL, "%s is not in: %s", why, told);
  ck_assert_uint_eq (world_count (world, "start ") + world_count (world, "define "), 0);
}

START_TEST (a_vm_that_runs_on_a_third_host_is_not_started)
{
  Trouble none = { .destination = "bert", .fault = NO_FAULT };
  g_auto (World) world;
  SimHost *carl;
  SimDomain *web;

  prepare (&world, &none);
  carl = tern_sim_find_host (world.sim, "carl");
  web = tern_sim_host_find_domain (tern_sim_find_host (world.sim, "anna"), WORLD_VM);
  /* Nobody was told: only a fresh look shows it. */
  tern_sim_domain_set_state (tern_sim_host_put_domain (carl, web->vm, 0), TERN_VM_RUNNING,
                             TERN_REASON_OTHER);
  check_not_begun (&world, "bert", "carl");
}
END_TEST

START_TEST (a_silent_host_that_last_showed_the_vm_keeps_it_from_being_started)
{
  Trouble none = { .destination = "bert", .fault = NO_FAULT };
  g_auto (World) world;
  SimHost *carl;
  SimDomain *web;

  prepare (&world, &none);
  carl = tern_sim_find_host (world.sim, "carl");
  web = tern_sim_host_find_domain (tern_sim_find_host (world.sim, "anna"), WORLD_VM);
  (void) tern_sim_host_put_domain (carl, web->vm, 0);
  tern_sim_host_emit_vm (carl, WORLD_VM);
  world_run (&world, SECONDS (1));
  tern_sim_set_host_state (world.sim, "carl", TERN_SIM_HOST_CUT);
  world_run (&world, SECONDS (1));
  check_not_begun (&world, "bert", "carl");
}
END_TEST

/* A daemon that was restarted has seen nothing of it yet. */
START_TEST (a_start_in_line_waits_until_every_host_had_time_to_show_its_vms)
{
  Trouble none = { .destination = "bert", .fault = NO_FAULT };
  g_auto (World) world;
  SimDomain *web;

  prepare (&world, &none);
  world.store->crash_at = world.store->n_writes + 1;
  world.store->crash_durable = TRUE;
  (void) world_order_start (&world, "bert", NULL);
  world_kill_daemon (&world);
  web = tern_sim_host_find_domain (tern_sim_find_host (world.sim, "anna"), WORLD_VM);
  (void) tern_sim_host_put_domain (tern_sim_find_host (world.sim, "carl"), web->vm, 0);
  tern_sim_set_host_state (world.sim, "carl", TERN_SIM_HOST_HANG);
  world_start_daemon (&world);
  world_run (&world, SECONDS (5));
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_QUEUED);
  tern_sim_set_host_state (world.sim, "carl", TERN_SIM_HOST_UP);
  world_run (&world, SECONDS (30));
  ck_assert_uint_le (world.max_running, 1);
}
END_TEST

START_TEST (a_silent_host_that_never_had_the_vm_does_not_matter)
{
  Trouble none = { .destination = "bert", .fault = NO_FAULT };
  g_auto (World) world;

  prepare (&world, &none);
  tern_sim_set_host_state (world.sim, "carl", TERN_SIM_HOST_CUT);
  world_run (&world, SECONDS (1));
  ck_assert (world_order_start (&world, "bert", NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));
}
END_TEST

/* Neither now nor before: it may run there for all that anybody knows. */
START_TEST (a_host_that_showed_nothing_since_the_daemon_began_keeps_vms_from_being_started)
{
  Trouble none = { .destination = "bert", .fault = NO_FAULT };
  g_auto (World) world;
  SimDomain *web;

  prepare (&world, &none);
  world_kill_daemon (&world);
  web = tern_sim_host_find_domain (tern_sim_find_host (world.sim, "anna"), WORLD_VM);
  tern_sim_domain_set_state (
      tern_sim_host_put_domain (tern_sim_find_host (world.sim, "carl"), web->vm, 0),
      TERN_VM_RUNNING, TERN_REASON_OTHER);
  tern_sim_set_host_state (world.sim, "carl", TERN_SIM_HOST_CUT);
  world_start_daemon (&world);
  world_run (&world, SECONDS (60));
  check_not_begun (&world, "bert", "carl has not shown its VMs since virternd began");
  ck_assert_uint_eq (world.max_running, 1);
  /* A person says that it is gone for good. */
  tern_inventory_remove_host_async (world.inventory, "carl", NULL, NULL);
  world_run (&world, SECONDS (1));
  ck_assert (world_order_start (&world, "bert", NULL));
  ck_assert (world_run_until (&world, 2, TERN_PHASE_DONE, SECONDS (60)));
}
END_TEST

START_TEST (what_begins_elsewhere_while_the_definition_goes_over_is_seen_before_the_start)
{
  Trouble none = { .destination = "bert", .fault = NO_FAULT };
  g_auto (World) world;
  SimDomain *web;

  prepare (&world, &none);
  ck_assert (world_order_start (&world, "bert", NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DEFINING, SECONDS (30)));
  web = tern_sim_host_find_domain (tern_sim_find_host (world.sim, "anna"), WORLD_VM);
  tern_sim_domain_set_state (
      tern_sim_host_put_domain (tern_sim_find_host (world.sim, "carl"), web->vm, 0),
      TERN_VM_RUNNING, TERN_REASON_OTHER);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (60)));
  ck_assert_uint_eq (world_count (&world, "start "), 0);
  ck_assert_uint_eq (world.max_running, 1);
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "carl"));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "is defined on bert"));
}
END_TEST

START_TEST (what_was_seen_long_before_it_is_stored_starts_nothing)
{
  Trouble none = { .destination = "anna", .fault = NO_FAULT };
  g_auto (World) world;
  SimDomain *web;

  prepare (&world, &none);
  world.store->delay_us = SECONDS (3);
  ck_assert (world_order_start (&world, "anna", NULL));
  world.store->delay_us = SECONDS (60);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_CHECKING, SECONDS (100)));
  world_run (&world, SECONDS (1));
  web = tern_sim_host_find_domain (tern_sim_find_host (world.sim, "anna"), WORLD_VM);
  tern_sim_domain_set_state (
      tern_sim_host_put_domain (tern_sim_find_host (world.sim, "carl"), web->vm, 0),
      TERN_VM_RUNNING, TERN_REASON_OTHER);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (600)));
  ck_assert_uint_eq (world_count (&world, "start "), 0);
  ck_assert_uint_eq (world.max_running, 1);
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "was stored only after"));
}
END_TEST

START_TEST (a_cancel_while_the_definition_goes_over_keeps_it_from_being_started)
{
  Trouble none = { .destination = "bert", .fault = NO_FAULT };
  g_auto (World) world;

  prepare (&world, &none);
  ck_assert (world_order_start (&world, "bert", NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DEFINING, SECONDS (30)));
  ck_assert (tern_task_is_cancelable (tern_task_list_find (world.tasks, 1)));
  ck_assert (world_cancel (&world, 1));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_CANCELLED, SECONDS (60)));
  ck_assert_uint_eq (world_count (&world, "start "), 0);
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "is defined on bert"));
  ck_assert (!is_on (&world, "anna"));
}
END_TEST

START_TEST (a_vm_that_runs_is_not_started)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  ck_assert (!world_order_start (&world, "bert", &error));
  ck_assert_int_eq (error->code, TERN_ERROR_REFUSED);
}
END_TEST

START_TEST (a_start_that_began_says_honestly_that_it_is_too_late_to_cancel_it)
{
  Trouble hang = { .destination = "anna", .when = TERN_SIM_START, .fault = TERN_SIM_FAULT_HANG };
  g_auto (World) world;
  TernTask *task;

  prepare (&world, &hang);
  ck_assert (world_order_start (&world, "anna", NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_STARTING, SECONDS (5)));
  task = tern_task_list_find (world.tasks, 1);
  ck_assert (!tern_task_is_cancelable (task));
  ck_assert (world_cancel (&world, 1));
  tern_sim_release (world.sim, "web");
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));
}
END_TEST

TERN_CHECK_MAIN (
    "start", tcase_set_timeout (tcase, 600);
    tcase_add_test (tcase, a_vm_is_started_where_it_is_defined);
    tcase_add_test (tcase, a_vm_is_started_elsewhere_and_its_definition_goes_along);
    tcase_add_test (tcase, a_host_is_chosen_when_none_is_named);
    tcase_add_test (tcase, every_fault_ends_in_the_truth);
    tcase_add_test (tcase, a_death_at_any_write_of_any_fault_ends_in_the_truth);
    tcase_add_test (tcase, a_store_that_refuses_any_write_does_not_change_the_truth);
    tcase_add_test (tcase, a_cancel_at_any_moment_of_any_fault_ends_in_the_truth);
    tcase_add_test (tcase, a_host_that_is_away_does_not_change_the_truth);
    tcase_add_test (tcase, a_start_that_takes_long_is_waited_for_and_seen);
    tcase_add_test (tcase,
                    a_start_that_takes_longer_than_its_answer_is_waited_for_is_seen_and_done);
    tcase_add_test (tcase, a_start_that_never_answers_needs_attention_and_is_done_when_it_is_seen);
    tcase_add_test (tcase, a_start_that_never_answers_is_done_when_a_person_starts_the_vm);
    tcase_add_test (tcase, a_start_that_never_answered_ends_when_its_host_was_lost_and_is_back);
    tcase_add_test (tcase, a_definition_that_hangs_on_its_way_is_given_up_and_nothing_is_started);
    tcase_add_test (
        tcase, while_the_old_definition_stays_nothing_is_started_and_the_end_says_how_to_mend_it);
    tcase_add_test (tcase, a_start_in_line_waits_until_every_host_had_time_to_show_its_vms);
    tcase_add_test (tcase, a_vm_that_runs_on_a_third_host_is_not_started);
    tcase_add_test (tcase, a_silent_host_that_last_showed_the_vm_keeps_it_from_being_started);
    tcase_add_test (tcase, a_silent_host_that_never_had_the_vm_does_not_matter);
    tcase_add_test (tcase,
                    a_host_that_showed_nothing_since_the_daemon_began_keeps_vms_from_being_started);
    tcase_add_test (tcase,
                    what_begins_elsewhere_while_the_definition_goes_over_is_seen_before_the_start);
    tcase_add_test (tcase, a_cancel_while_the_definition_goes_over_keeps_it_from_being_started);
    tcase_add_test (tcase, what_was_seen_long_before_it_is_stored_starts_nothing);
    tcase_add_test (tcase, a_vm_that_runs_is_not_started);
    tcase_add_test (tcase, a_start_that_began_says_honestly_that_it_is_too_late_to_cancel_it);)
