/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Small problems that the chains leave over: a best-first search over placements, from the one that
 * is now, one move at a time, so that what it finds is an order, too. VMs may move any number of
 * times here: that finds swaps over a third host and what only one of many orders allows. Every
 * placement is looked at once, and so many of them at most. If all that can be reached were looked
 * at, what is stranded is stranded really.
 *
 * The next to be looked at is the one with the least of: moves made, and for each VM that still
 * must go a weight and what the best of its hosts lacks to take it.
 */
#include "config.h"

#include <string.h>

#include "plan/pack-private.h"

/* VMs that may be moved times hosts; above, the chains have to do. */
#define MAX_PAIRS 4096
#define MAX_HOSTS 255
#define MAX_PLACEMENTS 40000
#define MAX_BYTES (8 * 1024 * 1024)
/* Pairs looked at in all: time is bounded where a single placement has many. */
#define MAX_LOOKS 10000000
#define WEIGHT_WAITING 4.0
#define WEIGHT_LACK 4.0

/* How a placement was reached. */
typedef struct
{
  guint parent;
  guint mover;
  guint to;
  guint depth;
  guint waiting;
} Node;

typedef struct
{
  const TernPack *pack;
  GArray *movers;   /* of guint: VMs that may move at all */
  gboolean *legal;  /* for each mover and host: it may go there if there is room */
  TernPacking *now; /* its loads are those of the placement that is looked at */
  guint64 *fixed;   /* for each host: bytes of what never moves */
  guint *fixed_vcpus;
  guint max_nodes;
  GArray *nodes;      /* of Node */
  guint8 *placements; /* for each node, the host of each mover */
  guint *slots;       /* hash table of nodes: number + 1, or 0 */
  guint slot_mask;
  GArray *open; /* of TernPackChoice: nodes to be looked at */
  guint best;   /* node */
  guint goal;   /* so few can be left waiting */
  gint64 looks;
} Search;

static void
search_clear (Search *self)
{
  g_clear_pointer (&self->movers, g_array_unref);
  g_clear_pointer (&self->now, tern_packing_free);
  g_clear_pointer (&self->nodes, g_array_unref);
  g_clear_pointer (&self->open, g_array_unref);
  g_free (self->legal);
  g_free (self->fixed);
  g_free (self->fixed_vcpus);
  g_free (self->placements);
  g_free (self->slots);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Search, search_clear)

static const Node *
get_node (const Search *self, guint i)
{
  return &g_array_index (self->nodes, Node, i);
}

static guint8 *
get_placement (const Search *self, guint i)
{
  return self->placements + (gsize) i * self->movers->len;
}

static guint
get_mover (const Search *self, guint i)
{
  return g_array_index (self->movers, guint, i);
}

/* To move one that may stay away from a closed host makes room nowhere. */
static void
find_movers (Search *self)
{
  const TernPack *pack = self->pack;

  self->movers = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < pack->n_vms; i++)
    if ((pack->vms[i].spare && tern_packing_is_open (pack, pack->vms[i].host))
        || !tern_packing_is_content (pack, i, pack->vms[i].host))
      g_array_append_val (self->movers, i);
}

static void
find_legal (Search *self, TernPackAnswers *answers)
{
  const TernPack *pack = self->pack;

  self->legal = g_new0 (gboolean, self->movers->len * pack->n_hosts);
  for (guint i = 0; i < self->movers->len; i++)
    for (guint host = 0; host < pack->n_hosts; host++)
      {
        guint vm = get_mover (self, i);

        self->legal[i * pack->n_hosts + host] =
            tern_packing_is_open (pack, host) && tern_packing_may_visit (pack, vm, host)
            && pack->hosts[host].capacity >= pack->vms[vm].size
            && (host == pack->vms[vm].host || tern_pack_allows (answers, vm, host));
      }
}

