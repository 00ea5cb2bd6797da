/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Plans of drains as the command reads and keeps them, and drains as it tells of them.
 */
#include "config.h"

#include "cli/client.h"
#include "cli/drain-document.h"
#include "cli/drain-items.h"
#include "cli/drain-order.h"
#include "cli/drain-progress.h"
#include "cli/exit-status.h"
#include "cli/kind-words.h"
#include "tern-check.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PLAN                                                                                       \
  "{\"virtern-plan\": 1, \"kind\": \"drain\", \"hosts\": [\"node1\", \"node2\"], \"deadline\": "   \
  "5, \"makespan\": 42.5, \"highest-use\": 713, \"items\": ["                                      \
  "{\"vm\": \"web01\", \"uuid\": \"u1\", \"host\": \"node1\", \"action\": \"migrate\", "           \
  "\"for-room\": false, \"state\": \"waiting\", \"destination\": \"node3\", \"memory\": 7, "       \
  "\"begin\": 0, \"end\": 12.25, \"reasons\": []},"                                                \
  "{\"vm\": \"db01\", \"uuid\": \"u2\", \"host\": \"node1\", \"action\": \"ask\", "                \
  "\"for-room\": false, \"state\": \"left\", \"memory\": 7, \"reasons\": [{\"code\": "             \
  "\"drain.ask\", \"sentence\": \"somebody must say\", \"remedy\": \"say it\"}]},"                 \
  "{\"vm\": \"far01\", \"uuid\": \"u3\", \"host\": \"node3\", \"action\": \"migrate\", "           \
  "\"for-room\": true, \"state\": \"waiting\", \"destination\": \"node4\", \"memory\": 7, "        \
  "\"begin\": 1, \"end\": 2, \"reasons\": []}"                                                     \
  "], \"seal\": \"x\"}"

static GVariant *
get_item (const TernDrainDocument *document, gsize i)
{
  return g_variant_get_child_value (document->items, i);
}

START_TEST (a_plan_is_read_in_the_units_of_tasks)
{
  g_autoptr (TernDrainDocument) document = tern_drain_document_read (PLAN, NULL);
  g_autoptr (GVariant) first = NULL;
  g_autoptr (GVariant) second = NULL;

  ck_assert_ptr_nonnull (document);
  ck_assert (!document->returning);
  ck_assert_str_eq (document->hosts[1], "node2");
  ck_assert_int_eq (document->deadline_us, 5);
  ck_assert_int_eq (document->makespan_us, 42500000);
  ck_assert_uint_eq (document->highest_permille, 713);
  ck_assert_uint_eq (g_variant_n_children (document->items), 3);
  first = get_item (document, 0);
  second = get_item (document, 1);
  ck_assert_str_eq (tern_props_string (first, "VmUuid"), "u1");
  ck_assert_int_eq (tern_props_int64 (first, "End"), 12250000);
  ck_assert_str_eq (tern_props_string (second, "Destination"), "");
  ck_assert_int_eq (tern_props_int64 (second, "End"), 0);
  /* Who only makes room is none of those who leave. */
  ck_assert_uint_eq (tern_drain_items_count (document->items, "waiting"), 1);
  ck_assert_uint_eq (tern_drain_items_count (document->items, "left"), 1);
}
END_TEST

