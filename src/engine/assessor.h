/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"
#include "engine/inventory.h"
#include "engine/task.h"
#include "plan/placement.h"

G_BEGIN_DECLS

/**
 * TernAssessor:
 *
 * The engine's judgement: makes one consistent cluster of what the inventory shows, keeps the
 * ledger of everything under way, and puts questions to plan/. Starts nothing.
 *
 * The ledger follows the task list: a task that is stored has its reservation; one that ended
 * lets go of it, an arrival only when its host was seen since (the host's own figures show it
 * then). After a restart it is made again from the open tasks.
 */
#define TERN_TYPE_ASSESSOR (tern_assessor_get_type ())
G_DECLARE_FINAL_TYPE (TernAssessor, tern_assessor, TERN, ASSESSOR, GObject)

/** tern_assessor_new: @settings: copied; @shared_paths: (nullable), see #TernCluster */
TernAssessor *tern_assessor_new (TernClock *clock, TernInventory *inventory, TernTaskList *tasks,
                                 const TernSettings *settings, const char *const *shared_paths);

/** tern_assessor_get_cluster: Returns: (transfer none): as of now; made anew only after a change.
 * Valid until the main loop runs again: keep a reference */
TernCluster *tern_assessor_get_cluster (TernAssessor *self);
/** tern_assessor_get_ledger: Returns: (transfer none): changes as tasks come and go */
const TernLedger *tern_assessor_get_ledger (TernAssessor *self);

/** tern_assessor_get_room: Returns: the figures that verdicts are made from; all 0 for a host that
 * is not there */
TernRoom tern_assessor_get_room (TernAssessor *self, const char *host);

/** tern_assessor_hold: puts a reservation in before its task is in the list; it stays until a task
 * with its id ends, or tern_assessor_release() */
void tern_assessor_hold (TernAssessor *self, const TernReservation *reservation);
void tern_assessor_release (TernAssessor *self, const char *vm_uuid);

/**
 * TernOrder: what somebody wants to happen to VMs
 * @act: move or start
 * @vms: (array zero-terminated=1): UUIDs, each once
 * @sources: (nullable) (array zero-terminated=1): for each VM the host it must still be on
 * @destination: (nullable): the host that is asked for; %NULL to choose
 * @preferred: (nullable): the host that a plan of ours wants: taken if it can be, else another one
 * @parent: the drain or return that orders it; 0 for none
 * @away: another kind of the act: of a start, only the definition goes over ("relocate")
 * @partial: do what can be done, and not all or nothing
 * @eject_media: take local media out of their drives
 * @uid: of the person who asked, -1 for the daemon itself
 * @options: (nullable): how moves are made; %NULL for the defaults of the settings
 */
typedef struct
{
  TernAct act;
  GStrv vms;
  GStrv sources;
  char *destination;
  char *preferred;
  guint64 parent;
  gboolean away;
  gboolean partial;
  gboolean eject_media;
  gint64 uid;
  TernMoveOptions *options;
} TernOrder;

TernOrder *tern_order_new (TernAct act);
TernOrder *tern_order_copy (const TernOrder *self);
void tern_order_free (TernOrder *self);

/** tern_assessor_plan: what the order would do now. Errors: %TERN_ERROR_NOT_FOUND (a VM or the
 * host), %TERN_ERROR_REFUSED (not on its source any more). VMs that find no place are in the plan.
 * Returns: (transfer full) */
TernPlan *tern_assessor_plan (TernAssessor *self, const TernOrder *order, GError **error);

/**
 * tern_assessor_check_async:
 * @vm_uuid: of a VM in the inventory
 * @destination: (nullable): only this host, as if the admin had named it; %NULL for all
 * @eject_media: as if local media were taken out
 *
 * Looks at the VM once more, then judges it against every host, with scores. Where its CPU does not
 * fit a host, that host's libvirt is asked too (at most 16 hosts, 10 s), and its words are kept as
 * the reason's detail.
 */
void tern_assessor_check_async (TernAssessor *self, const char *vm_uuid, TernAct act,
                                const char *destination, gboolean eject_media,
                                GAsyncReadyCallback cb, gpointer data);
/** tern_assessor_check_finish: Returns: (transfer full) (element-type TernVerdict): see
 * tern_placement_score() for the order; their hosts are valid until the callback returns */
GPtrArray *tern_assessor_check_finish (TernAssessor *self, GAsyncResult *result, GError **error);

/**
 * tern_assessor_confirm:
 *
 * Judges once more, just before a task's move or start: everything but its own reservation and
 * itself counts.
 *
 * Returns: (transfer full) (element-type TernReason)
 */
GPtrArray *tern_assessor_confirm (TernAssessor *self, const TernTaskRecord *record);

/**
 * tern_assessor_choose_again:
 * @record: of a task whose destination did not take the VM
 * @failed: (array zero-terminated=1): hosts that are not tried again
 * @error: why there is none
 *
 * Chooses another destination and moves the task's reservation there, before the main loop runs
 * again.
 *
 * Returns: (transfer full) (nullable): host name
 */
char *tern_assessor_choose_again (TernAssessor *self, const TernTaskRecord *record,
                                  const char *const *failed, GError **error);

/** tern_assessor_get_settings: Returns: (transfer none) */
const TernSettings *tern_assessor_get_settings (TernAssessor *self);

/** tern_assessor_format_snapshot: Returns: (transfer full): see model/snapshot.h */
char *tern_assessor_format_snapshot (TernAssessor *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernOrder, tern_order_free)

G_END_DECLS
