/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/verdict.h"

G_BEGIN_DECLS

/**
 * tern_placement_score:
 * @question: the one they answer
 * @verdicts: (element-type TernVerdict): of tern_judge_all(); scores are filled in
 *
 * Sorts the verdicts: allowed ones first, the best first; equal scores by name of the host.
 */
void tern_placement_score (const TernQuestion *question, GPtrArray *verdicts);

/**
 * TernMove: one step of a plan
 * @number: from 1, in the order the steps are meant to be taken
 * @vm: (transfer none): of the cluster
 * @destination: host name
 * @score: of the destination
 * @warnings: (element-type TernReason): what does not block
 */
typedef struct
{
  guint number;
  TernAct act;
  const TernVm *vm;
  char *destination;
  double score;
  GPtrArray *warnings;
} TernMove;

/**
 * TernRefusal: a VM that finds no place
 * @vm: (transfer none): of the cluster
 * @verdicts: (element-type TernVerdict): for each host that was looked at: why not
 * @left_out: how many hosts are not among them, see %TERN_PLAN_MAX_VERDICTS
 */
typedef struct
{
  const TernVm *vm;
  GPtrArray *verdicts;
  guint left_out;
} TernRefusal;

/** A plan has no more verdicts of refused VMs than this, or 8 for each VM: a thousand VMs that fit
 * on none of a thousand hosts would make a million. One VM's own check has them all. */
#define TERN_PLAN_MAX_VERDICTS 10000

/**
 * TernPlan: what shall happen, computed from one cluster
 * @cluster: the one it was computed from, which it keeps
 * @moves: (element-type TernMove): by number
 * @refusals: (element-type TernRefusal): in the order of the request
 */
typedef struct
{
  TernCluster *cluster;
  GPtrArray *moves;
  GPtrArray *refusals;
} TernPlan;

void tern_plan_free (TernPlan *self);

/**
 * TernGroup: VMs to be placed together
 * @cluster: all hosts and VMs
 * @ledger: (nullable): what is promised already, none of it to @vms, unless they have open tasks;
 * not changed
 * @settings: (nullable)
 * @vms: (element-type TernVm): copies that count, of the cluster; each once
 * @open_tasks: (nullable) (element-type TernTaskRecord): one for each of @vms, %NULL for none
 * @act: the same for all
 * @destination: (nullable): the host that all shall go to; %NULL to choose
 * @excluded: (nullable) (array zero-terminated=1): hosts that are not to be chosen
 * @back: see #TernQuestion
 * @eject_media: see #TernQuestion
 * @without_room: see #TernQuestion; nothing is promised to them either
 * @now_us: wall time
 */
typedef struct
{
  TernCluster *cluster;
  const TernLedger *ledger;
  const TernSettings *settings;
  const GPtrArray *vms;
  const GPtrArray *open_tasks;
  TernAct act;
  const char *destination;
  const char *const *excluded;
  gboolean back;
  gboolean eject_media;
  gboolean without_room;
  gint64 now_us;
} TernGroup;

/**
 * tern_place:
 *
 * Places the VMs one after another, the largest first (equal ones by name, then UUID), each on the
 * best host that is left, through one ledger: what one takes, the next does not find. If that
 * leaves VMs over, one more order is tried (fewest possible hosts first), and the plan with fewer
 * refusals is taken. The same group gives the same plan, always.
 *
 * Returns: (transfer full)
 */
TernPlan *tern_place (const TernGroup *group);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernPlan, tern_plan_free)

G_END_DECLS
