/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of commands and the table of options, and the help texts made of them.
 */
#include "config.h"

#include "cli/command.h"

#include "cli/cmd.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"
#include "cli/value.h"

#include <string.h>

#define TASK_STATES "queued|running|done|failed|cancelled|attention"
#define POLICIES "careful|default|postcopy|force"
#define OPTION_BIT(option) (G_GUINT64_CONSTANT (1) << (option))
#define BIT TERN_OPTION_BIT
#define GLOBAL_OPTIONS (BIT (JSON) | BIT (SESSION) | BIT (NO_COLOR) | BIT (HELP) | BIT (VERSION))
#define MAX_RESERVE_MIB (G_GUINT64_CONSTANT (1) << 30)
#define MAX_RATE_MIB (G_GUINT64_CONSTANT (1) << 24)
#define MAX_RATE_MBIT (G_GUINT64_CONSTANT (100000000))
#define MAX_LIMIT 1000
#define MAX_PARALLEL 32
#define MOVE_OPTIONS                                                                               \
  (BIT (POLICY) | BIT (PRIORITY) | BIT (BANDWIDTH) | BIT (POSTCOPY_BANDWIDTH) | BIT (PARALLEL)     \
   | BIT (COMPRESSION) | BIT (TLS))

/*
 * When you change one of these two tables, change docs/man/virtern.1 and
 * data/completion/virtern in the same commit. tests/unit/test-cli-docs.sh compares them.
 */
