/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Prints how long eight moves from one host take, two at a time, over what the link alone needs and
 * one move costs besides: the whole engine on simulated hosts, in simulated time. Then fourteen of
 * all sizes, whose guests write, in the order a drain asks for them, over what the link needs. And
 * what a long line costs in real time.
 */
#include "config.h"

#include "world.h"

#include "engine/migrator-private.h"
#include "plan/schedule.h"

#include <stdlib.h>
#include <time.h>

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define N_MOVES 8
#define N_ROUNDS 15
#define LINK_BPS (400 * G_GUINT64_CONSTANT (1000000) / 8)
#define LONG_LINE 1000

typedef struct
{
  guint n;
  guint64 memory[N_MOVES];
  TernLimits limits;
  gboolean configured; /* the admin said how fast the link is */
} Case;

static char *
guest_uuid (guint i)
{
  return g_strdup_printf ("%08u-5a3f-4c7d-9e1b-2f3a4b5c6d7e", i + 1);
}

static void
prepare (World *world, guint n, const guint64 *memory)
{
  static const char *const hosts[] = { "anna", "bert", "carl" };

  world_init (world);
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      SimHost *host = tern_sim_find_host (world->sim, hosts[i]);

      host->link_bps = i == 2 ? LINK_BPS : 10 * LINK_BPS;
      host->facts->memory_total = (guint64) 4 << 40;
    }
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *uuid = guest_uuid (i);
      g_autofree char *name = g_strdup_printf ("guest%u", i);

      (void) world_add_vm (world, uuid, name, "carl", TERN_VM_RUNNING, memory[i]);
    }
  world_run (world, SECONDS (30));
}

static void
order_all (World *world, guint n)
{
  g_autoptr (TernOrder) order = tern_order_new (TERN_ACT_MOVE);
  g_autoptr (GPtrArray) tasks = NULL;
  g_autoptr (GError) error = NULL;

  g_strfreev (order->vms);
  order->vms = g_new0 (char *, n + 1);
  for (guint i = 0; i < n; i++)
    order->vms[i] = guest_uuid (i);
  tasks = world_give_order (world, order, NULL, &error);
  if (tasks == NULL)
    g_error ("%s", error->message);
}

static gboolean
set_link (TernHostConfig *config, gpointer data, GError **error)
{
  (void) data;
  (void) error;
  config->link_bps = LINK_BPS;
  return TRUE;
}

/* Returns: seconds */
static double
measure (const Case *one)
{
  g_auto (World) world;
  gint64 began_us, last_us = 0;

  prepare (&world, one->n, one->memory);
  tern_migrator_load_limits (world.migrator, &one->limits);
  if (one->configured)
    tern_inventory_update_host_async (world.inventory, "carl", set_link, NULL, NULL, NULL);
  world_run (&world, SECONDS (1));
  began_us = tern_clock_wall_us (world.clock);
  order_all (&world, one->n);
  for (guint64 id = 1; id <= one->n; id++)
    {
      if (!world_run_until_ended (&world, id, SECONDS (3600))
          || world_phase (&world, id) != TERN_PHASE_DONE)
        g_error ("task %" G_GUINT64_FORMAT " did not end well", id);
      last_us = MAX (last_us, world_record (&world, id)->finished_us);
    }
  return (double) (last_us - began_us) / G_USEC_PER_SEC;
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static void
print_row (const char *label, double *ratios)
{
  qsort (ratios, N_ROUNDS, sizeof *ratios, compare_doubles);
  g_print ("%-34s %8.3f %8.3f %8.3f\n", label, ratios[N_ROUNDS / 2], ratios[0],
           ratios[N_ROUNDS - 1]);
}

/* What one move costs besides the copy: asking, starting, switching over, looking again. */
static double
measure_overhead (guint64 memory)
{
  Case one = { 1, { memory }, { 0 }, FALSE };

  return measure (&one) - (double) memory / LINK_BPS;
}

static void
print_makespans (const char *label, TernLimits limits, gboolean configured)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (42);
  double ratios[N_ROUNDS];

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      Case one = { N_MOVES, { 0 }, limits, configured };
      guint64 memory = (guint64) g_rand_int_range (rand, 256, 2048) * MIB;
      double best = (double) (N_MOVES * memory) / LINK_BPS + measure_overhead (memory);

      for (guint i = 0; i < N_MOVES; i++)
        one.memory[i] = memory;
      ratios[round] = measure (&one) / best;
    }
  print_row (label, ratios);
}

/* A drain: the plan's order, given as its children are. */

#define N_DRAINED 14
#define WRITES_MOST (LINK_BPS / 5)

typedef struct
{
  guint64 memory[N_DRAINED];
  guint64 dirty[N_DRAINED];
  guint order[N_DRAINED];
  double bound;
} Drain;

static void
draw_drain (Drain *self, GRand *rand)
{
  TernScheduleHost hosts[] = { { .link_bps = LINK_BPS }, { .link_bps = 10 * LINK_BPS } };
  TernSchedule setup = { hosts, G_N_ELEMENTS (hosts), 0, 2 * G_USEC_PER_SEC };
  TernScheduleMove moves[N_DRAINED] = { { 0 } };

  for (guint i = 0; i < N_DRAINED; i++)
    {
      self->memory[i] = (guint64) 256 * MIB << g_rand_int_range (rand, 0, 5);
      self->dirty[i] = (guint64) g_rand_int_range (rand, 0, WRITES_MOST);
      moves[i] =
          (TernScheduleMove){ .to = 1, .bytes = self->memory[i], .dirty_bps = self->dirty[i] };
    }
  (void) tern_schedule (&setup, moves, N_DRAINED, self->order);
  self->bound = (double) tern_schedule_bound (&setup, moves, N_DRAINED) / G_USEC_PER_SEC;
}

