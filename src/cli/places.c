/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Verdicts and plans, printed:
 *
 *   HOST   VERDICT  FREE TO PROMISE  CPU MODEL      SCORE
 *   node3  yes              118 GiB  Westmere-IBRS   0.87
 *   node2  no               120 GiB  Nehalem-IBRS       -
 *
 *   node2:
 *     blocks (cpu.feature-missing): …
 *       Remedy: …
 */
#include "config.h"

#include "cli/places.h"

#include "base/text.h"
#include "base/units.h"
#include "cli/i18n.h"
#include "cli/reason-words.h"
#include "cli/table.h"

#include <string.h>

static GVariant *
get_list (GVariant *props, const char *name)
{
  GVariant *list = g_variant_lookup_value (props, name, G_VARIANT_TYPE ("aa{sv}"));

  return list != NULL ? list
                      : g_variant_ref_sink (g_variant_new_array (G_VARIANT_TYPE_VARDICT, NULL, 0));
}

static gboolean
is_allowed (GVariant *host)
{
  return strcmp (tern_props_string (host, "Verdict"), "no") != 0;
}

guint
tern_places_count (GVariant *hosts)
{
  gsize n = g_variant_n_children (hosts);
  guint count = 0;

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) host = g_variant_get_child_value (hosts, i);

      count += is_allowed (host) ? 1 : 0;
    }
  return count;
}

/* --- tables --- */

static const char *
get_color (const char *verdict)
{
  if (strcmp (verdict, "no") == 0)
    return "red";
  return strcmp (verdict, "warnings") == 0 ? "yellow" : "green";
}

/* Of a host that is not seen nobody knows what it can promise. */
static char *
format_free (GVariant *host)
{
  guint64 bytes = tern_props_uint64 (host, "MemoryFree");

  if (bytes == 0 && strcmp (tern_props_string (host, "State"), "up") != 0)
    return g_strdup ("-");
  return tern_units_format_bytes (bytes);
}

static char *
format_part (GVariant *host, const char *part)
{
  g_autoptr (GVariant) parts =
      g_variant_lookup_value (host, "ScoreParts", G_VARIANT_TYPE ("a{sd}"));
  double value;

  if (!is_allowed (host) || parts == NULL || !g_variant_lookup (parts, part, "d", &value))
    return g_strdup ("-");
  return g_strdup_printf ("%.2f", value);
}

static const char *const score_parts[] = { "memory", "cpu", "generation", "spread" };

static void
add_host (TernTable *table, GVariant *host, gboolean explain)
{
  const char *verdict = tern_props_string (host, "Verdict");

  tern_table_add_row (table);
  tern_table_set (table, 0, tern_props_string (host, "Host"));
  tern_table_set_colored (table, 1, verdict, get_color (verdict));
  tern_table_take (table, 2, format_free (host));
  tern_table_set (table, 3, tern_props_string (host, "CpuModel"));
  tern_table_take (table, 4,
                   is_allowed (host) ? g_strdup_printf ("%.2f", tern_props_double (host, "Score"))
                                     : g_strdup ("-"));
  for (guint i = 0; explain && i < G_N_ELEMENTS (score_parts); i++)
    tern_table_take (table, 5 + i, format_part (host, score_parts[i]));
}

static void
print_hosts_table (GVariant *hosts, gboolean explain)
{
  static const TernColumn columns[] = {
    { N_ ("HOST"), TERN_COLUMN_NAME },     { N_ ("VERDICT"), TERN_COLUMN_TEXT },
    { N_ ("FREE"), TERN_COLUMN_NUMBER },   { N_ ("CPU MODEL"), TERN_COLUMN_NAME },
    { N_ ("SCORE"), TERN_COLUMN_NUMBER },  { N_ ("MEMORY"), TERN_COLUMN_NUMBER },
    { N_ ("CPU"), TERN_COLUMN_NUMBER },    { N_ ("GENERATION"), TERN_COLUMN_NUMBER },
    { N_ ("SPREAD"), TERN_COLUMN_NUMBER },
  };
  g_autoptr (TernTable) table = tern_table_new (columns, explain ? G_N_ELEMENTS (columns) : 5);
  gsize n = g_variant_n_children (hosts);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) host = g_variant_get_child_value (hosts, i);

      add_host (table, host, explain);
    }
  tern_table_print (table);
}

