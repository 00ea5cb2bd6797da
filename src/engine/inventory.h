/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"
#include "model/host.h"
#include "model/vm.h"
#include "ports/hypervisor.h"
#include "ports/store.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernInventory:
 *
 * What is known of all hosts and VMs now. Keeps one watch per host, which connects,
 * reconnects with backoff, listens to events and asks again now and then; hosts do not
 * wait for one another.
 *
 * A VM that two hosts show (in a migration) is one VM here: the copy whose CPUs run counts.
 *
 * Signals:
 * - "host-changed" (pointer to TernHost): added or changed; valid during the call
 * - "host-removed" (name: string)
 * - "vm-changed" (uuid: string): added or changed
 * - "vm-removed" (uuid: string)
 */
#define TERN_TYPE_INVENTORY (tern_inventory_get_type ())
G_DECLARE_FINAL_TYPE (TernInventory, tern_inventory, TERN, INVENTORY, GObject)

/** tern_inventory_new: keeps references on @clock and @store; @factory makes the ports to hosts */
TernInventory *tern_inventory_new (TernClock *clock, TernStore *store,
                                   TernHypervisorFactory factory, gpointer factory_data);

/** tern_inventory_load: takes up the stored hosts and starts to watch them.
 * @hosts: (element-type TernHostConfig) */
void tern_inventory_load (TernInventory *self, GPtrArray *hosts);

/**
 * tern_inventory_add_host_async:
 * @config: (transfer none): copied; @uuid is filled in from what the host says
 *
 * Connects, compares with what is there, stores, then watches. Errors of finish:
 * %TERN_ERROR_EXISTS (name or host UUID), %TERN_ERROR_INVALID_ARGUMENT,
 * %TERN_ERROR_UNREACHABLE, %TERN_ERROR_TIMED_OUT (10 s), %TERN_ERROR_STORE; nothing is left
 * of a host that was refused.
 */
void tern_inventory_add_host_async (TernInventory *self, const TernHostConfig *config,
                                    GCancellable *cancellable, GAsyncReadyCallback cb,
                                    gpointer data);
gboolean tern_inventory_add_host_finish (TernInventory *self, GAsyncResult *result, GError **error);

/** tern_inventory_remove_host_async: forgets a host; %TERN_ERROR_NOT_FOUND, %TERN_ERROR_STORE */
void tern_inventory_remove_host_async (TernInventory *self, const char *name,
                                       GAsyncReadyCallback cb, gpointer data);
gboolean tern_inventory_remove_host_finish (TernInventory *self, GAsyncResult *result,
                                            GError **error);

/** tern_inventory_find_host: Returns: (transfer none) (nullable) */
TernHost *tern_inventory_find_host (TernInventory *self, const char *name);
/** tern_inventory_lookup_host: as find, with %TERN_ERROR_NOT_FOUND and a sentence for people */
TernHost *tern_inventory_lookup_host (TernInventory *self, const char *name, GError **error);
/** tern_inventory_get_hosts: Returns: (transfer full) (element-type TernHost): by name */
GPtrArray *tern_inventory_get_hosts (TernInventory *self);
/** tern_inventory_find_hypervisor: Returns: (transfer none) (nullable) */
TernHypervisor *tern_inventory_find_hypervisor (TernInventory *self, const char *host);

/** tern_inventory_has_listed: Returns: whether the host has shown its VMs since it is watched */
gboolean tern_inventory_has_listed (TernInventory *self, const char *host);

/** tern_inventory_find_vm: the copy that counts. Returns: (transfer none) (nullable) */
TernVm *tern_inventory_find_vm (TernInventory *self, const char *uuid);
/** tern_inventory_get_vms: Returns: (transfer full) (element-type TernVm): by name, then UUID */
GPtrArray *tern_inventory_get_vms (TernInventory *self);
/** tern_inventory_get_sightings: Returns: (transfer full) (element-type TernVm): every host's copy
 * of one VM, by host name */
GPtrArray *tern_inventory_get_sightings (TernInventory *self, const char *uuid);

/**
 * tern_inventory_lookup_vm:
 * @name_or_uuid: as a person gives it
 * @error: %TERN_ERROR_NOT_FOUND; %TERN_ERROR_UNREACHABLE when it was not found but some host does
 *   not answer; %TERN_ERROR_AMBIGUOUS
 *
 * Returns: (transfer none) (nullable)
 */
TernVm *tern_inventory_lookup_vm (TernInventory *self, const char *name_or_uuid, GError **error);

/** tern_inventory_get_copies: Returns: (transfer full) (element-type TernVm): every host's copy of
 * every VM, in no order */
GPtrArray *tern_inventory_get_copies (TernInventory *self);

/** tern_inventory_refresh_vm_async: asks @host about that VM again; ends when what was learnt is in
 * place */
void tern_inventory_refresh_vm_async (TernInventory *self, const char *host, const char *uuid,
                                      GAsyncReadyCallback cb, gpointer data);
/** tern_inventory_refresh_facts_async: asks @host about itself again, likewise */
void tern_inventory_refresh_facts_async (TernInventory *self, const char *host,
                                         GAsyncReadyCallback cb, gpointer data);
/** tern_inventory_refresh_finish: ends both. Returns: whether the host answered; if not, what is
 * shown is what was last seen */
gboolean tern_inventory_refresh_finish (TernInventory *self, GAsyncResult *result, GError **error);

/** TernHostEdit: changes @config, a copy of what holds now that nobody else sees. Returns: %FALSE
 * and
 * @error if that must not be */
typedef gboolean (*TernHostEdit) (TernHostConfig *config, gpointer data, GError **error);

/**
 * tern_inventory_update_host_async:
 * @edit: called when the changes asked for before are done, at the latest before this ends
 *
 * Stores a changed configuration of a host of ours, then lets it hold. Another name or URI is not
 * taken (%TERN_ERROR_INVALID_ARGUMENT): remove the host and add it again. Errors:
 * %TERN_ERROR_NOT_FOUND, %TERN_ERROR_STORE, that of @edit.
 */
void tern_inventory_update_host_async (TernInventory *self, const char *name, TernHostEdit edit,
                                       gpointer edit_data, GAsyncReadyCallback cb, gpointer data);
gboolean tern_inventory_update_host_finish (TernInventory *self, GAsyncResult *result,
                                            GError **error);

G_END_DECLS
