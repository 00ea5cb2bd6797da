/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * There are two copies, and a person says which one stays: what is seen then is what counts, it is
 * stored before anything is ended, and it is never done twice.
 */
#include "config.h"

#include "base/error.h"
#include "drivers/sim-private.h"
#include "spy-hypervisor.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define UID 1000

typedef struct
{
  gboolean answered;
  gboolean taken;
  GError *error;
} Answer;

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  answer->answered = TRUE;
  answer->taken = tern_migrator_resolve_finish (TERN_MIGRATOR (source), result, &answer->error);
}

static gboolean
resolve (World *world, TernKeep keep, GError **error)
{
  g_autofree Answer *answer = g_new0 (Answer, 1);

  tern_migrator_resolve_async (world->migrator, tern_task_list_find (world->tasks, 1), keep, UID,
                               on_resolved, answer);
  for (guint i = 0; i < 600 && !answer->answered; i++)
    world_run (world, 50 * 1000);
  ck_assert (answer->answered);
  if (answer->error != NULL)
    g_propagate_error (error, answer->error);
  return answer->taken;
}

static void
check_refused (World *world, TernKeep keep, TernError code, const char *because)
{
  g_autoptr (GError) error = NULL;

  ck_assert (!resolve (world, keep, &error));
  ck_assert_msg (g_error_matches (error, TERN_ERROR, code), "%s", error->message);
  ck_assert_msg (strstr (error->message, because) != NULL, "%s", error->message);
  ck_assert_uint_eq (world_count (world, "remove") + world_count (world, "let-run"), 0);
}

static void
make_twins (World *world)
{
  world_init (world);
  tern_sim_add_fault (world->sim, "web", TERN_SIM_FINISH, TERN_SIM_FAULT_BOTH_RUN, 1);
  ck_assert (world_order (world, "bert"));
  ck_assert (world_run_until (world, 1, TERN_PHASE_ATTENTION, SECONDS (60)));
  ck_assert_int_eq (world_state_on (world, "anna"), TERN_VM_RUNNING);
  ck_assert_int_eq (world_state_on (world, "bert"), TERN_VM_RUNNING);
}

static void
check_decided (const char *line, gpointer data)
{
  World *world = data;
  const TernTaskRecord *stored = fake_store_find_task (world->store, 1);

  if (!g_str_has_prefix (line, "remove") && !g_str_has_prefix (line, "let-run"))
    return;
  ck_assert_int_eq (stored->phase, TERN_PHASE_RESOLVING);
  ck_assert_int_eq (stored->resolved_by_uid, UID);
  ck_assert_str_eq (stored->resolution, g_str_has_suffix (line, "bert") ? "source" : "destination");
}

START_TEST (the_sentence_says_what_can_be_decided)
{
  g_auto (World) world;
  const char *error;

  make_twins (&world);
  error = world_record (&world, 1)->error;
  ck_assert_ptr_nonnull (strstr (error, "RUNS TWICE"));
  ck_assert_ptr_nonnull (
      strstr (error, "“virtern task resolve 1 --keep-source” ends the copy on bert"));
  ck_assert_ptr_nonnull (
      strstr (error, "“virtern task resolve 1 --keep-destination” ends the copy on anna"));
  ck_assert (g_str_has_suffix (error, "looks at both hosts again"));
}
END_TEST

START_TEST (the_copy_on_the_source_may_stay)
{
  g_auto (World) world;
  const TernTaskRecord *stored;

  make_twins (&world);
  spy_hypervisor_watch (check_decided, &world);
  ck_assert (resolve (&world, TERN_KEEP_SOURCE, NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (60)));
  stored = fake_store_find_task (world.store, 1);
  ck_assert_ptr_nonnull (
      strstr (stored->error, "user 1000 had decided that the one on anna stays"));
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);
  ck_assert_int_eq (world_state_on (&world, "bert"), TERN_VM_N_STATES);
  ck_assert_uint_eq (world_count (&world, "remove-all bert"), 1);
  ck_assert (world_order (&world, "carl"));
  spy_hypervisor_watch (NULL, NULL);
}
END_TEST

