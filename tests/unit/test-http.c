/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The HTTP client against servers that do what they should not, and names that are never resolved.
 */
#include "config.h"

#include "drivers/http.h"

#include "base/error.h"
#include "receiver.h"
#include "tern-check.h"

#include <dlfcn.h>
#include <netdb.h>
#include <string.h>

#define QUERY "?token=hunter2"
#define SLOW_NAME "never.example"

/* libcurl's own resolver thread comes through here: a name server that does not answer. */
static GMutex resolver_mutex;
static GCond resolver_cond;
static gboolean resolver_may_go;
static guint resolver_calls;

int
getaddrinfo (const char *name, const char *service, const struct addrinfo *hints,
             struct addrinfo **out)
{
  int (*real) (const char *, const char *, const struct addrinfo *, struct addrinfo **);

  if (g_strcmp0 (name, SLOW_NAME) == 0)
    {
      g_mutex_lock (&resolver_mutex);
      resolver_calls++;
      g_cond_broadcast (&resolver_cond);
      while (!resolver_may_go)
        g_cond_wait (&resolver_cond, &resolver_mutex);
      g_mutex_unlock (&resolver_mutex);
      return EAI_NONAME;
    }
  *(void **) &real = dlsym (RTLD_NEXT, "getaddrinfo");
  return real (name, service, hints, out);
}

typedef struct
{
  TernHttpResponse *response;
  GError *error;
  gboolean done;
} Outcome;

static void
outcome_clear (Outcome *self)
{
  g_clear_pointer (&self->response, tern_http_response_free);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  Outcome *outcome = data;

  outcome->response = tern_http_send_finish (TERN_HTTP (source), result, &outcome->error);
  outcome->done = TRUE;
  ck_assert ((outcome->response == NULL) == (outcome->error != NULL));
  /* Whatever goes wrong: nothing that may be secret is in the sentence. */
  if (outcome->error != NULL)
    {
      ck_assert_ptr_eq (GUINT_TO_POINTER (outcome->error->domain), GUINT_TO_POINTER (TERN_ERROR));
      ck_assert_ptr_null (strstr (outcome->error->message, "hunter2"));
    }
}

static void
run_until (const gboolean *done)
{
  while (!*done)
    g_main_context_iteration (NULL, TRUE);
}

/* One request; what @request leaves out is as in most tests. */
static Outcome
ask (const Receiver *receiver, const char *path, TernHttpRequest request)
{
  g_autoptr (TernHttp) http = tern_http_new (NULL);
  g_autofree char *full = g_strconcat (path, QUERY, NULL);
  g_autofree char *url = receiver != NULL ? receiver_url (receiver, full) : g_strdup (path);
  Outcome outcome = { 0 };

  request.url = url;
  request.method = request.method != NULL ? request.method : "POST";
  request.body = "{}";
  request.body_size = 2;
  request.total_ms = request.total_ms != 0 ? request.total_ms : 5000;
  tern_http_send_async (http, &request, NULL, on_sent, &outcome);
  run_until (&outcome.done);
  return outcome;
}

static Outcome
ask_tls (const char *certificate, const char *ca, const char *pin)
{
  g_auto (Receiver) receiver;
  g_autofree char *ca_file = ca != NULL ? receiver_certificate (ca) : NULL;

  receiver_init (&receiver, certificate, NULL);
  return ask (&receiver, "/ok", (TernHttpRequest){ .ca_file = ca_file, .pin = pin });
}

START_TEST (an_answer_comes_back_with_status_and_body)
{
  g_auto (Receiver) receiver;
  g_auto (GStrv) log = NULL;

  receiver_init (&receiver, NULL, NULL);
  {
    g_auto (Outcome) good = ask (&receiver, "/ok", (TernHttpRequest){ 0 });
    g_auto (Outcome) bad = ask (&receiver, "/status/503/7", (TernHttpRequest){ .method = "PUT" });

    ck_assert_ptr_nonnull (good.response);
    ck_assert_uint_eq (good.response->status, 200);
    ck_assert_str_eq (good.response->body, "thanks");
    ck_assert (good.response->is_whole);
    ck_assert_int_eq (good.response->retry_after_us, 0);
    ck_assert_ptr_nonnull (bad.response);
    ck_assert_uint_eq (bad.response->status, 503);
    ck_assert_int_eq (bad.response->retry_after_us, 7 * G_USEC_PER_SEC);
  }
  log = receiver_read_log (&receiver);
  ck_assert_uint_eq (g_strv_length (log), 2);
  ck_assert_ptr_nonnull (strstr (log[1], "\"PUT\""));
}
END_TEST

