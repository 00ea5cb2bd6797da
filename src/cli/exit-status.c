/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From errors and task states to exit statuses.
 */
#include "config.h"

#include "cli/exit-status.h"

#include "base/error.h"

G_DEFINE_QUARK (tern - exit - error - quark, tern_exit_error)

/* A daemon that says TimedOut did not get an answer from a host: that is a failure. Status 3
 * is kept for a wait that the user bounded with --timeout. */
/* clang-format off */
static const TernExit exit_by_code[] = {
  [TERN_ERROR_FAILED]           = TERN_EXIT_FAILED,
  [TERN_ERROR_INVALID_ARGUMENT] = TERN_EXIT_USAGE,
  [TERN_ERROR_NOT_FOUND]        = TERN_EXIT_NOT_FOUND,
  [TERN_ERROR_AMBIGUOUS]        = TERN_EXIT_NOT_FOUND,
  [TERN_ERROR_EXISTS]           = TERN_EXIT_FAILED,
  [TERN_ERROR_REFUSED]          = TERN_EXIT_REFUSED,
  [TERN_ERROR_BUSY]             = TERN_EXIT_REFUSED,
  [TERN_ERROR_NOT_AUTHORIZED]   = TERN_EXIT_FAILED,
  [TERN_ERROR_UNREACHABLE]      = TERN_EXIT_FAILED,
  [TERN_ERROR_TIMED_OUT]        = TERN_EXIT_FAILED,
  [TERN_ERROR_CANCELLED]        = TERN_EXIT_CANCELLED,
  [TERN_ERROR_ATTENTION]        = TERN_EXIT_ATTENTION,
  [TERN_ERROR_STORE]            = TERN_EXIT_FAILED,
  [TERN_ERROR_NOT_SUPPORTED]    = TERN_EXIT_FAILED,
};
/* clang-format on */
G_STATIC_ASSERT (G_N_ELEMENTS (exit_by_code) == TERN_ERROR_N_CODES);

TernExit
tern_exit_from_error (const GError *error)
{
  if (error == NULL)
    return TERN_EXIT_OK;
  if (error->domain == TERN_EXIT_ERROR)
    return (TernExit) error->code;
  if (error->domain == TERN_ERROR && (guint) error->code < TERN_ERROR_N_CODES)
    return exit_by_code[error->code];
  return TERN_EXIT_FAILED;
}

TernExit
tern_exit_from_task_state (const char *state)
{
  if (g_strcmp0 (state, "done") == 0)
    return TERN_EXIT_OK;
  if (g_strcmp0 (state, "cancelled") == 0)
    return TERN_EXIT_CANCELLED;
  if (g_strcmp0 (state, "attention") == 0)
    return TERN_EXIT_ATTENTION;
  return TERN_EXIT_FAILED;
}
