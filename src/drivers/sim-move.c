/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A migration in virtual time.
 *
 *             20 ms       180 ms      pass, pass, …      rest + 20 ms       50 ms
 *   source    running     running     running            paused             paused      gone
 *   dest.     -           paused      paused             paused             running     running
 *   stage     BEGIN       PREPARE     COPY               SWITCH             FINISH
 *   fault                 half-way    half of pass 1     at once            at once
 *
 * Each step schedules the next one first and emits signals last: whoever listens may
 * abort, or turn a host off, and with that end the migration.
 */
#include "config.h"

#include "drivers/sim-move.h"

#include "base/error.h"

#define BEGIN_US (20 * 1000)
#define PREPARE_US (180 * 1000)
#define SWITCH_US (20 * 1000)
#define FINISH_US (50 * 1000)
#define DOWNTIME_LIMIT_US (300 * 1000)

#define THROTTLE_INITIAL 20
#define THROTTLE_INCREMENT 10
#define THROTTLE_MAX 99

static gint64
now_us (const SimMove *self)
{
  return tern_clock_now_us (self->sim->clock);
}

SimDomain *
tern_sim_move_find_source (const SimMove *self)
{
  return tern_sim_host_find_domain (self->source, self->vm->uuid);
}

SimDomain *
tern_sim_move_find_dest (const SimMove *self)
{
  return tern_sim_host_find_domain (self->dest, self->vm->uuid);
}

void
tern_sim_move_free (SimMove *self)
{
  tern_clock_clear_timer (self->sim->clock, &self->timer);
  tern_clock_clear_timer (self->sim->clock, &self->lost_timer);
  tern_clock_clear_timer (self->sim->clock, &self->abort_timer);
  tern_vm_unref (self->vm);
  if (self->dest_before != NULL)
    tern_vm_unref (self->dest_before);
  if (self->call != NULL)
    tern_sim_call_unref (self->call);
  g_free (self);
}

/* --- scheduling --- */

/* The stages that a frozen libvirtd on either side holds up. */
gboolean
tern_sim_move_is_held_up (const SimMove *self)
{
  return self->source->state == TERN_SIM_HOST_HANG
         || (self->dest->state == TERN_SIM_HOST_HANG && self->stage != STAGE_FINISH);
}

static gboolean
source_is_alive (const SimMove *self)
{
  const SimDomain *domain = tern_sim_move_find_source (self);

  if (self->flags & TERN_MIGRATE_OFFLINE)
    return domain != NULL && domain->vm->state == TERN_VM_SHUT_OFF;
  return domain != NULL && tern_vm_state_is_active (domain->vm->state);
}

static gboolean
on_timer (gpointer data)
{
  SimMove *self = data;

  self->timer = 0;
  if (tern_sim_move_is_held_up (self))
    self->waiting = TRUE;
  else if (self->stage != STAGE_FINISH && !source_is_alive (self))
    tern_sim_move_fail (self, TERN_ERROR_FAILED,
                        self->flags & TERN_MIGRATE_OFFLINE
                            ? "operation failed: domain is not shut off"
                            : "operation failed: domain is not running");
  else
    self->step (self);
  return G_SOURCE_REMOVE;
}

void
tern_sim_move_schedule (SimMove *self, gint64 delay_us, StepFunc step)
{
  tern_clock_clear_timer (self->sim->clock, &self->timer);
  self->waiting = FALSE;
  self->step = step;
  self->timer = tern_clock_add_timer (self->sim->clock, delay_us, on_timer, self);
}

void
tern_sim_move_stand_still (SimMove *self)
{
  tern_clock_clear_timer (self->sim->clock, &self->timer);
  self->waiting = FALSE;
}

/* --- the links --- */

static gboolean
is_sending (const SimMove *self)
{
  return (self->stage == STAGE_COPY || self->stage == STAGE_SWITCH) && !self->hung && !self->lost;
}

