/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/args.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * What was typed about a drain, in the form of the API. What is returned is floating.
 */

/**
 * tern_drain_order_build_actions:
 * @answers: (nullable) (element-type utf8 utf8): actions said on the terminal, by UUID
 * @out_actions: (nullable): a{ss}; %NULL if none is said
 * @error: a VM has two actions
 */
gboolean tern_drain_order_build_actions (const TernArgs *args, GHashTable *answers,
                                         GVariant **out_actions, GError **error);

/** tern_drain_order_build: a{sv}: options of Drain(). @with_moves: also how moves are made */
GVariant *tern_drain_order_build (const TernArgs *args, GHashTable *answers, gboolean with_moves,
                                  GError **error);

/** tern_drain_order_build_moves: a{sv}: how moves are made */
GVariant *tern_drain_order_build_moves (const TernArgs *args);

/** tern_drain_order_get_deadline: @out_us: wall time; 0 for none */
gboolean tern_drain_order_get_deadline (const TernArgs *args, gint64 now_us, gint64 *out_us,
                                        GError **error);

/** tern_drain_order_refuse: an order that cannot be is refused, whatever the reason is: the status
 * 1 is kept for a drain that left VMs. @error: (inout) */
void tern_drain_order_refuse (GError **error);

G_END_DECLS
