/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json-text.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * tern_json_from_variant:
 * @value: (transfer none): any #GVariant of basic types, arrays, tuples, dictionaries and variants
 *
 * Makes JSON of what came over the bus: dictionaries become objects,
 * arrays and tuples become arrays, variants become what they hold. JSON-GLib keeps
 * integers as gint64, so a number above %G_MAXINT64 becomes a string of digits, never a
 * wrong number; NaN and infinities become null.
 *
 * Returns: (transfer full)
 */
JsonNode *tern_json_from_variant (GVariant *value);

/** tern_json_to_string: Returns: (transfer full): indented by two, no newline at the end */
char *tern_json_to_string (JsonNode *node);

G_END_DECLS
