/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a move is expected to go, before it is begun.
 *
 * A guest is modelled that writes evenly all over its memory, so that pass by pass
 *
 *   takes[i] = left[i] / link      left[i + 1] = min (memory, writes * takes[i])
 *
 * and the very code that will watch the copy is shown its numbers: what it would decide is what
 * is foretold. Slowing the guest down follows QEMU: 20 %, then 10 % more, after each two passes
 * in which more than half of what was sent was written again.
 */
#include "config.h"

#include "plan/forecast.h"

#include "plan/converge.h"

#include "base/units.h"

/* Looks at each pass. */
#define LOOKS 4
/* No forecast needs more; each pass is longer than the downtime that would end it. */
#define MOST_PASSES 20000
#define QEMU_DOWNTIME_MS 300
#define THROTTLE_FIRST 20
#define THROTTLE_MORE 10
#define THROTTLE_MOST 99
/* Devices are moved, too, and the guest is started: that takes a moment whatever is left. */
#define LEAST_DOWNTIME_US (100 * 1000)
/* How far the end may be from what was computed: rates are no constants. */
#define LATEST_SHARE 1.25

/* A modelled copy. */
typedef struct
{
  double memory;
  double dirty_bps;
  double rate_bps;
  double postcopy_bps;
  gboolean slows_down;
  TernConverge *converge;
  double now_us;
  double left;
  double pass_size;
  double written;
  double sent;
  guint pass;
  guint high;
  guint throttle;
  guint downtime_ms;
} Model;

/* How it went. */
typedef struct
{
  gboolean ended;
  double took_us;
  double downtime_us;
} Run;

static double
get_time_us (double bytes, double rate_bps)
{
  return bytes / rate_bps * G_USEC_PER_SEC;
}

/* Sums of doubles may end a little below 0, and what is said to be written can be anything. */
static guint64
to_bytes (double bytes)
{
  return (guint64) CLAMP (bytes, 0.0, (double) (G_MAXINT64 / 2));
}

static gint64
to_us (double us)
{
  return (gint64) MIN (us, (double) (G_MAXINT64 / 4));
}

static TernDecision
look (Model *self)
{
  TernJobStats stats = { .active = TRUE,
                         .outgoing = TRUE,
                         .memory_total = to_bytes (self->memory),
                         .memory_processed = to_bytes (self->sent),
                         .memory_remaining = to_bytes (self->left),
                         .memory_bps = to_bytes (self->rate_bps),
                         .iteration = self->pass,
                         .throttle = self->throttle };
  TernConvergeLook seen = { .now_us = to_us (self->now_us), .stats = &stats };
  TernDecision decision = tern_converge_look (self->converge, &seen);

  if (decision.act == TERN_STEP_DOWNTIME)
    {
      tern_converge_took (self->converge, decision, TRUE, seen.now_us);
      self->downtime_ms = decision.downtime_ms;
    }
  return decision;
}

/* Whether the decision ends the copy, and how. */
static gboolean
take_end (Model *self, TernDecision decision, Run *out_run)
{
  double paused_us = get_time_us (self->left + self->written, self->rate_bps);
  double rest_us = get_time_us (self->left + self->written, self->postcopy_bps);

  switch (decision.act)
    {
    case TERN_STEP_GIVE_UP:
      *out_run = (Run){ FALSE, self->now_us, 0 };
      return TRUE;
    case TERN_STEP_PAUSE:
      *out_run = (Run){ TRUE, self->now_us + paused_us, MAX (paused_us, LEAST_DOWNTIME_US) };
      return TRUE;
    case TERN_STEP_POSTCOPY:
      *out_run = (Run){ TRUE, self->now_us + rest_us, LEAST_DOWNTIME_US };
      return TRUE;
    case TERN_STEP_NONE:
    case TERN_STEP_DOWNTIME:
    case TERN_STEP_ALARM:
      break;
    }
  return FALSE;
}

static void
slow_down (Model *self)
{
  if (!self->slows_down || self->written <= self->pass_size / 2 || ++self->high < 2)
    return;
  self->high = 0;
  self->throttle =
      self->throttle == 0 ? THROTTLE_FIRST : MIN (self->throttle + THROTTLE_MORE, THROTTLE_MOST);
}

/* Sends one pass. Returns: whether the copy ended in it. */
static gboolean
send_pass (Model *self, Run *out_run)
{
  double part = self->left / LOOKS;
  double dirty_bps = self->dirty_bps * (100 - self->throttle) / 100;

  self->pass_size = self->left;
  self->written = 0;
  for (guint i = 0; i < LOOKS; i++)
    {
      double part_us = get_time_us (part, self->rate_bps);

      self->now_us += part_us;
      self->left -= part;
      self->sent += part;
      self->written = MIN (self->written + dirty_bps * part_us / G_USEC_PER_SEC, self->memory);
      if (take_end (self, look (self), out_run))
        return TRUE;
    }
  return FALSE;
}

