/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/cpu.h"
#include "model/drain.h"
#include "model/resource.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernHostState:
 * @TERN_HOST_CONNECTING: not yet seen since the daemon started
 * @TERN_HOST_UP: connected and answering
 * @TERN_HOST_UNREACHABLE: no connection; facts and VMs are what was last seen
 */
typedef enum
{
  TERN_HOST_CONNECTING,
  TERN_HOST_UP,
  TERN_HOST_UNREACHABLE,
  TERN_HOST_N_STATES
} TernHostState;

const char *tern_host_state_to_string (TernHostState state);

/**
 * TernHostFacts:
 * @uuid: the host's own UUID (libvirt capabilities), lower case
 * @hostname: what the host calls itself
 * @memory_total: bytes of RAM
 * @memory_free: bytes free or reclaimable (free + buffers + cached) when asked
 * @cpus: logical CPUs
 * @cpu_mhz: 0 if unknown
 * @arch: such as "x86_64"
 * @cpu: (nullable): what guests can be given: host-model with the full feature list
 * @libvirt_version: major * 1,000,000 + minor * 1,000 + release, 0 if unknown
 * @qemu_version: likewise, of the installed QEMU
 * @load_permille: CPU in use, in thousandths of all its CPUs; -1 if not measured
 * @virt_types: (nullable) (array zero-terminated=1): "kvm", "qemu": what it can run, sorted
 * @machines: (nullable) (array zero-terminated=1): machine types, aliases too, sorted
 * @max_vcpus: the most one VM can have; 0 if unknown
 * @cpu_models: (nullable) (array zero-terminated=1): models guests can be given, sorted
 * @cpu_signature: (nullable): equal on two hosts whose CPUs are the same for host-passthrough:
 *   model, features, microcode
 * @tsc_hz: frequency of its TSC; 0 if unknown
 * @tsc_scaling: it can give a guest another TSC frequency
 * @numa_nodes: how many; 0 if unknown
 * @hugepages: (nullable) (element-type TernHugepages): by size
 * @networks: (nullable) (element-type TernNetwork): by name
 * @interfaces: (nullable) (array zero-terminated=1): names of its bridges and network interfaces
 * @pools: (nullable) (element-type TernPool): by name
 * @secrets: (nullable) (array zero-terminated=1): UUIDs, and "TYPE:USAGE", sorted
 *
 * What a host says of itself. A plain value: made by a driver, read by everyone. A list that is
 * %NULL was not told: nothing may be concluded from it.
 */
typedef struct
{
  char *uuid;
  char *hostname;
  guint64 memory_total;
  guint64 memory_free;
  guint cpus;
  guint cpu_mhz;
  char *arch;
  TernCpu *cpu;
  guint64 libvirt_version;
  guint64 qemu_version;
  int load_permille;
  GStrv virt_types;
  GStrv machines;
  guint max_vcpus;
  GStrv cpu_models;
  char *cpu_signature;
  guint64 tsc_hz;
  gboolean tsc_scaling;
  guint numa_nodes;
  GPtrArray *hugepages;
  GPtrArray *networks;
  GStrv interfaces;
  GPtrArray *pools;
  GStrv secrets;

  /*< private >*/
  gatomicrefcount refs;
} TernHostFacts;

/** tern_host_facts_new: Returns: (transfer full): empty; filled by its maker before it is shared */
TernHostFacts *tern_host_facts_new (void);
/** tern_host_facts_copy: Returns: (transfer full): a copy nobody else sees yet; its lists of
 * structs are shared: replace them, do not change them */
TernHostFacts *tern_host_facts_copy (const TernHostFacts *self);
TernHostFacts *tern_host_facts_ref (TernHostFacts *self);
void tern_host_facts_unref (TernHostFacts *self);

/**
 * TernHostConfig:
 * @name: the admin's name for the host, see tern_host_name_check()
 * @uri: libvirt URI as this daemon opens it, such as "qemu+ssh://root@node1/system"
 * @peer_uri: (nullable): URI by which the *other hosts* open it for peer-to-peer
 *   migration; %NULL when @uri serves for that too
 * @migration_address: (nullable): address or name the memory is sent to; %NULL leaves the
 *   choice to the destination's libvirt
 * @uuid: (nullable): the host UUID seen when it was added
 * @cluster: hosts of one cluster may exchange VMs; %TERN_CLUSTER_DEFAULT unless said otherwise
 * @memory_reserve: bytes that no VM may be given; 0 for the daemon's default
 * @duty: what it is there for at present: nothing is placed on it while it is closed
 * @duty_task: the open drain or return of it, or the drain that closed it; 0 while it is active
 * @limit_out: moves away from it at a time; 0 for the limit of all hosts
 * @limit_in: moves and starts to it at a time; 0 likewise
 * @link_bps: bytes per second its migration link carries; 0 if the admin did not say
 * @bandwidth_bps: bytes per second that all moves over its link may take together; 0 for no limit
 *
 * What is stored of a host.
 */
typedef struct
{
  char *name;
  char *uri;
  char *peer_uri;
  char *migration_address;
  char *uuid;
  char *cluster;
  guint64 memory_reserve;
  TernDuty duty;
  guint64 duty_task;
  guint limit_out;
  guint limit_in;
  guint64 link_bps;
  guint64 bandwidth_bps;

  /*< private >*/
  gatomicrefcount refs;
} TernHostConfig;

#define TERN_CLUSTER_DEFAULT "default"

TernHostConfig *tern_host_config_new (const char *name, const char *uri);
/** tern_host_config_copy: Returns: (transfer full): a copy nobody else sees yet */
TernHostConfig *tern_host_config_copy (const TernHostConfig *self);
TernHostConfig *tern_host_config_ref (TernHostConfig *self);
void tern_host_config_unref (TernHostConfig *self);

/**
 * tern_host_name_check:
 * @name: 1 to 255 characters of [A-Za-z0-9._-], starting with a letter or digit
 * @error: %TERN_ERROR_INVALID_ARGUMENT
 */
gboolean tern_host_name_check (const char *name, GError **error);

/**
 * tern_host_uri_check:
 * @uri: has a scheme (qemu, qemu+ssh, qemu+tls, qemu+tcp, qemu+unix, qemu+libssh, qemu+libssh2,
 *   test, sim), no space or quote, and nothing that cannot be shown as it is; at most 1024 bytes;
 * of libvirt's query parameters only those that name no program to run
 * @error: %TERN_ERROR_INVALID_ARGUMENT
 */
gboolean tern_host_uri_check (const char *uri, GError **error);

/**
 * TernHost:
 * @config: what is stored of it
 * @state: how it is now
 * @facts: (nullable): the last that was seen; %NULL if it never answered
 * @seen_us: wall time of @facts, 0 for never
 * @error: (nullable): why it is unreachable, a sentence
 *
 * A host at one moment. Immutable once shared.
 */
typedef struct
{
  TernHostConfig *config;
  TernHostState state;
  TernHostFacts *facts;
  gint64 seen_us;
  char *error;

  /*< private >*/
  gatomicrefcount refs;
} TernHost;

/**
 * tern_host_new:
 * @config: (transfer none)
 * @facts: (transfer none) (nullable)
 * @error: (nullable)
 */
TernHost *tern_host_new (TernHostConfig *config, TernHostState state, TernHostFacts *facts,
                         gint64 seen_us, const char *error);
TernHost *tern_host_ref (TernHost *self);
void tern_host_unref (TernHost *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernHostFacts, tern_host_facts_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernHostConfig, tern_host_config_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernHost, tern_host_unref)

G_END_DECLS
