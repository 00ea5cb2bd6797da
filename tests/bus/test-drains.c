/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whole hosts on the bus: they are drained, planned, opened again; and each order that makes no
 * sense is refused with nothing changed.
 */
#include "config.h"

#include "bus-fixture.h"
#include "tern-check.h"

#define HOST_PATH(name) TERN_BUS_PATH_HOSTS "/" name
#define SECOND G_USEC_PER_SEC
#define CPU                                                                                        \
  "\"cpu-model\": \"Westmere\", \"cpu-vendor\": \"Intel\", \"cpu-features\": [\"aes\"], "          \
  "\"link-mbps\": 1000"
#define HOST(name, more)                                                                           \
  "{ \"name\": \"" name "\", \"memory-mib\": 16384, \"cpus\": 8, " CPU more " }"
#define VM(name, host, mib, more)                                                                  \
  "{ \"name\": \"" name "\", \"host\": \"" host "\", \"memory-mib\": " #mib more " }"

/*
 * node1 has what is drained; node2 and node3 have room for it; lone has no other host in its
 * cluster; lost cannot be reached. "long" takes a while to copy, "stuck" never gets over.
 */
#define SNAPSHOT                                                                                                                                                          \
  "{ \"virtern-snapshot\": 1, \"hosts\": [" HOST ("node1", "") ", " HOST ("node2", "") ", " HOST ("node3", "") ", " HOST ("lone", ", \"cluster\": \"other\"") ", " HOST ( \
      "lost",                                                                                                                                                             \
      ", \"state\": \"cut\"") "], \"vms\": [" VM ("web", "node1", 1024,                                                                                                   \
                                                  "") ", " VM ("db", "node1", 2048,                                                                                       \
                                                               "") ", " VM ("off", "node1", 1024,                                                                         \
                                                                            ", \"state\": "                                                                               \
                                                                            "\"shut-off\"") ","                                                                           \
                                                                                            " " VM (                                                                      \
                                                                                                "idle",                                                                   \
                                                                                                "node2",                                                                  \
                                                                                                512,                                                                      \
                                                                                                "") ", " VM ("solo",                                                      \
                                                                                                             "lone",                                                      \
                                                                                                             512,                                                         \
                                                                                                             "") "], \"faults\": [] }"

static void
start_daemon (const char *configuration, const char *state)
{
  g_autofree char *snapshot = fixture_put_file ("snapshot.json", SNAPSHOT);
  g_autofree char *config = fixture_put_file ("virternd.conf", configuration);
  g_autofree char *dir = g_build_filename (fixture.folder, state, NULL);

  ck_assert_int_eq (g_mkdir_with_parents (dir, 0700), 0);
  fixture_start_daemon ("--simulate", snapshot, "--speed", "50", "--config", config, "--state-dir",
                        dir, NULL);
  fixture_wait_for_hosts ();
}

static void
setup (void)
{
  fixture_start ();
  start_daemon ("", "state");
}

static GVariant *
drain_args (const char *hosts, const char *text)
{
  GVariant *list = g_variant_parse (G_VARIANT_TYPE ("as"), hosts, NULL, NULL, NULL);

  ck_assert_ptr_nonnull (list);
  return g_variant_new ("(@as@a{sv})", list, options (text));
}

static GVariant *
one_args (const char *name, const char *text)
{
  return g_variant_new ("(s@a{sv})", name, options (text));
}

/* Returns: (transfer full): what the method answered, a text or a path */
static char *
call_for_text (const char *method, GVariant *parameters)
{
  g_autoptr (GVariant) reply = call (method, parameters);
  g_autoptr (GVariant) child = g_variant_get_child_value (reply, 0);

  return g_variant_dup_string (child, NULL);
}

static char *
drain (const char *hosts, const char *text)
{
  return call_for_text ("Drain", drain_args (hosts, text));
}

static char *
act_for_path (const char *task, const char *method, const char *text)
{
  g_autoptr (GVariant) reply =
      call_at (task, TERN_IFACE_TASK, method, g_variant_new ("(@a{sv})", options (text)), NULL);
  const char *path;

  g_variant_get (reply, "(&o)", &path);
  return g_strdup (path);
}

