/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/inventory.h"

G_BEGIN_DECLS

/**
 * tern_sightings_ask_async:
 * @hosts: (array zero-terminated=1): names
 *
 * Asks several hosts at once what they know of a VM right now. A host that cannot be asked is a
 * sighting that is not known, not an error.
 */
void tern_sightings_ask_async (TernInventory *inventory, const char *uuid, const char *const *hosts,
                               GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data);

/** tern_sightings_ask_finish: Returns: (transfer full) (element-type TernSighting): one for each
 * host, in their order; %NULL only when it was cancelled */
GPtrArray *tern_sightings_ask_finish (GAsyncResult *result);

G_END_DECLS
