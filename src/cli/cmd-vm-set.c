/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern vm set
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/text.h"
#include "cli/i18n.h"
#include "cli/output.h"

gboolean
tern_cmd_vm_set (TernCli *cli, GError **error)
{
  const char *vm = cli->args->operands[0];
  const char *word = tern_args_get (cli->args, TERN_OPTION_DRAIN_ACTION);
  gboolean none = g_strcmp0 (word, tern_option_get_info (TERN_OPTION_DRAIN_ACTION)->zero) == 0;
  g_autofree char *visible = tern_text_visible (vm, 0);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) props = NULL;
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "drain-action", g_variant_new_string (none ? "" : word));
  reply = tern_client_call_manager (cli->client, TERN_CALL_ACT, "SetVm",
                                    g_variant_new ("(sa{sv})", vm, &options), error);
  if (reply == NULL)
    return FALSE;

  if (!tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      if (none)
        g_print (_ ("%s has no drain action of its own any more\n"), visible);
      else
        g_print (_ ("A drain does “%s” with %s from now on\n"), word, visible);
      return TRUE;
    }
  props = tern_client_fetch_vm (cli->client, vm, error);
  if (props == NULL)
    return FALSE;
  tern_output_json (tern_output_properties_to_json (props));
  return TRUE;
}
