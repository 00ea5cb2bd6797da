/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Objects of the snapshot file, read by a table of their fields. Strict: what the table has not,
 * or has otherwise, or what stands there twice, is refused by name. snapshot-fields-write.c
 * writes by the same tables.
 */
#include "config.h"

#include "model/snapshot-fields.h"

#include "model/list.h"

#include <math.h>
#include <string.h>

#define MAX_VERSION_PART 999

static void
preset_field (const TernField *field, gpointer place)
{
  switch (field->kind)
    {
    case TERN_FIELD_TEXT:
      *(char **) place = g_strdup (field->preset_text);
      break;
    case TERN_FIELD_FLAG:
      *(gboolean *) place = field->preset != 0;
      break;
    case TERN_FIELD_UINT:
    case TERN_FIELD_WORD:
      *(guint *) place = (guint) field->preset;
      break;
    case TERN_FIELD_LEVEL:
      *(int *) place = -1;
      break;
    case TERN_FIELD_SIZE:
    case TERN_FIELD_VERSION:
      *(guint64 *) place = field->preset;
      break;
    case TERN_FIELD_TIME:
      *(gint64 *) place = (gint64) field->preset;
      break;
    case TERN_FIELD_NUMBER:
      *(double *) place = (double) field->preset;
      break;
    case TERN_FIELD_PART:
      tern_fields_preset (field->shape, place);
      break;
    case TERN_FIELD_TEXTS:
    case TERN_FIELD_SET:
    case TERN_FIELD_OBJECT:
    case TERN_FIELD_LIST:
    default:
      break;
    }
}

void
tern_fields_preset (const TernShape *shape, gpointer base)
{
  for (guint i = 0; i < shape->n_fields; i++)
    preset_field (&shape->fields[i], G_STRUCT_MEMBER_P (base, shape->fields[i].offset));
}

/* --- values --- */

/* {"base64": "…"}, of bytes without a NUL. */
static gboolean
take_bytes (TernJsonText *text, char **out_text)
{
  g_autofree char *key = NULL;
  g_autofree char *coded = NULL;
  g_autofree guchar *bytes = NULL;
  g_autofree char *again = NULL;
  gsize length;

  if (!tern_json_take (text, '{') || !tern_json_take_string (text, &key)
      || !g_str_equal (key, "base64") || !tern_json_take (text, ':')
      || !tern_json_take_string (text, &coded) || !tern_json_take (text, '}'))
    return FALSE;
  bytes = g_base64_decode (coded, &length);
  again = g_base64_encode (bytes, length);
  if (!g_str_equal (coded, again) || length == 0 || memchr (bytes, 0, length) != NULL
      || g_utf8_validate ((const char *) bytes, (gssize) length, NULL))
    return FALSE;
  *out_text = g_strndup ((const char *) bytes, length);
  return TRUE;
}

static gboolean
take_text (TernJsonText *text, char **out_text)
{
  return tern_json_take_string (text, out_text) || take_bytes (text, out_text);
}

static gboolean
take_texts (TernJsonText *text, gboolean sort, GStrv *place)
{
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  char *item;

  if (!tern_json_take (text, '['))
    return FALSE;
  if (!tern_json_take (text, ']'))
    {
      do
        {
          if (!take_text (text, &item))
            return FALSE;
          g_ptr_array_add (texts, item);
        }
      while (tern_json_take (text, ','));
      if (!tern_json_take (text, ']'))
        return FALSE;
    }
  g_ptr_array_add (texts, NULL);
  g_strfreev (*place);
  *place = sort ? tern_strv_sorted ((const char *const *) texts->pdata)
                : g_strdupv ((char **) texts->pdata);
  return TRUE;
}

static gboolean
take_whole (TernJsonText *text, const TernField *field, guint64 *out_number)
{
  TernJsonNumber number;

  if (!tern_json_take_number (text, &number) || !number.whole
      || (number.negative && number.magnitude > 0) || number.magnitude < field->min
      || number.magnitude > field->max)
    return FALSE;
  *out_number = number.magnitude;
  return TRUE;
}

