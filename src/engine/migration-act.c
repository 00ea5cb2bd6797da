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
#include "plan/admit.h"

static const TernTaskRecord *
get_record (TernMigration *self)
{
  return tern_task_get_record (self->task);
}

/* The check: nothing from a cache, both hosts are asked. */

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (TernSighting) there = NULL;
  g_autoptr (TernSighting) here = NULL;
  g_autoptr (GPtrArray) reasons = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree char *vm = NULL;
  const TernTaskRecord *record = get_record (self);

  (void) source;
  if (!tern_migration_inspect_both_finish (self, result, &there, &here))
    return;

  vm = tern_text_visible (record->vm_name, 60);
  reasons = tern_admit_sightings (vm, record->source, there, record->destination, here);
  if (reasons->len == 0)
    {
      self->persistent = there->persistent;
      tern_migration_feed (self, TERN_EVENT_CHECKED);
      return;
    }
  error = tern_objections_to_error (reasons);
  tern_migration_set_error (self, error);
  tern_migration_feed (self, TERN_EVENT_REFUSED);
}

void
tern_migration_check (TernMigration *self)
{
  tern_migration_inspect_both_async (self, on_checked, g_object_ref (self));
}

/* The call */

static void
on_called (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;
  gboolean lost;

  (void) tern_hypervisor_migrate_finish (TERN_HYPERVISOR (source), result, &error);
  self->calling = FALSE;
  if (self->closed || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  lost = g_error_matches (error, TERN_ERROR, TERN_ERROR_UNREACHABLE)
         || g_error_matches (error, TERN_ERROR, TERN_ERROR_TIMED_OUT);
  if (error != NULL)
    tern_migration_set_error (self, error);
  self->answered = !lost;
  tern_migration_feed (self, lost ? TERN_EVENT_LOST : TERN_EVENT_RETURNED);
}

void
tern_migration_call (TernMigration *self)
{
  const TernTaskRecord *record = get_record (self);
  TernHost *destination = tern_inventory_find_host (self->inventory, record->destination);
  TernMigrateParams params = { 0 };
  g_autoptr (GError) error = NULL;
  TernHypervisor *port = tern_migration_port (self, record->source, &error);

  if (port != NULL && destination == NULL)
    g_set_error (&error, TERN_ERROR, TERN_ERROR_UNREACHABLE, "%s is not known any more",
                 record->destination);
  if (error != NULL)
    {
      tern_migration_set_error (self, error);
      self->answered = TRUE;
      tern_migration_feed (self, TERN_EVENT_RETURNED);
      return;
    }

  params.peer_uri = destination->config->peer_uri != NULL ? destination->config->peer_uri
                                                          : destination->config->uri;
  params.migration_address = destination->config->migration_address;
  params.persistent = self->persistent;
  self->calling = TRUE;
  tern_hypervisor_migrate_async (port, record->vm_uuid, &params, self->cancellable, on_called,
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
  const TernTaskRecord *record = get_record (self);
  TernHypervisor *port = tern_migration_port (self, record->source, NULL);

  if (self->aborting || port == NULL)
    return;
  self->aborting = TRUE;
  tern_hypervisor_abort_job_async (port, record->vm_uuid, self->cancellable, on_aborted,
                                   g_object_ref (self));
}

/* The repairs: the driver looks once more and refuses if the host shows anything else by now. */

static void
repair_ended (TernMigration *self, const GError *error)
{
  if (self->closed)
    return;
  if (error != NULL)
    tern_log (G_LOG_LEVEL_WARNING, NULL, NULL, "Task %" G_GUINT64_FORMAT ": repair: %s",
              get_record (self)->id, error->message);
  tern_migration_feed (self, TERN_EVENT_REPAIRED);
}

static void
on_resumed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;

  (void) tern_hypervisor_resume_finish (TERN_HYPERVISOR (source), result, &error);
  repair_ended (self, error);
}

static void
on_discarded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;

  (void) tern_hypervisor_discard_finish (TERN_HYPERVISOR (source), result, &error);
  repair_ended (self, error);
}

void
tern_migration_resume (TernMigration *self)
{
  const TernTaskRecord *record = get_record (self);
  g_autoptr (GError) error = NULL;
  TernHypervisor *port = tern_migration_port (self, record->source, &error);

  self->repairs++;
  if (port == NULL)
    repair_ended (self, error);
  else
    tern_hypervisor_resume_async (port, record->vm_uuid, self->cancellable, on_resumed,
                                  g_object_ref (self));
}

void
tern_migration_discard (TernMigration *self)
{
  const TernTaskRecord *record = get_record (self);
  g_autoptr (GError) error = NULL;
  TernHypervisor *port = tern_migration_port (self, record->source, &error);

  self->repairs++;
  if (port == NULL)
    repair_ended (self, error);
  else
    tern_hypervisor_discard_async (port, record->vm_uuid, self->cancellable, on_discarded,
                                   g_object_ref (self));
}
