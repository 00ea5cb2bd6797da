/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A migration whose guest goes ahead.
 *
 *             20 ms                rest of the memory    50 ms
 *   source    paused (migration)   paused (postcopy)     paused (postcopy)   gone
 *   dest.     paused (migration)   running (postcopy)    running (migrated)  running
 *   stage     SWITCH               POSTCOPY              FINISH
 *   fault                          half of the rest      at once
 *
 * What breaks it leaves paused (postcopy-failed) and running (postcopy-failed), with the job still
 * in place and nobody waiting for it (BROKEN). Taken up again it is in POSTCOPY once more.
 */
#include "config.h"

#include "drivers/sim-move.h"

#include "base/error.h"

#define TAKE_UP_US (100 * 1000)

static void
tell_both (SimHost *source, SimHost *dest, const char *uuid)
{
  tern_sim_host_emit_vm (dest, uuid);
  tern_sim_host_emit_vm (source, uuid);
  tern_sim_host_emit_job (source, uuid);
}

/* Until the fault's place, or the end. */
void
tern_sim_move_schedule_rest (SimMove *self)
{
  guint64 half = self->postcopy_rest / 2;
  guint64 until = self->remaining;

  if (!self->struck && self->remaining > half)
    until = self->remaining - half;
  tern_sim_move_schedule (self, tern_sim_move_time_to_send (until, self->rate),
                          tern_sim_move_step_rest);
}

void
tern_sim_move_step_rest (SimMove *self)
{
  tern_sim_move_settle (self);
  if (!self->struck && self->remaining <= self->postcopy_rest / 2)
    {
      self->struck = TRUE;
      if (tern_sim_move_strike (self, TERN_SIM_POSTCOPY))
        tern_sim_move_schedule_rest (self);
    }
  else if (self->remaining > 0)
    tern_sim_move_schedule_rest (self);
  else
    tern_sim_move_step_switched (self);
}

static void
show_postcopy (SimMove *self)
{
  tern_sim_domain_set_state (tern_sim_move_find_source (self), TERN_VM_PAUSED,
                             TERN_REASON_POSTCOPY);
  tern_sim_domain_set_state (tern_sim_move_find_dest (self), TERN_VM_RUNNING, TERN_REASON_POSTCOPY);
}

static void
begin_rest (SimMove *self)
{
  self->stage = STAGE_POSTCOPY;
  self->struck = FALSE;
  self->rate = 0;
  self->settled_us = tern_clock_now_us (self->sim->clock);
  tern_sim_move_share_links (self->sim);
}

/* The guest runs on the destination from here on. */
void
tern_sim_move_step_ahead (SimMove *self)
{
  SimHost *source = self->source, *dest = self->dest;
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  g_autofree char *uuid = g_strdup (self->vm->uuid);

  tern_sim_move_settle (self);
  self->handing_over = FALSE;
  self->postcopied = TRUE;
  self->downtime_us = self->settled_us - self->paused_us;
  self->postcopy_rest = self->remaining;
  show_postcopy (self);
  begin_rest (self);
  tell_both (source, dest, uuid);
}

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error (error, TERN_ERROR, TERN_ERROR_FAILED, "Requested operation is not valid: %s", why);
  return FALSE;
}

gboolean
tern_sim_move_start_postcopy (SimMove *self, GError **error)
{
  SimHost *source = self->source;
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  g_autofree char *uuid = g_strdup (self->vm->uuid);

  if (!(self->flags & TERN_MIGRATE_POSTCOPY))
    return refuse (error, "switching to post-copy requires migration to be started with "
                          "VIR_MIGRATE_POSTCOPY flag");
  if (self->postcopied || self->stage == STAGE_PREPARE
      || (!self->paused && tern_sim_move_find_source (self)->vm->state != TERN_VM_RUNNING))
    return refuse (error, "post-copy can only be started while outgoing migration is in progress");
  /* The switchover has begun: too late, and no error. */
  if (self->stage != STAGE_COPY)
    return TRUE;

  tern_sim_move_settle (self);
  tern_sim_move_hold_guest (self);
  self->remaining = MIN (self->remaining + (guint64) self->dirty_before, self->total);
  self->stage = STAGE_SWITCH;
  self->handing_over = TRUE;
  if (tern_sim_move_strike (self, TERN_SIM_SWITCH))
    tern_sim_move_reschedule (self);
  tern_sim_host_emit_vm (source, uuid);
  tern_sim_host_emit_job (source, uuid);
  return TRUE;
}

