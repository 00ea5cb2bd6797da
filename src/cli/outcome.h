/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/cmd.h"
#include "cli/follow.h"

G_BEGIN_DECLS

/**
 * tern_outcome_report:
 * @task: a{sv}, properties of a task that has ended
 *
 * Says how it ended: on stdout if it was done, as an error if not. With --json the task is
 * printed in any case.
 */
gboolean tern_outcome_report (TernCli *cli, GVariant *task, GError **error);

/** tern_outcome_format_done: Returns: (transfer full): "web01 now runs on node3: 4.1 s, downtime
 * 34 ms (measured)" */
char *tern_outcome_format_done (GVariant *task);

/** tern_outcome_set_error: the sentence and the status of a task that ended other than done */
void tern_outcome_set_error (GVariant *task, GError **error);

/**
 * tern_outcome_wait:
 * @is_ours: see #TernFollow
 *
 * Follows a task with progress on stderr, bounded by --timeout.
 *
 * Returns: (transfer full) (nullable): the task after its end
 */
GVariant *tern_outcome_wait (TernCli *cli, guint64 id, gboolean is_ours, GError **error);

/**
 * tern_outcome_follow:
 * @follow: one task; where to tell of it is filled in
 *
 * As tern_outcome_wait(), with more to say about how.
 *
 * Returns: (transfer full) (nullable): the task after its end
 */
GVariant *tern_outcome_follow (TernCli *cli, TernFollow *follow, GError **error);

/** tern_outcome_get_timeout: Returns: what --timeout says, in seconds; 0 without it */
guint tern_outcome_get_timeout (TernCli *cli);

/**
 * tern_outcome_wait_all:
 * @ids: (element-type guint64): of tasks that this command has started, two or more
 *
 * As tern_outcome_wait(), for several; tells of each as it ends, unless --json is given.
 *
 * Returns: (transfer full) (nullable) (element-type GVariant): the tasks after their ends
 */
GPtrArray *tern_outcome_wait_all (TernCli *cli, const GArray *ids, GError **error);

/**
 * tern_outcome_judge_all:
 * @tasks: (element-type GVariant): that have ended
 * @error: with the status of the worst of them
 *
 * Returns: whether all are done
 */
gboolean tern_outcome_judge_all (const GPtrArray *tasks, GError **error);

G_END_DECLS
