/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a drain does next. Nothing is remembered but what can be seen again: the tasks it ordered so
 * far, the hosts and VMs, and what was ordered. Each look makes the plan anew for those that are
 * not settled, and orders of it what can begin now.
 *
 *   settled by the past:  under way | gone | tried as often as it may be | waits for a person
 *   settled by the plan:  skipped | asked for | no place
 *   the rest:             begun now, or when room was made
 */
#include "config.h"

#include "base/text.h"
#include "base/units.h"
#include "plan/drain-next-private.h"

#include <string.h>

#define MAX_NAME_SHOWN 60

void
tern_drain_act_free (TernDrainAct *self)
{
  if (self == NULL)
    return;

  g_free (self->vm_uuid);
  g_free (self->from);
  g_free (self->to);
  g_free (self);
}

void
tern_drain_step_free (TernDrainStep *self)
{
  if (self == NULL)
    return;

  g_ptr_array_unref (self->acts);
  g_ptr_array_unref (self->items);
  g_free (self->sentence);
  g_free (self);
}

/* --- hosts that do not answer --- */

static void
look_at_hosts (TernDrainNext *self)
{
  const GPtrArray *hosts = self->question->cluster->hosts;

  for (guint i = 0; i < hosts->len; i++)
    {
      const TernHost *host = hosts->pdata[i];
      gboolean ours = tern_drain_has_host (self->question->drain, host->config->name);

      if (tern_drain_is_waited_for (self, host) && (ours || host->state == TERN_HOST_CONNECTING))
        {
          tern_drain_wait_for (self, tern_drain_wait_until (self, host));
          if (ours && self->waits_host == NULL)
            self->waits_host = host;
          else if (!ours && self->waits_other == NULL)
            self->waits_other = host;
        }
      else if (ours && host->state != TERN_HOST_UP && self->lost_host == NULL)
        self->lost_host = host;
    }
}

/* What is on a host that does not answer is not planned: nobody knows what runs there. */
static void
settle_silent (TernDrainNext *self, const TernVm *vm, const TernHost *host)
{
  TernDrainItem *item;
  g_autofree char *ago = NULL, *shown = NULL;

  if (g_hash_table_contains (self->past.decided, vm->uuid)
      || !tern_drain_is_there (self->question->cluster, vm))
    return;
  item = tern_drain_new_item (self, vm->uuid, vm->name, vm);
  item->state = tern_drain_is_waited_for (self, host) ? TERN_ITEM_WAITING : TERN_ITEM_LEFT;
  if (item->state == TERN_ITEM_LEFT)
    {
      ago = tern_units_format_duration (self->question->now_us - host->seen_us);
      shown = tern_text_visible (vm->name, MAX_NAME_SHOWN);
      tern_drain_item_add (
          item, "host.unreachable",
          host->seen_us > 0
              ? g_strdup_printf (
                  "%s cannot be reached, since %s: nobody knows whether %s runs there", vm->host,
                  ago, shown)
              : g_strdup_printf ("%s cannot be reached: nobody knows whether %s runs there",
                                 vm->host, shown),
          g_strdup_printf ("see “virtern host show %s”", vm->host));
    }
  tern_drain_decide (self, item);
}

static void
settle_silent_hosts (TernDrainNext *self)
{
  const TernCluster *cluster = self->question->cluster;

  for (guint i = 0; i < cluster->hosts->len; i++)
    {
      const TernHost *host = cluster->hosts->pdata[i];
      const GPtrArray *vms = tern_cluster_get_vms_on (cluster, i);

      if (self->returning || host->state == TERN_HOST_UP
          || !tern_drain_has_host (self->question->drain, host->config->name))
        continue;
      for (guint j = 0; vms != NULL && j < vms->len; j++)
        settle_silent (self, vms->pdata[j], host);
    }
}

static const TernTaskRecord *
pick_older (const TernTaskRecord *a, const TernTaskRecord *b)
{
  return a == NULL || b->id < a->id ? b : a;
}

static gboolean
is_ours (const TernDrainNext *self, const TernTaskRecord *task)
{
  for (guint i = 0; i < self->look->children->len; i++)
    if (((const TernTaskRecord *) self->look->children->pdata[i])->id == task->id)
      return TRUE;
  return FALSE;
}

/* What stands in line to go to a closed host is judged again when its turn comes, and does not get
 * there: it may take hours, and is not waited for. */
