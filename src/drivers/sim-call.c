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
  g_free (self->target);
  g_free (self->source);
  g_free (self->cpu_text);
  tern_lock_free (self->lock);
  tern_cpu_unref (self->cpu);
  g_clear_pointer (&self->cpus, g_ptr_array_unref);
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

void
tern_sim_call_return (SimCall *self, gpointer value, GDestroyNotify destroy)
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

void
tern_sim_call_wait (SimCall *self)
{
  self->timer =
      tern_clock_add_timer (self->port->sim->clock, SIM_CALL_TIMEOUT_US, on_call_timed_out, self);
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

static GPtrArray *
show_hugepages (SimHost *host)
{
  const GPtrArray *list = host->facts->hugepages;
  GPtrArray *shown = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < list->len; i++)
    {
      TernHugepages *pages = g_memdup2 (list->pdata[i], sizeof *pages);
      guint64 taken = pages->size > 0 ? tern_sim_count_pages_taken (host, pages->size) : 0;

      pages->free = pages->free > taken ? pages->free - taken : 0;
      g_ptr_array_add (shown, pages);
    }
  return shown;
}

/* As in the file, with what its VMs take now. */
static void
answer_facts (SimCall *call, SimHost *host)
{
  TernHostFacts *facts = tern_host_facts_copy (host->facts);
  guint64 used = tern_sim_host_get_used (host);

  if (__builtin_add_overflow (used, host->memory_other, &used))
    used = G_MAXUINT64;
  facts->memory_free = facts->memory_total > used ? facts->memory_total - used : 0;
  if (facts->hostname == NULL)
    facts->hostname = g_strdup (host->name);
  if (facts->hugepages != NULL)
    {
      g_ptr_array_unref (facts->hugepages);
      facts->hugepages = show_hugepages (host);
    }
  tern_sim_call_return (call, facts, (GDestroyNotify) tern_host_facts_unref);
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
  tern_sim_call_return (call, vms, (GDestroyNotify) g_ptr_array_unref);
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
  tern_sim_call_return (call, sighting, (GDestroyNotify) tern_sighting_free);
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
  tern_sim_call_return (call, stats, g_free);
}

static void
answer_completed_job (SimCall *call, SimDomain *domain)
{
  if (domain->has_completed)
    tern_sim_call_return (call, g_memdup2 (&domain->completed, sizeof domain->completed), g_free);
  else
    tern_sim_call_fail (call, TERN_ERROR_NOT_FOUND, "No record of a finished job");
}

void
tern_sim_call_fail_without_job (SimCall *call)
{
  tern_sim_call_fail (call, TERN_ERROR_NOT_FOUND,
                      "Requested operation is not valid: no job is active on the domain");
}

static void
answer_abort (SimCall *call, SimHost *host, SimDomain *domain)
{
  if (domain->move == NULL || !tern_sim_move_has_job (domain->move)
      || !tern_sim_move_is_outgoing (domain->move, host))
    tern_sim_call_fail_without_job (call);
  else if (tern_sim_move_is_stuck (domain->move))
    tern_sim_call_wait (call);
  else if (tern_sim_move_abort (domain->move))
    tern_sim_call_end (call, NULL);
  else
    tern_sim_call_fail (call, TERN_ERROR_FAILED,
                        "Requested operation is not valid: cannot abort migration in post-copy "
                        "mode");
}

static gboolean
is_left_paused (const SimDomain *domain)
{
  return domain->vm->state == TERN_VM_PAUSED && domain->vm->reason == TERN_REASON_MIGRATION
         && domain->move == NULL;
}

void
tern_sim_call_refuse (SimCall *call, const SimDomain *domain, const char *what)
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
      tern_sim_call_refuse (call, domain, "resumed");
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
      tern_sim_call_refuse (call, domain, "discarded");
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
      tern_sim_call_return (call, show_vm (call, domain), (GDestroyNotify) tern_vm_unref);
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
    case CALL_LET_RUN:
      tern_sim_answer_let_run (call, host, domain);
      break;
    case CALL_SET_DOWNTIME:
    case CALL_SET_SPEED:
    case CALL_START_POSTCOPY:
    case CALL_PAUSE:
    case CALL_MEASURE_DIRTY:
      tern_sim_answer_steer (call, host, domain);
      break;
    default:
      tern_sim_answer_edit (call, host, domain);
      break;
    }
}

static void
answer (SimCall *call)
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
  else if (call->kind == CALL_COMPARE_CPU || call->kind == CALL_BASELINE_CPU)
    tern_sim_answer_cpu (call, host);
  else if (call->kind == CALL_REMOVE_COPY)
    tern_sim_answer_remove_copy (call, host, domain);
  else if (domain != NULL)
    answer_about_domain (call, host, domain);
  else
    tern_sim_call_fail (call, TERN_ERROR_NOT_FOUND, "Domain not found");
}

/* What is done may end the call by itself: a fault that it brings about breaks the connection. */
void
tern_sim_call_answer (SimCall *call)
{
  SimCall *held = tern_sim_call_ref (call);

  answer (held);
  tern_sim_call_unref (held);
}

static gpointer
copy_cpu (gconstpointer cpu, gpointer unused)
{
  (void) unused;
  return tern_cpu_ref ((TernCpu *) cpu);
}

static SimCall *
call_new (TernSimPort *port, CallKind kind, const char *uuid, const CallArgs *args)
{
  SimCall *call = g_new0 (SimCall, 1);

  call->refs = 1;
  call->port = port;
  call->kind = kind;
  call->uuid = uuid != NULL ? g_ascii_strdown (uuid, -1) : NULL;
  if (args == NULL)
    return call;

  if (args->params != NULL)
    {
      call->params = *args->params;
      call->peer_uri = g_strdup (args->params->peer_uri);
      call->params.peer_uri = call->peer_uri;
      call->params.migration_address = NULL;
      call->params.tls_destination = NULL;
    }
  call->downtime_ms = args->downtime_ms;
  call->bandwidth_bps = args->bandwidth_bps;
  call->flag = args->flag;
  call->action = args->action;
  call->target = g_strdup (args->target);
  call->source = g_strdup (args->source);
  call->cpu_text = g_strdup (args->cpu_text);
  call->lock = args->lock != NULL ? tern_lock_copy (args->lock) : NULL;
  call->cpu = args->cpu != NULL ? tern_cpu_ref ((TernCpu *) args->cpu) : NULL;
  if (args->cpus != NULL)
    {
      call->cpus = g_ptr_array_copy ((GPtrArray *) args->cpus, copy_cpu, NULL);
      g_ptr_array_set_free_func (call->cpus, (GDestroyNotify) tern_cpu_unref);
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
  tern_sim_call_wait (call);
  g_ptr_array_add (host->parked, tern_sim_call_ref (call));
}

void
tern_sim_call_start (TernSimPort *port, CallKind kind, const char *uuid, const CallArgs *args,
                     GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  SimCall *call = call_new (port, kind, uuid, args);
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
