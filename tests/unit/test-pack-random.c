/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Packings of random clusters, each replayed by pack-replay.c, and of small ones compared with all
 * placements that any order of moves can reach.
 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "pack-replay.h"
#include "tern-check.h"
#include "test-random.h"

#define N_SMALL 1000
#define N_LARGE 150
#define MAX_HOSTS 40
#define MAX_VMS 400

/* A problem with its own storage. */
typedef struct
{
  TernPack pack;
  TernPackHost hosts[MAX_HOSTS];
  TernPackVm vms[MAX_VMS];
  guint8 allowed[MAX_VMS][MAX_HOSTS];
  guint8 asked[MAX_VMS][MAX_HOSTS];
  guint most_asked;
} Problem;

static gboolean
allows (guint vm, guint host, gpointer data)
{
  Problem *p = data;

  p->asked[vm][host]++;
  p->most_asked = MAX (p->most_asked, p->asked[vm][host]);
  return p->allowed[vm][host];
}

static void
make_hosts (Problem *p, TestRandom *random, guint n_drained)
{
  gboolean limited = test_random_chance (random, 40);

  for (guint i = 0; i < p->pack.n_hosts; i++)
    {
      TernPackHost *h = &p->hosts[i];

      h->capacity = 8 + test_random_below (random, 9);
      h->vcpus = limited && test_random_chance (random, 70) ? 8 + test_random_below (random, 9) : 0;
      h->drained = i < n_drained;
      h->closed = h->drained ? test_random_chance (random, 50) : test_random_chance (random, 4);
    }
  if (test_random_chance (random, 5))
    p->hosts[p->pack.n_hosts - 1].capacity = 0;
}

/* Returns: a host that it fits on, of a few that are tried; or the number of hosts. The @slack is
 * left free on each. */
static guint
find_host (const Problem *p, TestRandom *random, const TernPackVm *vm, guint slack)
{
  for (guint i = 0; i < 6; i++)
    {
      guint host = test_random_below (random, p->pack.n_hosts);
      const TernPackHost *h = &p->hosts[host];

      if (h->used + vm->size + slack <= h->capacity
          && (h->vcpus == 0 || h->vcpus_used + vm->vcpus <= h->vcpus))
        return host;
    }
  return p->pack.n_hosts;
}

static void
add_vm (Problem *p, TestRandom *random, gboolean of_return, guint slack)
{
  TernPackVm *vm = &p->vms[p->pack.n_vms];

  *vm = (TernPackVm){ .size = 1 + test_random_below (random, 4), .home = -1, .preferred = -1 };
  if (test_random_chance (random, 35))
    vm->size += test_random_below (random, 6);
  vm->vcpus = 1 + test_random_below (random, 4);
  vm->host = find_host (p, random, vm, slack);
  if (vm->host == p->pack.n_hosts)
    return;
  p->hosts[vm->host].used += vm->size;
  p->hosts[vm->host].vcpus_used += vm->vcpus;
  vm->spare = test_random_chance (random, 75);
  vm->must_leave = p->hosts[vm->host].drained && test_random_chance (random, 90);
  if (of_return && test_random_chance (random, 60))
    {
      vm->home = (int) test_random_below (random, p->pack.n_hosts);
      vm->must_leave = vm->home != (int) vm->host;
    }
  else if (test_random_chance (random, 10))
    vm->preferred = (int) test_random_below (random, p->pack.n_hosts);
  p->pack.n_vms++;
}

static Problem *
make_problem (guint64 seed, guint max_hosts, guint max_vms)
{
  TestRandom random = { seed };
  Problem *p = g_new0 (Problem, 1);
  gboolean of_return = test_random_chance (&random, 25);
  guint refusals = test_random_chance (&random, 50) ? test_random_below (&random, 40) : 0;
  guint slack = max_hosts > 4 ? test_random_below (&random, 6) : 0;
  guint n_hosts = 3 + test_random_below (&random, max_hosts - 2);

  p->pack = (TernPack){ .hosts = p->hosts, .n_hosts = n_hosts, .vms = p->vms, .allows = allows };
  p->pack.data = p;
  make_hosts (p, &random, of_return ? 0 : 1 + (n_hosts > 3 && test_random_chance (&random, 30)));
  for (guint i = 0; i < max_vms; i++)
    add_vm (p, &random, of_return, slack);
  for (guint i = 0; i < p->pack.n_vms; i++)
    for (guint j = 0; j < n_hosts; j++)
      p->allowed[i][j] = !test_random_chance (&random, refusals);
  return p;
}

