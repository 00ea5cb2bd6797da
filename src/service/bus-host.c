/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A host as the bus shows it.
 */
#include "config.h"

#include "service/bus-host.h"

#include "base/names.h"
#include "base/text.h"
#include "service/bus-text.h"

char *
tern_bus_host_format_path (const char *name)
{
  g_autofree char *element = tern_text_escape_path (name);

  return g_strconcat (TERN_BUS_PATH_HOSTS "/", element, NULL);
}

static void
fill_config (TernBusHost *bus, const TernHostConfig *config)
{
  tern_bus_host_set_name (bus, config->name);
  tern_bus_set_text (bus, "uri", config->uri);
  tern_bus_set_text (bus, "peer-uri", config->peer_uri);
  tern_bus_set_text (bus, "migration-address", config->migration_address);
  tern_bus_set_text (bus, "uuid", config->uuid);
  tern_bus_set_text (bus, "cluster", config->cluster);
  tern_bus_host_set_maintenance (bus, tern_duty_is_closed (config->duty));
  tern_bus_host_set_duty (bus, tern_duty_to_string (config->duty));
  tern_bus_host_set_duty_task (bus, config->duty_task);
  tern_bus_host_set_limit_out (bus, config->limit_out);
  tern_bus_host_set_limit_in (bus, config->limit_in);
  tern_bus_host_set_bandwidth (bus, config->bandwidth_bps);
}

static void
fill_cpu (TernBusHost *bus, const TernCpu *cpu)
{
  tern_bus_set_text (bus, "cpu-model", cpu != NULL ? cpu->model : NULL);
  tern_bus_set_text (bus, "cpu-vendor", cpu != NULL ? cpu->vendor : NULL);
  tern_bus_set_texts (bus, "cpu-features", cpu != NULL ? cpu->features : NULL);
}

/* A host that never answered has no facts: zeros and empty strings. */
static void
fill_facts (TernBusHost *bus, const TernHostFacts *facts)
{
  static const TernHostFacts none = { .load_permille = -1 };

  if (facts == NULL)
    facts = &none;

  tern_bus_set_text (bus, "hostname", facts->hostname);
  tern_bus_host_set_memory_total (bus, facts->memory_total);
  tern_bus_host_set_memory_free (bus, facts->memory_free);
  tern_bus_host_set_cpus (bus, facts->cpus);
  tern_bus_host_set_cpu_mhz (bus, facts->cpu_mhz);
  tern_bus_set_load (bus, "cpu-load", facts->load_permille);
  tern_bus_set_text (bus, "arch", facts->arch);
  fill_cpu (bus, facts->cpu);
  tern_bus_host_set_libvirt_version (bus, facts->libvirt_version);
  tern_bus_host_set_qemu_version (bus, facts->qemu_version);
}

void
tern_bus_host_fill (TernBusHost *bus, const TernHost *host)
{
  gboolean down = host->state == TERN_HOST_UNREACHABLE;

  fill_config (bus, host->config);
  tern_bus_host_set_state (bus, tern_host_state_to_string (host->state));
  tern_bus_set_text (bus, "error", down ? host->error : NULL);
  tern_bus_host_set_last_seen (bus, host->seen_us);
  fill_facts (bus, host->facts);
  if (host->facts != NULL && host->facts->uuid != NULL)
    tern_bus_set_text (bus, "uuid", host->facts->uuid);
}
