/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ports/store.h"

G_BEGIN_DECLS

/**
 * TernIdentity: what tells this daemon's cluster from others, made at its first start
 * @cluster_id: a UUID
 * @plan_key: seals plans, so that one edited by hand is noticed; never shown
 */
typedef struct
{
  char *cluster_id;
  GBytes *plan_key;
} TernIdentity;

void tern_identity_free (TernIdentity *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernIdentity, tern_identity_free)

/**
 * tern_identity_load:
 * @error: %TERN_ERROR_STORE: it cannot be read or written, or holds what is no UUID or key
 *
 * Blocking, only before the main loop runs: takes it from the store, or makes it and stores it.
 *
 * Returns: (transfer full) (nullable)
 */
TernIdentity *tern_identity_load (TernStore *store, GError **error);

G_END_DECLS
