/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Emptying hosts of large clusters: how long it takes to plan, and how good the plan is, beside
 * hbal of Ganeti where that is installed (Debian: ganeti-htools). Both get the same cluster, in
 * turn; times are CPU time. What we plan is carried out by pack-replay.c, which shares no code with
 * the planner; of the peer's plan the end is judged.
 *
 *   bench-drain [ROUNDS [CASE]]     5 unless told; the cases whose names begin so
 *   BENCH_PEER=all bench-drain      the peer on every cluster: it takes minutes
 *   BENCH_PEER=no bench-drain       never
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <glib/gstdio.h>

#include "plan/drain.h"

#include "drain-cluster.h"
#include "pack-replay.h"

#define NODE_OS_MIB 4096

typedef struct
{
  const char *name;
  ClusterShape shape;
  gboolean slow_peer;
} Case;

/* clang-format off */
static const Case cases[] = {
  { "4 of 80, 1,000 VMs",       {   80,  1000,  4, 0.70, 42 }, FALSE },
  { "4 of 80, 1,000 VMs",       {   80,  1000,  4, 0.70, 43 }, TRUE },
  { "1 of 200, 4,000 VMs",      {  200,  4000,  1, 0.70, 42 }, FALSE },
  { "1 of 200, 4,000 VMs",      {  200,  4000,  1, 0.70, 43 }, TRUE },
  { "4 of 200, 4,000 VMs",      {  200,  4000,  4, 0.70, 42 }, TRUE },
  { "4 of 200, 4,000 VMs",      {  200,  4000,  4, 0.70, 43 }, TRUE },
  { "1 of 1000, 20,000 VMs",    { 1000, 20000,  1, 0.70, 42 }, TRUE },
  { "1 of 1000, 20,000 VMs",    { 1000, 20000,  1, 0.70, 43 }, TRUE },
  { "4 of 200, tight",          {  200,  4000,  4, 0.90, 42 }, TRUE },
  { "4 of 200, nearly full",    {  200,  4000,  4, 0.96, 42 }, TRUE },
  { "8 of 200, nearly full",    {  200,  4000,  8, 0.97, 42 }, TRUE },
  { "24 of 200, more than fit", {  200,  4000, 24, 0.97, 42 }, TRUE },
};
/* clang-format on */

/* The peer's text format. Disks are on shared storage: they do not move. */
static char *
format_cluster (const Cluster *c)
{
  GString *text = g_string_new ("default|uuid-default|preferred||\n\n");
  const guint disk = 200 * 1024 * 1024;

  for (guint i = 0; i < c->pack.n_hosts; i++)
    {
      guint free_mib = (guint) ((c->hosts[i].capacity - c->hosts[i].used) / MIB);
      guint all_mib = (guint) (c->hosts[i].capacity / MIB) + NODE_OS_MIB;

      g_string_append_printf (text, "node%04u|%u|%u|%u|%u|%u|%u|%c|uuid-default|1||N|0|0|1.0\n", i,
                              all_mib, NODE_OS_MIB, free_mib, disk, disk, c->cpus,
                              i == 0 ? 'M' : 'N');
    }
  g_string_append_c (text, '\n');
  for (guint i = 0; i < c->pack.n_vms; i++)
    g_string_append_printf (text, "vm%05u|%u|%u|%u|running|Y|node%04u||ext||1|-\n", i,
                            (guint) (c->vms[i].size / MIB), 20 * 1024, c->vms[i].vcpus,
                            c->vms[i].host);
  g_string_append (text, "\n\n|128,1,1024,1,1,1|128,1,1024,1,1,1;1048576,128,1048576,16,8,12|"
                         "drbd,plain,sharedfile,ext,rbd,file,blockdev,diskless|32.0|32.0\n");
  return g_string_free (text, FALSE);
}

/* Where everything is after the peer's plan, judged as ours. Returns: what is wrong */
static const char *
judge_peer (const Cluster *c, const char *saved, TestPackOutcome *out)
{
  g_autofree guint64 *used = g_new0 (guint64, c->pack.n_hosts);
  g_auto (GStrv) lines = g_strsplit (saved, "\n", -1);
  const char *wrong = NULL;

  memset (out, 0, sizeof *out);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto (GStrv) words = g_strsplit (lines[i], "|", -1);
      guint vm, host;

      if (g_strv_length (words) < 8 || sscanf (words[0], "vm%u", &vm) != 1
          || sscanf (words[6], "node%u", &host) != 1 || vm >= c->pack.n_vms
          || host >= c->pack.n_hosts)
        continue;
      used[host] += c->vms[vm].size;
      out->stranded += c->hosts[host].drained;
      if (host == c->vms[vm].host)
        continue;
      out->moves++;
      out->bytes += c->vms[vm].size;
      out->room_moves += !c->vms[vm].must_leave;
    }
  for (guint i = 0; i < c->pack.n_hosts; i++)
    {
      if (c->hosts[i].drained)
        continue;
      out->highest = MAX (out->highest, (double) used[i] / (double) c->hosts[i].capacity);
      if (used[i] > c->hosts[i].capacity)
        wrong = "over-commits";
    }
  return wrong;
}

