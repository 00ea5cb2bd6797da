/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"
#include "engine/assessor.h"
#include "engine/inventory.h"
#include "engine/task.h"
#include "plan/resolve.h"
#include "plan/task-fsm.h"
#include "plan/truth.h"
#include "ports/store.h"

G_BEGIN_DECLS

/**
 * TernRun:
 *
 * One task under way: takes events, asks a table in plan/ what follows, *stores* that, then
 * acts. What the acts are is up to its kinds: #TernMigration, #TernStart. Private to the engine;
 * the migrator owns it.
 *
 * Signal "phase-changed" (): the task's phase is new and told, or was stored at last.
 */
typedef struct _TernRun TernRun;
typedef struct _TernRunClass TernRunClass;
GType tern_run_get_type (void);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernRun, g_object_unref)
#define TERN_TYPE_RUN (tern_run_get_type ())
#define TERN_RUN(object) (G_TYPE_CHECK_INSTANCE_CAST ((object), TERN_TYPE_RUN, TernRun))
#define TERN_IS_RUN(object) (G_TYPE_CHECK_INSTANCE_TYPE ((object), TERN_TYPE_RUN))
#define TERN_RUN_GET_CLASS(object)                                                                 \
  (G_TYPE_INSTANCE_GET_CLASS ((object), TERN_TYPE_RUN, TernRunClass))

/**
 * TernRunClass:
 * @next: the table
 * @amend: (nullable): changes @record as @event wants it, before it is stored; its phase is the new
 *   one already
 * @retry: (nullable): asked when @event would end the task as failed. Returns: whether another host
 *   was chosen (@next_destination) and %TERN_EVENT_RETRY comes in its place
 * @act: starts an action. What all kinds share (INSPECT, INSPECT_LATER, REPORT) is done before it
 * @conclude: judges what both hosts showed (of one host, if source and destination are the same:
 *   @source is %NULL then), by tern_run_count_look(); Returns: the event that follows;
 *   @out_verdict: (transfer full): a sentence
 * @settle: (nullable): the move or start was seen: what is to be learnt before that is told; calls
 *   tern_run_settled() as often as it put into @settling
 * @close: (nullable): stops what else goes on
 * @share_changed: (nullable): @share_bps is another
 * @check_switch: (nullable): Returns: (transfer full) (nullable): why no other policy can be given
 *   to it now; what follows "Task 1 "
 */
struct _TernRunClass
{
  GObjectClass parent;

  TernTaskStep (*next) (TernTaskPhase phase, TernTaskEvent event);
  void (*amend) (TernRun *self, TernTaskEvent event, TernTaskRecord *record);
  gboolean (*retry) (TernRun *self, TernTaskEvent event);
  void (*act) (TernRun *self, TernTaskAction action);
  TernTaskEvent (*conclude) (TernRun *self, const TernSighting *source,
                             const TernSighting *destination, char **out_verdict);
  void (*settle) (TernRun *self);
  void (*close) (TernRun *self);
  void (*share_changed) (TernRun *self);
  char *(*check_switch) (TernRun *self);
};

struct _TernRun
{
  GObject parent;

  TernClock *clock;
  TernStore *store;
  TernInventory *inventory;
  TernAssessor *assessor;
  TernTask *task;
  GCancellable *cancellable;
  gboolean closed;

  GArray *events;             /* TernTaskEvent, not yet taken */
  TernTaskRecord *storing;    /* what the store is writing, NULL when it is not */
  TernTaskAction next_action; /* what follows when it is written */
  gint64 decided_us;          /* when that was decided */
  guint store_timer;          /* to write again what could not be written */
  gboolean store_failed;      /* the last phase could not be written, and that was said */
  gboolean unsaved;           /* the record shows more than the store has */
  gboolean quiet;             /* what is being written is no step, only numbers */
  gboolean dirty;             /* the record has news that are worth a write of their own */
  gint64 saved_us;            /* when numbers were last written */
  gint64 traced_us;           /* when the trace was last written with them, or with a phase */

  GError *call_error;     /* what a call came back with */
  gboolean answered;      /* it came back, and not only because the connection was lost */
  GStrv media;            /* "DRIVE=FILE": to be taken out, see %TERN_EVENT_MEDIA */
  guint64 share_bps;      /* what it may take of the links, 0 for no limit */
  char *next_destination; /* chosen, see %TERN_EVENT_RETRY */
  char *no_other;         /* why there was no other host to try */
  char *offers;           /* the ways out of an attention */
  gboolean alarmed;       /* it needed attention once */
  gboolean dismissed;     /* its host was removed */

