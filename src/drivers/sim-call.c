/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calls to a simulated host: their life, from the question to the one answer, and what
 * each of them does to the cluster.
 */
#include "config.h"

#include "drivers/sim-call.h"

#include "base/error.h"
#include "base/text.h"

SimCall *
tern_sim_call_ref (SimCall *self)
{
  self->refs++;
  return self;
}

void
tern_sim_call_unref (SimCall *self)
{
  if (self == NULL || --self->refs > 0)
    return;

  g_free (self->uuid);
  g_free (self->peer_uri);
  g_free (self);
}

/* Takes the call off its port. Returns: (transfer full) (nullable): the task to answer */
static GTask *
call_take_task (SimCall *self)
{
  GTask *task = g_steal_pointer (&self->task);
  TernSimPort *port = self->port;

  if (task == NULL)
    return NULL;
  if (self->cancel != NULL)
    g_source_destroy (self->cancel);
  g_clear_pointer (&self->cancel, g_source_unref);
  tern_clock_clear_timer (port->sim->clock, &self->timer);
  self->port = NULL;
  g_ptr_array_remove (port->calls, self);
  return task;
}

void
tern_sim_call_end (SimCall *self, GError *error)
{
  g_autoptr (GTask) task = call_take_task (self);

  if (task == NULL)
    g_clear_error (&error);
  else if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

void
tern_sim_call_fail (SimCall *self, TernError code, const char *message)
{
  tern_sim_call_end (self, g_error_new (TERN_ERROR, code, "%s", message));
}

static void
call_return (SimCall *self, gpointer value, GDestroyNotify destroy)
{
  g_autoptr (GTask) task = call_take_task (self);

  if (task != NULL)
    g_task_return_pointer (task, value, destroy);
  else
    destroy (value);
}

static gboolean
on_call_cancelled (GCancellable *cancellable, gpointer data)
{
  SimCall *self = data;
  GError *error = NULL;

  (void) g_cancellable_set_error_if_cancelled (cancellable, &error);
  if (self->kind == CALL_CONNECT)
    self->port->link = LINK_CLOSED;
  tern_sim_call_end (self, error);
  return G_SOURCE_REMOVE;
}

static gboolean
on_call_timed_out (gpointer data)
{
  SimCall *self = data;
  g_autofree char *message =
      g_strdup_printf ("The host %s gave no answer within 10 s", self->port->config->name);

  self->timer = 0;
  if (self->kind == CALL_CONNECT)
    self->port->link = LINK_CLOSED;
  tern_sim_call_fail (self, TERN_ERROR_TIMED_OUT, message);
  return G_SOURCE_REMOVE;
}

/* --- what calls do --- */

static void
answer_connect (SimCall *call)
{
  TernSimPort *port = call->port;

  port->host = tern_sim_find_host (port->sim, port->host_name);
  port->link = LINK_OPEN;
  g_ptr_array_add (port->host->ports, port);
  tern_sim_call_end (call, NULL);
}

static guint64
memory_in_use (SimHost *host)
{
  GHashTableIter iter;
  SimDomain *domain;
  guint64 sum = 0;

  g_hash_table_iter_init (&iter, host->domains);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &domain))
    if (tern_vm_state_is_active (domain->vm->state))
      sum += domain->vm->memory;
  return sum;
}

static void
answer_facts (SimCall *call, SimHost *host)
{
  TernHostFacts *facts = tern_host_facts_new ();
  guint64 used = memory_in_use (host);

  facts->uuid = g_strdup (host->uuid);
  facts->hostname = g_strdup (host->name);
  facts->memory_total = host->memory;
  facts->memory_free = host->memory > used ? host->memory - used : 0;
  facts->cpus = host->cpus;
  facts->cpu_mhz = host->cpu_mhz;
  facts->arch = g_strdup ("x86_64");
  facts->cpu = host->cpu != NULL ? tern_cpu_ref (host->cpu) : NULL;
  facts->libvirt_version = 9000000;
  facts->qemu_version = 7002000;
  call_return (call, facts, (GDestroyNotify) tern_host_facts_unref);
}

/* As this port names its host. */
static TernVm *
show_vm (SimCall *call, const SimDomain *domain)
{
  TernVm *vm = tern_vm_copy (domain->vm);

  g_free (vm->host);
  vm->host = g_strdup (call->port->config->name);
  return vm;
}

