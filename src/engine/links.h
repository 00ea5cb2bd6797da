/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/inventory.h"
#include "model/task.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernLinks:
 *
 * How fast the migration links are: as the admin said (#TernHostConfig), otherwise as moves that
 * went over them showed. Private to the engine.
 */
typedef struct _TernLinks TernLinks;

/** TernLinkSource: where a rate is from */
typedef enum
{
  TERN_LINK_UNKNOWN,
  TERN_LINK_CONFIGURED,
  TERN_LINK_SEEN
} TernLinkSource;

/** tern_link_source_to_string: Returns: "unknown", "configured" or "seen" */
const char *tern_link_source_to_string (TernLinkSource source);

/** tern_links_new: @inventory: kept */
TernLinks *tern_links_new (TernInventory *inventory);
void tern_links_free (TernLinks *self);

/** tern_links_learn: takes what a task's record shows (@link_bps); of the tasks between two hosts
 * the newest counts */
void tern_links_learn (TernLinks *self, const TernTaskRecord *record);

/** tern_links_get_host: Returns: bytes per second the link of one host carries; 0 if unknown */
guint64 tern_links_get_host (const TernLinks *self, const char *host, TernLinkSource *out_source);
/** tern_links_get_path: Returns: bytes per second from one host to another: the narrower of both
 * links, or what was seen between these two; 0 if unknown */
guint64 tern_links_get_path (const TernLinks *self, const char *source, const char *destination,
                             TernLinkSource *out_source);
/** tern_links_get_stream: Returns: the most bytes per second that one move away from @host was seen
 * to take; 0 if none was */
guint64 tern_links_get_stream (const TernLinks *self, const char *host);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernLinks, tern_links_free)

G_END_DECLS
