/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/command.h"

G_BEGIN_DECLS

/**
 * TernArgs:
 * @command: (nullable): what to do; %NULL only with --help or --version
 * @operands: (array zero-terminated=1): the command's operands, as many as it takes
 *
 * What was typed, understood and checked as far as it can be without the daemon.
 */
typedef struct
{
  const TernCommand *command;
  GStrv operands;

  /*< private >*/
  gboolean given[TERN_N_OPTIONS];
  GPtrArray *values[TERN_N_OPTIONS];
  guint64 numbers[TERN_N_OPTIONS];
} TernArgs;

/**
 * tern_args_parse:
 * @argv: (array zero-terminated=1): without the program's name
 * @error: a sentence, with %TERN_EXIT_USAGE
 *
 * Options may stand anywhere; "--" ends them.
 *
 * Returns: (transfer full) (nullable)
 */
TernArgs *tern_args_parse (const char *const *argv, GError **error);
void tern_args_free (TernArgs *self);

gboolean tern_args_has (const TernArgs *self, TernOption option);
/** tern_args_get: Returns: (nullable): the value, the first one of an option that repeats; %NULL if
 * the option was not given */
const char *tern_args_get (const TernArgs *self, TernOption option);
/** tern_args_count: Returns: how many values were given */
guint tern_args_count (const TernArgs *self, TernOption option);
/** tern_args_get_nth: Returns: (transfer none): one of them, in their order */
const char *tern_args_get_nth (const TernArgs *self, TernOption option, guint n);
/** tern_args_get_number: Returns: the value of a numeric option; @fallback if it was not given */
guint64 tern_args_get_number (const TernArgs *self, TernOption option, guint64 fallback);

/** tern_args_is_offline: Returns: whether what was typed can be done without a daemon */
gboolean tern_args_is_offline (const TernArgs *self);

/**
 * tern_args_parse_id:
 * @text: a task id, as the user typed it
 * @out_id: 1 and up
 */
gboolean tern_args_parse_id (const char *text, guint64 *out_id, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernArgs, tern_args_free)

G_END_DECLS
