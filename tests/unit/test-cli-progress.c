/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The line of progress: never too wide, never going back.
 */
#include "config.h"

#include "cli/progress.h"
#include "cli/width.h"
#include "tern-check.h"

#include <locale.h>
#include <string.h>

static const char *const names[] = { "a", "web01", "数据库服务器", "e\xcc\x81te\xcc\x81",
                                     "a-name-that-is-longer-than-any-terminal-is-wide-"
                                     "a-name-that-is-longer-than-any-terminal-is-wide" };
static const char *const phases[] = { "queued", "copying", "cancelling" };

START_TEST (the_line_is_never_wider_than_the_terminal)
{
  for (guint width = 1; width <= 200; width++)
    for (guint i = 0; i < G_N_ELEMENTS (names); i++)
      for (int percent = -1; percent <= 100; percent++)
        {
          TernProgressView view = { .vm = names[i],
                                    .source = "node1",
                                    .destination = "node3",
                                    .phase = phases[percent % 3 < 0 ? 0 : percent % 3],
                                    .percent = percent,
                                    .rate = 117440512,
                                    .remaining = 63963136,
                                    .iteration = 2,
                                    .end = percent % 2 == 0 ? "done in 12-40 s" : NULL };
          g_autofree char *line = tern_progress_render (&view, width);

          ck_assert (g_utf8_validate (line, -1, NULL));
          ck_assert_msg (tern_width_of (line) <= width, "%u > %u: %s", tern_width_of (line), width,
                         line);
          ck_assert_ptr_null (strchr (line, '\n'));
        }
}
END_TEST

