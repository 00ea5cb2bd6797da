/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/cpu.h"
#include "model/device.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernVmState:
 *
 * @TERN_VM_UNKNOWN: the host could not be asked, or said something new
 * @TERN_VM_RUNNING: its CPUs run
 * @TERN_VM_PAUSED: it has a process and its CPUs stand still
 * @TERN_VM_SHUTTING_DOWN: on its way to shut off
 * @TERN_VM_SHUT_OFF: defined, no process
 * @TERN_VM_CRASHED: the process ended badly
 * @TERN_VM_SUSPENDED: suspended by the guest's power management
 */
typedef enum
{
  TERN_VM_UNKNOWN,
  TERN_VM_RUNNING,
  TERN_VM_PAUSED,
  TERN_VM_SHUTTING_DOWN,
  TERN_VM_SHUT_OFF,
  TERN_VM_CRASHED,
  TERN_VM_SUSPENDED,
  TERN_VM_N_STATES
} TernVmState;

/**
 * TernVmReason:
 *
 * Why the VM is in its state, as far as a decision hangs on it; all other
 * reasons of the hypervisor are %TERN_REASON_OTHER.
 *
 * @TERN_REASON_OTHER: nothing that matters to a migration
 * @TERN_REASON_MIGRATION: paused: a migration holds it (in or out)
 * @TERN_REASON_MIGRATED: running or shut off: because a migration ended well
 * @TERN_REASON_MIGRATION_CANCELLED: running: a migration was cancelled
 * @TERN_REASON_POSTCOPY: paused (source) or running (destination) in post-copy
 * @TERN_REASON_POSTCOPY_FAILED: post-copy broke in the middle
 * @TERN_REASON_IO_ERROR: paused on a disk error
 * @TERN_REASON_USER: paused by a person
 */
typedef enum
{
  TERN_REASON_OTHER,
  TERN_REASON_MIGRATION,
  TERN_REASON_MIGRATED,
  TERN_REASON_MIGRATION_CANCELLED,
  TERN_REASON_POSTCOPY,
  TERN_REASON_POSTCOPY_FAILED,
  TERN_REASON_IO_ERROR,
  TERN_REASON_USER,
  TERN_REASON_N
} TernVmReason;

const char *tern_vm_state_to_string (TernVmState state);
gboolean tern_vm_state_from_string (const char *name, TernVmState *out_state);
const char *tern_vm_reason_to_string (TernVmReason reason);
gboolean tern_vm_reason_from_string (const char *name, TernVmReason *out_reason);

/** tern_vm_state_is_active: Returns: whether a process exists for the VM in @state */
gboolean tern_vm_state_is_active (TernVmState state);

/**
 * TernLock: somebody does not want this VM to move or start
 * @owner: who: "backup@host", a user's name; foreign text
 * @reason: why, a sentence; foreign text
 * @since_us: wall time it was set; 0 if it does not say
 * @expires_us: wall time from which on it does not hold; 0 for never
 *
 * Kept in the domain's metadata, so that it travels with the VM and other tools can set it.
 * docs/ARCHITECTURE.md has its form.
 */
typedef struct
{
  char *owner;
  char *reason;
  gint64 since_us;
  gint64 expires_us;
} TernLock;

TernLock *tern_lock_new (const char *owner, const char *reason, gint64 since_us, gint64 expires_us);
TernLock *tern_lock_copy (const TernLock *self);
void tern_lock_free (TernLock *self);
/** tern_lock_equal: @a: (nullable), @b: (nullable) */
gboolean tern_lock_equal (const TernLock *a, const TernLock *b);
/** tern_lock_holds: Returns: whether it has not expired at the wall time @now_us */
gboolean tern_lock_holds (const TernLock *self, gint64 now_us);

