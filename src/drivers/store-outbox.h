/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/store-sqlite.h"
#include "drivers/store-worker.h"
#include "ports/outbox.h"

G_BEGIN_DECLS

/** tern_store_sqlite_get_worker: Returns: (transfer none): what both ports give their jobs to */
TernStoreWorker *tern_store_sqlite_get_worker (TernStoreSqlite *self);

/** tern_store_outbox_iface_init: makes a #TernStoreSqlite a #TernOutbox */
void tern_store_outbox_iface_init (TernOutboxInterface *iface);

G_END_DECLS
