/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/ask.h"

G_BEGIN_DECLS

/** tern_plan_report: asks for the plan and prints it, with a forecast of each move if
 * @with_forecasts. It fails with %TERN_EXIT_REFUSED if a VM finds no place; with --partial, only if
 * none does */
gboolean tern_plan_report (TernCli *cli, const TernAsk *ask, gboolean with_forecasts,
                           GError **error);

G_END_DECLS
