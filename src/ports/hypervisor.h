/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/host.h"
#include "model/job.h"
#include "model/move.h"
#include "model/vm.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernHypervisor:
 *
 * The port to the hypervisor of *one host*. Drivers: libvirt, sim.
 *
 * All calls are asynchronous, run on the main context, and each ends within its
 * own bound with %TERN_ERROR_TIMED_OUT if the host gives no answer; only
 * tern_hypervisor_migrate_async() may take as long as the migration takes.
 * A call on an object that is not connected ends with %TERN_ERROR_UNREACHABLE.
 * A cancelled #GCancellable ends the *waiting* (%G_IO_ERROR_CANCELLED); it never
 * undoes what the host was already told.
 *
 * Signals, only while connected, on the main context:
 * - "vm-changed" (uuid: string): something happened to that VM; look again with
 *   tern_hypervisor_fetch_vm_async(). May come more often than needed.
 * - "host-changed" (): facts may have changed (networks, pools): fetch again when convenient.
 * - "job-changed" (uuid: string): a migration of that VM entered a new pass, was
 *   suspended for its switchover, or completed: look at the job now.
 * - "disconnected" (error: GError boxed): the connection is gone. Nothing reconnects by
 *   itself: the owner calls tern_hypervisor_connect_async() again.
 */
#define TERN_TYPE_HYPERVISOR (tern_hypervisor_get_type ())
G_DECLARE_INTERFACE (TernHypervisor, tern_hypervisor, TERN, HYPERVISOR, GObject)

/**
 * TernMigrateFlags:
 * @TERN_MIGRATE_NONE: live, peer-to-peer; a persistent VM is defined on the destination
 *   and undefined on the source; aborted when the guest meets an I/O error
 * @TERN_MIGRATE_OFFLINE: a shut-off VM: its definition is copied to the destination; the source
 *   keeps its own (see tern_hypervisor_discard_async()). Disks and firmware variables stay where
 *   they are
 * @TERN_MIGRATE_AUTO_CONVERGE: QEMU slows a guest that writes faster than the link carries
 * @TERN_MIGRATE_POSTCOPY: tern_hypervisor_start_postcopy_async() may be called later
 * @TERN_MIGRATE_POSTCOPY_RESUME: takes up a post-copy that broke: the same call once more, with
 *   %TERN_MIGRATE_POSTCOPY; nothing of it ever ends one of the two halves
 * @TERN_MIGRATE_TLS: memory goes over encrypted
 */
typedef enum
{
  TERN_MIGRATE_NONE = 0,
  TERN_MIGRATE_AUTO_CONVERGE = 1 << 0,
  TERN_MIGRATE_POSTCOPY = 1 << 1,
  TERN_MIGRATE_OFFLINE = 1 << 2,
  TERN_MIGRATE_POSTCOPY_RESUME = 1 << 3,
  TERN_MIGRATE_TLS = 1 << 4,
} TernMigrateFlags;

/**
 * TernMigrateParams:
 * @peer_uri: libvirt URI of the destination as the *source host* opens it
 * @migration_address: (nullable): address or name the memory is sent to
 * @persistent: the VM is persistent
 * @bandwidth_bps: bytes per second at most, 0 for no limit
 * @postcopy_bandwidth_bps: likewise in post-copy
 * @parallel: connections (multifd), 0 for libvirt's one
 * @compression: of memory
 * @tls_destination: (nullable): name in the destination's certificate, where the address is not
 */
typedef struct
{
  const char *peer_uri;
  const char *migration_address;
  gboolean persistent;
  guint64 bandwidth_bps;
  guint64 postcopy_bandwidth_bps;
  guint parallel;
  TernCompression compression;
  const char *tls_destination;
  TernMigrateFlags flags;
} TernMigrateParams;

/**
 * TernCpuDefinition: a CPU as it stands in a definition, and what it means
 * @definition: model, and features beyond it or switched off
 * @expanded: the same CPU with all its features spelled out
 */
typedef struct
{
  TernCpu *definition;
  TernCpu *expanded;
} TernCpuDefinition;

