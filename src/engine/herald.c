/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Hears what happens, and hands it to the webhooks that want it.
 *
 *   a task ends, a host is lost ──> notice ──> herald-write ──> outbox ──> herald-pump ──> endpoint
 *
 * Nothing here is waited for by a task.
 */
#include "config.h"

#include "engine/herald-private.h"

#include "base/error.h"
#include "base/text.h"

#define MAX_WEBHOOKS 32
#define FIRST_PAUSE_US ((gint64) G_USEC_PER_SEC)
#define LAST_PAUSE_US ((gint64) 600 * G_USEC_PER_SEC)

static guint webhooks_changed;

G_DEFINE_TYPE (TernHerald, tern_herald, G_TYPE_OBJECT)

/* --- telling --- */

void
tern_herald_seed (TernHerald *self, guint32 seed)
{
  g_rand_set_seed (self->rand, seed);
}

gint64
tern_herald_backoff (TernHerald *self, guint failures)
{
  gint64 pause_us = FIRST_PAUSE_US;

  for (guint i = 1; i < failures && pause_us < LAST_PAUSE_US; i++)
    pause_us *= 2;
  return (gint64) ((double) MIN (pause_us, LAST_PAUSE_US)
                   * g_rand_double_range (self->rand, 0.75, 1.25));
}

void
tern_herald_tell (TernHerald *self, TernNotice *notice, const TernTaskRecord *task)
{
  GPtrArray *notices = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_notice_free);

  for (guint i = 0; i < self->pumps->len; i++)
    {
      const TernWebhook *webhook = tern_pump_get_webhook (self->pumps->pdata[i]);
      TernNotice *copy;

      if (!tern_webhook_wants (webhook, notice->kind))
        continue;
      copy = tern_notice_copy (notice);
      copy->webhook = g_strdup (webhook->name);
      g_ptr_array_add (notices, copy);
    }
  tern_notice_free (notice);
  /* Nobody wants to know of the task: that it was told is written all the same. */
  if (task != NULL)
    tern_herald_post (self, notices, task->id, task->phase);
  else if (notices->len > 0)
    tern_herald_post (self, notices, 0, TERN_PHASE_QUEUED);
  else
    g_ptr_array_unref (notices);
}

static void
tell_task (TernHerald *self, const TernTaskRecord *record)
{
  tern_herald_tell (
      self, tern_herald_notice_of_task (self->source, record, tern_clock_wall_us (self->clock)),
      record);
}

static void
on_task_ended (TernTask *task, TernHerald *self)
{
  tell_task (self, tern_task_get_record (task));
}

static void
on_task_added (TernTaskList *tasks, TernTask *task, TernHerald *self)
{
  (void) tasks;
  g_signal_connect_object (task, "ended", G_CALLBACK (on_task_ended), self, 0);
}

static void
watch_tasks (TernHerald *self)
{
  g_autoptr (GPtrArray) all = tern_task_list_get_all (self->tasks);

  g_signal_connect_object (self->tasks, "task-added", G_CALLBACK (on_task_added), self, 0);
  for (guint i = 0; i < all->len; i++)
    on_task_added (self->tasks, all->pdata[i], self);
}

/* --- webhooks --- */

static TernPump *
find_pump (TernHerald *self, const char *name)
{
  for (guint i = 0; i < self->pumps->len; i++)
    if (g_str_equal (tern_pump_get_webhook (self->pumps->pdata[i])->name, name))
      return self->pumps->pdata[i];
  return NULL;
}

static int
compare_pumps (gconstpointer a, gconstpointer b)
{
  const TernPump *const *x = a, *const *y = b;

  return g_strcmp0 (tern_pump_get_webhook (*x)->name, tern_pump_get_webhook (*y)->name);
}

static void
serve (TernHerald *self, const TernWebhook *webhook)
{
  TernPump *pump = tern_pump_new (self, webhook);

  g_ptr_array_add (self->pumps, pump);
  g_ptr_array_sort (self->pumps, compare_pumps);
  tern_pump_start (pump);
}

void
tern_herald_load (TernHerald *self, GPtrArray *webhooks, GPtrArray *untold)
{
  g_auto (GStrv) lost = NULL;

  g_return_if_fail (TERN_IS_HERALD (self));

  /* If it cannot be read, they are told again when they are still lost. */
  lost = tern_outbox_load_lost (self->outbox, NULL);
  for (guint i = 0; i < webhooks->len; i++)
    serve (self, webhooks->pdata[i]);
  for (guint i = 0; i < untold->len; i++)
    tell_task (self, untold->pdata[i]);
  tern_herald_load_lost (self, (const char *const *) lost);
}

static gboolean
check_new (TernHerald *self, const TernWebhook *webhook, GError **error)
{
  if (!tern_webhook_check (webhook, error))
    return FALSE;
  if (find_pump (self, webhook->name) != NULL
      || g_hash_table_contains (self->adding, webhook->name))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_EXISTS,
                   "There is a webhook %s already; remove it first, or take another name",
                   webhook->name);
      return FALSE;
    }
  if (self->pumps->len + g_hash_table_size (self->adding) >= MAX_WEBHOOKS)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                   "There are %d webhooks, which is the most; remove one first", MAX_WEBHOOKS);
      return FALSE;
    }
  return tern_notifier_check (self->notifier, webhook, error);
}