  TernPolicy wanted_policy;  /* see %TERN_EVENT_SWITCHED */
  GTask *resolving;          /* somebody waits for a decision to be stored */
  TernKeep keep;             /* see %TERN_EVENT_RESOLVE: which copy stays, */
  gint64 keep_uid;           /* who said so, */
  TernResolution resolution; /* and what that means */
  TernVmState kept_state;    /* of the copy that stays, when that was decided */
  gboolean other_ended;      /* the other one was ended */

  guint verify_timer;
  gint64 verify_since_us; /* of the first look, 0 before */
  guint looks;            /* at both hosts, since then */
  guint last_truth;       /* what the last of them showed */
  guint agreeing;         /* how many of them in a row showed that */
  guint repairs;
  gboolean told_silence; /* that a host is waited for */
  gboolean ran_there;    /* the destination was seen running it, in this attempt */
  gboolean asked;        /* a person asked for the look that is under way */
  gboolean ended;        /* it was seen not to run any more where it stayed */
  guint settling;        /* answers waited for before the end is told */
};

/** TernRunParts: (transfer none): what a run works with; its task's record is in the store already
 */
typedef struct
{
  TernClock *clock;
  TernStore *store;
  TernInventory *inventory;
  TernAssessor *assessor;
} TernRunParts;

/** tern_run_new: makes a #TernMigration or a #TernStart, as the record says */
TernRun *tern_run_new (GType type, const TernRunParts *parts, TernTask *task);

TernTask *tern_run_get_task (TernRun *self);
/** tern_run_get_record: Returns: (transfer none): valid until the task changes */
const TernTaskRecord *tern_run_get_record (TernRun *self);

/** tern_run_feed: something happened; what follows, follows by itself */
void tern_run_feed (TernRun *self, TernTaskEvent event);

/** tern_run_cancel: remembers the wish in the record, then feeds the event */
void tern_run_cancel (TernRun *self);

/** tern_run_dismiss: a person removed @host: a task in attention that hung on it ends failed, and
 * says that nobody looked there */
void tern_run_dismiss (TernRun *self, const char *host);

/**
 * tern_run_switch: gives an open move another policy, stores it, and carries it on by that
 * @error: %TERN_ERROR_REFUSED: it is no move, it ended, it is past the point where a policy
 * matters, or post-copy was not prepared when it was begun
 */
gboolean tern_run_switch (TernRun *self, TernPolicy policy, gint64 uid, GError **error);

/**
 * tern_run_resolve_async: carries out what a person decided about a move in attention
 *
 * Looks at both hosts again, judges by tern_resolve(), stores the decision, then acts; how it ended
 * is told by the task. Errors: %TERN_ERROR_REFUSED.
 */
void tern_run_resolve_async (TernRun *self, TernKeep keep, gint64 uid, GAsyncReadyCallback cb,
                             gpointer data);
gboolean tern_run_resolve_finish (TernRun *self, GAsyncResult *result, GError **error);

/** tern_run_recheck: looks again, and may take up a broken post-copy again; @error:
 * %TERN_ERROR_REFUSED unless it is in attention */
gboolean tern_run_recheck (TernRun *self, GError **error);

/** tern_run_set_share: what it may take of the links from now on, bytes per second, 0 for no limit;
 * a copy that runs is told */
void tern_run_set_share (TernRun *self, guint64 share_bps);

/** tern_run_is_late: Returns: whether it ended, and the store does not know that yet. Nothing else
 * is begun with its VM before it does: a restart would find two tasks that are open */
gboolean tern_run_is_late (TernRun *self);
/** tern_run_was_stored: its end was stored together with something else */
void tern_run_was_stored (TernRun *self);

/** tern_run_peek_phase: Returns: the phase, or the one that is being stored now */
TernTaskPhase tern_run_peek_phase (TernRun *self);

/** tern_run_close: lets go of everything; the hosts go on with what they were told */
void tern_run_close (TernRun *self);

/* For the kinds of run. */

/** tern_run_is_idle: Returns: whether nothing is being stored and no event waits, so that the table
 * takes the next event at once */
gboolean tern_run_is_idle (TernRun *self);

/** tern_run_accepts: Returns: whether @event means something in the phase it is in */
gboolean tern_run_accepts (TernRun *self, TernTaskEvent event);

/**
 * tern_run_show_progress: @percent was measured
 *
 * What is shown never falls, and the daemon may die at any moment: so it is shown when it is
 * stored, at most once a second. While the store is in trouble it is shown without.
 */
