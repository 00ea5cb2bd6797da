/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VMs as hosts show them, and sightings for judging a migration.
 */
#include "config.h"

#include "model/vm.h"

#include "model/list.h"

#define MIB (G_GUINT64_CONSTANT (1) << 20)

static const char *const state_names[TERN_VM_N_STATES] = {
  [TERN_VM_UNKNOWN] = "unknown",     [TERN_VM_RUNNING] = "running",
  [TERN_VM_PAUSED] = "paused",       [TERN_VM_SHUTTING_DOWN] = "shutting-down",
  [TERN_VM_SHUT_OFF] = "shut-off",   [TERN_VM_CRASHED] = "crashed",
  [TERN_VM_SUSPENDED] = "suspended",
};

static const char *const reason_names[TERN_REASON_N] = {
  [TERN_REASON_OTHER] = "other",       [TERN_REASON_MIGRATION] = "migration",
  [TERN_REASON_MIGRATED] = "migrated", [TERN_REASON_MIGRATION_CANCELLED] = "migration-cancelled",
  [TERN_REASON_POSTCOPY] = "postcopy", [TERN_REASON_POSTCOPY_FAILED] = "postcopy-failed",
  [TERN_REASON_IO_ERROR] = "io-error", [TERN_REASON_USER] = "user",
};

const char *
tern_vm_state_to_string (TernVmState state)
{
  g_return_val_if_fail ((guint) state < TERN_VM_N_STATES, "unknown");
  return state_names[state];
}

gboolean
tern_vm_state_from_string (const char *name, TernVmState *out_state)
{
  for (guint i = 0; i < TERN_VM_N_STATES; i++)
    if (g_strcmp0 (name, state_names[i]) == 0)
      {
        *out_state = i;
        return TRUE;
      }
  return FALSE;
}

const char *
tern_vm_reason_to_string (TernVmReason reason)
{
  g_return_val_if_fail ((guint) reason < TERN_REASON_N, "other");
  return reason_names[reason];
}

gboolean
tern_vm_reason_from_string (const char *name, TernVmReason *out_reason)
{
  for (guint i = 0; i < TERN_REASON_N; i++)
    if (g_strcmp0 (name, reason_names[i]) == 0)
      {
        *out_reason = i;
        return TRUE;
      }
  return FALSE;
}

gboolean
tern_vm_state_is_active (TernVmState state)
{
  return state == TERN_VM_RUNNING || state == TERN_VM_PAUSED || state == TERN_VM_SHUTTING_DOWN
         || state == TERN_VM_SUSPENDED;
}

TernLock *
tern_lock_new (const char *owner, const char *reason, gint64 since_us, gint64 expires_us)
{
  TernLock *self = g_new0 (TernLock, 1);

  self->owner = g_strdup (owner);
  self->reason = g_strdup (reason);
  self->since_us = since_us;
  self->expires_us = expires_us;
  return self;
}

TernLock *
tern_lock_copy (const TernLock *self)
{
  return tern_lock_new (self->owner, self->reason, self->since_us, self->expires_us);
}

void
tern_lock_free (TernLock *self)
{
  if (self == NULL)
    return;

  g_free (self->owner);
  g_free (self->reason);
  g_free (self);
}

gboolean
tern_lock_equal (const TernLock *a, const TernLock *b)
{
  if (a == NULL || b == NULL)
    return a == b;
  return g_strcmp0 (a->owner, b->owner) == 0 && g_strcmp0 (a->reason, b->reason) == 0
         && a->since_us == b->since_us && a->expires_us == b->expires_us;
}

gboolean
tern_lock_holds (const TernLock *self, gint64 now_us)
{
  return self->expires_us == 0 || now_us < self->expires_us;
}

TernVm *
tern_vm_new (const char *uuid, const char *name, const char *host)
{
  TernVm *self = g_new0 (TernVm, 1);

  g_atomic_ref_count_init (&self->refs);
  self->uuid = g_ascii_strdown (uuid, -1);
  self->name = g_strdup (name);
  self->host = g_strdup (host);
  self->disks = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_disk_free);
  self->nics = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_nic_free);
  self->hostdevs = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_hostdev_free);
  self->load_permille = -1;
  self->drain_action = -1;
  return self;
}

#define COPY_LIST(list, copy, free_item)                                                           \
  tern_list_copy (list, (gpointer (*) (gconstpointer)) copy, (GDestroyNotify) free_item)

TernVm *
tern_vm_copy (const TernVm *self)
{
  TernVm *copy = tern_vm_new (self->uuid, self->name, self->host);

  copy->state = self->state;
  copy->reason = self->reason;
  copy->memory = self->memory;
  copy->memory_current = self->memory_current;
  copy->vcpus = self->vcpus;
  copy->persistent = self->persistent;
  copy->arch = g_strdup (self->arch);
  copy->machine = g_strdup (self->machine);
  copy->virt_type = g_strdup (self->virt_type);
  copy->cpu = self->cpu != NULL ? tern_cpu_ref (self->cpu) : NULL;
  g_ptr_array_unref (copy->disks);
  g_ptr_array_unref (copy->nics);
  g_ptr_array_unref (copy->hostdevs);
  copy->disks = COPY_LIST (self->disks, tern_disk_copy, tern_disk_free);
  copy->nics = COPY_LIST (self->nics, tern_nic_copy, tern_nic_free);
  copy->hostdevs = COPY_LIST (self->hostdevs, tern_hostdev_copy, tern_hostdev_free);
  copy->filesystems = g_strdupv (self->filesystems);
  copy->shmems = g_strdupv (self->shmems);
  copy->tpm = g_strdup (self->tpm);
  copy->nvram = g_strdup (self->nvram);
  copy->hugepages = self->hugepages;
  copy->hugepage_size = self->hugepage_size;
  copy->pinned_cpus = g_strdup (self->pinned_cpus);
  copy->numa_nodes = g_strdup (self->numa_nodes);
  copy->tsc_hz = self->tsc_hz;
  copy->snapshots = self->snapshots;
  copy->managed_save = self->managed_save;
  copy->backup = self->backup;
  copy->masked = self->masked;
  copy->load_permille = self->load_permille;
  copy->drain_action = self->drain_action;
  copy->lock = self->lock != NULL ? tern_lock_copy (self->lock) : NULL;
  return copy;
}

