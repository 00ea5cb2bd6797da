/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whose turn is it? What is under way is counted once, host by host; then each task in line is
 * looked at once: which limit holds it back, and if none does, whether it goes before the best
 * one so far. Nobody who could start waits, so that a line for a full host delays no other.
 */
#include "config.h"

#include "plan/queue.h"

#include "plan/link-load.h"

/* Of VMs that start at one host, and of moves to it that are counted with them. */
#define STARTS_IN 2
#define RISES_AFTER_US (10 * 60 * G_USEC_PER_SEC)

/* What goes on at one host. */
typedef struct
{
  guint leaving;
  guint arriving;
  guint served;    /* tasks under way whose source it is, starts in place too */
  guint beginning; /* of those leaving: begun just now, not yet copying */
  TernLinkLoad out;
  TernLinkLoad in;
  double waiting_out; /* bytes of those that wait */
  double waiting_in;
} Load;

typedef struct
{
  GHashTable *loads;    /* host name -> Load */
  GHashTable *clusters; /* name -> how many moves are under way */
} Tally;

/* What holds a task back. */
typedef enum
{
  HELD_NOT,
  HELD_SOURCE_NOT_READY,
  HELD_DESTINATION_NOT_READY,
  HELD_OUT,
  HELD_IN,
  HELD_CLUSTER,
  HELD_OUT_ADAPTIVE,
  HELD_IN_ADAPTIVE,
  HELD_APART
} Held;

static gboolean
holds_a_place (const TernTaskRecord *task)
{
  return task->phase != TERN_PHASE_QUEUED && !tern_task_phase_is_final (task->phase);
}

/* A VM that is started where it is defined, or shut down, leaves no host. */
static gboolean
leaves (const TernTaskRecord *task)
{
  return task->destination[0] != '\0' && !g_str_equal (task->source, task->destination);
}

static gboolean
arrives (const TernTaskRecord *task)
{
  return task->destination[0] != '\0';
}

/* Does its memory go over, or will it? */
static gboolean
sends (const TernTaskRecord *task)
{
  return leaves (task) && !tern_task_record_is_start (task);
}

static gboolean
is_preparing (const TernTaskRecord *task)
{
  return task->phase == TERN_PHASE_CHECKING || task->phase == TERN_PHASE_PREPARING;
}

static gboolean
is_beginning (const TernTaskRecord *task, gint64 now_us)
{
  gint64 since_us = now_us - task->started_us;

  if (!is_preparing (task))
    return FALSE;
  return task->started_us == 0 || (since_us >= 0 && since_us < TERN_LINK_APART_US);
}

/* A guest that is asked to shut down takes nothing of any host. */
static gboolean
takes_nothing (const TernTaskRecord *task)
{
  return g_str_equal (task->kind, "shutdown");
}

static const TernQueueHost *
find_host (const TernQueue *queue, const char *name)
{
  return queue->hosts != NULL ? g_hash_table_lookup (queue->hosts, name) : NULL;
}

static const char *
find_cluster (const TernQueue *queue, const TernTaskRecord *task)
{
  const TernQueueHost *source = find_host (queue, task->source);

  return source != NULL && leaves (task) ? source->cluster : NULL;
}

guint64
tern_queue_host_get_capacity (const TernQueueHost *self)
{
  if (self == NULL || self->link_bps == 0)
    return 0;
  return self->bandwidth_bps > 0 ? MIN (self->link_bps, self->bandwidth_bps) : self->link_bps;
}

/* What one move takes */

static gboolean
is_ending (const TernTaskRecord *task)
{
  switch (task->phase)
    {
    case TERN_PHASE_SWITCHING:
    case TERN_PHASE_CANCELLING:
    case TERN_PHASE_VERIFYING:
    case TERN_PHASE_REPAIRING:
    case TERN_PHASE_RESOLVING:
      return TRUE;
    default:
      return FALSE;
    }
}

static double
get_expected_rate (const TernQueue *queue, const TernTaskRecord *task)
{
  const TernQueueHost *ends[] = { find_host (queue, task->source),
                                  find_host (queue, task->destination) };
  double rate = TERN_LINK_STREAM_BPS;

  if (ends[0] != NULL && ends[0]->stream_bps > 0)
    rate = (double) ends[0]->stream_bps;
  if (task->options.bandwidth_bps > 0)
    rate = MIN (rate, (double) task->options.bandwidth_bps);
  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    if (tern_queue_host_get_capacity (ends[i]) > 0 && !ends[i]->link_seen)
      rate = MIN (rate, (double) tern_queue_host_get_capacity (ends[i]));
  return rate;
}

