/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/vm.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * tern_libvirt_state:
 * @state: a virDomainState, also one newer than this build knows
 * @reason: the reason that belongs to it, likewise
 *
 * What virDomainGetState() said, in our words.
 */
void tern_libvirt_state (int state, int reason, TernVmState *out_state, TernVmReason *out_reason);

/**
 * tern_libvirt_event_is_of_job:
 * @event: a virDomainEventType
 * @detail: its detail
 *
 * Returns: whether a lifecycle event tells of a migration that switches over or ended
 */
gboolean tern_libvirt_event_is_of_job (int event, int detail);

G_END_DECLS
