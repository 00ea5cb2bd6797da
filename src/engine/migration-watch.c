/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Watching the job on the source while it runs: its numbers, its switchover and,
 * when no call of ours will say so, its end.
 */
#include "config.h"

#include "engine/migration.h"

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "engine/task-private.h"

#define LOOK_EVERY_US (500 * 1000)
/* A source that gives no answer for so long gets the full verification, which has its own bound. */
#define UNANSWERED_BOUND_US (60 * G_USEC_PER_SEC)

/* A post-copy that broke goes on within seconds of being taken up, or hangs. */
#define BROKEN_BOUND_US (120 * G_USEC_PER_SEC)

/* A source that does not tell how its post-copy goes, while the call goes on. */
#define SILENT_BOUND_US (300 * G_USEC_PER_SEC)

/* What QEMU takes of a guest's time at the most, percent. */
#define MOST_THROTTLE 99

static void look (TernMigration *self);

/* QEMU goes on telling the last rate while nothing goes out: told as nothing after so long. */
#define STALLED_US (3 * G_USEC_PER_SEC)
/* A source that gives no answer for so long is named. */
#define TELL_SILENCE_US (10 * G_USEC_PER_SEC)

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

/* QEMU does that by itself: only that it began, and that it can do no more, is history. */
static void
take_up_throttle (TernMigration *self, const TernJobStats *stats)
{
  int now = (int) MIN (stats->throttle, 100), before = self->throttle;
  g_autofree char *vm = NULL;
  g_autofree char *what = NULL;

  self->throttle = MAX (before, now);
  if (before < 0 || now <= before || (before > 0 && now < MOST_THROTTLE))
    return;
  vm = tern_text_visible (tern_run_get_record (&self->run)->vm_name, 60);
  what = now >= MOST_THROTTLE ? g_strdup_printf ("QEMU slows %s down by %d %%, its most", vm, now)
                              : g_strdup_printf ("QEMU began to slow %s down, by %d %%", vm, now);
  tern_run_add_step (&self->run, what);
}

/* To what is being stored as well: it takes the place of what is shown. */
static void
add_sample (TernTaskRecord *record, gpointer data)
{
  if (record->trace != NULL)
    tern_trace_add_sample (record->trace, data);
}

static void
trace_numbers (TernMigration *self)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  TernTraceSample sample = {
    .at_us = tern_clock_wall_us (self->run.clock),
    .remaining = record->remaining,
    .processed = record->memory_processed,
    .dirty_bps = record->dirty_bps,
    .rate_bps = record->rate_bps,
    .iteration = record->iteration,
  };

  tern_run_edit (&self->run, add_sample, &sample);
}

static void
take_up_numbers (TernMigration *self, const TernJobStats *stats)
{
  TernTaskRecord *record = tern_task_edit (self->run.task);

  self->progress.percent = MAX (self->progress.percent, record->progress);
  tern_progress_update (&self->progress, stats);
  record->iteration = MAX (record->iteration, self->progress.iteration);
  record->memory_total = MAX (record->memory_total, stats->memory_total);
  record->memory_processed = stats->memory_processed;
  record->rate_bps = is_stalled (self, stats) ? 0 : stats->memory_bps;
  record->remaining = stats->memory_remaining + stats->disk_remaining;
  record->dirty_bps = stats->dirty_bps;
  /* Before copying begins, nothing that is left to be sent is no news. */
  if (stats->memory_total > 0 || stats->disk_total > 0)
    trace_numbers (self);
  take_up_throttle (self, stats);
}

/* What the source shows of the guest: a switchover, a post-copy that goes on, one that broke. */
typedef enum
{
  SHOWS_NOTHING,
  SHOWS_GUEST,
  SHOWS_HELD,
  SHOWS_POSTCOPY,
  SHOWS_BROKEN
} SourceShows;

static SourceShows
classify (const TernVm *vm)
{
  if (vm->state == TERN_VM_UNKNOWN)
    return SHOWS_NOTHING;
  if (vm->reason == TERN_REASON_POSTCOPY_FAILED)
    return SHOWS_BROKEN;
  if (vm->state != TERN_VM_PAUSED)
    return SHOWS_GUEST;
  if (vm->reason == TERN_REASON_POSTCOPY)
    return SHOWS_POSTCOPY;
  return vm->reason == TERN_REASON_MIGRATION ? SHOWS_HELD : SHOWS_GUEST;
}

