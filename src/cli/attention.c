/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The ways out of a task that a person must look at, wherever such a task is shown.
 */
#include "config.h"

#include "cli/attention.h"

#include "cli/client.h"
#include "cli/i18n.h"

#include <inttypes.h>
#include <string.h>

gboolean
tern_attention_is_in (GVariant *task)
{
  return strcmp (tern_props_string (task, "State"), "attention") == 0;
}

/* The daemon knows which of them can be gone. */
static gboolean
are_told (GVariant *task)
{
  static const char *const sentences[] = { "Error", "Verdict", "Note" };

  for (guint i = 0; i < G_N_ELEMENTS (sentences); i++)
    if (strstr (tern_props_string (task, sentences[i]), "virtern task resolve") != NULL)
      return TRUE;
  return FALSE;
}

GStrv
tern_attention_format_ways (GVariant *task)
{
  guint64 id = tern_props_uint64 (task, "Id");
  const char *source = tern_props_string (task, "Source");
  const char *destination = tern_props_string (task, "Destination");
  g_autoptr (GPtrArray) ways = NULL;

  if (are_told (task))
    return g_new0 (char *, 1);

  ways = g_ptr_array_new ();
  g_ptr_array_add (ways, g_strdup_printf (_ ("“virtern task resolve %" PRIu64
                                             " --recheck” looks again and ends nothing"),
                                          id));
  /* Only of a move are there two copies to choose from. */
  if (strcmp (tern_props_string (task, "Kind"), "start") != 0)
    {
      g_ptr_array_add (ways,
                       g_strdup_printf (_ ("“virtern task resolve %" PRIu64
                                           " --keep-source” keeps the copy on %s and ends the "
                                           "one on %s for good"),
                                        id, source, destination));
      g_ptr_array_add (ways,
                       g_strdup_printf (_ ("“virtern task resolve %" PRIu64
                                           " --keep-destination” keeps the copy on %s and ends "
                                           "the one on %s for good"),
                                        id, destination, source));
    }
  g_ptr_array_add (ways, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&ways), FALSE);
}
