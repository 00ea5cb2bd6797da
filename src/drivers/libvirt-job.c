/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Job statistics out of libvirt's typed parameters. Pure. libvirt counts milliseconds and
 * dirty *pages*; we count microseconds and bytes.
 */
#include "config.h"

#include "drivers/libvirt-job.h"

#include <string.h>

#define DEFAULT_PAGE_SIZE 4096

static const virTypedParameter *
find_param (const virTypedParameter *params, int n_params, const char *name)
{
  for (int i = 0; i < n_params; i++)
    if (strncmp (params[i].field, name, VIR_TYPED_PARAM_FIELD_LENGTH) == 0)
      return &params[i];
  return NULL;
}

static guint64
not_negative (gint64 value)
{
  return value > 0 ? (guint64) value : 0;
}

/* A number of any type, 0 if it is missing or negative. */
static guint64
get_number (const virTypedParameter *params, int n_params, const char *name)
{
  const virTypedParameter *param = find_param (params, n_params, name);

  if (param == NULL)
    return 0;

  switch (param->type)
    {
    case VIR_TYPED_PARAM_ULLONG:
      return param->value.ul;
    case VIR_TYPED_PARAM_LLONG:
      return not_negative (param->value.l);
    case VIR_TYPED_PARAM_UINT:
      return param->value.ui;
    case VIR_TYPED_PARAM_INT:
      return not_negative (param->value.i);
    default:
      return 0;
    }
}

static gint64
get_ms_as_us (const virTypedParameter *params, int n_params, const char *name)
{
  guint64 ms = get_number (params, n_params, name);

  return ms > G_MAXINT64 / 1000 ? G_MAXINT64 : (gint64) ms * 1000;
}

static guint64
get_dirty_bps (const virTypedParameter *params, int n_params)
{
  guint64 pages = get_number (params, n_params, VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE);
  guint64 size = get_number (params, n_params, VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE);
  guint64 bytes;

  if (size == 0)
    size = DEFAULT_PAGE_SIZE;
  return __builtin_mul_overflow (pages, size, &bytes) ? G_MAXUINT64 : bytes;
}

void
tern_libvirt_job_stats (int type, const virTypedParameter *params, int n_params,
                        TernJobStats *out_stats)
{
  guint64 operation = get_number (params, n_params, VIR_DOMAIN_JOB_OPERATION);
  gboolean completed = type == VIR_DOMAIN_JOB_COMPLETED;

  *out_stats = (TernJobStats){
    .active = type == VIR_DOMAIN_JOB_BOUNDED || type == VIR_DOMAIN_JOB_UNBOUNDED,
    .outgoing = operation == VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT,
    .elapsed_us = get_ms_as_us (params, n_params, VIR_DOMAIN_JOB_TIME_ELAPSED),
    .memory_total = get_number (params, n_params, VIR_DOMAIN_JOB_MEMORY_TOTAL),
    .memory_processed = get_number (params, n_params, VIR_DOMAIN_JOB_MEMORY_PROCESSED),
    .memory_remaining = get_number (params, n_params, VIR_DOMAIN_JOB_MEMORY_REMAINING),
    .memory_bps = get_number (params, n_params, VIR_DOMAIN_JOB_MEMORY_BPS),
    .dirty_bps = get_dirty_bps (params, n_params),
    .iteration = MIN (get_number (params, n_params, VIR_DOMAIN_JOB_MEMORY_ITERATION), G_MAXUINT),
    .disk_total = get_number (params, n_params, VIR_DOMAIN_JOB_DISK_TOTAL),
    .disk_remaining = get_number (params, n_params, VIR_DOMAIN_JOB_DISK_REMAINING),
    .setup_us = get_ms_as_us (params, n_params, VIR_DOMAIN_JOB_SETUP_TIME),
    .throttle = MIN (get_number (params, n_params, VIR_DOMAIN_JOB_AUTO_CONVERGE_THROTTLE), 99),
    .page_requests = get_number (params, n_params, VIR_DOMAIN_JOB_MEMORY_POSTCOPY_REQS),
    /* While the job runs the same field is QEMU's guess. */
    .has_downtime = completed && find_param (params, n_params, VIR_DOMAIN_JOB_DOWNTIME) != NULL,
  };
  if (out_stats->has_downtime)
    out_stats->downtime_us = get_ms_as_us (params, n_params, VIR_DOMAIN_JOB_DOWNTIME);
}
