/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Starting, following and stopping migrations, and tidying up after them.
 */
#include "config.h"

#include "drivers/libvirt-migrate.h"

#include "drivers/libvirt-domain-xml.h"
#include "drivers/libvirt-error.h"
#include "drivers/libvirt-job.h"
#include "drivers/libvirt-query.h"
#include "drivers/libvirt-state.h"

#include <stdlib.h>
#include <string.h>

/* The first libvirt with VIR_DOMAIN_UNDEFINE_KEEP_TPM. */
#define KNOWS_KEEP_TPM 8009000

static const unsigned int BASE_FLAGS =
    VIR_MIGRATE_LIVE | VIR_MIGRATE_PEER2PEER | VIR_MIGRATE_ABORT_ON_ERROR;

/* The definition stays on the source until somebody saw it on the destination. */
static const unsigned int OFFLINE_FLAGS =
    VIR_MIGRATE_OFFLINE | VIR_MIGRATE_PERSIST_DEST | VIR_MIGRATE_PEER2PEER;

static const struct
{
  TernMigrateFlags ours;
  unsigned int libvirt;
} flag_table[] = {
  { TERN_MIGRATE_AUTO_CONVERGE, VIR_MIGRATE_AUTO_CONVERGE },
  { TERN_MIGRATE_POSTCOPY, VIR_MIGRATE_POSTCOPY },
  /* libvirt takes the one only together with the other. */
  { TERN_MIGRATE_POSTCOPY_RESUME, VIR_MIGRATE_POSTCOPY | VIR_MIGRATE_POSTCOPY_RESUME },
  { TERN_MIGRATE_TLS, VIR_MIGRATE_TLS },
};

unsigned int
tern_libvirt_migrate_flags (const TernMigrateParams *params)
{
  unsigned int flags = BASE_FLAGS;

  if (params->flags & TERN_MIGRATE_OFFLINE)
    return OFFLINE_FLAGS;
  if (params->persistent)
    flags |= VIR_MIGRATE_PERSIST_DEST | VIR_MIGRATE_UNDEFINE_SOURCE;
  if (params->parallel > 0)
    flags |= VIR_MIGRATE_PARALLEL;
  if (params->compression != TERN_COMPRESSION_NONE)
    flags |= VIR_MIGRATE_COMPRESSED;
  for (guint i = 0; i < G_N_ELEMENTS (flag_table); i++)
    if (params->flags & flag_table[i].ours)
      flags |= flag_table[i].libvirt;
  return flags;
}

/* The admin may write an IPv6 address as in a URI. */
static char *
without_brackets (const char *address)
{
  gsize length = strlen (address);

  if (length > 2 && address[0] == '[' && address[length - 1] == ']')
    return g_strndup (address + 1, length - 2);
  return g_strdup (address);
}

/* "tcp://ADDRESS" without a port, which the destination chooses. */
static char *
migration_uri (const char *address)
{
  return g_strdup_printf (strchr (address, ':') != NULL ? "tcp://[%s]" : "tcp://%s", address);
}

guint64
tern_libvirt_mib (guint64 bandwidth_bps)
{
  return MAX (bandwidth_bps >> 20, 1);
}

/* A growing list of libvirt's typed parameters. Adding fails for lack of memory only. */
typedef struct
{
  virTypedParameterPtr list;
  int n;
  int max;
  int bad;
} ParamList;

static void
add_string (ParamList *self, const char *name, const char *value)
{
  self->bad |= virTypedParamsAddString (&self->list, &self->n, &self->max, name, value);
}

static void
add_bandwidth (ParamList *self, const char *name, guint64 bps)
{
  if (bps > 0)
    self->bad |=
        virTypedParamsAddULLong (&self->list, &self->n, &self->max, name, tern_libvirt_mib (bps));
}

static void
add_address (ParamList *self, const char *migration_address)
{
  g_autofree char *address = without_brackets (migration_address);
  g_autofree char *uri = migration_uri (address);

  add_string (self, VIR_MIGRATE_PARAM_URI, uri);
  /* By default QEMU listens on every address of the destination. A name is left out: what
   * it means to the destination itself (often 127.0.1.1) may be something else. */
  if (g_hostname_is_ip_address (address))
    add_string (self, VIR_MIGRATE_PARAM_LISTEN_ADDRESS, address);
}

