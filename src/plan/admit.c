/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * May this VM go to that host? Only what must be known before the hypervisor is
 * asked to move anything; it refuses the rest itself, late but safely.
 *
 * Free memory is the exception that has to be ours: libvirt does not look at
 * it, and the destination's kernel would later kill a guest to make room.
 */
#include "config.h"

#include "plan/admit.h"

#include "base/text.h"

#define MAX_NAME_SHOWN 60

void
tern_objection_free (TernObjection *self)
{
  if (self == NULL)
    return;

  g_free (self->sentence);
  g_free (self);
}

static GPtrArray *
reasons_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) tern_objection_free);
}

G_GNUC_PRINTF (4, 5)
static void
add_reason (GPtrArray *reasons, const char *code, TernError error, const char *format, ...)
{
  TernObjection *reason = g_new0 (TernObjection, 1);
  va_list args;

  va_start (args, format);
  reason->code = code;
  reason->error = error;
  reason->sentence = g_strdup_vprintf (format, args);
  va_end (args);
  g_ptr_array_add (reasons, reason);
}

static void
judge_task (GPtrArray *reasons, const TernAdmission *admission, const char *vm)
{
  const TernTaskRecord *task = admission->open_task;

  if (task == NULL)
    return;

  if (task->phase == TERN_PHASE_ATTENTION)
    add_reason (reasons, "vm.attention", TERN_ERROR_ATTENTION,
                "%s needs attention since task %" G_GUINT64_FORMAT " and is not moved before that "
                "is settled: see “virtern task show %" G_GUINT64_FORMAT "”",
                vm, task->id, task->id);
  else
    add_reason (reasons, "vm.moving", TERN_ERROR_BUSY,
                "%s is already being moved from %s to %s by task %" G_GUINT64_FORMAT
                ": wait for it, or cancel it with “virtern task cancel %" G_GUINT64_FORMAT "”",
                vm, task->source, task->destination, task->id, task->id);
}

static void
judge_host (GPtrArray *reasons, const TernHost *host)
{
  if (host->state == TERN_HOST_UP)
    return;
  add_reason (reasons, "host.unreachable", TERN_ERROR_UNREACHABLE,
              "%s cannot be reached now%s%s; see “virtern host show %s”", host->config->name,
              host->error != NULL ? ": " : "", host->error != NULL ? host->error : "",
              host->config->name);
}

static void
judge_vm_state (GPtrArray *reasons, const TernVm *vm, const char *shown)
{
  if (vm->state == TERN_VM_RUNNING || vm->state == TERN_VM_UNKNOWN)
    return;

  if (vm->state == TERN_VM_SHUT_OFF || vm->state == TERN_VM_CRASHED)
    add_reason (reasons, "vm.not-running", TERN_ERROR_REFUSED,
                "%s is shut off on %s; only a running VM can be moved live: start it first", shown,
                vm->host);
  else
    add_reason (reasons, "vm.not-running", TERN_ERROR_REFUSED,
                "%s is %s (%s) on %s; only a running VM can be moved live", shown,
                tern_vm_state_to_string (vm->state), tern_vm_reason_to_string (vm->reason),
                vm->host);
}

/* While a task moves it, two hosts may well show it; that task is a reason of its own. */
static void
judge_copies (GPtrArray *reasons, const TernAdmission *admission, const char *shown)
{
  const TernVm *vm = admission->vm;

  if (admission->copies == NULL || admission->open_task != NULL)
    return;
  for (guint i = 0; i < admission->copies->len; i++)
    {
      const TernVm *copy = admission->copies->pdata[i];

      if (g_str_equal (copy->host, vm->host) || !tern_vm_state_is_active (copy->state))
        continue;
      add_reason (reasons, "vm.twice", TERN_ERROR_ATTENTION,
                  "%s is %s on %s and %s on %s: both may write to its disks; find out which one is "
                  "right and stop the other with “virsh destroy” there",
                  shown, tern_vm_state_to_string (vm->state), vm->host,
                  tern_vm_state_to_string (copy->state), copy->host);
    }
}

static guint64
mib_rounded_up (guint64 bytes)
{
  return (bytes >> 20) + ((bytes & 0xfffff) != 0);
}

