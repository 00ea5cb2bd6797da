/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whose turn is it? What is under way is counted once, host by host; then each task in line is
 * looked at once: which limit holds it back, and if none does, whether it goes before the best
 * one so far. Nobody who could start waits, so that a line for a full host delays no other.
 */
#include "config.h"

#include "plan/queue.h"

#define ADAPTIVE_OUT 2
#define ADAPTIVE_OUT_MAX 16
#define ADAPTIVE_IN 2
/* So long a copy runs before its rate says what the link has left. */
#define SETTLED_AFTER_US (5 * G_USEC_PER_SEC)
/* Two moves that begin together end together, and then the link is idle while the next two prepare.
 * One that begins when the other copies keeps its distance from there on. */
#define APART_US (2 * G_USEC_PER_SEC)
#define RISES_AFTER_US (10 * 60 * G_USEC_PER_SEC)

/* What goes on at one host. */
typedef struct
{
  guint leaving;
  guint arriving;
  guint served;    /* tasks under way whose source it is, starts in place too */
  guint unsettled; /* of those leaving: not yet seen to copy for long enough */
  guint beginning; /* of those leaving: begun just now, not yet copying */
  guint64 rate_bps;
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
  HELD_APART
} Held;

static gboolean
holds_a_place (const TernTaskRecord *task)
{
  return task->phase != TERN_PHASE_QUEUED && !tern_task_phase_is_final (task->phase);
}

/* A VM that is started where it is defined leaves no host. */
static gboolean
leaves (const TernTaskRecord *task)
{
  return !g_str_equal (task->source, task->destination);
}

/* Has its copy told all it can tell about the link: it runs for long enough, or is over? */
static gboolean
is_settled (const TernTaskRecord *task, gint64 now_us)
{
  switch (task->phase)
    {
    case TERN_PHASE_CHECKING:
    case TERN_PHASE_PREPARING:
      return FALSE;
    case TERN_PHASE_VERIFYING:
    case TERN_PHASE_REPAIRING:
    case TERN_PHASE_RESOLVING:
      return TRUE;
    default:
      return task->copy_began_us > 0 && now_us - task->copy_began_us >= SETTLED_AFTER_US;
    }
}

static gboolean
is_beginning (const TernTaskRecord *task, gint64 now_us)
{
  gint64 since_us = now_us - task->started_us;

  if (task->phase != TERN_PHASE_CHECKING && task->phase != TERN_PHASE_PREPARING)
    return FALSE;
  return task->started_us == 0 || (since_us >= 0 && since_us < APART_US);
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
  Load *source = make_load (tally, task->source);
  const char *cluster = find_cluster (queue, task);

  source->served++;
  if (leaves (task))
    {
      source->leaving++;
      source->unsettled += !is_settled (task, queue->now_us);
      source->beginning += is_beginning (task, queue->now_us);
      source->rate_bps += task->rate_bps;
    }
  make_load (tally, task->destination)->arriving++;
  if (cluster != NULL)
    {
      guint n = GPOINTER_TO_UINT (g_hash_table_lookup (tally->clusters, cluster));

      g_hash_table_insert (tally->clusters, (gpointer) cluster, GUINT_TO_POINTER (n + 1));
    }
}

/* Its keys are the strings of the queue. */
static Tally *
tally_new (const TernQueue *queue)
{
  Tally *tally = g_new (Tally, 1);

  tally->loads = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  tally->clusters = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < queue->tasks->len; i++)
    if (holds_a_place (queue->tasks->pdata[i]))
      count_task (tally, queue, queue->tasks->pdata[i]);
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

static guint
get_limit_in (const TernQueue *queue, const char *name)
{
  const TernQueueHost *host = find_host (queue, name);

  if (host != NULL && host->limit_in > 0)
    return host->limit_in;
  return queue->limits.in > 0 ? queue->limits.in : ADAPTIVE_IN;
}

/* What moves away from a host may take together; 0 if that is not known. */
static guint64
get_capacity (const TernQueueHost *host)
{
  if (host == NULL || host->link_bps == 0)
    return 0;
  return host->bandwidth_bps > 0 ? MIN (host->link_bps, host->bandwidth_bps) : host->link_bps;
}

static gboolean
has_room_on_link (const TernQueue *queue, const char *name, const Load *load)
{
  guint64 capacity = get_capacity (find_host (queue, name));

  if (load->leaving < ADAPTIVE_OUT)
    return TRUE;
  return load->leaving < ADAPTIVE_OUT_MAX && load->unsettled == 0
         && load->rate_bps < capacity - capacity / 10;
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

/* What time alone can open comes last. */
static Held
find_hold (const TernQueue *queue, const Tally *tally, const TernTaskRecord *task)
{
  const Load *source = get_load (tally, task->source);
  guint limit_out = get_limit_out (queue, task->source);

  if (!is_ready (queue, task->source))
    return HELD_SOURCE_NOT_READY;
  if (!is_ready (queue, task->destination))
    return HELD_DESTINATION_NOT_READY;
  if (leaves (task) && limit_out > 0 && source->leaving >= limit_out)
    return HELD_OUT;
  if (get_load (tally, task->destination)->arriving >= get_limit_in (queue, task->destination))
    return HELD_IN;
  if (is_cluster_full (queue, tally, task))
    return HELD_CLUSTER;
  if (leaves (task) && limit_out == 0 && !has_room_on_link (queue, task->source, source))
    return HELD_OUT_ADAPTIVE;
  if (leaves (task) && source->beginning > 0)
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
      return g_strdup_printf (
          "%u moves away from %s are under way; more begin when its link has room", source->leaving,
          task->source);
    case HELD_IN:
      return g_strdup_printf ("%u of %u moves and starts to %s are under way",
                              destination->arriving, get_limit_in (queue, task->destination),
                              task->destination);
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
      if (held == HELD_APART
          || (held == HELD_OUT_ADAPTIVE && get_capacity (find_host (queue, task->source)) > 0))
        return TRUE;
    }
  return FALSE;
}
