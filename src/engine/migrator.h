/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"
#include "engine/assessor.h"
#include "engine/inventory.h"
#include "engine/links.h"
#include "engine/task.h"
#include "plan/resolve.h"
#include "ports/store.h"

G_BEGIN_DECLS

/**
 * TernMigrator:
 *
 * Takes orders to move a VM, keeps them in line, and owns the migrations that run.
 */
#define TERN_TYPE_MIGRATOR (tern_migrator_get_type ())
G_DECLARE_FINAL_TYPE (TernMigrator, tern_migrator, TERN, MIGRATOR, GObject)

TernMigrator *tern_migrator_new (TernClock *clock, TernStore *store, TernInventory *inventory,
                                 TernTaskList *tasks, TernAssessor *assessor);

/** tern_migrator_load: takes up what was open when the daemon ended, see recovery in
 * docs/ARCHITECTURE.md. @tasks: (element-type TernTaskRecord): drains and returns among them are
 * left to the drainer, @last_id: highest id ever given */
void tern_migrator_load (TernMigrator *self, GPtrArray *tasks, guint64 last_id);

/**
 * tern_migrator_start_async:
 * @vm_uuid: of a VM in the inventory
 * @source: (nullable): name of the host it must still be on, %NULL for any
 * @destination: host name
 * @uid: of the person who asked, -1 for the daemon itself
 *
 * Judges by the inventory, stores the task, then ends with it; the move goes on by itself.
 * Errors: %TERN_ERROR_NOT_FOUND, %TERN_ERROR_REFUSED (target is source, not running, not on @source
 * any more),
 * %TERN_ERROR_BUSY, %TERN_ERROR_UNREACHABLE, %TERN_ERROR_ATTENTION, %TERN_ERROR_STORE.
 */
void tern_migrator_start_async (TernMigrator *self, const char *vm_uuid, const char *source,
                                const char *destination, gint64 uid, GAsyncReadyCallback cb,
                                gpointer data);
/** tern_migrator_start_finish: Returns: (transfer full) */
TernTask *tern_migrator_start_finish (TernMigrator *self, GAsyncResult *result, GError **error);

/**
 * tern_migrator_order_async:
 * @order: copied
 *
 * Plans the order by the assessor, reserves, stores every task, then ends with them; the moves and
 * starts go on by themselves. Nothing is stored unless all find a place, or some do and the order
 * is partial. Errors: %TERN_ERROR_NOT_FOUND, %TERN_ERROR_STORE, and that of the first reason
 * (%TERN_ERROR_REFUSED, %TERN_ERROR_BUSY, …) with one sentence for each VM that finds no place.
 */
void tern_migrator_order_async (TernMigrator *self, const TernOrder *order, GAsyncReadyCallback cb,
                                gpointer data);
/** tern_migrator_order_finish: @out_plan: (transfer full) (optional): what was judged: also when it
 * fails for a refusal, else %NULL. Returns: (transfer full) (element-type TernTask): as planned */
GPtrArray *tern_migrator_order_finish (TernMigrator *self, GAsyncResult *result,
                                       TernPlan **out_plan, GError **error);

/**
 * tern_migrator_shutdown_async:
 * @host: it must still be on
 * @parent: the drain that orders it; 0 for none
 *
 * Asks the guest of a VM to shut down, as a task; end with tern_migrator_start_finish(). Errors:
 * %TERN_ERROR_NOT_FOUND, %TERN_ERROR_BUSY, %TERN_ERROR_REFUSED (it is elsewhere, or transient),
 * %TERN_ERROR_STORE.
 */
void tern_migrator_shutdown_async (TernMigrator *self, const char *vm_uuid, const char *host,
                                   guint64 parent, gint64 uid, GAsyncReadyCallback cb,
                                   gpointer data);

/** tern_migrator_take_id: Returns: the id of a task that is made elsewhere: ids are shared by all
 * kinds */
guint64 tern_migrator_take_id (TernMigrator *self);

/** tern_migrator_switch: see tern_run_switch() */
gboolean tern_migrator_switch (TernMigrator *self, TernTask *task, TernPolicy policy, gint64 uid,
                               GError **error);

/** tern_migrator_resolve_async: see tern_run_resolve_async(); %TERN_ERROR_REFUSED unless the task
 * is in attention */
void tern_migrator_resolve_async (TernMigrator *self, TernTask *task, TernKeep keep, gint64 uid,
                                  GAsyncReadyCallback cb, gpointer data);
gboolean tern_migrator_resolve_finish (TernMigrator *self, GAsyncResult *result, GError **error);

/** tern_migrator_recheck: see tern_run_recheck() */
gboolean tern_migrator_recheck (TernMigrator *self, TernTask *task, GError **error);

/** tern_migrator_get_limits: Returns: those that hold now */
TernLimits tern_migrator_get_limits (TernMigrator *self);

/** tern_migrator_has_own_limits: Returns: whether they were set at run time, and are not those of
 * the configuration */
gboolean tern_migrator_has_own_limits (TernMigrator *self);

/**
 * tern_migrator_set_limits_async: @limits: (nullable): %NULL for those of the configuration
 *
 * Stores them, then lets them hold: what runs goes on, what waits may start. Errors:
 * %TERN_ERROR_STORE.
 */
void tern_migrator_set_limits_async (TernMigrator *self, const TernLimits *limits,
                                     GAsyncReadyCallback cb, gpointer data);
gboolean tern_migrator_set_limits_finish (TernMigrator *self, GAsyncResult *result, GError **error);

/** tern_migrator_load_limits: those that were stored, before the main loop runs */
void tern_migrator_load_limits (TernMigrator *self, const TernLimits *limits);

/** tern_migrator_get_links: Returns: (transfer none) */
TernLinks *tern_migrator_get_links (TernMigrator *self);

/** tern_migrator_cancel: asks a task to stop, returns at once; %TERN_ERROR_REFUSED when it ended */
gboolean tern_migrator_cancel (TernMigrator *self, TernTask *task, GError **error);

/** tern_migrator_make_queue_hosts: limits and links of all hosts. Returns: (transfer full)
 * (element-type utf8 TernQueueHost): keys and strings are the inventory's: valid until the main
 * loop runs again */
GHashTable *tern_migrator_make_queue_hosts (TernMigrator *self);

G_END_DECLS
