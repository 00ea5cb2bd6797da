/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Orders and edits: Migrate with a host that is chosen, MigrateGroup, StartVm, LockVm, UnlockVm,
 * MaskVm, and what of them the objects show. tests/bus/judge.json is the cluster.
 */
#include "config.h"

#include "bus-fixture.h"
#include "tern-check.h"

#include <pwd.h>
#include <unistd.h>

#define UUID_MODERN "aaaaaaaa-0000-4000-8000-000000000001"
#define PATH_MODERN TERN_BUS_PATH_VMS "/aaaaaaaa_2d0000_2d4000_2d8000_2d000000000001"
#define FUTURE "9000000000000000"

static void
setup (void)
{
  g_autofree char *text = NULL;

  ck_assert (g_file_get_contents (TERN_SRC_DIR "/tests/bus/judge.json", &text, NULL, NULL));
  fixture_start ();
  fixture_simulate (text, "50");
}

static GVariant *
vm_args (const char *vm, const char *option_text)
{
  return g_variant_new ("(s@a{sv})", vm, options (option_text));
}

static GVariant *
two_args (const char *vm, const char *other, const char *option_text)
{
  return g_variant_new ("(ss@a{sv})", vm, other, options (option_text));
}

static GVariant *
group_args (const char *names, const char *option_text)
{
  GVariant *list = g_variant_parse (G_VARIANT_TYPE ("as"), names, NULL, NULL, NULL);

  ck_assert_ptr_nonnull (list);
  return g_variant_new ("(@as@a{sv})", list, options (option_text));
}

static char *
order (const char *method, const char *vm, const char *host, const char *option_text)
{
  g_autoptr (GVariant) reply = call (method, two_args (vm, host, option_text));
  char *path;

  g_variant_get (reply, "(o)", &path);
  return path;
}

static char *
get_vm_path (const char *vm)
{
  g_autoptr (GVariant) reply = call ("GetVm", g_variant_new ("(s)", vm));
  char *path;

  g_variant_get (reply, "(o)", &path);
  return path;
}

static GVariant *
get_of_vm (const char *vm, const char *property)
{
  g_autofree char *path = get_vm_path (vm);

  return get_property (path, TERN_IFACE_VM, property);
}

static void
assert_vm_text (const char *vm, const char *property, const char *expected)
{
  g_autoptr (GVariant) value = get_of_vm (vm, property);

  ck_assert_str_eq (g_variant_get_string (value, NULL), expected);
}

static void
assert_vm_flag (const char *vm, const char *property, gboolean expected)
{
  g_autoptr (GVariant) value = get_of_vm (vm, property);

  ck_assert_msg (g_variant_get_boolean (value) == expected, "%s of %s", property, vm);
}

static guint
count_tasks (void)
{
  g_autoptr (GVariant) reply = call ("ListTasks", g_variant_new ("(@a{sv})", no_options ()));
  g_autoptr (GVariant) tasks = g_variant_get_child_value (reply, 0);

  return g_variant_n_children (tasks);
}

static guint64
get_memory (const char *host, const char *property)
{
  g_autofree char *path = g_strconcat (TERN_BUS_PATH_HOSTS "/", host, NULL);
  g_autoptr (GVariant) value = get_property (path, TERN_IFACE_HOST, property);

  return g_variant_get_uint64 (value);
}

/* Moves */

START_TEST (without_a_destination_the_best_host_is_chosen)
{
  g_autofree char *task = order ("Migrate", "modern", "", "{}");
  g_autofree char *destination = get_string (task, TERN_IFACE_TASK, "Destination");

  ck_assert_str_eq (destination, "new2");
  ck_assert (wait_for_end (task));
  assert_vm_text ("modern", "Host", "new2");
}
END_TEST

START_TEST (when_no_host_fits_all_of_them_are_named_and_nothing_begins)
{
  assert_error ("Migrate", two_args ("locked", "", "{}"), "Refused", "nightly\\x1b[31m copy");
  assert_error ("Migrate", two_args ("modern", "old", "{}"), "Refused", "aes, avx");
  assert_error ("Migrate", two_args ("off", "", "{}"), "Refused", "off");
  ck_assert_uint_eq (count_tasks (), 0);
}
END_TEST

