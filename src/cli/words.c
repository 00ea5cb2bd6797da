/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Links, limits and spans of time in words, the same wherever they are shown.
 */
#include "config.h"

#include "cli/words.h"

#include "base/units.h"
#include "cli/i18n.h"

#include <inttypes.h>
#include <string.h>

/* In Mbit/s, as links are sold; what goes over them is counted in MiB/s. */
char *
tern_words_link (guint64 bytes_per_second, const char *from)
{
  const char *where = strcmp (from, "configured") == 0 ? _ ("configured")
                      : strcmp (from, "seen") == 0     ? _ ("seen in moves")
                                                       : from;

  if (bytes_per_second == 0)
    return g_strdup (_ ("not known yet: moves will show it"));
  return g_strdup_printf ("%" PRIu64 " Mbit/s, %s",
                          bytes_per_second / 125000 + (bytes_per_second % 125000 >= 62500 ? 1 : 0),
                          where);
}

char *
tern_words_limit (guint limit, const char *zero)
{
  if (limit == 0)
    return g_strdup (zero);
  return g_strdup_printf (ngettext ("%u at a time", "%u at a time", limit), limit);
}

char *
tern_words_bandwidth (guint64 bytes_per_second)
{
  return bytes_per_second > 0 ? tern_units_format_rate (bytes_per_second)
                              : g_strdup (_ ("no limit"));
}

typedef struct
{
  gint64 value;
  const char *unit;
} Figure;

/* The largest unit of which there are two or more. */
static Figure
make_figure (gint64 us, gboolean round_up)
{
  static const struct
  {
    gint64 us;
    const char *unit;
  } units[] = {
    { G_GINT64_CONSTANT (3600000000), N_ ("h") },
    { G_GINT64_CONSTANT (60000000), N_ ("min") },
    { G_USEC_PER_SEC, N_ ("s") },
  };
  guint i = 0;

  us = MAX (us, 0);
  while (i + 1 < G_N_ELEMENTS (units) && us < 2 * units[i].us)
    i++;
  return (Figure){ us / units[i].us + (round_up && us % units[i].us > 0 ? 1 : 0), units[i].unit };
}

char *
tern_words_span (gint64 min_us, gint64 max_us)
{
  Figure min = make_figure (min_us, FALSE);
  Figure max = make_figure (MAX (max_us, min_us), TRUE);

  if (min.unit != max.unit)
    return g_strdup_printf ("%" PRIi64 " %s - %" PRIi64 " %s", min.value, _ (min.unit), max.value,
                            _ (max.unit));
  if (min.value == max.value)
    return g_strdup_printf ("%" PRIi64 " %s", max.value, _ (max.unit));
  return g_strdup_printf ("%" PRIi64 "-%" PRIi64 " %s", min.value, max.value, _ (max.unit));
}

char *
tern_words_end (gint64 min_us, gint64 max_us, const char *convergence, gint64 now_us)
{
  g_autofree char *span = NULL;
  Figure earliest;

  if (strcmp (convergence, "not-converging") == 0)
    return g_strdup (_ ("not converging"));
  if (max_us > now_us)
    {
      span = tern_words_span (min_us > 0 ? min_us - now_us : 0, max_us - now_us);
      return g_strdup_printf (_ ("done in %s"), span);
    }
  if (max_us == 0 && min_us > now_us)
    {
      earliest = make_figure (min_us - now_us, FALSE);
      return g_strdup_printf (_ ("done in %" PRIi64 " %s at the earliest"), earliest.value,
                              _ (earliest.unit));
    }
  return g_strdup ("");
}
