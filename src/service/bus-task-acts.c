/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What clients can do with a task: Cancel, SwitchPolicy, Resolve, Recheck; and Resume and Undo,
 * which begin another one. All are the same: unpack, authorize, have the engine do it, answer.
 * Authorizing may take minutes, so the engine judges.
 */
#include "config.h"

#include "service/bus-task-acts.h"

#include "base/error.h"
#include "base/names.h"
#include "base/text.h"
#include "plan/resolve.h"
#include "service/bus-task.h"
#include "service/bus-text.h"
#include "service/drain-choice.h"
#include "service/move-choice.h"
#include "service/options.h"

/* What the methods of one task's object work on. */
typedef struct
{
  TernParts *parts;
  TernTask *task;
} Target;

/* @act: what is done when the caller may; answers or has somebody answer.
 * @uid: of the caller */
typedef struct _ActCall ActCall;
struct _ActCall
{
  TernParts *parts;
  TernTask *task;
  TernBusTask *bus;
  GDBusMethodInvocation *invocation;
  void (*act) (ActCall *call);
  gint64 uid;
  TernPolicy policy;
  TernKeep keep;
  gboolean abort;
  GStrv actions;
};

static const TernOption cancel_options[] = { { "abort", "b" }, { NULL, NULL } };
static const TernOption resolve_options[] = { { "vm", "s" }, { NULL, NULL } };
static const TernOption resume_options[] = { { "actions", "a{ss}" }, { NULL, NULL } };

static ActCall *
act_call_new (const Target *target, TernBusTask *bus, GDBusMethodInvocation *invocation,
              void (*act) (ActCall *call))
{
  ActCall *call = g_new0 (ActCall, 1);

  call->parts = tern_parts_ref (target->parts);
  call->task = g_object_ref (target->task);
  call->bus = g_object_ref (bus);
  call->invocation = invocation;
  call->act = act;
  return call;
}

static void
act_call_free (ActCall *call)
{
  tern_parts_unref (call->parts);
  g_object_unref (call->task);
  g_object_unref (call->bus);
  g_strfreev (call->actions);
  g_free (call);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ActCall, act_call_free)

static gboolean
refuse (GDBusMethodInvocation *invocation, const GError *error)
{
  tern_bus_return_error (invocation, error);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static void
on_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ActCall) call = data;
  g_autoptr (GError) error = NULL;

  if (tern_authority_check_finish (TERN_AUTHORITY (source), result, &call->uid, &error))
    {
      void (*act) (ActCall *) = call->act;

      act (g_steal_pointer (&call));
    }
  else
    tern_bus_return_error (call->invocation, error);
}

