/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-xml.h"
#include "model/vm.h"

G_BEGIN_DECLS

/* Namespaces of what we keep in a VM's metadata, and the prefixes libvirt is given for them. */
#define TERN_LIBVIRT_LOCK_NS "urn:virtern:lock:1"
#define TERN_LIBVIRT_LOCK_KEY "virtern-lock"
#define TERN_LIBVIRT_DRAIN_NS "urn:virtern:drain:1"
#define TERN_LIBVIRT_DRAIN_KEY "virtern-drain"
#define TERN_LIBVIRT_MASK_NS "urn:virtern:mask:1"
#define TERN_LIBVIRT_MASK_KEY "virtern-mask"

/**
 * tern_libvirt_parse_domain:
 * @xml: of virDomainGetXMLDesc()
 * @host: name of the host it was seen on
 *
 * State, reason, persistence, snapshots, saved memory and backup are not in the XML: they stay as
 * tern_vm_new() made them. The CPU is as it stands, not expanded, but for one: a definition whose
 * CPU is not checked at start (check='none') requires nothing of a host, and says so.
 *
 * Returns: (transfer full): not yet shared
 */
TernVm *tern_libvirt_parse_domain (const char *xml, const char *host, GError **error);

/** tern_libvirt_disk_source: Returns: (transfer full) (nullable): as TernDisk's @source */
char *tern_libvirt_disk_source (const xmlNode *disk);

/** tern_libvirt_metadata: Returns: (nullable): the element of that name and namespace in a domain's
 * metadata */
const xmlNode *tern_libvirt_metadata (const xmlNode *domain, const char *name, const char *ns);

G_END_DECLS