START_TEST (a_local_medium_is_taken_out_only_when_told_and_written_down)
{
  g_autofree char *task = NULL;
  g_autoptr (GVariant) ejected = NULL;
  g_autofree char *shown = NULL;

  assert_error ("Migrate", two_args ("iso", "new2", "{}"), "Refused", "/local/install.iso");
  task = order ("Migrate", "iso", "new2", "{'eject-local-media': <true>}");
  ck_assert (wait_for_end (task));
  ejected = get_property (task, TERN_IFACE_TASK, "Ejected");
  shown = g_variant_print (ejected, FALSE);
  ck_assert_str_eq (shown, "['sda=/local/install.iso']");
  assert_vm_text ("iso", "Host", "new2");
}
END_TEST

/* (transfer full) */
static GStrv
order_group (const char *names, const char *option_text, guint n_refused)
{
  g_autoptr (GVariant) reply = call ("MigrateGroup", group_args (names, option_text));
  g_autoptr (GVariant) refused = g_variant_get_child_value (reply, 1);
  GStrv paths;

  ck_assert_uint_eq (g_variant_n_children (refused), n_refused);
  g_variant_get_child (reply, 0, "^ao", &paths);
  return paths;
}

START_TEST (a_group_is_one_order_of_several_tasks)
{
  g_auto (GStrv) paths = order_group ("['plain', '" UUID_MODERN "', 'two words']", "{}", 0);

  ck_assert_uint_eq (g_strv_length (paths), 3);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (GVariant) group = get_property (paths[i], TERN_IFACE_TASK, "Group");

      ck_assert_uint_eq (g_variant_get_uint64 (group), 1);
    }
  for (guint i = 0; i < 3; i++)
    ck_assert (wait_for_end (paths[i]));
}
END_TEST

START_TEST (a_group_that_does_not_fit_as_a_whole_is_refused_as_a_whole)
{
  assert_error ("MigrateGroup", group_args ("['big1', 'big2']", "{'destination': <'new2'>}"),
                "Refused", "MiB short");
  ck_assert_uint_eq (count_tasks (), 0);
}
END_TEST

START_TEST (a_partial_group_moves_what_fits_and_tells_of_the_rest)
{
  g_auto (GStrv) paths =
      order_group ("['big1', 'big2']", "{'destination': <'new2'>, 'partial': <true>}", 1);

  ck_assert_uint_eq (g_strv_length (paths), 1);
  ck_assert (wait_for_end (paths[0]));
  ck_assert_uint_eq (count_tasks (), 1);
  assert_vm_text ("big1", "Host", "new2");
  assert_vm_text ("big2", "Host", "new1");
}
END_TEST

typedef struct
{
  guint taken;
  guint refused;
} Race;

static void
on_raced (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  g_autofree char *name = error != NULL ? g_dbus_error_get_remote_error (error) : NULL;
  Race *race = data;

  race->taken += reply != NULL;
  race->refused += g_strcmp0 (name, TERN_ERROR_PREFIX "Refused") == 0;
}

static gboolean
race_is_over (gpointer data)
{
  const Race *race = data;

  return race->taken + race->refused == 2;
}

START_TEST (two_callers_are_never_promised_the_same_memory)
{
  g_autoptr (GDBusConnection) other =
      g_dbus_connection_new_for_address_sync (fixture.address,
                                              G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT
                                                  | G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                              NULL, NULL, NULL);
  GDBusConnection *callers[] = { fixture.client, other };
  static const char *const groups[] = { "['big1']", "['big2']" };
  Race race = { 0, 0 };

  ck_assert_ptr_nonnull (other);
  for (guint i = 0; i < 2; i++)
    g_dbus_connection_call (callers[i], TERN_BUS_NAME, TERN_BUS_PATH, TERN_IFACE_MANAGER,
                            "MigrateGroup", group_args (groups[i], "{'destination': <'new2'>}"),
                            NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_raced, &race);
  fixture_wait_for (race_is_over, &race, "both answers");
  ck_assert_uint_eq (race.taken, 1);
  ck_assert_uint_eq (race.refused, 1);
}
END_TEST

