/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What goes out to one webhook.
 *
 *   outbox ── take ──> taken ── up to 4 at a time ──> sending ── settle ──> gone, or waits again
 *
 * At any time one notice of a subject is taken or under way, so that those of a VM arrive in their
 * order. While the last attempt failed there is one at a time; after two in a row there are
 * pauses, which grow: a dead endpoint costs one attempt and one write in ten minutes. Pauses of the
 * notice that failed grow by themselves: one that the endpoint cannot digest holds up its subject
 * only.
 */
#include "config.h"

#include "engine/herald-private.h"

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text.h"

#define MAX_BUSY 4
#define MAX_TAKEN 16
#define MAX_WAIT_US ((gint64) 3600 * G_USEC_PER_SEC)
#define MIN_WAIT_US ((gint64) 50 * 1000)
/* Failures in a row from which on the log is told. */
#define FAILURES_TO_TELL 3
#define DROPS_TOLD_EVERY_US ((gint64) 60 * G_USEC_PER_SEC)
#define MAX_ERROR 400

struct _TernPump
{
  grefcount refs;
  TernHerald *herald; /* not held; NULL when it is stopped */
  TernWebhook *webhook;
  GCancellable *cancellable;

  GQueue taken;         /* TernNotice */
  GHashTable *subjects; /* of those that are taken, sent or being settled */
  guint n_busy;
  gboolean is_taking;
  gboolean take_again;
  gboolean is_trimming;
  guint64 waiting;

  guint failures; /* in a row */
  gboolean was_tried;
  gboolean is_told; /* the log knows that it fails */
  char *error;
  gint64 pause_until_us;
  guint timer;
  guint drops;
  gint64 drops_told_us;
};

typedef struct
{
  TernPump *pump;
  TernNotice *notice;
} Sending;

static void kick (TernPump *self);

/* --- life --- */

static TernPump *
pump_ref (TernPump *self)
{
  g_ref_count_inc (&self->refs);
  return self;
}

void
tern_pump_unref (TernPump *self)
{
  if (!g_ref_count_dec (&self->refs))
    return;

  tern_webhook_free (self->webhook);
  g_object_unref (self->cancellable);
  g_queue_clear_full (&self->taken, (GDestroyNotify) tern_notice_free);
  g_hash_table_unref (self->subjects);
  g_free (self->error);
  g_free (self);
}

TernPump *
tern_pump_new (TernHerald *herald, const TernWebhook *webhook)
{
  TernPump *self = g_new0 (TernPump, 1);

  g_ref_count_init (&self->refs);
  self->herald = herald;
  self->webhook = tern_webhook_copy (webhook);
  self->cancellable = g_cancellable_new ();
  g_queue_init (&self->taken);
  self->subjects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  return self;
}

void
tern_pump_stop (TernPump *self)
{
  if (self->herald == NULL)
    return;

  tern_clock_clear_timer (self->herald->clock, &self->timer);
  self->herald = NULL;
  g_cancellable_cancel (self->cancellable);
}

const TernWebhook *
tern_pump_get_webhook (const TernPump *self)
{
  return self->webhook;
}

const char *
tern_pump_get_error (const TernPump *self, gboolean *out_known)
{
  *out_known = self->was_tried;
  return self->error;
}

/* --- waiting --- */

static gboolean
on_timer (gpointer data)
{
  TernPump *self = data;

  self->timer = 0;
  kick (self);
  return G_SOURCE_REMOVE;
}

static void
wake_in (TernPump *self, gint64 delay_us)
{
  TernClock *clock = self->herald->clock;

  tern_clock_clear_timer (clock, &self->timer);
  self->timer = tern_clock_add_timer (clock, MAX (delay_us, MIN_WAIT_US), on_timer, self);
}

/* --- what became of an attempt --- */

static void
tell_dropped (TernPump *self, const TernNotice *notice, const char *why)
{
  gint64 now_us = tern_clock_now_us (self->herald->clock);

  self->drops++;
  if (self->drops_told_us != 0 && now_us - self->drops_told_us < DROPS_TOLD_EVERY_US)
    return;
  tern_log (G_LOG_LEVEL_WARNING, TERN_MSG_NOTICE_DROPPED,
            TERN_FIELDS (TERN_LOG_WEBHOOK, self->webhook->name),
            "Webhook %s: notices given up: %u, the last is %s of %s: %s", self->webhook->name,
            self->drops, tern_notice_kind_to_string (notice->kind), notice->subject, why);
  self->drops = 0;
  self->drops_told_us = now_us;
}