/* Returns: (transfer none) (nullable): what the inventory has of it on that host */
static const TernVm *
find_copy (const GPtrArray *copies, const char *host)
{
  for (guint i = 0; i < copies->len; i++)
    if (g_str_equal (((const TernVm *) copies->pdata[i])->host, host))
      return copies->pdata[i];
  return NULL;
}

static SourceShows
look_at_source (TernMigration *self)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  g_autoptr (GPtrArray) copies =
      tern_inventory_get_sightings (self->run.inventory, record->vm_uuid);
  const TernVm *vm = find_copy (copies, record->source);

  return vm != NULL ? classify (vm) : SHOWS_NOTHING;
}

/* It may end there before both hosts are asked. */
static void
look_at_destination (TernMigration *self)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  g_autoptr (GPtrArray) copies =
      tern_inventory_get_sightings (self->run.inventory, record->vm_uuid);
  const TernVm *vm = find_copy (copies, record->destination);

  self->run.ran_there |= vm != NULL && vm->state == TERN_VM_RUNNING;
}

static void
take_up_postcopy (TernMigration *self, const TernJobStats *stats)
{
  TernRun *run = &self->run;

  self->broken_us = 0;
  if (tern_run_get_record (run)->phase != TERN_PHASE_POSTCOPY)
    {
      tern_run_feed (run, TERN_EVENT_POSTCOPY);
      return;
    }
  tern_migration_converge (self, stats, FALSE, TRUE);
  tern_migration_pace (self, TRUE);
}

static void
take_up_copy (TernMigration *self, const TernJobStats *stats, gboolean held)
{
  TernRun *run = &self->run;
  TernTaskPhase phase = tern_run_get_record (run)->phase;
  gboolean copies = stats->memory_total > 0;

  if (held && phase != TERN_PHASE_SWITCHING)
    tern_run_feed (run, TERN_EVENT_SWITCHOVER);
  else if (!held && phase != TERN_PHASE_COPYING && copies)
    tern_run_feed (run, TERN_EVENT_STARTED);
  tern_migration_converge (self, copies ? stats : NULL, held, FALSE);
  if (phase == TERN_PHASE_COPYING)
    tern_migration_pace (self, FALSE);
}

/* Its job stays until somebody takes it up again. The call may go on: until the link is back, or
 * because the destination's QEMU is stuck. */
static void
take_up_broken (TernMigration *self)
{
  gint64 now_us = tern_clock_now_us (self->run.clock);

  if (self->broken_us == 0)
    self->broken_us = MAX (now_us, 1);
  if (!self->calling)
    tern_run_feed (&self->run, TERN_EVENT_JOB_GONE);
  else if (now_us - self->broken_us >= BROKEN_BOUND_US)
    tern_run_feed (&self->run, TERN_EVENT_OVERDUE);
}

static void
take_up_running (TernMigration *self, const TernJobStats *stats)
{
  SourceShows shows = look_at_source (self);

  take_up_numbers (self, stats);
  if (shows == SHOWS_POSTCOPY)
    take_up_postcopy (self, stats);
  else if (shows == SHOWS_BROKEN)
    take_up_broken (self);
  /* A cancel that came too early for the job, or was made before a restart. */
  else if (tern_migration_is_to_stop (self))
    tern_migration_insist (self);
  /* After a restart the host tells of its job before it tells of its VMs. */
  else if (shows != SHOWS_NOTHING)
    take_up_copy (self, stats, shows == SHOWS_HELD);
  if (self->run.closed)
    return;
  tern_run_show_progress (&self->run, self->progress.percent);
  tern_task_tell (self->run.task);
}

/* There is no job, or no word of it. */
static void
take_up_nothing (TernMigration *self)
{
  if (tern_run_get_record (&self->run)->phase == TERN_PHASE_CANCELLING)
    tern_migration_insist (self);
  else
    tern_migration_converge (self, NULL, FALSE, FALSE);
}

