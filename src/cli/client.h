/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernClient:
 *
 * The connection to the daemon. Calls block and are bounded in time. Their errors are of
 * TERN_ERROR as the daemon said, or of TERN_EXIT_ERROR when there was nobody to say it.
 *
 * Bare calls, no proxies: one list is one round trip, and the command is over in
 * milliseconds.
 */
typedef struct _TernClient TernClient;

/**
 * TernCallKind:
 * @TERN_CALL_READ: an answer is due within seconds
 * @TERN_CALL_ACT: a person may have to give a password first, or a host to answer
 * @TERN_CALL_COMPLETION: does not start the daemon and gives up soon
 */
typedef enum
{
  TERN_CALL_READ,
  TERN_CALL_ACT,
  TERN_CALL_COMPLETION
} TernCallKind;

/**
 * tern_client_new:
 * @session: the session bus instead of the system bus
 *
 * Connects to the bus; whether the daemon is there shows with the first call.
 *
 * Returns: (transfer full) (nullable)
 */
TernClient *tern_client_new (gboolean session, GError **error);
void tern_client_free (TernClient *self);

GDBusConnection *tern_client_get_bus (TernClient *self);

/**
 * tern_client_call_manager:
 * @parameters: (transfer floating) (nullable): a tuple
 *
 * Returns: (transfer full) (nullable): what the method returned
 */
GVariant *tern_client_call_manager (TernClient *self, TernCallKind kind, const char *method,
                                    GVariant *parameters, GError **error);

/**
 * tern_client_call_task: calls a method of the Task object that answers with nothing
 * @parameters: (transfer floating): a tuple
 */
gboolean tern_client_call_task (TernClient *self, guint64 id, const char *method,
                                GVariant *parameters, GError **error);

/** tern_client_ask_task: as tern_client_call_task(), of a method that answers. Returns: (transfer
 * full) (nullable): what it returned */
GVariant *tern_client_ask_task (TernClient *self, guint64 id, const char *method,
                                GVariant *parameters, GError **error);

/** tern_client_fetch_objects: Returns: (transfer full) (nullable): a{oa{sa{sv}}}, all objects */
GVariant *tern_client_fetch_objects (TernClient *self, TernCallKind kind, GError **error);

/* Each returns (transfer full) (nullable) the properties, a{sv}. */
GVariant *tern_client_fetch_manager (TernClient *self, GError **error);
GVariant *tern_client_fetch_host (TernClient *self, const char *name, GError **error);
GVariant *tern_client_fetch_vm (TernClient *self, const char *name_or_uuid, GError **error);
GVariant *tern_client_fetch_task (TernClient *self, guint64 id, GError **error);

/** tern_client_parse_task_path: @path: of a Task object. Returns: its id; 0 if it has none */
guint64 tern_client_parse_task_path (const char *path);

/**
 * tern_client_translate_error:
 * @error: (inout): as GDBus made it
 *
 * Gives the error the domain and the sentence that a user of the command should see.
 */
void tern_client_translate_error (TernClient *self, GError **error);

/** tern_client_translate_error_for: as tern_client_translate_error(), without a client */
void tern_client_translate_error_for (gboolean session, GError **error);

/**
 * tern_objects_collect:
 * @objects: a{oa{sa{sv}}}
 * @interface: such as TERN_IFACE_VM
 * @key: name of the string property to sort by; then by Uuid
 *
 * Returns: (transfer full) (element-type GVariant): the properties of each object with that
 *   interface, a{sv}
 */
GPtrArray *tern_objects_collect (GVariant *objects, const char *interface, const char *key);

/* Properties out of an a{sv}: empty, 0 or %FALSE where it is missing or of another type. Strings
 * live as long as @props. */
const char *tern_props_string (GVariant *props, const char *name);
gboolean tern_props_boolean (GVariant *props, const char *name);
guint tern_props_uint (GVariant *props, const char *name);
guint64 tern_props_uint64 (GVariant *props, const char *name);
gint64 tern_props_int64 (GVariant *props, const char *name);
double tern_props_double (GVariant *props, const char *name);
/** tern_props_strings: Returns: (transfer full) */
GStrv tern_props_strings (GVariant *props, const char *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernClient, tern_client_free)

G_END_DECLS
