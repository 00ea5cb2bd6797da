/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asking a host about itself.
 */
#include "config.h"

#include "drivers/libvirt-facts.h"

#include "base/error.h"
#include "drivers/libvirt-caps-xml.h"
#include "drivers/libvirt-cpu.h"
#include "drivers/libvirt-error.h"
#include "model/list.h"

#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

static char *
take_string (char *text)
{
  char *copy = g_strdup (text);

  free (text);
  return copy;
}

static gboolean
query_free_pages (virConnectPtr conn, TernHostFacts *facts, GError **error)
{
  unsigned long long bytes = virNodeGetFreeMemory (conn);

  if (bytes == 0)
    return tern_error_take_libvirt (conn, error) != NULL;
  facts->memory_free = bytes;
  return TRUE;
}

/* libvirt's memory statistics lack MemAvailable: free + buffers + cached comes near. The total
 * comes from the same source, since that of virNodeGetInfo() is a sum over NUMA cells and was
 * seen to be less than what is free. */
static void
take_memory_stats (const virNodeMemoryStats *stats, int n_stats, TernHostFacts *facts)
{
  guint64 kib = 0;

  for (int i = 0; i < n_stats; i++)
    if (strcmp (stats[i].field, VIR_NODE_MEMORY_STATS_TOTAL) == 0)
      facts->memory_total = stats[i].value * 1024;
    else if (strcmp (stats[i].field, VIR_NODE_MEMORY_STATS_FREE) == 0
             || strcmp (stats[i].field, VIR_NODE_MEMORY_STATS_BUFFERS) == 0
             || strcmp (stats[i].field, VIR_NODE_MEMORY_STATS_CACHED) == 0)
      kib += stats[i].value;
  facts->memory_free = kib * 1024;
}

static gboolean
query_memory (virConnectPtr conn, TernHostFacts *facts, GError **error)
{
  virNodeMemoryStats stats[16];
  int n_stats = 0;

  /* Asked for 0, libvirt tells the number, which must be exact. */
  if (virNodeGetMemoryStats (conn, VIR_NODE_MEMORY_STATS_ALL_CELLS, NULL, &n_stats, 0) < 0)
    return tern_error_libvirt_code () == VIR_ERR_NO_SUPPORT
               ? query_free_pages (conn, facts, error)
               : tern_error_take_libvirt (conn, error) != NULL;

  n_stats = MIN (n_stats, (int) G_N_ELEMENTS (stats));
  if (virNodeGetMemoryStats (conn, VIR_NODE_MEMORY_STATS_ALL_CELLS, stats, &n_stats, 0) < 0)
    return tern_error_take_libvirt (conn, error) != NULL;
  take_memory_stats (stats, n_stats, facts);
  return TRUE;
}

static guint64
find_stat (const virNodeCPUStats *stats, int n_stats, const char *field)
{
  for (int i = 0; i < n_stats; i++)
    if (strcmp (stats[i].field, field) == 0)
      return stats[i].value;
  return 0;
}

/* CPU times count up from the boot of the host. Waiting for disks is no work. */
static int
measure_load (TernLibvirtMemo *memo, const virNodeCPUStats *stats, int n_stats)
{
  guint64 idle = find_stat (stats, n_stats, VIR_NODE_CPU_STATS_IDLE)
                 + find_stat (stats, n_stats, VIR_NODE_CPU_STATS_IOWAIT);
  guint64 total = idle + find_stat (stats, n_stats, VIR_NODE_CPU_STATS_KERNEL)
                  + find_stat (stats, n_stats, VIR_NODE_CPU_STATS_USER);
  guint64 total_before = memo->cpu_total, idle_before = memo->cpu_idle;
  guint64 passed;

  memo->cpu_total = total;
  memo->cpu_idle = idle;
  if (total_before == 0 || total <= total_before || idle < idle_before)
    return -1;
  passed = total - total_before;
  return (int) (1000 - MIN (idle - idle_before, passed) * 1000 / passed);
}

