/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One task under way: the loop of event -> table -> store -> act.
 *
 * While a phase is being written, events wait in line. When the store cannot
 * write (full disk), what matters is whether the next step is an act: a call
 * that is not in the journal is not made; what is only looked at goes on, and
 * writing is tried again until it works.
 */
#include "config.h"

#include "engine/run.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "engine/task-private.h"

#define STORE_AGAIN_US (5 * G_USEC_PER_SEC)
#define MAX_NAME_SHOWN 60

enum
{
  PHASE_CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_ABSTRACT_TYPE (TernRun, tern_run, G_TYPE_OBJECT)

static void take_events (TernRun *self);
static void store_phase (TernRun *self);
static void dismiss_if_host_is_gone (TernRun *self);
static void on_written_late (GObject *source, GAsyncResult *result, gpointer data);

const TernTaskRecord *
tern_run_get_record (TernRun *self)
{
  return tern_task_get_record (self->task);
}

TernTask *
tern_run_get_task (TernRun *self)
{
  return self->task;
}

TernHypervisor *
tern_run_port (TernRun *self, const char *host, GError **error)
{
  TernHypervisor *port = tern_inventory_find_hypervisor (self->inventory, host);

  if (port == NULL)
    g_set_error (error, TERN_ERROR, TERN_ERROR_UNREACHABLE, "%s is not a host of ours any more",
                 host);
  return port;
}

void
tern_run_set_error (TernRun *self, const GError *error)
{
  if (self->call_error == NULL)
    self->call_error = g_error_copy (error);
}

void
tern_run_refuse (TernRun *self, const GError *error)
{
  tern_run_set_error (self, error);
  tern_run_feed (self, TERN_EVENT_REFUSED);
}

void
tern_run_call_ended (TernRun *self, const GError *error)
{
  gboolean lost = g_error_matches (error, TERN_ERROR, TERN_ERROR_UNREACHABLE)
                  || g_error_matches (error, TERN_ERROR, TERN_ERROR_TIMED_OUT);

  if (self->closed || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  if (error != NULL)
    tern_run_set_error (self, error);
  self->answered = !lost;
  tern_run_feed (self, lost ? TERN_EVENT_LOST : TERN_EVENT_RETURNED);
}

void
tern_run_repair_ended (TernRun *self, const GError *error)
{
  if (self->closed)
    return;
  if (error != NULL)
    tern_log (G_LOG_LEVEL_WARNING, NULL, NULL, "Task %" G_GUINT64_FORMAT ": repair: %s",
              tern_run_get_record (self)->id, error->message);
  tern_run_feed (self, TERN_EVENT_REPAIRED);
}

/* "moving web from anna to bert" */
static char *
describe_task (const TernTaskRecord *record)
{
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);

  if (!tern_task_record_is_start (record))
    return g_strdup_printf ("moving %s from %s to %s", vm, record->source, record->destination);
  if (g_str_equal (record->source, record->destination))
    return g_strdup_printf ("starting %s on %s", vm, record->destination);
  return g_strdup_printf ("starting %s on %s (defined on %s)", vm, record->destination,
                          record->source);
}

/* What was or may have been taken out of the guest's drives must not be forgotten. */
static char *
describe_media (const TernTaskRecord *record)
{
  g_autofree char *joined = NULL;
  g_autofree char *media = NULL;

  if (record->ejected == NULL || record->ejected[0] == NULL)
    return g_strdup ("");
  joined = g_strjoinv (", ", record->ejected);
  media = tern_text_visible (joined, 0);
  return g_strdup_printf ("; before that its drives were emptied, or about to be: %s "
                          "(“virsh change-media” puts them back)",
                          media);
}

/* Why it did not work, for people. */
static char *
describe_failure (TernRun *self, const TernTaskRecord *record)
{
  gboolean is_start = tern_task_record_is_start (record);

  if (self->call_error == NULL && record->verdict == NULL)
    return g_strdup_printf (
        "virternd was restarted before anything was started; order the %s again",
        is_start ? "start" : "move");
  if (self->call_error == NULL)
    return g_strdup (record->verdict);
  if (is_start && record->verdict != NULL)
    return g_strdup_printf ("%s; %s", self->call_error->message, record->verdict);
  return g_strdup (self->call_error->message);
}

/* The sentence of an end that is not "done". */
static void
describe_end (TernRun *self, TernTaskRecord *record)
{
  g_autofree char *what = describe_task (record);
  g_autofree char *why = describe_failure (self, record);
  g_autofree char *media = describe_media (record);
  TernError code = TERN_ERROR_FAILED;

  *what = g_ascii_toupper (*what);
  g_clear_pointer (&record->error, g_free);
  g_clear_pointer (&record->error_name, g_free);
  switch (record->phase)
    {
    case TERN_PHASE_FAILED:
      if (self->call_error != NULL && self->call_error->domain == TERN_ERROR)
        code = self->call_error->code;
      record->error = g_strdup_printf ("%s: %s%s", what, why, media);
      break;
    case TERN_PHASE_CANCELLED:
      code = TERN_ERROR_CANCELLED;
      record->error = tern_task_record_is_start (record) && record->verdict != NULL
                          ? g_strdup_printf ("%s was cancelled: %s", what, record->verdict)
                          : g_strdup_printf ("%s was cancelled%s", what, media);
      break;
    case TERN_PHASE_ATTENTION:
      code = TERN_ERROR_ATTENTION;
      record->error =
          g_strdup_printf ("%s: %s%s%s%s", what, record->verdict != NULL ? record->verdict : "",
                           self->call_error != NULL ? "; libvirt had said: " : "",
                           self->call_error != NULL ? self->call_error->message : "", media);
      break;
    default:
      return;
    }
  record->error_name = g_strdup (tern_error_code_to_name (code));
}

static gboolean
is_attempt (TernTaskPhase phase)
{
  return phase == TERN_PHASE_PREPARING || phase == TERN_PHASE_STARTING;
}

static void
describe_phase (TernRun *self, TernTaskRecord *record)
{
  gint64 now_us = tern_clock_wall_us (self->clock);

  if (record->phase == TERN_PHASE_CHECKING && record->started_us == 0)
    record->started_us = now_us;
  if (is_attempt (record->phase))
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
log_phase (TernRun *self)
{
  const TernTaskRecord *record = tern_run_get_record (self);
  gboolean ended = tern_task_phase_is_final (record->phase);
  gboolean attention = record->phase == TERN_PHASE_ATTENTION;
  g_autofree char *id = g_strdup_printf ("%" G_GUINT64_FORMAT, record->id);
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);
  g_autofree char *what = describe_task (record);
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
            fields, "Task %s: %s: %s%s%s", id, what, tern_task_phase_to_string (record->phase),
            record->error != NULL ? ": " : "", record->error != NULL ? record->error : "");
}

