/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command line, taken apart.
 */
#include "config.h"

#include "cli/args.h"

#include "cli/exit-status.h"
#include "model/drain.h"
#include "model/move.h"
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
    { "task list --state sleeping", "queued|running|done|remainder|failed|cancelled|attention" },
    { "task list --limit 0", "--limit" },
    { "task list --limit ten", "“ten”" },
    { "task show", "ID" },
    { "migrate web01 --policy brutal", "careful|default|postcopy|force, not “brutal”" },
    { "migrate web01 --priority urgent", "low|normal|high" },
    { "migrate web01 --compression gzip", "none|xbzrle|zlib|zstd" },
    { "migrate web01 --bandwidth none", "whole number from 1 to 16777216, not “none”" },
    { "migrate web01 --bandwidth 0", "not “0”" },
    { "migrate web01 --bandwidth 1.5", "not “1.5”" },
    { "migrate web01 --parallel 33", "from 1 to 32" },
    { "migrate web01 --tls=yes", "takes no value" },
    { "migrate web01 --limit-out 3", "“virtern migrate” has no option --limit-out" },
    { "plan place web01 --policy force", "“virtern plan place” has no option --policy" },
    { "task switch 7", "needs --policy POLICY" },
    { "task switch --policy force", "Something is missing: virtern task switch ID" },
    { "task resolve 7", "One of the options in brackets is needed" },
    { "task resolve 7 --keep-source --recheck", "Only one of the options in brackets" },
    { "task resolve --recheck", "Something is missing" },
    { "task resolve 7 --keep-source --vm=", "--vm needs a value" },
    { "limits frobnicate", "there are: set, reset" },
    { "limits set", "Nothing to change is given: virtern limits set [--out N|auto]" },
    { "limits set --json", "Nothing to change is given" },
    { "limits set --out none", "from 1 to 1000, or “auto”, not “none”" },
    { "limits set --out 0", "or “auto”, not “0”" },
    { "limits set --cluster default", "or “none”, not “default”" },
    { "limits set --cluster 1 --cluster 2", "--cluster is given twice" },
    { "limits reset --out 3", "no option --out" },
    { "host set node1", "Nothing to change is given: virtern host set NAME" },
    { "host set --limit-out 3", "Something is missing" },
    { "host set node1 --limit-in auto", "from 1 to 1000, or “default”, not “auto”" },
    { "host set node1 --link-rate fast", "from 1 to 100000000, or “auto”, not “fast”" },
    { "host set node1 --bandwidth auto", "or “none”, not “auto”" },
    { "host add a b --memory-reserve default", "not “default”" },
    { "task list --before \xff", "UTF-8" },
    { "drain", "Something is missing: virtern drain HOST..." },
    { "drain _", "An argument is empty" },
    { "drain node1 --deadline", "--deadline needs a value" },
    { "drain node1 --deadline soon", "“soon” is no time" },
    { "drain node1 --deadline 25:00", "“25:00” is no time" },
    { "drain node1 --deadline 9:00", "“9:00” is no time" },
    { "drain node1 --deadline 22:60", "“22:60” is no time" },
    { "drain node1 --deadline 2020-01-01T00:00:00Z", "in the past" },
    { "drain node1 --deadline 2h --deadline 3h", "--deadline is given twice" },
    { "drain node1 --action db01", "write “db01=skip”" },
    { "drain node1 --action =skip", "write “db01=skip”" },
    { "drain node1 --action db01=", "“” is no action; there are: migrate, skip" },
    { "drain node1 --action db01=Skip", "“Skip” is no action" },
    { "drain node1 --action a=skip --action b=fly", "“fly” is no action" },
    { "drain node1 --save", "--save needs a value" },
    { "drain node1 --return", "“virtern drain” has no option --return" },
    { "apply", "virtern apply PLAN" },
    { "apply a b", "“b” is too much" },
    { "activate", "virtern activate HOST" },
    { "activate a b", "“b” is too much" },
    { "plan drain", "virtern plan drain HOST..." },
    { "plan drain node1 --policy force", "“virtern plan drain” has no option --policy" },
    { "task resume", "virtern task resume ID" },
    { "task undo 7 --abort", "“virtern task undo” has no option --abort" },
    { "vm set web01", "Nothing to change is given: virtern vm set VM" },
    { "vm set web01 --drain-action fly", "migrate|skip|cold|shutdown|ask, not “fly”" },
    { "vm set web01 --drain-action=", "--drain-action needs a value" },
    { "webhook", "add, list, test, remove" },
    { "webhook add a", "NAME URL" },
    { "webhook add a https://x --events task.begun",
      "“task.begun” is no event; there are: task.ended" },
    { "webhook add a https://x --events test", "“test” is no event" },
    { "webhook add a https://x --events task.ended,", "“” is no event" },
    { "webhook add a https://x --events host.lost,host.lost", "“host.lost” is named twice" },
    { "webhook test", "virtern webhook test NAME" },
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

