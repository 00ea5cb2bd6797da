/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Asking a host for its networks, interfaces, secrets and storage pools. Each list may be refused
 * by a host that lacks the driver, or by its permissions: then it is not known, and the rest is.
 */
#include "config.h"

#include "base/error.h"
#include "drivers/libvirt-error.h"
#include "drivers/libvirt-facts.h"
#include "drivers/libvirt-pool-xml.h"

#include <libvirt/virterror.h>
#include <stdlib.h>
#include <string.h>

static char *
take_string (char *text)
{
  char *copy = g_strdup (text);

  free (text);
  return copy;
}

/* A question failed. Returns: whether that is all, and the connection is not dead. */
static gboolean
only_refused (virConnectPtr conn, GError **error)
{
  g_autoptr (GError) reason = NULL;

  tern_error_take_libvirt (conn, &reason);
  if (!g_error_matches (reason, TERN_ERROR, TERN_ERROR_UNREACHABLE))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&reason));
  return FALSE;
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  /* The name is the first field of what is listed here. */
  const char *const *const *left = a, *const *const *right = b;

  return strcmp (**left, **right);
}
G_STATIC_ASSERT (G_STRUCT_OFFSET (TernNetwork, name) == 0);
G_STATIC_ASSERT (G_STRUCT_OFFSET (TernPool, name) == 0);

/* One that vanishes meanwhile, or cannot be read, is not there. */
static void
add_network (GPtrArray *list, virNetworkPtr handle)
{
  g_autofree char *xml = take_string (virNetworkGetXMLDesc (handle, 0));
  TernNetwork *network = xml != NULL ? tern_libvirt_parse_network (xml, NULL) : NULL;

  if (network == NULL)
    return;
  network->active = virNetworkIsActive (handle) == 1;
  g_ptr_array_add (list, network);
}

static gboolean
query_networks (virConnectPtr conn, TernHostFacts *facts, GError **error)
{
  virNetworkPtr *handles = NULL;
  int n = virConnectListAllNetworks (conn, &handles, 0);

  if (n < 0)
    return only_refused (conn, error);

  facts->networks = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_network_free);
  for (int i = 0; i < n; i++)
    {
      add_network (facts->networks, handles[i]);
      virNetworkFree (handles[i]);
    }
  free (handles);
  g_ptr_array_sort (facts->networks, compare_names);
  return TRUE;
}

/* Returns: whether the host told */
static gboolean
add_net_devices (virConnectPtr conn, GPtrArray *names)
{
  virNodeDevicePtr *devices = NULL;
  int n = virConnectListAllNodeDevices (conn, &devices, VIR_CONNECT_LIST_NODE_DEVICES_CAP_NET);

  for (int i = 0; i < n; i++)
    {
      g_autofree char *xml = take_string (virNodeDeviceGetXMLDesc (devices[i], 0));
      char *name = xml != NULL ? tern_libvirt_parse_net_device (xml, NULL) : NULL;

      if (name != NULL)
        g_ptr_array_add (names, name);
      virNodeDeviceFree (devices[i]);
    }
  free (devices);
  return n >= 0;
}

static gboolean
add_interfaces (virConnectPtr conn, GPtrArray *names)
{
  virInterfacePtr *interfaces = NULL;
  int n = virConnectListAllInterfaces (conn, &interfaces, 0);

  for (int i = 0; i < n; i++)
    {
      g_ptr_array_add (names, g_strdup (virInterfaceGetName (interfaces[i])));
      virInterfaceFree (interfaces[i]);
    }
  free (interfaces);
  return n >= 0;
}

/* Both lists have gaps: a libvirt built with netcf knows as interfaces only what stands in the
 * files of the distribution, so no bridge of netplan or NetworkManager; and devices are told by
 * udev. */
static gboolean
query_interfaces (virConnectPtr conn, TernHostFacts *facts, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  gboolean told = add_interfaces (conn, names);

  if (!told && !only_refused (conn, error))
    return FALSE;
  if (add_net_devices (conn, names))
    told = TRUE;
  else if (!only_refused (conn, error))
    return FALSE;
  if (told)
    facts->interfaces = tern_xml_take_set (g_steal_pointer (&names));
  return TRUE;
}

