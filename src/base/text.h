/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * tern_text_visible:
 * @text: (nullable): foreign text, any bytes
 * @max_chars: longest result in characters; a longer text is cut and ends in "…"; 0 for no bound
 *
 * Foreign names go to terminals, logs and the bus: this makes them safe to show.
 * Control characters, line breaks, and marks that turn the writing direction become
 * "\xNN" or "\u{NNNN}", bytes that are not UTF-8 become "\xNN"; a backslash stays itself.
 *
 * Returns: (transfer full): valid UTF-8 on one line; "" for %NULL
 */
char *tern_text_visible (const char *text, guint max_chars);

/**
 * tern_text_escape_path:
 * @text: any bytes, not empty
 *
 * Makes one element of a D-Bus object path: bytes other than [A-Za-z0-9] become _XX.
 *
 * Returns: (transfer full)
 */
char *tern_text_escape_path (const char *text);

/**
 * tern_text_nearest:
 * @word: what somebody wrote
 * @known: (array zero-terminated=1): what there is
 * @max: how many at most
 *
 * Which names may have been meant: those that few single-character changes turn @word into, upper
 * and lower case being the same; the nearest first, of equals by name. A name that has little in
 * common with @word is none of them.
 *
 * Returns: (transfer full) (array zero-terminated=1): may be empty
 */
GStrv tern_text_nearest (const char *word, const char *const *known, guint max);

G_END_DECLS
