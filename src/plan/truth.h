/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/vm.h"
#include "plan/task-fsm.h"

G_BEGIN_DECLS

/**
 * TernTruth: what a pair of sightings means once a migration's call is over
 * @TERN_TRUTH_UNKNOWN: a host could not be asked: nothing may be concluded, nothing done
 * @TERN_TRUTH_JOB: the source still runs the job
 * @TERN_TRUTH_MOVED: it is on the destination only
 * @TERN_TRUTH_STAYED: it is on the source only
 * @TERN_TRUTH_BETWEEN: the hosts are still tidying up, or something is stuck: both have it, and at
 *   most one runs it
 * @TERN_TRUTH_SOURCE_HELD: paused on the source for a migration, and nothing on the destination
 * @TERN_TRUTH_HELD_DOUBTFUL: the same, of a VM without a definition: one that arrives there before
 * the guest runs would prove that it did not; without, it may have run there and ended
 * @TERN_TRUTH_LEFTOVER: runs on the destination as migrated; the source holds a paused copy
 * @TERN_TRUTH_DEFINED_TWICE: runs on the destination; the source keeps its shut-off definition
 * @TERN_TRUTH_TWO_COPIES: it runs on both
 * @TERN_TRUTH_POSTCOPY_ALARMED: half its memory is here, half there: neither may be ended, and it
 * can be taken up again
 * @TERN_TRUTH_POSTCOPY_SILENT: the same by what one host shows, while the other is silent
 * @TERN_TRUTH_POSTCOPY_LOST: the half on the destination is gone: the guest ended, and the half on
 *   the source can never run
 * @TERN_TRUTH_POSTCOPY_ORPHANED: the half on the source is gone, and the destination does not show
 *   that it had got all of it: there is nothing to take it up again from
 * @TERN_TRUTH_GONE: it is on neither host as a living VM
 */
typedef enum
{
  TERN_TRUTH_UNKNOWN,
  TERN_TRUTH_JOB,
  TERN_TRUTH_MOVED,
  TERN_TRUTH_STAYED,
  TERN_TRUTH_BETWEEN,
  TERN_TRUTH_SOURCE_HELD,
  TERN_TRUTH_HELD_DOUBTFUL,
  TERN_TRUTH_LEFTOVER,
  TERN_TRUTH_DEFINED_TWICE,
  TERN_TRUTH_TWO_COPIES,
  TERN_TRUTH_POSTCOPY_ALARMED,
  TERN_TRUTH_POSTCOPY_SILENT,
  TERN_TRUTH_POSTCOPY_LOST,
  TERN_TRUTH_POSTCOPY_ORPHANED,
  TERN_TRUTH_GONE,
  TERN_N_TRUTHS
} TernTruth;

/**
 * tern_truth_judge:
 * @source: what the source host said
 * @destination: what the destination host said
 *
 * A pure table over all pairs. The result of the migration call plays no part: it
 * proves nothing (an answer can get lost after the guest was started over there).
 */
TernTruth tern_truth_judge (const TernSighting *source, const TernSighting *destination);

/**
 * TernVerifying:
 * @looks: how often in a row both hosts showed this truth, this time included: 1 and up
 * @elapsed_us: since the first look
 * @repairs: how many repairs were tried
 * @answered: the hypervisor's call came back; if it did not (restart, lost connection), the
 *   hypervisor may have got it and not begun yet
 * @recoveries: how many times a broken post-copy was taken up again
 * @overdue: (of a start) it was not waited for any longer, and the host may still work on it
 * @ran_there: it was seen to run on the destination since the call: what the source holds is old
 * @resolved: a person decided which copy stays, and that was carried out
 * @stands: and it stands still, although it was to run
 * @asked: a person asked for this look, and waits for what it shows
 * @cancel_requested: somebody wanted the move to stop
 *
 * How the verification of one migration went so far.
 */
typedef struct
{
  guint looks;
  gint64 elapsed_us;
  guint repairs;
  guint recoveries;
  gboolean answered;
  gboolean overdue;
  gboolean ran_there;
  gboolean resolved;
  gboolean stands;
  gboolean asked;
  gboolean cancel_requested;
} TernVerifying;

/** How long hosts get to settle or to answer before a person is called. */
#define TERN_VERIFY_BOUND_US (120 * G_USEC_PER_SEC)
/** How many looks in a row must show "stayed" where the call's answer is missing: about 1.5 s. */
#define TERN_VERIFY_LOOKS_UNANSWERED 5
/** How often one repair is tried. */
#define TERN_VERIFY_MAX_REPAIRS 3

/** How often a broken post-copy is taken up again, before a person has to ask for it. */
#define TERN_VERIFY_MAX_RECOVERIES 10
/** tern_recover_delay_us: @recoveries: how often that was tried. Returns: pause before the next
 * try: 1 s, doubling up to 60 s */
gint64 tern_recover_delay_us (guint recoveries);

/** tern_truth_to_event: Returns: what the state machine is told */
TernTaskEvent tern_truth_to_event (TernTruth truth, const TernVerifying *verifying);

/** tern_verify_delay_us: @looks: how often both were asked, whatever they showed. Returns: pause
 * before look number @looks + 1: 0.1 s, doubling up to 5 s */
gint64 tern_verify_delay_us (guint looks);

/**
 * tern_truth_explain:
 * @vm: name to be shown
 * @source: host name
 * @destination: host name
 *
 * Returns: (transfer full): a sentence for the task's verdict: what it means, and what each
 *   host said; for the ones that need a person, what to do next
 */
char *tern_truth_explain (TernTruth truth, const char *vm, const char *source,
                          const TernSighting *source_sighting, const char *destination,
                          const TernSighting *destination_sighting);

G_END_DECLS