static double
get_cpu_ms (void)
{
  struct timespec now;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double) now.tv_sec * 1e3 + (double) now.tv_nsec / 1e6;
}

static double
get_children_ms (void)
{
  struct rusage usage;

  getrusage (RUSAGE_CHILDREN, &usage);
  return (double) usage.ru_utime.tv_sec * 1e3 + (double) usage.ru_utime.tv_usec / 1e3
         + (double) usage.ru_stime.tv_sec * 1e3 + (double) usage.ru_stime.tv_usec / 1e3;
}

static GPtrArray *
make_peer_command (const Cluster *c, const char *input, const char *output)
{
  GPtrArray *command = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (command, g_strdup ("hbal"));
  g_ptr_array_add (command, g_strdup_printf ("--text-data=%s", input));
  g_ptr_array_add (command, g_strdup_printf ("--save=%s", output));
  g_ptr_array_add (command, g_strdup ("--ignore-dynu"));
  g_ptr_array_add (command, g_strdup ("--evac-mode"));
  for (guint i = 0; i < c->pack.n_hosts; i++)
    if (c->hosts[i].drained)
      g_ptr_array_add (command, g_strdup_printf ("--offline=node%04u", i));
  g_ptr_array_add (command, NULL);
  return command;
}

/* Returns: what the peer made of it, see format_cluster(); %NULL if it failed */
static char *
run_peer (const Cluster *c, double *out_ms)
{
  g_autofree char *dir = g_dir_make_tmp ("bench-drain-XXXXXX", NULL);
  g_autofree char *input = g_build_filename (dir, "cluster.data", NULL);
  g_autofree char *output = g_build_filename (dir, "after", NULL);
  g_autofree char *before = g_strconcat (output, ".original", NULL);
  g_autofree char *after = g_strconcat (output, ".balanced", NULL);
  g_autofree char *text = format_cluster (c);
  g_autoptr (GPtrArray) command = make_peer_command (c, input, output);
  char *saved = NULL;
  double began = get_children_ms ();

  g_file_set_contents (input, text, -1, NULL);
  g_spawn_sync (NULL, (char **) command->pdata, NULL,
                G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                NULL, NULL, NULL, NULL, NULL);
  *out_ms = get_children_ms () - began;
  if (!g_file_get_contents (after, &saved, NULL, NULL))
    (void) g_file_get_contents (output, &saved, NULL, NULL);
  g_unlink (input);
  g_unlink (output);
  g_unlink (before);
  g_unlink (after);
  g_rmdir (dir);
  return saved;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static void
print_row (const char *who, GArray *ms, const TestPackOutcome *out, const double *bound,
           const char *wrong)
{
  const double *times = (const double *) (gpointer) ms->data;

  g_array_sort (ms, compare_doubles);
  printf ("  %-5s %10.2f ms (%.2f - %.2f)  %3u moves, %2u for room  %5u GiB  %u stranded  "
          "highest %.4f, bound 1 %.4f (sharper %.4f)  %s\n",
          who, times[ms->len / 2], times[0], times[ms->len - 1], out->moves, out->room_moves,
          (guint) (out->bytes / GIB), out->stranded, out->highest, bound[0], bound[1],
          wrong != NULL ? wrong : "ok");
}

static gboolean
wants_peer (const Case *which)
{
  const char *wish = g_getenv ("BENCH_PEER");
  g_autofree char *program = g_find_program_in_path ("hbal");

  if (program == NULL || g_strcmp0 (wish, "no") == 0)
    return FALSE;
  return !which->slow_peer || g_strcmp0 (wish, "all") == 0;
}

static char *
plan (Cluster *c, GArray *ms, TestPackOutcome *out)
{
  double began = get_cpu_ms (), took;
  g_autoptr (TernPackResult) result = NULL;

  c->n_asked = 0;
  result = tern_pack (&c->pack);
  took = get_cpu_ms () - began;
  g_array_append_val (ms, took);
  return test_pack_replay (&c->pack, result, out);
}

static guint
read_number (const char *name)
{
  return (guint) g_ascii_strtoull (name + strcspn (name, "0123456789"), NULL, 10);
}

static int
compare_numbers (gconstpointer a, gconstpointer b)
{
  guint x = *(const guint *) a, y = *(const guint *) b;

  return x < y ? -1 : x > y;
}

/* Returns: what is wrong with the whole plan, as pack-replay.c sees it */
static char *
replay_plan (const Cluster *c, const TernDrainPlan *plan)
{
  g_autoptr (TernPackResult) result = g_new0 (TernPackResult, 1);

  result->moves = g_array_new (FALSE, FALSE, sizeof (TernPackMove));
  result->stranded = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < plan->moves->len; i++)
    {
      const TernDrainMove *move = plan->moves->pdata[i];
      TernPackMove step = { .vm = read_number (move->vm->name),
                            .from = read_number (move->from),
                            .to = read_number (move->to),
                            .for_room = move->item->for_room };

      g_array_append_val (result->moves, step);
    }
  for (guint i = 0; i < plan->items->len; i++)
    {
      const TernDrainItem *item = plan->items->pdata[i];
      guint vm = read_number (item->vm_name);

      if (item->state == TERN_ITEM_LEFT)
        g_array_append_val (result->stranded, vm);
    }
  g_array_sort (result->stranded, compare_numbers);
  return test_pack_replay (&c->pack, result, NULL);
}

