/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was decided is stored, then ordered, act by act, so that each is judged with what the ones
 * before it took. An order that is not taken is decided anew a little later; a VM whose orders are
 * not taken again and again is left, with the reason.
 */
#include "config.h"

#include "engine/drain-run-private.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "engine/task-private.h"

#define STORE_AGAIN_US (5 * G_USEC_PER_SEC)
#define SAVE_EVERY_US G_USEC_PER_SEC
/* What was decided so long ago is decided anew. */
#define DECISION_HOLDS_US (5 * G_USEC_PER_SEC)
/* Orders for one VM that were not taken. */
#define MAX_REFUSALS 3

gboolean
tern_drain_run_is_busy (TernDrainRun *self)
{
  return self->step != NULL || self->ordering > 0;
}

/* Orders */

static TernDrainItem *
find_item (const TernDrain *drain, const char *uuid)
{
  for (guint i = 0; i < drain->items->len; i++)
    if (g_str_equal (((TernDrainItem *) drain->items->pdata[i])->vm_uuid, uuid))
      return drain->items->pdata[i];
  return NULL;
}

static void
leave (TernDrainRun *self, const char *uuid, const GError *error)
{
  TernDrainItem *item = find_item (tern_drain_run_get_drain (self), uuid);
  const char *code = error->domain == TERN_ERROR ? tern_error_code_to_name (error->code) : "Failed";

  g_hash_table_add (self->spent, g_strdup (uuid));
  if (item == NULL)
    return;
  item->state = TERN_ITEM_LEFT;
  g_ptr_array_set_size (item->reasons, 0);
  g_ptr_array_add (item->reasons, tern_item_reason_new (code, error->message, NULL));
}

static void
count_refusal (TernDrainRun *self, const char *uuid, const GError *error)
{
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (self->refused, uuid)) + 1;

  tern_log (G_LOG_LEVEL_INFO, NULL, NULL, "Task %" G_GUINT64_FORMAT ": an order was not taken: %s",
            tern_task_get_id (self->task), error->message);
  /* The store is to blame, and not the VM. */
  if (g_error_matches (error, TERN_ERROR, TERN_ERROR_STORE))
    return;
  g_hash_table_replace (self->refused, g_strdup (uuid), GUINT_TO_POINTER (n));
  if (n >= MAX_REFUSALS)
    leave (self, uuid, error);
}

typedef struct
{
  TernDrainRun *run;
  char *vm_uuid;
} Ordered;

/* @error: (nullable) */
static void
end_order (Ordered *ordered, const GError *error)
{
  g_autoptr (TernDrainRun) self = ordered->run;

  self->ordering--;
  if (self->stage != TERN_DRAIN_CLOSED && error != NULL)
    count_refusal (self, ordered->vm_uuid, error);
  if (self->stage != TERN_DRAIN_CLOSED && self->ordering == 0)
    {
      tern_drain_run_look_late (self);
      if (error == NULL)
        tern_drain_run_look_soon (self);
    }
  g_free (ordered->vm_uuid);
  g_free (ordered);
}

static void
on_ordered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks =
      tern_migrator_order_finish (TERN_MIGRATOR (source), result, NULL, &error);

  (void) tasks;
  end_order (data, error);
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernTask) task = tern_migrator_start_finish (TERN_MIGRATOR (source), result, &error);

  (void) task;
  end_order (data, error);
}

static void
order_move (TernDrainRun *self, const TernDrainAct *act, Ordered *ordered)
{
  const TernTaskRecord *record = tern_drain_run_get_record (self);
  char *vms[] = { act->vm_uuid, NULL }, *sources[] = { act->from, NULL };
  TernMoveOptions options = record->options;
  gboolean back = g_str_equal (act->kind, "start") && act->to != NULL
                  && tern_drain_has_host (record->drain, act->to);
  TernOrder order = {
    .act = g_str_equal (act->kind, "migrate") ? TERN_ACT_MOVE : TERN_ACT_START,
    .away = g_str_equal (act->kind, "relocate"),
    .vms = vms,
    .sources = sources,
    .destination = back ? act->to : NULL,
    .preferred = act->to,
    .parent = record->id,
    .uid = record->started_by_uid,
    .options = &options,
  };

  tern_migrator_order_async (self->parts.migrator, &order, on_ordered, ordered);
}

static void
order_act (TernDrainRun *self, const TernDrainAct *act)
{
  const TernTaskRecord *record = tern_drain_run_get_record (self);
  Ordered *ordered = g_new0 (Ordered, 1);

  ordered->run = g_object_ref (self);
  ordered->vm_uuid = g_strdup (act->vm_uuid);
  self->ordering++;
  if (g_str_equal (act->kind, "shutdown"))
    tern_migrator_shutdown_async (self->parts.migrator, act->vm_uuid, act->from, record->id,
                                  record->started_by_uid, on_asked, ordered);
  else
    order_move (self, act, ordered);
}

static void
order_step (TernDrainRun *self)
{
  g_autoptr (TernDrainStep) step = g_steal_pointer (&self->step);

  if (self->stage != TERN_DRAIN_OPEN)
    return;
  /* It took long to store that, or somebody said so meanwhile. What is decided after a cancel is to
   * be done: who was shut down on the way is started. */
  if (tern_drain_run_get_record (self)->cancel_requested != self->decided_cancelled
      || tern_clock_now_us (self->parts.clock) - self->decided_us >= DECISION_HOLDS_US)
    {
      tern_drain_run_look_soon (self);
      return;
    }
  self->ordering++;
  for (guint i = 0; i < step->acts->len; i++)
    order_act (self, step->acts->pdata[i]);
  if (--self->ordering == 0)
    tern_drain_run_look_late (self);
}

/* The store */

