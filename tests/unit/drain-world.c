/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "drain-world.h"

static void
host_clear (gpointer data)
{
  DrainHost *host = data;

  tern_host_config_unref (host->config);
  tern_host_facts_unref (host->facts);
}

void
drain_world_init (DrainWorld *self, guint n)
{
  TernSettings settings = TERN_SETTINGS_INIT;

  *self = (DrainWorld){ .settings = settings, .now_us = PLAN_NOW_US };
  self->settings.memory_reserve = GIB;
  self->hosts = g_array_new (FALSE, FALSE, sizeof (DrainHost));
  g_array_set_clear_func (self->hosts, host_clear);
  for (guint i = 1; i <= n; i++)
    {
      g_autofree char *name = g_strdup_printf ("node%u", i);
      DrainHost host = { .config = tern_host_config_new (name, "sim:///"),
                         .facts = tern_host_facts_new (),
                         .state = TERN_HOST_UP,
                         .seen_us = PLAN_NOW_US };

      host.facts->memory_total = host.facts->memory_free = 16 * GIB;
      host.facts->cpus = 16;
      host.facts->cpu = plan_cpu ("host-model", "Intel", "aes avx avx2");
      plan_set (&host.facts->arch, "x86_64");
      host.facts->qemu_version = 7002000;
      host.config->link_bps = 1250000000;
      g_array_append_val (self->hosts, host);
    }
  self->vms = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);
  self->tasks = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_task_record_free);
  self->open = g_hash_table_new (g_str_hash, g_str_equal);
  self->drain = tern_drain_new ((const char *const[]){ "node1", NULL });
}

void
drain_world_clear (DrainWorld *self)
{
  g_array_unref (self->hosts);
  g_ptr_array_unref (self->vms);
  g_ptr_array_unref (self->tasks);
  g_hash_table_unref (self->open);
  tern_ledger_free (self->ledger);
  tern_drain_free (self->drain);
  tern_cluster_unref (self->cluster);
  g_clear_pointer (&self->origins, g_ptr_array_unref);
}

DrainHost *
drain_world_host (DrainWorld *self, guint number)
{
  return &g_array_index (self->hosts, DrainHost, number - 1);
}

TernVm *
drain_world_vm (DrainWorld *self, const char *name, guint host, guint gib)
{
  g_autofree char *uuid = g_strdup_printf ("6b3c0d4e-1111-4222-8333-%012u", self->vms->len + 1);
  TernVm *vm = tern_vm_new (uuid, name, drain_world_host (self, host)->config->name);

  vm->state = TERN_VM_RUNNING;
  vm->memory = vm->memory_current = gib * GIB;
  vm->vcpus = 1;
  vm->persistent = TRUE;
  g_ptr_array_add (self->vms, vm);
  return vm;
}

void
drain_world_order (DrainWorld *self, const char *const *hosts)
{
  tern_drain_free (self->drain);
  self->drain = tern_drain_new (hosts);
}

static void
take_tasks (DrainWorld *self)
{
  tern_ledger_free (self->ledger);
  self->ledger = tern_ledger_new ();
  g_hash_table_remove_all (self->open);
  for (guint i = 0; i < self->tasks->len; i++)
    {
      TernTaskRecord *task = self->tasks->pdata[i];
      TernReservation reservation = { .task_id = task->id,
                                      .vm_uuid = task->vm_uuid,
                                      .source = task->source,
                                      .destination = task->destination,
                                      .memory = task->memory,
                                      .vcpus = task->vcpus };

      if (tern_task_phase_is_final (task->phase) && task->phase != TERN_PHASE_ATTENTION)
        continue;
      g_hash_table_replace (self->open, task->vm_uuid, task);
      if (task->destination[0] != '\0')
        tern_ledger_add (self->ledger, &reservation);
    }
}

TernDrainQuestion
drain_world_question (DrainWorld *self)
{
  g_autoptr (GPtrArray) hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_unref);
  g_autoptr (GPtrArray) vms = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_vm_unref);

  for (guint i = 0; i < self->hosts->len; i++)
    {
      const DrainHost *host = &g_array_index (self->hosts, DrainHost, i);

      g_ptr_array_add (hosts, tern_host_new (host->config, host->state, host->facts, host->seen_us,
                                             host->state == TERN_HOST_UP ? NULL : "no route"));
    }
  for (guint i = 0; i < self->vms->len; i++)
    g_ptr_array_add (vms, tern_vm_copy (self->vms->pdata[i]));
  tern_cluster_unref (self->cluster);
  self->cluster = tern_cluster_new (hosts, vms, NULL, 1, self->now_us);
  take_tasks (self);
  return (TernDrainQuestion){ .cluster = self->cluster,
                              .ledger = self->ledger,
                              .settings = &self->settings,
                              .open_tasks = self->open,
                              .drain = self->drain,
                              .rules = self->rules,
                              .origins = self->origins,
                              .now_us = self->now_us };
}

TernTaskRecord *
drain_world_child (DrainWorld *self, const char *kind, const TernVm *vm, const char *to)
{
  TernTaskRecord *task = tern_task_record_new ();

  plan_set (&task->kind, kind);
  task->id = self->tasks->len + 10;
  task->parent = 5;
  task->vm_uuid = g_strdup (vm->uuid);
  task->vm_name = g_strdup (vm->name);
  task->source = g_strdup (vm->host);
  task->destination = g_strdup (to != NULL ? to : "");
  task->memory = g_str_equal (kind, "relocate") ? 0 : tern_vm_get_memory_need (vm);
  task->phase = TERN_PHASE_PREPARING;
  g_ptr_array_add (self->tasks, task);
  return task;
}

TernVm *
drain_world_find (DrainWorld *self, const char *uuid)
{
  for (guint i = 0; i < self->vms->len; i++)
    if (g_str_equal (((TernVm *) self->vms->pdata[i])->uuid, uuid))
      return self->vms->pdata[i];
  return NULL;
}

const TernDrainItem *
drain_items_find (const GPtrArray *items, const char *name)
{
  for (guint i = 0; i < items->len; i++)
    if (g_str_equal (((const TernDrainItem *) items->pdata[i])->vm_name, name))
      return items->pdata[i];
  return NULL;
}

char *
drain_item_codes (const TernDrainItem *item)
{
  GString *codes = g_string_new (NULL);

  for (guint i = 0; i < item->reasons->len; i++)
    g_string_append_printf (codes, "%s%s", i > 0 ? " " : "",
                            ((const TernItemReason *) item->reasons->pdata[i])->code);
  return g_string_free (codes, FALSE);
}