static gboolean
promisable_has_changed (gpointer before)
{
  return get_memory ("new2", "MemoryPromisable") != *(guint64 *) before;
}

START_TEST (a_host_shows_what_is_promised_on_it)
{
  guint64 before = get_memory ("new2", "MemoryPromisable");
  guint64 after;
  g_autofree char *task = NULL;

  ck_assert_uint_gt (before, G_GUINT64_CONSTANT (10) << 30);
  ck_assert_uint_eq (get_memory ("new2", "MemoryReserve"), G_GUINT64_CONSTANT (1) << 30);
  ck_assert_uint_eq (get_memory ("new2", "MemoryReserved"), 0);
  task = order ("Migrate", "big1", "new2", "{}");
  fixture_wait_for (promisable_has_changed, &before, "less memory to be promised");
  after = get_memory ("new2", "MemoryPromisable");
  ck_assert_uint_le (after, before - (G_GUINT64_CONSTANT (10) << 30));
}
END_TEST

/* Starts */

START_TEST (a_vm_is_started_where_it_is_told)
{
  g_autofree char *task = order ("StartVm", "off", "old", "{}");
  g_autofree char *kind = get_string (task, TERN_IFACE_TASK, "Kind");

  ck_assert_str_eq (kind, "start");
  ck_assert (wait_for_end (task));
  assert_vm_text ("off", "Host", "old");
  assert_vm_text ("off", "State", "running");
  assert_error ("StartVm", two_args ("off", "", "{}"), "Refused", "off");
}
END_TEST

START_TEST (a_vm_is_started_on_the_best_host)
{
  g_autofree char *task = order ("StartVm", "off", "", "{}");

  ck_assert (wait_for_end (task));
  assert_vm_text ("off", "State", "running");
}
END_TEST

START_TEST (an_order_that_is_no_good_is_refused_by_name)
{
  assert_error ("StartVm", two_args ("nobody", "", "{}"), "NotFound", "nobody");
  assert_error ("StartVm", two_args ("off", "nowhere", "{}"), "NotFound", "nowhere");
  assert_error ("StartVm", two_args ("twin", "", "{}"), "Ambiguous", "twin");
  assert_error ("StartVm", two_args ("off", "", "{'eject-local-media': <true>}"), "InvalidArgument",
                "“eject-local-media”");
  assert_error ("Migrate", two_args ("modern", "", "{'eject-local-media': <1>}"), "InvalidArgument",
                "must be of type “b”");
  assert_error ("Migrate", two_args ("modern", "", "{'partial': <true>}"), "InvalidArgument",
                "“partial”");
  assert_error ("MigrateGroup", group_args ("['modern']", "{'act': <'start'>}"), "InvalidArgument",
                "“act”");
  ck_assert_uint_eq (count_tasks (), 0);
}
END_TEST

/* Locks */

static void
lock_vm (const char *vm, const char *reason, const char *option_text)
{
  g_variant_unref (call ("LockVm", two_args (vm, reason, option_text)));
}

START_TEST (a_lock_is_shown_with_its_owner_and_holds)
{
  const struct passwd *me = getpwuid (getuid ());
  g_autofree char *me_without_name = g_strdup_printf ("uid %u", (guint) getuid ());
  g_autoptr (GVariant) since = NULL;
  g_autoptr (GVariant) expires = NULL;

  lock_vm ("modern", "the “backup” runs", "{'expires': <int64 " FUTURE ">}");
  assert_vm_flag ("modern", "Locked", TRUE);
  assert_vm_text ("modern", "LockReason", "the “backup” runs");
  assert_vm_text ("modern", "LockOwner", me != NULL ? me->pw_name : me_without_name);
  since = get_of_vm ("modern", "LockSince");
  expires = get_of_vm ("modern", "LockExpires");
  ck_assert_int_gt (g_variant_get_int64 (since), 0);
  ck_assert_int_eq (g_variant_get_int64 (expires), G_GINT64_CONSTANT (9000000000000000));
  assert_error ("Migrate", two_args ("modern", "new2", "{}"), "Refused", "the “backup” runs");

  g_variant_unref (call ("UnlockVm", vm_args ("modern", "{}")));
  assert_vm_flag ("modern", "Locked", FALSE);
  assert_vm_text ("modern", "LockOwner", "");
  assert_error ("UnlockVm", vm_args ("modern", "{}"), "NotFound", "modern");
}
END_TEST

