/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is shown of a job: over whole traces, and over numbers no host should send.
 */
#include "config.h"

#include "plan/progress.h"

#include "tern-check.h"

#define GIB (G_GUINT64_CONSTANT (1) << 30)

static void
update (TernProgress *progress, guint64 total, guint64 remaining, guint iteration)
{
  TernJobStats stats = { .active = TRUE,
                         .outgoing = TRUE,
                         .memory_total = total,
                         .memory_remaining = remaining,
                         .iteration = iteration };

  tern_progress_update (progress, &stats);
}

/* A job as QEMU reports it: passes that each begin with what was dirtied, some of it wild. */
static void
random_look (GRand *rand, TernJobStats *stats)
{
  gboolean wild = g_rand_int_range (rand, 0, 50) == 0;

  stats->active = g_rand_boolean (rand);
  stats->memory_total = g_rand_boolean (rand) ? 4 * GIB : 0;
  stats->memory_remaining = (guint64) g_rand_double_range (rand, 0, 5.0 * GIB);
  stats->disk_total = g_rand_boolean (rand) ? (guint64) g_rand_int (rand) << 8 : 0;
  stats->disk_remaining = (guint64) g_rand_int (rand) << 4;
  stats->iteration = wild ? g_rand_int (rand) : stats->iteration + g_rand_int_range (rand, 0, 2);
  if (wild)
    stats->memory_remaining = G_MAXUINT64 - g_rand_int (rand);
}

START_TEST (over_random_traces_it_never_falls_and_never_claims_the_end)
{
  GRand *rand = g_rand_new_with_seed (7);

  for (guint trace = 0; trace < 2000; trace++)
    {
      TernProgress progress = TERN_PROGRESS_INIT;
      TernJobStats stats = { .active = TRUE };

      for (guint look = 0; look < 50; look++)
        {
          TernProgress before = progress;

          random_look (rand, &stats);
          tern_progress_update (&progress, &stats);
          ck_assert_int_ge (progress.percent, before.percent);
          ck_assert_int_le (progress.percent, 99);
          ck_assert_int_ge (progress.percent, -1);
          ck_assert_uint_ge (progress.iteration, before.iteration);
        }
    }
  g_rand_free (rand);
}
END_TEST

START_TEST (nothing_is_claimed_before_anything_was_measured)
{
  TernProgress progress = TERN_PROGRESS_INIT;

  update (&progress, 0, 0, 0);
  ck_assert_int_eq (progress.percent, -1);
  ck_assert_uint_eq (progress.iteration, 0);
}
END_TEST

START_TEST (a_jump_of_what_remains_does_not_move_it_back)
{
  TernProgress progress = TERN_PROGRESS_INIT;

  update (&progress, 4 * GIB, GIB, 1);
  ck_assert_int_eq (progress.percent, 75);
  update (&progress, 4 * GIB, 3 * GIB, 2);
  ck_assert_int_eq (progress.percent, 75);
  ck_assert_uint_eq (progress.iteration, 2);
}
END_TEST

START_TEST (nothing_left_is_ninety_nine_percent)
{
  TernProgress progress = TERN_PROGRESS_INIT;

  update (&progress, 4 * GIB, 0, 1);
  ck_assert_int_eq (progress.percent, 99);
}
END_TEST

START_TEST (the_largest_numbers_do_not_overflow_it)
{
  TernProgress progress = TERN_PROGRESS_INIT;
  TernJobStats stats = { .memory_total = G_MAXUINT64,
                         .disk_total = G_MAXUINT64,
                         .memory_remaining = G_MAXUINT64 / 2,
                         .disk_remaining = G_MAXUINT64 / 2,
                         .iteration = G_MAXUINT };

  tern_progress_update (&progress, &stats);
  ck_assert_int_eq (progress.percent, 50);
  ck_assert_uint_eq (progress.iteration, 1);

  progress = (TernProgress) TERN_PROGRESS_INIT;
  update (&progress, 1, G_MAXUINT64, 1);
  ck_assert_int_eq (progress.percent, 0);
}
END_TEST

START_TEST (passes_of_earlier_attempts_are_not_counted)
{
  TernProgress progress = TERN_PROGRESS_INIT;

  update (&progress, 4 * GIB, 4 * GIB, 17);
  ck_assert_uint_eq (progress.iteration, 1);
  update (&progress, 4 * GIB, GIB, 19);
  ck_assert_uint_eq (progress.iteration, 3);
}
END_TEST

START_TEST (pass_nought_and_pass_one_are_both_the_first)
{
  TernProgress progress = TERN_PROGRESS_INIT;

  update (&progress, 4 * GIB, 4 * GIB, 0);
  ck_assert_uint_eq (progress.iteration, 1);
  update (&progress, 4 * GIB, 3 * GIB, 1);
  ck_assert_uint_eq (progress.iteration, 1);
  update (&progress, 4 * GIB, 3 * GIB, 2);
  ck_assert_uint_eq (progress.iteration, 2);
}
END_TEST

TERN_CHECK_MAIN ("progress",
                 tcase_add_test (tcase, over_random_traces_it_never_falls_and_never_claims_the_end);
                 tcase_add_test (tcase, nothing_is_claimed_before_anything_was_measured);
                 tcase_add_test (tcase, a_jump_of_what_remains_does_not_move_it_back);
                 tcase_add_test (tcase, nothing_left_is_ninety_nine_percent);
                 tcase_add_test (tcase, the_largest_numbers_do_not_overflow_it);
                 tcase_add_test (tcase, passes_of_earlier_attempts_are_not_counted);
                 tcase_add_test (tcase, pass_nought_and_pass_one_are_both_the_first);)
