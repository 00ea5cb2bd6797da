/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Every method of the Manager, and every error it promises, by name.
 */
#include "config.h"

#include "bus-fixture.h"
#include "snapshot.h"
#include "tern-check.h"

static void
setup (void)
{
  fixture_start ();
  fixture_simulate (SNAPSHOT, "50");
}

static GVariant *
migrate_args (const char *vm, const char *destination, const char *option_text)
{
  return g_variant_new ("(ss@a{sv})", vm, destination, options (option_text));
}

static GVariant *
add_args (const char *name, const char *uri, const char *option_text)
{
  return g_variant_new ("(ss@a{sv})", name, uri, options (option_text));
}

static GVariant *
remove_args (const char *name, const char *option_text)
{
  return g_variant_new ("(s@a{sv})", name, options (option_text));
}

static char *
get_vm (const char *name)
{
  g_autoptr (GVariant) reply = call ("GetVm", g_variant_new ("(s)", name));
  char *path;

  g_variant_get (reply, "(o)", &path);
  return path;
}

START_TEST (the_manager_says_that_it_simulates)
{
  g_autoptr (GVariant) simulated = get_property (TERN_BUS_PATH, TERN_IFACE_MANAGER, "Simulated");

  ck_assert (g_variant_get_boolean (simulated));
}
END_TEST

START_TEST (a_host_can_be_added_and_removed)
{
  g_autoptr (GVariant) reply =
      call ("AddHost", add_args ("spare-1", "sim://spare/",
                                 "{'peer-uri': <'qemu+tls://spare/system'>, "
                                 "'migration-address': <'fe80::1%eth0'>}"));
  const char *path = NULL;
  g_autofree char *uri = NULL;
  g_autofree char *peer = NULL;
  g_autofree char *address = NULL;

  g_variant_get (reply, "(&o)", &path);
  ck_assert_str_eq (path, TERN_BUS_PATH_HOSTS "/spare_2d1");
  uri = get_string (path, TERN_IFACE_HOST, "Uri");
  peer = get_string (path, TERN_IFACE_HOST, "PeerUri");
  address = get_string (path, TERN_IFACE_HOST, "MigrationAddress");
  ck_assert_str_eq (uri, "sim://spare/");
  ck_assert_str_eq (peer, "qemu+tls://spare/system");
  ck_assert_str_eq (address, "fe80::1%eth0");

  g_variant_unref (call ("RemoveHost", remove_args ("spare-1", "{}")));
  assert_error ("RemoveHost", remove_args ("spare-1", "{}"), "NotFound", "spare-1");
}
END_TEST

START_TEST (a_name_or_machine_that_is_there_cannot_be_added_again)
{
  assert_error ("AddHost", add_args ("node1", "sim://spare/", "{}"), "Exists", "node1");
  assert_error ("AddHost", add_args ("again", "sim://node1/", "{}"), "Exists", "node1");
}
END_TEST

START_TEST (a_host_that_is_malformed_is_an_invalid_argument)
{
  g_autofree char *longest = g_strnfill (256, 'n');
  g_autofree char *longer_uri =
      g_strdup_printf ("sim://%s%s%s%s%s/", longest, longest, longest, longest, longest);

  assert_error ("AddHost", add_args ("", "sim://spare/", "{}"), "InvalidArgument", "host name");
  assert_error ("AddHost", add_args ("-x", "sim://spare/", "{}"), "InvalidArgument", "“-x”");
  assert_error ("AddHost", add_args ("a b", "sim://spare/", "{}"), "InvalidArgument", "“a b”");
  assert_error ("AddHost", add_args ("a\nb", "sim://spare/", "{}"), "InvalidArgument", "“a\\x0ab”");
  assert_error ("AddHost", add_args (longest, "sim://spare/", "{}"), "InvalidArgument",
                "256 characters");
  assert_error ("AddHost", add_args ("x", "", "{}"), "InvalidArgument", "URI");
  assert_error ("AddHost", add_args ("x", "no uri", "{}"), "InvalidArgument", "no uri");
  assert_error ("AddHost", add_args ("x", "http://spare/", "{}"), "InvalidArgument", "http:");
  assert_error ("AddHost", add_args ("x", longer_uri, "{}"), "InvalidArgument", "URI");
}
END_TEST

