/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Drives the hypervisor port of one libvirt host from the shell: without an engine, and so
 * without anything that would hide what the driver does. One line per fact:
 *
 *    probe-hypervisor qemu+tcp://node1/system inspect UUID
 *      inspect: running (migrated) persistent=1 job=0 outgoing=0
 *
 * "shell" reads the same commands from stdin, one a line, and starts each at once without
 * waiting for those before; "ping" then shows that the main loop is alive.
 *
 * Exit status: 0 done, 1 the command failed, 2 wrong usage.
 */
#include "config.h"

#include "base/error.h"
#include "base/text.h"
#include "drivers/libvirt-host.h"
#include "model/drain.h"
#include "ports/hypervisor.h"

#include <stdio.h>
#include <string.h>

typedef struct
{
  TernHypervisor *hypervisor;
  GMainLoop *loop;
  gboolean shell;
  gboolean failed;
  GStrv first; /* the command of the command line */
  gint64 begin;
} Probe;

/* One command under way. */
typedef struct
{
  Probe *probe;
  GStrv words;
} Run;

static void say (Probe *probe, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
say (Probe *probe, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  if (probe->shell)
    printf ("%.3f ", (double) (g_get_monotonic_time () - probe->begin) / G_USEC_PER_SEC);
  printf ("%s\n", text);
  fflush (stdout);
}

static void
end_run (Run *run, GError *error)
{
  Probe *probe = run->probe;

  if (error != NULL)
    {
      g_autofree char *text = tern_text_visible (error->message, 0);

      say (probe, "%s: error %s: %s", run->words[0],
           error->domain == TERN_ERROR ? tern_error_code_to_name (error->code)
                                       : g_quark_to_string (error->domain),
           text);
      probe->failed = TRUE;
      g_error_free (error);
    }
  if (!probe->shell)
    g_main_loop_quit (probe->loop);
  g_strfreev (run->words);
  g_free (run);
}

/* A list, or "?" for one that was not told. */
static char *
join (GStrv list)
{
  return list != NULL ? g_strjoinv (",", list) : g_strdup ("?");
}

static void
say_strv (Probe *probe, const char *what, GStrv list)
{
  g_autofree char *text = join (list);

  say (probe, "%s=%s", what, text);
}

static void
say_networks (Probe *probe, const GPtrArray *networks)
{
  for (guint i = 0; networks != NULL && i < networks->len; i++)
    {
      const TernNetwork *network = networks->pdata[i];
      g_autofree char *groups = join (network->portgroups);

      say (probe, "network: %s active=%d portgroups=%s", network->name, network->active, groups);
    }
}

static void
say_pools (Probe *probe, const GPtrArray *pools)
{
  for (guint i = 0; pools != NULL && i < pools->len; i++)
    {
      const TernPool *pool = pools->pdata[i];
      g_autofree char *volumes = join (pool->volumes);

      say (probe, "pool: %s type=%s active=%d path=%s source=%s remote=%d volumes=%s", pool->name,
           pool->type, pool->active, pool->path, pool->source != NULL ? pool->source : "-",
           pool->remote, volumes);
    }
}

static void
say_resources (Probe *probe, const TernHostFacts *facts)
{
  say (probe,
       "facts: load=%d max-vcpus=%u signature=%s tsc=%" G_GUINT64_FORMAT " scaling=%d numa=%u",
       facts->load_permille, facts->max_vcpus, facts->cpu_signature, facts->tsc_hz,
       facts->tsc_scaling, facts->numa_nodes);
  say_strv (probe, "facts: virt-types", facts->virt_types);
  say_strv (probe, "facts: machines", facts->machines);
  say_strv (probe, "facts: cpu-models", facts->cpu_models);
  say_strv (probe, "facts: interfaces", facts->interfaces);
  say_strv (probe, "facts: secrets", facts->secrets);
  for (guint i = 0; facts->hugepages != NULL && i < facts->hugepages->len; i++)
    {
      const TernHugepages *pages = facts->hugepages->pdata[i];

      say (probe,
           "hugepages: %" G_GUINT64_FORMAT " total=%" G_GUINT64_FORMAT " free=%" G_GUINT64_FORMAT,
           pages->size, pages->total, pages->free);
    }
  say_networks (probe, facts->networks);
  say_pools (probe, facts->pools);
}

static void
on_facts (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  GError *error = NULL;
  g_autoptr (TernHostFacts) facts =
      tern_hypervisor_fetch_facts_finish (TERN_HYPERVISOR (source), result, &error);

  if (facts != NULL)
    {
      g_autofree char *features = NULL;

      say (run->probe, "facts: uuid=%s hostname=%s arch=%s cpus=%u mhz=%u", facts->uuid,
           facts->hostname, facts->arch, facts->cpus, facts->cpu_mhz);
      say (run->probe, "facts: memory=%" G_GUINT64_FORMAT " free=%" G_GUINT64_FORMAT,
           facts->memory_total, facts->memory_free);
      say (run->probe, "facts: libvirt=%" G_GUINT64_FORMAT " qemu=%" G_GUINT64_FORMAT,
           facts->libvirt_version, facts->qemu_version);
      if (facts->cpu != NULL)
        {
          features = g_strjoinv (",", facts->cpu->features);
          say (run->probe, "facts: cpu mode=%s model=%s vendor=%s features=%s", facts->cpu->mode,
               facts->cpu->model, facts->cpu->vendor, features);
        }
      say_resources (run->probe, facts);
    }
  end_run (run, error);
}

static void
say_vm (Probe *probe, const TernVm *vm)
{
  g_autofree char *name = tern_text_visible (vm->name, 0);

  say (probe,
       "vm: %s %s %s (%s) memory=%" G_GUINT64_FORMAT " vcpus=%u persistent=%d %s/%s/%s cpu=%s "
       "disks=%u nics=%u",
       vm->uuid, name, tern_vm_state_to_string (vm->state), tern_vm_reason_to_string (vm->reason),
       vm->memory, vm->vcpus, vm->persistent, vm->virt_type, vm->arch, vm->machine,
       vm->cpu != NULL ? vm->cpu->mode : "-", vm->disks->len, vm->nics->len);
}

static void
say_disks (Probe *probe, const TernVm *vm)
{
  for (guint i = 0; i < vm->disks->len; i++)
    {
      const TernDisk *disk = vm->disks->pdata[i];
      g_autofree char *backing = join (disk->backing);

      say (probe, "disk: %s %s %s source=%s policy=%s secret=%s backing=%s job=%d", disk->target,
           disk->device, disk->type, disk->source != NULL ? disk->source : "-",
           disk->startup_policy != NULL ? disk->startup_policy : "-",
           disk->secret != NULL ? disk->secret : "-", backing, disk->job);
    }
}

/* One VM in full. */
static void
say_details (Probe *probe, const TernVm *vm)
{
  say (probe, "vm: snapshots=%u managed-save=%d backup=%d masked=%d hugepages=%d pinned=%s numa=%s",
       vm->snapshots, vm->managed_save, vm->backup, vm->masked, vm->hugepages,
       vm->pinned_cpus != NULL ? vm->pinned_cpus : "-",
       vm->numa_nodes != NULL ? vm->numa_nodes : "-");
  if (vm->lock != NULL)
    {
      g_autofree char *reason = tern_text_visible (vm->lock->reason, 0);

      say (probe, "lock: owner=%s since=%" G_GINT64_FORMAT " expires=%" G_GINT64_FORMAT " %s",
           vm->lock->owner, vm->lock->since_us, vm->lock->expires_us, reason);
    }
  if (vm->drain_action >= 0)
    say (probe, "drain: %s", tern_drain_action_to_string ((TernDrainAction) vm->drain_action));
  if (vm->cpu != NULL)
    {
      g_autofree char *features = join (vm->cpu->features);
      g_autofree char *disabled = join (vm->cpu->disabled);

      say (probe, "cpu: %s %s vendor=%s expanded=%d features=%s disabled=%s", vm->cpu->mode,
           vm->cpu->model, vm->cpu->vendor, vm->cpu->expanded, features, disabled);
    }
  say_disks (probe, vm);
}

static void
on_vms (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  GError *error = NULL;
  g_autoptr (GPtrArray) vms =
      tern_hypervisor_fetch_vms_finish (TERN_HYPERVISOR (source), result, &error);

  for (guint i = 0; vms != NULL && i < vms->len; i++)
    say_vm (run->probe, vms->pdata[i]);
  if (vms != NULL)
    say (run->probe, "vms: %u", vms->len);
  end_run (run, error);
}

static void
on_vm (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  GError *error = NULL;
  g_autoptr (TernVm) vm =
      tern_hypervisor_fetch_vm_finish (TERN_HYPERVISOR (source), result, &error);

  if (vm != NULL)
    {
      say_vm (run->probe, vm);
      say_details (run->probe, vm);
    }
  end_run (run, error);
}

static void
on_inspect (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  GError *error = NULL;
  g_autoptr (TernSighting) seen =
      tern_hypervisor_inspect_finish (TERN_HYPERVISOR (source), result, &error);

  if (seen != NULL)
    {
      g_autofree char *text = tern_sighting_to_string (seen);

      say (run->probe, "inspect: %s persistent=%d job=%d outgoing=%d", text, seen->persistent,
           seen->job_active, seen->job_outgoing);
    }
  end_run (run, error);
}

static void
on_job (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  GError *error = NULL;
  TernJobStats job;

  if (tern_hypervisor_fetch_job_finish (TERN_HYPERVISOR (source), result, &job, &error))
    say (run->probe,
         "%s: active=%d outgoing=%d elapsed=%.3f total=%" G_GUINT64_FORMAT
         " processed=%" G_GUINT64_FORMAT " remaining=%" G_GUINT64_FORMAT " bps=%" G_GUINT64_FORMAT
         " dirty=%" G_GUINT64_FORMAT " iteration=%u has-downtime=%d downtime=%.3f setup=%.3f"
         " throttle=%u page-requests=%" G_GUINT64_FORMAT,
         run->words[0], job.active, job.outgoing, (double) job.elapsed_us / G_USEC_PER_SEC,
         job.memory_total, job.memory_processed, job.memory_remaining, job.memory_bps,
         job.dirty_bps, job.iteration, job.has_downtime, (double) job.downtime_us / G_USEC_PER_SEC,
         (double) job.setup_us / G_USEC_PER_SEC, job.throttle, job.page_requests);
  end_run (run, error);
}

typedef gboolean (*FinishFunc) (TernHypervisor *self, GAsyncResult *result, GError **error);

static void
end_yes (GObject *source, GAsyncResult *result, Run *run, FinishFunc finish)
{
  GError *error = NULL;

  if (finish (TERN_HYPERVISOR (source), result, &error))
    say (run->probe, "%s: done", run->words[0]);
  end_run (run, error);
}

static void
on_migrate (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_migrate_finish);
}

