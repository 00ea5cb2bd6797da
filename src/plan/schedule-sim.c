/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long does an order take? Moves begin as plan/queue.c will let them, and share links as water
 * shares pipes, from one event to the next.
 */
#include "config.h"

#include "plan/schedule-private.h"

#define LEAD_S ((double) TERN_LINK_LEAD_US / G_USEC_PER_SEC)
#define SETTLED_AFTER_S ((double) TERN_LINK_SETTLED_US / G_USEC_PER_SEC)
/* As often as the queue is looked at while time alone may let somebody begin. */
#define LOOK_S 1.0
#define APART_S ((double) TERN_LINK_APART_US / G_USEC_PER_SEC)

double
tern_schedule_get_net_rate (double rate, double dirty)
{
  return rate - MIN (dirty, TERN_LINK_DIRTY_MOST * rate);
}

double
tern_schedule_get_capacity (const TernSchedule *setup, guint host)
{
  guint64 bps = setup->hosts[host].link_bps;

  return bps > 0 ? (double) bps : TERN_LINK_STREAM_BPS;
}

/* What it gets when nothing else moves. */
static double
get_best_rate (const TernSchedule *setup, const TernScheduleMove *move)
{
  double rate = MIN (tern_schedule_get_capacity (setup, move->from),
                     tern_schedule_get_capacity (setup, move->to));

  return move->stream_bps > 0 ? MIN (rate, (double) move->stream_bps) : rate;
}

double
tern_schedule_get_best_time (const TernSchedule *setup, const TernScheduleMove *move)
{
  double rate = get_best_rate (setup, move);

  return (double) move->bytes / tern_schedule_get_net_rate (rate, (double) move->dirty_bps);
}

double
tern_schedule_get_least_bytes (const TernSchedule *setup, const TernScheduleMove *move)
{
  return tern_schedule_get_best_time (setup, move) * get_best_rate (setup, move);
}

End *
tern_schedule_get_end (const Sim *self, const TernScheduleMove *move, Way way)
{
  return &self->ends[(way == OUT ? move->from : move->to) * N_ENDS + way];
}

/* What the queue expects a move to take before it has seen it. */
static double
get_expected_rate (const Sim *self, const TernScheduleMove *move)
{
  double rate = move->stream_bps > 0 ? (double) move->stream_bps : TERN_LINK_STREAM_BPS;

  for (Way way = OUT; way < N_ENDS; way++)
    if (!tern_schedule_get_end (self, move, way)->seen)
      rate = MIN (rate, tern_schedule_get_end (self, move, way)->capacity);
  return rate;
}

/* Loads, as the queue sees them */

static gboolean
is_late (const Sim *self, guint index)
{
  return self->states[index].sent >= TERN_LINK_LATE * (double) self->moves[index].bytes - 1;
}

/* What is left, with what will be written meanwhile. */
static double
get_left (const Sim *self, guint index)
{
  const TernScheduleMove *move = &self->moves[index];
  const State *state = &self->states[index];
  double rate = state->phase == COPYING ? state->rate : get_expected_rate (self, move);

  return MAX (state->left - 1, 0) * rate
         / tern_schedule_get_net_rate (rate, (double) move->dirty_bps);
}

/* The same of one that waits. */
static double
get_whole (const Sim *self, guint index)
{
  const TernScheduleMove *move = &self->moves[index];
  double rate = get_expected_rate (self, move);

  return (double) move->bytes * rate / tern_schedule_get_net_rate (rate, (double) move->dirty_bps);
}

static void
add_load (const Sim *self, guint index, End *end)
{
  const State *state = &self->states[index];
  double age = self->now - state->since;
  TernLinkUse use = { .copying = state->phase == COPYING,
                      .ending = state->phase == ENDING,
                      .settled = state->phase == COPYING && age >= SETTLED_AFTER_S - TINY,
                      .late = is_late (self, index),
                      .rate = state->rate,
                      .expected = get_expected_rate (self, &self->moves[index]),
                      .left = state->phase == ENDING ? 0 : get_left (self, index) };

  tern_link_load_add (&end->load, &use);
  end->beginning |= state->phase == PREPARING && self->now - state->begin < APART_S - TINY;
}

