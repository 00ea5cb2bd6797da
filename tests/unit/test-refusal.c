/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What a person hears when an order finds no place: short enough to be read, and nothing left
 * out without being counted.
 */
#include "config.h"

#include "base/error.h"
#include "plan/refusal.h"
#include "tern-check.h"

typedef struct
{
  TernPlan *plan;
} Fixture;

static void
refusal_free (gpointer data)
{
  TernRefusal *refusal = data;

  tern_vm_unref ((TernVm *) refusal->vm);
  for (guint i = 0; i < refusal->verdicts->len; i++)
    tern_host_unref ((TernHost *) ((TernVerdict *) refusal->verdicts->pdata[i])->host);
  g_ptr_array_unref (refusal->verdicts);
  g_free (refusal);
}

static void
fixture_init (Fixture *self)
{
  self->plan = g_new0 (TernPlan, 1);
  self->plan->moves = g_ptr_array_new ();
  self->plan->refusals = g_ptr_array_new_with_free_func (refusal_free);
}

static void
fixture_clear (Fixture *self)
{
  g_ptr_array_unref (self->plan->moves);
  g_ptr_array_unref (self->plan->refusals);
  g_free (self->plan);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)

static TernRefusal *
add_refusal (Fixture *self, const char *name)
{
  TernRefusal *refusal = g_new0 (TernRefusal, 1);

  refusal->vm = tern_vm_new ("0b6d2c1e-5a3f-4c7d-9e1b-2f3a4b5c6d7e", name, "home");
  refusal->verdicts = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_verdict_free);
  g_ptr_array_add (self->plan->refusals, refusal);
  return refusal;
}

/* @code: (nullable): of a reason without parameters, or NULL for a host that was allowed alone */
static void
add_host (TernRefusal *refusal, const char *name, const char *code, const char *sentence)
{
  g_autoptr (TernHostConfig) config = tern_host_config_new (name, "sim://x/");
  TernVerdict *verdict = g_new0 (TernVerdict, 1);

  verdict->host = tern_host_new (config, TERN_HOST_UP, NULL, 0, NULL);
  verdict->reasons = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_reason_free);
  if (code != NULL)
    g_ptr_array_add (verdict->reasons, tern_reason_new (code, g_strdup (sentence), NULL, NULL));
  g_ptr_array_add (refusal->verdicts, verdict);
}

START_TEST (one_vm_on_a_named_host_hears_that_hosts_reasons_and_nothing_else)
{
  g_auto (Fixture) f;
  g_autoptr (GError) error = NULL;

  fixture_init (&f);
  add_host (add_refusal (&f, "web"), "bert", "host.maintenance", "bert is in maintenance");
  error = tern_plan_refusal (f.plan, "bert");
  ck_assert_str_eq (error->message, "bert is in maintenance");
  ck_assert_int_eq (error->code, TERN_ERROR_REFUSED);
}
END_TEST

START_TEST (without_a_named_host_each_is_told_of_up_to_ten_and_the_rest_counted)
{
  g_auto (Fixture) f;
  g_autoptr (GError) error = NULL;
  TernRefusal *refusal;

  fixture_init (&f);
  refusal = add_refusal (&f, "web");
  add_host (refusal, "home", "host.same", "web is on home already");
  for (guint i = 0; i < 13; i++)
    {
      g_autofree char *name = g_strdup_printf ("node%02u", i);

      add_host (refusal, name, "host.maintenance", "in maintenance");
    }
  error = tern_plan_refusal (f.plan, NULL);
  ck_assert_ptr_nonnull (strstr (error->message, "None of 13 hosts can take web"));
  ck_assert_ptr_nonnull (strstr (error->message, "on node09: in maintenance"));
  ck_assert_ptr_null (strstr (error->message, "node10"));
  ck_assert_ptr_nonnull (strstr (error->message, "and 3 more"));
  ck_assert_ptr_null (strstr (error->message, "home"));
}
END_TEST

START_TEST (where_there_is_no_other_host_that_is_what_is_said)
{
  g_auto (Fixture) f;
  g_autoptr (GError) error = NULL;

  fixture_init (&f);
  add_host (add_refusal (&f, "web"), "home", "host.same", "web is on home already");
  error = tern_plan_refusal (f.plan, NULL);
  ck_assert_ptr_nonnull (strstr (error->message, "no other host"));
}
END_TEST

/* Of a large group each VM has the reasons of a few hosts only. */
START_TEST (hosts_whose_reasons_were_left_out_are_counted)
{
  g_auto (Fixture) f;
  g_autoptr (GError) error = NULL;
  TernRefusal *refusal;

  fixture_init (&f);
  refusal = add_refusal (&f, "web");
  add_host (refusal, "home", "host.same", "web is on home already");
  add_host (refusal, "bert", NULL, NULL);
  g_ptr_array_add (((TernVerdict *) refusal->verdicts->pdata[1])->reasons,
                   tern_reason_new ("host.unreachable", g_strdup ("bert is silent"), NULL, "host",
                                    "bert", "error", "silent", NULL));
  refusal->left_out = 998;
  error = tern_plan_refusal (f.plan, NULL);
  ck_assert_ptr_nonnull (strstr (error->message, "None of 999 hosts can take web"));
  ck_assert_ptr_nonnull (strstr (error->message, "and 998 more"));
  /* What the others would have said is not known. */
  ck_assert_int_eq (error->code, TERN_ERROR_REFUSED);
}
END_TEST

START_TEST (of_a_group_each_vm_is_named_and_why)
{
  g_auto (Fixture) f;
  g_autoptr (GError) error = NULL;

  fixture_init (&f);
  for (guint i = 0; i < 12; i++)
    {
      g_autofree char *name = g_strdup_printf ("vm%02u\n", i);

      add_host (add_refusal (&f, name), "bert", i == 0 ? "host.maintenance" : NULL, "no");
    }
  g_ptr_array_add (f.plan->moves, NULL);
  error = tern_plan_refusal (f.plan, "bert");
  ck_assert_ptr_nonnull (
      strstr (error->message, "12 of 13 VMs find no place, and nothing was begun"));
  ck_assert_ptr_nonnull (strstr (error->message, "others of the order take the room"));
  ck_assert_ptr_nonnull (strstr (error->message, "and 2 more"));
  ck_assert_ptr_null (strchr (error->message, '\n'));
}
END_TEST

TERN_CHECK_MAIN (
    "refusal",
    tcase_add_test (tcase, one_vm_on_a_named_host_hears_that_hosts_reasons_and_nothing_else);
    tcase_add_test (tcase, without_a_named_host_each_is_told_of_up_to_ten_and_the_rest_counted);
    tcase_add_test (tcase, where_there_is_no_other_host_that_is_what_is_said);
    tcase_add_test (tcase, hosts_whose_reasons_were_left_out_are_counted);
    tcase_add_test (tcase, of_a_group_each_vm_is_named_and_why);)
