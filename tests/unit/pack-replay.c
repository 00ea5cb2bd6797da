/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "pack-replay.h"

typedef struct
{
  const TernPack *pack;
  guint64 *bytes; /* on each host, those under way counted on both */
  guint64 *vcpus;
  guint *where;
  TestPackOutcome out;
} Replay;

static gboolean
is_target (const TernPackHost *host)
{
  return host->capacity != 0 && !host->closed && !host->drained;
}

static const char *
judge_mover (const TernPackVm *vm, const TernPackMove *move)
{
  if (!vm->must_leave && !vm->spare && vm->home < 0)
    return "is not to be moved";
  if (vm->home >= 0 && move->to != (guint) vm->home && !vm->spare)
    return "goes elsewhere than home";
  return NULL;
}

/* Beyond its limit is wrong only where the move made it more. */
static const char *
judge_arrival (const Replay *r, const TernPackMove *move)
{
  const TernPackHost *to = &r->pack->hosts[move->to];

  if (!is_target (to))
    return "goes to a host that is closed";
  if (r->bytes[move->to] > to->capacity)
    return "makes a host hold more than it may";
  if (to->vcpus != 0 && r->vcpus[move->to] > to->vcpus)
    return "makes a host have more virtual CPUs than it may";
  if (r->pack->allows != NULL && !r->pack->allows (move->vm, move->to, r->pack->data))
    return "goes where it is not allowed";
  return NULL;
}

static gboolean
is_for_room (const TernPackVm *vm, const TernPackMove *move)
{
  if (vm->home >= 0)
    return move->to != (guint) vm->home;
  return !(vm->must_leave && move->from == vm->host);
}

static const char *
carry_out (Replay *r, const TernPackMove *move)
{
  const TernPackVm *vm;
  const char *wrong;

  if (move->vm >= r->pack->n_vms || move->to >= r->pack->n_hosts)
    return "is of something that does not exist";
  vm = &r->pack->vms[move->vm];
  if (move->from != r->where[move->vm] || move->from == move->to)
    return "is not where the move begins, or goes nowhere";
  if (move->for_room != is_for_room (vm, move))
    return "is said to make room and does not, or the other way round";
  r->bytes[move->to] += vm->size;
  r->vcpus[move->to] += vm->vcpus;
  wrong = judge_mover (vm, move);
  if (wrong == NULL)
    wrong = judge_arrival (r, move);
  r->bytes[move->from] -= vm->size;
  r->vcpus[move->from] -= vm->vcpus;
  r->where[move->vm] = move->to;
  r->out.moves++;
  r->out.room_moves += move->for_room;
  r->out.bytes += vm->size;
  return wrong;
}

static gboolean
is_left_over (const Replay *r, guint i)
{
  const TernPackVm *vm = &r->pack->vms[i];

  if (vm->home >= 0)
    return r->where[i] != (guint) vm->home;
  return vm->must_leave && r->where[i] == vm->host;
}

static char *
judge_end (Replay *r, const TernPackResult *result)
{
  guint n = 0;

  for (guint i = 0; i < r->pack->n_vms; i++)
    if (is_left_over (r, i))
      {
        if (n >= result->stranded->len || g_array_index (result->stranded, guint, n) != i)
          return g_strdup_printf ("VM %u is left over, and nothing says so", i);
        n++;
      }
  if (n != result->stranded->len)
    return g_strdup ("a VM is said to be left over and is not");
  r->out.stranded = n;
  for (guint i = 0; i < r->pack->n_hosts; i++)
    if (is_target (&r->pack->hosts[i]))
      r->out.highest =
          MAX (r->out.highest, (double) r->bytes[i] / (double) r->pack->hosts[i].capacity);
  return NULL;
}

