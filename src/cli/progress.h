/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernProgressView:
 * @source: (nullable): %NULL to name no hosts
 * @percent: 0 to 100; -1 while unknown
 * @rate: bytes per second; 0 while unknown
 * @remaining: bytes; 0 while unknown
 * @iteration: pass over memory; 0 before the first
 * @end: (nullable): when it will be over, see tern_words_end()
 *
 * What one line of progress shows.
 */
typedef struct
{
  const char *vm;
  const char *source;
  const char *destination;
  const char *phase;
  int percent;
  guint64 rate;
  guint64 remaining;
  guint iteration;
  const char *end;
} TernProgressView;

/**
 * tern_progress_render:
 * @width: columns; the line is never wider
 *
 * The richest line that fits. Pass, remaining, rate, bar, hosts and the end are left out in that
 * order as it gets narrow.
 *
 * Returns: (transfer full)
 */
char *tern_progress_render (const TernProgressView *view, guint width);

/**
 * TernProgress:
 *
 * Tells of tasks as they go on: a line that is written anew on a terminal, or a line at
 * each change of a task's phase elsewhere. A percentage never falls. What is out of the ordinary,
 * and what was done about it, has lines of its own that stay.
 */
typedef struct _TernProgress TernProgress;

/**
 * tern_progress_new:
 * @terminal: write control sequences
 */
TernProgress *tern_progress_new (gboolean terminal);
/** tern_progress_new_for_stderr: @plain: no control sequences, even on a terminal */
TernProgress *tern_progress_new_for_stderr (gboolean plain);
void tern_progress_free (TernProgress *self);

/**
 * tern_progress_format:
 * @task: a{sv}, properties of the Task
 * @width: columns of the terminal
 *
 * Returns: (transfer full) (nullable): what to write; %NULL for nothing
 */
char *tern_progress_format (TernProgress *self, GVariant *task, guint width);

/**
 * tern_progress_format_group:
 * @tasks: (element-type GVariant): %NULL for one that is not known yet
 *
 * Returns: (transfer full): the line of a terminal for all of them
 */
char *tern_progress_format_group (TernProgress *self, GPtrArray *tasks, guint width);

/**
 * tern_progress_format_news:
 * @task: a{sv}, properties of the Task
 *
 * Returns: (transfer full) (nullable): lines that tell of steps that were taken, of hosts that
 *   failed and of a note, if they were not told before
 */
char *tern_progress_format_news (TernProgress *self, GVariant *task);

/** tern_progress_show_text: on a terminal, writes @text as the line that is written anew */
void tern_progress_show_text (TernProgress *self, const char *text);

/** tern_progress_show: writes to stderr what there is to say of @tasks, of which the one at
 * @changed is new */
void tern_progress_show (TernProgress *self, GPtrArray *tasks, guint changed);

/** tern_progress_clear: removes the line from the terminal, so that something else can be said */
void tern_progress_clear (TernProgress *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernProgress, tern_progress_free)

G_END_DECLS
