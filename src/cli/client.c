/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Calls to the daemon, and what their failures mean to a user.
 */
#include "config.h"

#include "cli/client.h"

#include "base/error.h"
#include "base/names.h"
#include "base/text.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"

#include <string.h>

#include <inttypes.h>

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES "org.freedesktop.DBus.Properties"

struct _TernClient
{
  GDBusConnection *bus;
  gboolean session;
};

/* clang-format off */
static const struct
{
  int timeout_ms;
  GDBusCallFlags flags;
} call_kinds[] = {
  [TERN_CALL_READ]       = { 25000, G_DBUS_CALL_FLAGS_NONE },
  [TERN_CALL_ACT]        = { 120000, G_DBUS_CALL_FLAGS_ALLOW_INTERACTIVE_AUTHORIZATION },
  [TERN_CALL_COMPLETION] = { 2000, G_DBUS_CALL_FLAGS_NO_AUTO_START },
};
/* clang-format on */

TernClient *
tern_client_new (gboolean session, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  TernClient *self;
  GDBusConnection *bus;

  (void) tern_error_quark (); /* so that GDBus knows the daemon's errors by name */

  bus = g_bus_get_sync (session ? G_BUS_TYPE_SESSION : G_BUS_TYPE_SYSTEM, NULL, &local_error);
  if (bus == NULL)
    {
      g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_NO_DAEMON,
                   session ? _ ("The session bus cannot be reached: %s")
                           : _ ("The system bus cannot be reached: %s; is dbus running?"),
                   local_error->message);
      return NULL;
    }

  self = g_new0 (TernClient, 1);
  self->bus = bus;
  self->session = session;
  g_dbus_connection_set_exit_on_close (bus, FALSE);
  return self;
}

void
tern_client_free (TernClient *self)
{
  g_clear_object (&self->bus);
  g_free (self);
}

GDBusConnection *
tern_client_get_bus (TernClient *self)
{
  return self->bus;
}

static gboolean
is_nobody_there (const GError *error)
{
  if (error->domain == G_DBUS_ERROR)
    switch (error->code)
      {
      case G_DBUS_ERROR_SERVICE_UNKNOWN:
      case G_DBUS_ERROR_NAME_HAS_NO_OWNER:
      case G_DBUS_ERROR_NO_SERVER:
      case G_DBUS_ERROR_DISCONNECTED:
      case G_DBUS_ERROR_NO_REPLY:
      case G_DBUS_ERROR_SPAWN_EXEC_FAILED:
      case G_DBUS_ERROR_SPAWN_FORK_FAILED:
      case G_DBUS_ERROR_SPAWN_CHILD_EXITED:
      case G_DBUS_ERROR_SPAWN_CHILD_SIGNALED:
      case G_DBUS_ERROR_SPAWN_FAILED:
      case G_DBUS_ERROR_SPAWN_SERVICE_NOT_FOUND:
        return TRUE;
      default:
        return FALSE;
      }
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CLOSED)
         || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
}

static gboolean
is_no_answer (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_TIMED_OUT);
}

static gboolean
is_no_object (const GError *error)
{
  return g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_OBJECT)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD)
         || g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_INTERFACE);
}

/* What to do about it, where the daemon's sentence does not say. */
static const char *
hint_for (const GError *error)
{
  if (error->domain != TERN_ERROR || strstr (error->message, "“virtern ") != NULL)
    return NULL;

  switch (error->code)
    {
    case TERN_ERROR_NOT_AUTHORIZED:
      return _ ("Become root, or ask for the right by polkit; see AUTHORIZATION in virternd(8)");
    case TERN_ERROR_NOT_FOUND:
      return _ (
          "“virtern host list”, “virtern vm list” and “virtern task list” show what there is");
    case TERN_ERROR_STORE:
      return _ ("See the log of virternd");
    default:
      return NULL;
    }
}

static void
replace_error (GError **error, GQuark domain, int code, char *message)
{
  g_clear_error (error);
  *error = g_error_new_literal (domain, code, message);
  g_free (message);
}

