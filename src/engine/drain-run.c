/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One open drain or return. It has no states of its own to speak of: whenever something changed, it
 * looks at everything, and tern_drain_next() says what follows. So what must be right here is only
 * that it looks soon, not too often, and once more in any case; and that nothing is decided while
 * the last decision is still being carried out.
 *
 *   beginning (duty of the hosts) -> open (look, store, order) -> ending (duty, store, tell)
 */
#include "config.h"

#include "engine/drain-run-private.h"

#include "engine/task-private.h"

/* News come in crowds. */
#define SOON_US (G_USEC_PER_SEC / 10)
/* A look at a large cluster takes a moment: figures alone are no reason for one. */
#define LATE_US (5 * G_USEC_PER_SEC)
/* Whatever happens, or does not. */
#define AT_LATEST_US (30 * G_USEC_PER_SEC)
/* For hosts that are being connected to, before the first look. */
#define CONNECT_US (120 * G_USEC_PER_SEC)

enum
{
  OVER,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_TYPE (TernDrainRun, tern_drain_run, G_TYPE_OBJECT)

TernTask *
tern_drain_run_get_task (TernDrainRun *self)
{
  return self->task;
}

const TernTaskRecord *
tern_drain_run_get_record (TernDrainRun *self)
{
  return tern_task_get_record (self->task);
}

const TernDrain *
tern_drain_run_get_drain (TernDrainRun *self)
{
  return tern_task_get_record (self->task)->drain;
}

void
tern_drain_run_emit_over (TernDrainRun *self)
{
  g_signal_emit (self, signals[OVER], 0);
}

/* Looking */

static gboolean
is_return (const TernTaskRecord *record)
{
  return g_str_equal (record->kind, "return");
}

/* After the daemon began, a host that was not seen yet is neither empty nor gone. */
static gboolean
is_connecting (TernDrainRun *self)
{
  g_autoptr (GPtrArray) hosts = tern_inventory_get_hosts (self->parts.inventory);

  for (guint i = 0; i < hosts->len; i++)
    if (((const TernHost *) hosts->pdata[i])->state == TERN_HOST_CONNECTING)
      return TRUE;
  return FALSE;
}

static void
show_note (TernDrainRun *self, const char *note)
{
  TernTaskRecord *record = tern_task_edit (self->task);

  if (g_strcmp0 (record->note, note) == 0)
    return;
  g_free (record->note);
  record->note = g_strdup (note);
  tern_task_tell (self->task);
}

/* Returns: whether it is not its turn to look */
static gboolean
must_wait (TernDrainRun *self)
{
  g_autofree char *why = NULL;

  if (tern_clock_wall_us (self->parts.clock) < self->since_us)
    self->since_us = tern_clock_wall_us (self->parts.clock);
  if (is_connecting (self) && tern_clock_wall_us (self->parts.clock) - self->since_us < CONNECT_US)
    return TRUE;
  if (self->waited)
    return FALSE;
  why = self->owner.wait (tern_drain_run_get_record (self), self->owner.data);
  self->waited = why == NULL;
  if (why != NULL)
    show_note (self, why);
  return why != NULL;
}

/* Returns: (transfer container): of records that are valid until the main loop runs again */
static GPtrArray *
list_children (TernDrainRun *self)
{
  GPtrArray *records = g_ptr_array_new ();

  for (guint i = 0; i < self->children->len; i++)
    g_ptr_array_add (records, (gpointer) tern_task_get_record (self->children->pdata[i]));
  return records;
}

static TernDrainStep *
decide (TernDrainRun *self)
{
  const TernTaskRecord *record = tern_drain_run_get_record (self);
  GPtrArray *origins =
      is_return (record) ? self->owner.origins (record->drain, self->owner.data) : NULL;
  g_autoptr (TernDrainView) view =
      tern_drain_view_new (&self->parts, record->drain, origins, self->spent);
  g_autoptr (GPtrArray) children = list_children (self);
  TernDrainLook look = {
    .question = view->question,
    .children = children,
    .cancelled = record->cancel_requested,
    .since_us = self->since_us,
  };

  return tern_drain_next (&look);
}

static gboolean on_look (gpointer data);

static void
look_at (TernDrainRun *self, gint64 at_us)
{
  gint64 now_us = tern_clock_now_us (self->parts.clock);

  if (self->stage != TERN_DRAIN_OPEN)
    return;
  if (self->look_timer != 0 && self->look_at_us <= at_us)
    return;
  tern_clock_clear_timer (self->parts.clock, &self->look_timer);
  self->look_at_us = at_us;
  self->look_timer =
      tern_clock_add_timer (self->parts.clock, MAX (at_us - now_us, 0), on_look, self);
}

void
tern_drain_run_look_soon (TernDrainRun *self)
{
  g_return_if_fail (TERN_IS_DRAIN_RUN (self));
  look_at (self, tern_clock_now_us (self->parts.clock) + SOON_US);
}

void
tern_drain_run_look_late (TernDrainRun *self)
{
  g_return_if_fail (TERN_IS_DRAIN_RUN (self));
  look_at (self, MAX (tern_clock_now_us (self->parts.clock) + SOON_US, self->looked_us + LATE_US));
}

static gint64
find_next_look (TernDrainRun *self, gint64 wait_us)
{
  gint64 deadline_us = tern_drain_run_get_drain (self)->deadline_us;
  gint64 left_us = deadline_us - tern_clock_wall_us (self->parts.clock);
  gint64 delay_us = AT_LATEST_US;

  if (wait_us > 0)
    delay_us = MIN (delay_us, MAX (wait_us, SOON_US));
  if (deadline_us > 0 && left_us > 0)
    delay_us = MIN (delay_us, left_us);
  return tern_clock_now_us (self->parts.clock) + delay_us;
}

/* A guest that was asked to shut down goes down, whether that is waited for or not; and one that is
 * down is started again. */
static gboolean
must_go_on (const TernTaskRecord *child)
{
  return g_str_equal (child->kind, "start")
         || (g_str_equal (child->kind, "shutdown") && child->phase == TERN_PHASE_SHUTTING_DOWN);
}

/* What stands in line was not begun, and is not to be. */
static void
cancel_children (TernDrainRun *self, gboolean all)
{
  /* None is taken away, and new ones come at the end. */
  for (guint i = 0; i < self->children->len; i++)
    {
      TernTask *child = self->children->pdata[i];
      const TernTaskRecord *record = tern_task_get_record (child);

      if (tern_task_phase_is_final (record->phase) || record->cancel_requested
          || must_go_on (record) || (!all && record->phase != TERN_PHASE_QUEUED))
        continue;
      (void) tern_migrator_cancel (self->parts.migrator, child, NULL);
    }
}

static void
stop_what_shall_stop (TernDrainRun *self)
{
  const TernTaskRecord *record = tern_drain_run_get_record (self);
  const TernDrain *drain = record->drain;
  gboolean late =
      drain->deadline_us > 0 && tern_clock_wall_us (self->parts.clock) >= drain->deadline_us;

  if (record->cancel_requested)
    cancel_children (self, drain->abort);
  else if (late)
    cancel_children (self, FALSE);
}

/* Returns: whether a move of that VM was begun, or may yet be */
static gboolean
was_made (TernDrainRun *self, const char *uuid)
{
  for (guint i = 0; i < self->children->len; i++)
    {
      const TernTaskRecord *child = tern_task_get_record (self->children->pdata[i]);

      if (g_str_equal (child->vm_uuid, uuid) && !tern_drain_was_interrupted (child))
        return TRUE;
    }
  return FALSE;
}

/* What was written and then not ordered or not begun, because the daemon died or the order was not
 * taken, makes room yet. */
static void
forget_unmade_room (TernDrainRun *self)
{
  TernDrain *drain = tern_task_edit (self->task)->drain;
  g_autoptr (GStrvBuilder) made = g_strv_builder_new ();

  for (guint i = 0; drain->room_moves != NULL && drain->room_moves[i] != NULL; i++)
    if (was_made (self, drain->room_moves[i]))
      g_strv_builder_add (made, drain->room_moves[i]);
  g_strfreev (drain->room_moves);
  drain->room_moves = g_strv_builder_end (made);
}

static void
look (TernDrainRun *self)
{
  gint64 wait_us;
  TernDrainStep *step;

  /* Whoever is busy looks again when that is over. */
  if (self->stage != TERN_DRAIN_OPEN || self->refreshing > 0 || tern_drain_run_is_busy (self))
    return;
  if (must_wait (self))
    {
      look_at (self, tern_clock_now_us (self->parts.clock) + G_USEC_PER_SEC);
      return;
    }
  stop_what_shall_stop (self);
  forget_unmade_room (self);
  self->looked_us = tern_clock_now_us (self->parts.clock);
  step = decide (self);
  wait_us = step->wait_us;
  look_at (self, find_next_look (self, wait_us));
  tern_drain_run_take_step (self, step);
}

static gboolean
on_look (gpointer data)
{
  g_autoptr (TernDrainRun) self = g_object_ref (data);

  self->look_timer = 0;
  look (self);
  return G_SOURCE_REMOVE;
}

/* Children */

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernDrainRun) self = data;

  (void) tern_inventory_refresh_finish (TERN_INVENTORY (source), result, NULL);
  self->refreshing--;
  tern_drain_run_look_soon (self);
}

