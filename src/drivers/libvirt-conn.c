/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Opening and closing a connection, and carrying its events to the main context.
 *
 * libvirt holds a reference on a connection for each registered callback, so a connection
 * with callbacks is never closed by virConnectClose() alone: they are taken off first.
 */
#include "config.h"

#include "drivers/libvirt-conn.h"

#include "drivers/libvirt-error.h"
#include "drivers/libvirt-state.h"

#include <string.h>

/* A dead peer is noticed after (count + 1) * interval = 30 s at the latest. */
#define KEEPALIVE_INTERVAL_S 5
#define KEEPALIVE_COUNT 5

struct _TernLibvirtSink
{
  gatomicrefcount refs;
  TernLibvirtEventFunc func; /* main thread only */
  gpointer data;
};

/* What the close callback needs. Shared with libvirt, which may still hold and call it after the
 * callback could not be taken off a dying connection. */
typedef struct
{
  gatomicrefcount refs;
  int closed;
  TernLibvirtSink *sink;
} Line;

struct _TernLibvirtConn
{
  gatomicrefcount refs;
  virConnectPtr conn;
  TernLibvirtSink *sink;
  Line *line;
  gboolean close_registered;
  GArray *domain_callbacks;
  int network_callback;
  int pool_callback;
  int secret_callback;
  TernLibvirtMemo memo;
};

TernLibvirtSink *
tern_libvirt_sink_new (TernLibvirtEventFunc func, gpointer data)
{
  TernLibvirtSink *self = g_new0 (TernLibvirtSink, 1);

  g_atomic_ref_count_init (&self->refs);
  self->func = func;
  self->data = data;
  return self;
}

