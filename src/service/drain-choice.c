/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a caller wants hosts to be drained: one reader for every method that takes that.
 */
#include "config.h"

#include "service/drain-choice.h"

#include "base/error.h"
#include "base/text.h"
#include "service/call.h"

/* A message for a person names so many hosts. */
#define MAX_NAMED 3
/* The end of the year 9999: what shows times cannot show later ones. */
#define MAX_DEADLINE_US (G_GINT64_CONSTANT (253402300799) * G_USEC_PER_SEC)

static gboolean
check_count (guint n, GError **error)
{
  if (n > 0 && n <= TERN_MAX_HOSTS)
    return TRUE;
  if (n == 0)
    g_set_error_literal (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                         "No host is named; name at least one");
  else
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                 "%u hosts are named; at most %d can be drained together", n, TERN_MAX_HOSTS);
  return FALSE;
}

static gboolean
check_hosts (TernParts *parts, const char *const *hosts, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  if (!check_count (g_strv_length ((GStrv) hosts), error))
    return FALSE;
  for (guint i = 0; hosts[i] != NULL; i++)
    {
      if (tern_inventory_lookup_host (parts->inventory, hosts[i], error) == NULL)
        return FALSE;
      if (g_hash_table_add (seen, (gpointer) hosts[i]))
        continue;
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "The host “%s” is named twice; name each host once", hosts[i]);
      return FALSE;
    }
  return TRUE;
}

static gboolean
parse_deadline (TernParts *parts, GVariant *options, gint64 *deadline_us, GError **error)
{
  if (!g_variant_lookup (options, "deadline", "x", deadline_us))
    return TRUE;

  if (*deadline_us <= tern_clock_wall_us (parts->clock))
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                 "The option “deadline” is %" G_GINT64_FORMAT
                 ", which is not in the future; it counts microseconds since 1970 UTC",
                 *deadline_us);
  else if (*deadline_us > MAX_DEADLINE_US)
    g_set_error_literal (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                         "The option “deadline” is after the year 9999; a drain that shall have "
                         "none is ordered without it");
  else
    return TRUE;
  return FALSE;
}

/* Returns: (transfer full) (nullable): "UUID=ACTION" */
static char *
parse_action (TernParts *parts, GHashTable *seen, const char *name, const char *word,
              GError **error)
{
  const TernVm *vm = tern_call_lookup_vm (parts, name, error);
  g_autofree char *shown_vm = tern_text_visible (name, 60);
  g_autofree char *shown = tern_text_visible (word, 40);
  TernDrainAction action;

  if (vm == NULL)
    return NULL;
  if (!tern_drain_action_from_string (word, &action))
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                 "The action for “%s” is “%s”; it must be migrate, skip, cold, shutdown or ask",
                 shown_vm, shown);
  else if (!g_hash_table_add (seen, g_strdup (vm->uuid)))
    g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                 "The option “actions” says twice what to do with “%s”; name each VM once",
                 shown_vm);
  else
    return g_strdup_printf ("%s=%s", vm->uuid, word);
  return NULL;
}

gboolean
tern_drain_choice_parse_actions (TernParts *parts, GVariant *options, GStrv *out_actions,
                                 GError **error)
{
  g_autoptr (GVariant) actions =
      g_variant_lookup_value (options, "actions", G_VARIANT_TYPE ("a{ss}"));
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  const char *name, *word;
  GVariantIter iter;

  *out_actions = NULL;
  if (actions == NULL || g_variant_n_children (actions) == 0)
    return TRUE;
  g_variant_iter_init (&iter, actions);
  while (g_variant_iter_next (&iter, "{&s&s}", &name, &word))
    {
      g_autofree char *parsed = parse_action (parts, seen, name, word, error);

      if (parsed == NULL)
        return FALSE;
      g_strv_builder_add (builder, parsed);
    }
  *out_actions = g_strv_builder_end (builder);
  return TRUE;
}

TernDrain *
tern_drain_choice_parse (TernParts *parts, const char *const *hosts, GVariant *options,
                         GError **error)
{
  g_autoptr (TernDrain) drain = NULL;

  if (!check_hosts (parts, hosts, error))
    return NULL;
  drain = tern_drain_new (hosts);
  g_variant_lookup (options, "move-shut-off", "b", &drain->move_shut_off);
  if (!parse_deadline (parts, options, &drain->deadline_us, error)
      || !tern_drain_choice_parse_actions (parts, options, &drain->actions, error))
    return NULL;
  return g_steal_pointer (&drain);
}

char *
tern_drain_choice_format_hosts (const char *const *hosts)
{
  return g_strjoinv (" ", (GStrv) hosts);
}

char *
tern_drain_choice_format_named (const char *const *hosts)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint n = g_strv_length ((GStrv) hosts);

  for (guint i = 0; i < MIN (n, MAX_NAMED); i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", hosts[i]);
  if (n > MAX_NAMED)
    g_string_append_printf (text, " and %u more", n - MAX_NAMED);
  return g_strdup (text->str);
}
