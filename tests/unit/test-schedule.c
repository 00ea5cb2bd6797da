/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Orders and times of moves: what is promised of all of them is looked for in random ones, by a
 * simulation of its own (fluid.h); then what single rules mean.
 */
#include "config.h"

#include "fluid.h"

#include "tern-check.h"

#define GBIT 125000000
#define MB ((guint64) 1000000)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define N_HOSTS 8
#define N_MOVES 40
#define ROUNDS 100

typedef struct
{
  TernSchedule setup;
  TernScheduleHost hosts[N_HOSTS];
  TernScheduleMove moves[N_MOVES];
  guint n;
  guint order[N_MOVES];
} Scene;

static void
scene_init (Scene *self, guint n, guint gbit)
{
  *self = (Scene){ .n = n };
  self->setup = (TernSchedule){ self->hosts, N_HOSTS, 0, SECONDS (2) };
  for (guint i = 0; i < N_HOSTS; i++)
    self->hosts[i].link_bps = (guint64) gbit * GBIT;
  for (guint i = 0; i < n; i++)
    self->moves[i] = (TernScheduleMove){ .to = 1 + i % (N_HOSTS - 1), .bytes = 4 * GIB };
}

static void
scene_clear (Scene *self)
{
  for (guint i = 0; i < self->n; i++)
    if (self->moves[i].after != NULL)
      g_array_unref ((GArray *) self->moves[i].after);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

static void
add_wait (Scene *self, guint move, guint first)
{
  GArray *after = (GArray *) self->moves[move].after;

  if (after == NULL)
    self->moves[move].after = after = g_array_new (FALSE, FALSE, sizeof (guint));
  g_array_append_val (after, first);
}

static gint64
schedule (Scene *self)
{
  return tern_schedule (&self->setup, self->moves, self->n, self->order);
}

static gint64
get_bound (const Scene *self)
{
  return tern_schedule_bound (&self->setup, self->moves, self->n);
}

static void
random_limits (Scene *self, GRand *rand)
{
  for (guint i = 0; i < N_HOSTS; i++)
    {
      if (g_rand_int_range (rand, 0, 4) == 0)
        self->hosts[i].limit_out = (guint) g_rand_int_range (rand, 1, 5);
      if (g_rand_int_range (rand, 0, 4) == 0)
        self->hosts[i].limit_in = (guint) g_rand_int_range (rand, 1, 4);
      self->hosts[i].link_seen = g_rand_int_range (rand, 0, 5) == 0;
    }
  if (g_rand_int_range (rand, 0, 4) == 0)
    self->setup.limit_cluster = (guint) g_rand_int_range (rand, 1, 7);
}

static void
random_scene (Scene *self, GRand *rand)
{
  static const guint gbit[] = { 1, 10, 25, 100 };
  guint64 stream = (guint64) g_rand_int_range (rand, 0, 4) * 800 * MB;

  scene_init (self, (guint) g_rand_int_range (rand, 1, N_MOVES), 1);
  random_limits (self, rand);
  self->setup.overhead_us = SECONDS (g_rand_int_range (rand, 0, 4));
  for (guint i = 0; i < N_HOSTS; i++)
    self->hosts[i].link_bps =
        (guint64) GBIT * gbit[g_rand_int_range (rand, 0, G_N_ELEMENTS (gbit))];
  for (guint i = 0; i < self->n; i++)
    {
      guint from = (guint) g_rand_int_range (rand, 0, N_HOSTS);

      self->moves[i] = (TernScheduleMove){
        .from = from,
        .to = (from + (guint) g_rand_int_range (rand, 1, N_HOSTS)) % N_HOSTS,
        .bytes = (guint64) g_rand_int_range (rand, 1, 64) * GIB / 2,
        .dirty_bps = (guint64) g_rand_int_range (rand, 0, 60) * MB,
        .stream_bps = stream,
      };
    }
  for (guint i = 1; i < self->n; i++)
    if (g_rand_int_range (rand, 0, 5) == 0)
      add_wait (self, i, (guint) g_rand_int_range (rand, 0, (int) i));
}

static double
get_begin (const Scene *self, guint move)
{
  return (double) self->moves[move].begin_us / 1e6;
}

/* Properties */

START_TEST (what_is_foretold_comes_true_in_a_simulation_of_its_own)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (21);

  for (guint round = 0; round < ROUNDS; round++)
    {
      g_auto (Scene) scene;
      g_auto (Fluid) fluid;
      double foretold, found;

      random_scene (&scene, rand);
      foretold = (double) schedule (&scene) / 1e6;
      fluid_init (&fluid, &scene.setup, scene.moves, scene.n, FLUID_BYTES);
      found = fluid_run (&fluid, fluid_by_times, NULL);
      ck_assert (!fluid.broken);
      ck_assert_msg (ABS (found - foretold) < 0.01 + foretold / 1000, "%u: %.3f, not %.3f", round,
                     found, foretold);
      for (guint i = 0; i < scene.n; i++)
        ck_assert_msg (ABS (fluid.moves[i].end - (double) scene.moves[i].end_us / 1e6)
                           < 0.01 + foretold / 1000,
                       "%u: move %u", round, i);
    }
}
END_TEST

