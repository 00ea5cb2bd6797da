/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/drain.h"
#include "plan/placement.h"
#include "plan/queue.h"

G_BEGIN_DECLS

/**
 * TernDrainQuestion: how would these hosts be emptied, or filled again?
 * @cluster: all hosts and VMs
 * @ledger: (nullable): what is promised already; not changed
 * @settings: (nullable)
 * @limits: of moves, as they hold now
 * @queue_hosts: (nullable) (element-type utf8 TernQueueHost): limits and links by host
 * @open_tasks: (nullable) (element-type utf8 TernTaskRecord): open tasks and those in attention, by
 *   UUID of the VM
 * @drain: what was ordered
 * @rules: (nullable) (array zero-terminated=1): "GLOB=ACTION": for VMs by their names, as
 * configured; the first that fits counts
 * @origins: (nullable) (element-type TernOrigin): of a return: who belongs where; %NULL for a drain
 * @spent: (nullable) (element-type utf8): UUIDs of VMs that are not tried again: their items are in
 *   @drain, LEFT, with their reasons
 * @dirty: (nullable) (element-type utf8 guint64*): bytes per second that a VM writes, where known
 * @now_us: wall time
 *
 * VMs that are under way are counted where they go, and are not planned.
 */
typedef struct
{
  TernCluster *cluster;
  const TernLedger *ledger;
  const TernSettings *settings;
  TernLimits limits;
  GHashTable *queue_hosts;
  GHashTable *open_tasks;
  const TernDrain *drain;
  const char *const *rules;
  const GPtrArray *origins;
  GHashTable *spent;
  GHashTable *dirty;
  gint64 now_us;
} TernDrainQuestion;

/**
 * TernDrainMove: one step of a plan
 * @item: (transfer none): of the plan
 * @vm: (transfer none): of the cluster
 * @act: how: moved while it runs; or %TERN_ACT_START for one that is shut off there and will be
 *   started or only defined elsewhere
 * @from: host name
 * @to: host name
 * @after: (element-type guint): numbers of the moves that must be over before: they make room
 */
typedef struct
{
  TernDrainItem *item;
  const TernVm *vm;
  TernAct act;
  char *from;
  char *to;
  GArray *after;
} TernDrainMove;

/**
 * TernDrainPlan: how hosts would be emptied (or filled again), from one cluster
 * @cluster: the one it was computed from, which it keeps
 * @items: (element-type TernDrainItem): every VM on these hosts (of a return: every one that
 * belongs there), then those that only make room; by host and name
 * @moves: (element-type TernDrainMove): in the order they are begun; with expected times in their
 *   items
 * @makespan_us: until the last is over; 0 if a link's rate is not known
 * @highest_permille: use of the fullest open host afterwards, in thousandths of what it may promise
 * @short_memory: bytes by which all other hosts together are too small; 0 if they are not
 */
typedef struct
{
  TernCluster *cluster;
  GPtrArray *items;
  GPtrArray *moves;
  gint64 makespan_us;
  guint highest_permille;
  guint64 short_memory;
} TernDrainPlan;

void tern_drain_plan_free (TernDrainPlan *self);

/** tern_drain_plan_count: Returns: items in @state */
guint tern_drain_plan_count (const TernDrainPlan *self, TernItemState state);

/**
 * tern_drain_plan:
 *
 * Pure: the same question gives the same plan. Never over-commits at any step, keeps what verdicts
 * keep, uses moves on other hosts only when there is no other way to make room; then the time until
 * all have left is as short as it can be found, then what is left is even.
 *
 * What cannot leave is LEFT, with every reason of every host in short (grouped by code), and what
 * would free it as remedies: a mask, an eject, so many MiB, an unlock. Whose turn is expected after
 * the deadline is WAITING with that as a reason.
 *
 * Returns: (transfer full)
 */
TernDrainPlan *tern_drain_plan (const TernDrainQuestion *question);

