/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Webhooks on the bus: added, listed, tried out, told, removed; and what is no webhook is refused.
 * The receiver is a process of its own.
 */
#include "config.h"

#include "bus-fixture.h"
#include "receiver.h"
#include "tern-check.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define SNAPSHOT                                                                                   \
  "{ \"virtern-snapshot\": 1, \"hosts\": ["                                                        \
  "{ \"name\": \"node1\", \"memory-mib\": 16384, \"cpus\": 8, \"link-mbps\": 1000 },"              \
  "{ \"name\": \"node2\", \"memory-mib\": 16384, \"cpus\": 8, \"link-mbps\": 1000 } ], \"vms\": [" \
  "{ \"name\": \"web\", \"host\": \"node1\", \"memory-mib\": 512 } ] }"

static Receiver receiver;

static void
start_daemon (void)
{
  g_autofree char *snapshot = fixture_put_file ("snapshot.json", SNAPSHOT);
  g_autofree char *config = fixture_put_file ("virternd.conf", "");
  g_autofree char *dir = g_build_filename (fixture.folder, "state", NULL);

  ck_assert_int_eq (g_mkdir_with_parents (dir, 0700), 0);
  fixture_start_daemon ("--simulate", snapshot, "--speed", "50", "--config", config, "--state-dir",
                        dir, NULL);
  fixture_wait_for_hosts ();
}

static void
setup (void)
{
  receiver_init (&receiver, NULL, NULL);
  fixture_start ();
  start_daemon ();
}

static void
teardown (void)
{
  fixture_end ();
  receiver_clear (&receiver);
}

static GVariant *
add_args (const char *name, const char *url, const char *text)
{
  return g_variant_new ("(ss@a{sv})", name, url, options (text));
}

static GVariant *
name_args (const char *name)
{
  return g_variant_new ("(s@a{sv})", name, no_options ());
}

static void
add (const char *name, const char *path, const char *text)
{
  g_autofree char *url = receiver_url (&receiver, path);

  g_variant_unref (call ("AddWebhook", add_args (name, url, text)));
}

/* Returns: (transfer full): a{sv} of the only one, or %NULL if there is none */
static GVariant *
get_only (void)
{
  g_autoptr (GVariant) reply = call ("ListWebhooks", g_variant_new ("(@a{sv})", no_options ()));
  g_autoptr (GVariant) list = g_variant_get_child_value (reply, 0);

  ck_assert_uint_le (g_variant_n_children (list), 1);
  return g_variant_n_children (list) > 0 ? g_variant_get_child_value (list, 0) : NULL;
}

static void
assert_told (const char *key, const char *expected)
{
  g_autoptr (GVariant) webhook = get_only ();
  const char *value = NULL;

  ck_assert_ptr_nonnull (webhook);
  ck_assert (g_variant_lookup (webhook, key, "&s", &value));
  ck_assert_str_eq (value, expected);
}

static guint64
get_waiting (void)
{
  g_autoptr (GVariant) webhook = get_only ();
  guint64 waiting = 0;

  ck_assert_ptr_nonnull (webhook);
  ck_assert (g_variant_lookup (webhook, "Waiting", "t", &waiting));
  return waiting;
}

/* Whether something that holds all of @parts arrived. */
static gboolean
has_arrived (gpointer parts)
{
  g_auto (GStrv) lines = receiver_read_log (&receiver);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      gboolean all = TRUE;

      for (const char *const *part = parts; *part != NULL; part++)
        all &= strstr (lines[i], *part) != NULL;
      if (all)
        return TRUE;
    }
  return FALSE;
}

static gboolean
something_waits (gpointer data)
{
  (void) data;
  return get_waiting () > 0;
}

START_TEST (a_webhook_that_was_added_is_listed_without_its_query)
{
  g_autofree char *bare = receiver_url (&receiver, "/ok");
  g_autoptr (GVariant) webhook = NULL;
  g_autofree const char **events = NULL;
  gint64 created = 0;

  add ("pager", "/ok?token=geheim", "{'events': <['task.ended', 'host.lost']>}");
  assert_told ("Name", "pager");
  assert_told ("Url", bare);
  assert_told ("CaFile", "");
  assert_told ("Error", "");
  webhook = get_only ();
  ck_assert (g_variant_lookup (webhook, "Events", "^a&s", &events));
  ck_assert (g_variant_lookup (webhook, "Created", "x", &created));
  ck_assert_uint_eq (g_strv_length ((GStrv) events), 2);
  ck_assert_str_eq (events[0], "task.ended");
  ck_assert_int_gt (created, 0);
  ck_assert_uint_eq (get_waiting (), 0);
}
END_TEST

START_TEST (a_test_arrives_and_says_how_long_it_took)
{
  const char *parts[] = { "org.virtern.test", NULL };
  g_autoptr (GVariant) reply = NULL;
  gint64 took = -1;

  add ("pager", "/ok", "{}");
  reply = call ("TestWebhook", name_args ("pager"));
  g_variant_get (reply, "(x)", &took);
  ck_assert_int_ge (took, 0);
  ck_assert (has_arrived (parts));
}
END_TEST

