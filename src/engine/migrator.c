/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Orders to move or start VMs: planned, held in the ledger, stored as a whole, kept in line,
 * taken up again after a restart. How one goes is run.c's part, with migration.c and start.c.
 */
#include "config.h"

#include "engine/migrator.h"

#include "base/error.h"
#include "engine/migration.h"
#include "engine/start.h"
#include "engine/task-private.h"
#include "plan/queue.h"
#include "plan/refusal.h"

/* oVirt's defaults: two out, two in. */
static const TernQueueLimits limits = { .per_source = 2, .per_destination = 2 };

struct _TernMigrator
{
  GObject parent;

  TernClock *clock;
  TernStore *store;
  TernInventory *inventory;
  TernTaskList *tasks;
  guint64 last_id;
  TernAssessor *assessor;
  GPtrArray *runs; /* TernRun: open ones, and those in attention, by id */
  GHashTable *up;  /* names of hosts that were up when last heard of */
};

G_DEFINE_TYPE (TernMigrator, tern_migrator, G_TYPE_OBJECT)

static const TernTaskRecord *
record_of (TernRun *run)
{
  return tern_task_get_record (tern_run_get_task (run));
}

static TernRun *
find_run (TernMigrator *self, TernTask *task)
{
  for (guint i = 0; i < self->runs->len; i++)
    if (tern_run_get_task (self->runs->pdata[i]) == task)
      return self->runs->pdata[i];
  return NULL;
}

/* The queue */

static gboolean
is_connecting (TernMigrator *self, const char *name)
{
  TernHost *host = tern_inventory_find_host (self->inventory, name);

  return host != NULL && host->state == TERN_HOST_CONNECTING;
}

static gboolean
is_any_connecting (TernMigrator *self)
{
  g_autoptr (GPtrArray) hosts = tern_inventory_get_hosts (self->inventory);

  for (guint i = 0; i < hosts->len; i++)
    if (((const TernHost *) hosts->pdata[i])->state == TERN_HOST_CONNECTING)
      return TRUE;
  return FALSE;
}

/* After the daemon began, hosts get the time to be connected before a task is held against them;
 * and before a VM is started, to show that it does not run on them. */
static gboolean
waits_for_hosts (TernMigrator *self, const TernTaskRecord *record)
{
  return tern_task_record_is_start (record) || is_connecting (self, record->source)
         || is_connecting (self, record->destination);
}

static TernRun *
find_next (TernMigrator *self)
{
  g_autoptr (GPtrArray) runs = g_ptr_array_new ();
  g_autoptr (GPtrArray) tasks = g_ptr_array_new ();
  g_autofree TernTaskRecord *views = g_new (TernTaskRecord, self->runs->len + 1);
  /* Asked once: this is gone through at each news of each host. */
  gboolean any_connecting = is_any_connecting (self);
  const TernTaskRecord *next;

  for (guint i = 0; i < self->runs->len; i++)
    {
      TernRun *run = self->runs->pdata[i];

      /* A view, not a copy: with the phase that is being stored right now. */
      views[i] = *record_of (run);
      views[i].phase = tern_run_peek_phase (run);
      if (any_connecting && views[i].phase == TERN_PHASE_QUEUED
          && waits_for_hosts (self, &views[i]))
        continue;
      g_ptr_array_add (tasks, &views[i]);
      g_ptr_array_add (runs, run);
    }

  next = tern_queue_next (tasks, &limits);
  for (guint i = 0; i < tasks->len; i++)
    if (tasks->pdata[i] == next)
      return runs->pdata[i];
  return NULL;
}

static void
admit_next (TernMigrator *self)
{
  TernRun *next;

  while ((next = find_next (self)) != NULL)
    {
      tern_run_feed (next, TERN_EVENT_ADMITTED);
      /* It could not leave the queue now (its cancel is being stored): not again in this round. */
      if (tern_run_peek_phase (next) == TERN_PHASE_QUEUED)
        return;
    }
}

