/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One consistent picture of all hosts and VMs, with the indexes that judging a VM against a
 * thousand hosts needs. Built once, then only read.
 */
#include "config.h"

#include "model/cluster.h"

#include "base/error.h"
#include "base/text.h"

struct _TernClusterIndex
{
  GHashTable *hosts;   /* name -> place + 1 */
  GHashTable *counts;  /* UUID -> TernVm, the copy that counts */
  GHashTable *by_uuid; /* UUID -> GPtrArray of TernVm; so the next three */
  GHashTable *by_name;
  GHashTable *by_mac;
  GHashTable *by_disk;
  GPtrArray **on_host; /* one for each host, NULL for none */
  guint64 *memory_used;
  guint *vcpus_used;
  guint *n_active;
};

static int
compare_hosts (gconstpointer a, gconstpointer b)
{
  const TernHost *x = *(const TernHost *const *) a, *y = *(const TernHost *const *) b;

  return strcmp (x->config->name, y->config->name);
}

static int
compare_vms (gconstpointer a, gconstpointer b)
{
  const TernVm *x = *(const TernVm *const *) a, *y = *(const TernVm *const *) b;
  int order = strcmp (x->name, y->name);

  if (order == 0)
    order = strcmp (x->uuid, y->uuid);
  return order != 0 ? order : strcmp (x->host, y->host);
}

static int
compare_copies (gconstpointer a, gconstpointer b)
{
  const TernVm *x = *(const TernVm *const *) a, *y = *(const TernVm *const *) b;

  return strcmp (x->host, y->host);
}

static GHashTable *
new_lists (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
}

static void
add_to_list (GHashTable *lists, const char *key, const TernVm *vm)
{
  GPtrArray *list = key != NULL ? g_hash_table_lookup (lists, key) : NULL;

  if (key == NULL)
    return;
  if (list == NULL)
    {
      list = g_ptr_array_new ();
      g_hash_table_insert (lists, (gpointer) key, list);
    }
  /* A VM may have two disks of one source, or a NIC twice: it stands there once. */
  if (list->len == 0 || list->pdata[list->len - 1] != vm)
    g_ptr_array_add (list, (gpointer) vm);
}

static void
index_devices (TernClusterIndex *index, const TernVm *vm)
{
  for (guint i = 0; i < vm->nics->len; i++)
    add_to_list (index->by_mac, ((const TernNic *) vm->nics->pdata[i])->mac, vm);
  for (guint i = 0; i < vm->disks->len; i++)
    {
      const TernDisk *disk = vm->disks->pdata[i];

      if (!disk->readonly && !tern_disk_is_removable (disk))
        add_to_list (index->by_disk, disk->source, vm);
    }
}

static gboolean
counts_more (const TernVm *vm, const TernVm *than)
{
  int rank = tern_vm_get_rank (vm), other = tern_vm_get_rank (than);

  return rank != other ? rank > other : strcmp (vm->host, than->host) < 0;
}

static void
index_vm (TernCluster *self, const TernVm *vm)
{
  TernClusterIndex *index = self->index;
  const TernVm *best = g_hash_table_lookup (index->counts, vm->uuid);
  int host = tern_cluster_get_host_index (self, vm->host);

  if (best == NULL || counts_more (vm, best))
    g_hash_table_replace (index->counts, vm->uuid, (gpointer) vm);
  add_to_list (index->by_uuid, vm->uuid, vm);
  add_to_list (index->by_name, vm->name, vm);
  index_devices (index, vm);
  if (host < 0)
    return;

  if (index->on_host[host] == NULL)
    index->on_host[host] = g_ptr_array_new ();
  g_ptr_array_add (index->on_host[host], (gpointer) vm);
  /* One that was running when its host was last heard of still counts. */
  if (tern_vm_state_is_active (vm->state) || vm->state == TERN_VM_UNKNOWN)
    {
      guint64 need = tern_vm_get_memory_need (vm);

      if (__builtin_add_overflow (index->memory_used[host], need, &index->memory_used[host]))
        index->memory_used[host] = G_MAXUINT64;
      index->vcpus_used[host] += vm->vcpus;
      index->n_active[host]++;
    }
}

/* They may have different names, by which they were added. */
static void
sort_copies (TernClusterIndex *index)
{
  GHashTableIter iter;
  GPtrArray *copies;

  g_hash_table_iter_init (&iter, index->by_uuid);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &copies))
    if (copies->len > 1)
      g_ptr_array_sort (copies, compare_copies);
}

static void
build_index (TernCluster *self)
{
  TernClusterIndex *index = g_new0 (TernClusterIndex, 1);

  self->index = index;
  index->hosts = g_hash_table_new (g_str_hash, g_str_equal);
  index->counts = g_hash_table_new (g_str_hash, g_str_equal);
  index->by_uuid = new_lists ();
  index->by_name = new_lists ();
  index->by_mac = new_lists ();
  index->by_disk = new_lists ();
  index->on_host = g_new0 (GPtrArray *, self->hosts->len + 1);
  index->memory_used = g_new0 (guint64, self->hosts->len + 1);
  index->vcpus_used = g_new0 (guint, self->hosts->len + 1);
  index->n_active = g_new0 (guint, self->hosts->len + 1);

  for (guint i = 0; i < self->hosts->len; i++)
    g_hash_table_insert (index->hosts, ((TernHost *) self->hosts->pdata[i])->config->name,
                         GUINT_TO_POINTER (i + 1));
  for (guint i = 0; i < self->vms->len; i++)
    index_vm (self, self->vms->pdata[i]);
  sort_copies (index);
}

