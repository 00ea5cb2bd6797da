/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Waiting for the end of tasks.
 *
 *   subscribe -> GetTask -> (changes | Completed -> GetTask)* -> ended
 *                               |
 *                               +-- daemon's name vanishes -> wait RETURN_WAIT_S -> given up
 *                               +-- name is back -> GetTask, and on as before
 *
 * Each task goes this way by itself; the wait is over when all have ended. What GetTask says
 * decides; signals only tell when to ask. So a signal that is lost, repeated or late does no harm.
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
#include <string.h>

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"
#define RETURN_WAIT_S 60
#define READ_TIMEOUT_MS 25000
/* The bus takes 128 calls of one client at a time. */
#define MAX_READS 32
/* A task that is to leave attention, and of which nothing was heard for so long, is still in it. */
#define QUIET_S 30

typedef struct _Waiter Waiter;

/*
 * One task. A read that was begun before a signal may not know yet what the signal told of: then
 * @wants_read stays set, and it is read once more.
 */
typedef struct
{
  Waiter *waiter;
  guint64 id;
  GVariant *task;
  gboolean wants_read;
  gboolean reading;
  gboolean ended;
  gboolean moved; /* it was seen to leave the state it was in at first */
} Item;

struct _Waiter
{
  TernClient *client;
  GDBusConnection *bus;
  const TernFollow *follow;
  GMainLoop *loop;
  GCancellable *cancellable;
  Item *items;
  GPtrArray *paths;
  GHashTable *items_by_path;
  guint n_reading;
  guint n_ended;
  gboolean daemon_is_gone;
  GError *error;

  guint changed_subscription;
  guint completed_subscription;
  guint owner_subscription;
  gulong closed_handler;
  guint timeout_source;
  guint return_source;
  guint interrupt_source;
  guint quiet_source;
};

static void start_reading (Waiter *self);

static gboolean
has_ended (GVariant *task)
{
  const char *state = tern_props_string (task, "State");

  return *state != '\0' && !g_str_equal (state, "queued") && !g_str_equal (state, "running");
}

static gboolean
is_over (Item *item)
{
  gboolean attention = strcmp (tern_props_string (item->task, "State"), "attention") == 0;

  item->moved = item->moved || !attention;
  return has_ended (item->task)
         && (!attention || item->moved || !item->waiter->follow->from_attention);
}

static void
show (Waiter *self, guint changed)
{
  g_autoptr (GPtrArray) tasks = NULL;

  if (self->follow->progress == NULL)
    return;

  tasks = g_ptr_array_sized_new (self->follow->n_ids);
  for (guint i = 0; i < self->follow->n_ids; i++)
    g_ptr_array_add (tasks, self->items[i].task);
  tern_progress_show (self->follow->progress, tasks, changed);
}

static void
say (Waiter *self, const char *sentence)
{
  if (self->follow->progress != NULL)
    tern_progress_clear (self->follow->progress);
  tern_output_error (sentence);
}

/* @why, and what becomes of the tasks. */
static char *
format_goes_on (Waiter *self, const char *why)
{
  guint n = self->follow->n_ids - self->n_ended;
  guint64 id = self->follow->ids[0];

  if (self->follow->n_ids == 1)
    return g_strdup_printf (_ ("%s\nTask %" PRIu64 " goes on; “virtern task watch %" PRIu64
                               "” follows it, “virtern task cancel %" PRIu64 "” stops it"),
                            why, id, id, id);
  return g_strdup_printf (
      ngettext ("%s\n%u task goes on; “virtern task list” shows it, “virtern task watch ID” "
                "follows it, “virtern task cancel ID” stops it",
                "%s\n%u tasks go on; “virtern task list” shows them, “virtern task watch ID” "
                "follows one, “virtern task cancel ID” stops one",
                n),
      why, n);
}

