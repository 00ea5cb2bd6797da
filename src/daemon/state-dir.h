/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/** tern_state_dir_get_real: where the store is when nothing is simulated.
 * @chosen: (nullable): what the command line or the configuration says.
 * Returns: (transfer full) */
char *tern_state_dir_get_real (gboolean session, const char *chosen);

/**
 * tern_state_dir_for_simulation:
 * @given: (nullable): from the command line; a new temporary folder if %NULL
 * @real: what must not be touched
 * @out_temporary: whether to tern_state_dir_remove() it at the end
 * @error: %TERN_ERROR_INVALID_ARGUMENT when @given is @real
 *
 * Returns: (transfer full) (nullable)
 */
char *tern_state_dir_for_simulation (const char *given, const char *real, gboolean *out_temporary,
                                     GError **error);

/**
 * tern_state_dir_check:
 * @error: %TERN_ERROR_STORE when everybody can write in @path, or when its owner is neither root
 *   nor the user of this process
 *
 * Returns: whether what is in @path can be trusted; what is not there, or no folder, is left to
 *   the store to judge
 */
gboolean tern_state_dir_check (const char *path, GError **error);

/** tern_state_dir_remove: removes @path and the files in it, but no folders below */
void tern_state_dir_remove (const char *path);

G_END_DECLS
