/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A plan as the daemon gave it, read for people. It is kept and sent back as it is: only the daemon
 * knows whether it is whole.
 */
#include "config.h"

#include "cli/drain-document.h"

#include "base/error.h"
#include "base/units.h"
#include "cli/client.h"
#include "cli/drain-items.h"
#include "cli/exit-status.h"
#include "cli/i18n.h"

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The bus carries no longer message. */
#define MAX_BYTES (32u << 20)
/* What takes longer than a century is no plan. */
#define LONGEST_S 3.2e9

/* What is called how in the document and in Items; 'x' is a time, in seconds there. */
static const struct
{
  const char *member, *key;
  char type;
} item_members[] = {
  { "uuid", "VmUuid", 's' },
  { "vm", "Vm", 's' },
  { "host", "Host", 's' },
  { "action", "Action", 's' },
  { "for-room", "ForRoom", 'b' },
  { "state", "State", 's' },
  { "destination", "Destination", 's' },
  { "memory", "Memory", 't' },
  { "begin", "Begin", 'x' },
  { "end", "End", 'x' },
};

static const char *
get_string (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL || json_node_get_value_type (node) != G_TYPE_STRING)
    return "";
  return json_node_get_string (node);
}

static gint64
get_int (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  if (node == NULL || json_node_get_value_type (node) != G_TYPE_INT64)
    return 0;
  return json_node_get_int (node);
}

/* Seconds, with or without a fraction. */
static gint64
get_us (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);
  GType type = node != NULL ? json_node_get_value_type (node) : G_TYPE_INVALID;
  double seconds = type == G_TYPE_INT64 || type == G_TYPE_DOUBLE ? json_node_get_double (node) : 0;

  return seconds > 0 && seconds < LONGEST_S ? (gint64) (seconds * G_USEC_PER_SEC) : 0;
}

static gboolean
get_boolean (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && json_node_get_value_type (node) == G_TYPE_BOOLEAN
         && json_node_get_boolean (node);
}

/* Returns: (transfer none) (nullable) */
static JsonArray *
get_array (JsonObject *object, const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static guint
get_length (JsonArray *array)
{
  return array != NULL ? json_array_get_length (array) : 0;
}

/* Returns: (transfer none) (nullable): %NULL if it is no object */
static JsonObject *
get_object (JsonArray *array, guint i)
{
  JsonNode *node = json_array_get_element (array, i);

  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static GVariant *
build_reasons (JsonArray *reasons)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < get_length (reasons); i++)
    {
      JsonObject *reason = get_object (reasons, i);

      if (reason == NULL)
        continue;
      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      g_variant_builder_add (&builder, "{sv}", "Code",
                             g_variant_new_string (get_string (reason, "code")));
      g_variant_builder_add (&builder, "{sv}", "Sentence",
                             g_variant_new_string (get_string (reason, "sentence")));
      g_variant_builder_add (&builder, "{sv}", "Remedy",
                             g_variant_new_string (get_string (reason, "remedy")));
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}

static GVariant *
build_value (JsonObject *object, const char *member, char type)
{
  switch (type)
    {
    case 'b':
      return g_variant_new_boolean (get_boolean (object, member));
    case 't':
      return g_variant_new_uint64 ((guint64) get_int (object, member));
    case 'x':
      return g_variant_new_int64 (get_us (object, member));
    default:
      return g_variant_new_string (get_string (object, member));
    }
}

/* Returns: floating, aa{sv} */
static GVariant *
build_items (JsonArray *items)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("aa{sv}"));
  for (guint i = 0; i < get_length (items); i++)
    {
      JsonObject *item = get_object (items, i);

      if (item == NULL)
        continue;
      g_variant_builder_open (&builder, G_VARIANT_TYPE_VARDICT);
      for (guint k = 0; k < G_N_ELEMENTS (item_members); k++)
        g_variant_builder_add (&builder, "{sv}", item_members[k].key,
                               build_value (item, item_members[k].member, item_members[k].type));
      g_variant_builder_add (&builder, "{sv}", "Reasons",
                             build_reasons (get_array (item, "reasons")));
      g_variant_builder_close (&builder);
    }
  return g_variant_builder_end (&builder);
}

