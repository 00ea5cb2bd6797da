/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * How tasks went, as the engine keeps it: what it took from copies and phases, and when it writes
 * that. That no death and no refused write puts the phases in disorder is held by test-migration
 * and test-histories.
 */
#include "config.h"

#include "drivers/sim-private.h"
#include "tern-check.h"
#include "world.h"

#define SECONDS(n) ((gint64) (n) *G_USEC_PER_SEC)
#define MIB (G_GUINT64_CONSTANT (1) << 20)
#define LOOK_US (G_USEC_PER_SEC / 2)

static const TernTrace *
get_trace (World *world)
{
  return world_record (world, 1)->trace;
}

static const TernTrace *
get_stored_trace (World *world)
{
  return fake_store_find_task (world->store, 1)->trace;
}

static const TernTraceSample *
get_sample (const TernTrace *trace, guint i)
{
  return &g_array_index (trace->samples, TernTraceSample, i);
}

static const char *
get_word (const TernTrace *trace, guint i)
{
  return g_array_index (trace->phases, TernTracePhase, i).word;
}

static gboolean
has_phase (const TernTrace *trace, const char *word)
{
  for (guint i = 0; i < trace->phases->len; i++)
    if (g_str_equal (get_word (trace, i), word))
      return TRUE;
  return FALSE;
}

/* 2 GiB over 8 MiB/s: more than four minutes. */
static void
begin_slow_copy (World *world)
{
  world_init (world);
  tern_sim_set_link (world->sim, "anna", "bert", 8 * MIB);
  tern_sim_set_dirty_rate (world->sim, "anna", "web", MIB);
  ck_assert (world_order (world, "bert"));
  ck_assert (world_run_until (world, 1, TERN_PHASE_COPYING, SECONDS (60)));
}

/* --- samples --- */

START_TEST (the_last_sample_is_what_is_shown_and_the_first_what_was_seen_first)
{
  g_auto (World) world;
  TernTraceSample first = { 0 };
  guint most = 0;

  begin_slow_copy (&world);
  while (world_phase (&world, 1) == TERN_PHASE_COPYING)
    {
      const TernTaskRecord *record = world_record (&world, 1);
      guint n = record->trace->samples->len;
      const TernTraceSample *last = n > 0 ? get_sample (record->trace, n - 1) : &first;

      first = first.at_us == 0 && n > 0 ? *get_sample (record->trace, 0) : first;
      ck_assert_uint_eq (last->remaining, record->remaining);
      ck_assert_uint_eq (last->processed, record->memory_processed);
      ck_assert_uint_eq (last->dirty_bps, record->dirty_bps);
      ck_assert_uint_eq (last->rate_bps, record->rate_bps);
      ck_assert_uint_eq (last->iteration, record->iteration);
      most = MAX (most, n);
      world_run (&world, LOOK_US);
    }
  ck_assert_uint_gt (most, TERN_TRACE_MAX_SAMPLES - 5);
  ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
  ck_assert_uint_le (get_stored_trace (&world)->samples->len, TERN_TRACE_MAX_SAMPLES);
  ck_assert_int_eq (get_sample (get_stored_trace (&world), 0)->at_us, first.at_us);
  ck_assert_uint_eq (get_sample (get_stored_trace (&world), 0)->remaining, first.remaining);
  ck_assert_uint_gt (first.remaining, 1000 * MIB);
}
END_TEST

START_TEST (samples_are_written_once_a_minute_and_at_the_end)
{
  g_auto (World) world;
  guint written = 0, stored = 0, writes;
  gint64 ended_us;

  begin_slow_copy (&world);
  writes = world.store->n_writes;
  for (guint second = 0; second < 200; second++)
    {
      world_run (&world, SECONDS (1));
      written += get_stored_trace (&world)->samples->len != stored;
      stored = get_stored_trace (&world)->samples->len;
    }
  /* The percentage is written anyway. */
  ck_assert_uint_gt (world.store->n_writes, writes + 50);
  ck_assert_uint_ge (written, 2);
  ck_assert_uint_le (written, 4);

  ck_assert (world_run_until_ended (&world, 1, SECONDS (300)));
  ended_us = fake_store_find_task (world.store, 1)->finished_us;
  stored = get_stored_trace (&world)->samples->len;
  ck_assert_int_gt (get_sample (get_stored_trace (&world), stored - 1)->at_us,
                    ended_us - SECONDS (10));
}
END_TEST

