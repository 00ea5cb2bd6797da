/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the numbers of one copy say: when a pass over memory ended and how large the next one is,
 * how fast bytes go out, and since when none did.
 *
 * A pass is known by the hypervisor's count. At a look shortly after it began some of it went
 * out already: what was sent between the two looks, without what was left of the old pass, is
 * put back, so that fast passes do not look small by chance.
 */
#include "config.h"

#include "plan/converge-watch.h"

#define SAMPLE_US G_USEC_PER_SEC
#define SPAN_US (3 * G_USEC_PER_SEC)
/* How much a new sample of the rate counts. */
#define SAMPLE_WEIGHT 0.4
/* A pass is smaller if it is at most so large, as a share of the smallest before. */
#define CLEARLY_SMALLER 0.96
/* A pass that lasts three times as long as its size lets expect, and a minute, does not end. */
#define OVERDUE_TIMES 3
#define OVERDUE_US (60 * G_USEC_PER_SEC)
/* No time that is computed is longer: 30 days. */
#define MOST_US (G_GINT64_CONSTANT (30) * 24 * 3600 * G_USEC_PER_SEC)

static guint64
less (guint64 from, guint64 what)
{
  return from > what ? from - what : 0;
}

static guint64
count_sent (const TernJobStats *stats)
{
  guint64 disk = less (stats->disk_total, stats->disk_remaining);

  return disk > G_MAXUINT64 - stats->memory_processed ? G_MAXUINT64
                                                      : disk + stats->memory_processed;
}

static void
begin_counting (TernCopyWatch *self, guint64 sent)
{
  self->sample_us = self->span_us = self->now_us;
  self->sample_sent = self->span_sent = sent;
}

static double
get_rate (guint64 bytes, gint64 time_us)
{
  return (double) bytes * G_USEC_PER_SEC / time_us;
}

static void
take_rate (TernCopyWatch *self, guint64 sent)
{
  gint64 sampled_us = self->now_us - self->sample_us;
  gint64 span_us = self->now_us - self->span_us;

  if (sent < self->sample_sent || sent < self->span_sent)
    {
      begin_counting (self, sent);
      return;
    }
  if (sampled_us >= SAMPLE_US)
    {
      double rate = get_rate (less (sent, self->sample_sent), sampled_us);

      self->bps = self->bps > 0 ? SAMPLE_WEIGHT * rate + (1 - SAMPLE_WEIGHT) * self->bps : rate;
      self->sample_us = self->now_us;
      self->sample_sent = sent;
    }
  if (span_us >= SPAN_US)
    {
      double rate = get_rate (less (sent, self->span_sent), span_us);

      self->link_bps = MAX (self->link_bps, (guint64) MIN (rate, (double) G_MAXINT64));
      self->span_us = self->now_us;
      self->span_sent = sent;
    }
}

static void
take_sent (TernCopyWatch *self, const TernJobStats *stats, gboolean first)
{
  guint64 sent = count_sent (stats);

  if (first)
    begin_counting (self, sent);
  if (first || sent != self->sent)
    self->moved_us = self->now_us;
  take_rate (self, sent);
  self->sent = sent;
}

/* How large the pass was when it began, "passes" after the one of the look before. */
static double
get_pass_size (const TernCopyWatch *self, const TernJobStats *stats, guint passes)
{
  double sent = less (stats->memory_processed, self->last.memory_processed);
  double left_then = self->last.memory_remaining;
  double left = stats->memory_remaining;
  double size = (left + sent - left_then) / passes;

  return CLAMP (size, MIN (left, (double) stats->memory_total), (double) stats->memory_total);
}

static TernPassEnd
begin_pass (TernCopyWatch *self, double size)
{
  gboolean smaller = size < CLEARLY_SMALLER * MIN (self->best, self->pass_size);

  self->best = MIN (self->best, self->pass_size);
  self->size_before = self->pass_size;
  self->pass_took_us = self->now_us - self->pass_us;
  self->pass_size = size;
  self->pass_us = self->overdue_us = self->now_us;
  self->passes++;
  self->not_smaller = smaller ? 0 : self->not_smaller + 1;
  return smaller ? TERN_PASS_SMALLER : TERN_PASS_NOT_SMALLER;
}

/* The count may be missing (0), begin anywhere (libvirt 9.0 goes on with that of a cancelled
 * attempt) and go back. 0 and 1 are both the first pass. */
static TernPassEnd
take_pass (TernCopyWatch *self, const TernJobStats *stats)
{
  guint before = self->last.iteration;
  guint now = stats->iteration;
  gboolean counts = before > 0 || now == 2;

  if (!self->memory_seen || now <= MAX (before, 1) || !counts)
    return TERN_PASS_GOES_ON;
  return begin_pass (self, get_pass_size (self, stats, now - MAX (before, 1)));
}

static void
begin_memory (TernCopyWatch *self, const TernJobStats *stats)
{
  self->memory_seen = TRUE;
  self->memory_us = self->pass_us = self->overdue_us = self->now_us;
  self->pass_size = self->best = (double) stats->memory_total;
}

/* A later pass that should be over for long counts as one that is not smaller, again and again. */
static TernPassEnd
judge_overdue (TernCopyWatch *self)
{
  gint64 due_us = tern_copy_watch_get_needed_us (self, self->pass_size);

  if (self->passes == 0 || due_us < 0
      || self->now_us - self->overdue_us < OVERDUE_TIMES * due_us + OVERDUE_US)
    return TERN_PASS_GOES_ON;
  self->overdue_us = self->now_us;
  self->not_smaller++;
  return TERN_PASS_NOT_SMALLER;
}

TernPassEnd
tern_copy_watch_take (TernCopyWatch *self, gint64 now_us, const TernJobStats *stats)
{
  gboolean first = !self->copying;
  TernPassEnd end = TERN_PASS_GOES_ON;

  self->now_us = MAX (now_us, self->now_us);
  self->answered = stats != NULL;
  self->throttle_rose = FALSE;
  if (stats == NULL || (first && stats->memory_total == 0 && stats->disk_total == 0))
    return TERN_PASS_GOES_ON;

  self->copying = TRUE;
  take_sent (self, stats, first);
  self->throttle_rose = stats->throttle > self->last.throttle;
  if (stats->memory_total > 0)
    {
      end = take_pass (self, stats);
      if (!self->memory_seen)
        begin_memory (self, stats);
      self->last = *stats;
    }
  return end != TERN_PASS_GOES_ON ? end : judge_overdue (self);
}

gint64
tern_copy_watch_get_idle (const TernCopyWatch *self)
{
  return self->copying ? self->now_us - self->moved_us : 0;
}

void
tern_copy_watch_restart_idle (TernCopyWatch *self)
{
  self->moved_us = self->now_us;
}

double
tern_copy_watch_get_left (const TernCopyWatch *self)
{
  double remaining = MIN (self->last.memory_remaining, self->last.memory_total);
  double growth = self->size_before > 0 ? self->pass_size / self->size_before : 1;

  return remaining + self->pass_size * MAX (growth, 1);
}

gint64
tern_copy_watch_get_needed_us (const TernCopyWatch *self, double bytes)
{
  double rate = self->bps > 0 ? self->bps : (double) self->last.memory_bps;

  if (rate < 1)
    return -1;
  return (gint64) MIN (bytes / rate * G_USEC_PER_SEC, (double) MOST_US);
}
