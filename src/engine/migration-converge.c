/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A copy and its policy: each look at the job goes through plan/converge.h; what it says is shown,
 * and what it decides becomes an event, which is stored before it is acted on. A decision comes
 * again with each look until it was carried out, so that one that does not fit now is let go.
 */
#include "config.h"

#include "engine/migration.h"

#include "base/text.h"
#include "engine/task-private.h"

/* Wall time of the record to the monotonic time of this daemon. */
static gint64
to_monotonic (TernClock *clock, gint64 wall_us)
{
  return tern_clock_now_us (clock) - MAX (tern_clock_wall_us (clock) - wall_us, 0);
}

void
tern_migration_begin_converge (TernMigration *self)
{
  TernRun *run = &self->run;
  const TernTaskRecord *record = tern_run_get_record (run);
  TernConvergeSetup setup = {
    .policy = record->options.policy,
    .memory = record->memory,
    .bounds = tern_assessor_get_settings (run->assessor)->bounds,
    .postcopy_ready = record->postcopy_ready,
  };

  if (self->converge != NULL)
    return;
  self->throttle = record->copy_began_us != 0 ? -1 : 0;
  self->converge = tern_converge_new (&setup, tern_clock_now_us (run->clock));
  if (record->copy_began_us != 0)
    tern_converge_adopt (self->converge, record->step,
                         to_monotonic (run->clock, record->copy_began_us),
                         record->step_us != 0 ? to_monotonic (run->clock, record->step_us)
                                              : to_monotonic (run->clock, record->copy_began_us));
}

static void
show_eta (TernMigration *self, TernTaskRecord *record)
{
  gint64 wall_us = tern_clock_wall_us (self->run.clock);
  gint64 min_us = 0, max_us = 0;
  gboolean known = tern_converge_get_eta (self->converge, &min_us, &max_us);

  record->eta_min_us = known ? wall_us + min_us : 0;
  record->eta_max_us = known && max_us >= 0 ? wall_us + max_us : 0;
}

/* Of a cancel there is something else to say, and a guest that stands still comes first. */
static void
show_note (TernMigration *self, const TernTaskRecord *record, const char *vm)
{
  g_autofree char *stall =
      tern_converge_note_stall (self->converge, vm, record->source, record->destination);
  g_autofree char *late =
      record->cancel_requested ? tern_migration_describe_late_cancel (self, record->phase) : NULL;

  if (stall != NULL && late != NULL)
    tern_run_set_note (&self->run, g_strdup_printf ("%s; %s", stall, late));
  else if (stall != NULL || late != NULL)
    tern_run_set_note (&self->run, g_strdup (stall != NULL ? stall : late));
  else if (!record->cancel_requested)
    tern_run_set_note (&self->run, tern_converge_note (self->converge, vm));
}

static void
show (TernMigration *self)
{
  TernTaskRecord *record = tern_task_edit (self->run.task);
  g_autofree char *vm = tern_text_visible (record->vm_name, 60);

  show_eta (self, record);
  record->convergence = tern_converge_get_convergence (self->converge);
  record->link_bps = MAX (record->link_bps, tern_converge_get_link_bps (self->converge));
  /* Of a source that says nothing there is nothing newer to tell. */
  if (!self->told_silence)
    show_note (self, record, vm);
}

static gboolean
find_event (TernStepAct act, TernTaskEvent *out_event)
{
  switch (act)
    {
    case TERN_STEP_DOWNTIME:
    case TERN_STEP_POSTCOPY:
    case TERN_STEP_PAUSE:
      *out_event = TERN_EVENT_STEP;
      return TRUE;
    case TERN_STEP_GIVE_UP:
      *out_event = TERN_EVENT_GIVE_UP;
      return TRUE;
    case TERN_STEP_ALARM:
      *out_event = TERN_EVENT_OVERDUE;
      return TRUE;
    default:
      return FALSE;
    }
}

void
tern_migration_converge (TernMigration *self, const TernJobStats *stats, gboolean held,
                         gboolean postcopy)
{
  TernRun *run = &self->run;
  TernConvergeLook look = {
    .now_us = tern_clock_now_us (run->clock),
    .stats = stats,
    .held = held,
    .postcopy = postcopy,
  };
  TernDecision decision;
  TernTaskEvent event;

  if (self->converge == NULL)
    return;
  decision = tern_converge_look (self->converge, &look);
  show (self);
  if (self->stepping || !tern_run_is_idle (run) || !find_event (decision.act, &event)
      || !tern_run_accepts (run, event))
    return;
  self->decision = decision;
  tern_run_feed (run, event);
}

static gboolean
stands_on_source (TernMigration *self)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  g_autoptr (GPtrArray) copies =
      tern_inventory_get_sightings (self->run.inventory, record->vm_uuid);

  for (guint i = 0; i < copies->len; i++)
    {
      const TernVm *vm = copies->pdata[i];

      if (g_str_equal (vm->host, record->source))
        return vm->state == TERN_VM_PAUSED;
    }
  return FALSE;
}

/* One that is being stored or carried out counts: the host may have it by now. */
static TernStepAct
find_given_away (TernMigration *self)
{
  TernStepAct act = tern_converge_get_given_away (self->converge, stands_on_source (self));

  if (act != TERN_STEP_NONE)
    return act;
  return self->decision.act == TERN_STEP_PAUSE || self->decision.act == TERN_STEP_POSTCOPY
             ? self->decision.act
             : TERN_STEP_NONE;
}

char *
tern_migration_check_switch (TernRun *run)
{
  TernMigration *self = TERN_MIGRATION (run);
  const TernTaskRecord *record = tern_run_get_record (run);
  g_autofree char *vm = tern_text_visible (record->vm_name, 60);

  switch (self->converge != NULL ? find_given_away (self) : TERN_STEP_NONE)
    {
    case TERN_STEP_PAUSE:
      return g_strdup_printf ("moves %s, which is paused until all is over; “virtern task cancel "
                              "%" G_GUINT64_FORMAT "” lets it run on again",
                              vm, record->id);
    case TERN_STEP_POSTCOPY:
      return g_strdup_printf ("moves %s, which is just being handed over to %s (post-copy): no "
                              "policy matters to it any more",
                              vm, record->destination);
    default:
      return NULL;
    }
}
