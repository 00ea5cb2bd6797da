/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records to rows and back: one function for each question. What columns there are is in
 * store-columns.
 */
#include "config.h"

#include "drivers/store-rows.h"

#include "base/error.h"
#include "base/text.h"
#include "drivers/store-columns.h"
#include "drivers/store-schema.h"

/* There is one row of limits, or none. */
#define LIMITS_ID 1

gboolean
tern_rows_fail (sqlite3 *db, const char *what, GError **error)
{
  g_autofree char *path = tern_text_visible (sqlite3_db_filename (db, "main"), 0);

  g_set_error (error, TERN_ERROR, TERN_ERROR_STORE, "The store “%s”: %s: %s (SQLite error %d)",
               path, what, sqlite3_errmsg (db), sqlite3_extended_errcode (db));
  return FALSE;
}

gboolean
tern_rows_exec (sqlite3 *db, const char *sql, GError **error)
{
  if (sqlite3_exec (db, sql, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;
  return tern_rows_fail (db, "cannot be set up", error);
}

/* One statement is one transaction; a failed one must not leave it open. */
static gboolean
run_write (sqlite3 *db, sqlite3_stmt *stmt, GError **error)
{
  if (sqlite3_step (stmt) == SQLITE_DONE)
    return TRUE;

  tern_rows_fail (db, "cannot be written", error);
  sqlite3_reset (stmt);
  if (!sqlite3_get_autocommit (db))
    sqlite3_exec (db, "ROLLBACK", NULL, NULL, NULL);
  return FALSE;
}

static gboolean
put_record (sqlite3 *db, const TernTable *table, gconstpointer record, GError **error)
{
  g_autofree char *names = tern_table_join_columns (table, TERN_STORE_SCHEMA_VERSION, FALSE);
  g_autofree char *places = tern_table_join_columns (table, TERN_STORE_SCHEMA_VERSION, TRUE);
  g_autofree char *sql = g_strdup_printf ("INSERT OR REPLACE INTO %s (%s) VALUES (%s)",
                                          tern_table_get_name (table), names, places);
  g_autoptr (sqlite3_stmt) stmt = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL) != SQLITE_OK)
    return tern_rows_fail (db, "cannot be written", error);
  if (!tern_table_bind (table, stmt, record))
    return tern_rows_fail (db, "cannot be written", error);
  return run_write (db, stmt, error);
}

gboolean
tern_rows_put_host (sqlite3 *db, const TernHostConfig *host, GError **error)
{
  return put_record (db, &tern_table_host, host, error);
}

gboolean
tern_rows_put_task (sqlite3 *db, const TernTaskRecord *task, GError **error)
{
  if (task->id > (guint64) G_MAXINT64)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_STORE, "Task ids end at %" G_GINT64_FORMAT,
                   G_MAXINT64);
      return FALSE;
    }
  return put_record (db, &tern_table_task, task, error);
}

gboolean
tern_rows_remove_host (sqlite3 *db, const char *name, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;

  if (sqlite3_prepare_v2 (db, "DELETE FROM host WHERE name = ?", -1, &stmt, NULL) != SQLITE_OK
      || sqlite3_bind_text (stmt, 1, name, -1, SQLITE_TRANSIENT) != SQLITE_OK)
    return tern_rows_fail (db, "cannot be written", error);
  return run_write (db, stmt, error);
}

gboolean
tern_rows_put_limits (sqlite3 *db, const TernLimits *limits, GError **error)
{
  TernLimitsRow row = { .id = LIMITS_ID };

  if (limits == NULL)
    return tern_rows_exec (db, "DELETE FROM limits", error);
  row.limits = *limits;
  return put_record (db, &tern_table_limits, &row, error);
}

static gpointer
read_limits (sqlite3 *db, sqlite3_stmt *stmt, GError **error)
{
  g_autofree TernLimitsRow *row = g_new0 (TernLimitsRow, 1);

  if (!tern_table_read (&tern_table_limits, db, stmt, row, error))
    return NULL;
  return g_steal_pointer (&row);
}

