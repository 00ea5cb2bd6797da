/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ports/store.h"

G_BEGIN_DECLS

/**
 * TernStoreSqlite:
 *
 * The store in one SQLite file (write-ahead log, synced at each commit). A thread of
 * its own owns the connection and works off a queue, so that the disk never holds up
 * the main loop; answers arrive on the main context that the call was made from.
 */
#define TERN_TYPE_STORE_SQLITE (tern_store_sqlite_get_type ())
G_DECLARE_FINAL_TYPE (TernStoreSqlite, tern_store_sqlite, TERN, STORE_SQLITE, GObject)

/**
 * tern_store_sqlite_open:
 * @path: the file; made, with mode 0600, if it is not there. Its directory is made (0700) if
 *   the parent of that exists
 * @error: %TERN_ERROR_STORE, with a sentence that names the file and says what to do: the
 *   directory is missing or cannot be written, the file is damaged, is none of ours, comes
 *   from a newer version, or another daemon has it open. A file that is refused is left as
 *   it is, byte for byte.
 *
 * Holds the lock PATH.lock until it is closed; the end of the process frees it.
 * Blocks: call it before the main loop runs.
 *
 * Returns: (transfer full) (nullable)
 */
TernStore *tern_store_sqlite_open (const char *path, GError **error);

/**
 * tern_store_sqlite_close:
 *
 * Carries out every write that was asked for, then closes the file and frees the lock;
 * blocks meanwhile. The answers of those writes still come on the main context. What is
 * asked later ends with %TERN_ERROR_STORE. Closing twice is no error; losing the last
 * reference closes too, but an unanswered write holds one: call this at the daemon's end.
 */
void tern_store_sqlite_close (TernStoreSqlite *self);

G_END_DECLS
