/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Why a VM may not go somewhere: every reason of the table is reached, none hides another, and what
 * nobody knows blocks nothing but disks.
 */
#include "config.h"

#include "plan/verdict.h"

#include "plan-world.h"
#include "tern-check.h"

typedef void (*Spoiler) (PlanWorld *w);

typedef struct
{
  const char *codes; /* what is expected of bert, in order */
  Spoiler spoil;
} Case;

static TernDisk *
disk_of (PlanWorld *w)
{
  return w->vm->disks->pdata[0];
}

static TernNic *
nic_of (PlanWorld *w)
{
  return w->vm->nics->pdata[0];
}

static TernPool *
pool_of (PlanHost *host)
{
  return host->facts->pools->pdata[0];
}

static TernNetwork *
network_of (PlanHost *host)
{
  return host->facts->networks->pdata[0];
}

static void
set_cpu (PlanWorld *w, const char *mode, const char *vendor, const char *features)
{
  tern_cpu_unref (w->vm->cpu);
  w->vm->cpu = plan_cpu (mode, vendor, features);
}

static void
set_list (GStrv *list, const char *names)
{
  g_strfreev (*list);
  *list = g_strsplit (names, " ", -1);
}

/* The VM is defined on anna, and shall be started on bert. */
static void
start_elsewhere (PlanWorld *w)
{
  w->act = TERN_ACT_START;
  w->vm->state = TERN_VM_SHUT_OFF;
}

static void
local_directory (PlanWorld *w, const char *in_anna, const char *in_bert)
{
  PlanHost *hosts[] = { &w->anna, &w->bert };
  const char *volumes[] = { in_anna, in_bert };

  for (guint i = 0; i < 2; i++)
    {
      TernPool *pool = pool_of (hosts[i]);

      plan_set (&pool->source, NULL);
      pool->remote = FALSE;
      if (volumes[i] != NULL)
        pool->volumes = g_strsplit (volumes[i], " ", -1);
      if (volumes[i] != NULL && volumes[i][0] == '\0')
        set_list (&pool->volumes, "");
    }
}

static void
block_device (PlanWorld *w, const char *path)
{
  plan_set (&disk_of (w)->type, "block");
  plan_set (&disk_of (w)->source, path);
}

static void
volume (PlanWorld *w, const char *pool, const char *name)
{
  TernDisk *disk = disk_of (w);

  plan_set (&disk->type, "volume");
  plan_set (&disk->pool, pool);
  plan_set (&disk->volume, name);
  g_free (disk->source);
  disk->source = g_strconcat (pool, "/", name, NULL);
}

static void
medium (PlanWorld *w, const char *device, const char *path)
{
  TernDisk *disk = plan_disk (g_str_equal (device, "floppy") ? "fda" : "sda", "file", path);

  plan_set (&disk->device, device);
  disk->readonly = g_str_equal (device, "cdrom");
  g_ptr_array_add (w->vm->disks, disk);
}

static void
share_disk (PlanWorld *w, const char *host, TernVmState state)
{
  TernVm *other = plan_other (w, "db01", host);

  other->state = state;
  g_ptr_array_add (other->disks, tern_disk_copy (disk_of (w)));
}

static void
share_mac (PlanWorld *w, const char *host, TernVmState state)
{
  TernVm *other = plan_other (w, "db01", host);

  other->state = state;
  g_ptr_array_add (other->nics, tern_nic_copy (nic_of (w)));
}

static TernVm *
add_copy (PlanWorld *w, TernVmState state)
{
  TernVm *copy = tern_vm_new (PLAN_UUID, "web01", "bert");

  copy->state = state;
  g_ptr_array_add (w->others, copy);
  return copy;
}

static void
add_hugepages (PlanHost *host, guint64 size, guint64 n_free)
{
  TernHugepages *pages = g_new0 (TernHugepages, 1);

  pages->size = size;
  pages->total = pages->free = n_free;
  if (host->facts->hugepages == NULL)
    host->facts->hugepages = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (host->facts->hugepages, pages);
}

/* One for each line of the cases below; the name says what was done to the VM or the host. */
#define SPOIL(name, ...)                                                                           \
  static void name (PlanWorld *w) { __VA_ARGS__; }

