/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Progress of tasks on stderr, of one and of several:
 *
 *   web01  node1 → node3  copying  [=====>    ] 47 %  112 MiB/s  61 MiB left  pass 2
 *   3 of 10 ended  2 running  [=====>    ] 47 %  230 MiB/s  1.5 GiB left
 */
#include "config.h"

#include "cli/progress.h"

#include "base/text.h"
#include "base/units.h"
#include "cli/client.h"
#include "cli/i18n.h"
#include "cli/output.h"
#include "cli/width.h"

#include <string.h>
#include <unistd.h>

#define BAR_MIN 6
#define BAR_MAX 30
#define CLEAR_LINE "\r\033[K"

struct _TernProgress
{
  gboolean terminal;
  gboolean line_is_open;
  GHashTable *seen; /* guint64 id -> Seen */
};

/* What was told of a task. */
typedef struct
{
  int best_percent;
  char *last_phase;
} Seen;

/* How much is told, from everything to next to nothing. */
typedef enum
{
  DETAIL_PASS,
  DETAIL_REMAINING,
  DETAIL_RATE,
  DETAIL_BAR,
  DETAIL_HOSTS,
  DETAIL_PERCENT,
  N_DETAILS
} Detail;

static void
append_part (GString *line, const char *part)
{
  if (line->len > 0)
    g_string_append (line, "  ");
  g_string_append (line, part);
}

static char *
format_head (const TernProgressView *view, Detail detail)
{
  GString *head = g_string_new (view->vm);
  g_autofree char *hosts = NULL;

  if (detail <= DETAIL_HOSTS && view->source != NULL)
    {
      hosts = g_strconcat (view->source, tern_output_arrow (), view->destination, NULL);
      append_part (head, hosts);
    }
  append_part (head, view->phase);
  return g_string_free (head, FALSE);
}

static char *
format_tail (const TernProgressView *view, Detail detail)
{
  GString *tail = g_string_new (NULL);

  if (view->percent >= 0)
    g_string_append_printf (tail, "%d %%", view->percent);
  if (view->rate > 0 && detail <= DETAIL_RATE)
    {
      g_autofree char *rate = tern_units_format_rate (view->rate);
      append_part (tail, rate);
    }
  if (view->remaining > 0 && detail <= DETAIL_REMAINING)
    {
      g_autofree char *bytes = tern_units_format_bytes (view->remaining);
      g_autofree char *left = g_strdup_printf (_ ("%s left"), bytes);
      append_part (tail, left);
    }
  if (view->iteration > 0 && detail <= DETAIL_PASS)
    {
      g_autofree char *pass = g_strdup_printf (_ ("pass %u"), view->iteration);
      append_part (tail, pass);
    }
  return g_string_free (tail, FALSE);
}

/* "[===>    ]", @columns wide with its brackets. */
static char *
format_bar (int percent, guint columns)
{
  guint inner = columns - 2;
  guint filled = inner * (guint) percent / 100;
  GString *bar = g_string_new ("[");

  for (guint i = 0; i < inner; i++)
    g_string_append_c (bar, i < filled ? '=' : i == filled ? '>' : ' ');
  g_string_append_c (bar, ']');
  return g_string_free (bar, FALSE);
}

/* Returns NULL when that much detail does not fit. */
static char *
render_detail (const TernProgressView *view, Detail detail, guint width)
{
  gboolean with_bar = view->percent >= 0 && detail <= DETAIL_BAR;
  g_autofree char *head = format_head (view, detail);
  g_autofree char *tail = format_tail (view, detail);
  guint taken = tern_width_of (head) + (*tail != '\0' ? 2 + tern_width_of (tail) : 0);
  g_autofree char *bar = NULL;

  if (taken + (with_bar ? 2 + 1 + BAR_MIN : 0) > width)
    return NULL;
  if (!with_bar)
    return g_strconcat (head, *tail != '\0' ? "  " : "", tail, NULL);

  /* Between bar and percentage stands one blank; @taken counts two for what it is now. */
  bar = format_bar (view->percent, MIN (width - taken - 1, BAR_MAX));
  return g_strconcat (head, "  ", bar, " ", tail, NULL);
}

/* Too narrow for all of it: the VM's name gives way. */
static char *
render_narrow (const TernProgressView *view, guint width)
{
  g_autofree char *tail = format_tail (view, DETAIL_PERCENT);
  g_autofree char *rest = g_strconcat ("  ", view->phase, *tail != '\0' ? "  " : "", tail, NULL);
  g_autofree char *name = NULL;
  guint taken = tern_width_of (rest);

  if (taken + 2 > width)
    return tern_width_cut (rest + 2, width);
  name = tern_width_cut (view->vm, width - taken);
  return g_strconcat (name, rest, NULL);
}

char *
tern_progress_render (const TernProgressView *view, guint width)
{
  for (Detail detail = 0; detail < N_DETAILS; detail++)
    {
      char *line = render_detail (view, detail, width);

      if (line != NULL)
        return line;
    }
  return render_narrow (view, width);
}

