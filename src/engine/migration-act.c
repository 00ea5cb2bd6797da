/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a migration tells the hosts to do: the check before it, the call, the
 * abort and the two repairs. Each act ends in an event; none of them judges.
 */
#include "config.h"

#include "engine/migration.h"

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"

/* The check: nothing from a cache, both hosts are asked. */

static void
take_up_check (TernMigration *self, const GPtrArray *seen)
{
  TernRun *run = &self->run;
  const TernTaskRecord *record = tern_run_get_record (run);
  const TernSighting *there = seen->pdata[0];
  g_autofree char *vm = tern_text_visible (record->vm_name, 60);
  g_autoptr (GPtrArray) reasons =
      tern_verdict_of_sightings (vm, record->source, there, record->destination, seen->pdata[1]);
  g_autoptr (GError) refusal = tern_run_confirm (run, reasons);

  if (refusal != NULL)
    {
      tern_run_refuse (run, refusal);
      return;
    }
  self->persistent = there->persistent;
  if (!tern_migration_find_media (self))
    tern_run_feed (run, TERN_EVENT_CHECKED);
  else if (self->emptied)
    tern_migration_refuse_medium (self);
  else
    tern_run_feed (run, TERN_EVENT_MEDIA);
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) seen = tern_run_check_finish (TERN_RUN (source), result, &error);

  if (error != NULL)
    tern_run_refuse (&self->run, error);
  else if (seen != NULL)
    take_up_check (self, seen);
}

void
tern_migration_check (TernMigration *self)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  const char *const hosts[] = { record->source, record->destination, NULL };

  tern_run_check_async (&self->run, hosts, on_checked, g_object_ref (self));
}

/* The call */

static void
on_called (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;

  (void) tern_hypervisor_migrate_finish (TERN_HYPERVISOR (source), result, &error);
  self->calling = FALSE;
  tern_run_call_ended (&self->run, error);
}

void
tern_migration_call (TernMigration *self)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  TernHost *destination = tern_inventory_find_host (self->run.inventory, record->destination);
  TernMigrateParams params = { 0 };
  g_autoptr (GError) error = NULL;
  TernHypervisor *port = tern_run_port (&self->run, record->source, &error);

  if (port != NULL && destination == NULL)
    g_set_error (&error, TERN_ERROR, TERN_ERROR_UNREACHABLE, "%s is not known any more",
                 record->destination);
  if (error != NULL)
    {
      /* No call was made: that is an answer. */
      tern_run_set_error (&self->run, error);
      self->run.answered = TRUE;
      tern_run_feed (&self->run, TERN_EVENT_RETURNED);
      return;
    }

  params.peer_uri = destination->config->peer_uri != NULL ? destination->config->peer_uri
                                                          : destination->config->uri;
  params.migration_address = destination->config->migration_address;
  params.persistent = self->persistent;
  self->calling = TRUE;
  tern_hypervisor_migrate_async (port, record->vm_uuid, &params, self->run.cancellable, on_called,
                                 g_object_ref (self));
  tern_migration_watch_start (self);
}

/* The abort. While the job does not exist yet there is nothing to abort: the watch tries again. */

static void
on_aborted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;

  if (!tern_hypervisor_abort_job_finish (TERN_HYPERVISOR (source), result, &error))
    tern_log (G_LOG_LEVEL_DEBUG, NULL, NULL, "Abort not taken yet: %s", error->message);
  self->aborting = FALSE;
}

void
tern_migration_abort (TernMigration *self)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  TernHypervisor *port = tern_run_port (&self->run, record->source, NULL);

  if (self->aborting || port == NULL)
    return;
  self->aborting = TRUE;
  tern_hypervisor_abort_job_async (port, record->vm_uuid, self->run.cancellable, on_aborted,
                                   g_object_ref (self));
}

/* The repairs: the driver looks once more and refuses if the host shows anything else by now. */

static void
on_resumed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;

  (void) tern_hypervisor_resume_finish (TERN_HYPERVISOR (source), result, &error);
  tern_run_repair_ended (&self->run, error);
}

static void
on_discarded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;

  (void) tern_hypervisor_discard_finish (TERN_HYPERVISOR (source), result, &error);
  tern_run_repair_ended (&self->run, error);
}

void
tern_migration_resume (TernMigration *self)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  g_autoptr (GError) error = NULL;
  TernHypervisor *port = tern_run_port (&self->run, record->source, &error);

  self->run.repairs++;
  if (port == NULL)
    tern_run_repair_ended (&self->run, error);
  else
    tern_hypervisor_resume_async (port, record->vm_uuid, self->run.cancellable, on_resumed,
                                  g_object_ref (self));
}

void
tern_migration_discard (TernMigration *self)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  g_autoptr (GError) error = NULL;
  TernHypervisor *port = tern_run_port (&self->run, record->source, &error);

  self->run.repairs++;
  if (port == NULL)
    tern_run_repair_ended (&self->run, error);
  else
    tern_hypervisor_discard_async (port, record->vm_uuid, self->run.cancellable, on_discarded,
                                   g_object_ref (self));
}
