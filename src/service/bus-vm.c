/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A VM as the bus shows it: the copy whose CPUs run, and where else there is one.
 */
#include "config.h"

#include "service/bus-vm.h"

#include "base/names.h"
#include "base/text.h"
#include "service/bus-text.h"

char *
tern_bus_vm_format_path (const char *uuid)
{
  g_autofree char *element = tern_text_escape_path (uuid);

  return g_strconcat (TERN_BUS_PATH_VMS "/", element, NULL);
}

static GVariant *
build_seen_on (TernInventory *inventory, const char *uuid)
{
  g_autoptr (GPtrArray) sightings = tern_inventory_get_sightings (inventory, uuid);
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(ss)"));
  for (guint i = 0; i < sightings->len; i++)
    {
      const TernVm *vm = g_ptr_array_index (sightings, i);

      g_variant_builder_add (&builder, "(ss)", vm->host, tern_vm_state_to_string (vm->state));
    }
  return g_variant_builder_end (&builder);
}

static void
add_text (GVariantBuilder *builder, const char *key, const char *text)
{
  g_variant_builder_add (builder, "{sv}", key, tern_bus_new_text (text));
}

static GVariant *
build_disks (const TernVm *vm)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; vm->disks != NULL && i < vm->disks->len; i++)
    {
      const TernDisk *disk = g_ptr_array_index (vm->disks, i);

      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      add_text (&builder, "target", disk->target);
      add_text (&builder, "device", disk->device);
      add_text (&builder, "type", disk->type);
      add_text (&builder, "source", disk->source);
      add_text (&builder, "cache", disk->cache);
      g_variant_builder_add (&builder, "{sv}", "readonly", g_variant_new_boolean (disk->readonly));
      g_variant_builder_add (&builder, "{sv}", "shareable",
                             g_variant_new_boolean (disk->shareable));
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
build_nics (const TernVm *vm)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; vm->nics != NULL && i < vm->nics->len; i++)
    {
      const TernNic *nic = g_ptr_array_index (vm->nics, i);

      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      add_text (&builder, "type", nic->type);
      add_text (&builder, "source", nic->source);
      add_text (&builder, "mac", nic->mac);
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}

static void
fill_cpu (TernBusVm *bus, const TernCpu *cpu)
{
  tern_bus_set_text (bus, "cpu-mode", cpu != NULL ? cpu->mode : NULL);
  tern_bus_set_text (bus, "cpu-model", cpu != NULL ? cpu->model : NULL);
  tern_bus_set_texts (bus, "cpu-features", cpu != NULL ? cpu->features : NULL);
  tern_bus_set_texts (bus, "cpu-disabled", cpu != NULL ? cpu->disabled : NULL);
}

static void
fill_lock (TernBusVm *bus, const TernLock *lock)
{
  tern_bus_vm_set_locked (bus, lock != NULL);
  tern_bus_set_text (bus, "lock-owner", lock != NULL ? lock->owner : NULL);
  tern_bus_set_text (bus, "lock-reason", lock != NULL ? lock->reason : NULL);
  tern_bus_vm_set_lock_since (bus, lock != NULL ? lock->since_us : 0);
  tern_bus_vm_set_lock_expires (bus, lock != NULL ? lock->expires_us : 0);
}

static void
fill_hardware (TernBusVm *bus, const TernVm *vm)
{
  tern_bus_vm_set_memory (bus, vm->memory);
  tern_bus_vm_set_memory_current (bus, vm->memory_current);
  tern_bus_vm_set_vcpus (bus, vm->vcpus);
  tern_bus_set_load (bus, "cpu-load", vm->load_permille);
  tern_bus_set_text (bus, "arch", vm->arch);
  tern_bus_set_text (bus, "machine", vm->machine);
  tern_bus_set_text (bus, "virt-type", vm->virt_type);
  fill_cpu (bus, vm->cpu);
  tern_bus_vm_set_disks (bus, build_disks (vm));
  tern_bus_vm_set_nics (bus, build_nics (vm));
}

static void
fill_drain (TernBusVm *bus, TernParts *parts, const TernVm *vm)
{
  const TernOrigin *origin =
      parts->drainer != NULL ? tern_drainer_find_origin (parts->drainer, vm->uuid) : NULL;

  tern_bus_vm_set_drain_action (
      bus, vm->drain_action >= 0 ? tern_drain_action_to_string (vm->drain_action) : "");
  tern_bus_vm_set_origin (bus, origin != NULL ? origin->host : "");
}

void
tern_bus_vm_fill (TernBusVm *bus, TernParts *parts, const TernVm *vm)
{
  tern_bus_set_text (bus, "uuid", vm->uuid);
  tern_bus_set_text (bus, "name", vm->name);
  tern_bus_vm_set_host (bus, vm->host);
  tern_bus_vm_set_state (bus, tern_vm_state_to_string (vm->state));
  tern_bus_vm_set_reason (bus, tern_vm_reason_to_string (vm->reason));
  tern_bus_vm_set_persistent (bus, vm->persistent);
  tern_bus_vm_set_seen_on (bus, build_seen_on (parts->inventory, vm->uuid));
  tern_bus_vm_set_cpu_masked (bus, vm->masked);
  fill_lock (bus, vm->lock);
  fill_drain (bus, parts, vm);
  fill_hardware (bus, vm);
}