static void
cancel (const char *task, const char *text)
{
  g_variant_unref (
      call_at (task, TERN_IFACE_TASK, "Cancel", g_variant_new ("(@a{sv})", options (text)), NULL));
}

static void
assert_task (const char *path, const char *property, const char *expected)
{
  g_autofree char *value = get_string (path, TERN_IFACE_TASK, property);

  ck_assert_str_eq (value, expected);
}

static guint64
get_number (const char *path, const char *iface, const char *property)
{
  g_autoptr (GVariant) value = get_property (path, iface, property);

  return g_variant_get_uint64 (value);
}

/* "DUTY TASK", and Maintenance with it */
static void
assert_duty (const char *host, const char *duty, guint64 task)
{
  g_autofree char *path = g_strconcat (TERN_BUS_PATH_HOSTS "/", host, NULL);
  g_autofree char *told = get_string (path, TERN_IFACE_HOST, "Duty");
  g_autoptr (GVariant) maintenance = get_property (path, TERN_IFACE_HOST, "Maintenance");
  gboolean closed = g_str_equal (duty, "draining") || g_str_equal (duty, "maintenance");

  ck_assert_str_eq (told, duty);
  ck_assert_uint_eq (get_number (path, TERN_IFACE_HOST, "DutyTask"), task);
  ck_assert_msg (g_variant_get_boolean (maintenance) == closed, "%s", duty);
}

static char *
get_of_vm (const char *vm, const char *property)
{
  g_autofree char *path = call_for_text ("GetVm", g_variant_new ("(s)", vm));

  return get_string (path, TERN_IFACE_VM, property);
}

static void
assert_vm (const char *vm, const char *property, const char *expected)
{
  g_autofree char *value = get_of_vm (vm, property);

  ck_assert_msg (g_str_equal (value, expected), "%s of %s is “%s”", property, vm, value);
}

static guint
count_listed (const char *text)
{
  g_autoptr (GVariant) reply = call ("ListTasks", g_variant_new ("(@a{sv})", options (text)));
  g_autoptr (GVariant) tasks = g_variant_get_child_value (reply, 0);

  return (guint) g_variant_n_children (tasks);
}

/* What Items say of a VM; (nullable): it is not in them. Returns: (transfer full) */
static char *
find_in_items (const char *task, const char *vm, const char *key)
{
  g_autoptr (GVariant) items = get_property (task, TERN_IFACE_TASK, "Items");
  GVariantIter iter;
  GVariant *child;

  g_variant_iter_init (&iter, items);
  while ((child = g_variant_iter_next_value (&iter)) != NULL)
    {
      g_autoptr (GVariant) item = child;
      const char *name, *value;

      ck_assert (g_variant_lookup (item, "Vm", "&s", &name));
      if (!g_str_equal (name, vm))
        continue;
      ck_assert (g_variant_lookup (item, key, "&s", &value));
      return g_strdup (value);
    }
  return NULL;
}

static void
assert_item (const char *task, const char *vm, const char *key, const char *expected)
{
  g_autofree char *value = find_in_items (task, vm, key);

  ck_assert_msg (g_strcmp0 (value, expected) == 0, "%s of %s is “%s”", key, vm,
                 value != NULL ? value : "(not there)");
}

static gboolean
a_child_runs (gpointer data)
{
  (void) data;
  return count_listed ("{'state': <'running'>, 'parent': <uint64 1>}") > 0;
}

static guint
count_origins (const char *text)
{
  g_autoptr (GVariant) reply = call ("ListOrigins", g_variant_new ("(@a{sv})", options (text)));
  g_autoptr (GVariant) origins = g_variant_get_child_value (reply, 0);

  return (guint) g_variant_n_children (origins);
}

/* Nothing of what was refused is left: no task, no duty, no origin. */
static void
assert_nothing_changed (void)
{
  static const char *const hosts[] = { "node1", "node2", "node3", "lone", "lost" };

  ck_assert_uint_eq (count_listed ("{}"), 0);
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    assert_duty (hosts[i], "active", 0);
  ck_assert_uint_eq (count_origins ("{}"), 0);
}

/* Draining */

