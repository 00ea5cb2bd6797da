/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Migrations away from a libvirt host, as its port carries them: a connection and a thread for
 * each, the question about its job, and its abort. What is done in the threads is in
 * libvirt-migrate.c.
 */
#include "config.h"

#include "base/error.h"
#include "drivers/libvirt-host-private.h"

/* A migration on its way: first waits for its connection, then has a thread. */
typedef struct
{
  TernLibvirtConn *control; /* the connection it was asked for on */
  TernWorker *worker;
  char *uuid;
  TernMigrateParams params;
  gboolean aborted; /* somebody asked for it here, and libvirt agreed */
} Migration;

static void
on_aborted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (source);
  const char *uuid = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  if (!g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }

  for (guint i = 0; i < self->migrations->len; i++)
    {
      Migration *migration = self->migrations->pdata[i];

      if (g_ascii_strcasecmp (migration->uuid, uuid) == 0)
        migration->aborted = TRUE;
    }
  g_task_return_boolean (task, TRUE);
}

static void
host_abort_job_async (TernHypervisor *self, const char *uuid, GCancellable *cancellable,
                      GAsyncReadyCallback cb, gpointer data)
{
  GTask *task = g_task_new (self, cancellable, cb, data);

  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, g_strdup (uuid), g_free);
  tern_libvirt_host_start (self, TERN_LINE_ABORT, &tern_libvirt_abort_kind, uuid, cancellable,
                           on_aborted, task);
}

static void
host_fetch_job_async (TernHypervisor *hypervisor, const char *uuid, gboolean completed,
                      GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  GTask *task = g_task_new (self, cancellable, cb, data);
  TernLibvirtInput *input =
      tern_libvirt_host_begin (self, TERN_LINE_JOB, &tern_libvirt_job_kind, uuid, task);

  if (input == NULL)
    return;
  input->completed = completed;
  tern_libvirt_host_send (self, TERN_LINE_JOB, &tern_libvirt_job_kind, task, input);
}

static void
migration_free (gpointer data)
{
  Migration *migration = data;

  tern_worker_free (migration->worker);
  tern_libvirt_conn_unref (migration->control);
  g_free (migration->uuid);
  tern_libvirt_params_clear (&migration->params);
  g_free (migration);
}

static Migration *
migration_new (TernLibvirtHost *self, const char *uuid, const TernMigrateParams *params)
{
  Migration *migration = g_new0 (Migration, 1);

  migration->control = tern_libvirt_conn_ref (self->conn);
  migration->uuid = g_strdup (uuid);
  tern_libvirt_params_copy (&migration->params, params);
  return migration;
}

static void
on_migrated (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (source);
  Migration *migration = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;

  g_ptr_array_remove_fast (self->migrations, migration);
  if (g_task_propagate_boolean (G_TASK (result), &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }

  /* libvirt 9.0 often reports what the abort broke ("Unable to write to socket") instead of the
   * abort. */
  if (migration->aborted && g_error_matches (error, TERN_ERROR, TERN_ERROR_FAILED))
    error->code = TERN_ERROR_CANCELLED;
  g_task_return_error (task, g_steal_pointer (&error));
}

static void
run_migration (TernLibvirtHost *self, GTask *task, TernLibvirtConn *conn)
{
  Migration *migration = g_task_get_task_data (task);
  g_autoptr (TernLibvirtLink) link = tern_libvirt_link_new (self->config->uri, conn);
  TernLibvirtInput *input = tern_libvirt_input_new (link, self->config->name, migration->uuid);

  tern_libvirt_params_copy (&input->params, &migration->params);
  migration->worker = tern_worker_new ("libvirt-migrate", self->config->name);
  g_ptr_array_add (self->migrations, migration);
  tern_worker_call (
      migration->worker, &tern_libvirt_migrate_kind,
      g_task_new (self, g_task_get_cancellable (task), on_migrated, g_object_ref (task)), input);
}

/* Nothing was sent to the host so far: whatever happened meanwhile, it is safe to stop here. */
static gboolean
is_still_wanted (TernLibvirtHost *self, GTask *task, GError **error)
{
  const Migration *migration = g_task_get_task_data (task);

  if (g_cancellable_set_error_if_cancelled (g_task_get_cancellable (task), error))
    return FALSE;
  if (self->conn == migration->control)
    return TRUE;

  g_set_error (error, TERN_ERROR, TERN_ERROR_UNREACHABLE,
               "%s: migrating the VM: the connection was lost before it began", self->config->name);
  return FALSE;
}

static void
on_migration_conn (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  TernLibvirtHost *self = g_task_get_source_object (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (TernLibvirtConn) conn = tern_libvirt_opener_open_finish (result, &error);

  if (conn != NULL && is_still_wanted (self, task, &error))
    run_migration (self, task, conn);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

static void
host_migrate_async (TernHypervisor *hypervisor, const char *uuid, const TernMigrateParams *params,
                    GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data)
{
  TernLibvirtHost *self = TERN_LIBVIRT_HOST (hypervisor);
  g_autoptr (GTask) task = g_task_new (self, cancellable, cb, data);

  g_task_set_check_cancellable (task, FALSE);
  if (tern_libvirt_host_refuse (self, task, tern_libvirt_migrate_kind.what))
    return;

  g_task_set_task_data (task, migration_new (self, uuid, params), migration_free);
  tern_libvirt_opener_open_async (self->opener, NULL, cancellable, on_migration_conn,
                                  g_steal_pointer (&task));
}

void
tern_libvirt_host_close_migrations (TernLibvirtHost *self, const GError *reason)
{
  g_autoptr (GPtrArray) migrations = g_ptr_array_copy (self->migrations, NULL, NULL);

  /* Ending one runs the owner's callback; it frees its own record, and may free no other. */
  for (guint i = 0; i < migrations->len; i++)
    if (g_ptr_array_find (self->migrations, migrations->pdata[i], NULL))
      tern_worker_close (((Migration *) migrations->pdata[i])->worker, reason);
}

void
tern_libvirt_host_add_moves (TernHypervisorInterface *iface)
{
  iface->migrate_async = host_migrate_async;
  iface->fetch_job_async = host_fetch_job_async;
  iface->abort_job_async = host_abort_job_async;
}
