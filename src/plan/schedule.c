/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Which order of moves ends first? schedule-sim.c tells how long one takes. A few rules make
 * orders, the best is made better by exchanges. What is tried is counted in steps of work, not in
 * time, so that the same moves always get the same order.
 */
#include "config.h"

#include "plan/schedule-private.h"

/* Work that one call may do: visits of a move; by rules alone, more. */
#define EFFORT 1000000
#define EFFORT_RULES 6000000
#define MAX_TRIES 400
/* So close to the bound nothing is left to gain. */
#define CLOSE_ENOUGH 1.002

static double
to_s (gint64 us)
{
  return (double) us / G_USEC_PER_SEC;
}

static gint64
to_us (double s)
{
  return (gint64) (s * G_USEC_PER_SEC + 0.5);
}

/* For each move how long it and what waits for it take, one after another, each alone on its links.
 * In as many rounds as the longest row has moves. @pause: between two */
static double *
find_rows (const TernSchedule *setup, const TernScheduleMove *moves, guint n, double pause)
{
  double *rows = g_new (double, n + 1);
  gboolean changed = TRUE;

  for (guint i = 0; i < n; i++)
    rows[i] = tern_schedule_get_best_time (setup, &moves[i]);
  for (guint round = 0; changed && round < n; round++)
    {
      changed = FALSE;
      for (guint i = 0; i < n; i++)
        for (guint k = 0; moves[i].after != NULL && k < moves[i].after->len; k++)
          {
            guint first = g_array_index (moves[i].after, guint, k);
            double row = tern_schedule_get_best_time (setup, &moves[first]) + pause + rows[i];

            changed |= row > rows[first];
            rows[first] = MAX (rows[first], row);
          }
    }
  return rows;
}

static double
find_bound (const TernSchedule *setup, const TernScheduleMove *moves, guint n)
{
  g_autofree double *bytes = g_new0 (double, setup->n_hosts *N_ENDS + 1);
  g_autofree double *rows = find_rows (setup, moves, n, 0);
  double bound = 0;

  for (guint i = 0; i < n; i++)
    {
      bytes[moves[i].from * N_ENDS + OUT] += tern_schedule_get_least_bytes (setup, &moves[i]);
      bytes[moves[i].to * N_ENDS + IN] += tern_schedule_get_least_bytes (setup, &moves[i]);
      bound = MAX (bound, rows[i]);
    }
  for (guint i = 0; i < setup->n_hosts * N_ENDS; i++)
    bound = MAX (bound, bytes[i] / tern_schedule_get_capacity (setup, i / N_ENDS));
  return bound;
}

/* Who waits for whom, turned round. Returns: (transfer full): @out_first's array of numbers */
static guint *
turn_waits (const TernScheduleMove *moves, guint n, guint **out_first)
{
  guint *first = g_new0 (guint, n + 2), total = 0;
  guint *waiters;

  for (guint i = 0; i < n; i++)
    for (guint k = 0; moves[i].after != NULL && k < moves[i].after->len; k++, total++)
      first[g_array_index (moves[i].after, guint, k) + 2]++;
  waiters = g_new (guint, total + 1);
  for (guint i = 2; i < n + 2; i++)
    first[i] += first[i - 1];
  for (guint i = 0; i < n; i++)
    for (guint k = 0; moves[i].after != NULL && k < moves[i].after->len; k++)
      waiters[first[g_array_index (moves[i].after, guint, k) + 1]++] = i;
  *out_first = first;
  return waiters;
}

/* Orders */

typedef struct
{
  guint index;
  double keys[3]; /* greatest first */
} Rank;

static int
compare_ranks (const void *a, const void *b)
{
  const Rank *x = a, *y = b;

  for (guint i = 0; i < G_N_ELEMENTS (x->keys); i++)
    if (x->keys[i] != y->keys[i])
      return x->keys[i] > y->keys[i] ? -1 : 1;
  return x->index < y->index ? -1 : x->index > y->index;
}

/* Seconds that each link has to work. */
static double *
find_works (const Sim *self)
{
  double *works = g_new0 (double, self->setup->n_hosts *N_ENDS + 1);

  for (guint i = 0; i < self->n; i++)
    for (Way way = OUT; way < N_ENDS; way++)
      {
        const End *end = tern_schedule_get_end (self, &self->moves[i], way);

        works[end - self->ends] +=
            tern_schedule_get_least_bytes (self->setup, &self->moves[i]) / end->capacity;
      }
  return works;
}