static gboolean
take_time (TernJsonText *text, gint64 *place)
{
  TernJsonNumber number;

  if (!tern_json_take_number (text, &number) || !number.whole
      || number.magnitude > (guint64) G_MAXINT64 + number.negative)
    return FALSE;
  *place = number.negative ? (gint64) (0 - number.magnitude) : (gint64) number.magnitude;
  return TRUE;
}

static gboolean
take_number (TernJsonText *text, const TernField *field, double *place)
{
  TernJsonNumber number;

  if (!tern_json_take_number (text, &number) || !isfinite (number.value)
      || number.value < (double) field->min || number.value > (double) field->max)
    return FALSE;
  *place = number.value;
  return TRUE;
}

static gboolean
take_version (TernJsonText *text, guint64 *place)
{
  g_autofree char *word = NULL;
  g_auto (GStrv) parts = NULL;
  guint64 version = 0, part;

  if (!tern_json_take_string (text, &word))
    return FALSE;
  parts = g_strsplit (word, ".", 4);
  if (g_strv_length (parts) != 3)
    return FALSE;
  for (guint i = 0; i < 3; i++)
    {
      if (!g_ascii_string_to_unsigned (parts[i], 10, 0, i == 0 ? 1000000 : MAX_VERSION_PART, &part,
                                       NULL))
        return FALSE;
      version = version * 1000 + part;
    }
  *place = version;
  return TRUE;
}

static gboolean
take_word (TernJsonText *text, const TernField *field, guint *place)
{
  g_autofree char *word = NULL;

  if (!tern_json_take_string (text, &word))
    return FALSE;
  for (guint i = 0; i < field->n_words; i++)
    if (g_str_equal (word, field->word (i)))
      {
        *place = i;
        return TRUE;
      }
  return FALSE;
}

static gboolean
take_flag (TernJsonText *text, gboolean *place)
{
  if (tern_json_take_word (text, "true"))
    *place = TRUE;
  else if (tern_json_take_word (text, "false"))
    *place = FALSE;
  else
    return FALSE;
  return TRUE;
}

static gboolean
take_nullable (TernJsonText *text, const TernField *field, char **place)
{
  char *taken = NULL;
  gboolean is_null = !field->required && tern_json_take_word (text, "null");

  if (!is_null && !take_text (text, &taken))
    return FALSE;
  g_free (*place);
  *place = taken;
  return TRUE;
}

/* What holds no other fields. */
static gboolean
take_simple (TernJsonText *text, const TernField *field, gpointer place)
{
  guint64 whole;

  switch (field->kind)
    {
    case TERN_FIELD_TEXT:
      return take_nullable (text, field, place);
    case TERN_FIELD_TEXTS:
    case TERN_FIELD_SET:
      return take_texts (text, field->kind == TERN_FIELD_SET, place);
    case TERN_FIELD_FLAG:
      return take_flag (text, place);
    case TERN_FIELD_UINT:
    case TERN_FIELD_LEVEL:
      if (!take_whole (text, field, &whole))
        return FALSE;
      *(guint *) place = (guint) whole;
      return TRUE;
    case TERN_FIELD_SIZE:
      if (!take_whole (text, field, &whole))
        return FALSE;
      *(guint64 *) place = whole * field->unit;
      return TRUE;
    case TERN_FIELD_TIME:
      return take_time (text, place);
    case TERN_FIELD_NUMBER:
      return take_number (text, field, place);
    case TERN_FIELD_VERSION:
      return take_version (text, place);
    case TERN_FIELD_WORD:
      return take_word (text, field, place);
    default:
      return FALSE;
    }
}

static char *
list_words (const TernField *field)
{
  GString *words = g_string_new ("one of ");

  for (guint i = 0; i < field->n_words; i++)
    g_string_append_printf (words, "%s%s", i > 0 ? ", " : "", field->word (i));
  return g_string_free (words, FALSE);
}

