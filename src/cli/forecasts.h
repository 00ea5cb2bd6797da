/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/cmd.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/**
 * tern_forecasts_fetch:
 * @moves: aa{sv}, see Plan() of the API
 *
 * What each of the moves would be like, made as the options of the command say. They are asked for
 * side by side, some at a time; how far that is goes to stderr. One that fails ends nothing.
 *
 * Returns: (transfer full) (element-type GVariant): of each move, a{sv}: what Forecast() of the API
 *   answered, or "Error" (s)
 */
GPtrArray *tern_forecasts_fetch (TernCli *cli, GVariant *moves);

/** tern_forecasts_print: a table, and a sentence on each move that is out of the ordinary, or on
 * the only one */
void tern_forecasts_print (GVariant *moves, GPtrArray *forecasts);

/** tern_forecasts_add_to_json: @plan: an object with "moves", each of which gets "forecast" (an
 * object) or "forecast-error" (a sentence) */
void tern_forecasts_add_to_json (JsonNode *plan, GPtrArray *forecasts);

G_END_DECLS
