/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The hosts and VMs of a packing as they stand after the moves made so far. What is on a host and
 * may be moved is a list through the VMs, so that a move and its undoing cost the same few
 * writes in a cluster of any size.
 */
#include "config.h"

#include "plan/pack-private.h"

enum
{
  NOT_ASKED,
  ALLOWED,
  REFUSED,
};

TernPackAnswers *
tern_pack_answers_new (const TernPack *pack)
{
  TernPackAnswers *self = g_new0 (TernPackAnswers, 1);

  self->pack = pack;
  self->rows = g_new0 (guint8 *, pack->n_vms + 1);
  return self;
}

void
tern_pack_answers_free (TernPackAnswers *self)
{
  if (self == NULL)
    return;

  for (guint i = 0; i < self->pack->n_vms; i++)
    g_free (self->rows[i]);
  g_free (self->rows);
  g_free (self);
}

gboolean
tern_pack_allows (TernPackAnswers *self, guint vm, guint host)
{
  const TernPack *pack = self->pack;

  if (pack->allows == NULL)
    return TRUE;
  if (self->rows[vm] == NULL)
    self->rows[vm] = g_new0 (guint8, pack->n_hosts);
  if (self->rows[vm][host] == NOT_ASKED)
    {
      self->rows[vm][host] = pack->allows (vm, host, pack->data) ? ALLOWED : REFUSED;
      self->asked++;
    }
  return self->rows[vm][host] == ALLOWED;
}

gboolean
tern_packing_must_go (const TernPack *pack, guint vm)
{
  return pack->vms[vm].must_leave || pack->vms[vm].home >= 0;
}

gboolean
tern_packing_is_content (const TernPack *pack, guint vm, guint host)
{
  const TernPackVm *v = &pack->vms[vm];

  if (v->home >= 0)
    return host == (guint) v->home;
  return !v->must_leave || host != v->host;
}

gboolean
tern_packing_is_open (const TernPack *pack, guint host)
{
  const TernPackHost *h = &pack->hosts[host];

  return !h->closed && !h->drained && h->capacity > 0;
}

gboolean
tern_packing_may_visit (const TernPack *pack, guint vm, guint host)
{
  const TernPackVm *v = &pack->vms[vm];

  if (v->home >= 0)
    return v->spare || host == (guint) v->home;
  return !v->must_leave || host != v->host;
}

gboolean
tern_packing_may_move (const TernPacking *self, guint vm)
{
  const TernPackVm *v = &self->pack->vms[vm];

  if (v->home >= 0)
    return self->at[vm] != (guint) v->home;
  return v->must_leave || v->spare;
}

static gboolean
is_ever_moved (const TernPackVm *v)
{
  return v->home >= 0 || v->must_leave || v->spare;
}

static void
list_add (TernPacking *self, guint vm)
{
  guint host = self->at[vm], first = self->first[host];

  self->next[vm] = first;
  self->prev[vm] = TERN_PACK_NONE;
  if (first != TERN_PACK_NONE)
    self->prev[first] = vm;
  self->first[host] = vm;
}

static void
list_remove (TernPacking *self, guint vm)
{
  guint next = self->next[vm], prev = self->prev[vm];

  if (prev != TERN_PACK_NONE)
    self->next[prev] = next;
  else
    self->first[self->at[vm]] = next;
  if (next != TERN_PACK_NONE)
    self->prev[next] = prev;
}

/* What is said to be used on a host is at least what is on it: so it can leave without a remainder
 * below zero. */
static void
begin (TernPacking *self)
{
  const TernPack *pack = self->pack;
  g_autofree guint64 *bytes = g_new0 (guint64, pack->n_hosts + 1);
  g_autofree guint *vcpus = g_new0 (guint, pack->n_hosts + 1);

  for (guint i = 0; i < pack->n_hosts; i++)
    {
      self->used[i] = pack->hosts[i].used;
      self->vcpus[i] = pack->hosts[i].vcpus_used;
      self->first[i] = TERN_PACK_NONE;
    }
  for (guint i = 0; i < pack->n_vms; i++)
    {
      self->at[i] = pack->vms[i].host;
      if (is_ever_moved (&pack->vms[i]))
        {
          list_add (self, i);
          bytes[self->at[i]] += pack->vms[i].size;
          vcpus[self->at[i]] += pack->vms[i].vcpus;
        }
      self->stranded += !tern_packing_is_content (pack, i, self->at[i]);
    }
  for (guint i = 0; i < pack->n_hosts; i++)
    {
      self->used[i] = MAX (self->used[i], bytes[i]);
      self->vcpus[i] = MAX (self->vcpus[i], vcpus[i]);
    }
}

TernPacking *
tern_packing_new (const TernPack *pack, TernPackAnswers *answers)
{
  TernPacking *self = g_new0 (TernPacking, 1);

  self->pack = pack;
  self->answers = answers;
  self->open = g_new (guint, pack->n_hosts + 1);
  for (guint i = 0; i < pack->n_hosts; i++)
    if (tern_packing_is_open (pack, i))
      self->open[self->n_open++] = i;
  self->used = g_new (guint64, pack->n_hosts + 1);
  self->vcpus = g_new (guint, pack->n_hosts + 1);
  self->first = g_new (guint, pack->n_hosts + 1);
  self->at = g_new (guint, pack->n_vms + 1);
  self->next = g_new (guint, pack->n_vms + 1);
  self->prev = g_new (guint, pack->n_vms + 1);
  self->moves = g_array_new (FALSE, FALSE, sizeof (TernPackMove));
  begin (self);
  return self;
}

