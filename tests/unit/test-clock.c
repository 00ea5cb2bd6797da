/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "base/clock.h"

#include "tern-check.h"

#define SECOND G_GINT64_CONSTANT (1000000)

typedef struct
{
  TernClock *clock;
  GArray *times;
  guint id;
  guint left; /* firings until it stops itself */
} Probe;

static Probe *
probe_new (TernClock *clock, guint left)
{
  Probe *probe = g_new0 (Probe, 1);

  probe->clock = clock;
  probe->times = g_array_new (FALSE, FALSE, sizeof (gint64));
  probe->left = left;
  return probe;
}

static void
probe_free (Probe *probe)
{
  g_array_unref (probe->times);
  g_free (probe);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Probe, probe_free)

static gint64
time_at (const Probe *probe, guint i)
{
  return g_array_index (probe->times, gint64, i);
}

static gboolean
on_probe (gpointer data)
{
  Probe *probe = data;
  gint64 now = tern_clock_now_us (probe->clock);

  g_array_append_val (probe->times, now);
  return --probe->left > 0 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static gboolean
note_once (gpointer data)
{
  (void) on_probe (data);
  return G_SOURCE_REMOVE;
}

static gboolean
remove_itself (gpointer data)
{
  Probe *probe = data;

  tern_clock_clear_timer (probe->clock, &probe->id);
  probe->left--;
  return G_SOURCE_CONTINUE;
}

static gboolean
add_another (gpointer data)
{
  Probe *probe = data;

  tern_clock_add_timer (probe->clock, 2 * SECOND, note_once, probe);
  return G_SOURCE_REMOVE;
}

static gboolean
advance_further (gpointer data)
{
  tern_clock_advance (data, 10 * SECOND);
  return G_SOURCE_REMOVE;
}

START_TEST (a_fake_clock_stands_still_until_it_is_moved)
{
  g_autoptr (TernClock) clock = tern_clock_new_fake (42);

  ck_assert_int_eq (tern_clock_now_us (clock), 42);
  ck_assert_int_eq (tern_clock_wall_us (clock), 42);
  tern_clock_advance (clock, 8);
  ck_assert_int_eq (tern_clock_now_us (clock), 50);
  ck_assert_int_eq (tern_clock_wall_us (clock), 50);
}
END_TEST

START_TEST (a_timer_fires_once_at_its_time)
{
  g_autoptr (TernClock) clock = tern_clock_new_fake (0);
  g_autoptr (Probe) probe = probe_new (clock, 1);

  ck_assert_uint_gt (tern_clock_add_timer (clock, 3 * SECOND, on_probe, probe), 0);
  tern_clock_advance (clock, 3 * SECOND - 1);
  ck_assert_uint_eq (probe->times->len, 0);
  tern_clock_advance (clock, 100 * SECOND);
  ck_assert_uint_eq (probe->times->len, 1);
  ck_assert_int_eq (time_at (probe, 0), 3 * SECOND);
}
END_TEST

START_TEST (a_repeating_timer_sees_every_one_of_its_times)
{
  g_autoptr (TernClock) clock = tern_clock_new_fake (0);
  g_autoptr (Probe) probe = probe_new (clock, 5);

  tern_clock_add_timer (clock, SECOND, on_probe, probe);
  tern_clock_advance (clock, 60 * SECOND);
  ck_assert_uint_eq (probe->times->len, 5);
  for (guint i = 0; i < 5; i++)
    ck_assert_int_eq (time_at (probe, i), (i + 1) * SECOND);
}
END_TEST

START_TEST (timers_fire_in_the_order_of_their_times_then_of_their_making)
{
  static const gint64 delays[] = { 5, 1, 3, 1, 0, 5 };
  static const gint64 sorted[] = { 0, 1, 1, 3, 5, 5 };
  g_autoptr (TernClock) clock = tern_clock_new_fake (0);
  g_autoptr (Probe) probe = probe_new (clock, 100);

  for (guint i = 0; i < G_N_ELEMENTS (delays); i++)
    tern_clock_add_timer (clock, delays[i] * SECOND, add_another, probe);
  tern_clock_advance (clock, 100 * SECOND);
  for (guint i = 0; i < G_N_ELEMENTS (sorted); i++)
    ck_assert_int_eq (time_at (probe, i), (sorted[i] + 2) * SECOND);
}
END_TEST

START_TEST (a_removed_timer_never_fires)
{
  g_autoptr (TernClock) clock = tern_clock_new_fake (0);
  g_autoptr (Probe) probe = probe_new (clock, 1);
  guint id = tern_clock_add_timer (clock, SECOND, on_probe, probe);
  guint gone = id;

  tern_clock_clear_timer (clock, &id);
  ck_assert_uint_eq (id, 0);
  tern_clock_clear_timer (clock, &id);
  tern_clock_remove_timer (clock, gone);
  tern_clock_remove_timer (clock, 0);
  tern_clock_advance (clock, 10 * SECOND);
  ck_assert_uint_eq (probe->times->len, 0);
}
END_TEST

START_TEST (a_timer_may_remove_itself_while_it_fires)
{
  g_autoptr (TernClock) clock = tern_clock_new_fake (0);
  g_autoptr (Probe) probe = probe_new (clock, 10);

  probe->id = tern_clock_add_timer (clock, SECOND, remove_itself, probe);
  tern_clock_advance (clock, 10 * SECOND);
  ck_assert_uint_eq (probe->left, 9);
}
END_TEST

START_TEST (a_timer_made_on_the_way_fires_on_the_way)
{
  g_autoptr (TernClock) clock = tern_clock_new_fake (0);
  g_autoptr (Probe) probe = probe_new (clock, 1);

  tern_clock_add_timer (clock, SECOND, add_another, probe);
  tern_clock_advance (clock, 3 * SECOND);
  ck_assert_int_eq (time_at (probe, 0), 3 * SECOND);
}
END_TEST

START_TEST (time_never_goes_back_when_a_timer_moves_it_too)
{
  g_autoptr (TernClock) clock = tern_clock_new_fake (0);

  tern_clock_add_timer (clock, SECOND, advance_further, clock);
  tern_clock_advance (clock, 2 * SECOND);
  ck_assert_int_eq (tern_clock_now_us (clock), 11 * SECOND);
}
END_TEST

START_TEST (a_clock_says_when_its_next_timer_falls_due)
{
  g_autoptr (TernClock) clock = tern_clock_new_fake (0);
  g_autoptr (Probe) probe = probe_new (clock, 2);

  ck_assert_int_eq (tern_clock_find_next_us (clock), G_MAXINT64);
  tern_clock_add_timer (clock, 2 * SECOND, note_once, probe);
  tern_clock_add_timer (clock, SECOND, note_once, probe);
  ck_assert_int_eq (tern_clock_find_next_us (clock), SECOND);
  tern_clock_advance (clock, SECOND);
  ck_assert_int_eq (tern_clock_find_next_us (clock), 2 * SECOND);
  tern_clock_advance (clock, SECOND);
  ck_assert_int_eq (tern_clock_find_next_us (clock), G_MAXINT64);
}
END_TEST

START_TEST (a_system_clock_fires_on_the_main_loop_and_not_early)
{
  g_autoptr (TernClock) clock = tern_clock_new_system ();
  g_autoptr (Probe) probe = probe_new (clock, 3);
  gint64 start = tern_clock_now_us (clock);

  tern_clock_add_timer (clock, 2000, on_probe, probe);
  while (probe->left > 0)
    g_main_context_iteration (NULL, TRUE);
  for (guint i = 0; i < 3; i++)
    ck_assert_int_ge (time_at (probe, i), start + (i + 1) * 2000);
}
END_TEST

START_TEST (a_scaled_clock_runs_a_virtual_hour_in_no_time)
{
  g_autoptr (TernClock) clock = tern_clock_new_scaled (1e6);
  g_autoptr (Probe) probe = probe_new (clock, 1);
  gint64 start = tern_clock_now_us (clock);
  gint64 wall = tern_clock_wall_us (clock);

  tern_clock_add_timer (clock, 3600 * SECOND, on_probe, probe);
  while (probe->left > 0)
    g_main_context_iteration (NULL, TRUE);
  ck_assert_int_ge (time_at (probe, 0), start + 3600 * SECOND);
  ck_assert_int_ge (tern_clock_wall_us (clock), wall + 3600 * SECOND);
}
END_TEST

START_TEST (the_system_wall_clock_is_the_systems)
{
  g_autoptr (TernClock) clock = tern_clock_new_system ();
  gint64 before = g_get_real_time ();
  gint64 wall = tern_clock_wall_us (clock);

  ck_assert_int_ge (wall, before);
  ck_assert_int_le (wall, g_get_real_time ());
}
END_TEST

START_TEST (a_clock_that_is_gone_fires_nothing)
{
  TernClock *clock = tern_clock_new_system ();
  g_autoptr (Probe) probe = probe_new (clock, 1);

  tern_clock_add_timer (clock, 0, on_probe, probe);
  g_object_unref (clock);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  ck_assert_uint_eq (probe->times->len, 0);
}
END_TEST

/* clang-format off */
TERN_CHECK_MAIN ("clock",
  tcase_add_test (tcase, a_fake_clock_stands_still_until_it_is_moved);
  tcase_add_test (tcase, a_timer_fires_once_at_its_time);
  tcase_add_test (tcase, a_repeating_timer_sees_every_one_of_its_times);
  tcase_add_test (tcase, timers_fire_in_the_order_of_their_times_then_of_their_making);
  tcase_add_test (tcase, a_removed_timer_never_fires);
  tcase_add_test (tcase, a_timer_may_remove_itself_while_it_fires);
  tcase_add_test (tcase, a_timer_made_on_the_way_fires_on_the_way);
  tcase_add_test (tcase, time_never_goes_back_when_a_timer_moves_it_too);
  tcase_add_test (tcase, a_clock_says_when_its_next_timer_falls_due);
  tcase_add_test (tcase, a_system_clock_fires_on_the_main_loop_and_not_early);
  tcase_add_test (tcase, a_scaled_clock_runs_a_virtual_hour_in_no_time);
  tcase_add_test (tcase, the_system_wall_clock_is_the_systems);
  tcase_add_test (tcase, a_clock_that_is_gone_fires_nothing);
)
/* clang-format on */
