/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "base/units.h"

#include "tern-check.h"

#include <string.h>
#include <time.h>

#define KIB G_GUINT64_CONSTANT (1024)
#define MIB (KIB * KIB)
#define GIB (MIB * KIB)
#define SECOND G_GINT64_CONSTANT (1000000)

static const struct
{
  guint64 bytes;
  const char *text;
} byte_cases[] = {
  { 0, "0 B" },
  { 512, "512 B" },
  { 1023, "1023 B" },
  { 1024, "1 KiB" },
  { 1536, "1.5 KiB" },
  { 128 * MIB, "128 MiB" },
  { 1023 * MIB, "1023 MiB" },
  { GIB - 1, "1 GiB" },
  { GIB + GIB / 2, "1.5 GiB" },
  { 10 * GIB + GIB / 100, "10 GiB" },
  { 64 * GIB, "64 GiB" },
  { G_MAXUINT64, "16 EiB" },
};

START_TEST (bytes_are_short_and_in_binary_units)
{
  g_autofree char *text = tern_units_format_bytes (byte_cases[_i].bytes);

  ck_assert_str_eq (text, byte_cases[_i].text);
}
END_TEST

START_TEST (bytes_never_take_more_than_eight_characters)
{
  for (guint64 bytes = 1; bytes < G_MAXUINT64 / 3; bytes += bytes / 7 + 1)
    {
      g_autofree char *text = tern_units_format_bytes (bytes);

      ck_assert_msg (strlen (text) <= 8, "%s", text);
    }
}
END_TEST

START_TEST (a_rate_is_bytes_per_second)
{
  g_autofree char *text = tern_units_format_rate (125 * MIB);

  ck_assert_str_eq (text, "125 MiB/s");
}
END_TEST

static const struct
{
  gint64 us;
  const char *text;
} duration_cases[] = {
  { -1, "-" },
  { 0, "0 ms" },
  { 999, "0 ms" },
  { 83000, "83 ms" },
  { 999999, "999 ms" },
  { SECOND, "1.0 s" },
  { 4200000, "4.2 s" },
  { 59940000, "59.9 s" },
  { 59960000, "1 min 00 s" },
  { 185 * SECOND, "3 min 05 s" },
  { 3600 * SECOND - 1, "1 h 00 min" },
  { (2 * 3600 + 7 * 60) * SECOND, "2 h 07 min" },
  { (3 * 86400 + 4 * 3600) * SECOND, "3 d 04 h" },
  { 86400 * SECOND - 1, "1 d 00 h" },
};

START_TEST (a_duration_has_two_units_at_most)
{
  g_autofree char *text = tern_units_format_duration (duration_cases[_i].us);

  ck_assert_str_eq (text, duration_cases[_i].text);
}
END_TEST

START_TEST (a_time_is_local_and_absent_times_are_a_dash)
{
  g_autofree char *none = tern_units_format_time (0);
  g_autofree char *some = NULL;
  g_autofree char *absurd = tern_units_format_time (G_MAXINT64);

  g_setenv ("TZ", "Asia/Tokyo", TRUE);
  tzset ();
  some = tern_units_format_time (1769903999 * SECOND);
  ck_assert_str_eq (none, "-");
  ck_assert_str_eq (some, "2026-02-01 08:59:59");
  ck_assert_str_eq (absurd, "-");
}
END_TEST

START_TEST (a_version_is_taken_apart_as_libvirt_puts_it_together)
{
  static const struct
  {
    guint64 version;
    const char *text;
  } cases[] = { { 0, "-" }, { 9000000, "9.0.0" }, { 7002015, "7.2.15" }, { 11003001, "11.3.1" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = tern_units_format_version (cases[i].version);

      ck_assert_str_eq (text, cases[i].text);
    }
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("units",
  tcase_add_loop_test (tcase, bytes_are_short_and_in_binary_units, 0, G_N_ELEMENTS (byte_cases));
  tcase_add_test (tcase, bytes_never_take_more_than_eight_characters);
  tcase_add_test (tcase, a_rate_is_bytes_per_second);
  tcase_add_loop_test (tcase, a_duration_has_two_units_at_most, 0, G_N_ELEMENTS (duration_cases));
  tcase_add_test (tcase, a_time_is_local_and_absent_times_are_a_dash);
  tcase_add_test (tcase, a_version_is_taken_apart_as_libvirt_puts_it_together);
)
/* clang-format on */
