/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern host set
 */
#include "config.h"

#include "cli/cmd.h"

#include "cli/i18n.h"
#include "cli/output.h"

/* Mbit/s, as links are sold, in bytes per second. */
#define BYTES_OF_MBIT 125000

/* How a number that was typed is sent. */
typedef struct
{
  TernOption option;
  gboolean is_count;
  guint64 factor;
} Number;

static void
add_strings (GVariantBuilder *options, const TernArgs *args)
{
  static const TernOption strings[] = { TERN_OPTION_NEW_PEER_URI, TERN_OPTION_NEW_ADDRESS,
                                        TERN_OPTION_CLUSTER };

  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    {
      const TernOptionInfo *info = tern_option_get_info (strings[i]);
      const char *value = tern_args_get (args, strings[i]);

      if (value != NULL)
        g_variant_builder_add (
            options, "{sv}", info->name,
            g_variant_new_string (g_strcmp0 (value, info->zero) == 0 ? "" : value));
    }
}

static void
add_numbers (GVariantBuilder *options, const TernArgs *args)
{
  static const Number numbers[] = {
    { TERN_OPTION_NEW_RESERVE, FALSE, 1 << 20 },
    { TERN_OPTION_LIMIT_OUT, TRUE, 1 },
    { TERN_OPTION_LIMIT_IN, TRUE, 1 },
    { TERN_OPTION_LINK_RATE, FALSE, BYTES_OF_MBIT },
    { TERN_OPTION_HOST_BANDWIDTH, FALSE, 1 << 20 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      guint64 value = tern_args_get_number (args, numbers[i].option, 0) * numbers[i].factor;

      if (tern_args_has (args, numbers[i].option))
        g_variant_builder_add (options, "{sv}", tern_option_get_info (numbers[i].option)->name,
                               numbers[i].is_count ? g_variant_new_uint32 ((guint) value)
                                                   : g_variant_new_uint64 (value));
    }
}

gboolean
tern_cmd_host_set (TernCli *cli, GError **error)
{
  const char *name = cli->args->operands[0];
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) host = NULL;
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  add_strings (&options, cli->args);
  add_numbers (&options, cli->args);
  reply = tern_client_call_manager (cli->client, TERN_CALL_ACT, "SetHost",
                                    g_variant_new ("(sa{sv})", name, &options), error);
  if (reply == NULL)
    return FALSE;

  if (!tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      g_print (_ ("%s is changed; “virtern host show %s” shows it\n"), name, name);
      return TRUE;
    }
  host = tern_client_fetch_host (cli->client, name, error);
  if (host == NULL)
    return FALSE;
  tern_output_json (tern_output_properties_to_json (host));
  return TRUE;
}
