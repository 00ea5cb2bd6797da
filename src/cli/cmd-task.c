/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern task list|show|watch|cancel
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"
#include "cli/outcome.h"
#include "cli/output.h"
#include "cli/table.h"

#include <inttypes.h>
#include <string.h>

#define DEFAULT_LIMIT 20
#define PAGE_MAX 1000

/* --- list --- */

static void
add_filter (GVariantBuilder *builder, const TernArgs *args, TernOption option)
{
  const char *value = tern_args_get (args, option);

  if (value != NULL)
    g_variant_builder_add (builder, "{sv}", tern_option_get_info (option)->name,
                           g_variant_new_string (value));
}

/* Adds one page to @tasks. */
static gboolean
fetch_page (TernCli *cli, guint limit, guint64 *before, GPtrArray *tasks, GError **error)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) list = NULL;
  GVariantBuilder options;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "limit", g_variant_new_uint32 (limit));
  if (*before > 0)
    g_variant_builder_add (&options, "{sv}", "before", g_variant_new_uint64 (*before));
  add_filter (&options, cli->args, TERN_OPTION_STATE);
  add_filter (&options, cli->args, TERN_OPTION_VM);
  add_filter (&options, cli->args, TERN_OPTION_HOST);

  reply = tern_client_call_manager (cli->client, TERN_CALL_READ, "ListTasks",
                                    g_variant_new ("(a{sv})", &options), error);
  if (reply == NULL)
    return FALSE;

  g_variant_get (reply, "(@aa{sv}t)", &list, before);
  for (gsize i = 0; i < g_variant_n_children (list); i++)
    g_ptr_array_add (tasks, g_variant_get_child_value (list, i));
  return TRUE;
}

/* @out_next: id to go on before; 0 when these are all */
static GPtrArray *
fetch_tasks (TernCli *cli, guint64 *out_next, GError **error)
{
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  gboolean all = tern_args_has (cli->args, TERN_OPTION_ALL);
  guint64 limit =
      tern_args_get_number (cli->args, TERN_OPTION_LIMIT, all ? G_MAXUINT : DEFAULT_LIMIT);
  guint64 before = tern_args_get_number (cli->args, TERN_OPTION_BEFORE, 0);

  do
    {
      guint64 previous = before;

      if (!fetch_page (cli, (guint) MIN (limit - tasks->len, PAGE_MAX), &before, tasks, error))
        return NULL;
      /* Pages go down. A daemon that pages in a circle must not keep us here. */
      if (previous > 0 && before >= previous)
        before = 0;
    }
  while (before > 0 && tasks->len < limit);

  *out_next = before;
  return g_steal_pointer (&tasks);
}

static gboolean
is_filtered (const TernArgs *args)
{
  return tern_args_has (args, TERN_OPTION_STATE) || tern_args_has (args, TERN_OPTION_VM)
         || tern_args_has (args, TERN_OPTION_HOST) || tern_args_has (args, TERN_OPTION_BEFORE);
}

static char *
format_duration (GVariant *task)
{
  gint64 started = tern_props_int64 (task, "Started");
  gint64 finished = tern_props_int64 (task, "Finished");

  if (started == 0)
    return g_strdup ("-");
  return tern_units_format_duration ((finished > 0 ? finished : g_get_real_time ()) - started);
}

static char *
format_progress (GVariant *task)
{
  if (!tern_props_boolean (task, "ProgressValid"))
    return g_strdup ("-");
  return g_strdup_printf ("%u %%", tern_props_uint (task, "Progress"));
}

/* As ls does it: the time of what is of today, the day of what is older. */
static char *
format_when (gint64 wall_us)
{
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_local (wall_us / G_USEC_PER_SEC);
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();

  if (wall_us == 0 || when == NULL || now == NULL)
    return g_strdup ("-");
  if (g_date_time_get_year (when) == g_date_time_get_year (now)
      && g_date_time_get_day_of_year (when) == g_date_time_get_day_of_year (now))
    return g_date_time_format (when, "%H:%M:%S");
  return g_date_time_format (when, "%Y-%m-%d");
}

