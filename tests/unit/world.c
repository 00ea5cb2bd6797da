/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The engine in a bottle.
 */
#include "config.h"

#include "world.h"

#include "spy-hypervisor.h"

/* Fine steps while things happen, coarse ones while everybody waits. */
#define FINE_STEP_US (10 * 1000)
#define COARSE_STEP_US (200 * 1000)
#define FINE_FOR_US (8 * G_USEC_PER_SEC)
#define GIB (G_GUINT64_CONSTANT (1) << 30)

static const char *const names[] = { "anna", "bert", "carl", "dora", "emil" };
#define USUAL_HOSTS 3

static TernHypervisor *
make_port (TernHostConfig *config, gpointer data, GError **error)
{
  World *self = data;
  TernHypervisor *port = tern_sim_factory (config, self->sim, error);

  return port != NULL ? spy_hypervisor_new (config->name, port, self->journal) : NULL;
}

static void
add_host (World *self, const char *name, guint number)
{
  g_autofree char *uri = g_strdup_printf ("sim://%s/", name);
  g_autoptr (TernHostConfig) config = tern_host_config_new (name, uri);
  SimHost *host = tern_sim_host_new (config);
  static const char *const features[] = { "aes", "sse4.2", NULL };

  host->facts = tern_host_facts_new ();
  host->facts->arch = g_strdup ("x86_64");
  host->facts->uuid = g_strdup_printf ("00000000-0000-4000-8000-%012u", number);
  host->facts->memory_total = 32 * GIB;
  host->facts->cpus = 8;
  host->facts->cpu = tern_cpu_new ("host-model", "Westmere", "Intel", features, NULL);
  host->facts->cpu->expanded = TRUE;
  host->link_bps = GIB;
  host->listed = TRUE;
  tern_sim_adopt_host (self->sim, host);
}

static void
add_vm (World *self)
{
  TernVm *vm = tern_vm_new (WORLD_VM, "web", names[0]);

  vm->state = TERN_VM_RUNNING;
  vm->memory = 2 * GIB;
  vm->memory_current = 2 * GIB;
  vm->vcpus = 2;
  vm->persistent = TRUE;
  tern_sim_host_put_domain (tern_sim_find_host (self->sim, names[0]), vm, 64 << 20);
  tern_vm_unref (vm);
}

static void
on_crash (gpointer data)
{
  world_kill_daemon (data);
}

