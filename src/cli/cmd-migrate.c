/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern migrate VM --to HOST
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/names.h"
#include "cli/i18n.h"
#include "cli/outcome.h"
#include "cli/output.h"

#include <inttypes.h>
#include <string.h>

static gboolean
report_started (TernCli *cli, guint64 id, GError **error)
{
  g_autoptr (GVariant) task = NULL;

  if (!tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      g_print (
          _ ("Task %" PRIu64 " moves %s to %s; “virtern task watch %" PRIu64 "” follows it.\n"), id,
          cli->args->operands[0], tern_args_get (cli->args, TERN_OPTION_TO), id);
      return TRUE;
    }

  task = tern_client_fetch_task (cli->client, id, error);
  if (task == NULL)
    return FALSE;
  tern_output_json (tern_output_properties_to_json (task));
  return TRUE;
}

gboolean
tern_cmd_migrate (TernCli *cli, GError **error)
{
  const char *vm = cli->args->operands[0];
  const char *host = tern_args_get (cli->args, TERN_OPTION_TO);
  g_autoptr (GVariant) task = NULL;
  g_autoptr (GVariant) reply = tern_client_call_manager (
      cli->client, TERN_CALL_ACT, "Migrate", g_variant_new ("(ssa{sv})", vm, host, NULL), error);
  const char *path;
  guint64 id;

  if (reply == NULL)
    return FALSE;

  g_variant_get (reply, "(&o)", &path);
  if (!tern_args_parse_id (strrchr (path, '/') + 1, &id, error))
    return FALSE;
  if (tern_args_has (cli->args, TERN_OPTION_NO_WAIT))
    return report_started (cli, id, error);

  task = tern_outcome_wait (cli, id, TRUE, error);
  return task != NULL && tern_outcome_report (cli, task, error);
}
