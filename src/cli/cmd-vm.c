/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern vm list|show
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/error.h"
#include "base/names.h"
#include "base/units.h"
#include "cli/i18n.h"
#include "cli/lock-text.h"
#include "cli/output.h"
#include "cli/table.h"

#include <inttypes.h>
#include <string.h>

/* Returns: (transfer full) (element-type utf8 GVariant): open tasks by the UUID of their VM; keys
 * and values live as long as @tasks */
static GHashTable *
index_open_tasks (GPtrArray *tasks)
{
  GHashTable *open = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < tasks->len; i++)
    {
      const char *state = tern_props_string (tasks->pdata[i], "State");

      if (strcmp (state, "running") == 0 || strcmp (state, "queued") == 0
          || strcmp (state, "attention") == 0)
        g_hash_table_insert (open, (gpointer) tern_props_string (tasks->pdata[i], "VmUuid"),
                             tasks->pdata[i]);
    }
  return open;
}

/* "3 → node2 47 %": what moves the VM, where to, and how far it is. */
static char *
format_task (GVariant *task)
{
  GString *text = g_string_new (NULL);

  if (task == NULL)
    return g_string_free (text, FALSE);

  g_string_append_printf (text, "%" PRIu64, tern_props_uint64 (task, "Id"));
  if (*tern_props_string (task, "Destination") != '\0')
    g_string_append_printf (text, "%s%s", tern_output_arrow (),
                            tern_props_string (task, "Destination"));
  if (strcmp (tern_props_string (task, "State"), "running") != 0)
    g_string_append_printf (text, " %s", tern_props_string (task, "State"));
  else if (tern_props_boolean (task, "ProgressValid"))
    g_string_append_printf (text, " %u %%", tern_props_uint (task, "Progress"));
  return g_string_free (text, FALSE);
}

static void
add_row (TernTable *table, GVariant *vm, GVariant *task)
{
  const char *state = tern_props_string (vm, "State");
  guint column = 0;

  tern_table_add_row (table);
  tern_table_set (table, column++, tern_props_string (vm, "Name"));
  tern_table_set_colored (table, column++, state, tern_output_color_of_state (state));
  tern_table_set (table, column++, tern_props_string (vm, "Host"));
  tern_table_take (table, column++, g_strdup_printf ("%u", tern_props_uint (vm, "Vcpus")));
  tern_table_take (table, column++, tern_units_format_bytes (tern_props_uint64 (vm, "Memory")));
  tern_table_take (table, column++, format_task (task));
  tern_table_take (table, column++, tern_lock_text_format_short (vm, g_get_real_time ()));
}

static void
print_table (GPtrArray *vms, GVariant *objects)
{
  static const TernColumn columns[] = {
    { N_ ("VM"), TERN_COLUMN_NAME },       { N_ ("STATE"), TERN_COLUMN_TEXT },
    { N_ ("HOST"), TERN_COLUMN_NAME },     { N_ ("VCPUS"), TERN_COLUMN_NUMBER },
    { N_ ("MEMORY"), TERN_COLUMN_NUMBER }, { N_ ("TASK"), TERN_COLUMN_TEXT },
    { N_ ("LOCK"), TERN_COLUMN_NAME },
  };
  g_autoptr (TernTable) table = tern_table_new (columns, G_N_ELEMENTS (columns));
  g_autoptr (GPtrArray) tasks = tern_objects_collect (objects, TERN_IFACE_TASK, "Vm");
  g_autoptr (GHashTable) open = index_open_tasks (tasks);

  for (guint i = 0; i < vms->len; i++)
    {
      const char *uuid = tern_props_string (vms->pdata[i], "Uuid");

      add_row (table, vms->pdata[i], g_hash_table_lookup (open, uuid));
    }
  tern_table_print (table);
}

static gboolean
check_host (GVariant *objects, const char *name, GError **error)
{
  g_autoptr (GPtrArray) hosts = tern_objects_collect (objects, TERN_IFACE_HOST, "Name");

  for (guint i = 0; i < hosts->len; i++)
    if (strcmp (tern_props_string (hosts->pdata[i], "Name"), name) == 0)
      return TRUE;

  g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND,
               _ ("There is no host “%s”; “virtern host list” shows all"), name);
  return FALSE;
}

static void
keep_those_on (GPtrArray *vms, const char *host)
{
  for (guint i = vms->len; i > 0; i--)
    if (strcmp (tern_props_string (vms->pdata[i - 1], "Host"), host) != 0)
      g_ptr_array_remove_index (vms, i - 1);
}

