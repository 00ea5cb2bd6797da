/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The words of JSON. What may follow what is left to snapshot-fields, which knows it from tables;
 * that strings are closed and brackets match was seen by tern_json_check_text() before.
 */
#include "config.h"

#include "model/snapshot-json.h"

#include "base/error.h"
#include "base/text.h"

#include <errno.h>
#include <string.h>

gboolean
tern_json_refuse (const TernJsonText *self, GError **error, const char *format, ...)
{
  g_autofree char *raw = NULL;
  g_autofree char *why = NULL;
  va_list args;

  va_start (args, format);
  raw = g_strdup_vprintf (format, args);
  va_end (args);
  why = tern_text_visible (raw, 400);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "%s: line %u: %s: %s", self->file,
               self->line, self->place->len > 0 ? self->place->str : "the document", why);
  return FALSE;
}

gsize
tern_json_enter (TernJsonText *self, const char *format, ...)
{
  gsize before = self->place->len;
  va_list args;

  va_start (args, format);
  g_string_append_vprintf (self->place, format, args);
  va_end (args);
  return before;
}

void
tern_json_leave (TernJsonText *self, gsize before)
{
  g_string_truncate (self->place, before);
}

static void
skip_space (TernJsonText *self)
{
  for (; self->at < self->end && strchr (" \t\r\n", *self->at) != NULL && *self->at != '\0';
       self->at++)
    self->line += *self->at == '\n';
}

gboolean
tern_json_take (TernJsonText *self, char c)
{
  skip_space (self);
  if (self->at == self->end || *self->at != c)
    return FALSE;
  self->at++;
  return TRUE;
}

gboolean
tern_json_take_word (TernJsonText *self, const char *word)
{
  gsize length = strlen (word);

  skip_space (self);
  if ((gsize) (self->end - self->at) < length || memcmp (self->at, word, length) != 0
      || (self->at + length < self->end && g_ascii_isalnum (self->at[length])))
    return FALSE;
  self->at += length;
  return TRUE;
}

static gboolean
take_hex4 (const char **at, const char *end, gunichar *out_code)
{
  gunichar code = 0;

  if (end - *at < 4)
    return FALSE;
  for (guint i = 0; i < 4; i++, (*at)++)
    {
      if (!g_ascii_isxdigit (**at))
        return FALSE;
      code = code << 4 | (gunichar) g_ascii_xdigit_value (**at);
    }
  *out_code = code;
  return TRUE;
}

/* Behind "\u". */
static gboolean
take_unicode (const char **at, const char *end, GString *out)
{
  gunichar code, low;

  if (!take_hex4 (at, end, &code) || code == 0)
    return FALSE;
  if (code >= 0xD800 && code < 0xDC00)
    {
      if (end - *at < 2 || (*at)[0] != '\\' || (*at)[1] != 'u')
        return FALSE;
      *at += 2;
      if (!take_hex4 (at, end, &low) || low < 0xDC00 || low > 0xDFFF)
        return FALSE;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
  else if (code >= 0xDC00 && code <= 0xDFFF)
    return FALSE;
  g_string_append_unichar (out, code);
  return TRUE;
}

/* Behind the backslash. */
static gboolean
take_escape (const char **at, const char *end, GString *out)
{
  static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
  char c = *at < end ? *(*at)++ : '\0';
  const char *found = c != '\0' ? strchr (names, c) : NULL;

  if (c == 'u')
    return take_unicode (at, end, out);
  if (found != NULL)
    g_string_append_c (out, meant[found - names]);
  return found != NULL;
}

gboolean
tern_json_take_string (TernJsonText *self, char **out_text)
{
  g_autoptr (GString) text = NULL;
  const char *at;

  skip_space (self);
  if (self->at == self->end || *self->at != '"')
    return FALSE;
  text = g_string_new (NULL);
  for (at = self->at + 1; at < self->end;)
    {
      const char *plain = at;

      while (at < self->end && *at != '"' && *at != '\\' && (guchar) *at >= 0x20)
        at++;
      g_string_append_len (text, plain, at - plain);
      if (at == self->end || (guchar) *at < 0x20)
        return FALSE;
      if (*at++ == '"')
        {
          self->at = at;
          *out_text = g_string_free (g_steal_pointer (&text), FALSE);
          return TRUE;
        }
      if (!take_escape (&at, self->end, text))
        return FALSE;
    }
  return FALSE;
}

static const char *
skip_digits (const char *at, const char *end)
{
  while (at < end && g_ascii_isdigit (*at))
    at++;
  return at;
}

/* Returns: (nullable): where the fraction and the exponent end */
static const char *
skip_fraction (const char *at, const char *end)
{
  if (at < end && *at == '.')
    {
      const char *digits = ++at;

      at = skip_digits (at, end);
      if (at == digits)
        return NULL;
    }
  if (at < end && (*at == 'e' || *at == 'E'))
    {
      const char *digits;

      at++;
      if (at < end && (*at == '+' || *at == '-'))
        at++;
      digits = at;
      at = skip_digits (at, end);
      if (at == digits)
        return NULL;
    }
  return at;
}

gboolean
tern_json_take_number (TernJsonText *self, TernJsonNumber *out_number)
{
  TernJsonNumber number = { 0 };
  const char *start, *digits, *whole_end, *end;
  g_autofree char *text = NULL;

  skip_space (self);
  start = self->at;
  number.negative = start < self->end && *start == '-';
  digits = start + number.negative;
  whole_end = skip_digits (digits, self->end);
  if (whole_end == digits || (*digits == '0' && whole_end > digits + 1) || whole_end - start > 400)
    return FALSE;
  end = skip_fraction (whole_end, self->end);
  if (end == NULL || end - start > 400)
    return FALSE;

  text = g_strndup (start, (gsize) (end - start));
  number.value = g_ascii_strtod (text, NULL);
  errno = 0;
  number.magnitude = g_ascii_strtoull (text + number.negative, NULL, 10);
  number.whole = end == whole_end && errno == 0;
  self->at = end;
  *out_number = number;
  return TRUE;
}

/* What a terminal would not show as it is. */
static gboolean
is_unseen (gunichar c)
{
  GUnicodeType type = g_unichar_type (c);

  return type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT || type == G_UNICODE_LINE_SEPARATOR
         || type == G_UNICODE_PARAGRAPH_SEPARATOR || type == G_UNICODE_PRIVATE_USE
         || type == G_UNICODE_UNASSIGNED;
}

static void
append_escape (GString *out, gunichar c)
{
  if (c < 0x10000)
    g_string_append_printf (out, "\\u%04x", c);
  else
    g_string_append_printf (out, "\\u%04x\\u%04x", 0xD800 + ((c - 0x10000) >> 10),
                            0xDC00 + ((c - 0x10000) & 0x3FF));
}

void
tern_json_append_string (GString *out, const char *text)
{
  g_string_append_c (out, '"');
  for (const char *at = text; *at != '\0'; at = g_utf8_next_char (at))
    {
      gunichar c = g_utf8_get_char (at);

      if (c == '"' || c == '\\')
        g_string_append_printf (out, "\\%c", (char) c);
      else if (c >= 0x20 && c < 0x7F)
        g_string_append_c (out, (char) c);
      else if (is_unseen (c))
        append_escape (out, c);
      else
        g_string_append_unichar (out, c);
    }
  g_string_append_c (out, '"');
}
