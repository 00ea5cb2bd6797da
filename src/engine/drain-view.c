/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the planner of drains is asked with: the cluster, the ledger and the open tasks as they are
 * at this moment.
 */
#include "config.h"

#include "engine/drain-parts.h"

/* Keys and values are the tasks' own. */
static GHashTable *
collect_open_tasks (TernTaskList *list)
{
  GHashTable *open = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (GPtrArray) tasks = tern_task_list_get_all (list);

  for (guint i = 0; i < tasks->len; i++)
    {
      const TernTaskRecord *record = tern_task_get_record (tasks->pdata[i]);

      if (!tern_task_record_is_drain (record)
          && (!tern_task_phase_is_final (record->phase) || record->phase == TERN_PHASE_ATTENTION))
        g_hash_table_insert (open, record->vm_uuid, (gpointer) record);
    }
  return open;
}

static TernHost *
open_host (const TernHost *host)
{
  g_autoptr (TernHostConfig) config = tern_host_config_copy (host->config);

  config->duty = TERN_DUTY_RETURNING;
  return tern_host_new (config, host->state, host->facts, host->seen_us, host->error);
}

/* A return opens its hosts before anything else: that is how it must be planned. Returns:
 * (transfer full) */
static TernCluster *
open_hosts (TernCluster *cluster, const TernDrain *drain)
{
  g_autoptr (GPtrArray) hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_unref);
  gboolean any = FALSE;

  for (guint i = 0; i < cluster->hosts->len; i++)
    {
      TernHost *host = cluster->hosts->pdata[i];
      gboolean opens = tern_duty_is_closed (host->config->duty)
                       && tern_drain_has_host (drain, host->config->name);

      g_ptr_array_add (hosts, opens ? open_host (host) : tern_host_ref (host));
      any = any || opens;
    }
  return any ? tern_cluster_new (hosts, cluster->vms, (const char *const *) cluster->shared_paths,
                                 cluster->generation, cluster->taken_us)
             : tern_cluster_ref (cluster);
}

/* What each VM wrote when it was last moved, as far as that is at hand. */
static GHashTable *
collect_dirty (TernTaskList *list)
{
  g_autoptr (GPtrArray) tasks = tern_task_list_get_all (list);
  GHashTable *dirty = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 0; i < tasks->len; i++)
    {
      const TernTaskRecord *task = tern_task_get_record (tasks->pdata[i]);

      if (task->dirty_bps > 0)
        g_hash_table_replace (dirty, g_strdup (task->vm_uuid),
                              g_memdup2 (&task->dirty_bps, sizeof task->dirty_bps));
    }
  return dirty;
}

TernDrainView *
tern_drain_view_new (const TernDrainParts *parts, const TernDrain *drain, GPtrArray *origins,
                     GHashTable *spent)
{
  TernDrainView *self = g_new0 (TernDrainView, 1);

  self->cluster = tern_cluster_ref (tern_assessor_get_cluster (parts->assessor));
  if (origins != NULL && !drain->keep_duty)
    {
      g_autoptr (TernCluster) as_it_is = g_steal_pointer (&self->cluster);

      self->cluster = open_hosts (as_it_is, drain);
    }
  self->origins = origins;
  self->question = (TernDrainQuestion){
    .cluster = self->cluster,
    .ledger = tern_assessor_get_ledger (parts->assessor),
    .settings = tern_assessor_get_settings (parts->assessor),
    .limits = tern_migrator_get_limits (parts->migrator),
    .queue_hosts = tern_migrator_make_queue_hosts (parts->migrator),
    .open_tasks = collect_open_tasks (parts->tasks),
    .drain = drain,
    .rules = tern_assessor_get_settings (parts->assessor)->drain_rules,
    .origins = origins,
    .spent = spent,
    .dirty = collect_dirty (parts->tasks),
    .now_us = tern_clock_wall_us (parts->clock),
  };
  return self;
}

void
tern_drain_view_free (TernDrainView *self)
{
  if (self == NULL)
    return;

  g_hash_table_unref (self->question.queue_hosts);
  g_hash_table_unref (self->question.open_tasks);
  g_hash_table_unref (self->question.dirty);
  g_clear_pointer (&self->origins, g_ptr_array_unref);
  tern_cluster_unref (self->cluster);
  g_free (self);
}
