/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long drains take over what the links need at least, in a fluid simulation: by our order and
 * our queue, and by the caps that others have on moves at a time.
 *
 *   tests/bench/bench-schedule [SEED…]     42 unless given
 *
 * The bound: for each host its bytes out and in over its link, for each move its bytes over the
 * slower of stream and links, those that make room for it before; the bytes of a copy that has the
 * links for itself. Each move takes two seconds besides, which the bound does not count.
 */
#include "config.h"

#include "fluid.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#define GBIT 125000000.0
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define MB 1000000
#define OVERHEAD_US (2 * G_USEC_PER_SEC)
#define N_INSTANCES 200
#define MOST_MOVES 400

typedef struct
{
  TernSchedule setup;
  TernScheduleHost *hosts;
  TernScheduleMove *moves;
  guint n;
} Instance;

/* What others have by default:
 * Nova: max_concurrent_live_migrations = 1 (nova.conf), of each source.
 * oVirt: max_outgoing_migrations = 2 and max_incoming_migrations = 2 (vdsm.conf).
 * KubeVirt: parallelOutboundMigrationsPerNode = 2, parallelMigrationsPerCluster = 5.
 * Proxmox VE: max_workers = 4 of each node's resource manager (datacenter.cfg).
 * vSphere: 8 of a host, 4 over a 1 Gbit/s network (vCenter Server, "Limits on Simultaneous
 * Migrations"); what arrives counts, too. */
static const struct
{
  const char *name;
  guint out, in, cluster;
  gboolean slow_halves;
} peers[] = {
  { "Nova", 1, 0, 0, FALSE },    { "oVirt", 2, 2, 0, FALSE },  { "KubeVirt", 2, 0, 5, FALSE },
  { "Proxmox", 4, 0, 0, FALSE }, { "vSphere", 8, 8, 0, TRUE },
};

enum
{
  OURS,
  OURS_NEW, /* of a daemon that has not seen yet how much one move takes */
  FIRST_PEER,
  N_COLUMNS = FIRST_PEER + G_N_ELEMENTS (peers)
};

/* Making instances */

static void
instance_init (Instance *self, guint n_hosts)
{
  self->hosts = g_new0 (TernScheduleHost, n_hosts);
  self->moves = g_new0 (TernScheduleMove, MOST_MOVES);
  self->n = 0;
  self->setup = (TernSchedule){ self->hosts, n_hosts, 0, OVERHEAD_US };
}

static void
instance_clear (Instance *self)
{
  for (guint i = 0; i < self->n; i++)
    if (self->moves[i].after != NULL)
      g_array_unref ((GArray *) self->moves[i].after);
  g_free (self->hosts);
  g_free (self->moves);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Instance, instance_clear)

/* Mostly small. */
static guint64
draw_memory (GRand *rand)
{
  static const guint gib[] = { 2, 4, 8, 16, 32, 64, 128 };
  static const guint weights[] = { 20, 22, 30, 18, 6, 3, 1 };
  guint draw = (guint) g_rand_int_range (rand, 0, 100), i = 0;

  for (; draw >= weights[i]; i++)
    draw -= weights[i];
  return gib[i] * GIB;
}

static guint64
draw_dirty (GRand *rand)
{
  int kind = g_rand_int_range (rand, 0, 20);

  if (kind < 14)
    return (guint64) g_rand_int_range (rand, 0, 10) * MB;
  return (guint64) g_rand_int_range (rand, 10, kind < 19 ? 60 : 200) * MB;
}

static guint
draw_destination (const Instance *self, GRand *rand, guint drained, gboolean by_link)
{
  double all = 0, draw;

  if (!by_link)
    return (guint) g_rand_int_range (rand, (int) drained, (int) self->setup.n_hosts);
  for (guint i = drained; i < self->setup.n_hosts; i++)
    all += (double) self->hosts[i].link_bps;
  draw = g_rand_double_range (rand, 0, all);
  for (guint i = drained; i < self->setup.n_hosts - 1; i++)
    if ((draw -= (double) self->hosts[i].link_bps) < 0)
      return i;
  return self->setup.n_hosts - 1;
}

/* One that must leave the destination of @of before. */
static void
add_room_move (Instance *self, GRand *rand, guint of, guint drained)
{
  TernScheduleMove *room = &self->moves[self->n];
  GArray *after = g_array_new (FALSE, FALSE, sizeof (guint));

  *room = self->moves[of];
  room->from = self->moves[of].to;
  room->to = (guint) g_rand_int_range (rand, (int) drained, (int) self->setup.n_hosts);
  room->bytes = MIN (room->bytes, 4 * GIB);
  if (room->to == room->from)
    room->to = room->to + 1 < self->setup.n_hosts ? room->to + 1 : drained;
  g_array_append_val (after, self->n);
  self->moves[of].after = after;
  self->n++;
}

