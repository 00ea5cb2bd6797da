/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The VM's disks: will the other host see the same, will nobody else write to them, and does the
 * move lose no write?
 */
#include "config.h"

#include "plan/verdict-private.h"

/* The first QEMU that drops a file's cached pages when a guest arrives (drop-cache); libvirt then
 * allows every cache mode (9.0, src/qemu/qemu_migration.c, qemuMigrationSrcIsSafe). */
#define QEMU_DROPS_CACHE 4000000

static void
add_stock (TernJudge *self, const TernDisk *disk, const char *path)
{
  TernStock stock = { .disk = disk };

  stock.place = tern_place_find (self->question.cluster,
                                 self->source != NULL ? self->source->facts : NULL, path);
  g_array_append_val (self->stock, stock);
}

void
tern_judge_collect_stock (TernJudge *self)
{
  const GPtrArray *disks = self->question.vm->disks;

  self->stock = g_array_new (FALSE, FALSE, sizeof (TernStock));
  for (guint i = 0; i < disks->len; i++)
    {
      const TernDisk *disk = disks->pdata[i];

      if (tern_disk_is_local_path (disk))
        add_stock (self, disk, disk->source);
      for (guint j = 0; disk->backing != NULL && disk->backing[j] != NULL; j++)
        add_stock (self, disk, disk->backing[j]);
    }
}

static const TernPool *
find_pool (const TernHostFacts *facts, const char *name)
{
  for (guint i = 0; facts != NULL && facts->pools != NULL && i < facts->pools->len; i++)
    {
      const TernPool *pool = facts->pools->pdata[i];

      if (strcmp (pool->name, name) == 0)
        return pool;
    }
  return NULL;
}

/* A missing medium fails late, but the admin may have said that it does not matter. */
static void
judge_medium (TernCase *c, const TernDisk *disk, const char *path)
{
  const char *policy = disk->startup_policy, *host = c->host->config->name;
  gboolean floppy = g_strcmp0 (disk->device, "floppy") == 0, eject = c->judge->question.eject_media;
  gboolean may_miss = g_strcmp0 (policy, "optional") == 0 || g_strcmp0 (policy, "requisite") == 0;
  g_autofree char *drive = NULL, *file = NULL;

  if (!tern_case_found (c, eject || may_miss ? TERN_SEVERITY_WARNS : TERN_SEVERITY_BLOCKS))
    return;
  drive = tern_show (disk->target);
  file = tern_show (path);
  tern_case_add (c, floppy ? "floppy.local" : "cdrom.local",
                 g_strdup_printf ("%s drive %s of %s holds %s, which is not known to be on %s%s",
                                  floppy ? "floppy" : "CD-ROM", drive, c->judge->shown, file, host,
                                  may_miss ? "; without it the drive will be empty there"
                                  : eject  ? "; it will be taken out"
                                           : ""),
                 eject || may_miss ? NULL
                                   : g_strdup_printf (
                                       c->judge->question.act == TERN_ACT_MOVE
                                           ? "“virtern migrate %s --eject-local-media”, or put the "
                                             "image on shared storage"
                                           : "“virsh change-media %s %s --eject --config”, or put "
                                             "the image on shared storage",
                                       c->judge->handle, drive),
                 "drive", disk->target, "file", path, NULL);
}

static char *
describe_pool (const TernPool *pool)
{
  g_autofree char *source = tern_show (pool->source);

  if (pool->source == NULL)
    return g_strdup_printf ("a directory of that host (pool %s)", pool->name);
  return g_strdup_printf ("%s (pool %s)", source, pool->name);
}