static void
on_phase_changed (TernRun *run, TernMigrator *self)
{
  const TernTaskRecord *record = record_of (run);

  if (tern_task_phase_is_final (record->phase) && record->phase != TERN_PHASE_ATTENTION
      && !run->unsaved)
    {
      g_signal_handlers_disconnect_by_data (run, self);
      g_ptr_array_remove (self->runs, run);
    }
  admit_next (self);
}

static TernRun *
take_up (TernMigrator *self, TernTaskRecord *record)
{
  g_autoptr (TernTask) task = tern_task_new (record);
  TernRunParts parts = { self->clock, self->store, self->inventory, self->assessor };
  TernRun *run = tern_run_new (
      tern_task_record_is_start (record) ? TERN_TYPE_START : TERN_TYPE_MIGRATION, &parts, task);

  g_signal_connect_object (run, "phase-changed", G_CALLBACK (on_phase_changed), self, 0);
  g_ptr_array_add (self->runs, run);
  tern_task_list_add (self->tasks, task);
  return run;
}

/* Orders */

typedef struct
{
  TernOrder *order;
  TernPlan *plan;
  GPtrArray *records; /* TernTaskRecord, in the order of the plan */
} Ordering;

static void
ordering_free (Ordering *ordering)
{
  tern_order_free (ordering->order);
  g_clear_pointer (&ordering->plan, tern_plan_free);
  g_ptr_array_unref (ordering->records);
  g_free (ordering);
}

/* A start on a host that has a definition of its own leaves no other. */
static const char *
choose_source (const TernPlan *plan, const TernMove *move)
{
  const GPtrArray *copies = tern_cluster_get_copies (plan->cluster, move->vm->uuid);

  for (guint i = 0; move->act == TERN_ACT_START && copies != NULL && i < copies->len; i++)
    if (g_str_equal (((const TernVm *) copies->pdata[i])->host, move->destination))
      return move->destination;
  return move->vm->host;
}

static TernTaskRecord *
make_record (TernMigrator *self, const Ordering *ordering, const TernMove *move)
{
  TernTaskRecord *record = tern_task_record_new ();

  record->id = ++self->last_id;
  if (move->act == TERN_ACT_START)
    {
      g_free (record->kind);
      record->kind = g_strdup ("start");
    }
  record->vm_uuid = g_strdup (move->vm->uuid);
  record->vm_name = g_strdup (move->vm->name);
  record->source = g_strdup (choose_source (ordering->plan, move));
  record->destination = g_strdup (move->destination);
  record->memory = tern_vm_get_memory_need (move->vm);
  record->vcpus = move->vm->vcpus;
  record->eject_media = ordering->order->eject_media && move->act == TERN_ACT_MOVE;
  record->created_us = tern_clock_wall_us (self->clock);
  record->started_by_uid = ordering->order->uid;
  return record;
}

static void
make_records (TernMigrator *self, Ordering *ordering)
{
  const GPtrArray *moves = ordering->plan->moves;
  guint64 group = moves->len > 1 ? self->last_id + 1 : 0;

  for (guint i = 0; i < moves->len; i++)
    {
      TernTaskRecord *record = make_record (self, ordering, moves->pdata[i]);

      record->group = group;
      g_ptr_array_add (ordering->records, record);
    }
}

/* Before the main loop runs again: whoever orders next finds this taken. */
static void
hold_all (TernMigrator *self, const GPtrArray *records)
{
  for (guint i = 0; i < records->len; i++)
    {
      const TernTaskRecord *record = records->pdata[i];
      TernReservation reservation = {
        .task_id = record->id,
        .vm_uuid = record->vm_uuid,
        .source = record->source,
        .destination = record->destination,
        .memory = record->memory,
        .vcpus = record->vcpus,
      };

      tern_assessor_hold (self->assessor, &reservation);
    }
}

static void
release_all (TernMigrator *self, const GPtrArray *records)
{
  for (guint i = 0; i < records->len; i++)
    tern_assessor_release (self->assessor, ((const TernTaskRecord *) records->pdata[i])->vm_uuid);
}

