/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/trace.h"

#include "base/error.h"
#include "model/task.h"
#include "tern-check.h"
#include "test-random.h"

#include <string.h>

#define LOOK_US (500 * 1000)
#define START_US (G_GINT64_CONSTANT (1700000000) * G_USEC_PER_SEC)

static const TernTraceSample *
get_sample (const TernTrace *trace, guint i)
{
  return &g_array_index (trace->samples, TernTraceSample, i);
}

static const TernTracePhase *
get_phase (const TernTrace *trace, guint i)
{
  return &g_array_index (trace->phases, TernTracePhase, i);
}

static gboolean
is_same_sample (const TernTraceSample *a, const TernTraceSample *b)
{
  return a->at_us == b->at_us && a->remaining == b->remaining && a->processed == b->processed
         && a->dirty_bps == b->dirty_bps && a->rate_bps == b->rate_bps
         && a->iteration == b->iteration;
}

/* --- samples --- */

/* A copy: how many looks, how long apart at most, how many looks a pass takes, and how often the
 * clock is set back. */
typedef struct
{
  const char *name;
  guint n_looks;
  guint apart_us;
  guint pass_looks;
  guint back_percent;
} Copy;

static const Copy copies[] = {
  { "one look", 1, LOOK_US, 10, 0 },
  { "two looks", 2, LOOK_US, 1, 0 },
  { "short", 100, LOOK_US, 10, 0 },
  { "just full", TERN_TRACE_MAX_SAMPLES, LOOK_US, 10, 0 },
  { "one too many", TERN_TRACE_MAX_SAMPLES + 1, LOOK_US, 10, 0 },
  { "hours", 50000, LOOK_US, 4000, 0 },
  { "a pass at each look", 20000, LOOK_US, 1, 0 },
  { "looks in a burst", 20000, 1000, 30, 0 },
  { "a clock that is set back", 20000, LOOK_US, 50, 10 },
  { "a clock that stands still", 1000, 0, 3, 0 },
};

static TernTraceSample
make_sample (const Copy *copy, TestRandom *random, guint number, gint64 at_us)
{
  return (TernTraceSample){
    .at_us = at_us,
    .remaining = test_random_next (random),
    .processed = test_random_next (random),
    .dirty_bps = test_random_below (random, 2) != 0 ? test_random_next (random) : 0,
    .rate_bps = test_random_below (random, 1000),
    .iteration = number / copy->pass_looks + 1,
  };
}

static gboolean
is_bounded_and_in_order (const TernTrace *trace)
{
  for (guint i = 1; i < trace->samples->len; i++)
    if (get_sample (trace, i)->at_us < get_sample (trace, i - 1)->at_us
        || get_sample (trace, i)->iteration < get_sample (trace, i - 1)->iteration)
      return FALSE;
  return trace->samples->len <= TERN_TRACE_MAX_SAMPLES;
}

START_TEST (samples_are_bounded_in_order_and_have_the_first_and_the_last)
{
  const Copy *copy = &copies[_i];

  for (guint seed = 0; seed < 5; seed++)
    {
      TestRandom random = { seed };
      g_autoptr (TernTrace) trace = tern_trace_new ();
      TernTraceSample first = { 0 };
      gint64 at_us = START_US, latest_us = START_US;

      for (guint i = 0; i < copy->n_looks; i++)
        {
          TernTraceSample sample = make_sample (copy, &random, i, at_us);

          first = i == 0 ? sample : first;
          tern_trace_add_sample (trace, &sample);
          latest_us = sample.at_us = MAX (latest_us, at_us);
          if (!is_same_sample (get_sample (trace, trace->samples->len - 1), &sample))
            ck_abort_msg ("%s: look %u is not the last sample", copy->name, i);
          if (!is_bounded_and_in_order (trace))
            ck_abort_msg ("%s: not bounded, or not in order, after look %u", copy->name, i);
          at_us += copy->apart_us > 0 ? 1 + test_random_below (&random, copy->apart_us) : 0;
          if (test_random_chance (&random, copy->back_percent))
            at_us -= test_random_below (&random, 10) * G_USEC_PER_SEC;
        }
      ck_assert_msg (is_same_sample (get_sample (trace, 0), &first), "%s", copy->name);
    }
}
END_TEST

