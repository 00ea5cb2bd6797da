/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The bus carries 32 MiB at a time, and closes the connection of who sends more. What our own
 * methods answer is bounded where it is made; what GDBus makes of our objects is bounded here.
 */
#include "config.h"

#include "service/message-bound.h"

#include "base/error.h"

/* Leaves room for the header. */
#define MAX_BODY (31 << 20)

static GDBusMessage *
make_error (GDBusMessage *reply)
{
  g_autoptr (GError) error =
      g_error_new (TERN_ERROR, TERN_ERROR_NOT_SUPPORTED,
                   "The answer is longer than the %d MiB that the bus carries at a time; ask for "
                   "single objects",
                   MAX_BODY >> 20);
  g_autofree char *name = g_dbus_error_encode_gerror (error);
  GDBusMessage *message = g_dbus_message_new ();

  g_dbus_message_set_message_type (message, G_DBUS_MESSAGE_TYPE_ERROR);
  g_dbus_message_set_flags (message, G_DBUS_MESSAGE_FLAGS_NO_REPLY_EXPECTED);
  g_dbus_message_set_destination (message, g_dbus_message_get_destination (reply));
  g_dbus_message_set_reply_serial (message, g_dbus_message_get_reply_serial (reply));
  g_dbus_message_set_serial (message, g_dbus_message_get_serial (reply));
  g_dbus_message_set_error_name (message, name);
  g_dbus_message_set_body (message, g_variant_new ("(s)", error->message));
  return message;
}

GDBusMessage *
tern_message_bound (GDBusMessage *message)
{
  g_autoptr (GDBusMessage) taken = message;
  GVariant *body = g_dbus_message_get_body (message);

  if (body == NULL || g_variant_get_size (body) <= MAX_BODY)
    return g_steal_pointer (&taken);
  if (g_dbus_message_get_message_type (message) == G_DBUS_MESSAGE_TYPE_METHOD_RETURN)
    return make_error (message);
  return NULL;
}

/* Runs on the thread of GDBus. */
static GDBusMessage *
filter (GDBusConnection *connection, GDBusMessage *message, gboolean incoming, gpointer data)
{
  (void) connection;
  (void) data;
  return incoming ? message : tern_message_bound (message);
}

void
tern_message_bound_connection (GDBusConnection *connection)
{
  g_dbus_connection_add_filter (connection, filter, NULL, NULL);
}