static void
query_load (TernLibvirtConn *self, TernHostFacts *facts)
{
  virConnectPtr conn = tern_libvirt_conn_get (self);
  virNodeCPUStats stats[16];
  int n_stats = 0;

  facts->load_permille = -1;
  if (virNodeGetCPUStats (conn, VIR_NODE_CPU_STATS_ALL_CPUS, NULL, &n_stats, 0) == 0)
    {
      n_stats = MIN (n_stats, (int) G_N_ELEMENTS (stats));
      if (virNodeGetCPUStats (conn, VIR_NODE_CPU_STATS_ALL_CPUS, stats, &n_stats, 0) == 0)
        facts->load_permille = measure_load (tern_libvirt_conn_get_memo (self), stats, n_stats);
    }
  virResetLastError ();
}

/* Cell -1 stands for the whole host. */
static gboolean
ask_free_pages (virConnectPtr conn, TernHugepages *pages)
{
  unsigned int size_kib = (unsigned int) (pages->size / 1024);
  unsigned long long count = 0;

  if (virNodeGetFreePages (conn, 1, &size_kib, -1, 1, &count, 0) < 0)
    return FALSE;
  pages->free = count;
  return TRUE;
}

/* How many are free goes stale: without an answer the list is not known any more. */
static void
query_hugepages (virConnectPtr conn, const GPtrArray *sizes, TernHostFacts *facts)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; sizes != NULL && i < sizes->len; i++)
    {
      TernHugepages *pages = g_memdup2 (sizes->pdata[i], sizeof (TernHugepages));

      g_ptr_array_add (list, pages);
      if (pages->total > 0 && !ask_free_pages (conn, pages))
        {
          virResetLastError ();
          return;
        }
    }
  if (sizes != NULL)
    facts->hugepages = g_steal_pointer (&list);
}

/* Of one machine type, %NULL for QEMU's default. %NULL without error: the host does not say. */
static TernLibvirtDomcaps *
query_domcaps (virConnectPtr conn, const TernLibvirtCaps *caps, const char *machine, GError **error)
{
  g_autofree char *xml = take_string (
      virConnectGetDomainCapabilities (conn, NULL, caps->arch, machine, caps->virt_type, 0));
  g_autoptr (GError) reason = NULL;

  if (xml != NULL)
    return tern_libvirt_parse_domcaps (xml, error);

  tern_error_take_libvirt (conn, &reason);
  if (!g_error_matches (reason, TERN_ERROR, TERN_ERROR_NOT_SUPPORTED))
    g_propagate_prefixed_error (error, g_steal_pointer (&reason), "domain capabilities: ");
  return NULL;
}

/* The default machine type of x86 allows fewer vCPUs than q35 does. */
static guint
query_max_vcpus (virConnectPtr conn, const TernLibvirtCaps *caps, guint of_default)
{
  g_autoptr (TernLibvirtDomcaps) q35 = tern_strv_has ((const char *const *) caps->machines, "q35")
                                           ? query_domcaps (conn, caps, "q35", NULL)
                                           : NULL;

  return q35 != NULL ? MAX (q35->max_vcpus, of_default) : of_default;
}

static gboolean
fill_from_domcaps (TernLibvirtConn *self, const TernLibvirtCaps *caps, TernHostFacts *facts,
                   GError **error)
{
  virConnectPtr conn = tern_libvirt_conn_get (self);
  g_autoptr (GError) local = NULL;
  g_autoptr (TernLibvirtDomcaps) domcaps = query_domcaps (conn, caps, NULL, &local);

  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  if (domcaps == NULL)
    return TRUE;

  facts->cpu = tern_libvirt_expand (self, caps->arch, g_steal_pointer (&domcaps->cpu));
  facts->cpu_models = g_steal_pointer (&domcaps->cpu_models);
  facts->max_vcpus = query_max_vcpus (conn, caps, domcaps->max_vcpus);
  return TRUE;
}

static void
fill_versions (virConnectPtr conn, TernHostFacts *facts)
{
  unsigned long version;

  if (virConnectGetLibVersion (conn, &version) == 0)
    facts->libvirt_version = version;
  if (virConnectGetVersion (conn, &version) == 0)
    facts->qemu_version = version;
}

