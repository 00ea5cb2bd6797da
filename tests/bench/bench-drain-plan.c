/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How long a drain's plan takes, all of it: verdicts, places, order and times.
 */
#include "config.h"

#include "plan/drain.h"

#include <stdio.h>

#define GIB (G_GUINT64_CONSTANT (1) << 30)
#define N_RUNS 7

static TernCluster *
make_cluster (guint n_hosts, guint n_vms)
{
  g_autoptr (GPtrArray) hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_unref);
  g_autoptr (GPtrArray) vms = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);

  for (guint i = 0; i < n_hosts; i++)
    {
      g_autofree char *name = g_strdup_printf ("node%04u", i);
      g_autoptr (TernHostConfig) config = tern_host_config_new (name, "sim:///");
      g_autoptr (TernHostFacts) facts = tern_host_facts_new ();

      facts->memory_total = facts->memory_free = 128 * GIB;
      facts->cpus = 64;
      config->link_bps = 1250000000;
      g_ptr_array_add (hosts, tern_host_new (config, TERN_HOST_UP, facts, 1, NULL));
    }
  for (guint i = 0; i < n_vms; i++)
    {
      g_autofree char *uuid = g_strdup_printf ("6b3c0d4e-1111-4222-8333-%012u", i);
      g_autofree char *name = g_strdup_printf ("vm%u", i);
      g_autofree char *host = g_strdup_printf ("node%04u", i % n_hosts);
      TernVm *vm = tern_vm_new (uuid, name, host);

      vm->state = TERN_VM_RUNNING;
      vm->persistent = TRUE;
      vm->memory = vm->memory_current = (1 + i * 7 % 8) * GIB;
      vm->vcpus = 2;
      g_ptr_array_add (vms, vm);
    }
  return tern_cluster_new (hosts, vms, NULL, 1, 1);
}

static void
bench (guint n_hosts, guint n_vms, guint n_drained)
{
  g_autoptr (TernCluster) cluster = make_cluster (n_hosts, n_vms);
  const char *names[] = { "node0000", "node0001", "node0002", "node0003", NULL };
  g_autoptr (TernDrain) drain = NULL;
  TernDrainQuestion question = { .cluster = cluster, .now_us = 1 };
  gint64 best = G_MAXINT64;
  guint n_moves = 0, n_left = 0;

  names[n_drained] = NULL;
  drain = tern_drain_new (names);
  question.drain = drain;
  for (guint i = 0; i < N_RUNS; i++)
    {
      gint64 begin = g_get_monotonic_time ();
      g_autoptr (TernDrainPlan) plan = tern_drain_plan (&question);

      best = MIN (best, g_get_monotonic_time () - begin);
      n_moves = plan->moves->len;
      n_left = tern_drain_plan_count (plan, TERN_ITEM_LEFT);
    }
  printf ("%u of %u hosts, %u VMs: %.1f ms, %u moves, %u left\n", n_drained, n_hosts, n_vms,
          (double) best / 1000, n_moves, n_left);
}

int
main (void)
{
  bench (200, 4000, 1);
  bench (200, 4000, 4);
  bench (1000, 20000, 1);
  return 0;
}
