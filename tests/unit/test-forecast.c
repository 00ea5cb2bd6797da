/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is foretold of a move: against modelled copies that were not made for it, and in the cases
 * that matter one by one.
 */
#include "config.h"

#include "plan/forecast.h"

#include "plan/converge.h"

#include "copy-model.h"
#include "tern-check.h"

#include <string.h>

#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define SECOND ((gint64) G_USEC_PER_SEC)

static TernForecastQuestion
make_question (TernPolicy policy, guint64 memory, guint64 link_bps, guint64 dirty_bps)
{
  TernForecastQuestion question = { .memory = memory,
                                    .dirty_known = TRUE,
                                    .dirty_bps = dirty_bps,
                                    .link_bps = link_bps,
                                    .options = TERN_MOVE_OPTIONS_INIT };

  question.options.policy = policy;
  return question;
}

/* A copy that is carried out as its policy wants. */
static CopyEnd
copy (CopyModel *model, TernPolicy policy, guint32 seed)
{
  TernConvergeSetup setup = { .policy = policy,
                              .memory = (guint64) model->memory,
                              .bounds = TERN_BOUNDS_INIT,
                              .postcopy_ready = TRUE };
  g_autoptr (TernConverge) converge = tern_converge_new (&setup, 0);
  TernDecision decision = { .act = TERN_STEP_NONE };

  copy_model_start (model, seed);
  while (!model->done && decision.act != TERN_STEP_GIVE_UP)
    {
      TernJobStats stats;
      TernConvergeLook look = copy_model_look (model, &stats);

      decision = tern_converge_look (converge, &look);
      tern_converge_took (converge, decision, copy_model_obey (model, decision), model->now_us);
      copy_model_run (model, SECOND / 2);
    }
  copy_model_stop (model);
  return decision.act == TERN_STEP_GIVE_UP ? COPY_GIVEN_UP : COPY_DONE;
}

/* One that is far from the edge between converging and not, and writes all over its memory. */
static CopyModel
random_model (GRand *rand, gboolean converges)
{
  CopyModel model = { .memory = g_rand_double_range (rand, 256, 32768) * MIB, .noise = 0.1 };

  model.hot = 40 * model.memory;
  model.link_bps = model.memory / g_rand_double_range (rand, 5, 40);
  model.dirty_bps =
      model.link_bps
      * (converges ? g_rand_double_range (rand, 0, 0.6) : g_rand_double_range (rand, 1.5, 3));
  return model;
}

START_TEST (what_is_foretold_comes_true)
{
  TernPolicy policy = (TernPolicy) _i;
  GRand *rand = g_rand_new_with_seed (101);

  for (guint i = 0; i < 200; i++)
    {
      CopyModel model = random_model (rand, i % 2 == 0);
      TernForecastQuestion question = make_question (
          policy, (guint64) model.memory, (guint64) model.link_bps, (guint64) model.dirty_bps);
      TernForecast forecast = tern_forecast (&question);
      CopyEnd end;

      if (i % 2 != 0)
        model.hot = model.memory;
      model.auto_converge = tern_policy_needs_auto_converge (policy);
      ck_assert (forecast.known);
      if (i % 2 != 0 && policy == TERN_POLICY_DEFAULT)
        continue; /* how much slowing helps depends on more than the rates */
      end = copy (&model, policy, i);
      ck_assert_msg ((end == COPY_GIVEN_UP) == forecast.gives_up, "history %u", i);
      if (!forecast.gives_up && i % 2 == 0)
        {
          ck_assert_int_ge (model.now_us, forecast.min_us * 9 / 10);
          ck_assert_int_le (model.now_us, forecast.max_us * 5 / 4 + 2 * SECOND);
        }
      ck_assert_int_eq (forecast.converges, i % 2 == 0);
    }
  g_rand_free (rand);
}
END_TEST

START_TEST (a_faster_link_is_never_worse)
{
  GRand *rand = g_rand_new_with_seed (7);

  for (guint i = 0; i < 400; i++)
    {
      guint64 memory = g_rand_int_range (rand, 1, 64) * GIB;
      guint64 link = g_rand_int_range (rand, 10, 2000) * MIB;
      guint64 dirty = g_rand_int_range (rand, 0, 2000) * MIB;
      TernPolicy policy = (TernPolicy) (i % TERN_N_POLICIES);
      TernForecastQuestion slow = make_question (policy, memory, link, dirty);
      TernForecastQuestion fast = make_question (policy, memory, 4 * link, dirty);
      TernForecast slowly = tern_forecast (&slow);
      TernForecast fastly = tern_forecast (&fast);

      ck_assert_int_le (fastly.min_us, slowly.min_us);
      ck_assert (!slowly.converges || fastly.converges);
      ck_assert_int_le (fastly.recommended, slowly.recommended);
      ck_assert_int_le (slowly.min_us, slowly.max_us);
    }
  g_rand_free (rand);
}
END_TEST

START_TEST (the_recommended_policy_is_expected_to_end)
{
  GRand *rand = g_rand_new_with_seed (9);

  for (guint i = 0; i < 400; i++)
    {
      TernForecastQuestion question = make_question (
          (TernPolicy) (i % TERN_N_POLICIES), g_rand_int_range (rand, 1, 64) * GIB,
          g_rand_int_range (rand, 100, 2000) * MIB, g_rand_int_range (rand, 0, 4000) * MIB);
      TernForecast forecast = tern_forecast (&question);

      question.options.policy = forecast.recommended;
      ck_assert (!tern_forecast (&question).gives_up);
      while (question.options.policy > 0)
        {
          question.options.policy--;
          ck_assert (tern_forecast (&question).gives_up);
        }
    }
  g_rand_free (rand);
}
END_TEST