static void
add_row (TernTable *table, GVariant *task)
{
  const char *state = tern_props_string (task, "State");
  gboolean running = strcmp (state, "running") == 0;
  guint column = 0;

  tern_table_add_row (table);
  tern_table_take (table, column++, g_strdup_printf ("%" PRIu64, tern_props_uint64 (task, "Id")));
  tern_table_set (table, column++, tern_props_string (task, "Kind"));
  tern_table_set (table, column++, tern_props_string (task, "Vm"));
  tern_table_take (table, column++,
                   g_strconcat (tern_props_string (task, "Source"), tern_output_arrow (),
                                tern_props_string (task, "Destination"), NULL));
  tern_table_set_colored (table, column++, running ? tern_props_string (task, "Phase") : state,
                          tern_output_color_of_state (state));
  tern_table_take (table, column++, format_progress (task));
  tern_table_take (table, column++, format_when (tern_props_int64 (task, "Created")));
  tern_table_take (table, column++, format_duration (task));
  tern_table_take (table, column++,
                   tern_output_user_name (tern_props_int64 (task, "StartedByUid")));
}

static void
print_table (GPtrArray *tasks)
{
  static const TernColumn columns[] = {
    { N_ ("ID"), TERN_COLUMN_NUMBER },      { N_ ("KIND"), TERN_COLUMN_TEXT },
    { N_ ("VM"), TERN_COLUMN_NAME },        { N_ ("FROM, TO"), TERN_COLUMN_NAME },
    { N_ ("STATE"), TERN_COLUMN_TEXT },     { N_ ("DONE"), TERN_COLUMN_NUMBER },
    { N_ ("ASKED FOR"), TERN_COLUMN_TEXT }, { N_ ("TOOK"), TERN_COLUMN_NUMBER },
    { N_ ("BY"), TERN_COLUMN_NAME },
  };
  g_autoptr (TernTable) table = tern_table_new (columns, G_N_ELEMENTS (columns));

  for (guint i = 0; i < tasks->len; i++)
    add_row (table, tasks->pdata[i]);
  tern_table_print (table);
}

gboolean
tern_cmd_task_list (TernCli *cli, GError **error)
{
  guint64 next = 0;
  g_autoptr (GPtrArray) tasks = fetch_tasks (cli, &next, error);

  if (tasks == NULL)
    return FALSE;
  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      tern_output_json (tern_output_list_to_json (tasks));
      return TRUE;
    }

  if (tasks->len == 0)
    g_printerr (is_filtered (cli->args) ? _ ("No task fits.\n") : _ ("There are no tasks yet.\n"));
  print_table (tasks);
  if (next > 0)
    g_printerr (_ ("There are older ones: add --before %" PRIu64 ", or --all.\n"), next);
  return TRUE;
}

/* --- show --- */

static void
print_traffic (GVariant *task)
{
  guint64 total = tern_props_uint64 (task, "MemoryTotal");
  guint64 sent = tern_props_uint64 (task, "MemoryProcessed");
  guint64 rate = tern_props_uint64 (task, "Rate");
  guint64 dirty = tern_props_uint64 (task, "DirtyRate");
  guint64 remaining = tern_props_uint64 (task, "Remaining");
  guint pass = tern_props_uint (task, "Iteration");
  gint64 downtime = tern_props_int64 (task, "Downtime");

  if (total > 0)
    tern_output_take_field (_ ("Memory"), tern_units_format_bytes (total));
  if (sent > 0)
    tern_output_take_field (_ ("Sent"), tern_units_format_bytes (sent));
  if (remaining > 0)
    tern_output_take_field (_ ("Left"), tern_units_format_bytes (remaining));
  if (rate > 0)
    tern_output_take_field (_ ("Rate"), tern_units_format_rate (rate));
  if (dirty > 0)
    tern_output_take_field (_ ("Written by guest"), tern_units_format_rate (dirty));
  if (pass > 0)
    tern_output_take_field (_ ("Pass"), g_strdup_printf ("%u", pass));
  if (downtime >= 0)
    tern_output_take_field (_ ("Downtime"), tern_units_format_duration (downtime));
}

