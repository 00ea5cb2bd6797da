/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Methods of the Manager about hosts: AddHost, RemoveHost.
 */
#include "config.h"

#include "service/call.h"

#include "base/error.h"
#include "base/names.h"
#include "base/text.h"
#include "service/bus-host.h"
#include "service/options.h"

#define MAX_ADDRESS 255
#define MAX_RESERVE (G_GUINT64_CONSTANT (1) << 50)

/* AddHost */

/* clang-format off */
static const TernOption add_host_options[] = {
  { "peer-uri",          "s" },
  { "migration-address", "s" },
  { "cluster",           "s" },
  { "memory-reserve",    "t" },
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

static gboolean
parse_cluster (TernHostConfig *config, GVariant *options, GError **error)
{
  g_autofree char *cluster = NULL;

  if (!g_variant_lookup (options, "cluster", "s", &cluster))
    return TRUE;
  /* The same letters as for hosts: it goes into commands and files. */
  if (!tern_host_name_check (cluster, error))
    {
      g_prefix_error (error, "The option “cluster”: ");
      return FALSE;
    }
  g_free (config->cluster);
  config->cluster = g_steal_pointer (&cluster);
  return TRUE;
}

static gboolean
parse_reserve (TernHostConfig *config, GVariant *options, GError **error)
{
  if (!g_variant_lookup (options, "memory-reserve", "t", &config->memory_reserve)
      || config->memory_reserve <= MAX_RESERVE)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The option “memory-reserve” is %" G_GUINT64_FORMAT
               " bytes; more than %" G_GUINT64_FORMAT " (1 PiB) makes no sense",
               config->memory_reserve, MAX_RESERVE);
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
  if (!parse_cluster (config, options, error) || !parse_reserve (config, options, error))
    return NULL;
  return g_steal_pointer (&config);
}

static void
on_host_added (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
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
  g_autoptr (TernCall) call = data;
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
  TernCall *call;

  if (config == NULL)
    return tern_call_refuse (invocation, error);

  call = tern_call_new (parts, bus, invocation);
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

static char *
describe_task (const TernTaskRecord *record)
{
  g_autofree char *vm = tern_text_visible (record->vm_name, 60);

  if (g_str_equal (record->kind, "start"))
    return g_strdup_printf ("starts “%s” of “%s” on “%s”", vm, record->source, record->destination);
  return g_strdup_printf ("moves “%s” from “%s” to “%s”", vm, record->source, record->destination);
}

static gboolean
check_host_idle (TernParts *parts, const char *name, GError **error)
{
  TernTask *task = tern_task_list_find_open_by_host (parts->tasks, name);
  const TernTaskRecord *record;
  g_autofree char *vm = NULL;
  g_autofree char *doing = NULL;

  if (task == NULL || is_gone_with_a_question (parts, name, task))
    return TRUE;

  record = tern_task_get_record (task);
  vm = tern_text_visible (record->vm_name, 60);
  doing = describe_task (record);
  if (tern_task_is_ended (task))
    g_set_error (error, TERN_ERROR, TERN_ERROR_BUSY,
                 "Task %" G_GUINT64_FORMAT
                 " left an open question about “%s” on “%s” and “%s”; settle it first",
                 record->id, vm, record->source, record->destination);
  else
    g_set_error (error, TERN_ERROR, TERN_ERROR_BUSY,
                 "Task %" G_GUINT64_FORMAT " %s; wait for it or cancel it", record->id, doing);
  return FALSE;
}

static void
on_host_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;

  if (tern_inventory_remove_host_finish (TERN_INVENTORY (source), result, &error))
    tern_bus_manager_complete_remove_host (call->bus, call->invocation);
  else
    tern_bus_return_error (call->invocation, error);
}

static void
on_remove_host_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
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
  TernCall *call;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error)
      || tern_inventory_lookup_host (parts->inventory, name, &error) == NULL)
    return tern_call_refuse (invocation, error);

  call = tern_call_new (parts, bus, invocation);
  call->host = g_strdup (name);
  tern_authority_check_async (parts->authority, invocation, TERN_POLKIT_HOSTS, details,
                              on_remove_host_authorized, call);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

void
tern_manager_connect_hosts (TernBusManager *bus, TernParts *parts)
{
  tern_call_connect (bus, "handle-add-host", G_CALLBACK (on_handle_add_host), parts);
  tern_call_connect (bus, "handle-remove-host", G_CALLBACK (on_handle_remove_host), parts);
}
