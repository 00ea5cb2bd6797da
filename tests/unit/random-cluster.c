/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "random-cluster.h"

#include <string.h>

#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define NOW G_GINT64_CONSTANT (1700000000000000)

#define PICK(random, table) ((table)[test_random_below (random, G_N_ELEMENTS (table))])

/* --- words --- */

static const char *const treacherous_names[] = {
  "two words",
  "quote\"d \\ back",
  "evil\x1b[31m\xe2\x80\xaename",
  "line\nbreak\ttab",
  "b\xc3\xa4r \xf0\x9f\x90\xa6",
  "not \xff\xfe UTF-8",
  "{\"base64\": \"AA==\"}",
  "</name><name>",
  "%s%n$(reboot)`",
  "\x7f",
  "null",
  "node1",
};

/* Each generation has what the one before has, as the Xeon 5500, 5600 and E5-2600 do. */
static const char *const all_features[] = { "avx2", "bmi1",   "avx", "xsave", "aes",
                                            "pcid", "sse4.2", "nx",  "vmx",   NULL };
static const char *const models[] = { "Nehalem-IBRS", "Westmere-IBRS", "SandyBridge-IBRS",
                                      "Haswell-noTSX-IBRS" };
static const guint first_features[] = { 6, 4, 2, 0 };

static char *
make_uuid (TestRandom *random)
{
  guint64 high = test_random_next (random), low = test_random_next (random);

  return g_strdup_printf ("%08x-%04x-4%03x-8%03x-%012" G_GINT64_MODIFIER "x", (guint) (high >> 32),
                          (guint) (high >> 16) & 0xFFFF, (guint) high & 0xFFF,
                          (guint) (low >> 48) & 0xFFF, low & G_GUINT64_CONSTANT (0xFFFFFFFFFFFF));
}

static GStrv
make_strv (const char *const *words)
{
  return g_strdupv ((char **) words);
}

/* --- hosts --- */

static TernNetwork *
make_network (TestRandom *random, const char *name)
{
  TernNetwork *network = tern_network_new (name, test_random_chance (random, 90));

  if (test_random_chance (random, 30))
    network->portgroups = make_strv ((const char *const[]){ "blue", "red", NULL });
  return network;
}

static GPtrArray *
make_networks (TestRandom *random)
{
  GPtrArray *networks = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_network_free);

  g_ptr_array_add (networks, make_network (random, "default"));
  if (test_random_chance (random, 70))
    g_ptr_array_add (networks, make_network (random, "dmz"));
  return networks;
}

static GPtrArray *
make_pools (TestRandom *random)
{
  GPtrArray *pools = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_pool_free);
  TernPool *local = tern_pool_new ("images", "dir");

  local->active = TRUE;
  local->path = g_strdup ("/var/lib/libvirt/images");
  if (test_random_chance (random, 50))
    local->volumes = make_strv ((const char *const[]){ "a.qcow2\t1700000000123456789", NULL });
  g_ptr_array_add (pools, local);
  if (test_random_chance (random, 85))
    {
      TernPool *shared = tern_pool_new ("shared", "netfs");

      shared->active = test_random_chance (random, 95);
      shared->path = g_strdup ("/shared");
      shared->source =
          g_strdup (test_random_chance (random, 95) ? "nfs://filer/vms" : "nfs://filer/other");
      shared->remote = TRUE;
      g_ptr_array_add (pools, shared);
    }
  return pools;
}

static GPtrArray *
make_hugepages (TestRandom *random)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);
  TernHugepages *pages = g_new0 (TernHugepages, 1);

  pages->size = 2 * MIB;
  pages->total = test_random_below (random, 2048);
  pages->free = pages->total > 0 ? test_random_below (random, (guint) pages->total) : 0;
  g_ptr_array_add (list, pages);
  return list;
}

static TernCpu *
make_host_cpu (TestRandom *random, guint generation)
{
  g_autoptr (GPtrArray) features = g_ptr_array_new ();
  TernCpu *cpu;

  for (guint i = first_features[generation]; all_features[i] != NULL; i++)
    /* Now and then somebody switched one off in the firmware. */
    if (!test_random_chance (random, 3))
      g_ptr_array_add (features, (gpointer) all_features[i]);
  g_ptr_array_add (features, NULL);
  cpu = tern_cpu_new ("host-model", models[generation], "Intel",
                      (const char *const *) features->pdata, NULL);
  cpu->expanded = TRUE;
  return cpu;
}