TernVm *
tern_vm_ref (TernVm *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
tern_vm_unref (TernVm *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  g_free (self->uuid);
  g_free (self->name);
  g_free (self->host);
  g_free (self->arch);
  g_free (self->machine);
  g_free (self->virt_type);
  tern_cpu_unref (self->cpu);
  g_ptr_array_unref (self->disks);
  g_ptr_array_unref (self->nics);
  g_ptr_array_unref (self->hostdevs);
  g_strfreev (self->filesystems);
  g_strfreev (self->shmems);
  g_free (self->tpm);
  g_free (self->nvram);
  g_free (self->pinned_cpus);
  g_free (self->numa_nodes);
  tern_lock_free (self->lock);
  g_free (self);
}

static gboolean
devices_equal (const TernVm *a, const TernVm *b)
{
  return tern_list_equal (a->disks, b->disks, (GEqualFunc) tern_disk_equal)
         && tern_list_equal (a->nics, b->nics, (GEqualFunc) tern_nic_equal)
         && tern_list_equal (a->hostdevs, b->hostdevs, (GEqualFunc) tern_hostdev_equal)
         && tern_strv_equal0 (a->filesystems, b->filesystems)
         && tern_strv_equal0 (a->shmems, b->shmems) && g_strcmp0 (a->tpm, b->tpm) == 0
         && g_strcmp0 (a->nvram, b->nvram) == 0;
}

static gboolean
needs_equal (const TernVm *a, const TernVm *b)
{
  return a->memory == b->memory && a->memory_current == b->memory_current && a->vcpus == b->vcpus
         && g_strcmp0 (a->arch, b->arch) == 0 && g_strcmp0 (a->machine, b->machine) == 0
         && g_strcmp0 (a->virt_type, b->virt_type) == 0 && tern_cpu_equal (a->cpu, b->cpu)
         && a->hugepages == b->hugepages && a->hugepage_size == b->hugepage_size
         && g_strcmp0 (a->pinned_cpus, b->pinned_cpus) == 0
         && g_strcmp0 (a->numa_nodes, b->numa_nodes) == 0 && a->tsc_hz == b->tsc_hz;
}

gboolean
tern_vm_equal (const TernVm *a, const TernVm *b)
{
  return g_strcmp0 (a->uuid, b->uuid) == 0 && g_strcmp0 (a->name, b->name) == 0
         && g_strcmp0 (a->host, b->host) == 0 && a->state == b->state && a->reason == b->reason
         && a->persistent == b->persistent && needs_equal (a, b) && devices_equal (a, b)
         && a->snapshots == b->snapshots && a->managed_save == b->managed_save
         && a->backup == b->backup && a->masked == b->masked && a->load_permille == b->load_permille
         && a->drain_action == b->drain_action && tern_lock_equal (a->lock, b->lock);
}

static gboolean
has_vfio (const TernVm *self)
{
  for (guint i = 0; i < self->hostdevs->len; i++)
    {
      const TernHostdev *device = self->hostdevs->pdata[i];

      if (g_strcmp0 (device->type, "pci") == 0 || g_strcmp0 (device->type, "mdev") == 0)
        return TRUE;
    }
  return FALSE;
}

guint64
tern_vm_get_memory_need (const TernVm *self)
{
  guint64 need = self->memory / 512 + (8 * (guint64) self->vcpus + 8 + 50 + 32) * MIB;

  if (has_vfio (self))
    need += 1024 * MIB;
  if (self->tpm != NULL)
    need += 53 * MIB;
  if (!self->hugepages && __builtin_add_overflow (need, self->memory, &need))
    return G_MAXUINT64;
  return need;
}

int
tern_vm_get_rank (const TernVm *self)
{
  switch (self->state)
    {
    case TERN_VM_RUNNING:
    case TERN_VM_SHUTTING_DOWN:
      return 5;
    case TERN_VM_PAUSED:
    case TERN_VM_SUSPENDED:
      return self->reason == TERN_REASON_MIGRATION ? 3 : 4;
    case TERN_VM_UNKNOWN:
      return 2;
    default:
      return 1;
    }
}

gboolean
tern_uuid_is_valid (const char *text)
{
  return text != NULL && g_uuid_string_is_valid (text);
}

TernSighting *
tern_sighting_new (void)
{
  return g_new0 (TernSighting, 1);
}

TernSighting *
tern_sighting_copy (const TernSighting *self)
{
  TernSighting *copy = tern_sighting_new ();

  *copy = *self;
  copy->error = g_strdup (self->error);
  return copy;
}

void
tern_sighting_free (TernSighting *self)
{
  if (self == NULL)
    return;

  g_free (self->error);
  g_free (self);
}

char *
tern_sighting_to_string (const TernSighting *self)
{
  if (!self->known)
    return g_strdup_printf ("not known (%s)",
                            self->error != NULL ? self->error : "it could not be asked");
  if (!self->present)
    return g_strdup ("not there");
  if (self->reason == TERN_REASON_OTHER)
    return g_strdup (tern_vm_state_to_string (self->state));
  return g_strdup_printf ("%s (%s)", tern_vm_state_to_string (self->state),
                          tern_vm_reason_to_string (self->reason));
}