static void
add_secret (GPtrArray *names, virSecretPtr secret)
{
  static const char *const types[] = {
    [VIR_SECRET_USAGE_TYPE_VOLUME] = "volume", [VIR_SECRET_USAGE_TYPE_CEPH] = "ceph",
    [VIR_SECRET_USAGE_TYPE_ISCSI] = "iscsi",   [VIR_SECRET_USAGE_TYPE_TLS] = "tls",
    [VIR_SECRET_USAGE_TYPE_VTPM] = "vtpm",
  };
  char uuid[VIR_UUID_STRING_BUFLEN];
  int type = virSecretGetUsageType (secret);
  const char *usage = virSecretGetUsageID (secret);

  if (virSecretGetUUIDString (secret, uuid) == 0)
    g_ptr_array_add (names, g_strdup (uuid));
  if (type > 0 && type < (int) G_N_ELEMENTS (types) && usage != NULL && *usage != '\0')
    g_ptr_array_add (names, g_strconcat (types[type], ":", usage, NULL));
}

static gboolean
query_secrets (virConnectPtr conn, TernHostFacts *facts, GError **error)
{
  GPtrArray *names;
  virSecretPtr *secrets = NULL;
  int n = virConnectListAllSecrets (conn, &secrets, 0);

  if (n < 0)
    return only_refused (conn, error);

  names = g_ptr_array_new_with_free_func (g_free);
  for (int i = 0; i < n; i++)
    {
      add_secret (names, secrets[i]);
      virSecretFree (secrets[i]);
    }
  free (secrets);
  facts->secrets = tern_xml_take_set (names);
  return TRUE;
}

gboolean
tern_libvirt_query_resources (virConnectPtr conn, TernHostFacts *facts, GError **error)
{
  return query_networks (conn, facts, error) && query_interfaces (conn, facts, error)
         && query_secrets (conn, facts, error);
}

/* %NULL: they cannot be listed, or are too many. What libvirt knows must do: asked to look again
 * (virStoragePoolRefresh) it stops a pool that it cannot read for a moment, and unmounts it
 * (libvirt 9.0, src/storage/storage_driver.c). */
static GStrv
list_volumes (virStoragePoolPtr handle)
{
  GPtrArray *stamps;
  virStorageVolPtr *volumes = NULL;
  int n;

  if ((n = virStoragePoolNumOfVolumes (handle)) < 0 || n > TERN_POOL_MAX_VOLUMES
      || (n = virStoragePoolListAllVolumes (handle, &volumes, 0)) < 0)
    return NULL;

  stamps = g_ptr_array_new_with_free_func (g_free);
  for (int i = 0; i < n; i++)
    {
      g_autofree char *xml = take_string (virStorageVolGetXMLDesc (volumes[i], 0));
      char *stamp = xml != NULL ? tern_libvirt_parse_volume (xml, NULL) : NULL;

      if (stamp != NULL)
        g_ptr_array_add (stamps, stamp);
      virStorageVolFree (volumes[i]);
    }
  free (volumes);
  return tern_xml_take_set (stamps);
}

static void
add_pool (GPtrArray *list, virStoragePoolPtr handle)
{
  g_autofree char *xml = take_string (virStoragePoolGetXMLDesc (handle, 0));
  TernPool *pool = xml != NULL ? tern_libvirt_parse_pool (xml, NULL) : NULL;

  if (pool == NULL)
    return;
  pool->active = virStoragePoolIsActive (handle) == 1;
  /* One with a source is known by that; its volumes would only be more to wait for. */
  if (pool->active && pool->source == NULL && tern_libvirt_pool_is_directory (pool))
    pool->volumes = list_volumes (handle);
  g_ptr_array_add (list, pool);
}

GPtrArray *
tern_libvirt_query_pools (TernLibvirtConn *self, GError **error)
{
  virConnectPtr conn = tern_libvirt_conn_get (self);
  GPtrArray *list;
  virStoragePoolPtr *handles = NULL;
  int n = virConnectListAllStoragePools (conn, &handles, 0);

  if (n < 0)
    return tern_error_take_libvirt (conn, error);

  list = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_pool_free);
  for (int i = 0; i < n; i++)
    {
      add_pool (list, handles[i]);
      virStoragePoolFree (handles[i]);
    }
  free (handles);
  if (virConnectIsAlive (conn) != 1)
    {
      g_ptr_array_unref (list);
      g_set_error (error, TERN_ERROR, TERN_ERROR_UNREACHABLE, "the connection broke");
      return NULL;
    }
  virResetLastError ();
  g_ptr_array_sort (list, compare_names);
  return list;
}
