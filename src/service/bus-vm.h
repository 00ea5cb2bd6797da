/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/parts.h"
#include "virtern-bus.h"

G_BEGIN_DECLS

/** tern_bus_vm_format_path: Returns: (transfer full): path of the Vm object of @uuid */
char *tern_bus_vm_format_path (const char *uuid);

/** tern_bus_vm_fill: makes @bus say what is known of @vm, the copy that counts, of the other
 * copies, and where it belongs; only what differs is told to clients */
void tern_bus_vm_fill (TernBusVm *bus, TernParts *parts, const TernVm *vm);

G_END_DECLS
