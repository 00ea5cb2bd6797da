/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command against a daemon whose answers are scripted here: what it asks for, in which units,
 * and what it makes of answers that simulated hosts give seldom.
 *
 *   virtern  ---- method ---->  this test: writes it down, answers, then changes the task
 *            <--- signals ----             as the script says, one state after the other
 */
#include "config.h"

#include "bus-fixture.h"
#include "cli-run.h"
#include "tern-check.h"
#include "virtern-bus.h"

#include <signal.h>
#include <string.h>

#define ID 7
#define TASK_PATH TERN_BUS_PATH_TASKS "/7"
#define VM_PATH TERN_BUS_PATH "/vms/x"
#define UUID "11111111-1111-4111-8111-111111111111"
#define TRACE                                                                                      \
  "(@a(xs) [(1000000, 'queued'), (3000000, ''), (3500000, 'copying'), (8500000, 'done')], "        \
  "@a(xttttu) [(4000000, 9, 8, 7, 18446744073709551615, 5)], @a(xs) [(0, '12 s, pass 3')])"

/*
 * @moves: how many a plan has
 * @then: states of the task after a call that changes it, separated by blanks, each STATE/PHASE
 * @refusal: (nullable): the answer to a call that would change something
 * @side_by_side: forecasts are answered when at least so many are waited for, or all that are left
 */
typedef struct
{
  guint moves;
  const char *then;
  const char *refusal;
  guint side_by_side;
} Script;

static Script script;
static GDBusObjectManagerServer *server;
static TernBusManager *manager;
static TernBusTask *task;
static TernBusVm *vm;
static TernBusHost *hosts[2];
static GString *calls;       /* those that change something or measure, a line each */
static GPtrArray *forecasts; /* (element-type GDBusMethodInvocation): not answered yet */
static guint n_forecasts;
static guint n_reads;
static guint most_at_once;

/* --- the daemon --- */

static void
set_state (const char *state)
{
  g_auto (GStrv) words = g_strsplit (state, "/", 2);

  tern_bus_task_set_state (task, words[0]);
  tern_bus_task_set_phase (task, words[1] != NULL ? words[1] : words[0]);
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (task));
}

static void
play (void)
{
  g_auto (GStrv) states = g_strsplit (script.then != NULL ? script.then : "", " ", -1);
  const char *last = NULL;

  for (guint i = 0; states[i] != NULL; i++)
    set_state (last = states[i]);
  if (last != NULL && !g_str_has_prefix (last, "running"))
    tern_bus_task_emit_completed (task, g_str_has_prefix (last, "done"), "");
}

static GVariant *
make_moves (void)
{
  GVariantBuilder moves;

  g_variant_builder_init (&moves, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 1; i <= script.moves; i++)
    {
      g_autofree char *name = g_strdup_printf ("vm%02u", i);

      g_variant_builder_add_parsed (
          &moves,
          "{'Number': <%u>, 'Act': <'move'>, 'Vm': <%s>, 'VmUuid': <%s>, 'Source': <'node1'>, "
          "'Destination': <'node2'>, 'Score': <0.5>, 'Warnings': <@aa{sv} []>}",
          i, name, name);
    }
  return g_variant_builder_end (&moves);
}

/* Of every third guest the rate is too high; the second one cannot be measured. */
static void
answer_forecast (GDBusMethodInvocation *invocation)
{
  const char *name;
  guint64 number;

  g_variant_get_child (g_dbus_method_invocation_get_parameters (invocation), 0, "&s", &name);
  number = g_ascii_strtoull (name + strlen ("vm"), NULL, 10);
  if (number == 2)
    g_dbus_method_invocation_return_dbus_error (invocation, TERN_ERROR_PREFIX "Unreachable",
                                                "node2 does not answer");
  else
    g_dbus_method_invocation_return_value (
        invocation,
        g_variant_new_parsed (
            "({'Known': <true>, 'Memory': <uint64 1073741824>, 'DirtyKnown': <true>, "
            "'DirtyRate': <uint64 39845888>, 'LinkRate': <uint64 125000000>, "
            "'LinkRateFrom': <'seen'>, 'Min': <int64 12000000>, 'Max': <int64 40000000>, "
            "'Downtime': <int64 300000>, 'Converges': <%b>, 'GivesUp': <%b>, "
            "'Policy': <'careful'>, 'Recommended': <%s>, 'Sentence': <'as it is'>},)",
            number % 3 != 0, number % 3 == 0, number % 3 != 0 ? "careful" : "postcopy"));
}

