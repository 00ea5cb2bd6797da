/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/drain-run.h"

G_BEGIN_DECLS

/* For the files of a drain's run only: drain-run.c looks, drain-run-act.c has it done,
 * drain-run-end.c sees to the duty of its hosts and to its end. */

/**
 * TernDrainStage:
 * @TERN_DRAIN_BEGINNING: its hosts do not have their duty yet
 * @TERN_DRAIN_OPEN: it looks and orders
 * @TERN_DRAIN_ENDING: how it ends is decided
 * @TERN_DRAIN_CLOSED: it is over, or the daemon ends
 */
typedef enum
{
  TERN_DRAIN_BEGINNING,
  TERN_DRAIN_OPEN,
  TERN_DRAIN_ENDING,
  TERN_DRAIN_CLOSED
} TernDrainStage;

struct _TernDrainRun
{
  GObject parent;

  TernDrainParts parts; /* references */
  TernDrainOwner owner;
  TernTask *task;
  TernDrainStage stage;
  GPtrArray *children; /* TernTask: by id; ended ones, too */

  gint64 since_us;  /* wall time of the order or of the daemon's start, the later one */
  gint64 looked_us; /* monotonic, 0: never */
  gint64 look_at_us;
  guint look_timer;
  gboolean waited;  /* for others, before the first look */
  guint refreshing; /* answers of hosts whose figures a child changed */

  /* drain-run-act.c */
  TernDrainStep *step;        /* its acts wait until the record is stored */
  gint64 decided_us;          /* when that was decided, monotonic */
  gboolean decided_cancelled; /* and with the cancel in mind */
  guint ordering;             /* answers that are waited for */
  gboolean writing;           /* one write at a time */
  gboolean unsaved;           /* the store does not have what is shown */
  gboolean complained;        /* of the store */
  int progress;               /* seen: shown when it is stored */
  int saving;                 /* of it, what is being written */
  gint64 saved_us;            /* when it was last written, monotonic */
  GHashTable *refused;        /* UUID -> guint: how often an order for that VM was not taken */
  GHashTable *spent;          /* UUIDs of VMs that are not ordered again */

  /* drain-run-end.c */
  GTask *beginning;      /* somebody waits for it */
  TernTaskRecord *final; /* how it ends */
  guint again_timer;     /* to try again what the store did not take */
};

/** tern_drain_run_take_step: @step: (transfer full): stores what is new, then orders */
void tern_drain_run_take_step (TernDrainRun *self, TernDrainStep *step);
/** tern_drain_run_save: stores the record, unless that is under way */
void tern_drain_run_save (TernDrainRun *self);
/** tern_drain_run_is_busy: Returns: whether what was decided last is not ordered yet */
gboolean tern_drain_run_is_busy (TernDrainRun *self);
/** tern_drain_run_log: tells the log how the task stands */
void tern_drain_run_log (TernDrainRun *self);

/** tern_drain_run_end: @step: the last one */
void tern_drain_run_end (TernDrainRun *self, const TernDrainStep *step);
/** tern_drain_run_opened: its hosts have their duty */
void tern_drain_run_opened (TernDrainRun *self);
void tern_drain_run_emit_over (TernDrainRun *self);

G_END_DECLS
