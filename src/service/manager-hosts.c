/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Methods of the Manager about hosts: AddHost, SetHost, RemoveHost.
 */
#include "config.h"

#include "service/call.h"

#include "base/error.h"
#include "base/names.h"
#include "base/text.h"
#include "service/bus-host.h"
#include "service/host-choice.h"
#include "service/options.h"

/* AddHost */

/* clang-format off */
static const TernOption add_host_options[] = {
  TERN_HOST_CHOICES,
  { NULL,                NULL },
};
static const TernOption set_host_options[] = {
  TERN_HOST_CHOICES,
  TERN_HOST_LIMIT_CHOICES,
  { NULL,                NULL },
};
/* clang-format on */

/* When a host is added, leaving an option out says the same. */
static gboolean
check_given (GVariant *options, GError **error)
{
  for (const TernOption *o = add_host_options; o->key != NULL; o++)
    {
      const char *text;

      if (!g_str_equal (o->type, "s") || !g_variant_lookup (options, o->key, "&s", &text)
          || *text != '\0')
        continue;
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "The option “%s” is empty; leave it out if the host shall have none", o->key);
      return FALSE;
    }
  return TRUE;
}

static TernHostConfig *
parse_host_config (const char *name, const char *uri, GVariant *options, GError **error)
{
  g_autoptr (TernHostConfig) config = NULL;

  if (!tern_host_name_check (name, error) || !tern_host_uri_check (uri, error)
      || !tern_options_check (options, add_host_options, error))
    return NULL;

  config = tern_host_config_new (name, uri);
  if (!check_given (options, error) || !tern_host_choice_apply (options, config, error))
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

/* SetHost */

static gboolean
edit_host (TernHostConfig *config, gpointer data, GError **error)
{
  return tern_host_choice_apply (data, config, error);
}

static void
on_host_set (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;

  if (tern_inventory_update_host_finish (TERN_INVENTORY (source), result, &error))
    tern_bus_manager_complete_set_host (call->bus, call->invocation);
  else
    tern_bus_return_error (call->invocation, error);
}

static void
on_set_host_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  TernInventory *inventory = call->parts->inventory;
  const char *name = call->host;
  GVariant *given = call->options;

  if (tern_authority_check_finish (TERN_AUTHORITY (source), result, NULL, &error))
    tern_inventory_update_host_async (inventory, name, edit_host, given, on_host_set,
                                      g_steal_pointer (&call));
  else
    tern_bus_return_error (call->invocation, error);
}

static gboolean
check_set_host (TernParts *parts, const char *name, GVariant *options, GError **error)
{
  const TernHost *host;
  g_autoptr (TernHostConfig) tried = NULL;

  if (!tern_options_check (options, set_host_options, error)
      || (host = tern_inventory_lookup_host (parts->inventory, name, error)) == NULL)
    return FALSE;
  if (g_variant_n_children (options) == 0)
    {
      g_set_error_literal (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                           "No option is given; say what is to change");
      return FALSE;
    }
  tried = tern_host_config_copy (host->config);
  return tern_host_choice_apply (options, tried, error);
}

static gboolean
on_handle_set_host (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                    GVariant *options, gpointer data)
{
  TernParts *parts = data;
  const char *details[] = { "host", name, NULL };
  g_autoptr (GError) error = NULL;
  TernCall *call;

  if (!check_set_host (parts, name, options, &error))
    return tern_call_refuse (invocation, error);

  call = tern_call_new (parts, bus, invocation);
  call->host = g_strdup (name);
  call->options = g_variant_ref (options);
  tern_authority_check_async (parts->authority, invocation, TERN_POLKIT_HOSTS, details,
                              on_set_host_authorized, call);
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

  if (g_str_equal (record->kind, "drain"))
    return g_strdup_printf ("drains %s", record->source);
  if (g_str_equal (record->kind, "return"))
    return g_strdup_printf ("brings VMs back to %s", record->destination);
  if (g_str_equal (record->kind, "shutdown"))
    return g_strdup_printf ("shuts down “%s” on “%s”", vm, record->source);
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
  tern_call_connect (bus, "handle-set-host", G_CALLBACK (on_handle_set_host), parts);
  tern_call_connect (bus, "handle-remove-host", G_CALLBACK (on_handle_remove_host), parts);
}
