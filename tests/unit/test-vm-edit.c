/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Locks and CPU masks of one VM, and the baseline of a cluster, on simulated hosts.
 */
#include "config.h"

#include "base/error.h"
#include "engine/vm-edit.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)

typedef struct
{
  gboolean answered;
  gboolean done;
  TernMaskResult *result;
  TernBaseline *baseline;
  TernCpuDefinition *model;
  GError *error;
} Answer;

static void
answer_clear (Answer *answer)
{
  tern_mask_result_free (answer->result);
  tern_baseline_free (answer->baseline);
  tern_cpu_definition_free (answer->model);
  g_clear_error (&answer->error);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Answer, answer_clear)

static void
wait_for (World *world, Answer *answer)
{
  for (guint i = 0; !answer->answered && i < 3000; i++)
    world_run (world, 10 * 1000);
  ck_assert (answer->answered);
}

/* Locks */

static void
on_locked (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  (void) source;
  answer->answered = TRUE;
  answer->done = tern_vm_edit_lock_finish (result, &answer->error);
}

static void
set_lock (World *world, const char *owner, gint64 expires_us, Answer *answer)
{
  g_autoptr (TernLock) lock =
      owner != NULL ? tern_lock_new (owner, "nightly backup", 1, expires_us) : NULL;

  tern_vm_edit_lock_async (world->assessor, WORLD_VM, lock, on_locked, answer);
  wait_for (world, answer);
}

static const TernLock *
get_lock (World *world)
{
  return tern_inventory_find_vm (world->inventory, WORLD_VM)->lock;
}

START_TEST (a_lock_is_shown_when_it_is_set_and_gone_when_it_is_removed)
{
  g_auto (World) world;
  g_auto (Answer) locked = { 0 }, unlocked = { 0 }, again = { 0 };

  world_init (&world);
  set_lock (&world, "backup@anna", 0, &locked);
  ck_assert (locked.done);
  ck_assert_str_eq (get_lock (&world)->owner, "backup@anna");
  ck_assert (!world_order (&world, "bert"));
  set_lock (&world, NULL, 0, &unlocked);
  ck_assert (unlocked.done);
  ck_assert_ptr_null (get_lock (&world));
  set_lock (&world, NULL, 0, &again);
  ck_assert (g_error_matches (again.error, TERN_ERROR, TERN_ERROR_NOT_FOUND));
  ck_assert (world_order (&world, "bert"));
}
END_TEST

START_TEST (a_lock_of_somebody_else_is_replaced_only_when_it_has_expired)
{
  static const struct
  {
    const char *owner;
    gint64 expires_us;
    gboolean replaced;
  } cases[] = { { "backup", 0, TRUE }, { "admin", 0, FALSE }, { "admin", 1, TRUE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (World) world;
      g_auto (Answer) first = { 0 }, second = { 0 };

      world_init (&world);
      set_lock (&world, cases[i].owner, cases[i].expires_us, &first);
      set_lock (&world, "backup", 0, &second);
      ck_assert_int_eq (second.done, cases[i].replaced);
      ck_assert_str_eq (get_lock (&world)->owner, cases[i].replaced ? "backup" : cases[i].owner);
      if (!cases[i].replaced)
        ck_assert (g_error_matches (second.error, TERN_ERROR, TERN_ERROR_EXISTS));
    }
}
END_TEST

START_TEST (a_vm_on_its_way_is_not_locked_and_one_in_line_is_and_stays)
{
  g_auto (World) world;
  g_auto (Answer) waiting = { 0 }, moving = { 0 };

  world_init (&world);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_COPYING, SECONDS (10)));
  set_lock (&world, "backup", 0, &moving);
  ck_assert (g_error_matches (moving.error, TERN_ERROR, TERN_ERROR_BUSY));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));

  world.store->delay_us = SECONDS (1) / 2;
  ck_assert (world_order (&world, "carl"));
  set_lock (&world, "backup", 0, &waiting);
  ck_assert (waiting.done);
  ck_assert (world_run_until_ended (&world, 2, SECONDS (60)));
  ck_assert_int_eq (world_phase (&world, 2), TERN_PHASE_FAILED);
  ck_assert_int_eq (world_state_on (&world, "bert"), TERN_VM_RUNNING);
}
END_TEST

