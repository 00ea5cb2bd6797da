/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/job.h"

#include <libvirt/libvirt.h>

G_BEGIN_DECLS

/**
 * tern_libvirt_job_stats:
 * @type: a virDomainJobType
 * @params: (array length=n_params): what virDomainGetJobStats() gave; foreign: types are
 *   checked, fields that are missing or make no sense stay 0
 * @n_params: 0 or more
 * @out_stats: filled
 */
void tern_libvirt_job_stats (int type, const virTypedParameter *params, int n_params,
                             TernJobStats *out_stats);

G_END_DECLS