/* --- reasons --- */

/* Who was judged. @host: (nullable): what is said holds for every host */
typedef struct
{
  const char *vm;
  const char *host;
} Pair;

static void
print_reason (GVariant *reason, const Pair *pair, guint indent)
{
  g_autofree char *sentence = tern_reason_words_sentence (reason, pair->vm, pair->host);
  g_autofree char *remedy = tern_reason_words_remedy (reason, pair->vm, pair->host);
  gboolean blocks = strcmp (tern_props_string (reason, "Severity"), "blocks") == 0;
  g_autofree char *lead = g_strdup_printf (blocks ? _ ("blocks (%s): ") : _ ("warns (%s): "),
                                           tern_props_string (reason, "Code"));

  tern_output_paragraph (indent, lead, sentence);
  tern_output_paragraph (indent + 2, _ ("Remedy: "), remedy);
  tern_output_paragraph (indent + 2, _ ("libvirt says: "), tern_props_string (reason, "Detail"));
}

/* What makes two reasons one and the same to a reader. */
static char *
make_key (GVariant *reason)
{
  return g_strjoin ("\n", tern_props_string (reason, "Code"),
                    tern_props_string (reason, "Severity"), tern_props_string (reason, "Sentence"),
                    tern_props_string (reason, "Remedy"), tern_props_string (reason, "Detail"),
                    NULL);
}

/* Returns: (transfer full) (element-type utf8 guint): how many hosts have each reason */
static GHashTable *
count_reasons (GVariant *hosts)
{
  GHashTable *counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (gsize i = 0; i < g_variant_n_children (hosts); i++)
    {
      g_autoptr (GVariant) host = g_variant_get_child_value (hosts, i);
      g_autoptr (GVariant) reasons = get_list (host, "Reasons");

      for (gsize k = 0; k < g_variant_n_children (reasons); k++)
        {
          g_autoptr (GVariant) reason = g_variant_get_child_value (reasons, k);
          char *key = make_key (reason);
          guint count = GPOINTER_TO_UINT (g_hash_table_lookup (counts, key));

          g_hash_table_insert (counts, key, GUINT_TO_POINTER (count + 1));
        }
    }
  return counts;
}

/* @counts: (nullable): how many hosts have each reason; those that all @n_hosts have are printed
 * for every host, or else the others */
static void
print_reasons (GVariant *reasons, const Pair *pair, const char *heading, GHashTable *counts,
               gsize n_hosts)
{
  gboolean everywhere = pair->host == NULL;
  gboolean headed = FALSE;

  for (gsize i = 0; i < g_variant_n_children (reasons); i++)
    {
      g_autoptr (GVariant) reason = g_variant_get_child_value (reasons, i);
      g_autofree char *key = make_key (reason);
      guint count = counts != NULL ? GPOINTER_TO_UINT (g_hash_table_lookup (counts, key)) : 0;

      if ((n_hosts > 1 && count == n_hosts) != everywhere)
        continue;
      if (!headed)
        g_print ("\n%s:\n", heading);
      headed = TRUE;
      print_reason (reason, pair, 2);
    }
}

void
tern_places_print_hosts (const char *vm, GVariant *hosts, gboolean explain)
{
  g_autofree char *shown = tern_text_visible (vm, 0);
  g_autoptr (GHashTable) counts = count_reasons (hosts);
  gsize n = g_variant_n_children (hosts);

  print_hosts_table (hosts, explain);
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) host = g_variant_get_child_value (hosts, i);
      g_autoptr (GVariant) reasons = get_list (host, "Reasons");
      const Pair all = { shown, NULL }, one = { shown, tern_props_string (host, "Host") };

      /* What does not depend on the host is said once. */
      if (i == 0)
        print_reasons (reasons, &all, _ ("every host"), counts, n);
      print_reasons (reasons, &one, one.host, counts, n);
    }
}

/* --- plans --- */

