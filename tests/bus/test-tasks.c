/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A task as a client sees it: progress, the end, cancelling, and the history.
 */
#include "config.h"

#include "bus-fixture.h"
#include "snapshot.h"
#include "tern-check.h"

#include <sys/resource.h>

#define SECOND_US G_GINT64_CONSTANT (1000000)

static void
setup (void)
{
  fixture_start ();
  fixture_simulate (SNAPSHOT, "20");
}

static void
assert_task (const char *path, const char *property, const char *expected)
{
  g_autofree char *value = get_string (path, TERN_IFACE_TASK, property);

  ck_assert_str_eq (value, expected);
}

static void
cancel (const char *path)
{
  g_variant_unref (
      call_at (path, TERN_IFACE_TASK, "Cancel", g_variant_new ("(@a{sv})", no_options ()), NULL));
}

/* (transfer full): the tasks of a page; *out_next as ListTasks says */
static GVariant *
list (const char *option_text, guint64 *out_next)
{
  g_autoptr (GVariant) reply =
      call ("ListTasks", g_variant_new ("(@a{sv})", options (option_text)));
  GVariant *tasks;
  guint64 next;

  g_variant_get (reply, "(@aa{sv}t)", &tasks, &next);
  if (out_next != NULL)
    *out_next = next;
  return tasks;
}

static guint64
nth_id (GVariant *tasks, guint n)
{
  g_autoptr (GVariant) task = g_variant_get_child_value (tasks, n);
  guint64 id;

  ck_assert (g_variant_lookup (task, "Id", "t", &id));
  return id;
}

START_TEST (a_move_ends_done_and_the_vm_is_on_the_other_host)
{
  g_autofree char *task = migrate ("web", "node2");
  g_autoptr (GVariant) vm = call ("GetVm", g_variant_new ("(s)", "web"));
  g_autoptr (GVariant) uid = NULL;
  g_autofree char *host = NULL;
  const char *vm_path;

  ck_assert_str_eq (task, TERN_BUS_PATH_TASKS "/1");
  ck_assert (wait_for_end (task));
  assert_task (task, "State", "done");
  assert_task (task, "Phase", "done");
  assert_task (task, "Vm", "web");
  assert_task (task, "VmUuid", UUID_WEB);
  assert_task (task, "Source", "node1");
  assert_task (task, "Destination", "node2");
  assert_task (task, "Error", "");
  uid = get_property (task, TERN_IFACE_TASK, "StartedByUid");
  ck_assert_int_eq (g_variant_get_int64 (uid), getuid ());
  g_variant_get (vm, "(&o)", &vm_path);
  host = get_string (vm_path, TERN_IFACE_VM, "Host");
  ck_assert_str_eq (host, "node2");
}
END_TEST

/* What a signal says of a property, if it says something. */
static gboolean
lookup_changed (const Heard *heard, const char *name, const char *format, gpointer out)
{
  g_autoptr (GVariant) changed = NULL;

  if (!g_str_equal (heard->name, "PropertiesChanged"))
    return FALSE;
  changed = g_variant_get_child_value (heard->parameters, 1);
  return g_variant_lookup (changed, name, format, out);
}

START_TEST (progress_never_falls_and_completed_comes_last_and_once)
{
  g_autofree char *task = migrate ("db", "node2");
  guint32 progress = 0, before = 0, told = 0;
  gboolean completed = FALSE;

  ck_assert (wait_for_end (task));
  g_variant_unref (call ("GetTask", g_variant_new ("(t)", G_GUINT64_CONSTANT (1))));
  for (guint i = 0; i < fixture.heard->len; i++)
    {
      const Heard *heard = fixture.heard->pdata[i];

      if (!g_str_equal (heard->path, task))
        continue;
      ck_assert_msg (!completed, "%s came after Completed", heard->name);
      completed = g_str_equal (heard->name, "Completed");
      if (!lookup_changed (heard, "Progress", "u", &progress))
        continue;
      ck_assert_uint_ge (progress, before);
      before = progress;
      told++;
    }
  ck_assert (completed);
  ck_assert_uint_eq (before, 100);
  ck_assert_uint_gt (told, 3);
  ck_assert_uint_eq (count_heard (task, "Completed"), 1);
}
END_TEST