START_TEST (a_lock_keeps_a_vm_from_being_started)
{
  lock_vm ("off", "being restored", "{}");
  assert_error ("StartVm", two_args ("off", "", "{}"), "Refused", "being restored");
  g_variant_unref (call ("UnlockVm", vm_args ("off", "{}")));
  ck_assert_uint_eq (count_tasks (), 0);
}
END_TEST

START_TEST (the_lock_of_somebody_else_is_not_replaced)
{
  assert_error ("LockVm", two_args ("locked", "mine now", "{}"), "Exists", "backup");
  assert_vm_text ("locked", "LockOwner", "backup");
  lock_vm ("locked", "still mine", "{'owner': <'backup'>}");
  assert_vm_text ("locked", "LockReason", "still mine");
  lock_vm ("stale", "that one was over", "{}");
  assert_vm_text ("stale", "LockReason", "that one was over");
}
END_TEST

START_TEST (a_foreign_lock_is_made_visible_and_a_stale_one_does_not_hold)
{
  g_autofree char *task = NULL;

  assert_vm_text ("locked", "LockReason", "nightly\\x1b[31m copy");
  assert_vm_flag ("stale", "Locked", TRUE);
  task = order ("Migrate", "stale", "new2", "{}");
  ck_assert (wait_for_end (task));
  assert_vm_flag ("stale", "Locked", TRUE);
}
END_TEST

typedef struct
{
  const char *reason;
  const char *options;
  const char *part;
} BadLock;

static const BadLock bad_locks[] = {
  { "", "{}", "The reason of the lock says nothing" },
  { " \t ", "{}", "The reason of the lock says nothing" },
  { "a\nb", "{}", "“a\\x0ab”" },
  { "\x1b[2J", "{}", "“\\x1b[2J”" },
  { "turned \u202e round", "{}", "\\u{202e}" },
  { "ok", "{'owner': <''>}", "The owner of the lock says nothing" },
  { "ok", "{'owner': <'a\\tb'>}", "“a\\x09b”" },
  { "ok", "{'owner': <uint32 5>}", "“owner” must be of type “s”" },
  { "ok", "{'expires': <int64 0>}", "not in the future" },
  { "ok", "{'expires': <int64 -1>}", "not in the future" },
  { "ok", "{'expires': <int64 1000000000000000>}", "not in the future" },
  { "ok", "{'expires': <int64 9223372036854775807>}", "9999" },
  { "ok", "{'expires': <1e300>}", "“expires” must be of type “x”" },
  { "ok", "{'expires': <'tomorrow'>}", "“expires” must be of type “x”" },
  { "ok", "{'until': <int64 " FUTURE ">}", "“until”" },
};

