/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern host add|remove|list|show
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/names.h"
#include "base/units.h"
#include "cli/duty-text.h"
#include "cli/i18n.h"
#include "cli/output.h"
#include "cli/words.h"
#include "cli/table.h"

static void
add_string_option (GVariantBuilder *builder, const TernArgs *args, TernOption option)
{
  const char *value = tern_args_get (args, option);

  if (value != NULL)
    g_variant_builder_add (builder, "{sv}", tern_option_get_info (option)->name,
                           g_variant_new_string (value));
}

gboolean
tern_cmd_host_add (TernCli *cli, GError **error)
{
  const char *name = cli->args->operands[0];
  const char *uri = cli->args->operands[1];
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) host = NULL;
  GVariantBuilder options;

  /* The command calls its options as the API does. */
  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  add_string_option (&options, cli->args, TERN_OPTION_PEER_URI);
  add_string_option (&options, cli->args, TERN_OPTION_MIGRATION_ADDRESS);
  add_string_option (&options, cli->args, TERN_OPTION_CLUSTER);
  if (tern_args_has (cli->args, TERN_OPTION_MEMORY_RESERVE))
    g_variant_builder_add (
        &options, "{sv}", "memory-reserve",
        g_variant_new_uint64 (tern_args_get_number (cli->args, TERN_OPTION_MEMORY_RESERVE, 0)
                              << 20));

  reply = tern_client_call_manager (cli->client, TERN_CALL_ACT, "AddHost",
                                    g_variant_new ("(ssa{sv})", name, uri, &options), error);
  if (reply == NULL)
    return FALSE;

  if (!tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      g_print (_ ("%s is added\n"), name);
      return TRUE;
    }
  host = tern_client_fetch_host (cli->client, name, error);
  if (host == NULL)
    return FALSE;
  tern_output_json (tern_output_properties_to_json (host));
  return TRUE;
}

gboolean
tern_cmd_host_remove (TernCli *cli, GError **error)
{
  const char *name = cli->args->operands[0];
  g_autoptr (GVariant) reply = tern_client_call_manager (
      cli->client, TERN_CALL_ACT, "RemoveHost", g_variant_new ("(sa{sv})", name, NULL), error);

  if (reply == NULL)
    return FALSE;

  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    g_print ("{}\n");
  else
    g_print (_ ("%s is removed; it and its VMs are as they were\n"), name);
  return TRUE;
}

/* Returns: (transfer full) (element-type utf8 guint): how many VMs are on each host */
static GHashTable *
count_vms (GVariant *objects)
{
  GHashTable *counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GPtrArray) vms = tern_objects_collect (objects, TERN_IFACE_VM, "Name");

  for (guint i = 0; i < vms->len; i++)
    {
      const char *host = tern_props_string (vms->pdata[i], "Host");
      guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, host));

      g_hash_table_insert (counts, g_strdup (host), GUINT_TO_POINTER (count + 1));
    }
  return counts;
}

/* Of a host that was never seen nothing is known, which is not the same as 0. */
static void
add_facts (TernTable *table, guint column, GVariant *host)
{
  tern_table_take (table, column++, g_strdup_printf ("%u", tern_props_uint (host, "Cpus")));
  tern_table_take (table, column++,
                   tern_units_format_bytes (tern_props_uint64 (host, "MemoryTotal")));
  tern_table_take (table, column++,
                   tern_units_format_bytes (tern_props_uint64 (host, "MemoryFree")));
  tern_table_set (table, column++, tern_props_string (host, "CpuModel"));
  tern_table_take (table, column++,
                   tern_units_format_version (tern_props_uint64 (host, "LibvirtVersion")));
  tern_table_take (table, column++,
                   tern_units_format_version (tern_props_uint64 (host, "QemuVersion")));
}

