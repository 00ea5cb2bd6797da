/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The simulated cluster: its hosts, their domains, the faults to come.
 */
#include "config.h"

#include "drivers/sim-private.h"

#include "base/error.h"

G_DEFINE_TYPE (TernSim, tern_sim, G_TYPE_OBJECT)

static const char *const host_state_names[TERN_SIM_HOST_N_STATES] = {
  [TERN_SIM_HOST_UP] = "up",
  [TERN_SIM_HOST_DOWN] = "down",
  [TERN_SIM_HOST_CUT] = "cut",
  [TERN_SIM_HOST_HANG] = "hang",
};

static const char *const phase_names[TERN_SIM_N_PHASES] = {
  [TERN_SIM_PREPARE] = "prepare",   [TERN_SIM_COPY] = "copy",   [TERN_SIM_SWITCH] = "switch",
  [TERN_SIM_FINISH] = "finish",     [TERN_SIM_START] = "start", [TERN_SIM_POSTCOPY] = "postcopy",
  [TERN_SIM_SHUTDOWN] = "shutdown",
};

static const char *const fault_names[TERN_SIM_N_FAULTS] = {
  [TERN_SIM_FAULT_ERROR] = "error",
  [TERN_SIM_FAULT_HANG] = "hang",
  [TERN_SIM_FAULT_LOSE_CONNECTION] = "lose-connection",
  [TERN_SIM_FAULT_SOURCE_DIES] = "source-dies",
  [TERN_SIM_FAULT_DESTINATION_DIES] = "destination-dies",
  [TERN_SIM_FAULT_BOTH_RUN] = "both-run",
  [TERN_SIM_FAULT_LEFTOVER_SOURCE] = "leftover-source",
  [TERN_SIM_FAULT_LEFTOVER_PAUSED_SOURCE] = "leftover-paused-source",
  [TERN_SIM_FAULT_REFUSED] = "refused",
  [TERN_SIM_FAULT_STUCK] = "stuck",
  [TERN_SIM_FAULT_HELD_SOURCE] = "held-source",
  [TERN_SIM_FAULT_IGNORED] = "ignored",
};

static gboolean
find_word (const char *const *words, guint n_words, const char *name, guint *out_index)
{
  for (guint i = 0; i < n_words; i++)
    if (g_strcmp0 (words[i], name) == 0)
      {
        *out_index = i;
        return TRUE;
      }
  return FALSE;
}

const char *
tern_sim_host_state_to_string (TernSimHostState state)
{
  return host_state_names[state];
}

const char *
tern_sim_phase_to_string (TernSimPhase phase)
{
  return phase_names[phase];
}

const char *
tern_sim_fault_to_string (TernSimFault fault)
{
  return fault_names[fault];
}

gboolean
tern_sim_host_state_from_string (const char *name, TernSimHostState *out_state)
{
  return find_word (host_state_names, TERN_SIM_HOST_N_STATES, name, (guint *) out_state);
}

gboolean
tern_sim_phase_from_string (const char *name, TernSimPhase *out_phase)
{
  return find_word (phase_names, TERN_SIM_N_PHASES, name, (guint *) out_phase);
}

gboolean
tern_sim_fault_from_string (const char *name, TernSimFault *out_fault)
{
  return find_word (fault_names, TERN_SIM_N_FAULTS, name, (guint *) out_fault);
}

/* --- domains --- */

static void
domain_free (gpointer data)
{
  SimDomain *self = data;

  if (self->start_timer != 0)
    tern_clock_clear_timer (self->host->sim->clock, &self->start_timer);
  tern_sim_domain_forget_shutdown (self);
  tern_vm_unref (self->vm);
  tern_cpu_unref (self->defined);
  tern_cpu_unref (self->original);
  g_free (self);
}

TernVm *
tern_sim_domain_edit (SimDomain *self)
{
  TernVm *vm = tern_vm_copy (self->vm);

  tern_vm_unref (self->vm);
  self->vm = vm;
  return vm;
}

void
tern_sim_domain_set_cpu (SimDomain *self, TernCpu *cpu)
{
  TernVm *vm = tern_sim_domain_edit (self);

  tern_cpu_unref (vm->cpu);
  vm->cpu = cpu != NULL ? tern_cpu_ref (cpu) : NULL;
}

static void
replace_cpu (TernCpu **place, TernCpu *with)
{
  tern_cpu_unref (*place);
  *place = with != NULL ? tern_cpu_ref (with) : NULL;
}