static void
fail (Waiter *self, TernExit status, const char *why)
{
  g_autofree char *message = format_goes_on (self, why);

  if (self->error == NULL)
    self->error = g_error_new_literal (TERN_EXIT_ERROR, (int) status, message);
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
  say (self, self->follow->n_ids == 1
                 ? _ ("virternd has gone; the migration goes on in the hosts; waiting for virternd")
                 : _ ("virternd has gone; migrations go on in the hosts; waiting for virternd"));
  self->return_source = g_timeout_add_seconds (RETURN_WAIT_S, on_return_wait_over, self);
}

static void
want_read (Item *item)
{
  if (!item->ended)
    item->wants_read = TRUE;
}

static void
daemon_came (Waiter *self)
{
  if (self->daemon_is_gone)
    say (self, _ ("virternd is back"));
  self->daemon_is_gone = FALSE;
  g_clear_handle_id (&self->return_source, g_source_remove);
  for (guint i = 0; i < self->follow->n_ids; i++)
    want_read (&self->items[i]);
  start_reading (self);
}

/* @task: (transfer full) or floating */
static void
take_task (Item *item, GVariant *task)
{
  g_clear_pointer (&item->task, g_variant_unref);
  item->task = g_variant_take_ref (task);
  show (item->waiter, (guint) (item - item->waiter->items));
}

static void
take_end (Item *item)
{
  Waiter *self = item->waiter;

  item->ended = TRUE;
  item->wants_read = FALSE;
  self->n_ended++;
  if (self->follow->ended != NULL)
    {
      if (self->follow->progress != NULL)
        tern_progress_clear (self->follow->progress);
      self->follow->ended (item->task, self->follow->data);
    }
  if (self->n_ended == self->follow->n_ids)
    g_main_loop_quit (self->loop);
}

static void
take_read_error (Item *item, GError *error)
{
  Waiter *self = item->waiter;
  gboolean may_return = item->task != NULL || self->follow->is_ours;

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
  GError *error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  Item *item = data;

  /* A cancelled read may end after the waiter: touch nothing. */
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_error_free (error);
      return;
    }

  item->reading = FALSE;
  item->waiter->n_reading--;
  if (reply == NULL)
    {
      take_read_error (item, error);
      return;
    }

  take_task (item, g_variant_get_child_value (reply, 0));
  if (is_over (item))
    take_end (item);
  start_reading (item->waiter);
}

static void
start_reading (Waiter *self)
{
  for (guint i = 0; i < self->follow->n_ids && self->n_reading < MAX_READS; i++)
    {
      Item *item = &self->items[i];

      if (!item->wants_read || item->reading)
        continue;
      item->wants_read = FALSE;
      item->reading = TRUE;
      self->n_reading++;
      g_dbus_connection_call (self->bus, TERN_BUS_NAME, TERN_BUS_PATH, TERN_IFACE_MANAGER,
                              "GetTask", g_variant_new ("(t)", item->id),
                              G_VARIANT_TYPE ("(a{sv})"), G_DBUS_CALL_FLAGS_NONE, READ_TIMEOUT_MS,
                              self->cancellable, on_read, item);
    }
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
  Item *item = g_hash_table_lookup (self->items_by_path, path);
  g_autoptr (GVariant) changes = NULL;

  if (item == NULL || item->ended
      || !g_variant_is_of_type (parameters, G_VARIANT_TYPE ("(sa{sv}as)")))
    return;

  g_variant_get (parameters, "(s@a{sv}as)", NULL, &changes, NULL);
  item->moved = item->moved || *tern_props_string (changes, "State") != '\0';
  /* Before the first read there is nothing to lay them over, and the read will have them. */
  if (item->task == NULL)
    return;
  take_task (item, merge (item->task, changes));
  if (!is_over (item))
    return;
  want_read (item);
  start_reading (self);
}

