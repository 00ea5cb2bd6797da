/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * What was ordered for whole hosts, VM by VM.
 */
#include "config.h"

#include "model/drain.h"

#include "base/error.h"

#include <string.h>

static const char *const duties[TERN_N_DUTIES] = {
  [TERN_DUTY_ACTIVE] = "active",
  [TERN_DUTY_DRAINING] = "draining",
  [TERN_DUTY_MAINTENANCE] = "maintenance",
  [TERN_DUTY_RETURNING] = "returning",
};

static const char *const actions[TERN_N_DRAIN_ACTIONS + 1] = {
  [TERN_DRAIN_MIGRATE] = "migrate",   [TERN_DRAIN_SKIP] = "skip", [TERN_DRAIN_COLD] = "cold",
  [TERN_DRAIN_SHUTDOWN] = "shutdown", [TERN_DRAIN_ASK] = "ask",
};

static const char *const item_states[TERN_N_ITEM_STATES] = {
  [TERN_ITEM_WAITING] = "waiting", [TERN_ITEM_MOVING] = "moving", [TERN_ITEM_GONE] = "gone",
  [TERN_ITEM_SKIPPED] = "skipped", [TERN_ITEM_LEFT] = "left",
};

static gboolean
find_word (const char *const *words, guint n_words, const char *word, guint *out_index)
{
  for (guint i = 0; i < n_words; i++)
    if (g_strcmp0 (word, words[i]) == 0)
      {
        *out_index = i;
        return TRUE;
      }
  return FALSE;
}

const char *
tern_duty_to_string (TernDuty duty)
{
  g_return_val_if_fail ((guint) duty < TERN_N_DUTIES, "unknown");
  return duties[duty];
}

gboolean
tern_duty_from_string (const char *name, TernDuty *out_duty)
{
  return find_word (duties, TERN_N_DUTIES, name, out_duty);
}

gboolean
tern_duty_is_closed (TernDuty duty)
{
  return duty == TERN_DUTY_DRAINING || duty == TERN_DUTY_MAINTENANCE;
}

const char *
tern_drain_action_to_string (TernDrainAction action)
{
  g_return_val_if_fail ((guint) action < TERN_N_DRAIN_ACTIONS, "unknown");
  return actions[action];
}

gboolean
tern_drain_action_from_string (const char *name, TernDrainAction *out_action)
{
  return find_word (actions, TERN_N_DRAIN_ACTIONS, name, out_action);
}

const char *const *
tern_drain_action_get_words (void)
{
  return actions;
}

const char *
tern_item_state_to_string (TernItemState state)
{
  g_return_val_if_fail ((guint) state < TERN_N_ITEM_STATES, "unknown");
  return item_states[state];
}

gboolean
tern_item_state_from_string (const char *name, TernItemState *out_state)
{
  return find_word (item_states, TERN_N_ITEM_STATES, name, out_state);
}

TernItemReason *
tern_item_reason_new (const char *code, const char *sentence, const char *remedy)
{
  TernItemReason *self = g_new0 (TernItemReason, 1);

  self->code = g_strdup (code);
  self->sentence = g_strdup (sentence);
  self->remedy = g_strdup (remedy);
  return self;
}

void
tern_item_reason_free (TernItemReason *self)
{
  if (self == NULL)
    return;

  g_free (self->code);
  g_free (self->sentence);
  g_free (self->remedy);
  g_free (self);
}

TernDrainItem *
tern_drain_item_new (const char *vm_uuid, const char *vm_name)
{
  TernDrainItem *self = g_new0 (TernDrainItem, 1);

  self->vm_uuid = g_strdup (vm_uuid);
  self->vm_name = g_strdup (vm_name);
  self->reasons = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_item_reason_free);
  return self;
}

