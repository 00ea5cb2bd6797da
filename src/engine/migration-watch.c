/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Watching the job on the source while it runs: its numbers, its switchover and,
 * when no call of ours will say so, its end.
 */
#include "config.h"

#include "engine/migration.h"

#include "base/error.h"
#include "engine/task-private.h"

#define LOOK_EVERY_US (500 * 1000)
/* A source that gives no answer for so long gets the full verification, which has its own bound. */
#define UNANSWERED_BOUND_US (60 * G_USEC_PER_SEC)

static void look (TernMigration *self);

/* QEMU goes on telling the last rate while nothing goes out: told as nothing after so long. */
#define STALLED_US (3 * G_USEC_PER_SEC)

static gboolean
is_stalled (TernMigration *self, const TernJobStats *stats)
{
  gint64 now_us = tern_clock_now_us (self->run.clock);

  if (self->last_moved_us == 0 || stats->memory_processed != self->last_processed)
    {
      self->last_processed = stats->memory_processed;
      self->last_moved_us = MAX (now_us, 1);
    }
  return now_us - self->last_moved_us >= STALLED_US;
}

static void
take_up_numbers (TernMigration *self, const TernJobStats *stats)
{
  TernTaskRecord *record = tern_task_edit (self->run.task);

  self->progress.percent = MAX (self->progress.percent, record->progress);
  tern_progress_update (&self->progress, stats);
  record->progress = MAX (record->progress, self->progress.percent);
  record->iteration = MAX (record->iteration, self->progress.iteration);
  record->memory_total = MAX (record->memory_total, stats->memory_total);
  record->memory_processed = stats->memory_processed;
  record->rate_bps = is_stalled (self, stats) ? 0 : stats->memory_bps;
  record->remaining = stats->memory_remaining + stats->disk_remaining;
  record->dirty_bps = stats->dirty_bps;
  tern_task_tell (self->run.task);
}

/* Does the source show the guest standing still for the switchover? */
static gboolean
source_is_held (TernMigration *self)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  g_autoptr (GPtrArray) copies =
      tern_inventory_get_sightings (self->run.inventory, record->vm_uuid);

  for (guint i = 0; i < copies->len; i++)
    {
      const TernVm *vm = copies->pdata[i];

      if (g_str_equal (vm->host, record->source))
        return vm->state == TERN_VM_PAUSED && vm->reason == TERN_REASON_MIGRATION;
    }
  return FALSE;
}

static void
take_up_running (TernMigration *self, const TernJobStats *stats)
{
  TernTaskPhase phase = tern_run_get_record (&self->run)->phase;
  gboolean held = source_is_held (self);

  take_up_numbers (self, stats);
  /* A cancel that came too early for the job, or was made before a restart. */
  if (tern_run_get_record (&self->run)->cancel_requested)
    {
      if (phase == TERN_PHASE_CANCELLING)
        tern_migration_abort (self);
      else
        tern_run_feed (&self->run, TERN_EVENT_CANCEL);
      return;
    }
  if (held && phase != TERN_PHASE_SWITCHING)
    tern_run_feed (&self->run, TERN_EVENT_SWITCHOVER);
  else if (!held && phase != TERN_PHASE_COPYING && stats->memory_total > 0)
    tern_run_feed (&self->run, TERN_EVENT_STARTED);
}

static void
take_up_silence (TernMigration *self)
{
  gint64 now_us = tern_clock_now_us (self->run.clock);

  if (self->unanswered_us == 0)
    self->unanswered_us = MAX (now_us, 1);
  if (now_us - self->unanswered_us >= STALLED_US && tern_run_get_record (&self->run)->rate_bps > 0)
    {
      tern_task_edit (self->run.task)->rate_bps = 0;
      tern_task_tell (self->run.task);
    }
  if (!self->calling && now_us - self->unanswered_us >= UNANSWERED_BOUND_US)
    tern_run_feed (&self->run, TERN_EVENT_JOB_GONE);
}

static void
take_up_job (TernMigration *self, const TernJobStats *stats, const GError *error)
{
  gboolean answered = error == NULL || g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_FOUND);

  if (!answered)
    {
      take_up_silence (self);
      return;
    }
  self->unanswered_us = 0;
  if (error == NULL && stats->active && stats->outgoing)
    take_up_running (self, stats);
  else if (!self->calling)
    tern_run_feed (&self->run, TERN_EVENT_JOB_GONE);
  else if (tern_run_get_record (&self->run)->phase == TERN_PHASE_CANCELLING)
    tern_migration_abort (self);
}

static void
on_job (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;
  TernJobStats stats = { 0 };

  (void) tern_hypervisor_fetch_job_finish (TERN_HYPERVISOR (source), result, &stats, &error);
  self->watching = FALSE;
  /* Watched no more: the answer is about the past. */
  if (self->run.closed || self->watch_timer == 0)
    return;

  take_up_job (self, &stats, error);
  if (self->look_again && !self->run.closed && self->watch_timer != 0)
    look (self);
}

static void
look (TernMigration *self)
{
  TernHypervisor *port;

  if (self->watching)
    {
      self->look_again = TRUE;
      return;
    }
  self->look_again = FALSE;
  port = tern_run_port (&self->run, tern_run_get_record (&self->run)->source, NULL);
  if (port == NULL)
    {
      take_up_silence (self);
      return;
    }
  self->watching = TRUE;
  tern_hypervisor_fetch_job_async (port, tern_run_get_record (&self->run)->vm_uuid, FALSE,
                                   self->run.cancellable, on_job, g_object_ref (self));
}

static gboolean
on_watch_timer (gpointer data)
{
  g_autoptr (TernMigration) self = g_object_ref (data);

  /* A slow answer is waited for, not asked for twice. */
  if (!self->watching)
    look (self);
  return self->watch_timer != 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
on_job_changed (TernHypervisor *port, const char *uuid, TernMigration *self)
{
  (void) port;
  if (g_str_equal (uuid, tern_run_get_record (&self->run)->vm_uuid) && self->watch_timer != 0)
    look (self);
}

void
tern_migration_watch_start (TernMigration *self)
{
  TernHypervisor *port = tern_run_port (&self->run, tern_run_get_record (&self->run)->source, NULL);

  if (self->watch_timer != 0)
    return;
  self->unanswered_us = 0;
  self->watch_timer = tern_clock_add_timer (self->run.clock, LOOK_EVERY_US, on_watch_timer, self);
  if (port == NULL)
    return;
  self->job_port = g_object_ref (port);
  self->job_signal = g_signal_connect (port, "job-changed", G_CALLBACK (on_job_changed), self);
  if (!self->calling)
    look (self);
}

void
tern_migration_watch_stop (TernMigration *self)
{
  if (self->run.clock != NULL)
    tern_clock_clear_timer (self->run.clock, &self->watch_timer);
  if (self->job_port != NULL)
    g_clear_signal_handler (&self->job_signal, self->job_port);
  g_clear_object (&self->job_port);
}
