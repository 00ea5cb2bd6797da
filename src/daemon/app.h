/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/conf.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernAppOptions:
 * @session: serve on the session bus, for development
 * @simulate: (nullable): snapshot file of simulated hosts
 * @speed: how many times faster than real time the simulation runs
 * @config_file: (nullable): in place of the installed one
 * @state_dir: (nullable): folder of the store, in place of the configured one
 * @debug: write debug messages
 *
 * What the command line says.
 */
typedef struct
{
  gboolean session;
  char *simulate;
  double speed;
  char *config_file;
  char *state_dir;
  gboolean debug;
} TernAppOptions;

/** TernApp: the daemon, put together */
typedef struct _TernApp TernApp;

/**
 * tern_app_start:
 * @config: what the files say; the command line goes before it
 *
 * Opens the store, takes the bus name and answers calls. Does not run a loop.
 *
 * Returns: (transfer full) (nullable): %NULL with a sentence in @error
 */
TernApp *tern_app_start (const TernAppOptions *options, const TernConfig *config, GError **error);

/**
 * tern_app_run:
 *
 * Serves until SIGTERM or SIGINT, or until the bus is lost.
 *
 * Returns: %FALSE with @error set when it was not a signal that ended it
 */
gboolean tern_app_run (TernApp *self, GError **error);

/** tern_app_free: takes the daemon apart; running migrations are left to the hosts.
 * @self: (nullable), may be half built */
void tern_app_free (TernApp *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernApp, tern_app_free)

G_END_DECLS
