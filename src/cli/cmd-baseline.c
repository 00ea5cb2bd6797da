/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern baseline show: the CPU that all hosts can give, and who has more.
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/names.h"
#include "base/text.h"
#include "cli/i18n.h"
#include "cli/output.h"

#include <string.h>

/* "node1 (Westmere-IBRS) has 2 more: ", and the features as the text. */
static void
print_beyond (GVariant *item, char *who)
{
  g_autofree char *owned = who;
  g_auto (GStrv) beyond = tern_props_strings (item, "Beyond");
  g_autofree char *names = g_strjoinv (" ", beyond);
  g_autofree char *lead = NULL;
  guint n = g_strv_length (beyond);

  if (n == 0)
    {
      tern_output_paragraph (2, owned, _ (": nothing beyond it"));
      return;
    }
  lead = g_strdup_printf (ngettext ("%s: %u feature beyond it: ", "%s: %u features beyond it: ", n),
                          owned, n);
  tern_output_paragraph (2, lead, names);
}

static void
print_host (GVariant *host)
{
  const char *name = tern_props_string (host, "Host");
  const char *model = tern_props_string (host, "Model");

  if (!tern_props_boolean (host, "Known"))
    tern_output_paragraph (2, name, _ (": its CPU is not known, so it does not count"));
  else
    print_beyond (host,
                  *model != '\0' ? g_strdup_printf ("%s (%s)", name, model) : g_strdup (name));
}

static void
print_vm (GVariant *vm)
{
  g_autofree char *name = tern_text_visible (tern_props_string (vm, "Vm"), 0);

  print_beyond (vm, g_strdup_printf (_ ("%s on %s"), name, tern_props_string (vm, "Host")));
}

/* Returns: whether there was one */
static gboolean
print_each (GVariant *baseline, const char *key, const char *heading,
            void (*print) (GVariant *item))
{
  g_autoptr (GVariant) list = g_variant_lookup_value (baseline, key, G_VARIANT_TYPE ("aa{sv}"));
  gsize n = list != NULL ? g_variant_n_children (list) : 0;

  if (n > 0)
    g_print ("\n%s\n", heading);
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (list, i);

      print (item);
    }
  return n > 0;
}

static gboolean
is_up (const GPtrArray *hosts, const char *name)
{
  for (guint i = 0; i < hosts->len; i++)
    if (strcmp (tern_props_string (hosts->pdata[i], "Name"), name) == 0)
      return strcmp (tern_props_string (hosts->pdata[i], "State"), "up") == 0;
  return FALSE;
}

/* Returns: (transfer full): names of the hosts of the baseline that cannot be seen now */
static GStrv
find_unseen (GVariant *baseline, GVariant *objects)
{
  g_autoptr (GPtrArray) hosts = tern_objects_collect (objects, TERN_IFACE_HOST, "Name");
  g_autoptr (GVariant) list = g_variant_lookup_value (baseline, "Hosts", G_VARIANT_TYPE ("aa{sv}"));
  GStrvBuilder *unseen = g_strv_builder_new ();
  gsize n = list != NULL ? g_variant_n_children (list) : 0;
  GStrv names;

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (list, i);

      if (!is_up (hosts, tern_props_string (item, "Host")))
        g_strv_builder_add (unseen, tern_props_string (item, "Host"));
    }
  names = g_strv_builder_end (unseen);
  g_strv_builder_unref (unseen);
  return names;
}

static void
print_vms (GVariant *baseline, GStrv unseen)
{
  guint n = g_strv_length (unseen);
  g_autofree char *names = g_strjoinv (", ", unseen);

  if (!print_each (baseline, "Vms", _ ("Running VMs that hold more, and cannot go everywhere:"),
                   print_vm))
    g_print ("\n%s\n", n == 0 ? _ ("No running VM holds more.")
                              : _ ("No running VM that can be seen holds more."));
  if (n > 0)
    g_print (ngettext ("%s is not up: VMs there are not counted, or as they were last seen.\n",
                       "%s are not up: VMs there are not counted, or as they were last seen.\n", n),
             names);
}

static void
print_baseline (GVariant *baseline, GStrv unseen)
{
  const char *model = tern_props_string (baseline, "Model");
  const char *vendor = tern_props_string (baseline, "Vendor");
  g_auto (GStrv) features = tern_props_strings (baseline, "Features");
  g_autofree char *names = g_strjoinv (" ", features);

  tern_output_field (_ ("Baseline"),
                     *model != '\0' ? model : _ ("no host could name a model for it"));
  tern_output_field (_ ("Vendor"), *vendor != '\0'
                                       ? vendor
                                       : _ ("differs or is not known: VMs cannot move live between "
                                            "all of these hosts"));
  tern_output_take_field (_ ("Features"),
                          g_strdup_printf ("%u: %s", g_strv_length (features), names));
  (void) print_each (baseline, "Hosts", _ ("Hosts:"), print_host);
  print_vms (baseline, unseen);
}

gboolean
tern_cmd_baseline_show (TernCli *cli, GError **error)
{
  const char *cluster = tern_args_get (cli->args, TERN_OPTION_CLUSTER);
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) baseline = NULL;
  g_autoptr (GVariant) objects = NULL;
  g_auto (GStrv) unseen = NULL;
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (cluster != NULL)
    g_variant_builder_add (&options, "{sv}", "cluster", g_variant_new_string (cluster));
  reply = tern_client_call_manager (cli->client, TERN_CALL_READ, "GetBaseline",
                                    g_variant_new ("(a{sv})", &options), error);
  if (reply == NULL)
    return FALSE;

  baseline = g_variant_get_child_value (reply, 0);
  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      tern_output_json (tern_output_properties_to_json (baseline));
      return TRUE;
    }

  objects = tern_client_fetch_objects (cli->client, TERN_CALL_READ, error);
  if (objects == NULL)
    return FALSE;
  unseen = find_unseen (baseline, objects);
  print_baseline (baseline, unseen);
  return TRUE;
}
