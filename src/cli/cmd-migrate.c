/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern migrate, and virtern vm start: the host is named, or the best one is chosen.
 */
#include "config.h"

#include "cli/cmd.h"

#include "cli/ask.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"
#include "cli/launch.h"
#include "cli/move-words.h"
#include "cli/plan-report.h"

static GVariant *
make_options (const TernArgs *args, gboolean is_group)
{
  const char *host = tern_args_get (args, TERN_OPTION_TO);
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  tern_move_words_add (&options, args);
  if (tern_args_has (args, TERN_OPTION_EJECT_LOCAL_MEDIA))
    g_variant_builder_add (&options, "{sv}", "eject-local-media", g_variant_new_boolean (TRUE));
  if (is_group && tern_args_has (args, TERN_OPTION_PARTIAL))
    g_variant_builder_add (&options, "{sv}", "partial", g_variant_new_boolean (TRUE));
  if (is_group && host != NULL)
    g_variant_builder_add (&options, "{sv}", "destination", g_variant_new_string (host));
  return g_variant_builder_end (&options);
}

/* @reply: (nullable): why not is in @error then */
static gboolean
follow_one (TernCli *cli, const TernAsk *ask, GVariant *reply, GError **error)
{
  const char *path;

  if (reply == NULL)
    {
      tern_launch_explain_refusal (cli, ask, error);
      return FALSE;
    }
  g_variant_get (reply, "(&o)", &path);
  return tern_launch_one (cli, path, error);
}

static gboolean
migrate_one (TernCli *cli, const TernAsk *ask, GError **error)
{
  const char *host = ask->destination != NULL ? ask->destination : "";
  g_autoptr (GVariant) reply = tern_client_call_manager (
      cli->client, TERN_CALL_ACT, "Migrate",
      g_variant_new ("(ss@a{sv})", ask->vms[0], host, make_options (cli->args, FALSE)), error);

  return follow_one (cli, ask, reply, error);
}

static gboolean
migrate_group (TernCli *cli, const TernAsk *ask, GError **error)
{
  g_autoptr (GVariant) reply = tern_client_call_manager (
      cli->client, TERN_CALL_ACT, "MigrateGroup",
      g_variant_new ("(^as@a{sv})", ask->vms, make_options (cli->args, TRUE)), error);
  g_autoptr (GVariant) paths = NULL;
  g_autoptr (GVariant) refused = NULL;

  if (reply == NULL)
    {
      tern_launch_explain_refusal (cli, ask, error);
      return FALSE;
    }
  paths = g_variant_get_child_value (reply, 0);
  refused = g_variant_get_child_value (reply, 1);
  return tern_launch_all (cli, paths, refused, error);
}

gboolean
tern_cmd_migrate (TernCli *cli, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  gboolean done;
  TernAsk ask;

  tern_ask_init (&ask, cli->args);
  if (tern_args_has (cli->args, TERN_OPTION_DRY_RUN))
    return tern_plan_report (cli, &ask, !tern_args_has (cli->args, TERN_OPTION_NO_FORECAST), error);
  if (tern_args_has (cli->args, TERN_OPTION_NO_FORECAST))
    {
      g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE,
                   _ ("--no-forecast goes with --dry-run only; a move itself measures nothing "
                      "before it begins"));
      return FALSE;
    }

  done = ask.vms[1] == NULL ? migrate_one (cli, &ask, &local_error)
                            : migrate_group (cli, &ask, &local_error);
  if (!done)
    g_propagate_error (error, g_steal_pointer (&local_error));
  return done;
}

gboolean
tern_cmd_vm_start (TernCli *cli, GError **error)
{
  TernAsk ask = {
    .vms = (const char *const *) cli->args->operands,
    .act = "start",
    .destination = tern_args_get (cli->args, TERN_OPTION_ON),
  };
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GVariant) reply = tern_client_call_manager (
      cli->client, TERN_CALL_ACT, "StartVm",
      g_variant_new ("(ssa{sv})", ask.vms[0], ask.destination != NULL ? ask.destination : "", NULL),
      &local_error);

  if (follow_one (cli, &ask, reply, &local_error))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local_error));
  return FALSE;
}
