/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A cluster as a snapshot file: one line for each host and VM, by the tables that it is read by.
 */
#include "config.h"

#include "model/snapshot-tables.h"

/* What the file can only say of a host or VM in words of its own: borrowed from it. */
static TernCpuEntry
lend_cpu (const TernCpu *cpu)
{
  TernCpuEntry entry = { .known = cpu != NULL };

  if (cpu == NULL)
    return entry;
  entry.mode = *cpu->mode != '\0' ? cpu->mode : NULL;
  entry.model = cpu->model;
  entry.vendor = cpu->vendor;
  entry.features = *cpu->features != NULL ? cpu->features : NULL;
  entry.disabled = *cpu->disabled != NULL ? cpu->disabled : NULL;
  entry.expanded = cpu->expanded;
  return entry;
}

static const char *
find_uuid (const TernHost *host)
{
  if (host->facts != NULL && tern_uuid_is_valid (host->facts->uuid))
    return host->facts->uuid;
  return tern_uuid_is_valid (host->config->uuid) ? host->config->uuid : NULL;
}

static void
write_host (GString *out, const TernHost *host, gint64 taken_us)
{
  static const guint states[TERN_HOST_N_STATES] = {
    [TERN_HOST_CONNECTING] = TERN_ENTRY_CONNECTING,
    [TERN_HOST_UP] = TERN_ENTRY_UP,
    [TERN_HOST_UNREACHABLE] = TERN_ENTRY_UNREACHABLE,
  };
  const TernHostConfig *config = host->config;
  const TernHostFacts *facts = host->facts;
  TernHostEntry entry = {
    .name = config->name,
    .uuid = (char *) find_uuid (host),
    .state = states[host->state],
    .error = host->error,
    .listed = TRUE,
    .cluster = config->cluster,
    .duty = config->duty != TERN_DUTY_ACTIVE ? config->duty : TERN_WORD_UNSET,
    .memory_reserve = config->memory_reserve,
    .seen = facts != NULL,
    .seen_us = host->seen_us != taken_us ? host->seen_us : TERN_TIME_UNSET,
    .cpu = lend_cpu (facts != NULL ? facts->cpu : NULL),
  };
  TernSection sections[] = {
    { &tern_shape_host_entry, &entry },
    { &tern_shape_facts, (gpointer) facts },
    { &tern_shape_host_cpu, &entry },
  };

  tern_fields_write (out, sections, facts != NULL ? G_N_ELEMENTS (sections) : 1);
}

static void
write_vm (GString *out, const TernVm *vm)
{
  TernVmEntry entry = {
    .name = vm->name,
    .uuid = vm->uuid,
    .host = vm->host,
    .cpu = lend_cpu (vm->cpu),
  };
  TernVm shown = *vm;
  TernSection sections[] = {
    { &tern_shape_vm_entry, &entry },
    { &tern_shape_vm, &shown },
    { &tern_shape_vm_cpu, &entry },
  };

  if (vm->memory_current == vm->memory)
    shown.memory_current = TERN_SIZE_UNSET;
  tern_fields_write (out, sections, G_N_ELEMENTS (sections));
}

/* On a host that is not there, or a transient one that has just ended. */
static gboolean
is_left_out (const TernCluster *cluster, const TernVm *vm)
{
  return tern_cluster_find_host (cluster, vm->host) == NULL
         || (!vm->persistent && !tern_vm_state_is_active (vm->state)
             && vm->state != TERN_VM_UNKNOWN);
}

static const char *
begin_line (GString *out, const char *separator)
{
  g_string_append_printf (out, "%s\n    ", separator);
  return ",";
}

static void
write_reservations (GString *out, const TernCluster *cluster, const GPtrArray *reservations)
{
  const char *separator = "";

  g_string_append (out, ",\n  \"reservations\": [");
  for (guint i = 0; reservations != NULL && i < reservations->len; i++)
    {
      const TernReservation *reservation = reservations->pdata[i];
      TernSection section = { &tern_shape_reservation, (gpointer) reservation };

      if (tern_cluster_find_host (cluster, reservation->source) == NULL
          || tern_cluster_find_host (cluster, reservation->destination) == NULL)
        continue;
      separator = begin_line (out, separator);
      tern_fields_write (out, &section, 1);
    }
  g_string_append (out, "]");
}

static void
write_shared_paths (GString *out, const char *const *paths)
{
  if (paths == NULL)
    return;
  g_string_append (out, ",\n  \"shared-paths\": ");
  tern_fields_write_texts (out, paths);
}

char *
tern_snapshot_format (const TernCluster *cluster, const TernSettings *settings,
                      const GPtrArray *reservations)
{
  static const TernSettings defaults = TERN_SETTINGS_INIT;
  GString *out = g_string_new (NULL);
  TernSection section = { &tern_shape_settings,
                          (gpointer) (settings != NULL ? settings : &defaults) };
  const char *separator = "";

  g_string_append_printf (out, "{\n  \"virtern-snapshot\": %d,\n  \"taken\": %" G_GINT64_FORMAT,
                          TERN_SNAPSHOT_VERSION, cluster->taken_us);
  g_string_append (out, ",\n  \"settings\": ");
  tern_fields_write (out, &section, 1);
  write_shared_paths (out, (const char *const *) cluster->shared_paths);
  write_reservations (out, cluster, reservations);
  g_string_append (out, ",\n  \"hosts\": [");
  for (guint i = 0; i < cluster->hosts->len; i++)
    {
      separator = begin_line (out, separator);
      write_host (out, cluster->hosts->pdata[i], cluster->taken_us);
    }
  g_string_append (out, "],\n  \"vms\": [");
  separator = "";
  for (guint i = 0; i < cluster->vms->len; i++)
    if (!is_left_out (cluster, cluster->vms->pdata[i]))
      {
        separator = begin_line (out, separator);
        write_vm (out, cluster->vms->pdata[i]);
      }
  g_string_append (out, "]\n}\n");
  return g_string_free (out, FALSE);
}
