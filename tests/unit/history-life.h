/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/sim-private.h"
#include "engine/drainer.h"
#include "engine/inventory.h"
#include "engine/migrator.h"
#include "engine/task.h"

#include "fake-store.h"
#include "history.h"

/*
 * A history while it is lived through: history-life.c lets things happen, history-check.c looks on,
 * from the simulated hosts and from what is stored and shown, never from inside the engine.
 */
#define LIFE_NOBODY (-1)
#define LIFE_TWINS (-2)
#define LIFE_MAX_TASKS 120

/* What is known of a guest by looking at all hosts after each step. */
typedef struct
{
  char *uuid;
  char *name;
  int owner;     /* the host that has the guest as it is; LIFE_NOBODY: a fault killed it */
  gboolean torn; /* half of its memory died with a host */
} LifeGuest;

/* What was shown or stored of a task until now. */
typedef struct
{
  TernTaskPhase phase;
  int progress;
  guint deaths; /* of the daemon, when that was seen */
} LifeTask;

typedef struct
{
  const History *history;
  TernClock *clock;
  TernSim *sim;
  FakeStore *store;
  GPtrArray *journal;
  GString *trace; /* NULL: nobody wants to know */
  guint told;     /* lines of the journal that are in the trace */
  gint64 began_us;

  SimHost *hosts[HISTORY_MAX_HOSTS];
  gboolean had_died[HISTORY_MAX_HOSTS];
  LifeGuest guests[HISTORY_MAX_VMS];
  LifeTask tasks[LIFE_MAX_TASKS];

  gint64 dead_until_us;
  guint deaths;
  gboolean forgetful;       /* the store refused something: what was shown may be lost in a death */
  TernInventory *inventory; /* NULL while the daemon is dead */
  TernTaskList *list;
  TernAssessor *assessor;
  TernMigrator *migrator;
  TernDrainer *drainer;

  char *wrong; /* the first thing that was, NULL while nothing is */
} Life;

/* --- history-life.c --- */

/** life_pass: lets time go by */
void life_pass (Life *self, gint64 duration_us);
/** life_order: @host: n_hosts: chosen; @options: (nullable) */
void life_order (Life *self, guint vm, guint host, const TernMoveOptions *options);
void life_complain (Life *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* --- history-check.c --- */

/** life_find: Returns: (nullable): that host's copy of the guest */
const TernVm *life_find (const Life *self, guint host, guint vm);
/** life_record: Returns: (nullable): of a task, as shown, or as stored if it is not shown */
const TernTaskRecord *life_record (Life *self, guint64 id);
/** life_last_task: Returns: (nullable): of the guest */
const TernTaskRecord *life_last_task (Life *self, guint vm);
/** life_has_open_tasks: Returns: whether something goes on still */
gboolean life_has_open_tasks (Life *self);
/** life_has_halves: Returns: whether a guest is in a post-copy, which may stand still or be broken
 */
gboolean life_has_halves (Life *self);
/** life_look: after each step */
void life_look (Life *self);
/** life_look_at_end: when all is put right, and everything has ended */
void life_look_at_end (Life *self);