static gboolean
on_save_again (gpointer data)
{
  TernDrainRun *self = data;

  self->again_timer = 0;
  tern_drain_run_save (self);
  return G_SOURCE_REMOVE;
}

/* The daemon may die at any moment, and what was shown never falls. */
static void
show_progress (TernDrainRun *self)
{
  TernTaskRecord *record = tern_task_edit (self->task);

  if (self->saving <= record->progress)
    return;
  record->progress = self->saving;
  tern_task_tell (self->task);
}

static void
on_saved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernDrainRun) self = data;
  g_autoptr (GError) error = NULL;
  gboolean stored = tern_store_write_finish (TERN_STORE (source), result, &error);

  self->writing = FALSE;
  if (self->stage != TERN_DRAIN_OPEN && self->stage != TERN_DRAIN_BEGINNING)
    return;
  if (!stored)
    {
      if (!self->complained)
        tern_log (G_LOG_LEVEL_WARNING, TERN_MSG_STORE_FAILED, NULL,
                  "Task %" G_GUINT64_FORMAT " cannot be stored; trying again until it can: %s",
                  tern_task_get_id (self->task), error->message);
      self->complained = self->unsaved = TRUE;
      tern_clock_clear_timer (self->parts.clock, &self->again_timer);
      self->again_timer =
          tern_clock_add_timer (self->parts.clock, STORE_AGAIN_US, on_save_again, self);
      return;
    }
  self->complained = FALSE;
  show_progress (self);
  if (self->unsaved)
    tern_drain_run_save (self);
  else if (self->step != NULL)
    order_step (self);
}

void
tern_drain_run_save (TernDrainRun *self)
{
  g_autoptr (TernTaskRecord) record = NULL;

  self->unsaved = TRUE;
  if (self->writing || self->again_timer != 0)
    return;
  self->writing = TRUE;
  self->unsaved = FALSE;
  self->saved_us = tern_clock_now_us (self->parts.clock);
  record = tern_task_record_copy (tern_drain_run_get_record (self));
  record->progress = self->saving = MAX (record->progress, self->progress);
  /* Nothing is new in it before the end. */
  g_clear_pointer (&record->trace, tern_trace_free);
  tern_store_put_task_async (self->parts.store, record, on_saved, g_object_ref (self));
}

/* Steps */

static gboolean
are_reasons_equal (const GPtrArray *a, const GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    {
      const TernItemReason *x = a->pdata[i], *y = b->pdata[i];

      if (g_strcmp0 (x->code, y->code) != 0 || g_strcmp0 (x->sentence, y->sentence) != 0
          || g_strcmp0 (x->remedy, y->remedy) != 0)
        return FALSE;
    }
  return TRUE;
}

static gboolean
are_alike (const TernDrainItem *a, const TernDrainItem *b)
{
  return g_str_equal (a->vm_uuid, b->vm_uuid) && a->state == b->state && a->action == b->action
         && a->for_room == b->for_room && a->task_id == b->task_id && a->attempts == b->attempts
         && g_strcmp0 (a->host, b->host) == 0 && g_strcmp0 (a->destination, b->destination) == 0;
}

/* Times that are expected are numbers: they change with every look. */
static gboolean
are_items_alike (const GPtrArray *a, const GPtrArray *b)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    {
      const TernDrainItem *x = a->pdata[i], *y = b->pdata[i];

      if (!are_alike (x, y) || !are_reasons_equal (x->reasons, y->reasons))
        return FALSE;
    }
  return TRUE;
}

static void
add_room_move (TernDrain *drain, const char *uuid)
{
  guint n = drain->room_moves != NULL ? g_strv_length (drain->room_moves) : 0;

  if (n > 0 && g_strv_contains ((const char *const *) drain->room_moves, uuid))
    return;
  drain->room_moves = g_renew (char *, drain->room_moves, n + 2);
  drain->room_moves[n] = g_strdup (uuid);
  drain->room_moves[n + 1] = NULL;
}

/* Returns: whether more than numbers is new */
static gboolean
show_step (TernDrainRun *self, TernDrainStep *step)
{
  TernTaskRecord *record = tern_task_edit (self->task);
  TernDrain *drain = record->drain;
  gboolean is_new = !are_items_alike (drain->items, step->items);

  g_ptr_array_unref (drain->items);
  drain->items = g_ptr_array_ref (step->items);
  for (guint i = 0; i < step->acts->len; i++)
    {
      const TernDrainAct *act = step->acts->pdata[i];

      if (act->for_room)
        add_room_move (drain, act->vm_uuid);
    }
  /* What appears on the host later is more to be moved: it does not take back what was shown. */
  self->progress = MAX (record->progress, MIN (step->progress, 99));
  if (g_strcmp0 (record->note, step->sentence) != 0)
    {
      g_free (record->note);
      record->note = g_strdup (step->sentence);
    }
  tern_task_tell (self->task);
  return is_new;
}

void
tern_drain_run_take_step (TernDrainRun *self, TernDrainStep *step)
{
  gint64 since_us = tern_clock_now_us (self->parts.clock) - self->saved_us;
  gboolean is_new = show_step (self, step);

  if (step->over)
    {
      tern_drain_run_end (self, step);
      tern_drain_step_free (step);
      return;
    }
  self->decided_us = tern_clock_now_us (self->parts.clock);
  self->decided_cancelled = tern_drain_run_get_record (self)->cancel_requested;
  if (step->acts->len > 0)
    self->step = step;
  if (is_new || step->acts->len > 0
      || (self->progress > tern_drain_run_get_record (self)->progress && since_us >= SAVE_EVERY_US))
    tern_drain_run_save (self);
  if (step->acts->len == 0)
    tern_drain_step_free (step);
}
