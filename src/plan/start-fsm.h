/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/task-fsm.h"

G_BEGIN_DECLS

/** tern_start_fsm_next: as tern_task_fsm_next(), for tasks of kind "start" */
TernTaskStep tern_start_fsm_next (TernTaskPhase phase, TernTaskEvent event);

/** tern_start_phase_is_cancelable: Returns: whether %TERN_EVENT_CANCEL can still stop a start in
 * @phase: only before a host was told to start it */
gboolean tern_start_phase_is_cancelable (TernTaskPhase phase);

G_END_DECLS
