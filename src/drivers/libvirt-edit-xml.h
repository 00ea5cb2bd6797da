/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-xml.h"
#include "model/cpu.h"

G_BEGIN_DECLS

/*
 * Changes to a definition as libvirt wrote it. Whatever is not meant stays as it is.
 *
 * The mask in a VM's metadata keeps what the definition said before the first change; an empty one
 * says that it had no cpu element:
 *
 *   <mask xmlns="urn:virtern:mask:1"><cpu xmlns="" mode=…
 * ><model/><vendor/><feature/>…</cpu></mask>
 */

/**
 * tern_libvirt_edit_cpu:
 * @xml: an inactive domain XML, with secrets
 * @cpu: (nullable): custom; %NULL puts back what the mask keeps, and removes the mask
 * @out_mask: (transfer full) (nullable): the mask it has afterwards, for
 *   virDomainSetMetadata(), which adds the namespace; %NULL if none
 *
 * Replaces mode, model, vendor and features; topology, NUMA, cache and address bits stay.
 *
 * Returns: (transfer full) (nullable): the new definition; %TERN_ERROR_NOT_FOUND if there is
 * nothing to put back
 */
char *tern_libvirt_edit_cpu (const char *xml, const TernCpu *cpu, char **out_mask, GError **error);

/**
 * tern_libvirt_edit_eject:
 * @target: drive in the guest
 * @source: what must be in it
 * @out_device: (transfer full) (nullable): the drive without its medium, for
 *   virDomainUpdateDeviceFlags(); %NULL if it is empty already
 * @error: %TERN_ERROR_NOT_FOUND: no such drive; %TERN_ERROR_REFUSED: no CD-ROM or floppy, or
 *   something else is in it
 */
gboolean tern_libvirt_edit_eject (const char *xml, const char *target, const char *source,
                                  char **out_device, GError **error);

G_END_DECLS