static void
compare_with_queue (FluidModel model, double most_mean, double most)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (22);
  double sum = 0, worst = 0;

  for (guint round = 0; round < ROUNDS; round++)
    {
      g_auto (Scene) scene;
      g_auto (Fluid) fluid;
      double foretold, found;

      random_scene (&scene, rand);
      foretold = (double) schedule (&scene) / 1e6;
      fluid_init (&fluid, &scene.setup, scene.moves, scene.n, model);
      found = fluid_run_by_queue (&fluid, scene.order);
      ck_assert (!fluid.broken);
      sum += found / foretold;
      worst = MAX (worst, found / foretold);
    }
  ck_assert_msg (sum / ROUNDS < most_mean && worst < most, "mean %.3f, worst %.3f", sum / ROUNDS,
                 worst);
}

/* It looks once a second, and learns of what a guest writes after the first pass only. */
START_TEST (the_queue_takes_as_long_as_foretold)
{
  compare_with_queue (FLUID_BYTES, 1.02, 1.35);
  compare_with_queue (FLUID_PASSES, 1.03, 1.7);
}
END_TEST

START_TEST (no_order_is_better_than_the_bound)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (23);

  for (guint round = 0; round < ROUNDS; round++)
    {
      g_auto (Scene) scene;

      random_scene (&scene, rand);
      ck_assert_int_ge (schedule (&scene), get_bound (&scene));
      ck_assert_int_gt (get_bound (&scene), 0);
    }
}
END_TEST

static void
check_limits_at (const Scene *scene, double when)
{
  guint out[N_HOSTS] = { 0 }, in[N_HOSTS] = { 0 }, all = 0;

  for (guint i = 0; i < scene->n; i++)
    if (get_begin (scene, i) <= when && when < (double) scene->moves[i].end_us / 1e6 - 1e-4)
      {
        out[scene->moves[i].from]++;
        in[scene->moves[i].to]++;
        all++;
      }
  for (guint i = 0; i < N_HOSTS; i++)
    {
      const TernScheduleHost *host = &scene->hosts[i];

      ck_assert_uint_le (out[i], host->limit_out > 0 ? host->limit_out : 16);
      ck_assert_uint_le (in[i], host->limit_in > 0 ? host->limit_in : 16);
    }
  if (scene->setup.limit_cluster > 0)
    ck_assert_uint_le (all, scene->setup.limit_cluster);
}

START_TEST (limits_hold_at_every_moment_and_waits_are_kept)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (24);

  for (guint round = 0; round < ROUNDS; round++)
    {
      g_auto (Scene) scene;

      random_scene (&scene, rand);
      (void) schedule (&scene);
      for (guint i = 0; i < scene.n; i++)
        {
          const GArray *after = scene.moves[i].after;

          check_limits_at (&scene, get_begin (&scene, i) + 1e-4);
          for (guint k = 0; after != NULL && k < after->len; k++)
            ck_assert_int_ge (scene.moves[i].begin_us,
                              scene.moves[g_array_index (after, guint, k)].end_us);
        }
    }
}
END_TEST

START_TEST (the_same_moves_get_the_same_times_and_every_move_its_place)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (25);

  for (guint round = 0; round < ROUNDS; round++)
    {
      g_auto (Scene) scene;
      gboolean seen[N_MOVES] = { 0 };
      guint before[N_MOVES];
      gint64 first;

      random_scene (&scene, rand);
      first = schedule (&scene);
      memcpy (before, scene.order, sizeof before);
      ck_assert_int_eq (schedule (&scene), first);
      ck_assert_mem_eq (before, scene.order, scene.n * sizeof *before);
      for (guint i = 0; i < scene.n; i++)
        {
          ck_assert (!seen[scene.order[i]]);
          seen[scene.order[i]] = TRUE;
          if (i > 0)
            ck_assert_int_le (scene.moves[scene.order[i - 1]].begin_us,
                              scene.moves[scene.order[i]].begin_us);
        }
    }
}
END_TEST