virTypedParameterPtr
tern_libvirt_migrate_params (const TernMigrateParams *params, int *out_n_params)
{
  ParamList all = { 0 };

  *out_n_params = 0;
  /* No memory goes anywhere. */
  if (params->flags & TERN_MIGRATE_OFFLINE)
    return NULL;

  if (params->migration_address != NULL)
    add_address (&all, params->migration_address);
  add_bandwidth (&all, VIR_MIGRATE_PARAM_BANDWIDTH, params->bandwidth_bps);
  if (params->flags & (TERN_MIGRATE_POSTCOPY | TERN_MIGRATE_POSTCOPY_RESUME))
    add_bandwidth (&all, VIR_MIGRATE_PARAM_BANDWIDTH_POSTCOPY, params->postcopy_bandwidth_bps);
  if (params->parallel > 0)
    all.bad |=
        virTypedParamsAddInt (&all.list, &all.n, &all.max, VIR_MIGRATE_PARAM_PARALLEL_CONNECTIONS,
                              (int) MIN (params->parallel, TERN_MOVE_MAX_PARALLEL));
  if (params->compression != TERN_COMPRESSION_NONE)
    add_string (&all, VIR_MIGRATE_PARAM_COMPRESSION,
                tern_compression_to_string (params->compression));
  if ((params->flags & TERN_MIGRATE_TLS) && params->tls_destination != NULL)
    add_string (&all, VIR_MIGRATE_PARAM_TLS_DESTINATION, params->tls_destination);

  g_assert (all.bad == 0);
  *out_n_params = all.n;
  return all.list;
}

/* libvirt would copy the definition of a running VM as well, and leave the saved memory behind. */
static gboolean
check_offline (TernCall *call, virDomainPtr dom, GError **error)
{
  g_autoptr (TernSighting) seen = tern_libvirt_sight (call, dom, error);

  if (seen == NULL)
    return FALSE;
  if (seen->present && seen->state == TERN_VM_SHUT_OFF && seen->persistent
      && virDomainHasManagedSaveImage (dom, 0) == 0)
    return TRUE;

  if (seen->present && seen->state == TERN_VM_SHUT_OFF && seen->persistent)
    g_set_error (
        error, TERN_ERROR, TERN_ERROR_REFUSED,
        "its memory was saved by the host at shutdown: start it there, or remove the saved "
        "memory");
  else
    g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED, "the VM is not shut off");
  return FALSE;
}

gboolean
tern_libvirt_migrate (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                      const TernMigrateParams *params, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  virTypedParameterPtr list;
  int n_params, result;

  if (dom == NULL)
    return FALSE;
  if ((params->flags & TERN_MIGRATE_OFFLINE) && !check_offline (call, dom, error))
    return FALSE;
  if (!tern_call_check (call, error))
    return FALSE;

  list = tern_libvirt_migrate_params (params, &n_params);
  result = virDomainMigrateToURI3 (dom, params->peer_uri, list, (unsigned int) n_params,
                                   tern_libvirt_migrate_flags (params));
  if (result < 0)
    tern_error_take_libvirt (tern_libvirt_conn_get (conn), error);
  virTypedParamsFree (list, n_params);
  return result == 0;
}

static gboolean
is_running (virDomainPtr dom)
{
  return virDomainIsActive (dom) == 1;
}

static TernJobStats *
job_of_domain (virDomainPtr dom, unsigned int flags, GError **error)
{
  g_autofree TernJobStats *stats = g_new0 (TernJobStats, 1);
  virTypedParameterPtr params = NULL;
  int type, n_params = 0;

  if (virDomainGetJobStats (dom, &type, &params, &n_params, flags) == 0)
    {
      tern_libvirt_job_stats (type, params, n_params, stats);
      virTypedParamsFree (params, n_params);
      return g_steal_pointer (&stats);
    }

  /* Not running: no job. Running: a migration *to* this host, of which libvirt tells nothing but
   * that it exists. */
  if (!tern_libvirt_is_unasked_job (tern_error_libvirt_code ()))
    return tern_error_take_libvirt_domain (dom, error);
  stats->active = is_running (dom);
  return g_steal_pointer (&stats);
}

