/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/** tern_attention_is_in: Returns: whether the task, a{sv}, waits for a person's decision */
gboolean tern_attention_is_in (GVariant *task);

/**
 * tern_attention_format_ways:
 * @task: a{sv}, of a task in attention
 *
 * Returns: (transfer full) (array zero-terminated=1): the ways out, a sentence each, the harmless
 * one first
 */
GStrv tern_attention_format_ways (GVariant *task);

G_END_DECLS
