/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The devices of libvirt's domain XML. Pure.
 */
#include "config.h"

#include "drivers/libvirt-device-xml.h"

#include "drivers/libvirt-domain-xml.h"

#include <string.h>

/* More than libvirt itself allows; what is beyond is left out. */
#define MAX_DEVICES 4096
#define MAX_BACKING 1024

/* What has no name of its own, such as the one disk of an NBD server. */
static char *
source_of_server (const char *protocol, const xmlNode *host)
{
  g_autofree char *name = tern_xml_attr (host, "name");
  g_autofree char *port = tern_xml_attr (host, "port");
  g_autofree char *socket = tern_xml_attr (host, "socket");

  return g_strconcat (protocol, "://", name != NULL ? name : "", port != NULL ? ":" : "",
                      port != NULL ? port : "", socket != NULL ? socket : "", NULL);
}

static char *
source_of_type (const xmlNode *source, const char *type)
{
  static const struct
  {
    const char *type;
    const char *attr;
  } attrs[] = { { "file", "file" }, { "block", "dev" }, { "dir", "dir" }, { "vhostuser", "path" } };

  if (source == NULL || type == NULL)
    return NULL;

  for (guint i = 0; i < G_N_ELEMENTS (attrs); i++)
    if (strcmp (type, attrs[i].type) == 0)
      return tern_xml_attr (source, attrs[i].attr);

  {
    gboolean volume = strcmp (type, "volume") == 0;
    g_autofree char *first = tern_xml_attr (source, volume ? "pool" : "protocol");
    g_autofree char *second = tern_xml_attr (source, volume ? "volume" : "name");

    if (first == NULL)
      return NULL;
    if (second == NULL && !volume && tern_xml_child (source, "host") != NULL)
      return source_of_server (first, tern_xml_child (source, "host"));
    return g_strconcat (first, volume ? "/" : ":", second != NULL ? second : "", NULL);
  }
}

char *
tern_libvirt_disk_source (const xmlNode *disk)
{
  g_autofree char *type = tern_xml_attr (disk, "type");

  return source_of_type (tern_xml_child (disk, "source"), type);
}

/* Secrets are looked up by the kind of their usage, which the disk spells otherwise for LUKS. */
static char *
secret_of (const xmlNode *parent)
{
  const xmlNode *secret = tern_xml_child (parent, "secret");
  g_autofree char *uuid = tern_xml_attr (secret, "uuid");
  g_autofree char *usage = tern_xml_attr (secret, "usage");
  g_autofree char *type = tern_xml_attr (secret, "type");

  if (uuid != NULL)
    return g_ascii_strdown (uuid, -1);
  if (usage == NULL)
    return NULL;
  if (type == NULL || strcmp (type, "passphrase") == 0)
    return g_strconcat ("volume:", usage, NULL);
  return g_strconcat (type, ":", usage, NULL);
}

/* They stand below the source, or below the disk in older definitions. The first that is found:
 * there is room for one. */
