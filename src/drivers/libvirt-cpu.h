/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-conn.h"
#include "ports/hypervisor.h"

G_BEGIN_DECLS

/* Questions about CPUs. All of them block: only in a worker. */

/**
 * tern_libvirt_expand:
 * @arch: (nullable)
 * @cpu: (transfer full) (nullable)
 *
 * Spells out the features of @cpu as libvirt knows its model. What libvirt says of a model is
 * remembered with the connection.
 *
 * Returns: (transfer full) (nullable): @cpu itself if it is expanded already, names no model, or
 *   libvirt cannot tell
 */
TernCpu *tern_libvirt_expand (TernLibvirtConn *conn, const char *arch, TernCpu *cpu);

/** tern_libvirt_fetch_cpu_xml: see tern_hypervisor_fetch_cpu_xml_async(). Returns: (transfer full)
 */
char *tern_libvirt_fetch_cpu_xml (TernLibvirtConn *conn, const char *uuid, GError **error);

/** tern_libvirt_compare_cpu: see tern_hypervisor_compare_cpu_async(). Returns: (transfer full)
 * (nullable): the host's words, "" if it can */
char *tern_libvirt_compare_cpu (TernLibvirtConn *conn, const char *cpu_xml, GError **error);

/** tern_libvirt_check_cpu: Returns: whether libvirt knows the model and features of a custom CPU,
 * which it does not ask when a VM is defined; %TERN_ERROR_INVALID_ARGUMENT */
gboolean tern_libvirt_check_cpu (TernLibvirtConn *conn, const TernCpu *cpu, GError **error);

/** tern_libvirt_baseline_cpu: see tern_hypervisor_baseline_cpu_async(). Returns: (transfer full) */
TernCpuDefinition *tern_libvirt_baseline_cpu (TernLibvirtConn *conn, const GPtrArray *cpus,
                                              GError **error);

G_END_DECLS
