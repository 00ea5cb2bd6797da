/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernJobStats:
 * @active: a job runs now (of a completed job's record: %FALSE)
 * @outgoing: it is a migration away from the host that was asked
 * @elapsed_us: since the job began
 * @memory_total: bytes of guest memory; constant over the job; 0 until copying begins
 * @memory_processed: bytes sent so far
 * @memory_remaining: bytes still to send; jumps up at each iteration
 * @memory_bps: bytes per second now
 * @dirty_bps: bytes per second the guest dirties, 0 if unknown
 * @iteration: pass over memory as the hypervisor counts it
 * @disk_total: bytes of disk to mirror, 0 when disks are shared
 * @disk_remaining: bytes
 * @has_downtime: @downtime_us is measured, not guessed
 * @downtime_us: how long the guest's CPUs stood still
 * @setup_us: time before the first page went out, 0 if unknown
 * @throttle: percent of its time that auto-converge takes from the guest, 0 to 99
 * @page_requests: pages that the destination had to ask for (post-copy)
 *
 * One look at a migration job (libvirt: virDomainGetJobStats). A plain value.
 */
typedef struct
{
  gboolean active;
  gboolean outgoing;
  gint64 elapsed_us;
  guint64 memory_total;
  guint64 memory_processed;
  guint64 memory_remaining;
  guint64 memory_bps;
  guint64 dirty_bps;
  guint iteration;
  guint64 disk_total;
  guint64 disk_remaining;
  gboolean has_downtime;
  gint64 downtime_us;
  gint64 setup_us;
  guint throttle;
  guint64 page_requests;
} TernJobStats;

G_END_DECLS
