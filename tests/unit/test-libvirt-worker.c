/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Threads are held at gates the test opens, so that nothing depends on how fast they run.
 */
#include "config.h"

#include "base/error.h"
#include "drivers/worker.h"
#include "tern-check.h"

#include <string.h>

/* What a call of these tests does: reports that it began, waits for its gate, answers. */
typedef struct
{
  GMutex lock;
  GCond changed;
  gboolean open;
  int begun;
  int inputs_freed;
  int results_freed;
  gboolean wanted;
  gboolean fail;
} Gate;

static Gate gate;

static void
gate_set_open (gboolean open)
{
  g_mutex_lock (&gate.lock);
  gate.open = open;
  g_cond_broadcast (&gate.changed);
  g_mutex_unlock (&gate.lock);
}

static void
count (int *counter)
{
  g_mutex_lock (&gate.lock);
  (*counter)++;
  g_cond_broadcast (&gate.changed);
  g_mutex_unlock (&gate.lock);
}

/* Blocks until another thread has counted up to @value. */
static void
wait_for (const int *counter, int value)
{
  gint64 end = g_get_monotonic_time () + 60 * G_TIME_SPAN_SECOND;

  g_mutex_lock (&gate.lock);
  while (*counter < value)
    ck_assert (g_cond_wait_until (&gate.changed, &gate.lock, end));
  g_mutex_unlock (&gate.lock);
}

static gpointer
run_gated (TernCall *call, gpointer input, GError **error)
{
  count (&gate.begun);
  g_mutex_lock (&gate.lock);
  while (!gate.open)
    g_cond_wait (&gate.changed, &gate.lock);
  gate.wanted = tern_call_is_wanted (call);
  g_mutex_unlock (&gate.lock);

  if (gate.fail)
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED, "no");
      return NULL;
    }
  return g_strdup (input);
}

static gpointer
run_yes (TernCall *call, gpointer input, GError **error)
{
  return GINT_TO_POINTER (TRUE);
}

/* For an hour, or until nobody waits for it. */
static gpointer
run_waiting (TernCall *call, gpointer input, GError **error)
{
  gboolean wanted;

  count (&gate.begun);
  wanted = tern_call_wait (call, G_TIME_SPAN_HOUR);
  g_mutex_lock (&gate.lock);
  gate.wanted = wanted;
  g_mutex_unlock (&gate.lock);
  return g_strdup (input);
}

static gpointer
run_briefly_waiting (TernCall *call, gpointer input, GError **error)
{
  return tern_call_wait (call, 1) ? g_strdup (input) : NULL;
}

static void
free_input (gpointer input)
{
  g_free (input);
  count (&gate.inputs_freed);
}

static void
free_result (gpointer result)
{
  g_free (result);
  count (&gate.results_freed);
}

static const TernCallKind patient = { "asking", run_gated, free_input, free_result, 0 };
static const TernCallKind hasty = { "asking", run_gated, free_input, free_result, 1 };
static const TernCallKind waiting = { "asking", run_waiting, free_input, free_result, 1 };
static const TernCallKind brief = { "asking", run_briefly_waiting, free_input, free_result, 0 };
static const TernCallKind yes = { "asking", run_yes, free_input, NULL, 0 };

/* For runs without fork (valgrind): every thread of the test before has ended by then. */
static void
reset_gate (void)
{
  g_mutex_lock (&gate.lock);
  gate.open = gate.wanted = gate.fail = FALSE;
  gate.begun = gate.inputs_freed = gate.results_freed = 0;
  g_mutex_unlock (&gate.lock);
}

typedef struct
{
  gboolean done;
  char *text;
  GError *error;
} Answer;

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  ck_assert (!answer->done);
  answer->text = g_task_propagate_pointer (G_TASK (result), &answer->error);
  answer->done = TRUE;
}

static void
on_yes (GObject *source, GAsyncResult *result, gpointer data)
{
  Answer *answer = data;

  answer->text =
      g_task_propagate_boolean (G_TASK (result), &answer->error) ? g_strdup ("yes") : NULL;
  answer->done = TRUE;
}

static void
call (TernWorker *worker, const TernCallKind *kind, GCancellable *cancellable, Answer *answer)
{
  GTask *task = g_task_new (NULL, cancellable, kind == &yes ? on_yes : on_done, answer);

  tern_worker_call (worker, kind, task, g_strdup ("hello"));
  ck_assert (!answer->done);
}

static void
wait_done (const Answer *answer)
{
  while (!answer->done)
    g_main_context_iteration (NULL, TRUE);
}

static void
answer_clear (Answer *answer)
{
  g_free (answer->text);
  g_clear_error (&answer->error);
}

START_TEST (the_answer_of_the_thread_comes_back_on_the_main_context)
{
  g_autoptr (TernWorker) worker = tern_worker_new ("test", "node1");
  Answer answer = { 0 };

  gate_set_open (TRUE);
  call (worker, &patient, NULL, &answer);
  wait_done (&answer);
  ck_assert_str_eq (answer.text, "hello");
  ck_assert (gate.wanted);
  wait_for (&gate.inputs_freed, 1);
  ck_assert_int_eq (gate.results_freed, 0);
  answer_clear (&answer);
}
END_TEST

