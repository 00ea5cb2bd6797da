/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a task went: its phases, and samples of its copy. What is kept of them is decided here; the
 * form in which they are stored is in trace-json.c.
 */
#include "config.h"

#include "model/trace.h"

/* Of too many phases so many of the first ones stay. */
#define FIRST_PHASES (TERN_TRACE_MAX_PHASES / 2)
/* The beginning of a pass may be as close to another one as this part of a step. */
#define PASS_PART 4

TernTrace *
tern_trace_new (void)
{
  TernTrace *self = g_new0 (TernTrace, 1);

  self->phases = g_array_new (FALSE, FALSE, sizeof (TernTracePhase));
  self->samples = g_array_new (FALSE, FALSE, sizeof (TernTraceSample));
  self->steps = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->step_us = TERN_TRACE_FIRST_STEP_US;
  return self;
}

TernTrace *
tern_trace_copy (const TernTrace *self)
{
  TernTrace *copy = g_new0 (TernTrace, 1);

  copy->phases = g_array_copy (self->phases);
  copy->samples = g_array_copy (self->samples);
  copy->steps = g_array_copy (self->steps);
  copy->step_us = self->step_us;
  return copy;
}

void
tern_trace_free (TernTrace *self)
{
  if (self == NULL)
    return;

  g_array_unref (self->phases);
  g_array_unref (self->samples);
  g_array_unref (self->steps);
  g_free (self);
}

/* Phases */

/* One gap, which begins where the first of those that are not kept began. */
static void
let_go_of_a_phase (GArray *phases)
{
  g_array_index (phases, TernTracePhase, FIRST_PHASES).word = "";
  g_array_remove_index (phases, FIRST_PHASES + 1);
}

void
tern_trace_enter (TernTrace *self, const char *word, gint64 at_us)
{
  TernTracePhase phase = { MAX (at_us, 0), word };

  if (self->phases->len > 0)
    {
      const TernTracePhase *last =
          &g_array_index (self->phases, TernTracePhase, self->phases->len - 1);

      if (g_str_equal (last->word, word))
        return;
      phase.at_us = MAX (phase.at_us, last->at_us);
    }
  if (self->phases->len == TERN_TRACE_MAX_PHASES)
    let_go_of_a_phase (self->phases);
  g_array_append_val (self->phases, phase);
}

/* Samples */

static TernTraceSample *
get_sample (const TernTrace *self, guint i)
{
  return &g_array_index (self->samples, TernTraceSample, i);
}

/* Of two neighbours: is the later one in another pass? */
static gboolean
begins_pass (const TernTrace *self, guint i)
{
  return get_sample (self, i)->iteration != get_sample (self, i - 1)->iteration;
}

/* There is a newer one: the last one stays only if it is far enough from the one before; or that
 * one goes, if it is less worth. */
static void
settle_last (TernTrace *self)
{
  guint last = self->samples->len - 1;
  gint64 apart_us;
  gboolean pass;

  if (last == 0)
    return;
  apart_us = get_sample (self, last)->at_us - get_sample (self, last - 1)->at_us;
  pass = begins_pass (self, last);
  if (apart_us >= (pass ? self->step_us / PASS_PART : self->step_us))
    return;
  if (pass && last > 1 && !begins_pass (self, last - 1))
    last--;
  g_array_remove_index (self->samples, last);
}

/* Of each two between the first and the last one goes. */
static void
thin (TernTrace *self)
{
  g_autoptr (GArray) all = g_steal_pointer (&self->samples);
  TernTrace before = { .samples = all };
  guint last = all->len - 1;

  self->samples =
      g_array_sized_new (FALSE, FALSE, sizeof (TernTraceSample), TERN_TRACE_MAX_SAMPLES);
  g_array_append_val (self->samples, *get_sample (&before, 0));
  for (guint i = 1; i < last; i += 2)
    {
      gboolean first_stays =
          i + 1 == last || (begins_pass (&before, i) && !begins_pass (&before, i + 1));

      g_array_append_val (self->samples, *get_sample (&before, first_stays ? i : i + 1));
    }
  g_array_append_val (self->samples, *get_sample (&before, last));
  self->step_us = MIN (self->step_us, G_MAXINT64 / 2) * 2;
}

void
tern_trace_add_sample (TernTrace *self, const TernTraceSample *sample)
{
  TernTraceSample added = *sample;

  added.at_us = MAX (added.at_us, 0);
  if (self->samples->len > 0)
    {
      added.at_us = MAX (added.at_us, get_sample (self, self->samples->len - 1)->at_us);
      settle_last (self);
    }
  if (self->samples->len == TERN_TRACE_MAX_SAMPLES)
    thin (self);
  g_array_append_val (self->samples, added);
}

/* Steps */

void
tern_trace_add_step (TernTrace *self, guint number, gint64 at_us)
{
  gint64 unknown = 0, last_us = 0;

  for (guint i = self->steps->len; i > 0 && last_us == 0; i--)
    last_us = g_array_index (self->steps, gint64, i - 1);
  at_us = MAX (at_us, last_us);
  g_array_set_size (self->steps, MIN (self->steps->len, number));
  while (self->steps->len < number)
    g_array_append_val (self->steps, unknown);
  g_array_append_val (self->steps, at_us);
}

gint64
tern_trace_get_step (const TernTrace *self, guint number)
{
  return self != NULL && number < self->steps->len ? g_array_index (self->steps, gint64, number)
                                                   : 0;
}