static void
start_action (TernRun *self, TernTaskAction action)
{
  TERN_RUN_GET_CLASS (self)->act (self, action);
  if (action == TERN_ACTION_INSPECT)
    tern_run_inspect (self);
  else if (action == TERN_ACTION_INSPECT_LATER)
    tern_run_inspect_later (self);
}

/* The new phase is stored, or may go on without: make it the truth, then act. */
static void
enter_phase (TernRun *self)
{
  g_autoptr (TernRun) alive = g_object_ref (self);
  TernTaskPhase before = tern_run_get_record (self)->phase;
  TernTaskRecord *record = g_steal_pointer (&self->storing);

  /* Numbers went on changing while it was written. */
  if (!tern_task_phase_is_final (record->phase))
    {
      const TernTaskRecord *now = tern_run_get_record (self);

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
  record->cancel_requested |= tern_run_get_record (self)->cancel_requested;
  tern_task_replace (self->task, record);
  if (record->phase != before)
    log_phase (self);
  g_signal_emit (self, signals[PHASE_CHANGED], 0);
  if (!self->closed)
    start_action (self, self->next_action);
  if (!self->closed)
    dismiss_if_host_is_gone (self);
  if (!self->closed)
    take_events (self);
}

/*
 * May the new phase be told and its action be started although the journal does not know of it?
 * Not the repairs; and not the end of a task that waits in line: a restart would find it
 * waiting, and move a VM whose move was told to be cancelled.
 */
static gboolean
is_harmless (TernRun *self)
{
  if (tern_run_get_record (self)->phase == TERN_PHASE_QUEUED)
    return FALSE;
  return !tern_task_action_is_repair (self->next_action);
}

static gboolean
on_store_again (gpointer data)
{
  TernRun *self = data;

  self->store_timer = 0;
  if (self->storing != NULL)
    store_phase (self);
  else
    tern_store_put_task_async (self->store, tern_run_get_record (self), on_written_late,
                               g_object_ref (self));
  return G_SOURCE_REMOVE;
}

static void
store_again_later (TernRun *self)
{
  tern_clock_clear_timer (self->clock, &self->store_timer);
  self->store_timer = tern_clock_add_timer (self->clock, STORE_AGAIN_US, on_store_again, self);
}

/* What is seen already was not written: it is written as soon as the store can. */
static void
on_written_late (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernRun) self = data;
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
give_up_unstored (TernRun *self, const GError *error)
{
  g_autoptr (GError) why = g_error_new (TERN_ERROR, TERN_ERROR_STORE,
                                        "nothing was started, because the task could not be "
                                        "stored: %s",
                                        error->message);

  tern_run_set_error (self, why);
  if (is_attempt (self->storing->phase))
    self->storing->attempt--;
  if (self->next_action == TERN_ACTION_EJECT)
    g_clear_pointer (&self->storing->ejected, g_strfreev);
  self->storing->phase = TERN_PHASE_FAILED;
  describe_phase (self, self->storing);
  self->next_action = TERN_ACTION_REPORT;
  self->unsaved = TRUE;
  store_again_later (self);
  enter_phase (self);
}

static void
on_phase_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernRun) self = data;
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
  if (tern_task_action_is_call (self->next_action))
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
store_phase (TernRun *self)
{
  tern_clock_clear_timer (self->clock, &self->store_timer);
  tern_store_put_task_async (self->store, self->storing, on_phase_stored, g_object_ref (self));
}

