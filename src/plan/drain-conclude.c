/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whether a drain or return is over, how it ends, and its sentence for people.
 */
#include "config.h"

#include "plan/drain-next-private.h"

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
  if (self->waits_host || self->lost_host)
    g_string_append (text, self->waits_host ? "; a host that does not answer is waited for"
                                            : "; a host does not answer");
  return g_string_free (text, FALSE);
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
  if (self->look->cancelled)
    step->phase = TERN_PHASE_CANCELLED;
  else
    step->phase = count (step->items, TERN_ITEM_LEFT) > 0 || self->lost_host ? TERN_PHASE_REMAINDER
                                                                             : TERN_PHASE_DONE;
  step->progress = find_progress (step->items);
  step->sentence = describe (self);
}