static void
on_abort (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_abort_job_finish);
}

static void
on_resume (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_resume_finish);
}

static void
on_discard (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_discard_finish);
}

static void
on_start (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_start_finish);
}

static void
on_shutdown (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_shutdown_finish);
}

static void
on_set_drain_action (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_set_drain_action_finish);
}

static void
on_eject (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_eject_finish);
}

static void
on_set_lock (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_set_lock_finish);
}

static void
on_set_cpu (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_set_cpu_finish);
}

static void
on_downtime (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_set_downtime_finish);
}

static void
on_speed (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_set_speed_finish);
}

static void
on_postcopy (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_start_postcopy_finish);
}

static void
on_pause (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_pause_finish);
}

static void
on_remove_copy (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_remove_copy_finish);
}

static void
on_let_run (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_let_run_finish);
}

static void
on_measure (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  GError *error = NULL;
  guint64 bps;

  if (tern_hypervisor_measure_dirty_finish (TERN_HYPERVISOR (source), result, &bps, &error))
    say (run->probe, "measure: %" G_GUINT64_FORMAT, bps);
  end_run (run, error);
}

/* Into the file that is named: it has several lines. */
static void
on_cpu_xml (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  GError *error = NULL;
  g_autofree char *xml =
      tern_hypervisor_fetch_cpu_xml_finish (TERN_HYPERVISOR (source), result, &error);

  if (xml != NULL && g_file_set_contents (run->words[2], xml, -1, &error))
    say (run->probe, "fetch-cpu: done");
  end_run (run, error);
}

