/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/host.h"
#include "service/options.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/* clang-format off */
/** TERN_HOST_CHOICES: lines of a table of options: how a host is used, said when it is added */
#define TERN_HOST_CHOICES                                                                          \
  { "peer-uri",          "s" },                                                                    \
  { "migration-address", "s" },                                                                    \
  { "cluster",           "s" },                                                                    \
  { "memory-reserve",    "t" }
/** TERN_HOST_LIMIT_CHOICES: likewise, what moves may take of it */
#define TERN_HOST_LIMIT_CHOICES                                                                    \
  { "limit-out",         "u" },                                                                    \
  { "limit-in",          "u" },                                                                    \
  { "link-rate",         "t" },                                                                    \
  { "bandwidth",         "t" }
/* clang-format on */

/**
 * tern_host_choice_apply:
 * @options: checked by a table of these
 * @config: what is given is changed; "" and 0 stand for none of its own
 * @error: %TERN_ERROR_INVALID_ARGUMENT, naming the option; @config is half changed then
 */
gboolean tern_host_choice_apply (GVariant *options, TernHostConfig *config, GError **error);

G_END_DECLS
