/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Passes on to the driver.
 */
#include "config.h"

#include "ports/outbox.h"

G_DEFINE_INTERFACE (TernOutbox, tern_outbox, G_TYPE_OBJECT)

static void
tern_outbox_default_init (TernOutboxInterface *iface)
{
  (void) iface;
}

void
tern_outbox_count_free (TernOutboxCount *self)
{
  if (self == NULL)
    return;

  g_free (self->error);
  g_free (self);
}

GPtrArray *
tern_outbox_load_webhooks (TernOutbox *self, GError **error)
{
  g_return_val_if_fail (TERN_IS_OUTBOX (self), NULL);
  return TERN_OUTBOX_GET_IFACE (self)->load_webhooks (self, error);
}

void
tern_outbox_put_webhook_async (TernOutbox *self, const TernWebhook *webhook, GAsyncReadyCallback cb,
                               gpointer data)
{
  g_return_if_fail (TERN_IS_OUTBOX (self));
  TERN_OUTBOX_GET_IFACE (self)->put_webhook_async (self, webhook, cb, data);
}

void
tern_outbox_remove_webhook_async (TernOutbox *self, const char *name, GAsyncReadyCallback cb,
                                  gpointer data)
{
  g_return_if_fail (TERN_IS_OUTBOX (self));
  TERN_OUTBOX_GET_IFACE (self)->remove_webhook_async (self, name, cb, data);
}

void
tern_outbox_post_async (TernOutbox *self, const GPtrArray *notices, guint64 task_id,
                        TernTaskPhase phase, GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_OUTBOX (self));
  TERN_OUTBOX_GET_IFACE (self)->post_async (self, notices, task_id, phase, cb, data);
}

void
tern_outbox_take_async (TernOutbox *self, const char *webhook, gint64 now_us, guint limit,
                        GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_OUTBOX (self));
  TERN_OUTBOX_GET_IFACE (self)->take_async (self, webhook, now_us, limit, cb, data);
}

GPtrArray *
tern_outbox_take_finish (TernOutbox *self, GAsyncResult *result, gint64 *out_next_us,
                         GError **error)
{
  g_return_val_if_fail (TERN_IS_OUTBOX (self), NULL);
  return TERN_OUTBOX_GET_IFACE (self)->take_finish (self, result, out_next_us, error);
}

void
tern_outbox_settle_async (TernOutbox *self, const TernNotice *notice, gboolean keep,
                          gboolean delivered, GAsyncReadyCallback cb, gpointer data)
{
  g_return_if_fail (TERN_IS_OUTBOX (self));
  TERN_OUTBOX_GET_IFACE (self)->settle_async (self, notice, keep, delivered, cb, data);
}

void
tern_outbox_count_async (TernOutbox *self, const char *webhook, GAsyncReadyCallback cb,
                         gpointer data)
{
  g_return_if_fail (TERN_IS_OUTBOX (self));
  TERN_OUTBOX_GET_IFACE (self)->count_async (self, webhook, cb, data);
}

TernOutboxCount *
tern_outbox_count_finish (TernOutbox *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (TERN_IS_OUTBOX (self), NULL);
  return TERN_OUTBOX_GET_IFACE (self)->count_finish (self, result, error);
}

GStrv
tern_outbox_load_lost (TernOutbox *self, GError **error)
{
  g_return_val_if_fail (TERN_IS_OUTBOX (self), NULL);
  return TERN_OUTBOX_GET_IFACE (self)->load_lost (self, error);
}

void
tern_outbox_put_lost_async (TernOutbox *self, const char *const *hosts, GAsyncReadyCallback cb,
                            gpointer data)
{
  g_return_if_fail (TERN_IS_OUTBOX (self));
  TERN_OUTBOX_GET_IFACE (self)->put_lost_async (self, hosts, cb, data);
}

gboolean
tern_outbox_write_finish (TernOutbox *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (TERN_IS_OUTBOX (self), FALSE);
  return TERN_OUTBOX_GET_IFACE (self)->write_finish (self, result, error);
}
