/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One line for each field of the snapshot file.
 */
#include "config.h"

#include "model/snapshot-tables.h"

#define KIB (G_GUINT64_CONSTANT (1) << 10)
#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define MAX_BYTES (G_GUINT64_CONSTANT (1) << 60)
#define MAX_MBPS 1000000000

static const char *const host_states[TERN_ENTRY_N_STATES] = {
  [TERN_ENTRY_UP] = "up",
  [TERN_ENTRY_DOWN] = "down",
  [TERN_ENTRY_CUT] = "cut",
  [TERN_ENTRY_HANG] = "hang",
  [TERN_ENTRY_CONNECTING] = "connecting",
  [TERN_ENTRY_UNREACHABLE] = "unreachable",
};

const char *
tern_entry_state_to_string (guint state)
{
  return host_states[state];
}

static const char *
vm_state_word (guint state)
{
  return tern_vm_state_to_string ((TernVmState) state);
}

static const char *
duty_word (guint duty)
{
  return tern_duty_to_string ((TernDuty) duty);
}

static const char *
action_word (guint action)
{
  return tern_drain_action_to_string ((TernDrainAction) action);
}

static const char *
vm_reason_word (guint reason)
{
  return tern_vm_reason_to_string ((TernVmReason) reason);
}

#define AT(type, field) G_STRUCT_OFFSET (type, field)
#define SHAPE(symbol, table, type, free_func)                                                      \
  const TernShape symbol = { table, G_N_ELEMENTS (table), sizeof (type),                           \
                             (GDestroyNotify) free_func }
#define PART_SHAPE(symbol, table, type)                                                            \
  const TernShape symbol = { table, G_N_ELEMENTS (table), sizeof (type), NULL }

/* clang-format off */
#define TEXT(name, type, field)  { name, TERN_FIELD_TEXT, AT (type, field) }
#define NEED(name, type, field)  { name, TERN_FIELD_TEXT, AT (type, field), .required = TRUE }
#define OR(name, type, field, text) { name, TERN_FIELD_TEXT, AT (type, field), .preset_text = text }
#define TEXTS(name, type, field) { name, TERN_FIELD_TEXTS, AT (type, field) }
#define SET(name, type, field)   { name, TERN_FIELD_SET, AT (type, field) }
#define FLAG(name, type, field, is) { name, TERN_FIELD_FLAG, AT (type, field), .preset = is }
#define UINT(name, type, field, most, is) \
  { name, TERN_FIELD_UINT, AT (type, field), .max = most, .preset = is }
#define LEVEL(name, type, field) { name, TERN_FIELD_LEVEL, AT (type, field), .max = G_MAXINT }
#define COUNT(name, type, field) \
  { name, TERN_FIELD_SIZE, AT (type, field), .max = G_MAXUINT64, .unit = 1 }
#define TIME(name, type, field, is) { name, TERN_FIELD_TIME, AT (type, field), .preset = (guint64) is }
#define NUMBER(name, type, field, least, most, is) \
  { name, TERN_FIELD_NUMBER, AT (type, field), .min = least, .max = most, .preset = is }
#define VERSIONS(name, type, field, is) { name, TERN_FIELD_VERSION, AT (type, field), .preset = is }
/* A size in a large unit, and in bytes for what is no multiple of it. */
#define SIZE(name, large, in, type, field, is, need) \
  { name "-" large, TERN_FIELD_SIZE, AT (type, field), .required = need, .max = MAX_BYTES / in, \
    .unit = in, .preset = is }, \
  { name "-bytes", TERN_FIELD_SIZE, AT (type, field), .max = MAX_BYTES, .unit = 1, \
    .spare_unit = in, .preset = is }
#define LIST(name, type, field, of, empty) \
  { name, TERN_FIELD_LIST, AT (type, field), .shape = &of, .hold_empty = empty }

/* --- what a host has --- */

static const TernField hugepages_fields[] = {
  SIZE ("size", "kib", KIB, TernHugepages, size, TERN_SIZE_UNSET, TRUE),
  COUNT ("total", TernHugepages, total),
  COUNT ("free", TernHugepages, free),
};
static SHAPE (hugepages_shape, hugepages_fields, TernHugepages, g_free);

