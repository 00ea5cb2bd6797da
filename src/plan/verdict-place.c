/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Is a path on one host the same storage as that path on another? Equal names prove nothing:
 *
 *   below a shared path of the configuration          the same
 *   pools reached over a network, equal sources       the same, if they are mounted alike
 *   pools with a source, differing                    not the same
 *   plain directories that share a file and its time  the same
 *   a device with a world-wide name, no pool          likely the same
 *   all else                                          nothing is known
 */
#include "config.h"

#include "model/list.h"
#include "plan/verdict-private.h"

/* Length of @folder without slashes at its end, if @path lies below it (or is it); else 0. */
static gsize
covers (const char *folder, const char *path)
{
  gsize length = strlen (folder);

  while (length > 1 && folder[length - 1] == '/')
    length--;
  if (length == 0 || strncmp (folder, path, length) != 0)
    return 0;
  return length == 1 || path[length] == '/' || path[length] == '\0' ? length : 0;
}

/* "/a/../b" lies below /a only to a reader of names. */
static gboolean
is_straight (const char *path)
{
  return path[0] == '/' && strstr (path, "/../") == NULL && strstr (path, "/./") == NULL
         && strstr (path, "//") == NULL && !g_str_has_suffix (path, "/..");
}

/* Where devices are listed, those of the host itself and of other pools are listed too: there the
 * name must say that it is a device of the pool's target. */
static gboolean
is_of_target (const TernPool *pool, const char *path)
{
  const char *target = pool->source != NULL ? strrchr (pool->source, '/') : NULL;
  g_autofree char *part = NULL;

  if (strcmp (pool->type, "iscsi") != 0)
    return TRUE;
  if (target == NULL)
    return FALSE;
  part = g_strconcat ("-iscsi-", target + 1, "-lun-", NULL);
  return strstr (path, part) != NULL;
}

TernPlace
tern_place_find (const TernCluster *cluster, const TernHostFacts *facts, const char *path)
{
  TernPlace place = { .path = path };
  gsize deepest = 0;

  if (!is_straight (path))
    return place;
  for (guint i = 0; cluster->shared_paths != NULL && cluster->shared_paths[i] != NULL; i++)
    place.shared = place.shared || covers (cluster->shared_paths[i], path) > 0;

  for (guint i = 0; facts != NULL && facts->pools != NULL && i < facts->pools->len; i++)
    {
      const TernPool *pool = facts->pools->pdata[i];
      gsize length = pool->active && pool->path != NULL ? covers (pool->path, path) : 0;

      if (length > deepest && is_of_target (pool, path))
        {
          deepest = length;
          place.pool = pool;
        }
    }
  return place;
}

static gboolean
mounted_alike (const TernPool *a, const TernPool *b)
{
  gsize length = covers (a->path, b->path);

  return length > 0 && length == covers (b->path, a->path);
}

/* Both lists are sorted. */
static gboolean
have_common_item (const char *const *a, const char *const *b)
{
  while (*a != NULL && *b != NULL)
    {
      int order = strcmp (*a, *b);

      if (order == 0)
        return TRUE;
      if (order < 0)
        a++;
      else
        b++;
    }
  return FALSE;
}

/* That a file is in one list only proves nothing: libvirt lists what was there when it last
 * looked. */
static TernSameness
compare_directories (const TernPool *a, const TernPool *b)
{
  const char *const *in_a = (const char *const *) a->volumes;
  const char *const *in_b = (const char *const *) b->volumes;

  return in_a != NULL && in_b != NULL && have_common_item (in_a, in_b) ? TERN_SAME
                                                                       : TERN_SAME_UNLIKELY;
}

/* A disk that was copied block by block has the times of its original: files that were there
 * before say nothing of one that came later. */
gboolean
tern_pool_proves_file (const TernPool *a, const TernPool *b, const char *file)
{
  g_autofree char *prefix = g_strconcat (file, "\t", NULL);

  if (a->source != NULL || b->source != NULL)
    return TRUE;
  for (guint i = 0; a->volumes != NULL && a->volumes[i] != NULL; i++)
    if (g_str_has_prefix (a->volumes[i], prefix))
      return tern_strv_has ((const char *const *) b->volumes, a->volumes[i]);
  return FALSE;
}

gboolean
tern_place_proves_file (const TernPlace *a, const TernPlace *b)
{
  const char *file;

  if (a->shared || a->pool == NULL || b->pool == NULL)
    return a->shared;
  file = a->path + covers (a->pool->path, a->path);
  return tern_pool_proves_file (a->pool, b->pool, file + strspn (file, "/"));
}

TernSameness
tern_pool_compare (const TernPool *a, const TernPool *b)
{
  if (a->source == NULL && b->source == NULL)
    return compare_directories (a, b);
  if (g_strcmp0 (a->source, b->source) != 0)
    return TERN_SAME_NOT;
  return a->remote && b->remote ? TERN_SAME : TERN_SAME_UNLIKELY;
}

static gboolean
has_world_wide_name (const char *path)
{
  const char *name;

  if (g_str_has_prefix (path, "/dev/disk/by-path/"))
    return strstr (path, "-iscsi-") != NULL || strstr (path, "-fc-") != NULL;
  if (!g_str_has_prefix (path, "/dev/disk/by-id/"))
    return FALSE;
  name = path + strlen ("/dev/disk/by-id/");
  return g_str_has_prefix (name, "wwn-") || g_str_has_prefix (name, "scsi-3")
         || g_str_has_prefix (name, "dm-uuid-mpath-") || g_str_has_prefix (name, "nvme-eui.")
         || g_str_has_prefix (name, "nvme-uuid.");
}

TernSameness
tern_place_compare (const TernPlace *a, const TernPlace *b)
{
  if (a->shared)
    return TERN_SAME;
  if (a->pool == NULL || b->pool == NULL)
    return a->pool == NULL && b->pool == NULL && has_world_wide_name (a->path) ? TERN_SAME_LIKELY
                                                                               : TERN_SAME_UNLIKELY;
  /* One export mounted at two depths shows different files under one path. */
  if (!mounted_alike (a->pool, b->pool))
    return TERN_SAME_UNLIKELY;
  return tern_pool_compare (a->pool, b->pool);
}
