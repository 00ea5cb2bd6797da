/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/job.h"

G_BEGIN_DECLS

/** TernPassEnd: what one look showed of the passes over memory */
typedef enum
{
  TERN_PASS_GOES_ON,
  TERN_PASS_SMALLER,    /* a pass began, clearly smaller than all before */
  TERN_PASS_NOT_SMALLER /* one began that is not, or none begins for long */
} TernPassEnd;

/**
 * TernCopyWatch:
 * @now_us: of the last look
 * @answered: the last look had numbers
 * @copying: memory or disks were seen to go over
 * @memory_seen: memory was
 * @memory_us: when it first was
 * @moved_us: when something was last sent
 * @bps: bytes per second, smoothed; 0 before it is known
 * @link_bps: the highest rate that lasted for 3 s
 * @last: numbers of the last look that had any
 * @passes: whole passes that were seen to end
 * @pass_size: bytes that were to be sent when the pass under way began
 * @pass_us: when it began
 * @pass_took_us: how long the one before took
 * @size_before: bytes of the one before
 * @best: bytes of the smallest before the one under way
 * @not_smaller: how many in a row were not smaller than all before
 * @throttle_rose: the guest is slowed more than at the look before
 *
 * What the numbers of one copy say, look by look. Takes whatever a host sends. A plain value;
 * private to converge.
 */
typedef struct
{
  gint64 now_us;
  gboolean answered;
  gboolean copying;
  gboolean memory_seen;
  gint64 memory_us;
  gint64 moved_us;
  double bps;
  guint64 link_bps;
  TernJobStats last;
  guint passes;
  double pass_size;
  gint64 pass_us;
  gint64 pass_took_us;
  double size_before;
  double best;
  guint not_smaller;
  gboolean throttle_rose;

  /*< private >*/
  guint64 sent;
  gint64 sample_us;
  guint64 sample_sent;
  gint64 span_us;
  guint64 span_sent;
  gint64 overdue_us;
} TernCopyWatch;

/** tern_copy_watch_take: @stats: (nullable): %NULL when there are none */
TernPassEnd tern_copy_watch_take (TernCopyWatch *self, gint64 now_us, const TernJobStats *stats);

/** tern_copy_watch_get_idle: Returns: for how long nothing was sent, as far as that was seen */
gint64 tern_copy_watch_get_idle (const TernCopyWatch *self);

/** tern_copy_watch_restart_idle: nothing that was not sent until now counts */
void tern_copy_watch_restart_idle (TernCopyWatch *self);

/** tern_copy_watch_get_left: Returns: bytes that would go over, at most, if the guest stood still
 * from now on: what is left of this pass, and as much again as it began with: a guest that writes
 * fast has soon written all of that again, and what it wrote before that was sent goes over twice
 */
double tern_copy_watch_get_left (const TernCopyWatch *self);

/** tern_copy_watch_get_needed_us: Returns: how long the guest would have to stand still for @bytes
 * at the rate that was seen, -1 if no rate was */
gint64 tern_copy_watch_get_needed_us (const TernCopyWatch *self, double bytes);

G_END_DECLS
