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

TERN_CHECK_MAIN ("assessor", tcase_add_test (tcase, a_check_sees_what_no_event_told_of);
                 tcase_add_test (tcase,
                                 of_a_host_that_does_not_answer_what_was_last_seen_is_judged);
                 tcase_add_test (tcase, in_a_snapshot_a_vm_moves_while_it_moves_and_no_longer);)
