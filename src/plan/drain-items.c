/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Who is on the hosts (or, of a return, belongs there), and what shall become of each before
 * anybody looks for places.
 */
#include "config.h"

#include "base/text.h"
#include "plan/drain-private.h"

#include <string.h>

#define MAX_NAME_SHOWN 60

gboolean
tern_drain_is_return (const TernDrainQuestion *question)
{
  return question->origins != NULL;
}

gboolean
tern_drain_is_off (const TernVm *vm)
{
  return vm->state == TERN_VM_SHUT_OFF || vm->state == TERN_VM_CRASHED;
}

gboolean
tern_drain_is_stopped (const TernDrainQuestion *question, const TernVm *vm)
{
  GStrv stopped = question->drain->stopped;
  TernDrainAction action = tern_drain_action_of (question, vm);

  return stopped != NULL && tern_drain_is_off (vm) && action != TERN_DRAIN_SKIP
         && action != TERN_DRAIN_SHUTDOWN
         && g_strv_contains ((const char *const *) stopped, vm->uuid);
}

void
tern_drain_item_add (TernDrainItem *item, const char *code, char *sentence, char *remedy)
{
  g_ptr_array_add (item->reasons, tern_item_reason_new (code, sentence, remedy));
  g_free (sentence);
  g_free (remedy);
}

/* No shell and no option sees more in it than a word. */
static gboolean
is_plain (const char *name)
{
  if (!g_ascii_isalnum (name[0]) || strlen (name) > MAX_NAME_SHOWN)
    return FALSE;
  for (; *name != '\0'; name++)
    if (!g_ascii_isalnum (*name) && strchr ("._-", *name) == NULL)
      return FALSE;
  return TRUE;
}

const char *
tern_drain_call (const TernCluster *cluster, const TernVm *vm)
{
  const TernVm *found =
      is_plain (vm->name) ? tern_cluster_lookup_vm (cluster, vm->name, NULL) : NULL;

  return found != NULL && g_str_equal (found->uuid, vm->uuid) ? vm->name : vm->uuid;
}

/* A shut-off copy of a VM that runs elsewhere is a leftover, not the VM. */
gboolean
tern_drain_is_there (const TernCluster *cluster, const TernVm *vm)
{
  const TernVm *counts = tern_cluster_find_vm (cluster, vm->uuid);

  return counts == vm || (counts != NULL && g_str_equal (counts->host, vm->host))
         || !tern_drain_is_off (vm);
}

static TernDrainItem *
add_item (TernDrainWork *work, const TernVm *vm, TernDrainAction action)
{
  TernDrainItem *item = tern_drain_item_new (vm->uuid, vm->name);

  item->host = g_strdup (vm->host);
  item->action = action;
  item->memory = tern_vm_get_memory_need (vm);
  item->state = TERN_ITEM_WAITING;
  g_ptr_array_add (work->plan->items, item);
  return item;
}

static gboolean
has (GHashTable *uuids, const char *uuid)
{
  return uuids != NULL && g_hash_table_contains (uuids, uuid);
}

/* Off or not: it will be started. */
static gboolean
is_to_run (const TernDrainWork *work, const TernVm *vm)
{
  const TernDrainPast *past = work->past;

  return (past != NULL && (has (past->restarts, vm->uuid) || has (past->held, vm->uuid)))
         || tern_drain_is_stopped (work->question, vm);
}

static void
add_guest (TernDrainWork *work, TernDrainItem *item, const TernVm *vm, TernAct act, int home)
{
  const TernDrainPast *past = work->past;
  TernDrainGuest guest = {
    .item = item,
    .vm = vm,
    .host = (guint) tern_cluster_get_host_index (work->question->cluster, vm->host),
    .act = act,
    .away = act == TERN_ACT_START && tern_drain_is_off (vm) && !is_to_run (work, vm),
    .home = home,
    .avoid =
        past != NULL && past->avoid != NULL ? g_hash_table_lookup (past->avoid, vm->uuid) : NULL,
  };

  g_array_append_val (work->guests, guest);
}

static void
leave_for_task (TernDrainItem *item, const TernTaskRecord *task)
{
  item->task_id = task->id;
  if (task->phase != TERN_PHASE_ATTENTION)
    {
      item->state = TERN_ITEM_MOVING;
      if (task->destination != NULL && task->destination[0] != '\0')
        item->destination = g_strdup (task->destination);
      return;
    }
  item->state = TERN_ITEM_LEFT;
  tern_drain_item_add (item, "vm.attention",
                       g_strdup_printf ("task %" G_GUINT64_FORMAT
                                        " of it needs attention: nothing is done with it "
                                        "before that is settled",
                                        task->id),
                       g_strdup_printf ("see “virtern task show %" G_GUINT64_FORMAT
                                        "”, then “virtern task resolve %" G_GUINT64_FORMAT "”",
                                        task->id, task->id));
}

