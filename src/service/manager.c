/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The methods of the Manager. Each is short and the same: unpack, check the options, look up,
 * authorize, call the engine, return. Authorizing may take minutes (a password), so the
 * engine judges again what was looked up before.
 */
#include "config.h"

#include "service/manager.h"

#include "base/error.h"
#include "base/names.h"
#include "base/text.h"
#include "service/bus-host.h"
#include "service/bus-task.h"
#include "service/bus-text.h"
#include "service/bus-vm.h"
#include "service/history.h"
#include "service/options.h"

/* A VM's name is foreign text of any kind; longer ones can be called by their UUID. */
#define MAX_VM_ARGUMENT 16384
#define MAX_ADDRESS 255

/* A call in flight, with what it needs after the authorization. */
typedef struct
{
  TernParts *parts;
  TernBusManager *bus;
  GDBusMethodInvocation *invocation;
  TernHostConfig *config;
  char *host;
  char *vm_uuid;
  char *source;
} Call;

static Call *
call_new (TernParts *parts, TernBusManager *bus, GDBusMethodInvocation *invocation)
{
  Call *call = g_new0 (Call, 1);

  call->parts = tern_parts_ref (parts);
  call->bus = g_object_ref (bus);
  call->invocation = invocation;
  return call;
}

static void
call_free (Call *call)
{
  tern_host_config_unref (call->config);
  g_free (call->host);
  g_free (call->vm_uuid);
  g_free (call->source);
  g_object_unref (call->bus);
  tern_parts_unref (call->parts);
  g_free (call);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Call, call_free)

static gboolean
fail (GDBusMethodInvocation *invocation, const GError *error)
{
  tern_bus_return_error (invocation, error);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* AddHost */

/* clang-format off */
static const TernOption add_host_options[] = {
  { "peer-uri",          "s" },
  { "migration-address", "s" },
  { NULL,                NULL },
};
/* clang-format on */

/* A host name, an IPv4 address, or an IPv6 address with or without brackets. */
static gboolean
check_address (const char *address, GError **error)
{
  gsize length = strlen (address);
  g_autofree char *bare = g_strdup (address);
  g_autofree char *shown = NULL;

  /* What has a colon is an IPv6 address: the port is the destination's to choose. */
  if (length > 2 && address[0] == '[' && address[length - 1] == ']')
    {
      g_free (bare);
      bare = g_strndup (address + 1, length - 2);
      if (g_hostname_is_ip_address (bare))
        return TRUE;
    }
  else if (length > 0 && length <= MAX_ADDRESS && address[0] != '-'
           && (g_hostname_is_ip_address (address)
               || strspn (address, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS ".-_") == length))
    return TRUE;

  shown = tern_text_visible (address, 60);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The option “migration-address” is “%s”; it must be a host name or an IP address",
               shown);
  return FALSE;
}

static TernHostConfig *
parse_host_config (const char *name, const char *uri, GVariant *options, GError **error)
{
  g_autoptr (TernHostConfig) config = NULL;

  if (!tern_host_name_check (name, error) || !tern_host_uri_check (uri, error)
      || !tern_options_check (options, add_host_options, error))
    return NULL;

  config = tern_host_config_new (name, uri);
  if (g_variant_lookup (options, "peer-uri", "s", &config->peer_uri)
      && !tern_host_uri_check (config->peer_uri, error))
    {
      g_prefix_error (error, "The option “peer-uri”: ");
      return NULL;
    }
  if (g_variant_lookup (options, "migration-address", "s", &config->migration_address)
      && !check_address (config->migration_address, error))
    return NULL;
  return g_steal_pointer (&config);
}

static void
on_host_added (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Call) call = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *path = tern_bus_host_format_path (call->config->name);

  if (tern_inventory_add_host_finish (TERN_INVENTORY (source), result, &error))
    tern_bus_manager_complete_add_host (call->bus, call->invocation, path);
  else
    tern_bus_return_error (call->invocation, error);
}