START_TEST (what_is_on_a_silent_host_is_not_changed)
{
  g_auto (World) world;
  g_auto (Answer) answer = { 0 };

  world_init (&world);
  tern_sim_set_host_state (world.sim, "anna", TERN_SIM_HOST_CUT);
  world_run (&world, SECONDS (1));
  set_lock (&world, "backup", 0, &answer);
  ck_assert (g_error_matches (answer.error, TERN_ERROR, TERN_ERROR_UNREACHABLE));
  ck_assert_uint_eq (world_count (&world, "lock"), 0);
}
END_TEST

/* Masks: anna is newer than bert and carl, and web was started on it. */

static void
make_generations (World *world)
{
  static const char *const newer[] = { "aes", "avx2", "sse4.2", NULL };
  SimHost *anna = tern_sim_find_host (world->sim, "anna");
  SimDomain *web = tern_sim_host_find_domain (anna, WORLD_VM);
  g_autoptr (TernCpu) cpu = tern_cpu_new ("custom", "Haswell", "Intel", newer, NULL);

  cpu->expanded = TRUE;
  tern_cpu_unref (anna->facts->cpu);
  anna->facts->cpu = tern_cpu_new ("host-model", "Haswell", "Intel", newer, NULL);
  anna->facts->cpu->expanded = TRUE;
  anna->facts->cpu_models = g_strsplit ("Haswell,Westmere", ",", -1);
  tern_sim_domain_set_cpu (web, cpu);
  tern_sim_host_emit_vm (anna, WORLD_VM);
  world_run (world, SECONDS (20));
}

static void
on_masked (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  (void) source;
  answer->answered = TRUE;
  answer->result = tern_vm_edit_mask_finish (result, &answer->error);
}

static void
set_mask (World *world, const TernMask *mask, Answer *answer)
{
  tern_vm_edit_mask_async (world->assessor, WORLD_VM, mask, on_masked, answer);
  wait_for (world, answer);
}

static char *
join (GStrv names)
{
  return g_strjoinv (",", names);
}

static void
check_mask (const TernMask *mask, const char *expected_model)
{
  g_auto (World) world;
  g_auto (Answer) answer = { 0 };
  g_autofree char *removed = NULL, *before = NULL, *after = NULL, *unknown = NULL;

  world_init (&world);
  make_generations (&world);
  set_mask (&world, mask, &answer);
  ck_assert_msg (answer.result != NULL, "%s", answer.error != NULL ? answer.error->message : "");
  removed = join (answer.result->removed);
  before = join (answer.result->hosts_before);
  after = join (answer.result->hosts_after);
  unknown = join (answer.result->hosts_unknown);
  ck_assert_str_eq (unknown, "");
  ck_assert_str_eq (removed, "avx2");
  ck_assert_str_eq (before, "anna");
  ck_assert_str_eq (after, "anna,bert,carl");
  ck_assert_str_eq (answer.result->definition->model, expected_model);
  ck_assert (answer.result->running);
  ck_assert_uint_eq (world_count (&world, "mask anna"), mask->dry_run ? 0 : 1);
  ck_assert_int_eq (tern_inventory_find_vm (world.inventory, WORLD_VM)->masked, !mask->dry_run);
}

START_TEST (a_mask_tells_what_goes_and_which_hosts_it_opens)
{
  static char *disable[] = { (char *) "avx2", NULL };
  TernMask model = { .model = (char *) "Westmere" };
  TernMask baseline = { .baseline = TRUE };
  TernMask features = { .disable = disable };

  for (gboolean dry = FALSE; dry <= TRUE; dry++)
    {
      model.dry_run = baseline.dry_run = features.dry_run = dry;
      check_mask (&model, "Westmere");
      check_mask (&baseline, "Westmere");
      check_mask (&features, "Haswell");
    }
}
END_TEST

/* carl is down since before the daemon was started: nobody has seen its CPU. */
static void
forget_carl (World *world)
{
  make_generations (world);
  tern_sim_set_host_state (world->sim, "carl", TERN_SIM_HOST_DOWN);
  world_kill_daemon (world);
  world_start_daemon (world);
  world_run (world, SECONDS (20));
}

