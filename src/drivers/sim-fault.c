/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How a simulated migration ends when it does not end well: scripted faults, aborts, and
 * hosts that go down, hang or come back. How it goes when all is well is in sim-move.
 */
#include "config.h"

#include "drivers/sim-move.h"

#include "base/error.h"

#define ABORT_US (5 * 1000)

static const char not_running[] = "operation failed: domain is not running";
static const char answer_lost[] = "operation failed: the answer of the destination was lost";

/* --- ends --- */

/* Takes over @error. Frees the move. */
void
tern_sim_move_end (SimMove *self, GError *error)
{
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  SimCall *call = g_steal_pointer (&self->call);
  SimDomain *source = tern_sim_move_find_source (self);
  SimDomain *dest = tern_sim_move_find_dest (self);

  if (source != NULL && source->move == self)
    source->move = NULL;
  if (dest != NULL && dest->move == self)
    dest->move = NULL;
  g_ptr_array_remove (sim->moves, self);
  tern_sim_move_share_links (sim);
  if (call != NULL)
    tern_sim_call_end (call, error);
  else
    g_clear_error (&error);
  tern_sim_call_unref (call);
}

static void
remove_destination (SimMove *self)
{
  SimDomain *dest = tern_sim_move_find_dest (self);

  if (dest == NULL || dest->move != self)
    return;
  tern_sim_host_remove_domain (self->dest, self->vm->uuid);
  if (self->dest_before != NULL)
    tern_sim_host_put_domain (self->dest, self->dest_before, 0);
}

/* Returns: whether the source shows something new */
static gboolean
resume_source (SimMove *self)
{
  SimDomain *source = tern_sim_move_find_source (self);

  if (!self->paused || source == NULL || source->vm->state != TERN_VM_PAUSED)
    return FALSE;
  if (self->run)
    tern_sim_domain_set_state (source, TERN_VM_RUNNING, TERN_REASON_MIGRATION_CANCELLED);
  else
    tern_sim_domain_set_state (source, TERN_VM_PAUSED, TERN_REASON_USER);
  return TRUE;
}

static void
roll_back (SimMove *self, TernError code, const char *message)
{
  SimHost *source = self->source, *dest = self->dest;
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  g_autofree char *uuid = g_strdup (self->vm->uuid);
  gboolean had_copy = self->stage > STAGE_BEGIN;
  gboolean resumed = resume_source (self);

  remove_destination (self);
  tern_sim_move_end (self, g_error_new (TERN_ERROR, code, "%s", message));
  if (had_copy)
    tern_sim_host_emit_vm (dest, uuid);
  if (resumed)
    tern_sim_host_emit_vm (source, uuid);
}

/* Back to how it was: the destination's copy ends, the source goes on. After a post-copy there is
 * no way back. */
void
tern_sim_move_fail (SimMove *self, TernError code, const char *message)
{
  if (self->postcopied)
    tern_sim_move_break (self, code, message);
  else
    roll_back (self, code, message);
}

static gboolean
on_lost (gpointer data)
{
  SimMove *self = data;

  self->lost_timer = 0;
  tern_sim_move_fail (
      self, TERN_ERROR_FAILED,
      "operation failed: Lost connection to destination host (no answer to keepalive)");
  return G_SOURCE_REMOVE;
}

static void
lose_destination (SimMove *self)
{
  if (self->lost_timer == 0)
    self->lost_timer = tern_clock_add_timer (self->sim->clock, SIM_KEEPALIVE_US, on_lost, self);
}

/* The destination goes on if it runs already, and ends with the stream if not. */
static void
lose_source (SimMove *self, TernError code, const char *why)
{
  SimHost *dest = self->dest;
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  g_autofree char *uuid = g_strdup (self->vm->uuid);

  if (self->postcopied)
    tern_sim_move_show_source_lost (self);
  else if (self->stage != STAGE_FINISH)
    remove_destination (self);
  tern_sim_move_end (self, g_error_new_literal (TERN_ERROR, code, why));
  tern_sim_host_emit_vm (dest, uuid);
}

/* --- faults --- */