static guint64
compute_rate (const SimMove *self)
{
  guint out = 0, in = 0;
  guint64 rate;

  if (!is_sending (self))
    return 0;
  for (guint i = 0; i < self->sim->moves->len; i++)
    {
      const SimMove *other = self->sim->moves->pdata[i];

      if (!is_sending (other))
        continue;
      out += other->source == self->source;
      in += other->dest == self->dest;
    }
  rate = MIN (self->source->link_bps / MAX (out, 1), self->dest->link_bps / MAX (in, 1));
  if (self->bandwidth_bps > 0)
    rate = MIN (rate, self->bandwidth_bps);
  return MAX (rate, 1);
}

static gint64
time_to_send (guint64 bytes, guint64 rate)
{
  return (gint64) ((double) bytes / (double) rate * G_USEC_PER_SEC) + 1;
}

/* What was sent until now, at the rate until now. */
void
tern_sim_move_settle (SimMove *self)
{
  gint64 now = now_us (self);
  double sent = (double) self->rate * (double) (now - self->settled_us) / G_USEC_PER_SEC;
  guint64 bytes = sent >= (double) self->remaining ? self->remaining : (guint64) sent;

  self->remaining -= bytes;
  self->processed += bytes;
  self->pass_bytes += bytes;
  self->settled_us = now;
}

static void step_copy (SimMove *self);

/* Until the fault's place in the first pass, or the end of the pass. */
static void
schedule_copy (SimMove *self)
{
  guint64 until = self->remaining;

  if (self->iteration == 1 && !self->struck && self->remaining > self->total / 2)
    until = self->remaining - self->total / 2;
  tern_sim_move_schedule (self, until == 0 ? 0 : time_to_send (until, self->rate), step_copy);
}

/* The moves that share a link have changed: all that copy get their new share. */
void
tern_sim_move_share_links (TernSim *sim)
{
  for (guint i = 0; i < sim->moves->len; i++)
    {
      SimMove *move = sim->moves->pdata[i];
      guint64 rate = compute_rate (move);

      if (move->stage != STAGE_COPY || rate == move->rate)
        continue;
      tern_sim_move_settle (move);
      move->rate = rate;
      if (rate > 0)
        schedule_copy (move);
    }
}

/* --- stages --- */

static void
start_destination (SimMove *self)
{
  SimDomain *there = tern_sim_move_find_dest (self);
  g_autoptr (TernVm) vm = tern_vm_copy (self->vm);
  SimDomain *copy;

  if (there != NULL)
    self->dest_before = tern_vm_ref (there->vm);
  vm->state = TERN_VM_PAUSED;
  vm->reason = TERN_REASON_MIGRATION;
  vm->persistent = self->dest_before != NULL;
  copy = tern_sim_host_put_domain (self->dest, vm, tern_sim_move_find_source (self)->dirty_bps);
  copy->move = self;
  copy->arrived = TRUE;
  tern_sim_domain_inherit (copy, tern_sim_move_find_source (self));
  tern_sim_host_check_memory (self->dest);
}

/* NULL, or why the destination takes no such VM. */
static char *
find_conflict (const SimMove *self)
{
  SimDomain *same = tern_sim_move_find_dest (self);
  SimDomain *namesake = tern_sim_host_find_domain_by_name (self->dest, self->vm->name);

  if (self->dest->state == TERN_SIM_HOST_DOWN)
    return g_strdup_printf ("unable to connect to server at '%s': No route to host",
                            self->dest->name);
  if (same != NULL && tern_vm_state_is_active (same->vm->state))
    return g_strdup_printf ("Requested operation is not valid: domain '%s' is already active",
                            same->vm->name);
  if (namesake != NULL && namesake != same)
    return g_strdup_printf ("operation failed: domain '%s' already exists with uuid %s",
                            namesake->vm->name, namesake->vm->uuid);
  return NULL;
}

static void
begin_pass (SimMove *self, guint64 bytes)
{
  self->iteration++;
  self->remaining = bytes;
  self->pass_bytes = 0;
  self->pass_us = now_us (self);
  self->settled_us = self->pass_us;
}

static void
start_copying (SimMove *self)
{
  SimHost *source = self->source;
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  g_autofree char *uuid = g_strdup (self->vm->uuid);

  self->stage = STAGE_COPY;
  self->total = self->vm->memory;
  begin_pass (self, self->total);
  self->copy_us = self->pass_us;
  tern_sim_move_share_links (sim);
  tern_sim_host_emit_job (source, uuid);
}

