/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "base/json.h"

#include "base/error.h"
#include "tern-check.h"

#include <string.h>

typedef struct
{
  const char *variant; /* in GVariant's text form */
  const char *json;
} Case;

static const Case cases[] = {
  { "true", "true" },
  { "byte 0xff", "255" },
  { "int16 -32768", "-32768" },
  { "uint16 65535", "65535" },
  { "-2147483648", "-2147483648" },
  { "uint32 4294967295", "4294967295" },
  { "int64 -9223372036854775808", "-9223372036854775808" },
  { "uint64 9223372036854775807", "9223372036854775807" },
  { "uint64 9223372036854775808", "\"9223372036854775808\"" },
  { "uint64 18446744073709551615", "\"18446744073709551615\"" },
  { "1.5", "1.5" },
  { "'a \"b\" ä'", "\"a \\\"b\\\" ä\"" },
  { "objectpath '/a'", "\"/a\"" },
  { "signature 'as'", "\"as\"" },
  { "<<uint32 7>>", "7" },
  { "@as []", "[]" },
  { "['a', 'b']", "[\"a\",\"b\"]" },
  { "('a', uint32 1, <true>)", "[\"a\",1,true]" },
  { "@a{sv} {}", "{}" },
  { "{'a': <1>, 'b': <{'c': <'d'>}>}", "{\"a\":1,\"b\":{\"c\":\"d\"}}" },
  { "[{'a': <1>}, {}]", "[{\"a\":1},{}]" },
  { "{objectpath '/a': {'i': {'p': <1>}}}", "{\"/a\":{\"i\":{\"p\":1}}}" },
  { "{uint32 5: 'five'}", "{\"5\":\"five\"}" },
};

static char *
to_json (GVariant *variant)
{
  g_autoptr (JsonNode) node = tern_json_from_variant (variant);

  return json_to_string (node, FALSE);
}

START_TEST (a_variant_becomes_the_json_one_expects)
{
  const Case *c = &cases[_i];
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) variant = g_variant_parse (NULL, c->variant, NULL, NULL, &error);
  g_autofree char *json = NULL;

  ck_assert_msg (variant != NULL, "%s", error != NULL ? error->message : "");
  json = to_json (variant);
  ck_assert_str_eq (json, c->json);
}
END_TEST

START_TEST (what_is_no_number_becomes_null)
{
  static const double bad[] = { G_MAXDOUBLE * 2, -G_MAXDOUBLE * 2 };
  g_autoptr (GVariant) nan = g_variant_ref_sink (g_variant_new_double (bad[0] + bad[1]));
  g_autofree char *json = to_json (nan);

  ck_assert_str_eq (json, "null");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GVariant) variant = g_variant_ref_sink (g_variant_new_double (bad[i]));
      g_autofree char *infinite = to_json (variant);

      ck_assert_str_eq (infinite, "null");
    }
}
END_TEST

START_TEST (text_is_indented_by_two)
{
  g_autoptr (GVariant) variant = g_variant_parse (NULL, "{'a': <[1]>}", NULL, NULL, NULL);
  g_autoptr (JsonNode) node = tern_json_from_variant (variant);
  g_autofree char *text = tern_json_to_string (node);

  ck_assert_str_eq (text, "{\n  \"a\" : [\n    1\n  ]\n}");
}
END_TEST

typedef struct
{
  const char *text;
  const char *says; /* NULL if it passes */
} TextCase;

/* clang-format off */
static const TextCase texts[] = {
  { "",                                 NULL },
  { " {\"a\": [1, -2.5e+3, true]}\r\n", NULL },
  { "[\"[[[[{{{{ \\\" \\\\\", \"\\/\\b\"]", NULL },
  { "[\"\\u00e4\\ud834\\udd1e\"]",     NULL },
  { "[[[]],[[]]]",                      NULL },
  { "[\n[\n[[]]]]",                     "line 3: it is nested too deep" },
  { "1",                                "line 1: it does not begin" },
  { "var x = {};",                      "does not begin" },
  { "]",                                "does not begin" },
  { "{}\n{}",                           "line 2: it goes on after its end" },
  { "{};",                              "goes on" },
  { "[/*\"*/[[[[",                      "has a character" },
  { "[//\"\n[[[[",                      "has a character" },
  { "[#\"\n[[[[",                       "has a character" },
  { "['\"',[[[[",                       "has a character" },
  { "[\"a",                             "broken string" },
  { "[\"a\\",                           "broken string" },
  { "[\"\n\"]",                         "broken string" },
  { "[\"\\q\"]",                        "broken string" },
  { "[\"\\u12\",\",[[[[",               "broken string" },
  { "[\"\\ud800\",\",[[[[",             "broken string" },
  { "[\"\\udd1e\\ud834\"]",            "broken string" },
  { "[\"\\ud834\\u0041\"]",            "broken string" },
};
/* clang-format on */

START_TEST (foreign_text_must_be_one_object_or_array_of_bounded_depth)
{
  const TextCase *c = &texts[_i];
  g_autofree char *exact = g_memdup2 (c->text, strlen (c->text));
  g_autoptr (GError) error = NULL;
  gboolean good = tern_json_check_text (exact, strlen (c->text), 3, &error);

  ck_assert_msg (good == (c->says == NULL), "%s", c->text);
  if (good)
    return;
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  ck_assert_msg (strstr (error->message, c->says) != NULL, "%s: %s", c->text, error->message);
}
END_TEST

START_TEST (a_null_byte_is_no_json)
{
  ck_assert (!tern_json_check_text ("[\0]", 3, 3, NULL));
  ck_assert (!tern_json_check_text ("[\"\0\"]", 5, 3, NULL));
  ck_assert (!tern_json_check_text ("[\"\\\0\"]", 6, 3, NULL));
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("json",
  tcase_add_loop_test (tcase, a_variant_becomes_the_json_one_expects, 0, G_N_ELEMENTS (cases));
  tcase_add_test (tcase, what_is_no_number_becomes_null);
  tcase_add_test (tcase, text_is_indented_by_two);
  tcase_add_loop_test (tcase, foreign_text_must_be_one_object_or_array_of_bounded_depth, 0, G_N_ELEMENTS (texts));
  tcase_add_test (tcase, a_null_byte_is_no_json);
)
/* clang-format on */
