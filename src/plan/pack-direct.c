/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Places for VMs that find one as things are: the largest first, each on the host that is used
 * least with it. For boxes of equal size that is within one VM of the level that water would
 * find, see pack.c. Hosts are asked whether they allow it in the order of that use, until one does.
 */
#include "config.h"

#include "plan/pack-private.h"

/* Filling up leaves large holes elsewhere: the fullest that still has room comes first. */
static double
rate (const TernPacking *self, guint vm, guint host)
{
  double use = tern_packing_use_with (self, vm, host);

  return self->style & TERN_PACK_TIGHTLY ? -use : use;
}

static gboolean
could_take (const TernPacking *self, guint vm, guint host, const gboolean *except)
{
  return (except == NULL || !except[host]) && host != self->at[vm]
         && tern_packing_has_room (self, vm, host) && tern_packing_may_visit (self->pack, vm, host);
}

static guint
find_best (const TernPacking *self, guint vm, const gboolean *except)
{
  guint best = TERN_PACK_NONE;
  double best_key = 0;

  for (guint i = 0; i < self->n_open; i++)
    {
      guint host = self->open[i];
      double key;

      if (!could_take (self, vm, host, except))
        continue;
      key = rate (self, vm, host);
      if (best != TERN_PACK_NONE && key >= best_key)
        continue;
      best = host;
      best_key = key;
    }
  return best;
}

/* One after another, until one allows it. */
static guint
find_allowed (TernPacking *self, guint vm, const gboolean *except)
{
  g_autoptr (GArray) choices = g_array_new (FALSE, FALSE, sizeof (TernPackChoice));
  guint host;

  for (guint i = 0; i < self->n_open; i++)
    {
      TernPackChoice choice = { .index = self->open[i] };

      if (!could_take (self, vm, choice.index, except))
        continue;
      choice.key = rate (self, vm, choice.index);
      g_array_append_val (choices, choice);
    }
  self->effort -= self->n_open;
  tern_pack_choices_heap (choices);
  while ((host = tern_pack_choices_take (choices)) != TERN_PACK_NONE)
    if (tern_pack_allows (self->answers, vm, host))
      return host;
  return TERN_PACK_NONE;
}

guint
tern_packing_find_place (TernPacking *self, guint vm, const gboolean *except)
{
  guint host = find_best (self, vm, except);

  self->effort -= self->n_open;
  if (host == TERN_PACK_NONE || tern_pack_allows (self->answers, vm, host))
    return host;
  return find_allowed (self, vm, except);
}

/* A VM with a home has no other place. */
static gboolean
place (TernPacking *self, guint vm)
{
  const TernPackVm *v = &self->pack->vms[vm];
  int wish = v->home >= 0 ? v->home : v->preferred;
  guint host = TERN_PACK_NONE;

  if (wish >= 0 && (v->home >= 0 || !(self->style & TERN_PACK_FREELY))
      && tern_packing_fits (self, vm, (guint) wish))
    host = (guint) wish;
  else if (v->home < 0)
    host = tern_packing_find_place (self, vm, NULL);
  if (host == TERN_PACK_NONE)
    return FALSE;
  tern_packing_move (self, vm, host);
  return TRUE;
}

static gboolean
has_wish (const TernPacking *self, guint vm)
{
  return !(self->style & TERN_PACK_FREELY) && self->pack->vms[vm].preferred >= 0;
}

static gboolean
place_each (TernPacking *self, const GArray *vms, gboolean wish)
{
  gboolean room = (self->style & TERN_PACK_AT_ONCE) != 0;
  gboolean any = FALSE;

  for (guint i = 0; i < vms->len; i++)
    {
      guint vm = g_array_index (vms, guint, i);

      if (has_wish (self, vm) != wish || tern_packing_is_content (self->pack, vm, self->at[vm]))
        continue;
      any |= place (self, vm) || (room && tern_packing_place_by_chain (self, vm));
    }
  return any;
}

/* Those that go home make room where they were for others that go there. */
void
tern_packing_place_direct (TernPacking *self)
{
  g_autoptr (GArray) vms = tern_packing_list_stranded (self);
  gboolean any;

  do
    {
      any = place_each (self, vms, TRUE);
      any |= place_each (self, vms, FALSE);
    }
  while (any);
}