static void
answer_forecasts (void)
{
  most_at_once = MAX (most_at_once, forecasts->len);
  for (guint i = 0; i < forecasts->len; i++)
    answer_forecast (forecasts->pdata[i]);
  g_ptr_array_set_size (forecasts, 0);
}

/* What the command sent before it answered this has arrived. */
static void
on_pong (GObject *source, GAsyncResult *result, gpointer unused)
{
  g_autoptr (GVariant) reply =
      g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, NULL);

  ck_assert_ptr_nonnull (reply);
  answer_forecasts ();
}

static void
take_forecast (GDBusMethodInvocation *invocation)
{
  guint left;

  n_forecasts++;
  g_ptr_array_add (forecasts, invocation);
  left = script.moves - (n_forecasts - forecasts->len);
  if (forecasts->len == MIN (script.side_by_side, left))
    g_dbus_connection_call (fixture.client, g_dbus_method_invocation_get_sender (invocation), "/",
                            "org.freedesktop.DBus.Peer", "Ping", NULL, NULL, G_DBUS_CALL_FLAGS_NONE,
                            -1, NULL, on_pong, NULL);
}

static void
take_order (GDBusMethodInvocation *invocation, const char *method)
{
  if (script.refusal != NULL)
    {
      g_dbus_method_invocation_return_dbus_error (invocation, TERN_ERROR_PREFIX "Refused",
                                                  script.refusal);
      return;
    }
  if (strcmp (method, "Migrate") == 0)
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", TASK_PATH));
  else if (strcmp (method, "MigrateGroup") == 0)
    g_dbus_method_invocation_return_value (invocation,
                                           g_variant_new_parsed ("([%o], @aa{sv} [])", TASK_PATH));
  else
    g_dbus_method_invocation_return_value (invocation, NULL);
  play ();
}

static gboolean
take_method (gpointer data)
{
  GDBusMethodInvocation *invocation = data;
  const char *method = g_dbus_method_invocation_get_method_name (invocation);
  GVariant *parameters = g_dbus_method_invocation_get_parameters (invocation);
  g_autofree char *text = g_variant_print (parameters, FALSE);

  if (strcmp (method, "GetTask") == 0)
    {
      n_reads++;
      g_dbus_method_invocation_return_value (
          invocation, g_variant_new ("(@a{sv})", g_dbus_interface_skeleton_get_properties (
                                                     G_DBUS_INTERFACE_SKELETON (task))));
    }
  else if (strcmp (method, "GetVm") == 0)
    g_dbus_method_invocation_return_value (invocation, g_variant_new ("(o)", VM_PATH));
  else if (strcmp (method, "GetTrace") == 0)
    g_dbus_method_invocation_return_value (invocation, g_variant_new_parsed (TRACE));
  else if (strcmp (method, "ListWebhooks") == 0)
    g_dbus_method_invocation_return_value (
        invocation,
        g_variant_new ("(@aa{sv})", g_variant_new_array (G_VARIANT_TYPE_VARDICT, NULL, 0)));
  else if (strcmp (method, "Plan") == 0)
    g_dbus_method_invocation_return_value (
        invocation, g_variant_new ("(@aa{sv}@aa{sv})", make_moves (),
                                   g_variant_new_array (G_VARIANT_TYPE_VARDICT, NULL, 0)));
  else
    {
      g_string_append_printf (calls, "%s%s\n", method, text);
      if (strcmp (method, "Forecast") == 0)
        take_forecast (invocation);
      else
        take_order (invocation, method);
    }
  return G_SOURCE_REMOVE;
}

