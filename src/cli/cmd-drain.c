/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern drain, apply, activate, and plan drain: hosts are emptied, and filled again.
 *
 *   drain  --dry-run           PlanDrain -> shown, kept
 *   drain  on a terminal       PlanDrain -> shown -> (asked -> PlanDrain -> shown) -> Drain ->
 * followed drain  in a script         Drain -> followed
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/error.h"
#include "cli/drain-ask.h"
#include "cli/drain-document.h"
#include "cli/drain-items.h"
#include "cli/drain-order.h"
#include "cli/duty-text.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"
#include "cli/launch.h"
#include "cli/offline.h"
#include "cli/output.h"

#include <string.h>
#include <unistd.h>

/* --- plans --- */

static TernDrainDocument *
fetch (TernCli *cli, const char *method, GVariant *parameters, GError **error)
{
  g_autoptr (GVariant) reply =
      tern_client_call_manager (cli->client, TERN_CALL_READ, method, parameters, error);
  const char *text;

  if (reply == NULL)
    return NULL;
  g_variant_get (reply, "(&s)", &text);
  return tern_drain_document_read (text, error);
}

static TernDrainDocument *
fetch_plan (TernCli *cli, GHashTable *answers, GError **error)
{
  GVariant *options = tern_drain_order_build (cli->args, answers, FALSE, error);

  if (options == NULL)
    return NULL;
  return fetch (cli, "PlanDrain", g_variant_new ("(^as@a{sv})", cli->args->operands, options),
                error);
}

static gboolean
keep_plan (TernCli *cli, const TernDrainDocument *document, GError **error)
{
  const char *file = tern_args_get (cli->args, TERN_OPTION_SAVE);

  if (file == NULL)
    return TRUE;
  if (!tern_drain_document_save (document, file, error))
    return FALSE;
  if (!tern_args_has (cli->args, TERN_OPTION_JSON))
    g_printerr (_ ("The plan is kept in %s; “virtern apply %s” carries it out.\n"), file, file);
  return TRUE;
}

/* Also the status that the drain itself would end with. */
static gboolean
report_plan (TernCli *cli, const TernDrainDocument *document, GError **error)
{
  guint left = tern_drain_items_count (document->items, "left");

  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    tern_drain_document_print_json (document);
  else
    tern_drain_document_print (document);
  if (!keep_plan (cli, document, error))
    return FALSE;
  if (left == 0 || document->returning)
    return TRUE;
  g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_FAILED,
               ngettext ("%u VM would be left", "%u VMs would be left", left), left);
  return FALSE;
}

gboolean
tern_cmd_plan_drain (TernCli *cli, GError **error)
{
  const char *file = tern_args_get (cli->args, TERN_OPTION_SNAPSHOT);
  g_autoptr (TernDrainDocument) document = NULL;
  g_autoptr (GError) local_error = NULL;
  g_autofree char *text = NULL;

  if (file == NULL)
    document = fetch_plan (cli, NULL, &local_error);
  else if ((text = tern_offline_drain (cli->args, file, &local_error)) != NULL)
    document = tern_drain_document_read (text, &local_error);
  if (document != NULL && report_plan (cli, document, &local_error))
    return TRUE;

  tern_drain_order_refuse (&local_error);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

/* --- drain --- */

/* Shows the plan, and asks where a person is to be asked; @answers: to be added to. */
static gboolean
prepare (TernCli *cli, GHashTable *answers, GError **error)
{
  g_autoptr (TernDrainDocument) document = fetch_plan (cli, answers, error);
  guint asked;

  if (document == NULL)
    return FALSE;
  if (!tern_drain_ask_is_possible (cli))
    return keep_plan (cli, document, error);

  tern_drain_document_print (document);
  if (!tern_drain_ask (document, answers, error))
    return FALSE;
  asked = g_hash_table_size (answers);
  if (asked > 0)
    {
      g_clear_pointer (&document, tern_drain_document_free);
      document = fetch_plan (cli, answers, error);
      if (document == NULL)
        return FALSE;
      g_print ("\n");
      tern_drain_document_print (document);
    }
  g_print ("\n");
  return keep_plan (cli, document, error);
}

static gboolean
order (TernCli *cli, GHashTable *answers, GError **error)
{
  GVariant *options = tern_drain_order_build (cli->args, answers, TRUE, error);
  g_autoptr (GVariant) reply = NULL;
  const char *path;

  if (options == NULL)
    return FALSE;
  reply =
      tern_client_call_manager (cli->client, TERN_CALL_ACT, "Drain",
                                g_variant_new ("(^as@a{sv})", cli->args->operands, options), error);
  if (reply == NULL)
    {
      tern_drain_order_refuse (error);
      return FALSE;
    }
  g_variant_get (reply, "(&o)", &path);
  return tern_launch_one (cli, path, error);
}

gboolean
tern_cmd_drain (TernCli *cli, GError **error)
{
  g_autoptr (GHashTable) answers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GError) local_error = NULL;
  gboolean shown = tern_drain_ask_is_possible (cli) || tern_args_has (cli->args, TERN_OPTION_SAVE);

  if (tern_args_has (cli->args, TERN_OPTION_DRY_RUN))
    return tern_cmd_plan_drain (cli, error);
  if ((!shown || prepare (cli, answers, &local_error)) && order (cli, answers, &local_error))
    return TRUE;

  tern_drain_order_refuse (&local_error);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}

