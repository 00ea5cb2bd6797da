/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The columns of the store: a table per record lists them once, for the SQL, the binding and the
 * reading. What has a word is stored as that; numbers above INT64_MAX, which SQLite has not, are
 * stored as INT64_MAX.
 */
#include "config.h"

#include "drivers/store-columns.h"

#include "base/error.h"
#include "base/text.h"
#include "drivers/store-schema.h"

typedef enum
{
  COLUMN_TEXT,
  COLUMN_TEXT_OR_NULL,
  COLUMN_TEXTS,
  COLUMN_SIDE,
  COLUMN_DRAIN,
  COLUMN_TRACE,
  COLUMN_ROWID,
  COLUMN_INT,
  COLUMN_INT64,
  COLUMN_UINT,
  COLUMN_UINT64,
  COLUMN_BOOL,
  COLUMN_LIMIT,
  COLUMN_PHASE,
  COLUMN_POLICY,
  COLUMN_PRIORITY,
  COLUMN_COMPRESSION,
  COLUMN_DUTY,
  COLUMN_NOTICE_KIND,
} ColumnKind;

/* @since: version of the tables that brought it; later ones stand behind earlier ones */
typedef struct
{
  const char *name;
  ColumnKind kind;
  gsize offset;
  int since;
} Column;

struct _TernTable
{
  const char *name;
  int since;
  const Column *columns;
  guint n_columns;
};

/* The words of one kind, as the model has them. */
typedef struct
{
  const char *(*to_string) (int value);
  gboolean (*from_string) (const char *word, int *out_value);
} Words;

