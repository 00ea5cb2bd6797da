/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The duty of several hosts, changed together: each is stored and holds by itself, so that one that
 * could not be written is simply written again.
 */
#include "config.h"

#include "engine/drain-parts.h"

#include "base/error.h"

typedef struct
{
  guint pending;
  GError *error; /* the first */
} Changing;

static void
changing_free (Changing *changing)
{
  g_clear_error (&changing->error);
  g_free (changing);
}

/* What is to hold for one host. */
typedef struct
{
  GTask *task;
  TernDuty duty;
  guint64 duty_task;
} One;

static gboolean
set_duty (TernHostConfig *config, gpointer data, GError **error)
{
  const One *one = data;

  (void) error;
  config->duty = one->duty;
  config->duty_task = one->duty_task;
  return TRUE;
}

static void
one_less (GTask *task)
{
  Changing *changing = g_task_get_task_data (task);

  if (--changing->pending > 0)
    return;
  if (changing->error != NULL)
    g_task_return_error (task, g_steal_pointer (&changing->error));
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
on_changed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree One *one = data;
  GTask *task = one->task;
  Changing *changing = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  (void) tern_inventory_update_host_finish (TERN_INVENTORY (source), result, &error);
  /* A host that is gone needs no duty. */
  if (error != NULL && !g_error_matches (error, TERN_ERROR, TERN_ERROR_NOT_FOUND)
      && changing->error == NULL)
    changing->error = g_steal_pointer (&error);
  one_less (task);
}

static void
change (TernInventory *inventory, const TernHost *host, const One *wanted)
{
  Changing *changing = g_task_get_task_data (wanted->task);
  const TernHostConfig *config = host->config;
  One *one;

  if (config->duty == wanted->duty && config->duty_task == wanted->duty_task)
    return;
  changing->pending++;
  one = g_memdup2 (wanted, sizeof *wanted);
  tern_inventory_update_host_async (inventory, config->name, set_duty, one, on_changed, one);
}

void
tern_drain_set_duty_async (TernInventory *inventory, const char *const *hosts, guint64 task_id,
                           TernDutyOf duty_of, gpointer duty_data, GAsyncReadyCallback cb,
                           gpointer data)
{
  GTask *task = g_task_new (inventory, NULL, cb, data);
  Changing *changing = g_new0 (Changing, 1);

  g_task_set_task_data (task, changing, (GDestroyNotify) changing_free);
  changing->pending = 1;
  for (guint i = 0; hosts[i] != NULL; i++)
    {
      const TernHost *host = tern_inventory_find_host (inventory, hosts[i]);
      TernDuty duty = duty_of (hosts[i], duty_data);
      const One wanted = { task, duty, duty != TERN_DUTY_ACTIVE ? task_id : 0 };

      if (host != NULL)
        change (inventory, host, &wanted);
    }
  one_less (task);
}

gboolean
tern_drain_set_duty_finish (TernInventory *inventory, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, inventory), FALSE);
  return g_task_propagate_boolean (G_TASK (result), error);
}
