/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What each policy decides of copies that were recorded from real hosts (tests/lab/record-traces),
 * where nobody acted on what was decided here; and what is shown of them.
 */
#include "config.h"

#include "plan/converge.h"
#include "plan/progress.h"

#include "tern-check.h"

#include <string.h>

#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define FIELDS 13

/* One line of a trace. */
typedef struct
{
  gint64 now_us;
  gboolean held;
  gboolean postcopy;
  TernJobStats stats;
} Look;

static GArray *
read_trace (const char *name)
{
  g_autofree char *path = g_strdup_printf ("%s/tests/fixtures/traces/%s.tsv", TERN_SRC_DIR, name);
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  GArray *looks = g_array_new (FALSE, FALSE, sizeof (Look));

  ck_assert (g_file_get_contents (path, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], "\t", -1);
      guint64 number[FIELDS];
      Look look;

      if (lines[i][0] == '#' || lines[i][0] == '\0')
        continue;
      ck_assert_uint_eq (g_strv_length (words), FIELDS);
      for (guint j = 0; j < FIELDS; j++)
        number[j] = g_ascii_strtoull (words[j], NULL, 10);
      look = (Look){ .now_us = (gint64) number[0],
                     .held = !g_str_equal (words[1], "running"),
                     .postcopy = g_str_equal (words[1], "postcopy"),
                     .stats = { .active = TRUE,
                                .outgoing = TRUE,
                                .elapsed_us = (gint64) number[2],
                                .memory_total = number[3],
                                .memory_processed = number[4],
                                .memory_remaining = number[5],
                                .memory_bps = number[6],
                                .dirty_bps = number[7],
                                .iteration = (guint) number[8],
                                .disk_total = number[9],
                                .disk_remaining = number[10],
                                .throttle = (guint) number[11],
                                .page_requests = number[12] } };
      g_array_append_val (looks, look);
    }
  ck_assert_uint_gt (looks->len, 0);
  return looks;
}

/* What a policy wanted over a whole trace. */
typedef struct
{
  GString *steps; /* "400 ms, 500 ms, post-copy" */
  gint64 first_us;
  gint64 last_us; /* of the end that was wanted: 0 for none */
  TernStepCause cause;
  gboolean seen_not_converging;
  gint64 not_converging_us;
  TernConvergence convergence;
  guint64 link_bps;
} Replay;

static void
note_step (Replay *self, TernDecision decision, gint64 now_us)
{
  static const char *const words[] = { [TERN_STEP_POSTCOPY] = "post-copy",
                                       [TERN_STEP_PAUSE] = "pause",
                                       [TERN_STEP_GIVE_UP] = "give up",
                                       [TERN_STEP_ALARM] = "alarm" };

  g_string_append (self->steps, self->steps->len > 0 ? ", " : "");
  if (decision.act == TERN_STEP_DOWNTIME)
    g_string_append_printf (self->steps, "%u ms", decision.downtime_ms);
  else
    g_string_append (self->steps, words[decision.act]);
  if (self->first_us == 0)
    self->first_us = now_us;
  if (decision.act != TERN_STEP_DOWNTIME)
    {
      self->last_us = now_us;
      self->cause = decision.cause;
    }
}

/* Shows the trace until something other than a longer downtime is wanted: what comes after it was
 * not recorded. */
static Replay
replay (const char *name, TernPolicy policy)
{
  GArray *looks = read_trace (name);
  TernConvergeSetup setup = {
    .policy = policy, .memory = 256 * MIB, .bounds = TERN_BOUNDS_INIT, .postcopy_ready = TRUE
  };
  g_autoptr (TernConverge) converge = tern_converge_new (&setup, 0);
  Replay self = { .steps = g_string_new (NULL) };

  for (guint i = 0; i < looks->len && self.last_us == 0; i++)
    {
      const Look *at = &g_array_index (looks, Look, i);
      TernConvergeLook seen = { at->now_us, &at->stats, at->held, at->postcopy };
      TernDecision decision = tern_converge_look (converge, &seen);

      if (decision.act != TERN_STEP_NONE)
        note_step (&self, decision, at->now_us);
      tern_converge_took (converge, decision, TRUE, at->now_us);
      self.convergence = tern_converge_get_convergence (converge);
      if (self.convergence == TERN_CONVERGENCE_NO && !self.seen_not_converging)
        {
          self.seen_not_converging = TRUE;
          self.not_converging_us = at->now_us;
        }
    }
  self.link_bps = tern_converge_get_link_bps (converge);
  g_array_unref (looks);
  return self;
}

