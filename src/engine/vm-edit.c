/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Locks of one VM, and what locks and masks share: which VM it is, and that it shows what the
 * host was told before anybody hears that it was done. Drain actions
 * are vm-drain-action.c's part, masks vm-mask.c's.
 */
#include "config.h"

#include "engine/vm-edit.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"
#include "engine/assessor-private.h"
#include "engine/vm-edit-private.h"

#define MAX_NAME_SHOWN 60

char *
tern_vm_edit_show (const TernVm *vm)
{
  return tern_text_visible (vm->name, MAX_NAME_SHOWN);
}

TernHypervisor *
tern_vm_edit_find_port (TernAssessor *assessor, const TernVm *vm, GError **error)
{
  TernInventory *inventory = tern_assessor_get_inventory (assessor);
  TernHost *host = tern_inventory_find_host (inventory, vm->host);
  g_autofree char *shown = tern_vm_edit_show (vm);

  if (host != NULL && host->state == TERN_HOST_UP)
    return tern_inventory_find_hypervisor (inventory, vm->host);
  g_set_error (error, TERN_ERROR, TERN_ERROR_UNREACHABLE,
               "%s is on %s, which cannot be reached now%s%s; see “virtern host show %s”", shown,
               vm->host, host != NULL && host->error != NULL ? ": " : "",
               host != NULL && host->error != NULL ? host->error : "", vm->host);
  return NULL;
}

gboolean
tern_vm_edit_check_free (TernAssessor *assessor, const TernVm *vm, gboolean may_wait,
                         GError **error)
{
  g_autoptr (TernTaskRecord) holder = tern_assessor_find_holder (assessor, vm->uuid);
  g_autofree char *shown = NULL;

  if (holder == NULL)
    return TRUE;
  shown = tern_vm_edit_show (vm);
  if (holder->phase == TERN_PHASE_ATTENTION)
    g_set_error (error, TERN_ERROR, TERN_ERROR_ATTENTION,
                 "%s needs attention since task %" G_GUINT64_FORMAT
                 " and is not changed before that is settled: see “virtern task show "
                 "%" G_GUINT64_FORMAT "”",
                 shown, holder->id, holder->id);
  else if (!may_wait || holder->phase > TERN_PHASE_QUEUED)
    g_set_error (error, TERN_ERROR, TERN_ERROR_BUSY,
                 "%s is being moved or started by task %" G_GUINT64_FORMAT
                 " and cannot be changed meanwhile: do it again when that has ended (“virtern "
                 "task show %" G_GUINT64_FORMAT "”)",
                 shown, holder->id, holder->id);
  else
    return TRUE;
  return FALSE;
}

/* Locks */

typedef struct
{
  TernLock *lock; /* NULL to unlock */
  char *uuid;
  char *host;
  char *name; /* as it may be shown */
} LockEdit;

static void
lock_edit_free (LockEdit *edit)
{
  tern_lock_free (edit->lock);
  g_free (edit->uuid);
  g_free (edit->host);
  g_free (edit->name);
  g_free (edit);
}

static gboolean
may_replace (const TernVm *vm, const TernLock *lock, gint64 now_us, GError **error)
{
  g_autofree char *shown = tern_vm_edit_show (vm);
  g_autofree char *owner = NULL, *reason = NULL;

  if (lock == NULL && vm->lock == NULL)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_FOUND,
                   "%s is not locked; “virtern vm list --locked” shows what is", shown);
      return FALSE;
    }
  if (lock == NULL || vm->lock == NULL || !tern_lock_holds (vm->lock, now_us)
      || g_strcmp0 (vm->lock->owner, lock->owner) == 0)
    return TRUE;
  owner = tern_text_visible (vm->lock->owner, MAX_NAME_SHOWN);
  reason = tern_text_visible (vm->lock->reason, 120);
  g_set_error (error, TERN_ERROR, TERN_ERROR_EXISTS,
               "%s is locked already, by %s: %s; “virtern vm unlock” removes that lock", shown,
               owner, reason);
  return FALSE;
}