static void
count_loads (Sim *self)
{
  for (guint i = 0; i < self->n_used; i++)
    {
      self->used[i]->load = (TernLinkLoad){ 0 };
      self->used[i]->beginning = FALSE;
    }
  for (guint i = 0; i < self->n_active; i++)
    for (Way way = OUT; way < N_ENDS; way++)
      add_load (self, self->active[i],
                tern_schedule_get_end (self, &self->moves[self->active[i]], way));
}

static gboolean
has_room (const Sim *self, const TernScheduleMove *move, Way way)
{
  const End *end = tern_schedule_get_end (self, move, way);
  TernLink link = { end->known ? end->capacity : 0, end->seen, end->waiting,
                    get_expected_rate (self, move) };

  if (end->limit > 0)
    return end->load.n < end->limit;
  return tern_link_load_has_room (&end->load, &link);
}

/* Where no link says more, moves away from a host begin apart. */
static gboolean
keeps_apart (const End *end)
{
  return (end->limit > 0 || end->seen || !end->known) && end->beginning;
}

static gboolean
may_begin (const Sim *self, guint index)
{
  const TernScheduleMove *move = &self->moves[index];
  const End *out = tern_schedule_get_end (self, move, OUT);

  return self->states[index].missing == 0 && has_room (self, move, OUT) && has_room (self, move, IN)
         && !keeps_apart (out)
         && (self->setup->limit_cluster == 0 || self->n_active < self->setup->limit_cluster);
}

/* Beginning */

/* As tern_queue_next() has it: fewest under way at the source, served longest ago, then oldest. */
static gboolean
goes_before (const Sim *self, guint a, guint b)
{
  guint from_a = self->moves[a].from, from_b = self->moves[b].from;
  guint n_a = tern_schedule_get_end (self, &self->moves[a], OUT)->load.n,
        n_b = tern_schedule_get_end (self, &self->moves[b], OUT)->load.n;

  if (n_a != n_b)
    return n_a < n_b;
  return self->served[from_a] < self->served[from_b];
}

static void
begin_move (Sim *self, guint place)
{
  guint index = self->line[place];
  State *state = &self->states[index];

  state->phase = PREPARING;
  state->begin = state->since = self->now;
  state->left = (double) self->moves[index].bytes;
  self->served[self->moves[index].from] = ++self->n_served;
  self->active[self->n_active++] = index;
  for (guint i = place + 1; i < self->n_line; i++)
    self->line[i - 1] = self->line[i];
  self->n_line--;
  for (Way way = OUT; way < N_ENDS; way++)
    {
      tern_schedule_get_end (self, &self->moves[index], way)->waiting -= get_whole (self, index);
      add_load (self, index, tern_schedule_get_end (self, &self->moves[index], way));
    }
}

static void
begin_all (Sim *self)
{
  for (;;)
    {
      int next = -1;

      for (guint i = 0; i < self->n_line; i++)
        if (may_begin (self, self->line[i])
            && (next < 0 || goes_before (self, self->line[i], self->line[next])))
          next = (int) i;
      self->work += self->n_line;
      /* What waits for itself would wait for ever. */
      if (next < 0 && self->n_active == 0 && self->n_line > 0)
        next = 0;
      if (next < 0)
        return;
      begin_move (self, (guint) next);
    }
}

/* Sharing links */

static double
get_share (const Sim *self, guint index)
{
  const TernScheduleMove *move = &self->moves[index];
  const End *out = tern_schedule_get_end (self, move, OUT),
            *in = tern_schedule_get_end (self, move, IN);
  double share = MIN (out->share_left / out->unserved, in->share_left / in->unserved);

  return move->stream_bps > 0 ? MIN (share, (double) move->stream_bps) : share;
}

