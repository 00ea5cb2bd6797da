/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the tasks that a drain ordered so far settle: who is under way, who has left or is home, who
 * was tried as often as it may be, and who waits for a person. Whoever is not settled is planned.
 */
#include "config.h"

#include "base/error.h"
#include "base/text.h"
#include "plan/drain-next-private.h"
#include "plan/retry.h"

#include <string.h>

#define MAX_NAME_SHOWN 60
/* A host that answers is seen again soon. */
#define SIGHT_US (5 * G_USEC_PER_SEC)
/* For so long after its move a VM may be shown by its old host as well. */
#define TRACE_US (30 * G_USEC_PER_SEC)

/* --- what was done --- */

gboolean
tern_drain_was_interrupted (const TernTaskRecord *child)
{
  return tern_retry_was_broken_off (child)
         || (child->phase == TERN_PHASE_FAILED && child->attempt == 0 && child->verdict == NULL
             && g_strcmp0 (child->error_name, tern_error_code_to_name (TERN_ERROR_FAILED)) == 0);
}

/* Who could be started nowhere else is started where it was. */
static gboolean
is_restart (const TernDrainNext *self, const TernTaskRecord *child)
{
  return !self->returning && g_str_equal (child->kind, "start") && child->destination != NULL
         && tern_drain_has_host (self->question->drain, child->destination);
}

static gboolean
leaves (const TernDrainNext *self, const TernTaskRecord *child)
{
  if (g_str_equal (child->kind, "shutdown") || is_restart (self, child))
    return FALSE;
  /* Its definition may have gone over before, with a start that failed then. */
  if (!self->returning && g_str_equal (child->kind, "start"))
    return TRUE;
  return self->returning
             ? child->destination != NULL
                   && tern_drain_has_host (self->question->drain, child->destination)
             : child->source != NULL && tern_drain_has_host (self->question->drain, child->source);
}

static void
avoid_host (TernDrainNext *self, const char *uuid, const char *host)
{
  GHashTable *hosts = g_hash_table_lookup (self->past.avoid, uuid);

  if (host == NULL || host[0] == '\0')
    return;
  if (hosts == NULL)
    {
      hosts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      g_hash_table_insert (self->past.avoid, g_strdup (uuid), hosts);
    }
  g_hash_table_add (hosts, g_strdup (host));
}

/* Home is the only place to go to: it is tried again. @interrupted: the last host did nothing
 * wrong. */
static void
avoid_failed (TernDrainNext *self, const TernTaskRecord *child, gboolean interrupted)
{
  if (self->returning || child->phase != TERN_PHASE_FAILED || g_str_equal (child->kind, "shutdown"))
    return;
  if (!interrupted)
    avoid_host (self, child->vm_uuid, child->destination);
  for (guint i = 0; child->tried != NULL && child->tried[i] != NULL; i++)
    {
      g_autofree char *host = g_strndup (child->tried[i], strcspn (child->tried[i], "="));

      avoid_host (self, child->vm_uuid, host);
    }
}

static void
read_children (TernDrainNext *self)
{
  for (guint i = 0; i < self->look->children->len; i++)
    {
      const TernTaskRecord *child = self->look->children->pdata[i];
      TernDrainStory *story = g_hash_table_lookup (self->stories, child->vm_uuid);
      gboolean interrupted;

      if (story == NULL)
        {
          story = g_new0 (TernDrainStory, 1);
          g_hash_table_insert (self->stories, child->vm_uuid, story);
        }
      interrupted =
          tern_drain_was_interrupted (child)
          && (!tern_retry_was_broken_off (child) || story->broken_off++ < TERN_DRAIN_BROKEN_OFF);
      story->last = child;
      if (!tern_task_phase_is_final (child->phase))
        {
          story->open = child;
          self->news_come = TRUE;
        }
      if (g_str_equal (child->kind, "shutdown"))
        {
          story->shutdowns++;
          /* Once asked, the guest may heed it later than its task waited. */
          story->was_shut_down = story->was_shut_down || child->phase == TERN_PHASE_DONE
                                 || (tern_task_phase_is_final (child->phase) && child->attempt > 0);
        }
      else if (is_restart (self, child))
        story->restarts++;
      else if (leaves (self, child) && !interrupted)
        {
          story->leaving++;
          story->failed = child->phase == TERN_PHASE_FAILED ? child : story->failed;
        }
      /* Once moved by this drain, a VM makes no room (again). */
      if ((!self->returning || !leaves (self, child)) && !interrupted)
        g_hash_table_add (self->past.fixed, child->vm_uuid);
      avoid_failed (self, child, interrupted);
    }
}

