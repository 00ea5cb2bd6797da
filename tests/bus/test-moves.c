/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How moves are made: what is asked for, what is configured, what is expected before, and what a
 * task tells of a guest that writes too fast.
 */
#include "config.h"

#include "bus-fixture.h"
#include "snapshot.h"
#include "tern-check.h"

/* "writes" dirties 250 MB/s, and the links carry 125: no move of it ends by itself. The first
 * host that "unwelcome" comes to does not let it in. */
/* clang-format off */
#define MOVES_SNAPSHOT \
  "{ \"virtern-snapshot\": 1, \"hosts\": [" \
      HOST ("node1", "") "," HOST ("node2", "") "," HOST ("node3", "") \
  "], \"vms\": [" \
      VM ("web", "node1", 1024, "") "," \
      VM ("db", "node1", 4096, ", \"dirty-mbps\": 200") "," \
      VM ("writes", "node1", 2048, ", \"dirty-mbps\": 2000") "," \
      VM ("unwelcome", "node1", 1024, "") \
  "], \"faults\": [" VM_FAULT ("unwelcome", "prepare", "refused", "") "] }"
/* clang-format on */

static void
setup (void)
{
  fixture_start ();
}

/* A daemon whose store outlives it. */
static void
start_daemon (const char *configuration)
{
  g_autofree char *snapshot = fixture_put_file ("snapshot.json", MOVES_SNAPSHOT);
  g_autofree char *config = fixture_put_file ("virternd.conf", configuration);
  g_autofree char *state = g_build_filename (fixture.folder, "state", NULL);

  ck_assert_int_eq (g_mkdir_with_parents (state, 0700), 0);
  fixture_start_daemon ("--simulate", snapshot, "--speed", "20", "--config", config, "--state-dir",
                        state, NULL);
  fixture_wait_for_hosts ();
}

static char *
migrate_with (const char *vm, const char *destination, const char *text)
{
  g_autoptr (GVariant) reply =
      call ("Migrate", g_variant_new ("(ss@a{sv})", vm, destination, options (text)));
  char *path;

  g_variant_get (reply, "(o)", &path);
  return path;
}

static void
assert_task (const char *path, const char *property, const char *expected)
{
  g_autofree char *value = get_string (path, TERN_IFACE_TASK, property);

  ck_assert_str_eq (value, expected);
}

static GVariant *
get_task (guint64 id)
{
  g_autoptr (GVariant) reply = call ("GetTask", g_variant_new ("(t)", id));

  return g_variant_get_child_value (reply, 0);
}

static const char *
task_text (GVariant *task, const char *key)
{
  const char *text = NULL;

  ck_assert_msg (g_variant_lookup (task, key, "&s", &text), "%s", key);
  return text;
}

static guint
task_lines (GVariant *task, const char *key)
{
  g_autofree const char **lines = NULL;

  ck_assert_msg (g_variant_lookup (task, key, "^a&s", &lines), "%s", key);
  return g_strv_length ((GStrv) lines);
}

/* What is asked for */

START_TEST (what_is_asked_of_a_move_is_told_by_its_task)
{
  g_autofree char *task = NULL;
  g_autoptr (GVariant) told = NULL;

  start_daemon ("");
  task = migrate_with ("web", "node2",
                       "{'policy': <'careful'>, 'priority': <'high'>, 'bandwidth': <uint64 "
                       "104857600>, 'postcopy-bandwidth': <uint64 0>, 'parallel': <uint32 2>, "
                       "'compression': <'none'>, 'tls': <false>}");
  assert_task (task, "Policy", "careful");
  assert_task (task, "Priority", "high");
  ck_assert (wait_for_end (task));
  told = get_task (1);
  ck_assert_str_eq (task_text (told, "Policy"), "careful");
  ck_assert_str_eq (task_text (told, "Priority"), "high");
  ck_assert_uint_eq (task_lines (told, "Tried"), 0);
}
END_TEST

START_TEST (a_move_takes_no_more_than_it_was_given)
{
  g_autofree char *task = NULL;
  g_autoptr (GVariant) started = NULL;
  g_autoptr (GVariant) finished = NULL;

  /* 1 GiB at 32 MiB/s are 32 s; the link alone would take 9. */
  start_daemon ("");
  task = migrate_with ("web", "node2", "{'bandwidth': <uint64 33554432>}");
  ck_assert (wait_for_end (task));
  started = get_property (task, TERN_IFACE_TASK, "Started");
  finished = get_property (task, TERN_IFACE_TASK, "Finished");
  ck_assert_int_gt (g_variant_get_int64 (finished) - g_variant_get_int64 (started),
                    25 * G_USEC_PER_SEC);
}
END_TEST

