/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * libcurl's multi interface on the GLib main loop. What a request is, and what its answer means, is
 * in http-transfer.c.
 *
 *   libcurl: watch this socket, wake me then     -> sources of the main loop
 *   sources: the socket can be read, it is time  -> curl_multi_socket_action -> reap what ended
 *
 * libcurl must not be called from within its own callbacks: they only make and destroy sources.
 */
#include "config.h"

#include "drivers/http-private.h"

#include "base/error.h"

#include <glib-unix.h>

#define MAX_ACTIVE 32
#define MAX_KEPT_CONNECTIONS 16

struct _TernHttp
{
  GObject parent;

  GMainContext *context;
  CURLM *multi;
  GHashTable *sockets; /* fd -> GSource */
  GSource *timer;
  GPtrArray *active; /* TernHttpTransfer */
  GQueue waiting;    /* TernHttpTransfer */
};

G_DEFINE_TYPE (TernHttp, tern_http, G_TYPE_OBJECT)

static void begin_waiting (TernHttp *self);

static void
drop_source (gpointer data)
{
  GSource *source = data;

  if (source == NULL)
    return;
  g_source_destroy (source);
  g_source_unref (source);
}

/* --- transfers that end --- */

static void
give_back (TernHttpTransfer *transfer, TernHttpResponse *response, GError *error)
{
  if (response != NULL)
    g_task_return_pointer (transfer->task, response, (GDestroyNotify) tern_http_response_free);
  else
    g_task_return_error (transfer->task, error);
}

/* Takes @transfer from the list; the caller frees it. */
static TernHttpTransfer *
take_out (TernHttp *self, CURL *easy)
{
  for (guint i = 0; i < self->active->len; i++)
    {
      TernHttpTransfer *transfer = self->active->pdata[i];

      if (transfer->easy != easy)
        continue;
      (void) curl_multi_remove_handle (self->multi, easy); /* it is ours, so it cannot fail */
      return g_ptr_array_steal_index_fast (self->active, i);
    }
  return NULL;
}

static void
reap (TernHttp *self)
{
  CURLMsg *message;
  int left;

  while (self->multi != NULL && (message = curl_multi_info_read (self->multi, &left)) != NULL)
    {
      CURLcode code = message->data.result;
      g_autoptr (TernHttpTransfer) transfer = NULL;
      g_autoptr (GError) error = NULL;
      TernHttpResponse *response;

      if (message->msg != CURLMSG_DONE)
        continue;
      transfer = take_out (self, message->easy_handle);
      if (transfer == NULL)
        continue;
      response = tern_http_transfer_end (transfer, code, &error);
      give_back (transfer, response, g_steal_pointer (&error));
    }
  begin_waiting (self);
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer data)
{
  GTask *task = data;
  g_autoptr (TernHttp) self = g_object_ref (g_task_get_source_object (task));
  g_autoptr (TernHttpTransfer) transfer = g_task_get_task_data (task);

  (void) cancellable;
  if (transfer->easy == NULL)
    g_queue_remove (&self->waiting, transfer);
  else
    (void) take_out (self, transfer->easy);
  give_back (transfer, NULL,
             g_error_new (TERN_ERROR, TERN_ERROR_CANCELLED, "The request to %s was cancelled",
                          transfer->endpoint));
  begin_waiting (self);
  return G_SOURCE_REMOVE;
}

/* --- what libcurl wants to be woken for --- */

static gboolean
on_socket (int fd, GIOCondition condition, gpointer data)
{
  g_autoptr (TernHttp) self = g_object_ref (data);
  int what = 0, running;

  if ((condition & (G_IO_IN | G_IO_HUP)) != 0)
    what |= CURL_CSELECT_IN;
  if ((condition & G_IO_OUT) != 0)
    what |= CURL_CSELECT_OUT;
  if ((condition & (G_IO_ERR | G_IO_NVAL)) != 0)
    what |= CURL_CSELECT_ERR;
  (void) curl_multi_socket_action (self->multi, fd, what, &running); /* ends show in reap() */
  reap (self);
  return G_SOURCE_CONTINUE;
}

static int
watch_socket (CURL *easy, curl_socket_t fd, int what, void *data, void *unused)
{
  TernHttp *self = data;
  GIOCondition condition = 0;
  GSource *source;

  (void) easy;
  (void) unused;
  g_hash_table_remove (self->sockets, GINT_TO_POINTER (fd));
  if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
    condition |= G_IO_IN;
  if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
    condition |= G_IO_OUT;
  if (condition == 0)
    return 0;

  source = g_unix_fd_source_new (fd, condition);
  g_source_set_static_name (source, "tern-http");
  g_source_set_callback (source, G_SOURCE_FUNC (on_socket), self, NULL);
  g_source_attach (source, self->context);
  g_hash_table_insert (self->sockets, GINT_TO_POINTER (fd), source);
  return 0;
}