static gpointer
read_host (sqlite3 *db, sqlite3_stmt *stmt, GError **error)
{
  g_autoptr (TernHostConfig) host = tern_host_config_new (NULL, NULL);

  if (!tern_table_read (&tern_table_host, db, stmt, host, error))
    return NULL;
  return g_steal_pointer (&host);
}

static gpointer
read_task (sqlite3 *db, sqlite3_stmt *stmt, GError **error)
{
  g_autoptr (TernTaskRecord) task = tern_task_record_new ();

  if (!tern_table_read (&tern_table_task, db, stmt, task, error))
    return NULL;
  return g_steal_pointer (&task);
}

/* Takes over @rows. */
static GPtrArray *
collect (sqlite3 *db, sqlite3_stmt *stmt,
         gpointer (*read) (sqlite3 *db, sqlite3_stmt *stmt, GError **error), GPtrArray *rows,
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
  if (status != SQLITE_DONE)
    {
      tern_rows_fail (db, "cannot be read", error);
      return NULL;
    }
  return g_steal_pointer (&taken);
}

static sqlite3_stmt *
prepare_select (sqlite3 *db, const TernTable *table, int version, const char *rest, GError **error)
{
  g_autofree char *names = tern_table_join_columns (table, version, FALSE);
  g_autofree char *sql =
      g_strdup_printf ("SELECT %s FROM %s %s", names, tern_table_get_name (table), rest);
  sqlite3_stmt *stmt = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL) != SQLITE_OK)
    tern_rows_fail (db, "cannot be read", error);
  return stmt;
}

static sqlite3_stmt *
select_now (sqlite3 *db, const TernTable *table, const char *rest, GError **error)
{
  return prepare_select (db, table, TERN_STORE_SCHEMA_VERSION, rest, error);
}

GPtrArray *
tern_rows_load_hosts (sqlite3 *db, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = select_now (db, &tern_table_host, "ORDER BY name", error);

  if (stmt == NULL)
    return NULL;
  return collect (db, stmt, read_host,
                  g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_config_unref), error);
}

gboolean
tern_rows_load_limits (sqlite3 *db, TernLimits *out_limits, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = select_now (db, &tern_table_limits, "WHERE id = 1", error);
  g_autoptr (GPtrArray) rows = NULL;

  if (stmt == NULL)
    return FALSE;
  rows = collect (db, stmt, read_limits, g_ptr_array_new_with_free_func (g_free), error);
  if (rows == NULL || rows->len == 0)
    return FALSE;
  *out_limits = ((const TernLimitsRow *) rows->pdata[0])->limits;
  return TRUE;
}

static GPtrArray *
new_tasks (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) tern_task_record_free);
}

/* "phase IN ('a', 'b')" of the phases that @wanted accepts; NULL if there is none. The words
 * come from the model, never from a caller. */
static char *
phase_clause (gboolean (*wanted) (TernTaskPhase phase, const char *state), const char *state)
{
  GString *sql = g_string_new (NULL);

  for (guint i = 0; i < TERN_N_PHASES; i++)
    if (wanted (i, state))
      g_string_append_printf (sql, "%s'%s'", sql->len > 0 ? ", " : "phase IN (",
                              tern_task_phase_to_string (i));
  if (sql->len == 0)
    return g_string_free (sql, TRUE);
  g_string_append_c (sql, ')');
  return g_string_free (sql, FALSE);
}

static gboolean
phase_is_open (TernTaskPhase phase, const char *unused)
{
  (void) unused;
  return !tern_task_phase_is_final (phase) || phase == TERN_PHASE_ATTENTION;
}

static gboolean
phase_has_state (TernTaskPhase phase, const char *state)
{
  return g_str_equal (tern_task_phase_to_state (phase), state);
}