static char *
carry_all_out (Replay *r, const TernPackResult *result)
{
  for (guint i = 0; i < r->pack->n_hosts; i++)
    {
      r->bytes[i] = r->pack->hosts[i].used;
      r->vcpus[i] = r->pack->hosts[i].vcpus_used;
    }
  for (guint i = 0; i < r->pack->n_vms; i++)
    r->where[i] = r->pack->vms[i].host;
  for (guint i = 0; i < result->moves->len; i++)
    {
      const TernPackMove *move = &g_array_index (result->moves, TernPackMove, i);
      const char *wrong = carry_out (r, move);

      if (wrong != NULL)
        return g_strdup_printf ("move %u: VM %u from %u to %u %s", i, move->vm, move->from,
                                move->to, wrong);
    }
  return judge_end (r, result);
}

char *
test_pack_replay (const TernPack *pack, const TernPackResult *result, TestPackOutcome *out_outcome)
{
  Replay r = { .pack = pack };
  char *wrong;

  r.bytes = g_new0 (guint64, pack->n_hosts + 1);
  r.vcpus = g_new0 (guint64, pack->n_hosts + 1);
  r.where = g_new0 (guint, pack->n_vms + 1);
  wrong = carry_all_out (&r, result);
  if (out_outcome != NULL)
    *out_outcome = r.out;
  g_free (r.bytes);
  g_free (r.vcpus);
  g_free (r.where);
  return wrong;
}

/* Bytes that fit below a level. */
static double
room_below (const TernPack *pack, double level)
{
  double sum = 0;

  for (guint i = 0; i < pack->n_hosts; i++)
    {
      const TernPackHost *h = &pack->hosts[i];

      if (is_target (h))
        sum += MAX (0, level * (double) h->capacity - (double) h->used);
    }
  return sum;
}

static double
find_water_level (const TernPack *pack, double bytes)
{
  double low = 0, high = 1e3;

  for (guint i = 0; i < 200; i++)
    {
      double middle = (low + high) / 2;

      if (room_below (pack, middle) < bytes)
        low = middle;
      else
        high = middle;
    }
  return low;
}

double
test_pack_bound (const TernPack *pack)
{
  double all = 0, largest = 0, alone = 1e3, fullest = 0;

  for (guint i = 0; i < pack->n_vms; i++)
    if (pack->vms[i].must_leave && pack->hosts[pack->vms[i].host].drained)
      {
        all += (double) pack->vms[i].size;
        largest = MAX (largest, (double) pack->vms[i].size);
      }
  for (guint i = 0; i < pack->n_hosts; i++)
    {
      const TernPackHost *h = &pack->hosts[i];

      if (!is_target (h))
        continue;
      alone = MIN (alone, ((double) h->used + largest) / (double) h->capacity);
      fullest = MAX (fullest, (double) h->used / (double) h->capacity);
    }
  return MAX (fullest, MAX (alone, find_water_level (pack, all)));
}

static int
compare_up (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static int
compare_down (gconstpointer a, gconstpointer b)
{
  return compare_up (b, a);
}

double
test_pack_bound_pairs (const TernPack *pack)
{
  g_autoptr (GArray) sizes = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) loads = g_array_new (FALSE, FALSE, sizeof (double));
  double bound = test_pack_bound (pack), capacity = 0;

  for (guint i = 0; i < pack->n_vms; i++)
    if (pack->vms[i].must_leave && pack->hosts[pack->vms[i].host].drained)
      {
        double size = (double) pack->vms[i].size;

        g_array_append_val (sizes, size);
      }
  for (guint i = 0; i < pack->n_hosts; i++)
    if (is_target (&pack->hosts[i]))
      {
        double load = (double) pack->hosts[i].used;

        g_array_append_val (loads, load);
        capacity = (double) pack->hosts[i].capacity;
      }
  g_array_sort (sizes, compare_down);
  g_array_sort (loads, compare_up);
  for (guint k = 1; k < MIN (sizes->len, loads->len); k++)
    {
      double size = g_array_index (sizes, double, k);
      double apart = g_array_index (loads, double, k) + size;
      double together =
          g_array_index (loads, double, 0) + size + g_array_index (sizes, double, k - 1);

      bound = MAX (bound, MIN (apart, together) / capacity);
    }
  return bound;
}
