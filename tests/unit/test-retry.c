/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * When a failed move may be tried to another host.
 */
#include "config.h"

#include "plan/retry.h"

#include "base/error.h"

#include "tern-check.h"

static TernTaskRecord *
failed_move (void)
{
  TernTaskRecord *record = tern_task_record_new ();

  record->chosen = TRUE;
  return record;
}

static const TernSighting runs = {
  .known = TRUE,
  .present = TRUE,
  .state = TERN_VM_RUNNING,
};

START_TEST (a_destination_that_we_chose_and_that_refused_is_replaced)
{
  g_autoptr (TernTaskRecord) record = failed_move ();

  ck_assert (tern_retry_allows (record, TERN_ERROR_FAILED, &runs));
  ck_assert (tern_retry_allows (record, TERN_ERROR_REFUSED, NULL));
}
END_TEST

START_TEST (the_host_that_a_person_named_is_not_replaced)
{
  g_autoptr (TernTaskRecord) record = failed_move ();

  record->chosen = FALSE;
  ck_assert (!tern_retry_allows (record, TERN_ERROR_FAILED, &runs));
}
END_TEST

START_TEST (three_hosts_are_tried_and_no_more)
{
  static const char *const tried[] = { "bert=no", "carl=no", "dora=no", NULL };

  for (guint n = 0; n <= 3; n++)
    {
      g_autoptr (TernTaskRecord) record = failed_move ();

      record->tried = g_new0 (char *, n + 1);
      for (guint i = 0; i < n; i++)
        record->tried[i] = g_strdup (tried[i]);
      ck_assert_int_eq (tern_retry_allows (record, TERN_ERROR_FAILED, &runs), n < 2);
    }
}
END_TEST

START_TEST (what_a_person_or_a_policy_ended_is_not_tried_again)
{
  g_autoptr (TernTaskRecord) cancelled = failed_move (), given_up = failed_move (),
                             resolved = failed_move (), start = failed_move ();

  cancelled->cancel_requested = TRUE;
  given_up->abort_reason = g_strdup ("it did not converge");
  resolved->resolution = g_strdup ("source");
  g_free (start->kind);
  start->kind = g_strdup ("start");
  ck_assert (!tern_retry_allows (cancelled, TERN_ERROR_FAILED, &runs));
  ck_assert (!tern_retry_allows (given_up, TERN_ERROR_FAILED, &runs));
  ck_assert (!tern_retry_allows (resolved, TERN_ERROR_FAILED, &runs));
  ck_assert (!tern_retry_allows (start, TERN_ERROR_FAILED, NULL));
}
END_TEST

START_TEST (only_a_vm_that_runs_as_before_is_tried_again)
{
  g_autoptr (TernTaskRecord) record = failed_move ();

  for (guint n = 0; n < 8 * TERN_VM_N_STATES; n++)
    {
      TernSighting seen = {
        .known = (n & 1) != 0, .present = (n & 2) != 0, .job_active = (n & 4) != 0, .state = n / 8
      };
      gboolean as_before = (n & 7) == 3 && seen.state == TERN_VM_RUNNING;

      ck_assert_int_eq (tern_retry_allows (record, TERN_ERROR_FAILED, &seen), as_before);
    }
}
END_TEST

/* A connection of ours that broke says nothing of the destination once the call was made. */
START_TEST (each_error_is_tried_again_only_if_it_may_lie_with_the_destination)
{
  g_autoptr (TernTaskRecord) record = failed_move ();

  for (guint code = 0; code < TERN_ERROR_N_CODES; code++)
    {
      gboolean silent = code == TERN_ERROR_UNREACHABLE || code == TERN_ERROR_TIMED_OUT;
      gboolean theirs = code == TERN_ERROR_FAILED || code == TERN_ERROR_REFUSED
                        || code == TERN_ERROR_NOT_AUTHORIZED || code == TERN_ERROR_NOT_SUPPORTED;

      ck_assert_int_eq (tern_retry_allows (record, (int) code, &runs), theirs);
      ck_assert_int_eq (tern_retry_allows (record, (int) code, NULL), theirs || silent);
    }
}
END_TEST

TERN_CHECK_MAIN (
    "retry", tcase_add_test (tcase, a_destination_that_we_chose_and_that_refused_is_replaced);
    tcase_add_test (tcase, the_host_that_a_person_named_is_not_replaced);
    tcase_add_test (tcase, three_hosts_are_tried_and_no_more);
    tcase_add_test (tcase, what_a_person_or_a_policy_ended_is_not_tried_again);
    tcase_add_test (tcase, only_a_vm_that_runs_as_before_is_tried_again);
    tcase_add_test (tcase, each_error_is_tried_again_only_if_it_may_lie_with_the_destination);)