static void
on_compare (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  GError *error = NULL;
  g_autofree char *refusal = NULL;

  if (tern_hypervisor_compare_cpu_finish (TERN_HYPERVISOR (source), result, &refusal, &error))
    say (run->probe, "compare: %s", refusal != NULL ? refusal : "fits");
  end_run (run, error);
}

static void
on_baseline (GObject *source, GAsyncResult *result, gpointer data)
{
  Run *run = data;
  GError *error = NULL;
  g_autoptr (TernCpuDefinition) baseline =
      tern_hypervisor_baseline_cpu_finish (TERN_HYPERVISOR (source), result, &error);

  if (baseline != NULL)
    {
      g_autofree char *features = join (baseline->definition->features);
      g_autofree char *disabled = join (baseline->definition->disabled);
      g_autofree char *all = join (baseline->expanded->features);

      say (run->probe, "baseline: %s features=%s disabled=%s", baseline->definition->model,
           features, disabled);
      say (run->probe, "expanded: %s", all);
    }
  end_run (run, error);
}

static void
on_connect (GObject *source, GAsyncResult *result, gpointer data)
{
  end_yes (source, result, data, tern_hypervisor_connect_finish);
}

static const struct
{
  const char *word;
  TernMigrateFlags flag;
} migrate_flags[] = {
  { "auto-converge", TERN_MIGRATE_AUTO_CONVERGE },
  { "postcopy", TERN_MIGRATE_POSTCOPY },
  { "resume", TERN_MIGRATE_POSTCOPY_RESUME },
  { "tls", TERN_MIGRATE_TLS },
};

