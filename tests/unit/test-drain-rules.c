/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "base/error.h"
#include "model/drain.h"
#include "tern-check.h"

#include <string.h>

/* @expected: (nullable): %NULL if no rule fits */
static void
check_rules (const char *rules, const char *name, const char *expected)
{
  g_auto (GStrv) list = g_strsplit (rules, ";", -1);
  TernDrainAction action = TERN_N_DRAIN_ACTIONS;
  gboolean found = tern_drain_rules_find ((const char *const *) list, name, &action);

  ck_assert_msg (found == (expected != NULL), "“%s” for “%s”", rules, name);
  if (expected != NULL)
    ck_assert_str_eq (tern_drain_action_to_string (action), expected);
}

START_TEST (the_first_rule_that_fits_counts)
{
  static const struct
  {
    const char *rules, *name, *expected;
  } cases[] = {
    { "build-*=skip;*=ask", "build-7", "skip" },
    { "build-*=skip;*=ask", "web", "ask" },
    { "*=ask;build-*=skip", "build-7", "ask" },
    { "web?=cold", "web1", "cold" },
    { "web?=cold", "web", NULL },
    { "web?=cold", "web12", NULL },
    { "a=b=shutdown", "a=b", "shutdown" },
    { "web=migrate", "Web", NULL },
    { "n?me=skip", "n\xc3\xa4me", "skip" },
    { "b?d=skip",
      "b\xff"
      "d",
      "skip" },
    { "", "web", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check_rules (cases[i].rules, cases[i].name, cases[i].expected);
  ck_assert (!tern_drain_rules_find (NULL, "web", &(TernDrainAction){ 0 }));
}
END_TEST

START_TEST (every_action_can_stand_in_a_rule)
{
  for (guint i = 0; i < TERN_N_DRAIN_ACTIONS; i++)
    {
      g_autofree char *rule = g_strdup_printf ("x*=%s", tern_drain_action_to_string (i));

      ck_assert (tern_drain_rule_check (rule, NULL));
      check_rules (rule, "xy", tern_drain_action_to_string (i));
    }
}
END_TEST

START_TEST (a_rule_that_is_none_is_refused_with_what_it_should_be)
{
  static const char *const bad[][2] = {
    { "web", "NAME=ACTION" },
    { "", "NAME=ACTION" },
    { "=skip", "NAME=ACTION" },
    { "web=", "one of the actions" },
    { "web=stop", "shutdown, ask" },
    { "web=Skip", "“web=Skip”" },
    { "web= skip", "one of the actions" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      ck_assert (!tern_drain_rule_check (bad[i][0], &error));
      ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
      ck_assert_msg (strstr (error->message, bad[i][1]) != NULL, "%s", error->message);
    }
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("drain-rules",
  tcase_add_test (tcase, the_first_rule_that_fits_counts);
  tcase_add_test (tcase, every_action_can_stand_in_a_rule);
  tcase_add_test (tcase, a_rule_that_is_none_is_refused_with_what_it_should_be);
)
/* clang-format on */
