/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/move.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernScorePart: what the score of a host is made of, each 0 (bad) to 1 (good)
 * @TERN_SCORE_MEMORY: share of its memory that is left to be promised after the VM arrived
 * @TERN_SCORE_CPU: CPU left after the VM arrived: by measured load if known, else by vCPUs per CPU
 * @TERN_SCORE_GENERATION: few other features than the VM needs: a newer CPU is kept for VMs that
 *   can run nowhere else
 * @TERN_SCORE_SPREAD: few other VMs
 */
typedef enum
{
  TERN_SCORE_MEMORY,
  TERN_SCORE_CPU,
  TERN_SCORE_GENERATION,
  TERN_SCORE_SPREAD,
  TERN_SCORE_PARTS
} TernScorePart;

/** tern_score_part_to_string: Returns: "memory", "cpu", "generation" or "spread" */
const char *tern_score_part_to_string (TernScorePart part);

/**
 * TernSettings: what the admin configured for judging and choosing
 * @memory_ratio: how much memory may be promised, as a multiple of what a host has; 1 by default
 * @memory_reserve: bytes kept for each host itself, where #TernHostConfig does not say
 * @weights: how much each part of a score counts, by #TernScorePart
 * @move: how moves are made unless an order says otherwise
 * @bounds: when a move that goes wrong is ended
 * @limits: how many go on at a time, unless that was changed at run time
 * @prepare_postcopy: every move is begun so that it can be switched to post-copy later, not only
 *   those with that policy
 * @shutdown_us: how long a drain waits for a guest that was asked to shut down
 * @drain_rules: (nullable) (array zero-terminated=1): what drains do with VMs by name, see
 *   tern_drain_rules_find(); not owned: as good as static
 */
typedef struct
{
  double memory_ratio;
  guint64 memory_reserve;
  double weights[TERN_SCORE_PARTS];
  TernMoveOptions move;
  TernBounds bounds;
  TernLimits limits;
  gboolean prepare_postcopy;
  gint64 shutdown_us;
  const char *const *drain_rules;
} TernSettings;

#define TERN_SETTINGS_INIT                                                                         \
  {                                                                                                \
    .memory_ratio = 1.0, .memory_reserve = G_GUINT64_CONSTANT (512) << 20,                         \
    .weights = { 4, 2, 1, 1 }, .move = TERN_MOVE_OPTIONS_INIT, .bounds = TERN_BOUNDS_INIT,         \
    .shutdown_us = 300 * G_USEC_PER_SEC                                                            \
  }

G_END_DECLS