static void
add_move (TernTable *table, GVariant *move)
{
  g_autoptr (GVariant) warnings = get_list (move, "Warnings");
  gsize n_warnings = g_variant_n_children (warnings);

  tern_table_add_row (table);
  tern_table_take (table, 0, g_strdup_printf ("%u", tern_props_uint (move, "Number")));
  tern_table_set (table, 1, tern_props_string (move, "Act"));
  tern_table_set (table, 2, tern_props_string (move, "Vm"));
  tern_table_take (table, 3,
                   g_strconcat (tern_props_string (move, "Source"), tern_output_arrow (),
                                tern_props_string (move, "Destination"), NULL));
  tern_table_take (table, 4, g_strdup_printf ("%.2f", tern_props_double (move, "Score")));
  tern_table_take (table, 5,
                   n_warnings > 0 ? g_strdup_printf ("%" G_GSIZE_FORMAT, n_warnings) : NULL);
}

static void
print_warnings (GVariant *move)
{
  g_autoptr (GVariant) warnings = get_list (move, "Warnings");
  g_autofree char *vm = tern_text_visible (tern_props_string (move, "Vm"), 0);
  g_autofree char *heading =
      g_strdup_printf ("%u  %s%s%s", tern_props_uint (move, "Number"), vm, tern_output_arrow (),
                       tern_props_string (move, "Destination"));

  const Pair pair = { vm, tern_props_string (move, "Destination") };

  print_reasons (warnings, &pair, heading, NULL, 0);
}

void
tern_places_print_moves (GVariant *plan)
{
  static const TernColumn columns[] = {
    { N_ ("NO"), TERN_COLUMN_NUMBER },    { N_ ("ACT"), TERN_COLUMN_TEXT },
    { N_ ("VM"), TERN_COLUMN_NAME },      { N_ ("FROM, TO"), TERN_COLUMN_NAME },
    { N_ ("SCORE"), TERN_COLUMN_NUMBER }, { N_ ("WARNINGS"), TERN_COLUMN_NUMBER },
  };
  g_autoptr (TernTable) table = tern_table_new (columns, G_N_ELEMENTS (columns));
  g_autoptr (GVariant) moves = g_variant_get_child_value (plan, 0);
  gsize n = g_variant_n_children (moves);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) move = g_variant_get_child_value (moves, i);

      add_move (table, move);
    }
  tern_table_print (table);
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) move = g_variant_get_child_value (moves, i);

      print_warnings (move);
    }
}

/* Of very many VMs on very many hosts, not all reasons are told at once. */
static void
print_left_out (GVariant *vm)
{
  guint n = tern_props_uint (vm, "HostsLeftOut");

  if (n > 0)
    g_print (ngettext ("… and %u more host; “virtern check %s” has all reasons\n",
                       "… and %u more hosts; “virtern check %s” has all reasons\n", n),
             n, tern_props_string (vm, "VmUuid"));
}

void
tern_places_print_refused (GVariant *refused)
{
  gsize n = g_variant_n_children (refused);

  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) vm = g_variant_get_child_value (refused, i);
      g_autoptr (GVariant) hosts = get_list (vm, "Hosts");
      g_autofree char *name = tern_text_visible (tern_props_string (vm, "Vm"), 0);

      g_print (i == 0 ? "" : "\n");
      g_print (_ ("%s (%s) finds no place:\n"), name, tern_props_string (vm, "Source"));
      tern_places_print_hosts (tern_props_string (vm, "Vm"), hosts, FALSE);
      print_left_out (vm);
    }
}

/* --- JSON --- */

JsonNode *
tern_places_plan_to_json (GVariant *plan)
{
  g_autoptr (JsonObject) object = json_object_new ();
  g_autoptr (GVariant) moves = g_variant_get_child_value (plan, 0);
  g_autoptr (GVariant) refused = g_variant_get_child_value (plan, 1);

  json_object_set_member (object, "moves", tern_output_variant_to_json (moves));
  json_object_set_member (object, "refused", tern_output_variant_to_json (refused));
  return json_node_init_object (json_node_alloc (), object);
}

JsonNode *
tern_places_started_to_json (GPtrArray *tasks, GVariant *refused)
{
  g_autoptr (JsonObject) object = json_object_new ();

  if (tasks != NULL)
    json_object_set_member (object, "tasks", tern_output_list_to_json (tasks));
  else
    json_object_set_array_member (object, "tasks", json_array_new ());
  if (refused != NULL)
    json_object_set_member (object, "refused", tern_output_variant_to_json (refused));
  else
    json_object_set_array_member (object, "refused", json_array_new ());
  return json_node_init_object (json_node_alloc (), object);
}