void
tern_client_translate_error_for (gboolean session, GError **error)
{
  const char *hint;

  if (g_dbus_error_is_remote_error (*error))
    (void) g_dbus_error_strip_remote_error (*error);

  if (is_nobody_there (*error))
    replace_error (error, TERN_EXIT_ERROR, TERN_EXIT_NO_DAEMON,
                   g_strdup (session ? _ ("virternd is not running on the session bus; start "
                                          "it with “virternd --session”")
                                     : _ ("virternd is not running; start it with "
                                          "“systemctl start virternd”")));
  else if (is_no_answer (*error))
    replace_error (error, TERN_EXIT_ERROR, TERN_EXIT_NO_DAEMON,
                   g_strdup (_ ("virternd does not answer; see its log")));
  else if (g_error_matches (*error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED))
    replace_error (
        error, TERN_ERROR, TERN_ERROR_NOT_AUTHORIZED,
        g_strdup_printf (_ ("The bus does not let you talk to virternd: %s"), (*error)->message));
  else if ((hint = hint_for (*error)) != NULL)
    replace_error (error, (*error)->domain, (*error)->code,
                   g_strdup_printf ("%s\n%s", (*error)->message, hint));
}

void
tern_client_translate_error (TernClient *self, GError **error)
{
  tern_client_translate_error_for (self->session, error);
}

static GVariant *
call (TernClient *self, TernCallKind kind, const char *path, const char *interface,
      const char *method, GVariant *parameters, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  GVariant *reply = g_dbus_connection_call_sync (self->bus, TERN_BUS_NAME, path, interface, method,
                                                 parameters, NULL, call_kinds[kind].flags,
                                                 call_kinds[kind].timeout_ms, NULL, &local_error);

  if (reply == NULL)
    g_propagate_error (error, g_steal_pointer (&local_error));
  return reply;
}

/* A reply that is not of the type the contract names would be a bug; it must not crash us. */
static gboolean
check_type (GVariant *reply, const char *type, GError **error)
{
  if (g_variant_is_of_type (reply, G_VARIANT_TYPE (type)))
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_FAILED,
               _ ("virternd answered %s where %s was due; do the versions fit?"),
               g_variant_get_type_string (reply), type);
  return FALSE;
}

static const char *
get_reply_type (const char *method)
{
  static const struct
  {
    const char *method, *type;
  } replies[] = {
    { "AddHost", "(o)" },
    { "RemoveHost", "()" },
    { "GetVm", "(o)" },
    { "Migrate", "(o)" },
    { "MigrateGroup", "(aoaa{sv})" },
    { "Plan", "(aa{sv}aa{sv})" },
    { "CheckVm", "(aa{sv})" },
    { "StartVm", "(o)" },
    { "LockVm", "()" },
    { "UnlockVm", "()" },
    { "MaskVm", "(a{sv})" },
    { "GetBaseline", "(a{sv})" },
    { "GetSnapshot", "(s)" },
    { "Forecast", "(a{sv})" },
    { "SetHost", "()" },
    { "SetLimits", "()" },
    { "Drain", "(o)" },
    { "PlanDrain", "(s)" },
    { "ApplyPlan", "(o)" },
    { "Activate", "(o)" },
    { "PlanReturn", "(s)" },
    { "ListOrigins", "(aa{sv})" },
    { "SetVm", "()" },
    { "AddWebhook", "()" },
    { "RemoveWebhook", "()" },
    { "ListWebhooks", "(aa{sv})" },
    { "TestWebhook", "(x)" },
    { "Resume", "(o)" },
    { "Undo", "(o)" },
    { "GetTask", "(a{sv})" },
    { "GetTrace", "(a(xs)a(xttttu)a(xs))" },
    { "Cancel", "()" },
    { "SwitchPolicy", "()" },
    { "Resolve", "()" },
    { "Recheck", "()" },
    { "ListTasks", "(aa{sv}t)" },
    { "GetAll", "(a{sv})" },
    { "GetManagedObjects", "(a{oa{sa{sv}}})" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (replies); i++)
    if (g_str_equal (replies[i].method, method))
      return replies[i].type;
  g_return_val_if_reached ("()");
}

static GVariant *
call_checked (TernClient *self, TernCallKind kind, const char *path, const char *interface,
              const char *method, GVariant *parameters, GError **error)
{
  g_autoptr (GVariant) reply = call (self, kind, path, interface, method, parameters, error);

  if (reply == NULL || !check_type (reply, get_reply_type (method), error))
    return NULL;
  return g_steal_pointer (&reply);
}

GVariant *
tern_client_call_manager (TernClient *self, TernCallKind kind, const char *method,
                          GVariant *parameters, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  GVariant *reply = call_checked (self, kind, TERN_BUS_PATH, TERN_IFACE_MANAGER, method, parameters,
                                  &local_error);

  if (reply == NULL)
    {
      tern_client_translate_error (self, &local_error);
      g_propagate_error (error, g_steal_pointer (&local_error));
    }
  return reply;
}

/* @absent: what else to do if it has ended long ago */
static GVariant *
call_task (TernClient *self, guint64 id, const char *method, GVariant *parameters,
           const char *absent, GError **error)
{
  g_autofree char *path = g_strdup_printf (TERN_BUS_PATH_TASKS "/%" PRIu64, id);
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GVariant) reply =
      call_checked (self, TERN_CALL_ACT, path, TERN_IFACE_TASK, method, parameters, &local_error);

  if (reply != NULL)
    return g_steal_pointer (&reply);

  /* No object: the task ended long ago, or never was. GetTask knows which. */
  if (is_no_object (local_error))
    {
      g_autoptr (GVariant) task = tern_client_fetch_task (self, id, error);

      if (task != NULL)
        g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                     _ ("Task %" PRIu64 " has ended (%s); %s"), id,
                     tern_props_string (task, "State"), absent);
      return NULL;
    }

  tern_client_translate_error (self, &local_error);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return NULL;
}