typedef struct
{
  TernPump *pump;
  char *subject;
  gboolean was_sent;
  gboolean is_gone;
} Settling;

static void
settling_free (gpointer data)
{
  Settling *settling = data;

  tern_pump_unref (settling->pump);
  g_free (settling->subject);
  g_free (settling);
}

static void
on_settled (gpointer data)
{
  const Settling *settling = data;
  TernPump *self = settling->pump;

  g_hash_table_remove (self->subjects, settling->subject);
  if (settling->was_sent)
    self->n_busy--;
  else
    self->is_trimming = FALSE;
  if (settling->is_gone && self->waiting > 0)
    self->waiting--;
  kick (self);
}

/* Its subject stays taken until that is durable. */
static void
settle (TernPump *self, TernNotice *notice, gboolean keep, gboolean delivered, gboolean was_sent)
{
  Settling *settling = g_new0 (Settling, 1);

  settling->pump = pump_ref (self);
  settling->subject = g_strdup (notice->subject);
  settling->was_sent = was_sent;
  settling->is_gone = !keep;
  tern_herald_settle (self->herald, notice, keep, delivered, on_settled, settling, settling_free);
}

static void
note_delivered (TernPump *self)
{
  if (self->is_told)
    tern_log (G_LOG_LEVEL_MESSAGE, TERN_MSG_WEBHOOK_WORKS,
              TERN_FIELDS (TERN_LOG_WEBHOOK, self->webhook->name), "Webhook %s takes notices again",
              self->webhook->name);
  self->is_told = FALSE;
  self->failures = 0;
  self->pause_until_us = 0;
  g_clear_pointer (&self->error, g_free);
}

static void
note_failure (TernPump *self, const char *why, gint64 wait_us)
{
  gint64 pause_us = MIN (wait_us, MAX_WAIT_US);

  g_free (self->error);
  self->error = tern_text_visible (why, MAX_ERROR);
  if (++self->failures >= 2)
    pause_us = MAX (pause_us, tern_herald_backoff (self->herald, self->failures - 1));
  self->pause_until_us = tern_clock_now_us (self->herald->clock) + pause_us;
  if (self->is_told || self->failures < FAILURES_TO_TELL)
    return;
  self->is_told = TRUE;
  tern_log (G_LOG_LEVEL_WARNING, TERN_MSG_WEBHOOK_FAILS,
            TERN_FIELDS (TERN_LOG_WEBHOOK, self->webhook->name),
            "Webhook %s does not take notices; it is tried again, ever more rarely: %s",
            self->webhook->name, self->error);
}

static void
settle_failed (TernPump *self, TernNotice *notice, gboolean is_hopeless)
{
  gint64 now_us = tern_clock_wall_us (self->herald->clock);
  gboolean is_over;

  notice->attempts++;
  notice->next_us = now_us + tern_herald_backoff (self->herald, notice->attempts);
  g_free (notice->error);
  notice->error = g_strdup (self->error);
  is_over = is_hopeless || notice->attempts >= TERN_HERALD_MAX_ATTEMPTS
            || now_us - notice->time_us >= TERN_HERALD_MAX_AGE_US;
  if (is_over)
    tell_dropped (self, notice, self->error);
  settle (self, notice, !is_over, FALSE, TRUE);
}

static void
on_sent (GObject *source, GAsyncResult *result, gpointer data)
{
  Sending *sending = data;
  g_autoptr (TernPump) self = sending->pump;
  TernNotice *notice = sending->notice;
  g_autoptr (GError) error = NULL;
  gboolean is_hopeless = FALSE, ok;
  gint64 wait_us = 0;

  g_free (sending);
  ok = tern_notifier_send_finish (TERN_NOTIFIER (source), result, &is_hopeless, &wait_us, &error);
  if (self->herald == NULL)
    {
      tern_notice_free (notice);
      return;
    }
  self->was_tried = TRUE;
  if (ok)
    {
      note_delivered (self);
      settle (self, notice, FALSE, TRUE, TRUE);
    }
  else
    {
      note_failure (self, error->message, wait_us);
      settle_failed (self, notice, is_hopeless);
    }
  kick (self);
}