static void
order_drain (World *world, const Drain *drain)
{
  g_autoptr (TernOrder) order = tern_order_new (TERN_ACT_MOVE);
  g_autoptr (GPtrArray) tasks = NULL;
  g_autoptr (GError) error = NULL;

  g_strfreev (order->vms);
  order->vms = g_new0 (char *, N_DRAINED + 1);
  for (guint i = 0; i < N_DRAINED; i++)
    order->vms[i] = guest_uuid (drain->order[i]);
  tasks = world_give_order (world, order, NULL, &error);
  if (tasks == NULL)
    g_error ("%s", error->message);
}

/* Returns: over the bound */
static double
measure_drain (const Drain *drain, TernLimits limits)
{
  g_auto (World) world;
  gint64 began_us, last_us = 0;

  prepare (&world, N_DRAINED, drain->memory);
  for (guint i = 0; i < N_DRAINED; i++)
    {
      g_autofree char *name = g_strdup_printf ("guest%u", i);

      tern_sim_set_dirty_rate (world.sim, "carl", name, drain->dirty[i]);
    }
  tern_migrator_load_limits (world.migrator, &limits);
  tern_inventory_update_host_async (world.inventory, "carl", set_link, NULL, NULL, NULL);
  world_run (&world, SECONDS (1));
  began_us = tern_clock_wall_us (world.clock);
  order_drain (&world, drain);
  for (guint64 id = 1; id <= N_DRAINED; id++)
    {
      if (!world_run_until_ended (&world, id, SECONDS (36000))
          || world_phase (&world, id) != TERN_PHASE_DONE)
        g_error ("task %" G_GUINT64_FORMAT " did not end well", id);
      last_us = MAX (last_us, world_record (&world, id)->finished_us);
    }
  return (double) (last_us - began_us) / G_USEC_PER_SEC / drain->bound;
}

static void
print_drains (const char *label, TernLimits limits)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (42);
  double ratios[N_ROUNDS];

  for (guint round = 0; round < N_ROUNDS; round++)
    {
      Drain drain;

      draw_drain (&drain, rand);
      ratios[round] = measure_drain (&drain, limits);
    }
  print_row (label, ratios);
}

static double
cpu_seconds (void)
{
  struct timespec now;

  (void) clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static void
print_long_line (void)
{
  g_autofree guint64 *memory = g_new (guint64, LONG_LINE);
  g_auto (World) world;
  double looks[N_ROUNDS];

  for (guint i = 0; i < LONG_LINE; i++)
    memory[i] = 256 * MIB;
  prepare (&world, LONG_LINE, memory);
  order_all (&world, LONG_LINE);
  world_run (&world, SECONDS (2));
  for (guint round = 0; round < N_ROUNDS; round++)
    {
      double began = cpu_seconds ();

      for (guint i = 0; i < 20; i++)
        tern_migrator_admit (world.migrator);
      looks[round] = (cpu_seconds () - began) / 20 * 1e6;
    }
  qsort (looks, N_ROUNDS, sizeof *looks, compare_doubles);
  g_print ("\none look at a line of %u moves: %.0f us of CPU (%.0f to %.0f)\n", LONG_LINE,
           looks[N_ROUNDS / 2], looks[0], looks[N_ROUNDS - 1]);
}

static GLogWriterOutput
drop_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  if (level & G_LOG_FLAG_FATAL)
    return g_log_writer_default (level, fields, n_fields, data);
  return G_LOG_WRITER_HANDLED;
}

int
main (void)
{
  g_log_set_writer_func (drop_log, NULL, NULL);
  g_print ("%u moves at once from one host, link 400 Mbit/s: makespan over the best possible\n"
           "(all bytes over the link, and what one move costs besides), %u rounds\n\n"
           "%-34s %8s %8s %8s\n",
           N_MOVES, N_ROUNDS, "limit", "median", "min", "max");
  print_makespans ("one at a time", (TernLimits){ .out = 1, .in = N_MOVES }, FALSE);
  print_makespans ("two at a time", (TernLimits){ .out = 2, .in = N_MOVES }, FALSE);
  print_makespans ("adaptive, link not known", (TernLimits){ .in = N_MOVES }, FALSE);
  print_makespans ("adaptive, link known", (TernLimits){ .in = N_MOVES }, TRUE);
  g_print ("\n%u guests of 256 MiB to 4 GiB, which write up to a fifth of the link: over what the\n"
           "link alone needs, %u rounds\n\n",
           N_DRAINED, N_ROUNDS);
  print_drains ("one at a time", (TernLimits){ .out = 1, .in = N_DRAINED });
  print_drains ("two at a time", (TernLimits){ .out = 2, .in = N_DRAINED });
  print_drains ("four at a time", (TernLimits){ .out = 4, .in = N_DRAINED });
  print_drains ("adaptive", (TernLimits){ 0 });
  print_long_line ();
  return EXIT_SUCCESS;
}
