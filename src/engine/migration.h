/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/run.h"
#include "plan/progress.h"

G_BEGIN_DECLS

/**
 * TernMigration:
 *
 * One live move under way.
 */
#define TERN_TYPE_MIGRATION (tern_migration_get_type ())
G_DECLARE_FINAL_TYPE (TernMigration, tern_migration, TERN, MIGRATION, TernRun)

/*
 * Between migration.c (what follows what), migration-act.c (check, eject, call, abort, repair) and
 * migration-watch.c (looking at the job).
 */
struct _TernMigration
{
  TernRun run;

  gboolean persistent; /* as the source said in the check */
  gboolean calling;    /* the hypervisor's call has not come back */
  gboolean aborting;   /* an abort is on its way */
  guint ejected;       /* how many media were taken out so far */
  gboolean emptied;    /* all of them */

  guint watch_timer;
  gboolean watching;      /* a look at the job is under way */
  gboolean look_again;    /* and another was asked for meanwhile */
  guint64 last_processed; /* bytes sent, at the last look that showed more of them */
  gint64 last_moved_us;   /* when that was */
  gint64 unanswered_us;   /* since when the source gives no answer, 0 if it does */
  TernProgress progress;
  gulong job_signal;
  TernHypervisor *job_port;
};

/* migration-act.c */
void tern_migration_check (TernMigration *self);
void tern_migration_call (TernMigration *self);
void tern_migration_abort (TernMigration *self);
void tern_migration_resume (TernMigration *self);
void tern_migration_discard (TernMigration *self);

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
