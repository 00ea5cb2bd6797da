/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/assessor.h"
#include "engine/inventory.h"
#include "engine/migrator.h"
#include "engine/task.h"
#include "plan/drain.h"
#include "ports/store.h"

G_BEGIN_DECLS

/* For the files of the drainer only: drainer.c is the list of what is open, drainer-order.c takes
 * orders, drainer-undo.c those about earlier ones, drain-run.c is one that is open, with
 * drain-run-act.c and drain-run-end.c, origins.c remembers who belongs where. */

/** TernDrainParts: (transfer none): what a drain works with */
typedef struct
{
  TernClock *clock;
  TernStore *store;
  TernInventory *inventory;
  TernTaskList *tasks;
  TernAssessor *assessor;
  TernMigrator *migrator;
} TernDrainParts;

/**
 * TernDrainView: a question about hosts as they are now
 * @question: valid until the main loop runs again, or @self is freed
 */
typedef struct
{
  TernDrainQuestion question;

  /*< private >*/
  TernCluster *cluster;
  GPtrArray *origins;
} TernDrainView;

/** tern_drain_view_new: @origins: (transfer full) (nullable): of a return; @spent: (nullable) */
TernDrainView *tern_drain_view_new (const TernDrainParts *parts, const TernDrain *drain,
                                    GPtrArray *origins, GHashTable *spent);
void tern_drain_view_free (TernDrainView *self);

/** TernDutyOf: Returns: the duty that @host shall have */
typedef TernDuty (*TernDutyOf) (const char *host, gpointer data);

/**
 * tern_drain_set_duty_async:
 * @hosts: (array zero-terminated=1): those that are no hosts of ours any more are passed over
 * @task_id: the drain or return that gives them their duty; not kept of an active host
 * @duty_of: asked at once for each of them
 *
 * Writes only where the duty is another. Errors: %TERN_ERROR_STORE; some hosts may have it then.
 */
void tern_drain_set_duty_async (TernInventory *inventory, const char *const *hosts, guint64 task_id,
                                TernDutyOf duty_of, gpointer duty_data, GAsyncReadyCallback cb,
                                gpointer data);
gboolean tern_drain_set_duty_finish (TernInventory *inventory, GAsyncResult *result,
                                     GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernDrainView, tern_drain_view_free)

G_END_DECLS
