/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is too long for the bus is not sent.
 */
#include "config.h"

#include "base/error.h"
#include "service/message-bound.h"
#include "tern-check.h"

static GDBusMessage *
make_message (GDBusMessageType type, gsize length)
{
  GDBusMessage *message = g_dbus_message_new ();
  char *text = g_malloc (length + 1);

  memset (text, 'x', length);
  text[length] = '\0';
  g_dbus_message_set_message_type (message, type);
  g_dbus_message_set_destination (message, ":1.7");
  g_dbus_message_set_reply_serial (message, 42);
  g_dbus_message_set_body (message, g_variant_new ("(@s)", g_variant_new_take_string (text)));
  return message;
}

START_TEST (what_fits_is_sent_as_it_is)
{
  GDBusMessage *message = make_message (G_DBUS_MESSAGE_TYPE_METHOD_RETURN, 30 << 20);
  g_autoptr (GDBusMessage) sent = tern_message_bound (message);

  ck_assert_ptr_eq (sent, message);
}
END_TEST

START_TEST (an_answer_that_is_too_long_becomes_an_error_for_who_asked)
{
  g_autoptr (GDBusMessage) sent =
      tern_message_bound (make_message (G_DBUS_MESSAGE_TYPE_METHOD_RETURN, 32 << 20));
  g_autoptr (GError) error = NULL;

  ck_assert_int_eq (g_dbus_message_get_message_type (sent), G_DBUS_MESSAGE_TYPE_ERROR);
  ck_assert_str_eq (g_dbus_message_get_destination (sent), ":1.7");
  ck_assert_uint_eq (g_dbus_message_get_reply_serial (sent), 42);
  ck_assert (g_dbus_message_to_gerror (sent, &error));
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_SUPPORTED));
}
END_TEST

START_TEST (a_signal_that_is_too_long_is_not_sent)
{
  ck_assert_ptr_null (tern_message_bound (make_message (G_DBUS_MESSAGE_TYPE_SIGNAL, 32 << 20)));
}
END_TEST

TERN_CHECK_MAIN ("message-bound", tcase_add_test (tcase, what_fits_is_sent_as_it_is);
                 tcase_add_test (tcase, an_answer_that_is_too_long_becomes_an_error_for_who_asked);
                 tcase_add_test (tcase, a_signal_that_is_too_long_is_not_sent);)
