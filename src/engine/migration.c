/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One move: the loop of event -> table -> store -> act.
 *
 * While a phase is being written, events wait in line. When the store cannot
 * write (full disk), what matters is whether the next step is an act: a call
 * that is not in the journal is not made; what is only looked at goes on, and
 * writing is tried again until it works.
 */
#include "config.h"

#include "engine/migration.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "engine/task-private.h"

#define STORE_AGAIN_US (5 * G_USEC_PER_SEC)
#define MAX_NAME_SHOWN 60
#define RESTARTED_TOO_EARLY                                                                        \
  "virternd was restarted before anything was started; order the move again"

enum
{
  PHASE_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_TYPE (TernMigration, tern_migration, G_TYPE_OBJECT)

static void take_events (TernMigration *self);
static void store_phase (TernMigration *self);
static void on_written_late (GObject *source, GAsyncResult *result, gpointer data);

static const TernTaskRecord *
get_record (TernMigration *self)
{
  return tern_task_get_record (self->task);
}

TernTask *
tern_migration_get_task (TernMigration *self)
{
  return self->task;
}

TernHypervisor *
tern_migration_port (TernMigration *self, const char *host, GError **error)
{
  TernHypervisor *port = tern_inventory_find_hypervisor (self->inventory, host);

  if (port == NULL)
    g_set_error (error, TERN_ERROR, TERN_ERROR_UNREACHABLE, "%s is not a host of ours any more",
                 host);
  return port;
}

void
tern_migration_set_error (TernMigration *self, const GError *error)
{
  if (self->call_error == NULL)
    self->call_error = g_error_copy (error);
}

/* The sentence of an end that is not "done". */
static void
describe_end (TernMigration *self, TernTaskRecord *record)
{
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);
  const char *why = self->call_error != NULL ? self->call_error->message : record->verdict;
  TernError code = TERN_ERROR_FAILED;

  g_clear_pointer (&record->error, g_free);
  g_clear_pointer (&record->error_name, g_free);
  switch (record->phase)
    {
    case TERN_PHASE_FAILED:
      if (self->call_error != NULL && self->call_error->domain == TERN_ERROR)
        code = self->call_error->code;
      record->error =
          g_strdup_printf ("Moving %s from %s to %s: %s", vm, record->source, record->destination,
                           why != NULL ? why : RESTARTED_TOO_EARLY);
      break;
    case TERN_PHASE_CANCELLED:
      code = TERN_ERROR_CANCELLED;
      record->error = g_strdup_printf ("Moving %s from %s to %s was cancelled", vm, record->source,
                                       record->destination);
      break;
    case TERN_PHASE_ATTENTION:
      code = TERN_ERROR_ATTENTION;
      record->error =
          g_strdup_printf ("Moving %s from %s to %s: %s%s%s", vm, record->source,
                           record->destination, record->verdict != NULL ? record->verdict : "",
                           self->call_error != NULL ? "; libvirt had said: " : "",
                           self->call_error != NULL ? why : "");
      break;
    default:
      return;
    }
  record->error_name = g_strdup (tern_error_code_to_name (code));
}

static void
describe_phase (TernMigration *self, TernTaskRecord *record)
{
  gint64 now_us = tern_clock_wall_us (self->clock);

  if (record->phase == TERN_PHASE_CHECKING && record->started_us == 0)
    record->started_us = now_us;
  if (record->phase == TERN_PHASE_PREPARING)
    record->attempt++;
  if (!tern_task_phase_is_final (record->phase))
    {
      /* Out of attention: what was said then does not hold any more. */
      record->finished_us = 0;
      g_clear_pointer (&record->error, g_free);
      g_clear_pointer (&record->error_name, g_free);
      return;
    }

  record->finished_us = now_us;
  record->rate_bps = 0;
  record->dirty_bps = 0;
  record->remaining = 0;
  if (record->phase == TERN_PHASE_DONE)
    record->progress = 100;
  describe_end (self, record);
}