static gboolean
is_past_return (TernTaskPhase phase)
{
  return phase == TERN_PHASE_POSTCOPY || phase == TERN_PHASE_RECOVERING;
}

/* In attention it is watched for one thing only: that a post-copy which stood goes on. */
static void
take_up_stalled (TernMigration *self, const TernJobStats *stats)
{
  if (stats->active && stats->outgoing && stats->memory_processed != self->stalled_at
      && look_at_source (self) == SHOWS_POSTCOPY)
    tern_run_feed (&self->run, TERN_EVENT_POSTCOPY);
}

static void
take_up_silence (TernMigration *self)
{
  gint64 now_us = tern_clock_now_us (self->run.clock);

  if (self->stalled)
    return;
  if (self->unanswered_us == 0)
    self->unanswered_us = MAX (now_us, 1);
  if (!self->calling && now_us - self->unanswered_us >= UNANSWERED_BOUND_US)
    tern_run_feed (&self->run, TERN_EVENT_JOB_GONE);
  else if (is_past_return (tern_run_get_record (&self->run)->phase)
           && now_us - self->unanswered_us >= SILENT_BOUND_US)
    tern_run_feed (&self->run, TERN_EVENT_OVERDUE);
  else
    take_up_nothing (self);
}

/* It answered: what was told of its silence does not hold any more. */
static void
forget_silence (TernMigration *self)
{
  self->unanswered_us = self->asked_us = 0;
  if (self->told_silence)
    tern_run_set_note (&self->run, NULL);
  self->told_silence = FALSE;
}

/* A host that hangs may owe one answer for minutes, and one that is cut says no again and again. */
static void
tell_silence (TernMigration *self)
{
  TernTaskRecord *record = tern_task_edit (self->run.task);
  gint64 silent_us = tern_clock_now_us (self->run.clock) - self->asked_us;
  g_autofree char *silent = tern_units_format_duration (silent_us);

  if (self->asked_us == 0 || self->stalled || silent_us < STALLED_US)
    return;
  record->rate_bps = 0;
  record->eta_min_us = record->eta_max_us = 0;
  if (silent_us >= TELL_SILENCE_US)
    {
      self->told_silence = TRUE;
      tern_run_set_note (&self->run,
                         g_strdup_printf ("%s has not answered for %s: how the move goes is not "
                                          "known; look at libvirt and QEMU there",
                                          record->source, silent));
    }
  tern_task_tell (self->run.task);
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
  forget_silence (self);
  if (self->stalled)
    take_up_stalled (self, stats);
  else if (error == NULL && stats->active && stats->outgoing)
    take_up_running (self, stats);
  else if (!self->calling)
    tern_run_feed (&self->run, TERN_EVENT_JOB_GONE);
  else
    take_up_nothing (self);
}

static void
on_job (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;
  TernJobStats stats = { 0 };

  (void) tern_hypervisor_fetch_job_finish (TERN_HYPERVISOR (source), result, &stats, &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
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
  if (self->asked_us == 0)
    self->asked_us = MAX (tern_clock_now_us (self->run.clock), 1);
  port = tern_run_port (&self->run, tern_run_get_record (&self->run)->source, NULL);
  if (port == NULL)
    {
      take_up_silence (self);
      return;
    }
  self->watching = TRUE;
  tern_hypervisor_fetch_job_async (port, tern_run_get_record (&self->run)->vm_uuid, FALSE,
                                   self->attempt, on_job, g_object_ref (self));
}

static gboolean
on_watch_timer (gpointer data)
{
  g_autoptr (TernMigration) self = g_object_ref (data);

  look_at_destination (self);
  /* A slow answer is waited for, not asked for twice. */
  if (!self->watching)
    look (self);
  if (self->watch_timer != 0)
    tell_silence (self);
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
  tern_migration_begin_converge (self);
  self->unanswered_us = self->asked_us = 0;
  self->told_silence = FALSE;
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
  self->told_silence = FALSE;
  if (self->run.clock != NULL)
    tern_clock_clear_timer (self->run.clock, &self->watch_timer);
  if (self->job_port != NULL)
    g_clear_signal_handler (&self->job_signal, self->job_port);
  g_clear_object (&self->job_port);
}