void
tern_drain_add_act (TernDrainNext *self, const char *kind, const char *uuid, const char *from,
                    const char *to, gboolean for_room)
{
  TernDrainAct *act = g_new0 (TernDrainAct, 1);

  act->kind = kind;
  act->vm_uuid = g_strdup (uuid);
  act->from = g_strdup (from);
  act->to = g_strdup (to);
  act->for_room = for_room;
  g_ptr_array_add (self->step->acts, act);
}

/* --- what that settles --- */

TernDrainItem *
tern_drain_find_item (const TernDrainNext *self, const char *uuid)
{
  const GPtrArray *items = self->question->drain->items;

  for (guint i = 0; items != NULL && i < items->len; i++)
    if (g_str_equal (((TernDrainItem *) items->pdata[i])->vm_uuid, uuid))
      return items->pdata[i];
  return NULL;
}

TernDrainItem *
tern_drain_new_item (const TernDrainNext *self, const char *uuid, const char *name,
                     const TernVm *vm)
{
  TernDrainItem *item = tern_drain_item_new (uuid, name);
  const TernDrainItem *before = tern_drain_find_item (self, uuid);
  const TernDrainStory *story = g_hash_table_lookup (self->stories, uuid);

  if (vm != NULL)
    {
      item->host = g_strdup (vm->host);
      item->memory = tern_vm_get_memory_need (vm);
      item->action = tern_drain_action_of (self->question, vm);
    }
  if (before != NULL)
    {
      g_free (item->host);
      item->host = g_strdup (before->host);
      item->for_room = before->for_room;
      item->action = vm != NULL ? item->action : before->action;
      item->memory = vm != NULL ? item->memory : before->memory;
      item->begin_us = before->begin_us;
      item->end_us = before->end_us;
    }
  if (story != NULL)
    {
      item->task_id = story->last->id;
      item->attempts = story->leaving + story->shutdowns;
      item->for_room = !leaves (self, story->last) && !is_restart (self, story->last)
                       && !g_str_equal (story->last->kind, "shutdown");
    }
  return item;
}

void
tern_drain_decide (TernDrainNext *self, TernDrainItem *item)
{
  g_hash_table_replace (self->past.decided, item->vm_uuid, item);
}

static const char *
call (const TernDrainNext *self, const char *uuid)
{
  const TernVm *vm = tern_cluster_find_vm (self->question->cluster, uuid);

  return vm != NULL ? tern_drain_call (self->question->cluster, vm) : uuid;
}

void
tern_drain_tell_error (const TernDrainNext *self, TernDrainItem *item, const TernDrainStory *story,
                       const TernTaskRecord *last, const char *shown)
{
  guint n = g_str_equal (last->kind, "shutdown") ? story->shutdowns : story->leaving;
  const char *name = last->error_name != NULL ? last->error_name : "Failed";

  if (last->phase == TERN_PHASE_CANCELLED)
    name = "Cancelled";
  /* It stood in line when the drain stopped, which took it out of there. */
  if (last->phase == TERN_PHASE_CANCELLED && last->started_us == 0 && self->stopped
      && (self->look->cancelled || last->finished_us >= self->question->drain->deadline_us))
    tern_drain_tell_unbegun (self, item, shown);
  else if (last->phase == TERN_PHASE_DONE)
    tern_drain_item_add (item, "Refused",
                         g_strdup_printf ("%s is on %s again after task %" G_GUINT64_FORMAT
                                          " moved it away; it is not moved once more",
                                          shown, item->host, last->id),
                         g_strdup_printf ("“virtern migrate %s”", call (self, last->vm_uuid)));
  else
    tern_drain_item_add (
        item, name,
        last->phase == TERN_PHASE_CANCELLED
            ? g_strdup_printf ("task %" G_GUINT64_FORMAT
                               " of %s was cancelled, so it is left on %s",
                               last->id, shown, last->source)
            : g_strdup_printf ("%s was tried %u time%s, the last time by task %" G_GUINT64_FORMAT
                               ": %s",
                               shown, n, n == 1 ? "" : "s", last->id,
                               last->error != NULL ? last->error : "it did not leave"),
        g_strdup_printf ("see “virtern task show %" G_GUINT64_FORMAT "”", last->id));
}