static int
compare_vms (gconstpointer a, gconstpointer b)
{
  const TernVm *x = *(TernVm *const *) a, *y = *(TernVm *const *) b;
  int by_name = strcmp (x->name, y->name);

  return by_name != 0 ? by_name : strcmp (x->uuid, y->uuid);
}

static void
answer_vms (SimCall *call, SimHost *host)
{
  GPtrArray *vms = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);
  GHashTableIter iter;
  SimDomain *domain;

  g_hash_table_iter_init (&iter, host->domains);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &domain))
    g_ptr_array_add (vms, show_vm (call, domain));
  g_ptr_array_sort (vms, compare_vms);
  call_return (call, vms, (GDestroyNotify) g_ptr_array_unref);
}

static void
answer_inspect (SimCall *call, SimHost *host, SimDomain *domain)
{
  TernSighting *sighting = tern_sighting_new ();
  SimMove *move = domain != NULL ? domain->move : NULL;

  sighting->known = TRUE;
  sighting->present = domain != NULL;
  if (domain != NULL)
    {
      sighting->state = domain->vm->state;
      sighting->reason = domain->vm->reason;
      sighting->persistent = domain->vm->persistent;
      sighting->job_active = move != NULL && tern_sim_move_has_job (move);
      sighting->job_outgoing = sighting->job_active && tern_sim_move_is_outgoing (move, host);
    }
  call_return (call, sighting, (GDestroyNotify) tern_sighting_free);
}

static void
answer_job (SimCall *call, SimHost *host, SimDomain *domain)
{
  TernJobStats *stats;

  if (domain->move != NULL && !tern_sim_move_is_outgoing (domain->move, host))
    {
      tern_sim_call_fail (
          call, TERN_ERROR_FAILED,
          "Requested operation is not valid: migration statistics are available only on "
          "the source host");
      return;
    }
  stats = g_new0 (TernJobStats, 1);
  if (domain->move != NULL && tern_sim_move_has_job (domain->move))
    tern_sim_move_get_stats (domain->move, stats);
  call_return (call, stats, g_free);
}

static void
answer_completed_job (SimCall *call, SimDomain *domain)
{
  if (domain->has_completed)
    call_return (call, g_memdup2 (&domain->completed, sizeof domain->completed), g_free);
  else
    tern_sim_call_fail (call, TERN_ERROR_NOT_FOUND, "No record of a finished job");
}

static void
answer_abort (SimCall *call, SimHost *host, SimDomain *domain)
{
  if (domain->move == NULL || !tern_sim_move_has_job (domain->move)
      || !tern_sim_move_is_outgoing (domain->move, host))
    {
      tern_sim_call_fail (call, TERN_ERROR_NOT_FOUND,
                          "Requested operation is not valid: no job is active on the domain");
      return;
    }
  tern_sim_move_abort (domain->move);
  tern_sim_call_end (call, NULL);
}

static gboolean
is_left_paused (const SimDomain *domain)
{
  return domain->vm->state == TERN_VM_PAUSED && domain->vm->reason == TERN_REASON_MIGRATION
         && domain->move == NULL;
}

static void
refuse (SimCall *call, const SimDomain *domain, const char *what)
{
  g_autofree char *name = tern_text_visible (domain->vm->name, 80);
  g_autofree char *message = g_strdup_printf (
      "The VM %s on host %s is %s (%s)%s: it cannot be %s", name, call->port->config->name,
      tern_vm_state_to_string (domain->vm->state), tern_vm_reason_to_string (domain->vm->reason),
      domain->move != NULL ? " and has a job" : "", what);

  tern_sim_call_fail (call, TERN_ERROR_REFUSED, message);
}

static void
answer_resume (SimCall *call, SimHost *host, SimDomain *domain)
{
  g_autofree char *uuid = g_strdup (domain->vm->uuid);

  if (!is_left_paused (domain))
    {
      refuse (call, domain, "resumed");
      return;
    }
  tern_sim_domain_set_state (domain, TERN_VM_RUNNING, TERN_REASON_OTHER);
  tern_sim_call_end (call, NULL);
  tern_sim_host_emit_vm (host, uuid);
}

static void
answer_discard (SimCall *call, SimHost *host, SimDomain *domain)
{
  g_autofree char *uuid = g_strdup (domain->vm->uuid);

  if (!is_left_paused (domain) && (domain->vm->state != TERN_VM_SHUT_OFF || domain->move != NULL))
    {
      refuse (call, domain, "discarded");
      return;
    }
  tern_sim_host_remove_domain (host, uuid);
  tern_sim_call_end (call, NULL);
  tern_sim_host_emit_vm (host, uuid);
}

