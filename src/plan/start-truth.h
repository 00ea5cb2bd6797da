/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/vm.h"
#include "plan/truth.h"

G_BEGIN_DECLS

/**
 * TernStartTruth: what both hosts show of a VM that is being started
 * @TERN_START_UNKNOWN: a host could not be asked: nothing may be concluded, nothing done
 * @TERN_START_RUNS: it runs on the destination, and nowhere else of the two
 * @TERN_START_STANDS: the destination has a process for it, whose CPUs stand still
 * @TERN_START_READY: shut off on the destination, and the source has nothing
 * @TERN_START_DEFINED_TWICE: shut off on both
 * @TERN_START_AT_HOME: shut off on the source, and the destination has nothing
 * @TERN_START_ELSEWHERE: the source has a process for it, the destination has none
 * @TERN_START_TWO_COPIES: both have a process for it
 * @TERN_START_GONE: neither has it
 */
typedef enum
{
  TERN_START_UNKNOWN,
  TERN_START_RUNS,
  TERN_START_STANDS,
  TERN_START_READY,
  TERN_START_DEFINED_TWICE,
  TERN_START_AT_HOME,
  TERN_START_ELSEWHERE,
  TERN_START_TWO_COPIES,
  TERN_START_GONE,
  TERN_START_N_TRUTHS
} TernStartTruth;

/** How long a VM must be seen shut off where the answer of a call is missing: a host may carry out
 * late what it was told. */
#define TERN_START_UNANSWERED_US (30 * G_USEC_PER_SEC)

/** tern_start_truth_judge: @source: (nullable): %NULL when source and destination are one host */
TernStartTruth tern_start_truth_judge (const TernSighting *source, const TernSighting *destination);

/** tern_start_truth_to_event: @phase: %TERN_PHASE_DEFINING while the definition goes over, else
 * %TERN_PHASE_VERIFYING. Returns: what the state machine is told */
TernTaskEvent tern_start_truth_to_event (TernStartTruth truth, TernTaskPhase phase,
                                         const TernVerifying *verifying);

/** tern_start_truth_explain: @overdue: as in #TernVerifying. Returns: (transfer full): a sentence
 * for the task's verdict: what it means, what each host said, and what to do where a person is
 * needed */
char *tern_start_truth_explain (TernStartTruth truth, gboolean overdue, const char *vm,
                                const char *source, const TernSighting *source_sighting,
                                const char *destination, const TernSighting *destination_sighting);

G_END_DECLS