static void
give (Sim *self, guint index, double rate)
{
  self->states[index].rate = MAX (rate, 1);
  for (Way way = OUT; way < N_ENDS; way++)
    {
      End *end = tern_schedule_get_end (self, &self->moves[index], way);

      end->share_left = MAX (end->share_left - rate, 0);
      end->unserved--;
    }
}

/* The lowest shares are given out first; what they leave is for the others. */
static void
share_links (Sim *self)
{
  guint n = 0;
  g_autofree guint *open = g_new (guint, self->n_active + 1);

  for (guint i = 0; i < self->n_active; i++)
    if (self->states[self->active[i]].phase == COPYING)
      open[n++] = self->active[i];
  for (guint i = 0; i < n; i++)
    for (Way way = OUT; way < N_ENDS; way++)
      {
        End *end = tern_schedule_get_end (self, &self->moves[open[i]], way);

        end->share_left = end->capacity;
        end->unserved = 0;
      }
  for (guint i = 0; i < n; i++)
    for (Way way = OUT; way < N_ENDS; way++)
      tern_schedule_get_end (self, &self->moves[open[i]], way)->unserved++;
  while (n > 0)
    {
      double lowest = NEVER;
      guint kept = 0;

      for (guint i = 0; i < n; i++)
        lowest = MIN (lowest, get_share (self, open[i]));
      for (guint i = 0; i < n; i++)
        if (get_share (self, open[i]) <= lowest * (1 + TINY))
          give (self, open[i], lowest);
        else
          open[kept++] = open[i];
      self->work += 2 * n;
      n = kept;
    }
}

/* Time */

static double
get_net (const Sim *self, guint index)
{
  return tern_schedule_get_net_rate (self->states[index].rate,
                                     (double) self->moves[index].dirty_bps);
}

/* When will its rest take less than another needs to prepare, at this rate? */
static double
find_lead (const Sim *self, guint index, double rate)
{
  double more = get_left (self, index) - LEAD_S * rate;

  return more > 1 ? more / self->states[index].rate : NEVER;
}

/* When does something happen with this one that may let another begin? */
static double
find_next_event (const Sim *self, guint index)
{
  const TernScheduleMove *move = &self->moves[index];
  const State *state = &self->states[index];
  double age = self->now - state->since;
  double net, next;

  if (state->phase == PREPARING)
    return MIN (self->head - age, age < APART_S - TINY ? APART_S - age : NEVER);
  if (state->phase == ENDING)
    return self->tail - age;
  net = get_net (self, index);
  next = MIN (state->left / net, find_lead (self, index, state->rate));
  next = MIN (next, find_lead (self, index, get_expected_rate (self, move)));
  if (age < SETTLED_AFTER_S - TINY)
    next = MIN (next, SETTLED_AFTER_S - age);
  if (!is_late (self, index))
    next = MIN (next, (TERN_LINK_LATE * (double) move->bytes - state->sent) / state->rate);
  return next;
}

/* When what is under way at an end will be less than another needs to prepare; or, while one is the
 * longest, as often as the queue looks. */
static double
find_next_opening (const Sim *self)
{
  double next = NEVER;

  for (guint i = 0; i < self->n_used; i++)
    self->used[i]->share_left = 0;
  for (guint i = 0; i < self->n_active; i++)
    if (self->states[self->active[i]].phase == COPYING)
      for (Way way = OUT; way < N_ENDS; way++)
        tern_schedule_get_end (self, &self->moves[self->active[i]], way)->share_left +=
            self->states[self->active[i]].rate;
  for (guint i = 0; i < self->n_used; i++)
    {
      const End *end = self->used[i];
      double more = end->load.left - end->capacity * LEAD_S;

      if (end->limit == 0 && end->known && more > 1 && end->share_left > 0)
        next = MIN (next, more / end->share_left);
      if (end->limit == 0 && end->known && end->waiting > 1
          && end->load.longest > (end->load.left + end->waiting) / end->capacity)
        next = MIN (next, LOOK_S);
    }
  return next;
}

