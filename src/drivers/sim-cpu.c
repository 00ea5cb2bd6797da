/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CPUs as the simulated libvirt sees them: by lists of features. A model is what every host of
 * that model has.
 */
#include "config.h"

#include "drivers/sim-private.h"

#include "base/error.h"
#include "model/list.h"

#include <string.h>

/* --- sets --- */

static GStrv
intersect (const char *const *a, const char *const *b)
{
  g_autoptr (GStrvBuilder) both = g_strv_builder_new ();

  for (; *a != NULL; a++)
    if (tern_strv_has (b, *a))
      g_strv_builder_add (both, *a);
  return g_strv_builder_end (both);
}

static GStrv
subtract (const char *const *a, const char *const *b)
{
  g_autoptr (GStrvBuilder) rest = g_strv_builder_new ();

  for (; *a != NULL; a++)
    if (!tern_strv_has (b, *a))
      g_strv_builder_add (rest, *a);
  return g_strv_builder_end (rest);
}

static GStrv
join (const char *const *a, const char *const *b)
{
  g_autoptr (GPtrArray) all = g_ptr_array_new ();

  for (; *a != NULL; a++)
    g_ptr_array_add (all, (gpointer) *a);
  for (; *b != NULL; b++)
    g_ptr_array_add (all, (gpointer) *b);
  g_ptr_array_add (all, NULL);
  return tern_strv_sorted ((const char *const *) all->pdata);
}

#define SET(strv) ((const char *const *) (strv))

char *
tern_sim_cpu_missing (const TernCpu *need, const TernCpu *have, const char *separator)
{
  g_auto (GStrv) missing = subtract (SET (need->features), SET (have->features));

  return *missing != NULL ? g_strjoinv (separator, missing) : NULL;
}

/* --- models --- */

/* Returns: (transfer full) (nullable): what every host of that model has */
static GStrv
find_model (TernSim *sim, const char *model, const char **out_vendor)
{
  GStrv features = NULL;

  for (guint i = 0; i < sim->hosts->len; i++)
    {
      const TernCpu *cpu = ((SimHost *) sim->hosts->pdata[i])->facts->cpu;
      GStrv both;

      if (cpu == NULL || g_strcmp0 (cpu->model, model) != 0)
        continue;
      both = features != NULL ? intersect (SET (features), SET (cpu->features))
                              : g_strdupv (cpu->features);
      g_strfreev (features);
      features = both;
      *out_vendor = cpu->vendor;
    }
  return features;
}

TernCpu *
tern_sim_cpu_expand (TernSim *sim, const TernCpu *cpu)
{
  const char *vendor = cpu->vendor;
  g_auto (GStrv) model = NULL;
  g_auto (GStrv) all = NULL;
  g_auto (GStrv) kept = NULL;
  TernCpu *expanded;

  if (!cpu->expanded && cpu->model != NULL)
    {
      model = find_model (sim, cpu->model, &vendor);
      if (model == NULL)
        return NULL;
    }
  all = model != NULL ? join (SET (model), SET (cpu->features)) : g_strdupv (cpu->features);
  kept = subtract (SET (all), SET (cpu->disabled));
  expanded = tern_cpu_new (cpu->mode, cpu->model, cpu->vendor != NULL ? cpu->vendor : vendor,
                           SET (kept), SET (cpu->disabled));
  expanded->expanded = TRUE;
  return expanded;
}

TernCpu *
tern_sim_cpu_start (const SimHost *host, TernCpu *defined)
{
  const TernCpu *have = host->facts->cpu;
  TernCpu *expanded;

  if (defined == NULL)
    return NULL;
  if (g_str_equal (defined->mode, "host-model") && have != NULL)
    {
      expanded = tern_cpu_new ("custom", have->model, have->vendor, SET (have->features), NULL);
      expanded->expanded = TRUE;
      return expanded;
    }
  if (g_str_equal (defined->mode, "custom"))
    {
      expanded = tern_sim_cpu_expand (host->sim, defined);
      if (expanded != NULL)
        return expanded;
    }
  return tern_cpu_ref (defined);
}

/* --- text --- */

static void
append_line (GString *out, const char *key, const char *value)
{
  g_autofree char *escaped = value != NULL ? g_strescape (value, NULL) : NULL;

  if (escaped != NULL)
    g_string_append_printf (out, "%s %s\n", key, escaped);
}

char *
tern_sim_cpu_to_text (const TernCpu *cpu)
{
  GString *out = g_string_new ("simulated-cpu\n");

  append_line (out, "mode", cpu->mode);
  append_line (out, "model", cpu->model);
  append_line (out, "vendor", cpu->vendor);
  append_line (out, "expanded", cpu->expanded ? "yes" : NULL);
  for (guint i = 0; cpu->features[i] != NULL; i++)
    append_line (out, "require", cpu->features[i]);
  for (guint i = 0; cpu->disabled[i] != NULL; i++)
    append_line (out, "disable", cpu->disabled[i]);
  return g_string_free (out, FALSE);
}

