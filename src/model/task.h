/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/drain.h"
#include "model/job.h"
#include "model/move.h"
#include "model/trace.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernTaskPhase:
 *
 * Where a migration or a start stands. Stored and sent as words; plan/task-fsm holds the
 * table of what follows what.
 *
 * @TERN_PHASE_QUEUED: waits for its turn
 * @TERN_PHASE_CHECKING: both hosts are asked once more
 * @TERN_PHASE_PREPARING: the call is made; the destination starts an empty copy
 * @TERN_PHASE_COPYING: memory goes over
 * @TERN_PHASE_SWITCHING: the guest stands still while the last pages go over
 * @TERN_PHASE_POSTCOPY: it runs on the destination, which fetches the rest of its memory from the
 *   source: there is no way back
 * @TERN_PHASE_CANCELLING: asked to stop; the hypervisor has been or will be told
 * @TERN_PHASE_FOLLOWING: the call's answer is lost (restart, connection); the running job is
 * watched
 * @TERN_PHASE_VERIFYING: it is over; both hosts are asked where the VM is
 * @TERN_PHASE_REPAIRING: a leftover of a finished move is put right
 * @TERN_PHASE_RECOVERING: a post-copy whose link broke is taken up again
 * @TERN_PHASE_RESOLVING: a person said which copy stays; that is carried out
 * @TERN_PHASE_DEFINING: (start) the definition goes over to the destination, and away from the
 * source
 * @TERN_PHASE_STARTING: (start) the destination is told to start it
 * @TERN_PHASE_SHUTTING_DOWN: (shutdown) the guest was asked to shut down, and is waited for
 * @TERN_PHASE_DRAINING: (drain) VMs are being moved away
 * @TERN_PHASE_RETURNING: (return) VMs are being brought back
 * @TERN_PHASE_DONE: runs on the destination; of a drain: none that runs is left; of a return: all
 *   are home
 * @TERN_PHASE_FAILED: did not move or start; it is where it was, or as the task's verdict says
 * @TERN_PHASE_REMAINDER: (drain, return) it is over, and VMs are left; each says why
 * @TERN_PHASE_CANCELLED: did not move or start because somebody said so
 * @TERN_PHASE_ATTENTION: the truth is not known, or there are two copies: a person decides
 */
typedef enum
{
  TERN_PHASE_QUEUED,
  TERN_PHASE_CHECKING,
  TERN_PHASE_PREPARING,
  TERN_PHASE_COPYING,
  TERN_PHASE_SWITCHING,
  TERN_PHASE_POSTCOPY,
  TERN_PHASE_CANCELLING,
  TERN_PHASE_FOLLOWING,
  TERN_PHASE_VERIFYING,
  TERN_PHASE_REPAIRING,
  TERN_PHASE_RECOVERING,
  TERN_PHASE_RESOLVING,
  TERN_PHASE_DEFINING,
  TERN_PHASE_STARTING,
  TERN_PHASE_SHUTTING_DOWN,
  TERN_PHASE_DRAINING,
  TERN_PHASE_RETURNING,
  TERN_PHASE_DONE,
  TERN_PHASE_REMAINDER,
  TERN_PHASE_FAILED,
  TERN_PHASE_CANCELLED,
  TERN_PHASE_ATTENTION,
  TERN_N_PHASES
} TernTaskPhase;

const char *tern_task_phase_to_string (TernTaskPhase phase);
gboolean tern_task_phase_from_string (const char *name, TernTaskPhase *out_phase);

/** tern_task_phase_is_final: Returns: whether nothing follows @phase by itself */
gboolean tern_task_phase_is_final (TernTaskPhase phase);

/**
 * tern_task_phase_to_state:
 *
 * Returns: the coarse word for lists: "queued", "running", "done", "failed",
 *   "remainder", "cancelled" or "attention"
 */
const char *tern_task_phase_to_state (TernTaskPhase phase);

/**
 * TernConvergence: what a copy's numbers say
 * @TERN_CONVERGENCE_UNKNOWN: too little was seen
 * @TERN_CONVERGENCE_YES: more goes out than the guest writes
 * @TERN_CONVERGENCE_NO: it does not converge
 */
typedef enum
{
  TERN_CONVERGENCE_UNKNOWN,
  TERN_CONVERGENCE_YES,
  TERN_CONVERGENCE_NO,
  TERN_N_CONVERGENCES
} TernConvergence;

/** tern_convergence_to_string: Returns: "unknown", "converging" or "not-converging" */
const char *tern_convergence_to_string (TernConvergence convergence);