START_TEST (a_dirtier_on_a_slow_link_needs_more_than_patience)
{
  TernForecastQuestion question =
      make_question (TERN_POLICY_CAREFUL, 256 * MIB, 10 * MIB, 76 * MIB);
  TernForecast forecast = tern_forecast (&question);
  g_autofree char *said = tern_forecast_describe (&question, &forecast);

  ck_assert (forecast.gives_up);
  ck_assert (!forecast.converges);
  ck_assert_int_gt (forecast.recommended, TERN_POLICY_CAREFUL);
  ck_assert_ptr_nonnull (
      strstr (said, "would not converge: it writes 76 MiB/s and the link carries 10 MiB/s"));
  ck_assert_ptr_nonnull (strstr (said, "use the policy "));
}
END_TEST

START_TEST (postcopy_stands_still_for_a_moment_and_force_for_the_rest)
{
  TernForecastQuestion question =
      make_question (TERN_POLICY_POSTCOPY, 256 * MIB, 10 * MIB, 76 * MIB);
  TernForecast postcopy = tern_forecast (&question);
  TernForecast force;

  ck_assert (!postcopy.gives_up);
  ck_assert_int_lt (postcopy.downtime_us, SECOND);
  question.dirty_bps = 2000 * MIB;
  question.options.policy = TERN_POLICY_FORCE;
  force = tern_forecast (&question);
  ck_assert (!force.gives_up);
  ck_assert_int_gt (force.downtime_us, 10 * SECOND);
}
END_TEST

START_TEST (an_idle_guest_takes_one_pass)
{
  TernForecastQuestion question = make_question (TERN_POLICY_DEFAULT, 10 * GIB, GIB, 0);
  TernForecast forecast = tern_forecast (&question);
  g_autofree char *said = tern_forecast_describe (&question, &forecast);

  ck_assert_int_eq (forecast.min_us, 10 * SECOND);
  ck_assert_int_le (forecast.max_us, 13 * SECOND);
  ck_assert (forecast.converges);
  ck_assert_int_eq (forecast.recommended, TERN_POLICY_CAREFUL);
  ck_assert_str_eq (said, "takes 10.0 s to 12.5 s, stands still for about 100 ms");
}
END_TEST

START_TEST (a_bandwidth_counts_instead_of_a_faster_link)
{
  TernForecastQuestion question = make_question (TERN_POLICY_CAREFUL, 10 * GIB, GIB, 200 * MIB);

  ck_assert (tern_forecast (&question).converges);
  question.options.bandwidth_bps = 100 * MIB;
  ck_assert (!tern_forecast (&question).converges);
  ck_assert_int_eq (tern_forecast (&question).min_us, 102400000);
}
END_TEST

START_TEST (without_a_known_link_nothing_is_claimed)
{
  TernForecastQuestion question = make_question (TERN_POLICY_FORCE, GIB, 0, MIB);
  TernForecast forecast = tern_forecast (&question);
  g_autofree char *said = tern_forecast_describe (&question, &forecast);

  ck_assert (!forecast.known);
  ck_assert (!forecast.gives_up);
  ck_assert_str_eq (said, "nothing can be said: the rate of the link is not known");
}
END_TEST

START_TEST (without_a_measured_guest_only_the_least_is_claimed)
{
  TernForecastQuestion question = make_question (TERN_POLICY_DEFAULT, GIB, 100 * MIB, 0);
  TernForecast forecast;
  g_autofree char *said = NULL;

  question.dirty_known = FALSE;
  forecast = tern_forecast (&question);
  said = tern_forecast_describe (&question, &forecast);
  ck_assert (forecast.known);
  ck_assert_int_eq (forecast.min_us, 10240000);
  ck_assert_int_eq (forecast.max_us, tern_converge_get_bound_us (TERN_POLICY_DEFAULT, GIB));
  ck_assert_str_eq (said, "takes at least 10.2 s; how fast it writes is not known");
}
END_TEST

START_TEST (the_largest_numbers_break_nothing)
{
  static const guint64 numbers[] = { 0, 1, MIB, 64 * GIB, G_MAXINT64, G_MAXUINT64 };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    for (guint j = 0; j < G_N_ELEMENTS (numbers); j++)
      for (guint k = 0; k < G_N_ELEMENTS (numbers); k++)
        {
          TernForecastQuestion question =
              make_question ((TernPolicy) _i, numbers[i], numbers[j], numbers[k]);
          TernForecast forecast = tern_forecast (&question);
          g_autofree char *said = tern_forecast_describe (&question, &forecast);

          ck_assert_int_ge (forecast.min_us, 0);
          ck_assert_int_ge (forecast.max_us, forecast.min_us);
          ck_assert_uint_gt (strlen (said), 0);
        }
}
END_TEST

TERN_CHECK_MAIN ("forecast",
                 tcase_add_loop_test (tcase, what_is_foretold_comes_true, 0, TERN_N_POLICIES);
                 tcase_add_test (tcase, a_faster_link_is_never_worse);
                 tcase_add_test (tcase, the_recommended_policy_is_expected_to_end);
                 tcase_add_test (tcase, a_dirtier_on_a_slow_link_needs_more_than_patience);
                 tcase_add_test (tcase, postcopy_stands_still_for_a_moment_and_force_for_the_rest);
                 tcase_add_test (tcase, an_idle_guest_takes_one_pass);
                 tcase_add_test (tcase, a_bandwidth_counts_instead_of_a_faster_link);
                 tcase_add_test (tcase, without_a_known_link_nothing_is_claimed);
                 tcase_add_test (tcase, without_a_measured_guest_only_the_least_is_claimed);
                 tcase_add_loop_test (tcase, the_largest_numbers_break_nothing, 0,
                                      TERN_N_POLICIES);)