TernCpuDefinition *tern_cpu_definition_new (TernCpu *definition, TernCpu *expanded);
void tern_cpu_definition_free (TernCpuDefinition *self);

struct _TernHypervisorInterface
{
  GTypeInterface parent;

  gboolean (*is_connected) (TernHypervisor *self);
  void (*connect_async) (TernHypervisor *self, GCancellable *cancellable, GAsyncReadyCallback cb,
                         gpointer data);
  void (*disconnect) (TernHypervisor *self);
  void (*fetch_facts_async) (TernHypervisor *self, GCancellable *cancellable,
                             GAsyncReadyCallback cb, gpointer data);
  void (*fetch_vms_async) (TernHypervisor *self, GCancellable *cancellable, GAsyncReadyCallback cb,
                           gpointer data);
  void (*fetch_vm_async) (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                          GAsyncReadyCallback cb, gpointer data);
  void (*inspect_async) (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                         GAsyncReadyCallback cb, gpointer data);
  void (*migrate_async) (TernHypervisor *self, const char *uuid, const TernMigrateParams *params,
                         GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data);
  void (*fetch_job_async) (TernHypervisor *self, const char *uuid, gboolean completed,
                           GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data);
  void (*abort_job_async) (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                           GAsyncReadyCallback cb, gpointer data);
  void (*resume_async) (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                        GAsyncReadyCallback cb, gpointer data);
  void (*discard_async) (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                         GAsyncReadyCallback cb, gpointer data);

  /* %NULL: the driver cannot do it; the call then ends with %TERN_ERROR_NOT_SUPPORTED. */
  void (*start_async) (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                       GAsyncReadyCallback cb, gpointer data);
  void (*shutdown_async) (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                          GAsyncReadyCallback cb, gpointer data);
  void (*eject_async) (TernHypervisor *self, const char *uuid, const char *target,
                       const char *source, GCancellable *cancellable, GAsyncReadyCallback cb,
                       gpointer data);
  void (*set_downtime_async) (TernHypervisor *self, const char *uuid, guint downtime_ms,
                              GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data);
  void (*set_speed_async) (TernHypervisor *self, const char *uuid, guint64 bandwidth_bps,
                           gboolean postcopy, GCancellable *cancellable, GAsyncReadyCallback cb,
                           gpointer data);
  void (*start_postcopy_async) (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                                GAsyncReadyCallback cb, gpointer data);
  void (*pause_async) (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                       GAsyncReadyCallback cb, gpointer data);
  void (*measure_dirty_async) (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                               GAsyncReadyCallback cb, gpointer data);
  void (*remove_copy_async) (TernHypervisor *self, const char *uuid, gboolean with_definition,
                             GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data);
  void (*let_run_async) (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                         GAsyncReadyCallback cb, gpointer data);
  void (*set_lock_async) (TernHypervisor *self, const char *uuid, const TernLock *lock,
                          GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data);
  void (*set_drain_action_async) (TernHypervisor *self, const char *uuid, int action,
                                  GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data);
  void (*set_cpu_async) (TernHypervisor *self, const char *uuid, const TernCpu *cpu,
                         GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data);
  void (*fetch_cpu_xml_async) (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                               GAsyncReadyCallback cb, gpointer data);
  void (*compare_cpu_async) (TernHypervisor *self, const char *cpu_xml, GCancellable *cancellable,
                             GAsyncReadyCallback cb, gpointer data);
  void (*baseline_cpu_async) (TernHypervisor *self, const GPtrArray *cpus,
                              GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data);
};

/** tern_hypervisor_is_connected: Returns: whether calls have a chance now. No I/O. */
gboolean tern_hypervisor_is_connected (TernHypervisor *self);

/**
 * tern_hypervisor_connect_async:
 *
 * Opens the control connection and registers for events, in at most 10 s. Events that
 * happen after this ends are signalled: list after connecting and nothing is missed.
 * Calling it while connected or connecting ends with %TERN_ERROR_BUSY.
 */
void tern_hypervisor_connect_async (TernHypervisor *self, GCancellable *cancellable,
                                    GAsyncReadyCallback cb, gpointer data);
