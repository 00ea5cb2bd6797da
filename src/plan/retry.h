/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/vm.h"
#include "model/task.h"

G_BEGIN_DECLS

/** The last step of a move that our own end broke off, and nothing else. */
#define TERN_STEP_BROKEN_OFF                                                                       \
  "virternd was restarted, and the move was not under way any more; the VM runs where it was"

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

/** tern_retry_was_broken_off: whether @record is of a move that failed because the daemon ended in
 * the middle of it: it proves nothing of the VM and of either host */
gboolean tern_retry_was_broken_off (const TernTaskRecord *record);

G_END_DECLS
