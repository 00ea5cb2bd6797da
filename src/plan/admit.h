/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "model/host.h"
#include "model/task.h"
#include "model/vm.h"

G_BEGIN_DECLS

/**
 * TernObjection:
 * @code: stable: vm.attention, vm.moving, vm.not-running, vm.job-running, vm.twice, host.same,
 *   host.unknown, host.unreachable, memory.short
 * @sentence: for people; names the VM and the host
 * @error: which error a caller gets when this reason stands alone
 *
 * One reason why a VM may not go to a host.
 */
typedef struct
{
  const char *code;
  char *sentence;
  TernError error;
} TernObjection;

void tern_objection_free (TernObjection *self);

/**
 * TernAdmission:
 * @vm: the VM as the inventory has it
 * @source: its host, (nullable) when that host is not known any more
 * @destination: where it shall go
 * @copies: (nullable) (element-type TernVm): what every host shows of the VM, @vm included
 * @open_task: (nullable): a task that holds this VM
 * @reserved: bytes of memory that moves under way will still take on the destination
 *
 * What is needed to judge one move.
 */
typedef struct
{
  const TernVm *vm;
  const TernHost *source;
  const TernHost *destination;
  const GPtrArray *copies;
  const TernTaskRecord *open_task;
  guint64 reserved;
} TernAdmission;

/**
 * tern_admit:
 *
 * May this VM be moved to that host, as far as the inventory knows? Every reason is given,
 * never only the first.
 *
 * Returns: (transfer full) (element-type TernObjection): empty when it may
 */
GPtrArray *tern_admit (const TernAdmission *admission);

/**
 * tern_admit_sightings:
 * @vm: name to be shown
 * @source_sighting: what the source says right now
 * @destination_sighting: what the destination says right now
 *
 * The last look before the call: both hosts were asked, nothing comes from a cache.
 *
 * Returns: (transfer full) (element-type TernObjection): empty when the call may be made
 */
GPtrArray *tern_admit_sightings (const char *vm, const char *source,
                                 const TernSighting *source_sighting, const char *destination,
                                 const TernSighting *destination_sighting);

/**
 * tern_objections_to_error:
 * @reasons: (element-type TernObjection): not empty
 *
 * Returns: (transfer full): one error that holds every sentence; its code is that of the
 *   first reason
 */
GError *tern_objections_to_error (const GPtrArray *reasons);

G_END_DECLS
