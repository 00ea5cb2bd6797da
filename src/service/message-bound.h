/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** tern_message_bound_connection: from now on nothing is sent that is longer than the bus carries:
 * it would close the connection, and the daemon would end */
void tern_message_bound_connection (GDBusConnection *connection);

/** tern_message_bound: @message: (transfer full). Returns: (transfer full) (nullable): the message,
 * or if it is too long an error in its place, or %NULL for a signal. */
GDBusMessage *tern_message_bound (GDBusMessage *message);

G_END_DECLS
