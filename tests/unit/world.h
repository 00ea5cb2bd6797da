/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/sim-private.h"
#include "engine/drainer.h"
#include "engine/inventory.h"
#include "engine/migrator.h"
#include "engine/task.h"

#include "fake-store.h"

/*
 * The whole engine in a bottle: three simulated hosts (anna, bert, carl), a VM "web" on
 * anna, a store in memory, and time that stands still until the test moves it. The daemon
 * in it can die, at any write to the store if wanted, and be started again.
 */
#define WORLD_VM "0b6d2c1e-5a3f-4c7d-9e1b-2f3a4b5c6d7e"

typedef struct
{
  TernClock *clock;
  TernSim *sim;
  FakeStore *store;
  guint n_hosts;
  GPtrArray *journal; /* utf8: what was stored and what hosts were told, in order */
  gint64 order_us;    /* of the last order */
  guint deaths;
  guint max_running;     /* on how many hosts the VM's CPUs ever ran at once */
  int progress;          /* the highest that was ever shown of task 1 */
  gboolean fell;         /* it was lower once */
  TernSettings settings; /* of the next daemon that is started */

  TernInventory *inventory; /* NULL while the daemon is dead */
  TernTaskList *tasks;
  TernAssessor *assessor;
  TernMigrator *migrator;
  TernDrainer *drainer;
} World;

/** world_init: hosts are up, the daemon runs and has seen all of them */
void world_init (World *self);
/** world_init_with: up to five hosts; dora and emil are the others */
void world_init_with (World *self, guint n_hosts);
void world_clear (World *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (World, world_clear)

void world_kill_daemon (World *self);
void world_start_daemon (World *self);

/** world_pass_dead: lets time go by with nobody to see it: the daemon dies first, and is not
 * started again */
void world_pass_dead (World *self, gint64 duration_us);

/** world_run: lets time go by, in small steps; a daemon that died is started again */
void world_run (World *self, gint64 duration_us);

/** world_order: asks for WORLD_VM to be moved. Returns: whether the order was taken, sooner or
 * later
 * (%FALSE too when the daemon died before it said so) */
gboolean world_order (World *self, const char *destination);

/** world_order_by: the same, with a policy and other options; @destination: (nullable): %NULL to
 * have it chosen; @options: (nullable) */
gboolean world_order_by (World *self, const char *destination, const TernMoveOptions *options);

/** world_cancel: Returns: whether there was a task to cancel */
gboolean world_cancel (World *self, guint64 id);

/** world_phase: Returns: of a task, as the daemon shows it; %TERN_N_PHASES if it shows none */
TernTaskPhase world_phase (World *self, guint64 id);
/** world_record: Returns: (transfer none) (nullable): as the daemon shows it */
const TernTaskRecord *world_record (World *self, guint64 id);

/** world_run_until: until the task is in @phase; Returns: whether it came to that in time */
gboolean world_run_until (World *self, guint64 id, TernTaskPhase phase, gint64 bound_us);
/** world_run_until_ended: until the task is in a final phase, and stored so */
gboolean world_run_until_ended (World *self, guint64 id, gint64 bound_us);

/** world_state_on: Returns: of the VM on that host, as it is; %TERN_VM_N_STATES: not there */
TernVmState world_state_on (World *self, const char *host);
/** world_count: Returns: how many lines of the journal begin with @start */
guint world_count (World *self, const char *start);
/** world_find: Returns: where in the journal the first line is that begins with @start; -1: none */
int world_find (World *self, const char *start);
/** world_tell: Returns: (transfer full): the journal, for messages */
char *world_tell (World *self);
/** world_was_stored_before: Returns: whether the last thing that the living daemon stored of task 1
 * before line @i of the journal is @phase */
gboolean world_was_stored_before (World *self, guint i, const char *phase);

/** world_add_vm: one more VM, known at once. Returns: (transfer none): its domain, to be changed
 * before time goes on */
SimDomain *world_add_vm (World *self, const char *uuid, const char *name, const char *host,
                         TernVmState state, guint64 memory);

/** world_give_order: Returns: (transfer full) (nullable) (element-type TernTask): as planned;
 * @out_plan, @out_error: (optional) */
GPtrArray *world_give_order (World *self, const TernOrder *order, TernPlan **out_plan,
                             GError **out_error);
/** world_order_start: asks for WORLD_VM to be started; @destination: (nullable). Returns: whether
 * the order was taken */
gboolean world_order_start (World *self, const char *destination, GError **error);
