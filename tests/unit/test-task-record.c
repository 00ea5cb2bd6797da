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
  static const char *const ended[] = { "done", "failed", "cancelled", "attention", NULL };

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
}
END_TEST

START_TEST (a_copy_is_equal_and_apart)
{
  g_autoptr (TernTaskRecord) task = tern_task_record_new ();
  g_autoptr (TernTaskRecord) copy = NULL;
  char **texts[] = { &task->vm_uuid,    &task->vm_name, &task->source, &task->destination,
                     &task->error_name, &task->error,   &task->verdict };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    *texts[i] = g_strdup_printf ("text %u", i);
  task->id = 7;
  task->group = 6;
  task->memory = 5;
  task->vcpus = 4;
  task->eject_media = TRUE;
  task->ejected = g_strdupv ((char *[]){ (char *) "sda=/x.iso", NULL });
  task->rate_bps = 8;
  copy = tern_task_record_copy (task);
  ck_assert_uint_eq (copy->id, 7);
  ck_assert_uint_eq (copy->rate_bps, 8);
  ck_assert_uint_eq (copy->group, 6);
  ck_assert_uint_eq (copy->memory, 5);
  ck_assert_uint_eq (copy->vcpus, 4);
  ck_assert (copy->eject_media);
  ck_assert_str_eq (copy->ejected[0], "sda=/x.iso");
  ck_assert_ptr_ne (copy->ejected, task->ejected);
  ck_assert_str_eq (copy->vm_uuid, task->vm_uuid);
  ck_assert_str_eq (copy->vm_name, task->vm_name);
  ck_assert_str_eq (copy->source, task->source);
  ck_assert_str_eq (copy->destination, task->destination);
  ck_assert_str_eq (copy->error_name, task->error_name);
  ck_assert_str_eq (copy->error, task->error);
  ck_assert_str_eq (copy->verdict, task->verdict);
  ck_assert_str_eq (copy->kind, task->kind);
  ck_assert_ptr_ne (copy->verdict, task->verdict);
  tern_task_record_free (NULL);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("task-record",
  tcase_add_test (tcase, every_phase_has_a_word_and_comes_back_from_it);
  tcase_add_test (tcase, a_word_that_is_no_phase_is_refused_and_writes_nothing);
  tcase_add_test (tcase, a_phase_is_final_exactly_if_its_state_is_an_end);
  tcase_add_test (tcase, a_new_record_has_measured_nothing);
  tcase_add_test (tcase, a_copy_is_equal_and_apart);
)
/* clang-format on */
