/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Passes on to the driver.
 */
#include "config.h"

#include "ports/notifier.h"

G_DEFINE_INTERFACE (TernNotifier, tern_notifier, G_TYPE_OBJECT)

static void
tern_notifier_default_init (TernNotifierInterface *iface)
{
  (void) iface;
}

gboolean
tern_notifier_check (TernNotifier *self, const TernWebhook *webhook, GError **error)
{
  g_return_val_if_fail (TERN_IS_NOTIFIER (self), FALSE);
  return TERN_NOTIFIER_GET_IFACE (self)->check (self, webhook, error);
}

void
tern_notifier_send_async (TernNotifier *self, const TernWebhook *webhook, const TernNotice *notice,
                          gint64 now_us, GCancellable *cancellable, GAsyncReadyCallback cb,
                          gpointer data)
{
  g_return_if_fail (TERN_IS_NOTIFIER (self));
  TERN_NOTIFIER_GET_IFACE (self)->send_async (self, webhook, notice, now_us, cancellable, cb, data);
}

gboolean
tern_notifier_send_finish (TernNotifier *self, GAsyncResult *result, gboolean *out_hopeless,
                           gint64 *out_wait_us, GError **error)
{
  g_return_val_if_fail (TERN_IS_NOTIFIER (self), FALSE);
  return TERN_NOTIFIER_GET_IFACE (self)->send_finish (self, result, out_hopeless, out_wait_us,
                                                      error);
}
