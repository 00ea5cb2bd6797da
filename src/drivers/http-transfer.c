/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * One HTTP request: what libcurl is told of it, and what its end means, for people. Who drives it
 * is http.c.
 */
#include "config.h"

#include "drivers/http-private.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

#define CONNECT_MS 5000
#define TOTAL_MS 10000
#define MAX_RESPONSE (64 * 1024)
#define MAX_HEADERS (64 * 1024)
#define MAX_DETAIL_SHOWN 200
/* How long the authorities of a file that was read are kept. The system's are large and change
 * seldom; an admin's file is read for every handshake, so that a changed one counts at once. */
#define SYSTEM_CA_CACHE_S 600L

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CURLU, curl_url_cleanup)

/* --- the URL --- */

static char *
get_part (CURLU *url, CURLUPart part, guint flags)
{
  char *text = NULL;
  char *copy;

  if (curl_url_get (url, part, &text, flags) != CURLUE_OK)
    return NULL;
  copy = g_strdup (text);
  curl_free (text);
  return copy;
}

static char *
describe_endpoint (CURLU *url)
{
  g_autofree char *scheme = get_part (url, CURLUPART_SCHEME, 0);
  g_autofree char *host = get_part (url, CURLUPART_HOST, 0);
  g_autofree char *port = get_part (url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
  g_autofree char *whole = NULL;

  if (scheme == NULL || host == NULL)
    return NULL;
  whole = g_strconcat (scheme, "://", host, port != NULL ? ":" : NULL, port, NULL);
  return tern_text_visible (whole, MAX_DETAIL_SHOWN);
}

/* Nothing of an URL that is refused is repeated: who mistypes one may have a password in it. */
static gboolean
check_url (TernHttpTransfer *self, GError **error)
{
  g_autoptr (CURLU) url = curl_url ();
  g_autofree char *user = NULL;
  g_autofree char *password = NULL;
  const char *wrong = NULL;

  if (curl_url_set (url, CURLUPART_URL, self->url, 0) != CURLUE_OK
      || (self->endpoint = describe_endpoint (url)) == NULL)
    wrong = "it is none";
  else if (!g_str_has_prefix (self->endpoint, "https://")
           && !g_str_has_prefix (self->endpoint, "http://"))
    wrong = "only http and https are spoken";
  else if ((user = get_part (url, CURLUPART_USER, 0)) != NULL
           || (password = get_part (url, CURLUPART_PASSWORD, 0)) != NULL)
    wrong = "it has a user or a password in it";
  if (wrong == NULL)
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "The URL cannot be used: %s", wrong);
  return FALSE;
}

/* --- the request --- */

TernHttpTransfer *
tern_http_transfer_new (const TernHttpRequest *request, GError **error)
{
  g_autoptr (TernHttpTransfer) self = g_new0 (TernHttpTransfer, 1);

  self->method = g_strdup (request->method);
  self->url = g_strdup (request->url);
  self->body = request->body != NULL ? g_bytes_new (request->body, request->body_size) : NULL;
  self->ca_file = g_strdup (request->ca_file);
  self->pin = g_strdup (request->pin);
  self->connect_ms = request->connect_ms != 0 ? request->connect_ms : CONNECT_MS;
  self->total_ms = request->total_ms != 0 ? request->total_ms : TOTAL_MS;
  self->max_response = request->max_response != 0 ? request->max_response : MAX_RESPONSE;
  self->answer = g_string_new (NULL);
  for (guint i = 0; request->headers != NULL && request->headers[i] != NULL; i++)
    self->headers = curl_slist_append (self->headers, request->headers[i]);
  /* Without that, libcurl may wait a second for leave to send a large body. */
  self->headers = curl_slist_append (self->headers, "Expect:");
  return check_url (self, error) ? g_steal_pointer (&self) : NULL;
}

void
tern_http_transfer_free (TernHttpTransfer *self)
{
  if (self == NULL)
    return;

  if (self->cancel != NULL)
    {
      g_source_destroy (self->cancel);
      g_source_unref (self->cancel);
    }
  if (self->easy != NULL)
    curl_easy_cleanup (self->easy);
  curl_slist_free_all (self->headers);
  g_clear_object (&self->task);
  g_clear_pointer (&self->body, g_bytes_unref);
  if (self->answer != NULL)
    g_string_free (self->answer, TRUE);
  g_free (self->method);
  g_free (self->url);
  g_free (self->endpoint);
  g_free (self->ca_file);
  g_free (self->pin);
  g_free (self);
}

/* --- the answer --- */

static size_t
take_body (char *bytes, size_t one, size_t n, void *data)
{
  TernHttpTransfer *self = data;
  gsize room = self->max_response - self->answer->len;

  (void) one;
  g_string_append_len (self->answer, bytes, (gssize) MIN (n, room));
  return n <= room ? n : CURL_WRITEFUNC_ERROR;
}

