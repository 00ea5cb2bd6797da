/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Steering a migration while it runs. libvirt takes most of this also from a VM that does not
 * move, and keeps it for its next migration, or stops the VM for good: so nothing is told before
 * a look showed the job, and a refusal is looked at once more, since the job may have just ended.
 */
#include "config.h"

#include "drivers/libvirt-steer.h"

#include "drivers/libvirt-error.h"
#include "drivers/libvirt-migrate.h"
#include "drivers/libvirt-query.h"

/* The most that libvirt takes, in MiB/s (9.0, QEMU_DOMAIN_MIG_BANDWIDTH_MAX). 0 is refused by
 * QEMU's own arithmetic of what the downtime allows. */
#define UNLIMITED_MIB (G_MAXINT64 >> 20)

static gboolean
runs_outgoing (const TernSighting *seen)
{
  return seen->present && seen->job_active && seen->job_outgoing;
}

static gboolean
is_in_postcopy (const TernSighting *seen)
{
  return seen->reason == TERN_REASON_POSTCOPY || seen->reason == TERN_REASON_POSTCOPY_FAILED;
}

static TernSteerLook
look_any (const TernSighting *seen)
{
  return runs_outgoing (seen) ? TERN_STEER_ACT : TERN_STEER_NO_JOB;
}

TernSteerLook
tern_libvirt_look_start_postcopy (const TernSighting *seen)
{
  if (!runs_outgoing (seen))
    return TERN_STEER_NO_JOB;
  return is_in_postcopy (seen) ? TERN_STEER_IS_DONE : TERN_STEER_ACT;
}

TernSteerLook
tern_libvirt_look_pause (const TernSighting *seen)
{
  if (!runs_outgoing (seen))
    return TERN_STEER_NO_JOB;
  if (is_in_postcopy (seen))
    return TERN_STEER_REFUSE;
  if (seen->state == TERN_VM_PAUSED)
    return TERN_STEER_IS_DONE;
  return seen->state == TERN_VM_RUNNING ? TERN_STEER_ACT : TERN_STEER_REFUSE;
}

static gboolean
say_no_job (GError **error)
{
  g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND,
               "no migration away from this host runs on the VM");
  return FALSE;
}

static gboolean
refuse (const TernSighting *seen, GError **error)
{
  g_autofree char *text = tern_sighting_to_string (seen);

  g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED, "the VM is %s", text);
  return FALSE;
}

/* libvirt said no. */
static gboolean
explain (TernCall *call, virDomainPtr dom, GError **error)
{
  gboolean refused = tern_error_libvirt_code () == VIR_ERR_OPERATION_INVALID;
  g_autoptr (GError) reason = NULL;
  g_autoptr (TernSighting) seen = NULL;

  tern_error_take_libvirt_domain (dom, &reason);
  seen = tern_libvirt_sight (call, dom, NULL);
  if (seen != NULL && !runs_outgoing (seen))
    return say_no_job (error);
  if (refused && reason->code == TERN_ERROR_FAILED)
    reason->code = TERN_ERROR_REFUSED;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

/* What is told a migration that runs. */
typedef struct
{
  TernSteerLook (*look) (const TernSighting *seen);
  int (*act) (virDomainPtr dom, gpointer how);
  gpointer how;
} Steering;

static gboolean
steer (TernCall *call, virDomainPtr dom, const Steering *steering, GError **error)
{
  g_autoptr (TernSighting) seen = tern_libvirt_sight (call, dom, error);

  if (seen == NULL)
    return FALSE;
  switch (steering->look (seen))
    {
    case TERN_STEER_IS_DONE:
      return TRUE;
    case TERN_STEER_NO_JOB:
      return say_no_job (error);
    case TERN_STEER_REFUSE:
      return refuse (seen, error);
    case TERN_STEER_ACT:
      break;
    }
  if (!tern_call_check (call, error))
    return FALSE;
  return steering->act (dom, steering->how) == 0 || explain (call, dom, error);
}

static int
act_downtime (virDomainPtr dom, gpointer how)
{
  const guint *downtime_ms = how;

  return virDomainMigrateSetMaxDowntime (dom, *downtime_ms, 0);
}

gboolean
tern_libvirt_set_downtime (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                           guint downtime_ms, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  const Steering steering = { look_any, act_downtime, &downtime_ms };

  return dom != NULL && steer (call, dom, &steering, error);
}

unsigned long
tern_libvirt_speed (guint64 bandwidth_bps, gboolean postcopy)
{
  if (bandwidth_bps > 0)
    return tern_libvirt_mib (bandwidth_bps);
  return postcopy ? 0 : UNLIMITED_MIB;
}

typedef struct
{
  unsigned long mib;
  unsigned int flags;
} Speed;

static int
act_speed (virDomainPtr dom, gpointer how)
{
  const Speed *speed = how;

  return virDomainMigrateSetMaxSpeed (dom, speed->mib, speed->flags);
}

gboolean
tern_libvirt_set_speed (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                        guint64 bandwidth_bps, gboolean postcopy, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  Speed speed = {
    tern_libvirt_speed (bandwidth_bps, postcopy),
    postcopy ? VIR_DOMAIN_MIGRATE_MAX_SPEED_POSTCOPY : 0,
  };
  const Steering steering = { look_any, act_speed, &speed };

  return dom != NULL && steer (call, dom, &steering, error);
}

static int
act_start_postcopy (virDomainPtr dom, gpointer how)
{
  return virDomainMigrateStartPostCopy (dom, 0);
}

gboolean
tern_libvirt_start_postcopy (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                             GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  const Steering steering = { tern_libvirt_look_start_postcopy, act_start_postcopy, NULL };

  return dom != NULL && steer (call, dom, &steering, error);
}

/* In whose name libvirt stopped the VM tells whether the migration still ran (9.0,
 * qemuDomainSuspend). If it had just ended, nobody would ever start the VM again: we do, also if
 * nobody waits for the call any more. */
static gboolean
undo_late_pause (virDomainPtr dom, GError **error)
{
  int state, reason;

  if (virDomainGetState (dom, &state, &reason, 0) < 0 || state != VIR_DOMAIN_PAUSED
      || reason != VIR_DOMAIN_PAUSED_USER)
    {
      virResetLastError ();
      return TRUE;
    }
  if (virDomainResume (dom) < 0)
    return tern_error_take_libvirt_domain (dom, error) != NULL;
  return say_no_job (error);
}

static int
act_pause (virDomainPtr dom, gpointer how)
{
  gboolean *acted = how;

  *acted = TRUE;
  return virDomainSuspend (dom);
}

gboolean
tern_libvirt_pause (TernCall *call, TernLibvirtConn *conn, const char *uuid, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  gboolean acted = FALSE;
  const Steering steering = { tern_libvirt_look_pause, act_pause, &acted };

  if (dom == NULL || !steer (call, dom, &steering, error))
    return FALSE;
  /* One that a person had paused before stays so. */
  return !acted || undo_late_pause (dom, error);
}
