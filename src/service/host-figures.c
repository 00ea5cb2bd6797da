/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is promised on each host, and how fast its link is, changes with every task, VM and host: a
 * group of a hundred moves would tell each client a hundred times. So changes are gathered, and all
 * hosts are worked out together; the skeletons tell only what differs.
 */
#include "config.h"

#include "service/host-figures.h"

#define TELL_INTERVAL_US G_USEC_PER_SEC

struct _TernHostFigures
{
  TernParts *parts;
  GHashTable *hosts;
  guint timer;
  gint64 told_us;
};

static void
fill_link (TernParts *parts, TernBusHost *bus, const char *name)
{
  TernLinkSource from = TERN_LINK_UNKNOWN;
  guint64 rate = tern_links_get_host (tern_migrator_get_links (parts->migrator), name, &from);

  tern_bus_host_set_link_rate (bus, rate);
  tern_bus_host_set_link_rate_from (bus, tern_link_source_to_string (from));
}

void
tern_host_figures_fill (TernParts *parts, TernBusHost *bus, const char *name)
{
  TernRoom room = tern_assessor_get_room (parts->assessor, name);

  fill_link (parts, bus, name);
  tern_bus_host_set_memory_reserve (bus, room.reserve);
  tern_bus_host_set_memory_reserved (bus, room.reserved);
  tern_bus_host_set_memory_promisable (bus, room.free);
}

static gboolean
on_timer (gpointer data)
{
  TernHostFigures *self = data;
  GHashTableIter iter;
  gpointer name, bus;

  self->timer = 0;
  self->told_us = tern_clock_now_us (self->parts->clock);
  g_hash_table_iter_init (&iter, self->hosts);
  while (g_hash_table_iter_next (&iter, &name, &bus))
    tern_host_figures_fill (self->parts, bus, name);
  return G_SOURCE_REMOVE;
}

static void
on_changed (TernHostFigures *self)
{
  gint64 wait_us = self->told_us + TELL_INTERVAL_US - tern_clock_now_us (self->parts->clock);

  if (self->timer == 0)
    self->timer = tern_clock_add_timer (self->parts->clock, CLAMP (wait_us, 0, TELL_INTERVAL_US),
                                        on_timer, self);
}

static void
on_task_changed (TernTask *task, gboolean urgent, TernHostFigures *self)
{
  (void) task;
  if (urgent)
    on_changed (self);
}

static void
follow_task (TernHostFigures *self, TernTask *task)
{
  g_signal_connect (task, "changed", G_CALLBACK (on_task_changed), self);
  g_signal_connect_swapped (task, "ended", G_CALLBACK (on_changed), self);
}

static void
on_task_added (TernTaskList *tasks, TernTask *task, TernHostFigures *self)
{
  (void) tasks;
  follow_task (self, task);
  on_changed (self);
}

static void
on_task_removed (TernTaskList *tasks, TernTask *task, TernHostFigures *self)
{
  (void) tasks;
  g_signal_handlers_disconnect_by_data (task, self);
}

TernHostFigures *
tern_host_figures_new (TernParts *parts, GHashTable *hosts)
{
  TernHostFigures *self = g_new0 (TernHostFigures, 1);
  g_autoptr (GPtrArray) tasks = tern_task_list_get_all (parts->tasks);
  static const char *const signals[] = { "host-changed", "host-removed", "vm-changed",
                                         "vm-removed" };

  self->parts = tern_parts_ref (parts);
  self->hosts = g_hash_table_ref (hosts);
  self->told_us = tern_clock_now_us (parts->clock) - TELL_INTERVAL_US;
  for (guint i = 0; i < G_N_ELEMENTS (signals); i++)
    g_signal_connect_swapped (parts->inventory, signals[i], G_CALLBACK (on_changed), self);
  g_signal_connect (parts->tasks, "task-added", G_CALLBACK (on_task_added), self);
  g_signal_connect (parts->tasks, "task-removed", G_CALLBACK (on_task_removed), self);
  for (guint i = 0; i < tasks->len; i++)
    follow_task (self, tasks->pdata[i]);
  return self;
}

void
tern_host_figures_free (TernHostFigures *self)
{
  g_autoptr (GPtrArray) tasks = NULL;

  if (self == NULL)
    return;

  tern_clock_clear_timer (self->parts->clock, &self->timer);
  tasks = tern_task_list_get_all (self->parts->tasks);
  for (guint i = 0; i < tasks->len; i++)
    g_signal_handlers_disconnect_by_data (tasks->pdata[i], self);
  g_signal_handlers_disconnect_by_data (self->parts->tasks, self);
  g_signal_handlers_disconnect_by_data (self->parts->inventory, self);
  g_hash_table_unref (self->hosts);
  tern_parts_unref (self->parts);
  g_free (self);
}
