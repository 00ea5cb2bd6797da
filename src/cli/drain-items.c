/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VMs of a drain or a return, as plans, reports and `task show` print them:
 *
 *   VM     FROM, TO       ACTION   WHEN    REMARK
 *   web01  node1 → node3  migrate  0-12 s
 *   db01   node1          migrate  -       cannot leave: rule.pinned
 *
 *   db01 (node1) cannot leave:
 *     rule.pinned: …
 *       Remedy: …
 */
#include "config.h"

#include "cli/drain-items.h"

#include "base/text.h"
#include "cli/client.h"
#include "cli/i18n.h"
#include "cli/output.h"
#include "cli/reason-words.h"
#include "cli/table.h"
#include "cli/words.h"

#include <inttypes.h>
#include <string.h>

static GVariant *
get_list (GVariant *props, const char *name)
{
  GVariant *list = g_variant_lookup_value (props, name, G_VARIANT_TYPE ("aa{sv}"));

  return list != NULL ? list
                      : g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE_VARDICT, NULL, 0));
}

GVariant *
tern_drain_items_get (GVariant *task)
{
  return get_list (task, "Items");
}

static gboolean
is_in (GVariant *item, const char *state)
{
  return strcmp (tern_props_string (item, "State"), state) == 0;
}

guint
tern_drain_items_count (GVariant *items, const char *state)
{
  guint count = 0;

  for (gsize i = 0; i < g_variant_n_children (items); i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (items, i);

      count += is_in (item, state) && !tern_props_boolean (item, "ForRoom") ? 1 : 0;
    }
  return count;
}

/* --- tables --- */

/* "node1 → node3"; where it stays, only that. */
static char *
format_way (GVariant *item)
{
  const char *host = tern_props_string (item, "Host");
  const char *destination = tern_props_string (item, "Destination");

  if (is_in (item, "left") || is_in (item, "skipped") || *destination == '\0'
      || strcmp (host, destination) == 0)
    return g_strdup (host);
  return g_strconcat (host, *host != '\0' ? tern_output_arrow () : "", destination, NULL);
}

static char *
format_when (GVariant *item)
{
  gint64 begin = tern_props_int64 (item, "Begin");
  gint64 end = tern_props_int64 (item, "End");

  if (end <= 0 || is_in (item, "left") || is_in (item, "skipped"))
    return g_strdup ("-");
  return tern_words_span (begin, end);
}

/* "cpu.feature-missing, memory.short": each once. */
static char *
join_codes (GVariant *item)
{
  g_autoptr (GVariant) reasons = get_list (item, "Reasons");
  g_autoptr (GPtrArray) codes = g_ptr_array_new_with_free_func (g_free);

  for (gsize i = 0; i < g_variant_n_children (reasons); i++)
    {
      g_autoptr (GVariant) reason = g_variant_get_child_value (reasons, i);
      const char *code = tern_props_string (reason, "Code");

      if (*code != '\0' && !g_ptr_array_find_with_equal_func (codes, code, g_str_equal, NULL))
        g_ptr_array_add (codes, g_strdup (code));
    }
  g_ptr_array_add (codes, NULL);
  return g_strjoinv (", ", (char **) codes->pdata);
}

static char *
format_remark (GVariant *item)
{
  const char *action = tern_props_string (item, "Action");
  g_autofree char *codes = join_codes (item);

  if (is_in (item, "left"))
    return *codes != '\0' ? g_strdup_printf (_ ("stays: %s"), codes) : g_strdup (_ ("stays"));
  if (is_in (item, "skipped"))
    return g_strdup (strcmp (action, "skip") == 0 ? _ ("stays, as was said")
                                                  : _ ("stays: it is shut off"));
  if (tern_props_boolean (item, "ForRoom"))
    return g_strdup (_ ("makes room for others"));
  if (strcmp (action, "cold") == 0)
    return g_strdup (_ ("is shut down here and started there"));
  if (strcmp (action, "shutdown") == 0)
    return g_strdup (_ ("is shut down and stays so"));
  return g_strdup (codes);
}

