/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/parts.h"
#include "virtern-bus.h"

G_BEGIN_DECLS

/** TernHostMemory: keeps what Host objects say of promised memory in step with the engine: at once
 * after a while of quiet, and at most once a second */
typedef struct _TernHostMemory TernHostMemory;

/** tern_host_memory_new: @hosts: (element-type utf8 TernBusHost): by name, followed as it changes.
 * Returns: (transfer full) */
TernHostMemory *tern_host_memory_new (TernParts *parts, GHashTable *hosts);
/** tern_host_memory_free: @self: (nullable) */
void tern_host_memory_free (TernHostMemory *self);

/** tern_host_memory_fill: makes @bus say what is promised on the host @name now */
void tern_host_memory_fill (TernParts *parts, TernBusHost *bus, const char *name);

G_END_DECLS
