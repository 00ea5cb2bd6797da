/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* One look of tern_drain_next(), shared by the files that answer it. */

#include "plan/drain-private.h"

/* What the tasks of this drain did with one VM, oldest first. */
typedef struct
{
  const TernTaskRecord *last;
  const TernTaskRecord *open;   /* (nullable) */
  const TernTaskRecord *failed; /* (nullable): the last that did not take it away */
  guint leaving;                /* moves, starts and relocations away */
  guint shutdowns;
  guint broken_off;       /* moves that our own end broke off */
  guint restarts;         /* starts where it was, because it could be started nowhere else */
  gboolean was_shut_down; /* one of these was carried out */
} TernDrainStory;

typedef struct
{
  const TernDrainLook *look;
  const TernDrainQuestion *question;
  gboolean returning;
  GHashTable *stories; /* UUID -> Story */
  TernDrainPast past;
  TernDrainPlan *plan;
  TernDrainStep *step;
  gboolean stopped;              /* cancelled, or past its deadline: nothing new is begun */
  gboolean news_come;            /* something is under way */
  gboolean half_way;             /* a guest was shut down, and its host is about to show it */
  const TernHost *waits_host;    /* (nullable): a drained host that does not answer, and may yet */
  const TernHost *lost_host;     /* (nullable): one was waited for in vain */
  const TernHost *waits_other;   /* (nullable): another host that is still being connected to */
  const TernTaskRecord *arrival; /* (nullable): brings a VM to a drained host */
  const TernTaskRecord *late_arrival; /* (nullable): stands in line to do so */
  /* (nullable): a guest is not shut down while that one stands in line before its start */
  const TernTaskRecord *stands_before;
} TernDrainNext;

/** tern_drain_settle: what the children settle: fills in the stories and the past */
void tern_drain_settle (TernDrainNext *self);
/** tern_drain_add_act: to be ordered now. @to: (nullable) */
void tern_drain_add_act (TernDrainNext *self, const char *kind, const char *uuid, const char *from,
                         const char *to, gboolean for_room);
/** tern_drain_decide: @item: (transfer full): its VM is not planned */
void tern_drain_decide (TernDrainNext *self, TernDrainItem *item);
/** tern_drain_find_item: Returns: (transfer none) (nullable): as the step before left it */
TernDrainItem *tern_drain_find_item (const TernDrainNext *self, const char *uuid);
/** tern_drain_is_in_place: whether it has left (of a return: is home) */
gboolean tern_drain_is_in_place (const TernDrainNext *self, const TernVm *vm);
/** tern_drain_is_waited_for: whether @host does not answer, but may yet */
gboolean tern_drain_is_waited_for (const TernDrainNext *self, const TernHost *host);
/** tern_drain_new_item: @vm: (nullable): the copy that counts. Returns: (transfer full) */
TernDrainItem *tern_drain_new_item (const TernDrainNext *self, const char *uuid, const char *name,
                                    const TernVm *vm);
/** tern_drain_settle_unstarted: a guest that was shut down and starts nowhere else is started where
 * it was, or told to be off. Returns: (transfer full) (nullable) */
TernDrainItem *tern_drain_settle_unstarted (TernDrainNext *self, const TernDrainStory *story,
                                            const TernVm *vm);
/** tern_drain_start_again: Returns: whether it is ordered to start on @where, its host */
gboolean tern_drain_start_again (TernDrainNext *self, TernDrainItem *item, const char *where);
/** tern_drain_tell_error: why @last did not take the VM away */
void tern_drain_tell_error (const TernDrainNext *self, TernDrainItem *item,
                            const TernDrainStory *story, const TernTaskRecord *last,
                            const char *shown);
/** tern_drain_tell_stopped: a guest that we shut down must not be forgotten. @where: host that has
 * its definition */
void tern_drain_tell_stopped (const TernDrainNext *self, TernDrainItem *item, const char *where,
                              const char *shown);
/** tern_drain_tell_unbegun: of a drain that was cancelled or is past its deadline: why the VM's
 * turn did not come */
void tern_drain_tell_unbegun (const TernDrainNext *self, TernDrainItem *item, const char *shown);
/** tern_drain_wait_for: that it is looked again by then */
void tern_drain_wait_for (TernDrainNext *self, gint64 until_us);
/** tern_drain_wait_until: Returns: wall time until which it is waited for @host */
gint64 tern_drain_wait_until (const TernDrainNext *self, const TernHost *host);

/** tern_drain_conclude: whether it is over, and how it stands: fills in the rest of the step */
void tern_drain_conclude (TernDrainNext *self);
