/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the news of hosts and VMs mean to tasks: some may begin, some may be looked at again, and
 * some wait for a host that will not come back.
 */
#include "config.h"

#include "engine/migrator-private.h"

static gboolean
hangs_on (const TernTaskRecord *record, const char *host)
{
  return g_str_equal (record->source, host) || g_str_equal (record->destination, host);
}

static void
recheck_on_host (TernMigrator *self, const char *host)
{
  g_autoptr (GPtrArray) waiting = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; i < self->runs->len; i++)
    {
      const TernTaskRecord *record = tern_run_get_record (self->runs->pdata[i]);

      if (record->phase == TERN_PHASE_ATTENTION && hangs_on (record, host))
        g_ptr_array_add (waiting, g_object_ref (self->runs->pdata[i]));
    }
  for (guint i = 0; i < waiting->len; i++)
    tern_run_feed (waiting->pdata[i], TERN_EVENT_RECHECK);
}

/* Its figures come every few seconds and mean nothing here. */
static void
on_host_changed (TernInventory *inventory, TernHost *host, TernMigrator *self)
{
  g_autoptr (TernHost) before = NULL;
  gpointer name = NULL, value = NULL;
  gboolean was_up, configured;

  (void) inventory;
  if (g_hash_table_steal_extended (self->hosts, host->config->name, &name, &value))
    before = value;
  g_free (name);
  g_hash_table_insert (self->hosts, g_strdup (host->config->name), tern_host_ref (host));
  was_up = before != NULL && before->state == TERN_HOST_UP;
  configured = before == NULL || before->config != host->config;
  if (configured)
    tern_migrator_share (self);
  if (configured || before->state != host->state)
    tern_migrator_admit (self);
  if (host->state == TERN_HOST_UP && !was_up)
    recheck_on_host (self, host->config->name);
}

/* Does this host answer, and is what it shows of the VM of now? */
static gboolean
is_heard_of (TernMigrator *self, const char *name, const char *uuid)
{
  TernHost *host = tern_inventory_find_host (self->inventory, name);
  g_autoptr (GPtrArray) copies = tern_inventory_get_sightings (self->inventory, uuid);

  for (guint i = 0; i < copies->len; i++)
    {
      const TernVm *vm = copies->pdata[i];

      if (g_str_equal (vm->host, name) && vm->state == TERN_VM_UNKNOWN)
        return FALSE;
    }
  return host != NULL && host->state == TERN_HOST_UP;
}

/* Somebody may have put right what needs attention: stopped one of two copies, for example. */
static void
on_vm_changed (TernInventory *inventory, const char *uuid, TernMigrator *self)
{
  (void) inventory;
  for (guint i = 0; i < self->runs->len; i++)
    {
      TernRun *run = self->runs->pdata[i];
      const TernTaskRecord *record = tern_run_get_record (run);

      if (record->phase != TERN_PHASE_ATTENTION || !g_str_equal (record->vm_uuid, uuid)
          || !is_heard_of (self, record->source, uuid)
          || !is_heard_of (self, record->destination, uuid))
        continue;
      tern_run_feed (run, TERN_EVENT_RECHECK);
      return;
    }
}

static void
on_host_removed (TernInventory *inventory, const char *name, TernMigrator *self)
{
  g_autoptr (GPtrArray) hanging = g_ptr_array_new_with_free_func (g_object_unref);

  (void) inventory;
  g_hash_table_remove (self->hosts, name);
  for (guint i = 0; i < self->runs->len; i++)
    if (hangs_on (tern_run_get_record (self->runs->pdata[i]), name))
      g_ptr_array_add (hanging, g_object_ref (self->runs->pdata[i]));
  for (guint i = 0; i < hanging->len; i++)
    tern_run_dismiss (hanging->pdata[i], name);
  /* Who waited only for it to be connected waits no more. */
  tern_migrator_admit (self);
}

void
tern_migrator_watch_hosts (TernMigrator *self)
{
  g_signal_connect_object (self->inventory, "host-changed", G_CALLBACK (on_host_changed), self, 0);
  g_signal_connect_object (self->inventory, "host-removed", G_CALLBACK (on_host_removed), self, 0);
  g_signal_connect_object (self->inventory, "vm-changed", G_CALLBACK (on_vm_changed), self, 0);
  g_signal_connect_object (self->inventory, "vm-removed", G_CALLBACK (on_vm_changed), self, 0);
}
