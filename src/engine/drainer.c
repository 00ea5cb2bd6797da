/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is open of drains and returns, who hears of news, and what is taken up after a restart. How
 * one goes on is drain-run.c's part, orders are drainer-order.c's.
 */
#include "config.h"

#include "engine/drainer-private.h"

#include "base/error.h"
#include "base/log.h"
#include "engine/task-private.h"
#include "plan/drain-document.h"

enum
{
  ORIGIN_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_TYPE (TernDrainer, tern_drainer, G_TYPE_OBJECT)

/* What is open */

TernDrainRun *
tern_drainer_find_run (TernDrainer *self, guint64 id)
{
  for (guint i = 0; i < self->runs->len; i++)
    if (tern_drain_run_get_record (self->runs->pdata[i])->id == id)
      return self->runs->pdata[i];
  return NULL;
}

static TernDrainRun *
find_by_host (TernDrainer *self, const char *host)
{
  for (guint i = 0; i < self->runs->len; i++)
    if (tern_drain_has_host (tern_drain_run_get_drain (self->runs->pdata[i]), host))
      return self->runs->pdata[i];
  return NULL;
}

TernTask *
tern_drainer_find_by_host (TernDrainer *self, const char *host)
{
  TernDrainRun *run;

  g_return_val_if_fail (TERN_IS_DRAINER (self), NULL);

  run = find_by_host (self, host);
  return run != NULL ? tern_drain_run_get_task (run) : NULL;
}

/* Returns: (transfer none) (nullable): of the task that has something to do with @host as a whole
 */
static const TernTaskRecord *
find_taker (TernDrainer *self, const char *host, guint64 except)
{
  for (guint i = 0; i < self->runs->len + self->pending->len; i++)
    {
      const TernTaskRecord *record = i < self->runs->len
                                         ? tern_drain_run_get_record (self->runs->pdata[i])
                                         : self->pending->pdata[i - self->runs->len];

      if (record->id != except && tern_drain_has_host (record->drain, host))
        return record;
    }
  return NULL;
}

gboolean
tern_drainer_check_free (TernDrainer *self, const char *const *hosts, guint64 except,
                         TernError code, GError **error)
{
  const TernTaskRecord *taker = NULL;
  guint i;

  for (i = 0; hosts[i] != NULL; i++)
    {
      taker = find_taker (self, hosts[i], except);
      if (taker != NULL)
        break;
    }
  if (taker == NULL)
    return TRUE;
  g_set_error (error, TERN_ERROR, code,
               "%s %s (task %" G_GUINT64_FORMAT "); wait for it, or cancel it with “virtern task "
               "cancel %" G_GUINT64_FORMAT "”",
               hosts[i],
               g_str_equal (taker->kind, "drain") ? "is being drained" : "is getting its VMs back",
               taker->id, taker->id);
  return FALSE;
}

/* Runs */

static gboolean
share_a_host (const TernDrain *a, const TernDrain *b)
{
  for (guint i = 0; a->hosts[i] != NULL; i++)
    if (tern_drain_has_host (b, a->hosts[i]))
      return TRUE;
  return FALSE;
}

/* An undo is ordered while the drain that it undoes may still have moves under way. */
static char *
find_wait (const TernTaskRecord *record, gpointer data)
{
  TernDrainer *self = data;

  if (!g_str_equal (record->kind, "return"))
    return NULL;
  for (guint i = 0; i < self->runs->len; i++)
    {
      const TernTaskRecord *other = tern_drain_run_get_record (self->runs->pdata[i]);

      if (other->id < record->id && share_a_host (other->drain, record->drain))
        return g_strdup_printf ("waits for task %" G_GUINT64_FORMAT " to end", other->id);
    }
  return NULL;
}

static void
on_over (TernDrainRun *run, TernDrainer *self)
{
  const TernTaskRecord *record = tern_drain_run_get_record (run);

  if (g_str_equal (record->kind, "return"))
    tern_origins_note (self->origins, record);
  g_ptr_array_remove (self->runs, run);
  for (guint i = 0; i < self->runs->len; i++)
    tern_drain_run_look_soon (self->runs->pdata[i]);
}

TernDrainRun *
tern_drainer_take_up (TernDrainer *self, TernTaskRecord *record, const GPtrArray *children)
{
  g_autoptr (TernTask) task = tern_task_new (record);
  const TernDrainOwner owner = {
    .origins = tern_drainer_find_origins,
    .wait = find_wait,
    .data = self,
  };
  TernDrainRun *run = tern_drain_run_new (&self->parts, &owner, task, children);

  g_signal_connect_object (run, "over", G_CALLBACK (on_over), self, 0);
  g_ptr_array_add (self->runs, run);
  tern_task_list_add (self->parts.tasks, task);
  return run;
}

/* News */

static gboolean
concerns (const TernDrain *drain, const GPtrArray *copies)
{
  for (guint i = 0; i < copies->len; i++)
    if (tern_drain_has_host (drain, ((const TernVm *) copies->pdata[i])->host))
      return TRUE;
  return FALSE;
}

/* Somebody started a VM on a host that is being drained; others only take room. */
static void
on_vm_changed (TernInventory *inventory, const char *uuid, TernDrainer *self)
{
  g_autoptr (GPtrArray) copies = NULL;

  if (self->runs->len == 0)
    return;
  copies = tern_inventory_get_sightings (inventory, uuid);
  for (guint i = 0; i < self->runs->len; i++)
    if (concerns (tern_drain_run_get_drain (self->runs->pdata[i]), copies))
      tern_drain_run_look_soon (self->runs->pdata[i]);
    else
      tern_drain_run_look_late (self->runs->pdata[i]);
}

static void
look_late (TernDrainer *self)
{
  for (guint i = 0; i < self->runs->len; i++)
    tern_drain_run_look_late (self->runs->pdata[i]);
}

/* Origins */

static gboolean
is_wanted (const TernDrain *drain, const TernOrigin *origin)
{
  return tern_drain_has_host (drain, origin->host)
         && (drain->only == NULL
             || g_strv_contains ((const char *const *) drain->only, origin->vm_uuid));
}

/* The undo of a drain says for each VM itself where it was. */
static GPtrArray *
make_undo_origins (TernDrainer *self, const TernDrain *drain)
{
  GPtrArray *origins = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_origin_free);

