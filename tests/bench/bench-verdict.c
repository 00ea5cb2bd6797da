/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long judging one VM against all hosts, and placing a hundred, takes: median and spread, at
 * 100, 1,000 and 10,000 hosts with 20 VMs each; and what the cluster takes of memory.
 *
 *   make bench && tests/bench/bench-verdict [ROUNDS]      15 unless given
 */
#include "config.h"

#include "model/list.h"
#include "plan/placement.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define VMS_PER_HOST 20
#define GROUP 100
#define N_FEATURES 90
#define N_GENERATIONS 5

/* Hosts of five generations: each has what the one before has and some more. Every host has a CPU
 * of its own, as a snapshot file makes them. */
static TernCpu *
make_cpu (const char *mode, guint generation)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  guint n = N_FEATURES - 5 * (N_GENERATIONS - generation);
  TernCpu *cpu;

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (names, g_strdup_printf ("feature-%02u", i));
  g_ptr_array_add (names, NULL);
  cpu = tern_cpu_new (mode, "Model", "Intel", (const char *const *) names->pdata, NULL);
  cpu->expanded = TRUE;
  return cpu;
}

static GStrv
make_machines (void)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < 40; i++)
    {
      g_ptr_array_add (names, g_strdup_printf ("pc-i440fx-%02u", i));
      g_ptr_array_add (names, g_strdup_printf ("pc-q35-%02u", i));
    }
  g_ptr_array_add (names, NULL);
  return tern_strv_sorted ((const char *const *) names->pdata);
}

static GPtrArray *
make_pools (void)
{
  static const char *const names[] = { "default", "iso", "nfs1", "nfs2" };
  GPtrArray *pools = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_pool_free);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      TernPool *pool = tern_pool_new (names[i], "netfs");

      pool->active = pool->remote = TRUE;
      pool->path = g_strdup_printf ("/srv/%s", names[i]);
      pool->source = g_strdup_printf ("nfs://nas/%s", names[i]);
      g_ptr_array_add (pools, pool);
    }
  return pools;
}

static TernHost *
make_host (guint i)
{
  g_autofree char *name = g_strdup_printf ("host%05u", i);
  g_autoptr (TernHostConfig) config = tern_host_config_new (name, "sim:///");
  g_autoptr (TernHostFacts) facts = tern_host_facts_new ();
  static const char *const types[] = { "kvm", "qemu", NULL };

  facts->memory_total = 256 * GIB;
  facts->memory_free = (64 + i * 37 % 96) * GIB;
  facts->cpus = 64;
  facts->arch = g_strdup ("x86_64");
  facts->cpu = make_cpu ("host-model", 1 + i % N_GENERATIONS);
  facts->cpu_signature = g_strdup_printf ("cpu%u", i % N_GENERATIONS);
  facts->qemu_version = 7002000;
  facts->load_permille = i * 13 % 700;
  facts->virt_types = g_strdupv ((char **) types);
  facts->machines = make_machines ();
  facts->pools = make_pools ();
  facts->networks = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_network_free);
  g_ptr_array_add (facts->networks, tern_network_new ("default", TRUE));
  g_ptr_array_add (facts->networks, tern_network_new ("dmz", TRUE));
  facts->secrets = g_new0 (char *, 1);
  return tern_host_new (config, TERN_HOST_UP, facts, 1, NULL);
}

static TernVm *
make_vm (guint i, guint host, TernCpu **cpus)
{
  g_autofree char *uuid = g_strdup_printf ("%08x-0000-4000-8000-000000000000", i);
  g_autofree char *name = g_strdup_printf ("vm%06u", i);
  g_autofree char *host_name = g_strdup_printf ("host%05u", host);
  TernVm *vm = tern_vm_new (uuid, name, host_name);
  TernDisk *disk = tern_disk_new ();
  TernNic *nic = tern_nic_new ();

  vm->state = TERN_VM_RUNNING;
  vm->memory = vm->memory_current = (2 + i % 5) * GIB;
  vm->vcpus = 1 + i % 4;
  vm->arch = g_strdup ("x86_64");
  vm->machine = g_strdup ("pc-q35-17");
  vm->virt_type = g_strdup ("kvm");
  /* A tenth of them was started on the newest. */
  vm->cpu = tern_cpu_ref (cpus[i % 10 == 0 ? N_GENERATIONS - 1 : 0]);
  disk->target = g_strdup ("vda");
  disk->device = g_strdup ("disk");
  disk->type = g_strdup ("file");
  disk->source = g_strdup_printf ("/srv/nfs1/%s.qcow2", name);
  nic->type = g_strdup ("network");
  nic->source = g_strdup ("default");
  nic->mac =
      g_strdup_printf ("52:54:%02x:%02x:%02x:%02x", i >> 24, i >> 16 & 255, i >> 8 & 255, i & 255);
  g_ptr_array_add (vm->disks, disk);
  g_ptr_array_add (vm->nics, nic);
  return vm;
}