START_TEST (numbers_are_told_once_a_second_and_phases_at_once)
{
  g_autofree char *task = migrate ("db", "node2");
  g_autoptr (GVariant) started = NULL;
  g_autoptr (GVariant) finished = NULL;
  guint numbers = 0, phases = 0;
  gint64 seconds;

  ck_assert (wait_for_end (task));
  started = get_property (task, TERN_IFACE_TASK, "Started");
  finished = get_property (task, TERN_IFACE_TASK, "Finished");
  seconds = (g_variant_get_int64 (finished) - g_variant_get_int64 (started)) / SECOND_US;
  for (guint i = 0; i < fixture.heard->len; i++)
    {
      const Heard *heard = fixture.heard->pdata[i];
      const char *phase;

      if (!g_str_equal (heard->path, task) || !g_str_equal (heard->name, "PropertiesChanged"))
        continue;
      if (lookup_changed (heard, "Phase", "&s", &phase))
        phases++;
      else
        numbers++;
    }
  ck_assert_uint_ge (phases, 4);
  ck_assert_msg (numbers <= seconds + 1, "%u signals in %d s", numbers, (int) seconds);
}
END_TEST

START_TEST (a_move_that_fails_says_why_and_the_vm_stays)
{
  g_autofree char *task = migrate ("fails", "node2");
  g_autofree char *error = NULL;
  g_autofree char *name = NULL;
  g_autofree char *verdict = NULL;

  ck_assert (!wait_for_end (task));
  assert_task (task, "State", "failed");
  error = get_string (task, TERN_IFACE_TASK, "Error");
  name = get_string (task, TERN_IFACE_TASK, "ErrorName");
  verdict = get_string (task, TERN_IFACE_TASK, "Verdict");
  ck_assert_str_ne (error, "");
  ck_assert_str_ne (name, "");
  ck_assert_ptr_nonnull (strstr (verdict, "node1"));
}
END_TEST

START_TEST (two_running_copies_end_in_attention_and_hold_the_vm)
{
  g_autofree char *task = migrate ("torn", "node2");

  ck_assert (!wait_for_end (task));
  assert_task (task, "State", "attention");
  assert_error ("Migrate", g_variant_new ("(ss@a{sv})", "torn", "node3", no_options ()),
                "Attention", "");
  assert_error ("RemoveHost", g_variant_new ("(s@a{sv})", "node2", no_options ()), "Busy",
                "Task 1");
}
END_TEST

START_TEST (a_queued_task_can_be_cancelled)
{
  g_autofree char *first = migrate ("slow", "node2");
  g_autofree char *second = migrate ("slow2", "node2");

  wait_for_phase (first, "copying");
  assert_task (second, "State", "queued");
  cancel (second);
  ck_assert (!wait_for_end (second));
  assert_task (second, "State", "cancelled");
  assert_task (first, "State", "running");
}
END_TEST

START_TEST (a_preparing_task_can_be_cancelled)
{
  g_autofree char *task = migrate ("held-prepare", "node2");

  wait_for_phase (task, "preparing");
  cancel (task);
  ck_assert (!wait_for_end (task));
  assert_task (task, "State", "cancelled");
}
END_TEST

START_TEST (a_copying_task_can_be_cancelled)
{
  g_autofree char *task = migrate ("held-copy", "node2");
  g_autoptr (GVariant) requested = NULL;

  wait_for_phase (task, "copying");
  cancel (task);
  ck_assert (!wait_for_end (task));
  requested = get_property (task, TERN_IFACE_TASK, "CancelRequested");
  ck_assert (g_variant_get_boolean (requested));
  assert_task (task, "State", "cancelled");
}
END_TEST

/* Past the switchover there may be nothing left to cancel: either end is the truth. */
START_TEST (cancelling_in_the_switchover_ends_with_the_truth)
{
  g_autofree char *task = migrate ("held-switch", "node2");
  g_autofree char *state = NULL;
  gboolean success;

  wait_for_phase (task, "switching");
  cancel (task);
  success = wait_for_end (task);
  state = get_string (task, TERN_IFACE_TASK, "State");
  ck_assert_str_eq (state, success ? "done" : "cancelled");
}
END_TEST

