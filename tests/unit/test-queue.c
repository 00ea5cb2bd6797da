/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whose turn it is: random queues are looked at by a checker of its own, which counts one by one;
 * then what the limits, the turns and the sentences mean, one at a time.
 */
#include "config.h"

#include "plan/queue.h"

#include "tern-check.h"

#define N_HOSTS 6
#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define NOW SECONDS (1000000)
#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define GIB (1024 * MIB)

static const char *const names[N_HOSTS] = { "anna", "bert", "carl", "dora", "emil", "fred" };

typedef struct
{
  GPtrArray *tasks;
  GHashTable *hosts;
  TernQueue queue;
} Scene;

static void
scene_init (Scene *self)
{
  self->tasks = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_task_record_free);
  self->hosts = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  self->queue = (TernQueue){ .tasks = self->tasks, .hosts = self->hosts, .now_us = NOW };
}

static void
scene_clear (Scene *self)
{
  g_ptr_array_unref (self->tasks);
  g_hash_table_unref (self->hosts);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

static TernQueueHost *
add_host (Scene *self, const char *name)
{
  TernQueueHost *host = g_new0 (TernQueueHost, 1);

  host->name = name;
  host->cluster = "default";
  host->ready = TRUE;
  g_hash_table_insert (self->hosts, (gpointer) name, host);
  return host;
}

static TernTaskRecord *
add_task (Scene *self, const char *source, const char *destination, TernTaskPhase phase)
{
  TernTaskRecord *task = tern_task_record_new ();

  task->id = self->tasks->len + 1;
  task->source = g_strdup (source);
  task->destination = g_strdup (destination);
  task->phase = phase;
  task->created_us = NOW;
  task->options.priority = TERN_PRIORITY_NORMAL;
  task->memory = 64 * GIB;
  g_ptr_array_add (self->tasks, task);
  return task;
}

static void
add_tasks (Scene *self, guint n, const char *source, const char *destination, TernTaskPhase phase)
{
  for (guint i = 0; i < n; i++)
    (void) add_task (self, source, destination, phase);
}

static gboolean
is_under_way (const TernTaskRecord *task)
{
  return task->phase != TERN_PHASE_QUEUED && !tern_task_phase_is_final (task->phase);
}

static gboolean
is_move (const TernTaskRecord *task)
{
  return !g_str_equal (task->source, task->destination);
}

/* The checker */

typedef struct
{
  guint moves;
  guint tasks;                         /* starts, too */
  double now, settled, expected, left; /* bytes per second; those that will still copy in 2 s */
  gboolean all_late;
  guint sending;                /* and not only ending */
  double longest, longest_wish; /* seconds, bytes per second */
  double wishes, waiting;       /* bytes */
} Lane;

typedef struct
{
  Lane out, in;
  guint served;
  guint cluster;
  gboolean beginning;
} Counts;

static double
get_capacity (const Scene *self, const char *name)
{
  const TernQueueHost *host = g_hash_table_lookup (self->hosts, name);

  if (host == NULL || host->link_bps == 0)
    return 0;
  return host->bandwidth_bps > 0 && host->bandwidth_bps < host->link_bps
             ? (double) host->bandwidth_bps
             : (double) host->link_bps;
}

/* What it may take when it is alone. */
static double
get_wish (const Scene *self, const TernTaskRecord *task)
{
  const TernQueueHost *home = g_hash_table_lookup (self->hosts, task->source);
  double wish = home != NULL && home->stream_bps > 0 ? (double) home->stream_bps : 1.25e9;
  const TernQueueHost *there = g_hash_table_lookup (self->hosts, task->destination);
  double limits[] = { (double) task->options.bandwidth_bps,
                      home != NULL && home->link_seen ? 0 : get_capacity (self, task->source),
                      there != NULL && there->link_seen ? 0
                                                        : get_capacity (self, task->destination) };

  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    if (limits[i] > 0 && limits[i] < wish)
      wish = limits[i];
  return wish;
}

/* Pass by pass, until nothing is worth a pass. */
static double
get_left (const TernTaskRecord *task, double rate)
{
  double pass = (double) (task->memory_total > 0 ? task->memory_total : task->memory);
  double left = (double) (task->memory_processed > 0 ? task->remaining : task->memory);
  double writes = (double) task->dirty_bps;

  if (task->iteration <= 1)
    writes = MAX (writes, 10e6);
  writes = MIN (writes, 0.75 * rate);
  for (guint i = 1; i < task->iteration; i++)
    pass *= writes / rate;
  while (pass > 1e-6)
    left += pass *= writes / rate;
  return left;
}

static void
count_in_lane (const Scene *self, const TernTaskRecord *task, Lane *lane)
{
  gboolean copies = task->phase == TERN_PHASE_COPYING && task->copy_began_us > 0;
  double wish = get_wish (self, task), rate = wish;
  double left = get_left (task, task->rate_bps > 0 ? (double) task->rate_bps : wish);

  lane->tasks++;
  lane->moves++;
  if (task->phase == TERN_PHASE_VERIFYING)
    {
      lane->now += wish;
      return;
    }
  if (copies && NOW - task->copy_began_us >= SECONDS (5))
    rate = (double) task->rate_bps;
  if (task->convergence != TERN_CONVERGENCE_NO
      && (task->memory_total == 0 || task->memory_processed < 2 * task->memory_total))
    {
      lane->all_late = FALSE;
      if (left / MAX (wish, 1) > lane->longest)
        {
          lane->longest = left / MAX (wish, 1);
          lane->longest_wish = wish;
        }
    }
  lane->left += left;
  if (copies)
    lane->now += (double) task->rate_bps;
  if (!copies || left > 2 * rate)
    lane->settled += rate;
  if (!copies || left > 2 * MAX (rate, wish))
    lane->expected += MAX (rate, wish);
  lane->sending++;
  lane->wishes += MAX (rate, wish);
}

/* Of what is under way beside @task, what touches the limits of it. */
static Counts
count_beside (const Scene *self, const TernTaskRecord *task)
{
  const TernQueueHost *home = g_hash_table_lookup (self->hosts, task->source);
  Counts counts = { .out.all_late = TRUE, .in.all_late = TRUE };

  for (guint i = 0; i < self->tasks->len; i++)
    {
      const TernTaskRecord *other = self->tasks->pdata[i];
      const TernQueueHost *host = g_hash_table_lookup (self->hosts, other->source);

      if (other->phase == TERN_PHASE_QUEUED && is_move (other))
        {
          double left = get_left (other, get_wish (self, other));

          counts.out.waiting += g_str_equal (other->source, task->source) ? left : 0;
          counts.in.waiting += g_str_equal (other->destination, task->destination) ? left : 0;
        }
      if (other == task || !is_under_way (other))
        continue;
      if (is_move (other) && home != NULL && host != NULL)
        counts.cluster += g_str_equal (home->cluster, host->cluster);
      if (g_str_equal (other->destination, task->destination))
        {
          if (is_move (other))
            count_in_lane (self, other, &counts.in);
          else
            counts.in.tasks++;
        }
      if (!g_str_equal (other->source, task->source))
        continue;
      counts.served++;
      if (!is_move (other))
        continue;
      count_in_lane (self, other, &counts.out);
      counts.beginning |=
          (other->phase == TERN_PHASE_CHECKING || other->phase == TERN_PHASE_PREPARING)
          && (other->started_us == 0
              || (other->started_us <= NOW && other->started_us > NOW - SECONDS (2)));
    }
  return counts;
}

/* Moves and starts of a lane, if the link decides. */
static gboolean
link_fits (const Scene *self, const TernTaskRecord *task, const char *name, const Lane *lane)
{
  const TernQueueHost *host = g_hash_table_lookup (self->hosts, name);
  double capacity = get_capacity (self, name), soon;

  if (lane->tasks == 0)
    return TRUE;
  if (capacity == 0)
    return lane->tasks < 2;
  if (lane->tasks >= 16)
    return FALSE;
  if (lane->tasks == 1 && (host->link_seen || lane->all_late))
    return TRUE;
  soon = lane->now < 0.9 * capacity ? lane->settled : lane->expected;
  /* The one that ends last would only get less. */
  if (lane->wishes + get_wish (self, task) > capacity
      && lane->longest_wish * (lane->sending + 1) > capacity
      && lane->longest * capacity > lane->left + lane->waiting)
    return FALSE;
  return lane->left <= 2 * capacity || soon < 0.9 * capacity;
}

static gboolean
out_fits (const Scene *self, const TernTaskRecord *task, const Counts *counts)
{
  const TernQueueHost *host = g_hash_table_lookup (self->hosts, task->source);
  guint limit = host != NULL && host->limit_out > 0 ? host->limit_out : self->queue.limits.out;

  if (!is_move (task))
    return TRUE;
  if (counts->beginning && (limit > 0 || get_capacity (self, task->source) == 0 || host->link_seen))
    return FALSE;
  return limit > 0 ? counts->out.moves < limit : link_fits (self, task, task->source, &counts->out);
}

static gboolean
in_fits (const Scene *self, const TernTaskRecord *task, const Counts *counts)
{
  const TernQueueHost *host = g_hash_table_lookup (self->hosts, task->destination);
  guint limit = host != NULL && host->limit_in > 0 ? host->limit_in : self->queue.limits.in;

  if (limit > 0)
    return counts->in.tasks < limit;
  return is_move (task) ? link_fits (self, task, task->destination, &counts->in)
                        : counts->in.tasks < 2;
}

static gboolean
may_start (const Scene *self, const TernTaskRecord *task)
{
  const TernQueueHost *source = g_hash_table_lookup (self->hosts, task->source);
  const TernQueueHost *destination = g_hash_table_lookup (self->hosts, task->destination);
  Counts counts = count_beside (self, task);

  if ((source != NULL && !source->ready) || (destination != NULL && !destination->ready))
    return FALSE;
  if (is_move (task) && source != NULL && self->queue.limits.cluster > 0
      && counts.cluster >= self->queue.limits.cluster)
    return FALSE;
  return in_fits (self, task, &counts) && out_fits (self, task, &counts);
}

static int
get_rank (const TernTaskRecord *task)
{
  gint64 waited_us = NOW - task->created_us;
  int rank = task->options.priority;

  for (; waited_us >= SECONDS (600) && rank < TERN_PRIORITY_HIGH; waited_us -= SECONDS (600))
    rank++;
  return rank;
}

static guint64
get_turn (const Scene *self, const TernTaskRecord *task)
{
  const TernQueueHost *host = g_hash_table_lookup (self->hosts, task->source);

  return host != NULL ? host->served : 0;
}

/* <0: @a goes before @b */
static int
compare_turns (const Scene *self, const TernTaskRecord *a, const TernTaskRecord *b)
{
  Counts at_a = count_beside (self, a), at_b = count_beside (self, b);
  const double order[] = {
    get_rank (b) - get_rank (a),
    (double) at_a.served - at_b.served,
    (double) get_turn (self, a) - (double) get_turn (self, b),
    (double) a->id - (double) b->id,
  };

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    if (order[i] != 0)
      return order[i] < 0 ? -1 : 1;
  return 0;
}

/* One by one, as the contract says it. */
static const TernTaskRecord *
find_expected (const Scene *self)
{
  const TernTaskRecord *best = NULL;

  for (guint i = 0; i < self->tasks->len; i++)
    {
      const TernTaskRecord *task = self->tasks->pdata[i];

      if (task->phase == TERN_PHASE_QUEUED && may_start (self, task)
          && (best == NULL || compare_turns (self, task, best) < 0))
        best = task;
    }
  return best;
}

/* Random scenes */

static guint64
random_rate (GRand *rand)
{
  return (guint64) g_rand_int_range (rand, 0, 120) * MIB;
}

static void
random_host (Scene *self, GRand *rand, guint i)
{
  TernQueueHost *host;

  /* One may be gone. */
  if (i == N_HOSTS - 1 && g_rand_boolean (rand))
    return;
  host = add_host (self, names[i]);
  host->cluster = i < 4 ? "east" : "west";
  if (g_rand_int_range (rand, 0, 3) == 0)
    host->limit_out = g_rand_int_range (rand, 1, 4);
  if (g_rand_int_range (rand, 0, 3) == 0)
    host->limit_in = g_rand_int_range (rand, 1, 4);
  if (g_rand_boolean (rand))
    host->link_bps = random_rate (rand);
  if (g_rand_int_range (rand, 0, 4) == 0)
    host->bandwidth_bps = random_rate (rand);
  host->link_seen = g_rand_int_range (rand, 0, 3) == 0;
  if (g_rand_boolean (rand))
    host->stream_bps = random_rate (rand);
  host->served = g_rand_int_range (rand, 0, 5);
  host->ready = g_rand_int_range (rand, 0, 10) > 0;
}

static void
random_task (Scene *self, GRand *rand)
{
  static const TernTaskPhase phases[] = { TERN_PHASE_QUEUED,    TERN_PHASE_QUEUED,
                                          TERN_PHASE_QUEUED,    TERN_PHASE_QUEUED,
                                          TERN_PHASE_CHECKING,  TERN_PHASE_COPYING,
                                          TERN_PHASE_VERIFYING, TERN_PHASE_DONE,
                                          TERN_PHASE_ATTENTION };
  guint source = g_rand_int_range (rand, 0, N_HOSTS);
  guint step = g_rand_int_range (rand, 0, 8);
  TernTaskRecord *task = add_task (self, names[source], names[(source + step % N_HOSTS) % N_HOSTS],
                                   phases[g_rand_int_range (rand, 0, G_N_ELEMENTS (phases))]);

  task->options.priority = g_rand_int_range (rand, 0, TERN_N_PRIORITIES);
  task->created_us = NOW - SECONDS (g_rand_int_range (rand, -5, 1500));
  task->started_us = NOW - SECONDS (1) * g_rand_int_range (rand, -10, 40) / 10;
  task->memory = random_rate (rand) * 8;
  if (g_rand_int_range (rand, 0, 6) == 0)
    task->options.bandwidth_bps = random_rate (rand);
  if (task->phase != TERN_PHASE_COPYING)
    return;
  task->memory_total = task->memory;
  if (g_rand_boolean (rand))
    {
      task->memory_processed = random_rate (rand) * 16;
      task->remaining = random_rate (rand) * 4;
      task->iteration = (guint) g_rand_int_range (rand, 0, 6);
      task->dirty_bps = g_rand_boolean (rand) ? random_rate (rand) / 4 : 0;
    }
  task->convergence = g_rand_int_range (rand, 0, TERN_N_CONVERGENCES);
  task->copy_began_us = NOW - SECONDS (g_rand_int_range (rand, 0, 20));
  task->rate_bps = random_rate (rand);
}

static void
random_scene (Scene *self, GRand *rand)
{
  guint n = g_rand_int_range (rand, 0, 40);

  scene_init (self);
  self->queue.limits.out = g_rand_int_range (rand, 0, 4);
  self->queue.limits.in = g_rand_int_range (rand, 0, 4);
  self->queue.limits.cluster = g_rand_boolean (rand) ? g_rand_int_range (rand, 1, 8) : 0;
  for (guint i = 0; i < N_HOSTS; i++)
    random_host (self, rand, i);
  for (guint i = 0; i < n; i++)
    random_task (self, rand);
}

/* Half of them copy at once. */
static void
begin (Scene *self, const TernTaskRecord *task)
{
  ((TernTaskRecord *) task)->phase = task->id % 2 ? TERN_PHASE_CHECKING : TERN_PHASE_COPYING;
  ((TernTaskRecord *) task)->started_us = self->queue.now_us;
}

static void
begin_copy (const TernTaskRecord *task)
{
  ((TernTaskRecord *) task)->phase = TERN_PHASE_COPYING;
}

START_TEST (a_checker_that_counts_one_by_one_chooses_the_same_until_nobody_may_start)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (11);
  guint started = 0, held = 0;

  for (guint round = 0; round < 3000; round++)
    {
      g_auto (Scene) scene;
      const TernTaskRecord *next;

      random_scene (&scene, rand);
      while ((next = tern_queue_next (&scene.queue)) != NULL)
        {
          ck_assert_ptr_eq (next, find_expected (&scene));
          begin (&scene, next);
          started++;
        }
      ck_assert_ptr_null (find_expected (&scene));
      for (guint i = 0; i < scene.tasks->len; i++)
        held += ((TernTaskRecord *) scene.tasks->pdata[i])->phase == TERN_PHASE_QUEUED;
    }
  /* The scenes are such that both happens. */
  ck_assert_uint_gt (started, 5000);
  ck_assert_uint_gt (held, 5000);
}
END_TEST