static void
draw_instance (Instance *self, GRand *rand)
{
  static const double links[] = { 1, 10, 10, 25, 25 };
  static const double streams[] = { 0.4e9, 1.2e9, 3e9 };
  guint n_hosts = (guint) g_rand_int_range (rand, 4, 33);
  guint drained = (guint) g_rand_int_range (rand, 1, (int) n_hosts / 4 + 1);
  guint n = drained * (guint) g_rand_int_range (rand, 5, 25);
  double stream = streams[g_rand_int_range (rand, 0, G_N_ELEMENTS (streams))];
  gboolean by_link = g_rand_boolean (rand), with_room = g_rand_int_range (rand, 0, 4) == 0;

  instance_init (self, n_hosts);
  for (guint i = 0; i < n_hosts; i++)
    self->hosts[i].link_bps =
        (guint64) (GBIT * links[g_rand_int_range (rand, 0, G_N_ELEMENTS (links))]);
  for (guint i = 0; i < n; i++)
    self->moves[self->n++] =
        (TernScheduleMove){ .from = (guint) g_rand_int_range (rand, 0, (int) drained),
                            .to = draw_destination (self, rand, drained, by_link),
                            .bytes = draw_memory (rand),
                            .dirty_bps = draw_dirty (rand),
                            .stream_bps = (guint64) stream };
  for (guint i = 0; with_room && i < n; i += 10)
    add_room_move (self, rand, i, drained);
}

/* Four hosts of eighty are emptied, as the case of a thousand VMs that others were measured with.
 */
static void
make_grid_instance (Instance *self, double gbit, double stream, guint64 dirty, guint32 seed)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);

  instance_init (self, 80);
  for (guint i = 0; i < 80; i++)
    self->hosts[i].link_bps = (guint64) (GBIT * gbit);
  for (guint i = 0; i < 58; i++)
    self->moves[self->n++] = (TernScheduleMove){ .from = i % 4,
                                                 .to = (guint) g_rand_int_range (rand, 4, 80),
                                                 .bytes = draw_memory (rand),
                                                 .dirty_bps = dirty,
                                                 .stream_bps = (guint64) stream };
}

/* Measuring */

/* Those that make room wait for nobody. */
static double
get_row (const Instance *self, const double *alone, guint move)
{
  const GArray *after = self->moves[move].after;

  return alone[move] + (after != NULL ? alone[g_array_index (after, guint, 0)] : 0);
}

/* By one move at a time, each alone in the world. */
static double
find_bound (const Instance *self, FluidModel model)
{
  g_autofree double *need = g_new0 (double, 2 * self->setup.n_hosts);
  g_autofree double *times = g_new0 (double, self->n + 1);
  double bound = 0;

  for (guint i = 0; i < self->n; i++)
    {
      TernScheduleMove alone = self->moves[i];
      g_auto (Fluid) fluid;

      alone.after = NULL;
      alone.begin_us = 0;
      fluid_init (&fluid, &self->setup, &alone, 1, model);
      (void) fluid_run (&fluid, fluid_by_times, NULL);
      need[alone.from] += fluid.moves[0].sent / (double) self->hosts[alone.from].link_bps;
      need[self->setup.n_hosts + alone.to] +=
          fluid.moves[0].sent / (double) self->hosts[alone.to].link_bps;
      times[i] = fluid.moves[0].copied - fluid.moves[0].copy_began;
    }
  for (guint i = 0; i < self->n; i++)
    bound = MAX (bound, get_row (self, times, i));
  for (guint i = 0; i < 2 * self->setup.n_hosts; i++)
    bound = MAX (bound, need[i]);
  return bound;
}

static double
run_caps (const Instance *self, FluidModel model, guint peer)
{
  g_autofree guint *order = g_new (guint, self->n + 1);
  FluidCaps caps = { order, peers[peer].out, peers[peer].in, peers[peer].cluster,
                     peers[peer].slow_halves };
  g_auto (Fluid) fluid;
  double time;

  for (guint i = 0; i < self->n; i++)
    order[i] = i;
  fluid_init (&fluid, &self->setup, self->moves, self->n, model);
  time = fluid_run (&fluid, fluid_by_caps, &caps);
  if (fluid.broken)
    g_error ("%s: a simulation that is wrong", peers[peer].name);
  return time;
}