static gboolean
take_event (TernRun *self, TernTaskEvent event)
{
  const TernTaskRecord *record = tern_run_get_record (self);
  TernTaskStep step = TERN_RUN_GET_CLASS (self)->next (record->phase, event);

  tern_log (G_LOG_LEVEL_DEBUG, NULL, NULL, "Task %" G_GUINT64_FORMAT ": %s, %s%s", record->id,
            tern_task_phase_to_string (record->phase), tern_task_event_to_string (event),
            step.accepted ? "" : " (means nothing here)");
  if (!step.accepted)
    return FALSE;
  if (step.phase == record->phase && event != TERN_EVENT_CANCEL && step.action != TERN_ACTION_EJECT)
    {
      start_action (self, step.action);
      return FALSE;
    }

  self->storing = tern_task_record_copy (record);
  self->storing->phase = step.phase;
  self->next_action = step.action;
  if (step.action == TERN_ACTION_EJECT)
    {
      g_strfreev (self->storing->ejected);
      self->storing->ejected = g_strdupv (self->media);
    }
  describe_phase (self, self->storing);
  store_phase (self);
  return TRUE;
}

static void
take_events (TernRun *self)
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
tern_run_feed (TernRun *self, TernTaskEvent event)
{
  g_autoptr (TernRun) alive = NULL;

  g_return_if_fail (TERN_IS_RUN (self));

  if (self->closed)
    return;
  alive = g_object_ref (self);
  g_array_append_val (self->events, event);
  take_events (self);
}