START_TEST (the_options_of_a_host_are_checked_by_name)
{
  assert_error ("AddHost", add_args ("x", "sim://spare/", "{'peer_uri': <'sim://spare/'>}"),
                "InvalidArgument", "“peer_uri”");
  assert_error ("AddHost", add_args ("x", "sim://spare/", "{'peer-uri': <5>}"), "InvalidArgument",
                "“peer-uri” must be of type “s”");
  assert_error ("AddHost", add_args ("x", "sim://spare/", "{'peer-uri': <'nonsense'>}"),
                "InvalidArgument", "“peer-uri”");
  assert_error ("AddHost", add_args ("x", "sim://spare/", "{'migration-address': <'a b'>}"),
                "InvalidArgument", "“migration-address”");
  assert_error ("AddHost", add_args ("x", "sim://spare/", "{'migration-address': <'node1:49152'>}"),
                "InvalidArgument", "“migration-address”");
  assert_error ("AddHost", add_args ("x", "sim://spare/", "{'migration-address': <''>}"),
                "InvalidArgument", "“migration-address”");
  assert_error ("AddHost", add_args ("x", "sim://spare/", "{'migration-address': <'-oProxy'>}"),
                "InvalidArgument", "“migration-address”");
}
END_TEST

START_TEST (a_host_without_power_is_unreachable_and_nothing_is_left_of_it)
{
  assert_error ("AddHost", add_args ("x", "sim://dead/", "{}"), "Unreachable", "");
  assert_error ("AddHost", add_args ("x", "sim://nobody/", "{}"), "Unreachable", "");
  assert_error ("RemoveHost", remove_args ("x", "{}"), "NotFound", "x");
}
END_TEST

static void
on_add_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, data);

  ck_assert_ptr_null (reply);
}

static gboolean
error_is_set (gpointer data)
{
  return *(GError **) data != NULL;
}

START_TEST (a_host_that_hangs_times_out_and_holds_up_nobody)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *task = NULL;
  g_autofree char *name = NULL;

  g_dbus_connection_call (fixture.client, TERN_BUS_NAME, TERN_BUS_PATH, TERN_IFACE_MANAGER,
                          "AddHost", add_args ("x", "sim://mute/", "{}"), NULL,
                          G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_add_answered, &error);
  /* Meanwhile all else goes on. */
  assert_error ("AddHost", add_args ("x", "sim://spare/", "{}"), "Exists", "x");
  g_variant_unref (call ("AddHost", add_args ("y", "sim://spare/", "{}")));
  fixture_wait_for (error_is_set, &error, "the answer of AddHost");
  name = g_dbus_error_get_remote_error (error);
  ck_assert_str_eq (name, TERN_ERROR_PREFIX "TimedOut");
}
END_TEST

START_TEST (a_host_in_use_cannot_be_removed)
{
  g_autofree char *task = migrate ("slow", "node2");

  assert_error ("RemoveHost", remove_args ("node1", "{}"), "Busy",
                "Task 1 moves “slow” from “node1” to “node2”");
  assert_error ("RemoveHost", remove_args ("node2", "{}"), "Busy",
                "Task 1 moves “slow” from “node1” to “node2”");
  g_variant_unref (call ("RemoveHost", remove_args ("node3", "{}")));
}
END_TEST

START_TEST (options_of_methods_that_have_none_are_refused_by_name)
{
  g_autofree char *task = migrate ("slow", "node2");

  assert_error ("RemoveHost", remove_args ("node3", "{'force': <true>}"), "InvalidArgument",
                "“force”");
  assert_error ("Migrate", migrate_args ("web", "node2", "{'live': <true>}"), "InvalidArgument",
                "“live”");
  assert_error ("ListTasks", g_variant_new ("(@a{sv})", options ("{'limits': <uint32 5>}")),
                "InvalidArgument", "“limits”");
  assert_error_at (task, TERN_IFACE_TASK, "Cancel",
                   g_variant_new ("(@a{sv})", options ("{'now': <true>}")), "InvalidArgument",
                   "“now”");
}
END_TEST

START_TEST (a_vm_is_found_by_name_and_by_uuid)
{
  g_autofree char *by_name = get_vm ("web");
  g_autofree char *by_uuid = get_vm (UUID_WEB);
  g_autofree char *upper = g_ascii_strup (UUID_WEB, -1);
  g_autofree char *by_upper = get_vm (upper);
  g_autofree char *host = get_string (by_name, TERN_IFACE_VM, "Host");

  ck_assert_str_eq (by_name, by_uuid);
  ck_assert_str_eq (by_name, by_upper);
  ck_assert_str_eq (host, "node1");
}
END_TEST

START_TEST (a_vm_that_is_not_there_may_be_on_a_host_that_does_not_answer)
{
  assert_error ("GetVm", g_variant_new ("(s)", "nobody"), "Unreachable", "lost (unreachable)");
  assert_error ("Migrate", migrate_args ("nobody", "node2", "{}"), "Unreachable", "nobody");
}
END_TEST

