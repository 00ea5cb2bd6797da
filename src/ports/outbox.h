/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/notice.h"
#include "model/task.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernOutbox:
 *
 * The port to what is still to be told, and to whom; it outlives the daemon. Driver: the SQLite
 * store. Writes are durable when they finish, and carried out in the order they were asked for.
 */
#define TERN_TYPE_OUTBOX (tern_outbox_get_type ())
G_DECLARE_INTERFACE (TernOutbox, tern_outbox, TERN, OUTBOX, GObject)

/**
 * TernOutboxCount: how a webhook stands
 * @waiting: notices not delivered yet
 * @dropped: notices given up since the webhook was added
 * @error: (nullable): why the last attempt failed; %NULL after one that went well
 */
typedef struct
{
  guint64 waiting;
  guint64 dropped;
  char *error;
} TernOutboxCount;

void tern_outbox_count_free (TernOutboxCount *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernOutboxCount, tern_outbox_count_free)

struct _TernOutboxInterface
{
  GTypeInterface parent;

  GPtrArray *(*load_webhooks) (TernOutbox *self, GError **error);
  void (*put_webhook_async) (TernOutbox *self, const TernWebhook *webhook, GAsyncReadyCallback cb,
                             gpointer data);
  void (*remove_webhook_async) (TernOutbox *self, const char *name, GAsyncReadyCallback cb,
                                gpointer data);
  void (*post_async) (TernOutbox *self, const GPtrArray *notices, guint64 task_id,
                      TernTaskPhase phase, GAsyncReadyCallback cb, gpointer data);
  void (*take_async) (TernOutbox *self, const char *webhook, gint64 now_us, guint limit,
                      GAsyncReadyCallback cb, gpointer data);
  GPtrArray *(*take_finish) (TernOutbox *self, GAsyncResult *result, gint64 *out_next_us,
                             GError **error);
  void (*settle_async) (TernOutbox *self, const TernNotice *notice, gboolean keep,
                        gboolean delivered, GAsyncReadyCallback cb, gpointer data);
  void (*count_async) (TernOutbox *self, const char *webhook, GAsyncReadyCallback cb,
                       gpointer data);
  TernOutboxCount *(*count_finish) (TernOutbox *self, GAsyncResult *result, GError **error);
  GStrv (*load_lost) (TernOutbox *self, GError **error);
  void (*put_lost_async) (TernOutbox *self, const char *const *hosts, GAsyncReadyCallback cb,
                          gpointer data);
  gboolean (*write_finish) (TernOutbox *self, GAsyncResult *result, GError **error);
};

/** tern_outbox_load_webhooks: blocking, only before the main loop runs. Returns: (transfer full)
 * (element-type TernWebhook): by name */
GPtrArray *tern_outbox_load_webhooks (TernOutbox *self, GError **error);

/** tern_outbox_put_webhook_async: inserts or replaces by name */
void tern_outbox_put_webhook_async (TernOutbox *self, const TernWebhook *webhook,
                                    GAsyncReadyCallback cb, gpointer data);
/** tern_outbox_remove_webhook_async: with what waits for it */
void tern_outbox_remove_webhook_async (TernOutbox *self, const char *name, GAsyncReadyCallback cb,
                                       gpointer data);

/**
 * tern_outbox_post_async:
 * @notices: (element-type TernNotice): each with its @webhook; may be empty
 * @task_id: the task they tell of, 0 for none: its record's @told becomes @phase
 * @phase: the one that they tell of, which may not be the last one that was stored
 *
 * In one transaction: a task is told of once it is marked, and never marked without.
 */
void tern_outbox_post_async (TernOutbox *self, const GPtrArray *notices, guint64 task_id,
                             TernTaskPhase phase, GAsyncReadyCallback cb, gpointer data);

/**
 * tern_outbox_take_async:
 * @now_us: wall time
 * @limit: 1 to 100
 *
 * Reads the next notices that may be sent to @webhook: of each subject only the oldest, the oldest
 * first. They stay in the outbox until they are settled.
 */
void tern_outbox_take_async (TernOutbox *self, const char *webhook, gint64 now_us, guint limit,
                             GAsyncReadyCallback cb, gpointer data);
/** tern_outbox_take_finish: @out_next_us: wall time at which the next one may be sent if none may
 * now; 0 if nothing waits. Returns: (transfer full) (element-type TernNotice) */
GPtrArray *tern_outbox_take_finish (TernOutbox *self, GAsyncResult *result, gint64 *out_next_us,
                                    GError **error);

/**
 * tern_outbox_settle_async:
 * @notice: taken before
 * @keep: it is sent again later: its @attempts, @next_us and @error are written
 * @delivered: if not @keep: it arrived; else it is counted as dropped
 */
void tern_outbox_settle_async (TernOutbox *self, const TernNotice *notice, gboolean keep,
                               gboolean delivered, GAsyncReadyCallback cb, gpointer data);

/** tern_outbox_count_async: how @webhook stands */
void tern_outbox_count_async (TernOutbox *self, const char *webhook, GAsyncReadyCallback cb,
                              gpointer data);
/** tern_outbox_count_finish: Returns: (transfer full) */
TernOutboxCount *tern_outbox_count_finish (TernOutbox *self, GAsyncResult *result, GError **error);

/** tern_outbox_load_lost: blocking, only before the main loop runs. Returns: (transfer full)
 * (array zero-terminated=1): names of the hosts that are lost as far as others were told; %NULL and
 * @error if the store cannot be read */
GStrv tern_outbox_load_lost (TernOutbox *self, GError **error);
/** tern_outbox_put_lost_async: replaces them */
void tern_outbox_put_lost_async (TernOutbox *self, const char *const *hosts, GAsyncReadyCallback cb,
                                 gpointer data);

/** tern_outbox_write_finish: ends any of the writes */
gboolean tern_outbox_write_finish (TernOutbox *self, GAsyncResult *result, GError **error);

G_END_DECLS
