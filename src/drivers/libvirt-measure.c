/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How fast a VM writes to its memory. QEMU compares samples of its pages, for a second, beside the
 * guest; libvirt only starts that, and tells the result later.
 */
#include "config.h"

#include "drivers/libvirt-measure.h"

#include "drivers/libvirt-error.h"
#include "drivers/libvirt-query.h"

#define MEASURE_SECONDS 1

static gboolean
refuse (const TernSighting *seen, GError **error)
{
  g_autofree char *text = tern_sighting_to_string (seen);

  g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED, "the VM is %s%s", text,
               seen->job_active ? ", with a job on it" : "");
  return FALSE;
}

gboolean
tern_libvirt_measure (TernCall *call, TernLibvirtConn *conn, const char *uuid, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  g_autoptr (TernSighting) seen = dom != NULL ? tern_libvirt_sight (call, dom, error) : NULL;

  if (seen == NULL)
    return FALSE;
  if (!seen->present || seen->state != TERN_VM_RUNNING || seen->job_active)
    return refuse (seen, error);
  if (!tern_call_check (call, error))
    return FALSE;
  return virDomainStartDirtyRateCalc (dom, MEASURE_SECONDS, VIR_DOMAIN_DIRTYRATE_MODE_PAGE_SAMPLING)
             == 0
         || tern_error_take_libvirt_domain (dom, error) != NULL;
}

guint64 *
tern_libvirt_dirty_rate (virTypedParameterPtr params, int n_params, GError **error)
{
  int status = VIR_DOMAIN_DIRTYRATE_UNSTARTED;
  long long mib = 0;
  guint64 *bps;

  if (virTypedParamsGetInt (params, n_params, "dirtyrate.calc_status", &status) != 1
      || status != VIR_DOMAIN_DIRTYRATE_MEASURED
      || virTypedParamsGetLLong (params, n_params, "dirtyrate.megabytes_per_second", &mib) != 1)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_BUSY, "it is not measured yet");
      return NULL;
    }
  bps = g_new0 (guint64, 1);
  *bps = (guint64) CLAMP (mib, 0, G_MAXINT64 >> 20) << 20;
  return bps;
}

/* Does not wait: a VM that is busy tells nothing, and is asked again. */
guint64 *
tern_libvirt_measured (TernLibvirtConn *conn, const char *uuid, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  virDomainPtr doms[] = { dom, NULL };
  virDomainStatsRecordPtr *records = NULL;
  guint64 *bps = NULL;
  int n;

  if (dom == NULL)
    return NULL;
  n = virDomainListGetStats (doms, VIR_DOMAIN_STATS_DIRTYRATE, &records,
                             VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
  if (n < 0)
    return tern_error_take_libvirt_domain (dom, error);

  if (n > 0)
    bps = tern_libvirt_dirty_rate (records[0]->params, records[0]->nparams, error);
  else
    g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND, "the VM is gone");
  virDomainStatsRecordListFree (records);
  return bps;
}