static void
step_prepared (SimMove *self)
{
  if (self->aborting)
    tern_sim_move_fail (self, TERN_ERROR_CANCELLED,
                        "operation aborted: migration out job: canceled by client");
  else
    start_copying (self);
}

/* Half-way through preparing: what the destination's start meets. */
static void
step_starting (SimMove *self)
{
  g_autofree char *problem = tern_sim_find_cpu_problem (self->dest, self->vm);

  if (problem != NULL)
    {
      tern_sim_move_fail (self, TERN_ERROR_FAILED, problem);
      return;
    }
  if (tern_sim_move_strike (self, TERN_SIM_PREPARE))
    tern_sim_move_schedule (self, PREPARE_US / 2, step_prepared);
}

/* Only the definition goes over; the source keeps its own. */
static void
copy_definition (SimMove *self)
{
  SimHost *dest = self->dest;
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  g_autofree char *uuid = g_strdup (self->vm->uuid);
  const SimDomain *source = tern_sim_move_find_source (self);
  SimDomain *copy = tern_sim_host_put_domain (dest, source->vm, source->dirty_bps);

  tern_sim_domain_inherit (copy, source);
  tern_sim_move_end (self, NULL);
  tern_sim_host_emit_vm (dest, uuid);
}

static void
step_begin (SimMove *self)
{
  SimHost *dest = self->dest;
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  g_autofree char *uuid = g_strdup (self->vm->uuid);
  g_autofree char *conflict = find_conflict (self);
  gboolean offline = (self->flags & TERN_MIGRATE_OFFLINE) != 0;

  if (conflict == NULL && offline)
    conflict = tern_sim_find_machine_problem (dest->facts, self->vm);
  else if (conflict == NULL)
    conflict = tern_sim_find_arrival_problem (dest, tern_sim_move_find_source (self));

  if (conflict != NULL)
    {
      tern_sim_move_fail (self, TERN_ERROR_FAILED, conflict);
      return;
    }
  if (offline)
    {
      if (tern_sim_move_strike (self, TERN_SIM_PREPARE))
        copy_definition (self);
      return;
    }
  self->stage = STAGE_PREPARE;
  start_destination (self);
  tern_sim_move_schedule (self, PREPARE_US / 2, step_starting);
  tern_sim_host_emit_vm (dest, uuid);
}

static void
step_confirm (SimMove *self)
{
  SimHost *source = self->source;
  SimDomain *domain = tern_sim_move_find_source (self);
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  g_autofree char *uuid = g_strdup (self->vm->uuid);
  gboolean keep = self->vm->persistent && (self->leave_definition || !self->persistent);

  if (domain != NULL && keep)
    tern_sim_domain_set_state (domain, TERN_VM_SHUT_OFF, TERN_REASON_MIGRATED);
  else
    tern_sim_host_remove_domain (source, uuid);
  tern_sim_move_end (self, NULL);
  tern_sim_host_emit_vm (source, uuid);
  tern_sim_host_emit_job (source, uuid);
}

static void
run_destination (SimMove *self)
{
  SimDomain *dest = tern_sim_move_find_dest (self);
  TernJobStats *stats = &dest->completed;

  if (self->run)
    tern_sim_domain_set_state (dest, TERN_VM_RUNNING, TERN_REASON_MIGRATED);
  else
    tern_sim_domain_set_state (dest, TERN_VM_PAUSED, TERN_REASON_USER);
  if (self->persistent)
    tern_sim_domain_set_persistent (dest, TRUE);

  tern_sim_move_get_stats (self, stats);
  stats->active = FALSE;
  stats->outgoing = FALSE;
  stats->has_downtime = self->run;
  stats->downtime_us = now_us (self) - self->paused_us;
  dest->has_completed = TRUE;
  dest->home = self->dest;
}

