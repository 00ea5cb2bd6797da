/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/drain-run.h"
#include "engine/drainer.h"
#include "engine/origins.h"

G_BEGIN_DECLS

struct _TernDrainer
{
  GObject parent;

  TernDrainParts parts; /* references; all NULL: the daemon ends */
  TernOrigins *origins;
  GPtrArray *runs;    /* TernDrainRun: open ones, by id */
  GPtrArray *pending; /* TernTaskRecord: being stored; owned by their orders */
  char *cluster_id;   /* of kept plans */
  GBytes *key;        /* likewise */
};

/* drainer.c */

/** tern_drainer_find_run: Returns: (transfer none) (nullable) */
TernDrainRun *tern_drainer_find_run (TernDrainer *self, guint64 id);
/** tern_drainer_check_free: Returns: whether nothing is under way for any of @hosts as a whole, but
 * for the task @except (0: none); @error: with @code, naming the task */
gboolean tern_drainer_check_free (TernDrainer *self, const char *const *hosts, guint64 except,
                                  TernError code, GError **error);
/** tern_drainer_take_up: Returns: (transfer none): not begun yet */
TernDrainRun *tern_drainer_take_up (TernDrainer *self, TernTaskRecord *record,
                                    const GPtrArray *children);

/** tern_drainer_find_origins: as #TernDrainOrigins */
GPtrArray *tern_drainer_find_origins (const TernDrain *drain, gpointer self);

/* drainer-order.c */

/** TernDrainCommand: what is to become a task
 * @kind: "drain" or "return"
 * @uid: of the person
 */
typedef struct
{
  const char *kind;
  const TernDrain *drain;
  const TernMoveOptions *options;
  gint64 uid;
} TernDrainCommand;

/** tern_drainer_command: stores it as a task and begins it; @gtask: (transfer full): ends with the
 * #TernTask */
void tern_drainer_command (TernDrainer *self, const TernDrainCommand *command, GTask *gtask);

G_END_DECLS