/* GDBus asks in a thread of the call whether it is allowed; who says no must answer it. */
static gboolean
on_method (GDBusInterfaceSkeleton *interface, GDBusMethodInvocation *invocation, gpointer unused)
{
  g_idle_add (take_method, g_object_ref (invocation));
  return FALSE;
}

static void
put_object (const char *path, gpointer interface)
{
  g_autoptr (GDBusObjectSkeleton) object = g_dbus_object_skeleton_new (path);

  g_dbus_object_skeleton_add_interface (object, interface);
  g_signal_connect (interface, "g-authorize-method", G_CALLBACK (on_method), NULL);
  g_dbus_object_manager_server_export (server, object);
}

static void
make_objects (void)
{
  task = tern_bus_task_skeleton_new ();
  vm = tern_bus_vm_skeleton_new ();
  g_object_set (task, "id", (guint64) ID, "kind", "migrate", "vm", "web01", "vm-uuid", UUID,
                "source", "node1", "destination", "node2", "verdict", "seen on both", "error",
                "it runs twice", "policy", "default", "priority", "normal", "downtime", (gint64) -1,
                NULL);
  g_object_set (vm, "uuid", UUID, "name", "web01", "host", "node1", "state", "running", "seen-on",
                g_variant_new_parsed ("[('node1', 'running'), ('node2', 'paused')]"), NULL);
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    {
      g_autofree char *name = g_strdup_printf ("node%u", i + 1);
      g_autofree char *path = g_strconcat (TERN_BUS_PATH "/hosts/", name, NULL);

      hosts[i] = tern_bus_host_skeleton_new ();
      g_object_set (hosts[i], "name", name, "state", "up", NULL);
      put_object (path, hosts[i]);
    }
  put_object (TASK_PATH, task);
  put_object (VM_PATH, vm);
}

static void
setup (void)
{
  fixture_start ();
  script = (Script){ .side_by_side = 1 };
  calls = g_string_new (NULL);
  forecasts = g_ptr_array_new ();
  server = g_dbus_object_manager_server_new (TERN_BUS_PATH);
  manager = tern_bus_manager_skeleton_new ();
  tern_bus_manager_set_limits (
      manager, g_variant_new_parsed ("{'out': <uint32 0>, 'in': <uint32 2>, 'cluster': "
                                     "<uint32 0>, 'configured': <true>}"));
  g_signal_connect (manager, "g-authorize-method", G_CALLBACK (on_method), NULL);
  ck_assert (g_dbus_interface_skeleton_export (G_DBUS_INTERFACE_SKELETON (manager), fixture.client,
                                               TERN_BUS_PATH, NULL));
  make_objects ();
  g_dbus_object_manager_server_set_connection (server, fixture.client);
  g_autoptr (GVariant) owned = g_dbus_connection_call_sync (
      fixture.client, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
      "RequestName", g_variant_new ("(su)", TERN_BUS_NAME, 0), NULL, G_DBUS_CALL_FLAGS_NONE, -1,
      NULL, NULL);
  ck_assert_ptr_nonnull (owned);
}

static void
teardown (void)
{
  g_clear_object (&server);
  g_clear_object (&manager);
  g_clear_object (&task);
  g_clear_object (&vm);
  for (guint i = 0; i < G_N_ELEMENTS (hosts); i++)
    g_clear_object (&hosts[i]);
  g_string_free (calls, TRUE);
  g_ptr_array_unref (forecasts);
  fixture_end ();
}

/* --- what is sent --- */

