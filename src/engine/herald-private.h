/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/herald.h"

G_BEGIN_DECLS

/* Waiting for one webhook at most; then the oldest are dropped. */
#define TERN_HERALD_MAX_WAITING 20000
/* A notice is given up after so many attempts, or when one fails at that age. */
#define TERN_HERALD_MAX_ATTEMPTS 100
#define TERN_HERALD_MAX_AGE_US ((gint64) 24 * 3600 * G_USEC_PER_SEC)
/* How long a host must be away to be told lost, and be there to be told back. */
#define TERN_HERALD_LOST_US ((gint64) 30 * G_USEC_PER_SEC)
#define TERN_HERALD_BACK_US ((gint64) 10 * G_USEC_PER_SEC)

typedef struct _TernPump TernPump;

struct _TernHerald
{
  GObject parent;

  TernClock *clock;
  TernOutbox *outbox;
  TernNotifier *notifier;
  TernInventory *inventory;
  TernTaskList *tasks;
  char *source;
  GRand *rand;
  guint64 max_waiting; /* for one webhook: TERN_HERALD_MAX_WAITING; tests have less */
  gboolean is_stopped;

  GPtrArray *pumps;   /* TernPump, by name of the webhook */
  GHashTable *adding; /* names of webhooks that are being stored */
  GHashTable *hosts;  /* name -> Watch, herald-hosts.c */

  GQueue writes; /* Write, herald-write.c */
  gboolean is_writing;
  guint write_timer;
  guint write_failures;
};

/** tern_herald_seed: for tests: the same pauses each time */
void tern_herald_seed (TernHerald *self, guint32 seed);

/** tern_herald_backoff: Returns: microseconds to wait after @failures in a row: 1 s, doubling to
 * ten minutes, each a quarter more or less by chance */
gint64 tern_herald_backoff (TernHerald *self, guint failures);

/** tern_herald_tell: hands @notice (transfer full) to every webhook that wants it; @task:
 * (nullable): what it tells of, see tern_outbox_post_async() */
void tern_herald_tell (TernHerald *self, TernNotice *notice, const TernTaskRecord *task);

/* --- herald-write.c: what is written to the outbox, one after the other --- */

/** TernHeraldWritten: called once it is durable; never if the herald ends before */
typedef void (*TernHeraldWritten) (gpointer data);

/** tern_herald_post: @notices: (transfer full) (element-type TernNotice) */
void tern_herald_post (TernHerald *self, GPtrArray *notices, guint64 task_id, TernTaskPhase phase);
/** tern_herald_settle: @notice: (transfer full), see tern_outbox_settle_async(); @data goes to
 * @free_data in any case */
void tern_herald_settle (TernHerald *self, TernNotice *notice, gboolean keep, gboolean delivered,
                         TernHeraldWritten written, gpointer data, GDestroyNotify free_data);
/** tern_herald_put_lost: @hosts: (transfer full): those that were told lost */
void tern_herald_put_lost (TernHerald *self, GStrv hosts);
/** tern_herald_forget_writes: nothing that is still to be written goes to @webhook; %NULL: nothing
 * is written any more */
void tern_herald_forget_writes (TernHerald *self, const char *webhook);

/* --- herald-pump.c: what goes out to one webhook --- */

TernPump *tern_pump_new (TernHerald *herald, const TernWebhook *webhook);
/** tern_pump_start: learns how much waits, then sends */
void tern_pump_start (TernPump *self);
/** tern_pump_stop: nothing is sent any more, what is under way is cancelled */
void tern_pump_stop (TernPump *self);
void tern_pump_unref (TernPump *self);
/** tern_pump_get_webhook: Returns: (transfer none) */
const TernWebhook *tern_pump_get_webhook (const TernPump *self);
/** tern_pump_get_error: Returns: (nullable): of the last attempt; @out_known: there was one */
const char *tern_pump_get_error (const TernPump *self, gboolean *out_known);
/** tern_pump_posted: one more waits for it */
void tern_pump_posted (TernPump *self);

/* --- herald-hosts.c --- */

void tern_herald_watch_hosts (TernHerald *self);
/** tern_herald_load_lost: @lost: (nullable): hosts that were told lost by an earlier daemon */
void tern_herald_load_lost (TernHerald *self, const char *const *lost);
void tern_herald_forget_hosts (TernHerald *self);

/* --- herald-notice.c: what a notice says --- */

/** tern_herald_notice_of_task: @record: in a final phase. Returns: (transfer full) */
TernNotice *tern_herald_notice_of_task (const char *source, const TernTaskRecord *record,
                                        gint64 now_us);
/** tern_herald_notice_of_host: @since_us: wall time since when it is, or was, away */
TernNotice *tern_herald_notice_of_host (const char *source, TernNoticeKind kind, const char *name,
                                        gint64 since_us, const char *error, gint64 now_us);
TernNotice *tern_herald_notice_of_test (const char *source, const char *webhook, gint64 now_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernPump, tern_pump_unref)

G_END_DECLS
