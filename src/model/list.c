/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/list.h"

gboolean (tern_strv_equal0) (const char *const *a, const char *const *b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return g_strv_equal (a, b);
}

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

GStrv
tern_strv_sorted (const char *const *names)
{
  g_autoptr (GPtrArray) sorted = g_ptr_array_new ();
  GStrvBuilder *builder = g_strv_builder_new ();
  GStrv set;

  for (; names != NULL && *names != NULL; names++)
    g_ptr_array_add (sorted, (gpointer) *names);
  g_ptr_array_sort (sorted, compare_strings);
  for (guint i = 0; i < sorted->len; i++)
    if (i == 0 || strcmp (sorted->pdata[i], sorted->pdata[i - 1]) != 0)
      g_strv_builder_add (builder, sorted->pdata[i]);

  set = g_strv_builder_end (builder);
  g_strv_builder_unref (builder);
  return set;
}

gboolean
tern_strv_has (const char *const *set, const char *name)
{
  gsize low = 0, high = set != NULL ? g_strv_length ((char **) set) : 0;

  while (low < high)
    {
      gsize middle = low + (high - low) / 2;
      int order = strcmp (set[middle], name);

      if (order == 0)
        return TRUE;
      if (order < 0)
        low = middle + 1;
      else
        high = middle;
    }
  return FALSE;
}

GPtrArray *
tern_list_copy (const GPtrArray *list, gpointer (*copy) (gconstpointer item),
                GDestroyNotify free_item)
{
  GPtrArray *result;

  if (list == NULL)
    return NULL;
  result = g_ptr_array_new_full (list->len, free_item);
  for (guint i = 0; i < list->len; i++)
    g_ptr_array_add (result, copy (list->pdata[i]));
  return result;
}

gboolean
tern_list_equal (const GPtrArray *a, const GPtrArray *b, GEqualFunc equal)
{
  if (a == NULL || b == NULL)
    return a == b;
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (!equal (a->pdata[i], b->pdata[i]))
      return FALSE;
  return TRUE;
}
