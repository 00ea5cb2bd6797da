/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/converge-watch.h"
#include "plan/converge.h"

G_BEGIN_DECLS

/** How long QEMU lets a guest stand still unless it is told otherwise. */
#define TERN_CONVERGE_DOWNTIME_MS 300

/** Nothing was sent for so long: that is told. */
#define TERN_NOTE_IDLE_US (5 * G_USEC_PER_SEC)

/**
 * TernPolicyRow: one step of a policy
 * @act: what is done
 * @downtime_ms: of %TERN_STEP_DOWNTIME
 * @passes: it is due after so many passes that were not smaller, counted from the step before; for
 *   anything but a longer downtime, also from the last that was smaller
 * @wait_us: and so long after that, however fast the passes are
 */
typedef struct
{
  TernStepAct act;
  guint downtime_ms;
  guint passes;
  gint64 wait_us;
} TernPolicyRow;

/** tern_policy_get_row: Returns: (transfer none) (nullable): %NULL after the last */
const TernPolicyRow *tern_policy_get_row (TernPolicy policy, guint step);

/**
 * TernConverge:
 * @setup: what it was made with
 * @began_us: when the hypervisor was called
 * @copy_us: when it was first seen to copy memory; only if @watch.memory_seen
 * @adopted: @copy_us is from an earlier daemon
 * @pass_known: and a whole pass was over then
 * @bound_us: when the total bound began to count, if @switched
 * @switched: the policy is another than at the beginning
 * @watch: what the numbers say
 * @step: steps taken
 * @step_us: when the last was, or the copy began
 * @waited: passes since then that were not smaller
 * @hope_us: when it last got better, if that was after @step_us
 * @hopeless: passes since then that were not smaller
 * @downtime_ms: what was granted
 * @due: the step that is repeated until it was taken
 * @still_us: since when the guest stands still, if @still
 * @paused: we paused it
 * @paused_before: an earlier daemon may have paused it
 * @asked_postcopy: the host took our wish for post-copy, at @asked_us
 * @postcopy: it was seen to run on the destination
 * @gave_up: the host took it
 *
 * Private to converge-*.c.
 */
struct _TernConverge
{
  TernConvergeSetup setup;
  gint64 began_us;
  gint64 copy_us;
  gboolean adopted;
  gboolean pass_known;
  gint64 bound_us;
  gboolean switched;
  TernCopyWatch watch;
  guint step;
  gint64 step_us;
  guint waited;
  gint64 hope_us;
  guint hopeless;
  guint downtime_ms;
  TernDecision due;
  gboolean still;
  gint64 still_us;
  gboolean paused;
  gboolean paused_before;
  gboolean asked_postcopy;
  gint64 asked_us;
  gboolean postcopy;
  gboolean gave_up;
};

G_END_DECLS
