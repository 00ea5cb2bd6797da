/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/queue.h"

G_BEGIN_DECLS

/**
 * TernScheduleHost: what limits moves at one host
 * @link_bps: bytes per second its link carries each way; 0 if not known
 * @link_seen: @link_bps is only what moves showed: it may carry more
 * @limit_out: moves away from it at a time; 0: as many as fill its link (adaptive)
 * @limit_in: moves to it at a time; 0: likewise
 */
typedef struct
{
  guint64 link_bps;
  gboolean link_seen;
  guint limit_out;
  guint limit_in;
} TernScheduleHost;

/** tern_schedule_host: @host: (nullable): as the queue sees it. Returns: the same for a schedule;
 * for what moves away from it take at most see its @stream_bps */
TernScheduleHost tern_schedule_host (const TernQueueHost *host, TernLimits limits);

/**
 * TernScheduleMove:
 * @from: index of a host
 * @to: likewise
 * @bytes: that will go over: its memory, if @dirty_bps is given; otherwise what is written
 *   meanwhile included
 * @dirty_bps: bytes per second that the guest writes meanwhile, and that go over again; 0 for none
 * @stream_bps: the most one move carries; 0 for no bound but the links
 * @after: (nullable) (element-type guint): indexes of moves that must be over before it begins:
 *   they make the room it needs
 * @begin_us: (out) from the start of the plan
 * @end_us: (out)
 */
typedef struct
{
  guint from;
  guint to;
  guint64 bytes;
  guint64 dirty_bps;
  guint64 stream_bps;
  const GArray *after;
  gint64 begin_us;
  gint64 end_us;
} TernScheduleMove;

/**
 * TernSchedule:
 * @limit_cluster: moves at a time in all; 0 for no limit
 * @overhead_us: what a move takes besides its bytes: half of it before they go over, half after
 */
typedef struct
{
  const TernScheduleHost *hosts;
  guint n_hosts;
  guint limit_cluster;
  gint64 overhead_us;
} TernSchedule;

/**
 * tern_schedule:
 * @moves: (inout): their times are filled in
 * @out_order: (out) (array length=n_moves) (optional): indexes by the moment they begin: the order
 *   to ask for them in
 *
 * Orders the moves so that all are over as soon as possible: what is longest at the bottleneck goes
 * first (list scheduling, Graham 1969), links are shared by max-min fairness. Simulated as the
 * engine will carry it out, see tern_queue_next(). Some rules and then some exchanges are tried;
 * the best order counts. The effort is bounded, and the same moves give the same times.
 *
 * A move that waits, by way of @after, for itself is begun when nothing else is left.
 *
 * Returns: microseconds until all are over; 0 if a link that is used has an unknown rate: then
 *   there is an order, but no times
 */
gint64 tern_schedule (const TernSchedule *schedule, TernScheduleMove *moves, guint n_moves,
                      guint *out_order);

/** tern_schedule_bound: Returns: microseconds that no order can beat: for each host its bytes out
 * and in over its link, for each move its bytes over the slower of stream and links, with those
 * that must be over before */
gint64 tern_schedule_bound (const TernSchedule *schedule, const TernScheduleMove *moves,
                            guint n_moves);

/** tern_schedule_estimate_bytes: Returns: bytes that go over until a copy ends, of a guest with
 * @memory bytes that writes @dirty_bps, when @link_bps are all its own: at most four times its
 * memory, since a guest that writes more is slowed down; @memory if @link_bps is 0 */
guint64 tern_schedule_estimate_bytes (guint64 memory, guint64 dirty_bps, guint64 link_bps);

G_END_DECLS
