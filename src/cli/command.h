/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _TernCli TernCli;

/* Every option there is. Some share a name where a command wants another value of it: a command has
 * at most one of those, and all of them take a value or none does. */
typedef enum
{
  TERN_OPTION_JSON,
  TERN_OPTION_SESSION,
  TERN_OPTION_NO_COLOR,
  TERN_OPTION_HELP,
  TERN_OPTION_VERSION,
  TERN_OPTION_PEER_URI,
  TERN_OPTION_MIGRATION_ADDRESS,
  TERN_OPTION_HOST,
  TERN_OPTION_TO,
  TERN_OPTION_NO_WAIT,
  TERN_OPTION_TIMEOUT,
  TERN_OPTION_STATE,
  TERN_OPTION_VM,
  TERN_OPTION_LIMIT,
  TERN_OPTION_BEFORE,
  TERN_OPTION_ALL,
  TERN_OPTION_CLUSTER,
  TERN_OPTION_MEMORY_RESERVE,
  TERN_OPTION_LOCKED,
  TERN_OPTION_ON,
  TERN_OPTION_REASON,
  TERN_OPTION_EXPIRES,
  TERN_OPTION_MODEL,
  TERN_OPTION_BASELINE,
  TERN_OPTION_DISABLE,
  TERN_OPTION_CLEAR,
  TERN_OPTION_DRY_RUN,
  TERN_OPTION_PARTIAL,
  TERN_OPTION_EJECT_LOCAL_MEDIA,
  TERN_OPTION_EXPLAIN,
  TERN_OPTION_START,
  TERN_OPTION_SNAPSHOT,
  TERN_OPTION_POLICY,
  TERN_OPTION_PRIORITY,
  TERN_OPTION_BANDWIDTH,
  TERN_OPTION_POSTCOPY_BANDWIDTH,
  TERN_OPTION_PARALLEL,
  TERN_OPTION_COMPRESSION,
  TERN_OPTION_TLS,
  TERN_OPTION_NO_FORECAST,
  TERN_OPTION_KEEP_SOURCE,
  TERN_OPTION_KEEP_DESTINATION,
  TERN_OPTION_RECHECK,
  TERN_OPTION_VM_NAME,
  TERN_OPTION_OUT,
  TERN_OPTION_IN,
  TERN_OPTION_IN_CLUSTER,
  TERN_OPTION_NEW_PEER_URI,
  TERN_OPTION_NEW_ADDRESS,
  TERN_OPTION_NEW_RESERVE,
  TERN_OPTION_LIMIT_OUT,
  TERN_OPTION_LIMIT_IN,
  TERN_OPTION_LINK_RATE,
  TERN_OPTION_HOST_BANDWIDTH,
  TERN_OPTION_DEADLINE,
  TERN_OPTION_ACTION,
  TERN_OPTION_MOVE_SHUT_OFF,
  TERN_OPTION_SAVE,
  TERN_OPTION_RETURN,
  TERN_OPTION_ABORT,
  TERN_OPTION_FLAT,
  TERN_OPTION_DRAIN_ACTION,
  TERN_OPTION_EVENTS,
  TERN_OPTION_CA_FILE,
  TERN_OPTION_PIN,
  TERN_OPTION_SECRET_FILE,
  TERN_N_OPTIONS
} TernOption;

/**
 * TernOptionInfo:
 * @name: without the dashes
 * @letter: of the short form; 0 for none
 * @value: (nullable): what the value is called in help texts; %NULL for a switch
 * @choices: (nullable): the words that the value may be, separated by "|"
 * @max: a number from 1 to this; 0 if the value is no number
 * @summary: one line for help texts, to be translated
 * @check: (nullable): what else the value must be; sets a usage error
 * @zero: (nullable): a word that may be given as the value, too; of a number it stands for 0
 * @repeats: it may be given more than once
 */
typedef struct
{
  const char *name;
  char letter;
  const char *value;
  const char *choices;
  guint64 max;
  const char *summary;
  gboolean (*check) (const char *value, GError **error);
  const char *zero;
  gboolean repeats;
} TernOptionInfo;

/**
 * TernCommandFlags:
 * @TERN_COMMAND_HIDDEN: not in help texts; for the completion
 * @TERN_COMMAND_OFFLINE: works without a daemon
 * @TERN_COMMAND_OFFLINE_WITH_FILE: works without a daemon if --snapshot is given
 * @TERN_COMMAND_NEEDS_OPTION: at least one of its options must be given
 */
typedef enum
{
  TERN_COMMAND_HIDDEN = 1 << 0,
  TERN_COMMAND_OFFLINE = 1 << 1,
  TERN_COMMAND_OFFLINE_WITH_FILE = 1 << 2,
  TERN_COMMAND_NEEDS_OPTION = 1 << 3,
} TernCommandFlags;

/**
 * TernCommand:
 * @group: (nullable): first word of a command of two words
 * @verb: the word that says what to do
 * @operands: as shown in help texts, separated by blanks; empty for none
 * @options: (nullable): those it has besides the global ones, ended by %TERN_N_OPTIONS
 * @required: (nullable): those of @options without which it makes no sense, likewise
 * @one_of: (nullable): those of @options of which exactly one must be given, likewise
 * @summary: one line for help texts, to be translated
 * @run: does it
 */
typedef struct
{
  const char *group;
  const char *verb;
  const char *operands;
  const TernOption *options;
  const TernOption *required;
  const TernOption *one_of;
  TernCommandFlags flags;
  const char *summary;
  gboolean (*run) (TernCli *cli, GError **error);
} TernCommand;

const TernOptionInfo *tern_option_get_info (TernOption option);

/** tern_option_set_has: @set: (nullable): ended by %TERN_N_OPTIONS. Returns: whether @option is one
 * of them */
gboolean tern_option_set_has (const TernOption *set, TernOption option);

/** tern_option_is_global: Returns: whether every command has it */
gboolean tern_option_is_global (TernOption option);

/**
 * tern_command_get_all:
 * @out_n: how many
 *
 * Returns: (transfer none) (array length=out_n): the table
 */
const TernCommand *tern_command_get_all (guint *out_n);

/**
 * tern_command_find:
 * @words: (array zero-terminated=1): what was typed, options taken out
 * @out_used: how many of the words name the command
 * @error: a usage error that says what is missing or unknown
 *
 * Returns: (transfer none) (nullable)
 */
const TernCommand *tern_command_find (const char *const *words, guint *out_used, GError **error);

/** tern_command_is_group: Returns: whether @word begins commands of two words, and is none alone */
gboolean tern_command_is_group (const char *word);

/** tern_command_get_name: Returns: (transfer full): such as "host add" */
char *tern_command_get_name (const TernCommand *command);

/** tern_command_get_operands: how many operands it takes; @out_max is %G_MAXUINT for any number */
void tern_command_get_operands (const TernCommand *command, guint *out_min, guint *out_max);

/** tern_command_format_usage: Returns: (transfer full): "virtern host add NAME URI [--…]" */
char *tern_command_format_usage (const TernCommand *command);

/** tern_command_format_help: Returns: (transfer full): the text of `virtern COMMAND --help`, or of
 * `virtern help` if @command is %NULL */
char *tern_command_format_help (const TernCommand *command);

G_END_DECLS
