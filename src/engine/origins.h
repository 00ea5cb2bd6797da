/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/drain-parts.h"

G_BEGIN_DECLS

/**
 * TernOrigins:
 *
 * Who left which host by a drain, and may want to go back. Follows the tasks and the inventory: a
 * VM that is home again, that a person moved elsewhere, or that is gone for good has no origin.
 * Stored with each change; what the store does not take is written again.
 *
 * Signal "changed" (vm_uuid: string).
 */
#define TERN_TYPE_ORIGINS (tern_origins_get_type ())
G_DECLARE_FINAL_TYPE (TernOrigins, tern_origins, TERN, ORIGINS, GObject)

TernOrigins *tern_origins_new (const TernDrainParts *parts);

/** tern_origins_load: @origins: (element-type TernOrigin): as stored; copied */
void tern_origins_load (TernOrigins *self, const GPtrArray *origins);

/** tern_origins_take: the daemon may have died before it noted what this task did: @record: a child
 * of a drain that is open, ended */
void tern_origins_take (TernOrigins *self, const TernTaskRecord *record);

/** tern_origins_find: Returns: (transfer none) (nullable): valid until the main loop runs again */
const TernOrigin *tern_origins_find (TernOrigins *self, const char *vm_uuid);

/** tern_origins_get: @host: (nullable). Returns: (transfer full) (element-type TernOrigin): copies,
 * by name */
GPtrArray *tern_origins_get (TernOrigins *self, const char *host);

/** tern_origins_note: a return is over: those it left have their reasons as status */
void tern_origins_note (TernOrigins *self, const TernTaskRecord *record);

/** tern_origins_close: lets go of everything */
void tern_origins_close (TernOrigins *self);

G_END_DECLS