/* From hosts and VMs with all their verdicts to a plan with an order and times. Returns: whether it
 * is sound */
static gboolean
run_whole (const Case *which, const Cluster *c, guint rounds)
{
  g_autoptr (TernCluster) cluster = cluster_to_model (c);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (TernDrain) drain = NULL;
  g_autoptr (GArray) ms = g_array_new (FALSE, FALSE, sizeof (double));
  TernDrainQuestion question = { .cluster = cluster, .now_us = 1 };
  guint moves = 0, left = 0, highest = 0;
  gint64 makespan_us = 0;
  g_autofree char *wrong = NULL;

  for (guint i = 0; i < which->shape.n_drained; i++)
    g_ptr_array_add (names, g_strdup_printf ("node%04u", i));
  g_ptr_array_add (names, NULL);
  drain = tern_drain_new ((const char *const *) names->pdata);
  question.drain = drain;
  for (guint i = 0; i < rounds; i++)
    {
      double began = get_cpu_ms (), took;
      g_autoptr (TernDrainPlan) plan = tern_drain_plan (&question);

      took = get_cpu_ms () - began;
      g_array_append_val (ms, took);
      moves = plan->moves->len;
      left = tern_drain_plan_count (plan, TERN_ITEM_LEFT);
      highest = plan->highest_permille;
      makespan_us = plan->makespan_us;
      g_free (wrong);
      wrong = replay_plan (c, plan);
    }
  g_array_sort (ms, compare_doubles);
  printf ("  whole %10.2f ms (%.2f - %.2f)  %3u moves, %u left, highest %.3f of what may be "
          "promised, over in %.0f s  %s\n",
          g_array_index (ms, double, ms->len / 2), g_array_index (ms, double, 0),
          g_array_index (ms, double, ms->len - 1), moves, left, highest / 1000.0,
          (double) makespan_us / 1e6, wrong != NULL ? wrong : "ok");
  return wrong == NULL;
}

/* Returns: whether our plan is sound */
static gboolean
run (const Case *which, guint rounds)
{
  g_autoptr (Cluster) c = cluster_new (&which->shape);
  g_autoptr (GArray) ours = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) theirs = g_array_new (FALSE, FALSE, sizeof (double));
  TestPackOutcome out, peer;
  g_autofree char *wrong = NULL;
  const char *peer_wrong = "failed";
  gboolean sound;
  const double bound[] = { test_pack_bound (&c->pack), test_pack_bound_pairs (&c->pack) };

  for (guint i = 0; i < rounds; i++)
    {
      g_free (wrong);
      wrong = plan (c, ours, &out);
      /* Twice will do for what takes a thousand times as long. */
      if (i < 2 && wants_peer (which))
        {
          double ms;
          g_autofree char *saved = run_peer (c, &ms);

          g_array_append_val (theirs, ms);
          peer_wrong = saved != NULL ? judge_peer (c, saved, &peer) : "failed";
        }
    }
  printf ("%s, seed %u: %u asked for\n", which->name, (guint) which->shape.seed, c->n_asked);
  print_row ("ours", ours, &out, bound, wrong);
  sound = run_whole (which, c, rounds) && wrong == NULL;
  if (theirs->len > 0)
    print_row ("hbal", theirs, &peer, bound, peer_wrong);
  fflush (stdout);
  return sound;
}

int
main (int argc, char **argv)
{
  guint rounds = argc > 1 ? (guint) atoi (argv[1]) : 5;
  gboolean sound = TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    if (argc < 3 || g_str_has_prefix (cases[i].name, argv[2]))
      sound &= run (&cases[i], MAX (rounds, 1));
  return sound ? 0 : 1;
}
