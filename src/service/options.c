/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The a{sv} at the end of methods, read strictly: a key nobody knows is a typing error of
 * the caller, and a typing error must never be a silent default.
 */
#include "config.h"

#include "service/options.h"

#include "base/error.h"
#include "base/text.h"

const TernOption TERN_NO_OPTIONS[] = { { NULL, NULL } };

static const TernOption *
find_known (const TernOption *known, const char *key)
{
  for (; known->key != NULL; known++)
    if (g_str_equal (known->key, key))
      return known;
  return NULL;
}

static char *
list_known (const TernOption *known)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (known->key == NULL)
    return g_strdup ("this method knows none");
  for (const TernOption *o = known; o->key != NULL; o++)
    g_string_append_printf (text, "%s“%s”", o == known ? "known are " : ", ", o->key);
  return g_strdup (text->str);
}

static gboolean
check_one (const char *key, GVariant *value, const TernOption *known, GError **error)
{
  const TernOption *option = find_known (known, key);
  g_autofree char *shown = tern_text_visible (key, 60);
  g_autofree char *list = NULL;

  if (option == NULL)
    {
      list = list_known (known);
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "Unknown option “%s”; %s", shown,
                   list);
      return FALSE;
    }

  if (!g_variant_is_of_type (value, G_VARIANT_TYPE (option->type)))
    {
      g_autofree char *type = tern_text_visible (g_variant_get_type_string (value), 40);

      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "The option “%s” must be of type “%s”, not “%s”", shown, option->type, type);
      return FALSE;
    }
  return TRUE;
}

gboolean
tern_options_check (GVariant *options, const TernOption *known, GError **error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GVariantIter iter;
  const char *key;
  GVariant *child;

  g_return_val_if_fail (g_variant_is_of_type (options, G_VARIANT_TYPE_VARDICT), FALSE);

  g_variant_iter_init (&iter, options);
  while (g_variant_iter_next (&iter, "{&sv}", &key, &child))
    {
      g_autoptr (GVariant) value = child;

      if (!check_one (key, value, known, error))
        return FALSE;
      if (!g_hash_table_add (seen, (gpointer) key))
        {
          g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                       "The option “%s” is given twice", key);
          return FALSE;
        }
    }
  return TRUE;
}