START_TEST (who_waits_is_told_why_and_who_could_start_is_not)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (12);

  for (guint round = 0; round < 1000; round++)
    {
      g_auto (Scene) scene;
      g_autoptr (GPtrArray) all = NULL;

      random_scene (&scene, rand);
      all = tern_queue_explain_all (&scene.queue);
      ck_assert_uint_eq (all->len, scene.tasks->len);
      for (guint i = 0; i < all->len; i++)
        {
          const TernTaskRecord *task = scene.tasks->pdata[i];
          g_autofree char *one = NULL;

          if (task->phase != TERN_PHASE_QUEUED)
            {
              ck_assert_ptr_null (all->pdata[i]);
              continue;
            }
          one = tern_queue_explain (&scene.queue, task);
          ck_assert_pstr_eq (one, all->pdata[i]);
          ck_assert (may_start (&scene, task) == (one == NULL));
        }
    }
}
END_TEST

START_TEST (the_order_in_which_tasks_are_told_does_not_matter)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (13);

  for (guint round = 0; round < 1000; round++)
    {
      g_auto (Scene) scene;
      const TernTaskRecord *next;

      random_scene (&scene, rand);
      next = tern_queue_next (&scene.queue);
      for (guint i = scene.tasks->len; i > 1; i--)
        {
          guint k = g_rand_int_range (rand, 0, i);
          gpointer other = scene.tasks->pdata[i - 1];

          scene.tasks->pdata[i - 1] = scene.tasks->pdata[k];
          scene.tasks->pdata[k] = other;
        }
      ck_assert_ptr_eq (next, tern_queue_next (&scene.queue));
    }
}
END_TEST