START_TEST (a_lock_that_is_no_good_is_refused_and_changes_nothing)
{
  g_autofree char *long_reason = g_strnfill (1025, 'r');
  g_autofree char *long_owner = g_strnfill (256, 'o');
  g_autofree char *owner_option = g_strdup_printf ("{'owner': <'%s'>}", long_owner);

  for (guint i = 0; i < G_N_ELEMENTS (bad_locks); i++)
    assert_error ("LockVm", two_args ("modern", bad_locks[i].reason, bad_locks[i].options),
                  "InvalidArgument", bad_locks[i].part);
  assert_error ("LockVm", two_args ("modern", long_reason, "{}"), "InvalidArgument",
                "1025 bytes long; at most 1024");
  assert_error ("LockVm", two_args ("modern", "ok", owner_option), "InvalidArgument",
                "256 bytes long; at most 255");
  assert_error ("LockVm", two_args ("nobody", "ok", "{}"), "NotFound", "nobody");
  assert_error ("UnlockVm", vm_args ("nobody", "{}"), "NotFound", "nobody");
  assert_error ("UnlockVm", vm_args ("modern", "{'force': <true>}"), "InvalidArgument", "“force”");
  assert_vm_flag ("modern", "Locked", FALSE);

  long_reason[1024] = '\0';
  long_owner[255] = '\0';
  g_free (owner_option);
  owner_option = g_strdup_printf ("{'owner': <'%s'>}", long_owner);
  lock_vm ("modern", long_reason, owner_option);
  assert_vm_text ("modern", "LockReason", long_reason);
  assert_vm_text ("modern", "LockOwner", long_owner);
}
END_TEST

/* Masks */

static void
assert_mask (const char *option_text, const char *key, const char *expected)
{
  g_autoptr (GVariant) reply = call ("MaskVm", vm_args ("modern", option_text));
  g_autoptr (GVariant) result = g_variant_get_child_value (reply, 0);
  g_autofree const char **texts = NULL;
  g_autofree char *joined = NULL;

  ck_assert_uint_eq (g_variant_n_children (result), 8);
  ck_assert (g_variant_lookup (result, key, "^a&s", &texts));
  joined = g_strjoinv (",", (char **) texts);
  ck_assert_str_eq (joined, expected);
}

START_TEST (a_mask_is_shown_before_it_is_made_and_can_be_taken_back)
{
  assert_mask ("{'baseline': <true>, 'dry-run': <true>}", "HostsAfter", "new1,new2,old,rack");
  assert_mask ("{'baseline': <true>, 'dry-run': <true>}", "HostsBefore", "new1,new2,rack");
  assert_mask ("{'baseline': <true>, 'dry-run': <true>}", "HostsUnknown", "");
  assert_vm_flag ("modern", "CpuMasked", FALSE);
  assert_mask ("{'disable': <['avx', 'aes']>}", "Removed", "aes,avx");
  assert_vm_flag ("modern", "CpuMasked", TRUE);
  g_variant_unref (call ("MaskVm", vm_args ("modern", "{'clear': <true>}")));
  assert_vm_flag ("modern", "CpuMasked", FALSE);
  assert_error ("MaskVm", vm_args ("modern", "{'clear': <true>}"), "NotFound", "modern");
}
END_TEST

static const struct
{
  const char *options;
  const char *part;
} bad_masks[] = {
  { "{}", "exactly one of" },
  { "{'dry-run': <true>}", "exactly one of" },
  { "{'baseline': <false>}", "exactly one of" },
  { "{'baseline': <true>, 'clear': <true>}", "exactly one of" },
  { "{'model': <'Nehalem'>, 'disable': <['aes']>}", "exactly one of" },
  { "{'model': <''>}", "“model” says nothing" },
  { "{'model': <'Neha\\nlem'>}", "“Neha\\x0alem”" },
  { "{'model': <'Nehalen'>}", "Nehalen" },
  { "{'model': <5>}", "“model” must be of type “s”" },
  { "{'disable': <@as []>}", "names 0 features" },
  { "{'disable': <['']>}", "says nothing" },
  { "{'disable': <['avy']>}", "avx" },
  { "{'disable': <'avx'>}", "“disable” must be of type “as”" },
  { "{'clear': <'yes'>}", "“clear” must be of type “b”" },
  { "{'reset': <true>}", "“reset”" },
};

START_TEST (a_mask_that_is_no_good_is_refused_and_changes_nothing)
{
  g_autofree char *longest = g_strnfill (65, 'm');
  g_autofree char *model = g_strdup_printf ("{'model': <'%s'>}", longest);

  for (guint i = 0; i < G_N_ELEMENTS (bad_masks); i++)
    assert_error ("MaskVm", vm_args ("modern", bad_masks[i].options), "InvalidArgument",
                  bad_masks[i].part);
  assert_error ("MaskVm", vm_args ("modern", model), "InvalidArgument", "65 bytes long");
  assert_error ("MaskVm", vm_args ("nobody", "{'clear': <true>}"), "NotFound", "nobody");
  assert_vm_flag ("modern", "CpuMasked", FALSE);
}
END_TEST

