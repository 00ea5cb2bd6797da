/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Progress of tasks on stderr, of one and of several:
 *
 *   web01: 12 s, pass 3: downtime may be 500 ms
 *   web01  node1 → node3  copying  [=====>    ] 47 %  112 MiB/s  61 MiB left  pass 2  done in 12-40
 * s 3 of 10 ended  2 running  [=====>    ] 47 %  230 MiB/s  1.5 GiB left
 */
#include "config.h"

#include "cli/progress.h"

#include "base/text.h"
#include "base/units.h"
#include "cli/client.h"
#include "cli/drain-progress.h"
#include "cli/i18n.h"
#include "cli/kind-words.h"
#include "cli/output.h"
#include "cli/width.h"
#include "cli/words.h"

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
  char *last_note;
  guint n_steps;
  guint n_tried;
  GHashTable *items; /* of a drain: what was told of each VM */
} Seen;

/* How much is told, from everything to next to nothing. */
typedef enum
{
  DETAIL_PASS,
  DETAIL_REMAINING,
  DETAIL_RATE,
  DETAIL_BAR,
  DETAIL_HOSTS,
  DETAIL_END,
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
  if (view->end != NULL && *view->end != '\0' && detail <= DETAIL_END)
    append_part (tail, view->end);
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
  g_free (seen->last_note);
  g_hash_table_unref (seen->items);
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

static Seen *
find_seen (TernProgress *self, GVariant *task)
{
  guint64 id = tern_props_uint64 (task, "Id");
  Seen *seen = g_hash_table_lookup (self->seen, &id);

  if (seen == NULL)
    {
      seen = g_new0 (Seen, 1);
      seen->best_percent = -1;
      seen->items = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      g_hash_table_insert (self->seen, g_memdup2 (&id, sizeof id), seen);
    }
  return seen;
}

/* Takes the task's percentage in. */
static Seen *
look_at (TernProgress *self, GVariant *task)
{
  Seen *seen = find_seen (self, task);

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

/* The line of a drain; without a terminal its VMs' own lines tell enough. */
static char *
format_drain (TernProgress *self, GVariant *task, guint width)
{
  g_autofree char *hosts = tern_kind_format_hosts (task);
  g_autofree char *counts = tern_drain_progress_format_counts (task);
  TernProgressView view = {
    .vm = hosts,
    .phase = counts,
    .percent = look_at (self, task)->best_percent,
    .rate = tern_props_uint64 (task, "Rate"),
    .remaining = tern_props_uint64 (task, "Remaining"),
  };

  return self->terminal ? format_line (&view, width) : NULL;
}

char *
tern_progress_format (TernProgress *self, GVariant *task, guint width)
{
  g_autofree char *vm = tern_text_visible (tern_props_string (task, "Vm"), 64);
  const char *phase = tern_props_string (task, "Phase");
  Seen *seen = look_at (self, task);
  g_autofree char *end = tern_words_end (
      tern_props_int64 (task, "EstimatedEndMin"), tern_props_int64 (task, "EstimatedEndMax"),
      tern_props_string (task, "Convergence"), g_get_real_time ());
  TernProgressView view = {
    .vm = vm,
    .source = tern_props_string (task, "Source"),
    .destination = tern_props_string (task, "Destination"),
    .phase = phase,
    .percent = seen->best_percent,
    .rate = tern_props_uint64 (task, "Rate"),
    .remaining = tern_props_uint64 (task, "Remaining"),
    .iteration = tern_props_uint (task, "Iteration"),
    .end = end,
  };

  if (tern_kind_is_drain (task))
    return format_drain (self, task, width);
  if (self->terminal)
    return format_line (&view, width);
  if (g_strcmp0 (seen->last_phase, phase) == 0)
    return NULL;

  g_free (seen->last_phase);
  seen->last_phase = g_strdup (phase);
  return g_strdup_printf ("%s  %s%s%s  %s\n", vm, view.source, tern_output_arrow (),
                          view.destination, phase);
}

/* "web01: 12 s, pass 3: downtime may be 500 ms" for each of @list from @first on. */
static void
append_news (GString *news, const char *vm, char **list, guint first)
{
  for (guint i = 0; list[i] != NULL; i++)
    if (i >= first)
      {
        g_autofree char *visible = tern_text_visible (list[i], 0);

        g_string_append_printf (news, "%s: %s\n", vm, visible);
      }
}

/* "node4=why" as a sentence. */
static void
append_tried (GString *news, const char *vm, char **tried, guint first)
{
  for (guint i = 0; tried[i] != NULL; i++)
    if (i >= first)
      {
        g_auto (GStrv) parts = g_strsplit (tried[i], "=", 2);
        g_autofree char *why = tern_text_visible (parts[0] != NULL ? parts[1] : NULL, 0);

        g_string_append_printf (news, _ ("%s: %s failed: %s\n"), vm,
                                parts[0] != NULL ? parts[0] : "", why);
      }
}

/* A sentence without its figures: they change every second and make no news. The digits of a name
 * stay. */
static char *
strip_figures (const char *sentence)
{
  g_auto (GStrv) words = g_strsplit (sentence, " ", -1);

  for (guint i = 0; words[i] != NULL; i++)
    if (g_ascii_isdigit (words[i][0]))
      words[i][0] = '\0';
  return g_strjoinv (" ", words);
}

static void
append_note (GString *news, const char *vm, Seen *seen, const char *note)
{
  g_autofree char *visible = tern_text_visible (note, 0);
  g_autofree char *stripped = strip_figures (note);

  if (g_strcmp0 (seen->last_note, stripped) == 0)
    return;
  g_free (seen->last_note);
  seen->last_note = g_steal_pointer (&stripped);
  if (*note != '\0')
    g_string_append_printf (news, "%s: %s\n", vm, visible);
}

/* "3 of 6 VMs …; node3 does not answer": the VMs' own lines and that of the whole tell the counts
 * already. */
static const char *
skip_counts (const char *note)
{
  const char *rest = g_ascii_isdigit (note[0]) ? strstr (note, "; ") : NULL;

  if (rest != NULL)
    return rest + strlen ("; ");
  return g_ascii_isdigit (note[0]) ? "" : note;
}

char *
tern_progress_format_news (TernProgress *self, GVariant *task)
{
  Seen *seen = find_seen (self, task);
  g_autofree char *subject = tern_kind_format_subject (task);
  g_autofree char *vm = tern_text_visible (subject, 64);
  g_autofree char *items = tern_drain_progress_format_news (seen->items, task);
  g_auto (GStrv) steps = tern_props_strings (task, "Steps");
  g_auto (GStrv) tried = tern_props_strings (task, "Tried");
  const char *note = tern_props_string (task, "Note");
  g_autoptr (GString) news = g_string_new (NULL);

  if (items != NULL)
    g_string_append (news, items);
  append_tried (news, vm, tried, seen->n_tried);
  append_news (news, vm, steps, seen->n_steps);
  append_note (news, vm, seen, tern_kind_is_drain (task) ? skip_counts (note) : note);
  seen->n_tried = MAX (seen->n_tried, g_strv_length (tried));
  seen->n_steps = MAX (seen->n_steps, g_strv_length (steps));
  return news->len > 0 ? g_strdup (news->str) : NULL;
}

/* What all of them come to. */
typedef struct
{
  guint ended;
  guint running;
  guint percents; /* sum */
  guint64 rate;
  guint64 remaining;
  guint not_converging;
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
      sum->not_converging +=
          strcmp (tern_props_string (task, "Convergence"), "not-converging") == 0 ? 1 : 0;
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
  g_autofree char *trouble = NULL;

  for (guint i = 0; i < tasks->len; i++)
    if (tasks->pdata[i] != NULL)
      add_task (self, tasks->pdata[i], &sum);

  head = g_strdup_printf (_ ("%u of %u ended"), sum.ended, tasks->len);
  running = g_strdup_printf (_ ("%u running"), sum.running);
  if (sum.not_converging > 0)
    trouble = g_strdup_printf (_ ("%u not converging"), sum.not_converging);
  TernProgressView view = {
    .vm = head,
    .phase = running,
    .percent = (int) (sum.percents / MAX (tasks->len, 1)),
    .rate = sum.rate,
    .remaining = sum.remaining,
    .end = trouble,
  };
  return format_line (&view, width);
}

void
tern_progress_show (TernProgress *self, GPtrArray *tasks, guint changed)
{
  guint width = tern_width_of_terminal (STDERR_FILENO);
  g_autofree char *news = tern_progress_format_news (self, tasks->pdata[changed]);
  g_autofree char *text = self->terminal && tasks->len > 1
                              ? tern_progress_format_group (self, tasks, width)
                              : tern_progress_format (self, tasks->pdata[changed], width);

  if (news != NULL)
    {
      tern_progress_clear (self);
      g_printerr ("%s", news);
    }
  if (text != NULL)
    g_printerr ("%s", text);
  self->line_is_open = self->terminal;
}

void
tern_progress_show_text (TernProgress *self, const char *text)
{
  guint width = tern_width_of_terminal (STDERR_FILENO);
  g_autofree char *line = tern_width_cut (text, MAX (width, 2) - 1);

  if (!self->terminal)
    return;
  g_printerr (CLEAR_LINE "%s", line);
  self->line_is_open = TRUE;
}

void
tern_progress_clear (TernProgress *self)
{
  if (self->line_is_open)
    g_printerr (CLEAR_LINE);
  self->line_is_open = FALSE;
}
