/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Statements: prepared, carried out, read, and what SQLite says when it cannot. Which tables and
 * columns there are is in store-columns, what is asked in store-rows and store-notices.
 */
#include "config.h"

#include "drivers/store-sql.h"

#include "base/error.h"
#include "base/text.h"
#include "drivers/store-schema.h"

gboolean
tern_sql_fail (sqlite3 *db, const char *what, GError **error)
{
  g_autofree char *path = tern_text_visible (sqlite3_db_filename (db, "main"), 0);

  g_set_error (error, TERN_ERROR, TERN_ERROR_STORE, "The store “%s”: %s: %s (SQLite error %d)",
               path, what, sqlite3_errmsg (db), sqlite3_extended_errcode (db));
  return FALSE;
}

gboolean
tern_sql_exec (sqlite3 *db, const char *sql, GError **error)
{
  if (sqlite3_exec (db, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;
  return tern_sql_fail (db, "cannot be set up", error);
}

static void
roll_back (sqlite3 *db)
{
  if (!sqlite3_get_autocommit (db))
    sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL);
}

gboolean
tern_sql_transact (sqlite3 *db, TernSqlFunc run, gconstpointer input, GError **error)
{
  if (!tern_sql_exec (db, "BEGIN IMMEDIATE", error))
    return FALSE;
  if (run (db, input, error) && tern_sql_exec (db, "COMMIT", error))
    return TRUE;
  roll_back (db);
  return FALSE;
}

sqlite3_stmt *
tern_sql_prepare (sqlite3 *db, const char *sql, GError **error)
{
  sqlite3_stmt *stmt = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL) != SQLITE_OK)
    tern_sql_fail (db, "cannot be written", error);
  return stmt;
}

/* A failed one must leave no transaction open, not even the one around it. */
gboolean
tern_sql_write (sqlite3 *db, sqlite3_stmt *stmt, GError **error)
{
  if (sqlite3_step (stmt) == SQLITE_DONE)
    return TRUE;

  tern_sql_fail (db, "cannot be written", error);
  sqlite3_reset (stmt);
  roll_back (db);
  return FALSE;
}

gboolean
tern_sql_write_with (sqlite3 *db, const char *sql, const char *key, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = tern_sql_prepare (db, sql, error);

  if (stmt == NULL)
    return FALSE;
  if (sqlite3_bind_text (stmt, 1, key, -1, SQLITE_TRANSIENT) != SQLITE_OK)
    return tern_sql_fail (db, "cannot be written", error);
  return tern_sql_write (db, stmt, error);
}

gboolean
tern_sql_put (sqlite3 *db, const TernTable *table, gconstpointer record, GError **error)
{
  g_autofree char *names = tern_table_join_columns (table, TERN_STORE_SCHEMA_VERSION, FALSE);
  g_autofree char *places = tern_table_join_columns (table, TERN_STORE_SCHEMA_VERSION, TRUE);
  g_autofree char *changes = tern_table_join_changes (table);
  g_autofree char *sql = g_strdup_printf ("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT %s",
                                          tern_table_get_name (table), names, places, changes);
  g_autoptr (sqlite3_stmt) stmt = tern_sql_prepare (db, sql, error);

  if (stmt == NULL)
    return FALSE;
  if (!tern_table_bind (table, stmt, record))
    return tern_sql_fail (db, "cannot be written", error);
  return tern_sql_write (db, stmt, error);
}

sqlite3_stmt *
tern_sql_select (sqlite3 *db, const TernTable *table, int version, const char *rest, GError **error)
{
  g_autofree char *names = tern_table_join_columns (table, version, FALSE);
  g_autofree char *sql =
      g_strdup_printf ("SELECT %s FROM %s %s", names, tern_table_get_name (table), rest);
  sqlite3_stmt *stmt = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL) != SQLITE_OK)
    tern_sql_fail (db, "cannot be read", error);
  return stmt;
}

GPtrArray *
tern_sql_collect (sqlite3 *db, sqlite3_stmt *stmt, TernSqlRead read, GPtrArray *rows,
                  GError **error)
{
  g_autoptr (GPtrArray) taken = rows;
  int status;

  while ((status = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      gpointer record = read (db, stmt, error);

      if (record == NULL)
        return NULL;
      g_ptr_array_add (taken, record);
    }
  if (status == SQLITE_DONE)
    return g_steal_pointer (&taken);
  tern_sql_fail (db, "cannot be read", error);
  return NULL;
}

GPtrArray *
tern_sql_load (sqlite3 *db, const TernTable *table, const char *rest, TernSqlRead read,
               GDestroyNotify destroy, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt =
      tern_sql_select (db, table, TERN_STORE_SCHEMA_VERSION, rest, error);

  if (stmt == NULL)
    return NULL;
  return tern_sql_collect (db, stmt, read, g_ptr_array_new_with_free_func (destroy), error);
}