static char *
disk_secret (const xmlNode *disk)
{
  const xmlNode *const parents[] = { tern_xml_child (disk, "source"), disk };
  static const char *const names[] = { "auth", "encryption" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (guint j = 0; j < G_N_ELEMENTS (parents); j++)
      {
        char *secret = secret_of (tern_xml_child (parents[j], names[i]));

        if (secret != NULL)
          return secret;
      }
  return NULL;
}

/* Nested as deep as the chain is long. */
static GStrv
disk_backing (const xmlNode *disk)
{
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  guint depth = 0;

  for (const xmlNode *store = tern_xml_child (disk, "backingStore");
       store != NULL && depth < MAX_BACKING;
       store = tern_xml_child (store, "backingStore"), depth++)
    {
      g_autofree char *type = tern_xml_attr (store, "type");
      g_autofree char *path = NULL;

      if (g_strcmp0 (type, "file") == 0 || g_strcmp0 (type, "block") == 0)
        path = source_of_type (tern_xml_child (store, "source"), type);
      if (path != NULL)
        g_ptr_array_add (paths, g_steal_pointer (&path));
    }
  if (paths->len == 0)
    return NULL;
  g_ptr_array_add (paths, NULL);
  return g_strdupv ((char **) paths->pdata);
}

static TernDisk *
disk_from_node (const xmlNode *node)
{
  const xmlNode *source = tern_xml_child (node, "source");
  TernDisk *disk = tern_disk_new ();

  disk->target = tern_xml_attr (tern_xml_child (node, "target"), "dev");
  disk->device = tern_xml_attr (node, "device");
  if (disk->device == NULL)
    disk->device = g_strdup ("disk");
  disk->type = tern_xml_attr (node, "type");
  disk->source = source_of_type (source, disk->type);
  if (g_strcmp0 (disk->type, "volume") == 0)
    {
      disk->pool = tern_xml_attr (source, "pool");
      disk->volume = tern_xml_attr (source, "volume");
    }
  disk->cache = tern_xml_attr (tern_xml_child (node, "driver"), "cache");
  disk->startup_policy = tern_xml_attr (source, "startupPolicy");
  disk->secret = disk_secret (node);
  disk->backing = disk_backing (node);
  disk->readonly = tern_xml_child (node, "readonly") != NULL;
  disk->shareable = tern_xml_child (node, "shareable") != NULL;
  disk->transient = tern_xml_child (node, "transient") != NULL;
  disk->job = tern_xml_child (node, "mirror") != NULL;
  return disk;
}

static TernNic *
nic_from_node (const xmlNode *node)
{
  const xmlNode *source = tern_xml_child (node, "source");
  TernNic *nic = tern_nic_new ();
  g_autofree char *mac = tern_xml_attr (tern_xml_child (node, "mac"), "address");

  /* While the VM runs, libvirt shows what its network became: type 'bridge', with the network
   * still named. The network is what another host must have. */
  nic->source = tern_xml_attr (source, "network");
  nic->type = nic->source != NULL ? g_strdup ("network") : tern_xml_attr (node, "type");
  if (nic->source == NULL)
    nic->source = tern_xml_attr (source, "bridge");
  if (nic->source == NULL)
    nic->source = tern_xml_attr (source, "dev");
  nic->portgroup = tern_xml_attr (source, "portgroup");
  nic->mac = mac != NULL ? g_ascii_strdown (mac, -1) : NULL;
  return nic;
}

static guint
hex_attr (const xmlNode *node, const char *name)
{
  guint64 number = 0;

  (void) tern_xml_attr_number (node, name, 0, G_MAXUINT32, &number);
  return (guint) number;
}

static char *
pci_address (const xmlNode *source)
{
  const xmlNode *address = tern_xml_child (source, "address");

  return g_strdup_printf ("%04x:%02x:%02x.%x", hex_attr (address, "domain"),
                          hex_attr (address, "bus"), hex_attr (address, "slot"),
                          hex_attr (address, "function"));
}

static char *
usb_address (const xmlNode *source)
{
  const xmlNode *vendor = tern_xml_child (source, "vendor");
  const xmlNode *address = tern_xml_child (source, "address");

  if (vendor != NULL)
    return g_strdup_printf ("%04x:%04x", hex_attr (vendor, "id"),
                            hex_attr (tern_xml_child (source, "product"), "id"));
  return g_strdup_printf ("bus %u device %u", hex_attr (address, "bus"),
                          hex_attr (address, "device"));
}

static char *
scsi_address (const xmlNode *source)
{
  const xmlNode *address = tern_xml_child (source, "address");
  g_autofree char *adapter = tern_xml_attr (tern_xml_child (source, "adapter"), "name");
  g_autofree char *name = tern_xml_attr (source, "name");

  if (adapter == NULL)
    return g_strdup (name != NULL ? name : "");
  return g_strdup_printf ("%s:%u:%u:%u", adapter, hex_attr (address, "bus"),
                          hex_attr (address, "target"), hex_attr (address, "unit"));
}

static char *
mdev_address (const xmlNode *source)
{
  return tern_xml_attr (tern_xml_child (source, "address"), "uuid");
}

static char *
wwpn_address (const xmlNode *source)
{
  return tern_xml_attr (source, "wwpn");
}

static char *
dev_path (const xmlNode *source)
{
  return tern_xml_attr (source, "dev");
}

static const struct
{
  const char *type;
  char *(*address) (const xmlNode *source);
} hostdev_kinds[] = {
  { "pci", pci_address },        { "usb", usb_address },   { "scsi", scsi_address },
  { "scsi_host", wwpn_address }, { "mdev", mdev_address }, { "vdpa", dev_path },
};

static TernHostdev *
hostdev_of_type (const char *type, const xmlNode *source)
{
  for (guint i = 0; i < G_N_ELEMENTS (hostdev_kinds); i++)
    if (strcmp (hostdev_kinds[i].type, type) == 0)
      {
        g_autofree char *address = hostdev_kinds[i].address (source);

        return tern_hostdev_new (type, address != NULL ? address : "");
      }

  {
    static const char *const elements[] = { "block", "char", "interface" };
    g_autofree char *address = NULL;

    for (guint i = 0; address == NULL && i < G_N_ELEMENTS (elements); i++)
      address = tern_xml_child_text (source, elements[i]);
    return tern_hostdev_new (type, address != NULL ? address : "");
  }
}

static void
add_hostdev (TernVm *vm, const xmlNode *node)
{
  g_autofree char *type = tern_xml_attr (node, "type");

  if (vm->hostdevs->len < MAX_DEVICES)
    g_ptr_array_add (vm->hostdevs,
                     hostdev_of_type (type != NULL ? type : "", tern_xml_child (node, "source")));
}

/* A network card that is a device of the host: <interface type='vdpa'>, or 'hostdev', whose source
 * is the device, or while the VM runs the one that its network's pool gave it.
 * Returns: (nullable): which kind of device */
static const char *
get_nic_hostdev (const xmlNode *node)
{
  if (tern_xml_attr_is (node, "type", "vdpa"))
    return "vdpa";
  return tern_xml_attr_is (node, "type", "hostdev")
                 && tern_xml_child (tern_xml_child (node, "source"), "address") != NULL
             ? "pci"
             : NULL;
}

static GStrv
read_filesystems (const xmlNode *devices)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  TERN_XML_FOR_EACH (node, devices, "filesystem")
  {
    g_autofree char *driver = tern_xml_attr (tern_xml_child (node, "driver"), "type");
    g_autofree char *tag = tern_xml_attr (tern_xml_child (node, "target"), "dir");

    if (names->len < MAX_DEVICES)
      g_ptr_array_add (
          names, g_strdup_printf ("%s:%s", g_strcmp0 (driver, "virtiofs") == 0 ? "virtiofs" : "9p",
                                  tag != NULL ? tag : ""));
  }
  return tern_xml_take_set (names);
}