static void
look_at_task (TernDrainNext *self, const TernTaskRecord *task)
{
  const TernDrain *drain = self->question->drain;
  gboolean leaves = task->source != NULL && tern_drain_has_host (drain, task->source);
  gboolean arrives = task->destination != NULL && tern_drain_has_host (drain, task->destination);

  if (tern_task_phase_is_final (task->phase) || (!leaves && !arrives))
    return;
  if (leaves || self->returning || is_ours (self, task))
    self->news_come = TRUE;
  else if (task->phase == TERN_PHASE_QUEUED)
    self->late_arrival = pick_older (self->late_arrival, task);
  else
    {
      self->news_come = TRUE;
      self->arrival = pick_older (self->arrival, task);
    }
}

/* Tasks of other people at these hosts: what they do is seen when they end. */
static void
look_at_tasks (TernDrainNext *self)
{
  GHashTableIter iter;
  gpointer value;

  if (self->question->open_tasks == NULL)
    return;
  g_hash_table_iter_init (&iter, self->question->open_tasks);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    look_at_task (self, value);
}

/* --- acts --- */

/* As things are, with what is under way on both of its hosts. */
static gboolean
fits_now (const TernDrainNext *self, const TernDrainMove *move, guint64 size, GHashTable *promised)
{
  const TernDrainQuestion *question = self->question;
  int index = tern_cluster_get_host_index (question->cluster, move->to);
  TernSettings defaults = TERN_SETTINGS_INIT;
  const TernSettings *settings = question->settings != NULL ? question->settings : &defaults;
  guint64 *taken = g_hash_table_lookup (promised, move->to);
  TernRoom room;

  room = tern_room_of_host (question->cluster, question->ledger, settings,
                            question->cluster->hosts->pdata[index], index, NULL);
  if (!room.known || size + (taken != NULL ? *taken : 0) > room.free)
    return FALSE;
  if (taken == NULL)
    {
      taken = g_new0 (guint64, 1);
      g_hash_table_insert (promised, move->to, taken);
    }
  *taken += size;
  return TRUE;
}

static const char *
kind_of (const TernDrainNext *self, const TernDrainMove *move)
{
  if (move->act == TERN_ACT_MOVE)
    return "migrate";
  if (!tern_drain_is_off (move->vm))
    return "shutdown";
  return g_hash_table_contains (self->past.restarts, move->vm->uuid) ? "start" : "relocate";
}

static gboolean
is_for_room (const TernDrainNext *self, const TernDrainMove *move)
{
  return self->returning ? !tern_drain_has_host (self->question->drain, move->to)
                         : move->item->for_room;
}

/* Of other people: only what was ordered before, so that whoever orders on and on does not keep the
 * guest waiting for ever. */
static gboolean
others_stand_before (TernDrainNext *self, const TernDrainMove *move)
{
  GHashTableIter iter;
  gboolean any = FALSE;
  gpointer value;

  if (self->question->open_tasks == NULL)
    return FALSE;
  g_hash_table_iter_init (&iter, self->question->open_tasks);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const TernTaskRecord *task = value;

      if (task->phase == TERN_PHASE_QUEUED && task->created_us < self->look->since_us
          && !g_str_equal (task->kind, "shutdown")
          && (g_strcmp0 (task->source, move->from) == 0
              || g_strcmp0 (task->destination, move->to) == 0)
          && !is_ours (self, task))
        {
          self->stands_before = pick_older (self->stands_before, task);
          any = TRUE;
        }
    }
  return any;
}

/* A guest that is to be off for a moment is not shut down while its start would stand in line:
 * behind moves that wait for their turn, or behind another such guest. */
static gboolean
start_would_wait (const TernDrainNext *self)
{
  if (self->step->acts->len > 0 || self->half_way || g_hash_table_size (self->past.held) > 0)
    return TRUE;
  for (guint i = 0; i < self->look->children->len; i++)
    {
      const TernTaskRecord *child = self->look->children->pdata[i];

      if (child->phase == TERN_PHASE_QUEUED
          || (!tern_task_phase_is_final (child->phase) && g_str_equal (child->kind, "start")))
        return TRUE;
    }
  return FALSE;
}

