/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernExit:
 *
 * The exit statuses of `virtern`, an interface for scripts: change none. They are in the
 * table of virtern(1).
 */
typedef enum
{
  TERN_EXIT_OK = 0,
  TERN_EXIT_FAILED = 1,
  TERN_EXIT_USAGE = 2,
  TERN_EXIT_WAIT_TIMED_OUT = 3,
  TERN_EXIT_REFUSED = 4,
  TERN_EXIT_CANCELLED = 5,
  TERN_EXIT_ATTENTION = 6,
  TERN_EXIT_NO_DAEMON = 8,
  TERN_EXIT_NOT_FOUND = 10,
  TERN_EXIT_INTERRUPTED = 130,
} TernExit;

/* Errors born in the command itself: the code is the exit status. */
#define TERN_EXIT_ERROR (tern_exit_error_quark ())
GQuark tern_exit_error_quark (void);

/**
 * tern_exit_from_error:
 * @error: (nullable): of TERN_ERROR, TERN_EXIT_ERROR or any other domain
 *
 * Returns: the status to end with; %TERN_EXIT_OK for %NULL, %TERN_EXIT_FAILED for a domain it
 *   does not know
 */
TernExit tern_exit_from_error (const GError *error);

/**
 * tern_exit_from_task_state:
 * @state: the State of a task that has ended
 *
 * Returns: the status of a command that waited for it
 */
TernExit tern_exit_from_task_state (const char *state);

G_END_DECLS
