/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/cmd.h"

G_BEGIN_DECLS

/**
 * TernAsk: where may VMs run, and where would they go
 * @vms: (array zero-terminated=1): names or UUIDs, as typed
 * @act: (nullable): "move" or "start"; %NULL for the API's own choice
 * @destination: (nullable): only this host
 * @eject_media: local media will be taken out
 * @move: (nullable): the words that say how moves are made
 * @file: (nullable): the snapshot to be asked; %NULL to ask the daemon
 *
 * The daemon and a file answer in the same form, so whoever prints the answer need not know
 * which it was.
 */
typedef struct
{
  const char *const *vms;
  const char *act;
  const char *destination;
  gboolean eject_media;
  const TernArgs *move;
  const char *file;
} TernAsk;

/** tern_ask_init: what the options --to, --start, --eject-local-media and --snapshot say */
void tern_ask_init (TernAsk *self, const TernArgs *args);

/** tern_ask_check: of the first VM. Returns: (transfer full) (nullable): aa{sv}, see CheckVm() of
 * the API */
GVariant *tern_ask_check (TernCli *cli, const TernAsk *ask, GError **error);

/** tern_ask_plan: Returns: (transfer full) (nullable): (aa{sv}aa{sv}), see Plan() of the API */
GVariant *tern_ask_plan (TernCli *cli, const TernAsk *ask, GError **error);

G_END_DECLS
