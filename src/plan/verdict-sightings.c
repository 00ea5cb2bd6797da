/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The last look: what both hosts answered a moment before the call that moves the VM.
 */
#include "config.h"

#include "plan/verdict.h"

static void
add_silence (GPtrArray *reasons, const char *vm, const char *host, const TernSighting *seen)
{
  const char *error = seen->error != NULL ? seen->error : "no answer";

  g_ptr_array_add (reasons, tern_reason_new ("host.unreachable",
                                             g_strdup_printf ("%s could not be asked about %s: %s",
                                                              host, vm, error),
                                             g_strdup_printf ("see “virtern host show %s”", host),
                                             "host", host, "error", error, NULL));
}

static void
judge_source (GPtrArray *reasons, const char *vm, const char *source, const TernSighting *seen)
{
  g_autofree char *what = tern_sighting_to_string (seen);

  if (!seen->known)
    add_silence (reasons, vm, source, seen);
  else if (!seen->present || seen->state != TERN_VM_RUNNING)
    g_ptr_array_add (
        reasons,
        tern_reason_new ("vm.not-running",
                         g_strdup_printf ("%s does not run on %s any more (%s)", vm, source, what),
                         NULL, "host", source, "state", what, NULL));
  else if (seen->job_active)
    {
      const char *job = seen->job_outgoing ? "a migration that was not started here"
                                           : "a save, dump, backup or the like";

      g_ptr_array_add (
          reasons,
          tern_reason_new ("vm.job-running",
                           g_strdup_printf ("libvirt on %s is busy with %s (%s)", source, vm, job),
                           g_strdup ("wait for it to end"), "host", source, "job", job, NULL));
    }
}

static void
judge_destination (GPtrArray *reasons, const char *vm, const char *destination,
                   const TernSighting *seen)
{
  g_autofree char *what = tern_sighting_to_string (seen);

  if (!seen->known)
    add_silence (reasons, vm, destination, seen);
  else if (seen->present
           && (tern_vm_state_is_active (seen->state) || seen->state == TERN_VM_UNKNOWN))
    g_ptr_array_add (
        reasons,
        tern_reason_new ("vm.twice",
                         g_strdup_printf ("%s has a copy of %s that is %s", destination, vm, what),
                         g_strdup ("find out which one is right before moving it"), "host",
                         destination, "state", what, NULL));
}

GPtrArray *
tern_verdict_of_sightings (const char *vm, const char *source, const TernSighting *source_sighting,
                           const char *destination, const TernSighting *destination_sighting)
{
  GPtrArray *reasons = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_reason_free);

  judge_source (reasons, vm, source, source_sighting);
  judge_destination (reasons, vm, destination, destination_sighting);
  return reasons;
}
