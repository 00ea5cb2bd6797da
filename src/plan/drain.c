/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A drain's or a return's plan, put together.
 */
#include "config.h"

#include "plan/drain.h"

#include "base/text.h"
#include "plan/drain-private.h"

#define MAX_NAME_SHOWN 60

guint
tern_drain_plan_count (const TernDrainPlan *self, TernItemState state)
{
  guint n = 0;

  for (guint i = 0; i < self->items->len; i++)
    n += ((const TernDrainItem *) self->items->pdata[i])->state == state;
  return n;
}

TernDrainPlan *
tern_drain_plan_with (const TernDrainQuestion *question, const TernDrainPast *past)
{
  TernDrainPlan *plan = g_new0 (TernDrainPlan, 1);
  TernSettings defaults = TERN_SETTINGS_INIT;
  TernDrainWork work = { .question = question, .past = past, .plan = plan };

  plan->cluster = tern_cluster_ref (question->cluster);
  plan->items = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_drain_item_free);
  plan->moves = g_ptr_array_new ();
  work.settings = question->settings != NULL ? *question->settings : defaults;
  work.guests = g_array_new (FALSE, FALSE, sizeof (TernDrainGuest));
  work.classes = tern_cpu_classes_new (question->cluster);
  tern_drain_collect (&work);
  tern_drain_place (&work);
  tern_cpu_classes_free (work.classes);
  g_array_unref (work.guests);
  return plan;
}

/* By the times expected now; what really comes is decided move by move. */
static void
tell_who_is_late (const TernDrainQuestion *question, GPtrArray *items)
{
  gint64 left_us = question->drain->deadline_us - question->now_us;

  for (guint i = 0; question->drain->deadline_us > 0 && i < items->len; i++)
    {
      TernDrainItem *item = items->pdata[i];
      g_autofree char *shown = tern_text_visible (item->vm_name, MAX_NAME_SHOWN);

      if (item->state == TERN_ITEM_WAITING && item->end_us > 0 && item->begin_us >= left_us)
        tern_drain_item_add (item, "TimedOut",
                             g_strdup_printf ("the deadline is expected to pass before the turn "
                                              "of %s comes; it would be left on %s",
                                              shown, item->host),
                             g_strdup ("give a later deadline"));
    }
}

TernDrainPlan *
tern_drain_plan (const TernDrainQuestion *question)
{
  TernDrainPlan *plan = tern_drain_plan_with (question, NULL);

  tell_who_is_late (question, plan->items);
  return plan;
}
