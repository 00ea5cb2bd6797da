/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/inventory.h"
#include "engine/links.h"
#include "plan/forecast.h"

G_BEGIN_DECLS

/**
 * TernForecastAnswer: what was measured, and what follows
 * @question: what the forecast is made from
 * @link_source: where the link's rate is from
 * @forecast: what follows
 * @sentence: for people
 */
typedef struct
{
  TernForecastQuestion question;
  TernLinkSource link_source;
  TernForecast forecast;
  char *sentence;
} TernForecastAnswer;

void tern_forecast_answer_free (TernForecastAnswer *self);

/**
 * tern_forecast_async:
 * @inventory: knows the VM and its host
 * @links: rates of the links
 * @vm_uuid: of a running VM
 * @destination: host name
 * @options: how it would be moved
 *
 * Has the source measure how fast the VM writes (a second or two), then computes. A source that
 * cannot measure is no error: @dirty_known is %FALSE then. Errors: %TERN_ERROR_NOT_FOUND,
 * %TERN_ERROR_UNREACHABLE.
 */
void tern_forecast_async (TernInventory *inventory, TernLinks *links, const char *vm_uuid,
                          const char *destination, const TernMoveOptions *options,
                          GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data);
/** tern_forecast_finish: Returns: (transfer full) */
TernForecastAnswer *tern_forecast_finish (GAsyncResult *result, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernForecastAnswer, tern_forecast_answer_free)

G_END_DECLS
