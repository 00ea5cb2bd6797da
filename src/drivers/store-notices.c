/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Webhooks, and the outbox: a row for each notice and each webhook that wants it, until it is
 * settled. Ids only ever grow, so that the order of rows is that of the notices.
 */
#include "config.h"

#include "drivers/store-notices.h"

#include "drivers/store-schema.h"
#include "drivers/store-sql.h"

/* What nothing older of the same subject stands before. */
#define IS_HEAD                                                                                    \
  "NOT EXISTS (SELECT 1 FROM outbox AS older WHERE older.webhook = outbox.webhook"                 \
  " AND older.subject = outbox.subject AND older.id < outbox.id)"

gpointer
tern_notices_read_webhook (sqlite3 *db, sqlite3_stmt *stmt, GError **error)
{
  g_autoptr (TernWebhook) webhook = tern_webhook_new (NULL, NULL);

  if (!tern_table_read (&tern_table_webhook, db, stmt, webhook, error))
    return NULL;
  return g_steal_pointer (&webhook);
}

gpointer
tern_notices_read (sqlite3 *db, sqlite3_stmt *stmt, GError **error)
{
  g_autoptr (TernNotice) notice = tern_notice_new (TERN_NOTICE_TEST, NULL);

  if (!tern_table_read (&tern_table_notice, db, stmt, notice, error))
    return NULL;
  return g_steal_pointer (&notice);
}

/* --- webhooks --- */

GPtrArray *
tern_notices_load_webhooks (sqlite3 *db, GError **error)
{
  return tern_sql_load (db, &tern_table_webhook, "ORDER BY name", tern_notices_read_webhook,
                        (GDestroyNotify) tern_webhook_free, error);
}

gboolean
tern_notices_put_webhook (sqlite3 *db, const TernWebhook *webhook, GError **error)
{
  return tern_sql_put (db, &tern_table_webhook, webhook, error);
}

static gboolean
remove_both (sqlite3 *db, gconstpointer name, GError **error)
{
  return tern_sql_write_with (db, "DELETE FROM outbox WHERE webhook = ?", name, error)
         && tern_sql_write_with (db, "DELETE FROM webhook WHERE name = ?", name, error);
}

gboolean
tern_notices_remove_webhook (sqlite3 *db, const char *name, GError **error)
{
  return tern_sql_transact (db, remove_both, name, error);
}

/* --- what goes in --- */

static gboolean
mark_told (sqlite3 *db, guint64 task_id, TernTaskPhase phase, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt =
      tern_sql_prepare (db, "UPDATE task SET told = ?1 WHERE id = ?2", error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_text (stmt, 1, tern_task_phase_to_string (phase), -1, SQLITE_STATIC);
  sqlite3_bind_int64 (stmt, 2, (gint64) task_id);
  return tern_sql_write (db, stmt, error);
}

/* Carries out @sql with a number in the first place. */
static gboolean
write_with_id (sqlite3 *db, const char *sql, guint64 id, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = tern_sql_prepare (db, sql, error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, (gint64) id);
  return tern_sql_write (db, stmt, error);
}

/* Binds a webhook's name to the first place. Returns: (transfer full) (nullable) */
static sqlite3_stmt *
ask (sqlite3 *db, const char *sql, const char *webhook, GError **error)
{
  sqlite3_stmt *stmt = NULL;

  if (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL) == SQLITE_OK)
    sqlite3_bind_text (stmt, 1, webhook, -1, SQLITE_TRANSIENT);
  else
    tern_sql_fail (db, "cannot be read", error);
  return stmt;
}

/* A webhook that was removed meanwhile gets nothing: nobody would ever take it. */
static gboolean
post_one (sqlite3 *db, const TernNotice *notice, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt =
      ask (db, "SELECT 1 FROM webhook WHERE name = ?", notice->webhook, error);
  int status = stmt != NULL ? sqlite3_step (stmt) : SQLITE_ERROR;

  if (status == SQLITE_DONE)
    return TRUE;
  if (status == SQLITE_ROW)
    return tern_sql_put (db, &tern_table_notice, notice, error);
  return stmt != NULL && tern_sql_fail (db, "cannot be read", error);
}

static gboolean
post_all (sqlite3 *db, gconstpointer input, GError **error)
{
  const TernNoticePost *post = input;

  for (guint i = 0; i < post->notices->len; i++)
    if (!post_one (db, post->notices->pdata[i], error))
      return FALSE;
  return post->task_id == 0 || mark_told (db, post->task_id, post->phase, error);
}

gboolean
tern_notices_post (sqlite3 *db, const TernNoticePost *post, GError **error)
{
  return tern_sql_transact (db, post_all, post, error);
}