static void
assert_trace (guint64 id, const char *expected)
{
  g_autoptr (GVariant) trace = call ("GetTrace", g_variant_new ("(t@a{sv})", id, no_options ()));
  g_autoptr (GVariant) phases = g_variant_get_child_value (trace, 0);
  g_autoptr (GString) words = g_string_new (NULL);
  GVariantIter iter;
  const char *word;

  g_variant_iter_init (&iter, phases);
  while (g_variant_iter_next (&iter, "(x&s)", NULL, &word))
    g_string_append_printf (words, "%s%s", words->len > 0 ? " " : "", word);
  ck_assert_str_eq (words->str, expected);
}

START_TEST (a_drain_moves_what_runs_and_closes_the_host)
{
  g_autofree char *task = drain ("['node1']", "{}");

  assert_task (task, "Kind", "drain");
  assert_task (task, "Source", "node1");
  assert_duty ("node1", "draining", 1);
  ck_assert (wait_for_end (task));
  assert_task (task, "State", "done");
  assert_trace (1, "draining done");
  assert_item (task, "web", "State", "gone");
  assert_item (task, "db", "State", "gone");
  assert_duty ("node1", "maintenance", 1);
  assert_vm ("off", "Host", "node1");
  ck_assert_uint_eq (count_listed ("{'parent': <uint64 1>}"), 2);
  ck_assert_uint_eq (count_listed ("{'host': <'node1'>}"), 3);
}
END_TEST

START_TEST (each_move_of_a_drain_names_its_parent)
{
  g_autofree char *task = drain ("['node1']", "{}");
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) child = NULL;
  guint64 parent = 0;

  ck_assert (wait_for_end (task));
  reply = call ("GetTask", g_variant_new ("(t)", (guint64) 2));
  child = g_variant_get_child_value (reply, 0);
  ck_assert (g_variant_lookup (child, "Parent", "t", &parent));
  ck_assert_uint_eq (parent, 1);
  ck_assert_uint_eq (get_number (task, TERN_IFACE_TASK, "Parent"), 0);
}
END_TEST

START_TEST (lists_leave_out_the_vms_of_drains_and_get_task_has_them)
{
  g_autofree char *task = drain ("['node1']", "{}");
  g_autoptr (GVariant) list = NULL, first = NULL, reply = NULL, record = NULL, items = NULL;

  ck_assert (wait_for_end (task));
  list = call ("ListTasks", g_variant_new ("(@a{sv})", options ("{'host': <'node1'>}")));
  first = g_variant_get_child_value (list, 0);
  record = g_variant_get_child_value (first, 2);
  ck_assert_ptr_null (g_variant_lookup_value (record, "Items", NULL));
  g_clear_pointer (&record, g_variant_unref);
  reply = call ("GetTask", g_variant_new ("(t)", (guint64) 1));
  record = g_variant_get_child_value (reply, 0);
  items = g_variant_lookup_value (record, "Items", G_VARIANT_TYPE ("aa{sv}"));
  ck_assert_uint_ge (g_variant_n_children (items), 2);
}
END_TEST

START_TEST (who_left_by_a_drain_knows_where_it_belongs)
{
  g_autofree char *task = drain ("['node1']", "{}");
  g_autoptr (GVariant) reply = NULL, list = NULL, first = NULL;
  const char *vm, *host, *on;

  assert_vm ("web", "Origin", "");
  ck_assert (wait_for_end (task));
  assert_vm ("web", "Origin", "node1");
  assert_vm ("idle", "Origin", "");
  ck_assert_uint_eq (count_origins ("{'host': <'node2'>}"), 0);
  reply = call ("ListOrigins", g_variant_new ("(@a{sv})", options ("{'host': <'node1'>}")));
  list = g_variant_get_child_value (reply, 0);
  ck_assert_uint_eq (g_variant_n_children (list), 2);
  first = g_variant_get_child_value (list, 0);
  ck_assert (g_variant_lookup (first, "Vm", "&s", &vm));
  ck_assert (g_variant_lookup (first, "Host", "&s", &host));
  ck_assert (g_variant_lookup (first, "On", "&s", &on));
  ck_assert_str_eq (vm, "db");
  ck_assert_str_eq (host, "node1");
  ck_assert_str_ne (on, "node1");
}
END_TEST