typedef enum
{
  RULE_BOTTLENECK, /* the busiest link's longest moves first */
  RULE_ARRIVALS,   /* what goes to busy links first */
  RULE_LONGEST,    /* longest first */
  RULE_BOTH,       /* what is busy at both ends first */
  RULE_SHORTEST,   /* shortest first */
  N_RULES
} Rule;

static void
rank (const Sim *self, Rule rule, const double *works, double row, Rank *out)
{
  const TernScheduleMove *move = &self->moves[out->index];
  double leaving = works[tern_schedule_get_end (self, move, OUT) - self->ends];
  double arriving = works[tern_schedule_get_end (self, move, IN) - self->ends];
  double waited = row - tern_schedule_get_best_time (self->setup, move);

  switch (rule)
    {
    case RULE_ARRIVALS:
      out->keys[0] = arriving + waited;
      break;
    case RULE_LONGEST:
      out->keys[0] = row;
      break;
    case RULE_BOTH:
      out->keys[0] = leaving + arriving + waited;
      break;
    case RULE_SHORTEST:
      out->keys[0] = waited;
      out->keys[1] = -row;
      return;
    case RULE_BOTTLENECK:
    default:
      out->keys[0] = MAX (leaving, arriving) + waited;
    }
  out->keys[1] = row;
  out->keys[2] = arriving;
}

static void
make_order (const Sim *self, Rule rule, guint *out_order)
{
  g_autofree Rank *ranks = g_new0 (Rank, self->n + 1);
  g_autofree double *rows =
      find_rows (self->setup, self->moves, self->n, to_s (self->setup->overhead_us));
  g_autofree double *works = find_works (self);

  for (guint i = 0; i < self->n; i++)
    {
      ranks[i].index = i;
      rank (self, rule, works, rows[i], &ranks[i]);
    }
  qsort (ranks, self->n, sizeof *ranks, compare_ranks);
  for (guint i = 0; i < self->n; i++)
    out_order[i] = ranks[i].index;
}

/* Finding the best */

typedef struct
{
  guint *order;
  guint last; /* place in @order of what ends last */
  double time;
} Best;

static guint
find_last (const Sim *self, const guint *order)
{
  guint last = 0;

  for (guint i = 1; i < self->n; i++)
    if (self->states[order[i]].end > self->states[order[last]].end)
      last = i;
  return last;
}

/* Returns: whether it is better */
static gboolean
try_order (Sim *self, const guint *order, Best *best)
{
  double time = tern_schedule_simulate (self, order);

  if (time >= best->time - TINY)
    return FALSE;
  best->time = time;
  best->last = find_last (self, order);
  memcpy (best->order, order, self->n * sizeof *order);
  return TRUE;
}

static gboolean
is_enough (const Sim *self, const Best *best, guint64 effort)
{
  return best->time <= CLOSE_ENOUGH * self->bound + self->head + self->tail || self->work >= EFFORT;
}

static void
move_to (guint *order, guint from, guint to)
{
  guint index = order[from];

  for (; from > to; from--)
    order[from] = order[from - 1];
  for (; from < to; from++)
    order[from] = order[from + 1];
  order[to] = index;
}

/* Numbers that look like chance and are always the same (Park and Miller 1988). */
static guint
draw (guint64 *seed, guint below)
{
  *seed = *seed * 48271 % 2147483647;
  return (guint) (*seed % below);
}

/* What ended last goes earlier, in turns with any that goes anywhere. */
static void
improve (Sim *self, Best *best)
{
  g_autofree guint *order = g_new (guint, self->n + 1);
  guint64 seed = 1;

  for (guint i = 0; i < MAX_TRIES && self->n > 1 && !is_enough (self, best, EFFORT); i++)
    {
      memcpy (order, best->order, self->n * sizeof *order);
      if (i % 2 == 0)
        {
          guint last = MAX (best->last, 1);

          move_to (order, last, draw (&seed, last));
        }
      else
        move_to (order, draw (&seed, self->n), draw (&seed, self->n));
      (void) try_order (self, order, best);
    }
}

