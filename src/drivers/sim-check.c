/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a simulated libvirt refuses, in libvirt's words: on the source before the destination is
 * asked (qemuMigrationSrcIsAllowed, qemuMigrationSrcIsSafe), and on the host that is to run the
 * VM. What libvirt does not look at, free memory first of all, is not looked at here either.
 */
#include "config.h"

#include "drivers/sim-private.h"

#include "model/list.h"

#include <string.h>

#define TSC_TOLERANCE 4000 /* a part in so many: 250 ppm */

/* --- storage --- */

static gboolean
is_below (const char *path, const char *folder)
{
  gsize length = strlen (folder);

  while (length > 1 && folder[length - 1] == '/')
    length--;
  return strncmp (path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static gboolean
is_on_shared_path (const TernSim *sim, const char *path)
{
  for (guint i = 0; i < sim->shared_paths->len; i++)
    if (is_below (path, sim->shared_paths->pdata[i]))
      return TRUE;
  return FALSE;
}

static const TernPool *
find_pool (const SimHost *host, const char *name)
{
  const GPtrArray *pools = host->facts->pools;

  for (guint i = 0; pools != NULL && i < pools->len; i++)
    if (g_str_equal (((const TernPool *) pools->pdata[i])->name, name))
      return pools->pdata[i];
  return NULL;
}

/* The active pool that has @path. */
static const TernPool *
find_pool_of_path (const SimHost *host, const char *path)
{
  const GPtrArray *pools = host->facts->pools;

  for (guint i = 0; pools != NULL && i < pools->len; i++)
    {
      const TernPool *pool = pools->pdata[i];

      if (pool->active && pool->path != NULL && is_below (path, pool->path))
        return pool;
    }
  return NULL;
}

static gboolean
have_volume_in_common (const TernPool *a, const TernPool *b)
{
  for (guint i = 0; a->volumes != NULL && a->volumes[i] != NULL; i++)
    if (tern_strv_has ((const char *const *) b->volumes, a->volumes[i]))
      return TRUE;
  return FALSE;
}

static gboolean
is_same_storage (const TernPool *a, const TernPool *b)
{
  if (a->remote && b->remote && a->source != NULL)
    return g_strcmp0 (a->source, b->source) == 0;
  return have_volume_in_common (a, b);
}

/* Whether the file of a VM that is at home on @home can be opened on @host. */
static gboolean
is_there (const SimHost *host, const SimHost *home, const char *path)
{
  const TernPool *there = find_pool_of_path (host, path);
  const TernPool *origin = find_pool_of_path (home, path);

  if (host == home || is_on_shared_path (host->sim, path))
    return TRUE;
  return there != NULL && origin != NULL && g_str_equal (there->path, origin->path)
         && is_same_storage (there, origin);
}

/* Whether its source sees a file system there that other hosts may have, too. */
static gboolean
is_on_network_storage (const SimHost *home, const char *path)
{
  const TernPool *pool = find_pool_of_path (home, path);

  if (is_on_shared_path (home->sim, path))
    return TRUE;
  if (pool == NULL)
    return FALSE;
  if (pool->remote)
    return TRUE;
  /* A plain folder may be a mount that nobody told libvirt of. */
  for (guint i = 0; i < home->sim->hosts->len; i++)
    {
      const SimHost *other = home->sim->hosts->pdata[i];

      if (other != home && is_there (other, home, path))
        return TRUE;
    }
  return FALSE;
}

static char *
find_unsafe_disk (const SimDomain *domain)
{
  for (guint i = 0; i < domain->vm->disks->len; i++)
    {
      const TernDisk *disk = domain->vm->disks->pdata[i];
      const TernPool *pool = disk->pool != NULL ? find_pool (domain->home, disk->pool) : NULL;
      gboolean safe = TRUE;

      if (disk->source == NULL || disk->readonly || tern_disk_is_removable (disk))
        continue;
      if (g_strcmp0 (disk->type, "file") == 0 || g_strcmp0 (disk->type, "dir") == 0)
        safe = is_on_network_storage (domain->home, disk->source);
      else if (g_strcmp0 (disk->type, "volume") == 0 && pool != NULL && !pool->remote)
        safe = pool->path != NULL && is_on_network_storage (domain->home, pool->path);
      if (!safe)
        return g_strdup ("Unsafe migration: Migration without shared storage is unsafe");
    }
  return NULL;
}

static char *
find_volume_problem (const SimHost *host, const SimHost *home, const TernDisk *disk)
{
  const TernPool *pool, *origin;

  if (host->facts->pools == NULL || disk->pool == NULL)
    return NULL;
  pool = find_pool (host, disk->pool);
  origin = find_pool (home, disk->pool);
  if (pool == NULL)
    return g_strdup_printf ("Storage pool not found: no storage pool with matching name '%s'",
                            disk->pool);
  if (!pool->active)
    return g_strdup_printf ("unsupported configuration: storage pool '%s' containing volume '%s' "
                            "is not active",
                            disk->pool, disk->volume);
  if (host != home && (origin == NULL || !is_same_storage (pool, origin))
      && (pool->path == NULL || !is_on_shared_path (host->sim, pool->path)))
    return g_strdup_printf ("Storage volume not found: no storage vol with matching name '%s'",
                            disk->volume);
  return NULL;
}

static char *
find_path_problem (const SimHost *host, const SimHost *home, const TernDisk *disk)
{
  gboolean may_be_gone =
      tern_disk_is_removable (disk)
      && (g_strcmp0 (disk->startup_policy, "optional") == 0
          || (g_strcmp0 (disk->startup_policy, "requisite") == 0 && host != home));

  if (!tern_disk_is_local_path (disk))
    return NULL;
  if (!is_there (host, home, disk->source))
    return may_be_gone ? NULL
                       : g_strdup_printf ("Cannot access storage file '%s': No such file or "
                                          "directory",
                                          disk->source);
  for (guint i = 0; disk->backing != NULL && disk->backing[i] != NULL; i++)
    if (!is_there (host, home, disk->backing[i]))
      return g_strdup_printf ("Cannot access backing file '%s' of storage file '%s': No such file "
                              "or directory",
                              disk->backing[i], disk->source);
  return NULL;
}

static char *
find_disk_problem (SimHost *host, const SimDomain *domain)
{
  const TernHostFacts *facts = host->facts;

  for (guint i = 0; i < domain->vm->disks->len; i++)
    {
      const TernDisk *disk = domain->vm->disks->pdata[i];
      char *problem = g_strcmp0 (disk->type, "volume") == 0
                          ? find_volume_problem (host, domain->home, disk)
                          : find_path_problem (host, domain->home, disk);

      if (problem != NULL)
        return problem;
      if (disk->secret != NULL && facts->secrets != NULL
          && !tern_strv_has ((const char *const *) facts->secrets, disk->secret))
        return g_strdup_printf ("Secret not found: no secret with matching '%s'", disk->secret);
    }
  return NULL;
}

/* --- networks --- */

static char *
find_nic_problem (const TernHostFacts *facts, const TernNic *nic)
{
  const TernNetwork *network = NULL;

  if (nic->source == NULL)
    return NULL;
  if (g_strcmp0 (nic->type, "bridge") == 0 || g_strcmp0 (nic->type, "direct") == 0)
    {
      if (facts->interfaces == NULL
          || g_strv_contains ((const char *const *) facts->interfaces, nic->source))
        return NULL;
      return g_strdup_printf ("Cannot get interface MTU on '%s': No such device", nic->source);
    }
  if (g_strcmp0 (nic->type, "network") != 0 || facts->networks == NULL)
    return NULL;
  for (guint i = 0; i < facts->networks->len; i++)
    if (g_str_equal (((const TernNetwork *) facts->networks->pdata[i])->name, nic->source))
      network = facts->networks->pdata[i];
  if (network == NULL)
    return g_strdup_printf ("Network not found: no network with matching name '%s'", nic->source);
  if (!network->active)
    return g_strdup_printf ("Requested operation is not valid: network '%s' is not active",
                            nic->source);
  return NULL;
}

/* --- the machine --- */

char *
tern_sim_find_machine_problem (const TernHostFacts *facts, const TernVm *vm)
{
  if (vm->arch != NULL && facts->arch != NULL && !g_str_equal (vm->arch, facts->arch))
    return g_strdup_printf ("unsupported configuration: No emulator found for arch '%s'", vm->arch);
  if (vm->virt_type != NULL && facts->virt_types != NULL
      && !g_strv_contains ((const char *const *) facts->virt_types, vm->virt_type))
    return g_strdup_printf ("unsupported configuration: Emulator does not support virt type '%s'",
                            vm->virt_type);
  if (vm->machine != NULL && facts->machines != NULL
      && !g_strv_contains ((const char *const *) facts->machines, vm->machine))
    return g_strdup_printf (
        "unsupported configuration: Emulator does not support machine type '%s'", vm->machine);
  if (facts->max_vcpus > 0 && vm->vcpus > facts->max_vcpus)
    return g_strdup_printf ("unsupported configuration: Maximum CPUs greater than specified "
                            "machine type limit %u",
                            facts->max_vcpus);
  return NULL;
}

/* The highest number in a list such as "0-3,8". */
static guint64
find_highest (const char *list)
{
  guint64 highest = 0;

  for (const char *at = list; *at != '\0';)
    {
      char *end = (char *) at + 1;
      guint64 number = g_ascii_isdigit (*at) ? g_ascii_strtoull (at, &end, 10) : 0;

      highest = MAX (highest, number);
      at = end;
    }
  return highest;
}

guint64
tern_sim_count_pages_taken (SimHost *host, guint64 size)
{
  GHashTableIter iter;
  const SimDomain *domain;
  guint64 pages = 0;

  g_hash_table_iter_init (&iter, host->domains);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &domain))
    if (domain->vm->hugepages && tern_vm_state_is_active (domain->vm->state) && domain->arrived
        && (domain->vm->hugepage_size == size || domain->vm->hugepage_size == 0))
      pages += (domain->vm->memory + size - 1) / size;
  return pages;
}