static guint64
read_number (const char *text)
{
  return g_ascii_strtoull (text, NULL, 10);
}

/* "postcopy", "parallel=2", … */
static void
read_option (TernMigrateParams *params, const char *word)
{
  const char *value = strchr (word, '=');

  for (guint i = 0; i < G_N_ELEMENTS (migrate_flags); i++)
    if (g_str_equal (word, migrate_flags[i].word))
      params->flags |= migrate_flags[i].flag;
  if (g_str_has_prefix (word, "parallel="))
    params->parallel = (guint) read_number (value + 1);
  else if (g_str_has_prefix (word, "postcopy-speed="))
    params->postcopy_bandwidth_bps = read_number (value + 1);
  else if (g_str_has_prefix (word, "compression="))
    (void) tern_compression_from_string (value + 1, &params->compression);
}

static void
start_migrate (TernHypervisor *hypervisor, Run *run)
{
  guint n = g_strv_length (run->words);
  TernMigrateParams params = {
    .peer_uri = run->words[2],
    .migration_address = n > 3 && !g_str_equal (run->words[3], "-") ? run->words[3] : NULL,
    .persistent = n <= 4 || !g_str_equal (run->words[4], "transient"),
    .flags = n > 4 && g_str_equal (run->words[4], "offline") ? TERN_MIGRATE_OFFLINE : 0,
    .bandwidth_bps = n > 5 ? read_number (run->words[5]) : 0,
  };

  for (guint i = 6; i < n; i++)
    read_option (&params, run->words[i]);
  tern_hypervisor_migrate_async (hypervisor, run->words[1], &params, NULL, on_migrate, run);
}

static void
start_downtime (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_set_downtime_async (hypervisor, run->words[1],
                                      (guint) read_number (run->words[2]), NULL, on_downtime, run);
}

static void
start_speed (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_set_speed_async (hypervisor, run->words[1], read_number (run->words[2]),
                                   g_strcmp0 (run->words[3], "postcopy") == 0, NULL, on_speed, run);
}

static void
start_postcopy (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_start_postcopy_async (hypervisor, run->words[1], NULL, on_postcopy, run);
}

static void
start_pause (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_pause_async (hypervisor, run->words[1], NULL, on_pause, run);
}

static void
start_measure (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_measure_dirty_async (hypervisor, run->words[1], NULL, on_measure, run);
}

static void
start_remove_copy (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_remove_copy_async (hypervisor, run->words[1],
                                     g_strcmp0 (run->words[2], "definition") == 0, NULL,
                                     on_remove_copy, run);
}