static void
find_best (Sim *self, Best *best)
{
  g_autofree guint *order = g_new (guint, self->n + 1);

  for (Rule rule = 0; rule < N_RULES; rule++)
    {
      make_order (self, rule, order);
      if (rule == 0 || !is_enough (self, best, EFFORT_RULES))
        (void) try_order (self, order, best);
    }
  improve (self, best);
}

static gboolean
are_links_known (const TernSchedule *setup, const TernScheduleMove *moves, guint n)
{
  for (guint i = 0; i < n; i++)
    if (setup->hosts[moves[i].from].link_bps == 0 || setup->hosts[moves[i].to].link_bps == 0)
      return FALSE;
  return TRUE;
}

static int
compare_begins (gconstpointer a, gconstpointer b, gpointer data)
{
  const State *states = data;
  double x = states[*(const guint *) a].begin, y = states[*(const guint *) b].begin;

  return x < y ? -1 : x > y;
}

static void
tell (const Sim *self, gboolean known, TernScheduleMove *moves, guint *order)
{
  /* Stable: those that begin together stay in the order they were chosen in. */
  g_qsort_with_data (order, (int) self->n, sizeof *order, compare_begins, self->states);
  for (guint i = 0; i < self->n; i++)
    {
      moves[i].begin_us = known ? to_us (self->states[i].begin) : 0;
      moves[i].end_us = known ? to_us (self->states[i].end) : 0;
    }
}

TernScheduleHost
tern_schedule_host (const TernQueueHost *host, TernLimits limits)
{
  guint out = host != NULL ? host->limit_out : 0, in = host != NULL ? host->limit_in : 0;

  return (TernScheduleHost){ .link_bps = tern_queue_host_get_capacity (host),
                             .link_seen = host != NULL && host->link_seen,
                             .limit_out = out > 0 ? out : limits.out,
                             .limit_in = in > 0 ? in : limits.in };
}

gint64
tern_schedule (const TernSchedule *schedule, TernScheduleMove *moves, guint n_moves,
               guint *out_order)
{
  gboolean known = are_links_known (schedule, moves, n_moves);
  guint *first = NULL;
  g_autofree guint *waiters = turn_waits (moves, n_moves, &first);
  g_autofree guint *first_waiter = first;
  g_autofree State *states = g_new0 (State, n_moves + 1);
  g_autofree End *ends = g_new0 (End, schedule->n_hosts * N_ENDS + 1);
  g_autofree End **used = g_new (End *, schedule->n_hosts * N_ENDS + 1);
  g_autofree guint64 *served = g_new0 (guint64, schedule->n_hosts + 1);
  g_autofree guint *active = g_new (guint, n_moves + 1);
  g_autofree guint *line = g_new (guint, n_moves + 1);
  g_autofree guint *order = g_new (guint, n_moves + 1);
  Best best = { order, 0, NEVER };
  Sim sim = { .setup = schedule,
              .moves = moves,
              .n = n_moves,
              .head = to_s (schedule->overhead_us) / 2,
              .tail = to_s (schedule->overhead_us) / 2,
              .bound = find_bound (schedule, moves, n_moves),
              .first_waiter = first_waiter,
              .waiters = waiters,
              .states = states,
              .ends = ends,
              .used = used,
              .served = served,
              .active = active,
              .line = line };

  for (guint i = 0; i < n_moves; i++)
    order[i] = i;
  tern_schedule_set_up (&sim);
  find_best (&sim, &best);
  best.time = tern_schedule_simulate (&sim, order);
  tell (&sim, known, moves, order);
  if (out_order != NULL)
    memcpy (out_order, order, n_moves * sizeof *order);
  return known ? to_us (best.time) : 0;
}

gint64
tern_schedule_bound (const TernSchedule *schedule, const TernScheduleMove *moves, guint n_moves)
{
  if (!are_links_known (schedule, moves, n_moves))
    return 0;
  return (gint64) (find_bound (schedule, moves, n_moves) * G_USEC_PER_SEC);
}

guint64
tern_schedule_estimate_bytes (guint64 memory, guint64 dirty_bps, guint64 link_bps)
{
  double rate = (double) link_bps;

  if (link_bps == 0)
    return memory;
  return (guint64) ((double) memory * rate / tern_schedule_get_net_rate (rate, (double) dirty_bps));
}
