/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What moves may take of their hosts: how many at a time, by whom that was said, and how much of
 * which link.
 */
#include "config.h"

#include "engine/migrator-private.h"

#include "base/log.h"
#include "plan/queue.h"

/* So many of the last moves are looked at to learn how fast the links are. */
#define MAX_LEARNT 200

TernLinks *
tern_migrator_get_links (TernMigrator *self)
{
  g_return_val_if_fail (TERN_IS_MIGRATOR (self), NULL);
  return self->links;
}

static void
on_history (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernMigrator) self = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) records =
      tern_store_list_tasks_finish (TERN_STORE (source), result, &error);

  if (records == NULL)
    tern_log (G_LOG_LEVEL_DEBUG, NULL, NULL, "Links are not known from earlier moves: %s",
              error->message);
  if (records == NULL || self->links == NULL)
    return;
  for (guint i = records->len; i-- > 0;)
    tern_links_learn (self->links, records->pdata[i]);
  tern_migrator_admit (self);
}

void
tern_migrator_learn (TernMigrator *self)
{
  const TernTaskFilter filter = { .limit = MAX_LEARNT, .state = "done" };

  tern_store_list_tasks_async (self->store, &filter, on_history, g_object_ref (self));
}

/* Limits */

TernLimits
tern_migrator_get_limits (TernMigrator *self)
{
  g_return_val_if_fail (TERN_IS_MIGRATOR (self), (TernLimits){ 0 });

  if (self->has_limits || self->assessor == NULL)
    return self->limits;
  return tern_assessor_get_settings (self->assessor)->limits;
}

gboolean
tern_migrator_has_own_limits (TernMigrator *self)
{
  g_return_val_if_fail (TERN_IS_MIGRATOR (self), FALSE);
  return self->has_limits;
}

void
tern_migrator_load_limits (TernMigrator *self, const TernLimits *limits)
{
  g_return_if_fail (TERN_IS_MIGRATOR (self));
  g_return_if_fail (limits != NULL);

  self->limits = *limits;
  self->has_limits = TRUE;
}

static void
on_limits_stored (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) gtask = data;
  TernMigrator *self = g_task_get_source_object (gtask);
  const TernLimits *limits = g_task_get_task_data (gtask);
  GError *error = NULL;

  if (!tern_store_write_finish (TERN_STORE (source), result, &error))
    {
      g_prefix_error (&error, "The limits stay as they were: ");
      g_task_return_error (gtask, error);
      return;
    }
  self->has_limits = limits != NULL;
  if (limits != NULL)
    self->limits = *limits;
  g_task_return_boolean (gtask, TRUE);
  tern_migrator_admit (self);
}

void
tern_migrator_set_limits_async (TernMigrator *self, const TernLimits *limits,
                                GAsyncReadyCallback cb, gpointer data)
{
  GTask *gtask;

  g_return_if_fail (TERN_IS_MIGRATOR (self));

  gtask = g_task_new (self, NULL, cb, data);
  if (limits != NULL)
    g_task_set_task_data (gtask, g_memdup2 (limits, sizeof *limits), g_free);
  tern_store_put_limits_async (self->store, limits, on_limits_stored, gtask);
}

gboolean
tern_migrator_set_limits_finish (TernMigrator *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Hosts, as the queue sees them */

static TernQueueHost *
make_queue_host (TernMigrator *self, const TernHost *host)
{
  TernQueueHost *seen = g_new0 (TernQueueHost, 1);
  const TernHostConfig *config = host->config;
  const guint64 *served = g_hash_table_lookup (self->served, config->name);
  TernLinkSource from;

  seen->name = config->name;
  seen->cluster = config->cluster;
  seen->limit_out = config->limit_out;
  seen->limit_in = config->limit_in;
  seen->link_bps = tern_links_get_host (self->links, config->name, &from);
  seen->link_seen = from == TERN_LINK_SEEN;
  seen->stream_bps = tern_links_get_stream (self->links, config->name);
  seen->bandwidth_bps = config->bandwidth_bps;
  seen->served = served != NULL ? *served : 0;
  /* After the daemon began, hosts get the time to be connected before a task is held against
   * them. */
  seen->ready = host->state != TERN_HOST_CONNECTING;
  return seen;
}

GHashTable *
tern_migrator_make_queue_hosts (TernMigrator *self)
{
  g_autoptr (GPtrArray) hosts = tern_inventory_get_hosts (self->inventory);
  GHashTable *seen = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);

  for (guint i = 0; i < hosts->len; i++)
    {
      TernQueueHost *host = make_queue_host (self, hosts->pdata[i]);

      g_hash_table_insert (seen, (gpointer) host->name, host);
    }
  return seen;
}

/* Shares */

static gboolean
takes_a_share (const TernTaskRecord *record)
{
  switch (record->phase)
    {
    case TERN_PHASE_PREPARING:
    case TERN_PHASE_COPYING:
    case TERN_PHASE_SWITCHING:
    case TERN_PHASE_POSTCOPY:
    case TERN_PHASE_CANCELLING:
    case TERN_PHASE_FOLLOWING:
    case TERN_PHASE_RECOVERING:
      return !tern_task_record_is_start (record);
    default:
      return FALSE;
    }
}

static TernShare
make_share (const TernTaskRecord *record)
{
  static const guint weights[TERN_N_PRIORITIES] = {
    [TERN_PRIORITY_LOW] = 1,
    [TERN_PRIORITY_NORMAL] = 2,
    [TERN_PRIORITY_HIGH] = 4,
  };

  return (TernShare){
    .source = record->source,
    .destination = record->destination,
    .wanted_bps = record->phase == TERN_PHASE_POSTCOPY ? record->options.postcopy_bandwidth_bps
                                                       : record->options.bandwidth_bps,
    .weight = weights[record->options.priority],
  };
}

void
tern_migrator_share (TernMigrator *self)
{
  g_autoptr (GArray) shares = g_array_new (FALSE, FALSE, sizeof (TernShare));
  g_autoptr (GPtrArray) runs = g_ptr_array_new ();
  g_autoptr (GHashTable) hosts = NULL;

  if (self->assessor == NULL)
    return;
  for (guint i = 0; i < self->runs->len; i++)
    {
      const TernTaskRecord *record = tern_run_get_record (self->runs->pdata[i]);
      TernShare share;

      if (!takes_a_share (record))
        continue;
      share = make_share (record);
      g_array_append_val (shares, share);
      g_ptr_array_add (runs, self->runs->pdata[i]);
    }
  if (runs->len == 0)
    return;
  hosts = tern_migrator_make_queue_hosts (self);
  tern_share_links ((TernShare *) (void *) shares->data, shares->len, hosts);
  for (guint i = 0; i < runs->len; i++)
    tern_run_set_share (runs->pdata[i], g_array_index (shares, TernShare, i).share_bps);
}