/* What a VM took there is free, or taken, only when the host shows it: without that, room that was
 * made would be looked for in vain. */
static void
refresh_host (TernDrainRun *self, const char *host)
{
  if (host[0] == '\0')
    return;
  self->refreshing++;
  tern_inventory_refresh_facts_async (self->parts.inventory, host, on_refreshed,
                                      g_object_ref (self));
}

static void
on_child_changed (TernTask *child, gboolean urgent, TernDrainRun *self)
{
  const TernTaskRecord *record = tern_task_get_record (child);

  if (!urgent)
    {
      /* What it waits for is told of the whole, too. */
      if (record->phase == TERN_PHASE_VERIFYING)
        tern_drain_run_look_late (self);
      return;
    }
  if (tern_task_is_ended (child) && self->stage == TERN_DRAIN_OPEN)
    {
      refresh_host (self, record->source);
      if (!g_str_equal (record->source, record->destination))
        refresh_host (self, record->destination);
    }
  tern_drain_run_look_soon (self);
}

static void
add_child (TernDrainRun *self, TernTask *child)
{
  g_signal_connect_object (child, "changed", G_CALLBACK (on_child_changed), self, 0);
  g_ptr_array_add (self->children, g_object_ref (child));
}

static gboolean
has_child (TernDrainRun *self, guint64 id)
{
  for (guint i = 0; i < self->children->len; i++)
    if (tern_task_get_id (self->children->pdata[i]) == id)
      return TRUE;
  return FALSE;
}