static void
judge_memory (GPtrArray *reasons, const TernAdmission *admission, const char *vm)
{
  const TernHostFacts *facts = admission->destination->facts;
  guint64 need = admission->vm->memory;
  guint64 have;

  if (facts == NULL || admission->destination->state != TERN_HOST_UP)
    return;
  have = facts->memory_free > admission->reserved ? facts->memory_free - admission->reserved : 0;
  if (have >= need)
    return;

  add_reason (reasons, "memory.short", TERN_ERROR_REFUSED,
              "%s needs %" G_GUINT64_FORMAT " MiB and %s has %" G_GUINT64_FORMAT
              " MiB free after moves under way: %" G_GUINT64_FORMAT " MiB short",
              vm, mib_rounded_up (need), admission->destination->config->name, have >> 20,
              mib_rounded_up (need - have));
}

GPtrArray *
tern_admit (const TernAdmission *admission)
{
  const TernVm *vm = admission->vm;
  const char *destination = admission->destination->config->name;
  g_autofree char *shown = tern_text_visible (vm->name, MAX_NAME_SHOWN);
  GPtrArray *reasons = reasons_new ();

  judge_task (reasons, admission, shown);
  if (g_str_equal (vm->host, destination))
    add_reason (reasons, "host.same", TERN_ERROR_REFUSED, "%s is on %s already", shown,
                destination);
  judge_copies (reasons, admission, shown);
  judge_vm_state (reasons, vm, shown);
  if (admission->source == NULL)
    add_reason (reasons, "host.unknown", TERN_ERROR_UNREACHABLE,
                "%s was on %s, which is not a host of ours any more", shown, vm->host);
  else
    judge_host (reasons, admission->source);
  if (!g_str_equal (vm->host, destination))
    {
      judge_host (reasons, admission->destination);
      judge_memory (reasons, admission, shown);
    }
  return reasons;
}

static void
judge_source_sighting (GPtrArray *reasons, const char *vm, const char *source,
                       const TernSighting *seen)
{
  g_autofree char *what = tern_sighting_to_string (seen);

  if (!seen->known)
    add_reason (reasons, "host.unreachable", TERN_ERROR_UNREACHABLE,
                "%s could not be asked about %s: %s; see “virtern host show %s”", source, vm,
                seen->error != NULL ? seen->error : "no answer", source);
  else if (!seen->present || seen->state != TERN_VM_RUNNING)
    add_reason (reasons, "vm.not-running", TERN_ERROR_REFUSED,
                "%s does not run on %s any more (%s)", vm, source, what);
  else if (seen->job_active)
    add_reason (reasons, "vm.job-running", TERN_ERROR_BUSY,
                "libvirt on %s is busy with %s (%s): wait for it to end", source, vm,
                seen->job_outgoing ? "a migration that was not started here"
                                   : "a save, dump, backup or the like");
}

static void
judge_destination_sighting (GPtrArray *reasons, const char *vm, const char *destination,
                            const TernSighting *seen)
{
  g_autofree char *what = tern_sighting_to_string (seen);

  if (!seen->known)
    add_reason (reasons, "host.unreachable", TERN_ERROR_UNREACHABLE,
                "%s could not be asked about %s: %s; see “virtern host show %s”", destination, vm,
                seen->error != NULL ? seen->error : "no answer", destination);
  else if (seen->present
           && (tern_vm_state_is_active (seen->state) || seen->state == TERN_VM_UNKNOWN))
    add_reason (reasons, "vm.twice", TERN_ERROR_ATTENTION,
                "%s has a copy of %s that is %s: find out which one is right before moving it",
                destination, vm, what);
}

GPtrArray *
tern_admit_sightings (const char *vm, const char *source, const TernSighting *source_sighting,
                      const char *destination, const TernSighting *destination_sighting)
{
  GPtrArray *reasons = reasons_new ();

  judge_source_sighting (reasons, vm, source, source_sighting);
  judge_destination_sighting (reasons, vm, destination, destination_sighting);
  return reasons;
}

GError *
tern_objections_to_error (const GPtrArray *reasons)
{
  GString *text = g_string_new (NULL);
  const TernObjection *first;
  GError *error;

  g_return_val_if_fail (reasons->len > 0, NULL);

  first = reasons->pdata[0];
  for (guint i = 0; i < reasons->len; i++)
    {
      const TernObjection *reason = reasons->pdata[i];

      g_string_append_printf (text, "%s%s", i > 0 ? "; " : "", reason->sentence);
    }
  error = g_error_new_literal (TERN_ERROR, first->error, text->str);
  g_string_free (text, TRUE);
  return error;
}
