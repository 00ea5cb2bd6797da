/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is made better once places are found: moves that turn out not to be needed are left out,
 * then the fullest host is relieved by sending those that move anyway elsewhere, or exchanging two
 * of them. No VM moves that would not have moved. Each change is tried by replaying the whole
 * order, and kept only if every move of it still fits and no VM more is left over.
 */
#include "config.h"

#include "plan/pack-private.h"

/* Moves replayed, for all that is tried; about ten milliseconds. */
#define MAX_REPLAYED 500000

typedef struct
{
  TernPacking *packing;
  GArray *best; /* of TernPackMove */
  gint64 effort;
} Tidy;

static void
keep (Tidy *self)
{
  g_array_set_size (self->best, 0);
  g_array_append_vals (self->best, self->packing->moves->data, self->packing->moves->len);
}

/* Afterwards the packing is as the best order leaves it. */
static gboolean
try_order (Tidy *self, const GArray *moves)
{
  guint stranded = self->packing->stranded;

  self->effort -= moves->len;
  if (tern_packing_replay (self->packing, moves) && self->packing->stranded <= stranded)
    {
      keep (self);
      return TRUE;
    }
  self->effort -= moves->len;
  (void) tern_packing_replay (self->packing, self->best);
  return FALSE;
}

static TernPackMove *
get_move (GArray *moves, guint i)
{
  return &g_array_index (moves, TernPackMove, i);
}

static GArray *
copy_moves (const GArray *moves)
{
  GArray *copy = g_array_sized_new (FALSE, FALSE, sizeof (TernPackMove), moves->len);

  return g_array_append_vals (copy, moves->data, moves->len);
}

/* The next move of the VM that moves at @i; or the number of moves. */
static guint
find_next (Tidy *self, guint i)
{
  GArray *moves = self->best;
  guint vm = get_move (moves, i)->vm;

  self->effort -= (moves->len - i) / 8 + 1;
  do
    i++;
  while (i < moves->len && get_move (moves, i)->vm != vm);
  return i;
}

/* It goes where it ends at once. */
static gboolean
try_shortcut (Tidy *self, guint i)
{
  g_autoptr (GArray) moves = NULL;
  guint next = find_next (self, i);

  if (next == self->best->len)
    return FALSE;
  moves = copy_moves (self->best);
  get_move (moves, i)->to = get_move (moves, next)->to;
  g_array_remove_index (moves, next);
  return try_order (self, moves);
}

static gboolean
try_without (Tidy *self, guint i)
{
  g_autoptr (GArray) moves = NULL;
  guint next = find_next (self, i);

  if (next == self->best->len && !get_move (self->best, i)->for_room)
    return FALSE;
  moves = copy_moves (self->best);
  g_array_remove_index (moves, i);
  return try_order (self, moves);
}

static void
leave_out (Tidy *self)
{
  gboolean any;

  do
    {
      any = FALSE;
      for (guint i = self->best->len; i > 0 && self->effort > 0; i--)
        if (i <= self->best->len)
          any |= try_without (self, i - 1) || try_shortcut (self, i - 1);
    }
  while (any && self->effort > 0);
}

static double
get_use (const TernPacking *packing, guint host)
{
  return (double) packing->used[host] / (double) packing->pack->hosts[host].capacity;
}

static double
get_use_changed (const TernPacking *packing, guint host, guint out, guint in)
{
  const TernPackVm *vms = packing->pack->vms;
  guint64 used = packing->used[host] - vms[out].size + vms[in].size;

  return (double) used / (double) packing->pack->hosts[host].capacity;
}

static guint
find_fullest (const TernPacking *packing)
{
  guint fullest = TERN_PACK_NONE;

  for (guint i = 0; i < packing->pack->n_hosts; i++)
    if (tern_packing_is_open (packing->pack, i)
        && (fullest == TERN_PACK_NONE || get_use (packing, i) > get_use (packing, fullest)))
      fullest = i;
  return fullest;
}