static char *
describe (const TernField *field)
{
  static const char *const kinds[] = {
    [TERN_FIELD_TEXT] = "a string",
    [TERN_FIELD_TEXTS] = "an array of strings",
    [TERN_FIELD_SET] = "an array of strings",
    [TERN_FIELD_FLAG] = "true or false",
    [TERN_FIELD_TIME] = "a whole number of microseconds",
    [TERN_FIELD_VERSION] = "a version such as \"9.0.0\"",
    [TERN_FIELD_PART] = "an object",
    [TERN_FIELD_OBJECT] = "an object",
    [TERN_FIELD_LIST] = "an array",
  };

  switch (field->kind)
    {
    case TERN_FIELD_UINT:
    case TERN_FIELD_LEVEL:
    case TERN_FIELD_SIZE:
    case TERN_FIELD_NUMBER:
      return g_strdup_printf ("a %s from %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT,
                              field->kind == TERN_FIELD_NUMBER ? "number" : "whole number",
                              field->min, field->max);
    case TERN_FIELD_WORD:
      return list_words (field);
    default:
      return g_strdup (kinds[field->kind]);
    }
}

/* --- objects --- */

/* One item of a list of structs. */
static gboolean
read_item (TernJsonText *text, const TernShape *shape, gpointer *out_item, GError **error)
{
  gpointer item = g_malloc0 (shape->size);
  TernSection section = { shape, item };

  tern_fields_preset (shape, item);
  if (tern_fields_read (text, &section, 1, error))
    {
      *out_item = item;
      return TRUE;
    }
  shape->free_item (item);
  return FALSE;
}

static gboolean
is_next (TernJsonText *text, char c)
{
  gboolean is = tern_json_take (text, c);

  if (is)
    text->at--;
  return is;
}

gboolean
tern_fields_read_list (TernJsonText *text, TernItemFunc item, gpointer holder, GError **error)
{
  gsize before;

  if (!tern_json_take (text, '['))
    return tern_json_refuse (text, error, "must be an array");
  if (tern_json_take (text, ']'))
    return TRUE;
  for (guint i = 0;; i++)
    {
      before = tern_json_enter (text, "[%u]", i);
      if (!item (text, holder, error))
        return FALSE;
      tern_json_leave (text, before);
      if (tern_json_take (text, ']'))
        return TRUE;
      if (!tern_json_take (text, ','))
        return tern_json_refuse (text, error, "no JSON: “,” or “]” is missing");
    }
}

typedef struct
{
  const TernShape *shape;
  GPtrArray *items;
} StructList;

static gboolean
add_struct (TernJsonText *text, gpointer holder, GError **error)
{
  StructList *list = holder;
  gpointer item;

  if (!read_item (text, list->shape, &item, error))
    return FALSE;
  g_ptr_array_add (list->items, item);
  return TRUE;
}

static gboolean
read_structs (TernJsonText *text, const TernField *field, GPtrArray **place, GError **error)
{
  StructList list = { field->shape, NULL };

  if (*place == NULL)
    *place = g_ptr_array_new_with_free_func (field->shape->free_item);
  g_ptr_array_set_size (*place, 0);
  list.items = *place;
  return tern_fields_read_list (text, add_struct, &list, error);
}

static gboolean
read_object (TernJsonText *text, const TernField *field, gpointer *place, GError **error)
{
  gpointer item;

  if (!read_item (text, field->shape, &item, error))
    return FALSE;
  if (*place != NULL)
    field->shape->free_item (*place);
  *place = item;
  return TRUE;
}

/* What holds other fields. */
static gboolean
read_nested (TernJsonText *text, const TernField *field, gpointer base, GError **error)
{
  gpointer place = G_STRUCT_MEMBER_P (base, field->offset);
  TernSection part = { field->shape, place };
  gsize before = tern_json_enter (text, "%s%s", text->place->len > 0 ? "." : "", field->name);
  gboolean good;

  if (field->kind == TERN_FIELD_PART)
    good = tern_fields_read (text, &part, 1, error);
  else if (field->kind == TERN_FIELD_OBJECT)
    good = read_object (text, field, place, error);
  else if (field->item != NULL)
    good = tern_fields_read_list (text, field->item, place, error);
  else
    good = read_structs (text, field, place, error);
  tern_json_leave (text, before);
  return good;
}

