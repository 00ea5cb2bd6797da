/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Whose turn it is: properties over random sets of tasks.
 */
#include "config.h"

#include "plan/queue.h"

#include "tern-check.h"

#define N_HOSTS 5

static const char *const hosts[N_HOSTS] = { "anna", "bert", "carl", "dora", "emil" };

static void
add_task (GPtrArray *tasks, const char *source, const char *destination, TernTaskPhase phase)
{
  TernTaskRecord *task = tern_task_record_new ();

  task->id = tasks->len + 1;
  task->source = g_strdup (source);
  task->destination = g_strdup (destination);
  task->phase = phase;
  g_ptr_array_add (tasks, task);
}

static GPtrArray *
tasks_new (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) tern_task_record_free);
}

static GPtrArray *
random_tasks (GRand *rand)
{
  GPtrArray *tasks = tasks_new ();
  gint n = g_rand_int_range (rand, 0, 40);

  for (gint i = 0; i < n; i++)
    {
      gint source = g_rand_int_range (rand, 0, N_HOSTS);
      gint destination = (source + g_rand_int_range (rand, 1, N_HOSTS)) % N_HOSTS;

      add_task (tasks, hosts[source], hosts[destination], TERN_PHASE_QUEUED);
    }
  return tasks;
}

static gboolean
is_under_way (const TernTaskRecord *task)
{
  return task->phase != TERN_PHASE_QUEUED && !tern_task_phase_is_final (task->phase);
}

static guint
count (GPtrArray *tasks, const char *source, const char *destination)
{
  guint n = 0;

  for (guint i = 0; i < tasks->len; i++)
    {
      const TernTaskRecord *task = tasks->pdata[i];

      n += is_under_way (task) && (source == NULL || g_str_equal (task->source, source))
           && (destination == NULL || g_str_equal (task->destination, destination));
    }
  return n;
}

static gboolean
fits (GPtrArray *tasks, const TernTaskRecord *task, const TernQueueLimits *limits)
{
  return count (tasks, task->source, NULL) < limits->per_source
         && count (tasks, NULL, task->destination) < limits->per_destination;
}

/* Starts all that may start, and looks at each choice. */
static void
start_all (GPtrArray *tasks, const TernQueueLimits *limits)
{
  const TernTaskRecord *next;

  while ((next = tern_queue_next (tasks, limits)) != NULL)
    {
      ck_assert_int_eq (next->phase, TERN_PHASE_QUEUED);
      ck_assert (fits (tasks, next, limits));
      for (guint i = 0; tasks->pdata[i] != next; i++)
        {
          const TernTaskRecord *older = tasks->pdata[i];

          ck_assert (older->phase != TERN_PHASE_QUEUED || !fits (tasks, older, limits));
        }
      ((TernTaskRecord *) next)->phase = TERN_PHASE_COPYING;
    }
}

static void
check_limits (GPtrArray *tasks, const TernQueueLimits *limits)
{
  for (guint i = 0; i < N_HOSTS; i++)
    {
      ck_assert_uint_le (count (tasks, hosts[i], NULL), limits->per_source);
      ck_assert_uint_le (count (tasks, NULL, hosts[i]), limits->per_destination);
    }
}

/* Ends a random task under way; FALSE when there is none. */
static gboolean
end_one (GPtrArray *tasks, GRand *rand)
{
  guint n = count (tasks, NULL, NULL), pick;

  if (n == 0)
    return FALSE;
  pick = g_rand_int_range (rand, 0, n);
  for (guint i = 0; i < tasks->len; i++)
    {
      TernTaskRecord *task = tasks->pdata[i];

      if (is_under_way (task) && pick-- == 0)
        task->phase = g_rand_boolean (rand) ? TERN_PHASE_DONE : TERN_PHASE_ATTENTION;
    }
  return TRUE;
}

START_TEST (limits_hold_the_oldest_that_fits_goes_first_and_all_get_their_turn)
{
  GRand *rand = g_rand_new_with_seed (11);

  for (guint round = 0; round < 500; round++)
    {
      g_autoptr (GPtrArray) tasks = random_tasks (rand);
      TernQueueLimits limits = { 1 + round % 3, 1 + round % 2 };

      do
        {
          start_all (tasks, &limits);
          check_limits (tasks, &limits);
        }
      while (end_one (tasks, rand));

      for (guint i = 0; i < tasks->len; i++)
        ck_assert (tern_task_phase_is_final (((TernTaskRecord *) tasks->pdata[i])->phase));
    }
  g_rand_free (rand);
}
END_TEST

START_TEST (an_empty_queue_has_no_next)
{
  g_autoptr (GPtrArray) tasks = tasks_new ();
  TernQueueLimits limits = { 2, 2 };

  ck_assert_ptr_null (tern_queue_next (tasks, &limits));
}
END_TEST

START_TEST (a_full_host_does_not_keep_others_waiting)
{
  g_autoptr (GPtrArray) tasks = tasks_new ();
  TernQueueLimits limits = { 1, 1 };

  add_task (tasks, "anna", "bert", TERN_PHASE_COPYING);
  add_task (tasks, "anna", "carl", TERN_PHASE_QUEUED);
  add_task (tasks, "dora", "bert", TERN_PHASE_QUEUED);
  add_task (tasks, "dora", "emil", TERN_PHASE_QUEUED);
  ck_assert_ptr_eq (tern_queue_next (tasks, &limits), tasks->pdata[3]);
}
END_TEST

START_TEST (leaving_and_arriving_are_counted_apart)
{
  g_autoptr (GPtrArray) tasks = tasks_new ();
  TernQueueLimits limits = { 1, 1 };

  add_task (tasks, "anna", "bert", TERN_PHASE_COPYING);
  add_task (tasks, "bert", "anna", TERN_PHASE_QUEUED);
  ck_assert_ptr_eq (tern_queue_next (tasks, &limits), tasks->pdata[1]);
}
END_TEST

START_TEST (every_phase_between_queue_and_end_holds_a_place)
{
  TernQueueLimits limits = { 1, 1 };

  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    {
      g_autoptr (GPtrArray) tasks = tasks_new ();
      gboolean holds = phase != TERN_PHASE_QUEUED && !tern_task_phase_is_final (phase);

      add_task (tasks, "anna", "bert", phase);
      add_task (tasks, "anna", "bert", TERN_PHASE_QUEUED);
      if (phase == TERN_PHASE_QUEUED)
        ck_assert_ptr_eq (tern_queue_next (tasks, &limits), tasks->pdata[0]);
      else
        ck_assert_ptr_eq (tern_queue_next (tasks, &limits), holds ? NULL : tasks->pdata[1]);
    }
}
END_TEST

TERN_CHECK_MAIN (
    "queue",
    tcase_add_test (tcase, limits_hold_the_oldest_that_fits_goes_first_and_all_get_their_turn);
    tcase_add_test (tcase, an_empty_queue_has_no_next);
    tcase_add_test (tcase, a_full_host_does_not_keep_others_waiting);
    tcase_add_test (tcase, leaving_and_arriving_are_counted_apart);
    tcase_add_test (tcase, every_phase_between_queue_and_end_holds_a_place);)
