/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What is taken as a webhook.
 */
#include "config.h"

#include "model/notice.h"

#include "base/error.h"
#include "tern-check.h"

#include <string.h>

#define GOOD_PIN "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static gboolean
is_good (TernWebhook *webhook)
{
  g_autoptr (GError) error = NULL;
  gboolean good = tern_webhook_check (webhook, &error);

  ck_assert (good == (error == NULL));
  if (error != NULL)
    ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
  /* A person may have put a password where it does not belong. */
  if (error != NULL)
    ck_assert_ptr_null (strstr (error->message, "hunter2"));
  return good;
}

START_TEST (only_https_or_the_machine_itself_is_taken)
{
  static const struct
  {
    const char *url;
    gboolean good;
  } cases[] = {
    { "https://hooks.example.org", TRUE },
    { "https://hooks.example.org/a/b?token=x&y=%20", TRUE },
    { "HTTPS://hooks.example.org:8443/", TRUE },
    { "https://192.0.2.1/", TRUE },
    { "https://[2001:db8::1]:8443/x", TRUE },
    { "http://localhost/", TRUE },
    { "http://LOCALHOST:8080/x", TRUE },
    { "http://127.0.0.1:8080/x", TRUE },
    { "http://127.9.9.9/x", TRUE },
    { "http://[::1]:8080/", TRUE },
    { "http://hooks.example.org/", FALSE },
    { "http://localhost.example.org/", FALSE },
    { "http://127.0.0.1.example.org/", FALSE },
    { "http://127.1/", FALSE },
    { "http://2130706433/", FALSE },
    { "http://0.0.0.0/", FALSE },
    { "http://[::ffff:127.0.0.1.example]/", FALSE },
    { "http://127.0.0.1@hooks.example.org/hunter2", FALSE },
    { "http://127.0.0.1\\@hooks.example.org/", FALSE },
    { "https://user@hooks.example.org/", FALSE },
    { "https://user:hunter2@hooks.example.org/", FALSE },
    { "https://:hunter2@hooks.example.org/", FALSE },
    { "https://@hooks.example.org/", FALSE },
    { "https://hooks.example.org/#hunter2", FALSE },
    { "https://hooks.example.org/ x", FALSE },
    { "https://hooks.example.org/\r\nX-Evil: 1", FALSE },
    { "https://hooks.example.org/\303\244", FALSE },
    { "https://hooks.ex\303\244mple.org/", FALSE },
    { "https://hooks%2eexample.org/", FALSE },
    { "https:///path", FALSE },
    { "https://", FALSE },
    { "https:hooks.example.org", FALSE },
    { "https://hooks.example.org:0/", FALSE },
    { "https://hooks.example.org:99999/", FALSE },
    { "ftp://hooks.example.org/", FALSE },
    { "file:///etc/shadow", FALSE },
    { "hooks.example.org", FALSE },
    { "", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TernWebhook) webhook = tern_webhook_new ("chat", cases[i].url);

      ck_assert_msg (is_good (webhook) == cases[i].good, "%s", cases[i].url);
    }
}
END_TEST

START_TEST (a_url_has_a_bound)
{
  g_autofree char *path = g_strnfill (2048, 'a');
  g_autofree char *url = g_strconcat ("https://hooks.example.org/", path, NULL);
  g_autoptr (TernWebhook) webhook = tern_webhook_new ("chat", url);

  ck_assert (!is_good (webhook));
  webhook->url[2048] = '\0';
  ck_assert (is_good (webhook));
}
END_TEST

START_TEST (a_name_is_as_a_hosts)
{
  static const struct
  {
    const char *name;
    gboolean good;
  } cases[] = { { "chat", TRUE }, { "ops-1.x_y", TRUE }, { "", FALSE },     { "-x", FALSE },
                { "a b", FALSE }, { "a/b", FALSE },      { "a\nb", FALSE }, { ".x", FALSE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TernWebhook) webhook =
          tern_webhook_new (cases[i].name, "https://hooks.example.org/");

      ck_assert_msg (is_good (webhook) == cases[i].good, "%s", cases[i].name);
    }
}
END_TEST

