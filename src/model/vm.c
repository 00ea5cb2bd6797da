/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * VMs as hosts show them, and sightings for judging a migration.
 */
#include "config.h"

#include "model/vm.h"

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

TernDisk *
tern_disk_new (void)
{
  return g_new0 (TernDisk, 1);
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
  g_free (self->cache);
  g_free (self);
}

static TernDisk *
disk_copy (const TernDisk *disk)
{
  TernDisk *copy = tern_disk_new ();

  copy->target = g_strdup (disk->target);
  copy->device = g_strdup (disk->device);
  copy->type = g_strdup (disk->type);
  copy->source = g_strdup (disk->source);
  copy->cache = g_strdup (disk->cache);
  copy->readonly = disk->readonly;
  copy->shareable = disk->shareable;
  return copy;
}

static gboolean
disk_equal (gconstpointer a, gconstpointer b)
{
  const TernDisk *x = a, *y = b;

  return g_strcmp0 (x->target, y->target) == 0 && g_strcmp0 (x->device, y->device) == 0
         && g_strcmp0 (x->type, y->type) == 0 && g_strcmp0 (x->source, y->source) == 0
         && g_strcmp0 (x->cache, y->cache) == 0 && x->readonly == y->readonly
         && x->shareable == y->shareable;
}

TernNic *
tern_nic_new (void)
{
  return g_new0 (TernNic, 1);
}

void
tern_nic_free (TernNic *self)
{
  if (self == NULL)
    return;

  g_free (self->type);
  g_free (self->source);
  g_free (self->mac);
  g_free (self);
}

static TernNic *
nic_copy (const TernNic *nic)
{
  TernNic *copy = tern_nic_new ();

  copy->type = g_strdup (nic->type);
  copy->source = g_strdup (nic->source);
  copy->mac = g_strdup (nic->mac);
  return copy;
}

static gboolean
nic_equal (gconstpointer a, gconstpointer b)
{
  const TernNic *x = a, *y = b;

  return g_strcmp0 (x->type, y->type) == 0 && g_strcmp0 (x->source, y->source) == 0
         && g_strcmp0 (x->mac, y->mac) == 0;
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
  return self;
}

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
  for (guint i = 0; i < self->disks->len; i++)
    g_ptr_array_add (copy->disks, disk_copy (self->disks->pdata[i]));
  for (guint i = 0; i < self->nics->len; i++)
    g_ptr_array_add (copy->nics, nic_copy (self->nics->pdata[i]));
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
  g_free (self);
}

static gboolean
lists_equal (const GPtrArray *a, const GPtrArray *b, GEqualFunc equal)
{
  if (a->len != b->len)
    return FALSE;
  for (guint i = 0; i < a->len; i++)
    if (!equal (a->pdata[i], b->pdata[i]))
      return FALSE;
  return TRUE;
}

gboolean
tern_vm_equal (const TernVm *a, const TernVm *b)
{
  return g_strcmp0 (a->uuid, b->uuid) == 0 && g_strcmp0 (a->name, b->name) == 0
         && g_strcmp0 (a->host, b->host) == 0 && a->state == b->state && a->reason == b->reason
         && a->memory == b->memory && a->memory_current == b->memory_current && a->vcpus == b->vcpus
         && a->persistent == b->persistent && g_strcmp0 (a->arch, b->arch) == 0
         && g_strcmp0 (a->machine, b->machine) == 0 && g_strcmp0 (a->virt_type, b->virt_type) == 0
         && tern_cpu_equal (a->cpu, b->cpu) && lists_equal (a->disks, b->disks, disk_equal)
         && lists_equal (a->nics, b->nics, nic_equal);
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
