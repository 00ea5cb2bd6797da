/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern webhook add|list|test|remove: who is told what happens.
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/units.h"
#include "cli/i18n.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/value.h"

#include <inttypes.h>
#include <string.h>

static gboolean
wants_json (TernCli *cli)
{
  return tern_args_has (cli->args, TERN_OPTION_JSON);
}

/* Returns: (transfer full) (nullable): aa{sv} */
static GVariant *
fetch (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) reply = tern_client_call_manager (cli->client, TERN_CALL_ACT, "ListWebhooks",
                                                         g_variant_new ("(a{sv})", NULL), error);

  return reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
}

/* --- add --- */

static gboolean
build_options (const TernArgs *args, GVariant **out_options, GError **error)
{
  static const TernOption strings[] = { TERN_OPTION_CA_FILE, TERN_OPTION_PIN,
                                        TERN_OPTION_SECRET_FILE };
  const char *events = tern_args_get (args, TERN_OPTION_EVENTS);
  g_auto (GStrv) names = NULL;
  GVariantBuilder options;

  if (events != NULL && (names = tern_value_split_events (events, error)) == NULL)
    return FALSE;
  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (names != NULL)
    g_variant_builder_add (&options, "{sv}", "events",
                           g_variant_new_strv ((const char *const *) names, -1));
  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    if (tern_args_has (args, strings[i]))
      g_variant_builder_add (&options, "{sv}", tern_option_get_info (strings[i])->name,
                             g_variant_new_string (tern_args_get (args, strings[i])));
  *out_options = g_variant_builder_end (&options);
  return TRUE;
}

static gboolean
print_one (TernCli *cli, const char *name, GError **error)
{
  g_autoptr (GVariant) list = fetch (cli, error);

  if (list == NULL)
    return FALSE;
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) webhook = g_variant_get_child_value (list, i);

      if (strcmp (tern_props_string (webhook, "Name"), name) == 0)
        tern_output_json (tern_output_properties_to_json (webhook));
    }
  return TRUE;
}

gboolean
tern_cmd_webhook_add (TernCli *cli, GError **error)
{
  const char *name = cli->args->operands[0];
  g_autoptr (GVariant) reply = NULL;
  GVariant *options;

  if (!build_options (cli->args, &options, error))
    return FALSE;
  reply = tern_client_call_manager (
      cli->client, TERN_CALL_ACT, "AddWebhook",
      g_variant_new ("(ss@a{sv})", name, cli->args->operands[1], options), error);
  if (reply == NULL)
    return FALSE;
  if (wants_json (cli))
    return print_one (cli, name, error);
  g_print (_ ("%s is added; “virtern webhook test %s” tries it\n"), name, name);
  return TRUE;
}

/* --- list --- */

static char *
format_events (GVariant *webhook)
{
  g_auto (GStrv) events = tern_props_strings (webhook, "Events");

  return events[0] != NULL ? g_strjoinv (",", events) : g_strdup (_ ("all"));
}

static void
add_row (TernTable *table, GVariant *webhook)
{
  guint64 dropped = tern_props_uint64 (webhook, "Dropped");
  guint column = 0;

  tern_table_add_row (table);
  tern_table_set (table, column++, tern_props_string (webhook, "Name"));
  tern_table_set (table, column++, tern_props_string (webhook, "Url"));
  tern_table_take (table, column++, format_events (webhook));
  tern_table_take (table, column++,
                   g_strdup_printf ("%" PRIu64, tern_props_uint64 (webhook, "Waiting")));
  tern_table_take (table, column++, g_strdup_printf ("%" PRIu64, dropped));
  tern_table_set_colored (table, column++, tern_props_string (webhook, "Error"), "red");
}

static void
print_table (GVariant *list)
{
  static const TernColumn columns[] = {
    { N_ ("WEBHOOK"), TERN_COLUMN_NAME },   { N_ ("URL"), TERN_COLUMN_NAME },
    { N_ ("EVENTS"), TERN_COLUMN_NAME },    { N_ ("WAITING"), TERN_COLUMN_NUMBER },
    { N_ ("DROPPED"), TERN_COLUMN_NUMBER }, { N_ ("ERROR"), TERN_COLUMN_NOTE },
  };
  g_autoptr (TernTable) table = tern_table_new (columns, G_N_ELEMENTS (columns));

  for (gsize i = 0; i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) webhook = g_variant_get_child_value (list, i);

      add_row (table, webhook);
    }
  tern_table_print (table);
}

gboolean
tern_cmd_webhook_list (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) list = fetch (cli, error);

  if (list == NULL)
    return FALSE;
  if (wants_json (cli))
    tern_output_json (tern_output_variant_to_json (list));
  else if (g_variant_n_children (list) == 0)
    g_printerr (_ ("There is no webhook yet; “virtern webhook add NAME URL” adds one.\n"));
  else
    print_table (list);
  return TRUE;
}

/* --- test, remove --- */

gboolean
tern_cmd_webhook_test (TernCli *cli, GError **error)
{
  const char *name = cli->args->operands[0];
  g_autoptr (GVariant) reply = tern_client_call_manager (
      cli->client, TERN_CALL_ACT, "TestWebhook", g_variant_new ("(sa{sv})", name, NULL), error);
  g_autofree char *duration = NULL;
  gint64 took;

  if (reply == NULL)
    return FALSE;
  g_variant_get (reply, "(x)", &took);
  duration = tern_units_format_duration (took);
  if (wants_json (cli))
    g_print ("{\n  \"took\" : %" PRIi64 "\n}\n", took);
  else
    g_print (_ ("%s took the test notice: %s\n"), name, duration);
  return TRUE;
}

gboolean
tern_cmd_webhook_remove (TernCli *cli, GError **error)
{
  const char *name = cli->args->operands[0];
  g_autoptr (GVariant) reply = tern_client_call_manager (
      cli->client, TERN_CALL_ACT, "RemoveWebhook", g_variant_new ("(sa{sv})", name, NULL), error);

  if (reply == NULL)
    return FALSE;
  if (wants_json (cli))
    g_print ("{}\n");
  else
    g_print (_ ("%s is removed, and what waited for it is forgotten\n"), name);
  return TRUE;
}