static void
keep_locked (GPtrArray *vms)
{
  for (guint i = vms->len; i > 0; i--)
    if (!tern_props_boolean (vms->pdata[i - 1], "Locked"))
      g_ptr_array_remove_index (vms, i - 1);
}

static void
warn_of_host (GVariant *host)
{
  const char *name = tern_props_string (host, "Name");

  if (strcmp (tern_props_string (host, "State"), "unreachable") == 0)
    g_printerr (_ ("%s is unreachable: VMs that run there are not listed, or shown as they were "
                   "last seen.\n"),
                name);
  else
    g_printerr (_ ("%s is not connected yet: VMs that run there are not listed, or shown as they "
                   "were last seen.\n"),
                name);
}

/* A list must not claim what was not seen. @name: (nullable): only this host counts. Returns:
 * whether all hosts that count are up */
static gboolean
check_sight (GVariant *objects, const char *name)
{
  g_autoptr (GPtrArray) hosts = tern_objects_collect (objects, TERN_IFACE_HOST, "Name");
  gboolean clear = TRUE;

  for (guint i = 0; i < hosts->len; i++)
    if ((name == NULL || strcmp (tern_props_string (hosts->pdata[i], "Name"), name) == 0)
        && strcmp (tern_props_string (hosts->pdata[i], "State"), "up") != 0)
      {
        warn_of_host (hosts->pdata[i]);
        clear = FALSE;
      }
  return clear;
}

gboolean
tern_cmd_vm_list (TernCli *cli, GError **error)
{
  const char *host = tern_args_get (cli->args, TERN_OPTION_HOST);
  gboolean locked = tern_args_has (cli->args, TERN_OPTION_LOCKED);
  g_autoptr (GVariant) objects = tern_client_fetch_objects (cli->client, TERN_CALL_READ, error);
  g_autoptr (GPtrArray) vms = NULL;
  gboolean sight_is_clear;

  if (objects == NULL || (host != NULL && !check_host (objects, host, error)))
    return FALSE;

  vms = tern_objects_collect (objects, TERN_IFACE_VM, "Name");
  if (host != NULL)
    keep_those_on (vms, host);
  if (locked)
    keep_locked (vms);
  sight_is_clear = check_sight (objects, host);

  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    tern_output_json (tern_output_list_to_json (vms));
  else if (vms->len > 0)
    print_table (vms, objects);
  else if (sight_is_clear)
    g_printerr (locked ? _ ("No VM is locked here.\n")
                       : _ ("There is no VM here; “virtern host list” shows the hosts.\n"));
  return TRUE;
}

/* "node1 running, node3 paused" */
static char *
format_sightings (GVariant *vm)
{
  g_autoptr (GVariant) seen = g_variant_lookup_value (vm, "SeenOn", G_VARIANT_TYPE ("a(ss)"));
  GString *text = g_string_new (NULL);
  const char *host, *state;
  GVariantIter iter;

  if (seen == NULL)
    return g_string_free (text, FALSE);

  g_variant_iter_init (&iter, seen);
  while (g_variant_iter_next (&iter, "(&s&s)", &host, &state))
    g_string_append_printf (text, "%s%s %s", text->len > 0 ? ", " : "", host, state);
  return g_string_free (text, FALSE);
}

static void
print_list (GVariant *vm, const char *property, const char *label)
{
  g_auto (GStrv) items = tern_props_strings (vm, property);

  tern_output_take_field (label, g_strjoinv (" ", items));
}

static void
print_disks (GVariant *vm)
{
  static const TernColumn columns[] = {
    { N_ ("DISK"), TERN_COLUMN_TEXT }, { N_ ("DEVICE"), TERN_COLUMN_TEXT },
    { N_ ("TYPE"), TERN_COLUMN_TEXT }, { N_ ("CACHE"), TERN_COLUMN_TEXT },
    { N_ ("MODE"), TERN_COLUMN_TEXT }, { N_ ("SOURCE"), TERN_COLUMN_NAME },
  };
  g_autoptr (TernTable) table = tern_table_new (columns, G_N_ELEMENTS (columns));
  g_autoptr (GVariant) disks = g_variant_lookup_value (vm, "Disks", G_VARIANT_TYPE ("aa{sv}"));
  gsize n = disks != NULL ? g_variant_n_children (disks) : 0;

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) disk = g_variant_get_child_value (disks, i);
      gboolean readonly = tern_props_boolean (disk, "readonly");
      gboolean shareable = tern_props_boolean (disk, "shareable");

      tern_table_add_row (table);
      tern_table_set (table, 0, tern_props_string (disk, "target"));
      tern_table_set (table, 1, tern_props_string (disk, "device"));
      tern_table_set (table, 2, tern_props_string (disk, "type"));
      tern_table_set (table, 3, tern_props_string (disk, "cache"));
      tern_table_set (table, 4, readonly ? _ ("read-only") : shareable ? _ ("shareable") : "");
      tern_table_set (table, 5, tern_props_string (disk, "source"));
    }
  if (n > 0)
    g_print ("\n");
  tern_table_print (table);
}

