/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Random histories of the engine: whatever is ordered, whatever breaks, and whenever the daemon
 * dies, no guest is lost, none runs twice, everything ends, and what is told at the end is so.
 *
 *   TERN_HISTORIES=N        so many, 100,000 unless said otherwise
 *   TERN_HISTORY_SEED=S     the first one; they follow by number. With TERN_HISTORIES=1 one is told
 *                           step by step
 */
#include "config.h"

#include "history.h"
#include "tern-check.h"

#include <stdio.h>

#define MANY 100000
#define FEW 200

static guint
number_from (const char *name, guint otherwise)
{
  const char *text = g_getenv (name);

  return text != NULL ? (guint) g_ascii_strtoull (text, NULL, 10) : otherwise;
}

/* Of the history that is told; NULL: nobody listens. */
static GString *trace;

static GLogWriterOutput
take_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer unused)
{
  (void) unused;
  if (level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR))
    {
      (void) g_log_writer_default (level, fields, n_fields, NULL);
      abort ();
    }
  for (gsize i = 0; trace != NULL && i < n_fields; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      g_string_append_printf (trace, "               %s\n", (const char *) fields[i].value);
  return G_LOG_WRITER_HANDLED;
}

/* There is nothing to be waited for but what is ready: a call to the system less for each step. */
static gint
poll_nothing (GPollFD *fds, guint n_fds, gint timeout_ms)
{
  (void) timeout_ms;
  for (guint i = 0; i < n_fds; i++)
    fds[i].revents = 0;
  return 0;
}

/* As TAP wants it: nothing but comments. */
static void
print_lines (const char *text)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    g_print ("# %s\n", lines[i]);
  fflush (stdout);
}

static void
tell_one (const History *history)
{
  g_autofree char *told = history_tell (history);
  g_autofree char *wrong = NULL;

  trace = g_string_new (told);
  wrong = history_live (history, trace);
  print_lines (trace->str);
  g_string_free (g_steal_pointer (&trace), TRUE);
}

static void
look_closely (guint32 seed, const char *wrong)
{
  g_autoptr (History) history = history_new (seed);
  g_autofree char *smaller = history_shrink (history);

  g_print ("# seed %u: %s\n# made smaller:\n", seed, wrong);
  tell_one (history);
  ck_abort_msg ("TERN_HISTORY_SEED=%u TERN_HISTORIES=1: %s", seed,
                smaller != NULL ? smaller : wrong);
}

/* What never comes about is not tested. */
static void
check_all_came_about (void)
{
  for (guint phase = 0; phase < TERN_N_PHASES; phase++)
    {
      const char *name = tern_task_phase_to_string (phase);

      g_print ("# %8u times %s\n", history_count (phase), name);
      if (phase != TERN_PHASE_DEFINING && phase != TERN_PHASE_STARTING
          && phase != TERN_PHASE_SHUTTING_DOWN)
        ck_assert_msg (history_count (phase) > 0, "nothing ever was %s", name);
    }
  fflush (stdout);
}

START_TEST (no_history_loses_a_guest_runs_it_twice_or_tells_what_is_not_so)
{
  guint n = number_from ("TERN_HISTORIES", g_getenv ("TERN_TEST_COARSE") != NULL ? FEW : MANY);
  guint32 first = number_from ("TERN_HISTORY_SEED", g_random_int ());

  g_print ("# %u histories: TERN_HISTORY_SEED=%u\n", n, first);
  fflush (stdout);
  g_log_set_writer_func (take_log, NULL, NULL);
  g_main_context_set_poll_func (NULL, poll_nothing);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (History) history = history_new (first + i);
      g_autofree char *wrong = NULL;

      if (n == 1)
        tell_one (history);
      wrong = history_live (history, NULL);
      if (wrong != NULL)
        look_closely (first + i, wrong);
    }
  if (n >= 1000)
    check_all_came_about ();
}
END_TEST

START_TEST (the_same_seed_tells_the_same_history)
{
  g_autoptr (History) once = history_new (7);
  g_autoptr (History) again = history_new (7);
  g_autofree char *first = history_tell (once);
  g_autofree char *second = history_tell (again);

  ck_assert_str_eq (first, second);
}
END_TEST

TERN_CHECK_MAIN ("histories", tcase_set_timeout (tcase, 0);
                 tcase_add_test (tcase,
                                 no_history_loses_a_guest_runs_it_twice_or_tells_what_is_not_so);
                 tcase_add_test (tcase, the_same_seed_tells_the_same_history);)
