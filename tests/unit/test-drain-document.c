/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A plan that was kept: comes back as it was, or is refused with what is wrong.
 */
#include "config.h"

#include "plan/drain-document.h"

#include "base/error.h"

#include "drain-world.h"
#include "tern-check.h"

#include <json-glib/json-glib.h>
#include <string.h>

static char *
document_of (DrainWorld *world, GBytes *key)
{
  TernDrainQuestion question = drain_world_question (world);
  g_autoptr (TernDrainPlan) plan = tern_drain_plan (&question);

  return tern_drain_document_format (plan, &question, "us", key);
}

static int
parse_code (const char *json, const char *cluster_id, GBytes *key)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (TernDrain) drain = tern_drain_document_parse (json, cluster_id, key, &error);

  return drain != NULL ? -1 : error->code;
}

static void
fill (DrainWorld *world)
{
  drain_world_init (world, 3);
  drain_world_vm (world, "a", 1, 4);
  drain_world_vm (world, "b\n\"\xff", 1, 4)->drain_action = TERN_DRAIN_ASK;
  world->drain->move_shut_off = TRUE;
}

START_TEST (a_plan_comes_back_as_it_was_ordered)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (GBytes) key = g_bytes_new ("secret", 6);
  g_autofree char *json = NULL;
  g_autoptr (TernDrain) drain = NULL;

  fill (&world);
  json = document_of (&world, key);
  drain = tern_drain_document_parse (json, "us", key, NULL);
  ck_assert_ptr_nonnull (drain);
  ck_assert_str_eq (drain->hosts[0], "node1");
  ck_assert (drain->move_shut_off);
  ck_assert_uint_eq (g_strv_length (drain->preferred), 1);
  ck_assert (g_str_has_suffix (drain->preferred[0], "=node2"));
}
END_TEST

START_TEST (spaces_and_the_order_of_keys_are_no_edit_and_every_other_change_is)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (GBytes) key = g_bytes_new ("secret", 6), other = g_bytes_new ("Secret", 6);
  g_autofree char *json = NULL, *compact = NULL;
  g_autoptr (JsonNode) node = NULL;
  guint n_refused = 0;

  fill (&world);
  json = document_of (&world, key);
  node = json_from_string (json, NULL);
  compact = json_to_string (node, FALSE);
  ck_assert_int_eq (parse_code (compact, "us", key), -1);
  ck_assert_int_eq (parse_code (json, "us", other), TERN_ERROR_INVALID_ARGUMENT);
  ck_assert_int_eq (parse_code (json, "them", key), TERN_ERROR_REFUSED);
  for (gsize i = 0; compact[i] != '\0'; i++)
    {
      g_autofree char *edited = g_strdup (compact);
      g_autoptr (JsonNode) changed = NULL;

      if (!g_ascii_isalnum (compact[i]) || (i > 0 && compact[i - 1] == '\\'))
        continue;
      edited[i] = compact[i] == '7' ? '8' : '7';
      /* The seventeenth digit of a fraction says nothing. */
      changed = json_from_string (edited, NULL);
      if (changed != NULL && json_node_equal (node, changed))
        continue;
      n_refused++;
      ck_assert_msg (parse_code (edited, "us", key) >= 0, "at %s", compact + i);
    }
  ck_assert_uint_gt (n_refused, 100);
}
END_TEST

