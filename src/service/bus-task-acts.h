/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/task.h"
#include "service/parts.h"
#include "virtern-bus.h"

G_BEGIN_DECLS

/** tern_bus_task_acts_connect: has the methods of @task's object answered, as long as @bus lives */
void tern_bus_task_acts_connect (TernBusTask *bus, TernParts *parts, TernTask *task);

G_END_DECLS
