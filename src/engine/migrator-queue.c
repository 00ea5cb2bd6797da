/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The line of tasks that wait: plan/queue.h says whose turn it is, here it is given to them. The
 * others' notes say what they wait for.
 */
#include "config.h"

#include "engine/migrator-private.h"

#include "engine/task-private.h"
#include "plan/queue.h"

/* Only while time alone may let somebody begin. */
#define LOOK_AGAIN_US G_USEC_PER_SEC

/* One look at the queue. */
typedef struct
{
  TernTaskRecord *views; /* not copies: with the phase that is being stored right now */
  GPtrArray *runs;       /* TernRun: whose they are */
  GPtrArray *tasks;      /* of @views, as @runs */
  GHashTable *hosts;
  char *connecting; /* a host that is still being connected to */
  TernQueue queue;
} Line;

static gboolean
was_admitted (const TernRun *run)
{
  for (guint i = 0; i < run->events->len; i++)
    if (g_array_index (run->events, TernTaskEvent, i) == TERN_EVENT_ADMITTED)
      return TRUE;
  return FALSE;
}

/* What waits in line and was told to begin counts as begun, while something of it is stored. */
static TernTaskPhase
peek_phase (TernRun *run)
{
  TernTaskPhase phase = tern_run_peek_phase (run);

  return phase == TERN_PHASE_QUEUED && was_admitted (run) ? TERN_PHASE_CHECKING : phase;
}

static char *
find_connecting (GHashTable *hosts)
{
  GHashTableIter iter;
  gpointer name, host;
  const char *first = NULL;

  g_hash_table_iter_init (&iter, hosts);
  while (g_hash_table_iter_next (&iter, &name, &host))
    if (!((const TernQueueHost *) host)->ready && (first == NULL || strcmp (name, first) < 0))
      first = name;
  return g_strdup (first);
}

static Line *
line_new (TernMigrator *self)
{
  Line *line = g_new0 (Line, 1);

  line->views = g_new (TernTaskRecord, self->runs->len + 1);
  line->runs = g_ptr_array_new ();
  line->tasks = g_ptr_array_new ();
  line->hosts = tern_migrator_make_queue_hosts (self);
  line->connecting = find_connecting (line->hosts);
  for (guint i = 0; i < self->runs->len; i++)
    {
      TernRun *run = self->runs->pdata[i];

      /* One that goes elsewhere waits for room there. */
      line->views[i] = run->storing != NULL ? *run->storing : *tern_run_get_record (run);
      line->views[i].phase = peek_phase (run);
      g_ptr_array_add (line->runs, run);
      g_ptr_array_add (line->tasks, &line->views[i]);
    }
  line->queue = (TernQueue){
    .tasks = line->tasks,
    .hosts = line->hosts,
    .limits = tern_migrator_get_limits (self),
    .now_us = tern_clock_wall_us (self->clock),
  };
  return line;
}

static void
line_free (Line *line)
{
  g_free (line->views);
  g_ptr_array_unref (line->runs);
  g_ptr_array_unref (line->tasks);
  g_hash_table_unref (line->hosts);
  g_free (line->connecting);
  g_free (line);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Line, line_free)

static gboolean
waits (const TernTaskRecord *task)
{
  return task->phase == TERN_PHASE_QUEUED;
}

static gboolean
has_waiting (TernMigrator *self)
{
  for (guint i = 0; i < self->runs->len; i++)
    if (peek_phase (self->runs->pdata[i]) == TERN_PHASE_QUEUED)
      return TRUE;
  return FALSE;
}

/* Notes */

/* @note: (nullable) */
static void
set_note (TernRun *run, const char *note)
{
  const TernTaskRecord *record = tern_run_get_record (run);

  if (record->phase != TERN_PHASE_QUEUED || g_strcmp0 (record->note, note) == 0)
    return;
  tern_run_set_note (run, g_strdup (note));
  tern_task_tell (tern_run_get_task (run));
}

static void
set_notes (const Line *line)
{
  g_autoptr (GPtrArray) notes = tern_queue_explain_all (&line->queue);

  for (guint i = 0; i < notes->len; i++)
    if (waits (line->tasks->pdata[i]))
      set_note (line->runs->pdata[i], notes->pdata[i]);
}

/* Before a VM is started, all hosts get the time to be connected, to show that it does not run on
 * them: after the daemon began, and when a host was added. */
static void
set_starts_aside (Line *line)
{
  g_autofree char *note = NULL;

  if (line->connecting == NULL)
    return;
  note = g_strdup_printf ("%s is still being connected to", line->connecting);
  for (guint i = line->tasks->len; i-- > 0;)
    {
      const TernTaskRecord *task = line->tasks->pdata[i];

      if (!waits (task) || !tern_task_record_is_start (task))
        continue;
      set_note (line->runs->pdata[i], note);
      g_ptr_array_remove_index (line->tasks, i);
      g_ptr_array_remove_index (line->runs, i);
    }
}

/* Admission */

static void
count_served (TernMigrator *self, Line *line, const char *source)
{
  TernQueueHost *host = g_hash_table_lookup (line->hosts, source);
  guint64 number = ++self->n_served;

  g_hash_table_replace (self->served, g_strdup (source), g_memdup2 (&number, sizeof number));
  if (host != NULL)
    host->served = number;
}

static void
admit_task (TernMigrator *self, Line *line, const TernTaskRecord *next)
{
  TernTaskRecord *view = (TernTaskRecord *) next;
  guint index = 0;
  TernRun *run;

  (void) g_ptr_array_find (line->tasks, next, &index);
  run = line->runs->pdata[index];
  count_served (self, line, view->source);
  set_note (run, NULL);
  tern_run_feed (run, TERN_EVENT_ADMITTED);
  /* Whatever comes of it, not twice in one round. */
  view->phase = TERN_PHASE_CHECKING;
  view->started_us = line->queue.now_us;
}

static gboolean
on_look_again (gpointer data)
{
  TernMigrator *self = data;

  self->admit_timer = 0;
  tern_migrator_admit (self);
  return G_SOURCE_REMOVE;
}

static void
look_again_if_needed (TernMigrator *self, const Line *line)
{
  tern_clock_clear_timer (self->clock, &self->admit_timer);
  if (tern_queue_may_open (&line->queue))
    self->admit_timer = tern_clock_add_timer (self->clock, LOOK_AGAIN_US, on_look_again, self);
}

void
tern_migrator_admit (TernMigrator *self)
{
  g_autoptr (Line) line = NULL;
  const TernTaskRecord *next;

  if (self->assessor == NULL || self->admitting || !has_waiting (self))
    return;
  self->admitting = TRUE;
  line = line_new (self);
  set_starts_aside (line);
  while ((next = tern_queue_next (&line->queue)) != NULL)
    admit_task (self, line, next);
  set_notes (line);
  look_again_if_needed (self, line);
  self->admitting = FALSE;
}
