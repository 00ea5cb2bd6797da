/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/placement.h"

G_BEGIN_DECLS

/**
 * tern_plan_refusal:
 * @plan: with at least one VM that finds no place
 * @destination: (nullable): the host that was asked for
 *
 * Why an order is not carried out, as one error: every reason that blocks for a single VM on a
 * named host; else how many hosts cannot take a VM, and for the first few of them why. Its code is
 * that of the first reason if all hosts say the same, else %TERN_ERROR_REFUSED.
 *
 * Returns: (transfer full)
 */
GError *tern_plan_refusal (const TernPlan *plan, const char *destination);

G_END_DECLS
