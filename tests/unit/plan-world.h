/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Two equal hosts and a VM that may go from one to the other, for tests that spoil one thing each.
 * Everything can be changed until plan_world_question() is called.
 */

#include "plan/placement.h"

#define PLAN_UUID "6b3c0d4e-1111-4222-8333-444455556666"
#define PLAN_OTHER_UUID "7b3c0d4e-1111-4222-8333-444455556666"
#define PLAN_NOW_US (G_GINT64_CONSTANT (1800000000) * 1000000)
#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define GIB (G_GUINT64_CONSTANT (1) << 30)

typedef struct
{
  TernHostConfig *config;
  TernHostFacts *facts;
  TernHostState state;
} PlanHost;

typedef struct
{
  PlanHost anna, bert;
  TernVm *vm;
  GPtrArray *others; /* of TernVm */
  GPtrArray *shared; /* of char: shared paths */
  TernLedger *ledger;
  TernSettings settings;
  TernTaskRecord *task;
  gboolean use_task;
  gboolean without_anna;
  TernAct act;
  gboolean bound;
  gboolean eject_media;
  TernCluster *cluster;
} PlanWorld;

void plan_world_init (PlanWorld *self);
void plan_world_clear (PlanWorld *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (PlanWorld, plan_world_clear)

/** plan_world_question: makes the cluster. Returns: valid as long as @self */
TernQuestion plan_world_question (PlanWorld *self);

TernDisk *plan_disk (const char *target, const char *type, const char *source);
TernPool *plan_pool (const char *name, const char *path, const char *source, gboolean remote);
TernCpu *plan_cpu (const char *mode, const char *vendor, const char *features);
/** plan_other: adds a VM of another UUID, which runs on @host */
TernVm *plan_other (PlanWorld *self, const char *name, const char *host);
/** plan_set: replaces an allocated string */
void plan_set (char **field, const char *value);

/** plan_codes: Returns: (transfer full): "!code" for what blocks, "?code" for what warns, in order
 */
char *plan_codes (const GPtrArray *reasons);
