/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern vm mask: what a guest loses, and which hosts it wins.
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/text.h"
#include "cli/i18n.h"
#include "cli/output.h"
#include "cli/value.h"

/* The table of commands sees to it that exactly one way is given. */
static gboolean
make_options (const TernArgs *args, GVariant **out_options, GError **error)
{
  const char *model = tern_args_get (args, TERN_OPTION_MODEL);
  const char *disable = tern_args_get (args, TERN_OPTION_DISABLE);
  g_auto (GStrv) names = disable != NULL ? tern_value_split_names (disable, error) : NULL;
  GVariantBuilder options;

  if (disable != NULL && names == NULL)
    return FALSE;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  if (model != NULL)
    g_variant_builder_add (&options, "{sv}", "model", g_variant_new_string (model));
  if (names != NULL)
    g_variant_builder_add (&options, "{sv}", "disable",
                           g_variant_new_strv ((const char *const *) names, -1));
  if (tern_args_has (args, TERN_OPTION_BASELINE))
    g_variant_builder_add (&options, "{sv}", "baseline", g_variant_new_boolean (TRUE));
  if (tern_args_has (args, TERN_OPTION_CLEAR))
    g_variant_builder_add (&options, "{sv}", "clear", g_variant_new_boolean (TRUE));
  if (tern_args_has (args, TERN_OPTION_DRY_RUN))
    g_variant_builder_add (&options, "{sv}", "dry-run", g_variant_new_boolean (TRUE));
  *out_options = g_variant_builder_end (&options);
  return TRUE;
}

/* "3: node1 node2 node3"; "none" for an empty list. */
static char *
format_list (const char *const *names)
{
  g_autofree char *joined = g_strjoinv (" ", (GStrv) names);

  if (names[0] == NULL)
    return g_strdup (_ ("none"));
  return g_strdup_printf ("%u: %s", g_strv_length ((GStrv) names), joined);
}

static void
print_list (const char *label, GStrv names)
{
  tern_output_take_field (label, format_list ((const char *const *) names));
}

/* Returns: (transfer container): those of @after that are not in @before */
static GStrv
subtract (GStrv after, GStrv before)
{
  GPtrArray *rest = g_ptr_array_new ();

  for (guint i = 0; after[i] != NULL; i++)
    if (!g_strv_contains ((const char *const *) before, after[i]))
      g_ptr_array_add (rest, after[i]);
  g_ptr_array_add (rest, NULL);
  return (GStrv) g_ptr_array_free (rest, FALSE);
}

static void
print_hosts (GVariant *result)
{
  g_auto (GStrv) before = tern_props_strings (result, "HostsBefore");
  g_auto (GStrv) after = tern_props_strings (result, "HostsAfter");
  g_autofree GStrv won = subtract (after, before);
  g_autofree GStrv lost = subtract (before, after);

  print_list (_ ("CPU fits before"), before);
  print_list (_ ("CPU fits after"), after);
  print_list (_ ("Hosts unlocked"), won);
  if (lost[0] != NULL)
    print_list (_ ("Hosts lost"), lost);
}

/* What a mask covered is only known again when libvirt has started the VM with it. */
static gboolean
is_known (GVariant *result)
{
  return *tern_props_string (result, "Model") != '\0';
}

static void
print_result (GVariant *result)
{
  g_auto (GStrv) features = tern_props_strings (result, "Features");
  g_auto (GStrv) disabled = tern_props_strings (result, "Disabled");
  g_auto (GStrv) removed = tern_props_strings (result, "Removed");
  g_auto (GStrv) before = tern_props_strings (result, "HostsBefore");

  if (!is_known (result))
    {
      tern_output_field (_ ("CPU model"), _ ("as its definition had it before the mask"));
      print_list (_ ("CPU fits before"), before);
      tern_output_field (_ ("CPU fits after"), _ ("not known before it is started"));
      return;
    }
  tern_output_field (_ ("CPU model"), tern_props_string (result, "Model"));
  if (features[0] != NULL)
    print_list (_ ("CPU features"), features);
  if (disabled[0] != NULL)
    print_list (_ ("CPU features off"), disabled);
  print_list (_ ("The guest loses"), removed);
  print_hosts (result);
}

/* A host that is down must not look like one that does not fit. */
static void
print_unknown (GVariant *result)
{
  g_auto (GStrv) unknown = tern_props_strings (result, "HostsUnknown");
  guint n = g_strv_length (unknown);
  g_autofree char *names = g_strjoinv (", ", unknown);
  g_autofree char *text = NULL;

  if (n == 0)
    return;
  text = g_strdup_printf (
      ngettext ("Not counted: %s: its CPU is not known; “virtern host list” shows why",
                "Not counted: %s: their CPU is not known; “virtern host list” shows why", n),
      names);
  tern_output_paragraph (0, "", text);
}

static void
print_sentence (const TernArgs *args, GVariant *result)
{
  gboolean running = tern_props_boolean (result, "Running");
  g_autofree char *vm = tern_text_visible (args->operands[0], 0);

  g_print ("\n");
  if (tern_args_has (args, TERN_OPTION_DRY_RUN))
    g_print (_ ("Nothing was changed.\n"));
  else if (running)
    g_print (_ ("The definition of %s is changed. It goes on with the CPU it has: the change takes "
                "effect when it is shut down and started again; a reboot is not enough.\n"),
             vm);
  else
    g_print (_ ("The definition of %s is changed; it takes effect at the next start.\n"), vm);
}

gboolean
tern_cmd_vm_mask (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) result = NULL;
  GVariant *options;

  if (!make_options (cli->args, &options, error))
    return FALSE;
  reply = tern_client_call_manager (cli->client, TERN_CALL_ACT, "MaskVm",
                                    g_variant_new ("(s@a{sv})", cli->args->operands[0], options),
                                    error);
  if (reply == NULL)
    return FALSE;

  result = g_variant_get_child_value (reply, 0);
  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      tern_output_json (tern_output_properties_to_json (result));
      return TRUE;
    }
  print_result (result);
  print_unknown (result);
  print_sentence (cli->args, result);
  return TRUE;
}
