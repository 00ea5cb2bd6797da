/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-xml.h"
#include "model/vm.h"

G_BEGIN_DECLS

/*
 * The lock in a VM's metadata:
 *
 *   <lock xmlns="urn:virtern:lock:1" owner="OWNER" since="RFC 3339" expires="RFC
 * 3339">REASON</lock>
 *
 * Others may write it too, so it is read as it comes: what is missing or cannot be read counts as
 * not said, and an expiry that cannot be read as never.
 */

/** tern_libvirt_lock_from_node: @node: (nullable). Returns: (transfer full) (nullable) */
TernLock *tern_libvirt_lock_from_node (const xmlNode *node);

/** tern_libvirt_lock_to_xml: Returns: (transfer full): for virDomainSetMetadata(), which adds the
 * namespace. What XML cannot hold becomes a blank */
char *tern_libvirt_lock_to_xml (const TernLock *lock);

G_END_DECLS