static TernJobStats *
completed_job_of_domain (virDomainPtr dom, GError **error)
{
  g_autofree TernJobStats *stats = g_new0 (TernJobStats, 1);
  virTypedParameterPtr params = NULL;
  int type, n_params = 0;

  if (virDomainGetJobStats (dom, &type, &params, &n_params,
                            VIR_DOMAIN_JOB_STATS_COMPLETED | VIR_DOMAIN_JOB_STATS_KEEP_COMPLETED)
      < 0)
    return tern_error_take_libvirt_domain (dom, error);

  tern_libvirt_job_stats (type, params, n_params, stats);
  virTypedParamsFree (params, n_params);
  if (type == VIR_DOMAIN_JOB_NONE)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND, "there is no record of a finished job");
      return NULL;
    }
  return g_steal_pointer (&stats);
}

TernJobStats *
tern_libvirt_job (TernLibvirtConn *conn, const char *uuid, gboolean completed, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);

  if (dom == NULL)
    return NULL;
  return completed ? completed_job_of_domain (dom, error) : job_of_domain (dom, 0, error);
}

static gboolean
check_abortable (virDomainPtr dom, GError **error)
{
  g_autofree TernJobStats *stats = job_of_domain (dom, 0, error);

  if (stats == NULL)
    return FALSE;
  if (!stats->active)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND, "no job runs on the VM");
      return FALSE;
    }
  if (!stats->outgoing)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                   "the job on the VM is no migration away from this host");
      return FALSE;
    }
  return TRUE;
}

static gboolean
is_in_postcopy (virDomainPtr dom)
{
  TernVmState state = TERN_VM_UNKNOWN;
  TernVmReason why = TERN_REASON_OTHER;
  int number, reason;

  if (virDomainGetState (dom, &number, &reason, 0) == 0)
    tern_libvirt_state (number, reason, &state, &why);
  return why == TERN_REASON_POSTCOPY || why == TERN_REASON_POSTCOPY_FAILED;
}

/* The job may have ended between the look and the abort, or gone over to post-copy. */
static gboolean
explain_failed_abort (virDomainPtr dom, GError **error)
{
  g_autoptr (GError) reason = NULL;

  tern_error_take_libvirt_domain (dom, &reason);
  if (!check_abortable (dom, error))
    return FALSE;

  if (is_in_postcopy (dom))
    g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                 "it is in post-copy: the VM runs on the destination, and there is no way back");
  else
    g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

gboolean
tern_libvirt_abort (TernCall *call, TernLibvirtConn *conn, const char *uuid, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);

  if (dom == NULL || !check_abortable (dom, error))
    return FALSE;
  if (!tern_call_check (call, error))
    return FALSE;

  return virDomainAbortJob (dom) == 0 || explain_failed_abort (dom, error);
}

static gboolean
refuse (const TernSighting *seen, GError **error)
{
  g_autofree char *text = tern_sighting_to_string (seen);

  g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED, "the VM is %s%s", text,
               seen->job_active ? ", with a job on it" : "");
  return FALSE;
}

static gboolean
is_held_by_migration (const TernSighting *seen)
{
  return seen->present && !seen->job_active && seen->state == TERN_VM_PAUSED
         && seen->reason == TERN_REASON_MIGRATION;
}

gboolean
tern_libvirt_resume (TernCall *call, TernLibvirtConn *conn, const char *uuid, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  g_autoptr (TernSighting) seen = dom != NULL ? tern_libvirt_sight (call, dom, error) : NULL;

  if (seen == NULL)
    return FALSE;
  if (!is_held_by_migration (seen))
    return refuse (seen, error);
  if (!tern_call_check (call, error))
    return FALSE;

  return virDomainResume (dom) == 0
         || tern_error_take_libvirt (tern_libvirt_conn_get (conn), error) != NULL;
}

/* NVRAM and TPM state may lie on storage that the VM uses where it is now. */
unsigned int
tern_libvirt_undefine_flags (guint64 libvirt_version)
{
  return VIR_DOMAIN_UNDEFINE_KEEP_NVRAM
         | (libvirt_version >= KNOWS_KEEP_TPM ? VIR_DOMAIN_UNDEFINE_KEEP_TPM : 0);
}