static void
start_let_run (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_let_run_async (hypervisor, run->words[1], NULL, on_let_run, run);
}

static void
start_ping (TernHypervisor *hypervisor, Run *run)
{
  say (run->probe, "ping: connected=%d", tern_hypervisor_is_connected (hypervisor));
  end_run (run, NULL);
}

static void
start_disconnect (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_disconnect (hypervisor);
  say (run->probe, "disconnect: done");
  end_run (run, NULL);
}

static void
start_connect (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_connect_async (hypervisor, NULL, on_connect, run);
}

static void
start_facts (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_fetch_facts_async (hypervisor, NULL, on_facts, run);
}

static void
start_vms (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_fetch_vms_async (hypervisor, NULL, on_vms, run);
}

static void
start_vm (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_fetch_vm_async (hypervisor, run->words[1], NULL, on_vm, run);
}

static void
start_inspect (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_inspect_async (hypervisor, run->words[1], NULL, on_inspect, run);
}

static void
start_job (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_fetch_job_async (hypervisor, run->words[1], FALSE, NULL, on_job, run);
}

static void
start_completed (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_fetch_job_async (hypervisor, run->words[1], TRUE, NULL, on_job, run);
}

static void
start_abort (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_abort_job_async (hypervisor, run->words[1], NULL, on_abort, run);
}

static void
start_resume (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_resume_async (hypervisor, run->words[1], NULL, on_resume, run);
}

static void
start_discard (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_discard_async (hypervisor, run->words[1], NULL, on_discard, run);
}

static void
start_start (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_start_async (hypervisor, run->words[1], NULL, on_start, run);
}

static void
start_shutdown (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_shutdown_async (hypervisor, run->words[1], NULL, on_shutdown, run);
}

/* Any word that is none of the actions takes it away. */
static void
start_drain_action (TernHypervisor *hypervisor, Run *run)
{
  TernDrainAction action;
  gboolean known = tern_drain_action_from_string (run->words[2], &action);

  tern_hypervisor_set_drain_action_async (hypervisor, run->words[1], known ? (int) action : -1,
                                          NULL, on_set_drain_action, run);
}

static void
start_eject (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_eject_async (hypervisor, run->words[1], run->words[2], run->words[3], NULL,
                               on_eject, run);
}

static void
start_lock (TernHypervisor *hypervisor, Run *run)
{
  g_autofree char *reason = g_strjoinv (" ", run->words + 5);
  g_autoptr (TernLock) lock =
      tern_lock_new (run->words[2], reason, g_ascii_strtoll (run->words[3], NULL, 10),
                     g_ascii_strtoll (run->words[4], NULL, 10));

  tern_hypervisor_set_lock_async (hypervisor, run->words[1], lock, NULL, on_set_lock, run);
}

static void
start_unlock (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_set_lock_async (hypervisor, run->words[1], NULL, NULL, on_set_lock, run);
}

/* MODEL +FEATURE -FEATURE … */
static TernCpu *
read_cpu (char **words)
{
  g_autoptr (GPtrArray) features = g_ptr_array_new ();
  g_autoptr (GPtrArray) disabled = g_ptr_array_new ();

  for (guint i = 1; words[i] != NULL; i++)
    g_ptr_array_add (*words[i] == '-' ? disabled : features, words[i] + 1);
  g_ptr_array_add (features, NULL);
  g_ptr_array_add (disabled, NULL);
  return tern_cpu_new ("custom", words[0], NULL, (const char *const *) features->pdata,
                       (const char *const *) disabled->pdata);
}

static void
start_set_cpu (TernHypervisor *hypervisor, Run *run)
{
  g_autoptr (TernCpu) cpu = read_cpu (run->words + 2);

  tern_hypervisor_set_cpu_async (hypervisor, run->words[1], cpu, NULL, on_set_cpu, run);
}

static void
start_clear_cpu (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_set_cpu_async (hypervisor, run->words[1], NULL, NULL, on_set_cpu, run);
}