static void
answer_migrate (SimCall *call, SimHost *host)
{
  GError *error = NULL;

  if (!tern_sim_move_start (host, call->uuid, &call->params, call, &error))
    tern_sim_call_end (call, error);
}

static void
answer_about_domain (SimCall *call, SimHost *host, SimDomain *domain)
{
  switch (call->kind)
    {
    case CALL_VM:
      call_return (call, show_vm (call, domain), (GDestroyNotify) tern_vm_unref);
      break;
    case CALL_JOB:
      answer_job (call, host, domain);
      break;
    case CALL_COMPLETED_JOB:
      answer_completed_job (call, domain);
      break;
    case CALL_ABORT:
      answer_abort (call, host, domain);
      break;
    case CALL_RESUME:
      answer_resume (call, host, domain);
      break;
    case CALL_DISCARD:
      answer_discard (call, host, domain);
      break;
    default:
      g_assert_not_reached ();
    }
}

void
tern_sim_call_answer (SimCall *call)
{
  SimHost *host = call->port->host;
  SimDomain *domain = NULL;

  if (call->uuid != NULL)
    domain = tern_sim_host_find_domain (host, call->uuid);

  if (call->kind == CALL_CONNECT)
    answer_connect (call);
  else if (call->kind == CALL_FACTS)
    answer_facts (call, host);
  else if (call->kind == CALL_VMS)
    answer_vms (call, host);
  else if (call->kind == CALL_INSPECT)
    answer_inspect (call, host, domain);
  else if (call->kind == CALL_MIGRATE)
    answer_migrate (call, host);
  else if (domain != NULL)
    answer_about_domain (call, host, domain);
  else
    tern_sim_call_fail (call, TERN_ERROR_NOT_FOUND, "Domain not found");
}

static SimCall *
call_new (TernSimPort *port, CallKind kind, const char *uuid, const TernMigrateParams *params)
{
  SimCall *call = g_new0 (SimCall, 1);

  call->refs = 1;
  call->port = port;
  call->kind = kind;
  call->uuid = uuid != NULL ? g_ascii_strdown (uuid, -1) : NULL;
  if (params != NULL)
    {
      call->params = *params;
      call->peer_uri = g_strdup (params->peer_uri);
      call->params.peer_uri = call->peer_uri;
      call->params.migration_address = NULL;
    }
  return call;
}

static void
watch_cancellable (SimCall *call, GCancellable *cancellable)
{
  if (cancellable == NULL)
    return;
  call->cancel = g_cancellable_source_new (cancellable);
  g_source_set_callback (call->cancel, G_SOURCE_FUNC (on_call_cancelled), call, NULL);
  g_source_attach (call->cancel, g_task_get_context (call->task));
}

/* Answers at once, or leaves the call with a libvirtd that does not read it. */
static void
make_call (SimCall *call, SimHost *host)
{
  if (host->state != TERN_SIM_HOST_HANG)
    {
      tern_sim_call_answer (call);
      return;
    }
  call->timer =
      tern_clock_add_timer (host->sim->clock, SIM_CALL_TIMEOUT_US, on_call_timed_out, call);
  g_ptr_array_add (host->parked, tern_sim_call_ref (call));
}

void
tern_sim_call_start (TernSimPort *port, CallKind kind, const char *uuid,
                     const TernMigrateParams *params, GCancellable *cancellable,
                     GAsyncReadyCallback cb, gpointer data)
{
  SimCall *call = call_new (port, kind, uuid, params);
  SimHost *host = port->host;

  call->task = g_task_new (port, cancellable, cb, data);
  g_task_set_name (call->task, "tern-sim");
  /* As in the libvirt driver: what ended the call first is what it ends with. */
  g_task_set_check_cancellable (call->task, FALSE);
  g_ptr_array_add (port->calls, call);
  watch_cancellable (call, cancellable);
  if (call->kind == CALL_CONNECT)
    host = tern_sim_find_host (port->sim, port->host_name);

  if (host != NULL)
    {
      make_call (call, host);
      return;
    }
  tern_sim_call_fail (call, TERN_ERROR_UNREACHABLE, "There is no connection to the host");
}
