/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The objects on the bus: what the ObjectManager lists is what its signals added up to,
 * foreign names are safe to show, and many calls at once are all answered.
 */
#include "config.h"

#include "bus-fixture.h"
#include "snapshot.h"
#include "tern-check.h"

#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define N_CALLS 1000

static void
setup (void)
{
  fixture_start ();
}

/* (transfer full) (element-type utf8): paths of all objects */
static GHashTable *
fetch_paths (void)
{
  g_autoptr (GVariant) reply =
      call_at (TERN_BUS_PATH, OBJECT_MANAGER, "GetManagedObjects", NULL, NULL);
  g_autoptr (GVariant) objects = g_variant_get_child_value (reply, 0);
  GHashTable *paths = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GVariantIter iter;
  const char *path;

  g_variant_iter_init (&iter, objects);
  while (g_variant_iter_next (&iter, "{&o@a{sa{sv}}}", &path, NULL))
    g_hash_table_add (paths, g_strdup (path));
  /* The signals before the answer have arrived, but wait to be heard. */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  return paths;
}

/* Applies what was heard since @from to @paths. */
static void
apply_heard (GHashTable *paths, guint from)
{
  for (guint i = from; i < fixture.heard->len; i++)
    {
      const Heard *heard = fixture.heard->pdata[i];
      const char *path;

      if (!g_str_equal (heard->iface, OBJECT_MANAGER))
        continue;
      g_variant_get_child (heard->parameters, 0, "&o", &path);
      if (g_str_equal (heard->name, "InterfacesAdded"))
        ck_assert_msg (g_hash_table_add (paths, g_strdup (path)), "%s was added twice", path);
      else
        ck_assert_msg (g_hash_table_remove (paths, path), "%s was not there", path);
    }
}

static void
assert_same_paths (GHashTable *a, GHashTable *b)
{
  GHashTableIter iter;
  gpointer path;

  g_hash_table_iter_init (&iter, a);
  while (g_hash_table_iter_next (&iter, &path, NULL))
    ck_assert_msg (g_hash_table_contains (b, path), "%s is listed on one side only", (char *) path);
  ck_assert_uint_eq (g_hash_table_size (a), g_hash_table_size (b));
}

START_TEST (the_signals_add_up_to_what_is_listed)
{
  g_autoptr (GHashTable) paths = NULL;
  g_autoptr (GHashTable) listed = NULL;
  g_autofree char *task = NULL;
  guint from;

  fixture_simulate (SNAPSHOT, "50");
  paths = fetch_paths ();
  from = fixture.heard->len;
  ck_assert (g_hash_table_contains (paths, TERN_BUS_PATH_HOSTS "/node1"));

  g_variant_unref (
      call ("AddHost", g_variant_new ("(ss@a{sv})", "spare", "sim://spare/", no_options ())));
  task = migrate ("web", "spare");
  ck_assert (wait_for_end (task));
  g_variant_unref (call ("RemoveHost", g_variant_new ("(s@a{sv})", "spare", no_options ())));
  g_variant_unref (call ("RemoveHost", g_variant_new ("(s@a{sv})", "node3", no_options ())));

  listed = fetch_paths ();
  apply_heard (paths, from);
  assert_same_paths (paths, listed);
  ck_assert (g_hash_table_contains (listed, task));
  ck_assert (!g_hash_table_contains (listed, TERN_BUS_PATH_HOSTS "/spare"));
  ck_assert_msg (!g_hash_table_contains (listed, TERN_BUS_PATH_VMS
                                         "/aaaaaaaa_2d0000_2d4000_2d8000_2d000000000004"),
                 "web went away with its host");
}
END_TEST

START_TEST (a_task_is_there_before_migrate_returns)
{
  g_autofree char *task = NULL;
  g_autofree char *state = NULL;

  fixture_simulate (SNAPSHOT, "1");
  task = migrate ("slow", "node2");
  state = get_string (task, TERN_IFACE_TASK, "State");
  ck_assert (g_str_equal (state, "queued") || g_str_equal (state, "running"));
}
END_TEST

