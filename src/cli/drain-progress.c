/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A drain or a return as it goes on:
 *
 *   web01: node1 → node3, task 8
 *   web01: has left node1, runs on node3
 *   db01: stays on node1: …
 *   node1  3 of 6 gone, 1 moving  [=====>    ] 47 %
 */
#include "config.h"

#include "cli/drain-progress.h"

#include "base/text.h"
#include "cli/client.h"
#include "cli/drain-items.h"
#include "cli/i18n.h"
#include "cli/kind-words.h"
#include "cli/output.h"

#include <inttypes.h>
#include <string.h>

static char *
format_moving (GVariant *item)
{
  const char *host = tern_props_string (item, "Host");
  const char *destination = tern_props_string (item, "Destination");
  const char *action = tern_props_string (item, "Action");
  gboolean stays = *destination == '\0' || strcmp (host, destination) == 0;
  gboolean cold = strcmp (action, "cold") == 0;
  g_autofree char *way = NULL;

  if (strcmp (action, "shutdown") == 0 || (cold && *destination == '\0'))
    way = g_strdup_printf (_ ("is being shut down on %s"), host);
  else if (cold && stays)
    way = g_strdup_printf (_ ("is being started again on %s"), host);
  else if (stays) /* for somebody else, who may start or stop it */
    way = g_strdup_printf (_ ("is busy on %s"), host);
  else
    way = g_strconcat (host, tern_output_arrow (), destination, NULL);
  return g_strdup_printf (_ ("%s, task %" PRIu64), way, tern_props_uint64 (item, "Task"));
}

static char *
format_gone (GVariant *item, gboolean returning)
{
  const char *destination = tern_props_string (item, "Destination");

  /* Who was home before moves nowhere. */
  if (returning && !tern_props_boolean (item, "ForRoom"))
    return g_strdup_printf (_ ("is home on %s"),
                            *destination != '\0' ? destination : tern_props_string (item, "Host"));
  if (*destination == '\0')
    return g_strdup (_ ("is shut down"));
  return g_strdup_printf (_ ("is on %s now"), destination);
}

/* Its first reason; “task show” and the report at the end have them all. */
static char *
format_left (GVariant *item)
{
  g_autoptr (GVariant) reasons =
      g_variant_lookup_value (item, "Reasons", G_VARIANT_TYPE ("aa{sv}"));
  g_autoptr (GVariant) first = NULL;
  const char *host = tern_props_string (item, "Host");

  if (reasons == NULL || g_variant_n_children (reasons) == 0)
    return g_strdup_printf (_ ("stays on %s"), host);
  first = g_variant_get_child_value (reasons, 0);
  return g_strdup_printf (_ ("stays on %s: %s"), host, tern_props_string (first, "Sentence"));
}

/* Returns: (transfer full) (nullable): %NULL where there is nothing to tell */
static char *
format_item (GVariant *item, gboolean returning)
{
  const char *state = tern_props_string (item, "State");

  /* Without a task it is only about to begin. */
  if (strcmp (state, "moving") == 0)
    return tern_props_uint64 (item, "Task") > 0 ? format_moving (item) : NULL;
  if (strcmp (state, "gone") == 0)
    return format_gone (item, returning);
  if (strcmp (state, "left") == 0)
    return format_left (item);
  return NULL;
}

/* A VM that is tried once more is told of once more. */
static gboolean
is_news (GHashTable *told, GVariant *item)
{
  const char *uuid = tern_props_string (item, "VmUuid");
  char *now = g_strdup_printf ("%s %" PRIu64, tern_props_string (item, "State"),
                               strcmp (tern_props_string (item, "State"), "moving") == 0
                                   ? tern_props_uint64 (item, "Task")
                                   : 0);
  gboolean news = g_strcmp0 (g_hash_table_lookup (told, uuid), now) != 0;

  g_hash_table_insert (told, g_strdup (uuid), now);
  return news;
}

char *
tern_drain_progress_format_news (GHashTable *told, GVariant *task)
{
  g_autoptr (GVariant) items = tern_drain_items_get (task);
  g_autoptr (GString) news = g_string_new (NULL);

  for (gsize i = 0; i < g_variant_n_children (items); i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (items, i);
      g_autofree char *vm = tern_text_visible (tern_props_string (item, "Vm"), 64);
      g_autofree char *line = format_item (item, tern_kind_is_return (task));
      g_autofree char *visible = tern_text_visible (line, 0);

      if (is_news (told, item) && line != NULL)
        g_string_append_printf (news, "%s: %s\n", vm, visible);
    }
  return news->len > 0 ? g_strdup (news->str) : NULL;
}

char *
tern_drain_progress_format_counts (GVariant *task)
{
  g_autoptr (GVariant) items = tern_drain_items_get (task);
  guint waiting = tern_drain_items_count (items, "waiting");
  guint moving = tern_drain_items_count (items, "moving");
  guint gone = tern_drain_items_count (items, "gone");
  guint left = tern_drain_items_count (items, "left");
  GString *text = g_string_new (NULL);

  g_string_append_printf (text,
                          tern_kind_is_return (task) ? _ ("%u of %u home") : _ ("%u of %u gone"),
                          gone, waiting + moving + gone + left);
  if (moving > 0)
    g_string_append_printf (text, _ (", %u moving"), moving);
  if (left > 0)
    g_string_append_printf (text, _ (", %u left"), left);
  return g_string_free (text, FALSE);
}