static void
log_phase (TernMigration *self)
{
  const TernTaskRecord *record = get_record (self);
  gboolean ended = tern_task_phase_is_final (record->phase);
  gboolean attention = record->phase == TERN_PHASE_ATTENTION;
  g_autofree char *id = g_strdup_printf ("%" G_GUINT64_FORMAT, record->id);
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);
  const char *const *fields =
      TERN_FIELDS (TERN_LOG_TASK, id, TERN_LOG_VM, vm, TERN_LOG_VM_UUID, record->vm_uuid,
                   TERN_LOG_SOURCE, record->source, TERN_LOG_DEST, record->destination,
                   TERN_LOG_STATE, tern_task_phase_to_string (record->phase));

  tern_log (attention ? G_LOG_LEVEL_WARNING
            : ended   ? G_LOG_LEVEL_MESSAGE
                      : G_LOG_LEVEL_INFO,
            attention ? TERN_MSG_ATTENTION
            : ended   ? TERN_MSG_TASK_ENDED
                      : TERN_MSG_TASK_STATE,
            fields, "Task %s: moving %s from %s to %s: %s%s%s", id, vm, record->source,
            record->destination, tern_task_phase_to_string (record->phase),
            record->error != NULL ? ": " : "", record->error != NULL ? record->error : "");
}

static void
start_action (TernMigration *self, TernTaskAction action)
{
  switch (action)
    {
    case TERN_ACTION_CHECK:
      tern_migration_check (self);
      break;
    case TERN_ACTION_MIGRATE:
      tern_migration_call (self);
      break;
    case TERN_ACTION_ABORT:
      tern_migration_abort (self);
      break;
    case TERN_ACTION_FOLLOW:
      tern_migration_watch_start (self);
      break;
    case TERN_ACTION_INSPECT:
      tern_migration_watch_stop (self);
      tern_migration_inspect (self);
      break;
    case TERN_ACTION_INSPECT_LATER:
      tern_migration_inspect_later (self);
      break;
    case TERN_ACTION_RESUME:
      tern_migration_resume (self);
      break;
    case TERN_ACTION_DISCARD:
      tern_migration_discard (self);
      break;
    case TERN_ACTION_REPORT:
      tern_migration_watch_stop (self);
      break;
    default:
      break;
    }
}

/* The new phase is stored, or may go on without: make it the truth, then act. */
static void
enter_phase (TernMigration *self)
{
  g_autoptr (TernMigration) alive = g_object_ref (self);
  TernTaskPhase before = get_record (self)->phase;
  TernTaskRecord *record = g_steal_pointer (&self->storing);

  /* Numbers went on changing while it was written. */
  if (!tern_task_phase_is_final (record->phase))
    {
      const TernTaskRecord *now = get_record (self);

      g_free (record->verdict);
      record->verdict = g_strdup (now->verdict);
      record->downtime_us = now->downtime_us;
      record->progress = MAX (record->progress, now->progress);
      record->iteration = now->iteration;
      record->memory_total = now->memory_total;
      record->memory_processed = now->memory_processed;
      record->rate_bps = now->rate_bps;
      record->remaining = now->remaining;
      record->dirty_bps = now->dirty_bps;
    }
  record->cancel_requested |= get_record (self)->cancel_requested;
  tern_task_replace (self->task, record);
  if (record->phase != before)
    log_phase (self);
  g_signal_emit (self, signals[PHASE_CHANGED], 0);
  if (!self->closed)
    start_action (self, self->next_action);
  if (!self->closed)
    take_events (self);
}

/*
 * May the new phase be told and its action be started although the journal does not know of it?
 * Not the repairs; and not the end of a task that waits in line: a restart would find it
 * waiting, and move a VM whose move was told to be cancelled.
 */