/* clang-format off */
#define HOST(field, kind, since) \
  { #field, kind, G_STRUCT_OFFSET (TernHostConfig, field), since }
#define TASK(field, kind, since) \
  { #field, kind, G_STRUCT_OFFSET (TernTaskRecord, field), since }
#define MOVE(field, kind, since) \
  { #field, kind, G_STRUCT_OFFSET (TernTaskRecord, options.field), since }
#define ORIGIN(field, kind, since) \
  { #field, kind, G_STRUCT_OFFSET (TernOrigin, field), since }
#define WEBHOOK(field, kind, since) \
  { #field, kind, G_STRUCT_OFFSET (TernWebhook, field), since }
#define NOTICE(field, kind, since) \
  { #field, kind, G_STRUCT_OFFSET (TernNotice, field), since }
#define TRACE(field, kind, since) \
  { #field, kind, G_STRUCT_OFFSET (TernTraceRow, field), since }
#define WORD(field, kind, since) \
  { #field, kind, G_STRUCT_OFFSET (TernTextRow, field), since }
/* clang-format on */

static const Column host_columns[] = {
  HOST (name, COLUMN_TEXT, 1),
  HOST (uri, COLUMN_TEXT, 1),
  HOST (peer_uri, COLUMN_TEXT_OR_NULL, 1),
  HOST (migration_address, COLUMN_TEXT_OR_NULL, 1),
  HOST (uuid, COLUMN_TEXT_OR_NULL, 1),
  HOST (cluster, COLUMN_TEXT, 2),
  HOST (memory_reserve, COLUMN_UINT64, 2),
  HOST (limit_out, COLUMN_LIMIT, 3),
  HOST (limit_in, COLUMN_LIMIT, 3),
  HOST (link_bps, COLUMN_UINT64, 3),
  HOST (bandwidth_bps, COLUMN_UINT64, 3),
  HOST (duty, COLUMN_DUTY, 4),
  HOST (duty_task, COLUMN_UINT64, 4),
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
  MOVE (policy, COLUMN_POLICY, 3),
  MOVE (priority, COLUMN_PRIORITY, 3),
  MOVE (bandwidth_bps, COLUMN_UINT64, 3),
  MOVE (postcopy_bandwidth_bps, COLUMN_UINT64, 3),
  MOVE (parallel, COLUMN_UINT, 3),
  MOVE (compression, COLUMN_COMPRESSION, 3),
  MOVE (tls, COLUMN_BOOL, 3),
  TASK (chosen, COLUMN_BOOL, 3),
  TASK (tried, COLUMN_TEXTS, 3),
  TASK (postcopy_ready, COLUMN_BOOL, 3),
  TASK (copy_began_us, COLUMN_INT64, 3),
  TASK (step, COLUMN_UINT, 3),
  TASK (step_us, COLUMN_INT64, 3),
  TASK (steps, COLUMN_TEXTS, 3),
  TASK (abort_reason, COLUMN_TEXT_OR_NULL, 3),
  TASK (recoveries, COLUMN_UINT, 3),
  TASK (resolution, COLUMN_SIDE, 3),
  TASK (resolved_by_uid, COLUMN_INT64, 3),
  TASK (note, COLUMN_TEXT_OR_NULL, 3),
  TASK (link_bps, COLUMN_UINT64, 3),
  TASK (parent, COLUMN_UINT64, 4),
  TASK (drain, COLUMN_DRAIN, 4),
};

/* "in" is a word of SQL's own, too. */
static const Column limits_columns[] = {
  { "id", COLUMN_UINT64, G_STRUCT_OFFSET (TernLimitsRow, id), 3 },
  { "limit_out", COLUMN_LIMIT, G_STRUCT_OFFSET (TernLimitsRow, limits.out), 3 },
  { "limit_in", COLUMN_LIMIT, G_STRUCT_OFFSET (TernLimitsRow, limits.in), 3 },
  { "limit_cluster", COLUMN_LIMIT, G_STRUCT_OFFSET (TernLimitsRow, limits.cluster), 3 },
};

static const Column origin_columns[] = {
  ORIGIN (vm_uuid, COLUMN_TEXT, 4),   ORIGIN (vm_name, COLUMN_TEXT_OR_NULL, 4),
  ORIGIN (host, COLUMN_TEXT, 4),      ORIGIN (drain_id, COLUMN_UINT64, 4),
  ORIGIN (since_us, COLUMN_INT64, 4), ORIGIN (status, COLUMN_TEXT_OR_NULL, 4),
  ORIGIN (tried_us, COLUMN_INT64, 4),
};

static const Column webhook_columns[] = {
  WEBHOOK (name, COLUMN_TEXT, 4),        WEBHOOK (url, COLUMN_TEXT, 4),
  WEBHOOK (kinds, COLUMN_TEXTS, 4),      WEBHOOK (ca_file, COLUMN_TEXT_OR_NULL, 4),
  WEBHOOK (pin, COLUMN_TEXT_OR_NULL, 4), WEBHOOK (secret_file, COLUMN_TEXT_OR_NULL, 4),
  WEBHOOK (created_us, COLUMN_INT64, 4),
};

static const Column notice_columns[] = {
  NOTICE (id, COLUMN_ROWID, 4),      NOTICE (webhook, COLUMN_TEXT, 4),
  NOTICE (uid, COLUMN_TEXT, 4),      NOTICE (kind, COLUMN_NOTICE_KIND, 4),
  NOTICE (subject, COLUMN_TEXT, 4),  NOTICE (time_us, COLUMN_INT64, 4),
  NOTICE (body, COLUMN_TEXT, 4),     NOTICE (attempts, COLUMN_UINT, 4),
  NOTICE (next_us, COLUMN_INT64, 4), NOTICE (error, COLUMN_TEXT_OR_NULL, 4),
};

static const Column trace_columns[] = {
  TRACE (task, COLUMN_ROWID, 5),
  TRACE (trace, COLUMN_TRACE, 5),
};

static const Column text_columns[] = {
  WORD (key, COLUMN_TEXT, 4),
  WORD (text, COLUMN_TEXT, 4),
};

const TernTable tern_table_host = { "host", 1, host_columns, G_N_ELEMENTS (host_columns) };
const TernTable tern_table_task = { "task", 1, task_columns, G_N_ELEMENTS (task_columns) };
const TernTable tern_table_limits = { "limits", 3, limits_columns, G_N_ELEMENTS (limits_columns) };
const TernTable tern_table_origin = { "origin", 4, origin_columns, G_N_ELEMENTS (origin_columns) };
const TernTable tern_table_webhook = { "webhook", 4, webhook_columns,
                                       G_N_ELEMENTS (webhook_columns) };
const TernTable tern_table_notice = { "outbox", 4, notice_columns, G_N_ELEMENTS (notice_columns) };
const TernTable tern_table_trace = { "trace", 5, trace_columns, G_N_ELEMENTS (trace_columns) };
const TernTable tern_table_text = { "text", 4, text_columns, G_N_ELEMENTS (text_columns) };

/* The enums of the model are ints here: one function type for all of them. */
#define DEFINE_WORDS(name, Type)                                                                   \
  static const char *name##_to_string (int value)                                                  \
  {                                                                                                \
    return tern_##name##_to_string ((Type) value);                                                 \
  }                                                                                                \
                                                                                                   \
  static gboolean name##_from_string (const char *word, int *out_value)                            \
  {                                                                                                \
    Type value;                                                                                    \
                                                                                                   \
    if (!tern_##name##_from_string (word, &value))                                                 \
      return FALSE;                                                                                \
    *out_value = (int) value;                                                                      \
    return TRUE;                                                                                   \
  }

DEFINE_WORDS (task_phase, TernTaskPhase)
DEFINE_WORDS (policy, TernPolicy)
DEFINE_WORDS (priority, TernPriority)
DEFINE_WORDS (compression, TernCompression)
DEFINE_WORDS (duty, TernDuty)
DEFINE_WORDS (notice_kind, TernNoticeKind)

static const Words *
find_words (ColumnKind kind)
{
  static const Words words[] = {
    [COLUMN_PHASE] = { task_phase_to_string, task_phase_from_string },
    [COLUMN_POLICY] = { policy_to_string, policy_from_string },
    [COLUMN_PRIORITY] = { priority_to_string, priority_from_string },
    [COLUMN_COMPRESSION] = { compression_to_string, compression_from_string },
    [COLUMN_DUTY] = { duty_to_string, duty_from_string },
    [COLUMN_NOTICE_KIND] = { notice_kind_to_string, notice_kind_from_string },
  };

  return kind >= COLUMN_PHASE ? &words[kind] : NULL;
}

const char *
tern_table_get_name (const TernTable *table)
{
  return table->name;
}

gboolean
tern_table_is_in (const TernTable *table, int version)
{
  return table->since <= version;
}

char *
tern_table_join_columns (const TernTable *table, int version, gboolean places)
{
  GString *sql = g_string_new (NULL);

  for (guint i = 0; i < table->n_columns && table->columns[i].since <= version; i++)
    g_string_append_printf (sql, "%s%s", i > 0 ? ", " : "", places ? "?" : table->columns[i].name);
  return g_string_free (sql, FALSE);
}

char *
tern_table_join_changes (const TernTable *table)
{
  GString *sql = g_string_new (NULL);

  g_string_printf (sql, "(%s) DO UPDATE SET ", table->columns[0].name);
  for (guint i = 1; i < table->n_columns; i++)
    g_string_append_printf (sql, "%s%s = excluded.%s", i > 1 ? ", " : "", table->columns[i].name,
                            table->columns[i].name);
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

static int
bind_word (sqlite3_stmt *stmt, int place, const char *word)
{
  return sqlite3_bind_text (stmt, place, word, -1, SQLITE_TRANSIENT);
}

static int
bind_drain (sqlite3_stmt *stmt, int place, const TernDrain *drain)
{
  return sqlite3_bind_text (stmt, place, drain != NULL ? tern_drain_to_json (drain) : NULL, -1,
                            g_free);
}

static int
bind_trace (sqlite3_stmt *stmt, int place, const TernTrace *trace)
{
  return sqlite3_bind_text (stmt, place, tern_trace_to_json (trace), -1, g_free);
}

/* 0 is of a row that has none yet: SQLite gives it one. */
static int
bind_rowid (sqlite3_stmt *stmt, int place, guint64 id)
{
  return id > 0 ? sqlite3_bind_int64 (stmt, place, (gint64) id) : sqlite3_bind_null (stmt, place);
}

static int
bind_column (sqlite3_stmt *stmt, int place, const Column *column, gconstpointer record)
{
  gconstpointer field = G_STRUCT_MEMBER_P (record, column->offset);

  switch (column->kind)
    {
    case COLUMN_TEXT:
    case COLUMN_TEXT_OR_NULL:
    case COLUMN_SIDE:
      return bind_word (stmt, place, *(char *const *) field);
    case COLUMN_TEXTS:
      return sqlite3_bind_text (stmt, place, join_texts (*(const char *const *const *) field), -1,
                                g_free);
    case COLUMN_DRAIN:
      return bind_drain (stmt, place, *(const TernDrain *const *) field);
    case COLUMN_TRACE:
      return bind_trace (stmt, place, *(const TernTrace *const *) field);
    case COLUMN_ROWID:
      return bind_rowid (stmt, place, *(const guint64 *) field);
    case COLUMN_INT:
    case COLUMN_BOOL:
      return sqlite3_bind_int64 (stmt, place, *(const int *) field);
    case COLUMN_INT64:
      return sqlite3_bind_int64 (stmt, place, *(const gint64 *) field);
    case COLUMN_UINT:
      return sqlite3_bind_int64 (stmt, place, *(const guint *) field);
    case COLUMN_LIMIT:
      return sqlite3_bind_int64 (stmt, place, MIN (*(const guint *) field, TERN_LIMIT_MAX));
    case COLUMN_UINT64:
      return sqlite3_bind_int64 (stmt, place,
                                 (gint64) MIN (*(const guint64 *) field, (guint64) G_MAXINT64));
    default:
      return bind_word (stmt, place, find_words (column->kind)->to_string (*(const int *) field));
    }
}

gboolean
tern_table_bind (const TernTable *table, sqlite3_stmt *stmt, gconstpointer record)
{
  for (guint i = 0; i < table->n_columns; i++)
    if (bind_column (stmt, (int) i + 1, &table->columns[i], record) != SQLITE_OK)
      return FALSE;
  return TRUE;
}

static gboolean
read_text (const char *text, ColumnKind kind, gpointer field)
{
  if (find_words (kind) != NULL)
    return find_words (kind)->from_string (text, field);
  if (kind == COLUMN_TEXTS)
    return split_texts (text, field);
  if (kind == COLUMN_DRAIN)
    return (*(TernDrain **) field = tern_drain_from_json (text, NULL)) != NULL;
  if (kind == COLUMN_TRACE)
    return (*(TernTrace **) field = tern_trace_from_json (text, NULL)) != NULL;
  if (kind == COLUMN_SIDE && !g_str_equal (text, "source") && !g_str_equal (text, "destination"))
    return FALSE;
  g_free (*(char **) field);
  *(char **) field = g_strdup (text);
  return TRUE;
}

static gboolean
read_number (gint64 number, ColumnKind kind, gpointer field)
{
  switch (kind)
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
    case COLUMN_LIMIT:
      *(guint *) field = (guint) number;
      return number >= 0 && number <= TERN_LIMIT_MAX;
    case COLUMN_ROWID:
      *(guint64 *) field = (guint64) number;
      return number > 0;
    case COLUMN_UINT64:
      *(guint64 *) field = (guint64) number;
      return number >= 0;
    default:
      *(gint64 *) field = number;
      return TRUE;
    }
}

static gboolean
may_be_null (ColumnKind kind)
{
  return kind == COLUMN_TEXT_OR_NULL || kind == COLUMN_TEXTS || kind == COLUMN_SIDE
         || kind == COLUMN_DRAIN;
}

static gboolean
is_text (ColumnKind kind)
{
  return kind == COLUMN_TEXT || kind == COLUMN_TRACE || may_be_null (kind)
         || find_words (kind) != NULL;
}

/* Returns: whether the value is one that this version writes. */
static gboolean
read_column (sqlite3_stmt *stmt, int place, const Column *column, gpointer record)
{
  gpointer field = G_STRUCT_MEMBER_P (record, column->offset);
  int type = sqlite3_column_type (stmt, place);

  if (type == SQLITE_NULL)
    return may_be_null (column->kind);
  if (is_text (column->kind))
    return type == SQLITE_TEXT
           && read_text ((const char *) sqlite3_column_text (stmt, place), column->kind, field);
  return type == SQLITE_INTEGER
         && read_number (sqlite3_column_int64 (stmt, place), column->kind, field);
}

gboolean
tern_table_read (const TernTable *table, sqlite3 *db, sqlite3_stmt *stmt, gpointer record,
                 GError **error)
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