static void
hang (SimMove *self, gint64 length_us)
{
  tern_sim_move_settle (self);
  self->hung = TRUE;
  self->rate = 0;
  tern_sim_move_stand_still (self);
  tern_sim_move_share_links (self->sim);
  if (length_us > 0)
    tern_sim_move_schedule (self, length_us, tern_sim_move_continue);
}

static void
both_run (SimMove *self)
{
  SimHost *source = self->source;
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  g_autofree char *uuid = g_strdup (self->vm->uuid);

  if (self->postcopied)
    {
      tern_sim_move_fail (self, TERN_ERROR_FAILED, answer_lost);
      return;
    }
  resume_source (self);
  tern_sim_move_end (self, g_error_new_literal (TERN_ERROR, TERN_ERROR_FAILED, answer_lost));
  tern_sim_host_emit_vm (source, uuid);
}

static void
leave_source_untold (SimMove *self)
{
  if (self->postcopied)
    tern_sim_move_fail (self, TERN_ERROR_FAILED, answer_lost);
  else
    tern_sim_move_end (
        self, g_error_new (TERN_ERROR, TERN_ERROR_FAILED,
                           "operation failed: the source could not be told of the success"));
}

static void
leave_source_held (SimMove *self)
{
  SimHost *dest = self->dest;
  g_autoptr (TernSim) sim = g_object_ref (self->sim);
  g_autofree char *uuid = g_strdup (self->vm->uuid);

  tern_sim_host_reset_connections (self->source);
  remove_destination (self);
  tern_sim_move_end (self, g_error_new (TERN_ERROR, TERN_ERROR_UNREACHABLE,
                                        "The libvirtd of the source was restarted"));
  tern_sim_host_emit_vm (dest, uuid);
}

static gboolean
on_unstuck (gpointer data)
{
  SimMove *self = data;

  self->stuck_timer = 0;
  self->stuck = FALSE;
  return G_SOURCE_REMOVE;
}

static void
get_stuck (SimMove *self, gint64 length_us)
{
  tern_clock_clear_timer (self->sim->clock, &self->stuck_timer);
  self->stuck = TRUE;
  if (length_us > 0)
    self->stuck_timer = tern_clock_add_timer (self->sim->clock, length_us, on_unstuck, self);
}

/* As libvirt tells of a script that returned 1. */
static void
refuse_by_hook (SimMove *self)
{
  g_autofree char *message =
      g_strdup_printf ("internal error: Hook script execution failed on host %s: internal error: "
                       "Child process (/etc/libvirt/hooks/qemu %s prepare begin -) unexpected exit "
                       "status 1",
                       self->dest->name, self->vm->name);

  tern_sim_move_fail (self, TERN_ERROR_FAILED, message);
}

/* Returns: whether the move goes on by itself; if not, it is ended, hung, or about to be */
gboolean
tern_sim_move_apply_fault (SimMove *self, TernSimPhase phase, TernSimFault fault, gint64 length_us)
{
  static const char *const errors[] = {
    "internal error: process exited while connecting to monitor",
    "operation failed: migration out job: unexpectedly failed",
    "operation failed: migration out job: unexpectedly failed",
    "internal error: guest CPUs could not be started on the destination",
    "internal error: process exited while connecting to monitor",
    "operation failed: migration out job: unexpectedly failed in post-copy",
  };
  g_autoptr (TernSim) sim = g_object_ref (self->sim);

  switch (fault)
    {
    case TERN_SIM_FAULT_ERROR:
      tern_sim_move_fail (self, TERN_ERROR_FAILED, errors[phase]);
      return FALSE;
    case TERN_SIM_FAULT_HANG:
      hang (self, length_us);
      return FALSE;
    case TERN_SIM_FAULT_LOSE_CONNECTION:
      tern_sim_host_reset_connections (self->source);
      return TRUE;
    case TERN_SIM_FAULT_SOURCE_DIES:
      tern_sim_set_host_state (sim, self->source->name, TERN_SIM_HOST_DOWN);
      return FALSE;
    case TERN_SIM_FAULT_DESTINATION_DIES:
      tern_sim_set_host_state (sim, self->dest->name, TERN_SIM_HOST_DOWN);
      return FALSE;
    case TERN_SIM_FAULT_BOTH_RUN:
      both_run (self);
      return FALSE;
    case TERN_SIM_FAULT_REFUSED:
      refuse_by_hook (self);
      return FALSE;
    case TERN_SIM_FAULT_HELD_SOURCE:
      leave_source_held (self);
      return FALSE;
    case TERN_SIM_FAULT_STUCK:
      get_stuck (self, length_us);
      return TRUE;
    case TERN_SIM_FAULT_LEFTOVER_PAUSED_SOURCE:
      leave_source_untold (self);
      return FALSE;
    case TERN_SIM_FAULT_LEFTOVER_SOURCE:
      self->leave_definition = TRUE;
      return TRUE;
    case TERN_SIM_FAULT_IGNORED:
      return TRUE;
    default:
      g_return_val_if_reached (TRUE);
    }
}

