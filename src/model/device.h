/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernDisk:
 * @target: name in the guest, such as "vda"
 * @device: "disk", "cdrom", "floppy" or "lun"
 * @type: where it lives: "file", "block", "network", "volume", "dir", …
 * @source: (nullable): path, "protocol:name", or "pool/volume"; %NULL for an empty drive
 * @pool: (nullable): name of the pool, of a "volume"
 * @volume: (nullable): name of the volume in it
 * @cache: (nullable): the driver's cache mode
 * @startup_policy: (nullable): "mandatory", "requisite" or "optional": what a missing source means
 * @secret: (nullable): UUID of a secret it needs, or "TYPE:USAGE"
 * @backing: (nullable) (array zero-terminated=1): paths of local files and devices below it
 * @readonly: the guest cannot write to it
 * @shareable: meant to be written by several guests
 * @transient: its changes are thrown away at the end
 * @job: a block job (mirror, commit) runs on it
 */
typedef struct
{
  char *target;
  char *device;
  char *type;
  char *source;
  char *pool;
  char *volume;
  char *cache;
  char *startup_policy;
  char *secret;
  GStrv backing;
  gboolean readonly;
  gboolean shareable;
  gboolean transient;
  gboolean job;
} TernDisk;

TernDisk *tern_disk_new (void);
TernDisk *tern_disk_copy (const TernDisk *self);
void tern_disk_free (TernDisk *self);
gboolean tern_disk_equal (const TernDisk *a, const TernDisk *b);

/** tern_disk_is_removable: Returns: whether it is a drive whose medium can be taken out */
gboolean tern_disk_is_removable (const TernDisk *self);

/** tern_disk_is_local_path: Returns: whether @source is a path on its host: type file, block or
 * dir, and there is one */
gboolean tern_disk_is_local_path (const TernDisk *self);

/**
 * TernNic:
 * @type: "network", "bridge", "user", "direct", …
 * @source: (nullable): name of the network, bridge or host interface
 * @mac: (nullable): lower case
 * @portgroup: (nullable): of the network
 */
typedef struct
{
  char *type;
  char *source;
  char *mac;
  char *portgroup;
} TernNic;

TernNic *tern_nic_new (void);
TernNic *tern_nic_copy (const TernNic *self);
void tern_nic_free (TernNic *self);
gboolean tern_nic_equal (const TernNic *a, const TernNic *b);

/**
 * TernHostdev: a device of the host that is given to the guest
 * @type: "pci", "usb", "scsi", "mdev" or what libvirt calls it
 * @address: for people: "0000:01:00.0", "046d:c077", …
 */
typedef struct
{
  char *type;
  char *address;
} TernHostdev;

TernHostdev *tern_hostdev_new (const char *type, const char *address);
TernHostdev *tern_hostdev_copy (const TernHostdev *self);
void tern_hostdev_free (TernHostdev *self);
gboolean tern_hostdev_equal (const TernHostdev *a, const TernHostdev *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernDisk, tern_disk_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernNic, tern_nic_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernHostdev, tern_hostdev_free)

G_END_DECLS