/* What each policy is to want of each trace, and between which seconds it comes to an end. */
static const struct
{
  const char *trace;
  TernPolicy policy;
  const char *steps;
  TernStepCause cause;
  double after_s;
  double before_s;
} expected[] = {
  { "fast", TERN_POLICY_CAREFUL, "", TERN_CAUSE_NONE, 0, 0 },
  { "fast", TERN_POLICY_DEFAULT, "", TERN_CAUSE_NONE, 0, 0 },
  { "fast", TERN_POLICY_POSTCOPY, "", TERN_CAUSE_NONE, 0, 0 },
  { "fast", TERN_POLICY_FORCE, "", TERN_CAUSE_NONE, 0, 0 },
  { "slow", TERN_POLICY_CAREFUL, "", TERN_CAUSE_NONE, 0, 0 },
  { "slow", TERN_POLICY_DEFAULT, "", TERN_CAUSE_NONE, 0, 0 },
  { "slow", TERN_POLICY_POSTCOPY, "", TERN_CAUSE_NONE, 0, 0 },
  { "slow", TERN_POLICY_FORCE, "", TERN_CAUSE_NONE, 0, 0 },
  { "converges", TERN_POLICY_CAREFUL, "", TERN_CAUSE_NONE, 0, 0 },
  { "converges", TERN_POLICY_DEFAULT, "", TERN_CAUSE_NONE, 0, 0 },
  { "converges", TERN_POLICY_POSTCOPY, "", TERN_CAUSE_NONE, 0, 0 },
  { "converges", TERN_POLICY_FORCE, "", TERN_CAUSE_NONE, 0, 0 },
  { "helped", TERN_POLICY_CAREFUL, "1000 ms", TERN_CAUSE_NONE, 0, 0 },
  { "helped", TERN_POLICY_DEFAULT, "1000 ms, 1500 ms", TERN_CAUSE_NONE, 0, 0 },
  { "helped", TERN_POLICY_POSTCOPY, "1000 ms", TERN_CAUSE_NONE, 0, 0 },
  { "helped", TERN_POLICY_FORCE, "1000 ms, 2000 ms", TERN_CAUSE_NONE, 0, 0 },
  { "never", TERN_POLICY_CAREFUL, "400 ms, 500 ms, 700 ms, 1000 ms, give up",
    TERN_CAUSE_NOT_CONVERGING, 90, 150 },
  { "never", TERN_POLICY_DEFAULT, "400 ms, 500 ms, 700 ms, 1000 ms, 1500 ms, 2000 ms, give up",
    TERN_CAUSE_NOT_CONVERGING, 120, 240 },
  { "never", TERN_POLICY_POSTCOPY, "500 ms, 1000 ms, post-copy", TERN_CAUSE_NOT_CONVERGING, 30,
    60 },
  { "never", TERN_POLICY_FORCE, "500 ms, 1000 ms, 2000 ms, pause", TERN_CAUSE_NOT_CONVERGING, 50,
    100 },
  { "throttled", TERN_POLICY_DEFAULT, "400 ms, 500 ms, 700 ms, 1000 ms, 1500 ms, 2000 ms",
    TERN_CAUSE_NONE, 0, 0 },
  { "cut", TERN_POLICY_CAREFUL, "give up", TERN_CAUSE_STALLED, 72, 76 },
  { "cut", TERN_POLICY_DEFAULT, "give up", TERN_CAUSE_STALLED, 72, 76 },
  { "cut", TERN_POLICY_POSTCOPY, "give up", TERN_CAUSE_STALLED, 72, 76 },
  { "cut", TERN_POLICY_FORCE, "give up", TERN_CAUSE_STALLED, 72, 76 },
};

START_TEST (a_recorded_copy_is_judged_as_it_should_be)
{
  Replay self = replay (expected[_i].trace, expected[_i].policy);

  ck_assert_msg (g_str_equal (self.steps->str, expected[_i].steps), "%s by %s: %s at %.1f s",
                 expected[_i].trace, tern_policy_to_string (expected[_i].policy), self.steps->str,
                 self.last_us / 1e6);
  ck_assert_int_eq (self.cause, expected[_i].cause);
  ck_assert_double_ge (self.last_us / 1e6, expected[_i].after_s);
  ck_assert_double_le (self.last_us / 1e6, expected[_i].before_s);
  g_string_free (self.steps, TRUE);
}
END_TEST