/**
 * TernTaskRecord:
 * @id: 1 and up, never used twice
 * @kind: "migrate"; "start"; "relocate": the definition of a VM that is shut off goes to another
 *   host; "shutdown": a guest is asked to shut down; "drain" and "return": for whole hosts, with
 *   @drain
 * @parent: the drain or return that ordered it; 0 for none
 * @group: tasks of one order have the same: the id of the first; 0 for one ordered alone
 * @vm_uuid: of the VM; "" of a drain or return, as is @vm_name
 * @vm_name: when the task was made
 * @source: host name; of a start: where the VM is defined; of a drain: its hosts, with commas
 * @destination: host name; of a return: its hosts, with commas; "" of a drain; of a shutdown: as
 *   @source
 * @memory: bytes reserved on the destination while it is open
 * @vcpus: virtual CPUs reserved likewise
 * @eject_media: local media are to be taken out of their drives
 * @ejected: (nullable) (array zero-terminated=1): "DRIVE=FILE" for each that was
 * @phase: where it stands
 * @cancel_requested: somebody asked for it to stop
 * @attempt: how often the hypervisor was asked to do it, 0 before the first
 * @created_us: wall time
 * @started_us: wall time when it left the queue, 0 before
 * @finished_us: wall time of the end, 0 before
 * @started_by_uid: of the bus client; -1 for the daemon itself
 * @progress: percent, 0 to 100, never falls, 100 only when done; -1 while unknown
 * @iteration: last pass seen, from 1; 0 before
 * @memory_total: bytes, as last seen
 * @memory_processed: bytes, as last seen
 * @downtime_us: measured; -1 if it was not
 * @error_name: (nullable): last part of the error's bus name, see tern_error_code_to_name()
 * @error: (nullable): the sentence for people
 * @verdict: (nullable): what both hosts said at the end, a sentence
 * @options: how the move is made; the policy may change while it runs
 * @chosen: the destination was chosen by us, so that another may be tried
 * @tried: (nullable) (array zero-terminated=1): "HOST=SENTENCE" for each destination that failed
 * @postcopy_ready: the hypervisor was asked so that post-copy can be begun
 * @copy_began_us: wall time when this attempt's copy was first seen, 0 before
 * @step: how many steps of the policy were taken in this attempt
 * @step_us: wall time of the last of them, 0 before
 * @steps: (nullable) (array zero-terminated=1): what was done about convergence, for people, all
 *   attempts: "12 s, pass 3: downtime may be 500 ms"
 * @abort_reason: (nullable): why we stopped the copy ourselves, a sentence
 * @recoveries: how often a broken post-copy was taken up again since a person last asked for it
 * @resolution: (nullable): "source" or "destination": which copy a person said is to stay
 * @resolved_by_uid: who said so
 * @note: (nullable): what is out of the ordinary now, a sentence: not converging, a cancel that was
 *   not carried out yet
 * @link_bps: the most that went over in a second for some seconds, 0 if that was not seen
 * @drain: (nullable): of a drain or return: what was ordered, and how it stands
 * @trace: (nullable): how it went; %NULL: it was not asked for, and a write leaves what is stored
 * @eta_min_us: (volatile) wall time at which it may be over at the earliest, 0 if unknown
 * @eta_max_us: (volatile) at the latest as things are; 0 if unknown or not converging
 * @convergence: (volatile) what its numbers say
 * @rate_bps: (volatile) bytes per second now
 * @remaining: (volatile) bytes left
 * @dirty_bps: (volatile) bytes per second dirtied
 *
 * A task as it is stored and shown. Volatile fields are not stored.
 */
typedef struct
{
  guint64 id;
  char *kind;
  char *vm_uuid;
  char *vm_name;
  char *source;
  char *destination;
  guint64 parent;
  guint64 group;
  guint64 memory;
  guint vcpus;
  gboolean eject_media;
  GStrv ejected;
  TernTaskPhase phase;
  gboolean cancel_requested;
  guint attempt;
  gint64 created_us;
  gint64 started_us;
  gint64 finished_us;
  gint64 started_by_uid;
  int progress;
  guint iteration;
  guint64 memory_total;
  guint64 memory_processed;
  gint64 downtime_us;
  char *error_name;
  char *error;
  char *verdict;
  TernMoveOptions options;
  gboolean chosen;
  GStrv tried;
  gboolean postcopy_ready;
  gint64 copy_began_us;
  guint step;
  gint64 step_us;
  GStrv steps;
  char *abort_reason;
  guint recoveries;
  char *resolution;
  gint64 resolved_by_uid;
  char *note;
  guint64 link_bps;
  TernDrain *drain;
  TernTrace *trace;

  gint64 eta_min_us;
  gint64 eta_max_us;
  TernConvergence convergence;
  guint64 rate_bps;
  guint64 remaining;
  guint64 dirty_bps;
} TernTaskRecord;

/** tern_task_record_new: Returns: (transfer full): kind "migrate", queued, nothing measured */
TernTaskRecord *tern_task_record_new (void);
/** tern_task_record_is_start: Returns: whether it is of kind "start" or "relocate" */
gboolean tern_task_record_is_start (const TernTaskRecord *self);
/** tern_task_record_is_drain: Returns: whether it is of kind "drain" or "return": no VM of its own
 */
gboolean tern_task_record_is_drain (const TernTaskRecord *self);
/** tern_task_record_has_host: Returns: whether @name is its source or destination, or one of them
 */
gboolean tern_task_record_has_host (const TernTaskRecord *self, const char *name);
/** tern_task_record_trace_phase: it is in its phase since @at_us. What an older version did not
 * trace is not known from its creation on */
void tern_task_record_trace_phase (TernTaskRecord *self, gint64 at_us);
TernTaskRecord *tern_task_record_copy (const TernTaskRecord *self);
void tern_task_record_free (TernTaskRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernTaskRecord, tern_task_record_free)

G_END_DECLS
