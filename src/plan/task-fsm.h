/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/task.h"

G_BEGIN_DECLS

/**
 * TernTaskEvent: what can happen to a migration, or to a start (plan/start-fsm.h)
 * @TERN_EVENT_ADMITTED: the queue gives it its turn
 * @TERN_EVENT_CHECKED: both hosts were asked and nothing speaks against it
 * @TERN_EVENT_REFUSED: something does, and nothing was started
 * @TERN_EVENT_STARTED: the job was seen to run on the source
 * @TERN_EVENT_SWITCHOVER: the source was seen to stand still for the last pages
 * @TERN_EVENT_POSTCOPY: the source shows that the guest runs on the destination by now, and fetches
 *   the rest of its memory
 * @TERN_EVENT_STEP: the policy wants something done about convergence
 * @TERN_EVENT_SWITCHED: a person gave it another policy
 * @TERN_EVENT_GIVE_UP: the policy or a bound ends it; why is in the record (@abort_reason)
 * @TERN_EVENT_OVERDUE: told to stop long ago, and the hypervisor still does not carry that out; or
 * a post-copy that nothing can be done about, or that is not taken up, for long
 * @TERN_EVENT_RETURNED: the hypervisor's call came back, with whatever result
 * @TERN_EVENT_LOST: the answer to the call can no longer come
 * @TERN_EVENT_JOB_GONE: nobody waits for an answer, and the source runs no job any more
 * @TERN_EVENT_CANCEL: somebody wants it to stop
 * @TERN_EVENT_RESTARTED: the daemon began anew and found the task like this
 * @TERN_EVENT_JOB_SEEN: while verifying, the source still ran the job
 * @TERN_EVENT_MOVED: both hosts show that it runs on the destination only
 * @TERN_EVENT_STAYED: both hosts show that it is on the source only
 * @TERN_EVENT_CALLED_OFF: the same, and that is what somebody wanted
 * @TERN_EVENT_UNSETTLED: what the hosts show can still change by itself
 * @TERN_EVENT_SOURCE_HELD: paused on the source for a migration that will not go on
 * @TERN_EVENT_LEFTOVER: runs on the destination, a remainder is on the source
 * @TERN_EVENT_BROKEN: post-copy broke, and may be taken up again
 * @TERN_EVENT_RETRY: it did not move for a reason that lies with the destination: another one was
 *   chosen
 * @TERN_EVENT_RESOLVE: a person said which copy stays
 * @TERN_EVENT_UNKNOWABLE: the time to settle is over, or there are two copies
 * @TERN_EVENT_REPAIRED: the repair was tried, with whatever result
 * @TERN_EVENT_DISMISSED: a person removed the host whose silence kept the truth unknown
 * @TERN_EVENT_RECHECK: a host that was missing is back, or shows the VM changed: look again
 * @TERN_EVENT_MEDIA: nothing speaks against it once local media are out of their drives
 * @TERN_EVENT_AWAY: (start) nothing speaks against it, and it is to be defined on the destination
 * @TERN_EVENT_DEFINED: (start) the destination has the definition and the source does not
 */
typedef enum
{
  TERN_EVENT_ADMITTED,
  TERN_EVENT_CHECKED,
  TERN_EVENT_REFUSED,
  TERN_EVENT_STARTED,
  TERN_EVENT_SWITCHOVER,
  TERN_EVENT_POSTCOPY,
  TERN_EVENT_STEP,
  TERN_EVENT_SWITCHED,
  TERN_EVENT_GIVE_UP,
  TERN_EVENT_OVERDUE,
  TERN_EVENT_RETURNED,
  TERN_EVENT_LOST,
  TERN_EVENT_JOB_GONE,
  TERN_EVENT_CANCEL,
  TERN_EVENT_RESTARTED,
  TERN_EVENT_JOB_SEEN,
  TERN_EVENT_MOVED,
  TERN_EVENT_STAYED,
  TERN_EVENT_CALLED_OFF,
  TERN_EVENT_UNSETTLED,
  TERN_EVENT_SOURCE_HELD,
  TERN_EVENT_LEFTOVER,
  TERN_EVENT_BROKEN,
  TERN_EVENT_RETRY,
  TERN_EVENT_RESOLVE,
  TERN_EVENT_UNKNOWABLE,
  TERN_EVENT_REPAIRED,
  TERN_EVENT_DISMISSED,
  TERN_EVENT_RECHECK,
  TERN_EVENT_MEDIA,
  TERN_EVENT_AWAY,
  TERN_EVENT_DEFINED,
  TERN_N_EVENTS
} TernTaskEvent;

