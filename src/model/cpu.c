/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/cpu.h"

#include "model/list.h"

TernCpu *
tern_cpu_new (const char *mode, const char *model, const char *vendor, const char *const *features,
              const char *const *disabled)
{
  TernCpu *self = g_new0 (TernCpu, 1);

  g_atomic_ref_count_init (&self->refs);
  self->mode = g_strdup (mode != NULL ? mode : "");
  self->model = g_strdup (model);
  self->vendor = g_strdup (vendor);
  self->features = tern_strv_sorted (features);
  self->disabled = tern_strv_sorted (disabled);
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
         && g_strcmp0 (a->vendor, b->vendor) == 0 && a->expanded == b->expanded
         && g_strv_equal ((const char *const *) a->features, (const char *const *) b->features)
         && g_strv_equal ((const char *const *) a->disabled, (const char *const *) b->disabled);
}
