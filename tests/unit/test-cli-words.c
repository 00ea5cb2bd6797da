/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Spans of time, links and limits in words; the ways out of a task in attention.
 */
#include "config.h"

#include "cli/words.h"

#include "cli/attention.h"
#include "tern-check.h"

#include <locale.h>
#include <string.h>

#define S G_GINT64_CONSTANT (1000000)

START_TEST (a_span_is_told_in_few_figures)
{
  static const struct
  {
    gint64 min_us, max_us;
    const char *says;
  } cases[] = {
    { 12 * S, 40 * S, "12-40 s" },
    { 0, 0, "0 s" },
    { 0, 300000, "0-1 s" },
    { 40 * S, 40 * S, "40 s" },
    { 12 * S + 900000, 39 * S + 1, "12-40 s" },
    { 50 * S, 150 * S, "50 s - 3 min" },
    { 120 * S, 121 * S, "2-3 min" },
    { 119 * S, 7199 * S, "119 s - 120 min" },
    { 3600 * S, 7200 * S, "60 min - 2 h" },
    { 7200 * S, 90000 * S, "2-25 h" },
    /* What is no range is told as what is left of it. */
    { -5 * S, 10 * S, "0-10 s" },
    { 40 * S, 10 * S, "40 s" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = tern_words_span (cases[i].min_us, cases[i].max_us);

      ck_assert_str_eq (text, cases[i].says);
    }
}
END_TEST

static gint64
get_unit_us (const char *text)
{
  if (strstr (text, "min") != NULL)
    return 60 * S;
  return strchr (text, 'h') != NULL ? 3600 * S : S;
}

START_TEST (the_span_that_is_told_holds_the_one_that_is_given)
{
  for (gint64 min_s = 0; min_s < 20000; min_s = min_s * 3 / 2 + 1)
    for (gint64 more_s = 0; more_s < 20000; more_s = more_s * 4 / 3 + 1)
      {
        g_autofree char *text = tern_words_span (min_s * S, (min_s + more_s) * S);
        g_auto (GStrv) ends = g_strsplit (text, "-", 2);
        const char *last = ends[1] != NULL ? ends[1] : ends[0];
        /* "12-40 s" has one unit for both. */
        const char *first_unit = strchr (ends[0], ' ') != NULL ? ends[0] : last;
        gint64 low = g_ascii_strtoll (ends[0], NULL, 10) * get_unit_us (first_unit);
        gint64 high = g_ascii_strtoll (g_strstrip (ends[1] != NULL ? ends[1] : ends[0]), NULL, 10)
                      * get_unit_us (last);

        ck_assert_msg (low <= min_s * S && high >= (min_s + more_s) * S, "%s", text);
      }
}
END_TEST

START_TEST (the_end_is_told_as_far_as_it_is_known)
{
  const gint64 now = G_GINT64_CONSTANT (1700000000000000);
  const struct
  {
    gint64 min_us, max_us;
    const char *convergence, *says;
  } cases[] = {
    { now + 12 * S, now + 40 * S, "converging", "done in 12-40 s" },
    { now - 12 * S, now + 40 * S, "converging", "done in 0-40 s" },
    { 0, now + 40 * S, "unknown", "done in 0-40 s" },
    { now + 12 * S, 0, "unknown", "done in 12 s at the earliest" },
    { now + 12 * S + 900000, 0, "unknown", "done in 12 s at the earliest" },
    { now + 1200 * S, 0, "unknown", "done in 20 min at the earliest" },
    { now - 12 * S, 0, "unknown", "" },
    { now - 12 * S, now - S, "converging", "" },
    { 0, 0, "", "" },
    { now + 12 * S, now + 40 * S, "not-converging", "not converging" },
    { 0, 0, "not-converging", "not converging" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text =
          tern_words_end (cases[i].min_us, cases[i].max_us, cases[i].convergence, now);

      ck_assert_str_eq (text, cases[i].says);
    }
}
END_TEST

START_TEST (zero_is_told_as_what_it_stands_for)
{
  static const struct
  {
    guint64 rate;
    const char *from, *says;
  } links[] = {
    { 1250000000, "configured", "10000 Mbit/s, configured" },
    { 12500000, "seen", "100 Mbit/s, seen in moves" },
    { 187499, "seen", "1 Mbit/s, seen in moves" },
    { 187500, "seen", "2 Mbit/s, seen in moves" },
    { 0, "unknown", "not known yet: moves will show it" },
    { G_MAXUINT64, "configured", "147573952589676 Mbit/s, configured" },
  };
  g_autofree char *two = tern_words_limit (2, "auto");
  g_autofree char *zero = tern_words_limit (0, "auto");
  g_autofree char *rate = tern_words_bandwidth (104857600);
  g_autofree char *none = tern_words_bandwidth (0);

  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    {
      g_autofree char *text = tern_words_link (links[i].rate, links[i].from);

      ck_assert_str_eq (text, links[i].says);
    }
  ck_assert_str_eq (two, "2 at a time");
  ck_assert_str_eq (zero, "auto");
  ck_assert_str_eq (rate, "100 MiB/s");
  ck_assert_str_eq (none, "no limit");
}
END_TEST

static GVariant *
make_task (const char *kind, const char *state)
{
  return g_variant_ref_sink (
      g_variant_new_parsed ("{'Id': <uint64 7>, 'Kind': <%s>, 'State': <%s>, 'Source': <'anna'>, "
                            "'Destination': <'bert'>}",
                            kind, state));
}

START_TEST (the_ways_out_name_who_stays_and_who_goes_unless_the_daemon_did)
{
  g_autoptr (GVariant) move = make_task ("migrate", "attention");
  g_autoptr (GVariant) start = make_task ("start", "attention");
  g_autoptr (GVariant) failed = make_task ("migrate", "failed");
  g_autoptr (GVariant) told = g_variant_ref_sink (g_variant_new_parsed (
      "{'State': <'attention'>, 'Error': <'…; “virtern task resolve 7 --recheck” looks again'>}"));
  g_auto (GStrv) of_told = tern_attention_format_ways (told);
  g_auto (GStrv) of_move = tern_attention_format_ways (move);
  g_auto (GStrv) of_start = tern_attention_format_ways (start);

  ck_assert (tern_attention_is_in (move));
  ck_assert (!tern_attention_is_in (failed));
  ck_assert_uint_eq (g_strv_length (of_move), 3);
  ck_assert_ptr_nonnull (strstr (of_move[0], "“virtern task resolve 7 --recheck”"));
  ck_assert_ptr_nonnull (strstr (of_move[1], "7 --keep-source” keeps the copy on anna"));
  ck_assert_ptr_nonnull (strstr (of_move[1], "ends the one on bert for good"));
  ck_assert_ptr_nonnull (strstr (of_move[2], "7 --keep-destination” keeps the copy on bert"));
  ck_assert_ptr_nonnull (strstr (of_move[2], "ends the one on anna for good"));
  ck_assert_uint_eq (g_strv_length (of_told), 0);
  /* A start has one copy. */
  ck_assert_uint_eq (g_strv_length (of_start), 1);
  ck_assert_str_eq (of_start[0], of_move[0]);
}
END_TEST

TERN_CHECK_MAIN ("cli-words", setlocale (LC_ALL, "C.UTF-8");
                 tcase_add_test (tcase, a_span_is_told_in_few_figures);
                 tcase_add_test (tcase, the_span_that_is_told_holds_the_one_that_is_given);
                 tcase_add_test (tcase, the_end_is_told_as_far_as_it_is_known);
                 tcase_add_test (tcase, zero_is_told_as_what_it_stands_for);
                 tcase_add_test (tcase,
                                 the_ways_out_name_who_stays_and_who_goes_unless_the_daemon_did);)