static GStrv
read_strings (JsonArray *array)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();

  for (guint i = 0; i < get_length (array); i++)
    {
      JsonNode *node = json_array_get_element (array, i);

      if (json_node_get_value_type (node) == G_TYPE_STRING)
        g_strv_builder_add (builder, json_node_get_string (node));
    }
  return g_strv_builder_end (builder);
}

TernDrainDocument *
tern_drain_document_read (const char *text, GError **error)
{
  g_autoptr (JsonNode) root = json_from_string (text, NULL);
  g_autoptr (TernDrainDocument) self = g_new0 (TernDrainDocument, 1);
  JsonObject *object;

  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    {
      g_set_error (error, TERN_ERROR, TERN_ERROR_FAILED,
                   _ ("virternd answered with something that is no plan; do the versions fit?"));
      return NULL;
    }
  object = json_node_get_object (root);
  self->text = g_strdup (text);
  self->returning = strcmp (get_string (object, "kind"), "return") == 0;
  self->hosts = read_strings (get_array (object, "hosts"));
  self->deadline_us = get_int (object, "deadline");
  self->items = g_variant_ref_sink (build_items (get_array (object, "items")));
  self->makespan_us = get_us (object, "makespan");
  self->highest_permille = (guint) get_int (object, "highest-use");
  return g_steal_pointer (&self);
}

void
tern_drain_document_free (TernDrainDocument *self)
{
  g_free (self->text);
  g_strfreev (self->hosts);
  g_clear_pointer (&self->items, g_variant_unref);
  g_free (self);
}

/* --- printing --- */

static guint
count_for_room (GVariant *items)
{
  guint count = 0;

  for (gsize i = 0; i < g_variant_n_children (items); i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (items, i);

      count += tern_props_boolean (item, "ForRoom") ? 1 : 0;
    }
  return count;
}

/* "in about 42 s" */
static char *
format_time (const TernDrainDocument *self)
{
  g_autofree char *span = NULL;

  if (self->makespan_us <= 0)
    return g_strdup (_ ("; how long that takes is not known yet"));
  span = tern_units_format_duration (self->makespan_us);
  return g_strdup_printf (_ (" in about %s"), span);
}

/* Those that are shut down go nowhere. */
static guint
count_stops (GVariant *items)
{
  guint count = 0;

  for (gsize i = 0; i < g_variant_n_children (items); i++)
    {
      g_autoptr (GVariant) item = g_variant_get_child_value (items, i);

      count += strcmp (tern_props_string (item, "State"), "waiting") == 0
                       && strcmp (tern_props_string (item, "Action"), "shutdown") == 0
                   ? 1
                   : 0;
    }
  return count;
}

static void
print_summary (const TernDrainDocument *self)
{
  guint stops = count_stops (self->items);
  guint goes = tern_drain_items_count (self->items, "waiting") - stops;
  guint moving = tern_drain_items_count (self->items, "moving");
  guint left = tern_drain_items_count (self->items, "left");
  guint skipped = tern_drain_items_count (self->items, "skipped");
  guint room = count_for_room (self->items);
  g_autofree char *hosts = g_strjoinv (", ", self->hosts);
  g_autofree char *when = format_time (self);

  if (goes + stops + left + skipped + moving == 0)
    g_print (self->returning ? _ ("No VM that a drain took from %s is elsewhere.\n")
                             : _ ("There is no VM on %s.\n"),
             hosts);
  else if (goes == 0)
    g_print (self->returning ? _ ("No VM goes back to %s.\n") : _ ("No VM leaves %s.\n"), hosts);
  else
    g_print (self->returning
                 ? ngettext ("%u VM goes back to %s%s.", "%u VMs go back to %s%s.", goes)
                 : ngettext ("%u VM leaves %s%s.", "%u VMs leave %s%s.", goes),
             goes, hosts, when);
  if (goes > 0 && self->highest_permille > 0)
    g_print (_ (" The fullest host is then used to %u %%."), (self->highest_permille + 5) / 10);
  if (goes > 0)
    g_print ("\n");
  if (goes > 0 && self->makespan_us > 0)
    g_print (_ ("Times suppose that guests of which it is not known write little meanwhile; "
                "“virtern migrate VM --dry-run” measures one.\n"));
  if (moving > 0)
    g_print (ngettext ("%u VM is moved by another task meanwhile, which is waited for.\n",
                       "%u VMs are moved by other tasks meanwhile, which are waited for.\n",
                       moving),
             moving);
  if (stops > 0)
    g_print (ngettext ("%u VM is shut down and stays so.\n", "%u VMs are shut down and stay so.\n",
                       stops),
             stops);
  if (room > 0)
    g_print (ngettext ("%u VM of another host moves to make room.\n",
                       "%u VMs of other hosts move to make room.\n", room),
             room);
  if (skipped > 0)
    g_print (ngettext ("%u VM stays, and is no hindrance.\n",
                       "%u VMs stay, and are no hindrance.\n", skipped),
             skipped);
  if (left > 0)
    g_print (self->returning
                 ? ngettext ("%u VM cannot go home yet.\n", "%u VMs cannot go home yet.\n", left)
                 : ngettext ("%u VM cannot leave.\n", "%u VMs cannot leave.\n", left),
             left);
}

