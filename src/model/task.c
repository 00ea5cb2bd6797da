/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tasks as they are stored and shown.
 */
#include "config.h"

#include "model/task.h"

#include <string.h>

typedef struct
{
  const char *name;
  const char *state;
  gboolean final;
} PhaseInfo;

/* clang-format off */
static const PhaseInfo phases[TERN_N_PHASES] = {
  [TERN_PHASE_QUEUED]     = { "queued",     "queued",    FALSE },
  [TERN_PHASE_CHECKING]   = { "checking",   "running",   FALSE },
  [TERN_PHASE_PREPARING]  = { "preparing",  "running",   FALSE },
  [TERN_PHASE_COPYING]    = { "copying",    "running",   FALSE },
  [TERN_PHASE_SWITCHING]  = { "switching",  "running",   FALSE },
  [TERN_PHASE_POSTCOPY]   = { "post-copy",  "running",   FALSE },
  [TERN_PHASE_CANCELLING] = { "cancelling", "running",   FALSE },
  [TERN_PHASE_FOLLOWING]  = { "following",  "running",   FALSE },
  [TERN_PHASE_VERIFYING]  = { "verifying",  "running",   FALSE },
  [TERN_PHASE_REPAIRING]  = { "repairing",  "running",   FALSE },
  [TERN_PHASE_RECOVERING] = { "recovering", "running",   FALSE },
  [TERN_PHASE_RESOLVING]  = { "resolving",  "running",   FALSE },
  [TERN_PHASE_DEFINING]   = { "defining",   "running",   FALSE },
  [TERN_PHASE_STARTING]   = { "starting",   "running",   FALSE },
  [TERN_PHASE_SHUTTING_DOWN] = { "shutting-down", "running", FALSE },
  [TERN_PHASE_DRAINING]   = { "draining",   "running",   FALSE },
  [TERN_PHASE_RETURNING]  = { "returning",  "running",   FALSE },
  [TERN_PHASE_DONE]       = { "done",       "done",      TRUE },
  [TERN_PHASE_REMAINDER]  = { "remainder",  "remainder", TRUE },
  [TERN_PHASE_FAILED]     = { "failed",     "failed",    TRUE },
  [TERN_PHASE_CANCELLED]  = { "cancelled",  "cancelled", TRUE },
  [TERN_PHASE_ATTENTION]  = { "attention",  "attention", TRUE },
};
/* clang-format on */

const char *
tern_task_phase_to_string (TernTaskPhase phase)
{
  g_return_val_if_fail ((guint) phase < TERN_N_PHASES, "unknown");
  return phases[phase].name;
}

gboolean
tern_task_phase_from_string (const char *name, TernTaskPhase *out_phase)
{
  for (guint i = 0; i < TERN_N_PHASES; i++)
    if (g_strcmp0 (name, phases[i].name) == 0)
      {
        *out_phase = i;
        return TRUE;
      }
  return FALSE;
}

gboolean
tern_task_phase_is_final (TernTaskPhase phase)
{
  g_return_val_if_fail ((guint) phase < TERN_N_PHASES, TRUE);
  return phases[phase].final;
}

const char *
tern_task_phase_to_state (TernTaskPhase phase)
{
  g_return_val_if_fail ((guint) phase < TERN_N_PHASES, "unknown");
  return phases[phase].state;
}

const char *
tern_convergence_to_string (TernConvergence convergence)
{
  static const char *const names[TERN_N_CONVERGENCES] = {
    [TERN_CONVERGENCE_UNKNOWN] = "unknown",
    [TERN_CONVERGENCE_YES] = "converging",
    [TERN_CONVERGENCE_NO] = "not-converging",
  };

  g_return_val_if_fail ((guint) convergence < TERN_N_CONVERGENCES, "unknown");
  return names[convergence];
}

TernTaskRecord *
tern_task_record_new (void)
{
  TernTaskRecord *self = g_new0 (TernTaskRecord, 1);

  self->kind = g_strdup ("migrate");
  self->phase = TERN_PHASE_QUEUED;
  self->started_by_uid = -1;
  self->progress = -1;
  self->downtime_us = -1;
  self->options = (TernMoveOptions) TERN_MOVE_OPTIONS_INIT;
  self->resolved_by_uid = -1;
  return self;
}

gboolean
tern_task_record_is_start (const TernTaskRecord *self)
{
  return g_str_equal (self->kind, "start") || g_str_equal (self->kind, "relocate");
}

gboolean
tern_task_record_is_drain (const TernTaskRecord *self)
{
  return g_str_equal (self->kind, "drain") || g_str_equal (self->kind, "return");
}

/* @names: one, or several with commas; no name of a host has one */
static gboolean
has_name (const char *names, const char *name)
{
  gsize length = strlen (name);

  for (const char *p = names; p != NULL; p = strchr (p, ','))
    {
      p += *p == ',' ? 1 : 0;
      if (strncmp (p, name, length) == 0 && (p[length] == '\0' || p[length] == ','))
        return TRUE;
    }
  return FALSE;
}

gboolean
tern_task_record_has_host (const TernTaskRecord *self, const char *name)
{
  return has_name (self->source, name) || has_name (self->destination, name);
}

void
tern_task_record_trace_phase (TernTaskRecord *self, gint64 at_us)
{
  if (self->trace == NULL)
    {
      self->trace = tern_trace_new ();
      if (at_us != self->created_us)
        tern_trace_enter (self->trace, "", self->created_us);
    }
  tern_trace_enter (self->trace, tern_task_phase_to_string (self->phase), at_us);
}

TernTaskRecord *
tern_task_record_copy (const TernTaskRecord *self)
{
  TernTaskRecord *copy = g_new0 (TernTaskRecord, 1);

  *copy = *self;
  copy->kind = g_strdup (self->kind);
  copy->vm_uuid = g_strdup (self->vm_uuid);
  copy->vm_name = g_strdup (self->vm_name);
  copy->source = g_strdup (self->source);
  copy->destination = g_strdup (self->destination);
  copy->ejected = g_strdupv (self->ejected);
  copy->error_name = g_strdup (self->error_name);
  copy->error = g_strdup (self->error);
  copy->verdict = g_strdup (self->verdict);
  copy->tried = g_strdupv (self->tried);
  copy->steps = g_strdupv (self->steps);
  copy->abort_reason = g_strdup (self->abort_reason);
  copy->resolution = g_strdup (self->resolution);
  copy->note = g_strdup (self->note);
  copy->drain = self->drain != NULL ? tern_drain_copy (self->drain) : NULL;
  copy->trace = self->trace != NULL ? tern_trace_copy (self->trace) : NULL;
  return copy;
}

void
tern_task_record_free (TernTaskRecord *self)
{
  if (self == NULL)
    return;

  g_free (self->kind);
  g_free (self->vm_uuid);
  g_free (self->vm_name);
  g_free (self->source);
  g_free (self->destination);
  g_strfreev (self->ejected);
  g_free (self->error_name);
  g_free (self->error);
  g_free (self->verdict);
  g_strfreev (self->tried);
  g_strfreev (self->steps);
  g_free (self->abort_reason);
  g_free (self->resolution);
  g_free (self->note);
  tern_drain_free (self->drain);
  tern_trace_free (self->trace);
  g_free (self);
}
