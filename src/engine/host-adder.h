/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"
#include "model/host.h"
#include "ports/hypervisor.h"
#include "ports/store.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernNewHost: a host that was asked who it is and stored
 * @config: as stored
 * @hypervisor: connected
 * @facts: what it said of itself
 */
typedef struct
{
  TernHostConfig *config;
  TernHypervisor *hypervisor;
  TernHostFacts *facts;
} TernNewHost;

/**
 * TernHostAdder:
 *
 * Takes up new hosts for the inventory, which owns it: connects, asks who it is, compares with
 * what is there, stores. Several may be on their way at once.
 */
typedef struct _TernHostAdder TernHostAdder;

/**
 * TernHostAdderOwner:
 * @get_hosts: Returns: (transfer full) (element-type TernHost): all hosts that are there
 * @adopt: a host was stored and is one from now on; what is in @host is (transfer none)
 * @data: given to both
 */
typedef struct
{
  GPtrArray *(*get_hosts) (gpointer data);
  void (*adopt) (const TernNewHost *host, gpointer data);
  gpointer data;
} TernHostAdderOwner;

TernHostAdder *tern_host_adder_new (TernClock *clock, TernStore *store,
                                    TernHypervisorFactory factory, gpointer factory_data,
                                    const TernHostAdderOwner *owner);
void tern_host_adder_free (TernHostAdder *self);

/** tern_host_adder_run: adds one host, see tern_inventory_add_host_async(); @task: (transfer full):
 * ends with a boolean; its source object keeps the adder */
void tern_host_adder_run (TernHostAdder *self, const TernHostConfig *config, GTask *task);

G_END_DECLS
