/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The daemon's name on the bus. There is one virternd per bus: no queueing for the name, no
 * replacing. The name is asked for by a blocking call after all objects are exported, so
 * that a call that activated us finds them (g_bus_own_name() would only tell later).
 */
#include "config.h"

#include "daemon/bus-name.h"

#include "base/error.h"
#include "base/names.h"

#define DBUS "org.freedesktop.DBus"
#define REQUEST_DO_NOT_QUEUE 4
#define REPLY_PRIMARY_OWNER 1
#define REPLY_ALREADY_OWNER 4
#define TIMEOUT_MS 10000

typedef struct
{
  void (*lost) (const GError *error, gpointer data);
  gpointer data;
} Watch;

GDBusConnection *
tern_bus_name_connect (gboolean session, GError **error)
{
  GDBusConnection *connection =
      g_bus_get_sync (session ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM, NULL, error);

  if (connection == NULL)
    g_prefix_error (error, "Cannot connect to the %s bus: ", session ? "session" : "system");
  else
    g_dbus_connection_set_exit_on_close (connection, FALSE);
  return connection;
}

gboolean
tern_bus_name_own (GDBusConnection *connection, GError **error)
{
  guint32 result;
  g_autoptr (GVariant) reply = g_dbus_connection_call_sync (
      connection, DBUS, "/org/freedesktop/DBus", DBUS, "RequestName",
      g_variant_new ("(su)", TERN_BUS_NAME, REQUEST_DO_NOT_QUEUE), G_VARIANT_TYPE ("(u)"),
      G_DBUS_CALL_FLAGS_NONE, TIMEOUT_MS, NULL, error);

  if (reply == NULL)
    {
      g_prefix_error (error, "Cannot own the name %s on the bus: ", TERN_BUS_NAME);
      return FALSE;
    }

  g_variant_get (reply, "(u)", &result);
  if (result == REPLY_PRIMARY_OWNER || result == REPLY_ALREADY_OWNER)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_EXISTS,
               "The name %s is taken: another virternd serves this bus", TERN_BUS_NAME);
  return FALSE;
}

static void
on_name_lost (GDBusConnection *connection, const char *sender, const char *path, const char *iface,
              const char *signal, GVariant *parameters, gpointer data)
{
  Watch *watch = data;
  g_autoptr (GError) error =
      g_error_new (TERN_ERROR, TERN_ERROR_FAILED, "The name %s was lost", TERN_BUS_NAME);

  watch->lost (error, watch->data);
}

static void
on_closed (GDBusConnection *connection, gboolean vanished, GError *cause, gpointer data)
{
  Watch *watch = data;
  g_autoptr (GError) error =
      g_error_new (TERN_ERROR, TERN_ERROR_FAILED, "The connection to the bus is gone: %s",
                   cause != NULL ? cause->message : "it was closed");

  watch->lost (error, watch->data);
}

void
tern_bus_name_watch (GDBusConnection *connection, void (*lost) (const GError *, gpointer),
                     gpointer data)
{
  Watch *watch = g_new0 (Watch, 1);

  watch->lost = lost;
  watch->data = data;
  /* The bus tells an owner unasked; asking could fail, and GLib would only complain of it. */
  g_dbus_connection_signal_subscribe (connection, DBUS, DBUS, "NameLost", NULL, TERN_BUS_NAME,
                                      G_DBUS_SIGNAL_FLAGS_NO_MATCH_RULE, on_name_lost, watch, NULL);
  g_signal_connect_data (connection, "closed", G_CALLBACK (on_closed), watch,
                         (GClosureNotify) (GCallback) g_free, 0);
}