START_TEST (what_changes_is_signalled)
{
  g_autofree char *task = drain ("['node1']", "{}");

  ck_assert (wait_for_end (task));
  ck_assert_uint_ge (count_heard (HOST_PATH ("node1"), "PropertiesChanged"), 2);
  ck_assert_uint_ge (count_heard (task, "PropertiesChanged"), 1);
  ck_assert_uint_eq (count_heard (task, "Completed"), 1);
}
END_TEST

START_TEST (a_vm_that_is_skipped_stays_and_the_host_counts_as_drained)
{
  g_autofree char *task = drain ("['node1']", "{'actions': <{'web': 'skip'}>}");

  ck_assert (wait_for_end (task));
  assert_vm ("web", "Host", "node1");
  assert_item (task, "web", "State", "skipped");
  assert_duty ("node1", "maintenance", 1);
}
END_TEST

START_TEST (a_vm_that_shall_be_asked_for_is_left_with_its_reason)
{
  g_autofree char *task = drain ("['node1']", "{'actions': <{'web': 'ask'}>}");

  ck_assert (!wait_for_end (task));
  assert_task (task, "State", "remainder");
  assert_item (task, "web", "State", "left");
  assert_item (task, "db", "State", "gone");
  assert_vm ("web", "Host", "node1");
  assert_duty ("node1", "draining", 1);
}
END_TEST

START_TEST (a_locked_vm_is_left_and_a_resumed_drain_takes_it_when_it_is_free)
{
  g_autofree char *task = NULL;
  g_autofree char *again = NULL;

  g_variant_unref (
      call ("LockVm", g_variant_new ("(ss@a{sv})", "web", "backup runs", no_options ())));
  task = drain ("['node1']", "{}");
  ck_assert (!wait_for_end (task));
  assert_item (task, "web", "State", "left");
  assert_vm ("web", "Host", "node1");

  g_variant_unref (call ("UnlockVm", one_args ("web", "{}")));
  again = act_for_path (task, "Resume", "{}");
  assert_task (again, "Kind", "drain");
  ck_assert (wait_for_end (again));
  assert_item (again, "web", "State", "gone");
  assert_duty ("node1", "maintenance", get_number (again, TERN_IFACE_TASK, "Id"));
}
END_TEST

START_TEST (what_metadata_and_rules_say_counts_in_that_order)
{
  g_autofree char *task = NULL;

  ck_assert_int_eq (fixture_stop_daemon (), 0);
  start_daemon ("[drain]\nrules=*=skip\n", "state");
  g_variant_unref (call ("SetVm", one_args ("web", "{'drain-action': <'migrate'>}")));
  assert_vm ("web", "DrainAction", "migrate");
  task = drain ("['node1']", "{}");
  ck_assert (wait_for_end (task));
  assert_item (task, "web", "State", "gone");
  assert_item (task, "db", "State", "skipped");
  assert_vm ("db", "Host", "node1");
}
END_TEST

/* Cancel, undo */

START_TEST (a_cancelled_drain_opens_its_host_again)
{
  g_autofree char *task = drain ("['node1']", "{}");

  fixture_wait_for (a_child_runs, NULL, "a move of the drain");
  cancel (task, "{}");
  ck_assert (!wait_for_end (task));
  assert_task (task, "State", "cancelled");
  assert_duty ("node1", "active", 0);
}
END_TEST

START_TEST (an_abort_cancels_what_is_under_way_too)
{
  g_autofree char *task = drain ("['node1']", "{}");

  fixture_wait_for (a_child_runs, NULL, "a move of the drain");
  cancel (task, "{'abort': <true>}");
  ck_assert (!wait_for_end (task));
  assert_task (task, "State", "cancelled");
  ck_assert_uint_eq (count_listed ("{'state': <'running'>}"), 0);
  ck_assert_uint_ge (count_listed ("{'state': <'cancelled'>, 'parent': <uint64 1>}"), 1);
}
END_TEST

START_TEST (an_undo_brings_back_what_was_moved_and_opens_the_host)
{
  g_autofree char *task = drain ("['node1']", "{}");
  g_autofree char *undo = NULL;

  ck_assert (wait_for_end (task));
  undo = act_for_path (task, "Undo", "{}");
  assert_task (undo, "Kind", "return");
  ck_assert (wait_for_end (undo));
  assert_vm ("web", "Host", "node1");
  assert_vm ("db", "Host", "node1");
  assert_vm ("web", "Origin", "");
  assert_duty ("node1", "active", 0);
}
END_TEST

