/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * TernSecret: what a secret file holds; wiped when it is freed
 * @bytes: at most 4 KiB
 * @size: of @bytes, at least 16
 */
typedef struct
{
  guint8 *bytes;
  gsize size;
} TernSecret;

/**
 * tern_secret_read:
 * @name: absolute path, or a bare name: that of a file in $CREDENTIALS_DIRECTORY
 *
 * The file must be a regular one, of root or of the daemon's user, and nobody else may read or
 * change it: mode 0600 or less (of a credential 0440 too: systemd shows its access list so); no
 * symbolic link. A line end behind the secret is left out. "whsec_BASE64" is decoded.
 *
 * Errors: %TERN_ERROR_INVALID_ARGUMENT, naming the file and what to do; they never hold what is in
 * it.
 *
 * Returns: (transfer full) (nullable)
 */
TernSecret *tern_secret_read (const char *name, GError **error);
void tern_secret_free (TernSecret *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (TernSecret, tern_secret_free)

G_END_DECLS
