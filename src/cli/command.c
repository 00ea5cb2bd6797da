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

#define TASK_STATES "queued|running|done|remainder|failed|cancelled|attention"
#define DRAIN_ACTIONS "migrate|skip|cold|shutdown|ask"
#define POLICIES "careful|default|postcopy|force"
#define MAX_RESERVE_MIB (G_GUINT64_CONSTANT (1) << 30)
#define MAX_RATE_MIB (G_GUINT64_CONSTANT (1) << 24)
#define MAX_RATE_MBIT (G_GUINT64_CONSTANT (100000000))
#define MAX_LIMIT 1000
#define MAX_PARALLEL 32
#define O(name) TERN_OPTION_##name
#define SET(...) ((const TernOption[]){ __VA_ARGS__, TERN_N_OPTIONS })
#define NONE NULL
#define MOVE_OPTIONS                                                                               \
  O (POLICY), O (PRIORITY), O (BANDWIDTH), O (POSTCOPY_BANDWIDTH), O (PARALLEL), O (COMPRESSION),  \
      O (TLS)

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
  [TERN_OPTION_DEADLINE] = { "deadline", 0, "WHEN", NULL, 0, N_ ("no further VM is begun from then on: “2h”, “22:30” or “2026-12-01 12:00”"), tern_value_check_when },
  [TERN_OPTION_ACTION]   = { "action", 0, "VM=ACTION", NULL, 0, N_ ("what to do with a VM: migrate, skip, cold, shutdown, ask; may be repeated"), tern_value_check_action, NULL, TRUE },
  [TERN_OPTION_MOVE_SHUT_OFF]
                         = { "move-shut-off", 0, NULL, NULL, 0, N_ ("definitions of VMs that are shut off go, too") },
  [TERN_OPTION_SAVE]     = { "save", 0, "FILE", NULL, 0, N_ ("keep the plan, for “virtern apply FILE”") },
  [TERN_OPTION_RETURN]   = { "return", 0, NULL, NULL, 0, N_ ("bring the VMs back that a drain took from it") },
  [TERN_OPTION_ABORT]    = { "abort", 0, NULL, NULL, 0, N_ ("of a drain: cancel the moves under way, too") },
  [TERN_OPTION_FLAT]     = { "flat", 0, NULL, NULL, 0, N_ ("do not put the tasks of a drain below it") },
  [TERN_OPTION_DRAIN_ACTION]
                         = { "drain-action", 0, "ACTION|none", DRAIN_ACTIONS, 0, N_ ("what a drain does with it: migrate, skip, cold, shutdown, ask"), NULL, "none" },
  [TERN_OPTION_EVENTS]   = { "events", 0, "EVENTS", NULL, 0, N_ ("only these, separated by commas; all without it"), tern_value_check_events },
  [TERN_OPTION_CA_FILE]  = { "ca-file", 0, "FILE", NULL, 0, N_ ("only certificates of these authorities are taken") },
  [TERN_OPTION_PIN]      = { "pin", 0, "PIN", NULL, 0, N_ ("“sha256//…”: the public key it must have") },
  [TERN_OPTION_SECRET_FILE]
                         = { "secret-file", 0, "FILE", NULL, 0, N_ ("key of the signature; a file of the daemon's, mode 0600") },
};

static const TernOption global_options[]
  = { O (JSON), O (SESSION), O (NO_COLOR), O (HELP), O (VERSION), TERN_N_OPTIONS };