/* What would do as a value of every option that is checked. */
static const char *
get_sample (guint option)
{
  static const char *const samples[TERN_N_OPTIONS] = {
    [TERN_OPTION_ACTION] = "web=01=skip",
    [TERN_OPTION_EVENTS] = "task.ended,host.lost",
  };

  return samples[option] != NULL ? samples[option] : "7h";
}

static void
add_option (GString *line, guint option)
{
  const TernOptionInfo *info = tern_option_get_info (option);

  g_auto (GStrv) choices = info->choices != NULL ? g_strsplit (info->choices, "|", -1) : NULL;

  g_string_append_printf (line, " --%s", info->name);
  if (info->value != NULL)
    g_string_append_printf (line, " %s",
                            choices != NULL ? choices[0]
                            : info->max > 0 ? "7"
                                            : get_sample (option));
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
      gboolean has_one = FALSE;
      guint min, max;

      tern_command_get_operands (&commands[i], &min, &max);
      ck_assert_uint_le (min, max);
      for (guint k = 0; k < min; k++)
        g_string_append (line, " 1");
      for (guint k = 0; k < TERN_N_OPTIONS; k++)
        if (tern_option_set_has (commands[i].options, k)
            && !(has_one && tern_option_set_has (commands[i].one_of, k)))
          {
            add_option (line, k);
            has_one = has_one || tern_option_set_has (commands[i].one_of, k);
          }

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

START_TEST (in_help_a_gap_of_two_is_between_an_option_and_what_it_does)
{
  guint n;
  const TernCommand *commands = tern_command_get_all (&n);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *help = tern_command_format_help (&commands[i]);
      g_auto (GStrv) lines = g_strsplit (help, "\n", -1);

      for (guint k = 0; lines[k] != NULL; k++)
        if (g_str_has_prefix (lines[k], "  ") && strstr (lines[k], "--") != NULL)
          ck_assert_msg (strstr (strstr (lines[k], "--"), "  ") != NULL, "%s", lines[k]);
    }
}
END_TEST

START_TEST (what_must_be_given_is_an_option_of_the_command_and_one_of_several_is_not_required)
{
  guint n;
  const TernCommand *commands = tern_command_get_all (&n);

  for (guint i = 0; i < n; i++)
    for (guint k = 0; k < TERN_N_OPTIONS; k++)
      {
        gboolean known = tern_option_set_has (commands[i].options, k);
        gboolean required = tern_option_set_has (commands[i].required, k);
        gboolean one_of = tern_option_set_has (commands[i].one_of, k);

        ck_assert_msg (known || !(required || one_of), "%s %u", commands[i].verb, k);
        ck_assert_msg (!(required && one_of), "%s %u", commands[i].verb, k);
        ck_assert_msg (!(known && tern_option_is_global (k)), "%s %u", commands[i].verb, k);
      }
}
END_TEST

