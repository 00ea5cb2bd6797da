/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Orders about what was drained before: a host is opened again, with or without bringing back who
 * left it; a drain is taken up again, or undone.
 */
#include "config.h"

#include "engine/drainer-private.h"

#include "base/error.h"

#include <string.h>

static gboolean
has_ended (TernDrainer *self)
{
  return self->parts.store == NULL;
}

static TernDuty
find_active (const char *host, gpointer data)
{
  (void) host;
  (void) data;
  return TERN_DUTY_ACTIVE;
}

static GError *
say_that_daemon_ends (void)
{
  return g_error_new (TERN_ERROR, TERN_ERROR_CANCELLED, "virternd ends");
}

/* Activating */

static void
on_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) gtask = data;
  GError *error = NULL;

  if (tern_drain_set_duty_finish (TERN_INVENTORY (source), result, &error))
    g_task_return_pointer (gtask, NULL, NULL);
  else
    g_task_return_error (gtask, error);
}

static void
open_host (TernDrainer *self, const char *host, GTask *gtask)
{
  const char *const hosts[] = { host, NULL };

  tern_drain_set_duty_async (self->parts.inventory, hosts, 0, find_active, NULL, on_opened, gtask);
}

static void
bring_back (TernDrainer *self, const char *host, gint64 uid, GTask *gtask)
{
  const char *const hosts[] = { host, NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);
  const TernDrainCommand command = { "return", drain, NULL, uid };

  tern_drainer_command (self, &command, gtask);
}

void
tern_drainer_activate_async (TernDrainer *self, const char *host, gboolean bring_them_back,
                             gint64 uid, GAsyncReadyCallback cb, gpointer data)
{
  const char *const hosts[] = { host, NULL };
  g_autoptr (GPtrArray) origins = NULL;
  GTask *gtask;
  GError *error = NULL;

  g_return_if_fail (TERN_IS_DRAINER (self));

  gtask = g_task_new (self, NULL, cb, data);
  if (tern_inventory_lookup_host (self->parts.inventory, host, &error) == NULL
      || !tern_drainer_check_free (self, hosts, 0, TERN_ERROR_BUSY, &error))
    {
      g_task_return_error (gtask, error);
      g_object_unref (gtask);
      return;
    }
  origins = tern_origins_get (self->origins, host);
  if (bring_them_back && origins->len > 0)
    bring_back (self, host, uid, gtask);
  else
    open_host (self, host, gtask);
}