static void
on_webhook_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernHerald *self = g_task_get_source_object (task);
  const TernWebhook *webhook = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  g_hash_table_remove (self->adding, webhook->name);
  if (!tern_outbox_write_finish (TERN_OUTBOX (source), result, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (!self->is_stopped)
    {
      serve (self, webhook);
      g_signal_emit (self, webhooks_changed, 0);
    }
  g_task_return_boolean (task, TRUE);
}

void
tern_herald_add_async (TernHerald *self, const TernWebhook *webhook, GAsyncReadyCallback cb,
                       gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, cb, data);
  g_autoptr (GError) error = NULL;
  TernWebhook *copy;

  g_return_if_fail (TERN_IS_HERALD (self));

  if (!check_new (self, webhook, &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  copy = tern_webhook_copy (webhook);
  if (copy->created_us == 0)
    copy->created_us = tern_clock_wall_us (self->clock);
  g_task_set_task_data (task, copy, (GDestroyNotify) tern_webhook_free);
  g_hash_table_add (self->adding, g_strdup (copy->name));
  tern_outbox_put_webhook_async (self->outbox, copy, on_webhook_stored, g_steal_pointer (&task));
}

static gboolean
set_not_found (const char *name, GError **error)
{
  g_autofree char *visible = tern_text_visible (name, 60);

  g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND,
               "There is no webhook %s; “virtern webhook list” shows those there are", visible);
  return FALSE;
}

static void
on_webhook_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernHerald *self = g_task_get_source_object (task);
  const TernWebhook *webhook = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  g_hash_table_remove (self->adding, webhook->name);
  if (tern_outbox_write_finish (TERN_OUTBOX (source), result, &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  /* It is still stored, and would be back after the next start: so it goes on. */
  if (!self->is_stopped)
    {
      serve (self, webhook);
      g_signal_emit (self, webhooks_changed, 0);
    }
  g_task_return_error (task, g_steal_pointer (&error));
}

void
tern_herald_remove_async (TernHerald *self, const char *name, GAsyncReadyCallback cb, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, cb, data);
  g_autoptr (GError) error = NULL;
  TernPump *pump;

  g_return_if_fail (TERN_IS_HERALD (self));

  pump = find_pump (self, name);
  if (pump == NULL)
    {
      (void) set_not_found (name, &error);
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  g_task_set_task_data (task, tern_webhook_copy (tern_pump_get_webhook (pump)),
                        (GDestroyNotify) tern_webhook_free);
  g_hash_table_add (self->adding, g_strdup (name)); /* nobody adds one of that name meanwhile */
  tern_herald_forget_writes (self, name);
  tern_outbox_remove_webhook_async (self->outbox, name, on_webhook_removed,
                                    g_steal_pointer (&task));
  tern_pump_stop (pump);
  g_ptr_array_remove (self->pumps, pump);
  g_signal_emit (self, webhooks_changed, 0);
}

gboolean
tern_herald_edit_finish (TernHerald *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

GPtrArray *
tern_herald_get_webhooks (TernHerald *self)
{
  GPtrArray *webhooks = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_webhook_free);

  g_return_val_if_fail (TERN_IS_HERALD (self), webhooks);

  for (guint i = 0; i < self->pumps->len; i++)
    g_ptr_array_add (webhooks, tern_webhook_copy (tern_pump_get_webhook (self->pumps->pdata[i])));
  return webhooks;
}

/* --- how they stand --- */

typedef struct
{
  GPtrArray *names;
  GPtrArray *counts;
} Counting;

static void
counting_free (gpointer data)
{
  Counting *counting = data;

  g_ptr_array_unref (counting->names);
  g_clear_pointer (&counting->counts, g_ptr_array_unref);
  g_free (counting);
}

static void count_next (GTask *task);

static void
on_counted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernHerald *self = g_task_get_source_object (task);
  Counting *counting = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  TernOutboxCount *count = tern_outbox_count_finish (TERN_OUTBOX (source), result, &error);
  TernPump *pump = find_pump (self, counting->names->pdata[counting->counts->len]);
  gboolean known = FALSE;

  if (count == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (pump != NULL)
    {
      const char *last = tern_pump_get_error (pump, &known);

      if (known)
        {
          g_free (count->error);
          count->error = g_strdup (last);
        }
    }
  g_ptr_array_add (counting->counts, count);
  count_next (g_steal_pointer (&task));
}

/* Takes over @task. */
static void
count_next (GTask *task)
{
  TernHerald *self = g_task_get_source_object (task);
  Counting *counting = g_task_get_task_data (task);

  if (counting->counts->len < counting->names->len)
    {
      tern_outbox_count_async (self->outbox, counting->names->pdata[counting->counts->len],
                               on_counted, task);
      return;
    }
  g_task_return_pointer (task, g_steal_pointer (&counting->counts),
                         (GDestroyNotify) g_ptr_array_unref);
  g_object_unref (task);
}

void
tern_herald_count_async (TernHerald *self, GAsyncReadyCallback cb, gpointer data)
{
  GTask *task = g_task_new (self, NULL, cb, data);
  Counting *counting = g_new0 (Counting, 1);

  counting->names = g_ptr_array_new_with_free_func (g_free);
  counting->counts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_outbox_count_free);
  for (guint i = 0; i < self->pumps->len; i++)
    g_ptr_array_add (counting->names,
                     g_strdup (tern_pump_get_webhook (self->pumps->pdata[i])->name));
  g_task_set_task_data (task, counting, counting_free);
  count_next (task);
}

GPtrArray *
tern_herald_count_finish (TernHerald *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* --- tests by hand --- */

static void
on_test_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernHerald *self = g_task_get_source_object (task);
  const gint64 *began_us = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (tern_notifier_send_finish (TERN_NOTIFIER (source), result, NULL, NULL, &error))
    g_task_return_int (task, (gssize) (tern_clock_now_us (self->clock) - *began_us));
  else if (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT))
    /* Its file, or its key, has become bad: nothing is wrong with what was asked for now. */
    g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_FAILED, "%s", error->message);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

