/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a drain does with one VM, kept in the VM's own metadata, so that it goes where the VM goes.
 */
#include "config.h"

#include "engine/vm-edit.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "engine/assessor-private.h"
#include "engine/vm-edit-private.h"

typedef struct
{
  int action; /* -1: none */
  char *uuid;
  char *host;
  char *name; /* as it may be shown */
} ActionEdit;

static void
action_edit_free (ActionEdit *edit)
{
  g_free (edit->uuid);
  g_free (edit->host);
  g_free (edit->name);
  g_free (edit);
}

static const char *
show_action (int action)
{
  return action >= 0 ? tern_drain_action_to_string (action) : "what is usual";
}

/* What the host shows counts, not that it took the call. */
static void
on_shown (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  ActionEdit *edit = g_task_get_task_data (task);
  const TernVm *vm = NULL;
  GError *error = NULL;

  if (tern_inventory_refresh_finish (TERN_INVENTORY (source), result, &error))
    vm = tern_inventory_find_vm (TERN_INVENTORY (source), edit->uuid);
  if (error == NULL && vm == NULL)
    error = g_error_new (TERN_ERROR, TERN_ERROR_NOT_FOUND, "%s is not there any more", edit->name);
  else if (error == NULL && vm->drain_action != edit->action)
    error = g_error_new (TERN_ERROR, TERN_ERROR_FAILED,
                         "%s took the change, but says all the same that a drain does %s with %s; "
                         "try again",
                         edit->host, show_action (vm->drain_action), edit->name);
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  tern_log (G_LOG_LEVEL_MESSAGE, NULL,
            TERN_FIELDS (TERN_LOG_VM, edit->name, TERN_LOG_VM_UUID, edit->uuid, TERN_LOG_HOST,
                         edit->host),
            "Drains do %s with the VM %s now", show_action (edit->action), edit->name);
  g_task_return_boolean (task, TRUE);
}

static void
on_set (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  ActionEdit *edit = g_task_get_task_data (task);
  GError *error = NULL;

  if (!tern_hypervisor_set_drain_action_finish (TERN_HYPERVISOR (source), result, &error))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  tern_inventory_refresh_vm_async (tern_assessor_get_inventory (g_task_get_source_object (task)),
                                   edit->host, edit->uuid, on_shown, task);
}

void
tern_vm_edit_drain_action_async (TernAssessor *assessor, const char *vm_uuid, int action,
                                 GAsyncReadyCallback cb, gpointer data)
{
  GTask *task = g_task_new (assessor, NULL, cb, data);
  GError *error = NULL;
  const TernVm *vm = tern_assessor_find_vm (assessor, vm_uuid, &error);
  TernHypervisor *port = NULL;
  ActionEdit *edit;

  if (vm != NULL && tern_vm_edit_check_free (assessor, vm, TRUE, &error))
    port = tern_vm_edit_find_port (assessor, vm, &error);
  if (port == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  edit = g_new0 (ActionEdit, 1);
  edit->action = action;
  edit->uuid = g_strdup (vm->uuid);
  edit->host = g_strdup (vm->host);
  edit->name = tern_vm_edit_show (vm);
  g_task_set_task_data (task, edit, (GDestroyNotify) action_edit_free);
  tern_hypervisor_set_drain_action_async (port, edit->uuid, action, NULL, on_set, task);
}

gboolean
tern_vm_edit_drain_action_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
