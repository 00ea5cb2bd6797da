/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Methods of the Manager that judge and change nothing: CheckVm, Plan, GetBaseline, GetSnapshot.
 * Everybody may ask.
 */
#include "config.h"

#include "service/call.h"

#include "base/error.h"
#include "base/text.h"
#include "base/units.h"
#include "plan/verdict-variant.h"
#include "service/bus-text.h"
#include "service/move-choice.h"
#include "service/options.h"

#define FEWER_VMS "plan fewer VMs at a time"

/* clang-format off */
static const TernOption judge_options[] = {
  { "act",               "s" },
  { "destination",       "s" },
  { "eject-local-media", "b" },
  { NULL,                NULL },
};
/* Of a start there is nothing to say about how it is made. */
static const TernOption plan_move_options[] = {
  { "act",               "s" },
  { "destination",       "s" },
  { "eject-local-media", "b" },
  TERN_MOVE_CHOICES,
  { NULL,                NULL },
};
static const TernOption baseline_options[] = {
  { "cluster", "s" },
  { NULL,      NULL },
};
/* clang-format on */

/* @act: as it is if the options do not say */
static gboolean
parse_act (GVariant *options, TernAct *act, GError **error)
{
  const char *word = NULL;
  g_autofree char *shown = NULL;

  if (!g_variant_lookup (options, "act", "&s", &word))
    return TRUE;
  if (g_str_equal (word, "move") || g_str_equal (word, "start"))
    {
      *act = g_str_equal (word, "start") ? TERN_ACT_START : TERN_ACT_MOVE;
      return TRUE;
    }
  shown = tern_text_visible (word, 40);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The option “act” is “%s”; it must be “move” or “start”", shown);
  return FALSE;
}

/* @out_name: (transfer full): NULL if the options do not say */
static gboolean
parse_destination (TernParts *parts, GVariant *options, char **out_name, GError **error)
{
  g_autofree char *name = NULL;

  if (g_variant_lookup (options, "destination", "s", &name)
      && tern_inventory_lookup_host (parts->inventory, name, error) == NULL)
    return FALSE;
  *out_name = g_steal_pointer (&name);
  return TRUE;
}

/* CheckVm */

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) verdicts =
      tern_assessor_check_finish (TERN_ASSESSOR (source), result, &error);
  g_autoptr (GVariant) hosts = NULL;

  if (verdicts == NULL)
    {
      tern_bus_return_error (call->invocation, error);
      return;
    }
  hosts = g_variant_ref_sink (tern_verdicts_to_variant (verdicts));
  if (tern_call_fits (call->invocation, hosts, "The list of hosts", "name one as the destination"))
    tern_bus_manager_complete_check_vm (call->bus, call->invocation, hosts);
}