START_TEST (a_test_that_does_not_arrive_says_why_and_no_secret)
{
  add ("pager", "/status/500?token=geheim", "{}");
  assert_error ("TestWebhook", name_args ("pager"), "Failed", "500");
}
END_TEST

START_TEST (the_end_of_a_task_is_told)
{
  const char *parts[] = { "org.virtern.task.ended", "web", NULL };
  g_autofree char *task = NULL;

  add ("pager", "/ok", "{}");
  task = migrate ("web", "node2");
  ck_assert (wait_for_end (task));
  fixture_wait_for (has_arrived, parts, "the notice of the move's end");
}
END_TEST

START_TEST (what_could_not_be_told_survives_a_restart)
{
  g_autofree char *task = NULL;

  add ("pager", "/status/503", "{}");
  task = migrate ("web", "node2");
  ck_assert (wait_for_end (task));
  fixture_wait_for (something_waits, NULL, "a notice in the outbox");
  ck_assert_int_eq (fixture_stop_daemon (), 0);
  start_daemon ();
  assert_told ("Name", "pager");
  ck_assert_uint_ge (get_waiting (), 1);
}
END_TEST

START_TEST (a_webhook_that_was_removed_is_gone_with_all_that_waits)
{
  g_autofree char *task = NULL;

  add ("pager", "/status/503", "{}");
  task = migrate ("web", "node2");
  ck_assert (wait_for_end (task));
  fixture_wait_for (something_waits, NULL, "a notice in the outbox");
  g_variant_unref (call ("RemoveWebhook", name_args ("pager")));
  ck_assert_ptr_null (get_only ());
  assert_error ("RemoveWebhook", name_args ("pager"), "NotFound", "pager");
  assert_error ("TestWebhook", name_args ("pager"), "NotFound", "pager");
  add ("pager", "/ok", "{}");
  ck_assert_uint_eq (get_waiting (), 0);
}
END_TEST

START_TEST (a_name_is_given_once)
{
  add ("pager", "/ok", "{}");
  assert_error ("AddWebhook", add_args ("pager", "https://example.org/", "{}"), "Exists", "pager");
}
END_TEST

START_TEST (what_is_no_webhook_is_refused_and_not_kept)
{
  static const struct
  {
    const char *name, *url, *text, *part;
  } bad[] = {
    { "", "https://example.org/", "{}", "" },
    { "two words", "https://example.org/", "{}", "letters, digits" },
    { "pager", "http://example.org/", "{}", "https" },
    { "pager", "ftp://example.org/", "{}", "https" },
    { "pager", "https://user:geheim@example.org/", "{}", "" },
    { "pager", "https://example.org/#part", "{}", "" },
    { "pager", "", "{}", "" },
    { "pager", "https://example.org/", "{'events': <['task.begun']>}", "task.begun" },
    { "pager", "https://example.org/", "{'events': <@as []>}", "empty" },
    { "pager", "https://example.org/", "{'ca-file': <'ca.pem'>}", "" },
    { "pager", "https://example.org/", "{'pin': <'sha1//x'>}", "" },
    { "pager", "https://example.org/", "{'secret-file': <'/nowhere/key'>}", "/nowhere/key" },
    { "pager", "https://example.org/", "{'secret': <'geheim'>}", "Unknown option “secret”" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_error ("AddWebhook", add_args (bad[i].name, bad[i].url, bad[i].text), "InvalidArgument",
                  bad[i].part);
  assert_error ("TestWebhook", name_args ("two words"), "InvalidArgument",
                "“two words” is no name of a webhook");
  ck_assert_ptr_null (get_only ());
}
END_TEST

START_TEST (a_key_that_others_can_read_is_refused)
{
  g_autofree char *path = fixture_put_file ("key", "0123456789abcdef0123456789abcdef");
  g_autofree char *text = g_strdup_printf ("{'secret-file': <'%s'>}", path);

  ck_assert_int_eq (g_chmod (path, 0644), 0);
  assert_error ("AddWebhook", add_args ("pager", "https://example.org/", text), "InvalidArgument",
                "key");
  ck_assert_ptr_null (get_only ());
  ck_assert_int_eq (g_chmod (path, 0600), 0);
  add ("pager", "/ok", text);
  assert_told ("SecretFile", path);
  /* Who only asks for a test has asked well. */
  ck_assert_int_eq (g_chmod (path, 0644), 0);
  assert_error ("TestWebhook", name_args ("pager"), "Failed", "can be read or changed by others");
}
END_TEST

#define KEY "geheim-0123456789abcdef0123456789"
#define TOKEN "geheim-token"

static void
assert_silent (const char *where, const char *text, gsize length)
{
  ck_assert_msg (g_strstr_len (text, (gssize) length, "geheim") == NULL, "%s tells a secret",
                 where);
}

static void
assert_variant_silent (const char *where, GVariant *value)
{
  g_autofree char *text = g_variant_print (value, TRUE);

  assert_silent (where, text, strlen (text));
}

/* @mask: (nullable): what may be there */
static void
assert_file_silent (const char *path, const char *mask)
{
  g_autofree char *bytes = NULL;
  gsize length = 0;

  ck_assert_msg (g_file_get_contents (path, &bytes, &length, NULL), "%s", path);
  for (char *at = bytes;
       mask != NULL
       && (at = memmem (at, length - (gsize) (at - bytes), mask, strlen (mask))) != NULL;)
    memset (at, 'x', strlen (mask));
  assert_silent (path, bytes, length);
}

/* The URL is stored with its query, since it is needed; the key never is. */
static void
assert_store_has_no_key (void)
{
  g_autofree char *state = g_build_filename (fixture.folder, "state", NULL);
  g_autoptr (GDir) dir = g_dir_open (state, 0, NULL);
  const char *name;
  guint n = 0;

  ck_assert_ptr_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (state, name, NULL);

      if (!g_file_test (path, G_FILE_TEST_IS_REGULAR))
        continue;
      assert_file_silent (path, TOKEN);
      n++;
    }
  ck_assert_uint_ge (n, 1);
}

static void
assert_process_has_no_secret (void)
{
  static const char *const files[] = { "cmdline", "environ" };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *path = g_strdup_printf ("/proc/%d/%s", (int) fixture.daemon_pid, files[i]);

      assert_file_silent (path, NULL);
    }
}