SPOIL (nothing, (void) w)
SPOIL (task_in_attention, w->use_task = TRUE; w->task->phase = TERN_PHASE_ATTENTION)
SPOIL (task_under_way, w->use_task = TRUE)
SPOIL (copy_runs_there, add_copy (w, TERN_VM_RUNNING))
SPOIL (copy_arrives_there, add_copy (w, TERN_VM_PAUSED)->reason = TERN_REASON_MIGRATION)
SPOIL (copy_stands_there, add_copy (w, TERN_VM_PAUSED)->reason = TERN_REASON_USER)
SPOIL (copy_unknown_there, add_copy (w, TERN_VM_UNKNOWN))
SPOIL (copy_off_there, add_copy (w, TERN_VM_SHUT_OFF))
SPOIL (copy_saved_there, add_copy (w, TERN_VM_SHUT_OFF)->managed_save = TRUE)
SPOIL (copy_of_other_name, plan_set (&add_copy (w, TERN_VM_SHUT_OFF)->name, "old"))
SPOIL (shut_off, w->vm->state = TERN_VM_SHUT_OFF)
SPOIL (suspended, w->vm->state = TERN_VM_SUSPENDED)
SPOIL (io_error, w->vm->state = TERN_VM_PAUSED; w->vm->reason = TERN_REASON_IO_ERROR)
SPOIL (paused, w->vm->state = TERN_VM_PAUSED; w->vm->reason = TERN_REASON_USER)
SPOIL (state_unknown, w->vm->state = TERN_VM_UNKNOWN)
SPOIL (locked, w->vm->lock = tern_lock_new ("backup@nas", "nightly", PLAN_NOW_US - 5000000, 0))
SPOIL (lock_expired, w->vm->lock = tern_lock_new ("backup@nas", "", 0, PLAN_NOW_US - 1))
SPOIL (lock_expires_now, w->vm->lock = tern_lock_new ("x", "y", 0, PLAN_NOW_US))
SPOIL (start_of_running, w->act = TERN_ACT_START)
SPOIL (start_of_unknown, start_elsewhere (w); w->vm->state = TERN_VM_UNKNOWN)
SPOIL (start_with_copy, start_elsewhere (w); add_copy (w, TERN_VM_PAUSED))
SPOIL (start_fine, start_elsewhere (w))
SPOIL (source_gone, w->without_anna = TRUE)
SPOIL (source_silent, w->anna.state = TERN_HOST_UNREACHABLE)
SPOIL (destination_silent, w->bert.state = TERN_HOST_UNREACHABLE)
SPOIL (destination_connecting, w->bert.state = TERN_HOST_CONNECTING)
SPOIL (both_silent, source_silent (w); destination_silent (w))
SPOIL (start_with_silent_source, start_elsewhere (w); source_silent (w))
SPOIL (in_maintenance, w->bert.config->duty = TERN_DUTY_MAINTENANCE)
SPOIL (other_cluster, plan_set (&w->bert.config->cluster, "lab"))
SPOIL (other_cluster_named, other_cluster (w); w->bound = TRUE)
SPOIL (other_arch, plan_set (&w->bert.facts->arch, "aarch64"))
SPOIL (small_arch, plan_set (&w->vm->arch, "i686"))
SPOIL (no_kvm, set_list (&w->bert.facts->virt_types, "qemu"))
SPOIL (no_machine, plan_set (&w->vm->machine, "pc-q35-9.0"))
SPOIL (older_qemu, w->bert.facts->qemu_version = 7001000)
SPOIL (newer_qemu, w->bert.facts->qemu_version = 8000000)
SPOIL (start_on_older_qemu, start_elsewhere (w); older_qemu (w))
SPOIL (lacks_feature, set_cpu (w, "custom", "Intel", "aes avx2 sha-ni"))
SPOIL (other_vendor, set_cpu (w, "custom", "AMD", "aes"))
SPOIL (passthrough, set_cpu (w, "host-passthrough", "Intel", "aes"))
SPOIL (passthrough_differs, passthrough (w); plan_set (&w->bert.facts->cpu_signature, "epyc"))
SPOIL (passthrough_unknown, passthrough (w); plan_set (&w->bert.facts->cpu_signature, NULL))
SPOIL (start_of_passthrough, start_elsewhere (w); passthrough_differs (w))
SPOIL (start_of_host_model, start_elsewhere (w); set_cpu (w, "host-model", NULL, "");
       w->vm->cpu->expanded = FALSE)
SPOIL (start_needs_feature, start_elsewhere (w); set_cpu (w, "host-model", NULL, "avx2");
       w->vm->cpu->expanded = FALSE)
SPOIL (no_cpu_named, set_cpu (w, "", NULL, ""))
SPOIL (cpu_not_expanded, w->vm->cpu->expanded = FALSE)
SPOIL (host_cpu_unknown, g_clear_pointer (&w->bert.facts->cpu, tern_cpu_unref))
SPOIL (nested, tern_cpu_unref (w->bert.facts->cpu);
       w->bert.facts->cpu = plan_cpu ("host-model", "Intel", "aes vmx");
       set_cpu (w, "custom", "Intel", "vmx"))
SPOIL (invtsc, tern_cpu_unref (w->bert.facts->cpu);
       w->bert.facts->cpu = plan_cpu ("host-model", "Intel", "aes invtsc");
       set_cpu (w, "custom", "Intel", "invtsc"))
SPOIL (tsc_same, w->vm->tsc_hz = 2000000000; w->bert.facts->tsc_hz = 2000500000)
SPOIL (tsc_differs, w->vm->tsc_hz = 2000000000; w->bert.facts->tsc_hz = 2000500001)
SPOIL (tsc_scaled, tsc_differs (w); w->bert.facts->tsc_scaling = TRUE)
SPOIL (tsc_unknown, w->vm->tsc_hz = 2000000000)
SPOIL (many_vcpus, w->vm->vcpus = 9)
SPOIL (max_vcpus, w->vm->vcpus = 5; w->bert.facts->max_vcpus = 4)
SPOIL (all_vcpus, w->vm->vcpus = 8)
SPOIL (memory_short, w->bert.facts->memory_free = 2 * GIB)
static void
promise (PlanWorld *w, const char *uuid, guint64 memory)
{
  TernReservation reservation = { .vm_uuid = (char *) uuid,
                                  .source = (char *) "anna",
                                  .destination = (char *) "bert",
                                  .memory = memory };

  tern_ledger_add (w->ledger, &reservation);
}

SPOIL (memory_promised, promise (w, PLAN_OTHER_UUID, 14 * GIB))
SPOIL (memory_promised_to_itself, promise (w, PLAN_UUID, 14 * GIB))
SPOIL (no_hugepages, w->vm->hugepages = TRUE; add_hugepages (&w->bert, 2 * MIB, 1023))
SPOIL (hugepages, w->vm->hugepages = TRUE; add_hugepages (&w->bert, 2 * MIB, 1024))
SPOIL (other_hugepages, hugepages (w); w->vm->hugepage_size = GIB)
SPOIL (hugepages_unknown, w->vm->hugepages = TRUE)

/* All iSCSI pools of a host have the same target path. */
static void
by_path_pools (PlanWorld *w)
{
  PlanHost *const hosts[] = { &w->anna, &w->bert };

  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      TernPool *pool = plan_pool ("san", "/dev/disk/by-path", "iscsi://san/iqn.x", TRUE);

      plan_set (&pool->type, "iscsi");
      g_ptr_array_add (hosts[i]->facts->pools, pool);
    }
}

SPOIL (other_source, plan_set (&pool_of (&w->bert)->source, "nfs://old/images"))
SPOIL (other_depth, plan_set (&pool_of (&w->bert)->path, "/srv"))
SPOIL (pool_inactive, pool_of (&w->bert)->active = FALSE)
SPOIL (pools_unknown, g_clear_pointer (&w->bert.facts->pools, g_ptr_array_unref))
SPOIL (path_with_dots, plan_set (&disk_of (w)->source, "/srv/images/../x.qcow2"))
SPOIL (path_of_no_pool, plan_set (&disk_of (w)->source, "/srv/imagesold/x.qcow2"))
SPOIL (shared_path, path_of_no_pool (w); g_ptr_array_add (w->shared, (gpointer) "/srv/imagesold/"))
SPOIL (other_shared_path, path_of_no_pool (w); g_ptr_array_add (w->shared, (gpointer) "/srv/img"))
SPOIL (directories_are_one, local_directory (w, "a.img\t1 web01.qcow2\t2", "a.img\t1 b.img\t7"))
SPOIL (start_with_common_file_only, start_elsewhere (w); directories_are_one (w))
SPOIL (start_of_common_file, start_elsewhere (w);
       local_directory (w, "a.img\t1 web01.qcow2\t2", "web01.qcow2\t2"))
