/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The command against a daemon whose answers are scripted here: drains, returns and webhooks. What
 * it asks for, what it makes of each end, and names that are made to mislead.
 */
#include "config.h"

#include "bus-fixture.h"
#include "cli-run.h"
#include "tern-check.h"
#include "virtern-bus.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#define ID 7
#define TASK_PATH TERN_BUS_PATH_TASKS "/7"
#define VM_PATH TERN_BUS_PATH "/vms/x"
#define UUID "11111111-1111-4111-8111-111111111111"

/*
 * @kind: of the task
 * @end: state in which it ends, NULL if it goes on
 * @items: (nullable): aa{sv} as text: how its VMs stand at the end
 * @document: what a plan is
 * @error: (nullable): name of the error that answers every order
 * @activated: path that Activate answers with
 * @origins: aa{sv} as text
 * @webhooks: aa{sv} as text
 */
typedef struct
{
  const char *kind, *end, *items, *document, *error, *activated, *origins, *webhooks;
} Script;

#define ITEM(vm, host, state, destination, rest)                                                   \
  "{'VmUuid': <'" vm "'>, 'Vm': <'" vm "'>, 'Host': <'" host "'>, 'Action': <'migrate'>, "         \
  "'State': <'" state "'>, 'Destination': <'" destination "'>, 'Task': <uint64 8>" rest "}"
#define REASON(code, sentence, remedy)                                                             \
  "{'Code': <'" code "'>, 'Sentence': <'" sentence "'>, 'Remedy': <'" remedy "'>}"
#define ALL_GONE                                                                                   \
  "[" ITEM ("web01", "node1", "gone", "node2", "") ", " ITEM ("off01", "node1", "skipped", "",     \
                                                              "") "]"
#define ONE_LEFT                                                                                   \
  "[" ITEM ("web01", "node1", "gone", "node2",                                                     \
            "") ", " ITEM ("db01", "node1", "left", "",                                            \
                           ", 'Reasons': <[" REASON ("vm.locked", "anna has locked it",            \
                                                     "virtern vm unlock db01") "]>") "]"

static Script script;
static GDBusObjectManagerServer *server;
static TernBusManager *manager;
static TernBusTask *task;
static TernBusHost *host;
static GString *calls; /* those that change something, a line each */
static guint n_reads;

/* --- the daemon --- */

static GVariant *
parse (const char *text, const char *type)
{
  g_autoptr (GError) error = NULL;
  GVariant *value = g_variant_parse (G_VARIANT_TYPE (type), text, NULL, NULL, &error);

  ck_assert_msg (value != NULL, "%s: %s", text, error != NULL ? error->message : "");
  return value;
}

static void
set_state (const char *state)
{
  tern_bus_task_set_state (task, state);
  tern_bus_task_set_phase (task, strcmp (state, "running") == 0 ? "draining" : state);
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (task));
}

static void
set_items (const char *text)
{
  g_autoptr (GVariant) items = parse (text, "aa{sv}");

  tern_bus_task_set_items (task, items);
  g_dbus_interface_skeleton_flush (G_DBUS_INTERFACE_SKELETON (task));
}

static void
play (void)
{
  set_items ("[" ITEM ("web01", "node1", "waiting", "node2", "") "]");
  set_state ("running");
  set_items ("[" ITEM ("web01", "node1", "moving", "node2", "") "]");
  if (script.items != NULL)
    set_items (script.items);
  if (script.end == NULL)
    return;
  set_state (script.end);
  tern_bus_task_emit_completed (task, strcmp (script.end, "done") == 0, "");
}

/* Returns: floating (nullable) */
static GVariant *
answer_question (const char *method)
{
  if (strcmp (method, "PlanDrain") == 0 || strcmp (method, "PlanReturn") == 0)
    return g_variant_new ("(s)", script.document);
  if (strcmp (method, "ListOrigins") == 0)
    return g_variant_new ("(@aa{sv})", parse (script.origins, "aa{sv}"));
  if (strcmp (method, "ListWebhooks") == 0)
    return g_variant_new ("(@aa{sv})", parse (script.webhooks, "aa{sv}"));
  if (strcmp (method, "GetVm") == 0)
    return g_variant_new ("(o)", VM_PATH);
  if (strcmp (method, "GetTrace") == 0)
    return g_variant_new_parsed ("(@a(xs) [], @a(xttttu) [], @a(xs) [])");
  return NULL;
}