static const TernField network_fields[] = {
  NEED ("name", TernNetwork, name),
  FLAG ("active", TernNetwork, active, TRUE),
  SET ("portgroups", TernNetwork, portgroups),
};
static SHAPE (network_shape, network_fields, TernNetwork, tern_network_free);

static const TernField pool_fields[] = {
  NEED ("name", TernPool, name),
  OR ("type", TernPool, type, "dir"),
  FLAG ("active", TernPool, active, TRUE),
  TEXT ("path", TernPool, path),
  TEXT ("source", TernPool, source),
  FLAG ("remote", TernPool, remote, FALSE),
  SET ("volumes", TernPool, volumes),
};
static SHAPE (pool_shape, pool_fields, TernPool, tern_pool_free);

static const TernField host_entry_fields[] = {
  NEED ("name", TernHostEntry, name),
  TEXT ("uuid", TernHostEntry, uuid),
  { "state", TERN_FIELD_WORD, AT (TernHostEntry, state), .word = tern_entry_state_to_string,
    .n_words = TERN_ENTRY_N_STATES },
  TEXT ("error", TernHostEntry, error),
  FLAG ("listed", TernHostEntry, listed, TRUE),
  OR ("cluster", TernHostEntry, cluster, TERN_CLUSTER_DEFAULT),
  FLAG ("maintenance", TernHostEntry, maintenance, FALSE),
  { "duty", TERN_FIELD_WORD, AT (TernHostEntry, duty), .word = duty_word, .n_words = TERN_N_DUTIES,
    .preset = TERN_WORD_UNSET },
  SIZE ("memory-reserve", "mib", MIB, TernHostEntry, memory_reserve, 0, FALSE),
  FLAG ("seen", TernHostEntry, seen, TRUE),
  TIME ("seen-at", TernHostEntry, seen_us, TERN_TIME_UNSET),
};
PART_SHAPE (tern_shape_host_entry, host_entry_fields, TernHostEntry);

static const TernField link_fields[] = {
  NUMBER ("link-mbps", TernHostEntry, link_mbps, 1, MAX_MBPS, 10000),
};
PART_SHAPE (tern_shape_link, link_fields, TernHostEntry);

static const TernField facts_fields[] = {
  TEXT ("hostname", TernHostFacts, hostname),
  SIZE ("memory", "mib", MIB, TernHostFacts, memory_total, TERN_SIZE_UNSET, FALSE),
  SIZE ("memory-free", "mib", MIB, TernHostFacts, memory_free, TERN_SIZE_UNSET, FALSE),
  UINT ("cpus", TernHostFacts, cpus, 65536, G_MAXUINT),
  UINT ("cpu-mhz", TernHostFacts, cpu_mhz, 100000, 0),
  OR ("arch", TernHostFacts, arch, "x86_64"),
  VERSIONS ("libvirt-version", TernHostFacts, libvirt_version, 9000000),
  VERSIONS ("qemu-version", TernHostFacts, qemu_version, 7002000),
  LEVEL ("load-permille", TernHostFacts, load_permille),
  SET ("virt-types", TernHostFacts, virt_types),
  SET ("machines", TernHostFacts, machines),
  UINT ("max-vcpus", TernHostFacts, max_vcpus, G_MAXUINT, 0),
  SET ("cpu-models", TernHostFacts, cpu_models),
  TEXT ("cpu-signature", TernHostFacts, cpu_signature),
  COUNT ("tsc-hz", TernHostFacts, tsc_hz),
  FLAG ("tsc-scaling", TernHostFacts, tsc_scaling, FALSE),
  UINT ("numa-nodes", TernHostFacts, numa_nodes, G_MAXUINT, 0),
  LIST ("hugepages", TernHostFacts, hugepages, hugepages_shape, TRUE),
  LIST ("networks", TernHostFacts, networks, network_shape, TRUE),
  SET ("interfaces", TernHostFacts, interfaces),
  LIST ("pools", TernHostFacts, pools, pool_shape, TRUE),
  SET ("secrets", TernHostFacts, secrets),
};
PART_SHAPE (tern_shape_facts, facts_fields, TernHostFacts);

