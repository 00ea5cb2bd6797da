/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a client can do with a task besides cancelling it: another policy, and a decision about a
 * VM that two hosts have.
 */
#include "config.h"

#include "bus-fixture.h"
#include "snapshot.h"
#include "tern-check.h"

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

typedef struct
{
  const char *path;
  const char *property;
  const char *value;
} Wanted;

static gboolean
says (gpointer data)
{
  const Wanted *wanted = data;
  g_autofree char *value = get_string (wanted->path, TERN_IFACE_TASK, wanted->property);

  return g_str_equal (value, wanted->value);
}

static void
wait_for_task (const char *path, const char *property, const char *value)
{
  Wanted wanted = { path, property, value };

  fixture_wait_for (says, &wanted, value);
}

static void
act (const char *path, const char *method, const char *argument, const char *text)
{
  g_variant_unref (call_at (path, TERN_IFACE_TASK, method,
                            g_variant_new ("(s@a{sv})", argument, options (text)), NULL));
}

static void
assert_act_error (const char *path, const char *method, const char *argument, const char *text,
                  const char *error, const char *part)
{
  assert_error_at (path, TERN_IFACE_TASK, method,
                   g_variant_new ("(s@a{sv})", argument, options (text)), error, part);
}

static void
assert_recheck_error (const char *path, const char *text, const char *error, const char *part)
{
  assert_error_at (path, TERN_IFACE_TASK, "Recheck", g_variant_new ("(@a{sv})", options (text)),
                   error, part);
}

/* A move that left two running copies. Returns: (transfer full): its path */
static char *
tear (void)
{
  char *task = migrate ("torn", "node2");

  ck_assert (!wait_for_end (task));
  assert_task (task, "State", "attention");
  return task;
}

/* Hosts that show the VM, as "HOST STATE" lines. */
static char *
get_sightings (const char *vm)
{
  g_autoptr (GVariant) reply = call ("GetVm", g_variant_new ("(s)", vm));
  g_autoptr (GVariant) seen = NULL;
  g_autoptr (GString) lines = g_string_new (NULL);
  GVariantIter iter;
  const char *path, *host, *state;

  g_variant_get (reply, "(&o)", &path);
  seen = get_property (path, TERN_IFACE_VM, "SeenOn");
  g_variant_iter_init (&iter, seen);
  while (g_variant_iter_next (&iter, "(&s&s)", &host, &state))
    g_string_append_printf (lines, "%s %s\n", host, state);
  return g_strdup (lines->str);
}

/* SwitchPolicy */

START_TEST (an_open_move_gets_another_policy)
{
  static const char *const policies[] = { "careful", "default", "force" };
  g_autofree char *task = migrate ("slow", "node2");

  assert_task (task, "Policy", "default");
  wait_for_phase (task, "copying");
  for (guint i = 0; i < G_N_ELEMENTS (policies); i++)
    {
      act (task, "SwitchPolicy", policies[i], "{}");
      wait_for_task (task, "Policy", policies[i]);
    }
  assert_task (task, "State", "running");
}
END_TEST

START_TEST (a_policy_that_cannot_be_is_refused)
{
  g_autofree char *task = migrate ("slow", "node2");

  wait_for_phase (task, "copying");
  assert_act_error (task, "SwitchPolicy", "brutal", "{}", "InvalidArgument",
                    "The policy is “brutal”; it must be careful, default, postcopy or force");
  assert_act_error (task, "SwitchPolicy", "force", "{'now': <true>}", "InvalidArgument", "“now”");
  assert_act_error (task, "SwitchPolicy", "postcopy", "{}", "Refused", "post-copy");
  assert_task (task, "Policy", "default");
}
END_TEST

START_TEST (a_move_that_ended_has_no_use_for_a_policy)
{
  g_autofree char *task = migrate ("web", "node2");

  ck_assert (wait_for_end (task));
  assert_act_error (task, "SwitchPolicy", "force", "{}", "Refused", "1");
  assert_task (task, "Policy", "default");
}
END_TEST

/* Resolve */

START_TEST (a_decision_asks_for_the_name_of_the_vm)
{
  g_autofree char *task = tear ();
  g_autofree char *before = get_sightings ("torn");
  g_autofree char *after = NULL;

  assert_act_error (task, "Resolve", "destination", "{}", "InvalidArgument",
                    "give the VM's name once more, as the option “vm”");
  assert_act_error (task, "Resolve", "destination", "{'vm': <'web'>}", "InvalidArgument",
                    "“vm” is “web”, but task 1 is about the VM “torn”");
  assert_act_error (task, "Resolve", "destination", "{'vm': <'TORN'>}", "InvalidArgument",
                    "nothing was done");
  assert_act_error (task, "Resolve", "both", "{'vm': <'torn'>}", "InvalidArgument",
                    "“both”; it must be source or destination");
  assert_act_error (task, "Resolve", "source", "{'vm': <'torn'>, 'force': <true>}",
                    "InvalidArgument", "“force”");
  assert_task (task, "State", "attention");
  after = get_sightings ("torn");
  ck_assert_str_eq (before, "node1 running\nnode2 running\n");
  ck_assert_str_eq (after, before);
}
END_TEST

