/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Watches one copy and says what its policy wants.
 *
 *   nothing copied yet      prepare_us                    give up (preparing)
 *   copying                 nothing sent for stall_us     give up (stalled)
 *                           total bound of the policy     its last step
 *                           passes do not get smaller     next step of its table
 *   guest held or paused    switchover_us                 give up (switchover)
 *   post-copy               nothing sent for stall_us     alarm: nothing is done
 *
 * The table is in converge-tables.c, what the numbers mean in converge-watch.c, the sentences in
 * converge-text.c.
 */
#include "config.h"

#include "plan/converge.h"

#include "plan/converge-private.h"

/* The guest is paused only if what is left should go over in so much of the switchover's bound:
 * the rate may fall. */
#define PAUSE_SHARE 0.75
/* A downtime is enough if all should go over in so much of it. */
#define ENOUGH_SHARE 0.9
/* A step that gives the guest away is taken when little is left: at most so much more than the
 * smallest pass, and with each further pass a quarter more. */
#define NEAR_MINIMUM 1.04
#define NEARNESS_LOST 0.25
/* Nothing sent for so long: no rate is to be trusted. */
#define FRESH_US (3 * G_USEC_PER_SEC)
/* and for so long: nothing is said of the end. */
#define STALE_US (10 * G_USEC_PER_SEC)
#define TEN_YEARS_US (G_GINT64_CONSTANT (3650) * 24 * 3600 * G_USEC_PER_SEC)

static TernDecision
decide (TernStepAct act, TernStepCause cause)
{
  return (TernDecision){ .act = act, .cause = cause };
}

TernConverge *
tern_converge_new (const TernConvergeSetup *setup, gint64 began_us)
{
  TernConverge *self = g_new0 (TernConverge, 1);

  self->setup = *setup;
  self->began_us = began_us;
  self->watch.now_us = began_us;
  self->step_us = self->hope_us = began_us;
  self->downtime_ms = TERN_CONVERGE_DOWNTIME_MS;
  return self;
}

void
tern_converge_free (TernConverge *self)
{
  g_free (self);
}

static const TernPolicyRow *
get_row (const TernConverge *self)
{
  return tern_policy_get_row (self->setup.policy, self->step);
}

static void
take_step (TernConverge *self, gint64 now_us)
{
  self->step++;
  self->step_us = self->hope_us = now_us;
  self->waited = self->hopeless = 0;
  self->due = decide (TERN_STEP_NONE, TERN_CAUSE_NONE);
}

/* What the taken steps did, as far as the table knows. */
static void
relive_step (TernConverge *self, const TernPolicyRow *row, gint64 step_us)
{
  if (row->act == TERN_STEP_DOWNTIME)
    self->downtime_ms = MAX (self->downtime_ms, row->downtime_ms);
  /* The host may have refused it: the next look shows whether it stands still. */
  self->paused_before |= row->act == TERN_STEP_PAUSE;
  if (row->act == TERN_STEP_PAUSE && !self->still)
    {
      self->still = TRUE;
      self->still_us = step_us;
    }
}

void
tern_converge_adopt (TernConverge *self, guint step, gint64 copy_began_us, gint64 step_us)
{
  const TernPolicyRow *row;

  /* That is no time: nothing was copied yet when it was recorded. */
  if (copy_began_us < self->began_us - TEN_YEARS_US)
    return;
  self->adopted = TRUE;
  self->copy_us = copy_began_us;
  self->step_us = self->hope_us = MAX (copy_began_us, step_us);
  /* No step, but a time of one: the policy was switched then. */
  if (step == 0 && step_us > self->copy_us)
    {
      self->switched = TRUE;
      self->bound_us = step_us;
    }
  /* No step is taken before a whole pass. */
  self->pass_known = step > 0;
  while (self->step < step && (row = get_row (self)) != NULL && row->act != TERN_STEP_GIVE_UP)
    {
      relive_step (self, row, step_us);
      self->step++;
    }
}

/* The bound counts from the first memory that went over: disks before it take what they take. */
static gboolean
is_bound_over_in (const TernConverge *self, gint64 in_us)
{
  gint64 from_us = self->switched ? self->bound_us : self->copy_us;
  gint64 bound_us = tern_converge_get_bound_us (self->setup.policy, self->setup.memory);

  return (self->watch.memory_seen || self->adopted)
         && self->watch.now_us + in_us - from_us >= bound_us;
}

/* Would all that is left go over while the guest stands still, within the bound of that? */
static gboolean
can_pause (const TernConverge *self)
{
  gint64 needed_us =
      tern_copy_watch_get_needed_us (&self->watch, tern_copy_watch_get_left (&self->watch));

  return self->watch.answered && self->watch.passes > 0
         && tern_copy_watch_get_idle (&self->watch) < FRESH_US && needed_us >= 0
         && needed_us <= (gint64) (PAUSE_SHARE * self->setup.bounds.switchover_us);
}

