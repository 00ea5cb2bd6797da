/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/cpu.h"

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static GStrv
sorted_set (const char *const *names)
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

TernCpu *
tern_cpu_new (const char *mode, const char *model, const char *vendor, const char *const *features,
              const char *const *disabled)
{
  TernCpu *self = g_new0 (TernCpu, 1);

  g_atomic_ref_count_init (&self->refs);
  self->mode = g_strdup (mode != NULL ? mode : "");
  self->model = g_strdup (model);
  self->vendor = g_strdup (vendor);
  self->features = sorted_set (features);
  self->disabled = sorted_set (disabled);
  return self;
}

TernCpu *
tern_cpu_ref (TernCpu *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
tern_cpu_unref (TernCpu *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  g_free (self->mode);
  g_free (self->model);
  g_free (self->vendor);
  g_strfreev (self->features);
  g_strfreev (self->disabled);
  g_free (self);
}

gboolean
tern_cpu_equal (const TernCpu *a, const TernCpu *b)
{
  if (a == b)
    return TRUE;
  if (a == NULL || b == NULL)
    return FALSE;
  return g_str_equal (a->mode, b->mode) && g_strcmp0 (a->model, b->model) == 0
         && g_strcmp0 (a->vendor, b->vendor) == 0
         && g_strv_equal ((const char *const *) a->features, (const char *const *) b->features)
         && g_strv_equal ((const char *const *) a->disabled, (const char *const *) b->disabled);
}