START_TEST (what_is_typed_is_sent_in_the_units_of_the_contract)
{
  static const struct
  {
    const char *line, *calls;
  } cases[] = {
    { "limits set --out 3", "SetLimits({'out': <uint32 3>},)\n" },
    { "limits set --out auto --in 4 --cluster none",
      "SetLimits({'out': <uint32 0>, 'in': <uint32 4>, 'cluster': <uint32 0>},)\n" },
    { "limits reset", "SetLimits({'reset': <true>},)\n" },
    { "limits", "" },
    { "host set node1 --limit-out 2 --limit-in default",
      "SetHost('node1', {'limit-out': <uint32 2>, 'limit-in': <uint32 0>})\n" },
    { "host set node1 --link-rate 10000 --bandwidth 200",
      "SetHost('node1', {'link-rate': <uint64 1250000000>, 'bandwidth': <uint64 209715200>})\n" },
    { "host set node1 --link-rate auto --bandwidth none --memory-reserve default",
      "SetHost('node1', {'memory-reserve': <uint64 0>, 'link-rate': <uint64 0>, 'bandwidth': "
      "<uint64 0>})\n" },
    { "host set node1 --peer-uri none --migration-address 10.0.0.1 --cluster none",
      "SetHost('node1', {'peer-uri': <''>, 'migration-address': <'10.0.0.1'>, 'cluster': "
      "<'none'>})\n" },
    { "host set node1 --memory-reserve 1024",
      "SetHost('node1', {'memory-reserve': <uint64 1073741824>})\n" },
    { "migrate web01 --no-wait", "Migrate('web01', '', {})\n" },
    { "migrate web01 --to node2 --policy force --priority high --bandwidth 100 "
      "--postcopy-bandwidth 50 --parallel 4 --compression zstd --tls --no-wait",
      "Migrate('web01', 'node2', {'policy': <'force'>, 'priority': <'high'>, 'compression': "
      "<'zstd'>, 'bandwidth': <uint64 104857600>, 'postcopy-bandwidth': <uint64 52428800>, "
      "'parallel': <uint32 4>, 'tls': <true>})\n" },
    { "migrate a b --policy careful --no-wait",
      "MigrateGroup(['a', 'b'], {'policy': <'careful'>})\n" },
    { "task switch 7 --policy postcopy", "SwitchPolicy('postcopy', {})\n" },
    { "task resolve 7 --recheck --no-wait", "Recheck({},)\n" },
    { "task resolve 7 --keep-source --vm web01 --no-wait",
      "Resolve('source', {'vm': <'web01'>})\n" },
    { "task cancel 7 --no-wait", "Cancel({},)\n" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Ran) ran = { 0 };

      g_string_truncate (calls, 0);
      set_state (strstr (cases[i].line, "resolve") != NULL ? "attention" : "running/copying");
      ran = run_command (cases[i].line);
      ck_assert_msg (ran.status == 0, "%s: %d: %s", cases[i].line, ran.status, ran.err);
      ck_assert_str_eq (calls->str, cases[i].calls);
    }
}
END_TEST

START_TEST (limits_are_told_in_words_and_numbers)
{
  g_auto (Ran) text = run_command ("limits");
  g_auto (Ran) json = run_command ("limits --json");

  assert_says ("limits", text.out, "Out of a host       auto: as many moves as fill");
  assert_says ("limits", text.out, "Into a host         2 at a time\n");
  assert_says ("limits", text.out, "In a cluster        no limit\n");
  assert_says ("limits", text.out, "Set by              the configuration\n");
  ck_assert_ptr_null (strstr (text.out, "HOST"));
  ck_assert_str_eq (json.out, "{\n  \"out\" : 0,\n  \"in\" : 2,\n  \"cluster\" : 0,\n"
                              "  \"configured\" : true,\n  \"hosts\" : []\n}\n");

  g_object_set (hosts[1], "limit-in", 1, "bandwidth", (guint64) 104857600, NULL);
  g_auto (Ran) own = run_command ("limits");
  assert_says ("limits", own.out, "node2  -    1 at a time  100 MiB/s\n");
  ck_assert_ptr_null (strstr (own.out, "node1"));
  g_auto (Ran) own_json = run_command ("limits --json");
  assert_says ("limits --json", own_json.out,
               "  \"hosts\" : [\n    {\n      \"name\" : \"node2\",\n      \"limit-out\" : 0,\n"
               "      \"limit-in\" : 1,\n      \"bandwidth\" : 104857600\n    }\n  ]\n}\n");
}
END_TEST

/* --- decisions --- */