START_TEST (the_copy_on_the_destination_may_stay)
{
  g_auto (World) world;

  make_twins (&world);
  spy_hypervisor_watch (check_decided, &world);
  ck_assert (resolve (&world, TERN_KEEP_DESTINATION, NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->verdict,
                                 "user 1000 had decided that the one on bert stays"));
  ck_assert_int_eq (world_state_on (&world, "bert"), TERN_VM_RUNNING);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_N_STATES);
  ck_assert_uint_eq (world_count (&world, "remove-all anna"), 1);
  spy_hypervisor_watch (NULL, NULL);
}
END_TEST

/* A person looks again, and one of the hosts says nothing. */
START_TEST (two_copies_that_were_seen_are_not_forgotten_when_a_host_goes_silent)
{
  g_auto (World) world;

  make_twins (&world);
  tern_sim_set_host_state (world.sim, "bert", TERN_SIM_HOST_CUT);
  world_run (&world, SECONDS (1));
  ck_assert (tern_migrator_recheck (world.migrator, tern_task_list_find (world.tasks, 1), NULL));
  world_run (&world, SECONDS (1));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (60)));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "it is not known whether"));
  ck_assert_ptr_nonnull (
      strstr (world_record (&world, 1)->error, "web was seen running on both anna and bert at "));
  world_kill_daemon (&world);
  world_run (&world, SECONDS (1));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (200)));
  ck_assert_ptr_nonnull (
      strstr (world_record (&world, 1)->error, "web was seen running on both anna and bert at "));
}
END_TEST

START_TEST (what_was_seen_and_what_was_ended_stays_in_the_history)
{
  g_auto (World) world;
  const TernTaskRecord *stored;
  guint n;

  make_twins (&world);
  ck_assert (resolve (&world, TERN_KEEP_DESTINATION, NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));
  stored = fake_store_find_task (world.store, 1);
  n = g_strv_length (stored->steps);
  ck_assert_uint_ge (n, 2);
  ck_assert_ptr_nonnull (
      strstr (stored->steps[n - 2], ": web was seen running on both anna and bert at "));
  ck_assert_ptr_nonnull (
      strstr (stored->steps[n - 1],
              ": user 1000 decided that the copy on bert stays; the copy on anna was ended"));
  ck_assert_ptr_nonnull (
      strstr (stored->verdict, "web was seen running on both anna and bert at "));
}
END_TEST

/* Paused by somebody on both: no table ends that. */
static void
make_paused_twins (World *world)
{
  make_twins (world);
  tern_sim_set_vm_state (world->sim, "bert", "web", TERN_VM_PAUSED, TERN_REASON_USER);
  tern_sim_set_vm_state (world->sim, "anna", "web", TERN_VM_PAUSED, TERN_REASON_USER);
  world_run (world, SECONDS (1));
  ck_assert (world_run_until (world, 1, TERN_PHASE_ATTENTION, SECONDS (200)));
}

START_TEST (the_copy_that_stays_runs_only_when_the_other_one_ended)
{
  g_auto (World) world;

  make_paused_twins (&world);
  world.max_running = 0;
  ck_assert (resolve (&world, TERN_KEEP_SOURCE, NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (60)));
  ck_assert_int_ge (world_find (&world, "remove-all bert"), 0);
  ck_assert_int_gt (world_find (&world, "let-run anna"), world_find (&world, "remove-all bert"));
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);
  ck_assert_int_eq (world_state_on (&world, "bert"), TERN_VM_N_STATES);
  ck_assert_uint_eq (world.max_running, 1);
}
END_TEST

START_TEST (a_copy_that_cannot_be_ended_keeps_the_other_one_from_running)
{
  g_auto (World) world;

  make_paused_twins (&world);
  spy_hypervisor_refuse ("remove");
  ck_assert (resolve (&world, TERN_KEEP_SOURCE, NULL));
  world_run (&world, SECONDS (1));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (200)));
  ck_assert_uint_eq (world_count (&world, "remove-all bert"), 1);
  ck_assert_uint_eq (world_count (&world, "let-run"), 0);
  ck_assert_ptr_nonnull (
      strstr (world_record (&world, 1)->error, "ending the copy on bert: it is in use"));
  spy_hypervisor_refuse (NULL);
  ck_assert (resolve (&world, TERN_KEEP_SOURCE, NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (60)));
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);
}
END_TEST