START_TEST (an_empty_queue_has_no_next)
{
  g_auto (Scene) scene;

  scene_init (&scene);
  ck_assert_ptr_null (tern_queue_next (&scene.queue));
  ck_assert (!tern_queue_may_open (&scene.queue));
}
END_TEST

/* Limits */

START_TEST (a_full_host_does_not_keep_others_waiting)
{
  g_auto (Scene) scene;

  scene_init (&scene);
  scene.queue.limits = (TernLimits){ .out = 1, .in = 1 };
  add_task (&scene, "anna", "bert", TERN_PHASE_COPYING);
  add_task (&scene, "anna", "carl", TERN_PHASE_QUEUED);
  add_task (&scene, "dora", "bert", TERN_PHASE_QUEUED);
  add_task (&scene, "dora", "emil", TERN_PHASE_QUEUED);
  ck_assert_ptr_eq (tern_queue_next (&scene.queue), scene.tasks->pdata[3]);
}
END_TEST

START_TEST (leaving_and_arriving_are_counted_apart)
{
  g_auto (Scene) scene;

  scene_init (&scene);
  scene.queue.limits = (TernLimits){ .out = 1, .in = 1 };
  add_task (&scene, "anna", "bert", TERN_PHASE_COPYING);
  add_task (&scene, "bert", "anna", TERN_PHASE_QUEUED);
  ck_assert_ptr_eq (tern_queue_next (&scene.queue), scene.tasks->pdata[1]);
}
END_TEST