gboolean
tern_drainer_activate_finish (TernDrainer *self, GAsyncResult *result, TernTask **out_task,
                              GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (TernTask) task = NULL;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  task = g_task_propagate_pointer (G_TASK (result), &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (out_task != NULL)
    *out_task = g_steal_pointer (&task);
  return TRUE;
}

/* Earlier tasks: at hand, or in the store only */

/* What is done with it. @gtask: (transfer full) */
typedef void (*Done) (TernDrainer *self, const TernTaskRecord *record, GTask *gtask);

typedef struct
{
  Done done;
  guint64 task_id;
  gint64 uid;
  GStrv actions;
} Earlier;

static void
earlier_free (Earlier *earlier)
{
  g_strfreev (earlier->actions);
  g_free (earlier);
}

static void refuse (GTask *gtask, TernError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
refuse (GTask *gtask, TernError code, const char *format, ...)
{
  g_autofree char *sentence = NULL;
  va_list args;

  va_start (args, format);
  sentence = g_strdup_vprintf (format, args);
  va_end (args);
  g_task_return_new_error (gtask, TERN_ERROR, code, "%s", sentence);
  g_object_unref (gtask);
}

/* @record: (nullable) */
static void
take_earlier (TernDrainer *self, const TernTaskRecord *record, GTask *gtask)
{
  const Earlier *earlier = g_task_get_task_data (gtask);

  if (record == NULL || record->id != earlier->task_id)
    refuse (gtask, TERN_ERROR_NOT_FOUND,
            "There is no task %" G_GUINT64_FORMAT "; “virtern task list” shows them",
            earlier->task_id);
  else if (!g_str_equal (record->kind, "drain") || record->drain == NULL)
    refuse (gtask, TERN_ERROR_REFUSED, "Task %" G_GUINT64_FORMAT " is no drain", record->id);
  else
    earlier->done (self, record, gtask);
}

static void
on_listed (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *gtask = data;
  TernDrainer *self = g_task_get_source_object (gtask);
  GError *error = NULL;
  g_autoptr (GPtrArray) found = tern_store_list_tasks_finish (TERN_STORE (source), result, &error);

  if (found != NULL && has_ended (self))
    error = say_that_daemon_ends ();
  if (error != NULL)
    {
      g_task_return_error (gtask, error);
      g_object_unref (gtask);
      return;
    }
  take_earlier (self, found->len > 0 ? found->pdata[0] : NULL, gtask);
}

/* Gives @earlier and @gtask away. */
static void
look_up (TernDrainer *self, Earlier *earlier, GTask *gtask)
{
  TernTask *task = tern_task_list_find (self->parts.tasks, earlier->task_id);
  const TernTaskFilter filter = { .before_id = earlier->task_id + 1, .limit = 1 };

  g_task_set_task_data (gtask, earlier, (GDestroyNotify) earlier_free);
  if (task != NULL)
    take_earlier (self, tern_task_get_record (task), gtask);
  else
    tern_store_list_tasks_async (self->parts.store, &filter, on_listed, gtask);
}

/* Resuming */

static const char *
find_equals (const char *pair)
{
  const char *equals = strchr (pair, '=');

  return equals != NULL ? equals : pair + strlen (pair);
}

/* What is said now counts before what was said then. */
static GStrv
merge_actions (const TernDrain *then, const char *const *now)
{
  g_autoptr (GStrvBuilder) merged = g_strv_builder_new ();

  for (guint i = 0; now != NULL && now[i] != NULL; i++)
    g_strv_builder_add (merged, now[i]);
  for (guint i = 0; then->actions != NULL && then->actions[i] != NULL; i++)
    {
      gsize length = (gsize) (find_equals (then->actions[i]) - then->actions[i]);
      gboolean said = FALSE;

      for (guint j = 0; now != NULL && now[j] != NULL; j++)
        said |= strncmp (now[j], then->actions[i], length + 1) == 0;
      if (!said)
        g_strv_builder_add (merged, then->actions[i]);
    }
  return g_strv_builder_end (merged);
}

static TernDrain *
make_same_order (const TernDrain *then, const char *const *actions, gint64 now_us)
{
  TernDrain *drain = tern_drain_new ((const char *const *) then->hosts);

  drain->actions = merge_actions (then, actions);
  drain->preferred = g_strdupv (then->preferred);
  drain->stopped = g_strdupv (then->stopped);
  drain->move_shut_off = then->move_shut_off;
  drain->deadline_us = then->deadline_us > now_us ? then->deadline_us : 0;
  return drain;
}

static void
on_resumed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) gtask = data;
  GError *error = NULL;
  TernTask *task = tern_drainer_order_finish (TERN_DRAINER (source), result, &error);

  if (task != NULL)
    g_task_return_pointer (gtask, task, g_object_unref);
  else
    g_task_return_error (gtask, error);
}

static void
resume (TernDrainer *self, const TernTaskRecord *record, GTask *gtask)
{
  const Earlier *earlier = g_task_get_task_data (gtask);
  g_autoptr (TernDrain) drain = NULL;

  if (record->phase == TERN_PHASE_DONE)
    {
      refuse (gtask, TERN_ERROR_REFUSED,
              "Task %" G_GUINT64_FORMAT " has drained %s; there is nothing to resume", record->id,
              record->source);
      return;
    }
  if (!tern_task_phase_is_final (record->phase))
    {
      refuse (gtask, TERN_ERROR_REFUSED, "Task %" G_GUINT64_FORMAT " is still draining %s",
              record->id, record->source);
      return;
    }
  drain = make_same_order (record->drain, (const char *const *) earlier->actions,
                           tern_clock_wall_us (self->parts.clock));
  tern_drainer_order_async (self, drain, &record->options, earlier->uid, on_resumed, gtask);
}

