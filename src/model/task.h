/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/job.h"

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
 * @TERN_PHASE_CANCELLING: asked to stop; the hypervisor has been or will be told
 * @TERN_PHASE_FOLLOWING: the call's answer is lost (restart, connection); the running job is
 * watched
 * @TERN_PHASE_VERIFYING: it is over; both hosts are asked where the VM is
 * @TERN_PHASE_REPAIRING: a leftover of a finished move is put right
 * @TERN_PHASE_DEFINING: (start) the definition goes over to the destination, and away from the
 * source
 * @TERN_PHASE_STARTING: (start) the destination is told to start it
 * @TERN_PHASE_DONE: runs on the destination
 * @TERN_PHASE_FAILED: did not move or start; it is where it was, or as the task's verdict says
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
  TERN_PHASE_CANCELLING,
  TERN_PHASE_FOLLOWING,
  TERN_PHASE_VERIFYING,
  TERN_PHASE_REPAIRING,
  TERN_PHASE_DEFINING,
  TERN_PHASE_STARTING,
  TERN_PHASE_DONE,
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
 *   "cancelled" or "attention"
 */
const char *tern_task_phase_to_state (TernTaskPhase phase);

/**
 * TernTaskRecord:
 * @id: 1 and up, never used twice
 * @kind: "migrate" or "start"
 * @group: tasks of one order have the same: the id of the first; 0 for one ordered alone
 * @vm_uuid: of the VM
 * @vm_name: when the task was made
 * @source: host name; of a start: where the VM is defined
 * @destination: host name
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

  guint64 rate_bps;
  guint64 remaining;
  guint64 dirty_bps;
} TernTaskRecord;

/** tern_task_record_new: Returns: (transfer full): kind "migrate", queued, nothing measured */
TernTaskRecord *tern_task_record_new (void);
/** tern_task_record_is_start: Returns: whether it is of kind "start" */
gboolean tern_task_record_is_start (const TernTaskRecord *self);
TernTaskRecord *tern_task_record_copy (const TernTaskRecord *self);
void tern_task_record_free (TernTaskRecord *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernTaskRecord, tern_task_record_free)

G_END_DECLS