START_TEST (every_phase_between_queue_and_end_holds_a_place)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    {
      g_auto (Scene) scene;
      gboolean holds = phase != TERN_PHASE_QUEUED && !tern_task_phase_is_final (phase);

      scene_init (&scene);
      scene.queue.limits = (TernLimits){ .out = 1, .in = 1 };
      add_task (&scene, "anna", "bert", phase)->started_us = NOW - SECONDS (60);
      add_task (&scene, "anna", "bert", TERN_PHASE_QUEUED);
      if (phase == TERN_PHASE_QUEUED)
        ck_assert_ptr_eq (tern_queue_next (&scene.queue), scene.tasks->pdata[0]);
      else
        ck_assert_ptr_eq (tern_queue_next (&scene.queue), holds ? NULL : scene.tasks->pdata[1]);
    }
}
END_TEST

START_TEST (a_start_in_place_leaves_no_host_but_arrives_at_one)
{
  g_auto (Scene) scene;

  scene_init (&scene);
  scene.queue.limits = (TernLimits){ .out = 1, .in = 2 };
  add_task (&scene, "anna", "anna", TERN_PHASE_STARTING);
  add_task (&scene, "anna", "bert", TERN_PHASE_QUEUED);
  ck_assert_ptr_eq (tern_queue_next (&scene.queue), scene.tasks->pdata[1]);
  add_task (&scene, "anna", "anna", TERN_PHASE_STARTING);
  add_task (&scene, "carl", "anna", TERN_PHASE_QUEUED);
  begin_copy (scene.tasks->pdata[1]);
  ck_assert_ptr_null (tern_queue_next (&scene.queue));
}
END_TEST

