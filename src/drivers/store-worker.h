/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/**
 * TernStoreWorker: the thread that owns the connection, and works off a queue
 *
 * Writes are carried out in the order they were asked for, and before reads.
 */
typedef struct _TernStoreWorker TernStoreWorker;
typedef struct _TernStoreJob TernStoreJob;

/** TernStoreRun: on the thread; a write is one transaction. A read sets @job's result. */
typedef gboolean (*TernStoreRun) (sqlite3 *db, TernStoreJob *job, GError **error);

/** TernStoreReport: on the caller's context, before the write ends: @why is %NULL if it went well
 */
typedef void (*TernStoreReport) (gpointer source, const char *why);

/**
 * TernStoreJob:
 * @input: for @run
 * @result: of a read, for tern_store_worker_push()'s caller
 */
struct _TernStoreJob
{
  TernStoreRun run;
  gpointer input;
  GDestroyNotify free_input;
  gpointer result;
  GDestroyNotify free_result;
  gboolean writes;

  /*< private >*/
  TernStoreReport report;
  GTask *task; /* NULL: a blocking call waits for it */
  guint64 number;
  gboolean ok;
  gboolean done;
  GError *error;
};

/** tern_store_worker_new: @db: (transfer full) */
TernStoreWorker *tern_store_worker_new (sqlite3 *db, TernStoreReport report);
/** tern_store_worker_close: carries out what was asked for, then closes the file; what is asked
 * later ends with %TERN_ERROR_STORE. Closing twice is no error */
void tern_store_worker_close (TernStoreWorker *self);
/** tern_store_worker_free: not on the thread */
void tern_store_worker_free (TernStoreWorker *self);

/** tern_store_job_new: a read. @input: (transfer full) */
TernStoreJob *tern_store_job_new (TernStoreRun run, gpointer input, GDestroyNotify free_input);
/** tern_store_write_new: a write. @input: (transfer full) */
TernStoreJob *tern_store_write_new (TernStoreRun run, gpointer input, GDestroyNotify free_input);

/** tern_store_worker_push: @job: (transfer full): its end is that of a #GTask of @source: with the
 * result, or %TRUE */
void tern_store_worker_push (TernStoreWorker *self, gpointer source, TernStoreJob *job,
                             GAsyncReadyCallback cb, gpointer data);
/** tern_store_worker_wait: @job: on the stack, with @run, @input and @writes; blocks until it is
 * carried out */
gboolean tern_store_worker_wait (TernStoreWorker *self, TernStoreJob *job, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernStoreWorker, tern_store_worker_free)

G_END_DECLS