START_TEST (what_is_not_asked_for_is_as_configured)
{
  const char *vms[] = { "web", "db", NULL };
  g_autofree char *task = NULL;
  g_autoptr (GVariant) reply = NULL;
  g_autoptr (GVariant) third = NULL;

  start_daemon ("[migration]\npolicy = force\npriority = low\n");
  task = migrate_with ("writes", "node2", "{'policy': <'careful'>}");
  assert_task (task, "Policy", "careful");
  assert_task (task, "Priority", "low");

  reply =
      call ("MigrateGroup", g_variant_new ("(^as@a{sv})", vms, options ("{'priority': <'high'>}")));
  for (guint64 id = 2; id <= 3; id++)
    {
      g_autoptr (GVariant) told = get_task (id);

      ck_assert_str_eq (task_text (told, "Policy"), "force");
      ck_assert_str_eq (task_text (told, "Priority"), "high");
    }
}
END_TEST

static const struct
{
  const char *options, *part;
} wrong_moves[] = {
  { "{'policy': <'brutal'>}",
    "“policy” is “brutal”; it must be careful, default, postcopy or force" },
  { "{'policy': <5>}", "“policy” must be of type “s”" },
  { "{'priority': <'urgent'>}", "“priority” is “urgent”; it must be low, normal or high" },
  { "{'compression': <'lz4'>}", "it must be none, xbzrle, zlib or zstd" },
  { "{'compression': <'\\u001b[m'>}", "“compression” is “\\x1b[m”" },
  { "{'bandwidth': <uint64 1048575>}", "“bandwidth” is 1048575 bytes per second" },
  { "{'bandwidth': <uint64 18446744073709551615>}", "“bandwidth”" },
  { "{'postcopy-bandwidth': <uint64 1>}", "“postcopy-bandwidth” is 1 bytes per second" },
  { "{'parallel': <uint32 33>}", "“parallel” is 33; it must be 0" },
  { "{'tls': <'yes'>}", "“tls” must be of type “b”" },
  { "{'speed': <'high'>}", "Unknown option “speed”" },
  { "{'parallel': <uint32 4>, 'compression': <'xbzrle'>}", "xbzrle" },
};

START_TEST (wrong_options_are_refused_alike_wherever_a_move_is_asked_about)
{
  const char *vms[] = { "web", NULL };
  g_autoptr (GVariant) page = NULL;

  start_daemon ("");
  for (guint i = 0; i < G_N_ELEMENTS (wrong_moves); i++)
    {
      const char *text = wrong_moves[i].options;

      assert_error ("Migrate", g_variant_new ("(ss@a{sv})", "web", "node2", options (text)),
                    "InvalidArgument", wrong_moves[i].part);
      assert_error ("MigrateGroup", g_variant_new ("(^as@a{sv})", vms, options (text)),
                    "InvalidArgument", wrong_moves[i].part);
      assert_error ("Plan", g_variant_new ("(^as@a{sv})", vms, options (text)), "InvalidArgument",
                    wrong_moves[i].part);
      assert_error ("Forecast", g_variant_new ("(ss@a{sv})", "web", "node2", options (text)),
                    "InvalidArgument", wrong_moves[i].part);
    }
  page = call ("ListTasks", g_variant_new ("(@a{sv})", no_options ()));
  ck_assert_uint_eq (g_variant_n_children (g_variant_get_child_value (page, 0)), 0);
}
END_TEST

START_TEST (a_plan_takes_what_a_move_takes_but_not_for_a_start)
{
  static const char choices[] =
      "'policy': <'careful'>, 'priority': <'low'>, 'parallel': <uint32 4>, "
      "'bandwidth': <uint64 2097152>";
  const char *vms[] = { "web", NULL };
  g_autofree char *for_move = g_strdup_printf ("{%s}", choices);
  g_autofree char *for_start = g_strdup_printf ("{'act': <'start'>, %s}", choices);
  g_autoptr (GVariant) plan = NULL;
  g_autoptr (GVariant) moves = NULL;

  start_daemon ("");
  plan = call ("Plan", g_variant_new ("(^as@a{sv})", vms, options (for_move)));
  moves = g_variant_get_child_value (plan, 0);
  ck_assert_uint_eq (g_variant_n_children (moves), 1);
  assert_error ("Plan", g_variant_new ("(^as@a{sv})", vms, options (for_start)), "InvalidArgument",
                "Unknown option “");
  assert_error ("Plan",
                g_variant_new ("(^as@a{sv})", vms,
                               options ("{'parallel': <uint32 4>, 'compression': <'zstd'>}")),
                "Refused", "zstd need libvirt 9.4");
}
END_TEST