static gboolean
read_value (TernJsonText *text, const TernField *field, gpointer base, GError **error)
{
  g_autofree char *described = NULL;

  if (field->kind == TERN_FIELD_PART || field->kind == TERN_FIELD_OBJECT)
    {
      if (is_next (text, '{'))
        return read_nested (text, field, base, error);
    }
  else if (field->kind == TERN_FIELD_LIST)
    {
      if (is_next (text, '['))
        return read_nested (text, field, base, error);
    }
  else if (take_simple (text, field, G_STRUCT_MEMBER_P (base, field->offset)))
    return TRUE;

  described = describe (field);
  return tern_json_refuse (text, error, "“%s” must be %s", field->name, described);
}

/* Which fields of an object were there, by number over all its sections. */
typedef struct
{
  const TernSection *sections;
  guint n_sections;
  guint64 seen;
} Object;

static const TernField *
find_field (const Object *object, const char *name, guint *out_number, gpointer *out_base)
{
  guint number = 0;

  for (guint i = 0; i < object->n_sections; i++)
    for (guint j = 0; j < object->sections[i].shape->n_fields; j++, number++)
      if (g_str_equal (object->sections[i].shape->fields[j].name, name))
        {
          *out_number = number;
          *out_base = object->sections[i].base;
          return &object->sections[i].shape->fields[j];
        }
  return NULL;
}

/* The field if it was there, or one that was and says the same in another unit. */
static const TernField *
find_twin (const Object *object, const TernField *field, gpointer base)
{
  guint number = 0;

  for (guint i = 0; i < object->n_sections; i++)
    for (guint j = 0; j < object->sections[i].shape->n_fields; j++, number++)
      {
        const TernField *other = &object->sections[i].shape->fields[j];

        gboolean same = other == field
                        || (field->kind == TERN_FIELD_SIZE && other->kind == TERN_FIELD_SIZE
                            && other->offset == field->offset);

        if (same && object->sections[i].base == base
            && (object->seen & (G_GUINT64_CONSTANT (1) << number)) != 0)
          return other;
      }
  return NULL;
}

static gboolean
read_member (TernJsonText *text, Object *object, GError **error)
{
  g_autofree char *name = NULL;
  const TernField *field, *twin;
  gpointer base;
  guint number;

  if (!tern_json_take_string (text, &name))
    return tern_json_refuse (text, error, "no JSON: the name of a field is missing");
  field = find_field (object, name, &number, &base);
  if (field == NULL)
    return tern_json_refuse (text, error, "unknown field “%s”", name);
  twin = find_twin (object, field, base);
  if (twin == field)
    return tern_json_refuse (text, error, "“%s” stands there twice", name);
  if (twin != NULL)
    return tern_json_refuse (text, error, "give “%s” or “%s”, not both", twin->name, name);
  if (!tern_json_take (text, ':'))
    return tern_json_refuse (text, error, "no JSON: “:” is missing behind “%s”", name);
  object->seen |= G_GUINT64_CONSTANT (1) << number;
  return read_value (text, field, base, error);
}

static gboolean
check_required (TernJsonText *text, const Object *object, GError **error)
{
  for (guint i = 0; i < object->n_sections; i++)
    for (guint j = 0; j < object->sections[i].shape->n_fields; j++)
      {
        const TernField *field = &object->sections[i].shape->fields[j];

        if (field->required && find_twin (object, field, object->sections[i].base) == NULL)
          return tern_json_refuse (text, error, "“%s” is missing", field->name);
      }
  return TRUE;
}

gboolean
tern_fields_read (TernJsonText *text, const TernSection *sections, guint n_sections, GError **error)
{
  Object object = { sections, n_sections, 0 };

  if (!tern_json_take (text, '{'))
    return tern_json_refuse (text, error, "must be an object");
  if (!tern_json_take (text, '}'))
    {
      do
        if (!read_member (text, &object, error))
          return FALSE;
      while (tern_json_take (text, ','));
      if (!tern_json_take (text, '}'))
        return tern_json_refuse (text, error, "no JSON: “,” or “}” is missing");
    }
  return check_required (text, &object, error);
}
