/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A plan as a JSON document that can be kept and carried out later.
 *
 * The seal is an HMAC over the document's canonical text: every object with its keys sorted, no
 * spaces, whole numbers as digits, others with three decimals. So a tool may indent it or turn its
 * keys around, and a changed word is noticed.
 */
#include "config.h"

#include "plan/drain-document.h"

#include "base/error.h"
#include "base/text.h"
#include "plan/drain-private.h"
#include "plan/drain-text.h"

#include <json-glib/json-glib.h>
#include <string.h>

#define FORM_VERSION 1
#define MAX_NAME_SHOWN 60
#define SEAL "seal"

/* --- writing --- */

static void
add_string (JsonBuilder *b, const char *key, const char *value)
{
  json_builder_set_member_name (b, key);
  json_builder_add_string_value (b, value != NULL ? value : "");
}

static void
add_int (JsonBuilder *b, const char *key, guint64 value)
{
  json_builder_set_member_name (b, key);
  json_builder_add_int_value (b, (gint64) MIN (value, (guint64) G_MAXINT64));
}

static void
add_bool (JsonBuilder *b, const char *key, gboolean value)
{
  json_builder_set_member_name (b, key);
  json_builder_add_boolean_value (b, value);
}

static void
add_seconds (JsonBuilder *b, const char *key, gint64 us)
{
  json_builder_set_member_name (b, key);
  json_builder_add_double_value (b, (double) (us / 1000) / 1000.0);
}

static void
add_name (JsonBuilder *b, const char *key, const char *name)
{
  g_autofree char *shown = tern_text_visible (name, 0);

  add_string (b, key, shown);
}

static void
add_list (JsonBuilder *b, const char *key, const char *const *list)
{
  json_builder_set_member_name (b, key);
  json_builder_begin_array (b);
  for (; list != NULL && *list != NULL; list++)
    json_builder_add_string_value (b, *list);
  json_builder_end_array (b);
}

static void
add_actions (JsonBuilder *b, const TernDrain *drain)
{
  json_builder_set_member_name (b, "actions");
  json_builder_begin_object (b);
  for (guint i = 0; drain->actions != NULL && drain->actions[i] != NULL; i++)
    {
      const char *split = strchr (drain->actions[i], '=');
      g_autofree char *uuid =
          split != NULL ? g_strndup (drain->actions[i], split - drain->actions[i]) : NULL;

      if (uuid != NULL)
        add_string (b, uuid, split + 1);
    }
  json_builder_end_object (b);
}

static void
add_reasons (JsonBuilder *b, const TernDrainItem *item)
{
  json_builder_set_member_name (b, "reasons");
  json_builder_begin_array (b);
  for (guint i = 0; i < item->reasons->len; i++)
    {
      const TernItemReason *reason = item->reasons->pdata[i];

      json_builder_begin_object (b);
      add_string (b, "code", reason->code);
      add_name (b, "sentence", reason->sentence);
      if (reason->remedy != NULL)
        add_name (b, "remedy", reason->remedy);
      json_builder_end_object (b);
    }
  json_builder_end_array (b);
}

static void
add_items (JsonBuilder *b, const TernDrainPlan *plan)
{
  json_builder_set_member_name (b, "items");
  json_builder_begin_array (b);
  for (guint i = 0; i < plan->items->len; i++)
    {
      const TernDrainItem *item = plan->items->pdata[i];

      json_builder_begin_object (b);
      add_name (b, "vm", item->vm_name);
      add_string (b, "uuid", item->vm_uuid);
      add_string (b, "host", item->host);
      add_string (b, "action", tern_drain_action_to_string (item->action));
      add_bool (b, "for-room", item->for_room);
      add_string (b, "state", tern_item_state_to_string (item->state));
      if (item->destination != NULL)
        add_string (b, "destination", item->destination);
      add_int (b, "memory", item->memory);
      if (item->end_us > 0)
        {
          add_seconds (b, "begin", item->begin_us);
          add_seconds (b, "end", item->end_us);
        }
      add_reasons (b, item);
      json_builder_end_object (b);
    }
  json_builder_end_array (b);
}

static const char *
how (const TernDrainMove *move)
{
  if (move->act == TERN_ACT_MOVE)
    return "live";
  return tern_drain_is_off (move->vm) ? "definition" : "start";
}

