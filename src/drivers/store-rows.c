/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Records to rows and back. A table per record lists its columns once, for the SQL, the
 * binding and the reading. Phases are stored as words; numbers above INT64_MAX, which
 * SQLite has not, are stored as INT64_MAX.
 */
#include "config.h"

#include "drivers/store-rows.h"

#include "base/error.h"
#include "base/text.h"
#include "drivers/store-schema.h"

typedef enum
{
  COLUMN_TEXT,
  COLUMN_TEXT_OR_NULL,
  COLUMN_INT,
  COLUMN_INT64,
  COLUMN_UINT,
  COLUMN_UINT64,
  COLUMN_BOOL,
  COLUMN_PHASE,
  COLUMN_TEXTS,
} ColumnKind;

/* @since: version of the tables that brought it; later ones stand behind earlier ones */
typedef struct
{
  const char *name;
  ColumnKind kind;
  gsize offset;
  int since;
} Column;

typedef struct
{
  const char *name;
  const Column *columns;
  guint n_columns;
} Table;

/* clang-format off */
#define HOST(field, kind, since) \
  { #field, kind, G_STRUCT_OFFSET (TernHostConfig, field), since }
#define TASK(field, kind, since) \
  { #field, kind, G_STRUCT_OFFSET (TernTaskRecord, field), since }
/* clang-format on */

static const Column host_columns[] = {
  HOST (name, COLUMN_TEXT, 1),
  HOST (uri, COLUMN_TEXT, 1),
  HOST (peer_uri, COLUMN_TEXT_OR_NULL, 1),
  HOST (migration_address, COLUMN_TEXT_OR_NULL, 1),
  HOST (uuid, COLUMN_TEXT_OR_NULL, 1),
  HOST (cluster, COLUMN_TEXT, 2),
  HOST (memory_reserve, COLUMN_UINT64, 2),
  HOST (maintenance, COLUMN_BOOL, 2),
};

static const Column task_columns[] = {
  TASK (id, COLUMN_UINT64, 1),
  TASK (kind, COLUMN_TEXT, 1),
  TASK (vm_uuid, COLUMN_TEXT, 1),
  TASK (vm_name, COLUMN_TEXT_OR_NULL, 1),
  TASK (source, COLUMN_TEXT_OR_NULL, 1),
  TASK (destination, COLUMN_TEXT_OR_NULL, 1),
  TASK (phase, COLUMN_PHASE, 1),
  TASK (cancel_requested, COLUMN_BOOL, 1),
  TASK (attempt, COLUMN_UINT, 1),
  TASK (created_us, COLUMN_INT64, 1),
  TASK (started_us, COLUMN_INT64, 1),
  TASK (finished_us, COLUMN_INT64, 1),
  TASK (started_by_uid, COLUMN_INT64, 1),
  TASK (progress, COLUMN_INT, 1),
  TASK (iteration, COLUMN_UINT, 1),
  TASK (memory_total, COLUMN_UINT64, 1),
  TASK (memory_processed, COLUMN_UINT64, 1),
  TASK (downtime_us, COLUMN_INT64, 1),
  TASK (error_name, COLUMN_TEXT_OR_NULL, 1),
  TASK (error, COLUMN_TEXT_OR_NULL, 1),
  TASK (verdict, COLUMN_TEXT_OR_NULL, 1),
  /* "group" is a word of SQL's own. */
  { "order_id", COLUMN_UINT64, G_STRUCT_OFFSET (TernTaskRecord, group), 2 },
  TASK (memory, COLUMN_UINT64, 2),
  TASK (vcpus, COLUMN_UINT, 2),
  TASK (eject_media, COLUMN_BOOL, 2),
  TASK (ejected, COLUMN_TEXTS, 2),
};

static const Table host_table = { "host", host_columns, G_N_ELEMENTS (host_columns) };
static const Table task_table = { "task", task_columns, G_N_ELEMENTS (task_columns) };

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

/* "a, b, c" or, for the places of their values, "?, ?, ?" */
static char *
join_columns (const Table *table, int version, gboolean places)
{
  GString *sql = g_string_new (NULL);

  for (guint i = 0; i < table->n_columns && table->columns[i].since <= version; i++)
    g_string_append_printf (sql, "%s%s", i > 0 ? ", " : "", places ? "?" : table->columns[i].name);
  return g_string_free (sql, FALSE);
}

/* One text a line; a line break in a text is "\\n", a backslash two. */
static char *
join_texts (const char *const *texts)
{
  GString *joined;

  if (texts == NULL || *texts == NULL)
    return NULL;
  joined = g_string_new (NULL);
  for (guint i = 0; texts[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append_c (joined, '\n');
      for (const char *p = texts[i]; *p != '\0'; p++)
        if (*p == '\n')
          g_string_append (joined, "\\n");
        else if (*p == '\\')
          g_string_append (joined, "\\\\");
        else
          g_string_append_c (joined, *p);
    }
  return g_string_free (joined, FALSE);
}

/* Returns: (nullable): NULL for what join_texts() never makes */
static char *
unescape_text (const char *line)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (const char *p = line; *p != '\0'; p++)
    if (*p != '\\')
      g_string_append_c (text, *p);
    else if (*++p == '\\' || *p == 'n')
      g_string_append_c (text, *p == 'n' ? '\n' : '\\');
    else
      return NULL;
  return g_strdup (text->str);
}

static gboolean
split_texts (const char *joined, GStrv *out_texts)
{
  g_auto (GStrv) lines = g_strsplit (joined, "\n", -1);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *text = unescape_text (lines[i]);

      if (text == NULL)
        return FALSE;
      g_ptr_array_add (texts, text);
    }
  g_ptr_array_add (texts, NULL);
  *out_texts = (GStrv) g_ptr_array_free (g_steal_pointer (&texts), FALSE);
  return TRUE;
}

static gint64
clamp_uint64 (guint64 number)
{
  return (gint64) MIN (number, (guint64) G_MAXINT64);
}

static int
bind_column (sqlite3_stmt *stmt, int place, const Column *column, gconstpointer record)
{
  gconstpointer field = G_STRUCT_MEMBER_P (record, column->offset);

  switch (column->kind)
    {
    case COLUMN_TEXT:
    case COLUMN_TEXT_OR_NULL:
      return sqlite3_bind_text (stmt, place, *(char *const *) field, -1, SQLITE_TRANSIENT);
    case COLUMN_INT:
    case COLUMN_BOOL:
      return sqlite3_bind_int64 (stmt, place, *(const int *) field);
    case COLUMN_INT64:
      return sqlite3_bind_int64 (stmt, place, *(const gint64 *) field);
    case COLUMN_UINT:
      return sqlite3_bind_int64 (stmt, place, *(const guint *) field);
    case COLUMN_UINT64:
      return sqlite3_bind_int64 (stmt, place, clamp_uint64 (*(const guint64 *) field));
    case COLUMN_TEXTS:
      return sqlite3_bind_text (stmt, place, join_texts (*(const char *const *const *) field), -1,
                                g_free);
    case COLUMN_PHASE:
    default:
      return sqlite3_bind_text (stmt, place,
                                tern_task_phase_to_string (*(const TernTaskPhase *) field), -1,
                                SQLITE_STATIC);
    }
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
put_record (sqlite3 *db, const Table *table, gconstpointer record, GError **error)
{
  g_autofree char *names = join_columns (table, TERN_STORE_SCHEMA_VERSION, FALSE);
  g_autofree char *places = join_columns (table, TERN_STORE_SCHEMA_VERSION, TRUE);
  g_autofree char *sql =
      g_strdup_printf ("INSERT OR REPLACE INTO %s (%s) VALUES (%s)", table->name, names, places);
  g_autoptr (sqlite3_stmt) stmt = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL) != SQLITE_OK)
    return tern_rows_fail (db, "cannot be written", error);
  for (guint i = 0; i < table->n_columns; i++)
    if (bind_column (stmt, i + 1, &table->columns[i], record) != SQLITE_OK)
      return tern_rows_fail (db, "cannot be written", error);
  return run_write (db, stmt, error);
}

