/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/cluster.h"
#include "model/reservation.h"
#include "model/settings.h"

G_BEGIN_DECLS

/** No file larger than this is read: 1,000 hosts with 20,000 VMs take about a third of it. */
#define TERN_SNAPSHOT_MAX (64 * 1024 * 1024)

/**
 * TernSnapshotHost: what only the simulation needs of a host
 * @link_bps: bytes per second for migrations, each way; 0 if the file does not say
 * @listed: the daemon knows it from the start
 * @state: "up", "down", "cut" or "hang"
 */
typedef struct
{
  guint64 link_bps;
  gboolean listed;
  const char *state;
} TernSnapshotHost;

/**
 * TernSnapshotFault: something that goes wrong in the simulation; words as in the schema
 * @vm: (nullable): name or UUID; @host: (nullable)
 */
typedef struct
{
  char *vm;
  char *host;
  char *phase;
  char *fault;
  guint times;
  gint64 length_us;
  gint64 at_us;
} TernSnapshotFault;

/**
 * TernSnapshot: a snapshot file, read
 * @cluster: hosts (also those that are not listed) and VMs
 * @settings: as in the file, or the defaults
 * @reservations: (element-type TernReservation): what moves under way had been promised
 * @sim_hosts: (element-type TernSnapshotHost): one for each of the cluster's hosts, in its order
 * @dirty_bps: (array): one for each of the cluster's VMs, in its order
 * @shutdown_us: (array): likewise: what its guest takes to shut down
 * @faults: (element-type TernSnapshotFault)
 */
typedef struct
{
  TernCluster *cluster;
  TernSettings settings;
  GPtrArray *reservations;
  GPtrArray *sim_hosts;
  guint64 *dirty_bps;
  gint64 *shutdown_us;
  GPtrArray *faults;
} TernSnapshot;

/**
 * tern_snapshot_load:
 * @path: see data/virtern-snapshot.schema.json
 * @error: %TERN_ERROR_INVALID_ARGUMENT, naming the file, the place (line or element) and the field
 *
 * Strict: an unknown field, a wrong type, a number out of bounds, a name twice, a host that is not
 * there are refused; so is what is no regular file, longer than %TERN_SNAPSHOT_MAX or nested deeper
 * than the schema.
 *
 * Returns: (transfer full) (nullable)
 */
TernSnapshot *tern_snapshot_load (const char *path, GError **error);

/** tern_snapshot_parse: as tern_snapshot_load(), from memory; @name stands for the file in errors.
 * @existing: (nullable): VMs may also be on hosts of this cluster: so a test adds a VM */
TernSnapshot *tern_snapshot_parse (const char *data, gssize length, const char *name,
                                   const TernCluster *existing, GError **error);
void tern_snapshot_free (TernSnapshot *self);

/**
 * tern_snapshot_format:
 * @reservations: (nullable) (element-type TernReservation)
 *
 * What tern_snapshot_parse() reads: the same hosts, VMs and verdicts come out of it. URIs and other
 * ways to get at a host are left out.
 *
 * Returns: (transfer full): JSON, one line for each host and VM
 */
char *tern_snapshot_format (const TernCluster *cluster, const TernSettings *settings,
                            const GPtrArray *reservations);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernSnapshot, tern_snapshot_free)

G_END_DECLS
