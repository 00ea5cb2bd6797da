/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ports/hypervisor.h"

/*
 * Stands between the engine and a port, passes everything on, and writes down what the
 * host is told to do: "migrate HOST", "define HOST" (the same, of a VM that is shut off), "abort
 * HOST", "resume HOST", "discard HOST", "start HOST", "eject HOST", "lock HOST", "mask HOST",
 * "compare HOST".
 */
#define SPY_TYPE_HYPERVISOR (spy_hypervisor_get_type ())
G_DECLARE_FINAL_TYPE (SpyHypervisor, spy_hypervisor, SPY, HYPERVISOR, GObject)

/** spy_hypervisor_new: @port: (transfer full); @journal: kept by the caller */
TernHypervisor *spy_hypervisor_new (const char *host, TernHypervisor *port, GPtrArray *journal);

/** spy_hypervisor_refuse_discards: of every host, from now on: nothing can be removed */
void spy_hypervisor_refuse_discards (gboolean refuse);
