/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One question to several hosts at once.
 */
#include "config.h"

#include "engine/sightings.h"

#include "base/error.h"

typedef struct
{
  GPtrArray *seen; /* TernSighting, NULL while it is waited for */
  guint pending;
} Asking;

typedef struct
{
  GTask *task;
  guint place;
} OneHost;

static void
asking_free (Asking *asking)
{
  g_ptr_array_unref (asking->seen);
  g_free (asking);
}

static void
put (GTask *task, guint place, TernSighting *seen)
{
  Asking *asking = g_task_get_task_data (task);

  asking->seen->pdata[place] = seen;
  if (--asking->pending > 0)
    return;
  g_task_return_pointer (task, g_ptr_array_ref (asking->seen), (GDestroyNotify) g_ptr_array_unref);
  g_object_unref (task);
}

static TernSighting *
sighting_from_error (const char *message)
{
  TernSighting *seen = tern_sighting_new ();

  seen->error = g_strdup (message);
  return seen;
}

static void
on_inspected (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autofree OneHost *one = data;
  g_autoptr (GError) error = NULL;
  TernSighting *seen = tern_hypervisor_inspect_finish (TERN_HYPERVISOR (source), result, &error);

  put (one->task, one->place, seen != NULL ? seen : sighting_from_error (error->message));
}

static void
ask_one (TernInventory *inventory, GTask *task, const char *uuid, const char *host, guint place)
{
  TernHypervisor *port = tern_inventory_find_hypervisor (inventory, host);
  OneHost *one;

  if (port == NULL)
    {
      put (task, place, sighting_from_error ("it is not a host of ours any more"));
      return;
    }
  one = g_new0 (OneHost, 1);
  one->task = task;
  one->place = place;
  tern_hypervisor_inspect_async (port, uuid, g_task_get_cancellable (task), on_inspected, one);
}

void
tern_sightings_ask_async (TernInventory *inventory, const char *uuid, const char *const *hosts,
                          GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  GTask *task = g_task_new (inventory, cancellable, cb, data);
  Asking *asking = g_new0 (Asking, 1);
  guint n = g_strv_length ((char **) hosts);

  asking->seen = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_sighting_free);
  g_ptr_array_set_size (asking->seen, (int) n);
  asking->pending = n + 1;
  g_task_set_task_data (task, asking, (GDestroyNotify) asking_free);
  for (guint i = 0; i < n; i++)
    ask_one (inventory, task, uuid, hosts[i], i);
  /* The last one counts when all were asked, so that no answer ends it too early. */
  if (--asking->pending > 0)
    return;
  g_task_return_pointer (task, g_ptr_array_ref (asking->seen), (GDestroyNotify) g_ptr_array_unref);
  g_object_unref (task);
}

GPtrArray *
tern_sightings_ask_finish (GAsyncResult *result)
{
  return g_task_propagate_pointer (G_TASK (result), NULL);
}