void
tern_drain_tell_stopped (const TernDrainNext *self, TernDrainItem *item, const char *where,
                         const char *shown)
{
  tern_drain_item_add (
      item, "vm.not-running",
      g_strdup_printf ("%s IS OFF on %s: it was shut down to be started elsewhere, and could not "
                       "be started",
                       shown, where),
      g_strdup_printf ("“virtern vm start %s --on HOST”, on any host that takes it",
                       call (self, item->vm_uuid)));
}

/* @task: its verdict begins with what is known of the VM */
static void
leave_in_attention (TernDrainItem *item, const TernTaskRecord *task, const char *shown)
{
  g_auto (GStrv) parts = g_strsplit (task->verdict != NULL ? task->verdict : "", "; ", 2);
  gboolean known = parts[0] != NULL && parts[0][0] != '\0';

  item->state = TERN_ITEM_LEFT;
  item->task_id = task->id;
  tern_drain_item_add (item, "vm.attention",
                       g_strdup_printf ("task %" G_GUINT64_FORMAT
                                        " of %s needs attention: a person must look%s%s",
                                        task->id, shown, known ? "; " : "", known ? parts[0] : ""),
                       g_strdup_printf ("see “virtern task show %" G_GUINT64_FORMAT
                                        "”, then “virtern task resolve %" G_GUINT64_FORMAT "”",
                                        task->id, task->id));
}

/* The hosts were not seen since the task ended: what it found out counts. */
static gboolean
is_newer (const TernDrainNext *self, const TernTaskRecord *task)
{
  const TernHost *host = tern_cluster_find_host (self->question->cluster, task->source);

  return host == NULL || host->seen_us <= task->finished_us;
}

/* Returns: whether nobody took the order to start it where it was */
static gboolean
was_sent_back (const TernDrainNext *self, const TernDrainItem *item)
{
  const TernDrainItem *before = tern_drain_find_item (self, item->vm_uuid);

  return before != NULL && before->state == TERN_ITEM_LEFT && self->question->spent != NULL
         && g_hash_table_contains (self->question->spent, item->vm_uuid)
         && g_strcmp0 (before->destination, before->host) == 0;
}

/* @where: host that has its definition. Returns: whether it is told to be started where it was,
 * which is tried once */
gboolean
tern_drain_start_again (TernDrainNext *self, TernDrainItem *item, const char *where)
{
  const TernDrainStory *story = g_hash_table_lookup (self->stories, item->vm_uuid);
  const TernHost *host =
      item->host != NULL ? tern_cluster_find_host (self->question->cluster, item->host) : NULL;
  gboolean possible = !self->returning && host != NULL && host->state == TERN_HOST_UP
                      && (story == NULL || story->restarts == 0) && !was_sent_back (self, item);

  g_free (item->destination);
  item->destination = g_strdup (item->host);
  if (!possible)
    return FALSE;
  tern_drain_add_act (self, "start", item->vm_uuid, where, item->host, FALSE);
  item->state = TERN_ITEM_MOVING;
  g_ptr_array_set_size (item->reasons, 0);
  self->news_come = TRUE;
  return TRUE;
}

/* It was started again where it was, or not even that. */
static void
leave_restarted (const TernDrainNext *self, const TernDrainStory *story, TernDrainItem *item,
                 const TernVm *vm, const char *shown)
{
  gboolean runs = !tern_drain_is_off (vm)
                  || (story->last->phase == TERN_PHASE_DONE && is_newer (self, story->last));

  item->state = TERN_ITEM_LEFT;
  if (runs)
    tern_drain_item_add (item, "Failed",
                         g_strdup_printf ("%s was shut down to be started elsewhere, which failed: "
                                          "it was started again on %s",
                                          shown, item->host),
                         NULL);
  else
    tern_drain_tell_stopped (self, item, vm->host, shown);
  if (story->failed != NULL)
    tern_drain_tell_error (self, item, story, story->failed, shown);
}

/* Returns: (nullable): a host to start it on that has not failed it */
static const char *
find_other_host (const TernDrainNext *self, const char *uuid)
{
  const GPtrArray *hosts = self->question->cluster->hosts;
  GHashTable *avoid = g_hash_table_lookup (self->past.avoid, uuid);

  for (guint i = 0; i < hosts->len; i++)
    {
      const TernHost *host = hosts->pdata[i];

      if (tern_drain_is_candidate (self->question, host)
          && (avoid == NULL || !g_hash_table_contains (avoid, host->config->name)))
        return host->config->name;
    }
  return NULL;
}

