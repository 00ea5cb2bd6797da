/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernDuty: what a host is there for at present; persisted with it
 *
 * Whether it can be reached is another matter, see #TernHostState.
 *
 * @TERN_DUTY_ACTIVE: VMs may be placed on it
 * @TERN_DUTY_DRAINING: closed to VMs; they are being moved away, or some could not leave
 * @TERN_DUTY_MAINTENANCE: closed to VMs; none that runs was left when it was drained
 * @TERN_DUTY_RETURNING: open again; VMs that had left are being brought back
 */
typedef enum
{
  TERN_DUTY_ACTIVE,
  TERN_DUTY_DRAINING,
  TERN_DUTY_MAINTENANCE,
  TERN_DUTY_RETURNING,
  TERN_N_DUTIES
} TernDuty;

/** tern_duty_to_string: Returns: "active", "draining", "maintenance" or "returning" */
const char *tern_duty_to_string (TernDuty duty);
gboolean tern_duty_from_string (const char *name, TernDuty *out_duty);
/** tern_duty_is_closed: Returns: whether nothing may be placed on a host of that duty */
gboolean tern_duty_is_closed (TernDuty duty);

/**
 * TernDrainAction: what a drain does with a VM
 * @TERN_DRAIN_MIGRATE: move it while it runs; the default. A VM that is shut off stays unless
 *   @move_shut_off
 * @TERN_DRAIN_SKIP: leave it; it is no hindrance: the host counts as drained without it
 * @TERN_DRAIN_COLD: ask its guest to shut down, and start it on another host
 * @TERN_DRAIN_SHUTDOWN: ask its guest to shut down, and leave it so
 * @TERN_DRAIN_ASK: leave it until a person says which of the others
 */
typedef enum
{
  TERN_DRAIN_MIGRATE,
  TERN_DRAIN_SKIP,
  TERN_DRAIN_COLD,
  TERN_DRAIN_SHUTDOWN,
  TERN_DRAIN_ASK,
  TERN_N_DRAIN_ACTIONS
} TernDrainAction;

/** tern_drain_action_to_string: Returns: "migrate", "skip", "cold", "shutdown" or "ask" */
const char *tern_drain_action_to_string (TernDrainAction action);
gboolean tern_drain_action_from_string (const char *name, TernDrainAction *out_action);
/** tern_drain_action_get_words: Returns: (transfer none) (array zero-terminated=1): all of them */
const char *const *tern_drain_action_get_words (void);

/**
 * tern_drain_rules_find:
 * @rules: (nullable) (array zero-terminated=1): "GLOB=ACTION", where * and ? stand for any letters
 *   and any letter; the first that fits counts
 * @vm_name: as its host shows it
 *
 * What an admin wants drains to do with VMs of that name. What was said for the VM itself counts
 * before it: in the order, then in its metadata.
 *
 * Returns: whether a rule fits
 */
gboolean tern_drain_rules_find (const char *const *rules, const char *vm_name,
                                TernDrainAction *out_action);

/** tern_drain_rule_check: @error: %TERN_ERROR_INVALID_ARGUMENT, "“web*=maybe” …" */
gboolean tern_drain_rule_check (const char *rule, GError **error);

/**
 * TernItemState: how far a drain or a return is with one VM
 * @TERN_ITEM_WAITING: it is its turn later
 * @TERN_ITEM_MOVING: a task of its own is under way
 * @TERN_ITEM_GONE: it has left the host (of a return: it is home)
 * @TERN_ITEM_SKIPPED: left where it is because somebody said so, or because it is shut off
 * @TERN_ITEM_LEFT: it could not leave (of a return: go home); its reasons say why
 */
typedef enum
{
  TERN_ITEM_WAITING,
  TERN_ITEM_MOVING,
  TERN_ITEM_GONE,
  TERN_ITEM_SKIPPED,
  TERN_ITEM_LEFT,
  TERN_N_ITEM_STATES
} TernItemState;

/** tern_item_state_to_string: Returns: "waiting", "moving", "gone", "skipped" or "left" */
const char *tern_item_state_to_string (TernItemState state);
gboolean tern_item_state_from_string (const char *name, TernItemState *out_state);

/**
 * TernItemReason: why a VM could not leave
 * @code: as in docs/reasons.md, or the name of the error of its task
 * @sentence: for people
 * @remedy: (nullable): what would free it, with the command to run if there is one
 */
typedef struct
{
  char *code;
  char *sentence;
  char *remedy;
} TernItemReason;

TernItemReason *tern_item_reason_new (const char *code, const char *sentence, const char *remedy);
void tern_item_reason_free (TernItemReason *self);