START_TEST (what_is_no_move_is_not_steered_like_one)
{
  g_autofree char *task = drain ("['node1']", "{}");
  const char *resolve = "Resolve", *policy = "SwitchPolicy";

  assert_error_at (task, TERN_IFACE_TASK, policy,
                   g_variant_new ("(s@a{sv})", "force", no_options ()), "Refused", "is a drain");
  assert_error_at (task, TERN_IFACE_TASK, resolve,
                   g_variant_new ("(s@a{sv})", "source", no_options ()), "Refused", "is a drain");
  assert_error_at (task, TERN_IFACE_TASK, "Recheck", g_variant_new ("(@a{sv})", no_options ()),
                   "Refused", "is a drain");
  assert_error_at (task, TERN_IFACE_TASK, "Resume", g_variant_new ("(@a{sv})", no_options ()),
                   "Refused", "still draining");
  ck_assert (wait_for_end (task));
  assert_error_at (task, TERN_IFACE_TASK, "Cancel", g_variant_new ("(@a{sv})", no_options ()),
                   "Refused", "ended");
  assert_error_at (task, TERN_IFACE_TASK, "Resume", g_variant_new ("(@a{sv})", no_options ()),
                   "Refused", "nothing to resume");
}
END_TEST

START_TEST (what_moves_one_vm_is_not_resumed_undone_or_aborted)
{
  g_autofree char *task = migrate ("web", "node2");

  assert_error_at (task, TERN_IFACE_TASK, "Undo", g_variant_new ("(@a{sv})", no_options ()),
                   "Refused", "(migrate) is no drain, and only a drain can be undone");
  assert_error_at (task, TERN_IFACE_TASK, "Resume", g_variant_new ("(@a{sv})", no_options ()),
                   "Refused", "only a drain can be resumed");
  assert_error_at (task, TERN_IFACE_TASK, "Cancel",
                   g_variant_new ("(@a{sv})", options ("{'abort': <true>}")), "InvalidArgument",
                   "for drains and returns");
  ck_assert (wait_for_end (task));
}
END_TEST

/* Opening again */

START_TEST (opening_a_host_brings_nobody_back_unless_that_is_said)
{
  g_autofree char *task = drain ("['node1']", "{}");
  g_autofree char *none = NULL;
  g_autofree char *back = NULL;

  ck_assert (wait_for_end (task));
  none = call_for_text ("Activate", one_args ("node1", "{}"));
  ck_assert_str_eq (none, "/");
  assert_duty ("node1", "active", 0);
  assert_vm ("web", "Origin", "node1");

  back = call_for_text ("Activate", one_args ("node1", "{'return': <true>}"));
  assert_task (back, "Kind", "return");
  assert_task (back, "Destination", "node1");
  ck_assert (wait_for_end (back));
  assert_vm ("web", "Host", "node1");
  assert_vm ("db", "Host", "node1");
  ck_assert_uint_eq (count_origins ("{}"), 0);
  assert_duty ("node1", "active", 0);
}
END_TEST

START_TEST (a_return_of_nobody_is_no_task)
{
  g_autofree char *none = call_for_text ("Activate", one_args ("node1", "{'return': <true>}"));

  ck_assert_str_eq (none, "/");
  assert_nothing_changed ();
}
END_TEST

/* Plans */

START_TEST (a_plan_changes_nothing)
{
  g_autofree char *document = call_for_text ("PlanDrain", drain_args ("['node1']", "{}"));

  ck_assert_ptr_nonnull (strstr (document, "\"kind\""));
  ck_assert_ptr_nonnull (strstr (document, "\"web\""));
  assert_nothing_changed ();
}
END_TEST

START_TEST (a_plan_that_was_kept_is_carried_out)
{
  g_autofree char *document = call_for_text ("PlanDrain", drain_args ("['node1']", "{}"));
  g_autofree char *task = call_for_text ("ApplyPlan", one_args (document, "{}"));

  assert_task (task, "Kind", "drain");
  ck_assert (wait_for_end (task));
  assert_vm ("off", "Host", "node1");
  assert_duty ("node1", "maintenance", 1);
}
END_TEST