SPOIL (start_in_root_directory, start_elsewhere (w);
       local_directory (w, "web01.qcow2\t2", "web01.qcow2\t2");
       plan_set (&pool_of (&w->anna)->path, "/"); plan_set (&pool_of (&w->bert)->path, "/");
       plan_set (&disk_of (w)->source, "/web01.qcow2"))
SPOIL (start_of_the_directory_itself, start_elsewhere (w);
       local_directory (w, "a.img\t1", "a.img\t1"); plan_set (&disk_of (w)->source, "/srv/images"))
SPOIL (directories_differ, local_directory (w, "web01.qcow2\t2", "web01.qcow2\t3"))
SPOIL (directory_lacks_it, local_directory (w, "web01.qcow2\t2", "b.img\t7"))
SPOIL (directory_unknown, local_directory (w, "web01.qcow2\t2", NULL))
SPOIL (directory_here_unknown, local_directory (w, NULL, "web01.qcow2\t2"))
SPOIL (only_here_remote, plan_set (&pool_of (&w->bert)->source, NULL);
       pool_of (&w->bert)->remote = FALSE)
SPOIL (backing_not_shared, set_list (&disk_of (w)->backing, "/opt/base.qcow2"))
SPOIL (plain_device, block_device (w, "/dev/sdb"))
SPOIL (wwn_device, block_device (w, "/dev/disk/by-id/wwn-0x5000c500a1b2c3d4"))
SPOIL (iscsi_device, block_device (w, "/dev/disk/by-path/ip-10.0.0.1:3260-iscsi-iqn.x-lun-1"))
SPOIL (sata_device, block_device (w, "/dev/disk/by-path/pci-0000:00:1f.2-ata-1"))
SPOIL (target_of_pool, block_device (w, "/dev/disk/by-path/ip-10.0.0.1:3260-iscsi-iqn.x-lun-1");
       by_path_pools (w))
SPOIL (target_of_no_pool, block_device (w, "/dev/disk/by-path/ip-10.0.0.1:3260-iscsi-iqn.xy-lun-1");
       by_path_pools (w))
SPOIL (sata_device_beside_targets, sata_device (w); by_path_pools (w))
SPOIL (shared_device, block_device (w, "/dev/vg0/web01");
       g_ptr_array_add (w->shared, (gpointer) "/dev/vg0"))

static void
volume_group (PlanWorld *w, const char *on_anna, const char *on_bert, gboolean remote)
{
  block_device (w, "/dev/vg0/web01");
  g_ptr_array_add (w->anna.facts->pools, plan_pool ("vg0", "/dev/vg0", on_anna, remote));
  g_ptr_array_add (w->bert.facts->pools, plan_pool ("vg0", "/dev/vg0", on_bert, remote));
}

SPOIL (local_groups, volume_group (w, "vg://vg0", "vg://vg0", FALSE))
SPOIL (remote_groups, volume_group (w, "iscsi://san/iqn", "iscsi://san/iqn", TRUE))
SPOIL (other_groups, volume_group (w, "iscsi://san/iqn", "iscsi://san2/iqn", TRUE))
SPOIL (network_disk, plan_set (&disk_of (w)->type, "network");
       plan_set (&disk_of (w)->source, "rbd:pool/web01"))
SPOIL (nvme_disk, plan_set (&disk_of (w)->type, "nvme"); plan_set (&disk_of (w)->source, NULL))
SPOIL (shared_volume, volume (w, "images", "web01"))
SPOIL (volume_without_pool, volume (w, "fast", "web01"))
SPOIL (volume_in_stopped_pool, volume (w, "images", "web01"); pool_inactive (w))
SPOIL (volume_elsewhere, volume (w, "images", "web01"); other_source (w))
SPOIL (volume_pools_unknown, volume (w, "images", "web01"); pools_unknown (w))
SPOIL (readonly_not_shared, disk_of (w)->readonly = TRUE; pool_inactive (w))
SPOIL (start_not_shared, start_elsewhere (w); pool_inactive (w))
SPOIL (cache_unsafe, plan_set (&disk_of (w)->cache, "unsafe"))
SPOIL (cache_of_old_qemu, w->anna.facts->qemu_version = w->bert.facts->qemu_version = 3001000)
SPOIL (cache_none_of_old_qemu, cache_of_old_qemu (w); plan_set (&disk_of (w)->cache, "none"))
SPOIL (cache_of_unknown_qemu, w->anna.facts->qemu_version = 0;
       plan_set (&disk_of (w)->cache, "writeback"))
SPOIL (cache_on_cluster, cache_unsafe (w);
       plan_set (&pool_of (&w->anna)->source, "gluster://nas/v");
       plan_set (&pool_of (&w->bert)->source, "gluster://nas/v"))
SPOIL (disk_of_running_vm, share_disk (w, "anna", TERN_VM_RUNNING))
SPOIL (disk_of_vm_there, share_disk (w, "bert", TERN_VM_RUNNING))
SPOIL (disk_of_shut_off_vm, share_disk (w, "anna", TERN_VM_SHUT_OFF))
SPOIL (equal_path_elsewhere, share_disk (w, "bert", TERN_VM_RUNNING); other_source (w))
SPOIL (shareable_disk, disk_of (w)->shareable = TRUE)
SPOIL (start_with_disk_in_use, start_elsewhere (w); disk_of_running_vm (w))
SPOIL (start_with_shareable, start_elsewhere (w); shareable_disk (w); disk_of_running_vm (w))
SPOIL (start_with_idle_disk, start_elsewhere (w); disk_of_shut_off_vm (w))
SPOIL (transient_disk, disk_of (w)->transient = TRUE)
SPOIL (no_secret, plan_set (&disk_of (w)->secret, "ceph:admin"))
SPOIL (secret_there, no_secret (w); set_list (&w->bert.facts->secrets, "ceph:admin"))
SPOIL (local_iso, medium (w, "cdrom", "/home/admin/tools.iso"))
SPOIL (ejected_iso, local_iso (w); w->eject_media = TRUE)
SPOIL (optional_iso, local_iso (w);
       plan_set (&((TernDisk *) w->vm->disks->pdata[1])->startup_policy, "optional"))
