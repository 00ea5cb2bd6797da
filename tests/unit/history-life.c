/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Living through a history: the engine on simulated hosts, a store in memory, and time that jumps
 * from one timer to the next. Once all has happened, everything is put right, as an admin would,
 * and every guest is moved once more.
 */
#include "config.h"

#include "history-life.h"

#include <stdarg.h>
#include <string.h>

#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define SLOW_LINK (G_GUINT64_CONSTANT (20) << 20)
#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
/* After all is put right. */
#define END_BOUND_US SECONDS (7200)
/* A host that was gone is tried again after 30 s at the latest. */
#define RECONNECT_US SECONDS (35)
/* Hosts are asked for their figures every 15 s. */
#define SETTLE_US SECONDS (20)
#define MAX_STEPS 200000

void
life_complain (Life *self, const char *format, ...)
{
  va_list args;

  if (self->wrong != NULL)
    return;
  va_start (args, format);
  self->wrong = g_strdup_vprintf (format, args);
  va_end (args);
  if (self->trace != NULL)
    g_string_append_printf (
        self->trace, "%8.3f s  WRONG: %s\n",
        (double) (tern_clock_now_us (self->clock) - self->began_us) / G_USEC_PER_SEC, self->wrong);
}

/* --- the daemon --- */

static void
start_daemon (Life *self)
{
  g_autoptr (GPtrArray) hosts = tern_store_load_hosts (TERN_STORE (self->store), NULL);
  TernSettings settings = TERN_SETTINGS_INIT;
  TernLimits limits;
  guint64 last_id = 0;
  g_autoptr (GPtrArray) tasks =
      tern_store_load_open_tasks (TERN_STORE (self->store), &last_id, NULL);
  g_autoptr (GPtrArray) origins = tern_store_load_origins (TERN_STORE (self->store), NULL);

  /* Shorter than an admin would have them: waiting is not what this is about. */
  settings.bounds = (TernBounds){ SECONDS (20), SECONDS (30), SECONDS (40) };
  settings.prepare_postcopy = self->history->prepare_postcopy;
  self->inventory =
      tern_inventory_new (self->clock, TERN_STORE (self->store), tern_sim_factory, self->sim);
  self->list = tern_task_list_new ();
  self->assessor = tern_assessor_new (self->clock, self->inventory, self->list, &settings, NULL);
  self->migrator = tern_migrator_new (self->clock, TERN_STORE (self->store), self->inventory,
                                      self->list, self->assessor);
  self->drainer = tern_drainer_new (self->clock, TERN_STORE (self->store), self->inventory,
                                    self->list, self->assessor, self->migrator);
  if (tern_store_load_limits (TERN_STORE (self->store), &limits, NULL))
    tern_migrator_load_limits (self->migrator, &limits);
  tern_inventory_load (self->inventory, hosts);
  tern_migrator_load (self->migrator, tasks, last_id);
  tern_drainer_load (self->drainer, tasks, origins);
}

static void
kill_daemon (Life *self)
{
  if (self->migrator == NULL)
    return;
  self->deaths++;
  if (self->trace != NULL)
    g_ptr_array_add (self->journal, g_strdup ("death"));
  g_object_run_dispose (G_OBJECT (self->drainer));
  g_object_run_dispose (G_OBJECT (self->migrator));
  g_object_run_dispose (G_OBJECT (self->inventory));
  g_clear_object (&self->drainer);
  g_clear_object (&self->migrator);
  g_clear_object (&self->assessor);
  g_clear_object (&self->inventory);
  g_clear_object (&self->list);
  fake_store_drop_writes (self->store);
}

static void
on_crash (gpointer data)
{
  kill_daemon (data);
}

/* --- time --- */

static void
tell_journal (Life *self)
{
  for (; self->trace != NULL && self->told < self->journal->len; self->told++)
    g_string_append_printf (self->trace, "%8.3f s  %s\n",
                            (double) (tern_clock_now_us (self->clock) - self->began_us)
                                / G_USEC_PER_SEC,
                            (char *) self->journal->pdata[self->told]);
}