static gboolean
begin_pass (Model *self, Run *out_run)
{
  double needed_us = get_time_us (self->written, self->rate_bps);

  if (needed_us <= self->downtime_ms * 1000.0)
    {
      *out_run = (Run){ TRUE, self->now_us + needed_us, MAX (needed_us, LEAST_DOWNTIME_US) };
      return TRUE;
    }
  slow_down (self);
  self->left = self->written;
  self->pass++;
  return take_end (self, look (self), out_run);
}

static double
get_rate (guint64 link_bps, guint64 bandwidth_bps)
{
  return bandwidth_bps > 0 ? (double) MIN (link_bps, bandwidth_bps) : (double) link_bps;
}

static Run
run (const TernForecastQuestion *question, TernPolicy policy)
{
  TernConvergeSetup setup = { .policy = policy,
                              .memory = question->memory,
                              .bounds = TERN_BOUNDS_INIT,
                              .postcopy_ready = policy == TERN_POLICY_POSTCOPY };
  g_autoptr (TernConverge) converge = tern_converge_new (&setup, 0);
  Model model = { .memory = (double) question->memory,
                  .dirty_bps = (double) question->dirty_bps,
                  .rate_bps = get_rate (question->link_bps, question->options.bandwidth_bps),
                  .postcopy_bps =
                      get_rate (question->link_bps, question->options.postcopy_bandwidth_bps),
                  .slows_down = tern_policy_needs_auto_converge (policy),
                  .converge = converge,
                  .left = (double) question->memory,
                  .pass = 1,
                  .downtime_ms = QEMU_DOWNTIME_MS };
  Run run = { FALSE, 0, 0 };

  (void) look (&model);
  for (guint i = 0; i < MOST_PASSES; i++)
    if (send_pass (&model, &run) || begin_pass (&model, &run))
      return run;
  return (Run){ FALSE, model.now_us, 0 };
}

/* The gentlest policy by which it ends: they are listed in that order. */
static TernPolicy
recommend (const TernForecastQuestion *question)
{
  for (TernPolicy policy = 0; policy < TERN_N_POLICIES; policy++)
    if (run (question, policy).ended)
      return policy;
  return TERN_POLICY_POSTCOPY;
}

TernForecast
tern_forecast (const TernForecastQuestion *question)
{
  TernPolicy policy = question->options.policy;
  TernForecast forecast = { .recommended = policy };
  Run expected;

  if (question->link_bps == 0)
    return forecast;
  forecast.known = TRUE;
  forecast.min_us = to_us (get_time_us (
      (double) question->memory, get_rate (question->link_bps, question->options.bandwidth_bps)));
  forecast.max_us = MAX (forecast.min_us, tern_converge_get_bound_us (policy, question->memory));
  forecast.downtime_us = QEMU_DOWNTIME_MS * 1000;
  if (!question->dirty_known)
    return forecast;

  expected = run (question, policy);
  forecast.max_us = MAX (forecast.min_us, to_us (expected.took_us * LATEST_SHARE));
  forecast.downtime_us = to_us (expected.downtime_us);
  forecast.gives_up = !expected.ended;
  forecast.recommended = recommend (question);
  forecast.converges = forecast.recommended == TERN_POLICY_CAREFUL;
  return forecast;
}

static char *
describe_times (const TernForecast *forecast)
{
  g_autofree char *min = tern_units_format_duration (forecast->min_us);
  g_autofree char *max = tern_units_format_duration (forecast->max_us);
  g_autofree char *still = tern_units_format_duration (forecast->downtime_us);

  return g_strdup_printf ("takes %s to %s, stands still for about %s", min, max, still);
}

/* "writes 76 MiB/s, the link carries 9.5 MiB/s" */
static char *
describe_rates (const TernForecastQuestion *question)
{
  guint64 rate_bps = to_bytes (get_rate (question->link_bps, question->options.bandwidth_bps));
  g_autofree char *dirty = tern_units_format_rate (question->dirty_bps);
  g_autofree char *rate = tern_units_format_rate (rate_bps);

  return g_strdup_printf ("it writes %s and %s %s", dirty,
                          rate_bps < question->link_bps ? "may send" : "the link carries", rate);
}

static char *
describe_least (const TernForecast *forecast)
{
  g_autofree char *min = tern_units_format_duration (forecast->min_us);

  return g_strdup_printf ("takes at least %s; how fast it writes is not known", min);
}

char *
tern_forecast_describe (const TernForecastQuestion *question, const TernForecast *forecast)
{
  const char *recommended = tern_policy_to_string (forecast->recommended);
  g_autofree char *times = describe_times (forecast);
  g_autofree char *rates = NULL;

  if (!forecast->known)
    return g_strdup ("nothing can be said: the rate of the link is not known");
  if (!question->dirty_known)
    return describe_least (forecast);
  rates = describe_rates (question);
  if (forecast->gives_up && forecast->recommended == question->options.policy)
    return g_strdup_printf ("would not end by any policy: %s; use a faster link", rates);
  if (forecast->gives_up)
    return g_strdup_printf ("would not converge: %s; use the policy %s", rates, recommended);
  if (!forecast->converges)
    return g_strdup_printf ("%s, by the means of the policy %s: %s", times,
                            tern_policy_to_string (question->options.policy), rates);
  return g_steal_pointer (&times);
}