  for (guint i = 0; drain->preferred != NULL && drain->preferred[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (drain->preferred[i], "=", 2);
      const TernVm *vm = tern_inventory_find_vm (self->parts.inventory, parts[0]);

      if (parts[1] != NULL && vm != NULL)
        g_ptr_array_add (origins, tern_origin_new (parts[0], vm->name, parts[1]));
    }
  return origins;
}

GPtrArray *
tern_drainer_find_origins (const TernDrain *drain, gpointer data)
{
  TernDrainer *self = data;
  GPtrArray *origins;

  if (drain->keep_duty)
    return make_undo_origins (self, drain);
  origins = tern_origins_get (self->origins, NULL);
  for (guint i = origins->len; i-- > 0;)
    if (!is_wanted (drain, origins->pdata[i]))
      g_ptr_array_remove_index (origins, i);
  return origins;
}

GPtrArray *
tern_drainer_get_origins (TernDrainer *self, const char *host)
{
  g_return_val_if_fail (TERN_IS_DRAINER (self), NULL);
  return tern_origins_get (self->origins, host);
}

const TernOrigin *
tern_drainer_find_origin (TernDrainer *self, const char *vm_uuid)
{
  g_return_val_if_fail (TERN_IS_DRAINER (self), NULL);
  return self->origins != NULL ? tern_origins_find (self->origins, vm_uuid) : NULL;
}

static void
on_origin_changed (TernOrigins *origins, const char *vm_uuid, TernDrainer *self)
{
  (void) origins;
  g_signal_emit (self, signals[ORIGIN_CHANGED], 0, vm_uuid);
}

/* Cancelling */

gboolean
tern_drainer_cancel (TernDrainer *self, TernTask *task, gboolean abort, GError **error)
{
  const TernTaskRecord *record = tern_task_get_record (task);
  TernDrainRun *run;

  g_return_val_if_fail (TERN_IS_DRAINER (self), FALSE);

  run = tern_drainer_find_run (self, record->id);
  if (run != NULL && tern_drain_run_cancel (run, abort))
    return TRUE;
  if (tern_task_record_is_drain (record))
    g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                 "Task %" G_GUINT64_FORMAT " has ended (%s) and cannot be cancelled", record->id,
                 tern_task_phase_to_state (record->phase));
  else
    g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                 "Task %" G_GUINT64_FORMAT " is no drain and no return", record->id);
  return FALSE;
}

/* Plans */

TernDrainPlan *
tern_drainer_plan (TernDrainer *self, const TernDrain *order, gboolean returning, GError **error)
{
  g_autoptr (TernDrainView) view = NULL;

  g_return_val_if_fail (TERN_IS_DRAINER (self), NULL);

  view = tern_drain_view_new (&self->parts, order,
                              returning ? tern_drainer_find_origins (order, self) : NULL, NULL);
  if (!returning && !tern_drain_check (&view->question, error))
    return NULL;
  return tern_drain_plan (&view->question);
}

char *
tern_drainer_format_plan (TernDrainer *self, const TernDrain *order, gboolean returning,
                          GError **error)
{
  g_autoptr (TernDrainView) view = NULL;
  g_autoptr (TernDrainPlan) plan = NULL;

  g_return_val_if_fail (TERN_IS_DRAINER (self), NULL);

  if (self->key == NULL)
    {
      g_set_error_literal (error, TERN_ERROR, TERN_ERROR_NOT_SUPPORTED,
                           "Plans cannot be kept: virternd has no key to seal them with");
      return NULL;
    }
  view = tern_drain_view_new (&self->parts, order,
                              returning ? tern_drainer_find_origins (order, self) : NULL, NULL);
  if (!returning && !tern_drain_check (&view->question, error))
    return NULL;
  plan = tern_drain_plan (&view->question);
  return tern_drain_document_format (plan, &view->question, self->cluster_id, self->key);
}

