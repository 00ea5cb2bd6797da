/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records to rows and back: one function for each question. What columns there are is in
 * store-columns.
 */
#include "config.h"

#include "drivers/store-rows.h"

#include "base/error.h"
#include "drivers/store-notices.h"
#include "drivers/store-schema.h"
#include "drivers/store-sql.h"

/* There is one row of limits, or none. */
#define LIMITS_ID 1

gboolean
tern_rows_put_host (sqlite3 *db, const TernHostConfig *host, GError **error)
{
  return tern_sql_put (db, &tern_table_host, host, error);
}

/* What is stored of a task's trace stays if the record has none. */
static gboolean
put_task (sqlite3 *db, gconstpointer input, GError **error)
{
  const TernTaskRecord *task = input;
  TernTraceRow row = { task->id, task->trace };

  return tern_sql_put (db, &tern_table_task, task, error)
         && (task->trace == NULL || tern_sql_put (db, &tern_table_trace, &row, error));
}

static gboolean
check_id (const TernTaskRecord *task, GError **error)
{
  if (task->id > (guint64) G_MAXINT64)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_STORE, "Task ids end at %" G_GINT64_FORMAT,
                   G_MAXINT64);
      return FALSE;
    }
  return TRUE;
}

gboolean
tern_rows_put_task (sqlite3 *db, const TernTaskRecord *task, GError **error)
{
  if (!check_id (task, error))
    return FALSE;
  return task->trace == NULL ? put_task (db, task, error)
                             : tern_sql_transact (db, put_task, task, error);
}

static gboolean
put_each_task (sqlite3 *db, gconstpointer input, GError **error)
{
  const GPtrArray *tasks = input;

  for (guint i = 0; i < tasks->len; i++)
    if (!check_id (tasks->pdata[i], error) || !put_task (db, tasks->pdata[i], error))
      return FALSE;
  return TRUE;
}

gboolean
tern_rows_put_tasks (sqlite3 *db, const GPtrArray *tasks, GError **error)
{
  return tern_sql_transact (db, put_each_task, tasks, error);
}

gboolean
tern_rows_remove_host (sqlite3 *db, const char *name, GError **error)
{
  return tern_sql_write_with (db, "DELETE FROM host WHERE name = ?", name, error);
}

gboolean
tern_rows_put_origin (sqlite3 *db, const TernOrigin *origin, GError **error)
{
  return tern_sql_put (db, &tern_table_origin, origin, error);
}

gboolean
tern_rows_remove_origin (sqlite3 *db, const char *vm_uuid, GError **error)
{
  return tern_sql_write_with (db, "DELETE FROM origin WHERE vm_uuid = ?", vm_uuid, error);
}

gboolean
tern_rows_put_text (sqlite3 *db, const TernTextRow *row, GError **error)
{
  return tern_sql_put (db, &tern_table_text, row, error);
}