static void
on_add_host_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Call) call = data;
  g_autoptr (GError) error = NULL;
  TernInventory *inventory = call->parts->inventory;
  TernHostConfig *config = call->config;

  if (!tern_authority_check_finish (TERN_AUTHORITY (source), result, NULL, &error))
    {
      tern_bus_return_error (call->invocation, error);
      return;
    }
  tern_inventory_add_host_async (inventory, config, NULL, on_host_added, g_steal_pointer (&call));
}

static gboolean
on_handle_add_host (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                    const char *uri, GVariant *options, gpointer data)
{
  TernParts *parts = data;
  const char *details[] = { "host", name, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (TernHostConfig) config = parse_host_config (name, uri, options, &error);
  Call *call;

  if (config == NULL)
    return fail (invocation, error);

  call = call_new (parts, bus, invocation);
  call->config = g_steal_pointer (&config);
  tern_authority_check_async (parts->authority, invocation, TERN_POLKIT_HOSTS, details,
                              on_add_host_authorized, call);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* RemoveHost */

/* What is not known of a host that is gone for good must not keep it for ever. */
static gboolean
is_gone_with_a_question (TernParts *parts, const char *name, TernTask *task)
{
  const TernHost *host = tern_inventory_find_host (parts->inventory, name);

  return tern_task_is_ended (task) && (host == NULL || host->state == TERN_HOST_UNREACHABLE);
}

static gboolean
check_host_idle (TernParts *parts, const char *name, GError **error)
{
  TernTask *task = tern_task_list_find_open_by_host (parts->tasks, name);
  const TernTaskRecord *record;
  g_autofree char *vm = NULL;

  if (task == NULL || is_gone_with_a_question (parts, name, task))
    return TRUE;

  record = tern_task_get_record (task);
  vm = tern_text_visible (record->vm_name, 60);
  if (tern_task_is_ended (task))
    g_set_error (error, TERN_ERROR, TERN_ERROR_BUSY,
                 "Task %" G_GUINT64_FORMAT
                 " left an open question about “%s” on “%s” and “%s”; settle it first",
                 record->id, vm, record->source, record->destination);
  else
    g_set_error (error, TERN_ERROR, TERN_ERROR_BUSY,
                 "Task %" G_GUINT64_FORMAT
                 " moves “%s” from “%s” to “%s”; wait for it or cancel it",
                 record->id, vm, record->source, record->destination);
  return FALSE;
}

static void
on_host_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Call) call = data;
  g_autoptr (GError) error = NULL;

  if (tern_inventory_remove_host_finish (TERN_INVENTORY (source), result, &error))
    tern_bus_manager_complete_remove_host (call->bus, call->invocation);
  else
    tern_bus_return_error (call->invocation, error);
}

static void
on_remove_host_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Call) call = data;
  g_autoptr (GError) error = NULL;
  TernInventory *inventory = call->parts->inventory;
  const char *name = call->host;

  if (!tern_authority_check_finish (TERN_AUTHORITY (source), result, NULL, &error)
      || !check_host_idle (call->parts, name, &error))
    {
      tern_bus_return_error (call->invocation, error);
      return;
    }
  tern_inventory_remove_host_async (inventory, name, on_host_removed, g_steal_pointer (&call));
}

static gboolean
on_handle_remove_host (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                       GVariant *options, gpointer data)
{
  TernParts *parts = data;
  const char *details[] = { "host", name, NULL };
  g_autoptr (GError) error = NULL;
  Call *call;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error)
      || tern_inventory_lookup_host (parts->inventory, name, &error) == NULL)
    return fail (invocation, error);

  call = call_new (parts, bus, invocation);
  call->host = g_strdup (name);
  tern_authority_check_async (parts->authority, invocation, TERN_POLKIT_HOSTS, details,
                              on_remove_host_authorized, call);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* GetVm, Migrate */

static TernVm *
lookup_vm (TernParts *parts, const char *name_or_uuid, GError **error)
{
  g_autofree char *shown = NULL;

  if (strlen (name_or_uuid) <= MAX_VM_ARGUMENT)
    return tern_inventory_lookup_vm (parts->inventory, name_or_uuid, error);

  shown = tern_text_visible (name_or_uuid, 60);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "“%s” is too long for the name of a VM; use its UUID", shown);
  return NULL;
}