/* clang-format off */
static const TernOptionInfo options[TERN_N_OPTIONS] = {
  [TERN_OPTION_JSON]     = { "json", 0, NULL, NULL, 0, N_ ("print JSON") },
  [TERN_OPTION_SESSION]  = { "session", 0, NULL, NULL, 0, N_ ("use the session bus, not the system bus") },
  [TERN_OPTION_NO_COLOR] = { "no-color", 0, NULL, NULL, 0, N_ ("print without colours") },
  [TERN_OPTION_HELP]     = { "help", 'h', NULL, NULL, 0, N_ ("print this help") },
  [TERN_OPTION_VERSION]  = { "version", 'V', NULL, NULL, 0, N_ ("print the version of this command") },
  [TERN_OPTION_PEER_URI] = { "peer-uri", 0, "URI", NULL, 0, N_ ("URI by which the other hosts open it") },
  [TERN_OPTION_MIGRATION_ADDRESS]
                         = { "migration-address", 0, "ADDRESS", NULL, 0, N_ ("where guest memory is sent to") },
  [TERN_OPTION_HOST]     = { "host", 0, "HOST", NULL, 0, N_ ("only what is on, comes from or goes to this host") },
  [TERN_OPTION_TO]       = { "to", 0, "HOST", NULL, 0, N_ ("host that the VM shall run on") },
  [TERN_OPTION_NO_WAIT]  = { "no-wait", 0, NULL, NULL, 0, N_ ("do not wait for the end") },
  [TERN_OPTION_TIMEOUT]  = { "timeout", 0, "SECONDS", NULL, 31536000, N_ ("wait no longer than this") },
  [TERN_OPTION_STATE]    = { "state", 0, "STATE", TASK_STATES, 0, N_ ("only tasks in this state") },
  [TERN_OPTION_VM]       = { "vm", 0, "VM", NULL, 0, N_ ("only tasks of this VM") },
  [TERN_OPTION_LIMIT]    = { "limit", 0, "N", NULL, 1000000, N_ ("at most so many tasks (20)") },
  [TERN_OPTION_BEFORE]   = { "before", 0, "ID", NULL, G_MAXUINT64, N_ ("only tasks older than this one") },
  [TERN_OPTION_ALL]      = { "all", 0, NULL, NULL, 0, N_ ("all tasks there ever were") },
  [TERN_OPTION_CLUSTER]  = { "cluster", 0, "NAME", NULL, 0, N_ ("cluster: hosts that may exchange VMs") },
  [TERN_OPTION_MEMORY_RESERVE]
                         = { "memory-reserve", 0, "MIB", NULL, MAX_RESERVE_MIB, N_ ("memory that no VM may be given") },
  [TERN_OPTION_LOCKED]   = { "locked", 0, NULL, NULL, 0, N_ ("only VMs with a lock") },
  [TERN_OPTION_ON]       = { "on", 0, "HOST", NULL, 0, N_ ("host that the VM shall be started on") },
  [TERN_OPTION_REASON]   = { "reason", 0, "TEXT", NULL, 0, N_ ("why the VM must not move or start") },
  [TERN_OPTION_EXPIRES]  = { "expires", 0, "WHEN", NULL, 0, N_ ("“2h”, “90min”, “3d” or “2026-12-01 12:00”"), tern_value_check_when },
  [TERN_OPTION_MODEL]    = { "model", 0, "MODEL", NULL, 0, N_ ("CPU model that the VM shall have") },
  [TERN_OPTION_BASELINE] = { "baseline", 0, NULL, NULL, 0, N_ ("the CPU that all hosts of the cluster can give") },
  [TERN_OPTION_DISABLE]  = { "disable", 0, "FEATURES", NULL, 0, N_ ("its CPU without these, separated by commas"), tern_value_check_names },
  [TERN_OPTION_CLEAR]    = { "clear", 0, NULL, NULL, 0, N_ ("the CPU it had before it was masked") },
  [TERN_OPTION_DRY_RUN]  = { "dry-run", 0, NULL, NULL, 0, N_ ("say what would happen, change nothing") },
  [TERN_OPTION_PARTIAL]  = { "partial", 0, NULL, NULL, 0, N_ ("move those that find a place, although others find none") },
  [TERN_OPTION_EJECT_LOCAL_MEDIA]
                         = { "eject-local-media", 0, NULL, NULL, 0, N_ ("take media out that only its host has") },
  [TERN_OPTION_EXPLAIN]  = { "explain", 0, NULL, NULL, 0, N_ ("show what the scores are made of") },
  [TERN_OPTION_START]    = { "start", 0, NULL, NULL, 0, N_ ("judge a start, not a move") },
  [TERN_OPTION_SNAPSHOT] = { "snapshot", 0, "FILE", NULL, 0, N_ ("ask a file of “virtern snapshot”, not the daemon") },
  [TERN_OPTION_POLICY]   = { "policy", 0, "POLICY", POLICIES, 0, N_ ("what to do if it does not converge: careful, default, postcopy, force") },
  [TERN_OPTION_PRIORITY] = { "priority", 0, "PRIORITY", "low|normal|high", 0, N_ ("whose turn it is: low, normal, high") },
  [TERN_OPTION_BANDWIDTH]
                         = { "bandwidth", 0, "MIB", NULL, MAX_RATE_MIB, N_ ("MiB per second that a move may take") },
  [TERN_OPTION_POSTCOPY_BANDWIDTH]
                         = { "postcopy-bandwidth", 0, "MIB", NULL, MAX_RATE_MIB, N_ ("likewise in post-copy") },
  [TERN_OPTION_PARALLEL] = { "parallel", 0, "N", NULL, MAX_PARALLEL, N_ ("connections side by side") },
  [TERN_OPTION_COMPRESSION]
                         = { "compression", 0, "METHOD", "none|xbzrle|zlib|zstd", 0, N_ ("of the memory: none, xbzrle, zlib, zstd") },
  [TERN_OPTION_TLS]      = { "tls", 0, NULL, NULL, 0, N_ ("memory goes over encrypted") },
  [TERN_OPTION_NO_FORECAST]
                         = { "no-forecast", 0, NULL, NULL, 0, N_ ("with --dry-run: measure nothing") },
  [TERN_OPTION_KEEP_SOURCE]
                         = { "keep-source", 0, NULL, NULL, 0, N_ ("the copy on the source stays, the other is ended") },
  [TERN_OPTION_KEEP_DESTINATION]
                         = { "keep-destination", 0, NULL, NULL, 0, N_ ("the copy on the destination stays, the other is ended") },
  [TERN_OPTION_RECHECK]  = { "recheck", 0, NULL, NULL, 0, N_ ("look at both hosts again; end nothing") },
  [TERN_OPTION_VM_NAME]  = { "vm", 0, "NAME", NULL, 0, N_ ("the VM's name, to confirm; else it is asked for") },
  [TERN_OPTION_OUT]      = { "out", 0, "N|auto", NULL, MAX_LIMIT, N_ ("moves away from a host at a time"), NULL, "auto" },
  [TERN_OPTION_IN]       = { "in", 0, "N|auto", NULL, MAX_LIMIT, N_ ("moves and starts to a host at a time"), NULL, "auto" },
  [TERN_OPTION_IN_CLUSTER]
                         = { "cluster", 0, "N|none", NULL, MAX_LIMIT, N_ ("moves within a cluster at a time"), NULL, "none" },
  [TERN_OPTION_NEW_PEER_URI]
                         = { "peer-uri", 0, "URI|none", NULL, 0, N_ ("URI by which the other hosts open it"), NULL, "none" },
  [TERN_OPTION_NEW_ADDRESS]
                         = { "migration-address", 0, "ADDRESS|none", NULL, 0, N_ ("where guest memory is sent to"), NULL, "none" },
  [TERN_OPTION_NEW_RESERVE]
                         = { "memory-reserve", 0, "MIB|default", NULL, MAX_RESERVE_MIB, N_ ("memory that no VM may be given"), NULL, "default" },
  [TERN_OPTION_LIMIT_OUT]
                         = { "limit-out", 0, "N|default", NULL, MAX_LIMIT, N_ ("moves away from it at a time"), NULL, "default" },
  [TERN_OPTION_LIMIT_IN] = { "limit-in", 0, "N|default", NULL, MAX_LIMIT, N_ ("moves and starts to it at a time"), NULL, "default" },
  [TERN_OPTION_LINK_RATE]
                         = { "link-rate", 0, "MBIT|auto", NULL, MAX_RATE_MBIT, N_ ("Mbit per second that its link carries"), NULL, "auto" },
  [TERN_OPTION_HOST_BANDWIDTH]
                         = { "bandwidth", 0, "MIB|none", NULL, MAX_RATE_MIB, N_ ("MiB per second that all moves over it may take"), NULL, "none" },
};