SPOIL (mandatory_iso, local_iso (w);
       plan_set (&((TernDisk *) w->vm->disks->pdata[1])->startup_policy, "mandatory"))
SPOIL (shared_iso, medium (w, "cdrom", "/srv/images/tools.iso"))
SPOIL (empty_drive, medium (w, "cdrom", NULL))
SPOIL (local_floppy, medium (w, "floppy", "/root/driver.img"))
SPOIL (no_network, plan_set (&nic_of (w)->source, "dmz"))
SPOIL (network_off, network_of (&w->bert)->active = FALSE)
SPOIL (networks_unknown, g_clear_pointer (&w->bert.facts->networks, g_ptr_array_unref))
SPOIL (no_portgroup, plan_set (&nic_of (w)->portgroup, "green"))
SPOIL (portgroup_of_off, no_portgroup (w); network_off (w))
SPOIL (portgroup, plan_set (&nic_of (w)->portgroup, "red"))
SPOIL (no_bridge, plan_set (&nic_of (w)->type, "bridge"); plan_set (&nic_of (w)->source, "br7"))
SPOIL (bridge, plan_set (&nic_of (w)->type, "bridge"); plan_set (&nic_of (w)->source, "br0"))
SPOIL (no_interface, no_bridge (w); plan_set (&nic_of (w)->type, "direct"))
SPOIL (backup, w->vm->backup = TRUE)
SPOIL (block_job, disk_of (w)->job = TRUE)
SPOIL (snapshots, w->vm->snapshots = 2)
SPOIL (start_with_snapshots, start_elsewhere (w); snapshots (w))
SPOIL (managed_save, start_elsewhere (w); w->vm->managed_save = TRUE)
SPOIL (pci, g_ptr_array_add (w->vm->hostdevs, tern_hostdev_new ("pci", "0000:01:00.0")))
SPOIL (usb, g_ptr_array_add (w->vm->hostdevs, tern_hostdev_new ("usb", "046d:c077")))
SPOIL (start_with_usb, start_elsewhere (w); usb (w))
SPOIL (filesystem, set_list (&w->vm->filesystems, "virtiofs:share"))
SPOIL (shmem, set_list (&w->vm->shmems, "shm0"))
SPOIL (start_with_shmem, start_elsewhere (w); shmem (w))
SPOIL (swtpm, plan_set (&w->vm->tpm, "emulator"))
SPOIL (real_tpm, plan_set (&w->vm->tpm, "passthrough"))
SPOIL (start_with_swtpm, start_elsewhere (w); swtpm (w))
SPOIL (nvram, plan_set (&w->vm->nvram, "/var/lib/libvirt/qemu/nvram/web01.fd"))
SPOIL (start_with_nvram, start_elsewhere (w); nvram (w))
SPOIL (start_with_shared_nvram, start_elsewhere (w);
       plan_set (&w->vm->nvram, "/srv/images/web01.fd"))
SPOIL (pinned, plan_set (&w->vm->pinned_cpus, "0-3,7"))
SPOIL (pinned_too_high, plan_set (&w->vm->pinned_cpus, "0-3,8"))
SPOIL (pinned_unreadable, plan_set (&w->vm->pinned_cpus, "all"))
SPOIL (numa, plan_set (&w->vm->numa_nodes, "0"))
SPOIL (numa_too_high, plan_set (&w->vm->numa_nodes, "0-1"))
SPOIL (name_there, plan_other (w, "web01", "bert"))
SPOIL (name_elsewhere, plan_other (w, "web01", "anna"))
SPOIL (name_on_its_way, name_elsewhere (w); promise (w, PLAN_OTHER_UUID, GIB))
SPOIL (mac_there, share_mac (w, "bert", TERN_VM_RUNNING))
SPOIL (mac_of_shut_off, share_mac (w, "bert", TERN_VM_SHUT_OFF))
SPOIL (mac_elsewhere, share_mac (w, "anna", TERN_VM_RUNNING))
SPOIL (mac_on_its_way, mac_elsewhere (w); promise (w, PLAN_OTHER_UUID, GIB))
SPOIL (everything, task_under_way (w); source_gone (w); memory_short (w); paused (w); usb (w);
       in_maintenance (w); other_source (w); local_iso (w); no_network (w); lacks_feature (w))
SPOIL (facts_unknown, tern_host_facts_unref (w->bert.facts); w->bert.facts = tern_host_facts_new ();
       network_disk (w))

