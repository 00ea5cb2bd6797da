/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Kinds of tasks in words: "migrate", "start", "relocate", "shutdown", "drain" and "return".
 */
#include "config.h"

#include "cli/kind-words.h"

#include "base/text.h"
#include "cli/client.h"
#include "cli/i18n.h"
#include "cli/output.h"

#include <string.h>

static gboolean
is_kind (GVariant *task, const char *kind)
{
  return strcmp (tern_props_string (task, "Kind"), kind) == 0;
}

gboolean
tern_kind_is_return (GVariant *task)
{
  return is_kind (task, "return");
}

gboolean
tern_kind_is_drain (GVariant *task)
{
  return is_kind (task, "drain") || tern_kind_is_return (task);
}

gboolean
tern_kind_is_move (GVariant *task)
{
  static const char *const others[] = { "start", "relocate", "shutdown", NULL };

  return !tern_kind_is_drain (task) && !g_strv_contains (others, tern_props_string (task, "Kind"));
}

char *
tern_kind_format_hosts (GVariant *task)
{
  const char *hosts =
      tern_props_string (task, tern_kind_is_return (task) ? "Destination" : "Source");
  g_auto (GStrv) names = g_strsplit (hosts, ",", -1);
  g_autofree char *joined = NULL;

  for (guint i = 0; names[i] != NULL; i++)
    g_strstrip (names[i]);
  joined = g_strjoinv (", ", names);
  return tern_text_visible (joined, 0);
}

char *
tern_kind_format_subject (GVariant *task)
{
  if (tern_kind_is_drain (task))
    return tern_kind_format_hosts (task);
  return tern_text_visible (tern_props_string (task, "Vm"), 0);
}

char *
tern_kind_format_way (GVariant *task)
{
  const char *source = tern_props_string (task, "Source");
  const char *destination = tern_props_string (task, "Destination");

  if (tern_kind_is_drain (task))
    return tern_kind_format_hosts (task);
  if (*source == '\0' || *destination == '\0')
    return g_strconcat (source, destination, NULL);
  return g_strconcat (source, tern_output_arrow (), destination, NULL);
}

char *
tern_kind_format_begun (GVariant *task)
{
  const char *source = tern_props_string (task, "Source");
  const char *destination = tern_props_string (task, "Destination");
  g_autofree char *subject = tern_kind_format_subject (task);

  if (tern_kind_is_return (task))
    return g_strdup_printf (_ ("brings VMs back to %s"), subject);
  if (tern_kind_is_drain (task))
    return g_strdup_printf (_ ("drains %s"), subject);
  if (is_kind (task, "start"))
    return g_strdup_printf (_ ("starts %s on %s"), subject, destination);
  if (is_kind (task, "relocate"))
    return g_strdup_printf (_ ("takes the definition of %s to %s"), subject, destination);
  if (is_kind (task, "shutdown"))
    return g_strdup_printf (_ ("shuts %s down on %s"), subject, source);
  return g_strdup_printf (_ ("moves %s to %s"), subject, destination);
}

char *
tern_kind_format_not_done (GVariant *task)
{
  const char *source = tern_props_string (task, "Source");
  const char *destination = tern_props_string (task, "Destination");
  g_autofree char *subject = tern_kind_format_subject (task);

  if (tern_kind_is_return (task))
    return g_strdup_printf (_ ("not all VMs were brought back to %s"), subject);
  if (tern_kind_is_drain (task))
    return g_strdup_printf (_ ("not all VMs have left %s"), subject);
  if (is_kind (task, "start"))
    return g_strdup_printf (_ ("%s was not started on %s"), subject, destination);
  if (is_kind (task, "relocate"))
    return g_strdup_printf (_ ("the definition of %s was not taken to %s"), subject, destination);
  if (is_kind (task, "shutdown"))
    return g_strdup_printf (_ ("%s was not shut down on %s"), subject, source);
  return g_strdup_printf (_ ("%s was not moved to %s"), subject, destination);
}