static void
assert_bus_has_no_secret (void)
{
  g_autoptr (GVariant) webhook = get_only ();
  g_autoptr (GVariant) objects = call_at (TERN_BUS_PATH, "org.freedesktop.DBus.ObjectManager",
                                          "GetManagedObjects", NULL, NULL);

  ck_assert_ptr_nonnull (webhook);
  assert_variant_silent ("ListWebhooks", webhook);
  assert_variant_silent ("GetManagedObjects", objects);
  for (guint i = 0; i < fixture.heard->len; i++)
    assert_variant_silent ("a signal", ((const Heard *) fixture.heard->pdata[i])->parameters);
}

static gboolean
has_failed_often (gpointer data)
{
  g_auto (GStrv) lines = receiver_read_log (&receiver);

  (void) data;
  return g_strv_length (lines) >= 4;
}

/* The daemon writes its log where the test says. Returns: (transfer full): the file */
static char *
log_to_file (void)
{
  g_autofree char *path = fixture_put_file ("daemon.log", "");
  int fd = open (path, O_WRONLY | O_APPEND | O_CLOEXEC);

  ck_assert_int_ge (fd, 0);
  ck_assert_int_eq (fixture_stop_daemon (), 0);
  ck_assert_int_ge (dup2 (fd, STDERR_FILENO), 0);
  (void) close (fd);
  start_daemon ();
  return g_steal_pointer (&path);
}

static void
try_test (const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      call_at (TERN_BUS_PATH, TERN_IFACE_MANAGER, "TestWebhook", name_args (name), &error);

  ck_assert (reply == NULL || error == NULL);
  if (error != NULL)
    assert_silent ("an error", error->message, strlen (error->message));
}

/* Whether the endpoint takes notices or repeats the query in what it answers. */
START_TEST (neither_the_key_nor_the_query_is_told_anywhere)
{
  static const char *const paths[] = { "/status/500?token=" TOKEN, "/ok?token=" TOKEN,
                                       "/close?token=" TOKEN };
  g_autofree char *log = log_to_file ();
  g_autofree char *key = fixture_put_file ("key", KEY);
  g_autofree char *text = g_strdup_printf ("{'secret-file': <'%s'>}", key);
  gsize length = 0;
  g_autofree char *logged = NULL;

  ck_assert_int_eq (g_chmod (key, 0600), 0);
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autofree char *task = NULL;

      add ("pager", paths[i], text);
      task = migrate ("web", i % 2 == 0 ? "node2" : "node1");
      ck_assert (wait_for_end (task));
      try_test ("pager");
      fixture_wait_for (has_failed_often, NULL, "some attempts");
      assert_bus_has_no_secret ();
      assert_store_has_no_key ();
      assert_process_has_no_secret ();
      g_variant_unref (call ("RemoveWebhook", name_args ("pager")));
    }
  ck_assert_int_eq (fixture_stop_daemon (), 0);
  ck_assert (g_file_get_contents (log, &logged, &length, NULL));
  ck_assert_uint_gt (length, 0);
  assert_silent ("the log", logged, length);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("webhooks",
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, a_webhook_that_was_added_is_listed_without_its_query);
  tcase_add_test (tcase, a_test_arrives_and_says_how_long_it_took);
  tcase_add_test (tcase, a_test_that_does_not_arrive_says_why_and_no_secret);
  tcase_add_test (tcase, the_end_of_a_task_is_told);
  tcase_add_test (tcase, what_could_not_be_told_survives_a_restart);
  tcase_add_test (tcase, a_webhook_that_was_removed_is_gone_with_all_that_waits);
  tcase_add_test (tcase, a_name_is_given_once);
  tcase_add_test (tcase, what_is_no_webhook_is_refused_and_not_kept);
  tcase_add_test (tcase, a_key_that_others_can_read_is_refused);
  tcase_add_test (tcase, neither_the_key_nor_the_query_is_told_anywhere);
)
/* clang-format on */
