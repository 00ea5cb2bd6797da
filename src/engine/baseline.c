/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The CPU that all hosts of a cluster can give: by our own arithmetic, and with the model that
 * a host's libvirt has for it.
 */
#include "config.h"

#include "engine/vm-edit.h"

#include "engine/assessor-private.h"

typedef struct
{
  TernBaseline *baseline;
  TernCpuDefinition *model; /* NULL if no host could say */
} Fetch;

static void
fetch_free (Fetch *fetch)
{
  tern_baseline_free (fetch->baseline);
  tern_cpu_definition_free (fetch->model);
  g_free (fetch);
}

static void
on_model (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  Fetch *fetch = g_task_get_task_data (task);

  /* Without a model (vendors differ, the host is gone) the features are still worth telling. */
  fetch->model = tern_hypervisor_baseline_cpu_finish (TERN_HYPERVISOR (source), result, NULL);
  g_task_return_boolean (task, TRUE);
}

/* Returns: (transfer full) (element-type TernCpu): of the hosts that count */
static GPtrArray *
collect_cpus (const TernCluster *cluster, const TernBaseline *baseline)
{
  GPtrArray *cpus = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_cpu_unref);

  for (guint i = 0; baseline->hosts[i] != NULL; i++)
    {
      const TernHost *host = tern_cluster_find_host (cluster, baseline->hosts[i]);

      g_ptr_array_add (cpus, tern_cpu_ref (host->facts->cpu));
    }
  return cpus;
}

static TernHypervisor *
find_port (TernAssessor *assessor, const TernBaseline *baseline)
{
  TernInventory *inventory = tern_assessor_get_inventory (assessor);

  for (guint i = 0; baseline->hosts[i] != NULL; i++)
    {
      TernHost *host = tern_inventory_find_host (inventory, baseline->hosts[i]);

      if (host != NULL && host->state == TERN_HOST_UP)
        return tern_inventory_find_hypervisor (inventory, baseline->hosts[i]);
    }
  return NULL;
}

void
tern_baseline_fetch_async (TernAssessor *assessor, const char *cluster_name, GAsyncReadyCallback cb,
                           gpointer data)
{
  GTask *task = g_task_new (assessor, NULL, cb, data);
  Fetch *fetch = g_new0 (Fetch, 1);
  TernCluster *cluster = tern_assessor_get_cluster (assessor);
  g_autoptr (GPtrArray) cpus = NULL;
  TernHypervisor *port;

  fetch->baseline = tern_baseline_compute (cluster, cluster_name);
  g_task_set_task_data (task, fetch, (GDestroyNotify) fetch_free);
  port = find_port (assessor, fetch->baseline);
  if (port == NULL)
    {
      g_task_return_boolean (task, TRUE);
      g_object_unref (task);
      return;
    }
  cpus = collect_cpus (cluster, fetch->baseline);
  tern_hypervisor_baseline_cpu_async (port, cpus, NULL, on_model, task);
}

TernBaseline *
tern_baseline_fetch_finish (GAsyncResult *result, TernCpuDefinition **out_model, GError **error)
{
  Fetch *fetch = g_task_get_task_data (G_TASK (result));

  if (!g_task_propagate_boolean (G_TASK (result), error))
    return NULL;
  if (out_model != NULL)
    *out_model = g_steal_pointer (&fetch->model);
  return g_steal_pointer (&fetch->baseline);
}