static void
add_moves (JsonBuilder *b, const TernDrainPlan *plan)
{
  json_builder_set_member_name (b, "moves");
  json_builder_begin_array (b);
  for (guint i = 0; i < plan->moves->len; i++)
    {
      const TernDrainMove *move = plan->moves->pdata[i];

      json_builder_begin_object (b);
      add_int (b, "number", i + 1);
      add_name (b, "vm", move->vm->name);
      add_string (b, "uuid", move->vm->uuid);
      add_string (b, "how", how (move));
      add_string (b, "from", move->from);
      add_string (b, "to", move->to);
      json_builder_set_member_name (b, "after");
      json_builder_begin_array (b);
      for (guint j = 0; j < move->after->len; j++)
        json_builder_add_int_value (b, g_array_index (move->after, guint, j) + 1);
      json_builder_end_array (b);
      json_builder_end_object (b);
    }
  json_builder_end_array (b);
}

static void
add_counts (JsonBuilder *b, const TernDrainPlan *plan)
{
  json_builder_set_member_name (b, "counts");
  json_builder_begin_object (b);
  for (guint i = 0; i < TERN_N_ITEM_STATES; i++)
    add_int (b, tern_item_state_to_string (i), tern_drain_plan_count (plan, i));
  json_builder_end_object (b);
}

/* What the plan needs to find free on a host when it begins: arrivals, less what leaves. */
static guint64
find_need (const TernDrainPlan *plan, const char *host)
{
  guint64 need = 0, gone = 0;

  for (guint i = 0; i < plan->moves->len; i++)
    {
      const TernDrainMove *move = plan->moves->pdata[i];
      guint64 size = g_str_equal (how (move), "definition") ? 0 : move->item->memory;

      if (g_str_equal (move->from, host))
        gone += size;
      if (g_str_equal (move->to, host))
        need += size;
    }
  return need > gone ? need - gone : 0;
}

static void
add_host_stand (JsonBuilder *b, const TernDrainPlan *plan, const TernHost *host)
{
  json_builder_begin_object (b);
  add_string (b, "host", host->config->name);
  add_string (b, "duty", tern_duty_to_string (host->config->duty));
  add_string (b, "state", tern_host_state_to_string (host->state));
  add_int (b, "room", find_need (plan, host->config->name));
  json_builder_end_object (b);
}

static gboolean
is_used (const TernDrainPlan *plan, const TernDrain *drain, const char *host)
{
  if (tern_drain_has_host (drain, host))
    return TRUE;
  for (guint i = 0; i < plan->moves->len; i++)
    {
      const TernDrainMove *move = plan->moves->pdata[i];

      if (g_str_equal (move->from, host) || g_str_equal (move->to, host))
        return TRUE;
    }
  return FALSE;
}

static void
add_stand (JsonBuilder *b, const TernDrainPlan *plan, const TernDrain *drain)
{
  json_builder_set_member_name (b, "stands-on");
  json_builder_begin_object (b);
  json_builder_set_member_name (b, "hosts");
  json_builder_begin_array (b);
  for (guint i = 0; i < plan->cluster->hosts->len; i++)
    {
      const TernHost *host = plan->cluster->hosts->pdata[i];

      if (is_used (plan, drain, host->config->name))
        add_host_stand (b, plan, host);
    }
  json_builder_end_array (b);
  json_builder_set_member_name (b, "vms");
  json_builder_begin_array (b);
  for (guint i = 0; i < plan->items->len; i++)
    {
      const TernDrainItem *item = plan->items->pdata[i];
      const TernVm *vm = tern_cluster_find_vm (plan->cluster, item->vm_uuid);

      json_builder_begin_object (b);
      add_string (b, "uuid", item->vm_uuid);
      add_string (b, "host", vm != NULL ? vm->host : "");
      add_string (b, "state", vm != NULL ? tern_vm_state_to_string (vm->state) : "");
      add_int (b, "memory", vm != NULL ? tern_vm_get_memory_need (vm) : 0);
      json_builder_end_object (b);
    }
  json_builder_end_array (b);
  json_builder_end_object (b);
}

/* --- the seal --- */

static void
append_string (GString *out, const char *text)
{
  g_string_append_printf (out, "%" G_GSIZE_FORMAT ":%s", strlen (text), text);
}

