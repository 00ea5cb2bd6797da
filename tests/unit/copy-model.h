/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/converge.h"

/**
 * CopyModel: a guest that is copied over a link, as QEMU does it; independent of what is tested
 *
 * The guest writes @dirty_bps evenly over @hot bytes; a pass sends what was written during the one
 * before; when what is left fits the allowed downtime, all is looked through again, and if it
 * still fits the guest is held and the rest goes over.
 *
 * @memory: bytes
 * @hot: bytes that are written again and again
 * @dirty_bps: bytes per second
 * @link_bps: bytes per second
 * @noise: how much of the link comes and goes, 0 to 1
 * @auto_converge: the guest is slowed while it writes too much
 * @cut_us: when the link is cut, 0 for never
 * @attempt_before: passes that the hypervisor counts from an earlier attempt
 */
typedef struct
{
  double memory;
  double hot;
  double dirty_bps;
  double link_bps;
  double noise;
  gboolean auto_converge;
  gint64 cut_us;
  guint attempt_before;

  /* Where it stands. */
  GRand *rand;
  gint64 now_us;
  double left;
  double written;
  double sent;
  double pass_size;
  double dirty_seen;
  gint64 pass_us;
  guint pass;
  guint high;
  guint throttle;
  guint downtime_ms;
  gboolean held;
  gboolean paused;
  gboolean postcopy;
  gboolean broken;
  gboolean done;
  gint64 still_us; /* how long it stood still */
} CopyModel;

/** CopyEnd: how a modelled move ended */
typedef enum
{
  COPY_DONE,
  COPY_DONE_POSTCOPY,
  COPY_DONE_PAUSED,
  COPY_GIVEN_UP,
  COPY_ALARMED, /* in post-copy */
  COPY_ENDLESS
} CopyEnd;

/** copy_model_start: @seed: of its noise */
void copy_model_start (CopyModel *self, guint32 seed);
void copy_model_stop (CopyModel *self);
/** copy_model_run: lets so much time pass */
void copy_model_run (CopyModel *self, gint64 us);
/** copy_model_look: what the hypervisor would tell now; @stats is what the look points to */
TernConvergeLook copy_model_look (const CopyModel *self, TernJobStats *stats);
/** copy_model_obey: Returns: whether the hypervisor can do that */
gboolean copy_model_obey (CopyModel *self, TernDecision decision);
