/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Orders to move a VM: judged, stored, kept in line, taken up again after a
 * restart. How one move goes is migration.c's part.
 */
#include "config.h"

#include "engine/migrator.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "engine/migration.h"
#include "engine/task-private.h"
#include "plan/admit.h"
#include "plan/queue.h"

/* oVirt's defaults: two out, two in. */
static const TernQueueLimits limits = { .per_source = 2, .per_destination = 2 };

/* A host that is up was asked for its free memory within this time. */
#define FACTS_AGE_US (60 * G_USEC_PER_SEC)

struct _TernMigrator
{
  GObject parent;

  TernClock *clock;
  TernStore *store;
  TernInventory *inventory;
  TernTaskList *tasks;
  guint64 last_id;
  GPtrArray *migrations; /* open ones, and those in attention, by id */
  GHashTable *starting;  /* VM UUID -> record that is being stored, not owned */
  GHashTable *up;        /* names of hosts that were up when last heard of */
};

G_DEFINE_TYPE (TernMigrator, tern_migrator, G_TYPE_OBJECT)

static const TernTaskRecord *
record_of (TernMigration *migration)
{
  return tern_task_get_record (tern_migration_get_task (migration));
}

static TernMigration *
find_migration (TernMigrator *self, TernTask *task)
{
  for (guint i = 0; i < self->migrations->len; i++)
    if (tern_migration_get_task (self->migrations->pdata[i]) == task)
      return self->migrations->pdata[i];
  return NULL;
}

/* The queue */

static gboolean
is_connecting (TernMigrator *self, const char *name)
{
  TernHost *host = tern_inventory_find_host (self->inventory, name);

  return host != NULL && host->state == TERN_HOST_CONNECTING;
}

/* After a start, hosts get the time to be connected before a task is held against them. */
static gboolean
waits_for_hosts (TernMigrator *self, const TernTaskRecord *record)
{
  return is_connecting (self, record->source) || is_connecting (self, record->destination);
}

static TernMigration *
find_next (TernMigrator *self)
{
  g_autoptr (GPtrArray) migrations = g_ptr_array_new ();
  g_autoptr (GPtrArray) tasks = g_ptr_array_new ();
  g_autofree TernTaskRecord *views = g_new (TernTaskRecord, self->migrations->len + 1);
  const TernTaskRecord *next;

  for (guint i = 0; i < self->migrations->len; i++)
    {
      TernMigration *migration = self->migrations->pdata[i];

      /* A view, not a copy: with the phase that is being stored right now. */
      views[i] = *record_of (migration);
      views[i].phase = tern_migration_peek_phase (migration);
      if (views[i].phase == TERN_PHASE_QUEUED && waits_for_hosts (self, &views[i]))
        continue;
      g_ptr_array_add (tasks, &views[i]);
      g_ptr_array_add (migrations, migration);
    }

  next = tern_queue_next (tasks, &limits);
  for (guint i = 0; i < tasks->len; i++)
    if (tasks->pdata[i] == next)
      return migrations->pdata[i];
  return NULL;
}

static void
admit_next (TernMigrator *self)
{
  TernMigration *next;

  while ((next = find_next (self)) != NULL)
    {
      tern_migration_feed (next, TERN_EVENT_ADMITTED);
      /* It could not leave the queue now (its cancel is being stored): not again in this round. */
      if (tern_migration_peek_phase (next) == TERN_PHASE_QUEUED)
        return;
    }
}

static void
on_phase_changed (TernMigration *migration, TernMigrator *self)
{
  const TernTaskRecord *record = record_of (migration);

  if (tern_task_phase_is_final (record->phase) && record->phase != TERN_PHASE_ATTENTION
      && !migration->unsaved)
    {
      g_signal_handlers_disconnect_by_data (migration, self);
      g_ptr_array_remove (self->migrations, migration);
    }
  admit_next (self);
}