static gboolean
is_late (const TernTaskRecord *task)
{
  return task->convergence == TERN_CONVERGENCE_NO
         || (task->memory_total > 0
             && task->memory_processed >= TERN_LINK_LATE * task->memory_total);
}

/* With what is written in this pass and those that follow: each is smaller by as much as the guest
 * writes less than goes over. How much it writes shows after the first. */
static double
get_left (const TernTaskRecord *task, double rate)
{
  double memory = (double) (task->memory_total > 0 ? task->memory_total : task->memory);
  double left = (double) (task->memory_processed > 0 ? task->remaining : task->memory);
  double dirty = task->iteration > 1 ? (double) task->dirty_bps
                                     : MAX ((double) task->dirty_bps, TERN_LINK_DIRTY_BPS);
  double part = MIN (dirty / MAX (rate, 1), TERN_LINK_DIRTY_MOST), rest = memory;

  for (guint pass = 0; pass < MAX (task->iteration, 1) && rest > 1; pass++)
    rest *= part;
  return left + rest / (1 - part);
}

static TernLinkUse
get_use (const TernQueue *queue, const TernTaskRecord *task)
{
  gboolean copying = !is_preparing (task) && task->copy_began_us > 0;
  double expected = get_expected_rate (queue, task);

  return (TernLinkUse){
    .copying = copying,
    .ending = is_ending (task),
    .settled = copying && queue->now_us - task->copy_began_us >= TERN_LINK_SETTLED_US,
    .late = is_late (task),
    .rate = (double) task->rate_bps,
    .expected = expected,
    .left = get_left (task, task->rate_bps > 0 ? (double) task->rate_bps : expected),
  };
}

/* Counting */

static Load *
get_load (const Tally *tally, const char *host)
{
  static Load idle;
  Load *load = g_hash_table_lookup (tally->loads, host);

  return load != NULL ? load : &idle;
}

static Load *
make_load (Tally *tally, const char *host)
{
  Load *load = g_hash_table_lookup (tally->loads, host);

  if (load == NULL)
    {
      load = g_new0 (Load, 1);
      g_hash_table_insert (tally->loads, (gpointer) host, load);
    }
  return load;
}

static void
count_task (Tally *tally, const TernQueue *queue, const TernTaskRecord *task)
{
  TernLinkUse use = get_use (queue, task);
  const TernLinkUse *takes = sends (task) ? &use : NULL;
  Load *source = make_load (tally, task->source);
  const char *cluster = find_cluster (queue, task);

  source->served++;
  if (leaves (task))
    {
      source->leaving++;
      source->beginning += is_beginning (task, queue->now_us);
      tern_link_load_add (&source->out, takes);
    }
  if (arrives (task))
    {
      Load *destination = make_load (tally, task->destination);

      destination->arriving++;
      tern_link_load_add (&destination->in, takes);
    }
  if (cluster != NULL)
    {
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (tally->clusters, cluster));

      g_hash_table_insert (tally->clusters, (gpointer) cluster, GUINT_TO_POINTER (n + 1));
    }
}

static void
count_waiting (Tally *tally, const TernQueue *queue, const TernTaskRecord *task)
{
  double left = get_left (task, get_expected_rate (queue, task));

  make_load (tally, task->source)->waiting_out += left;
  make_load (tally, task->destination)->waiting_in += left;
}

/* Its keys are the strings of the queue. */
static Tally *
tally_new (const TernQueue *queue)
{
  Tally *tally = g_new (Tally, 1);

  tally->loads = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  tally->clusters = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < queue->tasks->len; i++)
    {
      const TernTaskRecord *task = queue->tasks->pdata[i];

      if (takes_nothing (task))
        continue;
      if (holds_a_place (task))
        count_task (tally, queue, task);
      else if (task->phase == TERN_PHASE_QUEUED && sends (task))
        count_waiting (tally, queue, task);
    }
  return tally;
}

static void
tally_free (Tally *tally)
{
  g_hash_table_unref (tally->loads);
  g_hash_table_unref (tally->clusters);
  g_free (tally);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Tally, tally_free)

/* Limits */

/* 0 for adaptive. */
static guint
get_limit_out (const TernQueue *queue, const char *name)
{
  const TernQueueHost *host = find_host (queue, name);

  return host != NULL && host->limit_out > 0 ? host->limit_out : queue->limits.out;
}

static gboolean
is_link_known (const TernQueue *queue, const char *name)
{
  return tern_queue_host_get_capacity (find_host (queue, name)) > 0;
}