static TernTrace *
trace_looks (guint n_looks, guint pass_looks)
{
  Copy copy = { "steady", n_looks, LOOK_US, pass_looks, 0 };
  TernTrace *trace = tern_trace_new ();
  TestRandom random = { 1 };

  for (guint i = 0; i < n_looks; i++)
    {
      TernTraceSample sample = make_sample (&copy, &random, i, START_US + (gint64) i * LOOK_US);

      tern_trace_add_sample (trace, &sample);
    }
  return trace;
}

START_TEST (of_a_short_copy_every_look_is_kept)
{
  for (guint n = 1; n <= TERN_TRACE_MAX_SAMPLES; n++)
    {
      g_autoptr (TernTrace) trace = trace_looks (n, 7);

      ck_assert_uint_eq (trace->samples->len, n);
      ck_assert_int_eq (trace->step_us, TERN_TRACE_FIRST_STEP_US);
    }
}
END_TEST

/* Otherwise a chart would show the beginning of a long copy coarse and its end fine, or the other
 * way round. */
START_TEST (of_a_long_copy_all_of_it_is_covered_alike)
{
  for (guint n = TERN_TRACE_MAX_SAMPLES + 1; n < 100000; n = n * 5 / 4)
    {
      g_autoptr (TernTrace) trace = trace_looks (n, G_MAXUINT);
      gint64 whole_us = (gint64) (n - 1) * LOOK_US;

      ck_assert_msg (trace->samples->len >= TERN_TRACE_MAX_SAMPLES / 3, "%u of %u looks",
                     trace->samples->len, n);
      for (guint i = 1; i < trace->samples->len; i++)
        {
          gint64 gap_us = get_sample (trace, i)->at_us - get_sample (trace, i - 1)->at_us;

          if (gap_us > whole_us / 40)
            ck_abort_msg ("%u looks: sample %u comes after %d s", n, i,
                          (int) (gap_us / G_USEC_PER_SEC));
        }
    }
}
END_TEST

/* Looks are @LOOK_US apart, so that the number of one follows from its time. */
static guint
count_beginnings (const TernTrace *trace, guint pass_looks)
{
  guint n = 0;

  for (guint i = 0; i < trace->samples->len; i++)
    n += (get_sample (trace, i)->at_us - START_US) / LOOK_US % pass_looks == 0;
  return n;
}

START_TEST (the_beginnings_of_passes_stay_rather_than_others)
{
  static const guint pass_looks[] = { 37, 100, 1000 };

  for (guint i = 0; i < G_N_ELEMENTS (pass_looks); i++)
    {
      g_autoptr (TernTrace) trace = trace_looks (pass_looks[i] * 30, pass_looks[i]);
      guint found = count_beginnings (trace, pass_looks[i]);

      ck_assert_msg (found >= 28, "of 30 passes with %u looks %u have their beginning",
                     pass_looks[i], found);
    }
}
END_TEST

/* --- phases --- */

START_TEST (a_phase_is_there_once_until_another_one_begins)
{
  g_autoptr (TernTrace) trace = tern_trace_new ();

  tern_trace_enter (trace, "queued", 10);
  tern_trace_enter (trace, "queued", 20);
  tern_trace_enter (trace, "checking", 30);
  tern_trace_enter (trace, "queued", 25);
  ck_assert_uint_eq (trace->phases->len, 3);
  ck_assert_int_eq (get_phase (trace, 0)->at_us, 10);
  ck_assert_str_eq (get_phase (trace, 1)->word, "checking");
  ck_assert_str_eq (get_phase (trace, 2)->word, "queued");
  /* The clock was set back. */
  ck_assert_int_eq (get_phase (trace, 2)->at_us, 30);
}
END_TEST

START_TEST (of_too_many_phases_the_first_and_the_last_stay_with_one_gap_between)
{
  static const char *const words[] = { "attention", "verifying" };
  guint half = TERN_TRACE_MAX_PHASES / 2;

  for (guint n = 1; n < 5 * TERN_TRACE_MAX_PHASES; n++)
    {
      g_autoptr (TernTrace) trace = tern_trace_new ();
      guint kept = MIN (n, TERN_TRACE_MAX_PHASES), gaps = 0;

      for (guint i = 0; i < n; i++)
        tern_trace_enter (trace, words[i % 2], i);
      ck_assert_uint_eq (trace->phases->len, kept);
      for (guint i = 0; i < kept; i++)
        {
          guint number = i <= half ? i : n - kept + i;

          gboolean gap = *get_phase (trace, i)->word == '\0';

          gaps += gap;
          if (get_phase (trace, i)->at_us != number
              || (!gap && !g_str_equal (get_phase (trace, i)->word, words[number % 2])))
            ck_abort_msg ("%u phases: number %u is not in place %u", n, number, i);
        }
      ck_assert_uint_eq (gaps, n > TERN_TRACE_MAX_PHASES ? 1 : 0);
    }
}
END_TEST

