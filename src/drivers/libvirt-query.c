/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asking a host about its VMs.
 */
#include "config.h"

#include "drivers/libvirt-query.h"

#include "drivers/libvirt-cpu.h"
#include "drivers/libvirt-domain-xml.h"
#include "drivers/libvirt-error.h"
#include "drivers/libvirt-state.h"

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

/* UUIDs of those VMs of a host that have snapshots or saved memory: few, so that one question for
 * all spares one for each. NULL where it was not answered: then each is asked. */
typedef struct
{
  GHashTable *with_snapshots;
  GHashTable *saved;
} Rare;

static guint
count_snapshots (virDomainPtr dom, const Rare *rare, const char *uuid)
{
  int count;

  if (rare->with_snapshots != NULL && !g_hash_table_contains (rare->with_snapshots, uuid))
    return 0;
  count = virDomainSnapshotNum (dom, 0);
  return count > 0 ? (guint) count : 0;
}

static gboolean
has_managed_save (virDomainPtr dom, const Rare *rare, const char *uuid)
{
  if (rare->saved != NULL)
    return g_hash_table_contains (rare->saved, uuid);
  return virDomainHasManagedSaveImage (dom, 0) == 1;
}

static int
get_operation (const virTypedParameter *params, int n_params)
{
  int operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;

  (void) virTypedParamsGetInt ((virTypedParameterPtr) params, n_params, VIR_DOMAIN_JOB_OPERATION,
                               &operation);
  return operation;
}

/* A question about the job is answered at once only while nothing else is done with the VM. */
static gboolean
is_idle (virDomainPtr dom, TernVmState state)
{
  virDomainControlInfo info;

  return state == TERN_VM_RUNNING && virDomainGetControlInfo (dom, &info, 0) == 0
         && info.state == VIR_DOMAIN_CONTROL_OK;
}

/* The plain question never waits, but each time that the answer is no it writes an error into the
 * host's log (libvirt 9.0): not for every running VM every two minutes. */
static gboolean
has_backup (virDomainPtr dom, TernVmState state)
{
  virTypedParameterPtr params = NULL;
  int type, n_params = 0;
  char *xml;
  gboolean has;

  if (is_idle (dom, state) && virDomainGetJobStats (dom, &type, &params, &n_params, 0) == 0)
    {
      has = get_operation (params, n_params) == VIR_DOMAIN_JOB_OPERATION_BACKUP;
      virTypedParamsFree (params, n_params);
      return has;
    }
  xml = virDomainBackupGetXMLDesc (dom, 0);
  has = xml != NULL;
  free (xml);
  return has;
}

/* A host that does not answer one of these says no more than that. */
static void
fill_beside_xml (virDomainPtr dom, const Rare *rare, TernVm *vm)
{
  vm->snapshots = count_snapshots (dom, rare, vm->uuid);
  if (tern_vm_state_is_active (vm->state))
    vm->backup = has_backup (dom, vm->state);
  else
    vm->managed_save = has_managed_save (dom, rare, vm->uuid);
  virResetLastError ();
}

