/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-conn.h"
#include "drivers/worker.h"
#include "model/job.h"
#include "ports/hypervisor.h"

G_BEGIN_DECLS

/*
 * Migrations, and what is left of them. All of it blocks: only in a worker. An act that
 * changes something asks tern_call_check() right before it.
 */

/**
 * tern_libvirt_migrate_flags: Returns: virDomainMigrateFlags for @params
 */
unsigned int tern_libvirt_migrate_flags (const TernMigrateParams *params);

/**
 * tern_libvirt_migrate_params:
 *
 * Returns: (transfer full): libvirt's typed parameters, to be freed with
 *   virTypedParamsFree(); %NULL with @out_n_params 0 when there are none
 */
virTypedParameterPtr tern_libvirt_migrate_params (const TernMigrateParams *params,
                                                  int *out_n_params);

/** tern_libvirt_mib: Returns: what libvirt is told for that many bytes per second: rounded down,
 * and never 0, which would be no limit */
guint64 tern_libvirt_mib (guint64 bandwidth_bps);

/**
 * tern_libvirt_undefine_flags: how a host is told to forget a definition and nothing else
 * @libvirt_version: the host's, as virConnectGetLibVersion() tells it
 *
 * Returns: virDomainUndefineFlagsValues; those that the host knows
 */
unsigned int tern_libvirt_undefine_flags (guint64 libvirt_version);

/** tern_libvirt_migrate: returns when the migration ended, see tern_hypervisor_migrate_async() */
gboolean tern_libvirt_migrate (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                               const TernMigrateParams *params, GError **error);

/** tern_libvirt_job: see tern_hypervisor_fetch_job_async(). Returns: (transfer full): g_free() */
TernJobStats *tern_libvirt_job (TernLibvirtConn *conn, const char *uuid, gboolean completed,
                                GError **error);

/** tern_libvirt_abort: see tern_hypervisor_abort_job_async() */
gboolean tern_libvirt_abort (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                             GError **error);

/** tern_libvirt_resume: see tern_hypervisor_resume_async() */
gboolean tern_libvirt_resume (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                              GError **error);

/** tern_libvirt_discard: see tern_hypervisor_discard_async() */
gboolean tern_libvirt_discard (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                               GError **error);

/** tern_libvirt_remove_copy: see tern_hypervisor_remove_copy_async() */
gboolean tern_libvirt_remove_copy (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                                   gboolean with_definition, GError **error);

/** tern_libvirt_let_run: see tern_hypervisor_let_run_async() */
gboolean tern_libvirt_let_run (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                               GError **error);

G_END_DECLS