START_TEST (pins_and_files_have_one_form)
{
  static const struct
  {
    const char *url, *ca_file, *pin, *secret_file;
    gboolean good;
  } cases[] = {
    { "https://h.example/", "/etc/ca.pem", GOOD_PIN, "/etc/key", TRUE },
    { "https://h.example/", NULL, GOOD_PIN ";" GOOD_PIN, "key", TRUE },
    { "https://h.example/", "ca.pem", NULL, NULL, FALSE },
    { "https://h.example/", "/etc/\nca.pem", NULL, NULL, FALSE },
    { "http://localhost/", "/etc/ca.pem", NULL, NULL, FALSE },
    { "http://localhost/", NULL, GOOD_PIN, NULL, FALSE },
    { "http://localhost/", NULL, NULL, "/etc/key", TRUE },
    { "https://h.example/", NULL, "sha256//AAEC", NULL, FALSE },
    { "https://h.example/", NULL, "sha1//AAEC", NULL, FALSE },
    { "https://h.example/", NULL, "/etc/key.pem", NULL, FALSE },
    { "https://h.example/", NULL, "", NULL, FALSE },
    { "https://h.example/", NULL, GOOD_PIN ";", NULL, FALSE },
    { "https://h.example/", NULL, GOOD_PIN " ", NULL, FALSE },
    { "https://h.example/", NULL, NULL, "../key", FALSE },
    { "https://h.example/", NULL, NULL, "a/key", FALSE },
    { "https://h.example/", NULL, NULL, "", FALSE },
    { "https://h.example/", NULL, NULL, ".", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (TernWebhook) webhook = tern_webhook_new ("chat", cases[i].url);

      webhook->ca_file = g_strdup (cases[i].ca_file);
      webhook->pin = g_strdup (cases[i].pin);
      webhook->secret_file = g_strdup (cases[i].secret_file);
      ck_assert_msg (is_good (webhook) == cases[i].good, "case %u", i);
    }
}
END_TEST

START_TEST (a_filter_lets_pass_what_it_names_and_tests)
{
  for (guint kind = 0; kind < TERN_N_NOTICES; kind++)
    {
      const char *const words[] = { tern_notice_kind_to_string (kind), NULL };
      g_autoptr (TernWebhook) webhook = tern_webhook_new ("chat", "https://h.example/");
      TernNoticeKind parsed;

      ck_assert (tern_notice_kind_from_string (words[0], &parsed) && parsed == kind);
      ck_assert (tern_webhook_wants (webhook, kind));
      webhook->kinds = g_strdupv ((char **) words);
      ck_assert (is_good (webhook) == (kind != TERN_NOTICE_TEST));
      for (guint other = 0; other < TERN_N_NOTICES; other++)
        ck_assert (tern_webhook_wants (webhook, other)
                   == (other == kind || other == TERN_NOTICE_TEST));
    }
}
END_TEST

START_TEST (a_filter_of_nothing_or_of_the_unknown_is_refused)
{
  static const char *const bad[][2] = { { NULL }, { "task.begun", NULL }, { "", NULL } };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (TernWebhook) webhook = tern_webhook_new ("chat", "https://h.example/");

      webhook->kinds = g_strdupv ((char **) bad[i]);
      ck_assert (!is_good (webhook));
    }
}
END_TEST

START_TEST (a_copy_is_the_same)
{
  g_autoptr (TernWebhook) webhook = tern_webhook_new ("chat", "https://h.example/");
  g_autoptr (TernWebhook) copy = NULL;

  webhook->kinds = g_strsplit ("host.lost,host.back", ",", 0);
  webhook->pin = g_strdup (GOOD_PIN);
  webhook->secret_file = g_strdup ("key");
  webhook->created_us = 5;
  copy = tern_webhook_copy (webhook);
  ck_assert_str_eq (copy->name, "chat");
  ck_assert_str_eq (copy->url, webhook->url);
  ck_assert_str_eq (copy->kinds[1], "host.back");
  ck_assert_str_eq (copy->pin, GOOD_PIN);
  ck_assert_str_eq (copy->secret_file, "key");
  ck_assert_int_eq (copy->created_us, 5);
}
END_TEST

TERN_CHECK_MAIN ("notice", tcase_add_test (tcase, only_https_or_the_machine_itself_is_taken);
                 tcase_add_test (tcase, a_url_has_a_bound);
                 tcase_add_test (tcase, a_name_is_as_a_hosts);
                 tcase_add_test (tcase, pins_and_files_have_one_form);
                 tcase_add_test (tcase, a_filter_lets_pass_what_it_names_and_tests);
                 tcase_add_test (tcase, a_filter_of_nothing_or_of_the_unknown_is_refused);
                 tcase_add_test (tcase, a_copy_is_the_same);)