static void
check_not_counted (World *world, const TernMask *mask)
{
  g_auto (Answer) answer = { 0 };
  g_autofree char *after = NULL, *unknown = NULL;

  set_mask (world, mask, &answer);
  ck_assert_msg (answer.result != NULL, "%s", answer.error != NULL ? answer.error->message : "");
  after = join (answer.result->hosts_after);
  unknown = join (answer.result->hosts_unknown);
  ck_assert_str_eq (after, mask->clear ? "" : "anna,bert");
  ck_assert_str_eq (unknown, "carl");
}

START_TEST (a_host_whose_cpu_nobody_saw_is_not_counted_and_named)
{
  static char *disable[] = { (char *) "avx2", NULL };
  const TernMask masks[] = { { .baseline = TRUE, .dry_run = TRUE },
                             { .disable = disable, .dry_run = TRUE },
                             { .model = (char *) "Westmere" },
                             { .clear = TRUE } };
  g_auto (World) world;

  world_init (&world);
  forget_carl (&world);
  for (guint i = 0; i < G_N_ELEMENTS (masks); i++)
    check_not_counted (&world, &masks[i]);
}
END_TEST

START_TEST (no_baseline_is_set_without_a_host_whose_cpu_nobody_saw)
{
  static const char *const parts[] = { "carl", "virtern host remove", "--model" };
  TernMask baseline = { .baseline = TRUE };
  g_auto (World) world;
  g_auto (Answer) answer = { 0 };

  world_init (&world);
  forget_carl (&world);
  set_mask (&world, &baseline, &answer);
  ck_assert (g_error_matches (answer.error, TERN_ERROR, TERN_ERROR_UNREACHABLE));
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    ck_assert_msg (strstr (answer.error->message, parts[i]) != NULL, "%s", answer.error->message);
  ck_assert_uint_eq (world_count (&world, "mask"), 0);
  ck_assert (!tern_inventory_find_vm (world.inventory, WORLD_VM)->masked);
}
END_TEST

