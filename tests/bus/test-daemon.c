/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How the daemon starts, how it refuses to start, and how it ends.
 */
#include "config.h"

#include "bus-fixture.h"
#include "snapshot.h"
#include "tern-check.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/* A daemon without hosts: what it is started with is all that matters here. */
static char *
put_empty_config (void)
{
  return fixture_put_file ("virternd.conf", "");
}

static char *
folder_path (const char *name)
{
  return g_build_filename (fixture.folder, name, NULL);
}

static void
assert_refuses (const char *part, const char *option, const char *value)
{
  g_autofree char *config = put_empty_config ();
  g_autofree char *state = folder_path ("state");
  g_autofree char *errors = NULL;
  gboolean with_config = g_str_equal (option, "--config");
  int status =
      fixture_run_daemon (&errors, option, value, with_config ? NULL : "--config", config, NULL);

  ck_assert_int_eq (status, 1);
  ck_assert_msg (strstr (errors, part) != NULL, "“%s” does not say “%s”", errors, part);
}

START_TEST (it_owns_its_name_and_says_its_version)
{
  g_autofree char *config = put_empty_config ();
  g_autofree char *version = NULL;
  g_autoptr (GVariant) simulated = NULL;

  fixture_start_daemon ("--config", config, NULL);
  version = get_string (TERN_BUS_PATH, TERN_IFACE_MANAGER, "Version");
  simulated = get_property (TERN_BUS_PATH, TERN_IFACE_MANAGER, "Simulated");
  ck_assert_str_eq (version, PACKAGE_VERSION);
  ck_assert (!g_variant_get_boolean (simulated));
}
END_TEST

START_TEST (it_ends_well_on_sigterm_and_can_be_started_again)
{
  g_autofree char *config = put_empty_config ();

  for (guint i = 0; i < 3; i++)
    {
      fixture_start_daemon ("--config", config, NULL);
      ck_assert_int_eq (fixture_stop_daemon (), 0);
    }
}
END_TEST

START_TEST (its_store_is_for_nobody_else)
{
  g_autofree char *config = put_empty_config ();
  g_autofree char *store = folder_path ("virtern/virtern.db");
  g_autofree char *folder = folder_path ("virtern");
  GStatBuf info;

  fixture_start_daemon ("--config", config, NULL);
  ck_assert_int_eq (g_stat (store, &info), 0);
  ck_assert_int_eq (info.st_mode & 0777, 0600);
  ck_assert_int_eq (g_stat (folder, &info), 0);
  ck_assert_int_eq (info.st_mode & 0777, 0700);
}
END_TEST

START_TEST (a_second_one_on_the_same_bus_ends_with_a_sentence)
{
  g_autofree char *config = put_empty_config ();
  g_autofree char *other = folder_path ("other");
  g_autofree char *errors = NULL;
  GPid first;

  fixture_start_daemon ("--config", config, NULL);
  first = fixture.daemon_pid;
  ck_assert_int_eq (fixture_run_daemon (&errors, "--config", config, "--state-dir", other, NULL),
                    1);
  ck_assert_ptr_nonnull (strstr (errors, "another virternd serves this bus"));
  fixture.daemon_pid = first;
}
END_TEST

START_TEST (a_second_one_on_the_same_store_ends_with_a_sentence)
{
  g_autofree char *config = put_empty_config ();
  g_autofree char *errors = NULL;
  GPid first;

  fixture_start_daemon ("--config", config, NULL);
  first = fixture.daemon_pid;
  ck_assert_int_eq (fixture_run_daemon (&errors, "--config", config, NULL), 1);
  ck_assert_msg (strstr (errors, "virtern.db") != NULL, "%s", errors);
  fixture.daemon_pid = first;
}
END_TEST

static gboolean
daemon_has_ended (gpointer unused)
{
  return fixture_poll_daemon ();
}

START_TEST (it_ends_with_1_when_the_bus_goes_away)
{
  g_autofree char *config = put_empty_config ();

  fixture_start_daemon ("--config", config, NULL);
  fixture_stop_bus ();
  fixture_wait_for (daemon_has_ended, NULL, "the daemon to end without its bus");
  ck_assert_int_eq (fixture.daemon_status, 1);
  fixture_start_bus ();
}
END_TEST

