/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether a drain or return is over, how it ends, and its sentence for people.
 */
#include "config.h"

#include "base/text.h"
#include "base/units.h"
#include "plan/drain-next-private.h"

#define MAX_NAME_SHOWN 60

static guint
count (const GPtrArray *items, TernItemState state)
{
  guint n = 0;

  for (guint i = 0; i < items->len; i++)
    {
      const TernDrainItem *item = items->pdata[i];

      n += item->state == state && !item->for_room;
    }
  return n;
}

static gboolean
has_open_child (const TernDrainNext *self)
{
  for (guint i = 0; i < self->look->children->len; i++)
    if (!tern_task_phase_is_final (
            ((const TernTaskRecord *) self->look->children->pdata[i])->phase))
      return TRUE;
  return FALSE;
}

static int
find_progress (const GPtrArray *items)
{
  guint64 gone = 0, all = 0;

  for (guint i = 0; i < items->len; i++)
    {
      const TernDrainItem *item = items->pdata[i];
      guint64 mib = item->memory >> 20;

      if (item->for_room || item->state == TERN_ITEM_SKIPPED)
        continue;
      all += mib;
      gone += item->state == TERN_ITEM_GONE ? mib : 0;
    }
  return all > 0 ? (int) (gone * 100 / all) : -1;
}

static void
append_count (GString *text, guint n, const char *one, const char *many)
{
  if (n > 0)
    g_string_append_printf (text, ", %u %s", n, n == 1 ? one : many);
}

static void
append_host_waits (const TernDrainNext *self, GString *text)
{
  const TernHost *host = self->waits_host;

  if (host != NULL)
    {
      g_autofree char *until = tern_units_format_time (tern_drain_wait_until (self, host));

      g_string_append_printf (text, "; %s does not answer, and is waited for until %s",
                              host->config->name, until);
    }
  else if (self->lost_host != NULL)
    g_string_append_printf (text, "; %s does not answer", self->lost_host->config->name);
  if (self->waits_other != NULL)
    g_string_append_printf (text, "; %s is still being connected to",
                            self->waits_other->config->name);
}

/* Tasks of other people. */
static void
append_tasks (const TernDrainNext *self, GString *text)
{
  const TernTaskRecord *comes = self->arrival, *late = self->late_arrival;
  const TernTaskRecord *before = self->stands_before;

  if (before != NULL)
    g_string_append_printf (text,
                            "; no further guest is shut down before task %" G_GUINT64_FORMAT
                            ", which stands in line, has had its turn",
                            before->id);

  if (comes != NULL)
    {
      g_autofree char *vm = tern_text_visible (comes->vm_name, MAX_NAME_SHOWN);

      g_string_append_printf (text, "; waits for task %" G_GUINT64_FORMAT ", which brings %s to %s",
                              comes->id, vm, comes->destination);
    }
  if (late != NULL)
    {
      g_autofree char *vm = tern_text_visible (late->vm_name, MAX_NAME_SHOWN);

      g_string_append_printf (text,
                              "; task %" G_GUINT64_FORMAT
                              ", which was to bring %s to %s, stands in "
                              "line and is judged again when its turn comes",
                              late->id, vm, late->destination);
    }
}

/* What a move says of itself while it only waits: "node3 does not answer, …, until …". */
static void
append_child_waits (const TernDrainNext *self, GString *text)
{
  const TernTaskRecord *first = NULL;
  guint n = 0;

  for (guint i = 0; i < self->look->children->len; i++)
    {
      const TernTaskRecord *child = self->look->children->pdata[i];

      if (child->phase != TERN_PHASE_VERIFYING || child->note == NULL)
        continue;
      first = first != NULL ? first : child;
      n++;
    }
  if (first == NULL)
    return;
  g_string_append_printf (text, "; task %" G_GUINT64_FORMAT ": %s", first->id, first->note);
  if (n > 1)
    g_string_append_printf (text, "; and so %u other%s", n - 1, n == 2 ? "" : "s");
}

static char *
describe (const TernDrainNext *self)
{
  const GPtrArray *items = self->step->items;
  g_autofree char *hosts = g_strjoinv (", ", self->question->drain->hosts);
  guint gone = count (items, TERN_ITEM_GONE), skipped = count (items, TERN_ITEM_SKIPPED);
  guint moving = count (items, TERN_ITEM_MOVING), waiting = count (items, TERN_ITEM_WAITING);
  guint left = count (items, TERN_ITEM_LEFT), all = gone + moving + waiting + left;
  GString *text = g_string_new (NULL);

  if (all == 0)
    g_string_append_printf (
        text, self->returning ? "no VM has to go back to %s" : "no VM has to leave %s", hosts);
  else
    g_string_append_printf (text, "%u of %u VM%s %s %s %s", gone, all, all == 1 ? "" : "s",
                            gone == 1 || all == 1 ? "has" : "have",
                            self->returning ? "gone back to" : "left", hosts);
  append_count (text, moving, "is moving", "are moving");
  append_count (text, waiting, "waits", "wait");
  if (self->look->cancelled)
    append_count (text, left, "is left", "are left");
  else
    append_count (text, left, self->returning ? "cannot go back" : "cannot leave",
                  self->returning ? "cannot go back" : "cannot leave");
  append_count (text, skipped, "stays", "stay");
  append_host_waits (self, text);
  if (!self->step->over)
    {
      append_tasks (self, text);
      append_child_waits (self, text);
    }
  return g_string_free (text, FALSE);
}

/* A return that was cancelled when there was nothing left to do did what was asked for. A drain
 * that is cancelled opens its hosts: that must be told. */
static TernTaskPhase
find_phase (const TernDrainNext *self)
{
  guint left = count (self->step->items, TERN_ITEM_LEFT);
  gboolean all = left == 0 && self->lost_host == NULL;

  if (self->look->cancelled && !(self->returning && all))
    return TERN_PHASE_CANCELLED;
  return all ? TERN_PHASE_DONE : TERN_PHASE_REMAINDER;
}

void
tern_drain_conclude (TernDrainNext *self)
{
  TernDrainStep *step = self->step;
  gboolean open = has_open_child (self) || self->half_way || step->acts->len > 0;

  step->items = g_ptr_array_ref (self->plan->items);
  if (self->news_come)
    step->wait_us = 0;
  step->over = !open && (self->look->cancelled || (!self->news_come && step->wait_us == 0));
  if (step->over)
    step->wait_us = 0;
  if (!step->over && self->question->drain->deadline_us > 0 && !self->stopped && step->wait_us > 0)
    step->wait_us =
        MIN (step->wait_us, self->question->drain->deadline_us - self->question->now_us);
  step->phase = find_phase (self);
  step->progress = find_progress (step->items);
  step->sentence = describe (self);
}
