/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "drivers/libvirt-act.h"

#include "base/error.h"
#include "base/text.h"
#include "drivers/libvirt-cpu.h"
#include "drivers/libvirt-domain-xml.h"
#include "drivers/libvirt-edit-xml.h"
#include "drivers/libvirt-error.h"
#include "drivers/libvirt-lock-xml.h"
#include "drivers/libvirt-query.h"
#include "model/drain.h"

#include <libvirt/virterror.h>
#include <stdlib.h>

static gboolean
take_result (virDomainPtr dom, int result, GError **error)
{
  return result >= 0 || tern_error_take_libvirt_domain (dom, error) != NULL;
}

static gboolean
refuse_start (virDomainPtr dom, const TernSighting *seen, GError **error)
{
  g_autofree char *text = tern_sighting_to_string (seen);
  int saved;

  if (!seen->present || seen->state != TERN_VM_SHUT_OFF || !seen->persistent)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED, "the VM is %s", text);
      return TRUE;
    }

  saved = virDomainHasManagedSaveImage (dom, 0);
  if (saved < 0)
    tern_error_take_libvirt_domain (dom, error);
  if (saved > 0)
    g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                 "its memory was saved by the host at shutdown, and it must go on from there: use "
                 "“virsh start” on that host");
  return saved != 0;
}

gboolean
tern_libvirt_start (TernCall *call, TernLibvirtConn *conn, const char *uuid, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  g_autoptr (TernSighting) seen = dom != NULL ? tern_libvirt_sight (call, dom, error) : NULL;

  if (seen == NULL || refuse_start (dom, seen, error) || !tern_call_check (call, error))
    return FALSE;
  return take_result (dom, virDomainCreate (dom), error);
}

static gboolean
refuse_shutdown (const TernSighting *seen, GError **error)
{
  g_autofree char *text = tern_sighting_to_string (seen);

  if (seen->state != TERN_VM_RUNNING)
    g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED, "the VM is %s: its guest cannot be asked",
                 text);
  else if (seen->job_active)
    g_set_error (error, TERN_ERROR, TERN_ERROR_BUSY,
                 "a job runs on the VM: its guest was not asked");
  else
    return FALSE;
  return TRUE;
}

/* Without flags libvirt asks the agent, and presses the power button if there is none or it does
 * not answer. */
gboolean
tern_libvirt_shutdown (TernCall *call, TernLibvirtConn *conn, const char *uuid, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  g_autoptr (TernSighting) seen = dom != NULL ? tern_libvirt_sight (call, dom, error) : NULL;

  if (seen == NULL || refuse_shutdown (seen, error) || !tern_call_check (call, error))
    return FALSE;
  return take_result (dom, virDomainShutdownFlags (dom, VIR_DOMAIN_SHUTDOWN_DEFAULT), error);
}

static char *
get_xml (virDomainPtr dom, unsigned int flags, GError **error)
{
  char *text = virDomainGetXMLDesc (dom, flags);
  char *xml = g_strdup (text);

  free (text);
  return xml != NULL ? xml : tern_error_take_libvirt_domain (dom, error);
}

/* Both places where a VM is described, as far as it has them. */
static gboolean
get_places (virDomainPtr dom, gboolean *out_live, gboolean *out_defined, GError **error)
{
  int active = virDomainIsActive (dom);
  int persistent = active >= 0 ? virDomainIsPersistent (dom) : -1;

  if (persistent < 0)
    return tern_error_take_libvirt_domain (dom, error) != NULL;
  *out_live = active == 1;
  *out_defined = persistent == 1;
  return TRUE;
}

typedef struct
{
  const char *target;
  const char *source;
  gboolean live;
} Drive;

/* Looks into the drive. Returns: whether it may be emptied or is empty (@out_device %NULL). */
static gboolean
look_into_drive (virDomainPtr dom, const Drive *drive, char **out_device, GError **error)
{
  g_autofree char *xml =
      get_xml (dom, VIR_DOMAIN_XML_SECURE | (drive->live ? 0 : VIR_DOMAIN_XML_INACTIVE), error);

  return xml != NULL
         && tern_libvirt_edit_eject (xml, drive->target, drive->source, out_device, error);
}

static gboolean
check_empty (virDomainPtr dom, const Drive *drive, GError **error)
{
  g_autofree char *device = NULL;

  if (!look_into_drive (dom, drive, &device, error))
    return FALSE;
  if (device == NULL)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_FAILED, "%s still holds its medium", drive->target);
  return FALSE;
}

static gboolean
empty_drive (TernCall *call, virDomainPtr dom, const Drive *drive, GError **error)
{
  g_autofree char *device = NULL;

  if (!look_into_drive (dom, drive, &device, error))
    return FALSE;
  if (device == NULL)
    return TRUE;
  if (!tern_call_check (call, error))
    return FALSE;

  return take_result (dom,
                      virDomainUpdateDeviceFlags (dom, device,
                                                  drive->live ? VIR_DOMAIN_AFFECT_LIVE
                                                              : VIR_DOMAIN_AFFECT_CONFIG),
                      error)
         && check_empty (dom, drive, error);
}