/** tern_hypervisor_connect_finish: errors: %TERN_ERROR_UNREACHABLE, %TERN_ERROR_TIMED_OUT,
 * %TERN_ERROR_NOT_AUTHORIZED, %TERN_ERROR_INVALID_ARGUMENT (the URI) */
gboolean tern_hypervisor_connect_finish (TernHypervisor *self, GAsyncResult *result,
                                         GError **error);

/** tern_hypervisor_disconnect: drops the connections, without the "disconnected" signal.
 * Calls in flight end with %TERN_ERROR_UNREACHABLE. Migrations go on. */
void tern_hypervisor_disconnect (TernHypervisor *self);

/** tern_hypervisor_fetch_facts_async: asks the host about itself */
void tern_hypervisor_fetch_facts_async (TernHypervisor *self, GCancellable *cancellable,
                                        GAsyncReadyCallback cb, gpointer data);
/** tern_hypervisor_fetch_facts_finish: Returns: (transfer full) */
TernHostFacts *tern_hypervisor_fetch_facts_finish (TernHypervisor *self, GAsyncResult *result,
                                                   GError **error);

/** tern_hypervisor_fetch_vms_async: lists every VM, shut-off ones too */
void tern_hypervisor_fetch_vms_async (TernHypervisor *self, GCancellable *cancellable,
                                      GAsyncReadyCallback cb, gpointer data);
/** tern_hypervisor_fetch_vms_finish: Returns: (transfer full) (element-type TernVm): with @host
 * set to the host's name */
GPtrArray *tern_hypervisor_fetch_vms_finish (TernHypervisor *self, GAsyncResult *result,
                                             GError **error);

/** tern_hypervisor_fetch_vm_async: one VM; %TERN_ERROR_NOT_FOUND when the host has none such */
void tern_hypervisor_fetch_vm_async (TernHypervisor *self, const char *uuid,
                                     GCancellable *cancellable, GAsyncReadyCallback cb,
                                     gpointer data);
/** tern_hypervisor_fetch_vm_finish: Returns: (transfer full) */
TernVm *tern_hypervisor_fetch_vm_finish (TernHypervisor *self, GAsyncResult *result,
                                         GError **error);

/**
 * tern_hypervisor_inspect_async:
 *
 * What does this host know of that VM right now? For judging a migration: asks the
 * host itself, never a cache, and never waits for a job on the VM.
 */
void tern_hypervisor_inspect_async (TernHypervisor *self, const char *uuid,
                                    GCancellable *cancellable, GAsyncReadyCallback cb,
                                    gpointer data);
/** tern_hypervisor_inspect_finish: Returns: (transfer full): with @known %TRUE; a VM that is
 * not there is a sighting (@present %FALSE), not an error. An error means: not known. */
TernSighting *tern_hypervisor_inspect_finish (TernHypervisor *self, GAsyncResult *result,
                                              GError **error);

/**
 * tern_hypervisor_migrate_async:
 * @params: copied
 *
 * Called on the *source* host. Ends when the hypervisor's migration call ends: with
 * %TERN_ERROR_UNREACHABLE if our connection was lost, which says nothing of the migration;
 * with %TERN_ERROR_CANCELLED if the job was aborted. Whatever it says, ask both hosts.
 */
void tern_hypervisor_migrate_async (TernHypervisor *self, const char *uuid,
                                    const TernMigrateParams *params, GCancellable *cancellable,
                                    GAsyncReadyCallback cb, gpointer data);
gboolean tern_hypervisor_migrate_finish (TernHypervisor *self, GAsyncResult *result,
                                         GError **error);

/**
 * tern_hypervisor_fetch_job_async:
 * @completed: %FALSE: the job running on the VM (source). %TRUE: the record of the last
 *   finished one (destination), without wiping it; %TERN_ERROR_NOT_FOUND when there is none.
 */
void tern_hypervisor_fetch_job_async (TernHypervisor *self, const char *uuid, gboolean completed,
                                      GCancellable *cancellable, GAsyncReadyCallback cb,
                                      gpointer data);
/** tern_hypervisor_fetch_job_finish: @out_stats: filled on success; "no job" is success with
 * @active %FALSE */
