/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The store port: checks its callers and passes on to the driver.
 */
#include "config.h"

#include "ports/store.h"

G_DEFINE_INTERFACE (TernStore, tern_store, G_TYPE_OBJECT)

static void
tern_store_default_init (TernStoreInterface *iface)
{
  g_signal_new ("trouble-changed", TERN_TYPE_STORE, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                G_TYPE_NONE, 0);
}

GPtrArray *
tern_store_load_hosts (TernStore *self, GError **error)
{
  g_return_val_if_fail (TERN_IS_STORE (self), NULL);
  return TERN_STORE_GET_IFACE (self)->load_hosts (self, error);
}

GPtrArray *
tern_store_load_open_tasks (TernStore *self, guint64 *out_last_id, GError **error)
{
  g_return_val_if_fail (TERN_IS_STORE (self), NULL);
  return TERN_STORE_GET_IFACE (self)->load_open_tasks (self, out_last_id, error);
}

GPtrArray *
tern_store_load_children (TernStore *self, guint64 parent, GError **error)
{
  g_return_val_if_fail (TERN_IS_STORE (self) && parent > 0, NULL);
  return TERN_STORE_GET_IFACE (self)->load_children (self, parent, error);
}

GPtrArray *
tern_store_load_untold (TernStore *self, GError **error)
{
  g_return_val_if_fail (TERN_IS_STORE (self), NULL);
  return TERN_STORE_GET_IFACE (self)->load_untold (self, error);
}

GPtrArray *
tern_store_load_origins (TernStore *self, GError **error)
{
  g_return_val_if_fail (TERN_IS_STORE (self), NULL);
  return TERN_STORE_GET_IFACE (self)->load_origins (self, error);
}

char *
tern_store_load_text (TernStore *self, const char *key, GError **error)
{
  g_return_val_if_fail (TERN_IS_STORE (self) && key != NULL, NULL);
  return TERN_STORE_GET_IFACE (self)->load_text (self, key, error);
}

gboolean
tern_store_save_text (TernStore *self, const char *key, const char *text, GError **error)
{
  g_return_val_if_fail (TERN_IS_STORE (self) && key != NULL && text != NULL, FALSE);
  return TERN_STORE_GET_IFACE (self)->save_text (self, key, text, error);
}

void
tern_store_put_origin_async (TernStore *self, const TernOrigin *origin, GAsyncReadyCallback cb,
                             gpointer data)
{
  g_return_if_fail (TERN_IS_STORE (self));
  TERN_STORE_GET_IFACE (self)->put_origin_async (self, origin, cb, data);
}

void
tern_store_remove_origin_async (TernStore *self, const char *vm_uuid, GAsyncReadyCallback cb,
                                gpointer data)
{
  g_return_if_fail (TERN_IS_STORE (self));
  TERN_STORE_GET_IFACE (self)->remove_origin_async (self, vm_uuid, cb, data);
}

void
tern_store_put_host_async (TernStore *self, const TernHostConfig *host, GAsyncReadyCallback cb,
                           gpointer data)
{
  g_return_if_fail (TERN_IS_STORE (self));
  TERN_STORE_GET_IFACE (self)->put_host_async (self, host, cb, data);
}

void
tern_store_remove_host_async (TernStore *self, const char *name, GAsyncReadyCallback cb,
                              gpointer data)
{
  g_return_if_fail (TERN_IS_STORE (self));
  TERN_STORE_GET_IFACE (self)->remove_host_async (self, name, cb, data);
}

void
tern_store_put_task_async (TernStore *self, const TernTaskRecord *task, GAsyncReadyCallback cb,
                           gpointer data)
{
  g_return_if_fail (TERN_IS_STORE (self));
  g_return_if_fail (task != NULL && task->id > 0);
  TERN_STORE_GET_IFACE (self)->put_task_async (self, task, cb, data);
}

void
tern_store_put_tasks_async (TernStore *self, const GPtrArray *tasks, GAsyncReadyCallback cb,
                            gpointer data)
{
  g_return_if_fail (TERN_IS_STORE (self));
  g_return_if_fail (tasks != NULL && tasks->len > 0);
  TERN_STORE_GET_IFACE (self)->put_tasks_async (self, tasks, cb, data);
}

gboolean
tern_store_load_limits (TernStore *self, TernLimits *out_limits, GError **error)
{
  g_return_val_if_fail (TERN_IS_STORE (self), FALSE);
  return TERN_STORE_GET_IFACE (self)->load_limits (self, out_limits, error);
}

void
tern_store_put_limits_async (TernStore *self, const TernLimits *limits, GAsyncReadyCallback cb,
                             gpointer data)
{
  g_return_if_fail (TERN_IS_STORE (self));
  TERN_STORE_GET_IFACE (self)->put_limits_async (self, limits, cb, data);
}

gboolean
tern_store_write_finish (TernStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (TERN_IS_STORE (self), FALSE);
  return TERN_STORE_GET_IFACE (self)->write_finish (self, result, error);
}

void
tern_store_list_tasks_async (TernStore *self, const TernTaskFilter *filter, GAsyncReadyCallback cb,
                             gpointer data)
{
  g_return_if_fail (TERN_IS_STORE (self));
  TERN_STORE_GET_IFACE (self)->list_tasks_async (self, filter, cb, data);
}

GPtrArray *
tern_store_list_tasks_finish (TernStore *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (TERN_IS_STORE (self), NULL);
  return TERN_STORE_GET_IFACE (self)->list_tasks_finish (self, result, error);
}

const char *
tern_store_get_trouble (TernStore *self)
{
  g_return_val_if_fail (TERN_IS_STORE (self), NULL);
  return TERN_STORE_GET_IFACE (self)->get_trouble (self);
}
