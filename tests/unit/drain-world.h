/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Hosts and VMs that a drain can be asked of, and that can be changed between two looks.
 */

#include "plan/drain.h"

#include "plan-world.h"

typedef struct
{
  TernHostConfig *config;
  TernHostFacts *facts;
  TernHostState state;
  gint64 seen_us;
} DrainHost;

typedef struct
{
  GArray *hosts;    /* of DrainHost */
  GPtrArray *vms;   /* of TernVm, changed in place between looks */
  GPtrArray *tasks; /* of TernTaskRecord: children */
  GHashTable *open;
  TernLedger *ledger;
  TernDrain *drain;
  TernSettings settings;
  TernCluster *cluster;
  GPtrArray *origins; /* (nullable) */
  const char *const *rules;
  gint64 now_us;
} DrainWorld;

/** drain_world_init: @n hosts "node1" to "nodeN" of 16 GiB, 15 GiB of which may be promised; the
 * order is to drain node1 */
void drain_world_init (DrainWorld *self, guint n);
void drain_world_clear (DrainWorld *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (DrainWorld, drain_world_clear)

DrainHost *drain_world_host (DrainWorld *self, guint number);
/** drain_world_vm: adds a running VM that takes about @gib */
TernVm *drain_world_vm (DrainWorld *self, const char *name, guint host, guint gib);
/** drain_world_order: replaces the hosts of the order */
void drain_world_order (DrainWorld *self, const char *const *hosts);
/** drain_world_question: makes the cluster, the open tasks and the ledger of what is there now */
TernDrainQuestion drain_world_question (DrainWorld *self);
/** drain_world_child: adds a child task in phase preparing. */
TernTaskRecord *drain_world_child (DrainWorld *self, const char *kind, const TernVm *vm,
                                   const char *to);
TernVm *drain_world_find (DrainWorld *self, const char *uuid);
const TernDrainItem *drain_items_find (const GPtrArray *items, const char *name);
/** drain_item_codes: Returns: (transfer full): codes of its reasons, with spaces */
char *drain_item_codes (const TernDrainItem *item);
