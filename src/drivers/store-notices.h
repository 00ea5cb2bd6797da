/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/store-columns.h"
#include "ports/outbox.h"

#include <sqlite3.h>

G_BEGIN_DECLS

/*
 * Webhooks and what waits for them, as rows: one function per question. All of them block; every
 * write is one transaction. Errors are TERN_ERROR_STORE.
 */

/** tern_notices_read_webhook: a row of the table. Returns: (transfer full) (nullable): TernWebhook
 */
gpointer tern_notices_read_webhook (sqlite3 *db, sqlite3_stmt *stmt, GError **error);
/** tern_notices_read: a row of the outbox. Returns: (transfer full) (nullable): TernNotice */
gpointer tern_notices_read (sqlite3 *db, sqlite3_stmt *stmt, GError **error);

/** tern_notices_load_webhooks: Returns: (transfer full) (element-type TernWebhook): by name */
GPtrArray *tern_notices_load_webhooks (sqlite3 *db, GError **error);
/** tern_notices_put_webhook: what was counted of one of that name stays */
gboolean tern_notices_put_webhook (sqlite3 *db, const TernWebhook *webhook, GError **error);
/** tern_notices_remove_webhook: with what waits for it */
gboolean tern_notices_remove_webhook (sqlite3 *db, const char *name, GError **error);

/** TernNoticePost: see tern_outbox_post_async() */
typedef struct
{
  GPtrArray *notices;
  guint64 task_id;
  TernTaskPhase phase;
} TernNoticePost;

gboolean tern_notices_post (sqlite3 *db, const TernNoticePost *post, GError **error);

/** tern_notices_take: see tern_outbox_take_async(). Returns: (transfer full) (element-type
 * TernNotice) */
GPtrArray *tern_notices_take (sqlite3 *db, const char *webhook, gint64 now_us, guint limit,
                              gint64 *out_next_us, GError **error);

/** TernNoticeEnd: see tern_outbox_settle_async() */
typedef struct
{
  TernNotice *notice;
  gboolean keep;
  gboolean delivered;
} TernNoticeEnd;

gboolean tern_notices_settle (sqlite3 *db, const TernNoticeEnd *end, GError **error);

/** tern_notices_count: Returns: (transfer full) (nullable) */
TernOutboxCount *tern_notices_count (sqlite3 *db, const char *webhook, GError **error);

G_END_DECLS