static const TernCommand commands[] = {
  { NULL, "status", "", 0, 0, 0, 0,
    N_ ("what there is, what runs, and what needs attention"), tern_cmd_status },
  { "host", "add", "NAME URI",
    BIT (PEER_URI) | BIT (MIGRATION_ADDRESS) | BIT (CLUSTER) | BIT (MEMORY_RESERVE), 0, 0, 0,
    N_ ("take a libvirt host in"), tern_cmd_host_add },
  { "host", "remove", "NAME", 0, 0, 0, 0,
    N_ ("forget a host; it and its VMs stay as they are"), tern_cmd_host_remove },
  { "host", "list", "", 0, 0, 0, 0,
    N_ ("list the hosts"), tern_cmd_host_list },
  { "host", "show", "NAME", 0, 0, 0, 0,
    N_ ("show all that is known of a host"), tern_cmd_host_show },
  { "host", "set", "NAME",
    BIT (NEW_PEER_URI) | BIT (NEW_ADDRESS) | BIT (CLUSTER) | BIT (NEW_RESERVE) | BIT (LIMIT_OUT)
      | BIT (LIMIT_IN) | BIT (LINK_RATE) | BIT (HOST_BANDWIDTH), 0, 0, TERN_COMMAND_NEEDS_OPTION,
    N_ ("change how a host is used, from now on"), tern_cmd_host_set },
  { "vm", "list", "", BIT (HOST) | BIT (LOCKED), 0, 0, 0,
    N_ ("list the VMs"), tern_cmd_vm_list },
  { "vm", "show", "VM", 0, 0, 0, 0,
    N_ ("show all that is known of a VM"), tern_cmd_vm_show },
  { "vm", "start", "VM", BIT (ON) | BIT (NO_WAIT) | BIT (TIMEOUT), 0, 0, 0,
    N_ ("start a VM on the best host, or on a named one"), tern_cmd_vm_start },
  { "vm", "lock", "VM", BIT (REASON) | BIT (EXPIRES), BIT (REASON), 0, 0,
    N_ ("keep a VM from being moved or started"), tern_cmd_vm_lock },
  { "vm", "unlock", "VM", 0, 0, 0, 0,
    N_ ("take a VM's lock away, whoever set it"), tern_cmd_vm_unlock },
  { "vm", "mask", "VM", BIT (MODEL) | BIT (BASELINE) | BIT (DISABLE) | BIT (CLEAR) | BIT (DRY_RUN), 0,
    BIT (MODEL) | BIT (BASELINE) | BIT (DISABLE) | BIT (CLEAR), 0,
    N_ ("give a VM an older CPU, so that more hosts can take it"), tern_cmd_vm_mask },
  { NULL, "check", "VM",
    BIT (TO) | BIT (EXPLAIN) | BIT (EJECT_LOCAL_MEDIA) | BIT (START) | BIT (SNAPSHOT), 0, 0,
    TERN_COMMAND_OFFLINE_WITH_FILE,
    N_ ("say which hosts can take a VM, and all that speaks against the others"), tern_cmd_check },
  { NULL, "migrate", "VM...",
    BIT (TO) | MOVE_OPTIONS | BIT (DRY_RUN) | BIT (NO_FORECAST) | BIT (PARTIAL)
      | BIT (EJECT_LOCAL_MEDIA) | BIT (NO_WAIT) | BIT (TIMEOUT), 0, 0, 0,
    N_ ("move running VMs to another host"), tern_cmd_migrate },
  { "plan", "place", "VM...",
    BIT (TO) | BIT (START) | BIT (PARTIAL) | BIT (EJECT_LOCAL_MEDIA) | BIT (SNAPSHOT), 0, 0,
    TERN_COMMAND_OFFLINE_WITH_FILE,
    N_ ("say where VMs would go, and move none"), tern_cmd_plan_place },
  { "baseline", "show", "", BIT (CLUSTER), 0, 0, 0,
    N_ ("show the CPU that all hosts can give, and who has more"), tern_cmd_baseline_show },
  { NULL, "snapshot", "", 0, 0, 0, 0,
    N_ ("write all hosts and VMs as JSON, to be judged offline"), tern_cmd_snapshot },
  { "task", "list", "",
    BIT (STATE) | BIT (VM) | BIT (HOST) | BIT (LIMIT) | BIT (BEFORE) | BIT (ALL), 0, 0, 0,
    N_ ("list tasks, the newest first"), tern_cmd_task_list },
  { "task", "show", "ID", 0, 0, 0, 0,
    N_ ("show all that is known of a task"), tern_cmd_task_show },
  { "task", "watch", "ID", BIT (TIMEOUT), 0, 0, 0,
    N_ ("follow a task to its end"), tern_cmd_task_watch },
  { "task", "cancel", "ID", BIT (NO_WAIT) | BIT (TIMEOUT), 0, 0, 0,
    N_ ("ask a task to stop, and say what came of it"), tern_cmd_task_cancel },
  { "task", "switch", "ID", BIT (POLICY), BIT (POLICY), 0, 0,
    N_ ("carry a move under way on by another policy"), tern_cmd_task_switch },
  { "task", "resolve", "ID",
    BIT (KEEP_SOURCE) | BIT (KEEP_DESTINATION) | BIT (RECHECK) | BIT (VM_NAME) | BIT (NO_WAIT) | BIT (TIMEOUT), 0,
    BIT (KEEP_SOURCE) | BIT (KEEP_DESTINATION) | BIT (RECHECK), 0,
    N_ ("settle a task that needs attention"), tern_cmd_task_resolve },
  { NULL, "limits", "", 0, 0, 0, 0,
    N_ ("show how many moves go on at a time"), tern_cmd_limits },
  { "limits", "set", "", BIT (OUT) | BIT (IN) | BIT (IN_CLUSTER), 0, 0, TERN_COMMAND_NEEDS_OPTION,
    N_ ("change that, at once and until it is reset"), tern_cmd_limits_set },
  { "limits", "reset", "", 0, 0, 0, 0,
    N_ ("go back to the limits of the configuration"), tern_cmd_limits_reset },
  { NULL, "help", "[COMMAND...]", 0, 0, 0, TERN_COMMAND_OFFLINE,
    N_ ("explain a command"), tern_cmd_help },
  { NULL, "_complete", "hosts|vms|tasks|models|clusters", 0, 0, 0, TERN_COMMAND_HIDDEN,
    N_ ("print names for the completion, one a line"), tern_cmd_complete },
};
/* clang-format on */