static const TernField host_cpu_fields[] = {
  FLAG ("cpu-known", TernHostEntry, cpu.known, TRUE),
  TEXT ("cpu-model", TernHostEntry, cpu.model),
  TEXT ("cpu-vendor", TernHostEntry, cpu.vendor),
  SET ("cpu-features", TernHostEntry, cpu.features),
};
PART_SHAPE (tern_shape_host_cpu, host_cpu_fields, TernHostEntry);

/* --- what a VM has --- */

static const TernField disk_fields[] = {
  TEXT ("target", TernDisk, target),
  OR ("device", TernDisk, device, "disk"),
  OR ("type", TernDisk, type, "file"),
  TEXT ("source", TernDisk, source),
  TEXT ("pool", TernDisk, pool),
  TEXT ("volume", TernDisk, volume),
  TEXT ("cache", TernDisk, cache),
  TEXT ("startup-policy", TernDisk, startup_policy),
  TEXT ("secret", TernDisk, secret),
  TEXTS ("backing", TernDisk, backing),
  FLAG ("readonly", TernDisk, readonly, FALSE),
  FLAG ("shareable", TernDisk, shareable, FALSE),
  FLAG ("transient", TernDisk, transient, FALSE),
  FLAG ("job", TernDisk, job, FALSE),
};
static SHAPE (disk_shape, disk_fields, TernDisk, tern_disk_free);

static const TernField nic_fields[] = {
  OR ("type", TernNic, type, "network"),
  TEXT ("source", TernNic, source),
  TEXT ("mac", TernNic, mac),
  TEXT ("portgroup", TernNic, portgroup),
};
static SHAPE (nic_shape, nic_fields, TernNic, tern_nic_free);

static const TernField hostdev_fields[] = {
  TEXT ("type", TernHostdev, type),
  TEXT ("address", TernHostdev, address),
};
static SHAPE (hostdev_shape, hostdev_fields, TernHostdev, tern_hostdev_free);

static const TernField lock_fields[] = {
  TEXT ("owner", TernLock, owner),
  TEXT ("reason", TernLock, reason),
  TIME ("since", TernLock, since_us, 0),
  TIME ("expires", TernLock, expires_us, 0),
};
static SHAPE (lock_shape, lock_fields, TernLock, tern_lock_free);

static const TernField vm_entry_fields[] = {
  NEED ("name", TernVmEntry, name),
  TEXT ("uuid", TernVmEntry, uuid),
  NEED ("host", TernVmEntry, host),
};
PART_SHAPE (tern_shape_vm_entry, vm_entry_fields, TernVmEntry);

static const TernField simulated_fields[] = {
  NUMBER ("dirty-mbps", TernVmEntry, dirty_mbps, 0, MAX_MBPS, 0),
  NUMBER ("shutdown-seconds", TernVmEntry, shutdown_seconds, 0, 1000000, 5),
};
PART_SHAPE (tern_shape_simulated, simulated_fields, TernVmEntry);

static const TernField vm_fields[] = {
  { "state", TERN_FIELD_WORD, AT (TernVm, state), .word = vm_state_word, .n_words = TERN_VM_N_STATES,
    .preset = TERN_VM_RUNNING },
  { "reason", TERN_FIELD_WORD, AT (TernVm, reason), .word = vm_reason_word, .n_words = TERN_REASON_N,
    .preset = TERN_REASON_OTHER },
  SIZE ("memory", "mib", MIB, TernVm, memory, TERN_SIZE_UNSET, TRUE),
  SIZE ("memory-current", "mib", MIB, TernVm, memory_current, TERN_SIZE_UNSET, FALSE),
  UINT ("vcpus", TernVm, vcpus, 4096, 1),
  FLAG ("persistent", TernVm, persistent, TRUE),
  OR ("arch", TernVm, arch, "x86_64"),
  OR ("machine", TernVm, machine, "pc-q35-7.2"),
  OR ("virt-type", TernVm, virt_type, "kvm"),
  LIST ("disks", TernVm, disks, disk_shape, FALSE),
  LIST ("nics", TernVm, nics, nic_shape, FALSE),
  LIST ("hostdevs", TernVm, hostdevs, hostdev_shape, FALSE),
  TEXTS ("filesystems", TernVm, filesystems),
  TEXTS ("shmems", TernVm, shmems),
  TEXT ("tpm", TernVm, tpm),
  TEXT ("nvram", TernVm, nvram),
  FLAG ("hugepages", TernVm, hugepages, FALSE),
  SIZE ("hugepage-size", "kib", KIB, TernVm, hugepage_size, 0, FALSE),
  TEXT ("pinned-cpus", TernVm, pinned_cpus),
  TEXT ("numa-nodes", TernVm, numa_nodes),
  COUNT ("tsc-hz", TernVm, tsc_hz),
  UINT ("snapshots", TernVm, snapshots, G_MAXUINT, 0),
  FLAG ("managed-save", TernVm, managed_save, FALSE),
  FLAG ("backup", TernVm, backup, FALSE),
  FLAG ("masked", TernVm, masked, FALSE),
  LEVEL ("load-permille", TernVm, load_permille),
  { "lock", TERN_FIELD_OBJECT, AT (TernVm, lock), .shape = &lock_shape },
  { "drain-action", TERN_FIELD_WORD, AT (TernVm, drain_action), .word = action_word,
    .n_words = TERN_N_DRAIN_ACTIONS, .preset = TERN_WORD_UNSET },
};
PART_SHAPE (tern_shape_vm, vm_fields, TernVm);

