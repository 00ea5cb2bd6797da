/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The Manager: puts its methods together, which are in manager-THEME.c, and answers those that
 * only look something up.
 */
#include "config.h"

#include "service/manager.h"

#include "service/bus-vm.h"
#include "service/call.h"
#include "service/history.h"

static gboolean
on_handle_get_vm (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                  gpointer data)
{
  g_autoptr (GError) error = NULL;
  const TernVm *vm = tern_call_lookup_vm (data, name, &error);
  g_autofree char *path = NULL;

  if (vm == NULL)
    return tern_call_refuse (invocation, error);

  path = tern_bus_vm_format_path (vm->uuid);
  tern_bus_manager_complete_get_vm (bus, invocation, path);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

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

static gboolean
on_handle_get_trace (TernBusManager *bus, GDBusMethodInvocation *invocation, guint64 id,
                     GVariant *options, gpointer data)
{
  tern_history_trace (data, bus, invocation, id, options);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

TernBusManager *
tern_manager_new (TernParts *parts)
{
  TernBusManager *bus = tern_bus_manager_skeleton_new ();

  tern_bus_manager_set_version (bus, PACKAGE_VERSION);
  tern_bus_manager_set_simulated (bus, parts->simulated);
  tern_manager_connect_hosts (bus, parts);
  tern_manager_connect_orders (bus, parts);
  tern_manager_connect_judgement (bus, parts);
  tern_manager_connect_forecast (bus, parts);
  tern_manager_connect_edits (bus, parts);
  tern_manager_connect_limits (bus, parts);
  tern_manager_connect_drains (bus, parts);
  tern_manager_connect_webhooks (bus, parts);
  tern_call_connect (bus, "handle-get-vm", G_CALLBACK (on_handle_get_vm), parts);
  tern_call_connect (bus, "handle-list-tasks", G_CALLBACK (on_handle_list_tasks), parts);
  tern_call_connect (bus, "handle-get-task", G_CALLBACK (on_handle_get_task), parts);
  tern_call_connect (bus, "handle-get-trace", G_CALLBACK (on_handle_get_trace), parts);
  return bus;
}
