/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ends of tasks, as `migrate`, `vm start`, `task watch` and `task cancel` tell them.
 */
#include "config.h"

#include "cli/outcome.h"

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/attention.h"
#include "cli/drain-outcome.h"
#include "cli/i18n.h"
#include "cli/kind-words.h"
#include "cli/output.h"

#include <inttypes.h>
#include <string.h>

/* Of what moves no guest. */
static char *
format_act_done (GVariant *task, const char *vm, const char *duration)
{
  const char *kind = tern_props_string (task, "Kind");
  const char *destination = tern_props_string (task, "Destination");

  if (strcmp (kind, "relocate") == 0)
    return g_strdup_printf (_ ("%s is defined on %s now: %s"), vm, destination, duration);
  if (strcmp (kind, "shutdown") == 0)
    return g_strdup_printf (_ ("%s is shut down on %s: %s"), vm, tern_props_string (task, "Source"),
                            duration);
  return g_strdup_printf (_ ("%s is started on %s: %s"), vm, destination, duration);
}

char *
tern_outcome_format_done (GVariant *task)
{
  gint64 started = tern_props_int64 (task, "Started");
  gint64 finished = tern_props_int64 (task, "Finished");
  gint64 downtime = tern_props_int64 (task, "Downtime");
  g_autofree char *vm = tern_text_visible (tern_props_string (task, "Vm"), 0);
  g_autofree char *duration = tern_units_format_duration (MAX (finished - started, 0));
  g_autofree char *stood = tern_units_format_duration (downtime);

  if (tern_kind_is_drain (task))
    return tern_drain_outcome_format_done (task);
  if (!tern_kind_is_move (task))
    return format_act_done (task, vm, duration);
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
  /* Who cannot go home yet is asked again by the next one; the host is open. */
  if (tern_kind_is_return (task) && strcmp (state, "remainder") == 0)
    return TERN_EXIT_OK;
  return tern_exit_from_task_state (state);
}

/* Most of the daemon's sentences name the VM and the hosts already. */
static char *
format_failure (GVariant *task)
{
  const char *vm = tern_props_string (task, "Vm");
  const char *why = tern_props_string (task, "Error");
  g_autofree char *not_done = tern_kind_format_not_done (task);

  if (*why != '\0' && *vm != '\0' && strstr (why, vm) != NULL)
    return g_strdup (why);
  return *why != '\0' ? g_strdup_printf ("%s: %s", not_done, why) : g_steal_pointer (&not_done);
}

static void
set_attention_error (GVariant *task, const char *why, const char *verdict, GError **error)
{
  g_auto (GStrv) ways = tern_attention_format_ways (task);
  g_autofree char *joined = g_strjoinv ("\n", ways);

  g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_ATTENTION,
               _ ("%s\n%s\nLook at both hosts before anything is started or stopped; see “virtern "
                  "task show %" PRIu64 "”\n%s"),
               why, verdict, tern_props_uint64 (task, "Id"), joined);
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

  if (tern_kind_is_drain (task))
    tern_drain_outcome_set_error (task, status, error);
  else if (status == TERN_EXIT_CANCELLED)
    g_set_error (error, TERN_EXIT_ERROR, (int) status, _ ("Task %" PRIu64 " was cancelled\n%s"), id,
                 tern_props_string (task, "Verdict"));
  else if (status == TERN_EXIT_ATTENTION)
    set_attention_error (task, why, verdict, error);
  else
    g_set_error (error, TERN_EXIT_ERROR, (int) status,
                 _ ("%s\n%s\nSee “virtern task show %" PRIu64 "”"), why, verdict, id);
}

gboolean
tern_outcome_report (TernCli *cli, GVariant *task, GError **error)
{
  gboolean done = get_status (task) == TERN_EXIT_OK;

  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    tern_output_json (tern_output_properties_to_json (task));
  else if (tern_kind_is_drain (task))
    tern_drain_outcome_print (task);
  else if (done)
    {
      g_autofree char *sentence = tern_outcome_format_done (task);
      g_print ("%s\n", sentence);
    }

  if (!done)
    tern_outcome_set_error (task, error);
  return done;
}

