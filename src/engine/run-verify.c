/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where is the VM? Asks both hosts, has the kind of run judge what they say, and before it
 * says that it is there makes sure that the inventory knows.
 */
#include "config.h"

#include "engine/run.h"

#include "base/text.h"
#include "base/units.h"
#include "engine/sightings.h"
#include "engine/task-private.h"

#define MAX_NAME_SHOWN 60

/* It is there: before that is told, the inventory shows it. */

void
tern_run_settled (TernRun *self)
{
  if (--self->settling == 0 && !self->closed)
    tern_run_feed (self, TERN_EVENT_MOVED);
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernRun) self = data;

  /* A host that does not answer now is shown as it was; both were seen already. */
  (void) tern_inventory_refresh_finish (TERN_INVENTORY (source), result, NULL);
  tern_run_settled (self);
}

static void
settle (TernRun *self)
{
  const TernTaskRecord *record = tern_run_get_record (self);

  self->settling = 2;
  if (TERN_RUN_GET_CLASS (self)->settle != NULL)
    TERN_RUN_GET_CLASS (self)->settle (self);
  tern_inventory_refresh_vm_async (self->inventory, record->source, record->vm_uuid, on_refreshed,
                                   g_object_ref (self));
  tern_inventory_refresh_vm_async (self->inventory, record->destination, record->vm_uuid,
                                   on_refreshed, g_object_ref (self));
}

/* Looking and judging */

/* How often in a row this was seen: one look between others proves nothing. */
static guint
count_agreeing (TernRun *self, guint truth)
{
  self->agreeing = self->looks > 0 && truth == self->last_truth ? self->agreeing + 1 : 1;
  self->last_truth = truth;
  self->looks++;
  return self->agreeing;
}

TernVerifying
tern_run_count_look (TernRun *self, guint truth)
{
  return (TernVerifying){
    .looks = count_agreeing (self, truth),
    .elapsed_us = tern_clock_now_us (self->clock) - self->verify_since_us,
    .repairs = self->repairs,
    .answered = self->answered,
    .recoveries = tern_run_get_record (self)->recoveries,
    .ran_there = self->ran_there,
    .asked = self->asked,
    .resolved = tern_run_get_record (self)->resolution != NULL,
    .cancel_requested = tern_run_get_record (self)->cancel_requested,
  };
}

void
tern_run_look_anew (TernRun *self)
{
  self->looks = 0;
  self->verify_since_us = MAX (tern_clock_now_us (self->clock), 1);
}

static TernTaskEvent
judge (TernRun *self, const GPtrArray *seen)
{
  TernTaskRecord *record = tern_task_edit (self->task);
  gboolean apart = !g_str_equal (record->source, record->destination);
  char *verdict = NULL;
  TernTaskEvent event = TERN_RUN_GET_CLASS (self)->conclude (self, apart ? seen->pdata[0] : NULL,
                                                             seen->pdata[1], &verdict);

  g_free (record->verdict);
  record->verdict = verdict;
  return event;
}

/* @host: does not answer. Whoever looks on reads what is waited for, and until when. */
static void
tell_silence (TernRun *self, const char *host)
{
  const TernTaskRecord *record = tern_run_get_record (self);
  gint64 left_us = self->verify_since_us + TERN_VERIFY_BOUND_US - tern_clock_now_us (self->clock);
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);
  g_autofree char *until = NULL;

  if (self->told_silence || left_us <= 0)
    return;
  until = tern_units_format_time (tern_clock_wall_us (self->clock) + left_us);
  self->told_silence = TRUE;
  tern_run_set_note (self, g_strdup_printf ("%s does not answer, so it is not known whether %s "
                                            "runs there; nothing is touched, and it is waited for "
                                            "until %s; then a person must look",
                                            host, vm, until));
  tern_task_tell (self->task);
}

static void
forget_silence (TernRun *self)
{
  if (!self->told_silence)
    return;
  self->told_silence = FALSE;
  tern_run_set_note (self, NULL);
}

static void
tell_what_is_waited_for (TernRun *self, const GPtrArray *seen, TernTaskEvent event)
{
  const TernTaskRecord *record = tern_run_get_record (self);
  const TernSighting *source = seen->pdata[0], *destination = seen->pdata[1];

  gboolean waits = event == TERN_EVENT_UNSETTLED && record->phase == TERN_PHASE_VERIFYING;

  if (waits && !destination->known)
    tell_silence (self, record->destination);
  else if (waits && !source->known)
    tell_silence (self, record->source);
  else
    forget_silence (self);
}

/* What is seen between two events of the same kind starts the count anew. */
static void
forget_looks_unless_waiting (TernRun *self, TernTaskEvent event)
{
  if (event == TERN_EVENT_UNSETTLED)
    return;
  self->looks = 0;
  self->verify_since_us = 0;
  self->asked = FALSE;
}

static void
on_both_inspected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernRun) self = data;
  g_autoptr (GPtrArray) seen = tern_sightings_ask_finish (result);
  TernTaskEvent event;

  (void) source;
  if (seen == NULL || self->closed)
    return;

  event = judge (self, seen);
  tell_what_is_waited_for (self, seen, event);
  forget_looks_unless_waiting (self, event);
  if (event == TERN_EVENT_MOVED)
    settle (self);
  else
    tern_run_feed (self, event);
}

void
tern_run_inspect (TernRun *self)
{
  const TernTaskRecord *record = tern_run_get_record (self);
  const char *const hosts[] = { record->source, record->destination, NULL };

  if (self->verify_since_us == 0)
    self->verify_since_us = MAX (tern_clock_now_us (self->clock), 1);
  tern_sightings_ask_async (self->inventory, record->vm_uuid, hosts, self->cancellable,
                            on_both_inspected, g_object_ref (self));
}

static gboolean
on_verify_timer (gpointer data)
{
  TernRun *self = data;

  self->verify_timer = 0;
  tern_run_inspect (self);
  return G_SOURCE_REMOVE;
}

void
tern_run_inspect_later (TernRun *self)
{
  tern_clock_clear_timer (self->clock, &self->verify_timer);
  self->verify_timer =
      tern_clock_add_timer (self->clock, tern_verify_delay_us (self->looks), on_verify_timer, self);
}
