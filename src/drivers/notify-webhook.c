/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One notice to one endpoint: the request, its signature, and what the answer means.
 *
 *   webhook-id: UUID           webhook-timestamp: seconds
 *   webhook-signature: v1,BASE64 (HMAC-SHA256 (key, "UUID.SECONDS.BODY"))
 */
#include "config.h"

#include "drivers/notify-webhook.h"

#include "base/error.h"
#include "base/text.h"
#include "drivers/secret-file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONTENT_TYPE "application/cloudevents+json; charset=utf-8"
#define MAX_ANSWER 4096
#define MAX_WAIT_US ((gint64) 3600 * G_USEC_PER_SEC)
#define SHA256_SIZE 32

struct _TernNotifyWebhook
{
  GObject parent;

  TernHttp *http;
};

typedef struct
{
  gboolean hopeless;
  gint64 wait_us;
} Answer;

static void notifier_iface_init (TernNotifierInterface *iface);

G_DEFINE_TYPE_WITH_CODE (TernNotifyWebhook, tern_notify_webhook, G_TYPE_OBJECT,
                         G_IMPLEMENT_INTERFACE (TERN_TYPE_NOTIFIER, notifier_iface_init))

/* --- the request --- */

static char *
sign (const TernSecret *secret, const char *uid, const char *seconds, const char *body)
{
  GHmac *hmac = g_hmac_new (G_CHECKSUM_SHA256, secret->bytes, secret->size);
  g_autofree char *start = g_strdup_printf ("%s.%s.", uid, seconds);
  guint8 digest[SHA256_SIZE];
  gsize size = sizeof digest;
  g_autofree char *encoded = NULL;

  g_hmac_update (hmac, (const guchar *) start, -1);
  g_hmac_update (hmac, (const guchar *) body, -1);
  g_hmac_get_digest (hmac, digest, &size);
  g_hmac_unref (hmac);
  encoded = g_base64_encode (digest, size);
  return g_strconcat ("webhook-signature: v1,", encoded, NULL);
}

/* Returns: NULL and @error if it is to be signed and there is no key. */
static GStrv
build_headers (const TernWebhook *webhook, const TernNotice *notice, gint64 now_us, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree char *seconds = g_strdup_printf ("%" G_GINT64_FORMAT, now_us / G_USEC_PER_SEC);
  g_autofree char *id = g_strconcat ("webhook-id: ", notice->uid, NULL);
  g_autofree char *timestamp = g_strconcat ("webhook-timestamp: ", seconds, NULL);

  g_strv_builder_add_many (builder, "Content-Type: " CONTENT_TYPE, id, timestamp, NULL);
  if (webhook->secret_file != NULL)
    {
      g_autoptr (TernSecret) secret = tern_secret_read (webhook->secret_file, error);
      g_autofree char *signature = NULL;

      if (secret == NULL)
        return NULL;
      signature = sign (secret, notice->uid, seconds, notice->body);
      g_strv_builder_add (builder, signature);
    }
  return g_strv_builder_end (builder);
}

/* --- the answer --- */

/* The same document would get the same answer again: it is gone for good, too large, or of a type
 * that is not taken. All else may be mended on the other side: a wrong path, a token, a new release
 * of the receiver. */
static gboolean
is_hopeless (guint status)
{
  return status == 410 || status == 413 || status == 415;
}

/* What it says besides is not repeated: many name the path and query that they were asked for. */
static void
set_refused (const TernHttpResponse *response, GError **error)
{
  g_set_error (error, TERN_ERROR, TERN_ERROR_FAILED,
               "The endpoint answered %u; its own log may say why", response->status);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask) task = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (TernHttpResponse) response =
      tern_http_send_finish (TERN_HTTP (source), result, &error);
  Answer *answer = g_task_get_task_data (task);

  if (response == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  if (response->status >= 200 && response->status < 300)
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  answer->hopeless = is_hopeless (response->status);
  answer->wait_us = MIN (response->retry_after_us, MAX_WAIT_US);
  set_refused (response, &error);
  g_task_return_error (task, g_steal_pointer (&error));
}

