/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/notice.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernNotifier:
 *
 * The port to those who are told. Driver: webhooks by HTTP.
 */
#define TERN_TYPE_NOTIFIER (tern_notifier_get_type ())
G_DECLARE_INTERFACE (TernNotifier, tern_notifier, TERN, NOTIFIER, GObject)

struct _TernNotifierInterface
{
  GTypeInterface parent;

  gboolean (*check) (TernNotifier *self, const TernWebhook *webhook, GError **error);
  void (*send_async) (TernNotifier *self, const TernWebhook *webhook, const TernNotice *notice,
                      gint64 now_us, GCancellable *cancellable, GAsyncReadyCallback cb,
                      gpointer data);
  gboolean (*send_finish) (TernNotifier *self, GAsyncResult *result, gboolean *out_hopeless,
                           gint64 *out_wait_us, GError **error);
};

/** tern_notifier_check: whether the files that @webhook names are there and fit for use. Blocks as
 * long as reading a small file does. @error: %TERN_ERROR_INVALID_ARGUMENT, saying what to mend */
gboolean tern_notifier_check (TernNotifier *self, const TernWebhook *webhook, GError **error);

/**
 * tern_notifier_send_async:
 * @webhook: to whom; copied
 * @notice: what; copied
 * @now_us: wall time, for the signature
 *
 * One attempt, bounded by the driver (10 s).
 */
void tern_notifier_send_async (TernNotifier *self, const TernWebhook *webhook,
                               const TernNotice *notice, gint64 now_us, GCancellable *cancellable,
                               GAsyncReadyCallback cb, gpointer data);
/**
 * tern_notifier_send_finish:
 * @out_hopeless: (optional): the endpoint said that it never wants this (410, 413, 415 …): to be
 *   dropped
 * @out_wait_us: (optional): how long the endpoint asked to wait, 0 if it did not
 *
 * Returns: whether the endpoint took it (2xx). @error's sentence never holds a secret, nor the
 *   query of the URL
 */
gboolean tern_notifier_send_finish (TernNotifier *self, GAsyncResult *result,
                                    gboolean *out_hopeless, gint64 *out_wait_us, GError **error);

G_END_DECLS