/* Told was that it would run: until it does, that is a matter for a person. */
START_TEST (a_copy_that_stays_and_cannot_be_let_run_is_not_left_standing_unseen)
{
  for (guint keep = 0; keep < TERN_N_KEEPS; keep++)
    {
      const char *kept = keep == TERN_KEEP_SOURCE ? "anna" : "bert";
      g_auto (World) world;

      make_paused_twins (&world);
      spy_hypervisor_refuse ("let-run");
      ck_assert (resolve (&world, keep, NULL));
      world_run (&world, SECONDS (2));
      ck_assert (world_run_until_ended (&world, 1, SECONDS (200)));
      ck_assert_int_eq (world_state_on (&world, kept), TERN_VM_PAUSED);
      ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_ATTENTION);
      ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "letting it run on"));
      spy_hypervisor_refuse (NULL);
      ck_assert (resolve (&world, keep, NULL));
      world_run (&world, SECONDS (2));
      ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
      ck_assert_int_ne (world_phase (&world, 1), TERN_PHASE_ATTENTION);
      ck_assert_int_eq (world_state_on (&world, kept), TERN_VM_RUNNING);
    }
}
END_TEST

/* Refusals */

START_TEST (nothing_is_decided_about_a_host_that_is_silent)
{
  static const char *const hosts[] = { "anna", "bert" };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_auto (World) world;

      make_twins (&world);
      tern_sim_set_host_state (world.sim, hosts[i], TERN_SIM_HOST_CUT);
      check_refused (&world, TERN_KEEP_SOURCE, TERN_ERROR_REFUSED, hosts[i]);
      check_refused (&world, TERN_KEEP_DESTINATION, TERN_ERROR_REFUSED, hosts[i]);
      ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_ATTENTION);
    }
}
END_TEST

START_TEST (only_a_task_in_attention_is_decided_about)
{
  g_auto (World) world;
  g_autoptr (GError) error = NULL;

  world_init (&world);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_COPYING, SECONDS (10)));
  check_refused (&world, TERN_KEEP_SOURCE, TERN_ERROR_REFUSED, "attention");
  ck_assert (!tern_migrator_recheck (world.migrator, tern_task_list_find (world.tasks, 1), &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_REFUSED));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));
  check_refused (&world, TERN_KEEP_SOURCE, TERN_ERROR_REFUSED, "");
}
END_TEST

START_TEST (what_is_seen_when_it_is_decided_is_what_counts)
{
  g_auto (World) world;

  make_twins (&world);
  /* Behind everybody's back, and without an event. */
  tern_sim_host_remove_domain (tern_sim_find_host (world.sim, "anna"), WORLD_VM);
  check_refused (&world, TERN_KEEP_SOURCE, TERN_ERROR_REFUSED, "there is nothing to keep on anna");
  ck_assert_int_eq (world_state_on (&world, "bert"), TERN_VM_RUNNING);
}
END_TEST

/* bert answers at once that it runs there, anna only when bert is gone. */
START_TEST (a_copy_ends_only_if_the_one_that_stays_is_there_still)
{
  g_auto (World) world;
  g_autofree Answer *answer = g_new0 (Answer, 1);

  make_twins (&world);
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_HANG);
  tern_migrator_resolve_async (world.migrator, tern_task_list_find (world.tasks, 1),
                               TERN_KEEP_DESTINATION, UID, on_resolved, answer);
  world_run (&world, SECONDS (1));
  tern_sim_set_host_state (world.sim, "bert", TERN_SIM_HOST_DOWN);
  world_run (&world, SECONDS (1));
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
  world_run (&world, SECONDS (60));
  ck_assert (answer->answered);
  ck_assert_uint_eq (world_count (&world, "remove"), 0);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);
  g_clear_error (&answer->error);
}
END_TEST

/* Both showed it when the decision was taken; while that was stored, the one that was to stay went.
 */
