/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The hypervisor's call: how it is made by the order's options, and once more when a post-copy
 * broke. Its answer proves nothing; it ends in an event.
 */
#include "config.h"

#include "engine/migration.h"

#include "base/error.h"
#include "base/text.h"
#include "plan/move-options.h"

static const TernVm *
find_on_source (TernMigration *self, GPtrArray *copies)
{
  for (guint i = 0; i < copies->len; i++)
    {
      const TernVm *vm = copies->pdata[i];

      if (g_str_equal (vm->host, tern_run_get_record (&self->run)->source))
        return vm;
    }
  return NULL;
}

static const TernHostFacts *
find_facts (TernMigration *self, const char *name)
{
  TernHost *host = tern_inventory_find_host (self->run.inventory, name);

  return host != NULL ? host->facts : NULL;
}

static GError *
check_options (TernMigration *self, const TernMoveOptions *options)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  g_autoptr (GPtrArray) copies =
      tern_inventory_get_sightings (self->run.inventory, record->vm_uuid);
  GError *error = NULL;

  (void) tern_move_options_check (options, find_on_source (self, copies),
                                  find_facts (self, record->source),
                                  find_facts (self, record->destination), &error);
  return error;
}

GError *
tern_migration_check_options (TernMigration *self)
{
  return check_options (self, &tern_run_get_record (&self->run)->options);
}

gboolean
tern_migration_can_postcopy (TernMigration *self, const TernMoveOptions *options)
{
  const TernSettings *settings = tern_assessor_get_settings (self->run.assessor);
  TernMoveOptions with_postcopy = *options;
  g_autoptr (GError) error = NULL;

  if (options->policy != TERN_POLICY_POSTCOPY && !settings->prepare_postcopy)
    return FALSE;
  with_postcopy.policy = TERN_POLICY_POSTCOPY;
  error = check_options (self, &with_postcopy);
  return error == NULL && !self->suspended;
}

guint64
tern_migration_get_speed (TernMigration *self, gboolean postcopy)
{
  const TernMoveOptions *options = &tern_run_get_record (&self->run)->options;
  guint64 own = postcopy ? options->postcopy_bandwidth_bps : options->bandwidth_bps;
  guint64 share = self->run.share_bps;

  if (own == 0 || share == 0)
    return MAX (own, share);
  return MIN (own, share);
}

static TernMigrateFlags
choose_flags (const TernTaskRecord *record)
{
  TernMigrateFlags flags = TERN_MIGRATE_NONE;

  if (tern_policy_needs_auto_converge (record->options.policy))
    flags |= TERN_MIGRATE_AUTO_CONVERGE;
  if (record->postcopy_ready)
    flags |= TERN_MIGRATE_POSTCOPY;
  if (record->options.tls)
    flags |= TERN_MIGRATE_TLS;
  return flags;
}

/* @destination: outlives what is filled in */
static TernMigrateParams
make_params (TernMigration *self, const TernHost *destination)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  const TernHostConfig *config = destination->config;
  TernMigrateParams params = { 0 };

  params.peer_uri = config->peer_uri != NULL ? config->peer_uri : config->uri;
  params.migration_address = config->migration_address;
  params.persistent = self->persistent;
  params.flags = choose_flags (record);
  params.bandwidth_bps = tern_migration_get_speed (self, FALSE);
  if (record->postcopy_ready)
    params.postcopy_bandwidth_bps = tern_migration_get_speed (self, TRUE);
  params.parallel = record->options.parallel;
  params.compression = record->options.compression;
  if (record->options.tls && destination->facts != NULL)
    params.tls_destination = destination->facts->hostname;
  return params;
}

static void
on_called (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;

  (void) tern_hypervisor_migrate_finish (TERN_HYPERVISOR (source), result, &error);
  self->calling = FALSE;
  tern_run_call_ended (&self->run, error);
}

/* No call was made: that is an answer. */
static void
end_without_call (TernMigration *self, const GError *error)
{
  tern_run_set_error (&self->run, error);
  self->run.answered = TRUE;
  tern_run_feed (&self->run, TERN_EVENT_RETURNED);
}

static void
call (TernMigration *self, TernMigrateFlags more_flags)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  TernHost *destination = tern_inventory_find_host (self->run.inventory, record->destination);
  g_autoptr (GError) error = NULL;
  TernHypervisor *port = tern_run_port (&self->run, record->source, &error);
  TernMigrateParams params;

  if (port != NULL && destination == NULL)
    g_set_error (&error, TERN_ERROR, TERN_ERROR_UNREACHABLE, "%s is not known any more",
                 record->destination);
  if (error != NULL)
    {
      end_without_call (self, error);
      return;
    }
  params = make_params (self, destination);
  params.flags |= more_flags;
  self->unslowed = (params.flags & TERN_MIGRATE_AUTO_CONVERGE) == 0;
  self->told_bps[FALSE] = params.bandwidth_bps;
  self->told_bps[TRUE] = params.postcopy_bandwidth_bps;
  self->calling = TRUE;
  tern_hypervisor_migrate_async (port, record->vm_uuid, &params, self->run.cancellable, on_called,
                                 g_object_ref (self));
  tern_migration_watch_start (self);
}

void
tern_migration_call (TernMigration *self)
{
  call (self, TERN_MIGRATE_NONE);
}

void
tern_migration_recover (TernMigration *self)
{
  const TernTaskRecord *record = tern_run_get_record (&self->run);
  g_autofree char *vm = tern_text_visible (record->vm_name, 60);

  self->broken_us = 0;
  tern_run_set_note (&self->run,
                     g_strdup_printf ("the post-copy of %s broke and is taken up again (try %u of "
                                      "%d); until then it stands still where it lacks memory",
                                      vm, record->recoveries, TERN_VERIFY_MAX_RECOVERIES));
  /* One that did not come back yet may still do it, and libvirt takes no second one. */
  if (self->calling)
    tern_migration_watch_start (self);
  else
    call (self, TERN_MIGRATE_POSTCOPY | TERN_MIGRATE_POSTCOPY_RESUME);
}
