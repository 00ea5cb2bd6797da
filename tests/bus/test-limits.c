/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Limits of all hosts and of one, and how else a host is used: changed while the daemon runs, and
 * remembered.
 */
#include "config.h"

#include "bus-fixture.h"
#include "snapshot.h"
#include "tern-check.h"

#define NODE1 TERN_BUS_PATH_HOSTS "/node1"

static void
setup (void)
{
  fixture_start ();
}

/* A daemon whose store outlives it. */
static void
start_daemon (const char *configuration)
{
  g_autofree char *snapshot = fixture_put_file ("snapshot.json", SNAPSHOT);
  g_autofree char *config = fixture_put_file ("virternd.conf", configuration);
  g_autofree char *state = g_build_filename (fixture.folder, "state", NULL);

  ck_assert_int_eq (g_mkdir_with_parents (state, 0700), 0);
  fixture_start_daemon ("--simulate", snapshot, "--speed", "20", "--config", config, "--state-dir",
                        state, NULL);
  fixture_wait_for_hosts ();
}

static void
restart_daemon (const char *configuration)
{
  ck_assert_int_eq (fixture_stop_daemon (), 0);
  start_daemon (configuration);
}

static void
set_limits (const char *text)
{
  g_variant_unref (call ("SetLimits", g_variant_new ("(@a{sv})", options (text))));
}

static void
set_host (const char *name, const char *text)
{
  g_variant_unref (call ("SetHost", g_variant_new ("(s@a{sv})", name, options (text))));
}

static void
assert_limits (guint32 out, guint32 in, guint32 cluster, gboolean configured)
{
  g_autoptr (GVariant) told = get_property (TERN_BUS_PATH, TERN_IFACE_MANAGER, "Limits");
  g_autofree char *expected = g_strdup_printf (
      "{'out': <uint32 %u>, 'in': <uint32 %u>, 'cluster': <uint32 %u>, 'configured': <%s>}", out,
      in, cluster, configured ? "true" : "false");
  g_autoptr (GVariant) wanted = g_variant_ref_sink (options (expected));
  g_autofree char *shown = g_variant_print (told, TRUE);

  ck_assert_msg (g_variant_equal (told, wanted), "%s is not %s", shown, expected);
}

static guint64
get_number (const char *path, const char *name)
{
  g_autoptr (GVariant) value = get_property (path, TERN_IFACE_HOST, name);

  if (g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32))
    return g_variant_get_uint32 (value);
  return g_variant_get_uint64 (value);
}

static void
assert_host (const char *property, const char *expected)
{
  g_autofree char *value = get_string (NODE1, TERN_IFACE_HOST, property);

  ck_assert_str_eq (value, expected);
}

/* All hosts */

START_TEST (limits_are_those_of_the_configuration_until_they_are_set)
{
  start_daemon ("[migration]\nlimit-out=4\nlimit-cluster=9\n");
  assert_limits (4, 0, 9, TRUE);
  set_limits ("{'in': <uint32 3>}");
  assert_limits (4, 3, 9, FALSE);
  set_limits ("{'out': <uint32 0>, 'cluster': <uint32 1000>}");
  assert_limits (0, 3, 1000, FALSE);
  set_limits ("{'reset': <true>}");
  assert_limits (4, 0, 9, TRUE);
}
END_TEST

START_TEST (limits_that_were_set_survive_a_restart_and_another_configuration)
{
  start_daemon ("");
  assert_limits (0, 0, 0, TRUE);
  set_limits ("{'out': <uint32 1>}");
  restart_daemon ("[migration]\nlimit-out=7\n");
  assert_limits (1, 0, 0, FALSE);

  /* What is the same by chance is still what somebody set. */
  set_limits ("{'out': <uint32 7>}");
  assert_limits (7, 0, 0, FALSE);
  set_limits ("{'reset': <true>}");
  restart_daemon ("[migration]\nlimit-out=8\n");
  assert_limits (8, 0, 0, TRUE);
}
END_TEST

static gboolean
hears_limits (gpointer data)
{
  (void) data;
  for (guint i = 0; i < fixture.heard->len; i++)
    {
      const Heard *heard = fixture.heard->pdata[i];
      g_autoptr (GVariant) changed = NULL;
      g_autoptr (GVariant) limits = NULL;

      if (!g_str_equal (heard->path, TERN_BUS_PATH)
          || !g_str_equal (heard->name, "PropertiesChanged"))
        continue;
      changed = g_variant_get_child_value (heard->parameters, 1);
      limits = g_variant_lookup_value (changed, "Limits", G_VARIANT_TYPE_VARDICT);
      if (limits != NULL)
        return TRUE;
    }
  return FALSE;
}

START_TEST (clients_hear_of_new_limits)
{
  start_daemon ("");
  set_limits ("{'cluster': <uint32 5>}");
  fixture_wait_for (hears_limits, NULL, "a change of Limits");
}
END_TEST

static void
on_set (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  ck_assert_msg (reply != NULL, "%s", error != NULL ? error->message : "no error");
  (*(guint *) data)++;
}

static gboolean
all_three (gpointer data)
{
  return *(guint *) data == 3;
}