/* --- apply --- */

gboolean
tern_cmd_apply (TernCli *cli, GError **error)
{
  const char *file = cli->args->operands[0];
  g_autofree char *text = tern_drain_document_load (file, error);
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GVariant) reply = NULL;
  const char *path;

  if (text == NULL)
    return FALSE;
  reply = tern_client_call_manager (
      cli->client, TERN_CALL_ACT, "ApplyPlan",
      g_variant_new ("(s@a{sv})", text, tern_drain_order_build_moves (cli->args)), &local_error);
  if (reply == NULL)
    {
      tern_drain_order_refuse (&local_error);
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  g_variant_get (reply, "(&o)", &path);
  return tern_launch_one (cli, path, error);
}

/* --- activate --- */

static gboolean
plan_return (TernCli *cli, GError **error)
{
  g_autoptr (TernDrainDocument) document =
      fetch (cli, "PlanReturn", g_variant_new ("(sa{sv})", cli->args->operands[0], NULL), error);

  return document != NULL && report_plan (cli, document, error);
}

/* Kept before the host is opened: then what the plan stands on changes. */
static gboolean
keep_return (TernCli *cli, GError **error)
{
  g_autoptr (TernDrainDocument) document = NULL;

  if (!tern_args_has (cli->args, TERN_OPTION_SAVE))
    return TRUE;
  document =
      fetch (cli, "PlanReturn", g_variant_new ("(sa{sv})", cli->args->operands[0], NULL), error);
  return document != NULL && keep_plan (cli, document, error);
}

/* It is open, and there is no task. */
static gboolean
report_opened (TernCli *cli, GError **error)
{
  const char *host = cli->args->operands[0];
  g_autoptr (GVariant) props = NULL;
  g_autoptr (GVariant) origins = NULL;
  guint away;

  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      props = tern_client_fetch_host (cli->client, host, error);
      if (props != NULL)
        tern_output_json (tern_output_properties_to_json (props));
      return props != NULL;
    }

  origins = tern_origins_fetch (cli->client, host, NULL);
  away = origins != NULL ? (guint) g_variant_n_children (origins) : 0;
  g_print (_ ("%s is open to VMs.\n"), host);
  if (away > 0)
    g_print (ngettext ("%u VM that left it is elsewhere; “virtern activate %s --return” brings it "
                       "back.\n",
                       "%u VMs that left it are elsewhere; “virtern activate %s --return” brings "
                       "them back.\n",
                       away),
             away, host);
  else if (tern_args_has (cli->args, TERN_OPTION_RETURN))
    g_print (_ ("No VM that a drain took from it is elsewhere.\n"));
  return TRUE;
}

static gboolean
check_activate (const TernArgs *args, GError **error)
{
  static const TernOption only_with_return[] = { TERN_OPTION_DRY_RUN, TERN_OPTION_SAVE,
                                                 TERN_OPTION_NO_WAIT, TERN_OPTION_TIMEOUT };

  for (guint i = 0; i < G_N_ELEMENTS (only_with_return); i++)
    if (tern_args_has (args, only_with_return[i]) && !tern_args_has (args, TERN_OPTION_RETURN))
      {
        g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE,
                     _ ("--%s goes with --return only: without it the host is opened at once, and "
                        "nothing is moved"),
                     tern_option_get_info (only_with_return[i])->name);
        return FALSE;
      }
  return TRUE;
}

gboolean
tern_cmd_activate (TernCli *cli, GError **error)
{
  const char *host = cli->args->operands[0];
  g_autoptr (GVariant) reply = NULL;
  GVariantBuilder options;
  const char *path;

  if (!check_activate (cli->args, error))
    return FALSE;
  if (tern_args_has (cli->args, TERN_OPTION_DRY_RUN))
    return plan_return (cli, error);
  if (!keep_return (cli, error))
    return FALSE;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (tern_args_has (cli->args, TERN_OPTION_RETURN))
    g_variant_builder_add (&options, "{sv}", "return", g_variant_new_boolean (TRUE));
  reply = tern_client_call_manager (cli->client, TERN_CALL_ACT, "Activate",
                                    g_variant_new ("(sa{sv})", host, &options), error);
  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(&o)", &path);
  if (strcmp (path, "/") == 0)
    return report_opened (cli, error);
  return tern_launch_one (cli, path, error);
}