/* Last moves of VMs that may end elsewhere: neither one that has a home nor one that is where it is
 * preferred does. */
static GArray *
find_free (Tidy *self)
{
  const TernPackVm *vms = self->packing->pack->vms;
  GArray *found = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < self->best->len && self->effort > 0; i++)
    {
      const TernPackMove *move = get_move (self->best, i);
      const TernPackVm *v = &vms[move->vm];

      if (v->home < 0 && (v->preferred < 0 || move->to != (guint) v->preferred)
          && find_next (self, i) == self->best->len)
        g_array_append_val (found, i);
    }
  return found;
}

static gboolean
redirect (Tidy *self, guint i, guint host)
{
  g_autoptr (GArray) moves = copy_moves (self->best);

  get_move (moves, i)->to = host;
  return try_order (self, moves);
}

static gboolean
try_elsewhere (Tidy *self, guint i, double below)
{
  TernPacking *packing = self->packing;
  guint vm = get_move (self->best, i)->vm;
  g_autoptr (GArray) choices = g_array_new (FALSE, FALSE, sizeof (TernPackChoice));
  guint host;

  for (guint h = 0; h < packing->pack->n_hosts; h++)
    {
      TernPackChoice choice = { .index = h };

      if (h == packing->at[vm] || !tern_packing_is_open (packing->pack, h)
          || !tern_packing_has_room (packing, vm, h))
        continue;
      choice.key = tern_packing_use_with (packing, vm, h);
      if (choice.key < below)
        g_array_append_val (choices, choice);
    }
  tern_pack_choices_heap (choices);
  while ((host = tern_pack_choices_take (choices)) != TERN_PACK_NONE && self->effort > 0)
    if (tern_pack_allows (packing->answers, vm, host) && redirect (self, i, host))
      return TRUE;
  return FALSE;
}

static gboolean
try_exchange (Tidy *self, guint i, guint j, double below)
{
  TernPacking *packing = self->packing;
  g_autoptr (GArray) moves = NULL;
  guint vm = get_move (self->best, i)->vm, other = get_move (self->best, j)->vm;
  guint here = packing->at[vm], there = packing->at[other];

  if (here == there || !tern_packing_is_open (packing->pack, there)
      || get_use_changed (packing, here, vm, other) >= below
      || get_use_changed (packing, there, other, vm) >= below
      || !tern_pack_allows (packing->answers, vm, there)
      || !tern_pack_allows (packing->answers, other, here))
    return FALSE;
  moves = copy_moves (self->best);
  get_move (moves, i)->to = there;
  get_move (moves, j)->to = here;
  return try_order (self, moves);
}

static gboolean
try_exchanges (Tidy *self, const GArray *movable, guint i, double below)
{
  self->effort -= movable->len / 8 + 1;
  for (guint n = 0; n < movable->len && self->effort > 0; n++)
    if (try_exchange (self, i, g_array_index (movable, guint, n), below))
      return TRUE;
  return FALSE;
}

static gboolean
relieve (Tidy *self, guint host)
{
  double use = get_use (self->packing, host);
  g_autoptr (GArray) movable = find_free (self);

  for (guint exchange = 0; exchange < 2; exchange++)
    for (guint n = 0; n < movable->len && self->effort > 0; n++)
      {
        guint i = g_array_index (movable, guint, n);

        if (get_move (self->best, i)->to != host)
          continue;
        if (exchange ? try_exchanges (self, movable, i, use) : try_elsewhere (self, i, use))
          return TRUE;
      }
  return FALSE;
}

void
tern_packing_tidy (TernPacking *self)
{
  Tidy tidy = { .packing = self, .best = copy_moves (self->moves), .effort = MAX_REPLAYED };
  guint fullest;

  leave_out (&tidy);
  do
    fullest = find_fullest (self);
  while (fullest != TERN_PACK_NONE && tidy.effort > 0 && relieve (&tidy, fullest));
  g_array_unref (tidy.best);
}
