/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/**
 * tern_store_file_open:
 * @path: see tern_store_sqlite_open()
 * @out_lock_fd: holds PATH.lock: to be closed after the connection
 * @error: %TERN_ERROR_STORE; nothing is held then
 *
 * Returns: (transfer full) (nullable): the file, with the tables of this version
 */
sqlite3 *tern_store_file_open (const char *path, int *out_lock_fd, GError **error);

G_END_DECLS