static gboolean
runs_once (gpointer host)
{
  g_autofree char *seen = get_sightings ("torn");
  g_autofree char *wanted = g_strdup_printf ("%s running\n", (const char *) host);

  return g_str_equal (seen, wanted);
}

static void
assert_decision (const char *keep, const char *host, const char *state)
{
  g_autofree char *task = tear ();
  g_autofree char *again = NULL;

  act (task, "Resolve", keep, "{'vm': <'torn'>}");
  wait_for_task (task, "State", state);
  fixture_wait_for (runs_once, (gpointer) host, "one running copy");
  ck_assert_uint_eq (count_heard (task, "Completed"), 1);
  assert_act_error (task, "Resolve", keep, "{'vm': <'torn'>}", "Refused", "nothing to decide");
  /* The VM is free again. */
  again = migrate ("torn", "node3");
  ck_assert (wait_for_end (again));
}

START_TEST (who_keeps_the_destination_has_the_move_done)
{
  assert_decision ("destination", "node2", "done");
}
END_TEST

START_TEST (who_keeps_the_source_has_the_move_undone)
{
  assert_decision ("source", "node1", "failed");
}
END_TEST

START_TEST (nothing_is_decided_about_a_task_that_needs_no_attention)
{
  g_autofree char *task = migrate ("slow", "node2");

  wait_for_phase (task, "copying");
  assert_act_error (task, "Resolve", "source", "{'vm': <'slow'>}", "Refused", "nothing to decide");
  assert_task (task, "State", "running");
}
END_TEST

/* People type what they were shown. */
START_TEST (the_name_may_be_given_as_it_is_shown)
{
  g_autofree char *task = migrate (UUID_ODD, "node2");
  g_autofree char *shown = NULL;

  ck_assert (wait_for_end (task));
  assert_act_error (task, "Resolve", "source", "{'vm': <'odd'>}", "InvalidArgument", "“odd”");
  shown = get_string (task, TERN_IFACE_TASK, "Vm");
  ck_assert_ptr_nonnull (strstr (shown, "\\x1b"));
  assert_error_at (
      task, TERN_IFACE_TASK, "Resolve",
      g_variant_new ("(s@a{sv})", "source", g_variant_new_parsed ("{'vm': <%s>}", shown)),
      "Refused", "nothing to decide");
}
END_TEST

/* Recheck */

static gboolean
was_in_attention_twice (gpointer path)
{
  guint times = 0;

  for (guint i = 0; i < fixture.heard->len; i++)
    {
      const Heard *heard = fixture.heard->pdata[i];
      g_autoptr (GVariant) changed = NULL;
      const char *state = NULL;

      if (!g_str_equal (heard->path, path) || !g_str_equal (heard->name, "PropertiesChanged"))
        continue;
      changed = g_variant_get_child_value (heard->parameters, 1);
      times +=
          g_variant_lookup (changed, "State", "&s", &state) && g_str_equal (state, "attention");
    }
  return times == 2;
}

START_TEST (who_looks_again_sees_what_is_there)
{
  g_autofree char *task = tear ();

  assert_recheck_error (task, "{'vm': <'torn'>}", "InvalidArgument", "“vm”");
  g_variant_unref (
      call_at (task, TERN_IFACE_TASK, "Recheck", g_variant_new ("(@a{sv})", no_options ()), NULL));
  fixture_wait_for (was_in_attention_twice, task, "the task to be in attention again");
  act (task, "Resolve", "destination", "{'vm': <'torn'>}");
  wait_for_task (task, "State", "done");
  assert_recheck_error (task, "{}", "Refused", "1");
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("task-acts",
  tcase_add_checked_fixture (tcase, setup, fixture_end);
  tcase_add_test (tcase, an_open_move_gets_another_policy);
  tcase_add_test (tcase, a_policy_that_cannot_be_is_refused);
  tcase_add_test (tcase, a_move_that_ended_has_no_use_for_a_policy);
  tcase_add_test (tcase, a_decision_asks_for_the_name_of_the_vm);
  tcase_add_test (tcase, who_keeps_the_destination_has_the_move_done);
  tcase_add_test (tcase, who_keeps_the_source_has_the_move_undone);
  tcase_add_test (tcase, nothing_is_decided_about_a_task_that_needs_no_attention);
  tcase_add_test (tcase, the_name_may_be_given_as_it_is_shown);
  tcase_add_test (tcase, who_looks_again_sees_what_is_there);
)
/* clang-format on */