static void
order_move (TernDrainNext *self, const TernDrainMove *move, const char *kind, GHashTable *promised)
{
  gboolean restart = g_str_equal (kind, "start");
  guint64 size = g_str_equal (kind, "relocate") ? 0 : move->item->memory;

  if (g_hash_table_contains (self->past.held, move->vm->uuid))
    return;
  /* The second half of what was begun is carried out whatever happens: its guest is down. */
  if ((self->stopped && !restart) || move->after->len > 0)
    return;
  if (g_str_equal (kind, "shutdown")
      && (start_would_wait (self) || others_stand_before (self, move)))
    return;
  if (!fits_now (self, move, size, promised))
    return;
  tern_drain_add_act (self, kind, move->vm->uuid, move->from,
                      g_str_equal (kind, "shutdown") ? NULL : move->to, is_for_room (self, move));
  move->item->state = TERN_ITEM_MOVING;
}

static void
order_acts (TernDrainNext *self)
{
  g_autoptr (GHashTable) promised = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);

  for (guint cold = 0; cold <= 1; cold++)
    for (guint i = 0; i < self->plan->moves->len; i++)
      {
        const TernDrainMove *move = self->plan->moves->pdata[i];
        const char *kind = kind_of (self, move);

        if (g_str_equal (kind, "shutdown") == (cold == 1))
          order_move (self, move, kind, promised);
      }
  for (guint i = 0; i < self->plan->items->len && !self->stopped; i++)
    {
      TernDrainItem *item = self->plan->items->pdata[i];

      if (item->state != TERN_ITEM_WAITING || item->action != TERN_DRAIN_SHUTDOWN || item->for_room
          || g_hash_table_contains (self->past.decided, item->vm_uuid))
        continue;
      tern_drain_add_act (self, "shutdown", item->vm_uuid, item->host, NULL, FALSE);
      item->state = TERN_ITEM_MOVING;
    }
  self->news_come = self->news_come || self->step->acts->len > 0 || self->stands_before != NULL;
}

/* --- items --- */

static void
carry_over (const TernDrainNext *self, TernDrainItem *item)
{
  const TernDrainItem *before = tern_drain_find_item (self, item->vm_uuid);
  const TernDrainStory *story = g_hash_table_lookup (self->stories, item->vm_uuid);

  if (story != NULL)
    {
      item->attempts = story->leaving + story->shutdowns;
      item->task_id = story->last->id;
    }
  if (before != NULL && item->end_us == 0)
    {
      item->begin_us = before->begin_us;
      item->end_us = before->end_us;
    }
}

/* Settled ones that are on no drained host (any more), and that the plan does not show. */
static void
add_others (TernDrainNext *self)
{
  g_autoptr (GHashTable) shown = g_hash_table_new (g_str_hash, g_str_equal);
  const GPtrArray *before = self->question->drain->items;
  GHashTableIter iter;
  gpointer item;

  for (guint i = 0; i < self->plan->items->len; i++)
    g_hash_table_add (shown, ((TernDrainItem *) self->plan->items->pdata[i])->vm_uuid);
  g_hash_table_iter_init (&iter, self->past.decided);
  while (g_hash_table_iter_next (&iter, NULL, &item))
    if (g_hash_table_add (shown, ((TernDrainItem *) item)->vm_uuid))
      g_ptr_array_add (self->plan->items, tern_drain_item_copy (item));
  /* Those that left without us. */
  for (guint i = 0; before != NULL && i < before->len; i++)
    {
      const TernDrainItem *old = before->pdata[i];
      const TernVm *vm = tern_cluster_find_vm (self->question->cluster, old->vm_uuid);
      TernDrainItem *copy;

      if (old->for_room || vm == NULL || !tern_drain_is_in_place (self, vm)
          || !g_hash_table_add (shown, (gpointer) old->vm_uuid))
        continue;
      copy = tern_drain_new_item (self, old->vm_uuid, old->vm_name, vm);
      copy->state = TERN_ITEM_GONE;
      copy->destination = g_strdup (vm->host);
      g_ptr_array_add (self->plan->items, copy);
    }
}

static int
compare_items (gconstpointer a, gconstpointer b)
{
  const TernDrainItem *x = *(const TernDrainItem *const *) a;
  const TernDrainItem *y = *(const TernDrainItem *const *) b;
  int order = !!x->for_room - !!y->for_room;

  if (order == 0)
    order = g_strcmp0 (x->host, y->host);
  if (order == 0)
    order = strcmp (x->vm_name, y->vm_name);
  return order != 0 ? order : strcmp (x->vm_uuid, y->vm_uuid);
}

