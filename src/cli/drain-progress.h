/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * A drain or a return as it goes on. @task: a{sv}, properties of such a Task.
 */

/**
 * tern_drain_progress_format_news:
 * @told: (element-type utf8 utf8): what was told of each VM, by UUID; kept up to date here
 *
 * Returns: (transfer full) (nullable): a line for each VM that begins to move, has gone, or is left
 */
char *tern_drain_progress_format_news (GHashTable *told, GVariant *task);

/** tern_drain_progress_format_counts: Returns: (transfer full): "3 of 6 gone, 1 moving, 1 left" */
char *tern_drain_progress_format_counts (GVariant *task);

G_END_DECLS