void
tern_drain_document_print (const TernDrainDocument *self)
{
  gboolean has_items = g_variant_n_children (self->items) > 0;

  tern_drain_items_print_plan (self->items);
  tern_drain_items_print_reasons (self->items, "waiting", _ ("may go, but"));
  tern_drain_items_print_reasons (self->items, "left",
                                  self->returning ? _ ("cannot go home yet") : _ ("cannot leave"));
  if (has_items)
    g_print ("\n");
  print_summary (self);
  if (self->deadline_us > 0)
    {
      g_autofree char *deadline = tern_units_format_time (self->deadline_us);

      g_print (_ ("No further VM is begun from %s on.\n"), deadline);
    }
}

void
tern_drain_document_print_json (const TernDrainDocument *self)
{
  gsize len = strlen (self->text);

  /* As it is, with its seal, and UTF-8 whatever the locale is: not g_print(). */
  (void) fputs (self->text, stdout);
  if (len == 0 || self->text[len - 1] != '\n')
    (void) fputc ('\n', stdout);
}

/* --- files --- */

/* What is renamed over a device or a link would take it away. */
static gboolean
check_target (const char *file, GError **error)
{
  struct stat info;

  if (lstat (file, &info) != 0 || S_ISREG (info.st_mode))
    return TRUE;
  g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE,
               _ ("%s is there and no plain file; name another one for the plan"), file);
  return FALSE;
}

gboolean
tern_drain_document_save (const TernDrainDocument *self, const char *file, GError **error)
{
  g_autoptr (GError) local_error = NULL;

  if (!check_target (file, error))
    return FALSE;
  if (g_file_set_contents_full (file, self->text, -1,
                                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                &local_error))
    return TRUE;
  g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_FAILED, _ ("The plan was not kept: %s"),
               local_error->message);
  return FALSE;
}

/* A pipe will do, and what has no end is not read to it. Returns: (transfer full) (nullable) */
static char *
read_bounded (const char *path, gsize *out_length, GError **error)
{
  g_autoptr (GFile) file = g_file_new_for_path (path);
  g_autoptr (GFileInputStream) stream = g_file_read (file, NULL, error);
  g_autofree char *text = g_malloc (MAX_BYTES + 2);

  if (stream == NULL
      || !g_input_stream_read_all (G_INPUT_STREAM (stream), text, MAX_BYTES + 1, out_length, NULL,
                                   error))
    return NULL;
  text[*out_length] = '\0';
  return g_realloc (g_steal_pointer (&text), *out_length + 1);
}

char *
tern_drain_document_load (const char *file, GError **error)
{
  g_autoptr (GError) local_error = NULL;
  gsize length = 0;
  g_autofree char *text = read_bounded (file, &length, &local_error);

  if (text == NULL)
    {
      g_set_error (error, TERN_EXIT_ERROR,
                   g_error_matches (local_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND)
                       ? TERN_EXIT_NOT_FOUND
                       : TERN_EXIT_FAILED,
                   _ ("The plan cannot be read: %s"), local_error->message);
      return NULL;
    }
  if (length == 0 || length > MAX_BYTES || !g_utf8_validate (text, (gssize) length, NULL))
    {
      g_set_error (error, TERN_EXIT_ERROR, TERN_EXIT_USAGE,
                   _ ("%s is no plan; “virtern drain HOST --dry-run --save FILE” makes one"), file);
      return NULL;
    }
  return g_steal_pointer (&text);
}
