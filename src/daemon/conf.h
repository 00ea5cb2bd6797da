/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/settings.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernConfig:
 * @state_dir: (nullable): folder of the store; %NULL when no file says
 * @debug: write debug messages
 * @settings: for judging and choosing hosts
 * @shared_paths: (nullable) (array zero-terminated=1): sorted: folders that are the same storage on
 *   every host
 * @drain_rules: (nullable) (array zero-terminated=1): what drains do with VMs by name; @settings
 *   has them, too, and does not own them
 *
 * What the configuration files say.
 */
typedef struct
{
  char *state_dir;
  gboolean debug;
  TernSettings settings;
  GStrv shared_paths;
  GStrv drain_rules;
} TernConfig;

void tern_config_free (TernConfig *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernConfig, tern_config_free)

/**
 * tern_config_load:
 * @path: the main file
 * @required: it must be there
 * @error: %TERN_ERROR_INVALID_ARGUMENT, naming file, line and key
 *
 * Reads @path, then the files conf.d/NAME.conf beside it, by name; later values count.
 * Groups and keys that are not known are refused: a typing error is no silent default.
 *
 * Returns: (transfer full)
 */
TernConfig *tern_config_load (const char *path, gboolean required, GError **error);

G_END_DECLS