TernCpu *
tern_sim_cpu_from_text (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr (GHashTable) values = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (GPtrArray) features = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) disabled = g_ptr_array_new_with_free_func (g_free);
  TernCpu *cpu;

  if (g_strcmp0 (lines[0], "simulated-cpu") != 0)
    return NULL;
  for (guint i = 1; lines[i] != NULL; i++)
    {
      char *space = strchr (lines[i], ' ');
      char *value = space != NULL ? g_strcompress (space + 1) : NULL;

      if (value == NULL)
        continue;
      *space = '\0';
      if (g_str_equal (lines[i], "require"))
        g_ptr_array_add (features, value);
      else if (g_str_equal (lines[i], "disable"))
        g_ptr_array_add (disabled, value);
      else
        g_hash_table_replace (values, lines[i], value);
    }
  g_ptr_array_add (features, NULL);
  g_ptr_array_add (disabled, NULL);
  cpu = tern_cpu_new (g_hash_table_lookup (values, "mode"), g_hash_table_lookup (values, "model"),
                      g_hash_table_lookup (values, "vendor"), SET (features->pdata),
                      SET (disabled->pdata));
  cpu->expanded = g_hash_table_contains (values, "expanded");
  return cpu;
}

/* --- baselines --- */

/* The model with most features that all fit into @features. */
static const TernCpu *
find_best_model (TernSim *sim, const char *const *features)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  const TernCpu *best = NULL;
  guint best_count = 0;

  for (guint i = 0; i < sim->hosts->len; i++)
    {
      const TernCpu *cpu = ((SimHost *) sim->hosts->pdata[i])->facts->cpu;
      const char *vendor = NULL;
      g_auto (GStrv) model = NULL;
      g_auto (GStrv) beyond = NULL;

      if (cpu == NULL || cpu->model == NULL || !g_hash_table_add (seen, cpu->model))
        continue;
      model = find_model (sim, cpu->model, &vendor);
      beyond = subtract (SET (model), features);
      if (*beyond == NULL && (best == NULL || g_strv_length (model) > best_count))
        {
          best = cpu;
          best_count = g_strv_length (model);
        }
    }
  return best;
}

static GStrv
take_common (TernSim *sim, const GPtrArray *cpus, const char **out_vendor, GError **error)
{
  GStrv common = NULL;

  for (guint i = 0; i < cpus->len; i++)
    {
      const TernCpu *cpu = cpus->pdata[i];
      g_autoptr (TernCpu) expanded = tern_sim_cpu_expand (sim, cpu);
      GStrv both;

      if (expanded == NULL)
        {
          g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                       "internal error: Unknown CPU model %s", cpu->model);
          g_strfreev (common);
          return NULL;
        }
      if (*out_vendor != NULL && cpu->vendor != NULL && !g_str_equal (*out_vendor, cpu->vendor))
        {
          g_set_error_literal (error, TERN_ERROR, TERN_ERROR_REFUSED,
                               "operation failed: CPU vendors do not match");
          g_strfreev (common);
          return NULL;
        }
      if (cpu->vendor != NULL)
        *out_vendor = cpu->vendor;
      both = common != NULL ? intersect (SET (common), SET (expanded->features))
                            : g_strdupv (expanded->features);
      g_strfreev (common);
      common = both;
    }
  return common;
}

TernCpuDefinition *
tern_sim_cpu_baseline (TernSim *sim, const GPtrArray *cpus, GError **error)
{
  const char *vendor = NULL, *unused = NULL, *model_name;
  g_auto (GStrv) common = take_common (sim, cpus, &vendor, error);
  g_auto (GStrv) model = NULL;
  g_auto (GStrv) beyond = NULL;
  g_auto (GStrv) without = NULL;
  g_autoptr (TernCpu) definition = NULL;
  g_autoptr (TernCpu) expanded = NULL;
  const TernCpu *first = cpus->pdata[0], *best;

  if (common == NULL)
    return NULL;
  best = find_best_model (sim, SET (common));
  model_name = best != NULL ? best->model : NULL;
  if (cpus->len == 1 && first->model != NULL)
    model_name = first->model;
  model = model_name != NULL ? find_model (sim, model_name, &unused) : NULL;
  if (model == NULL)
    {
      g_set_error_literal (error, TERN_ERROR, TERN_ERROR_REFUSED,
                           "operation failed: the CPUs have no model in common");
      return NULL;
    }
  beyond = subtract (SET (common), SET (model));
  without = subtract (SET (model), SET (common));
  definition = tern_cpu_new ("custom", model_name, vendor, SET (beyond), SET (without));
  expanded = tern_cpu_new ("custom", model_name, vendor, SET (common), SET (without));
  expanded->expanded = TRUE;
  return tern_cpu_definition_new (definition, expanded);
}