static char *
find_hugepage_problem (SimHost *host, const TernVm *vm)
{
  const GPtrArray *list = host->facts->hugepages;

  if (!vm->hugepages || list == NULL)
    return NULL;
  for (guint i = 0; i < list->len; i++)
    {
      const TernHugepages *pages = list->pdata[i];
      guint64 taken;

      if (pages->size == 0 || (vm->hugepage_size != 0 && vm->hugepage_size != pages->size))
        continue;
      taken = tern_sim_count_pages_taken (host, pages->size);
      if (pages->free >= taken
          && (pages->free - taken) >= (vm->memory + pages->size - 1) / pages->size)
        return NULL;
      return g_strdup ("internal error: process exited while connecting to monitor: "
                       "os_mem_prealloc: Insufficient free host memory pages available to "
                       "allocate guest RAM");
    }
  return g_strdup_printf (
      "internal error: Unable to find any usable hugetlbfs mount for %" G_GUINT64_FORMAT " KiB",
      vm->hugepage_size >> 10);
}

static char *
find_tuning_problem (SimHost *host, const TernVm *vm)
{
  const TernHostFacts *facts = host->facts;

  if (vm->pinned_cpus != NULL && facts->cpus > 0 && find_highest (vm->pinned_cpus) >= facts->cpus)
    return g_strdup ("cannot set CPU affinity on process: Invalid argument");
  if (vm->numa_nodes != NULL && facts->numa_nodes > 0
      && find_highest (vm->numa_nodes) >= facts->numa_nodes)
    return g_strdup_printf ("unsupported configuration: NUMA node %" G_GUINT64_FORMAT
                            " is unavailable",
                            find_highest (vm->numa_nodes));
  if (vm->tsc_hz > 0 && facts->tsc_hz > 0 && !facts->tsc_scaling)
    {
      guint64 difference =
          vm->tsc_hz > facts->tsc_hz ? vm->tsc_hz - facts->tsc_hz : facts->tsc_hz - vm->tsc_hz;

      if (difference > facts->tsc_hz / TSC_TOLERANCE)
        return g_strdup_printf ("unsupported configuration: Requested TSC frequency "
                                "%" G_GUINT64_FORMAT " Hz does not match host (%" G_GUINT64_FORMAT
                                " Hz) and TSC scaling is not supported by the host CPU",
                                vm->tsc_hz, facts->tsc_hz);
    }
  return find_hugepage_problem (host, vm);
}

