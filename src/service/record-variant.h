/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/task.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernRecordForm:
 * @TERN_RECORD_WHOLE: everything
 * @TERN_RECORD_LISTED: one of many: without Items, which may be thousands
 */
typedef enum
{
  TERN_RECORD_WHOLE,
  TERN_RECORD_LISTED,
} TernRecordForm;

/**
 * tern_record_to_variant:
 * @cancelable: whether Cancel has a chance now; a record alone cannot tell
 *
 * Returns: (transfer floating): a{sv}; the keys are the names of the Task properties
 */
GVariant *tern_record_to_variant (const TernTaskRecord *record, gboolean cancelable,
                                  TernRecordForm form);

/** tern_record_trace_phases: Returns: (transfer floating): a(xs), as GetTrace has them; empty of a
 * record without a trace */
GVariant *tern_record_trace_phases (const TernTaskRecord *record);
/** tern_record_trace_samples: Returns: (transfer floating): a(xttttu), likewise */
GVariant *tern_record_trace_samples (const TernTaskRecord *record);
/** tern_record_trace_steps: Returns: (transfer floating): a(xs): all of the record's steps */
GVariant *tern_record_trace_steps (const TernTaskRecord *record);

/** tern_record_get_progress: Returns: what the bus shows as Progress: 0 while unknown */
guint tern_record_get_progress (const TernTaskRecord *record);

G_END_DECLS
