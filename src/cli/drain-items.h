/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/*
 * The VMs of a drain or a return, for people. @items: aa{sv}, as Items of the Task has them; those
 * of a plan are the same.
 */

/** tern_drain_items_get: @task: a{sv}. Returns: (transfer full): aa{sv}, empty if it has none */
GVariant *tern_drain_items_get (GVariant *task);

/** tern_drain_items_count: Returns: how many are in @state, those that only make room left out */
guint tern_drain_items_count (GVariant *items, const char *state);

/** tern_drain_items_find_reason: Returns: (transfer full) (nullable): the sentence of the reason of
 * that code of one of them */
char *tern_drain_items_find_reason (GVariant *item, const char *code);

/** tern_drain_items_print_plan: a table: where each would go, and when */
void tern_drain_items_print_plan (GVariant *items);

/** tern_drain_items_print_state: a table: how far each is */
void tern_drain_items_print_state (GVariant *items);

/**
 * tern_drain_items_print_reasons: what speaks against some, with remedies
 * @state: only of items in this state
 * @heading: what is said of each VM, such as "cannot leave"
 */
void tern_drain_items_print_reasons (GVariant *items, const char *state, const char *heading);

G_END_DECLS
