/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Methods of the Manager for whole hosts: Drain, PlanDrain, ApplyPlan, Activate, PlanReturn,
 * ListOrigins. What each asks for is read here; the drainer decides.
 */
#include "config.h"

#include "service/call.h"

#include "base/error.h"
#include "base/names.h"
#include "service/bus-task.h"
#include "service/bus-text.h"
#include "service/drain-choice.h"
#include "service/move-choice.h"
#include "service/options.h"

/* clang-format off */
static const TernOption drain_options[] = {
  { "deadline",      "x" },
  { "actions",       "a{ss}" },
  { "move-shut-off", "b" },
  TERN_MOVE_CHOICES,
  { NULL,            NULL },
};
static const TernOption apply_options[] = {
  TERN_MOVE_CHOICES,
  { NULL,     NULL },
};
static const TernOption activate_options[] = {
  { "return", "b" },
  { NULL,     NULL },
};
static const TernOption origin_options[] = {
  { "host", "s" },
  { NULL,   NULL },
};
/* clang-format on */

/* Takes over @call. @act: "drain" */
static void
authorize (TernCall *call, const char *act, const char *const *hosts, GAsyncReadyCallback cb)
{
  g_autofree char *list = tern_drain_choice_format_hosts (hosts);
  g_autofree char *named = tern_drain_choice_format_named (hosts);
  g_autofree char *message = g_strdup_printf ("Authentication is required to %s the host%s %s", act,
                                              g_strv_length ((GStrv) hosts) > 1 ? "s" : "", named);
  const char *details[] = { "polkit.message", message, "hosts", list, NULL };

  tern_authority_check_async (call->parts->authority, call->invocation, TERN_POLKIT_DRAIN, details,
                              cb, call);
}

/* Drain */

static void
on_drain_ordered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernTask) task = tern_drainer_order_finish (TERN_DRAINER (source), result, &error);
  g_autofree char *path = NULL;

  if (task == NULL)
    {
      tern_bus_return_error (call->invocation, error);
      return;
    }
  path = tern_bus_task_format_path (tern_task_get_id (task));
  if (call->document != NULL)
    tern_bus_manager_complete_apply_plan (call->bus, call->invocation, path);
  else
    tern_bus_manager_complete_drain (call->bus, call->invocation, path);
}

static void
on_drain_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  TernDrainer *drainer = call->parts->drainer;
  const TernDrain *drain = call->drain;
  const TernMoveOptions *move = call->move;
  const char *document = call->document;
  gint64 uid;

  if (!tern_authority_check_finish (TERN_AUTHORITY (source), result, &uid, &error))
    tern_bus_return_error (call->invocation, error);
  else if (document != NULL)
    tern_drainer_apply_async (drainer, document, move, uid, on_drain_ordered,
                              g_steal_pointer (&call));
  else
    tern_drainer_order_async (drainer, drain, move, uid, on_drain_ordered, g_steal_pointer (&call));
}

static gboolean
on_handle_drain (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *const *hosts,
                 GVariant *options, gpointer data)
{
  TernParts *parts = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernCall) call = tern_call_new (parts, bus, invocation);
  TernDrain *drain;

  if (!tern_options_check (options, drain_options, &error)
      || (call->move = tern_call_parse_move (parts, options, &error)) == NULL
      || (call->drain = tern_drain_choice_parse (parts, hosts, options, &error)) == NULL)
    return tern_call_refuse (invocation, error);
  drain = call->drain;
  authorize (g_steal_pointer (&call), "drain", (const char *const *) drain->hosts,
             on_drain_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* PlanDrain and PlanReturn */

/* Returns: (transfer full) (nullable): %NULL if @invocation was answered */
static char *
format_plan (TernParts *parts, GDBusMethodInvocation *invocation, const TernDrain *drain,
             gboolean returning)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *document = tern_drainer_format_plan (parts->drainer, drain, returning, &error);
  g_autoptr (GVariant) reply = NULL;

  if (document == NULL)
    {
      tern_bus_return_error (invocation, error);
      return NULL;
    }
  reply = g_variant_ref_sink (g_variant_new_string (document));
  if (!tern_call_fits (invocation, reply, "The plan", "ask about fewer hosts at a time"))
    return NULL;
  return g_steal_pointer (&document);
}

static gboolean
on_handle_plan_drain (TernBusManager *bus, GDBusMethodInvocation *invocation,
                      const char *const *hosts, GVariant *options, gpointer data)
{
  TernParts *parts = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernDrain) drain = NULL;
  g_autofree TernMoveOptions *move = NULL;
  g_autofree char *document = NULL;

  if (!tern_options_check (options, drain_options, &error)
      || (move = tern_call_parse_move (parts, options, &error)) == NULL
      || (drain = tern_drain_choice_parse (parts, hosts, options, &error)) == NULL)
    return tern_call_refuse (invocation, error);
  document = format_plan (parts, invocation, drain, FALSE);
  if (document != NULL)
    tern_bus_manager_complete_plan_drain (bus, invocation, document);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_handle_plan_return (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *host,
                       GVariant *options, gpointer data)
{
  TernParts *parts = data;
  const char *hosts[] = { host, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (TernDrain) drain = NULL;
  g_autofree char *document = NULL;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error)
      || tern_inventory_lookup_host (parts->inventory, host, &error) == NULL)
    return tern_call_refuse (invocation, error);
  drain = tern_drain_new (hosts);
  document = format_plan (parts, invocation, drain, TRUE);
  if (document != NULL)
    tern_bus_manager_complete_plan_return (bus, invocation, document);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* ApplyPlan */