static void
print_times (GVariant *task)
{
  tern_output_take_field (_ ("Asked for"),
                          tern_units_format_time (tern_props_int64 (task, "Created")));
  tern_output_take_field (_ ("By"),
                          tern_output_user_name (tern_props_int64 (task, "StartedByUid")));
  tern_output_take_field (_ ("Started"),
                          tern_units_format_time (tern_props_int64 (task, "Started")));
  tern_output_take_field (_ ("Ended"),
                          tern_units_format_time (tern_props_int64 (task, "Finished")));
  tern_output_take_field (_ ("Took"), format_duration (task));
}

/* Where the VM is now, and how virsh gets there; what cannot be found out is left out. */
static char *
format_virsh (TernCli *cli, GVariant *task)
{
  const char *uuid = tern_props_string (task, "VmUuid");
  g_autoptr (GVariant) vm = tern_client_fetch_vm (cli->client, uuid, NULL);
  const char *name =
      vm != NULL ? tern_props_string (vm, "Host") : tern_props_string (task, "Destination");
  g_autoptr (GVariant) host = tern_client_fetch_host (cli->client, name, NULL);
  g_autofree char *uri =
      host != NULL ? g_shell_quote (tern_props_string (host, "Uri")) : g_strdup ("''");

  if (strcmp (uri, "''") == 0)
    return g_strdup ("virsh");
  return g_strconcat ("virsh -c ", uri, NULL);
}

/* The command has a line of its own, never wrapped, so that it can be pasted. */
static void
print_insert (const char *virsh, const char *uuid, const char *drive, const char *file)
{
  g_autofree char *command =
      g_strdup_printf ("%s change-media %s %s %s --insert", virsh, uuid, drive, file);
  g_autofree char *visible = tern_text_visible (command, 0);

  tern_output_field (_ ("To put it back"), _ ("where the VM is, the file must be, too:"));
  g_print ("%s\n", visible);
}

static void
print_ejected (TernCli *cli, GVariant *task)
{
  g_auto (GStrv) ejected = tern_props_strings (task, "Ejected");
  g_autofree char *virsh = ejected[0] != NULL ? format_virsh (cli, task) : NULL;

  for (guint i = 0; ejected[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (ejected[i], "=", 2);
      const char *file = parts[0] != NULL && parts[1] != NULL ? parts[1] : "";
      g_autofree char *drive = g_shell_quote (parts[0] != NULL ? parts[0] : "");
      g_autofree char *quoted = g_shell_quote (file);

      tern_output_take_field (_ ("Ejected"),
                              g_strdup_printf (_ ("%s held %s, a file of %s"), parts[0], file,
                                               tern_props_string (task, "Source")));
      print_insert (virsh, tern_props_string (task, "VmUuid"), drive, quoted);
    }
}

static void
print_task (TernCli *cli, GVariant *task)
{
  tern_output_take_field (_ ("Task"), g_strdup_printf ("%" PRIu64, tern_props_uint64 (task, "Id")));
  tern_output_field (_ ("Kind"), tern_props_string (task, "Kind"));
  if (tern_props_uint64 (task, "Group") > 0)
    tern_output_take_field (_ ("Group"),
                            g_strdup_printf ("%" PRIu64, tern_props_uint64 (task, "Group")));
  tern_output_take_field (_ ("VM"), g_strdup_printf ("%s (%s)", tern_props_string (task, "Vm"),
                                                     tern_props_string (task, "VmUuid")));
  tern_output_field (_ ("From"), tern_props_string (task, "Source"));
  tern_output_field (_ ("To"), tern_props_string (task, "Destination"));
  tern_output_field (_ ("State"), tern_props_string (task, "State"));
  tern_output_field (_ ("Phase"), tern_props_string (task, "Phase"));
  if (tern_props_boolean (task, "CancelRequested"))
    tern_output_field (_ ("Cancel"), _ ("was asked for"));
  tern_output_take_field (_ ("Progress"), format_progress (task));
  print_traffic (task);
  print_times (task);
  tern_output_field (_ ("Error"), tern_props_string (task, "Error"));
  tern_output_field (_ ("Verdict"), tern_props_string (task, "Verdict"));
  print_ejected (cli, task);
}

gboolean
tern_cmd_task_show (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) task = NULL;
  guint64 id;

  if (!tern_args_parse_id (cli->args->operands[0], &id, error))
    return FALSE;
  task = tern_client_fetch_task (cli->client, id, error);
  if (task == NULL)
    return FALSE;

  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    tern_output_json (tern_output_properties_to_json (task));
  else
    print_task (cli, task);
  return TRUE;
}