const TernOptionInfo *
tern_option_get_info (TernOption option)
{
  g_return_val_if_fail ((guint) option < TERN_N_OPTIONS, NULL);
  return &options[option];
}

gboolean
tern_option_is_global (TernOption option)
{
  return (GLOBAL_OPTIONS & OPTION_BIT (option)) != 0;
}

const TernCommand *
tern_command_get_all (guint *out_n)
{
  *out_n = G_N_ELEMENTS (commands);
  return commands;
}

/* "add, remove, list, show": the verbs of a group. */
static char *
list_verbs (const char *group)
{
  GString *verbs = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_strcmp0 (commands[i].group, group) == 0 && (commands[i].flags & TERN_COMMAND_HIDDEN) == 0)
      g_string_append_printf (verbs, "%s%s", verbs->len > 0 ? ", " : "", commands[i].verb);

  return g_string_free (verbs, FALSE);
}

static gboolean
begins_commands (const char *word)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_strcmp0 (commands[i].group, word) == 0)
      return TRUE;
  return FALSE;
}

static const TernCommand *
find_exact (const char *group, const char *verb)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_strcmp0 (commands[i].group, group) == 0 && strcmp (commands[i].verb, verb) == 0)
      return &commands[i];
  return NULL;
}

gboolean
tern_command_is_group (const char *word)
{
  return begins_commands (word) && find_exact (NULL, word) == NULL;
}