/* --- the port --- */

static void
notifier_send_async (TernNotifier *notifier, const TernWebhook *webhook, const TernNotice *notice,
                     gint64 now_us, GCancellable *cancellable, GAsyncReadyCallback cb,
                     gpointer data)
{
  TernNotifyWebhook *self = TERN_NOTIFY_WEBHOOK (notifier);
  g_autoptr (GTask) task = g_task_new (self, NULL, cb, data);
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) headers = NULL;

  g_task_set_name (task, "tern-notify-webhook");
  g_task_set_task_data (task, g_new0 (Answer, 1), g_free);
  if (!tern_webhook_check (webhook, &error)
      || (headers = build_headers (webhook, notice, now_us, &error)) == NULL)
    {
      g_task_return_error (task, g_steal_pointer (&error));
      return;
    }
  tern_http_send_async (self->http,
                        &(TernHttpRequest){
                            .method = "POST",
                            .url = webhook->url,
                            .headers = (const char *const *) headers,
                            .body = notice->body,
                            .body_size = strlen (notice->body),
                            .ca_file = webhook->ca_file,
                            .pin = webhook->pin,
                            .max_response = MAX_ANSWER,
                        },
                        cancellable, on_sent, g_steal_pointer (&task));
}

static gboolean
notifier_send_finish (TernNotifier *notifier, GAsyncResult *result, gboolean *out_hopeless,
                      gint64 *out_wait_us, GError **error)
{
  const Answer *answer = g_task_get_task_data (G_TASK (result));

  (void) notifier;
  if (out_hopeless != NULL)
    *out_hopeless = answer->hopeless;
  if (out_wait_us != NULL)
    *out_wait_us = answer->wait_us;
  return g_task_propagate_boolean (G_TASK (result), error);
}

static gboolean
check_ca_file (const char *path, GError **error)
{
  int fd = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  int reason = errno;
  g_autofree char *visible = NULL;
  struct stat st;
  gboolean is_file;

  if (fd >= 0)
    {
      is_file = fstat (fd, &st) == 0 && S_ISREG (st.st_mode);
      (void) close (fd); /* nothing was written */
      if (is_file)
        return TRUE;
    }
  visible = tern_text_visible (path, 0);
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "The CA file %s cannot be read by virternd: %s", visible,
               fd < 0 ? g_strerror (reason) : "it is no regular file");
  return FALSE;
}

static gboolean
notifier_check (TernNotifier *notifier, const TernWebhook *webhook, GError **error)
{
  (void) notifier;
  if (webhook->ca_file != NULL && !check_ca_file (webhook->ca_file, error))
    return FALSE;
  if (webhook->secret_file != NULL)
    {
      g_autoptr (TernSecret) secret = tern_secret_read (webhook->secret_file, error);

      return secret != NULL;
    }
  return TRUE;
}

static void
notifier_iface_init (TernNotifierInterface *iface)
{
  iface->check = notifier_check;
  iface->send_async = notifier_send_async;
  iface->send_finish = notifier_send_finish;
}

/* --- life --- */

static void
tern_notify_webhook_init (TernNotifyWebhook *self)
{
  (void) self;
}

static void
tern_notify_webhook_finalize (GObject *object)
{
  g_clear_object (&TERN_NOTIFY_WEBHOOK (object)->http);
  G_OBJECT_CLASS (tern_notify_webhook_parent_class)->finalize (object);
}

static void
tern_notify_webhook_class_init (TernNotifyWebhookClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tern_notify_webhook_finalize;
}

TernNotifier *
tern_notify_webhook_new (GError **error)
{
  g_autoptr (TernHttp) http = tern_http_new (error);
  TernNotifyWebhook *self;

  if (http == NULL)
    return NULL;
  self = g_object_new (TERN_TYPE_NOTIFY_WEBHOOK, NULL);
  self->http = g_steal_pointer (&http);
  return TERN_NOTIFIER (self);
}