static void
on_tasks_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) gtask = data;
  TernMigrator *self = g_task_get_source_object (gtask);
  Ordering *ordering = g_task_get_task_data (gtask);
  GPtrArray *tasks;
  GError *error = NULL;
  gboolean stored = tern_store_write_finish (TERN_STORE (source), result, &error);

  /* The daemon ends: what was stored is taken up by the next one. */
  if (stored && self->assessor == NULL)
    error = g_error_new (TERN_ERROR, TERN_ERROR_CANCELLED, "virternd ends");
  if (self->assessor == NULL)
    {
      g_task_return_error (gtask, error);
      return;
    }
  if (!stored)
    {
      release_all (self, ordering->records);
      g_prefix_error (&error, "Nothing was started: ");
      g_task_return_error (gtask, error);
      return;
    }

  tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < ordering->records->len; i++)
    {
      TernRun *run = take_up (self, tern_task_record_copy (ordering->records->pdata[i]));

      g_ptr_array_add (tasks, g_object_ref (tern_run_get_task (run)));
    }
  g_task_return_pointer (gtask, tasks, (GDestroyNotify) g_ptr_array_unref);
  admit_next (self);
}

/* Returns: (transfer full) (nullable): why the order is not taken */
static GError *
plan_order (TernMigrator *self, Ordering *ordering)
{
  const TernOrder *order = ordering->order;
  GError *error = NULL;

  ordering->plan = tern_assessor_plan (self->assessor, order, &error);
  if (ordering->plan == NULL)
    return error;
  if (ordering->plan->moves->len == 0 || (ordering->plan->refusals->len > 0 && !order->partial))
    return tern_plan_refusal (ordering->plan, order->destination);
  return NULL;
}

void
tern_migrator_order_async (TernMigrator *self, const TernOrder *order, GAsyncReadyCallback cb,
                           gpointer data)
{
  GTask *gtask;
  Ordering *ordering;
  GError *error;

  g_return_if_fail (TERN_IS_MIGRATOR (self));
  g_return_if_fail (order->vms != NULL && order->vms[0] != NULL);

  gtask = g_task_new (self, NULL, cb, data);
  ordering = g_new0 (Ordering, 1);
  ordering->order = tern_order_copy (order);
  ordering->records = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_task_record_free);
  g_task_set_task_data (gtask, ordering, (GDestroyNotify) ordering_free);
  error = plan_order (self, ordering);
  if (error != NULL)
    {
      g_task_return_error (gtask, error);
      g_object_unref (gtask);
      return;
    }

  make_records (self, ordering);
  hold_all (self, ordering->records);
  tern_store_put_tasks_async (self->store, ordering->records, on_tasks_stored, gtask);
}

