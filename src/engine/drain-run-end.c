/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a drain begins and ends: with the duty of its hosts. The duty comes first, then the end is
 * stored, then told: a daemon that dies in between finds the drain open, closes the hosts again,
 * and comes to the same end.
 */
#include "config.h"

#include "engine/drain-run-private.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "engine/task-private.h"

#define AGAIN_US (5 * G_USEC_PER_SEC)

static void set_first_duty (TernDrainRun *self);
static void set_last_duty (TernDrainRun *self);

static gboolean
is_return (const TernTaskRecord *record)
{
  return g_str_equal (record->kind, "return");
}

void
tern_drain_run_log (TernDrainRun *self)
{
  const TernTaskRecord *record = tern_drain_run_get_record (self);
  gboolean ended = tern_task_phase_is_final (record->phase);
  g_autofree char *id = g_strdup_printf ("%" G_GUINT64_FORMAT, record->id);
  const char *hosts = is_return (record) ? record->destination : record->source;
  const char *said = record->verdict != NULL ? record->verdict : "";

  tern_log (ended ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_INFO,
            ended ? TERN_MSG_TASK_ENDED : TERN_MSG_TASK_STATE,
            TERN_FIELDS (TERN_LOG_TASK, id, TERN_LOG_HOST, hosts, TERN_LOG_STATE,
                         tern_task_phase_to_string (record->phase)),
            "Task %s: %s %s: %s%s%s", id, is_return (record) ? "return to" : "drain of", hosts,
            tern_task_phase_to_string (record->phase), *said != '\0' ? ": " : "", said);
}

static void
try_again (TernDrainRun *self, GSourceFunc func, const GError *error)
{
  if (!self->complained)
    tern_log (G_LOG_LEVEL_WARNING, TERN_MSG_STORE_FAILED, NULL,
              "Task %" G_GUINT64_FORMAT " waits for the store; trying again until it works: %s",
              tern_task_get_id (self->task), error->message);
  self->complained = TRUE;
  tern_clock_clear_timer (self->parts.clock, &self->again_timer);
  self->again_timer = tern_clock_add_timer (self->parts.clock, AGAIN_US, func, self);
}

/* The beginning */

static TernDuty
find_first_duty (const char *host, gpointer data)
{
  (void) host;
  return is_return (data) ? TERN_DUTY_RETURNING : TERN_DUTY_DRAINING;
}

static void
end_beginning (TernDrainRun *self)
{
  if (self->beginning != NULL)
    g_task_return_boolean (self->beginning, TRUE);
  g_clear_object (&self->beginning);
}

static gboolean
on_first_duty_again (gpointer data)
{
  TernDrainRun *self = data;

  self->again_timer = 0;
  set_first_duty (self);
  return G_SOURCE_REMOVE;
}

static void
on_first_duty (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernDrainRun) self = data;
  g_autoptr (GError) error = NULL;
  gboolean done = tern_drain_set_duty_finish (TERN_INVENTORY (source), result, &error);

  if (self->stage != TERN_DRAIN_BEGINNING)
    return;
  if (done)
    {
      self->complained = FALSE;
      tern_drain_run_log (self);
      tern_drain_run_opened (self);
    }
  else
    try_again (self, on_first_duty_again, error);
  end_beginning (self);
}

static void
set_first_duty (TernDrainRun *self)
{
  const TernTaskRecord *record = tern_drain_run_get_record (self);
  static const char *const none[] = { NULL };

  tern_drain_set_duty_async (
      self->parts.inventory,
      record->drain->keep_duty ? none : (const char *const *) record->drain->hosts, record->id,
      find_first_duty, (gpointer) record, on_first_duty, g_object_ref (self));
}

void
tern_drain_run_begin_async (TernDrainRun *self, GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_DRAIN_RUN (self));
  g_return_if_fail (self->beginning == NULL);

  self->beginning = g_task_new (self, NULL, cb, data);
  set_first_duty (self);
}

void
tern_drain_run_begin_finish (TernDrainRun *self, GAsyncResult *result)
{
  g_return_if_fail (g_task_is_valid (result, self));
  (void) g_task_propagate_boolean (G_TASK (result), NULL);
}

/* The end */

static gboolean
has_left_behind (const TernDrain *drain, const char *host)
{
  for (guint i = 0; i < drain->items->len; i++)
    {
      const TernDrainItem *item = drain->items->pdata[i];

      if (item->state == TERN_ITEM_LEFT && !item->for_room && g_strcmp0 (item->host, host) == 0)
        return TRUE;
    }
  return FALSE;
}

/* Of several hosts one may be empty and another not. */
static gboolean
is_drained (TernDrainRun *self, const char *name)
{
  const TernHost *host = tern_inventory_find_host (self->parts.inventory, name);

  if (self->final->phase == TERN_PHASE_DONE)
    return TRUE;
  return g_strv_length (self->final->drain->hosts) > 1 && host != NULL
         && host->state == TERN_HOST_UP && !has_left_behind (self->final->drain, name);
}

static TernDuty
find_last_duty (const char *host, gpointer data)
{
  TernDrainRun *self = data;

  if (is_return (self->final) || self->final->phase == TERN_PHASE_CANCELLED)
    return TERN_DUTY_ACTIVE;
  return is_drained (self, host) ? TERN_DUTY_MAINTENANCE : TERN_DUTY_DRAINING;
}

