/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/placement.h"

G_BEGIN_DECLS

/*
 * Judgements as the bus shows them, and the command prints them, also of a file;
 * data/org.virtern.Virtern1.xml has the keys (CheckVm, Plan).
 * All text is made visible on the way.
 */

/** tern_reasons_to_variant: @reasons: (element-type TernReason). Returns: (transfer floating):
 * aa{sv}
 */
GVariant *tern_reasons_to_variant (const GPtrArray *reasons);

/** tern_verdicts_to_variant: @verdicts: (element-type TernVerdict). Returns: (transfer floating):
 * aa{sv} */
GVariant *tern_verdicts_to_variant (const GPtrArray *verdicts);

/** tern_moves_to_variant: Returns: (transfer floating): aa{sv}: the moves of @plan, by number */
GVariant *tern_moves_to_variant (const TernPlan *plan);

/** tern_refusals_to_variant: @brief: leave out the hosts, of which there may be very many.
 * Returns: (transfer floating): aa{sv} */
GVariant *tern_refusals_to_variant (const TernPlan *plan, gboolean brief);

G_END_DECLS