START_TEST (cancelling_when_the_destination_runs_ends_done)
{
  g_autofree char *task = migrate ("held-finish", "node2");

  wait_for_phase (task, "switching");
  cancel (task);
  wait_for_end (task);
  assert_task (task, "State", "done");
}
END_TEST

START_TEST (an_ended_task_cannot_be_cancelled)
{
  g_autofree char *task = migrate ("web", "node2");
  g_autoptr (GVariant) cancelable = NULL;

  ck_assert (wait_for_end (task));
  cancelable = get_property (task, TERN_IFACE_TASK, "Cancelable");
  ck_assert (!g_variant_get_boolean (cancelable));
  assert_error_at (task, TERN_IFACE_TASK, "Cancel", g_variant_new ("(@a{sv})", no_options ()),
                   "Refused", "1");
}
END_TEST

static void
move_to_and_fro (guint times)
{
  for (guint i = 0; i < times; i++)
    {
      g_autofree char *task = migrate ("web", i % 2 == 0 ? "node2" : "node1");

      ck_assert (wait_for_end (task));
    }
}

START_TEST (the_history_comes_in_pages_newest_first)
{
  g_autoptr (GVariant) all = NULL;
  g_autoptr (GVariant) first = NULL;
  g_autoptr (GVariant) second = NULL;
  g_autoptr (GVariant) last = NULL;
  guint64 next;

  move_to_and_fro (6);
  all = list ("{}", &next);
  ck_assert_uint_eq (g_variant_n_children (all), 6);
  ck_assert_uint_eq (next, 0);

  first = list ("{'limit': <uint32 2>}", &next);
  ck_assert_uint_eq (nth_id (first, 0), 6);
  ck_assert_uint_eq (nth_id (first, 1), 5);
  ck_assert_uint_eq (next, 5);
  second = list ("{'limit': <uint32 2>, 'before': <uint64 5>}", &next);
  ck_assert_uint_eq (nth_id (second, 0), 4);
  ck_assert_uint_eq (next, 3);
  last = list ("{'limit': <uint32 2>, 'before': <uint64 3>}", &next);
  ck_assert_uint_eq (nth_id (last, 1), 1);
  ck_assert_uint_eq (next, 0);
}
END_TEST

START_TEST (the_history_can_be_narrowed)
{
  g_autofree char *failing = migrate ("fails", "node3");
  g_autofree char *running = NULL;
  g_autoptr (GVariant) by_vm = NULL;
  g_autoptr (GVariant) by_uuid = NULL;
  g_autoptr (GVariant) by_host = NULL;
  g_autoptr (GVariant) failed = NULL;
  g_autoptr (GVariant) open = NULL;
  g_autoptr (GVariant) none = NULL;

  ck_assert (!wait_for_end (failing));
  move_to_and_fro (2);
  running = migrate ("slow", "node2");
  wait_for_phase (running, "copying");

  by_vm = list ("{'vm': <'web'>}", NULL);
  ck_assert_uint_eq (g_variant_n_children (by_vm), 2);
  by_uuid = list ("{'vm': <'" UUID_WEB "'>}", NULL);
  ck_assert (g_variant_equal (by_vm, by_uuid));
  by_host = list ("{'host': <'node3'>}", NULL);
  ck_assert_uint_eq (g_variant_n_children (by_host), 1);
  failed = list ("{'state': <'failed'>}", NULL);
  ck_assert (g_variant_equal (by_host, failed));
  open = list ("{'state': <'running'>}", NULL);
  ck_assert_uint_eq (g_variant_n_children (open), 1);
  ck_assert_uint_eq (nth_id (open, 0), 4);
  none = list ("{'state': <'cancelled'>}", NULL);
  ck_assert_uint_eq (g_variant_n_children (none), 0);
}
END_TEST

/* With a @bound of 0 the daemon's store is full: no file of its can be written. */
static void
bound_files_of_daemon (rlim_t bound)
{
  struct rlimit limit;

  ck_assert_int_eq (prlimit (fixture.daemon_pid, RLIMIT_FSIZE, NULL, &limit), 0);
  limit.rlim_cur = MIN (bound, limit.rlim_max);
  ck_assert_int_eq (prlimit (fixture.daemon_pid, RLIMIT_FSIZE, &limit, NULL), 0);
}