START_TEST (a_copy_ends_only_if_the_one_that_stays_is_as_it_was)
{
  static const TernVmState then[] = { TERN_VM_PAUSED, TERN_VM_SHUT_OFF, TERN_VM_CRASHED };

  for (guint i = 0; i < G_N_ELEMENTS (then); i++)
    {
      g_auto (World) world;
      Answer answer = { 0 };

      make_twins (&world);
      world.store->delay_us = SECONDS (3);
      tern_migrator_resolve_async (world.migrator, tern_task_list_find (world.tasks, 1),
                                   TERN_KEEP_DESTINATION, UID, on_resolved, &answer);
      world_run (&world, SECONDS (1));
      tern_sim_set_vm_state (world.sim, "bert", "web", then[i], TERN_REASON_OTHER);
      world_run (&world, SECONDS (5));
      ck_assert (answer.answered && answer.taken);
      world.store->delay_us = 0;
      world_run (&world, SECONDS (60));
      ck_assert_uint_eq (world_count (&world, "remove"), 0);
      ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);
    }
}
END_TEST

START_TEST (one_decision_at_a_time)
{
  g_auto (World) world;
  Answer first = { 0 };

  make_twins (&world);
  world.store->delay_us = SECONDS (1);
  tern_migrator_resolve_async (world.migrator, tern_task_list_find (world.tasks, 1),
                               TERN_KEEP_SOURCE, UID, on_resolved, &first);
  {
    Answer second = { 0 };

    tern_migrator_resolve_async (world.migrator, tern_task_list_find (world.tasks, 1),
                                 TERN_KEEP_DESTINATION, UID, on_resolved, &second);
    world_run (&world, SECONDS (5));
    ck_assert (second.answered && !second.taken);
    ck_assert (g_error_matches (second.error, TERN_ERROR, TERN_ERROR_REFUSED));
    g_clear_error (&second.error);
  }
  ck_assert (first.taken);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (60)));
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);
  ck_assert_uint_eq (world_count (&world, "remove"), 1);
}
END_TEST

/* The store, and deaths */

START_TEST (a_decision_that_cannot_be_stored_is_not_carried_out_later_either)
{
  g_auto (World) world;

  make_twins (&world);
  world.store->fail_first = 1;
  world.store->fail_last = 100000;
  check_refused (&world, TERN_KEEP_SOURCE, TERN_ERROR_STORE, "could not be stored");
  world.store->fail_last = 0;
  world_run (&world, SECONDS (60));
  ck_assert_uint_eq (world_count (&world, "remove"), 0);
  ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_ATTENTION);
  ck_assert (resolve (&world, TERN_KEEP_SOURCE, NULL));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (60)));
}
END_TEST

START_TEST (a_decision_that_is_dropped_does_not_keep_the_attention_from_being_stored)
{
  g_auto (World) world;

  world_init (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_FINISH, TERN_SIM_FAULT_BOTH_RUN, 1);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_VERIFYING, SECONDS (60)));
  world.store->fail_first = 1;
  world.store->fail_last = 100000;
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (60)));
  check_refused (&world, TERN_KEEP_SOURCE, TERN_ERROR_STORE, "could not be stored");
  world.store->fail_last = 0;
  world_run (&world, SECONDS (10));
  ck_assert_int_eq (fake_store_find_task (world.store, 1)->phase, TERN_PHASE_ATTENTION);
}
END_TEST

START_TEST (a_decision_that_is_not_stored_yet_when_the_daemon_ends_is_not_told_to_be_taken)
{
  g_auto (World) world;
  Answer answer = { 0 };

  make_twins (&world);
  world.store->delay_us = SECONDS (3);
  tern_migrator_resolve_async (world.migrator, tern_task_list_find (world.tasks, 1),
                               TERN_KEEP_SOURCE, UID, on_resolved, &answer);
  world_run (&world, SECONDS (1));
  ck_assert (!answer.answered);
  world_pass_dead (&world, SECONDS (1));
  ck_assert (answer.answered && !answer.taken);
  g_clear_error (&answer.error);
}
END_TEST

