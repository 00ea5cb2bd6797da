/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/store-columns.h"
#include "ports/store.h"

#include <sqlite3.h>

G_BEGIN_DECLS

/*
 * Records to rows and back: one function per question. All of them block; every write is one
 * transaction. Errors are TERN_ERROR_STORE. Webhooks and what waits for them: store-notices.
 */

gboolean tern_rows_put_host (sqlite3 *db, const TernHostConfig *host, GError **error);
gboolean tern_rows_remove_host (sqlite3 *db, const char *name, GError **error);
gboolean tern_rows_put_task (sqlite3 *db, const TernTaskRecord *task, GError **error);
/** tern_rows_put_tasks: @tasks: (element-type TernTaskRecord): all or none */
gboolean tern_rows_put_tasks (sqlite3 *db, const GPtrArray *tasks, GError **error);
gboolean tern_rows_put_origin (sqlite3 *db, const TernOrigin *origin, GError **error);
gboolean tern_rows_remove_origin (sqlite3 *db, const char *vm_uuid, GError **error);
gboolean tern_rows_put_text (sqlite3 *db, const TernTextRow *row, GError **error);
/** tern_rows_put_limits: @limits: (nullable): %NULL forgets them */
gboolean tern_rows_put_limits (sqlite3 *db, const TernLimits *limits, GError **error);

/** tern_rows_load_hosts: Returns: (transfer full) (element-type TernHostConfig): by name */
GPtrArray *tern_rows_load_hosts (sqlite3 *db, GError **error);
/** tern_rows_load_open_tasks: Returns: (transfer full) (element-type TernTaskRecord): by id */
GPtrArray *tern_rows_load_open_tasks (sqlite3 *db, guint64 *out_last_id, GError **error);
/** tern_rows_load_children: Returns: (transfer full) (element-type TernTaskRecord): by id */
GPtrArray *tern_rows_load_children (sqlite3 *db, guint64 parent, GError **error);
/** tern_rows_load_untold: Returns: (transfer full) (element-type TernTaskRecord): by id */
GPtrArray *tern_rows_load_untold (sqlite3 *db, GError **error);
/** tern_rows_load_origins: Returns: (transfer full) (element-type TernOrigin): by UUID */
GPtrArray *tern_rows_load_origins (sqlite3 *db, GError **error);
/** tern_rows_load_text: @out_text: (transfer full): %NULL if there is none */
gboolean tern_rows_load_text (sqlite3 *db, const char *key, char **out_text, GError **error);
/** tern_rows_load_limits: Returns: %FALSE without @error if there are none */
gboolean tern_rows_load_limits (sqlite3 *db, TernLimits *out_limits, GError **error);
/** tern_rows_list_tasks: Returns: (transfer full) (element-type TernTaskRecord): newest first */
GPtrArray *tern_rows_list_tasks (sqlite3 *db, const TernTaskFilter *filter, GError **error);

/** tern_rows_check: reads every row once; an unknown word or a wrong type is an error that names
 * the row. @version: of the tables, up to %TERN_STORE_SCHEMA_VERSION */
gboolean tern_rows_check (sqlite3 *db, int version, GError **error);

G_END_DECLS