static int
compare_keys (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void append_node (GString *out, JsonNode *node);

static void
append_object (GString *out, JsonObject *object)
{
  g_autoptr (GPtrArray) keys = g_ptr_array_new ();
  JsonObjectIter iter;
  const char *key;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &key, NULL))
    g_ptr_array_add (keys, (gpointer) key);
  g_ptr_array_sort (keys, compare_keys);
  g_string_append_c (out, '{');
  for (guint i = 0; i < keys->len; i++)
    {
      append_string (out, keys->pdata[i]);
      append_node (out, json_object_get_member (object, keys->pdata[i]));
    }
  g_string_append_c (out, '}');
}

static void
append_value (GString *out, JsonNode *node)
{
  GType type = json_node_get_value_type (node);
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  if (type == G_TYPE_STRING)
    append_string (out, json_node_get_string (node));
  else if (type == G_TYPE_BOOLEAN)
    g_string_append (out, json_node_get_boolean (node) ? "true" : "false");
  else if (type == G_TYPE_INT64)
    g_string_append_printf (out, "%" G_GINT64_FORMAT ";", json_node_get_int (node));
  else
    {
      double value = json_node_get_double (node);
      gboolean whole = value > -9e15 && value < 9e15 && value == (double) (gint64) value;

      /* Whole ones may come back without their fraction. */
      if (whole)
        g_string_append_printf (out, "%" G_GINT64_FORMAT ";", (gint64) value);
      else
        g_string_append_printf (out, "%s;", g_ascii_dtostr (digits, sizeof digits, value));
    }
}

static void
append_node (GString *out, JsonNode *node)
{
  if (JSON_NODE_HOLDS_OBJECT (node))
    append_object (out, json_node_get_object (node));
  else if (JSON_NODE_HOLDS_ARRAY (node))
    {
      JsonArray *array = json_node_get_array (node);

      g_string_append_c (out, '[');
      for (guint i = 0; i < json_array_get_length (array); i++)
        append_node (out, json_array_get_element (array, i));
      g_string_append_c (out, ']');
    }
  else if (JSON_NODE_HOLDS_VALUE (node))
    append_value (out, node);
  else
    g_string_append (out, "null");
}

/* @root: without its seal */
static char *
make_seal (JsonNode *root, GBytes *key)
{
  g_autoptr (GString) text = g_string_new (NULL);
  gsize length = 0;
  const guint8 *secret = g_bytes_get_data (key, &length);

  append_node (text, root);
  return g_compute_hmac_for_string (G_CHECKSUM_SHA256, secret, length, text->str,
                                    (gssize) text->len);
}

char *
tern_drain_document_format (const TernDrainPlan *plan, const TernDrainQuestion *question,
                            const char *cluster_id, GBytes *key)
{
  const TernDrain *drain = question->drain;
  g_autoptr (JsonBuilder) b = json_builder_new ();
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *seal = NULL;

  json_builder_begin_object (b);
  add_int (b, "virtern-plan", FORM_VERSION);
  add_string (b, "kind", tern_drain_is_return (question) ? "return" : "drain");
  add_string (b, "cluster-id", cluster_id);
  add_int (b, "made", (guint64) MAX (question->now_us, 0));
  add_list (b, "hosts", (const char *const *) drain->hosts);
  add_bool (b, "move-shut-off", drain->move_shut_off);
  add_int (b, "deadline", (guint64) MAX (drain->deadline_us, 0));
  add_actions (b, drain);
  if (drain->only != NULL)
    add_list (b, "only", (const char *const *) drain->only);
  add_items (b, plan);
  add_moves (b, plan);
  add_counts (b, plan);
  add_seconds (b, "makespan", plan->makespan_us);
  add_int (b, "highest-use", plan->highest_permille);
  add_int (b, "short-memory", plan->short_memory);
  add_stand (b, plan, drain);
  json_builder_end_object (b);
  root = json_builder_get_root (b);
  seal = make_seal (root, key);
  json_object_set_string_member (json_node_get_object (root), SEAL, seal);
  return json_to_string (root, TRUE);
}

/* --- reading --- */

static gboolean
refuse (GError **error, const char *what)
{
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "this is no plan of ours: %s", what);
  return FALSE;
}

