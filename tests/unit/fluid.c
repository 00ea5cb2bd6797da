/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "fluid.h"

#include <math.h>

#define FOREVER 1e30
#define NOTHING 1e-7
/* A copy ends when the rest takes no longer than the guest may stand still. */
#define DOWNTIME 0.3
/* A guest that writes faster is slowed down. */
#define WRITES_MOST 0.75

void
fluid_init (Fluid *self, const TernSchedule *setup, const TernScheduleMove *plan, guint n,
            FluidModel model)
{
  *self = (Fluid){ setup, plan, n, model, g_new0 (FluidMove, n + 1), 0, FALSE, FALSE };
}

void
fluid_clear (Fluid *self)
{
  g_free (self->moves);
}

gboolean
fluid_may_begin (const Fluid *self, guint move)
{
  const GArray *after = self->plan[move].after;

  if (self->moves[move].phase != FLUID_WAITS)
    return FALSE;
  for (guint i = 0; after != NULL && i < after->len; i++)
    if (self->moves[g_array_index (after, guint, i)].phase != FLUID_OVER)
      return FALSE;
  return TRUE;
}

void
fluid_begin (Fluid *self, guint move)
{
  self->broken |= !fluid_may_begin (self, move);
  self->moves[move] = (FluidMove){
    .phase = FLUID_PREPARES, .begin = self->now, .left = (double) self->plan[move].bytes, .pass = 1
  };
}

/* Rates: the fullest pipe is dealt with first. */

typedef struct
{
  double *room;  /* by host: out, then in */
  guint *takers; /* who still has no rate */
} Pipes;

static guint
get_pipe (const Fluid *self, guint move, guint way)
{
  return way == 0 ? self->plan[move].from : self->setup->n_hosts + self->plan[move].to;
}

static void
settle (Fluid *self, Pipes *pipes, guint move, double rate)
{
  self->moves[move].rate = rate;
  for (guint way = 0; way < 2; way++)
    {
      guint pipe = get_pipe (self, move, way);

      pipes->room[pipe] = fmax (pipes->room[pipe] - rate, 0);
      pipes->takers[pipe]--;
    }
}

static double
find_lowest_share (const Fluid *self, const Pipes *pipes, guint *out_pipe)
{
  double lowest = FOREVER;

  for (guint i = 0; i < 2 * self->setup->n_hosts; i++)
    if (pipes->takers[i] > 0 && pipes->room[i] / pipes->takers[i] < lowest)
      {
        lowest = pipes->room[i] / pipes->takers[i];
        *out_pipe = i;
      }
  return lowest;
}

/* Those that want less than the lowest share get it. Returns: whether there was one */
static gboolean
settle_modest (Fluid *self, Pipes *pipes, double share)
{
  for (guint i = 0; i < self->n; i++)
    {
      double wish = (double) self->plan[i].stream_bps;

      if (self->moves[i].phase == FLUID_COPIES && self->moves[i].rate < 0 && wish > 0
          && wish <= share)
        {
          settle (self, pipes, i, wish);
          return TRUE;
        }
    }
  return FALSE;
}

static void
settle_pipe (Fluid *self, Pipes *pipes, guint pipe, double share)
{
  for (guint i = 0; i < self->n; i++)
    if (self->moves[i].phase == FLUID_COPIES && self->moves[i].rate < 0
        && (get_pipe (self, i, 0) == pipe || get_pipe (self, i, 1) == pipe))
      settle (self, pipes, i, share);
}

static void
find_rates (Fluid *self)
{
  guint n = self->setup->n_hosts, pipe = 0;
  g_autofree double *room = g_new0 (double, 2 * n + 1);
  g_autofree guint *takers = g_new0 (guint, 2 * n + 1);
  Pipes pipes = { room, takers };

  for (guint i = 0; i < 2 * n; i++)
    room[i] = (double) self->setup->hosts[i % n].link_bps;
  for (guint i = 0; i < self->n; i++)
    {
      self->moves[i].rate = self->moves[i].phase == FLUID_COPIES ? -1 : 0;
      for (guint way = 0; way < 2 && self->moves[i].phase == FLUID_COPIES; way++)
        takers[get_pipe (self, i, way)]++;
    }
  for (;;)
    {
      double share = find_lowest_share (self, &pipes, &pipe);

      if (share >= FOREVER)
        return;
      if (!settle_modest (self, &pipes, share))
        settle_pipe (self, &pipes, pipe, share);
    }
}

static void
check_rates (Fluid *self)
{
  guint n = self->setup->n_hosts;
  g_autofree double *sum = g_new0 (double, 2 * n + 1);

  for (guint i = 0; i < self->n; i++)
    {
      double wish = (double) self->plan[i].stream_bps;

      for (guint way = 0; way < 2; way++)
        sum[get_pipe (self, i, way)] += self->moves[i].rate;
      self->broken |= wish > 0 && self->moves[i].rate > wish * (1 + NOTHING);
    }
  for (guint i = 0; i < 2 * n; i++)
    self->broken |= sum[i] > (double) self->setup->hosts[i % n].link_bps * (1 + NOTHING);
}

