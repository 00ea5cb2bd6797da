/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Times and lists as they are typed, and the words for a lock.
 */
#include "config.h"

#include "base/units.h"
#include "cli/exit-status.h"
#include "cli/lock-text.h"
#include "cli/value.h"
#include "tern-check.h"

#include <string.h>

#define SECOND G_GINT64_CONSTANT (1000000)
#define DAY (G_GINT64_CONSTANT (86400) * SECOND)
/* 2026-11-22 12:00:00 UTC */
#define NOW (G_GINT64_CONSTANT (1795348800) * SECOND)

static void
setup (void)
{
  g_setenv ("TZ", "Europe/Berlin", TRUE);
}

START_TEST (a_time_is_taken_from_now_on_or_as_it_is)
{
  static const struct
  {
    const char *text;
    gint64 after; /* NOW */
  } cases[] = {
    { "90min", 5400 },
    { "2h", 7200 },
    { "3d", 3 * 86400 },
    { "1w", 7 * 86400 },
    { "30s", 30 },
    { "2 h", 7200 },
    { "1d 12h", 36 * 3600 },
    { "1d12h", 36 * 3600 },
    { "3650d", 3650 * 86400 },
    { "2026-11-22 14:00", 3600 }, /* Berlin is an hour ahead */
    { "2026-11-22 14:00:30", 3630 },
    { "2026-11-22T13:00:00Z", 3600 },
    { "2026-11-22T13:00Z", 3600 },
    { "2026-11-22t13:00:00z", 3600 },
    { "2026-11-22T15:00:00+02:00", 3600 },
    { "2026-11-22 08:00-05:00", 3600 },
    { "2026-12-01 12:00", 9 * 86400 - 3600 },
    { "14:00", 3600 },
    { "13:01", 60 },
    { "13:00", 86400 }, /* it is that now, so tomorrow is meant */
    { "12:59", 86400 - 60 },
    { "00:00", 11 * 3600 },
    { "23:59", 11 * 3600 - 60 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 when = 0;

      ck_assert_msg (tern_value_parse_when (cases[i].text, NOW, &when, &error), "%s: %s",
                     cases[i].text, error != NULL ? error->message : "");
      ck_assert_msg (when == NOW + cases[i].after * SECOND, "%s: %" G_GINT64_FORMAT, cases[i].text,
                     (when - NOW) / SECOND);
    }
}
END_TEST

START_TEST (a_time_of_day_that_the_clocks_leave_out_is_none)
{
  /* 2027-03-27 23:30 in Berlin; at 2 o'clock it becomes 3. */
  const gint64 now = G_GINT64_CONSTANT (1806186600) * SECOND;
  g_autoptr (GError) error = NULL;
  gint64 when = 0;

  ck_assert (!tern_value_parse_when ("02:30", now, &when, &error));
  ck_assert (g_error_matches (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE));
  ck_assert (tern_value_parse_when ("03:30", now, &when, NULL));
  ck_assert_int_eq ((when - now) / SECOND, 3 * 3600);
}
END_TEST

START_TEST (a_time_of_day_that_was_left_out_today_is_that_of_tomorrow)
{
  /* 2027-03-28 22:00 in Berlin, on the day on which 2 o'clock became 3. */
  const gint64 now = G_GINT64_CONSTANT (1806264000) * SECOND;
  gint64 when = 0;

  ck_assert (tern_value_parse_when ("02:30", now, &when, NULL));
  ck_assert_int_eq ((when - now) / SECOND, 4 * 3600 + 1800);
}
END_TEST

START_TEST (an_action_is_what_stands_behind_the_last_sign)
{
  g_autofree char *vm = NULL;
  const char *action = NULL;

  ck_assert (tern_value_parse_action ("a=b=cold", &vm, &action, NULL));
  ck_assert_str_eq (vm, "a=b");
  ck_assert_str_eq (action, "cold");
}
END_TEST

START_TEST (events_are_split_and_each_is_known)
{
  g_auto (GStrv) events = tern_value_split_events ("task.ended, host.lost", NULL);

  ck_assert_ptr_nonnull (events);
  ck_assert_str_eq (events[0], "task.ended");
  ck_assert_str_eq (events[1], "host.lost");
  ck_assert_ptr_null (events[2]);
}
END_TEST

START_TEST (what_is_no_time_is_refused_with_what_would_be)
{
  static const char *const wrong[] = { "soon",
                                       "2",
                                       "h",
                                       "-2h",
                                       "+2h",
                                       "0h",
                                       "2m",
                                       "2hours",
                                       "1.5h",
                                       "2h x",
                                       "3651d",
                                       "99999999999999999999d",
                                       "9223372036854775807w",
                                       "2026-13-01 12:00",
                                       "2026-12-32 12:00",
                                       "2026-12-01 24:61",
                                       "2026-12-01",
                                       "24:00",
                                       "9:00",
                                       "12:60",
                                       "12:00:00",
                                       "12.00",
                                       " 12:00",
                                       "12:00 ",
                                       "2026-12-01 12:00 CET",
                                       "2026-12-01\n12:00",
                                       " 2h",
                                       "" };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 when = 77;

      ck_assert_msg (!tern_value_parse_when (wrong[i], NOW, &when, &error), "accepted: %s",
                     wrong[i]);
      ck_assert (g_error_matches (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE));
      ck_assert_ptr_nonnull (strstr (error->message, "2026-12-01 12:00"));
      ck_assert (when == 77);
    }
}
END_TEST