START_TEST (a_record_without_a_trace_does_not_know_what_was_before)
{
  g_autoptr (TernTaskRecord) old = tern_task_record_new ();
  g_autoptr (TernTaskRecord) new = tern_task_record_new ();

  old->created_us = new->created_us = 100;
  old->phase = TERN_PHASE_FOLLOWING;
  tern_task_record_trace_phase (old, 200);
  ck_assert_uint_eq (old->trace->phases->len, 2);
  ck_assert_str_eq (get_phase (old->trace, 0)->word, "");
  ck_assert_int_eq (get_phase (old->trace, 0)->at_us, 100);
  ck_assert_str_eq (get_phase (old->trace, 1)->word, "following");

  tern_task_record_trace_phase (new, new->created_us);
  ck_assert_uint_eq (new->trace->phases->len, 1);
  ck_assert_str_eq (get_phase (new->trace, 0)->word, "queued");
}
END_TEST

/* --- steps --- */

START_TEST (a_step_has_its_time_or_none)
{
  g_autoptr (TernTrace) trace = tern_trace_new ();

  ck_assert_int_eq (tern_trace_get_step (NULL, 0), 0);
  ck_assert_int_eq (tern_trace_get_step (trace, 0), 0);
  tern_trace_add_step (trace, 0, 50);
  /* Two were taken by a daemon that died before it stored when. */
  tern_trace_add_step (trace, 3, 70);
  tern_trace_add_step (trace, 4, 60);
  ck_assert_int_eq (tern_trace_get_step (trace, 0), 50);
  ck_assert_int_eq (tern_trace_get_step (trace, 1), 0);
  ck_assert_int_eq (tern_trace_get_step (trace, 2), 0);
  ck_assert_int_eq (tern_trace_get_step (trace, 3), 70);
  ck_assert_int_eq (tern_trace_get_step (trace, 4), 70);
  ck_assert_int_eq (tern_trace_get_step (trace, 5), 0);
}
END_TEST

/* --- as it is stored --- */

static TernTrace *
make_full (guint n_samples)
{
  TernTrace *trace = trace_looks (n_samples, 3);

  for (guint i = 0; i < TERN_N_PHASES; i++)
    tern_trace_enter (trace, tern_task_phase_to_string (i), i == 0 ? 0 : START_US + i);
  tern_trace_enter (trace, "", G_MAXINT64);
  tern_trace_add_step (trace, 2, START_US);
  tern_trace_add_step (trace, 3, G_MAXINT64);
  return trace;
}

static void
assert_same (const TernTrace *a, const TernTrace *b)
{
  g_autofree char *left = tern_trace_to_json (a);
  g_autofree char *right = tern_trace_to_json (b);

  ck_assert_str_eq (left, right);
  ck_assert_uint_eq (a->samples->len, b->samples->len);
  for (guint i = 0; i < a->samples->len; i++)
    ck_assert (is_same_sample (get_sample (a, i), get_sample (b, i)));
  ck_assert_uint_eq (a->phases->len, b->phases->len);
  for (guint i = 0; i < a->phases->len; i++)
    {
      ck_assert_str_eq (get_phase (a, i)->word, get_phase (b, i)->word);
      ck_assert_int_eq (get_phase (a, i)->at_us, get_phase (b, i)->at_us);
    }
  for (guint i = 0; i < 10; i++)
    ck_assert_int_eq (tern_trace_get_step (a, i), tern_trace_get_step (b, i));
  ck_assert_int_eq (a->step_us, b->step_us);
}

