/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/clock.h"
#include "ports/store.h"

/*
 * A store in memory that outlives the engine, as a disk does. It can be slow, refuse
 * writes, and pull the plug in the middle of one: right before the write counts, or
 * right after it counts and before anybody is told.
 */
#define FAKE_TYPE_STORE (fake_store_get_type ())
G_DECLARE_FINAL_TYPE (FakeStore, fake_store, FAKE, STORE, GObject)

struct _FakeStore
{
  GObject parent;

  TernClock *clock;
  GPtrArray *hosts;   /* TernHostConfig */
  GHashTable *tasks;  /* id -> TernTaskRecord */
  GPtrArray *origins; /* TernOrigin */
  GHashTable *texts;
  TernLimits *limits; /* NULL: none were stored */
  GPtrArray *journal; /* what happened, in order: not owned, lines are added to it */
  GQueue writes;      /* asked for, not yet carried out */
  gboolean pumping;

  /* What the test wants. Writes of tasks are counted from 1. */
  gint64 delay_us;  /* how long a write takes */
  guint n_writes;   /* so many were carried out or refused */
  guint fail_first; /* writes with these numbers are refused; 0 for none */
  guint fail_last;
  gboolean fail_others;   /* writes of anything but tasks are refused */
  guint crash_at;         /* the plug is pulled at this one; 0 for never */
  gboolean crash_durable; /* after it counts, not before */
  void (*on_crash) (gpointer data);
  gpointer crash_data;
};

/** fake_store_new: @journal: (element-type utf8): gets "stored ID PHASE" lines; kept by the caller
 */
FakeStore *fake_store_new (TernClock *clock, GPtrArray *journal);

/** fake_store_drop_writes: the daemon has died: what it asked for and was not carried out never is
 */
void fake_store_drop_writes (FakeStore *self);

/** fake_store_find_origin: Returns: (transfer none) (nullable): as it is on the disk */
const TernOrigin *fake_store_find_origin (FakeStore *self, const char *vm_uuid);

/** fake_store_find_task: Returns: (transfer none) (nullable): as it is on the disk */
const TernTaskRecord *fake_store_find_task (FakeStore *self, guint64 id);
