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
#include "engine/task-private.h"

#define STORE_AGAIN_US (5 * G_USEC_PER_SEC)
#define SAVE_EVERY_US G_USEC_PER_SEC
/* Numbers that are written take a copy's samples along only then: they are ten times as much. */
#define TRACE_EVERY_US (60 * G_USEC_PER_SEC)
/* What both hosts showed so long ago says nothing of now. */
#define DECISION_HOLDS_US (5 * G_USEC_PER_SEC)

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

static gboolean
is_attempt (TernTaskPhase phase)
{
  return phase == TERN_PHASE_PREPARING || phase == TERN_PHASE_STARTING
         || phase == TERN_PHASE_SHUTTING_DOWN;
}

static void
describe_phase (TernRun *self, TernTaskRecord *record)
{
  gint64 now_us = tern_clock_wall_us (self->clock);

  if (record->phase == TERN_PHASE_CHECKING && record->started_us == 0)
    record->started_us = now_us;
  if (is_attempt (record->phase) && record->phase != tern_run_get_record (self)->phase)
    record->attempt++;
  tern_task_record_trace_phase (record, now_us);
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
  record->eta_min_us = 0;
  record->eta_max_us = 0;
  record->convergence = TERN_CONVERGENCE_UNKNOWN;
  g_clear_pointer (&record->note, g_free);
  if (record->phase == TERN_PHASE_DONE)
    record->progress = 100;
  tern_run_describe_end (self, record);
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

/* The store was slow or full, and meanwhile somebody may have started or ended a copy: both hosts
 * are looked at anew. */
static void
let_go_of_action (TernRun *self, TernTaskAction action, gint64 age_us)
{
  g_autoptr (GError) error =
      g_error_new (TERN_ERROR, TERN_ERROR_STORE,
                   "what was to be done was stored only after %d s, and was not done on what was "
                   "seen so long ago",
                   (int) (age_us / G_USEC_PER_SEC));

  if (action == TERN_ACTION_START)
    tern_run_call_ended (self, error);
  else if (action == TERN_ACTION_RESOLVE)
    tern_run_drop_decision (self, error);
  else
    {
      self->repairs++;
      tern_run_repair_ended (self, error);
    }
}

static void
start_stored_action (TernRun *self, TernTaskAction action, gint64 decided_us)
{
  gint64 age_us = tern_clock_now_us (self->clock) - decided_us;

  if (tern_task_action_is_risky (action) && age_us >= DECISION_HOLDS_US)
    let_go_of_action (self, action, age_us);
  else
    start_action (self, action);
}

/* Numbers went on changing while it was written. */
static void
take_over_numbers (TernTaskRecord *record, const TernTaskRecord *now)
{
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
  record->link_bps = now->link_bps;
  record->eta_min_us = now->eta_min_us;
  record->eta_max_us = now->eta_max_us;
  record->convergence = now->convergence;
}

/* The new phase is stored, or may go on without: make it the truth, then act. */
static void
enter_phase (TernRun *self)
{
  g_autoptr (TernRun) alive = g_object_ref (self);
  TernTaskPhase before = tern_run_get_record (self)->phase;
  TernTaskRecord *record = g_steal_pointer (&self->storing);
  /* Whoever is told of it may feed what comes next: that one's action waits until it is stored. */
  TernTaskAction action = self->next_action;
  gint64 decided_us = self->decided_us;

  if (!tern_task_phase_is_final (record->phase))
    take_over_numbers (record, tern_run_get_record (self));
  record->cancel_requested |= tern_run_get_record (self)->cancel_requested;
  self->alarmed |= record->phase == TERN_PHASE_ATTENTION;
  tern_task_replace (self->task, record);
  if (record->phase != before)
    tern_run_log_phase (self);
  g_signal_emit (self, signals[PHASE_CHANGED], 0);
  if (!self->closed)
    start_stored_action (self, action, decided_us);
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

gboolean
tern_run_is_late (TernRun *self)
{
  return self->unsaved && tern_task_phase_is_final (tern_run_get_record (self)->phase);
}

void
tern_run_was_stored (TernRun *self)
{
  if (self->closed || !self->unsaved)
    return;
  tern_clock_clear_timer (self->clock, &self->store_timer);
  self->unsaved = FALSE;
  g_signal_emit (self, signals[PHASE_CHANGED], 0);
}

/* It was never entered. */
static void
forget_next_phase (TernRun *self)
{
  const TernTrace *trace = tern_run_get_record (self)->trace;

  tern_trace_free (self->storing->trace);
  self->storing->trace = trace != NULL ? tern_trace_copy (trace) : NULL;
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
    {
      g_strfreev (self->storing->ejected);
      self->storing->ejected = g_strdupv (tern_run_get_record (self)->ejected);
    }
  self->storing->phase = TERN_PHASE_FAILED;
  forget_next_phase (self);
  describe_phase (self, self->storing);
  self->next_action = TERN_ACTION_REPORT;
  self->unsaved = TRUE;
  store_again_later (self);
  enter_phase (self);
}

/* A decision that waited for a disk to be cleared would be carried out on what was seen long ago.
 */
static void
drop_decision (TernRun *self, const GError *error)
{
  g_clear_pointer (&self->storing, tern_task_record_free);
  /* What it took the place of is not written yet either. */
  if (self->unsaved)
    store_again_later (self);
  tern_run_resolve_ended (self, error);
  take_events (self);
}

/* Numbers are shown now, stored or not. */
static void
end_quiet_write (TernRun *self, gboolean stored)
{
  g_autoptr (TernTaskRecord) written = g_steal_pointer (&self->storing);
  TernTaskRecord *record = tern_task_edit (self->task);

  self->quiet = FALSE;
  self->unsaved = !stored;
  if (!stored)
    store_again_later (self);
  record->progress = MAX (record->progress, written->progress);
  tern_task_tell (self->task);
  if (!self->closed)
    take_events (self);
}

static void
complain_once (TernRun *self, const GError *error)
{
  /* It is tried again every few seconds, and the disk may be full of logs. */
  if (!self->store_failed)
    tern_log (G_LOG_LEVEL_WARNING, TERN_MSG_STORE_FAILED, NULL,
              "Task %" G_GUINT64_FORMAT " cannot be stored; trying again until it can: %s",
              self->storing->id, error->message);
  self->store_failed = TRUE;
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
    self->store_failed = self->unsaved = FALSE;
  else
    complain_once (self, error);

  if (self->quiet)
    end_quiet_write (self, stored);
  else if (stored)
    enter_phase (self);
  else if (tern_task_action_is_call (self->next_action))
    give_up_unstored (self, error);
  else if (self->next_action == TERN_ACTION_RESOLVE)
    drop_decision (self, error);
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
  self->dirty = FALSE;
  tern_store_put_task_async (self->store, self->storing, on_phase_stored, g_object_ref (self));
}

static TernTaskStep
find_step (TernRun *self, TernTaskEvent *event)
{
  TernTaskPhase phase = tern_run_get_record (self)->phase;
  TernTaskStep step = TERN_RUN_GET_CLASS (self)->next (phase, *event);

  if (!step.accepted || step.phase != TERN_PHASE_FAILED || TERN_RUN_GET_CLASS (self)->retry == NULL
      || !TERN_RUN_GET_CLASS (self)->retry (self, *event))
    return step;
  *event = TERN_EVENT_RETRY;
  return TERN_RUN_GET_CLASS (self)->next (phase, *event);
}

static gboolean
take_event (TernRun *self, TernTaskEvent event)
{
  const TernTaskRecord *record = tern_run_get_record (self);
  TernTaskStep step = find_step (self, &event);

  tern_log (G_LOG_LEVEL_DEBUG, NULL, NULL, "Task %" G_GUINT64_FORMAT ": %s, %s%s", record->id,
            tern_task_phase_to_string (record->phase), tern_task_event_to_string (event),
            step.accepted ? "" : " (means nothing here)");
  if (!step.accepted)
    return FALSE;
  if (step.phase == record->phase && !tern_task_event_is_stored (event))
    {
      start_action (self, step.action);
      return FALSE;
    }

  self->storing = tern_task_record_copy (record);
  self->storing->phase = step.phase;
  self->next_action = step.action;
  self->decided_us = self->traced_us = tern_clock_now_us (self->clock);
  if (TERN_RUN_GET_CLASS (self)->amend != NULL)
    TERN_RUN_GET_CLASS (self)->amend (self, event, self->storing);
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

gboolean
tern_run_is_idle (TernRun *self)
{
  return !self->closed && self->storing == NULL && self->events->len == 0;
}

gboolean
tern_run_accepts (TernRun *self, TernTaskEvent event)
{
  return TERN_RUN_GET_CLASS (self)->next (tern_run_peek_phase (self), event).accepted;
}

/* Numbers */

void
tern_run_edit (TernRun *self, TernRunEdit edit, gpointer data)
{
  edit (tern_task_edit (self->task), data);
  if (self->storing != NULL)
    edit (self->storing, data);
}

static void
set_note (TernTaskRecord *record, gpointer note)
{
  g_free (record->note);
  record->note = g_strdup (note);
}

void
tern_run_set_note (TernRun *self, char *note)
{
  tern_run_edit (self, set_note, note);
  g_free (note);
}

void
tern_run_show_progress (TernRun *self, int percent)
{
  TernTaskRecord *record = tern_task_edit (self->task);
  gint64 now_us = tern_clock_now_us (self->clock);

  if (tern_task_phase_is_final (record->phase) || (percent <= record->progress && !self->dirty))
    return;
  if (self->unsaved)
    record->progress = MAX (record->progress, percent);
  if (self->unsaved || !tern_run_is_idle (self)
      || (self->saved_us != 0 && now_us - self->saved_us < SAVE_EVERY_US))
    return;
  self->saved_us = now_us;
  self->quiet = TRUE;
  self->storing = tern_task_record_copy (record);
  self->storing->progress = MAX (record->progress, percent);
  if (self->dirty || now_us - self->traced_us >= TRACE_EVERY_US)
    self->traced_us = now_us;
  else
    g_clear_pointer (&self->storing->trace, tern_trace_free);
  self->next_action = TERN_ACTION_NONE;
  store_phase (self);
}

void
tern_run_forget_attempt (TernRun *self)
{
  g_clear_error (&self->call_error);
  g_clear_pointer (&self->media, g_strfreev);
  g_clear_pointer (&self->no_other, g_free);
  self->answered = FALSE;
  self->repairs = 0;
  self->ran_there = FALSE;
  self->ended = FALSE;
  self->looks = 0;
  self->verify_since_us = 0;
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
  tern_run_resolve_ended (self, NULL);
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
  g_free (self->next_destination);
  g_free (self->no_other);
  g_free (self->offers);
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