static size_t
take_header (char *line, size_t one, size_t n, void *data)
{
  TernHttpTransfer *self = data;
  long status = 0;

  (void) one;
  self->header_size += n;
  if (self->header_size > MAX_HEADERS)
    return CURL_WRITEFUNC_ERROR;
  if (n <= 2 && (n == 0 || line[0] == '\r' || line[0] == '\n'))
    {
      curl_easy_getinfo (self->easy, CURLINFO_RESPONSE_CODE, &status);
      self->header_ended = status >= 200;
    }
  return n;
}

static void
set_method (TernHttpTransfer *self)
{
  if (self->body != NULL)
    {
      curl_easy_setopt (self->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                        (curl_off_t) g_bytes_get_size (self->body));
      curl_easy_setopt (self->easy, CURLOPT_POSTFIELDS, g_bytes_get_data (self->body, NULL));
    }
  else
    curl_easy_setopt (self->easy, CURLOPT_HTTPGET, 1L);
  curl_easy_setopt (self->easy, CURLOPT_CUSTOMREQUEST, self->method);
}

/* Debian's libcurl knows the system's authorities as a file and as a folder. The folder counts
 * besides the file that we name, so it has to go; and without it the file is kept in memory. */
static void
set_trust (TernHttpTransfer *self)
{
  const curl_version_info_data *info = curl_version_info (CURLVERSION_NOW);

  curl_easy_setopt (self->easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  if (self->ca_file != NULL || info->cainfo != NULL)
    curl_easy_setopt (self->easy, CURLOPT_CAPATH, NULL);
  curl_easy_setopt (self->easy, CURLOPT_CA_CACHE_TIMEOUT,
                    self->ca_file != NULL ? 0L : SYSTEM_CA_CACHE_S);
}

/* What a libcurl of another make may not know, and without which nothing is sent. */
static gboolean
set_checks (TernHttpTransfer *self)
{
  CURL *easy = self->easy;

  return curl_easy_setopt (easy, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK
         && curl_easy_setopt (easy, CURLOPT_URL, self->url) == CURLE_OK
         && curl_easy_setopt (easy, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK
         && curl_easy_setopt (easy, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK
         && curl_easy_setopt (easy, CURLOPT_SSLVERSION, (long) CURL_SSLVERSION_TLSv1_2) == CURLE_OK
         && (self->ca_file == NULL
             || curl_easy_setopt (easy, CURLOPT_CAINFO, self->ca_file) == CURLE_OK)
         && (self->pin == NULL
             || curl_easy_setopt (easy, CURLOPT_PINNEDPUBLICKEY, self->pin) == CURLE_OK);
}

gboolean
tern_http_transfer_open (TernHttpTransfer *self, GError **error)
{
  self->easy = curl_easy_init ();
  if (self->easy == NULL || !set_checks (self))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_FAILED, "libcurl cannot send to %s",
                   self->endpoint);
      return FALSE;
    }

  set_method (self);
  set_trust (self);
  curl_easy_setopt (self->easy, CURLOPT_HTTPHEADER, self->headers);
  curl_easy_setopt (self->easy, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
  curl_easy_setopt (self->easy, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
  curl_easy_setopt (self->easy, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt (self->easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
  curl_easy_setopt (self->easy, CURLOPT_PROXY, "");
  curl_easy_setopt (self->easy, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
  curl_easy_setopt (self->easy, CURLOPT_NOSIGNAL, 1L);
  /* Else a request that is given up while its name is resolved waits for the resolver's end. */
  curl_easy_setopt (self->easy, CURLOPT_QUICK_EXIT, 1L);
  curl_easy_setopt (self->easy, CURLOPT_CONNECTTIMEOUT_MS, (long) self->connect_ms);
  curl_easy_setopt (self->easy, CURLOPT_TIMEOUT_MS, (long) self->total_ms);
  curl_easy_setopt (self->easy, CURLOPT_MAXAGE_CONN, 30L);
  curl_easy_setopt (self->easy, CURLOPT_ERRORBUFFER, self->error);
  curl_easy_setopt (self->easy, CURLOPT_WRITEFUNCTION, take_body);
  curl_easy_setopt (self->easy, CURLOPT_WRITEDATA, self);
  curl_easy_setopt (self->easy, CURLOPT_HEADERFUNCTION, take_header);
  curl_easy_setopt (self->easy, CURLOPT_HEADERDATA, self);
  return TRUE;
}

/* --- the end --- */

typedef struct
{
  CURLcode code;
  TernError error;
  const char *sentence; /* behind the endpoint */
  gboolean with_detail; /* libcurl's own words say more, and hold nothing of the request */
} Meaning;

/* clang-format off */
static const Meaning meanings[] = {
  { CURLE_COULDNT_RESOLVE_HOST, TERN_ERROR_UNREACHABLE, "cannot be reached: its name is not known", FALSE },
  { CURLE_COULDNT_CONNECT, TERN_ERROR_UNREACHABLE, "cannot be reached", TRUE },
  { CURLE_PEER_FAILED_VERIFICATION, TERN_ERROR_FAILED, "showed a certificate that is not trusted", TRUE },
  { CURLE_SSL_PINNEDPUBKEYNOTMATCH, TERN_ERROR_FAILED, "has another public key than the one that was pinned", FALSE },
  { CURLE_SSL_CACERT_BADFILE, TERN_ERROR_FAILED, "was not asked: its CA file cannot be read or holds no certificate", FALSE },
  { CURLE_SSL_CONNECT_ERROR, TERN_ERROR_FAILED, "does not speak TLS as it should", TRUE },
  { CURLE_GOT_NOTHING, TERN_ERROR_UNREACHABLE, "closed the connection without an answer", FALSE },
  { CURLE_RECV_ERROR, TERN_ERROR_UNREACHABLE, "broke the connection off", FALSE },
  { CURLE_SEND_ERROR, TERN_ERROR_UNREACHABLE, "broke the connection off", FALSE },
  { CURLE_PARTIAL_FILE, TERN_ERROR_UNREACHABLE, "broke the connection off", FALSE },
  { CURLE_WRITE_ERROR, TERN_ERROR_FAILED, "sent more headers than are taken (64 KiB)", FALSE },
  { CURLE_UNSUPPORTED_PROTOCOL, TERN_ERROR_FAILED, "does not speak HTTP", FALSE },
  { CURLE_WEIRD_SERVER_REPLY, TERN_ERROR_FAILED, "does not speak HTTP", FALSE },
};
/* clang-format on */

static void
set_timed_out (TernHttpTransfer *self, GError **error)
{
  curl_off_t connected_us = 0;

  curl_easy_getinfo (self->easy, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
  if (connected_us == 0)
    g_set_error (error, TERN_ERROR, TERN_ERROR_TIMED_OUT,
                 "%s cannot be reached: no connection within %.0f s", self->endpoint,
                 MIN (self->connect_ms, self->total_ms) / 1000.0);
  else
    g_set_error (error, TERN_ERROR, TERN_ERROR_TIMED_OUT, "%s did not answer within %.0f s",
                 self->endpoint, self->total_ms / 1000.0);
}

static void
set_failure (TernHttpTransfer *self, CURLcode code, GError **error)
{
  g_autofree char *detail = tern_text_visible (
      self->error[0] != '\0' ? self->error : curl_easy_strerror (code), MAX_DETAIL_SHOWN);

  if (code == CURLE_OPERATION_TIMEDOUT)
    {
      set_timed_out (self, error);
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (meanings); i++)
    if (meanings[i].code == code)
      {
        g_set_error (error, TERN_ERROR, meanings[i].error, "%s %s%s%s", self->endpoint,
                     meanings[i].sentence, meanings[i].with_detail ? ": " : "",
                     meanings[i].with_detail ? detail : "");
        return;
      }
  g_set_error (error, TERN_ERROR, TERN_ERROR_FAILED, "Nothing was sent to %s: %s (%d)",
               self->endpoint, curl_easy_strerror (code), code);
}

static void
set_redirected (TernHttpTransfer *self, long status, GError **error)
{
  g_autoptr (CURLU) url = curl_url ();
  g_autofree char *to = NULL;
  char *location = NULL;

  curl_easy_getinfo (self->easy, CURLINFO_REDIRECT_URL, &location);
  if (location != NULL && curl_url_set (url, CURLUPART_URL, location, 0) == CURLUE_OK)
    to = describe_endpoint (url);
  g_set_error (
      error, TERN_ERROR, TERN_ERROR_FAILED,
      "%s answered with a redirect (%ld%s%s), which is not followed; give the address that "
      "it moved to",
      self->endpoint, status, to != NULL ? " to " : "", to != NULL ? to : "");
}

TernHttpResponse *
tern_http_transfer_end (TernHttpTransfer *self, CURLcode code, GError **error)
{
  TernHttpResponse *response;
  curl_off_t retry_after_s = 0;
  long status = 0;

  /* Whose headers came has answered, whatever became of the rest. */
  if (code != CURLE_OK && !self->header_ended)
    {
      set_failure (self, code, error);
      return NULL;
    }
  curl_easy_getinfo (self->easy, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 300 && status < 400)
    {
      set_redirected (self, status, error);
      return NULL;
    }

  curl_easy_getinfo (self->easy, CURLINFO_RETRY_AFTER, &retry_after_s);
  response = g_new0 (TernHttpResponse, 1);
  response->status = (guint) status;
  response->is_whole = code == CURLE_OK;
  response->retry_after_us = CLAMP (retry_after_s, 0, G_MAXINT32) * G_USEC_PER_SEC;
  response->body_size = self->answer->len;
  response->body = g_string_free (g_steal_pointer (&self->answer), FALSE);
  return response;
}