void
tern_sim_domain_inherit (SimDomain *self, const SimDomain *from)
{
  replace_cpu (&self->defined, from->defined);
  replace_cpu (&self->original, from->original);
  self->home = from->home;
  self->shutdown_us = from->shutdown_us;
  tern_sim_domain_inherit_shutdown (self, from);
}

void
tern_sim_domain_set_state (SimDomain *self, TernVmState state, TernVmReason reason)
{
  gboolean ended = tern_vm_state_is_active (self->vm->state) && !tern_vm_state_is_active (state);
  TernVm *vm = tern_sim_domain_edit (self);

  vm->state = state;
  vm->reason = reason;
  if (!tern_vm_state_is_active (state))
    tern_sim_domain_forget_shutdown (self);
  if (ended)
    tern_sim_domain_set_cpu (self, self->defined);
}

void
tern_sim_domain_set_persistent (SimDomain *self, gboolean persistent)
{
  tern_sim_domain_edit (self)->persistent = persistent;
}

SimDomain *
tern_sim_host_find_domain (SimHost *self, const char *uuid)
{
  return g_hash_table_lookup (self->domains, uuid);
}

SimDomain *
tern_sim_host_find_domain_by_name (SimHost *self, const char *name)
{
  SimDomain *domain = tern_sim_host_find_domain (self, name);
  GHashTableIter iter;

  if (domain != NULL)
    return domain;
  /* Names are unique on a host: the order does not matter. */
  g_hash_table_iter_init (&iter, self->domains);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &domain))
    if (g_str_equal (domain->vm->name, name))
      return domain;
  return NULL;
}

SimDomain *
tern_sim_host_put_domain (SimHost *self, const TernVm *vm, guint64 dirty_bps)
{
  SimDomain *domain = g_new0 (SimDomain, 1);

  domain->vm = tern_vm_copy (vm);
  g_free (domain->vm->host);
  domain->vm->host = g_strdup (self->name);
  domain->dirty_bps = dirty_bps;
  domain->home = domain->host = self;
  domain->shutdown_us = SIM_SHUTDOWN_US;
  domain->defined = vm->cpu != NULL ? tern_cpu_ref (vm->cpu) : NULL;
  g_hash_table_replace (self->domains, g_strdup (vm->uuid), domain);
  return domain;
}

void
tern_sim_host_remove_domain (SimHost *self, const char *uuid)
{
  g_hash_table_remove (self->domains, uuid);
}

/* --- hosts --- */

SimHost *
tern_sim_host_new (TernHostConfig *config)
{
  SimHost *self = g_new0 (SimHost, 1);

  self->config = tern_host_config_ref (config);
  self->name = config->name;
  self->domains = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, domain_free);
  self->ports = g_ptr_array_new ();
  self->parked = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_sim_call_unref);
  return self;
}

void
tern_sim_host_free (SimHost *self)
{
  if (self->sim != NULL)
    {
      tern_clock_clear_timer (self->sim->clock, &self->keepalive);
      tern_clock_clear_timer (self->sim->clock, &self->reset);
    }
  g_hash_table_unref (self->domains);
  tern_host_facts_unref (self->facts);
  tern_host_config_unref (self->config);
  g_ptr_array_unref (self->ports);
  g_ptr_array_unref (self->parked);
  g_free (self);
}

guint64
tern_sim_host_get_used (SimHost *self)
{
  GHashTableIter iter;
  SimDomain *domain;
  guint64 sum = 0;

  g_hash_table_iter_init (&iter, self->domains);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &domain))
    if (tern_vm_state_is_active (domain->vm->state)
        && __builtin_add_overflow (sum, tern_vm_get_memory_need (domain->vm), &sum))
      return G_MAXUINT64;
  return sum;
}

void
tern_sim_host_note_free (SimHost *self)
{
  guint64 used = tern_sim_host_get_used (self);
  guint64 taken = self->facts->memory_total > self->facts->memory_free
                      ? self->facts->memory_total - self->facts->memory_free
                      : 0;

  self->memory_other = taken > used ? taken - used : 0;
}

void
tern_sim_host_check_memory (SimHost *self)
{
  if (tern_sim_host_get_used (self) > self->facts->memory_total)
    self->overcommitted = TRUE;
}

SimHost *
tern_sim_find_host (TernSim *self, const char *name)
{
  for (guint i = 0; i < self->hosts->len; i++)
    {
      SimHost *host = self->hosts->pdata[i];

      if (g_str_equal (host->name, name))
        return host;
    }
  return NULL;
}

