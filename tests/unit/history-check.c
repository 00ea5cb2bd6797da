/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What must hold in every history: after each step, when a task ends, and at the end.
 */
#include "config.h"

#include "history-life.h"

#include <string.h>

const TernVm *
life_find (const Life *self, guint host, guint vm)
{
  const SimDomain *domain = tern_sim_host_find_domain (self->hosts[host], self->guests[vm].uuid);

  return domain != NULL ? domain->vm : NULL;
}

const TernTaskRecord *
life_record (Life *self, guint64 id)
{
  TernTask *task = self->list != NULL ? tern_task_list_find (self->list, id) : NULL;

  return task != NULL ? tern_task_get_record (task) : fake_store_find_task (self->store, id);
}

const TernTaskRecord *
life_last_task (Life *self, guint vm)
{
  for (guint64 id = LIFE_MAX_TASKS; id > 0; id--)
    {
      const TernTaskRecord *record = life_record (self, id);

      if (record != NULL && g_str_equal (record->vm_uuid, self->guests[vm].uuid))
        return record;
    }
  return NULL;
}

gboolean
life_has_open_tasks (Life *self)
{
  for (guint64 id = 1; id < LIFE_MAX_TASKS; id++)
    {
      const TernTaskRecord *record = life_record (self, id);

      if (record != NULL && !tern_task_phase_is_final (record->phase))
        return TRUE;
    }
  return FALSE;
}

static gboolean
is_active (const TernVm *vm)
{
  return vm != NULL && tern_vm_state_is_active (vm->state);
}

static guint
find_host (const Life *self, const char *name)
{
  for (guint i = 0; i < self->history->n_hosts; i++)
    if (g_str_equal (self->hosts[i]->name, name))
      return i;
  return 0;
}

/* "anna running; bert not there" */
static char *
tell_guest (const Life *self, guint vm)
{
  GString *text = g_string_new (self->guests[vm].name);

  for (guint i = 0; i < self->history->n_hosts; i++)
    {
      const TernVm *copy = life_find (self, i, vm);

      g_string_append_printf (text, "; %s %s", self->hosts[i]->name,
                              copy != NULL ? tern_vm_state_to_string (copy->state) : "not there");
      if (copy != NULL && copy->reason != TERN_REASON_OTHER)
        g_string_append_printf (text, " (%s)", tern_vm_reason_to_string (copy->reason));
    }
  return g_string_free (text, FALSE);
}

static void
complain_of_guest (Life *self, guint vm, const char *what)
{
  g_autofree char *told = tell_guest (self, vm);

  life_complain (self, "%s: %s", what, told);
}

/* --- after each step: the guests --- */

/* Did libvirt itself, by a fault, start the source again after the destination ran? */
static gboolean
may_run_twice (const Life *self, guint vm)
{
  const GPtrArray *faults = self->sim->faults;

  for (guint i = 0; i < faults->len; i++)
    {
      const SimFault *fault = faults->pdata[i];

      if (fault->fault == TERN_SIM_FAULT_BOTH_RUN && fault->times == 0
          && g_strcmp0 (fault->vm, self->guests[vm].name) == 0)
        return TRUE;
    }
  return FALSE;
}

static void
look_at_lost_guest (Life *self, guint vm)
{
  LifeGuest *guest = &self->guests[vm];

  /* Standing still for a switchover, or for good if nobody sees to it: that is looked at later. */
  if (guest->owner == LIFE_NOBODY
      || (guest->owner >= 0 && is_active (life_find (self, (guint) guest->owner, vm))))
    return;
  if (guest->owner == LIFE_TWINS || self->hosts[guest->owner]->state == TERN_SIM_HOST_DOWN)
    {
      guest->owner = LIFE_NOBODY;
      return;
    }
  complain_of_guest (self, vm, "a guest was stopped");
}

static gboolean
was_decided (Life *self, guint vm)
{
  const TernTaskRecord *last = life_last_task (self, vm);

  return last != NULL && last->resolution != NULL;
}

