/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/client.h"

G_BEGIN_DECLS

/** tern_task_trace_fetch: Returns: (transfer full) (nullable): what GetTrace answers,
 * (a(xs)a(xttttu)a(xs)) */
GVariant *tern_task_trace_fetch (TernClient *client, guint64 id, GError **error);

/**
 * tern_task_trace_format_phases:
 * @now_us: wall time: until when the last phase has lasted, if it is no end
 *
 * Returns: (transfer full): a line for each phase, "copying, 4.2 s"; of more than twenty, those in
 *   the middle are only counted
 */
GStrv tern_task_trace_format_phases (GVariant *trace, gint64 now_us);

/** tern_task_trace_add: Returns: (transfer full): @task, a{sv}, with @trace as its "Trace": a{sv},
 * where everything has a name */
GVariant *tern_task_trace_add (GVariant *task, GVariant *trace);

G_END_DECLS
