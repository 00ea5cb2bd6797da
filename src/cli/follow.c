/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Waiting for the end of a task.
 *
 *   subscribe -> GetTask -> (changes | Completed -> GetTask)* -> ended
 *                               |
 *                               +-- daemon's name vanishes -> wait RETURN_WAIT_S -> given up
 *                               +-- name is back -> GetTask, and on as before
 *
 * What GetTask says decides; signals only tell when to ask. So a signal that is lost,
 * repeated or late does no harm.
 */
#include "config.h"

#include "cli/follow.h"

#include "base/names.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"
#include "cli/output.h"

#include <glib-unix.h>
#include <inttypes.h>
#include <signal.h>

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define RETURN_WAIT_S 60
#define READ_TIMEOUT_MS 25000

typedef struct
{
  TernClient *client;
  GDBusConnection *bus;
  const TernFollow *follow;
  GMainLoop *loop;
  GCancellable *cancellable;
  char *path;
  GVariant *task;
  gboolean daemon_is_gone;
  gboolean ended;
  GError *error;

  guint changed_subscription;
  guint completed_subscription;
  guint owner_subscription;
  gulong closed_handler;
  guint timeout_source;
  guint return_source;
  guint interrupt_source;
} Waiter;

static void start_reading (Waiter *self);

static gboolean
has_ended (GVariant *task)
{
  const char *state = tern_props_string (task, "State");

  return *state != '\0' && !g_str_equal (state, "queued") && !g_str_equal (state, "running");
}

static void
show (Waiter *self)
{
  if (self->follow->progress != NULL && self->task != NULL)
    tern_progress_show (self->follow->progress, self->task);
}

static void
say (Waiter *self, const char *sentence)
{
  if (self->follow->progress != NULL)
    tern_progress_clear (self->follow->progress);
  tern_output_error (sentence);
}

static void
fail (Waiter *self, TernExit status, const char *why)
{
  guint64 id = self->follow->id;

  if (self->error == NULL)
    self->error = g_error_new (TERN_EXIT_ERROR, (int) status,
                               _ ("%s\nTask %" PRIu64 " goes on; “virtern task watch %" PRIu64
                                  "” follows it, “virtern task cancel %" PRIu64 "” stops it"),
                               why, id, id, id);
  g_main_loop_quit (self->loop);
}

static gboolean
on_return_wait_over (gpointer data)
{
  Waiter *self = data;

  self->return_source = 0;
  fail (self, TERN_EXIT_NO_DAEMON, _ ("virternd did not come back; start it, see its log"));
  return G_SOURCE_REMOVE;
}

static void
daemon_went (Waiter *self)
{
  if (self->daemon_is_gone)
    return;

  self->daemon_is_gone = TRUE;
  say (self, _ ("virternd has gone; the migration goes on in the hosts; waiting for virternd"));
  self->return_source = g_timeout_add_seconds (RETURN_WAIT_S, on_return_wait_over, self);
}

static void
daemon_came (Waiter *self)
{
  if (self->daemon_is_gone)
    say (self, _ ("virternd is back"));
  self->daemon_is_gone = FALSE;
  g_clear_handle_id (&self->return_source, g_source_remove);
  start_reading (self);
}

/* @task: (transfer full) or floating */
static void
take_task (Waiter *self, GVariant *task)
{
  g_clear_pointer (&self->task, g_variant_unref);
  self->task = g_variant_take_ref (task);
  show (self);
}

