/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/task.h"

#include "tern-check.h"

#include <string.h>

START_TEST (every_phase_has_a_word_and_comes_back_from_it)
{
  for (guint i = 0; i < TERN_N_PHASES; i++)
    {
      TernTaskPhase phase = TERN_N_PHASES;

      ck_assert (tern_task_phase_from_string (tern_task_phase_to_string (i), &phase));
      ck_assert_int_eq (phase, i);
    }
}
END_TEST

START_TEST (a_word_that_is_no_phase_is_refused_and_writes_nothing)
{
  static const char *const words[] = { NULL, "", "Queued", "running", "queued " };
  TernTaskPhase phase = TERN_PHASE_DONE;

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    ck_assert (!tern_task_phase_from_string (words[i], &phase));
  ck_assert_int_eq (phase, TERN_PHASE_DONE);
}
END_TEST

START_TEST (a_phase_is_final_exactly_if_its_state_is_an_end)
{
  static const char *const open[] = { "queued", "running", NULL };
  static const char *const ended[] = {
    "done", "remainder", "failed", "cancelled", "attention", NULL
  };

  for (guint i = 0; i < TERN_N_PHASES; i++)
    ck_assert (g_strv_contains (tern_task_phase_is_final (i) ? ended : open,
                                tern_task_phase_to_state (i)));
}
END_TEST

START_TEST (a_new_record_has_measured_nothing)
{
  g_autoptr (TernTaskRecord) task = tern_task_record_new ();

  ck_assert_str_eq (task->kind, "migrate");
  ck_assert_int_eq (task->phase, TERN_PHASE_QUEUED);
  ck_assert_int_eq (task->started_by_uid, -1);
  ck_assert_int_eq (task->progress, -1);
  ck_assert_int_eq (task->downtime_us, -1);
  ck_assert_uint_eq (task->attempt, 0);
  ck_assert_int_eq (task->options.policy, TERN_POLICY_DEFAULT);
  ck_assert_int_eq (task->options.priority, TERN_PRIORITY_NORMAL);
  ck_assert_int_eq (task->resolved_by_uid, -1);
  ck_assert_int_eq (task->convergence, TERN_CONVERGENCE_UNKNOWN);
}
END_TEST

START_TEST (every_convergence_has_a_word_of_its_own)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < TERN_N_CONVERGENCES; i++)
    ck_assert (g_hash_table_add (seen, (gpointer) tern_convergence_to_string (i)));
}
END_TEST

/* A record whose bytes all differ from those of a new one, but for what it points to. */
static TernTaskRecord *
new_full_record (void)
{
  TernTaskRecord *task = tern_task_record_new ();
  char **texts[] = { &task->vm_uuid,    &task->vm_name,     &task->source,  &task->destination,
                     &task->error_name, &task->error,       &task->verdict, &task->note,
                     &task->resolution, &task->abort_reason };
  GStrv *lists[] = { &task->ejected, &task->tried, &task->steps };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    *texts[i] = g_strdup_printf ("text %u", i);
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      g_autofree char *line = g_strdup_printf ("line %u", i);

      *lists[i] = g_strsplit (line, " ", -1);
    }
  task->id = 7;
  task->group = 6;
  task->memory = 5;
  task->vcpus = 4;
  task->eject_media = TRUE;
  task->options = (TernMoveOptions){
    TERN_POLICY_FORCE, TERN_PRIORITY_HIGH, 1, 2, 3, TERN_COMPRESSION_ZSTD, TRUE
  };
  task->chosen = task->postcopy_ready = TRUE;
  task->copy_began_us = 8;
  task->step = 9;
  task->step_us = 10;
  task->recoveries = 11;
  task->resolved_by_uid = 12;
  task->link_bps = 13;
  task->eta_min_us = 14;
  task->eta_max_us = 15;
  task->convergence = TERN_CONVERGENCE_NO;
  task->rate_bps = 16;
  return task;
}

START_TEST (a_copy_is_equal_and_apart)
{
  g_autoptr (TernTaskRecord) task = new_full_record ();
  g_autoptr (TernTaskRecord) copy = tern_task_record_copy (task);
  static const gsize texts[] = {
    G_STRUCT_OFFSET (TernTaskRecord, kind),         G_STRUCT_OFFSET (TernTaskRecord, vm_uuid),
    G_STRUCT_OFFSET (TernTaskRecord, vm_name),      G_STRUCT_OFFSET (TernTaskRecord, source),
    G_STRUCT_OFFSET (TernTaskRecord, destination),  G_STRUCT_OFFSET (TernTaskRecord, error_name),
    G_STRUCT_OFFSET (TernTaskRecord, error),        G_STRUCT_OFFSET (TernTaskRecord, verdict),
    G_STRUCT_OFFSET (TernTaskRecord, note),         G_STRUCT_OFFSET (TernTaskRecord, resolution),
    G_STRUCT_OFFSET (TernTaskRecord, abort_reason),
  };
  static const gsize lists[] = { G_STRUCT_OFFSET (TernTaskRecord, ejected),
                                 G_STRUCT_OFFSET (TernTaskRecord, tried),
                                 G_STRUCT_OFFSET (TernTaskRecord, steps) };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      char **one = G_STRUCT_MEMBER_P (task, texts[i]);
      char **other = G_STRUCT_MEMBER_P (copy, texts[i]);

      ck_assert_str_eq (*one, *other);
      ck_assert_ptr_ne (*one, *other);
      g_free (*other);
      *other = *one;
    }
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    {
      GStrv *one = G_STRUCT_MEMBER_P (task, lists[i]);
      GStrv *other = G_STRUCT_MEMBER_P (copy, lists[i]);

      ck_assert_uint_eq (g_strv_length (*other), 2);
      ck_assert (g_strv_equal ((const char *const *) *one, (const char *const *) *other));
      ck_assert_ptr_ne (*one, *other);
      g_strfreev (*other);
      *other = *one;
    }
  /* What is left are plain values: all of them, also those that come later. */
  ck_assert_mem_eq (task, copy, sizeof *task);
  g_free (g_steal_pointer (&copy));
  tern_task_record_free (NULL);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("task-record",
  tcase_add_test (tcase, every_phase_has_a_word_and_comes_back_from_it);
  tcase_add_test (tcase, a_word_that_is_no_phase_is_refused_and_writes_nothing);
  tcase_add_test (tcase, a_phase_is_final_exactly_if_its_state_is_an_end);
  tcase_add_test (tcase, a_new_record_has_measured_nothing);
  tcase_add_test (tcase, every_convergence_has_a_word_of_its_own);
  tcase_add_test (tcase, a_copy_is_equal_and_apart);
)
/* clang-format on */
