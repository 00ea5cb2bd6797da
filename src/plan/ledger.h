/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/cluster.h"
#include "model/reservation.h"

G_BEGIN_DECLS

/**
 * TernLedger:
 *
 * What all moves and starts under way will take of each host; the only place where memory is
 * promised. Manual moves, groups and (later) drains share one. A VM has at most one entry.
 */
typedef struct _TernLedger TernLedger;

TernLedger *tern_ledger_new (void);
/** tern_ledger_copy: for planning: what is added to the copy is promised to nobody */
TernLedger *tern_ledger_copy (const TernLedger *self);
void tern_ledger_free (TernLedger *self);

/** tern_ledger_add: replaces the VM's entry if it has one; @reservation is copied */
void tern_ledger_add (TernLedger *self, const TernReservation *reservation);
/** tern_ledger_remove: Returns: whether the VM had an entry */
gboolean tern_ledger_remove (TernLedger *self, const char *vm_uuid);
/** tern_ledger_find: Returns: (transfer none) (nullable) */
const TernReservation *tern_ledger_find (const TernLedger *self, const char *vm_uuid);
guint tern_ledger_get_size (const TernLedger *self);
/** tern_ledger_get_arrivals: @self: (nullable). Returns: (transfer none) (nullable) (element-type
 * TernReservation): what is promised to VMs on their way to @host; %NULL for none */
const GPtrArray *tern_ledger_get_arrivals (const TernLedger *self, const char *host);

/**
 * tern_ledger_get_memory:
 * @self: (nullable): %NULL holds nothing
 * @cluster: what the hosts show; a VM whose active copy is on @host already is not counted again,
 *   since the cluster counts it
 * @except_uuid: (nullable): a VM whose own entry does not count against it
 *
 * Returns: bytes promised on @host beyond what its VMs need now
 */
guint64 tern_ledger_get_memory (const TernLedger *self, const TernCluster *cluster,
                                const char *host, const char *except_uuid);
/** tern_ledger_get_vcpus: likewise */
guint tern_ledger_get_vcpus (const TernLedger *self, const TernCluster *cluster, const char *host,
                             const char *except_uuid);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernLedger, tern_ledger_free)

G_END_DECLS
