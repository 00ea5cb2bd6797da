/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/snapshot-json.h"

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernFieldKind: what a field of the file is, and what holds it in the struct
 * @TERN_FIELD_TEXT: char *: a string; null for %NULL
 * @TERN_FIELD_TEXTS: GStrv: an array of strings
 * @TERN_FIELD_SET: GStrv: likewise, sorted and without repeats
 * @TERN_FIELD_FLAG: gboolean
 * @TERN_FIELD_UINT: guint
 * @TERN_FIELD_LEVEL: int: likewise; a negative one stands for "not there"
 * @TERN_FIELD_SIZE: guint64, in units: whole numbers only
 * @TERN_FIELD_TIME: gint64: any whole number
 * @TERN_FIELD_NUMBER: double, finite
 * @TERN_FIELD_VERSION: guint64: "9.0.0", counted as libvirt does
 * @TERN_FIELD_WORD: guint: one of @words
 * @TERN_FIELD_PART: the fields of @shape stand in an object of their own, and in the same struct
 * @TERN_FIELD_OBJECT: pointer to a struct of @shape
 * @TERN_FIELD_LIST: GPtrArray *, of such; @list reads one item in another way
 *
 * Strings that are not UTF-8 stand there as {"base64": "…"}.
 */
typedef enum
{
  TERN_FIELD_TEXT,
  TERN_FIELD_TEXTS,
  TERN_FIELD_SET,
  TERN_FIELD_FLAG,
  TERN_FIELD_UINT,
  TERN_FIELD_LEVEL,
  TERN_FIELD_SIZE,
  TERN_FIELD_TIME,
  TERN_FIELD_NUMBER,
  TERN_FIELD_VERSION,
  TERN_FIELD_WORD,
  TERN_FIELD_PART,
  TERN_FIELD_OBJECT,
  TERN_FIELD_LIST
} TernFieldKind;

typedef struct _TernField TernField;
typedef struct _TernShape TernShape;

/** TernItemFunc: reads what stands at @text into what holds the list */
typedef gboolean (*TernItemFunc) (TernJsonText *text, gpointer holder, GError **error);

/**
 * TernField:
 * @required: it must stand there, or another one for the same place in the struct
 * @min: and @max: of numbers, in the file's unit
 * @unit: of a size: bytes of one
 * @spare_unit: of a size: written only if it is no multiple of that
 * @preset: what it is when it is not there; so it is then not written either
 * @preset_text: likewise
 * @hold_empty: of a list: an empty one is something else than none
 */
struct _TernField
{
  const char *name;
  TernFieldKind kind;
  gsize offset;
  gboolean required;
  guint64 min;
  guint64 max;
  guint64 unit;
  guint64 spare_unit;
  guint64 preset;
  const char *preset_text;
  gboolean hold_empty;
  const char *(*word) (guint value);
  guint n_words;
  const TernShape *shape;
  TernItemFunc item;
};

struct _TernShape
{
  const TernField *fields;
  guint n_fields;
  gsize size;
  GDestroyNotify free_item;
};

/** TernSection: some of an object's fields, and the struct that holds them */
typedef struct
{
  const TernShape *shape;
  gpointer base;
} TernSection;

/** At most so many fields in the sections of one object. */
#define TERN_SECTIONS_MAX_FIELDS 64

/** tern_fields_preset: sets each field to what it is when it is not in the file */
void tern_fields_preset (const TernShape *shape, gpointer base);

/** tern_fields_read: reads one object; what was there in the structs before is kept where the
 * object says nothing. On failure the structs hold what was read until then. */
gboolean tern_fields_read (TernJsonText *text, const TernSection *sections, guint n_sections,
                           GError **error);

/** tern_fields_read_list: reads an array, @item by item */
gboolean tern_fields_read_list (TernJsonText *text, TernItemFunc item, gpointer holder,
                                GError **error);

/** tern_fields_write: appends the object on one line, without what is as preset */
void tern_fields_write (GString *out, const TernSection *sections, guint n_sections);
void tern_fields_write_texts (GString *out, const char *const *texts);

G_END_DECLS
