/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Columns of a terminal: a character of UTF-8 takes none, one or two.
 */
#include "config.h"

#include "cli/width.h"

#include <string.h>
#include <sys/ioctl.h>

static guint
width_of_char (gunichar c)
{
  if (g_unichar_iszerowidth (c))
    return 0;
  return g_unichar_iswide (c) ? 2 : 1;
}

guint
tern_width_of (const char *text)
{
  guint width = 0;

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    width += width_of_char (g_utf8_get_char (p));
  return width;
}

char *
tern_width_cut (const char *text, guint columns)
{
  const char *p = text;
  guint width = 0;

  if (tern_width_of (text) <= columns)
    return g_strdup (text);

  /* One column is kept for the mark. */
  while (width + width_of_char (g_utf8_get_char (p)) + 1 <= columns)
    {
      width += width_of_char (g_utf8_get_char (p));
      p = g_utf8_next_char (p);
    }
  return g_strdup_printf ("%.*s~", (int) (p - text), text);
}

char *
tern_width_wrap (const char *text, guint indent, guint columns)
{
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  GString *out = g_string_new (NULL);
  guint at = indent;

  for (guint i = 0; words[i] != NULL; i++)
    {
      guint width = tern_width_of (words[i]);

      if (i > 0 && columns > 0 && at + 1 + width > columns)
        {
          g_string_append_printf (out, "\n%*s", (int) indent, "");
          at = indent;
        }
      else if (i > 0)
        {
          g_string_append_c (out, ' ');
          at++;
        }
      g_string_append (out, words[i]);
      at += width;
    }

  return g_string_free (out, FALSE);
}

guint
tern_width_of_terminal (int fd)
{
  struct winsize size;

  if (ioctl (fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    return size.ws_col;
  return 80;
}