/**
 * TernTaskAction: what the engine does after the new phase is stored
 * @TERN_ACTION_NONE: nothing
 * @TERN_ACTION_CHECK: ask both hosts whether the move may begin
 * @TERN_ACTION_MIGRATE: make the call
 * @TERN_ACTION_ABORT: tell the source to abort the job, until it is told
 * @TERN_ACTION_STEP: do what the policy wants: a longer downtime, post-copy, a pause
 * @TERN_ACTION_RECOVER: take up a broken post-copy
 * @TERN_ACTION_RESOLVE: carry out what the person said: remove one copy, let the other run
 * @TERN_ACTION_FOLLOW: watch the job without an answer to wait for
 * @TERN_ACTION_INSPECT: ask both hosts where the VM is
 * @TERN_ACTION_INSPECT_LATER: the same, after a pause
 * @TERN_ACTION_RESUME: start the source's CPUs again
 * @TERN_ACTION_DISCARD: remove what is left on the source
 * @TERN_ACTION_REPORT: it is over: tell everyone
 * @TERN_ACTION_EJECT: take local media out of their drives
 * @TERN_ACTION_DEFINE: (start) copy the definition to the destination
 * @TERN_ACTION_START: (start) tell the destination to start it
 * @TERN_ACTION_SHUT_DOWN: (shutdown) ask the guest to shut down
 */
typedef enum
{
  TERN_ACTION_NONE,
  TERN_ACTION_CHECK,
  TERN_ACTION_MIGRATE,
  TERN_ACTION_ABORT,
  TERN_ACTION_STEP,
  TERN_ACTION_RECOVER,
  TERN_ACTION_RESOLVE,
  TERN_ACTION_FOLLOW,
  TERN_ACTION_INSPECT,
  TERN_ACTION_INSPECT_LATER,
  TERN_ACTION_RESUME,
  TERN_ACTION_DISCARD,
  TERN_ACTION_REPORT,
  TERN_ACTION_EJECT,
  TERN_ACTION_DEFINE,
  TERN_ACTION_START,
  TERN_ACTION_SHUT_DOWN,
  TERN_N_ACTIONS
} TernTaskAction;

/**
 * TernTaskStep:
 * @phase: the phase to store before @action is started
 * @action: what the engine does next
 * @accepted: %FALSE when the event means nothing in that phase; then @phase is the old one
 */
typedef struct
{
  TernTaskPhase phase;
  TernTaskAction action;
  gboolean accepted;
} TernTaskStep;

/** tern_task_fsm_next: Returns: what @event leads to in @phase */
TernTaskStep tern_task_fsm_next (TernTaskPhase phase, TernTaskEvent event);

/** tern_task_event_to_string: Returns: (transfer none): for logs */
const char *tern_task_event_to_string (TernTaskEvent event);

/** tern_task_phase_is_cancelable: Returns: whether %TERN_EVENT_CANCEL can still stop a migration in
 * @phase */
gboolean tern_task_phase_is_cancelable (TernTaskPhase phase);

/** tern_task_event_is_stored: Returns: whether a step is written to the store even if the phase
 * stays as it is, because the record changes */
gboolean tern_task_event_is_stored (TernTaskEvent event);

/** tern_task_action_is_call: Returns: whether @action asks a host to change something, so that it
 * is not made unless the store has it; what fails then is the task */
gboolean tern_task_action_is_call (TernTaskAction action);
/** tern_task_action_is_risky: Returns: whether @action lets a guest run or ends something because
 * of what both hosts showed just before: not to be done once that is long ago */
gboolean tern_task_action_is_risky (TernTaskAction action);
/** tern_task_action_is_repair: Returns: whether @action puts a leftover right, so that it waits
 * until the store has it */
gboolean tern_task_action_is_repair (TernTaskAction action);

G_END_DECLS
