/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A trace as the store keeps it: one line of JSON, of arrays, since there are hundreds of samples:
 *
 *   {"phases":[[TIME,"queued"],…],"steps":[TIME,…],"step":400000,
 *    "samples":[[TIME,REMAINING,PROCESSED,DIRTY,RATE,ITERATION],…]}
 *
 * Strict: whoever finds something else there has a damaged store.
 */
#include "config.h"

#include "model/trace.h"

#include "base/error.h"
#include "model/snapshot-json.h"
#include "model/task.h"

#include <string.h>

#define FILE_NAME "a trace"
#define TIME_FORMAT "%" G_GINT64_FORMAT
#define COUNT_FORMAT "%" G_GUINT64_FORMAT

/* Writing */

static void
write_phases (GString *out, const GArray *phases)
{
  for (guint i = 0; i < phases->len; i++)
    {
      const TernTracePhase *phase = &g_array_index (phases, TernTracePhase, i);

      g_string_append_printf (out, "%s[" TIME_FORMAT ",\"%s\"]", i > 0 ? "," : "", phase->at_us,
                              phase->word);
    }
}

static void
write_steps (GString *out, const GArray *steps)
{
  for (guint i = 0; i < steps->len; i++)
    g_string_append_printf (out, "%s" TIME_FORMAT, i > 0 ? "," : "",
                            g_array_index (steps, gint64, i));
}

static void
write_samples (GString *out, const GArray *samples)
{
  for (guint i = 0; i < samples->len; i++)
    {
      const TernTraceSample *sample = &g_array_index (samples, TernTraceSample, i);

      g_string_append_printf (out,
                              "%s[" TIME_FORMAT "," COUNT_FORMAT "," COUNT_FORMAT "," COUNT_FORMAT
                              "," COUNT_FORMAT ",%u]",
                              i > 0 ? "," : "", sample->at_us, sample->remaining, sample->processed,
                              sample->dirty_bps, sample->rate_bps, sample->iteration);
    }
}

char *
tern_trace_to_json (const TernTrace *self)
{
  GString *out = g_string_new ("{\"phases\":[");

  write_phases (out, self->phases);
  g_string_append (out, "],\"steps\":[");
  write_steps (out, self->steps);
  g_string_append_printf (out, "],\"step\":" TIME_FORMAT ",\"samples\":[", self->step_us);
  write_samples (out, self->samples);
  g_string_append (out, "]}");
  return g_string_free (out, FALSE);
}

/* Reading */

static gboolean
take_name (TernJsonText *text, char before, const char *name)
{
  g_autofree char *taken = NULL;

  return tern_json_take (text, before) && tern_json_take_string (text, &taken)
         && g_str_equal (taken, name) && tern_json_take (text, ':');
}

/* Whole, and no more than @max. By hand: a store has millions of them, and all are read when it is
 * opened. */
static gboolean
take_number (TernJsonText *text, guint64 max, guint64 *out_number)
{
  const char *at = text->at;
  guint64 number = 0;

  for (; at < text->end && g_ascii_isdigit (*at); at++)
    {
      guint64 digit = (guint64) (*at - '0');

      if (number > (max - digit) / 10)
        return FALSE;
      number = number * 10 + digit;
    }
  if (at == text->at)
    return FALSE;
  text->at = at;
  *out_number = number;
  return TRUE;
}

static gboolean
take_time (TernJsonText *text, gint64 *out_us)
{
  guint64 number;

  if (!take_number (text, G_MAXINT64, &number))
    return FALSE;
  *out_us = (gint64) number;
  return TRUE;
}

static gboolean
take_count (TernJsonText *text, guint64 max, guint64 *out_count)
{
  return tern_json_take (text, ',') && take_number (text, max, out_count);
}

/* One item of an array into @self. */
typedef gboolean (*TakeItem) (TernJsonText *text, TernTrace *self);

static gboolean
take_array (TernJsonText *text, TernTrace *self, TakeItem take)
{
  if (!tern_json_take (text, '['))
    return FALSE;
  if (tern_json_take (text, ']'))
    return TRUE;
  do
    if (!take (text, self))
      return FALSE;
  while (tern_json_take (text, ','));
  return tern_json_take (text, ']');
}

static gboolean
find_word (const char *taken, const char **out_word)
{
  TernTaskPhase phase;

  if (*taken == '\0')
    *out_word = "";
  else if (tern_task_phase_from_string (taken, &phase))
    *out_word = tern_task_phase_to_string (phase);
  else
    return FALSE;
  return TRUE;
}

static gboolean
take_phase (TernJsonText *text, TernTrace *self)
{
  g_autofree char *taken = NULL;
  guint n = self->phases->len;
  TernTracePhase phase;

  if (!tern_json_take (text, '[') || !take_time (text, &phase.at_us) || !tern_json_take (text, ',')
      || !tern_json_take_string (text, &taken) || !tern_json_take (text, ']')
      || !find_word (taken, &phase.word) || n == TERN_TRACE_MAX_PHASES
      || (n > 0 && phase.at_us < g_array_index (self->phases, TernTracePhase, n - 1).at_us))
    return FALSE;
  g_array_append_val (self->phases, phase);
  return TRUE;
}

static gboolean
take_step (TernJsonText *text, TernTrace *self)
{
  gint64 at_us;

  if (!take_time (text, &at_us))
    return FALSE;
  g_array_append_val (self->steps, at_us);
  return TRUE;
}

static gboolean
take_numbers (TernJsonText *text, TernTraceSample *sample)
{
  guint64 iteration;

  if (!tern_json_take (text, '[') || !take_time (text, &sample->at_us)
      || !take_count (text, G_MAXUINT64, &sample->remaining)
      || !take_count (text, G_MAXUINT64, &sample->processed)
      || !take_count (text, G_MAXUINT64, &sample->dirty_bps)
      || !take_count (text, G_MAXUINT64, &sample->rate_bps)
      || !take_count (text, G_MAXUINT, &iteration) || !tern_json_take (text, ']'))
    return FALSE;
  sample->iteration = (guint) iteration;
  return TRUE;
}

static gboolean
take_sample (TernJsonText *text, TernTrace *self)
{
  guint n = self->samples->len;
  TernTraceSample sample;

  if (!take_numbers (text, &sample) || n == TERN_TRACE_MAX_SAMPLES
      || (n > 0 && sample.at_us < g_array_index (self->samples, TernTraceSample, n - 1).at_us))
    return FALSE;
  g_array_append_val (self->samples, sample);
  return TRUE;
}

static gboolean
read_trace (TernJsonText *text, TernTrace *self)
{
  return take_name (text, '{', "phases") && take_array (text, self, take_phase)
         && take_name (text, ',', "steps") && take_array (text, self, take_step)
         && take_name (text, ',', "step") && take_time (text, &self->step_us)
         && self->step_us >= TERN_TRACE_FIRST_STEP_US && take_name (text, ',', "samples")
         && take_array (text, self, take_sample) && tern_json_take (text, '}')
         && text->at == text->end;
}

TernTrace *
tern_trace_from_json (const char *json, GError **error)
{
  g_autoptr (TernTrace) trace = tern_trace_new ();
  TernJsonText text = { json, json + strlen (json), 1, FILE_NAME, NULL };

  if (read_trace (&text, trace))
    return g_steal_pointer (&trace);
  g_set_error (error, TERN_ERROR, TERN_ERROR_STORE,
               "A trace of a task makes no sense from byte %" G_GSIZE_FORMAT " on",
               (gsize) (text.at - json));
  return NULL;
}
