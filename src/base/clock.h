/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * TernClock:
 *
 * Time, and waiting for it. The daemon gets one clock from main() and hands it
 * on; nothing else asks the system for the time. Three kinds:
 *
 * - system: real time;
 * - scaled: runs a number of times faster than real time (`--simulate`);
 * - fake: stands still until tern_clock_advance() moves it (unit tests).
 *
 * All times are in microseconds. Timers fire on the main context that was the
 * thread's default when the clock was made. Use from one thread.
 */
#define TERN_TYPE_CLOCK (tern_clock_get_type ())
G_DECLARE_FINAL_TYPE (TernClock, tern_clock, TERN, CLOCK, GObject)

/**
 * tern_clock_new_system: (constructor)
 */
TernClock *tern_clock_new_system (void);

/**
 * tern_clock_new_scaled: (constructor)
 * @factor: virtual seconds per real second, greater than 0
 */
TernClock *tern_clock_new_scaled (double factor);

/**
 * tern_clock_new_fake: (constructor)
 * @start_us: what both the monotonic and the wall clock show at first
 */
TernClock *tern_clock_new_fake (gint64 start_us);

/**
 * tern_clock_now_us:
 *
 * Returns: monotonic microseconds: never goes back; for durations
 */
gint64 tern_clock_now_us (TernClock *self);

/**
 * tern_clock_wall_us:
 *
 * Returns: microseconds since 1970 UTC: for records that people read
 */
gint64 tern_clock_wall_us (TernClock *self);

/**
 * tern_clock_add_timer:
 * @delay_us: microseconds of this clock from now, 0 or more
 * @func: called on the main context; %G_SOURCE_CONTINUE repeats it
 * @data: (transfer none): must outlive the timer
 *
 * Returns: an id greater than 0, for tern_clock_remove_timer()
 */
guint tern_clock_add_timer (TernClock *self, gint64 delay_us, GSourceFunc func, gpointer data);

/**
 * tern_clock_remove_timer:
 * @id: what tern_clock_add_timer() returned; 0 and timers that are gone are ignored
 */
void tern_clock_remove_timer (TernClock *self, guint id);

/**
 * tern_clock_clear_timer:
 * @id: (inout): a stored id; removed and set to 0
 */
void tern_clock_clear_timer (TernClock *self, guint *id);

/**
 * tern_clock_advance:
 * @delta_us: how far to move a fake clock
 *
 * Moves a fake clock and fires, in order of their time, every timer that falls
 * due on the way, with the clock standing at that timer's time.
 */
void tern_clock_advance (TernClock *self, gint64 delta_us);

/**
 * tern_clock_find_next_us:
 *
 * Returns: when the next timer falls due, %G_MAXINT64 if there is none: so that a test that waits
 * can move a fake clock from one to the next
 */
gint64 tern_clock_find_next_us (TernClock *self);

G_END_DECLS