static char *
get_store_error (void)
{
  return get_string (TERN_BUS_PATH, TERN_IFACE_MANAGER, "StoreError");
}

/* A list leaves out the VMs of drains; all else is told alike. */
static void
assert_same_but_items (GVariant *shown, GVariant *listed)
{
  g_autoptr (GVariant) whole = g_variant_get_child_value (shown, 0);
  g_autoptr (GVariant) short_form = g_variant_get_child_value (listed, 0);
  g_autoptr (GVariant) rest = NULL;
  g_auto (GVariantDict) dict = G_VARIANT_DICT_INIT (whole);

  ck_assert (g_variant_dict_remove (&dict, "Items"));
  rest = g_variant_ref_sink (g_variant_dict_end (&dict));
  ck_assert_uint_eq (g_variant_n_children (rest), g_variant_n_children (short_form));
  for (gsize i = 0; i < g_variant_n_children (short_form); i++)
    {
      const char *key;
      g_autoptr (GVariant) value = NULL;
      g_autoptr (GVariant) other = NULL;

      g_variant_get_child (short_form, i, "{&sv}", &key, &value);
      other = g_variant_lookup_value (rest, key, NULL);
      ck_assert_msg (other != NULL && g_variant_equal (value, other), "%s", key);
    }
}

START_TEST (the_history_tells_the_end_that_could_not_be_stored)
{
  g_autofree char *task = migrate ("held-finish", "node2");
  g_autofree char *again = NULL;
  g_autofree char *no_error = get_store_error ();
  g_autofree char *error = NULL;
  g_autofree char *cleared = NULL;
  g_autoptr (GVariant) all = NULL;
  g_autoptr (GVariant) running = NULL;
  g_autoptr (GVariant) done = NULL;
  g_autoptr (GVariant) shown = NULL;
  g_autoptr (GVariant) listed = NULL;

  wait_for_phase (task, "copying");
  ck_assert_str_eq (no_error, "");
  bound_files_of_daemon (0);
  ck_assert (wait_for_end (task));
  error = get_store_error ();
  ck_assert_msg (strstr (error, "virtern.db") != NULL, "“%s”", error);

  shown = call ("GetTask", g_variant_new ("(t)", G_GUINT64_CONSTANT (1)));
  all = list ("{}", NULL);
  listed = g_variant_new ("(@a{sv})", g_variant_get_child_value (all, 0));
  g_variant_ref_sink (listed);
  assert_same_but_items (shown, listed);
  running = list ("{'state': <'running'>}", NULL);
  ck_assert_uint_eq (g_variant_n_children (running), 0);
  done = list ("{'state': <'done'>, 'limit': <uint32 1>}", NULL);
  ck_assert_uint_eq (g_variant_n_children (done), 1);

  bound_files_of_daemon (RLIM_INFINITY);
  again = migrate ("web", "node2");
  ck_assert (wait_for_end (again));
  cleared = get_store_error ();
  ck_assert_str_eq (cleared, "");
}
END_TEST