void tern_run_show_progress (TernRun *self, int percent);

/** tern_run_edit: calls @edit with the record that is shown, and with the one that is being stored
 * if there is one */
typedef void (*TernRunEdit) (TernTaskRecord *record, gpointer data);
void tern_run_edit (TernRun *self, TernRunEdit edit, gpointer data);

/** tern_run_set_note: @note: (transfer full) (nullable): what is out of the ordinary now */
void tern_run_set_note (TernRun *self, char *note);

/** tern_run_forget_attempt: the next one begins with nothing tried, seen or known */
void tern_run_forget_attempt (TernRun *self);

/** tern_run_port: Returns: (transfer none) (nullable): the port to a host, NULL and @error
 * (%TERN_ERROR_UNREACHABLE) when that host was removed */
TernHypervisor *tern_run_port (TernRun *self, const char *host, GError **error);

/** tern_run_set_error: what the record shall say at its end; the first error stays */
void tern_run_set_error (TernRun *self, const GError *error);

/** tern_run_refuse: nothing was begun, and @error says why */
void tern_run_refuse (TernRun *self, const GError *error);

/** tern_run_call_ended: a call to a host came back; @error: (nullable). Feeds %TERN_EVENT_RETURNED,
 * or %TERN_EVENT_LOST when the answer proves nothing */
void tern_run_call_ended (TernRun *self, const GError *error);

/** tern_run_repair_ended: feeds %TERN_EVENT_REPAIRED; @error: (nullable) */
void tern_run_repair_ended (TernRun *self, const GError *error);

/* run-tell.c */

/** tern_run_describe_end: puts the sentence of an end that is not "done" into @record */
void tern_run_describe_end (TernRun *self, TernTaskRecord *record);
/** tern_run_describe_failure: Returns: (transfer full): why it did not work, for people */
char *tern_run_describe_failure (TernRun *self, const TernTaskRecord *record);
/** tern_run_append_step: adds to the steps of @record what was done or seen: "12 s, pass 3: @what"
 */
void tern_run_append_step (TernRun *self, TernTaskRecord *record, const char *what);
/** tern_run_add_step: the same, to what is shown and to what is being stored; it is stored with the
 * next phase, or with the next numbers */
void tern_run_add_step (TernRun *self, const char *what);
/** tern_run_log_phase: tells the log about the phase it is in now */
void tern_run_log_phase (TernRun *self);

/* run-resolve.c */

/** tern_run_carry_out: does what the person decided, which is stored; feeds %TERN_EVENT_REPAIRED */
void tern_run_carry_out (TernRun *self);
/** tern_run_drop_decision: it is not carried out, and @error says why; feeds %TERN_EVENT_REPAIRED
 */
void tern_run_drop_decision (TernRun *self, const GError *error);
/** tern_run_resolve_ended: answers the person; @error: (nullable): why it was not stored */
void tern_run_resolve_ended (TernRun *self, const GError *error);

/* run-verify.c */

/** tern_run_inspect: asks both hosts, has them judged, and feeds what follows */
void tern_run_inspect (TernRun *self);
void tern_run_inspect_later (TernRun *self);
/** tern_run_count_look: one more look showed @truth. Returns: how the verification goes */
TernVerifying tern_run_count_look (TernRun *self, guint truth);
/** tern_run_look_anew: what was seen until now does not count, nor does the time it took */
void tern_run_look_anew (TernRun *self);
/** tern_run_settled: one less answer is waited for */
void tern_run_settled (TernRun *self);

/* run-check.c */

/**
 * tern_run_check_async:
 * @hosts: (array zero-terminated=1): all that are asked about the VM; the source and the
 * destination come first
 *
 * The last look before anything is begun: the VM and the destination's facts are refreshed, and
 * the hosts are asked.
 */
void tern_run_check_async (TernRun *self, const char *const *hosts, GAsyncReadyCallback cb,
                           gpointer data);
/** tern_run_check_finish: Returns: (transfer full) (element-type TernSighting): one for each host;
 * %NULL and @error %NULL when nobody waits for it any more, %NULL and @error when the source or the
 * destination did not answer */
GPtrArray *tern_run_check_finish (TernRun *self, GAsyncResult *result, GError **error);

/** tern_run_confirm: adds to @reasons (element-type TernReason) what the assessor says now, kinds
 * that are there already left out. Returns: (transfer full) (nullable): why it must not be begun */
GError *tern_run_confirm (TernRun *self, GPtrArray *reasons);

G_END_DECLS
