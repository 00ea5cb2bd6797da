/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern task show
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/text.h"
#include "base/units.h"
#include "cli/attention.h"
#include "cli/drain-items.h"
#include "cli/i18n.h"
#include "cli/kind-words.h"
#include "cli/output.h"
#include "cli/task-text.h"
#include "cli/task-trace.h"
#include "cli/words.h"

#include <inttypes.h>
#include <string.h>

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
  guint64 link = tern_props_uint64 (task, "LinkRate");

  if (total > 0)
    tern_output_take_field (_ ("Memory"), tern_units_format_bytes (total));
  if (sent > 0)
    tern_output_take_field (_ ("Sent"), tern_units_format_bytes (sent));
  if (remaining > 0)
    tern_output_take_field (C_ ("memory that is not sent yet", "Left"),
                            tern_units_format_bytes (remaining));
  if (rate > 0)
    tern_output_take_field (_ ("Rate"), tern_units_format_rate (rate));
  if (dirty > 0)
    tern_output_take_field (_ ("Written by guest"), tern_units_format_rate (dirty));
  if (link > 0)
    tern_output_take_field (_ ("Link carried"), tern_units_format_rate (link));
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
  if (tern_props_int64 (task, "Deadline") > 0)
    tern_output_take_field (_ ("Deadline"),
                            tern_units_format_time (tern_props_int64 (task, "Deadline")));
  tern_output_take_field (_ ("Took"), tern_task_text_took (task));
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

/* How it is made, and how that goes. A start has no policy. */
static void
print_policy (GVariant *task)
{
  const char *convergence = tern_props_string (task, "Convergence");
  g_autofree char *end =
      tern_words_end (tern_props_int64 (task, "EstimatedEndMin"),
                      tern_props_int64 (task, "EstimatedEndMax"), "", g_get_real_time ());

  tern_output_field (_ ("Priority"), tern_props_string (task, "Priority"));
  if (!tern_kind_is_move (task) && !tern_kind_is_drain (task))
    return;
  tern_output_field (_ ("Policy"), tern_props_string (task, "Policy"));
  if (strcmp (tern_props_string (task, "State"), "running") != 0)
    return;
  if (strcmp (convergence, "unknown") != 0)
    tern_output_field (_ ("Convergence"), convergence);
  tern_output_field (_ ("Estimate"), end);
}

/* A list with one label; each sentence has a line of its own. */
static void
print_list (const char *label, char **sentences)
{
  for (guint i = 0; sentences[i] != NULL; i++)
    tern_output_field (i == 0 ? label : "", sentences[i]);
}

/* @trace: (nullable) */
static void
print_phases (GVariant *trace)
{
  g_auto (GStrv) phases = NULL;

  if (trace == NULL)
    return;
  phases = tern_task_trace_format_phases (trace, g_get_real_time ());
  print_list (_ ("Phases"), phases);
}

static void
print_tried (GVariant *task)
{
  g_auto (GStrv) tried = tern_props_strings (task, "Tried");

  for (guint i = 0; tried[i] != NULL; i++)
    {
      g_auto (GStrv) parts = g_strsplit (tried[i], "=", 2);

      tern_output_take_field (i == 0 ? _ ("Tried before") : "", g_strjoinv (": ", parts));
    }
}

/* What was done, and what is to be done. */
static void
print_story (GVariant *task)
{
  g_auto (GStrv) steps = tern_props_strings (task, "Steps");
  guint attempt = tern_props_uint (task, "Attempt");

  print_tried (task);
  if (attempt > 1)
    tern_output_take_field (_ ("Attempts"), g_strdup_printf ("%u", attempt));
  print_list (_ ("Steps"), steps);
  tern_output_field (_ ("Note"), tern_props_string (task, "Note"));
}

static void
print_ways_out (GVariant *task)
{
  g_auto (GStrv) ways = tern_attention_format_ways (task);

  if (tern_attention_is_in (task))
    print_list (_ ("Ways out"), ways);
}

/* Of a drain or return: each VM with the task that moved it, and why some stay. */
static void
print_items (GVariant *task)
{
  g_autoptr (GVariant) items = tern_drain_items_get (task);

  if (g_variant_n_children (items) == 0)
    return;
  g_print ("\n");
  tern_drain_items_print_state (items);
  tern_drain_items_print_reasons (items, "skipped", _ ("stays, and is no hindrance"));
  tern_drain_items_print_reasons (items, "left",
                                  tern_kind_is_return (task) ? _ ("cannot go home yet")
                                                             : _ ("stays where it is"));
}

static void
print_task (TernCli *cli, GVariant *task, GVariant *trace)
{
  tern_output_take_field (_ ("Task"), g_strdup_printf ("%" PRIu64, tern_props_uint64 (task, "Id")));
  tern_output_field (_ ("Kind"), tern_props_string (task, "Kind"));
  if (tern_props_uint64 (task, "Group") > 0)
    tern_output_take_field (_ ("Group"),
                            g_strdup_printf ("%" PRIu64, tern_props_uint64 (task, "Group")));
  if (tern_props_uint64 (task, "Parent") > 0)
    tern_output_take_field (_ ("Ordered by task"),
                            g_strdup_printf ("%" PRIu64, tern_props_uint64 (task, "Parent")));
  if (!tern_kind_is_drain (task))
    tern_output_take_field (_ ("VM"), g_strdup_printf ("%s (%s)", tern_props_string (task, "Vm"),
                                                       tern_props_string (task, "VmUuid")));
  tern_output_field (_ ("From"), tern_props_string (task, "Source"));
  tern_output_field (_ ("To"), tern_props_string (task, "Destination"));
  tern_output_field (_ ("State"), tern_props_string (task, "State"));
  tern_output_field (_ ("Phase"), tern_props_string (task, "Phase"));
  if (tern_props_boolean (task, "CancelRequested"))
    tern_output_field (_ ("Cancel"), _ ("was asked for"));
  tern_output_take_field (_ ("Progress"), tern_task_text_progress (task));
  print_policy (task);
  print_traffic (task);
  print_times (task);
  print_phases (trace);
  print_story (task);
  tern_output_field (_ ("Error"), tern_props_string (task, "Error"));
  tern_output_field (_ ("Verdict"), tern_props_string (task, "Verdict"));
  print_ways_out (task);
  print_ejected (cli, task);
  print_items (task);
}

static void
print_json (GVariant *task, GVariant *trace)
{
  g_autoptr (GVariant) whole =
      trace != NULL ? tern_task_trace_add (task, trace) : g_variant_ref (task);

  tern_output_json (tern_output_properties_to_json (whole));
}

gboolean
tern_cmd_task_show (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) task = NULL;
  g_autoptr (GVariant) trace = NULL;
  g_autoptr (GError) untold = NULL;
  guint64 id;

  if (!tern_args_parse_id (cli->args->operands[0], &id, error))
    return FALSE;
  task = tern_client_fetch_task (cli->client, id, error);
  if (task == NULL)
    return FALSE;

  /* All the rest is worth to be shown without it. */
  trace = tern_task_trace_fetch (cli->client, id, &untold);
  if (trace == NULL)
    tern_output_error (untold->message);
  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    print_json (task, trace);
  else
    print_task (cli, task, trace);
  return TRUE;
}