static void
on_task_added (TernTaskList *list, TernTask *task, TernDrainRun *self)
{
  const TernTaskRecord *record = tern_task_get_record (task);

  (void) list;
  if (record->parent != tern_task_get_id (self->task) || has_child (self, record->id))
    return;
  add_child (self, task);
  tern_drain_run_look_soon (self);
}

static int
compare_children (gconstpointer a, gconstpointer b)
{
  guint64 x = tern_task_get_id (*(TernTask *const *) a);
  guint64 y = tern_task_get_id (*(TernTask *const *) b);

  return x < y ? -1 : x > y;
}

/* @ended: (nullable): as the store has them */
static void
collect_children (TernDrainRun *self, const GPtrArray *ended)
{
  g_autoptr (GPtrArray) tasks = tern_task_list_get_all (self->parts.tasks);

  for (guint i = 0; i < tasks->len; i++)
    on_task_added (self->parts.tasks, tasks->pdata[i], self);
  for (guint i = 0; ended != NULL && i < ended->len; i++)
    {
      const TernTaskRecord *record = ended->pdata[i];

      if (tern_task_phase_is_final (record->phase) && record->phase != TERN_PHASE_ATTENTION
          && !has_child (self, record->id))
        g_ptr_array_add (self->children, tern_task_new (tern_task_record_copy (record)));
    }
  g_ptr_array_sort (self->children, compare_children);
}