START_TEST (only_the_last_ended_tasks_have_an_object_but_all_are_listed)
{
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) tasks = NULL;
  g_autoptr (GHashTable) paths = NULL;

  fixture_simulate (SNAPSHOT, "1000");
  for (guint i = 0; i < 60; i++)
    {
      g_autofree char *task = migrate ("web", i % 2 == 0 ? "node2" : "node1");

      ck_assert (wait_for_end (task));
    }
  paths = fetch_paths ();
  ck_assert (!g_hash_table_contains (paths, TERN_BUS_PATH_TASKS "/1"));
  ck_assert (g_hash_table_contains (paths, TERN_BUS_PATH_TASKS "/60"));
  reply = call ("ListTasks", g_variant_new ("(@a{sv})", no_options ()));
  tasks = g_variant_get_child_value (reply, 0);
  ck_assert_uint_eq (g_variant_n_children (tasks), 60);
  g_variant_unref (call ("GetTask", g_variant_new ("(t)", G_GUINT64_CONSTANT (1))));
}
END_TEST

static void
assert_load (const char *path, const char *iface, int expected)
{
  g_autoptr (GVariant) load = get_property (path, iface, "CpuLoad");

  ck_assert_int_eq (g_variant_get_int32 (load), expected);
}

START_TEST (loads_are_shown_if_they_were_measured)
{
  fixture_simulate (
      "{ \"virtern-snapshot\": 1, \"hosts\": [" HOST (
          "node1",
          ", \"load-permille\": "
          "420") "," HOST ("node2",
                           "") "],"
                               "\"vms\": [" VM (
                                   "web", "node1", 1024,
                                   WITH_UUID (
                                       UUID_WEB) ", \"load-permille\": 7") "," VM ("huge", "node1",
                                                                                   1024,
                                                                                   WITH_UUID (
                                                                                       UUID_HUGE)) "] "
                                                                                                   "}",
      "50");
  assert_load (TERN_BUS_PATH_HOSTS "/node1", TERN_IFACE_HOST, 420);
  assert_load (TERN_BUS_PATH_HOSTS "/node2", TERN_IFACE_HOST, -1);
  assert_load (TERN_BUS_PATH_VMS "/aaaaaaaa_2d0000_2d4000_2d8000_2d000000000004", TERN_IFACE_VM, 7);
  assert_load (TERN_BUS_PATH_VMS "/aaaaaaaa_2d0000_2d4000_2d8000_2d000000000005", TERN_IFACE_VM,
               -1);
}
END_TEST

START_TEST (a_host_that_cannot_be_reached_says_why)
{
  g_autofree char *state = NULL;
  g_autofree char *error = NULL;

  fixture_simulate (SNAPSHOT, "50");
  state = get_string (TERN_BUS_PATH_HOSTS "/lost", TERN_IFACE_HOST, "State");
  error = get_string (TERN_BUS_PATH_HOSTS "/lost", TERN_IFACE_HOST, "Error");
  ck_assert_str_eq (state, "unreachable");
  ck_assert_str_ne (error, "");
}
END_TEST

static gboolean
host_is_unreachable (gpointer path)
{
  g_autofree char *state = get_string (path, TERN_IFACE_HOST, "State");

  return g_str_equal (state, "unreachable");
}

START_TEST (when_its_host_is_lost_a_vm_stays_and_is_unknown)
{
  g_autoptr (GVariant) reply = NULL;
  g_autofree char *state = NULL;
  g_autofree char *host = NULL;
  const char *vm;

  fixture_simulate (
      "{ \"virtern-snapshot\": 1, \"hosts\": [" HOST ("node1", "") "," HOST (
          "node2",
          "") "], \"vms\": [" VM ("web", "node2", 512,
                                  "") "], \"faults\": [ { \"host\": \"node2\", \"fault\": \"cut\", "
                                      "\"at-seconds\": 20 } ] }",
      "20");
  fixture_wait_for (host_is_unreachable, (gpointer) TERN_BUS_PATH_HOSTS "/node2",
                    "node2 to be lost");
  reply = call ("GetVm", g_variant_new ("(s)", "web"));
  g_variant_get (reply, "(&o)", &vm);
  state = get_string (vm, TERN_IFACE_VM, "State");
  host = get_string (vm, TERN_IFACE_VM, "Host");
  ck_assert_str_eq (state, "unknown");
  ck_assert_str_eq (host, "node2");
  assert_error ("Migrate", g_variant_new ("(ss@a{sv})", "web", "node1", no_options ()),
                "Unreachable", "node2");
}
END_TEST