static gboolean
load_last_id (sqlite3 *db, guint64 *out_last_id, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;

  if (sqlite3_prepare_v2 (db, "SELECT max(id) FROM task", -1, &stmt, NULL) != SQLITE_OK
      || sqlite3_step (stmt) != SQLITE_ROW)
    return tern_rows_fail (db, "cannot be read", error);
  *out_last_id = (guint64) sqlite3_column_int64 (stmt, 0);
  return TRUE;
}

GPtrArray *
tern_rows_load_open_tasks (sqlite3 *db, guint64 *out_last_id, GError **error)
{
  g_autofree char *open = phase_clause (phase_is_open, NULL);
  g_autofree char *rest = g_strdup_printf ("WHERE %s ORDER BY id", open);
  g_autoptr (sqlite3_stmt) stmt = select_now (db, &tern_table_task, rest, error);

  if (stmt == NULL || !load_last_id (db, out_last_id, error))
    return NULL;
  return collect (db, stmt, read_task, new_tasks (), error);
}

/* Clauses only for what is asked, so that each question finds its index. */
static char *
filter_to_sql (const TernTaskFilter *filter, GError **error)
{
  GString *sql = g_string_new ("WHERE id < ?1");

  if (filter->vm_uuid != NULL)
    g_string_append (sql, " AND vm_uuid = ?2");
  if (filter->host != NULL)
    g_string_append (sql, " AND (source = ?3 OR destination = ?3)");
  if (filter->state != NULL)
    {
      g_autofree char *phases = phase_clause (phase_has_state, filter->state);

      if (phases == NULL)
        {
          g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "“%s” is no state of a task",
                       filter->state);
          return g_string_free (sql, TRUE);
        }
      g_string_append_printf (sql, " AND %s", phases);
    }
  g_string_append_printf (sql, " ORDER BY id DESC LIMIT %u", CLAMP (filter->limit, 1, 1000));
  return g_string_free (sql, FALSE);
}

GPtrArray *
tern_rows_list_tasks (sqlite3 *db, const TernTaskFilter *filter, GError **error)
{
  gint64 before =
      filter->before_id > 0 ? (gint64) MIN (filter->before_id, (guint64) G_MAXINT64) : G_MAXINT64;
  g_autofree char *rest = filter_to_sql (filter, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;

  if (rest == NULL)
    return NULL;
  stmt = select_now (db, &tern_table_task, rest, error);
  if (stmt == NULL)
    return NULL;

  sqlite3_bind_int64 (stmt, 1, before);
  if (filter->vm_uuid != NULL)
    sqlite3_bind_text (stmt, 2, filter->vm_uuid, -1, SQLITE_TRANSIENT);
  if (filter->host != NULL)
    sqlite3_bind_text (stmt, 3, filter->host, -1, SQLITE_TRANSIENT);
  return collect (db, stmt, read_task, new_tasks (), error);
}

static gboolean
check_table (sqlite3 *db, const TernTable *table, int version,
             gpointer (*read) (sqlite3 *db, sqlite3_stmt *stmt, GError **error),
             GDestroyNotify destroy, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;
  int status;

  if (!tern_table_is_in (table, version))
    return TRUE;
  stmt = prepare_select (db, table, version, "", error);
  if (stmt == NULL)
    return FALSE;
  while ((status = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      gpointer record = read (db, stmt, error);

      if (record == NULL)
        return FALSE;
      destroy (record);
    }
  return status == SQLITE_DONE || tern_rows_fail (db, "cannot be read", error);
}

gboolean
tern_rows_check (sqlite3 *db, int version, GError **error)
{
  return check_table (db, &tern_table_host, version, read_host,
                      (GDestroyNotify) tern_host_config_unref, error)
         && check_table (db, &tern_table_task, version, read_task,
                         (GDestroyNotify) tern_task_record_free, error)
         && check_table (db, &tern_table_limits, version, read_limits, g_free, error);
}
