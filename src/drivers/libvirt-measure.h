/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-conn.h"
#include "drivers/worker.h"

G_BEGIN_DECLS

/* How fast a VM writes to its memory, in two steps, since the host takes its time in between. Both
 * block: only in a worker. */

/** tern_libvirt_measure: has the host begin to measure for a second */
gboolean tern_libvirt_measure (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                               GError **error);

/** tern_libvirt_measured: %TERN_ERROR_BUSY while it measures. Returns: (transfer full): bytes per
 * second, g_free() */
guint64 *tern_libvirt_measured (TernLibvirtConn *conn, const char *uuid, GError **error);

/** tern_libvirt_dirty_rate: @params: of VIR_DOMAIN_STATS_DIRTYRATE. Returns: as
 * tern_libvirt_measured() */
guint64 *tern_libvirt_dirty_rate (virTypedParameterPtr params, int n_params, GError **error);

G_END_DECLS
