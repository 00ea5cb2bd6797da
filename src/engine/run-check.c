/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The last look before anything is begun: nothing from a cache. The hosts are asked about the
 * VM, the inventory is brought up to date, and the assessor judges once more.
 */
#include "config.h"

#include "engine/run.h"

#include "base/error.h"
#include "engine/sightings.h"

typedef struct
{
  GPtrArray *seen; /* TernSighting */
  GError *error;   /* the first host that did not answer */
  guint pending;
} Check;

static void
check_free (Check *check)
{
  g_clear_pointer (&check->seen, g_ptr_array_unref);
  g_clear_error (&check->error);
  g_free (check);
}

static void
one_less (GTask *task)
{
  Check *check = g_task_get_task_data (task);

  if (--check->pending > 0)
    return;
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
on_refreshed (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Check *check = g_task_get_task_data (task);
  GError *error = NULL;

  if (!tern_inventory_refresh_finish (TERN_INVENTORY (source), result, &error))
    {
      if (check->error == NULL)
        check->error = g_steal_pointer (&error);
      g_clear_error (&error);
    }
  one_less (task);
}

static void
on_asked (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  Check *check = g_task_get_task_data (task);

  (void) source;
  check->seen = tern_sightings_ask_finish (result);
  one_less (task);
}

void
tern_run_check_async (TernRun *self, const char *const *hosts, GAsyncReadyCallback cb,
                      gpointer data)
{
  const TernTaskRecord *record = tern_run_get_record (self);
  GTask *task = g_task_new (self, self->cancellable, cb, data);
  Check *check = g_new0 (Check, 1);

  g_task_set_task_data (task, check, (GDestroyNotify) check_free);
  check->pending = 4;
  tern_inventory_refresh_vm_async (self->inventory, record->source, record->vm_uuid, on_refreshed,
                                   task);
  tern_inventory_refresh_vm_async (self->inventory, record->destination, record->vm_uuid,
                                   on_refreshed, task);
  tern_inventory_refresh_facts_async (self->inventory, record->destination, on_refreshed, task);
  tern_sightings_ask_async (self->inventory, record->vm_uuid, hosts, self->cancellable, on_asked,
                            task);
}

GPtrArray *
tern_run_check_finish (TernRun *self, GAsyncResult *result, GError **error)
{
  Check *check = g_task_get_task_data (G_TASK (result));

  if (!g_task_propagate_boolean (G_TASK (result), NULL) || self->closed || check->seen == NULL)
    return NULL;
  if (check->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&check->error));
      return NULL;
    }
  return g_steal_pointer (&check->seen);
}

static gboolean
is_told (const GPtrArray *reasons, guint n, const TernReasonInfo *info)
{
  for (guint i = 0; i < n; i++)
    if (((const TernReason *) reasons->pdata[i])->info == info)
      return TRUE;
  return FALSE;
}

GError *
tern_run_confirm (TernRun *self, GPtrArray *reasons)
{
  g_autoptr (GPtrArray) more = tern_assessor_confirm (self->assessor, tern_run_get_record (self));
  guint n_seen = reasons->len;

  for (guint i = 0; i < more->len; i++)
    {
      const TernReason *reason = more->pdata[i];

      if (!is_told (reasons, n_seen, reason->info))
        g_ptr_array_add (reasons, tern_reason_copy (reason));
    }
  return tern_reasons_block (reasons) ? tern_reasons_to_error (reasons) : NULL;
}