START_TEST (what_matters_less_goes_first_as_it_gets_narrow)
{
  TernProgressView view = {
    "web01", "node1", "node3", "copying", 47, 117440512, 63963136, 2, NULL
  };
  static const struct
  {
    guint width;
    const char *line;
  } cases[] = {
    { 200, "web01  node1 → node3  copying  [=============>              ] 47 %  112 MiB/s  61 MiB "
           "left  pass 2" },
    { 80, "web01  node1 → node3  copying  [====>     ] 47 %  112 MiB/s  61 MiB left  pass 2" },
    { 77, "web01  node1 → node3  copying  [===>   ] 47 %  112 MiB/s  61 MiB left  pass 2" },
    { 70, "web01  node1 → node3  copying  [===>    ] 47 %  112 MiB/s  61 MiB left" },
    { 56, "web01  node1 → node3  copying  [===>   ] 47 %  112 MiB/s" },
    { 45, "web01  node1 → node3  copying  [===>   ] 47 %" },
    { 36, "web01  node1 → node3  copying  47 %" },
    { 20, "web01  copying  47 %" },
    { 19, "web~  copying  47 %" },
    { 13, "copying  47 %" },
    { 5, "copy~" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *line = tern_progress_render (&view, cases[i].width);

      ck_assert_str_eq (line, cases[i].line);
    }
}
END_TEST

START_TEST (when_it_will_be_over_is_told_longer_than_how_fast_it_is)
{
  TernProgressView view = { "web01",   "node1",  "node3", "copying",       47,
                            117440512, 63963136, 2,       "not converging" };
  static const struct
  {
    guint width;
    const char *line;
  } cases[] = {
    { 100, "web01  node1 → node3  copying  [======>       ] 47 %  112 MiB/s  61 MiB left  pass 2  "
           "not converging" },
    { 80, "web01  node1 → node3  copying  [=======>       ] 47 %  112 MiB/s  not converging" },
    { 60, "web01  node1 → node3  copying  [==>   ] 47 %  not converging" },
    { 52, "web01  node1 → node3  copying  47 %  not converging" },
    { 36, "web01  copying  47 %  not converging" },
    { 35, "web01  copying  47 %" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *line = tern_progress_render (&view, cases[i].width);

      ck_assert_str_eq (line, cases[i].line);
    }
}
END_TEST

START_TEST (what_is_not_known_is_not_shown)
{
  TernProgressView view = { "web01", "node1", "node3", "checking", -1, 0, 0, 0, "" };
  g_autofree char *line = tern_progress_render (&view, 100);

  ck_assert_str_eq (line, "web01  node1 → node3  checking");
}
END_TEST

static GVariant *
make_task (const char *phase, int percent)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Vm", "s", "we\nb");
  g_variant_dict_insert (&dict, "Source", "s", "node1");
  g_variant_dict_insert (&dict, "Destination", "s", "node3");
  g_variant_dict_insert (&dict, "Phase", "s", phase);
  g_variant_dict_insert (&dict, "Progress", "u", (guint) MAX (percent, 0));
  g_variant_dict_insert (&dict, "ProgressValid", "b", percent >= 0);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

/* @steps, @tried: separated by "|" */
static char *
tell_news (TernProgress *progress, const char *steps, const char *tried, const char *note)
{
  g_auto (GStrv) step_list = g_strsplit (steps, "|", -1);
  g_auto (GStrv) tried_list = g_strsplit (tried, "|", -1);
  g_autoptr (GVariant) task = NULL;
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Vm", "s", "we\nb");
  g_variant_dict_insert (&dict, "Note", "s", note);
  g_variant_dict_insert_value (&dict, "Steps",
                               g_variant_new_strv ((const char *const *) step_list, -1));
  g_variant_dict_insert_value (&dict, "Tried",
                               g_variant_new_strv ((const char *const *) tried_list, -1));
  task = g_variant_ref_sink (g_variant_dict_end (&dict));
  return tern_progress_format_news (progress, task);
}

START_TEST (each_step_each_failed_host_and_each_new_note_is_told_once)
{
  static const struct
  {
    const char *steps, *tried, *note, *says;
  } turns[] = {
    { "", "", "", NULL },
    { "12 s, pass 3: a", "", "", "we\\x0ab: 12 s, pass 3: a\n" },
    { "12 s, pass 3: a", "", "slow", "we\\x0ab: slow\n" },
    { "12 s, pass 3: a", "", "slow", NULL },
    { "12 s, pass 3: a|b|c", "", "slow", "we\\x0ab: b\nwe\\x0ab: c\n" },
    { "12 s, pass 3: a|b|c", "", "", NULL },
    { "12 s, pass 3: a|b|c", "", "slow", "we\\x0ab: slow\n" },
    /* What changes every second is no news. */
    { "12 s, pass 3: a|b|c", "", "2 GiB left of node4", "we\\x0ab: 2 GiB left of node4\n" },
    { "12 s, pass 3: a|b|c", "", "1.9 GiB left of node4", NULL },
    { "12 s, pass 3: a|b|c", "", "1.9 GiB left of node5", "we\\x0ab: 1.9 GiB left of node5\n" },
    { "12 s, pass 3: a|b|c", "", "slow", "we\\x0ab: slow\n" },
    { "12 s, pass 3: a|b|c", "node4=a=b\x1b", "slow", "we\\x0ab: node4 failed: a=b\\x1b\n" },
    { "12 s, pass 3: a|b|c|d", "node4=a=b\x1b|node5=x", "new",
      "we\\x0ab: node5 failed: x\nwe\\x0ab: d\nwe\\x0ab: new\n" },
  };
  g_autoptr (TernProgress) progress = tern_progress_new (TRUE);

  for (guint i = 0; i < G_N_ELEMENTS (turns); i++)
    {
      g_autofree char *news = tell_news (progress, turns[i].steps, turns[i].tried, turns[i].note);

      ck_assert_pstr_eq (news, turns[i].says);
    }
}
END_TEST

/* The counts have a line of their own. */
START_TEST (of_a_drains_note_what_it_waits_for_is_told_once)
{
  static const char *const turns[][2] = {
    { "0 of 3 VMs have left node1, 3 are moving", NULL },
    { "1 of 3 VMs have left node1, 2 are moving; task 9: node3 does not answer",
      "node1: task 9: node3 does not answer\n" },
    { "2 of 3 VMs have left node1, 1 is moving; task 9: node3 does not answer", NULL },
    { "2 of 3 VMs have left node1, 1 is moving", NULL },
    { "waits for task 8 to end", "node1: waits for task 8 to end\n" },
  };
  g_autoptr (TernProgress) progress = tern_progress_new (TRUE);

  for (guint i = 0; i < G_N_ELEMENTS (turns); i++)
    {
      g_autoptr (GVariant) task = g_variant_ref_sink (g_variant_new_parsed (
          "{'Id': <@t 7>, 'Kind': <'drain'>, 'Source': <'node1'>, 'Note': <%s>}", turns[i][0]));
      g_autofree char *news = tern_progress_format_news (progress, task);

      ck_assert_pstr_eq (news, turns[i][1]);
    }
}
END_TEST

static int
read_percent (const char *line)
{
  const char *sign = strchr (line, '%');
  const char *start = sign;

  if (sign == NULL)
    return -1;
  for (start = sign - 1; start > line && (*(start - 1) == ' ' || g_ascii_isdigit (*(start - 1)));)
    start--;
  return (int) g_ascii_strtoll (start, NULL, 10);
}

START_TEST (the_percentage_never_falls)
{
  static const int seen[] = { -1, 0, 5, 3, 40, -1, 39, 41, 12, 99, 0, 100 };
  g_autoptr (TernProgress) progress = tern_progress_new (TRUE);
  int last = -1;

  for (guint i = 0; i < G_N_ELEMENTS (seen); i++)
    {
      g_autoptr (GVariant) task = make_task ("copying", seen[i]);
      g_autofree char *line = tern_progress_format (progress, task, 100);
      int shown = read_percent (line);

      ck_assert_int_ge (shown, last);
      ck_assert_int_ge (shown, seen[i]);
      last = shown;
    }
  ck_assert_int_eq (last, 100);
}
END_TEST

START_TEST (without_a_terminal_there_is_one_line_per_phase)
{
  static const char *const seen[] = { "queued", "checking", "copying", "copying", "verifying" };
  g_autoptr (TernProgress) progress = tern_progress_new (FALSE);
  g_autoptr (GString) all = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (seen); i++)
    {
      g_autoptr (GVariant) task = make_task (seen[i], (int) i);
      g_autofree char *line = tern_progress_format (progress, task, 100);

      g_string_append (all, line != NULL ? line : "");
    }
  ck_assert_str_eq (all->str, "we\\x0ab  node1 → node3  queued\n"
                              "we\\x0ab  node1 → node3  checking\n"
                              "we\\x0ab  node1 → node3  copying\n"
                              "we\\x0ab  node1 → node3  verifying\n");
}
END_TEST

static GVariant *
make_group_task (guint64 id, const char *state, int percent, guint64 rate)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Id", "t", id);
  g_variant_dict_insert (&dict, "State", "s", state);
  g_variant_dict_insert (&dict, "Progress", "u", (guint) MAX (percent, 0));
  g_variant_dict_insert (&dict, "ProgressValid", "b", percent >= 0);
  g_variant_dict_insert (&dict, "Rate", "t", rate);
  g_variant_dict_insert (&dict, "Convergence", "s",
                         rate == 104857600 ? "not-converging" : "unknown");
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

START_TEST (several_tasks_share_one_line)
{
  g_autoptr (TernProgress) progress = tern_progress_new (TRUE);
  g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  g_autofree char *line = NULL;

  g_ptr_array_add (tasks, make_group_task (1, "done", 100, 0));
  g_ptr_array_add (tasks, make_group_task (2, "failed", 10, 0));
  g_ptr_array_add (tasks, make_group_task (3, "running", 60, 104857600));
  g_ptr_array_add (tasks, make_group_task (4, "queued", -1, 0));
  line = tern_progress_format_group (progress, tasks, 100);
  ck_assert_str_eq (line, "\r\033[K2 of 4 ended  1 running  [==================>         ] 65 %  "
                          "100 MiB/s  1 not converging");
}
END_TEST

static void
free_task (gpointer task)
{
  if (task != NULL)
    g_variant_unref (task);
}

START_TEST (the_percentage_of_several_never_falls_and_no_line_is_too_wide)
{
  static const int seen[] = { -1, 5, 3, 40, -1, 39, 41, 12, 99, 0, 100 };
  g_autoptr (TernProgress) progress = tern_progress_new (TRUE);
  int last = -1;

  for (guint width = 2; width <= 120; width++)
    for (guint i = 0; i < G_N_ELEMENTS (seen); i++)
      {
        g_autoptr (GPtrArray) tasks = g_ptr_array_new_with_free_func (free_task);
        g_autofree char *line = NULL;

        g_ptr_array_add (tasks, make_group_task (1, "running", seen[i], 1000));
        g_ptr_array_add (tasks, make_group_task (2, "running", 100 - ABS (seen[i]), 1000));
        g_ptr_array_add (tasks, NULL);
        line = tern_progress_format_group (progress, tasks, width);
        ck_assert_uint_lt (tern_width_of (line + strlen ("\r\033[K")), width);
        if (width == 120)
          {
            ck_assert_int_ge (read_percent (line), last);
            last = read_percent (line);
          }
      }
  ck_assert_int_ge (last, 0);
}
END_TEST

START_TEST (the_phases_of_several_tasks_are_told_apart_without_a_terminal)
{
  g_autoptr (TernProgress) progress = tern_progress_new (FALSE);
  guint lines = 0;

  for (guint round = 0; round < 3; round++)
    for (guint64 id = 1; id <= 2; id++)
      {
        g_autoptr (GVariant) plain = make_task ("copying", 5);
        g_autoptr (GVariant) task = NULL;
        g_autofree char *line = NULL;
        GVariantDict dict;

        g_variant_dict_init (&dict, plain);
        g_variant_dict_insert (&dict, "Id", "t", id);
        task = g_variant_ref_sink (g_variant_dict_end (&dict));
        line = tern_progress_format (progress, task, 80);
        lines += line != NULL ? 1 : 0;
      }
  ck_assert_uint_eq (lines, 2);
}
END_TEST

START_TEST (text_is_wrapped_at_blanks_and_keeps_its_words)
{
  g_autofree char *wrapped = tern_width_wrap ("aes avx avx2 a-word-longer-than-that bmi1", 4, 14);
  g_autofree char *unbound = tern_width_wrap ("a b c", 4, 0);

  ck_assert_str_eq (wrapped, "aes avx\n    avx2\n    a-word-longer-than-that\n    bmi1");
  ck_assert_str_eq (unbound, "a b c");
}
END_TEST

START_TEST (japanese_is_wrapped_between_its_characters)
{
  static const struct
  {
    const char *text;
    guint columns;
    const char *wrapped;
  } cases[] = {
    { "仮想マシンを移行", 10, "仮想マシ\n  ンを移行" },
    { "移行します。次", 12, "移行しま\n  す。次" },
    { "移行「db01」を", 8, "移行\n  「db01」\n  を" },
    { "db01 を node2 に", 9, "db01 を\n  node2\n  に" },
    { "ホストを退避", 0, "ホストを退避" },
    { "", 8, "" },
    { " ", 8, " " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *wrapped = tern_width_wrap (cases[i].text, 2, cases[i].columns);

      ck_assert_str_eq (wrapped, cases[i].wrapped);
    }
}
END_TEST

TERN_CHECK_MAIN ("cli-progress", setlocale (LC_ALL, "C.UTF-8");
                 tcase_add_test (tcase, the_line_is_never_wider_than_the_terminal);
                 tcase_add_test (tcase, what_matters_less_goes_first_as_it_gets_narrow);
                 tcase_add_test (tcase, when_it_will_be_over_is_told_longer_than_how_fast_it_is);
                 tcase_add_test (tcase, each_step_each_failed_host_and_each_new_note_is_told_once);
                 tcase_add_test (tcase, of_a_drains_note_what_it_waits_for_is_told_once);
                 tcase_add_test (tcase, what_is_not_known_is_not_shown);
                 tcase_add_test (tcase, the_percentage_never_falls);
                 tcase_add_test (tcase, without_a_terminal_there_is_one_line_per_phase);
                 tcase_add_test (tcase, several_tasks_share_one_line);
                 tcase_add_test (tcase,
                                 the_percentage_of_several_never_falls_and_no_line_is_too_wide);
                 tcase_add_test (tcase,
                                 the_phases_of_several_tasks_are_told_apart_without_a_terminal);
                 tcase_add_test (tcase, text_is_wrapped_at_blanks_and_keeps_its_words);
                 tcase_add_test (tcase, japanese_is_wrapped_between_its_characters);)
