/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/drain-parts.h"

G_BEGIN_DECLS

/**
 * TernDrainRun:
 *
 * One open drain or return: looks whenever something changed, stores what follows, orders it. Its
 * task's record is in the store already.
 *
 * Signal "over" (): the task has ended, and that is stored and told.
 */
#define TERN_TYPE_DRAIN_RUN (tern_drain_run_get_type ())
G_DECLARE_FINAL_TYPE (TernDrainRun, tern_drain_run, TERN, DRAIN_RUN, GObject)

/** TernDrainOrigins: Returns: (transfer full) (element-type TernOrigin): who belongs where, as far
 * as this return brings them back */
typedef GPtrArray *(*TernDrainOrigins) (const TernDrain *drain, gpointer data);
/** TernDrainWait: Returns: (transfer full) (nullable): what the return must wait for, a sentence */
typedef char *(*TernDrainWait) (const TernTaskRecord *record, gpointer data);

/** TernDrainOwner: what a run asks of whoever has it
 * @origins: of a return
 * @wait: asked before it looks for the first time
 */
typedef struct
{
  TernDrainOrigins origins;
  TernDrainWait wait;
  gpointer data;
} TernDrainOwner;

/** tern_drain_run_new: @children: (nullable) (element-type TernTaskRecord): what it had ordered
 * before the daemon was restarted, and has ended; the open ones are found in the list of tasks */
TernDrainRun *tern_drain_run_new (const TernDrainParts *parts, const TernDrainOwner *owner,
                                  TernTask *task, const GPtrArray *children);

/** tern_drain_run_begin_async: gives the hosts their duty, then looks; ends when that was tried
 * once: until it is done nothing is begun, and it is tried again */
void tern_drain_run_begin_async (TernDrainRun *self, GAsyncReadyCallback cb, gpointer data);
void tern_drain_run_begin_finish (TernDrainRun *self, GAsyncResult *result);

TernTask *tern_drain_run_get_task (TernDrainRun *self);
/** tern_drain_run_get_record: Returns: (transfer none): valid until the task changes */
const TernTaskRecord *tern_drain_run_get_record (TernDrainRun *self);
/** tern_drain_run_get_drain: Returns: (transfer none): likewise */
const TernDrain *tern_drain_run_get_drain (TernDrainRun *self);

/** tern_drain_run_look_soon: something happened that may matter to it */
void tern_drain_run_look_soon (TernDrainRun *self);
/** tern_drain_run_look_late: figures changed */
void tern_drain_run_look_late (TernDrainRun *self);

/** tern_drain_run_cancel: no further VM is begun; with @abort what is under way is cancelled, too.
 * Returns: %FALSE when it is over already, but for the store */
gboolean tern_drain_run_cancel (TernDrainRun *self, gboolean abort);

/** tern_drain_run_close: lets go of everything; what is under way goes on */
void tern_drain_run_close (TernDrainRun *self);

G_END_DECLS