static const struct
{
  const char *trace;
  gboolean not_converging;
  double link_mib;
} rates[] = {
  { "slow", FALSE, 9.5 },    { "converges", FALSE, 24 }, { "helped", FALSE, 24 },
  { "never", TRUE, 9.5 },    { "throttled", TRUE, 9.5 }, { "cut", FALSE, 9.5 },
  { "postcopy", TRUE, 9.5 },
};

START_TEST (who_does_not_converge_is_seen_and_nobody_else)
{
  Replay self = replay (rates[_i].trace, TERN_POLICY_FORCE);

  ck_assert_int_eq (self.seen_not_converging, rates[_i].not_converging);
  if (rates[_i].not_converging)
    ck_assert_double_le (self.not_converging_us / 1e6, 40);
  ck_assert_double_ge (self.link_bps / (double) MIB, 0.85 * rates[_i].link_mib);
  ck_assert_double_le (self.link_bps / (double) MIB, 1.15 * rates[_i].link_mib);
  g_string_free (self.steps, TRUE);
}
END_TEST

static const char *const traces[] = { "fast",  "slow",      "converges", "helped",
                                      "never", "throttled", "cut",       "postcopy" };

START_TEST (the_percentage_never_falls_and_never_says_done)
{
  GArray *looks = read_trace (traces[_i]);
  TernProgress progress = TERN_PROGRESS_INIT;

  for (guint i = 0; i < looks->len; i++)
    {
      const Look *at = &g_array_index (looks, Look, i);
      TernProgress before = progress;

      tern_progress_update (&progress, &at->stats);
      ck_assert_int_ge (progress.percent, before.percent);
      ck_assert_int_le (progress.percent, 99);
      ck_assert_uint_ge (progress.iteration, before.iteration);
    }
  ck_assert_int_gt (progress.percent, 10);
  g_array_unref (looks);
}
END_TEST

START_TEST (a_copy_in_postcopy_is_left_alone)
{
  Replay self = replay ("postcopy", TERN_POLICY_CAREFUL);

  ck_assert_int_eq (self.last_us, 0);
  g_string_free (self.steps, TRUE);
}
END_TEST

/* At each look of a copy that is not helped, the end that is told lies where it comes. */
START_TEST (the_eta_of_a_copy_that_converges_holds_its_end)
{
  GArray *looks = read_trace (_i == 0 ? "slow" : "converges");
  TernConvergeSetup setup = { .memory = 256 * MIB, .bounds = TERN_BOUNDS_INIT };
  g_autoptr (TernConverge) converge = tern_converge_new (&setup, 0);
  gint64 end_us = g_array_index (looks, Look, looks->len - 1).now_us;
  guint told = 0;

  for (guint i = 0; i + 1 < looks->len; i++)
    {
      const Look *at = &g_array_index (looks, Look, i);
      TernConvergeLook seen = { at->now_us, &at->stats, at->held, at->postcopy };
      gint64 min_us, max_us;

      tern_converge_look (converge, &seen);
      if (!tern_converge_get_eta (converge, &min_us, &max_us))
        continue;
      told++;
      ck_assert_int_ge (max_us, min_us);
      /* Not too early; pages of zeros at the end make it too late. */
      ck_assert_int_ge (at->now_us + max_us, end_us - 2 * G_USEC_PER_SEC);
    }
  ck_assert_uint_ge (told, looks->len / 2);
  g_array_unref (looks);
}
END_TEST

TERN_CHECK_MAIN ("traces", tcase_add_loop_test (tcase, a_recorded_copy_is_judged_as_it_should_be, 0,
                                                G_N_ELEMENTS (expected));
                 tcase_add_loop_test (tcase, who_does_not_converge_is_seen_and_nobody_else, 0,
                                      G_N_ELEMENTS (rates));
                 tcase_add_loop_test (tcase, the_percentage_never_falls_and_never_says_done, 0,
                                      G_N_ELEMENTS (traces));
                 tcase_add_test (tcase, a_copy_in_postcopy_is_left_alone);
                 tcase_add_loop_test (tcase, the_eta_of_a_copy_that_converges_holds_its_end, 0, 2);)