static void
start_fetch_cpu (TernHypervisor *hypervisor, Run *run)
{
  tern_hypervisor_fetch_cpu_xml_async (hypervisor, run->words[1], NULL, on_cpu_xml, run);
}

static void
start_compare (TernHypervisor *hypervisor, Run *run)
{
  g_autofree char *xml = NULL;
  GError *error = NULL;

  if (g_file_get_contents (run->words[1], &xml, NULL, &error))
    tern_hypervisor_compare_cpu_async (hypervisor, xml, NULL, on_compare, run);
  else
    end_run (run, error);
}

static void
start_baseline (TernHypervisor *hypervisor, Run *run)
{
  g_autoptr (GPtrArray) cpus = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_cpu_unref);

  g_ptr_array_add (cpus, read_cpu (run->words + 1));
  tern_hypervisor_baseline_cpu_async (hypervisor, cpus, NULL, on_baseline, run);
}

static const struct
{
  const char *name;
  guint min_words;
  void (*start) (TernHypervisor *hypervisor, Run *run);
} commands[] = {
  { "facts", 1, start_facts },
  { "vms", 1, start_vms },
  { "vm", 2, start_vm },
  { "inspect", 2, start_inspect },
  { "migrate", 3, start_migrate },
  { "job", 2, start_job },
  { "completed", 2, start_completed },
  { "abort", 2, start_abort },
  { "resume", 2, start_resume },
  { "discard", 2, start_discard },
  { "downtime", 3, start_downtime },
  { "speed", 3, start_speed },
  { "postcopy", 2, start_postcopy },
  { "pause", 2, start_pause },
  { "measure", 2, start_measure },
  { "remove-copy", 2, start_remove_copy },
  { "let-run", 2, start_let_run },
  { "start", 2, start_start },
  { "shutdown", 2, start_shutdown },
  { "drain-action", 3, start_drain_action },
  { "eject", 4, start_eject },
  { "lock", 6, start_lock },
  { "unlock", 2, start_unlock },
  { "set-cpu", 3, start_set_cpu },
  { "clear-cpu", 2, start_clear_cpu },
  { "fetch-cpu", 3, start_fetch_cpu },
  { "compare", 2, start_compare },
  { "baseline", 2, start_baseline },
  { "connect", 1, start_connect },
  { "disconnect", 1, start_disconnect },
  { "ping", 1, start_ping },
};

static gboolean
start (Probe *probe, char **words)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_strcmp0 (words[0], commands[i].name) == 0
        && g_strv_length (words) >= commands[i].min_words)
      {
        Run *run = g_new0 (Run, 1);

        run->probe = probe;
        run->words = g_strdupv (words);
        commands[i].start (probe->hypervisor, run);
        return TRUE;
      }
  return FALSE;
}

static gboolean
on_stdin (GIOChannel *channel, GIOCondition condition, gpointer data)
{
  Probe *probe = data;
  g_autofree char *line = NULL;
  g_auto (GStrv) words = NULL;

  if (g_io_channel_read_line (channel, &line, NULL, NULL, NULL) != G_IO_STATUS_NORMAL)
    {
      g_main_loop_quit (probe->loop);
      return G_SOURCE_REMOVE;
    }

  words = g_strsplit (g_strstrip (line), " ", -1);
  if (g_str_equal (words[0], "quit"))
    g_main_loop_quit (probe->loop);
  else if (!start (probe, words))
    say (probe, "there is no command '%s', or it lacks words", words[0]);
  return G_SOURCE_CONTINUE;
}

static void
on_vm_changed (TernHypervisor *hypervisor, const char *uuid, Probe *probe)
{
  say (probe, "vm-changed %s", uuid);
}

static void
on_job_changed (TernHypervisor *hypervisor, const char *uuid, Probe *probe)
{
  say (probe, "job-changed %s", uuid);
}

static void
on_host_changed (TernHypervisor *hypervisor, Probe *probe)
{
  say (probe, "host-changed");
}

static void
on_disconnected (TernHypervisor *hypervisor, const GError *error, Probe *probe)
{
  say (probe, "disconnected %s: %s", tern_error_code_to_name (error->code), error->message);
}