START_TEST (a_trace_comes_back_as_it_was_stored_and_goes_on_alike)
{
  static const guint lengths[] = { 0, 1, 2, 50, TERN_TRACE_MAX_SAMPLES, 5000 };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    {
      g_autoptr (TernTrace) trace = make_full (lengths[i]);
      g_autofree char *json = tern_trace_to_json (trace);
      g_autoptr (GError) error = NULL;
      g_autoptr (TernTrace) back = tern_trace_from_json (json, &error);

      ck_assert_msg (back != NULL, "%s", error != NULL ? error->message : "no reason");
      ck_assert_ptr_null (strchr (json, '\n'));
      assert_same (trace, back);
      for (guint j = 0; j < 1000; j++)
        {
          TernTraceSample sample = { .at_us = START_US + (10000 + j) * (gint64) LOOK_US,
                                     .iteration = j };

          tern_trace_add_sample (trace, &sample);
          tern_trace_add_sample (back, &sample);
        }
      assert_same (trace, back);
    }
}
END_TEST

START_TEST (a_clock_before_1970_does_no_harm)
{
  g_autoptr (TernTrace) trace = tern_trace_new ();
  TernTraceSample sample = { .at_us = G_MININT64 };
  g_autofree char *json = NULL;
  g_autoptr (TernTrace) back = NULL;

  tern_trace_enter (trace, "queued", -1);
  tern_trace_enter (trace, "checking", G_MININT64);
  tern_trace_add_step (trace, 0, -1);
  tern_trace_add_sample (trace, &sample);
  sample.at_us = G_MAXINT64;
  tern_trace_add_sample (trace, &sample);
  json = tern_trace_to_json (trace);
  back = tern_trace_from_json (json, NULL);
  ck_assert_ptr_nonnull (back);
  assert_same (trace, back);
}
END_TEST

START_TEST (a_copy_is_a_trace_of_its_own)
{
  g_autoptr (TernTrace) trace = make_full (10);
  g_autoptr (TernTrace) copy = tern_trace_copy (trace);
  TernTraceSample sample = { .at_us = G_MAXINT64 };

  assert_same (trace, copy);
  tern_trace_add_sample (trace, &sample);
  tern_trace_add_step (trace, 4, 0);
  tern_trace_enter (trace, "done", 0);
  ck_assert_uint_eq (copy->samples->len, 10);
  ck_assert_uint_eq (copy->steps->len, 4);
  ck_assert_uint_eq (copy->phases->len, TERN_N_PHASES + 1);
}
END_TEST

/* %s: one of the cases; all the rest is as it should be. */
#define AROUND(phases, steps, step, samples)                                                       \
  "{\"phases\":" phases ",\"steps\":" steps ",\"step\":" step ",\"samples\":" samples "}"

START_TEST (what_is_never_written_is_refused)
{
  static const char *const cases[] = {
    "",
    "{}",
    "[]",
    "null",
    AROUND ("[]", "[]", "400000", "[]") " ",
    AROUND ("[]", "[]", "400000", "[]") "{}",
    AROUND ("null", "[]", "400000", "[]"),
    AROUND ("[[1,\"dreaming\"]]", "[]", "400000", "[]"),
    AROUND ("[[1,\"queued\",2]]", "[]", "400000", "[]"),
    AROUND ("[[1.5,\"queued\"]]", "[]", "400000", "[]"),
    AROUND ("[[-1,\"queued\"]]", "[]", "400000", "[]"),
    AROUND ("[[9223372036854775808,\"queued\"]]", "[]", "400000", "[]"),
    AROUND ("[[2,\"queued\"],[1,\"checking\"]]", "[]", "400000", "[]"),
    AROUND ("[[1,\"queued\"],]", "[]", "400000", "[]"),
    AROUND ("[[1,\"queued\"]", "[]", "400000", "[]"),
    AROUND ("[]", "[\"1\"]", "400000", "[]"),
    AROUND ("[]", "[1 2]", "400000", "[]"),
    AROUND ("[]", "[]", "0", "[]"),
    AROUND ("[]", "[]", "-1", "[]"),
    AROUND ("[]", "[]", "400000", "[[1,2,3,4,5]]"),
    AROUND ("[]", "[]", "400000", "[[1,2,3,4,5,6,7]]"),
    AROUND ("[]", "[]", "400000", "[[1,-2,3,4,5,6]]"),
    AROUND ("[]", "[]", "400000", "[[1,2,3,4,5,4294967296]]"),
    AROUND ("[]", "[]", "400000", "[[2,2,3,4,5,6],[1,2,3,4,5,6]]"),
    AROUND ("[]", "[]", "400000", "[[1,2,3,4,18446744073709551616,6]]"),
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TernTrace) trace = tern_trace_from_json (cases[i], &error);

      ck_assert_msg (trace == NULL, "%s", cases[i]);
      ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_STORE));
    }
}
END_TEST

