/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The life of one shutdown, as a table.
 *
 *   queued -> checking -> shutting-down -> done | failed | cancelled
 *
 * The guest is asked once, after "shutting-down" was written. After a restart it is looked at, and
 * not asked again: it may be installing updates on its way down. Nothing is ever forced.
 */
#include "config.h"

#include "plan/shutdown-fsm.h"

#define GO(p, a)                                                                                   \
  {                                                                                                \
    TERN_PHASE_##p, TERN_ACTION_##a, TRUE                                                          \
  }

/* Tables are read by column. */
/* clang-format off */
static const TernTaskStep steps[TERN_N_PHASES][TERN_N_EVENTS] = {
  [TERN_PHASE_QUEUED] = {
    [TERN_EVENT_ADMITTED]    = GO (CHECKING, CHECK),
    [TERN_EVENT_CANCEL]      = GO (CANCELLED, REPORT),
    [TERN_EVENT_RESTARTED]   = GO (QUEUED, NONE),
  },
  [TERN_PHASE_CHECKING] = {
    [TERN_EVENT_CHECKED]     = GO (SHUTTING_DOWN, SHUT_DOWN),
    /* It is shut off already. */
    [TERN_EVENT_MOVED]       = GO (DONE, REPORT),
    [TERN_EVENT_REFUSED]     = GO (FAILED, REPORT),
    [TERN_EVENT_CANCEL]      = GO (CANCELLED, REPORT),
    [TERN_EVENT_RESTARTED]   = GO (FAILED, REPORT),
  },
  [TERN_PHASE_SHUTTING_DOWN] = {
    [TERN_EVENT_RETURNED]    = GO (SHUTTING_DOWN, INSPECT),
    [TERN_EVENT_LOST]        = GO (SHUTTING_DOWN, INSPECT),
    [TERN_EVENT_RESTARTED]   = GO (SHUTTING_DOWN, INSPECT),
    [TERN_EVENT_UNSETTLED]   = GO (SHUTTING_DOWN, INSPECT_LATER),
    [TERN_EVENT_MOVED]       = GO (DONE, REPORT),
    [TERN_EVENT_STAYED]      = GO (FAILED, REPORT),
    /* It is not waited for any more. */
    [TERN_EVENT_CANCEL]      = GO (CANCELLED, REPORT),
  },
};
/* clang-format on */

TernTaskStep
tern_shutdown_fsm_next (TernTaskPhase phase, TernTaskEvent event)
{
  TernTaskStep step;

  g_return_val_if_fail ((guint) phase < TERN_N_PHASES, (TernTaskStep){ .phase = phase });
  g_return_val_if_fail ((guint) event < TERN_N_EVENTS, (TernTaskStep){ .phase = phase });

  step = steps[phase][event];
  if (!step.accepted)
    step.phase = phase;

  return step;
}

gboolean
tern_shutdown_phase_is_cancelable (TernTaskPhase phase)
{
  return tern_shutdown_fsm_next (phase, TERN_EVENT_CANCEL).accepted;
}

static gboolean
is_off (const TernSighting *seen)
{
  return seen->present && (seen->state == TERN_VM_SHUT_OFF || seen->state == TERN_VM_CRASHED);
}

TernTaskEvent
tern_shutdown_judge (const TernSighting *seen, gboolean refused, const TernVerifying *verifying,
                     gint64 bound_us)
{
  gboolean late = verifying->elapsed_us >= bound_us;

  if (seen->known && is_off (seen))
    return TERN_EVENT_MOVED;
  /* One look between others proves nothing. */
  if (seen->known && !seen->present)
    return verifying->looks >= 2 ? TERN_EVENT_STAYED : TERN_EVENT_UNSETTLED;
  if (seen->known && refused)
    return TERN_EVENT_STAYED;
  return late ? TERN_EVENT_STAYED : TERN_EVENT_UNSETTLED;
}

char *
tern_shutdown_explain (const TernSighting *seen, const char *vm, const char *host)
{
  g_autofree char *what = tern_sighting_to_string (seen);

  if (!seen->known)
    return g_strdup_printf ("whether %s has shut down is not known, since %s does not answer (%s)",
                            vm, host, what);
  if (!seen->present)
    return g_strdup_printf ("%s is not on %s any more: somebody moved or removed it", vm, host);
  if (is_off (seen))
    return g_strdup_printf ("%s is shut off on %s", vm, host);
  return g_strdup_printf ("the guest of %s did not shut down, and runs on: shut it down from "
                          "within, or look why it does not heed the request (seen on %s: %s)",
                          vm, host, what);
}