START_TEST (a_store_that_cannot_be_used_is_refused_with_its_name)
{
  g_autofree char *garbage = fixture_put_file ("broken/virtern.db", "this is no database at all, "
                                                                    "but long enough to be one");
  g_autofree char *folder = g_path_get_dirname (garbage);
  g_autofree char *text = NULL;

  assert_refuses ("broken/virtern.db", "--state-dir", folder);
  ck_assert (g_file_get_contents (garbage, &text, NULL, NULL));
  ck_assert_ptr_nonnull (strstr (text, "this is no database"));
  assert_refuses ("/nonexistent/deep/virtern", "--state-dir", "/nonexistent/deep/virtern");
  assert_refuses ("/dev/null", "--state-dir", "/dev/null");
}
END_TEST

START_TEST (a_state_folder_that_others_hold_is_refused)
{
  g_autofree char *folder = folder_path ("shared");

  ck_assert_int_eq (g_mkdir (folder, 0755), 0);
  ck_assert_int_eq (g_chmod (folder, 0757), 0);
  assert_refuses ("can be written by everybody (mode 0757)", "--state-dir", folder);

  /* Only root can give a folder away. */
  if (geteuid () != 0)
    return;
  ck_assert_int_eq (g_chmod (folder, 0700), 0);
  ck_assert_int_eq (chown (folder, 4711, 4711), 0);
  assert_refuses ("belongs to the user with the id 4711", "--state-dir", folder);
}
END_TEST

START_TEST (a_wrong_configuration_is_refused_with_file_line_and_key)
{
  g_autofree char *unknown = fixture_put_file ("a.conf", "[daemon]\nstatedir=/x\n");
  g_autofree char *bad = fixture_put_file ("b.conf", "[daemon]\n\nlog-level=loud\n");

  assert_refuses ("a.conf:2: unknown key “statedir” in group “[daemon]”", "--config", unknown);
  assert_refuses ("b.conf:3: “log-level” is “loud”", "--config", bad);
  assert_refuses ("/nonexistent.conf", "--config", "/nonexistent.conf");
}
END_TEST