static gboolean
on_handle_check_vm (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                    GVariant *options, gpointer data)
{
  TernParts *parts = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *destination = NULL;
  gboolean eject_media = FALSE;
  const TernVm *vm;
  TernAct act;

  if (!tern_options_check (options, judge_options, &error)
      || !parse_destination (parts, options, &destination, &error)
      || (vm = tern_call_lookup_vm (parts, name, &error)) == NULL)
    return tern_call_refuse (invocation, error);

  act = vm->state == TERN_VM_SHUT_OFF ? TERN_ACT_START : TERN_ACT_MOVE;
  if (!parse_act (options, &act, &error))
    return tern_call_refuse (invocation, error);
  g_variant_lookup (options, "eject-local-media", "b", &eject_media);
  tern_assessor_check_async (parts->assessor, vm->uuid, act, destination, eject_media, on_checked,
                             tern_call_new (parts, bus, invocation));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* Plan */

static TernOrder *
parse_order (TernParts *parts, const char *const *names, GVariant *options, GError **error)
{
  g_autoptr (TernOrder) order = tern_order_new (TERN_ACT_MOVE);
  g_autoptr (GStrvBuilder) uuids = g_strv_builder_new ();
  g_autoptr (GPtrArray) vms = NULL;

  if (!tern_options_check (options, plan_move_options, error)
      || !parse_act (options, &order->act, error)
      || (order->act == TERN_ACT_START && !tern_options_check (options, judge_options, error))
      || (order->options = tern_call_parse_move (parts, options, error)) == NULL
      || !parse_destination (parts, options, &order->destination, error)
      || !tern_call_lookup_vms (parts, names, &vms, error))
    return NULL;

  for (guint i = 0; i < vms->len; i++)
    g_strv_builder_add (uuids, ((const TernVm *) vms->pdata[i])->uuid);
  g_strfreev (order->vms);
  order->vms = g_strv_builder_end (uuids);
  order->partial = TRUE;
  order->uid = -1;
  g_variant_lookup (options, "eject-local-media", "b", &order->eject_media);
  return g_steal_pointer (&order);
}

static void
return_plan (TernBusManager *bus, GDBusMethodInvocation *invocation, const TernPlan *plan)
{
  g_autoptr (GVariant) moves = g_variant_ref_sink (tern_moves_to_variant (plan));
  g_autoptr (GVariant) refused = g_variant_ref_sink (tern_refusals_to_variant (plan, FALSE));
  g_autoptr (GVariant) both = g_variant_ref_sink (g_variant_new ("(vv)", moves, refused));

  /* They go in one message. */
  if (tern_call_fits (invocation, both, "The plan", FEWER_VMS))
    tern_bus_manager_complete_plan (bus, invocation, moves, refused);
}

static gboolean
on_handle_plan (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *const *names,
                GVariant *options, gpointer data)
{
  TernParts *parts = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernOrder) order = parse_order (parts, names, options, &error);
  g_autoptr (TernPlan) plan = NULL;

  if (order != NULL)
    plan = tern_assessor_plan (parts->assessor, order, &error);
  if (plan == NULL)
    return tern_call_refuse (invocation, error);
  return_plan (bus, invocation, plan);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* GetBaseline */

static void
add_text (GVariantBuilder *builder, const char *key, const char *text)
{
  g_variant_builder_add (builder, "{sv}", key, tern_bus_new_text (text));
}

static void
add_texts (GVariantBuilder *builder, const char *key, char **texts)
{
  g_variant_builder_add (builder, "{sv}", key, tern_bus_new_texts (texts));
}

static gboolean
is_in (const TernHost *host, const char *cluster)
{
  return cluster == NULL || g_strcmp0 (host->config->cluster, cluster) == 0;
}

static GStrv
get_beyond (const TernBaseline *baseline, const TernCpu *cpu)
{
  return cpu != NULL ? tern_baseline_get_beyond (baseline, cpu) : g_new0 (char *, 1);
}

static GVariant *
build_baseline_hosts (const TernCluster *cluster, const char *name, const TernBaseline *baseline)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < cluster->hosts->len; i++)
    {
      const TernHost *host = cluster->hosts->pdata[i];
      const TernCpu *cpu = host->facts != NULL ? host->facts->cpu : NULL;
      gboolean known = g_strv_contains ((const char *const *) baseline->hosts, host->config->name);
      g_auto (GStrv) beyond = get_beyond (baseline, known ? cpu : NULL);

      if (!is_in (host, name))
        continue;
      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      add_text (&builder, "Host", host->config->name);
      add_text (&builder, "Model", cpu != NULL ? cpu->model : NULL);
      g_variant_builder_add (&builder, "{sv}", "Known", g_variant_new_boolean (known));
      add_texts (&builder, "Beyond", beyond);
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}

static void
add_vm_beyond (GVariantBuilder *builder, const TernVm *vm, const TernBaseline *baseline)
{
  g_auto (GStrv) beyond = get_beyond (baseline, vm->cpu);

  if (beyond[0] == NULL)
    return;
  g_variant_builder_open (builder, G_VARIANT_TYPE_VARDICT);
  add_text (builder, "Vm", vm->name);
  add_text (builder, "VmUuid", vm->uuid);
  add_text (builder, "Host", vm->host);
  add_texts (builder, "Beyond", beyond);
  g_variant_builder_close (builder);
}