gboolean
tern_client_call_task (TernClient *self, guint64 id, const char *method, GVariant *parameters,
                       GError **error)
{
  g_autoptr (GVariant) reply =
      call_task (self, id, method, parameters, _ ("there is nothing left to do to it"), error);

  return reply != NULL;
}

GVariant *
tern_client_ask_task (TernClient *self, guint64 id, const char *method, GVariant *parameters,
                      GError **error)
{
  return call_task (self, id, method, parameters,
                    _ ("of drains as old as this the order is not kept: “virtern drain HOST” and "
                       "“virtern activate HOST --return” order anew"),
                    error);
}

GVariant *
tern_client_fetch_objects (TernClient *self, TernCallKind kind, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GVariant) reply = call_checked (self, kind, TERN_BUS_PATH, OBJECT_MANAGER,
                                             "GetManagedObjects", NULL, &local_error);

  if (reply != NULL)
    return g_variant_get_child_value (reply, 0);
  tern_client_translate_error (self, &local_error);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return NULL;
}

/* @absent: (nullable): the sentence if there is no such object */
static GVariant *
fetch_properties (TernClient *self, const char *path, const char *interface, const char *absent,
                  GError **error)
{
  g_autoptr (GError) local_error = NULL;
  g_autoptr (GVariant) reply = call_checked (self, TERN_CALL_READ, path, PROPERTIES, "GetAll",
                                             g_variant_new ("(s)", interface), &local_error);

  if (reply != NULL)
    return g_variant_get_child_value (reply, 0);
  if (absent != NULL
      && (is_no_object (local_error)
          || g_error_matches (local_error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS)))
    {
      g_set_error_literal (error, TERN_ERROR, TERN_ERROR_NOT_FOUND, absent);
      return NULL;
    }

  tern_client_translate_error (self, &local_error);
  g_propagate_error (error, g_steal_pointer (&local_error));
  return NULL;
}

GVariant *
tern_client_fetch_manager (TernClient *self, GError **error)
{
  return fetch_properties (self, TERN_BUS_PATH, TERN_IFACE_MANAGER, NULL, error);
}

GVariant *
tern_client_fetch_host (TernClient *self, const char *name, GError **error)
{
  g_autofree char *element = tern_text_escape_path (name);
  g_autofree char *path = g_strconcat (TERN_BUS_PATH_HOSTS "/", element, NULL);
  g_autofree char *absent =
      g_strdup_printf (_ ("There is no host “%s”; “virtern host list” shows all"), name);

  return fetch_properties (self, path, TERN_IFACE_HOST, absent, error);
}

