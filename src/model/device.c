/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a VM is made of besides CPUs and memory.
 */
#include "config.h"

#include "model/device.h"

#include "model/list.h"

TernDisk *
tern_disk_new (void)
{
  return g_new0 (TernDisk, 1);
}

TernDisk *
tern_disk_copy (const TernDisk *self)
{
  TernDisk *copy = tern_disk_new ();

  *copy = *self;
  copy->target = g_strdup (self->target);
  copy->device = g_strdup (self->device);
  copy->type = g_strdup (self->type);
  copy->source = g_strdup (self->source);
  copy->pool = g_strdup (self->pool);
  copy->volume = g_strdup (self->volume);
  copy->cache = g_strdup (self->cache);
  copy->startup_policy = g_strdup (self->startup_policy);
  copy->secret = g_strdup (self->secret);
  copy->backing = g_strdupv (self->backing);
  return copy;
}

void
tern_disk_free (TernDisk *self)
{
  if (self == NULL)
    return;

  g_free (self->target);
  g_free (self->device);
  g_free (self->type);
  g_free (self->source);
  g_free (self->pool);
  g_free (self->volume);
  g_free (self->cache);
  g_free (self->startup_policy);
  g_free (self->secret);
  g_strfreev (self->backing);
  g_free (self);
}

gboolean
tern_disk_equal (const TernDisk *a, const TernDisk *b)
{
  return g_strcmp0 (a->target, b->target) == 0 && g_strcmp0 (a->device, b->device) == 0
         && g_strcmp0 (a->type, b->type) == 0 && g_strcmp0 (a->source, b->source) == 0
         && g_strcmp0 (a->pool, b->pool) == 0 && g_strcmp0 (a->volume, b->volume) == 0
         && g_strcmp0 (a->cache, b->cache) == 0
         && g_strcmp0 (a->startup_policy, b->startup_policy) == 0
         && g_strcmp0 (a->secret, b->secret) == 0 && tern_strv_equal0 (a->backing, b->backing)
         && a->readonly == b->readonly && a->shareable == b->shareable
         && a->transient == b->transient && a->job == b->job;
}

gboolean
tern_disk_is_removable (const TernDisk *self)
{
  return g_strcmp0 (self->device, "cdrom") == 0 || g_strcmp0 (self->device, "floppy") == 0;
}

gboolean
tern_disk_is_local_path (const TernDisk *self)
{
  return self->source != NULL
         && (g_strcmp0 (self->type, "file") == 0 || g_strcmp0 (self->type, "block") == 0
             || g_strcmp0 (self->type, "dir") == 0);
}

TernNic *
tern_nic_new (void)
{
  return g_new0 (TernNic, 1);
}

TernNic *
tern_nic_copy (const TernNic *self)
{
  TernNic *copy = tern_nic_new ();

  copy->type = g_strdup (self->type);
  copy->source = g_strdup (self->source);
  copy->mac = g_strdup (self->mac);
  copy->portgroup = g_strdup (self->portgroup);
  return copy;
}

void
tern_nic_free (TernNic *self)
{
  if (self == NULL)
    return;

  g_free (self->type);
  g_free (self->source);
  g_free (self->mac);
  g_free (self->portgroup);
  g_free (self);
}

gboolean
tern_nic_equal (const TernNic *a, const TernNic *b)
{
  return g_strcmp0 (a->type, b->type) == 0 && g_strcmp0 (a->source, b->source) == 0
         && g_strcmp0 (a->mac, b->mac) == 0 && g_strcmp0 (a->portgroup, b->portgroup) == 0;
}

TernHostdev *
tern_hostdev_new (const char *type, const char *address)
{
  TernHostdev *self = g_new0 (TernHostdev, 1);

  self->type = g_strdup (type);
  self->address = g_strdup (address);
  return self;
}

TernHostdev *
tern_hostdev_copy (const TernHostdev *self)
{
  return tern_hostdev_new (self->type, self->address);
}

void
tern_hostdev_free (TernHostdev *self)
{
  if (self == NULL)
    return;

  g_free (self->type);
  g_free (self->address);
  g_free (self);
}

gboolean
tern_hostdev_equal (const TernHostdev *a, const TernHostdev *b)
{
  return g_strcmp0 (a->type, b->type) == 0 && g_strcmp0 (a->address, b->address) == 0;
}