static void
move_on (Sim *self, double step)
{
  self->now += step;
  for (guint i = 0; i < self->n_active; i++)
    {
      State *state = &self->states[self->active[i]];

      if (state->phase != COPYING)
        continue;
      state->left -= step * get_net (self, self->active[i]);
      state->sent += step * state->rate;
    }
}

/* Only what may begin is in the queue. */
static void
ask_for (Sim *self, guint index)
{
  for (Way way = OUT; way < N_ENDS; way++)
    tern_schedule_get_end (self, &self->moves[index], way)->waiting += get_whole (self, index);
}

static void
release_waiters (Sim *self, guint index)
{
  for (guint i = self->first_waiter[index]; i < self->first_waiter[index + 1]; i++)
    if (--self->states[self->waiters[i]].missing == 0)
      ask_for (self, self->waiters[i]);
}

/* Into the phases that are reached now. */
static void
change_phases (Sim *self)
{
  guint kept = 0;

  for (guint i = 0; i < self->n_active; i++)
    {
      guint index = self->active[i];
      State *state = &self->states[index];

      if (state->phase == PREPARING && self->now - state->since >= self->head - TINY)
        state->phase = COPYING, state->since = self->now;
      if (state->phase == COPYING && state->left < 1)
        state->phase = ENDING, state->since = self->now;
      if (state->phase == ENDING && self->now - state->since >= self->tail - TINY)
        {
          state->phase = OVER;
          state->end = self->now;
          release_waiters (self, index);
          continue;
        }
      self->active[kept++] = index;
    }
  self->n_active = kept;
}

static void
reset (Sim *self, const guint *order)
{
  memset (self->states, 0, self->n * sizeof *self->states);
  memset (self->served, 0, self->setup->n_hosts * sizeof *self->served);
  for (guint i = 0; i < self->n; i++)
    self->states[i].missing = self->moves[i].after != NULL ? self->moves[i].after->len : 0;
  for (guint i = 0; i < self->n_used; i++)
    self->used[i]->waiting = 0;
  for (guint i = 0; i < self->n; i++)
    {
      self->line[i] = order[i];
      if (self->states[i].missing == 0)
        ask_for (self, i);
    }
  self->n_line = self->n;
  self->n_active = 0;
  self->n_served = 0;
  self->now = 0;
}

double
tern_schedule_simulate (Sim *self, const guint *order)
{
  reset (self, order);
  for (;;)
    {
      double step = NEVER;

      change_phases (self);
      share_links (self);
      count_loads (self);
      begin_all (self);
      if (self->n_active == 0)
        return self->now;
      for (guint i = 0; i < self->n_active; i++)
        step = MIN (step, find_next_event (self, self->active[i]));
      if (self->n_line > 0)
        step = MIN (step, find_next_opening (self));
      self->work += 8 * self->n_active + 4 * self->n_used;
      move_on (self, MAX (step, TINY));
    }
}

static void
set_up_ends (Sim *self)
{
  const TernSchedule *setup = self->setup;

  for (guint i = 0; i < setup->n_hosts * N_ENDS; i++)
    {
      const TernScheduleHost *host = &setup->hosts[i / N_ENDS];

      self->ends[i].capacity = tern_schedule_get_capacity (setup, i / N_ENDS);
      self->ends[i].limit = i % N_ENDS == OUT ? host->limit_out : host->limit_in;
      self->ends[i].known = host->link_bps > 0;
      self->ends[i].seen = host->link_seen;
    }
}

static void
find_used (Sim *self)
{
  for (guint i = 0; i < self->n; i++)
    for (Way way = OUT; way < N_ENDS; way++)
      {
        End *end = tern_schedule_get_end (self, &self->moves[i], way);

        if (end->unserved++ == 0)
          self->used[self->n_used++] = end;
      }
}

void
tern_schedule_set_up (Sim *self)
{
  set_up_ends (self);
  find_used (self);
}