static const TernCommand commands[] = {
  { NULL, "status", "", NONE, NONE, NONE, 0,
    N_ ("what there is, what runs, and what needs attention"), tern_cmd_status },
  { "host", "add", "NAME URI",
    SET (O (PEER_URI), O (MIGRATION_ADDRESS), O (CLUSTER), O (MEMORY_RESERVE)), NONE, NONE, 0,
    N_ ("take a libvirt host in"), tern_cmd_host_add },
  { "host", "remove", "NAME", NONE, NONE, NONE, 0,
    N_ ("forget a host; it and its VMs stay as they are"), tern_cmd_host_remove },
  { "host", "list", "", NONE, NONE, NONE, 0,
    N_ ("list the hosts"), tern_cmd_host_list },
  { "host", "show", "NAME", NONE, NONE, NONE, 0,
    N_ ("show all that is known of a host"), tern_cmd_host_show },
  { "host", "set", "NAME",
    SET (O (NEW_PEER_URI), O (NEW_ADDRESS), O (CLUSTER), O (NEW_RESERVE), O (LIMIT_OUT),
         O (LIMIT_IN), O (LINK_RATE), O (HOST_BANDWIDTH)), NONE, NONE, TERN_COMMAND_NEEDS_OPTION,
    N_ ("change how a host is used, from now on"), tern_cmd_host_set },
  { "vm", "list", "", SET (O (HOST), O (LOCKED)), NONE, NONE, 0,
    N_ ("list the VMs"), tern_cmd_vm_list },
  { "vm", "show", "VM", NONE, NONE, NONE, 0,
    N_ ("show all that is known of a VM"), tern_cmd_vm_show },
  { "vm", "start", "VM", SET (O (ON), O (NO_WAIT), O (TIMEOUT)), NONE, NONE, 0,
    N_ ("start a VM on the best host, or on a named one"), tern_cmd_vm_start },
  { "vm", "lock", "VM", SET (O (REASON), O (EXPIRES)), SET (O (REASON)), NONE, 0,
    N_ ("keep a VM from being moved or started"), tern_cmd_vm_lock },
  { "vm", "unlock", "VM", NONE, NONE, NONE, 0,
    N_ ("take a VM's lock away, whoever set it"), tern_cmd_vm_unlock },
  { "vm", "mask", "VM", SET (O (MODEL), O (BASELINE), O (DISABLE), O (CLEAR), O (DRY_RUN)), NONE,
    SET (O (MODEL), O (BASELINE), O (DISABLE), O (CLEAR)), 0,
    N_ ("give a VM an older CPU, so that more hosts can take it"), tern_cmd_vm_mask },
  { "vm", "set", "VM", SET (O (DRAIN_ACTION)), NONE, NONE, TERN_COMMAND_NEEDS_OPTION,
    N_ ("say what a drain does with a VM, from now on"), tern_cmd_vm_set },
  { NULL, "check", "VM",
    SET (O (TO), O (EXPLAIN), O (EJECT_LOCAL_MEDIA), O (START), O (SNAPSHOT)), NONE, NONE,
    TERN_COMMAND_OFFLINE_WITH_FILE,
    N_ ("say which hosts can take a VM, and all that speaks against the others"), tern_cmd_check },
  { NULL, "migrate", "VM...",
    SET (O (TO), MOVE_OPTIONS, O (DRY_RUN), O (NO_FORECAST), O (PARTIAL),
         O (EJECT_LOCAL_MEDIA), O (NO_WAIT), O (TIMEOUT)), NONE, NONE, 0,
    N_ ("move running VMs to another host"), tern_cmd_migrate },
  { NULL, "drain", "HOST...",
    SET (O (DRY_RUN), O (DEADLINE), O (ACTION), O (MOVE_SHUT_OFF), O (SAVE), MOVE_OPTIONS,
         O (NO_WAIT), O (TIMEOUT)), NONE, NONE, 0,
    N_ ("move all VMs away from hosts, and keep these closed"), tern_cmd_drain },
  { NULL, "apply", "PLAN", SET (MOVE_OPTIONS, O (NO_WAIT), O (TIMEOUT)), NONE, NONE, 0,
    N_ ("carry out a plan that was kept with --save"), tern_cmd_apply },
  { NULL, "activate", "HOST",
    SET (O (RETURN), O (DRY_RUN), O (SAVE), O (NO_WAIT), O (TIMEOUT)), NONE, NONE, 0,
    N_ ("open a host again, and bring its VMs back"), tern_cmd_activate },
  { "plan", "drain", "HOST...",
    SET (O (DEADLINE), O (ACTION), O (MOVE_SHUT_OFF), O (SAVE), O (SNAPSHOT)), NONE, NONE,
    TERN_COMMAND_OFFLINE_WITH_FILE,
    N_ ("say how hosts would be drained, and move nothing"), tern_cmd_plan_drain },
  { "plan", "place", "VM...",
    SET (O (TO), O (START), O (PARTIAL), O (EJECT_LOCAL_MEDIA), O (SNAPSHOT)), NONE, NONE,
    TERN_COMMAND_OFFLINE_WITH_FILE,
    N_ ("say where VMs would go, and move none"), tern_cmd_plan_place },
  { "baseline", "show", "", SET (O (CLUSTER)), NONE, NONE, 0,
    N_ ("show the CPU that all hosts can give, and who has more"), tern_cmd_baseline_show },
  { NULL, "snapshot", "", NONE, NONE, NONE, 0,
    N_ ("write all hosts and VMs as JSON, to be judged offline"), tern_cmd_snapshot },
  { "task", "list", "",
    SET (O (STATE), O (VM), O (HOST), O (LIMIT), O (BEFORE), O (ALL), O (FLAT)), NONE, NONE, 0,
    N_ ("list tasks, the newest first"), tern_cmd_task_list },
  { "task", "show", "ID", NONE, NONE, NONE, 0,
    N_ ("show all that is known of a task"), tern_cmd_task_show },
  { "task", "watch", "ID", SET (O (TIMEOUT)), NONE, NONE, 0,
    N_ ("follow a task to its end"), tern_cmd_task_watch },
  { "task", "cancel", "ID", SET (O (ABORT), O (NO_WAIT), O (TIMEOUT)), NONE, NONE, 0,
    N_ ("ask a task to stop, and say what came of it"), tern_cmd_task_cancel },
  { "task", "resume", "ID", SET (O (ACTION), O (NO_WAIT), O (TIMEOUT)), NONE, NONE, 0,
    N_ ("order a drain again that was cancelled or left VMs behind"), tern_cmd_task_resume },
  { "task", "undo", "ID", SET (O (NO_WAIT), O (TIMEOUT)), NONE, NONE, 0,
    N_ ("end a drain, open its hosts, and bring back what it moved"), tern_cmd_task_undo },
  { "task", "switch", "ID", SET (O (POLICY)), SET (O (POLICY)), NONE, 0,
    N_ ("carry a move under way on by another policy"), tern_cmd_task_switch },
  { "task", "resolve", "ID",
    SET (O (KEEP_SOURCE), O (KEEP_DESTINATION), O (RECHECK), O (VM_NAME), O (NO_WAIT),
         O (TIMEOUT)), NONE,
    SET (O (KEEP_SOURCE), O (KEEP_DESTINATION), O (RECHECK)), 0,
    N_ ("settle a task that needs attention"), tern_cmd_task_resolve },
  { NULL, "limits", "", NONE, NONE, NONE, 0,
    N_ ("show how many moves go on at a time"), tern_cmd_limits },
  { "limits", "set", "", SET (O (OUT), O (IN), O (IN_CLUSTER)), NONE, NONE, TERN_COMMAND_NEEDS_OPTION,
    N_ ("change that, at once and until it is reset"), tern_cmd_limits_set },
  { "limits", "reset", "", NONE, NONE, NONE, 0,
    N_ ("go back to the limits of the configuration"), tern_cmd_limits_reset },
  { "webhook", "add", "NAME URL", SET (O (EVENTS), O (CA_FILE), O (PIN), O (SECRET_FILE)), NONE,
    NONE, 0,
    N_ ("tell an endpoint what happens, from now on"), tern_cmd_webhook_add },
  { "webhook", "list", "", NONE, NONE, NONE, 0,
    N_ ("list the webhooks, what waits for them, and what fails"), tern_cmd_webhook_list },
  { "webhook", "test", "NAME", NONE, NONE, NONE, 0,
    N_ ("send an endpoint a test notice, now"), tern_cmd_webhook_test },
  { "webhook", "remove", "NAME", NONE, NONE, NONE, 0,
    N_ ("forget a webhook and what waits for it"), tern_cmd_webhook_remove },
  { NULL, "help", "[COMMAND...]", NONE, NONE, NONE, TERN_COMMAND_OFFLINE,
    N_ ("explain a command"), tern_cmd_help },
  { NULL, "_complete", "hosts|vms|tasks|models|clusters|webhooks", NONE, NONE, NONE, TERN_COMMAND_HIDDEN,
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
tern_option_set_has (const TernOption *set, TernOption option)
{
  for (guint i = 0; set != NULL && set[i] != TERN_N_OPTIONS; i++)
    if (set[i] == option)
      return TRUE;
  return FALSE;
}

gboolean
tern_option_is_global (TernOption option)
{
  return tern_option_set_has (global_options, option);
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
append_alternatives (GString *text, const TernOption *set)
{
  const char *separator = " (";

  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    if (tern_option_set_has (set, i))
      {
        g_string_append (text, separator);
        append_option (text, &options[i]);
        separator = " | ";
      }
  if (set != NULL)
    g_string_append_c (text, ')');
}

static void
append_required (GString *text, const TernCommand *command)
{
  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    if (tern_option_set_has (command->required, i))
      {
        g_string_append_c (text, ' ');
        append_option (text, &options[i]);
      }
}

static void
append_optional (GString *text, const TernCommand *command)
{
  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    if (tern_option_set_has (command->options, i) && !tern_option_set_has (command->required, i)
        && !tern_option_set_has (command->one_of, i))
      {
        g_string_append (text, " [");
        append_option (text, &options[i]);
        g_string_append (text, options[i].repeats ? "]..." : "]");
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
  append_required (text, command);
  append_alternatives (text, command->one_of);
  append_optional (text, command);

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
get_width (const TernOption *set)
{
  int width = 0;

  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    if (tern_option_set_has (set, i))
      {
        g_autofree char *left = format_option (&options[i]);

        width = MAX (width, (int) strlen (left));
      }
  return width;
}

static void
append_options (GString *text, const TernOption *set, int width)
{
  for (guint i = 0; i < TERN_N_OPTIONS; i++)
    if (tern_option_set_has (set, i))
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
  int width = MAX (get_width (command->options), get_width (global_options));
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, _ ("Usage: %s\n\n"), usage);
  /* Translators: the line that says what a command does, as a sentence */
  g_string_append_printf (text, _ ("%s.\n"), _ (command->summary));
  if (command->options != NULL)
    {
      g_string_append (text, _ ("\nOptions:\n"));
      append_options (text, command->options, width);
    }
  g_string_append (text, _ ("\nOptions of every command:\n"));
  append_options (text, global_options, width);

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
  append_options (text, global_options, get_width (global_options));
  g_string_append (text, _ ("\n“virtern help COMMAND” explains one; virtern(1) all of it.\n"));

  return g_string_free (text, FALSE);
}