static TernMigration *
take_up (TernMigrator *self, TernTaskRecord *record)
{
  g_autoptr (TernTask) task = tern_task_new (record);
  TernMigration *migration = tern_migration_new (self->clock, self->store, self->inventory, task);

  g_signal_connect_object (migration, "phase-changed", G_CALLBACK (on_phase_changed), self, 0);
  g_ptr_array_add (self->migrations, migration);
  tern_task_list_add (self->tasks, task);
  return migration;
}

/* Orders */

/* What arrived since the host was last asked is not in its free memory yet. */
static gboolean
takes_memory (const TernTaskRecord *record, const TernHost *host)
{
  gint64 since_us = record->finished_us - host->seen_us;

  if (!g_str_equal (record->destination, host->config->name))
    return FALSE;
  if (record->phase == TERN_PHASE_DONE)
    return since_us >= 0 && since_us < FACTS_AGE_US;
  return !tern_task_phase_is_final (record->phase);
}

static guint64
memory_taken (TernMigrator *self, const TernTaskRecord *record, const TernHost *host)
{
  TernVm *vm = NULL;

  if (takes_memory (record, host))
    vm = tern_inventory_find_vm (self->inventory, record->vm_uuid);
  return vm != NULL ? vm->memory : 0;
}

static guint64
reserved_on (TernMigrator *self, const TernHost *host)
{
  g_autoptr (GPtrArray) tasks = tern_task_list_get_all (self->tasks);
  GHashTableIter iter;
  gpointer record;
  guint64 reserved = 0;

  for (guint i = 0; i < tasks->len; i++)
    reserved += memory_taken (self, tern_task_get_record (tasks->pdata[i]), host);
  g_hash_table_iter_init (&iter, self->starting);
  while (g_hash_table_iter_next (&iter, NULL, &record))
    reserved += memory_taken (self, record, host);
  return reserved;
}

static GError *
judge (TernMigrator *self, TernVm *vm, TernHost *destination)
{
  TernTask *open = tern_task_list_find_open_by_vm (self->tasks, vm->uuid);
  g_autoptr (GPtrArray) reasons = NULL;
  g_autoptr (GPtrArray) copies = tern_inventory_get_sightings (self->inventory, vm->uuid);
  TernAdmission admission = {
    .vm = vm,
    .source = tern_inventory_find_host (self->inventory, vm->host),
    .destination = destination,
    .copies = copies,
    .open_task = open != NULL ? tern_task_get_record (open) : NULL,
    .reserved = reserved_on (self, destination),
  };

  if (g_hash_table_contains (self->starting, vm->uuid))
    {
      g_autofree char *shown = tern_text_visible (vm->name, 60);

      return g_error_new (TERN_ERROR, TERN_ERROR_BUSY,
                          "%s is already being moved: another order for it is being taken right "
                          "now; see “virtern task list --vm %s”",
                          shown, vm->uuid);
    }
  reasons = tern_admit (&admission);
  return reasons->len > 0 ? tern_objections_to_error (reasons) : NULL;
}

static void
on_task_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) gtask = data;
  TernMigrator *self = g_task_get_source_object (gtask);
  TernTaskRecord *record = g_task_get_task_data (gtask);
  GError *error = NULL;
  TernMigration *migration;

  g_hash_table_remove (self->starting, record->vm_uuid);
  if (!tern_store_write_finish (TERN_STORE (source), result, &error))
    {
      g_prefix_error (&error, "Nothing was started: ");
      g_task_return_error (gtask, error);
      return;
    }

  migration = take_up (self, tern_task_record_copy (record));
  g_task_return_pointer (gtask, g_object_ref (tern_migration_get_task (migration)), g_object_unref);
  admit_next (self);
}

static TernTaskRecord *
make_record (TernMigrator *self, const TernVm *vm, const char *destination, gint64 uid)
{
  TernTaskRecord *record = tern_task_record_new ();

  record->id = ++self->last_id;
  record->vm_uuid = g_strdup (vm->uuid);
  record->vm_name = g_strdup (vm->name);
  record->source = g_strdup (vm->host);
  record->destination = g_strdup (destination);
  record->created_us = tern_clock_wall_us (self->clock);
  record->started_by_uid = uid;
  return record;
}