static gboolean
can_postcopy (const TernConverge *self)
{
  return self->setup.postcopy_ready && (self->watch.passes > 0 || self->pass_known);
}

static gboolean
can_take (const TernConverge *self, TernStepAct act)
{
  switch (act)
    {
    case TERN_STEP_POSTCOPY:
      return can_postcopy (self);
    case TERN_STEP_PAUSE:
      return can_pause (self);
    case TERN_STEP_NONE:
    case TERN_STEP_DOWNTIME:
    case TERN_STEP_GIVE_UP:
    case TERN_STEP_ALARM:
      break;
    }
  return TRUE;
}

/* Steps that cannot make a difference, or cannot be taken at all, are left out. */
static void
skip_idle_rows (TernConverge *self)
{
  const TernPolicyRow *row;

  while ((row = get_row (self)) != NULL
         && ((row->act == TERN_STEP_DOWNTIME && row->downtime_ms <= self->downtime_ms)
             || (row->act == TERN_STEP_POSTCOPY && !self->setup.postcopy_ready)))
    self->step++;
}

/* The first downtime of the table that would be enough at once: the ones before it are not. */
static gboolean
jump_to_enough (TernConverge *self)
{
  gint64 needed_us = tern_copy_watch_get_needed_us (&self->watch, self->watch.pass_size);
  const TernPolicyRow *row;

  for (guint step = self->step; needed_us >= 0; step++)
    {
      row = tern_policy_get_row (self->setup.policy, step);
      if (row == NULL || row->act != TERN_STEP_DOWNTIME)
        return FALSE;
      if (needed_us <= ENOUGH_SHARE * row->downtime_ms * 1000)
        {
          self->step = step;
          return TRUE;
        }
    }
  return FALSE;
}

static gboolean
is_near_minimum (const TernConverge *self, const TernPolicyRow *row)
{
  guint beyond = self->hopeless > row->passes ? self->hopeless - row->passes : 0;

  return self->watch.pass_size <= (NEAR_MINIMUM + NEARNESS_LOST * beyond) * self->watch.best;
}

static gboolean
is_downtime_due (TernConverge *self)
{
  if (self->watch.now_us - self->step_us < get_row (self)->wait_us)
    return FALSE;
  return jump_to_enough (self) || self->waited >= get_row (self)->passes;
}

/* Of any other step: while it still gets better, slowly, there is hope. */
static gboolean
is_last_due (const TernConverge *self, const TernPolicyRow *row)
{
  if (self->hopeless < row->passes || self->watch.now_us - self->hope_us < row->wait_us)
    return FALSE;
  return row->act == TERN_STEP_GIVE_UP || is_near_minimum (self, row);
}

/* Called when a pass began that is not smaller than those before it. */
static void
consider_next (TernConverge *self)
{
  const TernPolicyRow *row;
  gboolean due;

  skip_idle_rows (self);
  row = get_row (self);
  if (row == NULL)
    return;
  due = row->act == TERN_STEP_DOWNTIME ? is_downtime_due (self) : is_last_due (self, row);
  if (!due)
    return;
  row = get_row (self);
  self->due = decide (row->act, TERN_CAUSE_NOT_CONVERGING);
  self->due.downtime_ms = row->downtime_ms;
}

static void
take_hope (TernConverge *self)
{
  self->hopeless = 0;
  self->hope_us = self->watch.now_us;
  self->due = decide (TERN_STEP_NONE, TERN_CAUSE_NONE);
}

static void
take_pass (TernConverge *self, TernPassEnd end)
{
  const TernPolicyRow *row = get_row (self);

  /* Slowing it down still goes on: whether that helps is seen later. */
  if (end == TERN_PASS_SMALLER
      || (self->watch.throttle_rose && row != NULL && row->act == TERN_STEP_GIVE_UP))
    take_hope (self);
  if (end != TERN_PASS_NOT_SMALLER)
    return;
  self->waited++;
  self->hopeless++;
  if (self->due.act == TERN_STEP_NONE)
    consider_next (self);
}

static void
take_stillness (TernConverge *self, gboolean held)
{
  if (held && !self->still)
    self->still_us = self->watch.now_us;
  self->still = held || self->paused;
}

/* The host took it, and may need a moment. One that is never seen to run there is no bar to the
 * steps that follow. */
static gboolean
is_postcopy_awaited (const TernConverge *self)
{
  return self->asked_postcopy && self->watch.now_us - self->asked_us < self->setup.bounds.stall_us;
}