/* --- for the others --- */

static char *
find_bound_device (const TernVm *vm)
{
  for (guint i = 0; i < vm->hostdevs->len; i++)
    {
      const TernHostdev *device = vm->hostdevs->pdata[i];

      /* libvirt lets USB devices pass; they stay behind. */
      if (g_strcmp0 (device->type, "usb") != 0)
        return g_strdup_printf ("Requested operation is not valid: cannot migrate a domain with "
                                "<hostdev mode='subsystem' type='%s'>",
                                device->type);
    }
  if (vm->filesystems != NULL && *vm->filesystems != NULL)
    return g_strdup ("Requested operation is not valid: migration with virtiofs device is not "
                     "supported");
  if (vm->shmems != NULL && *vm->shmems != NULL)
    return g_strdup ("Requested operation is not valid: migration with shmem device is not "
                     "supported");
  if (g_strcmp0 (vm->tpm, "passthrough") == 0)
    return g_strdup ("internal error: unable to execute QEMU command 'migrate': State blocked by "
                     "non-migratable device 'tpm-passthrough'");
  return NULL;
}

static char *
find_busy_disk (const TernVm *vm)
{
  for (guint i = 0; i < vm->disks->len; i++)
    {
      const TernDisk *disk = vm->disks->pdata[i];

      if (disk->job)
        return g_strdup ("Requested operation is not valid: domain has active block job");
      if (disk->transient)
        return g_strdup ("Requested operation is not valid: migration with transient disk is not "
                         "supported");
    }
  return NULL;
}

