/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/snapshot.h"
#include "plan/placement.h"

G_BEGIN_DECLS

/**
 * TernScene: a snapshot file, ready to be judged
 * @cluster: what the daemon would know of it
 * @ledger: what was promised then
 * @now_us: when it was taken
 */
typedef struct
{
  TernSnapshot *snapshot;
  TernCluster *cluster;
  TernLedger *ledger;
  gint64 now_us;
} TernScene;

/** tern_scene_load: Returns: (transfer full) (nullable) */
TernScene *tern_scene_load (const char *file, GError **error);
void tern_scene_free (TernScene *self);

/** tern_scene_find_open_task: Returns: (transfer full) (nullable): the task that a promise in the
 * file belongs to */
TernTaskRecord *tern_scene_find_open_task (const TernScene *scene, const TernVm *vm);

/** tern_scene_find_host: Returns: (transfer none) (nullable): %NULL if @name is %NULL, without an
 * error */
const TernHost *tern_scene_find_host (const TernScene *scene, const char *name, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernScene, tern_scene_free)

G_END_DECLS