/* --- when it breaks --- */

static void
show_broken (SimDomain *domain)
{
  if (domain != NULL && domain->vm->reason == TERN_REASON_POSTCOPY)
    tern_sim_domain_set_state (domain, domain->vm->state, TERN_REASON_POSTCOPY_FAILED);
}

void
tern_sim_move_show_source_lost (SimMove *self)
{
  show_broken (tern_sim_move_find_dest (self));
}

static void
answer (SimMove *self, GError *error)
{
  SimCall *call = g_steal_pointer (&self->call);

  if (call == NULL)
    {
      g_clear_error (&error);
      return;
    }
  tern_sim_call_end (call, error);
  tern_sim_call_unref (call);
}

void
tern_sim_move_break (SimMove *self, TernError code, const char *message)
{
  SimHost *source = self->source, *dest = self->dest;
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  g_autofree char *uuid = g_strdup (self->vm->uuid);

  tern_sim_move_settle (self);
  tern_sim_move_stand_still (self);
  tern_clock_clear_timer (sim->clock, &self->lost_timer);
  self->stage = STAGE_BROKEN;
  self->hung = FALSE;
  self->lost = FALSE;
  self->rate = 0;
  show_broken (tern_sim_move_find_source (self));
  show_broken (tern_sim_move_find_dest (self));
  tern_sim_move_share_links (sim);
  answer (self, g_error_new (TERN_ERROR, code, "%s", message));
  tell_both (source, dest, uuid);
}

static gboolean
on_tcp_given_up (gpointer data)
{
  SimMove *self = data;

  self->tcp_timer = 0;
  tern_sim_move_break (self, TERN_ERROR_FAILED,
                       "operation failed: migration out job: Unable to write to socket: Connection "
                       "timed out");
  return G_SOURCE_REMOVE;
}

void
tern_sim_move_watch_tcp (SimMove *self)
{
  TernClock *clock = self->sim->clock;

  if (self->stage != STAGE_POSTCOPY || !tern_sim_move_is_sending (self)
      || !tern_sim_move_is_cut (self))
    tern_clock_clear_timer (clock, &self->tcp_timer);
  else if (self->tcp_timer == 0)
    self->tcp_timer = tern_clock_add_timer (clock, SIM_TCP_US, on_tcp_given_up, self);
}

/* --- and is taken up again --- */

/* NULL, or why it cannot go on. */
static char *
find_obstacle (const SimMove *self)
{
  const SimDomain *dest = tern_sim_move_find_dest (self);

  if (self->dest->state == TERN_SIM_HOST_DOWN || self->dest->state == TERN_SIM_HOST_HANG)
    return g_strdup_printf ("unable to connect to server at '%s': No route to host",
                            self->dest->name);
  if (tern_sim_move_is_cut (self))
    return g_strdup_printf ("unable to connect to server at '%s': Connection timed out",
                            self->dest->name);
  if (dest == NULL || dest->move != self || dest->vm->state != TERN_VM_RUNNING)
    return g_strdup ("Requested operation is not valid: the destination does not wait for the rest "
                     "of this domain");
  return NULL;
}

static void
step_take_up (SimMove *self)
{
  SimHost *source = self->source, *dest = self->dest;
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  g_autofree char *uuid = g_strdup (self->vm->uuid);
  g_autofree char *obstacle = find_obstacle (self);

  if (obstacle != NULL)
    {
      answer (self, g_error_new (TERN_ERROR, TERN_ERROR_FAILED, "%s", obstacle));
      return;
    }
  show_postcopy (self);
  begin_rest (self);
  tell_both (source, dest, uuid);
}

gboolean
tern_sim_move_take_up (SimMove *self, const SimHost *dest, SimCall *call, GError **error)
{
  if (self == NULL || self->stage != STAGE_BROKEN || self->dest != dest)
    return refuse (error, "there is no broken post-copy migration of this domain to that host");
  if (self->call != NULL)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_BUSY,
                   "Timed out during operation: the post-copy migration is being taken up already");
      return FALSE;
    }
  self->call = tern_sim_call_ref (call);
  tern_sim_move_schedule (self, TAKE_UP_US, step_take_up);
  return TRUE;
}
