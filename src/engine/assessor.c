/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One consistent cluster out of what the inventory shows, the ledger of everything under way,
 * and the questions that are put to plan/ with both. What libvirt says besides is
 * assessor-check.c's part.
 *
 * The life of an entry of the ledger:
 *
 *   held (order being stored) -> task open, or in attention -> task done -> host seen since: gone
 *     \-> released                 \-> failed, cancelled: gone
 */
#include "config.h"

#include "engine/assessor.h"

#include "base/error.h"
#include "base/text.h"
#include "engine/assessor-private.h"

#define MAX_NAME_SHOWN 60

struct _TernAssessor
{
  GObject parent;

  TernClock *clock;
  TernInventory *inventory;
  TernTaskList *tasks;
  TernSettings settings;
  GStrv shared_paths;

  TernCluster *cluster; /* NULL: to be made anew */
  guint64 generation;
  TernLedger *ledger;
  GHashTable *held;   /* VM UUID -> TernReservation whose task is not in the list yet */
  GPtrArray *arrived; /* TernTaskRecord: done, and its host was not seen since */
};

G_DEFINE_TYPE (TernAssessor, tern_assessor, G_TYPE_OBJECT)

TernClock *
tern_assessor_get_clock (TernAssessor *self)
{
  return self->clock;
}

TernInventory *
tern_assessor_get_inventory (TernAssessor *self)
{
  return self->inventory;
}

TernTaskList *
tern_assessor_get_tasks (TernAssessor *self)
{
  return self->tasks;
}

/* The cluster */

static void
forget_cluster (TernAssessor *self)
{
  self->generation++;
  g_clear_pointer (&self->cluster, tern_cluster_unref);
}

TernCluster *
tern_assessor_get_cluster (TernAssessor *self)
{
  g_return_val_if_fail (TERN_IS_ASSESSOR (self), NULL);

  if (self->cluster == NULL)
    {
      g_autoptr (GPtrArray) hosts = tern_inventory_get_hosts (self->inventory);
      g_autoptr (GPtrArray) vms = tern_inventory_get_copies (self->inventory);

      self->cluster = tern_cluster_new (hosts, vms, (const char *const *) self->shared_paths,
                                        self->generation, tern_clock_wall_us (self->clock));
    }
  return self->cluster;
}

/* The ledger */

const TernLedger *
tern_assessor_get_ledger (TernAssessor *self)
{
  g_return_val_if_fail (TERN_IS_ASSESSOR (self), NULL);
  return self->ledger;
}

TernLedger *
tern_assessor_edit_ledger (TernAssessor *self)
{
  return self->ledger;
}

const TernSettings *
tern_assessor_get_settings (TernAssessor *self)
{
  g_return_val_if_fail (TERN_IS_ASSESSOR (self), NULL);
  return &self->settings;
}

TernRoom
tern_assessor_get_room (TernAssessor *self, const char *host_name)
{
  const TernRoom none = { .known = FALSE };
  const TernCluster *cluster = tern_assessor_get_cluster (self);
  int index = tern_cluster_get_host_index (cluster, host_name);

  if (index < 0)
    return none;
  return tern_room_of_host (cluster, self->ledger, &self->settings, cluster->hosts->pdata[index],
                            index, NULL);
}

void
tern_assessor_hold (TernAssessor *self, const TernReservation *reservation)
{
  g_return_if_fail (TERN_IS_ASSESSOR (self));

  tern_ledger_add (self->ledger, reservation);
  g_hash_table_replace (self->held, g_strdup (reservation->vm_uuid),
                        tern_reservation_copy (reservation));
}

void
tern_assessor_release (TernAssessor *self, const char *vm_uuid)
{
  g_return_if_fail (TERN_IS_ASSESSOR (self));

  (void) tern_ledger_remove (self->ledger, vm_uuid);
  g_hash_table_remove (self->held, vm_uuid);
}