START_TEST (an_error_names_the_host_and_the_call)
{
  g_autoptr (TernWorker) worker = tern_worker_new ("test", "node1");
  Answer answer = { 0 };

  gate_set_open (TRUE);
  gate.fail = TRUE;
  call (worker, &patient, NULL, &answer);
  wait_done (&answer);
  ck_assert (g_error_matches (answer.error, TERN_ERROR, TERN_ERROR_REFUSED));
  ck_assert_str_eq (answer.error->message, "node1: asking: no");
  answer_clear (&answer);
}
END_TEST

START_TEST (a_call_that_only_says_yes_ends_with_true)
{
  g_autoptr (TernWorker) worker = tern_worker_new ("test", "node1");
  Answer answer = { 0 };

  gate_set_open (TRUE);
  call (worker, &yes, NULL, &answer);
  wait_done (&answer);
  ck_assert_str_eq (answer.text, "yes");
  answer_clear (&answer);
}
END_TEST

START_TEST (a_call_whose_time_is_up_ends_and_its_late_result_is_freed)
{
  g_autoptr (TernWorker) worker = tern_worker_new ("test", "node1");
  Answer answer = { 0 };

  call (worker, &hasty, NULL, &answer);
  wait_for (&gate.begun, 1);
  wait_done (&answer);
  ck_assert (g_error_matches (answer.error, TERN_ERROR, TERN_ERROR_TIMED_OUT));
  ck_assert_ptr_nonnull (strstr (answer.error->message, "node1: asking: no answer"));
  ck_assert_int_eq (gate.results_freed, 0);

  gate_set_open (TRUE);
  while (g_atomic_int_get (&gate.results_freed) == 0)
    g_main_context_iteration (NULL, FALSE);
  wait_for (&gate.inputs_freed, 1);
  ck_assert (!gate.wanted);
  answer_clear (&answer);
}
END_TEST

START_TEST (a_call_that_timed_out_in_line_is_never_begun)
{
  g_autoptr (TernWorker) worker = tern_worker_new ("test", "node1");
  Answer stuck = { 0 }, in_line = { 0 }, last = { 0 };

  call (worker, &patient, NULL, &stuck);
  wait_for (&gate.begun, 1);
  call (worker, &hasty, NULL, &in_line);
  wait_done (&in_line);
  ck_assert (g_error_matches (in_line.error, TERN_ERROR, TERN_ERROR_TIMED_OUT));

  call (worker, &patient, NULL, &last);
  gate_set_open (TRUE);
  wait_done (&last);
  ck_assert (stuck.done);
  ck_assert_int_eq (gate.begun, 2);
  answer_clear (&stuck);
  answer_clear (&in_line);
  answer_clear (&last);
}
END_TEST

START_TEST (a_thread_hangs_only_in_a_call_that_nobody_waits_for)
{
  g_autoptr (TernWorker) worker = tern_worker_new ("test", "node1");
  Answer waited_for = { 0 }, given_up = { 0 };

  ck_assert (!tern_worker_hangs (worker));
  call (worker, &patient, NULL, &waited_for);
  wait_for (&gate.begun, 1);
  ck_assert (!tern_worker_hangs (worker));
  gate_set_open (TRUE);
  wait_done (&waited_for);
  /* Its answer came, so it is idle, however slowly it goes on from there. */
  ck_assert (!tern_worker_hangs (worker));

  gate_set_open (FALSE);
  call (worker, &hasty, NULL, &given_up);
  wait_for (&gate.begun, 2);
  wait_done (&given_up);
  ck_assert (tern_worker_hangs (worker));
  gate_set_open (TRUE);
  while (tern_worker_hangs (worker))
    g_thread_yield ();
  answer_clear (&waited_for);
  answer_clear (&given_up);
}
END_TEST

START_TEST (a_thread_that_waits_is_woken_when_nobody_waits_for_its_call)
{
  g_autoptr (TernWorker) worker = tern_worker_new ("test", "node1");
  Answer given_up = { 0 }, brief_wait = { 0 };

  gate.wanted = TRUE;
  call (worker, &waiting, NULL, &given_up);
  wait_for (&gate.begun, 1);
  wait_done (&given_up);
  /* Comes back at once and takes the next call. */
  call (worker, &brief, NULL, &brief_wait);
  wait_done (&brief_wait);
  ck_assert_str_eq (brief_wait.text, "hello");
  ck_assert (!gate.wanted);
  answer_clear (&given_up);
  answer_clear (&brief_wait);
}
END_TEST