void
tern_run_cancel (TernRun *self)
{
  tern_task_edit (self->task)->cancel_requested = TRUE;
  if (self->storing != NULL)
    self->storing->cancel_requested = TRUE;
  tern_task_tell (self->task);
  tern_run_feed (self, TERN_EVENT_CANCEL);
}

void
tern_run_dismiss (TernRun *self, const char *host)
{
  g_autofree char *vm = tern_text_visible (tern_run_get_record (self)->vm_name, MAX_NAME_SHOWN);

  if (tern_run_get_record (self)->phase != TERN_PHASE_ATTENTION)
    return;
  g_clear_error (&self->call_error);
  self->call_error = g_error_new (
      TERN_ERROR, TERN_ERROR_FAILED,
      "%s was removed while it was not known whether %s runs there; nobody looked since: make "
      "sure that it does not",
      host, vm);
  tern_run_feed (self, TERN_EVENT_DISMISSED);
}

/* It was removed while this was looked at, or a daemon died before it told so: nobody will answer.
 */
static void
dismiss_if_host_is_gone (TernRun *self)
{
  const TernTaskRecord *record = tern_run_get_record (self);

  if (record->phase != TERN_PHASE_ATTENTION)
    return;
  if (tern_inventory_find_host (self->inventory, record->source) == NULL)
    tern_run_dismiss (self, record->source);
  else if (tern_inventory_find_host (self->inventory, record->destination) == NULL)
    tern_run_dismiss (self, record->destination);
}

TernTaskPhase
tern_run_peek_phase (TernRun *self)
{
  return self->storing != NULL ? self->storing->phase : tern_run_get_record (self)->phase;
}

void
tern_run_close (TernRun *self)
{
  if (self->closed)
    return;
  if (TERN_RUN_GET_CLASS (self)->close != NULL)
    TERN_RUN_GET_CLASS (self)->close (self);
  self->closed = TRUE;
  g_cancellable_cancel (self->cancellable);
  tern_clock_clear_timer (self->clock, &self->store_timer);
  tern_clock_clear_timer (self->clock, &self->verify_timer);
}

static void
tern_run_init (TernRun *self)
{
  self->cancellable = g_cancellable_new ();
  self->events = g_array_new (FALSE, FALSE, sizeof (TernTaskEvent));
}

static void
tern_run_dispose (GObject *object)
{
  TernRun *self = TERN_RUN (object);

  if (self->clock != NULL)
    tern_run_close (self);
  g_clear_object (&self->task);
  g_clear_object (&self->assessor);
  g_clear_object (&self->inventory);
  g_clear_object (&self->store);
  g_clear_object (&self->clock);
  G_OBJECT_CLASS (tern_run_parent_class)->dispose (object);
}

static void
tern_run_finalize (GObject *object)
{
  TernRun *self = TERN_RUN (object);

  g_clear_object (&self->cancellable);
  g_array_unref (self->events);
  tern_task_record_free (self->storing);
  g_clear_error (&self->call_error);
  g_strfreev (self->media);
  G_OBJECT_CLASS (tern_run_parent_class)->finalize (object);
}

static void
tern_run_class_init (TernRunClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = tern_run_dispose;
  object_class->finalize = tern_run_finalize;
  signals[PHASE_CHANGED] = g_signal_new ("phase-changed", TERN_TYPE_RUN, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 0);
}

TernRun *
tern_run_new (GType type, const TernRunParts *parts, TernTask *task)
{
  TernRun *self = g_object_new (type, NULL);

  self->clock = g_object_ref (parts->clock);
  self->store = g_object_ref (parts->store);
  self->inventory = g_object_ref (parts->inventory);
  self->assessor = g_object_ref (parts->assessor);
  self->task = g_object_ref (task);
  return self;
}
