/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How fast simulated migrations are: what each host's link carries, and the network between two
 * hosts, divided among the moves over it so that none is slower than it must be (max-min fairness:
 * the slowest share is handed out first, and what it leaves goes to the others).
 */
#include "config.h"

#include "drivers/sim-move.h"

static SimLink *
find_link (TernSim *self, const SimHost *a, const SimHost *b)
{
  for (guint i = 0; i < self->links->len; i++)
    {
      SimLink *link = &g_array_index (self->links, SimLink, i);

      if ((link->a == a && link->b == b) || (link->a == b && link->b == a))
        return link;
    }
  return NULL;
}

gboolean
tern_sim_move_is_sending (const SimMove *self)
{
  return (self->stage == STAGE_COPY || self->stage == STAGE_SWITCH || self->stage == STAGE_POSTCOPY)
         && !self->hung && !self->lost;
}

gboolean
tern_sim_move_is_cut (const SimMove *self)
{
  const SimLink *link = find_link (self->sim, self->source, self->dest);

  return link != NULL && link->bps == 0;
}

static guint64
own_limit (const SimMove *self)
{
  guint64 limit =
      self->stage == STAGE_POSTCOPY ? self->postcopy_bandwidth_bps : self->bandwidth_bps;

  return limit > 0 ? limit : G_MAXUINT64;
}

/* What it would get if all over its links were like it. */
static guint64
compute_share (const SimMove *self, const SimLink *link)
{
  guint64 share = MIN (self->source->out_left / self->source->out_unserved,
                       self->dest->in_left / self->dest->in_unserved);

  if (link != NULL)
    share = MIN (share, link->left / link->unserved);
  return MIN (share, own_limit (self));
}

static void
count_in (SimMove *self)
{
  SimLink *link = find_link (self->sim, self->source, self->dest);

  self->unserved = TRUE;
  self->source->out_unserved++;
  self->dest->in_unserved++;
  if (link != NULL)
    link->unserved++;
}

static void
serve (SimMove *self, guint64 share)
{
  SimLink *link = find_link (self->sim, self->source, self->dest);

  self->unserved = FALSE;
  /* Slow is not the same as cut. */
  self->link_rate = link != NULL && link->bps == 0 ? 0 : MAX (share, 1);
  self->source->out_left -= share;
  self->source->out_unserved--;
  self->dest->in_left -= share;
  self->dest->in_unserved--;
  if (link == NULL)
    return;
  link->left -= share;
  link->unserved--;
}

static void
reset_shares (TernSim *sim)
{
  for (guint i = 0; i < sim->links->len; i++)
    {
      SimLink *link = &g_array_index (sim->links, SimLink, i);

      link->left = link->bps;
      link->unserved = 0;
    }
  for (guint i = 0; i < sim->moves->len; i++)
    {
      SimMove *move = sim->moves->pdata[i];

      move->link_rate = 0;
      move->unserved = FALSE;
      move->source->out_left = move->source->link_bps;
      move->dest->in_left = move->dest->link_bps;
      move->source->out_unserved = move->dest->in_unserved = 0;
    }
}

static SimMove *
find_slowest (TernSim *sim, guint64 *out_share)
{
  SimMove *slowest = NULL;

  for (guint i = 0; i < sim->moves->len; i++)
    {
      SimMove *move = sim->moves->pdata[i];
      guint64 share;

      if (!move->unserved)
        continue;
      share = compute_share (move, find_link (sim, move->source, move->dest));
      if (slowest != NULL && share >= *out_share)
        continue;
      slowest = move;
      *out_share = share;
    }
  return slowest;
}

static void
divide_links (TernSim *sim)
{
  SimMove *next;
  guint64 share = 0;

  reset_shares (sim);
  for (guint i = 0; i < sim->moves->len; i++)
    if (tern_sim_move_is_sending (sim->moves->pdata[i]))
      count_in (sim->moves->pdata[i]);
  while ((next = find_slowest (sim, &share)) != NULL)
    serve (next, share);
}

/* The moves that share a link have changed: all that send get their new share. */
void
tern_sim_move_share_links (TernSim *sim)
{
  divide_links (sim);
  for (guint i = 0; i < sim->moves->len; i++)
    {
      SimMove *move = sim->moves->pdata[i];

      tern_sim_move_watch_tcp (move);
      if (!tern_sim_move_is_sending (move) || move->link_rate == move->rate)
        continue;
      tern_sim_move_settle (move);
      move->rate = move->link_rate;
      tern_sim_move_reschedule (move);
    }
}

void
tern_sim_set_link (TernSim *self, const char *a, const char *b, guint64 bytes_per_second)
{
  SimLink fresh = { tern_sim_find_host (self, a), tern_sim_find_host (self, b), 0, 0, 0 };
  SimLink *link;

  g_return_if_fail (fresh.a != NULL && fresh.b != NULL);

  link = find_link (self, fresh.a, fresh.b);
  if (link == NULL)
    {
      g_array_append_val (self->links, fresh);
      link = &g_array_index (self->links, SimLink, self->links->len - 1);
    }
  link->bps = bytes_per_second;
  tern_sim_move_share_links (self);
}