static TernProgress *
make_progress (TernCli *cli)
{
  return tern_progress_new_for_stderr (tern_args_has (cli->args, TERN_OPTION_JSON));
}

guint
tern_outcome_get_timeout (TernCli *cli)
{
  return (guint) tern_args_get_number (cli->args, TERN_OPTION_TIMEOUT, 0);
}

GVariant *
tern_outcome_follow (TernCli *cli, TernFollow *follow, GError **error)
{
  g_autoptr (TernProgress) progress = make_progress (cli);
  g_autoptr (GPtrArray) tasks = NULL;

  follow->progress = progress;
  tasks = tern_follow_tasks (cli->client, follow, error);
  follow->progress = NULL;
  return tasks != NULL ? g_variant_ref (tasks->pdata[0]) : NULL;
}

/* What was found out while there was time is not kept from scripts. */
static void
print_open_task (TernCli *cli, guint64 id)
{
  g_autoptr (GVariant) task = tern_client_fetch_task (cli->client, id, NULL);

  if (task != NULL)
    tern_output_json (tern_output_properties_to_json (task));
}

GVariant *
tern_outcome_wait (TernCli *cli, guint64 id, gboolean is_ours, GError **error)
{
  TernFollow follow = {
    .ids = &id,
    .n_ids = 1,
    .timeout_s = tern_outcome_get_timeout (cli),
    .is_ours = is_ours,
  };
  g_autoptr (GError) local_error = NULL;
  GVariant *task = tern_outcome_follow (cli, &follow, &local_error);

  if (task != NULL)
    return task;
  if (tern_args_has (cli->args, TERN_OPTION_JSON)
      && g_error_matches (local_error, TERN_EXIT_ERROR, TERN_EXIT_WAIT_TIMED_OUT))
    print_open_task (cli, id);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return NULL;
}

static void
tell_end (GVariant *task, gpointer unused)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *sentence = NULL;

  if (strcmp (tern_props_string (task, "State"), "done") == 0)
    {
      sentence = tern_outcome_format_done (task);
      g_print ("%s\n", sentence);
      return;
    }
  tern_outcome_set_error (task, &error);
  tern_output_error (error->message);
}

GPtrArray *
tern_outcome_wait_all (TernCli *cli, const GArray *ids, GError **error)
{
  g_autoptr (TernProgress) progress = make_progress (cli);
  TernFollow follow = {
    .ids = (const guint64 *) (gconstpointer) ids->data,
    .n_ids = ids->len,
    .timeout_s = tern_outcome_get_timeout (cli),
    .is_ours = TRUE,
    .progress = progress,
    .ended = tern_args_has (cli->args, TERN_OPTION_JSON) ? NULL : tell_end,
  };

  return tern_follow_tasks (cli->client, &follow, error);
}

/* The worse of two statuses. */
static TernExit
get_worse (TernExit a, TernExit b)
{
  static const TernExit from_worst[] = { TERN_EXIT_ATTENTION, TERN_EXIT_FAILED, TERN_EXIT_REFUSED,
                                         TERN_EXIT_CANCELLED };

  for (guint i = 0; i < G_N_ELEMENTS (from_worst); i++)
    if (a == from_worst[i] || b == from_worst[i])
      return from_worst[i];
  return TERN_EXIT_OK;
}

gboolean
tern_outcome_judge_all (const GPtrArray *tasks, GError **error)
{
  TernExit worst = TERN_EXIT_OK;
  guint wrong = 0;

  for (guint i = 0; i < tasks->len; i++)
    {
      TernExit status = get_status (tasks->pdata[i]);

      worst = get_worse (worst, status);
      wrong += status != TERN_EXIT_OK ? 1 : 0;
    }
  if (wrong == 0)
    return TRUE;

  g_set_error (
      error, TERN_EXIT_ERROR, (int) worst,
      worst == TERN_EXIT_ATTENTION
          ? _ ("%u of %u tasks did not end well, and somebody must look at both hosts of a "
               "VM; see “virtern status”")
          : _ ("%u of %u tasks did not end well; see “virtern task list”"),
      wrong, tasks->len);
  return FALSE;
}
