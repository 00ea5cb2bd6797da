/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Room for a VM that finds none: others go elsewhere first, which may need others to go elsewhere
 * (ejection chains: F. Glover, "Ejection chains, reference structures and alternating path methods
 * for traveling salesman problems", Discrete Applied Mathematics 65, 1996). Here a chain is a tree,
 * because one large VM may need the room of several small ones:
 *
 *   vm -> host A: too little room
 *           x -> host B: too little room
 *                  y -> host C: fits       moves: y B->C, x A->B, vm ->A
 *
 * First the host that straight moves clear soonest is found, because one large VM among many small
 * ones may need a dozen of them. Then fewer moves are sought in depth: with one for room, then
 * two, and so on, as far as the effort reaches. A host is on the path once, a VM moves once in a
 * chain. Moves are made and undone on the packing itself, the deepest first: that is an order in
 * which each fits.
 */
#include "config.h"

#include "plan/pack-private.h"

/* Moves for room in one chain. */
#define MAX_ROOM_MOVES 4
/* Moves for room where one host is cleared of many small VMs. */
#define MAX_CLEARING_MOVES 40
/* Looks at VMs and hosts that one VM may take: to clear a host, to find a chain if that failed, to
 * find a shorter one if it did not. */
#define CLEARING_EFFORT 300000
#define CHAIN_EFFORT 300000
#define BETTER_EFFORT 60000
/* Asking whether a host allows a VM is as good as so many looks. */
#define ASK_EFFORT 200
/* So is putting one VM in its place among others. */
#define SORT_EFFORT 8

typedef struct
{
  TernPacking *packing;
  gboolean *on_path; /* for each host */
  gboolean *locked;  /* for each VM: it is to move later in this chain, or has moved */
  gint64 stop;       /* what of the effort must be left */
  guint64 asked;     /* questions that are paid for */
} Chain;

/* What a host lacks to take a VM. */
typedef struct
{
  guint64 bytes;
  guint vcpus;
} Need;

static guint64
shortage (guint64 used, guint64 more, guint64 capacity)
{
  guint64 sum = used + more;

  return sum > capacity ? sum - capacity : 0;
}

static Need
find_need (const TernPacking *packing, guint vm, guint host)
{
  const TernPackHost *h = &packing->pack->hosts[host];
  const TernPackVm *v = &packing->pack->vms[vm];
  Need need = { .bytes = shortage (packing->used[host], v->size, h->capacity) };

  if (h->vcpus > 0)
    need.vcpus = (guint) shortage (packing->vcpus[host], v->vcpus, h->vcpus);
  return need;
}

static gboolean
covers (const TernPackVm *v, Need need)
{
  return v->size >= need.bytes && v->vcpus >= need.vcpus;
}

/* Those that leave anyway cost no move more: they go elsewhere instead. */
static gboolean
leaves_anyway (const TernPacking *packing, guint vm)
{
  return tern_packing_must_go (packing->pack, vm);
}

typedef struct
{
  const TernPacking *packing;
  Need need;
} Order;

/* Those that suffice alone, the smallest first; then the others, the largest first. */
static int
compare_victims (gconstpointer a, gconstpointer b, gpointer data)
{
  const Order *order = data;
  guint i = *(const guint *) a, j = *(const guint *) b;
  const TernPackVm *x = &order->packing->pack->vms[i], *y = &order->packing->pack->vms[j];
  gboolean x_covers = covers (x, order->need), y_covers = covers (y, order->need);
  gboolean x_leaves = leaves_anyway (order->packing, i);

  if (x_covers != y_covers)
    return x_covers ? -1 : 1;
  if (x_leaves != leaves_anyway (order->packing, j))
    return x_leaves ? -1 : 1;
  if (x->size != y->size)
    return (x->size < y->size) == x_covers ? -1 : 1;
  if (x->vcpus != y->vcpus)
    return (x->vcpus < y->vcpus) == x_covers ? -1 : 1;
  return i < j ? -1 : 1;
}

/* Returns: in no order; %NULL if so many moves cannot suffice, whatever they are. */
static GArray *
list_victims (const Chain *c, guint host, Need need, guint budget)
{
  TernPacking *packing = c->packing;
  g_autoptr (GArray) victims = g_array_new (FALSE, FALSE, sizeof (guint));
  guint64 bytes = 0, most_bytes = 0;
  guint vcpus = 0, most_vcpus = 0;

  for (guint vm = packing->first[host]; vm != TERN_PACK_NONE; vm = packing->next[vm])
    {
      const TernPackVm *v = &packing->pack->vms[vm];

      packing->effort--;
      if (c->locked[vm] || !tern_packing_may_move (packing, vm))
        continue;
      g_array_append_val (victims, vm);
      bytes += v->size;
      vcpus += v->vcpus;
      most_bytes = MAX (most_bytes, v->size);
      most_vcpus = MAX (most_vcpus, v->vcpus);
    }
  if (bytes < need.bytes || vcpus < need.vcpus || most_bytes * budget < need.bytes
      || (guint64) most_vcpus * budget < need.vcpus)
    return NULL;
  return g_steal_pointer (&victims);
}

static GArray *
find_victims (const Chain *c, guint host, Need need, guint budget)
{
  GArray *victims = list_victims (c, host, need, budget);
  Order order = { .packing = c->packing, .need = need };

  if (victims == NULL)
    return NULL;
  c->packing->effort -= victims->len * SORT_EFFORT;
  g_array_sort_with_data (victims, compare_victims, &order);
  return victims;
}

static gboolean make_room (Chain *c, guint host, guint vm, guint *budget);

/* Hosts that lack room for @vm, the least first. */
static GArray *
find_short_hosts (const Chain *c, guint vm)
{
  TernPacking *packing = c->packing;
  const TernPack *pack = packing->pack;
  GArray *hosts = g_array_new (FALSE, FALSE, sizeof (TernPackChoice));

  packing->effort -= packing->n_open;
  for (guint n = 0; n < packing->n_open; n++)
    {
      guint i = packing->open[n];
      TernPackChoice choice = { .index = i };
      const TernPackHost *h = &pack->hosts[i];
      Need need;

      if (c->on_path[i] || i == packing->at[vm] || !tern_packing_may_visit (pack, vm, i)
          || h->capacity < pack->vms[vm].size || tern_packing_has_room (packing, vm, i))
        continue;
      need = find_need (packing, vm, i);
      choice.key = (double) need.bytes / (double) h->capacity
                   + (h->vcpus > 0 ? (double) need.vcpus / h->vcpus : 0);
      g_array_append_val (hosts, choice);
    }
  tern_pack_choices_heap (hosts);
  return hosts;
}

static gboolean
is_over (Chain *c)
{
  guint64 asked = c->packing->answers->asked;

  c->packing->effort -= (gint64) (asked - c->asked) * ASK_EFFORT;
  c->asked = asked;
  return c->packing->effort <= c->stop;
}

/* Home first, if it is one that is on its way there. */
static guint
find_other_place (const Chain *c, guint vm)
{
  int home = c->packing->pack->vms[vm].home;

  if (home >= 0 && !c->on_path[home] && tern_packing_fits (c->packing, vm, (guint) home))
    return (guint) home;
  return tern_packing_find_place (c->packing, vm, c->on_path);
}

static gboolean
eject (Chain *c, guint vm, guint *budget)
{
  g_autoptr (GArray) hosts = NULL;
  guint host = find_other_place (c, vm);
  gboolean done = FALSE;

  if (host != TERN_PACK_NONE)
    {
      tern_packing_move (c->packing, vm, host);
      return TRUE;
    }
  if (*budget == 0)
    return FALSE;
  hosts = find_short_hosts (c, vm);
  c->locked[vm] = TRUE;
  while (!done && !is_over (c) && (host = tern_pack_choices_take (hosts)) != TERN_PACK_NONE)
    {
      guint left = *budget;

      if (!tern_pack_allows (c->packing->answers, vm, host) || !make_room (c, host, vm, &left))
        continue;
      tern_packing_move (c->packing, vm, host);
      *budget = left;
      done = TRUE;
    }
  c->locked[vm] = FALSE;
  return done;
}

/* By @budget moves at most; what is left of it is handed back. On failure nothing has changed. */
static gboolean
make_room (Chain *c, guint host, guint vm, guint *budget)
{
  TernPacking *packing = c->packing;
  g_autoptr (GArray) victims = NULL;
  guint before = packing->moves->len;
  gboolean done = FALSE;

  if (tern_packing_has_room (packing, vm, host))
    return TRUE;
  if (*budget == 0)
    return FALSE;
  victims = find_victims (c, host, find_need (packing, vm, host), *budget);
  c->on_path[host] = TRUE;
  for (guint i = 0; victims != NULL && !done && !is_over (c) && i < victims->len; i++)
    {
      guint victim = g_array_index (victims, guint, i), left = *budget - 1;

      if (!eject (c, victim, &left))
        continue;
      c->locked[victim] = TRUE;
      done = make_room (c, host, vm, &left);
      c->locked[victim] = FALSE;
      if (done)
        *budget = left;
      else
        tern_packing_undo (packing, before);
    }
  c->on_path[host] = FALSE;
  return done;
}

static guint64
find_roomiest (const TernPacking *packing)
{
  guint64 most = 0;

  for (guint i = 0; i < packing->n_open; i++)
    {
      guint host = packing->open[i];
      guint64 capacity = packing->pack->hosts[host].capacity, used = packing->used[host];

      if (capacity > used)
        most = MAX (most, capacity - used);
    }
  return most;
}

/* Of the victims that have another place, the smallest that suffices; or the largest. */
static gboolean
eject_best (Chain *c, guint host, guint vm, guint chained)
{
  TernPacking *packing = c->packing;
  Need need = find_need (packing, vm, host);
  g_autoptr (GArray) victims = find_victims (c, host, need, G_MAXUINT16);
  guint64 roomiest = chained == 0 ? find_roomiest (packing) : G_MAXUINT64;

  packing->effort -= packing->n_open;
  for (guint i = 0; victims != NULL && i < victims->len && !is_over (c); i++)
    {
      guint victim = g_array_index (victims, guint, i), left = chained;

      if (packing->pack->vms[victim].size > roomiest || !eject (c, victim, &left))
        continue;
      c->locked[victim] = TRUE;
      return TRUE;
    }
  return FALSE;
}

/* As many as it takes, one after another, without coming back on any. */
static gboolean
clear (Chain *c, guint host, guint vm, guint most, guint chained)
{
  TernPacking *packing = c->packing;
  guint before = packing->moves->len;
  gboolean going = TRUE;

  c->on_path[host] = TRUE;
  while (going && !tern_packing_has_room (packing, vm, host))
    going = packing->moves->len - before < most && eject_best (c, host, vm, chained);
  c->on_path[host] = FALSE;
  for (guint i = before; i < packing->moves->len; i++)
    c->locked[g_array_index (packing->moves, TernPackMove, i).vm] = FALSE;
  if (!going)
    tern_packing_undo (packing, before);
  return going;
}

/* A host that could take the VM if enough went away from it. */
typedef struct
{
  guint host;
  guint least; /* so many have to, if each goes straight to a host that has room for it now */
  double lack;
} Target;

static int
compare_targets (gconstpointer a, gconstpointer b)
{
  const Target *x = a, *y = b;

  if (x->least != y->least)
    return x->least < y->least ? -1 : 1;
  if (x->lack != y->lack)
    return x->lack < y->lack ? -1 : 1;
  return x->host < y->host ? -1 : 1;
}

static int
compare_down (gconstpointer a, gconstpointer b)
{
  guint64 x = *(const guint64 *) a, y = *(const guint64 *) b;

  return x > y ? -1 : x < y;
}

/* How many of the largest come to the sum. */
static guint
count_largest (GArray *sizes, guint64 sum)
{
  guint64 reached = 0;
  guint n = 0;

  g_array_sort (sizes, compare_down);
  for (; n < sizes->len && reached < sum; n++)
    reached += g_array_index (sizes, guint64, n);
  return reached < sum ? MAX_CLEARING_MOVES : n;
}

static guint
count_least (const Chain *c, const GArray *victims, Need need, guint64 roomiest)
{
  g_autoptr (GArray) bytes = g_array_new (FALSE, FALSE, sizeof (guint64));
  g_autoptr (GArray) vcpus = g_array_new (FALSE, FALSE, sizeof (guint64));

  for (guint i = 0; i < victims->len; i++)
    {
      const TernPackVm *v = &c->packing->pack->vms[g_array_index (victims, guint, i)];
      guint64 n = v->vcpus;

      if (v->size > roomiest)
        continue;
      g_array_append_val (bytes, v->size);
      g_array_append_val (vcpus, n);
    }
  return MAX (count_largest (bytes, need.bytes), count_largest (vcpus, need.vcpus));
}

static GArray *
find_targets (const Chain *c, guint vm)
{
  const TernPackVm *v = &c->packing->pack->vms[vm];
  g_autoptr (GArray) choices = find_short_hosts (c, vm);
  GArray *targets = g_array_new (FALSE, FALSE, sizeof (Target));
  guint64 roomiest = find_roomiest (c->packing);

  for (guint i = 0; i < choices->len; i++)
    {
      const TernPackChoice *choice = &g_array_index (choices, TernPackChoice, i);
      Target target = { .host = choice->index, .lack = choice->key };
      Need need = find_need (c->packing, vm, target.host);
      g_autoptr (GArray) victims = NULL;

      if (v->home >= 0 && target.host != (guint) v->home)
        continue;
      victims = list_victims (c, target.host, need, G_MAXUINT16);
      if (victims == NULL)
        continue;
      target.least = count_least (c, victims, need, roomiest);
      g_array_append_val (targets, target);
    }
  c->packing->effort -= targets->len * 2 * SORT_EFFORT;
  g_array_sort (targets, compare_targets);
  return targets;
}

/* The fewest moves that clear a host, with the VM's own; none if no host can be cleared. */
static void
find_clearing (Chain *c, guint vm, const GArray *targets, guint chained, GArray *best)
{
  TernPacking *packing = c->packing;
  guint before = packing->moves->len;

  for (guint i = 0; i < targets->len && !is_over (c); i++)
    {
      const Target *target = &g_array_index (targets, Target, i);
      guint most = best->len > 0 ? best->len - 2 : MAX_CLEARING_MOVES;

      if (chained == 0 && target->least > most)
        break;
      if (!tern_pack_allows (packing->answers, vm, target->host)
          || !clear (c, target->host, vm, most, chained))
        continue;
      tern_packing_move (packing, vm, target->host);
      g_array_set_size (best, 0);
      g_array_append_vals (best, &g_array_index (packing->moves, TernPackMove, before),
                           packing->moves->len - before);
      tern_packing_undo (packing, before);
    }
}

static gboolean
try_targets (Chain *c, guint vm, const GArray *targets, guint moves)
{
  for (guint i = 0; i < targets->len && !is_over (c); i++)
    {
      guint host = g_array_index (targets, Target, i).host, budget = moves;

      if (!tern_pack_allows (c->packing->answers, vm, host) || !make_room (c, host, vm, &budget))
        continue;
      tern_packing_move (c->packing, vm, host);
      return TRUE;
    }
  return FALSE;
}

static void
give_effort (Chain *c, gint64 effort)
{
  c->stop = MAX (c->packing->effort - effort, 0);
}

static gboolean
make_moves (TernPacking *packing, const GArray *moves)
{
  for (guint i = 0; i < moves->len; i++)
    {
      const TernPackMove *move = &g_array_index (moves, TernPackMove, i);

      tern_packing_move (packing, move->vm, move->to);
    }
  return moves->len > 0;
}

/* What clearing a host straight takes is known soon; then fewer moves are sought, in depth; and if
 * there was no straight way, any. */
static gboolean
place (Chain *c, guint vm)
{
  g_autoptr (GArray) targets = find_targets (c, vm);
  g_autoptr (GArray) best = g_array_new (FALSE, FALSE, sizeof (TernPackMove));
  guint most = MAX_ROOM_MOVES;

  if (targets->len == 0)
    return FALSE;
  give_effort (c, CLEARING_EFFORT);
  find_clearing (c, vm, targets, 0, best);
  if (best->len > 0)
    most = MIN (most, best->len - 2);
  give_effort (c, best->len > 0 ? BETTER_EFFORT : CHAIN_EFFORT);
  for (guint moves = 1; moves <= most; moves++)
    if (try_targets (c, vm, targets, moves))
      return TRUE;
  give_effort (c, CLEARING_EFFORT);
  for (guint chained = 1; chained <= 2 && best->len == 0; chained++)
    find_clearing (c, vm, targets, chained, best);
  return make_moves (c->packing, best);
}

gboolean
tern_packing_place_by_chain (TernPacking *packing, guint vm)
{
  g_autofree gboolean *on_path = g_new0 (gboolean, packing->pack->n_hosts + 1);
  g_autofree gboolean *locked = g_new0 (gboolean, packing->pack->n_vms + 1);
  Chain chain = { .packing = packing, .on_path = on_path, .locked = locked };

  locked[vm] = TRUE;
  chain.asked = packing->answers->asked;
  return place (&chain, vm);
}

/* Returns: whether any got its place */
static gboolean
place_each (TernPacking *self, const GArray *vms)
{
  gboolean any = FALSE;

  for (guint i = 0; i < vms->len && self->effort > 0; i++)
    {
      guint vm = g_array_index (vms, guint, i);

      if (!tern_packing_is_content (self->pack, vm, self->at[vm])
          && tern_packing_place_by_chain (self, vm))
        any = TRUE;
    }
  return any;
}

/* One that got its place may have freed what another lacked: all are tried again then. */
void
tern_packing_place_by_chains (TernPacking *self)
{
  g_autoptr (GArray) vms = tern_packing_list_stranded (self);

  while (place_each (self, vms))
    tern_packing_place_direct (self);
}
