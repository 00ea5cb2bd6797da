/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

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
 */
typedef struct
{
  double memory_ratio;
  guint64 memory_reserve;
  double weights[TERN_SCORE_PARTS];
} TernSettings;

#define TERN_SETTINGS_INIT                                                                         \
  {                                                                                                \
    .memory_ratio = 1.0, .memory_reserve = G_GUINT64_CONSTANT (512) << 20, .weights = {            \
      4,                                                                                           \
      2,                                                                                           \
      1,                                                                                           \
      1                                                                                            \
    }                                                                                              \
  }

G_END_DECLS