/* Time */

static double
get_writes (const Fluid *self, guint move)
{
  return fmin ((double) self->plan[move].dirty_bps, WRITES_MOST * self->moves[move].rate);
}

static double
get_half_overhead (const Fluid *self)
{
  return (double) self->setup->overhead_us / 2e6;
}

/* How much less is left after a second. */
static double
get_progress (const Fluid *self, guint move)
{
  double writes = self->model == FLUID_BYTES ? get_writes (self, move) : 0;

  return self->moves[move].rate - writes;
}

static double
find_step (const Fluid *self)
{
  double step = FOREVER, half = get_half_overhead (self);

  for (guint i = 0; i < self->n; i++)
    {
      const FluidMove *move = &self->moves[i];

      if (move->phase == FLUID_PREPARES)
        step = fmin (step, move->begin + half - self->now);
      else if (move->phase == FLUID_COPIES)
        step = fmin (step, move->left / get_progress (self, i));
      else if (move->phase == FLUID_ENDS)
        step = fmin (step, move->copied + half - self->now);
    }
  return fmax (step, 0);
}

/* Returns: whether the copy is over */
static gboolean
end_pass (Fluid *self, guint index)
{
  FluidMove *move = &self->moves[index];

  if (move->left > 1)
    return FALSE;
  if (self->model == FLUID_BYTES || move->written <= DOWNTIME * move->rate)
    return TRUE;
  move->left = fmin (move->written, (double) self->plan[index].bytes);
  move->written = 0;
  move->pass++;
  return FALSE;
}

static void
flow (Fluid *self, double step)
{
  self->now += step;
  for (guint i = 0; i < self->n; i++)
    if (self->moves[i].phase == FLUID_COPIES)
      {
        self->moves[i].left -= step * get_progress (self, i);
        self->moves[i].written += step * get_writes (self, i);
        self->moves[i].sent += step * self->moves[i].rate;
      }
}

static void
change (Fluid *self, guint index)
{
  FluidMove *move = &self->moves[index];
  double half = get_half_overhead (self);

  if (move->phase == FLUID_PREPARES && self->now >= move->begin + half - NOTHING)
    {
      move->phase = FLUID_COPIES;
      move->copy_began = self->now;
    }
  else if (move->phase == FLUID_COPIES && end_pass (self, index))
    {
      move->phase = FLUID_ENDS;
      move->copied = self->now;
    }
  if (move->phase == FLUID_ENDS && self->now >= move->copied + half - NOTHING)
    {
      move->phase = FLUID_OVER;
      move->end = self->now;
    }
}

double
fluid_run (Fluid *self, FluidPolicy policy, gpointer data)
{
  for (;;)
    {
      double wake, step;

      wake = policy (self, data);
      find_rates (self);
      check_rates (self);
      step = fmin (find_step (self), fmax (wake - self->now, 0));
      if (step >= FOREVER / 2)
        break;
      flow (self, step);
      for (guint i = 0; i < self->n; i++)
        change (self, i);
    }
  for (guint i = 0; i < self->n; i++)
    self->broken |= self->moves[i].phase != FLUID_OVER;
  return self->now;
}

/* Policies */

double
fluid_by_times (Fluid *self, gpointer unused)
{
  double next = FOREVER;

  (void) unused;
  for (guint i = 0; i < self->n; i++)
    {
      double begin = (double) self->plan[i].begin_us / 1e6;

      if (self->moves[i].phase != FLUID_WAITS)
        continue;
      if (begin <= self->now + 1e-5 && fluid_may_begin (self, i))
        fluid_begin (self, i);
      else
        next = fmin (next, begin > self->now ? begin : FOREVER);
    }
  return next;
}

static gboolean
is_under_way (const FluidMove *move)
{
  return move->phase != FLUID_WAITS && move->phase != FLUID_OVER;
}

static guint
get_cap (const Fluid *self, const FluidCaps *caps, guint cap, guint host)
{
  gboolean slow = self->setup->hosts[host].link_bps < 1250000000;

  return caps->slow_halves && slow ? cap / 2 : cap;
}

static gboolean
fits_caps (const Fluid *self, const FluidCaps *caps, guint move)
{
  guint most_out = get_cap (self, caps, caps->out, self->plan[move].from);
  guint most_in = get_cap (self, caps, caps->in, self->plan[move].to);
  guint out = 0, in = 0, all = 0;

  for (guint i = 0; i < self->n; i++)
    if (is_under_way (&self->moves[i]))
      {
        all++;
        out += self->plan[i].from == self->plan[move].from;
        in += self->plan[i].to == self->plan[move].to;
      }
  return (most_out == 0 || out < most_out) && (most_in == 0 || in < most_in)
         && (caps->cluster == 0 || all < caps->cluster);
}

double
fluid_by_caps (Fluid *self, gpointer data)
{
  const FluidCaps *caps = data;

  for (guint i = 0; i < self->n; i++)
    {
      guint move = caps->order[i];

      if (fluid_may_begin (self, move) && fits_caps (self, caps, move))
        fluid_begin (self, move);
    }
  return FOREVER;
}