START_TEST (a_time_in_the_past_is_refused)
{
  static const char *const past[] = { "2026-11-22 12:59", "2026-11-22T12:00:00Z",
                                      "1970-01-01 00:00", "0001-01-01 00:00" };

  for (guint i = 0; i < G_N_ELEMENTS (past); i++)
    {
      g_autoptr (GError) error = NULL;
      gint64 when;

      ck_assert (!tern_value_parse_when (past[i], NOW, &when, &error));
      ck_assert (g_error_matches (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE));
      ck_assert_ptr_nonnull (strstr (error->message, "in the past"));
    }
}
END_TEST

START_TEST (names_are_separated_by_commas_and_none_is_empty)
{
  static const char *const wrong[] = { "", ",", "a,", ",a", "a,,b", " ", "a, ,b" };
  g_auto (GStrv) names = tern_value_split_names ("aes, sse4.2 ,avx", NULL);

  ck_assert_ptr_nonnull (names);
  ck_assert_uint_eq (g_strv_length (names), 3);
  ck_assert_str_eq (names[1], "sse4.2");
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr (GError) error = NULL;
      gboolean taken = tern_value_check_names (wrong[i], &error);

      /* The empty text has no name, and not an empty one; the option refuses it before. */
      ck_assert_int_eq (taken, *wrong[i] == '\0');
      if (!taken)
        ck_assert (g_error_matches (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE));
    }
}
END_TEST

static char *
describe_lock (const char *owner, gint64 since, gint64 expires)
{
  g_autoptr (GVariant) vm = NULL;
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Locked", "b", TRUE);
  g_variant_dict_insert (&dict, "LockOwner", "s", owner);
  g_variant_dict_insert (&dict, "LockSince", "x", since);
  g_variant_dict_insert (&dict, "LockExpires", "x", expires);
  vm = g_variant_ref_sink (g_variant_dict_end (&dict));
  return tern_lock_text_format_short (vm, NOW);
}

START_TEST (a_lock_tells_its_owner_its_age_and_whether_it_is_stale)
{
  static const struct
  {
    const char *owner;
    gint64 since, expires;
    const char *text;
  } cases[] = {
    { "backup", NOW - 3 * DAY - 1, 0, "backup 3 d" },
    { "backup", NOW - 3 * DAY, NOW + 1, "backup 3 d" },
    { "backup", NOW - 3 * DAY, NOW, "stale: backup, 3 d" },
    { "backup", NOW - 3 * DAY, NOW - 1, "stale: backup, 3 d" },
    { "backup", NOW - 59 * SECOND, 0, "backup 59 s" },
    { "backup", NOW - 3599 * SECOND, 0, "backup 59 min" },
    { "backup", NOW - 86399 * SECOND, 0, "backup 23 h" },
    { "backup", 0, 0, "backup" },
    { "backup", NOW + DAY, 0, "backup 0 s" },
    { "", NOW - DAY, 0, "locked 1 d" },
    { "", 0, 5, "stale: locked" },
  };
  g_autoptr (GVariant) none = g_variant_ref_sink (g_variant_new_parsed ("@a{sv} {}"));
  g_autofree char *nothing = tern_lock_text_format_short (none, NOW);

  ck_assert_str_eq (nothing, "");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = describe_lock (cases[i].owner, cases[i].since, cases[i].expires);

      ck_assert_str_eq (text, cases[i].text);
    }
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("cli-value",
  setup ();
  tcase_add_test (tcase, a_time_is_taken_from_now_on_or_as_it_is);
  tcase_add_test (tcase, a_time_of_day_that_the_clocks_leave_out_is_none);
  tcase_add_test (tcase, a_time_of_day_that_was_left_out_today_is_that_of_tomorrow);
  tcase_add_test (tcase, an_action_is_what_stands_behind_the_last_sign);
  tcase_add_test (tcase, events_are_split_and_each_is_known);
  tcase_add_test (tcase, what_is_no_time_is_refused_with_what_would_be);
  tcase_add_test (tcase, a_time_in_the_past_is_refused);
  tcase_add_test (tcase, names_are_separated_by_commas_and_none_is_empty);
  tcase_add_test (tcase, a_lock_tells_its_owner_its_age_and_whether_it_is_stale);)
/* clang-format on */
