/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernError:
 *
 * What went wrong, named by what the *caller* can do about it. Each code has a
 * name on the bus, "org.virtern.Virtern1.Error.NAME" (see error.c), so that a
 * code in C, an error on D-Bus and an exit status of the command say the same.
 *
 * @TERN_ERROR_FAILED: it did not work; the sentence says why
 * @TERN_ERROR_INVALID_ARGUMENT: the call is malformed; mend the call
 * @TERN_ERROR_NOT_FOUND: there is no such host, VM or task
 * @TERN_ERROR_AMBIGUOUS: the name fits more than one VM; use the UUID
 * @TERN_ERROR_EXISTS: it is there already
 * @TERN_ERROR_REFUSED: a check said no; nothing was changed
 * @TERN_ERROR_BUSY: another task holds it; wait or cancel that one
 * @TERN_ERROR_NOT_AUTHORIZED: the caller may not do this
 * @TERN_ERROR_UNREACHABLE: the host cannot be talked to now; try again later
 * @TERN_ERROR_TIMED_OUT: no answer within the bound; what happened is unknown
 * @TERN_ERROR_CANCELLED: somebody asked for it to stop
 * @TERN_ERROR_ATTENTION: the truth is not known; a person must look
 * @TERN_ERROR_STORE: the daemon's own store does not work
 * @TERN_ERROR_NOT_SUPPORTED: this host or version cannot do it
 */
typedef enum
{
  TERN_ERROR_FAILED,
  TERN_ERROR_INVALID_ARGUMENT,
  TERN_ERROR_NOT_FOUND,
  TERN_ERROR_AMBIGUOUS,
  TERN_ERROR_EXISTS,
  TERN_ERROR_REFUSED,
  TERN_ERROR_BUSY,
  TERN_ERROR_NOT_AUTHORIZED,
  TERN_ERROR_UNREACHABLE,
  TERN_ERROR_TIMED_OUT,
  TERN_ERROR_CANCELLED,
  TERN_ERROR_ATTENTION,
  TERN_ERROR_STORE,
  TERN_ERROR_NOT_SUPPORTED,
  TERN_ERROR_N_CODES
} TernError;

#define TERN_ERROR (tern_error_quark ())

/**
 * tern_error_quark:
 *
 * The domain of all errors that leave a module. The first call registers the
 * codes with GDBus, so the same names appear on the bus.
 */
GQuark tern_error_quark (void);

/**
 * tern_error_code_to_name:
 * @code: a #TernError
 *
 * Returns: (transfer none): the last part of the D-Bus name, such as "Refused"
 */
const char *tern_error_code_to_name (TernError code);

/**
 * tern_error_code_from_name:
 * @name: (nullable): what tern_error_code_to_name() returned
 *
 * Returns: the code, or %TERN_ERROR_FAILED for a name it does not know: an
 *   old record must stay readable
 */
TernError tern_error_code_from_name (const char *name);

G_END_DECLS