gboolean
tern_rows_put_host (sqlite3 *db, const TernHostConfig *host, GError **error)
{
  return put_record (db, &host_table, host, error);
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
  return put_record (db, &task_table, task, error);
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

static gboolean
read_text (const char *text, ColumnKind kind, gpointer field)
{
  if (kind == COLUMN_PHASE)
    return tern_task_phase_from_string (text, field);
  if (kind == COLUMN_TEXTS)
    return split_texts (text, field);
  g_free (*(char **) field);
  *(char **) field = g_strdup (text);
  return TRUE;
}

/* Returns: whether the value is one that this version writes. */
static gboolean
read_column (sqlite3_stmt *stmt, int place, const Column *column, gpointer record)
{
  gpointer field = G_STRUCT_MEMBER_P (record, column->offset);
  int type = sqlite3_column_type (stmt, place);
  gint64 number;

  if ((column->kind == COLUMN_TEXT_OR_NULL || column->kind == COLUMN_TEXTS) && type == SQLITE_NULL)
    return TRUE;
  if (column->kind == COLUMN_TEXT || column->kind == COLUMN_TEXT_OR_NULL
      || column->kind == COLUMN_PHASE || column->kind == COLUMN_TEXTS)
    return type == SQLITE_TEXT
           && read_text ((const char *) sqlite3_column_text (stmt, place), column->kind, field);

  number = sqlite3_column_int64 (stmt, place);
  if (type != SQLITE_INTEGER)
    return FALSE;
  switch (column->kind)
    {
    case COLUMN_INT:
      *(int *) field = (int) number;
      return number >= G_MININT && number <= G_MAXINT;
    case COLUMN_BOOL:
      *(gboolean *) field = (gboolean) number;
      return number == 0 || number == 1;
    case COLUMN_UINT:
      *(guint *) field = (guint) number;
      return number >= 0 && number <= G_MAXUINT;
    case COLUMN_UINT64:
      *(guint64 *) field = (guint64) number;
      return number >= 0;
    default:
      *(gint64 *) field = number;
      return TRUE;
    }
}

static gboolean
read_record (sqlite3 *db, sqlite3_stmt *stmt, const Table *table, gpointer record, GError **error)
{
  g_autofree char *path = NULL;
  g_autofree char *key = NULL;
  g_autofree char *value = NULL;
  int n_columns = sqlite3_column_count (stmt);
  int i = 0;

  while (i < n_columns && read_column (stmt, i, &table->columns[i], record))
    i++;
  if (i == n_columns)
    return TRUE;

  path = tern_text_visible (sqlite3_db_filename (db, "main"), 0);
  key = tern_text_visible ((const char *) sqlite3_column_text (stmt, 0), 80);
  value = tern_text_visible ((const char *) sqlite3_column_text (stmt, i), 80);
  g_set_error (error, TERN_ERROR, TERN_ERROR_STORE,
               "The store “%s” is damaged: %s %s has “%s” as its %s, which this version never "
               "writes",
               path, table->name, key, value, table->columns[i].name);
  return FALSE;
}

static gpointer
read_host (sqlite3 *db, sqlite3_stmt *stmt, GError **error)
{
  g_autoptr (TernHostConfig) host = tern_host_config_new (NULL, NULL);

  if (!read_record (db, stmt, &host_table, host, error))
    return NULL;
  return g_steal_pointer (&host);
}

static gpointer
read_task (sqlite3 *db, sqlite3_stmt *stmt, GError **error)
{
  g_autoptr (TernTaskRecord) task = tern_task_record_new ();

  if (!read_record (db, stmt, &task_table, task, error))
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
prepare_select (sqlite3 *db, const Table *table, int version, const char *rest, GError **error)
{
  g_autofree char *names = join_columns (table, version, FALSE);
  g_autofree char *sql = g_strdup_printf ("SELECT %s FROM %s %s", names, table->name, rest);
  sqlite3_stmt *stmt = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL) != SQLITE_OK)
    tern_rows_fail (db, "cannot be read", error);
  return stmt;
}

