/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A simulated migration, between sim-move.c (how it goes), sim-copy.c (its passes), sim-postcopy.c
 * (when the guest goes ahead), sim-link.c (how fast) and sim-fault.c (how it fails).
 */

#include "drivers/sim-private.h"

#include "base/error.h"

G_BEGIN_DECLS

typedef enum
{
  STAGE_BEGIN,
  STAGE_PREPARE,
  STAGE_COPY,
  STAGE_SWITCH,
  STAGE_POSTCOPY,
  STAGE_FINISH,
  STAGE_BROKEN
} Stage;

typedef void (*StepFunc) (SimMove *self);

struct _SimMove
{
  TernSim *sim;
  SimHost *source;
  SimHost *dest;
  TernVm *vm;          /* as it was on the source */
  TernVm *dest_before; /* (nullable): a definition that was there */
  gboolean persistent;
  guint64 bandwidth_bps;
  guint64 postcopy_bandwidth_bps;
  gint64 downtime_limit_us;
  TernMigrateFlags flags;
  SimCall *call; /* NULL once answered, while a broken post-copy waits to be taken up */

  Stage stage;
  guint timer;
  StepFunc step;
  guint lost_timer; /* keepalive between the two hosts */
  guint tcp_timer;  /* of a post-copy whose link is cut */
  guint abort_timer;
  guint stuck_timer;
  gboolean waiting;  /* the step is due, but a host hangs */
  gboolean hung;     /* a scripted hang */
  gboolean aborting; /* remembered while preparing */
  gboolean lost;     /* the destination is gone */
  gboolean paused;   /* the source, by us */
  gboolean run;      /* start the CPUs on the destination */
  gboolean leave_definition;
  gboolean struck;       /* the fault of the copy, or of the post-copy, had its chance */
  gboolean stuck;        /* the monitor */
  gboolean handing_over; /* the switchover is that to post-copy */
  gboolean postcopied;   /* there is no way back */

  gint64 began_us;
  gint64 copy_us; /* when the first pass began */
  gint64 pass_us; /* when this one did */
  gint64 paused_us;
  gint64 downtime_us;    /* once the guest runs on the destination */
  gint64 dirty_since_us; /* the guest dirties at its present rate since then */
  gint64 settled_us;     /* remaining and processed are of then */
  guint64 total;
  guint64 processed;
  guint64 remaining;
  guint64 rate;
  guint64 dirty_seen; /* rate seen in the last pass */
  guint64 pass_bytes;
  double dirty_before; /* bytes dirtied in this pass until @dirty_since_us */
  guint64 postcopy_rest;
  guint64 link_rate; /* while what the links carry is divided */
  gboolean unserved; /* likewise */
  guint iteration;
  guint throttle; /* percent */
};

/* --- sim-move.c --- */

SimDomain *tern_sim_move_find_source (const SimMove *self);
SimDomain *tern_sim_move_find_dest (const SimMove *self);
/** tern_sim_move_schedule: @step comes next, in place of what was to come */
void tern_sim_move_schedule (SimMove *self, gint64 delay_us, StepFunc step);
/** tern_sim_move_stand_still: nothing comes next */
void tern_sim_move_stand_still (SimMove *self);
/** tern_sim_move_continue: goes on after a hang */
void tern_sim_move_continue (SimMove *self);
/** tern_sim_move_is_held_up: Returns: whether a libvirtd that hangs holds up the stage */
gboolean tern_sim_move_is_held_up (const SimMove *self);
/** tern_sim_move_step_switched: the last page is over */
void tern_sim_move_step_switched (SimMove *self);

/* --- sim-copy.c --- */

/** tern_sim_move_settle: counts what was sent until now, at the rate until now */
void tern_sim_move_settle (SimMove *self);
/** tern_sim_move_reschedule: its rate has changed; the end of its stage is another */
void tern_sim_move_reschedule (SimMove *self);
/** tern_sim_move_start_copying: the destination is ready */
void tern_sim_move_start_copying (SimMove *self);
/** tern_sim_move_hold_guest: the source's CPUs stop, until the move ends */
void tern_sim_move_hold_guest (SimMove *self);
gint64 tern_sim_move_time_to_send (guint64 bytes, guint64 rate);

/* --- sim-link.c --- */

/** tern_sim_move_is_sending: Returns: whether it wants its share of the links */
gboolean tern_sim_move_is_sending (const SimMove *self);
/** tern_sim_move_is_cut: Returns: whether nothing can go over */
gboolean tern_sim_move_is_cut (const SimMove *self);
/** tern_sim_move_watch_tcp: a post-copy whose link is cut for long enough breaks */
void tern_sim_move_watch_tcp (SimMove *self);
/** tern_sim_move_share_links: gives each move that copies its share, after one began or ended */
void tern_sim_move_share_links (TernSim *sim);

/* --- sim-postcopy.c --- */

/** tern_sim_move_step_rest: the end of a part of the post-copy */
void tern_sim_move_step_rest (SimMove *self);
void tern_sim_move_schedule_rest (SimMove *self);
/** tern_sim_move_step_ahead: the guest runs on the destination from here on */
void tern_sim_move_step_ahead (SimMove *self);
/** tern_sim_move_show_source_lost: the destination's half of a post-copy will get no more */
void tern_sim_move_show_source_lost (SimMove *self);
/** tern_sim_move_break: the post-copy ends half-way; @message: of its call's error */
void tern_sim_move_break (SimMove *self, TernError code, const char *message);

/* --- sim-fault.c --- */

/** tern_sim_move_end: answers the call and frees the move; @error: (transfer full) (nullable) */
void tern_sim_move_end (SimMove *self, GError *error);
/** tern_sim_move_fail: back to how it was: the destination's copy ends, the source goes on; frees
 * the move */
void tern_sim_move_fail (SimMove *self, TernError code, const char *message);
/** tern_sim_move_apply_fault: Returns: whether the move goes on by itself; if not, it is ended
 * (and freed), hung, or about to be */
gboolean tern_sim_move_apply_fault (SimMove *self, TernSimPhase phase, TernSimFault fault,
                                    gint64 length_us);
/** tern_sim_move_strike: applies the fault that is due in @phase, if there is one; returns as
 * tern_sim_move_apply_fault() */
gboolean tern_sim_move_strike (SimMove *self, TernSimPhase phase);

G_END_DECLS
