/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/ask.h"

G_BEGIN_DECLS

/** tern_launch_one: what is left to do when a task was begun: waits for its end and tells it, or,
 * with --no-wait, says how to follow it. @path: of the Task */
gboolean tern_launch_one (TernCli *cli, const char *path, GError **error);

/**
 * tern_launch_all: likewise of the tasks of a group
 * @paths: ao, of the Tasks
 * @refused: aa{sv}, of MigrateGroup(): VMs that found no place, and the others go without them
 */
gboolean tern_launch_all (TernCli *cli, GVariant *paths, GVariant *refused, GError **error);

/**
 * tern_launch_explain_refusal:
 * @ask: what was asked for
 * @error: (inout): what the daemon said to it
 *
 * If that was a refusal: prints each VM that finds no place with all hosts and reasons, as JSON
 * with
 * --json, and makes the error a short one of %TERN_EXIT_REFUSED. If the plan has since become
 * possible, or the error is another one, nothing is changed.
 */
void tern_launch_explain_refusal (TernCli *cli, const TernAsk *ask, GError **error);

G_END_DECLS