/* clang-format off */
static const Case cases[] = {
  { "", nothing },
  { "!vm.attention", task_in_attention },
  { "!vm.moving", task_under_way },
  { "!vm.twice", copy_runs_there },
  { "!vm.job-running", copy_arrives_there },
  { "!vm.twice", copy_stands_there },
  { "!vm.twice", copy_unknown_there },
  { "?vm.uuid-taken", copy_off_there },
  { "!vm.uuid-taken", copy_saved_there },
  { "!vm.uuid-taken", copy_of_other_name },
  { "!vm.not-running", shut_off },
  { "!vm.not-running", suspended },
  { "!vm.io-error", io_error },
  { "!vm.paused", paused },
  { "", state_unknown },
  { "!vm.locked", locked },
  { "?vm.lock-stale", lock_expired },
  { "?vm.lock-stale", lock_expires_now },
  { "!vm.running", start_of_running },
  { "!vm.running", start_of_unknown },
  { "!vm.running", start_with_copy },
  { "", start_fine },
  { "!host.unreachable", source_silent },
  { "!host.unreachable", destination_silent },
  { "!host.unreachable", destination_connecting },
  { "!host.unreachable !host.unreachable", both_silent },
  { "!host.unreachable", start_with_silent_source },
  { "!host.maintenance", in_maintenance },
  { "!host.other-cluster", other_cluster },
  { "?host.other-cluster", other_cluster_named },
  { "!host.arch", other_arch },
  { "", small_arch },
  { "!host.virt-type", no_kvm },
  { "!machine-type.missing", no_machine },
  { "!qemu.older", older_qemu },
  { "", newer_qemu },
  { "", start_on_older_qemu },
  { "!cpu.feature-missing", lacks_feature },
  { "!cpu.vendor", other_vendor },
  { "", passthrough },
  { "!cpu.passthrough", passthrough_differs },
  { "!cpu.passthrough", passthrough_unknown },
  { "", start_of_passthrough },
  { "", start_of_host_model },
  { "!cpu.feature-missing", start_needs_feature },
  { "", no_cpu_named },
  { "?cpu.unknown", cpu_not_expanded },
  { "?cpu.unknown", host_cpu_unknown },
  { "?cpu.nested", nested },
  { "!cpu.tsc", invtsc },
  { "", tsc_same },
  { "!cpu.tsc", tsc_differs },
  { "", tsc_scaled },
  { "?cpu.tsc", tsc_unknown },
  { "!cpu.vcpus", many_vcpus },
  { "!cpu.vcpus", max_vcpus },
  { "", all_vcpus },
  { "!memory.short", memory_short },
  { "!memory.short", memory_promised },
  { "", memory_promised_to_itself },
  { "!memory.hugepages", no_hugepages },
  { "", hugepages },
  { "!memory.hugepages", other_hugepages },
  { "", hugepages_unknown },
  { "!storage.not-shared", other_source },
  { "!storage.not-verified", other_depth },
  { "!storage.not-verified", pool_inactive },
  { "!storage.not-verified", pools_unknown },
  { "!storage.not-verified", path_with_dots },
  { "!storage.not-verified", path_of_no_pool },
  { "?storage.file-system", shared_path },
  { "!storage.not-verified", other_shared_path },
  { "?storage.file-system", directories_are_one },
  { "!storage.not-verified", start_with_common_file_only },
  { "", start_of_common_file },
  { "", start_in_root_directory },
  { "!storage.not-verified", start_of_the_directory_itself },
  { "!storage.not-verified", directories_differ },
  { "!storage.not-verified", directory_lacks_it },
  { "!storage.not-verified", directory_unknown },
  { "!storage.not-verified", directory_here_unknown },
  { "!storage.not-shared", only_here_remote },
  { "!storage.not-verified", backing_not_shared },
  { "!storage.not-verified", plain_device },
  { "?storage.not-verified", wwn_device },
  { "?storage.not-verified", iscsi_device },
  { "!storage.not-verified", sata_device },
  { "", target_of_pool },
  { "?storage.not-verified", target_of_no_pool },
  { "!storage.not-verified", sata_device_beside_targets },
  { "", shared_device },
  { "!storage.not-verified", local_groups },
  { "", remote_groups },
  { "!storage.not-shared", other_groups },
  { "", network_disk },
  { "!storage.not-shared", nvme_disk },
  { "", shared_volume },
  { "!storage.pool-missing", volume_without_pool },
  { "!storage.pool-missing", volume_in_stopped_pool },
  { "!storage.not-shared", volume_elsewhere },
  { "!storage.not-verified", volume_pools_unknown },
  { "!storage.not-verified", readonly_not_shared },
  { "!storage.not-verified", start_not_shared },
  { "!storage.cache-unsafe", cache_unsafe },
  { "!storage.cache-unsafe", cache_of_old_qemu },
  { "", cache_none_of_old_qemu },
  { "?storage.cache-unsafe", cache_of_unknown_qemu },
  { "", cache_on_cluster },
  { "!storage.guest-cluster", disk_of_running_vm },
  { "!storage.guest-cluster", disk_of_vm_there },
  { "?storage.guest-cluster", disk_of_shut_off_vm },
  { "!storage.not-shared", equal_path_elsewhere },
  { "?storage.guest-cluster", shareable_disk },
  { "!storage.guest-cluster", start_with_disk_in_use },
  { "", start_with_shareable },
  { "", start_with_idle_disk },
  { "!storage.transient", transient_disk },
  { "!storage.secret-missing", no_secret },
  { "", secret_there },
  { "!cdrom.local", local_iso },
  { "?cdrom.local", ejected_iso },
  { "?cdrom.local", optional_iso },
  { "!cdrom.local", mandatory_iso },
  { "", shared_iso },
  { "", empty_drive },
  { "!floppy.local", local_floppy },
  { "!network.missing", no_network },
  { "!network.inactive", network_off },
  { "", networks_unknown },
  { "!network.portgroup", no_portgroup },
  { "!network.inactive !network.portgroup", portgroup_of_off },
  { "", portgroup },
  { "!network.bridge-missing", no_bridge },
  { "", bridge },
  { "!network.bridge-missing", no_interface },
  { "!vm.backup", backup },
  { "!vm.block-job", block_job },
  { "!vm.snapshots", snapshots },
  { "!vm.snapshots", start_with_snapshots },
  { "!vm.managed-save", managed_save },
  { "!vm.hostdev", pci },
  { "!vm.usb", usb },
  { "!vm.usb", start_with_usb },
  { "!vm.filesystem", filesystem },
  { "!vm.shmem", shmem },
  { "?vm.shmem", start_with_shmem },
  { "", swtpm },
  { "!vm.tpm-local", real_tpm },
  { "!vm.tpm-local", start_with_swtpm },
  { "", nvram },
  { "!vm.nvram-local", start_with_nvram },
  { "", start_with_shared_nvram },
  { "?vm.pinned", pinned },
  { "!vm.pinned", pinned_too_high },
  { "?vm.pinned", pinned_unreadable },
  { "?vm.numa", numa },
  { "!vm.numa", numa_too_high },
  { "!vm.name-taken", name_there },
  { "", name_elsewhere },
  { "!vm.name-taken", name_on_its_way },
  { "!vm.mac-taken", mac_there },
  { "?vm.mac-taken", mac_of_shut_off },
  { "", mac_elsewhere },
  { "!vm.mac-taken", mac_on_its_way },
  { "!memory.short ?cpu.unknown", facts_unknown },
  { "!vm.moving !vm.paused !host.unknown !host.maintenance !cpu.feature-missing !memory.short "
    "!storage.not-verified !cdrom.local !network.missing !vm.usb", everything },
};
/* clang-format on */

