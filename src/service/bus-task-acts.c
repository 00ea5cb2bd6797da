/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What clients can do with a task: Cancel, SwitchPolicy, Resolve, Recheck. All are the same:
 * unpack, authorize, have the migrator do it, answer. Authorizing may take minutes, so the migrator
 * judges.
 */
#include "config.h"

#include "service/bus-task-acts.h"

#include "base/error.h"
#include "base/names.h"
#include "base/text.h"
#include "plan/resolve.h"
#include "service/bus-text.h"
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
};

static const TernOption resolve_options[] = { { "vm", "s" }, { NULL, NULL } };

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

/* Cancel */

static void
cancel (ActCall *given)
{
  g_autoptr (ActCall) call = given;
  g_autoptr (GError) error = NULL;

  if (tern_migrator_cancel (call->parts->migrator, call->task, &error))
    tern_bus_task_complete_cancel (call->bus, call->invocation);
  else
    tern_bus_return_error (call->invocation, error);
}

static gboolean
on_handle_cancel (TernBusTask *bus, GDBusMethodInvocation *invocation, GVariant *options,
                  gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error))
    return refuse (invocation, error);
  return authorize (act_call_new (data, bus, invocation, cancel), TERN_POLKIT_TASKS, NULL);
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
  g_autoptr (GError) error = NULL;
  TernPolicy policy;
  ActCall *call;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error)
      || !tern_move_choice_parse_policy ("The policy", word, &policy, &error))
    return refuse (invocation, error);
  call = act_call_new (data, bus, invocation, switch_policy);
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

  if (!tern_options_check (options, resolve_options, &error) || !parse_keep (word, &keep, &error)
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
  g_autoptr (GError) error = NULL;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error))
    return refuse (invocation, error);
  return authorize (act_call_new (data, bus, invocation, recheck), TERN_POLKIT_TASKS, NULL);
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
  };

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      Target *target = g_new0 (Target, 1);

      target->parts = tern_parts_ref (parts);
      target->task = g_object_ref (task);
      g_signal_connect_data (bus, methods[i].signal, methods[i].handler, target, target_free, 0);
    }
}
