/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * tern_json_check_text:
 * @length: of @text in bytes
 * @max_depth: how deep arrays and objects may be nested
 * @error: %TERN_ERROR_INVALID_ARGUMENT, naming the line
 *
 * To be asked before JSON-GLib reads foreign text, as it is too lenient to be safe: it recurses
 * into brackets until the stack ends, and it understands comments, strings in single quotes and
 * broken escapes, in which quotes and brackets can hide from whoever counts them. This lets
 * through strings and escapes as RFC 8259 has them, and one object or array with nothing
 * around it; the rest of the grammar is left to JSON-GLib. Text without anything passes.
 */
gboolean tern_json_check_text (const char *text, gsize length, guint max_depth, GError **error);

G_END_DECLS
