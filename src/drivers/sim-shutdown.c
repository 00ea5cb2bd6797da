/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A guest that is asked to shut down. It does so by itself, some time later: until then the VM
 * shows as running, as libvirt shows a guest whose power button was pressed.
 */
#include "config.h"

#include "drivers/sim-call.h"

#include "base/error.h"

void
tern_sim_domain_forget_shutdown (SimDomain *domain)
{
  if (domain->shutdown_timer != 0)
    tern_clock_clear_timer (domain->host->sim->clock, &domain->shutdown_timer);
}

/* A copy that a migration is about to fill, or has left behind, is not the guest. */
static gboolean
on_off (gpointer data)
{
  SimDomain *domain = data;
  SimHost *host = domain->host;
  g_autofree char *uuid = g_strdup (domain->vm->uuid);

  domain->shutdown_timer = 0;
  if (domain->vm->state != TERN_VM_RUNNING)
    return G_SOURCE_REMOVE;
  if (domain->move != NULL)
    tern_sim_move_lose_copy (domain->move, host);
  /* It may have ended with its migration. */
  domain = tern_sim_host_find_domain (host, uuid);
  if (domain != NULL && !domain->vm->persistent)
    tern_sim_host_remove_domain (host, uuid);
  else if (domain != NULL)
    tern_sim_domain_set_state (domain, TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  tern_sim_host_emit_vm (host, uuid);
  return G_SOURCE_REMOVE;
}

static void
power_off_at (SimDomain *domain, gint64 off_us)
{
  TernClock *clock = domain->host->sim->clock;

  domain->off_us = off_us;
  domain->shutdown_timer =
      tern_clock_add_timer (clock, MAX (off_us - tern_clock_now_us (clock), 0), on_off, domain);
}

void
tern_sim_domain_inherit_shutdown (SimDomain *domain, const SimDomain *from)
{
  if (from->shutdown_timer != 0 && domain->shutdown_timer == 0)
    power_off_at (domain, from->off_us);
}

void
tern_sim_answer_shutdown (SimCall *call, SimHost *host, SimDomain *domain)
{
  TernSimFault fault = TERN_SIM_N_FAULTS;
  gint64 length_us = 0;

  if (domain->vm->state != TERN_VM_RUNNING)
    {
      tern_sim_call_refuse (call, domain, "asked to shut down");
      return;
    }
  if (tern_sim_call_is_barred (call, domain))
    return;
  if (tern_sim_take_fault (host->sim, domain->vm, TERN_SIM_SHUTDOWN, &fault, &length_us)
      && fault == TERN_SIM_FAULT_ERROR)
    {
      tern_sim_call_fail (call, TERN_ERROR_FAILED,
                          "internal error: unable to execute QEMU command 'system_powerdown'");
      return;
    }
  if (fault != TERN_SIM_FAULT_IGNORED && domain->shutdown_timer == 0)
    power_off_at (domain, tern_clock_now_us (host->sim->clock) + domain->shutdown_us);
  if (fault == TERN_SIM_FAULT_LOSE_CONNECTION)
    tern_sim_host_drop_connections (host, "it was reset");
  else
    tern_sim_call_end (call, NULL);
}