static void
dispatch_all (Life *self)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
  if (self->migrator == NULL && tern_clock_now_us (self->clock) >= self->dead_until_us)
    {
      start_daemon (self);
      while (g_main_context_iteration (NULL, FALSE))
        ;
    }
  tell_journal (self);
  life_look (self);
}

static void
pass_until (Life *self, gint64 end_us)
{
  guint steps = 0;

  dispatch_all (self);
  while (tern_clock_now_us (self->clock) < end_us && self->wrong == NULL)
    {
      gint64 now_us = tern_clock_now_us (self->clock);
      gint64 next_us = MIN (end_us, tern_clock_find_next_us (self->clock));

      if (self->migrator == NULL)
        next_us = MIN (next_us, MAX (self->dead_until_us, now_us));
      tern_clock_advance (self->clock, MAX (next_us - now_us, 0));
      dispatch_all (self);
      if (++steps > MAX_STEPS)
        life_complain (self, "time stands still");
    }
}

void
life_pass (Life *self, gint64 duration_us)
{
  pass_until (self, tern_clock_now_us (self->clock) + duration_us);
}

/* --- the cluster --- */

static TernHostFacts *
share_facts (guint number)
{
  static TernHostFacts *all[HISTORY_MAX_HOSTS];
  static const char *const features[] = { "aes", "sse4.2", NULL };
  TernHostFacts *facts = all[number];

  if (facts != NULL)
    return tern_host_facts_ref (facts);
  facts = tern_host_facts_new ();
  facts->arch = g_strdup ("x86_64");
  facts->uuid = g_strdup_printf ("00000000-0000-4000-8000-%012u", number);
  facts->memory_total = 64 * GIB;
  facts->cpus = 8;
  facts->cpu = tern_cpu_new ("host-model", "Westmere", "Intel", features, NULL);
  facts->cpu->expanded = TRUE;
  all[number] = facts;
  return tern_host_facts_ref (facts);
}

static void
add_host (Life *self, guint number)
{
  static const char *const names[] = { "anna", "bert", "carl" };
  g_autofree char *uri = g_strdup_printf ("sim://%s/", names[number]);
  g_autoptr (TernHostConfig) config = tern_host_config_new (names[number], uri);
  SimHost *host = tern_sim_host_new (config);

  host->facts = share_facts (number);
  host->link_bps = GIB;
  host->listed = TRUE;
  tern_sim_adopt_host (self->sim, host);
  self->hosts[number] = host;
  g_ptr_array_add (self->store->hosts, tern_host_config_ref (config));
}

static void
add_guest (Life *self, guint number)
{
  static const char *const names[] = { "web", "db", "mail" };
  const HistoryVm *made = &self->history->vms[number];
  LifeGuest *guest = &self->guests[number];
  g_autoptr (TernVm) vm = NULL;

  guest->name = g_strdup (names[number]);
  guest->uuid = g_strdup_printf ("10000000-0000-4000-8000-%012u", number);
  guest->owner = (int) made->host;
  vm = tern_vm_new (guest->uuid, guest->name, self->hosts[made->host]->name);
  vm->state = TERN_VM_RUNNING;
  vm->memory = made->memory;
  vm->memory_current = made->memory;
  vm->vcpus = 1;
  vm->persistent = made->persistent;
  tern_sim_host_put_domain (self->hosts[made->host], vm, made->dirty_bps);
}

static void
life_init (Life *self, const History *history, GString *trace)
{
  *self = (Life){ .history = history, .trace = trace };
  self->clock = tern_clock_new_fake (1000 * G_USEC_PER_SEC);
  self->began_us = tern_clock_now_us (self->clock);
  self->journal = g_ptr_array_new_with_free_func (g_free);
  self->sim = tern_sim_new (self->clock);
  self->store = fake_store_new (self->clock, self->journal);
  self->store->on_crash = on_crash;
  self->store->crash_data = self;
  if (history->slow_store)
    self->store->delay_us = 30 * 1000;
  for (guint i = 0; i < LIFE_MAX_TASKS; i++)
    self->tasks[i] = (LifeTask){ .phase = TERN_PHASE_QUEUED, .progress = -1 };
  for (guint i = 0; i < history->n_hosts; i++)
    add_host (self, i);
  for (guint i = 0; i < history->n_vms; i++)
    add_guest (self, i);
  start_daemon (self);
  life_pass (self, G_USEC_PER_SEC);
}

