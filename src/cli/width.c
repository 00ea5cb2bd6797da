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

/* Chinese and Japanese have no blanks between words: a line may end at any wide character, but
 * not before a mark that closes or after one that opens. */
static gboolean
may_break (gunichar before, gunichar after)
{
  switch (g_unichar_break_type (after))
    {
    case G_UNICODE_BREAK_CLOSE_PUNCTUATION:
    case G_UNICODE_BREAK_CLOSE_PARANTHESIS:
    case G_UNICODE_BREAK_NON_STARTER:
    case G_UNICODE_BREAK_CONDITIONAL_JAPANESE_STARTER:
    case G_UNICODE_BREAK_EXCLAMATION:
    case G_UNICODE_BREAK_COMBINING_MARK:
    case G_UNICODE_BREAK_INFIX_SEPARATOR:
      return FALSE;
    default:
      return g_unichar_break_type (before) != G_UNICODE_BREAK_OPEN_PUNCTUATION
             && (g_unichar_iswide (before) || g_unichar_iswide (after));
    }
}

/* Returns: (transfer full): the start of @text up to where a line may end; empty before a blank */
static char *
copy_piece (const char *text)
{
  const char *p = text;

  while (*p != '\0' && *p != ' ')
    {
      gunichar c = g_utf8_get_char (p);

      p = g_utf8_next_char (p);
      if (*p != '\0' && may_break (c, g_utf8_get_char (p)))
        break;
    }
  return g_strndup (text, (gsize) (p - text));
}

char *
tern_width_wrap (const char *text, guint indent, guint columns)
{
  GString *out = g_string_new (NULL);
  const char *p = text;
  gboolean blank = FALSE;
  guint at = indent;

  do
    {
      g_autofree char *piece = copy_piece (p);
      guint width = tern_width_of (piece);

      if (p > text && columns > 0 && at + (blank ? 1 : 0) + width > columns)
        {
          g_string_append_printf (out, "\n%*s", (int) indent, "");
          at = indent;
        }
      else if (blank)
        {
          g_string_append_c (out, ' ');
          at++;
        }
      g_string_append (out, piece);
      at += width;
      p += strlen (piece);
      blank = *p == ' ';
      p += blank ? 1 : 0;
    }
  while (*p != '\0' || blank);

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