/* Life */

void
tern_drain_run_opened (TernDrainRun *self)
{
  self->stage = TERN_DRAIN_OPEN;
  look_at (self, tern_clock_now_us (self->parts.clock));
}

gboolean
tern_drain_run_cancel (TernDrainRun *self, gboolean abort)
{
  TernTaskRecord *record;

  g_return_val_if_fail (TERN_IS_DRAIN_RUN (self), FALSE);

  if (self->stage == TERN_DRAIN_ENDING || self->stage == TERN_DRAIN_CLOSED)
    return FALSE;
  record = tern_task_edit (self->task);
  record->cancel_requested = TRUE;
  record->drain->abort |= abort;
  tern_task_tell (self->task);
  tern_drain_run_save (self);
  stop_what_shall_stop (self);
  tern_drain_run_look_soon (self);
  return TRUE;
}

void
tern_drain_run_close (TernDrainRun *self)
{
  if (self->stage == TERN_DRAIN_CLOSED)
    return;
  self->stage = TERN_DRAIN_CLOSED;
  tern_clock_clear_timer (self->parts.clock, &self->look_timer);
  tern_clock_clear_timer (self->parts.clock, &self->again_timer);
  g_signal_handlers_disconnect_by_data (self->parts.tasks, self);
  for (guint i = 0; i < self->children->len; i++)
    g_signal_handlers_disconnect_by_data (self->children->pdata[i], self);
  if (self->beginning != NULL)
    g_task_return_boolean (self->beginning, FALSE);
  g_clear_object (&self->beginning);
}

static void
tern_drain_run_init (TernDrainRun *self)
{
  self->children = g_ptr_array_new_with_free_func (g_object_unref);
  self->refused = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->spent = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

static void
tern_drain_run_dispose (GObject *object)
{
  TernDrainRun *self = TERN_DRAIN_RUN (object);

  if (self->parts.clock != NULL)
    tern_drain_run_close (self);
  g_clear_object (&self->task);
  g_clear_object (&self->parts.migrator);
  g_clear_object (&self->parts.assessor);
  g_clear_object (&self->parts.tasks);
  g_clear_object (&self->parts.inventory);
  g_clear_object (&self->parts.store);
  g_clear_object (&self->parts.clock);
  G_OBJECT_CLASS (tern_drain_run_parent_class)->dispose (object);
}

static void
tern_drain_run_finalize (GObject *object)
{
  TernDrainRun *self = TERN_DRAIN_RUN (object);

  g_ptr_array_unref (self->children);
  g_hash_table_unref (self->refused);
  g_hash_table_unref (self->spent);
  g_clear_pointer (&self->step, tern_drain_step_free);
  tern_task_record_free (self->final);
  G_OBJECT_CLASS (tern_drain_run_parent_class)->finalize (object);
}

static void
tern_drain_run_class_init (TernDrainRunClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = tern_drain_run_dispose;
  object_class->finalize = tern_drain_run_finalize;
  signals[OVER] = g_signal_new ("over", TERN_TYPE_DRAIN_RUN, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                G_TYPE_NONE, 0);
}

TernDrainRun *
tern_drain_run_new (const TernDrainParts *parts, const TernDrainOwner *owner, TernTask *task,
                    const GPtrArray *children)
{
  TernDrainRun *self = g_object_new (TERN_TYPE_DRAIN_RUN, NULL);

  self->parts = (TernDrainParts){
    .clock = g_object_ref (parts->clock),
    .store = g_object_ref (parts->store),
    .inventory = g_object_ref (parts->inventory),
    .tasks = g_object_ref (parts->tasks),
    .assessor = g_object_ref (parts->assessor),
    .migrator = g_object_ref (parts->migrator),
  };
  self->owner = *owner;
  self->task = g_object_ref (task);
  self->since_us = tern_clock_wall_us (parts->clock);
  collect_children (self, children);
  g_signal_connect_object (parts->tasks, "task-added", G_CALLBACK (on_task_added), self, 0);
  return self;
}
