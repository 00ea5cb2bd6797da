/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/options.h"
#include "service/parts.h"

G_BEGIN_DECLS

/** TERN_MAX_HOSTS: of one drain */
#define TERN_MAX_HOSTS 1000

/**
 * tern_drain_choice_parse:
 * @hosts: (array zero-terminated=1)
 * @options: an a{sv}, checked by a table with "deadline" (x), "actions" (a{ss}) and
 *   "move-shut-off" (b)
 * @error: %TERN_ERROR_INVALID_ARGUMENT: no host, too many, one twice, a deadline that is over, an
 *   action that there is not, a VM twice; %TERN_ERROR_NOT_FOUND: a host or a VM
 *
 * What a caller wants hosts to be drained like. What is there may change until it is ordered: the
 * drainer judges again.
 *
 * Returns: (transfer full)
 */
TernDrain *tern_drain_choice_parse (TernParts *parts, const char *const *hosts, GVariant *options,
                                    GError **error);

/** tern_drain_choice_parse_actions: the same of "actions" alone. @out_actions: (transfer full)
 * (nullable) (array zero-terminated=1): "UUID=ACTION" */
gboolean tern_drain_choice_parse_actions (TernParts *parts, GVariant *options, GStrv *out_actions,
                                          GError **error);

/** tern_drain_choice_format_hosts: Returns: (transfer full): names with blanks between them, for
 * rules of polkit */
char *tern_drain_choice_format_hosts (const char *const *hosts);

/** tern_drain_choice_format_named: Returns: (transfer full): "node1, node2 and 5 more" */
char *tern_drain_choice_format_named (const char *const *hosts);

G_END_DECLS
