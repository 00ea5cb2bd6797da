/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/client.h"
#include "cli/progress.h"

G_BEGIN_DECLS

/**
 * TernFollow:
 * @ids: (array length=n_ids): of the tasks, each once
 * @n_ids: 1 and up
 * @timeout_s: how long to wait at most; 0 for no bound
 * @is_ours: this command has just started or touched the tasks, so they exist: if the daemon is
 *   not there, wait for its return from the beginning
 * @progress: (nullable): where to tell of them
 * @ended: (nullable): called once for each task when its end is seen, with the line of progress
 *   taken away
 * @begin: (nullable): called once when no signal of the tasks can be missed any more, before they
 *   are read for the first time; if it fails, nothing is waited for
 * @from_attention: the tasks are in attention now, and that is no end until something happened
 * since
 * @data: for @ended and @begin
 *
 * What to follow and how.
 */
typedef struct
{
  const guint64 *ids;
  guint n_ids;
  guint timeout_s;
  gboolean is_ours;
  TernProgress *progress;
  void (*ended) (GVariant *task, gpointer data);
  gboolean (*begin) (gpointer data, GError **error);
  gboolean from_attention;
  gpointer data;
} TernFollow;

/**
 * tern_follow_tasks:
 * @error: of TERN_EXIT_ERROR: %TERN_EXIT_WAIT_TIMED_OUT, %TERN_EXIT_INTERRUPTED (Ctrl-C), or
 *   %TERN_EXIT_NO_DAEMON when the daemon went and did not come back. The tasks go on in each
 *   of these cases, and the sentence says so.
 *
 * Waits for the end of all of them. The signals are subscribed to before the properties are read,
 * so no end can be missed; a daemon that is restarted takes the tasks up again, and so do we.
 *
 * Returns: (transfer full) (nullable) (element-type GVariant): properties of each task after its
 *   end, a{sv}, in the order of @ids
 */
GPtrArray *tern_follow_tasks (TernClient *client, const TernFollow *follow, GError **error);

G_END_DECLS
