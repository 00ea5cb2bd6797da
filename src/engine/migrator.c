/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Orders to move or start VMs: planned, held in the ledger, stored as a whole, kept in line,
 * taken up again after a restart. How one goes is run.c's part, with migration.c and start.c;
 * whose turn it is, migrator-queue.c's.
 */
#include "config.h"

#include "engine/migrator-private.h"

#include "base/error.h"
#include "engine/migration.h"
#include "engine/shutdown.h"
#include "engine/start.h"
#include "engine/task-private.h"
#include "base/text.h"
#include "engine/assessor-private.h"
#include "plan/refusal.h"

#define MAX_NAME_SHOWN 60

G_DEFINE_TYPE (TernMigrator, tern_migrator, G_TYPE_OBJECT)

TernRun *
tern_migrator_find_run (TernMigrator *self, TernTask *task)
{
  for (guint i = 0; i < self->runs->len; i++)
    if (tern_run_get_task (self->runs->pdata[i]) == task)
      return self->runs->pdata[i];
  return NULL;
}

static void
on_phase_changed (TernRun *run, TernMigrator *self)
{
  const TernTaskRecord *record = tern_run_get_record (run);

  if (tern_task_phase_is_final (record->phase) && record->phase != TERN_PHASE_ATTENTION
      && !run->unsaved)
    {
      g_signal_handlers_disconnect_by_data (run, self);
      g_ptr_array_remove (self->runs, run);
    }
  tern_migrator_share (self);
  tern_migrator_admit (self);
}

static void
on_task_changed (TernTask *task, gboolean urgent, TernMigrator *self)
{
  (void) urgent;
  if (self->links != NULL)
    tern_links_learn (self->links, tern_task_get_record (task));
}

static GType
find_type (const TernTaskRecord *record)
{
  if (g_str_equal (record->kind, "relocate"))
    return TERN_TYPE_RELOCATION;
  if (g_str_equal (record->kind, "shutdown"))
    return TERN_TYPE_SHUTDOWN;
  return tern_task_record_is_start (record) ? TERN_TYPE_START : TERN_TYPE_MIGRATION;
}

static TernRun *
take_up (TernMigrator *self, TernTaskRecord *record)
{
  g_autoptr (TernTask) task = tern_task_new (record);
  TernRunParts parts = { self->clock, self->store, self->inventory, self->assessor };
  TernRun *run = tern_run_new (find_type (record), &parts, task);

  g_signal_connect_object (run, "phase-changed", G_CALLBACK (on_phase_changed), self, 0);
  g_signal_connect_object (task, "changed", G_CALLBACK (on_task_changed), self, 0);
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
  GPtrArray *late;    /* TernRun: ended tasks of the same VMs that the store does not know yet */
} Ordering;

static void
ordering_free (Ordering *ordering)
{
  tern_order_free (ordering->order);
  g_clear_pointer (&ordering->plan, tern_plan_free);
  g_ptr_array_unref (ordering->records);
  g_ptr_array_unref (ordering->late);
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
      record->kind = g_strdup (ordering->order->away ? "relocate" : "start");
    }
  record->parent = ordering->order->parent;
  record->vm_uuid = g_strdup (move->vm->uuid);
  record->vm_name = g_strdup (move->vm->name);
  record->source =
      g_strdup (ordering->order->away ? move->vm->host : choose_source (ordering->plan, move));
  record->destination = g_strdup (move->destination);
  if (!ordering->order->away)
    {
      record->memory = tern_vm_get_memory_need (move->vm);
      record->vcpus = move->vm->vcpus;
    }
  record->eject_media = ordering->order->eject_media && move->act == TERN_ACT_MOVE;
  record->created_us = tern_clock_wall_us (self->clock);
  record->started_by_uid = ordering->order->uid;
  record->options = ordering->order->options != NULL
                        ? *ordering->order->options
                        : tern_assessor_get_settings (self->assessor)->move;
  record->chosen = ordering->order->destination == NULL && move->act == TERN_ACT_MOVE;
  tern_task_record_trace_phase (record, record->created_us);
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

  for (guint i = 0; i < ordering->late->len; i++)
    tern_run_was_stored (ordering->late->pdata[i]);
  tasks = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < ordering->records->len; i++)
    {
      TernRun *run = take_up (self, tern_task_record_copy (ordering->records->pdata[i]));

      g_ptr_array_add (tasks, g_object_ref (tern_run_get_task (run)));
    }
  g_task_return_pointer (gtask, tasks, (GDestroyNotify) g_ptr_array_unref);
  tern_migrator_admit (self);
}

