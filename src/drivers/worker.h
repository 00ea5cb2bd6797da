/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernWorker:
 *
 * A thread of its own with a line of calls, for a library that blocks. Belongs to the main
 * loop: every function but those of TernCall is for the main thread only, and none of them
 * ever waits for the thread.
 *
 * A call ends its #GTask on the main context, in one of these ways:
 *
 *   the thread answered          its result or error
 *   its time is up               %TERN_ERROR_TIMED_OUT
 *   its GCancellable             %G_IO_ERROR_CANCELLED
 *   tern_worker_close()          the error given there
 *
 * In the last three the thread may still be stuck in the call: it is left behind with all
 * that it needs, and what it brings back later is freed. A call that was still in line when
 * it ended is never begun.
 */
typedef struct _TernWorker TernWorker;

/** TernCall: one call, as its function sees it from the thread */
typedef struct _TernCall TernCall;

/**
 * TernCallFunc:
 * @input: the call's own; freed after the call
 * @error: without the names of host and call, which the worker puts in front
 *
 * Runs in the thread.
 *
 * Returns: (transfer full) (nullable): the result, %NULL with @error set
 */
typedef gpointer (*TernCallFunc) (TernCall *call, gpointer input, GError **error);

/**
 * TernCallKind:
 * @what: what the call does, for errors: "listing its VMs"
 * @free_input: (nullable): called from either thread
 * @free_result: (nullable): likewise; %NULL for calls that only say yes: any pointer but
 *   %NULL becomes a boolean %TRUE
 * @timeout_ms: from the moment of the call, 0 for no bound
 */
typedef struct
{
  const char *what;
  TernCallFunc func;
  GDestroyNotify free_input;
  GDestroyNotify free_result;
  guint timeout_ms;
} TernCallKind;

/**
 * tern_worker_new:
 * @purpose: names the thread
 * @host: named in every error
 *
 * Returns: (transfer full): the thread starts with the first call
 */
TernWorker *tern_worker_new (const char *purpose, const char *host);

/**
 * tern_worker_call:
 * @kind: must stay: a static constant
 * @task: (transfer full): ended exactly once, on its own context, never before this returns
 * @input: (transfer full) (nullable): must be safe to use and free in another thread
 */
void tern_worker_call (TernWorker *self, const TernCallKind *kind, GTask *task, gpointer input);

/**
 * tern_worker_close:
 * @reason: the error all calls that have not ended end with, at once
 *
 * The thread ends when the call it is in does. Later calls end with @reason as well.
 */
void tern_worker_close (TernWorker *self, const GError *reason);

/** tern_worker_hangs: Returns: whether its thread is in a call that nobody waits for any more: what
 * is in line behind it may wait for ever */
gboolean tern_worker_hangs (TernWorker *self);

/** tern_worker_free: closes it first if that was not done */
void tern_worker_free (TernWorker *self);

/**
 * tern_call_is_wanted:
 *
 * For the thread, right before an act that changes something: an act nobody waits for any
 * more must not begin late.
 *
 * Returns: whether somebody still waits for the call
 */
gboolean tern_call_is_wanted (TernCall *call);

/** tern_call_wait: for the thread: for so many microseconds, or until nobody waits for the call any
 * more. Returns: whether somebody still does */
gboolean tern_call_wait (TernCall *call, gint64 us);

/** tern_call_check: tern_call_is_wanted() as an error: %TERN_ERROR_CANCELLED if nobody waits any
 * more */
gboolean tern_call_check (TernCall *call, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernWorker, tern_worker_free)

G_END_DECLS
