/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Stopping a copy, because somebody or its policy wants that. Libvirt takes an abort only while the
 * job exists, and may not carry it out: so it is told again at each look, and what comes of it is
 * said as it is.
 */
#include "config.h"

#include "engine/migration.h"

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "base/units.h"

/* So long without effect, and a person hears of it; */
#define TELL_AFTER_US (30 * G_USEC_PER_SEC)
/* so long, and a person has to look. */
#define OVERDUE_AFTER_US (300 * G_USEC_PER_SEC)

gboolean
tern_migration_is_to_stop (TernMigration *self)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);

  return record->cancel_requested || record->abort_reason != NULL;
}

static void
on_aborted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->abort_error, g_free);
  if (!tern_hypervisor_abort_job_finish (TERN_HYPERVISOR (source), result, &error))
    {
      tern_log (G_LOG_LEVEL_DEBUG, NULL, NULL, "Abort not taken yet: %s", error->message);
      /* There is nothing to stop yet, or any more: that says nothing against the host. */
      if (!g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_FOUND))
        self->abort_error = g_strdup (error->message);
    }
  self->aborting = FALSE;
}

void
tern_migration_abort (TernMigration *self)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  TernHypervisor *port = tern_run_port (&self->run, record->source, NULL);

  if (self->stopping_us == 0)
    self->stopping_us = MAX (tern_clock_now_us (self->run.clock), 1);
  if (self->aborting || port == NULL)
    return;
  self->aborting = TRUE;
  tern_hypervisor_abort_job_async (port, record->vm_uuid, self->run.cancellable, on_aborted,
                                   g_object_ref (self));
}

static void
tell_of_delay (TernMigration *self, gint64 elapsed_us)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  g_autofree char *vm = tern_text_visible (record->vm_name, 60);
  g_autofree char *elapsed = tern_units_format_duration (elapsed_us);

  tern_run_set_note (
      &self->run, g_strdup_printf (
                      "%s was told %s ago to stop moving %s and has not done so%s%s; it is told "
                      "again and again, and until it stops, %s may still move to %s",
                      record->source, elapsed, vm, self->abort_error != NULL ? ": " : "",
                      self->abort_error != NULL ? self->abort_error : "", vm, record->destination));
}

void
tern_migration_insist (TernMigration *self)
{
  TernTaskPhase phase = tern_run_peek_phase (&self->run);
  gint64 elapsed_us;

  if (phase != TERN_PHASE_CANCELLING)
    {
      /* Where it is too late the wish is stored already. */
      if (!tern_task_phase_is_cancelable (phase))
        return;
      tern_run_feed (&self->run, tern_run_get_record (&self->run)->cancel_requested
                                     ? TERN_EVENT_CANCEL
                                     : TERN_EVENT_GIVE_UP);
      return;
    }
  tern_migration_abort (self);
  elapsed_us = tern_clock_now_us (self->run.clock) - self->stopping_us;
  if (elapsed_us >= OVERDUE_AFTER_US)
    tern_run_feed (&self->run, TERN_EVENT_OVERDUE);
  else if (elapsed_us >= TELL_AFTER_US)
    tell_of_delay (self, elapsed_us);
}
