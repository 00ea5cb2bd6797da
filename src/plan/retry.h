/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/vm.h"
#include "model/task.h"

G_BEGIN_DECLS

/** On how many hosts one move is tried. */
#define TERN_RETRY_MAX_HOSTS 3

/**
 * tern_retry_allows:
 * @record: of the task that failed
 * @error_code: a #TernError: what the call or the check ended with
 * @source: (nullable): what the source showed last; %NULL if nothing was begun
 *
 * Whether another destination may be tried: only if we chose the one that failed, the VM was seen
 * running on its source as before, nobody cancelled it and no policy gave it up, the reason may lie
 * with the destination, and fewer than %TERN_RETRY_MAX_HOSTS were tried. Never while the truth is
 * not known: then this is not asked.
 */
gboolean tern_retry_allows (const TernTaskRecord *record, int error_code,
                            const TernSighting *source);

G_END_DECLS
