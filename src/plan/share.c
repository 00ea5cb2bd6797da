/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who may take how much of which link: max-min fairness by progressive filling.
 *
 * All moves are given more and more, each as fast as its weight, until a link is full or a move has
 * what it wants; those it stops have their share, and the rest goes on. The level at which
 * something stops is a fraction, amount by weight, and stays one: in whole bytes no link is ever
 * given out beyond its last byte.
 */
#include "config.h"

#include "plan/queue.h"

typedef struct
{
  guint64 amount;
  guint64 weight; /* 0: no level at all */
} Level;

typedef struct
{
  guint64 left;   /* bytes per second, not given out yet */
  guint64 weight; /* of the moves over it that still get more */
} Link;

typedef struct
{
  TernShare *shares;
  guint n_shares;
  GArray *links; /* Link */
  int *ends;     /* two for each share: index of its links, -1 for one without limit */
  gboolean *done;
} Filling;

static gboolean
is_below (Level a, Level b)
{
  if (a.weight == 0 || b.weight == 0)
    return a.weight != 0;
  if (a.amount / a.weight != b.amount / b.weight)
    return a.amount / a.weight < b.amount / b.weight;
  return (a.amount % a.weight) * b.weight < (b.amount % b.weight) * a.weight;
}

/* Rounded down. */
static guint64
get_amount (Level level, guint64 weight)
{
  return level.amount / level.weight * weight + level.amount % level.weight * weight / level.weight;
}

static guint64
get_weight (const TernShare *share)
{
  return MAX (share->weight, 1);
}

static Level
get_wish (const TernShare *share)
{
  return (Level){ share->wanted_bps, share->wanted_bps > 0 ? get_weight (share) : 0 };
}

static Link *
get_link (const Filling *self, guint share, guint end)
{
  int index = self->ends[2 * share + end];

  return index >= 0 ? &g_array_index (self->links, Link, index) : NULL;
}

/* Returns: index; -1 for a host without limit */
static int
find_link (Filling *self, GHashTable *indexes, GHashTable *hosts, const char *name)
{
  const TernQueueHost *host = hosts != NULL ? g_hash_table_lookup (hosts, name) : NULL;
  Link link = { 0 };
  gpointer index;

  if (host == NULL || host->bandwidth_bps == 0)
    return -1;
  if (g_hash_table_lookup_extended (indexes, name, NULL, &index))
    return GPOINTER_TO_INT (index);
  link.left = host->bandwidth_bps;
  g_array_append_val (self->links, link);
  g_hash_table_insert (indexes, (gpointer) name, GINT_TO_POINTER ((int) self->links->len - 1));
  return (int) self->links->len - 1;
}

static void
find_links (Filling *self, GHashTable *hosts)
{
  g_autoptr (GHashTable) indexes = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < self->n_shares; i++)
    {
      const TernShare *share = &self->shares[i];

      self->ends[2 * i] = find_link (self, indexes, hosts, share->source);
      self->ends[2 * i + 1] = g_str_equal (share->source, share->destination)
                                  ? -1
                                  : find_link (self, indexes, hosts, share->destination);
      for (guint end = 0; end < 2; end++)
        if (get_link (self, i, end) != NULL)
          get_link (self, i, end)->weight += get_weight (share);
    }
}

static void
finish (Filling *self, guint i, guint64 share_bps)
{
  self->done[i] = TRUE;
  /* 0 would be no limit. */
  self->shares[i].share_bps = MAX (share_bps, 1);
  for (guint end = 0; end < 2; end++)
    {
      Link *link = get_link (self, i, end);

      if (link == NULL)
        continue;
      link->left -= MIN (link->left, share_bps);
      link->weight -= get_weight (&self->shares[i]);
    }
}

/* At which level does the first link get full, or the first move have what it wants? */
static Level
find_stop (const Filling *self)
{
  Level stop = { 0, 0 };

  for (guint i = 0; i < self->links->len; i++)
    {
      const Link *link = &g_array_index (self->links, Link, i);
      Level full = { link->left, link->weight };

      if (is_below (full, stop))
        stop = full;
    }
  for (guint i = 0; i < self->n_shares; i++)
    if (!self->done[i] && is_below (get_wish (&self->shares[i]), stop))
      stop = get_wish (&self->shares[i]);
  return stop;
}

static gboolean
is_full_at (const Filling *self, guint share, Level stop)
{
  for (guint end = 0; end < 2; end++)
    {
      const Link *link = get_link (self, share, end);

      if (link != NULL && !is_below (stop, (Level){ link->left, link->weight }))
        return TRUE;
    }
  return FALSE;
}

/* Returns: whether anything goes on */
static gboolean
fill (Filling *self)
{
  Level stop = find_stop (self);
  g_autofree gboolean *full = g_new0 (gboolean, self->n_shares + 1);

  if (stop.weight == 0)
    return FALSE;
  for (guint i = 0; i < self->n_shares; i++)
    full[i] = !self->done[i] && is_full_at (self, i, stop);
  for (guint i = 0; i < self->n_shares; i++)
    {
      const TernShare *share = &self->shares[i];

      if (self->done[i])
        continue;
      if (share->wanted_bps > 0 && !is_below (stop, get_wish (share)))
        finish (self, i, share->wanted_bps);
      else if (full[i])
        finish (self, i, get_amount (stop, get_weight (share)));
    }
  return TRUE;
}

void
tern_share_links (TernShare *shares, guint n_shares, GHashTable *hosts)
{
  g_autoptr (GArray) links = g_array_new (FALSE, FALSE, sizeof (Link));
  g_autofree int *ends = g_new (int, 2 * n_shares + 1);
  g_autofree gboolean *done = g_new0 (gboolean, n_shares + 1);
  Filling self = { shares, n_shares, links, ends, done };

  for (guint i = 0; i < n_shares; i++)
    shares[i].share_bps = 0;
  find_links (&self, hosts);
  while (fill (&self))
    ;
}
