/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern vm lock|unlock
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/text.h"
#include "base/units.h"
#include "cli/i18n.h"
#include "cli/output.h"
#include "cli/value.h"

/* What the VM shows now. @sentence: (transfer full): for people */
static gboolean
report (TernCli *cli, char *sentence, GError **error)
{
  g_autofree char *owned = sentence;
  g_autoptr (GVariant) vm = NULL;

  if (!tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      g_print ("%s\n", owned);
      return TRUE;
    }
  vm = tern_client_fetch_vm (cli->client, cli->args->operands[0], error);
  if (vm == NULL)
    return FALSE;
  tern_output_json (tern_output_properties_to_json (vm));
  return TRUE;
}

/* Without an option @when is 0. */
static gboolean
get_expiry (const TernArgs *args, gint64 *out_when, GError **error)
{
  const char *text = tern_args_get (args, TERN_OPTION_EXPIRES);

  *out_when = 0;
  return text == NULL || tern_value_parse_when (text, g_get_real_time (), out_when, error);
}

gboolean
tern_cmd_vm_lock (TernCli *cli, GError **error)
{
  const char *vm = cli->args->operands[0];
  const char *reason = tern_args_get (cli->args, TERN_OPTION_REASON);
  g_autoptr (GVariant) reply = NULL;
  g_autofree char *visible = tern_text_visible (vm, 0);
  g_autofree char *until = NULL;
  GVariantBuilder options;
  gint64 expires;

  if (!get_expiry (cli->args, &expires, error))
    return FALSE;
  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (expires > 0)
    g_variant_builder_add (&options, "{sv}", "expires", g_variant_new_int64 (expires));

  reply = tern_client_call_manager (cli->client, TERN_CALL_ACT, "LockVm",
                                    g_variant_new ("(ssa{sv})", vm, reason, &options), error);
  if (reply == NULL)
    return FALSE;

  until = tern_units_format_time (expires);
  if (expires > 0)
    return report (cli, g_strdup_printf (_ ("%s is locked until %s"), visible, until), error);
  return report (
      cli, g_strdup_printf (_ ("%s is locked until “virtern vm unlock %s”"), visible, visible),
      error);
}

gboolean
tern_cmd_vm_unlock (TernCli *cli, GError **error)
{
  const char *vm = cli->args->operands[0];
  g_autofree char *visible = tern_text_visible (vm, 0);
  g_autoptr (GVariant) reply = tern_client_call_manager (
      cli->client, TERN_CALL_ACT, "UnlockVm", g_variant_new ("(sa{sv})", vm, NULL), error);

  return reply != NULL && report (cli, g_strdup_printf (_ ("%s is unlocked"), visible), error);
}