static gboolean
has_vm (const GPtrArray *records, const char *uuid)
{
  for (guint i = 0; i < records->len; i++)
    if (g_str_equal (((const TernTaskRecord *) records->pdata[i])->vm_uuid, uuid))
      return TRUE;
  return FALSE;
}

/* One write: a restart must not find the task before, which ended, open beside the new one. */
static void
store_all (TernMigrator *self, Ordering *ordering, GTask *gtask)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  for (guint i = 0; i < self->runs->len; i++)
    {
      TernRun *run = self->runs->pdata[i];

      if (!tern_run_is_late (run)
          || !has_vm (ordering->records, tern_run_get_record (run)->vm_uuid))
        continue;
      g_ptr_array_add (ordering->late, g_object_ref (run));
      g_ptr_array_add (all, (gpointer) tern_run_get_record (run));
    }
  g_ptr_array_extend (all, ordering->records, NULL, NULL);
  tern_store_put_tasks_async (self->store, all, on_tasks_stored, gtask);
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
  ordering->late = g_ptr_array_new_with_free_func (g_object_unref);
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
  store_all (self, ordering, gtask);
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

/* A guest is asked to shut down: nothing is placed, but nobody else may order for it meanwhile. */

/* Returns: (transfer none) (nullable) */
static const TernVm *
find_guest (TernMigrator *self, const char *vm_uuid, const char *host, GError **error)
{
  const TernVm *vm = tern_assessor_find_vm (self->assessor, vm_uuid, error);
  g_autoptr (TernTaskRecord) holder = tern_assessor_find_holder (self->assessor, vm_uuid);
  g_autofree char *shown = NULL;

  if (vm == NULL)
    return NULL;
  shown = tern_text_visible (vm->name, MAX_NAME_SHOWN);
  if (holder != NULL)
    g_set_error (error, TERN_ERROR, TERN_ERROR_BUSY,
                 "Task %" G_GUINT64_FORMAT " is under way for %s; wait for it, or cancel it",
                 holder->id, shown);
  else if (!g_str_equal (vm->host, host))
    g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                 "%s is on %s by now, and not on %s any more", shown, vm->host, host);
  else if (!vm->persistent)
    g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                 "%s is transient: its definition would be lost with its shutdown", shown);
  else
    return vm;
  return NULL;
}

static Ordering *
make_shutdown (TernMigrator *self, const TernVm *vm, guint64 parent, gint64 uid)
{
  Ordering *ordering = g_new0 (Ordering, 1);
  TernTaskRecord *record = tern_task_record_new ();

  ordering->records = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_task_record_free);
  ordering->late = g_ptr_array_new_with_free_func (g_object_unref);
  g_free (record->kind);
  record->id = ++self->last_id;
  record->kind = g_strdup ("shutdown");
  record->parent = parent;
  record->vm_uuid = g_strdup (vm->uuid);
  record->vm_name = g_strdup (vm->name);
  record->source = g_strdup (vm->host);
  record->destination = g_strdup (vm->host);
  record->created_us = tern_clock_wall_us (self->clock);
  record->started_by_uid = uid;
  tern_task_record_trace_phase (record, record->created_us);
  g_ptr_array_add (ordering->records, record);
  return ordering;
}

void
tern_migrator_shutdown_async (TernMigrator *self, const char *vm_uuid, const char *host,
                              guint64 parent, gint64 uid, GAsyncReadyCallback cb, gpointer data)
{
  GTask *gtask;
  GError *error = NULL;
  const TernVm *vm;
  Ordering *ordering;

  g_return_if_fail (TERN_IS_MIGRATOR (self));
  g_return_if_fail (vm_uuid != NULL && host != NULL);

  gtask = g_task_new (self, NULL, cb, data);
  vm = find_guest (self, vm_uuid, host, &error);
  if (vm == NULL)
    {
      g_task_return_error (gtask, error);
      g_object_unref (gtask);
      return;
    }
  ordering = make_shutdown (self, vm, parent, uid);
  g_task_set_task_data (gtask, ordering, (GDestroyNotify) ordering_free);
  hold_all (self, ordering->records);
  store_all (self, ordering, gtask);
}

/* Open tasks */

