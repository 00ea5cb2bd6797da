/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/host.h"
#include "model/task.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernStore:
 *
 * The port to what outlives the daemon: hosts, and tasks as a journal. Driver: SQLite.
 *
 * Writes are asynchronous, carried out in the order they were asked for, and *durable
 * when they finish*: the engine starts an act only after the write that announces it
 * finished. A write that fails (full disk, read-only) ends with %TERN_ERROR_STORE and has
 * changed nothing.
 *
 * Signals: "trouble-changed" (): what tern_store_get_trouble() returns is another; before the
 * write that showed it ends.
 */
#define TERN_TYPE_STORE (tern_store_get_type ())
G_DECLARE_INTERFACE (TernStore, tern_store, TERN, STORE, GObject)

/**
 * TernTaskFilter:
 * @before_id: only tasks with a smaller id; 0 for no bound
 * @limit: at most so many, 1 to 1000
 * @vm_uuid: (nullable): only of this VM
 * @host: (nullable): only from or to this host
 * @state: (nullable): only with this coarse state, see tern_task_phase_to_state()
 * @parent: only those that this drain or return ordered; 0 for all
 * @traces: with their traces
 *
 * A page of history, newest first.
 */
typedef struct
{
  guint64 before_id;
  guint limit;
  const char *vm_uuid;
  const char *host;
  const char *state;
  guint64 parent;
  gboolean traces;
} TernTaskFilter;

struct _TernStoreInterface
{
  GTypeInterface parent;

  GPtrArray *(*load_hosts) (TernStore *self, GError **error);
  GPtrArray *(*load_open_tasks) (TernStore *self, guint64 *out_last_id, GError **error);
  void (*put_host_async) (TernStore *self, const TernHostConfig *host, GAsyncReadyCallback cb,
                          gpointer data);
  void (*remove_host_async) (TernStore *self, const char *name, GAsyncReadyCallback cb,
                             gpointer data);
  void (*put_task_async) (TernStore *self, const TernTaskRecord *task, GAsyncReadyCallback cb,
                          gpointer data);
  void (*put_tasks_async) (TernStore *self, const GPtrArray *tasks, GAsyncReadyCallback cb,
                           gpointer data);
  GPtrArray *(*load_children) (TernStore *self, guint64 parent, GError **error);
  GPtrArray *(*load_untold) (TernStore *self, GError **error);
  GPtrArray *(*load_origins) (TernStore *self, GError **error);
  void (*put_origin_async) (TernStore *self, const TernOrigin *origin, GAsyncReadyCallback cb,
                            gpointer data);
  void (*remove_origin_async) (TernStore *self, const char *vm_uuid, GAsyncReadyCallback cb,
                               gpointer data);
  char *(*load_text) (TernStore *self, const char *key, GError **error);
  gboolean (*save_text) (TernStore *self, const char *key, const char *text, GError **error);
  gboolean (*load_limits) (TernStore *self, TernLimits *out_limits, GError **error);
  void (*put_limits_async) (TernStore *self, const TernLimits *limits, GAsyncReadyCallback cb,
                            gpointer data);
  gboolean (*write_finish) (TernStore *self, GAsyncResult *result, GError **error);
  void (*list_tasks_async) (TernStore *self, const TernTaskFilter *filter, GAsyncReadyCallback cb,
                            gpointer data);
  GPtrArray *(*list_tasks_finish) (TernStore *self, GAsyncResult *result, GError **error);
  const char *(*get_trouble) (TernStore *self);
};

/** tern_store_load_hosts: blocking, only before the main loop runs.
 * Returns: (transfer full) (element-type TernHostConfig): sorted by name */
GPtrArray *tern_store_load_hosts (TernStore *self, GError **error);

/** tern_store_load_open_tasks: blocking, only before the main loop runs.
 * @out_last_id: the highest id ever given, 0 for none; also of ended tasks
 * Returns: (transfer full) (element-type TernTaskRecord): every task not in a final phase, and
 *   every one in attention, by id, with their traces */
