/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ports/hypervisor.h"

/*
 * Stands between the engine and a port, passes everything on, and writes down what the
 * host is told to do: "migrate HOST", "define HOST" (the same, of a VM that is shut off), "abort
 * HOST", "resume HOST", "discard HOST", "start HOST", "eject HOST", "lock HOST", "mask HOST",
 * "compare HOST"; of a migration that runs "recover HOST" (the same call for a broken post-copy),
 * "downtime HOST MS", "speed HOST BPS", "postcopy-speed HOST BPS", "postcopy HOST", "pause
 * HOST"; of two copies "remove HOST", "remove-all HOST" (with its definition), "let-run
 * HOST".
 */
#define SPY_TYPE_HYPERVISOR (spy_hypervisor_get_type ())
G_DECLARE_FINAL_TYPE (SpyHypervisor, spy_hypervisor, SPY, HYPERVISOR, GObject)

/** spy_hypervisor_new: @port: (transfer full); @journal: kept by the caller */
TernHypervisor *spy_hypervisor_new (const char *host, TernHypervisor *port, GPtrArray *journal);

/** spy_hypervisor_refuse_discards: of every host, from now on: nothing can be removed */
void spy_hypervisor_refuse_discards (gboolean refuse);
/** spy_hypervisor_refuse: @what: (nullable): every host says no to that from now on: "downtime",
 * "postcopy", "pause", "remove", "let-run", "discard" or "job" (asking about it) */
void spy_hypervisor_refuse (const char *what);
/** spy_hypervisor_hold: @what: (nullable): every host keeps its answer to that to itself from now
 * on, and does nothing: "downtime", "postcopy", "pause" or "job". %NULL: all of them answer that it
 * is done, or for "job" that it took too long */
void spy_hypervisor_hold (const char *what);
/** spy_hypervisor_get_last_call: Returns: (transfer none): numbers and flags of the last call to
 * migrate; its strings are gone */
const TernMigrateParams *spy_hypervisor_get_last_call (void);
/** spy_hypervisor_watch: @func: (nullable): called before a host is told anything, with the line of
 * the journal */
typedef void (*SpyFunc) (const char *line, gpointer data);
void spy_hypervisor_watch (SpyFunc func, gpointer data);
