/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One start: every host is asked before, because a guest that runs twice destroys its disks;
 * then the definition goes over if it must, and the destination is told to start it once.
 */
#include "config.h"

#include "engine/start.h"

#include "base/error.h"
#include "base/text.h"
#include "plan/relocate-fsm.h"
#include "plan/start-fsm.h"
#include "plan/start-truth.h"

#define MAX_NAME_SHOWN 60
/* A definition is small; a host that has not taken it by then may do so late, and is looked at. */
#define DEFINE_BOUND_US (120 * G_USEC_PER_SEC)

struct _TernStart
{
  TernRun run;

  GPtrArray *asked; /* names: what the sightings of the check are of */
  gboolean persistent;
  gboolean went_over; /* the definition was copied to the destination */
  guint define_timer;
  gboolean overdue; /* the destination was told to start it, and may still work on that */
  gboolean lost;    /* the destination, since then */
};

G_DEFINE_TYPE (TernStart, tern_start, TERN_TYPE_RUN)

struct _TernRelocation
{
  TernStart start;
};

G_DEFINE_TYPE (TernRelocation, tern_relocation, TERN_TYPE_START)

/* The check: all hosts. */

/* Returns: whether that host last showed the VM, so that its silence matters */
static gboolean
last_showed (TernRun *run, const char *host)
{
  const TernTaskRecord *record = tern_run_get_record (run);
  g_autoptr (GPtrArray) copies = tern_inventory_get_sightings (run->inventory, record->vm_uuid);

  for (guint i = 0; i < copies->len; i++)
    if (g_str_equal (((const TernVm *) copies->pdata[i])->host, host))
      return TRUE;
  return FALSE;
}

/* Returns: whether it is a host of ours that has not shown its VMs yet */
static gboolean
is_stranger (TernRun *run, const char *host)
{
  return tern_inventory_find_host (run->inventory, host) != NULL
         && !tern_inventory_has_listed (run->inventory, host);
}

static TernReason *
refuse_silence (const char *vm, const char *host, const TernSighting *seen)
{
  const char *why = seen->error != NULL ? seen->error : "no answer";

  return tern_reason_new (
      "host.unreachable",
      g_strdup_printf ("%s could not be asked whether %s runs there: %s", host, vm, why),
      g_strdup_printf ("see “virtern host show %s”", host), "host", host, "error", why, NULL);
}

/* Of a host that was silent all the time nobody knows what runs there. */
static TernReason *
refuse_stranger (const char *vm, const char *host, const TernSighting *seen)
{
  const char *why = seen->error != NULL ? seen->error : "no answer";

  return tern_reason_new (
      "host.unreachable",
      g_strdup_printf ("%s has not shown its VMs since virternd began, and %s may run there: %s",
                       host, vm, why),
      g_strdup_printf ("get %s back, or if it is gone for good: “virtern host remove %s”", host,
                       host),
      "host", host, "error", why, NULL);
}

static TernReason *
refuse_copy (const char *vm, const char *host, const TernSighting *seen)
{
  g_autofree char *what = tern_sighting_to_string (seen);

  return tern_reason_new ("vm.running", g_strdup_printf ("%s is %s on %s", vm, what, host), NULL,
                          "host", host, "state", tern_vm_state_to_string (seen->state), NULL);
}

static void
judge_sightings (TernStart *self, const GPtrArray *seen, GPtrArray *reasons)
{
  TernRun *run = &self->run;
  g_autofree char *vm = tern_text_visible (tern_run_get_record (run)->vm_name, MAX_NAME_SHOWN);

  for (guint i = 0; i < seen->len; i++)
    {
      const TernSighting *one = seen->pdata[i];
      const char *host = self->asked->pdata[i];
      gboolean matters = i < 2 || last_showed (run, host);

      if (!one->known && matters)
        g_ptr_array_add (reasons, refuse_silence (vm, host, one));
      else if (!one->known && is_stranger (run, host))
        g_ptr_array_add (reasons, refuse_stranger (vm, host, one));
      else if (one->known && one->present
               && (tern_vm_state_is_active (one->state) || one->state == TERN_VM_UNKNOWN))
        g_ptr_array_add (reasons, refuse_copy (vm, host, one));
    }
}

static gboolean
is_defined (const TernSighting *seen)
{
  return seen->present && seen->persistent;
}

