/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

G_BEGIN_DECLS

/**
 * tern_error_from_libvirt:
 * @code: a virErrorNumber, also one newer than this build knows
 * @from: a virErrorDomain
 * @text: (nullable): libvirt's sentence
 * @connected: whether the connection the call was made on still stands. An error of a
 *   connection that is *not ours* (a source host that cannot reach the destination) looks
 *   the same otherwise.
 *
 * Returns: what the caller can do about it
 */
TernError tern_error_from_libvirt (int code, int from, const char *text, gboolean connected);

/**
 * tern_error_take_libvirt:
 * @conn: (nullable): what the failed call was made on, %NULL while opening
 * @error: set to libvirt's last error of *this thread*, with its text and number
 *
 * To be called at once in the thread of the failed call. Clears libvirt's error.
 *
 * Returns: %NULL, so that a failing function ends in `return tern_error_take_libvirt (…)`
 */
gpointer tern_error_take_libvirt (virConnectPtr conn, GError **error);

/** tern_error_take_libvirt_domain: the same after a call on @dom. (virDomainGetConnect() in an
 * argument would wipe the error.) */
gpointer tern_error_take_libvirt_domain (virDomainPtr dom, GError **error);

/** tern_error_libvirt_code: Returns: libvirt's number of this thread's last error, 0 for none */
int tern_error_libvirt_code (void);

G_END_DECLS