gboolean tern_hypervisor_fetch_job_finish (TernHypervisor *self, GAsyncResult *result,
                                           TernJobStats *out_stats, GError **error);

/** tern_hypervisor_abort_job_async: asks for the outgoing migration to stop, best effort;
 * %TERN_ERROR_NOT_FOUND when no job exists (yet, or any more) */
void tern_hypervisor_abort_job_async (TernHypervisor *self, const char *uuid,
                                      GCancellable *cancellable, GAsyncReadyCallback cb,
                                      gpointer data);
gboolean tern_hypervisor_abort_job_finish (TernHypervisor *self, GAsyncResult *result,
                                           GError **error);

/** tern_hypervisor_resume_async: starts the CPUs of a VM that a migration left paused. The
 * driver looks again and refuses (%TERN_ERROR_REFUSED) unless it is paused for a migration
 * and no job runs on it. */
void tern_hypervisor_resume_async (TernHypervisor *self, const char *uuid,
                                   GCancellable *cancellable, GAsyncReadyCallback cb,
                                   gpointer data);
gboolean tern_hypervisor_resume_finish (TernHypervisor *self, GAsyncResult *result, GError **error);

/** tern_hypervisor_discard_async: removes the copy that a *successful* migration left behind:
 * ends its process if it is paused for a migration, undefines it if it is shut off. The driver
 * looks again and refuses (%TERN_ERROR_REFUSED) if it runs, is paused for any other reason, or
 * has a job. */
void tern_hypervisor_discard_async (TernHypervisor *self, const char *uuid,
                                    GCancellable *cancellable, GAsyncReadyCallback cb,
                                    gpointer data);
gboolean tern_hypervisor_discard_finish (TernHypervisor *self, GAsyncResult *result,
                                         GError **error);

/**
 * tern_hypervisor_start_async:
 *
 * Starts a VM that is defined and shut off on this host. The driver looks first and refuses
 * (%TERN_ERROR_REFUSED) anything else, a managed save image included. Whatever it says, look.
 */
void tern_hypervisor_start_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                                  GAsyncReadyCallback cb, gpointer data);
gboolean tern_hypervisor_start_finish (TernHypervisor *self, GAsyncResult *result, GError **error);

/**
 * tern_hypervisor_shutdown_async:
 *
 * Asks the guest of a running VM to shut down (by its agent if there is one, else by ACPI), and
 * returns when it was asked: whether it does shows later, and it may never. Nothing is ever forced.
 * A VM that is not running is %TERN_ERROR_REFUSED.
 */
void tern_hypervisor_shutdown_async (TernHypervisor *self, const char *uuid,
                                     GCancellable *cancellable, GAsyncReadyCallback cb,
                                     gpointer data);
gboolean tern_hypervisor_shutdown_finish (TernHypervisor *self, GAsyncResult *result,
                                          GError **error);

/**
 * tern_hypervisor_eject_async:
 * @target: drive in the guest, such as "sda"; only a CD-ROM or floppy
 * @source: what must be in it; anything else there by now is %TERN_ERROR_REFUSED
 *
 * Empties the drive, of the running VM if it runs and of the definition if it has one.
 */
void tern_hypervisor_eject_async (TernHypervisor *self, const char *uuid, const char *target,
                                  const char *source, GCancellable *cancellable,
                                  GAsyncReadyCallback cb, gpointer data);
gboolean tern_hypervisor_eject_finish (TernHypervisor *self, GAsyncResult *result, GError **error);

/* Steering a migration away from this host while it runs. All of these end with
 * %TERN_ERROR_NOT_FOUND when no such job runs on the VM (yet, or any more), and change nothing
 * then. */

/** tern_hypervisor_set_downtime_async: how long the guest may stand still at the switchover: 1 to
 * 2,000,000 ms (virDomainMigrateSetMaxDowntime) */
void tern_hypervisor_set_downtime_async (TernHypervisor *self, const char *uuid, guint downtime_ms,
                                         GCancellable *cancellable, GAsyncReadyCallback cb,
                                         gpointer data);
gboolean tern_hypervisor_set_downtime_finish (TernHypervisor *self, GAsyncResult *result,
                                              GError **error);