static void
look_at_found_guest (Life *self, guint vm, guint host)
{
  LifeGuest *guest = &self->guests[vm];
  TernVmReason reason = life_find (self, host, vm)->reason;

  /* libvirt does that, when the destination dies before the source was told that it runs there; and
   * a person may want it. */
  if (guest->owner == LIFE_NOBODY && reason != TERN_REASON_MIGRATION_CANCELLED
      && !was_decided (self, vm))
    complain_of_guest (self, vm, "a guest that had died runs again, from old memory");
  guest->owner = (int) host;
  guest->torn |= reason == TERN_REASON_POSTCOPY_FAILED;
}

static void
look_at_guest (Life *self, guint vm)
{
  guint running = 0, host = 0;

  for (guint i = 0; i < self->history->n_hosts; i++)
    {
      const TernVm *copy = life_find (self, i, vm);

      if (copy == NULL || copy->state != TERN_VM_RUNNING)
        continue;
      running++;
      host = i;
    }
  if (running == 0)
    look_at_lost_guest (self, vm);
  else if (running == 1)
    look_at_found_guest (self, vm, host);
  else if (may_run_twice (self, vm))
    self->guests[vm].owner = LIFE_TWINS;
  else
    complain_of_guest (self, vm, "a guest runs twice");
}

/* --- after each step: the tasks --- */

static guint
find_guest (const Life *self, const TernTaskRecord *record)
{
  for (guint i = 0; i < self->history->n_vms; i++)
    if (g_str_equal (self->guests[i].uuid, record->vm_uuid))
      return i;
  return 0;
}

static void
check_end (Life *self, const TernTaskRecord *record)
{
  guint vm = find_guest (self, record);
  gboolean there = is_active (life_find (self, find_host (self, record->destination), vm));
  gboolean here = is_active (life_find (self, find_host (self, record->source), vm));
  g_autofree char *what = g_strdup_printf ("task %" G_GUINT64_FORMAT " is told %s, which is not so",
                                           record->id, tern_task_phase_to_string (record->phase));
  gboolean moved = record->phase == TERN_PHASE_DONE;

  if (self->guests[vm].owner == LIFE_NOBODY)
    return;
  if (there != moved || here == moved)
    complain_of_guest (self, vm, what);
  if (!moved && record->error == NULL)
    complain_of_guest (self, vm, "what did not work says why");
}

/* Half of the memory is on each host: whichever ends, the guest is lost. */
static gboolean
is_in_halves (const Life *self, const TernTaskRecord *record)
{
  guint vm = find_guest (self, record);
  const TernVm *here = life_find (self, find_host (self, record->source), vm);
  const TernVm *there = life_find (self, find_host (self, record->destination), vm);

  return here != NULL && there != NULL && here->state == TERN_VM_PAUSED
         && there->state == TERN_VM_RUNNING
         && (here->reason == TERN_REASON_POSTCOPY || here->reason == TERN_REASON_POSTCOPY_FAILED)
         && (there->reason == TERN_REASON_POSTCOPY || there->reason == TERN_REASON_POSTCOPY_FAILED);
}

gboolean
life_has_halves (Life *self)
{
  for (guint i = 0; i < self->history->n_vms; i++)
    {
      const TernTaskRecord *last = life_last_task (self, i);

      if (last != NULL && is_in_halves (self, last))
        return TRUE;
    }
  return FALSE;
}

/* Somebody has to know which guest, where to look, and what not to do. */
static void
check_attention (Life *self, const TernTaskRecord *record)
{
  const char *said = record->error != NULL ? record->error : "";

  if (strstr (said, record->vm_name) == NULL || strstr (said, record->source) == NULL
      || strstr (said, record->destination) == NULL)
    life_complain (self, "task %" G_GUINT64_FORMAT " needs attention and does not say why: %s",
                   record->id, said);
  if (is_in_halves (self, record) && strstr (said, "--keep") != NULL)
    life_complain (self, "task %" G_GUINT64_FORMAT " offers to end half of a guest: %s", record->id,
                   said);
}

