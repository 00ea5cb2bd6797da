/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "plan-world.h"

void
plan_set (char **field, const char *value)
{
  g_free (*field);
  *field = g_strdup (value);
}

TernDisk *
plan_disk (const char *target, const char *type, const char *source)
{
  TernDisk *disk = tern_disk_new ();

  plan_set (&disk->target, target);
  plan_set (&disk->device, "disk");
  plan_set (&disk->type, type);
  plan_set (&disk->source, source);
  return disk;
}

TernPool *
plan_pool (const char *name, const char *path, const char *source, gboolean remote)
{
  TernPool *pool = tern_pool_new (name, source == NULL ? "dir" : "netfs");

  pool->active = TRUE;
  pool->path = g_strdup (path);
  pool->source = g_strdup (source);
  pool->remote = remote;
  return pool;
}

TernCpu *
plan_cpu (const char *mode, const char *vendor, const char *features)
{
  g_auto (GStrv) names = g_strsplit (features, " ", -1);
  TernCpu *cpu = tern_cpu_new (mode, NULL, vendor,
                               features[0] != '\0' ? (const char *const *) names : NULL, NULL);

  cpu->expanded = TRUE;
  return cpu;
}

static void
host_init (PlanHost *host, const char *name)
{
  static const char *const machines[] = { "pc-i440fx-7.2", "pc-q35-7.2", NULL };
  static const char *const types[] = { "kvm", "qemu", NULL };
  static const char *const interfaces[] = { "br0", "eth0", NULL };
  static const char *const groups[] = { "blue", "red", NULL };
  TernHostFacts *facts = tern_host_facts_new ();
  TernNetwork *network = tern_network_new ("default", TRUE);

  host->config = tern_host_config_new (name, "sim:///");
  host->facts = facts;
  host->state = TERN_HOST_UP;
  facts->memory_total = 16 * GIB;
  facts->memory_free = 15 * GIB;
  facts->cpus = 8;
  plan_set (&facts->arch, "x86_64");
  facts->cpu = plan_cpu ("host-model", "Intel", "aes avx sse4.1 sse4.2");
  plan_set (&facts->cpu_signature, "xeon");
  facts->qemu_version = 7002000;
  facts->libvirt_version = 9000000;
  facts->virt_types = g_strdupv ((char **) types);
  facts->machines = g_strdupv ((char **) machines);
  facts->interfaces = g_strdupv ((char **) interfaces);
  facts->numa_nodes = 1;
  facts->load_permille = -1;
  network->portgroups = g_strdupv ((char **) groups);
  facts->networks = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_network_free);
  g_ptr_array_add (facts->networks, network);
  facts->pools = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_pool_free);
  g_ptr_array_add (facts->pools, plan_pool ("images", "/srv/images", "nfs://nas/images", TRUE));
  facts->secrets = g_new0 (char *, 1);
}

static TernNic *
new_nic (void)
{
  TernNic *nic = tern_nic_new ();

  plan_set (&nic->type, "network");
  plan_set (&nic->source, "default");
  plan_set (&nic->mac, "52:54:00:00:00:01");
  return nic;
}

static TernVm *
new_vm (const char *uuid, const char *name, const char *host)
{
  TernVm *vm = tern_vm_new (uuid, name, host);

  vm->state = TERN_VM_RUNNING;
  vm->memory = vm->memory_current = 2 * GIB;
  vm->vcpus = 2;
  vm->persistent = TRUE;
  return vm;
}

void
plan_world_init (PlanWorld *self)
{
  TernSettings settings = TERN_SETTINGS_INIT;

  *self = (PlanWorld){ .settings = settings, .act = TERN_ACT_MOVE };
  host_init (&self->anna, "anna");
  host_init (&self->bert, "bert");
  self->vm = new_vm (PLAN_UUID, "web01", "anna");
  plan_set (&self->vm->arch, "x86_64");
  plan_set (&self->vm->machine, "pc-q35-7.2");
  plan_set (&self->vm->virt_type, "kvm");
  self->vm->cpu = plan_cpu ("custom", "Intel", "aes sse4.1");
  g_ptr_array_add (self->vm->disks, plan_disk ("vda", "file", "/srv/images/web01.qcow2"));
  g_ptr_array_add (self->vm->nics, new_nic ());
  self->others = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);
  self->shared = g_ptr_array_new ();
  self->ledger = tern_ledger_new ();
  self->task = tern_task_record_new ();
  self->task->id = 5;
  self->task->source = g_strdup ("anna");
  self->task->destination = g_strdup ("bert");
  self->task->phase = TERN_PHASE_COPYING;
}

static void
host_clear (PlanHost *host)
{
  tern_host_config_unref (host->config);
  tern_host_facts_unref (host->facts);
}

void
plan_world_clear (PlanWorld *self)
{
  host_clear (&self->anna);
  host_clear (&self->bert);
  tern_vm_unref (self->vm);
  g_ptr_array_unref (self->others);
  g_ptr_array_unref (self->shared);
  tern_ledger_free (self->ledger);
  tern_task_record_free (self->task);
  tern_cluster_unref (self->cluster);
}

static TernHost *
make_host (const PlanHost *host)
{
  return tern_host_new (host->config, host->state, host->facts, PLAN_NOW_US,
                        host->state == TERN_HOST_UP ? NULL : "no route");
}

TernQuestion
plan_world_question (PlanWorld *self)
{
  g_autoptr (GPtrArray) hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_unref);
  g_autoptr (GPtrArray) vms = g_ptr_array_new ();

  if (!self->without_anna)
    g_ptr_array_add (hosts, make_host (&self->anna));
  g_ptr_array_add (hosts, make_host (&self->bert));
  g_ptr_array_add (vms, self->vm);
  for (guint i = 0; i < self->others->len; i++)
    g_ptr_array_add (vms, self->others->pdata[i]);
  if (self->shared->len > 0 && self->shared->pdata[self->shared->len - 1] != NULL)
    g_ptr_array_add (self->shared, NULL);
  tern_cluster_unref (self->cluster);
  self->cluster = tern_cluster_new (
      hosts, vms, self->shared->len > 0 ? (const char *const *) self->shared->pdata : NULL, 1,
      PLAN_NOW_US);
  return (TernQuestion){ .cluster = self->cluster,
                         .ledger = self->ledger,
                         .settings = &self->settings,
                         .vm = self->vm,
                         .act = self->act,
                         .open_task = self->use_task ? self->task : NULL,
                         .bound = self->bound,
                         .eject_media = self->eject_media,
                         .now_us = PLAN_NOW_US };
}

TernVm *
plan_other (PlanWorld *self, const char *name, const char *host)
{
  TernVm *vm = new_vm (PLAN_OTHER_UUID, name, host);

  g_ptr_array_add (self->others, vm);
  return vm;
}

char *
plan_codes (const GPtrArray *reasons)
{
  GString *codes = g_string_new (NULL);

  for (guint i = 0; i < reasons->len; i++)
    {
      const TernReason *reason = reasons->pdata[i];

      g_string_append_printf (codes, "%s%c%s", i > 0 ? " " : "",
                              reason->severity == TERN_SEVERITY_BLOCKS ? '!' : '?',
                              reason->info->code);
    }
  return g_string_free (codes, FALSE);
}
