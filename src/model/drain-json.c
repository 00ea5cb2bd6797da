/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A drain as the store keeps it: one line of JSON, by the tables that the snapshot file is read by.
 * Strict: whoever finds something else there has a damaged store, not an order.
 */
#include "config.h"

#include "model/drain.h"

#include "base/error.h"
#include "base/json-text.h"
#include "model/snapshot-fields.h"

#include <string.h>

/* An object with a list of objects with a list of objects. */
#define MAX_DEPTH 5
#define FILE_NAME "a drain"

static const char *
action_word (guint value)
{
  return tern_drain_action_to_string ((TernDrainAction) value);
}

static const char *
state_word (guint value)
{
  return tern_item_state_to_string ((TernItemState) value);
}

static gboolean read_item (TernJsonText *text, gpointer holder, GError **error);

/* clang-format off */
#define FIELD(type, field, kind, ...) { #field, kind, G_STRUCT_OFFSET (type, field), __VA_ARGS__ }
#define TEXT(type, field)  FIELD (type, field, TERN_FIELD_TEXT, .required = FALSE)
#define NEED(type, field)  FIELD (type, field, TERN_FIELD_TEXT, .required = TRUE)
#define TEXTS(type, field) FIELD (type, field, TERN_FIELD_TEXTS, .required = FALSE)
#define FLAG(type, field)  FIELD (type, field, TERN_FIELD_FLAG, .preset = FALSE)
#define TIME(type, field)  FIELD (type, field, TERN_FIELD_TIME, .preset = 0)
#define UINT(type, field)  FIELD (type, field, TERN_FIELD_UINT, .max = G_MAXUINT)
#define COUNT(type, field) FIELD (type, field, TERN_FIELD_SIZE, .max = G_MAXUINT64, .unit = 1)
#define WORD(type, field, of, n) FIELD (type, field, TERN_FIELD_WORD, .word = of, .n_words = n)

static const TernField reason_fields[] = {
  NEED (TernItemReason, code),
  NEED (TernItemReason, sentence),
  TEXT (TernItemReason, remedy),
};
static const TernShape reason_shape = { reason_fields, G_N_ELEMENTS (reason_fields),
                                        sizeof (TernItemReason),
                                        (GDestroyNotify) tern_item_reason_free };

static const TernField item_fields[] = {
  NEED (TernDrainItem, vm_uuid),
  TEXT (TernDrainItem, vm_name),
  TEXT (TernDrainItem, host),
  WORD (TernDrainItem, action, action_word, TERN_N_DRAIN_ACTIONS),
  FLAG (TernDrainItem, for_room),
  WORD (TernDrainItem, state, state_word, TERN_N_ITEM_STATES),
  TEXT (TernDrainItem, destination),
  COUNT (TernDrainItem, task_id),
  UINT (TernDrainItem, attempts),
  COUNT (TernDrainItem, memory),
  TIME (TernDrainItem, begin_us),
  TIME (TernDrainItem, end_us),
  FIELD (TernDrainItem, reasons, TERN_FIELD_LIST, .shape = &reason_shape),
};
static const TernShape item_shape = { item_fields, G_N_ELEMENTS (item_fields),
                                      sizeof (TernDrainItem),
                                      (GDestroyNotify) tern_drain_item_free };

static const TernField drain_fields[] = {
  FIELD (TernDrain, hosts, TERN_FIELD_TEXTS, .required = TRUE),
  TEXTS (TernDrain, actions),
  TEXTS (TernDrain, preferred),
  FLAG (TernDrain, move_shut_off),
  TIME (TernDrain, deadline_us),
  FLAG (TernDrain, abort),
  TEXTS (TernDrain, only),
  FLAG (TernDrain, keep_duty),
  FIELD (TernDrain, items, TERN_FIELD_LIST, .shape = &item_shape, .item = read_item),
  TEXTS (TernDrain, stopped),
  TEXTS (TernDrain, room_moves),
};
static const TernShape drain_shape = { drain_fields, G_N_ELEMENTS (drain_fields),
                                       sizeof (TernDrain), (GDestroyNotify) tern_drain_free };
/* clang-format on */

/* An item is never without its array of reasons, not even half read. */
static gboolean
read_item (TernJsonText *text, gpointer holder, GError **error)
{
  GPtrArray *items = *(GPtrArray **) holder;
  TernDrainItem *item = tern_drain_item_new (NULL, NULL);
  TernSection section = { &item_shape, item };

  g_ptr_array_add (items, item);
  return tern_fields_read (text, &section, 1, error);
}

char *
tern_drain_to_json (const TernDrain *self)
{
  GString *out = g_string_new (NULL);
  TernSection section = { &drain_shape, (gpointer) self };

  g_return_val_if_fail (self->hosts != NULL && *self->hosts != NULL, g_string_free (out, FALSE));
  tern_fields_write (out, &section, 1);
  return g_string_free (out, FALSE);
}

/* "UUID=WHAT" in each of @texts. */
static gboolean
are_pairs (const char *const *texts)
{
  for (guint i = 0; texts != NULL && texts[i] != NULL; i++)
    {
      const char *equals = strchr (texts[i], '=');

      if (equals == NULL || equals == texts[i] || equals[1] == '\0')
        return FALSE;
    }
  return TRUE;
}

static gboolean
are_actions (const char *const *texts)
{
  TernDrainAction action;

  if (!are_pairs (texts))
    return FALSE;
  for (guint i = 0; texts != NULL && texts[i] != NULL; i++)
    if (!tern_drain_action_from_string (strchr (texts[i], '=') + 1, &action))
      return FALSE;
  return TRUE;
}

static gboolean
check_order (const TernJsonText *text, const TernDrain *drain, GError **error)
{
  if (*drain->hosts == NULL)
    return tern_json_refuse (text, error, "“hosts” names no host");
  if (!are_actions ((const char *const *) drain->actions))
    return tern_json_refuse (text, error, "“actions” must be VMs with what is done with them");
  if (!are_pairs ((const char *const *) drain->preferred))
    return tern_json_refuse (text, error, "“preferred” must be VMs with their hosts");
  return TRUE;
}

static gboolean
read_drain (const char *json, TernDrain *drain, GError **error)
{
  gsize length = strlen (json);
  g_autoptr (GString) place = g_string_new (NULL);
  TernJsonText text = { json, json + length, 1, FILE_NAME, place };
  TernSection section = { &drain_shape, drain };

  if (!g_utf8_validate (json, (gssize) length, NULL))
    return tern_json_refuse (&text, error, "it is not UTF-8");
  return tern_json_check_text (json, length, MAX_DEPTH, error)
         && tern_fields_read (&text, &section, 1, error) && check_order (&text, drain, error);
}

TernDrain *
tern_drain_from_json (const char *json, GError **error)
{
  g_autoptr (TernDrain) drain = tern_drain_new (NULL);
  g_autoptr (GError) why = NULL;

  if (read_drain (json, drain, &why))
    return g_steal_pointer (&drain);
  g_set_error_literal (error, TERN_ERROR, TERN_ERROR_STORE, why->message);
  return NULL;
}
