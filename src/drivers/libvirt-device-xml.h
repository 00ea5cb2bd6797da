/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-xml.h"
#include "model/vm.h"

G_BEGIN_DECLS

/** tern_libvirt_add_devices: @devices: (nullable): the devices element. Fills in all lists of
 * devices */
void tern_libvirt_add_devices (TernVm *vm, const xmlNode *devices);

G_END_DECLS