static void
fill_resources (TestRandom *random, TernHostFacts *facts)
{
  /* Now and then nobody could be asked. */
  if (test_random_chance (random, 90))
    facts->networks = make_networks (random);
  if (test_random_chance (random, 90))
    facts->pools = make_pools (random);
  if (test_random_chance (random, 50))
    facts->hugepages = make_hugepages (random);
  if (test_random_chance (random, 80))
    facts->interfaces = make_strv ((const char *const[]){ "br0", "eth0", NULL });
  if (test_random_chance (random, 80))
    facts->secrets = make_strv ((const char *const[]){ "ceph:client.virt", NULL });
  if (test_random_chance (random, 90))
    facts->machines = make_strv (
        (const char *const[]){ "pc", "pc-i440fx-7.2", "pc-q35-6.2", "pc-q35-7.2", "q35", NULL });
  if (test_random_chance (random, 90))
    facts->virt_types = make_strv ((const char *const[]){ "kvm", "qemu", NULL });
  if (test_random_chance (random, 50))
    facts->cpu_models = make_strv ((const char *const[]){
        "Haswell-noTSX-IBRS", "Nehalem-IBRS", "SandyBridge-IBRS", "Westmere-IBRS", NULL });
}

static TernHostFacts *
make_facts (TestRandom *random, guint generation)
{
  TernHostFacts *facts = tern_host_facts_new ();

  facts->uuid = make_uuid (random);
  facts->hostname = g_strdup ("host.example");
  facts->memory_total = (4 + test_random_below (random, 60)) * 1024 * MIB;
  if (test_random_chance (random, 50))
    facts->memory_total -= 4096 * (1 + (guint64) test_random_below (random, 1000));
  facts->cpus = 2 + 2 * test_random_below (random, 32);
  facts->cpu_mhz = test_random_below (random, 4000);
  facts->arch = g_strdup (test_random_chance (random, 97) ? "x86_64" : "aarch64");
  facts->cpu = test_random_chance (random, 95) ? make_host_cpu (random, generation) : NULL;
  facts->libvirt_version = test_random_chance (random, 90) ? 9000000 : 10001002;
  facts->qemu_version = test_random_chance (random, 80) ? 7002000 : 8001003;
  facts->load_permille =
      test_random_chance (random, 60) ? (int) test_random_below (random, 1001) : -1;
  facts->max_vcpus = test_random_chance (random, 80) ? 288 : 0;
  facts->cpu_signature = g_strdup (models[generation]);
  facts->tsc_hz = test_random_chance (random, 70) ? G_GUINT64_CONSTANT (2900000000) : 0;
  facts->tsc_scaling = test_random_chance (random, 50);
  facts->numa_nodes = test_random_below (random, 3);
  fill_resources (random, facts);
  return facts;
}

static TernHost *
make_host (TestRandom *random, guint number)
{
  g_autofree char *name = g_strdup_printf ("node%u", number + 1);
  g_autofree char *uri = g_strdup_printf ("sim://node%u/", number + 1);
  g_autoptr (TernHostConfig) config = tern_host_config_new (name, uri);
  g_autoptr (TernHostFacts) facts = NULL;
  TernHostState state = TERN_HOST_UP;

  if (!test_random_chance (random, 4))
    facts = make_facts (random, test_random_below (random, G_N_ELEMENTS (models)));
  if (facts == NULL || test_random_chance (random, 8))
    state = test_random_chance (random, 70) ? TERN_HOST_UNREACHABLE : TERN_HOST_CONNECTING;
  if (facts != NULL)
    config->uuid = g_strdup (facts->uuid);
  config->duty = test_random_chance (random, 8) ? TERN_DUTY_MAINTENANCE : TERN_DUTY_ACTIVE;
  if (test_random_chance (random, 10))
    {
      g_free (config->cluster);
      config->cluster = g_strdup ("other \"cluster\"");
    }
  if (test_random_chance (random, 30))
    config->memory_reserve = 256 * MIB + test_random_below (random, 1000);
  return tern_host_new (config, state, facts,
                        facts != NULL ? NOW - test_random_below (random, 3) : 0,
                        state == TERN_HOST_UNREACHABLE ? "No route\nto host" : NULL);
}

/* --- VMs --- */

