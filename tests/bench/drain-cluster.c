/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "drain-cluster.h"

#include "test-random.h"

/* Of a thousand VMs, so many take more than 30 % of a host. */
#define LARGE_PERMILLE 8
#define LARGE_SHARE 0.36
#define NODE_OS_MIB 4096
#define VCPU_RATIO 32
/* 25 Gbit/s. */
#define LINK_BPS G_GUINT64_CONSTANT (3125000000)

/* Sizes as public clouds have them, the small ones mostly. */
static void
draw_size (TestRandom *random, TernPackVm *vm)
{
  static const struct
  {
    guint weight, vcpus, gib;
  } sizes[] = { { 20, 1, 2 }, { 22, 2, 4 }, { 20, 2, 8 },  { 10, 4, 8 },  { 12, 4, 16 },
                { 6, 8, 16 }, { 6, 8, 32 }, { 3, 16, 64 }, { 1, 32, 128 } };
  guint number = test_random_below (random, 100);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); number -= sizes[i++].weight)
    if (number < sizes[i].weight)
      {
        vm->vcpus = sizes[i].vcpus;
        vm->size = sizes[i].gib * GIB;
        return;
      }
}

static guint64
find_capacity (const Cluster *c)
{
  double bytes = 0;
  guint64 capacity;

  for (guint i = 0; i < c->pack.n_vms; i++)
    bytes += (double) c->vms[i].size;
  capacity = ((guint64) (bytes / c->pack.n_hosts / c->fill / (16.0 * GIB)) + 1) * 16 * GIB;
  return MAX (capacity, 160 * GIB);
}

static void
draw_vms (Cluster *c, TestRandom *random)
{
  guint64 large;

  for (guint i = 0; i < c->pack.n_vms; i++)
    {
      c->vms[i] = (TernPackVm){ .spare = TRUE, .home = -1, .preferred = -1 };
      draw_size (random, &c->vms[i]);
    }
  large = (guint64) (LARGE_SHARE * (double) find_capacity (c)) / GIB * GIB;
  for (guint i = 0; i < c->pack.n_vms; i++)
    if (test_random_below (random, 1000) < LARGE_PERMILLE)
      {
        c->vms[i].size = large + test_random_below (random, 8) * GIB;
        c->vms[i].vcpus = 32;
      }
}

/* The freest of three, as schedulers do; more if none of them has room. */
static guint
draw_host (const Cluster *c, TestRandom *random, guint64 size)
{
  for (;;)
    {
      guint best = test_random_below (random, c->pack.n_hosts);

      for (guint i = 0; i < 2; i++)
        {
          guint other = test_random_below (random, c->pack.n_hosts);

          if (c->hosts[other].used < c->hosts[best].used)
            best = other;
        }
      if (c->hosts[best].used + size <= c->hosts[best].capacity)
        return best;
    }
}

static int
compare_sizes (gconstpointer a, gconstpointer b, gpointer data)
{
  const TernPackVm *vms = data;
  guint i = *(const guint *) a, j = *(const guint *) b;

  if (vms[i].size != vms[j].size)
    return vms[i].size > vms[j].size ? -1 : 1;
  return i < j ? -1 : 1;
}

static void
put_vms (Cluster *c, TestRandom *random)
{
  g_autofree guint *order = g_new (guint, c->pack.n_vms);

  for (guint i = 0; i < c->pack.n_vms; i++)
    order[i] = i;
  g_qsort_with_data (order, (gint) c->pack.n_vms, sizeof *order, compare_sizes, c->vms);
  for (guint i = 0; i < c->pack.n_vms; i++)
    {
      TernPackVm *vm = &c->vms[order[i]];

      vm->host = draw_host (c, random, vm->size);
      vm->must_leave = c->hosts[vm->host].drained;
      c->hosts[vm->host].used += vm->size;
      c->hosts[vm->host].vcpus_used += vm->vcpus;
    }
}

static gboolean
allows (guint vm, guint host, gpointer data)
{
  Cluster *c = data;

  (void) vm;
  (void) host;
  c->n_asked++;
  return TRUE;
}

Cluster *
cluster_new (const ClusterShape *which)
{
  TestRandom random = { which->seed };
  Cluster *c = g_new0 (Cluster, 1);
  guint64 vcpus = 0;

  c->hosts = g_new0 (TernPackHost, which->n_hosts);
  c->vms = g_new0 (TernPackVm, which->n_vms);
  c->pack = (TernPack){ .hosts = c->hosts, .n_hosts = which->n_hosts, .vms = c->vms };
  c->pack.n_vms = which->n_vms;
  c->pack.allows = allows;
  c->pack.data = c;
  c->fill = which->fill;
  draw_vms (c, &random);
  for (guint i = 0; i < which->n_vms; i++)
    vcpus += c->vms[i].vcpus;
  c->cpus = MAX (16, ((guint) (vcpus / which->n_hosts / 2 / 8) + 1) * 8);
  for (guint i = 0; i < which->n_hosts; i++)
    {
      c->hosts[i].capacity = find_capacity (c);
      c->hosts[i].vcpus = c->cpus * VCPU_RATIO;
      c->hosts[i].drained = i < which->n_drained;
    }
  put_vms (c, &random);
  return c;
}

