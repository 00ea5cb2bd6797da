/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The check before a move, and the two repairs after it. Each ends in an event; none of them
 * judges.
 */
#include "config.h"

#include "engine/migration.h"

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

  if (refusal == NULL)
    refusal = tern_migration_check_options (self);
  if (refusal != NULL)
    {
      tern_run_refuse (run, refusal);
      return;
    }
  self->persistent = there->persistent;
  self->suspended = there->state != TERN_VM_RUNNING;
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
