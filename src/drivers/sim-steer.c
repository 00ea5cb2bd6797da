/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a simulated migration is told while it runs, and what a person has done to one of two
 * copies. What follows from it is in sim-move and sim-postcopy.
 */
#include "config.h"

#include "drivers/sim-call.h"

#include "base/error.h"

#define MEASURE_US G_USEC_PER_SEC

/* --- measuring --- */

static void
answer_measured (SimCall *call)
{
  SimDomain *domain = tern_sim_host_find_domain (call->port->host, call->uuid);
  guint64 bps;

  if (domain == NULL || domain->vm->state != TERN_VM_RUNNING)
    {
      tern_sim_call_fail (call, TERN_ERROR_FAILED,
                          "Requested operation is not valid: domain is not running");
      return;
    }
  bps = domain->dirty_bps;
  tern_sim_call_return (call, g_memdup2 (&bps, sizeof bps), g_free);
}

static gboolean
on_measured (gpointer data)
{
  SimCall *call = data;

  call->timer = 0;
  answer_measured (call);
  return G_SOURCE_REMOVE;
}

static void
measure_dirty (SimCall *call, const SimDomain *domain)
{
  if (domain->vm->state != TERN_VM_RUNNING)
    answer_measured (call);
  else
    call->timer = tern_clock_add_timer (call->port->sim->clock, MEASURE_US, on_measured, call);
}

/* --- steering --- */

static void
start_postcopy (SimCall *call, SimMove *move)
{
  GError *error = NULL;

  (void) tern_sim_move_start_postcopy (move, &error);
  tern_sim_call_end (call, error);
}

static void
pause_guest (SimCall *call, SimDomain *domain)
{
  if (tern_sim_move_pause (domain->move))
    tern_sim_call_end (call, NULL);
  else
    tern_sim_call_refuse (call, domain, "paused");
}

static void
steer (SimCall *call, SimDomain *domain)
{
  switch (call->kind)
    {
    case CALL_SET_DOWNTIME:
      tern_sim_move_set_downtime (domain->move, call->downtime_ms);
      tern_sim_call_end (call, NULL);
      break;
    case CALL_SET_SPEED:
      tern_sim_move_set_speed (domain->move, call->bandwidth_bps, call->flag);
      tern_sim_call_end (call, NULL);
      break;
    case CALL_START_POSTCOPY:
      start_postcopy (call, domain->move);
      break;
    case CALL_PAUSE:
      pause_guest (call, domain);
      break;
    default:
      g_assert_not_reached ();
    }
}

void
tern_sim_answer_steer (SimCall *call, SimHost *host, SimDomain *domain)
{
  if (call->kind == CALL_MEASURE_DIRTY)
    measure_dirty (call, domain);
  else if (domain->move == NULL || !tern_sim_move_has_job (domain->move)
           || !tern_sim_move_is_outgoing (domain->move, host))
    tern_sim_call_fail_without_job (call);
  else if (tern_sim_move_is_stuck (domain->move))
    tern_sim_call_wait (call);
  else
    steer (call, domain);
}

/* --- copies --- */

static void
end_copy (SimHost *host, const char *uuid, gboolean with_definition)
{
  SimDomain *domain = tern_sim_host_find_domain (host, uuid);

  /* It may have ended with its migration. */
  if (domain == NULL)
    return;
  if (with_definition || !domain->vm->persistent)
    tern_sim_host_remove_domain (host, uuid);
  else if (tern_vm_state_is_active (domain->vm->state))
    tern_sim_domain_set_state (domain, TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
}

void
tern_sim_answer_remove_copy (SimCall *call, SimHost *host, SimDomain *domain)
{
  g_autofree char *uuid = g_strdup (call->uuid);
  gboolean with_definition = call->flag;

  tern_sim_call_end (call, NULL);
  if (domain == NULL)
    return;
  if (domain->move != NULL)
    tern_sim_move_lose_copy (domain->move, host);
  end_copy (host, uuid, with_definition);
  tern_sim_host_emit_vm (host, uuid);
}

void
tern_sim_answer_let_run (SimCall *call, SimHost *host, SimDomain *domain)
{
  g_autofree char *uuid = g_strdup (domain->vm->uuid);
  TernVmReason reason = domain->vm->reason;

  if (domain->move != NULL || reason == TERN_REASON_POSTCOPY
      || reason == TERN_REASON_POSTCOPY_FAILED)
    tern_sim_call_refuse (call, domain, "let run");
  else if (domain->vm->state == TERN_VM_RUNNING)
    tern_sim_call_end (call, NULL);
  else if (domain->vm->state != TERN_VM_PAUSED)
    tern_sim_call_refuse (call, domain, "let run");
  else
    {
      tern_sim_domain_set_state (domain, TERN_VM_RUNNING, TERN_REASON_OTHER);
      tern_sim_call_end (call, NULL);
      tern_sim_host_emit_vm (host, uuid);
    }
}
