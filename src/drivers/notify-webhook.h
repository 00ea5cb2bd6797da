/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/http.h"
#include "ports/notifier.h"

G_BEGIN_DECLS

/**
 * TernNotifyWebhook:
 *
 * Tells endpoints by HTTP: CloudEvents 1.0 in structured mode, signed as in Standard Webhooks; see
 * docs/webhooks.md.
 */
#define TERN_TYPE_NOTIFY_WEBHOOK (tern_notify_webhook_get_type ())
G_DECLARE_FINAL_TYPE (TernNotifyWebhook, tern_notify_webhook, TERN, NOTIFY_WEBHOOK, GObject)

/** tern_notify_webhook_new: (constructor): @error: see tern_http_new() */
TernNotifier *tern_notify_webhook_new (GError **error);

G_END_DECLS