static void
find_fixed (Search *self)
{
  const TernPack *pack = self->pack;

  self->fixed = g_new (guint64, pack->n_hosts);
  self->fixed_vcpus = g_new (guint, pack->n_hosts);
  for (guint i = 0; i < pack->n_hosts; i++)
    {
      self->fixed[i] = self->now->used[i];
      self->fixed_vcpus[i] = self->now->vcpus[i];
    }
  for (guint i = 0; i < self->movers->len; i++)
    {
      const TernPackVm *v = &pack->vms[get_mover (self, i)];

      self->fixed[v->host] -= v->size;
      self->fixed_vcpus[v->host] -= v->vcpus;
    }
}

/* Puts the loads of a placement into @now. */
static void
look (Search *self, const guint8 *placement)
{
  const TernPack *pack = self->pack;

  memcpy (self->now->used, self->fixed, pack->n_hosts * sizeof *self->fixed);
  memcpy (self->now->vcpus, self->fixed_vcpus, pack->n_hosts * sizeof *self->fixed_vcpus);
  for (guint i = 0; i < self->movers->len; i++)
    {
      const TernPackVm *v = &pack->vms[get_mover (self, i)];

      self->now->used[placement[i]] += v->size;
      self->now->vcpus[placement[i]] += v->vcpus;
    }
}

/* What the best of its hosts lacks to take it, as a share of its size; 1 if no host ever can. */
static double
find_lack (const Search *self, guint mover)
{
  const TernPack *pack = self->pack;
  guint vm = get_mover (self, mover);
  const TernPackVm *v = &pack->vms[vm];
  double best = 1;

  for (guint i = 0; i < pack->n_hosts && best > 0; i++)
    {
      const TernPackHost *h = &pack->hosts[i];
      guint64 sum = self->now->used[i] + v->size;

      if (!self->legal[mover * pack->n_hosts + i] || !tern_packing_is_content (pack, vm, i))
        continue;
      if (tern_packing_has_room (self->now, vm, i))
        best = 0;
      else if (sum > h->capacity && v->size > 0)
        best = MIN (best, (double) (sum - h->capacity) / (double) v->size);
    }
  return best;
}

static double
rate (Search *self, const guint8 *placement, guint depth, guint *out_waiting)
{
  double key = depth;

  *out_waiting = 0;
  for (guint i = 0; i < self->movers->len; i++)
    {
      if (tern_packing_is_content (self->pack, get_mover (self, i), placement[i]))
        continue;
      (*out_waiting)++;
      self->looks -= self->pack->n_hosts;
      key += WEIGHT_WAITING + WEIGHT_LACK * find_lack (self, i);
    }
  self->looks -= self->movers->len;
  return key;
}

/* FNV-1a. Returns: the slot where the placement is, or would be */
static guint
find_slot (const Search *self, const guint8 *placement)
{
  guint n = self->movers->len;
  guint64 hash = 14695981039346656037u;
  guint slot;

  for (guint i = 0; i < n; i++)
    hash = (hash ^ placement[i]) * 1099511628211u;
  slot = (guint) (hash ^ hash >> 32) & self->slot_mask;
  while (self->slots[slot] != 0
         && memcmp (get_placement (self, self->slots[slot] - 1), placement, n) != 0)
    slot = (slot + 1) & self->slot_mask;
  return slot;
}

static gboolean
is_better (const Node *a, const Node *b)
{
  return a->waiting != b->waiting ? a->waiting < b->waiting : a->depth < b->depth;
}

/* Expects the placement in the first row that is free, and its loads in @now. */
static void
add_node (Search *self, guint parent, guint mover, guint to)
{
  guint i = self->nodes->len;
  guint8 *placement = get_placement (self, i);
  Node node = { .parent = parent, .mover = mover, .to = to };
  TernPackChoice choice = { .index = i };
  guint slot = find_slot (self, placement);

  if (self->slots[slot] != 0)
    return;
  self->slots[slot] = i + 1;
  node.depth = i > 0 ? get_node (self, parent)->depth + 1 : 0;
  choice.key = rate (self, placement, node.depth, &node.waiting);
  g_array_append_val (self->nodes, node);
  tern_pack_choices_add (self->open, choice);
  if (i > 0 && is_better (&node, get_node (self, self->best)))
    self->best = i;
}

