/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The set of objects on the bus follows the engine: its signals come in, objects are
 * exported, filled anew or taken away. What an object says is in bus-host.c, bus-vm.c and
 * bus-task.c.
 */
#include "config.h"

#include "service/service.h"

#include "base/error.h"
#include "base/names.h"
#include "service/bus-host.h"
#include "service/bus-task.h"
#include "service/bus-text.h"
#include "service/bus-vm.h"
#include "service/host-figures.h"
#include "service/manager.h"
#include "service/message-bound.h"

/* The configuration that a Host object shows. */
#define CONFIG_KEY "virtern-host-config"

struct _TernService
{
  GObject parent_instance;

  TernParts *parts;
  TernBusManager *manager;
  GDBusObjectManagerServer *server;
  /* (element-type utf8 TernBusHost): by host name */
  GHashTable *hosts;
  /* (element-type utf8 TernBusVm): by UUID */
  GHashTable *vms;
  /* (element-type TernTask TernBusTaskObject) */
  GHashTable *tasks;
  TernHostFigures *figures;
};

G_DEFINE_TYPE (TernService, tern_service, G_TYPE_OBJECT)

/* Hosts */

/* Whoever changed how a host is used reads at once what that makes of its figures; all else may
 * wait. */
static void
fill_host (TernService *self, TernBusHost *bus, TernHost *host)
{
  tern_bus_host_fill (bus, host);
  if (g_object_get_data (G_OBJECT (bus), CONFIG_KEY) == host->config)
    return;
  tern_host_figures_fill (self->parts, bus, host->config->name);
  g_object_set_data_full (G_OBJECT (bus), CONFIG_KEY, tern_host_config_ref (host->config),
                          (GDestroyNotify) tern_host_config_unref);
}

static void
export_host (TernService *self, TernHost *host)
{
  g_autofree char *path = tern_bus_host_format_path (host->config->name);
  g_autoptr (TernBusObjectSkeleton) object = tern_bus_object_skeleton_new (path);
  TernBusHost *bus = tern_bus_host_skeleton_new ();

  tern_bus_host_set_cpu_load (bus, -1);
  fill_host (self, bus, host);
  tern_bus_object_skeleton_set_host (object, bus);
  g_dbus_object_manager_server_export (self->server, G_DBUS_OBJECT_SKELETON (object));
  g_hash_table_insert (self->hosts, g_strdup (host->config->name), bus);
}

static void
on_host_changed (TernInventory *inventory, TernHost *host, gpointer data)
{
  TernService *self = data;
  TernBusHost *bus = g_hash_table_lookup (self->hosts, host->config->name);

  if (bus == NULL)
    export_host (self, host);
  else
    fill_host (self, bus, host);
}

static void
on_host_removed (TernInventory *inventory, const char *name, gpointer data)
{
  TernService *self = data;
  g_autofree char *path = tern_bus_host_format_path (name);

  g_dbus_object_manager_server_unexport (self->server, path);
  g_hash_table_remove (self->hosts, name);
}

/* VMs */

static void
export_vm (TernService *self, TernVm *vm)
{
  g_autofree char *path = tern_bus_vm_format_path (vm->uuid);
  g_autoptr (TernBusObjectSkeleton) object = tern_bus_object_skeleton_new (path);
  TernBusVm *bus = tern_bus_vm_skeleton_new ();

  tern_bus_vm_set_cpu_load (bus, -1);
  tern_bus_vm_fill (bus, self->parts, vm);
  tern_bus_object_skeleton_set_vm (object, bus);
  g_dbus_object_manager_server_export (self->server, G_DBUS_OBJECT_SKELETON (object));
  g_hash_table_insert (self->vms, g_strdup (vm->uuid), bus);
}

static void
on_vm_changed (TernInventory *inventory, const char *uuid, gpointer data)
{
  TernService *self = data;
  TernVm *vm = tern_inventory_find_vm (inventory, uuid);
  TernBusVm *bus = g_hash_table_lookup (self->vms, uuid);

  if (vm == NULL)
    return;
  if (bus == NULL)
    export_vm (self, vm);
  else
    tern_bus_vm_fill (bus, self->parts, vm);
}

static void
on_vm_removed (TernInventory *inventory, const char *uuid, gpointer data)
{
  TernService *self = data;
  g_autofree char *path = tern_bus_vm_format_path (uuid);

  g_dbus_object_manager_server_unexport (self->server, path);
  g_hash_table_remove (self->vms, uuid);
}

static void
on_origin_changed (TernDrainer *drainer, const char *uuid, gpointer data)
{
  TernService *self = data;
  TernVm *vm = tern_inventory_find_vm (self->parts->inventory, uuid);
  TernBusVm *bus = g_hash_table_lookup (self->vms, uuid);

  (void) drainer;
  if (vm != NULL && bus != NULL)
    tern_bus_vm_fill (bus, self->parts, vm);
}

/* Tasks */