void
cluster_free (Cluster *c)
{
  g_free (c->hosts);
  g_free (c->vms);
  g_free (c);
}

static TernHost *
make_host (const Cluster *self, guint i, TernCpu *cpu)
{
  static const char *const types[] = { "kvm", NULL }, *const machines[] = { "pc-q35-7.2", NULL };
  g_autofree char *name = g_strdup_printf ("node%04u", i);
  g_autoptr (TernHostConfig) config = tern_host_config_new (name, "sim:///");
  g_autoptr (TernHostFacts) facts = tern_host_facts_new ();
  TernPool *pool = tern_pool_new ("nfs1", "netfs");

  config->link_bps = LINK_BPS;
  config->memory_reserve = NODE_OS_MIB * MIB;
  facts->memory_total = self->hosts[i].capacity + NODE_OS_MIB * MIB;
  facts->memory_free = self->hosts[i].capacity - self->hosts[i].used + NODE_OS_MIB * MIB;
  facts->cpus = self->cpus;
  facts->arch = g_strdup ("x86_64");
  facts->cpu = tern_cpu_ref (cpu);
  facts->qemu_version = 7002000;
  facts->virt_types = g_strdupv ((char **) types);
  facts->machines = g_strdupv ((char **) machines);
  facts->networks = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_network_free);
  g_ptr_array_add (facts->networks, tern_network_new ("default", TRUE));
  facts->secrets = g_new0 (char *, 1);
  pool->active = pool->remote = TRUE;
  pool->path = g_strdup ("/srv/nfs1");
  pool->source = g_strdup ("nfs://nas/nfs1");
  facts->pools = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_pool_free);
  g_ptr_array_add (facts->pools, pool);
  return tern_host_new (config, TERN_HOST_UP, facts, 1, NULL);
}

static TernVm *
make_vm (const Cluster *self, guint i, TernCpu *cpu)
{
  g_autofree char *uuid = g_strdup_printf ("%08x-0000-4000-8000-000000000000", i);
  g_autofree char *name = g_strdup_printf ("vm%05u", i);
  g_autofree char *host = g_strdup_printf ("node%04u", self->vms[i].host);
  TernVm *vm = tern_vm_new (uuid, name, host);
  TernDisk *disk = tern_disk_new ();
  TernNic *nic = tern_nic_new ();

  vm->state = TERN_VM_RUNNING;
  vm->memory = vm->memory_current = self->vms[i].size;
  vm->vcpus = self->vms[i].vcpus;
  vm->arch = g_strdup ("x86_64");
  vm->machine = g_strdup ("pc-q35-7.2");
  vm->virt_type = g_strdup ("kvm");
  vm->cpu = tern_cpu_ref (cpu);
  disk->target = g_strdup ("vda");
  disk->device = g_strdup ("disk");
  disk->type = g_strdup ("file");
  disk->source = g_strdup_printf ("/srv/nfs1/%s.qcow2", name);
  g_ptr_array_add (vm->disks, disk);
  nic->type = g_strdup ("network");
  nic->source = g_strdup ("default");
  nic->mac =
      g_strdup_printf ("52:54:%02x:%02x:%02x:%02x", i >> 24, i >> 16 & 255, i >> 8 & 255, i & 255);
  g_ptr_array_add (vm->nics, nic);
  return vm;
}

static TernCpu *
make_cpu (const char *mode, guint n_features)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  TernCpu *cpu;

  for (guint i = 0; i < n_features; i++)
    g_ptr_array_add (names, g_strdup_printf ("feature-%02u", i));
  g_ptr_array_add (names, NULL);
  cpu = tern_cpu_new (mode, "Model", "Intel", (const char *const *) names->pdata, NULL);
  cpu->expanded = TRUE;
  return cpu;
}

TernCluster *
cluster_to_model (const Cluster *self)
{
  g_autoptr (GPtrArray) hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_unref);
  g_autoptr (GPtrArray) vms = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);
  TernCpu *offered = make_cpu ("host-model", 90), *needed = make_cpu ("custom", 80);
  TernCluster *cluster;

  for (guint i = 0; i < self->pack.n_hosts; i++)
    g_ptr_array_add (hosts, make_host (self, i, offered));
  for (guint i = 0; i < self->pack.n_vms; i++)
    g_ptr_array_add (vms, make_vm (self, i, needed));
  cluster = tern_cluster_new (hosts, vms, NULL, 1, 1);
  tern_cpu_unref (offered);
  tern_cpu_unref (needed);
  return cluster;
}
