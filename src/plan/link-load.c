/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Has a link room for one more move? Two that share a full link end no sooner than one after the
 * other, and the guests have written more by then, which goes over again. So a link is filled, and
 * what follows is prepared while the last of it goes over.
 */
#include "config.h"

#include "plan/link-load.h"

#define FULL 0.9
#define LEAD_S ((double) TERN_LINK_LEAD_US / G_USEC_PER_SEC)

static void
find_longest (TernLinkLoad *self, const TernLinkUse *use)
{
  double time = use->left / MAX (use->expected, 1);

  if (use->late || time <= self->longest)
    return;
  self->longest = time;
  self->longest_rate = use->expected;
}

void
tern_link_load_add (TernLinkLoad *self, const TernLinkUse *use)
{
  double rate;

  self->n++;
  if (use == NULL)
    return;
  if (use->ending)
    {
      self->rate += use->expected;
      return;
    }
  rate = use->settled ? use->rate : use->expected;
  self->on_time += !use->late;
  self->n_sending++;
  self->at_most += MAX (rate, use->expected);
  self->left += use->left;
  find_longest (self, use);
  if (use->copying)
    self->rate += use->rate;
  if (!use->copying || use->left > rate * LEAD_S)
    self->soon += rate;
  if (!use->copying || use->left > MAX (rate, use->expected) * LEAD_S)
    self->soon_at_most += MAX (rate, use->expected);
}

/* What they take of a full link says how many share it, not how much each could take. */
static double
get_soon (const TernLinkLoad *self, double capacity)
{
  return self->rate < FULL * capacity ? self->soon : self->soon_at_most;
}

/* The link can send all the rest while the longest goes over, but not if that gets less of it. */
static gboolean
delays_the_last (const TernLinkLoad *self, const TernLink *link)
{
  return self->at_most + link->wish > link->capacity
         && self->longest_rate > link->capacity / (self->n_sending + 1)
         && self->longest > (self->left + link->waiting) / link->capacity;
}

gboolean
tern_link_load_has_room (const TernLinkLoad *self, const TernLink *link)
{
  if (self->n == 0)
    return TRUE;
  if (link->capacity <= 0)
    return self->n < TERN_LINK_MOVES_UNKNOWN;
  if (self->n >= TERN_LINK_MOVES_MAX)
    return FALSE;
  if (self->n < TERN_LINK_MOVES_UNKNOWN && (link->seen || self->on_time == 0))
    return TRUE;
  if (delays_the_last (self, link))
    return FALSE;
  return self->left <= link->capacity * LEAD_S
         || get_soon (self, link->capacity) < FULL * link->capacity;
}
