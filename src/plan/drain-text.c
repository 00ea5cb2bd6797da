/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A text that anybody may hand in as a plan: whether it is worth parsing.
 */
#include "config.h"

#include "plan/drain-text.h"

#include <string.h>

#define SPACE " \t\r\n"
#define MAX_LENGTH (64 * 1024 * 1024)
#define MAX_DEPTH 12
/* Of 20,000 VMs with all their moves it is half as many. */
#define MAX_VALUES 1000000

/* json-glib goes as deep as the text does, and never frees what stands before a second document. */
gboolean
tern_drain_text_is_flat (const char *json)
{
  guint depth = 0;
  gboolean quoted = FALSE;
  const char *p = json + strspn (json, SPACE);

  if (*p != '{')
    return FALSE;
  for (; *p != '\0'; p++)
    if (quoted && *p == '\\' && p[1] != '\0')
      p++;
    else if (*p == '"')
      quoted = !quoted;
    else if (!quoted && (*p == '{' || *p == '[') && ++depth > MAX_DEPTH)
      return FALSE;
    else if (!quoted && (*p == '}' || *p == ']') && --depth == 0)
      return p[1 + strspn (p + 1, SPACE)] == '\0';
  return FALSE;
}

gboolean
tern_drain_text_is_short (const char *json)
{
  guint n = 0;

  for (const char *p = json; (p = strchr (p, ',')) != NULL && n <= MAX_VALUES; p++)
    n++;
  return n <= MAX_VALUES && strlen (json) <= MAX_LENGTH;
}
