/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The SQLite store as the port TernOutbox, on the same worker: what a task's end tells is as
 * durable as the end itself. What rows look like is in store-notices.
 */
#include "config.h"

#include "drivers/store-outbox.h"

#include "drivers/store-notices.h"
#include "drivers/store-rows.h"

/* The key of the text that names them. */
#define LOST_HOSTS "lost-hosts"

/* What take is asked for, and what it finds. */
typedef struct
{
  char *webhook;
  gint64 now_us;
  guint limit;
} Question;

typedef struct
{
  GPtrArray *notices;
  gint64 next_us;
} Page;

static void
question_free (gpointer data)
{
  Question *question = data;

  g_free (question->webhook);
  g_free (question);
}

static void
page_free (gpointer data)
{
  Page *page = data;

  g_clear_pointer (&page->notices, g_ptr_array_unref);
  g_free (page);
}

static void
post_free (gpointer data)
{
  TernNoticePost *post = data;

  g_ptr_array_unref (post->notices);
  g_free (post);
}

static void
end_free (gpointer data)
{
  TernNoticeEnd *end = data;

  tern_notice_free (end->notice);
  g_free (end);
}

static TernStoreWorker *
worker_of (TernOutbox *outbox)
{
  return tern_store_sqlite_get_worker (TERN_STORE_SQLITE (outbox));
}

static void
push (TernOutbox *outbox, TernStoreJob *job, GAsyncReadyCallback cb, gpointer data)
{
  tern_store_worker_push (worker_of (outbox), outbox, job, cb, data);
}

/* --- what jobs do, on the thread --- */

static gboolean
run_load_webhooks (sqlite3 *db, TernStoreJob *job, GError **error)
{
  job->result = tern_notices_load_webhooks (db, error);
  return job->result != NULL;
}

static gboolean
run_put_webhook (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return tern_notices_put_webhook (db, job->input, error);
}

static gboolean
run_remove_webhook (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return tern_notices_remove_webhook (db, job->input, error);
}

static gboolean
run_post (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return tern_notices_post (db, job->input, error);
}

static gboolean
run_take (sqlite3 *db, TernStoreJob *job, GError **error)
{
  const Question *question = job->input;
  Page *page = g_new0 (Page, 1);

  job->result = page;
  job->free_result = page_free;
  page->notices = tern_notices_take (db, question->webhook, question->now_us, question->limit,
                                     &page->next_us, error);
  return page->notices != NULL;
}

static gboolean
run_settle (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return tern_notices_settle (db, job->input, error);
}

static gboolean
run_count (sqlite3 *db, TernStoreJob *job, GError **error)
{
  job->result = tern_notices_count (db, job->input, error);
  job->free_result = (GDestroyNotify) tern_outbox_count_free;
  return job->result != NULL;
}

static gboolean
run_load_lost (sqlite3 *db, TernStoreJob *job, GError **error)
{
  char *text = NULL;

  if (!tern_rows_load_text (db, LOST_HOSTS, &text, error))
    return FALSE;
  job->result = text != NULL ? text : g_strdup ("");
  return TRUE;
}

static gboolean
run_put_lost (sqlite3 *db, TernStoreJob *job, GError **error)
{
  return tern_rows_put_text (db, &(TernTextRow){ .key = (char *) LOST_HOSTS, .text = job->input },
                             error);
}

/* --- the port --- */

static GPtrArray *
load_webhooks (TernOutbox *outbox, GError **error)
{
  TernStoreJob job = { .run = run_load_webhooks };

  return tern_store_worker_wait (worker_of (outbox), &job, error) ? job.result : NULL;
}

static void
put_webhook_async (TernOutbox *outbox, const TernWebhook *webhook, GAsyncReadyCallback cb,
                   gpointer data)
{
  push (outbox,
        tern_store_write_new (run_put_webhook, tern_webhook_copy (webhook),
                              (GDestroyNotify) tern_webhook_free),
        cb, data);
}

static void
remove_webhook_async (TernOutbox *outbox, const char *name, GAsyncReadyCallback cb, gpointer data)
{
  push (outbox, tern_store_write_new (run_remove_webhook, g_strdup (name), g_free), cb, data);
}

static void
post_async (TernOutbox *outbox, const GPtrArray *notices, guint64 task_id, TernTaskPhase phase,
            GAsyncReadyCallback cb, gpointer data)
{
  TernNoticePost *post = g_new0 (TernNoticePost, 1);

  post->task_id = task_id;
  post->phase = phase;
  post->notices = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_notice_free);
  for (guint i = 0; i < notices->len; i++)
    g_ptr_array_add (post->notices, tern_notice_copy (notices->pdata[i]));
  push (outbox, tern_store_write_new (run_post, post, post_free), cb, data);
}

static void
take_async (TernOutbox *outbox, const char *webhook, gint64 now_us, guint limit,
            GAsyncReadyCallback cb, gpointer data)
{
  Question *question = g_new0 (Question, 1);

  question->webhook = g_strdup (webhook);
  question->now_us = now_us;
  question->limit = limit;
  push (outbox, tern_store_job_new (run_take, question, question_free), cb, data);
}

static GPtrArray *
take_finish (TernOutbox *outbox, GAsyncResult *result, gint64 *out_next_us, GError **error)
{
  Page *page;
  GPtrArray *notices;

  g_return_val_if_fail (g_task_is_valid (result, outbox), NULL);

  page = g_task_propagate_pointer (G_TASK (result), error);
  if (page == NULL)
    return NULL;
  *out_next_us = page->next_us;
  notices = g_steal_pointer (&page->notices);
  page_free (page);
  return notices;
}

static void
settle_async (TernOutbox *outbox, const TernNotice *notice, gboolean keep, gboolean delivered,
              GAsyncReadyCallback cb, gpointer data)
{
  TernNoticeEnd *end = g_new0 (TernNoticeEnd, 1);

  end->notice = tern_notice_copy (notice);
  end->keep = keep;
  end->delivered = delivered;
  push (outbox, tern_store_write_new (run_settle, end, end_free), cb, data);
}

static void
count_async (TernOutbox *outbox, const char *webhook, GAsyncReadyCallback cb, gpointer data)
{
  push (outbox, tern_store_job_new (run_count, g_strdup (webhook), g_free), cb, data);
}

static TernOutboxCount *
count_finish (TernOutbox *outbox, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, outbox), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* No host's name has a space in it. */
static GStrv
load_lost (TernOutbox *outbox, GError **error)
{
  TernStoreJob job = { .run = run_load_lost };
  g_autofree char *text = NULL;

  if (!tern_store_worker_wait (worker_of (outbox), &job, error))
    return NULL;
  text = job.result;
  return g_strsplit (text, " ", 0);
}

static void
put_lost_async (TernOutbox *outbox, const char *const *hosts, GAsyncReadyCallback cb, gpointer data)
{
  push (outbox, tern_store_write_new (run_put_lost, g_strjoinv (" ", (char **) hosts), g_free), cb,
        data);
}

static gboolean
write_finish (TernOutbox *outbox, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, outbox), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

void
tern_store_outbox_iface_init (TernOutboxInterface *iface)
{
  iface->load_webhooks = load_webhooks;
  iface->put_webhook_async = put_webhook_async;
  iface->remove_webhook_async = remove_webhook_async;
  iface->post_async = post_async;
  iface->take_async = take_async;
  iface->take_finish = take_finish;
  iface->settle_async = settle_async;
  iface->count_async = count_async;
  iface->count_finish = count_finish;
  iface->load_lost = load_lost;
  iface->put_lost_async = put_lost_async;
  iface->write_finish = write_finish;
}