static void
take_read_error (Waiter *self, GError *error)
{
  gboolean may_return = self->task != NULL || self->follow->is_ours;

  tern_client_translate_error (self->client, &error);
  if (may_return && g_error_matches (error, TERN_EXIT_ERROR, TERN_EXIT_NO_DAEMON))
    {
      g_error_free (error);
      daemon_went (self);
      return;
    }

  g_clear_error (&self->error);
  self->error = error;
  g_main_loop_quit (self->loop);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  Waiter *self = data;
  GError *error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  /* A cancelled read may end after the waiter: touch nothing. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_error_free (error);
      return;
    }
  if (reply == NULL)
    {
      take_read_error (self, error);
      return;
    }

  take_task (self, g_variant_get_child_value (reply, 0));
  self->ended = has_ended (self->task);
  if (self->ended)
    g_main_loop_quit (self->loop);
}

static void
start_reading (Waiter *self)
{
  g_dbus_connection_call (self->bus, TERN_BUS_NAME, TERN_BUS_PATH, TERN_IFACE_MANAGER, "GetTask",
                          g_variant_new ("(t)", self->follow->id), G_VARIANT_TYPE ("(a{sv})"),
                          G_DBUS_CALL_FLAGS_NONE, READ_TIMEOUT_MS, self->cancellable, on_read,
                          self);
}

/* Lays the changed properties over those known. */
static GVariant *
merge (GVariant *task, GVariant *changes)
{
  GVariantDict dict;
  GVariantIter iter;
  const char *name;
  GVariant *value;

  g_variant_dict_init (&dict, task);
  g_variant_iter_init (&iter, changes);
  while (g_variant_iter_next (&iter, "{&sv}", &name, &value))
    {
      g_variant_dict_insert_value (&dict, name, value);
      g_variant_unref (value);
    }
  return g_variant_dict_end (&dict);
}

static void
on_changed (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
            const char *signal, GVariant *parameters, gpointer data)
{
  Waiter *self = data;
  g_autoptr (GVariant) changes = NULL;

  /* Before the first read there is nothing to lay them over, and the read will have them. */
  if (self->task == NULL || !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sa{sv}as)")))
    return;

  g_variant_get (parameters, "(s@a{sv}as)", NULL, &changes, NULL);
  take_task (self, merge (self->task, changes));
  if (has_ended (self->task))
    start_reading (self);
}

static void
on_completed (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
              const char *signal, GVariant *parameters, gpointer data)
{
  start_reading (data);
}

static void
on_owner_changed (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
                  const char *signal, GVariant *parameters, gpointer data)
{
  const char *owner = NULL;

  if (!g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sss)")))
    return;

  g_variant_get (parameters, "(&s&s&s)", NULL, NULL, &owner);
  if (*owner == '\0')
    daemon_went (data);
  else
    daemon_came (data);
}

static void
on_bus_closed (GDBusConnection *bus, gboolean remote, GError *error, gpointer data)
{
  fail (data, TERN_EXIT_NO_DAEMON, _ ("The bus has gone"));
}

static gboolean
on_timeout (gpointer data)
{
  Waiter *self = data;
  g_autofree char *why =
      g_strdup_printf (ngettext ("The wait of %u second is over", "The wait of %u seconds is over",
                                 self->follow->timeout_s),
                       self->follow->timeout_s);

  self->timeout_source = 0;
  if (self->daemon_is_gone)
    fail (self, TERN_EXIT_NO_DAEMON, _ ("virternd did not come back; start it, see its log"));
  else
    fail (self, TERN_EXIT_WAIT_TIMED_OUT, why);
  return G_SOURCE_REMOVE;
}

static gboolean
on_interrupt (gpointer data)
{
  Waiter *self = data;

  self->interrupt_source = 0;
  fail (self, TERN_EXIT_INTERRUPTED, _ ("No longer waiting"));
  return G_SOURCE_REMOVE;
}

static void
subscribe (Waiter *self)
{
  GDBusConnection *bus = self->bus;

  self->owner_subscription = g_dbus_connection_signal_subscribe (
      bus, BUS_NAME, BUS_NAME, "NameOwnerChanged", BUS_PATH, TERN_BUS_NAME,
      G_DBUS_SIGNAL_FLAGS_NONE, on_owner_changed, self, NULL);
  self->changed_subscription = g_dbus_connection_signal_subscribe (
      bus, TERN_BUS_NAME, "org.freedesktop.DBus.Properties", "PropertiesChanged", self->path,
      TERN_IFACE_TASK, G_DBUS_SIGNAL_FLAGS_NONE, on_changed, self, NULL);
  self->completed_subscription = g_dbus_connection_signal_subscribe (
      bus, TERN_BUS_NAME, TERN_IFACE_TASK, "Completed", self->path, NULL, G_DBUS_SIGNAL_FLAGS_NONE,
      on_completed, self, NULL);
  self->closed_handler = g_signal_connect (bus, "closed", G_CALLBACK (on_bus_closed), self);

  if (self->follow->timeout_s > 0)
    self->timeout_source = g_timeout_add_seconds (self->follow->timeout_s, on_timeout, self);
  self->interrupt_source = g_unix_signal_add (SIGINT, on_interrupt, self);
}

static void
unsubscribe (Waiter *self)
{
  g_dbus_connection_signal_unsubscribe (self->bus, self->owner_subscription);
  g_dbus_connection_signal_unsubscribe (self->bus, self->changed_subscription);
  g_dbus_connection_signal_unsubscribe (self->bus, self->completed_subscription);
  g_signal_handler_disconnect (self->bus, self->closed_handler);
  g_clear_handle_id (&self->timeout_source, g_source_remove);
  g_clear_handle_id (&self->return_source, g_source_remove);
  g_clear_handle_id (&self->interrupt_source, g_source_remove);
}

gboolean
tern_follow_task (TernClient *client, const TernFollow *follow, GVariant **out_task, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *path = g_strdup_printf (TERN_BUS_PATH_TASKS "/%" PRIu64, follow->id);
  Waiter self = {
    .client = client,
    .bus = tern_client_get_bus (client),
    .follow = follow,
    .loop = loop,
    .cancellable = cancellable,
    .path = path,
  };

  subscribe (&self);
  start_reading (&self);
  g_main_loop_run (loop);
  g_cancellable_cancel (cancellable);
  unsubscribe (&self);
  if (follow->progress != NULL)
    tern_progress_clear (follow->progress);

  if (self.ended)
    {
      g_clear_error (&self.error);
      *out_task = g_steal_pointer (&self.task);
      return TRUE;
    }
  g_clear_pointer (&self.task, g_variant_unref);
  g_propagate_error (error, self.error);
  return FALSE;
}