START_TEST (after_a_death_phases_are_there_and_samples_go_on)
{
  g_auto (World) world;
  guint before;
  gint64 dead_us;

  begin_slow_copy (&world);
  world_run (&world, SECONDS (100));
  before = get_trace (&world)->samples->len;
  world_kill_daemon (&world);
  dead_us = tern_clock_wall_us (world.clock);
  world_run (&world, SECONDS (5));
  ck_assert (world_run_until_ended (&world, 1, SECONDS (600)));

  ck_assert_str_eq (get_word (get_stored_trace (&world), 0), "queued");
  ck_assert (has_phase (get_stored_trace (&world), "copying"));
  ck_assert (has_phase (get_stored_trace (&world), "following"));
  ck_assert_str_eq (
      get_word (get_stored_trace (&world), get_stored_trace (&world)->phases->len - 1), "done");
  ck_assert_uint_gt (before, 150);
  ck_assert_int_lt (get_sample (get_stored_trace (&world), 0)->at_us, dead_us - SECONDS (95));
  ck_assert_int_gt (
      get_sample (get_stored_trace (&world), get_stored_trace (&world)->samples->len - 1)->at_us,
      dead_us + SECONDS (60));
}
END_TEST

/* --- phases --- */

START_TEST (a_phase_that_could_not_be_stored_and_was_not_entered_is_not_traced)
{
  g_auto (World) world;
  gboolean gave_up = FALSE;

  for (guint n = 2; n < 10; n++)
    {
      world_init (&world);
      world.store->fail_first = n;
      world.store->fail_last = n;
      ck_assert (world_order (&world, "bert"));
      ck_assert (world_run_until_ended (&world, 1, SECONDS (60)));
      if (world_phase (&world, 1) == TERN_PHASE_FAILED)
        {
          gave_up = TRUE;
          ck_assert_uint_eq (world_count (&world, "migrate"), 0);
          ck_assert (!has_phase (get_stored_trace (&world), "preparing"));
          ck_assert (has_phase (get_stored_trace (&world), "failed"));
        }
      world_clear (&world);
    }
  ck_assert (gave_up);
  world_init (&world);
}
END_TEST

START_TEST (what_an_older_version_began_is_traced_from_then_on)
{
  g_auto (World) world;
  TernTaskRecord *stored;

  begin_slow_copy (&world);
  world_kill_daemon (&world);
  stored = (TernTaskRecord *) fake_store_find_task (world.store, 1);
  g_clear_pointer (&stored->trace, tern_trace_free);
  ck_assert (world_run_until_ended (&world, 1, SECONDS (600)));

  ck_assert_str_eq (get_word (get_stored_trace (&world), 0), "");
  ck_assert (has_phase (get_stored_trace (&world), "following"));
  ck_assert (has_phase (get_stored_trace (&world), "done"));
  ck_assert_uint_gt (get_stored_trace (&world)->samples->len, 10);
}
END_TEST

START_TEST (a_start_is_traced)
{
  g_auto (World) world;

  world_init (&world);
  tern_sim_set_vm_state (world.sim, "anna", "web", TERN_VM_SHUT_OFF, TERN_REASON_OTHER);
  world_run (&world, SECONDS (1));
  ck_assert (world_order_start (&world, "bert", NULL));
  ck_assert (world_run_until_ended (&world, 1, SECONDS (120)));
  ck_assert_str_eq (get_word (get_stored_trace (&world), 0), "queued");
  ck_assert (has_phase (get_stored_trace (&world), "defining"));
  ck_assert (has_phase (get_stored_trace (&world), "starting"));
  ck_assert (has_phase (get_stored_trace (&world), "done"));
  ck_assert_uint_eq (get_stored_trace (&world)->samples->len, 0);
}
END_TEST

/* --- steps --- */

START_TEST (each_step_has_the_time_when_it_was_taken)
{
  g_auto (World) world;
  const TernTaskRecord *stored;
  gint64 before_us;

  world_init (&world);
  tern_sim_set_link (world.sim, "anna", "bert", 100 * MIB);
  tern_sim_set_dirty_rate (world.sim, "anna", "web", 200 * MIB);
  ck_assert (world_order (&world, "bert"));
  ck_assert (world_run_until_ended (&world, 1, SECONDS (900)));
  stored = fake_store_find_task (world.store, 1);
  before_us = stored->copy_began_us;
  ck_assert_uint_ge (g_strv_length (stored->steps), 3);
  ck_assert_uint_eq (stored->trace->steps->len, g_strv_length (stored->steps));
  for (guint i = 0; stored->steps[i] != NULL; i++)
    {
      ck_assert_int_ge (tern_trace_get_step (stored->trace, i), before_us);
      before_us = tern_trace_get_step (stored->trace, i);
    }
  ck_assert_int_le (before_us, stored->finished_us);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("migration-trace",
  tcase_set_timeout (tcase, 120);
  tcase_add_test (tcase, the_last_sample_is_what_is_shown_and_the_first_what_was_seen_first);
  tcase_add_test (tcase, samples_are_written_once_a_minute_and_at_the_end);
  tcase_add_test (tcase, after_a_death_phases_are_there_and_samples_go_on);
  tcase_add_test (tcase, a_phase_that_could_not_be_stored_and_was_not_entered_is_not_traced);
  tcase_add_test (tcase, what_an_older_version_began_is_traced_from_then_on);
  tcase_add_test (tcase, a_start_is_traced);
  tcase_add_test (tcase, each_step_has_the_time_when_it_was_taken);
)
/* clang-format on */