static guint counts[TERN_N_PHASES];

guint
history_count (TernTaskPhase phase)
{
  return counts[phase];
}

/* "stored ID PHASE" */
static void
count_phases (const Life *self)
{
  for (guint i = 0; i < self->journal->len; i++)
    {
      const char *word = strrchr (self->journal->pdata[i], ' ');
      TernTaskPhase phase;

      if (word != NULL && tern_task_phase_from_string (word + 1, &phase))
        counts[phase]++;
    }
}

static void
life_clear (Life *self)
{
  count_phases (self);
  kill_daemon (self);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  for (guint i = 0; i < HISTORY_MAX_VMS; i++)
    {
      g_free (self->guests[i].uuid);
      g_free (self->guests[i].name);
    }
  g_clear_object (&self->store);
  g_clear_object (&self->sim);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->journal, g_ptr_array_unref);
  g_clear_pointer (&self->wrong, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Life, life_clear)

/* --- what happens --- */

static void
on_ordered (GObject *source, GAsyncResult *result, gpointer unused)
{
  g_autoptr (GPtrArray) tasks =
      tern_migrator_order_finish (TERN_MIGRATOR (source), result, NULL, NULL);

  (void) unused;
}

void
life_order (Life *self, guint vm, guint host, const TernMoveOptions *options)
{
  char *vms[] = { self->guests[vm].uuid, NULL };
  TernOrder order = { .act = TERN_ACT_MOVE, .vms = vms };

  if (self->migrator == NULL)
    return;
  if (host < self->history->n_hosts)
    order.destination = (char *) self->hosts[host]->name;
  order.options = (TernMoveOptions *) options;
  tern_migrator_order_async (self->migrator, &order, on_ordered, NULL);
}

static TernTask *
find_task (Life *self, const Happens *it)
{
  g_autoptr (GPtrArray) all = self->list != NULL ? tern_task_list_get_all (self->list) : NULL;

  /* Kept by the list until time goes on. */
  return all != NULL && all->len > 0 ? all->pdata[all->len - 1 - it->what % all->len] : NULL;
}

static void
happen_order (Life *self, const Happens *it)
{
  TernMoveOptions options = TERN_MOVE_OPTIONS_INIT;

  options.policy = it->what;
  options.priority = it->more;
  life_order (self, it->vm, it->host, &options);
}

static void
happen_cancel (Life *self, const Happens *it)
{
  TernTask *task = find_task (self, it);

  if (task != NULL && tern_task_record_is_drain (tern_task_get_record (task)))
    (void) tern_drainer_cancel (self->drainer, task, it->more % 2, NULL);
  else if (task != NULL)
    (void) tern_migrator_cancel (self->migrator, task, NULL);
}

static void
on_drained (GObject *source, GAsyncResult *result, gpointer unused)
{
  g_autoptr (TernTask) task = tern_drainer_order_finish (TERN_DRAINER (source), result, NULL);

  (void) task;
  (void) unused;
}

static void
happen_drain (Life *self, const Happens *it)
{
  const char *const hosts[] = { self->hosts[it->host]->name,
                                it->more == 0 ? self->hosts[it->other]->name : NULL, NULL };
  g_autoptr (TernDrain) drain = tern_drain_new (hosts);

  if (self->drainer != NULL)
    tern_drainer_order_async (self->drainer, drain, NULL, 0, on_drained, NULL);
}

static void
on_activated (GObject *source, GAsyncResult *result, gpointer unused)
{
  g_autoptr (TernTask) task = NULL;

  (void) unused;
  (void) tern_drainer_activate_finish (TERN_DRAINER (source), result, &task, NULL);
}