static void
add_row (TernTable *table, GVariant *host, guint n_vms, gboolean with_cluster)
{
  const char *state = tern_props_string (host, "State");
  const char *duty = tern_props_string (host, "Duty");
  guint column = 0;

  tern_table_add_row (table);
  tern_table_set (table, column++, tern_props_string (host, "Name"));
  if (with_cluster)
    tern_table_set (table, column++, tern_props_string (host, "Cluster"));
  tern_table_set_colored (table, column++, state, tern_output_color_of_state (state));
  tern_table_set_colored (table, column++, duty, tern_output_color_of_state (duty));
  tern_table_take (table, column++, g_strdup_printf ("%u", n_vms));
  if (tern_props_int64 (host, "LastSeen") != 0)
    add_facts (table, column, host);
}

static gboolean
are_several_clusters (GPtrArray *hosts)
{
  for (guint i = 1; i < hosts->len; i++)
    if (g_strcmp0 (tern_props_string (hosts->pdata[i], "Cluster"),
                   tern_props_string (hosts->pdata[0], "Cluster"))
        != 0)
      return TRUE;
  return FALSE;
}

static TernTable *
make_table (gboolean with_cluster)
{
  static const TernColumn columns[] = {
    { N_ ("HOST"), TERN_COLUMN_NAME },      { N_ ("CLUSTER"), TERN_COLUMN_NAME },
    { N_ ("STATE"), TERN_COLUMN_TEXT },     { N_ ("DUTY"), TERN_COLUMN_TEXT },
    { N_ ("VMS"), TERN_COLUMN_NUMBER },     { N_ ("CPUS"), TERN_COLUMN_NUMBER },
    { N_ ("MEMORY"), TERN_COLUMN_NUMBER },  { N_ ("FREE"), TERN_COLUMN_NUMBER },
    { N_ ("CPU MODEL"), TERN_COLUMN_NAME }, { N_ ("LIBVIRT"), TERN_COLUMN_TEXT },
    { N_ ("QEMU"), TERN_COLUMN_TEXT },
  };
  TernColumn shown[G_N_ELEMENTS (columns)];
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    if (with_cluster || i != 1)
      shown[n++] = columns[i];
  return tern_table_new (shown, n);
}

static void
print_table (GPtrArray *hosts, GVariant *objects)
{
  gboolean with_cluster = are_several_clusters (hosts);
  g_autoptr (TernTable) table = make_table (with_cluster);
  g_autoptr (GHashTable) counts = count_vms (objects);

  for (guint i = 0; i < hosts->len; i++)
    {
      const char *name = tern_props_string (hosts->pdata[i], "Name");

      add_row (table, hosts->pdata[i], GPOINTER_TO_UINT (g_hash_table_lookup (counts, name)),
               with_cluster);
    }
  tern_table_print (table);
}

gboolean
tern_cmd_host_list (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) objects = tern_client_fetch_objects (cli->client, TERN_CALL_READ, error);
  g_autoptr (GPtrArray) hosts = NULL;

  if (objects == NULL)
    return FALSE;

  hosts = tern_objects_collect (objects, TERN_IFACE_HOST, "Name");
  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    tern_output_json (tern_output_list_to_json (hosts));
  else if (hosts->len == 0)
    g_printerr (_ ("There is no host yet; “virtern host add NAME URI” takes one in.\n"));
  else
    print_table (hosts, objects);
  return TRUE;
}

static void
print_promises (GVariant *host)
{
  tern_output_take_field (_ ("Kept from VMs"),
                          tern_units_format_bytes (tern_props_uint64 (host, "MemoryReserve")));
  tern_output_take_field (_ ("Reserved"),
                          tern_units_format_bytes (tern_props_uint64 (host, "MemoryReserved")));
  tern_output_take_field (_ ("Free to promise"),
                          tern_units_format_bytes (tern_props_uint64 (host, "MemoryPromisable")));
}