START_TEST (what_is_cut_short_or_changed_is_refused_or_is_a_trace_that_can_go_on)
{
  g_autoptr (TernTrace) trace = make_full (5);
  g_autofree char *json = tern_trace_to_json (trace);
  TestRandom random = { 3 };
  guint read = 0;

  for (gsize length = 0; json[length] != '\0'; length++)
    {
      g_autofree char *cut = g_strndup (json, length);
      g_autofree char *changed = g_strdup (json);
      g_autoptr (TernTrace) none = tern_trace_from_json (cut, NULL);
      g_autoptr (TernTrace) other = NULL;
      TernTraceSample sample = { .at_us = START_US };

      ck_assert_ptr_null (none);
      changed[length] = (char) (1 + test_random_below (&random, 255));
      other = tern_trace_from_json (changed, NULL);
      if (other == NULL)
        continue;
      read++;
      for (guint i = 0; i < 1000; i++)
        tern_trace_add_sample (other, &sample);
      tern_trace_enter (other, "done", 0);
      tern_trace_add_step (other, 4, 0);
      ck_assert_uint_le (other->samples->len, TERN_TRACE_MAX_SAMPLES);
    }
  ck_assert_uint_gt (read, 0);
}
END_TEST

/* Returns: (transfer full): @n of @item in an array */
static char *
repeat (const char *item, guint n)
{
  GString *out = g_string_new ("[");

  for (guint i = 0; i < n; i++)
    g_string_append_printf (out, "%s%s", i > 0 ? "," : "", item);
  g_string_append_c (out, ']');
  return g_string_free (out, FALSE);
}

START_TEST (more_than_is_ever_kept_is_refused)
{
  for (guint more = 0; more < 2; more++)
    {
      g_autofree char *phases = repeat ("[1,\"queued\"]", TERN_TRACE_MAX_PHASES + more);
      g_autofree char *samples = repeat ("[1,2,3,4,5,6]", TERN_TRACE_MAX_SAMPLES + more);
      g_autofree char *long_story = g_strdup_printf (AROUND ("%s", "[]", "400000", "[]"), phases);
      g_autofree char *long_copy = g_strdup_printf (AROUND ("[]", "[]", "400000", "%s"), samples);
      g_autoptr (TernTrace) story = tern_trace_from_json (long_story, NULL);
      g_autoptr (TernTrace) copy = tern_trace_from_json (long_copy, NULL);

      ck_assert_int_eq (story != NULL, more == 0);
      ck_assert_int_eq (copy != NULL, more == 0);
    }
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("trace",
  tcase_set_timeout (tcase, 60);
  tcase_add_loop_test (tcase, samples_are_bounded_in_order_and_have_the_first_and_the_last, 0,
                       G_N_ELEMENTS (copies));
  tcase_add_test (tcase, of_a_short_copy_every_look_is_kept);
  tcase_add_test (tcase, of_a_long_copy_all_of_it_is_covered_alike);
  tcase_add_test (tcase, the_beginnings_of_passes_stay_rather_than_others);
  tcase_add_test (tcase, a_phase_is_there_once_until_another_one_begins);
  tcase_add_test (tcase, of_too_many_phases_the_first_and_the_last_stay_with_one_gap_between);
  tcase_add_test (tcase, a_record_without_a_trace_does_not_know_what_was_before);
  tcase_add_test (tcase, a_step_has_its_time_or_none);
  tcase_add_test (tcase, a_trace_comes_back_as_it_was_stored_and_goes_on_alike);
  tcase_add_test (tcase, a_clock_before_1970_does_no_harm);
  tcase_add_test (tcase, a_copy_is_a_trace_of_its_own);
  tcase_add_test (tcase, what_is_never_written_is_refused);
  tcase_add_test (tcase, what_is_cut_short_or_changed_is_refused_or_is_a_trace_that_can_go_on);
  tcase_add_test (tcase, more_than_is_ever_kept_is_refused);
)
/* clang-format on */