void
tern_drainer_set_seal (TernDrainer *self, const char *cluster_id, GBytes *key)
{
  g_return_if_fail (TERN_IS_DRAINER (self));
  g_return_if_fail (cluster_id != NULL && key != NULL);

  g_free (self->cluster_id);
  self->cluster_id = g_strdup (cluster_id);
  g_clear_pointer (&self->key, g_bytes_unref);
  self->key = g_bytes_ref (key);
}

/* Restart */

/* Whoever was stored as gone had its origin before, and may have lost it since. */
static gboolean
is_noted (const TernDrain *drain, const TernTaskRecord *child)
{
  for (guint i = 0; i < drain->items->len; i++)
    {
      const TernDrainItem *item = drain->items->pdata[i];

      if (item->task_id == child->id && item->state == TERN_ITEM_GONE)
        return TRUE;
    }
  return FALSE;
}

static void
take_up_again (TernDrainer *self, const TernTaskRecord *record)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) children = tern_store_load_children (self->parts.store, record->id, &error);

  if (children == NULL)
    tern_log (G_LOG_LEVEL_WARNING, NULL, NULL,
              "Task %" G_GUINT64_FORMAT ": what it did before cannot be read: %s", record->id,
              error->message);
  for (guint i = 0; children != NULL && i < children->len && g_str_equal (record->kind, "drain");
       i++)
    if (!is_noted (record->drain, children->pdata[i]))
      tern_origins_take (self->origins, children->pdata[i]);
  tern_drain_run_begin_async (tern_drainer_take_up (self, tern_task_record_copy (record), children),
                              NULL, NULL);
}

void
tern_drainer_load (TernDrainer *self, GPtrArray *tasks, GPtrArray *origins)
{
  g_return_if_fail (TERN_IS_DRAINER (self));

  if (origins != NULL)
    tern_origins_load (self->origins, origins);
  for (guint i = 0; i < tasks->len; i++)
    {
      const TernTaskRecord *record = tasks->pdata[i];

      if (tern_task_record_is_drain (record) && !tern_task_phase_is_final (record->phase)
          && record->drain != NULL)
        take_up_again (self, record);
    }
}

/* Life */

static void
tern_drainer_init (TernDrainer *self)
{
  self->runs = g_ptr_array_new_with_free_func (g_object_unref);
  self->pending = g_ptr_array_new ();
}

static void
tern_drainer_dispose (GObject *object)
{
  TernDrainer *self = TERN_DRAINER (object);

  for (guint i = 0; i < self->runs->len; i++)
    {
      g_signal_handlers_disconnect_by_data (self->runs->pdata[i], self);
      tern_drain_run_close (self->runs->pdata[i]);
    }
  g_ptr_array_set_size (self->runs, 0);
  if (self->origins != NULL)
    tern_origins_close (self->origins);
  g_clear_object (&self->origins);
  g_clear_object (&self->parts.migrator);
  g_clear_object (&self->parts.assessor);
  g_clear_object (&self->parts.tasks);
  g_clear_object (&self->parts.inventory);
  g_clear_object (&self->parts.store);
  g_clear_object (&self->parts.clock);
  G_OBJECT_CLASS (tern_drainer_parent_class)->dispose (object);
}

static void
tern_drainer_finalize (GObject *object)
{
  TernDrainer *self = TERN_DRAINER (object);

  g_ptr_array_unref (self->runs);
  g_ptr_array_unref (self->pending);
  g_clear_pointer (&self->key, g_bytes_unref);
  g_free (self->cluster_id);
  G_OBJECT_CLASS (tern_drainer_parent_class)->finalize (object);
}

static void
tern_drainer_class_init (TernDrainerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = tern_drainer_dispose;
  object_class->finalize = tern_drainer_finalize;
  signals[ORIGIN_CHANGED] = g_signal_new ("origin-changed", TERN_TYPE_DRAINER, G_SIGNAL_RUN_LAST, 0,
                                          NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_STRING);
}

TernDrainer *
tern_drainer_new (TernClock *clock, TernStore *store, TernInventory *inventory, TernTaskList *tasks,
                  TernAssessor *assessor, TernMigrator *migrator)
{
  TernDrainer *self = g_object_new (TERN_TYPE_DRAINER, NULL);

  self->parts = (TernDrainParts){
    .clock = g_object_ref (clock),
    .store = g_object_ref (store),
    .inventory = g_object_ref (inventory),
    .tasks = g_object_ref (tasks),
    .assessor = g_object_ref (assessor),
    .migrator = g_object_ref (migrator),
  };
  self->origins = tern_origins_new (&self->parts);
  g_signal_connect_object (self->origins, "changed", G_CALLBACK (on_origin_changed), self, 0);
  g_signal_connect_object (inventory, "vm-changed", G_CALLBACK (on_vm_changed), self, 0);
  g_signal_connect_object (inventory, "vm-removed", G_CALLBACK (on_vm_changed), self, 0);
  g_signal_connect_object (inventory, "host-changed", G_CALLBACK (look_late), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (inventory, "host-removed", G_CALLBACK (look_late), self,
                           G_CONNECT_SWAPPED);
  return self;
}