void
tern_packing_free (TernPacking *self)
{
  if (self == NULL)
    return;

  g_free (self->open);
  g_free (self->used);
  g_free (self->vcpus);
  g_free (self->first);
  g_free (self->at);
  g_free (self->next);
  g_free (self->prev);
  g_array_unref (self->moves);
  g_free (self);
}

gboolean
tern_packing_fits (TernPacking *self, guint vm, guint host)
{
  return host != self->at[vm] && tern_packing_is_open (self->pack, host)
         && tern_packing_may_visit (self->pack, vm, host) && tern_packing_has_room (self, vm, host)
         && tern_pack_allows (self->answers, vm, host);
}

double
tern_packing_use_with (const TernPacking *self, guint vm, guint host)
{
  guint64 used = self->used[host] + self->pack->vms[vm].size;

  return (double) used / (double) self->pack->hosts[host].capacity;
}

static void
relocate (TernPacking *self, guint vm, guint to)
{
  const TernPackVm *v = &self->pack->vms[vm];
  guint from = self->at[vm];

  list_remove (self, vm);
  self->stranded -= !tern_packing_is_content (self->pack, vm, from);
  self->stranded += !tern_packing_is_content (self->pack, vm, to);
  self->used[from] -= v->size;
  self->vcpus[from] -= v->vcpus;
  self->at[vm] = to;
  self->used[to] += v->size;
  self->vcpus[to] += v->vcpus;
  list_add (self, vm);
}

void
tern_packing_move (TernPacking *self, guint vm, guint to)
{
  const TernPackVm *v = &self->pack->vms[vm];
  TernPackMove move = { .vm = vm, .from = self->at[vm], .to = to };

  if (v->home >= 0)
    move.for_room = to != (guint) v->home;
  else
    move.for_room = !v->must_leave || move.from != v->host;
  relocate (self, vm, to);
  g_array_append_val (self->moves, move);
}

void
tern_packing_undo (TernPacking *self, guint n)
{
  while (self->moves->len > n)
    {
      const TernPackMove *last = &g_array_index (self->moves, TernPackMove, self->moves->len - 1);

      relocate (self, last->vm, last->from);
      g_array_set_size (self->moves, self->moves->len - 1);
    }
}

static int
compare_sizes (gconstpointer a, gconstpointer b, gpointer data)
{
  const TernPacking *self = data;
  const TernPack *pack = self->pack;
  int first = self->style & TERN_PACK_SMALL_FIRST ? 1 : -1;
  guint i = *(const guint *) a, j = *(const guint *) b;
  const TernPackVm *x = &pack->vms[i], *y = &pack->vms[j];

  if (x->size != y->size)
    return x->size > y->size ? first : -first;
  if (x->vcpus != y->vcpus)
    return x->vcpus > y->vcpus ? first : -first;
  return i < j ? -1 : 1;
}

GArray *
tern_packing_list_stranded (const TernPacking *self)
{
  GArray *vms = g_array_new (FALSE, FALSE, sizeof (guint));

  for (guint i = 0; i < self->pack->n_vms; i++)
    if (!tern_packing_is_content (self->pack, i, self->at[i]))
      g_array_append_val (vms, i);
  g_array_sort_with_data (vms, compare_sizes, (gpointer) self);
  return vms;
}

gboolean
tern_packing_replay (TernPacking *self, const GArray *moves)
{
  tern_packing_undo (self, 0);
  for (guint i = 0; i < moves->len; i++)
    {
      const TernPackMove *move = &g_array_index (moves, TernPackMove, i);

      if (move->to == self->at[move->vm])
        continue;
      if (!tern_packing_fits (self, move->vm, move->to))
        return FALSE;
      tern_packing_move (self, move->vm, move->to);
    }
  return TRUE;
}

static gboolean
is_before (const TernPackChoice *a, const TernPackChoice *b)
{
  return a->key != b->key ? a->key < b->key : a->index < b->index;
}

static void
sift_down (TernPackChoice *choices, guint n, guint i)
{
  for (;;)
    {
      guint best = i;
      TernPackChoice other;

      for (guint child = 2 * i + 1; child <= 2 * i + 2 && child < n; child++)
        if (is_before (&choices[child], &choices[best]))
          best = child;
      if (best == i)
        return;
      other = choices[i];
      choices[i] = choices[best];
      choices[best] = other;
      i = best;
    }
}

void
tern_pack_choices_heap (GArray *choices)
{
  for (guint i = choices->len / 2; i > 0; i--)
    sift_down ((TernPackChoice *) (gpointer) choices->data, choices->len, i - 1);
}

void
tern_pack_choices_add (GArray *choices, TernPackChoice choice)
{
  TernPackChoice *all;
  guint i = choices->len;

  g_array_append_val (choices, choice);
  all = (TernPackChoice *) (gpointer) choices->data;
  for (; i > 0 && is_before (&choice, &all[(i - 1) / 2]); i = (i - 1) / 2)
    all[i] = all[(i - 1) / 2];
  all[i] = choice;
}

guint
tern_pack_choices_take (GArray *choices)
{
  TernPackChoice *all = (TernPackChoice *) (gpointer) choices->data;
  guint index;

  if (choices->len == 0)
    return TERN_PACK_NONE;
  index = all[0].index;
  all[0] = all[choices->len - 1];
  g_array_set_size (choices, choices->len - 1);
  sift_down (all, choices->len, 0);
  return index;
}