static void
watch (Probe *probe)
{
  probe->shell = TRUE;
  g_signal_connect (probe->hypervisor, "vm-changed", G_CALLBACK (on_vm_changed), probe);
  g_signal_connect (probe->hypervisor, "job-changed", G_CALLBACK (on_job_changed), probe);
  g_signal_connect (probe->hypervisor, "host-changed", G_CALLBACK (on_host_changed), probe);
  g_signal_connect (probe->hypervisor, "disconnected", G_CALLBACK (on_disconnected), probe);
}

static void
read_stdin (Probe *probe)
{
  g_autoptr (GIOChannel) channel = g_io_channel_unix_new (fileno (stdin));

  g_io_channel_set_encoding (channel, NULL, NULL);
  g_io_add_watch (channel, G_IO_IN | G_IO_HUP, on_stdin, probe);
}

static void
on_first_connect (GObject *source, GAsyncResult *result, gpointer data)
{
  Probe *probe = data;
  g_autoptr (GError) error = NULL;

  if (!tern_hypervisor_connect_finish (TERN_HYPERVISOR (source), result, &error))
    {
      say (probe, "connect: error %s: %s", tern_error_code_to_name (error->code), error->message);
      probe->failed = TRUE;
      g_main_loop_quit (probe->loop);
    }
  else if (probe->shell)
    say (probe, "connect: done");
  else
    start (probe, probe->first);
}

static int
usage (void)
{
  fprintf (stderr,
           "usage: probe-hypervisor URI COMMAND\n"
           "  facts | vms | vm UUID | inspect UUID | job UUID | completed UUID | abort UUID\n"
           "  migrate UUID PEERURI [ADDRESS|-] [persistent|transient|offline] [BYTES-PER-SECOND]\n"
           "    [auto-converge|postcopy|resume|tls|parallel=N|compression=NAME|postcopy-speed=N]…\n"
           "  downtime UUID MS | speed UUID BYTES-PER-SECOND [postcopy] | postcopy UUID\n"
           "  pause UUID | measure UUID\n"
           "  remove-copy UUID [definition] | let-run UUID\n"
           "  shutdown UUID | drain-action UUID ACTION|-\n"
           "  resume UUID | discard UUID | start UUID | eject UUID TARGET SOURCE | watch | shell\n"
           "  lock UUID OWNER SINCE-US EXPIRES-US REASON… | unlock UUID\n"
           "  set-cpu UUID MODEL [+FEATURE|-FEATURE]… | clear-cpu UUID\n"
           "  fetch-cpu UUID FILE | compare FILE | baseline MODEL [+FEATURE|-FEATURE]…\n"
           "the shell also knows: connect, disconnect, ping, quit\n");
  return 2;
}

static gboolean
is_command (char **words)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_strcmp0 (words[0], commands[i].name) == 0)
      return g_strv_length (words) >= commands[i].min_words;
  return g_strcmp0 (words[0], "watch") == 0 || g_strcmp0 (words[0], "shell") == 0;
}

int
main (int argc, char **argv)
{
  Probe probe = { .begin = g_get_monotonic_time () };
  g_autoptr (TernHostConfig) config = NULL;
  g_autoptr (GError) error = NULL;

  if (argc < 3 || !is_command (argv + 2))
    return usage ();

  tern_libvirt_init ();
  config = tern_host_config_new ("probed", argv[1]);
  probe.hypervisor = tern_libvirt_host_new (config, NULL, &error);
  if (probe.hypervisor == NULL)
    {
      fprintf (stderr, "%s\n", error->message);
      return 2;
    }

  probe.loop = g_main_loop_new (NULL, FALSE);
  probe.first = argv + 2;
  if (g_str_equal (argv[2], "watch") || g_str_equal (argv[2], "shell"))
    watch (&probe);
  if (g_str_equal (argv[2], "shell"))
    read_stdin (&probe);
  if (!g_str_equal (argv[2], "shell"))
    tern_hypervisor_connect_async (probe.hypervisor, NULL, on_first_connect, &probe);

  g_main_loop_run (probe.loop);
  tern_hypervisor_disconnect (probe.hypervisor);
  g_object_unref (probe.hypervisor);
  g_main_loop_unref (probe.loop);
  return probe.failed ? 1 : 0;
}