/* Takes over @call. @act: "cancel the" */
static gboolean
authorize_drain (ActCall *call, const char *action, const char *act)
{
  const TernTaskRecord *record = tern_task_get_record (call->task);
  const char *const none[] = { NULL };
  const char *const *hosts =
      record->drain != NULL ? (const char *const *) record->drain->hosts : none;
  g_autofree char *id = g_strdup_printf ("%" G_GUINT64_FORMAT, record->id);
  g_autofree char *list = tern_drain_choice_format_hosts (hosts);
  g_autofree char *named = tern_drain_choice_format_named (hosts);
  g_autofree char *message = g_strdup_printf ("Authentication is required to %s %s of %s (task %s)",
                                              act, record->kind, named, id);
  const char *details[] = { "polkit.message", message, "task", id, "hosts", list, NULL };

  tern_authority_check_async (call->parts->authority, call->invocation, action, details,
                              on_authorized, call);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* Takes over @call. @keep: (nullable): one more detail for the rules */
static gboolean
authorize (ActCall *call, const char *action, const char *keep)
{
  const TernTaskRecord *record = tern_task_get_record (call->task);
  g_autofree char *id = g_strdup_printf ("%" G_GUINT64_FORMAT, record->id);
  g_autofree char *vm = tern_bus_text (record->vm_name);
  const char *details[] = { "task",
                            id,
                            "vm",
                            vm,
                            "source",
                            record->source,
                            "destination",
                            record->destination,
                            keep != NULL ? "keep" : NULL,
                            keep,
                            NULL };

  tern_authority_check_async (call->parts->authority, call->invocation, action, details,
                              on_authorized, call);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* What moves one VM can be told more than what moves many. @why: what else to do */
static gboolean
check_is_move (const TernTaskRecord *record, const char *why, GError **error)
{
  if (!tern_task_record_is_drain (record))
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
               "Task %" G_GUINT64_FORMAT " is a %s and moves no VM itself: %s", record->id,
               record->kind, why);
  return FALSE;
}

/* Cancel */

static gboolean
cancel_one (const ActCall *call, GError **error)
{
  if (tern_task_record_is_drain (tern_task_get_record (call->task)))
    return tern_drainer_cancel (call->parts->drainer, call->task, call->abort, error);
  return tern_migrator_cancel (call->parts->migrator, call->task, error);
}

static void
cancel (ActCall *given)
{
  g_autoptr (ActCall) call = given;
  g_autoptr (GError) error = NULL;

  if (cancel_one (call, &error))
    tern_bus_task_complete_cancel (call->bus, call->invocation);
  else
    tern_bus_return_error (call->invocation, error);
}

static gboolean
on_handle_cancel (TernBusTask *bus, GDBusMethodInvocation *invocation, GVariant *options,
                  gpointer data)
{
  const Target *target = data;
  const TernTaskRecord *record = tern_task_get_record (target->task);
  gboolean is_drain = tern_task_record_is_drain (record);
  g_autoptr (GError) error = NULL;
  gboolean abort_too = FALSE;
  ActCall *call;

  if (!tern_options_check (options, cancel_options, &error))
    return refuse (invocation, error);
  g_variant_lookup (options, "abort", "b", &abort_too);
  if (abort_too && !is_drain)
    {
      g_set_error (&error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "The option “abort” is for drains and returns; task %" G_GUINT64_FORMAT
                   " is a %s, and is cancelled without it",
                   record->id, record->kind);
      return refuse (invocation, error);
    }
  call = act_call_new (target, bus, invocation, cancel);
  call->abort = abort_too;
  return is_drain ? authorize_drain (call, TERN_POLKIT_TASKS, "cancel the")
                  : authorize (call, TERN_POLKIT_TASKS, NULL);
}

/* SwitchPolicy */

static void
switch_policy (ActCall *given)
{
  g_autoptr (ActCall) call = given;
  g_autoptr (GError) error = NULL;

  if (tern_migrator_switch (call->parts->migrator, call->task, call->policy, call->uid, &error))
    tern_bus_task_complete_switch_policy (call->bus, call->invocation);
  else
    tern_bus_return_error (call->invocation, error);
}

static gboolean
on_handle_switch_policy (TernBusTask *bus, GDBusMethodInvocation *invocation, const char *word,
                         GVariant *options, gpointer data)
{
  const Target *target = data;
  g_autoptr (GError) error = NULL;
  TernPolicy policy;
  ActCall *call;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error)
      || !check_is_move (tern_task_get_record (target->task),
                         "give another policy to the tasks that it began (“virtern task list”)",
                         &error)
      || !tern_move_choice_parse_policy ("The policy", word, &policy, &error))
    return refuse (invocation, error);
  call = act_call_new (target, bus, invocation, switch_policy);
  call->policy = policy;
  return authorize (call, TERN_POLKIT_TASKS, NULL);
}

/* Resolve */

static void
on_resolved (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ActCall) call = data;
  g_autoptr (GError) error = NULL;

  if (tern_migrator_resolve_finish (TERN_MIGRATOR (source), result, &error))
    tern_bus_task_complete_resolve (call->bus, call->invocation);
  else
    tern_bus_return_error (call->invocation, error);
}

static void
resolve (ActCall *call)
{
  tern_migrator_resolve_async (call->parts->migrator, call->task, call->keep, call->uid,
                               on_resolved, call);
}

static gboolean
parse_keep (const char *word, TernKeep *out_keep, GError **error)
{
  g_autofree char *shown = NULL;

  if (tern_keep_from_string (word, out_keep))
    return TRUE;
  shown = tern_text_visible (word, 40);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The copy to keep is “%s”; it must be source or destination", shown);
  return FALSE;
}

/* People type what they were shown. What has no name has its UUID. */
static gboolean
is_name_of (const TernTaskRecord *record, const char *name)
{
  const char *real =
      record->vm_name != NULL && *record->vm_name != '\0' ? record->vm_name : record->vm_uuid;
  g_autofree char *visible = tern_text_visible (real, 0);

  return g_str_equal (name, real) || g_str_equal (name, visible);
}

/* A slip of the hand must not end the wrong VM: whoever resolves says which one it is about. */
static gboolean
check_name (const TernTaskRecord *record, GVariant *options, GError **error)
{
  g_autofree char *vm = tern_text_visible (record->vm_name, 60);
  g_autofree char *shown = NULL;
  const char *name;

  if (!g_variant_lookup (options, "vm", "&s", &name))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "Resolving task %" G_GUINT64_FORMAT
                   " ends one copy of the VM “%s” for good; give the VM's name once more, as the "
                   "option “vm”",
                   record->id, vm);
      return FALSE;
    }
  if (is_name_of (record, name))
    return TRUE;
  shown = tern_text_visible (name, 60);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The option “vm” is “%s”, but task %" G_GUINT64_FORMAT
               " is about the VM “%s”; nothing was done",
               shown, record->id, vm);
  return FALSE;
}

static gboolean
on_handle_resolve (TernBusTask *bus, GDBusMethodInvocation *invocation, const char *word,
                   GVariant *options, gpointer data)
{
  const Target *target = data;
  g_autoptr (GError) error = NULL;
  TernKeep keep;
  ActCall *call;

  if (!tern_options_check (options, resolve_options, &error)
      || !check_is_move (tern_task_get_record (target->task),
                         "resolve the task that left the question (“virtern task list”)", &error)
      || !parse_keep (word, &keep, &error)
      || !check_name (tern_task_get_record (target->task), options, &error))
    return refuse (invocation, error);
  call = act_call_new (target, bus, invocation, resolve);
  call->keep = keep;
  return authorize (call, TERN_POLKIT_RESOLVE, tern_keep_to_string (keep));
}

