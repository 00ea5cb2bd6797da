/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Reasons in the reader's language. The language is one made here, in which every text stands in
 * angle brackets. That the texts are complete, and the page's, holds
 * tests/page/test-reasons.test.mjs.
 */
#include "config.h"

#include "cli/reason-words.h"

#include "cli/reason-table.h"
#include "plan/reason.h"
#include "tern-check.h"

#include <glib/gstdio.h>
#include <libintl.h>
#include <locale.h>
#include <string.h>

#define DOMAIN "virtern-reasons-test"

static char *folder;

static void
append_message (GString *po, const char *context, const char *text)
{
  g_autofree char *escaped = g_strescape (text, "“”…");

  if (context != NULL)
    g_string_append_printf (po, "msgctxt \"%s\"\n", context);
  g_string_append_printf (po, "msgid \"%s\"\nmsgstr \"<%s>\"\n\n", escaped, escaped);
}

/* A catalog may hold each text once. */
static char *
write_po (void)
{
  g_autoptr (GString) po = g_string_new ("msgid \"\"\nmsgstr \"Content-Type: text/plain; "
                                         "charset=UTF-8\\n\"\n\n");
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  char *path = g_build_filename (folder, "xx.po", NULL);
  guint n;
  const TernReasonText *table = tern_reason_table_get (&n);

  for (guint i = 0; i < n; i++)
    if (g_hash_table_add (seen, (gpointer) table[i].text))
      append_message (po, NULL, table[i].text);
  append_message (po, "state of a VM", "paused");
  append_message (po, "state of a VM", "by a migration");
  ck_assert (g_file_set_contents (path, po->str, -1, NULL));
  return path;
}

static void
set_up (void)
{
  g_autofree char *messages = NULL, *catalog = NULL, *po = NULL, *command = NULL;
  int status = 1;

  folder = g_dir_make_tmp ("virtern-reasons.XXXXXX", NULL);
  messages = g_build_filename (folder, "xx", "LC_MESSAGES", NULL);
  catalog = g_build_filename (messages, DOMAIN ".mo", NULL);
  ck_assert_int_eq (g_mkdir_with_parents (messages, 0700), 0);
  po = write_po ();
  command = g_strdup_printf ("msgfmt -o %s %s", catalog, po);
  ck_assert (g_spawn_command_line_sync (command, NULL, NULL, &status, NULL));
  ck_assert_int_eq (status, 0);

  g_setenv ("LANGUAGE", "xx", TRUE);
  (void) setlocale (LC_ALL, "C.UTF-8");
  (void) bindtextdomain (DOMAIN, folder);
  (void) bind_textdomain_codeset (DOMAIN, "UTF-8");
  (void) textdomain (DOMAIN);
}

static void
tear_down (void)
{
  g_autofree char *command = g_strdup_printf ("rm -rf %s", folder);

  ck_assert (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  g_clear_pointer (&folder, g_free);
}

static GVariant *
parse (const char *text)
{
  GError *error = NULL;
  GVariant *reason = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, &error);

  ck_assert_msg (reason != NULL, "%s: %s", text, error != NULL ? error->message : "");
  return g_variant_ref_sink (reason);
}

/* A reason with all its parameters for which the condition of @text holds. */
static GVariant *
make_reason (const TernReasonText *text)
{
  const TernReasonInfo *info = tern_reason_info_find (text->code);
  const char *condition = text->condition != NULL ? text->condition : "";
  const char *equals = strchr (condition, '=');
  const char *own = strchr ("^$", *condition) != NULL && *condition != '\0' ? condition + 1 : "";
  g_autofree char *said = g_strdup_printf (
      "%s “do this” “do that” %s", *condition == '^' ? own : "", *condition == '$' ? own : "");
  GVariantDict dict;
  GVariantBuilder parameters;

  ck_assert_msg (info != NULL, "%s", text->code);
  g_variant_builder_init (&parameters, G_VARIANT_TYPE ("a{ss}"));
  for (guint i = 0; info->parameters[i] != NULL; i++)
    {
      gsize length = strlen (info->parameters[i]);
      gboolean meant = equals != NULL && (gsize) (equals - condition) == length
                       && strncmp (condition, info->parameters[i], length) == 0;

      g_variant_builder_add (&parameters, "{ss}", info->parameters[i], meant ? equals + 1 : "1234");
    }
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Code", "s", text->code);
  g_variant_dict_insert (&dict, "Severity", "s",
                         strcmp (condition, "blocks") == 0 ? "blocks" : "warns");
  g_variant_dict_insert (&dict, "Sentence", "s", said);
  g_variant_dict_insert (&dict, "Remedy", "s", said);
  g_variant_dict_insert_value (&dict, "Parameters", g_variant_builder_end (&parameters));
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

START_TEST (every_text_is_translated_with_everything_put_in)
{
  guint n;
  const TernReasonText *table = tern_reason_table_get (&n);

  ck_assert_uint_gt (n, 100);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GVariant) reason = make_reason (&table[i]);
      g_autofree char *says = table[i].part == TERN_REASON_SENTENCE
                                  ? tern_reason_words_sentence (reason, "web01", "node2")
                                  : tern_reason_words_remedy (reason, "web01", "node2");

      ck_assert_msg (*says == '<' && g_str_has_suffix (says, ">"), "%s: %s", table[i].code, says);
      ck_assert_msg (strpbrk (says, "{}") == NULL, "%s: %s", table[i].code, says);
    }
}
END_TEST

