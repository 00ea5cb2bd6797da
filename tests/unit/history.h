/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/sim.h"
#include "model/task.h"

/*
 * A random history: two or three simulated hosts, one to three VMs, and what happens to them:
 * orders, faults, people, deaths of the daemon. Made from a seed, so that it can be told again, and
 * made smaller while it still goes wrong.
 */
#define HISTORY_MAX_HOSTS 3
#define HISTORY_MAX_VMS 3

typedef enum
{
  HAPPENS_ORDER,   /* @host: where to, n_hosts: chosen; @what: policy; @more: priority */
  HAPPENS_CANCEL,  /* @what: of which task */
  HAPPENS_SWITCH,  /* likewise; @more: policy */
  HAPPENS_RESOLVE, /* likewise; @more: which copy stays */
  HAPPENS_RECHECK, /* likewise */
  HAPPENS_LIMITS,  /* @what, @more: out and in */
  HAPPENS_HOST,    /* @what: #TernSimHostState */
  HAPPENS_LINK,    /* @host, @other; @what: 0 cut, 1 slow, 2 open */
  HAPPENS_FAULT,   /* @what: #TernSimPhase; @more: #TernSimFault; of @vm's next moves */
  HAPPENS_RELEASE, /* what hangs goes on */
  HAPPENS_END,     /* the guest shuts itself off */
  HAPPENS_STORE, /* the next @what writes are refused, and all with 0; @more: not 0: it works again
                  */
  HAPPENS_CRASH, /* the daemon dies at write number @what from now; @more: after it counts */
  HAPPENS_DRAIN, /* @host; @more: 0: and @other too */
  HAPPENS_ACTIVATE, /* @host; @more: even: bring back */
  HAPPENS_RESUME,   /* @what: of which task */
  HAPPENS_UNDO,     /* likewise */
  HAPPENS_DEATH,    /* it dies now, and is gone for @what seconds */
  HAPPENS_N_KINDS
} HappensKind;

typedef struct
{
  gint64 at_us; /* since the beginning */
  HappensKind kind;
  guint vm;
  guint host;
  guint other;
  guint what;
  guint more;
} Happens;

typedef struct
{
  guint host;
  guint64 memory;
  guint64 dirty_bps;
  gboolean persistent;
} HistoryVm;

typedef struct
{
  guint32 seed;
  guint n_hosts;
  guint n_vms;
  HistoryVm vms[HISTORY_MAX_VMS];
  gboolean slow_store;
  gboolean prepare_postcopy;
  gboolean patient; /* nobody puts anything right before all tasks have ended */
  GArray *happens;  /* Happens, by time */
} History;

History *history_new (guint32 seed);
void history_free (History *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (History, history_free)

/** history_tell: Returns: (transfer full): what it is made of, a line for each thing that happens
 */
char *history_tell (const History *self);

/** history_live: lets it happen, puts everything right again, waits, and looks.
 * @trace: (nullable): gets what the daemon stored and logged, with times
 * Returns: (transfer full) (nullable): what was wrong; %NULL: nothing */
char *history_live (const History *self, GString *trace);

/** history_count: Returns: how often, in all histories until now, a task was stored in @phase */
guint history_count (TernTaskPhase phase);

/** history_shrink: leaves out what may be left out while it still goes wrong. Returns: (transfer
 * full): what is wrong with what is left */
char *history_shrink (History *self);