static const TernCommand *
find_in_group (const char *group, const char *verb, GError **error)
{
  const TernCommand *command = verb != NULL ? find_exact (group, verb) : NULL;
  g_autofree char *verbs = list_verbs (group);

  if (command == NULL && verb == NULL)
    g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE, _ ("“%s” needs one of: %s"), group,
                 verbs);
  else if (command == NULL)
    g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE,
                 _ ("There is no command “%s %s”; there are: %s"), group, verb, verbs);
  return command;
}

const TernCommand *
tern_command_find (const char *const *words, guint *out_used, GError **error)
{
  const TernCommand *command;

  if (words[0] == NULL)
    {
      g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE,
                   _ ("No command is given; “virtern help” lists them"));
      return NULL;
    }

  if (begins_commands (words[0]) && (words[1] != NULL || tern_command_is_group (words[0])))
    {
      *out_used = 2;
      return find_in_group (words[0], words[1], error);
    }

  *out_used = 1;
  command = find_exact (NULL, words[0]);
  if (command == NULL)
    g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE,
                 _ ("There is no command “%s”; “virtern help” lists them"), words[0]);
  return command;
}

char *
tern_command_get_name (const TernCommand *command)
{
  if (command->group == NULL)
    return g_strdup (command->verb);
  return g_strconcat (command->group, " ", command->verb, NULL);
}

void
tern_command_get_operands (const TernCommand *command, guint *out_min, guint *out_max)
{
  guint count = command->operands[0] != '\0' ? 1 : 0;
  gboolean repeats = strstr (command->operands, "...") != NULL;
  gboolean optional = command->operands[0] == '[';

  for (const char *p = command->operands; *p != '\0'; p++)
    if (*p == ' ')
      count++;
  *out_min = optional ? 0 : count;
  *out_max = repeats ? G_MAXUINT : count;
}

