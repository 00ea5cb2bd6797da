/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/drain.h"
#include "model/host.h"
#include "model/move.h"
#include "model/notice.h"
#include "model/task.h"

#include <sqlite3.h>

G_BEGIN_DECLS

/** TernLimitsRow: the limits that were set at run time, as a record: a row has a key */
typedef struct
{
  guint64 id;
  TernLimits limits;
} TernLimitsRow;

/** TernTextRow: a word of the daemon's own; both are borrowed when written, owned when read */
typedef struct
{
  char *key;
  char *text;
} TernTextRow;

/** TernTraceRow: how a task went; @trace is borrowed when written, owned when read */
typedef struct
{
  guint64 task;
  TernTrace *trace;
} TernTraceRow;

/** TernTable: a table of the store, and the record that is a row of it */
typedef struct _TernTable TernTable;

extern const TernTable tern_table_host;    /* TernHostConfig */
extern const TernTable tern_table_task;    /* TernTaskRecord */
extern const TernTable tern_table_limits;  /* TernLimitsRow */
extern const TernTable tern_table_origin;  /* TernOrigin */
extern const TernTable tern_table_webhook; /* TernWebhook */
extern const TernTable tern_table_notice;  /* TernNotice */
extern const TernTable tern_table_text;    /* TernTextRow */
extern const TernTable tern_table_trace;   /* TernTraceRow */

const char *tern_table_get_name (const TernTable *table);
/** tern_table_is_in: Returns: whether the tables of @version have it */
gboolean tern_table_is_in (const TernTable *table, int version);

/** tern_table_join_columns: Returns: (transfer full): "a, b, c", the columns that the tables of
 * @version have; or, for the @places of their values, "?, ?, ?" */
char *tern_table_join_columns (const TernTable *table, int version, gboolean places);

/** tern_table_join_changes: Returns: (transfer full): "(a) DO UPDATE SET b = excluded.b, …": what
 * becomes of a row whose first column is as that of a new one */
char *tern_table_join_changes (const TernTable *table);

/** tern_table_bind: all columns of @record to the places of @stmt. Returns: %FALSE for an error of
 * SQLite's */
gboolean tern_table_bind (const TernTable *table, sqlite3_stmt *stmt, gconstpointer record);

/** tern_table_read: the columns of @stmt, the first ones of the table, to @record. @error:
 * %TERN_ERROR_STORE, naming the row, for a value that this version never writes */
gboolean tern_table_read (const TernTable *table, sqlite3 *db, sqlite3_stmt *stmt, gpointer record,
                          GError **error);

G_END_DECLS
