/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/parts.h"
#include "virtern-bus.h"

G_BEGIN_DECLS

/** TernHostFigures: keeps what Host objects say of promised memory and links in step with the
 * engine: at once after a while of quiet, and at most once a second */
typedef struct _TernHostFigures TernHostFigures;

/** tern_host_figures_new: @hosts: (element-type utf8 TernBusHost): by name, followed as it changes.
 * Returns: (transfer full) */
TernHostFigures *tern_host_figures_new (TernParts *parts, GHashTable *hosts);
/** tern_host_figures_free: @self: (nullable) */
void tern_host_figures_free (TernHostFigures *self);

/** tern_host_figures_fill: makes @bus say what is promised on the host @name now, and how fast its
 * link is */
void tern_host_figures_fill (TernParts *parts, TernBusHost *bus, const char *name);

G_END_DECLS