/* One host with a fast link, two moves that have copied for @copied_us at 40 % of it in all. */
static TernQueueHost *
prepare_adaptive (Scene *scene, gint64 copied_us)
{
  TernQueueHost *anna;

  scene_init (scene);
  anna = add_host (scene, "anna");
  anna->link_bps = 100 * MIB;
  for (guint i = 0; i < 2; i++)
    {
      TernTaskRecord *task = add_task (scene, "anna", names[i + 1], TERN_PHASE_COPYING);

      task->copy_began_us = NOW - copied_us;
      task->rate_bps = 20 * MIB;
    }
  (void) add_task (scene, "anna", "dora", TERN_PHASE_QUEUED);
  return anna;
}

START_TEST (a_third_move_leaves_when_two_leave_room_on_the_link_for_long_enough)
{
  static const struct
  {
    gint64 copied_us;
    guint64 link_mib, bandwidth_mib;
    gboolean starts;
  } cases[] = {
    { SECONDS (5), 100, 0, TRUE },   { SECONDS (5) - 1, 100, 0, FALSE },
    { SECONDS (5), 0, 0, FALSE },    { SECONDS (5), 44, 0, FALSE },
    { SECONDS (5), 45, 0, TRUE },    { SECONDS (5), 100, 44, FALSE },
    { SECONDS (5), 100, 200, TRUE }, { SECONDS (500), 40, 200, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Scene) scene;
      TernQueueHost *anna = prepare_adaptive (&scene, cases[i].copied_us);

      anna->link_bps = cases[i].link_mib * MIB;
      anna->bandwidth_bps = cases[i].bandwidth_mib * MIB;
      ck_assert_msg ((tern_queue_next (&scene.queue) != NULL) == cases[i].starts, "case %u", i);
      ck_assert_msg (tern_queue_may_open (&scene.queue)
                         == (!cases[i].starts && cases[i].link_mib > 0),
                     "case %u", i);
    }
}
END_TEST

START_TEST (a_link_is_not_filled_with_more_than_sixteen)
{
  g_auto (Scene) scene;
  TernQueueHost *anna = prepare_adaptive (&scene, SECONDS (60));

  anna->link_bps = 100000 * MIB;
  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *destination = g_strdup_printf ("host%u", i);
      TernTaskRecord *task = add_task (&scene, "anna", destination, TERN_PHASE_QUEUED);

      task->copy_began_us = NOW - SECONDS (60);
    }
  for (guint n = 2; n < 16; n++)
    {
      const TernTaskRecord *next = tern_queue_next (&scene.queue);

      ck_assert_ptr_nonnull (next);
      ((TernTaskRecord *) next)->phase = TERN_PHASE_COPYING;
      ((TernTaskRecord *) next)->copy_began_us = NOW - SECONDS (60);
    }
  ck_assert_ptr_null (tern_queue_next (&scene.queue));
}
END_TEST

static guint
begin_as_many_as_may (Scene *scene)
{
  const TernTaskRecord *next;
  guint n = 0;

  for (; (next = tern_queue_next (&scene->queue)) != NULL; n++)
    {
      ((TernTaskRecord *) next)->phase = TERN_PHASE_PREPARING;
      ((TernTaskRecord *) next)->started_us = NOW - SECONDS (10);
    }
  return n;
}