/* Its definition went over, and its guest did not start there: it is neither gone nor here.
 * @story: (nullable) */
TernDrainItem *
tern_drain_settle_unstarted (TernDrainNext *self, const TernDrainStory *story, const TernVm *vm)
{
  TernDrainItem *item = tern_drain_new_item (self, vm->uuid, vm->name, vm);
  g_autofree char *shown = tern_text_visible (vm->name, MAX_NAME_SHOWN);
  gboolean spent =
      self->question->spent != NULL && g_hash_table_contains (self->question->spent, vm->uuid);

  item->for_room = FALSE;
  if (!spent && (story == NULL || (story->leaving < TERN_DRAIN_ATTEMPTS && story->restarts == 0)))
    {
      const char *to = find_other_host (self, vm->uuid);

      tern_drain_add_act (self, "start", vm->uuid, vm->host, to, FALSE);
      item->state = TERN_ITEM_MOVING;
      item->destination = g_strdup (to != NULL ? to : vm->host);
      self->news_come = TRUE;
    }
  else if (!tern_drain_start_again (self, item, vm->host))
    {
      item->state = TERN_ITEM_LEFT;
      tern_drain_tell_stopped (self, item, vm->host, shown);
      if (story != NULL && story->failed != NULL)
        tern_drain_tell_error (self, item, story, story->failed, shown);
    }
  return item;
}

static gboolean
is_tried_enough (const TernDrainStory *story, TernDrainAction action, const TernVm *vm)
{
  if (action == TERN_DRAIN_COLD || action == TERN_DRAIN_SHUTDOWN)
    return tern_drain_is_off (vm) ? story->leaving >= TERN_DRAIN_ATTEMPTS
                                  : story->shutdowns >= TERN_DRAIN_ATTEMPTS;
  return story->leaving >= TERN_DRAIN_ATTEMPTS;
}

gint64
tern_drain_wait_until (const TernDrainNext *self, const TernHost *host)
{
  gint64 since_us = MAX (host->seen_us, self->look->since_us);

  /* Never seen, and being connected to: that ends by itself. */
  if (since_us == 0 && host->state == TERN_HOST_CONNECTING)
    return self->question->now_us + SIGHT_US;
  return since_us + TERN_DRAIN_HOST_WAIT_US;
}

void
tern_drain_wait_for (TernDrainNext *self, gint64 until_us)
{
  gint64 left_us = until_us - self->question->now_us;

  if (left_us > 0 && (self->step->wait_us == 0 || left_us < self->step->wait_us))
    self->step->wait_us = left_us;
}

gboolean
tern_drain_is_waited_for (const TernDrainNext *self, const TernHost *host)
{
  return host->state != TERN_HOST_UP && !self->stopped
         && tern_drain_wait_until (self, host) > self->question->now_us;
}

/* It was shut down to be started elsewhere; that begins when its host shows it shut off. */
static void
wait_for_sight (TernDrainNext *self, TernDrainItem *item, const char *host_name, const char *shown)
{
  const TernHost *host = tern_cluster_find_host (self->question->cluster, host_name);

  item->state = TERN_ITEM_WAITING;
  if (host != NULL && host->state == TERN_HOST_UP)
    {
      item->state = TERN_ITEM_MOVING;
      self->half_way = TRUE;
      tern_drain_wait_for (self, self->question->now_us + SIGHT_US);
    }
  else if (host == NULL || !tern_drain_is_waited_for (self, host))
    {
      item->state = TERN_ITEM_LEFT;
      tern_drain_tell_stopped (self, item, host_name, shown);
    }
}