/* Another order for the VM may have taken the place of this one's entry. */
static void
let_go (TernAssessor *self, const TernTaskRecord *record)
{
  const TernReservation *entry = tern_ledger_find (self->ledger, record->vm_uuid);

  if (entry != NULL && entry->task_id == record->id)
    (void) tern_ledger_remove (self->ledger, record->vm_uuid);
}

static gboolean
was_seen_since (TernAssessor *self, const TernTaskRecord *record)
{
  const TernHost *host = tern_inventory_find_host (self->inventory, record->destination);

  return host == NULL || host->seen_us > record->finished_us;
}

static void
keep (TernAssessor *self, const TernTaskRecord *record)
{
  TernReservation reservation = {
    .task_id = record->id,
    .vm_uuid = record->vm_uuid,
    .source = record->source,
    .destination = record->destination,
    .memory = record->memory,
    .vcpus = record->vcpus,
  };
  const TernReservation *held = g_hash_table_lookup (self->held, record->vm_uuid);

  if (held != NULL && held->task_id == record->id)
    g_hash_table_remove (self->held, record->vm_uuid);
  tern_ledger_add (self->ledger, &reservation);
}

/* What is neither moved nor started fills no memory. */
static gboolean
fills_memory (const TernTaskRecord *record)
{
  return !g_str_equal (record->kind, "shutdown") && !g_str_equal (record->kind, "relocate");
}

static void
follow_task (TernAssessor *self, const TernTaskRecord *record)
{
  gboolean over = tern_task_phase_is_final (record->phase) && record->phase != TERN_PHASE_ATTENTION;

  /* Their children have what they take. */
  if (tern_task_record_is_drain (record))
    return;
  if (!over)
    keep (self, record);
  else if (record->phase == TERN_PHASE_DONE && fills_memory (record)
           && !was_seen_since (self, record))
    g_ptr_array_add (self->arrived, tern_task_record_copy (record));
  else
    let_go (self, record);
}

static void
on_task_changed (TernTask *task, gboolean urgent, TernAssessor *self)
{
  if (urgent)
    follow_task (self, tern_task_get_record (task));
}

static void
on_task_added (TernTaskList *tasks, TernTask *task, TernAssessor *self)
{
  (void) tasks;
  follow_task (self, tern_task_get_record (task));
  g_signal_connect_object (task, "changed", G_CALLBACK (on_task_changed), self, 0);
}

static void
settle_arrivals (TernAssessor *self)
{
  for (guint i = self->arrived->len; i-- > 0;)
    if (was_seen_since (self, self->arrived->pdata[i]))
      {
        let_go (self, self->arrived->pdata[i]);
        g_ptr_array_remove_index (self->arrived, i);
      }
}

static void
on_hosts_changed (TernAssessor *self)
{
  forget_cluster (self);
  settle_arrivals (self);
}

/* Questions */

TernTaskRecord *
tern_assessor_find_holder (TernAssessor *self, const char *vm_uuid)
{
  TernTask *task = tern_task_list_find_open_by_vm (self->tasks, vm_uuid);
  const TernReservation *held = g_hash_table_lookup (self->held, vm_uuid);
  TernTaskRecord *record;

  if (task != NULL)
    return tern_task_record_copy (tern_task_get_record (task));
  if (held == NULL)
    return NULL;
  record = tern_task_record_new ();
  record->id = held->task_id;
  record->vm_uuid = g_strdup (held->vm_uuid);
  record->source = g_strdup (held->source);
  record->destination = g_strdup (held->destination);
  return record;
}

const TernVm *
tern_assessor_find_copy (const TernCluster *cluster, const char *uuid, const char *host)
{
  const GPtrArray *copies = tern_cluster_get_copies (cluster, uuid);

  for (guint i = 0; copies != NULL && i < copies->len; i++)
    if (g_str_equal (((const TernVm *) copies->pdata[i])->host, host))
      return copies->pdata[i];
  return NULL;
}