static void
add_disk (TestRandom *random, TernVm *vm, guint number)
{
  static const char *const caches[] = { NULL, NULL, "none", "directsync", "writeback" };
  TernDisk *disk = tern_disk_new ();

  disk->target = g_strdup_printf ("vd%c", 'a' + (char) number);
  disk->device = g_strdup ("disk");
  disk->cache = g_strdup (PICK (random, caches));
  disk->type = g_strdup ("file");
  switch (test_random_below (random, 12))
    {
    case 0:
      disk->source = g_strdup_printf ("/var/lib/libvirt/images/%.8s.qcow2", vm->uuid);
      break;
    case 1:
      g_free (disk->type);
      disk->type = g_strdup ("network");
      disk->source = g_strdup_printf ("rbd:vms/%.8s", vm->uuid);
      disk->secret = g_strdup ("ceph:client.virt");
      break;
    case 2:
      g_free (disk->type);
      disk->type = g_strdup ("volume");
      disk->pool = g_strdup (test_random_chance (random, 80) ? "shared" : "images");
      disk->volume = g_strdup_printf ("%.8s.raw", vm->uuid);
      disk->source = g_strdup_printf ("%s/%s", disk->pool, disk->volume);
      break;
    case 3:
      disk->source = g_strdup ("/shared/quorum.raw");
      disk->shareable = test_random_chance (random, 50);
      break;
    default:
      disk->source = g_strdup_printf ("/shared/%.8s-%u.qcow2", vm->uuid, number);
      if (test_random_chance (random, 10))
        disk->backing = make_strv ((const char *const[]){ "/shared/golden.qcow2", NULL });
      break;
    }
  disk->transient = test_random_chance (random, 2);
  disk->job = test_random_chance (random, 2);
  g_ptr_array_add (vm->disks, disk);
}

static void
add_drive (TestRandom *random, TernVm *vm)
{
  static const char *const policies[] = { NULL, NULL, "mandatory", "requisite", "optional" };
  TernDisk *drive = tern_disk_new ();

  drive->target = g_strdup ("sda");
  drive->device = g_strdup (test_random_chance (random, 80) ? "cdrom" : "floppy");
  drive->type = g_strdup ("file");
  drive->readonly = TRUE;
  drive->startup_policy = g_strdup (PICK (random, policies));
  if (test_random_chance (random, 40))
    drive->source = g_strdup (test_random_chance (random, 50) ? "/shared/tools.iso"
                                                              : "/root/tools \xe2\x80\xae.iso");
  g_ptr_array_add (vm->disks, drive);
}

static void
add_nic (TestRandom *random, TernVm *vm, guint number)
{
  static const char *const types[] = {
    "network", "network", "network", "bridge", "user", "direct"
  };
  TernNic *nic = tern_nic_new ();

  nic->type = g_strdup (PICK (random, types));
  if (g_str_equal (nic->type, "network"))
    nic->source = g_strdup (test_random_chance (random, 80) ? "default" : "dmz");
  else if (g_str_equal (nic->type, "bridge"))
    nic->source = g_strdup (test_random_chance (random, 80) ? "br0" : "br9");
  else if (g_str_equal (nic->type, "direct"))
    nic->source = g_strdup ("eth0");
  nic->mac = g_strdup_printf ("52:54:00:%.2s:%.2s:%02x", vm->uuid, vm->uuid + 2, number);
  if (test_random_chance (random, 10))
    nic->portgroup = g_strdup (test_random_chance (random, 70) ? "blue" : "green");
  g_ptr_array_add (vm->nics, nic);
}

static TernCpu *
make_vm_cpu (TestRandom *random)
{
  static const char *const modes[] = { "custom",           "custom",  "custom", "host-model",
                                       "host-passthrough", "maximum", "" };
  const char *mode = PICK (random, modes);
  guint generation = test_random_below (random, G_N_ELEMENTS (models));
  gboolean named = g_str_equal (mode, "custom") || g_str_equal (mode, "host-model");
  TernCpu *cpu;

  if (test_random_chance (random, 5))
    return NULL;
  cpu = tern_cpu_new (
      mode, named ? models[generation] : NULL, test_random_chance (random, 30) ? "Intel" : NULL,
      named ? all_features + first_features[generation] : NULL,
      test_random_chance (random, 10) ? (const char *const[]){ "spec-ctrl", NULL } : NULL);
  cpu->expanded = named && test_random_chance (random, 90);
  return cpu;
}

