/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernHttp:
 *
 * The one HTTP client: libcurl's multi interface, driven by the main loop of the thread that made
 * it. Names are resolved by a thread of libcurl's, nothing here blocks.
 *
 * - Certificates are always verified, there is no way to turn that off. TLS 1.2 or newer.
 * - http and https only. No redirect is followed: a 3xx is an error that names the host it points
 *   to. No proxy, .netrc, cookies, or compressed answers.
 * - At most 32 requests are under way, others wait for their turn; their time counts from then on.
 * - An error's sentence names scheme, host and port. It never holds a path or query, which may be
 *   secret, nor a header or the body.
 */
#define TERN_TYPE_HTTP (tern_http_get_type ())
G_DECLARE_FINAL_TYPE (TernHttp, tern_http, TERN, HTTP, GObject)

/**
 * TernHttpRequest:
 * @method: "GET", "POST", "PUT", "PATCH" or "DELETE"
 * @url: http or https; no user or password in it
 * @headers: (nullable) (array zero-terminated=1): "NAME: VALUE"
 * @body: (nullable): @body_size bytes
 * @body_size: of @body
 * @ca_file: (nullable): only certificates of these authorities are taken, not the system's
 * @pin: (nullable): as CURLOPT_PINNEDPUBLICKEY; checked besides the certificate
 * @connect_ms: to resolve, connect and shake hands; 0 for 5 s
 * @total_ms: until the end of the answer; 0 for 10 s
 * @max_response: the most that is read of the answer's body; 0 for 64 KiB
 */
typedef struct
{
  const char *method;
  const char *url;
  const char *const *headers;
  const void *body;
  gsize body_size;
  const char *ca_file;
  const char *pin;
  guint connect_ms;
  guint total_ms;
  gsize max_response;
} TernHttpRequest;

/**
 * TernHttpResponse:
 * @status: 200 and up, no 3xx
 * @body: the first @max_response bytes, and a 0 behind them
 * @body_size: of @body
 * @is_whole: @body is all that was sent; %FALSE if it was longer, or did not end in time
 * @retry_after_us: what "Retry-After" asked for, 0 if nothing did
 */
typedef struct
{
  guint status;
  char *body;
  gsize body_size;
  gboolean is_whole;
  gint64 retry_after_us;
} TernHttpResponse;

void tern_http_response_free (TernHttpResponse *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernHttpResponse, tern_http_response_free)

/** tern_http_new: (constructor): %NULL with %TERN_ERROR_NOT_SUPPORTED if this libcurl would block
 * the main loop while it resolves names, or has no TLS */
TernHttp *tern_http_new (GError **error);

/**
 * tern_http_send_async:
 * @request: copied
 *
 * Errors of finish: %TERN_ERROR_INVALID_ARGUMENT (the URL), %TERN_ERROR_UNREACHABLE,
 * %TERN_ERROR_TIMED_OUT, %TERN_ERROR_CANCELLED, and %TERN_ERROR_FAILED: certificate not trusted,
 * another key than pinned, redirect, no HTTP. A status of 400 or more is no error of this.
 */
void tern_http_send_async (TernHttp *self, const TernHttpRequest *request,
                           GCancellable *cancellable, GAsyncReadyCallback cb, gpointer data);
/** tern_http_send_finish: Returns: (transfer full) (nullable) */
TernHttpResponse *tern_http_send_finish (TernHttp *self, GAsyncResult *result, GError **error);

G_END_DECLS