START_TEST (a_name_that_nobody_knows_is_refused_with_the_nearest)
{
  static char *wrong_feature[] = { (char *) "avx3", NULL };
  TernMask model = { .model = (char *) "Westmer" }, feature = { .disable = wrong_feature };
  g_auto (World) world;
  g_auto (Answer) first = { 0 }, second = { 0 };

  world_init (&world);
  make_generations (&world);
  set_mask (&world, &model, &first);
  ck_assert (g_error_matches (first.error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  ck_assert_ptr_nonnull (strstr (first.error->message, "Westmere"));
  set_mask (&world, &feature, &second);
  ck_assert (g_error_matches (second.error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  ck_assert_ptr_nonnull (strstr (second.error->message, "avx2"));
  ck_assert_uint_eq (world_count (&world, "mask"), 0);
}
END_TEST

START_TEST (a_mask_can_be_taken_off_once)
{
  TernMask model = { .model = (char *) "Westmere" }, clear = { .clear = TRUE };
  g_auto (World) world;
  g_auto (Answer) never = { 0 }, on = { 0 }, off = { 0 };

  world_init (&world);
  make_generations (&world);
  set_mask (&world, &clear, &never);
  ck_assert (g_error_matches (never.error, TERN_ERROR, TERN_ERROR_NOT_FOUND));
  set_mask (&world, &model, &on);
  ck_assert_ptr_nonnull (on.result);
  set_mask (&world, &clear, &off);
  ck_assert_ptr_nonnull (off.result);
  ck_assert (!tern_inventory_find_vm (world.inventory, WORLD_VM)->masked);
}
END_TEST

START_TEST (a_vm_with_saved_memory_goes_on_with_the_cpu_it_had)
{
  TernMask model = { .model = (char *) "Westmere" };
  g_auto (World) world;
  g_auto (Answer) saved = { 0 }, off = { 0 };
  SimHost *anna;
  SimDomain *web;

  world_init (&world);
  make_generations (&world);
  anna = tern_sim_find_host (world.sim, "anna");
  web = tern_sim_host_find_domain (anna, WORLD_VM);
  tern_sim_domain_set_state (web, TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  tern_sim_domain_edit (web)->managed_save = TRUE;
  tern_sim_host_emit_vm (anna, WORLD_VM);
  world_run (&world, SECONDS (1));
  set_mask (&world, &model, &saved);
  ck_assert (saved.result->running);
  tern_sim_domain_edit (web)->managed_save = FALSE;
  tern_sim_host_emit_vm (anna, WORLD_VM);
  world_run (&world, SECONDS (1));
  set_mask (&world, &model, &off);
  ck_assert (!off.result->running);
}
END_TEST

START_TEST (a_vm_that_is_moved_or_transient_is_not_masked)
{
  TernMask model = { .model = (char *) "Westmere" };
  g_auto (World) world;
  g_auto (Answer) moving = { 0 }, transient = { 0 };

  world_init (&world);
  ck_assert (world_order (&world, "bert"));
  set_mask (&world, &model, &moving);
  ck_assert (g_error_matches (moving.error, TERN_ERROR, TERN_ERROR_BUSY));
  ck_assert (world_run_until (&world, 1, TERN_PHASE_DONE, SECONDS (60)));
  tern_sim_domain_set_persistent (
      tern_sim_host_find_domain (tern_sim_find_host (world.sim, "bert"), WORLD_VM), FALSE);
  tern_sim_host_emit_vm (tern_sim_find_host (world.sim, "bert"), WORLD_VM);
  world_run (&world, SECONDS (1));
  set_mask (&world, &model, &transient);
  ck_assert (g_error_matches (transient.error, TERN_ERROR, TERN_ERROR_REFUSED));
}
END_TEST

/* The baseline */

static void
on_baseline (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  (void) source;
  answer->answered = TRUE;
  answer->baseline = tern_baseline_fetch_finish (result, &answer->model, &answer->error);
}

START_TEST (the_baseline_is_what_all_hosts_have_with_a_model_if_a_host_can_say)
{
  g_auto (World) world;
  g_auto (Answer) all = { 0 }, nobody = { 0 };
  g_autofree char *features = NULL;

  world_init (&world);
  make_generations (&world);
  tern_baseline_fetch_async (world.assessor, NULL, on_baseline, &all);
  wait_for (&world, &all);
  features = join (all.baseline->features);
  ck_assert_str_eq (features, "aes,sse4.2");
  ck_assert_str_eq (all.model->definition->model, "Westmere");
  tern_baseline_fetch_async (world.assessor, "no such cluster", on_baseline, &nobody);
  wait_for (&world, &nobody);
  ck_assert_uint_eq (g_strv_length (nobody.baseline->hosts), 0);
  ck_assert_ptr_null (nobody.model);
}
END_TEST

TERN_CHECK_MAIN (
    "vm-edit", tcase_add_test (tcase, a_lock_is_shown_when_it_is_set_and_gone_when_it_is_removed);
    tcase_add_test (tcase, a_lock_of_somebody_else_is_replaced_only_when_it_has_expired);
    tcase_add_test (tcase, a_vm_on_its_way_is_not_locked_and_one_in_line_is_and_stays);
    tcase_add_test (tcase, what_is_on_a_silent_host_is_not_changed);
    tcase_add_test (tcase, a_mask_tells_what_goes_and_which_hosts_it_opens);
    tcase_add_test (tcase, a_host_whose_cpu_nobody_saw_is_not_counted_and_named);
    tcase_add_test (tcase, no_baseline_is_set_without_a_host_whose_cpu_nobody_saw);
    tcase_add_test (tcase, a_name_that_nobody_knows_is_refused_with_the_nearest);
    tcase_add_test (tcase, a_mask_can_be_taken_off_once);
    tcase_add_test (tcase, a_vm_with_saved_memory_goes_on_with_the_cpu_it_had);
    tcase_add_test (tcase, a_vm_that_is_moved_or_transient_is_not_masked);
    tcase_add_test (tcase, the_baseline_is_what_all_hosts_have_with_a_model_if_a_host_can_say);)