START_TEST (as_many_arrive_as_fill_a_link_that_is_known_otherwise_two)
{
  static const struct
  {
    guint64 link_mib;
    guint in, arrive;
    gboolean seen;
    const char *sentence;
  } cases[] = {
    { 100, 0, 5, FALSE, "5 moves to bert are under way; more begin when its link has room" },
    { 20, 0, 1, FALSE, "1 move to bert is under way; more begin when its link has room" },
    { 20, 0, 2, TRUE, "2 moves to bert are under way; more begin when its link has room" },
    { 0, 0, 2, FALSE, "2 of 2 moves and starts to bert are under way" },
    { 100, 3, 3, FALSE, "3 of 3 moves and starts to bert are under way" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Scene) scene;
      g_autofree char *sentence = NULL;

      scene_init (&scene);
      scene.queue.limits.in = cases[i].in;
      add_host (&scene, "bert")->link_bps = cases[i].link_mib * MIB;
      ((TernQueueHost *) g_hash_table_lookup (scene.hosts, "bert"))->link_seen = cases[i].seen;
      for (guint k = 0; k < 20; k++)
        {
          g_autofree char *source = g_strdup_printf ("host%u", k);

          (void) add_task (&scene, source, "bert", TERN_PHASE_QUEUED);
          ((TernTaskRecord *) scene.tasks->pdata[k])->options.bandwidth_bps = 20 * MIB;
        }
      ck_assert_msg (begin_as_many_as_may (&scene) == cases[i].arrive, "case %u", i);
      sentence = tern_queue_explain (&scene.queue, scene.tasks->pdata[19]);
      ck_assert_pstr_eq (sentence, cases[i].sentence);
    }
}
END_TEST

START_TEST (two_start_at_a_time_however_fast_the_link_is)
{
  g_auto (Scene) scene;

  scene_init (&scene);
  add_host (&scene, "bert")->link_bps = 100000 * MIB;
  add_tasks (&scene, 5, "bert", "bert", TERN_PHASE_QUEUED);
  ck_assert_uint_eq (begin_as_many_as_may (&scene), 2);
}
END_TEST

START_TEST (a_guest_that_is_shut_down_goes_nowhere_and_takes_no_place)
{
  g_auto (Scene) scene;

  scene_init (&scene);
  scene.queue.limits = (TernLimits){ .out = 1, .in = 1 };
  add_tasks (&scene, 5, "anna", "", TERN_PHASE_QUEUED);
  ck_assert_uint_eq (begin_as_many_as_may (&scene), 5);
  add_tasks (&scene, 1, "anna", "bert", TERN_PHASE_QUEUED);
  ck_assert_uint_eq (begin_as_many_as_may (&scene), 1);
}
END_TEST

START_TEST (every_limit_has_a_sentence_with_its_figures)
{
  static const struct
  {
    TernLimits limits;
    guint own_out, own_in;
    gboolean connecting;
    const char *sentence;
  } cases[] = {
    { { 2, 9, 0 }, 0, 0, FALSE, "2 of 2 moves away from anna are under way" },
    { { 9, 9, 0 }, 1, 0, FALSE, "2 of 1 moves away from anna are under way" },
    { { 9, 2, 0 }, 0, 0, FALSE, "2 of 2 moves and starts to bert are under way" },
    { { 9, 9, 0 }, 0, 2, FALSE, "2 of 2 moves and starts to bert are under way" },
    { { 9, 9, 2 }, 0, 0, FALSE, "2 of 2 moves in the cluster default are under way" },
    { { 0, 9, 0 },
      0,
      0,
      FALSE,
      "2 moves away from anna are under way; more begin when its link has room" },
    { { 9, 9, 0 }, 0, 0, TRUE, "bert is still being connected to" },
    { { 9, 9, 0 }, 0, 0, FALSE, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Scene) scene;
      g_autofree char *sentence = NULL;

      scene_init (&scene);
      scene.queue.limits = cases[i].limits;
      add_host (&scene, "anna")->limit_out = cases[i].own_out;
      add_host (&scene, "bert")->limit_in = cases[i].own_in;
      ((TernQueueHost *) g_hash_table_lookup (scene.hosts, "bert"))->ready = !cases[i].connecting;
      add_tasks (&scene, 2, "anna", "bert", TERN_PHASE_COPYING);
      sentence =
          tern_queue_explain (&scene.queue, add_task (&scene, "anna", "bert", TERN_PHASE_QUEUED));
      ck_assert_pstr_eq (sentence, cases[i].sentence);
    }
}
END_TEST

START_TEST (moves_away_from_one_host_begin_apart)
{
  static const struct
  {
    TernTaskPhase phase;
    gint64 began_us;
    gboolean starts;
  } cases[] = {
    { TERN_PHASE_CHECKING, NOW, FALSE },
    { TERN_PHASE_PREPARING, NOW - SECONDS (2) + 1, FALSE },
    { TERN_PHASE_PREPARING, NOW - SECONDS (2), TRUE },
    { TERN_PHASE_COPYING, NOW - 1, TRUE },
    { TERN_PHASE_PREPARING, NOW + SECONDS (3600), TRUE }, /* the clock was set back */
    { TERN_PHASE_CHECKING, 0, FALSE },                    /* not written down yet */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Scene) scene;
      TernTaskRecord *next;
      g_autofree char *sentence = NULL;

      scene_init (&scene);
      add_task (&scene, "anna", "bert", cases[i].phase)->started_us = cases[i].began_us;
      next = add_task (&scene, "anna", "carl", TERN_PHASE_QUEUED);
      ck_assert ((tern_queue_next (&scene.queue) == next) == cases[i].starts);
      ck_assert (tern_queue_may_open (&scene.queue) == !cases[i].starts);
      sentence = tern_queue_explain (&scene.queue, next);
      ck_assert_pstr_eq (sentence,
                         cases[i].starts ? NULL : "another move away from anna is just beginning");
    }
}
END_TEST