/* The copy that the inventory shows: of equal ones the cluster alone would take any. */
const TernVm *
tern_assessor_find_vm (TernAssessor *self, const char *uuid, GError **error)
{
  const TernVm *shown = tern_inventory_lookup_vm (self->inventory, uuid, error);

  if (shown == NULL)
    return NULL;
  return tern_assessor_find_copy (tern_assessor_get_cluster (self), shown->uuid, shown->host);
}

/* Allowed was the move from there. */
static gboolean
check_source (const TernVm *vm, const char *source, TernAct act, GError **error)
{
  g_autofree char *shown = NULL;

  if (source == NULL || g_str_equal (vm->host, source))
    return TRUE;
  shown = tern_text_visible (vm->name, MAX_NAME_SHOWN);
  g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
               "%s is on %s by now, and not on %s any more; order the %s again", shown, vm->host,
               source, act == TERN_ACT_START ? "start" : "move");
  return FALSE;
}

static gboolean
collect_vms (TernAssessor *self, const TernOrder *order, GPtrArray *vms, GPtrArray *holders,
             GError **error)
{
  for (guint i = 0; order->vms[i] != NULL; i++)
    {
      const TernVm *vm = tern_assessor_find_vm (self, order->vms[i], error);
      const char *source = order->sources != NULL ? order->sources[i] : NULL;

      if (vm == NULL || !check_source (vm, source, order->act, error))
        return FALSE;
      g_ptr_array_add (vms, (gpointer) vm);
      g_ptr_array_add (holders, tern_assessor_find_holder (self, vm->uuid));
    }
  return TRUE;
}

/* Returns: (transfer container): what is to be defined elsewhere does not stay where it is; NULL at
 * the end */
static GPtrArray *
list_sources (const GPtrArray *vms)
{
  GPtrArray *sources = g_ptr_array_new ();

  for (guint i = 0; i < vms->len; i++)
    g_ptr_array_add (sources, ((const TernVm *) vms->pdata[i])->host);
  g_ptr_array_add (sources, NULL);
  return sources;
}

/* The drain that closed a host may start there who it stopped. */
static gboolean
is_way_back (TernAssessor *self, guint64 parent, TernAct act, const char *destination)
{
  TernTask *task = parent > 0 ? tern_task_list_find (self->tasks, parent) : NULL;
  const TernTaskRecord *record = task != NULL ? tern_task_get_record (task) : NULL;

  return act == TERN_ACT_START && record != NULL && record->drain != NULL && destination != NULL
         && tern_drain_has_host (record->drain, destination);
}

TernPlan *
tern_assessor_plan (TernAssessor *self, const TernOrder *order, GError **error)
{
  g_autoptr (TernCluster) cluster = NULL;
  g_autoptr (GPtrArray) vms = g_ptr_array_new ();
  g_autoptr (GPtrArray) holders =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_task_record_free);
  g_autoptr (GPtrArray) sources = NULL;
  TernGroup group;
  const TernMoveOptions *options = order->options != NULL ? order->options : &self->settings.move;

  g_return_val_if_fail (TERN_IS_ASSESSOR (self), NULL);

  cluster = tern_cluster_ref (tern_assessor_get_cluster (self));
  if (order->destination != NULL
      && tern_inventory_lookup_host (self->inventory, order->destination, error) == NULL)
    return NULL;
  if (!collect_vms (self, order, vms, holders, error))
    return NULL;

  group = (TernGroup){
    .cluster = cluster,
    .ledger = self->ledger,
    .settings = &self->settings,
    .vms = vms,
    .open_tasks = holders,
    .act = order->act,
    .destination = order->destination,
    .back = is_way_back (self, order->parent, order->act, order->destination),
    .eject_media = order->eject_media,
    .without_room = order->away,
    .now_us = tern_clock_wall_us (self->clock),
  };
  sources = list_sources (vms);
  if (order->away)
    group.excluded = (const char *const *) sources->pdata;
  if (order->preferred != NULL && order->destination == NULL)
    return tern_assessor_place_preferred (&group, order->preferred, options, error);
  return tern_assessor_place (&group, options, error);
}

