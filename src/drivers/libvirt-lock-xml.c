/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "drivers/libvirt-lock-xml.h"

#define MAX_TEXT 4096

/* 0 is what our model takes for "not said". */
static gint64
read_time (const xmlNode *node, const char *name)
{
  g_autofree char *text = tern_xml_attr (node, name);
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = text != NULL ? g_date_time_new_from_iso8601 (text, utc) : NULL;

  if (time == NULL)
    return 0;
  return MAX (g_date_time_to_unix (time) * G_USEC_PER_SEC + g_date_time_get_microsecond (time), 1);
}

static char *
bounded (char *text)
{
  if (text != NULL && g_utf8_strlen (text, -1) > MAX_TEXT)
    *g_utf8_offset_to_pointer (text, MAX_TEXT) = '\0';
  return text;
}

TernLock *
tern_libvirt_lock_from_node (const xmlNode *node)
{
  g_autofree char *owner = NULL;
  g_autofree char *reason = NULL;

  if (node == NULL)
    return NULL;

  owner = bounded (tern_xml_attr (node, "owner"));
  reason = bounded (tern_xml_text (node));
  return tern_lock_new (owner != NULL ? owner : "", reason != NULL ? reason : "",
                        read_time (node, "since"), read_time (node, "expires"));
}

/* GLib's escaping writes control characters as references, which XML 1.0 does not allow either. */
static char *
printable (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text != NULL ? text : "", -1);
  GString *clean = g_string_new (NULL);

  for (const char *p = valid; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);
      gboolean bad = c < 0x20 || (c >= 0x7f && c < 0xa0) || (c & 0xfffe) == 0xfffe;

      g_string_append_unichar (clean, bad ? ' ' : c);
    }
  return g_string_free (clean, FALSE);
}

static void
append_time (GString *xml, const char *name, gint64 us)
{
  g_autoptr (GDateTime) time = us > 0 ? g_date_time_new_from_unix_utc (us / G_USEC_PER_SEC) : NULL;
  g_autoptr (GDateTime) exact = time != NULL ? g_date_time_add (time, us % G_USEC_PER_SEC) : NULL;
  g_autofree char *text = exact != NULL ? g_date_time_format_iso8601 (exact) : NULL;

  if (text != NULL)
    g_string_append_printf (xml, " %s='%s'", name, text);
}

char *
tern_libvirt_lock_to_xml (const TernLock *lock)
{
  g_autofree char *owner = printable (lock->owner);
  g_autofree char *reason = printable (lock->reason);
  g_autofree char *start = g_markup_printf_escaped ("<lock owner='%s'", owner);
  g_autofree char *end = g_markup_printf_escaped (">%s</lock>", reason);
  GString *xml = g_string_new (start);

  append_time (xml, "since", lock->since_us);
  append_time (xml, "expires", lock->expires_us);
  g_string_append (xml, end);
  return g_string_free (xml, FALSE);
}
