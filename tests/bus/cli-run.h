/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/*
 * The command, run while the test itself answers it: its main loop goes on meanwhile.
 */

/* What it printed, and how it ended. */
typedef struct
{
  char *out;
  char *err;
  int status;
} Ran;

void ran_clear (Ran *ran);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Ran, ran_clear)

/** start_command: @line: what stands behind `virtern`, split at blanks. Returns: (transfer full) */
GSubprocess *start_command (const char *line);
/** finish_command: waits for its end, a minute at most */
Ran finish_command (GSubprocess *process, const char *line);
/** run_command: both */
Ran run_command (const char *line);

/** assert_says: @text must hold @part; @line is told if not */
void assert_says (const char *line, const char *text, const char *part);
