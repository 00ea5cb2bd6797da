/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Local media out of their drives, because somebody ordered it with the move. What is about to
 * be taken out is in the store before the first drive is touched, so that it can be put back by
 * hand whatever happens.
 */
#include "config.h"

#include "engine/migration.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "engine/assessor-private.h"

static void eject_next (TernMigration *self);

gboolean
tern_migration_find_media (TernMigration *self)
{
  TernRun *run = &self->run;

  g_clear_pointer (&run->media, g_strfreev);
  if (!tern_run_get_record (run)->eject_media)
    return FALSE;
  run->media = tern_assessor_find_local_media (run->assessor, tern_run_get_record (run));
  return run->media[0] != NULL;
}

void
tern_migration_refuse_medium (TernMigration *self)
{
  TernRun *run = &self->run;
  g_autofree char *vm = tern_text_visible (tern_run_get_record (run)->vm_name, 60);
  g_autofree char *medium = tern_text_visible (run->media[0], 120);
  g_autoptr (GError) error =
      g_error_new (TERN_ERROR, TERN_ERROR_REFUSED,
                   "%s still has %s in a drive after it was told to let go of it; take it out "
                   "inside the guest, then order the move again",
                   vm, medium);

  tern_run_refuse (run, error);
}

static void
log_ejected (TernMigration *self, const char *medium)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  g_autofree char *vm = tern_text_visible (record->vm_name, 60);
  g_autofree char *shown = tern_text_visible (medium, 0);
  g_autofree char *id = g_strdup_printf ("%" G_GUINT64_FORMAT, record->id);

  tern_log (G_LOG_LEVEL_MESSAGE, TERN_MSG_MEDIA_EJECTED,
            TERN_FIELDS (TERN_LOG_TASK, id, TERN_LOG_VM, vm, TERN_LOG_VM_UUID, record->vm_uuid,
                         TERN_LOG_SOURCE, record->source),
            "Task %s: the drive of %s on %s was emptied for its move: %s", id, vm, record->source,
            shown);
}

static void
on_ejected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  TernRun *run = &self->run;
  g_autoptr (GError) error = NULL;
  gboolean ejected = tern_hypervisor_eject_finish (TERN_HYPERVISOR (source), result, &error);

  if (run->closed || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (!ejected)
    {
      g_autofree char *shown = tern_text_visible (run->media[self->ejected], 120);

      g_prefix_error (&error, "taking %s out of its drive: ", shown);
      tern_run_refuse (run, error);
      return;
    }
  log_ejected (self, run->media[self->ejected]);
  self->ejected++;
  eject_next (self);
}

static void
eject_next (TernMigration *self)
{
  TernRun *run = &self->run;
  const TernTaskRecord *record = tern_run_get_record (run);
  const char *medium = run->media[self->ejected];
  g_autoptr (GError) error = NULL;
  TernHypervisor *port;
  g_auto (GStrv) parts = NULL;

  /* Cancelled meanwhile. */
  if (tern_run_peek_phase (run) != TERN_PHASE_CHECKING)
    return;
  /* A fresh look, not the answers, says that the drives are empty; and that nothing else came up
   * meanwhile. */
  if (medium == NULL)
    {
      self->emptied = TRUE;
      tern_migration_check (self);
      return;
    }
  port = tern_run_port (run, record->source, &error);
  if (port == NULL)
    {
      tern_run_refuse (run, error);
      return;
    }
  parts = g_strsplit (medium, "=", 2);
  tern_hypervisor_eject_async (port, record->vm_uuid, parts[0], parts[1], run->cancellable,
                               on_ejected, g_object_ref (self));
}

void
tern_migration_eject (TernMigration *self)
{
  self->ejected = 0;
  eject_next (self);
}
