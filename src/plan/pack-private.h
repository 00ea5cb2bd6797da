/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the files of the packing share: one attempt, as the hosts stand after the moves made so far.
 * Every way to find places only calls tern_packing_move(), which refuses nothing but is asked after
 * tern_packing_fits(): so the moves made so far are at any time an order in which each one fits.
 */

#include "plan/pack.h"

G_BEGIN_DECLS

#define TERN_PACK_NONE G_MAXUINT

/**
 * TernPackAnswers: what "allows" has said so far
 * @rows: (nullable): for each VM a byte for each host, made when it is first asked for
 * @asked: how many pairs were asked
 */
typedef struct
{
  const TernPack *pack;
  guint8 **rows;
  guint64 asked;
} TernPackAnswers;

TernPackAnswers *tern_pack_answers_new (const TernPack *pack);
void tern_pack_answers_free (TernPackAnswers *self);
gboolean tern_pack_allows (TernPackAnswers *self, guint vm, guint host);

/**
 * TernPackStyle: how an attempt goes about it
 * @TERN_PACK_FREELY: what is preferred does not count
 * @TERN_PACK_TIGHTLY: hosts are filled up one after another rather than evenly: that leaves large
 *   holes
 * @TERN_PACK_AT_ONCE: room is made for one that finds no place before the next ones take theirs
 * @TERN_PACK_SMALL_FIRST: the smallest first: where not all can have a place, more of them do
 */
typedef enum
{
  TERN_PACK_PLAINLY = 0,
  TERN_PACK_FREELY = 1 << 0,
  TERN_PACK_TIGHTLY = 1 << 1,
  TERN_PACK_SMALL_FIRST = 1 << 2,
  TERN_PACK_AT_ONCE = 1 << 3,
} TernPackStyle;

/**
 * TernPacking: one attempt
 * @open: (array): hosts that anything may go to, by index
 * @n_open: how many
 * @used: (array): bytes, for each host
 * @vcpus: (array): likewise
 * @at: (array): for each VM the host it is on now
 * @first: (array): for each host the first VM on it that may be moved; #TERN_PACK_NONE for none
 * @next: (array): for each VM the one after it on its host
 * @prev: (array): likewise
 * @moves: (element-type TernPackMove): in the order they were made
 * @stranded: how many VMs are not where they shall be
 * @effort: what may still be spent on searching, in looks at a VM or host
 */
typedef struct
{
  const TernPack *pack;
  TernPackAnswers *answers;
  guint *open;
  guint n_open;
  guint64 *used;
  guint *vcpus;
  guint *at;
  guint *first;
  guint *next;
  guint *prev;
  GArray *moves;
  guint stranded;
  gint64 effort;
  TernPackStyle style;
} TernPacking;

TernPacking *tern_packing_new (const TernPack *pack, TernPackAnswers *answers);
void tern_packing_free (TernPacking *self);

/** tern_packing_must_go: Returns: whether @vm is one that a place is sought for */
gboolean tern_packing_must_go (const TernPack *pack, guint vm);
/** tern_packing_is_content: Returns: whether @vm would be where it shall be, on @host */
gboolean tern_packing_is_content (const TernPack *pack, guint vm, guint host);
/** tern_packing_may_move: Returns: whether @vm may leave the host it is on now */
gboolean tern_packing_may_move (const TernPacking *self, guint vm);
/** tern_packing_may_visit: Returns: whether @vm may go to @host, if it is allowed and fits; such
 * that shall go home may stay elsewhere meanwhile if they are spare */
gboolean tern_packing_may_visit (const TernPack *pack, guint vm, guint host);
/** tern_packing_is_open: Returns: whether anything may go to @host */
gboolean tern_packing_is_open (const TernPack *pack, guint host);
/** tern_packing_has_room: Returns: whether @host can take @vm now, which is not on it */
static inline gboolean
tern_packing_has_room (const TernPacking *self, guint vm, guint host)
{
  const TernPackHost *h = &self->pack->hosts[host];
  const TernPackVm *v = &self->pack->vms[vm];

  if (h->capacity < v->size || h->capacity - v->size < self->used[host])
    return FALSE;
  return h->vcpus == 0 || (h->vcpus >= v->vcpus && h->vcpus - v->vcpus >= self->vcpus[host]);
}

/** tern_packing_fits: Returns: whether @vm can move to @host now; "allows" is asked last */
gboolean tern_packing_fits (TernPacking *self, guint vm, guint host);
/** tern_packing_use_with: Returns: share of @host's memory that is used when @vm is there too */
double tern_packing_use_with (const TernPacking *self, guint vm, guint host);

void tern_packing_move (TernPacking *self, guint vm, guint to);
/** tern_packing_undo: takes back moves until there are @n */
void tern_packing_undo (TernPacking *self, guint n);
/** tern_packing_list_stranded: Returns: (transfer full) (element-type guint): VMs that are not
 * where they shall be, the largest first */
GArray *tern_packing_list_stranded (const TernPacking *self);
/** tern_packing_replay: begins anew with @moves; such that lead nowhere are skipped. Returns:
 * %FALSE if one of them does not fit: it and those after it are left out */
gboolean tern_packing_replay (TernPacking *self, const GArray *moves);

/** TernPackChoice: @key: the lowest is taken first, of equals the lower index */
typedef struct
{
  double key;
  guint index;
} TernPackChoice;

/** tern_pack_choices_take: takes the best out of a heap. Returns: its index, or #TERN_PACK_NONE */
guint tern_pack_choices_take (GArray *choices);
void tern_pack_choices_add (GArray *choices, TernPackChoice choice);
/** tern_pack_choices_heap: orders @choices for tern_pack_choices_take() */
void tern_pack_choices_heap (GArray *choices);

/** tern_packing_find_place: Returns: the best host that has room for @vm as things are, or
 * #TERN_PACK_NONE
 * @except: (nullable) (array): for each host whether it is none */
guint tern_packing_find_place (TernPacking *self, guint vm, const gboolean *except);

/* The ways to find places, see pack.c. Of one VM, they return whether it got one. */
gboolean tern_packing_place_by_chain (TernPacking *self, guint vm);
void tern_packing_place_direct (TernPacking *self);
void tern_packing_place_by_chains (TernPacking *self);
void tern_packing_tidy (TernPacking *self);

/** tern_pack_search: @goal: so few VMs can be left over. Returns: (nullable) (transfer full)
 * (element-type TernPackMove): the best order found; %NULL if the problem is too large */
GArray *tern_pack_search (TernPackAnswers *answers, guint goal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernPackAnswers, tern_pack_answers_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernPacking, tern_packing_free)

G_END_DECLS
