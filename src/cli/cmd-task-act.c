/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern task switch|cancel: what can be done to a task under way, and what came of it.
 */
#include "config.h"

#include "cli/cmd.h"

#include "cli/drain-items.h"
#include "cli/drain-outcome.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"
#include "cli/kind-words.h"
#include "cli/outcome.h"
#include "cli/output.h"

#include <inttypes.h>
#include <string.h>

/* A cancel is carried out within this time, or it is told why it was not. */
#define CANCEL_WAIT_S 30

static gboolean
wants_json (TernCli *cli)
{
  return tern_args_has (cli->args, TERN_OPTION_JSON);
}

static gboolean
print_task_json (TernCli *cli, guint64 id, GError **error)
{
  g_autoptr (GVariant) task = tern_client_fetch_task (cli->client, id, error);

  if (task == NULL)
    return FALSE;
  tern_output_json (tern_output_properties_to_json (task));
  return TRUE;
}

/* --- switch --- */

gboolean
tern_cmd_task_switch (TernCli *cli, GError **error)
{
  const char *policy = tern_args_get (cli->args, TERN_OPTION_POLICY);
  guint64 id;

  if (!tern_args_parse_id (cli->args->operands[0], &id, error)
      || !tern_client_call_task (cli->client, id, "SwitchPolicy",
                                 g_variant_new ("(sa{sv})", policy, NULL), error))
    return FALSE;

  if (wants_json (cli))
    return print_task_json (cli, id, error);
  g_print (_ ("Task %" PRIu64 " goes on by the policy “%s”; “virtern task watch %" PRIu64
              "” follows it.\n"),
           id, policy, id);
  return TRUE;
}

/* --- cancel --- */

/* A task that was cancelled in the queue has no verdict. */
static void
print_cancelled (GVariant *task)
{
  const char *verdict = tern_props_string (task, "Verdict");
  g_autofree char *not_done = tern_kind_format_not_done (task);

  if (tern_kind_is_drain (task))
    {
      tern_drain_outcome_print (task);
      return;
    }
  g_print (_ ("Task %" PRIu64 " is cancelled: %s\n"), tern_props_uint64 (task, "Id"), not_done);
  if (*verdict != '\0')
    g_print ("%s\n", verdict);
}

/* Cancelled is what was wanted here, so that is the success; done came too late. */
static gboolean
report_cancelled (TernCli *cli, GVariant *task, GError **error)
{
  const char *state = tern_props_string (task, "State");

  if (wants_json (cli))
    tern_output_json (tern_output_properties_to_json (task));

  if (strcmp (state, "cancelled") == 0)
    {
      if (!wants_json (cli))
        print_cancelled (task);
      return TRUE;
    }
  if (strcmp (state, "done") == 0)
    {
      g_autofree char *sentence = tern_outcome_format_done (task);

      g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_FAILED, _ ("The cancel came too late: %s"),
                   sentence);
      return FALSE;
    }

  tern_outcome_set_error (task, error);
  return FALSE;
}

/* Its moves under way go on to their ends, which may take as long as they do. */
static void
set_drain_not_yet (GVariant *task, GError **error)
{
  g_autoptr (GVariant) items = tern_drain_items_get (task);
  guint n = tern_drain_items_count (items, "moving");
  guint64 id = tern_props_uint64 (task, "Id");

  g_set_error (
      error, TERN_EXIT_ERROR, TERN_EXIT_WAIT_TIMED_OUT,
      ngettext ("Task %" PRIu64 " begins no further VM; %u move is under way and goes on to its "
                "end\n“virtern task cancel %" PRIu64 " --abort” cancels it, too; “virtern task "
                "watch %" PRIu64 "” follows it",
                "Task %" PRIu64 " begins no further VM; %u moves are under way and go on to their "
                "ends\n“virtern task cancel %" PRIu64 " --abort” cancels them, too; “virtern task "
                "watch %" PRIu64 "” follows it",
                n),
      id, n, id, id);
}

