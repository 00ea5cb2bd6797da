/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern limits, virtern limits set|reset: how many moves go on at a time.
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/names.h"
#include "cli/i18n.h"
#include "cli/output.h"
#include "cli/words.h"
#include "cli/table.h"

static gboolean
has_own (GVariant *host)
{
  return tern_props_uint (host, "LimitOut") > 0 || tern_props_uint (host, "LimitIn") > 0
         || tern_props_uint64 (host, "Bandwidth") > 0;
}

static void
add_host (TernTable *table, GVariant *host)
{
  tern_table_add_row (table);
  tern_table_set (table, 0, tern_props_string (host, "Name"));
  tern_table_take (table, 1, tern_words_limit (tern_props_uint (host, "LimitOut"), "-"));
  tern_table_take (table, 2, tern_words_limit (tern_props_uint (host, "LimitIn"), "-"));
  tern_table_take (table, 3, tern_words_bandwidth (tern_props_uint64 (host, "Bandwidth")));
}

/* Returns: (transfer full) (nullable) (element-type GVariant): hosts with limits of their own */
static GPtrArray *
fetch_hosts (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) objects = tern_client_fetch_objects (cli->client, TERN_CALL_READ, error);
  GPtrArray *hosts;

  if (objects == NULL)
    return NULL;
  hosts = tern_objects_collect (objects, TERN_IFACE_HOST, "Name");
  for (guint i = hosts->len; i-- > 0;)
    if (!has_own (hosts->pdata[i]))
      g_ptr_array_remove_index (hosts, i);
  return hosts;
}

static void
print_hosts (GPtrArray *hosts)
{
  static const TernColumn columns[] = {
    { N_ ("HOST"), TERN_COLUMN_NAME },
    { N_ ("OUT"), TERN_COLUMN_TEXT },
    { N_ ("IN"), TERN_COLUMN_TEXT },
    { N_ ("BANDWIDTH"), TERN_COLUMN_TEXT },
  };
  g_autoptr (TernTable) table = tern_table_new (columns, G_N_ELEMENTS (columns));

  if (hosts->len > 0)
    g_print (_ ("\nHosts with limits of their own:\n"));
  for (guint i = 0; i < hosts->len; i++)
    add_host (table, hosts->pdata[i]);
  tern_table_print (table);
}

/* As “host show” has them. Returns: floating, aa{sv} */
static GVariant *
build_hosts (GPtrArray *hosts)
{
  static const char *const keys[] = { "Name", "LimitOut", "LimitIn", "Bandwidth" };
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < hosts->len; i++)
    {
      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      for (guint k = 0; k < G_N_ELEMENTS (keys); k++)
        {
          g_autoptr (GVariant) value = g_variant_lookup_value (hosts->pdata[i], keys[k], NULL);

          if (value != NULL)
            g_variant_builder_add (&builder, "{sv}", keys[k], value);
        }
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}

static void
print_json (GVariant *limits, GPtrArray *hosts)
{
  JsonNode *node = tern_output_properties_to_json (limits);
  g_autoptr (GVariant) list = g_variant_ref_sink (build_hosts (hosts));

  json_object_set_member (json_node_get_object (node), "hosts", tern_output_variant_to_json (list));
  tern_output_json (node);
}

static void
print_limits (GVariant *limits)
{
  tern_output_take_field (_ ("Out of a host"),
                          tern_words_limit (tern_props_uint (limits, "out"),
                                            _ ("auto: as many moves as fill the host's link")));
  tern_output_take_field (_ ("Into a host"),
                          tern_words_limit (tern_props_uint (limits, "in"),
                                            _ ("auto: as many moves as fill the host's link")));
  tern_output_take_field (_ ("In a cluster"),
                          tern_words_limit (tern_props_uint (limits, "cluster"), _ ("no limit")));
  tern_output_field (_ ("Set by"), tern_props_boolean (limits, "configured")
                                       ? _ ("the configuration")
                                       : _ ("“virtern limits set”; “virtern limits reset” goes "
                                            "back to the configuration"));
}

gboolean
tern_cmd_limits (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) manager = tern_client_fetch_manager (cli->client, error);
  g_autoptr (GVariant) limits = NULL;
  g_autoptr (GPtrArray) hosts = NULL;

  if (manager == NULL || (hosts = fetch_hosts (cli, error)) == NULL)
    return FALSE;
  limits = g_variant_lookup_value (manager, "Limits", G_VARIANT_TYPE_VARDICT);
  if (limits == NULL)
    limits = g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE ("{sv}"), NULL, 0));

  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      print_json (limits, hosts);
      return TRUE;
    }
  print_limits (limits);
  print_hosts (hosts);
  return TRUE;
}

/* @options: (transfer floating) */
static gboolean
change (TernCli *cli, GVariant *options, GError **error)
{
  g_autoptr (GVariant) reply = tern_client_call_manager (
      cli->client, TERN_CALL_ACT, "SetLimits", g_variant_new ("(@a{sv})", options), error);

  return reply != NULL && tern_cmd_limits (cli, error);
}

gboolean
tern_cmd_limits_set (TernCli *cli, GError **error)
{
  static const TernOption numbers[] = { TERN_OPTION_OUT, TERN_OPTION_IN, TERN_OPTION_IN_CLUSTER };
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (tern_args_has (cli->args, numbers[i]))
      g_variant_builder_add (
          &options, "{sv}", tern_option_get_info (numbers[i])->name,
          g_variant_new_uint32 ((guint) tern_args_get_number (cli->args, numbers[i], 0)));
  return change (cli, g_variant_builder_end (&options), error);
}

gboolean
tern_cmd_limits_reset (TernCli *cli, GError **error)
{
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "reset", g_variant_new_boolean (TRUE));
  return change (cli, g_variant_builder_end (&options), error);
}