/* Goes to that step of the table if it was not taken yet and can be now. */
static gboolean
advance_to (TernConverge *self, TernStepAct act)
{
  const TernPolicyRow *row;

  for (guint step = self->step; (row = tern_policy_get_row (self->setup.policy, step)) != NULL;
       step++)
    if (row->act == act && can_take (self, act))
      {
        self->step = step;
        return TRUE;
      }
  return FALSE;
}

/* The policy's time is over: its strongest step that is left. */
static TernDecision
get_last_step (TernConverge *self)
{
  if (is_postcopy_awaited (self))
    return decide (TERN_STEP_NONE, TERN_CAUSE_NONE);
  if (advance_to (self, TERN_STEP_POSTCOPY))
    return decide (TERN_STEP_POSTCOPY, TERN_CAUSE_BOUND);
  return decide (TERN_STEP_GIVE_UP, TERN_CAUSE_BOUND);
}

static gboolean
is_stalled (const TernConverge *self)
{
  return self->watch.answered
         && tern_copy_watch_get_idle (&self->watch) >= self->setup.bounds.stall_us;
}

/* Little is left only when a pass ends. So a guest is paused in the last pass within the bound,
 * or at the bound itself if there was still hope before. */
static gboolean
is_last_chance (const TernConverge *self)
{
  return is_bound_over_in (self, self->watch.not_smaller > 0 ? self->watch.pass_took_us : 0);
}

static TernDecision
judge_copy (TernConverge *self)
{
  if (is_stalled (self))
    return decide (TERN_STEP_GIVE_UP, TERN_CAUSE_STALLED);
  if (is_last_chance (self) && advance_to (self, TERN_STEP_PAUSE))
    return decide (TERN_STEP_PAUSE, TERN_CAUSE_BOUND);
  if (is_bound_over_in (self, 0))
    return get_last_step (self);
  if (!self->watch.answered || !can_take (self, self->due.act))
    return decide (TERN_STEP_NONE, TERN_CAUSE_NONE);
  return self->due;
}

static TernDecision
judge (TernConverge *self)
{
  const TernBounds *bounds = &self->setup.bounds;
  gint64 now_us = self->watch.now_us;

  /* A post-copy goes on by itself when its link is back. It could be interrupted and taken up
   * again, but a guest whose CPU waits for a page may then hang for ever (QEMU 7.2): so it is let
   * alone. */
  if (self->postcopy)
    return is_stalled (self) ? decide (TERN_STEP_ALARM, TERN_CAUSE_STALLED)
                             : decide (TERN_STEP_NONE, TERN_CAUSE_NONE);
  if (self->gave_up)
    return decide (TERN_STEP_NONE, TERN_CAUSE_NONE);
  if (self->still)
    return now_us - self->still_us >= bounds->switchover_us
               ? decide (TERN_STEP_GIVE_UP, TERN_CAUSE_SWITCHOVER)
               : decide (TERN_STEP_NONE, TERN_CAUSE_NONE);
  if (!self->watch.copying && !self->adopted)
    return now_us - self->began_us >= bounds->prepare_us
               ? decide (TERN_STEP_GIVE_UP, TERN_CAUSE_PREPARING)
               : decide (TERN_STEP_NONE, TERN_CAUSE_NONE);
  return judge_copy (self);
}

TernDecision
tern_converge_look (TernConverge *self, const TernConvergeLook *look)
{
  gboolean began = self->watch.memory_seen;
  TernPassEnd end = tern_copy_watch_take (&self->watch, look->now_us, look->stats);

  if (!began && self->watch.memory_seen && !self->adopted)
    {
      self->copy_us = self->watch.memory_us;
      self->step_us = self->hope_us = self->watch.now_us;
    }
  self->postcopy |= look->postcopy;
  take_stillness (self, look->held);
  if (self->still || self->postcopy || is_postcopy_awaited (self))
    self->due = decide (TERN_STEP_NONE, TERN_CAUSE_NONE);
  else
    take_pass (self, end);
  return judge (self);
}

static void
took_downtime (TernConverge *self, TernDecision decision, gboolean worked, gint64 now_us)
{
  const TernPolicyRow *row = get_row (self);

  if (worked)
    self->downtime_ms = MAX (self->downtime_ms, decision.downtime_ms);
  if (row != NULL && row->act == TERN_STEP_DOWNTIME && row->downtime_ms == decision.downtime_ms)
    take_step (self, now_us);
}