START_TEST (a_vm_that_is_not_there_is_not_found_when_all_hosts_answer)
{
  g_autofree char *longest = g_strnfill (100000, 'x');

  g_variant_unref (call ("RemoveHost", remove_args ("lost", "{}")));

  assert_error ("GetVm", g_variant_new ("(s)", "nobody"), "NotFound", "nobody");
  assert_error ("GetVm", g_variant_new ("(s)", ""), "NotFound", "VM");
  assert_error ("GetVm", g_variant_new ("(s)", "\x1b[2Jx"), "NotFound", "\\x1b[2Jx");
  assert_error ("GetVm", g_variant_new ("(s)", "aaaaaaaa-0000-4000-8000-00000000ffff"), "NotFound",
                "ffff");
  assert_error ("GetVm", g_variant_new ("(s)", longest), "InvalidArgument", "xxx…");
}
END_TEST

START_TEST (a_name_of_several_vms_is_ambiguous_and_their_uuids_are_told)
{
  assert_error ("GetVm", g_variant_new ("(s)", "twin"), "Ambiguous", UUID_TWIN_A);
  assert_error ("GetVm", g_variant_new ("(s)", "twin"), "Ambiguous", UUID_TWIN_B);
  assert_error ("Migrate", migrate_args ("twin", "node3", "{}"), "Ambiguous", UUID_TWIN_A);
}
END_TEST

START_TEST (a_move_that_makes_no_sense_is_refused)
{
  assert_error ("Migrate", migrate_args ("web", "nowhere", "{}"), "NotFound", "nowhere");
  assert_error ("Migrate", migrate_args ("web", "node1", "{}"), "Refused", "node1");
  assert_error ("Migrate", migrate_args ("off", "node2", "{}"), "Refused", "");
  assert_error ("Migrate", migrate_args ("web", "lost", "{}"), "Unreachable", "lost");
}
END_TEST

START_TEST (a_vm_that_moves_cannot_be_moved_again)
{
  g_autofree char *task = migrate ("slow", "node2");

  assert_error ("Migrate", migrate_args ("slow", "node3", "{}"), "Busy", "");
}
END_TEST

START_TEST (of_many_orders_for_one_vm_one_is_taken)
{
  guint taken = 0;

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (GVariant) reply =
          call_at (TERN_BUS_PATH, TERN_IFACE_MANAGER, "Migrate",
                   migrate_args ("slow", i % 2 == 0 ? "node2" : "node3", "{}"), &error);

      taken += reply != NULL;
    }
  ck_assert_uint_eq (taken, 1);
}
END_TEST

START_TEST (wrong_types_and_methods_are_refused_by_the_bus)
{
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (
      call_at (TERN_BUS_PATH, TERN_IFACE_MANAGER, "Migrate", g_variant_new ("(s)", "web"), &error));
  ck_assert (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS));
  g_clear_error (&error);
  ck_assert_ptr_null (
      call_at (TERN_BUS_PATH, TERN_IFACE_MANAGER, "Explode", g_variant_new ("()"), &error));
  ck_assert (g_error_matches (error, G_DBUS_ERROR, G_DBUS_ERROR_UNKNOWN_METHOD));
  g_clear_error (&error);
  ck_assert_ptr_null (call_at (
      TERN_BUS_PATH, "org.freedesktop.DBus.Properties", "Set",
      g_variant_new ("(ssv)", TERN_IFACE_MANAGER, "Version", g_variant_new_string ("2")), &error));
  ck_assert_ptr_nonnull (error);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("manager",
  tcase_add_checked_fixture (tcase, setup, fixture_end);
  tcase_add_test (tcase, the_manager_says_that_it_simulates);
  tcase_add_test (tcase, a_host_can_be_added_and_removed);
  tcase_add_test (tcase, a_name_or_machine_that_is_there_cannot_be_added_again);
  tcase_add_test (tcase, a_host_that_is_malformed_is_an_invalid_argument);
  tcase_add_test (tcase, the_options_of_a_host_are_checked_by_name);
  tcase_add_test (tcase, a_host_without_power_is_unreachable_and_nothing_is_left_of_it);
  tcase_add_test (tcase, a_host_that_hangs_times_out_and_holds_up_nobody);
  tcase_add_test (tcase, a_host_in_use_cannot_be_removed);
  tcase_add_test (tcase, options_of_methods_that_have_none_are_refused_by_name);
  tcase_add_test (tcase, a_vm_is_found_by_name_and_by_uuid);
  tcase_add_test (tcase, a_vm_that_is_not_there_may_be_on_a_host_that_does_not_answer);
  tcase_add_test (tcase, a_vm_that_is_not_there_is_not_found_when_all_hosts_answer);
  tcase_add_test (tcase, a_name_of_several_vms_is_ambiguous_and_their_uuids_are_told);
  tcase_add_test (tcase, a_move_that_makes_no_sense_is_refused);
  tcase_add_test (tcase, a_vm_that_moves_cannot_be_moved_again);
  tcase_add_test (tcase, of_many_orders_for_one_vm_one_is_taken);
  tcase_add_test (tcase, wrong_types_and_methods_are_refused_by_the_bus);)
/* clang-format on */