START_TEST (the_configuration_says_where_the_store_is)
{
  g_autofree char *state = folder_path ("elsewhere");
  g_autofree char *text = g_strdup_printf ("[daemon]\nstate-dir = %s\n", state);
  g_autofree char *config = fixture_put_file ("virternd.conf", text);
  g_autofree char *store = folder_path ("elsewhere/virtern.db");

  fixture_start_daemon ("--config", config, NULL);
  ck_assert (g_file_test (store, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST (the_configuration_says_how_hosts_are_judged)
{
  g_autofree char *config =
      fixture_put_file ("virternd.conf", "[placement]\nmemory-reserve=4096\n");
  g_autofree char *snapshot = fixture_put_file (
      "snapshot.json", "{ \"virtern-snapshot\": 1, \"hosts\": [ { \"name\": \"node1\", "
                       "\"memory-mib\": 16384, \"cpus\": 4, \"link-mbps\": 1000 } ] }");
  g_autoptr (GVariant) reserve = NULL;

  fixture_start_daemon ("--simulate", snapshot, "--config", config, NULL);
  fixture_wait_for_hosts ();
  reserve = get_property (TERN_BUS_PATH_HOSTS "/node1", TERN_IFACE_HOST, "MemoryReserve");
  ck_assert_uint_eq (g_variant_get_uint64 (reserve), G_GUINT64_CONSTANT (4) << 30);
}
END_TEST

START_TEST (a_wrong_command_line_ends_with_2)
{
  ck_assert_int_eq (fixture_run_daemon (NULL, "--no-such-option", NULL), 2);
  ck_assert_int_eq (fixture_run_daemon (NULL, "unexpected", NULL), 2);
  ck_assert_int_eq (fixture_run_daemon (NULL, "--speed", "5", NULL), 2);
  ck_assert_int_eq (fixture_run_daemon (NULL, "--speed", "0", "--simulate", "x", NULL), 2);
  ck_assert_int_eq (fixture_run_daemon (NULL, "--speed", "nan", "--simulate", "x", NULL), 2);
  ck_assert_int_eq (fixture_run_daemon (NULL, "--version", NULL), 0);
}
END_TEST

START_TEST (a_snapshot_that_cannot_be_read_is_refused_with_its_name)
{
  g_autofree char *broken = fixture_put_file ("broken.json", "{\"version\": ");

  assert_refuses ("broken.json", "--simulate", broken);
  assert_refuses ("/nonexistent.json", "--simulate", "/nonexistent.json");
}
END_TEST

START_TEST (a_simulation_never_gets_the_store_of_the_real_hosts)
{
  g_autofree char *real = folder_path ("virtern");
  g_autofree char *config = put_empty_config ();
  g_autofree char *snapshot = folder_path ("small.json");
  g_autofree char *errors = NULL;
  int status;

  fixture_copy_snapshot ("small.json");
  status = fixture_run_daemon (&errors, "--simulate", snapshot, "--config", config, "--state-dir",
                               real, NULL);
  ck_assert_int_eq (status, 1);
  ck_assert_msg (strstr (errors, "holds the real hosts") != NULL, "%s", errors);
}
END_TEST

static void
simulate_with_state (const char *state)
{
  g_autofree char *snapshot = fixture_put_file ("snapshot.json", SNAPSHOT);
  g_autofree char *config = put_empty_config ();

  fixture_start_daemon ("--simulate", snapshot, "--config", config, "--speed", "20", "--state-dir",
                        state, NULL);
  fixture_wait_for_hosts ();
}

static void
on_ignored (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
}

START_TEST (it_ends_well_in_the_middle_of_moves_and_calls)
{
  g_autofree char *state = folder_path ("state");
  g_autofree char *task = NULL;

  simulate_with_state (state);
  task = migrate ("slow", "node2");
  wait_for_phase (task, "copying");
  /* This one is under way for ten seconds of simulated time. */
  g_dbus_connection_call (fixture.client, TERN_BUS_NAME, TERN_BUS_PATH, TERN_IFACE_MANAGER,
                          "AddHost",
                          g_variant_new ("(ss@a{sv})", "x", "sim://mute/", no_options ()), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_ignored, NULL);
  g_variant_unref (call ("ListTasks", g_variant_new ("(@a{sv})", no_options ())));
  ck_assert_int_eq (fixture_stop_daemon (), 0);
}
END_TEST

/* Of task 1, whichever daemon had it. */
static void
assert_trace (const char *expected)
{
  g_autoptr (GVariant) trace =
      call ("GetTrace", g_variant_new ("(t@a{sv})", (guint64) 1, no_options ()));
  g_autoptr (GVariant) phases = g_variant_get_child_value (trace, 0);
  g_autoptr (GString) words = g_string_new (NULL);
  GVariantIter iter;
  const char *word;

  g_variant_iter_init (&iter, phases);
  while (g_variant_iter_next (&iter, "(x&s)", NULL, &word))
    g_string_append_printf (words, " %s", word);
  ck_assert_str_eq (words->str, expected);
}

START_TEST (hosts_history_and_ids_outlive_it)
{
  g_autofree char *state = folder_path ("state");
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *uri = NULL;

  simulate_with_state (state);
  g_variant_unref (
      call ("AddHost", g_variant_new ("(ss@a{sv})", "kept", "sim://spare/", no_options ())));
  first = migrate ("fails", "node2");
  ck_assert (!wait_for_end (first));
  ck_assert_int_eq (fixture_stop_daemon (), 0);

  simulate_with_state (state);
  uri = get_string (TERN_BUS_PATH_HOSTS "/kept", TERN_IFACE_HOST, "Uri");
  ck_assert_str_eq (uri, "sim://spare/");
  g_variant_unref (call ("GetTask", g_variant_new ("(t)", G_GUINT64_CONSTANT (1))));
  assert_trace (" queued checking preparing copying verifying failed");
  second = migrate ("web", "kept");
  ck_assert_str_eq (second, TERN_BUS_PATH_TASKS "/2");
  ck_assert (wait_for_end (second));
}
END_TEST

/* The simulated hosts are as in the file again: the VM is where it was, and that is the truth. */
START_TEST (an_open_task_is_taken_up_after_a_crash_and_ends_with_the_truth)
{
  g_autofree char *state = folder_path ("state");
  g_autofree char *task = NULL;
  g_autofree char *after = NULL;

  simulate_with_state (state);
  task = migrate ("slow", "node2");
  wait_for_phase (task, "copying");
  kill (fixture.daemon_pid, SIGKILL);
  fixture_wait_for (daemon_has_ended, NULL, "the daemon's death");

  simulate_with_state (state);
  ck_assert (!wait_for_end (task));
  assert_trace (" queued checking preparing copying following verifying failed");
  after = get_string (task, TERN_IFACE_TASK, "State");
  ck_assert_str_eq (after, "failed");
}
END_TEST

#ifdef HAVE_SYSTEMD
static char *
receive_text (GSocket *socket)
{
  char buffer[256];
  g_autoptr (GError) error = NULL;
  gssize length = g_socket_receive (socket, buffer, sizeof buffer, NULL, &error);

  ck_assert_msg (length > 0, "%s", error != NULL ? error->message : "nothing came");
  return g_strndup (buffer, (gsize) length);
}

START_TEST (it_tells_systemd_that_it_is_ready_and_that_it_stops)
{
  g_autofree char *config = put_empty_config ();
  g_autoptr (GSocket) socket =
      g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_DATAGRAM, G_SOCKET_PROTOCOL_DEFAULT, NULL);
  g_autoptr (GSocketAddress) address = NULL;
  g_autofree char *ready = NULL;
  g_autofree char *stopping = NULL;

  fixture.notify_socket = folder_path ("notify");
  address = g_unix_socket_address_new (fixture.notify_socket);
  g_socket_set_timeout (socket, 30);
  ck_assert (g_socket_bind (socket, address, FALSE, NULL));

  fixture_start_daemon ("--config", config, NULL);
  ready = receive_text (socket);
  ck_assert_str_eq (ready, "READY=1");
  ck_assert_int_eq (fixture_stop_daemon (), 0);
  stopping = receive_text (socket);
  ck_assert_str_eq (stopping, "STOPPING=1");
}
END_TEST
#endif

/* clang-format off */
#ifdef HAVE_SYSTEMD
#define ADD_SYSTEMD_TEST(tcase)                                                                    \
  tcase_add_test (tcase, it_tells_systemd_that_it_is_ready_and_that_it_stops)
#else
#define ADD_SYSTEMD_TEST(tcase)
#endif

TERN_CHECK_MAIN ("daemon",
  tcase_add_checked_fixture (tcase, fixture_start, fixture_end);
  tcase_add_test (tcase, it_owns_its_name_and_says_its_version);
  tcase_add_test (tcase, it_ends_well_on_sigterm_and_can_be_started_again);
  tcase_add_test (tcase, its_store_is_for_nobody_else);
  tcase_add_test (tcase, a_second_one_on_the_same_bus_ends_with_a_sentence);
  tcase_add_test (tcase, a_second_one_on_the_same_store_ends_with_a_sentence);
  tcase_add_test (tcase, it_ends_with_1_when_the_bus_goes_away);
  tcase_add_test (tcase, a_store_that_cannot_be_used_is_refused_with_its_name);
  tcase_add_test (tcase, a_state_folder_that_others_hold_is_refused);
  tcase_add_test (tcase, a_wrong_configuration_is_refused_with_file_line_and_key);
  tcase_add_test (tcase, the_configuration_says_where_the_store_is);
  tcase_add_test (tcase, the_configuration_says_how_hosts_are_judged);
  tcase_add_test (tcase, a_wrong_command_line_ends_with_2);
  tcase_add_test (tcase, a_snapshot_that_cannot_be_read_is_refused_with_its_name);
  tcase_add_test (tcase, a_simulation_never_gets_the_store_of_the_real_hosts);
  tcase_add_test (tcase, it_ends_well_in_the_middle_of_moves_and_calls);
  tcase_add_test (tcase, hosts_history_and_ids_outlive_it);
  tcase_add_test (tcase, an_open_task_is_taken_up_after_a_crash_and_ends_with_the_truth);
  ADD_SYSTEMD_TEST (tcase);)
/* clang-format on */