static void
step_switched (SimMove *self)
{
  SimHost *dest = self->dest;
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  g_autofree char *uuid = g_strdup (self->vm->uuid);
  TernSimFault fault;
  gint64 length_us;
  gboolean struck = tern_sim_take_fault (sim, self->vm, TERN_SIM_FINISH, &fault, &length_us);

  tern_sim_move_settle (self);
  self->processed += self->remaining;
  self->remaining = 0;
  self->stage = STAGE_FINISH;
  tern_sim_move_share_links (sim);
  if (struck && fault == TERN_SIM_FAULT_ERROR)
    {
      tern_sim_move_apply_fault (self, TERN_SIM_FINISH, fault, length_us);
      return;
    }
  run_destination (self);
  self->rate = 0;
  if (!struck || tern_sim_move_apply_fault (self, TERN_SIM_FINISH, fault, length_us))
    tern_sim_move_schedule (self, FINISH_US, step_confirm);
  tern_sim_host_emit_vm (dest, uuid);
}

static guint64
compute_dirty_rate (const SimMove *self)
{
  const SimDomain *domain = tern_sim_move_find_source (self);

  if (domain->vm->state != TERN_VM_RUNNING)
    return 0;
  return domain->dirty_bps / 100 * (100 - self->throttle);
}

/* As QEMU: when more than half of what a pass sent is dirty again. */
static void
adapt_throttle (SimMove *self, guint64 dirty)
{
  if (!(self->flags & TERN_MIGRATE_AUTO_CONVERGE) || dirty <= self->pass_bytes / 2)
    return;
  self->throttle = self->throttle == 0 ? THROTTLE_INITIAL
                                       : MIN (self->throttle + THROTTLE_INCREMENT, THROTTLE_MAX);
}

static void
begin_switch (SimMove *self, guint64 rest)
{
  SimHost *source = self->source;
  SimDomain *domain = tern_sim_move_find_source (self);
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  g_autofree char *uuid = g_strdup (self->vm->uuid);

  self->stage = STAGE_SWITCH;
  self->run = domain->vm->state == TERN_VM_RUNNING;
  self->paused = TRUE;
  self->paused_us = now_us (self);
  self->remaining = rest;
  self->settled_us = self->paused_us;
  tern_sim_domain_set_state (domain, TERN_VM_PAUSED, TERN_REASON_MIGRATION);
  if (tern_sim_move_strike (self, TERN_SIM_SWITCH))
    tern_sim_move_schedule (self, time_to_send (rest, self->rate) + SWITCH_US, step_switched);
  tern_sim_host_emit_vm (source, uuid);
  tern_sim_host_emit_job (source, uuid);
}

static void
end_pass (SimMove *self)
{
  double seconds = (double) (now_us (self) - self->pass_us) / G_USEC_PER_SEC;
  double dirtied;
  guint64 dirty;

  self->dirty_seen = compute_dirty_rate (self);
  dirtied = (double) self->dirty_seen * seconds;
  dirty = dirtied >= (double) self->total ? self->total : (guint64) dirtied;
  adapt_throttle (self, dirty);
  if (time_to_send (dirty, self->rate) <= DOWNTIME_LIMIT_US)
    {
      begin_switch (self, dirty);
      return;
    }
  begin_pass (self, dirty);
  schedule_copy (self);
  tern_sim_host_emit_job (self->source, self->vm->uuid);
}

static void
step_copy (SimMove *self)
{
  tern_sim_move_settle (self);
  if (self->iteration == 1 && !self->struck && self->remaining <= self->total / 2)
    {
      self->struck = TRUE;
      if (tern_sim_move_strike (self, TERN_SIM_COPY))
        schedule_copy (self);
    }
  else if (self->remaining > 0)
    schedule_copy (self);
  else
    end_pass (self);
}

/* --- for the others --- */

void
tern_sim_move_continue (SimMove *self)
{
  self->hung = FALSE;
  if (self->lost)
    return;
  switch (self->stage)
    {
    case STAGE_PREPARE:
      tern_sim_move_schedule (self, PREPARE_US / 2, step_prepared);
      break;
    case STAGE_COPY:
      tern_sim_move_share_links (self->sim);
      break;
    case STAGE_SWITCH:
      self->settled_us = now_us (self);
      self->rate = compute_rate (self);
      tern_sim_move_schedule (self, time_to_send (self->remaining, self->rate) + SWITCH_US,
                              step_switched);
      break;
    case STAGE_FINISH:
      tern_sim_move_schedule (self, FINISH_US, step_confirm);
      break;
    case STAGE_BEGIN:
    default:
      if (self->flags & TERN_MIGRATE_OFFLINE)
        tern_sim_move_schedule (self, 0, copy_definition);
      break;
    }
}

