/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "base/error.h"

#include "base/names.h"
#include "tern-check.h"

#include <gio/gio.h>

#include <string.h>

START_TEST (every_code_has_a_name_of_its_own_and_comes_back_from_it)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < TERN_ERROR_N_CODES; i++)
    {
      const char *name = tern_error_code_to_name (i);

      ck_assert_uint_gt (strlen (name), 0);
      ck_assert (g_ascii_isupper (name[0]));
      ck_assert (g_hash_table_add (seen, (gpointer) name));
      ck_assert_int_eq (tern_error_code_from_name (name), i);
    }
}
END_TEST

START_TEST (an_unknown_name_is_a_plain_failure)
{
  static const char *const names[] = { NULL, "", "refused", "Refused ", "NoSuchError" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    ck_assert_int_eq (tern_error_code_from_name (names[i]), TERN_ERROR_FAILED);
}
END_TEST

START_TEST (a_code_has_the_same_name_on_the_bus)
{
  for (guint i = 0; i < TERN_ERROR_N_CODES; i++)
    {
      g_autoptr (GError) error = g_error_new_literal (TERN_ERROR, i, "x");
      g_autofree char *bus_name = g_dbus_error_encode_gerror (error);
      g_autofree char *expected =
          g_strconcat (TERN_ERROR_PREFIX, tern_error_code_to_name (i), NULL);
      g_autoptr (GError) back = g_dbus_error_new_for_dbus_error (expected, "x");

      ck_assert_str_eq (bus_name, expected);
      ck_assert (g_error_matches (back, TERN_ERROR, (int) i));
    }
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("error",
  tcase_add_test (tcase, every_code_has_a_name_of_its_own_and_comes_back_from_it);
  tcase_add_test (tcase, an_unknown_name_is_a_plain_failure);
  tcase_add_test (tcase, a_code_has_the_same_name_on_the_bus);
)
/* clang-format on */