void
tern_drainer_resume_async (TernDrainer *self, guint64 task_id, const char *const *actions,
                           gint64 uid, GAsyncReadyCallback cb, gpointer data)
{
  Earlier *earlier;

  g_return_if_fail (TERN_IS_DRAINER (self));

  earlier = g_new0 (Earlier, 1);
  *earlier = (Earlier){ resume, task_id, uid, g_strdupv ((GStrv) actions) };
  look_up (self, earlier, g_task_new (self, NULL, cb, data));
}

/* Undoing */

static gboolean
was_moved (const TernDrainItem *item)
{
  return item->task_id != 0 && item->host != NULL && item->action != TERN_DRAIN_SHUTDOWN
         && (item->state == TERN_ITEM_GONE || item->state == TERN_ITEM_MOVING);
}

/* It was shut down to be started elsewhere, which failed. */
static gboolean
was_stopped (const TernDrain *then, const TernDrainItem *item)
{
  return then->stopped != NULL && item->host != NULL
         && g_strv_contains ((const char *const *) then->stopped, item->vm_uuid);
}

/* Returns: whether there is nobody to bring back and no host to open */
static gboolean
has_nothing_to_undo (TernDrainer *self, const TernDrain *then)
{
  for (guint i = 0; then->hosts[i] != NULL; i++)
    {
      const TernHost *host = tern_inventory_find_host (self->parts.inventory, then->hosts[i]);

      if (host != NULL && tern_duty_is_closed (host->config->duty))
        return FALSE;
    }
  for (guint i = 0; i < then->items->len; i++)
    {
      const TernDrainItem *item = then->items->pdata[i];
      const TernVm *vm = tern_inventory_find_vm (self->parts.inventory, item->vm_uuid);

      if (vm != NULL && was_moved (item) && !g_str_equal (vm->host, item->host))
        return FALSE;
      if (vm != NULL && was_stopped (then, item) && !tern_vm_state_is_active (vm->state))
        return FALSE;
    }
  return TRUE;
}

/* Returns: (transfer full): the return of all that moved, and of what still moves; a host from
 * which a VM went to make room gets that one back */
static TernDrain *
make_return (const TernDrain *then)
{
  g_autoptr (GPtrArray) hosts = g_ptr_array_new ();
  g_autoptr (GStrvBuilder) only = g_strv_builder_new (), homes = g_strv_builder_new ();
  TernDrain *drain;

  for (guint i = 0; then->hosts[i] != NULL; i++)
    g_ptr_array_add (hosts, then->hosts[i]);
  for (guint i = 0; i < then->items->len; i++)
    {
      const TernDrainItem *item = then->items->pdata[i];
      g_autofree char *home = NULL;

      if (!was_moved (item) && !was_stopped (then, item))
        continue;
      home = g_strdup_printf ("%s=%s", item->vm_uuid, item->host);
      g_strv_builder_add (only, item->vm_uuid);
      g_strv_builder_add (homes, home);
      if (!g_ptr_array_find_with_equal_func (hosts, item->host, g_str_equal, NULL))
        g_ptr_array_add (hosts, item->host);
    }
  g_ptr_array_add (hosts, NULL);
  drain = tern_drain_new ((const char *const *) hosts->pdata);
  drain->only = g_strv_builder_end (only);
  drain->preferred = g_strv_builder_end (homes);
  drain->stopped = g_strdupv (then->stopped);
  drain->keep_duty = TRUE;
  return drain;
}

static void
order_return (TernDrainer *self, const TernTaskRecord *record, GTask *gtask)
{
  const Earlier *earlier = g_task_get_task_data (gtask);
  g_autoptr (TernDrain) drain = make_return (record->drain);
  const TernDrainCommand command = { "return", drain, &record->options, earlier->uid };
  GError *error = NULL;

  if (tern_drainer_check_free (self, (const char *const *) drain->hosts, record->id,
                               TERN_ERROR_BUSY, &error))
    {
      tern_drainer_command (self, &command, gtask);
      return;
    }
  g_task_return_error (gtask, error);
  g_object_unref (gtask);
}

