/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libvirt's states, reasons and lifecycle events in our words. Numbers it does not know are
 * "unknown" or "other", never an error: newer hosts say newer things.
 */
#include "config.h"

#include "drivers/libvirt-state.h"

#include <libvirt/libvirt.h>

static const struct
{
  int state;
  int reason;
  TernVmReason means;
} reasons[] = {
  { VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATED, TERN_REASON_MIGRATED },
  { VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_MIGRATION_CANCELED, TERN_REASON_MIGRATION_CANCELLED },
  { VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY, TERN_REASON_POSTCOPY },
  { VIR_DOMAIN_RUNNING, VIR_DOMAIN_RUNNING_POSTCOPY_FAILED, TERN_REASON_POSTCOPY_FAILED },
  { VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_USER, TERN_REASON_USER },
  { VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_MIGRATION, TERN_REASON_MIGRATION },
  { VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_IOERROR, TERN_REASON_IO_ERROR },
  { VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_POSTCOPY, TERN_REASON_POSTCOPY },
  { VIR_DOMAIN_PAUSED, VIR_DOMAIN_PAUSED_POSTCOPY_FAILED, TERN_REASON_POSTCOPY_FAILED },
  { VIR_DOMAIN_SHUTOFF, VIR_DOMAIN_SHUTOFF_MIGRATED, TERN_REASON_MIGRATED },
};

static TernVmState
state_of (int state)
{
  switch (state)
    {
    case VIR_DOMAIN_RUNNING:
    case VIR_DOMAIN_BLOCKED: /* Xen's word for waiting: its CPUs run */
      return TERN_VM_RUNNING;
    case VIR_DOMAIN_PAUSED:
      return TERN_VM_PAUSED;
    case VIR_DOMAIN_SHUTDOWN:
      return TERN_VM_SHUTTING_DOWN;
    case VIR_DOMAIN_SHUTOFF:
      return TERN_VM_SHUT_OFF;
    case VIR_DOMAIN_CRASHED:
      return TERN_VM_CRASHED;
    case VIR_DOMAIN_PMSUSPENDED:
      return TERN_VM_SUSPENDED;
    default:
      return TERN_VM_UNKNOWN;
    }
}

/* libvirt's own "crashed" is a guest that panicked; one whose process died is "shut off". */
static gboolean
died (int state, int reason)
{
  return state == VIR_DOMAIN_SHUTOFF && reason == VIR_DOMAIN_SHUTOFF_CRASHED;
}

void
tern_libvirt_state (int state, int reason, TernVmState *out_state, TernVmReason *out_reason)
{
  *out_state = died (state, reason) ? TERN_VM_CRASHED : state_of (state);
  *out_reason = TERN_REASON_OTHER;
  for (guint i = 0; i < G_N_ELEMENTS (reasons); i++)
    if (reasons[i].state == state && reasons[i].reason == reason)
      *out_reason = reasons[i].means;
}

gboolean
tern_libvirt_event_is_of_job (int event, int detail)
{
  switch (event)
    {
    case VIR_DOMAIN_EVENT_STARTED:
      return detail == VIR_DOMAIN_EVENT_STARTED_MIGRATED;
    case VIR_DOMAIN_EVENT_SUSPENDED:
      return detail == VIR_DOMAIN_EVENT_SUSPENDED_MIGRATED
             || detail == VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY
             || detail == VIR_DOMAIN_EVENT_SUSPENDED_POSTCOPY_FAILED;
    case VIR_DOMAIN_EVENT_RESUMED:
      return detail == VIR_DOMAIN_EVENT_RESUMED_MIGRATED
             || detail == VIR_DOMAIN_EVENT_RESUMED_POSTCOPY
             || detail == VIR_DOMAIN_EVENT_RESUMED_POSTCOPY_FAILED;
    case VIR_DOMAIN_EVENT_STOPPED:
      return detail == VIR_DOMAIN_EVENT_STOPPED_MIGRATED;
    default:
      return FALSE;
    }
}
