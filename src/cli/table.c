/* SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Tables, by libsmartcols, which knows terminals, wide characters and colours.
 */
#include "config.h"

#include "cli/table.h"

#include "base/text.h"
#include "cli/i18n.h"
#include "cli/output.h"

#include <libsmartcols.h>

struct _TernTable
{
  struct libscols_table *scols;
  struct libscols_line *line;
};

static int
get_flags (TernColumnKind kind)
{
  switch (kind)
    {
    case TERN_COLUMN_NAME:
    case TERN_COLUMN_NOTE:
      return SCOLS_FL_TRUNC;
    case TERN_COLUMN_NUMBER:
      return SCOLS_FL_RIGHT;
    case TERN_COLUMN_TEXT:
    default:
      return 0;
    }
}

/* What libsmartcols makes of a share of the width: columns that have one are cut to it first; those
 * without are cut last. So beside a note, names have none. */
static double
get_hint (TernColumnKind kind, gboolean beside_note)
{
  if (kind == TERN_COLUMN_NOTE)
    return 0.01;
  return kind == TERN_COLUMN_NAME && !beside_note ? 0.1 : 0;
}

static gboolean
has_note (const TernColumn *columns, guint n_columns)
{
  for (guint i = 0; i < n_columns; i++)
    if (columns[i].kind == TERN_COLUMN_NOTE)
      return TRUE;
  return FALSE;
}

TernTable *
tern_table_new (const TernColumn *columns, guint n_columns)
{
  TernTable *self = g_new0 (TernTable, 1);
  gboolean beside_note = has_note (columns, n_columns);

  self->scols = scols_new_table ();
  scols_table_enable_colors (self->scols, tern_output_has_color ());
  /* Cells are safe already; libsmartcols would make them safe once more. */
  scols_table_enable_noencoding (self->scols, TRUE);
  scols_table_set_column_separator (self->scols, "  ");
  for (guint i = 0; i < n_columns; i++)
    (void) scols_table_new_column (self->scols, _ (columns[i].heading),
                                   get_hint (columns[i].kind, beside_note),
                                   get_flags (columns[i].kind));
  return self;
}

void
tern_table_free (TernTable *self)
{
  scols_unref_table (self->scols);
  g_free (self);
}

void
tern_table_add_row (TernTable *self)
{
  self->line = scols_table_new_line (self->scols, NULL);
}

void
tern_table_set_colored (TernTable *self, guint column, const char *text, const char *color)
{
  g_autofree char *visible = tern_text_visible (text, 0);
  g_autofree char *converted = tern_output_to_locale (visible);

  scols_line_set_data (self->line, column, converted);
  if (color != NULL)
    scols_cell_set_color (scols_line_get_cell (self->line, column), color);
}

void
tern_table_set (TernTable *self, guint column, const char *text)
{
  tern_table_set_colored (self, column, text, NULL);
}

void
tern_table_take (TernTable *self, guint column, char *text)
{
  tern_table_set (self, column, text);
  g_free (text);
}

void
tern_table_print (TernTable *self)
{
  /* Without rows libsmartcols prints nothing: scripts see no line, people read why elsewhere. */
  scols_print_table (self->scols);
}
