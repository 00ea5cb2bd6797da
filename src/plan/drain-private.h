/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the files of a drain's plan share:
 *
 *   drain-items   who is there, and what shall become of each     (states, actions)
 *   drain-pack    where those that leave go                       (plan/pack)
 *   drain-reasons why the others cannot                           (verdicts, in short)
 *   drain         puts it together; drain-next asks for the same at every step
 */

#include "plan/drain.h"
#include "plan/pack.h"
#include "plan/verdict-private.h"

/**
 * TernDrainGuest: a VM that must be given a place
 * @item: (transfer none): of the plan
 * @vm: the copy on its host
 * @host: index of that
 * @act: %TERN_ACT_START if it is, or will have been, shut off there
 * @away: only its definition goes
 * @home: (of a return) index of the host it shall get to; -1 for any
 * @avoid: (nullable) (element-type utf8): hosts that did not take it
 */
typedef struct
{
  TernDrainItem *item;
  const TernVm *vm;
  guint host;
  TernAct act;
  gboolean away;
  int home;
  GHashTable *avoid;
} TernDrainGuest;

/**
 * TernDrainPast: what the steps before left behind
 * @decided: (nullable) (element-type utf8 TernDrainItem): VMs that are not planned: their items as
 *   they stand
 * @restarts: (nullable) (element-type utf8): VMs that were shut down to be started elsewhere
 * @held: (nullable) (element-type utf8 TernTaskRecord): VMs that are being shut down to be started
 *   elsewhere: their places are kept for them
 * @avoid: (nullable) (element-type utf8 GHashTable): by VM: hosts that did not take it
 * @fixed: (nullable) (element-type utf8): VMs that make no room (again)
 */
typedef struct
{
  GHashTable *decided;
  GHashTable *restarts;
  GHashTable *held;
  GHashTable *avoid;
  GHashTable *fixed;
} TernDrainPast;

/** TernDrainWork: a plan in the making. @guests: (element-type TernDrainGuest) */
typedef struct
{
  const TernDrainQuestion *question;
  const TernDrainPast *past;
  TernSettings settings;
  TernDrainPlan *plan;
  GArray *guests;
  TernCpuClasses *classes;
} TernDrainWork;

/** tern_drain_plan_with: as tern_drain_plan(). @past: (nullable) */
TernDrainPlan *tern_drain_plan_with (const TernDrainQuestion *question, const TernDrainPast *past);

/** tern_drain_action_of: what was said for @vm: by the order, its metadata, a rule, else move it */
TernDrainAction tern_drain_action_of (const TernDrainQuestion *question, const TernVm *vm);
/** tern_drain_call: what @vm is called in a command: by its name, if that is plain and belongs to
 * no other, else by its UUID */
const char *tern_drain_call (const TernCluster *cluster, const TernVm *vm);
/** tern_drain_find_word: of entries "UUID=WORD". Returns: (nullable): the word for that VM */
const char *tern_drain_find_word (const char *const *entries, const char *vm_uuid);

/** tern_drain_is_stopped: whether an earlier drain shut @vm down to start it elsewhere, and that is
 * still to be done */
gboolean tern_drain_is_stopped (const TernDrainQuestion *question, const TernVm *vm);
/** tern_drain_collect: fills in the plan's items and the guests */
void tern_drain_collect (TernDrainWork *work);
/** tern_drain_is_there: whether that copy of a VM is one that a drain of its host must treat */
gboolean tern_drain_is_there (const TernCluster *cluster, const TernVm *vm);
/** tern_drain_is_off: whether it has no process */
gboolean tern_drain_is_off (const TernVm *vm);
void tern_drain_item_add (TernDrainItem *item, const char *code, char *sentence, char *remedy);

/** tern_drain_judge: Returns: (transfer full): one that leaves memory to plan/pack */
TernJudge *tern_drain_judge (const TernDrainWork *work, const TernVm *vm, TernAct act);
/** tern_drain_place: finds places; fills in the plan's moves and what is left */
void tern_drain_place (TernDrainWork *work);

/** tern_drain_explain: why @guest finds no place. @free: by host: bytes that are left after the
 * plan. @max_hosts: how many are judged */
void tern_drain_explain (const TernDrainWork *work, const TernDrainGuest *guest,
                         const guint64 *free, guint max_hosts);
/** tern_drain_add_own: what speaks against the VM wherever it goes. Returns: whether anything does
 */
gboolean tern_drain_add_own (TernDrainItem *item, const TernJudge *judge);

/** tern_drain_is_candidate: whether @host could take part: of one of the drain's clusters, open */
gboolean tern_drain_is_candidate (const TernDrainQuestion *question, const TernHost *host);
/** tern_drain_is_return */
gboolean tern_drain_is_return (const TernDrainQuestion *question);