void
tern_drain_items_print_plan (GVariant *items)
{
  static const TernColumn columns[] = {
    { N_ ("VM"), TERN_COLUMN_NAME },     { N_ ("FROM, TO"), TERN_COLUMN_NAME },
    { N_ ("ACTION"), TERN_COLUMN_TEXT }, { N_ ("WHEN"), TERN_COLUMN_TEXT },
    { N_ ("REMARK"), TERN_COLUMN_NOTE },
  };
  g_autoptr (TernTable) table = tern_table_new (columns, G_N_ELEMENTS (columns));

  for (gsize i = 0; i < g_variant_n_children (items); i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (items, i);

      tern_table_add_row (table);
      tern_table_set (table, 0, tern_props_string (item, "Vm"));
      tern_table_take (table, 1, format_way (item));
      tern_table_set (table, 2, tern_props_string (item, "Action"));
      tern_table_take (table, 3, format_when (item));
      tern_table_take (table, 4, format_remark (item));
    }
  tern_table_print (table);
}

static char *
format_task (GVariant *item)
{
  guint64 id = tern_props_uint64 (item, "Task");

  return id > 0 ? g_strdup_printf ("%" PRIu64, id) : g_strdup ("-");
}

void
tern_drain_items_print_state (GVariant *items)
{
  static const TernColumn columns[] = {
    { N_ ("VM"), TERN_COLUMN_NAME },     { N_ ("FROM, TO"), TERN_COLUMN_NAME },
    { N_ ("ACTION"), TERN_COLUMN_TEXT }, { N_ ("STATE"), TERN_COLUMN_TEXT },
    { N_ ("TASK"), TERN_COLUMN_NUMBER }, { N_ ("REMARK"), TERN_COLUMN_NOTE },
  };
  g_autoptr (TernTable) table = tern_table_new (columns, G_N_ELEMENTS (columns));

  for (gsize i = 0; i < g_variant_n_children (items); i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (items, i);
      const char *state = tern_props_string (item, "State");

      tern_table_add_row (table);
      tern_table_set (table, 0, tern_props_string (item, "Vm"));
      tern_table_take (table, 1, format_way (item));
      tern_table_set (table, 2, tern_props_string (item, "Action"));
      tern_table_set_colored (table, 3, state, tern_output_color_of_state (state));
      tern_table_take (table, 4, format_task (item));
      tern_table_take (table, 5, format_remark (item));
    }
  tern_table_print (table);
}

/* --- reasons --- */

char *
tern_drain_items_find_reason (GVariant *item, const char *code)
{
  g_autoptr (GVariant) reasons = get_list (item, "Reasons");

  for (gsize i = 0; i < g_variant_n_children (reasons); i++)
    {
      g_autoptr (GVariant) reason = g_variant_get_child_value (reasons, i);

      if (strcmp (tern_props_string (reason, "Code"), code) == 0)
        return g_strdup (tern_props_string (reason, "Sentence"));
    }
  return NULL;
}

static void
print_reason (GVariant *reason, const char *vm)
{
  g_autofree char *sentence = tern_reason_words_sentence (reason, vm, NULL);
  g_autofree char *remedy = tern_reason_words_remedy (reason, vm, NULL);
  g_autofree char *lead = g_strconcat (tern_props_string (reason, "Code"), ": ", NULL);

  tern_output_paragraph (2, *lead != ':' ? lead : "", sentence);
  tern_output_paragraph (4, _ ("Remedy: "), remedy);
}

void
tern_drain_items_print_reasons (GVariant *items, const char *state, const char *heading)
{
  for (gsize i = 0; i < g_variant_n_children (items); i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (items, i);
      g_autoptr (GVariant) reasons = get_list (item, "Reasons");
      g_autofree char *vm = tern_text_visible (tern_props_string (item, "Vm"), 0);
      g_autofree char *host = tern_text_visible (tern_props_string (item, "Host"), 0);

      if (!is_in (item, state) || g_variant_n_children (reasons) == 0)
        continue;
      g_print (*host != '\0' ? "\n%s (%s) %s:\n" : "\n%s%s %s:\n", vm, host, heading);
      for (gsize k = 0; k < g_variant_n_children (reasons); k++)
        {
          g_autoptr (GVariant) reason = g_variant_get_child_value (reasons, k);

          print_reason (reason, vm);
        }
    }
}