static void
add_not_shared (TernCase *c, const TernDisk *disk, const char *path, const TernPool *here,
                const TernPool *there)
{
  g_autofree char *target = tern_show (disk->target), *file = tern_show (path);
  g_autofree char *from = here != NULL ? describe_pool (here) : g_strdup ("storage of its own");
  g_autofree char *to = there != NULL ? describe_pool (there) : g_strdup ("nothing like it");
  const char *host = c->host->config->name, *source = c->judge->question.vm->host;

  tern_case_add (c, "storage.not-shared",
                 g_strdup_printf ("disk %s of %s (%s) is not shared: on %s it is in %s, and %s has "
                                  "%s",
                                  target, c->judge->shown, file, source, from, host, to),
                 g_strdup_printf ("put it on storage that %s and %s both have", source, host),
                 "disk", disk->target, "file", path, "source",
                 here != NULL && here->source != NULL ? here->source : "", "offered",
                 there != NULL && there->source != NULL ? there->source : "", NULL);
}

static void
add_not_verified (TernCase *c, const TernDisk *disk, const char *path)
{
  g_autofree char *target = tern_show (disk->target), *file = tern_show (path);
  const char *host = c->host->config->name, *source = c->judge->question.vm->host;

  tern_case_add (
      c, "storage.not-verified",
      g_strdup_printf ("nothing shows that disk %s of %s (%s) is the same on %s and %s", target,
                       c->judge->shown, file, source, host),
      g_strdup_printf ("if it is: name it, or a folder above it, in shared-paths= of "
                       "virternd.conf, or define a pool for it on both hosts; with pools: “virsh "
                       "pool-refresh” on both"),
      "disk", disk->target, "file", path, NULL);
}

static void
tell_sameness (TernCase *c, const TernDisk *disk, const char *path, TernSameness same,
               const TernPool *here, const TernPool *there)
{
  if (same == TERN_SAME)
    return;
  if (same == TERN_SAME_LIKELY)
    {
      if (tern_case_found (c, TERN_SEVERITY_WARNS))
        add_not_verified (c, disk, path);
    }
  else if (tern_disk_is_removable (disk))
    judge_medium (c, disk, path);
  else if (tern_case_found (c, TERN_SEVERITY_BLOCKS))
    {
      if (same == TERN_SAME_NOT)
        add_not_shared (c, disk, path, here, there);
      else
        add_not_verified (c, disk, path);
    }
}

/* libvirt has its own idea of what is shared, and asks nobody: a file system that it does not know
 * as such is refused when the move begins. Read-only disks and media it does not look at. */
static void
judge_file_system (TernCase *c, const TernStock *item, const TernPool *there)
{
  const TernDisk *disk = item->disk;
  gboolean told = !item->place.shared && there != NULL && there->remote;
  g_autofree char *target = NULL, *file = NULL;

  if (c->judge->question.act != TERN_ACT_MOVE || told || disk->readonly || disk->shareable
      || tern_disk_is_removable (disk) || g_strcmp0 (disk->type, "file") != 0
      || item->place.path != disk->source || !tern_case_found (c, TERN_SEVERITY_WARNS))
    return;
  target = tern_show (disk->target);
  file = tern_show (disk->source);
  tern_case_add (
      c, "storage.file-system",
      g_strdup_printf ("libvirt will refuse to move %s live if it does not know the file "
                       "system of disk %s (%s) as a shared one",
                       c->judge->shown, target, file),
      g_strdup_printf ("nothing is to be done on NFS, CephFS, GFS2, OCFS2, Gluster or "
                       "CIFS; elsewhere shut it down and “virtern vm start %s --on %s”",
                       c->judge->handle, c->host->config->name),
      "disk", disk->target, "file", disk->source, NULL);
}

static void
judge_stock (TernCase *c)
{
  const GArray *stock = c->judge->stock;

  for (guint i = 0; i < stock->len && !tern_case_done (c); i++)
    {
      const TernStock *item = &g_array_index (stock, TernStock, i);
      TernPlace there;
      TernSameness same;

      if (item->place.shared)
        {
          judge_file_system (c, item, NULL);
          continue;
        }
      there = tern_place_find (c->judge->question.cluster, c->facts, item->place.path);
      same = tern_place_compare (&item->place, &there);
      if (same == TERN_SAME && c->judge->question.act == TERN_ACT_START
          && !tern_place_proves_file (&item->place, &there))
        same = TERN_SAME_UNLIKELY;
      if (same == TERN_SAME)
        judge_file_system (c, item, there.pool);
      tell_sameness (c, item->disk, item->place.path, same, item->place.pool, there.pool);
    }
}

