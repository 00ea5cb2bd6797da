/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * What a task does, in words that depend on its kind. @task: a{sv}, properties of the Task. What is
 * returned is (transfer full), with names made visible.
 */

/** tern_kind_is_drain: Returns: whether it is for whole hosts: of kind "drain" or "return" */
gboolean tern_kind_is_drain (GVariant *task);
gboolean tern_kind_is_return (GVariant *task);
/** tern_kind_is_move: Returns: whether it moves a guest that runs */
gboolean tern_kind_is_move (GVariant *task);

/** tern_kind_format_hosts: "node1, node2": of a drain or return, the hosts it is for */
char *tern_kind_format_hosts (GVariant *task);

/** tern_kind_format_subject: what it is about, in a few columns: a VM, or hosts */
char *tern_kind_format_subject (GVariant *task);

/** tern_kind_format_way: "node1 → node2"; one host alone if it has only one */
char *tern_kind_format_way (GVariant *task);

/** tern_kind_format_begun: "moves web01 to node2", to follow "Task 7 " */
char *tern_kind_format_begun (GVariant *task);

/** tern_kind_format_not_done: "web01 was not moved to node2" */
char *tern_kind_format_not_done (GVariant *task);

G_END_DECLS
