/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "plan/link-load.h"
#include "plan/schedule.h"

/* How one order of moves goes, for schedule.c, which looks for the best one. A move's life in it:
 *
 *   waiting -> preparing -> copying -> ending -> over
 */

#define NEVER 1e30
#define TINY 1e-9

typedef enum
{
  WAITING,
  PREPARING,
  COPYING,
  ENDING,
  OVER
} Phase;

typedef struct
{
  Phase phase;
  guint missing; /* of those it waits for */
  double begin;
  double since; /* in this phase */
  double end;
  double sent;
  double left; /* as known now: what is written later is not in it */
  double rate;
} State;

typedef enum
{
  OUT,
  IN,
  N_ENDS
} Way;

/* One direction of one host's link. */
typedef struct
{
  double capacity; /* bytes per second */
  gboolean known;
  gboolean seen;
  guint limit; /* 0: adaptive */
  TernLinkLoad load;
  double waiting;     /* bytes */
  gboolean beginning; /* somebody does */
  double share_left;  /* while rates are shared out */
  guint unserved;
} End;

typedef struct
{
  const TernSchedule *setup;
  const TernScheduleMove *moves;
  guint n;
  gboolean known; /* every link */
  double head;    /* overhead before the copy */
  double tail;
  double bound;
  const guint *first_waiter; /* of move i: where those that wait for it begin in @waiters */
  const guint *waiters;

  State *states;
  End *ends;  /* by host, out and in */
  End **used; /* those of any move */
  guint n_used;
  guint64 *served;
  guint *active;
  guint n_active;
  guint *line; /* those that wait, in order */
  guint n_line;
  guint64 n_served;
  double now;
  guint64 work;
} Sim;

/** tern_schedule_get_net_rate: Returns: how fast what is left gets less */
double tern_schedule_get_net_rate (double rate, double dirty);
/** tern_schedule_get_capacity: Returns: bytes per second; of a link of unknown rate those of a
 * stream */
double tern_schedule_get_capacity (const TernSchedule *setup, guint host);
/** tern_schedule_get_best_time: Returns: seconds that its bytes take when nothing else moves */
double tern_schedule_get_best_time (const TernSchedule *setup, const TernScheduleMove *move);
/** tern_schedule_get_least_bytes: Returns: the fewest bytes that will go over */
double tern_schedule_get_least_bytes (const TernSchedule *setup, const TernScheduleMove *move);

/** tern_schedule_get_end: Returns: (transfer none): the link it leaves or arrives by */
End *tern_schedule_get_end (const Sim *self, const TernScheduleMove *move, Way way);
/** tern_schedule_set_up: all that is the same in every order */
void tern_schedule_set_up (Sim *self);
/** tern_schedule_simulate: Returns: seconds until all are over; what became of each is in @states
 */
double tern_schedule_simulate (Sim *self, const guint *order);