/* Turns */

START_TEST (a_higher_priority_goes_first_and_waiting_raises_it)
{
  static const struct
  {
    TernPriority priority[2];
    guint waited_min[2];
    guint first;
  } cases[] = {
    { { TERN_PRIORITY_NORMAL, TERN_PRIORITY_HIGH }, { 0, 0 }, 1 },
    { { TERN_PRIORITY_LOW, TERN_PRIORITY_NORMAL }, { 9, 0 }, 1 },
    { { TERN_PRIORITY_LOW, TERN_PRIORITY_NORMAL }, { 10, 0 }, 0 },
    { { TERN_PRIORITY_LOW, TERN_PRIORITY_HIGH }, { 19, 0 }, 1 },
    { { TERN_PRIORITY_LOW, TERN_PRIORITY_HIGH }, { 20, 0 }, 0 },
    { { TERN_PRIORITY_HIGH, TERN_PRIORITY_HIGH }, { 0, 99 }, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Scene) scene;

      scene_init (&scene);
      for (guint k = 0; k < 2; k++)
        {
          TernTaskRecord *task = add_task (&scene, "anna", "bert", TERN_PHASE_QUEUED);

          task->options.priority = cases[i].priority[k];
          task->created_us = NOW - SECONDS (60 * cases[i].waited_min[k]);
        }
      ck_assert_msg (tern_queue_next (&scene.queue) == scene.tasks->pdata[cases[i].first],
                     "case %u", i);
    }
}
END_TEST

/* Lets the oldest move under way end, then the next begin. Returns: which */
static const TernTaskRecord *
take_turn (Scene *scene, guint64 *served)
{
  const TernTaskRecord *next;

  for (guint i = 0; i < scene->tasks->len; i++)
    if (is_under_way (scene->tasks->pdata[i]))
      {
        ((TernTaskRecord *) scene->tasks->pdata[i])->phase = TERN_PHASE_DONE;
        break;
      }
  next = tern_queue_next (&scene->queue);
  if (next == NULL)
    return NULL;
  begin_copy (next);
  ((TernQueueHost *) g_hash_table_lookup (scene->hosts, next->source))->served = ++*served;
  return next;
}

START_TEST (a_thousand_moves_of_one_host_delay_one_of_another_by_no_more_than_one_slot)
{
  static const TernLimits limits[] = { { 0, 0, 0 }, { 1, 1, 0 }, { 2, 2, 0 },
                                       { 5, 2, 1 }, { 9, 9, 3 }, { 1, 9, 2 } };

  for (guint i = 0; i < G_N_ELEMENTS (limits); i++)
    {
      g_auto (Scene) scene;
      guint64 served = 0;
      const TernTaskRecord *single, *next;
      guint before = 0;

      scene_init (&scene);
      scene.queue.limits = limits[i];
      for (guint k = 0; k < N_HOSTS; k++)
        add_host (&scene, names[k]);
      add_tasks (&scene, 1000, "anna", "bert", TERN_PHASE_QUEUED);
      for (guint k = 0; k < 20; k++)
        ck_assert_ptr_nonnull (take_turn (&scene, &served));
      single = add_task (&scene, "carl", "bert", TERN_PHASE_QUEUED);
      while ((next = take_turn (&scene, &served)) != single)
        {
          ck_assert_ptr_nonnull (next);
          before++;
        }
      ck_assert_uint_le (before, 1);
    }
}
END_TEST

START_TEST (hosts_take_turns_whoever_asked_first)
{
  g_auto (Scene) scene;
  guint64 served = 0;
  guint begun[3] = { 0 };

  scene_init (&scene);
  scene.queue.limits = (TernLimits){ .out = 9, .in = 1 };
  for (guint i = 0; i < N_HOSTS; i++)
    add_host (&scene, names[i]);
  for (guint i = 0; i < 3; i++)
    add_tasks (&scene, 30, names[i], "fred", TERN_PHASE_QUEUED);
  for (guint turn = 0; turn < 60; turn++)
    {
      const TernTaskRecord *next = take_turn (&scene, &served);

      for (guint i = 0; i < 3; i++)
        begun[i] += g_str_equal (next->source, names[i]);
      ck_assert_uint_le (
          MAX (MAX (begun[0], begun[1]), begun[2]) - MIN (MIN (begun[0], begun[1]), begun[2]), 1);
    }
}
END_TEST

/* Time: moves that share the link of their source as water shares a pipe */

#define OVERHEAD 1.5 /* seconds before and after each copy */
#define MAX_STEP 0.1

typedef struct
{
  double wait; /* until its copy begins */
  double left; /* bytes */
  double tail; /* after its copy */
} Fluid;