static void
happen_activate (Life *self, const Happens *it)
{
  if (self->drainer != NULL)
    tern_drainer_activate_async (self->drainer, self->hosts[it->host]->name, it->more % 2 == 0, 0,
                                 on_activated, NULL);
}

static void
happen_resume (Life *self, const Happens *it)
{
  if (self->drainer != NULL)
    tern_drainer_resume_async (self->drainer, 1 + it->what, NULL, 0, on_drained, NULL);
}

static void
happen_undo (Life *self, const Happens *it)
{
  if (self->drainer != NULL)
    tern_drainer_undo_async (self->drainer, 1 + it->what, 0, on_drained, NULL);
}

static void
happen_switch (Life *self, const Happens *it)
{
  TernTask *task = find_task (self, it);

  if (task != NULL)
    (void) tern_migrator_switch (self->migrator, task, it->more % TERN_N_POLICIES, 0, NULL);
}

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer unused)
{
  (void) unused;
  (void) tern_migrator_resolve_finish (TERN_MIGRATOR (source), result, NULL);
}

static void
happen_resolve (Life *self, const Happens *it)
{
  TernTask *task = find_task (self, it);

  if (task != NULL)
    tern_migrator_resolve_async (self->migrator, task, it->more % TERN_N_KEEPS, 0, on_resolved,
                                 NULL);
}

static void
happen_recheck (Life *self, const Happens *it)
{
  TernTask *task = find_task (self, it);

  if (task != NULL)
    (void) tern_migrator_recheck (self->migrator, task, NULL);
}

static void
on_limited (GObject *source, GAsyncResult *result, gpointer unused)
{
  (void) unused;
  (void) tern_migrator_set_limits_finish (TERN_MIGRATOR (source), result, NULL);
}

static void
happen_limits (Life *self, const Happens *it)
{
  TernLimits limits = { .out = it->what % 3, .in = it->more % 3, .cluster = it->what / 3 };

  if (self->migrator != NULL)
    tern_migrator_set_limits_async (self->migrator, it->what == 7 ? NULL : &limits, on_limited,
                                    NULL);
}

static void
happen_host (Life *self, const Happens *it)
{
  tern_sim_set_host_state (self->sim, self->hosts[it->host]->name, it->what);
}

static void
happen_link (Life *self, const Happens *it)
{
  static const guint64 rates[] = { 0, SLOW_LINK, TERN_SIM_LINK_OPEN };

  tern_sim_set_link (self->sim, self->hosts[it->host]->name, self->hosts[it->other]->name,
                     rates[it->what]);
}

static void
happen_fault (Life *self, const Happens *it)
{
  tern_sim_add_fault (self->sim, self->guests[it->vm].name, it->what, it->more, 1);
}

static void
happen_release (Life *self, const Happens *it)
{
  tern_sim_release (self->sim, self->guests[it->vm].name);
}

