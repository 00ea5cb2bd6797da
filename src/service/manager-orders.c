/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Methods of the Manager that begin tasks: Migrate, MigrateGroup, StartVm. All are orders to the
 * migrator; what differs is how they are named and answered.
 */
#include "config.h"

#include "service/call.h"

#include "base/names.h"
#include "plan/verdict-variant.h"
#include "service/bus-task.h"
#include "service/bus-text.h"
#include "service/move-choice.h"
#include "service/options.h"

/* A message for a person names so many VMs. */
#define MAX_NAMED 3
/* The tasks are under way by then: an answer that the bus would not carry is made shorter. */
#define MAX_ANSWER (16 * 1024 * 1024)

/* clang-format off */
static const TernOption migrate_options[] = {
  { "eject-local-media", "b" },
  TERN_MOVE_CHOICES,
  { NULL,                NULL },
};
static const TernOption group_options[] = {
  { "destination",       "s" },
  { "partial",           "b" },
  { "eject-local-media", "b" },
  TERN_MOVE_CHOICES,
  { NULL,                NULL },
};
/* clang-format on */

static GPtrArray *
list_one (const TernVm *vm)
{
  GPtrArray *vms = g_ptr_array_new ();

  g_ptr_array_add (vms, (gpointer) vm);
  return vms;
}

/* @destination: (nullable): empty counts as none */
static TernOrder *
make_order (TernAct act, const GPtrArray *vms, const char *destination)
{
  TernOrder *order = tern_order_new (act);
  g_autoptr (GStrvBuilder) uuids = g_strv_builder_new ();
  g_autoptr (GStrvBuilder) sources = g_strv_builder_new ();

  for (guint i = 0; i < vms->len; i++)
    {
      const TernVm *vm = vms->pdata[i];

      g_strv_builder_add (uuids, vm->uuid);
      g_strv_builder_add (sources, vm->host);
    }
  g_strfreev (order->vms);
  order->vms = g_strv_builder_end (uuids);
  order->sources = g_strv_builder_end (sources);
  order->destination = destination != NULL && *destination != '\0' ? g_strdup (destination) : NULL;
  return order;
}

/* Who is asked */

/* A blank within a name must not make it look like two. */
static char *
format_list (const GPtrArray *vms)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < vms->len; i++)
    {
      g_autofree char *name = tern_bus_text (((const TernVm *) vms->pdata[i])->name);
      g_auto (GStrv) words = g_strsplit (name, " ", -1);
      g_autofree char *joined = g_strjoinv ("\\x20", words);

      g_string_append_printf (list, "%s%s", i > 0 ? " " : "", joined);
    }
  return g_strdup (list->str);
}

static char *
format_named (const GPtrArray *vms)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < MIN (vms->len, MAX_NAMED); i++)
    {
      g_autofree char *name = tern_bus_text (((const TernVm *) vms->pdata[i])->name);

      g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", name);
    }
  if (vms->len > MAX_NAMED)
    g_string_append_printf (text, " and %u more", vms->len - MAX_NAMED);
  return g_strdup (text->str);
}

/* The policy's own message has places for one VM and one host; this one fits all orders. */
static char *
format_message (const TernOrder *order, const GPtrArray *vms)
{
  g_autofree char *named = format_named (vms);
  const char *act = order->act == TERN_ACT_START ? "start" : "move";
  const char *where = order->act == TERN_ACT_START ? "on" : "to";

  return g_strdup_printf (
      "Authentication is required to %s the VM%s %s %s %s", act, vms->len > 1 ? "s" : "", named,
      where, order->destination != NULL ? order->destination : "a host that is chosen");
}

static void
on_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  TernMigrator *migrator = call->parts->migrator;
  const TernOrder *order = call->order;
  GAsyncReadyCallback done = call->done;

  if (!tern_authority_check_finish (TERN_AUTHORITY (source), result, &call->order->uid, &error))
    {
      tern_bus_return_error (call->invocation, error);
      return;
    }
  tern_migrator_order_async (migrator, order, done, g_steal_pointer (&call));
}

/* Takes over @call. @as_group: the rules of polkit are told a list. */
static void
authorize (TernCall *call, const GPtrArray *vms, gboolean as_group)
{
  const TernOrder *order = call->order;
  const char *action = order->act == TERN_ACT_START ? TERN_POLKIT_START : TERN_POLKIT_MIGRATE;
  const char *destination = order->destination != NULL ? order->destination : "";
  g_autofree char *names = as_group ? format_list (vms) : NULL;
  g_autofree char *name = as_group ? NULL : tern_bus_text (((const TernVm *) vms->pdata[0])->name);
  g_autofree char *message = format_message (order, vms);
  const char *one[] = { "polkit.message", message,           "destination", destination, "vm", name,
                        "source",         order->sources[0], NULL };
  const char *group[] = {
    "polkit.message", message, "destination", destination, "vms", names, NULL
  };

  tern_authority_check_async (call->parts->authority, call->invocation, action,
                              as_group ? group : one, on_authorized, call);
}