/* @vm: the copy that counts, which has not left (or is not home). */
static TernDrainItem *
settle_present (TernDrainNext *self, const TernDrainStory *story, const TernVm *vm,
                const char *shown)
{
  const TernTaskRecord *last = story->last;
  TernDrainItem *item = tern_drain_new_item (self, vm->uuid, vm->name, vm);
  gboolean off = tern_drain_is_off (vm);
  gboolean half = off
                  && ((item->action == TERN_DRAIN_COLD && story->was_shut_down)
                      || tern_drain_is_stopped (self->question, vm));

  if (story->restarts > 0)
    {
      leave_restarted (self, story, item, vm, shown);
      return item;
    }
  if (last->phase == TERN_PHASE_DONE && is_newer (self, last))
    {
      gboolean stopped = g_str_equal (last->kind, "shutdown");

      item->state = !stopped ? TERN_ITEM_GONE : TERN_ITEM_SKIPPED;
      if (!stopped)
        item->destination = g_strdup (last->destination);
      if (!stopped || item->action == TERN_DRAIN_SHUTDOWN)
        return item;
      wait_for_sight (self, item, last->source, shown);
      if (item->state != TERN_ITEM_MOVING)
        return item;
      g_hash_table_insert (self->past.held, vm->uuid, (gpointer) last);
      tern_drain_item_free (item);
      return NULL;
    }
  if (half && story->leaving < TERN_DRAIN_ATTEMPTS
      && (last->phase != TERN_PHASE_CANCELLED || g_str_equal (last->kind, "shutdown")))
    {
      g_hash_table_add (self->past.restarts, vm->uuid);
      tern_drain_item_free (item);
      return NULL;
    }
  if (last->phase == TERN_PHASE_CANCELLED || is_tried_enough (story, item->action, vm))
    {
      gboolean settled = off && !half && !g_str_equal (last->kind, "relocate");

      item->state = settled ? TERN_ITEM_SKIPPED : TERN_ITEM_LEFT;
      if (half && last->phase == TERN_PHASE_FAILED && tern_drain_start_again (self, item, vm->host))
        return item;
      if (half)
        tern_drain_tell_stopped (self, item, vm->host, shown);
      if (!settled)
        tern_drain_tell_error (self, item, story, story->last, shown);
      return item;
    }
  tern_drain_item_free (item);
  return NULL;
}

static TernDrainItem *
settle_gone (const TernDrainNext *self, const TernDrainStory *story, const TernVm *vm,
             const char *name)
{
  TernDrainItem *item = tern_drain_new_item (self, story->last->vm_uuid, name, vm);

  if (tern_drain_find_item (self, story->last->vm_uuid) == NULL && story->last->source != NULL)
    {
      g_free (item->host);
      item->host = g_strdup (story->last->source);
    }
  item->state = TERN_ITEM_GONE;
  item->destination = g_strdup (vm != NULL ? vm->host : story->last->destination);
  if (item->memory == 0)
    item->memory = story->last->memory;
  return item;
}

/* Its task did not take it away, and no host shows it now: somebody must look. */
static TernDrainItem *
settle_missing (const TernDrainNext *self, const TernDrainStory *story, const char *shown)
{
  const TernTaskRecord *last = story->last;
  TernDrainItem *item = settle_gone (self, story, NULL, last->vm_name);

  if (last->phase == TERN_PHASE_DONE && !g_str_equal (last->kind, "shutdown"))
    return item;
  item->state = TERN_ITEM_LEFT;
  g_clear_pointer (&item->destination, g_free);
  tern_drain_item_add (
      item, "NotFound",
      g_strdup_printf ("no host shows %s now, and task %" G_GUINT64_FORMAT
                       " did not take it away: somebody removed it, or its host does not answer",
                       shown, last->id),
      g_strdup_printf ("see “virtern task show %" G_GUINT64_FORMAT "” and “virtern host list”",
                       last->id));
  return item;
}

static gboolean
is_on (const TernDrainNext *self, const TernVm *vm)
{
  return vm != NULL && tern_drain_has_host (self->question->drain, vm->host);
}

/* Returns: (transfer none) (nullable): a process of the VM, on a drained host or on another one */
static const TernVm *
find_process (const TernDrainNext *self, const char *uuid, gboolean on)
{
  const GPtrArray *copies = tern_cluster_get_copies (self->question->cluster, uuid);

  for (guint i = 0; copies != NULL && i < copies->len; i++)
    if (is_on (self, copies->pdata[i]) == on && !tern_drain_is_off (copies->pdata[i]))
      return copies->pdata[i];
  return NULL;
}

/* Returns: NULL: the plan says that it runs twice */
static TernDrainItem *
settle_twice (TernDrainNext *self, const TernDrainStory *story, const TernVm *vm)
{
  gint64 until_us = story->last->finished_us + TRACE_US;
  TernDrainItem *item;

  if (is_newer (self, story->last))
    return settle_gone (self, story, vm, story->last->vm_name);
  if (self->stopped || story->last->phase != TERN_PHASE_DONE || until_us <= self->question->now_us)
    return NULL;
  item = settle_gone (self, story, vm, story->last->vm_name);
  item->state = TERN_ITEM_MOVING;
  tern_drain_wait_for (self, until_us);
  return item;
}

