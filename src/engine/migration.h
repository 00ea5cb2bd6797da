/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"
#include "engine/inventory.h"
#include "engine/task.h"
#include "plan/task-fsm.h"
#include "plan/truth.h"
#include "plan/progress.h"
#include "ports/store.h"

G_BEGIN_DECLS

/**
 * TernMigration:
 *
 * One move under way: takes events, asks plan/task-fsm what follows, *stores* that, then
 * acts. Private to the engine; the migrator owns it.
 *
 * Signal "phase-changed" (): the task's phase is new and told, or was stored at last.
 */
#define TERN_TYPE_MIGRATION (tern_migration_get_type ())
G_DECLARE_FINAL_TYPE (TernMigration, tern_migration, TERN, MIGRATION, GObject)

/** tern_migration_new: @task: its record is in the store already */
TernMigration *tern_migration_new (TernClock *clock, TernStore *store, TernInventory *inventory,
                                   TernTask *task);

TernTask *tern_migration_get_task (TernMigration *self);

/** tern_migration_feed: something happened; what follows, follows by itself */
void tern_migration_feed (TernMigration *self, TernTaskEvent event);

/** tern_migration_cancel: remembers the wish in the record, then feeds the event */
void tern_migration_cancel (TernMigration *self);

/** tern_migration_dismiss: a person removed @host: a task in attention that hung on it ends failed,
 * and says that nobody looked there */
void tern_migration_dismiss (TernMigration *self, const char *host);

/** tern_migration_peek_phase: Returns: the phase, or the one that is being stored now */
TernTaskPhase tern_migration_peek_phase (TernMigration *self);

/** tern_migration_close: lets go of everything; the hosts go on with what they were told */
void tern_migration_close (TernMigration *self);

/*
 * Between migration.c (events, storing) and the files that act: migration-act.c (check, call,
 * abort, repair), migration-watch.c (looking at the job) and migration-verify.c (looking at
 * both hosts).
 */
struct _TernMigration
{
  GObject parent;

  TernClock *clock;
  TernStore *store;
  TernInventory *inventory;
  TernTask *task;
  GCancellable *cancellable;
  gboolean closed;

  GArray *events;             /* TernTaskEvent, not yet taken */
  TernTaskRecord *storing;    /* what the store is writing, NULL when it is not */
  TernTaskAction next_action; /* what follows when it is written */
  guint store_timer;          /* to write again what could not be written */
  gboolean store_failed;      /* the last phase could not be written, and that was said */
  gboolean unsaved;           /* the record shows more than the store has */

  gboolean persistent; /* as the source said in the check */
  gboolean calling;    /* the hypervisor's call has not come back */
  gboolean answered;   /* it came back, and not only because the connection was lost */
  GError *call_error;  /* what it came back with */
  gboolean aborting;   /* an abort is on its way */

  guint watch_timer;
  gboolean watching;      /* a look at the job is under way */
  gboolean look_again;    /* and another was asked for meanwhile */
  guint64 last_processed; /* bytes sent, at the last look that showed more of them */
  gint64 last_moved_us;   /* when that was */
  gint64 unanswered_us;   /* since when the source gives no answer, 0 if it does */
  TernProgress progress;
  gulong job_signal;
  TernHypervisor *job_port;

  guint verify_timer;
  gint64 verify_since_us; /* of the first look, 0 before */
  guint looks;            /* at both hosts, since then */
  TernTruth last_truth;   /* what the last of them showed */
  guint agreeing;         /* how many of them in a row showed that */
  guint repairs;
  guint settling; /* answers waited for before "moved" is told */
};

/** tern_migration_port: Returns: (transfer none) (nullable): the port to a host, NULL and @error
 * (%TERN_ERROR_UNREACHABLE) when that host was removed */
TernHypervisor *tern_migration_port (TernMigration *self, const char *host, GError **error);

/** tern_migration_set_error: what the record shall say at its end; the first error stays */
void tern_migration_set_error (TernMigration *self, const GError *error);

/* migration-act.c */
void tern_migration_check (TernMigration *self);
void tern_migration_call (TernMigration *self);
void tern_migration_abort (TernMigration *self);
void tern_migration_resume (TernMigration *self);
void tern_migration_discard (TernMigration *self);

/* migration-watch.c */
void tern_migration_watch_start (TernMigration *self);
void tern_migration_watch_stop (TernMigration *self);

/* migration-verify.c */
void tern_migration_inspect (TernMigration *self);
void tern_migration_inspect_later (TernMigration *self);

/** tern_migration_inspect_both_async: asks both hosts about the VM at once. A host that cannot be
 * asked is a sighting that is not known, not an error. */
void tern_migration_inspect_both_async (TernMigration *self, GAsyncReadyCallback cb, gpointer data);
/** tern_migration_inspect_both_finish: Returns: whether it was not cancelled; the sightings are
 * (transfer full) */
gboolean tern_migration_inspect_both_finish (TernMigration *self, GAsyncResult *result,
                                             TernSighting **out_source,
                                             TernSighting **out_destination);

G_END_DECLS
