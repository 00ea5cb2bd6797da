/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A judge of packings that shares no code with the planner: it carries the moves out one by one.
 */

#include "plan/pack.h"

G_BEGIN_DECLS

/**
 * TestPackOutcome: what an order of moves comes to
 * @moves: how many
 * @room_moves: that only make room
 * @bytes: of the VMs moved, once for each move
 * @stranded: VMs that are not where they shall be
 * @highest: use of the fullest open host, after all
 */
typedef struct
{
  guint moves;
  guint room_moves;
  guint64 bytes;
  guint stranded;
  double highest;
} TestPackOutcome;

/** test_pack_replay: Returns: (transfer full) (nullable): what is wrong; %NULL if nothing is */
char *test_pack_replay (const TernPack *pack, const TernPackResult *result,
                        TestPackOutcome *out_outcome);

/** test_pack_bound: Returns: what the highest use cannot be below, if only what must leave moves:
 * the level that water would find, the emptiest host with the largest VM, the fullest host now */
double test_pack_bound (const TernPack *pack);

/** test_pack_bound_pairs: Returns: the same, but sharper: of the @k largest VMs either all go to
 * different hosts, the least of which is no emptier than the @k-th emptiest host; or two of them go
 * to one host. For hosts of one size, without limits of virtual CPUs. */
double test_pack_bound_pairs (const TernPack *pack);

G_END_DECLS