static gboolean
on_handle_apply_plan (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *document,
                      GVariant *options, gpointer data)
{
  TernParts *parts = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernCall) call = tern_call_new (parts, bus, invocation);
  TernDrain *drain;

  if (!tern_options_check (options, apply_options, &error)
      || (call->move = tern_call_parse_move (parts, options, &error)) == NULL
      || (call->drain = tern_drainer_parse_plan (parts->drainer, document, &error)) == NULL)
    return tern_call_refuse (invocation, error);
  call->document = g_strdup (document);
  drain = call->drain;
  authorize (g_steal_pointer (&call), "carry out a plan for", (const char *const *) drain->hosts,
             on_drain_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* Activate */

static void
on_activated (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernTask) task = NULL;
  g_autofree char *path = NULL;

  if (!tern_drainer_activate_finish (TERN_DRAINER (source), result, &task, &error))
    {
      tern_bus_return_error (call->invocation, error);
      return;
    }
  path = task != NULL ? tern_bus_task_format_path (tern_task_get_id (task)) : g_strdup ("/");
  tern_bus_manager_complete_activate (call->bus, call->invocation, path);
}

static void
on_activate_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  TernDrainer *drainer = call->parts->drainer;
  const char *host = call->host;
  gboolean bring_back = call->bring_back;
  gint64 uid;

  if (tern_authority_check_finish (TERN_AUTHORITY (source), result, &uid, &error))
    tern_drainer_activate_async (drainer, host, bring_back, uid, on_activated,
                                 g_steal_pointer (&call));
  else
    tern_bus_return_error (call->invocation, error);
}

static gboolean
on_handle_activate (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *host,
                    GVariant *options, gpointer data)
{
  TernParts *parts = data;
  const char *hosts[] = { host, NULL };
  g_autoptr (GError) error = NULL;
  TernCall *call;

  if (!tern_options_check (options, activate_options, &error)
      || tern_inventory_lookup_host (parts->inventory, host, &error) == NULL)
    return tern_call_refuse (invocation, error);
  call = tern_call_new (parts, bus, invocation);
  call->host = g_strdup (host);
  g_variant_lookup (options, "return", "b", &call->bring_back);
  authorize (call, "open", hosts, on_activate_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* ListOrigins */

static GVariant *
build_origin (TernParts *parts, const TernOrigin *origin)
{
  const TernVm *vm = tern_inventory_find_vm (parts->inventory, origin->vm_uuid);
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert_value (&dict, "VmUuid", tern_bus_new_text (origin->vm_uuid));
  g_variant_dict_insert_value (&dict, "Vm",
                               tern_bus_new_text (vm != NULL ? vm->name : origin->vm_name));
  g_variant_dict_insert_value (&dict, "Host", tern_bus_new_text (origin->host));
  g_variant_dict_insert_value (&dict, "On", tern_bus_new_text (vm != NULL ? vm->host : NULL));
  g_variant_dict_insert (&dict, "Task", "t", origin->drain_id);
  g_variant_dict_insert (&dict, "Since", "x", origin->since_us);
  g_variant_dict_insert_value (&dict, "Status", tern_bus_new_text (origin->status));
  g_variant_dict_insert (&dict, "Tried", "x", origin->tried_us);
  return g_variant_dict_end (&dict);
}

static gboolean
on_handle_list_origins (TernBusManager *bus, GDBusMethodInvocation *invocation, GVariant *options,
                        gpointer data)
{
  TernParts *parts = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) origins = NULL;
  g_autoptr (GVariant) reply = NULL;
  const char *host = NULL;
  GVariantBuilder builder;

  if (!tern_options_check (options, origin_options, &error)
      || (g_variant_lookup (options, "host", "&s", &host)
          && tern_inventory_lookup_host (parts->inventory, host, &error) == NULL))
    return tern_call_refuse (invocation, error);

  origins = tern_drainer_get_origins (parts->drainer, host);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < origins->len; i++)
    g_variant_builder_add_value (&builder, build_origin (parts, origins->pdata[i]));
  reply = g_variant_ref_sink (g_variant_builder_end (&builder));
  if (tern_call_fits (invocation, reply, "The list", "ask about one host"))
    tern_bus_manager_complete_list_origins (bus, invocation, reply);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

void
tern_manager_connect_drains (TernBusManager *bus, TernParts *parts)
{
  tern_call_connect (bus, "handle-drain", G_CALLBACK (on_handle_drain), parts);
  tern_call_connect (bus, "handle-plan-drain", G_CALLBACK (on_handle_plan_drain), parts);
  tern_call_connect (bus, "handle-apply-plan", G_CALLBACK (on_handle_apply_plan), parts);
  tern_call_connect (bus, "handle-activate", G_CALLBACK (on_handle_activate), parts);
  tern_call_connect (bus, "handle-plan-return", G_CALLBACK (on_handle_plan_return), parts);
  tern_call_connect (bus, "handle-list-origins", G_CALLBACK (on_handle_list_origins), parts);
}
