/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asking a host about itself and its VMs.
 */
#include "config.h"

#include "drivers/libvirt-query.h"

#include "drivers/libvirt-error.h"
#include "drivers/libvirt-state.h"
#include "drivers/libvirt-xml.h"

#include <stdlib.h>
#include <string.h>

/* A monitor command that takes longer than this holds up every question about the job. */
#define BUSY_MONITOR_MS 2000
#define STUCK_LOOKS 8
#define STUCK_LOOK_PAUSE_US (50 * 1000)

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

/* What the domain capabilities say is a model and some differences; the baseline of that one
 * CPU spells out all features. If the host cannot do that, the differences alone are true. */
static TernCpu *
expand_cpu (virConnectPtr conn, const TernLibvirtCaps *caps, const char *cpu_xml, GError **error)
{
  const char *cpus[] = { cpu_xml };
  g_autofree char *expanded = take_string (
      virConnectBaselineHypervisorCPU (conn, NULL, caps->arch, NULL, caps->virt_type, cpus, 1,
                                       VIR_CONNECT_BASELINE_CPU_EXPAND_FEATURES));

  return tern_libvirt_parse_cpu (expanded != NULL ? expanded : cpu_xml, "host-model", error);
}

/* %NULL without error: the host does not say. */
static TernCpu *
query_cpu (virConnectPtr conn, const TernLibvirtCaps *caps, GError **error)
{
  g_autofree char *domcaps = NULL;
  g_autofree char *cpu_xml = NULL;

  domcaps = take_string (
      virConnectGetDomainCapabilities (conn, NULL, caps->arch, NULL, caps->virt_type, 0));
  if (domcaps == NULL)
    {
      g_autoptr (GError) reason = NULL;

      tern_error_take_libvirt (conn, &reason);
      if (!g_error_matches (reason, TERN_ERROR, TERN_ERROR_NOT_SUPPORTED))
        g_propagate_prefixed_error (error, g_steal_pointer (&reason), "domain capabilities: ");
      return NULL;
    }

  cpu_xml = tern_libvirt_domcaps_to_cpu_xml (domcaps, error);
  return cpu_xml != NULL ? expand_cpu (conn, caps, cpu_xml, error) : NULL;
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
fill_from_caps (virConnectPtr conn, TernHostFacts *facts, GError **error)
{
  g_autofree char *xml = take_string (virConnectGetCapabilities (conn));
  g_autoptr (TernLibvirtCaps) caps = NULL;
  g_autoptr (GError) local = NULL;

  if (xml == NULL)
    return tern_error_take_libvirt (conn, error) != NULL;
  caps = tern_libvirt_parse_caps (xml, error);
  if (caps == NULL)
    return FALSE;

  facts->uuid = g_strdup (caps->uuid);
  facts->arch = g_strdup (caps->arch);
  facts->cpu = query_cpu (conn, caps, &local);
  if (local != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  return TRUE;
}

static TernHostFacts *
query_static_facts (virConnectPtr conn, GError **error)
{
  g_autoptr (TernHostFacts) facts = tern_host_facts_new ();
  virNodeInfo info;

  if (virNodeGetInfo (conn, &info) < 0)
    return tern_error_take_libvirt (conn, error);

  facts->memory_total = (guint64) info.memory * 1024;
  facts->cpus = info.cpus;
  facts->cpu_mhz = info.mhz;
  facts->hostname = take_string (virConnectGetHostname (conn));
  fill_versions (conn, facts);
  if (!fill_from_caps (conn, facts, error))
    return NULL;
  return g_steal_pointer (&facts);
}

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
  return facts;
}

TernHostFacts *
tern_libvirt_query_facts (TernLibvirtConn *self, const TernHostFacts *known, GError **error)
{
  virConnectPtr conn = tern_libvirt_conn_get (self);
  g_autoptr (TernHostFacts) facts =
      known != NULL ? copy_facts (known) : query_static_facts (conn, error);

  if (facts == NULL || !query_memory (conn, facts, error))
    return NULL;
  return g_steal_pointer (&facts);
}

static TernVm *
vm_from_domain (virDomainPtr dom, const char *host, GError **error)
{
  virConnectPtr conn = virDomainGetConnect (dom);
  g_autofree char *xml = NULL;
  g_autoptr (TernVm) vm = NULL;
  int state, reason, persistent;

  /* The state first: a VM that starts or ends in between is followed by an event. */
  if (virDomainGetState (dom, &state, &reason, 0) < 0
      || (persistent = virDomainIsPersistent (dom)) < 0
      || (xml = take_string (virDomainGetXMLDesc (dom, 0))) == NULL)
    return tern_error_take_libvirt (conn, error);

  vm = tern_libvirt_parse_domain (xml, host, error);
  if (vm == NULL)
    return NULL;
  tern_libvirt_state (state, reason, &vm->state, &vm->reason);
  vm->persistent = persistent;
  return g_steal_pointer (&vm);
}

static void
free_domains (virDomainPtr *doms, int n_doms)
{
  for (int i = 0; i < n_doms; i++)
    virDomainFree (doms[i]);
  free (doms);
}

/* Of a VM whose XML we are not given or cannot read, only what libvirt tells besides. */
static TernVm *
vm_without_xml (virDomainPtr dom, const char *host)
{
  char uuid[VIR_UUID_STRING_BUFLEN];
  virDomainInfo info;
  int state, reason;
  TernVm *vm;

  if (virDomainGetUUIDString (dom, uuid) < 0)
    return NULL;

  vm = tern_vm_new (uuid, virDomainGetName (dom), host);
  if (virDomainGetState (dom, &state, &reason, 0) == 0)
    tern_libvirt_state (state, reason, &vm->state, &vm->reason);
  if (virDomainGetInfo (dom, &info) == 0)
    vm->memory = (guint64) info.maxMem * 1024;
  vm->memory_current = vm->memory;
  vm->persistent = virDomainIsPersistent (dom) == 1;
  virResetLastError ();
  return vm;
}

/* A VM that vanishes while the list is walked is not there; one that cannot be read must not
 * cost us the others. */
static gboolean
add_vm (GPtrArray *vms, virDomainPtr dom, const char *host, GError **error)
{
  g_autoptr (GError) local = NULL;
  TernVm *vm = vm_from_domain (dom, host, &local);

  if (vm == NULL && g_error_matches (local, TERN_ERROR, TERN_ERROR_NOT_FOUND))
    return TRUE;
  if (vm == NULL && !g_error_matches (local, TERN_ERROR, TERN_ERROR_UNREACHABLE))
    vm = vm_without_xml (dom, host);
  if (vm != NULL)
    {
      g_ptr_array_add (vms, vm);
      return TRUE;
    }

  g_propagate_prefixed_error (error, g_steal_pointer (&local), "%s: ", virDomainGetName (dom));
  return FALSE;
}

GPtrArray *
tern_libvirt_query_vms (TernLibvirtConn *self, const char *host, GError **error)
{
  virConnectPtr conn = tern_libvirt_conn_get (self);
  g_autoptr (GPtrArray) vms = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);
  virDomainPtr *doms = NULL;
  int n_doms = virConnectListAllDomains (conn, &doms, 0);
  gboolean good = TRUE;

  if (n_doms < 0)
    return tern_error_take_libvirt (conn, error);

  for (int i = 0; i < n_doms && good; i++)
    good = add_vm (vms, doms[i], host, error);
  free_domains (doms, n_doms);
  return good ? g_steal_pointer (&vms) : NULL;
}