void
tern_sim_adopt_host (TernSim *self, SimHost *host)
{
  host->sim = self;
  g_ptr_array_add (self->hosts, host);
}

static gboolean
stop_domain (gpointer key, gpointer value, gpointer unused)
{
  SimDomain *domain = value;

  (void) key;
  (void) unused;
  domain->has_completed = FALSE;
  domain->starting = FALSE;
  if (domain->start_timer != 0)
    tern_clock_clear_timer (domain->host->sim->clock, &domain->start_timer);
  if (!tern_vm_state_is_active (domain->vm->state))
    return FALSE;
  if (!domain->vm->persistent)
    return TRUE;
  tern_sim_domain_set_state (domain, TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  domain->move = NULL;
  return FALSE;
}

static gboolean
on_keepalive_lost (gpointer data)
{
  SimHost *self = data;

  self->keepalive = 0;
  tern_sim_host_drop_connections (self, "it did not answer keepalive messages");
  return G_SOURCE_REMOVE;
}

static void
change_host_state (SimHost *self, TernSimHostState state)
{
  TernSimHostState before = self->state;

  if (state == before)
    return;
  self->state = state;
  tern_clock_clear_timer (self->sim->clock, &self->keepalive);
  tern_sim_moves_host_changed (self);

  if (state == TERN_SIM_HOST_DOWN)
    g_hash_table_foreach_remove (self->domains, stop_domain, NULL);
  if (state == TERN_SIM_HOST_DOWN || state == TERN_SIM_HOST_CUT)
    tern_sim_host_drop_connections (
        self, state == TERN_SIM_HOST_DOWN ? "the host went down" : "the network between broke");
  if (state == TERN_SIM_HOST_HANG)
    self->keepalive =
        tern_clock_add_timer (self->sim->clock, SIM_KEEPALIVE_US, on_keepalive_lost, self);
  if (before == TERN_SIM_HOST_HANG)
    tern_sim_host_wake (self);
}

/* --- faults --- */

void
tern_sim_fault_free (SimFault *self)
{
  if (self->sim != NULL)
    tern_clock_clear_timer (self->sim->clock, &self->timer);
  g_free (self->vm);
  g_free (self);
}

static gboolean
on_host_fault (gpointer data)
{
  SimFault *self = data;

  self->timer = 0;
  change_host_state (self->host, self->state);
  return G_SOURCE_REMOVE;
}

void
tern_sim_adopt_fault (TernSim *self, SimFault *fault, gint64 delay_us)
{
  fault->sim = self;
  g_ptr_array_add (self->faults, fault);
  if (fault->host != NULL)
    fault->timer = tern_clock_add_timer (self->clock, delay_us, on_host_fault, fault);
}

static gboolean
fault_fits (const SimFault *self, const TernVm *vm, TernSimPhase phase)
{
  return self->vm != NULL && self->times > 0 && self->phase == phase
         && (g_str_equal (self->vm, vm->name) || g_str_equal (self->vm, vm->uuid));
}

gboolean
tern_sim_take_fault (TernSim *self, const TernVm *vm, TernSimPhase phase, TernSimFault *out_fault,
                     gint64 *out_length_us)
{
  for (guint i = 0; i < self->faults->len; i++)
    {
      SimFault *fault = self->faults->pdata[i];

      if (!fault_fits (fault, vm, phase))
        continue;
      fault->times--;
      *out_fault = fault->fault;
      *out_length_us = fault->length_us;
      return TRUE;
    }
  return FALSE;
}

/* --- the cluster --- */

static void
tern_sim_finalize (GObject *object)
{
  TernSim *self = TERN_SIM (object);

  g_ptr_array_unref (self->moves);
  g_array_unref (self->links);
  g_ptr_array_unref (self->faults);
  g_ptr_array_unref (self->hosts);
  g_ptr_array_unref (self->shared_paths);
  g_object_unref (self->clock);
  G_OBJECT_CLASS (tern_sim_parent_class)->finalize (object);
}

static void
tern_sim_class_init (TernSimClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tern_sim_finalize;
}

static void
tern_sim_init (TernSim *self)
{
  self->shared_paths = g_ptr_array_new_with_free_func (g_free);
  self->settings = (TernSettings) TERN_SETTINGS_INIT;
  self->hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_sim_host_free);
  self->links = g_array_new (FALSE, FALSE, sizeof (SimLink));
  self->moves = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_sim_move_free);
  self->faults = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_sim_fault_free);
}