char *
tern_sim_find_departure_problem (const SimDomain *domain, TernMigrateFlags flags)
{
  const TernVm *vm = domain->vm;
  char *problem = NULL;

  if (vm->snapshots > 0)
    return g_strdup_printf ("Requested operation is not valid: cannot migrate domain with %u "
                            "snapshots",
                            vm->snapshots);
  if (flags & TERN_MIGRATE_OFFLINE)
    return NULL;
  if (vm->backup)
    return g_strdup ("Requested operation is not valid: domain has an active backup job");
  problem = find_busy_disk (vm);
  if (problem == NULL)
    problem = find_bound_device (vm);
  if (problem == NULL && vm->cpu != NULL && vm->tsc_hz == 0
      && tern_strv_has ((const char *const *) vm->cpu->features, "invtsc"))
    problem = g_strdup ("Requested operation is not valid: domain has CPU feature: invtsc");
  return problem != NULL ? problem : find_unsafe_disk (domain);
}

char *
tern_sim_find_arrival_problem (SimHost *host, const SimDomain *domain)
{
  const TernVm *vm = domain->vm;
  char *problem = tern_sim_find_machine_problem (host->facts, vm);

  for (guint i = 0; problem == NULL && i < vm->nics->len; i++)
    problem = find_nic_problem (host->facts, vm->nics->pdata[i]);
  if (problem == NULL)
    problem = find_disk_problem (host, domain);
  return problem != NULL ? problem : find_tuning_problem (host, vm);
}

char *
tern_sim_find_cpu_problem (const SimHost *host, const TernVm *vm)
{
  const TernCpu *need = vm->cpu, *have = host->facts->cpu;
  g_autofree char *missing = NULL;

  if (need == NULL || have == NULL || g_str_equal (need->mode, "host-passthrough")
      || g_str_equal (need->mode, "maximum"))
    return NULL;
  if (need->vendor != NULL && have->vendor != NULL && !g_str_equal (need->vendor, have->vendor))
    return g_strdup_printf ("the CPU is incompatible with host CPU: Host CPU vendor does not match "
                            "required CPU vendor %s",
                            need->vendor);
  missing = tern_sim_cpu_missing (need, have, ",");
  if (missing == NULL)
    return NULL;
  return g_strdup_printf (
      "operation failed: guest CPU doesn't match specification: missing features: %s", missing);
}