gboolean
tern_drain_is_in_place (const TernDrainNext *self, const TernVm *vm)
{
  return self->returning ? is_on (self, vm) : !is_on (self, vm);
}

/* A move to make room that failed is over all the same: it is not made again. */
static gboolean
is_room_story (const TernDrainNext *self, const TernDrainStory *story)
{
  return !self->returning && story->leaving == 0 && story->shutdowns == 0 && story->restarts == 0
         && !leaves (self, story->last);
}

static gboolean
is_unstarted (const TernDrainNext *self, const TernDrainStory *story, const TernVm *vm)
{
  return !self->returning && tern_drain_is_in_place (self, vm) && tern_drain_is_off (vm)
         && story->last->phase == TERN_PHASE_FAILED && g_str_equal (story->last->kind, "start")
         && tern_drain_action_of (self->question, vm) != TERN_DRAIN_SKIP;
}

/* Being shut down to be started elsewhere. */
static gboolean
is_held (const TernDrainNext *self, const TernDrainStory *story, const TernVm *vm)
{
  return !self->returning && g_str_equal (story->open->kind, "shutdown") && is_on (self, vm)
         && tern_drain_action_of (self->question, vm) == TERN_DRAIN_COLD;
}

static void
settle_story (TernDrainNext *self, const char *uuid, const TernDrainStory *story)
{
  const TernVm *vm = tern_cluster_find_vm (self->question->cluster, uuid);
  g_autofree char *shown = tern_text_visible (story->last->vm_name, MAX_NAME_SHOWN);
  TernDrainItem *item = NULL;

  if (story->open != NULL && is_held (self, story, vm))
    g_hash_table_insert (self->past.held, (gpointer) uuid, (gpointer) story->open);
  else if (story->open != NULL)
    {
      item = tern_drain_new_item (self, uuid, story->last->vm_name, vm);
      item->state = TERN_ITEM_MOVING;
      item->task_id = story->open->id;
      if (story->open->destination != NULL && story->open->destination[0] != '\0')
        item->destination = g_strdup (story->open->destination);
    }
  else if (story->last->phase == TERN_PHASE_ATTENTION)
    {
      item = tern_drain_new_item (self, uuid, story->last->vm_name, vm);
      leave_in_attention (item, story->last, shown);
    }
  else if (is_room_story (self, story))
    {
      item = tern_drain_new_item (self, uuid, story->last->vm_name, vm);
      item->for_room = TRUE;
      item->state = story->last->phase == TERN_PHASE_DONE ? TERN_ITEM_GONE : TERN_ITEM_SKIPPED;
      item->destination = g_strdup (vm != NULL ? vm->host : story->last->destination);
      /* It may be on one of these hosts by now: then it is treated as any other. */
      if (!tern_drain_is_in_place (self, vm))
        g_clear_pointer (&item, tern_drain_item_free);
    }
  else if (vm == NULL)
    item = settle_missing (self, story, shown);
  else if (!self->returning && find_process (self, uuid, TRUE) != NULL
           && find_process (self, uuid, FALSE) != NULL)
    item = settle_twice (self, story, find_process (self, uuid, FALSE));
  else if (self->returning && story->last->phase == TERN_PHASE_FAILED
           && tern_drain_is_stopped (self->question, vm))
    {
      item = tern_drain_new_item (self, uuid, story->last->vm_name, vm);
      item->state = TERN_ITEM_LEFT;
      tern_drain_tell_stopped (self, item, vm->host, shown);
      tern_drain_tell_error (self, item, story, story->last, shown);
    }
  else if (is_unstarted (self, story, vm))
    item = tern_drain_settle_unstarted (self, story, vm);
  else if (tern_drain_is_in_place (self, vm))
    item = settle_gone (self, story, vm, story->last->vm_name);
  else if (self->returning && story->leaving == 0)
    item = NULL;
  else
    item = settle_present (self, story, vm, shown);
  if (item != NULL)
    tern_drain_decide (self, item);
}

void
tern_drain_settle (TernDrainNext *self)
{
  GHashTableIter iter;
  gpointer uuid, story;

  read_children (self);
  g_hash_table_iter_init (&iter, self->stories);
  while (g_hash_table_iter_next (&iter, &uuid, &story))
    settle_story (self, uuid, story);
}
