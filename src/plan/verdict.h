/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/cluster.h"
#include "model/settings.h"
#include "model/task.h"
#include "plan/ledger.h"
#include "plan/reason.h"

G_BEGIN_DECLS

/**
 * TernAct: what the VM shall do on the host
 * @TERN_ACT_MOVE: go there while it runs
 * @TERN_ACT_START: be started there; being defined there already is fine
 */
typedef enum
{
  TERN_ACT_MOVE,
  TERN_ACT_START,
} TernAct;

/**
 * TernQuestion: may this VM do that?
 * @cluster: all hosts and VMs
 * @ledger: (nullable): what is promised already
 * @settings: (nullable): %NULL for the defaults
 * @vm: the copy that counts
 * @act: move or start
 * @open_task: (nullable): another task that holds this VM
 * @bound: the admin named the host: another cluster is then a warning, and not a block
 * @eject_media: local media will be taken out of their drives as a part of the task
 * @without_room: memory is not looked at: somebody else does, for many VMs at once, or only the
 *   definition goes over; huge pages are
 * @back: (start) it is started where it was until the drain that closed that host stopped it: that
 *   the host is closed is no hindrance
 * @will_be_off: (start) it runs now on its host, and will have been shut down
 * @now_us: wall time
 */
typedef struct
{
  const TernCluster *cluster;
  const TernLedger *ledger;
  const TernSettings *settings;
  const TernVm *vm;
  TernAct act;
  const TernTaskRecord *open_task;
  gboolean bound;
  gboolean eject_media;
  gboolean without_room;
  gboolean back;
  gboolean will_be_off;
  gint64 now_us;
} TernQuestion;

/**
 * TernVerdict: may the VM run on that host, and all reasons why not
 * @host: which host
 * @allowed: nothing blocks
 * @reasons: (element-type TernReason): every one, those that block first, otherwise in the table's
 *   order
 * @memory_free: bytes the host can still promise, before this VM; 0 if it is not known
 * @memory_need: bytes this VM takes there
 * @score: how good a place it is, 0 to 1; only if @allowed and somebody asked for scores
 * @parts: what the score is made of, see plan/placement.h
 */
typedef struct
{
  const TernHost *host;
  gboolean allowed;
  GPtrArray *reasons;
  guint64 memory_free;
  guint64 memory_need;
  double score;
  double parts[TERN_SCORE_PARTS];
} TernVerdict;

void tern_verdict_free (TernVerdict *self);

/**
 * TernRoom: memory of one host, bytes
 * @known: @capacity and @free mean something: the host said what it has
 * @capacity: what may be promised when it is empty
 * @free: what is left of it
 * @reserve: what no VM may be given
 * @reserved: promised to moves and starts under way, beyond what its VMs need now
 */
typedef struct
{
  gboolean known;
  guint64 capacity;
  guint64 free;
  guint64 reserve;
  guint64 reserved;
} TernRoom;

/** tern_room_of_host: @index: its place in the cluster. @except_uuid: (nullable): a VM whose own
 * reservation does not count */
TernRoom tern_room_of_host (const TernCluster *cluster, const TernLedger *ledger,
                            const TernSettings *settings, const TernHost *host, int index,
                            const char *except_uuid);

/**
 * TernJudge:
 *
 * A question being answered for one host after another: what does not depend on the host is worked
 * out once.
 */
typedef struct _TernJudge TernJudge;

/** tern_judge_new: @question: what it points to must outlive the judge */
TernJudge *tern_judge_new (const TernQuestion *question);
void tern_judge_free (TernJudge *self);

/** tern_judge_host: Returns: (transfer full): with every reason. @host: of the cluster */
TernVerdict *tern_judge_host (TernJudge *self, const TernHost *host);

/** tern_judge_allows: Returns: what tern_judge_host() says as @allowed, found without making
 * sentences */
gboolean tern_judge_allows (TernJudge *self, const TernHost *host);

/** tern_judge_all: Returns: (transfer full) (element-type TernVerdict): one for each host of the
 * cluster, in the order of its names */
GPtrArray *tern_judge_all (TernJudge *self);

/**
 * tern_verdict_of_sightings:
 * @vm: name to be shown
 * @source_sighting: what the source says right now
 * @destination_sighting: what the destination says right now
 *
 * The last look before a move is begun: both hosts were asked, nothing comes from a cache.
 *
 * Returns: (transfer full) (element-type TernReason): empty when the call may be made
 */
GPtrArray *tern_verdict_of_sightings (const char *vm, const char *source,
                                      const TernSighting *source_sighting, const char *destination,
                                      const TernSighting *destination_sighting);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernVerdict, tern_verdict_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernJudge, tern_judge_free)

G_END_DECLS