START_TEST (an_english_reader_has_the_words_of_the_daemon)
{
  g_autoptr (GVariant) reason = parse (
      "{'Code': <'host.same'>, 'Severity': <'blocks'>, 'Sentence': <'web01 is on node2 already'>,"
      " 'Remedy': <''>, 'Parameters': <@a{ss} {}>}");
  g_autofree char *translated = tern_reason_words_sentence (reason, "web01", "node2");
  g_autofree char *english = NULL;

  g_setenv ("LANGUAGE", "en", TRUE);
  (void) setlocale (LC_ALL, "C");
  english = tern_reason_words_sentence (reason, "web01", "node2");
  ck_assert_str_eq (translated, "<web01 is on node2 already>");
  ck_assert_str_eq (english, "web01 is on node2 already");
}
END_TEST

START_TEST (what_is_not_known_is_told_in_the_words_of_the_daemon)
{
  static const char *const reasons[] = {
    /* A code of a later daemon. */
    "{'Code': <'vm.other'>, 'Severity': <'blocks'>, 'Sentence': <'as it is'>,"
    " 'Parameters': <{'host': 'node1'}>}",
    /* Reasons of a drain come without parameters: an owner may well be known. */
    "{'Code': <'vm.locked'>, 'Sentence': <'as it is'>, 'Remedy': <''>}",
    "{'Code': <'host.unreachable'>, 'Sentence': <'as it is'>}",
    "{'Code': <''>, 'Sentence': <'as it is'>}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    {
      g_autoptr (GVariant) reason = parse (reasons[i]);
      g_autofree char *sentence = tern_reason_words_sentence (reason, "web01", NULL);
      g_autofree char *remedy = tern_reason_words_remedy (reason, "web01", NULL);

      ck_assert_str_eq (sentence, "as it is");
      ck_assert_str_eq (remedy, "");
    }
}
END_TEST

START_TEST (values_are_written_for_people)
{
  g_autoptr (GVariant) memory =
      parse ("{'Code': <'memory.short'>, 'Sentence': <'x'>,"
             " 'Parameters': <{'need': '12288', 'free': '0', 'short': '12288'}>}");
  g_autoptr (GVariant) state =
      parse ("{'Code': <'vm.not-running'>, 'Sentence': <'x'>,"
             " 'Parameters': <{'host': 'node1', 'state': 'paused (migration)'}>}");
  g_autoptr (GVariant) features = parse ("{'Code': <'cpu.feature-missing'>, 'Sentence': <'x'>,"
                                         " 'Parameters': <{'features': 'aes,avx2'}>}");
  g_autofree char *of_memory = tern_reason_words_sentence (memory, "web01", "node2");
  g_autofree char *of_state = tern_reason_words_sentence (state, "web01", "node2");
  g_autofree char *of_features = tern_reason_words_sentence (features, "web01", "node2");

  ck_assert_ptr_nonnull (strstr (of_memory, "needs 12288 MiB and node2 has 0 MiB free"));
  ck_assert_ptr_nonnull (strstr (of_state, "(<paused> (<by a migration>))"));
  ck_assert_ptr_nonnull (strstr (of_features, "aes, avx2"));
}
END_TEST

START_TEST (a_name_that_looks_like_a_place_is_shown_as_it_is)
{
  g_autoptr (GVariant) reason = parse ("{'Code': <'host.same'>, 'Sentence': <'x'>}");
  g_autofree char *says = tern_reason_words_sentence (reason, "{HOST} %s $0", "node2");

  ck_assert_str_eq (says, "<{HOST} %s $0 is on node2 already>");
}
END_TEST

START_TEST (a_command_that_a_name_has_torn_apart_is_not_shown_as_one)
{
  static const char *const names[] = { "a”; b", "a“b”c", "”", "“" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *own = g_strdup_printf ("“virsh net-start %s” on node2", names[i]);
      GVariantDict dict;
      g_autoptr (GVariant) reason = NULL;
      g_autofree char *says = NULL;

      g_variant_dict_init (&dict, NULL);
      g_variant_dict_insert (&dict, "Code", "s", "network.inactive");
      g_variant_dict_insert (&dict, "Remedy", "s", own);
      reason = g_variant_ref_sink (g_variant_dict_end (&dict));
      says = tern_reason_words_remedy (reason, "web01", "node2");
      ck_assert_str_eq (says, own);
    }
}
END_TEST

TERN_CHECK_MAIN ("cli-reasons", tcase_add_checked_fixture (tcase, set_up, tear_down);
                 tcase_add_test (tcase, every_text_is_translated_with_everything_put_in);
                 tcase_add_test (tcase, an_english_reader_has_the_words_of_the_daemon);
                 tcase_add_test (tcase, what_is_not_known_is_told_in_the_words_of_the_daemon);
                 tcase_add_test (tcase, values_are_written_for_people);
                 tcase_add_test (tcase, a_name_that_looks_like_a_place_is_shown_as_it_is);
                 tcase_add_test (tcase, a_command_that_a_name_has_torn_apart_is_not_shown_as_one);)