static JsonNode *
load (const char *json, GError **error)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  g_autoptr (GError) broken = NULL;
  JsonNode *root;

  if (!tern_drain_text_is_short (json))
    return refuse (error, "it is too long") ? NULL : NULL;
  if (!g_utf8_validate (json, -1, NULL) || !tern_drain_text_is_flat (json))
    return refuse (error, "it is no JSON document of that form") ? NULL : NULL;
  if (!json_parser_load_from_data (parser, json, -1, &broken))
    {
      g_autofree char *shown = tern_text_visible (broken->message, 200);

      return refuse (error, shown) ? NULL : NULL;
    }
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return refuse (error, "it is no JSON object") ? NULL : NULL;
  return json_node_copy (root);
}

/* Keys of the document, with what each must hold: s text, i whole number, n number, b boolean, a
 * list, o object. */
static const struct
{
  const char *key;
  char type;
  gboolean optional;
} known_keys[] = {
  { "virtern-plan", 'i', FALSE }, { "kind", 's', FALSE },        { "cluster-id", 's', FALSE },
  { "made", 'i', FALSE },         { "hosts", 'a', FALSE },       { "move-shut-off", 'b', FALSE },
  { "deadline", 'i', FALSE },     { "actions", 'o', FALSE },     { "only", 'a', TRUE },
  { "items", 'a', FALSE },        { "moves", 'a', FALSE },       { "counts", 'o', FALSE },
  { "makespan", 'n', FALSE },     { "highest-use", 'i', FALSE }, { "short-memory", 'i', FALSE },
  { "stands-on", 'o', FALSE },    { SEAL, 's', FALSE },
};

static gboolean
holds (JsonNode *node, char type)
{
  GType value = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;

  switch (type)
    {
    case 's':
      return value == G_TYPE_STRING;
    case 'i':
      return value == G_TYPE_INT64;
    case 'n':
      return value == G_TYPE_INT64 || value == G_TYPE_DOUBLE;
    case 'b':
      return value == G_TYPE_BOOLEAN;
    case 'a':
      return JSON_NODE_HOLDS_ARRAY (node);
    default:
      return JSON_NODE_HOLDS_OBJECT (node);
    }
}

static gboolean
check_keys (JsonObject *object, GError **error)
{
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (known_keys); i++)
    {
      JsonNode *node = json_object_get_member (object, known_keys[i].key);

      n += node != NULL;
      if (node == NULL ? known_keys[i].optional : holds (node, known_keys[i].type))
        continue;
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
                   "this is no plan of ours: “%s” is missing or of another kind",
                   known_keys[i].key);
      return FALSE;
    }
  return n == json_object_get_size (object) || refuse (error, "it has keys that no plan has");
}

static gboolean
check_origin (JsonNode *root, const char *cluster_id, GBytes *key, GError **error)
{
  JsonObject *object = json_node_get_object (root);
  g_autoptr (JsonNode) bare = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (JsonObject) copy = json_object_new ();
  g_autofree char *seal = NULL;
  JsonObjectIter iter;
  const char *name;
  JsonNode *node;

  if (json_object_get_int_member (object, "virtern-plan") != FORM_VERSION)
    return refuse (error, "it has another version");
  if (!g_str_equal (json_object_get_string_member (object, "cluster-id"), cluster_id))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
                   "this plan was made by another daemon, for other hosts; plan anew here");
      return FALSE;
    }
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node))
    if (!g_str_equal (name, SEAL))
      json_object_set_member (copy, name, json_node_copy (node));
  json_node_set_object (bare, copy);
  seal = make_seal (bare, key);
  if (g_str_equal (seal, json_object_get_string_member (object, SEAL)))
    return TRUE;
  g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT,
               "this plan was changed after it was made; plan anew, and say with --action what "
               "shall be different");
  return FALSE;
}

/* Returns: (transfer full) (nullable) */
static GStrv
read_list (JsonArray *array)
{
  g_autoptr (GPtrArray) list = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < json_array_get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (!holds (node, 's'))
        return NULL;
      g_ptr_array_add (list, g_strdup (json_node_get_string (node)));
    }
  g_ptr_array_add (list, NULL);
  g_ptr_array_set_free_func (list, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&list), FALSE);
}

static const char *
get_text (JsonNode *node, const char *key)
{
  JsonNode *member = JSON_NODE_HOLDS_OBJECT (node)
                         ? json_object_get_member (json_node_get_object (node), key)
                         : NULL;

  return member != NULL && holds (member, 's') ? json_node_get_string (member) : NULL;
}

