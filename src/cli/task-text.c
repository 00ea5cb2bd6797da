/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Figures of a task, as lists and `task show` print them.
 */
#include "config.h"

#include "cli/task-text.h"

#include "base/units.h"
#include "cli/client.h"

char *
tern_task_text_took (GVariant *task)
{
  gint64 started = tern_props_int64 (task, "Started");
  gint64 finished = tern_props_int64 (task, "Finished");

  if (started == 0)
    return g_strdup ("-");
  return tern_units_format_duration ((finished > 0 ? finished : g_get_real_time ()) - started);
}

char *
tern_task_text_progress (GVariant *task)
{
  if (!tern_props_boolean (task, "ProgressValid"))
    return g_strdup ("-");
  return g_strdup_printf ("%u %%", tern_props_uint (task, "Progress"));
}
