/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * JSON made from GVariants, with JSON-GLib's two traps kept out: unsigned
 * numbers above INT64_MAX come out negative there, and NaN is written as such.
 * And a look at foreign text before JSON-GLib reads it.
 */
#include "config.h"

#include "base/json.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* Foreign text, and how far it is read. */
typedef struct
{
  const char *at;
  const char *end;
  guint depth;
  guint max_depth;
  gboolean has_ended;
} Text;

static gboolean
skip_char (Text *text, char c)
{
  if (text->at == text->end || *text->at != c)
    return FALSE;
  text->at++;
  return TRUE;
}

static gboolean
take_hex4 (Text *text, guint *out_code)
{
  guint code = 0;

  for (guint i = 0; i < 4; i++, text->at++)
    {
      if (text->at == text->end || !g_ascii_isxdigit (*text->at))
        return FALSE;
      code = code << 4 | (guint) g_ascii_xdigit_value (*text->at);
    }
  *out_code = code;
  return TRUE;
}

/* Behind "\u". A surrogate needs its other half: JSON-GLib eats what stands in its place. */
static gboolean
skip_unicode (Text *text)
{
  guint code, low;

  if (!take_hex4 (text, &code))
    return FALSE;
  if (code < 0xD800 || code > 0xDFFF)
    return TRUE;
  return code < 0xDC00 && skip_char (text, '\\') && skip_char (text, 'u') && take_hex4 (text, &low)
         && low >= 0xDC00 && low <= 0xDFFF;
}

/* Behind the backslash. */
static gboolean
skip_escape (Text *text)
{
  if (skip_char (text, 'u'))
    return skip_unicode (text);
  return text->at < text->end && *text->at != '\0' && strchr ("\"\\/bfnrt", *text->at++) != NULL;
}

/* Behind the first quote. */
static gboolean
skip_string (Text *text)
{
  while (text->at < text->end)
    {
      char c = *text->at++;

      if (c == '"')
        return TRUE;
      if ((guchar) c < 0x20 || (c == '\\' && !skip_escape (text)))
        return FALSE;
    }
  return FALSE;
}

/* Of what is no string. Returns: (nullable): what is wrong with it */
static const char *
check_char (Text *text, char c)
{
  if (c == '[' || c == '{')
    return ++text->depth > text->max_depth ? "is nested too deep" : NULL;
  if (c == ']' || c == '}')
    {
      text->has_ended = --text->depth == 0;
      return NULL;
    }
  if (g_ascii_isalnum (c) || c == ',' || c == ':' || c == '-' || c == '+' || c == '.')
    return NULL;
  return "has a character that JSON has not there";
}

/* Returns: (nullable): what is wrong with the next thing in @text, which is not at its end */
static const char *
check_next (Text *text)
{
  char c = *text->at++;

  if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
    return NULL;
  if (text->has_ended)
    return "goes on after its end";
  if (text->depth == 0 && c != '[' && c != '{')
    return "does not begin with “{” or “[”";
  if (c == '"')
    return skip_string (text) ? NULL : "has a broken string";
  return check_char (text, c);
}

static guint
count_lines (const char *from, const char *to)
{
  guint lines = 1;

  for (; from < to; from++)
    lines += *from == '\n';
  return lines;
}

gboolean
tern_json_check_text (const char *text, gsize length, guint max_depth, GError **error)
{
  Text rest = { .at = text, .end = text + length, .max_depth = max_depth };

  while (rest.at < rest.end)
    {
      const char *start = rest.at;
      const char *wrong = check_next (&rest);

      if (wrong == NULL)
        continue;
      g_set_error (error, TERN_ERROR, TERN_ERROR_INVALID_ARGUMENT, "line %u: it %s",
                   count_lines (text, start), wrong);
      return FALSE;
    }
  return TRUE;
}

static JsonNode *
node_from_uint64 (guint64 number)
{
  g_autofree char *digits = NULL;

  if (number <= G_MAXINT64)
    return json_node_init_int (json_node_alloc (), (gint64) number);

  digits = g_strdup_printf ("%" G_GUINT64_FORMAT, number);
  return json_node_init_string (json_node_alloc (), digits);
}

