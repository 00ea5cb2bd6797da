/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Authorization, all of it. A check is: ask the bus for the caller's uid, then
 *
 *   session   the daemon's own uid: yes; any other: no
 *   polkit    uid 0: yes; else polkit's answer; no answer: no
 *
 * polkit itself lets root do anything; we do not even ask, so that root can still stop a
 * migration on a machine whose polkit is broken.
 */
#include "config.h"

#include "service/authority.h"

#include "base/error.h"
#include "base/names.h"

#define POLKIT_AGENT_I_KNOW_API_IS_SUBJECT_TO_CHANGE
#include <polkit/polkit.h>

#include <unistd.h>

/* A person may have to type a password; polkit alone answers in milliseconds. These are waits
 * of the real world, so they do not follow the (perhaps simulated) TernClock. */
#define INTERACTIVE_TIMEOUT_S 120
#define POLKIT_TIMEOUT_S 20
#define BUS_TIMEOUT_MS 5000

struct _TernAuthority
{
  GObject parent_instance;
  gboolean session;
};

G_DEFINE_TYPE (TernAuthority, tern_authority, G_TYPE_OBJECT)

typedef struct
{
  GDBusMethodInvocation *invocation;
  char *action;
  GStrv details;
  gint64 uid;
  GCancellable *cancellable;
  PolkitCheckAuthorizationFlags flags;
  guint timeout_id;
  guint timeout_s;
} Check;

static void
check_free (Check *check)
{
  g_clear_handle_id (&check->timeout_id, g_source_remove);
  g_clear_object (&check->cancellable);
  g_clear_object (&check->invocation);
  g_strfreev (check->details);
  g_free (check->action);
  g_free (check);
}

static void
tern_authority_class_init (TernAuthorityClass *klass)
{
  (void) klass;
}

static void
tern_authority_init (TernAuthority *self)
{
  (void) self;
}

TernAuthority *
tern_authority_new_polkit (void)
{
  return g_object_new (TERN_TYPE_AUTHORITY, NULL);
}

TernAuthority *
tern_authority_new_session (void)
{
  TernAuthority *self = g_object_new (TERN_TYPE_AUTHORITY, NULL);

  self->session = TRUE;
  return self;
}

static const char *
describe_action (const char *action)
{
  static const struct
  {
    const char *action;
    const char *description;
  } known[] = {
    { TERN_POLKIT_HOSTS, "add, change or remove hosts" },
    { TERN_POLKIT_MIGRATE, "move VMs" },
    { TERN_POLKIT_START, "start VMs" },
    { TERN_POLKIT_LOCK, "lock or unlock VMs" },
    { TERN_POLKIT_MASK, "change the CPU of VMs" },
    { TERN_POLKIT_TASKS, "cancel or change this task" },
    { TERN_POLKIT_RESOLVE, "decide which copy of a VM stays" },
    { TERN_POLKIT_DRAIN, "drain hosts or open them again" },
    { TERN_POLKIT_WEBHOOKS, "see or change webhooks" },
    { TERN_POLKIT_LIMITS, "change how many VMs move at a time" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (known[i].action, action))
      return known[i].description;
  return NULL;
}

static void G_GNUC_PRINTF (2, 3) deny (GTask *task, const char *format, ...)
{
  Check *check = g_task_get_task_data (task);
  g_autofree char *why = NULL;
  va_list args;

  va_start (args, format);
  why = g_strdup_vprintf (format, args);
  va_end (args);
  g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_NOT_AUTHORIZED,
                           "You (uid %" G_GINT64_FORMAT ") may not %s: %s", check->uid,
                           describe_action (check->action), why);
}

static void
deny_unasked (GTask *task, const GError *error)
{
  Check *check = g_task_get_task_data (task);

  if (g_cancellable_is_cancelled (check->cancellable))
    deny (task, "polkit gave no answer within %u s", check->timeout_s);
  else
    deny (task, "polkit cannot be asked (%s)", error->message);
}

static gboolean
on_timeout (gpointer data)
{
  Check *check = data;

  check->timeout_id = 0;
  g_cancellable_cancel (check->cancellable);
  return G_SOURCE_REMOVE;
}

static void
judge_result (GTask *task, PolkitAuthorizationResult *result)
{
  Check *check = g_task_get_task_data (task);

  if (polkit_authorization_result_get_is_authorized (result))
    g_task_return_boolean (task, TRUE);
  else if (polkit_authorization_result_get_dismissed (result))
    deny (task, "the question for a password was dismissed");
  else if (polkit_authorization_result_get_is_challenge (result))
    deny (task, "polkit wants a password for %s, and there is nobody it could ask", check->action);
  else
    deny (task, "polkit does not allow %s", check->action);
}

