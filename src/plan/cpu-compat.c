/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * CPUs as sets of feature names. libvirt turns both CPUs into sets of CPUID bits and asks whether
 * one holds the other; on lists that spell everything out, the names give the same answer.
 */
#include "config.h"

#include "plan/cpu-compat.h"

#include "model/list.h"

GStrv
tern_cpu_missing (const char *const *needed, const char *const *offered)
{
  g_autoptr (GPtrArray) missing = g_ptr_array_new ();

  while (*needed != NULL)
    {
      int order = *offered != NULL ? strcmp (*needed, *offered) : -1;

      if (order < 0)
        g_ptr_array_add (missing, g_strdup (*needed));
      if (order <= 0)
        needed++;
      if (order >= 0)
        offered++;
    }
  g_ptr_array_add (missing, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&missing), FALSE);
}

gboolean
tern_cpu_has_all (const char *const *needed, const char *const *offered)
{
  while (*needed != NULL)
    {
      int order = *offered != NULL ? strcmp (*needed, *offered) : -1;

      if (order < 0)
        return FALSE;
      if (order == 0)
        needed++;
      offered++;
    }
  return TRUE;
}

static gboolean
is_host_bound (const TernCpu *cpu)
{
  return g_str_equal (cpu->mode, "host-passthrough") || g_str_equal (cpu->mode, "maximum");
}

/* host-model and the like become whatever the host has, but for what is asked for by name. */
static gboolean
takes_what_it_finds (const TernCpu *cpu)
{
  return cpu->mode[0] == '\0' || is_host_bound (cpu) || g_str_equal (cpu->mode, "host-model");
}

static void
compare_sets (const TernCpu *cpu, const TernCpu *host, TernCpuFit *out_fit)
{
  out_fit->known = TRUE;
  out_fit->missing =
      tern_cpu_missing ((const char *const *) cpu->features, (const char *const *) host->features);
  out_fit->vendor_differs =
      cpu->vendor != NULL && host->vendor != NULL && !g_str_equal (cpu->vendor, host->vendor);
}

static gboolean
silicon_differs (const TernHostFacts *source, const TernHostFacts *destination)
{
  return source == NULL || source->cpu_signature == NULL || destination->cpu_signature == NULL
         || !g_str_equal (source->cpu_signature, destination->cpu_signature);
}

void
tern_cpu_fit (const TernCpu *cpu, gboolean act_is_start, const TernHostFacts *source,
              const TernHostFacts *destination, TernCpuFit *out_fit)
{
  const TernCpu *host = destination->cpu;

  *out_fit = (TernCpuFit){ .known = FALSE };
  if (cpu == NULL || (cpu->mode[0] == '\0' && cpu->features[0] == NULL))
    out_fit->known = TRUE;
  else if (!act_is_start && is_host_bound (cpu))
    {
      out_fit->known = TRUE;
      out_fit->same_silicon_needed = TRUE;
      out_fit->differs = silicon_differs (source, destination);
    }
  else if (act_is_start && takes_what_it_finds (cpu) && cpu->features[0] == NULL)
    out_fit->known = TRUE;
  else if (host != NULL && host->expanded
           && (cpu->expanded || (act_is_start && takes_what_it_finds (cpu))))
    compare_sets (cpu, host, out_fit);
  else if (host != NULL && host->expanded)
    {
      /* What the model stands for is not known; what is named besides can be missed all the same.
       */
      compare_sets (cpu, host, out_fit);
      out_fit->known = out_fit->missing[0] != NULL || out_fit->vendor_differs;
    }

  if (out_fit->missing == NULL)
    out_fit->missing = g_new0 (char *, 1);
}

void
tern_cpu_fit_clear (TernCpuFit *fit)
{
  g_clear_pointer (&fit->missing, g_strfreev);
}

static void
keep_common (GPtrArray *features, const char *const *offered)
{
  guint kept = 0;

  for (guint i = 0; i < features->len; i++)
    if (tern_strv_has (offered, features->pdata[i]))
      features->pdata[kept++] = features->pdata[i];
  g_ptr_array_set_size (features, kept);
}

static void
add_host (GPtrArray *features, const TernCpu *cpu, gboolean first)
{
  if (!first)
    {
      keep_common (features, (const char *const *) cpu->features);
      return;
    }
  for (guint i = 0; cpu->features[i] != NULL; i++)
    g_ptr_array_add (features, cpu->features[i]);
}

/* Ends the list and copies what it only borrowed. */
static GStrv
to_strv (GPtrArray *names)
{
  g_ptr_array_add (names, NULL);
  return g_strdupv ((char **) names->pdata);
}

TernBaseline *
tern_baseline_compute (const TernCluster *cluster, const char *cluster_name)
{
  TernBaseline *self = g_new0 (TernBaseline, 1);
  g_autoptr (GPtrArray) hosts = g_ptr_array_new (), unknown = g_ptr_array_new ();
  g_autoptr (GPtrArray) features = g_ptr_array_new ();
  const char *vendor = NULL;

  for (guint i = 0; i < cluster->hosts->len; i++)
    {
      const TernHost *host = cluster->hosts->pdata[i];
      const TernCpu *cpu = host->facts != NULL ? host->facts->cpu : NULL;

      if (cluster_name != NULL && !g_str_equal (host->config->cluster, cluster_name))
        continue;
      if (cpu == NULL || !cpu->expanded)
        {
          g_ptr_array_add (unknown, host->config->name);
          continue;
        }
      add_host (features, cpu, hosts->len == 0);
      if (hosts->len == 0)
        vendor = cpu->vendor;
      else if (g_strcmp0 (vendor, cpu->vendor) != 0)
        vendor = NULL;
      g_ptr_array_add (hosts, host->config->name);
    }
  self->hosts = to_strv (hosts);
  self->unknown = to_strv (unknown);
  self->features = to_strv (features);
  self->vendor = g_strdup (vendor);
  return self;
}

void
tern_baseline_free (TernBaseline *self)
{
  if (self == NULL)
    return;

  g_strfreev (self->hosts);
  g_strfreev (self->unknown);
  g_strfreev (self->features);
  g_free (self->vendor);
  g_free (self);
}

GStrv
tern_baseline_get_beyond (const TernBaseline *self, const TernCpu *cpu)
{
  return tern_cpu_missing ((const char *const *) cpu->features,
                           (const char *const *) self->features);
}