static gboolean
is_over (const Search *self)
{
  return self->nodes->len >= self->max_nodes || self->looks <= 0
         || get_node (self, self->best)->waiting <= self->goal;
}

static void
shift (Search *self, const TernPackVm *v, guint from, guint to)
{
  self->now->used[from] -= v->size;
  self->now->vcpus[from] -= v->vcpus;
  self->now->used[to] += v->size;
  self->now->vcpus[to] += v->vcpus;
}

static void
expand_mover (Search *self, guint parent, guint mover)
{
  const TernPack *pack = self->pack;
  const TernPackVm *v = &pack->vms[get_mover (self, mover)];
  const guint8 *placement = get_placement (self, parent);

  self->looks -= pack->n_hosts;
  for (guint host = 0; host < pack->n_hosts && !is_over (self); host++)
    {
      guint8 *reached = get_placement (self, self->nodes->len);

      if (host == placement[mover] || !self->legal[mover * pack->n_hosts + host]
          || !tern_packing_has_room (self->now, get_mover (self, mover), host))
        continue;
      memcpy (reached, placement, self->movers->len);
      reached[mover] = (guint8) host;
      shift (self, v, placement[mover], host);
      add_node (self, parent, mover, host);
      shift (self, v, host, placement[mover]);
    }
}

static void
expand (Search *self, guint parent)
{
  look (self, get_placement (self, parent));
  for (guint i = 0; i < self->movers->len; i++)
    expand_mover (self, parent, i);
}

static void
begin (Search *self)
{
  guint n = self->movers->len, slots = 1;

  self->max_nodes = MIN (MAX_PLACEMENTS, MAX_BYTES / n);
  while (slots < 2 * self->max_nodes)
    slots *= 2;
  self->slots = g_new0 (guint, slots);
  self->slot_mask = slots - 1;
  self->placements = g_new (guint8, (gsize) self->max_nodes * n);
  self->nodes = g_array_new (FALSE, FALSE, sizeof (Node));
  self->open = g_array_new (FALSE, FALSE, sizeof (TernPackChoice));
  self->looks = MAX_LOOKS;
  for (guint i = 0; i < n; i++)
    self->placements[i] = (guint8) self->pack->vms[get_mover (self, i)].host;
  look (self, self->placements);
  add_node (self, 0, 0, 0);
}

static GArray *
list_moves (const Search *self)
{
  const Node *node = get_node (self, self->best);
  GArray *moves = g_array_new (FALSE, TRUE, sizeof (TernPackMove));

  g_array_set_size (moves, node->depth);
  for (guint i = node->depth; i > 0; i--)
    {
      TernPackMove *move = &g_array_index (moves, TernPackMove, i - 1);

      move->vm = get_mover (self, node->mover);
      move->to = node->to;
      node = get_node (self, node->parent);
    }
  return moves;
}

GArray *
tern_pack_search (TernPackAnswers *answers, guint goal)
{
  const TernPack *pack = answers->pack;
  g_auto (Search) self = { .pack = pack, .goal = goal };
  guint next;

  find_movers (&self);
  if (self.movers->len == 0 || pack->n_hosts > MAX_HOSTS
      || self.movers->len > MAX_PAIRS / pack->n_hosts)
    return NULL;
  self.now = tern_packing_new (pack, answers);
  find_legal (&self, answers);
  find_fixed (&self);
  begin (&self);
  while (!is_over (&self) && (next = tern_pack_choices_take (self.open)) != TERN_PACK_NONE)
    expand (&self, next);
  return list_moves (&self);
}