/* --- watch, cancel --- */

gboolean
tern_cmd_task_watch (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) task = NULL;
  guint64 id;

  if (!tern_args_parse_id (cli->args->operands[0], &id, error))
    return FALSE;
  task = tern_outcome_wait (cli, id, FALSE, error);
  return task != NULL && tern_outcome_report (cli, task, error);
}

/* A task that was cancelled in the queue has no verdict. */
static void
print_cancelled (GVariant *task)
{
  const char *verdict = tern_props_string (task, "Verdict");
  g_autofree char *vm = tern_text_visible (tern_props_string (task, "Vm"), 0);

  g_print (strcmp (tern_props_string (task, "Kind"), "start") == 0
               ? _ ("Task %" PRIu64 " is cancelled: %s was not started on %s\n")
               : _ ("Task %" PRIu64 " is cancelled: %s was not moved to %s\n"),
           tern_props_uint64 (task, "Id"), vm, tern_props_string (task, "Destination"));
  if (*verdict != '\0')
    g_print ("%s\n", verdict);
}

/* Cancelled is what was wanted here, so that is the success; done came too late. */
static gboolean
report_cancelled (TernCli *cli, GVariant *task, GError **error)
{
  const char *state = tern_props_string (task, "State");

  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    tern_output_json (tern_output_properties_to_json (task));

  if (strcmp (state, "cancelled") == 0)
    {
      if (!tern_args_has (cli->args, TERN_OPTION_JSON))
        print_cancelled (task);
      return TRUE;
    }
  if (strcmp (state, "done") == 0)
    {
      g_autofree char *sentence = tern_outcome_format_done (task);

      g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_FAILED, _ ("The cancel came too late: %s"),
                   sentence);
      return FALSE;
    }

  tern_outcome_set_error (task, error);
  return FALSE;
}

gboolean
tern_cmd_task_cancel (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) task = NULL;
  guint64 id;

  if (!tern_args_parse_id (cli->args->operands[0], &id, error)
      || !tern_client_cancel_task (cli->client, id, error))
    return FALSE;

  if (!tern_args_has (cli->args, TERN_OPTION_NO_WAIT))
    {
      task = tern_outcome_wait (cli, id, TRUE, error);
      return task != NULL && report_cancelled (cli, task, error);
    }
  if (!tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      g_print (
          _ ("Task %" PRIu64 " is asked to stop; “virtern task watch %" PRIu64 "” follows it.\n"),
          id, id);
      return TRUE;
    }
  task = tern_client_fetch_task (cli->client, id, error);
  if (task == NULL)
    return FALSE;
  tern_output_json (tern_output_properties_to_json (task));
  return TRUE;
}
