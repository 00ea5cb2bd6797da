/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/**
 * tern_store_check_place:
 * @path: of the store
 * @error: %TERN_ERROR_STORE
 *
 * Whether a store can live there: makes the directory if only that is missing; the
 * directory and what is there of the store must be writable.
 */
gboolean tern_store_check_place (const char *path, GError **error);

/**
 * tern_store_check_file:
 * @path: of the store, see tern_store_check_place(); nobody else has it open
 * @out_exists: %FALSE when there is none yet (or an empty file)
 * @error: %TERN_ERROR_STORE
 *
 * Whether what is there is a sound store of ours, of a version we know. Never changes it.
 */
gboolean tern_store_check_file (const char *path, gboolean *out_exists, GError **error);

G_END_DECLS