void
tern_herald_test_async (TernHerald *self, const char *name, GAsyncReadyCallback cb, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, NULL, cb, data);
  g_autoptr (TernNotice) notice = NULL;
  g_autoptr (GError) error = NULL;
  TernPump *pump;
  gint64 *began_us;

  g_return_if_fail (TERN_IS_HERALD (self));

  pump = find_pump (self, name);
  if (pump == NULL)
    {
      (void) set_not_found (name, &error);
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  began_us = g_new (gint64, 1);
  *began_us = tern_clock_now_us (self->clock);
  g_task_set_task_data (task, began_us, g_free);
  notice = tern_herald_notice_of_test (self->source, name, tern_clock_wall_us (self->clock));
  tern_notifier_send_async (self->notifier, tern_pump_get_webhook (pump), notice,
                            tern_clock_wall_us (self->clock), NULL, on_test_sent,
                            g_steal_pointer (&task));
}

gboolean
tern_herald_test_finish (TernHerald *self, GAsyncResult *result, gint64 *out_took_us,
                         GError **error)
{
  g_autoptr (GError) local = NULL;
  gint64 took_us;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  took_us = g_task_propagate_int (G_TASK (result), &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (out_took_us != NULL)
    *out_took_us = took_us;
  return TRUE;
}

/* --- life --- */

static void
tern_herald_init (TernHerald *self)
{
  self->rand = g_rand_new ();
  self->max_waiting = TERN_HERALD_MAX_WAITING;
  self->pumps = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_pump_unref);
  self->adding = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_queue_init (&self->writes);
}

static void
tern_herald_dispose (GObject *object)
{
  TernHerald *self = TERN_HERALD (object);

  if (!self->is_stopped)
    {
      self->is_stopped = TRUE;
      g_signal_handlers_disconnect_by_data (self->tasks, self);
      g_signal_handlers_disconnect_by_data (self->inventory, self);
      tern_herald_forget_hosts (self);
      tern_herald_forget_writes (self, NULL);
      for (guint i = 0; i < self->pumps->len; i++)
        tern_pump_stop (self->pumps->pdata[i]);
      g_ptr_array_set_size (self->pumps, 0);
    }
  G_OBJECT_CLASS (tern_herald_parent_class)->dispose (object);
}

static void
tern_herald_finalize (GObject *object)
{
  TernHerald *self = TERN_HERALD (object);

  g_ptr_array_unref (self->pumps);
  g_hash_table_unref (self->adding);
  g_rand_free (self->rand);
  g_object_unref (self->clock);
  g_object_unref (self->outbox);
  g_object_unref (self->notifier);
  g_object_unref (self->inventory);
  g_object_unref (self->tasks);
  g_free (self->source);
  G_OBJECT_CLASS (tern_herald_parent_class)->finalize (object);
}

static void
tern_herald_class_init (TernHeraldClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = tern_herald_dispose;
  G_OBJECT_CLASS (klass)->finalize = tern_herald_finalize;
  webhooks_changed = g_signal_new ("webhooks-changed", TERN_TYPE_HERALD, G_SIGNAL_RUN_LAST, 0, NULL,
                                   NULL, NULL, G_TYPE_NONE, 0);
}

TernHerald *
tern_herald_new (TernClock *clock, TernOutbox *outbox, TernNotifier *notifier,
                 TernInventory *inventory, TernTaskList *tasks, const char *source)
{
  TernHerald *self = g_object_new (TERN_TYPE_HERALD, NULL);

  self->clock = g_object_ref (clock);
  self->outbox = g_object_ref (outbox);
  self->notifier = g_object_ref (notifier);
  self->inventory = g_object_ref (inventory);
  self->tasks = g_object_ref (tasks);
  self->source = g_strdup (source);
  watch_tasks (self);
  tern_herald_watch_hosts (self);
  return self;
}