static gboolean
on_handle_get_vm (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                  gpointer data)
{
  g_autoptr (GError) error = NULL;
  TernVm *vm = lookup_vm (data, name, &error);
  g_autofree char *path = NULL;

  if (vm == NULL)
    return fail (invocation, error);

  path = tern_bus_vm_format_path (vm->uuid);
  tern_bus_manager_complete_get_vm (bus, invocation, path);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
on_migration_started (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Call) call = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernTask) task = tern_migrator_start_finish (TERN_MIGRATOR (source), result, &error);
  g_autofree char *path = NULL;

  if (task == NULL)
    {
      tern_bus_return_error (call->invocation, error);
      return;
    }
  path = tern_bus_task_format_path (tern_task_get_id (task));
  tern_bus_manager_complete_migrate (call->bus, call->invocation, path);
}

static void
on_migrate_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Call) call = data;
  g_autoptr (GError) error = NULL;
  TernMigrator *migrator = call->parts->migrator;
  const char *vm_uuid = call->vm_uuid;
  const char *source_host = call->source;
  const char *destination = call->host;
  gint64 uid;

  if (!tern_authority_check_finish (TERN_AUTHORITY (source), result, &uid, &error))
    {
      tern_bus_return_error (call->invocation, error);
      return;
    }
  tern_migrator_start_async (migrator, vm_uuid, source_host, destination, uid, on_migration_started,
                             g_steal_pointer (&call));
}

static gboolean
on_handle_migrate (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                   const char *destination, GVariant *options, gpointer data)
{
  TernParts *parts = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *shown = NULL;
  TernVm *vm;
  Call *call;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error)
      || (vm = lookup_vm (parts, name, &error)) == NULL
      || tern_inventory_lookup_host (parts->inventory, destination, &error) == NULL)
    return fail (invocation, error);

  shown = tern_bus_text (vm->name);
  call = call_new (parts, bus, invocation);
  call->vm_uuid = g_strdup (vm->uuid);
  call->source = g_strdup (vm->host);
  call->host = g_strdup (destination);
  tern_authority_check_async (
      parts->authority, invocation, TERN_POLKIT_MIGRATE,
      (const char *[]){ "vm", shown, "source", call->source, "destination", destination, NULL },
      on_migrate_authorized, call);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* ListTasks, GetTask */

static gboolean
on_handle_list_tasks (TernBusManager *bus, GDBusMethodInvocation *invocation, GVariant *options,
                      gpointer data)
{
  tern_history_list (data, bus, invocation, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_handle_get_task (TernBusManager *bus, GDBusMethodInvocation *invocation, guint64 id,
                    gpointer data)
{
  tern_history_get (data, bus, invocation, id);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
connect_handler (TernBusManager *bus, const char *signal, GCallback handler, TernParts *parts)
{
  g_signal_connect_data (bus, signal, handler, tern_parts_ref (parts),
                         (GClosureNotify) (GCallback) tern_parts_unref, 0);
}

TernBusManager *
tern_manager_new (TernParts *parts)
{
  TernBusManager *bus = tern_bus_manager_skeleton_new ();

  tern_bus_manager_set_version (bus, PACKAGE_VERSION);
  tern_bus_manager_set_simulated (bus, parts->simulated);
  connect_handler (bus, "handle-add-host", G_CALLBACK (on_handle_add_host), parts);
  connect_handler (bus, "handle-remove-host", G_CALLBACK (on_handle_remove_host), parts);
  connect_handler (bus, "handle-get-vm", G_CALLBACK (on_handle_get_vm), parts);
  connect_handler (bus, "handle-migrate", G_CALLBACK (on_handle_migrate), parts);
  connect_handler (bus, "handle-list-tasks", G_CALLBACK (on_handle_list_tasks), parts);
  connect_handler (bus, "handle-get-task", G_CALLBACK (on_handle_get_task), parts);
  return bus;
}
