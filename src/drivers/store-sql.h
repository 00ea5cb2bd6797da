/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/store-columns.h"

#include <sqlite3.h>

G_BEGIN_DECLS

/*
 * What every question to the store is made of. All of it blocks; errors are TERN_ERROR_STORE.
 */

/** tern_sql_fail: sets @error to "PATH: WHAT: SQLite's words". Returns: %FALSE */
gboolean tern_sql_fail (sqlite3 *db, const char *what, GError **error);
/** tern_sql_exec: runs SQL without results */
gboolean tern_sql_exec (sqlite3 *db, const char *sql, GError **error);

typedef gboolean (*TernSqlFunc) (sqlite3 *db, gconstpointer input, GError **error);
/** tern_sql_transact: all that @run writes, or nothing */
gboolean tern_sql_transact (sqlite3 *db, TernSqlFunc run, gconstpointer input, GError **error);

/** tern_sql_prepare: a write. Returns: (transfer full) (nullable) */
sqlite3_stmt *tern_sql_prepare (sqlite3 *db, const char *sql, GError **error);
/** tern_sql_write: carries @stmt out: a transaction of its own, unless there is one around it */
gboolean tern_sql_write (sqlite3 *db, sqlite3_stmt *stmt, GError **error);
/** tern_sql_write_with: as both of these, with @key in the first place */
gboolean tern_sql_write_with (sqlite3 *db, const char *sql, const char *key, GError **error);

/** tern_sql_put: inserts @record, or replaces what the table's first column says it is. Columns of
 * the table that are none of the record's stay as they are. */
gboolean tern_sql_put (sqlite3 *db, const TernTable *table, gconstpointer record, GError **error);

/** tern_sql_select: the columns of records, with @rest behind "FROM TABLE". @version: of the
 * tables. Returns: (transfer full) (nullable) */
sqlite3_stmt *tern_sql_select (sqlite3 *db, const TernTable *table, int version, const char *rest,
                               GError **error);

typedef gpointer (*TernSqlRead) (sqlite3 *db, sqlite3_stmt *stmt, GError **error);
/** tern_sql_collect: @rows: (transfer full): gets each row, as @read makes it. Returns: (transfer
 * full) (nullable) */
GPtrArray *tern_sql_collect (sqlite3 *db, sqlite3_stmt *stmt, TernSqlRead read, GPtrArray *rows,
                             GError **error);
/** tern_sql_load: tern_sql_select() of this version's columns, then tern_sql_collect() */
GPtrArray *tern_sql_load (sqlite3 *db, const TernTable *table, const char *rest, TernSqlRead read,
                          GDestroyNotify destroy, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (sqlite3_stmt, sqlite3_finalize)

G_END_DECLS