static TernRun *
find_open (TernMigrator *self, TernTask *task, const char *done, GError **error)
{
  TernRun *run = tern_migrator_find_run (self, task);

  if (run != NULL && !tern_task_is_ended (task))
    return run;
  g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
               "Task %" G_GUINT64_FORMAT " has ended (%s) and cannot be %s",
               tern_task_get_id (task),
               tern_task_phase_to_state (tern_task_get_record (task)->phase), done);
  return NULL;
}

static TernRun *
find_in_attention (TernMigrator *self, TernTask *task, GError **error)
{
  TernRun *run = tern_migrator_find_run (self, task);
  const TernTaskRecord *record = tern_task_get_record (task);

  if (run != NULL && record->phase == TERN_PHASE_ATTENTION)
    return run;
  g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
               "Task %" G_GUINT64_FORMAT " does not need attention (it is %s): there is nothing to "
               "decide",
               record->id, tern_task_phase_to_state (record->phase));
  return NULL;
}

gboolean
tern_migrator_cancel (TernMigrator *self, TernTask *task, GError **error)
{
  TernRun *run;

  g_return_val_if_fail (TERN_IS_MIGRATOR (self), FALSE);

  run = find_open (self, task, "cancelled", error);
  if (run == NULL)
    return FALSE;
  tern_run_cancel (run);
  return TRUE;
}

gboolean
tern_migrator_switch (TernMigrator *self, TernTask *task, TernPolicy policy, gint64 uid,
                      GError **error)
{
  TernRun *run;

  g_return_val_if_fail (TERN_IS_MIGRATOR (self), FALSE);

  run = find_open (self, task, "given another policy", error);
  return run != NULL && tern_run_switch (run, policy, uid, error);
}

guint64
tern_migrator_take_id (TernMigrator *self)
{
  g_return_val_if_fail (TERN_IS_MIGRATOR (self), 0);
  return ++self->last_id;
}

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) gtask = data;
  GError *error = NULL;

  if (tern_run_resolve_finish (TERN_RUN (source), result, &error))
    g_task_return_boolean (gtask, TRUE);
  else
    g_task_return_error (gtask, error);
}

void
tern_migrator_resolve_async (TernMigrator *self, TernTask *task, TernKeep keep, gint64 uid,
                             GAsyncReadyCallback cb, gpointer data)
{
  g_autoptr (GTask) gtask = NULL;
  GError *error = NULL;
  TernRun *run;

  g_return_if_fail (TERN_IS_MIGRATOR (self));

  gtask = g_task_new (self, NULL, cb, data);
  run = find_in_attention (self, task, &error);
  if (run == NULL)
    g_task_return_error (gtask, error);
  else
    tern_run_resolve_async (run, keep, uid, on_resolved, g_steal_pointer (&gtask));
}

gboolean
tern_migrator_resolve_finish (TernMigrator *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
tern_migrator_recheck (TernMigrator *self, TernTask *task, GError **error)
{
  TernRun *run;

  g_return_val_if_fail (TERN_IS_MIGRATOR (self), FALSE);

  run = find_in_attention (self, task, error);
  return run != NULL && tern_run_recheck (run, error);
}

/* Restart */

void
tern_migrator_load (TernMigrator *self, GPtrArray *tasks, guint64 last_id)
{
  g_return_if_fail (TERN_IS_MIGRATOR (self));

  self->last_id = MAX (self->last_id, last_id);
  for (guint i = 0; i < tasks->len; i++)
    {
      TernRun *run;

      if (tern_task_record_is_drain (tasks->pdata[i]))
        continue;
      run = take_up (self, tern_task_record_copy (tasks->pdata[i]));
      tern_run_feed (run, TERN_EVENT_RESTARTED);
    }
  /* An adopted copy has its share from the start. */
  tern_migrator_share (self);
  tern_migrator_learn (self);
}

static void
tern_migrator_init (TernMigrator *self)
{
  self->runs = g_ptr_array_new_with_free_func (g_object_unref);
  self->served = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->hosts =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) tern_host_unref);
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
  if (self->clock != NULL)
    tern_clock_clear_timer (self->clock, &self->admit_timer);
  g_clear_pointer (&self->links, tern_links_free);
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
  g_hash_table_unref (self->served);
  g_hash_table_unref (self->hosts);
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
  self->links = tern_links_new (inventory);
  tern_migrator_watch_hosts (self);
  return self;
}