static void
add_obstacles (TestRandom *random, TernVm *vm)
{
  static const char *const hostdevs[] = { "pci", "usb", "mdev" };

  if (test_random_chance (random, 4))
    g_ptr_array_add (vm->hostdevs, tern_hostdev_new (PICK (random, hostdevs), "0000:01:00.0"));
  if (test_random_chance (random, 3))
    vm->filesystems = make_strv ((const char *const[]){ "virtiofs:home", NULL });
  if (test_random_chance (random, 3))
    vm->shmems = make_strv ((const char *const[]){ "ivshmem0", NULL });
  if (test_random_chance (random, 5))
    vm->tpm = g_strdup (test_random_chance (random, 80) ? "emulator" : "passthrough");
  if (test_random_chance (random, 10))
    vm->nvram = g_strdup_printf ("/shared/nvram/%.8s.fd", vm->uuid);
  vm->hugepages = test_random_chance (random, 4);
  vm->hugepage_size = vm->hugepages ? 2 * MIB : 0;
  if (test_random_chance (random, 4))
    vm->pinned_cpus = g_strdup ("0-1,8");
  if (test_random_chance (random, 4))
    vm->numa_nodes = g_strdup ("0-1");
  if (test_random_chance (random, 4))
    vm->tsc_hz = G_GUINT64_CONSTANT (2900000000) + test_random_below (random, 2000000);
  vm->snapshots = test_random_chance (random, 4);
  vm->backup = test_random_chance (random, 3);
  vm->masked = test_random_chance (random, 5);
  if (test_random_chance (random, 6))
    vm->lock = tern_lock_new ("backup@host \xe2\x80\xae", "nightly\nbackup", NOW - 1000,
                              test_random_chance (random, 50) ? NOW + 1000 : 0);
}

static char *
make_name (TestRandom *random, guint number)
{
  if (test_random_chance (random, 85))
    return g_strdup_printf ("vm%03u", number);
  return g_strdup_printf ("%s %u", PICK (random, treacherous_names), number);
}

static void
set_state (TestRandom *random, TernVm *vm)
{
  static const TernVmState others[] = { TERN_VM_PAUSED, TERN_VM_SHUTTING_DOWN, TERN_VM_SUSPENDED,
                                        TERN_VM_CRASHED, TERN_VM_UNKNOWN };

  vm->state = TERN_VM_RUNNING;
  vm->persistent = test_random_chance (random, 90);
  if (test_random_chance (random, 20))
    vm->state = TERN_VM_SHUT_OFF;
  else if (test_random_chance (random, 10))
    vm->state = PICK (random, others);
  if (vm->state == TERN_VM_PAUSED && test_random_chance (random, 50))
    vm->reason = test_random_chance (random, 50) ? TERN_REASON_IO_ERROR : TERN_REASON_USER;
  if (!tern_vm_state_is_active (vm->state) && vm->state != TERN_VM_UNKNOWN)
    vm->persistent = TRUE;
  vm->managed_save = vm->state == TERN_VM_SHUT_OFF && test_random_chance (random, 10);
}

static TernVm *
make_vm (TestRandom *random, guint number, const TernHost *host)
{
  g_autofree char *uuid = make_uuid (random);
  g_autofree char *name = make_name (random, number);
  TernVm *vm = tern_vm_new (uuid, name, host->config->name);

  set_state (random, vm);
  vm->memory = (1 + (guint64) test_random_below (random, 16)) * 256 * MIB;
  if (test_random_chance (random, 20))
    vm->memory += 1024 * (guint64) test_random_below (random, 1024) + test_random_below (random, 2);
  vm->memory_current = vm->memory;
  if (test_random_chance (random, 20))
    vm->memory_current -= test_random_below (random, 100000);
  vm->vcpus = 1 + test_random_below (random, 8);
  vm->arch = g_strdup ("x86_64");
  vm->machine = g_strdup (test_random_chance (random, 90) ? "pc-q35-7.2" : "pc-q35-8.1");
  vm->virt_type = g_strdup (test_random_chance (random, 95) ? "kvm" : "qemu");
  vm->cpu = make_vm_cpu (random);
  for (guint i = test_random_below (random, 3); i > 0; i--)
    add_disk (random, vm, i - 1);
  if (test_random_chance (random, 30))
    add_drive (random, vm);
  for (guint i = test_random_below (random, 3); i > 0; i--)
    add_nic (random, vm, i);
  vm->load_permille = test_random_chance (random, 60) ? (int) test_random_below (random, 4000) : -1;
  /* No draw of its own: the clusters of a seed stay as they are. */
  vm->drain_action = (int) (vm->vcpus % (TERN_N_DRAIN_ACTIONS + 1)) - 1;
  add_obstacles (random, vm);
  return vm;
}