static TernVm *
vm_from_domain (TernLibvirtConn *self, virDomainPtr dom, const Rare *rare, const char *host,
                GError **error)
{
  virConnectPtr conn = tern_libvirt_conn_get (self);
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
  fill_beside_xml (dom, rare, vm);
  vm->cpu = tern_libvirt_expand (self, vm->arch, vm->cpu);
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
add_vm (TernLibvirtConn *conn, GPtrArray *vms, virDomainPtr dom, const Rare *rare, const char *host,
        GError **error)
{
  g_autoptr (GError) local = NULL;
  TernVm *vm = vm_from_domain (conn, dom, rare, host, &local);

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

static GHashTable *
list_uuids (virConnectPtr conn, unsigned int filter)
{
  GHashTable *uuids;
  virDomainPtr *doms = NULL;
  int n_doms = virConnectListAllDomains (conn, &doms, filter);

  if (n_doms < 0)
    {
      virResetLastError ();
      return NULL;
    }

  uuids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (int i = 0; i < n_doms; i++)
    {
      char uuid[VIR_UUID_STRING_BUFLEN];

      if (virDomainGetUUIDString (doms[i], uuid) == 0)
        g_hash_table_add (uuids, g_strdup (uuid));
    }
  free_domains (doms, n_doms);
  return uuids;
}

GPtrArray *
tern_libvirt_query_vms (TernLibvirtConn *self, const char *host, GError **error)
{
  virConnectPtr conn = tern_libvirt_conn_get (self);
  g_autoptr (GPtrArray) vms = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);
  g_autoptr (GHashTable) with_snapshots = list_uuids (conn, VIR_CONNECT_LIST_DOMAINS_HAS_SNAPSHOT);
  g_autoptr (GHashTable) saved = list_uuids (conn, VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE);
  const Rare rare = { with_snapshots, saved };
  virDomainPtr *doms = NULL;
  int n_doms = virConnectListAllDomains (conn, &doms, 0);
  gboolean good = TRUE;

  if (n_doms < 0)
    return tern_error_take_libvirt (conn, error);

  for (int i = 0; i < n_doms && good; i++)
    good = add_vm (self, vms, doms[i], &rare, host, error);
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
  const Rare ask_each = { NULL, NULL };

  return dom != NULL ? vm_from_domain (self, dom, &ask_each, host, error) : NULL;
}

typedef enum
{
  MONITOR_FREE,
  MONITOR_BUSY, /* with something, nobody knows since when */
  MONITOR_STUCK
} Monitor;

/*
 * Asking for the job of a VM waits behind a monitor command that hangs (30 s and more): look at
 * the monitor first, which waits for nothing. While a migration or a backup runs, the time
 * that is told is that of the whole job (libvirt 9.0, qemuDomainGetControlInfo), so any
 * short command of somebody else looks stuck: only one that is there again and again is.
 */
static Monitor
look_at_monitor (virDomainPtr dom)
{
  virDomainControlInfo info;

  if (virDomainGetControlInfo (dom, &info, 0) < 0)
    {
      virResetLastError ();
      return MONITOR_FREE;
    }
  if (info.stateTime <= BUSY_MONITOR_MS)
    return MONITOR_FREE;
  if (info.state == VIR_DOMAIN_CONTROL_OCCUPIED)
    return MONITOR_STUCK;
  return info.state == VIR_DOMAIN_CONTROL_JOB ? MONITOR_BUSY : MONITOR_FREE;
}

static gboolean
monitor_is_free (TernCall *call, virDomainPtr dom, GError **error)
{
  Monitor monitor = look_at_monitor (dom);

  for (guint i = 1; i < STUCK_LOOKS && monitor == MONITOR_BUSY; i++)
    {
      if (!tern_call_wait (call, STUCK_LOOK_PAUSE_US))
        return tern_call_check (call, error);
      monitor = look_at_monitor (dom);
    }
  if (monitor == MONITOR_FREE)
    return TRUE;
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

gboolean
tern_libvirt_is_unasked_job (int code)
{
  return code == VIR_ERR_OPERATION_INVALID || code == VIR_ERR_OPERATION_UNSUPPORTED;
}

static gboolean
sight_job (TernCall *call, virDomainPtr dom, TernSighting *seen, GError **error)
{
  virTypedParameterPtr params = NULL;
  int type, n_params = 0;

  if (!monitor_is_free (call, dom, error))
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
tern_libvirt_sight (TernCall *call, virDomainPtr dom, GError **error)
{
  g_autoptr (TernSighting) seen = tern_sighting_new ();
  g_autoptr (GError) local = NULL;

  seen->known = TRUE;
  seen->present = TRUE;
  if (sight_state (dom, seen, &local)
      && (!tern_vm_state_is_active (seen->state) || sight_job (call, dom, seen, &local)))
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
tern_libvirt_query_sighting (TernCall *call, TernLibvirtConn *self, const char *uuid,
                             GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (virDomain) dom = tern_libvirt_lookup (self, uuid, &local);

  if (dom != NULL)
    return tern_libvirt_sight (call, dom, error);

  if (g_error_matches (local, TERN_ERROR, TERN_ERROR_NOT_FOUND))
    {
      TernSighting *seen = tern_sighting_new ();

      seen->known = TRUE;
      return seen;
    }
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}
