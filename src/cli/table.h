/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernTable:
 *
 * A table for people. On a terminal it is cut to the width, elsewhere it is as wide as it
 * needs to be. Foreign text is made visible on its way in.
 */
typedef struct _TernTable TernTable;

/**
 * TernColumnKind:
 * @TERN_COLUMN_TEXT: never cut
 * @TERN_COLUMN_NAME: foreign text, cut when the terminal is narrow
 * @TERN_COLUMN_NUMBER: to the right
 * @TERN_COLUMN_NOTE: a sentence, cut before any name is
 */
typedef enum
{
  TERN_COLUMN_TEXT,
  TERN_COLUMN_NAME,
  TERN_COLUMN_NUMBER,
  TERN_COLUMN_NOTE
} TernColumnKind;

typedef struct
{
  const char *heading;
  TernColumnKind kind;
} TernColumn;

/**
 * tern_table_new:
 * @columns: headings are translated here
 *
 * Returns: (transfer full)
 */
TernTable *tern_table_new (const TernColumn *columns, guint n_columns);
void tern_table_free (TernTable *self);

/** tern_table_add_row: begins the next row */
void tern_table_add_row (TernTable *self);
/** tern_table_set: @text: (nullable): of the last row */
void tern_table_set (TernTable *self, guint column, const char *text);
/** tern_table_take: as tern_table_set(), @text: (transfer full) */
void tern_table_take (TernTable *self, guint column, char *text);
/** tern_table_set_colored: as tern_table_set(), @color: (nullable): its name */
void tern_table_set_colored (TernTable *self, guint column, const char *text, const char *color);

/** tern_table_print: to stdout; nothing at all when there is no row */
void tern_table_print (TernTable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernTable, tern_table_free)

G_END_DECLS
