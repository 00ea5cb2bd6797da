/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The calls to a libvirt host, as their threads run them: how long each may take, what it is called
 * in errors, and which function does it.
 */
#include "config.h"

#include "drivers/libvirt-calls.h"

#include "base/error.h"
#include "drivers/libvirt-act.h"
#include "drivers/libvirt-cpu.h"
#include "drivers/libvirt-facts.h"
#include "drivers/libvirt-measure.h"
#include "drivers/libvirt-migrate.h"
#include "drivers/libvirt-query.h"
#include "drivers/libvirt-steer.h"

#define CALL_TIMEOUT_MS 10000
#define LIST_TIMEOUT_MS 60000
#define ABORT_TIMEOUT_MS 30000
/* QEMU, hooks and storage take their time; a guest may hold on to its CD-ROM. */
#define ACT_TIMEOUT_MS 60000
/* libvirt gives an agent a minute; others may be before it. */
#define SHUTDOWN_TIMEOUT_MS 90000
/* It waits for another job on the VM as long as libvirt does. */
#define MEASURE_TIMEOUT_MS 35000

TernLibvirtInput *
tern_libvirt_input_new (TernLibvirtLink *link, const char *host, const char *uuid)
{
  TernLibvirtInput *input = g_new0 (TernLibvirtInput, 1);

  input->link = tern_libvirt_link_ref (link);
  input->host = g_strdup (host);
  input->uuid = g_strdup (uuid);
  return input;
}

void
tern_libvirt_params_copy (TernMigrateParams *to, const TernMigrateParams *from)
{
  *to = *from;
  to->peer_uri = g_strdup (from->peer_uri);
  to->migration_address = g_strdup (from->migration_address);
  to->tls_destination = g_strdup (from->tls_destination);
}

void
tern_libvirt_params_clear (TernMigrateParams *params)
{
  g_free ((char *) params->peer_uri);
  g_free ((char *) params->migration_address);
  g_free ((char *) params->tls_destination);
  *params = (TernMigrateParams){ 0 };
}

static void
input_free (gpointer data)
{
  TernLibvirtInput *input = data;

  tern_libvirt_link_unref (input->link);
  g_free (input->host);
  g_free (input->uuid);
  tern_host_facts_unref (input->known_facts);
  tern_libvirt_params_clear (&input->params);
  g_free (input->target);
  g_free (input->source);
  tern_lock_free (input->lock);
  tern_cpu_unref (input->cpu);
  g_clear_pointer (&input->cpus, g_ptr_array_unref);
  g_free (input);
}

/* In the thread: passes a call's answer on, and tells if it found the connection dead. */
static gpointer
answer (TernLibvirtConn *conn, gpointer result, GError *local, GError **error)
{
  if (conn != NULL && g_error_matches (local, TERN_ERROR, TERN_ERROR_UNREACHABLE))
    tern_libvirt_conn_report_broken (conn, local->message);
  if (local != NULL)
    g_propagate_error (error, local);
  return result;
}

/* One function for the thread per question: opens the connection if need be, asks. */
#define DEFINE_CALL(name, what_text, free_func, timeout, ask)                                      \
  static gpointer run_##name (TernCall *call, gpointer data, GError **error)                       \
  {                                                                                                \
    TernLibvirtInput *input = data;                                                                \
    GError *local = NULL;                                                                          \
    g_autoptr (TernLibvirtConn) conn = tern_libvirt_link_get (input->link, &local);                \
    gpointer result = conn != NULL ? (ask) : NULL;                                                 \
                                                                                                   \
    return answer (conn, result, local, error);                                                    \
  }                                                                                                \
  const TernCallKind tern_libvirt_##name##_kind = {                                                \
    .what = what_text,                                                                             \
    .func = run_##name,                                                                            \
    .free_input = input_free,                                                                      \
    .free_result = free_func,                                                                      \
    .timeout_ms = timeout,                                                                         \
  };

/* A call that only says yes. */
#define DEFINE_ACT(name, what_text, timeout, act)                                                  \
  DEFINE_CALL (name, what_text, NULL, timeout, GINT_TO_POINTER (act))

#define FREE(func) ((GDestroyNotify) func)

DEFINE_CALL (facts, "asking about the host", FREE (tern_host_facts_unref), LIST_TIMEOUT_MS,
             tern_libvirt_query_facts (conn, input->known_facts, &local))
DEFINE_CALL (pools, "asking about its storage pools", FREE (g_ptr_array_unref), CALL_TIMEOUT_MS,
             tern_libvirt_query_pools (conn, &local))
