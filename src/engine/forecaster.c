/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a move would be like, before it is begun: what goes over, how fast the guest writes
 * (measured now), how fast the link is; plan/forecast.h concludes.
 */
#include "config.h"

#include "engine/forecaster.h"

#include "base/error.h"
#include "base/text.h"

#define MAX_NAME_SHOWN 60

void
tern_forecast_answer_free (TernForecastAnswer *self)
{
  if (self == NULL)
    return;

  g_free (self->sentence);
  g_free (self);
}

static void
answer (GTask *gtask)
{
  TernForecastAnswer *known = g_task_get_task_data (gtask);
  TernForecastAnswer *told = g_memdup2 (known, sizeof *known);

  told->forecast = tern_forecast (&told->question);
  told->sentence = tern_forecast_describe (&told->question, &told->forecast);
  g_task_return_pointer (gtask, told, (GDestroyNotify) tern_forecast_answer_free);
}

/* That a host cannot measure is nothing to stop for; that it is gone is. */
static void
on_measured (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) gtask = data;
  TernForecastAnswer *known = g_task_get_task_data (gtask);
  GError *error = NULL;

  known->question.dirty_known = tern_hypervisor_measure_dirty_finish (
      TERN_HYPERVISOR (source), result, &known->question.dirty_bps, &error);
  if (g_error_matches (error, TERN_ERROR, TERN_ERROR_UNREACHABLE)
      || g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_FOUND)
      || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_task_return_error (gtask, error);
      return;
    }
  g_clear_error (&error);
  answer (gtask);
}

/* What moves over it may take: the link, and what the admin lets them have of it. */
static guint64
get_rate (TernInventory *inventory, TernLinks *links, const TernVm *vm, const char *destination,
          TernLinkSource *out_source)
{
  const char *const ends[] = { vm->host, destination };
  guint64 rate = tern_links_get_path (links, vm->host, destination, out_source);

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      const TernHost *host = tern_inventory_find_host (inventory, ends[i]);
      guint64 allowed = host != NULL ? host->config->bandwidth_bps : 0;

      if (allowed == 0 || (rate > 0 && rate <= allowed))
        continue;
      rate = allowed;
      *out_source = TERN_LINK_CONFIGURED;
    }
  return rate;
}

/* Returns: (transfer full) (nullable): why nothing can be said */
static GError *
find_vm (TernInventory *inventory, const char *vm_uuid, const char *destination, TernVm **out_vm)
{
  GError *error = NULL;
  TernVm *vm;

  if (tern_inventory_lookup_host (inventory, destination, &error) == NULL)
    return error;
  vm = tern_inventory_lookup_vm (inventory, vm_uuid, &error);
  if (vm == NULL)
    return error;
  *out_vm = vm;
  return NULL;
}

static GError *
refuse_unreachable (const TernVm *vm)
{
  g_autofree char *shown = tern_text_visible (vm->name, MAX_NAME_SHOWN);

  return g_error_new (TERN_ERROR, TERN_ERROR_UNREACHABLE,
                      "%s, where %s runs, does not answer: how fast it writes is not known; try "
                      "again when the host is back",
                      vm->host, shown);
}

void
tern_forecast_async (TernInventory *inventory, TernLinks *links, const char *vm_uuid,
                     const char *destination, const TernMoveOptions *options,
                     GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  g_autoptr (GTask) gtask = g_task_new (inventory, cancellable, cb, data);
  TernForecastAnswer *known = g_new0 (TernForecastAnswer, 1);
  TernVm *vm = NULL;
  TernHypervisor *port;
  const TernHost *host;
  GError *error = find_vm (inventory, vm_uuid, destination, &vm);

  g_task_set_task_data (gtask, known, (GDestroyNotify) tern_forecast_answer_free);
  if (error != NULL)
    {
      g_task_return_error (gtask, error);
      return;
    }
  known->question.memory = vm->memory_current > 0 ? vm->memory_current : vm->memory;
  known->question.options = *options;
  known->question.link_bps = get_rate (inventory, links, vm, destination, &known->link_source);

  /* It writes nothing while it stands still. */
  known->question.dirty_known = vm->state == TERN_VM_PAUSED;
  if (known->question.dirty_known)
    {
      answer (gtask);
      return;
    }
  host = tern_inventory_find_host (inventory, vm->host);
  port = tern_inventory_find_hypervisor (inventory, vm->host);
  if (host == NULL || host->state != TERN_HOST_UP || port == NULL)
    {
      g_task_return_error (gtask, refuse_unreachable (vm));
      return;
    }
  tern_hypervisor_measure_dirty_async (port, vm->uuid, cancellable, on_measured,
                                       g_steal_pointer (&gtask));
}

TernForecastAnswer *
tern_forecast_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
