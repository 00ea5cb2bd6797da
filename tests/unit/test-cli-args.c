/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line, taken apart.
 */
#include "config.h"

#include "cli/args.h"

#include "cli/exit-status.h"
#include "tern-check.h"

#include <string.h>

/* Splits at blanks; "_" stands for an empty argument. */
static TernArgs *
parse (const char *line, GError **error)
{
  g_auto (GStrv) argv = *line != '\0' ? g_strsplit (line, " ", -1) : g_new0 (char *, 1);

  for (guint i = 0; argv[i] != NULL; i++)
    if (strcmp (argv[i], "_") == 0)
      argv[i][0] = '\0';
  return tern_args_parse ((const char *const *) argv, error);
}

START_TEST (options_may_stand_before_between_and_after_the_words)
{
  static const char *const lines[] = {
    "migrate web01 --to node3 --json", "--json migrate web01 --to node3",
    "migrate --to=node3 --json web01", "--to node3 migrate --json web01",
    "--to=node3 --json migrate web01", "--json --to node3 migrate -- web01",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TernArgs) args = parse (lines[i], &error);

      ck_assert_msg (args != NULL, "%s: %s", lines[i], error != NULL ? error->message : "");
      ck_assert_str_eq (args->command->verb, "migrate");
      ck_assert_str_eq (args->operands[0], "web01");
      ck_assert_ptr_null (args->operands[1]);
      ck_assert_str_eq (tern_args_get (args, TERN_OPTION_TO), "node3");
      ck_assert (tern_args_has (args, TERN_OPTION_JSON));
      ck_assert (!tern_args_has (args, TERN_OPTION_NO_WAIT));
    }
}
END_TEST

START_TEST (a_wrong_line_is_a_usage_error_that_names_what_is_wrong)
{
  static const struct
  {
    const char *line, *says;
  } cases[] = {
    { "", "virtern help" },
    { "frobnicate", "“frobnicate”" },
    { "host", "add, remove, list, show" },
    { "host frobnicate", "“host frobnicate”" },
    { "vm --json", "list, show" },
    { "--frobnicate status", "--frobnicate" },
    { "-x status", "-x" },
    { "--jso status", "--jso" },
    { "--jsonx status", "--jsonx" },
    { "-- --json", "“--json”" },
    { "status extra", "“extra”" },
    { "status _", "“”" },
    { "host add node1", "NAME URI" },
    { "host add node1 _", "empty" },
    { "host add a b c", "“c”" },
    { "migrate --to node1", "virtern migrate VM..." },
    { "migrate a _ b", "empty" },
    { "plan place", "virtern plan place VM..." },
    { "plan", "place" },
    { "baseline", "show" },
    { "check", "virtern check VM" },
    { "check a b", "“b”" },
    { "check a --snapshot=", "--snapshot needs a value" },
    { "vm start a b", "“b”" },
    { "vm lock web01", "needs --reason TEXT" },
    { "vm lock web01 --reason=", "--reason needs a value" },
    { "vm lock web01 --reason x --expires soon", "“soon” is no time" },
    { "vm lock web01 --reason x --expires 2020-01-01T00:00:00Z", "in the past" },
    { "vm lock web01 --reason x --expires 0h", "“0h” is no time" },
    { "vm mask web01", "One of the options in brackets" },
    { "vm mask web01 --clear --baseline", "Only one of the options in brackets" },
    { "vm mask web01 --model m --disable f", "Only one of the options in brackets" },
    { "vm mask web01 --disable aes,", "“aes,” has an empty name" },
    { "vm mask web01 --disable ,", "“,” has an empty name" },
    { "vm mask web01 --disable=", "--disable needs a value" },
    { "host add a b --memory-reserve 1.5G", "“1.5G”" },
    { "host add a b --memory-reserve 0", "“0”" },
    { "migrate web01 --to", "--to HOST" },
    { "migrate web01 --to --json", "--to HOST" },
    { "migrate web01 --to=", "--to needs a value" },
    { "migrate web01 --to a --to b", "twice" },
    { "migrate web01 --to a --timeout 0", "not “0”" },
    { "migrate web01 --to a --timeout -1", "not “-1”" },
    { "migrate web01 --to a --timeout 1.5", "not “1.5”" },
    { "migrate web01 --to a --timeout 99999999999999999999", "--timeout" },
    { "migrate web01 --to a --json=yes", "takes no value" },
    { "migrate web01 --to a --state done", "no option --state" },
    { "vm list --to a", "no option --to" },
    { "task list --state sleeping", "queued|running|done|failed|cancelled|attention" },
    { "task list --limit 0", "--limit" },
    { "task list --limit ten", "“ten”" },
    { "task show", "ID" },
    { "task list --before \xff", "UTF-8" },
    { "foo --help", "“foo”" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TernArgs) args = parse (cases[i].line, &error);

      ck_assert_msg (args == NULL, "accepted: %s", cases[i].line);
      ck_assert (g_error_matches (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE));
      ck_assert_msg (strstr (error->message, cases[i].says) != NULL, "%s: %s", cases[i].line,
                     error->message);
    }
}
END_TEST

START_TEST (help_and_version_need_nothing_else_to_be_right)
{
  static const char *const lines[] = {
    "--help",      "-h",   "--version",    "-V",        "migrate --help", "host -h",
    "host add -h", "help", "help migrate", "help host", "task list -h",   "help x y z"
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (TernArgs) args = parse (lines[i], &error);

      ck_assert_msg (args != NULL, "%s: %s", lines[i], error != NULL ? error->message : "");
    }
}
END_TEST