/* Returns: (transfer full): with one reason, since neither a VM nor a host that is gone can be
 * judged */
static GPtrArray *
refuse_gone (const TernTaskRecord *record, gboolean host_is_gone)
{
  GPtrArray *reasons = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_reason_free);
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);

  if (host_is_gone)
    g_ptr_array_add (
        reasons,
        tern_reason_new ("host.unreachable",
                         g_strdup_printf ("%s is not a host of ours any more", record->destination),
                         NULL, "host", record->destination, "error", "removed", NULL));
  else
    g_ptr_array_add (
        reasons, tern_reason_new ("vm.not-running",
                                  g_strdup_printf ("%s is not on %s any more", vm, record->source),
                                  NULL, "host", record->source, "state", "not there", NULL));
  return reasons;
}

/*
 * The destination was asked just now, so that its free memory already lacks what VMs on their way
 * have filled there. What they have not is counted with the VMs that are active on it, and must
 * not be counted a third time: the second of two moves would be refused for the first.
 */
static TernLedger *
copy_without_arriving (TernAssessor *self, const TernCluster *cluster, const char *host)
{
  TernLedger *ledger = tern_ledger_copy (self->ledger);
  const GPtrArray *arrivals = tern_ledger_get_arrivals (self->ledger, host);

  for (guint i = 0; arrivals != NULL && i < arrivals->len; i++)
    {
      const char *uuid = ((const TernReservation *) arrivals->pdata[i])->vm_uuid;
      const TernVm *copy = tern_assessor_find_copy (cluster, uuid, host);

      if (copy != NULL && tern_vm_state_is_active (copy->state))
        (void) tern_ledger_remove (ledger, uuid);
    }
  return ledger;
}

static GPtrArray *
judge_task (TernAssessor *self, const TernTaskRecord *record, gboolean eject_media)
{
  g_autoptr (TernCluster) cluster = tern_cluster_ref (tern_assessor_get_cluster (self));
  const TernHost *host = tern_cluster_find_host (cluster, record->destination);
  g_autoptr (TernLedger) ledger = copy_without_arriving (self, cluster, record->destination);
  g_autoptr (TernJudge) judge = NULL;
  g_autoptr (TernVerdict) verdict = NULL;
  TernQuestion question = {
    .cluster = cluster,
    .ledger = ledger,
    .settings = &self->settings,
    .vm = tern_assessor_find_copy (cluster, record->vm_uuid, record->source),
    .act = tern_task_record_is_start (record) ? TERN_ACT_START : TERN_ACT_MOVE,
    .bound = TRUE,
    .eject_media = eject_media,
    .without_room = !fills_memory (record),
    .now_us = tern_clock_wall_us (self->clock),
  };

  question.back = is_way_back (self, record->parent, question.act, record->destination);
  /* Its definition went over before it is started. */
  if (question.vm == NULL && question.act == TERN_ACT_START)
    question.vm = tern_assessor_find_copy (cluster, record->vm_uuid, record->destination);
  if (question.vm == NULL || host == NULL)
    return refuse_gone (record, host == NULL);
  judge = tern_judge_new (&question);
  verdict = tern_judge_host (judge, host);
  return g_ptr_array_ref (verdict->reasons);
}

GPtrArray *
tern_assessor_confirm (TernAssessor *self, const TernTaskRecord *record)
{
  g_return_val_if_fail (TERN_IS_ASSESSOR (self), NULL);
  return judge_task (self, record, record->eject_media);
}

static gboolean
is_local_medium (const TernReason *reason)
{
  return reason->severity == TERN_SEVERITY_BLOCKS
         && (g_str_equal (reason->info->code, "cdrom.local")
             || g_str_equal (reason->info->code, "floppy.local"));
}