/* Hosts */

START_TEST (a_host_has_a_cluster_and_a_reserve_of_its_own)
{
  const char *path = TERN_BUS_PATH_HOSTS "/spare";
  g_autofree char *cluster = NULL;
  g_autoptr (GVariant) maintenance = NULL;

  g_variant_unref (
      call ("AddHost", two_args ("spare", "sim://spare/",
                                 "{'cluster': <'rack2'>, 'memory-reserve': <uint64 2147483648>}")));
  cluster = get_string (path, TERN_IFACE_HOST, "Cluster");
  maintenance = get_property (path, TERN_IFACE_HOST, "Maintenance");
  ck_assert_str_eq (cluster, "rack2");
  ck_assert (!g_variant_get_boolean (maintenance));
  ck_assert_uint_eq (get_memory ("spare", "MemoryReserve"), G_GUINT64_CONSTANT (2) << 30);
}
END_TEST

START_TEST (a_cluster_or_reserve_that_is_no_good_is_refused)
{
  assert_error ("AddHost", two_args ("x", "sim://spare/", "{'cluster': <''>}"), "InvalidArgument",
                "“cluster”");
  assert_error ("AddHost", two_args ("x", "sim://spare/", "{'cluster': <'a b'>}"),
                "InvalidArgument", "“a b”");
  assert_error ("AddHost", two_args ("x", "sim://spare/", "{'memory-reserve': <5>}"),
                "InvalidArgument", "“memory-reserve” must be of type “t”");
  assert_error ("AddHost",
                two_args ("x", "sim://spare/", "{'memory-reserve': <uint64 18446744073709551615>}"),
                "InvalidArgument", "“memory-reserve”");
  assert_error ("RemoveHost", vm_args ("x", "{}"), "NotFound", "x");
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("orders",
  tcase_add_checked_fixture (tcase, setup, fixture_end);
  tcase_add_test (tcase, without_a_destination_the_best_host_is_chosen);
  tcase_add_test (tcase, when_no_host_fits_all_of_them_are_named_and_nothing_begins);
  tcase_add_test (tcase, a_local_medium_is_taken_out_only_when_told_and_written_down);
  tcase_add_test (tcase, a_group_is_one_order_of_several_tasks);
  tcase_add_test (tcase, a_group_that_does_not_fit_as_a_whole_is_refused_as_a_whole);
  tcase_add_test (tcase, a_partial_group_moves_what_fits_and_tells_of_the_rest);
  tcase_add_test (tcase, two_callers_are_never_promised_the_same_memory);
  tcase_add_test (tcase, a_host_shows_what_is_promised_on_it);
  tcase_add_test (tcase, a_vm_is_started_where_it_is_told);
  tcase_add_test (tcase, a_vm_is_started_on_the_best_host);
  tcase_add_test (tcase, an_order_that_is_no_good_is_refused_by_name);
  tcase_add_test (tcase, a_lock_is_shown_with_its_owner_and_holds);
  tcase_add_test (tcase, a_lock_keeps_a_vm_from_being_started);
  tcase_add_test (tcase, the_lock_of_somebody_else_is_not_replaced);
  tcase_add_test (tcase, a_foreign_lock_is_made_visible_and_a_stale_one_does_not_hold);
  tcase_add_test (tcase, a_lock_that_is_no_good_is_refused_and_changes_nothing);
  tcase_add_test (tcase, a_mask_is_shown_before_it_is_made_and_can_be_taken_back);
  tcase_add_test (tcase, a_mask_that_is_no_good_is_refused_and_changes_nothing);
  tcase_add_test (tcase, a_host_has_a_cluster_and_a_reserve_of_its_own);
  tcase_add_test (tcase, a_cluster_or_reserve_that_is_no_good_is_refused);)
/* clang-format on */
