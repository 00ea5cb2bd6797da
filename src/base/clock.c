/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * System, scaled and fake time behind one type. All timers, of all kinds, live
 * in one sorted list; the system and scaled kinds keep a single GSource armed
 * for the first of them.
 */
#include "config.h"

#include "base/clock.h"

typedef enum
{
  KIND_REAL,
  KIND_FAKE
} ClockKind;

typedef struct
{
  guint id;
  gint64 due_us;
  gint64 period_us;
  GSourceFunc func;
  gpointer data;
} Timer;

struct _TernClock
{
  GObject parent;

  ClockKind kind;
  double factor;
  gint64 base_mono_us;
  gint64 base_wall_us;
  gint64 fake_us;

  GSequence *timers;
  guint last_id;
  GMainContext *context;
  GSource *source;
};

G_DEFINE_TYPE (TernClock, tern_clock, G_TYPE_OBJECT)

static int
compare_timers (gconstpointer a, gconstpointer b, gpointer unused)
{
  const Timer *x = a, *y = b;

  (void) unused;
  if (x->due_us != y->due_us)
    return x->due_us < y->due_us ? -1 : 1;
  return x->id < y->id ? -1 : x->id > y->id;
}

static GSequenceIter *
find_timer (TernClock *self, guint id)
{
  for (GSequenceIter *i = g_sequence_get_begin_iter (self->timers); !g_sequence_iter_is_end (i);
       i = g_sequence_iter_next (i))
    if (((Timer *) g_sequence_get (i))->id == id)
      return i;
  return NULL;
}

static void
set_due (GSequenceIter *iter, gint64 due_us)
{
  ((Timer *) g_sequence_get (iter))->due_us = due_us;
  g_sequence_sort_changed (iter, compare_timers, NULL);
}

/* Runs the first timer if it is due; it goes back in if it wants to repeat. */
static gboolean
fire_first_due (TernClock *self, gint64 now_us)
{
  GSequenceIter *first = g_sequence_get_begin_iter (self->timers);
  Timer copy;

  if (g_sequence_iter_is_end (first))
    return FALSE;
  copy = *(Timer *) g_sequence_get (first);
  if (copy.due_us > now_us)
    return FALSE;

  /* It stays in the list while it runs, so that it can remove itself, but cannot come due. */
  set_due (first, G_MAXINT64);
  if (copy.func (copy.data) == G_SOURCE_REMOVE)
    tern_clock_remove_timer (self, copy.id);
  else if ((first = find_timer (self, copy.id)) != NULL)
    set_due (first, now_us + MAX (copy.period_us, 1));
  return TRUE;
}

static void
arm_source (TernClock *self)
{
  GSequenceIter *first = g_sequence_get_begin_iter (self->timers);
  gint64 real_due;

  if (self->source == NULL)
    return;
  /* The last may be one that runs right now; it is armed when it is done. */
  if (g_sequence_iter_is_end (first) || ((Timer *) g_sequence_get (first))->due_us == G_MAXINT64)
    {
      g_source_set_ready_time (self->source, -1);
      return;
    }

  real_due =
      self->base_mono_us
      + (gint64) ((((Timer *) g_sequence_get (first))->due_us - self->base_mono_us) / self->factor);
  g_source_set_ready_time (self->source, MAX (real_due, 0));
}

static gboolean
on_source (gpointer data)
{
  TernClock *self = g_object_ref (data);
  gint64 now_us = tern_clock_now_us (self);

  while (fire_first_due (self, now_us))
    ;
  arm_source (self);
  g_object_unref (self);
  return G_SOURCE_CONTINUE;
}

static gboolean
source_dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  (void) source;
  return func (data);
}

static GSourceFuncs source_funcs = { .dispatch = source_dispatch };

static void
tern_clock_init (TernClock *self)
{
  self->timers = g_sequence_new (g_free);
  self->factor = 1.0;
}

static void
tern_clock_dispose (GObject *object)
{
  TernClock *self = TERN_CLOCK (object);

  if (self->source != NULL)
    {
      g_source_destroy (self->source);
      g_clear_pointer (&self->source, g_source_unref);
    }
  g_clear_pointer (&self->context, g_main_context_unref);
  G_OBJECT_CLASS (tern_clock_parent_class)->dispose (object);
}

static void
tern_clock_finalize (GObject *object)
{
  g_sequence_free (TERN_CLOCK (object)->timers);
  G_OBJECT_CLASS (tern_clock_parent_class)->finalize (object);
}

