/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/drain.h"

G_BEGIN_DECLS

/**
 * tern_drain_document_format:
 * @plan: of a drain or return
 * @drain: what was ordered
 * @cluster_id: of the daemon that made it
 * @key: secret of that daemon: the document is sealed with it (HMAC-SHA256 over what it says), so
 *   that one edited by hand is noticed
 *
 * A plan that can be kept, shown and carried out later; docs/api.md has its form. It holds a digest
 * of what it stands on: the hosts' duty, state and room as far as used, and each VM that it moves
 * with its host, state and size.
 *
 * Returns: (transfer full): JSON
 */
char *tern_drain_document_format (const TernDrainPlan *plan, const TernDrainQuestion *question,
                                  const char *cluster_id, GBytes *key);

/**
 * tern_drain_document_parse:
 * @json: foreign text
 * @error: %TERN_ERROR_INVALID_ARGUMENT (no plan; edited), %TERN_ERROR_REFUSED (of another cluster)
 *
 * Returns: (transfer full) (nullable): the order, with @preferred as planned
 */
TernDrain *tern_drain_document_parse (const char *json, const char *cluster_id, GBytes *key,
                                      GError **error);

/**
 * tern_drain_document_holds:
 * @json: parsed well before
 * @question: as things are now, for the same order
 * @error: %TERN_ERROR_REFUSED, naming what changed
 *
 * Whether what the plan stood on still holds.
 */
gboolean tern_drain_document_holds (const char *json, const TernDrainQuestion *question,
                                    GError **error);

G_END_DECLS