START_TEST (of_calls_at_once_none_undoes_another)
{
  static const char *const given[] = { "{'out': <uint32 1>}", "{'in': <uint32 2>}",
                                       "{'cluster': <uint32 3>}" };
  guint answered = 0;

  start_daemon ("");
  for (guint i = 0; i < G_N_ELEMENTS (given); i++)
    g_dbus_connection_call (fixture.client, TERN_BUS_NAME, TERN_BUS_PATH, TERN_IFACE_MANAGER,
                            "SetLimits", g_variant_new ("(@a{sv})", options (given[i])), NULL,
                            G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_set, &answered);
  fixture_wait_for (all_three, &answered, "three answers");
  assert_limits (1, 2, 3, FALSE);
}
END_TEST

START_TEST (limits_that_make_no_sense_are_refused_by_name)
{
  static const struct
  {
    const char *options, *part;
  } wrong[] = {
    { "{}", "at least one" },
    { "{'reset': <false>}", "alone and true" },
    { "{'reset': <true>, 'out': <uint32 1>}", "alone and true" },
    { "{'out': <uint32 1>, 'reset': <false>}", "alone and true" },
    { "{'out': <uint32 1001>}", "“out” is 1001; it must be 1 to 1000, or 0" },
    { "{'in': <uint32 4294967295>}", "“in”" },
    { "{'cluster': <1>}", "“cluster” must be of type “u”" },
    { "{'outgoing': <uint32 1>}", "Unknown option “outgoing”; known are “out”, “in”" },
  };

  start_daemon ("");
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    assert_error ("SetLimits", g_variant_new ("(@a{sv})", options (wrong[i].options)),
                  "InvalidArgument", wrong[i].part);
  assert_limits (0, 0, 0, TRUE);
}
END_TEST

START_TEST (a_raised_limit_lets_at_once_go_what_waited)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *state = NULL;

  start_daemon ("[migration]\nlimit-out=1\nlimit-in=5\n");
  first = migrate ("slow", "node2");
  second = migrate ("slow2", "node3");
  wait_for_phase (first, "copying");
  state = get_string (second, TERN_IFACE_TASK, "State");
  ck_assert_str_eq (state, "queued");
  set_limits ("{'out': <uint32 2>}");
  wait_for_phase (second, "copying");
}
END_TEST

/* One host */

START_TEST (a_hosts_own_limit_counts_instead_of_that_of_all_and_holds_at_once)
{
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autofree char *state = NULL;

  start_daemon ("[migration]\nlimit-out=5\nlimit-in=5\n");
  set_host ("node1", "{'limit-out': <uint32 1>}");
  first = migrate ("slow", "node2");
  second = migrate ("slow2", "node3");
  wait_for_phase (first, "copying");
  state = get_string (second, TERN_IFACE_TASK, "State");
  ck_assert_str_eq (state, "queued");
  set_host ("node1", "{'limit-out': <uint32 0>}");
  wait_for_phase (second, "copying");
}
END_TEST

static void
assert_host_as_set (void)
{
  assert_host ("PeerUri", "qemu+tls://node1/system");
  assert_host ("MigrationAddress", "192.0.2.7");
  assert_host ("Cluster", "rack-7");
  ck_assert_uint_eq (get_number (NODE1, "MemoryReserve"), G_GUINT64_CONSTANT (3) << 30);
  ck_assert_uint_eq (get_number (NODE1, "LimitOut"), 3);
  ck_assert_uint_eq (get_number (NODE1, "LimitIn"), 1000);
  ck_assert_uint_eq (get_number (NODE1, "Bandwidth"), 50000000);
  ck_assert_uint_eq (get_number (NODE1, "LinkRate"), 125000000);
  assert_host ("LinkRateFrom", "configured");
}

static gboolean
has_reserve_and_rate (gpointer data)
{
  const guint64 *wanted = data;

  return get_number (NODE1, "MemoryReserve") == wanted[0]
         && get_number (NODE1, "LinkRate") == wanted[1];
}

/* What is worked out of a host, and not only shown, is told a moment later. */
static void
wait_for_figures (guint64 reserve, guint64 rate)
{
  guint64 wanted[] = { reserve, rate };

  fixture_wait_for (has_reserve_and_rate, wanted, "the figures of node1");
}