START_TEST (an_option_that_repeats_keeps_all_its_values_in_their_order)
{
  g_autoptr (TernArgs) args =
      parse ("drain --action a=skip node1 --action=b=cold --action c=d=ask", NULL);
  g_autoptr (TernArgs) none = parse ("drain node1", NULL);

  ck_assert_ptr_nonnull (args);
  ck_assert_uint_eq (tern_args_count (args, TERN_OPTION_ACTION), 3);
  ck_assert_str_eq (tern_args_get (args, TERN_OPTION_ACTION), "a=skip");
  ck_assert_str_eq (tern_args_get_nth (args, TERN_OPTION_ACTION, 1), "b=cold");
  ck_assert_str_eq (tern_args_get_nth (args, TERN_OPTION_ACTION, 2), "c=d=ask");
  ck_assert_uint_eq (tern_args_count (none, TERN_OPTION_ACTION), 0);
  ck_assert_ptr_null (tern_args_get (none, TERN_OPTION_ACTION));
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
    { "drain a --dry-run", FALSE },
    { "plan drain a", FALSE },
    { "plan drain a b --snapshot f", TRUE },
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

START_TEST (of_options_of_one_name_the_command_has_its_own)
{
  g_autoptr (TernArgs) limits = parse ("--cluster none limits set --in auto --out=4", NULL);
  g_autoptr (TernArgs) host = parse ("host set node1 --bandwidth none --cluster none", NULL);
  g_autoptr (TernArgs) list = parse ("task list --vm web01", NULL);
  g_autoptr (TernArgs) resolve = parse ("task resolve 7 --keep-source --vm web01", NULL);

  ck_assert (tern_args_has (limits, TERN_OPTION_IN_CLUSTER));
  ck_assert (!tern_args_has (limits, TERN_OPTION_CLUSTER));
  ck_assert_uint_eq (tern_args_get_number (limits, TERN_OPTION_IN_CLUSTER, 7), 0);
  ck_assert_uint_eq (tern_args_get_number (limits, TERN_OPTION_IN, 7), 0);
  ck_assert_uint_eq (tern_args_get_number (limits, TERN_OPTION_OUT, 7), 4);
  ck_assert_uint_eq (tern_args_get_number (host, TERN_OPTION_HOST_BANDWIDTH, 7), 0);
  ck_assert_str_eq (tern_args_get (host, TERN_OPTION_CLUSTER), "none");
  ck_assert_str_eq (tern_args_get (list, TERN_OPTION_VM), "web01");
  ck_assert_str_eq (tern_args_get (resolve, TERN_OPTION_VM_NAME), "web01");
  ck_assert_ptr_null (tern_args_get (resolve, TERN_OPTION_VM));
}
END_TEST

/* A command line is taken apart before its command is known. */
START_TEST (options_of_one_name_all_take_a_value_or_none_does_and_no_command_has_two)
{
  guint n;
  const TernCommand *commands = tern_command_get_all (&n);

  for (guint a = 0; a < TERN_N_OPTIONS; a++)
    for (guint b = 0; b < a; b++)
      {
        const TernOptionInfo *left = tern_option_get_info (a);
        const TernOptionInfo *right = tern_option_get_info (b);

        if (strcmp (left->name, right->name) != 0)
          continue;
        ck_assert_int_eq (left->value != NULL, right->value != NULL);
        for (guint i = 0; i < n; i++)
          ck_assert_msg (!tern_option_set_has (commands[i].options, a)
                             || !tern_option_set_has (commands[i].options, b),
                         "%s --%s", commands[i].verb, left->name);
      }
}
END_TEST

static void
assert_choices (TernOption option, const char *(*name_of) (guint place), guint n)
{
  const TernOptionInfo *info = tern_option_get_info (option);
  g_auto (GStrv) choices = g_strsplit (info->choices, "|", -1);

  ck_assert_uint_eq (g_strv_length (choices), n);
  for (guint i = 0; i < n; i++)
    {
      ck_assert_str_eq (choices[i], name_of (i));
      /* The help text is where people look them up. */
      ck_assert_msg (strstr (info->summary, choices[i]) != NULL, "%s", choices[i]);
    }
}

static const char *
name_policy (guint place)
{
  return tern_policy_to_string (place);
}

static const char *
name_priority (guint place)
{
  return tern_priority_to_string (place);
}

static const char *
name_compression (guint place)
{
  return tern_compression_to_string (place);
}

static const char *
name_drain_action (guint place)
{
  return tern_drain_action_to_string (place);
}

START_TEST (the_words_of_a_move_and_their_bounds_are_those_of_the_model)
{
  assert_choices (TERN_OPTION_POLICY, name_policy, TERN_N_POLICIES);
  assert_choices (TERN_OPTION_PRIORITY, name_priority, TERN_N_PRIORITIES);
  assert_choices (TERN_OPTION_COMPRESSION, name_compression, TERN_N_COMPRESSIONS);
  assert_choices (TERN_OPTION_DRAIN_ACTION, name_drain_action, TERN_N_DRAIN_ACTIONS);
  ck_assert_uint_eq (tern_option_get_info (TERN_OPTION_PARALLEL)->max, TERN_MOVE_MAX_PARALLEL);
  ck_assert_uint_eq (tern_option_get_info (TERN_OPTION_OUT)->max, TERN_LIMIT_MAX);
  ck_assert_uint_eq (tern_option_get_info (TERN_OPTION_LIMIT_IN)->max, TERN_LIMIT_MAX);
}
END_TEST

START_TEST (a_word_that_begins_commands_may_be_one_itself)
{
  g_autoptr (TernArgs) alone = parse ("limits", NULL);
  g_autoptr (TernArgs) set = parse ("limits set --out 3", NULL);

  ck_assert_str_eq (alone->command->verb, "limits");
  ck_assert_str_eq (set->command->group, "limits");
  ck_assert (!tern_command_is_group ("limits"));
  ck_assert (tern_command_is_group ("host"));
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

TERN_CHECK_MAIN (
    "cli-args", tcase_add_test (tcase, options_may_stand_before_between_and_after_the_words);
    tcase_add_test (tcase, a_wrong_line_is_a_usage_error_that_names_what_is_wrong);
    tcase_add_test (tcase, help_and_version_need_nothing_else_to_be_right);
    tcase_add_test (tcase, every_command_is_found_by_its_name_and_takes_its_own_options);
    tcase_add_test (tcase, help_names_every_command_that_is_not_hidden);
    tcase_add_test (tcase, in_help_a_gap_of_two_is_between_an_option_and_what_it_does);
    tcase_add_test (
        tcase, what_must_be_given_is_an_option_of_the_command_and_one_of_several_is_not_required);
    tcase_add_test (tcase, an_option_that_repeats_keeps_all_its_values_in_their_order);
    tcase_add_test (tcase, only_a_command_with_a_file_works_without_a_daemon);
    tcase_add_test (tcase, numbers_are_taken_up_to_their_bounds);
    tcase_add_test (tcase, of_options_of_one_name_the_command_has_its_own);
    tcase_add_test (tcase,
                    options_of_one_name_all_take_a_value_or_none_does_and_no_command_has_two);
    tcase_add_test (tcase, the_words_of_a_move_and_their_bounds_are_those_of_the_model);
    tcase_add_test (tcase, a_word_that_begins_commands_may_be_one_itself);
    tcase_add_test (tcase, a_task_id_is_a_whole_number_from_one);)
