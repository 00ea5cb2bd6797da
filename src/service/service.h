/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "service/parts.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernService:
 *
 * The daemon on the bus: exports the Manager and the ObjectManager at TERN_BUS_PATH, and one
 * object per host, VM and task, kept in step with the engine's signals. It does not own the
 * bus name; main() does.
 */
#define TERN_TYPE_SERVICE (tern_service_get_type ())
G_DECLARE_FINAL_TYPE (TernService, tern_service, TERN, SERVICE, GObject)

/**
 * tern_service_new:
 * @connection: to the bus
 * @parts: (transfer none)
 * @error: %TERN_ERROR_FAILED when the objects cannot be exported
 *
 * Returns: (transfer full): already answering calls
 */
TernService *tern_service_new (GDBusConnection *connection, TernParts *parts, GError **error);

/** tern_service_stop: takes everything off the bus; calls in flight still get their answers */
void tern_service_stop (TernService *self);

G_END_DECLS