gboolean
tern_rows_put_limits (sqlite3 *db, const TernLimits *limits, GError **error)
{
  TernLimitsRow row = { .id = LIMITS_ID };

  if (limits == NULL)
    return tern_sql_exec (db, "DELETE FROM limits", error);
  row.limits = *limits;
  return tern_sql_put (db, &tern_table_limits, &row, error);
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

static gpointer
read_origin (sqlite3 *db, sqlite3_stmt *stmt, GError **error)
{
  g_autoptr (TernOrigin) origin = tern_origin_new (NULL, NULL, NULL);

  if (!tern_table_read (&tern_table_origin, db, stmt, origin, error))
    return NULL;
  return g_steal_pointer (&origin);
}

static void
text_row_free (gpointer data)
{
  TernTextRow *row = data;

  g_free (row->key);
  g_free (row->text);
  g_free (row);
}

static gpointer
read_text_row (sqlite3 *db, sqlite3_stmt *stmt, GError **error)
{
  TernTextRow *row = g_new0 (TernTextRow, 1);

  if (tern_table_read (&tern_table_text, db, stmt, row, error))
    return row;
  text_row_free (row);
  return NULL;
}

static void
trace_row_free (gpointer data)
{
  TernTraceRow *row = data;

  tern_trace_free (row->trace);
  g_free (row);
}

static gpointer
read_trace_row (sqlite3 *db, sqlite3_stmt *stmt, GError **error)
{
  TernTraceRow *row = g_new0 (TernTraceRow, 1);

  if (tern_table_read (&tern_table_trace, db, stmt, row, error))
    return row;
  trace_row_free (row);
  return NULL;
}

GPtrArray *
tern_rows_load_hosts (sqlite3 *db, GError **error)
{
  return tern_sql_load (db, &tern_table_host, "ORDER BY name", read_host,
                        (GDestroyNotify) tern_host_config_unref, error);
}

GPtrArray *
tern_rows_load_origins (sqlite3 *db, GError **error)
{
  return tern_sql_load (db, &tern_table_origin, "ORDER BY vm_uuid", read_origin,
                        (GDestroyNotify) tern_origin_free, error);
}

gboolean
tern_rows_load_limits (sqlite3 *db, TernLimits *out_limits, GError **error)
{
  g_autoptr (GPtrArray) rows =
      tern_sql_load (db, &tern_table_limits, "WHERE id = 1", read_limits, g_free, error);

  if (rows == NULL || rows->len == 0)
    return FALSE;
  *out_limits = ((const TernLimitsRow *) rows->pdata[0])->limits;
  return TRUE;
}

gboolean
tern_rows_load_text (sqlite3 *db, const char *key, char **out_text, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt =
      tern_sql_select (db, &tern_table_text, TERN_STORE_SCHEMA_VERSION, "WHERE key = ?", error);
  g_autoptr (GPtrArray) rows = NULL;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_text (stmt, 1, key, -1, SQLITE_TRANSIENT);
  rows = tern_sql_collect (db, stmt, read_text_row, g_ptr_array_new_with_free_func (text_row_free),
                           error);
  if (rows == NULL)
    return FALSE;
  *out_text = rows->len > 0 ? g_strdup (((TernTextRow *) rows->pdata[0])->text) : NULL;
  return TRUE;
}

static gboolean
load_trace (sqlite3 *db, sqlite3_stmt *stmt, TernTaskRecord *task, GError **error)
{
  g_autoptr (GPtrArray) rows = NULL;

  sqlite3_reset (stmt);
  sqlite3_bind_int64 (stmt, 1, (gint64) task->id);
  rows = tern_sql_collect (db, stmt, read_trace_row,
                           g_ptr_array_new_with_free_func (trace_row_free), error);
  if (rows != NULL && rows->len > 0)
    task->trace = g_steal_pointer (&((TernTraceRow *) rows->pdata[0])->trace);
  return rows != NULL;
}

/* @tasks: (transfer full) (nullable). Returns: (transfer full) (nullable): the same */
static GPtrArray *
add_traces (sqlite3 *db, GPtrArray *tasks, GError **error)
{
  g_autoptr (GPtrArray) taken = tasks;
  g_autoptr (sqlite3_stmt) stmt = NULL;

  if (tasks == NULL)
    return NULL;
  stmt =
      tern_sql_select (db, &tern_table_trace, TERN_STORE_SCHEMA_VERSION, "WHERE task = ?", error);
  if (stmt == NULL)
    return NULL;
  for (guint i = 0; i < tasks->len; i++)
    if (!load_trace (db, stmt, tasks->pdata[i], error))
      return NULL;
  return g_steal_pointer (&taken);
}

static GPtrArray *
load_tasks (sqlite3 *db, const char *rest, GError **error)
{
  return tern_sql_load (db, &tern_table_task, rest, read_task,
                        (GDestroyNotify) tern_task_record_free, error);
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
phase_has_ended (TernTaskPhase phase, const char *unused)
{
  (void) unused;
  return tern_task_phase_is_final (phase);
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
    return tern_sql_fail (db, "cannot be read", error);
  *out_last_id = (guint64) sqlite3_column_int64 (stmt, 0);
  return TRUE;
}

GPtrArray *
tern_rows_load_open_tasks (sqlite3 *db, guint64 *out_last_id, GError **error)
{
  g_autofree char *open = phase_clause (phase_is_open, NULL);
  g_autofree char *rest = g_strdup_printf ("WHERE %s ORDER BY id", open);

  if (!load_last_id (db, out_last_id, error))
    return NULL;
  return add_traces (db, load_tasks (db, rest, error), error);
}

GPtrArray *
tern_rows_load_children (sqlite3 *db, guint64 parent, GError **error)
{
  g_autofree char *rest =
      g_strdup_printf ("WHERE parent > 0 AND parent = %" G_GUINT64_FORMAT " ORDER BY id", parent);

  return load_tasks (db, rest, error);
}

GPtrArray *
tern_rows_load_untold (sqlite3 *db, GError **error)
{
  g_autofree char *ended = phase_clause (phase_has_ended, NULL);
  g_autofree char *rest = g_strdup_printf ("WHERE told != phase AND %s ORDER BY id", ended);

  return load_tasks (db, rest, error);
}

/* A drain or return has its hosts in one column, with commas; no host has one in its name. */
#define IS_AMONG(column) "instr (',' || " column " || ',', ',' || ?3 || ',') > 0"
#define HOST_CLAUSE                                                                                \
  " AND (source = ?3 OR destination = ?3 OR id IN (SELECT id FROM task"                            \
  " WHERE kind IN ('drain', 'return') AND (" IS_AMONG ("source") " OR " IS_AMONG (                 \
      "destination") ")))"

/* Clauses only for what is asked, so that each question finds its index. */
static char *
filter_to_sql (const TernTaskFilter *filter, GError **error)
{
  GString *sql = g_string_new ("WHERE id < ?1");

  if (filter->vm_uuid != NULL)
    g_string_append (sql, " AND vm_uuid = ?2");
  if (filter->host != NULL)
    g_string_append (sql, HOST_CLAUSE);
  if (filter->parent > 0)
    g_string_append (sql, " AND parent > 0 AND parent = ?4");
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
  GPtrArray *tasks;

  if (rest == NULL)
    return NULL;
  stmt = tern_sql_select (db, &tern_table_task, TERN_STORE_SCHEMA_VERSION, rest, error);
  if (stmt == NULL)
    return NULL;

  sqlite3_bind_int64 (stmt, 1, before);
  if (filter->vm_uuid != NULL)
    sqlite3_bind_text (stmt, 2, filter->vm_uuid, -1, SQLITE_TRANSIENT);
  if (filter->host != NULL)
    sqlite3_bind_text (stmt, 3, filter->host, -1, SQLITE_TRANSIENT);
  if (filter->parent > 0)
    sqlite3_bind_int64 (stmt, 4, (gint64) MIN (filter->parent, (guint64) G_MAXINT64));
  tasks = tern_sql_collect (db, stmt, read_task,
                            g_ptr_array_new_with_free_func ((GDestroyNotify) tern_task_record_free),
                            error);
  return filter->traces ? add_traces (db, tasks, error) : tasks;
}

/* A table, and how its rows are read. */
typedef struct
{
  const TernTable *table;
  TernSqlRead read;
  GDestroyNotify destroy;
} Reader;

static gboolean
check_table (sqlite3 *db, const Reader *reader, int version, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = NULL;
  int status;

  if (!tern_table_is_in (reader->table, version))
    return TRUE;
  stmt = tern_sql_select (db, reader->table, version, "", error);
  if (stmt == NULL)
    return FALSE;
  while ((status = sqlite3_step (stmt)) == SQLITE_ROW)
    {
      gpointer record = reader->read (db, stmt, error);

      if (record == NULL)
        return FALSE;
      reader->destroy (record);
    }
  return status == SQLITE_DONE || tern_sql_fail (db, "cannot be read", error);
}

gboolean
tern_rows_check (sqlite3 *db, int version, GError **error)
{
  static const Reader readers[] = {
    { &tern_table_host, read_host, (GDestroyNotify) tern_host_config_unref },
    { &tern_table_task, read_task, (GDestroyNotify) tern_task_record_free },
    { &tern_table_limits, read_limits, g_free },
    { &tern_table_origin, read_origin, (GDestroyNotify) tern_origin_free },
    { &tern_table_webhook, tern_notices_read_webhook, (GDestroyNotify) tern_webhook_free },
    { &tern_table_notice, tern_notices_read, (GDestroyNotify) tern_notice_free },
    { &tern_table_text, read_text_row, text_row_free },
    { &tern_table_trace, read_trace_row, trace_row_free },
  };

  for (guint i = 0; i < G_N_ELEMENTS (readers); i++)
    if (!check_table (db, &readers[i], version, error))
      return FALSE;
  return TRUE;
}