static TernCluster *
make_cluster (guint n_hosts)
{
  g_autoptr (GPtrArray) hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_unref);
  g_autoptr (GPtrArray) vms = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);
  TernCpu *cpus[N_GENERATIONS];
  TernCluster *cluster;

  for (guint i = 0; i < N_GENERATIONS; i++)
    cpus[i] = make_cpu ("custom", i + 1);
  for (guint i = 0; i < n_hosts; i++)
    g_ptr_array_add (hosts, make_host (i));
  for (guint i = 0; i < n_hosts * VMS_PER_HOST; i++)
    g_ptr_array_add (vms, make_vm (i, i / VMS_PER_HOST, cpus));
  cluster = tern_cluster_new (hosts, vms, NULL, 1, 1);
  for (guint i = 0; i < N_GENERATIONS; i++)
    tern_cpu_unref (cpus[i]);
  return cluster;
}

static int
compare_doubles (const void *a, const void *b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

static void
print_times (const char *what, guint n_hosts, double *ms, guint n)
{
  qsort (ms, n, sizeof *ms, compare_doubles);
  printf ("%-22s %6u hosts  median %8.2f ms  (%.2f to %.2f)\n", what, n_hosts, ms[n / 2], ms[0],
          ms[n - 1]);
}

static double
time_verdict (TernCluster *cluster, guint round)
{
  gint64 began = g_get_monotonic_time ();
  TernQuestion question = { .cluster = cluster,
                            .vm = cluster->vms->pdata[(round * 7919) % cluster->vms->len],
                            .act = TERN_ACT_MOVE,
                            .now_us = 1 };
  g_autoptr (TernJudge) judge = tern_judge_new (&question);
  g_autoptr (GPtrArray) verdicts = tern_judge_all (judge);

  tern_placement_score (&question, verdicts);
  return (g_get_monotonic_time () - began) / 1000.0;
}

static double
time_placing (TernCluster *cluster, guint round, guint *out_placed)
{
  g_autoptr (GPtrArray) vms = g_ptr_array_new ();
  TernGroup group = { .cluster = cluster, .vms = vms, .act = TERN_ACT_MOVE, .now_us = 1 };
  g_autoptr (TernPlan) plan = NULL;
  gint64 began;

  for (guint i = 0; i < GROUP; i++)
    g_ptr_array_add (vms, cluster->vms->pdata[(round * 101 + i * 17) % cluster->vms->len]);
  began = g_get_monotonic_time ();
  plan = tern_place (&group);
  *out_placed = plan->moves->len;
  return (g_get_monotonic_time () - began) / 1000.0;
}

static void
run (guint n_hosts, guint rounds)
{
  gsize before = mallinfo2 ().uordblks;
  gint64 began = g_get_monotonic_time ();
  g_autoptr (TernCluster) cluster = make_cluster (n_hosts);
  g_autofree double *one = g_new (double, rounds), *hundred = g_new (double, rounds);
  guint placed = 0;

  printf ("%-22s %6u hosts  %u VMs, %.1f MiB, made in %.0f ms\n", "cluster", n_hosts,
          cluster->vms->len, (mallinfo2 ().uordblks - before) / (double) MIB,
          (g_get_monotonic_time () - began) / 1000.0);
  for (guint i = 0; i < rounds; i++)
    {
      one[i] = time_verdict (cluster, i);
      hundred[i] = time_placing (cluster, i, &placed);
    }
  print_times ("verdict and score of 1", n_hosts, one, rounds);
  print_times ("placing 100", n_hosts, hundred, rounds);
  printf ("%-22s %6u hosts  %u of %u VMs found a place\n", "", n_hosts, placed, GROUP);
}

int
main (int argc, char **argv)
{
  guint rounds = argc > 1 ? (guint) atoi (argv[1]) : 15;

  run (100, MAX (rounds, 1));
  run (1000, MAX (rounds, 1));
  run (10000, MAX (rounds, 1));
  return 0;
}
