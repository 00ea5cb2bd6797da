/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Places for VMs that must leave their hosts, or shall go home to them:
 *
 *   1. directly, the largest first, where the use is lowest (pack-direct.c);
 *   2. what finds no place by making room: ejection chains (pack-chain.c);
 *   3. if some are left that could have a place: the same again in other styles: without regard to
 *      what was preferred, filling one host after another, the smallest first;
 *   4. if some are left and the problem is small: a search over placements (pack-search.c);
 *   5. the attempt that strands the fewest, then moves the fewest, is made better (pack-tidy.c).
 *
 * An attempt is a list of moves in the order they were found, each of which fitted when it was
 * added. No step ever adds one that does not, so no order over-commits, whatever the search did.
 *
 * How good the highest use can be at best, without moving others: where all VMs were water, they
 * would fill the hosts up to one level; and the largest VM has to go somewhere, at best to the
 * emptiest host. Largest first onto the emptiest (R. L. Graham, "Bounds on multiprocessing timing
 * anomalies", 1969) comes to the larger of the two in nearly all cases.
 */
#include "config.h"

#include "plan/pack.h"

#include "plan/pack-private.h"

/* Looks at VMs and hosts that all chains of the first attempt may take; the others, half as
 * many. */
#define EFFORT 2500000

void
tern_pack_result_free (TernPackResult *self)
{
  if (self == NULL)
    return;

  g_array_unref (self->moves);
  g_array_unref (self->stranded);
  g_free (self);
}

static TernPackResult *
result_new (const TernPacking *packing)
{
  TernPackResult *self = g_new0 (TernPackResult, 1);
  const TernPack *pack = packing->pack;

  self->moves = g_array_ref (packing->moves);
  self->stranded = g_array_new (FALSE, FALSE, sizeof (guint));
  for (guint i = 0; i < pack->n_vms; i++)
    if (!tern_packing_is_content (pack, i, packing->at[i]))
      g_array_append_val (self->stranded, i);
  return self;
}

typedef struct
{
  const TernPack *pack;
  TernPackAnswers *answers;
  guint64 *fixed; /* for each host: bytes of what never moves */
  TernPacking *best;
  guint hopeless; /* VMs that no host could take if all that may move were gone */
} Packer;

static void
packer_clear (Packer *self)
{
  tern_packing_free (self->best);
  tern_pack_answers_free (self->answers);
  g_free (self->fixed);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Packer, packer_clear)

static void
find_fixed (Packer *self)
{
  const TernPack *pack = self->pack;

  self->fixed = g_new (guint64, pack->n_hosts + 1);
  for (guint i = 0; i < pack->n_hosts; i++)
    self->fixed[i] = pack->hosts[i].used;
  for (guint i = 0; i < pack->n_vms; i++)
    {
      guint64 *fixed = &self->fixed[pack->vms[i].host];

      if (pack->vms[i].spare || tern_packing_must_go (pack, i))
        *fixed -= MIN (*fixed, pack->vms[i].size);
    }
}

static gboolean
is_hopeless (const Packer *self, guint vm)
{
  const TernPackVm *v = &self->pack->vms[vm];

  for (guint i = 0; i < self->pack->n_hosts; i++)
    {
      const TernPackHost *h = &self->pack->hosts[i];

      if (tern_packing_is_open (self->pack, i) && tern_packing_is_content (self->pack, vm, i)
          && h->capacity >= v->size && h->capacity - v->size >= self->fixed[i]
          && (h->vcpus == 0 || h->vcpus >= v->vcpus) && tern_pack_allows (self->answers, vm, i))
        return FALSE;
    }
  return TRUE;
}

static void
count_hopeless (Packer *self, const TernPacking *packing)
{
  g_autoptr (GArray) stranded = tern_packing_list_stranded (packing);

  find_fixed (self);
  for (guint i = 0; i < stranded->len; i++)
    self->hopeless += is_hopeless (self, g_array_index (stranded, guint, i));
}

static gboolean
is_good (const Packer *self)
{
  return self->best->stranded <= self->hopeless;
}

/* Takes @packing over. */
static void
offer (Packer *self, TernPacking *packing)
{
  TernPacking *best = self->best;

  if (best != NULL
      && (packing->stranded > best->stranded
          || (packing->stranded == best->stranded && packing->moves->len >= best->moves->len)))
    {
      tern_packing_free (packing);
      return;
    }
  tern_packing_free (best);
  self->best = packing;
}

static void
attempt (Packer *self, TernPackStyle style)
{
  TernPacking *packing = tern_packing_new (self->pack, self->answers);

  packing->effort = self->best == NULL ? EFFORT : EFFORT / 2;
  packing->style = style;
  tern_packing_place_direct (packing);
  if (self->best == NULL)
    count_hopeless (self, packing);
  if (packing->stranded > self->hopeless)
    tern_packing_place_by_chains (packing);
  offer (self, packing);
}

static gboolean
has_wishes (const TernPack *pack)
{
  for (guint i = 0; i < pack->n_vms; i++)
    if (pack->vms[i].preferred >= 0)
      return TRUE;
  return FALSE;
}

static void
search (Packer *self)
{
  g_autoptr (GArray) moves = tern_pack_search (self->answers, self->hopeless);
  TernPacking *packing;

  if (moves == NULL)
    return;
  packing = tern_packing_new (self->pack, self->answers);
  (void) tern_packing_replay (packing, moves);
  offer (self, packing);
}

TernPackResult *
tern_pack (const TernPack *pack)
{
  static const TernPackStyle styles[] = {
    TERN_PACK_PLAINLY,
    TERN_PACK_FREELY,
    TERN_PACK_FREELY | TERN_PACK_TIGHTLY | TERN_PACK_AT_ONCE,
    TERN_PACK_FREELY | TERN_PACK_SMALL_FIRST,
  };
  g_auto (Packer) self = { .pack = pack };

  g_return_val_if_fail (pack != NULL, NULL);

  self.answers = tern_pack_answers_new (pack);
  for (guint i = 0; i < G_N_ELEMENTS (styles) && (i == 0 || !is_good (&self)); i++)
    if (styles[i] != TERN_PACK_FREELY || has_wishes (pack))
      attempt (&self, styles[i]);
  if (!is_good (&self))
    search (&self);
  tern_packing_tidy (self.best);
  return result_new (self.best);
}