static void
print_facts (GVariant *host)
{
  g_auto (GStrv) features = tern_props_strings (host, "CpuFeatures");
  guint mhz = tern_props_uint (host, "CpuMhz");
  g_autofree char *clock = mhz > 0 ? g_strdup_printf (", %u MHz", mhz) : g_strdup ("");

  tern_output_field (_ ("UUID"), tern_props_string (host, "Uuid"));
  tern_output_field (_ ("Hostname"), tern_props_string (host, "Hostname"));
  tern_output_take_field (_ ("Memory"),
                          tern_units_format_bytes (tern_props_uint64 (host, "MemoryTotal")));
  tern_output_take_field (_ ("Memory free"),
                          tern_units_format_bytes (tern_props_uint64 (host, "MemoryFree")));
  print_promises (host);
  tern_output_take_field (_ ("CPUs"), g_strdup_printf ("%u (%s%s)", tern_props_uint (host, "Cpus"),
                                                       tern_props_string (host, "Arch"), clock));
  tern_output_field (_ ("CPU model"), tern_props_string (host, "CpuModel"));
  tern_output_field (_ ("CPU vendor"), tern_props_string (host, "CpuVendor"));
  tern_output_take_field (_ ("CPU features"), g_strjoinv (" ", features));
  tern_output_take_field (_ ("libvirt"),
                          tern_units_format_version (tern_props_uint64 (host, "LibvirtVersion")));
  tern_output_take_field (_ ("QEMU"),
                          tern_units_format_version (tern_props_uint64 (host, "QemuVersion")));
}

/* What is set, and what moves taught. */
static void
print_link (GVariant *host)
{
  tern_output_take_field (_ ("Migration link"),
                          tern_words_link (tern_props_uint64 (host, "LinkRate"),
                                           tern_props_string (host, "LinkRateFrom")));
  tern_output_take_field (_ ("Bandwidth of moves"),
                          tern_words_bandwidth (tern_props_uint64 (host, "Bandwidth")));
  tern_output_take_field (_ ("Moves out"),
                          tern_words_limit (tern_props_uint (host, "LimitOut"),
                                            _ ("as for all hosts, see “virtern limits”")));
  tern_output_take_field (_ ("Moves in"),
                          tern_words_limit (tern_props_uint (host, "LimitIn"),
                                            _ ("as for all hosts, see “virtern limits”")));
}

/* Who belongs here, is elsewhere, and why it could not come back. Of a daemon that does not know
 * that, nothing. */
static void
print_origins (TernCli *cli, GVariant *host)
{
  const char *name = tern_props_string (host, "Name");
  g_autoptr (GVariant) origins = tern_origins_fetch (cli->client, name, NULL);
  gsize n = origins != NULL ? g_variant_n_children (origins) : 0;

  if (n > 0)
    tern_output_take_field (
        _ ("Away"),
        g_strdup_printf (ngettext ("%u VM belongs here and is away; “virtern activate %s --return” "
                                   "brings it back",
                                   "%u VMs belong here and are away; “virtern activate %s "
                                   "--return” brings them back",
                                   n),
                         (guint) n, name));
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) origin = g_variant_get_child_value (origins, i);

      tern_output_take_field ("", tern_origin_format (origin));
    }
}

gboolean
tern_cmd_host_show (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) host = tern_client_fetch_host (cli->client, cli->args->operands[0], error);

  if (host == NULL)
    return FALSE;
  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      tern_output_json (tern_output_properties_to_json (host));
      return TRUE;
    }

  tern_output_field (_ ("Name"), tern_props_string (host, "Name"));
  tern_output_field (_ ("State"), tern_props_string (host, "State"));
  tern_output_field (_ ("Error"), tern_props_string (host, "Error"));
  tern_output_field (_ ("Cluster"), tern_props_string (host, "Cluster"));
  tern_output_take_field (_ ("Duty"), tern_duty_text_format (host));
  if (tern_props_boolean (host, "Maintenance") && *tern_props_string (host, "Duty") == '\0')
    tern_output_field (_ ("Maintenance"), _ ("yes: nothing is placed on it"));
  print_origins (cli, host);
  tern_output_field (_ ("URI"), tern_props_string (host, "Uri"));
  tern_output_field (_ ("Peer URI"), tern_props_string (host, "PeerUri"));
  tern_output_field (_ ("Migration address"), tern_props_string (host, "MigrationAddress"));
  print_link (host);
  tern_output_take_field (_ ("Seen"), tern_units_format_time (tern_props_int64 (host, "LastSeen")));
  /* Until it was seen once there are no facts, only zeros. */
  if (tern_props_int64 (host, "LastSeen") != 0)
    print_facts (host);
  return TRUE;
}
