/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * From errors on the bus to exit statuses, and how the end of a task is told.
 */
#include "config.h"

#include "base/error.h"
#include "cli/exit-status.h"
#include "cli/outcome.h"
#include "tern-check.h"

#include <string.h>

START_TEST (every_error_code_has_the_status_that_the_manual_promises)
{
  static const struct
  {
    TernError code;
    int status;
  } cases[TERN_ERROR_N_CODES] = {
    { TERN_ERROR_FAILED, 1 },     { TERN_ERROR_INVALID_ARGUMENT, 2 }, { TERN_ERROR_NOT_FOUND, 10 },
    { TERN_ERROR_AMBIGUOUS, 10 }, { TERN_ERROR_EXISTS, 1 },           { TERN_ERROR_REFUSED, 4 },
    { TERN_ERROR_BUSY, 4 },       { TERN_ERROR_NOT_AUTHORIZED, 1 },   { TERN_ERROR_UNREACHABLE, 1 },
    { TERN_ERROR_TIMED_OUT, 1 },  { TERN_ERROR_CANCELLED, 5 },        { TERN_ERROR_ATTENTION, 6 },
    { TERN_ERROR_STORE, 1 },      { TERN_ERROR_NOT_SUPPORTED, 1 },
  };

  for (guint i = 0; i < TERN_ERROR_N_CODES; i++)
    {
      g_autoptr (GError) error = g_error_new (TERN_ERROR, (int) cases[i].code, "x");

      ck_assert_uint_eq (cases[i].code, i);
      ck_assert_int_eq ((int) tern_exit_from_error (error), cases[i].status);
    }
}
END_TEST

START_TEST (an_error_of_another_domain_is_a_failure_and_none_is_success)
{
  g_autoptr (GError) foreign = g_error_new (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "x");
  g_autoptr (GError) own = g_error_new (TERN_EXIT_ERROR, TERN_EXIT_NO_DAEMON, "x");

  ck_assert_int_eq ((int) tern_exit_from_error (NULL), 0);
  ck_assert_int_eq ((int) tern_exit_from_error (foreign), 1);
  ck_assert_int_eq ((int) tern_exit_from_error (own), 8);
}
END_TEST

/* What the daemon may throw at us, as GDBus hands it over. */
START_TEST (a_daemon_that_is_not_there_is_told_from_one_that_says_no)
{
  static const struct
  {
    const char *name;
    int status;
  } cases[] = {
    { "org.freedesktop.DBus.Error.ServiceUnknown", 8 },
    { "org.freedesktop.DBus.Error.NameHasNoOwner", 8 },
    { "org.freedesktop.DBus.Error.NoReply", 8 },
    { "org.freedesktop.DBus.Error.Spawn.ChildExited", 8 },
    { "org.freedesktop.DBus.Error.TimedOut", 8 },
    { "org.freedesktop.DBus.Error.AccessDenied", 1 },
    { "org.freedesktop.DBus.Error.InvalidArgs", 1 },
    { "org.virtern.Virtern1.Error.Refused", 4 },
    { "org.virtern.Virtern1.Error.NotFound", 10 },
    { "org.virtern.Virtern1.Error.OfTheFuture", 1 },
    { "com.example.Unheard", 1 },
  };

  (void) tern_error_quark ();
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gboolean session = FALSE; session <= TRUE; session++)
      {
        GError *error = g_dbus_error_new_for_dbus_error (cases[i].name, "Because");

        tern_client_translate_error_for (session, &error);
        ck_assert_msg ((int) tern_exit_from_error (error) == cases[i].status, "%s: %d %s",
                       cases[i].name, (int) tern_exit_from_error (error), error->message);
        ck_assert_msg (strstr (error->message, "GDBus.Error") == NULL, "%s", error->message);
        g_error_free (error);
      }
}
END_TEST

static GVariant *
make_task (const char *state, const char *error_name)
{
  GVariantDict dict;

  g_variant_dict_init (&dict, NULL);
  g_variant_dict_insert (&dict, "Id", "t", (guint64) 7);
  g_variant_dict_insert (&dict, "Vm", "s", "web01");
  g_variant_dict_insert (&dict, "Source", "s", "node1");
  g_variant_dict_insert (&dict, "Destination", "s", "node3");
  g_variant_dict_insert (&dict, "State", "s", state);
  g_variant_dict_insert (&dict, "ErrorName", "s", error_name);
  g_variant_dict_insert (&dict, "Error", "s", "The link is down");
  g_variant_dict_insert (&dict, "Verdict", "s", "It runs on node1");
  g_variant_dict_insert (&dict, "Started", "x", (gint64) 1000000);
  g_variant_dict_insert (&dict, "Finished", "x", (gint64) 5100000);
  g_variant_dict_insert (&dict, "Downtime", "x", (gint64) 34000);
  return g_variant_ref_sink (g_variant_dict_end (&dict));
}