/* An older libvirt removes the state of the TPM with the definition. */
static gboolean
check_tpm (virDomainPtr dom, GError **error)
{
  char *xml = virDomainGetXMLDesc (dom, VIR_DOMAIN_XML_INACTIVE);
  g_autoptr (TernVm) vm = xml != NULL ? tern_libvirt_parse_domain (xml, "", error) : NULL;

  if (xml == NULL)
    return tern_error_take_libvirt_domain (dom, error) != NULL;
  free (xml);
  if (vm != NULL && vm->tpm != NULL)
    g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                 "its libvirt is older than 8.9 and would remove the state of the VM's TPM too");
  return vm != NULL && vm->tpm == NULL;
}

static gboolean
undefine (TernCall *call, virDomainPtr dom, GError **error)
{
  unsigned long version = 0;
  unsigned int flags;

  if (virConnectGetLibVersion (virDomainGetConnect (dom), &version) < 0)
    return tern_error_take_libvirt_domain (dom, error) != NULL;
  flags = tern_libvirt_undefine_flags (version);
  if (!(flags & VIR_DOMAIN_UNDEFINE_KEEP_TPM) && !check_tpm (dom, error))
    return FALSE;
  if (!tern_call_check (call, error))
    return FALSE;
  return virDomainUndefineFlags (dom, flags) == 0
         || tern_error_take_libvirt_domain (dom, error) != NULL;
}

static gboolean
end_process (TernCall *call, virDomainPtr dom, GError **error)
{
  if (!tern_call_check (call, error))
    return FALSE;

  return virDomainDestroy (dom) == 0 || tern_error_take_libvirt_domain (dom, error) != NULL;
}

gboolean
tern_libvirt_discard (TernCall *call, TernLibvirtConn *conn, const char *uuid, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  g_autoptr (TernSighting) seen = dom != NULL ? tern_libvirt_sight (call, dom, error) : NULL;

  if (seen == NULL)
    return FALSE;
  if (is_held_by_migration (seen))
    return end_process (call, dom, error) && (!seen->persistent || undefine (call, dom, error));
  if (seen->present && seen->state == TERN_VM_SHUT_OFF)
    return undefine (call, dom, error);
  return refuse (seen, error);
}

/* A QEMU that hangs is removed as well: nothing here waits for its monitor. */
static gboolean
get_presence (virDomainPtr dom, gboolean *out_active, gboolean *out_persistent, GError **error)
{
  int active = virDomainIsActive (dom);
  int persistent = active >= 0 ? virDomainIsPersistent (dom) : -1;

  if (persistent < 0)
    return tern_error_take_libvirt_domain (dom, error) != NULL;
  *out_active = active == 1;
  *out_persistent = persistent == 1;
  return TRUE;
}

static gboolean
remove_domain (TernCall *call, virDomainPtr dom, gboolean with_definition, GError **error)
{
  gboolean active = FALSE, persistent = FALSE;

  if (!get_presence (dom, &active, &persistent, error)
      || (active && !end_process (call, dom, error)))
    return FALSE;
  return !persistent || !with_definition || undefine (call, dom, error);
}

gboolean
tern_libvirt_remove_copy (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                          gboolean with_definition, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, &local);

  if (dom != NULL && remove_domain (call, dom, with_definition, &local))
    return TRUE;
  if (g_error_matches (local, TERN_ERROR, TERN_ERROR_NOT_FOUND))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
tern_libvirt_let_run (TernCall *call, TernLibvirtConn *conn, const char *uuid, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  g_autoptr (TernSighting) seen = dom != NULL ? tern_libvirt_sight (call, dom, error) : NULL;

  if (seen == NULL)
    return FALSE;
  if (seen->present && seen->state == TERN_VM_RUNNING)
    return TRUE;
  if (!seen->present || seen->job_active || seen->state != TERN_VM_PAUSED
      || seen->reason == TERN_REASON_POSTCOPY || seen->reason == TERN_REASON_POSTCOPY_FAILED)
    return refuse (seen, error);
  if (!tern_call_check (call, error))
    return FALSE;

  return virDomainResume (dom) == 0 || tern_error_take_libvirt_domain (dom, error) != NULL;
}