/* 0 for adaptive. */
static guint
get_limit_in (const TernQueue *queue, const TernTaskRecord *task)
{
  const TernQueueHost *host = find_host (queue, task->destination);

  if (host != NULL && host->limit_in > 0)
    return host->limit_in;
  if (queue->limits.in > 0)
    return queue->limits.in;
  return sends (task) && is_link_known (queue, task->destination) ? 0 : STARTS_IN;
}

static TernLink
get_link (const TernQueue *queue, const TernTaskRecord *task, const char *name, double waiting)
{
  const TernQueueHost *host = find_host (queue, name);

  return (TernLink){ .capacity = (double) tern_queue_host_get_capacity (host),
                     .seen = host != NULL && host->link_seen,
                     .waiting = waiting,
                     .wish = get_expected_rate (queue, task) };
}

static gboolean
has_room_away (const TernQueue *queue, const Tally *tally, const TernTaskRecord *task)
{
  const Load *load = get_load (tally, task->source);
  TernLink link = get_link (queue, task, task->source, load->waiting_out);

  return tern_link_load_has_room (&load->out, &link);
}

static gboolean
has_room_to (const TernQueue *queue, const Tally *tally, const TernTaskRecord *task)
{
  const Load *load = get_load (tally, task->destination);
  TernLink link = get_link (queue, task, task->destination, load->waiting_in);

  return tern_link_load_has_room (&load->in, &link);
}

/* Two moves that begin together end together, and then the link is idle while the next two prepare.
 * One that begins when the other copies keeps its distance from there on. Where the link's load is
 * known, that says when. */
static gboolean
keeps_apart (const TernQueue *queue, const char *name)
{
  const TernQueueHost *host = find_host (queue, name);

  return get_limit_out (queue, name) > 0 || !is_link_known (queue, name) || host->link_seen;
}

static gboolean
is_ready (const TernQueue *queue, const char *name)
{
  const TernQueueHost *host = find_host (queue, name);

  return host == NULL || host->ready;
}

static gboolean
is_cluster_full (const TernQueue *queue, const Tally *tally, const TernTaskRecord *task)
{
  const char *cluster = find_cluster (queue, task);

  return cluster != NULL && queue->limits.cluster > 0
         && GPOINTER_TO_UINT (g_hash_table_lookup (tally->clusters, cluster))
                >= queue->limits.cluster;
}

static Held
find_full_end (const TernQueue *queue, const Tally *tally, const TernTaskRecord *task)
{
  guint limit_out = get_limit_out (queue, task->source);
  guint limit_in = get_limit_in (queue, task);

  if (leaves (task) && limit_out > 0 && get_load (tally, task->source)->leaving >= limit_out)
    return HELD_OUT;
  if (arrives (task) && limit_in > 0 && get_load (tally, task->destination)->arriving >= limit_in)
    return HELD_IN;
  return HELD_NOT;
}

static Held
find_full_link (const TernQueue *queue, const Tally *tally, const TernTaskRecord *task)
{
  if (leaves (task) && get_limit_out (queue, task->source) == 0
      && !has_room_away (queue, tally, task))
    return HELD_OUT_ADAPTIVE;
  if (arrives (task) && get_limit_in (queue, task) == 0 && !has_room_to (queue, tally, task))
    return HELD_IN_ADAPTIVE;
  return HELD_NOT;
}

/* What time alone can open comes last. */
static Held
find_hold (const TernQueue *queue, const Tally *tally, const TernTaskRecord *task)
{
  Held held;

  if (!is_ready (queue, task->source))
    return HELD_SOURCE_NOT_READY;
  if (!is_ready (queue, task->destination))
    return HELD_DESTINATION_NOT_READY;
  if (takes_nothing (task))
    return HELD_NOT;
  held = find_full_end (queue, tally, task);
  if (held != HELD_NOT)
    return held;
  if (is_cluster_full (queue, tally, task))
    return HELD_CLUSTER;
  held = find_full_link (queue, tally, task);
  if (held != HELD_NOT)
    return held;
  if (leaves (task) && get_load (tally, task->source)->beginning > 0
      && keeps_apart (queue, task->source))
    return HELD_APART;
  return HELD_NOT;
}

/* Order */

static gint64
get_rank (const TernQueue *queue, const TernTaskRecord *task)
{
  gint64 waited_us = MAX (queue->now_us - task->created_us, 0);

  return MIN ((gint64) task->options.priority + waited_us / RISES_AFTER_US, TERN_PRIORITY_HIGH);
}

