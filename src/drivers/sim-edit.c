/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Starting a VM, and small changes to one: a medium ejected, a lock, another CPU. And what a
 * simulated libvirt says of CPUs.
 */
#include "config.h"

#include "drivers/sim-call.h"

#include "base/error.h"

/* --- starting --- */

void
tern_sim_domain_run (SimHost *host, SimDomain *domain)
{
  g_autofree char *uuid = g_strdup (domain->vm->uuid);
  g_autoptr (TernCpu) cpu = tern_sim_cpu_start (host, domain->defined);

  domain->starting = FALSE;
  if (domain->start_timer != 0)
    tern_clock_clear_timer (host->sim->clock, &domain->start_timer);
  domain->arrived = TRUE;
  tern_sim_domain_set_cpu (domain, cpu);
  tern_sim_domain_set_state (domain, TERN_VM_RUNNING, TERN_REASON_OTHER);
  tern_sim_host_check_memory (host);
  tern_sim_host_emit_vm (host, uuid);
}

static gboolean
on_hang_over (gpointer data)
{
  SimDomain *domain = data;

  domain->start_timer = 0;
  tern_sim_domain_run (domain->host, domain);
  return G_SOURCE_REMOVE;
}

/* The host's libvirtd is well, but this call of it does not come back. */
static void
hang_start (SimCall *call, SimHost *host, SimDomain *domain, gint64 length_us)
{
  domain->starting = TRUE;
  if (length_us > 0)
    domain->start_timer = tern_clock_add_timer (host->sim->clock, length_us, on_hang_over, domain);
  tern_sim_call_wait (call);
}

static char *
find_start_problem (SimHost *host, const SimDomain *domain)
{
  g_autoptr (TernCpu) cpu = tern_sim_cpu_start (host, domain->defined);
  g_autoptr (TernVm) vm = tern_vm_copy (domain->vm);
  char *problem = tern_sim_find_arrival_problem (host, domain);

  if (problem != NULL)
    return problem;
  tern_cpu_unref (vm->cpu);
  vm->cpu = g_steal_pointer (&cpu);
  return tern_sim_find_cpu_problem (host, vm);
}

static void
answer_start (SimCall *call, SimHost *host, SimDomain *domain)
{
  g_autofree char *problem = NULL;
  TernSimFault fault = TERN_SIM_N_FAULTS;
  gint64 length_us = 0;

  if (domain->vm->state != TERN_VM_SHUT_OFF || domain->move != NULL || domain->starting)
    {
      tern_sim_call_refuse (call, domain, "started");
      return;
    }
  if (domain->vm->managed_save)
    {
      tern_sim_call_fail (call, TERN_ERROR_REFUSED,
                          "The host saved the memory of the VM (managed save): it was not started");
      return;
    }
  problem = find_start_problem (host, domain);
  if (problem != NULL)
    {
      tern_sim_call_fail (call, TERN_ERROR_FAILED, problem);
      return;
    }
  if (tern_sim_take_fault (host->sim, domain->vm, TERN_SIM_START, &fault, &length_us)
      && fault == TERN_SIM_FAULT_ERROR)
    tern_sim_call_fail (call, TERN_ERROR_FAILED,
                        "internal error: process exited while connecting to monitor");
  else if (fault == TERN_SIM_FAULT_HANG)
    hang_start (call, host, domain, length_us);
  else if (fault == TERN_SIM_FAULT_LOSE_CONNECTION)
    {
      tern_sim_host_drop_connections (host, "it was reset");
      tern_sim_domain_run (host, domain);
    }
  else
    {
      tern_sim_call_end (call, NULL);
      tern_sim_domain_run (host, domain);
    }
}

/* --- changes --- */

/* As libvirt: a migration holds the domain's lock. */
gboolean
tern_sim_call_is_barred (SimCall *call, const SimDomain *domain)
{
  if (domain->move == NULL)
    return FALSE;
  tern_sim_call_fail (call, TERN_ERROR_BUSY,
                      "Timed out during operation: cannot acquire state change lock (held by "
                      "monitor=remoteDispatchDomainMigratePerform3Params)");
  return TRUE;
}

static TernDisk *
find_drive (TernVm *vm, const char *target)
{
  for (guint i = 0; i < vm->disks->len; i++)
    {
      TernDisk *disk = vm->disks->pdata[i];

      if (g_strcmp0 (disk->target, target) == 0 && tern_disk_is_removable (disk))
        return disk;
    }
  return NULL;
}

static void
answer_eject (SimCall *call, SimHost *host, SimDomain *domain)
{
  g_autofree char *uuid = g_strdup (domain->vm->uuid);
  TernDisk *drive = find_drive (domain->vm, call->target);

  if (tern_sim_call_is_barred (call, domain))
    return;
  if (drive == NULL || g_strcmp0 (drive->source, call->source) != 0)
    {
      g_autofree char *message = g_strdup_printf (
          "The drive %s of the VM %s does not hold %s (any more): nothing was ejected",
          call->target, domain->vm->name, call->source);

      tern_sim_call_fail (call, TERN_ERROR_REFUSED, message);
      return;
    }
  drive = find_drive (tern_sim_domain_edit (domain), call->target);
  g_clear_pointer (&drive->source, g_free);
  g_clear_pointer (&drive->pool, g_free);
  g_clear_pointer (&drive->volume, g_free);
  tern_sim_call_end (call, NULL);
  tern_sim_host_emit_vm (host, uuid);
}

