/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One live move: which file does which of its acts, and what both hosts mean at its end. The
 * loop that drives it is run.c.
 */
#include "config.h"

#include "engine/migration.h"

#include "base/text.h"
#include "engine/task-private.h"

#define MAX_NAME_SHOWN 60

G_DEFINE_TYPE (TernMigration, tern_migration, TERN_TYPE_RUN)

static void
act (TernRun *run, TernTaskAction action)
{
  TernMigration *self = TERN_MIGRATION (run);

  switch (action)
    {
    case TERN_ACTION_CHECK:
      tern_migration_check (self);
      break;
    case TERN_ACTION_EJECT:
      tern_migration_eject (self);
      break;
    case TERN_ACTION_MIGRATE:
      tern_migration_call (self);
      break;
    case TERN_ACTION_ABORT:
      tern_migration_abort (self);
      break;
    case TERN_ACTION_FOLLOW:
      tern_migration_watch_start (self);
      break;
    case TERN_ACTION_STEP:
      tern_migration_step (self);
      break;
    case TERN_ACTION_RECOVER:
      tern_migration_recover (self);
      break;
    case TERN_ACTION_RESOLVE:
      tern_migration_watch_stop (self);
      tern_run_carry_out (run);
      break;
    case TERN_ACTION_REPORT:
      self->stopping_us = 0;
      if (!self->stalled)
        tern_migration_watch_stop (self);
      break;
    case TERN_ACTION_INSPECT:
      tern_migration_watch_stop (self);
      break;
    case TERN_ACTION_RESUME:
      tern_migration_resume (self);
      break;
    case TERN_ACTION_DISCARD:
      tern_migration_discard (self);
      break;
    default:
      break;
    }
}

/* What came too late, and what a person decided, belongs to what is told at the end. */
static char *
add_wishes (const TernRun *run, const TernTaskRecord *record, TernTruth truth,
            const char *explained)
{
  GString *text = g_string_new (explained);
  gboolean source_stays = g_strcmp0 (record->resolution, "source") == 0;

  if (truth == TERN_TRUTH_MOVED && record->cancel_requested)
    g_string_append (text, "; the cancel came too late to stop that");
  else if (truth == TERN_TRUTH_MOVED && record->abort_reason != NULL)
    g_string_append_printf (text, "; it was to be stopped, which came too late: %s",
                            record->abort_reason);
  if ((truth == TERN_TRUTH_SOURCE_HELD || truth == TERN_TRUTH_HELD_DOUBTFUL) && run->ran_there)
    g_string_append_printf (
        text,
        "; it ran on %s since, so that its disks are newer than the memory held "
        "on %s: end that copy with “virsh destroy” there, then start it anew",
        record->destination, record->source);
  if (truth != TERN_TRUTH_TWO_COPIES && tern_migration_find_two_copies (record) != NULL)
    g_string_append_printf (text, "; %s", tern_migration_find_two_copies (record));
  if (record->resolution != NULL)
    g_string_append_printf (
        text, "; user %" G_GINT64_FORMAT " had decided that the one on %s stays",
        record->resolved_by_uid, source_stays ? record->source : record->destination);
  return g_string_free (text, FALSE);
}

static gboolean
is_running (const TernSighting *seen)
{
  return seen->known && seen->present
         && (seen->state == TERN_VM_RUNNING || seen->state == TERN_VM_SHUTTING_DOWN);
}

/* Who decided was told that it would run. */
static gboolean
stands (const TernTaskRecord *record, const TernSighting *source, const TernSighting *destination)
{
  const TernSighting *kept = g_strcmp0 (record->resolution, "source") == 0 ? source : destination;

  return record->resolution != NULL && kept->known && kept->present
         && (kept->state == TERN_VM_PAUSED || kept->state == TERN_VM_SUSPENDED);
}