static void
take_up_check (TernStart *self, const GPtrArray *seen)
{
  TernRun *run = &self->run;
  const TernTaskRecord *record = tern_run_get_record (run);
  const TernSighting *source = seen->pdata[0], *destination = seen->pdata[1];
  g_autoptr (GPtrArray) reasons =
      g_ptr_array_new_with_free_func ((GDestroyNotify) tern_reason_free);
  g_autoptr (GError) refusal = NULL;

  /* While its definition went over. */
  if (record->cancel_requested)
    {
      tern_run_feed (run, TERN_EVENT_CANCEL);
      return;
    }
  judge_sightings (self, seen, reasons);
  refusal = tern_run_confirm (run, reasons);
  if (refusal == NULL && !is_defined (destination) && (self->went_over || !is_defined (source)))
    refusal = g_error_new (TERN_ERROR, TERN_ERROR_NOT_FOUND, "it is not defined on %s any more",
                           self->went_over ? record->destination : record->source);
  /* Which of the two is the right one nobody knows. */
  if (refusal == NULL && TERN_IS_RELOCATION (run) && is_defined (destination))
    refusal = g_error_new (TERN_ERROR, TERN_ERROR_EXISTS,
                           "it is defined on %s already; remove one of the definitions with “virsh "
                           "undefine” there (not with --remove-all-storage)",
                           record->destination);
  if (refusal != NULL)
    {
      tern_run_refuse (run, refusal);
      return;
    }
  self->persistent = source->persistent;
  tern_run_feed (run, is_defined (destination) ? TERN_EVENT_CHECKED : TERN_EVENT_AWAY);
}

static void
on_checked (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernStart) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) seen = tern_run_check_finish (TERN_RUN (source), result, &error);

  if (error != NULL)
    tern_run_refuse (&self->run, error);
  else if (seen != NULL)
    take_up_check (self, seen);
}

static void
check (TernStart *self)
{
  TernRun *run = &self->run;
  const TernTaskRecord *record = tern_run_get_record (run);
  g_autoptr (GPtrArray) hosts = tern_inventory_get_hosts (run->inventory);

  /* What went wrong on the way here was put right, or nothing would be checked again. */
  g_clear_error (&run->call_error);
  g_ptr_array_set_size (self->asked, 0);
  g_ptr_array_add (self->asked, g_strdup (record->source));
  g_ptr_array_add (self->asked, g_strdup (record->destination));
  for (guint i = 0; i < hosts->len; i++)
    {
      const char *name = ((const TernHost *) hosts->pdata[i])->config->name;

      if (!g_str_equal (name, record->source) && !g_str_equal (name, record->destination))
        g_ptr_array_add (self->asked, g_strdup (name));
    }
  g_ptr_array_add (self->asked, NULL);
  tern_run_check_async (run, (const char *const *) self->asked->pdata, on_checked,
                        g_object_ref (self));
}

/* The acts. Each ends in an event, and what it did is looked at. */

static void
on_defined (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernStart) self = data;
  g_autoptr (GError) error = NULL;

  (void) tern_hypervisor_migrate_finish (TERN_HYPERVISOR (source), result, &error);
  /* Given up before: what came of it is looked at already. */
  if (self->define_timer == 0)
    return;
  tern_clock_clear_timer (self->run.clock, &self->define_timer);
  tern_run_call_ended (&self->run, error);
}

static gboolean
on_define_bound (gpointer data)
{
  TernStart *self = data;
  g_autoptr (GError) error = g_error_new (
      TERN_ERROR, TERN_ERROR_TIMED_OUT,
      "copying the definition to %s took more than %d s and was not waited for",
      tern_run_get_record (&self->run)->destination, (int) (DEFINE_BOUND_US / G_USEC_PER_SEC));

  self->define_timer = 0;
  tern_run_call_ended (&self->run, error);
  return G_SOURCE_REMOVE;
}

static void
define (TernStart *self)
{
  TernRun *run = &self->run;
  const TernTaskRecord *record = tern_run_get_record (run);
  TernHost *destination = tern_inventory_find_host (run->inventory, record->destination);
  TernMigrateParams params = { .persistent = self->persistent, .flags = TERN_MIGRATE_OFFLINE };
  g_autoptr (GError) error = NULL;
  TernHypervisor *port = tern_run_port (run, record->source, &error);

  if (port != NULL && destination == NULL)
    g_set_error (&error, TERN_ERROR, TERN_ERROR_REFUSED, "%s is not a host of ours any more",
                 record->destination);
  if (error != NULL)
    {
      tern_run_call_ended (run, error);
      return;
    }
  params.peer_uri = destination->config->peer_uri != NULL ? destination->config->peer_uri
                                                          : destination->config->uri;
  params.migration_address = destination->config->migration_address;
  self->went_over = TRUE;
  self->define_timer = tern_clock_add_timer (run->clock, DEFINE_BOUND_US, on_define_bound, self);
  tern_hypervisor_migrate_async (port, record->vm_uuid, &params, run->cancellable, on_defined,
                                 g_object_ref (self));
}

static void
on_discarded (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernStart) self = data;
  g_autoptr (GError) error = NULL;

  if (!tern_hypervisor_discard_finish (TERN_HYPERVISOR (source), result, &error)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    tern_run_set_error (&self->run, error);
  tern_run_repair_ended (&self->run, error);
}

/* The old definition could be started by hand or at a boot while the guest runs elsewhere. */
static void
discard (TernStart *self)
{
  TernRun *run = &self->run;
  const TernTaskRecord *record = tern_run_get_record (run);
  g_autoptr (GError) error = NULL;
  TernHypervisor *port = tern_run_port (run, record->source, &error);

  run->repairs++;
  if (port == NULL)
    {
      tern_run_set_error (run, error);
      tern_run_repair_ended (run, error);
      return;
    }
  tern_hypervisor_discard_async (port, record->vm_uuid, run->cancellable, on_discarded,
                                 g_object_ref (self));
}

