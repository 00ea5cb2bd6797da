/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern help, and the names that the completion asks for.
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/names.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"

#include <inttypes.h>
#include <string.h>

gboolean
tern_cmd_help (TernCli *cli, GError **error)
{
  const char *const *words = (const char *const *) cli->args->operands;
  const TernCommand *command = NULL;
  g_autofree char *text = NULL;
  guint used;

  if (words[0] != NULL && !(words[1] == NULL && tern_command_is_group (words[0])))
    {
      command = tern_command_find (words, &used, error);
      if (command == NULL)
        return FALSE;
    }

  text = tern_command_format_help (command);
  g_print ("%s", text);
  return TRUE;
}

static void
print_names (GVariant *objects, const char *interface)
{
  g_autoptr (GPtrArray) list = tern_objects_collect (objects, interface, "Name");

  for (guint i = 0; i < list->len; i++)
    {
      const char *name = tern_props_string (list->pdata[i], "Name");

      if (strchr (name, '\n') == NULL)
        g_print ("%s\n", name);
    }
}

/* Each value of a property once, sorted. */
static void
print_values (GVariant *objects, const char *interface, const char *property)
{
  g_autoptr (GPtrArray) list = tern_objects_collect (objects, interface, property);
  const char *last = "";

  for (guint i = 0; i < list->len; i++)
    {
      const char *value = tern_props_string (list->pdata[i], property);

      if (strcmp (value, last) != 0 && strchr (value, '\n') == NULL)
        g_print ("%s\n", value);
      last = value;
    }
}

static void
print_task_ids (GVariant *objects)
{
  g_autoptr (GPtrArray) tasks = tern_objects_collect (objects, TERN_IFACE_TASK, "Vm");

  for (guint i = 0; i < tasks->len; i++)
    g_print ("%" PRIu64 "\n", tern_props_uint64 (tasks->pdata[i], "Id"));
}

/* Who may not see them is told none. */
static gboolean
print_webhooks (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) reply = tern_client_call_manager (
      cli->client, TERN_CALL_COMPLETION, "ListWebhooks", g_variant_new ("(a{sv})", NULL), error);
  g_autoptr (GVariant) list = reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;

  for (gsize i = 0; list != NULL && i < g_variant_n_children (list); i++)
    {
      g_autoptr (GVariant) webhook = g_variant_get_child_value (list, i);

      g_print ("%s\n", tern_props_string (webhook, "Name"));
    }
  return list != NULL;
}

gboolean
tern_cmd_complete (TernCli *cli, GError **error)
{
  const char *kind = cli->args->operands[0];
  g_autoptr (GVariant) objects = NULL;

  if (strcmp (kind, "webhooks") == 0)
    return print_webhooks (cli, error);
  objects = tern_client_fetch_objects (cli->client, TERN_CALL_COMPLETION, error);
  if (objects == NULL)
    return FALSE;

  if (strcmp (kind, "hosts") == 0)
    print_names (objects, TERN_IFACE_HOST);
  else if (strcmp (kind, "vms") == 0)
    print_names (objects, TERN_IFACE_VM);
  else if (strcmp (kind, "tasks") == 0)
    print_task_ids (objects);
  else if (strcmp (kind, "models") == 0)
    print_values (objects, TERN_IFACE_HOST, "CpuModel");
  else if (strcmp (kind, "clusters") == 0)
    print_values (objects, TERN_IFACE_HOST, "Cluster");
  else
    {
      g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE, _ ("“%s” is nothing to complete"),
                   kind);
      return FALSE;
    }
  return TRUE;
}