static void
append_option (GString *text, const TernOptionInfo *info)
{
  g_string_append_printf (text, "--%s", info->name);
  if (info->value != NULL)
    g_string_append_printf (text, " %s", info->value);
}

/* " (--model MODEL | --clear)" */
static void
append_alternatives (GString *text, guint64 set)
{
  const char *separator = " (";

  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    if (set & OPTION_BIT (i))
      {
        g_string_append (text, separator);
        append_option (text, &options[i]);
        separator = " | ";
      }
  if (set != 0)
    g_string_append_c (text, ')');
}

static void
append_each (GString *text, guint64 set, const char *before, const char *after)
{
  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    if (set & OPTION_BIT (i))
      {
        g_string_append (text, before);
        append_option (text, &options[i]);
        g_string_append (text, after);
      }
}

char *
tern_command_format_usage (const TernCommand *command)
{
  g_autofree char *name = tern_command_get_name (command);
  GString *text = g_string_new ("virtern ");

  g_string_append (text, name);
  if (command->operands[0] != '\0')
    g_string_append_printf (text, " %s", command->operands);
  append_each (text, command->required, " ", "");
  append_alternatives (text, command->one_of);
  append_each (text, command->options & ~command->required & ~command->one_of, " [", "]");

  return g_string_free (text, FALSE);
}

/* "policy POLICY" */
static char *
format_option (const TernOptionInfo *info)
{
  return info->value != NULL ? g_strconcat (info->name, " ", info->value, NULL)
                             : g_strdup (info->name);
}

static int
get_width (guint64 set)
{
  int width = 0;

  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    if (set & OPTION_BIT (i))
      {
        g_autofree char *left = format_option (&options[i]);

        width = MAX (width, (int) strlen (left));
      }
  return width;
}

static void
append_options (GString *text, guint64 set, int width)
{
  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    if (set & OPTION_BIT (i))
      {
        const TernOptionInfo *info = &options[i];
        g_autofree char *left = format_option (info);

        if (info->letter != '\0')
          g_string_append_printf (text, "  -%c, --%-*s  %s\n", info->letter, width, left,
                                  _ (info->summary));
        else
          g_string_append_printf (text, "      --%-*s  %s\n", width, left, _ (info->summary));
      }
}

static char *
format_command_help (const TernCommand *command)
{
  g_autofree char *usage = tern_command_format_usage (command);
  int width = get_width (command->options | GLOBAL_OPTIONS);
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, _ ("Usage: %s\n\n"), usage);
  g_string_append_printf (text, "%s.\n", _ (command->summary));
  if (command->options != 0)
    {
      g_string_append (text, _ ("\nOptions:\n"));
      append_options (text, command->options, width);
    }
  g_string_append (text, _ ("\nOptions of every command:\n"));
  append_options (text, GLOBAL_OPTIONS, width);

  return g_string_free (text, FALSE);
}

char *
tern_command_format_help (const TernCommand *command)
{
  GString *text;

  if (command != NULL)
    return format_command_help (command);

  text = g_string_new (_ ("Usage: virtern [OPTION...] COMMAND [ARGUMENT...]\n\nCommands:\n"));
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      g_autofree char *usage = tern_command_format_usage (&commands[i]);

      if ((commands[i].flags & TERN_COMMAND_HIDDEN) == 0)
        g_string_append_printf (text, "  %s\n        %s\n", usage + strlen ("virtern "),
                                _ (commands[i].summary));
    }
  g_string_append (text, _ ("\nOptions of every command:\n"));
  append_options (text, GLOBAL_OPTIONS, get_width (GLOBAL_OPTIONS));
  g_string_append (text, _ ("\n“virtern help COMMAND” explains one; virtern(1) all of it.\n"));

  return g_string_free (text, FALSE);
}
