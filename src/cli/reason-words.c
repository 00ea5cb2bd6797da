/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Chooses the text for a reason and puts its parameters in.
 */
#include "config.h"

#include "cli/reason-words.h"

#include "base/units.h"
#include "cli/client.h"
#include "cli/i18n.h"
#include "cli/reason-table.h"

#include <string.h>

/* --- what stands for {NAME} --- */

static char *
format_unit (const char *digits, const char *unit)
{
  return g_strdup_printf ("%s %s", digits, unit);
}

static char *
format_moment (const char *digits)
{
  gint64 us = g_ascii_strtoll (digits, NULL, 10);

  return us > 0 ? tern_units_format_time (us) : g_strdup ("");
}

static const char *
find_word (const char *value)
{
  const char *word = tern_reason_table_find_word (value);

  return word != NULL ? word : value;
}

/* "paused (migration)": both words. */
static char *
format_words (const char *text)
{
  const char *open = strstr (text, " (");
  g_autofree char *first = NULL, *second = NULL;

  if (open == NULL || open == text || !g_str_has_suffix (text, ")"))
    return g_strdup (find_word (text));
  first = g_strndup (text, (gsize) (open - text));
  second = g_strndup (open + 2, strlen (open + 2) - 1);
  return g_strdup_printf ("%s (%s)", find_word (first), find_word (second));
}

static char *
format_list (const char *text)
{
  g_auto (GStrv) items = g_strsplit (text, ",", -1);

  return g_strjoinv (", ", items);
}

static gboolean
is_number (const char *text)
{
  return *text != '\0' && strspn (text, "0123456789") == strlen (text);
}

static char *
format_parameter (const char *name, const char *text)
{
  static const char *const sizes[] = { "need", "free", "short", NULL };
  static const char *const words[] = { "state", "why", "job", NULL };

  if (g_strv_contains (sizes, name) && is_number (text))
    return format_unit (text, "MiB");
  if (strcmp (name, "size") == 0 && is_number (text))
    return format_unit (text, "KiB");
  if (strcmp (name, "since") == 0 || strcmp (name, "expires") == 0)
    return format_moment (text);
  if (g_strv_contains (words, name))
    return format_words (text);
  return strcmp (name, "features") == 0 ? format_list (text) : g_strdup (text);
}

/* Commands stand in quotation marks. If a name has such marks, nothing can be told apart. */
static void
add_commands (GHashTable *values, const char *remedy)
{
  g_auto (GStrv) parts = g_strsplit (remedy, "“", -1);

  if (parts[0] == NULL || strstr (parts[0], "”") != NULL)
    return;
  for (guint i = 1; parts[i] != NULL; i++)
    if (strstr (parts[i], "”") == NULL || strstr (strstr (parts[i], "”") + 1, "”") != NULL)
      return;
  for (guint i = 1; parts[i] != NULL && i <= 2; i++)
    g_hash_table_insert (values, g_strdup (i == 1 ? "command" : "command2"),
                         g_strndup (parts[i], (gsize) (strstr (parts[i], "”") - parts[i])));
}

/* Returns: (transfer full) (element-type utf8 utf8): by name */
static GHashTable *
collect_values (GVariant *reason, const char *vm, const char *host)
{
  GHashTable *values = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GVariant) parameters =
      g_variant_lookup_value (reason, "Parameters", G_VARIANT_TYPE ("a{ss}"));

  for (gsize i = 0; parameters != NULL && i < g_variant_n_children (parameters); i++)
    {
      g_autoptr (GVariant) entry = g_variant_get_child_value (parameters, i);
      const char *name, *text;

      g_variant_get (entry, "{&s&s}", &name, &text);
      g_hash_table_insert (values, g_strdup (name), format_parameter (name, text));
    }
  add_commands (values, tern_props_string (reason, "Remedy"));
  g_hash_table_insert (values, g_strdup ("VM"), g_strdup (vm != NULL ? vm : ""));
  g_hash_table_insert (values, g_strdup ("HOST"), g_strdup (host != NULL ? host : ""));
  return values;
}

/* --- which text --- */

static gboolean
has_parameter (GVariant *reason, const char *name, const char *value)
{
  g_autoptr (GVariant) parameters =
      g_variant_lookup_value (reason, "Parameters", G_VARIANT_TYPE ("a{ss}"));
  const char *found;

  return parameters != NULL && g_variant_lookup (parameters, name, "&s", &found)
         && strcmp (found, value) == 0;
}

static gboolean
holds (const char *condition, GVariant *reason, const char *own)
{
  const char *equals = strchr (condition, '=');
  g_autofree char *name = NULL;

  if (*condition == '^')
    return g_str_has_prefix (own, condition + 1);
  if (*condition == '$')
    return g_str_has_suffix (own, condition + 1);
  if (equals == NULL)
    return strcmp (tern_props_string (reason, "Severity"), condition) == 0;
  name = g_strndup (condition, (gsize) (equals - condition));
  return has_parameter (reason, name, equals + 1);
}

/* Returns: (transfer full) (nullable): the text with everything put in; %NULL if something that it
 * names is not known */
static char *
fill (const char *text, GHashTable *values)
{
  g_autoptr (GString) filled = g_string_new (NULL);

  for (const char *p = text; *p != '\0';)
    {
      const char *close = *p == '{' ? strchr (p, '}') : NULL;
      g_autofree char *name = close != NULL ? g_strndup (p + 1, (gsize) (close - p) - 1) : NULL;
      const char *value = name != NULL ? g_hash_table_lookup (values, name) : NULL;

      if (name != NULL && (value == NULL || *value == '\0'))
        return NULL;
      if (name != NULL)
        g_string_append (filled, value);
      else
        g_string_append_c (filled, *p);
      p = name != NULL ? close + 1 : p + 1;
    }
  return g_strdup (filled->str);
}

static char *
say (GVariant *reason, TernReasonPart part, const char *vm, const char *host)
{
  const char *own =
      tern_props_string (reason, part == TERN_REASON_SENTENCE ? "Sentence" : "Remedy");
  const char *code = tern_props_string (reason, "Code");
  g_autoptr (GHashTable) values = collect_values (reason, vm, host);
  guint n;
  const TernReasonText *table = tern_reason_table_get (&n);

  for (guint i = 0; *own != '\0' && i < n; i++)
    {
      const char *translated;
      g_autofree char *filled = NULL;

      if (table[i].part != part || strcmp (table[i].code, code) != 0
          || (table[i].condition != NULL && !holds (table[i].condition, reason, own))
          || (filled = fill (table[i].text, values)) == NULL)
        continue;
      translated = gettext (table[i].text);
      g_free (filled);
      filled = strcmp (translated, table[i].text) != 0 ? fill (translated, values) : NULL;
      return filled != NULL ? g_steal_pointer (&filled) : g_strdup (own);
    }
  return g_strdup (own);
}

char *
tern_reason_words_sentence (GVariant *reason, const char *vm, const char *host)
{
  return say (reason, TERN_REASON_SENTENCE, vm, host);
}

char *
tern_reason_words_remedy (GVariant *reason, const char *vm, const char *host)
{
  return say (reason, TERN_REASON_REMEDY, vm, host);
}
