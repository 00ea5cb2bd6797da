/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"
#include "engine/inventory.h"
#include "engine/task.h"
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
                                 TernTaskList *tasks);

/** tern_migrator_load: takes up what was open when the daemon ended, see recovery in
 * docs/ARCHITECTURE.md. @tasks: (element-type TernTaskRecord), @last_id: highest id ever given */
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

/** tern_migrator_cancel: asks a task to stop, returns at once; %TERN_ERROR_REFUSED when it ended */
gboolean tern_migrator_cancel (TernMigrator *self, TernTask *task, GError **error);

G_END_DECLS