/* The queue, as a daemon asks it: a record for each move, shown what can be seen from outside. */

#define EPOCH_US ((gint64) 1700000000 * G_USEC_PER_SEC)
#define LOOK_AGAIN 1.0

typedef struct
{
  GPtrArray *tasks; /* TernTaskRecord, those that have been ordered */
  GHashTable *hosts;
  TernQueueHost *seen;
  const guint *order;
  gboolean *ordered;
  char **names;
  guint64 served;
} Daemon;

static void
show (const Fluid *self, guint index, TernTaskRecord *task)
{
  static const TernTaskPhase phases[] = { TERN_PHASE_QUEUED, TERN_PHASE_PREPARING,
                                          TERN_PHASE_COPYING, TERN_PHASE_VERIFYING,
                                          TERN_PHASE_DONE };
  const FluidMove *move = &self->moves[index];

  task->phase = phases[move->phase];
  task->started_us = EPOCH_US + (gint64) (move->begin * 1e6);
  if (move->phase != FLUID_COPIES)
    return;
  task->copy_began_us = EPOCH_US + (gint64) (move->copy_began * 1e6);
  task->rate_bps = (guint64) move->rate;
  task->memory_total = self->plan[index].bytes;
  task->memory_processed = (guint64) move->sent;
  task->remaining = (guint64) fmax (move->left, 0);
  task->iteration = move->pass;
  task->dirty_bps = move->pass > 1 ? (guint64) get_writes (self, index) : 0;
}

static void
order_move (const Fluid *self, Daemon *daemon, guint move)
{
  TernTaskRecord *task = tern_task_record_new ();

  task->id = move + 1;
  task->source = g_strdup (daemon->names[self->plan[move].from]);
  task->destination = g_strdup (daemon->names[self->plan[move].to]);
  task->memory = self->plan[move].bytes;
  task->created_us = EPOCH_US;
  g_ptr_array_add (daemon->tasks, task);
  daemon->ordered[move] = TRUE;
}

/* A drain orders what may begin, in the order of the plan; a number is a place in that order. */
static void
order_moves (const Fluid *self, Daemon *daemon)
{
  for (guint i = 0; i < self->n; i++)
    if (!daemon->ordered[daemon->order[i]] && fluid_may_begin (self, daemon->order[i]))
      {
        order_move (self, daemon, daemon->order[i]);
        ((TernTaskRecord *) daemon->tasks->pdata[daemon->tasks->len - 1])->id = i + 1;
      }
}

static double
by_queue (Fluid *self, gpointer data)
{
  Daemon *daemon = data;
  TernQueue queue = { .tasks = daemon->tasks,
                      .hosts = daemon->hosts,
                      .limits.cluster = self->setup->limit_cluster,
                      .now_us = EPOCH_US + (gint64) llround (self->now * 1e6) };
  const TernTaskRecord *next;

  order_moves (self, daemon);
  for (guint i = 0; i < daemon->tasks->len; i++)
    {
      TernTaskRecord *task = daemon->tasks->pdata[i];

      show (self, daemon->order[task->id - 1], task);
    }
  while ((next = tern_queue_next (&queue)) != NULL)
    {
      guint move = daemon->order[next->id - 1];

      fluid_begin (self, move);
      show (self, move, (TernTaskRecord *) next);
      daemon->seen[self->plan[move].from].served = ++daemon->served;
    }
  return tern_queue_may_open (&queue) ? self->now + LOOK_AGAIN : FOREVER;
}

static void
set_up_hosts (const Fluid *self, Daemon *daemon)
{
  for (guint i = 0; i < self->setup->n_hosts; i++)
    {
      const TernScheduleHost *host = &self->setup->hosts[i];

      daemon->names[i] = g_strdup_printf ("host%u", i);
      daemon->seen[i] = (TernQueueHost){ .name = daemon->names[i],
                                         .cluster = "default",
                                         .limit_out = host->limit_out,
                                         .limit_in = host->limit_in,
                                         .link_bps = host->link_bps,
                                         .link_seen = host->link_seen,
                                         .ready = TRUE };
      g_hash_table_insert (daemon->hosts, daemon->names[i], &daemon->seen[i]);
    }
  for (guint i = 0; i < self->n && !self->new_daemon; i++)
    daemon->seen[self->plan[i].from].stream_bps = self->plan[i].stream_bps;
}

double
fluid_run_by_queue (Fluid *self, const guint *order)
{
  g_autoptr (GPtrArray) tasks =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_task_record_free);
  g_autoptr (GHashTable) hosts = g_hash_table_new (g_str_hash, g_str_equal);
  g_autofree TernQueueHost *seen = g_new0 (TernQueueHost, self->setup->n_hosts + 1);
  g_autofree gboolean *ordered = g_new0 (gboolean, self->n + 1);
  g_auto (GStrv) names = g_new0 (char *, self->setup->n_hosts + 1);
  Daemon daemon = { tasks, hosts, seen, order, ordered, names, 0 };

  set_up_hosts (self, &daemon);
  return fluid_run (self, by_queue, &daemon);
}