START_TEST (a_plan_of_a_return_is_carried_out_as_one)
{
  g_autofree char *task = drain ("['node1']", "{}");
  g_autofree char *document = NULL;
  g_autofree char *back = NULL;

  ck_assert (wait_for_end (task));
  document = call_for_text ("PlanReturn", one_args ("node1", "{}"));
  assert_duty ("node1", "maintenance", 1);
  back = call_for_text ("ApplyPlan", one_args (document, "{}"));
  assert_task (back, "Kind", "return");
  ck_assert (wait_for_end (back));
  assert_vm ("web", "Host", "node1");
}
END_TEST

START_TEST (a_plan_that_was_edited_is_refused)
{
  g_autofree char *document = call_for_text ("PlanDrain", drain_args ("['node1']", "{}"));
  g_auto (GStrv) parts = g_strsplit (document, "node2", -1);
  g_autofree char *edited = g_strjoinv ("node3", parts);

  if (g_str_equal (edited, document))
    {
      g_auto (GStrv) others = g_strsplit (document, "node3", -1);

      g_free (edited);
      edited = g_strjoinv ("node2", others);
    }
  assert_error ("ApplyPlan", one_args (edited, "{}"), "InvalidArgument",
                "changed after it was made");
  assert_error ("ApplyPlan", one_args ("{}", "{}"), "InvalidArgument", "plan");
  assert_error ("ApplyPlan", one_args ("no JSON", "{}"), "InvalidArgument", "plan");
  assert_nothing_changed ();
}
END_TEST

START_TEST (a_plan_of_another_cluster_is_refused)
{
  g_autofree char *document = call_for_text ("PlanDrain", drain_args ("['node1']", "{}"));

  ck_assert_int_eq (fixture_stop_daemon (), 0);
  start_daemon ("", "another");
  assert_error ("ApplyPlan", one_args (document, "{}"), "Refused", "another daemon");
  assert_nothing_changed ();
}
END_TEST

START_TEST (a_plan_outlives_the_daemon_that_made_it)
{
  g_autofree char *document = call_for_text ("PlanDrain", drain_args ("['node1']", "{}"));
  g_autofree char *task = NULL;

  ck_assert_int_eq (fixture_stop_daemon (), 0);
  start_daemon ("", "state");
  task = call_for_text ("ApplyPlan", one_args (document, "{}"));
  ck_assert (wait_for_end (task));
}
END_TEST

START_TEST (a_plan_that_does_not_hold_any_more_is_refused)
{
  g_autofree char *document = call_for_text ("PlanDrain", drain_args ("['node1']", "{}"));
  g_autofree char *moved = migrate ("web", "node3");

  ck_assert (wait_for_end (moved));
  assert_error ("ApplyPlan", one_args (document, "{}"), "Refused", "web");
  assert_duty ("node1", "active", 0);
}
END_TEST

/* What makes no sense */