static void
stop_expecting (TernStart *self)
{
  g_signal_handlers_disconnect_by_data (self->run.inventory, self);
  self->overdue = FALSE;
}

/* The call ended with the connection: from now on it is as after any lost answer. */
static void
on_host_changed (TernInventory *inventory, TernHost *host, TernStart *self)
{
  (void) inventory;
  if (!g_str_equal (host->config->name, tern_run_get_record (&self->run)->destination))
    return;
  if (host->state != TERN_HOST_UP)
    {
      self->lost = TRUE;
      return;
    }
  if (!self->lost)
    return;
  stop_expecting (self);
  tern_run_look_anew (&self->run);
}

/* The host did not answer in time, which does not end what it does. */
static void
expect_late_start (TernStart *self)
{
  TernRun *run = &self->run;
  TernHost *host =
      tern_inventory_find_host (run->inventory, tern_run_get_record (run)->destination);

  self->overdue = TRUE;
  self->lost = host == NULL || host->state != TERN_HOST_UP;
  g_signal_connect_object (run->inventory, "host-changed", G_CALLBACK (on_host_changed), self, 0);
}

static void
on_started (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernStart) self = data;
  g_autoptr (GError) error = NULL;

  (void) tern_hypervisor_start_finish (TERN_HYPERVISOR (source), result, &error);
  if (!self->run.closed && g_error_matches (error, TERN_ERROR, TERN_ERROR_TIMED_OUT))
    expect_late_start (self);
  tern_run_call_ended (&self->run, error);
}

static void
start (TernStart *self)
{
  TernRun *run = &self->run;
  const TernTaskRecord *record = tern_run_get_record (run);
  g_autoptr (GError) error = NULL;
  TernHypervisor *port = tern_run_port (run, record->destination, &error);

  if (port == NULL)
    tern_run_call_ended (run, error);
  else
    tern_hypervisor_start_async (port, record->vm_uuid, run->cancellable, on_started,
                                 g_object_ref (self));
}

static void
act (TernRun *run, TernTaskAction action)
{
  TernStart *self = TERN_START (run);

  switch (action)
    {
    case TERN_ACTION_CHECK:
      check (self);
      break;
    case TERN_ACTION_DEFINE:
      define (self);
      break;
    case TERN_ACTION_DISCARD:
      discard (self);
      break;
    case TERN_ACTION_START:
      start (self);
      break;
    default:
      break;
    }
}

static TernTaskEvent
conclude (TernRun *run, const TernSighting *source, const TernSighting *destination,
          char **out_verdict)
{
  TernStart *self = TERN_START (run);
  const TernTaskRecord *record = tern_run_get_record (run);
  TernStartTruth truth = tern_start_truth_judge (source, destination);
  TernVerifying verifying = tern_run_count_look (run, truth);
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);

  verifying.overdue = self->overdue;
  *out_verdict = tern_start_truth_explain (truth, self->overdue, vm, record->source, source,
                                           record->destination, destination);
  return tern_start_truth_to_event (truth, record->phase, &verifying);
}

static void
stop_waiting (TernRun *run)
{
  TernStart *self = TERN_START (run);

  tern_clock_clear_timer (run->clock, &self->define_timer);
  stop_expecting (self);
}

static void
tern_start_init (TernStart *self)
{
  self->asked = g_ptr_array_new_with_free_func (g_free);
}

static void
tern_start_finalize (GObject *object)
{
  g_ptr_array_unref (TERN_START (object)->asked);
  G_OBJECT_CLASS (tern_start_parent_class)->finalize (object);
}

static void
tern_start_class_init (TernStartClass *klass)
{
  TernRunClass *run_class = (TernRunClass *) klass;

  G_OBJECT_CLASS (klass)->finalize = tern_start_finalize;
  run_class->next = tern_start_fsm_next;
  run_class->act = act;
  run_class->conclude = conclude;
  run_class->close = stop_waiting;
}

/* Relocation */

static TernTaskEvent
conclude_relocation (TernRun *run, const TernSighting *source, const TernSighting *destination,
                     char **out_verdict)
{
  const TernTaskRecord *record = tern_run_get_record (run);
  TernStartTruth truth = tern_start_truth_judge (source, destination);
  TernVerifying verifying = tern_run_count_look (run, truth);
  g_autofree char *vm = tern_text_visible (record->vm_name, MAX_NAME_SHOWN);

  *out_verdict =
      tern_relocate_explain (truth, vm, record->source, source, record->destination, destination);
  return tern_relocate_truth_to_event (truth, &verifying);
}

static void
tern_relocation_init (TernRelocation *self)
{
  (void) self;
}

static void
tern_relocation_class_init (TernRelocationClass *klass)
{
  TernRunClass *run_class = (TernRunClass *) klass;

  run_class->next = tern_relocate_fsm_next;
  run_class->conclude = conclude_relocation;
}
