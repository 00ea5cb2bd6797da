/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"
#include "model/host.h"
#include "model/vm.h"
#include "ports/hypervisor.h"

G_BEGIN_DECLS

/**
 * TernHostWatch:
 *
 * One host, watched: connects, reconnects with backoff, keeps its facts and VMs up to date
 * from events, and asks for everything again now and then. Knows of no other host.
 *
 * Signals:
 * - "host-changed" (): state, facts or error are new
 * - "vm-changed" (uuid: string): that VM is new, changed, or gone from this host
 */
#define TERN_TYPE_HOST_WATCH (tern_host_watch_get_type ())
G_DECLARE_FINAL_TYPE (TernHostWatch, tern_host_watch, TERN, HOST_WATCH, GObject)

/**
 * tern_host_watch_new:
 * @hypervisor: (transfer none): may be connected already
 * @facts: (transfer none) (nullable): if they were asked for already
 */
TernHostWatch *tern_host_watch_new (TernClock *clock, TernHostConfig *config,
                                    TernHypervisor *hypervisor, TernHostFacts *facts);

/** tern_host_watch_start: begins to connect, or to list if the port is connected */
void tern_host_watch_start (TernHostWatch *self);

/** tern_host_watch_stop: ends everything at once; no signal comes after it */
void tern_host_watch_stop (TernHostWatch *self);

/** tern_host_watch_get_host: Returns: (transfer none): until it changes */
TernHost *tern_host_watch_get_host (TernHostWatch *self);
/** tern_host_watch_set_config: @config: (transfer none): the same host, used in another way */
void tern_host_watch_set_config (TernHostWatch *self, TernHostConfig *config);
TernHypervisor *tern_host_watch_get_hypervisor (TernHostWatch *self);
/** tern_host_watch_find_vm: Returns: (transfer none) (nullable) */
TernVm *tern_host_watch_find_vm (TernHostWatch *self, const char *uuid);
/** tern_host_watch_get_vms: Returns: (transfer none) (element-type utf8 TernVm) */
GHashTable *tern_host_watch_get_vms (TernHostWatch *self);
/** tern_host_watch_has_listed: Returns: whether the host ever showed all its VMs */
gboolean tern_host_watch_has_listed (TernHostWatch *self);

/** tern_host_watch_refresh_vm_async: asks about one VM now; ends when what was learnt is in place;
 * a host that does not answer stays as it was */
void tern_host_watch_refresh_vm_async (TernHostWatch *self, const char *uuid,
                                       GAsyncReadyCallback cb, gpointer data);
/** tern_host_watch_refresh_facts_async: likewise, for what the host says of itself */
void tern_host_watch_refresh_facts_async (TernHostWatch *self, GAsyncReadyCallback cb,
                                          gpointer data);
/** tern_host_watch_refresh_finish: ends both. Returns: whether the host answered; "there is no such
 * VM" is an answer */
gboolean tern_host_watch_refresh_finish (TernHostWatch *self, GAsyncResult *result, GError **error);

G_END_DECLS