TernDrainItem *
tern_drain_item_copy (const TernDrainItem *self)
{
  TernDrainItem *copy = tern_drain_item_new (self->vm_uuid, self->vm_name);
  GPtrArray *reasons = copy->reasons;
  char *uuid = copy->vm_uuid, *name = copy->vm_name;

  *copy = *self;
  copy->vm_uuid = uuid;
  copy->vm_name = name;
  copy->host = g_strdup (self->host);
  copy->destination = g_strdup (self->destination);
  copy->reasons = reasons;
  for (guint i = 0; i < self->reasons->len; i++)
    {
      const TernItemReason *reason = self->reasons->pdata[i];

      g_ptr_array_add (reasons,
                       tern_item_reason_new (reason->code, reason->sentence, reason->remedy));
    }
  return copy;
}

void
tern_drain_item_free (TernDrainItem *self)
{
  if (self == NULL)
    return;

  g_free (self->vm_uuid);
  g_free (self->vm_name);
  g_free (self->host);
  g_free (self->destination);
  g_ptr_array_unref (self->reasons);
  g_free (self);
}

TernDrain *
tern_drain_new (const char *const *hosts)
{
  TernDrain *self = g_new0 (TernDrain, 1);

  self->hosts = g_strdupv ((GStrv) hosts);
  self->items = g_ptr_array_new_with_free_func ((GDestroyNotify) tern_drain_item_free);
  return self;
}

TernDrain *
tern_drain_copy (const TernDrain *self)
{
  TernDrain *copy = tern_drain_new ((const char *const *) self->hosts);

  copy->actions = g_strdupv (self->actions);
  copy->preferred = g_strdupv (self->preferred);
  copy->move_shut_off = self->move_shut_off;
  copy->deadline_us = self->deadline_us;
  copy->abort = self->abort;
  copy->only = g_strdupv (self->only);
  copy->keep_duty = self->keep_duty;
  copy->stopped = g_strdupv (self->stopped);
  copy->room_moves = g_strdupv (self->room_moves);
  for (guint i = 0; i < self->items->len; i++)
    g_ptr_array_add (copy->items, tern_drain_item_copy (self->items->pdata[i]));
  return copy;
}

void
tern_drain_free (TernDrain *self)
{
  if (self == NULL)
    return;

  g_strfreev (self->hosts);
  g_strfreev (self->actions);
  g_strfreev (self->preferred);
  g_strfreev (self->only);
  g_strfreev (self->stopped);
  g_strfreev (self->room_moves);
  g_ptr_array_unref (self->items);
  g_free (self);
}

gboolean
tern_drain_get_action (const TernDrain *self, const char *vm_uuid, TernDrainAction *out_action)
{
  gsize length = strlen (vm_uuid);

  for (guint i = 0; self->actions != NULL && self->actions[i] != NULL; i++)
    if (strncmp (self->actions[i], vm_uuid, length) == 0 && self->actions[i][length] == '=')
      return tern_drain_action_from_string (self->actions[i] + length + 1, out_action);
  return FALSE;
}

gboolean
tern_drain_has_host (const TernDrain *self, const char *name)
{
  return g_strv_contains ((const char *const *) self->hosts, name);
}

TernOrigin *
tern_origin_new (const char *vm_uuid, const char *vm_name, const char *host)
{
  TernOrigin *self = g_new0 (TernOrigin, 1);

  self->vm_uuid = g_strdup (vm_uuid);
  self->vm_name = g_strdup (vm_name);
  self->host = g_strdup (host);
  return self;
}

TernOrigin *
tern_origin_copy (const TernOrigin *self)
{
  TernOrigin *copy = g_new0 (TernOrigin, 1);

  *copy = *self;
  copy->vm_uuid = g_strdup (self->vm_uuid);
  copy->vm_name = g_strdup (self->vm_name);
  copy->host = g_strdup (self->host);
  copy->status = g_strdup (self->status);
  return copy;
}

void
tern_origin_free (TernOrigin *self)
{
  if (self == NULL)
    return;

  g_free (self->vm_uuid);
  g_free (self->vm_name);
  g_free (self->host);
  g_free (self->status);
  g_free (self);
}
