/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/*
 * Foreign text on its way to the bus. D-Bus strings must be UTF-8, and GLib drops the whole
 * message otherwise; clients show names on terminals. So all text that came from a host goes
 * through here: made visible, never cut.
 */

/** tern_bus_set_text: sets a string property of a skeleton. @text: (nullable): %NULL counts as ""
 */
void tern_bus_set_text (gpointer skeleton, const char *property, const char *text);

/** tern_bus_set_texts: sets an "as" property. @texts: (nullable) (array zero-terminated=1) */
void tern_bus_set_texts (gpointer skeleton, const char *property, char **texts);

/** tern_bus_set_load: sets a property of type "i", in thousandths, if what it shows is away from
 * @permille by a hundredth at least, or if one of them is -1, "not measured" */
void tern_bus_set_load (gpointer skeleton, const char *property, int permille);

/** tern_bus_text: Returns: (transfer full): @text, visible and whole */
char *tern_bus_text (const char *text);

/** tern_bus_new_text: Returns: (transfer floating): a string variant */
GVariant *tern_bus_new_text (const char *text);

/** tern_bus_new_texts: @texts: (nullable) (array zero-terminated=1). Returns: (transfer floating):
 * an "as" variant */
GVariant *tern_bus_new_texts (char **texts);

G_END_DECLS
