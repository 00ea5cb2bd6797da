/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/host.h"
#include "model/vm.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernCluster:
 * @generation: goes up with every change that was seen; 0 of a file
 * @taken_us: wall time of the snapshot
 * @hosts: (element-type TernHost): by name
 * @vms: (element-type TernVm): every host's copy of every VM: by name, UUID, host
 * @shared_paths: (nullable) (array zero-terminated=1): folders that the admin says are the same
 *   storage on every host
 *
 * All hosts and VMs at one moment. Immutable; plans are computed from it. The hosts may belong to
 * several clusters in the admin's sense (#TernHostConfig.cluster).
 */
typedef struct _TernClusterIndex TernClusterIndex;
typedef struct
{
  guint64 generation;
  gint64 taken_us;
  GPtrArray *hosts;
  GPtrArray *vms;
  GStrv shared_paths;

  /*< private >*/
  TernClusterIndex *index;
  gatomicrefcount refs;
} TernCluster;

/**
 * tern_cluster_new:
 * @hosts: (transfer none) (element-type TernHost): any order, names differ
 * @vms: (transfer none) (element-type TernVm): any order; copies of one VM on several hosts allowed
 *
 * Keeps references on the items, not on the arrays. Builds its indexes at once: about linear in
 * what is in it.
 */
TernCluster *tern_cluster_new (const GPtrArray *hosts, const GPtrArray *vms,
                               const char *const *shared_paths, guint64 generation,
                               gint64 taken_us);
TernCluster *tern_cluster_ref (TernCluster *self);
void tern_cluster_unref (TernCluster *self);

/** tern_cluster_find_host: Returns: (transfer none) (nullable) */
const TernHost *tern_cluster_find_host (const TernCluster *self, const char *name);

/** tern_cluster_get_host_index: Returns: its place in @hosts, -1 if there is none such */
int tern_cluster_get_host_index (const TernCluster *self, const char *name);

/** tern_cluster_find_vm: the copy that counts, see tern_vm_get_rank(); of equals the first by host.
 * Returns: (transfer none) (nullable) */
const TernVm *tern_cluster_find_vm (const TernCluster *self, const char *uuid);

/**
 * tern_cluster_lookup_vm:
 * @name_or_uuid: as a person gives it
 * @error: %TERN_ERROR_NOT_FOUND, %TERN_ERROR_AMBIGUOUS (the sentence lists the UUIDs)
 */
const TernVm *tern_cluster_lookup_vm (const TernCluster *self, const char *name_or_uuid,
                                      GError **error);

/* Lists of what is in it; (transfer none) (nullable) (element-type TernVm): NULL for none. */

/** tern_cluster_get_copies: every copy of one VM, by host */
const GPtrArray *tern_cluster_get_copies (const TernCluster *self, const char *uuid);
/** tern_cluster_get_vms_on: every copy on one host, by its place in @hosts */
const GPtrArray *tern_cluster_get_vms_on (const TernCluster *self, guint host_index);
/** tern_cluster_get_named: copies with that name */
const GPtrArray *tern_cluster_get_named (const TernCluster *self, const char *name);
/** tern_cluster_get_with_mac: copies with a NIC of that address, lower case */
const GPtrArray *tern_cluster_get_with_mac (const TernCluster *self, const char *mac);
/** tern_cluster_get_with_disk: copies with a disk of that source that is not read-only and no
 * removable medium; @source as in #TernDisk */
const GPtrArray *tern_cluster_get_with_disk (const TernCluster *self, const char *source);

/** tern_cluster_get_memory_used: Returns: bytes that active copies on that host need, see
 * tern_vm_get_memory_need() */
guint64 tern_cluster_get_memory_used (const TernCluster *self, guint host_index);
/** tern_cluster_get_vcpus_used: Returns: vCPUs of active copies on that host */
guint tern_cluster_get_vcpus_used (const TernCluster *self, guint host_index);
/** tern_cluster_get_active: Returns: how many active copies are on that host */
guint tern_cluster_get_active (const TernCluster *self, guint host_index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernCluster, tern_cluster_unref)

G_END_DECLS
