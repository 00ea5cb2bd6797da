/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/run.h"
#include "plan/converge.h"
#include "plan/progress.h"

G_BEGIN_DECLS

/**
 * TernMigration:
 *
 * One live move under way.
 */
#define TERN_TYPE_MIGRATION (tern_migration_get_type ())
G_DECLARE_FINAL_TYPE (TernMigration, tern_migration, TERN, MIGRATION, TernRun)

/* What is told to a host about its speed: of the copy, and of post-copy. */
#define TERN_SPEED_UNKNOWN G_MAXUINT64

/*
 * Between migration.c (which file does what, and what both hosts mean at the end) and the files
 * below.
 */
struct _TernMigration
{
  TernRun run;

  GCancellable *attempt; /* cancelled when it is over: what comes late is not of the next one */

  gboolean persistent;       /* as the source said last */
  gboolean was_cut;          /* the daemon ended in its middle, and has not seen it go on */
  gboolean suspended;        /* it stood still when it was checked */
  gboolean unslowed;         /* this attempt was begun without slowing the guest down */
  gboolean calling;          /* the hypervisor's call has not come back */
  guint ejected;             /* how many media were taken out so far */
  gboolean emptied;          /* all of them */
  TernSighting *last_source; /* what the source showed when both were last asked */

  guint watch_timer;
  gboolean watching;      /* a look at the job is under way */
  gboolean look_again;    /* and another was asked for meanwhile */
  int throttle;           /* the most that the guest was slowed, percent; -1 before the first look
                             at a copy that an earlier daemon began */
  gint64 asked_us;        /* since when the source owes an answer, 0 if it does not */
  gboolean told_silence;  /* the note says so */
  guint64 last_processed; /* bytes sent, at the last look that showed more of them */
  gint64 last_moved_us;   /* when that was */
  gint64 unanswered_us;   /* since when the source gives no answer, 0 if it does */
  TernProgress progress;
  gulong job_signal;
  TernHypervisor *job_port;

  TernConverge *converge; /* (nullable): of this attempt */
  TernDecision decision;  /* that is being stored or carried out */
  gboolean stepping;      /* a host is being told what was decided */
  gint64 broken_us;       /* since when it shows a broken post-copy while a call goes on, or 0 */

  gboolean stalled;   /* it needs attention because nothing came over in post-copy, */
  guint64 stalled_at; /* when so many bytes had been sent */

  gboolean aborting;  /* an abort is on its way */
  gint64 stopping_us; /* since when it is told to stop, 0 if it is not */
  char *abort_error;  /* why the last abort was not taken, NULL if it was */

  gboolean pacing;      /* a speed is on its way */
  guint64 told_bps[2];  /* speed the source was told: of the copy, of post-copy */
  gint64 pace_again_us; /* not before */
};

/* migration-act.c: the check before, and the repairs after */
void tern_migration_check (TernMigration *self);
void tern_migration_resume (TernMigration *self);
void tern_migration_discard (TernMigration *self);

/* migration-call.c */

/** tern_migration_check_options: Returns: (transfer full) (nullable): why it cannot be made as it
 * was ordered */
GError *tern_migration_check_options (TernMigration *self);
/** tern_migration_can_postcopy: Returns: whether the call is to be made so that post-copy can be
 * begun later */
gboolean tern_migration_can_postcopy (TernMigration *self, const TernMoveOptions *options);
void tern_migration_call (TernMigration *self);
/** tern_migration_recover: the same call once more, for a post-copy that broke */
void tern_migration_recover (TernMigration *self);
/** tern_migration_get_speed: Returns: what it may take by its options and its share of the links,
 * bytes per second, 0 for no limit */
guint64 tern_migration_get_speed (TernMigration *self, gboolean postcopy);

/* migration-record.c: what events change in the record, see #TernRunClass */
void tern_migration_amend (TernRun *run, TernTaskEvent event, TernTaskRecord *record);
gboolean tern_migration_retry (TernRun *run, TernTaskEvent event);

/** tern_migration_describe_late_cancel: Returns: (transfer full) (nullable): why a cancel in @phase
 * stops nothing */
char *tern_migration_describe_late_cancel (TernMigration *self, TernTaskPhase phase);

/** tern_migration_find_two_copies: Returns: (transfer none) (nullable): "web was seen running on
 * both anna and bert at …" if it ever was, by the steps of @record */
const char *tern_migration_find_two_copies (const TernTaskRecord *record);

/** tern_migration_begin_attempt: nobody waits for what hosts were told or asked in the one before
 */
void tern_migration_begin_attempt (TernMigration *self);

/* migration-converge.c */

/** tern_migration_begin_converge: watches this attempt's copy by its policy; takes it up where an
 * earlier daemon was */
void tern_migration_begin_converge (TernMigration *self);
/** tern_migration_converge: one more look at the job, see #TernConvergeLook: shows what it means,
 * and feeds what the policy decides if the phase has a use for that */
void tern_migration_converge (TernMigration *self, const TernJobStats *stats, gboolean held,
                              gboolean postcopy);

/** tern_migration_check_switch: see @check_switch of #TernRunClass */
char *tern_migration_check_switch (TernRun *run);

/* migration-steer.c */

/** tern_migration_step: has the source do what was decided and stored */
void tern_migration_step (TernMigration *self);
/** tern_migration_pace: tells the source how fast it may be, if that is not what it knows */
void tern_migration_pace (TernMigration *self, gboolean postcopy);

/* migration-cancel.c */

/** tern_migration_is_to_stop: Returns: whether somebody or the policy wants the copy to stop */
gboolean tern_migration_is_to_stop (TernMigration *self);
/** tern_migration_abort: tells the source to stop */
void tern_migration_abort (TernMigration *self);
/** tern_migration_insist: one more look found it not stopped: it is told again; tells of it when
 * that goes on for long */
void tern_migration_insist (TernMigration *self);

/* migration-eject.c */

/** tern_migration_find_media: Returns: whether local media must be taken out before the move; they
 * are in @media of the run then */
gboolean tern_migration_find_media (TernMigration *self);
/** tern_migration_eject: empties the drives, one after another, and checks everything again */
void tern_migration_eject (TernMigration *self);
/** tern_migration_refuse_medium: the check found media although they were taken out */
void tern_migration_refuse_medium (TernMigration *self);

/* migration-watch.c */
void tern_migration_watch_start (TernMigration *self);
void tern_migration_watch_stop (TernMigration *self);

G_END_DECLS
