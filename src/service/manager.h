/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/parts.h"
#include "virtern-bus.h"

G_BEGIN_DECLS

/** tern_manager_new: the Manager interface, ready to export. Returns: (transfer full) */
TernBusManager *tern_manager_new (TernParts *parts);

G_END_DECLS