START_TEST (what_was_changed_of_a_host_is_told_and_survives_a_restart)
{
  start_daemon ("");
  /* The file says 1000 Mbit/s. */
  assert_host ("LinkRateFrom", "configured");
  ck_assert_uint_eq (get_number (NODE1, "LinkRate"), 125000000);
  set_host ("node1", "{'link-rate': <uint64 0>}");
  assert_host ("LinkRateFrom", "unknown");
  ck_assert_uint_eq (get_number (NODE1, "LinkRate"), 0);
  set_host ("node1", "{'peer-uri': <'qemu+tls://node1/system'>, 'migration-address': "
                     "<'192.0.2.7'>, 'cluster': <'rack-7'>, 'memory-reserve': <uint64 3221225472>, "
                     "'limit-out': <uint32 3>, 'limit-in': <uint32 1000>}");
  set_host ("node1", "{'bandwidth': <uint64 50000000>, 'link-rate': <uint64 125000000>}");
  assert_host_as_set ();

  restart_daemon ("");
  wait_for_figures (G_GUINT64_CONSTANT (3) << 30, 125000000);
  assert_host_as_set ();
  set_host ("node1", "{'peer-uri': <''>, 'migration-address': <''>, 'cluster': <''>, "
                     "'memory-reserve': <uint64 0>, 'limit-out': <uint32 0>, 'limit-in': <uint32 "
                     "0>, 'link-rate': <uint64 0>, 'bandwidth': <uint64 0>}");
  ck_assert_uint_eq (get_number (NODE1, "MemoryReserve"), G_GUINT64_CONSTANT (512) << 20);
  ck_assert_uint_eq (get_number (NODE1, "LinkRate"), 0);
  assert_host ("PeerUri", "");
  assert_host ("MigrationAddress", "");
  assert_host ("Cluster", "default");
  assert_host ("LinkRateFrom", "unknown");
  ck_assert_uint_eq (get_number (NODE1, "LimitOut") + get_number (NODE1, "LimitIn"), 0);
  ck_assert_uint_eq (get_number (NODE1, "Bandwidth"), 0);
}
END_TEST

START_TEST (what_moves_showed_of_a_link_is_told)
{
  g_autofree char *task = NULL;
  g_autoptr (GVariant) rate = NULL;
  guint64 wanted[2] = { G_GUINT64_CONSTANT (512) << 20, 0 };

  start_daemon ("");
  set_host ("node1", "{'link-rate': <uint64 0>}");
  set_host ("node2", "{'link-rate': <uint64 0>}");
  task = migrate ("db", "node2");
  ck_assert (wait_for_end (task));
  rate = get_property (task, TERN_IFACE_TASK, "LinkRate");
  wanted[1] = g_variant_get_uint64 (rate);
  ck_assert_uint_gt (wanted[1], 60000000);
  ck_assert_uint_le (wanted[1], 130000000);
  fixture_wait_for (has_reserve_and_rate, wanted, "the link of node1");
  assert_host ("LinkRateFrom", "seen");
}
END_TEST

START_TEST (changes_of_a_host_that_make_no_sense_are_refused_and_change_nothing)
{
  static const struct
  {
    const char *host, *options, *error, *part;
  } wrong[] = {
    { "node9", "{'limit-out': <uint32 1>}", "NotFound", "node9" },
    { "node1", "{}", "InvalidArgument", "say what is to change" },
    { "node1", "{'uri': <'sim://node2/'>}", "InvalidArgument", "Unknown option “uri”" },
    { "node1", "{'peer-uri': <'nonsense'>}", "InvalidArgument", "“peer-uri”" },
    { "node1", "{'migration-address': <'node1:49152'>}", "InvalidArgument", "“migration-address”" },
    { "node1", "{'cluster': <'a b'>}", "InvalidArgument", "“cluster”" },
    { "node1", "{'memory-reserve': <uint64 18446744073709551615>}", "InvalidArgument",
      "“memory-reserve”" },
    { "node1", "{'limit-out': <uint32 1001>}", "InvalidArgument", "“limit-out” is 1001" },
    { "node1", "{'limit-in': <1>}", "InvalidArgument", "“limit-in” must be of type “u”" },
    { "node1", "{'link-rate': <uint64 1000>}", "InvalidArgument",
      "“link-rate” is 1000 bytes per second" },
    { "node1", "{'bandwidth': <uint64 1048575>}", "InvalidArgument", "“bandwidth”" },
    { "node1", "{'limit-in': <uint32 5>, 'bandwidth': <uint64 1>}", "InvalidArgument",
      "“bandwidth”" },
  };

  start_daemon ("");
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    assert_error ("SetHost", g_variant_new ("(s@a{sv})", wrong[i].host, options (wrong[i].options)),
                  wrong[i].error, wrong[i].part);
  ck_assert_uint_eq (get_number (NODE1, "LimitIn"), 0);
  assert_host ("Cluster", "default");
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("limits",
  tcase_add_checked_fixture (tcase, setup, fixture_end);
  tcase_add_test (tcase, limits_are_those_of_the_configuration_until_they_are_set);
  tcase_add_test (tcase, limits_that_were_set_survive_a_restart_and_another_configuration);
  tcase_add_test (tcase, clients_hear_of_new_limits);
  tcase_add_test (tcase, of_calls_at_once_none_undoes_another);
  tcase_add_test (tcase, limits_that_make_no_sense_are_refused_by_name);
  tcase_add_test (tcase, a_raised_limit_lets_at_once_go_what_waited);
  tcase_add_test (tcase, a_hosts_own_limit_counts_instead_of_that_of_all_and_holds_at_once);
  tcase_add_test (tcase, what_was_changed_of_a_host_is_told_and_survives_a_restart);
  tcase_add_test (tcase, what_moves_showed_of_a_link_is_told);
  tcase_add_test (tcase, changes_of_a_host_that_make_no_sense_are_refused_and_change_nothing);
)
/* clang-format on */