static guint64
get_size (JsonNode *node, const char *key)
{
  JsonNode *member = JSON_NODE_HOLDS_OBJECT (node)
                         ? json_object_get_member (json_node_get_object (node), key)
                         : NULL;

  return member != NULL && holds (member, 'i') ? (guint64) MAX (json_node_get_int (member), 0) : 0;
}

static GStrv
take_lines (GPtrArray *lines)
{
  g_ptr_array_add (lines, NULL);
  return (GStrv) g_ptr_array_free (lines, FALSE);
}

static GStrv
read_preferred (JsonArray *moves)
{
  GPtrArray *lines = g_ptr_array_new ();

  for (guint i = 0; i < json_array_get_length (moves); i++)
    {
      JsonNode *move = json_array_get_element (moves, i);
      const char *uuid = get_text (move, "uuid"), *to = get_text (move, "to");

      if (uuid != NULL && to != NULL)
        g_ptr_array_add (lines, g_strconcat (uuid, "=", to, NULL));
    }
  return take_lines (lines);
}

static GStrv
read_actions (JsonObject *object)
{
  GPtrArray *lines = g_ptr_array_new ();
  JsonObjectIter iter;
  const char *uuid;
  JsonNode *node;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &uuid, &node))
    if (holds (node, 's'))
      g_ptr_array_add (lines, g_strconcat (uuid, "=", json_node_get_string (node), NULL));
  return take_lines (lines);
}

TernDrain *
tern_drain_document_parse (const char *json, const char *cluster_id, GBytes *key, GError **error)
{
  g_autoptr (JsonNode) root = load (json, error);
  JsonObject *object;
  g_auto (GStrv) hosts = NULL;
  TernDrain *drain;

  if (root == NULL || !check_keys (json_node_get_object (root), error)
      || !check_origin (root, cluster_id, key, error))
    return NULL;
  object = json_node_get_object (root);
  hosts = read_list (json_object_get_array_member (object, "hosts"));
  if (hosts == NULL)
    return refuse (error, "“hosts” holds what is no text") ? NULL : NULL;
  drain = tern_drain_new ((const char *const *) hosts);
  drain->move_shut_off = json_object_get_boolean_member (object, "move-shut-off");
  drain->deadline_us = json_object_get_int_member (object, "deadline");
  drain->actions = read_actions (json_object_get_object_member (object, "actions"));
  drain->preferred = read_preferred (json_object_get_array_member (object, "moves"));
  if (json_object_has_member (object, "only"))
    drain->only = read_list (json_object_get_array_member (object, "only"));
  return drain;
}

/* --- does it still hold? --- */

static gboolean changed (GError **error, const char *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
changed (GError **error, const char *format, ...)
{
  g_autofree char *what = NULL;
  va_list args;

  va_start (args, format);
  what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, TERN_ERROR, TERN_ERROR_REFUSED,
               "the plan does not hold any more: %s; plan anew", what);
  return FALSE;
}

static gboolean
host_holds (JsonNode *node, const TernDrainQuestion *question, GError **error)
{
  const char *name = get_text (node, "host"), *duty = get_text (node, "duty");
  const char *state = get_text (node, "state");
  const TernHost *host = name != NULL ? tern_cluster_find_host (question->cluster, name) : NULL;
  TernSettings defaults = TERN_SETTINGS_INIT;
  guint64 need = get_size (node, "room");
  TernRoom room;

  if (name == NULL || duty == NULL || state == NULL)
    return refuse (error, "a host in it says too little");
  if (host == NULL)
    return changed (error, "there is no host %s any more", name);
  if (!g_str_equal (duty, tern_duty_to_string (host->config->duty)))
    return changed (error, "%s was %s and is %s now", name, duty,
                    tern_duty_to_string (host->config->duty));
  if (!g_str_equal (state, tern_host_state_to_string (host->state)))
    return changed (error, "%s was %s and is %s now", name, state,
                    tern_host_state_to_string (host->state));
  room = tern_room_of_host (question->cluster, question->ledger,
                            question->settings != NULL ? question->settings : &defaults, host,
                            tern_cluster_get_host_index (question->cluster, name), NULL);
  if (need > room.free)
    return changed (error,
                    "it counts on %" G_GUINT64_FORMAT " MiB on %s, where %" G_GUINT64_FORMAT
                    " MiB are free now",
                    need >> 20, name, room.free >> 20);
  return TRUE;
}

