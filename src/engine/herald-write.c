/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What the herald writes to the outbox: one write at a time, so that a task never waits in the
 * store for more than one of them, however many notices are delivered just then. A write that
 * fails is tried again, those behind it wait.
 */
#include "config.h"

#include "engine/herald-private.h"

#include "base/log.h"

#include <string.h>

/* While the store takes nothing. What is left out of tasks is told after the next start. */
#define MAX_UNWRITTEN 2000

typedef enum
{
  WRITE_POST,
  WRITE_SETTLE,
  WRITE_LOST
} WriteKind;

typedef struct
{
  WriteKind kind;
  GPtrArray *notices;
  guint64 task_id;
  TernTaskPhase phase;
  TernNotice *notice;
  gboolean keep;
  gboolean delivered;
  GStrv lost;
  TernHeraldWritten written;
  gpointer data;
  GDestroyNotify free_data;
} Write;

static void write_next (TernHerald *self);

static void
write_free (gpointer data)
{
  Write *write = data;

  if (write->free_data != NULL)
    write->free_data (write->data);
  g_clear_pointer (&write->notices, g_ptr_array_unref);
  tern_notice_free (write->notice);
  g_strfreev (write->lost);
  g_free (write);
}

static void
tell_pumps (TernHerald *self, const GPtrArray *notices)
{
  for (guint i = 0; i < notices->len; i++)
    {
      const TernNotice *notice = notices->pdata[i];

      for (guint j = 0; j < self->pumps->len; j++)
        if (g_str_equal (tern_pump_get_webhook (self->pumps->pdata[j])->name, notice->webhook))
          tern_pump_posted (self->pumps->pdata[j]);
    }
}

static gboolean
on_retry (gpointer data)
{
  TernHerald *self = data;

  self->write_timer = 0;
  write_next (self);
  return G_SOURCE_REMOVE;
}

static void
end_write (TernHerald *self, Write *write)
{
  if (write->kind == WRITE_POST)
    tell_pumps (self, write->notices);
  if (write->written != NULL)
    write->written (write->data);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (TernHerald) self = data;
  g_autoptr (GError) error = NULL;
  Write *write;

  self->is_writing = FALSE;
  if (!tern_outbox_write_finish (TERN_OUTBOX (source), result, &error))
    {
      if (self->is_stopped)
        return;
      if (self->write_failures++ == 0)
        tern_log (G_LOG_LEVEL_WARNING, NULL, NULL,
                  "Notices for webhooks cannot be stored; it is tried again: %s", error->message);
      self->write_timer = tern_clock_add_timer (
          self->clock, tern_herald_backoff (self, MIN (self->write_failures, 6)), on_retry, self);
      return;
    }
  if (self->is_stopped)
    return;
  self->write_failures = 0;
  write = g_queue_pop_head (&self->writes);
  end_write (self, write);
  write_free (write);
  write_next (self);
}

static void
write_next (TernHerald *self)
{
  const Write *write = g_queue_peek_head (&self->writes);

  if (write == NULL || self->is_writing || self->write_timer != 0 || self->is_stopped)
    return;

  self->is_writing = TRUE;
  switch (write->kind)
    {
    case WRITE_POST:
      tern_outbox_post_async (self->outbox, write->notices, write->task_id, write->phase,
                              on_written, g_object_ref (self));
      return;
    case WRITE_SETTLE:
      tern_outbox_settle_async (self->outbox, write->notice, write->keep, write->delivered,
                                on_written, g_object_ref (self));
      return;
    case WRITE_LOST:
      tern_outbox_put_lost_async (self->outbox, (const char *const *) write->lost, on_written,
                                  g_object_ref (self));
      return;
    }
}

static void
push (TernHerald *self, Write *write)
{
  gboolean is_full =
      write->kind != WRITE_SETTLE && g_queue_get_length (&self->writes) >= MAX_UNWRITTEN;

  if (self->is_stopped || is_full)
    {
      write_free (write);
      return;
    }
  g_queue_push_tail (&self->writes, write);
  write_next (self);
}

void
tern_herald_post (TernHerald *self, GPtrArray *notices, guint64 task_id, TernTaskPhase phase)
{
  Write *write = g_new0 (Write, 1);

  write->kind = WRITE_POST;
  write->notices = notices;
  write->task_id = task_id;
  write->phase = phase;
  push (self, write);
}

void
tern_herald_settle (TernHerald *self, TernNotice *notice, gboolean keep, gboolean delivered,
                    TernHeraldWritten written, gpointer data, GDestroyNotify free_data)
{
  Write *write = g_new0 (Write, 1);

  write->kind = WRITE_SETTLE;
  write->notice = notice;
  write->keep = keep;
  write->delivered = delivered;
  write->written = written;
  write->data = data;
  write->free_data = free_data;
  push (self, write);
}

void
tern_herald_put_lost (TernHerald *self, GStrv hosts)
{
  Write *write = g_new0 (Write, 1);

  write->kind = WRITE_LOST;
  write->lost = hosts;
  push (self, write);
}

static void
forget_notices (GPtrArray *notices, const char *webhook)
{
  for (guint i = notices->len; i-- > 0;)
    if (g_str_equal (((const TernNotice *) notices->pdata[i])->webhook, webhook))
      g_ptr_array_remove_index (notices, i);
}

/* The first one may be on its way: the store took a copy, and keeps the order. */
void
tern_herald_forget_writes (TernHerald *self, const char *webhook)
{
  if (webhook == NULL)
    {
      tern_clock_clear_timer (self->clock, &self->write_timer);
      g_queue_clear_full (&self->writes, write_free);
      return;
    }
  for (GList *link = self->writes.head; link != NULL; link = link->next)
    {
      Write *write = link->data;

      if (write->kind == WRITE_POST && !(self->is_writing && link == self->writes.head))
        forget_notices (write->notices, webhook);
    }
}
