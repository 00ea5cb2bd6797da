/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-conn.h"
#include "drivers/worker.h"
#include "model/vm.h"

G_BEGIN_DECLS

/*
 * Changes to a VM beside its migration. All of it blocks: only in a worker. Each asks
 * tern_call_check() right before the act.
 */

/** tern_libvirt_start: see tern_hypervisor_start_async() */
gboolean tern_libvirt_start (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                             GError **error);

/** tern_libvirt_shutdown: see tern_hypervisor_shutdown_async(). An agent is given a minute to do it
 */
gboolean tern_libvirt_shutdown (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                                GError **error);

/** tern_libvirt_eject: see tern_hypervisor_eject_async() */
gboolean tern_libvirt_eject (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                             const char *target, const char *source, GError **error);

/** tern_libvirt_set_lock: see tern_hypervisor_set_lock_async(); @lock: (nullable) */
gboolean tern_libvirt_set_lock (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                                const TernLock *lock, GError **error);

/** tern_libvirt_set_drain_action: see tern_hypervisor_set_drain_action_async() */
gboolean tern_libvirt_set_drain_action (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                                        int action, GError **error);

/** tern_libvirt_set_cpu: see tern_hypervisor_set_cpu_async(); @cpu: (nullable) */
gboolean tern_libvirt_set_cpu (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                               const TernCpu *cpu, GError **error);

G_END_DECLS
