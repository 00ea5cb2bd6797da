/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern task list|watch
 */
#include "config.h"

#include "cli/cmd.h"

#include "base/text.h"
#include "cli/attention.h"
#include "cli/i18n.h"
#include "cli/kind-words.h"
#include "cli/outcome.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/task-text.h"

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

static gboolean
is_open (GVariant *task)
{
  const char *state = tern_props_string (task, "State");

  return strcmp (state, "queued") == 0 || strcmp (state, "running") == 0;
}

/* Why it waits, or what is out of the ordinary about it: only while that holds. */
static const char *
get_note (GVariant *task)
{
  const char *note = tern_props_string (task, "Note");

  if (!is_open (task))
    return "";
  if (*note == '\0' && strcmp (tern_props_string (task, "Convergence"), "not-converging") == 0)
    return _ ("not converging");
  return note;
}

static gboolean
has_notes (GPtrArray *tasks)
{
  for (guint i = 0; i < tasks->len; i++)
    if (*get_note (tasks->pdata[i]) != '\0')
      return TRUE;
  return FALSE;
}

/* @below: the drain that ordered it stands above it */
static void
add_row (TernTable *table, GVariant *task, gboolean below, gboolean with_note)
{
  const char *state = tern_props_string (task, "State");
  gboolean running = strcmp (state, "running") == 0;
  guint column = 0;

  tern_table_add_row (table);
  tern_table_take (table, column++, g_strdup_printf ("%" PRIu64, tern_props_uint64 (task, "Id")));
  tern_table_take (table, column++,
                   g_strconcat (below ? "  " : "", tern_props_string (task, "Kind"), NULL));
  tern_table_set (table, column++, tern_props_string (task, "Vm"));
  tern_table_take (table, column++, tern_kind_format_way (task));
  tern_table_set_colored (table, column++, running ? tern_props_string (task, "Phase") : state,
                          tern_output_color_of_state (state));
  tern_table_take (table, column++, tern_task_text_progress (task));
  tern_table_take (table, column++, format_when (tern_props_int64 (task, "Created")));
  tern_table_take (table, column++, tern_task_text_took (task));
  tern_table_take (table, column++,
                   tern_output_user_name (tern_props_int64 (task, "StartedByUid")));
  if (with_note)
    tern_table_set (table, column++, get_note (task));
}

/* Returns: (nullable): the task with that id */
static GVariant *
find_task (GPtrArray *tasks, guint64 id)
{
  for (guint i = 0; id > 0 && i < tasks->len; i++)
    if (tern_props_uint64 (tasks->pdata[i], "Id") == id)
      return tasks->pdata[i];
  return NULL;
}

static void
add_children (TernTable *table, GPtrArray *tasks, guint64 parent, gboolean with_note)
{
  for (guint i = 0; i < tasks->len; i++)
    if (tern_props_uint64 (tasks->pdata[i], "Parent") == parent)
      add_row (table, tasks->pdata[i], TRUE, with_note);
}

/* Below a drain stand its tasks, and it stands where the newest of them would. */
static void
add_tree (TernTable *table, GPtrArray *tasks, gboolean with_note)
{
  g_autoptr (GHashTable) done = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < tasks->len; i++)
    {
      GVariant *parent = find_task (tasks, tern_props_uint64 (tasks->pdata[i], "Parent"));
      GVariant *top = parent != NULL ? parent : tasks->pdata[i];

      if (!g_hash_table_add (done, top))
        continue;
      add_row (table, top, FALSE, with_note);
      if (tern_kind_is_drain (top))
        add_children (table, tasks, tern_props_uint64 (top, "Id"), with_note);
    }
}

/* Drains of which only children are on this page. */
static void
add_parents (TernCli *cli, GPtrArray *tasks)
{
  for (guint i = 0; i < tasks->len; i++)
    {
      guint64 id = tern_props_uint64 (tasks->pdata[i], "Parent");
      GVariant *parent;

      if (id == 0 || find_task (tasks, id) != NULL)
        continue;
      parent = tern_client_fetch_task (cli->client, id, NULL);
      if (parent != NULL)
        g_ptr_array_add (tasks, parent);
    }
}

static void
print_table (GPtrArray *tasks, gboolean flat)
{
  static const TernColumn columns[] = {
    { N_ ("ID"), TERN_COLUMN_NUMBER },      { N_ ("KIND"), TERN_COLUMN_TEXT },
    { N_ ("VM"), TERN_COLUMN_NAME },        { N_ ("FROM, TO"), TERN_COLUMN_NAME },
    { N_ ("STATE"), TERN_COLUMN_TEXT },     { N_ ("DONE"), TERN_COLUMN_NUMBER },
    { N_ ("ASKED FOR"), TERN_COLUMN_TEXT }, { N_ ("TOOK"), TERN_COLUMN_NUMBER },
    { N_ ("BY"), TERN_COLUMN_NAME },        { N_ ("NOTE"), TERN_COLUMN_NOTE },
  };
  gboolean with_note = has_notes (tasks);
  g_autoptr (TernTable) table =
      tern_table_new (columns, G_N_ELEMENTS (columns) - (with_note ? 0 : 1));

  if (!flat)
    add_tree (table, tasks, with_note);
  for (guint i = 0; flat && i < tasks->len; i++)
    add_row (table, tasks->pdata[i], FALSE, with_note);
  tern_table_print (table);
}

static void
print_ways_out (GPtrArray *tasks)
{
  for (guint i = 0; i < tasks->len; i++)
    if (tern_attention_is_in (tasks->pdata[i]))
      {
        g_auto (GStrv) ways = tern_attention_format_ways (tasks->pdata[i]);
        g_autofree char *vm = tern_text_visible (tern_props_string (tasks->pdata[i], "Vm"), 0);
        guint64 id = tern_props_uint64 (tasks->pdata[i], "Id");

        g_printerr (_ ("Task %" PRIu64 " (%s) needs attention; “virtern task show %" PRIu64
                       "” tells what was seen and names the ways out\n"),
                    id, vm, id);
        for (guint k = 0; ways[k] != NULL; k++)
          g_printerr ("  %s\n", ways[k]);
      }
}

gboolean
tern_cmd_task_list (TernCli *cli, GError **error)
{
  guint64 next = 0;
  g_autoptr (GPtrArray) tasks = fetch_tasks (cli, &next, error);
  gboolean flat = tern_args_has (cli->args, TERN_OPTION_FLAT);

  if (tasks == NULL)
    return FALSE;
  if (tern_args_has (cli->args, TERN_OPTION_JSON))
    {
      tern_output_json (tern_output_list_to_json (tasks));
      return TRUE;
    }

  flat = flat || is_filtered (cli->args);
  if (!flat)
    add_parents (cli, tasks);
  if (tasks->len == 0)
    g_printerr (is_filtered (cli->args) ? _ ("No task fits.\n") : _ ("There are no tasks yet.\n"));
  print_table (tasks, flat);
  print_ways_out (tasks);
  if (next > 0)
    g_printerr (_ ("There are older ones: add --before %" PRIu64 ", or --all.\n"), next);
  return TRUE;
}

/* --- watch --- */

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
