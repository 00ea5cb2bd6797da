/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernNetwork: a libvirt network of a host
 * @name: its name
 * @active: it is started
 * @portgroups: (nullable) (array zero-terminated=1): sorted names
 */
typedef struct
{
  char *name;
  gboolean active;
  GStrv portgroups;
} TernNetwork;

TernNetwork *tern_network_new (const char *name, gboolean active);
void tern_network_free (TernNetwork *self);
gboolean tern_network_equal (const TernNetwork *a, const TernNetwork *b);

/**
 * TernPool: a libvirt storage pool of a host
 * @name: its name
 * @type: "dir", "fs", "netfs", "logical", "iscsi", "rbd", …
 * @active: it is started
 * @path: (nullable): target path
 * @source: (nullable): what it stands for, the same text on every host that has the same: such as
 *   "nfs://server/export", "rbd://mon1,mon2/pool", "iscsi://portal/iqn", "vg://NAME". %NULL for a
 *   plain directory
 * @remote: @source is reached over a network, so that equal sources are the same storage
 * @volumes: (nullable) (array zero-terminated=1): sorted "NAME\tSTAMP" of at most
 *   %TERN_POOL_MAX_VOLUMES volumes of a directory; the stamp is the time of the last change of
 *   the inode in nanoseconds. Two directories that have a name with the same stamp are one: nobody
 *   can set that time. %NULL if they could not be listed or are too many
 */
typedef struct
{
  char *name;
  char *type;
  gboolean active;
  char *path;
  char *source;
  gboolean remote;
  GStrv volumes;
} TernPool;

#define TERN_POOL_MAX_VOLUMES 2000

TernPool *tern_pool_new (const char *name, const char *type);
void tern_pool_free (TernPool *self);
gboolean tern_pool_equal (const TernPool *a, const TernPool *b);

/**
 * TernHugepages: pages of one size
 * @size: bytes of one
 * @total: how many the host has
 * @free: how many are free
 */
typedef struct
{
  guint64 size;
  guint64 total;
  guint64 free;
} TernHugepages;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernNetwork, tern_network_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernPool, tern_pool_free)

G_END_DECLS