virDomainPtr
tern_libvirt_lookup (TernLibvirtConn *self, const char *uuid, GError **error)
{
  virConnectPtr conn = tern_libvirt_conn_get (self);
  virDomainPtr dom = virDomainLookupByUUIDString (conn, uuid);

  return dom != NULL ? dom : tern_error_take_libvirt (conn, error);
}

TernVm *
tern_libvirt_query_vm (TernLibvirtConn *self, const char *host, const char *uuid, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (self, uuid, error);

  return dom != NULL ? vm_from_domain (dom, host, error) : NULL;
}

static gboolean
monitor_is_stuck (virDomainPtr dom)
{
  virDomainControlInfo info;

  if (virDomainGetControlInfo (dom, &info, 0) < 0)
    {
      virResetLastError ();
      return FALSE;
    }
  return (info.state == VIR_DOMAIN_CONTROL_OCCUPIED || info.state == VIR_DOMAIN_CONTROL_JOB)
         && info.stateTime > BUSY_MONITOR_MS;
}

/*
 * Asking for the job of a VM waits behind a monitor command that hangs (30 s and more): look at
 * the monitor first, which waits for nothing. While a migration or a backup runs, the time
 * that is told is that of the whole job (libvirt 9.0, qemuDomainGetControlInfo), so any
 * short command of somebody else looks stuck: only one that is there again and again is.
 */