START_TEST (a_combination_with_what_is_configured_is_refused_too)
{
  const char *vms[] = { "web", NULL };

  start_daemon ("[migration]\nparallel = 4\n");
  assert_error (
      "Migrate",
      g_variant_new ("(ss@a{sv})", "web", "node2", options ("{'compression': <'xbzrle'>}")),
      "InvalidArgument", "xbzrle");
  assert_error ("Plan", g_variant_new ("(^as@a{sv})", vms, options ("{'compression': <'xbzrle'>}")),
                "InvalidArgument", "xbzrle");
}
END_TEST

START_TEST (a_combination_in_the_configuration_keeps_the_daemon_from_starting)
{
  g_autofree char *snapshot = fixture_put_file ("snapshot.json", MOVES_SNAPSHOT);
  g_autofree char *config =
      fixture_put_file ("virternd.conf", "[migration]\nparallel=4\ncompression=xbzrle\n");
  g_autofree char *errors = NULL;
  int status = fixture_run_daemon (&errors, "--simulate", snapshot, "--config", config, NULL);

  ck_assert_int_ne (status, 0);
  ck_assert_msg (strstr (errors, "virternd.conf:3: “compression”: ") != NULL, "%s", errors);
}
END_TEST

/* What is expected */

static GVariant *
forecast (const char *vm, const char *text)
{
  g_autoptr (GVariant) reply =
      call ("Forecast", g_variant_new ("(ss@a{sv})", vm, "node2", options (text)));

  return g_variant_get_child_value (reply, 0);
}

static guint64
forecast_number (GVariant *told, const char *key)
{
  guint64 number = 0;
  gint64 time = 0;

  if (g_variant_lookup (told, key, "t", &number))
    return number;
  ck_assert_msg (g_variant_lookup (told, key, "x", &time), "%s", key);
  return (guint64) time;
}

static gboolean
forecast_says (GVariant *told, const char *key)
{
  gboolean yes = FALSE;

  ck_assert_msg (g_variant_lookup (told, key, "b", &yes), "%s", key);
  return yes;
}

static void
set_link (const char *host)
{
  g_variant_unref (call (
      "SetHost", g_variant_new ("(s@a{sv})", host, options ("{'link-rate': <uint64 125000000>}"))));
}

START_TEST (nothing_is_promised_while_the_link_is_not_known)
{
  static const char *const hosts[] = { "node1", "node2" };
  g_autoptr (GVariant) told = NULL;
  g_autoptr (GVariant) page = NULL;

  start_daemon ("");
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    g_variant_unref (call (
        "SetHost", g_variant_new ("(s@a{sv})", hosts[i], options ("{'link-rate': <uint64 0>}"))));
  told = forecast ("db", "{}");
  ck_assert (!forecast_says (told, "Known"));
  ck_assert_str_eq (task_text (told, "LinkRateFrom"), "unknown");
  ck_assert_uint_eq (forecast_number (told, "LinkRate"), 0);
  ck_assert (forecast_says (told, "DirtyKnown"));
  ck_assert_uint_eq (g_variant_n_children (told), 14);
  ck_assert_str_ne (task_text (told, "Sentence"), "");
  page = call ("ListTasks", g_variant_new ("(@a{sv})", no_options ()));
  ck_assert_uint_eq (g_variant_n_children (g_variant_get_child_value (page, 0)), 0);
}
END_TEST

START_TEST (a_forecast_follows_from_what_is_measured_and_from_the_link)
{
  g_autoptr (GVariant) gentle = NULL;
  g_autoptr (GVariant) wild = NULL;

  start_daemon ("");
  set_link ("node1");
  set_link ("node2");
  gentle = forecast ("db", "{'policy': <'careful'>}");
  ck_assert (forecast_says (gentle, "Known"));
  ck_assert_str_eq (task_text (gentle, "LinkRateFrom"), "configured");
  ck_assert_uint_eq (forecast_number (gentle, "LinkRate"), 125000000);
  ck_assert_uint_eq (forecast_number (gentle, "DirtyRate"), 25000000);
  ck_assert_uint_eq (forecast_number (gentle, "Memory"), G_GUINT64_CONSTANT (4) << 30);
  /* 4 GiB over 125 MB/s are 34.4 s. */
  ck_assert_uint_ge (forecast_number (gentle, "Min"), 34 * G_USEC_PER_SEC);
  ck_assert_uint_ge (forecast_number (gentle, "Max"), forecast_number (gentle, "Min"));
  ck_assert (forecast_says (gentle, "Converges"));
  ck_assert (!forecast_says (gentle, "GivesUp"));
  ck_assert_str_eq (task_text (gentle, "Policy"), "careful");

  wild = forecast ("writes", "{'policy': <'careful'>}");
  ck_assert_uint_eq (forecast_number (wild, "DirtyRate"), 250000000);
  ck_assert (!forecast_says (wild, "Converges"));
  ck_assert (forecast_says (wild, "GivesUp"));
  ck_assert_str_ne (task_text (wild, "Recommended"), "careful");
}
END_TEST

