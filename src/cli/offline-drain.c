/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Plans of drains from a snapshot file: the daemon's own planner (plan/), at the moment the
 * snapshot was taken, in the daemon's own form.
 */
#include "config.h"

#include "cli/offline.h"

#include "base/error.h"
#include "cli/drain-order.h"
#include "cli/i18n.h"
#include "cli/offline-scene.h"
#include "plan/drain-document.h"

#include <string.h>

/* What a drain is planned from, besides the scene. */
typedef struct
{
  GHashTable *queue_hosts; /* (element-type utf8 TernQueueHost) */
  GHashTable *open_tasks;  /* (element-type utf8 TernTaskRecord) */
  GHashTable *dirty;       /* (element-type utf8 guint64*) */
} Known;

static void
known_clear (Known *self)
{
  g_clear_pointer (&self->queue_hosts, g_hash_table_unref);
  g_clear_pointer (&self->open_tasks, g_hash_table_unref);
  g_clear_pointer (&self->dirty, g_hash_table_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Known, known_clear)

static void
add_host (GHashTable *queue_hosts, const TernHostConfig *config, const TernSnapshotHost *sim)
{
  TernQueueHost *host = g_new0 (TernQueueHost, 1);

  *host = (TernQueueHost){
    .name = config->name,
    .cluster = config->cluster,
    .limit_out = config->limit_out,
    .limit_in = config->limit_in,
    .link_bps = config->link_bps > 0 ? config->link_bps : sim->link_bps,
    .bandwidth_bps = config->bandwidth_bps,
    .ready = TRUE,
  };
  g_hash_table_insert (queue_hosts, (gpointer) config->name, host);
}

static void
add_vm (Known *self, const TernScene *scene, const TernVm *vm, guint64 *dirty_bps)
{
  TernTaskRecord *open_task = tern_scene_find_open_task (scene, vm);

  if (open_task != NULL)
    g_hash_table_insert (self->open_tasks, open_task->vm_uuid, open_task);
  if (*dirty_bps > 0)
    g_hash_table_insert (self->dirty, (gpointer) vm->uuid, dirty_bps);
}

/* The snapshot's own tables are in the order of its cluster. */
static void
look_around (Known *self, const TernScene *scene)
{
  const TernCluster *all = scene->snapshot->cluster;

  self->queue_hosts = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  self->open_tasks =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) tern_task_record_free);
  self->dirty = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < all->hosts->len; i++)
    add_host (self->queue_hosts, ((const TernHost *) all->hosts->pdata[i])->config,
              scene->snapshot->sim_hosts->pdata[i]);
  for (guint i = 0; i < all->vms->len; i++)
    add_vm (self, scene, all->vms->pdata[i], &scene->snapshot->dirty_bps[i]);
}

/* "UUID=ACTION" of each VM for which an action was typed. */
static gboolean
take_actions (TernDrain *drain, const TernScene *scene, const TernArgs *args, GError **error)
{
  g_autoptr (GStrvBuilder) actions = g_strv_builder_new ();
  g_autoptr (GVariant) typed = NULL;
  GVariant *floating;
  GVariantIter iter;
  const char *name, *action;

  if (!tern_drain_order_build_actions (args, NULL, &floating, error))
    return FALSE;
  if (floating == NULL)
    return TRUE;
  typed = g_variant_ref_sink (floating);
  g_variant_iter_init (&iter, typed);
  while (g_variant_iter_next (&iter, "{&s&s}", &name, &action))
    {
      const TernVm *vm = tern_cluster_lookup_vm (scene->cluster, name, error);
      g_autofree char *said = NULL;

      if (vm == NULL)
        return FALSE;
      said = g_strconcat (vm->uuid, "=", action, NULL);
      g_strv_builder_add (actions, said);
    }
  drain->actions = g_strv_builder_end (actions);
  return TRUE;
}

static TernDrain *
make_order (const TernScene *scene, const TernArgs *args, GError **error)
{
  g_autoptr (TernDrain) drain = tern_drain_new ((const char *const *) args->operands);

  drain->move_shut_off = tern_args_has (args, TERN_OPTION_MOVE_SHUT_OFF);
  if (!tern_drain_order_get_deadline (args, scene->now_us, &drain->deadline_us, error)
      || !take_actions (drain, scene, args, error))
    return NULL;
  return g_steal_pointer (&drain);
}

/* A seal that nobody knows: a plan that no daemon made, none takes. */
static GBytes *
make_key (void)
{
  g_autofree char *text = g_uuid_string_random ();

  return g_bytes_new (text, strlen (text));
}

char *
tern_offline_drain (const TernArgs *args, const char *file, GError **error)
{
  g_autoptr (TernScene) scene = tern_scene_load (file, error);
  g_autoptr (TernDrain) drain = scene != NULL ? make_order (scene, args, error) : NULL;
  g_autoptr (TernDrainPlan) plan = NULL;
  g_autoptr (GBytes) key = make_key ();
  g_auto (Known) known = { 0 };
  TernDrainQuestion question = { 0 };

  if (drain == NULL)
    return NULL;
  look_around (&known, scene);
  question = (TernDrainQuestion){
    .cluster = scene->cluster,
    .ledger = scene->ledger,
    .settings = &scene->snapshot->settings,
    .limits = scene->snapshot->settings.limits,
    .queue_hosts = known.queue_hosts,
    .open_tasks = known.open_tasks,
    .drain = drain,
    .dirty = known.dirty,
    .now_us = scene->now_us,
  };
  if (!tern_drain_check (&question, error))
    return NULL;
  plan = tern_drain_plan (&question);
  return tern_drain_document_format (plan, &question, "snapshot", key);
}
