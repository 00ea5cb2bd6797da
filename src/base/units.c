/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Numbers as people read them.
 */
#include "config.h"

#include "base/units.h"

char *
tern_units_format_bytes (guint64 bytes)
{
  static const char *const names[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
  guint unit = 0;
  double value = bytes;

  while (value >= 1023.95 && unit + 1 < G_N_ELEMENTS (names))
    {
      value /= 1024;
      unit++;
    }

  /* Whole numbers stay whole: a 128 MiB guest is not a "128.0 MiB" guest. */
  if (unit == 0 || value >= 99.95 || (guint64) (value * 10 + 0.5) % 10 == 0)
    return g_strdup_printf ("%.0f %s", value, names[unit]);
  return g_strdup_printf ("%.1f %s", value, names[unit]);
}

char *
tern_units_format_rate (guint64 bytes_per_second)
{
  g_autofree char *bytes = tern_units_format_bytes (bytes_per_second);

  return g_strconcat (bytes, "/s", NULL);
}

char *
tern_units_format_duration (gint64 duration_us)
{
  gint64 seconds = (duration_us + G_USEC_PER_SEC / 2) / G_USEC_PER_SEC;

  if (duration_us < 0)
    return g_strdup ("-");
  if (duration_us < G_USEC_PER_SEC)
    return g_strdup_printf ("%d ms", (int) (duration_us / 1000));
  if (duration_us < 59950000)
    return g_strdup_printf ("%.1f s", duration_us / 1e6);
  if (seconds < 3600)
    return g_strdup_printf ("%d min %02d s", (int) (seconds / 60), (int) (seconds % 60));
  if (seconds < 86400)
    return g_strdup_printf ("%d h %02d min", (int) (seconds / 3600), (int) (seconds / 60 % 60));
  return g_strdup_printf ("%" G_GINT64_FORMAT " d %02d h", seconds / 86400,
                          (int) (seconds / 3600 % 24));
}

char *
tern_units_format_time (gint64 wall_us)
{
  g_autoptr (GDateTime) time = NULL;

  if (wall_us == 0)
    return g_strdup ("-");
  time = g_date_time_new_from_unix_local (wall_us / G_USEC_PER_SEC);
  return time != NULL ? g_date_time_format (time, "%Y-%m-%d %H:%M:%S") : g_strdup ("-");
}

char *
tern_units_format_version (guint64 version)
{
  if (version == 0)
    return g_strdup ("-");
  return g_strdup_printf ("%d.%d.%d", (int) (version / 1000000), (int) (version / 1000 % 1000),
                          (int) (version % 1000));
}
