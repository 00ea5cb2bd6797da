/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/assessor.h"
#include "plan/cpu-compat.h"

G_BEGIN_DECLS

/*
 * Small changes to one VM that are no tasks: locks, what drains do with it, and CPU masks. Each
 * ends when the host did it and the inventory shows it. Errors of all: %TERN_ERROR_NOT_FOUND,
 * %TERN_ERROR_UNREACHABLE, %TERN_ERROR_BUSY (a task holds the VM), %TERN_ERROR_ATTENTION.
 */

/** tern_vm_edit_lock_async: @lock: (nullable): %NULL to unlock (%TERN_ERROR_NOT_FOUND if it is not
 * locked). A lock of somebody else is not replaced (%TERN_ERROR_EXISTS) unless it has expired. A
 * VM whose move waits in line may be locked, and is not moved then; one that is on its way may not
 * (%TERN_ERROR_BUSY): the lock would be left behind */
void tern_vm_edit_lock_async (TernAssessor *assessor, const char *vm_uuid, const TernLock *lock,
                              GAsyncReadyCallback cb, gpointer data);
gboolean tern_vm_edit_lock_finish (GAsyncResult *result, GError **error);

/** tern_vm_edit_drain_action_async: @action: a #TernDrainAction, kept in the VM's metadata; -1 to
 * forget it. A VM that is on its way is not changed (%TERN_ERROR_BUSY) */
void tern_vm_edit_drain_action_async (TernAssessor *assessor, const char *vm_uuid, int action,
                                      GAsyncReadyCallback cb, gpointer data);
gboolean tern_vm_edit_drain_action_finish (GAsyncResult *result, GError **error);

/**
 * TernMask: how a VM's CPU shall be masked
 * @model: (nullable): this model
 * @baseline: the cluster's baseline
 * @disable: (nullable) (array zero-terminated=1): as it is now, without these features
 * @clear: as it was before it was masked
 * @dry_run: only say what would come of it
 *
 * Exactly one of the first four.
 */
typedef struct
{
  char *model;
  gboolean baseline;
  GStrv disable;
  gboolean clear;
  gboolean dry_run;
} TernMask;

/**
 * TernMaskResult: what a mask does
 * @cpu: (nullable): the new CPU, expanded; %NULL if it is not known (after clear)
 * @definition: (nullable): as it stands in the definition
 * @removed: (array zero-terminated=1): features the guest has now and will not have
 * @hosts_before: (array zero-terminated=1): hosts whose CPU fits the VM now
 * @hosts_after: (array zero-terminated=1): hosts whose CPU will fit
 * @hosts_unknown: (array zero-terminated=1): hosts that are not counted in @hosts_after because
 *   their CPU is not known
 * @running: the VM runs, or goes on from saved memory: nothing changes before its next cold
 *   start
 */
typedef struct
{
  TernCpu *cpu;
  TernCpu *definition;
  GStrv removed;
  GStrv hosts_before;
  GStrv hosts_after;
  GStrv hosts_unknown;
  gboolean running;
} TernMaskResult;

void tern_mask_result_free (TernMaskResult *self);

/** tern_vm_edit_mask_async: more errors: %TERN_ERROR_INVALID_ARGUMENT for a model or feature that
 * no host knows, with the nearest names; %TERN_ERROR_REFUSED for a transient VM;
 * %TERN_ERROR_UNREACHABLE to set a baseline while the CPU of a host of the cluster is not known;
 * %TERN_ERROR_NOT_FOUND to clear what is not masked. @mask: copied */
void tern_vm_edit_mask_async (TernAssessor *assessor, const char *vm_uuid, const TernMask *mask,
                              GAsyncReadyCallback cb, gpointer data);
/** tern_vm_edit_mask_finish: Returns: (transfer full) */
TernMaskResult *tern_vm_edit_mask_finish (GAsyncResult *result, GError **error);

/**
 * tern_baseline_fetch_async:
 * @cluster_name: (nullable): %NULL for all hosts
 *
 * The baseline by our own arithmetic, and the model that stands for it as a host's libvirt sees it.
 */
void tern_baseline_fetch_async (TernAssessor *assessor, const char *cluster_name,
                                GAsyncReadyCallback cb, gpointer data);
/** tern_baseline_fetch_finish: @out_model: (transfer full) (nullable): %NULL if no host could say;
 * Returns: (transfer full): see plan/cpu-compat.h */
TernBaseline *tern_baseline_fetch_finish (GAsyncResult *result, TernCpuDefinition **out_model,
                                          GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernMaskResult, tern_mask_result_free)

G_END_DECLS
