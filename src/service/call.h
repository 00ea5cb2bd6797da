/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "engine/vm-edit.h"
#include "service/parts.h"
#include "virtern-bus.h"

G_BEGIN_DECLS

/*
 * What the methods of the Manager share. Each is short and the same: unpack, check the options,
 * look up, authorize, call the engine, return. Authorizing may take minutes (a password), so the
 * engine judges again what was looked up before.
 */

/** TERN_MAX_VMS: of one call */
#define TERN_MAX_VMS 1000

/**
 * TernCall:
 * @parts: what the service works on
 * @bus: the Manager
 * @invocation: to be answered once
 * @config: (nullable): of a host to be added
 * @host: (nullable): name of a host
 * @vm_uuid: (nullable): of the one VM it is about
 * @order: (nullable): what shall happen to VMs
 * @lock: (nullable): to be set
 * @mask: (nullable): how a CPU shall be masked
 * @drain: (nullable): what is ordered for whole hosts
 * @move: (nullable): how its moves are made
 * @document: (nullable): a plan that was kept
 * @webhook: (nullable): to be added
 * @name: (nullable): of a webhook
 * @bring_back: VMs shall return to @host
 * @drain_action: to be set: a #TernDrainAction, or -1 to forget it
 * @options: (nullable): what the caller gave, if that is applied only later
 * @done: (nullable): what is called when the engine has done it
 *
 * A call in flight, with what it needs after the authorization.
 */
typedef struct
{
  TernParts *parts;
  TernBusManager *bus;
  GDBusMethodInvocation *invocation;
  TernHostConfig *config;
  char *host;
  char *vm_uuid;
  TernOrder *order;
  TernLock *lock;
  TernMask *mask;
  TernDrain *drain;
  TernMoveOptions *move;
  char *document;
  TernWebhook *webhook;
  char *name;
  gboolean bring_back;
  int drain_action;
  GVariant *options;
  GAsyncReadyCallback done;
} TernCall;

TernCall *tern_call_new (TernParts *parts, TernBusManager *bus, GDBusMethodInvocation *invocation);
void tern_call_free (TernCall *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernCall, tern_call_free)

/** tern_call_refuse: answers with @error. Returns: what a handler returns then */
gboolean tern_call_refuse (GDBusMethodInvocation *invocation, const GError *error);

/** tern_call_fits: answers with an error if the bus would not carry @reply: it ends the connection
 * of who sends too much. @what: "The plan"; @next: what the caller can do. Returns: whether @reply
 * may be sent */
gboolean tern_call_fits (GDBusMethodInvocation *invocation, GVariant *reply, const char *what,
                         const char *next);

/** tern_call_lookup_vm: Returns: (transfer none) (nullable): the copy that counts */
const TernVm *tern_call_lookup_vm (TernParts *parts, const char *name_or_uuid, GError **error);

/** tern_call_lookup_vms: @out_vms: (transfer container) (element-type TernVm). Refuses an empty
 * list, more than %TERN_MAX_VMS, and a VM that is named twice, be it in two ways */
gboolean tern_call_lookup_vms (TernParts *parts, const char *const *names, GPtrArray **out_vms,
                               GError **error);

/** tern_call_parse_move: @options: checked by a table with %TERN_MOVE_CHOICES. Returns: (transfer
 * full) (nullable): how moves are made by them, and otherwise by the settings */
TernMoveOptions *tern_call_parse_move (TernParts *parts, GVariant *options, GError **error);

/** tern_call_check_text: text that a person wrote and that others will read: 1 to @max bytes, not
 * blank, on one line, and nothing in it that cannot be shown. @what: "The reason" */
gboolean tern_call_check_text (const char *what, const char *text, gsize max, GError **error);

/** tern_call_connect: @signal: "handle-…" of the skeleton */
void tern_call_connect (TernBusManager *bus, const char *signal, GCallback handler,
                        TernParts *parts);

/* The methods, by theme. */
/** tern_manager_connect_hosts: AddHost, SetHost, RemoveHost */
void tern_manager_connect_hosts (TernBusManager *bus, TernParts *parts);
/** tern_manager_connect_orders: Migrate, MigrateGroup, StartVm */
void tern_manager_connect_orders (TernBusManager *bus, TernParts *parts);
/** tern_manager_connect_judgement: CheckVm, Plan, GetBaseline, GetSnapshot */
void tern_manager_connect_judgement (TernBusManager *bus, TernParts *parts);
/** tern_manager_connect_forecast: Forecast */
void tern_manager_connect_forecast (TernBusManager *bus, TernParts *parts);
/** tern_manager_connect_limits: SetLimits, and fills Limits */
void tern_manager_connect_limits (TernBusManager *bus, TernParts *parts);
/** tern_manager_connect_drains: Drain, PlanDrain, ApplyPlan, Activate, PlanReturn, ListOrigins */
void tern_manager_connect_drains (TernBusManager *bus, TernParts *parts);
/** tern_manager_connect_webhooks: AddWebhook, RemoveWebhook, ListWebhooks, TestWebhook */
void tern_manager_connect_webhooks (TernBusManager *bus, TernParts *parts);
/** tern_manager_connect_edits: LockVm, UnlockVm, MaskVm, SetVm */
void tern_manager_connect_edits (TernBusManager *bus, TernParts *parts);

G_END_DECLS
