/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** tern_bus_name_connect: to the session or system bus. Returns: (transfer full) (nullable) */
GDBusConnection *tern_bus_name_connect (gboolean session, GError **error);

/**
 * tern_bus_name_own:
 *
 * Takes TERN_BUS_NAME, at once or never. Blocks; what clients send meanwhile is answered when
 * the main loop runs.
 */
gboolean tern_bus_name_own (GDBusConnection *connection, GError **error);

/** tern_bus_name_watch: @lost is called when the name or the connection is gone; it gets a
 * #GError and @data */
void tern_bus_name_watch (GDBusConnection *connection, void (*lost) (const GError *, gpointer),
                          gpointer data);

G_END_DECLS