TernLibvirtSink *
tern_libvirt_sink_ref (TernLibvirtSink *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
tern_libvirt_sink_unref (TernLibvirtSink *self)
{
  if (self != NULL && g_atomic_ref_count_dec (&self->refs))
    g_free (self);
}

void
tern_libvirt_sink_mute (TernLibvirtSink *self)
{
  self->func = NULL;
}

static Line *
line_new (TernLibvirtSink *sink)
{
  Line *line = g_new0 (Line, 1);

  g_atomic_ref_count_init (&line->refs);
  line->sink = sink != NULL ? tern_libvirt_sink_ref (sink) : NULL;
  return line;
}

static Line *
line_ref (Line *line)
{
  g_atomic_ref_count_inc (&line->refs);
  return line;
}

static void
line_unref (void *data)
{
  Line *line = data;

  if (!g_atomic_ref_count_dec (&line->refs))
    return;
  tern_libvirt_sink_unref (line->sink);
  g_free (line);
}

typedef struct
{
  TernLibvirtSink *sink;
  TernLibvirtEventKind kind;
  char *text;
} Event;

static void
event_free (gpointer data)
{
  Event *event = data;

  tern_libvirt_sink_unref (event->sink);
  g_free (event->text);
  g_free (event);
}

static gboolean
on_event (gpointer data)
{
  Event *event = data;

  if (event->sink->func != NULL)
    event->sink->func (event->kind, event->text, event->sink->data);
  return G_SOURCE_REMOVE;
}

static void
sink_post (TernLibvirtSink *sink, TernLibvirtEventKind kind, const char *text)
{
  Event *event = g_new0 (Event, 1);

  event->sink = tern_libvirt_sink_ref (sink);
  event->kind = kind;
  event->text = g_strdup (text);
  g_idle_add_full (G_PRIORITY_DEFAULT, on_event, event, event_free);
}

static void
post_vm (virDomainPtr dom, gpointer sink, gboolean of_job)
{
  char uuid[VIR_UUID_STRING_BUFLEN];

  if (virDomainGetUUIDString (dom, uuid) < 0)
    return;
  if (of_job)
    sink_post (sink, TERN_LIBVIRT_EVENT_JOB, uuid);
  sink_post (sink, TERN_LIBVIRT_EVENT_VM, uuid);
}

static int
on_lifecycle (virConnectPtr conn, virDomainPtr dom, int event, int detail, void *data)
{
  post_vm (dom, data, tern_libvirt_event_is_of_job (event, detail));
  return 0;
}

static void
on_device (virConnectPtr conn, virDomainPtr dom, const char *alias, void *data)
{
  post_vm (dom, data, FALSE);
}

static void
on_balloon (virConnectPtr conn, virDomainPtr dom, unsigned long long actual, void *data)
{
  post_vm (dom, data, FALSE);
}

static void
on_metadata (virConnectPtr conn, virDomainPtr dom, int type, const char *uri, void *data)
{
  post_vm (dom, data, FALSE);
}

static void
on_tray (virConnectPtr conn, virDomainPtr dom, const char *alias, int reason, void *data)
{
  post_vm (dom, data, FALSE);
}

static void
on_io_error (virConnectPtr conn, virDomainPtr dom, const char *path, const char *alias, int action,
             const char *reason, void *data)
{
  post_vm (dom, data, FALSE);
}

static void
on_iteration (virConnectPtr conn, virDomainPtr dom, int iteration, void *data)
{
  post_vm (dom, data, TRUE);
}

static void
on_job_completed (virConnectPtr conn, virDomainPtr dom, virTypedParameterPtr params, int n_params,
                  void *data)
{
  post_vm (dom, data, TRUE);
}

static void
on_network (virConnectPtr conn, virNetworkPtr network, int event, int detail, void *data)
{
  sink_post (data, TERN_LIBVIRT_EVENT_HOST, NULL);
}

/* Lifecycle only: others may refresh a pool every few seconds. */
static void
on_pool (virConnectPtr conn, virStoragePoolPtr pool, int event, int detail, void *data)
{
  sink_post (data, TERN_LIBVIRT_EVENT_HOST, NULL);
}

static void
on_secret (virConnectPtr conn, virSecretPtr secret, int event, int detail, void *data)
{
  sink_post (data, TERN_LIBVIRT_EVENT_HOST, NULL);
}

static const struct
{
  int id;
  virConnectDomainEventGenericCallback func;
} domain_events[] = {
  { VIR_DOMAIN_EVENT_ID_LIFECYCLE, VIR_DOMAIN_EVENT_CALLBACK (on_lifecycle) },
  { VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, VIR_DOMAIN_EVENT_CALLBACK (on_device) },
  { VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, VIR_DOMAIN_EVENT_CALLBACK (on_device) },
  { VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, VIR_DOMAIN_EVENT_CALLBACK (on_balloon) },
  { VIR_DOMAIN_EVENT_ID_METADATA_CHANGE, VIR_DOMAIN_EVENT_CALLBACK (on_metadata) },
  { VIR_DOMAIN_EVENT_ID_TRAY_CHANGE, VIR_DOMAIN_EVENT_CALLBACK (on_tray) },
  { VIR_DOMAIN_EVENT_ID_IO_ERROR_REASON, VIR_DOMAIN_EVENT_CALLBACK (on_io_error) },
  { VIR_DOMAIN_EVENT_ID_MIGRATION_ITERATION, VIR_DOMAIN_EVENT_CALLBACK (on_iteration) },
  { VIR_DOMAIN_EVENT_ID_JOB_COMPLETED, VIR_DOMAIN_EVENT_CALLBACK (on_job_completed) },
};

static void
free_sink (void *data)
{
  tern_libvirt_sink_unref (data);
}

static gboolean
register_event (TernLibvirtConn *self, guint i, GError **error)
{
  int id = virConnectDomainEventRegisterAny (self->conn, NULL, domain_events[i].id,
                                             domain_events[i].func,
                                             tern_libvirt_sink_ref (self->sink), free_sink);

  if (id < 0)
    {
      tern_error_take_libvirt (self->conn, error);
      tern_libvirt_sink_unref (self->sink);
      return FALSE;
    }
  g_array_append_val (self->domain_callbacks, id);
  return TRUE;
}

static void
register_host_events (TernLibvirtConn *self)
{
  self->network_callback = virConnectNetworkEventRegisterAny (
      self->conn, NULL, VIR_NETWORK_EVENT_ID_LIFECYCLE, VIR_NETWORK_EVENT_CALLBACK (on_network),
      tern_libvirt_sink_ref (self->sink), free_sink);
  if (self->network_callback < 0)
    tern_libvirt_sink_unref (self->sink);

  self->pool_callback = virConnectStoragePoolEventRegisterAny (
      self->conn, NULL, VIR_STORAGE_POOL_EVENT_ID_LIFECYCLE,
      VIR_STORAGE_POOL_EVENT_CALLBACK (on_pool), tern_libvirt_sink_ref (self->sink), free_sink);
  if (self->pool_callback < 0)
    tern_libvirt_sink_unref (self->sink);

  self->secret_callback = virConnectSecretEventRegisterAny (
      self->conn, NULL, VIR_SECRET_EVENT_ID_LIFECYCLE, VIR_SECRET_EVENT_CALLBACK (on_secret),
      tern_libvirt_sink_ref (self->sink), free_sink);
  if (self->secret_callback < 0)
    tern_libvirt_sink_unref (self->sink);
}

/* Only the lifecycle is a must: the rest is a matter of age, and the owner asks again now and
 * then anyway. */
static gboolean
register_events (TernLibvirtConn *self, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (domain_events); i++)
    {
      g_autoptr (GError) local = NULL;

      if (!register_event (self, i, &local)
          && (domain_events[i].id == VIR_DOMAIN_EVENT_ID_LIFECYCLE
              || !tern_libvirt_conn_is_open (self)))
        {
          g_propagate_error (error, g_steal_pointer (&local));
          return FALSE;
        }
    }

  register_host_events (self);
  return TRUE;
}

