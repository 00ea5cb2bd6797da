/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/vm-edit.h"

G_BEGIN_DECLS

/* Between vm-edit.c (locks), vm-drain-action.c and vm-mask.c. */

/** tern_vm_edit_show: Returns: (transfer full): its name, for people */
char *tern_vm_edit_show (const TernVm *vm);

/** tern_vm_edit_find_port: Returns: (transfer none) (nullable): to the host that the VM is on;
 * %TERN_ERROR_UNREACHABLE */
TernHypervisor *tern_vm_edit_find_port (TernAssessor *assessor, const TernVm *vm, GError **error);

/** tern_vm_edit_check_free: @may_wait: a task that has not begun anything does not matter.
 * Returns: whether no task holds the VM; %TERN_ERROR_BUSY, %TERN_ERROR_ATTENTION */
gboolean tern_vm_edit_check_free (TernAssessor *assessor, const TernVm *vm, gboolean may_wait,
                                  GError **error);

G_END_DECLS