gboolean
tern_sim_move_strike (SimMove *self, TernSimPhase phase)
{
  TernSimFault fault;
  gint64 length_us;

  return !tern_sim_take_fault (self->sim, self->vm, phase, &fault, &length_us)
         || tern_sim_move_apply_fault (self, phase, fault, length_us);
}

/* --- aborts, and hosts that change --- */

static gboolean
on_abort (gpointer data)
{
  SimMove *self = data;

  self->abort_timer = 0;
  if (self->stage == STAGE_COPY || (self->stage == STAGE_SWITCH && self->rate == 0))
    tern_sim_move_fail (self, TERN_ERROR_CANCELLED,
                        "operation aborted: migration out job: canceled by client");
  return G_SOURCE_REMOVE;
}

gboolean
tern_sim_move_abort (SimMove *self)
{
  if (self->postcopied)
    return FALSE;
  if (self->stage == STAGE_PREPARE)
    self->aborting = TRUE;
  else if (self->abort_timer == 0)
    self->abort_timer = tern_clock_add_timer (self->sim->clock, ABORT_US, on_abort, self);
  return TRUE;
}

void
tern_sim_move_release (SimMove *self)
{
  tern_clock_clear_timer (self->sim->clock, &self->stuck_timer);
  self->stuck = FALSE;
  if (self->hung)
    tern_sim_move_continue (self);
}

static void
host_went_down (SimMove *self, const SimHost *host)
{
  if (host == self->source)
    {
      lose_source (self, TERN_ERROR_UNREACHABLE, "The source host went down");
      return;
    }
  tern_sim_move_settle (self);
  self->lost = TRUE;
  self->rate = 0;
  tern_sim_move_stand_still (self);
  tern_sim_move_share_links (self->sim);
  lose_destination (self);
}

static void
host_changed (SimMove *self, const SimHost *host)
{
  /* Whatever becomes of the destination now: the half that is here stays. */
  if (self->stage == STAGE_BROKEN && host == self->dest)
    return;
  if (host->state == TERN_SIM_HOST_DOWN)
    host_went_down (self, host);
  else if (host->state == TERN_SIM_HOST_HANG && host == self->dest && self->stage != STAGE_FINISH)
    lose_destination (self);
  else if (host->state != TERN_SIM_HOST_HANG && host == self->dest && !self->lost)
    tern_clock_clear_timer (self->sim->clock, &self->lost_timer);
}

void
tern_sim_move_lose_copy (SimMove *self, const SimHost *host)
{
  SimDomain *dest = tern_sim_move_find_dest (self);

  if (host == self->source)
    lose_source (self, TERN_ERROR_FAILED, not_running);
  else if (self->stage == STAGE_BROKEN)
    dest->move = NULL;
  else
    tern_sim_move_fail (self, TERN_ERROR_FAILED, not_running);
}

void
tern_sim_moves_host_changed (SimHost *host)
{
  g_autoptr (GPtrArray) moves = g_ptr_array_new ();

  /* A list of its own: moves end meanwhile. */
  g_ptr_array_extend (moves, host->sim->moves, NULL, NULL);
  for (guint i = 0; i < moves->len; i++)
    {
      SimMove *move = moves->pdata[i];

      if (!g_ptr_array_find (host->sim->moves, move, NULL)
          || (move->source != host && move->dest != host))
        continue;
      if (host->state != TERN_SIM_HOST_DOWN && move->waiting && !tern_sim_move_is_held_up (move))
        tern_sim_move_schedule (move, 0, move->step);
      host_changed (move, host);
    }
}
