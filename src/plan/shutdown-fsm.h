/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/task-fsm.h"
#include "plan/truth.h"

G_BEGIN_DECLS

/** tern_shutdown_fsm_next: as tern_task_fsm_next(), for tasks of kind "shutdown" */
TernTaskStep tern_shutdown_fsm_next (TernTaskPhase phase, TernTaskEvent event);

/** tern_shutdown_phase_is_cancelable: Returns: whether %TERN_EVENT_CANCEL ends a shutdown in
 * @phase; a guest that was asked already may shut down all the same */
gboolean tern_shutdown_phase_is_cancelable (TernTaskPhase phase);

/** tern_shutdown_judge: @seen: what the host shows; @refused: the host did not pass it on;
 * @bound_us: so long a guest that was asked is waited for. Returns: what the state machine is told:
 * it is shut off (%TERN_EVENT_MOVED), it will not be
 * (%TERN_EVENT_STAYED), or that shows later */
TernTaskEvent tern_shutdown_judge (const TernSighting *seen, gboolean refused,
                                   const TernVerifying *verifying, gint64 bound_us);

/** tern_shutdown_explain: Returns: (transfer full): a sentence for the task's verdict */
char *tern_shutdown_explain (const TernSighting *seen, const char *vm, const char *host);

G_END_DECLS