START_TEST (wrong_ways_to_ask_for_the_history_are_refused_by_name)
{
  static const struct
  {
    const char *options, *error, *part;
  } wrong[] = {
    { "{'limit': <uint32 0>}", "InvalidArgument", "“limit”" },
    { "{'limit': <uint32 1001>}", "InvalidArgument", "“limit”" },
    { "{'limit': <5>}", "InvalidArgument", "“limit”" },
    { "{'state': <'finished'>}", "InvalidArgument", "“state”" },
    { "{'host': <'a b'>}", "InvalidArgument", "a b" },
    { "{'vm': <'nobody'>}", "Unreachable", "nobody" },
    { "{'vm': <'twin'>}", "Ambiguous", UUID_TWIN_A },
    { "{'when': <'now'>}", "InvalidArgument", "“when”" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    assert_error ("ListTasks", g_variant_new ("(@a{sv})", options (wrong[i].options)),
                  wrong[i].error, wrong[i].part);
}
END_TEST

/* --- how a task went --- */

/* (transfer full): a(xs), a(xttttu) or a(xs) */
static GVariant *
get_trace (guint64 id, gsize part)
{
  g_autoptr (GVariant) trace = call ("GetTrace", g_variant_new ("(t@a{sv})", id, no_options ()));

  return g_variant_get_child_value (trace, part);
}

static gint64
get_time (const char *task, const char *property)
{
  g_autoptr (GVariant) value = get_property (task, TERN_IFACE_TASK, property);

  return g_variant_get_int64 (value);
}

/* Returns: (transfer full): the words, each with a blank before it; the times must not fall */
static char *
join_phases (GVariant *phases, gint64 begin_us, gint64 end_us)
{
  GString *words = g_string_new (NULL);
  GVariantIter iter;
  const char *word;
  gint64 at_us, last_us = begin_us;

  g_variant_iter_init (&iter, phases);
  while (g_variant_iter_next (&iter, "(x&s)", &at_us, &word))
    {
      ck_assert_int_ge (at_us, last_us);
      last_us = at_us;
      g_string_append_printf (words, " %s", word);
    }
  ck_assert_int_eq (last_us, end_us);
  return g_string_free (words, FALSE);
}

static void
assert_samples (GVariant *samples, guint64 memory)
{
  GVariantIter iter;
  guint64 remaining, processed, dirty, rate, sent = 0;
  gint64 at_us, last_us = 0;
  guint iteration;

  ck_assert_uint_ge (g_variant_n_children (samples), 3);
  g_variant_iter_init (&iter, samples);
  while (g_variant_iter_next (&iter, "(xttttu)", &at_us, &remaining, &processed, &dirty, &rate,
                              &iteration))
    {
      ck_assert_int_ge (at_us, last_us);
      ck_assert_uint_le (remaining, memory);
      ck_assert_uint_ge (processed, sent);
      last_us = at_us;
      sent = processed;
    }
  ck_assert_uint_gt (sent, 0);
  ck_assert_uint_ge (iteration, 1);
}

START_TEST (the_trace_of_a_move_has_its_phases_and_samples_of_its_copy)
{
  g_autofree char *task = migrate ("db", "node2");
  g_autoptr (GVariant) running = NULL;
  g_autoptr (GVariant) phases = NULL;
  g_autoptr (GVariant) samples = NULL;
  g_autofree char *words = NULL;
  const char *last;

  wait_for_phase (task, "copying");
  running = get_trace (1, 0);
  g_variant_get_child (running, g_variant_n_children (running) - 1, "(x&s)", NULL, &last);
  ck_assert_str_ne (last, "done");
  ck_assert (wait_for_end (task));
  phases = get_trace (1, 0);
  samples = get_trace (1, 1);
  words = join_phases (phases, get_time (task, "Created"), get_time (task, "Finished"));
  ck_assert_msg (g_str_has_prefix (words, " queued checking preparing copying"), "%s", words);
  ck_assert_msg (g_str_has_suffix (words, " verifying done"), "%s", words);
  assert_samples (samples, G_GUINT64_CONSTANT (4) << 30);
}
END_TEST

START_TEST (a_trace_is_asked_for_by_the_id_of_a_task_and_without_options)
{
  assert_error ("GetTrace", g_variant_new ("(t@a{sv})", (guint64) 1, no_options ()), "NotFound",
                "There is no task 1");
  assert_error ("GetTrace", g_variant_new ("(t@a{sv})", G_MAXUINT64, no_options ()), "NotFound",
                "18446744073709551615");
  assert_error ("GetTrace", g_variant_new ("(t@a{sv})", (guint64) 1, options ("{'from': <1>}")),
                "InvalidArgument", "“from”");
}
END_TEST

START_TEST (large_numbers_do_no_harm)
{
  g_autoptr (GVariant) all = NULL;
  guint64 next;

  move_to_and_fro (1);
  all = list ("{'before': <uint64 18446744073709551615>, 'limit': <uint32 1000>}", &next);
  ck_assert_uint_eq (g_variant_n_children (all), 1);
  assert_error ("GetTask", g_variant_new ("(t)", G_MAXUINT64), "NotFound", "18446744073709551615");
  assert_error ("GetTask", g_variant_new ("(t)", (guint64) G_MAXINT64), "NotFound", "");
  assert_error ("GetTask", g_variant_new ("(t)", G_GUINT64_CONSTANT (0)), "NotFound", "");
  assert_error ("GetTask", g_variant_new ("(t)", G_GUINT64_CONSTANT (2)), "NotFound", "2");
}
END_TEST

static int
compare_strings (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* The names of the keys, sorted, on one line. */
static char *
join_keys (GVariant *dict)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  GVariantIter iter;
  const char *key;

  g_variant_iter_init (&iter, dict);
  while (g_variant_iter_next (&iter, "{&sv}", &key, NULL))
    g_ptr_array_add (keys, (gpointer) key);
  g_ptr_array_sort (keys, compare_strings);
  g_ptr_array_add (keys, NULL);
  return g_strjoinv (" ", (GStrv) keys->pdata);
}

START_TEST (the_history_has_the_keys_and_values_of_the_object)
{
  g_autofree char *task = migrate ("web", "node2");
  g_autoptr (GVariant) all_reply = NULL;
  g_autoptr (GVariant) got_reply = NULL;
  g_autoptr (GVariant) all = NULL;
  g_autoptr (GVariant) got = NULL;
  g_autofree char *all_keys = NULL;
  g_autofree char *got_keys = NULL;
  GVariantIter iter;
  const char *key;
  GVariant *value;

  ck_assert (wait_for_end (task));
  all_reply = call_at (task, "org.freedesktop.DBus.Properties", "GetAll",
                       g_variant_new ("(s)", TERN_IFACE_TASK), NULL);
  got_reply = call ("GetTask", g_variant_new ("(t)", G_GUINT64_CONSTANT (1)));
  all = g_variant_get_child_value (all_reply, 0);
  got = g_variant_get_child_value (got_reply, 0);
  all_keys = join_keys (all);
  got_keys = join_keys (got);
  ck_assert_str_eq (all_keys, got_keys);

  g_variant_iter_init (&iter, all);
  while (g_variant_iter_loop (&iter, "{&sv}", &key, &value))
    {
      g_autoptr (GVariant) other = g_variant_lookup_value (got, key, NULL);

      ck_assert_msg (g_variant_equal (value, other), "%s differs", key);
    }
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("tasks",
  tcase_add_checked_fixture (tcase, setup, fixture_end);
  tcase_add_test (tcase, a_move_ends_done_and_the_vm_is_on_the_other_host);
  tcase_add_test (tcase, progress_never_falls_and_completed_comes_last_and_once);
  tcase_add_test (tcase, numbers_are_told_once_a_second_and_phases_at_once);
  tcase_add_test (tcase, a_move_that_fails_says_why_and_the_vm_stays);
  tcase_add_test (tcase, two_running_copies_end_in_attention_and_hold_the_vm);
  tcase_add_test (tcase, a_queued_task_can_be_cancelled);
  tcase_add_test (tcase, a_preparing_task_can_be_cancelled);
  tcase_add_test (tcase, a_copying_task_can_be_cancelled);
  tcase_add_test (tcase, cancelling_in_the_switchover_ends_with_the_truth);
  tcase_add_test (tcase, cancelling_when_the_destination_runs_ends_done);
  tcase_add_test (tcase, an_ended_task_cannot_be_cancelled);
  tcase_add_test (tcase, the_history_comes_in_pages_newest_first);
  tcase_add_test (tcase, the_history_can_be_narrowed);
  tcase_add_test (tcase, the_history_tells_the_end_that_could_not_be_stored);
  tcase_add_test (tcase, wrong_ways_to_ask_for_the_history_are_refused_by_name);
  tcase_add_test (tcase, the_trace_of_a_move_has_its_phases_and_samples_of_its_copy);
  tcase_add_test (tcase, a_trace_is_asked_for_by_the_id_of_a_task_and_without_options);
  tcase_add_test (tcase, large_numbers_do_no_harm);
  tcase_add_test (tcase, the_history_has_the_keys_and_values_of_the_object);)
/* clang-format on */
