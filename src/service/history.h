/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/parts.h"
#include "virtern-bus.h"

G_BEGIN_DECLS

/** tern_history_list: answers ListTasks. @invocation: (transfer full) */
void tern_history_list (TernParts *parts, TernBusManager *bus, GDBusMethodInvocation *invocation,
                        GVariant *options);

/** tern_history_get: answers GetTask. @invocation: (transfer full) */
void tern_history_get (TernParts *parts, TernBusManager *bus, GDBusMethodInvocation *invocation,
                       guint64 id);

/** tern_history_trace: answers GetTrace. @invocation: (transfer full) */
void tern_history_trace (TernParts *parts, TernBusManager *bus, GDBusMethodInvocation *invocation,
                         guint64 id, GVariant *options);

G_END_DECLS