static guint64
get_last_served (const TernQueue *queue, const char *name)
{
  const TernQueueHost *host = find_host (queue, name);

  return host != NULL ? host->served : 0;
}

static gboolean
goes_before (const TernQueue *queue, const Tally *tally, const TernTaskRecord *a,
             const TernTaskRecord *b)
{
  gint64 rank_a = get_rank (queue, a), rank_b = get_rank (queue, b);
  guint n_a = get_load (tally, a->source)->served, n_b = get_load (tally, b->source)->served;
  guint64 last_a = get_last_served (queue, a->source);
  guint64 last_b = get_last_served (queue, b->source);

  if (rank_a != rank_b)
    return rank_a > rank_b;
  if (n_a != n_b)
    return n_a < n_b;
  if (last_a != last_b)
    return last_a < last_b;
  return a->id < b->id;
}

const TernTaskRecord *
tern_queue_next (const TernQueue *queue)
{
  g_autoptr (Tally) tally = tally_new (queue);
  const TernTaskRecord *next = NULL;

  for (guint i = 0; i < queue->tasks->len; i++)
    {
      const TernTaskRecord *task = queue->tasks->pdata[i];

      if (task->phase == TERN_PHASE_QUEUED && find_hold (queue, tally, task) == HELD_NOT
          && (next == NULL || goes_before (queue, tally, task, next)))
        next = task;
    }
  return next;
}

/* Words */

static char *
describe_full_link (guint n, const char *way, const char *host)
{
  return g_strdup_printf ("%u move%s %s %s %s under way; more begin when its link has room", n,
                          n == 1 ? "" : "s", way, host, n == 1 ? "is" : "are");
}

static char *
describe_hold (const TernQueue *queue, const Tally *tally, const TernTaskRecord *task)
{
  const Load *source = get_load (tally, task->source);
  const Load *destination = get_load (tally, task->destination);
  const char *cluster = find_cluster (queue, task);

  switch (find_hold (queue, tally, task))
    {
    case HELD_SOURCE_NOT_READY:
      return g_strdup_printf ("%s is still being connected to", task->source);
    case HELD_DESTINATION_NOT_READY:
      return g_strdup_printf ("%s is still being connected to", task->destination);
    case HELD_OUT:
      return g_strdup_printf ("%u of %u moves away from %s are under way", source->leaving,
                              get_limit_out (queue, task->source), task->source);
    case HELD_OUT_ADAPTIVE:
      return describe_full_link (source->leaving, "away from", task->source);
    case HELD_IN:
      return g_strdup_printf ("%u of %u moves and starts to %s are under way",
                              destination->arriving, get_limit_in (queue, task), task->destination);
    case HELD_IN_ADAPTIVE:
      return describe_full_link (destination->arriving, "to", task->destination);
    case HELD_CLUSTER:
      return g_strdup_printf ("%u of %u moves in the cluster %s are under way",
                              GPOINTER_TO_UINT (g_hash_table_lookup (tally->clusters, cluster)),
                              queue->limits.cluster, cluster);
    case HELD_APART:
      return g_strdup_printf ("another move away from %s is just beginning", task->source);
    case HELD_NOT:
    default:
      return NULL;
    }
}

char *
tern_queue_explain (const TernQueue *queue, const TernTaskRecord *task)
{
  g_autoptr (Tally) tally = tally_new (queue);

  return describe_hold (queue, tally, task);
}

GPtrArray *
tern_queue_explain_all (const TernQueue *queue)
{
  g_autoptr (Tally) tally = tally_new (queue);
  GPtrArray *sentences = g_ptr_array_new_full (queue->tasks->len, g_free);

  for (guint i = 0; i < queue->tasks->len; i++)
    {
      const TernTaskRecord *task = queue->tasks->pdata[i];

      g_ptr_array_add (
          sentences, task->phase == TERN_PHASE_QUEUED ? describe_hold (queue, tally, task) : NULL);
    }
  return sentences;
}

gboolean
tern_queue_may_open (const TernQueue *queue)
{
  g_autoptr (Tally) tally = tally_new (queue);

  for (guint i = 0; i < queue->tasks->len; i++)
    {
      const TernTaskRecord *task = queue->tasks->pdata[i];
      Held held;

      if (task->phase != TERN_PHASE_QUEUED)
        continue;
      held = find_hold (queue, tally, task);
      if (held == HELD_APART || held == HELD_IN_ADAPTIVE
          || (held == HELD_OUT_ADAPTIVE && is_link_known (queue, task->source)))
        return TRUE;
    }
  return FALSE;
}
