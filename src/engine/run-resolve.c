/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A person says which of two copies stays.
 *
 *   asked -> both hosts are looked at -> tern_resolve() -> stored -> told to the person
 *         -> the other copy ends -> the one that stays runs -> both hosts are looked at
 *
 * What was seen when it was asked for, not when the task came into attention, is what counts.
 * If the store cannot take the decision, it is not carried out later either. After a restart
 * nothing of it is repeated: where the VM is gets looked at.
 */
#include "config.h"

#include "engine/run.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "engine/sightings.h"

#define MAX_NAME_SHOWN 60

/* Asking */

void
tern_run_resolve_ended (TernRun *self, const GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->resolving);

  if (task == NULL)
    return;
  if (error != NULL)
    g_task_return_new_error (task, error->domain, error->code,
                             "Nothing was done, because the decision could not be stored: %s",
                             error->message);
  else if (tern_run_get_record (self)->phase == TERN_PHASE_RESOLVING)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_CANCELLED, "virternd ends");
}

static void
log_decision (TernRun *self)
{
  const TernTaskRecord *record = tern_run_get_record (self);
  gboolean source_stays = self->keep == TERN_KEEP_SOURCE;
  const char *kept = source_stays ? record->source : record->destination;
  const char *other = source_stays ? record->destination : record->source;
  g_autofree char *id = g_strdup_printf ("%" G_GUINT64_FORMAT, record->id);
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);

  tern_log (G_LOG_LEVEL_MESSAGE, TERN_MSG_RESOLVED,
            TERN_FIELDS (TERN_LOG_TASK, id, TERN_LOG_VM, vm, TERN_LOG_VM_UUID, record->vm_uuid,
                         TERN_LOG_SOURCE, record->source, TERN_LOG_DEST, record->destination),
            "Task %s: user %" G_GINT64_FORMAT " decided that %s stays on %s%s%s%s", id,
            self->keep_uid, vm, kept, self->resolution.remove_other ? "; its copy ends on " : "",
            self->resolution.remove_other ? other : "",
            self->resolution.let_run ? "; then it runs on" : "");
}

/* What is held is old, and neither host shows that any more. */
static gboolean
check_memory (TernRun *self, const TernSighting *source, const char *vm, GError **error)
{
  const TernTaskRecord *record = tern_run_get_record (self);

  if (self->keep != TERN_KEEP_SOURCE || !self->ran_there || !self->resolution.let_run
      || source->reason != TERN_REASON_MIGRATION)
    return TRUE;
  g_set_error (
      error, TERN_ERROR, TERN_ERROR_REFUSED,
      "%s ran on %s since %s was paused on %s, so that its disks are newer than the memory "
      "held there; end it with “virsh destroy” on %s, then start the VM anew",
      vm, record->destination, vm, record->source, record->source);
  return FALSE;
}

static void
take_up_looks (TernRun *self, const GPtrArray *seen, GError **error)
{
  const TernTaskRecord *record = tern_run_get_record (self);
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);

  if (!tern_run_is_idle (self) || record->phase != TERN_PHASE_ATTENTION)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                   "Where %s is was just being looked at again: see “virtern task show "
                   "%" G_GUINT64_FORMAT "”",
                   vm, record->id);
      return;
    }
  if (!tern_resolve (self->keep, vm, record->source, seen->pdata[0], record->destination,
                     seen->pdata[1], &self->resolution, error)
      || !check_memory (self, seen->pdata[0], vm, error))
    return;
  self->kept_state = ((TernSighting *) seen->pdata[self->keep == TERN_KEEP_SOURCE ? 0 : 1])->state;
  log_decision (self);
  tern_run_feed (self, TERN_EVENT_RESOLVE);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernRun) self = data;
  g_autoptr (GPtrArray) seen = tern_sightings_ask_finish (result);
  GError *error = NULL;

  (void) source;
  if (seen == NULL || self->closed)
    {
      tern_run_resolve_ended (self, NULL);
      return;
    }
  take_up_looks (self, seen, &error);
  if (error != NULL)
    {
      g_autoptr (GTask) task = g_steal_pointer (&self->resolving);

      g_task_return_error (task, error);
    }
}

void
tern_run_resolve_async (TernRun *self, TernKeep keep, gint64 uid, GAsyncReadyCallback cb,
                        gpointer data)
{
  const TernTaskRecord *record = tern_run_get_record (self);
  const char *const hosts[] = { record->source, record->destination, NULL };
  g_autoptr (GTask) task = g_task_new (self, NULL, cb, data);
  const char *why = NULL;

  if (self->closed || tern_run_peek_phase (self) != TERN_PHASE_ATTENTION)
    why = "needs no attention: there is nothing to decide";
  else if (tern_task_record_is_start (record))
    why = "is a start: end the wrong copy with “virsh destroy” on its host";
  else if (self->resolving != NULL)
    why = "is being decided right now";
  if (why != NULL)
    {
      g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_REFUSED,
                               "Task %" G_GUINT64_FORMAT " %s", record->id, why);
      return;
    }
  self->resolving = g_steal_pointer (&task);
  self->keep = keep;
  self->keep_uid = uid;
  tern_sightings_ask_async (self->inventory, record->vm_uuid, hosts, self->cancellable, on_looked,
                            g_object_ref (self));
}

