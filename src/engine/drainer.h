/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/migrator.h"
#include "plan/drain.h"

G_BEGIN_DECLS

/**
 * TernDrainer:
 *
 * Empties hosts and brings VMs back: each order is one task ("drain" or "return") with children,
 * which the migrator runs under its limits and with its ledger. What to do next is decided by
 * tern_drain_next() whenever something changed; here it is stored, ordered and told.
 *
 * Follows the inventory: who belongs to a host that is removed belongs nowhere.
 *
 * Signal "origin-changed" (vm_uuid: string): what tern_drainer_find_origin() returns is another.
 */
#define TERN_TYPE_DRAINER (tern_drainer_get_type ())
G_DECLARE_FINAL_TYPE (TernDrainer, tern_drainer, TERN, DRAINER, GObject)

TernDrainer *tern_drainer_new (TernClock *clock, TernStore *store, TernInventory *inventory,
                               TernTaskList *tasks, TernAssessor *assessor, TernMigrator *migrator);

/** tern_drainer_set_seal: what kept plans are sealed with. @cluster_id: of this daemon; @key: its
 * secret. Without them plans cannot be kept or applied */
void tern_drainer_set_seal (TernDrainer *self, const char *cluster_id, GBytes *key);

/** tern_drainer_load: takes up what was open when the daemon ended. @tasks: (element-type
 * TernTaskRecord): of its kinds; @origins: (element-type TernOrigin) */
void tern_drainer_load (TernDrainer *self, GPtrArray *tasks, GPtrArray *origins);

/** tern_drainer_plan: what a drain would do now. @returning: it is a return. Errors: as
 * tern_drain_check(). Returns: (transfer full) */
TernDrainPlan *tern_drainer_plan (TernDrainer *self, const TernDrain *order, gboolean returning,
                                  GError **error);

/** tern_drainer_format_plan: the same as a document, see plan/drain-document.h. Returns: (transfer
 * full) */
char *tern_drainer_format_plan (TernDrainer *self, const TernDrain *order, gboolean returning,
                                GError **error);

/**
 * tern_drainer_order_async:
 * @order: copied
 * @options: (nullable): how its moves are made
 *
 * Stores the task and closes the hosts (their duty becomes "draining"), then ends with the task;
 * the drain goes on by itself. Errors: as tern_drain_check(), %TERN_ERROR_STORE; nothing is changed
 * then.
 */
void tern_drainer_order_async (TernDrainer *self, const TernDrain *order,
                               const TernMoveOptions *options, gint64 uid, GAsyncReadyCallback cb,
                               gpointer data);
/** tern_drainer_order_finish: Returns: (transfer full) */
TernTask *tern_drainer_order_finish (TernDrainer *self, GAsyncResult *result, GError **error);

/** tern_drainer_parse_plan: what a plan that was kept would order. Errors: as
 * tern_drain_document_parse(). Returns: (transfer full) (nullable) */
TernDrain *tern_drainer_parse_plan (TernDrainer *self, const char *document, GError **error);

/** tern_drainer_apply_async: as order, for a plan that was kept. Errors besides: those of
 * plan/drain-document.h. End with tern_drainer_order_finish() */
void tern_drainer_apply_async (TernDrainer *self, const char *document,
                               const TernMoveOptions *options, gint64 uid, GAsyncReadyCallback cb,
                               gpointer data);

/**
 * tern_drainer_activate_async:
 * @host: closed at present
 * @bring_back: also orders the return of those that had left it
 *
 * Opens the host. Errors: %TERN_ERROR_NOT_FOUND, %TERN_ERROR_BUSY (it is being drained: the
 * sentence names the task), %TERN_ERROR_STORE.
 */
void tern_drainer_activate_async (TernDrainer *self, const char *host, gboolean bring_back,
                                  gint64 uid, GAsyncReadyCallback cb, gpointer data);
/** tern_drainer_activate_finish: @out_task: (transfer full) (nullable): the return, if one was
 * asked for and somebody has left */
gboolean tern_drainer_activate_finish (TernDrainer *self, GAsyncResult *result, TernTask **out_task,
                                       GError **error);

/** tern_drainer_cancel: no further VM is begun; with @abort what is under way is cancelled, too.
 * %TERN_ERROR_REFUSED when it has ended or is no drain or return */
gboolean tern_drainer_cancel (TernDrainer *self, TernTask *task, gboolean abort, GError **error);

/** tern_drainer_resume_async: a drain that was cancelled or left a remainder is ordered again: a
 * task of its own. %TERN_ERROR_REFUSED while it is open, or drained. End with
 * tern_drainer_order_finish() */
void tern_drainer_resume_async (TernDrainer *self, guint64 task_id, const char *const *actions,
                                gint64 uid, GAsyncReadyCallback cb, gpointer data);

/** tern_drainer_undo_async: cancels the drain if it is open, opens its hosts again, and orders the
 * return of what it moved: a task of its own. End with tern_drainer_order_finish() */
void tern_drainer_undo_async (TernDrainer *self, guint64 task_id, gint64 uid,
                              GAsyncReadyCallback cb, gpointer data);

/** tern_drainer_find_by_host: Returns: (transfer none) (nullable): the open drain or return of that
 * host */
TernTask *tern_drainer_find_by_host (TernDrainer *self, const char *host);

/** tern_drainer_find_origin: Returns: (transfer none) (nullable): where that VM belongs. Valid
 * until the main loop runs again */
const TernOrigin *tern_drainer_find_origin (TernDrainer *self, const char *vm_uuid);

/** tern_drainer_get_origins: Returns: (transfer full) (element-type TernOrigin): who belongs to
 * @host (nullable: to any), by name */
GPtrArray *tern_drainer_get_origins (TernDrainer *self, const char *host);

G_END_DECLS