/* It was stored, but late: what was seen then may not be so any more. */
START_TEST (a_decision_whose_storing_took_long_is_not_carried_out)
{
  g_auto (World) world;
  Answer answer = { 0 };

  make_twins (&world);
  world.store->delay_us = SECONDS (10);
  tern_migrator_resolve_async (world.migrator, tern_task_list_find (world.tasks, 1),
                               TERN_KEEP_SOURCE, UID, on_resolved, &answer);
  world_run (&world, SECONDS (1));
  tern_sim_set_vm_state (world.sim, "anna", "web", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  world_run (&world, SECONDS (30));
  world.store->delay_us = 0;
  ck_assert (answer.answered && !answer.taken);
  ck_assert_ptr_nonnull (strstr (answer.error->message, "was stored only after 10 s"));
  g_clear_error (&answer.error);
  ck_assert (world_run_until_ended (&world, 1, SECONDS (300)));
  ck_assert_uint_eq (world_count (&world, "remove"), 0);
  ck_assert_int_eq (world_state_on (&world, "bert"), TERN_VM_RUNNING);
  ck_assert_ptr_null (fake_store_find_task (world.store, 1)->resolution);
}
END_TEST

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  guint *answers = data;

  (void) tern_migrator_resolve_finish (TERN_MIGRATOR (source), result, &error);
  ++*answers;
}

START_TEST (a_decision_is_never_carried_out_twice)
{
  for (guint n = 1; n < 8; n++)
    for (guint durable = 0; durable < 2; durable++)
      {
        g_auto (World) world;
        guint answers = 0;

        make_paused_twins (&world);
        world.max_running = 0;
        world.store->crash_at = world.store->n_writes + n;
        world.store->crash_durable = durable;
        tern_migrator_resolve_async (world.migrator, tern_task_list_find (world.tasks, 1),
                                     TERN_KEEP_SOURCE, UID, on_answered, &answers);
        world_run (&world, SECONDS (300));
        ck_assert_uint_eq (answers, 1);
        ck_assert_uint_le (world_count (&world, "remove"), 1);
        ck_assert_uint_le (world_count (&world, "let-run"), 1);
        ck_assert_uint_le (world.max_running, 1);
        if (world_count (&world, "remove") == 0)
          ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_ATTENTION);
        else if (world_count (&world, "let-run") == 0)
          ck_assert_int_eq (fake_store_find_task (world.store, 1)->phase, TERN_PHASE_ATTENTION);
        else
          ck_assert_int_eq (fake_store_find_task (world.store, 1)->phase, TERN_PHASE_FAILED);
      }
}
END_TEST

/* Memory that may be old */

static void
set_persistent (World *world, gboolean persistent)
{
  tern_sim_domain_set_persistent (
      tern_sim_host_find_domain (tern_sim_find_host (world->sim, "anna"), WORLD_VM), persistent);
  tern_sim_host_emit_vm (tern_sim_find_host (world->sim, "anna"), WORLD_VM);
  world_run (world, SECONDS (1));
}

/* The source was never told that it moved; it ran there, and ended. */
START_TEST (what_a_source_holds_since_the_guest_ran_elsewhere_is_never_run)
{
  g_auto (World) world;

  world_init (&world);
  tern_sim_add_fault (world.sim, "web", TERN_SIM_FINISH, TERN_SIM_FAULT_LEFTOVER_PAUSED_SOURCE, 1);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_SWITCHING, SECONDS (60)));
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_CUT);
  for (guint i = 0; i < 500 && world_state_on (&world, "bert") != TERN_VM_RUNNING; i++)
    world_run (&world, 10 * 1000);
  world_run (&world, SECONDS (5));
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_PAUSED);
  tern_sim_remove_vm (world.sim, "bert", "web");
  world_run (&world, SECONDS (1));
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_UP);
  ck_assert (world_run_until (&world, 1, TERN_PHASE_ATTENTION, SECONDS (300)));
  ck_assert_ptr_nonnull (strstr (world_record (&world, 1)->error, "its disks are newer"));
  check_refused (&world, TERN_KEEP_SOURCE, TERN_ERROR_REFUSED, "its disks are newer");
  world_run (&world, SECONDS (60));
  ck_assert_uint_eq (world_count (&world, "resume"), 0);
  ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_PAUSED);
}
END_TEST