/* One VM */

static void
complete_one (TernCall *call, TernTask *task)
{
  g_autofree char *path = tern_bus_task_format_path (tern_task_get_id (task));

  if (call->order->act == TERN_ACT_START)
    tern_bus_manager_complete_start_vm (call->bus, call->invocation, path);
  else
    tern_bus_manager_complete_migrate (call->bus, call->invocation, path);
}

static void
on_one_ordered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) tasks =
      tern_migrator_order_finish (TERN_MIGRATOR (source), result, NULL, &error);

  if (tasks == NULL)
    tern_bus_return_error (call->invocation, error);
  else
    complete_one (call, tasks->pdata[0]);
}

static gboolean
order_one (TernParts *parts, TernBusManager *bus, GDBusMethodInvocation *invocation, TernAct act,
           const char *name, const char *destination, GVariant *options)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) vms = NULL;
  g_autofree TernMoveOptions *move = tern_call_parse_move (parts, options, &error);
  const TernVm *vm = move != NULL ? tern_call_lookup_vm (parts, name, &error) : NULL;
  TernCall *call;

  if (vm == NULL
      || (*destination != '\0'
          && tern_inventory_lookup_host (parts->inventory, destination, &error) == NULL))
    return tern_call_refuse (invocation, error);

  vms = list_one (vm);
  call = tern_call_new (parts, bus, invocation);
  call->order = make_order (act, vms, destination);
  call->order->options = g_steal_pointer (&move);
  call->done = on_one_ordered;
  g_variant_lookup (options, "eject-local-media", "b", &call->order->eject_media);
  authorize (call, vms, FALSE);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
on_handle_migrate (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                   const char *destination, GVariant *options, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!tern_options_check (options, migrate_options, &error))
    return tern_call_refuse (invocation, error);
  return order_one (data, bus, invocation, TERN_ACT_MOVE, name, destination, options);
}

static gboolean
on_handle_start_vm (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                    const char *host, GVariant *options, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error))
    return tern_call_refuse (invocation, error);
  return order_one (data, bus, invocation, TERN_ACT_START, name, host, options);
}

/* A group */

static void
on_group_ordered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernPlan) plan = NULL;
  g_autoptr (GPtrArray) tasks =
      tern_migrator_order_finish (TERN_MIGRATOR (source), result, &plan, &error);
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GVariant) refused = NULL;

  if (tasks == NULL)
    {
      tern_bus_return_error (call->invocation, error);
      return;
    }
  refused = g_variant_ref_sink (tern_refusals_to_variant (plan, FALSE));
  if (g_variant_get_size (refused) > MAX_ANSWER)
    {
      g_variant_unref (refused);
      refused = g_variant_ref_sink (tern_refusals_to_variant (plan, TRUE));
    }
  for (guint i = 0; i < tasks->len; i++)
    g_ptr_array_add (paths, tern_bus_task_format_path (tern_task_get_id (tasks->pdata[i])));
  g_ptr_array_add (paths, NULL);
  tern_bus_manager_complete_migrate_group (call->bus, call->invocation,
                                           (const char *const *) paths->pdata, refused);
}

static gboolean
on_handle_migrate_group (TernBusManager *bus, GDBusMethodInvocation *invocation,
                         const char *const *names, GVariant *options, gpointer data)
{
  TernParts *parts = data;
  const char *destination = NULL;
  g_autofree TernMoveOptions *move = NULL;
  g_autoptr (GPtrArray) vms = NULL;
  g_autoptr (GError) error = NULL;
  TernCall *call;

  if (!tern_options_check (options, group_options, &error)
      || (move = tern_call_parse_move (parts, options, &error)) == NULL
      || (g_variant_lookup (options, "destination", "&s", &destination)
          && tern_inventory_lookup_host (parts->inventory, destination, &error) == NULL)
      || !tern_call_lookup_vms (parts, names, &vms, &error))
    return tern_call_refuse (invocation, error);

  call = tern_call_new (parts, bus, invocation);
  call->order = make_order (TERN_ACT_MOVE, vms, destination);
  call->order->options = g_steal_pointer (&move);
  call->done = on_group_ordered;
  g_variant_lookup (options, "partial", "b", &call->order->partial);
  g_variant_lookup (options, "eject-local-media", "b", &call->order->eject_media);
  authorize (call, vms, TRUE);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

void
tern_manager_connect_orders (TernBusManager *bus, TernParts *parts)
{
  tern_call_connect (bus, "handle-migrate", G_CALLBACK (on_handle_migrate), parts);
  tern_call_connect (bus, "handle-migrate-group", G_CALLBACK (on_handle_migrate_group), parts);
  tern_call_connect (bus, "handle-start-vm", G_CALLBACK (on_handle_start_vm), parts);
}
