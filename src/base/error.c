/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The error domain and its names on the bus.
 */
#include "config.h"

#include "base/error.h"

#include "base/names.h"

#include <gio/gio.h>

static const GDBusErrorEntry error_entries[] = {
  { TERN_ERROR_FAILED, TERN_ERROR_PREFIX "Failed" },
  { TERN_ERROR_INVALID_ARGUMENT, TERN_ERROR_PREFIX "InvalidArgument" },
  { TERN_ERROR_NOT_FOUND, TERN_ERROR_PREFIX "NotFound" },
  { TERN_ERROR_AMBIGUOUS, TERN_ERROR_PREFIX "Ambiguous" },
  { TERN_ERROR_EXISTS, TERN_ERROR_PREFIX "Exists" },
  { TERN_ERROR_REFUSED, TERN_ERROR_PREFIX "Refused" },
  { TERN_ERROR_BUSY, TERN_ERROR_PREFIX "Busy" },
  { TERN_ERROR_NOT_AUTHORIZED, TERN_ERROR_PREFIX "NotAuthorized" },
  { TERN_ERROR_UNREACHABLE, TERN_ERROR_PREFIX "Unreachable" },
  { TERN_ERROR_TIMED_OUT, TERN_ERROR_PREFIX "TimedOut" },
  { TERN_ERROR_CANCELLED, TERN_ERROR_PREFIX "Cancelled" },
  { TERN_ERROR_ATTENTION, TERN_ERROR_PREFIX "Attention" },
  { TERN_ERROR_STORE, TERN_ERROR_PREFIX "Store" },
  { TERN_ERROR_NOT_SUPPORTED, TERN_ERROR_PREFIX "NotSupported" },
};
G_STATIC_ASSERT (G_N_ELEMENTS (error_entries) == TERN_ERROR_N_CODES);

GQuark
tern_error_quark (void)
{
  static gsize quark = 0;

  g_dbus_error_register_error_domain ("tern-error-quark", &quark, error_entries,
                                      G_N_ELEMENTS (error_entries));
  return (GQuark) quark;
}

const char *
tern_error_code_to_name (TernError code)
{
  g_return_val_if_fail ((guint) code < TERN_ERROR_N_CODES, "Failed");
  return error_entries[code].dbus_error_name + strlen (TERN_ERROR_PREFIX);
}

TernError
tern_error_code_from_name (const char *name)
{
  for (guint i = 0; i < TERN_ERROR_N_CODES; i++)
    if (g_strcmp0 (tern_error_code_to_name (i), name) == 0)
      return i;

  return TERN_ERROR_FAILED;
}