static void
look_at_task (Life *self, const TernTaskRecord *record)
{
  LifeTask *task = &self->tasks[record->id];
  gboolean ended = tern_task_phase_is_final (record->phase);
  gboolean had_ended =
      tern_task_phase_is_final (task->phase) && task->phase != TERN_PHASE_ATTENTION;

  if (self->forgetful && task->deaths != self->deaths)
    task->progress = MIN (task->progress, record->progress);
  if (record->progress < task->progress)
    life_complain (self, "task %" G_GUINT64_FORMAT " falls from %d %% to %d %% (%s)", record->id,
                   task->progress, record->progress, tern_task_phase_to_string (record->phase));
  if ((record->progress == 100) != (record->phase == TERN_PHASE_DONE))
    life_complain (self, "task %" G_GUINT64_FORMAT " is at %d %% and %s", record->id,
                   record->progress, tern_task_phase_to_string (record->phase));
  if (had_ended && record->phase != task->phase && task->deaths == self->deaths)
    life_complain (self, "task %" G_GUINT64_FORMAT " had ended %s and is %s", record->id,
                   tern_task_phase_to_string (task->phase),
                   tern_task_phase_to_string (record->phase));
  task->progress = record->progress;
  task->deaths = self->deaths;
  if (record->phase == task->phase)
    return;
  task->phase = record->phase;
  if (record->phase == TERN_PHASE_ATTENTION)
    check_attention (self, record);
  else if (ended && !tern_task_record_is_drain (record))
    check_end (self, record);
}

/* While a task of a guest is open, or waits for a person, there is no other. */
static void
look_at_open_tasks (Life *self, const guint *open)
{
  for (guint i = 0; i < self->history->n_vms; i++)
    if (open[i] > 1)
      complain_of_guest (self, i, "a guest has two tasks at a time");
}

void
life_look (Life *self)
{
  guint open[HISTORY_MAX_VMS] = { 0 };

  for (guint i = 0; i < self->history->n_hosts; i++)
    self->had_died[i] |= self->hosts[i]->state == TERN_SIM_HOST_DOWN;
  for (guint i = 0; i < self->history->n_vms; i++)
    look_at_guest (self, i);
  if (self->migrator == NULL)
    return;
  for (guint64 id = 1; id < LIFE_MAX_TASKS; id++)
    {
      const TernTaskRecord *record = life_record (self, id);

      if (record == NULL)
        break;
      look_at_task (self, record);
      if (!tern_task_record_is_drain (record)
          && (!tern_task_phase_is_final (record->phase) || record->phase == TERN_PHASE_ATTENTION))
        open[find_guest (self, record)]++;
    }
  look_at_open_tasks (self, open);
}

/* --- at the end --- */

static gboolean
is_in_attention (Life *self, guint vm)
{
  for (guint64 id = 1; id < LIFE_MAX_TASKS; id++)
    {
      const TernTaskRecord *record = life_record (self, id);

      if (record != NULL && record->phase == TERN_PHASE_ATTENTION
          && g_str_equal (record->vm_uuid, self->guests[vm].uuid))
        return TRUE;
    }
  return FALSE;
}

/* A host that died with the guest on its way to it may keep the definition. Nobody of ours put it
 * there, so that nobody of ours takes it away; what the task says names it. */
static gboolean
is_remains (const Life *self, guint host, const TernVm *copy)
{
  return self->had_died[host] && copy->state == TERN_VM_SHUT_OFF;
}

/* Runs on its host, and nothing of it is anywhere else. */
static gboolean
is_clean (const Life *self, guint vm)
{
  const LifeGuest *guest = &self->guests[vm];

  for (guint i = 0; i < self->history->n_hosts; i++)
    {
      const TernVm *copy = life_find (self, i, vm);

      if ((int) i != guest->owner && copy != NULL && !is_remains (self, i, copy))
        return FALSE;
      if ((int) i == guest->owner
          && (copy == NULL || copy->state != TERN_VM_RUNNING || copy->reason == TERN_REASON_POSTCOPY
              || copy->reason == TERN_REASON_POSTCOPY_FAILED))
        return FALSE;
    }
  return guest->owner >= 0;
}

static void
check_last_task (Life *self, guint vm)
{
  const TernTaskRecord *last = life_last_task (self, vm);
  const char *where;

  if (last == NULL)
    return;
  where = last->phase == TERN_PHASE_DONE ? last->destination : last->source;
  if (self->guests[vm].owner != (int) find_host (self, where))
    complain_of_guest (self, vm, "a guest is not where its last task left it");
}

static void
check_guest_at_end (Life *self, guint vm)
{
  gboolean attention = is_in_attention (self, vm);

  if (self->guests[vm].owner == LIFE_NOBODY)
    return;
  if (attention && is_clean (self, vm))
    complain_of_guest (self, vm, "a guest needs attention, and all is well with it");
  if (attention)
    return;
  if (!is_clean (self, vm))
    complain_of_guest (self, vm, "a guest needs somebody, and nobody is told");
  else
    check_last_task (self, vm);
}

