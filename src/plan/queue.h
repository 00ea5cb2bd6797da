/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/task.h"

G_BEGIN_DECLS

/**
 * TernQueueLimits:
 * @per_source: moves away from one host at a time, at least 1
 * @per_destination: moves to one host at a time, at least 1
 *
 * oVirt's defaults are 2 and 2; each peer-to-peer call also holds one of libvirtd's workers.
 */
typedef struct
{
  guint per_source;
  guint per_destination;
} TernQueueLimits;

/**
 * tern_queue_next:
 * @tasks: (element-type TernTaskRecord): open tasks, by id
 * @limits: how many moves a host takes at a time
 *
 * Which queued task may start now: the oldest whose two hosts have room. Call again after it
 * has left the queue.
 *
 * Returns: (transfer none) (nullable)
 */
const TernTaskRecord *tern_queue_next (const GPtrArray *tasks, const TernQueueLimits *limits);

G_END_DECLS
