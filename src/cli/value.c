/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Times and lists, as they are typed.
 */
#include "config.h"

#include "cli/value.h"

#include "base/units.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"
#include "model/drain.h"
#include "model/notice.h"

#include <string.h>

#define LONGEST_S (G_GINT64_CONSTANT (3650) * 86400)

#define usage_error(error, ...) g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE, __VA_ARGS__)

static gint64
get_seconds (const char *unit, gsize len)
{
  static const struct
  {
    const char *name;
    gint64 seconds;
  } units[] = { { "s", 1 }, { "min", 60 }, { "h", 3600 }, { "d", 86400 }, { "w", 7 * 86400 } };

  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (strlen (units[i].name) == len && strncmp (units[i].name, unit, len) == 0)
      return units[i].seconds;
  return 0;
}

/* One "NUMBER UNIT" at @text. Returns what stands behind it; NULL if there is none. */
static const char *
add_part (const char *text, gint64 *seconds)
{
  char *unit;
  gsize len;
  guint64 number = g_ascii_strtoull (text, &unit, 10);
  gint64 each;

  if (!g_ascii_isdigit (*text) || number > (guint64) LONGEST_S)
    return NULL;
  while (*unit == ' ')
    unit++;
  for (len = 0; g_ascii_isalpha (unit[len]); len++)
    ;
  each = get_seconds (unit, len);
  if (each == 0)
    return NULL;

  *seconds += (gint64) number * each;
  return *seconds <= LONGEST_S ? unit + len : NULL;
}

static gboolean
parse_duration (const char *text, gint64 *out_seconds)
{
  gint64 seconds = 0;

  while (text != NULL && *text != '\0')
    {
      text = add_part (text, &seconds);
      while (text != NULL && *text == ' ')
        text++;
    }
  if (text == NULL || seconds == 0)
    return FALSE;
  *out_seconds = seconds;
  return TRUE;
}

/* GLib wants seconds, and takes much that nobody types. */
static GDateTime *
parse_time (const char *text)
{
  g_autoptr (GRegex) form =
      g_regex_new ("^(\\d{4}-\\d\\d-\\d\\d)[ Tt](\\d\\d:\\d\\d)(:\\d\\d(?:\\.\\d+)?)?"
                   "([Zz]|[+-]\\d\\d:\\d\\d)?$",
                   0, 0, NULL);
  g_autoptr (GTimeZone) local = g_time_zone_new_local ();
  g_autoptr (GMatchInfo) match = NULL;
  g_autofree char *day = NULL;
  g_autofree char *minute = NULL;
  g_autofree char *second = NULL;
  g_autofree char *zone = NULL;
  g_autofree char *zone_upper = NULL;
  g_autofree char *normal = NULL;

  if (!g_regex_match (form, text, 0, &match))
    return NULL;

  day = g_match_info_fetch (match, 1);
  minute = g_match_info_fetch (match, 2);
  second = g_match_info_fetch (match, 3);
  zone = g_match_info_fetch (match, 4);
  zone_upper = g_ascii_strup (zone != NULL ? zone : "", -1);
  normal = g_strconcat (day, "T", minute, second != NULL && *second != '\0' ? second : ":00",
                        zone_upper, NULL);
  return g_date_time_new_from_iso8601 (normal, local);
}

/* "22:30": today, or tomorrow if that is over. A time that the clocks leave out is none. */
static GDateTime *
parse_clock (const char *text, gint64 now_us)
{
  g_autoptr (GRegex) form = g_regex_new ("^([01]\\d|2[0-3]):([0-5]\\d)$", 0, 0, NULL);
  g_autoptr (GDateTime) now = g_date_time_new_from_unix_local (now_us / G_USEC_PER_SEC);

  if (now == NULL || !g_regex_match (form, text, 0, NULL))
    return NULL;
  for (int days = 0; days < 2; days++)
    {
      g_autoptr (GDateTime) day = g_date_time_add_days (now, days);
      int hour = (int) g_ascii_strtoll (text, NULL, 10);
      int minute = (int) g_ascii_strtoll (text + 3, NULL, 10);
      g_autoptr (GDateTime) then =
          g_date_time_new_local (g_date_time_get_year (day), g_date_time_get_month (day),
                                 g_date_time_get_day_of_month (day), hour, minute, 0);

      if (then == NULL)
        return NULL;
      if (g_date_time_to_unix (then) > now_us / G_USEC_PER_SEC)
        return g_date_time_get_hour (then) == hour ? g_steal_pointer (&then) : NULL;
    }
  return NULL;
}