/** tern_hypervisor_set_speed_async: bytes per second at most, 0 for no limit; libvirt counts in
 * MiB/s: rounded down, at least 1. @postcopy: that of post-copy, not of the copy before it */
void tern_hypervisor_set_speed_async (TernHypervisor *self, const char *uuid, guint64 bandwidth_bps,
                                      gboolean postcopy, GCancellable *cancellable,
                                      GAsyncReadyCallback cb, gpointer data);
gboolean tern_hypervisor_set_speed_finish (TernHypervisor *self, GAsyncResult *result,
                                           GError **error);

/** tern_hypervisor_start_postcopy_async: lets the guest go on at the destination. From here on
 * there is no way back. Only for a migration begun with %TERN_MIGRATE_POSTCOPY */
void tern_hypervisor_start_postcopy_async (TernHypervisor *self, const char *uuid,
                                           GCancellable *cancellable, GAsyncReadyCallback cb,
                                           gpointer data);
gboolean tern_hypervisor_start_postcopy_finish (TernHypervisor *self, GAsyncResult *result,
                                                GError **error);

/** tern_hypervisor_pause_async: stops the guest's CPUs until the migration is over. libvirt starts
 * them on whichever host it ends; only while an outgoing job runs on it that is not post-copy */
void tern_hypervisor_pause_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                                  GAsyncReadyCallback cb, gpointer data);
gboolean tern_hypervisor_pause_finish (TernHypervisor *self, GAsyncResult *result, GError **error);

/** tern_hypervisor_measure_dirty_async: how fast a running VM writes to its memory, measured for a
 * second or two (virDomainStartDirtyRateCalc, mode page-sampling). %TERN_ERROR_NOT_SUPPORTED if
 * its host cannot */
void tern_hypervisor_measure_dirty_async (TernHypervisor *self, const char *uuid,
                                          GCancellable *cancellable, GAsyncReadyCallback cb,
                                          gpointer data);
/** tern_hypervisor_measure_dirty_finish: @out_bps: bytes per second */
gboolean tern_hypervisor_measure_dirty_finish (TernHypervisor *self, GAsyncResult *result,
                                               guint64 *out_bps, GError **error);

/* What a person decided about two copies; never called for anything else. */

/**
 * tern_hypervisor_remove_copy_async:
 * @with_definition: its definition goes too; firmware variables and TPM state are kept
 *
 * Ends this host's copy, whatever its state. A copy that is not there is no error.
 */
void tern_hypervisor_remove_copy_async (TernHypervisor *self, const char *uuid,
                                        gboolean with_definition, GCancellable *cancellable,
                                        GAsyncReadyCallback cb, gpointer data);
gboolean tern_hypervisor_remove_copy_finish (TernHypervisor *self, GAsyncResult *result,
                                             GError **error);

/** tern_hypervisor_let_run_async: starts the CPUs of a paused copy, whatever it was paused for, but
 * never one in a post-copy or with a job (%TERN_ERROR_REFUSED); one that runs is no error */
void tern_hypervisor_let_run_async (TernHypervisor *self, const char *uuid,
                                    GCancellable *cancellable, GAsyncReadyCallback cb,
                                    gpointer data);
gboolean tern_hypervisor_let_run_finish (TernHypervisor *self, GAsyncResult *result,
                                         GError **error);

/** tern_hypervisor_set_drain_action_async: writes what a drain does with the VM into its metadata,
 * running and defined; @action: a #TernDrainAction, -1 removes it */
void tern_hypervisor_set_drain_action_async (TernHypervisor *self, const char *uuid, int action,
                                             GCancellable *cancellable, GAsyncReadyCallback cb,
                                             gpointer data);
gboolean tern_hypervisor_set_drain_action_finish (TernHypervisor *self, GAsyncResult *result,
                                                  GError **error);

/** tern_hypervisor_set_lock_async: writes the lock into the VM's metadata, running and defined;
 * @lock: (nullable): %NULL removes it, which is no error if there is none */
void tern_hypervisor_set_lock_async (TernHypervisor *self, const char *uuid, const TernLock *lock,
                                     GCancellable *cancellable, GAsyncReadyCallback cb,
                                     gpointer data);
