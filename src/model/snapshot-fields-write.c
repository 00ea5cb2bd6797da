/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Objects of the snapshot file, written by the tables that snapshot-fields.c reads them by.
 */
#include "config.h"

#include "model/snapshot-fields.h"

#include <string.h>

static void
put_text (GString *out, const char *text)
{
  g_autofree char *coded = NULL;

  if (g_utf8_validate (text, -1, NULL))
    {
      tern_json_append_string (out, text);
      return;
    }
  coded = g_base64_encode ((const guchar *) text, strlen (text));
  g_string_append_printf (out, "{\"base64\": \"%s\"}", coded);
}

void
tern_fields_write_texts (GString *out, const char *const *texts)
{
  g_string_append_c (out, '[');
  for (guint i = 0; texts[i] != NULL; i++)
    {
      if (i > 0)
        g_string_append (out, ", ");
      put_text (out, texts[i]);
    }
  g_string_append_c (out, ']');
}

static void
put_number (GString *out, double number)
{
  char digits[G_ASCII_DTOSTR_BUF_SIZE];

  g_string_append (out, g_ascii_dtostr (digits, sizeof digits, number));
}

static void
put_version (GString *out, guint64 version)
{
  g_string_append_printf (out,
                          "\"%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT ".%" G_GUINT64_FORMAT "\"",
                          version / 1000000, version / 1000 % 1000, version % 1000);
}

static void
put_structs (GString *out, const TernShape *shape, const GPtrArray *items)
{
  g_string_append_c (out, '[');
  for (guint i = 0; i < items->len; i++)
    {
      TernSection section = { shape, items->pdata[i] };

      if (i > 0)
        g_string_append (out, ", ");
      tern_fields_write (out, &section, 1);
    }
  g_string_append_c (out, ']');
}

static void
put_nested (GString *out, const TernField *field, gpointer place)
{
  TernSection section = { field->shape, place };

  if (field->kind == TERN_FIELD_LIST)
    put_structs (out, field->shape, *(GPtrArray **) place);
  else
    {
      if (field->kind == TERN_FIELD_OBJECT)
        section.base = *(gpointer *) place;
      tern_fields_write (out, &section, 1);
    }
}

static void
put_value (GString *out, const TernField *field, gpointer place)
{
  switch (field->kind)
    {
    case TERN_FIELD_TEXT:
      if (*(char **) place != NULL)
        put_text (out, *(char **) place);
      else
        g_string_append (out, "null");
      break;
    case TERN_FIELD_TEXTS:
    case TERN_FIELD_SET:
      tern_fields_write_texts (out, *(const char *const **) place);
      break;
    case TERN_FIELD_FLAG:
      g_string_append (out, *(gboolean *) place ? "true" : "false");
      break;
    case TERN_FIELD_UINT:
    case TERN_FIELD_LEVEL:
      g_string_append_printf (out, "%u", *(guint *) place);
      break;
    case TERN_FIELD_SIZE:
      g_string_append_printf (out, "%" G_GUINT64_FORMAT, *(guint64 *) place / field->unit);
      break;
    case TERN_FIELD_TIME:
      g_string_append_printf (out, "%" G_GINT64_FORMAT, *(gint64 *) place);
      break;
    case TERN_FIELD_NUMBER:
      put_number (out, *(double *) place);
      break;
    case TERN_FIELD_VERSION:
      put_version (out, *(guint64 *) place);
      break;
    case TERN_FIELD_WORD:
      tern_json_append_string (out, field->word (*(guint *) place));
      break;
    case TERN_FIELD_PART:
    case TERN_FIELD_OBJECT:
    case TERN_FIELD_LIST:
    default:
      put_nested (out, field, place);
      break;
    }
}

/* A size belongs to the largest unit it is a multiple of. */
static gboolean
size_is_due (const TernField *field, guint64 size)
{
  return size != field->preset && size % field->unit == 0
         && (field->spare_unit == 0 || size % field->spare_unit != 0);
}

static gboolean
list_is_due (const TernField *field, const GPtrArray *list)
{
  return list != NULL && (list->len > 0 || field->hold_empty);
}

/* Whether it differs from what it is when it is not there. */
static gboolean
is_due (const TernField *field, gpointer place)
{
  switch (field->kind)
    {
    case TERN_FIELD_TEXT:
      return g_strcmp0 (*(char **) place, field->preset_text) != 0;
    case TERN_FIELD_FLAG:
      return !*(gboolean *) place != !field->preset;
    case TERN_FIELD_UINT:
    case TERN_FIELD_WORD:
      return field->required || *(guint *) place != field->preset;
    case TERN_FIELD_LEVEL:
      return *(int *) place >= 0;
    case TERN_FIELD_SIZE:
      return size_is_due (field, *(guint64 *) place);
    case TERN_FIELD_VERSION:
      return *(guint64 *) place != field->preset;
    case TERN_FIELD_TIME:
      return *(gint64 *) place != (gint64) field->preset;
    case TERN_FIELD_TEXTS:
    case TERN_FIELD_SET:
    case TERN_FIELD_OBJECT:
      return *(gpointer *) place != NULL;
    case TERN_FIELD_LIST:
      return list_is_due (field, *(GPtrArray **) place);
    case TERN_FIELD_NUMBER:
    case TERN_FIELD_PART:
    default:
      return TRUE;
    }
}

void
tern_fields_write (GString *out, const TernSection *sections, guint n_sections)
{
  const char *separator = "";

  g_string_append_c (out, '{');
  for (guint i = 0; i < n_sections; i++)
    for (guint j = 0; j < sections[i].shape->n_fields; j++)
      {
        const TernField *field = &sections[i].shape->fields[j];
        gpointer place = G_STRUCT_MEMBER_P (sections[i].base, field->offset);

        if (!is_due (field, place))
          continue;
        g_string_append_printf (out, "%s\"%s\": ", separator, field->name);
        put_value (out, field, place);
        separator = ", ";
      }
  g_string_append_c (out, '}');
}