static double
cpu_seconds (void)
{
  struct timespec now;

  (void) clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

typedef struct
{
  double ratio[N_COLUMNS];
  double planned; /* what tern_schedule() foretold, over the bound */
  double cpu;
} Result;

static double
run_queue (const Instance *self, FluidModel model, const guint *order, gboolean new_daemon)
{
  g_auto (Fluid) fluid;
  double time;

  fluid_init (&fluid, &self->setup, self->moves, self->n, model);
  fluid.new_daemon = new_daemon;
  time = fluid_run_by_queue (&fluid, order);
  if (fluid.broken)
    g_error ("A simulation that is wrong");
  return time;
}

static Result
measure (Instance *self, FluidModel model)
{
  g_autofree guint *order = g_new (guint, self->n + 1);
  double bound = find_bound (self, model), began = cpu_seconds ();
  Result result;

  result.planned = (double) tern_schedule (&self->setup, self->moves, self->n, order) / 1e6 / bound;
  result.cpu = cpu_seconds () - began;
  result.ratio[OURS] = run_queue (self, model, order, FALSE) / bound;
  result.ratio[OURS_NEW] = run_queue (self, model, order, TRUE) / bound;
  for (guint i = 0; i < G_N_ELEMENTS (peers); i++)
    result.ratio[FIRST_PEER + i] = run_caps (self, model, i) / bound;
  return result;
}

/* Printing */

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static void
print_row (const char *label, double *values, guint n)
{
  double sum = 0;

  qsort (values, n, sizeof *values, compare_doubles);
  for (guint i = 0; i < n; i++)
    sum += values[i];
  g_print ("%-24s %8.3f %8.3f %8.3f\n", label, sum / n, values[n / 2], values[n - 1]);
}

static void
print_instances (guint32 seed, FluidModel model)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
  double columns[N_COLUMNS + 1][N_INSTANCES], cpu = 0;

  for (guint i = 0; i < N_INSTANCES; i++)
    {
      g_auto (Instance) instance;
      Result result;

      draw_instance (&instance, rand);
      result = measure (&instance, model);
      for (guint k = 0; k < N_COLUMNS; k++)
        columns[k][i] = result.ratio[k];
      columns[N_COLUMNS][i] = result.planned;
      cpu = MAX (cpu, result.cpu);
    }
  g_print ("\n%u instances, 4 to 32 hosts, links of 1 to 25 Gbit/s, seed %u, %s\n"
           "makespan over the bound       mean   median    worst\n",
           N_INSTANCES, seed,
           model == FLUID_BYTES ? "what is written goes over at once"
                                : "what is written goes over in passes");
  print_row ("ours, by the queue", columns[OURS], N_INSTANCES);
  print_row ("ours, by a new daemon", columns[OURS_NEW], N_INSTANCES);
  print_row ("ours, as foretold", columns[N_COLUMNS], N_INSTANCES);
  for (guint k = 0; k < G_N_ELEMENTS (peers); k++)
    print_row (peers[k].name, columns[FIRST_PEER + k], N_INSTANCES);
  g_print ("ordering took %.1f ms of CPU at most\n", cpu * 1000);
}

static void
print_grid (guint32 seed, FluidModel model)
{
  static const double links[] = { 1, 10, 25, 40, 100 };
  static const double streams[] = { 0.4e9, 1.2e9, 3e9 };
  static const guint64 dirty[] = { 0, 10, 40 };
  double worst = 0;

  g_print ("\n4 of 80 hosts are emptied, 58 moves, seed %u, %s: makespan over the bound\n"
           "Gbit/s  stream GB/s  written MB/s foretold     ours      new",
           seed, model == FLUID_BYTES ? "at once" : "in passes");
  for (guint k = 0; k < G_N_ELEMENTS (peers); k++)
    g_print (" %8s", peers[k].name);
  for (guint i = 0; i < G_N_ELEMENTS (links); i++)
    for (guint j = 0; j < G_N_ELEMENTS (streams); j++)
      for (guint d = 0; d < G_N_ELEMENTS (dirty); d++)
        {
          g_auto (Instance) instance;
          Result result;

          make_grid_instance (&instance, links[i], streams[j], dirty[d] * MB, seed);
          result = measure (&instance, model);
          g_print ("\n%6.0f %12.1f %13" G_GUINT64_FORMAT, links[i], streams[j] / 1e9, dirty[d]);
          g_print (" %8.3f", result.planned);
          for (guint k = 0; k < N_COLUMNS; k++)
            g_print (" %8.3f", result.ratio[k]);
          worst = MAX (worst, result.ratio[OURS]);
        }
  g_print ("\nours, worst: %.3f\n", worst);
}

int
main (int argc, char **argv)
{
  for (int i = argc > 1 ? 1 : 0; i < MAX (argc, 1); i++)
    {
      guint32 seed = argc > 1 ? (guint32) g_ascii_strtoull (argv[i], NULL, 10) : 42;

      for (FluidModel model = FLUID_BYTES; model <= FLUID_PASSES; model++)
        {
          print_instances (seed, model);
          print_grid (seed, model);
        }
    }
  return EXIT_SUCCESS;
}
