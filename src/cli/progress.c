/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Progress of a task on stderr:
 *
 *   web01  node1 → node3  copying  [=====>    ] 47 %  112 MiB/s  61 MiB left  pass 2
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
  int best_percent;
  char *last_phase;
};

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

  if (detail <= DETAIL_HOSTS)
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

TernProgress *
tern_progress_new (gboolean terminal)
{
  TernProgress *self = g_new0 (TernProgress, 1);

  self->terminal = terminal;
  self->best_percent = -1;
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
  g_free (self->last_phase);
  g_free (self);
}

char *
tern_progress_format (TernProgress *self, GVariant *task, guint width)
{
  g_autofree char *vm = tern_text_visible (tern_props_string (task, "Vm"), 64);
  const char *phase = tern_props_string (task, "Phase");
  g_autofree char *line = NULL;
  TernProgressView view = {
    .vm = vm,
    .source = tern_props_string (task, "Source"),
    .destination = tern_props_string (task, "Destination"),
    .phase = phase,
    .rate = tern_props_uint64 (task, "Rate"),
    .remaining = tern_props_uint64 (task, "Remaining"),
    .iteration = tern_props_uint (task, "Iteration"),
  };

  if (tern_props_boolean (task, "ProgressValid"))
    self->best_percent =
        MAX (self->best_percent, (int) MIN (tern_props_uint (task, "Progress"), 100));
  view.percent = self->best_percent;

  if (self->terminal)
    {
      /* The last column stays free: some terminals break the line when it is written. */
      line = tern_progress_render (&view, MAX (width, 2) - 1);
      return g_strconcat (CLEAR_LINE, line, NULL);
    }
  if (g_strcmp0 (self->last_phase, phase) == 0)
    return NULL;

  g_free (self->last_phase);
  self->last_phase = g_strdup (phase);
  return g_strdup_printf ("%s  %s%s%s  %s\n", vm, view.source, tern_output_arrow (),
                          view.destination, phase);
}

void
tern_progress_show (TernProgress *self, GVariant *task)
{
  g_autofree char *text = tern_progress_format (self, task, tern_width_of_terminal (STDERR_FILENO));

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
