/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Methods of the Manager about who is told: AddWebhook, RemoveWebhook, ListWebhooks, TestWebhook.
 * The key of a signature is never here: only the name of its file.
 */
#include "config.h"

#include "service/call.h"

#include "base/error.h"
#include "base/names.h"
#include "base/text.h"
#include "model/host.h"
#include "service/bus-text.h"
#include "service/options.h"

/* clang-format off */
static const TernOption add_options[] = {
  { "events",      "as" },
  { "ca-file",     "s" },
  { "pin",         "s" },
  { "secret-file", "s" },
  { NULL,          NULL },
};
/* clang-format on */

/* Takes over @call. @name: (nullable): of a webhook */
static void
authorize (TernCall *call, const char *name, GAsyncReadyCallback cb)
{
  g_autofree char *shown = tern_bus_text (name);
  const char *details[] = { "webhook", shown, NULL };
  const char *none[] = { NULL };

  tern_authority_check_async (call->parts->authority, call->invocation, TERN_POLKIT_WEBHOOKS,
                              name != NULL ? details : none, cb, call);
}

/* AddWebhook */

static void
on_added (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;

  if (tern_herald_edit_finish (TERN_HERALD (source), result, &error))
    tern_bus_manager_complete_add_webhook (call->bus, call->invocation);
  else
    tern_bus_return_error (call->invocation, error);
}

static void
on_add_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  TernHerald *herald = call->parts->herald;
  const TernWebhook *webhook = call->webhook;

  if (tern_authority_check_finish (TERN_AUTHORITY (source), result, NULL, &error))
    tern_herald_add_async (herald, webhook, on_added, g_steal_pointer (&call));
  else
    tern_bus_return_error (call->invocation, error);
}

/* An empty list would tell nobody of anything. */
static gboolean
check_events (const TernWebhook *webhook, GError **error)
{
  if (webhook->kinds == NULL || webhook->kinds[0] != NULL)
    return TRUE;
  g_set_error_literal (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                       "The option “events” is empty; leave it out for all events");
  return FALSE;
}

static TernWebhook *
parse_webhook (TernParts *parts, const char *name, const char *url, GVariant *options,
               GError **error)
{
  g_autoptr (TernWebhook) webhook = NULL;

  if (!tern_options_check (options, add_options, error))
    return NULL;
  webhook = tern_webhook_new (name, url);
  g_variant_lookup (options, "events", "^as", &webhook->kinds);
  g_variant_lookup (options, "ca-file", "s", &webhook->ca_file);
  g_variant_lookup (options, "pin", "s", &webhook->pin);
  g_variant_lookup (options, "secret-file", "s", &webhook->secret_file);
  webhook->created_us = tern_clock_wall_us (parts->clock);
  if (!check_events (webhook, error) || !tern_webhook_check (webhook, error))
    return NULL;
  return g_steal_pointer (&webhook);
}

static gboolean
on_handle_add_webhook (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                       const char *url, GVariant *options, gpointer data)
{
  TernParts *parts = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernWebhook) webhook = parse_webhook (parts, name, url, options, &error);
  TernCall *call;

  if (webhook == NULL)
    return tern_call_refuse (invocation, error);
  call = tern_call_new (parts, bus, invocation);
  call->webhook = g_steal_pointer (&webhook);
  authorize (call, name, on_add_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

static gboolean
check_name (const char *name, GError **error)
{
  g_autofree char *shown = NULL;

  if (tern_host_name_check (name, NULL))
    return TRUE;
  shown = tern_text_visible (name, 60);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "“%s” is no name of a webhook; “virtern webhook list” shows those there are", shown);
  return FALSE;
}

/* RemoveWebhook */

static void
on_removed (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;

  if (tern_herald_edit_finish (TERN_HERALD (source), result, &error))
    tern_bus_manager_complete_remove_webhook (call->bus, call->invocation);
  else
    tern_bus_return_error (call->invocation, error);
}

static void
on_remove_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  TernHerald *herald = call->parts->herald;
  const char *name = call->name;

  if (tern_authority_check_finish (TERN_AUTHORITY (source), result, NULL, &error))
    tern_herald_remove_async (herald, name, on_removed, g_steal_pointer (&call));
  else
    tern_bus_return_error (call->invocation, error);
}