static const char *
close_reason_to_string (int reason)
{
  switch (reason)
    {
    case VIR_CONNECT_CLOSE_REASON_EOF:
      return "the host ended the connection";
    case VIR_CONNECT_CLOSE_REASON_KEEPALIVE:
      return "the host stopped answering";
    default:
      return "the connection broke";
    }
}

static void
line_break (Line *line, const char *why)
{
  if (g_atomic_int_compare_and_exchange (&line->closed, FALSE, TRUE) && line->sink != NULL)
    sink_post (line->sink, TERN_LIBVIRT_EVENT_CLOSED, why);
}

void
tern_libvirt_conn_report_broken (TernLibvirtConn *self, const char *why)
{
  line_break (self->line, why);
}

static void
on_close (virConnectPtr conn, int reason, void *data)
{
  if (reason != VIR_CONNECT_CLOSE_REASON_CLIENT)
    line_break (data, close_reason_to_string (reason));
}

/* Credentials come from libvirt's auth file; there is nobody to ask for others. */
static int
refuse_to_ask (virConnectCredentialPtr credentials, unsigned int n_credentials, void *data)
{
  return -1;
}

static virConnectPtr
open_uri (const char *uri, GError **error)
{
  static int credential_types[] = { VIR_CRED_AUTHNAME, VIR_CRED_PASSPHRASE };
  virConnectAuth auth = { credential_types, G_N_ELEMENTS (credential_types), refuse_to_ask, NULL };
  g_autofree char *unattended = tern_libvirt_unattended_uri (uri);
  virConnectPtr conn = virConnectOpenAuth (unattended, &auth, 0);

  if (conn == NULL)
    tern_error_take_libvirt (NULL, error);
  return conn;
}

static void
watch_line (TernLibvirtConn *self)
{
  self->close_registered =
      virConnectRegisterCloseCallback (self->conn, on_close, line_ref (self->line), line_unref)
      == 0;
  if (!self->close_registered)
    line_unref (self->line);
}

TernLibvirtConn *
tern_libvirt_conn_open (const char *uri, TernLibvirtSink *sink, GError **error)
{
  g_autoptr (TernLibvirtConn) self = NULL;
  virConnectPtr conn = open_uri (uri, error);

  if (conn == NULL)
    return NULL;

  self = g_new0 (TernLibvirtConn, 1);
  g_atomic_ref_count_init (&self->refs);
  self->conn = conn;
  self->sink = sink != NULL ? tern_libvirt_sink_ref (sink) : NULL;
  self->line = line_new (sink);
  self->domain_callbacks = g_array_new (FALSE, FALSE, sizeof (int));
  self->network_callback = -1;
  self->pool_callback = -1;
  self->secret_callback = -1;
  self->memo.models =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_strfreev);

  /* Refused by drivers without a wire (test:///): nothing to keep alive there, and nothing that
   * could break. */
  if (virConnectSetKeepAlive (conn, KEEPALIVE_INTERVAL_S, KEEPALIVE_COUNT) >= 0)
    watch_line (self);
  if (sink != NULL && !register_events (self, error))
    return NULL;
  virResetLastError ();
  return g_steal_pointer (&self);
}