GPtrArray *
tern_migrator_order_finish (TernMigrator *self, GAsyncResult *result, TernPlan **out_plan,
                            GError **error)
{
  Ordering *ordering;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  ordering = g_task_get_task_data (G_TASK (result));
  if (out_plan != NULL)
    *out_plan = g_steal_pointer (&ordering->plan);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
tern_migrator_start_async (TernMigrator *self, const char *vm_uuid, const char *source,
                           const char *destination, gint64 uid, GAsyncReadyCallback cb,
                           gpointer data)
{
  const char *const vms[] = { vm_uuid, NULL };
  const char *const sources[] = { source, NULL };
  TernOrder order = {
    .act = TERN_ACT_MOVE,
    .vms = (GStrv) vms,
    .sources = source != NULL ? (GStrv) sources : NULL,
    .destination = (char *) destination,
    .uid = uid,
  };

  tern_migrator_order_async (self, &order, cb, data);
}

TernTask *
tern_migrator_start_finish (TernMigrator *self, GAsyncResult *result, GError **error)
{
  g_autoptr (GPtrArray) tasks = tern_migrator_order_finish (self, result, NULL, error);

  return tasks != NULL ? g_object_ref (tasks->pdata[0]) : NULL;
}

gboolean
tern_migrator_cancel (TernMigrator *self, TernTask *task, GError **error)
{
  TernRun *run;

  g_return_val_if_fail (TERN_IS_MIGRATOR (self), FALSE);

  run = find_run (self, task);
  if (run == NULL || tern_task_is_ended (task))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                   "Task %" G_GUINT64_FORMAT " has ended (%s) and cannot be cancelled",
                   tern_task_get_id (task),
                   tern_task_phase_to_state (tern_task_get_record (task)->phase));
      return FALSE;
    }
  tern_run_cancel (run);
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
      TernRun *run = take_up (self, tern_task_record_copy (tasks->pdata[i]));

      tern_run_feed (run, TERN_EVENT_RESTARTED);
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
  for (guint i = 0; i < self->runs->len; i++)
    {
      const TernTaskRecord *record = record_of (self->runs->pdata[i]);

      if (record->phase == TERN_PHASE_ATTENTION
          && (g_str_equal (record->source, host->config->name)
              || g_str_equal (record->destination, host->config->name)))
        g_ptr_array_add (waiting, g_object_ref (self->runs->pdata[i]));
    }
  for (guint i = 0; i < waiting->len; i++)
    tern_run_feed (waiting->pdata[i], TERN_EVENT_RECHECK);
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
  for (guint i = 0; i < self->runs->len; i++)
    {
      TernRun *run = self->runs->pdata[i];
      const TernTaskRecord *record = record_of (run);

      if (record->phase != TERN_PHASE_ATTENTION || !g_str_equal (record->vm_uuid, uuid)
          || !is_heard_of (self, record->source, uuid)
          || !is_heard_of (self, record->destination, uuid))
        continue;
      tern_run_feed (run, TERN_EVENT_RECHECK);
      return;
    }
}

static void
on_host_removed (TernInventory *inventory, const char *name, TernMigrator *self)
{
  g_autoptr (GPtrArray) hanging = g_ptr_array_new_with_free_func (g_object_unref);

  (void) inventory;
  g_hash_table_remove (self->up, name);
  for (guint i = 0; i < self->runs->len; i++)
    {
      const TernTaskRecord *record = record_of (self->runs->pdata[i]);

      if (g_str_equal (record->source, name) || g_str_equal (record->destination, name))
        g_ptr_array_add (hanging, g_object_ref (self->runs->pdata[i]));
    }
  for (guint i = 0; i < hanging->len; i++)
    tern_run_dismiss (hanging->pdata[i], name);
}

static void
tern_migrator_init (TernMigrator *self)
{
  self->runs = g_ptr_array_new_with_free_func (g_object_unref);
  self->up = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
tern_migrator_dispose (GObject *object)
{
  TernMigrator *self = TERN_MIGRATOR (object);

  for (guint i = 0; i < self->runs->len; i++)
    {
      g_signal_handlers_disconnect_by_data (self->runs->pdata[i], self);
      tern_run_close (self->runs->pdata[i]);
    }
  g_ptr_array_set_size (self->runs, 0);
  g_clear_object (&self->assessor);
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

  g_ptr_array_unref (self->runs);
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
                   TernTaskList *tasks, TernAssessor *assessor)
{
  TernMigrator *self = g_object_new (TERN_TYPE_MIGRATOR, NULL);

  self->clock = g_object_ref (clock);
  self->store = g_object_ref (store);
  self->inventory = g_object_ref (inventory);
  self->tasks = g_object_ref (tasks);
  self->assessor = g_object_ref (assessor);
  g_signal_connect_object (inventory, "host-changed", G_CALLBACK (on_host_changed), self, 0);
  g_signal_connect_object (inventory, "host-removed", G_CALLBACK (on_host_removed), self, 0);
  g_signal_connect_object (inventory, "vm-changed", G_CALLBACK (on_vm_changed), self, 0);
  g_signal_connect_object (inventory, "vm-removed", G_CALLBACK (on_vm_changed), self, 0);
  return self;
}