START_TEST (only_what_the_named_authority_vouches_for_is_trusted)
{
  static const struct
  {
    const char *certificate, *ca;
    gboolean right_pin, wrong_pin, good;
  } cases[] = {
    { "good", "ca.pem", FALSE, FALSE, TRUE },     { "good", "ca.pem", TRUE, FALSE, TRUE },
    { "good", "ca.pem", FALSE, TRUE, FALSE },     { "good", "other.pem", FALSE, FALSE, FALSE },
    { "good", "other.pem", TRUE, FALSE, FALSE },  { "good", NULL, FALSE, FALSE, FALSE },
    { "good", NULL, TRUE, FALSE, FALSE },         { "good", "none.pem", FALSE, FALSE, FALSE },
    { "expired", "ca.pem", FALSE, FALSE, FALSE }, { "misnamed", "ca.pem", FALSE, FALSE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *right = receiver_pin ();
      const char *wrong = "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
      const char *pin = cases[i].right_pin ? right : cases[i].wrong_pin ? wrong : NULL;
      g_auto (Outcome) outcome = ask_tls (cases[i].certificate, cases[i].ca, pin);

      ck_assert_msg ((outcome.response != NULL) == cases[i].good, "case %u: %s", i,
                     outcome.error != NULL ? outcome.error->message : "");
      if (!cases[i].good)
        ck_assert_int_eq (outcome.error->code, TERN_ERROR_FAILED);
    }
}
END_TEST

START_TEST (an_expired_certificate_and_another_key_are_named_as_such)
{
  g_auto (Outcome) expired = ask_tls ("expired", "ca.pem", NULL);
  g_auto (Outcome) other_key =
      ask_tls ("good", "ca.pem", "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");

  ck_assert_ptr_nonnull (strstr (expired.error->message, "certificate has expired"));
  ck_assert_ptr_nonnull (strstr (other_key.error->message, "pinned"));
}
END_TEST

START_TEST (servers_that_misbehave_end_in_an_error_that_says_how)
{
  static const struct
  {
    const char *path;
    TernError code;
    const char *says;
  } cases[] = {
    { "/hang", TERN_ERROR_TIMED_OUT, "did not answer within" },
    { "/slow-head", TERN_ERROR_TIMED_OUT, "did not answer within" },
    { "/close", TERN_ERROR_UNREACHABLE, "without an answer" },
    { "/reset", TERN_ERROR_UNREACHABLE, "broke the connection off" },
    { "/garbage", TERN_ERROR_FAILED, "does not speak HTTP" },
    { "/many-headers", TERN_ERROR_FAILED, "more headers" },
    { "/redirect/https://else.example/x", TERN_ERROR_FAILED,
      "a redirect (302 to https://else.example)" },
    { "/redirect//ok", TERN_ERROR_FAILED, "a redirect (302" },
  };
  g_auto (Receiver) receiver;
  g_auto (GStrv) log = NULL;

  receiver_init (&receiver, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Outcome) outcome =
          ask (&receiver, cases[i].path, (TernHttpRequest){ .total_ms = 400 });

      ck_assert_msg (outcome.error != NULL, "%s", cases[i].path);
      ck_assert_msg (outcome.error->code == (int) cases[i].code
                         && strstr (outcome.error->message, cases[i].says) != NULL,
                     "%s: %d: %s", cases[i].path, outcome.error->code, outcome.error->message);
    }
  log = receiver_read_log (&receiver);
  ck_assert_uint_eq (g_strv_length (log), G_N_ELEMENTS (cases));
}
END_TEST

START_TEST (an_answer_that_does_not_end_counts_with_what_was_read)
{
  static const char *const paths[] = { "/big", "/slow" };
  g_auto (Receiver) receiver;

  receiver_init (&receiver, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_auto (Outcome) outcome =
          ask (&receiver, paths[i], (TernHttpRequest){ .total_ms = 500, .max_response = 1000 });

      ck_assert_msg (outcome.response != NULL, "%s", paths[i]);
      ck_assert_uint_eq (outcome.response->status, 200);
      ck_assert (!outcome.response->is_whole);
      ck_assert_uint_le (outcome.response->body_size, 1000);
      ck_assert_uint_eq (strlen (outcome.response->body), outcome.response->body_size);
    }
}
END_TEST

START_TEST (nobody_there_is_unreachable)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);
  g_autofree char *url = g_strdup_printf ("http://127.0.0.1:%u/" QUERY, port);

  g_socket_listener_close (listener);
  {
    g_auto (Outcome) outcome = ask (NULL, url, (TernHttpRequest){ 0 });

    ck_assert (g_error_matches (outcome.error, TERN_ERROR, TERN_ERROR_UNREACHABLE));
  }
}
END_TEST

START_TEST (other_urls_are_refused)
{
  static const char *const urls[] = {
    "ftp://localhost/" QUERY,       "file:///etc/passwd", "hunter2",
    "https://u:hunter2@localhost/", "https://",           ""
  };

  for (guint i = 0; i < G_N_ELEMENTS (urls); i++)
    {
      g_auto (Outcome) outcome = ask (NULL, urls[i], (TernHttpRequest){ 0 });

      ck_assert_msg (g_error_matches (outcome.error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT), "%s",
                     urls[i]);
    }
}
END_TEST

