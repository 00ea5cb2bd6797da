/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libvirt's errors as ours. libvirt has a hundred numbers, and many failures share a few of
 * them (38, 1): the table names those that tell the caller something, the rest is FAILED with
 * the text kept.
 */
#include "config.h"

#include "drivers/libvirt-error.h"

#include "base/text.h"

#include <string.h>

static const struct
{
  int code;
  TernError error;
} codes[] = {
  { VIR_ERR_NO_DOMAIN, TERN_ERROR_NOT_FOUND },
  { VIR_ERR_INVALID_ARG, TERN_ERROR_INVALID_ARGUMENT },
  { VIR_ERR_OPERATION_ABORTED, TERN_ERROR_CANCELLED },
  /* An answer: another job holds the VM, and nothing was done. */
  { VIR_ERR_OPERATION_TIMEOUT, TERN_ERROR_BUSY },
  { VIR_ERR_CPU_INCOMPATIBLE, TERN_ERROR_REFUSED },
  { VIR_ERR_MIGRATE_UNSAFE, TERN_ERROR_REFUSED },
  { VIR_ERR_RESOURCE_BUSY, TERN_ERROR_BUSY },
  { VIR_ERR_AUTH_FAILED, TERN_ERROR_NOT_AUTHORIZED },
  { VIR_ERR_AUTH_CANCELLED, TERN_ERROR_NOT_AUTHORIZED },
  { VIR_ERR_AUTH_UNAVAILABLE, TERN_ERROR_NOT_AUTHORIZED },
  { VIR_ERR_ACCESS_DENIED, TERN_ERROR_NOT_AUTHORIZED },
  { VIR_ERR_OPERATION_DENIED, TERN_ERROR_NOT_AUTHORIZED },
  { VIR_ERR_NO_SUPPORT, TERN_ERROR_NOT_SUPPORTED },
  { VIR_ERR_CONFIG_UNSUPPORTED, TERN_ERROR_NOT_SUPPORTED },
  { VIR_ERR_OPERATION_UNSUPPORTED, TERN_ERROR_NOT_SUPPORTED },
  { VIR_ERR_ARGUMENT_UNSUPPORTED, TERN_ERROR_NOT_SUPPORTED },
};

/* Numbers that mean "the line is dead" when they come from these domains. */
static gboolean
is_of_connection (int code, int from)
{
  if (from != VIR_FROM_REMOTE && from != VIR_FROM_RPC)
    return code == VIR_ERR_NO_CONNECT || code == VIR_ERR_INVALID_CONN;

  return code == VIR_ERR_SYSTEM_ERROR || code == VIR_ERR_INTERNAL_ERROR
         || code == VIR_ERR_NO_CONNECT || code == VIR_ERR_INVALID_CONN || code == VIR_ERR_RPC
         || code == VIR_ERR_OPERATION_FAILED || code == VIR_ERR_UNKNOWN_HOST
         || code == VIR_ERR_GNUTLS_ERROR;
}

/* QEMU's own check on the destination comes as OPERATION_FAILED with this in its text (9.0). */
static gboolean
speaks_of_missing_features (const char *text)
{
  return text != NULL && strstr (text, "missing features") != NULL;
}

/* libvirt reports ssh's refusal of our key as a broken pipe with ssh's words in the text. */
static gboolean
speaks_of_refused_login (const char *text)
{
  return text != NULL
         && (strstr (text, "Permission denied") != NULL
             || strstr (text, "Host key verification failed") != NULL);
}

TernError
tern_error_from_libvirt (int code, int from, const char *text, gboolean connected)
{
  if (!connected && is_of_connection (code, from))
    return speaks_of_refused_login (text) ? TERN_ERROR_NOT_AUTHORIZED : TERN_ERROR_UNREACHABLE;

  for (guint i = 0; i < G_N_ELEMENTS (codes); i++)
    if (codes[i].code == code)
      return codes[i].error;

  return speaks_of_missing_features (text) ? TERN_ERROR_REFUSED : TERN_ERROR_FAILED;
}

static void
set_from_libvirt (virErrorPtr last, gboolean connected, GError **error)
{
  g_autofree char *text = NULL;

  /* Out of memory, or a failure that set no error (seen with calls on a closed connection). */
  if (last == NULL || last->code == VIR_ERR_OK)
    {
      g_set_error (error, TERN_ERROR, connected ? TERN_ERROR_FAILED : TERN_ERROR_UNREACHABLE,
                   "libvirt gave no reason");
      return;
    }

  text = tern_text_visible (last->message, 2000);
  g_set_error (error, TERN_ERROR,
               tern_error_from_libvirt (last->code, last->domain, last->message, connected),
               "%s (libvirt error %d)", text, last->code);
}

/* Every call of libvirt's, however small, wipes the last error: save it first. */
gpointer
tern_error_take_libvirt (virConnectPtr conn, GError **error)
{
  virErrorPtr last = virSaveLastError ();
  gboolean connected = conn != NULL && virConnectIsAlive (conn) == 1;

  set_from_libvirt (last, connected, error);
  virFreeError (last);
  virResetLastError ();
  return NULL;
}

gpointer
tern_error_take_libvirt_domain (virDomainPtr dom, GError **error)
{
  virErrorPtr last = virSaveLastError ();
  gboolean connected = virConnectIsAlive (virDomainGetConnect (dom)) == 1;

  set_from_libvirt (last, connected, error);
  virFreeError (last);
  virResetLastError ();
  return NULL;
}

int
tern_error_libvirt_code (void)
{
  return virGetLastErrorCode ();
}