START_TEST (an_end_other_than_done_has_its_own_status_and_says_what_both_hosts_said)
{
  static const struct
  {
    const char *state, *error_name;
    int status;
  } cases[] = {
    { "failed", "Failed", 1 },       { "failed", "Unreachable", 1 },
    { "failed", "Refused", 4 },      { "cancelled", "Cancelled", 5 },
    { "attention", "Attention", 6 }, { "a-state-of-the-future", "", 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GVariant) task = make_task (cases[i].state, cases[i].error_name);
      g_autoptr (GError) error = NULL;

      tern_outcome_set_error (task, &error);
      ck_assert_int_eq ((int) tern_exit_from_error (error), cases[i].status);
      if (cases[i].status != 5)
        ck_assert_ptr_nonnull (strstr (error->message, "web01"));
      ck_assert_ptr_nonnull (strstr (error->message, "It runs on node1"));
      if (cases[i].status != 5)
        ck_assert_ptr_nonnull (strstr (error->message, "The link is down"));
    }
}
END_TEST

/* @states: of tasks, separated by blanks; "refused" is failed because a check said no */
static GPtrArray *
make_tasks (const char *states)
{
  GPtrArray *tasks = g_ptr_array_new_with_free_func ((GDestroyNotify) g_variant_unref);
  g_auto (GStrv) words = g_strsplit (states, " ", -1);

  for (guint i = 0; words[i] != NULL; i++)
    {
      gboolean refused = g_str_equal (words[i], "refused");

      g_ptr_array_add (tasks, make_task (refused ? "failed" : words[i], refused ? "Refused" : ""));
    }
  return tasks;
}

START_TEST (several_tasks_end_as_the_worst_of_them)
{
  static const struct
  {
    const char *states;
    int status;
    const char *says;
  } cases[] = {
    { "done done", 0, NULL },
    { "done cancelled", 5, "1 of 2 tasks" },
    { "cancelled refused done", 4, "2 of 3 tasks" },
    { "refused failed cancelled", 1, "3 of 3 tasks" },
    { "cancelled refused failed", 1, "3 of 3 tasks" },
    { "attention failed done", 6, "must look at both hosts" },
    { "failed done attention", 6, "2 of 3 tasks" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GPtrArray) tasks = make_tasks (cases[i].states);
      g_autoptr (GError) error = NULL;

      ck_assert_int_eq (tern_outcome_judge_all (tasks, &error), cases[i].status == 0);
      ck_assert_msg ((int) tern_exit_from_error (error) == cases[i].status, "%s: %d",
                     cases[i].states, (int) tern_exit_from_error (error));
      if (cases[i].says != NULL)
        ck_assert_msg (strstr (error->message, cases[i].says) != NULL, "%s", error->message);
    }
}
END_TEST

START_TEST (a_start_is_told_as_a_start)
{
  g_autoptr (GVariant) migration = make_task ("done", "");
  g_autoptr (GVariant) start = NULL;
  g_autofree char *sentence = NULL;
  GVariantDict dict;

  g_variant_dict_init (&dict, migration);
  g_variant_dict_insert (&dict, "Kind", "s", "start");
  start = g_variant_ref_sink (g_variant_dict_end (&dict));
  sentence = tern_outcome_format_done (start);
  ck_assert_str_eq (sentence, "web01 is started on node3: 4.1 s");
}
END_TEST

START_TEST (a_done_migration_tells_how_long_it_took_and_how_long_the_guest_stood)
{
  g_autoptr (GVariant) task = make_task ("done", "");
  g_autofree char *sentence = tern_outcome_format_done (task);

  ck_assert_str_eq (sentence, "web01 now runs on node3: 4.1 s, downtime 34 ms (measured)");
}
END_TEST

TERN_CHECK_MAIN (
    "cli-exit", tcase_add_test (tcase, every_error_code_has_the_status_that_the_manual_promises);
    tcase_add_test (tcase, an_error_of_another_domain_is_a_failure_and_none_is_success);
    tcase_add_test (tcase, a_daemon_that_is_not_there_is_told_from_one_that_says_no);
    tcase_add_test (tcase, an_end_other_than_done_has_its_own_status_and_says_what_both_hosts_said);
    tcase_add_test (tcase, several_tasks_end_as_the_worst_of_them);
    tcase_add_test (tcase, a_start_is_told_as_a_start);
    tcase_add_test (tcase, a_done_migration_tells_how_long_it_took_and_how_long_the_guest_stood);)