static void
ask (const TernDrainWork *work, TernDrainItem *item, const TernVm *vm)
{
  g_autofree char *shown = tern_text_visible (item->vm_name, MAX_NAME_SHOWN);
  g_autofree char *hosts = g_strjoinv (" ", work->question->drain->hosts);

  item->state = TERN_ITEM_LEFT;
  tern_drain_item_add (
      item, "Attention",
      g_strdup_printf ("somebody shall say what is done with %s: it is left on %s until then",
                       shown, item->host),
      g_strdup_printf ("“virtern drain %s --action %s=migrate”, or skip, cold or shutdown", hosts,
                       tern_drain_call (work->question->cluster, vm)));
}

/* Shut down, a VM without a definition on disk is gone for good. */
static gboolean
leave_transient (const TernDrainWork *work, TernDrainItem *item, const TernVm *vm, const char *what)
{
  g_autofree char *shown = NULL;

  if (vm->persistent)
    return FALSE;
  shown = tern_text_visible (vm->name, MAX_NAME_SHOWN);
  item->state = TERN_ITEM_LEFT;
  tern_drain_item_add (
      item, "Refused",
      g_strdup_printf ("%s is transient on %s: %s would lose its definition for good", shown,
                       vm->host, what),
      g_strdup_printf ("define it there with “virsh define”, or let it be moved: --action "
                       "%s=migrate",
                       tern_drain_call (work->question->cluster, vm)));
  return TRUE;
}

/* What must not be disturbed is not shut down either. */
static gboolean
leave_busy (const TernDrainWork *work, TernDrainItem *item, const TernVm *vm)
{
  static const char *const codes[] = { "vm.twice",  "vm.io-error",    "vm.paused",
                                       "vm.locked", "vm.job-running", "vm.not-running",
                                       "vm.backup", "vm.block-job",   NULL };
  g_autoptr (TernJudge) judge = tern_drain_judge (work, vm, TERN_ACT_MOVE);

  for (guint i = 0; i < judge->own_reasons->len; i++)
    {
      const TernReason *reason = judge->own_reasons->pdata[i];

      if (reason->severity == TERN_SEVERITY_BLOCKS && g_strv_contains (codes, reason->info->code))
        tern_drain_item_add (item, reason->info->code, g_strdup (reason->sentence),
                             g_strdup (reason->remedy));
    }
  if (item->reasons->len > 0)
    item->state = TERN_ITEM_LEFT;
  return item->reasons->len > 0;
}

/* A start asks every host first, and one that never showed its VMs may run anything: what will not
 * be started elsewhere is not shut down for it. */
static gboolean
leave_for_strangers (const TernDrainWork *work, TernDrainItem *item)
{
  const GPtrArray *hosts = work->question->cluster->hosts;
  g_autofree char *shown = tern_text_visible (item->vm_name, MAX_NAME_SHOWN);

  for (guint i = 0; i < hosts->len; i++)
    {
      const TernHost *host = hosts->pdata[i];
      const char *name = host->config->name;

      if (host->state == TERN_HOST_UP || host->seen_us > 0)
        continue;
      item->state = TERN_ITEM_LEFT;
      tern_drain_item_add (
          item, "host.unreachable",
          g_strdup_printf (
              "%s has not shown its VMs since virternd began, and %s may run there: it "
              "would be started nowhere",
              name, shown),
          g_strdup_printf ("get %s back, or if it is gone for good: “virtern host remove %s”", name,
                           name));
    }
  return item->state == TERN_ITEM_LEFT;
}

static void
treat_off (TernDrainWork *work, TernDrainItem *item, const TernVm *vm)
{
  gboolean restart = is_to_run (work, vm);

  if (!restart && (!work->question->drain->move_shut_off || item->action == TERN_DRAIN_SHUTDOWN))
    item->state = TERN_ITEM_SKIPPED;
  else if (!leave_transient (work, item, vm, "taking it to another host")
           && !leave_for_strangers (work, item))
    add_guest (work, item, vm, TERN_ACT_START, -1);
}

static void
treat (TernDrainWork *work, TernDrainItem *item, const TernVm *vm)
{
  gboolean stops = item->action == TERN_DRAIN_COLD || item->action == TERN_DRAIN_SHUTDOWN;

  if (item->action == TERN_DRAIN_SKIP)
    item->state = TERN_ITEM_SKIPPED;
  else if (tern_drain_is_off (vm))
    treat_off (work, item, vm);
  else if (item->action == TERN_DRAIN_ASK)
    ask (work, item, vm);
  else if (stops
           && (leave_transient (work, item, vm, "shutting it down") || leave_busy (work, item, vm)))
    return;
  else if (item->action == TERN_DRAIN_COLD && leave_for_strangers (work, item))
    return;
  else if (item->action != TERN_DRAIN_SHUTDOWN)
    add_guest (work, item, vm, item->action == TERN_DRAIN_COLD ? TERN_ACT_START : TERN_ACT_MOVE,
               -1);
}

