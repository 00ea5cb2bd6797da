/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/snapshot.h"
#include "test-random.h"

G_BEGIN_DECLS

/**
 * test_random_cluster:
 * @max_hosts: 1 to so many hosts
 * @max_vms: 0 to so many VMs
 *
 * A cluster as somebody might have it, in which most things fit and every kind of obstacle turns
 * up: CPU generations, hosts that are not reachable, never seen, or in maintenance, names that
 * are treacherous or no UTF-8, locks, local disks and media, pinning, huge pages, devices, copies
 * on two hosts, memory that is no whole MiB. No host holds more than it has. The same seed gives
 * the same cluster.
 */
TernCluster *test_random_cluster (guint64 seed, guint max_hosts, guint max_vms);

/** test_random_settings: weights, a reserve and now and then a ratio above 1 */
TernSettings test_random_settings (guint64 seed);

/** test_random_reservations: Returns: (transfer full) (element-type TernReservation): of VMs and
 * hosts of @cluster */
GPtrArray *test_random_reservations (guint64 seed, const TernCluster *cluster);

G_END_DECLS