static void
on_checked (GObject *source, GAsyncResult *res, gpointer data)
{
  g_autoptr (GTask) task = data;
  Check *check = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (PolkitAuthorizationResult) result =
      polkit_authority_check_authorization_finish (POLKIT_AUTHORITY (source), res, &error);

  g_clear_handle_id (&check->timeout_id, g_source_remove);
  if (result != NULL)
    judge_result (task, result);
  else
    deny_unasked (task, error);
}

static PolkitDetails *
build_details (const Check *check)
{
  PolkitDetails *details = polkit_details_new ();

  for (guint i = 0; check->details[i] != NULL && check->details[i + 1] != NULL; i += 2)
    polkit_details_insert (details, check->details[i], check->details[i + 1]);
  return details;
}

static void
on_authority (GObject *source, GAsyncResult *res, gpointer data)
{
  g_autoptr (GTask) task = data;
  Check *check = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (PolkitAuthority) authority = polkit_authority_get_finish (res, &error);
  g_autoptr (PolkitSubject) subject = NULL;
  g_autoptr (PolkitDetails) details = NULL;

  if (authority == NULL)
    {
      deny_unasked (task, error);
      return;
    }

  subject = polkit_system_bus_name_new (g_dbus_method_invocation_get_sender (check->invocation));
  details = build_details (check);
  polkit_authority_check_authorization (authority, subject, check->action, details, check->flags,
                                        check->cancellable, on_checked, g_steal_pointer (&task));
}

static void
ask_polkit (GTask *task)
{
  Check *check = g_task_get_task_data (task);
  GDBusMessage *message = g_dbus_method_invocation_get_message (check->invocation);

  check->timeout_s = POLKIT_TIMEOUT_S;
  if (g_dbus_message_get_flags (message) & G_DBUS_MESSAGE_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION)
    {
      check->flags |= POLKIT_CHECK_AUTHORIZATION_FLAGS_ALLOW_USER_INTERACTION;
      check->timeout_s = INTERACTIVE_TIMEOUT_S;
    }
  check->timeout_id = g_timeout_add_seconds (check->timeout_s, on_timeout, check);
  polkit_authority_get_async (check->cancellable, on_authority, g_object_ref (task));
}

static void
judge_uid (TernAuthority *self, GTask *task)
{
  Check *check = g_task_get_task_data (task);

  if (describe_action (check->action) == NULL)
    g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_NOT_AUTHORIZED,
                             "Nobody may do “%s”: it is not known", check->action);
  else if (self->session && check->uid == (gint64) getuid ())
    g_task_return_boolean (task, TRUE);
  else if (self->session)
    deny (task, "on a session bus only uid %u may", (guint) getuid ());
  else if (check->uid == 0)
    g_task_return_boolean (task, TRUE);
  else
    ask_polkit (task);
}

static void
on_uid (GObject *source, GAsyncResult *res, gpointer data)
{
  g_autoptr (GTask) task = data;
  Check *check = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), res, &error);
  guint32 uid;

  if (reply == NULL)
    {
      g_task_return_new_error (task, TERN_ERROR, TERN_ERROR_NOT_AUTHORIZED,
                               "The bus does not say who you are: %s", error->message);
      return;
    }

  g_variant_get (reply, "(u)", &uid);
  check->uid = uid;
  judge_uid (g_task_get_source_object (task), task);
}

void
tern_authority_check_async (TernAuthority *self, GDBusMethodInvocation *invocation,
                            const char *action, const char *const *details, GAsyncReadyCallback cb,
                            gpointer data)
{
  GTask *task = g_task_new (self, NULL, cb, data);
  Check *check = g_new0 (Check, 1);

  check->invocation = g_object_ref (invocation);
  check->action = g_strdup (action);
  check->details = g_strdupv ((GStrv) details);
  check->uid = -1;
  check->cancellable = g_cancellable_new ();
  g_task_set_task_data (task, check, (GDestroyNotify) check_free);
  g_task_set_check_cancellable (task, FALSE);

  g_dbus_connection_call (
      g_dbus_method_invocation_get_connection (invocation), "org.freedesktop.DBus",
      "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetConnectionUnixUser",
      g_variant_new ("(s)", g_dbus_method_invocation_get_sender (invocation)),
      G_VARIANT_TYPE ("(u)"), G_DBUS_CALL_FLAGS_NONE, BUS_TIMEOUT_MS, NULL, on_uid, task);
}

gboolean
tern_authority_check_finish (TernAuthority *self, GAsyncResult *result, gint64 *out_uid,
                             GError **error)
{
  Check *check;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  check = g_task_get_task_data (G_TASK (result));
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  if (out_uid != NULL)
    *out_uid = check->uid;
  return TRUE;
}