gboolean tern_hypervisor_set_lock_finish (TernHypervisor *self, GAsyncResult *result,
                                          GError **error);

/**
 * tern_hypervisor_set_cpu_async:
 * @cpu: (nullable): custom: model, features required and disabled beyond it; %NULL puts back what
 *   the definition had before the first change (%TERN_ERROR_NOT_FOUND if it was never changed)
 *
 * Changes the *definition* only: a running VM keeps its CPU until it is shut off and started.
 * What was there before is kept in the definition's metadata. %TERN_ERROR_REFUSED for a transient
 * VM. Everything else in the definition stays as it is.
 */
void tern_hypervisor_set_cpu_async (TernHypervisor *self, const char *uuid, const TernCpu *cpu,
                                    GCancellable *cancellable, GAsyncReadyCallback cb,
                                    gpointer data);
gboolean tern_hypervisor_set_cpu_finish (TernHypervisor *self, GAsyncResult *result,
                                         GError **error);

/** tern_hypervisor_fetch_cpu_xml_async: the CPU of a VM as this host's libvirt has it now, for
 * tern_hypervisor_compare_cpu_async() on another host */
void tern_hypervisor_fetch_cpu_xml_async (TernHypervisor *self, const char *uuid,
                                          GCancellable *cancellable, GAsyncReadyCallback cb,
                                          gpointer data);
/** tern_hypervisor_fetch_cpu_xml_finish: Returns: (transfer full): opaque */
char *tern_hypervisor_fetch_cpu_xml_finish (TernHypervisor *self, GAsyncResult *result,
                                            GError **error);

/** tern_hypervisor_compare_cpu_async: asks this host whether it can give such a CPU
 * (virConnectCompareHypervisorCPU) */
void tern_hypervisor_compare_cpu_async (TernHypervisor *self, const char *cpu_xml,
                                        GCancellable *cancellable, GAsyncReadyCallback cb,
                                        gpointer data);
/** tern_hypervisor_compare_cpu_finish: Returns: whether it was answered; @out_refusal:
 * (transfer full) (nullable): the host's own words if it cannot, %NULL if it can */
gboolean tern_hypervisor_compare_cpu_finish (TernHypervisor *self, GAsyncResult *result,
                                             char **out_refusal, GError **error);

/**
 * tern_hypervisor_baseline_cpu_async:
 * @cpus: (element-type TernCpu): at least one: of hosts, or a custom one to be spelled out
 *
 * The CPU that all of these can give, as a model that this host's libvirt knows
 * (virConnectBaselineHypervisorCPU). %TERN_ERROR_INVALID_ARGUMENT for a model it does not know,
 * %TERN_ERROR_REFUSED if there is none (vendors differ).
 */
void tern_hypervisor_baseline_cpu_async (TernHypervisor *self, const GPtrArray *cpus,
                                         GCancellable *cancellable, GAsyncReadyCallback cb,
                                         gpointer data);
/** tern_hypervisor_baseline_cpu_finish: Returns: (transfer full) */
TernCpuDefinition *tern_hypervisor_baseline_cpu_finish (TernHypervisor *self, GAsyncResult *result,
                                                        GError **error);

/* For drivers: emit the signals. */
void tern_hypervisor_emit_vm_changed (TernHypervisor *self, const char *uuid);
void tern_hypervisor_emit_host_changed (TernHypervisor *self);
void tern_hypervisor_emit_job_changed (TernHypervisor *self, const char *uuid);
void tern_hypervisor_emit_disconnected (TernHypervisor *self, const GError *error);

/**
 * TernHypervisorFactory:
 * @config: (transfer none): which host
 * @data: the driver's
 * @error: %TERN_ERROR_INVALID_ARGUMENT when the URI is none of the driver's
 *
 * Makes the port to a host, not yet connected. main() gives the engine one of these, so that
 * the engine knows no driver.
 *
 * Returns: (transfer full) (nullable)
 */
typedef TernHypervisor *(*TernHypervisorFactory) (TernHostConfig *config, gpointer data,
                                                  GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernCpuDefinition, tern_cpu_definition_free)

G_END_DECLS
