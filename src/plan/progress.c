/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * An honest percentage out of a job's numbers.
 */
#include "config.h"

#include "plan/progress.h"

#define MAX_PERCENT 99

static int
share_done (const TernJobStats *stats)
{
  double total = (double) stats->memory_total + (double) stats->disk_total;
  double left = (double) stats->memory_remaining + (double) stats->disk_remaining;

  if (total <= 0)
    return -1;
  /* Clamped before it becomes an int: wild numbers from a host must not overflow it. */
  return (int) CLAMP (100.0 * (total - left) / total, 0.0, (double) MAX_PERCENT);
}

void
tern_progress_update (TernProgress *self, const TernJobStats *stats)
{
  self->percent = MAX (self->percent, share_done (stats));

  if (stats->memory_total == 0)
    return;
  if (!self->iteration_known)
    {
      /* libvirt shows 0 or 1 in the first pass; whatever it starts with is pass 1. */
      self->first_iteration = MAX (stats->iteration, 1);
      self->iteration_known = TRUE;
    }
  if (stats->iteration >= self->first_iteration)
    self->iteration = MAX (self->iteration, stats->iteration - self->first_iteration + 1);
  else
    self->iteration = MAX (self->iteration, 1);
}