/* A definition that a move or an admin left on another host. */
static void
add_copy (TestRandom *random, GPtrArray *vms, const TernVm *vm, const GPtrArray *hosts)
{
  const TernHost *other = hosts->pdata[test_random_below (random, hosts->len)];
  TernVm *copy;

  if (g_str_equal (other->config->name, vm->host))
    return;
  copy = tern_vm_copy (vm);
  g_free (copy->host);
  copy->host = g_strdup (other->config->name);
  copy->state = TERN_VM_SHUT_OFF;
  copy->reason = TERN_REASON_OTHER;
  copy->persistent = TRUE;
  g_ptr_array_add (vms, copy);
}

/* What its host cannot hold is shut off. */
static void
fit_in (TernVm *vm, guint64 *left)
{
  guint64 need = tern_vm_get_memory_need (vm);

  if (!tern_vm_state_is_active (vm->state) && vm->state != TERN_VM_UNKNOWN)
    return;
  if (need <= *left)
    {
      *left -= need;
      return;
    }
  vm->state = TERN_VM_SHUT_OFF;
  vm->reason = TERN_REASON_OTHER;
  vm->persistent = TRUE;
}

TernCluster *
test_random_cluster (guint64 seed, guint max_hosts, guint max_vms)
{
  TestRandom random = { seed };
  g_autoptr (GPtrArray) hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_unref);
  g_autoptr (GPtrArray) vms = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);
  guint n_hosts = 1 + test_random_below (&random, max_hosts);
  guint n_vms = test_random_below (&random, max_vms + 1);
  g_autofree guint64 *left = g_new0 (guint64, n_hosts);

  for (guint i = 0; i < n_hosts; i++)
    {
      TernHost *host = make_host (&random, i);
      guint64 reserve = MAX (host->config->memory_reserve, 512 * MIB);

      g_ptr_array_add (hosts, host);
      left[i] = host->facts != NULL ? host->facts->memory_total - reserve : 0;
    }
  for (guint i = 0; i < n_vms; i++)
    {
      guint on = test_random_below (&random, n_hosts);
      TernVm *vm = make_vm (&random, i, hosts->pdata[on]);

      fit_in (vm, &left[on]);
      g_ptr_array_add (vms, vm);
      if (test_random_chance (&random, 3))
        add_copy (&random, vms, vm, hosts);
    }
  for (guint i = 0; i < n_hosts; i++)
    {
      TernHost *host = hosts->pdata[i];

      if (host->facts != NULL)
        host->facts->memory_free = left[i] - left[i] / 100 * test_random_below (&random, 20);
    }
  return tern_cluster_new (
      hosts, vms,
      test_random_chance (&random, 60) ? (const char *const[]){ "/shared", NULL } : NULL, 0, NOW);
}

TernSettings
test_random_settings (guint64 seed)
{
  TestRandom random = { seed };
  TernSettings settings = TERN_SETTINGS_INIT;

  if (test_random_chance (&random, 30))
    settings.memory_ratio = 1.0 + test_random_below (&random, 1000) / 997.0;
  settings.memory_reserve = test_random_below (&random, 2048) * (MIB / 2);
  for (guint i = 0; i < TERN_SCORE_PARTS; i++)
    settings.weights[i] = test_random_below (&random, 1000) / 7.0;
  return settings;
}

GPtrArray *
test_random_reservations (guint64 seed, const TernCluster *cluster)
{
  TestRandom random = { seed };
  GPtrArray *list = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_reservation_free);

  for (guint i = 0; i < cluster->vms->len; i++)
    {
      const TernVm *vm = cluster->vms->pdata[i];
      const TernHost *to = cluster->hosts->pdata[test_random_below (&random, cluster->hosts->len)];
      TernReservation reservation = {
        .task_id = i + 1,
        .vm_uuid = vm->uuid,
        .source = vm->host,
        .destination = to->config->name,
        .memory = tern_vm_get_memory_need (vm),
        .vcpus = vm->vcpus,
      };

      if (test_random_chance (&random, 5))
        g_ptr_array_add (list, tern_reservation_copy (&reservation));
    }
  return list;
}