/* Deaths, refused writes, people: how it went is known from its beginning to what it is now. */
static void
check_trace (Life *self, const TernTaskRecord *record)
{
  const TernTrace *trace = record->trace;
  const TernTracePhase *phase = NULL;
  gint64 last_us = record->created_us;

  for (guint i = 0; trace != NULL && i < trace->phases->len; i++)
    {
      phase = &g_array_index (trace->phases, TernTracePhase, i);
      if (phase->at_us < last_us || *phase->word == '\0' || (i == 0 && phase->at_us > last_us))
        life_complain (self, "phase %u of task %" G_GUINT64_FORMAT " is traced wrongly", i,
                       record->id);
      last_us = phase->at_us;
    }
  if (phase == NULL || !g_str_equal (phase->word, tern_task_phase_to_string (record->phase)))
    life_complain (self, "task %" G_GUINT64_FORMAT " is %s, and its trace ends otherwise",
                   record->id, tern_task_phase_to_string (record->phase));
  for (guint i = 1; trace != NULL && i < trace->samples->len; i++)
    if (g_array_index (trace->samples, TernTraceSample, i).at_us
        < g_array_index (trace->samples, TernTraceSample, i - 1).at_us)
      life_complain (self, "task %" G_GUINT64_FORMAT " has samples in no order", record->id);
}

static void
check_tasks_at_end (Life *self)
{
  for (guint64 id = 1; id < LIFE_MAX_TASKS; id++)
    {
      const TernTaskRecord *record = life_record (self, id);
      const TernTaskRecord *stored = fake_store_find_task (self->store, id);

      if (record == NULL)
        continue;
      if (stored == NULL || stored->phase != record->phase)
        life_complain (self, "task %" G_GUINT64_FORMAT " is shown %s and stored %s", id,
                       tern_task_phase_to_string (record->phase),
                       stored != NULL ? tern_task_phase_to_string (stored->phase) : "nowhere");
      if (record->phase == TERN_PHASE_ATTENTION)
        check_attention (self, record);
      check_trace (self, record);
      if (stored != NULL)
        check_trace (self, stored);
    }
}

static void
check_ledger (Life *self)
{
  const TernLedger *ledger = tern_assessor_get_ledger (self->assessor);

  for (guint i = 0; i < self->history->n_vms; i++)
    if (tern_ledger_find (ledger, self->guests[i].uuid) != NULL && !is_in_attention (self, i))
      complain_of_guest (self, i, "memory is held for a task that has ended");
}

/* Returns: (nullable): the last drain of that host */
static const TernTaskRecord *
find_last_drain (Life *self, const char *host)
{
  for (guint64 id = LIFE_MAX_TASKS; id-- > 1;)
    {
      const TernTaskRecord *record = life_record (self, id);

      if (record != NULL && g_str_equal (record->kind, "drain")
          && tern_drain_has_host (record->drain, host))
        return record;
    }
  return NULL;
}

/* A host is closed because a drain left it so. */
static void
check_duty (Life *self, guint host)
{
  const char *name = self->hosts[host]->name;
  TernDuty duty = tern_inventory_find_host (self->inventory, name)->config->duty;
  const TernTaskRecord *last = find_last_drain (self, name);
  gboolean fits;

  if (duty == TERN_DUTY_ACTIVE)
    return;
  fits = last != NULL
         && (duty == TERN_DUTY_DRAINING ? last->phase == TERN_PHASE_REMAINDER
             : duty == TERN_DUTY_MAINTENANCE
                 ? last->phase == TERN_PHASE_DONE || last->phase == TERN_PHASE_REMAINDER
                 : FALSE);
  if (!fits)
    life_complain (self, "%s is %s, and its last drain %s", name, tern_duty_to_string (duty),
                   last != NULL ? tern_task_phase_to_string (last->phase) : "was none");
}

void
life_look_at_end (Life *self)
{
  for (guint i = 0; i < self->history->n_hosts; i++)
    check_duty (self, i);
  check_tasks_at_end (self);
  check_ledger (self);
  for (guint i = 0; i < self->history->n_vms; i++)
    check_guest_at_end (self, i);
}