static void
change_metadata (const SimCall *call, SimDomain *domain)
{
  TernVm *vm = tern_sim_domain_edit (domain);

  if (call->kind == CALL_SET_DRAIN_ACTION)
    {
      vm->drain_action = call->action;
      return;
    }
  tern_lock_free (vm->lock);
  vm->lock = call->lock != NULL ? tern_lock_copy (call->lock) : NULL;
}

/* Metadata goes along with a migration: both sides have it. */
static void
answer_set_metadata (SimCall *call, SimHost *host, SimDomain *domain)
{
  g_autofree char *uuid = g_strdup (domain->vm->uuid);

  if (domain->move != NULL)
    for (guint i = 0; i < host->sim->hosts->len; i++)
      {
        SimDomain *other = tern_sim_host_find_domain (host->sim->hosts->pdata[i], uuid);

        if (other != NULL && other->move == domain->move)
          change_metadata (call, other);
      }
  else
    change_metadata (call, domain);
  tern_sim_call_end (call, NULL);
  tern_sim_host_emit_vm (host, uuid);
}

/* Takes over @cpu. */
static void
define_cpu (SimDomain *domain, TernCpu *cpu, gboolean masked)
{
  tern_cpu_unref (domain->defined);
  domain->defined = cpu;
  tern_sim_domain_edit (domain)->masked = masked;
  if (!tern_vm_state_is_active (domain->vm->state))
    tern_sim_domain_set_cpu (domain, cpu);
}

static void
answer_set_cpu (SimCall *call, SimHost *host, SimDomain *domain)
{
  g_autofree char *uuid = g_strdup (domain->vm->uuid);

  if (tern_sim_call_is_barred (call, domain))
    return;
  if (!domain->vm->persistent)
    {
      tern_sim_call_fail (call, TERN_ERROR_REFUSED,
                          "The VM is transient: it has no definition that could be changed");
      return;
    }
  if (call->cpu == NULL && !domain->vm->masked)
    {
      tern_sim_call_fail (call, TERN_ERROR_NOT_FOUND,
                          "The CPU of the VM was not changed: there is nothing to put back");
      return;
    }
  if (call->cpu == NULL)
    define_cpu (domain, g_steal_pointer (&domain->original), FALSE);
  else
    {
      if (!domain->vm->masked)
        {
          tern_cpu_unref (domain->original);
          domain->original = domain->defined != NULL ? tern_cpu_ref (domain->defined) : NULL;
        }
      define_cpu (domain, tern_cpu_ref (call->cpu), TRUE);
    }
  tern_sim_call_end (call, NULL);
  tern_sim_host_emit_vm (host, uuid);
}

static void
answer_cpu_text (SimCall *call, const SimDomain *domain)
{
  if (domain->vm->cpu != NULL)
    tern_sim_call_return (call, tern_sim_cpu_to_text (domain->vm->cpu), g_free);
  else
    tern_sim_call_fail (call, TERN_ERROR_NOT_SUPPORTED, "The VM names no CPU");
}

void
tern_sim_answer_edit (SimCall *call, SimHost *host, SimDomain *domain)
{
  switch (call->kind)
    {
    case CALL_START:
      answer_start (call, host, domain);
      break;
    case CALL_EJECT:
      answer_eject (call, host, domain);
      break;
    case CALL_SHUTDOWN:
      tern_sim_answer_shutdown (call, host, domain);
      break;
    case CALL_SET_LOCK:
    case CALL_SET_DRAIN_ACTION:
      answer_set_metadata (call, host, domain);
      break;
    case CALL_SET_CPU:
      answer_set_cpu (call, host, domain);
      break;
    case CALL_CPU_TEXT:
      answer_cpu_text (call, domain);
      break;
    default:
      g_assert_not_reached ();
    }
}

/* --- CPUs --- */

static char *
compare (const SimHost *host, const TernCpu *cpu)
{
  g_autoptr (TernCpu) expanded = tern_sim_cpu_expand (host->sim, cpu);
  const TernCpu *have = host->facts->cpu, *need = expanded != NULL ? expanded : cpu;
  g_autofree char *missing = NULL;

  if (need->vendor != NULL && have->vendor != NULL && !g_str_equal (need->vendor, have->vendor))
    return g_strdup_printf ("the CPU is incompatible with host CPU: Host CPU vendor does not match "
                            "required CPU vendor %s",
                            need->vendor);
  missing = tern_sim_cpu_missing (need, have, ", ");
  if (missing == NULL)
    return g_strdup ("");
  return g_strdup_printf ("the CPU is incompatible with host CPU: Host CPU does not provide "
                          "required features: %s",
                          missing);
}

void
tern_sim_answer_cpu (SimCall *call, SimHost *host)
{
  g_autoptr (TernCpu) cpu = NULL;
  TernCpuDefinition *baseline;
  GError *error = NULL;

  if (call->kind == CALL_BASELINE_CPU)
    {
      baseline = tern_sim_cpu_baseline (host->sim, call->cpus, &error);
      if (baseline != NULL)
        tern_sim_call_return (call, baseline, (GDestroyNotify) tern_cpu_definition_free);
      else
        tern_sim_call_end (call, error);
      return;
    }
  cpu = tern_sim_cpu_from_text (call->cpu_text);
  if (cpu == NULL)
    tern_sim_call_fail (call, TERN_ERROR_INVALID_ARGUMENT, "XML error: this is no CPU");
  else if (host->facts->cpu == NULL)
    tern_sim_call_fail (call, TERN_ERROR_NOT_SUPPORTED, "The CPU of the host is not known");
  else
    tern_sim_call_return (call, compare (host, cpu), g_free);
}
