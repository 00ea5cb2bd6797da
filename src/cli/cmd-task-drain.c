/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern task resume|undo: drains that go on, or are taken back.
 */
#include "config.h"

#include "cli/cmd.h"

#include "cli/drain-order.h"
#include "cli/launch.h"

/* @options: (transfer floating): a{sv}; %NULL for none */
static gboolean
call_and_follow (TernCli *cli, const char *method, GVariant *options, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GError) local_error = NULL;
  const char *path;
  guint64 id;

  if (options == NULL)
    options = g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0);
  g_variant_ref_sink (options);
  if (tern_args_parse_id (cli->args->operands[0], &id, &local_error))
    reply = tern_client_ask_task (cli->client, id, method, g_variant_new ("(@a{sv})", options),
                                  &local_error);
  g_variant_unref (options);
  if (reply == NULL)
    {
      tern_drain_order_refuse (&local_error);
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  g_variant_get (reply, "(&o)", &path);
  return tern_launch_one (cli, path, error);
}

gboolean
tern_cmd_task_resume (TernCli *cli, GError **error)
{
  GVariantBuilder options;
  GVariant *actions;

  if (!tern_drain_order_build_actions (cli->args, NULL, &actions, error))
    return FALSE;
  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (actions != NULL)
    g_variant_builder_add (&options, "{sv}", "actions", actions);
  return call_and_follow (cli, "Resume", g_variant_builder_end (&options), error);
}

gboolean
tern_cmd_task_undo (TernCli *cli, GError **error)
{
  return call_and_follow (cli, "Undo", NULL, error);
}
