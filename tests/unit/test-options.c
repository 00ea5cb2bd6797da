/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The options at the end of methods: what is not known is refused by name.
 */
#include "config.h"

#include "service/options.h"

#include "base/error.h"
#include "tern-check.h"

static const TernOption known[] = { { "limit", "u" }, { "vm", "s" }, { NULL, NULL } };

static GVariant *
parse (const char *text)
{
  GVariant *value = g_variant_parse (G_VARIANT_TYPE_VARDICT, text, NULL, NULL, NULL);

  ck_assert_ptr_nonnull (value);
  return value;
}

static void
assert_refused (GVariant *options, const TernOption *table, const char *sentence)
{
  g_autoptr (GVariant) sunk = g_variant_take_ref (options);
  g_autoptr (GError) error = NULL;

  ck_assert (!tern_options_check (sunk, table, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  ck_assert_str_eq (error->message, sentence);
}

START_TEST (known_options_of_the_right_type_pass)
{
  g_autoptr (GVariant) none = parse ("{}");
  g_autoptr (GVariant) both = parse ("{'vm': <'web'>, 'limit': <uint32 5>}");

  ck_assert (tern_options_check (none, known, NULL));
  ck_assert (tern_options_check (none, TERN_NO_OPTIONS, NULL));
  ck_assert (tern_options_check (both, known, NULL));
}
END_TEST

START_TEST (an_unknown_option_is_refused_by_name)
{
  assert_refused (parse ("{'vms': <'web'>}"), known,
                  "Unknown option “vms”; known are “limit”, “vm”");
  assert_refused (parse ("{'Vm': <'web'>}"), TERN_NO_OPTIONS,
                  "Unknown option “Vm”; this method knows none");
}
END_TEST

START_TEST (an_unknown_option_is_shown_visibly_and_cut)
{
  g_autofree char *longest = g_strnfill (5000, 'x');
  g_autofree char *cut = g_strnfill (59, 'x');
  g_autofree char *sentence = g_strdup_printf ("Unknown option “%s…”; this method knows none", cut);
  GVariantDict dict;

  assert_refused (parse ("{'a\\u001bb': <1>}"), TERN_NO_OPTIONS,
                  "Unknown option “a\\x1bb”; this method knows none");
  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, longest, "b", TRUE);
  assert_refused (g_variant_dict_end (&dict), TERN_NO_OPTIONS, sentence);
}
END_TEST

START_TEST (a_wrong_type_is_refused_by_name)
{
  assert_refused (parse ("{'limit': <5>}"), known,
                  "The option “limit” must be of type “u”, not “i”");
  assert_refused (parse ("{'vm': <<'web'>>}"), known,
                  "The option “vm” must be of type “s”, not “v”");
}
END_TEST

START_TEST (an_option_given_twice_is_refused_by_name)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&builder, "{sv}", "vm", g_variant_new_string ("a"));
  g_variant_builder_add (&builder, "{sv}", "vm", g_variant_new_string ("b"));
  assert_refused (g_variant_builder_end (&builder), known, "The option “vm” is given twice");
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("options",
  tcase_add_test (tcase, known_options_of_the_right_type_pass);
  tcase_add_test (tcase, an_unknown_option_is_refused_by_name);
  tcase_add_test (tcase, an_unknown_option_is_shown_visibly_and_cut);
  tcase_add_test (tcase, a_wrong_type_is_refused_by_name);
  tcase_add_test (tcase, an_option_given_twice_is_refused_by_name);)
/* clang-format on */
