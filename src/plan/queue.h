/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/task.h"

G_BEGIN_DECLS

/**
 * TernQueueHost: what the queue must know of a host
 * @name: of the host
 * @cluster: it belongs to
 * @limit_out: its own limit of moves away from it; 0: that of all
 * @limit_in: its own limit of moves and starts to it; 0: that of all
 * @link_bps: bytes per second its link carries, as configured or seen; 0 if not known
 * @link_seen: @link_bps is only what moves showed: it may carry more
 * @stream_bps: the most that one move away from it was seen to take; 0 for none was
 * @bandwidth_bps: bytes per second that all moves over it may take; 0 for no limit
 * @served: number of the last move that left it, counted over all hosts; 0 for none: who was
 *   served longest ago comes next
 * @ready: it may take part: a host that is still being connected to may not
 */
typedef struct
{
  const char *name;
  const char *cluster;
  guint limit_out;
  guint limit_in;
  guint64 link_bps;
  gboolean link_seen;
  guint64 stream_bps;
  guint64 bandwidth_bps;
  guint64 served;
  gboolean ready;
} TernQueueHost;

/**
 * TernQueue: one look at the queue
 * @tasks: (element-type TernTaskRecord): open tasks, by id; their @rate_bps is what they take now
 * @hosts: (element-type utf8 TernQueueHost): by name; a host that is missing has no limits of its
 *   own
 * @limits: of all
 * @now_us: wall time: a task rises by one priority for every ten minutes that it waited
 */
typedef struct
{
  const GPtrArray *tasks;
  GHashTable *hosts;
  TernLimits limits;
  gint64 now_us;
} TernQueue;

/**
 * tern_queue_next:
 *
 * Which queued task may start now: of those whose hosts have room the one with the highest
 * priority; among these the one whose source has the fewest moves under way, then the one whose
 * source was served longest ago, then the oldest. Call again after it has left the queue.
 *
 * Adaptive limits: moves begin, up to 16 away from a host and as many to it, as long as those under
 * way will leave more than a tenth of its link unused, or nothing to send, by the time one more
 * begins to copy: see tern_link_load_has_room(). Two of each where the rate of the link is not
 * known. Two starts at a time.
 *
 * Where nobody knows what the link has left (a limit, a rate that is not configured), moves away
 * from one host begin apart: the next when the one before copies, or 2 s later.
 *
 * Returns: (transfer none) (nullable)
 */
const TernTaskRecord *tern_queue_next (const TernQueue *queue);

/** tern_queue_explain: Returns: (transfer full): why @task waits: "2 of 2 moves away from anna are
 * under way"; %NULL if it could start */
char *tern_queue_explain (const TernQueue *queue, const TernTaskRecord *task);

/** tern_queue_explain_all: the same for all of them at the cost of one. Returns: (transfer full)
 * (element-type utf8): for each of the queue's tasks; %NULL for those that do not wait */
GPtrArray *tern_queue_explain_all (const TernQueue *queue);

/** tern_queue_host_get_capacity: @self: (nullable). Returns: bytes per second that moves away from
 * it, or to it, may take together; 0 if that is not known */
guint64 tern_queue_host_get_capacity (const TernQueueHost *self);

/** tern_queue_may_open: Returns: whether a task waits that may start without any news, as soon as
 * the moves under way turn out to leave room on a link (adaptive limits) */
gboolean tern_queue_may_open (const TernQueue *queue);

/**
 * TernShare: one move under way that copies
 * @source: host name
 * @destination: host name
 * @wanted_bps: its own limit, 0 for none
 * @weight: 1 (low), 2 (normal) or 4 (high priority)
 * @share_bps: (out) what it may take, 0 for no limit
 */
typedef struct
{
  const char *source;
  const char *destination;
  guint64 wanted_bps;
  guint weight;
  guint64 share_bps;
} TernShare;

/**
 * tern_share_links:
 * @hosts: as in #TernQueue: their @bandwidth_bps counts, for what leaves and what arrives together
 *
 * Divides what each link may carry among the moves over it, by weight, so that none gets less than
 * its share while another has more than it can use (max-min fairness, progressive filling:
 * Bertsekas and Gallager, Data Networks, 6.5.2).
 */
void tern_share_links (TernShare *shares, guint n_shares, GHashTable *hosts);

G_END_DECLS
