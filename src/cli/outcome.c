/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The end of a task, as `migrate`, `task watch` and `task cancel` tell it.
 */
#include "config.h"

#include "cli/outcome.h"

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"
#include "cli/output.h"

#include <inttypes.h>
#include <string.h>

char *
tern_outcome_format_done (GVariant *task)
{
  gint64 started = tern_props_int64 (task, "Started");
  gint64 finished = tern_props_int64 (task, "Finished");
  gint64 downtime = tern_props_int64 (task, "Downtime");
  g_autofree char *vm = tern_text_visible (tern_props_string (task, "Vm"), 0);
  g_autofree char *duration = tern_units_format_duration (MAX (finished - started, 0));
  g_autofree char *stood = tern_units_format_duration (downtime);

  if (downtime < 0)
    return g_strdup_printf (_ ("%s now runs on %s: %s, downtime not measured"), vm,
                            tern_props_string (task, "Destination"), duration);
  return g_strdup_printf (_ ("%s now runs on %s: %s, downtime %s (measured)"), vm,
                          tern_props_string (task, "Destination"), duration, stood);
}

static TernExit
get_status (GVariant *task)
{
  const char *state = tern_props_string (task, "State");

  if (strcmp (state, "failed") == 0
      && tern_error_code_from_name (tern_props_string (task, "ErrorName")) == TERN_ERROR_REFUSED)
    return TERN_EXIT_REFUSED;
  return tern_exit_from_task_state (state);
}

/* Most of the daemon's sentences name the VM and the hosts already. */
static char *
format_failure (GVariant *task)
{
  const char *vm = tern_props_string (task, "Vm");
  const char *why = tern_props_string (task, "Error");

  if (*why != '\0' && *vm != '\0' && strstr (why, vm) != NULL)
    return g_strdup (why);
  return g_strdup_printf (_ ("%s was not moved to %s: %s"), vm,
                          tern_props_string (task, "Destination"), why);
}

void
tern_outcome_set_error (GVariant *task, GError **error)
{
  g_autofree char *why = format_failure (task);
  const char *verdict = tern_props_string (task, "Verdict");
  guint64 id = tern_props_uint64 (task, "Id");
  TernExit status = get_status (task);

  if (strstr (why, verdict) != NULL)
    verdict = "";

  if (status == TERN_EXIT_CANCELLED)
    g_set_error (error, TERN_EXIT_ERROR, (int) status, _ ("Task %" PRIu64 " was cancelled\n%s"), id,
                 tern_props_string (task, "Verdict"));
  else if (status == TERN_EXIT_ATTENTION)
    g_set_error (
        error, TERN_EXIT_ERROR, (int) status,
        _ ("%s\n%s\nLook at both hosts before anything is started or stopped; see “virtern "
           "task show %" PRIu64 "”"),
        why, verdict, id);
  else
    g_set_error (error, TERN_EXIT_ERROR, (int) status,
                 _ ("%s\n%s\nSee “virtern task show %" PRIu64 "”"), why, verdict, id);
}

gboolean
tern_outcome_report (TernCli *cli, GVariant *task, GError **error)
{
  gboolean done = strcmp (tern_props_string (task, "State"), "done") == 0;

  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    tern_output_json (tern_output_properties_to_json (task));
  else if (done)
    {
      g_autofree char *sentence = tern_outcome_format_done (task);
      g_print ("%s\n", sentence);
    }

  if (!done)
    tern_outcome_set_error (task, error);
  return done;
}

GVariant *
tern_outcome_wait (TernCli *cli, guint64 id, gboolean is_ours, GError **error)
{
  gboolean plain = tern_args_has (cli->args, TERN_OPTION_JSON);
  g_autoptr (TernProgress) progress = tern_progress_new_for_stderr (plain);
  TernFollow follow = {
    .id = id,
    .timeout_s = (guint) tern_args_get_number (cli->args, TERN_OPTION_TIMEOUT, 0),
    .is_ours = is_ours,
    .progress = progress,
  };
  GVariant *task = NULL;

  if (!tern_follow_task (cli->client, &follow, &task, error))
    return NULL;
  return task;
}