gboolean
tern_value_parse_when (const char *text, gint64 now_us, gint64 *out_us, GError **error)
{
  g_autoptr (GDateTime) time = NULL;
  gint64 seconds;
  gint64 when_us;

  if (parse_duration (text, &seconds))
    {
      *out_us = now_us + seconds * G_USEC_PER_SEC;
      return TRUE;
    }

  time = parse_clock (text, now_us);
  if (time == NULL)
    time = parse_time (text);
  if (time == NULL)
    {
      usage_error (error,
                   _ ("“%s” is no time; write how long from now on, such as “90min”, “2h” or “3d” "
                      "(3650 d at most), or a time such as “22:30” or “2026-12-01 12:00”"),
                   text);
      return FALSE;
    }

  when_us = g_date_time_to_unix (time) * G_USEC_PER_SEC + g_date_time_get_microsecond (time);
  if (when_us <= now_us)
    {
      g_autofree char *now = tern_units_format_time (now_us);

      usage_error (error, _ ("“%s” is in the past: it is %s now"), text, now);
      return FALSE;
    }
  *out_us = when_us;
  return TRUE;
}

gboolean
tern_value_check_when (const char *text, GError **error)
{
  gint64 when_us;

  return tern_value_parse_when (text, g_get_real_time (), &when_us, error);
}

GStrv
tern_value_split_names (const char *text, GError **error)
{
  g_auto (GStrv) names = g_strsplit (text, ",", -1);

  for (guint i = 0; names[i] != NULL; i++)
    if (*g_strstrip (names[i]) == '\0')
      {
        usage_error (error, _ ("“%s” has an empty name in it; write “avx2” or “avx2,aes”"), text);
        return NULL;
      }
  return g_steal_pointer (&names);
}

gboolean
tern_value_check_names (const char *text, GError **error)
{
  g_auto (GStrv) names = tern_value_split_names (text, error);

  return names != NULL;
}

gboolean
tern_value_parse_action (const char *text, char **out_vm, const char **out_action, GError **error)
{
  const char *equals = strrchr (text, '=');
  TernDrainAction action;

  if (equals == NULL || equals == text)
    {
      usage_error (error, _ ("“%s” names no VM and action; write “db01=skip”"), text);
      return FALSE;
    }
  if (!tern_drain_action_from_string (equals + 1, &action))
    {
      g_autofree char *words = g_strjoinv (", ", (char **) tern_drain_action_get_words ());

      usage_error (error, _ ("“%s” is no action; there are: %s"), equals + 1, words);
      return FALSE;
    }
  *out_vm = g_strndup (text, (gsize) (equals - text));
  *out_action = tern_drain_action_to_string (action);
  return TRUE;
}

gboolean
tern_value_check_action (const char *text, GError **error)
{
  g_autofree char *vm = NULL;
  const char *action;

  return tern_value_parse_action (text, &vm, &action, error);
}

/* A test reaches every webhook; nobody filters it. */
static char *
list_events (void)
{
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  for (guint i = 0; i < TERN_N_NOTICES; i++)
    if (i != TERN_NOTICE_TEST)
      g_ptr_array_add (words, (gpointer) tern_notice_kind_to_string (i));
  g_ptr_array_add (words, NULL);
  return g_strjoinv (", ", (char **) words->pdata);
}

GStrv
tern_value_split_events (const char *text, GError **error)
{
  g_auto (GStrv) names = g_strsplit (text, ",", -1);
  gboolean seen[TERN_N_NOTICES] = { FALSE };

  for (guint i = 0; names[i] != NULL; i++)
    {
      g_autofree char *known = list_events ();
      TernNoticeKind kind;

      if (!tern_notice_kind_from_string (g_strstrip (names[i]), &kind) || kind == TERN_NOTICE_TEST)
        {
          usage_error (error, _ ("“%s” is no event; there are: %s"), names[i], known);
          return NULL;
        }
      if (seen[kind])
        {
          usage_error (error, _ ("The event “%s” is named twice"), names[i]);
          return NULL;
        }
      seen[kind] = TRUE;
    }
  return g_steal_pointer (&names);
}

gboolean
tern_value_check_events (const char *text, GError **error)
{
  g_auto (GStrv) names = tern_value_split_events (text, error);

  return names != NULL;
}