/* Sentences name whom they are about; what is foreign in them is safe to show. */
static void
check_sentence (const TernReason *reason)
{
  const char *s = reason->sentence;

  ck_assert_msg (strstr (s, "web01") != NULL || strstr (s, "anna") != NULL
                     || strstr (s, "bert") != NULL,
                 "%s", s);
  ck_assert_ptr_nonnull (strchr (s, ' '));
  for (guint i = 0; reason->info->parameters[i] != NULL; i++)
    ck_assert_ptr_nonnull (tern_reason_get_parameter (reason, reason->info->parameters[i]));
  ck_assert_ptr_null (tern_reason_get_parameter (reason, "no such thing"));
}

START_TEST (each_reason_is_given_for_what_causes_it)
{
  const Case *row = &cases[_i];
  g_auto (PlanWorld) w;
  g_autoptr (TernJudge) judge = NULL;
  g_autoptr (TernVerdict) verdict = NULL;
  g_autofree char *codes = NULL;
  TernQuestion question;
  const TernHost *bert;

  plan_world_init (&w);
  row->spoil (&w);
  question = plan_world_question (&w);
  judge = tern_judge_new (&question);
  bert = tern_cluster_find_host (w.cluster, "bert");
  verdict = tern_judge_host (judge, bert);
  codes = plan_codes (verdict->reasons);
  ck_assert_msg (g_str_equal (codes, row->codes), "case %d: %s, and not %s", _i, codes, row->codes);
  ck_assert (verdict->host == bert);
  ck_assert_int_eq (verdict->allowed, strchr (codes, '!') == NULL);
  ck_assert_int_eq (tern_judge_allows (judge, bert), verdict->allowed);
  ck_assert_int_eq (tern_reasons_block (verdict->reasons), !verdict->allowed);
  for (guint i = 0; i < verdict->reasons->len; i++)
    check_sentence (verdict->reasons->pdata[i]);
}
END_TEST

START_TEST (each_code_of_the_table_is_reached)
{
  g_autoptr (GString) all = g_string_new ("vm.job-running "); /* by the last look, below */
  const TernReasonInfo *table;
  guint n;

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_string_append_printf (all, "%s ", cases[i].codes);
  g_string_append (all, "!host.same ");
  table = tern_reason_info_get_all (&n);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *word = g_strdup_printf ("%s ", table[i].code);

      ck_assert_msg (strstr (all->str, word) != NULL, "%s is not reached", table[i].code);
    }
}
END_TEST

static char *
codes_for (PlanWorld *w, const char *host)
{
  TernQuestion question = plan_world_question (w);
  g_autoptr (TernJudge) judge = tern_judge_new (&question);
  g_autoptr (TernVerdict) verdict =
      tern_judge_host (judge, tern_cluster_find_host (w->cluster, host));

  return plan_codes (verdict->reasons);
}

START_TEST (a_vm_does_not_move_to_where_it_is_and_starts_there_with_what_it_has)
{
  static const struct
  {
    const char *move, *start;
    Spoiler spoil;
  } rows[] = {
    { "!host.same", "", shut_off },
    { "!host.same", "", pci },
    { "!host.same", "", swtpm },
    { "!host.same", "", nvram },
    { "!host.same", "", snapshots },
    { "!host.same", "", path_of_no_pool },
    { "!host.same", "", local_iso },
    { "!host.same", "", pinned },
    { "!host.same", "", cache_unsafe },
    { "!host.same", "!vm.locked", locked },
    { "!host.same", "!network.missing", no_network },
    { "!host.same", "!storage.pool-missing", volume_without_pool },
    { "!host.same", "!host.unreachable", source_silent },
    { "!host.same", "!host.unreachable", copy_off_there },
    { "!host.same", "!storage.secret-missing", no_secret },
    { "!host.same", "!cpu.vcpus", many_vcpus },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (PlanWorld) w;
      g_autofree char *move = NULL, *start = NULL;

      plan_world_init (&w);
      rows[i].spoil (&w);
      if (rows[i].spoil == copy_off_there)
        destination_silent (&w);
      move = codes_for (&w, "anna");
      ck_assert_msg (strstr (move, "!host.same") != NULL, "row %u: %s", i, move);
      w.act = TERN_ACT_START;
      w.vm->state = TERN_VM_SHUT_OFF;
      start = codes_for (&w, "anna");
      ck_assert_msg (g_str_equal (start, rows[i].start), "row %u: %s", i, start);
    }
}
END_TEST

/* 2 GiB, a 512th of it, and 8 MiB for each of two CPUs, 8, 50 and 32 MiB. */
#define NEED (2 * GIB + 4 * MIB + 16 * MIB + 90 * MIB)

