/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/move.h"
#include "service/options.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* clang-format off */
/** TERN_MOVE_CHOICES: lines of a method's table of options: how a move is made */
#define TERN_MOVE_CHOICES                                                                          \
  { "policy",             "s" },                                                                   \
  { "priority",           "s" },                                                                   \
  { "bandwidth",          "t" },                                                                   \
  { "postcopy-bandwidth", "t" },                                                                   \
  { "parallel",           "u" },                                                                   \
  { "compression",        "s" },                                                                   \
  { "tls",                "b" }
/* clang-format on */

/**
 * tern_move_choice_parse:
 * @options: checked by a table with %TERN_MOVE_CHOICES
 * @move: the defaults; what is given is changed
 * @error: %TERN_ERROR_INVALID_ARGUMENT: an unknown word, with those that there are; a number out of
 *   bounds; a combination that can never be, be it with a default
 */
gboolean tern_move_choice_parse (GVariant *options, TernMoveOptions *move, GError **error);

/** tern_move_choice_parse_policy: @error: %TERN_ERROR_INVALID_ARGUMENT, with the words there are.
 * @what: "The option “policy”" */
gboolean tern_move_choice_parse_policy (const char *what, const char *word, TernPolicy *out_policy,
                                        GError **error);

G_END_DECLS
