/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Forecast: what a move would be like. Changes nothing, so everybody may ask.
 */
#include "config.h"

#include "service/call.h"

#include "engine/forecaster.h"
#include "service/bus-text.h"
#include "service/move-choice.h"
#include "service/options.h"

/* clang-format off */
static const TernOption forecast_options[] = {
  TERN_MOVE_CHOICES,
  { NULL, NULL },
};
/* clang-format on */

static void
add_measured (GVariantDict *dict, const TernForecastAnswer *answer)
{
  const TernForecastQuestion *question = &answer->question;

  g_variant_dict_insert (dict, "Memory", "t", question->memory);
  g_variant_dict_insert (dict, "DirtyKnown", "b", question->dirty_known);
  g_variant_dict_insert (dict, "DirtyRate", "t", question->dirty_bps);
  g_variant_dict_insert (dict, "LinkRate", "t", question->link_bps);
  g_variant_dict_insert (dict, "LinkRateFrom", "s",
                         tern_link_source_to_string (answer->link_source));
  g_variant_dict_insert (dict, "Policy", "s", tern_policy_to_string (question->options.policy));
}

static void
add_expected (GVariantDict *dict, const TernForecastAnswer *answer)
{
  const TernForecast *forecast = &answer->forecast;

  g_variant_dict_insert (dict, "Known", "b", forecast->known);
  g_variant_dict_insert (dict, "Min", "x", forecast->min_us);
  g_variant_dict_insert (dict, "Max", "x", forecast->max_us);
  g_variant_dict_insert (dict, "Downtime", "x", forecast->downtime_us);
  g_variant_dict_insert (dict, "Converges", "b", forecast->converges);
  g_variant_dict_insert (dict, "GivesUp", "b", forecast->gives_up);
  g_variant_dict_insert (dict, "Recommended", "s", tern_policy_to_string (forecast->recommended));
  g_variant_dict_insert_value (dict, "Sentence", tern_bus_new_text (answer->sentence));
}

static void
on_forecast (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernForecastAnswer) answer = tern_forecast_finish (result, &error);
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  (void) source;
  if (answer == NULL)
    {
      tern_bus_return_error (call->invocation, error);
      return;
    }
  add_measured (&dict, answer);
  add_expected (&dict, answer);
  tern_bus_manager_complete_forecast (call->bus, call->invocation, g_variant_dict_end (&dict));
}

static gboolean
on_handle_forecast (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                    const char *destination, GVariant *options, gpointer data)
{
  TernParts *parts = data;
  TernMoveOptions move = tern_assessor_get_settings (parts->assessor)->move;
  g_autoptr (GError) error = NULL;
  const TernVm *vm = NULL;
  TernCall *call;

  if (tern_options_check (options, forecast_options, &error)
      && tern_move_choice_parse (options, &move, &error))
    vm = tern_call_lookup_vm (parts, name, &error);
  if (vm == NULL || tern_inventory_lookup_host (parts->inventory, destination, &error) == NULL)
    return tern_call_refuse (invocation, error);

  call = tern_call_new (parts, bus, invocation);
  tern_forecast_async (parts->inventory, tern_migrator_get_links (parts->migrator), vm->uuid,
                       destination, &move, NULL, on_forecast, call);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

void
tern_manager_connect_forecast (TernBusManager *bus, TernParts *parts)
{
  tern_call_connect (bus, "handle-forecast", G_CALLBACK (on_handle_forecast), parts);
}