static void
add_option (GString *line, guint option)
{
  const TernOptionInfo *info = tern_option_get_info (option);

  g_string_append_printf (line, " --%s", info->name);
  if (info->value != NULL)
    g_string_append (line, info->choices != NULL ? " done" : info->max > 0 ? " 7" : " 7h");
}

START_TEST (every_command_is_found_by_its_name_and_takes_its_own_options)
{
  guint n;
  const TernCommand *commands = tern_command_get_all (&n);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = tern_command_get_name (&commands[i]);
      g_autoptr (GString) line = g_string_new (name);
      g_autoptr (GError) error = NULL;
      g_autoptr (TernArgs) args = NULL;
      /* Of the options that shut each other out, the first. */
      guint64 alternatives = commands[i].one_of & (commands[i].one_of - 1);
      guint min, max;

      tern_command_get_operands (&commands[i], &min, &max);
      ck_assert_uint_le (min, max);
      for (guint k = 0; k < min; k++)
        g_string_append (line, " 1");
      for (guint k = 0; k < TERN_N_OPTIONS; k++)
        if (commands[i].options & ~alternatives & (G_GUINT64_CONSTANT (1) << k))
          add_option (line, k);

      args = parse (line->str, &error);
      ck_assert_msg (args != NULL, "%s: %s", line->str, error != NULL ? error->message : "");
      ck_assert_ptr_eq (args->command, &commands[i]);
    }
}
END_TEST

START_TEST (help_names_every_command_that_is_not_hidden)
{
  g_autofree char *all = tern_command_format_help (NULL);
  guint n;
  const TernCommand *commands = tern_command_get_all (&n);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *usage = tern_command_format_usage (&commands[i]);
      g_autofree char *line = g_strdup_printf ("\n  %s\n", usage + strlen ("virtern "));
      g_autofree char *help = tern_command_format_help (&commands[i]);

      ck_assert_int_eq (strstr (all, line) != NULL, (commands[i].flags & TERN_COMMAND_HIDDEN) == 0);
      ck_assert_ptr_nonnull (strstr (help, usage));
    }
}
END_TEST

START_TEST (an_option_of_one_command_has_a_bit_of_its_own)
{
  guint n;
  const TernCommand *commands = tern_command_get_all (&n);

  ck_assert_uint_le (TERN_N_OPTIONS, 64);
  for (guint i = 0; i < n; i++)
    {
      ck_assert_uint_eq (commands[i].required & ~commands[i].options, 0);
      ck_assert_uint_eq (commands[i].one_of & ~commands[i].options, 0);
      ck_assert_uint_eq (commands[i].one_of & commands[i].required, 0);
    }
}
END_TEST

START_TEST (only_a_command_with_a_file_works_without_a_daemon)
{
  static const struct
  {
    const char *line;
    gboolean offline;
  } cases[] = {
    { "help", TRUE },
    { "status", FALSE },
    { "check web01", FALSE },
    { "check web01 --snapshot f", TRUE },
    { "plan place a b", FALSE },
    { "plan place a b --snapshot f", TRUE },
    { "migrate a b --dry-run", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TernArgs) args = parse (cases[i].line, NULL);

      ck_assert_msg (args != NULL, "%s", cases[i].line);
      ck_assert_int_eq (tern_args_is_offline (args), cases[i].offline);
    }
}
END_TEST

START_TEST (numbers_are_taken_up_to_their_bounds)
{
  g_autoptr (TernArgs) args =
      parse ("task list --before 18446744073709551615 --limit 1000000", NULL);

  ck_assert_ptr_nonnull (args);
  ck_assert (tern_args_get_number (args, TERN_OPTION_BEFORE, 0) == G_MAXUINT64);
  ck_assert_uint_eq (tern_args_get_number (args, TERN_OPTION_LIMIT, 0), 1000000);
  ck_assert_uint_eq (tern_args_get_number (args, TERN_OPTION_TIMEOUT, 5), 5);
}
END_TEST

START_TEST (a_task_id_is_a_whole_number_from_one)
{
  static const char *const wrong[] = { "0",   "-1",   "+1",
                                       "1.0", "x",    "",
                                       " 1",  "0x10", "18446744073709551616" };
  guint64 id = 77;

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;

      ck_assert_msg (!tern_args_parse_id (wrong[i], &id, &error), "accepted: %s", wrong[i]);
      ck_assert (g_error_matches (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE));
    }
  ck_assert (tern_args_parse_id ("42", &id, NULL));
  ck_assert_uint_eq (id, 42);
}
END_TEST

TERN_CHECK_MAIN ("cli-args",
                 tcase_add_test (tcase, options_may_stand_before_between_and_after_the_words);
                 tcase_add_test (tcase, a_wrong_line_is_a_usage_error_that_names_what_is_wrong);
                 tcase_add_test (tcase, help_and_version_need_nothing_else_to_be_right);
                 tcase_add_test (tcase,
                                 every_command_is_found_by_its_name_and_takes_its_own_options);
                 tcase_add_test (tcase, help_names_every_command_that_is_not_hidden);
                 tcase_add_test (tcase, an_option_of_one_command_has_a_bit_of_its_own);
                 tcase_add_test (tcase, only_a_command_with_a_file_works_without_a_daemon);
                 tcase_add_test (tcase, numbers_are_taken_up_to_their_bounds);
                 tcase_add_test (tcase, a_task_id_is_a_whole_number_from_one);)
