/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** tern_width_of: Returns: how many columns of a terminal @text (UTF-8, one line) takes */
guint tern_width_of (const char *text);

/**
 * tern_width_cut:
 * @text: UTF-8 on one line
 * @columns: 1 and up
 *
 * Returns: (transfer full): @text if it fits, else as much as fits with "~" at the end
 */
char *tern_width_cut (const char *text, guint columns);

/** tern_width_wrap: Returns: (transfer full): @text with its blanks turned into line breaks and
 * @indent blanks where a line would pass @columns, and with such breaks between wide characters;
 * 0 columns for no bound */
char *tern_width_wrap (const char *text, guint indent, guint columns);

/** tern_width_of_terminal: Returns: columns of the terminal behind @fd; 80 if it will not say */
guint tern_width_of_terminal (int fd);

G_END_DECLS
