/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The copy of a simulated migration: passes over memory while the guest writes anew, until what is
 * left fits into the downtime limit; and what can be done about a guest that writes too much.
 */
#include "config.h"

#include "drivers/sim-move.h"

#define SWITCH_US (20 * 1000)
#define LEAST_SPEED (G_GUINT64_CONSTANT (1) << 20)

#define THROTTLE_INITIAL 20
#define THROTTLE_INCREMENT 10
#define THROTTLE_MAX 99

static gint64
now_us (const SimMove *self)
{
  return tern_clock_now_us (self->sim->clock);
}

/* --- what goes over --- */

gint64
tern_sim_move_time_to_send (guint64 bytes, guint64 rate)
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
  tern_sim_move_schedule (self, until == 0 ? 0 : tern_sim_move_time_to_send (until, self->rate),
                          step_copy);
}

static void
schedule_switch (SimMove *self)
{
  if (self->handing_over)
    tern_sim_move_schedule (self, SWITCH_US, tern_sim_move_step_ahead);
  else
    tern_sim_move_schedule (self,
                            tern_sim_move_time_to_send (self->remaining, self->rate) + SWITCH_US,
                            tern_sim_move_step_switched);
}

void
tern_sim_move_reschedule (SimMove *self)
{
  if (self->rate == 0)
    tern_sim_move_stand_still (self);
  else if (self->stage == STAGE_COPY)
    schedule_copy (self);
  else if (self->stage == STAGE_SWITCH)
    schedule_switch (self);
  else
    tern_sim_move_schedule_rest (self);
}

/* --- passes --- */

static void
begin_pass (SimMove *self, guint64 bytes)
{
  self->iteration++;
  self->remaining = bytes;
  self->pass_bytes = 0;
  self->pass_us = now_us (self);
  self->settled_us = self->pass_us;
  self->dirty_since_us = self->pass_us;
  self->dirty_before = 0;
}

void
tern_sim_move_start_copying (SimMove *self)
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
  if (!self->paused)
    {
      self->run = domain->vm->state == TERN_VM_RUNNING;
      self->paused = TRUE;
      self->paused_us = now_us (self);
    }
  self->remaining = rest;
  self->settled_us = now_us (self);
  tern_sim_domain_set_state (domain, TERN_VM_PAUSED, TERN_REASON_MIGRATION);
  if (tern_sim_move_strike (self, TERN_SIM_SWITCH))
    schedule_switch (self);
  tern_sim_host_emit_vm (source, uuid);
  tern_sim_host_emit_job (source, uuid);
}

/* Bytes that were dirtied since the pass began. */
static guint64
count_dirty (SimMove *self)
{
  double seconds = (double) (now_us (self) - self->dirty_since_us) / G_USEC_PER_SEC;
  double dirtied;

  self->dirty_seen = compute_dirty_rate (self);
  dirtied = self->dirty_before + (double) self->dirty_seen * seconds;
  return dirtied >= (double) self->total ? self->total : (guint64) dirtied;
}

static gboolean
fits_downtime (const SimMove *self, guint64 rest)
{
  return tern_sim_move_time_to_send (rest, self->rate) <= self->downtime_limit_us;
}

static void
end_pass (SimMove *self)
{
  guint64 dirty = count_dirty (self);

  adapt_throttle (self, dirty);
  if (fits_downtime (self, dirty))
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

/* --- steering --- */

/* More may fit all at once. */
void
tern_sim_move_set_downtime (SimMove *self, guint downtime_ms)
{
  guint64 rest;

  self->downtime_limit_us = (gint64) downtime_ms * 1000;
  if (self->stage != STAGE_COPY || self->rate == 0
      || !tern_vm_state_is_active (tern_sim_move_find_source (self)->vm->state))
    return;
  tern_sim_move_settle (self);
  rest = self->remaining + count_dirty (self);
  if (fits_downtime (self, MIN (rest, self->total)))
    begin_switch (self, MIN (rest, self->total));
}

void
tern_sim_move_set_speed (SimMove *self, guint64 bandwidth_bps, gboolean postcopy)
{
  guint64 whole = bandwidth_bps / LEAST_SPEED * LEAST_SPEED;

  if (bandwidth_bps > 0)
    whole = MAX (whole, LEAST_SPEED);
  if (postcopy)
    self->postcopy_bandwidth_bps = whole;
  else
    self->bandwidth_bps = whole;
  tern_sim_move_share_links (self->sim);
}

/* What it dirties stops with it. */
void
tern_sim_move_hold_guest (SimMove *self)
{
  SimDomain *domain = tern_sim_move_find_source (self);

  if (self->paused || domain->vm->state != TERN_VM_RUNNING)
    return;
  if (self->stage == STAGE_COPY)
    {
      self->dirty_before = (double) count_dirty (self);
      self->dirty_since_us = now_us (self);
    }
  self->run = TRUE;
  self->paused = TRUE;
  self->paused_us = now_us (self);
  tern_sim_domain_set_state (domain, TERN_VM_PAUSED, TERN_REASON_MIGRATION);
}

gboolean
tern_sim_move_pause (SimMove *self)
{
  const SimDomain *domain = tern_sim_move_find_source (self);

  if (domain == NULL || !tern_vm_state_is_active (domain->vm->state) || self->postcopied)
    return FALSE;
  tern_sim_move_hold_guest (self);
  tern_sim_host_emit_vm (self->source, self->vm->uuid);
  return TRUE;
}

/* --- telling --- */

/* In post-copy the guest waits for every tenth page that goes over. */
static guint64
count_page_requests (const SimMove *self)
{
  return self->postcopied ? (self->postcopy_rest - self->remaining) / (4096 * 10) : 0;
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
    .throttle = now.throttle,
    .page_requests = count_page_requests (&now),
  };
}
