/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-conn.h"
#include "drivers/worker.h"
#include "model/vm.h"

G_BEGIN_DECLS

/*
 * Questions about VMs that change nothing. All of them block: only in a worker. None waits
 * for a job on a VM, unless its comment says so.
 */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (virDomain, virDomainFree)

/** tern_libvirt_query_vms: a VM whose XML cannot be read is there without its hardware.
 * Returns: (transfer full) (element-type TernVm) */
GPtrArray *tern_libvirt_query_vms (TernLibvirtConn *conn, const char *host, GError **error);

/** tern_libvirt_query_vm: %TERN_ERROR_NOT_FOUND. Returns: (transfer full) */
TernVm *tern_libvirt_query_vm (TernLibvirtConn *conn, const char *host, const char *uuid,
                               GError **error);

/** tern_libvirt_query_sighting: see tern_hypervisor_inspect_async(). Returns: (transfer full) */
TernSighting *tern_libvirt_query_sighting (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                                           GError **error);

/**
 * tern_libvirt_sight:
 * @dom: a domain that was just looked up
 *
 * Returns: (transfer full): as tern_libvirt_query_sighting(); @present is %FALSE if it vanished
 */
TernSighting *tern_libvirt_sight (TernCall *call, virDomainPtr dom, GError **error);

/**
 * tern_libvirt_is_unasked_job:
 * @code: libvirt's number after virDomainGetJobStats() failed
 *
 * Two answers that tell something: OPERATION_INVALID, "domain is not running", and, on the
 * destination of a migration, OPERATION_UNSUPPORTED in 9.0 (OPERATION_INVALID in others),
 * "statistics are available only on the source host". Neither waits for a job. Which of the two
 * it was, the state tells.
 */
gboolean tern_libvirt_is_unasked_job (int code);

/** tern_libvirt_lookup: %TERN_ERROR_NOT_FOUND. Returns: (transfer full) */
virDomainPtr tern_libvirt_lookup (TernLibvirtConn *conn, const char *uuid, GError **error);

G_END_DECLS
