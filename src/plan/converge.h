/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/task.h"

G_BEGIN_DECLS

/**
 * TernStepAct: what is done about a copy
 * @TERN_STEP_NONE: let it go on
 * @TERN_STEP_DOWNTIME: let the guest stand still for longer at the switchover
 * @TERN_STEP_POSTCOPY: let it go on at the destination; only after a whole pass
 * @TERN_STEP_PAUSE: pause it until all is over
 * @TERN_STEP_GIVE_UP: stop the copy; the guest stays
 * @TERN_STEP_ALARM: in post-copy nothing was sent for @stall_us: nothing is done about
 *   it, since it goes on by itself when the link is back, and a person has to know
 */
typedef enum
{
  TERN_STEP_NONE,
  TERN_STEP_DOWNTIME,
  TERN_STEP_POSTCOPY,
  TERN_STEP_PAUSE,
  TERN_STEP_GIVE_UP,
  TERN_STEP_ALARM
} TernStepAct;

/** TernStepCause: why */
typedef enum
{
  TERN_CAUSE_NONE,
  TERN_CAUSE_NOT_CONVERGING, /* passes do not get smaller */
  TERN_CAUSE_STALLED,        /* nothing is sent */
  TERN_CAUSE_BOUND,          /* the policy's time is over */
  TERN_CAUSE_SWITCHOVER,     /* the guest stands still for too long */
  TERN_CAUSE_PREPARING       /* the destination does not get ready */
} TernStepCause;

/**
 * TernDecision:
 * @act: what to do now
 * @cause: why
 * @downtime_ms: of %TERN_STEP_DOWNTIME
 */
typedef struct
{
  TernStepAct act;
  TernStepCause cause;
  guint downtime_ms;
} TernDecision;

/**
 * TernConvergeSetup: what does not change while a copy runs, but for the policy
 * @policy: which table
 * @memory: bytes the VM may have: the total bound grows with it
 * @bounds: of stalls, switchover, preparing
 * @postcopy_ready: the copy was begun so that post-copy is possible
 */
typedef struct
{
  TernPolicy policy;
  guint64 memory;
  TernBounds bounds;
  gboolean postcopy_ready;
} TernConvergeSetup;

/**
 * TernConvergeLook: one look at the running job
 * @now_us: monotonic
 * @stats: (nullable): %NULL while there is none yet (preparing), or when the host gave no answer
 * @held: the guest was seen standing still on the source for the switchover
 * @postcopy: the guest was seen to run on the destination (post-copy)
 */
typedef struct
{
  gint64 now_us;
  const TernJobStats *stats;
  gboolean held;
  gboolean postcopy;
} TernConvergeLook;

/**
 * TernConverge:
 *
 * Watches one copy and says what its policy wants. Pure: the time comes with each look; the same
 * looks give the same decisions. A decision is repeated with each look until
 * tern_converge_took() says that it was carried out (or cannot be).
 */
typedef struct _TernConverge TernConverge;

/** tern_converge_new: @began_us: monotonic time at which the hypervisor was called */
TernConverge *tern_converge_new (const TernConvergeSetup *setup, gint64 began_us);
void tern_converge_free (TernConverge *self);

/**
 * tern_converge_adopt: takes up a copy that an earlier daemon began
 * @step: steps that were taken, see @step of #TernTaskRecord
 * @copy_began_us: monotonic: when it was first seen to copy; may lie in the past, and below 0
 * @step_us: monotonic: when the last step was taken, likewise
 */
void tern_converge_adopt (TernConverge *self, guint step, gint64 copy_began_us, gint64 step_us);

/** tern_converge_look: Returns: what to do now */
TernDecision tern_converge_look (TernConverge *self, const TernConvergeLook *look);

/** tern_converge_took: @decision was given to the host at @now_us; it took it or it cannot
 * (@worked %FALSE: the next step of the table comes then) */
void tern_converge_took (TernConverge *self, TernDecision decision, gboolean worked, gint64 now_us);

/** tern_converge_switch: another policy from now on: its table from the start, its total bound
 * anew. What was learnt about the copy stays. */
void tern_converge_switch (TernConverge *self, TernPolicy policy, gint64 now_us);

/** tern_converge_get_given_away: @stands: the guest stands still on the source now. Returns:
 * %TERN_STEP_PAUSE or %TERN_STEP_POSTCOPY if a step was taken that no other policy takes back,
 * %TERN_STEP_NONE if not */
TernStepAct tern_converge_get_given_away (const TernConverge *self, gboolean stands);

/** tern_converge_get_step: Returns: how many steps of the table were taken, for the record */
guint tern_converge_get_step (const TernConverge *self);

/** tern_converge_get_convergence: Returns: what the last looks say */
TernConvergence tern_converge_get_convergence (const TernConverge *self);

/**
 * tern_converge_get_eta:
 * @out_min_us: (out): from the last look on: what is left, at the rate that was seen
 * @out_max_us: (out): the same with what the guest writes meanwhile; -1 if not converging
 *
 * Returns: whether anything can be said
 */
gboolean tern_converge_get_eta (const TernConverge *self, gint64 *out_min_us, gint64 *out_max_us);

/** tern_converge_get_link_bps: Returns: the highest rate that lasted for 3 s, 0 if none was seen */
guint64 tern_converge_get_link_bps (const TernConverge *self);

/** tern_converge_get_bound_us: Returns: how long a copy of @memory bytes may take by @policy,
 * before its last step is taken */
gint64 tern_converge_get_bound_us (TernPolicy policy, guint64 memory);

/** tern_converge_describe: Returns: (transfer full): of a decision, for the task's steps and its
 * end: "this pass is not smaller than those before it (13 MiB have to be sent again); web may
 * be 500 ms"; @vm: name to be shown */
char *tern_converge_describe (const TernConverge *self, TernDecision decision, const char *vm);

/** tern_converge_note: Returns: (transfer full) (nullable): what is out of the ordinary now:
 * "not converging: web writes 76 MiB/s, the link carries 10 MiB/s"; "nothing was sent for 12 s" */
char *tern_converge_note (const TernConverge *self, const char *vm);

/** tern_converge_note_stall: Returns: (transfer full) (nullable): that nothing comes over in
 * post-copy, what that means for the guest, and where to look */
char *tern_converge_note_stall (const TernConverge *self, const char *vm, const char *source,
                                const char *destination);

/** tern_policy_needs_auto_converge: Returns: whether a move must be begun with it */
gboolean tern_policy_needs_auto_converge (TernPolicy policy);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernConverge, tern_converge_free)

G_END_DECLS
