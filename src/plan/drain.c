/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A drain's or a return's plan, put together.
 */
#include "config.h"

#include "plan/drain.h"

#include "plan/drain-private.h"

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

TernDrainPlan *
tern_drain_plan (const TernDrainQuestion *question)
{
  return tern_drain_plan_with (question, NULL);
}