START_TEST (what_is_no_plan_is_refused_without_harm)
{
  g_autoptr (GBytes) key = g_bytes_new ("secret", 6);
  g_autofree char *deep = g_strnfill (1000000, '[');
  const char *const texts[] = { "",     "{}", "[]",  "7",    "null", "{\"virtern-plan\": 1}",
                                "\xff", deep, "7{}", "{}{}", "{",    "]" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    ck_assert_int_eq (parse_code (texts[i], "us", key), TERN_ERROR_INVALID_ARGUMENT);
}
END_TEST

START_TEST (a_plan_of_more_than_any_cluster_has_is_not_even_read)
{
  g_autoptr (GBytes) key = g_bytes_new ("secret", 6);
  g_autofree char *commas = g_strnfill (1000001, ',');
  g_autofree char *json = g_strdup_printf ("{\"moves\": [%s]}", commas);
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (tern_drain_document_parse (json, "us", key, &error));
  ck_assert_ptr_nonnull (strstr (error->message, "too long"));
}
END_TEST

static void
assert_changed (DrainWorld *world, const char *json, const char *word)
{
  TernDrainQuestion question = drain_world_question (world);
  g_autoptr (GError) error = NULL;

  ck_assert (!tern_drain_document_holds (json, &question, &error));
  ck_assert_int_eq (error->code, TERN_ERROR_REFUSED);
  ck_assert_msg (strstr (error->message, word) != NULL, "%s", error->message);
}

START_TEST (what_changed_since_is_named)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (GBytes) key = g_bytes_new ("secret", 6);
  g_autofree char *json = NULL;
  TernDrainQuestion question;
  TernVm *a;

  fill (&world);
  a = world.vms->pdata[0];
  json = document_of (&world, key);
  question = drain_world_question (&world);
  ck_assert (tern_drain_document_holds (json, &question, NULL));

  a->state = TERN_VM_PAUSED;
  assert_changed (&world, json, "a was running and is paused now");
  a->state = TERN_VM_RUNNING;
  plan_set (&a->host, "node3");
  assert_changed (&world, json, "a was on node1 and is on node3 now");
  plan_set (&a->host, "node1");
  drain_world_host (&world, 2)->config->duty = TERN_DUTY_DRAINING;
  assert_changed (&world, json, "node2 was active and is draining now");
  drain_world_host (&world, 2)->config->duty = TERN_DUTY_ACTIVE;
  drain_world_host (&world, 2)->facts->memory_free = GIB;
  assert_changed (&world, json, "MiB on node2");
  drain_world_host (&world, 2)->facts->memory_free = 16 * GIB;
  drain_world_vm (&world, "new", 1, 1);
  assert_changed (&world, json, "new is on node1 now");
}
END_TEST

START_TEST (an_open_task_matters_only_for_those_that_go)
{
  g_auto (DrainWorld) world = { NULL };
  g_autoptr (GBytes) key = g_bytes_new ("secret", 6);
  g_autofree char *json = NULL, *left = NULL, *moving = NULL;
  TernDrainQuestion question;
  TernTaskRecord *task;
  TernVm *a;

  fill (&world);
  a = world.vms->pdata[0];
  json = document_of (&world, key);
  task = drain_world_child (&world, "migrate", a, "node2");
  task->phase = TERN_PHASE_ATTENTION;
  task->parent = 0;
  assert_changed (&world, json, "a task of a is open");

  left = document_of (&world, key);
  question = drain_world_question (&world);
  ck_assert (tern_drain_document_holds (left, &question, NULL));

  /* One that was under way when the plan was made is none of the plan's moves. */
  task->phase = TERN_PHASE_COPYING;
  moving = document_of (&world, key);
  question = drain_world_question (&world);
  ck_assert_ptr_nonnull (strstr (moving, "\"moving\""));
  ck_assert (tern_drain_document_holds (moving, &question, NULL));
}
END_TEST

TERN_CHECK_MAIN (
    "drain-document", tcase_add_test (tcase, a_plan_comes_back_as_it_was_ordered);
    tcase_add_test (tcase, spaces_and_the_order_of_keys_are_no_edit_and_every_other_change_is);
    tcase_add_test (tcase, what_is_no_plan_is_refused_without_harm);
    tcase_add_test (tcase, a_plan_of_more_than_any_cluster_has_is_not_even_read);
    tcase_add_test (tcase, what_changed_since_is_named);
    tcase_add_test (tcase, an_open_task_matters_only_for_those_that_go);)