static gboolean
fill_from_caps (TernLibvirtConn *self, TernHostFacts *facts, GError **error)
{
  virConnectPtr conn = tern_libvirt_conn_get (self);
  g_autofree char *xml = take_string (virConnectGetCapabilities (conn));
  g_autoptr (TernLibvirtCaps) caps = NULL;

  if (xml == NULL)
    return tern_error_take_libvirt (conn, error) != NULL;
  caps = tern_libvirt_parse_caps (xml, error);
  if (caps == NULL)
    return FALSE;

  facts->uuid = g_strdup (caps->uuid);
  facts->arch = g_strdup (caps->arch);
  facts->virt_types = g_steal_pointer (&caps->virt_types);
  facts->cpu_signature = g_strdup (caps->cpu_signature);
  facts->tsc_hz = caps->tsc_hz;
  facts->tsc_scaling = caps->tsc_scaling;
  facts->numa_nodes = caps->numa_nodes;
  facts->machines = g_strdupv (caps->machines);
  query_hugepages (conn, caps->hugepages, facts);
  return fill_from_domcaps (self, caps, facts, error);
}

static TernHostFacts *
query_static_facts (TernLibvirtConn *self, GError **error)
{
  virConnectPtr conn = tern_libvirt_conn_get (self);
  g_autoptr (TernHostFacts) facts = tern_host_facts_new ();
  virNodeInfo info;

  if (virNodeGetInfo (conn, &info) < 0)
    return tern_error_take_libvirt (conn, error);

  facts->memory_total = (guint64) info.memory * 1024;
  facts->cpus = info.cpus;
  facts->cpu_mhz = info.mhz;
  facts->hostname = take_string (virConnectGetHostname (conn));
  fill_versions (conn, facts);
  if (!fill_from_caps (self, facts, error) || !tern_libvirt_query_resources (conn, facts, error))
    return NULL;
  return g_steal_pointer (&facts);
}

static GPtrArray *
share (GPtrArray *list)
{
  return list != NULL ? g_ptr_array_ref (list) : NULL;
}

/* Lists of shared facts never change, so they can be shared too. */
static TernHostFacts *
copy_facts (const TernHostFacts *known)
{
  TernHostFacts *facts = tern_host_facts_new ();

  facts->uuid = g_strdup (known->uuid);
  facts->hostname = g_strdup (known->hostname);
  facts->memory_total = known->memory_total;
  facts->cpus = known->cpus;
  facts->cpu_mhz = known->cpu_mhz;
  facts->arch = g_strdup (known->arch);
  facts->cpu = known->cpu != NULL ? tern_cpu_ref (known->cpu) : NULL;
  facts->libvirt_version = known->libvirt_version;
  facts->qemu_version = known->qemu_version;
  facts->virt_types = g_strdupv (known->virt_types);
  facts->machines = g_strdupv (known->machines);
  facts->max_vcpus = known->max_vcpus;
  facts->cpu_models = g_strdupv (known->cpu_models);
  facts->cpu_signature = g_strdup (known->cpu_signature);
  facts->tsc_hz = known->tsc_hz;
  facts->tsc_scaling = known->tsc_scaling;
  facts->numa_nodes = known->numa_nodes;
  facts->networks = share (known->networks);
  facts->interfaces = g_strdupv (known->interfaces);
  facts->pools = share (known->pools);
  facts->secrets = g_strdupv (known->secrets);
  return facts;
}

TernHostFacts *
tern_libvirt_query_facts (TernLibvirtConn *self, const TernHostFacts *known, GError **error)
{
  virConnectPtr conn = tern_libvirt_conn_get (self);
  g_autoptr (TernHostFacts) facts =
      known != NULL ? copy_facts (known) : query_static_facts (self, error);

  if (facts == NULL || !query_memory (conn, facts, error))
    return NULL;
  if (known != NULL)
    query_hugepages (conn, known->hugepages, facts);
  query_load (self, facts);
  return g_steal_pointer (&facts);
}