START_TEST (memory_is_judged_to_the_byte_and_never_told_too_rosy)
{
  static const struct
  {
    guint64 total, free, reserve, promised;
    double ratio;
    const char *need, *have, *lack;
  } rows[] = {
    { 16 * GIB, NEED, MIB, 0, 1, NULL, NULL, NULL },
    { 16 * GIB, NEED - 1, MIB, 0, 1, "2158", "2157", "1" },
    { NEED + MIB, 16 * GIB, MIB, 0, 1, NULL, NULL, NULL },
    { NEED + MIB - 1, 16 * GIB, MIB, 0, 1, "2158", "2157", "1" },
    { 16 * GIB, NEED + GIB, MIB, GIB, 1, NULL, NULL, NULL },
    { 16 * GIB, NEED + GIB, MIB, GIB + 1, 1, "2158", "2157", "1" },
    { NEED + MIB + GIB, 16 * GIB, MIB, GIB + MIB, 1, "2158", "2157", "1" },
    { NEED + MIB, 16 * GIB, MIB, 0, 0.5, "2158", "1078", "1080" },
    { NEED / 2 + MIB, 16 * GIB, MIB, 0, 2, NULL, NULL, NULL },
    { 16 * GIB, 16 * GIB, G_MAXUINT64, 0, 1, "2158", "0", "2158" },
    { 16 * GIB, 16 * GIB, MIB, G_MAXUINT64, 1, "2158", "0", "2158" },
    { G_MAXUINT64, G_MAXUINT64, MIB, 0, 1e300, NULL, NULL, NULL },
    { 16 * GIB, 16 * GIB, MIB, 0, -1, "2158", "0", "2158" },
    { 16 * GIB, 16 * GIB, MIB, 0, 0.0 / 0.0, "2158", "0", "2158" },
    { 16 * GIB, 0, MIB, 0, 1, "2158", "0", "2158" },
    { 0, NEED, MIB, 0, 1, NULL, NULL, NULL },
    { 0, 0, MIB, 0, 1, "2158", "0", "2158" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto (PlanWorld) w;
      g_autoptr (TernJudge) judge = NULL;
      g_autoptr (TernVerdict) verdict = NULL;
      TernQuestion question;
      const TernReason *reason;

      plan_world_init (&w);
      w.bert.facts->memory_total = rows[i].total;
      w.bert.facts->memory_free = rows[i].free;
      w.bert.config->memory_reserve = rows[i].reserve;
      w.settings.memory_ratio = rows[i].ratio;
      promise (&w, PLAN_OTHER_UUID, rows[i].promised);
      question = plan_world_question (&w);
      judge = tern_judge_new (&question);
      verdict = tern_judge_host (judge, tern_cluster_find_host (w.cluster, "bert"));
      ck_assert_msg (verdict->allowed == (rows[i].need == NULL), "row %u", i);
      ck_assert_uint_eq (verdict->memory_need, NEED);
      if (rows[i].need == NULL)
        continue;
      reason = verdict->reasons->pdata[0];
      ck_assert_str_eq (reason->info->code, "memory.short");
      ck_assert_str_eq (tern_reason_get_parameter (reason, "need"), rows[i].need);
      ck_assert_str_eq (tern_reason_get_parameter (reason, "free"), rows[i].have);
      ck_assert_str_eq (tern_reason_get_parameter (reason, "short"), rows[i].lack);
    }
}
END_TEST

START_TEST (memory_of_running_vms_and_pools_of_huge_pages_is_not_free)
{
  g_auto (PlanWorld) w;
  g_autofree char *full = NULL, *room = NULL, *paged = NULL;

  plan_world_init (&w);
  w.settings.memory_reserve = GIB;
  plan_other (&w, "big", "bert")->memory = 13 * GIB;
  full = codes_for (&w, "bert");
  ck_assert_str_eq (full, "!memory.short");
  ((TernVm *) w.others->pdata[0])->state = TERN_VM_SHUT_OFF;
  room = codes_for (&w, "bert");
  ck_assert_str_eq (room, "");
  add_hugepages (&w.bert, GIB, 13);
  paged = codes_for (&w, "bert");
  ck_assert_str_eq (paged, "!memory.short");
}
END_TEST

START_TEST (what_blocks_is_told_before_what_warns)
{
  g_auto (PlanWorld) w;
  g_autofree char *codes = NULL;

  plan_world_init (&w);
  nested (&w);
  pinned (&w);
  lock_expired (&w);
  usb (&w);
  codes = codes_for (&w, "bert");
  ck_assert_str_eq (codes, "!vm.usb ?vm.lock-stale ?cpu.nested ?vm.pinned");
}
END_TEST

START_TEST (a_foreign_text_cannot_write_to_a_terminal)
{
  const char *nasty = "x\033[2J\n\xff";
  g_auto (PlanWorld) w;
  g_autoptr (GPtrArray) verdicts = NULL;
  g_autoptr (TernJudge) judge = NULL;
  TernQuestion question;

  plan_world_init (&w);
  plan_set (&w.vm->name, nasty);
  w.vm->lock = tern_lock_new (nasty, nasty, 0, 0);
  plan_set (&disk_of (&w)->source, nasty);
  plan_set (&disk_of (&w)->target, nasty);
  plan_set (&disk_of (&w)->secret, nasty);
  plan_set (&nic_of (&w)->source, nasty);
  plan_set (&w.vm->machine, nasty);
  g_ptr_array_add (w.vm->hostdevs, tern_hostdev_new (nasty, nasty));
  set_list (&w.vm->filesystems, "\033");
  medium (&w, "cdrom", nasty);
  share_disk (&w, "anna", TERN_VM_RUNNING);
  question = plan_world_question (&w);
  judge = tern_judge_new (&question);
  verdicts = tern_judge_all (judge);
  ck_assert_uint_eq (verdicts->len, 2);
  for (guint i = 0; i < 2; i++)
    {
      const TernVerdict *verdict = verdicts->pdata[i];

      ck_assert_uint_ge (verdict->reasons->len, 4);
      for (guint j = 0; j < verdict->reasons->len; j++)
        {
          const TernReason *reason = verdict->reasons->pdata[j];

          ck_assert_ptr_null (strpbrk (reason->sentence, "\033\n"));
          ck_assert (g_utf8_validate (reason->sentence, -1, NULL));
          if (reason->remedy != NULL)
            ck_assert_ptr_null (strpbrk (reason->remedy, "\033\n"));
        }
    }
}
END_TEST

START_TEST (a_command_names_a_vm_by_its_uuid_where_a_shell_could_misread_its_name)
{
  static const char *const names[] = { "web 01", "-rf", "$(reboot)", "a;b", "" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_auto (PlanWorld) w;
      g_autoptr (TernJudge) judge = NULL;
      g_autoptr (TernVerdict) verdict = NULL;
      TernQuestion question;

      plan_world_init (&w);
      plan_set (&w.vm->name, names[i]);
      locked (&w);
      question = plan_world_question (&w);
      judge = tern_judge_new (&question);
      verdict = tern_judge_host (judge, tern_cluster_find_host (w.cluster, "bert"));
      ck_assert_str_eq (((TernReason *) verdict->reasons->pdata[0])->remedy,
                        "“virtern vm unlock " PLAN_UUID "”");
    }
}
END_TEST

START_TEST (an_error_holds_every_sentence_that_blocks_and_the_code_of_the_first)
{
  g_auto (PlanWorld) w;
  g_autoptr (TernJudge) judge = NULL;
  g_autoptr (TernVerdict) verdict = NULL;
  g_autoptr (GError) error = NULL;
  TernQuestion question;

  plan_world_init (&w);
  task_under_way (&w);
  memory_short (&w);
  pinned (&w);
  question = plan_world_question (&w);
  judge = tern_judge_new (&question);
  verdict = tern_judge_host (judge, tern_cluster_find_host (w.cluster, "bert"));
  error = tern_reasons_to_error (verdict->reasons);
  ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_BUSY));
  ck_assert_ptr_nonnull (strstr (error->message, "by task 5: wait for it"));
  ck_assert_ptr_nonnull (strstr (error->message, "; "));
  ck_assert_ptr_nonnull (strstr (error->message, "MiB short"));
  ck_assert_ptr_null (strstr (error->message, "tied"));
}
END_TEST

