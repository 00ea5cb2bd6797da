/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "copy-model.h"

#define TICK_US 50000
#define MOST_THROTTLE 99

void
copy_model_start (CopyModel *self, guint32 seed)
{
  self->rand = g_rand_new_with_seed (seed);
  self->now_us = 0;
  self->left = self->pass_size = self->memory;
  self->written = self->sent = self->dirty_seen = 0;
  self->pass_us = 0;
  self->pass = 1;
  self->high = self->throttle = 0;
  self->downtime_ms = 300;
  self->held = self->paused = self->postcopy = self->broken = self->done = FALSE;
  self->still_us = 0;
}

void
copy_model_stop (CopyModel *self)
{
  g_clear_pointer (&self->rand, g_rand_free);
}

static double
get_rate (CopyModel *self)
{
  if ((self->cut_us > 0 && self->now_us >= self->cut_us) || self->broken)
    return 0;
  return self->link_bps * (1 - self->noise * g_rand_double (self->rand));
}

static void
slow_down (CopyModel *self)
{
  if (!self->auto_converge || self->written <= self->pass_size / 2 || ++self->high < 2)
    return;
  self->high = 0;
  self->throttle = self->throttle == 0 ? 20 : MIN (self->throttle + 10, MOST_THROTTLE);
}

static void
begin_pass (CopyModel *self)
{
  gint64 took_us = MAX (self->now_us - self->pass_us, TICK_US);

  slow_down (self);
  self->dirty_seen = self->written * G_USEC_PER_SEC / took_us;
  self->left += self->written;
  self->written = 0;
  self->pass_size = self->left;
  self->pass_us = self->now_us;
  self->pass++;
}

static void
write_memory (CopyModel *self)
{
  double rate = self->dirty_bps * (100 - self->throttle) / 100;

  if (self->held || self->paused || self->postcopy || self->hot <= 0)
    return;
  self->written += rate * TICK_US / G_USEC_PER_SEC * (1 - self->written / self->hot);
  self->written = MIN (self->written, self->hot);
}

static void
run_tick (CopyModel *self)
{
  double fits = self->link_bps * self->downtime_ms / 1000;
  double out = MIN (self->left, get_rate (self) * TICK_US / G_USEC_PER_SEC);

  write_memory (self);
  self->left -= out;
  self->sent += out;
  self->now_us += TICK_US;
  if (self->held || self->paused)
    self->still_us += TICK_US;
  if (!self->held && !self->postcopy && self->left <= fits)
    {
      begin_pass (self);
      self->held = self->left <= fits;
    }
  if ((self->held || self->postcopy) && self->left <= 0)
    self->done = TRUE;
}

void
copy_model_run (CopyModel *self, gint64 us)
{
  for (gint64 passed_us = 0; passed_us < us && !self->done; passed_us += TICK_US)
    run_tick (self);
}

TernConvergeLook
copy_model_look (const CopyModel *self, TernJobStats *stats)
{
  *stats = (TernJobStats){ .active = TRUE,
                           .outgoing = TRUE,
                           .elapsed_us = self->now_us,
                           .memory_total = (guint64) self->memory,
                           .memory_processed = (guint64) self->sent,
                           .memory_remaining = (guint64) self->left,
                           .memory_bps = (guint64) self->link_bps,
                           .dirty_bps = (guint64) self->dirty_seen,
                           .iteration = self->attempt_before + self->pass,
                           .throttle = self->throttle };
  return (TernConvergeLook){ .now_us = self->now_us,
                             .stats = stats,
                             .held = self->held || self->paused,
                             .postcopy = self->postcopy };
}

gboolean
copy_model_obey (CopyModel *self, TernDecision decision)
{
  switch (decision.act)
    {
    case TERN_STEP_NONE:
    case TERN_STEP_GIVE_UP:
      break;
    case TERN_STEP_DOWNTIME:
      self->downtime_ms = decision.downtime_ms;
      break;
    case TERN_STEP_POSTCOPY:
      if (self->held)
        return FALSE;
      self->left += self->written;
      self->written = 0;
      self->postcopy = TRUE;
      break;
    case TERN_STEP_PAUSE:
      self->paused = TRUE;
      break;
    case TERN_STEP_ALARM:
      self->broken = TRUE;
      break;
    }
  return TRUE;
}