static gboolean
is_harmless (TernMigration *self)
{
  if (get_record (self)->phase == TERN_PHASE_QUEUED)
    return FALSE;
  return self->next_action != TERN_ACTION_RESUME && self->next_action != TERN_ACTION_DISCARD;
}

static gboolean
on_store_again (gpointer data)
{
  TernMigration *self = data;

  self->store_timer = 0;
  if (self->storing != NULL)
    store_phase (self);
  else
    tern_store_put_task_async (self->store, get_record (self), on_written_late,
                               g_object_ref (self));
  return G_SOURCE_REMOVE;
}

static void
store_again_later (TernMigration *self)
{
  tern_clock_clear_timer (self->clock, &self->store_timer);
  self->store_timer = tern_clock_add_timer (self->clock, STORE_AGAIN_US, on_store_again, self);
}

/* What is seen already was not written: it is written as soon as the store can. */
static void
on_written_late (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;

  self->unsaved = !tern_store_write_finish (TERN_STORE (source), result, &error);
  if (self->closed)
    return;
  if (self->unsaved && self->storing == NULL)
    store_again_later (self);
  else if (!self->unsaved)
    g_signal_emit (self, signals[PHASE_CHANGED], 0);
}

/* A call that cannot be written down is not made: the task ends, and nothing was done. */
static void
give_up_unstored (TernMigration *self, const GError *error)
{
  g_autoptr (GError) why = g_error_new (TERN_ERROR, TERN_ERROR_STORE,
                                        "nothing was started, because the task could not be "
                                        "stored: %s",
                                        error->message);

  tern_migration_set_error (self, why);
  self->storing->phase = TERN_PHASE_FAILED;
  self->storing->attempt--;
  describe_phase (self, self->storing);
  self->next_action = TERN_ACTION_REPORT;
  self->unsaved = TRUE;
  store_again_later (self);
  enter_phase (self);
}

static void
on_phase_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigration) self = data;
  g_autoptr (GError) error = NULL;
  gboolean stored = tern_store_write_finish (TERN_STORE (source), result, &error);

  if (self->closed || self->storing == NULL)
    return;
  if (stored)
    {
      self->unsaved = FALSE;
      self->store_failed = FALSE;
      enter_phase (self);
      return;
    }

  /* Once: it is tried again every few seconds, and the disk may be full of logs. */
  if (!self->store_failed)
    tern_log (G_LOG_LEVEL_WARNING, TERN_MSG_STORE_FAILED, NULL,
              "Task %" G_GUINT64_FORMAT " cannot be stored; trying again until it can: %s",
              self->storing->id, error->message);
  self->store_failed = TRUE;
  if (self->next_action == TERN_ACTION_MIGRATE)
    give_up_unstored (self, error);
  else if (is_harmless (self))
    {
      self->unsaved = TRUE;
      store_again_later (self);
      enter_phase (self);
    }
  else
    store_again_later (self);
}

/* One write at a time: the answer to another would be taken for the answer to this one. */
static void
store_phase (TernMigration *self)
{
  tern_clock_clear_timer (self->clock, &self->store_timer);
  tern_store_put_task_async (self->store, self->storing, on_phase_stored, g_object_ref (self));
}

static gboolean
take_event (TernMigration *self, TernTaskEvent event)
{
  const TernTaskRecord *record = get_record (self);
  TernTaskStep step = tern_task_fsm_next (record->phase, event);

  tern_log (G_LOG_LEVEL_DEBUG, NULL, NULL, "Task %" G_GUINT64_FORMAT ": %s, %s%s", record->id,
            tern_task_phase_to_string (record->phase), tern_task_event_to_string (event),
            step.accepted ? "" : " (means nothing here)");
  if (!step.accepted)
    return FALSE;
  if (step.phase == record->phase && event != TERN_EVENT_CANCEL)
    {
      start_action (self, step.action);
      return FALSE;
    }

  self->storing = tern_task_record_copy (record);
  self->storing->phase = step.phase;
  self->next_action = step.action;
  describe_phase (self, self->storing);
  store_phase (self);
  return TRUE;
}