/* All placements that can be reached, as numbers in which each digit is the host of a VM. */
typedef struct
{
  const Problem *p;
  guint movers[16];
  guint n_movers;
  guint n_placements;
  guint8 *seen;
  guint *queue;
  guint n_queued;
} Oracle;

static gboolean
is_mover (const TernPackVm *vm)
{
  if (vm->home == (int) vm->host && !vm->spare)
    return FALSE;
  return vm->spare || vm->must_leave || vm->home >= 0;
}

static void
oracle_find_movers (Oracle *o)
{
  o->n_placements = 1;
  for (guint i = 0; i < o->p->pack.n_vms; i++)
    if (is_mover (&o->p->vms[i]))
      {
        ck_assert_uint_lt (o->n_movers, G_N_ELEMENTS (o->movers));
        o->movers[o->n_movers++] = i;
        o->n_placements *= o->p->pack.n_hosts;
      }
}

static void
oracle_read (const Oracle *o, guint placement, guint *out_where)
{
  for (guint i = 0; i < o->p->pack.n_vms; i++)
    out_where[i] = o->p->vms[i].host;
  for (guint i = 0; i < o->n_movers; i++, placement /= o->p->pack.n_hosts)
    out_where[o->movers[i]] = placement % o->p->pack.n_hosts;
}

static gboolean
oracle_may (const Oracle *o, const guint *where, guint vm, guint to)
{
  const TernPackVm *v = &o->p->vms[vm];
  const TernPackHost *h = &o->p->hosts[to];
  guint64 used = v->size;
  guint vcpus = v->vcpus;

  if (where[vm] == to || h->closed || h->drained || h->capacity == 0 || !o->p->allowed[vm][to]
      || (v->home >= 0 && !v->spare && to != (guint) v->home))
    return FALSE;
  for (guint i = 0; i < o->p->pack.n_vms; i++)
    if (where[i] == to)
      {
        used += o->p->vms[i].size;
        vcpus += o->p->vms[i].vcpus;
      }
  return used <= h->capacity && (h->vcpus == 0 || vcpus <= h->vcpus);
}

static void
oracle_expand (Oracle *o, guint placement)
{
  guint where[MAX_VMS], digit = 1;

  oracle_read (o, placement, where);
  for (guint i = 0; i < o->n_movers; i++, digit *= o->p->pack.n_hosts)
    for (guint to = 0; to < o->p->pack.n_hosts; to++)
      {
        guint next = placement + (to - where[o->movers[i]]) * digit;

        if (to == where[o->movers[i]] || o->seen[next] || !oracle_may (o, where, o->movers[i], to))
          continue;
        o->seen[next] = TRUE;
        o->queue[o->n_queued++] = next;
      }
}

static guint
oracle_count_left (const Oracle *o, guint placement)
{
  guint where[MAX_VMS], n = 0;

  oracle_read (o, placement, where);
  for (guint i = 0; i < o->p->pack.n_vms; i++)
    {
      const TernPackVm *vm = &o->p->vms[i];

      n += vm->home >= 0 ? where[i] != (guint) vm->home : vm->must_leave && where[i] == vm->host;
    }
  return n;
}

/* Returns: the fewest that any order of moves leaves over. */
static guint
find_fewest_left (const Problem *p)
{
  Oracle o = { .p = p };
  guint best, digit = 1, first = 0;

  oracle_find_movers (&o);
  o.seen = g_new0 (guint8, o.n_placements);
  o.queue = g_new (guint, o.n_placements);
  for (guint i = 0; i < o.n_movers; i++, digit *= p->pack.n_hosts)
    first += p->vms[o.movers[i]].host * digit;
  o.seen[first] = TRUE;
  o.queue[o.n_queued++] = first;
  best = oracle_count_left (&o, first);
  for (guint i = 0; i < o.n_queued && best > 0; i++)
    {
      best = MIN (best, oracle_count_left (&o, o.queue[i]));
      oracle_expand (&o, o.queue[i]);
    }
  g_free (o.seen);
  g_free (o.queue);
  return best;
}