/* The wait is over and the task is not: what is holding it up. */
static void
set_not_yet (GVariant *task, GError **error)
{
  static const char *const past[] = { "post-copy", "recovering", NULL };
  static const char *const looking[] = { "verifying", "repairing", "resolving", NULL };
  guint64 id = tern_props_uint64 (task, "Id");
  const char *vm = tern_props_string (task, "Vm");
  const char *source = tern_props_string (task, "Source");
  const char *phase = tern_props_string (task, "Phase");
  g_autofree char *why = NULL;
  gboolean late = g_strv_contains (past, phase);

  if (late)
    why = g_strdup_printf (_ ("The cancel came too late: %s runs on %s already (%s); the rest of "
                              "its memory still has to follow"),
                           vm, tern_props_string (task, "Destination"), phase);
  else if (g_strv_contains (looking, phase))
    why = g_strdup_printf (_ ("The move of %s is over, and virternd still finds out on which host "
                              "it is (%s)"),
                           vm, phase);
  else
    why = g_strdup_printf (_ ("The cancel of task %" PRIu64 " is not carried out yet by %s; it is "
                              "still tried"),
                           id, source);

  g_set_error (error, TERN_EXIT_ERROR, late ? TERN_EXIT_FAILED : TERN_EXIT_WAIT_TIMED_OUT,
               _ ("%s\n%s\n“virtern task watch %" PRIu64 "” follows it"), why,
               tern_props_string (task, "Note"), id);
}

static gboolean
report_wait_over (TernCli *cli, guint64 id, GError **error)
{
  g_autoptr (GVariant) task = tern_client_fetch_task (cli->client, id, error);
  const char *state;

  if (task == NULL)
    return FALSE;
  /* It may have ended just now. */
  state = tern_props_string (task, "State");
  if (strcmp (state, "queued") != 0 && strcmp (state, "running") != 0)
    return report_cancelled (cli, task, error);
  if (wants_json (cli))
    tern_output_json (tern_output_properties_to_json (task));
  if (tern_kind_is_drain (task))
    set_drain_not_yet (task, error);
  else
    set_not_yet (task, error);
  return FALSE;
}

static gboolean
wait_for_cancel (TernCli *cli, guint64 id, GError **error)
{
  guint timeout_s = tern_outcome_get_timeout (cli);
  g_autoptr (GError) local_error = NULL;
  TernFollow follow = {
    .ids = &id,
    .n_ids = 1,
    .timeout_s = timeout_s > 0 ? timeout_s : CANCEL_WAIT_S,
    .is_ours = TRUE,
  };
  g_autoptr (GVariant) task = tern_outcome_follow (cli, &follow, &local_error);

  if (task != NULL)
    return report_cancelled (cli, task, error);
  if (g_error_matches (local_error, TERN_EXIT_ERROR, TERN_EXIT_WAIT_TIMED_OUT))
    return report_wait_over (cli, id, error);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

gboolean
tern_cmd_task_cancel (TernCli *cli, GError **error)
{
  GVariantBuilder options;
  guint64 id;

  if (!tern_args_parse_id (cli->args->operands[0], &id, error))
    return FALSE;
  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (tern_args_has (cli->args, TERN_OPTION_ABORT))
    g_variant_builder_add (&options, "{sv}", "abort", g_variant_new_boolean (TRUE));
  if (!tern_client_call_task (cli->client, id, "Cancel", g_variant_new ("(a{sv})", &options),
                              error))
    return FALSE;

  if (!tern_args_has (cli->args, TERN_OPTION_NO_WAIT))
    return wait_for_cancel (cli, id, error);
  if (wants_json (cli))
    return print_task_json (cli, id, error);
  g_print (_ ("Task %" PRIu64 " is asked to stop; “virtern task watch %" PRIu64 "” follows it.\n"),
           id, id);
  return TRUE;
}