/**
 * tern_drain_check:
 * @question: of a drain
 *
 * Whether it makes sense at all. @error: %TERN_ERROR_NOT_FOUND (host), %TERN_ERROR_UNREACHABLE,
 * %TERN_ERROR_EXISTS (it is being drained or is drained already), %TERN_ERROR_REFUSED (no other
 * open host is left in its cluster; the others together cannot hold the VMs, with numbers),
 * %TERN_ERROR_INVALID_ARGUMENT (a deadline in the past; a host twice; an action for a VM that is
 * not there).
 */
gboolean tern_drain_check (const TernDrainQuestion *question, GError **error);

/**
 * TernDrainAct: something to be ordered now
 * @kind: kind of the task: "migrate", "start", "shutdown" or "relocate"
 * @vm_uuid: of which VM
 * @from: host it must still be on
 * @to: (nullable): where it goes; of a "start" also a drained host: where it was shut down in vain
 * @for_room: see #TernDrainItem
 */
typedef struct
{
  const char *kind;
  char *vm_uuid;
  char *from;
  char *to;
  gboolean for_room;
} TernDrainAct;

void tern_drain_act_free (TernDrainAct *self);

/**
 * TernDrainLook: how a drain or return stands now
 * @question: as for a plan; its @drain is as it was left by the step before
 * @children: (element-type TernTaskRecord): every task of this drain so far, by id
 * @cancelled: somebody asked for it to stop
 * @since_us: wall time since when it can be looked at: of its order or of the daemon's start, the
 *   later one: a host that was not seen since is waited for from then on
 */
typedef struct
{
  TernDrainQuestion question;
  const GPtrArray *children;
  gboolean cancelled;
  gint64 since_us;
} TernDrainLook;

/**
 * TernDrainStep: what follows
 * @acts: (element-type TernDrainAct): to be ordered now, in that order
 * @items: (element-type TernDrainItem): how each VM stands
 * @over: nothing more follows: the task ends with @phase
 * @phase: %TERN_PHASE_DONE, %TERN_PHASE_REMAINDER or %TERN_PHASE_CANCELLED
 * @wait_us: without any news it must be looked at again after this; 0 if news are certain to come
 *   (a child is under way)
 * @progress: percent of the memory that has left; -1 if there is none to move
 * @sentence: for people: "4 of 6 VMs have left node1, 1 is moving, 1 cannot leave"
 */
typedef struct
{
  GPtrArray *acts;
  GPtrArray *items;
  gboolean over;
  TernTaskPhase phase;
  gint64 wait_us;
  int progress;
  char *sentence;
} TernDrainStep;

void tern_drain_step_free (TernDrainStep *self);

/** A VM of a drained host is tried by so many tasks at most; each of these tries up to three hosts
 * by itself. One that makes room is moved once. */
#define TERN_DRAIN_ATTEMPTS 2
/** A drained host that does not answer is waited for so long; what is on it then is left. */
#define TERN_DRAIN_HOST_WAIT_US (15 * 60 * G_USEC_PER_SEC)

/** So many moves of a VM that the daemon's end broke off are forgiven: a daemon that never stays up
 * long enough for a move does not begin it for ever. */
#define TERN_DRAIN_BROKEN_OFF 3
/** tern_drain_was_interrupted: whether the daemon's end stopped that task, before it began anything
 * or in the middle of a move that left the VM where it was: it proves nothing of its VM and its
 * hosts */
gboolean tern_drain_was_interrupted (const TernTaskRecord *child);

/**
 * tern_drain_next:
 *
 * The whole of a drain's decisions, made anew from what is seen, whenever something changed: so a
 * restart, a new VM on the host, the loss of another host need nothing of their own. Ends always:
 * every VM is tried a bounded number of times, waits are bounded, and what waits for a person
 * (@TERN_DRAIN_ASK, attention) is left.
 *
 * Returns: (transfer full)
 */
TernDrainStep *tern_drain_next (const TernDrainLook *look);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernDrainPlan, tern_drain_plan_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernDrainAct, tern_drain_act_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernDrainStep, tern_drain_step_free)

G_END_DECLS
