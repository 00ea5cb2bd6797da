/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/migrator.h"
#include "engine/run.h"

G_BEGIN_DECLS

/* For the files of the migrator only: migrator.c takes orders, migrator-queue.c says whose turn it
 * is, migrator-limits.c what may be taken of the hosts, migrator-hosts.c what their news mean. */

struct _TernMigrator
{
  GObject parent;

  TernClock *clock;
  TernStore *store;
  TernInventory *inventory;
  TernTaskList *tasks;
  guint64 last_id;
  TernAssessor *assessor; /* NULL: the daemon ends */
  GPtrArray *runs;        /* TernRun: open ones, and those in attention, by id */

  /* migrator-queue.c */
  GHashTable *served; /* host name -> guint64: number of the last move that left it */
  guint64 n_served;   /* over all hosts */
  guint admit_timer;  /* while time alone may let somebody begin */
  gboolean admitting;

  /* migrator-limits.c */
  TernLinks *links;
  TernLimits limits; /* set at run time; those of the settings if not @has_limits */
  gboolean has_limits;

  /* migrator-hosts.c */
  GHashTable *hosts; /* name -> TernHost as it was when last heard of */
};

/** tern_migrator_find_run: Returns: (transfer none) (nullable) */
TernRun *tern_migrator_find_run (TernMigrator *self, TernTask *task);

/* migrator-queue.c */

/** tern_migrator_admit: whoever may start now starts; the others' notes say what they wait for */
void tern_migrator_admit (TernMigrator *self);

/* migrator-limits.c */

/** tern_migrator_share: divides what the links may carry among the moves that copy */
void tern_migrator_share (TernMigrator *self);
/** tern_migrator_learn: from the moves that were made before, to the links */
void tern_migrator_learn (TernMigrator *self);

/* migrator-hosts.c */

/** tern_migrator_watch_hosts: until @self is disposed of */
void tern_migrator_watch_hosts (TernMigrator *self);

G_END_DECLS