GPtrArray *tern_store_load_open_tasks (TernStore *self, guint64 *out_last_id, GError **error);

/** tern_store_load_children: blocking, only before the main loop runs. Returns: (transfer full)
 * (element-type TernTaskRecord): every task that @parent ordered, ended ones too, by id */
GPtrArray *tern_store_load_children (TernStore *self, guint64 parent, GError **error);

/** tern_store_load_untold: blocking, only before the main loop runs. Returns: (transfer full)
 * (element-type TernTaskRecord): tasks in a final phase that nobody was told of, see
 * tern_outbox_post_async(); by id */
GPtrArray *tern_store_load_untold (TernStore *self, GError **error);

/** tern_store_load_origins: blocking, only before the main loop runs. Returns: (transfer full)
 * (element-type TernOrigin): by UUID */
GPtrArray *tern_store_load_origins (TernStore *self, GError **error);

/** tern_store_load_text: blocking, only before the main loop runs: a word of the daemon's own,
 * such as the "cluster-id". Returns: (transfer full) (nullable): %NULL without @error if there is
 * none */
char *tern_store_load_text (TernStore *self, const char *key, GError **error);
/** tern_store_save_text: blocking, only before the main loop runs */
gboolean tern_store_save_text (TernStore *self, const char *key, const char *text, GError **error);

/** tern_store_load_limits: blocking, only before the main loop runs.
 * @out_limits: left alone if none were stored. Returns: %FALSE and @error if the store cannot be
 * read; %FALSE without @error if none were stored */
gboolean tern_store_load_limits (TernStore *self, TernLimits *out_limits, GError **error);

/** tern_store_put_host_async: inserts or replaces by name; end with tern_store_write_finish() */
void tern_store_put_host_async (TernStore *self, const TernHostConfig *host, GAsyncReadyCallback cb,
                                gpointer data);
/** tern_store_remove_host_async: removing what is not there is no error */
void tern_store_remove_host_async (TernStore *self, const char *name, GAsyncReadyCallback cb,
                                   gpointer data);
/** tern_store_put_task_async: inserts or replaces by id, together with its trace if it has one;
 * @task is copied at once */
void tern_store_put_task_async (TernStore *self, const TernTaskRecord *task, GAsyncReadyCallback cb,
                                gpointer data);
/** tern_store_put_tasks_async: @tasks: (element-type TernTaskRecord): at least one, copied at once;
 * all of them are written or none is, whatever happens */
void tern_store_put_tasks_async (TernStore *self, const GPtrArray *tasks, GAsyncReadyCallback cb,
                                 gpointer data);
/** tern_store_put_origin_async: inserts or replaces by VM */
void tern_store_put_origin_async (TernStore *self, const TernOrigin *origin, GAsyncReadyCallback cb,
                                  gpointer data);
/** tern_store_remove_origin_async: removing what is not there is no error */
void tern_store_remove_origin_async (TernStore *self, const char *vm_uuid, GAsyncReadyCallback cb,
                                     gpointer data);
/** tern_store_put_limits_async: @limits: (nullable): %NULL forgets them: those of the
 * configuration hold again */
void tern_store_put_limits_async (TernStore *self, const TernLimits *limits, GAsyncReadyCallback cb,
                                  gpointer data);
/** tern_store_write_finish: ends any of these writes */
gboolean tern_store_write_finish (TernStore *self, GAsyncResult *result, GError **error);

/** tern_store_list_tasks_async: @filter is copied */
void tern_store_list_tasks_async (TernStore *self, const TernTaskFilter *filter,
                                  GAsyncReadyCallback cb, gpointer data);
/** tern_store_list_tasks_finish: Returns: (transfer full) (element-type TernTaskRecord): newest
 * first */
GPtrArray *tern_store_list_tasks_finish (TernStore *self, GAsyncResult *result, GError **error);

/** tern_store_get_trouble: Returns: (nullable): why the last write failed; %NULL when it did not.
 * Valid until "trouble-changed". */
const char *tern_store_get_trouble (TernStore *self);

G_END_DECLS
