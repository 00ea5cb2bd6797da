/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/drain.h"

#include <glib.h>

G_BEGIN_DECLS

/** TERN_ITEMS_MAX: bytes of what says why VMs were left; more is made shorter, so that the bus
 * carries the Items of any drain */
#define TERN_ITEMS_MAX (8 << 20)

/**
 * tern_items_to_variant:
 * @drain: (nullable): %NULL counts as one without items
 *
 * The VMs of a drain or return, as Task.Items has them. If their reasons are too long together,
 * each item says only the first one, and that in short; if they still are, none.
 *
 * Returns: (transfer floating): aa{sv}
 */
GVariant *tern_items_to_variant (const TernDrain *drain);

G_END_DECLS