/* Allowed was the move from there. */
static GError *
check_source (const TernVm *vm, const char *source)
{
  g_autofree char *shown = NULL;

  if (source == NULL || g_str_equal (vm->host, source))
    return NULL;
  shown = tern_text_visible (vm->name, 60);
  return g_error_new (TERN_ERROR, TERN_ERROR_REFUSED,
                      "%s is on %s by now, and not on %s any more; order the move again", shown,
                      vm->host, source);
}

void
tern_migrator_start_async (TernMigrator *self, const char *vm_uuid, const char *source,
                           const char *destination, gint64 uid, GAsyncReadyCallback cb,
                           gpointer data)
{
  GTask *gtask;
  TernHost *host;
  TernVm *vm = NULL;
  GError *error = NULL;
  TernTaskRecord *record;

  g_return_if_fail (TERN_IS_MIGRATOR (self));

  gtask = g_task_new (self, NULL, cb, data);
  host = tern_inventory_lookup_host (self->inventory, destination, &error);
  if (host != NULL)
    vm = tern_inventory_lookup_vm (self->inventory, vm_uuid, &error);
  if (vm != NULL)
    error = check_source (vm, source);
  if (vm != NULL && error == NULL)
    error = judge (self, vm, host);
  if (error != NULL)
    {
      g_task_return_error (gtask, error);
      g_object_unref (gtask);
      return;
    }

  record = make_record (self, vm, destination, uid);
  g_task_set_task_data (gtask, record, (GDestroyNotify) tern_task_record_free);
  g_hash_table_insert (self->starting, g_strdup (vm->uuid), record);
  tern_store_put_task_async (self->store, record, on_task_stored, gtask);
}

TernTask *
tern_migrator_start_finish (TernMigrator *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

gboolean
tern_migrator_cancel (TernMigrator *self, TernTask *task, GError **error)
{
  TernMigration *migration;

  g_return_val_if_fail (TERN_IS_MIGRATOR (self), FALSE);

  migration = find_migration (self, task);
  if (migration == NULL || tern_task_is_ended (task))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                   "Task %" G_GUINT64_FORMAT " has ended (%s) and cannot be cancelled",
                   tern_task_get_id (task),
                   tern_task_phase_to_state (tern_task_get_record (task)->phase));
      return FALSE;
    }
  tern_migration_cancel (migration);
  return TRUE;
}

/* Restart, and hosts that come back */

void
tern_migrator_load (TernMigrator *self, GPtrArray *tasks, guint64 last_id)
{
  g_return_if_fail (TERN_IS_MIGRATOR (self));

  self->last_id = MAX (self->last_id, last_id);
  for (guint i = 0; i < tasks->len; i++)
    {
      TernMigration *migration = take_up (self, tern_task_record_copy (tasks->pdata[i]));

      tern_migration_feed (migration, TERN_EVENT_RESTARTED);
    }
}

/* Returns: whether the host is up and was not when it was last heard of. */
static gboolean
came_up (TernMigrator *self, const TernHost *host)
{
  if (host->state == TERN_HOST_UP)
    return g_hash_table_add (self->up, g_strdup (host->config->name));
  g_hash_table_remove (self->up, host->config->name);
  return FALSE;
}

static void
on_host_changed (TernInventory *inventory, TernHost *host, TernMigrator *self)
{
  g_autoptr (GPtrArray) waiting = NULL;

  (void) inventory;
  admit_next (self);
  if (!came_up (self, host))
    return;
  waiting = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->migrations->len; i++)
    {
      const TernTaskRecord *record = record_of (self->migrations->pdata[i]);

      if (record->phase == TERN_PHASE_ATTENTION
          && (g_str_equal (record->source, host->config->name)
              || g_str_equal (record->destination, host->config->name)))
        g_ptr_array_add (waiting, g_object_ref (self->migrations->pdata[i]));
    }
  for (guint i = 0; i < waiting->len; i++)
    tern_migration_feed (waiting->pdata[i], TERN_EVENT_RECHECK);
}

