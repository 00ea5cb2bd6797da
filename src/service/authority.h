/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * TernAuthority:
 *
 * Who may do what. Two kinds: polkit (the system bus), and session (development: only the
 * user the daemon runs as). What neither knows is denied.
 */
#define TERN_TYPE_AUTHORITY (tern_authority_get_type ())
G_DECLARE_FINAL_TYPE (TernAuthority, tern_authority, TERN, AUTHORITY, GObject)

/** tern_authority_new_polkit: (constructor): polkit decides; root needs no asking */
TernAuthority *tern_authority_new_polkit (void);
/** tern_authority_new_session: (constructor): the daemon's own user may do all, others nothing */
TernAuthority *tern_authority_new_session (void);

/**
 * tern_authority_check_async:
 * @invocation: of the call that wants to act; its sender is asked about
 * @action: one of TERN_POLKIT_…
 * @details: (array zero-terminated=1): keys and values in turn, for polkit rules; copied
 *
 * May ask a person for a password when the caller allows that; so it may take two minutes.
 * What was looked up before must be looked up again afterwards.
 */
void tern_authority_check_async (TernAuthority *self, GDBusMethodInvocation *invocation,
                                 const char *action, const char *const *details,
                                 GAsyncReadyCallback cb, gpointer data);

/**
 * tern_authority_check_finish:
 * @out_uid: (optional): who it is
 * @error: %TERN_ERROR_NOT_AUTHORIZED; any doubt ends here too
 */
gboolean tern_authority_check_finish (TernAuthority *self, GAsyncResult *result, gint64 *out_uid,
                                      GError **error);

G_END_DECLS