static void
check_replay (Problem *p, guint64 seed, TestPackOutcome *out)
{
  g_autoptr (TernPackResult) result = NULL, again = NULL;
  g_autofree char *wrong = NULL;

  memset (p->asked, 0, sizeof p->asked);
  p->most_asked = 0;
  result = tern_pack (&p->pack);
  ck_assert_msg (p->most_asked <= 1, "seed %u: a pair was asked for %u times", (guint) seed,
                 p->most_asked);
  wrong = test_pack_replay (&p->pack, result, out);
  ck_assert_msg (wrong == NULL, "seed %u: %s", (guint) seed, wrong);
  again = tern_pack (&p->pack);
  ck_assert_uint_eq (result->moves->len, again->moves->len);
  for (guint i = 0; i < result->moves->len; i++)
    {
      const TernPackMove *x = &g_array_index (result->moves, TernPackMove, i);
      const TernPackMove *y = &g_array_index (again->moves, TernPackMove, i);

      ck_assert (x->vm == y->vm && x->from == y->from && x->to == y->to);
    }
}

/* What the clusters are like: a test of nothing but easy ones would test nothing. */
typedef struct
{
  guint possible, made_room, impossible, missed;
} Tally;

static void
compare_with_oracle (guint64 seed, Tally *tally)
{
  g_autofree Problem *p = make_problem (seed, 4, 8);
  TestPackOutcome out;
  guint fewest;

  check_replay (p, seed, &out);
  fewest = find_fewest_left (p);
  ck_assert_uint_ge (out.stranded, fewest);
  tally->possible += fewest == 0;
  tally->impossible += fewest > 0;
  tally->made_room += out.room_moves > 0;
  if (out.stranded == fewest)
    return;
  tally->missed++;
  fprintf (stderr, "missed: seed %u: %u left over, %u at best\n", (guint) seed, out.stranded,
           fewest);
}

START_TEST (of_small_clusters_as_few_are_left_over_as_any_order_of_moves_leaves)
{
  guint n = g_getenv ("TERN_TEST_COARSE") != NULL ? 50 : N_SMALL;
  Tally tally = { 0 };

  for (guint seed = 0; seed < n; seed++)
    compare_with_oracle (seed, &tally);
  fprintf (stderr, "%u clusters: %u can be done, %u not; %u needed room; %u missed\n", n,
           tally.possible, tally.impossible, tally.made_room, tally.missed);
  ck_assert_uint_le (tally.missed * 100, n);
  ck_assert_uint_gt (tally.possible, n / 4);
  ck_assert_uint_gt (tally.impossible, n / 10);
  ck_assert_uint_gt (tally.made_room, n / 20);
}
END_TEST

START_TEST (no_order_for_a_larger_cluster_overcommits_at_any_step)
{
  guint n = g_getenv ("TERN_TEST_COARSE") != NULL ? 10 : N_LARGE;
  guint moves = 0, room = 0, stranded = 0;

  for (guint seed = 0; seed < n; seed++)
    {
      g_autofree Problem *p = make_problem (seed, MAX_HOSTS, MAX_VMS);
      TestPackOutcome out;

      check_replay (p, seed, &out);
      moves += out.moves;
      room += out.room_moves;
      stranded += out.stranded;
    }
  fprintf (stderr, "%u clusters: %u moves, %u for room, %u left over\n", n, moves, room, stranded);
  ck_assert_uint_gt (moves, 10 * n);
  ck_assert_uint_gt (room, n / 2);
}
END_TEST

TERN_CHECK_MAIN (
    "pack-random",
    tcase_add_test (tcase, of_small_clusters_as_few_are_left_over_as_any_order_of_moves_leaves);
    tcase_add_test (tcase, no_order_for_a_larger_cluster_overcommits_at_any_step);)