static void
tern_clock_class_init (TernClockClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = tern_clock_dispose;
  object_class->finalize = tern_clock_finalize;
}

TernClock *
tern_clock_new_scaled (double factor)
{
  TernClock *self;

  g_return_val_if_fail (factor > 0, NULL);

  self = g_object_new (TERN_TYPE_CLOCK, NULL);
  self->kind = KIND_REAL;
  self->factor = factor;
  self->base_mono_us = g_get_monotonic_time ();
  self->base_wall_us = g_get_real_time ();
  self->context = g_main_context_ref_thread_default ();
  self->source = g_source_new (&source_funcs, sizeof (GSource));
  g_source_set_static_name (self->source, "tern-clock");
  g_source_set_callback (self->source, on_source, self, NULL);
  g_source_attach (self->source, self->context);
  return self;
}

TernClock *
tern_clock_new_system (void)
{
  return tern_clock_new_scaled (1.0);
}

TernClock *
tern_clock_new_fake (gint64 start_us)
{
  TernClock *self = g_object_new (TERN_TYPE_CLOCK, NULL);

  self->kind = KIND_FAKE;
  self->fake_us = start_us;
  return self;
}

gint64
tern_clock_now_us (TernClock *self)
{
  g_return_val_if_fail (TERN_IS_CLOCK (self), 0);

  if (self->kind == KIND_FAKE)
    return self->fake_us;
  return self->base_mono_us
         + (gint64) ((g_get_monotonic_time () - self->base_mono_us) * self->factor);
}

gint64
tern_clock_wall_us (TernClock *self)
{
  g_return_val_if_fail (TERN_IS_CLOCK (self), 0);

  if (self->kind == KIND_FAKE)
    return self->fake_us;
  /* Asked each time at factor 1: the wall clock may be set while we run. */
  if (self->factor == 1.0)
    return g_get_real_time ();
  return self->base_wall_us + (tern_clock_now_us (self) - self->base_mono_us);
}

guint
tern_clock_add_timer (TernClock *self, gint64 delay_us, GSourceFunc func, gpointer data)
{
  Timer *timer;

  g_return_val_if_fail (TERN_IS_CLOCK (self), 0);
  g_return_val_if_fail (delay_us >= 0, 0);
  g_return_val_if_fail (func != NULL, 0);

  timer = g_new0 (Timer, 1);
  timer->id = ++self->last_id;
  timer->due_us = tern_clock_now_us (self) + delay_us;
  timer->period_us = delay_us;
  timer->func = func;
  timer->data = data;
  g_sequence_insert_sorted (self->timers, timer, compare_timers, NULL);
  arm_source (self);
  return timer->id;
}

void
tern_clock_remove_timer (TernClock *self, guint id)
{
  GSequenceIter *iter;

  g_return_if_fail (TERN_IS_CLOCK (self));

  iter = find_timer (self, id);
  if (iter == NULL)
    return;
  g_sequence_remove (iter);
  arm_source (self);
}

void
tern_clock_clear_timer (TernClock *self, guint *id)
{
  if (*id != 0)
    tern_clock_remove_timer (self, *id);
  *id = 0;
}

void
tern_clock_advance (TernClock *self, gint64 delta_us)
{
  gint64 end_us;

  g_return_if_fail (TERN_IS_CLOCK (self));
  g_return_if_fail (self->kind == KIND_FAKE);
  g_return_if_fail (delta_us >= 0);

  end_us = self->fake_us + delta_us;
  for (;;)
    {
      GSequenceIter *first = g_sequence_get_begin_iter (self->timers);
      gint64 due_us;

      if (g_sequence_iter_is_end (first))
        break;
      due_us = ((Timer *) g_sequence_get (first))->due_us;
      if (due_us > end_us)
        break;
      self->fake_us = MAX (self->fake_us, due_us);
      fire_first_due (self, self->fake_us);
    }
  /* A timer may have moved it further. */
  self->fake_us = MAX (self->fake_us, end_us);
}

gint64
tern_clock_find_next_us (TernClock *self)
{
  GSequenceIter *first;

  g_return_val_if_fail (TERN_IS_CLOCK (self), G_MAXINT64);

  first = g_sequence_get_begin_iter (self->timers);
  return g_sequence_iter_is_end (first) ? G_MAXINT64 : ((Timer *) g_sequence_get (first))->due_us;
}
