/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernPolicy: what is done about a guest that writes faster than the link carries
 * @TERN_POLICY_CAREFUL: longer downtimes step by step, then give up; the guest is never slowed
 * @TERN_POLICY_DEFAULT: the same, and the guest is slowed down (auto-converge); then give up
 * @TERN_POLICY_POSTCOPY: a few steps, then the guest goes on at the destination and fetches the
 * rest
 * @TERN_POLICY_FORCE: steps, slowed down, then the guest is paused until all is over
 *
 * plan/converge.h has the tables.
 */
typedef enum
{
  TERN_POLICY_CAREFUL,
  TERN_POLICY_DEFAULT,
  TERN_POLICY_POSTCOPY,
  TERN_POLICY_FORCE,
  TERN_N_POLICIES
} TernPolicy;

/** tern_policy_to_string: Returns: "careful", "default", "postcopy" or "force" */
const char *tern_policy_to_string (TernPolicy policy);
gboolean tern_policy_from_string (const char *name, TernPolicy *out_policy);
/** tern_policy_get_words: Returns: (transfer none) (array zero-terminated=1): all of them, by value
 */
const char *const *tern_policy_get_words (void);

/** TernPriority: whose turn it is in the queue */
typedef enum
{
  TERN_PRIORITY_LOW,
  TERN_PRIORITY_NORMAL,
  TERN_PRIORITY_HIGH,
  TERN_N_PRIORITIES
} TernPriority;

/** tern_priority_to_string: Returns: "low", "normal" or "high" */
const char *tern_priority_to_string (TernPriority priority);
gboolean tern_priority_from_string (const char *name, TernPriority *out_priority);
/** tern_priority_get_words: likewise */
const char *const *tern_priority_get_words (void);

/** TernCompression: of the memory that goes over */
typedef enum
{
  TERN_COMPRESSION_NONE,
  TERN_COMPRESSION_XBZRLE,
  TERN_COMPRESSION_ZLIB,
  TERN_COMPRESSION_ZSTD,
  TERN_N_COMPRESSIONS
} TernCompression;

/** tern_compression_to_string: Returns: "none", "xbzrle", "zlib" or "zstd" */
const char *tern_compression_to_string (TernCompression compression);
gboolean tern_compression_from_string (const char *name, TernCompression *out_compression);
/** tern_compression_get_words: likewise */
const char *const *tern_compression_get_words (void);

/**
 * tern_words_find:
 * @words: such a list
 * @error: %TERN_ERROR_INVALID_ARGUMENT: "must be careful, default, postcopy or force"
 *
 * Returns: its place in the list, which is its value; -1 if it is none of them
 */
int tern_words_find (const char *const *words, const char *word, GError **error);

/**
 * TernMoveOptions: how a move is to be made
 * @policy: what is done if it does not converge
 * @priority: in the queue
 * @bandwidth_bps: bytes per second at most, 0 for no limit
 * @postcopy_bandwidth_bps: likewise once the guest runs on the destination (post-copy)
 * @parallel: connections side by side (multifd), 0 for the one that libvirt makes by default
 * @compression: of memory
 * @tls: memory goes over encrypted
 *
 * A plain value.
 */
typedef struct
{
  TernPolicy policy;
  TernPriority priority;
  guint64 bandwidth_bps;
  guint64 postcopy_bandwidth_bps;
  guint parallel;
  TernCompression compression;
  gboolean tls;
} TernMoveOptions;

#define TERN_MOVE_OPTIONS_INIT                                                                     \
  {                                                                                                \
    .policy = TERN_POLICY_DEFAULT, .priority = TERN_PRIORITY_NORMAL                                \
  }

/** Most connections of one move. */
#define TERN_MOVE_MAX_PARALLEL 32

/**
 * TernLimits: how many moves go on at a time
 * @out: away from one host; 0 for as many as fill its link (adaptive)
 * @in: moves and starts to one host; 0 for adaptive, which is two
 * @cluster: within one cluster; 0 for no limit
 *
 * A host's own limits (#TernHostConfig) count instead of @out and @in.
 */
typedef struct
{
  guint out;
  guint in;
  guint cluster;
} TernLimits;

#define TERN_LIMIT_MAX 1000

/**
 * TernBounds: when a move that goes wrong is ended
 * @stall_us: nothing was sent for so long: 60 s by default. In post-copy nothing is ended, and a
 *   person is told
 * @switchover_us: the guest stands still for so long: 100 s by default
 * @prepare_us: the destination prepares for so long: 600 s by default
 */
typedef struct
{
  gint64 stall_us;
  gint64 switchover_us;
  gint64 prepare_us;
} TernBounds;

#define TERN_BOUNDS_INIT                                                                           \
  {                                                                                                \
    .stall_us = 60 * G_USEC_PER_SEC, .switchover_us = 100 * G_USEC_PER_SEC,                        \
    .prepare_us = 600 * G_USEC_PER_SEC                                                             \
  }

G_END_DECLS
