/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/move.h"

G_BEGIN_DECLS

/**
 * TernForecastQuestion:
 * @memory: bytes that will have to go over in the first pass
 * @dirty_known: whether @dirty_bps was measured
 * @dirty_bps: bytes per second the guest writes
 * @link_bps: bytes per second the link carries, 0 if that is not known
 * @options: how the move would be made
 */
typedef struct
{
  guint64 memory;
  gboolean dirty_known;
  guint64 dirty_bps;
  guint64 link_bps;
  TernMoveOptions options;
} TernForecastQuestion;

/**
 * TernForecast:
 * @known: whether anything can be said: the link's rate is known
 * @min_us: the copy takes at least so long: one pass
 * @max_us: at most, by the policy: with all passes and steps
 * @downtime_us: how long the guest is expected to stand still
 * @converges: it ends by itself, without the guest being slowed, paused or post-copied; meaningless
 *   without @dirty_known
 * @gives_up: by the policy that was asked for the move is expected to be given up
 * @recommended: the gentlest policy by which it is expected to end
 *
 * An estimate, and told as one.
 */
typedef struct
{
  gboolean known;
  gint64 min_us;
  gint64 max_us;
  gint64 downtime_us;
  gboolean converges;
  gboolean gives_up;
  TernPolicy recommended;
} TernForecast;

TernForecast tern_forecast (const TernForecastQuestion *question);

/** tern_forecast_describe: Returns: (transfer full): a sentence: "takes 25 s to 60 s, stands still
 * for about 0.5 s", "would not converge: …; use the policy postcopy" */
char *tern_forecast_describe (const TernForecastQuestion *question, const TernForecast *forecast);

G_END_DECLS