void
tern_drain_tell_unbegun (const TernDrainNext *self, TernDrainItem *item, const char *shown)
{
  const char *host = item->host != NULL ? item->host : "its host";

  if (self->look->cancelled)
    tern_drain_item_add (item, "Cancelled",
                         g_strdup_printf ("it was cancelled before %s could leave %s", shown, host),
                         NULL);
  else
    tern_drain_item_add (
        item, "TimedOut",
        g_strdup_printf ("the deadline passed before %s could leave %s", shown, host),
        g_strdup ("order it again with a later deadline"));
}

static void
leave_waiting (const TernDrainNext *self, TernDrainItem *item)
{
  g_autofree char *shown = tern_text_visible (item->vm_name, MAX_NAME_SHOWN);

  item->state = item->for_room ? TERN_ITEM_SKIPPED : TERN_ITEM_LEFT;
  g_clear_pointer (&item->destination, g_free);
  if (item->for_room)
    return;
  if (self->look->cancelled || self->stopped)
    tern_drain_tell_unbegun (self, item, shown);
  else
    tern_drain_item_add (item, "memory.short",
                         g_strdup_printf ("there is no room for %s now, and nothing is under way "
                                          "that would make some",
                                          shown),
                         g_strdup ("free memory on another host, then order it again"));
}

/* No other host is there to be tried: what came of the one that was is told first. */
static void
tell_failure (const TernDrainNext *self, TernDrainItem *item)
{
  const TernDrainStory *story = g_hash_table_lookup (self->stories, item->vm_uuid);
  g_autofree char *shown = NULL;
  g_autoptr (GPtrArray) others = NULL;

  if (item->state != TERN_ITEM_LEFT || story == NULL || story->last->phase != TERN_PHASE_FAILED
      || g_hash_table_contains (self->past.decided, item->vm_uuid))
    return;
  shown = tern_text_visible (item->vm_name, MAX_NAME_SHOWN);
  others = g_steal_pointer (&item->reasons);
  item->reasons = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_item_reason_free);
  tern_drain_tell_error (self, item, story, story->last, shown);
  g_ptr_array_extend_and_steal (item->reasons, g_steal_pointer (&others));
}

/* A host that is being connected to may be the one that takes it. */
static void
wait_or_leave (TernDrainNext *self)
{
  gboolean hold = self->waits_other && !self->stopped;

  for (guint i = 0; i < self->plan->items->len; i++)
    {
      TernDrainItem *item = self->plan->items->pdata[i];

      carry_over (self, item);
      if (hold && item->state == TERN_ITEM_LEFT
          && !g_hash_table_contains (self->past.decided, item->vm_uuid)
          && item->action != TERN_DRAIN_ASK)
        item->state = TERN_ITEM_WAITING;
      if (item->state == TERN_ITEM_WAITING
          && (self->stopped || (!self->news_come && self->step->wait_us == 0)))
        leave_waiting (self, item);
      tell_failure (self, item);
      if (item->state == TERN_ITEM_LEFT
          && g_hash_table_contains (self->past.restarts, item->vm_uuid)
          && !tern_drain_start_again (self, item, item->host))
        {
          g_autofree char *shown = tern_text_visible (item->vm_name, MAX_NAME_SHOWN);

          tern_drain_tell_stopped (self, item, item->host, shown);
        }
    }
}

static void
free_tables (TernDrainNext *self)
{
  g_hash_table_unref (self->stories);
  g_hash_table_unref (self->past.decided);
  g_hash_table_unref (self->past.restarts);
  g_hash_table_unref (self->past.held);
  g_hash_table_unref (self->past.avoid);
  g_hash_table_unref (self->past.fixed);
  tern_drain_plan_free (self->plan);
}

static void
make_tables (TernDrainNext *self)
{
  self->stories = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  self->past.decided =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) tern_drain_item_free);
  self->past.restarts = g_hash_table_new (g_str_hash, g_str_equal);
  self->past.held = g_hash_table_new (g_str_hash, g_str_equal);
  self->past.avoid =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_hash_table_unref);
  self->past.fixed = g_hash_table_new (g_str_hash, g_str_equal);
  self->step = g_new0 (TernDrainStep, 1);
  self->step->acts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_drain_act_free);
}

