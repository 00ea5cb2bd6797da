/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernOption:
 * @key: name of an option that a method knows
 * @type: its GVariant type string
 *
 * One line of a method's table of options; the table ends with a %NULL key.
 */
typedef struct
{
  const char *key;
  const char *type;
} TernOption;

/** TERN_NO_OPTIONS: the table of a method that has none yet */
extern const TernOption TERN_NO_OPTIONS[];

/**
 * tern_options_check:
 * @options: an a{sv} from the bus
 * @known: (array zero-terminated=1)
 * @error: %TERN_ERROR_INVALID_ARGUMENT, naming the key: unknown, of the wrong type, or given twice
 *
 * After it said yes, g_variant_lookup() with the table's types finds each key that was given.
 */
gboolean tern_options_check (GVariant *options, const TernOption *known, GError **error);

G_END_DECLS