START_TEST (what_is_no_plan_or_half_of_one_does_no_harm)
{
  static const char *const none[] = { "", "x", "[]", "7", "null", "{" };
  static const char *const odd[] = {
    "{}",
    "{\"items\": 7, \"hosts\": {}, \"makespan\": \"long\"}",
    "{\"items\": [7, null, [], {}], \"hosts\": [7, null, []]}",
    "{\"items\": [{\"vm\": 7, \"for-room\": \"yes\", \"begin\": -1, \"end\": 1e300}]}",
    "{\"items\": [{\"reasons\": [7, {\"code\": []}]}], \"makespan\": -3}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (none); i++)
    {
      g_autoptr (GError) error = NULL;

      ck_assert_msg (tern_drain_document_read (none[i], &error) == NULL, "%s", none[i]);
      ck_assert_ptr_nonnull (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (odd); i++)
    {
      g_autoptr (TernDrainDocument) document = tern_drain_document_read (odd[i], NULL);

      ck_assert_msg (document != NULL, "%s", odd[i]);
      ck_assert_int_eq (document->makespan_us, 0);
      for (gsize k = 0; k < g_variant_n_children (document->items); k++)
        {
          g_autoptr (GVariant) item = get_item (document, k);

          ck_assert_int_ge (tern_props_int64 (item, "Begin"), 0);
          ck_assert_int_eq (tern_props_int64 (item, "End"), 0);
        }
    }
}
END_TEST

START_TEST (a_plan_is_kept_as_it_is_for_its_owner_only)
{
  g_autoptr (TernDrainDocument) document = tern_drain_document_read (PLAN, NULL);
  g_autofree char *folder = g_dir_make_tmp ("plan-XXXXXX", NULL);
  g_autofree char *file = g_build_filename (folder, "plan.json", NULL);
  g_autofree char *link = g_build_filename (folder, "link.json", NULL);
  g_autofree char *absent = g_build_filename (folder, "no", "plan.json", NULL);
  g_autofree char *text = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) link_error = NULL;
  struct stat info;

  /* What was there, and was open to all, is replaced. */
  ck_assert (g_file_set_contents (file, "old", -1, NULL));
  ck_assert_int_eq (g_chmod (file, 0644), 0);
  ck_assert (tern_drain_document_save (document, file, NULL));
  ck_assert_int_eq (g_stat (file, &info), 0);
  ck_assert_uint_eq (info.st_mode & 0777, 0600);
  text = tern_drain_document_load (file, NULL);
  ck_assert_str_eq (text, PLAN);

  ck_assert_int_eq (symlink ("plan.json", link), 0);
  ck_assert (!tern_drain_document_save (document, link, &link_error));
  ck_assert (g_error_matches (link_error, TERN_EXIT_ERROR, TERN_EXIT_USAGE));
  ck_assert (!tern_drain_document_save (document, absent, &error));
  ck_assert (g_error_matches (error, TERN_EXIT_ERROR, TERN_EXIT_FAILED));

  ck_assert_int_eq (g_unlink (link), 0);
  ck_assert_int_eq (g_unlink (file), 0);
  ck_assert_int_eq (g_rmdir (folder), 0);
}
END_TEST

/* --- orders --- */

static TernArgs *
parse_args (const char *line)
{
  g_auto (GStrv) argv = g_strsplit (line, " ", -1);

  return tern_args_parse ((const char *const *) argv, NULL);
}

START_TEST (what_was_answered_counts_for_those_to_be_asked_about_and_no_others)
{
  g_autoptr (TernArgs) args = parse_args ("drain node1 --action a=ask --action b=skip");
  g_autoptr (GHashTable) answers = g_hash_table_new (g_str_hash, g_str_equal);
  GVariant *floating = NULL;
  g_autoptr (GVariant) before = NULL;
  g_autoptr (GVariant) after = NULL;
  const char *action;

  ck_assert (tern_drain_order_build_actions (args, answers, &floating, NULL));
  before = g_variant_ref_sink (floating);
  ck_assert_uint_eq (g_variant_n_children (before), 2);

  g_hash_table_insert (answers, (gpointer) "uuid-of-a", (gpointer) "migrate");
  ck_assert (tern_drain_order_build_actions (args, answers, &floating, NULL));
  after = g_variant_ref_sink (floating);
  ck_assert_uint_eq (g_variant_n_children (after), 2);
  ck_assert (g_variant_lookup (after, "b", "&s", &action));
  ck_assert_str_eq (action, "skip");
  ck_assert (g_variant_lookup (after, "uuid-of-a", "&s", &action));
  ck_assert_str_eq (action, "migrate");
}
END_TEST

/* --- progress --- */

/* @items: of "VM STATE TASK" */
static GVariant *
make_task (const char *kind, const char *const *items)
{
  GVariantBuilder list;
  GVariantDict dict;

  g_variant_builder_init (&list, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; items[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (items[i], " ", 3);

      g_variant_builder_add_parsed (
          &list,
          "{'Vm': <%s>, 'VmUuid': <%s>, 'State': <%s>, 'Task': <%t>, 'Host': <'node1'>, "
          "'Destination': <'node2'>}",
          words[0], words[0], words[1], g_ascii_strtoull (words[2], NULL, 10));
    }
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Id", "t", G_GUINT64_CONSTANT (7));
  g_variant_dict_insert (&dict, "Kind", "s", kind);
  g_variant_dict_insert (&dict, "Source", "s", "node1,node3");
  g_variant_dict_insert (&dict, "Destination", "s", "node4");
  g_variant_dict_insert_value (&dict, "Items", g_variant_builder_end (&list));
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

#define ITEMS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void
assert_news (GHashTable *told, const char *const *items, const char *expected)
{
  g_autoptr (GVariant) task = make_task ("drain", items);
  g_autofree char *news = tern_drain_progress_format_news (told, task);

  ck_assert_msg (g_strcmp0 (news, expected) == 0, "%s", news);
}

START_TEST (each_change_of_a_vm_is_told_once_and_a_second_try_again)
{
  g_autoptr (GHashTable) told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  assert_news (told, ITEMS ("a waiting 0", "b skipped 0"), NULL);
  assert_news (told, ITEMS ("a moving 0", "b skipped 0"), NULL);
  assert_news (told, ITEMS ("a moving 8", "b skipped 0"), "a: node1 -> node2, task 8\n");
  assert_news (told, ITEMS ("a moving 8", "b skipped 0"), NULL);
  assert_news (told, ITEMS ("a waiting 8", "b skipped 0"), NULL);
  assert_news (told, ITEMS ("a moving 9", "b skipped 0"), "a: node1 -> node2, task 9\n");
  assert_news (told, ITEMS ("a left 9", "c moving 10"),
               "a: stays on node1\nc: node1 -> node2, task 10\n");
  assert_news (told, ITEMS ("a left 9", "c gone 10"), "c: is on node2 now\n");
}
END_TEST

/* Action, destination: what is told of a VM whose task is under way. */
START_TEST (a_vm_that_goes_nowhere_is_told_to_be_shut_down_or_started)
{
  static const char *const rows[][3] = {
    { "shutdown", "", "a: is being shut down on node1, task 8\n" },
    { "shutdown", "node1", "a: is being shut down on node1, task 8\n" },
    { "cold", "", "a: is being shut down on node1, task 8\n" },
    { "cold", "node1", "a: is being started again on node1, task 8\n" },
    { "cold", "node2", "a: node1 -> node2, task 8\n" },
    { "migrate", "node1", "a: is busy on node1, task 8\n" },
    { "migrate", "node2", "a: node1 -> node2, task 8\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr (GHashTable) told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
      g_autoptr (GVariant) task = g_variant_ref_sink (g_variant_new_parsed (
          "{'Kind': <'drain'>, 'Items': <[{'Vm': <'a'>, 'VmUuid': <'a'>, 'State': <'moving'>, "
          "'Task': <@t 8>, 'Host': <'node1'>, 'Destination': <%s>, 'Action': <%s>}]>}",
          rows[i][1], rows[i][0]));
      g_autofree char *news = tern_drain_progress_format_news (told, task);

      ck_assert_str_eq (news, rows[i][2]);
    }
}
END_TEST

START_TEST (the_line_of_the_whole_counts_who_leaves)
{
  g_autoptr (GVariant) task = make_task (
      "drain", ITEMS ("a gone 1", "b moving 2", "c left 3", "d waiting 0", "e skipped 0"));
  g_autoptr (GVariant) returns = make_task ("return", ITEMS ("a gone 1"));
  g_autofree char *counts = tern_drain_progress_format_counts (task);
  g_autofree char *home = tern_drain_progress_format_counts (returns);

  ck_assert_str_eq (counts, "1 of 4 gone, 1 moving, 1 left");
  ck_assert_str_eq (home, "1 of 1 home");
}
END_TEST

START_TEST (each_kind_of_task_has_its_own_words)
{
  static const struct
  {
    const char *kind, *begun, *not_done;
  } cases[] = {
    { "drain", "drains node1, node3", "not all VMs have left node1, node3" },
    { "return", "brings VMs back to node4", "not all VMs were brought back to node4" },
    { "migrate", "moves  to node4", " was not moved to node4" },
    { "start", "starts  on node4", " was not started on node4" },
    { "relocate", "takes the definition of  to node4",
      "the definition of  was not taken to node4" },
    { "shutdown", "shuts  down on node1,node3", " was not shut down on node1,node3" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) task = make_task (cases[i].kind, ITEMS ("a gone 1"));
      g_autofree char *begun = tern_kind_format_begun (task);
      g_autofree char *not_done = tern_kind_format_not_done (task);

      ck_assert_str_eq (begun, cases[i].begun);
      ck_assert_str_eq (not_done, cases[i].not_done);
    }
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("cli-drain",
  tcase_add_test (tcase, a_plan_is_read_in_the_units_of_tasks);
  tcase_add_test (tcase, what_is_no_plan_or_half_of_one_does_no_harm);
  tcase_add_test (tcase, a_plan_is_kept_as_it_is_for_its_owner_only);
  tcase_add_test (tcase, what_was_answered_counts_for_those_to_be_asked_about_and_no_others);
  tcase_add_test (tcase, each_change_of_a_vm_is_told_once_and_a_second_try_again);
  tcase_add_test (tcase, a_vm_that_goes_nowhere_is_told_to_be_shut_down_or_started);
                 tcase_add_test (tcase, the_line_of_the_whole_counts_who_leaves);
  tcase_add_test (tcase, each_kind_of_task_has_its_own_words);)
/* clang-format on */
