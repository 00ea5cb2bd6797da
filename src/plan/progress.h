/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/job.h"

G_BEGIN_DECLS

/**
 * TernProgress:
 * @percent: 0 to 99, never falls; -1 until something was seen to move
 * @iteration: pass over memory, from 1; 0 before the first
 *
 * What of a running job's numbers can be shown. Zero-initialise with TERN_PROGRESS_INIT.
 */
typedef struct
{
  int percent;
  guint iteration;

  /*< private >*/
  gboolean iteration_known;
  guint first_iteration;
} TernProgress;

#define TERN_PROGRESS_INIT                                                                         \
  {                                                                                                \
    .percent = -1                                                                                  \
  }

/**
 * tern_progress_update:
 * @stats: one more look at the job
 *
 * While disks are mirrored, memory numbers are 0 and the totals grow; "remaining" jumps up at
 * each pass; "iteration" may count passes of earlier, cancelled attempts (libvirt 9.0). So the
 * percentage is the share of all that is known of, it never falls, and it stays at 99 at most:
 * 100 is for a move that was verified.
 */
void tern_progress_update (TernProgress *self, const TernJobStats *stats);

G_END_DECLS