/* Does this host answer, and is what it shows of the VM of now? */
static gboolean
is_heard_of (TernMigrator *self, const char *name, const char *uuid)
{
  TernHost *host = tern_inventory_find_host (self->inventory, name);
  g_autoptr (GPtrArray) copies = tern_inventory_get_sightings (self->inventory, uuid);

  for (guint i = 0; i < copies->len; i++)
    {
      const TernVm *vm = copies->pdata[i];

      if (g_str_equal (vm->host, name) && vm->state == TERN_VM_UNKNOWN)
        return FALSE;
    }
  return host != NULL && host->state == TERN_HOST_UP;
}

/* Somebody may have put right what needs attention: stopped one of two copies, for example. */
static void
on_vm_changed (TernInventory *inventory, const char *uuid, TernMigrator *self)
{
  (void) inventory;
  for (guint i = 0; i < self->migrations->len; i++)
    {
      TernMigration *migration = self->migrations->pdata[i];
      const TernTaskRecord *record = record_of (migration);

      if (record->phase != TERN_PHASE_ATTENTION || !g_str_equal (record->vm_uuid, uuid)
          || !is_heard_of (self, record->source, uuid)
          || !is_heard_of (self, record->destination, uuid))
        continue;
      tern_migration_feed (migration, TERN_EVENT_RECHECK);
      return;
    }
}

static void
on_host_removed (TernInventory *inventory, const char *name, TernMigrator *self)
{
  g_autoptr (GPtrArray) hanging = g_ptr_array_new_with_free_func (g_object_unref);

  (void) inventory;
  g_hash_table_remove (self->up, name);
  for (guint i = 0; i < self->migrations->len; i++)
    {
      const TernTaskRecord *record = record_of (self->migrations->pdata[i]);

      if (g_str_equal (record->source, name) || g_str_equal (record->destination, name))
        g_ptr_array_add (hanging, g_object_ref (self->migrations->pdata[i]));
    }
  for (guint i = 0; i < hanging->len; i++)
    tern_migration_dismiss (hanging->pdata[i], name);
}

static void
tern_migrator_init (TernMigrator *self)
{
  self->migrations = g_ptr_array_new_with_free_func (g_object_unref);
  self->starting = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->up = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
tern_migrator_dispose (GObject *object)
{
  TernMigrator *self = TERN_MIGRATOR (object);

  for (guint i = 0; i < self->migrations->len; i++)
    {
      g_signal_handlers_disconnect_by_data (self->migrations->pdata[i], self);
      tern_migration_close (self->migrations->pdata[i]);
    }
  g_ptr_array_set_size (self->migrations, 0);
  g_clear_object (&self->tasks);
  g_clear_object (&self->inventory);
  g_clear_object (&self->store);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (tern_migrator_parent_class)->dispose (object);
}

static void
tern_migrator_finalize (GObject *object)
{
  TernMigrator *self = TERN_MIGRATOR (object);

  g_ptr_array_unref (self->migrations);
  g_hash_table_unref (self->starting);
  g_hash_table_unref (self->up);
  G_OBJECT_CLASS (tern_migrator_parent_class)->finalize (object);
}

static void
tern_migrator_class_init (TernMigratorClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = tern_migrator_dispose;
  object_class->finalize = tern_migrator_finalize;
}

TernMigrator *
tern_migrator_new (TernClock *clock, TernStore *store, TernInventory *inventory,
                   TernTaskList *tasks)
{
  TernMigrator *self = g_object_new (TERN_TYPE_MIGRATOR, NULL);

  self->clock = g_object_ref (clock);
  self->store = g_object_ref (store);
  self->inventory = g_object_ref (inventory);
  self->tasks = g_object_ref (tasks);
  g_signal_connect_object (inventory, "host-changed", G_CALLBACK (on_host_changed), self, 0);
  g_signal_connect_object (inventory, "host-removed", G_CALLBACK (on_host_removed), self, 0);
  g_signal_connect_object (inventory, "vm-changed", G_CALLBACK (on_vm_changed), self, 0);
  g_signal_connect_object (inventory, "vm-removed", G_CALLBACK (on_vm_changed), self, 0);
  return self;
}
