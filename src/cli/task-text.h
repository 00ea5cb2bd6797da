/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** tern_task_text_took: Returns: (transfer full): how long the task, a{sv}, took, or has taken
 * until now; "-" if it has not begun */
char *tern_task_text_took (GVariant *task);

/** tern_task_text_progress: Returns: (transfer full): "47 %"; "-" while that is not known */
char *tern_task_text_progress (GVariant *task);

G_END_DECLS
