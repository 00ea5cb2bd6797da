/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A task as the bus shows it. Clients hear of
 *
 *   a new phase   at once
 *   numbers       at most once a second: a change within the second waits for a timer, and
 *                 what is told then is what is true then
 *   the end       all properties, flushed, and then Completed, once
 *
 * What clients can do with it is in bus-task-acts.c.
 */
#include "config.h"

#include "service/bus-task.h"

#include "base/names.h"
#include "service/bus-task-acts.h"
#include "service/bus-text.h"
#include "service/record-variant.h"
#include "virtern-bus.h"

#define TELL_INTERVAL_US G_USEC_PER_SEC

struct _TernBusTaskObject
{
  GDBusObjectManagerServer *server;
  TernParts *parts;
  TernTask *task;
  TernBusTask *bus;
  char *path;
  guint timer;
  gint64 told_us;
  gboolean completed;
};

char *
tern_bus_task_format_path (guint64 id)
{
  return g_strdup_printf (TERN_BUS_PATH_TASKS "/%" G_GUINT64_FORMAT, id);
}

/* The skeleton's GObject properties have the bus names' words in lower case, with dashes. */
static char *
to_property_name (const char *key)
{
  GString *name = g_string_new (NULL);

  for (const char *p = key; *p != '\0'; p++)
    {
      if (p != key && g_ascii_isupper (*p))
        g_string_append_c (name, '-');
      g_string_append_c (name, g_ascii_tolower (*p));
    }
  return g_string_free (name, FALSE);
}

static void
set_property_from_variant (TernBusTask *bus, const char *key, GVariant *value)
{
  g_autofree char *name = to_property_name (key);
  g_auto (GValue) gvalue = G_VALUE_INIT;

  g_dbus_gvariant_to_gvalue (value, &gvalue);
  g_object_set_property (G_OBJECT (bus), name, &gvalue);
}

static void
tell (TernBusTaskObject *self)
{
  g_autoptr (GVariant) record = g_variant_ref_sink (tern_record_to_variant (
      tern_task_get_record (self->task), tern_task_is_cancelable (self->task), TERN_RECORD_WHOLE));
  GVariantIter iter;
  const char *key;
  GVariant *value;

  tern_clock_clear_timer (self->parts->clock, &self->timer);
  self->told_us = tern_clock_now_us (self->parts->clock);

  g_variant_iter_init (&iter, record);
  while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
    set_property_from_variant (self->bus, key, value);
}

static gboolean
on_timer (gpointer data)
{
  TernBusTaskObject *self = data;

  self->timer = 0;
  tell (self);
  return G_SOURCE_REMOVE;
}

static void
on_changed (TernTask *task, gboolean urgent, gpointer data)
{
  TernBusTaskObject *self = data;
  gint64 wait_us = self->told_us + TELL_INTERVAL_US - tern_clock_now_us (self->parts->clock);

  if (urgent || wait_us <= 0)
    tell (self);
  else if (self->timer == 0)
    self->timer = tern_clock_add_timer (self->parts->clock, wait_us, on_timer, self);
}

static char *
format_outcome (const TernTaskRecord *record)
{
  if (record->error != NULL && *record->error != '\0')
    return tern_bus_text (record->error);
  if (record->verdict != NULL && *record->verdict != '\0')
    return tern_bus_text (record->verdict);
  return g_strdup_printf ("The task ended: %s", tern_task_phase_to_string (record->phase));
}

static void
on_ended (TernTask *task, gpointer data)
{
  TernBusTaskObject *self = data;
  const TernTaskRecord *record = tern_task_get_record (task);
  g_autofree char *message = format_outcome (record);

  tell (self);
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (self->bus));
  /* An attention that is settled later is no second end. */
  if (self->completed)
    return;
  self->completed = TRUE;
  tern_bus_task_emit_completed (self->bus, record->phase == TERN_PHASE_DONE, message);
}

TernBusTaskObject *
tern_bus_task_object_new (GDBusObjectManagerServer *server, TernParts *parts, TernTask *task)
{
  TernBusTaskObject *self = g_new0 (TernBusTaskObject, 1);
  g_autoptr (TernBusObjectSkeleton) object = NULL;

  self->server = g_object_ref (server);
  self->parts = tern_parts_ref (parts);
  self->task = g_object_ref (task);
  self->path = tern_bus_task_format_path (tern_task_get_id (task));
  self->bus = tern_bus_task_skeleton_new ();
  self->completed = tern_task_is_ended (task);
  tell (self);

  tern_bus_task_acts_connect (self->bus, parts, task);
  g_signal_connect (task, "changed", G_CALLBACK (on_changed), self);
  g_signal_connect (task, "ended", G_CALLBACK (on_ended), self);
  object = tern_bus_object_skeleton_new (self->path);
  tern_bus_object_skeleton_set_task (object, self->bus);
  g_dbus_object_manager_server_export (server, G_DBUS_OBJECT_SKELETON (object));
  return self;
}

void
tern_bus_task_object_free (TernBusTaskObject *self)
{
  if (self == NULL)
    return;

  tern_clock_clear_timer (self->parts->clock, &self->timer);
  g_signal_handlers_disconnect_by_data (self->task, self);
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (self->bus));
  g_dbus_object_manager_server_unexport (self->server, self->path);
  g_object_unref (self->bus);
  g_object_unref (self->task);
  g_object_unref (self->server);
  tern_parts_unref (self->parts);
  g_free (self->path);
  g_free (self);
}