static GVariant *
build_baseline_vms (const TernCluster *cluster, const char *name, const TernBaseline *baseline)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < cluster->vms->len; i++)
    {
      const TernVm *vm = cluster->vms->pdata[i];
      const TernHost *host = tern_cluster_find_host (cluster, vm->host);

      if (tern_vm_state_is_active (vm->state) && host != NULL && is_in (host, name)
          && tern_cluster_find_vm (cluster, vm->uuid) == vm)
        add_vm_beyond (&builder, vm, baseline);
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
build_baseline (const TernCluster *cluster, const char *name, const TernBaseline *baseline,
                const TernCpuDefinition *model)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  add_text (&builder, "Model", model != NULL ? model->definition->model : NULL);
  add_text (&builder, "Vendor", baseline->vendor);
  add_texts (&builder, "Features", baseline->features);
  g_variant_builder_add (&builder, "{sv}", "Hosts", build_baseline_hosts (cluster, name, baseline));
  g_variant_builder_add (&builder, "{sv}", "Vms", build_baseline_vms (cluster, name, baseline));
  return g_variant_builder_end (&builder);
}

static void
on_baseline (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernCpuDefinition) model = NULL;
  g_autoptr (TernBaseline) baseline = tern_baseline_fetch_finish (result, &model, &error);
  g_autoptr (GVariant) reply = NULL;

  (void) source;
  if (baseline == NULL)
    {
      tern_bus_return_error (call->invocation, error);
      return;
    }
  reply = g_variant_ref_sink (build_baseline (tern_assessor_get_cluster (call->parts->assessor),
                                              call->host, baseline, model));
  if (tern_call_fits (call->invocation, reply, "The baseline", "ask about one cluster"))
    tern_bus_manager_complete_get_baseline (call->bus, call->invocation, reply);
}

static gboolean
check_cluster (TernParts *parts, const char *name, GError **error)
{
  const TernCluster *cluster = tern_assessor_get_cluster (parts->assessor);
  g_autofree char *shown = NULL;

  for (guint i = 0; i < cluster->hosts->len; i++)
    if (is_in (cluster->hosts->pdata[i], name))
      return TRUE;
  if (name == NULL)
    return TRUE;
  shown = tern_text_visible (name, 60);
  g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND,
               "No host is in a cluster “%s”; see “virtern host list”", shown);
  return FALSE;
}

static gboolean
on_handle_get_baseline (TernBusManager *bus, GDBusMethodInvocation *invocation, GVariant *options,
                        gpointer data)
{
  TernParts *parts = data;
  g_autoptr (GError) error = NULL;
  g_autofree char *cluster = NULL;
  TernCall *call;

  if (!tern_options_check (options, baseline_options, &error))
    return tern_call_refuse (invocation, error);
  g_variant_lookup (options, "cluster", "s", &cluster);
  if (!check_cluster (parts, cluster, &error))
    return tern_call_refuse (invocation, error);

  call = tern_call_new (parts, bus, invocation);
  call->host = g_steal_pointer (&cluster);
  tern_baseline_fetch_async (parts->assessor, call->host, on_baseline, call);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* GetSnapshot */

static gboolean
on_handle_get_snapshot (TernBusManager *bus, GDBusMethodInvocation *invocation, GVariant *options,
                        gpointer data)
{
  TernParts *parts = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) document = NULL;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error))
    return tern_call_refuse (invocation, error);

  document = g_variant_ref_sink (
      g_variant_new_take_string (tern_assessor_format_snapshot (parts->assessor)));
  if (tern_call_fits (invocation, document, "The snapshot",
                      "a cluster as large as this can be judged only by the daemon itself"))
    tern_bus_manager_complete_get_snapshot (bus, invocation, g_variant_get_string (document, NULL));
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

void
tern_manager_connect_judgement (TernBusManager *bus, TernParts *parts)
{
  tern_call_connect (bus, "handle-check-vm", G_CALLBACK (on_handle_check_vm), parts);
  tern_call_connect (bus, "handle-plan", G_CALLBACK (on_handle_plan), parts);
  tern_call_connect (bus, "handle-get-baseline", G_CALLBACK (on_handle_get_baseline), parts);
  tern_call_connect (bus, "handle-get-snapshot", G_CALLBACK (on_handle_get_snapshot), parts);
}