START_TEST (no_fixed_cap_is_better_on_the_whole)
{
  static const FluidCaps caps[] = { { NULL, 1, 0, 0, FALSE }, { NULL, 2, 2, 0, FALSE },
                                    { NULL, 2, 0, 5, FALSE }, { NULL, 4, 0, 0, FALSE },
                                    { NULL, 8, 8, 0, TRUE },  { NULL, 0, 0, 0, FALSE } };
  double ours = 0, theirs[G_N_ELEMENTS (caps)] = { 0 };
  g_autoptr (GRand) rand = g_rand_new_with_seed (26);

  for (guint round = 0; round < 60; round++)
    {
      g_auto (Scene) scene;
      g_auto (Fluid) fluid;
      double bound;

      random_scene (&scene, rand);
      for (guint i = 0; i < N_HOSTS; i++)
        scene.hosts[i].limit_out = scene.hosts[i].limit_in = 0;
      scene.setup.limit_cluster = 0;
      bound = (double) get_bound (&scene);
      (void) schedule (&scene);
      fluid_init (&fluid, &scene.setup, scene.moves, scene.n, FLUID_PASSES);
      ours += fluid_run_by_queue (&fluid, scene.order) / bound;
      for (guint k = 0; k < G_N_ELEMENTS (caps); k++)
        {
          guint order[N_MOVES];
          FluidCaps cap = caps[k];
          g_auto (Fluid) other;

          for (guint i = 0; i < scene.n; i++)
            order[i] = i;
          cap.order = order;
          fluid_init (&other, &scene.setup, scene.moves, scene.n, FLUID_PASSES);
          theirs[k] += fluid_run (&other, fluid_by_caps, &cap) / bound;
        }
    }
  for (guint k = 0; k < G_N_ELEMENTS (caps); k++)
    ck_assert_msg (ours < theirs[k], "%u: %.3f, not %.3f", k, theirs[k], ours);
}
END_TEST

/* Single rules */

START_TEST (nothing_takes_no_time_and_one_takes_its_bytes_and_what_else_a_move_takes)
{
  g_auto (Scene) none, one;

  scene_init (&none, 0, 1);
  ck_assert_int_eq (schedule (&none), 0);
  scene_init (&one, 1, 1);
  one.moves[0].bytes = 10 * (guint64) GBIT;
  ck_assert_int_eq (get_bound (&one), SECONDS (10));
  ck_assert_int_le (ABS (schedule (&one) - SECONDS (12)), 1000);
  ck_assert_int_eq (one.moves[0].begin_us, 0);
}
END_TEST

START_TEST (a_link_of_unknown_rate_gives_an_order_without_times)
{
  g_auto (Scene) scene;

  scene_init (&scene, 10, 10);
  scene.hosts[3].link_bps = 0;
  scene.moves[7].bytes = 64 * GIB;
  ck_assert_int_eq (schedule (&scene), 0);
  ck_assert_int_eq (get_bound (&scene), 0);
  ck_assert_uint_eq (scene.order[0], 7);
  for (guint i = 0; i < scene.n; i++)
    ck_assert (scene.moves[i].begin_us == 0 && scene.moves[i].end_us == 0);
}
END_TEST

START_TEST (the_longest_goes_first_where_streams_are_the_limit)
{
  g_auto (Scene) scene;

  scene_init (&scene, 30, 100);
  for (guint i = 0; i < scene.n; i++)
    scene.moves[i].stream_bps = 1000 * MB;
  scene.moves[29].bytes = 100 * GIB;
  ck_assert_int_lt (schedule (&scene), get_bound (&scene) * 105 / 100);
  ck_assert_int_eq (scene.moves[29].begin_us, 0);
}
END_TEST

START_TEST (a_full_link_takes_one_after_another_and_is_never_idle)
{
  g_auto (Scene) scene;

  scene_init (&scene, 20, 10);
  ck_assert_int_lt (schedule (&scene), get_bound (&scene) + SECONDS (3));
  for (guint i = 2; i < scene.n; i++)
    ck_assert_int_ge (scene.moves[scene.order[i]].begin_us,
                      scene.moves[scene.order[i - 2]].end_us - SECONDS (2));
}
END_TEST

