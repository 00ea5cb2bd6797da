/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Where is the VM? Asks both hosts, has plan/truth judge, and before it says
 * "moved" makes sure that the inventory knows and the downtime is recorded.
 */
#include "config.h"

#include "engine/migration.h"

#include "base/error.h"
#include "base/text.h"
#include "engine/task-private.h"

static const TernTaskRecord *
get_record (TernMigration *self)
{
  return tern_task_get_record (self->task);
}

/* Asking both at once */

typedef struct
{
  TernSighting *source;
  TernSighting *destination;
  guint pending;
} BothHosts;

typedef struct
{
  GTask *task;
  gboolean is_source;
} OneHost;

static void
both_hosts_free (BothHosts *both)
{
  tern_sighting_free (both->source);
  tern_sighting_free (both->destination);
  g_free (both);
}

static void
put_sighting (GTask *task, gboolean is_source, TernSighting *seen)
{
  BothHosts *both = g_task_get_task_data (task);

  if (is_source)
    both->source = seen;
  else
    both->destination = seen;
  if (--both->pending > 0)
    return;
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static TernSighting *
sighting_from_error (const GError *error)
{
  TernSighting *seen = tern_sighting_new ();

  seen->error = g_strdup (error->message);
  return seen;
}

static void
on_inspected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree OneHost *one = data;
  g_autoptr (GError) error = NULL;
  TernSighting *seen = tern_hypervisor_inspect_finish (TERN_HYPERVISOR (source), result, &error);

  put_sighting (one->task, one->is_source, seen != NULL ? seen : sighting_from_error (error));
}

static void
inspect_one (TernMigration *self, GTask *task, gboolean is_source)
{
  const TernTaskRecord *record = get_record (self);
  g_autoptr (GError) error = NULL;
  TernHypervisor *port =
      tern_migration_port (self, is_source ? record->source : record->destination, &error);
  OneHost *one;

  if (port == NULL)
    {
      put_sighting (task, is_source, sighting_from_error (error));
      return;
    }
  one = g_new0 (OneHost, 1);
  one->task = task;
  one->is_source = is_source;
  tern_hypervisor_inspect_async (port, record->vm_uuid, self->cancellable, on_inspected, one);
}

void
tern_migration_inspect_both_async (TernMigration *self, GAsyncReadyCallback cb, gpointer data)
{
  GTask *task = g_task_new (self, self->cancellable, cb, data);
  BothHosts *both = g_new0 (BothHosts, 1);

  both->pending = 2;
  g_task_set_task_data (task, both, (GDestroyNotify) both_hosts_free);
  inspect_one (self, task, TRUE);
  inspect_one (self, task, FALSE);
}

gboolean
tern_migration_inspect_both_finish (TernMigration *self, GAsyncResult *result,
                                    TernSighting **out_source, TernSighting **out_destination)
{
  BothHosts *both = g_task_get_task_data (G_TASK (result));

  if (!g_task_propagate_boolean (G_TASK (result), NULL) || self->closed)
    return FALSE;
  *out_source = g_steal_pointer (&both->source);
  *out_destination = g_steal_pointer (&both->destination);
  return TRUE;
}

/* It moved: before that is told, the inventory shows it and the record has the downtime. */

static void
one_less (TernMigration *self)
{
  if (--self->settling == 0 && !self->closed)
    tern_migration_feed (self, TERN_EVENT_MOVED);
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;

  (void) source;
  (void) result;
  one_less (self);
}

static void
on_completed_stats (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  TernTaskRecord *record = tern_task_edit (self->task);
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
  one_less (self);
}

static void
settle_move (TernMigration *self)
{
  const TernTaskRecord *record = get_record (self);
  TernHypervisor *port = tern_migration_port (self, record->destination, NULL);

  self->settling = 3;
  tern_inventory_refresh_vm_async (self->inventory, record->source, record->vm_uuid, on_refreshed,
                                   g_object_ref (self));
  tern_inventory_refresh_vm_async (self->inventory, record->destination, record->vm_uuid,
                                   on_refreshed, g_object_ref (self));
  if (port != NULL)
    tern_hypervisor_fetch_job_async (port, record->vm_uuid, TRUE, self->cancellable,
                                     on_completed_stats, g_object_ref (self));
  else
    one_less (self);
}

/* Looking and judging */

/* Returns: how often in a row this was seen: one look between others proves nothing. */
static guint
count_agreeing (TernMigration *self, TernTruth truth)
{
  self->agreeing = self->looks > 0 && truth == self->last_truth ? self->agreeing + 1 : 1;
  self->last_truth = truth;
  self->looks++;
  return self->agreeing;
}

static TernTaskEvent
judge (TernMigration *self, const TernSighting *source, const TernSighting *destination)
{
  TernTaskRecord *record = tern_task_edit (self->task);
  TernTruth truth = tern_truth_judge (source, destination);
  g_autofree char *vm = tern_text_visible (record->vm_name, 60);
  TernVerifying verifying = {
    .looks = count_agreeing (self, truth),
    .elapsed_us = tern_clock_now_us (self->clock) - self->verify_since_us,
    .repairs = self->repairs,
    .answered = self->answered,
    .cancel_requested = record->cancel_requested,
  };

  g_free (record->verdict);
  record->verdict =
      tern_truth_explain (truth, vm, record->source, source, record->destination, destination);
  return tern_truth_to_event (truth, &verifying);
}

/* What is seen between two events of the same kind starts the count anew. */
static void
forget_looks_unless_waiting (TernMigration *self, TernTaskEvent event)
{
  if (event == TERN_EVENT_UNSETTLED)
    return;
  self->looks = 0;
  self->verify_since_us = 0;
}

static void
on_both_inspected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (TernSighting) there = NULL;
  g_autoptr (TernSighting) here = NULL;
  TernTaskEvent event;

  (void) source;
  if (!tern_migration_inspect_both_finish (self, result, &there, &here))
    return;

  event = judge (self, there, here);
  forget_looks_unless_waiting (self, event);
  if (event == TERN_EVENT_MOVED)
    settle_move (self);
  else
    tern_migration_feed (self, event);
}

void
tern_migration_inspect (TernMigration *self)
{
  if (self->verify_since_us == 0)
    self->verify_since_us = MAX (tern_clock_now_us (self->clock), 1);
  tern_migration_inspect_both_async (self, on_both_inspected, g_object_ref (self));
}

static gboolean
on_verify_timer (gpointer data)
{
  TernMigration *self = data;

  self->verify_timer = 0;
  tern_migration_inspect (self);
  return G_SOURCE_REMOVE;
}

void
tern_migration_inspect_later (TernMigration *self)
{
  tern_clock_clear_timer (self->clock, &self->verify_timer);
  self->verify_timer =
      tern_clock_add_timer (self->clock, tern_verify_delay_us (self->looks), on_verify_timer, self);
}
