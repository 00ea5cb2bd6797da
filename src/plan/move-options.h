/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/cluster.h"
#include "model/move.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * tern_move_options_check:
 * @vm: (nullable): whose move it is, or %NULL to check the options by themselves
 * @source: (nullable): facts of the host it leaves
 * @destination: (nullable): facts of the host it goes to
 * @error: %TERN_ERROR_INVALID_ARGUMENT for a combination that can never be, %TERN_ERROR_REFUSED for
 *   one that these hosts or this VM do not allow; the sentence says why and what to leave out
 *
 * Combinations that libvirt or QEMU refuse late, or that end badly: several connections with
 * xbzrle; zlib and zstd without several connections, or with a libvirt older than 9.4; several
 * connections with post-copy where a QEMU is older than 10.1 (the VM can end shut off); post-copy
 * of a paused VM; a bandwidth below 1 MiB/s, which libvirt would round to none.
 */
gboolean tern_move_options_check (const TernMoveOptions *options, const TernVm *vm,
                                  const TernHostFacts *source, const TernHostFacts *destination,
                                  GError **error);

G_END_DECLS