static void
log_lock (const LockEdit *edit)
{
  g_autofree char *owner = edit->lock != NULL ? tern_text_visible (edit->lock->owner, 60) : NULL;
  g_autofree char *reason = edit->lock != NULL ? tern_text_visible (edit->lock->reason, 0) : NULL;
  const char *const *fields = TERN_FIELDS (TERN_LOG_VM, edit->name, TERN_LOG_VM_UUID, edit->uuid,
                                           TERN_LOG_HOST, edit->host);

  if (edit->lock != NULL)
    tern_log (G_LOG_LEVEL_MESSAGE, TERN_MSG_VM_LOCKED, fields, "VM %s was locked by %s: %s",
              edit->name, owner, reason);
  else
    tern_log (G_LOG_LEVEL_MESSAGE, TERN_MSG_VM_UNLOCKED, fields, "VM %s was unlocked", edit->name);
}

/* What the host shows counts, not that it took the call. */
static void
on_lock_shown (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  LockEdit *edit = g_task_get_task_data (task);
  const TernVm *vm = NULL;
  GError *error = NULL;

  if (tern_inventory_refresh_finish (TERN_INVENTORY (source), result, &error))
    vm = tern_inventory_find_vm (TERN_INVENTORY (source), edit->uuid);
  if (error == NULL && vm == NULL)
    error = g_error_new (TERN_ERROR, TERN_ERROR_NOT_FOUND, "%s is not there any more", edit->name);
  else if (error == NULL && (vm->lock != NULL) != (edit->lock != NULL))
    error = g_error_new (TERN_ERROR, TERN_ERROR_FAILED,
                         "%s took the change, but %s is %s all the same; try again", edit->host,
                         edit->name, vm->lock != NULL ? "locked" : "not locked");
  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  log_lock (edit);
  g_task_return_boolean (task, TRUE);
}

static void
on_lock_set (GObject *source, GAsyncResult *result, gpointer data)
{
  GTask *task = data;
  LockEdit *edit = g_task_get_task_data (task);
  GError *error = NULL;

  if (!tern_hypervisor_set_lock_finish (TERN_HYPERVISOR (source), result, &error))
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  tern_inventory_refresh_vm_async (tern_assessor_get_inventory (g_task_get_source_object (task)),
                                   edit->host, edit->uuid, on_lock_shown, task);
}

static TernHypervisor *
prepare_lock (TernAssessor *assessor, const TernVm *vm, const TernLock *lock, GError **error)
{
  gint64 now_us = tern_clock_wall_us (tern_assessor_get_clock (assessor));

  if (!tern_vm_edit_check_free (assessor, vm, TRUE, error)
      || !may_replace (vm, lock, now_us, error))
    return NULL;
  return tern_vm_edit_find_port (assessor, vm, error);
}

void
tern_vm_edit_lock_async (TernAssessor *assessor, const char *vm_uuid, const TernLock *lock,
                         GAsyncReadyCallback cb, gpointer data)
{
  GTask *task = g_task_new (assessor, NULL, cb, data);
  GError *error = NULL;
  const TernVm *vm = tern_assessor_find_vm (assessor, vm_uuid, &error);
  TernHypervisor *port = vm != NULL ? prepare_lock (assessor, vm, lock, &error) : NULL;
  LockEdit *edit;

  if (port == NULL)
    {
      g_task_return_error (task, error);
      g_object_unref (task);
      return;
    }
  edit = g_new0 (LockEdit, 1);
  edit->lock = lock != NULL ? tern_lock_copy (lock) : NULL;
  edit->uuid = g_strdup (vm->uuid);
  edit->host = g_strdup (vm->host);
  edit->name = tern_vm_edit_show (vm);
  g_task_set_task_data (task, edit, (GDestroyNotify) lock_edit_free);
  tern_hypervisor_set_lock_async (port, edit->uuid, edit->lock, NULL, on_lock_set, task);
}

gboolean
tern_vm_edit_lock_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