static gboolean
on_timer (gpointer data)
{
  g_autoptr (TernHttp) self = g_object_ref (data);
  int running;

  g_clear_pointer (&self->timer, drop_source);
  (void) curl_multi_socket_action (self->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  reap (self);
  return G_SOURCE_REMOVE;
}

static int
set_timer (CURLM *multi, long timeout_ms, void *data)
{
  TernHttp *self = data;

  (void) multi;
  g_clear_pointer (&self->timer, drop_source);
  if (timeout_ms < 0)
    return 0;

  self->timer = g_timeout_source_new ((guint) MIN (timeout_ms, G_MAXINT));
  g_source_set_static_name (self->timer, "tern-http-timer");
  g_source_set_callback (self->timer, on_timer, self, NULL);
  g_source_attach (self->timer, self->context);
  return 0;
}

/* --- requests --- */

static void
begin (TernHttp *self, TernHttpTransfer *transfer)
{
  g_autoptr (GError) error = NULL;

  if (tern_http_transfer_open (transfer, &error))
    {
      CURLMcode code = curl_multi_add_handle (self->multi, transfer->easy);

      if (code == CURLM_OK)
        {
          g_ptr_array_add (self->active, transfer);
          return;
        }
      g_set_error (&error, TERN_ERROR, TERN_ERROR_FAILED, "The request to %s was not begun: %s",
                   transfer->endpoint, curl_multi_strerror (code));
    }
  give_back (transfer, NULL, g_steal_pointer (&error));
  tern_http_transfer_free (transfer);
}

static void
begin_waiting (TernHttp *self)
{
  while (self->multi != NULL && self->active->len < MAX_ACTIVE
         && !g_queue_is_empty (&self->waiting))
    begin (self, g_queue_pop_head (&self->waiting));
}

void
tern_http_send_async (TernHttp *self, const TernHttpRequest *request, GCancellable *cancellable,
                      GAsyncReadyCallback cb, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, cb, data);
  g_autoptr (GError) error = NULL;
  TernHttpTransfer *transfer;

  g_return_if_fail (TERN_IS_HTTP (self));

  g_task_set_name (task, "tern-http");
  g_task_set_check_cancellable (task, FALSE); /* the error is of our own domain */
  transfer = tern_http_transfer_new (request, &error);
  if (transfer == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  transfer->task = g_object_ref (task);
  g_task_set_task_data (task, transfer, NULL);
  if (cancellable != NULL)
    {
      transfer->cancel = g_cancellable_source_new (cancellable);
      g_source_set_callback (transfer->cancel, G_SOURCE_FUNC (on_cancelled), task, NULL);
      g_source_attach (transfer->cancel, self->context);
    }
  g_queue_push_tail (&self->waiting, transfer);
  begin_waiting (self);
}

TernHttpResponse *
tern_http_send_finish (TernHttp *self, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);
  return g_task_propagate_pointer (G_TASK (result), error);
}

void
tern_http_response_free (TernHttpResponse *self)
{
  if (self == NULL)
    return;

  g_free (self->body);
  g_free (self);
}

/* --- life --- */

static void
tern_http_init (TernHttp *self)
{
  self->context = g_main_context_ref_thread_default ();
  self->sockets = g_hash_table_new_full (NULL, NULL, NULL, drop_source);
  self->active = g_ptr_array_new ();
  g_queue_init (&self->waiting);
}

/* Each request holds a reference on us, so that none is left here. */
static void
tern_http_finalize (GObject *object)
{
  TernHttp *self = TERN_HTTP (object);

  if (self->multi != NULL)
    {
      /* Closing the kept connections would call them once more. */
      curl_multi_setopt (self->multi, CURLMOPT_SOCKETFUNCTION, NULL);
      curl_multi_setopt (self->multi, CURLMOPT_TIMERFUNCTION, NULL);
      g_clear_pointer (&self->timer, drop_source);
      g_hash_table_remove_all (self->sockets);
      (void) curl_multi_cleanup (self->multi); /* there is nothing to do about a failure */
    }
  g_hash_table_unref (self->sockets);
  g_ptr_array_unref (self->active);
  g_main_context_unref (self->context);
  G_OBJECT_CLASS (tern_http_parent_class)->finalize (object);
}

static void
tern_http_class_init (TernHttpClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tern_http_finalize;
}

static gboolean
check_library (GError **error)
{
  const curl_version_info_data *info;

  if (curl_global_init (CURL_GLOBAL_DEFAULT) != CURLE_OK)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_SUPPORTED, "libcurl cannot be used");
      return FALSE;
    }
  info = curl_version_info (CURLVERSION_NOW);
  if ((info->features & CURL_VERSION_SSL) != 0 && (info->features & CURL_VERSION_ASYNCHDNS) != 0)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_NOT_SUPPORTED,
               "libcurl %s was built without %s; install one that was built with it", info->version,
               (info->features & CURL_VERSION_SSL) == 0
                   ? "TLS"
                   : "a resolver that does not block (threaded or c-ares)");
  return FALSE;
}

TernHttp *
tern_http_new (GError **error)
{
  TernHttp *self;

  if (!check_library (error))
    return NULL;

  self = g_object_new (TERN_TYPE_HTTP, NULL);
  self->multi = curl_multi_init ();
  curl_multi_setopt (self->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
  curl_multi_setopt (self->multi, CURLMOPT_SOCKETDATA, self);
  curl_multi_setopt (self->multi, CURLMOPT_TIMERFUNCTION, set_timer);
  curl_multi_setopt (self->multi, CURLMOPT_TIMERDATA, self);
  curl_multi_setopt (self->multi, CURLMOPT_MAXCONNECTS, (long) MAX_KEPT_CONNECTIONS);
  return self;
}