/* Outside of a post-copy, whose simulated halves cannot end by themselves. */
static void
happen_end (Life *self, const Happens *it)
{
  LifeGuest *guest = &self->guests[it->vm];
  SimHost *host = guest->owner >= 0 ? self->hosts[guest->owner] : NULL;
  SimDomain *domain = host != NULL ? tern_sim_host_find_domain (host, guest->uuid) : NULL;

  if (domain == NULL || domain->vm->state != TERN_VM_RUNNING || !domain->vm->persistent
      || (domain->move != NULL && !tern_sim_move_is_outgoing (domain->move, host)))
    return;
  guest->owner = LIFE_NOBODY;
  tern_sim_set_vm_state (self->sim, host->name, guest->name, TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
}

static void
happen_store (Life *self, const Happens *it)
{
  self->forgetful = TRUE;
  self->store->fail_first = it->more > 0 ? self->store->n_writes + 1 : 0;
  self->store->fail_last = it->what > 0 ? self->store->n_writes + it->what : G_MAXUINT;
  if (it->more == 0)
    self->store->fail_last = 0;
}

static void
happen_crash (Life *self, const Happens *it)
{
  self->store->crash_at = self->store->n_writes + 1 + it->what;
  self->store->crash_durable = it->more > 0;
}

static void
happen_death (Life *self, const Happens *it)
{
  self->dead_until_us = tern_clock_now_us (self->clock) + SECONDS (it->what);
  kill_daemon (self);
}

static void (*const acts[HAPPENS_N_KINDS]) (Life *self, const Happens *it) = {
  [HAPPENS_ORDER] = happen_order,     [HAPPENS_CANCEL] = happen_cancel,
  [HAPPENS_HOST] = happen_host,       [HAPPENS_LINK] = happen_link,
  [HAPPENS_FAULT] = happen_fault,     [HAPPENS_RELEASE] = happen_release,
  [HAPPENS_STORE] = happen_store,     [HAPPENS_CRASH] = happen_crash,
  [HAPPENS_DEATH] = happen_death,     [HAPPENS_SWITCH] = happen_switch,
  [HAPPENS_RESOLVE] = happen_resolve, [HAPPENS_RECHECK] = happen_recheck,
  [HAPPENS_DRAIN] = happen_drain,     [HAPPENS_ACTIVATE] = happen_activate,
  [HAPPENS_RESUME] = happen_resume,   [HAPPENS_UNDO] = happen_undo,
  [HAPPENS_LIMITS] = happen_limits,   [HAPPENS_END] = happen_end,
};

static void
live_through (Life *self)
{
  gint64 began_us = tern_clock_now_us (self->clock);

  for (guint i = 0; i < self->history->happens->len && self->wrong == NULL; i++)
    {
      const Happens *it = &g_array_index (self->history->happens, Happens, i);

      pass_until (self, began_us + it->at_us);
      if (acts[it->kind] != NULL)
        acts[it->kind](self, it);
      life_look (self);
    }
}

/* --- and how it ends --- */

static void
put_right (Life *self)
{
  self->store->crash_at = 0;
  self->store->fail_first = self->store->fail_last = 0;
  self->dead_until_us = 0;
  for (guint i = 0; i < self->sim->faults->len; i++)
    {
      SimFault *fault = self->sim->faults->pdata[i];

      /* Those that have struck are remembered, the others never come. */
      if (fault->times > 0)
        fault->phase = TERN_SIM_N_PHASES;
    }
  for (guint i = 0; i < self->history->n_hosts; i++)
    {
      tern_sim_set_host_state (self->sim, self->hosts[i]->name, TERN_SIM_HOST_UP);
      for (guint j = 0; j < i; j++)
        tern_sim_set_link (self->sim, self->hosts[i]->name, self->hosts[j]->name,
                           TERN_SIM_LINK_OPEN);
    }
  for (guint i = 0; i < self->history->n_vms; i++)
    tern_sim_release (self->sim, self->guests[i].name);
}

static gboolean
is_settled (Life *self)
{
  return self->migrator != NULL && !life_has_open_tasks (self);
}

static void
wait_for_ends (Life *self)
{
  gint64 began_us = tern_clock_now_us (self->clock);

  while (!is_settled (self) && self->wrong == NULL)
    {
      if (tern_clock_now_us (self->clock) >= began_us + END_BOUND_US)
        life_complain (self, "a task does not end");
      life_pass (self, SECONDS (5));
    }
}

static void
wait_for_all (Life *self)
{
  /* What was ordered just now, and hosts that are only being connected to again. */
  life_pass (self, RECONNECT_US);
  wait_for_ends (self);
  life_pass (self, SETTLE_US);
}

/* Whatever is broken stays so, but for the disk: everything comes to an end, or to a person. */
static void
wait_for_nobody (Life *self)
{
  self->store->fail_first = self->store->fail_last = 0;
  life_pass (self, SECONDS (5));
  wait_for_ends (self);
  if (self->wrong != NULL || !life_has_halves (self))
    return;
  /* Nor is it quiet then: TCP gives up one day. */
  life_pass (self, SIM_TCP_US);
  wait_for_ends (self);
}

/* --- and then --- */

/* A person asks for another look at whatever needs one. Returns: whether there was any */
static gboolean
recheck_all (Life *self)
{
  g_autoptr (GPtrArray) all = tern_task_list_get_all (self->list);
  gboolean any = FALSE;

  for (guint i = 0; i < all->len; i++)
    any |= tern_migrator_recheck (self->migrator, all->pdata[i], NULL);
  return any;
}

/* What is closed still is opened: the next moves go everywhere. */
static void
open_all (Life *self)
{
  for (guint i = 0; i < self->history->n_hosts; i++)
    tern_drainer_activate_async (self->drainer, self->hosts[i]->name, FALSE, 0, on_activated, NULL);
  life_pass (self, SECONDS (1));
}

/* A person says which of two copies stays. */
static void
resolve_twins (Life *self, guint vm)
{
  const TernTaskRecord *last = life_last_task (self, vm);
  TernKeep keep = self->history->seed % TERN_N_KEEPS;

  if (self->guests[vm].owner != LIFE_TWINS || last == NULL)
    return;
  tern_migrator_resolve_async (self->migrator, tern_task_list_find (self->list, last->id), keep, 0,
                               on_resolved, NULL);
  for (guint i = 0; i < 60 && (i == 0 || !is_settled (self)); i++)
    life_pass (self, SECONDS (1));
  last = life_last_task (self, vm);
  if (self->guests[vm].owner < 0 || last->phase == TERN_PHASE_ATTENTION)
    life_complain (self, "a person's word about %s is not carried out: %s: %s",
                   self->guests[vm].name, tern_task_phase_to_string (last->phase),
                   last->error != NULL ? last->error : "");
}

static gboolean
can_move (Life *self, guint vm)
{
  const TernTaskRecord *last = life_last_task (self, vm);

  return self->guests[vm].owner >= 0 && !self->guests[vm].torn
         && (last == NULL || last->phase != TERN_PHASE_ATTENTION);
}

/* The next move of every guest that runs works. */
static void
move_once_more (Life *self)
{
  guint64 before[HISTORY_MAX_VMS] = { 0 };
  guint to[HISTORY_MAX_VMS];

  for (guint i = 0; i < self->history->n_vms; i++)
    {
      const TernTaskRecord *last = life_last_task (self, i);

      before[i] = last != NULL ? last->id : 0;
      to[i] = (guint) (self->guests[i].owner + 1) % self->history->n_hosts;
      if (!can_move (self, i))
        {
          before[i] = G_MAXUINT64;
          continue;
        }
      tern_sim_set_dirty_rate (self->sim, self->hosts[self->guests[i].owner]->name,
                               self->guests[i].name, 0);
      life_order (self, i, to[i], NULL);
    }
  for (guint i = 0; i < 100 && (i == 0 || !is_settled (self)); i++)
    life_pass (self, SECONDS (1));
  for (guint i = 0; i < self->history->n_vms; i++)
    {
      const TernTaskRecord *last = life_last_task (self, i);

      if (before[i] == G_MAXUINT64)
        continue;
      if (last == NULL || last->id == before[i])
        life_complain (self, "%s cannot be ordered to move any more", self->guests[i].name);
      else if (last->phase != TERN_PHASE_DONE || self->guests[i].owner != (int) to[i])
        life_complain (self, "the next move of %s does not work: %s: %s", self->guests[i].name,
                       tern_task_phase_to_string (last->phase),
                       last->error != NULL ? last->error : "");
    }
}

char *
history_live (const History *history, GString *trace)
{
  g_auto (Life) life;

  life_init (&life, history, trace);
  live_through (&life);
  if (life.wrong == NULL && history->patient)
    wait_for_nobody (&life);
  if (life.wrong == NULL)
    {
      put_right (&life);
      wait_for_all (&life);
    }
  if (life.wrong == NULL && recheck_all (&life))
    wait_for_all (&life);
  if (life.wrong == NULL)
    life_look_at_end (&life);
  for (guint i = 0; i < history->n_vms && life.wrong == NULL; i++)
    resolve_twins (&life, i);
  if (life.wrong == NULL)
    open_all (&life);
  if (life.wrong == NULL)
    move_once_more (&life);
  return g_steal_pointer (&life.wrong);
}
