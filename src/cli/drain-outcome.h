/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/exit-status.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * Ends of drains and returns. @task: a{sv}, properties of such a task that has ended.
 */

/** tern_drain_outcome_format_done: Returns: (transfer full): "node1 is drained: 5 VMs have left it,
 * 12.3 s" */
char *tern_drain_outcome_format_done (GVariant *task);

/** tern_drain_outcome_print: what became of it, on stdout: a sentence if it was done, otherwise who
 * is left and why, and what would help */
void tern_drain_outcome_print (GVariant *task);

/** tern_drain_outcome_set_error: the short sentence of one that was not done, with the way on.
 * @status: of the command */
void tern_drain_outcome_set_error (GVariant *task, TernExit status, GError **error);

G_END_DECLS