static void
dispatch_all (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

TernVmState
world_state_on (World *self, const char *host)
{
  SimDomain *domain = tern_sim_host_find_domain (tern_sim_find_host (self->sim, host), WORLD_VM);

  return domain != NULL ? domain->vm->state : TERN_VM_N_STATES;
}

static void
look_for_twins (World *self)
{
  guint running = 0;

  for (guint i = 0; i < self->n_hosts; i++)
    running += world_state_on (self, names[i]) == TERN_VM_RUNNING;
  self->max_running = MAX (self->max_running, running);
}

/* Nobody is to see the percentage fall, whatever happens to the daemon. */
static void
look_at_progress (World *self)
{
  const TernTaskRecord *record = world_record (self, 1);

  if (record == NULL)
    return;
  self->fell |= record->progress < self->progress;
  self->progress = MAX (self->progress, record->progress);
}

/* One step of time; a daemon that died in it is started again at its end. */
static void
step (World *self)
{
  gboolean fine = tern_clock_now_us (self->clock) - self->order_us < FINE_FOR_US;

  dispatch_all ();
  tern_clock_advance (self->clock, fine ? FINE_STEP_US : COARSE_STEP_US);
  dispatch_all ();
  look_for_twins (self);
  look_at_progress (self);
  if (self->migrator == NULL)
    world_start_daemon (self);
}

void
world_run (World *self, gint64 duration_us)
{
  gint64 end_us = tern_clock_now_us (self->clock) + duration_us;

  while (tern_clock_now_us (self->clock) < end_us)
    step (self);
}

void
world_start_daemon (World *self)
{
  g_autoptr (GPtrArray) hosts = tern_store_load_hosts (TERN_STORE (self->store), NULL);
  TernLimits limits;
  guint64 last_id = 0;
  g_autoptr (GPtrArray) tasks =
      tern_store_load_open_tasks (TERN_STORE (self->store), &last_id, NULL);
  g_autoptr (GPtrArray) origins = tern_store_load_origins (TERN_STORE (self->store), NULL);

  self->inventory = tern_inventory_new (self->clock, TERN_STORE (self->store), make_port, self);
  self->tasks = tern_task_list_new ();
  self->assessor =
      tern_assessor_new (self->clock, self->inventory, self->tasks, &self->settings, NULL);
  self->migrator = tern_migrator_new (self->clock, TERN_STORE (self->store), self->inventory,
                                      self->tasks, self->assessor);
  self->drainer = tern_drainer_new (self->clock, TERN_STORE (self->store), self->inventory,
                                    self->tasks, self->assessor, self->migrator);
  if (tern_store_load_limits (TERN_STORE (self->store), &limits, NULL))
    tern_migrator_load_limits (self->migrator, &limits);
  tern_inventory_load (self->inventory, hosts);
  tern_migrator_load (self->migrator, tasks, last_id);
  tern_drainer_load (self->drainer, tasks, origins);
}

void
world_kill_daemon (World *self)
{
  if (self->migrator == NULL)
    return;
  self->deaths++;
  g_ptr_array_add (self->journal, g_strdup ("death"));
  g_object_run_dispose (G_OBJECT (self->drainer));
  g_object_run_dispose (G_OBJECT (self->migrator));
  g_object_run_dispose (G_OBJECT (self->inventory));
  g_clear_object (&self->drainer);
  g_clear_object (&self->migrator);
  g_clear_object (&self->assessor);
  g_clear_object (&self->inventory);
  g_clear_object (&self->tasks);
}

void
world_pass_dead (World *self, gint64 duration_us)
{
  world_kill_daemon (self);
  for (gint64 spent = 0; spent < duration_us; spent += FINE_STEP_US)
    {
      dispatch_all ();
      tern_clock_advance (self->clock, FINE_STEP_US);
      dispatch_all ();
      look_for_twins (self);
    }
}

void
world_init (World *self)
{
  world_init_with (self, USUAL_HOSTS);
}

void
world_init_with (World *self, guint n_hosts)
{
  g_autoptr (GPtrArray) configs = NULL;

  g_assert (n_hosts <= G_N_ELEMENTS (names));
  memset (self, 0, sizeof *self);
  self->n_hosts = n_hosts;
  self->settings = (TernSettings) TERN_SETTINGS_INIT;
  self->progress = -1;
  self->clock = tern_clock_new_fake (1000 * G_USEC_PER_SEC);
  self->journal = g_ptr_array_new_with_free_func (g_free);
  self->sim = tern_sim_new (self->clock);
  for (guint i = 0; i < n_hosts; i++)
    add_host (self, names[i], i + 1);
  add_vm (self);

  self->store = fake_store_new (self->clock, self->journal);
  self->store->on_crash = on_crash;
  self->store->crash_data = self;
  configs = tern_sim_get_host_configs (self->sim);
  for (guint i = 0; i < configs->len; i++)
    g_ptr_array_add (self->store->hosts, tern_host_config_ref (configs->pdata[i]));
  world_start_daemon (self);
  world_run (self, G_USEC_PER_SEC);
}

void
world_clear (World *self)
{
  world_kill_daemon (self);
  dispatch_all ();
  g_clear_object (&self->store);
  g_clear_object (&self->sim);
  g_clear_object (&self->clock);
  g_clear_pointer (&self->journal, g_ptr_array_unref);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  int *answer = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernTask) task = tern_migrator_start_finish (TERN_MIGRATOR (source), result, &error);

  *answer = task != NULL;
}

gboolean
world_order (World *self, const char *destination)
{
  int answer = -1;

  self->order_us = tern_clock_now_us (self->clock);
  tern_migrator_start_async (self->migrator, WORLD_VM, NULL, destination, 0, on_started, &answer);
  for (guint i = 0; answer < 0 && i < 100; i++)
    step (self);
  return answer == 1;
}

gboolean
world_order_by (World *self, const char *destination, const TernMoveOptions *options)
{
  g_autoptr (TernOrder) order = tern_order_new (TERN_ACT_MOVE);
  g_autoptr (GPtrArray) tasks = NULL;

  g_strfreev (order->vms);
  order->vms = g_strsplit (WORLD_VM, ",", -1);
  order->destination = g_strdup (destination);
  order->options = g_memdup2 (options, sizeof *options);
  tasks = world_give_order (self, order, NULL, NULL);
  return tasks != NULL;
}

const TernTaskRecord *
world_record (World *self, guint64 id)
{
  TernTask *task = self->tasks != NULL ? tern_task_list_find (self->tasks, id) : NULL;

  return task != NULL ? tern_task_get_record (task) : NULL;
}

TernTaskPhase
world_phase (World *self, guint64 id)
{
  const TernTaskRecord *record = world_record (self, id);

  return record != NULL ? record->phase : TERN_N_PHASES;
}

gboolean
world_cancel (World *self, guint64 id)
{
  TernTask *task = self->tasks != NULL ? tern_task_list_find (self->tasks, id) : NULL;

  return task != NULL && tern_migrator_cancel (self->migrator, task, NULL);
}

