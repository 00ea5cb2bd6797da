/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The table of reasons, what is made from it, and docs/reasons.md, which must say the same.
 */
#include "config.h"

#include "plan/reason.h"

#include "tern-check.h"

START_TEST (codes_differ_and_are_words_of_a_known_kind)
{
  static const char *const kinds[] = { "vm",      "host",    "cpu",   "machine-type",
                                       "qemu",    "memory",  "cdrom", "floppy",
                                       "network", "storage", NULL };
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  guint n;
  const TernReasonInfo *table = tern_reason_info_get_all (&n);

  ck_assert_uint_gt (n, 50);
  for (guint i = 0; i < n; i++)
    {
      g_auto (GStrv) parts = g_strsplit (table[i].code, ".", -1);

      ck_assert_uint_eq (g_strv_length (parts), 2);
      ck_assert (g_strv_contains (kinds, parts[0]));
      ck_assert_uint_eq (strspn (parts[1], "abcdefghijklmnopqrstuvwxyz-"), strlen (parts[1]));
      ck_assert (g_hash_table_add (seen, (gpointer) table[i].code));
      ck_assert (tern_reason_info_find (table[i].code) == &table[i]);
    }
  ck_assert_ptr_null (tern_reason_info_find ("vm.happy"));
}
END_TEST

START_TEST (the_document_tells_what_the_table_tells)
{
  g_autofree char *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint n, row = 0;
  const TernReasonInfo *table = tern_reason_info_get_all (&n);

  ck_assert (g_file_get_contents (TERN_SRC_DIR "/docs/reasons.md", &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *parameters = NULL, *start = NULL;

      if (!g_str_has_prefix (lines[i], "| `"))
        continue;
      ck_assert_msg (row < n, "not in the table: %s", lines[i]);
      parameters = g_strjoinv (", ", (char **) table[row].parameters);
      start = g_strdup_printf ("| `%s` | %s | %s | %s | ", table[row].code,
                               tern_severity_to_string (table[row].severity),
                               parameters[0] != '\0' ? parameters : "-", table[row].meaning);
      ck_assert_msg (g_str_has_prefix (lines[i], start), "“%s” is not “%s…”", lines[i], start);
      row++;
    }
  ck_assert_msg (row == n, "docs/reasons.md has %u of %u codes", row, n);
}
END_TEST

START_TEST (a_copy_holds_the_same_and_nothing_in_common)
{
  g_autoptr (TernReason) copy = NULL;
  TernReason *reason = tern_reason_new ("host.arch", g_strdup ("no"), g_strdup ("another"),
                                        "needed", "s390x", "offered", NULL, NULL);

  reason->detail = g_strdup ("libvirt says so");
  reason->severity = TERN_SEVERITY_WARNS;
  copy = tern_reason_copy (reason);
  tern_reason_free (reason);
  ck_assert_str_eq (copy->info->code, "host.arch");
  ck_assert_int_eq (copy->severity, TERN_SEVERITY_WARNS);
  ck_assert_str_eq (copy->sentence, "no");
  ck_assert_str_eq (copy->remedy, "another");
  ck_assert_str_eq (copy->detail, "libvirt says so");
  ck_assert_str_eq (tern_reason_get_parameter (copy, "needed"), "s390x");
  ck_assert_str_eq (tern_reason_get_parameter (copy, "offered"), "");
}
END_TEST

TERN_CHECK_MAIN ("reason", tcase_add_test (tcase, codes_differ_and_are_words_of_a_known_kind);
                 tcase_add_test (tcase, the_document_tells_what_the_table_tells);
                 tcase_add_test (tcase, a_copy_holds_the_same_and_nothing_in_common);)