START_TEST (an_order_that_makes_no_sense_is_refused_with_nothing_changed)
{
  static const struct
  {
    const char *hosts, *text, *error, *part;
  } bad[] = {
    { "['nowhere']", "{}", "NotFound", "nowhere" },
    { "['node1', 'nowhere']", "{}", "NotFound", "nowhere" },
    { "['']", "{}", "NotFound", "" },
    { "['lost']", "{}", "Unreachable", "lost" },
    { "['lone']", "{}", "Refused", "lone" },
    { "['node1', 'node2', 'node3']", "{}", "Refused", "" },
    { "@as []", "{}", "InvalidArgument", "No host is named" },
    { "['node1', 'node1']", "{}", "InvalidArgument", "named twice" },
    { "['node1']", "{'deadline': <int64 1>}", "InvalidArgument", "not in the future" },
    { "['node1']", "{'deadline': <int64 -1>}", "InvalidArgument", "not in the future" },
    { "['node1']", "{'deadline': <int64 9223372036854775807>}", "InvalidArgument", "year 9999" },
    { "['node1']", "{'deadline': <'soon'>}", "InvalidArgument", "type" },
    { "['node1']", "{'dead-line': <int64 1>}", "InvalidArgument", "Unknown option “dead-line”" },
    { "['node1']", "{'actions': <{'web': 'stop'}>}", "InvalidArgument", "migrate, skip, cold" },
    { "['node1']", "{'actions': <{'nobody': 'skip'}>}", "Unreachable", "nobody" },
    { "['node1']", "{'policy': <'brutal'>}", "InvalidArgument", "brutal" },
  };
  static const char *const methods[] = { "Drain", "PlanDrain" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    for (guint j = 0; j < G_N_ELEMENTS (methods); j++)
      assert_error (methods[j], drain_args (bad[i].hosts, bad[i].text), bad[i].error, bad[i].part);
  assert_nothing_changed ();
}
END_TEST

START_TEST (a_thousand_and_one_hosts_are_too_many)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_auto (GStrv) hosts = NULL;

  for (guint i = 0; i < 1001; i++)
    g_strv_builder_add (builder, "node1");
  hosts = g_strv_builder_end (builder);
  assert_error ("Drain", g_variant_new ("(^as@a{sv})", hosts, no_options ()), "InvalidArgument",
                "1001 hosts are named; at most 1000");
  assert_nothing_changed ();
}
END_TEST

START_TEST (a_host_that_is_drained_or_being_drained_is_not_drained_again)
{
  g_autofree char *task = drain ("['node1']", "{}");

  assert_error ("Drain", drain_args ("['node1']", "{}"), "Exists", "task 1");
  assert_error ("Activate", one_args ("node1", "{}"), "Busy", "task 1");
  assert_error ("RemoveHost", one_args ("node1", "{}"), "Busy", "drains node1");
  ck_assert (wait_for_end (task));
  assert_error ("Drain", drain_args ("['node1']", "{}"), "Exists", "node1");
  assert_error ("Drain", drain_args ("['node2', 'node1']", "{}"), "Exists", "node1");
  assert_duty ("node2", "active", 0);
}
END_TEST

START_TEST (other_methods_refuse_what_they_do_not_know)
{
  assert_error ("Activate", one_args ("nowhere", "{}"), "NotFound", "nowhere");
  assert_error ("Activate", one_args ("node1", "{'back': <true>}"), "InvalidArgument", "“return”");
  assert_error ("PlanReturn", one_args ("nowhere", "{}"), "NotFound", "nowhere");
  assert_error ("PlanReturn", one_args ("node1", "{'x': <1>}"), "InvalidArgument", "“x”");
  assert_error ("ListOrigins", g_variant_new ("(@a{sv})", options ("{'host': <'nowhere'>}")),
                "NotFound", "nowhere");
  assert_error ("ListTasks",
                g_variant_new ("(@a{sv})", options ("{'parent': <uint64 18446744073709551615>}")),
                "InvalidArgument", "parent");
  assert_nothing_changed ();
}
END_TEST

START_TEST (what_a_drain_does_with_a_vm_can_be_set_and_forgotten)
{
  g_variant_unref (call ("SetVm", one_args ("web", "{'drain-action': <'shutdown'>}")));
  assert_vm ("web", "DrainAction", "shutdown");
  g_variant_unref (call ("SetVm", one_args ("web", "{'drain-action': <''>}")));
  assert_vm ("web", "DrainAction", "");
  assert_error ("SetVm", one_args ("web", "{'drain-action': <'stop'>}"), "InvalidArgument",
                "migrate, skip, cold, shutdown, ask");
  assert_error ("SetVm", one_args ("web", "{}"), "InvalidArgument", "say what is to change");
  /* A host that cannot be reached may have it. */
  assert_error ("SetVm", one_args ("nobody", "{'drain-action': <'skip'>}"), "Unreachable",
                "nobody");
}
END_TEST

/* Restarts; the simulated hosts begin anew, what is stored goes on */

START_TEST (the_duty_of_a_host_and_who_left_it_survive_a_restart)
{
  g_autofree char *task = drain ("['node1']", "{}");

  ck_assert (wait_for_end (task));
  ck_assert_int_eq (fixture_stop_daemon (), 0);
  start_daemon ("", "state");
  assert_duty ("node1", "maintenance", 1);
}
END_TEST

