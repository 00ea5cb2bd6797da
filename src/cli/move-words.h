/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "cli/args.h"

#include <gio/gio.h>

G_BEGIN_DECLS

/** tern_move_words_add: adds to @options, an a{sv}, what was typed about how a move is made, as
 * Migrate() of the API wants it; what was not typed is left out */
void tern_move_words_add (GVariantBuilder *options, const TernArgs *args);

G_END_DECLS