START_TEST (a_copy_is_ended_only_when_the_name_of_the_vm_was_given)
{
  static const struct
  {
    const char *line, *state;
    int status;
    const char *says;
  } cases[] = {
    { "task resolve 7 --keep-source", "attention", 2, "no terminal to ask" },
    { "task resolve 7 --keep-destination --json", "attention", 2, "add --vm NAME" },
    { "task resolve 7 --keep-source --vm web02", "attention", 2,
      "“web02” is not the name of the VM of task 7, which is “web01”; nothing was changed" },
    { "task resolve 7 --keep-source --vm " UUID, "attention", 2, "nothing was changed" },
    { "task resolve 7 --recheck --vm web01", "attention", 2, "--recheck ends nothing" },
    { "task resolve 7 --keep-source --vm web01", "running/copying", 4, "needs no attention" },
    { "task resolve 7 --recheck", "done", 4, "needs no attention: it is done" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Ran) ran = { 0 };

      set_state (cases[i].state);
      ran = run_command (cases[i].line);
      ck_assert_msg (ran.status == cases[i].status, "%s: %d", cases[i].line, ran.status);
      assert_says (cases[i].line, ran.err, cases[i].says);
      ck_assert_str_eq (calls->str, "");
    }
}
END_TEST

START_TEST (what_was_seen_and_what_is_ended_is_told_before_it_is_done)
{
  static const char line[] = "task resolve 7 --keep-destination --vm web01";

  set_state ("attention");
  tern_bus_host_set_state (hosts[0], "unreachable");
  script.refusal = "a host is silent; try “something else”";
  g_auto (Ran) ran = run_command (line);

  assert_says (line, ran.err, "Task 7, web01: node1 → node2\n  When it ended: seen on both\n");
  assert_says (line, ran.err, "Now on node1: not known, the host is unreachable\n");
  assert_says (line, ran.err, "Now on node2: paused\n");
  assert_says (line, ran.err,
               "If the daemon takes this decision, the copy on node2 stays and runs on, and the "
               "copy on node1 is ended for good");
  assert_says (line, ran.err, "virtern: a host is silent; try “something else”");
  ck_assert_int_eq (ran.status, 4);
  ck_assert_str_eq (ran.out, "");
  ck_assert_str_eq (calls->str, "Resolve('destination', {'vm': <'web01'>})\n");
}
END_TEST