static char *
key_from_variant (GVariant *key)
{
  if (g_variant_is_of_type (key, G_VARIANT_TYPE_STRING)
      || g_variant_is_of_type (key, G_VARIANT_TYPE_OBJECT_PATH)
      || g_variant_is_of_type (key, G_VARIANT_TYPE_SIGNATURE))
    return g_variant_dup_string (key, NULL);
  return g_variant_print (key, FALSE);
}

static JsonNode *
node_from_dictionary (GVariant *value)
{
  g_autoptr (JsonObject) object = json_object_new ();
  GVariantIter iter;
  GVariant *entry;

  g_variant_iter_init (&iter, value);
  while ((entry = g_variant_iter_next_value (&iter)) != NULL)
    {
      g_autoptr (GVariant) key = g_variant_get_child_value (entry, 0);
      g_autoptr (GVariant) item = g_variant_get_child_value (entry, 1);

      g_autofree char *name = key_from_variant (key);

      json_object_set_member (object, name, tern_json_from_variant (item));
      g_variant_unref (entry);
    }

  return json_node_init_object (json_node_alloc (), object);
}

static JsonNode *
node_from_list (GVariant *value)
{
  g_autoptr (JsonArray) array = json_array_new ();
  GVariantIter iter;
  GVariant *item;

  g_variant_iter_init (&iter, value);
  while ((item = g_variant_iter_next_value (&iter)) != NULL)
    {
      json_array_add_element (array, tern_json_from_variant (item));
      g_variant_unref (item);
    }

  return json_node_init_array (json_node_alloc (), array);
}

static JsonNode *
node_from_variant (GVariant *value)
{
  g_autoptr (GVariant) inner = g_variant_get_variant (value);

  return tern_json_from_variant (inner);
}

static JsonNode *
node_from_double (double number)
{
  if (!isfinite (number))
    return json_node_new (JSON_NODE_NULL);
  return json_node_init_double (json_node_alloc (), number);
}

JsonNode *
tern_json_from_variant (GVariant *value)
{
  g_return_val_if_fail (value != NULL, NULL);

  switch (g_variant_classify (value))
    {
    case G_VARIANT_CLASS_BOOLEAN:
      return json_node_init_boolean (json_node_alloc (), g_variant_get_boolean (value));
    case G_VARIANT_CLASS_BYTE:
      return node_from_uint64 (g_variant_get_byte (value));
    case G_VARIANT_CLASS_INT16:
      return json_node_init_int (json_node_alloc (), g_variant_get_int16 (value));
    case G_VARIANT_CLASS_UINT16:
      return node_from_uint64 (g_variant_get_uint16 (value));
    case G_VARIANT_CLASS_INT32:
      return json_node_init_int (json_node_alloc (), g_variant_get_int32 (value));
    case G_VARIANT_CLASS_UINT32:
      return node_from_uint64 (g_variant_get_uint32 (value));
    case G_VARIANT_CLASS_INT64:
      return json_node_init_int (json_node_alloc (), g_variant_get_int64 (value));
    case G_VARIANT_CLASS_UINT64:
      return node_from_uint64 (g_variant_get_uint64 (value));
    case G_VARIANT_CLASS_DOUBLE:
      return node_from_double (g_variant_get_double (value));
    case G_VARIANT_CLASS_STRING:
    case G_VARIANT_CLASS_OBJECT_PATH:
    case G_VARIANT_CLASS_SIGNATURE:
      return json_node_init_string (json_node_alloc (), g_variant_get_string (value, NULL));
    case G_VARIANT_CLASS_VARIANT:
      return node_from_variant (value);
    case G_VARIANT_CLASS_ARRAY:
      if (g_variant_is_of_type (value, G_VARIANT_TYPE_DICTIONARY))
        return node_from_dictionary (value);
      return node_from_list (value);
    case G_VARIANT_CLASS_TUPLE:
      return node_from_list (value);
    default:
      return json_node_new (JSON_NODE_NULL);
    }
}

char *
tern_json_to_string (JsonNode *node)
{
  g_autoptr (JsonGenerator) generator = json_generator_new ();

  json_generator_set_root (generator, node);
  json_generator_set_pretty (generator, TRUE);
  json_generator_set_indent (generator, 2);
  return json_generator_to_data (generator, NULL);
}
