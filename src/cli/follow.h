/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/client.h"
#include "cli/progress.h"

G_BEGIN_DECLS

/**
 * TernFollow:
 * @id: of the task
 * @timeout_s: how long to wait at most; 0 for no bound
 * @is_ours: this command has just started or touched the task, so it exists: if the daemon is
 *   not there, wait for its return from the beginning
 * @progress: (nullable): where to tell of it
 *
 * What to follow and how.
 */
typedef struct
{
  guint64 id;
  guint timeout_s;
  gboolean is_ours;
  TernProgress *progress;
} TernFollow;

/**
 * tern_follow_task:
 * @out_task: (transfer full): properties of the task after its end, a{sv}
 * @error: of TERN_EXIT_ERROR: %TERN_EXIT_WAIT_TIMED_OUT, %TERN_EXIT_INTERRUPTED (Ctrl-C), or
 *   %TERN_EXIT_NO_DAEMON when the daemon went and did not come back. The task goes on in each
 *   of these cases, and the sentence says so.
 *
 * Waits for the end of a task. The signals are subscribed to before the properties are read,
 * so the end cannot be missed; a daemon that is restarted takes the task up again, and so do
 * we.
 */
gboolean tern_follow_task (TernClient *client, const TernFollow *follow, GVariant **out_task,
                           GError **error);

G_END_DECLS
