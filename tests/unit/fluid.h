/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Moves as water in pipes: a little simulation of its own, that shares no code with what it checks.
 * Who begins when is said by a callback: from a list of times, by fixed caps as others have them,
 * or by the queue itself.
 */

#include "plan/schedule.h"

/** FLUID_BYTES: what a guest writes goes over again at once, as tern_schedule() computes it;
 * FLUID_PASSES: pass by pass, as QEMU does: what was written in one goes over in the next */
typedef enum
{
  FLUID_BYTES,
  FLUID_PASSES
} FluidModel;

typedef enum
{
  FLUID_WAITS,
  FLUID_PREPARES,
  FLUID_COPIES,
  FLUID_ENDS,
  FLUID_OVER
} FluidPhase;

typedef struct
{
  FluidPhase phase;
  double begin, copy_began, copied, end; /* seconds */
  double rate;
  double left;    /* of this pass */
  double written; /* in this pass */
  double sent;
  guint pass;
} FluidMove;

typedef struct _Fluid Fluid;

/* Begins moves at @self->now by fluid_begin(). Returns: when it wants to be asked again at the
 * latest; whenever a phase changes it is asked anyway. */
typedef double (*FluidPolicy) (Fluid *self, gpointer data);

struct _Fluid
{
  const TernSchedule *setup;
  const TernScheduleMove *plan;
  guint n;
  FluidModel model;
  FluidMove *moves;
  double now;
  gboolean new_daemon; /* it has not seen yet how much one move takes */
  gboolean broken;     /* a link over its rate, a wait not kept, or it stands still */
};

void fluid_init (Fluid *self, const TernSchedule *setup, const TernScheduleMove *plan, guint n,
                 FluidModel model);
void fluid_clear (Fluid *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fluid, fluid_clear)

gboolean fluid_may_begin (const Fluid *self, guint move);
void fluid_begin (Fluid *self, guint move);
/* Returns: seconds until all are over */
double fluid_run (Fluid *self, FluidPolicy policy, gpointer data);

/** FluidCaps: moves at a time, 0 for no limit; @slow_halves: hosts with less than 10 Gbit/s have
 * half of it */
typedef struct
{
  const guint *order;
  guint out;
  guint in;
  guint cluster;
  gboolean slow_halves;
} FluidCaps;

double fluid_by_caps (Fluid *self, gpointer caps);
/* At the times of the plan. */
double fluid_by_times (Fluid *self, gpointer unused);
/* By tern_queue_next(), asked for in the order of @order (guint *), as a daemon would. */
double fluid_run_by_queue (Fluid *self, const guint *order);