/* Moves on by as much as nothing changes in. Returns: seconds */
static double
flow (const Scene *scene, Fluid *fluids, double link)
{
  double step = MAX_STEP;
  guint copying = 0;

  for (guint i = 0; i < scene->tasks->len; i++)
    copying +=
        is_under_way (scene->tasks->pdata[i]) && fluids[i].wait <= 1e-9 && fluids[i].left > 0;
  for (guint i = 0; i < scene->tasks->len; i++)
    if (is_under_way (scene->tasks->pdata[i]))
      step = MIN (step, fluids[i].wait > 1e-9 ? fluids[i].wait
                        : fluids[i].left > 0  ? fluids[i].left / (link / copying)
                                              : fluids[i].tail);
  for (guint i = 0; i < scene->tasks->len; i++)
    {
      TernTaskRecord *task = scene->tasks->pdata[i];

      if (!is_under_way (task))
        continue;
      if (fluids[i].wait > 1e-9)
        fluids[i].wait -= step;
      else if (fluids[i].left > 0)
        fluids[i].left -= step * link / copying;
      else
        fluids[i].tail -= step;
      if (fluids[i].wait <= 1e-9)
        begin_copy (task);
      if (fluids[i].left < 1)
        fluids[i].left = 0;
      if (fluids[i].tail <= 1e-9)
        task->phase = TERN_PHASE_DONE;
    }
  return step;
}

static double
measure_makespan (guint n, double bytes, double link, TernLimits limits)
{
  g_auto (Scene) scene;
  g_autofree Fluid *fluids = g_new0 (Fluid, n);
  const TernTaskRecord *next;
  double time = 0;

  scene_init (&scene);
  scene.queue.limits = limits;
  for (guint i = 0; i < n; i++)
    {
      add_task (&scene, "anna", names[1 + i % (N_HOSTS - 1)], TERN_PHASE_QUEUED);
      fluids[i] = (Fluid){ OVERHEAD, bytes, OVERHEAD };
    }
  for (;;)
    {
      gboolean busy = FALSE;

      while ((next = tern_queue_next (&scene.queue)) != NULL)
        {
          ((TernTaskRecord *) next)->phase = TERN_PHASE_PREPARING;
          ((TernTaskRecord *) next)->started_us = scene.queue.now_us;
        }
      for (guint i = 0; i < n; i++)
        busy |= is_under_way (scene.tasks->pdata[i]);
      if (!busy)
        return time;
      time += flow (&scene, fluids, link);
      scene.queue.now_us = NOW + (gint64) (time * G_USEC_PER_SEC);
    }
}

START_TEST (eight_moves_from_one_host_by_two_take_a_tenth_more_than_the_link_needs_at_most)
{
  double link = 400e6 / 8, worst = 0;

  for (guint seconds = 7; seconds <= 105; seconds += 7)
    {
      double bytes = link * seconds;
      double best = 8 * bytes / link + 2 * OVERHEAD;
      double ratio = measure_makespan (8, bytes, link, (TernLimits){ .out = 2 }) / best;

      ck_assert (ratio >= 1);
      worst = MAX (worst, ratio);
    }
  ck_assert_msg (worst <= 1.1, "%.3f", worst);
  /* One at a time leaves the link idle between two. */
  ck_assert (measure_makespan (8, link * 10, link, (TernLimits){ .out = 1 }) > 1.1 * 83);
}
END_TEST

TERN_CHECK_MAIN (
    "queue",
    tcase_add_test (tcase,
                    a_checker_that_counts_one_by_one_chooses_the_same_until_nobody_may_start);
    tcase_add_test (tcase, who_waits_is_told_why_and_who_could_start_is_not);
    tcase_add_test (tcase, the_order_in_which_tasks_are_told_does_not_matter);
    tcase_add_test (tcase, an_empty_queue_has_no_next);
    tcase_add_test (tcase, a_full_host_does_not_keep_others_waiting);
    tcase_add_test (tcase, leaving_and_arriving_are_counted_apart);
    tcase_add_test (tcase, every_phase_between_queue_and_end_holds_a_place);
    tcase_add_test (tcase, a_start_in_place_leaves_no_host_but_arrives_at_one);
    tcase_add_test (tcase, a_third_move_leaves_when_two_leave_room_on_the_link_for_long_enough);
    tcase_add_test (tcase, a_link_is_not_filled_with_more_than_sixteen);
    tcase_add_test (tcase, as_many_arrive_as_fill_a_link_that_is_known_otherwise_two);
    tcase_add_test (tcase, two_start_at_a_time_however_fast_the_link_is);
    tcase_add_test (tcase, a_guest_that_is_shut_down_goes_nowhere_and_takes_no_place);
    tcase_add_test (tcase, every_limit_has_a_sentence_with_its_figures);
    tcase_add_test (tcase, moves_away_from_one_host_begin_apart);
    tcase_add_test (tcase, a_higher_priority_goes_first_and_waiting_raises_it);
    tcase_add_test (tcase,
                    a_thousand_moves_of_one_host_delay_one_of_another_by_no_more_than_one_slot);
    tcase_add_test (tcase, hosts_take_turns_whoever_asked_first); tcase_add_test (
        tcase, eight_moves_from_one_host_by_two_take_a_tenth_more_than_the_link_needs_at_most);)