START_TEST (moves_that_wait_in_a_circle_are_begun_all_the_same)
{
  g_auto (Scene) scene;

  scene_init (&scene, 3, 10);
  add_wait (&scene, 0, 1);
  add_wait (&scene, 1, 0);
  ck_assert_int_gt (schedule (&scene), 0);
  for (guint i = 0; i < 3; i++)
    ck_assert_int_gt (scene.moves[i].end_us, 0);
}
END_TEST

START_TEST (what_makes_room_for_much_goes_before_what_makes_room_for_nothing)
{
  g_auto (Scene) scene;

  scene_init (&scene, 12, 10);
  scene.moves[11].from = 7;
  scene.moves[11].to = 6;
  scene.moves[11].bytes = GIB;
  scene.moves[10].bytes = 60 * GIB;
  scene.moves[10].to = 7;
  add_wait (&scene, 10, 11);
  ck_assert_int_lt (schedule (&scene), get_bound (&scene) * 105 / 100 + SECONDS (2));
  ck_assert_int_eq (scene.moves[11].begin_us, 0);
}
END_TEST

START_TEST (a_guest_that_writes_is_reckoned_with_up_to_four_times_its_memory)
{
  static const struct
  {
    guint64 dirty, link, bytes;
  } cases[] = {
    { 0, 100 * MB, 1000 * MB },         { 50 * MB, 100 * MB, 2000 * MB },
    { 75 * MB, 100 * MB, 4000 * MB },   { 90 * MB, 100 * MB, 4000 * MB },
    { 5000 * MB, 100 * MB, 4000 * MB }, { 50 * MB, 0, 1000 * MB },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    ck_assert_uint_eq (tern_schedule_estimate_bytes (1000 * MB, cases[i].dirty, cases[i].link),
                       cases[i].bytes);
}
END_TEST

START_TEST (a_host_is_as_the_queue_sees_it)
{
  const TernLimits limits = { .out = 3, .in = 4 };
  TernQueueHost host = { .link_bps = 10 * MB, .bandwidth_bps = 7 * MB, .link_seen = TRUE };
  TernScheduleHost seen = tern_schedule_host (&host, limits);

  ck_assert (seen.link_bps == 7 * MB && seen.link_seen);
  ck_assert (seen.limit_out == 3 && seen.limit_in == 4);
  host.limit_out = 1;
  host.limit_in = 2;
  host.bandwidth_bps = 0;
  seen = tern_schedule_host (&host, limits);
  ck_assert (seen.link_bps == 10 * MB && seen.limit_out == 1 && seen.limit_in == 2);
  seen = tern_schedule_host (NULL, limits);
  ck_assert (seen.link_bps == 0 && seen.limit_out == 3 && seen.limit_in == 4);
}
END_TEST

TERN_CHECK_MAIN (
    "schedule", tcase_add_test (tcase, what_is_foretold_comes_true_in_a_simulation_of_its_own);
    tcase_add_test (tcase, the_queue_takes_as_long_as_foretold);
    tcase_add_test (tcase, no_order_is_better_than_the_bound);
    tcase_add_test (tcase, limits_hold_at_every_moment_and_waits_are_kept);
    tcase_add_test (tcase, the_same_moves_get_the_same_times_and_every_move_its_place);
    tcase_add_test (tcase, no_fixed_cap_is_better_on_the_whole);
    tcase_add_test (tcase,
                    nothing_takes_no_time_and_one_takes_its_bytes_and_what_else_a_move_takes);
    tcase_add_test (tcase, a_link_of_unknown_rate_gives_an_order_without_times);
    tcase_add_test (tcase, the_longest_goes_first_where_streams_are_the_limit);
    tcase_add_test (tcase, a_full_link_takes_one_after_another_and_is_never_idle);
    tcase_add_test (tcase, moves_that_wait_in_a_circle_are_begun_all_the_same);
    tcase_add_test (tcase, what_makes_room_for_much_goes_before_what_makes_room_for_nothing);
    tcase_add_test (tcase, a_guest_that_writes_is_reckoned_with_up_to_four_times_its_memory);
    tcase_add_test (tcase, a_host_is_as_the_queue_sees_it);)
