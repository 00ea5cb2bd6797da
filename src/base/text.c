/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Foreign text made safe to show, and names made safe for object paths.
 */
#include "config.h"

#include "base/text.h"

#include <string.h>

/* Marks that change the direction of what stands around them, and line breaks of Unicode. */
static gboolean
is_treacherous (gunichar c)
{
  return g_unichar_iscntrl (c) || c == 0x061C || c == 0x200E || c == 0x200F || c == 0xFEFF
         || (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

static void
append_char (GString *out, gunichar c)
{
  if (!is_treacherous (c))
    g_string_append_unichar (out, c);
  else if (c < 0x100)
    g_string_append_printf (out, "\\x%02x", c);
  else
    g_string_append_printf (out, "\\u{%04x}", c);
}

/* Takes one character, or one byte that is none, off the front of @p. */
static const char *
append_next (GString *out, const char *p)
{
  gunichar c = g_utf8_get_char_validated (p, -1);

  if (c == (gunichar) -1 || c == (gunichar) -2)
    {
      g_string_append_printf (out, "\\x%02x", (guchar) *p);
      return p + 1;
    }

  append_char (out, c);
  return g_utf8_next_char (p);
}

char *
tern_text_visible (const char *text, guint max_chars)
{
  GString *out = g_string_new (NULL);
  gsize room_for_mark = 0; /* where the longest prefix ends that leaves room for the mark */
  glong chars = 0;

  for (const char *p = text; p != NULL && *p != '\0';)
    {
      gsize before = out->len;

      p = append_next (out, p);
      chars += g_utf8_strlen (out->str + before, -1);
      if (max_chars == 0 || chars < max_chars)
        room_for_mark = out->len;
      else if (chars > max_chars)
        {
          g_string_truncate (out, room_for_mark);
          g_string_append (out, "…");
          break;
        }
    }

  return g_string_free (out, FALSE);
}

char *
tern_text_escape_path (const char *text)
{
  GString *out = g_string_new (NULL);

  g_return_val_if_fail (text != NULL && *text != '\0', g_string_free (out, FALSE));

  for (const char *p = text; *p != '\0'; p++)
    if (g_ascii_isalnum (*p))
      g_string_append_c (out, *p);
    else
      g_string_append_printf (out, "_%02x", (guchar) *p);

  return g_string_free (out, FALSE);
}

#define MAX_WORD 64

/* Levenshtein's distance, in one row; both words are at most MAX_WORD bytes long. */
static guint
count_changes (const char *a, const char *b)
{
  guint row[MAX_WORD + 1];
  guint n = (guint) strlen (b);

  for (guint j = 0; j <= n; j++)
    row[j] = j;
  for (guint i = 0; a[i] != '\0'; i++)
    {
      guint diagonal = row[0];

      row[0] = i + 1;
      for (guint j = 0; j < n; j++)
        {
          guint above = row[j + 1];
          guint replaced = diagonal + (g_ascii_tolower (a[i]) != g_ascii_tolower (b[j]));

          row[j + 1] = MIN (replaced, MIN (above, row[j]) + 1);
          diagonal = above;
        }
    }
  return row[n];
}

typedef struct
{
  const char *name;
  guint changes;
} Near;

static int
compare_near (gconstpointer a, gconstpointer b)
{
  const Near *x = a, *y = b;

  if (x->changes != y->changes)
    return x->changes < y->changes ? -1 : 1;
  return strcmp (x->name, y->name);
}

GStrv
tern_text_nearest (const char *word, const char *const *known, guint max)
{
  g_autoptr (GArray) near = g_array_new (FALSE, FALSE, sizeof (Near));
  gsize length = strlen (word);
  GPtrArray *names = g_ptr_array_new ();

  for (guint i = 0; length <= MAX_WORD && known[i] != NULL; i++)
    {
      Near one = { .name = known[i] };

      if (strlen (known[i]) > MAX_WORD)
        continue;
      one.changes = count_changes (word, known[i]);
      if (one.changes <= (length + 1) / 2 && one.changes < MAX (length, strlen (known[i])))
        g_array_append_val (near, one);
    }
  g_array_sort (near, compare_near);
  for (guint i = 0; i < near->len && i < max; i++)
    g_ptr_array_add (names, g_strdup (g_array_index (near, Near, i).name));
  g_ptr_array_add (names, NULL);
  return (GStrv) g_ptr_array_free (names, FALSE);
}
