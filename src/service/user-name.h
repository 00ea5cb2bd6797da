/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** tern_user_name_fetch_async: asks the system what the user is called. On a thread: behind the
 * list of users there may be a server that does not answer */
void tern_user_name_fetch_async (gint64 uid, GAsyncReadyCallback cb, gpointer data);

/** tern_user_name_fetch_finish: Returns: (transfer full): the name, visible; "uid 1000" for a user
 * that has none, or if nobody answers within a few seconds */
char *tern_user_name_fetch_finish (GAsyncResult *result);

G_END_DECLS