gboolean
tern_run_resolve_finish (TernRun *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Carrying out */

static const char *
get_kept_host (TernRun *self)
{
  const TernTaskRecord *record = tern_run_get_record (self);

  return self->keep == TERN_KEEP_SOURCE ? record->source : record->destination;
}

static const char *
get_other_host (TernRun *self)
{
  const TernTaskRecord *record = tern_run_get_record (self);

  return self->keep == TERN_KEEP_SOURCE ? record->destination : record->source;
}

/* What was carried out, and what was not, is history, too. */
static void
keep_resolution (TernRun *self, const GError *error)
{
  g_autofree char *ended =
      self->other_ended ? g_strdup_printf ("; the copy on %s was ended", get_other_host (self))
                        : g_strdup ("");
  g_autofree char *run = self->resolution.let_run && error == NULL
                             ? g_strdup_printf ("; it was let run on %s", get_kept_host (self))
                             : g_strdup ("");
  g_autofree char *what =
      g_strdup_printf ("user %" G_GINT64_FORMAT " decided that the copy on %s stays%s%s%s%s",
                       self->keep_uid, get_kept_host (self), ended, run, error != NULL ? "; " : "",
                       error != NULL ? error->message : "");

  tern_run_add_step (self, what);
}

/* What libvirt had said of the move is of no use any more, what it says of this is. */
static void
end_resolution (TernRun *self, const GError *error)
{
  if (self->closed)
    return;
  keep_resolution (self, error);
  g_clear_error (&self->call_error);
  if (error != NULL)
    tern_run_set_error (self, error);
  tern_run_repair_ended (self, error);
}

static void
forget_resolution (TernTaskRecord *record, gpointer data)
{
  (void) data;
  g_clear_pointer (&record->resolution, g_free);
  record->resolved_by_uid = -1;
}

void
tern_run_drop_decision (TernRun *self, const GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->resolving);

  tern_run_edit (self, forget_resolution, NULL);
  if (task != NULL)
    g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_STORE, "Nothing was done: %s",
                             error->message);
  tern_run_repair_ended (self, error);
}

static void
on_let_run (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernRun) self = data;
  g_autoptr (GError) error = NULL;

  if (!tern_hypervisor_let_run_finish (TERN_HYPERVISOR (source), result, &error))
    g_prefix_error (&error, "letting it run on %s: ", get_kept_host (self));
  end_resolution (self, error);
}

static void
let_kept_run (TernRun *self)
{
  g_autoptr (GError) error = NULL;
  TernHypervisor *port;

  if (!self->resolution.let_run)
    {
      end_resolution (self, NULL);
      return;
    }
  port = tern_run_port (self, get_kept_host (self), &error);
  if (port == NULL)
    end_resolution (self, error);
  else
    tern_hypervisor_let_run_async (port, tern_run_get_record (self)->vm_uuid, self->cancellable,
                                   on_let_run, g_object_ref (self));
}

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernRun) self = data;
  g_autoptr (GError) error = NULL;

  if (tern_hypervisor_remove_copy_finish (TERN_HYPERVISOR (source), result, &error))
    {
      self->other_ended = TRUE;
      if (!self->closed)
        let_kept_run (self);
      return;
    }
  /* It may run there still: the other one is not let run. */
  g_prefix_error (&error, "ending the copy on %s: ", get_other_host (self));
  end_resolution (self, error);
}

static void
remove_other (TernRun *self)
{
  g_autoptr (GError) error = NULL;
  TernHypervisor *port = tern_run_port (self, get_other_host (self), &error);

  if (port == NULL)
    end_resolution (self, error);
  else
    tern_hypervisor_remove_copy_async (port, tern_run_get_record (self)->vm_uuid,
                                       self->resolution.remove_definition, self->cancellable,
                                       on_removed, g_object_ref (self));
}

static gboolean
is_still_there (const TernRun *self, const TernSighting *seen)
{
  return seen != NULL && seen->present && seen->state == self->kept_state
         && seen->reason != TERN_REASON_POSTCOPY && seen->reason != TERN_REASON_POSTCOPY_FAILED;
}

static void
on_kept_seen (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernRun) self = data;
  g_autoptr (GError) why = NULL;
  g_autoptr (TernSighting) seen =
      tern_hypervisor_inspect_finish (TERN_HYPERVISOR (source), result, &why);
  g_autoptr (GError) error = NULL;

  if (self->closed)
    return;
  if (is_still_there (self, seen))
    {
      remove_other (self);
      return;
    }
  error = g_error_new (TERN_ERROR, TERN_ERROR_REFUSED,
                       "nothing was ended on %s, because the copy that was to stay on %s was not "
                       "there any more as it had been%s%s",
                       get_other_host (self), get_kept_host (self), why != NULL ? ": " : "",
                       why != NULL ? why->message : "");
  end_resolution (self, error);
}

/* One host may have answered long before the other: what is to stay is looked at right before the
 * other ends. */
void
tern_run_carry_out (TernRun *self)
{
  g_autoptr (GError) error = NULL;
  TernHypervisor *port;

  tern_run_resolve_ended (self, NULL);
  self->other_ended = FALSE;
  if (!self->resolution.remove_other)
    {
      let_kept_run (self);
      return;
    }
  port = tern_run_port (self, get_kept_host (self), &error);
  if (port == NULL)
    end_resolution (self, error);
  else
    tern_hypervisor_inspect_async (port, tern_run_get_record (self)->vm_uuid, self->cancellable,
                                   on_kept_seen, g_object_ref (self));
}
