/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/start-truth.h"
#include "plan/task-fsm.h"

G_BEGIN_DECLS

/** tern_relocate_fsm_next: as tern_task_fsm_next(), for tasks of kind "relocate": the definition of
 * a VM that is shut off goes to another host, and nothing is started */
TernTaskStep tern_relocate_fsm_next (TernTaskPhase phase, TernTaskEvent event);

/** tern_relocate_phase_is_cancelable: Returns: whether %TERN_EVENT_CANCEL can still stop it */
gboolean tern_relocate_phase_is_cancelable (TernTaskPhase phase);

/** tern_relocate_truth_to_event: Returns: what the state machine is told */
TernTaskEvent tern_relocate_truth_to_event (TernStartTruth truth, const TernVerifying *verifying);

/** tern_relocate_explain: Returns: (transfer full): a sentence for the task's verdict */
char *tern_relocate_explain (TernStartTruth truth, const char *vm, const char *source,
                             const TernSighting *source_sighting, const char *destination,
                             const TernSighting *destination_sighting);

G_END_DECLS