START_TEST (of_what_is_not_there_nothing_is_forecast)
{
  start_daemon ("");
  assert_error ("Forecast", g_variant_new ("(ss@a{sv})", "nobody", "node2", no_options ()),
                "NotFound", "nobody");
  assert_error ("Forecast", g_variant_new ("(ss@a{sv})", "web", "node9", no_options ()), "NotFound",
                "node9");
}
END_TEST

/* A guest that writes too fast */

static gboolean
does_not_converge (gpointer path)
{
  g_autofree char *said = get_string (path, TERN_IFACE_TASK, "Convergence");

  return g_str_equal (said, "not-converging");
}

static gboolean
goes_on_by_force (gpointer path)
{
  g_autofree char *policy = get_string (path, TERN_IFACE_TASK, "Policy");

  return g_str_equal (policy, "force");
}

START_TEST (that_a_move_does_not_converge_is_said_and_another_policy_ends_it)
{
  g_autofree char *task = NULL;
  g_autoptr (GVariant) max = NULL;
  g_autoptr (GVariant) told = NULL;
  g_autoptr (GVariant) again = NULL;
  g_autofree char *note = NULL;

  start_daemon ("");
  task = migrate_with ("writes", "node2", "{'policy': <'careful'>}");
  fixture_wait_for (does_not_converge, task, "the task to say that it does not converge");
  max = get_property (task, TERN_IFACE_TASK, "EstimatedEndMax");
  ck_assert_int_eq (g_variant_get_int64 (max), 0);
  note = get_string (task, TERN_IFACE_TASK, "Note");
  ck_assert_str_ne (note, "");

  g_variant_unref (call_at (task, TERN_IFACE_TASK, "SwitchPolicy",
                            g_variant_new ("(s@a{sv})", "force", no_options ()), NULL));
  fixture_wait_for (goes_on_by_force, task, "the task to have the policy force");
  ck_assert (wait_for_end (task));
  told = get_task (1);
  ck_assert_uint_gt (task_lines (told, "Steps"), 0);
  ck_assert_str_eq (task_text (told, "Policy"), "force");

  ck_assert_int_eq (fixture_stop_daemon (), 0);
  start_daemon ("");
  again = get_task (1);
  ck_assert (g_variant_equal (told, again));
}
END_TEST

START_TEST (a_destination_that_failed_is_told_and_another_one_taken)
{
  g_autofree char *task = NULL;
  g_autoptr (GVariant) told = NULL;
  g_autoptr (GVariant) again = NULL;
  g_autofree const char **tried = NULL;
  guint32 attempt = 0;

  start_daemon ("");
  task = migrate_with ("unwelcome", "", "{'policy': <'force'>}");
  ck_assert (wait_for_end (task));
  told = get_task (1);
  ck_assert (g_variant_lookup (told, "Tried", "^a&s", &tried));
  ck_assert_uint_eq (g_strv_length ((GStrv) tried), 1);
  ck_assert_msg (g_str_has_prefix (tried[0], "node2=") || g_str_has_prefix (tried[0], "node3="),
                 "%s", tried[0]);
  ck_assert (!g_str_has_prefix (tried[0], task_text (told, "Destination")));
  ck_assert (g_variant_lookup (told, "Attempt", "u", &attempt));
  ck_assert_uint_eq (attempt, 2);

  ck_assert_int_eq (fixture_stop_daemon (), 0);
  start_daemon ("");
  again = get_task (1);
  ck_assert (g_variant_equal (told, again));
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("moves",
  tcase_add_checked_fixture (tcase, setup, fixture_end);
  tcase_add_test (tcase, what_is_asked_of_a_move_is_told_by_its_task);
  tcase_add_test (tcase, a_move_takes_no_more_than_it_was_given);
  tcase_add_test (tcase, what_is_not_asked_for_is_as_configured);
  tcase_add_test (tcase, wrong_options_are_refused_alike_wherever_a_move_is_asked_about);
  tcase_add_test (tcase, a_plan_takes_what_a_move_takes_but_not_for_a_start);
  tcase_add_test (tcase, a_combination_with_what_is_configured_is_refused_too);
  tcase_add_test (tcase, a_combination_in_the_configuration_keeps_the_daemon_from_starting);
  tcase_add_test (tcase, nothing_is_promised_while_the_link_is_not_known);
  tcase_add_test (tcase, a_forecast_follows_from_what_is_measured_and_from_the_link);
  tcase_add_test (tcase, of_what_is_not_there_nothing_is_forecast);
  tcase_add_test (tcase, that_a_move_does_not_converge_is_said_and_another_policy_ends_it);
  tcase_add_test (tcase, a_destination_that_failed_is_told_and_another_one_taken);
)
/* clang-format on */
