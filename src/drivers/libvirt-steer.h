/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "drivers/libvirt-conn.h"
#include "drivers/worker.h"
#include "model/vm.h"

G_BEGIN_DECLS

/*
 * What changes a migration away from the host while it runs. All of it blocks: only in a worker.
 * Each looks at the VM first, and asks tern_call_check() right before the act.
 */

/** tern_libvirt_set_downtime: see tern_hypervisor_set_downtime_async() */
gboolean tern_libvirt_set_downtime (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                                    guint downtime_ms, GError **error);

/** tern_libvirt_set_speed: see tern_hypervisor_set_speed_async() */
gboolean tern_libvirt_set_speed (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                                 guint64 bandwidth_bps, gboolean postcopy, GError **error);

/** tern_libvirt_start_postcopy: see tern_hypervisor_start_postcopy_async() */
gboolean tern_libvirt_start_postcopy (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                                      GError **error);

/** tern_libvirt_pause: see tern_hypervisor_pause_async() */
gboolean tern_libvirt_pause (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                             GError **error);

/** tern_libvirt_speed: Returns: what virDomainMigrateSetMaxSpeed() is given; of a copy before
 * post-copy, libvirt's largest number for no limit */
unsigned long tern_libvirt_speed (guint64 bandwidth_bps, gboolean postcopy);

/**
 * TernSteerLook: what is done about a migration, as far as a look at its VM tells
 * @TERN_STEER_ACT: what was asked for
 * @TERN_STEER_IS_DONE: nothing: it is as it was asked for
 * @TERN_STEER_NO_JOB: nothing: no migration away from here runs
 * @TERN_STEER_REFUSE: nothing: it must not be done in this state
 */
typedef enum
{
  TERN_STEER_ACT,
  TERN_STEER_IS_DONE,
  TERN_STEER_NO_JOB,
  TERN_STEER_REFUSE
} TernSteerLook;

TernSteerLook tern_libvirt_look_start_postcopy (const TernSighting *seen);
TernSteerLook tern_libvirt_look_pause (const TernSighting *seen);

G_END_DECLS
