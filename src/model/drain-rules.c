/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What drains do with VMs by their names.
 */
#include "config.h"

#include "model/drain.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

/* A name may hold a "=", an action does not: the last one counts. */
static gboolean
split_rule (const char *rule, char **out_glob, const char **out_word)
{
  const char *sign = strrchr (rule, '=');

  if (sign == NULL || sign == rule)
    return FALSE;
  *out_glob = g_strndup (rule, (gsize) (sign - rule));
  *out_word = sign + 1;
  return TRUE;
}

/* Names are bytes of any kind; patterns go by characters. */
static gboolean
matches (const char *glob, const char *name)
{
  g_autofree char *valid = g_utf8_make_valid (name, -1);

  return g_pattern_match_simple (glob, valid);
}

gboolean
tern_drain_rules_find (const char *const *rules, const char *vm_name, TernDrainAction *out_action)
{
  g_return_val_if_fail (vm_name != NULL, FALSE);

  for (guint i = 0; rules != NULL && rules[i] != NULL; i++)
    {
      g_autofree char *glob = NULL;
      const char *word;

      if (split_rule (rules[i], &glob, &word) && matches (glob, vm_name)
          && tern_drain_action_from_string (word, out_action))
        return TRUE;
    }
  return FALSE;
}

gboolean
tern_drain_rule_check (const char *rule, GError **error)
{
  g_autofree char *shown = tern_text_visible (rule, 60);
  g_autofree char *glob = NULL;
  g_autofree char *words = NULL;
  TernDrainAction action;
  const char *word;

  if (!split_rule (rule, &glob, &word))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "“%s” must have the form NAME=ACTION, as in “build-*=skip”", shown);
      return FALSE;
    }
  if (tern_drain_action_from_string (word, &action))
    return TRUE;
  words = g_strjoinv (", ", (GStrv) tern_drain_action_get_words ());
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "“%s” must end in one of the actions %s", shown, words);
  return FALSE;
}