static void
on_completed (GDBusConnection *bus, const char *sender, const char *path, const char *interface,
              const char *signal, GVariant *parameters, gpointer data)
{
  Waiter *self = data;
  Item *item = g_hash_table_lookup (self->items_by_path, path);

  if (item == NULL)
    return;
  item->moved = TRUE;
  want_read (item);
  start_reading (self);
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
on_quiet (gpointer data)
{
  Waiter *self = data;

  self->quiet_source = 0;
  for (guint i = 0; i < self->follow->n_ids; i++)
    {
      self->items[i].moved = TRUE;
      want_read (&self->items[i]);
    }
  start_reading (self);
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
  /* The bus bounds the rules of a client, so several tasks share one for all tasks there are. */
  const char *path = self->follow->n_ids == 1 ? self->paths->pdata[0] : NULL;

  self->owner_subscription = g_dbus_connection_signal_subscribe (
      bus, BUS_NAME, BUS_NAME, "NameOwnerChanged", BUS_PATH, TERN_BUS_NAME,
      G_DBUS_SIGNAL_FLAGS_NONE, on_owner_changed, self, NULL);
  self->changed_subscription = g_dbus_connection_signal_subscribe (
      bus, TERN_BUS_NAME, "org.freedesktop.DBus.Properties", "PropertiesChanged", path,
      TERN_IFACE_TASK, G_DBUS_SIGNAL_FLAGS_NONE, on_changed, self, NULL);
  self->completed_subscription =
      g_dbus_connection_signal_subscribe (bus, TERN_BUS_NAME, TERN_IFACE_TASK, "Completed", path,
                                          NULL, G_DBUS_SIGNAL_FLAGS_NONE, on_completed, self, NULL);
  self->closed_handler = g_signal_connect (bus, "closed", G_CALLBACK (on_bus_closed), self);
}

static void
start_clocks (Waiter *self)
{
  if (self->follow->from_attention)
    self->quiet_source = g_timeout_add_seconds (QUIET_S, on_quiet, self);
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
  g_clear_handle_id (&self->quiet_source, g_source_remove);
}

static void
set_up (Waiter *self)
{
  const TernFollow *follow = self->follow;

  self->items = g_new0 (Item, follow->n_ids);
  self->paths = g_ptr_array_new_with_free_func (g_free);
  self->items_by_path = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < follow->n_ids; i++)
    {
      char *path = g_strdup_printf (TERN_BUS_PATH_TASKS "/%" PRIu64, follow->ids[i]);

      self->items[i] = (Item){ .waiter = self, .id = follow->ids[i], .wants_read = TRUE };
      g_ptr_array_add (self->paths, path);
      g_hash_table_insert (self->items_by_path, path, &self->items[i]);
    }
}

static void
tear_down (Waiter *self)
{
  for (guint i = 0; i < self->follow->n_ids; i++)
    g_clear_pointer (&self->items[i].task, g_variant_unref);
  g_free (self->items);
  g_hash_table_unref (self->items_by_path);
  g_ptr_array_unref (self->paths);
  g_clear_error (&self->error);
}

static GPtrArray *
collect_tasks (Waiter *self)
{
  GPtrArray *tasks = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);

  for (guint i = 0; i < self->follow->n_ids; i++)
    g_ptr_array_add (tasks, g_variant_ref (self->items[i].task));
  return tasks;
}

GPtrArray *
tern_follow_tasks (TernClient *client, const TernFollow *follow, GError **error)
{
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GPtrArray *tasks = NULL;
  Waiter self = {
    .client = client,
    .bus = tern_client_get_bus (client),
    .follow = follow,
    .loop = loop,
    .cancellable = cancellable,
  };

  set_up (&self);
  subscribe (&self);
  /* Ctrl-C ends the command while it begins something, and the waiting afterwards. */
  if (follow->begin == NULL || follow->begin (follow->data, &self.error))
    {
      start_clocks (&self);
      start_reading (&self);
      g_main_loop_run (loop);
    }
  g_cancellable_cancel (cancellable);
  unsubscribe (&self);
  if (follow->progress != NULL)
    tern_progress_clear (follow->progress);

  if (self.n_ended == follow->n_ids)
    tasks = collect_tasks (&self);
  else
    g_propagate_error (error, g_steal_pointer (&self.error));
  tear_down (&self);
  return tasks;
}