/* Returns: whether it is settled without looking for a place */
static gboolean
take_settled (TernDrainWork *work, const char *uuid)
{
  const TernDrainPast *past = work->past;
  const TernDrainItem *decided = NULL;

  if (past != NULL && past->decided != NULL)
    decided = g_hash_table_lookup (past->decided, uuid);
  if (decided == NULL && work->question->spent != NULL
      && g_hash_table_contains (work->question->spent, uuid))
    for (guint i = 0; i < work->question->drain->items->len && decided == NULL; i++)
      {
        const TernDrainItem *item = work->question->drain->items->pdata[i];

        /* One that left by hand, and came back, is not gone. */
        if (item->state == TERN_ITEM_LEFT && g_str_equal (item->vm_uuid, uuid))
          decided = item;
      }
  if (decided != NULL)
    g_ptr_array_add (work->plan->items, tern_drain_item_copy (decided));
  return decided != NULL;
}

static const TernTaskRecord *
find_task (const TernDrainWork *work, const char *uuid)
{
  return work->question->open_tasks != NULL ? g_hash_table_lookup (work->question->open_tasks, uuid)
                                            : NULL;
}

static void
collect_vm (TernDrainWork *work, const TernVm *vm)
{
  const TernTaskRecord *task = find_task (work, vm->uuid);
  TernDrainItem *item;

  if (take_settled (work, vm->uuid))
    return;
  item = add_item (work, vm, tern_drain_action_of (work->question, vm));
  if (work->past != NULL && has (work->past->held, vm->uuid))
    add_guest (work, item, vm, TERN_ACT_START, -1);
  else if (task != NULL)
    leave_for_task (item, task);
  else
    treat (work, item, vm);
}

static void
collect_host (TernDrainWork *work, const char *name, GHashTable *seen)
{
  const TernCluster *cluster = work->question->cluster;
  int index = tern_cluster_get_host_index (cluster, name);
  const GPtrArray *vms = index >= 0 ? tern_cluster_get_vms_on (cluster, (guint) index) : NULL;

  for (guint i = 0; vms != NULL && i < vms->len; i++)
    {
      const TernVm *vm = vms->pdata[i];

      if (tern_drain_is_there (cluster, vm) && g_hash_table_add (seen, vm->uuid))
        collect_vm (work, vm);
    }
}

static void
send_home (TernDrainWork *work, const TernVm *vm, const TernOrigin *origin)
{
  const TernTaskRecord *task = find_task (work, vm->uuid);
  int home = tern_cluster_get_host_index (work->question->cluster, origin->host);
  TernDrainItem *item = add_item (work, vm, TERN_DRAIN_MIGRATE);

  if (g_str_equal (vm->host, origin->host))
    item->state = TERN_ITEM_GONE;
  else if (task != NULL)
    leave_for_task (item, task);
  else if (!tern_drain_is_off (vm))
    add_guest (work, item, vm, TERN_ACT_MOVE, home);
  else if (!leave_transient (work, item, vm, "taking it to another host")
           && !leave_for_strangers (work, item))
    add_guest (work, item, vm, TERN_ACT_START, home);
}

static void
collect_origin (TernDrainWork *work, const TernOrigin *origin, GHashTable *seen)
{
  const TernVm *vm = tern_cluster_find_vm (work->question->cluster, origin->vm_uuid);
  const TernDrain *drain = work->question->drain;
  g_autofree char *shown = NULL;
  TernDrainItem *item;

  if (!tern_drain_has_host (drain, origin->host)
      || (drain->only != NULL
          && !g_strv_contains ((const char *const *) drain->only, origin->vm_uuid))
      || !g_hash_table_add (seen, origin->vm_uuid) || take_settled (work, origin->vm_uuid))
    return;
  if (vm != NULL && tern_cluster_get_host_index (work->question->cluster, vm->host) >= 0)
    {
      send_home (work, vm, origin);
      return;
    }
  shown = tern_text_visible (origin->vm_name, MAX_NAME_SHOWN);
  item = tern_drain_item_new (origin->vm_uuid, origin->vm_name);
  item->state = TERN_ITEM_LEFT;
  tern_drain_item_add (
      item, "NotFound",
      g_strdup_printf ("no host shows %s now, so it cannot go back to %s", shown, origin->host),
      NULL);
  g_ptr_array_add (work->plan->items, item);
}

static int
compare_items (gconstpointer a, gconstpointer b)
{
  const TernDrainItem *x = *(const TernDrainItem *const *) a;
  const TernDrainItem *y = *(const TernDrainItem *const *) b;
  int order = g_strcmp0 (x->host, y->host);

  if (order == 0)
    order = strcmp (x->vm_name, y->vm_name);
  return order != 0 ? order : strcmp (x->vm_uuid, y->vm_uuid);
}

void
tern_drain_collect (TernDrainWork *work)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  const TernDrainQuestion *question = work->question;

  if (tern_drain_is_return (question))
    for (guint i = 0; i < question->origins->len; i++)
      collect_origin (work, question->origins->pdata[i], seen);
  else
    for (guint i = 0; question->drain->hosts[i] != NULL; i++)
      collect_host (work, question->drain->hosts[i], seen);
  g_ptr_array_sort (work->plan->items, compare_items);
}
