/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Typed parameters made of the bytes: any field name, type and value.
 */
#include "config.h"

#include "drivers/libvirt-job.h"
#include "fuzz-main.h"

#define MAX_PARAMS 64

static const char *const names[] = {
  VIR_DOMAIN_JOB_OPERATION,         VIR_DOMAIN_JOB_TIME_ELAPSED,
  VIR_DOMAIN_JOB_MEMORY_TOTAL,      VIR_DOMAIN_JOB_MEMORY_REMAINING,
  VIR_DOMAIN_JOB_MEMORY_DIRTY_RATE, VIR_DOMAIN_JOB_MEMORY_PAGE_SIZE,
  VIR_DOMAIN_JOB_MEMORY_ITERATION,  VIR_DOMAIN_JOB_DOWNTIME,
  VIR_DOMAIN_JOB_SETUP_TIME,        "unheard_of",
};

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  virTypedParameter params[MAX_PARAMS] = { 0 };
  TernJobStats stats;
  int n = 0;

  for (; size >= 10 && n < MAX_PARAMS; data += 10, size -= 10, n++)
    {
      g_strlcpy (params[n].field, names[data[0] % G_N_ELEMENTS (names)], sizeof params[n].field);
      params[n].type = data[1] % (VIR_TYPED_PARAM_BOOLEAN + 1);
      memcpy (&params[n].value, data + 2, 8);
    }
  tern_libvirt_job_stats (size > 0 ? data[0] : 0, params, n, &stats);
  g_assert_true (stats.elapsed_us >= 0 && stats.downtime_us >= 0 && stats.setup_us >= 0);
  g_assert_true (!(stats.active && stats.has_downtime));
  return 0;
}