static GVariant *
answer_order (const char *method)
{
  if (strcmp (method, "Activate") == 0)
    return g_variant_new ("(o)", script.activated);
  if (strcmp (method, "TestWebhook") == 0)
    return g_variant_new ("(x)", G_GINT64_CONSTANT (83000));
  if (strcmp (method, "Drain") == 0 || strcmp (method, "ApplyPlan") == 0
      || strcmp (method, "Resume") == 0 || strcmp (method, "Undo") == 0)
    return g_variant_new ("(o)", TASK_PATH);
  return NULL;
}

static void
take_order (GDBusMethodInvocation *invocation, const char *method)
{
  GVariant *parameters = g_dbus_method_invocation_get_parameters (invocation);
  g_autofree char *text = g_variant_print (parameters, FALSE);
  GVariant *answer;

  g_string_append_printf (calls, "%s%s\n", method, text);
  if (script.error != NULL)
    {
      g_autofree char *name = g_strconcat (TERN_ERROR_PREFIX, script.error, NULL);

      g_dbus_method_invocation_return_dbus_error (invocation, name, "it is as it is");
      return;
    }
  answer = answer_order (method);
  g_dbus_method_invocation_return_value (invocation, answer);
  if (answer != NULL)
    play ();
}

static gboolean
take_method (gpointer data)
{
  GDBusMethodInvocation *invocation = data;
  const char *method = g_dbus_method_invocation_get_method_name (invocation);
  GVariant *answer = answer_question (method);

  if (strcmp (method, "GetTask") == 0)
    {
      n_reads++;
      g_dbus_method_invocation_return_value (
          invocation, g_variant_new ("(@a{sv})", g_dbus_interface_skeleton_get_properties (
                                                     G_DBUS_INTERFACE_SKELETON (task))));
    }
  else if (answer != NULL)
    g_dbus_method_invocation_return_value (invocation, answer);
  else
    take_order (invocation, method);
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
  TernBusVm *vm = tern_bus_vm_skeleton_new ();

  task = tern_bus_task_skeleton_new ();
  host = tern_bus_host_skeleton_new ();
  g_object_set (task, "id", (guint64) ID, "kind", "drain", "source", "node1", "started",
                (gint64) 1000000, "finished", (gint64) 5100000, "downtime", (gint64) -1, NULL);
  g_object_set (vm, "uuid", UUID, "name", "db01", "host", "node2", "state", "running", "origin",
                "node1", "drain-action", "ask", NULL);
  g_object_set (host, "name", "node1", "state", "up", "duty", "maintenance", "duty-task",
                (guint64) ID, NULL);
  put_object (TERN_BUS_PATH_HOSTS "/node1", host);
  put_object (TASK_PATH, task);
  put_object (VM_PATH, vm);
  g_object_unref (vm);
}

static void
setup (void)
{
  fixture_start ();
  script = (Script){ .kind = "drain", .activated = "/", .origins = "[]", .webhooks = "[]" };
  calls = g_string_new (NULL);
  server = g_dbus_object_manager_server_new (TERN_BUS_PATH);
  manager = tern_bus_manager_skeleton_new ();
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
  g_clear_object (&host);
  g_string_free (calls, TRUE);
  fixture_end ();
}

/* --- what is sent --- */

START_TEST (what_is_typed_is_sent_as_the_contract_has_it)
{
  static const struct
  {
    const char *line, *call;
  } cases[] = {
    { "drain node1", "Drain(['node1'], {})\n" },
    { "drain node1 node2 --move-shut-off --policy force --bandwidth 100 --no-wait",
      "Drain(['node1', 'node2'], {'policy': <'force'>, 'bandwidth': <uint64 104857600>, "
      "'move-shut-off': <true>})\n" },
    { "drain node1 --action a=b=skip", "Drain(['node1'], {'actions': <{'a=b': 'skip'}>})\n" },
    { "drain node1 --deadline 2100-01-01T00:00:00Z",
      "Drain(['node1'], {'deadline': <int64 4102444800000000>})\n" },
    { "activate node1", "Activate('node1', {})\n" },
    { "activate node1 --return", "Activate('node1', {'return': <true>})\n" },
    { "task resume 7 --action db01=migrate", "Resume({'actions': <{'db01': 'migrate'}>},)\n" },
    { "task undo 7", "Undo({},)\n" },
    { "task cancel 7 --abort --no-wait", "Cancel({'abort': <true>},)\n" },
    { "task cancel 7 --no-wait", "Cancel({},)\n" },
    { "vm set db01 --drain-action shutdown", "SetVm('db01', {'drain-action': <'shutdown'>})\n" },
    { "vm set db01 --drain-action none", "SetVm('db01', {'drain-action': <''>})\n" },
    { "webhook add pager https://x/y", "AddWebhook('pager', 'https://x/y', {})\n" },
    { "webhook add pager https://x --events task.ended,host.lost --ca-file /ca --pin sha256//A "
      "--secret-file key",
      "AddWebhook('pager', 'https://x', {'events': <['task.ended', 'host.lost']>, 'ca-file': "
      "<'/ca'>, 'pin': <'sha256//A'>, 'secret-file': <'key'>})\n" },
    { "webhook test pager", "TestWebhook('pager', {})\n" },
    { "webhook remove pager", "RemoveWebhook('pager', {})\n" },
  };

  script.end = "done";
  script.items = ALL_GONE;
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_string_truncate (calls, 0);
      g_auto (Ran) ran = run_command (cases[i].line);

      ck_assert_msg (ran.status == 0, "%s: %d: %s", cases[i].line, ran.status, ran.err);
      ck_assert_msg (strcmp (calls->str, cases[i].call) == 0, "%s:\n%s", cases[i].line, calls->str);
    }
}
END_TEST