static void
add_pool_missing (TernCase *c, const TernDisk *disk, const TernPool *pool)
{
  g_autofree char *target = tern_show (disk->target), *name = tern_show (disk->pool);
  const char *host = c->host->config->name;

  tern_case_add (c, "storage.pool-missing",
                 g_strdup_printf ("disk %s of %s is in pool %s, which %s %s", target,
                                  c->judge->shown, name, host,
                                  pool == NULL ? "does not have" : "has not started"),
                 pool == NULL ? g_strdup_printf ("define it with “virsh pool-define” on %s", host)
                              : g_strdup_printf ("“virsh pool-start %s” on %s", name, host),
                 "disk", disk->target, "pool", disk->pool, NULL);
}

static TernSameness
compare_volumes (const TernCase *c, const TernDisk *disk, const TernPool *here,
                 const TernPool *there)
{
  g_autofree char *path = NULL;
  TernPlace place;

  if (here == NULL || disk->volume == NULL)
    return TERN_SAME_UNLIKELY;
  if (here->path == NULL || there->path == NULL)
    return tern_pool_compare (here, there);
  path = g_strconcat (there->path, "/", disk->volume, NULL);
  place = tern_place_find (c->judge->question.cluster, NULL, path);
  if (place.shared && g_str_equal (here->path, there->path))
    return TERN_SAME;
  if (c->judge->question.act == TERN_ACT_START
      && !tern_pool_proves_file (here, there, disk->volume))
    return TERN_SAME_UNLIKELY;
  return tern_pool_compare (here, there);
}

/* libvirt looks the pool up by its name on whichever host the VM is. */
static void
judge_volume (TernCase *c, const TernDisk *disk)
{
  const TernHostFacts *source = c->judge->source != NULL ? c->judge->source->facts : NULL;
  const TernPool *here = find_pool (source, disk->pool);
  const TernPool *there = find_pool (c->facts, disk->pool);

  if (c->facts->pools != NULL && (there == NULL || !there->active))
    {
      if (tern_disk_is_removable (disk) && c->elsewhere)
        judge_medium (c, disk, disk->source);
      else if (tern_case_found (c, TERN_SEVERITY_BLOCKS))
        add_pool_missing (c, disk, there);
      return;
    }
  if (c->elsewhere)
    tell_sameness (c, disk, disk->source,
                   there != NULL ? compare_volumes (c, disk, here, there) : TERN_SAME_UNLIKELY,
                   here, there);
}

/* A piece of the host by its nature: NVMe given to the guest, a socket, … */
static gboolean
is_part_of_host (const TernDisk *disk)
{
  static const char *const types[] = { "nvme", "vhostuser", "vhostvdpa", NULL };

  return disk->type != NULL && g_strv_contains (types, disk->type);
}

static void
judge_secret (TernCase *c, const TernDisk *disk)
{
  g_autofree char *target = NULL, *secret = NULL;

  if (disk->secret == NULL || c->facts->secrets == NULL
      || g_strv_contains ((const char *const *) c->facts->secrets, disk->secret)
      || !tern_case_found (c, TERN_SEVERITY_BLOCKS))
    return;
  target = tern_show (disk->target);
  secret = tern_show (disk->secret);
  tern_case_add (c, "storage.secret-missing",
                 g_strdup_printf ("disk %s of %s needs secret %s, which %s does not have", target,
                                  c->judge->shown, secret, c->host->config->name),
                 g_strdup_printf ("“virsh secret-define” and “virsh secret-set-value” on %s",
                                  c->host->config->name),
                 "disk", disk->target, "secret", disk->secret, NULL);
}