/* --- what goes out --- */

/* When the first of them that must wait may go. */
static gboolean
find_next (sqlite3 *db, const char *webhook, gint64 *out_next_us, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt =
      ask (db, "SELECT min (next_us) FROM outbox WHERE webhook = ?1 AND " IS_HEAD, webhook, error);

  if (stmt == NULL)
    return FALSE;
  if (sqlite3_step (stmt) != SQLITE_ROW)
    return tern_sql_fail (db, "cannot be read", error);
  *out_next_us = sqlite3_column_int64 (stmt, 0);
  return TRUE;
}

GPtrArray *
tern_notices_take (sqlite3 *db, const char *webhook, gint64 now_us, guint limit,
                   gint64 *out_next_us, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = tern_sql_select (
      db, &tern_table_notice, TERN_STORE_SCHEMA_VERSION,
      "WHERE webhook = ?1 AND next_us <= ?2 AND " IS_HEAD " ORDER BY id LIMIT ?3", error);
  g_autoptr (GPtrArray) notices = NULL;

  if (stmt == NULL)
    return NULL;
  sqlite3_bind_text (stmt, 1, webhook, -1, SQLITE_TRANSIENT);
  sqlite3_bind_int64 (stmt, 2, now_us);
  sqlite3_bind_int64 (stmt, 3, CLAMP (limit, 1, 100));
  notices =
      tern_sql_collect (db, stmt, tern_notices_read,
                        g_ptr_array_new_with_free_func ((GDestroyNotify) tern_notice_free), error);
  *out_next_us = 0;
  if (notices == NULL || (notices->len == 0 && !find_next (db, webhook, out_next_us, error)))
    return NULL;
  return g_steal_pointer (&notices);
}

/* How the last attempt went is the webhook's, too: it outlives the notice. */
static gboolean
note_attempt (sqlite3 *db, const TernNoticeEnd *end, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = tern_sql_prepare (
      db, "UPDATE webhook SET error = ?1, dropped = dropped + ?2 WHERE name = ?3", error);
  gboolean failed = end->keep || !end->delivered;

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_text (stmt, 1, failed ? end->notice->error : NULL, -1, SQLITE_TRANSIENT);
  sqlite3_bind_int64 (stmt, 2, !end->keep && !end->delivered);
  sqlite3_bind_text (stmt, 3, end->notice->webhook, -1, SQLITE_TRANSIENT);
  return tern_sql_write (db, stmt, error);
}

static gboolean
put_back (sqlite3 *db, const TernNotice *notice, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = tern_sql_prepare (
      db, "UPDATE outbox SET attempts = ?1, next_us = ?2, error = ?3 WHERE id = ?4", error);

  if (stmt == NULL)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, notice->attempts);
  sqlite3_bind_int64 (stmt, 2, notice->next_us);
  sqlite3_bind_text (stmt, 3, notice->error, -1, SQLITE_TRANSIENT);
  sqlite3_bind_int64 (stmt, 4, (gint64) notice->id);
  return tern_sql_write (db, stmt, error);
}

/* Of a notice that is not there any more, as its webhook was removed and maybe added again, nothing
 * is counted. */
static gboolean
settle (sqlite3 *db, gconstpointer input, GError **error)
{
  const TernNoticeEnd *end = input;
  gboolean good =
      end->keep ? put_back (db, end->notice, error)
                : write_with_id (db, "DELETE FROM outbox WHERE id = ?", end->notice->id, error);

  return good && (sqlite3_changes (db) == 0 || note_attempt (db, end, error));
}

gboolean
tern_notices_settle (sqlite3 *db, const TernNoticeEnd *end, GError **error)
{
  return tern_sql_transact (db, settle, end, error);
}

TernOutboxCount *
tern_notices_count (sqlite3 *db, const char *webhook, GError **error)
{
  g_autoptr (sqlite3_stmt) stmt = ask (db,
                                       "SELECT (SELECT count (*) FROM outbox WHERE webhook = ?1),"
                                       " (SELECT dropped FROM webhook WHERE name = ?1),"
                                       " (SELECT error FROM webhook WHERE name = ?1)",
                                       webhook, error);
  TernOutboxCount *count;

  if (stmt == NULL)
    return NULL;
  if (sqlite3_step (stmt) != SQLITE_ROW)
    {
      tern_sql_fail (db, "cannot be read", error);
      return NULL;
    }
  count = g_new0 (TernOutboxCount, 1);
  count->waiting = (guint64) sqlite3_column_int64 (stmt, 0);
  count->dropped = (guint64) sqlite3_column_int64 (stmt, 1);
  count->error = g_strdup ((const char *) sqlite3_column_text (stmt, 2));
  return count;
}
