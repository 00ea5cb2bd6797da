/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/task.h"
#include "service/parts.h"

G_BEGIN_DECLS

/** TernBusTaskObject: the Task object of one task, kept in step with it while it exists */
typedef struct _TernBusTaskObject TernBusTaskObject;

/** tern_bus_task_format_path: Returns: (transfer full): path of the Task object of @id */
char *tern_bus_task_format_path (guint64 id);

/** tern_bus_task_object_new: exports @task on @server. Returns: (transfer full) */
TernBusTaskObject *tern_bus_task_object_new (GDBusObjectManagerServer *server, TernParts *parts,
                                             TernTask *task);
/** tern_bus_task_object_free: takes the object off the bus; what is unsaid is said first.
 * @self: (nullable) */
void tern_bus_task_object_free (TernBusTaskObject *self);

G_END_DECLS