void
tern_rules_of_storage (TernCase *c)
{
  const GPtrArray *disks = c->judge->question.vm->disks;

  if (c->facts == NULL || (!c->elsewhere && c->judge->question.act == TERN_ACT_MOVE))
    return;
  if (c->elsewhere)
    judge_stock (c);
  for (guint i = 0; i < disks->len && !tern_case_done (c); i++)
    {
      const TernDisk *disk = disks->pdata[i];

      judge_secret (c, disk);
      if (disk->pool != NULL && g_strcmp0 (disk->type, "volume") == 0)
        judge_volume (c, disk);
      else if (c->elsewhere && is_part_of_host (disk) && tern_case_found (c, TERN_SEVERITY_BLOCKS))
        add_not_shared (c, disk, disk->source != NULL ? disk->source : disk->type, NULL, NULL);
    }
}

void
tern_rule_of_nvram (TernCase *c)
{
  const TernQuestion *question = &c->judge->question;
  const char *path = question->vm->nvram;
  const TernHostFacts *facts = c->judge->source != NULL ? c->judge->source->facts : NULL;
  TernPlace here = tern_place_find (question->cluster, facts, path);
  TernPlace there = tern_place_find (question->cluster, c->facts, path);
  g_autofree char *file = NULL;

  if ((tern_place_compare (&here, &there) == TERN_SAME && tern_place_proves_file (&here, &there))
      || !tern_case_found (c, TERN_SEVERITY_BLOCKS))
    return;
  file = tern_show (path);
  tern_case_add (c, "vm.nvram-local",
                 g_strdup_printf ("the firmware variables of %s (%s) stay on %s: it might not boot "
                                  "without them",
                                  c->judge->shown, file, question->vm->host),
                 g_strdup_printf ("start it there: --on %s; or put the file on shared storage",
                                  question->vm->host),
                 "file", path, "host", question->vm->host, NULL);
}

/* Kept the same on all hosts by the file system itself. */
static gboolean
is_cluster_file_system (const TernPool *pool)
{
  static const char *const prefixes[] = { "gluster", "ceph", "ocfs2", "gfs2" };

  for (guint i = 0; pool != NULL && pool->source != NULL && i < G_N_ELEMENTS (prefixes); i++)
    if (g_str_has_prefix (pool->source, prefixes[i]))
      return TRUE;
  return FALSE;
}

static void
judge_cache (TernCase *c, const TernDisk *disk)
{
  const char *cache = disk->cache;
  guint64 qemu = c->facts != NULL ? c->facts->qemu_version : 0;
  gboolean unsafe = g_strcmp0 (cache, "unsafe") == 0;
  g_autofree char *target = NULL;

  if (disk->readonly || disk->shareable || disk->source == NULL || tern_disk_is_removable (disk)
      || g_strcmp0 (disk->type, "network") == 0 || g_strcmp0 (cache, "none") == 0
      || g_strcmp0 (cache, "directsync") == 0)
    return;
  /* With “unsafe” the source's QEMU never asks for its writes to reach the server. */
  if (!unsafe && (qemu >= QEMU_DROPS_CACHE || (qemu == 0 && cache == NULL)))
    return;
  if (is_cluster_file_system (
          tern_place_find (c->judge->question.cluster, c->facts, disk->source).pool))
    return;

  (void) tern_case_found (c, unsafe || qemu != 0 ? TERN_SEVERITY_BLOCKS : TERN_SEVERITY_WARNS);
  target = tern_show (disk->target);
  tern_case_add (c, "storage.cache-unsafe",
                 g_strdup_printf ("disk %s of %s has cache mode %s: what %s has not written to the "
                                  "storage yet could be lost",
                                  target, c->judge->shown, cache != NULL ? cache : "default",
                                  c->judge->question.vm->host),
                 g_strdup_printf ("set cache='none' with “virsh edit %s”, then shut it down and "
                                  "start it again",
                                  c->judge->handle),
                 "disk", disk->target, "cache", cache != NULL ? cache : "default", NULL);
}

