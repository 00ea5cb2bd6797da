/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a move is made: from the words of the command to the options of the API, which have the same
 * names and other units.
 */
#include "config.h"

#include "cli/move-words.h"

static void
add (GVariantBuilder *options, TernOption option, GVariant *value)
{
  g_variant_builder_add (options, "{sv}", tern_option_get_info (option)->name, value);
}

void
tern_move_words_add (GVariantBuilder *options, const TernArgs *args)
{
  static const TernOption words[] = { TERN_OPTION_POLICY, TERN_OPTION_PRIORITY,
                                      TERN_OPTION_COMPRESSION };
  static const TernOption rates[] = { TERN_OPTION_BANDWIDTH, TERN_OPTION_POSTCOPY_BANDWIDTH };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (tern_args_has (args, words[i]))
      add (options, words[i], g_variant_new_string (tern_args_get (args, words[i])));
  for (guint i = 0; i < G_N_ELEMENTS (rates); i++)
    if (tern_args_has (args, rates[i]))
      add (options, rates[i],
           g_variant_new_uint64 (tern_args_get_number (args, rates[i], 0) << 20));
  if (tern_args_has (args, TERN_OPTION_PARALLEL))
    add (options, TERN_OPTION_PARALLEL,
         g_variant_new_uint32 ((guint) tern_args_get_number (args, TERN_OPTION_PARALLEL, 0)));
  if (tern_args_has (args, TERN_OPTION_TLS))
    add (options, TERN_OPTION_TLS, g_variant_new_boolean (TRUE));
}
