/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "base/text.h"

#include "tern-check.h"

#include <string.h>

typedef struct
{
  const char *text;
  const char *visible;
} Case;

static const Case cases[] = {
  { NULL, "" },
  { "", "" },
  { "web01", "web01" },
  { "Größe 東京 🐦", "Größe 東京 🐦" },
  { "a\\b", "a\\b" },
  { "a\nb\tc\r", "a\\x0ab\\x09c\\x0d" },
  { "\x1b[31mred", "\\x1b[31mred" },
  { "\x7f", "\\x7f" },
  { "\xc2\x85", "\\x85" },
  { "\xff\xfe", "\\xff\\xfe" },
  { "a\xe2\x82", "a\\xe2\\x82" },
  { "\xc0\xaf", "\\xc0\\xaf" },
  { "\xed\xa0\x80", "\\xed\\xa0\\x80" },
  { "x\xe2\x80\xaey", "x\\u{202e}y" },
  { "x\xe2\x80\xa8y", "x\\u{2028}y" },
  { "\xe2\x81\xa6", "\\u{2066}" },
  { "\xef\xbb\xbf", "\\u{feff}" },
};

START_TEST (foreign_text_is_made_visible)
{
  g_autofree char *visible = tern_text_visible (cases[_i].text, 0);

  ck_assert_str_eq (visible, cases[_i].visible);
}
END_TEST

START_TEST (whatever_the_bytes_the_result_is_one_line_of_utf_8)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  for (guint round = 0; round < 2000; round++)
    {
      char bytes[24] = { 0 };
      guint bound = g_rand_int_range (rand, 0, 12);
      g_autofree char *visible = NULL;

      for (guint i = 0; i + 1 < sizeof bytes; i++)
        bytes[i] = (char) g_rand_int_range (rand, 0, 256);
      visible = tern_text_visible (bytes, bound);
      ck_assert (g_utf8_validate (visible, -1, NULL));
      ck_assert (bound == 0 || g_utf8_strlen (visible, -1) <= bound);
      for (const char *p = visible; *p != '\0'; p = g_utf8_next_char (p))
        ck_assert (!g_unichar_iscntrl (g_utf8_get_char (p)));
    }
}
END_TEST

START_TEST (a_text_that_is_too_long_is_cut_and_marked)
{
  static const struct
  {
    const char *text;
    guint bound;
    const char *visible;
  } cuts[] = {
    { "abcdef", 6, "abcdef" }, { "abcdef", 5, "abcd…" }, { "äöüäöü", 3, "äö…" },
    { "ab", 1, "…" },          { "a\nb", 6, "a\\x0ab" }, { "a\nbc", 6, "a\\x0a…" },
    { "a\nbcd", 4, "a…" },     { "\n", 3, "…" },         { "", 1, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cuts); i++)
    {
      g_autofree char *visible = tern_text_visible (cuts[i].text, cuts[i].bound);

      ck_assert_str_eq (visible, cuts[i].visible);
    }
}
END_TEST

START_TEST (different_texts_make_different_valid_path_elements)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 1; i < 256; i++)
    for (guint j = 0; j < 256; j++)
      {
        char text[3] = { (char) i, (char) j, '\0' };
        g_autofree char *element = j > 0 || i > 0 ? tern_text_escape_path (text) : NULL;

        for (const char *p = element; *p != '\0'; p++)
          ck_assert (g_ascii_isalnum (*p) || *p == '_');
        ck_assert (g_hash_table_add (seen, g_steal_pointer (&element)));
      }
}
END_TEST

START_TEST (a_path_element_is_written_as_documented)
{
  g_autofree char *element = tern_text_escape_path ("node-1.a_b");

  ck_assert_str_eq (element, "node_2d1_2ea_5fb");
}
END_TEST

/* clang-format off */
START_TEST (the_names_that_may_have_been_meant_come_nearest_first)
{
  static const char *const known[] = { "Westmere", "Nehalem", "Westmere-IBRS", "Skylake-Server",
                                       "aes",      "avx",     "avx2",          NULL };
  static const struct
  {
    const char *word;
    guint max;
    const char *expected;
  } words[] = {
    { "Westmer", 1, "Westmere" }, { "westmere", 1, "Westmere" }, { "Nehalen", 3, "Nehalem" },
    { "avx3", 3, "avx,avx2" },    { "avx3", 1, "avx" },          { "ase", 1, "aes" },
    { "sse4.2", 3, "" },          { "", 3, "" },                 { "x", 3, "" },
    { "Westmere", 0, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    {
      g_auto (GStrv) near = tern_text_nearest (words[i].word, known, words[i].max);
      g_autofree char *joined = g_strjoinv (",", near);

      ck_assert_msg (g_str_equal (joined, words[i].expected), "%s: %s", words[i].word, joined);
    }
}
END_TEST

START_TEST (a_word_of_any_length_has_an_answer)
{
  g_autofree char *word = g_strnfill (5000, 'a');
  const char *const known[] = { word, "aa", NULL };
  g_auto (GStrv) near = tern_text_nearest (word, known, 3);
  g_auto (GStrv) of_short = tern_text_nearest ("ab", known, 3);

  ck_assert_uint_eq (g_strv_length (near), 0);
  ck_assert_str_eq (of_short[0], "aa");
}
END_TEST

TERN_CHECK_MAIN ("text",
  tcase_add_loop_test (tcase, foreign_text_is_made_visible, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tcase, the_names_that_may_have_been_meant_come_nearest_first);
                 tcase_add_test (tcase, a_word_of_any_length_has_an_answer);
                 tcase_add_test (tcase, whatever_the_bytes_the_result_is_one_line_of_utf_8);
  tcase_add_test (tcase, a_text_that_is_too_long_is_cut_and_marked);
  tcase_add_test (tcase, different_texts_make_different_valid_path_elements);
  tcase_add_test (tcase, a_path_element_is_written_as_documented);
)
/* clang-format on */
