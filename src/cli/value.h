/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * Values of options that are more than a word. Errors are of usage and say what would be right.
 */

/**
 * tern_value_parse_when:
 * @text: from now on, such as "90min", "2h", "3d" or "1d 12h"; or a time, such as "22:30" (the next
 * time that the local clock says so), "2026-12-01 12:00" (local) or what RFC 3339 allows
 * @now_us: wall time
 * @out_us: wall time, later than @now_us
 */
gboolean tern_value_parse_when (const char *text, gint64 now_us, gint64 *out_us, GError **error);
/** tern_value_check_when: whether tern_value_parse_when() would take it now */
gboolean tern_value_check_when (const char *text, GError **error);

/** tern_value_split_names: Returns: (transfer full) (nullable): names that were separated by
 * commas, blanks around them taken away; %NULL if one is empty */
GStrv tern_value_split_names (const char *text, GError **error);
gboolean tern_value_check_names (const char *text, GError **error);

/**
 * tern_value_parse_action:
 * @text: "VM=ACTION", where the VM's name may have a "=" in it, too
 * @out_vm: (transfer full)
 * @out_action: (transfer none): a word of the model
 */
gboolean tern_value_parse_action (const char *text, char **out_vm, const char **out_action,
                                  GError **error);
gboolean tern_value_check_action (const char *text, GError **error);

/** tern_value_split_events: Returns: (transfer full) (nullable): kinds of notices that were
 * separated by commas, each known and named once */
GStrv tern_value_split_events (const char *text, GError **error);
gboolean tern_value_check_events (const char *text, GError **error);

G_END_DECLS
