/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a copy that runs is told: the steps of its policy, and how fast it may be. A host that says
 * no to a step is noted, and the policy goes on with its next one.
 */
#include "config.h"

#include "engine/migration.h"

#include "base/error.h"
#include "base/log.h"
#include "engine/task-private.h"

/* A change smaller than one part in so many is not worth a call. */
#define SPEED_MATTERS 20
/* A host that did not take a speed is not asked again before. */
#define PACE_AGAIN_US (10 * G_USEC_PER_SEC)

/* Steps */

typedef struct
{
  guint step;
  gint64 now_us;
} Taken;

/* A daemon that died before this was stored takes it once more: that changes nothing. */
static void
note_step_taken (TernTaskRecord *record, gpointer data)
{
  const Taken *taken = data;

  if (taken->step == record->step)
    return;
  record->step = taken->step;
  record->step_us = taken->now_us;
}

/* The last step's sentence says that it was in vain. */
static void
note_step_refused (TernTaskRecord *record, gpointer data)
{
  guint n = record->steps != NULL ? g_strv_length (record->steps) : 0;
  char *told;

  if (n == 0)
    return;
  told = g_strdup_printf ("%s (%s did not do that: %s)", record->steps[n - 1], record->source,
                          (const char *) data);
  g_free (record->steps[n - 1]);
  record->steps[n - 1] = told;
}

static void
end_step (TernMigration *self, const GError *error)
{
  TernRun *run = &self->run;
  Taken taken = { .now_us = tern_clock_wall_us (run->clock) };

  self->stepping = FALSE;
  if (run->closed || self->converge == NULL)
    return;
  tern_converge_took (self->converge, self->decision, error == NULL,
                      tern_clock_now_us (run->clock));
  self->decision = (TernDecision){ 0 };
  taken.step = tern_converge_get_step (self->converge);
  tern_run_edit (run, note_step_taken, &taken);
  if (error != NULL)
    {
      tern_log (G_LOG_LEVEL_INFO, NULL, NULL, "Task %" G_GUINT64_FORMAT ": a step failed: %s",
                tern_run_get_record (run)->id, error->message);
      tern_run_edit (run, note_step_refused, error->message);
    }
  run->dirty = TRUE;
  tern_task_tell (run->task);
}

typedef gboolean (*FinishFunc) (TernHypervisor *port, GAsyncResult *result, GError **error);

static void
end_step_by (FinishFunc finish, GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;

  (void) finish (TERN_HYPERVISOR (source), result, &error);
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    end_step (self, error);
}

static void
on_downtime_set (GObject *source, GAsyncResult *result, gpointer data)
{
  end_step_by (tern_hypervisor_set_downtime_finish, source, result, data);
}

static void
on_postcopy_started (GObject *source, GAsyncResult *result, gpointer data)
{
  end_step_by (tern_hypervisor_start_postcopy_finish, source, result, data);
}

static void
on_paused (GObject *source, GAsyncResult *result, gpointer data)
{
  end_step_by (tern_hypervisor_pause_finish, source, result, data);
}

static void
tell_decision (TernMigration *self, TernHypervisor *port)
{
  const char *uuid = tern_run_get_record (&self->run)->vm_uuid;
  GCancellable *cancellable = self->attempt;
  TernMigration *owner = g_object_ref (self);

  switch (self->decision.act)
    {
    case TERN_STEP_DOWNTIME:
      tern_hypervisor_set_downtime_async (port, uuid, self->decision.downtime_ms, cancellable,
                                          on_downtime_set, owner);
      break;
    case TERN_STEP_POSTCOPY:
      tern_hypervisor_start_postcopy_async (port, uuid, cancellable, on_postcopy_started, owner);
      break;
    case TERN_STEP_PAUSE:
      tern_hypervisor_pause_async (port, uuid, cancellable, on_paused, owner);
      break;
    default:
      end_step (owner, NULL);
      g_object_unref (owner);
    }
}

void
tern_migration_step (TernMigration *self)
{
  g_autoptr (GError) error = NULL;
  TernHypervisor *port =
      tern_run_port (&self->run, tern_run_get_record (&self->run)->source, &error);

  self->stepping = TRUE;
  /* Somebody said so while the step was being stored. */
  if (port != NULL && tern_migration_is_to_stop (self))
    g_set_error (&error, TERN_ERROR, TERN_ERROR_CANCELLED, "the move is to be stopped");
  if (error != NULL)
    end_step (self, error);
  else
    tell_decision (self, port);
}

/* Speed */

typedef struct
{
  TernMigration *migration;
  guint64 bps;
  gboolean postcopy;
} Pace;

static void
on_speed_set (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree Pace *pace = data;
  g_autoptr (TernMigration) self = pace->migration;
  g_autoptr (GError) error = NULL;
  gboolean taken = tern_hypervisor_set_speed_finish (TERN_HYPERVISOR (source), result, &error);

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  self->pacing = FALSE;
  if (taken)
    {
      self->told_bps[pace->postcopy] = pace->bps;
      return;
    }
  self->pace_again_us = tern_clock_now_us (self->run.clock) + PACE_AGAIN_US;
  tern_log (G_LOG_LEVEL_DEBUG, NULL, NULL, "Speed not taken: %s", error->message);
}

static gboolean
is_another_speed (guint64 wanted, guint64 told)
{
  if (told == TERN_SPEED_UNKNOWN || (wanted == 0) != (told == 0))
    return TRUE;
  return (wanted > told ? wanted - told : told - wanted) > told / SPEED_MATTERS;
}

void
tern_migration_pace (TernMigration *self, gboolean postcopy)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  guint64 bps = tern_migration_get_speed (self, postcopy);
  TernHypervisor *port;
  Pace *pace;

  if (self->pacing || !is_another_speed (bps, self->told_bps[postcopy])
      || tern_clock_now_us (self->run.clock) < self->pace_again_us)
    return;
  port = tern_run_port (&self->run, record->source, NULL);
  if (port == NULL)
    return;
  pace = g_new0 (Pace, 1);
  pace->migration = g_object_ref (self);
  pace->bps = bps;
  pace->postcopy = postcopy;
  self->pacing = TRUE;
  tern_hypervisor_set_speed_async (port, record->vm_uuid, bps, postcopy, self->attempt,
                                   on_speed_set, pace);
}