START_TEST (only_a_vm_that_runs_is_moved_and_only_one_that_does_not_is_started)
{
  g_auto (PlanWorld) w;
  g_autofree char *move = NULL, *start = NULL;
  gboolean dead = _i == TERN_VM_SHUT_OFF || _i == TERN_VM_CRASHED;

  plan_world_init (&w);
  w.vm->state = _i;
  move = codes_for (&w, "bert");
  ck_assert_int_eq (move[0] == '\0', _i == TERN_VM_RUNNING || _i == TERN_VM_UNKNOWN);
  w.act = TERN_ACT_START;
  start = codes_for (&w, "bert");
  ck_assert_str_eq (start, dead ? "" : "!vm.running");
}
END_TEST

START_TEST (a_vm_that_lives_on_another_host_too_is_neither_moved_nor_started)
{
  g_auto (PlanWorld) w;
  g_autofree char *move = NULL, *start = NULL;
  gboolean dead = _i == TERN_VM_SHUT_OFF || _i == TERN_VM_CRASHED;

  plan_world_init (&w);
  add_copy (&w, _i);
  move = codes_for (&w, "bert");
  ck_assert_str_eq (move, dead ? "?vm.uuid-taken" : "!vm.twice");
  w.act = TERN_ACT_START;
  w.vm->state = TERN_VM_SHUT_OFF;
  start = codes_for (&w, "bert");
  ck_assert_str_eq (start, dead ? "" : "!vm.running");
}
END_TEST

static void
expect_sightings (const TernSighting *source, const TernSighting *destination, const char *codes)
{
  g_autoptr (GPtrArray) reasons =
      tern_verdict_of_sightings ("web01", "anna", source, "bert", destination);
  g_autofree char *found = plan_codes (reasons);

  ck_assert_str_eq (found, codes);
  for (guint i = 0; i < reasons->len; i++)
    check_sentence (reasons->pdata[i]);
}

START_TEST (the_last_look_lets_only_a_running_vm_go_to_a_host_without_it)
{
  TernSighting here = { .known = TRUE, .present = TRUE, .state = TERN_VM_RUNNING };
  TernSighting absent = { .known = TRUE }, silent = { .known = FALSE };
  TernSighting off = { .known = TRUE, .present = TRUE, .state = TERN_VM_SHUT_OFF };
  TernSighting odd = { .known = TRUE, .present = TRUE, .state = TERN_VM_UNKNOWN };
  TernSighting busy = here, leaving = here;

  busy.job_active = TRUE;
  leaving.job_active = leaving.job_outgoing = TRUE;
  expect_sightings (&here, &absent, "");
  expect_sightings (&here, &off, "");
  expect_sightings (&silent, &absent, "!host.unreachable");
  expect_sightings (&here, &silent, "!host.unreachable");
  expect_sightings (&silent, &silent, "!host.unreachable !host.unreachable");
  expect_sightings (&absent, &absent, "!vm.not-running");
  expect_sightings (&off, &absent, "!vm.not-running");
  expect_sightings (&odd, &absent, "!vm.not-running");
  expect_sightings (&busy, &absent, "!vm.job-running");
  expect_sightings (&leaving, &absent, "!vm.job-running");
  expect_sightings (&here, &here, "!vm.twice");
  expect_sightings (&here, &odd, "!vm.twice");
  expect_sightings (&absent, &here, "!vm.not-running !vm.twice");
}
END_TEST

START_TEST (no_call_is_made_while_the_destination_may_hold_a_living_copy)
{
  TernSighting source = { .known = TRUE, .present = TRUE, .state = TERN_VM_RUNNING };

  for (guint state = 0; state < TERN_VM_N_STATES; state++)
    for (guint reason = 0; reason < TERN_REASON_N; reason++)
      {
        TernSighting seen = { .known = TRUE, .present = TRUE, .state = state, .reason = reason };
        gboolean dead = state == TERN_VM_SHUT_OFF || state == TERN_VM_CRASHED;

        expect_sightings (&source, &seen, dead ? "" : "!vm.twice");
      }
}
END_TEST

TERN_CHECK_MAIN (
    "verdict",
    tcase_add_loop_test (tcase, each_reason_is_given_for_what_causes_it, 0, G_N_ELEMENTS (cases));
    tcase_add_test (tcase, each_code_of_the_table_is_reached);
    tcase_add_test (tcase, a_vm_does_not_move_to_where_it_is_and_starts_there_with_what_it_has);
    tcase_add_test (tcase, memory_is_judged_to_the_byte_and_never_told_too_rosy);
    tcase_add_test (tcase, memory_of_running_vms_and_pools_of_huge_pages_is_not_free);
    tcase_add_test (tcase, what_blocks_is_told_before_what_warns);
    tcase_add_test (tcase, a_foreign_text_cannot_write_to_a_terminal);
    tcase_add_test (tcase, a_command_names_a_vm_by_its_uuid_where_a_shell_could_misread_its_name);
    tcase_add_test (tcase, an_error_holds_every_sentence_that_blocks_and_the_code_of_the_first);
    tcase_add_loop_test (tcase, only_a_vm_that_runs_is_moved_and_only_one_that_does_not_is_started,
                         0, TERN_VM_N_STATES);
    tcase_add_loop_test (tcase, a_vm_that_lives_on_another_host_too_is_neither_moved_nor_started, 0,
                         TERN_VM_N_STATES);
    tcase_add_test (tcase, the_last_look_lets_only_a_running_vm_go_to_a_host_without_it);
    tcase_add_test (tcase, no_call_is_made_while_the_destination_may_hold_a_living_copy);)