typedef struct
{
  GTask *gtask;
  TernTaskRecord *record;
} Undoing;

static void
on_undo_opened (GObject *source, GAsyncResult *result, gpointer data)
{
  Undoing *undoing = data;
  g_autoptr (GTask) gtask = undoing->gtask;
  g_autoptr (TernTaskRecord) record = undoing->record;
  TernDrainer *self = g_task_get_source_object (gtask);
  GError *error = NULL;
  gboolean open = tern_drain_set_duty_finish (TERN_INVENTORY (source), result, &error);

  g_free (undoing);
  if (open && has_ended (self))
    error = say_that_daemon_ends ();
  if (error != NULL)
    g_task_return_error (gtask, error);
  else
    order_return (self, record, g_steal_pointer (&gtask));
}

/* Who closed it later wants it closed. Returns: whether each host is open, or closed by that drain
 */
static gboolean
check_closer (TernDrainer *self, const TernTaskRecord *record, GError **error)
{
  for (guint i = 0; record->drain->hosts[i] != NULL; i++)
    {
      const char *name = record->drain->hosts[i];
      const TernHost *host = tern_inventory_find_host (self->parts.inventory, name);

      if (host == NULL || !tern_duty_is_closed (host->config->duty)
          || host->config->duty_task == record->id)
        continue;
      g_set_error (
          error, TERN_ERROR, TERN_ERROR_REFUSED,
          "%s was closed since task %" G_GUINT64_FORMAT
          " and stays so; open it with “virtern activate %s” first, or undo what closed it",
          name, record->id, name);
      return FALSE;
    }
  return TRUE;
}

/* The hosts of a drain that has ended are opened here; one that is open opens them at its end, and
 * the return waits for that. */
static void
undo (TernDrainer *self, const TernTaskRecord *record, GTask *gtask)
{
  TernDrainRun *run = tern_drainer_find_run (self, record->id);
  Undoing *undoing;
  GError *error = NULL;

  if (run != NULL && tern_drain_run_cancel (run, FALSE))
    {
      order_return (self, record, gtask);
      return;
    }
  if (run == NULL && has_nothing_to_undo (self, record->drain))
    {
      refuse (gtask, TERN_ERROR_REFUSED,
              "There is nothing to undo: %s is open, and task %" G_GUINT64_FORMAT
              " moved nothing that is not home again",
              record->source, record->id);
      return;
    }
  if (run == NULL)
    (void) (tern_drainer_check_free (self, (const char *const *) record->drain->hosts, 0,
                                     TERN_ERROR_BUSY, &error)
            && check_closer (self, record, &error));
  else
    error =
        g_error_new (TERN_ERROR, TERN_ERROR_BUSY,
                     "Task %" G_GUINT64_FORMAT " is just ending; undo it in a moment", record->id);
  if (error != NULL)
    {
      g_task_return_error (gtask, error);
      g_object_unref (gtask);
      return;
    }
  undoing = g_new0 (Undoing, 1);
  undoing->gtask = gtask;
  undoing->record = tern_task_record_copy (record);
  tern_drain_set_duty_async (self->parts.inventory,
                             (const char *const *) undoing->record->drain->hosts, 0, find_active,
                             NULL, on_undo_opened, undoing);
}

void
tern_drainer_undo_async (TernDrainer *self, guint64 task_id, gint64 uid, GAsyncReadyCallback cb,
                         gpointer data)
{
  Earlier *earlier;

  g_return_if_fail (TERN_IS_DRAINER (self));

  earlier = g_new0 (Earlier, 1);
  *earlier = (Earlier){ undo, task_id, uid, NULL };
  look_up (self, earlier, g_task_new (self, NULL, cb, data));
}