static void
took_last (TernConverge *self, TernStepAct act, gboolean worked, gint64 now_us)
{
  const TernPolicyRow *row = get_row (self);

  if (act == TERN_STEP_POSTCOPY && worked)
    {
      self->asked_postcopy = TRUE;
      self->asked_us = now_us;
    }
  else if (act == TERN_STEP_PAUSE && worked && !self->paused)
    {
      self->paused = self->still = TRUE;
      self->still_us = now_us;
    }
  if (row != NULL && row->act == act)
    take_step (self, now_us);
}

void
tern_converge_took (TernConverge *self, TernDecision decision, gboolean worked, gint64 now_us)
{
  switch (decision.act)
    {
    case TERN_STEP_NONE:
      break;
    case TERN_STEP_DOWNTIME:
      took_downtime (self, decision, worked, now_us);
      break;
    case TERN_STEP_POSTCOPY:
    case TERN_STEP_PAUSE:
      took_last (self, decision.act, worked, now_us);
      break;
    case TERN_STEP_GIVE_UP:
      self->gave_up |= worked;
      break;
    case TERN_STEP_ALARM:
      /* It counts anew: the same is not told at each look. */
      tern_copy_watch_restart_idle (&self->watch);
      break;
    }
}

void
tern_converge_switch (TernConverge *self, TernPolicy policy, gint64 now_us)
{
  g_return_if_fail ((guint) policy < TERN_N_POLICIES);

  self->setup.policy = policy;
  self->step = 0;
  self->switched = TRUE;
  self->bound_us = now_us;
  self->due = decide (TERN_STEP_NONE, TERN_CAUSE_NONE);
  if (self->waited > 0 && !self->still && !self->postcopy)
    consider_next (self);
}

TernStepAct
tern_converge_get_given_away (const TernConverge *self, gboolean stands)
{
  if (self->paused || (self->paused_before && stands))
    return TERN_STEP_PAUSE;
  return self->postcopy || is_postcopy_awaited (self) ? TERN_STEP_POSTCOPY : TERN_STEP_NONE;
}

guint
tern_converge_get_step (const TernConverge *self)
{
  return self->step;
}

TernConvergence
tern_converge_get_convergence (const TernConverge *self)
{
  const TernCopyWatch *watch = &self->watch;
  gint64 needed_us = tern_copy_watch_get_needed_us (watch, watch->pass_size);

  if (self->postcopy)
    return tern_copy_watch_get_idle (watch) >= TERN_NOTE_IDLE_US ? TERN_CONVERGENCE_UNKNOWN
                                                                 : TERN_CONVERGENCE_YES;
  if (watch->passes > 0 && watch->not_smaller == 0)
    return TERN_CONVERGENCE_YES;
  /* One pass may be large by chance, and what fits the granted downtime is about to end. */
  if (watch->not_smaller >= 2 && needed_us > self->downtime_ms * G_GINT64_CONSTANT (1000))
    return TERN_CONVERGENCE_NO;
  return TERN_CONVERGENCE_UNKNOWN;
}

/* Bytes per second that the guest writes anew, as far as the passes show it. */
static double
get_dirty_rate (const TernCopyWatch *watch)
{
  double by_passes = 0;

  if (watch->passes > 0 && watch->pass_took_us > 0)
    by_passes = watch->pass_size * G_USEC_PER_SEC / watch->pass_took_us;
  return MAX (by_passes, (double) watch->last.dirty_bps);
}

/* While the first pass goes on nothing is known of what comes after it. */
#define UNSEEN_PASSES 2.0

static gint64
get_latest_end (const TernConverge *self, double left, gint64 min_us)
{
  const TernCopyWatch *watch = &self->watch;
  double dirty = get_dirty_rate (watch);

  if (self->postcopy || self->still)
    return min_us;
  if (tern_converge_get_convergence (self) == TERN_CONVERGENCE_NO)
    return -1;
  if (watch->passes == 0 && dirty <= 0)
    return (gint64) (min_us * UNSEEN_PASSES);
  if (dirty >= watch->bps)
    return -1;
  return tern_copy_watch_get_needed_us (watch, left * watch->bps / (watch->bps - dirty));
}

gboolean
tern_converge_get_eta (const TernConverge *self, gint64 *out_min_us, gint64 *out_max_us)
{
  const TernCopyWatch *watch = &self->watch;
  double left = (double) watch->last.memory_remaining + (double) watch->last.disk_remaining;
  gint64 min_us = tern_copy_watch_get_needed_us (watch, left);

  if (!watch->memory_seen || watch->bps <= 0 || min_us < 0
      || tern_copy_watch_get_idle (watch) >= STALE_US)
    return FALSE;
  *out_min_us = min_us;
  *out_max_us = get_latest_end (self, left, min_us);
  return TRUE;
}

guint64
tern_converge_get_link_bps (const TernConverge *self)
{
  return self->watch.link_bps;
}