void
tern_rules_of_moving_disks (TernCase *c)
{
  const GPtrArray *disks = c->judge->question.vm->disks;

  for (guint i = 0; i < disks->len; i++)
    {
      const TernDisk *disk = disks->pdata[i];
      g_autofree char *target = NULL;

      judge_cache (c, disk);
      if (!disk->transient)
        continue;
      target = tern_show (disk->target);
      (void) tern_case_found (c, TERN_SEVERITY_BLOCKS);
      tern_case_add (
          c, "storage.transient",
          g_strdup_printf ("disk %s of %s is transient; libvirt does not move it", target,
                           c->judge->shown),
          g_strdup_printf ("shut %s down instead and start it on the other host", c->judge->shown),
          "disk", disk->target, NULL);
    }
}

/* Equal paths of two hosts are one disk only if the storage is. */
static gboolean
sees_same_disk (const TernCase *c, const TernDisk *disk, const TernVm *other)
{
  const TernCluster *cluster = c->judge->question.cluster;
  const TernHost *host = tern_cluster_find_host (cluster, other->host);
  TernPlace here, there;

  if (g_str_equal (other->host, c->judge->question.vm->host)
      || g_strcmp0 (disk->type, "network") == 0)
    return TRUE;
  if (disk->pool != NULL)
    {
      const TernPool *a = find_pool (c->facts, disk->pool);
      const TernPool *b = find_pool (host != NULL ? host->facts : NULL, disk->pool);

      return a != NULL && b != NULL && disk->volume != NULL
             && tern_pool_compare (a, b) == TERN_SAME;
    }
  here = tern_place_find (cluster, c->facts, disk->source);
  there = tern_place_find (cluster, host != NULL ? host->facts : NULL, disk->source);
  return tern_place_compare (&here, &there) == TERN_SAME;
}

static gboolean
may_run (const TernVm *vm)
{
  return tern_vm_state_is_active (vm->state) || vm->state == TERN_VM_UNKNOWN;
}

static void
add_guest_cluster (TernCase *c, const TernDisk *disk, const TernVm *other)
{
  g_autofree char *target = tern_show (disk->target);
  g_autofree char *name = other != NULL ? tern_show (other->name) : NULL;
  const char *shown = c->judge->shown;

  tern_case_add (
      c, "storage.guest-cluster",
      other == NULL
          ? g_strdup_printf ("disk %s of %s is meant to be written by several VMs", target, shown)
          : g_strdup_printf ("disk %s of %s is also a disk of %s, which is %s on %s", target, shown,
                             name, tern_vm_state_to_string (other->state), other->host),
      other == NULL     ? NULL
      : may_run (other) ? g_strdup_printf ("shut %s or %s down first", shown, name)
                        : g_strdup_printf ("never run both, unless they are made for it"),
      "disk", disk->target, "vm", other != NULL ? other->name : "", NULL);
}

static void
judge_sharing (TernCase *c, const TernDisk *disk)
{
  const TernQuestion *question = &c->judge->question;
  const GPtrArray *users = tern_cluster_get_with_disk (question->cluster, disk->source);
  gboolean move = question->act == TERN_ACT_MOVE, found = FALSE;

  for (guint i = 0; users != NULL && i < users->len; i++)
    {
      const TernVm *other = users->pdata[i];
      gboolean blocks = may_run (other) && (move || !disk->shareable);

      /* Of several copies of one VM, the one that counts. */
      if (g_str_equal (other->uuid, question->vm->uuid)
          || tern_cluster_find_vm (question->cluster, other->uuid) != other
          || !sees_same_disk (c, disk, other))
        continue;
      found = TRUE;
      if (!blocks && !move)
        continue;
      (void) tern_case_found (c, blocks ? TERN_SEVERITY_BLOCKS : TERN_SEVERITY_WARNS);
      add_guest_cluster (c, disk, other);
    }
  if (found || !disk->shareable || !move)
    return;
  (void) tern_case_found (c, TERN_SEVERITY_WARNS);
  add_guest_cluster (c, disk, NULL);
}

void
tern_rules_of_guest_cluster (TernCase *c)
{
  const GPtrArray *disks = c->judge->question.vm->disks;

  for (guint i = 0; i < disks->len; i++)
    {
      const TernDisk *disk = disks->pdata[i];

      if (!disk->readonly && !tern_disk_is_removable (disk) && disk->source != NULL)
        judge_sharing (c, disk);
    }
}
