/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/cluster.h"

G_BEGIN_DECLS

/**
 * tern_cpu_missing:
 * @needed: (array zero-terminated=1): sorted
 * @offered: (array zero-terminated=1): sorted
 *
 * Returns: (transfer full): sorted: what is needed and not offered
 */
GStrv tern_cpu_missing (const char *const *needed, const char *const *offered);

/** tern_cpu_has_all: Returns: whether nothing is missing, without making a list */
gboolean tern_cpu_has_all (const char *const *needed, const char *const *offered);

/**
 * TernCpuFit: how a VM's CPU relates to a host's
 * @known: both are known well enough to be compared; otherwise the rest is empty
 * @missing: (array zero-terminated=1): features the VM's CPU requires and the host cannot give
 * @vendor_differs: the VM's CPU names another vendor
 * @same_silicon_needed: host-passthrough or maximum: what the guest saw must be there exactly
 * @differs: and it is not, or nobody can say
 */
typedef struct
{
  gboolean known;
  GStrv missing;
  gboolean vendor_differs;
  gboolean same_silicon_needed;
  gboolean differs;
} TernCpuFit;

/**
 * tern_cpu_fit:
 * @cpu: (nullable): of the VM, as its host shows it; for a move the live one, expanded; for a start
 *   the one of the definition: host-model and host-passthrough fit every host then
 * @act_is_start: whether it will be started
 * @source: (nullable): facts of the host it runs on: host-passthrough is compared with that
 * @destination: facts of the host it shall run on
 * @out_fit: cleared with tern_cpu_fit_clear()
 *
 * The same answer as libvirt's virConnectCompareHypervisorCPU() on the destination gives, by set
 * arithmetic on expanded lists, so that it also works on a snapshot
 * (libvirt 9.0, src/cpu/cpu_x86.c, x86Compare).
 */
void tern_cpu_fit (const TernCpu *cpu, gboolean act_is_start, const TernHostFacts *source,
                   const TernHostFacts *destination, TernCpuFit *out_fit);
void tern_cpu_fit_clear (TernCpuFit *fit);

/**
 * TernBaseline: what all hosts of a cluster can give
 * @hosts: (array zero-terminated=1): names of the hosts that count: those whose CPU is known
 * @unknown: (array zero-terminated=1): names of the others
 * @features: (array zero-terminated=1): sorted: what all of them offer
 * @vendor: (nullable): %NULL if they differ: then no live move between all of them is possible
 */
typedef struct
{
  GStrv hosts;
  GStrv unknown;
  GStrv features;
  char *vendor;
} TernBaseline;

/** tern_baseline_compute: @cluster_name: (nullable): only hosts of that cluster. Returns: (transfer
 * full) */
TernBaseline *tern_baseline_compute (const TernCluster *cluster, const char *cluster_name);
void tern_baseline_free (TernBaseline *self);

/** tern_baseline_get_beyond: Returns: (transfer full): features that @cpu has beyond the baseline
 */
GStrv tern_baseline_get_beyond (const TernBaseline *self, const TernCpu *cpu);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernBaseline, tern_baseline_free)

G_END_DECLS