GVariant *
tern_client_fetch_vm (TernClient *self, const char *name_or_uuid, GError **error)
{
  g_autoptr (GVariant) reply = tern_client_call_manager (
      self, TERN_CALL_READ, "GetVm", g_variant_new ("(s)", name_or_uuid), error);
  g_autofree char *absent = NULL;
  const char *path;

  if (reply == NULL)
    return NULL;

  g_variant_get (reply, "(&o)", &path);
  absent = g_strdup_printf (_ ("VM “%s” has just gone"), name_or_uuid);
  return fetch_properties (self, path, TERN_IFACE_VM, absent, error);
}

GVariant *
tern_client_fetch_task (TernClient *self, guint64 id, GError **error)
{
  g_autoptr (GVariant) reply =
      tern_client_call_manager (self, TERN_CALL_READ, "GetTask", g_variant_new ("(t)", id), error);

  return reply != NULL ? g_variant_get_child_value (reply, 0) : NULL;
}

guint64
tern_client_parse_task_path (const char *path)
{
  const char *name = strrchr (path, '/');
  guint64 id = 0;

  if (name == NULL || !g_ascii_string_to_unsigned (name + 1, 10, 1, G_MAXUINT64, &id, NULL))
    return 0;
  return id;
}

/* An object with what it is sorted by, looked up once. */
typedef struct
{
  const char *name;
  const char *uuid;
  GVariant *props;
} SortEntry;

static int
compare_entries (gconstpointer a, gconstpointer b)
{
  const SortEntry *left = a;
  const SortEntry *right = b;
  int order = strcmp (left->name, right->name);

  return order != 0 ? order : strcmp (left->uuid, right->uuid);
}

GPtrArray *
tern_objects_collect (GVariant *objects, const char *interface, const char *key)
{
  GPtrArray *found = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  g_autoptr (GArray) entries = g_array_new (FALSE, FALSE, sizeof (SortEntry));
  gsize n = g_variant_n_children (objects);

  /* Child by child: a format with "&" in it writes the whole out as bytes, see below. */
  for (gsize i = 0; i < n; i++)
    {
      g_autoptr (GVariant) object = g_variant_get_child_value (objects, i);
      g_autoptr (GVariant) interfaces = g_variant_get_child_value (object, 1);
      GVariant *props = g_variant_lookup_value (interfaces, interface, G_VARIANT_TYPE_VARDICT);
      SortEntry entry = { .props = props };

      if (props == NULL)
        continue;
      entry.name = tern_props_string (props, key);
      entry.uuid = tern_props_string (props, "Uuid");
      g_array_append_val (entries, entry);
    }

  g_array_sort (entries, compare_entries);
  for (guint i = 0; i < entries->len; i++)
    g_ptr_array_add (found, g_array_index (entries, SortEntry, i).props);
  return found;
}

/*
 * g_variant_lookup() would write the dictionary out as bytes first and so double the time of a
 * list of a thousand VMs; g_variant_lookup_value() does not. A string lives as long as the
 * dictionary: in its tree of values, or in its bytes.
 */
const char *
tern_props_string (GVariant *props, const char *name)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (props, name, G_VARIANT_TYPE_STRING);

  return value != NULL ? g_variant_get_string (value, NULL) : "";
}

gboolean
tern_props_boolean (GVariant *props, const char *name)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (props, name, G_VARIANT_TYPE_BOOLEAN);

  return value != NULL && g_variant_get_boolean (value);
}

guint
tern_props_uint (GVariant *props, const char *name)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (props, name, G_VARIANT_TYPE_UINT32);

  return value != NULL ? g_variant_get_uint32 (value) : 0;
}

guint64
tern_props_uint64 (GVariant *props, const char *name)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (props, name, G_VARIANT_TYPE_UINT64);

  return value != NULL ? g_variant_get_uint64 (value) : 0;
}

gint64
tern_props_int64 (GVariant *props, const char *name)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (props, name, G_VARIANT_TYPE_INT64);

  return value != NULL ? g_variant_get_int64 (value) : 0;
}

double
tern_props_double (GVariant *props, const char *name)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (props, name, G_VARIANT_TYPE_DOUBLE);

  return value != NULL ? g_variant_get_double (value) : 0;
}

GStrv
tern_props_strings (GVariant *props, const char *name)
{
  g_autoptr (GVariant) value = g_variant_lookup_value (props, name, G_VARIANT_TYPE_STRING_ARRAY);

  return value != NULL ? g_variant_dup_strv (value, NULL) : g_new0 (char *, 1);
}
