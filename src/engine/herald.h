/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"
#include "engine/inventory.h"
#include "engine/task.h"
#include "ports/notifier.h"
#include "ports/outbox.h"

G_BEGIN_DECLS

/**
 * TernHerald:
 *
 * Tells those who should know: makes notices of tasks that end and hosts that come and go, puts
 * them into the outbox, and sends them from there: at least once, in order per subject, with
 * growing pauses, until a bound. Never in the way of a move.
 *
 * Signal "webhooks-changed" ().
 */
#define TERN_TYPE_HERALD (tern_herald_get_type ())
G_DECLARE_FINAL_TYPE (TernHerald, tern_herald, TERN, HERALD, GObject)

/** tern_herald_new: @source: the CloudEvents source: "/virtern/CLUSTER-ID" */
TernHerald *tern_herald_new (TernClock *clock, TernOutbox *outbox, TernNotifier *notifier,
                             TernInventory *inventory, TernTaskList *tasks, const char *source);

/** tern_herald_load: @webhooks: (element-type TernWebhook); @untold: (element-type TernTaskRecord):
 * ended tasks that nobody was told of when the daemon ended */
void tern_herald_load (TernHerald *self, GPtrArray *webhooks, GPtrArray *untold);

/** tern_herald_add_async: checks, stores and serves a webhook. Errors:
 * %TERN_ERROR_INVALID_ARGUMENT (also: the secret file is readable by others), %TERN_ERROR_EXISTS,
 * %TERN_ERROR_STORE */
void tern_herald_add_async (TernHerald *self, const TernWebhook *webhook, GAsyncReadyCallback cb,
                            gpointer data);
/** tern_herald_remove_async: with all that waits for it; %TERN_ERROR_NOT_FOUND */
void tern_herald_remove_async (TernHerald *self, const char *name, GAsyncReadyCallback cb,
                               gpointer data);
/** tern_herald_edit_finish: ends both */
gboolean tern_herald_edit_finish (TernHerald *self, GAsyncResult *result, GError **error);

/** tern_herald_get_webhooks: Returns: (transfer full) (element-type TernWebhook): by name */
GPtrArray *tern_herald_get_webhooks (TernHerald *self);
/** tern_herald_count_async: how each stands, in the order of tern_herald_get_webhooks() */
void tern_herald_count_async (TernHerald *self, GAsyncReadyCallback cb, gpointer data);
/** tern_herald_count_finish: Returns: (transfer full) (element-type TernOutboxCount) */
GPtrArray *tern_herald_count_finish (TernHerald *self, GAsyncResult *result, GError **error);

/** tern_herald_test_async: sends a test notice at once, past the outbox, once */
void tern_herald_test_async (TernHerald *self, const char *name, GAsyncReadyCallback cb,
                             gpointer data);
/** tern_herald_test_finish: @out_took_us: (optional). Errors: %TERN_ERROR_NOT_FOUND, why it could
 * not be delivered */
gboolean tern_herald_test_finish (TernHerald *self, GAsyncResult *result, gint64 *out_took_us,
                                  GError **error);

G_END_DECLS
