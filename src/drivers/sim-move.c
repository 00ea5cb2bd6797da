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
 * Post-copy lies between COPY and FINISH, see sim-postcopy.c; COPY itself is in sim-copy.c.
 *
 * Each step schedules the next one first and emits signals last: whoever listens may
 * abort, or turn a host off, and with that end the migration.
 */
#include "config.h"

#include "drivers/sim-move.h"

#include "base/error.h"

#define BEGIN_US (20 * 1000)
#define PREPARE_US (180 * 1000)
#define FINISH_US (50 * 1000)
#define DOWNTIME_LIMIT_US (300 * 1000)

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
  tern_clock_clear_timer (self->sim->clock, &self->tcp_timer);
  tern_clock_clear_timer (self->sim->clock, &self->abort_timer);
  tern_clock_clear_timer (self->sim->clock, &self->stuck_timer);
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
         || (self->dest->state == TERN_SIM_HOST_HANG && self->stage < STAGE_FINISH);
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
step_prepared (SimMove *self)
{
  if (self->aborting)
    tern_sim_move_fail (self, TERN_ERROR_CANCELLED,
                        "operation aborted: migration out job: canceled by client");
  else
    tern_sim_move_start_copying (self);
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
  stats->downtime_us = self->postcopied ? self->downtime_us : now_us (self) - self->paused_us;
  dest->has_completed = TRUE;
  dest->home = self->dest;
}

void
tern_sim_move_step_switched (SimMove *self)
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
    case STAGE_SWITCH:
    case STAGE_POSTCOPY:
      tern_sim_move_share_links (self->sim);
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
tern_sim_move_is_stuck (const SimMove *self)
{
  return self->stuck;
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
  if ((params->flags & TERN_MIGRATE_POSTCOPY) && domain->vm->state == TERN_VM_PAUSED)
    return g_strdup ("argument unsupported: post-copy migration is not supported with non-live or "
                     "paused migration");
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
  else if (params->flags & TERN_MIGRATE_POSTCOPY_RESUME)
    return tern_sim_move_take_up (domain->move, dest, call, error);
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
  self->postcopy_bandwidth_bps = params->postcopy_bandwidth_bps;
  self->downtime_limit_us = DOWNTIME_LIMIT_US;
  self->flags = params->flags;
  self->call = tern_sim_call_ref (call);
  self->began_us = now_us (self);
  self->settled_us = self->began_us;
  domain->move = self;
  g_ptr_array_add (source->sim->moves, self);
  tern_sim_move_schedule (self, BEGIN_US, step_begin);
  return TRUE;
}