static JsonArray *
get_list (JsonObject *object, const char *key)
{
  JsonNode *list = json_object_get_member (object, key);

  return list != NULL && holds (list, 'a') ? json_node_get_array (list) : NULL;
}

/* Those that the plan does nothing with: a task that is open may be why, and then was so when the
 * plan was made. */
static GHashTable *
find_left (JsonNode *root)
{
  static const char *const staying[] = { "left", "skipped", "moving", NULL };
  GHashTable *left = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  JsonArray *list = get_list (json_node_get_object (root), "items");

  for (guint i = 0; list != NULL && i < json_array_get_length (list); i++)
    {
      JsonNode *item = json_array_get_element (list, i);
      const char *uuid = get_text (item, "uuid"), *word = get_text (item, "state");

      if (uuid != NULL && word != NULL && g_strv_contains (staying, word))
        g_hash_table_add (left, g_strdup (uuid));
    }
  return left;
}

/* @left: see find_left() */
static gboolean
vm_holds (JsonNode *node, const TernDrainQuestion *question, GHashTable *left, GError **error)
{
  const char *uuid = get_text (node, "uuid"), *host = get_text (node, "host");
  const char *state = get_text (node, "state");
  const TernVm *vm = uuid != NULL ? tern_cluster_find_vm (question->cluster, uuid) : NULL;
  g_autofree char *shown = NULL;

  if (uuid == NULL || host == NULL || state == NULL)
    return refuse (error, "a VM in it says too little");
  if (vm == NULL)
    return host[0] == '\0' || changed (error, "VM %s is not there any more", uuid);
  shown = tern_text_visible (vm->name, MAX_NAME_SHOWN);
  if (!g_str_equal (vm->host, host))
    return changed (error, "%s was on %s and is on %s now", shown, host, vm->host);
  if (!g_str_equal (tern_vm_state_to_string (vm->state), state))
    return changed (error, "%s was %s and is %s now", shown, state,
                    tern_vm_state_to_string (vm->state));
  if (tern_vm_get_memory_need (vm) != get_size (node, "memory"))
    return changed (error, "%s has another size now", shown);
  if (question->open_tasks != NULL && g_hash_table_contains (question->open_tasks, uuid)
      && !g_hash_table_contains (left, uuid))
    return changed (error, "a task of %s is open", shown);
  return TRUE;
}

static gboolean
nobody_came (const TernDrainQuestion *question, GHashTable *seen, GError **error)
{
  const GPtrArray *vms = question->cluster->vms;

  for (guint i = 0; !tern_drain_is_return (question) && i < vms->len; i++)
    {
      const TernVm *vm = vms->pdata[i];
      g_autofree char *shown = NULL;

      if (!tern_drain_has_host (question->drain, vm->host)
          || !tern_drain_is_there (question->cluster, vm) || g_hash_table_contains (seen, vm->uuid))
        continue;
      shown = tern_text_visible (vm->name, MAX_NAME_SHOWN);
      return changed (error, "%s is on %s now and was not when it was made", shown, vm->host);
    }
  return TRUE;
}

static JsonArray *
get_stand (JsonNode *root, const char *what)
{
  JsonNode *stand = json_object_get_member (json_node_get_object (root), "stands-on");

  return stand != NULL && holds (stand, 'o') ? get_list (json_node_get_object (stand), what) : NULL;
}

gboolean
tern_drain_document_holds (const char *json, const TernDrainQuestion *question, GError **error)
{
  g_autoptr (JsonNode) root = load (json, error);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) left = NULL;
  JsonArray *hosts, *vms;

  if (root == NULL)
    return FALSE;
  hosts = get_stand (root, "hosts");
  vms = get_stand (root, "vms");
  if (hosts == NULL || vms == NULL)
    return refuse (error, "it does not say what it stands on");
  for (guint i = 0; i < json_array_get_length (hosts); i++)
    if (!host_holds (json_array_get_element (hosts, i), question, error))
      return FALSE;
  left = find_left (root);
  for (guint i = 0; i < json_array_get_length (vms); i++)
    {
      JsonNode *vm = json_array_get_element (vms, i);

      if (!vm_holds (vm, question, left, error))
        return FALSE;
      g_hash_table_add (seen, g_strdup (get_text (vm, "uuid")));
    }
  return nobody_came (question, seen, error);
}