START_TEST (a_decision_is_followed_to_its_end)
{
  static const struct
  {
    const char *line, *then, *vm_host;
    int status;
    const char *out;
  } cases[] = {
    { "task resolve 7 --keep-destination --vm web01", "running/resolving running/verifying done",
      "node2", 0, "web01 now runs on node2" },
    { "task resolve 7 --keep-source --vm web01", "running/resolving running/verifying failed",
      "node1", 0, "web01 is on node1 (running), and task 7 has ended (failed)\nseen on both\n" },
    { "task resolve 7 --keep-source --vm web01 --json", "running/resolving cancelled", "node1", 0,
      "\"state\" : \"cancelled\"" },
    /* It is not where it was to stay. */
    { "task resolve 7 --keep-source --vm web01", "running/resolving failed", "node2", 1, "" },
    { "task resolve 7 --keep-source --vm web01", "running/resolving attention", "node1", 6, "" },
    { "task resolve 7 --recheck", "running/verifying done", "node2", 0, "web01 now runs on node2" },
    { "task resolve 7 --recheck", "running/verifying failed", "node1", 1, "" },
    { "task resolve 7 --recheck", "running/verifying attention", "node1", 6, "" },
    { "task resolve 7 --recheck --json", "running/verifying attention", "node1", 6,
      "\"state\" : \"attention\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Ran) ran = { 0 };

      set_state ("attention");
      tern_bus_vm_set_host (vm, cases[i].vm_host);
      script.then = cases[i].then;
      ran = run_command (cases[i].line);
      ck_assert_msg (ran.status == cases[i].status, "%s, %s: %d: %s", cases[i].line, cases[i].then,
                     ran.status, ran.err);
      assert_says (cases[i].line, ran.out, cases[i].out);
      if (cases[i].status == 6)
        assert_says (cases[i].line, ran.err, "“virtern task resolve 7 --recheck”");
    }
}
END_TEST

/* --- cancel --- */

START_TEST (a_cancel_tells_what_came_of_it)
{
  static const struct
  {
    const char *then;
    int status;
    const char *says;
  } cases[] = {
    { "running/cancelling cancelled", 0, "Task 7 is cancelled: web01 was not moved to node2" },
    { "running/verifying done", 1, "The cancel came too late: web01 now runs on node2" },
    { "running/cancelling", 3,
      "The cancel of task 7 is not carried out yet by node1; it is still "
      "tried" },
    { "running/post-copy", 1, "The cancel came too late: web01 runs on node2 already (post-copy)" },
    { "running/verifying", 3, "still finds out on which host it is" },
    { "running/verifying failed", 1, "it runs twice" },
    { "running/verifying attention", 6, "“virtern task resolve 7 --recheck”" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_auto (Ran) ran = { 0 };
      g_autofree char *all = NULL;

      set_state ("running/copying");
      script.then = cases[i].then;
      ran = run_command ("task cancel 7 --timeout 1");
      all = g_strconcat (ran.out, ran.err, NULL);
      ck_assert_msg (ran.status == cases[i].status, "%s: %d: %s", cases[i].then, ran.status, all);
      assert_says (cases[i].then, all, cases[i].says);
    }
}
END_TEST

START_TEST (a_cancel_that_is_not_carried_out_yet_prints_its_task_as_json)
{
  set_state ("running/copying");
  tern_bus_task_set_note (task, "node1 does not answer");
  script.then = "running/cancelling";
  g_auto (Ran) ran = run_command ("task cancel 7 --timeout 1 --json");

  ck_assert_int_eq (ran.status, 3);
  assert_says ("task cancel", ran.out, "\"phase\" : \"cancelling\"");
  assert_says ("task cancel", ran.err, "\n  node1 does not answer\n");
}
END_TEST

START_TEST (a_task_that_goes_on_when_the_time_is_over_is_printed_as_json)
{
  set_state ("running/copying");
  g_auto (Ran) json = run_command ("task watch 7 --timeout 1 --json");
  g_auto (Ran) text = run_command ("task watch 7 --timeout 1");

  ck_assert_int_eq (json.status, 3);
  assert_says ("task watch --json", json.out, "\"phase\" : \"copying\"");
  assert_says ("task watch --json", json.err, "virtern task watch 7");
  ck_assert_int_eq (text.status, 3);
  ck_assert_str_eq (text.out, "");
}
END_TEST

START_TEST (what_is_odd_about_a_running_task_is_worth_a_look_and_no_attention)
{
  set_state ("running/cancelling");
  g_auto (Ran) nothing = run_command ("status");
  g_auto (Ran) none = run_command ("status --json");
  tern_bus_task_set_note (task, "node1 does not answer");
  set_state ("running/cancelling");
  g_auto (Ran) noted = run_command ("status");
  g_auto (Ran) listed = run_command ("status --json");
  set_state ("queued");
  g_auto (Ran) waits = run_command ("status");

  ck_assert_ptr_null (strstr (nothing.out, "Worth a look"));
  assert_says ("status --json", none.out, "\"worth-a-look\" : []");
  assert_says ("status", noted.out, "Attention           nothing needs it\n");
  assert_says ("status", noted.out,
               "Worth a look        Task 7 (web01): node1 does not answer; see “virtern task show "
               "7”\n");
  assert_says ("status --json", listed.out, "\"worth-a-look\" : [\n    \"Task 7 (web01): node1");
  ck_assert_ptr_null (strstr (waits.out, "Worth a look"));
}
END_TEST

static gboolean
is_read (gpointer times)
{
  return n_reads >= GPOINTER_TO_UINT (times);
}

START_TEST (ctrl_c_ends_the_command_and_cancels_nothing)
{
  static const char *const lines[] = { "task watch 7", "migrate web01", "migrate a b",
                                       "task cancel 7", "task resolve 7 --recheck" };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_autoptr (GSubprocess) process = NULL;
      g_auto (Ran) ran = { 0 };

      g_string_truncate (calls, 0);
      n_reads = 0;
      set_state (strstr (lines[i], "resolve") != NULL ? "attention" : "running/copying");
      script.then = strstr (lines[i], "resolve") != NULL ? "running/verifying" : NULL;
      process = start_command (lines[i]);
      /* Before a decision the task is read once more; there is nothing to be told then. */
      fixture_wait_for (is_read, GUINT_TO_POINTER (strstr (lines[i], "resolve") != NULL ? 2 : 1),
                        "a read of the task");
      g_subprocess_send_signal (process, SIGINT);
      ran = finish_command (process, lines[i]);
      ck_assert_msg (ran.status == 130, "%s: %d: %s", lines[i], ran.status, ran.err);
      assert_says (lines[i], ran.err, "virtern task cancel");
      if (strstr (lines[i], "cancel") == NULL)
        ck_assert_ptr_null (strstr (calls->str, "Cancel"));
    }
}
END_TEST

/* --- news --- */

START_TEST (steps_hosts_that_failed_and_notes_have_lines_of_their_own)
{
  static const char *const steps[] = { "12 s, pass 3: downtime may be 500 ms",
                                       "30 s, pass 6: slowed", NULL };
  static const char *const tried[] = { "node4=no room there", NULL };

  tern_bus_task_set_steps (task, steps);
  tern_bus_task_set_tried (task, tried);
  tern_bus_task_set_note (task, "the guest writes faster than the link carries");
  set_state ("done");
  g_auto (Ran) ran = run_command ("task watch 7");

  ck_assert_int_eq (ran.status, 0);
  assert_says ("task watch 7", ran.err,
               "web01: node4 failed: no room there\n"
               "web01: 12 s, pass 3: downtime may be 500 ms\n"
               "web01: 30 s, pass 6: slowed\n"
               "web01: the guest writes faster than the link carries\n");

  g_object_set (task, "attempt", 2, "link-rate", (guint64) 52428800, "convergence",
                "not-converging", "estimated-end-min", g_get_real_time () + 600 * G_USEC_PER_SEC,
                NULL);
  set_state ("running/copying");
  g_auto (Ran) show = run_command ("task show 7");
  assert_says ("task show 7", show.out, "Policy              default\n");
  assert_says ("task show 7", show.out, "Priority            normal\n");
  assert_says ("task show 7", show.out, "Convergence         not-converging\n");
  assert_says ("task show 7", show.out, "min at the earliest\n");
  assert_says ("task show 7", show.out, "Link carried        50 MiB/s\n");
  assert_says ("task show 7", show.out, "Tried before        node4: no room there\n");
  assert_says ("task show 7", show.out, "Attempts            2\n");
  assert_says ("task show 7", show.out,
               "Steps               12 s, pass 3: downtime may be 500 ms\n"
               "                    30 s, pass 6: slowed\n");
  assert_says ("task show 7", show.out, "Note                the guest writes faster");
}
END_TEST

START_TEST (phases_are_shown_with_how_long_they_took)
{
  set_state ("done");
  g_auto (Ran) show = run_command ("task show 7");
  g_auto (Ran) json = run_command ("task show 7 --json");

  ck_assert_int_eq (show.status, 0);
  ck_assert_str_eq (show.err, "");
  assert_says ("task show 7", show.out,
               "Phases              queued, 2.0 s\n"
               "                    (not known), 500 ms\n"
               "                    copying, 5.0 s\n"
               "                    done\n");
  assert_says ("--json", json.out, "\"trace\" : {");
  assert_says ("--json", json.out, "\"phase\" : \"copying\"");
  assert_says ("--json", json.out, "\"memory-processed\" : 8");
  assert_says ("--json", json.out, "\"rate\" : \"18446744073709551615\"");
  assert_says ("--json", json.out, "\"sentence\" : \"12 s, pass 3\"");
}
END_TEST

/* --- forecasts --- */

START_TEST (forecasts_are_asked_for_side_by_side_and_not_too_many_at_once)
{
  script.moves = 20;
  script.side_by_side = 8;
  g_auto (Ran) ran = run_command ("migrate vm01 vm02 --dry-run --policy careful --json");

  ck_assert_msg (ran.status == 0, "%s", ran.err);
  ck_assert_uint_eq (n_forecasts, 20);
  ck_assert_uint_eq (most_at_once, 8);
  assert_says ("--dry-run", calls->str, "Forecast('vm20', 'node2', {'policy': <'careful'>})\n");
  assert_says ("--dry-run", ran.out, "\"forecast-error\" : \"node2 does not answer\"");
  assert_says ("--dry-run", ran.out, "\"link-rate-from\" : \"seen\"");
  assert_says ("--dry-run", ran.out, "\"gives-up\" : true");
}
END_TEST

START_TEST (what_is_out_of_the_ordinary_in_a_forecast_is_told_in_a_sentence)
{
  script.moves = 4;
  g_auto (Ran) ran = run_command ("migrate vm01 vm02 --dry-run --policy careful");

  ck_assert_msg (ran.status == 0, "%s", ran.err);
  assert_says ("--dry-run", ran.out, "12-40 s");
  assert_says ("--dry-run", ran.out, "1000 Mbit/s, seen in moves");
  assert_says ("--dry-run", ran.out, "2  vm02: no forecast: node2 does not answer\n");
  assert_says ("--dry-run", ran.out, "3  vm03: as it is\n  Recommended: --policy postcopy\n");
  ck_assert_ptr_null (strstr (ran.out, "vm01: "));
  ck_assert_ptr_null (strstr (ran.out, "vm04: "));

  /* Of one alone the sentence is always told. */
  script.moves = 1;
  g_auto (Ran) one = run_command ("migrate vm01 --dry-run");
  assert_says ("--dry-run", one.out, "1  vm01: as it is\n");
}
END_TEST

START_TEST (without_a_forecast_nothing_is_measured)
{
  script.moves = 3;
  g_auto (Ran) dry = run_command ("migrate vm01 --dry-run --no-forecast");
  g_auto (Ran) plan = run_command ("plan place vm01");
  g_auto (Ran) wrong = run_command ("migrate vm01 --no-forecast");

  ck_assert_int_eq (dry.status, 0);
  ck_assert_str_eq (dry.out, plan.out);
  ck_assert_int_eq (wrong.status, 2);
  ck_assert_str_eq (calls->str, "");
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("cli-answers",
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, what_is_typed_is_sent_in_the_units_of_the_contract);
  tcase_add_test (tcase, limits_are_told_in_words_and_numbers);
  tcase_add_test (tcase, a_copy_is_ended_only_when_the_name_of_the_vm_was_given);
  tcase_add_test (tcase, what_was_seen_and_what_is_ended_is_told_before_it_is_done);
  tcase_add_test (tcase, a_decision_is_followed_to_its_end);
  tcase_add_test (tcase, a_cancel_tells_what_came_of_it);
  tcase_add_test (tcase, a_cancel_that_is_not_carried_out_yet_prints_its_task_as_json);
  tcase_add_test (tcase, a_task_that_goes_on_when_the_time_is_over_is_printed_as_json);
  tcase_add_test (tcase, what_is_odd_about_a_running_task_is_worth_a_look_and_no_attention);
  tcase_add_test (tcase, ctrl_c_ends_the_command_and_cancels_nothing);
  tcase_add_test (tcase, steps_hosts_that_failed_and_notes_have_lines_of_their_own);
  tcase_add_test (tcase, phases_are_shown_with_how_long_they_took);
  tcase_add_test (tcase, forecasts_are_asked_for_side_by_side_and_not_too_many_at_once);
  tcase_add_test (tcase, what_is_out_of_the_ordinary_in_a_forecast_is_told_in_a_sentence);
  tcase_add_test (tcase, without_a_forecast_nothing_is_measured);)
/* clang-format on */