static const TernField vm_cpu_fields[] = {
  FLAG ("cpu-known", TernVmEntry, cpu.known, TRUE),
  TEXT ("cpu-mode", TernVmEntry, cpu.mode),
  TEXT ("cpu-model", TernVmEntry, cpu.model),
  TEXT ("cpu-vendor", TernVmEntry, cpu.vendor),
  SET ("cpu-features", TernVmEntry, cpu.features),
  SET ("cpu-disabled", TernVmEntry, cpu.disabled),
  FLAG ("cpu-expanded", TernVmEntry, cpu.expanded, FALSE),
};
PART_SHAPE (tern_shape_vm_cpu, vm_cpu_fields, TernVmEntry);

/* --- the rest --- */

static const TernField weight_fields[] = {
  NUMBER ("memory", TernSettings, weights[TERN_SCORE_MEMORY], 0, 1000000, 4),
  NUMBER ("cpu", TernSettings, weights[TERN_SCORE_CPU], 0, 1000000, 2),
  NUMBER ("generation", TernSettings, weights[TERN_SCORE_GENERATION], 0, 1000000, 1),
  NUMBER ("spread", TernSettings, weights[TERN_SCORE_SPREAD], 0, 1000000, 1),
};
static PART_SHAPE (weight_shape, weight_fields, TernSettings);

static const TernField settings_fields[] = {
  NUMBER ("memory-ratio", TernSettings, memory_ratio, 0, 1000000, 1),
  SIZE ("memory-reserve", "mib", MIB, TernSettings, memory_reserve, 512 * MIB, FALSE),
  { "weights", TERN_FIELD_PART, 0, .shape = &weight_shape },
};
PART_SHAPE (tern_shape_settings, settings_fields, TernSettings);

static const TernField reservation_fields[] = {
  COUNT ("task", TernReservation, task_id),
  NEED ("vm", TernReservation, vm_uuid),
  NEED ("source", TernReservation, source),
  NEED ("destination", TernReservation, destination),
  SIZE ("memory", "mib", MIB, TernReservation, memory, TERN_SIZE_UNSET, TRUE),
  UINT ("vcpus", TernReservation, vcpus, G_MAXUINT, 0),
};
SHAPE (tern_shape_reservation, reservation_fields, TernReservation, tern_reservation_free);

static const TernField fault_fields[] = {
  TEXT ("vm", TernFaultEntry, vm),
  TEXT ("host", TernFaultEntry, host),
  TEXT ("phase", TernFaultEntry, phase),
  NEED ("fault", TernFaultEntry, fault),
  { "times", TERN_FIELD_UINT, AT (TernFaultEntry, times), .min = 1, .max = 1000000, .preset = 1 },
  NUMBER ("seconds", TernFaultEntry, seconds, 0, 1000000, 0),
  NUMBER ("at-seconds", TernFaultEntry, at_seconds, 0, 1000000000, 0),
};
PART_SHAPE (tern_shape_fault, fault_fields, TernFaultEntry);
/* clang-format on */