static gpointer
close_thread (gpointer data)
{
  TernLibvirtConn *self = data;

  for (guint i = 0; i < self->domain_callbacks->len; i++)
    (void) virConnectDomainEventDeregisterAny (self->conn,
                                               g_array_index (self->domain_callbacks, int, i));
  if (self->network_callback >= 0)
    (void) virConnectNetworkEventDeregisterAny (self->conn, self->network_callback);
  if (self->pool_callback >= 0)
    (void) virConnectStoragePoolEventDeregisterAny (self->conn, self->pool_callback);
  if (self->secret_callback >= 0)
    (void) virConnectSecretEventDeregisterAny (self->conn, self->secret_callback);
  if (self->close_registered)
    (void) virConnectUnregisterCloseCallback (self->conn, on_close);
  (void) virConnectClose (self->conn);

  g_hash_table_unref (self->memo.models);
  g_array_unref (self->domain_callbacks);
  tern_libvirt_sink_unref (self->sink);
  line_unref (self->line);
  g_free (self);
  return NULL;
}

TernLibvirtConn *
tern_libvirt_conn_ref (TernLibvirtConn *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

/* Without a thread to spare, a leaked connection is better than a main loop that waits. */
void
tern_libvirt_conn_unref (TernLibvirtConn *self)
{
  GThread *thread;

  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  thread = g_thread_try_new ("libvirt-close", close_thread, self, NULL);
  if (thread != NULL)
    g_thread_unref (thread);
}

virConnectPtr
tern_libvirt_conn_get (TernLibvirtConn *self)
{
  return self->conn;
}

TernLibvirtMemo *
tern_libvirt_conn_get_memo (TernLibvirtConn *self)
{
  return &self->memo;
}

gboolean
tern_libvirt_conn_is_open (TernLibvirtConn *self)
{
  return !g_atomic_int_get (&self->line->closed);
}

struct _TernLibvirtLink
{
  gatomicrefcount refs;
  char *uri;
  TernLibvirtConn *conn; /* the worker's */
};

TernLibvirtLink *
tern_libvirt_link_new (const char *uri, TernLibvirtConn *conn)
{
  TernLibvirtLink *self = g_new0 (TernLibvirtLink, 1);

  g_atomic_ref_count_init (&self->refs);
  self->uri = g_strdup (uri);
  self->conn = conn != NULL ? tern_libvirt_conn_ref (conn) : NULL;
  return self;
}

TernLibvirtLink *
tern_libvirt_link_ref (TernLibvirtLink *self)
{
  g_atomic_ref_count_inc (&self->refs);
  return self;
}

void
tern_libvirt_link_unref (TernLibvirtLink *self)
{
  if (self == NULL || !g_atomic_ref_count_dec (&self->refs))
    return;

  tern_libvirt_conn_unref (self->conn);
  g_free (self->uri);
  g_free (self);
}

TernLibvirtConn *
tern_libvirt_link_get (TernLibvirtLink *self, GError **error)
{
  /* A connection with events belongs to the host object, which has heard of its end. */
  if (self->conn != NULL && self->conn->sink == NULL && !tern_libvirt_conn_is_open (self->conn))
    g_clear_pointer (&self->conn, tern_libvirt_conn_unref);

  if (self->conn == NULL)
    self->conn = tern_libvirt_conn_open (self->uri, NULL, error);
  return self->conn != NULL ? tern_libvirt_conn_ref (self->conn) : NULL;
}

static gboolean
has_parameter (const char *uri, const char *name)
{
  g_autofree char *first = g_strconcat ("?", name, "=", NULL);
  g_autofree char *later = g_strconcat ("&", name, "=", NULL);

  return strstr (uri, first) != NULL || strstr (uri, later) != NULL;
}

char *
tern_libvirt_unattended_uri (const char *uri)
{
  const char *colon = strchr (uri, ':');
  g_autofree char *scheme = colon != NULL ? g_strndup (uri, (gsize) (colon - uri)) : NULL;

  if (scheme == NULL || !g_str_has_suffix (scheme, "+ssh") || has_parameter (uri, "no_tty"))
    return g_strdup (uri);
  return g_strconcat (uri, strchr (uri, '?') != NULL ? "&" : "?", "no_tty=1", NULL);
}
