/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Foreign text on its way to a person: made visible, then cut and wrapped for a terminal. The
 * first byte says how narrow.
 */
#include "config.h"

#include "base/text.h"
#include "cli/width.h"
#include "fuzz-main.h"

/* What is visible stays itself, and goes to the bus and a terminal as it is. */
static void
assert_visible (const char *text)
{
  g_autofree char *again = tern_text_visible (text, 0);

  g_assert_cmpstr (text, ==, again);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    g_assert_false (g_unichar_iscntrl (g_utf8_get_char (p)));
}

static void
assert_path_element (const char *text)
{
  g_autofree char *element = *text != '\0' ? tern_text_escape_path (text) : g_strdup ("a");
  g_autofree char *path = g_strconcat ("/", element, NULL);

  g_assert_true (g_variant_is_object_path (path));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  guint bound = size > 0 ? data[0] : 0;
  g_autofree char *text = size > 0 ? g_strndup ((const char *) data + 1, size - 1) : g_strdup ("");
  g_autofree char *whole = tern_text_visible (text, 0);
  g_autofree char *cut = tern_text_visible (text, bound);
  g_autofree char *narrow = tern_width_cut (whole, MAX (bound, 1));
  g_autofree char *wrapped = tern_width_wrap (whole, bound % 8, bound);

  assert_visible (whole);
  assert_visible (cut);
  assert_visible (narrow);
  g_assert_true (bound == 0 ? g_str_equal (whole, cut) : g_utf8_strlen (cut, -1) <= bound);
  g_assert_true (tern_width_of (narrow) <= MAX (bound, 1));
  g_assert_true (g_utf8_validate (wrapped, -1, NULL));
  assert_path_element (text);
  return 0;
}
