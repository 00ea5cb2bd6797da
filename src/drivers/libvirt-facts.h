/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-conn.h"
#include "model/host.h"

G_BEGIN_DECLS

/* What a host says of itself. All of it blocks: only in a worker. */

/**
 * tern_libvirt_query_facts:
 * @known: (nullable): what this host answered before: then only what changes all the time is asked
 *   again: memory, huge pages, load
 *
 * The first time may take long: libvirt probes QEMU. A list that the host or its permissions refuse
 * stays %NULL. The pools are left out: tern_libvirt_query_pools(). The load is measured between
 * two calls on the same connection.
 *
 * Returns: (transfer full): not yet shared
 */
TernHostFacts *tern_libvirt_query_facts (TernLibvirtConn *conn, const TernHostFacts *known,
                                         GError **error);

/**
 * tern_libvirt_query_pools:
 *
 * Refreshes the pools that are directories, and lists their volumes. May hang as long as their
 * storage does: so it is apart from the rest.
 *
 * Returns: (transfer full) (element-type TernPool): by name
 */
GPtrArray *tern_libvirt_query_pools (TernLibvirtConn *conn, GError **error);

/** tern_libvirt_query_resources: of tern_libvirt_query_facts(): networks, interfaces, secrets.
 * Returns: %FALSE if the connection is dead */
gboolean tern_libvirt_query_resources (virConnectPtr conn, TernHostFacts *facts, GError **error);

G_END_DECLS
