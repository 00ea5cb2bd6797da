/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/move.h"

#include "base/error.h"
#include "tern-check.h"

/* The words of one enum, as ints. */
typedef struct
{
  guint n;
  const char *(*to_string) (int value);
  gboolean (*from_string) (const char *word, int *out_value);
  const char *const *(*get_words) (void);
  const char *const words[5];
} Words;

#define WORDS_OF(name, Type)                                                                       \
  static const char *name##_to_string (int value)                                                  \
  {                                                                                                \
    return tern_##name##_to_string ((Type) value);                                                 \
  }                                                                                                \
                                                                                                   \
  static gboolean name##_from_string (const char *word, int *out_value)                            \
  {                                                                                                \
    Type value = (Type) *out_value;                                                                \
    gboolean good = tern_##name##_from_string (word, &value);                                      \
                                                                                                   \
    *out_value = (int) value;                                                                      \
    return good;                                                                                   \
  }

WORDS_OF (policy, TernPolicy)
WORDS_OF (priority, TernPriority)
WORDS_OF (compression, TernCompression)

/* They are stored and sent: none may ever change. */
static const Words all_words[] = {
  { TERN_N_POLICIES,
    policy_to_string,
    policy_from_string,
    tern_policy_get_words,
    { "careful", "default", "postcopy", "force" } },
  { TERN_N_PRIORITIES,
    priority_to_string,
    priority_from_string,
    tern_priority_get_words,
    { "low", "normal", "high" } },
  { TERN_N_COMPRESSIONS,
    compression_to_string,
    compression_from_string,
    tern_compression_get_words,
    { "none", "xbzrle", "zlib", "zstd" } },
};

START_TEST (every_value_has_its_word_and_comes_back_from_it)
{
  const Words *words = &all_words[_i];

  ck_assert_uint_eq (g_strv_length ((GStrv) words->words), words->n);
  for (guint i = 0; i < words->n; i++)
    {
      int value = -1;

      ck_assert_str_eq (words->to_string ((int) i), words->words[i]);
      ck_assert (words->from_string (words->words[i], &value));
      ck_assert_int_eq (value, (int) i);
      ck_assert_int_eq (tern_words_find (words->get_words (), words->words[i], NULL), (int) i);
    }
  ck_assert (g_strv_equal (words->get_words (), words->words));
}
END_TEST

START_TEST (another_word_is_told_those_that_there_are)
{
  g_autoptr (GError) error = NULL;

  ck_assert_int_eq (tern_words_find (tern_priority_get_words (), "highest", &error), -1);
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  ck_assert_str_eq (error->message, "must be low, normal or high");
}
END_TEST

START_TEST (another_word_is_refused_and_writes_nothing)
{
  static const char *const others[] = { NULL, "", " ", "Default", "force ", "HIGH", "post-copy" };
  const Words *words = &all_words[_i];
  int value = 1;

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    ck_assert (!words->from_string (others[i], &value));
  ck_assert_int_eq (value, 1);
}
END_TEST

START_TEST (a_higher_priority_is_a_greater_number)
{
  ck_assert_int_lt (TERN_PRIORITY_LOW, TERN_PRIORITY_NORMAL);
  ck_assert_int_lt (TERN_PRIORITY_NORMAL, TERN_PRIORITY_HIGH);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("move",
  tcase_add_loop_test (tcase, every_value_has_its_word_and_comes_back_from_it, 0, 3);
  tcase_add_loop_test (tcase, another_word_is_refused_and_writes_nothing, 0, 3);
  tcase_add_test (tcase, another_word_is_told_those_that_there_are);
  tcase_add_test (tcase, a_higher_priority_is_a_greater_number);
)
/* clang-format on */