/* --- what goes out --- */

static void
send_one (TernPump *self, TernNotice *notice)
{
  Sending *sending = g_new0 (Sending, 1);

  sending->pump = pump_ref (self);
  sending->notice = notice;
  self->n_busy++;
  tern_notifier_send_async (self->herald->notifier, self->webhook, notice,
                            tern_clock_wall_us (self->herald->clock), self->cancellable, on_sent,
                            sending);
}

/* Takes over those whose subject is not under way yet. */
static guint
accept_rows (TernPump *self, GPtrArray *rows)
{
  guint n = 0;

  for (guint i = 0; i < rows->len; i++)
    {
      const TernNotice *notice = rows->pdata[i];

      if (!g_hash_table_add (self->subjects, g_strdup (notice->subject)))
        continue;
      g_queue_push_tail (&self->taken, tern_notice_copy (notice));
      n++;
    }
  return n;
}

static void
on_taken (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernPump) self = data;
  g_autoptr (GError) error = NULL;
  gint64 next_us = 0;
  g_autoptr (GPtrArray) rows =
      tern_outbox_take_finish (TERN_OUTBOX (source), result, &next_us, &error);
  gboolean again = self->take_again;
  guint n;

  self->is_taking = FALSE;
  self->take_again = FALSE;
  if (self->herald == NULL)
    return;
  if (rows == NULL)
    {
      wake_in (self, tern_herald_backoff (self->herald, 5)); /* the store says itself what ails */
      return;
    }
  n = accept_rows (self, rows);
  if (n > 0 || again)
    kick (self);
  else if (rows->len == 0 && next_us == 0 && g_hash_table_size (self->subjects) == 0)
    self->waiting = 0;
  else if (rows->len == 0 && next_us > 0)
    wake_in (self, next_us - tern_clock_wall_us (self->herald->clock));
}

static void
take (TernPump *self, gint64 now_us)
{
  if (self->is_taking)
    {
      self->take_again = TRUE;
      return;
    }
  self->is_taking = TRUE;
  tern_outbox_take_async (self->herald->outbox, self->webhook->name, now_us,
                          MAX_TAKEN + g_hash_table_size (self->subjects), on_taken,
                          pump_ref (self));
}

/* Too many wait: the oldest is dropped, since what happened last is worth more. */
static void
trim (TernPump *self)
{
  TernNotice *oldest;

  if (self->is_trimming || self->waiting <= self->herald->max_waiting)
    return;
  oldest = g_queue_pop_head (&self->taken);
  if (oldest == NULL)
    {
      take (self, G_MAXINT64);
      return;
    }
  self->is_trimming = TRUE;
  tell_dropped (self, oldest, "too many wait");
  settle (self, oldest, FALSE, FALSE, FALSE);
}

static void
kick (TernPump *self)
{
  gint64 pause_us;
  guint limit;

  if (self->herald == NULL)
    return;
  trim (self);
  tern_clock_clear_timer (self->herald->clock, &self->timer);
  pause_us = self->pause_until_us - tern_clock_now_us (self->herald->clock);
  if (pause_us > 0)
    {
      wake_in (self, pause_us);
      return;
    }
  limit = self->failures > 0 ? 1 : MAX_BUSY;
  while (self->n_busy < limit && !g_queue_is_empty (&self->taken))
    send_one (self, g_queue_pop_head (&self->taken));
  if (self->n_busy < limit && self->waiting > 0)
    take (self, tern_clock_wall_us (self->herald->clock));
}

void
tern_pump_posted (TernPump *self)
{
  self->waiting++;
  kick (self);
}

static void
on_counted (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernPump) self = data;
  g_autoptr (TernOutboxCount) count = tern_outbox_count_finish (TERN_OUTBOX (source), result, NULL);

  /* If it cannot be read, taking finds out how much there is. */
  self->waiting += count != NULL ? count->waiting : 1;
  kick (self);
}

void
tern_pump_start (TernPump *self)
{
  tern_outbox_count_async (self->herald->outbox, self->webhook->name, on_counted, pump_ref (self));
}
