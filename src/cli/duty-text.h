/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/client.h"

G_BEGIN_DECLS

/** tern_duty_text_format: @host: a{sv}. Returns: (transfer full): what it is there for, and how
 * that ends; empty if the daemon does not say */
char *tern_duty_text_format (GVariant *host);

/** tern_origins_fetch: @host: VMs that drains took from it. Returns: (transfer full) (nullable):
 * aa{sv}, see ListOrigins() of the API */
GVariant *tern_origins_fetch (TernClient *client, const char *host, GError **error);

/** tern_origin_format: @origin: a{sv}. Returns: (transfer full): "web01, on node2: it could not go
 * home: …" */
char *tern_origin_format (GVariant *origin);

G_END_DECLS