static GStrv
read_shmems (const xmlNode *devices)
{
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);

  TERN_XML_FOR_EACH (node, devices, "shmem")
  {
    g_autofree char *name = tern_xml_attr (node, "name");

    if (names->len < MAX_DEVICES)
      g_ptr_array_add (names, g_strdup (name != NULL ? name : ""));
  }
  return tern_xml_take_set (names);
}

/* An empty list and none mean the same here. */
static GStrv
null_if_empty (GStrv set)
{
  if (set != NULL && *set == NULL)
    g_clear_pointer (&set, g_strfreev);
  return set;
}

void
tern_libvirt_add_devices (TernVm *vm, const xmlNode *devices)
{
  TERN_XML_FOR_EACH (node, devices, "disk")
  if (vm->disks->len < MAX_DEVICES)
    g_ptr_array_add (vm->disks, disk_from_node (node));

  TERN_XML_FOR_EACH (node, devices, "interface")
  if (vm->nics->len < MAX_DEVICES)
    {
      const char *device = get_nic_hostdev (node);

      g_ptr_array_add (vm->nics, nic_from_node (node));
      if (device != NULL && vm->hostdevs->len < MAX_DEVICES)
        g_ptr_array_add (vm->hostdevs, hostdev_of_type (device, tern_xml_child (node, "source")));
    }

  TERN_XML_FOR_EACH (node, devices, "hostdev")
  add_hostdev (vm, node);
  vm->filesystems = null_if_empty (read_filesystems (devices));
  vm->shmems = null_if_empty (read_shmems (devices));
  vm->tpm = tern_xml_attr (tern_xml_child (tern_xml_child (devices, "tpm"), "backend"), "type");
}