static void
take_events (TernMigration *self)
{
  while (self->storing == NULL && self->events->len > 0)
    {
      TernTaskEvent event = g_array_index (self->events, TernTaskEvent, 0);

      g_array_remove_index (self->events, 0);
      if (take_event (self, event))
        return;
    }
}

void
tern_migration_feed (TernMigration *self, TernTaskEvent event)
{
  g_autoptr (TernMigration) alive = NULL;

  g_return_if_fail (TERN_IS_MIGRATION (self));

  if (self->closed)
    return;
  alive = g_object_ref (self);
  g_array_append_val (self->events, event);
  take_events (self);
}

void
tern_migration_cancel (TernMigration *self)
{
  tern_task_edit (self->task)->cancel_requested = TRUE;
  if (self->storing != NULL)
    self->storing->cancel_requested = TRUE;
  tern_task_tell (self->task);
  tern_migration_feed (self, TERN_EVENT_CANCEL);
}

void
tern_migration_dismiss (TernMigration *self, const char *host)
{
  g_autofree char *vm = tern_text_visible (get_record (self)->vm_name, MAX_NAME_SHOWN);

  if (get_record (self)->phase != TERN_PHASE_ATTENTION)
    return;
  g_clear_error (&self->call_error);
  self->call_error = g_error_new (
      TERN_ERROR, TERN_ERROR_FAILED,
      "%s was removed while it was not known whether %s runs there; nobody looked since: make "
      "sure that it does not",
      host, vm);
  tern_migration_feed (self, TERN_EVENT_DISMISSED);
}

TernTaskPhase
tern_migration_peek_phase (TernMigration *self)
{
  return self->storing != NULL ? self->storing->phase : get_record (self)->phase;
}

void
tern_migration_close (TernMigration *self)
{
  if (self->closed)
    return;
  tern_migration_watch_stop (self);
  self->closed = TRUE;
  g_cancellable_cancel (self->cancellable);
  tern_clock_clear_timer (self->clock, &self->store_timer);
  tern_clock_clear_timer (self->clock, &self->verify_timer);
}

static void
tern_migration_init (TernMigration *self)
{
  self->cancellable = g_cancellable_new ();
  self->events = g_array_new (FALSE, FALSE, sizeof (TernTaskEvent));
  self->progress = (TernProgress) TERN_PROGRESS_INIT;
}

static void
tern_migration_dispose (GObject *object)
{
  TernMigration *self = TERN_MIGRATION (object);

  if (self->clock != NULL)
    tern_migration_close (self);
  g_clear_object (&self->task);
  g_clear_object (&self->inventory);
  g_clear_object (&self->store);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (tern_migration_parent_class)->dispose (object);
}

static void
tern_migration_finalize (GObject *object)
{
  TernMigration *self = TERN_MIGRATION (object);

  g_clear_object (&self->cancellable);
  g_array_unref (self->events);
  tern_task_record_free (self->storing);
  g_clear_error (&self->call_error);
  G_OBJECT_CLASS (tern_migration_parent_class)->finalize (object);
}

static void
tern_migration_class_init (TernMigrationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = tern_migration_dispose;
  object_class->finalize = tern_migration_finalize;
  signals[PHASE_CHANGED] = g_signal_new ("phase-changed", TERN_TYPE_MIGRATION, G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 0);
}

TernMigration *
tern_migration_new (TernClock *clock, TernStore *store, TernInventory *inventory, TernTask *task)
{
  TernMigration *self = g_object_new (TERN_TYPE_MIGRATION, NULL);

  self->clock = g_object_ref (clock);
  self->store = g_object_ref (store);
  self->inventory = g_object_ref (inventory);
  self->task = g_object_ref (task);
  self->progress.percent = tern_task_get_record (task)->progress;
  return self;
}