/* A cluster of one VM, on the first of two hosts, with a name of any kind. */
static char *
build_snapshot (const char *name)
{
  return g_strdup_printf ("{ \"virtern-snapshot\": 1, \"hosts\": [" HOST ("node1", "") "," HOST (
                              "node2", "") "], \"vms\": [ { \"name\": \"%s\", \"host\": \"node1\", "
                                           "\"memory-mib\": 512, \"uuid\": \"" UUID_WEB "\" } ] }",
                          name);
}

START_TEST (a_name_of_4096_characters_is_kept_whole)
{
  g_autofree char *name = g_strnfill (4096, 'n');
  g_autofree char *snapshot = build_snapshot (name);
  g_autofree char *task = NULL;
  g_autofree char *shown = NULL;

  fixture_simulate (snapshot, "50");
  task = migrate (name, "node2");
  ck_assert (wait_for_end (task));
  shown = get_string (task, TERN_IFACE_TASK, "Vm");
  ck_assert_str_eq (shown, name);
}
END_TEST

START_TEST (a_name_with_control_characters_is_made_visible_and_found)
{
  g_autofree char *task = NULL;
  g_autofree char *again = NULL;
  g_autofree char *shown = NULL;

  fixture_simulate (SNAPSHOT, "50");
  task = migrate ("o\x1b"
                  "d\u202ed \"n\u00e4me\"",
                  "node2");
  ck_assert (wait_for_end (task));
  shown = get_string (task, TERN_IFACE_TASK, "Vm");
  ck_assert_str_eq (shown, "o\\x1bd\\u{202e}d \"n\u00e4me\"");
  again = migrate (shown, "node1");
  ck_assert (wait_for_end (again));
}
END_TEST

static void
on_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);

  ck_assert_msg (reply != NULL, "%s", error != NULL ? error->message : "");
  (*(guint *) data)++;
}

static gboolean
all_are_answered (gpointer data)
{
  return *(guint *) data == N_CALLS;
}

START_TEST (a_thousand_calls_at_once_are_all_answered)
{
  guint answered = 0;

  fixture_simulate (SNAPSHOT, "50");
  for (guint i = 0; i < N_CALLS; i++)
    g_dbus_connection_call (fixture.client, TERN_BUS_NAME, TERN_BUS_PATH, TERN_IFACE_MANAGER,
                            i % 2 == 0 ? "ListTasks" : "GetVm",
                            i % 2 == 0 ? g_variant_new ("(@a{sv})", no_options ())
                                       : g_variant_new ("(s)", "web"),
                            NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, on_answered, &answered);
  fixture_wait_for (all_are_answered, &answered, "all answers");
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("objects",
  tcase_add_checked_fixture (tcase, setup, fixture_end);
  tcase_add_test (tcase, the_signals_add_up_to_what_is_listed);
  tcase_add_test (tcase, a_task_is_there_before_migrate_returns);
  tcase_add_test (tcase, only_the_last_ended_tasks_have_an_object_but_all_are_listed);
  tcase_add_test (tcase, loads_are_shown_if_they_were_measured);
  tcase_add_test (tcase, a_host_that_cannot_be_reached_says_why);
  tcase_add_test (tcase, when_its_host_is_lost_a_vm_stays_and_is_unknown);
  tcase_add_test (tcase, a_name_of_4096_characters_is_kept_whole);
  tcase_add_test (tcase, a_name_with_control_characters_is_made_visible_and_found);
  tcase_add_test (tcase, a_thousand_calls_at_once_are_all_answered);)
/* clang-format on */
