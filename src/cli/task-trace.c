/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a task went, as GetTrace tells it: its phases for people, and all of it for scripts.
 */
#include "config.h"

#include "cli/task-trace.h"

#include "base/units.h"
#include "cli/i18n.h"

#include <string.h>

/* Of more phases so many are shown, half of them from the beginning. */
#define MAX_SHOWN 20

GVariant *
tern_task_trace_fetch (TernClient *client, guint64 id, GError **error)
{
  GVariantDict none;

  g_variant_dict_init (&none, NULL);
  return tern_client_call_manager (client, TERN_CALL_READ, "GetTrace",
                                   g_variant_new ("(t@a{sv})", id, g_variant_dict_end (&none)),
                                   error);
}

/* Phases */

static gboolean
is_end (const char *word)
{
  static const char *const ends[] = {
    "done", "remainder", "failed", "cancelled", "attention", NULL
  };

  return g_strv_contains (ends, word);
}

static gint64
get_begin (GVariant *phases, gsize i)
{
  gint64 begin_us;

  g_variant_get_child (phases, i, "(xs)", &begin_us, NULL);
  return begin_us;
}

static char *
format_phase (GVariant *phases, gsize i, gint64 now_us)
{
  gboolean last = i + 1 == g_variant_n_children (phases);
  g_autofree char *word = NULL;
  g_autofree char *took = NULL;
  gint64 begin_us;

  g_variant_get_child (phases, i, "(xs)", &begin_us, &word);
  if (*word == '\0')
    {
      g_free (word);
      word = g_strdup (_ ("(not known)"));
    }
  if (last && is_end (word))
    return g_steal_pointer (&word);
  took =
      tern_units_format_duration (MAX ((last ? now_us : get_begin (phases, i + 1)) - begin_us, 0));
  return last ? g_strdup_printf (_ ("%s, %s until now"), word, took)
              : g_strdup_printf ("%s, %s", word, took);
}

GStrv
tern_task_trace_format_phases (GVariant *trace, gint64 now_us)
{
  g_autoptr (GVariant) phases = g_variant_get_child_value (trace, 0);
  g_autoptr (GStrvBuilder) lines = g_strv_builder_new ();
  gsize n = g_variant_n_children (phases);
  gsize left_out = n > MAX_SHOWN ? n - MAX_SHOWN : 0;

  for (gsize i = 0; i < n; i++)
    {
      g_autofree char *line = NULL;

      if (left_out > 0 && i == MAX_SHOWN / 2)
        {
          line = g_strdup_printf (ngettext ("(%u more)", "(%u more)", (gulong) left_out),
                                  (guint) left_out);
          i += left_out - 1;
        }
      else
        line = format_phase (phases, i, now_us);
      g_strv_builder_add (lines, line);
    }
  return g_strv_builder_end (lines);
}

/* All of it */

/* @rows: an array of tuples. Returns: (transfer floating): aa{sv}, their members under @names */
static GVariant *
name_members (GVariant *rows, const char *const *names)
{
  gsize n = g_variant_n_children (rows);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) row = g_variant_get_child_value (rows, i);

      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      for (gsize j = 0; names[j] != NULL; j++)
        {
          g_autoptr (GVariant) member = g_variant_get_child_value (row, j);

          g_variant_builder_add (&builder, "{sv}", names[j], member);
        }
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}

GVariant *
tern_task_trace_add (GVariant *task, GVariant *trace)
{
  static const struct
  {
    const char *key;
    const char *names[7];
  } parts[] = {
    { "Phases", { "Time", "Phase", NULL } },
    { "Samples",
      { "Time", "Remaining", "MemoryProcessed", "DirtyRate", "Rate", "Iteration", NULL } },
    { "Steps", { "Time", "Sentence", NULL } },
  };
  g_auto (GVariantDict) named = G_VARIANT_DICT_INIT (NULL);
  g_auto (GVariantDict) all = G_VARIANT_DICT_INIT (task);

  for (gsize i = 0; i < G_N_ELEMENTS (parts); i++)
    {
      g_autoptr (GVariant) rows = g_variant_get_child_value (trace, i);

      g_variant_dict_insert_value (&named, parts[i].key, name_members (rows, parts[i].names));
    }
  g_variant_dict_insert_value (&all, "Trace", g_variant_dict_end (&named));
  return g_variant_ref_sink (g_variant_dict_end (&all));
}