static TernTaskEvent
conclude (TernRun *run, const TernSighting *source, const TernSighting *destination,
          char **out_verdict)
{
  TernMigration *self = TERN_MIGRATION (run);
  const TernTaskRecord *record = tern_run_get_record (run);
  TernTruth truth = tern_truth_judge (source, destination);
  TernVerifying verifying;
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);
  g_autofree char *explained =
      tern_truth_explain (truth, vm, record->source, source, record->destination, destination);

  run->ran_there |= is_running (destination);
  run->ended = truth == TERN_TRUTH_STAYED && !tern_vm_state_is_active (source->state);
  verifying = tern_run_count_look (run, truth);
  verifying.stands = stands (record, source, destination);
  *out_verdict = add_wishes (run, record, truth, explained);
  g_free (run->offers);
  run->offers = tern_resolve_offers (record->id, vm, record->source, source, record->destination,
                                     destination);
  tern_sighting_free (self->last_source);
  self->last_source = tern_sighting_copy (source);
  if (source->known && source->present)
    self->persistent = source->persistent;
  return tern_truth_to_event (truth, &verifying);
}

/* Before "moved" is told, the record has the downtime. */

static void
on_completed_stats (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  TernTaskRecord *record = tern_task_edit (self->run.task);
  TernJobStats stats = { 0 };

  if (tern_hypervisor_fetch_job_finish (TERN_HYPERVISOR (source), result, &stats, NULL))
    {
      if (stats.has_downtime)
        record->downtime_us = stats.downtime_us;
      record->memory_processed = MAX (record->memory_processed, stats.memory_processed);
      record->memory_total = MAX (record->memory_total, stats.memory_total);
      tern_progress_update (&self->progress, &stats);
      record->iteration = MAX (record->iteration, self->progress.iteration);
    }
  tern_run_settled (&self->run);
}

static void
settle (TernRun *run)
{
  const TernTaskRecord *record = tern_run_get_record (run);
  TernHypervisor *port = tern_run_port (run, record->destination, NULL);

  if (port == NULL)
    return;
  run->settling++;
  tern_hypervisor_fetch_job_async (port, record->vm_uuid, TRUE, run->cancellable,
                                   on_completed_stats, g_object_ref (run));
}

static void
stop_watching (TernRun *run)
{
  tern_migration_watch_stop (TERN_MIGRATION (run));
  g_cancellable_cancel (TERN_MIGRATION (run)->attempt);
}

static void
tell_share (TernRun *run)
{
  TernMigration *self = TERN_MIGRATION (run);
  TernTaskPhase phase = tern_run_get_record (run)->phase;

  if (self->watch_timer != 0 && phase == TERN_PHASE_COPYING)
    tern_migration_pace (self, FALSE);
  else if (self->watch_timer != 0 && phase == TERN_PHASE_POSTCOPY)
    tern_migration_pace (self, TRUE);
}

static void
tern_migration_init (TernMigration *self)
{
  self->progress = (TernProgress) TERN_PROGRESS_INIT;
  tern_migration_begin_attempt (self);
  self->told_bps[FALSE] = self->told_bps[TRUE] = TERN_SPEED_UNKNOWN;
}

static void
tern_migration_finalize (GObject *object)
{
  TernMigration *self = TERN_MIGRATION (object);

  g_clear_object (&self->attempt);
  g_clear_pointer (&self->converge, tern_converge_free);
  tern_sighting_free (self->last_source);
  g_free (self->abort_error);
  G_OBJECT_CLASS (tern_migration_parent_class)->finalize (object);
}

static void
tern_migration_class_init (TernMigrationClass *klass)
{
  TernRunClass *run_class = (TernRunClass *) klass;

  G_OBJECT_CLASS (klass)->finalize = tern_migration_finalize;
  run_class->next = tern_task_fsm_next;
  run_class->amend = tern_migration_amend;
  run_class->retry = tern_migration_retry;
  run_class->act = act;
  run_class->conclude = conclude;
  run_class->settle = settle;
  run_class->close = stop_watching;
  run_class->share_changed = tell_share;
  run_class->check_switch = tern_migration_check_switch;
}
