/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern check, virtern plan place, and virtern migrate --dry-run: what would happen, by the
 * daemon or by a snapshot file.
 */
#include "config.h"

#include "cli/cmd.h"

#include "cli/exit-status.h"
#include "cli/forecasts.h"
#include "cli/i18n.h"
#include "cli/output.h"
#include "cli/places.h"
#include "cli/plan-report.h"

static gboolean
check_places (const TernAsk *ask, GVariant *hosts, GError **error)
{
  if (tern_places_count (hosts) > 0)
    return TRUE;

  if (g_variant_n_children (hosts) == 0)
    g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_REFUSED,
                 _ ("There is no host yet; “virtern host add NAME URI” takes one in"));
  else if (ask->destination != NULL)
    g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_REFUSED, _ ("%s cannot take %s"),
                 ask->destination, ask->vms[0]);
  else
    g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_REFUSED, _ ("No host can take %s"), ask->vms[0]);
  return FALSE;
}

gboolean
tern_cmd_check (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) hosts = NULL;
  TernAsk ask;

  tern_ask_init (&ask, cli->args);
  hosts = tern_ask_check (cli, &ask, error);
  if (hosts == NULL)
    return FALSE;

  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    tern_output_json (tern_output_variant_to_json (hosts));
  else
    tern_places_print_hosts (ask.vms[0], hosts, tern_args_has (cli->args, TERN_OPTION_EXPLAIN));
  return check_places (&ask, hosts, error);
}

static gboolean
check_plan (TernCli *cli, GVariant *moves, GVariant *refused, GError **error)
{
  guint n_moves = (guint) g_variant_n_children (moves);
  guint n_refused = (guint) g_variant_n_children (refused);
  gboolean partial = tern_args_has (cli->args, TERN_OPTION_PARTIAL);

  if (n_refused == 0 || (partial && n_moves > 0))
    return TRUE;
  g_set_error (
      error, TERN_EXIT_ERROR, TERN_EXIT_REFUSED,
      ngettext ("%u of %u VM finds no place", "%u of %u VMs find no place", n_moves + n_refused),
      n_refused, n_moves + n_refused);
  return FALSE;
}

/* @forecasts: (nullable) */
static void
print_plan (GVariant *plan, GVariant *moves, GVariant *refused, GPtrArray *forecasts)
{
  tern_places_print_moves (plan);
  if (forecasts != NULL)
    tern_forecasts_print (moves, forecasts);
  if (g_variant_n_children (moves) > 0 && g_variant_n_children (refused) > 0)
    g_print ("\n");
  tern_places_print_refused (refused);
}

gboolean
tern_plan_report (TernCli *cli, const TernAsk *ask, gboolean with_forecasts, GError **error)
{
  g_autoptr (GVariant) plan = tern_ask_plan (cli, ask, error);
  g_autoptr (GVariant) moves = NULL;
  g_autoptr (GVariant) refused = NULL;
  g_autoptr (GPtrArray) forecasts = NULL;

  if (plan == NULL)
    return FALSE;
  moves = g_variant_get_child_value (plan, 0);
  refused = g_variant_get_child_value (plan, 1);
  if (with_forecasts)
    forecasts = tern_forecasts_fetch (cli, moves);

  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      JsonNode *node = tern_places_plan_to_json (plan);

      if (forecasts != NULL)
        tern_forecasts_add_to_json (node, forecasts);
      tern_output_json (node);
    }
  else
    print_plan (plan, moves, refused, forecasts);
  return check_plan (cli, moves, refused, error);
}

gboolean
tern_cmd_plan_place (TernCli *cli, GError **error)
{
  TernAsk ask;

  tern_ask_init (&ask, cli->args);
  return tern_plan_report (cli, &ask, FALSE, error);
}
