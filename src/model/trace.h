/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** At most so many phases of a task are kept: the first ones and the last ones. */
#define TERN_TRACE_MAX_PHASES 200
/** At most so many samples are kept. */
#define TERN_TRACE_MAX_SAMPLES 240
/** Samples are at least so far apart; twice as far each time that they are thinned. */
#define TERN_TRACE_FIRST_STEP_US (400 * 1000)

/**
 * TernTracePhase:
 * @at_us: wall time at which it began
 * @word: (transfer none): of the phase, see tern_task_phase_to_string(); "" stands for phases that
 *   are not kept, from then until the next one
 */
typedef struct
{
  gint64 at_us;
  const char *word;
} TernTracePhase;

/**
 * TernTraceSample: a copy as it was shown at one moment
 * @at_us: wall time
 * @remaining: bytes left
 * @processed: bytes sent
 * @dirty_bps: bytes per second that the guest writes
 * @rate_bps: bytes per second that go over
 * @iteration: pass over memory, from 1; 0 before
 */
typedef struct
{
  gint64 at_us;
  guint64 remaining;
  guint64 processed;
  guint64 dirty_bps;
  guint64 rate_bps;
  guint iteration;
} TernTraceSample;

/**
 * TernTrace: how a task went, for who looks at it later
 * @phases: (element-type TernTracePhase): in the order they began
 * @samples: (element-type TernTraceSample): over the whole of the copy
 * @steps: (element-type gint64): wall time of each of the record's steps; 0, or missing behind the
 *   last that is known, for one of which it is not known
 * @step_us: how far apart samples are now
 *
 * It is bounded, however long a task takes, and its times never fall, whatever the clock does.
 */
typedef struct
{
  GArray *phases;
  GArray *samples;
  GArray *steps;
  gint64 step_us;
} TernTrace;

TernTrace *tern_trace_new (void);
TernTrace *tern_trace_copy (const TernTrace *self);
void tern_trace_free (TernTrace *self);

/** tern_trace_enter: @word: a phase that began; nothing happens if it is in that one already. Of
 * too many, those in the middle are let go */
void tern_trace_enter (TernTrace *self, const char *word, gint64 at_us);

/**
 * tern_trace_add_sample:
 *
 * The first and the last are always there. Between them are as many as @step_us allows, and the
 * beginnings of passes if these are not much closer to each other; when there are too many, every
 * second one goes, the beginning of a pass rather stays, and @step_us is twice as long from then
 * on.
 */
void tern_trace_add_sample (TernTrace *self, const TernTraceSample *sample);

/** tern_trace_add_step: step number @number, from 0, was taken at @at_us */
void tern_trace_add_step (TernTrace *self, guint number, gint64 at_us);
/** tern_trace_get_step: @self: (nullable). Returns: when step number @number was taken; 0 if that
 * is not known */
gint64 tern_trace_get_step (const TernTrace *self, guint number);

/** tern_trace_to_json: Returns: (transfer full): one line, as it is stored */
char *tern_trace_to_json (const TernTrace *self);
/** tern_trace_from_json: strict: what this version never writes is %TERN_ERROR_STORE.
 * Returns: (transfer full) (nullable) */
TernTrace *tern_trace_from_json (const char *json, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernTrace, tern_trace_free)

G_END_DECLS