TernSim *
tern_sim_new (TernClock *clock)
{
  TernSim *self;

  g_return_val_if_fail (TERN_IS_CLOCK (clock), NULL);

  self = g_object_new (TERN_TYPE_SIM, NULL);
  self->clock = g_object_ref (clock);
  return self;
}

GPtrArray *
tern_sim_get_host_configs (TernSim *self)
{
  GPtrArray *configs = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_config_unref);

  g_return_val_if_fail (TERN_IS_SIM (self), configs);

  for (guint i = 0; i < self->hosts->len; i++)
    {
      SimHost *host = self->hosts->pdata[i];

      if (host->listed)
        g_ptr_array_add (configs, tern_host_config_ref (host->config));
    }
  return configs;
}

const TernSettings *
tern_sim_get_settings (TernSim *self)
{
  g_return_val_if_fail (TERN_IS_SIM (self), NULL);
  return &self->settings;
}

GStrv
tern_sim_dup_shared_paths (TernSim *self)
{
  GStrv paths;

  g_return_val_if_fail (TERN_IS_SIM (self), NULL);

  paths = g_new0 (char *, self->shared_paths->len + 1);
  for (guint i = 0; i < self->shared_paths->len; i++)
    paths[i] = g_strdup (self->shared_paths->pdata[i]);
  return paths;
}

GStrv
tern_sim_get_overcommitted (TernSim *self)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();

  g_return_val_if_fail (TERN_IS_SIM (self), NULL);

  for (guint i = 0; i < self->hosts->len; i++)
    {
      const SimHost *host = self->hosts->pdata[i];

      if (host->overcommitted)
        g_strv_builder_add (names, host->name);
    }
  return g_strv_builder_end (names);
}

void
tern_sim_set_host_state (TernSim *self, const char *host, TernSimHostState state)
{
  SimHost *found = tern_sim_find_host (self, host);

  g_return_if_fail (found != NULL);
  g_return_if_fail ((guint) state < TERN_SIM_HOST_N_STATES);
  change_host_state (found, state);
}

static SimDomain *
find_domain (TernSim *self, const char *host, const char *vm, SimHost **out_host)
{
  *out_host = tern_sim_find_host (self, host);
  return *out_host != NULL ? tern_sim_host_find_domain_by_name (*out_host, vm) : NULL;
}

void
tern_sim_set_vm_state (TernSim *self, const char *host, const char *vm, TernVmState state,
                       TernVmReason reason)
{
  SimHost *on;
  SimDomain *domain = find_domain (self, host, vm, &on);

  g_return_if_fail (domain != NULL);
  tern_sim_domain_set_state (domain, state, reason);
  tern_sim_host_emit_vm (on, domain->vm->uuid);
}

void
tern_sim_remove_vm (TernSim *self, const char *host, const char *vm)
{
  SimHost *on;
  SimDomain *domain = find_domain (self, host, vm, &on);
  g_autofree char *uuid = NULL;

  g_return_if_fail (domain != NULL);
  g_return_if_fail (domain->move == NULL);
  uuid = g_strdup (domain->vm->uuid);
  tern_sim_host_remove_domain (on, uuid);
  tern_sim_host_emit_vm (on, uuid);
}

void
tern_sim_set_dirty_rate (TernSim *self, const char *host, const char *vm, guint64 bytes_per_second)
{
  SimHost *on;
  SimDomain *domain = find_domain (self, host, vm, &on);

  g_return_if_fail (domain != NULL);
  domain->dirty_bps = bytes_per_second;
}

void
tern_sim_add_fault (TernSim *self, const char *vm, TernSimPhase phase, TernSimFault fault,
                    guint times)
{
  SimFault *made = g_new0 (SimFault, 1);

  made->vm = g_strdup (vm);
  made->phase = phase;
  made->fault = fault;
  made->times = times;
  tern_sim_adopt_fault (self, made, 0);
}

void
tern_sim_release (TernSim *self, const char *vm)
{
  for (guint i = 0; i < self->hosts->len; i++)
    {
      SimDomain *domain = tern_sim_host_find_domain_by_name (self->hosts->pdata[i], vm);

      if (domain != NULL && domain->starting)
        tern_sim_domain_run (self->hosts->pdata[i], domain);
      if (domain != NULL && domain->move != NULL
          && tern_sim_move_is_outgoing (domain->move, self->hosts->pdata[i]))
        tern_sim_move_release (domain->move);
    }
}
