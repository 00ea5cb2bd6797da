/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/truth.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/** TernKeep: which copy a person wants to stay */
typedef enum
{
  TERN_KEEP_SOURCE,
  TERN_KEEP_DESTINATION,
  TERN_N_KEEPS
} TernKeep;

/** tern_keep_to_string: Returns: "source" or "destination" */
const char *tern_keep_to_string (TernKeep keep);
gboolean tern_keep_from_string (const char *name, TernKeep *out_keep);

/**
 * TernResolution: what is carried out, in this order
 * @remove_other: the other host's copy is ended
 * @remove_definition: and its definition goes, because the host that keeps the VM has one
 * @let_run: the copy that stays is paused, and runs on
 */
typedef struct
{
  gboolean remove_other;
  gboolean remove_definition;
  gboolean let_run;
} TernResolution;

/**
 * tern_resolve:
 * @keep: what the person said
 * @vm: name to be shown
 * @source_host: name
 * @source: what it shows now
 * @destination_host: name
 * @destination: what it shows now
 * @error: %TERN_ERROR_REFUSED, with what can be done instead: a host is silent (its copy can be
 *   neither seen nor ended: switch it off and remove it), the copy to stay is no living VM, or has
 *   only half of its memory (post-copy), or a migration still runs
 *
 * A pure table. Ends a copy only if the other one was seen to be whole.
 */
gboolean tern_resolve (TernKeep keep, const char *vm, const char *source_host,
                       const TernSighting *source, const char *destination_host,
                       const TernSighting *destination, TernResolution *out_resolution,
                       GError **error);

/** tern_resolve_offers: Returns: (transfer full): the ways out of an attention, for its sentence:
 * "“virtern task resolve 7 --keep-destination” ends the copy on anna; …"; looking again is always
 * among them */
char *tern_resolve_offers (guint64 task_id, const char *vm, const char *source_host,
                           const TernSighting *source, const char *destination_host,
                           const TernSighting *destination);

G_END_DECLS