static gboolean
monitor_is_free (virDomainPtr dom, GError **error)
{
  for (guint i = 0; i < STUCK_LOOKS; i++)
    {
      if (!monitor_is_stuck (dom))
        return TRUE;
      g_usleep (STUCK_LOOK_PAUSE_US);
    }
  g_set_error (error, TERN_ERROR, TERN_ERROR_TIMED_OUT, "its QEMU does not answer libvirt");
  return FALSE;
}

static gboolean
sight_state (virDomainPtr dom, TernSighting *seen, GError **error)
{
  int state, reason, persistent;

  if (virDomainGetState (dom, &state, &reason, 0) < 0
      || (persistent = virDomainIsPersistent (dom)) < 0)
    return tern_error_take_libvirt_domain (dom, error) != NULL;

  tern_libvirt_state (state, reason, &seen->state, &seen->reason);
  seen->persistent = persistent;
  return TRUE;
}

static int
get_operation (const virTypedParameter *params, int n_params)
{
  int operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;

  (void) virTypedParamsGetInt ((virTypedParameterPtr) params, n_params, VIR_DOMAIN_JOB_OPERATION,
                               &operation);
  return operation;
}

gboolean
tern_libvirt_is_unasked_job (int code)
{
  return code == VIR_ERR_OPERATION_INVALID || code == VIR_ERR_OPERATION_UNSUPPORTED;
}

static gboolean
sight_job (virDomainPtr dom, TernSighting *seen, GError **error)
{
  virTypedParameterPtr params = NULL;
  int type, n_params = 0;

  if (!monitor_is_free (dom, error))
    return FALSE;

  if (virDomainGetJobStats (dom, &type, &params, &n_params, 0) == 0)
    {
      seen->job_active = type == VIR_DOMAIN_JOB_BOUNDED || type == VIR_DOMAIN_JOB_UNBOUNDED;
      seen->job_outgoing =
          seen->job_active
          && get_operation (params, n_params) == VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT;
      virTypedParamsFree (params, n_params);
      return sight_state (dom, seen, error);
    }

  if (tern_error_libvirt_code () == VIR_ERR_NO_SUPPORT)
    return TRUE;
  if (!tern_libvirt_is_unasked_job (tern_error_libvirt_code ()))
    return tern_error_take_libvirt_domain (dom, error) != NULL;

  if (!sight_state (dom, seen, error))
    return FALSE;
  seen->job_active = tern_vm_state_is_active (seen->state);
  return TRUE;
}

TernSighting *
tern_libvirt_sight (virDomainPtr dom, GError **error)
{
  g_autoptr (TernSighting) seen = tern_sighting_new ();
  g_autoptr (GError) local = NULL;

  seen->known = TRUE;
  seen->present = TRUE;
  if (sight_state (dom, seen, &local)
      && (!tern_vm_state_is_active (seen->state) || sight_job (dom, seen, &local)))
    return g_steal_pointer (&seen);

  if (g_error_matches (local, TERN_ERROR, TERN_ERROR_NOT_FOUND))
    {
      *seen = (TernSighting){ .known = TRUE };
      return g_steal_pointer (&seen);
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

TernSighting *
tern_libvirt_query_sighting (TernLibvirtConn *self, const char *uuid, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (virDomain) dom = tern_libvirt_lookup (self, uuid, &local);

  if (dom != NULL)
    return tern_libvirt_sight (dom, error);

  if (g_error_matches (local, TERN_ERROR, TERN_ERROR_NOT_FOUND))
    {
      TernSighting *seen = tern_sighting_new ();

      seen->known = TRUE;
      return seen;
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}