/* Who has no other host to go to may have its last attempt where it failed before: what failed may
 * have been its own host. Not where we gave up ourselves: that would come out the same. Returns:
 * whether there are any */
static gboolean
forgive_left (TernDrainNext *self)
{
  gboolean any = FALSE;

  for (guint i = 0; i < self->plan->items->len; i++)
    {
      const TernDrainItem *item = self->plan->items->pdata[i];
      const TernDrainStory *story = g_hash_table_lookup (self->stories, item->vm_uuid);

      if (item->state == TERN_ITEM_LEFT && story != NULL && story->last->abort_reason == NULL
          && !g_hash_table_contains (self->past.decided, item->vm_uuid))
        any |= g_hash_table_remove (self->past.avoid, item->vm_uuid);
    }
  return any;
}

/* Whom a drain before this one stopped is taken up where that left it. */
static void
take_up_stopped (TernDrainNext *self)
{
  GStrv stopped = self->question->drain->stopped;

  for (guint i = 0; stopped != NULL && stopped[i] != NULL; i++)
    {
      const TernVm *vm = tern_cluster_find_vm (self->question->cluster, stopped[i]);

      if (vm == NULL || g_hash_table_contains (self->stories, vm->uuid) || self->returning
          || !tern_drain_is_stopped (self->question, vm))
        continue;
      if (tern_drain_has_host (self->question->drain, vm->host))
        g_hash_table_add (self->past.restarts, vm->uuid);
      else
        tern_drain_decide (self, tern_drain_settle_unstarted (self, NULL, vm));
    }
}

/* An undo starts them where they were. */
static void
start_stopped (TernDrainNext *self)
{
  const TernDrain *drain = self->question->drain;

  for (guint i = 0; drain->stopped != NULL && drain->stopped[i] != NULL; i++)
    {
      const TernVm *vm = tern_cluster_find_vm (self->question->cluster, drain->stopped[i]);
      const char *home =
          tern_drain_find_word ((const char *const *) drain->preferred, drain->stopped[i]);
      TernDrainItem *item;

      if (vm == NULL || home == NULL || self->stopped
          || g_hash_table_contains (self->stories, vm->uuid)
          || !tern_drain_is_stopped (self->question, vm)
          || (self->question->spent != NULL
              && g_hash_table_contains (self->question->spent, vm->uuid)))
        continue;
      item = tern_drain_new_item (self, vm->uuid, vm->name, vm);
      item->state = TERN_ITEM_MOVING;
      item->destination = g_strdup (home);
      tern_drain_add_act (self, "start", vm->uuid, vm->host, home, FALSE);
      tern_drain_decide (self, item);
    }
}

/* Those only have their places kept: it is not their turn. */
static void
show_held (TernDrainNext *self)
{
  for (guint i = 0; i < self->plan->items->len; i++)
    {
      TernDrainItem *item = self->plan->items->pdata[i];

      if (!g_hash_table_contains (self->past.held, item->vm_uuid))
        continue;
      item->state = TERN_ITEM_MOVING;
      g_ptr_array_set_size (item->reasons, 0);
    }
}

static void
make_plan (TernDrainNext *self)
{
  self->plan = tern_drain_plan_with (self->question, &self->past);
  if (!forgive_left (self))
    return;
  tern_drain_plan_free (self->plan);
  self->plan = tern_drain_plan_with (self->question, &self->past);
}

TernDrainStep *
tern_drain_next (const TernDrainLook *look)
{
  const TernDrain *drain = look->question.drain;
  TernDrainNext self = { .look = look,
                         .question = &look->question,
                         .returning = tern_drain_is_return (&look->question) };

  self.stopped =
      look->cancelled || (drain->deadline_us > 0 && look->question.now_us >= drain->deadline_us);
  make_tables (&self);
  tern_drain_settle (&self);
  take_up_stopped (&self);
  if (self.returning)
    start_stopped (&self);
  look_at_hosts (&self);
  look_at_tasks (&self);
  settle_silent_hosts (&self);

  make_plan (&self);
  show_held (&self);
  order_acts (&self);
  add_others (&self);
  wait_or_leave (&self);
  g_ptr_array_sort (self.plan->items, compare_items);
  tern_drain_conclude (&self);
  free_tables (&self);
  return self.step;
}