/* Recheck */

static void
recheck (ActCall *given)
{
  g_autoptr (ActCall) call = given;
  g_autoptr (GError) error = NULL;

  if (tern_migrator_recheck (call->parts->migrator, call->task, &error))
    tern_bus_task_complete_recheck (call->bus, call->invocation);
  else
    tern_bus_return_error (call->invocation, error);
}

static gboolean
on_handle_recheck (TernBusTask *bus, GDBusMethodInvocation *invocation, GVariant *options,
                   gpointer data)
{
  const Target *target = data;
  g_autoptr (GError) error = NULL;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error)
      || !check_is_move (tern_task_get_record (target->task),
                         "ask about the task that left the question (“virtern task list”)", &error))
    return refuse (invocation, error);
  return authorize (act_call_new (target, bus, invocation, recheck), TERN_POLKIT_TASKS, NULL);
}

/* Resume and Undo */

static gboolean
check_is_drain (const TernTaskRecord *record, const char *what, GError **error)
{
  if (g_str_equal (record->kind, "drain"))
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
               "Task %" G_GUINT64_FORMAT " (%s) is no drain, and only a drain can be %s",
               record->id, record->kind, what);
  return FALSE;
}

/* Returns: (transfer full) (nullable): path of the task that was begun; %NULL if @call was answered
 */
static char *
finish_order (ActCall *call, TernDrainer *drainer, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernTask) task = tern_drainer_order_finish (drainer, result, &error);

  if (task != NULL)
    return tern_bus_task_format_path (tern_task_get_id (task));
  tern_bus_return_error (call->invocation, error);
  return NULL;
}

static void
on_resumed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ActCall) call = data;
  g_autofree char *path = finish_order (call, TERN_DRAINER (source), result);

  if (path != NULL)
    tern_bus_task_complete_resume (call->bus, call->invocation, path);
}

static void
resume (ActCall *call)
{
  tern_drainer_resume_async (call->parts->drainer, tern_task_get_id (call->task),
                             (const char *const *) call->actions, call->uid, on_resumed, call);
}

static gboolean
on_handle_resume (TernBusTask *bus, GDBusMethodInvocation *invocation, GVariant *options,
                  gpointer data)
{
  const Target *target = data;
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) actions = NULL;
  ActCall *call;

  if (!tern_options_check (options, resume_options, &error)
      || !check_is_drain (tern_task_get_record (target->task), "resumed", &error)
      || !tern_drain_choice_parse_actions (target->parts, options, &actions, &error))
    return refuse (invocation, error);
  call = act_call_new (target, bus, invocation, resume);
  call->actions = g_steal_pointer (&actions);
  return authorize_drain (call, TERN_POLKIT_DRAIN, "resume the");
}

static void
on_undone (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (ActCall) call = data;
  g_autofree char *path = finish_order (call, TERN_DRAINER (source), result);

  if (path != NULL)
    tern_bus_task_complete_undo (call->bus, call->invocation, path);
}

static void
undo (ActCall *call)
{
  tern_drainer_undo_async (call->parts->drainer, tern_task_get_id (call->task), call->uid,
                           on_undone, call);
}

static gboolean
on_handle_undo (TernBusTask *bus, GDBusMethodInvocation *invocation, GVariant *options,
                gpointer data)
{
  const Target *target = data;
  g_autoptr (GError) error = NULL;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error)
      || !check_is_drain (tern_task_get_record (target->task), "undone", &error))
    return refuse (invocation, error);
  return authorize_drain (act_call_new (target, bus, invocation, undo), TERN_POLKIT_DRAIN,
                          "undo the");
}

static void
target_free (gpointer data, GClosure *closure)
{
  Target *target = data;

  (void) closure;
  tern_parts_unref (target->parts);
  g_object_unref (target->task);
  g_free (target);
}

void
tern_bus_task_acts_connect (TernBusTask *bus, TernParts *parts, TernTask *task)
{
  static const struct
  {
    const char *signal;
    GCallback handler;
  } methods[] = {
    { "handle-cancel", G_CALLBACK (on_handle_cancel) },
    { "handle-switch-policy", G_CALLBACK (on_handle_switch_policy) },
    { "handle-resolve", G_CALLBACK (on_handle_resolve) },
    { "handle-recheck", G_CALLBACK (on_handle_recheck) },
    { "handle-resume", G_CALLBACK (on_handle_resume) },
    { "handle-undo", G_CALLBACK (on_handle_undo) },
  };

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      Target *target = g_new0 (Target, 1);

      target->parts = tern_parts_ref (parts);
      target->task = g_object_ref (task);
      g_signal_connect_data (bus, methods[i].signal, methods[i].handler, target, target_free, 0);
    }
}