START_TEST (what_makes_no_sense_is_refused_before_anything_is_sent)
{
  static const char *const lines[] = {
    "drain node1 --deadline 2020-01-01T00:00:00Z",
    "drain node1 --action db01=skip --action db01=cold",
    "activate node1 --dry-run",
    "activate node1 --save x",
    "activate node1 --no-wait",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    {
      g_auto (Ran) ran = run_command (lines[i]);

      ck_assert_msg (ran.status == 2, "%s: %d: %s", lines[i], ran.status, ran.err);
      ck_assert_str_eq (calls->str, "");
    }
}
END_TEST

/* --- ends --- */

START_TEST (each_end_of_a_drain_has_its_status_and_its_way_on)
{
  static const struct
  {
    const char *end, *items;
    int status;
    const char *out, *err;
  } cases[] = {
    { "done", ALL_GONE, 0, "node1 is drained: 1 VM has left, 1 stays as was said", "" },
    { "done", ALL_GONE, 0, "virtern activate node1 --return", "web01: is on node2 now\n" },
    { "remainder", ONE_LEFT, 1, "anna has locked it\n", "node1 is not drained: 1 VM is left\n" },
    { "remainder", ONE_LEFT, 1, "Remedy: virtern vm unlock db01\n", "virtern task resume 7" },
    { "remainder", ONE_LEFT, 1, "db01 (node1) could not leave:\n",
      "db01: stays on node1: anna has locked it\n" },
    { "cancelled", ONE_LEFT, 5, "virtern task undo 7", "Task 7 was cancelled\n" },
    { "failed", "[]", 1, "", "virtern task show 7" },
    { "attention", "[]", 6, "", "virtern task show 7" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      script.end = cases[i].end;
      script.items = cases[i].items;
      g_auto (Ran) ran = run_command ("drain node1");
      g_auto (Ran) watched = run_command ("task watch 7");

      ck_assert_msg (ran.status == cases[i].status, "%s: %d: %s", cases[i].end, ran.status,
                     ran.err);
      assert_says (cases[i].end, ran.out, cases[i].out);
      assert_says (cases[i].end, ran.err, cases[i].err);
      ck_assert_int_eq (watched.status, cases[i].status);
      ck_assert_str_eq (watched.out, ran.out);
    }
}
END_TEST

START_TEST (a_return_that_leaves_some_away_is_no_failure)
{
  script.activated = TASK_PATH;
  script.end = "remainder";
  script.items = "[" ITEM ("web01", "node2", "gone", "node1", "") ", " ITEM (
      "db01", "node2", "left", "node1",
      ", 'Reasons': <[" REASON ("memory.short", "node1 lacks 2 GiB", "") "]>") "]";
  g_object_set (task, "kind", "return", "source", "", "destination", "node1", NULL);
  g_auto (Ran) ran = run_command ("activate node1 --return");

  ck_assert_msg (ran.status == 0, "%s", ran.err);
  assert_says ("activate", ran.err, "web01: is home on node1\n");
  assert_says ("activate", ran.out, "1 of 2 VMs are home on node1 again");
  assert_says ("activate", ran.out, "db01 (node2) cannot go home yet:\n");
  assert_says ("activate", ran.out, "node1 lacks 2 GiB\n");
}
END_TEST

START_TEST (an_order_that_is_refused_has_the_status_that_the_manual_promises)
{
  static const struct
  {
    const char *error;
    int drain, activate;
  } cases[] = {
    { "Refused", 4, 4 },       { "Exists", 4, 1 }, { "Unreachable", 4, 1 },
    { "NotFound", 10, 10 },    { "Busy", 4, 4 },   { "InvalidArgument", 2, 2 },
    { "NotAuthorized", 1, 1 }, { "Store", 1, 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      script.error = cases[i].error;
      g_autofree char *plan = fixture_put_file ("plan.json", "{}");
      g_autofree char *apply = g_strconcat ("apply ", plan, NULL);
      g_auto (Ran) drain = run_command ("drain node1");
      g_auto (Ran) applied = run_command (apply);
      g_auto (Ran) activate = run_command ("activate node1");

      ck_assert_msg (drain.status == cases[i].drain, "%s: %d", cases[i].error, drain.status);
      ck_assert_msg (applied.status == cases[i].drain, "%s: %d", cases[i].error, applied.status);
      ck_assert_msg (activate.status == cases[i].activate, "%s: %d", cases[i].error,
                     activate.status);
      assert_says ("drain", drain.err, "it is as it is");
    }
}
END_TEST

static gboolean
is_read (gpointer times)
{
  return n_reads >= GPOINTER_TO_UINT (times);
}

START_TEST (ctrl_c_ends_the_waiting_and_the_drain_goes_on)
{
  g_autoptr (GSubprocess) process = start_command ("drain node1");

  fixture_wait_for (is_read, GUINT_TO_POINTER (1), "a read of the task");
  g_subprocess_send_signal (process, SIGINT);
  g_auto (Ran) ran = finish_command (process, "drain node1");

  ck_assert_int_eq (ran.status, 130);
  assert_says ("drain", ran.err, "Task 7 goes on");
  ck_assert_str_eq (calls->str, "Drain(['node1'], {})\n");
}
END_TEST

START_TEST (a_cancel_of_a_drain_tells_what_still_goes_on)
{
  static const char moving[] = "[" ITEM ("web01", "node1", "moving", "node2", "") "]";

  set_items (moving);
  set_state ("running");
  g_auto (Ran) ran = run_command ("task cancel 7 --timeout 1");

  ck_assert_msg (ran.status == 3, "%s", ran.err);
  assert_says ("task cancel", ran.err, "begins no further VM; 1 move is under way");
  assert_says ("task cancel", ran.err, "virtern task cancel 7 --abort");
}
END_TEST

START_TEST (without_waiting_it_tells_how_to_follow)
{
  g_auto (Ran) ran = run_command ("drain node1 --no-wait");
  g_auto (Ran) json = run_command ("drain node1 --no-wait --json");

  ck_assert_int_eq (ran.status, 0);
  ck_assert_str_eq (ran.out, "Task 7 drains node1; “virtern task watch 7” follows it.\n");
  assert_says ("drain --json", json.out, "\"items\" : [");
  assert_says ("drain --json", json.out, "\"vm-uuid\" : \"web01\"");
}
END_TEST

/* --- duties, origins --- */

START_TEST (an_open_host_tells_who_is_still_away)
{
  script.origins = "[{'Vm': <'db01'>, 'VmUuid': <'" UUID "'>, 'Host': <'node1'>, 'On': <'node2'>, "
                   "'Status': <'node1 lacked 2 GiB'>}, {'Vm': <'lost01'>, 'On': <''>}]";
  g_auto (Ran) opened = run_command ("activate node1");
  g_auto (Ran) shown = run_command ("host show node1");
  g_auto (Ran) listed = run_command ("host list");
  g_auto (Ran) vm = run_command ("vm show db01");

  assert_says ("activate", opened.out, "node1 is open to VMs.\n2 VMs that left it are elsewhere");
  assert_says ("host show", shown.out, "maintenance: nothing is placed on it");
  assert_says ("host show", shown.out, "2 VMs belong here and are away");
  assert_says ("host show", shown.out, "db01, on node2: node1 lacked 2 GiB\n");
  assert_says ("host show", shown.out, "lost01, which no host shows now\n");
  assert_says ("host list", listed.out, "DUTY");
  assert_says ("host list", listed.out, "maintenance");
  assert_says ("vm show", vm.out, "node1; a drain took it away");
  assert_says ("vm show", vm.out, "ask, by “virtern vm set”");
}
END_TEST

START_TEST (status_names_what_somebody_may_have_forgotten)
{
  script.webhooks = "[{'Name': <'pager'>, 'Url': <'https://x'>, 'Waiting': <uint64 12>, 'Error': "
                    "<'no route to host'>}, {'Name': <'well'>, 'Error': <''>}]";
  g_auto (Ran) maintenance = run_command ("status");
  g_auto (Ran) json = run_command ("status --json");

  assert_says ("status", maintenance.out, "Host node1 is in maintenance; “virtern activate node1”");
  assert_says ("status", maintenance.out, "1 VM belongs on node1 and is away");
  assert_says ("status", maintenance.out, "Webhook pager fails, 12 notices wait: no route to host");
  ck_assert_ptr_null (strstr (maintenance.out, "well"));
  assert_says ("status --json", json.out, "\"maintenance\" : 1");

  g_object_set (host, "duty", "draining", NULL);
  set_state ("remainder");
  g_auto (Ran) remainder = run_command ("status");
  assert_says ("status", remainder.out, "its drain left VMs on it; “virtern task show 7”");

  set_state ("running");
  g_auto (Ran) draining = run_command ("status");
  assert_says ("status", draining.out, "Host node1 is being drained; “virtern task watch 7”");
  ck_assert_ptr_null (strstr (draining.out, "left VMs"));
}
END_TEST

/* --- webhooks --- */

START_TEST (webhooks_are_listed_with_what_waits_and_what_fails)
{
  script.webhooks = "[{'Name': <'pager'>, 'Url': <'https://x'>, 'Events': <['task.ended', "
                    "'host.lost']>, 'Waiting': <uint64 12>, 'Dropped': <uint64 3>, 'Error': "
                    "<'no route to host'>}]";
  g_auto (Ran) list = run_command ("webhook list");
  g_auto (Ran) json = run_command ("webhook list --json");
  g_auto (Ran) tested = run_command ("webhook test pager");

  assert_says ("webhook list", list.out, "task.ended,host.lost");
  assert_says ("webhook list", list.out, "no route to host");
  assert_says ("webhook list --json", json.out, "\"waiting\" : 12");
  ck_assert_str_eq (tested.out, "pager took the test notice: 83 ms\n");
}
END_TEST

/* --- names --- */

START_TEST (names_that_are_made_to_mislead_stay_on_their_line)
{
  g_autofree char *long_name = g_strnfill (4096, 'x');
  g_autofree char *items = g_strdup_printf (
      "[" ITEM ("two\\nlines", "node1", "gone", "node2", "") ", " ITEM (
          "left\\u202eright", "node1", "left", "",
          ", 'Reasons': <[" REASON ("x", "a\\nb\\u001b[31m",
                                    "c\\nd") "]>") ", "
                                                   "{'VmUuid': <'l'>, 'Vm': <'%s'>, 'Host': "
                                                   "<'node1'>, 'State': <'left'>}]",
      long_name);

  script.end = "remainder";
  script.items = items;
  g_auto (Ran) ran = run_command ("drain node1");
  g_auto (Ran) shown = run_command ("task show 7");
  const char *const texts[] = { ran.out, ran.err, shown.out };

  ck_assert_int_eq (ran.status, 1);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      ck_assert_ptr_null (strstr (texts[i], "two\nlines"));
      ck_assert_ptr_null (strstr (texts[i], "\xe2\x80\xae"));
      ck_assert_ptr_null (strstr (texts[i], "\033"));
      ck_assert_ptr_null (strstr (texts[i], "\nb"));
    }
  assert_says ("drain", ran.out, "two\\x0alines");
  assert_says ("drain", ran.out, "left\\u{202e}right");
  assert_says ("task show", shown.out, long_name);
  /* A line of progress has its bounds. */
  ck_assert_ptr_null (strstr (ran.err, long_name));
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("cli-orders",
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, what_is_typed_is_sent_as_the_contract_has_it);
  tcase_add_test (tcase, what_makes_no_sense_is_refused_before_anything_is_sent);
  tcase_add_test (tcase, each_end_of_a_drain_has_its_status_and_its_way_on);
  tcase_add_test (tcase, a_return_that_leaves_some_away_is_no_failure);
  tcase_add_test (tcase, an_order_that_is_refused_has_the_status_that_the_manual_promises);
  tcase_add_test (tcase, ctrl_c_ends_the_waiting_and_the_drain_goes_on);
  tcase_add_test (tcase, a_cancel_of_a_drain_tells_what_still_goes_on);
  tcase_add_test (tcase, without_waiting_it_tells_how_to_follow);
  tcase_add_test (tcase, an_open_host_tells_who_is_still_away);
  tcase_add_test (tcase, status_names_what_somebody_may_have_forgotten);
  tcase_add_test (tcase, webhooks_are_listed_with_what_waits_and_what_fails);
  tcase_add_test (tcase, names_that_are_made_to_mislead_stay_on_their_line);)
/* clang-format on */