static void
on_task_added (TernTaskList *list, TernTask *task, gpointer data)
{
  TernService *self = data;

  g_hash_table_insert (self->tasks, task,
                       tern_bus_task_object_new (self->server, self->parts, task));
}

static void
on_task_removed (TernTaskList *list, TernTask *task, gpointer data)
{
  TernService *self = data;

  g_hash_table_remove (self->tasks, task);
}

/* The store */

static void
on_trouble_changed (TernStore *store, gpointer data)
{
  TernService *self = data;

  tern_bus_set_text (self->manager, "store-error", tern_store_get_trouble (store));
}

/* The whole */

static void
tern_service_dispose (GObject *object)
{
  TernService *self = TERN_SERVICE (object);

  tern_service_stop (self);
  g_clear_pointer (&self->hosts, g_hash_table_unref);
  g_clear_pointer (&self->vms, g_hash_table_unref);
  g_clear_pointer (&self->tasks, g_hash_table_unref);
  G_OBJECT_CLASS (tern_service_parent_class)->dispose (object);
}

static void
tern_service_class_init (TernServiceClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = tern_service_dispose;
}

static void
tern_service_init (TernService *self)
{
  self->hosts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->vms = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  self->tasks =
      g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) tern_bus_task_object_free);
}

static void
export_what_is_there (TernService *self)
{
  g_autoptr (GPtrArray) hosts = tern_inventory_get_hosts (self->parts->inventory);
  g_autoptr (GPtrArray) vms = tern_inventory_get_vms (self->parts->inventory);
  g_autoptr (GPtrArray) tasks = tern_task_list_get_all (self->parts->tasks);

  for (guint i = 0; i < hosts->len; i++)
    export_host (self, g_ptr_array_index (hosts, i));
  for (guint i = 0; i < vms->len; i++)
    export_vm (self, g_ptr_array_index (vms, i));
  for (guint i = 0; i < tasks->len; i++)
    on_task_added (self->parts->tasks, g_ptr_array_index (tasks, i), self);
  on_trouble_changed (self->parts->store, self);
}

static void
follow_engine (TernService *self)
{
  TernInventory *inventory = self->parts->inventory;
  TernTaskList *tasks = self->parts->tasks;

  g_signal_connect (inventory, "host-changed", G_CALLBACK (on_host_changed), self);
  g_signal_connect (inventory, "host-removed", G_CALLBACK (on_host_removed), self);
  g_signal_connect (inventory, "vm-changed", G_CALLBACK (on_vm_changed), self);
  g_signal_connect (inventory, "vm-removed", G_CALLBACK (on_vm_removed), self);
  g_signal_connect (tasks, "task-added", G_CALLBACK (on_task_added), self);
  g_signal_connect (tasks, "task-removed", G_CALLBACK (on_task_removed), self);
  if (self->parts->drainer != NULL)
    g_signal_connect (self->parts->drainer, "origin-changed", G_CALLBACK (on_origin_changed), self);
  g_signal_connect (self->parts->store, "trouble-changed", G_CALLBACK (on_trouble_changed), self);
}

TernService *
tern_service_new (GDBusConnection *connection, TernParts *parts, GError **error)
{
  g_autoptr (TernService) self = g_object_new (TERN_TYPE_SERVICE, NULL);

  /* The codes must have their bus names before the first error goes out. */
  (void) tern_error_quark ();

  self->parts = tern_parts_ref (parts);
  self->manager = tern_manager_new (parts);
  self->server = g_dbus_object_manager_server_new (TERN_BUS_PATH);
  tern_message_bound_connection (connection);
  if (!g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (self->manager), connection,
                                         TERN_BUS_PATH, error))
    return NULL;

  export_what_is_there (self);
  follow_engine (self);
  self->figures = tern_host_figures_new (parts, self->hosts);
  g_dbus_object_manager_server_set_connection (self->server, connection);
  return g_steal_pointer (&self);
}

void
tern_service_stop (TernService *self)
{
  if (self->parts == NULL)
    return;

  g_signal_handlers_disconnect_by_data (self->parts->inventory, self);
  g_signal_handlers_disconnect_by_data (self->parts->tasks, self);
  g_signal_handlers_disconnect_by_data (self->parts->store, self);
  if (self->parts->drainer != NULL)
    g_signal_handlers_disconnect_by_data (self->parts->drainer, self);
  g_clear_pointer (&self->figures, tern_host_figures_free);
  /* Silently: the name goes with the objects, and says the same. */
  g_dbus_object_manager_server_set_connection (self->server, NULL);
  g_hash_table_remove_all (self->tasks);
  if (g_dbus_interface_skeleton_get_connection (G_DBUS_INTERFACE_SKELETON (self->manager)) != NULL)
    g_dbus_interface_skeleton_unexport (G_DBUS_INTERFACE_SKELETON (self->manager));
  g_clear_object (&self->manager);
  g_clear_object (&self->server);
  g_clear_pointer (&self->parts, tern_parts_unref);
}
