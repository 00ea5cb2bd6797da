/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/ask.h"
#include "cli/output.h"

G_BEGIN_DECLS

/*
 * Hosts for VMs, with verdicts and reasons: what the daemon or a snapshot answered, for people and
 * for scripts.
 */

/** tern_places_count: @hosts: aa{sv}, of CheckVm(). Returns: how many of them can take the VM */
guint tern_places_count (GVariant *hosts);

/** tern_places_print_hosts: a table, and below it every reason. @vm: its name. @explain: the
 * score's parts, too */
void tern_places_print_hosts (const char *vm, GVariant *hosts, gboolean explain);

/** tern_places_print_moves: a table, and below it every warning. @plan: (aa{sv}aa{sv}), of Plan()
 */
void tern_places_print_moves (GVariant *plan);

/** tern_places_print_refused: @refused: aa{sv}, of Plan(): the hosts of each VM, with the reasons
 */
void tern_places_print_refused (GVariant *refused);

/** tern_places_plan_to_json: Returns: (transfer full): "moves" and "refused" */
JsonNode *tern_places_plan_to_json (GVariant *plan);

/** tern_places_started_to_json: @tasks: (nullable) (element-type GVariant), @refused: (nullable):
 * aa{sv}. Returns: (transfer full): "tasks" and "refused" */
JsonNode *tern_places_started_to_json (GPtrArray *tasks, GVariant *refused);

G_END_DECLS
