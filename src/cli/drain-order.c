/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Options of a drain, as they are typed and as they are sent.
 */
#include "config.h"

#include "cli/drain-order.h"

#include "base/error.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"
#include "cli/move-words.h"
#include "cli/value.h"

#include <string.h>

/* Adds what --action says to @actions. @asked: those to be asked about have been */
static gboolean
take_actions (const TernArgs *args, gboolean asked, GHashTable *actions, GError **error)
{
  for (guint i = 0; i < tern_args_count (args, TERN_OPTION_ACTION); i++)
    {
      const char *text = tern_args_get_nth (args, TERN_OPTION_ACTION, i);
      g_autofree char *vm = NULL;
      const char *action;

      if (!tern_value_parse_action (text, &vm, &action, error))
        return FALSE;
      if (g_hash_table_contains (actions, vm))
        {
          g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE,
                       _ ("There are two actions for VM “%s”; give one"), vm);
          return FALSE;
        }
      if (!asked || strcmp (action, "ask") != 0)
        g_hash_table_insert (actions, g_steal_pointer (&vm), (gpointer) action);
    }
  return TRUE;
}

gboolean
tern_drain_order_build_actions (const TernArgs *args, GHashTable *answers, GVariant **out_actions,
                                GError **error)
{
  g_autoptr (GHashTable) actions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GVariantBuilder builder;
  GHashTableIter iter;
  gpointer vm, action;

  guint n_answers = answers != NULL ? g_hash_table_size (answers) : 0;

  if (!take_actions (args, n_answers > 0, actions, error))
    return FALSE;
  *out_actions = NULL;
  if (g_hash_table_size (actions) + n_answers == 0)
    return TRUE;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a{ss}"));
  g_hash_table_iter_init (&iter, actions);
  while (g_hash_table_iter_next (&iter, &vm, &action))
    g_variant_builder_add (&builder, "{ss}", vm, action);
  if (answers != NULL)
    {
      g_hash_table_iter_init (&iter, answers);
      while (g_hash_table_iter_next (&iter, &vm, &action))
        g_variant_builder_add (&builder, "{ss}", vm, action);
    }
  *out_actions = g_variant_builder_end (&builder);
  return TRUE;
}

gboolean
tern_drain_order_get_deadline (const TernArgs *args, gint64 now_us, gint64 *out_us, GError **error)
{
  const char *text = tern_args_get (args, TERN_OPTION_DEADLINE);

  *out_us = 0;
  return text == NULL || tern_value_parse_when (text, now_us, out_us, error);
}

GVariant *
tern_drain_order_build (const TernArgs *args, GHashTable *answers, gboolean with_moves,
                        GError **error)
{
  GVariant *actions;
  GVariantBuilder options;
  gint64 deadline;

  if (!tern_drain_order_get_deadline (args, g_get_real_time (), &deadline, error)
      || !tern_drain_order_build_actions (args, answers, &actions, error))
    return NULL;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (with_moves)
    tern_move_words_add (&options, args);
  if (deadline > 0)
    g_variant_builder_add (&options, "{sv}", "deadline", g_variant_new_int64 (deadline));
  if (actions != NULL)
    g_variant_builder_add (&options, "{sv}", "actions", actions);
  if (tern_args_has (args, TERN_OPTION_MOVE_SHUT_OFF))
    g_variant_builder_add (&options, "{sv}", "move-shut-off", g_variant_new_boolean (TRUE));
  return g_variant_builder_end (&options);
}

GVariant *
tern_drain_order_build_moves (const TernArgs *args)
{
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  tern_move_words_add (&options, args);
  return g_variant_builder_end (&options);
}

void
tern_drain_order_refuse (GError **error)
{
  if (g_error_matches (*error, TERN_ERROR, TERN_ERROR_EXISTS)
      || g_error_matches (*error, TERN_ERROR, TERN_ERROR_UNREACHABLE))
    {
      g_autoptr (GError) old = g_steal_pointer (error);

      *error = g_error_new_literal (TERN_EXIT_ERROR, TERN_EXIT_REFUSED, old->message);
    }
}
