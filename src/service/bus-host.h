/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/host.h"
#include "virtern-bus.h"

G_BEGIN_DECLS

/** tern_bus_host_format_path: Returns: (transfer full): path of the Host object of @name */
char *tern_bus_host_format_path (const char *name);

/** tern_bus_host_fill: makes @bus say what @host says; only what differs is told to clients */
void tern_bus_host_fill (TernBusHost *bus, const TernHost *host);

G_END_DECLS