static void
free_index (TernClusterIndex *index, guint n_hosts)
{
  for (guint i = 0; i < n_hosts; i++)
    g_clear_pointer (&index->on_host[i], g_ptr_array_unref);
  g_hash_table_unref (index->hosts);
  g_hash_table_unref (index->counts);
  g_hash_table_unref (index->by_uuid);
  g_hash_table_unref (index->by_name);
  g_hash_table_unref (index->by_mac);
  g_hash_table_unref (index->by_disk);
  g_free (index->on_host);
  g_free (index->memory_used);
  g_free (index->vcpus_used);
  g_free (index->n_active);
  g_free (index);
}

TernCluster *
tern_cluster_new (const GPtrArray *hosts, const GPtrArray *vms, const char *const *shared_paths,
                  guint64 generation, gint64 taken_us)
{
  TernCluster *self = g_new0 (TernCluster, 1);

  g_atomic_ref_count_init (&self->refs);
  self->generation = generation;
  self->taken_us = taken_us;
  self->shared_paths = g_strdupv ((char **) shared_paths);
  self->hosts = g_ptr_array_new_full (hosts->len, (GDestroyNotify) tern_host_unref);
  self->vms = g_ptr_array_new_full (vms->len, (GDestroyNotify) tern_vm_unref);
  for (guint i = 0; i < hosts->len; i++)
    g_ptr_array_add (self->hosts, tern_host_ref (hosts->pdata[i]));
  for (guint i = 0; i < vms->len; i++)
    g_ptr_array_add (self->vms, tern_vm_ref (vms->pdata[i]));
  g_ptr_array_sort (self->hosts, compare_hosts);
  g_ptr_array_sort (self->vms, compare_vms);
  build_index (self);
  return self;
}

TernCluster *
tern_cluster_ref (TernCluster *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
tern_cluster_unref (TernCluster *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  free_index (self->index, self->hosts->len);
  g_ptr_array_unref (self->hosts);
  g_ptr_array_unref (self->vms);
  g_strfreev (self->shared_paths);
  g_free (self);
}

int
tern_cluster_get_host_index (const TernCluster *self, const char *name)
{
  return GPOINTER_TO_INT (g_hash_table_lookup (self->index->hosts, name)) - 1;
}

const TernHost *
tern_cluster_find_host (const TernCluster *self, const char *name)
{
  int i = tern_cluster_get_host_index (self, name);

  return i >= 0 ? self->hosts->pdata[i] : NULL;
}

const TernVm *
tern_cluster_find_vm (const TernCluster *self, const char *uuid)
{
  return g_hash_table_lookup (self->index->counts, uuid);
}

/* "web01" may stand for one VM with several copies, which stand side by side, or for several VMs:
 * then all of them go into @others. */
static const TernVm *
find_named (const TernCluster *self, const char *name, GString *others)
{
  const GPtrArray *named = tern_cluster_get_named (self, name);
  const TernVm *found = NULL;
  guint n_found = 0;

  for (guint i = 0; named != NULL && i < named->len; i++)
    {
      const TernVm *vm = named->pdata[i];

      if (found != NULL && g_str_equal (found->uuid, vm->uuid))
        continue;
      g_string_append_printf (others, "%s%s", n_found++ > 0 ? ", " : "", vm->uuid);
      found = vm;
    }
  return n_found == 1 ? tern_cluster_find_vm (self, found->uuid) : NULL;
}

const TernVm *
tern_cluster_lookup_vm (const TernCluster *self, const char *name_or_uuid, GError **error)
{
  g_autofree char *lower = g_ascii_strdown (name_or_uuid, -1);
  g_autofree char *shown = tern_text_visible (name_or_uuid, 60);
  g_autoptr (GString) others = g_string_new (NULL);
  const TernVm *vm = tern_cluster_find_vm (self, lower);

  if (vm == NULL)
    vm = find_named (self, name_or_uuid, others);
  if (vm != NULL)
    return vm;
  if (others->len > 0)
    g_set_error (error, TERN_ERROR, TERN_ERROR_AMBIGUOUS,
                 "Several VMs are called “%s”; name one by its UUID: %s", shown, others->str);
  else
    g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND, "There is no VM “%s”", shown);
  return NULL;
}

const GPtrArray *
tern_cluster_get_copies (const TernCluster *self, const char *uuid)
{
  return g_hash_table_lookup (self->index->by_uuid, uuid);
}

const GPtrArray *
tern_cluster_get_vms_on (const TernCluster *self, guint host_index)
{
  return self->index->on_host[host_index];
}

const GPtrArray *
tern_cluster_get_named (const TernCluster *self, const char *name)
{
  return g_hash_table_lookup (self->index->by_name, name);
}

const GPtrArray *
tern_cluster_get_with_mac (const TernCluster *self, const char *mac)
{
  return g_hash_table_lookup (self->index->by_mac, mac);
}

const GPtrArray *
tern_cluster_get_with_disk (const TernCluster *self, const char *source)
{
  return g_hash_table_lookup (self->index->by_disk, source);
}

guint64
tern_cluster_get_memory_used (const TernCluster *self, guint host_index)
{
  return self->index->memory_used[host_index];
}

guint
tern_cluster_get_vcpus_used (const TernCluster *self, guint host_index)
{
  return self->index->vcpus_used[host_index];
}

guint
tern_cluster_get_active (const TernCluster *self, guint host_index)
{
  return self->index->n_active[host_index];
}
