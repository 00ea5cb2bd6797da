/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/host.h"

#include "base/error.h"
#include "tern-check.h"

#include <string.h>

START_TEST (every_state_has_a_word_of_its_own)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < TERN_HOST_N_STATES; i++)
    ck_assert (g_hash_table_add (seen, (gpointer) tern_host_state_to_string (i)));
}
END_TEST

START_TEST (names_that_are_good_are_taken)
{
  static const char *const names[] = { "a", "1", "node1", "Node-1.example_x", "a..-_" };
  g_autofree char *longest = g_strnfill (255, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    ck_assert_msg (tern_host_name_check (names[i], NULL), "%s", names[i]);
  ck_assert (tern_host_name_check (longest, NULL));
}
END_TEST

START_TEST (names_that_are_bad_are_refused_with_a_sentence_that_is_safe_to_show)
{
  static const char *const names[] = { NULL,  "",    "-a",        ".a",      "_a",   "a b",
                                       "a/b", "a\n", "n\xc3\xb6", "a\x1b[m", "a\xff" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autoptr (GError) error = NULL;

      ck_assert (!tern_host_name_check (names[i], &error));
      ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
      ck_assert (g_utf8_validate (error->message, -1, NULL));
      ck_assert_ptr_null (strpbrk (error->message, "\n\x1b"));
    }
}
END_TEST

START_TEST (a_name_that_is_too_long_is_told_so)
{
  g_autofree char *name = g_strnfill (256, 'a');
  g_autoptr (GError) error = NULL;

  ck_assert (!tern_host_name_check (name, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "256 characters"));
}
END_TEST

START_TEST (uris_of_libvirt_and_of_the_simulation_are_taken)
{
  static const char *const uris[] = {
    "qemu:///system",
    "qemu+ssh://root@node1/system",
    "qemu+ssh://root@node1:2222/system?keyfile=/root/.ssh/id&no_verify=1",
    "qemu+tls://node1.example/system",
    "qemu+tcp://[2001:db8::1]/system",
    "qemu+unix:///system?socket=/run/x/libvirt-sock",
    "qemu+libssh2://node1/system",
    "QEMU+SSH://node1/system",
    "test:///default",
    "sim://node1/",
  };

  for (guint i = 0; i < G_N_ELEMENTS (uris); i++)
    ck_assert_msg (tern_host_uri_check (uris[i], NULL), "%s", uris[i]);
}
END_TEST

START_TEST (uris_that_are_bad_are_refused_with_a_sentence_that_is_safe_to_show)
{
  static const char *const uris[] = { NULL,
                                      "",
                                      "node1",
                                      "/etc/passwd",
                                      "http://node1/",
                                      "xen:///system",
                                      "qemu+ext:///system",
                                      "qemu+ssh://node 1/system",
                                      "qemu+ssh://node1/sys\ntem",
                                      "qemu+ssh://node1/sys\x1btem",
                                      "qemu+ssh://node1/sys\x7ftem",
                                      "qemu+ssh://node1/\"x\"",
                                      "qemu+ssh://node1/<x>",
                                      "qemu+ssh://node1:99999999/system",
                                      "qemu+ssh://node1/\xff",
                                      "qemu+ssh://node1/system?command=/tmp/x",
                                      "qemu+ssh://node1/system?no_tty=1&command=/tmp/x",
                                      "qemu+ssh://node1/system?no_tty=1;netcat=/tmp/x",
                                      "qemu+ssh://node1/system?comm%61nd=/tmp/x",
                                      "qemu+ssh://-oProxyCommand=x/system",
                                      "qemu+ssh://-l@node1/system",
                                      "qemu+ssh://node1/system#x",
                                      "sim://node1\xc2\x85/",
                                      "sim://\xe2\x80\xaenode1/",
                                      "sim://\xd8\x9cnode1/",
                                      "qemu+ssh://node1/\xff" };

  for (guint i = 0; i < G_N_ELEMENTS (uris); i++)
    {
      g_autoptr (GError) error = NULL;

      ck_assert_msg (!tern_host_uri_check (uris[i], &error), "%s", uris[i]);
      ck_assert (g_error_matches (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT));
      ck_assert (g_utf8_validate (error->message, -1, NULL));
    }
}
END_TEST

START_TEST (a_uri_may_have_1024_bytes_and_no_more)
{
  g_autofree char *fill = g_strnfill (1024 - strlen ("qemu://"), 'a');
  g_autofree char *longest = g_strconcat ("qemu://", fill, NULL);
  g_autofree char *longer = g_strconcat (longest, "a", NULL);

  ck_assert (tern_host_uri_check (longest, NULL));
  ck_assert (!tern_host_uri_check (longer, NULL));
}
END_TEST

START_TEST (a_copy_of_a_config_is_equal_and_apart)
{
  g_autoptr (TernHostConfig) config = tern_host_config_new ("a", "sim://a/");
  g_autoptr (TernHostConfig) copy = NULL;

  config->peer_uri = g_strdup ("p");
  config->migration_address = g_strdup ("m");
  config->uuid = g_strdup ("u");
  config->memory_reserve = 1;
  config->duty = TERN_DUTY_RETURNING;
  config->limit_out = 2;
  config->limit_in = 3;
  config->link_bps = 4;
  config->bandwidth_bps = 5;
  copy = tern_host_config_copy (config);
  ck_assert_str_eq (copy->cluster, TERN_CLUSTER_DEFAULT);
  ck_assert_uint_eq (copy->memory_reserve, 1);
  ck_assert_int_eq (copy->duty, TERN_DUTY_RETURNING);
  ck_assert_uint_eq (copy->limit_out, 2);
  ck_assert_uint_eq (copy->limit_in, 3);
  ck_assert_uint_eq (copy->link_bps, 4);
  ck_assert_uint_eq (copy->bandwidth_bps, 5);
  ck_assert_str_eq (copy->name, "a");
  ck_assert_str_eq (copy->uri, "sim://a/");
  ck_assert_str_eq (copy->peer_uri, "p");
  ck_assert_str_eq (copy->migration_address, "m");
  ck_assert_str_eq (copy->uuid, "u");
  copy->uuid[0] = 'x';
  ck_assert_str_eq (config->uuid, "u");
}
END_TEST

START_TEST (a_host_keeps_what_it_was_made_of)
{
  TernHostConfig *config = tern_host_config_new ("a", "sim://a/");
  TernHostFacts *facts = tern_host_facts_new ();
  g_autoptr (TernHost) host = tern_host_new (config, TERN_HOST_UP, facts, 5, "e");
  g_autoptr (TernHost) bare = tern_host_new (config, TERN_HOST_CONNECTING, NULL, 0, NULL);

  facts->hostname = g_strdup ("h");
  tern_host_config_unref (config);
  tern_host_facts_unref (facts);
  ck_assert_str_eq (host->config->name, "a");
  ck_assert_str_eq (host->facts->hostname, "h");
  ck_assert_int_eq (host->seen_us, 5);
  ck_assert_str_eq (host->error, "e");
  ck_assert_ptr_null (bare->facts);
  ck_assert_ptr_null (bare->error);
  tern_host_unref (tern_host_ref (host));
  tern_host_unref (NULL);
  tern_host_facts_unref (NULL);
  tern_host_config_unref (NULL);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("host",
  tcase_add_test (tcase, every_state_has_a_word_of_its_own);
  tcase_add_test (tcase, names_that_are_good_are_taken);
  tcase_add_test (tcase, names_that_are_bad_are_refused_with_a_sentence_that_is_safe_to_show);
  tcase_add_test (tcase, a_name_that_is_too_long_is_told_so);
  tcase_add_test (tcase, uris_of_libvirt_and_of_the_simulation_are_taken);
  tcase_add_test (tcase, uris_that_are_bad_are_refused_with_a_sentence_that_is_safe_to_show);
  tcase_add_test (tcase, a_uri_may_have_1024_bytes_and_no_more);
  tcase_add_test (tcase, a_copy_of_a_config_is_equal_and_apart);
  tcase_add_test (tcase, a_host_keeps_what_it_was_made_of);
)
/* clang-format on */