/**
 * TernVm:
 * @uuid: lower case
 * @name: as on the host; foreign text: may hold anything but NUL
 * @host: name of the host it was seen on
 * @memory: bytes it may grow to
 * @memory_current: bytes it has now (balloon)
 * @persistent: its definition outlives a shutdown
 * @machine: such as "pc-q35-7.2"
 * @virt_type: "kvm" or "qemu"
 * @disks: (element-type TernDisk)
 * @nics: (element-type TernNic)
 * @hostdevs: (element-type TernHostdev): devices of the host
 * @filesystems: (nullable) (array zero-terminated=1): shared folders, "DRIVER:TAG"
 * @shmems: (nullable) (array zero-terminated=1): names of shared memory devices
 * @tpm: (nullable): "emulator", "passthrough" or what libvirt calls the backend
 * @nvram: (nullable): path of its firmware variables on the host
 * @hugepages: its memory is made of huge pages
 * @hugepage_size: bytes of one; 0 for the host's default size
 * @pinned_cpus: (nullable): host CPUs its vCPUs or emulator are tied to, such as "0-3,8"
 * @numa_nodes: (nullable): host NUMA nodes its memory must come from, likewise
 * @tsc_hz: frequency its TSC timer is fixed to; 0 if it is not
 * @snapshots: how many libvirt knows of; 0 also if it did not say
 * @managed_save: its memory was saved by the host at shutdown
 * @backup: a backup job runs
 * @masked: its CPU was changed by us, and the definition keeps what it was
 * @load_permille: CPU it uses, in thousandths of one host CPU; -1 if not measured
 * @drain_action: what a drain does with it, as its metadata says: a #TernDrainAction; -1 if they do
 *   not
 * @lock: (nullable)
 *
 * A VM as one host shows it: while it migrates, two hosts each show one.
 * Filled by its maker, immutable once shared.
 */
typedef struct
{
  char *uuid;
  char *name;
  char *host;
  TernVmState state;
  TernVmReason reason;
  guint64 memory;
  guint64 memory_current;
  guint vcpus;
  gboolean persistent;
  char *arch;
  char *machine;
  char *virt_type;
  TernCpu *cpu;
  GPtrArray *disks;
  GPtrArray *nics;
  GPtrArray *hostdevs;
  GStrv filesystems;
  GStrv shmems;
  char *tpm;
  char *nvram;
  gboolean hugepages;
  guint64 hugepage_size;
  char *pinned_cpus;
  char *numa_nodes;
  guint64 tsc_hz;
  guint snapshots;
  gboolean managed_save;
  gboolean backup;
  gboolean masked;
  int load_permille;
  int drain_action;
  TernLock *lock;

  /*< private >*/
  gatomicrefcount refs;
} TernVm;

TernVm *tern_vm_new (const char *uuid, const char *name, const char *host);
/** tern_vm_copy: Returns: (transfer full): a deep copy nobody else sees yet */
TernVm *tern_vm_copy (const TernVm *self);
TernVm *tern_vm_ref (TernVm *self);
void tern_vm_unref (TernVm *self);

/**
 * tern_vm_get_memory_need:
 *
 * What a host must set aside for it: its memory and what QEMU takes besides (page tables, video,
 * threads; more for passed-through devices and a TPM). After KubeVirt's formula
 * (pkg/virt-controller/services/renderresources.go). With huge pages, only the overhead.
 *
 * Returns: bytes
 */
guint64 tern_vm_get_memory_need (const TernVm *self);

/** tern_vm_get_rank: which of several copies counts: the one whose CPUs run, then the one that
 * could run again. Returns: higher counts more */
int tern_vm_get_rank (const TernVm *self);

/** tern_vm_equal: Returns: whether both show the same in every field */
gboolean tern_vm_equal (const TernVm *a, const TernVm *b);

/**
 * tern_uuid_is_valid:
 * @text: (nullable)
 *
 * Returns: whether it is a UUID of 36 characters with dashes, either case
 */
gboolean tern_uuid_is_valid (const char *text);

/**
 * TernSighting:
 * @known: %FALSE when the host could not be asked: then all else means nothing
 * @present: the host has a domain of that UUID
 * @state: if @present
 * @reason: if @present
 * @persistent: if @present
 * @job_active: a job runs on it
 * @job_outgoing: and it is a migration away from this host
 * @error: (nullable): why it could not be asked
 *
 * One host's answer to "what do you know of this VM right now?". The resolver
 * judges a pair of them.
 */
typedef struct
{
  gboolean known;
  gboolean present;
  TernVmState state;
  TernVmReason reason;
  gboolean persistent;
  gboolean job_active;
  gboolean job_outgoing;
  char *error;
} TernSighting;

TernSighting *tern_sighting_new (void);
TernSighting *tern_sighting_copy (const TernSighting *self);
void tern_sighting_free (TernSighting *self);

/**
 * tern_sighting_to_string:
 *
 * Returns: (transfer full): for people: "running (migrated)", "not there", "not reachable: …"
 */
char *tern_sighting_to_string (const TernSighting *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernVm, tern_vm_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernLock, tern_lock_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernSighting, tern_sighting_free)

G_END_DECLS