START_TEST (a_cancelled_call_is_no_longer_waited_for)
{
  g_autoptr (TernWorker) worker = tern_worker_new ("test", "node1");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Answer answer = { 0 };

  call (worker, &patient, cancellable, &answer);
  wait_for (&gate.begun, 1);
  g_cancellable_cancel (cancellable);
  ck_assert (!answer.done);
  wait_done (&answer);
  ck_assert (g_error_matches (answer.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));

  gate_set_open (TRUE);
  while (g_atomic_int_get (&gate.results_freed) == 0)
    g_main_context_iteration (NULL, FALSE);
  ck_assert (!gate.wanted);
  answer_clear (&answer);
}
END_TEST

START_TEST (closing_ends_all_calls_at_once_and_later_ones_too)
{
  g_autoptr (TernWorker) worker = tern_worker_new ("test", "node1");
  g_autoptr (GError) reason = g_error_new (TERN_ERROR, TERN_ERROR_UNREACHABLE, "gone");
  Answer running = { 0 }, in_line = { 0 }, later = { 0 };

  call (worker, &patient, NULL, &running);
  call (worker, &patient, NULL, &in_line);
  wait_for (&gate.begun, 1);
  tern_worker_close (worker, reason);
  wait_done (&running);
  wait_done (&in_line);
  call (worker, &patient, NULL, &later);
  wait_done (&later);
  ck_assert (g_error_matches (running.error, TERN_ERROR, TERN_ERROR_UNREACHABLE));
  ck_assert_str_eq (in_line.error->message, "node1: asking: gone");
  ck_assert (g_error_matches (later.error, TERN_ERROR, TERN_ERROR_UNREACHABLE));

  gate_set_open (TRUE);
  while (g_atomic_int_get (&gate.results_freed) == 0)
    g_main_context_iteration (NULL, FALSE);
  wait_for (&gate.inputs_freed, 3);
  ck_assert_int_eq (gate.begun, 1);
  answer_clear (&running);
  answer_clear (&in_line);
  answer_clear (&later);
}
END_TEST

START_TEST (a_worker_can_be_freed_while_its_thread_is_stuck)
{
  TernWorker *worker = tern_worker_new ("test", "node1");
  Answer answer = { 0 };

  call (worker, &patient, NULL, &answer);
  wait_for (&gate.begun, 1);
  tern_worker_free (worker);
  wait_done (&answer);
  ck_assert (g_error_matches (answer.error, TERN_ERROR, TERN_ERROR_UNREACHABLE));

  gate_set_open (TRUE);
  while (g_atomic_int_get (&gate.results_freed) == 0)
    g_main_context_iteration (NULL, FALSE);
  answer_clear (&answer);
}
END_TEST

typedef struct
{
  TernWorker *worker;
  gboolean done;
} Owner;

static void
on_done_free_worker (GObject *source, GAsyncResult *result, gpointer data)
{
  Owner *owner = data;
  g_autoptr (GError) error = NULL;

  ck_assert_ptr_null (g_task_propagate_pointer (G_TASK (result), &error));
  g_clear_pointer (&owner->worker, tern_worker_free);
  owner->done = TRUE;
}

START_TEST (a_callback_may_free_the_worker_that_is_being_closed)
{
  g_autoptr (GError) reason = g_error_new (TERN_ERROR, TERN_ERROR_UNREACHABLE, "gone");
  Owner owner = { tern_worker_new ("test", "node1"), FALSE };
  Answer other = { 0 };

  tern_worker_call (owner.worker, &patient, g_task_new (NULL, NULL, on_done_free_worker, &owner),
                    g_strdup ("hello"));
  call (owner.worker, &patient, NULL, &other);
  wait_for (&gate.begun, 1);
  g_main_context_iteration (NULL, FALSE);
  tern_worker_close (owner.worker, reason);
  wait_done (&other);
  while (!owner.done)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_ptr_null (owner.worker);
  gate_set_open (TRUE);
  while (g_atomic_int_get (&gate.results_freed) == 0)
    g_main_context_iteration (NULL, FALSE);
  wait_for (&gate.inputs_freed, 2);
  answer_clear (&other);
}
END_TEST

TERN_CHECK_MAIN ("libvirt-worker", tcase_add_checked_fixture (tcase, reset_gate, NULL);
                 tcase_add_test (tcase, the_answer_of_the_thread_comes_back_on_the_main_context);
                 tcase_add_test (tcase, an_error_names_the_host_and_the_call);
                 tcase_add_test (tcase, a_call_that_only_says_yes_ends_with_true);
                 tcase_add_test (tcase, a_call_whose_time_is_up_ends_and_its_late_result_is_freed);
                 tcase_add_test (tcase, a_call_that_timed_out_in_line_is_never_begun);
                 tcase_add_test (tcase, a_thread_hangs_only_in_a_call_that_nobody_waits_for);
                 tcase_add_test (tcase,
                                 a_thread_that_waits_is_woken_when_nobody_waits_for_its_call);
                 tcase_add_test (tcase, a_cancelled_call_is_no_longer_waited_for);
                 tcase_add_test (tcase, closing_ends_all_calls_at_once_and_later_ones_too);
                 tcase_add_test (tcase, a_worker_can_be_freed_while_its_thread_is_stuck);
                 tcase_add_test (tcase, a_callback_may_free_the_worker_that_is_being_closed);)
