/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/host.h"
#include "model/job.h"
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
 */
typedef enum
{
  TERN_MIGRATE_NONE = 0,
  TERN_MIGRATE_AUTO_CONVERGE = 1 << 0,
  TERN_MIGRATE_POSTCOPY = 1 << 1,
} TernMigrateFlags;

/**
 * TernMigrateParams:
 * @peer_uri: libvirt URI of the destination as the *source host* opens it
 * @migration_address: (nullable): address or name the memory is sent to
 * @persistent: the VM is persistent
 * @bandwidth_bps: bytes per second at most, 0 for no limit
 */
typedef struct
{
  const char *peer_uri;
  const char *migration_address;
  gboolean persistent;
  guint64 bandwidth_bps;
  TernMigrateFlags flags;
} TernMigrateParams;

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

G_END_DECLS