static void
print_nics (GVariant *vm)
{
  static const TernColumn columns[] = {
    { N_ ("NIC"), TERN_COLUMN_TEXT },
    { N_ ("TYPE"), TERN_COLUMN_TEXT },
    { N_ ("SOURCE"), TERN_COLUMN_NAME },
  };
  g_autoptr (TernTable) table = tern_table_new (columns, G_N_ELEMENTS (columns));
  g_autoptr (GVariant) nics = g_variant_lookup_value (vm, "Nics", G_VARIANT_TYPE ("aa{sv}"));
  gsize n = nics != NULL ? g_variant_n_children (nics) : 0;

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) nic = g_variant_get_child_value (nics, i);

      tern_table_add_row (table);
      tern_table_set (table, 0, tern_props_string (nic, "mac"));
      tern_table_set (table, 1, tern_props_string (nic, "type"));
      tern_table_set (table, 2, tern_props_string (nic, "source"));
    }
  if (n > 0)
    g_print ("\n");
  tern_table_print (table);
}

/* Whether it was started since it was masked nobody tells. */
static void
print_mask (GVariant *vm)
{
  gboolean is_off = strcmp (tern_props_string (vm, "State"), "shut-off") == 0;

  if (tern_props_boolean (vm, "CpuMasked"))
    tern_output_field (_ ("CPU mask"),
                       is_off ? _ ("by “virtern vm mask”; --clear takes it away")
                              : _ ("by “virtern vm mask”, from its first shutdown and start after "
                                   "that; --clear takes it away"));
}

static void
print_drain (GVariant *vm)
{
  const char *origin = tern_props_string (vm, "Origin");
  const char *action = tern_props_string (vm, "DrainAction");

  if (*origin != '\0')
    tern_output_take_field (
        _ ("Belongs on"),
        g_strdup_printf (_ ("%s; a drain took it away, “virtern activate %s --return” brings it "
                            "back"),
                         origin, origin));
  if (*action != '\0')
    tern_output_take_field (
        _ ("In a drain"),
        g_strdup_printf (_ ("%s, by “virtern vm set”; --drain-action none takes it away"), action));
}

static void
print_fields (GVariant *vm)
{
  tern_output_field (_ ("Name"), tern_props_string (vm, "Name"));
  tern_output_field (_ ("UUID"), tern_props_string (vm, "Uuid"));
  tern_output_field (_ ("State"), tern_props_string (vm, "State"));
  tern_output_field (_ ("Reason"), tern_props_string (vm, "Reason"));
  tern_output_field (_ ("Host"), tern_props_string (vm, "Host"));
  tern_output_take_field (_ ("Seen on"), format_sightings (vm));
  tern_output_take_field (_ ("Memory"), tern_units_format_bytes (tern_props_uint64 (vm, "Memory")));
  tern_output_take_field (_ ("Memory now"),
                          tern_units_format_bytes (tern_props_uint64 (vm, "MemoryCurrent")));
  tern_output_take_field (_ ("vCPUs"), g_strdup_printf ("%u", tern_props_uint (vm, "Vcpus")));
  tern_output_field (_ ("Persistent"),
                     tern_props_boolean (vm, "Persistent") ? _ ("yes") : _ ("no"));
  tern_output_field (_ ("Architecture"), tern_props_string (vm, "Arch"));
  tern_output_field (_ ("Machine"), tern_props_string (vm, "Machine"));
  tern_output_field (_ ("Type"), tern_props_string (vm, "VirtType"));
  tern_output_field (_ ("CPU mode"), tern_props_string (vm, "CpuMode"));
  tern_output_field (_ ("CPU model"), tern_props_string (vm, "CpuModel"));
  print_list (vm, "CpuFeatures", _ ("CPU features"));
  print_list (vm, "CpuDisabled", _ ("CPU features off"));
  print_mask (vm);
  print_drain (vm);
  tern_lock_text_print (vm, g_get_real_time ());
}

gboolean
tern_cmd_vm_show (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) vm = tern_client_fetch_vm (cli->client, cli->args->operands[0], error);

  if (vm == NULL)
    return FALSE;
  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      tern_output_json (tern_output_properties_to_json (vm));
      return TRUE;
    }

  print_fields (vm);
  print_disks (vm);
  print_nics (vm);
  return TRUE;
}
