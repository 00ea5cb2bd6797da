/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"
#include "engine/assessor.h"
#include "engine/drainer.h"
#include "engine/herald.h"
#include "engine/inventory.h"
#include "engine/migrator.h"
#include "engine/task.h"
#include "ports/store.h"
#include "service/authority.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernParts:
 * @drainer: (nullable)
 * @herald: (nullable)
 * @simulated: the hosts are simulated
 *
 * What the service works on: the engine's objects, and who may use them. Made once by
 * main(); each call in flight holds a reference.
 */
typedef struct
{
  TernClock *clock;
  TernStore *store;
  TernInventory *inventory;
  TernTaskList *tasks;
  TernAssessor *assessor;
  TernMigrator *migrator;
  TernDrainer *drainer;
  TernHerald *herald;
  TernAuthority *authority;
  gboolean simulated;
} TernParts;

/** tern_parts_new: Returns: (transfer full): with new references on all of @parts */
TernParts *tern_parts_new (const TernParts *parts);
TernParts *tern_parts_ref (TernParts *self);
void tern_parts_unref (TernParts *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernParts, tern_parts_unref)

/** tern_bus_return_error: ends @invocation with @error's name and sentence. Foreign errors become
 * Failed; the sentence is made visible, so that the bus can carry it.
 * @invocation: (transfer full) */
void tern_bus_return_error (GDBusMethodInvocation *invocation, const GError *error);

G_END_DECLS