static gboolean
on_handle_remove_webhook (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                          GVariant *options, gpointer data)
{
  g_autoptr (GError) error = NULL;
  TernCall *call;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error) || !check_name (name, &error))
    return tern_call_refuse (invocation, error);
  call = tern_call_new (data, bus, invocation);
  call->name = g_strdup (name);
  authorize (call, name, on_remove_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* ListWebhooks */

/* What follows the path may be a token. */
static char *
format_url (const char *url)
{
  const char *query = strchr (url, '?');
  g_autofree char *bare = query != NULL ? g_strndup (url, (gsize) (query - url)) : g_strdup (url);

  return tern_bus_text (bare);
}

static GVariant *
build_webhook (const TernWebhook *webhook, const TernOutboxCount *count)
{
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (NULL);

  g_variant_dict_insert_value (&dict, "Name", tern_bus_new_text (webhook->name));
  g_variant_dict_insert_value (&dict, "Url", g_variant_new_take_string (format_url (webhook->url)));
  g_variant_dict_insert_value (&dict, "Events", tern_bus_new_texts (webhook->kinds));
  g_variant_dict_insert_value (&dict, "CaFile", tern_bus_new_text (webhook->ca_file));
  g_variant_dict_insert_value (&dict, "Pin", tern_bus_new_text (webhook->pin));
  g_variant_dict_insert_value (&dict, "SecretFile", tern_bus_new_text (webhook->secret_file));
  g_variant_dict_insert (&dict, "Created", "x", webhook->created_us);
  g_variant_dict_insert (&dict, "Waiting", "t", count->waiting);
  g_variant_dict_insert (&dict, "Dropped", "t", count->dropped);
  g_variant_dict_insert_value (&dict, "Error", tern_bus_new_text (count->error));
  return g_variant_dict_end (&dict);
}

/* A call in flight, and the webhooks that are being counted. */
typedef struct
{
  TernCall *call;
  GPtrArray *webhooks;
} Counting;

static void
counting_free (Counting *counting)
{
  tern_call_free (counting->call);
  g_ptr_array_unref (counting->webhooks);
  g_free (counting);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Counting, counting_free)

static void
on_counted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (Counting) counting = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) counts = tern_herald_count_finish (TERN_HERALD (source), result, &error);
  TernCall *call = counting->call;
  GVariantBuilder builder;

  if (counts == NULL)
    {
      tern_bus_return_error (call->invocation, error);
      return;
    }
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < MIN (counting->webhooks->len, counts->len); i++)
    g_variant_builder_add_value (&builder,
                                 build_webhook (counting->webhooks->pdata[i], counts->pdata[i]));
  tern_bus_manager_complete_list_webhooks (call->bus, call->invocation,
                                           g_variant_builder_end (&builder));
}

static void
on_list_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  TernHerald *herald = call->parts->herald;
  Counting *counting;

  if (!tern_authority_check_finish (TERN_AUTHORITY (source), result, NULL, &error))
    {
      tern_bus_return_error (call->invocation, error);
      return;
    }
  counting = g_new0 (Counting, 1);
  counting->webhooks = tern_herald_get_webhooks (herald);
  counting->call = g_steal_pointer (&call);
  tern_herald_count_async (herald, on_counted, counting);
}

static gboolean
on_handle_list_webhooks (TernBusManager *bus, GDBusMethodInvocation *invocation, GVariant *options,
                         gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error))
    return tern_call_refuse (invocation, error);
  authorize (tern_call_new (data, bus, invocation), NULL, on_list_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

/* TestWebhook */

static void
on_tested (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  gint64 took_us = 0;

  if (tern_herald_test_finish (TERN_HERALD (source), result, &took_us, &error))
    tern_bus_manager_complete_test_webhook (call->bus, call->invocation, took_us);
  else
    tern_bus_return_error (call->invocation, error);
}

static void
on_test_authorized (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernCall) call = data;
  g_autoptr (GError) error = NULL;
  TernHerald *herald = call->parts->herald;
  const char *name = call->name;

  if (tern_authority_check_finish (TERN_AUTHORITY (source), result, NULL, &error))
    tern_herald_test_async (herald, name, on_tested, g_steal_pointer (&call));
  else
    tern_bus_return_error (call->invocation, error);
}

static gboolean
on_handle_test_webhook (TernBusManager *bus, GDBusMethodInvocation *invocation, const char *name,
                        GVariant *options, gpointer data)
{
  g_autoptr (GError) error = NULL;
  TernCall *call;

  if (!tern_options_check (options, TERN_NO_OPTIONS, &error) || !check_name (name, &error))
    return tern_call_refuse (invocation, error);
  call = tern_call_new (data, bus, invocation);
  call->name = g_strdup (name);
  authorize (call, name, on_test_authorized);
  return G_DBUS_METHOD_INVOCATION_HANDLED;
}

void
tern_manager_connect_webhooks (TernBusManager *bus, TernParts *parts)
{
  tern_call_connect (bus, "handle-add-webhook", G_CALLBACK (on_handle_add_webhook), parts);
  tern_call_connect (bus, "handle-remove-webhook", G_CALLBACK (on_handle_remove_webhook), parts);
  tern_call_connect (bus, "handle-list-webhooks", G_CALLBACK (on_handle_list_webhooks), parts);
  tern_call_connect (bus, "handle-test-webhook", G_CALLBACK (on_handle_test_webhook), parts);
}