DEFINE_CALL (vms, "listing its VMs", FREE (g_ptr_array_unref), LIST_TIMEOUT_MS,
             tern_libvirt_query_vms (conn, input->host, &local))
DEFINE_CALL (vm, "asking about the VM", FREE (tern_vm_unref), CALL_TIMEOUT_MS,
             tern_libvirt_query_vm (conn, input->host, input->uuid, &local))
DEFINE_CALL (inspect, "looking at the VM", FREE (tern_sighting_free), CALL_TIMEOUT_MS,
             tern_libvirt_query_sighting (call, conn, input->uuid, &local))
DEFINE_CALL (job, "asking about the VM's job", g_free, CALL_TIMEOUT_MS,
             tern_libvirt_job (conn, input->uuid, input->completed, &local))
DEFINE_ACT (abort, "aborting the migration", ABORT_TIMEOUT_MS,
            tern_libvirt_abort (call, conn, input->uuid, &local))
DEFINE_ACT (resume, "resuming the VM", CALL_TIMEOUT_MS,
            tern_libvirt_resume (call, conn, input->uuid, &local))
DEFINE_ACT (discard, "discarding its copy of the VM", CALL_TIMEOUT_MS,
            tern_libvirt_discard (call, conn, input->uuid, &local))
DEFINE_ACT (migrate, "migrating the VM", 0,
            tern_libvirt_migrate (call, conn, input->uuid, &input->params, &local))
DEFINE_ACT (set_downtime, "setting the migration's downtime", CALL_TIMEOUT_MS,
            tern_libvirt_set_downtime (call, conn, input->uuid, input->downtime_ms, &local))
DEFINE_ACT (set_speed, "setting the migration's speed", CALL_TIMEOUT_MS,
            tern_libvirt_set_speed (call, conn, input->uuid, input->bandwidth_bps, input->postcopy,
                                    &local))
DEFINE_ACT (start_postcopy, "starting post-copy", CALL_TIMEOUT_MS,
            tern_libvirt_start_postcopy (call, conn, input->uuid, &local))
DEFINE_ACT (pause, "pausing the VM for its migration", CALL_TIMEOUT_MS,
            tern_libvirt_pause (call, conn, input->uuid, &local))
DEFINE_ACT (measure, "measuring how fast the VM writes to its memory", MEASURE_TIMEOUT_MS,
            tern_libvirt_measure (call, conn, input->uuid, &local))
DEFINE_CALL (measured, "asking how fast the VM writes to its memory", g_free, CALL_TIMEOUT_MS,
             tern_libvirt_measured (conn, input->uuid, &local))
DEFINE_ACT (remove_copy, "removing its copy of the VM", ACT_TIMEOUT_MS,
            tern_libvirt_remove_copy (call, conn, input->uuid, input->with_definition, &local))
DEFINE_ACT (let_run, "letting its copy of the VM run", ACT_TIMEOUT_MS,
            tern_libvirt_let_run (call, conn, input->uuid, &local))
DEFINE_ACT (start, "starting the VM", ACT_TIMEOUT_MS,
            tern_libvirt_start (call, conn, input->uuid, &local))
DEFINE_ACT (shutdown, "asking the guest to shut down", SHUTDOWN_TIMEOUT_MS,
            tern_libvirt_shutdown (call, conn, input->uuid, &local))
DEFINE_ACT (eject, "ejecting the medium", ACT_TIMEOUT_MS,
            tern_libvirt_eject (call, conn, input->uuid, input->target, input->source, &local))
DEFINE_ACT (set_lock, "setting the lock of the VM", ACT_TIMEOUT_MS,
            tern_libvirt_set_lock (call, conn, input->uuid, input->lock, &local))
DEFINE_ACT (set_drain_action, "setting what a drain does with the VM", ACT_TIMEOUT_MS,
            tern_libvirt_set_drain_action (call, conn, input->uuid, input->action, &local))
DEFINE_ACT (set_cpu, "changing the CPU in the VM's definition", ACT_TIMEOUT_MS,
            tern_libvirt_set_cpu (call, conn, input->uuid, input->cpu, &local))
DEFINE_CALL (fetch_cpu_xml, "asking for the VM's CPU", g_free, CALL_TIMEOUT_MS,
             tern_libvirt_fetch_cpu_xml (conn, input->uuid, &local))
DEFINE_CALL (compare_cpu, "comparing the CPU", g_free, CALL_TIMEOUT_MS,
             tern_libvirt_compare_cpu (conn, input->source, &local))
DEFINE_CALL (baseline_cpu, "looking for a CPU all can give", FREE (tern_cpu_definition_free),
             CALL_TIMEOUT_MS, tern_libvirt_baseline_cpu (conn, input->cpus, &local))
