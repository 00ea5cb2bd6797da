/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** tern_drain_text_is_short: it holds no more than a plan of the largest cluster */
gboolean tern_drain_text_is_short (const char *json);

/** tern_drain_text_is_flat: one JSON object with nothing behind it, and no deeper than a plan */
gboolean tern_drain_text_is_flat (const char *json);

G_END_DECLS