static void
seen_free (gpointer data)
{
  Seen *seen = data;

  g_free (seen->last_phase);
  g_free (seen);
}

TernProgress *
tern_progress_new (gboolean terminal)
{
  TernProgress *self = g_new0 (TernProgress, 1);

  self->terminal = terminal;
  self->seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, seen_free);
  return self;
}

TernProgress *
tern_progress_new_for_stderr (gboolean plain)
{
  const char *term = g_getenv ("TERM");

  return tern_progress_new (!plain && isatty (STDERR_FILENO) && term != NULL
                            && strcmp (term, "dumb") != 0);
}

void
tern_progress_free (TernProgress *self)
{
  if (self == NULL)
    return;
  tern_progress_clear (self);
  g_hash_table_unref (self->seen);
  g_free (self);
}

/* Takes the task's percentage in. */
static Seen *
look_at (TernProgress *self, GVariant *task)
{
  guint64 id = tern_props_uint64 (task, "Id");
  Seen *seen = g_hash_table_lookup (self->seen, &id);

  if (seen == NULL)
    {
      seen = g_new0 (Seen, 1);
      seen->best_percent = -1;
      g_hash_table_insert (self->seen, g_memdup2 (&id, sizeof id), seen);
    }
  if (tern_props_boolean (task, "ProgressValid"))
    seen->best_percent =
        MAX (seen->best_percent, (int) MIN (tern_props_uint (task, "Progress"), 100));
  return seen;
}

/* The last column stays free: some terminals break the line when it is written. */
static char *
format_line (const TernProgressView *view, guint width)
{
  g_autofree char *line = tern_progress_render (view, MAX (width, 2) - 1);

  return g_strconcat (CLEAR_LINE, line, NULL);
}

char *
tern_progress_format (TernProgress *self, GVariant *task, guint width)
{
  g_autofree char *vm = tern_text_visible (tern_props_string (task, "Vm"), 64);
  const char *phase = tern_props_string (task, "Phase");
  Seen *seen = look_at (self, task);
  TernProgressView view = {
    .vm = vm,
    .source = tern_props_string (task, "Source"),
    .destination = tern_props_string (task, "Destination"),
    .phase = phase,
    .percent = seen->best_percent,
    .rate = tern_props_uint64 (task, "Rate"),
    .remaining = tern_props_uint64 (task, "Remaining"),
    .iteration = tern_props_uint (task, "Iteration"),
  };

  if (self->terminal)
    return format_line (&view, width);
  if (g_strcmp0 (seen->last_phase, phase) == 0)
    return NULL;

  g_free (seen->last_phase);
  seen->last_phase = g_strdup (phase);
  return g_strdup_printf ("%s  %s%s%s  %s\n", vm, view.source, tern_output_arrow (),
                          view.destination, phase);
}

/* What all of them come to. */
typedef struct
{
  guint ended;
  guint running;
  guint percents; /* sum */
  guint64 rate;
  guint64 remaining;
} Sum;

static void
add_task (TernProgress *self, GVariant *task, Sum *sum)
{
  const char *state = tern_props_string (task, "State");
  gboolean running = strcmp (state, "running") == 0;
  int percent = look_at (self, task)->best_percent;

  if (running)
    {
      sum->running++;
      sum->rate += tern_props_uint64 (task, "Rate");
      sum->remaining += tern_props_uint64 (task, "Remaining");
    }
  else if (strcmp (state, "queued") != 0)
    {
      sum->ended++;
      percent = 100;
    }
  sum->percents += (guint) MAX (percent, 0);
}

char *
tern_progress_format_group (TernProgress *self, GPtrArray *tasks, guint width)
{
  Sum sum = { 0 };
  g_autofree char *head = NULL;
  g_autofree char *running = NULL;

  for (guint i = 0; i < tasks->len; i++)
    if (tasks->pdata[i] != NULL)
      add_task (self, tasks->pdata[i], &sum);

  head = g_strdup_printf (_ ("%u of %u ended"), sum.ended, tasks->len);
  running = g_strdup_printf (_ ("%u running"), sum.running);
  TernProgressView view = {
    .vm = head,
    .phase = running,
    .percent = (int) (sum.percents / MAX (tasks->len, 1)),
    .rate = sum.rate,
    .remaining = sum.remaining,
  };
  return format_line (&view, width);
}

void
tern_progress_show (TernProgress *self, GPtrArray *tasks, guint changed)
{
  guint width = tern_width_of_terminal (STDERR_FILENO);
  g_autofree char *text = self->terminal && tasks->len > 1
                              ? tern_progress_format_group (self, tasks, width)
                              : tern_progress_format (self, tasks->pdata[changed], width);

  if (text != NULL)
    g_printerr ("%s", text);
  self->line_is_open = self->terminal;
}

void
tern_progress_clear (TernProgress *self)
{
  if (self->line_is_open)
    g_printerr (CLEAR_LINE);
  self->line_is_open = FALSE;
}