START_TEST (a_drain_that_is_open_goes_on_after_a_restart)
{
  g_autofree char *task = drain ("['node1']", "{}");

  fixture_wait_for (a_child_runs, NULL, "a move of the drain");
  ck_assert_int_eq (fixture_stop_daemon (), 0);
  start_daemon ("", "state");
  assert_task (task, "Kind", "drain");
  (void) wait_for_end (task);
  assert_vm ("db", "Origin", "node1");
  ck_assert_uint_eq (count_listed ("{'state': <'running'>}"), 0);
}
END_TEST

START_TEST (a_host_that_is_removed_takes_its_origins_with_it)
{
  g_autofree char *task = NULL;

  /* Who has not shown its VMs might run any of those that are shut off. */
  g_variant_unref (call ("RemoveHost", one_args ("lost", "{}")));
  task = drain ("['node1']", "{'move-shut-off': <true>}");
  ck_assert (wait_for_end (task));
  ck_assert_uint_eq (count_origins ("{}"), 3);
  g_variant_unref (call ("RemoveHost", one_args ("node1", "{}")));
  ck_assert_uint_eq (count_origins ("{}"), 0);
  assert_vm ("web", "Origin", "");
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("drains",
  tcase_add_checked_fixture (tcase, setup, fixture_end);
  tcase_add_test (tcase, a_drain_moves_what_runs_and_closes_the_host);
  tcase_add_test (tcase, each_move_of_a_drain_names_its_parent);
  tcase_add_test (tcase, lists_leave_out_the_vms_of_drains_and_get_task_has_them);
  tcase_add_test (tcase, who_left_by_a_drain_knows_where_it_belongs);
  tcase_add_test (tcase, what_changes_is_signalled);
  tcase_add_test (tcase, a_vm_that_is_skipped_stays_and_the_host_counts_as_drained);
  tcase_add_test (tcase, a_vm_that_shall_be_asked_for_is_left_with_its_reason);
  tcase_add_test (tcase, a_locked_vm_is_left_and_a_resumed_drain_takes_it_when_it_is_free);
  tcase_add_test (tcase, what_metadata_and_rules_say_counts_in_that_order);
  tcase_add_test (tcase, a_cancelled_drain_opens_its_host_again);
  tcase_add_test (tcase, an_abort_cancels_what_is_under_way_too);
  tcase_add_test (tcase, an_undo_brings_back_what_was_moved_and_opens_the_host);
  tcase_add_test (tcase, what_is_no_move_is_not_steered_like_one);
  tcase_add_test (tcase, what_moves_one_vm_is_not_resumed_undone_or_aborted);
  tcase_add_test (tcase, opening_a_host_brings_nobody_back_unless_that_is_said);
  tcase_add_test (tcase, a_return_of_nobody_is_no_task);
  tcase_add_test (tcase, a_plan_changes_nothing);
  tcase_add_test (tcase, a_plan_that_was_kept_is_carried_out);
  tcase_add_test (tcase, a_plan_of_a_return_is_carried_out_as_one);
  tcase_add_test (tcase, a_plan_that_was_edited_is_refused);
  tcase_add_test (tcase, a_plan_of_another_cluster_is_refused);
  tcase_add_test (tcase, a_plan_outlives_the_daemon_that_made_it);
  tcase_add_test (tcase, a_plan_that_does_not_hold_any_more_is_refused);
  tcase_add_test (tcase, an_order_that_makes_no_sense_is_refused_with_nothing_changed);
  tcase_add_test (tcase, a_thousand_and_one_hosts_are_too_many);
  tcase_add_test (tcase, a_host_that_is_drained_or_being_drained_is_not_drained_again);
  tcase_add_test (tcase, other_methods_refuse_what_they_do_not_know);
  tcase_add_test (tcase, what_a_drain_does_with_a_vm_can_be_set_and_forgotten);
  tcase_add_test (tcase, the_duty_of_a_host_and_who_left_it_survive_a_restart);
  tcase_add_test (tcase, a_drain_that_is_open_goes_on_after_a_restart);
  tcase_add_test (tcase, a_host_that_is_removed_takes_its_origins_with_it);
)
/* clang-format on */