/* What would block if it stayed: the same judgement as for everybody who did not order this. */
GStrv
tern_assessor_find_local_media (TernAssessor *self, const TernTaskRecord *record)
{
  g_autoptr (GPtrArray) reasons = judge_task (self, record, FALSE);
  g_autoptr (GPtrArray) media = g_ptr_array_new ();

  for (guint i = 0; i < reasons->len; i++)
    if (is_local_medium (reasons->pdata[i]))
      g_ptr_array_add (
          media, g_strdup_printf ("%s=%s", tern_reason_get_parameter (reasons->pdata[i], "drive"),
                                  tern_reason_get_parameter (reasons->pdata[i], "file")));
  g_ptr_array_add (media, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&media), FALSE);
}

/* Orders */

TernOrder *
tern_order_new (TernAct act)
{
  TernOrder *self = g_new0 (TernOrder, 1);

  self->act = act;
  self->vms = g_new0 (char *, 1);
  self->uid = -1;
  return self;
}

TernOrder *
tern_order_copy (const TernOrder *self)
{
  TernOrder *copy = g_memdup2 (self, sizeof *self);

  copy->vms = g_strdupv (self->vms);
  copy->sources = g_strdupv (self->sources);
  copy->destination = g_strdup (self->destination);
  copy->preferred = g_strdup (self->preferred);
  copy->options = g_memdup2 (self->options, sizeof *self->options);
  return copy;
}

void
tern_order_free (TernOrder *self)
{
  if (self == NULL)
    return;

  g_strfreev (self->vms);
  g_strfreev (self->sources);
  g_free (self->destination);
  g_free (self->preferred);
  g_free (self->options);
  g_free (self);
}

static void
tern_assessor_init (TernAssessor *self)
{
  self->ledger = tern_ledger_new ();
  self->held = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
                                      (GDestroyNotify) tern_reservation_free);
  self->arrived = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_task_record_free);
}

static void
tern_assessor_finalize (GObject *object)
{
  TernAssessor *self = TERN_ASSESSOR (object);

  g_clear_pointer (&self->cluster, tern_cluster_unref);
  tern_ledger_free (self->ledger);
  g_hash_table_unref (self->held);
  g_ptr_array_unref (self->arrived);
  g_strfreev (self->shared_paths);
  g_object_unref (self->tasks);
  g_object_unref (self->inventory);
  g_object_unref (self->clock);
  G_OBJECT_CLASS (tern_assessor_parent_class)->finalize (object);
}

static void
tern_assessor_class_init (TernAssessorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tern_assessor_finalize;
}

TernAssessor *
tern_assessor_new (TernClock *clock, TernInventory *inventory, TernTaskList *tasks,
                   const TernSettings *settings, const char *const *shared_paths)
{
  TernAssessor *self = g_object_new (TERN_TYPE_ASSESSOR, NULL);
  g_autoptr (GPtrArray) all = tern_task_list_get_all (tasks);

  self->clock = g_object_ref (clock);
  self->inventory = g_object_ref (inventory);
  self->tasks = g_object_ref (tasks);
  self->settings = *settings;
  self->shared_paths = g_strdupv ((char **) shared_paths);
  g_signal_connect_object (inventory, "host-changed", G_CALLBACK (on_hosts_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (inventory, "host-removed", G_CALLBACK (on_hosts_changed), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (inventory, "vm-changed", G_CALLBACK (forget_cluster), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (inventory, "vm-removed", G_CALLBACK (forget_cluster), self,
                           G_CONNECT_SWAPPED);
  g_signal_connect_object (tasks, "task-added", G_CALLBACK (on_task_added), self, 0);
  for (guint i = 0; i < all->len; i++)
    on_task_added (tasks, all->pdata[i], self);
  return self;
}
