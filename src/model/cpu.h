/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernCpu:
 * @mode: "custom", "host-model", "host-passthrough", "maximum", or "" if the VM names no CPU
 * @model: (nullable): model name, such as "Westmere-IBRS"
 * @vendor: (nullable): such as "Intel"
 * @features: (array zero-terminated=1): sorted names, no repeats. Of a host: all that its
 *   hypervisor can give (host-model, expanded). Of a VM: those its CPU requires: all of them
 *   if @expanded, otherwise those beyond the model.
 * @disabled: (array zero-terminated=1): sorted names that the definition switches off
 * @expanded: @features spells out what the model stands for; set by the maker before it is shared
 *
 * What a host can give or a VM needs. Immutable once shared.
 */
typedef struct
{
  char *mode;
  char *model;
  char *vendor;
  GStrv features;
  GStrv disabled;
  gboolean expanded;

  /*< private >*/
  gatomicrefcount refs;
} TernCpu;

/**
 * tern_cpu_new:
 * @mode: (nullable): %NULL counts as ""
 * @features: (nullable): copied, sorted, repeats dropped
 * @disabled: (nullable): likewise
 *
 * Returns: (transfer full)
 */
TernCpu *tern_cpu_new (const char *mode, const char *model, const char *vendor,
                       const char *const *features, const char *const *disabled);
TernCpu *tern_cpu_ref (TernCpu *self);
void tern_cpu_unref (TernCpu *self);

/**
 * tern_cpu_equal:
 * @a: (nullable)
 * @b: (nullable)
 */
gboolean tern_cpu_equal (const TernCpu *a, const TernCpu *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernCpu, tern_cpu_unref)

G_END_DECLS