/* As after a restart of the source's libvirtd, with nobody there to see it. */
START_TEST (what_a_source_holds_of_a_transient_vm_is_run_only_if_a_person_says_so)
{
  for (guint persistent = 0; persistent < 2; persistent++)
    {
      g_auto (World) world;

      world_init (&world);
      set_persistent (&world, persistent);
      tern_sim_add_fault (world.sim, "web", TERN_SIM_SWITCH, TERN_SIM_FAULT_ERROR, 1);
      ck_assert (world_order (&world, "bert"));
      ck_assert (world_run_until (&world, 1, TERN_PHASE_COPYING, SECONDS (10)));
      world_pass_dead (&world, SECONDS (20));
      tern_sim_set_vm_state (world.sim, "anna", "web", TERN_VM_PAUSED, TERN_REASON_MIGRATION);
      world_start_daemon (&world);
      ck_assert (world_run_until_ended (&world, 1, SECONDS (300)));
      ck_assert_uint_eq (world_count (&world, "resume"), persistent);
      if (!persistent)
        {
          ck_assert_int_eq (world_phase (&world, 1), TERN_PHASE_ATTENTION);
          ck_assert_ptr_nonnull (
              strstr (world_record (&world, 1)->error, "whether it ran on bert"));
          ck_assert (resolve (&world, TERN_KEEP_SOURCE, NULL));
          ck_assert (world_run_until (&world, 1, TERN_PHASE_FAILED, SECONDS (60)));
          ck_assert_uint_eq (world_count (&world, "let-run anna"), 1);
        }
      ck_assert_int_eq (world_state_on (&world, "anna"), TERN_VM_RUNNING);
    }
}
END_TEST

TERN_CHECK_MAIN (
    "migration-resolve", tcase_set_timeout (tcase, 600);
    tcase_add_test (tcase, two_copies_that_were_seen_are_not_forgotten_when_a_host_goes_silent);
    tcase_add_test (tcase, what_was_seen_and_what_was_ended_stays_in_the_history);
    tcase_add_test (tcase, the_sentence_says_what_can_be_decided);
    tcase_add_test (tcase, the_copy_on_the_source_may_stay);
    tcase_add_test (tcase, the_copy_on_the_destination_may_stay);
    tcase_add_test (tcase, the_copy_that_stays_runs_only_when_the_other_one_ended);
    tcase_add_test (tcase, a_copy_that_cannot_be_ended_keeps_the_other_one_from_running);
    tcase_add_test (tcase, nothing_is_decided_about_a_host_that_is_silent);
    tcase_add_test (tcase, only_a_task_in_attention_is_decided_about);
    tcase_add_test (tcase, what_is_seen_when_it_is_decided_is_what_counts);
    tcase_add_test (tcase, a_copy_ends_only_if_the_one_that_stays_is_there_still);
    tcase_add_test (tcase, a_copy_ends_only_if_the_one_that_stays_is_as_it_was);
    tcase_add_test (tcase, one_decision_at_a_time);
    tcase_add_test (tcase, a_decision_that_cannot_be_stored_is_not_carried_out_later_either);
    tcase_add_test (tcase, a_copy_that_stays_and_cannot_be_let_run_is_not_left_standing_unseen);
    tcase_add_test (tcase,
                    a_decision_that_is_dropped_does_not_keep_the_attention_from_being_stored);
    tcase_add_test (tcase,
                    a_decision_that_is_not_stored_yet_when_the_daemon_ends_is_not_told_to_be_taken);
    tcase_add_test (tcase, a_decision_whose_storing_took_long_is_not_carried_out);
    tcase_add_test (tcase, a_decision_is_never_carried_out_twice);
    tcase_add_test (tcase, what_a_source_holds_since_the_guest_ran_elsewhere_is_never_run);
    tcase_add_test (tcase, what_a_source_holds_of_a_transient_vm_is_run_only_if_a_person_says_so);)