static void store_end (TernDrainRun *self);

static gboolean
on_store_end_again (gpointer data)
{
  TernDrainRun *self = data;

  self->again_timer = 0;
  store_end (self);
  return G_SOURCE_REMOVE;
}

static void
on_end_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernDrainRun) self = data;
  g_autoptr (GError) error = NULL;
  gboolean stored = tern_store_write_finish (TERN_STORE (source), result, &error);

  if (self->stage != TERN_DRAIN_ENDING)
    return;
  if (!stored)
    {
      try_again (self, on_store_end_again, error);
      return;
    }
  tern_task_replace (self->task, g_steal_pointer (&self->final));
  tern_drain_run_log (self);
  tern_drain_run_close (self);
  tern_drain_run_emit_over (self);
}

static void
store_end (TernDrainRun *self)
{
  self->final->finished_us = tern_clock_wall_us (self->parts.clock);
  tern_store_put_task_async (self->parts.store, self->final, on_end_stored, g_object_ref (self));
}

static gboolean
on_last_duty_again (gpointer data)
{
  TernDrainRun *self = data;

  self->again_timer = 0;
  set_last_duty (self);
  return G_SOURCE_REMOVE;
}

static void
on_last_duty (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernDrainRun) self = data;
  g_autoptr (GError) error = NULL;
  gboolean done = tern_drain_set_duty_finish (TERN_INVENTORY (source), result, &error);

  if (self->stage != TERN_DRAIN_ENDING)
    return;
  if (done)
    store_end (self);
  else
    try_again (self, on_last_duty_again, error);
}

static void
set_last_duty (TernDrainRun *self)
{
  static const char *const none[] = { NULL };

  tern_drain_set_duty_async (
      self->parts.inventory,
      self->final->drain->keep_duty ? none : (const char *const *) self->final->drain->hosts,
      self->final->id, find_last_duty, self, on_last_duty, g_object_ref (self));
}

static gboolean
is_listed (char *const *words, const char *word)
{
  return words != NULL && g_strv_contains ((const char *const *) words, word);
}

/* Returns: whether a task of this drain shut it down, and none started it after that */
static gboolean
was_stopped (TernDrainRun *self, const TernDrainItem *item)
{
  gboolean stopped = is_listed (self->final->drain->stopped, item->vm_uuid);

  for (guint i = 0; i < self->children->len; i++)
    {
      const TernTaskRecord *child = tern_task_get_record (self->children->pdata[i]);

      if (!g_str_equal (child->vm_uuid, item->vm_uuid))
        continue;
      if (g_str_equal (child->kind, "shutdown"))
        stopped = stopped || child->phase == TERN_PHASE_DONE || child->attempt > 0;
      else if (child->phase == TERN_PHASE_DONE)
        stopped = FALSE;
    }
  return stopped;
}

/* The next drain of that host goes on with them. */
static void
note_stopped (TernDrainRun *self)
{
  TernDrain *drain = self->final->drain;
  g_autoptr (GStrvBuilder) stopped = g_strv_builder_new ();

  for (guint i = 0; i < drain->items->len; i++)
    {
      const TernDrainItem *item = drain->items->pdata[i];

      if (item->state == TERN_ITEM_LEFT && item->action != TERN_DRAIN_SHUTDOWN
          && was_stopped (self, item))
        g_strv_builder_add (stopped, item->vm_uuid);
    }
  g_strfreev (drain->stopped);
  drain->stopped = g_strv_builder_end (stopped);
}

/* "Draining anna" */
static char *
describe (const TernTaskRecord *record)
{
  g_autofree char *hosts = g_strjoinv (", ", record->drain->hosts);

  return g_strdup_printf (is_return (record) ? "Bringing VMs back to %s" : "Draining %s", hosts);
}

static void
describe_end (TernTaskRecord *record, const char *sentence)
{
  g_autofree char *what = describe (record);
  gboolean cancelled = record->phase == TERN_PHASE_CANCELLED;

  g_free (record->verdict);
  record->verdict = g_strdup (sentence);
  g_clear_pointer (&record->note, g_free);
  if (record->phase == TERN_PHASE_DONE)
    {
      record->progress = 100;
      return;
    }
  record->error =
      g_strdup_printf ("%s %s: %s", what, cancelled ? "was cancelled" : "left VMs over", sentence);
  record->error_name =
      g_strdup (tern_error_code_to_name (cancelled ? TERN_ERROR_CANCELLED : TERN_ERROR_REFUSED));
}

void
tern_drain_run_end (TernDrainRun *self, const TernDrainStep *step)
{
  self->stage = TERN_DRAIN_ENDING;
  self->complained = FALSE;
  tern_clock_clear_timer (self->parts.clock, &self->look_timer);
  tern_clock_clear_timer (self->parts.clock, &self->again_timer);
  self->final = tern_task_record_copy (tern_drain_run_get_record (self));
  self->final->phase = step->phase;
  tern_task_record_trace_phase (self->final, tern_clock_wall_us (self->parts.clock));
  describe_end (self->final, step->sentence);
  note_stopped (self);
  set_last_duty (self);
}