gboolean
tern_sim_move_has_job (const SimMove *self)
{
  return self->stage != STAGE_BEGIN;
}

gboolean
tern_sim_move_is_outgoing (const SimMove *self, const SimHost *host)
{
  return self->source == host;
}

void
tern_sim_move_get_stats (SimMove *self, TernJobStats *out_stats)
{
  SimMove now = *self;

  tern_sim_move_settle (&now);
  *out_stats = (TernJobStats){
    .active = TRUE,
    .outgoing = TRUE,
    .elapsed_us = now.settled_us - self->began_us,
    .memory_total = now.total,
    .memory_processed = now.processed,
    .memory_remaining = now.remaining,
    .memory_bps = now.rate,
    .dirty_bps = now.dirty_seen,
    .iteration = now.iteration,
    .setup_us = now.copy_us > 0 ? now.copy_us - now.began_us : 0,
  };
}

static SimHost *
find_peer (SimHost *source, const char *uri)
{
  g_autoptr (GUri) parsed = g_uri_parse (uri, G_URI_FLAGS_NON_DNS, NULL);

  if (parsed == NULL || g_strcmp0 (g_uri_get_scheme (parsed), "sim") != 0
      || g_uri_get_host (parsed) == NULL)
    return NULL;
  return tern_sim_find_host (source->sim, g_uri_get_host (parsed));
}

/* NULL, or why the source host takes no such order. */
static char *
find_refusal (SimHost *source, SimDomain *domain, SimHost *dest, const TernMigrateParams *params)
{
  gboolean offline = (params->flags & TERN_MIGRATE_OFFLINE) != 0;

  if (offline && domain->vm->state != TERN_VM_SHUT_OFF)
    return g_strdup ("Requested operation is not valid: cannot perform offline migration on a "
                     "running domain");
  if (!offline && !tern_vm_state_is_active (domain->vm->state))
    return g_strdup_printf ("Requested operation is not valid: domain '%s' is not running",
                            domain->vm->name);
  if (dest == NULL)
    return g_strdup_printf ("unable to connect to server at '%s'", params->peer_uri);
  if (dest == source)
    return g_strdup_printf ("Attempt to migrate guest to the same host %s", source->name);
  return tern_sim_find_departure_problem (domain, params->flags);
}

gboolean
tern_sim_move_start (SimHost *source, const char *uuid, const TernMigrateParams *params,
                     SimCall *call, GError **error)
{
  SimDomain *domain = tern_sim_host_find_domain (source, uuid);
  SimHost *dest = find_peer (source, params->peer_uri);
  g_autofree char *refusal = NULL;
  TernError code = TERN_ERROR_FAILED;
  SimMove *self;

  if (domain == NULL)
    {
      code = TERN_ERROR_NOT_FOUND;
      refusal = g_strdup_printf ("Domain not found: no domain with matching uuid '%s'", uuid);
    }
  else if (domain->move != NULL || domain->starting)
    {
      code = TERN_ERROR_BUSY;
      refusal =
          g_strdup_printf ("Timed out during operation: domain '%s' has a job", domain->vm->name);
    }
  else
    refusal = find_refusal (source, domain, dest, params);
  if (refusal != NULL)
    {
      g_set_error_literal (error, TERN_ERROR, code, refusal);
      return FALSE;
    }

  self = g_new0 (SimMove, 1);
  self->sim = source->sim;
  self->source = source;
  self->dest = dest;
  self->vm = tern_vm_ref (domain->vm);
  self->persistent = params->persistent;
  self->bandwidth_bps = params->bandwidth_bps;
  self->flags = params->flags;
  self->call = tern_sim_call_ref (call);
  self->began_us = now_us (self);
  self->settled_us = self->began_us;
  domain->move = self;
  g_ptr_array_add (source->sim->moves, self);
  tern_sim_move_schedule (self, BEGIN_US, step_begin);
  return TRUE;
}