static sqlite3_stmt *
select_now (sqlite3 *db, const Table *table, const char *rest, GError **error)
{
  return prepare_select (db, table, TERN_STORE_SCHEMA_VERSION, rest, error);
}

GPtrArray *
tern_rows_load_hosts (sqlite3 *db, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = select_now (db, &host_table, "ORDER BY name", error);

  if (stmt == NULL)
    return NULL;
  return collect (db, stmt, read_host,
                  g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_config_unref), error);
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
  g_autoptr (sqlite3_stmt) stmt = select_now (db, &task_table, rest, error);

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
  gint64 before = filter->before_id > 0 ? clamp_uint64 (filter->before_id) : G_MAXINT64;
  g_autofree char *rest = filter_to_sql (filter, error);
  g_autoptr (sqlite3_stmt) stmt = NULL;

  if (rest == NULL)
    return NULL;
  stmt = select_now (db, &task_table, rest, error);
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
check_table (sqlite3 *db, const Table *table, int version,
             gpointer (*read) (sqlite3 *db, sqlite3_stmt *stmt, GError **error),
             GDestroyNotify destroy, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = prepare_select (db, table, version, "", error);
  int status;

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
  return check_table (db, &host_table, version, read_host, (GDestroyNotify) tern_host_config_unref,
                      error)
         && check_table (db, &task_table, version, read_task,
                         (GDestroyNotify) tern_task_record_free, error);
}