/**
 * TernDrainItem: one VM of a drain or a return
 * @vm_uuid: lower case
 * @vm_name: as shown
 * @host: (nullable): host it is on (of a drain: the one it shall leave)
 * @action: what is to be done with it
 * @for_room: it is on no drained host, and moves only to make room for another
 * @state: how far it is
 * @destination: (nullable): host it goes to, or went to
 * @task_id: the last task that did something with it; 0 for none
 * @attempts: tasks of this drain that tried
 * @memory: bytes it takes on a host
 * @begin_us: expected, counted from the start of the plan; 0 with @end_us 0 for unknown
 * @end_us: expected end
 * @reasons: (element-type TernItemReason): why not, if LEFT; or what speaks against it
 */
typedef struct
{
  char *vm_uuid;
  char *vm_name;
  char *host;
  TernDrainAction action;
  gboolean for_room;
  TernItemState state;
  char *destination;
  guint64 task_id;
  guint attempts;
  guint64 memory;
  gint64 begin_us;
  gint64 end_us;
  GPtrArray *reasons;
} TernDrainItem;

TernDrainItem *tern_drain_item_new (const char *vm_uuid, const char *vm_name);
TernDrainItem *tern_drain_item_copy (const TernDrainItem *self);
void tern_drain_item_free (TernDrainItem *self);

/**
 * TernDrain: what was ordered for whole hosts, and what became of it; part of the task's record
 * @hosts: (array zero-terminated=1): hosts to be emptied, or, of a return, to be filled again
 * @actions: (nullable) (array zero-terminated=1): "UUID=ACTION" for VMs for which it was said
 * @preferred: (nullable) (array zero-terminated=1): "UUID=HOST" in the order of a plan that is
 *   carried out
 * @move_shut_off: definitions of VMs that are shut off go, too
 * @deadline_us: wall time from which on no further VM is begun; 0 for none
 * @abort: what is under way is to be cancelled with it
 * @only: (nullable) (array zero-terminated=1): of a return: only these VMs (UUIDs)
 * @keep_duty: of a return: the host's duty stays as it is (undo of a drain)
 * @items: (element-type TernDrainItem): by host and name; as last seen
 * @stopped: VMs that a drain shut down to start them elsewhere, which was not done yet: UUIDs
 * @room_moves: VMs of other hosts that were moved to make room: UUIDs; each is moved so once only
 */
typedef struct
{
  GStrv hosts;
  GStrv actions;
  GStrv preferred;
  gboolean move_shut_off;
  gint64 deadline_us;
  gboolean abort;
  GStrv only;
  gboolean keep_duty;
  GPtrArray *items;
  GStrv stopped;
  GStrv room_moves;
} TernDrain;

TernDrain *tern_drain_new (const char *const *hosts);
TernDrain *tern_drain_copy (const TernDrain *self);
void tern_drain_free (TernDrain *self);

/** tern_drain_get_action: @vm_uuid: any. Returns: whether an action was said for that VM */
gboolean tern_drain_get_action (const TernDrain *self, const char *vm_uuid,
                                TernDrainAction *out_action);
/** tern_drain_has_host: Returns: whether @name is one of its hosts */
gboolean tern_drain_has_host (const TernDrain *self, const char *name);

/** tern_drain_to_json: Returns: (transfer full): one line, as it is stored */
char *tern_drain_to_json (const TernDrain *self);
/** tern_drain_from_json: strict: what this version never writes is %TERN_ERROR_STORE.
 * Returns: (transfer full) (nullable) */
TernDrain *tern_drain_from_json (const char *json, GError **error);

/**
 * TernOrigin: a VM that a drain took from its host, and that may want to go back
 * @vm_uuid: lower case; a VM has one origin: the host it left first
 * @vm_name: when it left
 * @host: the host it left
 * @drain_id: task that took it away
 * @since_us: wall time
 * @status: (nullable): why it could not go home when that was last tried, a sentence
 * @tried_us: wall time of that, 0 for never
 */
typedef struct
{
  char *vm_uuid;
  char *vm_name;
  char *host;
  guint64 drain_id;
  gint64 since_us;
  char *status;
  gint64 tried_us;
} TernOrigin;

TernOrigin *tern_origin_new (const char *vm_uuid, const char *vm_name, const char *host);
TernOrigin *tern_origin_copy (const TernOrigin *self);
void tern_origin_free (TernOrigin *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernItemReason, tern_item_reason_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernDrainItem, tern_drain_item_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernDrain, tern_drain_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernOrigin, tern_origin_free)

G_END_DECLS
