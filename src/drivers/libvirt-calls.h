/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-conn.h"
#include "drivers/worker.h"
#include "ports/hypervisor.h"

G_BEGIN_DECLS

/**
 * TernLibvirtInput: what a call takes to its thread; each call uses some of it
 * @link: the connection, opened if need be
 * @downtime_ms: and @bandwidth_bps, @postcopy: how a migration is steered
 * @with_definition: a copy is removed with it
 * @action: what a drain does
 * @target: drive
 * @source: its medium, or the CPU to be compared
 */
typedef struct
{
  TernLibvirtLink *link;
  char *host;
  char *uuid;
  gboolean completed;
  TernHostFacts *known_facts;
  TernMigrateParams params;
  guint downtime_ms;
  guint64 bandwidth_bps;
  gboolean postcopy;
  gboolean with_definition;
  int action;
  char *target;
  char *source;
  TernLock *lock;
  TernCpu *cpu;
  GPtrArray *cpus;
} TernLibvirtInput;

/** tern_libvirt_input_new: @uuid: (nullable). Returns: (transfer full): freed by the call's kind */
TernLibvirtInput *tern_libvirt_input_new (TernLibvirtLink *link, const char *host,
                                          const char *uuid);

/** tern_libvirt_params_copy: @to: not yet used, or cleared */
void tern_libvirt_params_copy (TernMigrateParams *to, const TernMigrateParams *from);
/** tern_libvirt_params_clear: frees what tern_libvirt_params_copy() made */
void tern_libvirt_params_clear (TernMigrateParams *params);

/* Everything a libvirt host can be asked or told. */
extern const TernCallKind tern_libvirt_facts_kind;
extern const TernCallKind tern_libvirt_pools_kind;
extern const TernCallKind tern_libvirt_vms_kind;
extern const TernCallKind tern_libvirt_vm_kind;
extern const TernCallKind tern_libvirt_inspect_kind;
extern const TernCallKind tern_libvirt_job_kind;
extern const TernCallKind tern_libvirt_abort_kind;
extern const TernCallKind tern_libvirt_resume_kind;
extern const TernCallKind tern_libvirt_discard_kind;
extern const TernCallKind tern_libvirt_migrate_kind;
extern const TernCallKind tern_libvirt_set_downtime_kind;
extern const TernCallKind tern_libvirt_set_speed_kind;
extern const TernCallKind tern_libvirt_start_postcopy_kind;
extern const TernCallKind tern_libvirt_pause_kind;
extern const TernCallKind tern_libvirt_measure_kind;
extern const TernCallKind tern_libvirt_measured_kind;
extern const TernCallKind tern_libvirt_remove_copy_kind;
extern const TernCallKind tern_libvirt_let_run_kind;
extern const TernCallKind tern_libvirt_start_kind;
extern const TernCallKind tern_libvirt_shutdown_kind;
extern const TernCallKind tern_libvirt_eject_kind;
extern const TernCallKind tern_libvirt_set_lock_kind;
extern const TernCallKind tern_libvirt_set_drain_action_kind;
extern const TernCallKind tern_libvirt_set_cpu_kind;
extern const TernCallKind tern_libvirt_fetch_cpu_xml_kind;
extern const TernCallKind tern_libvirt_compare_cpu_kind;
extern const TernCallKind tern_libvirt_baseline_cpu_kind;

G_END_DECLS
