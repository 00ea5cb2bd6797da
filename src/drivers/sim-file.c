/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A snapshot file becomes a simulated cluster. It is read by the model; everything is read
 * before anything is added.
 */
#include "config.h"

#include "drivers/sim-private.h"

#include "base/error.h"
#include "base/text.h"
#include "model/snapshot.h"

/* What is there already, so that the file may speak of it. */
static TernCluster *
show_cluster (TernSim *self)
{
  g_autoptr (GPtrArray) hosts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_host_unref);
  g_autoptr (GPtrArray) vms = g_ptr_array_new ();

  for (guint i = 0; i < self->hosts->len; i++)
    {
      const SimHost *host = self->hosts->pdata[i];
      GHashTableIter iter;
      SimDomain *domain;

      g_ptr_array_add (hosts, tern_host_new (host->config, TERN_HOST_UP, host->facts, 0, NULL));
      g_hash_table_iter_init (&iter, host->domains);
      while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &domain))
        g_ptr_array_add (vms, domain->vm);
    }
  return tern_cluster_new (hosts, vms, NULL, 0, 0);
}

static void
add_host (TernSim *self, const TernHost *from, const TernSnapshotHost *link)
{
  g_autoptr (TernHostConfig) config = tern_host_config_copy (from->config);
  SimHost *host;

  /* What the file says is what an admin would have said. */
  config->link_bps = link->link_bps;
  host = tern_sim_host_new (config);
  host->facts = from->facts != NULL ? tern_host_facts_ref (from->facts) : tern_host_facts_new ();
  host->link_bps = MAX (link->link_bps, 1);
  host->listed = link->listed;
  (void) tern_sim_host_state_from_string (link->state, &host->state);
  tern_sim_adopt_host (self, host);
}

static void
add_fault (TernSim *self, const TernSnapshotFault *from)
{
  SimFault *fault = g_new0 (SimFault, 1);

  /* The reader has seen to it that the words are right. */
  if (from->vm != NULL)
    {
      (void) tern_sim_phase_from_string (from->phase, &fault->phase);
      (void) tern_sim_fault_from_string (from->fault, &fault->fault);
    }
  else
    {
      (void) tern_sim_host_state_from_string (from->fault, &fault->state);
      fault->host = tern_sim_find_host (self, from->host);
    }
  fault->vm = g_strdup (from->vm);
  fault->times = from->times;
  fault->length_us = from->length_us;
  tern_sim_adopt_fault (self, fault, from->at_us);
}

static void
share_paths (TernSim *self, const char *const *paths)
{
  for (; paths != NULL && *paths != NULL; paths++)
    g_ptr_array_add (self->shared_paths, g_strdup (*paths));
}

static void
add_all (TernSim *self, const TernSnapshot *snapshot)
{
  const TernCluster *cluster = snapshot->cluster;

  self->settings = snapshot->settings;
  share_paths (self, (const char *const *) cluster->shared_paths);
  for (guint i = 0; i < cluster->hosts->len; i++)
    add_host (self, cluster->hosts->pdata[i], snapshot->sim_hosts->pdata[i]);
  for (guint i = 0; i < cluster->vms->len; i++)
    {
      const TernVm *vm = cluster->vms->pdata[i];
      SimHost *host = tern_sim_find_host (self, vm->host);

      SimDomain *domain = tern_sim_host_put_domain (host, vm, snapshot->dirty_bps[i]);

      domain->shutdown_us = snapshot->shutdown_us[i];
      tern_sim_host_emit_vm (host, vm->uuid);
    }
  for (guint i = 0; i < cluster->hosts->len; i++)
    tern_sim_host_note_free (
        tern_sim_find_host (self, ((TernHost *) cluster->hosts->pdata[i])->config->name));
  for (guint i = 0; i < snapshot->faults->len; i++)
    add_fault (self, snapshot->faults->pdata[i]);
}

static gboolean
take_snapshot (TernSim *self, TernSnapshot *snapshot)
{
  if (snapshot == NULL)
    return FALSE;
  add_all (self, snapshot);
  tern_snapshot_free (snapshot);
  return TRUE;
}

gboolean
tern_sim_load_data (TernSim *self, const char *data, gssize length, const char *name,
                    GError **error)
{
  g_autoptr (TernCluster) existing = NULL;

  g_return_val_if_fail (TERN_IS_SIM (self), FALSE);

  existing = show_cluster (self);
  return take_snapshot (self, tern_snapshot_parse (data, length, name, existing, error));
}

gboolean
tern_sim_load (TernSim *self, const char *path, GError **error)
{
  TernSnapshot *snapshot;

  g_return_val_if_fail (TERN_IS_SIM (self), FALSE);

  snapshot = tern_snapshot_load (path, error);
  for (guint i = 0; snapshot != NULL && i < snapshot->cluster->hosts->len; i++)
    {
      const TernHost *host = snapshot->cluster->hosts->pdata[i];
      g_autofree char *shown = NULL;

      if (tern_sim_find_host (self, host->config->name) == NULL)
        continue;
      shown = tern_text_visible (path, 0);
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "%s: there is a host “%s” already", shown, host->config->name);
      tern_snapshot_free (snapshot);
      return FALSE;
    }
  return take_snapshot (self, snapshot);
}
