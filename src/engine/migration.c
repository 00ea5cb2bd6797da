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
    case TERN_ACTION_INSPECT:
    case TERN_ACTION_REPORT:
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

static TernTaskEvent
conclude (TernRun *run, const TernSighting *source, const TernSighting *destination,
          char **out_verdict)
{
  const TernTaskRecord *record = tern_run_get_record (run);
  TernTruth truth = tern_truth_judge (source, destination);
  TernVerifying verifying = tern_run_count_look (run, truth);
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);

  *out_verdict =
      tern_truth_explain (truth, vm, record->source, source, record->destination, destination);
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
}

static void
tern_migration_init (TernMigration *self)
{
  self->progress = (TernProgress) TERN_PROGRESS_INIT;
}

static void
tern_migration_class_init (TernMigrationClass *klass)
{
  TernRunClass *run_class = (TernRunClass *) klass;

  run_class->next = tern_task_fsm_next;
  run_class->act = act;
  run_class->conclude = conclude;
  run_class->settle = settle;
  run_class->close = stop_watching;
}
