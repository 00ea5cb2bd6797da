/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/command.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/** tern_output_init: what is printed comes out in the charset of the locale, with the nearest
 * sign where it lacks one. Called once, by main(), after setlocale(). */
void tern_output_init (void);

/** tern_output_set_color: @wanted: colours are used if stdout is a terminal, too, and NO_COLOR is
 * not set */
void tern_output_set_color (gboolean wanted);
gboolean tern_output_has_color (void);
/** tern_output_to_locale: Returns: (transfer full): UTF-8 in the charset of the locale, with the
 * nearest sign where it lacks one */
char *tern_output_to_locale (const char *text);

/** tern_output_has_utf8: Returns: whether the locale can show more than ASCII */
gboolean tern_output_has_utf8 (void);
/** tern_output_arrow: Returns: " → ", or " -> " where the locale has no such sign */
const char *tern_output_arrow (void);

/** tern_output_color_of_state: Returns: (nullable): name of the colour that a state of a host, a
 * VM or a task is shown in */
const char *tern_output_color_of_state (const char *state);

/** tern_output_error: prints "virtern: …" to stderr; foreign text in it is made visible */
void tern_output_error (const char *message);

/** tern_output_key: Returns: (transfer full): a D-Bus property name as a JSON key, "MemoryTotal"
 * becomes "memory-total" */
char *tern_output_key (const char *property);

/** tern_output_properties_to_json: @props: a{sv}. Returns: (transfer full): an object */
JsonNode *tern_output_properties_to_json (GVariant *props);

/** tern_output_variant_to_json: @value: as tern_output_properties_to_json(), also for what is
 * nested: every a{sv} becomes an object with such keys. Returns: (transfer full) */
JsonNode *tern_output_variant_to_json (GVariant *value);

/** tern_output_list_to_json: @list: (element-type GVariant): a{sv}. Returns: (transfer full) */
JsonNode *tern_output_list_to_json (GPtrArray *list);

/** tern_output_json: @node: (transfer full): printed to stdout and freed */
void tern_output_json (JsonNode *node);

/**
 * tern_output_field:
 * @label: what it is, translated
 * @value: what is known of it, foreign text included
 *
 * Prints one line "Label   value" of a `show` command, wrapped at the terminal's width. An
 * empty value is not printed.
 */
void tern_output_field (const char *label, const char *value);

/** tern_output_take_field: as tern_output_field(), @value: (transfer full) */
void tern_output_take_field (const char *label, char *value);

/** tern_output_paragraph: prints @lead and @text, foreign text included, wrapped at the terminal's
 * width, every line behind @indent blanks; nothing if @text is empty */
void tern_output_paragraph (guint indent, const char *lead, const char *text);

/** tern_output_user_name: Returns: (transfer full): login name of a uid; "virternd" for -1 */
char *tern_output_user_name (gint64 uid);

G_END_DECLS