/* What the definition of a running VM holds concerns its next start only: if that is something
 * else, or the drive is not there, it is left alone. */
static gboolean
empty_defined_drive (TernCall *call, virDomainPtr dom, const Drive *drive, gboolean is_live,
                     GError **error)
{
  g_autoptr (GError) local = NULL;

  if (empty_drive (call, dom, drive, &local))
    return TRUE;
  if (is_live
      && (g_error_matches (local, TERN_ERROR, TERN_ERROR_REFUSED)
          || g_error_matches (local, TERN_ERROR, TERN_ERROR_NOT_FOUND)))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
tern_libvirt_eject (TernCall *call, TernLibvirtConn *conn, const char *uuid, const char *target,
                    const char *source, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  const Drive running = { target, source, TRUE };
  const Drive defined = { target, source, FALSE };
  gboolean is_live = FALSE, is_defined = FALSE;

  if (dom == NULL || !get_places (dom, &is_live, &is_defined, error))
    return FALSE;
  if (is_live && !empty_drive (call, dom, &running, error))
    return FALSE;
  return !is_defined || empty_defined_drive (call, dom, &defined, is_live, error);
}

static gboolean
set_metadata (virDomainPtr dom, const char *xml, const char *key, const char *ns,
              unsigned int flags, GError **error)
{
  return take_result (dom,
                      virDomainSetMetadata (dom, VIR_DOMAIN_METADATA_ELEMENT, xml,
                                            xml != NULL ? key : NULL, ns, flags),
                      error);
}

/* Running and defined, as far as it is that. @xml: (nullable): %NULL removes it */
static gboolean
set_everywhere (TernCall *call, TernLibvirtConn *conn, const char *uuid, const char *xml,
                const char *key, const char *ns, GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  gboolean is_live = FALSE, is_defined = FALSE;
  unsigned int flags;

  if (dom == NULL || !get_places (dom, &is_live, &is_defined, error)
      || !tern_call_check (call, error))
    return FALSE;
  flags = (is_live ? VIR_DOMAIN_AFFECT_LIVE : 0) | (is_defined ? VIR_DOMAIN_AFFECT_CONFIG : 0);
  return set_metadata (dom, xml, key, ns, flags, error);
}

gboolean
tern_libvirt_set_lock (TernCall *call, TernLibvirtConn *conn, const char *uuid,
                       const TernLock *lock, GError **error)
{
  g_autofree char *xml = lock != NULL ? tern_libvirt_lock_to_xml (lock) : NULL;

  return set_everywhere (call, conn, uuid, xml, TERN_LIBVIRT_LOCK_KEY, TERN_LIBVIRT_LOCK_NS, error);
}

gboolean
tern_libvirt_set_drain_action (TernCall *call, TernLibvirtConn *conn, const char *uuid, int action,
                               GError **error)
{
  g_autofree char *xml =
      action >= 0 ? g_strdup_printf ("<drain action='%s'/>",
                                     tern_drain_action_to_string ((TernDrainAction) action))
                  : NULL;

  return set_everywhere (call, conn, uuid, xml, TERN_LIBVIRT_DRAIN_KEY, TERN_LIBVIRT_DRAIN_NS,
                         error);
}

static gboolean
define (virDomainPtr dom, const char *xml, GError **error)
{
  g_autoptr (virDomain) defined = virDomainDefineXMLFlags (virDomainGetConnect (dom), xml, 0);

  return defined != NULL || tern_error_take_libvirt_domain (dom, error) != NULL;
}

/* The running VM shows the mask as well, until it is started anew. Its definition is what counts,
 * and has been written by now: a failure here is none of the change. */
static void
show_mask (virDomainPtr dom, const char *mask)
{
  (void) virDomainSetMetadata (dom, VIR_DOMAIN_METADATA_ELEMENT, mask,
                               mask != NULL ? TERN_LIBVIRT_MASK_KEY : NULL, TERN_LIBVIRT_MASK_NS,
                               VIR_DOMAIN_AFFECT_LIVE);
  virResetLastError ();
}

gboolean
tern_libvirt_set_cpu (TernCall *call, TernLibvirtConn *conn, const char *uuid, const TernCpu *cpu,
                      GError **error)
{
  g_autoptr (virDomain) dom = tern_libvirt_lookup (conn, uuid, error);
  g_autofree char *xml = NULL;
  g_autofree char *changed = NULL;
  g_autofree char *mask = NULL;
  gboolean is_live = FALSE, is_defined = FALSE;

  if (dom == NULL || !get_places (dom, &is_live, &is_defined, error))
    return FALSE;
  if (!is_defined)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                   "the VM has no definition: it vanishes when it is shut off");
      return FALSE;
    }

  if (cpu != NULL && !tern_libvirt_check_cpu (conn, cpu, error))
    return FALSE;
  xml = get_xml (dom, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE, error);
  changed = xml != NULL ? tern_libvirt_edit_cpu (xml, cpu, &mask, error) : NULL;
  if (changed == NULL || !tern_call_check (call, error) || !define (dom, changed, error))
    return FALSE;
  if (is_live)
    show_mask (dom, mask);
  return TRUE;
}