START_TEST (the_environment_sends_nothing_through_a_proxy)
{
  g_auto (Receiver) receiver;

  g_setenv ("http_proxy", "http://127.0.0.1:9/", TRUE);
  g_setenv ("all_proxy", "http://127.0.0.1:9/", TRUE);
  receiver_init (&receiver, NULL, NULL);
  {
    g_auto (Outcome) outcome = ask (&receiver, "/ok", (TernHttpRequest){ 0 });

    ck_assert_ptr_nonnull (outcome.response);
  }
}
END_TEST

static gboolean
count_tick (gpointer data)
{
  ++*(guint *) data;
  return G_SOURCE_CONTINUE;
}

START_TEST (a_name_that_is_not_resolved_blocks_neither_the_loop_nor_a_cancel)
{
  g_autoptr (TernHttp) http = tern_http_new (NULL);
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_auto (Outcome) cancelled = { 0 }, timed_out = { 0 };
  TernHttpRequest request = { .method = "GET", .url = "https://" SLOW_NAME "/" QUERY };
  guint ticks = 0;
  guint tick = g_timeout_add (10, count_tick, &ticks);

  tern_http_send_async (http, &request, cancellable, on_sent, &cancelled);
  request.connect_ms = 300;
  tern_http_send_async (http, &request, NULL, on_sent, &timed_out);
  g_mutex_lock (&resolver_mutex);
  while (resolver_calls < 2)
    {
      g_mutex_unlock (&resolver_mutex);
      g_main_context_iteration (NULL, TRUE);
      g_mutex_lock (&resolver_mutex);
    }
  g_mutex_unlock (&resolver_mutex);
  g_cancellable_cancel (cancellable);
  run_until (&cancelled.done);
  run_until (&timed_out.done);

  ck_assert (g_error_matches (cancelled.error, TERN_ERROR, TERN_ERROR_CANCELLED));
  ck_assert (g_error_matches (timed_out.error, TERN_ERROR, TERN_ERROR_TIMED_OUT));
  ck_assert_ptr_nonnull (strstr (timed_out.error->message, "no connection within"));
  ck_assert_uint_ge (ticks, 5);
  g_source_remove (tick);
  g_mutex_lock (&resolver_mutex);
  resolver_may_go = TRUE;
  g_cond_broadcast (&resolver_cond);
  g_mutex_unlock (&resolver_mutex);
}
END_TEST

START_TEST (a_request_can_be_cancelled_at_any_time)
{
  g_auto (Receiver) receiver;
  g_autoptr (TernHttp) http = tern_http_new (NULL);
  g_autofree char *url = NULL;
  Outcome outcomes[50] = { 0 };

  receiver_init (&receiver, NULL, NULL);
  url = receiver_url (&receiver, "/hang" QUERY);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      g_autoptr (GCancellable) cancellable = g_cancellable_new ();

      if (i % 3 == 0)
        g_cancellable_cancel (cancellable);
      tern_http_send_async (http, &(TernHttpRequest){ .method = "GET", .url = url }, cancellable,
                            on_sent, &outcomes[i]);
      for (guint j = 0; j < i % 7; j++)
        g_main_context_iteration (NULL, FALSE);
      g_cancellable_cancel (cancellable);
    }
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      run_until (&outcomes[i].done);
      ck_assert (g_error_matches (outcomes[i].error, TERN_ERROR, TERN_ERROR_CANCELLED));
      outcome_clear (&outcomes[i]);
    }
}
END_TEST

START_TEST (many_requests_at_once_all_come_back)
{
  g_auto (Receiver) receiver;
  g_autoptr (TernHttp) http = tern_http_new (NULL);
  g_autofree char *url = NULL;
  Outcome outcomes[200] = { 0 };

  receiver_init (&receiver, NULL, NULL);
  url = receiver_url (&receiver, "/ok");
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    tern_http_send_async (http, &(TernHttpRequest){ .method = "GET", .url = url }, NULL, on_sent,
                          &outcomes[i]);
  for (guint i = 0; i < G_N_ELEMENTS (outcomes); i++)
    {
      run_until (&outcomes[i].done);
      ck_assert_ptr_nonnull (outcomes[i].response);
      outcome_clear (&outcomes[i]);
    }
}
END_TEST

TERN_CHECK_MAIN ("http", receiver_make_certificates ();
                 tcase_add_test (tcase, an_answer_comes_back_with_status_and_body);
                 tcase_add_test (tcase, only_what_the_named_authority_vouches_for_is_trusted);
                 tcase_add_test (tcase, an_expired_certificate_and_another_key_are_named_as_such);
                 tcase_add_test (tcase, servers_that_misbehave_end_in_an_error_that_says_how);
                 tcase_add_test (tcase, an_answer_that_does_not_end_counts_with_what_was_read);
                 tcase_add_test (tcase, nobody_there_is_unreachable);
                 tcase_add_test (tcase, other_urls_are_refused);
                 tcase_add_test (tcase, the_environment_sends_nothing_through_a_proxy);
                 tcase_add_test (tcase,
                                 a_name_that_is_not_resolved_blocks_neither_the_loop_nor_a_cancel);
                 tcase_add_test (tcase, a_request_can_be_cancelled_at_any_time);
                 tcase_add_test (tcase, many_requests_at_once_all_come_back);)
