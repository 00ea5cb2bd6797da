/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/ask.h"

G_BEGIN_DECLS

/** tern_offline_check: as tern_ask_check(), judged here, from the file */
GVariant *tern_offline_check (const TernAsk *ask, GError **error);
/** tern_offline_plan: as tern_ask_plan(), placed here, from the file */
GVariant *tern_offline_plan (const TernAsk *ask, GError **error);

/** tern_offline_drain: as PlanDrain() of the API, planned here from @file. Returns: (transfer full)
 * (nullable): the document; no daemon takes it, since none has sealed it */
char *tern_offline_drain (const TernArgs *args, const char *file, GError **error);

G_END_DECLS