gboolean
world_run_until (World *self, guint64 id, TernTaskPhase phase, gint64 bound_us)
{
  gint64 end_us = tern_clock_now_us (self->clock) + bound_us;

  while (world_phase (self, id) != phase && tern_clock_now_us (self->clock) < end_us)
    step (self);
  return world_phase (self, id) == phase;
}

static gboolean
has_ended (World *self, guint64 id)
{
  const TernTaskRecord *stored = fake_store_find_task (self->store, id);
  TernTaskPhase phase = world_phase (self, id);

  if (stored == NULL || !tern_task_phase_is_final (stored->phase))
    return FALSE;
  /* A daemon that was started after the end knows ended tasks from the store only. */
  return phase == stored->phase || phase == TERN_N_PHASES;
}

gboolean
world_run_until_ended (World *self, guint64 id, gint64 bound_us)
{
  gint64 end_us = tern_clock_now_us (self->clock) + bound_us;

  while (!has_ended (self, id) && tern_clock_now_us (self->clock) < end_us)
    step (self);
  return has_ended (self, id);
}

guint
world_count (World *self, const char *start)
{
  guint n = 0;

  for (guint i = 0; i < self->journal->len; i++)
    n += g_str_has_prefix (self->journal->pdata[i], start);
  return n;
}

/* How often the line at @i comes in a row. */
static guint
count_alike (const GPtrArray *journal, guint i)
{
  guint n = 1;

  while (i + n < journal->len && g_str_equal (journal->pdata[i], journal->pdata[i + n]))
    n++;
  return n;
}

int
world_find (World *self, const char *start)
{
  for (guint i = 0; i < self->journal->len; i++)
    if (g_str_has_prefix (self->journal->pdata[i], start))
      return (int) i;
  return -1;
}

char *
world_tell (World *self)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0, n; i < self->journal->len; i += n)
    {
      n = count_alike (self->journal, i);
      g_string_append_printf (text, "%s%s", i > 0 ? "; " : "", (char *) self->journal->pdata[i]);
      if (n > 1)
        g_string_append_printf (text, " (%u times)", n);
    }
  return g_string_free (text, FALSE);
}

gboolean
world_was_stored_before (World *self, guint i, const char *phase)
{
  while (i-- > 0)
    {
      const char *line = self->journal->pdata[i];

      if (g_str_equal (line, "death"))
        return FALSE;
      if (g_str_has_prefix (line, "stored 1 "))
        return g_str_equal (line + strlen ("stored 1 "), phase);
    }
  return FALSE;
}

SimDomain *
world_add_vm (World *self, const char *uuid, const char *name, const char *host, TernVmState state,
              guint64 memory)
{
  g_autoptr (TernVm) vm = tern_vm_new (uuid, name, host);
  SimHost *home = tern_sim_find_host (self->sim, host);
  SimDomain *domain;

  vm->state = state;
  vm->memory = memory;
  vm->memory_current = memory;
  vm->vcpus = 1;
  vm->persistent = TRUE;
  domain = tern_sim_host_put_domain (home, vm, 0);
  tern_sim_host_emit_vm (home, uuid);
  return domain;
}

typedef struct
{
  gboolean answered;
  GPtrArray *tasks;
  TernPlan *plan;
  GError *error;
} Answer;

static void
on_ordered (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  answer->answered = TRUE;
  answer->tasks =
      tern_migrator_order_finish (TERN_MIGRATOR (source), result, &answer->plan, &answer->error);
}

GPtrArray *
world_give_order (World *self, const TernOrder *order, TernPlan **out_plan, GError **out_error)
{
  g_autofree Answer *answer = g_new0 (Answer, 1);

  self->order_us = tern_clock_now_us (self->clock);
  tern_migrator_order_async (self->migrator, order, on_ordered, answer);
  for (guint i = 0; !answer->answered && i < 2000; i++)
    step (self);
  if (out_plan != NULL)
    *out_plan = g_steal_pointer (&answer->plan);
  g_clear_pointer (&answer->plan, tern_plan_free);
  if (answer->error != NULL)
    g_propagate_error (out_error, answer->error);
  return answer->tasks;
}

gboolean
world_order_start (World *self, const char *destination, GError **error)
{
  g_autoptr (TernOrder) order = tern_order_new (TERN_ACT_START);
  g_autoptr (GPtrArray) tasks = NULL;

  g_strfreev (order->vms);
  order->vms = g_strsplit (WORLD_VM, ",", -1);
  order->destination = g_strdup (destination);
  tasks = world_give_order (self, order, NULL, error);
  return tasks != NULL;
}
