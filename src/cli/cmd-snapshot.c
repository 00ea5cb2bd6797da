/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * virtern snapshot
 */
#include "config.h"

#include "cli/cmd.h"

#include <stdio.h>

gboolean
tern_cmd_snapshot (TernCli *cli, GError **error)
{
  g_autoptr (GVariant) reply = tern_client_call_manager (cli->client, TERN_CALL_READ, "GetSnapshot",
                                                         g_variant_new ("(a{sv})", NULL), error);
  const char *document;

  if (reply == NULL)
    return FALSE;

  /* JSON is UTF-8 whatever the locale is: not g_print(). */
  g_variant_get (reply, "(&s)", &document);
  (void) fputs (document, stdout);
  if (!g_str_has_suffix (document, "\n"))
    (void) fputc ('\n', stdout);
  return TRUE;
}
