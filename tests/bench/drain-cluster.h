/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Clusters as they may be before a drain: sizes of VMs as public clouds have them, some larger than
 * 30 % of a host, placed nearly evenly. The same seed gives the same cluster.
 */

#include "model/cluster.h"
#include "plan/pack.h"

G_BEGIN_DECLS

#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define GIB (G_GUINT64_CONSTANT (1) << 30)

/**
 * ClusterShape:
 * @n_drained: hosts to be emptied: the first ones
 * @fill: share of the memory of all hosts that is used before, at most
 */
typedef struct
{
  guint n_hosts;
  guint n_vms;
  guint n_drained;
  double fill;
  guint64 seed;
} ClusterShape;

/**
 * Cluster:
 * @pack: the problem; @allows lets everything
 * @cpus: of each host
 * @n_asked: how often "allows" was asked
 */
typedef struct
{
  TernPack pack;
  TernPackHost *hosts;
  TernPackVm *vms;
  guint cpus;
  double fill;
  guint n_asked;
} Cluster;

Cluster *cluster_new (const ClusterShape *shape);
void cluster_free (Cluster *self);

/** cluster_to_model: Returns: (transfer full): hosts that the planner keeps nothing else of, so
 * that each may promise what @pack says */
TernCluster *cluster_to_model (const Cluster *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Cluster, cluster_free)

G_END_DECLS
